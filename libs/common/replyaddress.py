"""Addresses at which a customer answers a reply by mail: made by the responder, recognised by ingest in what comes into the mailbox.

    klant+r.<42 letters and figures>@vaart.example

As those of departments (`answers.py`), whose key they share: the part after the plus names the reply and signs it for its brand (HMAC-SHA256, 80 bits). It
tells what a mail goes on with where its program or its writer has cut the headers that say so, and in mail that comes back which reply it was.
It says nothing about who writes: whoever was handed the mail has the address.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from libs.common.answers import LONGEST_LOCAL_PART, mailboxes_of
from libs.common.brandbook import BrandBook, Channel

_MAC_BYTES = 10
_MARK = "+r."
TOKEN = re.compile(r"\+r\.([a-z2-7]{42})@", re.IGNORECASE)


class ReplyAddresses:
    """Makes and reads them. The first of `keys` signs; the others are read too. Without a key there are none, and threads hang on Message-IDs alone."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [_derived(key.encode()) for key in keys if key]

    def address(self, book: BrandBook, account: Channel, reply_id: UUID) -> str | None:
        """Where the answer to a reply goes that is sent with this account; none without a key, without a mailbox of the brand that is the sender's own or
        of its domain, or where its name leaves no room: an answer to another domain than it came from would surprise whoever writes it."""
        mailbox = _nearest(mailboxes_of(book), parseaddr(account.sender or "")[1]) if self._keys else None
        if mailbox is None:
            return None
        local, _, domain = mailbox.rpartition("@")
        signed = reply_id.bytes + _signature(self._keys[0], book.brand, reply_id)
        local = f"{local}{_MARK}{base64.b32encode(signed).decode().rstrip('=').lower()}"
        return f"{local}@{domain}" if local.isascii() and len(local) <= LONGEST_LOCAL_PART else None

    def read(self, brand: str, addresses: Iterable[str]) -> UUID | None:
        """The reply that the first of these stands for which we signed for this brand; others' are as if they were not there."""
        for address in addresses:
            for found in TOKEN.finditer(address) if self._keys else ():
                if (reply_id := self._read(brand, found[1])) is not None:
                    return reply_id
        return None

    def _read(self, brand: str, token: str) -> UUID | None:
        try:
            raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        except binascii.Error:
            return None
        reply_id, given = UUID(bytes=raw[:16]), raw[16:]
        signed = [hmac.compare_digest(_signature(key, brand, reply_id), given) for key in self._keys]
        return reply_id if any(signed) else None


def _nearest(mailboxes: Sequence[str], sender: str) -> str | None:
    """The mailbox that the sender's address is, else the first of its domain."""
    sender = sender.lower()
    same = [mailbox for mailbox in mailboxes if mailbox.lower() == sender]
    beside = [mailbox for mailbox in mailboxes if mailbox.lower().rpartition("@")[2] == sender.rpartition("@")[2]]
    return next(iter((*same, *beside)), None)


def _derived(key: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"weerklank replies by mail v1").derive(key)


def _signature(key: bytes, brand: str, reply_id: UUID) -> bytes:
    return hmac.digest(key, reply_id.bytes + brand.encode(), "sha256")[:_MAC_BYTES]
