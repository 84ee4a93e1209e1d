"""Routing alone, two instances for two cores, through Kafka: triaged mentions that wait on the topic become cases.

The servers are real and embedded (fsync on). Two in three mentions open a case, one in six joins its author's, one in six is triaged anew. The rate is
from the first commit to the last, the sustained one from the first tenth to the last, when both instances have their partitions; with all that a case
takes: rules, owner, clocks, timeline, news to screens, its line in lists, and the event that leaves. Until its texts are findable is told beside it. A
bare hop over the same records on the same servers is what it is compared with.
"""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from bench.alone import BRAND, measure, on_servers, service, spent, topics
from bench.texts import mentions
from bench.triage import mention
from libs.common.events import Findings, Label, MentionRevised, MentionTriaged, Respond, TriagedMention, deterministic_id
from libs.common.topics import TRIAGED
from tests.stack import Databases, KafkaServer, PostgresServer

LABELS = ("internet", "factuur", "bestelling", "monteur", "storing", "opzeggen")


def _triaged(chance: random.Random, body: dict[str, Any], earlier: dict[str, TriagedMention]) -> TriagedMention:
    at = datetime.now(UTC)
    one = mention(body, BRAND, at)
    who = one.author.identities[0].value
    findings = Findings(
        language="nl",
        language_confidence=0.9,
        sentiment=chance.choice(("negative", "neutral", "positive")),
        sentiment_score=0,
        sentiment_confidence=0.8,
        intent=chance.choice(("complaint", "question", "order_status", "billing")),
        labels=[Label(name=chance.choice(LABELS), score=0.9)],
        urgency=chance.choices(("low", "normal", "high", "critical"), (20, 60, 17, 3))[0],
        respond=Respond(decision="reply", reason="a question that is addressed to us"),
        risk=["press"] if chance.random() < 0.01 else [],
        why={"intent": ["mijn", "wanneer"], "urgency": ["al", "dagen"]},
        model="bench",
    )
    same = earlier.get(who) if chance.random() < 0.5 else None
    group = same.group_id if same else one.id
    found = TriagedMention(
        mention=one, findings=findings, customer_id=deterministic_id(BRAND, "customer", who), group_id=group, triaged_at=at
    )
    earlier[who] = found
    return found


async def fill(bootstrap: str, number: int) -> None:
    """So many events: a fifth of them say of a mention before them that it turned out otherwise."""
    chance = random.Random(5)
    earlier: dict[str, TriagedMention] = {}
    source = mentions(number, 4, "r", authors=max(1, number // 3))
    async with topics(bootstrap) as send:
        known: list[TriagedMention] = []
        for _ in range(number):
            if known and chance.random() < 1 / 6:
                old = known.pop(chance.randrange(len(known)))
                new = old.model_copy(update={"findings": old.findings.model_copy(update={"urgency": "high"})})
                event = MentionRevised(brand=BRAND, triaged=new, why="depth")
                await send(TRIAGED.name, event, str(old.mention.id), 2, f"{BRAND}/{old.customer_id}")
                continue
            found = _triaged(chance, next(source), earlier)
            known.append(found)
            await send(TRIAGED.name, MentionTriaged(brand=BRAND, triaged=found), str(found.mention.id), 1, f"{BRAND}/{found.customer_id}")


async def _routing(home: Path, kafka: KafkaServer, server: PostgresServer, number: int) -> dict[str, Any]:
    databases = Databases(server)
    url = databases.database()
    database = await asyncpg.connect(url)
    login = databases.login(url, "routing")
    with service("routing", home, kafka.bootstrap, login, "1") as one, service("routing", home, kafka.bootstrap, login, "2") as other:
        first, tenth, most, last, found = await measure(
            "routing",
            lambda: {"routing": [one, other], "kafka": kafka._family(), "postgres": server._family()},
            database,
            number,
            "select count(*) from routing.search_queue",
        )
    cases = await database.fetchval("select count(*) from routing.care_case")
    dead = await database.fetchval("select count(*) from routing.dead_letter")
    await database.close()
    return {
        "per_second": round((number - first.done) / (last.at - first.at)),
        "sustained_per_second": round((most.done - tenth.done) / (most.at - tenth.at)),
        "cpu_ms_per_event": spent(first, last, number - first.done),
        "findable_after_s": round(found.at - last.at, 1),
        "cases": cases,
        "dead": dead,
    }


def routing(home: Path, number: int) -> dict[str, Any]:
    """What routing sustains, and the bare hop over the same records."""
    return on_servers(home, number, "events", fill, _routing, MentionTriaged, TRIAGED.name)
