"""A reply from draft to sent: what is known of it, which steps there are, and who may take them.

A reply, its case and the brand book come in; the changed reply goes out, with the event that tells of it and a line for its history. Pure: no I/O,
time passed in. What lets a reply leave stands in `clearance.py`, the steps between approved and sent are statements of `attempts.py`, and what a case
means for its replies stands in `follow.py`.

                  ┌─ put back ─┬────────────┐
                  ▼            │            │
    draft ──▶ submitted ──▶ approved ──▶ sending ──▶ sent
      ▲           │            ▲            ├──▶ failed ─────── edited ──▶ draft
      └── edited ─┘            └── again ───┤
                                            └──▶ unconfirmed ── a person looks ──▶ sent, or draft
          draft, submitted, approved, failed ──▶ discarded

Put back is what was approved against something that has changed, until the moment at which it begins to be transmitted: a person approves it anew.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.bookscripts import Script
from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.errors import Conflict
from libs.common.events import Mention
from libs.common.outbox import Outgoing
from libs.common.post_events import OF_REPLIES, Post
from libs.common.reply_events import (
    DraftedBy,
    Reply,
    ReplyBounced,
    ReplyDiscarded,
    ReplyDrafted,
    ReplyEdited,
    ReplyEvent,
    ReplyPromise,
    ReplySent,
    ReplySubmitted,
    Verdict,
)
from services.responder import approval, guard, parts, promised, rotation, variables
from services.responder.approval import Signature
from services.responder.foreign_links import foreign_links
from services.responder.promised import ByHand, Said
from services.responder.recipient import Recipient, recipient_of
from services.responder.rotation import Used
from services.responder.script import compose, greetings, pick_script
from services.responder.verdicts.draft import Draft

_NOBODY = Member(id="nobody", first_name="{handtekening}", initials="xx").model_copy(update={"initials": "{initialen}"})
"""Signs for a case without an owner: an open place, which the guard holds back until somebody signs."""

_STEPS: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"draft", "submitted", "discarded"}),
    "submitted": frozenset({"draft", "submitted", "approved", "discarded"}),
    "approved": frozenset({"discarded"}),
    "sending": frozenset(),
    "sent": frozenset(),
    "failed": frozenset({"draft", "discarded"}),
    "unconfirmed": frozenset({"draft", "sent"}),
    "discarded": frozenset(),
}
_INSTEAD = {
    "approved": "Discard it to stop it, and write another.",
    "sending": "It is on its way; wait for the outcome.",
    "sent": "It has left; write another.",
    "unconfirmed": "Find out whether it reached the customer, and confirm that.",
    "discarded": "Write another.",
}


class Returned(BaseModel):
    """A submitted reply that a colleague sent back to its writer."""

    model_config = ConfigDict(frozen=True)

    by: str
    note: str
    at: datetime


class ReplyRow(Reply):
    """All that is known of a reply: what its events tell, and what stays here."""

    kind: str = "reply"
    """reply, or post: what the brand says of its own accord, in answer to nobody. Of a post `case_id` is its own id, and names no case."""
    publish_at: datetime | None = None
    """Of a post: when; none: as soon as it is approved."""
    labels: list[str] = Field(default=[])
    """Of a post: what it is about."""
    version: int = 1
    language: str
    first_reply: bool
    recipient: Recipient
    automatic: bool = False
    topic_id: UUID | None = None
    greeting: int | None = None
    """The place of the greeting that it was made with, among those that the brand book had then."""
    drafted: str | None = None
    """Its text as it was made from its script."""
    changed: float = 0
    """The share of that which people have changed since, 0 to 1."""
    writer_role: str = "agent"
    legal_by: str | None = None
    legal_under: str | None = None
    """What legal said of the case (`Case.legal_check`) when `legal_by` recorded that the text is as they want it."""
    by_hand: list[ByHand] = Field(default=[])
    submitted_by: str | None = None
    submitted_at: datetime | None = None
    approved_digest: str | None = None
    """What it was approved as; the database lets nothing leave whose digest is another."""
    returned: Returned | None = None
    """Why somebody sent it back to its writer; until it is submitted again."""
    signatures: list[Signature] = Field(default=[])
    """Who approved it, of all who have to, as far as their approvals hold."""
    despite: UUID | None = None
    """The newer message that its approver had read, when the customer had written again by then."""
    reason: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    held_at: datetime | None = None
    reviewed_version: int = 0
    """The brand's `hold_version` when somebody approved it anew from the list of what is held; 0: nobody did."""
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    attempt_id: UUID | None = None
    transmitting: bool = False
    account: str | None = None
    """The account of the brand book by which it began to leave (`account.identity`)."""
    begun_at: datetime | None = None
    looks: int = 0
    """How often it was looked for, or sent again under its key, since its answer was lost."""
    waits_for: str | None = None
    """The account that makes it wait, because of a `turn` that it was given, because the account has `refused` whatever is sent, or because it is `quiet`
    (`waits_why`)."""
    waits_why: str | None = None
    delivery_at: datetime | None = None
    """When a mail server last told what became of it (`delivery`)."""
    book_version: int = 0
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A reply after a change, what happened, who did it. `event` is none where no event tells of it (a claim, a further attempt)."""

    row: ReplyRow
    what: str
    who: str
    at: datetime
    event: type[ReplyEvent] | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    """Fields that its event has beside those of all."""
    before: tuple["Change", ...] = ()
    """Changes of the same reply that are a part of this one and come before it."""

    def steps(self) -> tuple["Change", ...]:
        """Those before it and itself, in order: each has a version, a line of history and its own event."""
        return (*self.before, self)

    def outgoing(self, traceparent: str | None = None) -> Outgoing | None:
        """The event to tell, keyed by case; in the trace of the request that caused it, else in that of the reply."""
        if self.event is None:
            return None
        row = self.row
        if row.kind == "post":
            post = Post.model_validate({**row.model_dump(), "account": row.recipient.value})
            of_post = OF_REPLIES[self.event](
                brand=row.brand, book_version=row.book_version, post=post, at=self.at, actor=self.who, **self.said
            )
            return Outgoing(of_post, str(row.id), row.version, str(row.id), traceparent or row.traceparent)
        event = self.event(brand=row.brand, book_version=row.book_version, reply=row, at=self.at, actor=self.who, **self.said)
        return Outgoing(event, str(row.id), row.version, str(row.case_id), traceparent or row.traceparent)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks for a step: a token's subject, which is the team member's id where it is one of the team, and role."""

    id: str
    role: str


# --- writing ------------------------------------------------------------------------------------------------------------------------


def signer(book: BrandBook, writer: str | None, owner: str | None) -> Member:
    """In whose name a reply is signed: its writer when that is one of the team, else the case's owner."""
    return (book.member(writer) if writer else None) or (book.member(owner) if owner else None) or _NOBODY


def judge(book: BrandBook, row: ReplyRow, owner: str | None, at: datetime) -> list[Verdict]:
    """What the guard says of the text as it stands, read at `at`. Of a promise that a person settled by hand it says nothing of the time.

    Where neither writer nor owner is of the team (tokens of an issuer with names of its own, a case of nobody), any member's signature will do.
    """
    asked_by = row.drafted_by.asked_by if row.drafted_by else None
    member = signer(book, row.writer or asked_by, owner)
    found = [one for one in guard.check(_draft(row, member, at), book) if not _settled(one, row)]
    if row.drafted_by:
        found += foreign_links(row.text, book, row.writer_role, found)
    if row.parts and parts.fit(row.parts, row.channel, book, row.visibility):
        found = [verdict for verdict in found if verdict.code != "too_long"]
    if row.kind == "post":
        # It speaks to nobody in particular, and for the brand.
        return [verdict for verdict in found if verdict.code not in {*guard.SIGNATURE, "missing_greeting"}]
    if member is _NOBODY and guard.signed_by(_draft(row, member, at), book.team, book):
        return [verdict for verdict in found if verdict.code not in guard.SIGNATURE]
    return found


def _settled(verdict: Verdict, row: ReplyRow) -> bool:
    """Whether a person said of the promise that a verdict is about that it is none, or when it is due."""
    if verdict.code not in guard.OF_TIMES:
        return False
    words = " ".join(row.text[verdict.start : verdict.end].lower().split())
    return any((hand.none or hand.due_at) and " ".join(hand.text.lower().split()) == words for hand in row.by_hand)


def _draft(row: ReplyRow, member: Member, at: datetime) -> Draft:
    return Draft(
        text=row.text,
        channel=row.channel,
        visibility=row.visibility,
        first_reply=row.first_reply,
        member=member,
        role=row.writer_role,
        language=row.language,
        now=at,
    )


def digest_of(row: ReplyRow) -> str:
    """What an approval of this reply is bound to: where it goes, its text, the parts that it is sent in, the files that go with it, and what people say
    that it promises and keeps; of a post also its moment. What is found in the text follows from the text."""
    said = [hand.model_dump(mode="json") for hand in row.by_hand]
    kept = [] if row.keeps is None else [[str(id) for id in row.keeps]]
    more: list[object] = [said, *kept] if said or kept else []
    more += [{"parts": row.parts}] if row.parts else []
    more += [{"files": [[file.name, file.media_type, file.sha256, file.alt] for file in row.attachments]}] if row.attachments else []
    more += [{"post": row.publish_at.astimezone(UTC).isoformat() if row.publish_at else None}] if row.kind == "post" else []
    return approval.text_digest(row.channel, row.recipient.key(row.visibility), row.text, more)


def in_parts(row: ReplyRow, book: BrandBook) -> ReplyRow:
    """The reply in numbered parts, where its channel does not take it as one; as it is where it does. Raises `Conflict` where no parts can be made."""
    try:
        found = parts.split(row.text, row.channel, book, row.visibility)
    except TimeoutError:
        found = None
    if found is None:
        raise Conflict(
            f"This text cannot be split for {row.channel}: a link in it is longer than a part, or it would be more than {parts.MOST} parts. Shorten it."
        )
    return row.model_copy(update={"parts": [part.text for part in found]})


def weighed(row: ReplyRow, book: BrandBook, owner: str | None, at: datetime) -> ReplyRow:
    """The row with what the guard says of its text and what it promises, as of `at`."""
    verdicts = judge(book, row, owner, at)
    try:
        promises = promised_by(row, book, at)
    except TimeoutError:
        promises = []
        verdicts = [*verdicts, guard.unchecked(row.text)]
    return row.model_copy(update={"verdicts": verdicts, "promises": promises})


def promised_by(row: ReplyRow, book: BrandBook, at: datetime) -> list[ReplyPromise]:
    """What its reader is promised if it is sent at `at`. Raises `TimeoutError` for a text that takes too long to read."""
    return promised.promises(row.brand, row.id, row.text, row.language, row.by_hand, book, at)


def as_of(row: ReplyRow, book: BrandBook, at: datetime) -> ReplyRow:
    """A draft with its promises as of `at`; from its approval on they stand."""
    if not row.promises or row.state not in ("draft", "submitted"):
        return row
    try:
        return row.model_copy(update={"promises": promised_by(row, book, at)})
    except TimeoutError:
        return row


@dataclass(frozen=True, slots=True)
class Made:
    """A first text, and what it was made from: the places of the script's wording and of the greeting."""

    text: str
    script: Script
    variant: int
    greeting: int


def from_script(
    book: BrandBook,
    case: Case,
    mention: Mention,
    script: Script,
    writer: str | None,
    *,
    used: Sequence[Used] = (),
    values: Mapping[str, Any] = MappingProxyType({}),
    same_as: ReplyRow | None = None,
) -> Made:
    """A first text, in other words than what was `used` lately, newest first, as far as there are others; or in those of a draft that is the `same_as`
    this, of the same script. No greeting depends on the hour at which it was made. Raises `Unprocessable` for `values` that do not fit the script."""
    language, seed = script.language or book.languages[0], mention.id.int % 97
    choice = greetings(book, language)
    if same_as is not None and same_as.script == script.id and same_as.script_digest == script.digest:
        variant, greeting = same_as.variant or 0, same_as.greeting or 0
    else:
        variant, greeting = rotation.wording(script, used, seed), rotation.greeting(choice, used, seed)
    text = compose(
        book,
        signer(book, writer, case.owner),
        mention.channel,
        mention.author.name,
        script,
        mention.visibility,
        case.replied_at is None,
        context=variables.written(script, values, language),
        variant=greeting,
        wording=variant,
    )
    return Made(text, script, variant, greeting)


def suited_script(book: BrandBook, case: Case, team: Sequence[Script] = ()) -> Script | None:
    """The script for what the case is about, in the customer's language: the brand book's, else one of the `team`'s own."""
    return pick_script(book, case.labels, case.language, team)


def new(
    case: Case,
    book: BrandBook,
    *,
    id: UUID,
    text: str,
    script: str | None,
    writer: str | None,
    writer_role: str,
    automatic: bool,
    book_version: int,
    at: datetime,
    traceparent: str | None,
    update_due: bool = False,
    made: Made | None = None,
    drafted_by: DraftedBy | None = None,
    split: bool = False,
) -> ReplyRow:
    """A draft that answers the case's newest mention. Raises `Conflict` when there is nothing or nobody to answer."""
    mention = case.latest
    if mention is None:
        raise Conflict("This case has no message left to answer.")
    recipient = recipient_of(mention)
    if recipient is None:
        raise Conflict("The newest mail of this case has no address to answer to.")
    row = ReplyRow(
        id=id,
        brand=case.brand,
        case_id=case.id,
        mention_id=mention.id,
        channel=mention.channel,
        visibility=mention.visibility,
        state="draft",
        text=text,
        digest="",
        writer=writer,
        script=script,
        created_at=at,
        language=case.language,
        first_reply=case.replied_at is None,
        recipient=recipient,
        automatic=automatic,
        writer_role=writer_role,
        book_version=book_version,
        traceparent=traceparent,
        update_due=update_due,
        topic_id=case.topic_id,
        variant=made.variant if made else None,
        script_digest=made.script.digest if made else None,
        greeting=made.greeting if made else None,
        drafted=made.text if made else None,
        drafted_by=drafted_by,
    )
    row = in_parts(row, book) if split else row
    return weighed(row.model_copy(update={"digest": digest_of(row)}), book, case.owner, at)


# --- what people do -----------------------------------------------------------------------------------------------------------------


def next_version(row: ReplyRow, **changes: object) -> ReplyRow:
    """The row with these changes, a version on."""
    return row.model_copy(update={**changes, "version": row.version + 1})


def may_become(row: ReplyRow, state: str, what: str) -> None:
    if state not in _STEPS[row.state]:
        raise Conflict(f"A {row.kind} that is {row.state} cannot be {what}. {_INSTEAD.get(row.state, 'Submit it first.')}", state=row.state)


def discarded(row: ReplyRow, reason: str, who: str, at: datetime, **changes: object) -> Change:
    """Dropped, whatever it was: the caller has looked at its state."""
    return Change(next_version(row, state="discarded", reason=reason, **changes), "discarded", who, at, ReplyDiscarded, {"reason": reason})


def drafted(row: ReplyRow, person: Person, at: datetime) -> Change:
    """A person began a reply."""
    return Change(row, "drafted", person.id, at, ReplyDrafted)


def edit(
    row: ReplyRow,
    text: str,
    person: Person,
    book: BrandBook,
    owner: str | None,
    at: datetime,
    *,
    update_due: bool | None = None,
    split: bool | None = None,
) -> Change:
    """A new text by `person`, who is its writer from now on; in parts where that is asked for, or it was before. Whatever was submitted is a draft again.
    Raises `Conflict`."""
    may_become(row, "draft", "edited")
    if row.state == "unconfirmed":
        raise Conflict(f"A reply that is unconfirmed cannot be edited. {_INSTEAD['unconfirmed']}", state=row.state)
    changed = next_version(
        row,
        state="draft",
        text=text,
        writer=person.id,
        writer_role=person.role,
        automatic=False,
        update_due=row.update_due if update_due is None else update_due,
        by_hand=_still_said(row, text, book, at),
        changed=share_changed(row.drafted, text) if row.drafted is not None else 0,
        **UNSENT,
    )
    wanted = bool(row.parts) if split is None else split
    changed = in_parts(changed, book) if wanted else changed.model_copy(update={"parts": []})
    changed = changed.model_copy(update={"digest": digest_of(changed)})
    return Change(weighed(changed, book, owner, at), "edited", person.id, at, ReplyEdited)


def share_changed(before: str, after: str) -> float:
    """How much of a text is other words by now, 0 to 1: the words that only one of the two has, of all words of both. Their order does not count."""
    old, new = Counter(before.split()), Counter(after.split())
    total = old.total() + new.total()
    return round(1 - 2 * (old & new).total() / total, 3) if total else 0.0


def _still_said(row: ReplyRow, text: str, book: BrandBook, at: datetime) -> list[ByHand]:
    try:
        return promised.still_said(row.by_hand, row.brand, row.id, text, row.language, book, at)
    except TimeoutError:
        return [hand for hand in row.by_hand if hand.attached]


def promise(
    row: ReplyRow,
    asked: Sequence[Said],
    none: Sequence[UUID],
    keeps: Sequence[UUID] | None,
    person: Person,
    book: BrandBook,
    owner: str | None,
    at: datetime,
) -> Change:
    """What `person`, who is its writer from now on, says that it promises and which promises it keeps, instead of what was said before. As with another
    text, whatever was submitted is a draft again. Raises `Conflict`, and `Unprocessable` for what cannot be said of this text."""
    may_become(row, "draft", "edited")
    if row.state == "unconfirmed":
        raise Conflict(f"A reply that is unconfirmed cannot be edited. {_INSTEAD['unconfirmed']}", state=row.state)
    try:
        said = promised.by_hand(asked, none, brand=row.brand, reply_id=row.id, text=row.text, language=row.language, book=book, at=at)
    except TimeoutError:
        raise Conflict("The promises in this text take too long to find. Write it more simply, or shorter.") from None
    changed = next_version(
        row,
        state="draft",
        by_hand=said,
        keeps=None if keeps is None else list(dict.fromkeys(keeps)),
        writer=person.id,
        writer_role=person.role,
        automatic=False,
        **UNSENT,
    )
    changed = changed.model_copy(update={"digest": digest_of(changed)})
    detail = {"promises": [hand.model_dump(mode="json", exclude_none=True) for hand in said], "keeps": [str(id) for id in keeps or ()]}
    return Change(weighed(changed, book, owner, at), "promises_said", person.id, at, ReplyEdited, detail)


UNAPPROVED: Mapping[str, object] = {
    "approver": None,
    "approved_at": None,
    "approved_digest": None,
    "signatures": [],
    "despite": None,
    "reviewed_version": 0,
    "sandbox": False,
    "attempts": 0,
    "next_attempt_at": None,
    "claimed_by": None,
    "claimed_at": None,
    "attempt_id": None,
    "transmitting": False,
    "account": None,
    "begun_at": None,
    "looks": 0,
    "waits_for": None,
    "waits_why": None,
    "external_id": None,
    "error": None,
    "delivery": None,
    "delivery_code": None,
    "delivery_at": None,
}
UNSENT: Mapping[str, object] = {
    **UNAPPROVED,
    "submitted_by": None,
    "submitted_at": None,
    "legal_by": None,
    "held_by": None,
    "held_at": None,
}


def submit(row: ReplyRow, person: Person, book: BrandBook, owner: str | None, at: datetime) -> Change:
    """Offer it for approval. Whoever submits a machine's draft takes it as their own. Raises `Conflict`."""
    if row.state != "draft":
        raise Conflict(
            f"A {row.kind} that is {row.state} cannot be submitted. {_INSTEAD.get(row.state, 'It was already.')}", state=row.state
        )
    mine = {"writer": person.id, "writer_role": person.role} if row.automatic or row.writer is None else {}
    changed = next_version(row, state="submitted", submitted_by=person.id, submitted_at=at, automatic=False, returned=None, **mine)
    return Change(weighed(changed, book, owner, at), "submitted", person.id, at, ReplySubmitted)


def send_back(row: ReplyRow, note: str, person: Person, at: datetime) -> Change:
    """Its writer looks at it again, with what a colleague says of it; whatever approvals it had are void. Raises `Conflict`."""
    if row.state != "submitted":
        raise Conflict(f"Only a submitted reply can be sent back; this one is {row.state}.", state=row.state)
    changed = next_version(row, state="draft", returned=Returned(by=person.id, note=note, at=at), **UNSENT)
    return Change(changed, "returned", person.id, at, ReplyEdited, {"note": note})


def discard(row: ReplyRow, reason: str, person: Person, at: datetime) -> Change:
    """Drop it, with a reason that a colleague can look back on. Raises `Conflict` when it is on its way or gone."""
    may_become(row, "discarded", "discarded")
    return discarded(row, reason, person.id, at, automatic=False)


def replaced(row: ReplyRow, person: Person, at: datetime) -> Change:
    """A machine's draft gives way to what a person writes. It stays automatic: when that is discarded, it may come back."""
    return discarded(row, "somebody writes another", person.id, at)


def confirm(row: ReplyRow, sent: bool, note: str, person: Person, at: datetime) -> Change:
    """A person has looked: it reached the customer, or it did not and is a draft again, to be approved anew. Raises `Conflict`."""
    if row.state != "unconfirmed":
        raise Conflict(f"Only an unconfirmed reply can be confirmed; this one is {row.state}.", state=row.state)
    if sent:
        changed = next_version(row, state="sent", sent_at=row.claimed_at or at)
        told = Change(changed, "confirmed_sent", person.id, at, ReplySent, {"note": note})
        if row.delivery != "failed":
            return told
        detail = {"code": row.delivery_code} if row.delivery_code else {}
        return Change(next_version(changed), "bounced", "system", at, ReplyBounced, detail, before=(told,))
    return Change(next_version(row, state="draft", **UNSENT), "confirmed_unsent", person.id, at, ReplyEdited, {"note": note})
