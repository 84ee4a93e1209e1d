"""One update to many conversations: what each gets, and what a person approves once for all of them. Pure: no I/O, time passed in.

Everybody who was told that we are looking into it is owed the outcome. One text a language goes to each on its own channel, with its own greeting and
the writer's signature; it is approved once, on exactly the texts that each will get. What a single conversation would be refused for (the guard, legal,
who may approve) leaves that one out and says so.

    preparing ──▶ draft ──▶ approved ──▶ done
        ▲           │          ├──▶ stopped
        │           └──────────┘
        └── a hold came in between: the approval is void, all is judged anew
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.common.bookscripts import Script
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.errors import Conflict, Forbidden
from libs.common.events import deterministic_id
from libs.common.reply_events import ReplySubmitted
from libs.common.rules import RuleError
from services.responder import approval, clearance, customer, reply
from services.responder.follow import ENDED
from services.responder.reply import Change, Person, ReplyRow
from services.responder.script import compose
from services.responder.seen import Seen

_GREETS = re.compile(r"\{(?:groet|greeting)\}", re.IGNORECASE)
MOST = 20_000
"""Conversations of one update."""


class Update(BaseModel):
    """All that is known of an update, but for its conversations."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    brand: str
    version: int = 1
    state: str = "preparing"
    texts: dict[str, str]
    asked: dict[str, Any]
    per_minute: int
    update_due: bool = False
    writer: str
    writer_role: str
    created_at: datetime
    digest: str | None = None
    approver: str | None = None
    approver_role: str | None = None
    confirmed: list[str] = []
    """Codes of the guard that its approver said that they have seen."""
    approved_at: datetime | None = None
    next_at: datetime | None = None
    waits: str | None = None
    reason: str | None = None
    changed_at: datetime
    book_version: int = 0
    traceparent: str | None = None


class Item(BaseModel):
    """A conversation of an update. `told_by` is the reply that said that we are looking into it."""

    model_config = ConfigDict(frozen=True)

    update_id: UUID
    brand: str
    case_id: UUID
    told_by: UUID
    state: str = "listed"
    why: str | None = None
    mention_id: UUID | None = None
    text: str | None = None
    digest: str | None = None
    asks: dict[str, Any] | None = None
    reply_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Asks:
    """Who may approve one conversation's text, as `approval.Requirement` says it."""

    roles: tuple[str, ...]
    by_writer: bool

    def met_by(self, person: Person, update: Update) -> bool:
        requirement = approval.Requirement(self.roles, self.by_writer)
        return approval.may_approve(requirement, person.role, person.id, update.writer, update.writer)


def to_confirm(items: Iterable[Item]) -> list[str]:
    """Codes that the guard asks about in these texts."""
    return sorted({code for item in items for code in (item.asks or {}).get("confirm", ())})


def asks_of(item: Item) -> Asks:
    found = item.asks or {}
    return Asks(tuple(found.get("roles", ())), bool(found.get("by_writer", False)))


def prepared(update: Update, item: Item, told_by: ReplyRow, case: Case | None, book: BrandBook, at: datetime) -> Item:
    """What this conversation would get, or why it is left out. The same inputs give the same text: no greeting depends on the hour."""
    try:
        row = _row(update, case, told_by, book, None, at)
    except Conflict as error:
        return left_out(item, error.detail)
    assert case is not None, "without a case there is no row"
    if blocking := [verdict.code for verdict in row.verdicts if verdict.blocking]:
        return left_out(item, f"the guard holds the text back: {', '.join(dict.fromkeys(blocking))}")
    facts = clearance.facts(row, book, case)
    try:
        requirement = approval.required(book, row.writer_role, case.risk, facts=facts)
        objection = clearance.legal_objection(row, book, case)
    except RuleError as error:
        return left_out(item, f"a rule for approvals in the brand book cannot be evaluated: {error}")
    if objection:
        return left_out(item, f"{objection}: answer it by itself")
    if requirement.also:
        return left_out(item, "the brand book asks for more than one person's approval: answer it by itself")
    confirm = list(dict.fromkeys(verdict.code for verdict in row.verdicts if verdict.severity == "confirm"))
    asks = {"roles": list(requirement.roles), "by_writer": requirement.by_writer, "confirm": confirm}
    return item.model_copy(
        update={"state": "ready", "why": None, "mention_id": row.mention_id, "text": row.text, "digest": row.digest, "asks": asks}
    )


def left_out(item: Item, why: str) -> Item:
    return item.model_copy(update={"state": "left_out", "why": why})


def taken_out(item: Item, why: str) -> Item:
    return item.model_copy(update={"state": "taken_out", "why": why})


def made(
    update: Update,
    item: Item,
    told_by: ReplyRow,
    case: Case | None,
    siblings: Iterable[ReplyRow],
    book: BrandBook,
    book_version: int,
    at: datetime,
) -> tuple[Item, list[Change]]:
    """The reply that this conversation gets, approved by whoever approved the update, or why it was taken out since. Everything that an approval
    asks is asked again, of the case as it is now."""
    try:
        row = _row(update, case, told_by, book, item.text, at)
        assert case is not None, "without a case there is no row"
        if row.digest != item.digest or row.mention_id != item.mention_id:
            return taken_out(item, "where it would go is not where it was approved to go"), []
        assert update.approver is not None, "it is approved"
        assert update.approver_role is not None, "it is approved"
        row = row.model_copy(
            update={"state": "submitted", "submitted_by": update.writer, "submitted_at": update.created_at, "book_version": book_version}
        )
        approver = Person(update.approver, update.approver_role)
        seen = Seen(update.confirmed)
        change = clearance.approve(row, row.digest, approver, book, case, at, others=siblings, despite_reply=told_by.id, seen=seen)
    except (Conflict, Forbidden) as error:
        return taken_out(item, error.detail), []
    if change.row.state != "approved":
        return taken_out(item, "the brand book asks for more than one person's approval"), []
    # A person's approval is from when they gave it: a hold since then makes it void, though this reply is younger.
    approved = change.row.model_copy(update={"approved_at": update.approved_at})
    detail = {"update": str(update.id)}
    changes = [
        Change(row, "submitted", update.writer, at, ReplySubmitted, detail),
        Change(approved, "approved", update.approver, at, change.event, {**change.detail, **detail, "update_digest": update.digest}),
    ]
    return item.model_copy(update={"state": "made", "why": None, "reply_id": row.id}), changes


def _row(update: Update, case: Case | None, told_by: ReplyRow, book: BrandBook, text: str | None, at: datetime) -> ReplyRow:
    """The draft for one conversation, with this text or a newly composed one. Raises `Conflict` with why there is none."""
    if case is None:
        raise Conflict("the case is not known")
    if case.state in ENDED:
        raise Conflict(f"the case is {case.state}")
    if len(case.customers) > 1:
        raise Conflict("people put cases of several customers together here: answer each of them in person")
    if customer.newer_mention(told_by, case) is not None:
        raise Conflict("the customer has written since: answer them in person")
    if case.latest is None:
        raise Conflict("there is no message left to answer")
    if text is None:
        text = composed(update, case, book)
    return reply.new(
        case,
        book,
        id=deterministic_id(update.brand, "update", str(update.id), str(case.id)),
        text=text,
        script=None,
        writer=update.writer,
        writer_role=update.writer_role,
        automatic=False,
        book_version=update.book_version,
        at=at,
        traceparent=update.traceparent,
        update_due=update.update_due,
    ).model_copy(update={"update_id": update.id})


def composed(update: Update, case: Case, book: BrandBook) -> str:
    """Its text for this customer. Raises `Conflict` where there is none in their language."""
    assert case.latest is not None, "the caller has looked"
    text = update.texts.get(case.language)
    if text is None:
        raise Conflict(f"there is no text in {case.language}")
    member = reply.signer(book, update.writer, case.owner)
    script = Script(id="update", language=case.language, text=text)
    latest = case.latest
    greets = bool(_GREETS.search(text))
    return compose(book, member, latest.channel, latest.author.name, script, latest.visibility, greets, variant=latest.id.int % 97)


def digest_of(texts: Mapping[str, str], ready: Iterable[Item]) -> str:
    """SHA-256 in hex of the texts and of what goes to which conversation: one more, one less or one character makes another."""
    listed = sorted((str(item.case_id), item.digest or "") for item in ready)
    return hashlib.sha256(json.dumps([sorted(texts.items()), listed], ensure_ascii=True, separators=(",", ":")).encode("ascii")).hexdigest()
