"""A reply from draft to sent: what is known of it, which steps there are, and who may take them.

A reply, its case and the brand book come in; the changed reply goes out, with the event that tells of it and a line for its history. Pure: no I/O,
time passed in. The steps between approved and sent are statements of `attempts.py`; what a case means for its replies stands in `follow.py`.

                  ┌─ put back ─┬────────────┐
                  ▼            │            │
    draft ──▶ submitted ──▶ approved ──▶ sending ──▶ sent
      ▲           │            ▲            ├──▶ failed ─────── edited ──▶ draft
      └── edited ─┘            └── again ───┤
                                            └──▶ unconfirmed ── a person looks ──▶ sent, or draft
          draft, submitted, approved, failed ──▶ discarded

Put back is what was approved against something that has changed, until the moment at which it begins to be transmitted: a person approves it anew.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook, Script
from libs.common.case_events import Case
from libs.common.errors import Conflict, Forbidden
from libs.common.events import Mention
from libs.common.outbox import Outgoing
from libs.common.reply_events import (
    Reply,
    ReplyApproved,
    ReplyDiscarded,
    ReplyDrafted,
    ReplyEdited,
    ReplyEvent,
    ReplyPromise,
    ReplySent,
    ReplySubmitted,
    Verdict,
)
from libs.common.rules import RuleError
from services.responder import approval, guard, promised
from services.responder.lengths import family
from services.responder.promised import ByHand, Said
from services.responder.script import compose, pick_script

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

# RFC 5322, 3.6.4, loosely: what cannot break a header when it stands in one.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")


class Recipient(BaseModel):
    """To whom, and as an answer to what. `name` is what they call themselves."""

    model_config = ConfigDict(frozen=True)

    kind: str
    value: str
    name: str | None = None
    answers: str | None = None
    """The channel's own id of the message that this answers."""
    subject: str | None = None
    references: tuple[str, ...] = ()
    """Of a mail: the Message-IDs of its conversation, in their angle brackets, oldest first."""

    def key(self, visibility: str) -> str:
        """What an approval is bound to, beside the text: the same words in public are another message."""
        return "\x1f".join((self.kind, self.value, visibility, self.answers or ""))


class ReplyRow(Reply):
    """All that is known of a reply: what its events tell, and what stays here."""

    version: int = 1
    language: str
    first_reply: bool
    recipient: Recipient
    automatic: bool = False
    writer_role: str = "agent"
    legal_by: str | None = None
    legal_under: str | None = None
    """What legal said of the case (`Case.legal_check`) when `legal_by` recorded that the text is as they want it."""
    by_hand: list[ByHand] = Field(default=[])
    submitted_by: str | None = None
    submitted_at: datetime | None = None
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

    def outgoing(self, traceparent: str | None = None) -> Outgoing | None:
        """The event to tell, keyed by case; in the trace of the request that caused it, else in that of the reply."""
        if self.event is None:
            return None
        row = self.row
        event = self.event(brand=row.brand, book_version=row.book_version, reply=row, at=self.at, actor=self.who)
        return Outgoing(event, str(row.id), row.version, str(row.case_id), traceparent or row.traceparent)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks for a step: a token's subject, which is the team member's id where it is one of the team, and role."""

    id: str
    role: str


# --- to whom ------------------------------------------------------------------------------------------------------------------------


def recipient_of(mention: Mention) -> Recipient | None:
    """The author of a mention as somebody to answer; none when a mail has no address to answer to."""
    identities = mention.author.identities
    if family(mention.channel) == "email":
        identities = [identity for identity in identities if identity.kind == "email"]
    if not identities:
        return None
    return Recipient(
        kind=identities[0].kind,
        value=identities[0].value,
        name=mention.author.name,
        answers=mention.external_id,
        subject=mention.title,
        references=_references(mention) if family(mention.channel) == "email" else (),
    )


def _references(mention: Mention) -> tuple[str, ...]:
    """The Message-IDs of a mail's conversation, oldest first, its own last: that stands in its URL (mid:, RFC 2392)."""
    thread = mention.thread
    told = [thread.id, thread.in_reply_to] if thread else []
    if mention.url and mention.url.startswith("mid:"):
        told.append(unquote(mention.url.removeprefix("mid:")))
    found = [f"<{part.strip('<>')}>" for part in told if part]
    return tuple(dict.fromkeys(part for part in found if _MESSAGE_ID.fullmatch(part)))


# --- writing ------------------------------------------------------------------------------------------------------------------------


def signer(book: BrandBook, writer: str | None, owner: str | None) -> Member:
    """In whose name a reply is signed: its writer when that is one of the team, else the case's owner."""
    return (book.member(writer) if writer else None) or (book.member(owner) if owner else None) or _NOBODY


def judge(book: BrandBook, row: ReplyRow, owner: str | None) -> list[Verdict]:
    """What the guard says of the text as it stands.

    Where neither writer nor owner is of the team (tokens of an issuer with names of its own, a case of nobody), any member's signature will do.
    """
    member = signer(book, row.writer, owner)
    found = guard.check(_draft(row, member), book)
    if member is _NOBODY and guard.signed_by(_draft(row, member), book.team, book):
        return [verdict for verdict in found if verdict.code not in guard.SIGNATURE]
    return found


def _draft(row: ReplyRow, member: Member) -> guard.Draft:
    return guard.Draft(
        text=row.text,
        channel=row.channel,
        visibility=row.visibility,
        first_reply=row.first_reply,
        member=member,
        language=row.language,
    )


def digest_of(row: ReplyRow) -> str:
    """What an approval of this reply is bound to: where it goes, its text, and what people say that it promises and keeps. What is found in the text
    follows from the text."""
    said = [hand.model_dump(mode="json") for hand in row.by_hand]
    kept = [] if row.keeps is None else [[str(id) for id in row.keeps]]
    return approval.text_digest(row.channel, row.recipient.key(row.visibility), row.text, [said, *kept] if said or kept else [])


def weighed(row: ReplyRow, book: BrandBook, owner: str | None, at: datetime) -> ReplyRow:
    """The row with what the guard says of its text and what it promises, as of `at`."""
    verdicts = judge(book, row, owner)
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


def from_script(book: BrandBook, case: Case, mention: Mention, script: Script, writer: str | None) -> str:
    """A first text. The same case gives the same text: no greeting depends on the hour at which it was made."""
    return compose(
        book,
        signer(book, writer, case.owner),
        mention.channel,
        mention.author.name,
        script,
        mention.visibility,
        case.replied_at is None,
        variant=mention.id.int % 97,
    )


def suited_script(book: BrandBook, case: Case) -> Script | None:
    """The script for what the case is about, in the customer's language."""
    return pick_script(book, case.labels, case.language)


def as_for(case: Case, mention_id: UUID | None) -> Case | None:
    """The case as the author of this message has it: what they wrote last there, their language, and whether they were answered before. None for a message
    that is not the newest of its thread: which to answer is the newest. No message named: the case's newest.

    In a case that people put together each customer is answered on their own, and nothing of another one's is in an answer.
    """
    latest = case.latest
    if not case.customers or latest is None:
        return case if mention_id is None or (latest is not None and latest.id == mention_id) else None
    wanted = mention_id or latest.id
    for customer in case.customers:
        mention = next((mention for mention in customer.latest if mention.id == wanted), None)
        if mention is not None:
            own = {"language": customer.language, "labels": customer.labels, "replied_at": customer.replied_at}
            return case.model_copy(update={**own, "latest": latest if latest.id == wanted else mention, "channel": mention.channel})
    return None


def to_answer(case: Case) -> list[Case]:
    """The case as each of its customers has it who has no answer yet; itself where people have put nothing together."""
    if not case.customers:
        return [case]
    found = [as_for(case, customer.latest[-1].id) for customer in case.customers if customer.unanswered and customer.latest]
    return [own for own in found if own is not None]


def of_one_customer(case: Case, one: UUID | None, other: UUID | None) -> bool:
    """Whether two messages of a case are of one customer, as far as it matters for answers."""
    by = {mention.id: mention.customer_id for mention in case.mentions}
    return not case.customers or (one in by and other in by and by[one] == by[other])


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
        digest=approval.text_digest(mention.channel, recipient.key(mention.visibility), text),
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
    )
    return weighed(row, book, case.owner, at)


# --- what people do -----------------------------------------------------------------------------------------------------------------


def next_version(row: ReplyRow, **changes: object) -> ReplyRow:
    """The row with these changes, a version on."""
    return row.model_copy(update={**changes, "version": row.version + 1})


def _may_become(row: ReplyRow, state: str, what: str) -> None:
    if state not in _STEPS[row.state]:
        raise Conflict(f"A reply that is {row.state} cannot be {what}. {_INSTEAD.get(row.state, 'Submit it first.')}", state=row.state)


def discarded(row: ReplyRow, reason: str, who: str, at: datetime, **changes: object) -> Change:
    """Dropped, whatever it was: the caller has looked at its state."""
    return Change(next_version(row, state="discarded", reason=reason, **changes), "discarded", who, at, ReplyDiscarded, {"reason": reason})


def drafted(row: ReplyRow, person: Person, at: datetime) -> Change:
    """A person began a reply."""
    return Change(row, "drafted", person.id, at, ReplyDrafted)


def edit(
    row: ReplyRow, text: str, person: Person, book: BrandBook, owner: str | None, at: datetime, *, update_due: bool | None = None
) -> Change:
    """A new text by `person`, who is its writer from now on. Whatever was submitted is a draft again. Raises `Conflict`."""
    _may_become(row, "draft", "edited")
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
        **_UNSENT,
    )
    changed = changed.model_copy(update={"digest": digest_of(changed)})
    return Change(weighed(changed, book, owner, at), "edited", person.id, at, ReplyEdited)


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
    _may_become(row, "draft", "edited")
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
        **_UNSENT,
    )
    changed = changed.model_copy(update={"digest": digest_of(changed)})
    detail = {"promises": [hand.model_dump(mode="json", exclude_none=True) for hand in said], "keeps": [str(id) for id in keeps or ()]}
    return Change(weighed(changed, book, owner, at), "promises_said", person.id, at, ReplyEdited, detail)


_UNAPPROVED: Mapping[str, object] = {
    "approver": None,
    "approved_at": None,
    "despite": None,
    "reviewed_version": 0,
    "sandbox": False,
    "attempts": 0,
    "next_attempt_at": None,
    "claimed_by": None,
    "claimed_at": None,
    "attempt_id": None,
    "transmitting": False,
    "external_id": None,
    "error": None,
}
_UNSENT: Mapping[str, object] = {
    **_UNAPPROVED,
    "submitted_by": None,
    "submitted_at": None,
    "legal_by": None,
    "held_by": None,
    "held_at": None,
}


def submit(row: ReplyRow, person: Person, book: BrandBook, owner: str | None, at: datetime) -> Change:
    """Offer it for approval. Whoever submits a machine's draft takes it as their own. Raises `Conflict`."""
    if row.state != "draft":
        raise Conflict(f"A reply that is {row.state} cannot be submitted. {_INSTEAD.get(row.state, 'It was already.')}", state=row.state)
    mine = {"writer": person.id, "writer_role": person.role} if row.automatic or row.writer is None else {}
    changed = next_version(row, state="submitted", submitted_by=person.id, submitted_at=at, automatic=False, **mine)
    return Change(weighed(changed, book, owner, at), "submitted", person.id, at, ReplySubmitted)


def approve(
    row: ReplyRow,
    digest: str,
    person: Person,
    book: BrandBook,
    case: Case,
    at: datetime,
    *,
    others: Iterable[ReplyRow] = (),
    despite: UUID | None = None,
    despite_reply: UUID | None = None,
) -> Change:
    """Let exactly this text go to exactly this recipient; of a pilot, into the sandbox and nowhere else.

    Raises `Forbidden` when the brand book asks for somebody else, and `Conflict` when the text is another than the approver saw, when the guard
    blocks it, when it promises something for a moment that has passed, when legal must read it first or has not agreed, when nothing is left to answer,
    or when the customer has written again since; `despite` is the id of that newer message, by somebody who has read it. What it promises stands from
    here on. Of `others`, replies to the same message, none may be on its way or gone, unless `despite_reply` is the id of the newest such, by somebody
    who has read that.
    """
    _may_become(row, "approved", "approved")
    known = facts(row, book, case)
    try:
        requirement = approval.required(book, row.writer_role, case.risk, facts=known)
        objection = legal_objection(row, book, case)
    except RuleError as error:
        raise Conflict(f"A rule for approvals in the brand book cannot be evaluated, so nobody may approve: {error}") from error
    if not approval.may_approve(requirement, person.role, person.id, row.writer or "", row.submitted_by):
        who = [f"another {role}" for role in requirement.roles] + (["its writer"] if requirement.by_writer else [])
        raise Forbidden(f"This text must be approved by {' or '.join(who) or 'somebody else'}.")
    if digest != row.digest:
        raise Conflict("The text, channel or recipient is not what this digest stands for. Read the reply again.", digest=row.digest)
    if case.state in ("merged", "withdrawn"):
        raise Conflict(f"This case is {case.state}: there is nothing to answer in it.")
    newer = newer_mention(row, case)
    if newer is not None and despite != newer.id:
        raise Conflict(
            f"A newer message has come in since; read it first. Approve with despite={newer.id} to send this all the same.",
            newest=str(newer.id),
        )
    sibling = answered_by(row, others, book.pilot)
    if sibling is not None and despite_reply != sibling.id:
        raise Conflict(
            f"Another reply to this message is {sibling.state}; read it first. Approve with despite_reply={sibling.id} to send this one too.",
            sibling=str(sibling.id),
        )
    now = weighed(row, book, case.owner, at)
    if blocking := [verdict for verdict in now.verdicts if verdict.blocking]:
        codes = ", ".join(dict.fromkeys(verdict.code for verdict in blocking))
        raise Conflict(f"The guard holds this text back: {codes}. Edit it.", verdicts=[verdict.model_dump() for verdict in blocking])
    if late := [one for one in now.promises if one.due_at is not None and one.due_at <= at]:
        raise Conflict(
            f"It promises “{late[0].text[:200]}” for a moment that has passed. Edit it, or say with …/promises what it promises instead.",
            promises=[one.model_dump(mode="json") for one in late],
        )
    if objection is not None:
        remedy = _LEGAL_REMEDIES.get(case.legal_check or "", _LEGAL_REMEDIES["asked"])
        raise Conflict(f"{objection[0].upper()}{objection[1:]}. {remedy}", legal_check=case.legal_check)
    changed = next_version(
        row,
        state="approved",
        approver=person.id,
        approved_at=at,
        next_attempt_at=at,
        despite=newer.id if newer else None,
        sandbox=book.pilot,
        verdicts=now.verdicts,
        promises=now.promises,
        attempts=0,
        error=None,
        held_by=None,
        held_at=None,
        reviewed_version=0,
    )
    detail = {"digest": digest}
    detail |= {"despite": str(newer.id)} if newer else {}
    detail |= {"despite_reply": str(sibling.id)} if sibling else {}
    return Change(changed, "approved", person.id, at, ReplyApproved, detail)


_LEGAL_REMEDIES: Mapping[str, str] = {
    "": "Record that they did with …/legal-check, then approve.",
    "asked": "Approve once they agree; GET …/cases/{case_id}/consultations in routing shows the question and who has it.",
    "agreed_with_changes": "Make the changes, record that with …/legal-check, then approve.",
    "refused": "Write another answer, and ask them again: POST …/consultations/{id}/reopen in routing.",
}
"""What to do about an objection, by what legal says of the case."""


def legal_objection(row: ReplyRow, book: BrandBook, case: Case) -> str | None:
    """Why the legal check keeps this reply of this case back; none where it does not. Raises RuleError.

    Whether the case is one for the department is routing's to say, which knows all of its messages. Until it has, the condition is asked here as well, as
    far as it can be: so that nothing leaves in between, and where the book names a department that is not there to be asked.
    """
    asked_for = False
    if case.legal_check is None and _ONLY_ROUTING_KNOWS.isdisjoint(book.conduct.legal_check.when.conditions()):
        more = {name: getattr(case, name) for name in ("intent", "respond", "customer_group", "contact", "tags")}
        asked_for = approval.held_for_legal(book, row.writer_role, case.risk, facts={**facts(row, book, case), **more})
    read = row.legal_by is not None and case.legal_check in (None, row.legal_under)
    return approval.legal_objection(book, case.legal_check, asked_for=asked_for, read=read)


_ONLY_ROUTING_KNOWS = frozenset({"pii_any", "hours"})


def answered_by(row: ReplyRow, others: Iterable[ReplyRow], pilot: bool) -> ReplyRow | None:
    """Of other replies to the same message, the one last approved of those that reach the customer, or may; in a pilot, the sandbox."""
    leaving = [
        other
        for other in others
        if other.id != row.id and other.sandbox == pilot and other.state in ("approved", "sending", "sent", "unconfirmed")
    ]
    return max(leaving, key=lambda other: (other.approved_at or other.created_at, other.id), default=None)


def put_back(row: ReplyRow, why: str, at: datetime, **detail: object) -> Change:
    """Its approval is void, for what it was given for has changed; the text is as it was, and waits for another approval.

    That legal has read the text still holds.
    """
    changed = next_version(row, state="submitted", **_UNAPPROVED)
    return Change(changed, "put_back", "system", at, ReplySubmitted, {"why": why, **detail})


def other_way(row: ReplyRow, pilot: bool, at: datetime) -> Change | None:
    """Put back what was approved as practice once the brand is live, and what was approved for the customer once it is a pilot; else none."""
    if row.sandbox == pilot:
        return None
    was, now = ("the sandbox", "pilot: false") if row.sandbox else ("the customer", "pilot: true")
    return put_back(row, f"it was approved for {was}, and the brand book says {now}", at)


def newer_mention(row: ReplyRow, case: Case) -> Mention | None:
    """The case's newest mention when it came after the one that this answers; in a case that people put together, the newest of the same customer.

    Another newest mention is not always a newer one: what this answers may have been taken back, or belong to another case by now.
    """
    latest = case.latest
    if case.customers:
        theirs = [one.latest[-1] for one in case.customers if one.latest and of_one_customer(case, one.latest[-1].id, row.mention_id)]
        latest = theirs[0] if theirs else None
    if latest is None or latest.id == row.mention_id:
        return None
    still_there = any(mention.id == row.mention_id for mention in case.mentions)
    return latest if still_there or latest.received_at > row.created_at else None


def legal_check(
    row: ReplyRow, digest: str, note: str, person: Person, book: BrandBook, at: datetime, *, answer: str | None = None
) -> Change:
    """Record that the legal department has read exactly this text. By one of them, or by a lead or spokesperson who asked them.

    `answer` is what the department says of the case (`Case.legal_check`). Where it agreed with changes, this records that the text has them, by
    anybody but a trainee. Raises `Conflict` while it was asked and has not agreed, or has refused: that is answered in routing, once for all.

    Reading is not writing: a machine's draft stays one, and whoever submits it takes it as their own.
    """
    if answer not in (None, "agreed", "agreed_with_changes"):
        raise Conflict(
            f"The legal department was asked about this case (legal_check: {answer}). It answers that question; "
            "GET …/cases/{case_id}/consultations in routing shows it.",
            legal_check=answer,
        )
    legal = book.department(book.conduct.legal_check.department)
    of_legal = person.role in ("lead", "spokesperson", "admin") or person.id in (legal.members if legal else ())
    if not of_legal and (answer != "agreed_with_changes" or person.role == "trainee"):
        raise Forbidden("That legal has read a text is recorded by one of them, a lead or a spokesperson.")
    if row.state not in ("draft", "submitted"):
        raise Conflict(f"A reply that is {row.state} is past legal's check.", state=row.state)
    if digest != row.digest:
        raise Conflict("The text, channel or recipient is not what this digest stands for. Read the reply again.", digest=row.digest)
    changed = next_version(row, legal_by=person.id, legal_under=answer)
    return Change(changed, "legal_checked", person.id, at, ReplyEdited, {"note": note, "digest": digest})


def discard(row: ReplyRow, reason: str, person: Person, at: datetime) -> Change:
    """Drop it, with a reason that a colleague can look back on. Raises `Conflict` when it is on its way or gone."""
    _may_become(row, "discarded", "discarded")
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
        return Change(changed, "confirmed_sent", person.id, at, ReplySent, {"note": note})
    return Change(next_version(row, state="draft", **_UNSENT), "confirmed_unsent", person.id, at, ReplyEdited, {"note": note})


def facts(row: ReplyRow, book: BrandBook, case: Case) -> dict[str, object]:
    """What a rule for approvals can ask for."""
    labels = [parent for label in case.labels for parent in book.label_path(label) or (label,)]
    return {
        "channel": row.channel,
        "visibility": row.visibility,
        "language": row.language,
        "urgency": case.urgency,
        "sentiment": case.sentiment,
        "department": case.department,
        "priority": case.priority,
        "labels": labels,
    }
