"""``weerklank book``: the versions of a brand's book, what is in one, what differs between two, and an earlier one published again.

In: what routing keeps of every version. Out: text for a person. History is never rewritten: going back is a new version.
"""

import sys
from typing import Any

from rich.markup import escape

from cli import applying, bookwords, seen_books
from cli.client import Client
from cli.console import console, table
from cli.errors import NOT_FOUND, WRONG, CommandError
from libs.common.bookdiff import as_read_today, compare
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError


def history(client: Client, brand: str) -> None:
    """A line for each version, newest first."""
    found = table(">version", "published", "by", "changed", "why")
    for item in client.items("routing", f"/v1/brands/{brand}/book/versions", brand, params={"limit": 100}):
        changed = "the first" if item["version"] == 1 else ", ".join(item["fields"])
        at = item["published_at"][:16].replace("T", " ")
        found.add_row(str(item["version"]), f"{at} UTC", *map(escape, (item["published_by"], changed, item["note"] or "")))
    if not found.row_count:
        raise CommandError(f"{brand} has no brand book here: 'weerklank apply FILE' publishes one.", NOT_FOUND)
    console().print(found)


def show(client: Client, brand: str, version: int | None) -> None:
    """The YAML of a version as its writer wrote it, or of the newest; nothing else, so that it can go into a file."""
    found = _version(client, brand, version)
    if version is None:
        seen_books.remember(client, brand, found["version"])
    source: str = found["source"]
    sys.stdout.write(source if source.endswith("\n") else source + "\n")


def diff(client: Client, brand: str, old: int, new: int | None) -> None:
    """What differs in meaning between two versions."""
    before, after = _version(client, brand, old), _version(client, brand, new)
    found = compare(as_read_today(before["book"]), as_read_today(after["book"]))
    title = f"{brand}: version {before['version']} → {after['version']}"
    sys.stdout.write(f"{title}\n\n" if found else f"{title}: nothing differs.\n")
    for line in bookwords.lines(found):
        sys.stdout.write(f"{line}\n")
    newest = max(before["version"], after["version"])
    if newest > (seen_books.last(client, brand) or 0):
        seen_books.remember(client, brand, newest)


def rollback(client: Client, brand: str, to: int, *, dry_run: bool, note: str | None, onto: int | None = None) -> None:
    """Publishes the source of an earlier version again, as a new version.

    Raises ``CommandError`` with the line of every problem where today's rules no longer allow that source, and as ``applying.publish`` does.
    """
    source: str = _version(client, brand, to)["source"]
    try:
        load_book(source, f"version {to}")
    except BrandBookError as error:
        raise CommandError(
            f"Version {to} was right when it was published, and is not by today's rules:\n{error}\n"
            f"Mend it and apply it: weerklank book show --brand {brand} --version {to} > {brand}.yaml",
            WRONG,
        ) from error
    outcome = applying.publish(client, brand, source, dry_run=dry_run, note=note or f"back to version {to}", onto=onto)
    if dry_run:
        applying.say_what_would_change(brand, outcome)
    else:
        applying.say_published(brand, outcome)


def _version(client: Client, brand: str, version: int | None) -> Any:
    """Raises ``Refused`` (exit code 4) when there is none."""
    path = f"/v1/brands/{brand}/book" + (f"/versions/{version}" if version is not None else "")
    return client.get("routing", path, brand)
