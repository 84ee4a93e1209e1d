"""What every way of telling is given: the message as it is to read, and what it may ask for while it sends."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.bookteam import Notify
from libs.common.brandbook import BrandBook
from libs.common.mailserver import Reach


@dataclass(frozen=True, slots=True)
class Message:
    """A notice that is ready to leave: its links are addresses."""

    id: UUID
    brand: str
    brand_name: str
    about: str
    subject: UUID
    to: str
    way: Notify
    title: str
    text: str
    links: tuple[tuple[str, str], ...]
    """(label, address)"""
    created_at: datetime
    language: str = "en"
    colour: str = "#0a6ebd"
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """`begin` is asked just before what cannot be undone, with what the message will be known by, and commits that the outcome is unknown from there;
    False: send nothing. `in_time` is asked once more before the first byte. `secret` reads one of the brand's (raises `secret.SecretMissing`,
    `secret.SecretRefused`)."""

    book: BrandBook
    now: datetime
    secret: Callable[[str], Awaitable[str]]
    begin: Callable[[str], Awaitable[bool]]
    in_time: Callable[[], bool]
    mail_reach: Reach
    web_reach: Reach
    connect_timeout_s: float
    answer_timeout_s: float
    mail_answer_timeout_s: float
