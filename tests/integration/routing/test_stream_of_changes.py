"""The stream of changes: all of them, once, in time, to those whom they are for."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from libs.common import db
from services.routing import feed, feed_api
from services.routing.case import case_id_of
from services.routing.feed import Fed
from tests.integration.pools import somebody_waits_for_a_lock
from tests.integration.routing.feed_world import FeedWorld, Heard, feed_world
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.stack import Databases
from tests.unit.routing.test_permutations import mention_id
from tests.waiting import until


@pytest.fixture
async def stream(postgres: Databases, tmp_path: Path) -> AsyncIterator[FeedWorld]:
    async with feed_world(postgres, tmp_path) as world:
        yield world


def case_of(name: str) -> UUID:
    return case_id_of("vaart", mention_id(name))


async def say(connection: db.Connection, *numbers: int, brand: str = "vaart", **more: object) -> None:
    await feed.add(connection, [Fed(brand, "hold", str(n), {"n": n}, **more) for n in numbers])  # type: ignore[arg-type]


async def numbers(connection: db.Connection, after: int = 0) -> list[int]:
    rows = await connection.fetch("select data::json ->> 'n' as n from feed_take($1, 1000)", after)
    return [int(row["n"]) for row in rows]


# --- places ----------------------------------------------------------------------------------------------------------------------------


async def test_a_slow_transaction_keeps_nobody_waiting_and_what_it_said_is_read_when_it_has_committed(pool: db.Pool) -> None:
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await say(slow, 1)
        await say(pool, 2)
        assert await numbers(pool) == [2]
        await transaction.commit()
    assert await numbers(pool) == [2, 1]
    assert await numbers(pool, after=1) == [1], "whoever had read up to the first place finds the late one after it"


async def test_what_was_rolled_back_is_never_read(pool: db.Pool) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await say(connection, 1)
        await transaction.rollback()
    await say(pool, 2)
    assert await numbers(pool) == [2]


async def test_while_one_gives_places_another_waits_and_gives_none_twice(pool: db.Pool) -> None:
    await say(pool, 1)
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        assert await numbers(first) == [1]
        await say(pool, 2)
        second = asyncio.create_task(numbers(pool))
        await until(lambda: somebody_waits_for_a_lock(pool), "the second waits for the first")
        await transaction.commit()
        assert await second == [1, 2]


async def test_places_that_were_being_given_by_one_that_was_killed_are_given_by_the_next(pool: db.Pool) -> None:
    await say(pool, 1, 2)
    async with pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        assert await numbers(first) == [1, 2]
        await transaction.rollback()  # what Postgres does with the work of a connection that is gone
    assert await numbers(pool) == [1, 2]


async def test_readers_of_many_transactions_at_once_miss_nothing_and_see_one_order(pool: db.Pool) -> None:
    """Eight writers whose transactions last as long as they like, and three readers that give places: each reads every row once, in the same order."""
    done = asyncio.Event()
    seed = random.Random(7)

    async def write(n: int) -> None:
        for step in range(25):
            async with pool.acquire() as connection, connection.transaction():
                await say(connection, n * 100 + step)
                await asyncio.sleep(seed.random() * 0.01)

    async def read() -> list[int]:
        found: list[int] = []
        place, last = 0, False
        while True:
            rows = await pool.fetch("select place, data::json ->> 'n' as n from feed_take($1, 7)", place)
            found += [int(row["n"]) for row in rows]
            place = rows[-1]["place"] if rows else place
            if not rows and last:
                return found
            last = done.is_set()

    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(read()) for _ in range(3)]
        async with asyncio.TaskGroup() as writers:
            for n in range(6):
                writers.create_task(write(n))
        done.set()
    first = readers[0].result()
    assert sorted(first) == [n * 100 + step for n in range(6) for step in range(25)]
    assert all(reader.result() == first for reader in readers)
    for n in range(6):
        assert [x for x in first if x // 100 == n] == [n * 100 + step for step in range(25)], "one after the other stays so"


# --- listening -------------------------------------------------------------------------------------------------------------------------


async def test_a_change_of_a_case_is_told_in_few_words_by_every_instance(stream: FeedWorld) -> None:
    one, other = await stream.start(), await stream.start()
    await batch(stream.pool, [triaged("A", "A")])
    async with one.listen() as here, other.listen(token=other.token("mk", "lead")) as there:
        assert (await one.call("POST", f"/v1/brands/vaart/cases/{case_of('A')}/take")).status_code == 200
        for heard in (here, there):
            # That it was opened may have been given its place only after they had begun to listen.
            await until(lambda heard=heard: any(one["version"] == 2 for one in heard.of("case")), "what was done to the case")
            told = heard.of("case")[-1]
            assert told["id"] == str(case_of("A"))
            wanted = {"what": "assigned", "actor": "gs", "version": 2, "state": "open", "owner": "gs", "unread": 1, "priority": "normal"}
            assert {name: told[name] for name in wanted} == wanted
            assert told["due_at"]
            marks = {"due_at", "promise_due_at", "promise_broken", "unread"}
            assert set(told) == {"id", "version", "what", "actor", "at", "state", "owner", "department", "priority"} | marks
        assert here.headers["content-type"].startswith("text/event-stream")
        assert here.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in here.headers


async def test_whoever_comes_again_goes_on_where_they_were_at_any_instance(stream: FeedWorld) -> None:
    one, other = await stream.start(), await stream.start()
    async with one.listen() as heard:
        await say(stream.pool, 1)
        await heard.until("hold")
        last = heard.last_id
    await say(stream.pool, 2, 3)
    async with other.listen(last=last) as heard:
        assert [told["n"] for told in await heard.until("hold", 2)] == [2, 3]
        await say(stream.pool, 4)
        assert [told["n"] for told in await heard.until("hold", 3)] == [2, 3, 4]
        assert heard.of("ready") == [{"resumed": True}]
        assert heard.of("reset") == []


async def test_nothing_is_missed_and_nothing_told_twice_while_one_reconnects_all_the_time(stream: FeedWorld) -> None:
    instances = [await stream.start(), await stream.start()]
    total = 300

    async def write() -> None:
        for n in range(total):
            async with stream.pool.acquire() as connection, connection.transaction():
                await say(connection, n)

    async with instances[0].listen() as heard:
        last = heard.last_id
    writing = asyncio.create_task(write())
    found: list[int] = []
    turn = 0
    while len(found) < total:
        turn += 1
        async with instances[turn % 2].listen(last=last) as heard:
            await heard.until("hold")
        assert heard.of("reset") == []
        found += [told["n"] for told in heard.of("hold")]
        last = heard.last_id
    await writing
    assert found == list(range(total))
    assert turn > 3


async def test_a_listener_gets_what_it_asks_for_of_its_own_brand(stream: FeedWorld) -> None:
    one = await stream.start()
    await batch(stream.pool, [triaged("A", "A"), triaged("B", "B")])
    async with (
        one.listen("?mine=true&kinds=case", token=one.token("mk")) as mine,
        one.listen(f"?case_id={case_of('B')}") as of_one,
        one.listen("?department=webcare") as department,
        one.listen("?kinds=hold") as holds,
        one.listen(token=one.token(brand="golfnet"), brand="golfnet") as elsewhere,
    ):
        for name, owner in (("A", "bb"), ("B", "mk"), ("B", "bb")):
            answer = await one.call("POST", f"/v1/brands/vaart/cases/{case_of(name)}/assign", json={"owner": owner})
            assert answer.status_code == 200
        answer = await one.call("POST", f"/v1/brands/vaart/cases/{case_of('A')}/assign", json={"department": "webcare"})
        assert answer.status_code == 200
        await say(stream.pool, 1)
        await say(stream.pool, 2, brand="golfnet")
        for heard in (holds, of_one, department):
            await heard.until("hold")
        await elsewhere.until("hold")
        assert [told["owner"] for told in mine.of("case")] == ["mk", "bb"], "told when it becomes one's own and when it no longer is"
        assert {told["id"] for told in of_one.of("case")} == {str(case_of("B"))}
        assert [told["id"] for told in department.of("case")] == [str(case_of("A"))]
        assert holds.of("case") == []
        assert [told["n"] for told in elsewhere.of("hold")] == [2]
        assert elsewhere.of("case") == []


async def test_notifications_are_their_members_own_and_no_analysts(stream: FeedWorld) -> None:
    one = await stream.start()
    async with (
        one.listen(token=one.token("gs")) as gs,
        one.listen(token=one.token("mk")) as mk,
        one.listen(token=one.token("gs", "analyst")) as analyst,
    ):
        await feed.add(stream.pool, [Fed("vaart", "notification", uuid4(), {"what": "opened"}, member="gs")])
        await say(stream.pool, 1)
        for heard in (gs, mk, analyst):
            await heard.until("hold")
        assert [told["what"] for told in gs.of("notification")] == ["opened"]
        assert mk.of("notification") == analyst.of("notification") == []


async def test_whoever_was_away_for_longer_than_it_is_kept_is_told_to_read_anew(stream: FeedWorld) -> None:
    one = await stream.start()
    async with one.listen() as heard:
        await say(stream.pool, 1, 2)
        await heard.until("hold", 2)
        last = heard.last_id
    assert last is not None
    await say(stream.pool, 3)
    await until(lambda: one.app.state.feed.place > int(last), "the third has its place")
    await stream.pool.execute("update feed set at = at - interval '25 hours'")
    async with stream.pool.acquire() as connection:
        assert await feed.purge(connection) == 3
    async with one.listen(last=last) as heard:
        assert await heard.until("reset") == [{}]
        await say(stream.pool, 4)
        assert [told["n"] for told in await heard.until("hold")] == [4]
        last = heard.last_id
    async with one.listen(last=last) as heard:
        assert heard.of("reset") == []


async def test_what_happens_while_the_missed_is_read_is_no_reason_to_read_anew(stream: FeedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await stream.start()
    async with one.listen() as heard:
        await say(stream.pool, 1)
        await heard.until("hold")
        last = heard.last_id
    ask = feed_api.newest_place

    async def ask_a_little_too_early(connection: db.Connection) -> int:
        found = await ask(connection)
        await say(stream.pool, 2, 3)
        await until(lambda: one.app.state.feed.place >= found + 2, "what came after the answer is read")
        return found

    monkeypatch.setattr(feed_api, "newest_place", ask_a_little_too_early)
    async with one.listen(last=last) as heard:
        assert [told["n"] for told in await heard.until("hold", 2)] == [2, 3]
        assert heard.of("reset") == []


async def test_an_id_of_another_database_is_told_to_read_anew(stream: FeedWorld) -> None:
    one = await stream.start()
    async with one.listen(last="123456789") as heard:
        await heard.until("reset")
    async with one.listen(last="7; drop table") as heard:
        assert heard.status == 422


async def test_a_database_that_was_put_back_resets_whoever_listens(stream: FeedWorld) -> None:
    one = await stream.start()
    async with one.listen() as heard:
        await say(stream.pool, 1, 2, 3)
        await heard.until("hold", 3)
        await stream.pool.execute("delete from feed where place > 1")
        await stream.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%feed_take%' and pid <> pg_backend_pid()"
        )
        await heard.until("reset")
        await heard.until("end")
        last = heard.last_id
    async with one.listen(last=last) as heard:
        await say(stream.pool, 4)
        await heard.until("hold")


async def test_listeners_stay_while_the_database_is_away_and_miss_nothing(stream: FeedWorld) -> None:
    one = await stream.start()
    async with one.listen() as heard:
        await stream.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%feed_take%' and pid <> pg_backend_pid()"
        )
        await say(stream.pool, 1)
        assert [told["n"] for told in await heard.until("hold")] == [1]
        assert not heard.over


# --- ending ----------------------------------------------------------------------------------------------------------------------------


async def test_the_stream_ends_with_its_token(stream: FeedWorld) -> None:
    one = await stream.start()
    async with one.listen(token=one.token(seconds=1.5)) as heard:
        assert await heard.until("end") == [{"why": "token_expired"}]
        await until(lambda: heard.over, "the answer is over")


async def test_a_service_that_stops_says_so_and_waits_for_no_listener(stream: FeedWorld) -> None:
    one, other = await stream.start(), await stream.start()
    async with one.listen() as heard:
        last = heard.last_id
        began = asyncio.get_running_loop().time()
        one.server.should_exit = True
        assert await heard.until("end") == [{"why": "stopping"}]
        await asyncio.wait_for(one.tasks[0], 5)
        assert asyncio.get_running_loop().time() - began < 2
    await say(stream.pool, 1)
    async with other.listen(last=last) as heard:
        await heard.until("hold")


async def test_whoever_reads_too_slowly_is_cut_and_what_they_left_is_there_when_they_come_again(
    stream: FeedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_api, "SEND_S", 0.5)
    one = await stream.start()
    port = int(one.url.rsplit(":", 1)[1])
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        head = f"GET /v1/brands/vaart/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {one.token()}\r\n\r\n"
        slow.sendall(head.encode())
        listeners = one.app.state.feed._listeners
        await until(lambda: listeners.get("vaart"), "it listens")
        async with one.listen(token=one.token("mk")) as quick:
            last = quick.last_id
            big = "x" * 20_000
            for n in range(400):
                await feed.add(stream.pool, [Fed("vaart", "hold", str(n), {"n": n, "big": big})])
            await until(lambda: len(listeners["vaart"]) == 1, "it was cut", 20)
            assert len(await quick.until("hold", 400)) == 400
        assert one.app.state.open_streams._of.total() <= 1
    async with one.listen(last=last) as heard:
        assert [told["n"] for told in await heard.until("hold", 400)] == list(range(400))


async def test_a_bearer_has_only_so_many_streams(stream: FeedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_api, "MOST_OF_ONE", 1)
    one = await stream.start()
    async with one.listen(), one.listen() as second, one.listen(token=one.token("mk")) as other:
        assert second.status == 429
        assert other.status == 200
    await until(lambda: not one.app.state.open_streams._of, "both are counted as gone")
    async with one.listen() as again:
        assert again.status == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [("?kinds=case,no%20kind", 422), ("?case_id=7", 422), ("?mine=perhaps", 422), ("?nothing=1", 422), ("?kinds=Case", 422)],
)
async def test_a_filter_that_cannot_be_read_is_refused(stream: FeedWorld, query: str, status: int) -> None:
    one = await stream.start()
    async with one.listen(query) as heard:
        assert heard.status == status


async def test_without_following_what_was_missed_of_ones_own_brand_is_told_and_the_answer_ends(stream: FeedWorld) -> None:
    one = await stream.start()
    await say(stream.pool, 1, 2)
    await say(stream.pool, 3, brand="golfnet")
    async with one.listen("?follow=false", last="0") as heard:
        await until(lambda: heard.over, "the answer is over")
        assert [told["n"] for told in heard.of("hold")] == [1, 2]
        assert heard.of("end") == [{"why": "done"}]
    async with one.listen("?follow=false", token=one.token(brand="golfnet"), brand="golfnet", last="0") as heard:
        assert [told["n"] for told in await heard.until("hold")] == [3]


async def test_roles_and_brands_are_asked(stream: FeedWorld) -> None:
    one = await stream.start()
    async with one.listen(token=one.token(role="connector")) as heard:
        assert heard.status == 403
    async with one.listen(brand="golfnet") as heard:
        assert heard.status == 403


async def test_head_is_answered_and_over(stream: FeedWorld) -> None:
    one = await stream.start()
    answer = await asyncio.wait_for(one.call("HEAD", "/v1/brands/vaart/stream", headers={"if-match": "*"}), 5)
    assert answer.status_code == 200
    assert answer.content == b""


async def test_an_idle_stream_says_that_it_lives_and_how_far_it_is(stream: FeedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_api, "HEARTBEAT_S", 0.2)
    one = await stream.start()
    async with one.listen("?kinds=case") as heard:
        await say(stream.pool, 1)
        await until(lambda: heard.comments and heard.last_id == str(one.app.state.feed.place) != "0", "a sign of life with the newest id")
        assert heard.of("hold") == []


# --- in time ---------------------------------------------------------------------------------------------------------------------------


async def test_a_change_is_on_every_screen_within_300_ms_though_a_slow_transaction_stays_open(stream: FeedWorld) -> None:
    """The same with 50 clients, two processes and a storm beside: `python -m bench.stream`."""
    instances = [await stream.start(), await stream.start()]
    await batch(stream.pool, [triaged("A", "A")])
    clock = asyncio.get_running_loop().time
    answered: dict[int, float] = {}
    took: list[float] = []

    async def watch(heard: Heard) -> None:
        for version in range(2, 22):
            await until(lambda version=version: any(told["version"] == version for told in heard.of("case")), "the change", 10)
            read = clock()
            await until(lambda version=version: version in answered, "its answer", 10)
            took.append(read - answered[version])

    async with contextlib.AsyncExitStack() as stack:
        slow = await stack.enter_async_context(stream.pool.acquire())
        transaction = slow.transaction()
        await transaction.start()
        await say(slow, 1)
        screens = [await stack.enter_async_context(instances[n % 2].listen(token=instances[0].token(f"a{n}"))) for n in range(8)]
        watching = [asyncio.create_task(watch(heard)) for heard in screens]
        for version in range(2, 22):
            answer = await instances[version % 2].call(
                "PATCH", f"/v1/brands/vaart/cases/{case_of('A')}/tags", json={"add": [f"t{version}"]}
            )
            assert answer.json()["version"] == version
            answered[version] = clock()
        await asyncio.gather(*watching)
        await transaction.rollback()
    assert len(took) == 8 * 20
    assert sorted(took)[len(took) * 95 // 100] < 0.3, sorted(took)[-10:]
