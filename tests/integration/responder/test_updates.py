"""Tell everyone afterwards: who is owed the outcome, and one update that reaches each of them once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.books import BrandBooks, Published
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, CaseCustomer, CaseJoined
from services.responder import attempts, keeper, store, update_store, updater
from services.responder.reply import ReplyRow
from services.responder.update import Update
from services.responder.update_store import Asked
from tests.integration.responder.conftest import AT, Around, MailServer, brand_book, case_of, in_reach, mention, opened, real
from tests.integration.responder.test_attempts import Pool, approved, claim, lease, pool, state, tell
from tests.integration.responder.test_holds import a_hold, hear, released
from tests.mail_server import text_of
from tests.waiting import until

__all__ = ["pool"]
TEXT = {"nl": "{groet}, de storing is voorbij. {handtekening}"}


def books(**more: Any) -> BrandBooks:
    found = BrandBooks("nowhere", "test")
    found._books["vaart"] = Published(BrandBook.from_json(brand_book("vaart", **{"pilot": True, **more})), 1)
    return found


async def told(pool: Pool, name: str, **more: Any) -> tuple[Case, ReplyRow]:
    """A customer who was told that we are looking into it."""
    message = mention("vaart", name, more.pop("channel", "twitter"))
    case = case_of(message, **{"state": "waiting", "replied_at": AT, **more.pop("case", {})})
    given = {"state": "sent", "sent_at": AT, "update_due": True, "channel": message.channel}
    row = await approved(pool, case_id=case.id, mention_id=message.id, **{**given, **more})
    await tell(pool, case)
    return case, row


async def owed(pool: Pool, **asked: Any) -> set[UUID]:
    async with pool.acquire() as connection:
        return {row.case.id for row in await update_store.owed(connection, "vaart", Asked(sandbox=True, **asked), None, 100)}


async def begun(pool: Pool, **more: Any) -> Update:
    """A new update to everybody who is owed one, every conversation of it judged."""
    async with pool.acquire() as connection, connection.transaction():
        now = await store.database_time(connection)
        given: dict[str, Any] = {
            "id": uuid4(),
            "brand": "vaart",
            "texts": TEXT,
            "asked": {},
            "per_minute": 600,
            "writer": "mk",
            "writer_role": "lead",
        }
        made = Update(**{**given, "created_at": now, "changed_at": now, **more})
        await update_store.add(connection, made, Asked(sandbox=True), 1000)
    while (found := await read(pool, made)).state == "preparing":
        assert await updater.step(pool, books())
    return found


async def read(pool: Pool, found: Update) -> Update:
    async with pool.acquire() as connection:
        now = await update_store.one(connection, "vaart", found.id)
    assert now is not None
    return now


async def agreed(pool: Pool, found: Update, **more: Any) -> None:
    async with pool.acquire() as connection, connection.transaction():
        now = await store.database_time(connection)
        given = {"state": "approved", "approver": "mk", "approver_role": "lead", "approved_at": now, "next_at": now, **more}
        await update_store.put(connection, found.model_copy(update=given))


async def finished(pool: Pool, found: Update, **book: Any) -> None:
    while (await read(pool, found)).state == "approved":
        async with pool.acquire() as connection:
            await connection.execute("update customer_update set next_at = clock_timestamp()")  # the pace is another test's
        await updater.step(pool, books(**book))


async def outcome(pool: Pool, found: Update) -> dict[UUID, tuple[str, str | None]]:
    async with pool.acquire() as connection:
        rows = await update_store.items_page(connection, "vaart", found.id, None, None, 1000)
    return {row.case_id: (row.state, row.why) for row in rows}


async def test_who_is_owed_the_outcome(pool: Pool) -> None:
    topic = uuid4()
    waits, _ = await told(pool, "wacht", case={"topic_id": topic})
    answered, holding = await told(pool, "kreeg-antwoord")
    await approved(pool, case_id=answered.id, mention_id=holding.mention_id, state="sent", sent_at=AT + timedelta(hours=1))
    twice, again = await told(pool, "twee-keer-sussen", case={"labels": ["factuur"]})
    later = await approved(
        pool, case_id=twice.id, mention_id=again.mention_id, state="sent", sent_at=AT + timedelta(hours=1), update_due=True
    )
    await tell(pool, twice)
    await tell(pool, answered)
    await told(pool, "opgelost", case={"state": "resolved"})
    await told(pool, "nooit-verstuurd", state="approved")
    other, _ = await told(pool, "ander-antwoord", update_due=False, case={"topic_id": topic})
    elsewhere = case_of(mention("vaart", "ging-verder"), state="open")
    merged, _ = await told(pool, "samengevoegd", case={"state": "merged", "merged_into": elsewhere.id})
    await tell(pool, elsewhere)
    assert await owed(pool) == {waits.id, twice.id, elsewhere.id}
    assert await owed(pool, topic_id=topic) == {waits.id}
    assert await owed(pool, topic_id=topic, any_reply=True) == {waits.id, other.id}
    assert await owed(pool, labels=("factuur",)) == {twice.id}
    assert await owed(pool, since=AT + timedelta(minutes=1)) == {twice.id}
    assert await owed(pool, case_ids=(waits.id, merged.id)) == {waits.id}
    async with pool.acquire() as connection:
        found = await update_store.owed(connection, "vaart", Asked(sandbox=True), None, 100)
        assert next(row for row in found if row.case.id == twice.id).told_by.id == later.id
        assert await update_store.owed(connection, "other", Asked(sandbox=True), None, 100) == []


async def test_each_gets_it_once_with_a_greeting_of_their_own_and_the_approver_is_a_person(pool: Pool) -> None:
    first, _ = await told(pool, "a")
    second, _ = await told(pool, "b", channel="email")
    found = await begun(pool)
    assert (found.state, await outcome(pool, found)) == ("draft", {first.id: ("ready", None), second.id: ("ready", None)})
    await agreed(pool, found)
    await finished(pool, found)
    assert (await read(pool, found)).state == "done"
    async with pool.acquire() as connection:
        rows = await connection.fetch("select * from reply where update_id = $1 order by channel", found.id)
        told_of = await connection.fetch("select convert_from(headers, 'UTF8')::jsonb->>'ce_type' as kind from outbox order by id")
    assert [(row["channel"], row["state"], row["approver"], row["writer"]) for row in rows] == [
        ("email", "approved", "mk", "mk"),
        ("twitter", "approved", "mk", "mk"),
    ]
    assert rows[0]["text"] == "Hoi Sanne, de storing is voorbij. Mila"
    assert rows[1]["text"] == "Hoi Sanne, de storing is voorbij. ^mk"
    assert [row["kind"] for row in told_of] == ["weerklank.reply.submitted.v1", "weerklank.reply.approved.v1"] * 2
    await lease(pool)
    assert len(await claim(pool)) == 2
    assert await owed(pool) == set()


async def test_who_wrote_or_was_helped_meanwhile_is_taken_out_and_listed(pool: Pool) -> None:
    wrote, _ = await told(pool, "schreef")
    helped, _ = await told(pool, "geholpen")
    other, holding = await told(pool, "kreeg-al-antwoord")
    stays, _ = await told(pool, "blijft")
    early, about_early = await told(pool, "schreef-al")
    await tell(pool, _with(early, mention("vaart", "schreef-al-2")))
    found = await begun(pool)
    assert (await outcome(pool, found))[early.id] == ("left_out", "the customer has written since: answer them in person")
    await tell(pool, _with(wrote, mention("vaart", "schreef-2")))
    await tell(pool, helped.model_copy(update={"state": "resolved"}))
    await approved(pool, case_id=other.id, mention_id=holding.mention_id, approved_at=datetime.now(UTC))
    await tell(pool, other)
    await agreed(pool, found)
    await finished(pool, found)
    became = await outcome(pool, found)
    assert became[wrote.id] == ("taken_out", "the customer has written since: answer them in person")
    assert became[helped.id] == ("taken_out", "the case is resolved")
    assert became[other.id][0] == "taken_out"
    assert "Another reply to this message is approved" in (became[other.id][1] or "")
    assert became[stays.id] == ("made", None)
    assert about_early.case_id == early.id


def _with(case: Case, message: Any) -> Case:
    both = [*case.mentions, case_of(message).mentions[0]]
    return case.model_copy(update={"mentions": both, "latest": message})


async def test_what_a_single_reply_would_be_refused_for_leaves_only_that_one_out(pool: Pool) -> None:
    nameless, _ = await told(pool, "x")
    await tell(pool, nameless.model_copy(update={"latest": _named(nameless.latest, None)}))
    english, _ = await told(pool, "en", case={"language": "en"})
    fine, _ = await told(pool, "y")
    joined, _ = await told(
        pool, "samen", case={"customers": [CaseCustomer(customer_id=uuid4(), language="nl", unanswered=True, latest=[]) for _ in range(2)]}
    )
    found = await begun(pool, texts={"nl": "Hoi {voornaam}, het is voorbij. {handtekening}"})
    became = await outcome(pool, found)
    assert became[nameless.id] == ("left_out", "the guard holds the text back: broken_placeholder")
    assert became[english.id] == ("left_out", "there is no text in en")
    assert became[fine.id] == ("ready", None)
    assert became[joined.id] == ("left_out", "people put cases of several customers together here: answer each of them in person")


def _named(message: Any, name: str | None) -> Any:
    return message.model_copy(update={"author": message.author.model_copy(update={"name": name})})


async def test_a_hold_stops_an_update_and_its_release_needs_another_approval(pool: Pool) -> None:
    for name in ("a", "b", "c"):
        await told(pool, name)
    found = await begun(pool, per_minute=60)
    await agreed(pool, found)
    await updater.step(pool, books())
    stopped = a_hold(2)
    await hear(pool, stopped)
    async with pool.acquire() as connection:
        await connection.execute("update customer_update set next_at = clock_timestamp()")
    await updater.step(pool, books())
    now = await read(pool, found)
    assert (now.state, now.waits) == ("approved", "It is held: storing.")
    await hear(pool, released(stopped, 3))
    await finished(pool, found)
    await keeper.keep(pool, books())
    while (now := await read(pool, found)).state == "preparing":
        await updater.step(pool, books())
    assert (now.state, now.approver, now.reason) == ("draft", None, "it was held (storing): its approval is void")
    assert now.digest != found.digest
    assert sorted(state for state, _ in (await outcome(pool, found)).values()) == ["made", "ready", "ready"]
    await lease(pool)
    assert await claim(pool) == []  # the one that was made before the hold is looked at again, too
    async with pool.acquire() as connection:
        assert await connection.fetchval("select count(*) from reply where update_id = $1 and state = 'submitted'", found.id) == 1
    await agreed(pool, now)
    await finished(pool, now)
    assert sorted(state for state, _ in (await outcome(pool, found)).values()) == ["made"] * 3


async def test_an_update_waits_for_the_end_of_quiet_hours_and_keeps_its_pace(pool: Pool) -> None:
    for name in ("a", "b"):
        await told(pool, name)
    found = await begun(pool, per_minute=60)
    await agreed(pool, found)
    hour = (datetime.now(UTC).hour + 3) % 24
    blocks = [f"{start:02}:00-{end:02}:00" for start, end in ((0, hour), (hour + 1, 24)) if start < end]
    night = books(timezone="UTC", conduct={"quiet_hours": [{"blocks": blocks}]})
    assert await updater.step(pool, night)
    now = await read(pool, found)
    assert sorted(state for state, _ in (await outcome(pool, found)).values()) == ["ready", "ready"]
    assert now.waits is not None
    assert "conduct.quiet_hours" in now.waits
    assert now.next_at is not None
    assert now.next_at.hour == hour
    async with pool.acquire() as connection:
        await connection.execute("update customer_update set next_at = clock_timestamp()")
    await updater.step(pool, books())  # the night is over
    assert sorted(state for state, _ in (await outcome(pool, found)).values()) == ["made", "ready"]


async def test_a_reply_of_an_update_waits_for_the_end_of_quiet_hours_and_one_to_somebody_does_not(pool: Pool) -> None:
    hour = (datetime.now(UTC).hour + 3) % 24
    blocks = [f"{start:02}:00-{end:02}:00" for start, end in ((0, hour), (hour + 1, 24)) if start < end]
    many, one = await approved(pool, update_id=uuid4()), await approved(pool)
    await lease(pool)
    night = dict(books(timezone="UTC", conduct={"quiet_hours": [{"blocks": blocks}]}))
    async with pool.acquire() as connection, connection.transaction():
        taken = await attempts.claim(connection, by="x", books=night, limit=10, room={"vaart": 10}, lease_s=3)
    assert [attempt.row.id for attempt in taken] == [one.id]
    assert await state(pool, many) == "approved"
    assert await claim(pool, room=10) == [], "its moment is the end of the quiet"


async def test_the_pace_is_kept_and_two_instances_make_each_reply_once(pool: Pool) -> None:
    for number in range(30):
        await told(pool, f"n{number}")
    found = await begun(pool, per_minute=600)
    await agreed(pool, found)
    async with pool.acquire() as connection:
        began = await store.database_time(connection)
    shared = books()

    async def work() -> None:
        while (await read(pool, found)).state == "approved":
            await updater.step(pool, shared)
            await asyncio.sleep(0.01)

    working = [asyncio.create_task(work()) for _ in range(3)]
    await until(lambda: _some_made(pool, found), "some are made")
    working[0].cancel()  # one of them dies in the midst of it
    await asyncio.gather(*working, return_exceptions=True)
    async with pool.acquire() as connection:
        took = (await store.database_time(connection) - began).total_seconds()
        lines = await connection.fetch("select reply_id, count(*) as n from reply_history where what = 'approved' group by reply_id")
    assert took >= 2  # ten at once, then ten a second later, then ten
    assert ({line["n"] for line in lines}, len(lines)) == ({1}, 30)


async def _some_made(pool: Pool, found: Update) -> bool:
    async with pool.acquire() as connection:
        return bool(await connection.fetchval("select exists (select from update_item where update_id = $1 and state = 'made')", found.id))


async def test_nothing_is_made_of_an_update_that_nobody_approved(pool: Pool) -> None:
    await told(pool, "a")
    found = await begun(pool)
    assert not await updater.step(pool, books())
    with pytest.raises(Exception, match="customer_update_check"):
        await agreed(pool, found, approver=None)
    assert await outcome(pool, found) != {}


async def test_an_update_over_http_from_the_list_to_the_customers(around: Around, mail_server: MailServer) -> None:
    desk = around
    await desk.publish(**real(mail_server))
    await desk.start(**in_reach(mail_server))
    await desk.keep_leasing()
    cases = []
    for name in ("a", "b", "c"):
        message = mention(desk.brand, name, "email")
        cases.append(case_of(message, labels=["storing"]))
        await desk.case(opened(cases[-1]), 1)
    await desk.settled()
    for case in cases:
        body = {"text": "Hoi Sanne, ik zoek het uit. Guus", "update_due": True}
        row = (await desk.call("POST", f"/cases/{case.id}/replies", json=body)).json()
        await desk.submit(row["id"])
        assert (await desk.approve(row["id"], row["digest"])).status_code == 200
        await desk.becomes(row["id"], "sent")
    listed = (await desk.call("GET", "/aftermath?label=storing&limit=2")).json()
    assert [len(listed["items"]), len((await desk.call("GET", f"/aftermath?cursor={listed['next']}")).json()["items"])] == [2, 1]
    for bad in (
        {"texts": {}},
        {"texts": {"NL!": "x"}},
        {"texts": {"nl": " "}},
        {"texts": TEXT, "to": {"told": "anything"}},
        {"texts": TEXT, "per_minute": 0},
    ):
        assert (await desk.call("POST", "/updates", json=bad, role="lead", subject="mk")).status_code == 422, bad
    made = (
        await desk.call("POST", "/updates", json={"texts": TEXT, "to": {"label": "storing"}, "per_minute": 600}, role="lead", subject="mk")
    ).json()
    path = f"/updates/{made['id']}"

    async def drafted() -> dict[str, Any] | None:
        found: dict[str, Any] = (await desk.call("GET", path)).json()
        return found if found["state"] == "draft" else None

    draft = await until(drafted, "every conversation is judged")
    assert draft["conversations"] == {"ready": 3}
    again = mention(desk.brand, "a-2", "email")
    both = case_of(mention(desk.brand, "a", "email"), again, id=cases[0].id)
    await desk.case(CaseJoined(brand=desk.brand, case=both, at=AT, mention_id=again.id), 2)
    await desk.settled()
    assert (await desk.call("POST", f"{path}/approve", json={"digest": "x"}, role="lead", subject="mk")).status_code == 409
    assert (
        await desk.call("POST", f"{path}/approve", json={"digest": draft["digest"]}, role="lead", subject="mk", version=1)
    ).status_code == 412
    done = await desk.call("POST", f"{path}/approve", json={"digest": draft["digest"]}, role="lead", subject="mk")
    assert done.status_code == 200, done.text

    async def over() -> bool:
        return (await desk.call("GET", path)).json()["conversations"] == {"made.sent": 2, "taken_out": 1}

    await until(over, "both have it, and who wrote meanwhile has not")
    texts = [text_of(mail) for mail in mail_server.mails()][-2:]
    assert texts == ["Hoi Sanne, de storing is voorbij. Mila"] * 2
    out = (await desk.call("GET", f"{path}/conversations?state=taken_out")).json()["items"]
    assert [(item["case_id"], item["why"]) for item in out] == [(str(cases[0].id), "the customer has written since: answer them in person")]
    assert (await desk.call("POST", f"{path}/stop", json={"reason": "x"}, role="lead", subject="mk")).status_code == 409
    assert [item["case_id"] for item in (await desk.call("GET", "/aftermath")).json()["items"]] == [str(cases[0].id)]
    assert (await desk.call("GET", f"/updates/{uuid4()}")).status_code == 404


async def test_who_may_approve_an_update_is_what_the_book_says_of_each_conversation(around: Around, mail_server: MailServer) -> None:
    desk = around
    await desk.publish(**real(mail_server))
    await desk.start(**in_reach(mail_server))
    await desk.keep_leasing()
    risky, plain = case_of(mention(desk.brand, "pers", "email"), risk=["press"]), case_of(mention(desk.brand, "klant", "email"))
    for case in (risky, plain):
        await desk.case(opened(case), 1)
    await desk.settled()
    for case, role in ((risky, "spokesperson"), (plain, "agent")):
        body = {"text": "Hoi Sanne, ik zoek het uit. Guus", "update_due": True}
        row = (await desk.call("POST", f"/cases/{case.id}/replies", json=body)).json()
        await desk.submit(row["id"])
        who = {"role": role, "subject": "wv" if role == "spokesperson" else "gs"}
        assert (await desk.approve(row["id"], row["digest"], **who)).status_code == 200
        await desk.becomes(row["id"], "sent")
    made = (await desk.call("POST", "/updates", json={"texts": TEXT}, role="lead", subject="mk")).json()
    path = f"/updates/{made['id']}"

    async def drafted() -> dict[str, Any] | None:
        found: dict[str, Any] = (await desk.call("GET", path)).json()
        return found if found["state"] == "draft" else None

    draft = await until(drafted, "every conversation is judged")
    refused = await desk.call("POST", f"{path}/approve", json={"digest": draft["digest"]}, role="agent", subject="gs")
    assert (refused.status_code, refused.json()["detail"].endswith(" or its writer.")) == (403, True), refused.text
    done = (await desk.call("POST", f"{path}/approve", json={"digest": draft["digest"]}, role="lead", subject="mk")).json()
    assert (done["state"], done["conversations"]) == ("approved", {"ready": 1, "left_out": 1})


async def test_state_of_what_was_made_is_the_replys_own(pool: Pool) -> None:
    case, _ = await told(pool, "a")
    found = await begun(pool)
    await agreed(pool, found)
    await finished(pool, found)
    async with pool.acquire() as connection:
        assert await update_store.counts(connection, "vaart", [found.id]) == {found.id: {"made.approved": 1}}
        [row] = await connection.fetch("select id from reply where update_id = $1", found.id)
        made = await store.reply(connection, "vaart", row["id"])
    assert made is not None
    assert (await state(pool, made), made.case_id) == ("approved", case.id)
