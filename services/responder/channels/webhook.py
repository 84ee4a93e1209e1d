"""The generic webhook: a reply as signed JSON (https://www.standardwebhooks.com) for a program of the operator's own, which puts it where it belongs.

docs/webhook.md is its contract. The marker is the `webhook-id`: a receiver that keeps those (`idempotent`, unless the book says otherwise) is sent the
same reply again when its answer was lost. One that does not is asked at `lookup_url`, where the book has one.
"""

from base64 import b64encode
from urllib.parse import quote

import orjson

from libs.common import standardwebhooks, webcall
from libs.common.brandbook import Channel
from libs.common.outcome import Accepted, Outcome, Refused, Unknown
from libs.common.webcall import Answer
from services.responder.channels.contract import Absent, CannotTell, Found, Look, Offers, Sending, marker
from services.responder.reply import ReplyRow

_SETTLES_S = 60.0
"""So long a receiver has to decide about a request, whose connection we give up after half of that by default."""
_LONGEST_ID = 500


class _Unsigned(Exception):
    """There is no secret to sign with. The text says what to do."""


def offers(account: Channel) -> Offers:
    return Offers(files=True, keys=account.idempotent, finds=account.lookup_url is not None, settles_s=_SETTLES_S)


async def send(row: ReplyRow, sending: Sending) -> Outcome:
    """POST it, signed; without a secret nothing is sent. The connection is made first, so that what is out of reach has not begun."""
    account, key_of_it, sent = sending.account, str(marker(row)), body(row, sending)
    assert account.url is not None, "the brand book gives a webhook an address"
    try:
        signed = await _signed(key_of_it, sent, sending)
    except _Unsigned as error:
        return Refused(str(error), for_good=False, of_account=True)

    async def begin() -> bool:
        return await sending.begin(key_of_it) and await sending.in_time()

    said = await webcall.call(
        account.url,
        named=f"the url of channel {account.id}",
        headers=signed,
        body=sent,
        reach=sending.web_reach,
        begin=begin,
        connect_timeout_s=sending.connect_timeout_s,
        answer_timeout_s=sending.web_answer_timeout_s,
        with_body=True,
    )
    return _meant(said, key_of_it, account) if isinstance(said, Answer) else said


async def find(row: ReplyRow, sending: Sending) -> Look:
    """GET `lookup_url`: 200 is yes, 404 is no, and nothing else is either."""
    account, key_of_it = sending.account, str(marker(row))
    assert account.lookup_url is not None, "only what offers to be asked is asked"
    try:
        signed = await _signed(key_of_it, b"", sending)
    except _Unsigned as error:
        return CannotTell(str(error))

    async def begin() -> bool:
        return True

    said = await webcall.call(
        account.lookup_url.replace("{id}", quote(key_of_it)),
        named=f"the lookup_url of channel {account.id}",
        method="GET",
        headers=signed,
        reach=sending.web_reach,
        begin=begin,
        connect_timeout_s=sending.connect_timeout_s,
        answer_timeout_s=sending.web_answer_timeout_s,
        with_body=True,
    )
    if not isinstance(said, Answer):
        return CannotTell(f"it cannot be looked for: {said.why}" if isinstance(said, Refused | Unknown) else "it cannot be looked for")
    if said.status == 200:
        return Found(_id_in(said.body) or key_of_it)
    return Absent() if said.status == 404 else CannotTell(f"the receiver answered {said.status} to whether it has it")


async def _signed(message_id: str, sent: bytes, sending: Sending) -> dict[str, str]:
    account = sending.account
    assert account.secret is not None, "the brand book gives a webhook a secret"
    key = standardwebhooks.key_of(await sending.secret(account.secret))
    if key is None:
        raise _Unsigned(standardwebhooks.no_key(account.secret))
    return standardwebhooks.headers(message_id, sending.now, sent, key)


def _meant(answer: Answer, key_of_it: str, account: Channel) -> Outcome:
    """What a receiver's answer means. 409 says that it had this one already."""
    status = answer.status
    if status == 409 or 200 <= status < 300:
        return Accepted(_id_in(answer.body) or key_of_it)
    if status in (401, 403):
        why = (
            f"the receiver of channel {account.id} refuses our signature ({status}): give both sides the same secret ({account.secret}), "
            "and look at the clocks of both"
        )
        return Refused(why, for_good=False, after_s=answer.after_s, of_account=True)
    if status >= 500 and status != 503:
        return Unknown(f"the server answered {status}: it may have taken it, or not")
    return webcall.meant(answer, key_of_it)


def _id_in(answered: bytes) -> str | None:
    """The receiver's own id of what it took, where it tells one: what a later answer to it will name."""
    try:
        told = orjson.loads(answered)
    except orjson.JSONDecodeError:
        return None
    found = told.get("id") if isinstance(told, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return found if isinstance(found, str) and 0 < len(found) <= _LONGEST_ID and found.isprintable() else None


def body(row: ReplyRow, sending: Sending) -> bytes:
    """What a receiver gets, the same however often; fields may be added, and none is taken away."""
    recipient, writer = row.recipient, sending.book.member(row.writer) if row.writer else None
    approved_at = row.approved_at.isoformat() if row.approved_at else None
    sent_by = {
        "id": row.writer,
        "first_name": writer.first_name if writer else None,
        "initials": writer.initials if writer else None,
    }
    if row.kind == "post":
        return orjson.dumps(
            {
                "type": "weerklank.post.v1",
                "timestamp": approved_at,
                "data": {
                    "id": str(marker(row)),
                    "post": str(row.id),
                    "brand": row.brand,
                    "account": recipient.value,
                    "channel": row.channel,
                    "language": row.language,
                    "text": row.text,
                    "publish_at": row.publish_at.isoformat() if row.publish_at else None,
                    "sent_by": sent_by,
                    "approved_by": row.approver,
                    "approved_at": approved_at,
                },
            }
        )
    return orjson.dumps(
        {
            "type": "weerklank.reply.v1",
            "timestamp": approved_at,
            "data": {
                "id": str(marker(row)),
                "reply": str(row.id),
                "brand": row.brand,
                "case": str(row.case_id),
                "channel": row.channel,
                "visibility": row.visibility,
                "recipient": {"kind": recipient.kind, "value": recipient.value, "name": recipient.name},
                "in_reply_to": recipient.answers,
                "subject": recipient.subject,
                "language": row.language,
                "text": row.text,
                "parts": list(row.parts),
                "attachments": [
                    {
                        "name": file.name,
                        "media_type": file.media_type,
                        "bytes": len(file.content),
                        "sha256": known.sha256,
                        "alt": known.alt,
                        "content": b64encode(file.content).decode(),
                    }
                    for known, file in zip(row.attachments, sending.files, strict=True)
                ],
                "sent_by": sent_by,
                "approved_by": row.approver,
                "approved_at": approved_at,
            },
        }
    )
