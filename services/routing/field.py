"""The brand's own fields of a case: what may stand in them, and which are still to be filled in. Pure decisions.

A field that the book no longer has is *former*: what stands in it is kept and shown, and may be taken away, not changed.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date

from libs.common.bookcases import CustomField
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, FieldChange
from libs.common.errors import Conflict, Unprocessable
from services.routing.case import File, must_be_alive

Value = str | float | bool
LONGEST = 2000
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def problem(field: CustomField, value: object) -> str | None:
    """What is wrong with a value for this field, in words; none: nothing."""
    if field.type == "boolean":
        return None if isinstance(value, bool) else "needs true or false"
    if field.type == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number and math.isfinite(float(str(value))) and abs(float(str(value))) <= 1e15 else "needs a number, 1e15 at most"
    if not isinstance(value, str):
        return f"needs a {field.type} in quotes"
    if field.type == "choice":
        return None if value in field.choices else f"needs one of {', '.join(field.choices)}"
    if field.type == "date":
        return None if _is_date(value) else "needs a date such as 2026-03-31"
    if not value.strip():
        return "needs some text; null takes it away"
    if len(value) > LONGEST:
        return f"has {len(value)} characters; {LONGEST} at most"
    return "holds control characters" if _UNSEEN.search(value) else None


def _is_date(value: str) -> bool:
    try:
        return bool(_DATE.fullmatch(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def filled_in(book: BrandBook, file: File, values: Mapping[str, Value | None]) -> list[FieldChange]:
    """Put these into the case's fields; what changed by it. `None` takes a value away. Nothing changes where all stand there already.

    Raises `Unprocessable` with `errors`, one for each field that is wrong, and `Conflict` for a case that has no mentions left.
    """
    must_be_alive(file)
    known, before = {field.id: field for field in book.fields}, file.case.fields
    wrong: dict[str, str] = {}
    for name, value in values.items():
        if name not in known:
            if name not in before:
                has = f"it has {', '.join(known)}" if known else "it has none"
                wrong[name] = f"is no field of this brand's book; {has}"
            elif value is not None:
                wrong[name] = "is no longer in the brand book: it can be taken away (null), not changed"
        elif value is not None and (said := problem(known[name], value)):
            wrong[name] = said
    if wrong:
        errors = [{"field": name[:60], "message": message[:300]} for name, message in wrong.items()][:20]
        raise Unprocessable("; ".join(f"{item['field']}: {item['message']}" for item in errors[:3]), errors=errors)
    given = {name: float(value) if isinstance(value, int) and not isinstance(value, bool) else value for name, value in values.items()}
    after = {name: value for name, value in {**before, **given}.items() if value is not None}
    changes = [
        FieldChange(field=name, before=before.get(name), after=after.get(name))
        for name in values
        if (name in before) != (name in after) or not _same(before.get(name), after.get(name))
    ]
    if changes:
        file.change(fields=after)
    return changes


def _same(one: Value | None, other: Value | None) -> bool:
    """1 and true are equal in Python, and nowhere else."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def missing(book: BrandBook, case: Case) -> Sequence[CustomField]:
    """The fields that must be filled in before the case can be resolved, and are not."""
    return [field for field in book.fields if field.required and field.id not in case.fields]


def must_be_complete(book: BrandBook, case: Case) -> None:
    """Raises `Conflict` that names what must be filled in before the case can be resolved."""
    if lacking := missing(book, case):
        names = ", ".join(field.name or field.id for field in lacking)
        raise Conflict(
            f"Before it can be resolved the case needs: {names}. Fill in its fields first.",
            missing=[{"id": field.id, "name": field.name or field.id} for field in lacking],
        )
