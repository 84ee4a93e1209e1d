"""What replies promise, from the draft to the event that tells of its sending."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common.reply_events import ReplySent
from libs.common.topics import REPLIES, brand_partitions
from tests.integration.responder.conftest import Around, case_of, mention, opened
from tests.integration.responder.test_attempts import Pool, pool
from tests.integration.responder.test_updates import agreed, begun, finished
from tests.integration.responder.test_updates import told as owed_one

__all__ = ["pool"]

OPEN = {"hours": {"mon-sun": ["00:00-24:00"], "holidays": {"country": "NL", "closed": False}}}
LATE = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)


async def said(desk: Around, reply_id: str, body: dict[str, Any], **person: Any) -> Any:
    return await desk.call("PUT", f"/replies/{reply_id}/promises", json=body, **person)


async def sent_event(desk: Around) -> dict[str, Any]:
    """The reply of this brand's first ReplySent."""
    consumer = AIOKafkaConsumer(bootstrap_servers=desk.kafka, enable_auto_commit=False)
    async with consumer, asyncio.timeout(20):
        consumer.assign([TopicPartition(REPLIES.name, number) for number in brand_partitions(desk.brand)])
        await consumer.seek_to_beginning()
        while True:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    kind = dict(record.headers)["ce_type"]
                    if kind == ReplySent.type.encode() and desk.brand.encode() in record.value:
                        found: dict[str, Any] = orjson.loads(record.value)["reply"]
                        return found


async def test_a_draft_shows_its_promises_people_say_better_and_what_is_sent_tells_of_what_was_approved(around: Around) -> None:
    await around.publish(**OPEN)
    await around.start()
    case = case_of(mention(around.brand, "sanne"), labels=[])
    await around.case(opened(case), 1)
    await around.settled()
    text = "Hoi Sanne, ik bel je binnen 24 uur en stuur je overmorgen een nieuwe factuur. Ik kom er binnenkort op terug. ^gs"
    draft = await around.write(case, text)
    called, billed, vague = draft["promises"]
    due = datetime.fromisoformat(called["due_at"])
    assert timedelta(hours=23, minutes=55) < due - datetime.now(UTC) <= timedelta(hours=24)
    assert text[billed["start"] : billed["end"]] == billed["text"] == "stuur je overmorgen een nieuwe factuur"
    assert vague["due_at"] is None

    for refused, why in (
        ({"none": [draft["id"]]}, "no promise that was found"),
        ({"none": [called["id"]], "promises": [{"id": called["id"]}]}, "named twice"),
        ({"promises": [{"text": "we bellen", "due_at": "2026-03-02T10:00:00Z"}]}, "has passed"),
        ({"promises": [{"due_at": LATE.isoformat()}]}, "needs a text"),
    ):
        answer = await said(around, draft["id"], refused)
        assert answer.status_code == 422, answer.text
        assert why in answer.text

    assert (await around.submit(draft["id"])).status_code == 200
    body = {
        "promises": [{"id": billed["id"], "due_at": LATE.isoformat(), "renegotiates": str(case.id)}, {"text": "Guus let op"}],
        "none": [vague["id"]],
        "keeps": [],
    }
    answer = await said(around, draft["id"], body)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["state"] == "draft", "whoever approves it approves this too"
    assert changed["digest"] != draft["digest"]
    assert [one["id"] for one in changed["promises"][:2]] == [called["id"], billed["id"]]
    assert datetime.fromisoformat(changed["promises"][1]["due_at"]) == LATE
    assert changed["promises"][2] == {**changed["promises"][2], "text": "Guus let op", "start": None, "due_at": None}
    assert [hand["text"] for hand in changed["by_hand"] if hand["none"]] == [vague["text"]]
    again = (await said(around, draft["id"], body)).json()
    assert again["digest"] == changed["digest"], "said again, it is the same"

    other_words = text.replace("Hoi Sanne", "Goedemorgen Sanne")
    edited = (await around.call("PUT", f"/replies/{draft['id']}", json={"text": other_words})).json()
    assert [one["id"] for one in edited["promises"]] == [one["id"] for one in changed["promises"]]

    assert (await around.submit(draft["id"])).status_code == 200
    assert (await around.approve(draft["id"], draft["digest"])).status_code == 409, "of the text alone"
    answer = await around.approve(draft["id"], edited["digest"])
    assert answer.status_code == 200, answer.text
    frozen = (await around.get(draft["id"]))["promises"]
    await around.keep_leasing()
    await around.becomes(draft["id"], "sent")
    sent = await sent_event(around)
    assert [one["id"] for one in sent["promises"]] == [one["id"] for one in changed["promises"]]
    assert [datetime.fromisoformat(one["due_at"]) if one["due_at"] else None for one in sent["promises"]] == [
        datetime.fromisoformat(one["due_at"]) if one["due_at"] else None for one in frozen
    ]
    assert sent["promises"][1]["renegotiates"] == str(case.id)
    assert sent["keeps"] == []
    assert "by_hand" not in sent

    tried = await around.call("POST", "/guard", json={"text": "We'll call you within 2 hours. ^gs", "channel": "twitter", "language": "en"})
    assert [one["text"] for one in tried.json()["promises"]] == ["We'll call you within 2 hours"]
    assert (await said(around, draft["id"], body)).status_code == 409, "what was sent is not said otherwise"


async def test_an_update_promises_in_each_of_its_replies(pool: Pool) -> None:
    await owed_one(pool, "a")
    found = await begun(pool, texts={"nl": "{groet}, ik bel je uiterlijk overmorgen om 12:00. {handtekening}"})
    await agreed(pool, found)
    await finished(pool, found)
    async with pool.acquire() as connection:
        (row,) = await connection.fetch("select promises, approved_at from reply where update_id = $1", found.id)
    (one,) = row["promises"]
    assert one["text"] == "ik bel je uiterlijk overmorgen om 12:00"
    assert timedelta(days=1) < datetime.fromisoformat(one["due_at"]) - row["approved_at"] < timedelta(days=3)
