"""Kafka as one schedule sees it: partitions in order, each consumer with a position of its own, and no order between partitions.

What a service's outbox held comes in, as its relay would send it; batches of records go out, as a consumer would fetch them. A seed decides how much is
fetched at once, by whom first, and what a relay tells twice.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from libs.common.topics import partition_of


@dataclass(frozen=True, slots=True)
class Record:
    """A record as `record.decode` reads one."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    timestamp: int
    headers: list[tuple[str, bytes]]


@dataclass(slots=True)
class Log:
    """`readers`: consumer → the topics that it reads."""

    readers: Mapping[str, Sequence[str]]
    rng: random.Random
    orderly: bool
    _records: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    _positions: dict[tuple[str, str, int], int] = field(default_factory=dict)

    def append(self, topic: str, brand: str, key: str, headers: Mapping[str, str], value: bytes, now: datetime) -> None:
        partition = partition_of(brand, key)
        there = self._records.setdefault((topic, partition), [])
        sent = [(name, text.encode()) for name, text in headers.items()]
        there.append(Record(topic, partition, len(there), key.encode(), value, int(now.timestamp() * 1000), sent))

    def tell_again(self, chance: float) -> None:
        """Now and then a relay that lost its session sends a row of before once more, behind newer ones."""
        if self.orderly:
            return
        for place, records in sorted(self._records.items()):
            if records and self.rng.random() < chance:
                old = self.rng.choice(records[-5:])
                records.append(Record(*place, len(records), old.key, old.value, old.timestamp, old.headers))

    def _waiting(self, reader: str) -> Iterator[tuple[tuple[str, int], list[Record], int]]:
        for topic in self.readers[reader]:
            for place in sorted(place for place in self._records if place[0] == topic):
                position = self._positions.get((reader, *place), 0)
                if position < len(self._records[place]):
                    yield place, self._records[place], position

    def is_quiet(self) -> bool:
        return not any(True for reader in self.readers for _ in self._waiting(reader))

    def fetch(self) -> tuple[str, list[Record]] | None:
        """(Consumer, what it fetched) of some consumer for which something waits, in (topic, partition, offset) order; none where nothing does."""
        busy = [reader for reader in self.readers if any(True for _ in self._waiting(reader))]
        if not busy:
            return None
        reader = busy[0] if self.orderly else self.rng.choice(busy)
        waiting = list(self._waiting(reader))
        if not self.orderly:
            waiting = sorted(self.rng.sample(waiting, self.rng.randint(1, len(waiting))), key=lambda found: found[0])
        fetched = []
        for place, records, position in waiting:
            number = len(records) - position if self.orderly else self.rng.randint(1, len(records) - position)
            fetched += records[position : position + number]
            self._positions[reader, *place] = position + number
        return reader, fetched
