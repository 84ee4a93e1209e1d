"""A notice as a signed webhook (https://www.standardwebhooks.com): JSON, the notice's id as `webhook-id`, and an HMAC over id, time and body.

The id is the same whenever the same notice comes, so that a receiver can tell a second copy from a second notice.
"""

import orjson

from libs.common import standardwebhooks
from libs.common.outcome import Outcome, Refused
from services.routing.ways.post import post
from services.routing.ways.sending import Message, Sending


async def send(told: Message, sending: Sending) -> Outcome:
    """POST it, signed with the way's secret; without one nothing is sent."""
    assert told.way.webhook is not None
    if told.way.secret is None:
        return Refused("the webhook has no secret in the brand book: it is needed to sign what is sent", for_good=True)
    key = standardwebhooks.key_of(await sending.secret(told.way.secret))
    if key is None:
        return Refused(standardwebhooks.no_key(told.way.secret), for_good=True)
    sent = body(told)
    return await post(told.way.webhook, standardwebhooks.headers(str(told.id), sending.now, sent, key), sent, str(told.id), sending)


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
