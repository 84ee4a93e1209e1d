"""What a new version of a brand book changes, in words for the person who is about to publish it.

The changes that routing or `libs.common.bookdiff` found come in; lines of text leave, one section of the book after the other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cli.console import plain
from libs.common.bookdiff import Change, condition_words
from libs.common.hours import WEEKDAYS

_SPAN = re.compile(r"(\d+)([mhdy])")
_UNITS = {"m": "min", "h": "h", "d": "d", "y": "y"}
_LONG = 60
_FIRST_COUNTS = {
    "routing": "the first that holds decides",
    "targets": "the first that holds decides",
    "conduct": "the first that holds decides",
    "languages": "the first is the default",
    "scripts": "the first that fits is taken",
    "channels": "the first that takes a channel's replies sends them",
    "voice": "drafts take them in turn",
    "team": "the first lead gets what returns to the queue",
    "departments": "the first lead gets what returns to the queue",
    "escalation": "steps are taken in this order",
    "customer_groups": "the first that holds counts",
    "hub": "they are told one after the other",
    "guard": "the first that names a verdict and its writer decides",
}
_WHEN = {
    "at once": "at once, because their owner or department is gone:",
    "at the next message": "when their customer writes again, unless a colleague has decided something by then:",
}
_LIVE = {True: "a pilot: nothing leaves the building", False: "live: approved replies leave the building"}


def changes_of(items: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Changes as routing answers them."""
    return [Change(tuple(item["path"]), item["kind"], item["before"], item["after"]) for item in items]


def impact_lines(cases: Mapping[str, Any] | None) -> Iterator[str]:
    """What routing found that a book would change for open cases; none: it could not tell. `shifts` come in the order in which they are told."""
    if cases is None:
        yield "open cases: what changes for them could not be computed in time"
        return
    bounded = "" if cases["looked_at"] >= cases["open"] else f" (the {cases['looked_at']} newest were looked at)"
    if not cases["shifts"] and not cases["clocks"]:
        yield f"open cases: {cases['open']}; nothing changes for them{bounded}"
        return
    yield f"open cases: {cases['open']}{bounded}"
    for when in ("at once", "at the next message"):
        shifts = [shift for shift in cases["shifts"] if shift["when"] == when]
        clocks = [clock for clock in cases["clocks"] if clock["when"] == when]
        if shifts or clocks:
            yield f"  {_WHEN[when]}"
        for shift in shifts:
            why = f" ({_clean(shift['why'])})" if shift["why"] else ""
            example = f", {shift['examples'][0]}" if shift["cases"] == 1 else f", such as {shift['examples'][0]}"
            yield f"    {_cases(shift['cases'])}: {shift['what']} {_words(shift['before'])} → {_words(shift['after'])}{why}{example}"
        for clock in clocks:
            moved = " and ".join(f"{clock[way]} {way}" for way in ("later", "earlier") if clock[way])
            late = f"; {clock['breached']} of them would be breached already" if clock["breached"] else ""
            yield f"    {clock['kind']} clocks due: {moved}{late}"
    yield "  What people decided stays, as far as it is still there."


def _cases(number: int) -> str:
    return "1 case" if number == 1 else f"{number} cases"


def lines(changes: Sequence[Change]) -> Iterator[str]:
    """A heading for each top-level field, and below it a line for each item that differs."""
    for section, found in groupby(changes, key=lambda change: change.path[0]):
        of_section = list(found)
        if section == "hours":
            of_section = list(_days_together(of_section))
        if len(of_section[0].path) == 1:
            yield from _block(section, _said((), of_section[0], section))
            if section == "pilot" and of_section[0].after in _LIVE:
                yield f"  {_LIVE[of_section[0].after]}"
            continue
        yield section
        for item, of_item in groupby(of_section, key=lambda change: change.path[1]):
            yield from (f"  {line}" for line in _item(section, item, list(of_item)))


def _item(section: str, item: str, changes: Sequence[Change]) -> Iterator[str]:
    whole = [change for change in changes if len(change.path) == 2 and change.kind in ("added", "removed")]
    for change in whole:
        yield from _said((item,), change, section)
    parts = [list(_said(change.path[2:], change, section)) for change in changes if change not in whole]
    if short := "; ".join(part[0] for part in parts if len(part) == 1):
        yield f"{_clean(item)}: {short}"
    for long in (part for part in parts if len(part) > 1):
        yield from _block(_clean(item), long)


def _block(name: str, said: Iterable[str]) -> Iterator[str]:
    first, *rest = said
    yield f"{name}: {first}"
    yield from (f"  {line}" for line in rest)


def _said(field: tuple[str, ...], change: Change, section: str) -> Iterator[str]:
    """One difference in one line, or in three where the texts are long."""
    *parents, last = (_clean(part) for part in field or ("",))
    where = " ".join([*parents, last]).strip()
    if change.kind in ("added", "removed"):
        sign, value = ("+", change.after) if change.kind == "added" else ("-", change.before)
        yield " ".join([*parents, sign, last]) + _rest_of(value, last)
    elif change.kind == "moved":
        why = f" ({_FIRST_COUNTS[section]})" if section in _FIRST_COUNTS else ""
        places = f"place {change.before} → {change.after}" if change.before else f"at place {change.after}"
        yield f"{where} {places}{why}".strip()
    elif isinstance(change.before, list) and isinstance(change.after, list) and _alike(change.before, change.after):
        yield f"{where} in another order, which changes nothing".strip()
    elif max(len(before := _words(change.before)), len(after := _words(change.after))) > _LONG:
        yield from (where, f"- {before}", f"+ {after}")
    else:
        yield f"{where} {before} → {after}".strip()


def _alike(before: list[Any], after: list[Any]) -> bool:
    return sorted(map(str, before)) == sorted(map(str, after))


def _days_together(changes: Iterable[Change]) -> Iterator[Change]:
    """Weekdays that change alike, one after the other, as one."""
    for _, found in groupby(changes, key=lambda change: (change.path[1] in WEEKDAYS, str(change.before), str(change.after))):
        alike = list(found)
        first, last = alike[0], alike[-1]
        if first.path[1] in WEEKDAYS and len(alike) > 1:
            run = [WEEKDAYS.index(change.path[1]) for change in alike]
            days = f"{first.path[1]}-{last.path[1]}" if run == list(range(run[0], run[-1] + 1)) else ",".join(c.path[1] for c in alike)
            yield Change(("hours", days), "changed", first.before or ["closed"], first.after or ["closed"])
        elif first.path[1] in WEEKDAYS:
            yield Change(first.path, "changed", first.before or ["closed"], first.after or ["closed"])
        else:
            yield from alike


def _rest_of(value: Any, name: str) -> str:
    """What an added or removed item says beside its name."""
    if isinstance(value, Mapping):
        said = ", ".join(
            f"{key} {_words(part)}" for key, part in value.items() if part not in (None, "", [], {}) and str(part) != name and key != "when"
        )
        return f": {said}" if said else ""
    return "" if str(value) == name else f" {_words(value)}"


def _words(value: Any) -> str:
    if value is None or value in ("", []):
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        is_condition = not any(isinstance(part, Mapping | bool | int | float) for part in value.values())
        return _clean(condition_words(value)) if is_condition else ", ".join(f"{key} {_words(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_words(item) for item in value)
    if found := _SPAN.fullmatch(str(value)):
        return f"{found[1]} {_UNITS[found[2]]}"
    return _clean(str(value))


def _clean(text: str) -> str:
    """On one line."""
    return plain(text).replace("\n", " ")
