"""Addresses that answer a question by mail without log-in: made by routing for its notices, recognised by ingest in what comes into the mailbox.

    klant+c.<42 letters and figures>@vaart.example

The part after the plus names the consultation and signs brand, consultation and department (HMAC-SHA256, 80 bits of it). It is letters and figures of
one case: mail programs and servers change capitals. The department is not in it: there are few in a brand book, and each is tried.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from libs.common import sharedkeys
from libs.common.brandbook import BrandBook

LONGEST_LOCAL_PART = 64
"""RFC 5321, 4.5.3.1.1."""
SHORTEST_KEY = 32
"""Characters."""
_MAC_BYTES = 10
_MARK = "+c."
TOKEN = re.compile(r"\+c\.([a-z2-7]{42})@", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address stands for."""

    consultation_id: UUID
    department: str


class Answers:
    """Makes and reads these addresses. The first of `keys` signs; the others are read too, so that a key can be changed while questions are open.
    Without a key there are no such addresses."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [_derived(key.encode()) for key in keys if key]

    @property
    def fingerprints(self) -> list[str]:
        """Of its keys, the one that signs first."""
        return [sharedkeys.fingerprint(key) for key in self._keys]

    def address(self, book: BrandBook, consultation_id: UUID, department: str) -> str | None:
        """Where the department's answer goes; none without a key, without a mailbox of the brand, or where its name leaves no room for it."""
        mailbox = mailbox_of(book)
        if not self._keys or mailbox is None:
            return None
        local, _, domain = mailbox.rpartition("@")
        signed = consultation_id.bytes + _signature(self._keys[0], book.brand, consultation_id, department)
        local = f"{local}{_MARK}{base64.b32encode(signed).decode().rstrip('=').lower()}"
        return f"{local}@{domain}" if len(local) <= LONGEST_LOCAL_PART else None

    def read(self, book: BrandBook, addresses: Iterable[str]) -> Asked | None:
        """What the first of these that we signed for this brand stands for; none where there is none. Others' are as if they were not there."""
        for address in addresses:
            found = TOKEN.search(address) if self._keys else None
            if found and (asked := self._read(book, found[1])) is not None:
                return asked
        return None

    def _read(self, book: BrandBook, token: str) -> Asked | None:
        try:
            raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        except binascii.Error:
            return None
        consultation_id, given = UUID(bytes=raw[:16]), raw[16:]
        matching = [
            department.id
            for department in book.departments
            for key in self._keys
            if hmac.compare_digest(_signature(key, book.brand, consultation_id, department.id), given)
        ]
        return Asked(consultation_id, matching[0]) if matching else None


def strong(key: SecretStr) -> SecretStr:
    """A key as a setting has it. Raises `ValueError` for one that could be guessed."""
    length = len(key.get_secret_value())
    if 0 < length < SHORTEST_KEY:
        raise ValueError(f"answer_key has {length} characters: it takes {SHORTEST_KEY} at least, at random")
    return key


def mailbox_of(book: BrandBook) -> str | None:
    """The address of the first mailbox that ingest reads for the brand and that takes mail to addresses with a plus; none without one."""
    return next(iter(mailboxes_of(book)), None)


def mailboxes_of(book: BrandBook) -> list[str]:
    """The addresses of the mailboxes that ingest reads for the brand: what each is known by (`account`), or its log-in, where that is an address. Without
    those whose server takes no mail to addresses with a plus."""
    named = [(channel.account, channel.user) for channel in book.channels if channel.type == "imap" and channel.plus_addresses]
    found = (next((name for name in names if name and _ADDRESS.fullmatch(name)), None) for names in named)
    return [address for address in found if address]


def _derived(key: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"weerklank mailed answers v1").derive(key)


def _signature(key: bytes, brand: str, consultation_id: UUID, department: str) -> bytes:
    return hmac.digest(key, consultation_id.bytes + f"{brand}\0{department}".encode(), "sha256")[:_MAC_BYTES]
