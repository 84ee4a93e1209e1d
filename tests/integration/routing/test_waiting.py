"""Waiting, picking up and coming back, as people do it over HTTP and the clock by itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.common.case_events import Case, CaseClosed, CasePickedUp, CaseResumed, CaseWaiting, Clock
from libs.common.events import MentionTriaged
from services.routing import ticker
from tests.integration.pools import PoolAt
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World
from tests.integration.routing.test_corrections import CASE, A, Books, case, post, told
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import POLICIES, START, event, mention_id, reply_sent, state

policies: Any = POLICIES


@pytest.fixture
async def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    await world.pool.execute(
        "truncate mention_copy, care_case, timeline, notification, outbox, correction, no_reply_sample, sent_reply, follow_up"
    )
    world.app.state.policies = Books()
    monkeypatch.setattr(test_simultaneous, "policies", world.app.state.policies)
    await batch(world.pool, [event(MentionTriaged, 1, state("A", "A", urgency="normal"))])
    return world


def clock(found: Case, kind: str) -> Clock:
    return next(clock for clock in found.clocks if clock.kind == kind)


async def tick(desk: World, moment: datetime) -> None:
    """What the clocks do by themselves when it is that moment."""
    await ticker.tick(PoolAt(desk.pool, moment), desk.app.state.policies)  # type: ignore[arg-type]


async def test_taking_a_case_stops_no_clock_and_saying_how_the_customer_was_told_does(desk: World) -> None:
    await post(desk, f"{CASE}/take", {})
    assert clock(await case(desk), "reaction").met_at is None
    answer = await post(desk, f"{CASE}/picked-up", {"how": "Gebeld: we zoeken het uit."})
    assert answer.status_code == 200, answer.text
    found = await case(desk)
    assert clock(found, "reaction").met_at is not None
    assert (clock(found, "resolution").met_at, clock(found, "resolution").paused_at, found.state) == (None, None, "open")
    ((said, _, _),) = await told(desk, CasePickedUp)
    assert (said.how, said.actor) == ("Gebeld: we zoeken het uit.", "gs")
    assert (await post(desk, f"{CASE}/picked-up", {"how": "Nog eens."})).status_code == 409


async def test_a_message_after_it_was_picked_up_has_a_reaction_clock_of_its_own(desk: World) -> None:
    await post(desk, f"{CASE}/picked-up", {"how": "Gebeld."})
    before = clock(await case(desk), "resolution")
    await batch(desk.pool, [event(MentionTriaged, 1, state("D", "A", urgency="normal"))])
    found = await case(desk)
    reaction = clock(found, "reaction")
    assert (reaction.met_at, reaction.started_at) == (None, state("D", "A").mention.received_at)
    assert clock(found, "resolution") == before
    await batch(desk.pool, [reply_sent(A, START + timedelta(minutes=9), "late", answers=mention_id("A"))])
    assert clock(await case(desk), "reaction").met_at is None, "an answer to the message before it is none to this one"


async def test_nobody_can_wait_for_a_customer_who_was_told_nothing(desk: World) -> None:
    answer = await post(desk, f"{CASE}/wait", {"for": "customer"})
    assert answer.status_code == 409
    assert "picked-up" in answer.json()["detail"]
    await post(desk, f"{CASE}/picked-up", {"how": "Gebeld: stuur ons de factuur."})
    answer = await post(desk, f"{CASE}/wait", {"for": "customer", "reason": "De factuur ontbreekt."})
    found = await case(desk)
    assert (found.state, found.waiting_for, found.waiting_reason) == ("waiting", "customer", "De factuur ontbreekt.")
    assert clock(found, "resolution").paused_at is not None
    answer = await post(desk, f"{CASE}/resume", {"reason": "Hij belde."})
    found = await case(desk)
    assert (found.state, found.waiting_for, clock(found, "resolution").paused_at) == ("open", None, None)
    ((said, _, _),) = await told(desk, CaseResumed)
    assert (said.waited_for, said.why, said.actor) == ("customer", "Hij belde.", "gs")


async def test_what_was_put_off_comes_back_by_itself_and_its_owner_is_told_why(desk: World) -> None:
    now = datetime.now(UTC)
    answer = await post(
        desk, f"{CASE}/wait", {"for": "until", "until": (now + timedelta(days=1)).isoformat(), "reason": "De monteur komt."}
    )
    assert answer.status_code == 200, answer.text
    found = await case(desk)
    assert (found.state, found.waiting_for, clock(found, "resolution").paused_at) == ("waiting", "until", None)
    await ticker.tick(desk.pool, desk.app.state.policies)
    assert (await case(desk)).state == "waiting"
    for _ in range(2):
        await tick(desk, now + timedelta(days=1, seconds=1))
    found = await case(desk)
    assert (found.state, found.waiting_for, found.waiting_until) == ("open", None, None)
    ((said, _, _),) = await told(desk, CaseResumed)
    assert (said.waited_for, said.why, said.actor) == ("until", "De monteur komt.", "system")
    assert "back: De monteur komt." in [row["what"] for row in await desk.pool.fetch("select what from notification")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"for": "department"}, 422),
        ({"for": "until"}, 422),
        ({"for": "customer", "until": "2099-01-01T00:00:00Z"}, 422),
        ({"for": "until", "until": "2020-01-01T00:00:00Z"}, 422),
        ({"for": "until", "until": "2099-01-01T00:00:00Z"}, 422),
        ({"for": "until", "until": "2030-01-01T00:00:00"}, 422),
        ({"for": "until", "until": "2030-01-01T00:00:00Z", "reason": " "}, 422),
    ],
)
async def test_a_wait_that_makes_no_sense_is_refused(desk: World, body: dict[str, Any], status: int) -> None:
    assert (await post(desk, f"{CASE}/wait", body)).status_code == status
    assert (await case(desk)).state == "new"


async def test_a_resolved_case_is_closed_once_no_message_can_reopen_it_any_more(desk: World) -> None:
    await post(desk, f"{CASE}/resolve", {})
    resolved_at = (await case(desk)).resolved_at
    assert resolved_at is not None
    for wait, state_then in ((timedelta(days=14, seconds=-1), "resolved"), (timedelta(days=14), "closed"), (timedelta(days=15), "closed")):
        await tick(desk, resolved_at + wait)
        assert (await case(desk)).state == state_then
    assert len(await told(desk, CaseClosed)) == 1
    for path, body in (("wait", {"for": "customer"}), ("resume", {"reason": "x"}), ("picked-up", {"how": "x"})):
        assert (await post(desk, f"{CASE}/{path}", body)).status_code == 409
    assert await told(desk, CaseWaiting) == []
