"""The handover packet: what whoever opens a case has to know, on all channels, so that the customer tells the story once. Pure.

What was written and done comes in (`packet_store.py`), masked as the reader sees it leaves: as JSON with these names, or as text that fits one screen
(`packet_text.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, Clock
from libs.common.events import Mention, TriagedMention
from libs.common.masking import Mask
from services.routing.brief import Brief, brief
from services.routing.case import Key, key_of
from services.routing.promise import LIVE, Promise

MOST_ASKED, MOST_TRIED, MOST_OTHERS, MOST_MOODS = 20, 40, 10, 30
MOST_CHARS = 2000
"""Of one message; the whole stands in the case."""


class Asked(BaseModel):
    """What the customer wrote, in their words."""

    mention_id: UUID
    at: datetime
    channel: str
    visibility: str
    customer: str | None
    title: str | None
    text: str
    open: bool = Field(description="Nobody has answered or resolved it yet")
    kept: bool = Field(default=True, description="False: its text and who wrote it are no longer kept")
    intent: str | None
    language: str
    sentiment: str


class Promised(BaseModel):
    """What we said would come."""

    id: UUID
    reply_id: UUID | None = Field(description="None: it was not given in a reply, and noted by hand")
    at: datetime
    by: str | None
    channel: str
    text: str
    due_at: datetime | None
    overdue: bool = Field(description="Its time has passed, and nothing is known to have kept it")


class Tried(BaseModel):
    """What was done about it: an answer, a note, or a step of the case."""

    what: str = Field(description="reply | note | what the timeline calls it")
    at: datetime
    by: str | None
    channel: str | None = None
    text: str | None = None
    kept: bool = Field(default=True, description="False: the words of an answer are no longer kept")
    detail: dict[str, Any] = Field(default={}, description="Of a step: what the timeline tells of it")


class Given(BaseModel):
    """Something that the customer gave already: they are not to be asked again."""

    kind: str = Field(description="phone | email | iban | bsn | postcode_address | order_number | customer_number | birthdate | handle")
    value: str | None = Field(description="None where the reader does not see it: it was given all the same")
    at: datetime
    channel: str
    visibility: str
    mention_id: UUID


class Mood(BaseModel):
    at: datetime
    sentiment: str


class Looking(BaseModel):
    member: str
    doing: str


class Packet(BaseModel):
    """A case as whoever takes it over needs it. Lists have the newest first."""

    case: Brief
    version: int
    cases: list[UUID] = Field(description="This case and those that go on in it")
    asked: list[Asked]
    asked_total: int
    promised: list[Promised] = Field(description="Promises that are to be kept, or were broken, the one that is due first at the top")
    tried: list[Tried]
    others: list[Brief] = Field(description="The customer's other cases")
    given: list[Given] = Field(description="What the customer gave already")
    unknown: list[str] = Field(description="Kinds of personal data that the brand asks for in private, and that the customer has not given")
    go_private: bool
    mood: list[Mood] = Field(description="How the customer's messages sounded, the oldest first")
    clocks: list[Clock]
    looking: list[Looking]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that reached the customer."""

    id: UUID
    at: datetime
    by: str | None
    channel: str
    visibility: str
    text: str
    kept: bool = True
    """Whether its words are."""


@dataclass(frozen=True, slots=True)
class Material:
    """All that a packet is made of, unmasked. `mentions` are the newest, oldest first; `steps` rows of the timeline and `notes`, the newest first."""

    case: Case
    version: int
    handled: Key | None
    case_ids: Sequence[UUID]
    mentions: Sequence[TriagedMention]
    replies: Sequence[Reply]
    promises: Sequence[Promise]
    notes: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]
    others: Sequence[Case]
    looking: Sequence[Mapping[str, Any]]
    now: datetime


_TELLING = frozenset({"opened", "joined", "left", "revised", "noted", "reacted", "waiting", "tagged"})
"""What the timeline says, and the packet shows in another way or not at all."""


def packet(found: Material, book: BrandBook, mask: Mask) -> Packet:
    """The packet as this reader sees it."""
    newest = list(reversed(found.mentions))
    asked = sorted(newest, key=lambda m: not _is_open(found, m))  # what is open first, the newest first within both
    given = _given(newest, mask)
    has = {item.kind for item in given}
    return Packet(
        case=brief(found.case, mask),
        version=found.version,
        cases=list(found.case_ids),
        asked=[_asked(found, m, mask) for m in asked[:MOST_ASKED]],
        asked_total=found.case.mentions_total,
        promised=_promised(found, mask),
        tried=_tried(found, mask),
        others=[brief(case, mask) for case in found.others[:MOST_OTHERS]],
        given=given,
        unknown=[kind for kind in book.conduct.go_private_for if kind not in has],
        go_private=found.case.go_private,
        mood=[Mood(at=m.mention.received_at, sentiment=m.findings.sentiment) for m in found.mentions[-MOST_MOODS:]],
        clocks=list(found.case.clocks),
        looking=[Looking(member=row["member"], doing=row["doing"]) for row in found.looking],
        made_at=found.now,
    )


def _is_open(found: Material, mention: TriagedMention) -> bool:
    return found.case.state in ("new", "open", "waiting") and (found.handled is None or key_of(mention.mention) > found.handled)


def _asked(found: Material, triaged: TriagedMention, mask: Mask) -> Asked:
    mention, findings = triaged.mention, triaged.findings
    return Asked(
        mention_id=mention.id,
        at=mention.received_at,
        channel=mention.channel,
        visibility=mention.visibility,
        customer=mask.customer(mention.author),
        title=mask.mention(mention, findings, "title") if mention.title else None,
        text=mask.mention(mention, findings)[:MOST_CHARS],
        open=_is_open(found, triaged),
        kept=mention.forgotten_at is None,
        intent=findings.intent,
        language=findings.language,
        sentiment=findings.sentiment,
    )


def _promised(found: Material, mask: Mask) -> list[Promised]:
    live = [promise for promise in found.promises if promise.state in LIVE]
    return [
        Promised(
            id=promise.id,
            reply_id=promise.reply_id,
            at=promise.given_at,
            by=promise.given_by,
            channel=promise.channel,
            text=mask.text(promise.text, promise.visibility),
            due_at=promise.due_at,
            overdue=promise.state == "broken" or promise.late_at(found.now) is not None,
        )
        for promise in sorted(live, key=lambda promise: (promise.due_at is None, promise.due_at or promise.given_at))
    ]


def _tried(found: Material, mask: Mask) -> list[Tried]:
    answers = [
        Tried(
            what="reply",
            at=reply.at,
            by=reply.by,
            channel=reply.channel,
            text=mask.text(reply.text, reply.visibility)[:MOST_CHARS],
            kept=reply.kept,
        )
        for reply in found.replies
    ]
    notes = [Tried(what="note", at=row["at"], by=row["author"], text=mask.text(row["text"], "private")[:MOST_CHARS]) for row in found.notes]
    steps = [
        Tried(what=row["what"], at=row["at"], by=row["actor"], detail=_said(row["detail"], mask))
        for row in found.steps
        if row["what"] not in _TELLING
    ]
    return sorted([*answers, *notes, *steps], key=lambda tried: tried.at, reverse=True)[:MOST_TRIED]


def _said(detail: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """What a row of the timeline tells, with the words of people as the reader sees them."""
    return {
        key: mask.text(value, "private") if isinstance(value, str) else value
        for key, value in detail.items()
        if value not in (None, [], {})
    }


def _given(newest: Iterable[TriagedMention], mask: Mask) -> list[Given]:
    """Each kind of thing that the customer gave, with the values that differ, the newest first."""
    found: dict[tuple[str, str], Given] = {}
    for triaged in newest:
        mention = triaged.mention
        for item in triaged.findings.pii:
            text = mention.text if item.field == "text" else mention.title or ""
            value = text[item.start : item.end]
            found.setdefault((item.kind, _plain(value)), _one(mention, item.kind, value, mask.hides(mention.visibility)))
        for identity in mention.author.identities:
            if identity.kind in ("email", "phone", "handle"):
                given = _one(mention, identity.kind, identity.value, mask.hides_customers)
                found.setdefault((identity.kind, _plain(identity.value)), given)
    return list(found.values())


def _one(mention: Mention, kind: str, value: str, is_hidden: bool) -> Given:
    return Given(
        kind=kind,
        value=None if is_hidden else value,
        at=mention.received_at,
        channel=mention.channel,
        visibility=mention.visibility,
        mention_id=mention.id,
    )


def _plain(value: str) -> str:
    return "".join(c for c in value if c.isalnum()).lower()
