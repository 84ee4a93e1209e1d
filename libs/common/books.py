"""Every service's copy of the brand books: read from the compacted `brands` topic into memory, whole, by every instance.

A service is ready after it has read the topic to its end; an event that was decided under a newer version waits for it here.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook
from libs.common.events import BrandBookPublished
from libs.common.topics import BRANDS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """A brand book and the version under which it was published (1, 2, …)."""

    book: BrandBook
    version: int


class BrandBooks:
    """The newest version of every brand's book. Run `run()` as a task; `read` is set once the topic was read to its end."""

    def __init__(self, bootstrap: str, client_id: str) -> None:
        self._bootstrap, self._client_id = bootstrap, client_id
        self._books: dict[str, Published] = {}
        self._changed = asyncio.Condition()
        self.read = asyncio.Event()

    def get(self, brand: str) -> Published | None:
        return self._books.get(brand)

    def version(self, brand: str) -> int:
        """0: no book of that brand is known."""
        known = self._books.get(brand)
        return known.version if known else 0

    def __iter__(self) -> Iterator[tuple[str, Published]]:
        return iter(list(self._books.items()))

    async def put(self, published: BrandBookPublished) -> None:
        """Keep a version, unless a newer one is known."""
        known = self._books.get(published.brand)
        if known is None or known.version < published.version:
            self._books[published.brand] = Published(BrandBook.from_json(published.book), published.version)
        async with self._changed:
            self._changed.notify_all()

    def has(self, versions: Mapping[str, int]) -> bool:
        """Whether every brand named is known in at least the version named."""
        return all(
            version == 0 or ((known := self._books.get(brand)) is not None and known.version >= version)
            for brand, version in versions.items()
        )

    async def wait_for(self, versions: Mapping[str, int], timeout_s: float) -> bool:
        """Wait until `has(versions)`; false when that did not happen in time."""
        if self.has(versions):
            return True
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self.has(versions))
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Read the topic from its beginning, and go on for ever; start again after a fault of Kafka."""
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError) as error:
                log.warning("brand books: Kafka does not answer, trying again", extra={"error": type(error).__name__})
                await asyncio.sleep(1)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=f"{self._client_id}-books",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        try:
            await consumer.start()
            numbers: set[int] = set()
            while not numbers:
                numbers = consumer.partitions_for_topic(BRANDS.name) or set()
                if not numbers:
                    await consumer._client.force_metadata_update()
                    await asyncio.sleep(0.2)
            partitions = [TopicPartition(BRANDS.name, number) for number in sorted(numbers)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while True:
                if not self.read.is_set():
                    positions = [(await consumer.position(tp), ends[tp]) for tp in partitions]
                    if all(position >= end for position, end in positions):
                        self.read.set()
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    for record in batch:
                        try:
                            await self.put(BrandBookPublished.model_validate_json(record.value))
                        except (ValidationError, BrandBookError) as error:
                            # The version before it stays in force; events decided under this one wait, and readiness says so.
                            log.error(
                                "a brand book that this version cannot read", extra={"error": type(error).__name__, "offset": record.offset}
                            )
        finally:
            await consumer.stop()
