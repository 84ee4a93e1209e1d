"""How a webhook's requests are signed (https://www.standardwebhooks.com): an HMAC over id, time and body, with a secret that both sides have."""

import base64
import binascii
import hmac
from datetime import datetime

_PREFIX = "whsec_"
SHORTEST = 24
"""Bytes of a secret, as Standard Webhooks has them: 24 to 64."""


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
    return key if len(key) >= SHORTEST else None


def no_key(reference: str) -> str:
    """What is wrong with a secret of which `key_of` makes no key."""
    return f"{reference} is no secret to sign with: whsec_ and base64, or text, of at least {SHORTEST} bytes"


def headers(message_id: str, now: datetime, sent: bytes, key: bytes) -> dict[str, str]:
    """What is signed is `id.timestamp.body`."""
    at = str(int(now.timestamp()))
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{at}.".encode() + sent, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}
