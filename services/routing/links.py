"""Links that work without log-in: what a click is good for comes in, an address with a signature goes out, and back again.

A link is bound to brand, purpose, subject, member, what it carries, and the moment until which it holds: who changes any of it holds a link that is
none. It is no secret of ours that it carries, and whoever it was sent to may pass it on: what it is good for is what its purpose says, once.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from libs.common import db, sharedkeys, signing
from services.routing.sla import Policy

Texts = Mapping[str, str]
"""Language → text: `nl` and `en`."""
LONGEST = 2000
"""Characters of a link's token: no mail program breaks it, no chat refuses it (Slack: 3,000 of the whole address)."""


@dataclass(frozen=True, slots=True)
class Click:
    """What a link says, once its signature was found good. `member` is whom it was sent to: team member, member of the hub, or department."""

    brand: str
    purpose: str
    subject: UUID
    member: str
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Field:
    """Something that the page asks for. `kind`: `text` (one line), `lines`, or `choice` among `choices` (value, label)."""

    name: str
    label: Texts
    kind: str = "text"
    choices: Sequence[tuple[str, Texts]] = ()
    required: bool = True
    longest: int = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says before anything was done. `over`: there is nothing to do any more, and this is why; no button is shown then."""

    text: str
    over: str | None = None
    fields: Sequence[Field] | None = None
    """Instead of the purpose's own, where they depend on the subject."""


class NotNow(Exception):
    """What a link is for cannot be done as things stand. The text is for whoever clicked, in the brand's language; the link is not used up."""


Show = Callable[[db.Connection, Policy, Click, datetime], Awaitable[Shown]]
"""Reads, and changes nothing: mail scanners follow links."""
Act = Callable[[db.Connection, Policy, Click, Mapping[str, str], datetime], Awaitable[str]]
"""Does it, in the transaction that uses the link up, with what was filled in; returns what is said to whoever clicked. Raises `NotNow`."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a kind of link is for: the page's title and button, what it shows and asks, and what the click does. `once`: a second click says what the
    first one did. Without it `act` decides what a second click means."""

    title: Texts
    button: Texts
    show: Show
    act: Act
    fields: Sequence[Field] = ()
    once: bool = True


def language_of(policy: Policy) -> str:
    """The language of what a brand's people are told: its first one if that is Dutch or English, else English."""
    first = policy.book.languages[0].partition("-")[0].lower()
    return first if first in ("nl", "en") else "en"


def said_in(texts: Texts, language: str) -> str:
    return texts.get(language) or texts["en"]


# --- signing ----------------------------------------------------------------------------------------------------------------------------


class NoKey(Exception):
    """Links cannot be signed here; the text names the settings that would let them."""


class TooLong(Exception):
    """A link would carry more than an address can. The text says how much."""


class Forged(Exception):
    """A token that we did not sign, or that somebody changed. Nothing of it is believed."""


class Links:
    """Signs and reads links. The first of `keys` signs; the others are read too, so that a key can be changed while links are on their way."""

    def __init__(self, keys: Sequence[bytes], public_url: str) -> None:
        self._keys, self._public_url = tuple(keys), public_url.rstrip("/")

    @property
    def fingerprints(self) -> list[str]:
        """Of its keys, the one that signs first."""
        return [sharedkeys.fingerprint(key) for key in self._keys]

    def url(self, click: Click) -> str:
        """The address of a link. Raises `NoKey`; `TooLong` for one of more than 2,000 characters."""
        if not self._keys:
            raise NoKey("links cannot be signed: set WEERKLANK_ROUTING_LINK_KEY, or WEERKLANK_ROUTING_SIGNING_KEY")
        said = [click.brand, click.purpose, click.subject.hex, click.member, int(click.expires_at.timestamp()), dict(click.data)]
        body = json.dumps(said, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        token = f"{_encoded(body)}.{_encoded(_signature(self._keys[0], body))}"
        if len(token) > LONGEST:
            raise TooLong(f"a link carries too much: {len(token)} characters of at most {LONGEST}")
        return f"{self._public_url}/v1/links/{token}"

    def read(self, token: str) -> Click:
        """What a token says, expired or not. Raises `Forged`. It takes the same work whatever is wrong with it."""
        body, signature = b"", b""
        if len(token) <= LONGEST:
            try:
                first, _, second = token.partition(".")
                body, signature = _decoded(first), _decoded(second)
            except (binascii.Error, ValueError):
                body = signature = b""
        found = [hmac.compare_digest(_signature(key, body), signature) for key in self._keys]
        if not any(found):
            raise Forged
        brand, purpose, subject, member, expires_at, data = json.loads(body)
        return Click(brand, purpose, UUID(subject), member, datetime.fromtimestamp(expires_at, UTC), data)


def key_of(click: Click) -> bytes:
    """What makes two links the same thing to do: all but how long they hold."""
    said: list[Any] = [click.purpose, click.subject.hex, click.member, dict(click.data)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def keys_of(given: Sequence[str], signing_key: Path | None) -> list[bytes]:
    """The keys that links are signed with: those that are given, else one that follows from the platform's own issuer key (HKDF, RFC 5869).

    Raises `signing.NotAKey` when that file is none, which stops the start.
    """
    found = [_derived(key.encode()) for key in given if key]
    if not found and signing_key is not None:
        raw = signing.private_key(signing_key).private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        found = [_derived(raw)]
    return found


def _derived(secret: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"weerklank signed links v1").derive(secret)


def _signature(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
