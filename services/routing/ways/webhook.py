"""A notice as a signed webhook (https://www.standardwebhooks.com): JSON, the notice's id as `webhook-id`, and an HMAC over id, time and body.

The id is the same whenever the same notice comes, so that a receiver can tell a second copy from a second notice.
"""

import base64
import binascii
import hmac
from datetime import datetime

import orjson

from libs.common.outcome import Outcome, Refused
from services.routing.ways.post import post
from services.routing.ways.sending import Message, Sending

_PREFIX = "whsec_"
_SHORTEST = 24
"""Bytes of a secret, as Standard Webhooks has them: 24 to 64."""


async def send(told: Message, sending: Sending) -> Outcome:
    """POST it, signed with the way's secret; without one nothing is sent."""
    assert told.way.webhook is not None
    if told.way.secret is None:
        return Refused("the webhook has no secret in the brand book: it is needed to sign what is sent", for_good=True)
    key = key_of(await sending.secret(told.way.secret))
    if key is None:
        return Refused(
            f"{told.way.secret} is no secret to sign with: whsec_ and base64, or text, of at least {_SHORTEST} bytes", for_good=True
        )
    sent = body(told)
    return await post(told.way.webhook, headers(str(told.id), sending.now, sent, key), sent, str(told.id), sending)


def key_of(secret: str) -> bytes | None:
    """The key in `whsec_…` (base64), or the bytes of any other text; none where that is too short or not base64."""
    secret = secret.strip()
    if not secret.startswith(_PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            return None
    return key if len(key) >= _SHORTEST else None


def headers(message_id: str, now: datetime, sent: bytes, key: bytes) -> dict[str, str]:
    """Standard Webhooks: what is signed is `id.timestamp.body`."""
    at = str(int(now.timestamp()))
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{at}.".encode() + sent, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}


def body(told: Message) -> bytes:
    """What a receiver gets; fields may be added, and none is taken away."""
    return orjson.dumps(
        {
            "type": "weerklank.notice.v1",
            "timestamp": told.created_at.isoformat(),
            "data": {
                "id": str(told.id),
                "brand": told.brand,
                "about": told.about,
                "subject": str(told.subject),
                "to": told.to,
                "title": told.title,
                "text": told.text,
                "links": [{"label": label, "url": url} for label, url in told.links],
            },
        }
    )
