"""What differs between two versions of a brand book, by meaning and not by lines of YAML.

Two books as JSON come in, all defaults written out (`BrandBook.to_json`); `Change`s leave, in the order of the book. An item of a list is known by
what names it (a colleague by id, a label by its name, a rule by its condition), so one that only moved has moved, and is not another one.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook

Kind = Literal["added", "removed", "changed", "moved"]

_NAMED_BY: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("conduct", "may_promise", "*"): ("kind",),
    ("conduct", "approvals"): ("when",),
    ("hours", "exceptions"): ("date",),
    ("targets",): ("when",),
    ("channels",): ("id",),
    ("listen",): ("id",),
    ("labels",): ("name",),
    ("departments",): ("id",),
    ("routing",): ("when",),
    ("escalation",): ("of", "at", "when"),
    ("fields",): ("id",),
    ("customer_groups",): ("id",),
    ("team",): ("id",),
    ("hub", "members"): ("id",),
    ("hub", "scenarios"): ("id",),
    ("scripts",): ("id",),
}
"""Lists whose items are known by these fields; a star stands for any key. Items of other lists are known by what they are."""

IN_ORDER = frozenset(
    {
        ("conduct", "approvals"),
        ("targets",),
        ("channels",),
        ("routing",),
        ("languages",),
        ("scripts",),
        ("team",),
        ("departments", "*", "members"),
        ("escalation", "*", "do"),
        ("customer_groups",),
        ("hub", "scenarios", "*", "ladder"),
        ("voice", "greeting", "examples"),
        ("guard", "severity"),
    }
)
"""Lists in which the order decides: the first rule that holds, the first language, script, lead or account to send by, the steps one by one, the first
group of customers that holds, who is told after whom, the greetings that drafts take in turn, and
what a verdict means. A star stands for an item of a list."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` leads to the field, items of lists by their names; `moved` has places in the list, from 1, and none before for an item that
    was added in front of others."""

    path: tuple[str, ...]
    kind: Kind
    before: Any = None
    after: Any = None


def as_read_today(stored: dict[str, Any]) -> dict[str, Any]:
    """A stored book as this version of the model reads it: in the order of its fields, and with those that were added since, so that only what its
    writer changed is a difference. As it was stored, where the rules have become stricter since."""
    try:
        return BrandBook.from_json(stored).model_dump(mode="json", by_alias=True)
    except BrandBookError:
        return stored


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """All differences, in the order of the book's fields. None: both mean the same."""
    return _mappings((), (), before, after)


def condition_words(when: Mapping[str, Any]) -> str:
    """A condition as people say it: `labels factuur or incasso and urgency high`."""
    said = [f"{key.removesuffix('_any')} {' or '.join(value) if isinstance(value, list | tuple) else value}" for key, value in when.items()]
    return " and ".join(said) or "always"


def _values(path: tuple[str, ...], place: tuple[str, ...], before: Any, after: Any) -> list[Change]:
    """`path` names items, `place` has a star for each: where it stands in the model."""
    if before == after:
        return []
    if isinstance(before, Mapping) and isinstance(after, Mapping) and place[-1:] != ("when",):
        return _mappings(path, place, before, after)
    if isinstance(before, list) and isinstance(after, list):
        if place[:1] == ("hours",) and place != ("hours", "exceptions"):
            return [Change(path, "changed", before, after)]  # a day's blocks are read as one
        return _lists(path, place, before, after)
    return [Change(path, "changed", before, after)]


def _mappings(path: tuple[str, ...], place: tuple[str, ...], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    found: list[Change] = []
    for key in [*before, *(key for key in after if key not in before)]:
        here, there = (*path, key), (*place, key)
        if key not in after:
            found.append(Change(here, "removed", before[key]))
        elif key not in before:
            found.append(Change(here, "added", None, after[key]))
        else:
            found += _values(here, there, before[key], after[key])
    return found


def _lists(path: tuple[str, ...], place: tuple[str, ...], before: list[Any], after: list[Any]) -> list[Change]:
    old, new = _named(place, before), _named(place, after)
    renamed = _at_the_same_place(place, old, new)
    old = {renamed.get(name, name): item for name, item in old.items()}
    found: list[Change] = []
    for name, item in old.items():
        if name not in new:
            found.append(Change((*path, name), "removed", item))
        elif isinstance(item, Mapping):
            found += _mappings((*path, name), (*place, "*"), item, new[name])
    found += [Change((*path, name), "added", None, item) for name, item in new.items() if name not in old]
    if _star(place) in IN_ORDER:
        found += _moved(path, list(old), list(new))
    elif not found:
        found.append(Change(path, "changed", before, after))  # the order, which decides nothing here
    return found


def _named(place: tuple[str, ...], items: list[Any]) -> dict[str, Any]:
    """The items by name, in their order; the second of one name has its number behind it."""
    fields = _NAMED_BY.get(_star(place), ())
    seen: Counter[str] = Counter()
    named: dict[str, Any] = {}
    for item in items:
        name = _name(item, fields)
        seen[name] += 1
        named[name if seen[name] == 1 else f"{name} ({seen[name]})"] = item
    return named


def _name(item: Any, fields: Sequence[str]) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    if not fields:
        return json.dumps(item, ensure_ascii=False)
    return " ".join(condition_words(value) if isinstance(value := item.get(field), Mapping) else str(value) for field in fields)


def _at_the_same_place(place: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
    """Old name → new name of a rule whose condition alone was changed: the rest of it is the same, and so is its place among those that changed."""
    if _NAMED_BY.get(_star(place)) != ("when",):
        return {}
    gone, come = [name for name in old if name not in new], [name for name in new if name not in old]
    return {was: now for was, now in zip(gone, come, strict=False) if {**old[was], "when": None} == {**new[now], "when": None}}


def _moved(path: tuple[str, ...], old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """The items that moved past others, with their places before and after, and those that were added in front of others."""
    both = [name for name in old if name in set(new)]
    now = [name for name in new if name in set(old)]
    kept = {
        both[n]
        for match in SequenceMatcher(None, both, now, autojunk=False).get_matching_blocks()
        for n in range(match.a, match.a + match.size)
    }
    last = new.index(now[-1]) if now else 0
    come_first = [Change((*path, name), "moved", None, place) for place, name in enumerate(new[:last], 1) if name not in set(old)]
    return [*come_first, *(Change((*path, name), "moved", old.index(name) + 1, new.index(name) + 1) for name in now if name not in kept)]


def _star(place: tuple[str, ...]) -> tuple[str, ...]:
    return (*place[:2], "*") if place[:2] == ("conduct", "may_promise") and len(place) == 3 else place
