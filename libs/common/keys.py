"""The public keys of one issuer of tokens: read from a file or over https, kept, and read again as the issuer changes them.

In: a key set (JWKS, RFC 7517). Out: the key that a token names, if it is there and of the kind that the token's algorithm takes.

- Keys are read again in the background once they are `refresh_s` old, and waited for once they are twice as old: a key that the issuer took
  away is refused after that at the latest.
- A name that is not among them makes us look at once, but not more often than every `hurry_s`: whoever invents names makes us ask no more.
- While the issuer is away its last keys serve on, for `kept_s`; without any the answer is 503, and the next request asks again.
"""

import asyncio
import ipaddress
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from libs.common.errors import Unauthenticated, Unavailable

log = logging.getLogger(__name__)

KINDS: Mapping[str, tuple[str, str | None]] = {
    "EdDSA": ("OKP", "Ed25519"),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
}
"""Signature algorithm → the kind (`kty`) and curve of its keys. None of them has a secret that the verifier would share."""

MAX_DOCUMENT_BYTES = 256 * 1024
MAX_KEYS = 100
RSA_BITS = 2048
FETCH_S = 5.0


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`algorithms`: those of `KINDS` that it may verify; the one that it was published for, where the issuer says so."""

    kid: str | None
    algorithms: frozenset[str]
    key: Any


Read = Callable[[], Awaitable[Sequence[PublicKey]]]


class Unreadable(Exception):
    """What an issuer published cannot be read, or is not what it must be. The text is for the log and for whoever runs the installation."""


def key_of(jwk: object) -> PublicKey | None:
    """A published key, or None when it is not one to verify signatures with: another use or kind, a short RSA key, or one whose private half
    was published with it, so that anybody may sign."""
    if not isinstance(jwk, dict) or "d" in jwk or jwk.get("use", "sig") != "sig":
        return None
    if "verify" not in (jwk.get("key_ops") or ("verify",)):
        return None
    kid, kind = jwk.get("kid"), (jwk.get("kty"), jwk.get("crv"))
    fitting = frozenset(name for name, (kty, crv) in KINDS.items() if kind == (kty, crv) or (crv is None and kind[0] == kty))
    if alg := jwk.get("alg"):
        fitting &= {alg} if isinstance(alg, str) else set()
    if not fitting or not (kid is None or isinstance(kid, str)):
        return None
    try:
        key = jwt.PyJWK(jwk, min(fitting)).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS:
        return None
    return PublicKey(kid, fitting, key)


def keys_of(raw: bytes) -> list[PublicKey]:
    """The usable keys of a JWKS document. Raises `Unreadable` when it is none, or holds none."""
    try:
        document = orjson.loads(raw)
    except ValueError as error:
        raise Unreadable("it is not JSON") from error
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise Unreadable(f"it has no list of `keys`, or more than {MAX_KEYS}")
    found = [key for key in map(key_of, listed) if key is not None]
    if not found:
        raise Unreadable("none of its keys verifies signatures")
    return found


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine alone, where no wire has to be protected."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(url: str) -> bool:
    """https, or http to this machine: keys that somebody could change on their way prove nothing."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))


async def fetch(url: str) -> bytes:
    """What an issuer publishes at an address. Raises `Unreadable`, also for a redirect (the issuer was named, nobody else) and for a document
    larger than `MAX_DOCUMENT_BYTES`."""
    try:
        async with (
            asyncio.timeout(FETCH_S),
            httpx.AsyncClient(timeout=FETCH_S, follow_redirects=False, trust_env=not is_loopback(url)) as client,
            client.stream("GET", url, headers={"accept": "application/json", "accept-encoding": "identity"}) as answer,
        ):
            if answer.status_code != 200:
                raise Unreadable(f"it answered {answer.status_code}")
            raw = bytearray()
            async for chunk in answer.aiter_raw():
                raw += chunk
                if len(raw) > MAX_DOCUMENT_BYTES:
                    raise Unreadable(f"it is larger than {MAX_DOCUMENT_BYTES} bytes")
            return bytes(raw)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
        raise Unreadable(type(error).__name__) from error


def reader(where: str) -> Read:
    """Reads the key set at an https address, or in a file."""

    async def read() -> Sequence[PublicKey]:
        if is_safe(where):
            return keys_of(await fetch(where))
        try:
            return keys_of(await asyncio.to_thread(Path(where).read_bytes))
        except OSError as error:
            raise Unreadable(type(error).__name__) from error

    return read


class Keys:
    """The keys that one issuer publishes, as fresh as the module says. `pause_s`: how long a failed first reading is not tried again."""

    def __init__(
        self,
        issuer: str,
        read: Read,
        *,
        refresh_s: float = 300.0,
        hurry_s: float = 10.0,
        kept_s: float = 86_400.0,
        pause_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer, self._read, self._clock = issuer, read, clock
        self._refresh_s, self._hurry_s, self._kept_s, self._pause_s = refresh_s, hurry_s, kept_s, pause_s
        self._keys: Sequence[PublicKey] | None = None
        self._read_at = self._tried_at = float("-inf")
        self._why = ""
        self._lock = asyncio.Lock()
        self._background: asyncio.Task[None] | None = None

    async def named(self, kid: str | None, algorithm: str) -> PublicKey:
        """The key of that name for that algorithm. A token that names none is proven only by a key that was published without a name.

        Raises `Unauthenticated` when the issuer does not publish it, `Unavailable` when nobody can say.
        """
        age = self._clock() - self._read_at
        if self._keys is None or age > 2 * self._refresh_s:
            await self._renew(self._clock(), self._pause_s if self._keys is None else self._hurry_s)
        elif age > self._refresh_s and (self._background is None or self._background.done()):
            self._background = asyncio.create_task(self._renew(self._clock(), self._hurry_s))
        if self._keys is None or self._clock() - self._read_at > self._kept_s:
            raise Unavailable(f"The keys of the issuer {self._issuer} cannot be read: {self._why}.", retry_after_s=5)
        found = self._found(kid, algorithm)
        if found is None:
            await self._renew(self._clock(), self._hurry_s)
            found = self._found(kid, algorithm)
        if found is None:
            raise Unauthenticated("The token is signed with a key that its issuer does not publish for that algorithm.")
        return found

    def _found(self, kid: str | None, algorithm: str) -> PublicKey | None:
        return next((key for key in self._keys or () if key.kid == kid and algorithm in key.algorithms), None)

    async def _renew(self, asked_at: float, pause_s: float) -> None:
        """Read the keys, unless that was tried in the last `pause_s`, or by somebody else since `asked_at`. What cannot be read leaves
        everything as it is."""
        async with self._lock:
            if self._tried_at > asked_at or self._clock() - self._tried_at < pause_s:
                return
            try:
                self._keys = await self._read()
                self._read_at = self._clock()
            except Unreadable as error:
                self._why = str(error)
                log.warning("an issuer's keys cannot be read now", extra={"issuer": self._issuer, "error": self._why})
            finally:
                self._tried_at = self._clock()
