"""What somebody reads before they publish a brand book."""

from typing import Any

import pytest

from cli.bookwords import changes_of, impact_lines, lines
from libs.common.bookdiff import IN_ORDER, Change

CASES: list[tuple[list[Change], list[str]]] = [
    ([Change(("name",), "changed", "Strand", "Strandtent")], ["name: Strand → Strandtent"]),
    ([Change(("pilot",), "changed", True, False)], ["pilot: true → false", "  live: approved replies leave the building"]),
    ([Change(("targets", "always", "reaction"), "changed", "30m", "60m")], ["targets", "  always: reaction 30 min → 60 min"]),
    (
        [Change(("hours", day), "changed", ["08:00-22:00"], ["09:00-13:00", "14:00-17:00"]) for day in ("mon", "tue", "wed")]
        + [Change(("hours", "sun"), "changed", ["12:00-17:00"], [])],
        ["hours", "  mon-wed: 08:00-22:00 → 09:00-13:00, 14:00-17:00", "  sun: 12:00-17:00 → closed"],
    ),
    (
        [Change(("hours", day), "changed", [], ["10:00-12:00"]) for day in ("mon", "wed")],
        ["hours", "  mon,wed: closed → 10:00-12:00"],
    ),
    (
        [
            Change(("team", "gs", "initials"), "changed", "gs", "gu"),
            Change(("team", "gs", "capacity"), "changed", 6, 0),
            Change(("team", "mk"), "removed", {"id": "mk", "first_name": "Mila", "initials": "mk", "skills": [], "public": True}),
            Change(("team", "jd"), "added", None, {"id": "jd", "first_name": "Jo", "initials": "jd", "languages": ["nl"]}),
        ],
        ["team", "  gs: initials gs → gu; capacity 6 → 0", "  - mk: first_name Mila, public true", "  + jd: first_name Jo, languages nl"],
    ),
    ([Change(("departments", "billing", "members", "jan"), "added", None, "jan")], ["departments", "  billing: members + jan"]),
    (
        [Change(("routing", "urgency critical"), "moved", 11, 1)],
        ["routing", "  urgency critical: place 11 → 1 (the first that holds decides)"],
    ),
    (
        [Change(("scripts", "hoi", "text"), "changed", "Hoi " * 20, "Dag\n" + "dag " * 20)],
        ["scripts", "  hoi: text", "    - " + "Hoi " * 20, "    + Dag " + "dag " * 20],
    ),
    (
        [Change(("channels", "smtp-new"), "moved", 2, 1)],
        ["channels", "  smtp-new: place 2 → 1 (the first that takes a channel's replies sends them)"],
    ),
    (
        [Change(("channels", "new"), "added", None, {"id": "new", "type": "smtp"}), Change(("channels", "new"), "moved", None, 1)],
        ["channels", "  + new: type smtp", "  new: at place 1 (the first that takes a channel's replies sends them)"],
    ),
    (
        [Change(("escalation", "reaction 80", "do", "notify_owner"), "moved", 2, 1)],
        ["escalation", "  reaction 80: do notify_owner place 2 → 1 (steps are taken in this order)"],
    ),
    ([Change(("labels",), "changed", ["a", "b"], ["b", "a"])], ["labels: in another order, which changes nothing"]),
    ([Change(("name",), "changed", "Strand", "\x1b[2JStrand")], ["name: Strand →  [2JStrand"]),
]


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_each_kind_of_change_reads_well(changes: list[Change], expected: list[str]) -> None:
    assert list(lines(changes)) == expected


def test_every_list_whose_order_decides_says_why() -> None:
    for place in IN_ORDER:
        (told,) = (line for line in lines([Change((*place, "b"), "moved", 2, 1)]) if "place 2 → 1" in line)
        assert told.endswith(")")


def test_changes_come_from_routing_as_they_come_from_a_comparison() -> None:
    assert changes_of([{"path": ["team", "gs"], "kind": "moved", "before": 1, "after": 2}]) == [Change(("team", "gs"), "moved", 1, 2)]


def shift(**more: Any) -> dict[str, Any]:
    return {"when": "at once", "what": "owner", "before": "gs", "after": "mk", "why": None, "cases": 1, "examples": ["c-1"]} | more


def test_the_impact_tells_what_happens_at_once_from_what_happens_later() -> None:
    shifts = [
        shift(why="gs is not in the team", cases=3),
        shift(when="at the next message", what="priority", before="normal", after="urgent"),
    ]
    clocks = [{"when": "at the next message", "kind": "reaction", "later": 2, "earlier": 5, "breached": 1}]
    assert list(impact_lines({"open": 68, "looked_at": 68, "shifts": shifts, "clocks": clocks})) == [
        "open cases: 68",
        "  at once, because their owner or department is gone:",
        "    3 cases: owner gs → mk (gs is not in the team), such as c-1",
        "  when their customer writes again, unless a colleague has decided something by then:",
        "    1 case: priority normal → urgent, c-1",
        "    reaction clocks due: 2 later and 5 earlier; 1 of them would be breached already",
        "  What people decided stays, as far as it is still there.",
    ]


def test_an_impact_that_did_not_look_at_all_says_so() -> None:
    assert list(impact_lines({"open": 2000, "looked_at": 1000, "shifts": [], "clocks": []})) == [
        "open cases: 2000; nothing changes for them (the 1000 newest were looked at)"
    ]
