"""How far a service is behind: a consumer and the positions of its partitions reach this module, numbers for people and gauges leave it."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from libs.common import db, ledger, telemetry
from libs.common.topics import PARTITIONS


@dataclass
class PartitionState:
    """A partition that is ours: the next offset to handle, when what was handled last was appended, and since when we know that something waits."""

    expected: int
    handled_at: datetime | None = None
    behind_since: float | None = None


def records(kafka: AIOKafkaConsumer | None, tp: TopicPartition, state: PartitionState) -> int:
    """Records of a partition that wait, as far as the last fetch told."""
    if kafka is None:
        return 0
    try:
        high = kafka.highwater(tp)
    except (IllegalStateError, KeyError, AssertionError):
        return 0
    return max(0, (high or 0) - state.expected)


def seconds(kafka: AIOKafkaConsumer | None, tp: TopicPartition, state: PartitionState) -> float:
    """Age of the oldest record that waits, at most as long as we have known that one does."""
    if not records(kafka, tp, state):
        state.behind_since = None
        return 0.0
    if state.behind_since is None:
        state.behind_since = time.monotonic()
    known = time.monotonic() - state.behind_since
    return min(known, (datetime.now(UTC) - state.handled_at).total_seconds()) if state.handled_at else known


def by_topic(
    kafka: AIOKafkaConsumer | None, topics: Iterable[str], partitions: Mapping[TopicPartition, PartitionState]
) -> dict[str, dict[str, float]]:
    """Per topic messages (sum) and seconds (largest); the gauges say the same of each partition."""
    found: dict[str, dict[str, float]] = {topic: {"messages": 0, "seconds": 0.0} for topic in topics}
    # A partition that is another instance's by now must not stay at its last value.
    telemetry.METRICS.lag_messages.clear()
    telemetry.METRICS.lag_seconds.clear()
    for tp, state in list(partitions.items()):
        messages, age_s = records(kafka, tp, state), seconds(kafka, tp, state)
        found[tp.topic]["messages"] += messages
        found[tp.topic]["seconds"] = max(found[tp.topic]["seconds"], round(age_s, 3))
        telemetry.METRICS.lag_messages.labels(tp.topic, tp.partition).set(messages)
        telemetry.METRICS.lag_seconds.labels(tp.topic, tp.partition).set(age_s)
    return found


async def waiting(kafka: AIOKafkaConsumer, topics: Iterable[str], connection: db.Connection) -> dict[str, int] | None:
    """Records per topic that no instance of this service has handled, whether or not anybody is assigned to them now.

    From the broker's log ends and the stored positions; none when the broker does not answer within 2 s.
    """
    found = dict.fromkeys(topics, 0)
    partitions = [TopicPartition(topic, number) for topic in found for number in range(PARTITIONS)]
    next_offsets = await ledger.next_offsets(connection)
    new = [tp for tp in partitions if (tp.topic, tp.partition) not in next_offsets]
    try:
        async with asyncio.timeout(2):
            ends = await kafka.end_offsets(partitions)
            starts = await kafka.beginning_offsets(new) if new else {}
    except (KafkaError, IllegalStateError, TimeoutError):
        return None
    for tp in partitions:
        found[tp.topic] += max(0, ends[tp] - next_offsets.get((tp.topic, tp.partition), starts.get(tp, 0)))
    return found
