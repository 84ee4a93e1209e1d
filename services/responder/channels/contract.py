"""What a channel is to the sender: one module of this folder for each, all with the same three functions.

    offers(account)        what the other side can do, as the brand book's account says
    send(row, sending)     hand one reply over; one of four outcomes (`libs/common/outcome.py`)
    find(row, sending)     whether a reply whose answer was lost is there; not asked where `offers` does not say that it `finds`

`send` asks `sending.begin` just before what cannot be undone, and sends nothing without its yes; where time has passed since, it asks `sending.in_time`.
Until begin has said yes, whatever goes wrong is `Refused` or `NotBegun`. From then on it is `Unknown`, unless the other side said yes or no.
A channel never tries again, and never waits for its turn: that is the sender's. Whatever is added here passes
`tests/integration/responder/test_channel_contract.py`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from libs.common import db
from libs.common.brandbook import BrandBook, Channel
from libs.common.mailserver import Reach
from libs.common.outcome import Outcome
from libs.common.replyaddress import ReplyAddresses
from services.responder.reply import ReplyRow


@dataclass(frozen=True, slots=True)
class File:
    """What goes with a reply. `name` is on one line; `alt` says what a picture shows."""

    name: str
    media_type: str
    content: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """What the other side has, beside taking a message."""

    keys: bool = False
    """It knows a message by its marker: the same one twice is there once, and is answered as the first was."""
    finds: bool = False
    """It can be asked whether it has a message, by its marker."""
    files: bool = False
    """It takes files beside the text."""
    settles_s: float = 0.0
    """After so long from the first byte, not having it means that it never will. Before that, absence says nothing."""


@dataclass(frozen=True, slots=True)
class Found:
    """It is there, under this id."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Absent:
    """It is not there, and will not be, once `Offers.settles_s` have passed."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The other side did not say, or not so that it is certain."""

    why: str


Look = Found | Absent | CannotTell


@dataclass(frozen=True, slots=True)
class Sending:
    """What a channel is given beside the reply, and what it may ask for.

    `begin` is given what the message will be known by, and commits that the outcome is unknown from there. `in_time` says whether that is still the last
    word: a hold that came since counts. `secret` reads one of the brand's (raises `secret.SecretMissing`, `secret.SecretRefused`).
    """

    book: BrandBook
    account: Channel
    now: datetime
    attempt_id: UUID
    secret: Callable[[str], Awaitable[str]]
    begin: Callable[[str], Awaitable[bool]]
    in_time: Callable[[], Awaitable[bool]]
    pool: db.Pool
    mail_reach: Reach
    web_reach: Reach
    connect_timeout_s: float
    mail_answer_timeout_s: float
    web_answer_timeout_s: float
    files: Sequence[File] = ()
    """What goes with the reply, in the order of `row.attachments`."""
    replies: ReplyAddresses = field(default_factory=lambda: ReplyAddresses([]))
    """Signs the addresses that answers to mail go to."""


class SendingChannel(Protocol):
    """A module of this folder."""

    def offers(self, account: Channel, /) -> Offers: ...

    async def send(self, row: ReplyRow, sending: Sending, /) -> Outcome: ...

    async def find(self, row: ReplyRow, sending: Sending, /) -> Look: ...


def marker(row: ReplyRow) -> UUID:
    """What a reply is known by on the other side, and what makes a second copy of it show as one.

    It follows from the reply and the text and target that were approved: however often that is sent, it is the same; another text after an edit is
    another message, or whoever has the first would take the second for it.
    """
    return uuid5(row.id, row.digest)
