"""A batch on its way through the consume loop: what each record decoded to, which are invalid, and what became of them.

The records of a fetch reach this module, by partition in offset order. A `Batch` leaves it that can be halved until a poison event stands alone, and
the counts for the ledger.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from aiokafka import ConsumerRecord, TopicPartition

from libs.common import ledger
from libs.common.errors import InvalidEvent
from libs.common.events import Event
from libs.common.record import Place, Received, append_time, place_of, place_of_letter


@dataclass
class Batch:
    """Records in (topic, partition, offset) order, what each decoded to, those that are known to be invalid, with the reason, and those that are
    not for this service."""

    records: list[ConsumerRecord]
    decoded: dict[Place, Received[Event]]
    invalid: dict[Place, InvalidEvent]
    expected: dict[TopicPartition, int]
    passed_over: set[Place] = field(default_factory=set)

    @cached_property
    def last(self) -> dict[TopicPartition, ConsumerRecord]:
        """The last record of each partition. The records do not change once the batch is complete."""
        return {TopicPartition(record.topic, record.partition): record for record in self.records}

    def half(self, first: bool) -> "Batch":
        """One half, as a batch that can be applied by itself: the second expects the positions that the first leaves behind."""
        middle = len(self.records) // 2
        records = self.records[:middle] if first else self.records[middle:]
        expected = dict(self.expected)
        if not first:
            for record in self.records[:middle]:
                expected[TopicPartition(record.topic, record.partition)] = record.offset + 1
        partitions = {TopicPartition(record.topic, record.partition) for record in records}
        return Batch(records, self.decoded, self.invalid, {tp: expected[tp] for tp in partitions}, self.passed_over)


def outcomes(
    batch: Batch, live: Sequence[Received[Event]], aside: Sequence[ledger.DeadLetter], repeated: set[Place]
) -> dict[tuple[str, int, datetime], dict[str, int]]:
    """What became of each record, by topic, partition and minute of its append time."""
    counts: dict[tuple[str, int, datetime], dict[str, int]] = {}

    def add(topic: str, partition: int, at: datetime, what: str, number: int = 1) -> None:
        bucket = counts.setdefault((topic, partition, at.replace(second=0, microsecond=0)), {})
        bucket[what] = bucket.get(what, 0) + number

    for received in live:
        what = "repeated" if received.place in repeated else "effects"
        add(received.topic, received.partition, received.appended_at, what)
    if batch.passed_over:
        for record in batch.records:
            if place_of(record) in batch.passed_over:
                add(record.topic, record.partition, append_time(record), "repeated")
    for letter in aside:
        add(letter.topic, letter.partition, letter.appended_at, "repeated" if place_of_letter(letter) in repeated else letter.standing)
    numbers = Counter((record.topic, record.partition) for record in batch.records)
    for tp, last in batch.last.items():
        if gap := last.offset + 1 - batch.expected[tp] - numbers[tp]:
            add(tp.topic, tp.partition, append_time(last), "gap", gap)
    return counts
