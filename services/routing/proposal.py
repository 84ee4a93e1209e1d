"""Whether a case is to be answered, as triage proposes it of each mention and people may have chosen since: pure decisions.

The mentions of a case come in; what the case says of itself leaves, and what routing makes of it. A proposal orders work and hides none: it closes no
case and stops no clock, only people do.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common.brandbook import BrandBook
from libs.common.events import Findings, Respond, TriagedMention

QUIET = ("no_reply", "hide")
"""What asks nothing of anybody. What is not proposed at all may be a question, so it weighs more."""
_ASKS = ("no_reply", "hide", None, "ask_clarification", "reply")

_Key = tuple[datetime, UUID]


def _key(triaged: TriagedMention) -> _Key:
    return triaged.mention.received_at, triaged.mention.id


def open_of(present: Sequence[TriagedMention], handled: _Key | None) -> list[TriagedMention]:
    """The live mentions that people have not handled; all of them where they have handled nothing."""
    return [m for m in present if not m.mention.historic and (handled is None or _key(m) > handled)]


def asking(present: Sequence[TriagedMention], handled: _Key | None) -> TriagedMention:
    """The mention that a case is to be answered for, of those that are present (at least one): of the open ones the one that asks most for an answer,
    so that a thank-you does not hide the question before it; the newest where several ask alike, or none is open."""
    return max(open_of(present, handled) or present[-1:], key=lambda m: (_ASKS.index(_decision(m.findings)), _key(m)))


def _decision(findings: Findings) -> str | None:
    found = findings.respond.decision if findings.respond else None
    return found if found in _ASKS else None  # one that a newer triage knows is not known here


def sampled(mention_id: UUID, share: float) -> bool:
    """Whether a mention is in the sample: the same ones on every machine and after every replay."""
    drawn = int.from_bytes(hashlib.blake2b(mention_id.bytes, digest_size=8, person=b"no reply").digest())
    return drawn < share * 2**64


def in_sample(book: BrandBook, mention: TriagedMention) -> bool:
    """Whether people are asked to judge the proposal not to answer this mention."""
    respond = mention.findings.respond
    proposed = respond is not None and respond.decision == "no_reply" and respond.by is None
    live = not mention.mention.historic and not mention.removed
    return proposed and live and sampled(mention.mention.id, book.conduct.no_reply_sample)


def fields(book: BrandBook, present: Sequence[TriagedMention], handled: _Key | None) -> dict[str, Any]:
    """What the case tells of it."""
    asks, waiting = asking(present, handled), open_of(present, handled)
    respond = asks.findings.respond or Respond(decision="", reason="")
    return {
        "intent": asks.findings.intent,
        "respond": respond.decision or None,
        "respond_reason": respond.reason or None,
        "respond_by": respond.by,
        "sample": bool(waiting) and in_sample(book, asks),
        "go_private": any(m.findings.go_private for m in waiting or [asks]),
        "topic_id": next((m.topic_id for m in reversed(present) if m.topic_id is not None), None),
    }


NOTHING: dict[str, Any] = {
    "intent": None,
    "respond": None,
    "respond_reason": None,
    "respond_by": None,
    "sample": False,
    "go_private": False,
    "topic_id": None,
}
"""Those fields of a case that has no mention left."""


def is_quiet(about: dict[str, Any]) -> bool:
    """Whether a case with these fields and this urgency waits behind others by default: it is to have no answer, is not urgent, and nobody is asked to
    judge that."""
    return about["respond"] in QUIET and about["urgency"] not in ("critical", "high") and not about["sample"]


def chosen_department(book: BrandBook, present: Sequence[TriagedMention]) -> str | None:
    """The department that a person said the newest corrected mention is for, where the book has it."""
    chosen = [m.findings.department for m in present if "department" in m.findings.corrected]
    return chosen[-1] if chosen and chosen[-1] is not None and book.department(chosen[-1]) else None


def with_choice(new: TriagedMention, known: TriagedMention | None) -> TriagedMention:
    """A newer state of a mention, with what a person chose here for an answer: that stands, whatever triage says of it before it has heard."""
    chosen = known.findings.respond if known else None
    if chosen is None or chosen.by is None:
        return new
    return new.model_copy(update={"findings": new.findings.model_copy(update={"respond": chosen})})
