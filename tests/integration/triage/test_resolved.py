"""A question whose case was resolved is over: what comes days later is a new one that refers to it, and an answer in its thread goes on with it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from libs.common.case_events import Case, CaseMention, CaseReopened, CaseResolved
from libs.common.events import Label, deterministic_id
from libs.common.record import Received
from services.triage import forget
from tests.integration.triage.test_batches import AT, FINDINGS
from tests.integration.triage.triage_world import World

BILL = FINDINGS.model_copy(update={"labels": [Label(name="factuur", score=1)]})
TEXT = "mijn factuur over de televisie klopt niet, er staat een dubbel bedrag op de factuur"
DAY = 60 * 24
NOOR = "noor@post.example"


async def case_says(
    world: World, kind: type[CaseResolved | CaseReopened], version: int, mentions: Sequence[UUID], *, minute: float = 0
) -> int:
    """Word of the case of the first of these mentions; how many events had no effect."""
    at, resolved = AT + timedelta(minutes=minute), kind is CaseResolved
    case = Case(
        id=deterministic_id("vaart", "case", str(mentions[0])),
        brand="vaart",
        customer_id=mentions[0],
        group_id=mentions[0],
        state="resolved" if resolved else "open",
        department="webcare",
        channel="email",
        language="nl",
        sentiment="neutral",
        urgency="normal",
        mentions=[CaseMention(id=one, channel="email", visibility="private", received_at=AT) for one in mentions],
        mentions_total=len(mentions),
        opened_at=AT,
        resolved_at=at if resolved else None,
    )
    told = kind(brand="vaart", case=case, at=at, actor="mk")
    received: Received[CaseResolved | CaseReopened] = Received(
        told, f"{case.id}{version}", str(case.id), version, at, None, "weerklank.cases.v1", 0, version, str(case.id), at
    )
    return len((await world.story().batch(world.pool, [received])).repeated)


async def asks(world: World, name: str, day: float, text: str = TEXT, **given: object) -> UUID:
    return await world.comes(name, text, minute=day * DAY, email=NOOR, called="Noor Bos", findings=BILL, **given)  # type: ignore[arg-type]


async def group_of(world: World, mention_id: UUID) -> tuple[UUID, UUID | None]:
    """The group of a mention, and what it follows."""
    told = await world.get(f"/mentions/{mention_id}")
    return UUID(told["group_id"]), told["follows"] and UUID(told["follows"])


async def test_the_same_subject_days_after_its_case_was_resolved_is_a_new_question_that_follows_the_old(world: World) -> None:
    old = await asks(world, "old", 0)
    await case_says(world, CaseResolved, 4, [old], minute=5)
    new = await asks(world, "new", 2.5)
    told = (await world.told())[-1]
    assert (told["type"], told["mention"], told["group"], told["follows"]) == ("triaged", new, new, old)
    again = await asks(world, "again", 2.6)
    assert await group_of(world, again) == (new, None), "the newer question goes on"
    await world.look()
    assert [await group_of(world, one) for one in (old, new)] == [(old, None), (new, old)]
    assert (await group_of(world, again))[0] == new


async def test_soon_after_it_is_the_old_question_still_and_so_it_is_while_nobody_resolved_it(world: World) -> None:
    old = await asks(world, "old", 0)
    assert await group_of(world, await asks(world, "unresolved", 1.9)) == (old, None)
    await case_says(world, CaseResolved, 4, [old, deterministic_id("vaart", "email", "unresolved")], minute=2 * DAY)
    assert await group_of(world, await asks(world, "soon", 3)) == (old, None)


async def test_an_answer_in_the_thread_goes_on_with_the_old_question_and_wakes_it(world: World) -> None:
    old = await asks(world, "old", 0, answers="<thread>")
    await case_says(world, CaseResolved, 4, [old], minute=5)
    answer = await asks(world, "answer", 2.5, answers="<thread>")
    assert await group_of(world, answer) == (old, None)
    assert await group_of(world, await asks(world, "elsewhere", 2.6)) == (old, None), "it is not over any more"


@pytest.mark.parametrize("text", [TEXT, "Het gaat om bestelling VA-271833, hoe zit dat?"])
async def test_a_later_look_links_and_suggests_nothing_to_a_question_that_is_over(world: World, text: str) -> None:
    old = await world.comes("old", text, handle="noor_bosch", called="Noor Bosch")
    await case_says(world, CaseResolved, 4, [old], minute=5)
    new = await world.comes("new", text, minute=3.2 * DAY, handle="noor_bosch", called="Noor Bosch")
    await world.look()
    assert await group_of(world, old) == (old, None)
    assert await group_of(world, new) == (new, old)
    assert (await world.get("/suggestions"))["items"] == []


async def test_a_reopened_case_takes_what_comes_days_later(world: World) -> None:
    old = await asks(world, "old", 0)
    await case_says(world, CaseResolved, 4, [old], minute=5)
    await case_says(world, CaseReopened, 5, [old], minute=9)
    assert await case_says(world, CaseResolved, 4, [old], minute=5) == 1, "told again, and older than what we know"
    assert await case_says(world, CaseReopened, 5, [old], minute=9) == 1
    assert await group_of(world, await asks(world, "new", 2.5)) == (old, None)


async def test_a_mention_that_its_resolution_did_not_know_of_has_woken_the_case(world: World) -> None:
    old, unseen = await asks(world, "old", 0), await asks(world, "unseen", 0.1)
    await case_says(world, CaseResolved, 4, [old], minute=0.2 * DAY)
    assert await group_of(world, await asks(world, "new", 2.5)) == (old, None)
    await world.taken_back(unseen)
    await world.taken_back(deterministic_id("vaart", "email", "new"))
    assert (await group_of(world, await asks(world, "newer", 2.6)))[1] == old


async def test_word_of_a_case_may_come_before_its_mention_and_is_forgotten_in_time(world: World) -> None:
    old = deterministic_id("vaart", "email", "old")
    assert await case_says(world, CaseResolved, 4, [old], minute=5) == 0
    await asks(world, "old", 0)
    assert await group_of(world, await asks(world, "new", 2.5)) == (deterministic_id("vaart", "email", "new"), old)
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("update resolution set heard_at = heard_at - interval '60 days'")
    assert await forget._forget_some(world.pool, "vaart") == 1
    assert await world.pool.fetchval("select count(*) from resolution") == 0
