"""Files on a reply: approved with it, sent with it, and with no other."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import asyncpg

from services.responder import attachment_store
from tests.integration.responder.conftest import Around, case_of, in_reach, mention, opened, real
from tests.mail_server import MailServer, text_of
from tests.unit.responder.test_attachment import PNG

TEXT = "Hoi Sanne, hierbij de foto.\n\nGroet, Guus"


async def put(
    around: Around, reply_id: str, content: bytes = PNG, name: str = "meter.png", alt: str | None = "De meter", **more: Any
) -> Any:
    query = urlencode({"name": name, **({"alt": alt} if alt is not None else {})})
    headers = {"content-type": "application/octet-stream"}
    return await around.call("PUT", f"/replies/{reply_id}/attachments?{query}", content=content, headers=headers, **more)


async def drafted(around: Around, channel: str = "email") -> tuple[Any, dict[str, Any]]:
    case = case_of(mention(around.brand, f"sanne-{uuid4().hex[:6]}", channel))
    await around.case(opened(case), 1)
    await around.settled()
    return case, await around.write(case, TEXT)


async def test_a_file_is_approved_with_its_reply_and_goes_with_it(around: Around, mail_server: MailServer) -> None:
    await around.publish(**real(mail_server))
    await around.start(**in_reach(mail_server))
    await around.keep_leasing()
    _case, draft = await drafted(around)
    path = f"/replies/{draft['id']}"

    # Adding one makes it another text, for which there is no approval yet.
    await around.submit(draft["id"])
    answer = await put(around, draft["id"])
    assert answer.status_code == 200, answer.text
    with_file = answer.json()
    assert with_file["state"] == "draft"
    assert with_file["digest"] != draft["digest"]
    (file,) = with_file["attachments"]
    assert (file["name"], file["media_type"], file["bytes"], file["alt"]) == ("meter.png", "image/png", len(PNG), "De meter")
    await around.submit(draft["id"])
    assert (await around.approve(draft["id"], draft["digest"])).status_code == 409, "that was without the file"

    # Another of that name takes its place, and one that is taken off is forgotten.
    other = (await put(around, draft["id"], PNG + b"anders")).json()
    assert [one["name"] for one in other["attachments"]] == ["meter.png"]
    assert other["digest"] not in (draft["digest"], with_file["digest"])
    assert await stored(around.db, draft["id"]) == [PNG + b"anders"]
    assert (await put(around, draft["id"], b"een lijst\n", "lijst.csv", None)).status_code == 200
    listed = (await around.call("GET", path)).json()
    shown = await around.call("GET", f"{path}/attachments/{listed['attachments'][0]['id']}")
    assert (shown.content, shown.headers["content-type"]) == (PNG + b"anders", "application/octet-stream")
    assert shown.headers["content-disposition"].startswith("attachment;")
    gone = await around.call("DELETE", f"{path}/attachments/{listed['attachments'][1]['id']}")
    assert (gone.status_code, len(gone.json()["attachments"])) == (200, 1)
    assert await stored(around.db, draft["id"]) == [PNG + b"anders"]

    await around.submit(draft["id"])
    assert (await around.approve(draft["id"], other["digest"])).status_code == 200
    sent = await around.becomes(draft["id"], "sent")
    assert [one["what"] for one in sent["history"]].count("attached") == 3
    (mail,) = mail_server.mails()
    (sent_file,) = mail.iter_attachments()
    assert (sent_file.get_filename(), sent_file.get_content()) == ("meter.png", PNG + b"anders")
    assert sent_file["Content-Description"] == "De meter"
    assert text_of(mail) == TEXT
    assert (await put(around, draft["id"])).status_code == 409, "what has left takes no more"

    # What has left is kept as long as the book says, and then only its name.
    await around.db.execute("update reply_attachment set created_at = created_at - interval '181 days'")
    async with around.db.transaction():
        now = await around.db.fetchval("select clock_timestamp() - interval '180 days'")
        assert await attachment_store.forget(around.db, around.brand, now) == 1
    assert (await around.call("GET", f"{path}/attachments/{other['attachments'][0]['id']}")).status_code == 404
    assert (await around.get(draft["id"]))["attachments"][0]["name"] == "meter.png"


async def stored(db: asyncpg.Connection, reply_id: str) -> list[bytes]:
    rows = await db.fetch("select content from reply_attachment where reply_id = $1 order by created_at", UUID(reply_id))
    return [row["content"] for row in rows]


async def test_what_is_refused_says_why_and_leaves_the_draft_as_it_was(around: Around, mail_server: MailServer) -> None:
    await around.publish(**real(mail_server))
    await around.start(**in_reach(mail_server))
    _case, draft = await drafted(around)
    _case, tweet = await drafted(around, "twitter")
    version = draft["version"]
    refused = [
        (await put(around, draft["id"], alt=None), 422, "in words"),
        (await put(around, draft["id"], b"MZ\x90\0", "foto.png"), 422, "by its content"),
        (await put(around, draft["id"], b""), 422, "empty"),
        (await put(around, draft["id"], PNG + b"\0" * (10 * 1024 * 1024)), 413, "at most"),
        (await put(around, tweet["id"]), 409, "No file can go"),
        (await put(around, draft["id"], version=version + 7), 412, ""),
        (await put(around, str(uuid4())), 404, "no such reply"),
        (await put(around, draft["id"], role="analyst"), 403, ""),
        (await around.call("GET", f"/replies/{draft['id']}/attachments/{uuid4()}"), 404, "no such file"),
    ]
    assert [(answer.status_code, says in answer.text) for answer, _, says in refused] == [(status, True) for _, status, _ in refused]
    assert (await around.get(draft["id"]))["version"] == version
    assert await stored(around.db, draft["id"]) == []

    half = PNG + b"\0" * (8 * 1024 * 1024)
    assert (await put(around, draft["id"], half, "een.png")).status_code == 200
    answer = await put(around, draft["id"], half, "twee.png")
    assert (answer.status_code, "of all" in answer.text) == (422, True)
