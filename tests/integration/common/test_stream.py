"""The consume loop's guarantees, one by one, on a real Kafka and a real Postgres. Each was seen to fail with its mechanism taken out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from libs.common import db, ledger
from libs.common import stream as stream_module
from libs.common.errors import InvalidEvent, PositionBelowLogStart, PositionBeyondLogEnd, TooManyDeadLetters
from libs.common.events import BrandBookPublished, MentionDeleted, MentionReceived
from libs.common.topics import partition_of
from tests.integration.common.rig import INVALID, TOPIC, Rig, Rows, fresh_topics, log_end, rig
from tests.stack import Databases, KafkaServer
from tests.waiting import until

NOW = "2026-03-02T10:00:00Z"


@pytest.fixture
async def r(kafka_server: KafkaServer, postgres: Databases) -> AsyncIterator[Rig]:
    url = postgres.login(postgres.database(), "triage")
    async with rig(kafka_server, url) as made:
        yield made


async def all_handled(r: Rig, number: int) -> None:
    async def reached() -> bool:
        return await r.handled() >= number

    await until(reached, f"{number} records handled")
    async with r.pool.acquire() as connection:
        assert (await ledger.summary(connection))["unaccounted"] == 0


async def expire(r: Rig, partition: int, before: int) -> None:
    """What retention does: the records before an offset are gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=r.kafka.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(TOPIC, partition): RecordsToDelete(before_offset=before)})
    await admin.close()


async def test_every_event_has_its_effect_once_and_in_order(r: Rig) -> None:
    sent = {key: await r.send(key, 50) for key in ("a", "b", "c")}
    r.start()
    await all_handled(r, 150)
    rows = await r.pool.fetch("select id, key from effect order by n")
    for key, ids in sent.items():
        assert [row["id"] for row in rows if row["key"] == key] == ids


async def test_a_crash_between_effect_and_position_repeats_nothing(r: Rig) -> None:
    """The transaction is the whole effect: when it fails at its last statement, nothing of it stays."""
    ids = await r.send("a", 20)
    failures = iter([asyncpg.SerializationError("made up"), asyncpg.DeadlockDetectedError("made up")])

    def fail() -> None:
        if (error := next(failures, None)) is not None:
            raise error

    r.before_save = fail
    r.start()
    await all_handled(r, 20)
    assert await r.effects() == ids
    assert await r.letters() == []


async def test_a_second_instance_with_a_stale_position_writes_nothing(r: Rig) -> None:
    """Compare-and-set: an instance that remembers an old position is refused, reads it again, and goes on."""
    first = r.start()
    ids = await r.send("a", 10)
    await all_handled(r, 10)
    partition = partition_of("vaart", "a")
    first._partitions[TopicPartition(TOPIC, partition)].expected = 3
    assert first._kafka is not None
    first._kafka.seek(TopicPartition(TOPIC, partition), 3)
    ids += await r.send("a", 5)
    await all_handled(r, 15)
    assert await r.effects() == ids


async def test_poison_is_set_aside_its_followers_wait_and_replay_keeps_the_order(r: Rig) -> None:
    ids = await r.send("a", 3)
    other = await r.send("b", 3)
    r.poison[ids[0]] = INVALID
    stream = r.start()
    await all_handled(r, 6)
    assert await r.effects() == other
    assert [row["standing"] for row in await r.letters()] == ["dead", "parked", "parked"]
    ids += await r.send("a", 1)
    await all_handled(r, 7)
    with pytest.raises(InvalidEvent, match="still fails"):
        await stream.replay(TOPIC, "a")
    assert len(await r.letters()) == 4
    r.poison.clear()
    assert await stream.replay(TOPIC, "a") == 4
    assert await r.effects() == other + ids
    assert await r.letters() == []
    async with r.pool.acquire() as connection:
        assert (await ledger.summary(connection))["unaccounted"] == 0
    assert await stream.replay(TOPIC, "a") == 0


async def test_an_event_that_is_not_for_this_service_is_passed_over_undecoded(r: Rig) -> None:
    ids = await r.send("a", 2)
    await r.send("a", 3, kind=MentionReceived.type, value=b"not even JSON")
    ids += await r.send("a", 1)
    r.poison[ids[2]] = INVALID
    await r.send("a", 1, kind=MentionReceived.type, value=b"nor this, behind a dead one")
    r.start()
    await all_handled(r, 7)
    assert await r.effects() == ids[:2]
    assert [row["standing"] for row in await r.letters()] == ["dead"]
    assert await r.pool.fetchval("select sum(repeated)::int from ledger") == 4


async def test_what_was_set_aside_and_is_no_longer_for_this_service_does_not_hold_up_the_replay(r: Rig) -> None:
    """A newer version passes a type over that an older one parked: the key's other events are handled all the same."""
    ids = await r.send("a", 2)
    r.poison[ids[0]] = INVALID
    stream = r.start()
    await all_handled(r, 2)
    mention = {"id": str(uuid4()), "brand": "vaart", "channel": "twitter", "kind": "post", "external_id": "1", "text": "hoi"}
    mention |= {"author": {"identities": [{"kind": "handle", "value": "x"}]}, "posted_at": NOW, "received_at": NOW}
    await r.pool.execute(
        "update dead_letter set value = $1, headers = jsonb_set(headers, '{ce_type}', $2) where standing = 'dead'",
        orjson.dumps({"brand": "vaart", "mention": mention}),
        MentionReceived.type,
    )
    assert await stream.replay(TOPIC, "a") == 2
    assert await r.effects() == ids[1:]
    assert await r.letters() == []


async def test_a_consumer_that_does_not_close_is_left_behind_and_the_next_goes_on(r: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen after a freeze: closing waited for ever, and a service without a consumer looked as if nothing waited."""
    monkeypatch.setattr(stream_module, "CLOSE_WITHIN_S", 0.5)
    stream = r.start()
    ids = await r.send("a", 2)
    await all_handled(r, 2)
    hung = stream._kafka
    assert hung is not None
    close = hung.stop

    async def never() -> None:
        await asyncio.Event().wait()

    async def fails(*_: object, **__: object) -> None:
        raise KafkaError

    monkeypatch.setattr(hung, "stop", never)
    monkeypatch.setattr(hung, "getmany", fails)
    await until(lambda: stream.problems(), "it says that it has no consumer")
    ids += await r.send("a", 3)
    await all_handled(r, 5)
    assert await r.effects() == ids
    assert stream._kafka is not hung
    await close()


async def test_an_unexpected_error_is_bisected_to_the_one_event_that_causes_it(r: Rig) -> None:
    ids = [(await r.send(f"key-{n}", 1))[0] for n in range(40)]
    r.poison[ids[17]] = ZeroDivisionError("a bug")
    r.start()
    await all_handled(r, 40)
    assert set(await r.effects()) == set(ids) - {ids[17]}
    assert [(row["standing"], row["reason"]) for row in await r.letters()] == [("dead", "ZeroDivisionError: a bug")]


async def test_a_passing_fault_is_waited_out_and_never_a_dead_letter(r: Rig) -> None:
    ids = await r.send("a", 5)
    faults = iter([OSError("disk"), asyncpg.DiskFullError("full"), TimeoutError(), asyncpg.CannotConnectNowError("starting")])

    def fail() -> None:
        if (error := next(faults, None)) is not None:
            raise error

    r.before_save = fail
    stream = r.start()
    await all_handled(r, 5)
    assert await r.effects() == ids
    assert await r.letters() == []
    await until(lambda: not stream.problems(), "ready again")


@pytest.mark.parametrize(
    "fault",
    [asyncpg.InvalidCatalogNameError("being restored"), asyncpg.InsufficientPrivilegeError("being granted"), db.Raced("another was first")],
    ids=lambda fault: type(fault).__name__,
)
async def test_no_passing_fault_makes_a_dead_letter_of_a_single_event(r: Rig, fault: Exception) -> None:
    """Nothing is left to bisect then, and the fault comes more often than an event has attempts."""
    ids = await r.send("a", 1)
    faults = iter([fault] * (r.settings.attempts + 1))

    def fail() -> None:
        if (error := next(faults, None)) is not None:
            raise error

    r.before_save = fail
    r.start()
    await all_handled(r, 1)
    assert await r.effects() == ids
    assert await r.letters() == []


async def test_an_unknown_event_type_is_parked_not_skipped(r: Rig) -> None:
    await r.send("a", 1, kind="weerklank.mention.from-the-future.v9")
    ids = await r.send("a", 1)
    r.start()
    await all_handled(r, 2)
    assert [row["standing"] for row in await r.letters()] == ["parked", "parked"]
    assert await r.effects() == []
    assert "Deploy one that knows it" in (await r.letters())[0]["reason"]
    assert ids


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b'{"brand": 3}', b"\x00\xff", b"null"], ids=repr)
async def test_garbage_becomes_a_dead_letter_and_the_rest_goes_on(r: Rig, value: bytes) -> None:
    await r.send("a", 1, value=value)
    ids = await r.send("b", 3)
    r.start()
    await all_handled(r, 4)
    assert await r.effects() == ids
    assert [row["standing"] for row in await r.letters()] == ["dead"]


async def test_a_bad_deploy_stops_the_service_and_a_restart_does_not_go_on(r: Rig) -> None:
    """Each event fails: after the window's hundred the service stops, and stays stopped over restarts, until an operator resumes."""
    ids = [(await r.send(f"key-{n}", 1))[0] for n in range(150)]
    r.poison = dict.fromkeys(ids, INVALID)
    r.settings.batch = 30
    first = r.start()
    await until(lambda: isinstance(first.stopped, TooManyDeadLetters), "the stream stops")
    dead = len(await r.letters())
    assert dead < 110
    async with r.pool.acquire() as connection:

        async def stored() -> bool:
            return (await ledger.window(connection)).reason is not None

        await until(stored, "the reason is stored")
    await r.stop(first)
    second = r.start("rig-1")
    await until(lambda: isinstance(second.stopped, TooManyDeadLetters), "stopped after a restart too", 40)
    assert len(await r.letters()) == dead
    r.poison.clear()
    async with r.pool.acquire() as connection:
        await ledger.resume(connection)
    await all_handled(r, 150)
    assert len(await r.effects()) == 150 - dead


async def test_a_retention_gap_stops_the_partition_with_a_named_error(r: Rig) -> None:
    ids = await r.send("a", 10)
    other = await r.send("b", 1)
    first = r.start()
    await all_handled(r, 11)
    await r.stop(first)
    partition = partition_of("vaart", "a")
    await r.send("a", 20)
    end = await log_end(r.kafka.bootstrap, partition)
    await expire(r, partition, end - 5)
    second = r.start("rig-1")
    await until(lambda: second.stopped_partitions, "the partition stops", 40)
    error = second.stopped_partitions[TopicPartition(TOPIC, partition)]
    assert isinstance(error, PositionBelowLogStart)
    assert "15 events are gone" in error.detail
    assert any("position-below-log-start" in why for why in second.problems())
    others = [key for key in "bcdefgh" if partition_of("vaart", key) != partition]
    more = await r.send(others[0], 1)
    await until(lambda: _has(r, more), "other partitions go on")
    async with r.pool.acquire() as connection, connection.transaction():
        assert await ledger.reset_position(connection, TOPIC, partition, end - 5, datetime.now(UTC)) == 15
    await until(lambda: not second.stopped_partitions and not second.problems(), "goes on where the operator said", 40)
    await all_handled(r, 17)
    assert set(ids + other + more) <= set(await r.effects())


async def test_reading_a_partition_again_knows_what_was_set_aside(r: Rig) -> None:
    """An operator goes back to the start while letters of that partition wait: nothing is set aside twice, nothing stands still."""
    ids = await r.send("a", 3)
    r.poison[ids[1]] = INVALID
    stream = r.start()
    await all_handled(r, 3)
    letters = await r.letters()
    assert [row["standing"] for row in letters] == ["dead", "parked"]
    async with r.pool.acquire() as connection, connection.transaction():
        assert await ledger.reset_position(connection, TOPIC, partition_of("vaart", "a"), 0, datetime.now(UTC)) == -3
    ids += await r.send("a", 1)
    await all_handled(r, 7)
    assert [row["standing"] for row in await r.letters()] == ["parked", "dead", "parked", "parked"], (
        "the first waits too: it stands before one that failed"
    )
    assert not stream.problems()
    r.poison.clear()
    assert await stream.replay(TOPIC, "a") == 4
    # The first event had its effect before the reset, and again after it: that is what the operator asked for.
    assert await r.effects() == [ids[0], ids[0], *ids[1:]]


async def test_a_log_that_was_made_anew_under_a_running_consumer_stops_the_partition_with_a_named_error(r: Rig) -> None:
    """Its new events are at offsets that we have handled already: passing over them in silence would lose them."""
    await r.send("a", 20)
    stream = r.start()
    await all_handled(r, 20)
    await fresh_topics(r.kafka.bootstrap)
    await r.send("a", 3)
    await until(lambda: stream.stopped_partitions, "the partition stops", 60)
    error = stream.stopped_partitions[TopicPartition(TOPIC, partition_of("vaart", "a"))]
    assert isinstance(error, PositionBeyondLogEnd)
    assert "the next event to handle is 20, but the log ends at" in error.detail
    async with r.pool.acquire() as connection, connection.transaction():
        await ledger.reset_position(connection, TOPIC, partition_of("vaart", "a"), 0, datetime.now(UTC))
    await until(lambda: _has_number(r, 23), "goes on where the operator said", 40)


async def _has_number(r: Rig, number: int) -> bool:
    return len(await r.effects()) == number


async def test_a_header_without_a_value_is_an_empty_one(r: Rig) -> None:
    ids = await r.send("a", 1, more=[("mirrored-by", None)])
    await r.send("b", 1, more=[("ce_traceparent", None)])
    await r.send("c", 1, value=b"garbage", more=[("x", None), ("ce_id", None)])
    r.start()
    await all_handled(r, 3)
    assert set(ids) <= set(await r.effects())
    assert [row["key"] for row in await r.letters()] == ["c"]


async def test_a_batch_that_is_too_much_at_once_is_tried_in_halves_and_nothing_is_given_up(r: Rig) -> None:
    ids = await r.send("a", 8)
    sizes: list[int] = []

    async def save(connection: db.Connection, work: Rows) -> None:
        sizes.append(len(work.rows))
        if len(work.rows) > 3:
            raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")
        await r._save(connection, work)

    r.save = save
    r.start()
    await all_handled(r, 8)
    assert await r.effects() == ids
    assert await r.letters() == []
    assert max(sizes) == 8


async def test_of_what_perishes_a_gap_is_counted_and_nobody_need_choose(r: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases are kept for an hour: a consumer that was away for a day goes on with those that there are."""
    monkeypatch.setitem(stream_module.BY_NAME, TOPIC, replace(stream_module.BY_NAME[TOPIC], perishable=True))
    await r.send("a", 10)
    first = r.start()
    await all_handled(r, 10)
    await r.stop(first)
    partition = partition_of("vaart", "a")
    kept = (await r.send("a", 20))[-5:]
    end = await log_end(r.kafka.bootstrap, partition)
    await expire(r, partition, end - 5)
    second = r.start("rig-1")
    await all_handled(r, 15)
    assert (await r.effects())[10:] == kept
    assert second.problems() == []
    assert await r.pool.fetchval("select sum(gap)::int from ledger") == 15


async def _has(r: Rig, ids: list[object]) -> bool:
    return set(ids) <= set(await r.effects())


async def test_a_truncated_log_stops_the_partition_with_a_named_error(r: Rig) -> None:
    await r.send("a", 2)
    first = r.start()
    await all_handled(r, 2)
    await r.stop(first)
    partition = partition_of("vaart", "a")
    await r.pool.execute("update position set next_offset = 99, first_offset = 97 where topic = $1 and partition = $2", TOPIC, partition)
    second = r.start("rig-1")
    await until(lambda: second.stopped_partitions, "the partition stops", 40)
    assert isinstance(second.stopped_partitions[TopicPartition(TOPIC, partition)], PositionBeyondLogEnd)


async def test_two_instances_share_the_work_and_a_third_may_come_and_go(r: Rig) -> None:
    sent = []
    first, _ = r.start("rig-0"), r.start("rig-1")
    for n in range(10):
        sent += await r.send(f"key-{n}", 30)
    third = r.start("rig-2")
    for n in range(10):
        sent += await r.send(f"key-{n}", 30)
    await r.stop(first)
    for n in range(10):
        sent += await r.send(f"key-{n}", 30)
    await r.stop(third)
    await all_handled(r, 900)
    effects = await r.effects()
    assert len(effects) == len(set(effects)) == 900
    assert set(effects) == set(sent)
    rows = await r.pool.fetch("select key, place from effect order by n")
    for n in range(10):
        places = [row["place"] for row in rows if row["key"] == f"key-{n}"]
        assert places == sorted(places)


async def test_an_event_under_a_newer_brand_book_waits_for_it(r: Rig) -> None:
    mention_id = uuid4()
    event = MentionDeleted(brand="vaart", book_version=2, mention_id=mention_id, deleted_at=datetime.now(UTC))
    await r.send("a", [mention_id], value=event.model_dump_json().encode())
    stream = r.start()
    await until(lambda: stream.problem == "waiting for a newer brand book", "it waits")
    assert await r.effects() == []
    book = {"brand": "vaart", "name": "Vaart (example data)", "languages": ["nl"]}
    for version in (1, 2):
        published = BrandBookPublished(brand="vaart", version=version, book=book, published_at=datetime.now(UTC), published_by="x")
        await r._books.put(published)
    await all_handled(r, 1)
    assert await r.effects() == [mention_id]


async def test_a_book_that_does_not_come_is_waited_for_once_and_a_replay_waits_for_it_too(r: Rig) -> None:
    """One brand without its book: ten of its events in ten batches cost the others one wait, not ten."""
    r.settings.book_wait_s, r.settings.batch = 2.0, 1
    mention_ids = [uuid4() for _ in range(10)]
    for mention_id in mention_ids:
        event = MentionDeleted(brand="vaart", book_version=2, mention_id=mention_id, deleted_at=datetime.now(UTC))
        await r.send("a", [mention_id], value=event.model_dump_json().encode())
    stream = r.start()
    async with asyncio.timeout(15):
        await all_handled(r, 10)
    assert [row["standing"] for row in await r.letters()] == ["parked"] * 10
    with pytest.raises(InvalidEvent, match="version 2 of a brand book that is not here yet"):
        await stream.replay(TOPIC, "a")
    book = {"brand": "vaart", "name": "Vaart (example data)", "languages": ["nl"]}
    await r._books.put(BrandBookPublished(brand="vaart", version=2, book=book, published_at=datetime.now(UTC), published_by="x"))
    assert await stream.replay(TOPIC, "a") == 10
    assert await r.effects() == mention_ids


async def test_what_can_never_be_handled_is_given_up_and_what_waited_behind_it_is_replayed(r: Rig) -> None:
    ids = await r.send("a", 3)
    r.poison[ids[0]] = INVALID
    stream = r.start()
    await all_handled(r, 3)
    async with r.pool.acquire() as connection, connection.transaction():
        letters = await ledger.letters_of(connection, TOPIC, "a")
        await ledger.take_back(connection, letters[:1], handled=False)
    assert await stream.replay(TOPIC, "a") == 2
    assert await r.effects() == ids[1:]
    async with r.pool.acquire() as connection:
        found = await ledger.summary(connection)
    assert (found["effects"], found["gap"], found["dead"], found["parked"], found["unaccounted"]) == (2, 1, 0, 0, 0)


async def test_old_minutes_become_days_and_every_sum_stays(r: Rig) -> None:
    old = datetime.now(UTC).replace(hour=9, minute=30, second=0, microsecond=0) - timedelta(days=5)
    async with r.pool.acquire() as connection, connection.transaction():
        for minute in range(0, 120, 7):
            await ledger.count(connection, {(TOPIC, partition, old + timedelta(minutes=minute)): {"effects": 2} for partition in range(3)})
            await connection.execute("insert into emitted values ($1, $2, 5)", TOPIC, old + timedelta(minutes=minute))
        before = await ledger.summary(connection)
        while await ledger.fold(connection, datetime.now(UTC) - ledger.MINUTES_KEPT):
            pass
        assert await ledger.summary(connection) == before
        assert await connection.fetchval("select count(*) from ledger") == 3
        assert await connection.fetchval("select array[count(*), sum(count)] from emitted") == [1, 90]


async def test_a_fetcher_that_died_while_caught_up_fails_liveness(r: Rig) -> None:
    """aiokafka has stalled silently after broker restarts: its own high-water mark then says that nothing waits. The broker says otherwise."""
    r.settings.stalled_after_s = 2
    stream = r.start()
    await r.send("a", 3)
    await all_handled(r, 3)
    assert not stream.stalled()
    assert stream._kafka is not None
    stream._kafka._fetcher._fetch_task.cancel()
    await r.send("a", 5)
    await until(stream.stalled, "the stall is seen")
    assert await r.handled() < 8


async def test_events_under_a_book_that_never_comes_are_parked_and_others_go_on(r: Rig) -> None:
    r.settings.book_wait_s = 1
    mention_id = uuid4()
    event = MentionDeleted(brand="vaart", book_version=99, mention_id=mention_id, deleted_at=datetime.now(UTC))
    await r.send("a", [mention_id], value=event.model_dump_json().encode())
    ids = await r.send("b", 3)
    r.start()
    await all_handled(r, 4)
    assert await r.effects() == ids
    assert [row["standing"] for row in await r.letters()] == ["parked"]
