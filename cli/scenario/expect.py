"""What a scenario expects: a wanted shape and what is there come in, the differences go out, each a line that says where.

a mapping       what is there has these keys, each as wanted; it may have more
a list          as many items, each as wanted, in this order
{any: X}        one of the items is as X
{count: N}      so many items; N is a number, or {in: [1, 2]}
{none: X}       no item is as X
{not: X}        anything but X
{contains: X}   a text or a list that holds X
{in: [X, Y]}    one of these
anything else   equal; a time is compared as the moment that it means
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

_LONGEST = 500
_FORMS = frozenset({"any", "count", "none", "not", "contains", "in"})

Meant = Callable[[str], datetime | None]
"""What a text means as a time, where it is one."""


def differences(wanted: Any, found: Any, meant: Meant, path: str = "") -> list[str]:
    """Empty where `found` is as `wanted`."""
    here = path or "it"
    if isinstance(wanted, dict) and len(wanted) == 1 and (form := next(iter(wanted))) in _FORMS:
        return _form(form, wanted[form], found, meant, here)
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [f"{here} is {found!r}, not fields"]
        said = []
        for key, value in wanted.items():
            if key in found:
                said += differences(value, found[key], meant, f"{path}.{key}" if path else key)
            elif value is not None:
                said.append(f"{path + '.' if path else ''}{key} is missing (there are {', '.join(map(str, found)) or 'none'})")
        return said
    if isinstance(wanted, list):
        if not isinstance(found, list):
            return [f"{here} is {_shown(found)}, not a list{_inside(found) or ' (one of several is {in: […]})'}"]
        if len(wanted) != len(found):
            return [f"{here} has {len(found)} items, not {len(wanted)}: {_shown(found)}"]
        return [line for n, (a, b) in enumerate(zip(wanted, found, strict=True)) for line in differences(a, b, meant, f"{here}[{n}]")]
    return [] if _same(wanted, found, meant) else [f"{here} is {_shown(found)}, not {wanted!r}"]


def _form(form: str, wanted: Any, found: Any, meant: Meant, here: str) -> list[str]:
    if form == "not":
        return [] if differences(wanted, found, meant) else [f"{here} is {_shown(found)}, which it must not be"]
    if form == "in":
        return [] if any(not differences(one, found, meant) for one in wanted) else [f"{here} is {_shown(found)}, none of {wanted!r}"]
    if form == "contains":
        held = isinstance(found, str | list) and wanted in found
        return [] if held else [f"{here} is {_shown(found)}, which does not hold {wanted!r}"]
    if not isinstance(found, list):
        return [f"{here} is {_shown(found)}, not a list{_inside(found)}"]
    if form == "count":
        return [f"{here} has {len(found)} items, not {wanted}: {_shown(found)}"] if differences(wanted, len(found), meant) else []
    fitting = [one for one in found if not differences(wanted, one, meant)]
    if form == "none":
        return [f"{here} has {_shown(fitting[0])}, which it must not"] if fitting else []
    return [] if fitting else [f"{here} has no item as {wanted!r}: {_shown(found)}"]


def _same(wanted: Any, found: Any, meant: Meant) -> bool:
    if isinstance(wanted, str) and isinstance(found, str) and wanted != found:
        try:
            there = datetime.fromisoformat(found)
        except ValueError:
            return False
        at = meant(wanted) if there.tzinfo else None
        return at is not None and at <= there and (there - at).total_seconds() < 60
    return bool(wanted == found)


def _inside(found: Any) -> str:
    """Where the list may be that was meant."""
    return " (there is one under 'items')" if isinstance(found, dict) and isinstance(found.get("items"), list) else ""


def _shown(found: Any) -> str:
    text = repr(found)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
