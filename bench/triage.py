"""Triage alone, two instances for two cores, through Kafka: mentions that wait on the topic come in, and are looked at again later.

The servers are real and embedded (fsync on), the mentions lie on the topic before triage starts: a storm's backlog, which is taken in quickly and looked
at in depth afterwards. The rate is from the first commit to the last; what the later looks take is told beside it, with the topics that they found. A
bare hop over the same records on the same servers (`hop.raw`) is what the rate is compared with.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from bench.alone import BRAND, measure, on_servers, service, spent, topics
from bench.texts import mentions
from libs.common.events import Author, Identity, Mention, MentionReceived, deterministic_id
from libs.common.topics import MENTIONS
from tests.stack import Databases, KafkaServer, PostgresServer


def mention(body: dict[str, Any], brand: str, at: datetime) -> Mention:
    """As ingest makes it of what was posted there."""
    return Mention(
        id=deterministic_id(brand, body["channel"], body["external_id"]),
        brand=brand,
        channel=body["channel"],
        kind="review" if body["channel"] == "review" else "post",
        external_id=body["external_id"],
        author=Author(name=body["author"]["name"], identities=[Identity(**identity) for identity in body["author"]["identities"]]),
        text=body["text"],
        posted_at=at,
        received_at=at,
    )


async def fill(bootstrap: str, number: int) -> None:
    """The brand's book, and its mentions: as many as two for each of their authors, in the order of time."""
    async with topics(bootstrap) as send:
        for body in mentions(number, 3, "t", authors=max(1, number // 2)):
            one = mention(body, BRAND, datetime.now(UTC))
            await send(
                MENTIONS.name, MentionReceived(brand=BRAND, mention=one), str(one.id), 1, f"{BRAND}/{one.author.identities[0].value}"
            )


async def _triage(home: Path, kafka: KafkaServer, server: PostgresServer, number: int) -> dict[str, Any]:
    databases = Databases(server)
    url = databases.database()
    database = await asyncpg.connect(url)
    login = databases.login(url, "triage")
    with service("triage", home, kafka.bootstrap, login, "1") as one, service("triage", home, kafka.bootstrap, login, "2") as other:
        first, tenth, most, last, looked = await measure(
            "triage",
            lambda: {"triage": [one, other], "kafka": kafka._family(), "postgres": server._family()},
            database,
            number,
            "select count(*) from triage.to_look",
        )
    topics, in_topics = await database.fetchrow(
        "select count(*), coalesce(sum(mentions), 0)::bigint from triage.topic where merged_into is null"
    ) or (0, 0)
    groups, suggestions = await database.fetchrow(
        "select (select count(distinct group_id) from triage.mention), (select count(*) from triage.suggestion)"
    ) or (0, 0)
    await database.close()
    return {
        "per_second": round((number - first.done) / (last.at - first.at)),
        "sustained_per_second": round((most.done - tenth.done) / (most.at - tenth.at)),
        "cpu_ms_per_mention": spent(first, last, number - first.done),
        "looked_at_after_s": round(looked.at - last.at, 1),
        "per_second_with_looks": round((number - first.done) / (looked.at - first.at)),
        "cpu_ms_per_mention_with_looks": spent(first, looked, number - first.done),
        "groups": groups,
        "suggestions": suggestions,
        "topics": topics,
        "mentions_in_topics": in_topics,
    }


def triage(home: Path, number: int) -> dict[str, Any]:
    """What triage sustains, and the bare hop over the same records."""
    return on_servers(home, number, "mentions", fill, _triage, MentionReceived, MENTIONS.name)
