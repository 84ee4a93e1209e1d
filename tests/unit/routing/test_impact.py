"""What a new brand book means for open cases: told before it is published, and done for those whose owner or department is gone."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from libs.common.bookfile import load_book
from libs.common.events import TriagedMention
from libs.common.hours import Calendar
from services.routing import orphan
from services.routing.case import File, case_id_of, opened
from services.routing.impact import Impact, weigh
from services.routing.sla import Policy
from tests.unit.routing.test_permutations import BOOK, START, mention_id, state

NOW = START + timedelta(minutes=10)
OLD = Policy(BOOK, Calendar.of(BOOK), 1)


def policy(**fields: Any) -> Policy:
    """The book with other values in these fields."""
    book = load_book(json.dumps(BOOK.model_dump(mode="json", by_alias=True) | fields))
    return Policy(book, Calendar.of(book), 2)


def without(*ids: str) -> dict[str, Any]:
    """The fields of the book with these members gone."""
    data = BOOK.model_dump(mode="json", by_alias=True)
    return {
        "team": [member for member in data["team"] if member["id"] not in ids],
        "departments": [d | {"members": [m for m in d["members"] if m not in ids]} for d in data["departments"]],
    }


def file_of(name: str, **changes: Any) -> tuple[File, list[TriagedMention]]:
    """A case as it was opened under the old book, with other values where people gave it some."""
    mentions = [state(name, name)]
    found = opened(OLD, "vaart", mention_id(name), mentions, None, START)
    if changes:
        found.case, found.touched = found.case.model_copy(update=changes), True
    return found, mentions


def impact_of(new: Policy, *found: tuple[File, list[TriagedMention]]) -> Impact:
    impact = Impact(open=len(found))
    for file, mentions in found:
        before = replace(file, fired=list(file.fired))
        weigh(impact, OLD, new, file, mentions, NOW)
        assert file == before, "a dry run leaves the case as it is"
    return impact


def test_a_book_that_decides_the_same_changes_nothing() -> None:
    found = impact_of(policy(name="Another name"), file_of("A"), file_of("B", owner="mk"))
    assert (found.looked_at, found.shifts, found.clocks) == (2, {}, {})


def test_who_left_the_team_loses_their_cases_at_once_touched_or_not() -> None:
    untouched = file_of("A")
    gone = str(untouched[0].case.owner)
    others = {member.id for member in BOOK.team} - {gone}
    found = impact_of(policy(**without(gone)), untouched, file_of("B", owner=gone), file_of("C", owner=min(others)))
    at_once = [shift for shift in found.shifts.values() if shift.what == "owner" and shift.when == "at once"]
    assert sum(shift.cases for shift in at_once) == 2
    assert {(shift.before, shift.why) for shift in at_once} == {(gone, f"{gone} is not in the team")}
    assert {shift.after for shift in at_once} <= others


def test_a_department_that_is_gone_hands_its_cases_over_and_an_owner_whom_people_chose_stays() -> None:
    data = BOOK.model_dump(mode="json", by_alias=True)
    new = policy(
        departments=[d for d in data["departments"] if d["id"] != "billing"],
        labels=[],
        routing=[],
    )
    file, mentions = file_of("A", department="billing", owner="mk")
    found = impact_of(new, (file, mentions))
    assert [(s.when, s.what, s.before, s.after, s.why) for s in found.shifts.values()] == [
        ("at once", "department", "billing", "webcare", "there is no department billing")
    ]
    after = orphan.settled(new, file, mentions, NOW)
    assert (after.department, after.owner, after.clocks) == ("webcare", "mk", file.case.clocks)


def test_other_rules_count_for_untouched_cases_at_their_next_message_and_other_targets_for_all_at_once() -> None:
    new = policy(
        routing=[{"when": {}, "department": "billing", "priority": "urgent"}],
        targets=[{"when": {}, "reaction": "5m", "resolution": "9d"}],
    )
    found = impact_of(new, file_of("A"), file_of("B", owner="mk"))
    assert {shift.when for shift in found.shifts.values()} == {"at the next message"}
    assert [(s.before, s.after, s.cases, s.examples) for s in found.shifts.values() if s.what == "priority"] == [
        ("normal", "urgent", 1, [case_id_of("vaart", mention_id("A"))])
    ]
    assert {(c.kind, c.later, c.earlier, c.breached) for c in found.clocks.values()} == {("reaction", 0, 2, 2), ("resolution", 2, 0, 0)}
    assert {clock.when for clock in found.clocks.values()} == {"at once"}


@pytest.mark.parametrize("state_", ["resolved", "closed", "merged", "withdrawn"])
def test_a_case_that_has_ended_is_nobodys_concern(state_: str) -> None:
    file, _ = file_of("A", state=state_, owner="long gone", department="long gone")
    assert orphan.gone(BOOK, file.case) == []


def test_a_case_without_an_owner_gets_one_as_soon_as_somebody_works_here() -> None:
    file, mentions = file_of("A", owner=None)
    assert orphan.gone(policy(**without("gs", "mk", "bb", "tt", "uu")).book, file.case) == []
    assert orphan.gone(BOOK, file.case) == ["it has no owner"]
    assert orphan.settled(OLD, file, mentions, NOW).owner in {member.id for member in BOOK.team}


def test_what_is_settled_is_not_gone_again() -> None:
    new = policy(**without("gs", "bb"))
    for name in "ABCDEF":
        for found in (file_of(name), file_of(name, owner="gs", department="nowhere")):
            if orphan.gone(new.book, found[0].case):
                assert orphan.gone(new.book, orphan.settled(new, *found, NOW)) == []
