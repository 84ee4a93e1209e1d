"""What the loop and the outbox measure, on a real Kafka and a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from libs.common import outbox
from libs.common.events import MentionDeleted, MentionReceived
from libs.common.outbox import Outgoing, Relay
from libs.common.telemetry import METRICS
from tests.integration.common.rig import TOPIC, Rig, rig
from tests.stack import Databases, KafkaServer
from tests.waiting import until


@pytest.fixture
async def r(kafka_server: KafkaServer, postgres: Databases) -> AsyncIterator[Rig]:
    async with rig(kafka_server, postgres.login(postgres.database(), "triage")) as made:
        yield made


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_the_way_of_an_event_is_measured_once_it_has_its_effect_and_not_of_what_is_passed_over(r: Rig) -> None:
    hops, seconds = sample("weerklank_hop_seconds_count", topic=TOPIC), sample("weerklank_hop_seconds_sum", topic=TOPIC)
    transactions, retries = sample("weerklank_transaction_seconds_count"), sample("weerklank_batch_retries_total", error="OSError")
    await r.send("a", 5)
    await r.send("b", 3, kind=MentionReceived.type)
    faults = iter([OSError("made up")])

    def fail() -> None:
        if (error := next(faults, None)) is not None:
            raise error

    r.before_save = fail
    r.start()

    async def handled() -> bool:
        return await r.handled() >= 8

    await until(handled, "8 records handled")
    await until(lambda: sample("weerklank_hop_seconds_count", topic=TOPIC) == hops + 5, "five hops")
    assert 0 < sample("weerklank_hop_seconds_sum", topic=TOPIC) - seconds < 5 * 60
    assert sample("weerklank_transaction_seconds_count") > transactions
    assert sample("weerklank_batch_retries_total", error="OSError") == retries + 1


async def test_a_partition_that_went_to_another_instance_keeps_no_lag(r: Rig) -> None:
    METRICS.lag_seconds.labels(TOPIC, 99).set(120)
    METRICS.lag_messages.labels(TOPIC, 99).set(7)
    stream = r.start()
    await until(lambda: stream.problems() == [] and stream.lags()[TOPIC]["messages"] == 0, "the stream runs")
    for name in ("weerklank_lag_seconds", "weerklank_lag_messages"):
        assert REGISTRY.get_sample_value(name, {"topic": TOPIC, "partition": "99"}) is None
        assert REGISTRY.get_sample_value(name, {"topic": TOPIC, "partition": "0"}) == 0


async def test_the_outbox_is_as_old_as_its_oldest_event_until_it_is_sent(r: Rig) -> None:
    now = datetime.now(UTC)
    async with r.pool.acquire() as connection:
        assert await outbox.age(connection, now) == 0
        for _ in range(2):
            event = MentionDeleted(brand="vaart", mention_id=uuid4(), deleted_at=now)
            await outbox.add(connection, "triage", [Outgoing(event, str(event.mention_id), 1, "a")])
        assert 59 < await outbox.age(connection, now + timedelta(minutes=1)) <= 60
        relay = Relay(r.url, "triage", r.kafka.bootstrap)
        sending = asyncio.create_task(relay.run())
        try:

            async def sent() -> bool:
                return await outbox.age(connection, now + timedelta(minutes=1)) == 0

            await until(sent, "the relay has sent it")
        finally:
            relay.stop()
            await sending


async def test_an_interrupted_relay_is_counted_by_what_interrupted_it(r: Rig) -> None:
    before = sample("weerklank_relay_failures_total", error="KafkaConnectionError")
    relay = Relay(r.url, "triage", "127.0.0.1:1")
    sending = asyncio.create_task(relay.run())
    try:
        await until(lambda: sample("weerklank_relay_failures_total", error="KafkaConnectionError") > before, "the interruption is counted")
    finally:
        relay.stop()
        await sending
