"""The machine's draft of a case: what it should be now, and what a newer version of the case means for the replies that there are.

A case as routing last told of it, its replies and the brand book come in; changed replies go out. Pure: no I/O, time passed in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from libs.common.bookscripts import Script
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.events import deterministic_id
from libs.common.reply_events import ReplyDrafted, ReplyEdited
from libs.common.rules import RuleError
from services.responder.clearance import legal_objection, put_back
from services.responder.customer import newer_mention, to_answer
from services.responder.recipient import recipient_of
from services.responder.reply import Change, ReplyRow, discarded, from_script, new, next_version, suited_script
from services.responder.rotation import Used

ENDED = frozenset({"merged", "withdrawn", "resolved", "closed"})
"""States of a case in which nobody works on an answer."""
_ANSWERED = frozenset({"draft", "submitted", "approved", "sending", "sent", "unconfirmed"})


def automatic_draft(
    case: Case,
    rows: Iterable[ReplyRow],
    book: BrandBook,
    book_version: int,
    at: datetime,
    traceparent: str | None,
    team: Sequence[Script] = (),
    used: Sequence[Used] = (),
) -> ReplyRow | None:
    """The draft that this case should have without anybody's doing; none when it should have none.

    A function of the case as it is now and of what people did, never of the way there: events that come twice, late, or not at all
    because a newer one overtook them end in the same draft. What was `used` lately on its topic decides on its wording once, when it is first made.
    """
    rows = list(rows)
    mention = case.latest
    if mention is None or case.historic or case.state not in ("new", "open") or recipient_of(mention) is None:
        return None
    if any(row.mention_id == mention.id and not row.automatic and row.state in _ANSWERED for row in rows):
        return None
    script = suited_script(book, case, team)
    if script is None:
        return None
    owner = book.member(case.owner) if case.owner else None
    id = deterministic_id(case.brand, "auto-draft", str(case.id), str(mention.id))
    mine = [row for row in sorted(rows, key=lambda row: row.created_at, reverse=True) if not row.automatic]
    here = [Used(row.script, row.variant, row.text) for row in mine if row.state in _ANSWERED]
    before = next((row for row in rows if row.id == id), None)
    made = from_script(book, case, mention, script, case.owner, used=[*here, *used], same_as=before)
    return new(
        case,
        book,
        id=id,
        text=made.text,
        made=made,
        script=script.id,
        writer=case.owner,
        writer_role=owner.role if owner else "agent",
        automatic=True,
        book_version=book_version,
        at=at,
        traceparent=traceparent,
        update_due=script.update_due,
    )


def overtaken(row: ReplyRow, case: Case, book: BrandBook, at: datetime) -> Change | None:
    """What becomes of an approved reply, now that its case is this; none while it is still what it was approved as.

    Put back when the customer has written since the newest message that its approver had read, and when the legal department was asked about the case
    since or has refused; discarded when all that they wrote was taken back.
    A case that a person resolved keeps what was approved: that was meant as its last word. Not so where they decided that nobody answers.
    """
    if case.state == "withdrawn":
        return discarded(row, "the case is withdrawn", "system", at)
    if case.unanswered:
        return discarded(row, "a person decided that the case gets no reply", "system", at)
    newer = newer_mention(row, case)
    if newer is not None and newer.id != row.despite:
        return put_back(row, "a newer message has come in since it was approved", at, newest=str(newer.id))
    return _kept_for_legal(row, case, book, at)


def _kept_for_legal(row: ReplyRow, case: Case, book: BrandBook, at: datetime) -> Change | None:
    try:
        objection = legal_objection(row, book, case)
    except RuleError as error:
        objection = f"the brand book's condition for the legal check cannot be evaluated: {error}"
    if objection is None:
        return None
    change = put_back(row, objection, at, legal_check=case.legal_check)
    return replace(change, row=change.row.model_copy(update={"legal_by": None})) if _void(row, case) else change


def _void(row: ReplyRow, case: Case) -> bool:
    """Whether it no longer counts that legal has read the text: it was asked about the whole case since then, or has refused."""
    return row.legal_by is not None and case.legal_check in ("asked", "refused")


_FOLLOWS_CASE = (
    "text",
    "digest",
    "channel",
    "visibility",
    "recipient",
    "language",
    "first_reply",
    "script",
    "writer",
    "writer_role",
    "verdicts",
    "update_due",
)


_ORIGIN = ("variant", "script_digest", "greeting", "drafted", "topic_id")
"""What its text was made from: no news by itself."""


def follow_case(
    case: Case,
    was: str,
    rows: Sequence[ReplyRow],
    book: BrandBook,
    *,
    book_version: int,
    at: datetime,
    traceparent: str | None,
    team: Sequence[Script] = (),
    used: Sequence[Used] = (),
) -> list[Change]:
    """What a newer version of a case means for its replies. `was` is the case's state before, "" when it is new to us.

    Untouched automatic drafts follow the case; one for each of its customers where people put cases together. What people wrote is theirs: discarded
    when the case comes to an end, unless it was approved, or a person put the case into another one, where it answers the same message; what was
    approved and has not begun to leave is looked at by `overtaken`. (One whose transmission was refused is, when it is claimed again.) What legal had
    read of a text before it was asked about the case is void.
    """
    changes: list[Change] = []
    found = (automatic_draft(own, rows, book, book_version, at, traceparent, team, used) for own in to_answer(case))
    wanted = {draft.id: draft for draft in found if draft is not None}
    for row in rows:
        ended = (
            case.state in ENDED and not case.merged_by and was not in ENDED and row.state in ("draft", "submitted") and not row.automatic
        )
        superseded = row.automatic and row.state == "draft" and row.id not in wanted
        if ended or superseded:
            reason = f"the case is {case.state}" if case.state in ENDED else "it answers what is no longer the question"
            changes.append(discarded(row, reason, "system", at))
        leaves = row.state == "approved" or (row.state == "sending" and not row.transmitting)
        if leaves and (change := overtaken(row, case, book, at)):
            changes.append(change)
        if row.state in ("draft", "submitted") and not (ended or superseded) and _void(row, case):
            changes.append(Change(next_version(row, legal_by=None), "legal_void", "system", at, ReplyEdited))
    known = {row.id: row for row in [*rows, *(change.row for change in changes)]}
    for draft in wanted.values():
        changes += _drafted(draft, known.get(draft.id), at)
    return changes


def _drafted(wanted: ReplyRow, known: ReplyRow | None, at: datetime) -> list[Change]:
    """The machine's draft becomes what it should be by now."""
    if known is None:
        return [Change(wanted, "drafted", "system", at, ReplyDrafted)]
    if not known.automatic:
        return []
    content = {name: getattr(wanted, name) for name in _FOLLOWS_CASE}
    if wanted.digest != known.digest:
        content["legal_by"] = None  # legal read another text
    promises = wanted.promises  # by themselves they are no news: when they are due moves with the time
    origin = {name: getattr(wanted, name) for name in _ORIGIN}
    if known.state == "discarded":
        row = next_version(known, state="draft", reason=None, promises=promises, **origin, **content)
        return [Change(row, "drafted", "system", at, ReplyDrafted)]
    if any(getattr(known, name) != value for name, value in content.items()):
        return [Change(next_version(known, promises=promises, **origin, **content), "edited", "system", at, ReplyEdited)]
    return []
