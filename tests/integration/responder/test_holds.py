"""Holds at the responder: what they keep, what is left of it after their release, and what people decide about that."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common import db
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import BrandBook
from libs.common.events import HoldScope, SendingHeld, SendingHold, SendingLease, SendingReleased
from services.responder import attempts, hold_store, keeper, store
from services.responder.lease import Lease
from services.responder.reply import ReplyRow
from tests.integration.responder.conftest import AT, Around, MailServer, brand_book, case_of, in_reach, mention, opened, real
from tests.integration.responder.test_attempts import Pool, approved, claim, lease, pool, state, tell
from tests.waiting import until

__all__ = ["pool"]
TEXT = "Hoi Sanne, ik kijk ernaar. Guus"


def a_hold(version: int = 2, **more: Any) -> SendingHold:
    return SendingHold(**{"id": uuid4(), "version": version, "laid_version": version, "reason": "storing", "by": "mk", "since": AT, **more})


def released(found: SendingHold, version: int) -> SendingHold:
    return found.model_copy(update={"version": version, "released_at": AT, "released_by": "mk"})


async def hear(pool: Pool, *holds: SendingHold, brand: str = "vaart") -> None:
    """What routing says is held of the brand, with a fresh lease."""
    version = max(found.version for found in holds)
    held = any(found.released_at is None and found.scope.everything for found in holds)
    async with pool.acquire() as connection, connection.transaction():
        now = await store.database_time(connection)
        await hold_store.put(connection, {(brand, found.id): found for found in holds})
        await store.put_leases(connection, [Lease(brand, version, now, held, "storing" if held else None, 1)])


def books(brand: str = "vaart") -> BrandBooks:
    found = BrandBooks("nowhere", "test")
    found._books[brand] = Published(BrandBook.from_json(brand_book(brand, pilot=True)), 1)
    return found


async def reply_of(pool: Pool, row: ReplyRow) -> ReplyRow:
    async with pool.acquire() as connection:
        found = await store.reply(connection, row.brand, row.id)
    assert found is not None
    return found


async def about(pool: Pool, label: str, **more: Any) -> ReplyRow:
    message = mention("vaart", f"over-{uuid4()}")
    case = case_of(message, labels=[label])
    row = await approved(pool, case_id=case.id, mention_id=message.id, **more)
    await tell(pool, case)
    return row


ONLY_BILLS = HoldScope(when={"labels_any": ["factuur"]})


async def test_a_hold_keeps_what_it_matches_and_lets_the_rest_leave(pool: Pool) -> None:
    kept = [await about(pool, "factuur") for _ in range(5)]
    free = await about(pool, "storing")
    await hear(pool, a_hold(scope=ONLY_BILLS))
    found = []
    for _ in range(3):  # a claim that takes only what is held finds the next behind it
        found += await claim(pool, room=3)
    assert [attempt.row.id for attempt in found] == [free.id]
    for row in kept:
        now = await reply_of(pool, row)
        assert (now.state, now.attempts, now.held_by is not None) == ("approved", 0, True)


async def test_a_hold_that_comes_between_claim_and_data_stops_it(pool: Pool) -> None:
    row = await about(pool, "factuur")
    await lease(pool)
    [attempt] = await claim(pool)
    await hear(pool, a_hold(2, scope=ONLY_BILLS))
    published = Published(BrandBook.from_json(brand_book("vaart")), 1)
    async with pool.acquire() as connection:
        assert not await attempts.begin_transmitting(connection, attempt, external_id="1@x", published=published, lease_s=3)
        async with connection.transaction():
            await attempts.give_back(connection, attempt, "held")
    async with pool.acquire() as connection:
        await connection.execute("update reply set next_attempt_at = approved_at")
    assert await claim(pool) == []
    assert (await reply_of(pool, row)).held_by is not None


async def test_a_hold_that_comes_while_it_is_asked_stops_it_too(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the holds and the statement that begins: the version that was looked at is no longer the brand's."""
    await about(pool, "factuur")
    await lease(pool)
    [attempt] = await claim(pool)
    look = hold_store.in_force

    async def then_held(connection: db.Connection, brand: str) -> Any:
        found = await look(connection, brand)
        await hear(pool, a_hold(2, scope=ONLY_BILLS))
        return found

    monkeypatch.setattr(hold_store, "in_force", then_held)
    published = Published(BrandBook.from_json(brand_book("vaart")), 1)
    async with pool.acquire() as connection:
        assert not await attempts.begin_transmitting(connection, attempt, external_id="1@x", published=published, lease_s=3)


@pytest.mark.parametrize("scope", [HoldScope(), ONLY_BILLS])
async def test_after_a_release_nothing_leaves_that_was_approved_before(pool: Pool, scope: HoldScope) -> None:
    first = await about(pool, "factuur")
    found = a_hold(2, scope=scope)
    await hear(pool, found)
    assert await keeper.keep(pool, books()) == 1
    assert (await reply_of(pool, first)).held_by == found.id
    meanwhile = await about(pool, "factuur")
    await hear(pool, released(found, 3))
    late = [await claim(pool) for _ in range(2)]
    assert late == [[], []]
    await keeper.keep(pool, books())
    for row in (first, meanwhile):
        now = await reply_of(pool, row)
        assert (now.state, now.approver, now.held_by) == ("submitted", None, found.id)
    async with pool.acquire() as connection:
        told = await connection.fetch("select convert_from(headers, 'UTF8')::jsonb->>'ce_type' as kind from outbox")
        assert [row["kind"] for row in told] == ["weerklank.reply.submitted.v1"] * 2
        assert await hold_store.unsettled(connection) == []
    after = await about(pool, "factuur", approved_at=await _now(pool), next_attempt_at=AT)
    assert [attempt.row.id for attempt in await claim(pool)] == [after.id]


async def _now(pool: Pool) -> Any:
    async with pool.acquire() as connection:
        return await store.database_time(connection)


async def test_two_holds_end_one_after_the_other(pool: Pool) -> None:
    row = await about(pool, "factuur")
    everything, bills = a_hold(2), a_hold(3, scope=ONLY_BILLS)
    await hear(pool, everything, bills)
    await keeper.keep(pool, books())
    await hear(pool, released(everything, 4), bills)
    await keeper.keep(pool, books())
    now = await reply_of(pool, row)
    assert (now.state, now.held_by) == ("approved", bills.id)
    assert await claim(pool) == []
    await hear(pool, released(everything, 4), released(bills, 5))
    await keeper.keep(pool, books())
    assert await state(pool, row) == "submitted"


async def test_many_are_marked_and_put_back_whatever_dies_in_between(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_PUT_BACK_AT_ONCE", 7)
    monkeypatch.setattr(keeper, "_MARKED_AT_ONCE", 7)
    rows = [await about(pool, "factuur") for _ in range(30)]
    found = a_hold(2)
    await hear(pool, found)
    assert await keeper.keep(pool, books()) == 30
    await hear(pool, released(found, 3))
    working = [asyncio.create_task(keeper.keep(pool, books())) for _ in range(2)]
    await asyncio.sleep(0)
    working[0].cancel()
    await asyncio.gather(*working, return_exceptions=True)
    await keeper.keep(pool, books())
    assert {await state(pool, row) for row in rows} == {"submitted"}
    async with pool.acquire() as connection:
        lines = await connection.fetch("select reply_id, count(*) as n from reply_history where what = 'put_back' group by reply_id")
    assert ({line["n"] for line in lines}, len(lines)) == ({1}, 30)


async def test_an_older_word_changes_nothing_and_what_is_told_no_more_has_ended(pool: Pool) -> None:
    found = a_hold(2)
    await hear(pool, found)
    await hear(pool, released(found, 3))
    async with pool.acquire() as connection:
        await hold_store.put(connection, {("vaart", found.id): found})
        version, [known] = await hold_store.in_force(connection, "vaart")
        assert (version, known.stands) == (3, False)
        other = a_hold(4)
        await hold_store.put(connection, {("vaart", other.id): other})
        await hold_store.end_others(connection, "vaart", 5, [], AT)
        _, holds = await hold_store.in_force(connection, "vaart")
        assert not any(known.stands for known in holds)


# --- with all around it ----------------------------------------------------------------------------------------------------------------


class Desk:
    """A desk of a live brand with holds of its own."""

    def __init__(self, around: Around) -> None:
        self.around = around
        self.holds: dict[UUID, SendingHold] = {}

    async def _tell(self, kind: type[SendingHeld] | type[SendingReleased], found: SendingHold) -> None:
        around = self.around
        around.hold_version = found.version
        self.holds[found.id] = found
        around.held = any(known.released_at is None and known.scope.everything for known in self.holds.values())
        event = kind(
            brand=around.brand,
            hold=found,
            holds=list(self.holds.values()),
            held=around.held,
            hold_version=found.version,
            at=AT,
            actor="mk",
        )
        await around.tell(event, around.brand, found.version, around.brand)

    async def lay(self, **scope: Any) -> SendingHold:
        found = a_hold(self.around.hold_version + 1, scope=HoldScope(**scope))
        await self._tell(SendingHeld, found)
        return found

    async def release(self, found: SendingHold) -> None:
        await self._tell(SendingReleased, released(found, self.around.hold_version + 1))

    async def held(self, number: int) -> list[dict[str, Any]]:
        async def listed() -> list[dict[str, Any]] | None:
            items: list[dict[str, Any]] = (await self.around.call("GET", "/held")).json()["items"]
            return items if len(items) == number else None

        if number == 0:
            assert await listed() == []
            return []
        found: list[dict[str, Any]] = await until(listed, f"{number} are held")
        return found


async def test_what_was_held_is_seen_and_leaves_only_with_another_approval(around: Around, mail_server: MailServer) -> None:
    await around.publish(**real(mail_server))
    await around.start(**in_reach(mail_server))
    desk = Desk(around)
    stopped = await desk.lay()
    await around.settled()
    cases = {}
    for name in ("a", "b", "c"):
        cases[name] = case_of(mention(around.brand, name, "email"))
        await around.case(opened(cases[name]), 1)
    await around.settled()
    ids = {name: await around.approved(case, TEXT) for name, case in cases.items()}
    await around.keep_leasing()
    listed = await desk.held(3)
    assert {(item["hold"]["reason"], item["reply"]["state"], item["reviewed"]) for item in listed} == {("storing", "approved", False)}
    digests = {item["reply"]["id"]: item["reply"]["digest"] for item in listed}
    body = {
        "replies": [
            {"id": ids["a"], "digest": digests[ids["a"]]},
            {"id": ids["b"], "digest": "of another text"},
            {"id": str(uuid4()), "digest": "x"},
        ]
    }
    said = (await around.call("POST", "/held/approve", json=body)).json()
    assert said["approved"] == [ids["a"]]
    assert next(refused["id"] for refused in said["refused"]) == ids["b"]
    assert "digest" in said["refused"][0]["said"]
    assert len(mail_server.received) == 0
    assert [item["reviewed"] for item in await desk.held(3) if item["reply"]["id"] == ids["a"]] == [True]
    await desk.release(stopped)
    await around.becomes(ids["a"], "sent")
    for name in ("b", "c"):
        found = await around.becomes(ids[name], "submitted")
        assert found["held_by"] == str(stopped.id)
    assert len(mail_server.received) == 1
    assert {item["hold"]["released_by"] for item in await desk.held(2)} == {"mk"}
    body = {"replies": [{"id": ids[name], "digest": digests[ids[name]]} for name in ("b", "c")]}
    assert (await around.call("POST", "/held/approve", json=body)).json()["refused"] == []
    for name in ("b", "c"):
        await around.becomes(ids[name], "sent")
    await desk.held(0)


async def test_an_event_of_a_hold_alone_stops_and_the_lease_after_it_does_not_lift_it(around: Around, mail_server: MailServer) -> None:
    await around.publish(**real(mail_server))
    await around.start(**in_reach(mail_server))
    case = case_of(mention(around.brand, "a", "email"))
    await around.keep_leasing()
    desk = Desk(around)
    await desk.lay(case_ids=[case.id])
    old = SendingLease(brand=around.brand, held=False, hold_version=1)
    await around.tell(old, around.brand, 1, around.brand)
    await around.case(opened(case), 1)
    await around.settled()
    reply_id = await around.approved(case, TEXT)
    [item] = await desk.held(1)
    assert item["reply"]["id"] == reply_id
    assert (await around.get(reply_id))["waiting"] == ["It is held: storing."]
    assert mail_server.received == []
