"""One message from outside: a `MentionIn` as a connector or an importer sends it reaches this module, a normalised `Mention` leaves it.

Pure: the brand, its region and the time are arguments. What makes a mention the same mention again is decided here, and nowhere else.
"""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

import phonenumbers
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from libs.common.errors import Unprocessable
from libs.common.events import Attachment, Author, Engagement, Identity, Mention, MentionDeleted, MentionReceived, Thread, deterministic_id
from libs.common.http import Body, no_number
from libs.common.outbox import Outgoing
from libs.common.rules import channel_name

MAX_TEXT = 50_000
MAX_TITLE = 1_000
MAX_NAME = 300
MAX_ID = 500
MAX_URL = 2_000
MAX_IDENTITIES = 10
MAX_ATTACHMENTS = 50
MAX_COUNT = 10**12
FUTURE = timedelta(days=1)
"""How far ahead of ours a sender's clock may be."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ANY_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_EMAIL = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,255}")
_URL = re.compile(r"(?:https?://[^\s/]|mid:)\S*")


def clean(text: str) -> str:
    """Text without the control characters and lone surrogates that no database column or screen takes; line ends become one newline.

    A person's message is never refused for them.
    """
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _one_line(value: object) -> object:
    return " ".join(_ANY_CONTROL.sub(" ", value).split()) if isinstance(value, str) else value


def is_exact(value: str) -> bool:
    """Whether an id can be taken as it is. It is compared, never shown: cleaning it could make two ids one."""
    return not _ANY_CONTROL.search(value)


def _exact(value: str) -> str:
    if not is_exact(value):
        raise ValueError("holds a control character or half of one beyond the basic plane")
    return value


def _address(value: str) -> str:
    if not _URL.fullmatch(value) or _ANY_CONTROL.search(value):
        raise ValueError("must start with https://, http:// or mid:")
    return value


def _in_calendar(value: datetime) -> datetime:
    # Arithmetic at the very ends of the calendar overflows; nobody posted anything then.
    if not 1970 <= value.year <= 9000:
        raise ValueError("must lie between the years 1970 and 9000")
    return value.astimezone(UTC)


WORD = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$"
"""What a channel or a kind may be called."""

_Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_ID), AfterValidator(_exact)]
_Word = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=WORD)]
_Line = Annotated[str, BeforeValidator(_one_line), StringConstraints(max_length=MAX_TITLE)]
_Name = Annotated[str, BeforeValidator(_one_line), StringConstraints(max_length=MAX_NAME)]
_Text = Annotated[str, BeforeValidator(_cleaned), StringConstraints(max_length=MAX_TEXT)]
_Url = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_URL), AfterValidator(_address)]
_Count = Annotated[int, Field(ge=0, le=MAX_COUNT, strict=True)]
_Moment = Annotated[AwareDatetime, BeforeValidator(no_number), AfterValidator(_in_calendar)]


class IdentityIn(Body):
    """How someone is known. A handle or an id without a channel is one of the mention's own channel."""

    kind: Literal["handle", "email", "phone", "id"]
    value: _Id
    channel: _Word | None = None


class AuthorIn(Body):
    name: _Name | None = None
    identities: list[IdentityIn] = Field(min_length=1, max_length=MAX_IDENTITIES, description="The first is the one that they wrote with")
    followers: _Count | None = None


class ThreadIn(Body):
    id: _Id
    in_reply_to: _Id | None = None


class AttachmentIn(Body):
    name: _Name
    media_type: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=200), AfterValidator(_exact)]
    bytes: _Count


class EngagementIn(Body):
    likes: _Count = 0
    shares: _Count = 0
    replies: _Count = 0


class MentionIn(Body):
    """A message as it is sent in. Its id, brand, time of receipt and whether it is history are ours to say, not the sender's."""

    channel: _Word = Field(description="twitter | mastodon | bluesky | instagram | facebook | email | review | forum | …; x is twitter")
    kind: _Word = Field(default="post", description="post | reply | direct | review | mail")
    external_id: _Id | None = Field(
        default=None, description="The channel's own id, which makes a message delivered twice one; none: a hash of author, time and text"
    )
    url: _Url | None = Field(default=None, description="Where it stands; of a mail mid: and its Message-ID (RFC 2392)")
    author: AuthorIn
    title: _Line | None = None
    text: _Text = Field(description="May be empty when there is a title or an attachment")
    thread: ThreadIn | None = None
    visibility: Literal["public", "private"] = "public"
    attachments: list[AttachmentIn] = Field(default=[], max_length=MAX_ATTACHMENTS)
    posted_at: _Moment = Field(description="With its offset from UTC; at most a day ahead of our clock")
    engagement: EngagementIn = Field(default_factory=EngagementIn)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text.strip() and not (self.title or self.attachments):
            raise ValueError("text is empty, and there is neither a title nor an attachment")
        return self


def field_problems(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong with which field, without the values: those can be personal data."""
    return [
        {"field": ".".join(str(part)[:60] for part in item["loc"]), "message": item["msg"]}
        for item in error.errors(include_url=False, include_context=False, include_input=False)[:10]
    ]


def is_email(value: str) -> bool:
    """Whether it can be an e-mail address: the one rule for whoever makes an identity of kind email and for who checks it."""
    return _EMAIL.fullmatch(unicodedata.normalize("NFC", value)) is not None and is_exact(value)


def normalise_identity(identity: IdentityIn, channel: str, region: str) -> Identity:
    """The one spelling of an identity. `region` is the country whose local phone numbers are meant (ISO 3166, NL).

    Raises `Unprocessable` for an address or a number that nobody can be reached at.
    """
    value = unicodedata.normalize("NFC", identity.value)
    if identity.kind == "email":
        if not is_email(value):
            raise Unprocessable("An identity of kind email is no e-mail address.")
        return Identity(kind="email", value=value.lower())
    if identity.kind == "phone":
        try:
            number = phonenumbers.parse(value, region)
        except phonenumbers.NumberParseException as error:
            raise Unprocessable("An identity of kind phone is no phone number. Write it with its country code, as in +31….") from error
        if not phonenumbers.is_possible_number(number):
            raise Unprocessable("An identity of kind phone has too few or too many digits. Write it with its country code, as in +31….")
        return Identity(kind="phone", value=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if identity.kind == "handle":
        value = value.lower().lstrip("@").strip()
        if not value:
            raise Unprocessable("An identity of kind handle is empty.")
    return Identity(kind=identity.kind, value=value, channel=channel_name(identity.channel or channel))


def hashed_id(author: Identity, posted_at: datetime, title: str | None, text: str) -> str:
    """Stands in for an external id: the same person's same words at the same moment are the same message."""
    parts = (author.kind, author.channel or "", author.value, posted_at.astimezone(UTC).isoformat(), title or "", text)
    return "hash:" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def normalise(
    given: MentionIn,
    brand: str,
    *,
    region: str,
    now: datetime,
    historic: bool = False,
    import_id: str | None = None,
    answers_reply: UUID | None = None,
) -> Mention:
    """The mention that a brand's own copy of this message is. `now` (UTC) becomes `received_at`, from which clocks run; `answers_reply` is the reply of
    ours that it answers, where that is certain.

    The id depends on brand, channel and external id alone, so that whatever delivers a message again delivers the same mention.
    Raises `Unprocessable`, naming the field, for values that are well formed and cannot be true.
    """
    if given.posted_at > now + FUTURE:
        raise Unprocessable("posted_at is more than a day in the future. Send it in UTC or with its offset, and check the sender's clock.")
    channel = channel_name(given.channel)
    identities = list(dict.fromkeys(normalise_identity(identity, channel, region) for identity in given.author.identities))
    external_id = given.external_id or hashed_id(identities[0], given.posted_at, given.title, given.text)
    return Mention(
        id=deterministic_id(brand, channel, external_id),
        brand=brand,
        channel=channel,
        kind=given.kind,
        external_id=external_id,
        url=given.url,
        author=Author(name=given.author.name or None, identities=identities, followers=given.author.followers),
        title=given.title or None,
        text=given.text,
        thread=Thread(id=given.thread.id, in_reply_to=given.thread.in_reply_to) if given.thread else None,
        visibility=given.visibility,
        attachments=[Attachment(name=a.name or "unnamed", media_type=a.media_type, bytes=a.bytes) for a in given.attachments],
        posted_at=given.posted_at,
        received_at=now,
        engagement=Engagement(likes=given.engagement.likes, shares=given.engagement.shares, replies=given.engagement.replies),
        historic=historic,
        import_id=import_id,
        answers_reply=answers_reply,
    )


def key_of(mention: Mention) -> str:
    """What orders a mention in its topic: all of one author's messages to one brand."""
    first = mention.author.identities[0]
    return f"{mention.brand}/{first.kind}:{first.channel or ''}:{first.value}"


def received_event(mention: Mention, book_version: int, traceparent: str | None) -> Outgoing:
    """The event that tells of a mention. Told again it is the same event: a fact, always version 1."""
    event = MentionReceived(brand=mention.brand, book_version=book_version, mention=mention)
    return Outgoing(event, str(mention.id), 1, key_of(mention), traceparent)


def deleted_event(mention_id: str, brand: str, key: str, deleted_at: datetime, book_version: int, traceparent: str | None) -> Outgoing:
    """The event that tells that a mention was taken back: after its receipt, so version 2, under the mention's own key."""
    event = MentionDeleted.model_validate(
        {"brand": brand, "book_version": book_version, "mention_id": mention_id, "deleted_at": deleted_at}
    )
    return Outgoing(event, mention_id, 2, key, traceparent)
