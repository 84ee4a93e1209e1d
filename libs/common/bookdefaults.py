"""The defaults of a brand book that depend on what else stands in it.

What reaches this module: a book's data before anything checked it. What leaves it: the same data, with the languages of
team and scripts, the slug of the public page and the department webcare filled in where they were not written.
"""

from collections.abc import Mapping
from typing import Any


def with_derived(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with those defaults. Leaves alone whatever has an unexpected shape: checking comes after."""
    book = dict(data)
    languages, brand, team = book.get("languages"), book.get("brand"), book.get("team")
    if isinstance(languages, list | tuple) and languages:
        if isinstance(team, list | tuple):
            book["team"] = [_filled(member, "languages", languages) for member in team]
        if isinstance(book.get("scripts"), list | tuple):
            book["scripts"] = [_filled(script, "language", languages[0]) for script in book["scripts"]]
    if isinstance(brand, str):
        page = book.get("webcare_page")
        book["webcare_page"] = _filled({} if page is None else page, "slug", brand)
    departments = book.get("departments")
    if book.get("fallback") is None and (departments is None or isinstance(departments, list | tuple)):
        written = list(departments or ())
        if "webcare" not in [_field(department, "id") for department in written]:
            ids = [_field(member, "id") for member in team] if isinstance(team, list | tuple) else []
            members = [id for id in ids if isinstance(id, str)]
            book["departments"] = [*written, {"id": "webcare", "name": "Webcare", "members": members}]
    return book


def _filled(part: Any, field: str, value: Any) -> Any:
    return {**part, field: value} if isinstance(part, Mapping) and part.get(field) is None else part


def _field(part: Any, field: str) -> object:
    return part.get(field) if isinstance(part, Mapping) else getattr(part, field, None)
