"""Log-ins at the desk: a cookie in, the access token behind it out.

The cookie holds 256 random bits and nothing else. Their hash finds the row, and a key made from them opens it: who reads the table has no token, and who
reads a cookie has a log-in that ends with its token, or when they leave. The token itself is checked anew at every request, like that of any client: what
it may do, and until when, is decided in one place.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from libs.common import db

_BYTES = 32
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in: the cookie's secret, and the token that it stands for."""

    secret: str
    token: str

    @property
    def proof(self) -> str:
        """What every form of this log-in sends along: another site can make a browser send the cookie, and cannot read this."""
        return hmac.new(self.secret.encode(), b"weerklank desk form", hashlib.sha256).hexdigest()


def _raw(secret: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(secret + "=")
    except ValueError:
        return None
    return raw if len(raw) == _BYTES else None


def _key(raw: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"weerklank desk session").derive(raw)


async def begin(connection: db.Connection, token: str, expires_at: float) -> Session:
    """Log in with a token that was verified; ends when it does. Log-ins that have ended are dropped on the way."""
    raw, nonce = secrets.token_bytes(_BYTES), secrets.token_bytes(_NONCE)
    id = hashlib.sha256(raw).digest()
    sealed = nonce + AESGCM(_key(raw)).encrypt(nonce, token.encode(), id)
    await connection.execute("delete from desk_session where expires_at < clock_timestamp()")
    await connection.execute(
        "insert into desk_session (id, sealed, expires_at) values ($1, $2, $3)", id, sealed, datetime.fromtimestamp(expires_at, UTC)
    )
    return Session(base64.urlsafe_b64encode(raw).decode().rstrip("="), token)


async def find(connection: db.Connection, secret: str) -> Session | None:
    """The log-in of a cookie; none for one that has ended, or never was."""
    raw = _raw(secret)
    if raw is None:
        return None
    id = hashlib.sha256(raw).digest()
    sealed = await connection.fetchval("select sealed from desk_session where id = $1 and expires_at > clock_timestamp()", id)
    if sealed is None:
        return None
    try:
        token = AESGCM(_key(raw)).decrypt(sealed[:_NONCE], sealed[_NONCE:], id)
    except InvalidTag:
        return None
    return Session(secret, token.decode())


async def end(connection: db.Connection, secret: str) -> None:
    """Leave: the cookie opens nothing from here on, at no instance."""
    raw = _raw(secret)
    if raw is not None:
        await connection.execute("delete from desk_session where id = $1", hashlib.sha256(raw).digest())
