"""Kafka's account of itself, asked for once: its brokers, their settings, our topics with theirs, the bounds of every partition, and the time.

Nothing is written to it. Its version is asked for in its own protocol: the client library does not pass on what the answer says of features.
"""

import asyncio
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code

from libs.common import logchecks
from libs.common.checks import CannotAsk
from libs.common.topics import BY_NAME, HOLDS

CONNECT_S, ANSWER_S = 5.0, 8.0
_API_VERSIONS, _API_VERSIONS_VERSION = 18, 3

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Partition:
    number: int
    leader: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """In place of settings that the broker does not show us; `why` is its error's name."""

    why: str


Settings = Mapping[str, str] | Unread


@dataclass(frozen=True, slots=True)
class TopicSeen:
    """A topic as the broker has it: `settings` are all of them, its own and those that it takes from the broker."""

    partitions: tuple[Partition, ...]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Broker:
    """`settings`: broker id → its settings. `newest`: when the broker appended the newest sending lease, none where there is none."""

    bootstrap: str
    brokers: tuple[int, ...]
    settings: Mapping[int, Settings]
    topics: Mapping[str, TopicSeen]
    starts: Mapping[Place, int]
    ends: Mapping[Place, int]
    asked: datetime
    answered: datetime
    newest: datetime | None = None
    metadata_levels: tuple[int, int] | None = field(default=None)
    """(Finalized, supported) level of the feature metadata.version; none where the broker does not name it."""


async def ask(bootstrap: str) -> Broker:
    """Raises `CannotAsk` when it does not answer in time."""
    if not all(address.strip().rpartition(":")[0] and address.rpartition(":")[2].strip().isdecimal() for address in bootstrap.split(",")):
        raise CannotAsk(f"Kafka's address {bootstrap!r} is not host:port[,host:port].")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="weerklank-doctor", request_timeout_ms=int(CONNECT_S * 1000))
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, client_id="weerklank-doctor", enable_auto_commit=False, request_timeout_ms=int(CONNECT_S * 1000)
    )
    try:
        async with asyncio.timeout(ANSWER_S):
            levels = await _levels(bootstrap)
            await admin.start()
            await consumer.start()
            return await _ask(bootstrap, admin, consumer, levels)
    except (KafkaError, OSError, TimeoutError, ValueError) as error:
        raise CannotAsk(f"Kafka at {bootstrap} does not answer ({type(error).__name__}).") from error
    finally:
        # What is frozen does not say goodbye either.
        await asyncio.wait([asyncio.create_task(consumer.stop()), asyncio.create_task(admin.close())], timeout=1)


async def _ask(bootstrap: str, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, levels: tuple[int, int] | None) -> Broker:
    cluster = await admin.describe_cluster()
    ids = tuple(sorted(broker["node_id"] for broker in cluster["brokers"]))
    present = sorted(BY_NAME.keys() & set(await admin.list_topics()))
    described = await admin.describe_topics(present) if present else []
    resources = [ConfigResource(ConfigResourceType.BROKER, str(number)) for number in ids]
    resources += [ConfigResource(ConfigResourceType.TOPIC, name) for name in present]
    settings = settings_of(await admin.describe_configs(resources))
    topics = {
        topic["topic"]: TopicSeen(
            tuple(sorted((_partition(seen) for seen in topic["partitions"]), key=lambda seen: seen.number)),
            settings.get((ConfigResourceType.TOPIC, topic["topic"]), _UNTOLD),
        )
        for topic in described
    }
    places = [(name, seen.number) for name, topic in topics.items() for seen in topic.partitions if seen.leader >= 0]
    asked = datetime.now(UTC)
    starts, ends = await logchecks.bounds(consumer, places)
    newest = await _newest_lease(consumer, {place: end for place, end in ends.items() if place[0] == HOLDS.name and end > starts[place]})
    return Broker(
        bootstrap,
        ids,
        {number: settings.get((ConfigResourceType.BROKER, str(number)), _UNTOLD) for number in ids},
        topics,
        starts,
        ends,
        asked,
        datetime.now(UTC),
        newest,
        levels,
    )


def _partition(seen: Mapping[str, Any]) -> Partition:
    return Partition(seen["partition"], seen["leader"], tuple(seen["replicas"]), tuple(seen["isr"]))


def settings_of(responses: Iterable[Any]) -> dict[tuple[int, str], Settings]:
    """(Kind of resource, its name) → name and value of every setting that the broker shows."""
    found: dict[tuple[int, str], Settings] = {}
    for response in responses:
        for code, _message, kind, name, entries in response.resources:
            found[kind, name] = (
                Unread(for_code(code).__name__) if code else {entry[0]: entry[1] for entry in entries if entry[1] is not None}
            )
    return found


_UNTOLD = Unread("no answer")


async def _newest_lease(consumer: AIOKafkaConsumer, ends: Mapping[Place, int]) -> datetime | None:
    """When the broker appended the newest record of these partitions, by its own clock."""
    if not ends:
        return None
    partitions = [TopicPartition(*place) for place in ends]
    consumer.assign(partitions)
    for tp in partitions:
        consumer.seek(tp, ends[tp.topic, tp.partition] - 1)
    fetched = await consumer.getmany(timeout_ms=1000)
    stamps = [record.timestamp for records in fetched.values() for record in records]
    return datetime.fromtimestamp(max(stamps) / 1000, UTC) if stamps else None


# --- the broker's features (KIP-584) ----------------------------------------------------------------------------------------------------


async def _levels(bootstrap: str) -> tuple[int, int] | None:
    """(Finalized, supported) level of metadata.version at the first of the bootstrap servers that takes a connection. Raises `OSError`."""
    failed: OSError | None = None
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError as error:
            failed = error
            continue
        try:
            # Header: API, version, correlation id, client id, no tags. Body: name and version of the client, no tags.
            body = struct.pack(">hhih", _API_VERSIONS, _API_VERSIONS_VERSION, 1, 9) + b"weerklank\0\x0aweerklank\x021\0"
            writer.write(struct.pack(">i", len(body)) + body)
            (size,) = struct.unpack(">i", await reader.readexactly(4))
            return parse_levels(await reader.readexactly(size))
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("closed") from error
        finally:
            writer.close()
    if failed is not None:
        raise failed
    return None


def parse_levels(answer: bytes) -> tuple[int, int] | None:
    """(Finalized, supported) level of metadata.version in an ApiVersionsResponse of version 3; none where it names none."""
    at = _Cursor(answer, 4)
    if at.integer(2):  # a broker that does not know version 3 answers with an error, in version 0
        return None
    for _ in range(at.varint() - 1):
        at.skip(6)
        at.tags()
    at.skip(4)
    tags = at.tags()
    supported = {name: highest for name, _lowest, highest in _features(tags.get(0, b""))}
    finalized = {name: highest for name, highest, _lowest in _features(tags.get(2, b""))}
    name = "metadata.version"
    return (finalized[name], supported[name]) if name in finalized and name in supported else None


def _features(tag: bytes) -> list[tuple[str, int, int]]:
    if not tag:
        return []
    at = _Cursor(tag)
    found = []
    for _ in range(at.varint() - 1):
        name = at.take(at.varint() - 1).decode()
        found.append((name, at.integer(2), at.integer(2)))
        at.tags()
    return found


class _Cursor:
    """Reads Kafka's flexible encoding (KIP-482)."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data, self._at = data, at

    def take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def skip(self, size: int) -> None:
        self._at += size

    def integer(self, size: int) -> int:
        return int.from_bytes(self.take(size), signed=True)

    def varint(self) -> int:
        found = shift = 0
        while True:
            (byte,) = self.take(1)
            found |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return found
            shift += 7

    def tags(self) -> dict[int, bytes]:
        found = {}
        for _ in range(self.varint()):
            tag = self.varint()
            found[tag] = self.take(self.varint())
        return found
