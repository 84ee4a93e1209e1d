"""What a hold means for an approved reply, as a table and as any history of holds, approvals and releases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.case_events import Case
from libs.common.events import HoldScope, SendingHold
from libs.common.holds import check
from libs.common.rules import RuleError, When
from services.responder import hold
from services.responder.hold import Known
from tests.unit.responder.test_reply import AT, BOOK, CASE, draft

TOPIC, OTHER = uuid4(), uuid4()
MERGED = CASE.model_copy(update={"topic_id": TOPIC, "merged_cases": [OTHER], "risk": ["press"], "tags": ["vip"]})


def a_hold(laid: int = 1, version: int | None = None, **scope: Any) -> SendingHold:
    given: dict[str, Any] = {"id": uuid4(), "reason": "storing", "by": "mk", "since": AT, "scope": HoldScope(**scope)}
    return SendingHold(laid_version=laid, version=version or laid, **given)


@pytest.mark.parametrize(
    ("scope", "stopped"),
    [
        ({}, True),
        ({"when": {"channel": ["twitter"]}}, True),
        ({"when": {"channel": ["x", "email"]}}, True),
        ({"when": {"channel": ["email"]}}, False),
        ({"when": {"labels_any": ["storing"]}}, True),
        ({"when": {"labels_any": ["storing"], "urgency": ["low"]}}, False),
        ({"when": {"risk_any": ["press"], "tags_any": ["vip"]}}, True),
        ({"topic_id": TOPIC}, True),
        ({"topic_id": OTHER}, False),
        ({"case_ids": [CASE.id]}, True),
        ({"case_ids": [OTHER]}, True),
        ({"case_ids": [TOPIC]}, False),
        ({"case_ids": [CASE.id], "when": {"channel": ["email"]}}, False),
        ({"when": {"something_new": ["x"]}}, True),
    ],
)
def test_what_a_hold_stops(scope: dict[str, Any], stopped: bool) -> None:
    row = draft(state="approved", approved_at=AT)
    assert (hold.against(row, MERGED, BOOK, [Known(a_hold(**scope))]) is not None) == stopped


@pytest.mark.parametrize(("scope", "stopped"), [({}, True), ({"topic_id": TOPIC}, True), ({"case_ids": [TOPIC]}, False)])
def test_a_reply_whose_case_is_not_known_is_held_unless_other_cases_are_meant(scope: dict[str, Any], stopped: bool) -> None:
    assert (hold.against(draft(state="approved", approved_at=AT), None, BOOK, [Known(a_hold(**scope))]) is not None) == stopped


def test_only_what_can_be_told_of_a_reply_can_be_asked() -> None:
    check(When(channel="email", labels_any=("storing",), risk_any=("press",), contact="repeat"))
    with pytest.raises(RuleError, match="insight"):
        check(When(insight="spike"))


def test_what_had_been_claimed_is_no_attempt() -> None:
    row = draft(state="sending", approved_at=AT, attempts=2, attempt_id=uuid4(), claimed_by="a", claimed_at=AT)
    kept = hold.kept(row, Known(a_hold()), AT).row
    assert (kept.state, kept.attempts, kept.attempt_id, kept.claimed_by, kept.version) == ("approved", 1, None, None, row.version + 1)


# --- any history --------------------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["approve", "lay", "lay_other", "release", "review", "claim"]),
        st.integers(0, 4),
    ),
    max_size=25,
)


@given(STEPS)
def test_nothing_leaves_under_a_hold_nor_after_it_unless_a_person_approved_it_in_its_sight(steps: list[tuple[str, int]]) -> None:
    """Against what a person would say who watched: a reply may leave when no hold that matches stands, and since it was last approved none was
    released that it was not approved in the sight of."""
    row = draft(state="submitted")
    version = 0
    standing: list[SendingHold] = []
    known: list[Known] = []
    unseen: set[UUID] = set()  # holds whose release would make the approval void
    for number, (step, which) in enumerate(steps):
        at = AT + timedelta(seconds=number)
        if step == "approve":
            row = row.model_copy(update={"state": "approved", "approved_at": at, "reviewed_version": 0})
            unseen = {found.id for found in standing if not found.scope.when}
            void = False
        elif step.startswith("lay"):
            version += 1
            found = a_hold(version, **({"when": {"channel": ["email"]}} if step == "lay_other" else {}))
            standing.append(found)
            known.append(Known(found))
            if not found.scope.when:
                unseen.add(found.id)
        elif step == "release" and standing:
            found = standing.pop(which % len(standing))
            version += 1
            ended = found.model_copy(update={"version": version, "released_at": at, "released_by": "mk"})
            known = [replace(item, hold=ended, release_seen_at=at) if item.hold.id == found.id else item for item in known]
        elif step == "review" and row.state == "approved":
            row = row.model_copy(update={"approved_at": at, "reviewed_version": version})
            unseen = set()
        elif step == "claim" and row.state == "approved":
            stands = any(not found.scope.when for found in standing)
            void = bool(unseen - {found.id for found in standing})
            found_against = hold.against(row, CASE, BOOK, known)
            if stands:
                assert found_against is not None
                assert found_against.stands
            elif void:
                assert found_against is not None
                assert not found_against.stands
                row = hold.looked_at_again(row, found_against.known, BOOK, None, at).row
                assert (row.state, row.approver, row.reviewed_version, row.held_by) == ("submitted", None, 0, found_against.known.hold.id)
            else:
                assert found_against is None


def test_the_case_that_its_messages_are_in_now_decides() -> None:
    now: Case = CASE.model_copy(update={"id": OTHER, "labels": ["factuur"]})
    row = draft(state="approved", approved_at=AT)
    assert hold.against(row, now, BOOK, [Known(a_hold(when={"labels_any": ["factuur"]}))])
    assert hold.against(row, now, BOOK, [Known(a_hold(case_ids=[CASE.id]))])
    assert not hold.against(row, now, BOOK, [Known(a_hold(when={"labels_any": ["storing"]}))])
