"""``weerklank topics``: the registry of topics, their making, and an operator's choice of where a service goes on."""

import asyncio
import json
import os
import sys
from pathlib import Path

from cli.client import Client
from cli.console import console, table
from cli.errors import NOTHING_RUNS, WRONG, CommandError
from cli.stack import state
from libs.common import topics
from libs.common.auth import EVERY_BRAND
from libs.common.errors import WeerklankError


def show(brand: str | None, *, as_json: bool) -> None:
    """What travels where. With a brand: on which partitions its events are."""
    rows = [
        {
            "topic": topic.name,
            "key": topic.key,
            "producer": topic.producer,
            "consumers": list(topic.consumers),
            "carries": topic.carries,
            "retention_hours": topic.retention_ms / 3_600_000 if topic.retention_ms is not None else None,
            "partitions": topics.PARTITIONS,
            "brand_partitions": list(topics.brand_partitions(brand)) if brand else None,
            "events": [event.type for event in topic.events],
        }
        for topic in topics.TOPICS
    ]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return
    shown = table("topic", "key", "producer", "consumers", "kept", ">partitions", *([f"of {brand}"] if brand else []))
    for topic in topics.TOPICS:
        kept = "newest of each key" if topic.retention_ms is None else f"{topic.retention_ms / 3_600_000:g} h"
        shard = [", ".join(map(str, topics.brand_partitions(brand)))] if brand else []
        shown.add_row(topic.name, topic.key, topic.producer, ", ".join(topic.consumers), kept, str(topics.PARTITIONS), *shard)
    console().print(shown)


def create(data_dir: Path, replication: int) -> None:
    """Makes what is missing, in the Kafka of ``WEERKLANK_KAFKA`` or of the local stack."""
    bootstrap = os.environ.get("WEERKLANK_KAFKA") or _local_kafka(data_dir)
    try:
        made = asyncio.run(topics.create_topics(bootstrap, replication=replication))
    except WeerklankError as error:
        raise CommandError(error.detail) from error
    sys.stdout.write("".join(f"made {name}\n" for name in made) or "All topics are there.\n")


def mend(data_dir: Path, replication: int, *, shorten: bool) -> None:
    """Makes what is missing and sets what differs, in the same Kafka. What that would delete stays, unless ``shorten``."""
    bootstrap = os.environ.get("WEERKLANK_KAFKA") or _local_kafka(data_dir)
    try:
        made = asyncio.run(topics.create_topics(bootstrap, replication=replication))
        mended = asyncio.run(topics.mend_topics(bootstrap, shorten=shorten))
    except WeerklankError as error:
        raise CommandError(error.detail) from error
    said = [*(f"made {name}" for name in made), *mended.changed, *mended.left]
    sys.stdout.write("".join(f"{line}\n" for line in said) or "All topics are as they should be.\n")


def _local_kafka(data_dir: Path) -> str:
    observed = state.observe(data_dir)
    part = observed.parts.get("kafka") if observed else None
    if part is None or part.pid is None:
        raise CommandError(
            f"No Kafka runs on {data_dir}: start the stack with 'weerklank up', or name one of your own in WEERKLANK_KAFKA.", NOTHING_RUNS
        )
    return f"127.0.0.1:{part.port}"


def reset(client: Client, service: str, topic: str, partition: int, to: str) -> None:
    """Lets a service go on at the start of a partition's log, at its end, or at an offset; what that skips is counted as a gap."""
    if to not in ("start", "end") and not to.isdecimal():
        raise CommandError(f"--to {to!r} is none of start, end or an offset.", WRONG)
    body = {"to": int(to) if to.isdecimal() else to}
    answer = client.call(service, "PUT", f"/v1/stream/positions/{topic}/{partition}", EVERY_BRAND, json=body)
    skipped = answer["skipped"]
    said = f"{skipped} events are skipped" if skipped >= 0 else f"{-skipped} events are read again"
    sys.stdout.write(f"{service}: {topic} partition {partition} goes on at {answer['position']}; {said}\n")
