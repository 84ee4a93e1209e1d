"""What lets a reply leave, and what takes that back: its approval, and the legal check. The rules for who may stand in `approval.py`.

A reply, its case and the brand book come in; the changed reply goes out, as in `reply.py`. Pure: no I/O, time passed in.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.errors import Conflict, Forbidden
from libs.common.reply_events import ReplyApproved, ReplyEdited, ReplyOverridden, ReplySubmitted, Signed, Verdict
from libs.common.rules import RuleError
from services.responder import approval, attachment, circumstances, quiet
from services.responder.approval import Requirement, Signature
from services.responder.customer import newer_mention
from services.responder.reply import UNAPPROVED, Change, Person, ReplyRow, may_become, next_version, weighed
from services.responder.seen import NOTHING, Seen, Weighed, missing, sentences, weigh


def approve(
    row: ReplyRow,
    digest: str,
    person: Person,
    book: BrandBook,
    case: Case | None,
    at: datetime,
    *,
    others: Iterable[ReplyRow] = (),
    despite: UUID | None = None,
    despite_reply: UUID | None = None,
    seen: Seen = NOTHING,
    held: Verdict | None = None,
    instead_of: Iterable[tuple[str, str]] = (),
) -> Change:
    """Let exactly this text go to exactly this recipient; of a pilot, into the sandbox and nowhere else. Where the brand book asks for several people, it
    stays submitted with this one's approval until the last of them: `signed` then.

    Raises `Forbidden` when the brand book asks for somebody else, and `Conflict` when the text is another than the approver saw, when the guard
    blocks it or asks about something that is not among what they have `seen`, when its files cannot go with it, when it promises something for a
    moment that has passed, when legal must read it first or has not agreed, when nothing is left to answer, or when the customer has written again
    since; `despite` is the id of that newer message, by somebody who has read it. What it promises stands from here on. Of `others`, replies to the
    same message, none may be on its way or gone, unless `despite_reply` is the id of the newest such, by somebody who has read that. `held` is what a
    hold means for it: it may be approved, and waits. `instead_of` are the colleagues (id, role) who let them approve in their place now.
    """
    may_become(row, "approved", "approved")
    attachment.objection(book, row)
    now = weighed(row, book, case.owner if case else None, at)
    try:
        requirement = approval.required(book, row.writer_role, case.risk if case else (), facts=facts(now, book, case))
        objection = legal_objection(row, book, case)
    except RuleError as error:
        raise Conflict(f"A rule for approvals in the brand book cannot be evaluated, so nobody may approve: {error}") from error
    newer, sibling = newer_mention(row, case) if case else None, circumstances.answered_by(row, others, book.pilot)
    standing = [one for one in standing_signatures(row, case, book, at) if one.who != person.id]
    signature = _signature(row, requirement, standing, person, book, newer.id if newer else None, at, instead_of)
    if digest != row.digest:
        raise Conflict("The text, channel or recipient is not what this digest stands for. Read the reply again.", digest=row.digest)
    if case and case.state in ("merged", "withdrawn"):
        raise Conflict(f"This case is {case.state}: there is nothing to answer in it.")
    before = {code for one in standing for code in one.overrides}
    found = _seen_what_is(now, case, others, book, person, seen, held, before, despite=despite, despite_reply=despite_reply)
    if late := [one for one in now.promises if one.due_at is not None and one.due_at <= at]:
        raise Conflict(
            f"It promises “{late[0].text[:200]}” for a moment that has passed. Edit it, or say with …/promises what it promises instead.",
            promises=[one.model_dump(mode="json") for one in late],
        )
    if objection is not None:
        answer = case.legal_check if case else None
        remedy = _LEGAL_REMEDIES.get(answer or "", _LEGAL_REMEDIES["asked"])
        raise Conflict(f"{objection[0].upper()}{objection[1:]}. {remedy}", legal_check=answer)
    signature = signature.model_copy(update={"confirmed": found.confirmed, "overrides": tuple(one.code for one in found.overrides)})
    overridden = _overridden(now, found, person, at)
    signatures = [*standing, signature]
    detail: dict[str, object] = {"digest": digest}
    detail |= {"despite": str(newer.id)} if newer else {}
    detail |= {"despite_reply": str(sibling.id)} if sibling else {}
    detail |= {"confirmed": list(found.confirmed)} if found.confirmed else {}
    detail |= {"instead_of": signature.hat.of} if signature.hat.of else {}
    steps = (overridden,) if overridden else ()
    so_far = overridden.row if overridden else row
    if missing_still := approval.open_places(requirement, signatures, row.writer or "", row.submitted_by):
        detail["missing"] = [place.words() for place in missing_still]
        return Change(next_version(so_far, signatures=signatures), "signed", person.id, at, None, detail, before=steps)
    changed = next_version(
        so_far,
        state="approved",
        approver=person.id,
        approved_at=at,
        approved_digest=digest,
        signatures=signatures,
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
    detail |= {"signed_before": [one.who for one in standing]} if standing else {}
    signed = [Signed(who=one.who, role=one.hat.role, instead_of=one.hat.of) for one in signatures]
    return Change(changed, "approved", person.id, at, ReplyApproved, detail, said={"signed": signed}, before=steps)


def standing_signatures(row: ReplyRow, case: Case | None, book: BrandBook, at: datetime) -> list[Signature]:
    """The approvals that it has and that hold: of this text, not too long ago, of a pilot or not as the brand is now, and of the newest message."""
    newer = newer_mention(row, case) if case else None
    since = at - book.conduct.approval_expires.elapsed()
    return [
        one
        for one in row.signatures
        if one.digest == row.digest and one.at > since and one.sandbox == book.pilot and one.despite == (newer.id if newer else None)
    ]


def _signature(
    row: ReplyRow,
    requirement: Requirement,
    standing: Sequence[Signature],
    person: Person,
    book: BrandBook,
    despite: UUID | None,
    at: datetime,
    instead_of: Iterable[tuple[str, str]],
) -> Signature:
    """This person's approval, for themselves if that fills a place that is open, else for a colleague. Raises `Forbidden`, and `Conflict` where what they
    can do was done by another."""
    missing_still = approval.open_places(requirement, standing, row.writer or "", row.submitted_by)
    could = False
    for hat in approval.hats(person.id, person.role, book, instead_of):
        one = Signature(who=person.id, hat=hat, digest=row.digest, at=at, sandbox=book.pilot, despite=despite)
        if len(approval.open_places(requirement, [*standing, one], row.writer or "", row.submitted_by)) < len(missing_still):
            return one
        could |= any(approval.fills(place, hat, person.id, row.writer or "", row.submitted_by) for place in requirement.places)
    if could:
        raise Conflict(f"What you can approve has been approved; it waits for {' and '.join(place.words() for place in missing_still)}.")
    raise Forbidden(f"This text must be approved by {requirement.words()}.")


def expired(row: ReplyRow, book: BrandBook, at: datetime) -> Change | None:
    """Put back what was approved so long ago that its approval holds no longer, and a post whose moment has passed; else none."""
    if row.kind == "post":
        if at <= (due := quiet.due(row, book, at)) + book.conduct.posts.late_after.elapsed():
            return None
        return put_back(row, f"its moment, {due.isoformat(timespec='seconds')}, has passed without its being published", at)
    if row.approved_at is None or at < row.approved_at + book.conduct.approval_expires.elapsed():
        return None
    return put_back(row, f"its approval ran out after {book.conduct.approval_expires}", at)


def _seen_what_is(
    row: ReplyRow,
    case: Case | None,
    others: Iterable[ReplyRow],
    book: BrandBook,
    person: Person,
    seen: Seen,
    held: Verdict | None,
    before: Collection[str],
    *,
    despite: UUID | None,
    despite_reply: UUID | None,
) -> Weighed:
    """What they have seen of what is found in the text and around it. Raises `Forbidden`, and `Conflict` that says at once all that is missing."""
    around = circumstances.verdicts(row, case, others, book)
    newer, sibling = newer_mention(row, case) if case else None, circumstances.answered_by(row, others, book.pilot)
    unread: dict[str, tuple[str, str]] = {}
    if newer is not None and despite != newer.id:
        unread["stale"] = ("newest", str(newer.id))
    if sibling is not None and despite_reply != sibling.id:
        unread["duplicate_reply"] = ("sibling", str(sibling.id))
    unread = {verdict.code: unread[verdict.code] for verdict in around if verdict.code in unread and verdict.severity != "hint"}
    # Which message, and which reply, they have read says more than the code.
    named = Seen({*seen.confirmed, *(verdict.code for verdict in around)}, seen.overrides)
    found = weigh([*row.verdicts, *around], named, person.role, book, before)
    said = [*(verdict.message for verdict in around if verdict.code in unread), *sentences(found, book)]
    if not said:
        return replace(found, confirmed=tuple(code for code in found.confirmed if code not in ("stale", "duplicate_reply")))
    in_the_way = [
        *found.blocking,
        *found.asked,
        *(verdict for verdict in around if verdict.code in unread and verdict not in found.blocking),
        *([held] if held else []),
    ]
    more = {**dict(unread.values()), **missing(found), "verdicts": [verdict.model_dump() for verdict in in_the_way]}
    raise Conflict(" ".join(said), **more)


def _overridden(row: ReplyRow, found: Weighed, person: Person, at: datetime) -> Change | None:
    if not found.overrides:
        return None
    detail = {"overrides": [one.model_dump() for one in found.overrides]}
    return Change(next_version(row), "overridden", person.id, at, ReplyOverridden, detail, said={"overrides": list(found.overrides)})


def put_back(row: ReplyRow, why: str, at: datetime, **detail: object) -> Change:
    """Its approval is void, for what it was given for has changed; the text is as it was, and waits for another approval.

    That legal has read the text still holds.
    """
    changed = next_version(row, state="submitted", **UNAPPROVED)
    return Change(changed, "put_back", "system", at, ReplySubmitted, {"why": why, **detail})


def other_way(row: ReplyRow, pilot: bool, at: datetime) -> Change | None:
    """Put back what was approved as practice once the brand is live, and what was approved for the customer once it is a pilot; else none."""
    if row.sandbox == pilot:
        return None
    was, now = ("the sandbox", "pilot: false") if row.sandbox else ("the customer", "pilot: true")
    return put_back(row, f"it was approved for {was}, and the brand book says {now}", at)


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


_LEGAL_REMEDIES: Mapping[str, str] = {
    "": "Record that they did with …/legal-check, then approve.",
    "asked": "Approve once they agree; GET …/cases/{case_id}/consultations in routing shows the question and who has it.",
    "agreed_with_changes": "Make the changes, record that with …/legal-check, then approve.",
    "refused": "Write another answer, and ask them again: POST …/consultations/{id}/reopen in routing.",
}
"""What to do about an objection, by what legal says of the case."""


def legal_objection(row: ReplyRow, book: BrandBook, case: Case | None) -> str | None:
    """Why the legal check keeps this reply of this case, or this post, back; none where it does not. Raises RuleError.

    Whether the case is one for the department is routing's to say, which knows all of its messages. Until it has, the condition is asked here as well, as
    far as it can be: so that nothing leaves in between, and where the book names a department that is not there to be asked.
    """
    asked_for = False
    answer, risk = (case.legal_check, case.risk) if case else (None, ())
    if answer is None and _ONLY_ROUTING_KNOWS.isdisjoint(book.conduct.legal_check.when.conditions()):
        asked_for = approval.held_for_legal(book, row.writer_role, risk, facts=facts(row, book, case))
    read = row.legal_by is not None and answer in (None, row.legal_under)
    return approval.legal_objection(book, answer, asked_for=asked_for, read=read)


_ONLY_ROUTING_KNOWS = frozenset({"pii_any", "hours"})


_OF_CASES = ("urgency", "sentiment", "department", "priority", "intent", "respond", "customer_group", "contact", "followers")


def facts(row: ReplyRow, book: BrandBook, case: Case | None) -> dict[str, object]:
    """What a rule for approvals can ask for. Of a post, which has no case, what only a case has is known to be absent."""
    labels = [parent for label in (case.labels if case else row.labels) for parent in book.label_path(label) or (label,)]
    of_all = {
        "kind": row.kind,
        "channel": row.channel,
        "visibility": row.visibility,
        "language": row.language,
        "labels": labels,
        "verdicts": [verdict.code for verdict in row.verdicts],
    }
    if case is None:
        return {**dict.fromkeys(_OF_CASES), **of_all, "tags": []}
    return {
        **of_all,
        "urgency": case.urgency,
        "sentiment": case.sentiment,
        "department": case.department,
        "priority": case.priority,
        "intent": case.intent,
        "respond": case.respond,
        "customer_group": case.customer_group,
        "contact": case.contact,
        "tags": case.tags,
        "followers": case.latest.author.followers if case.latest else None,
    }
