"""Judges a stack after faults, by histories alone: what was accepted, what the log holds, what every service has, what left the building.

It shares no code with the loop that it judges: it reads rows with psql and records from Kafka, and compares.
"""

import asyncio
import json
from collections import Counter, defaultdict
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common.topics import PARTITIONS, TOPICS
from tests.system import SERVICES, System

PRODUCER = {topic.name: topic.producer for topic in TOPICS}


def check(system: System, accepted: set[str], approved: set[str]) -> dict[str, int]:
    """Every accepted mention had its effect once in every service, in broker order, and every approved reply left once.

    `accepted` are mention ids that were answered with 202; `approved` reply ids whose approval was attempted (an answer may be lost).
    Fails with what is wrong; returns counts for the record.
    """
    _ledger(system)
    log = asyncio.run(_log(system.kafka.bootstrap))
    _topics(system, log)
    mentions = _mentions(system, accepted)
    _order(system, log)
    _cases(system)
    sent = _replies(system, approved)
    return {"accepted": len(accepted), "mentions": mentions, "sent": sent, "records": sum(map(len, log.values()))}


def _ledger(system: System) -> None:
    for name in SERVICES:
        found = system.rows(
            f"select (select sum(next_offset - first_offset) from {name}.position) as passed, "
            f"(select sum(effects + repeated + dead + parked + gap) from {name}.ledger) as counted, "
            f"(select count(*) from {name}.dead_letter) as aside, (select count(*) from {name}.outbox) as waiting"
        )[0]
        assert found["passed"] == found["counted"], f"{name}: {found['passed']} records passed, {found['counted']} accounted for"
        assert found["aside"] == 0, f"{name} set {found['aside']} events aside: " + system.psql(
            f"select reason from {name}.dead_letter limit 3"
        )
        assert found["waiting"] == 0, f"{name} still owes {found['waiting']} events"


async def _log(bootstrap: str) -> dict[str, list[dict[str, Any]]]:
    """Every record of every topic, in partition and offset order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    try:
        partitions = [TopicPartition(topic.name, n) for topic in TOPICS for n in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    headers = {name: value.decode() for name, value in record.headers}
                    found[tp.topic].append(
                        {
                            "partition": tp.partition,
                            "offset": record.offset,
                            "id": headers["ce_id"],
                            "subject": headers["ce_subject"],
                            "version": int(headers["ce_entityversion"]),
                            "key": record.key.decode(),
                        }
                    )
    finally:
        await consumer.stop()
    return found


def _topics(system: System, log: dict[str, list[dict[str, Any]]]) -> None:
    """What a service decided to tell is in the log; nothing is there that nobody decided. First arrivals of a thing are in version order."""
    for topic, producer in PRODUCER.items():
        if producer == "ingest" or topic == "weerklank.holds.v1":
            continue
        decided = int(system.rows(f"select coalesce(sum(count), 0) as n from {producer}.emitted where topic = '{topic}'")[0]["n"])
        ids = {record["id"] for record in log[topic]}
        assert len(ids) == decided, f"{topic}: {decided} events were decided, {len(ids)} are in the log"
        versions: dict[str, list[int]] = defaultdict(list)
        seen = set()
        for record in log[topic]:
            if record["id"] not in seen:
                seen.add(record["id"])
                versions[record["subject"]].append(record["version"])
        for subject, found in versions.items():
            assert found == sorted(found), f"{topic}: {subject} was first told in the order {found}"


def _mentions(system: System, accepted: set[str]) -> int:
    """The same mentions everywhere, each once; every accepted one among them."""
    where = {
        "ingest": "select mention_id as id from ingest.receipt",
        "triage": "select id from triage.mention",
        "routing": "select id from routing.mention_copy",
        "cases": "select m->>'id' as id from routing.care_case, jsonb_array_elements(state_json->'mentions') m",
        "analytics": "select mention_id as id from analytics.fact_mention",
    }
    found = {name: Counter(row["id"] for row in system.rows(query)) for name, query in where.items()}
    for name, counts in found.items():
        lost = accepted - counts.keys()
        assert not lost, f"{name} lost {len(lost)} of {len(accepted)} accepted mentions, such as {sorted(lost)[:3]}"
        double = [mention for mention, count in counts.items() if count > 1]
        assert not double, f"{name} has {len(double)} mentions more than once"
        assert counts.keys() == found["ingest"].keys(), f"{name} and ingest do not have the same mentions"
    return len(found["ingest"])


def _order(system: System, log: dict[str, list[dict[str, Any]]]) -> None:
    """Each customer's mentions were handled in the order in which the broker has them."""
    first: dict[str, int] = {}
    for record in log["weerklank.mentions.v1"]:
        first.setdefault(record["subject"], record["offset"])
    rows = system.rows("select id, customer_id, seq from triage.mention order by seq")
    by_customer: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_customer[row["customer_id"]].append(first[row["id"]])
    for customer, offsets in by_customer.items():
        assert offsets == sorted(offsets), f"customer {customer}: handled in the order {offsets}"


def _cases(system: System) -> None:
    """Every case was opened once, and its story has every version once."""
    wrong = system.rows(
        "select c.id from routing.care_case c where c.version <> (select count(*) from routing.timeline t where t.case_id = c.id) "
        "or (select count(*) from routing.timeline t where t.case_id = c.id and t.what = 'opened') <> 1 "
        "or (select max(version) from routing.timeline t where t.case_id = c.id) <> c.version"
    )
    assert not wrong, f"{len(wrong)} cases whose story does not add up"
    behind = system.rows(
        "select c.id from routing.care_case c left join analytics.fact_case a on a.case_id = c.id "
        "left join responder.case_copy r on r.case_id = c.id where a.version is distinct from c.version or r.version is distinct from c.version"
    )
    assert not behind, f"{len(behind)} cases that analytics or the responder do not know in their newest version"


def _replies(system: System, approved: set[str]) -> int:
    """Nothing left that was not approved; what was approved left once."""
    left = Counter(row["reply_id"] for row in system.rows("select reply_id from responder.sandbox_outbox"))
    assert not [reply for reply, count in left.items() if count > 1], "a reply left twice"
    assert left.keys() <= approved, "a reply left that nobody approved"
    rows = system.rows(
        "select id, state, digest from responder.reply where state in ('approved', 'sending', 'sent', 'unconfirmed', 'failed')"
    )
    states = {row["id"]: row["state"] for row in rows}
    assert {reply for reply, state in states.items() if state == "sent"} == left.keys(), json.dumps(states)[:500]
    assert set(states.values()) <= {"sent"}, f"approved replies that have not left: {Counter(states.values())}"
    return len(left)
