"""What a hold stops: one reply, or one post, against one hold's scope. Pure: no I/O.

Routing asks here whether the conditions of a new hold can be evaluated at all; the responder asks before anything begins to leave.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.events import HoldScope
from libs.common.rules import RuleError, When, matches

MOST_STANDING: Final = 20
"""Holds of one brand that stand at once: all of them travel with every lease."""
MOST_CASES: Final = 100
"""Cases that one hold names."""


@dataclass(frozen=True, slots=True)
class Sendable:
    """Something that is about to leave. `facts` are what conditions may ask for; none where what it answers is not known."""

    facts: Mapping[str, object] | None
    topic_id: UUID | None = None
    case_ids: frozenset[UUID] = frozenset()
    any_topic: bool = False
    """Nobody said which topic it is about: it may be about any."""


def sendable(book: BrandBook, case: Case | None, *, case_id: UUID, channel: str, visibility: str, language: str) -> Sendable:
    """A reply. `case` is the one in which what it answers is now, `case_id` the one that it was written in."""
    if case is None:
        return Sendable(None, None, frozenset({case_id}))
    facts: dict[str, object] = {
        "kind": "reply",
        "channel": channel,
        "visibility": visibility,
        "language": language,
        "urgency": case.urgency,
        "sentiment": case.sentiment,
        "intent": case.intent,
        "respond": case.respond,
        "department": case.department,
        "priority": case.priority,
        "customer_group": case.customer_group,
        "contact": case.contact,
        "labels": [known for label in case.labels for known in book.label_path(label) or (label,)],
        "risk": case.risk,
        "tags": case.tags,
    }
    return Sendable(facts, case.topic_id, frozenset({case_id, case.id, *case.merged_cases}))


def sendable_post(book: BrandBook, *, channel: str, language: str, labels: Collection[str], topic_id: UUID | None) -> Sendable:
    """A post. It has no case: a condition on anything that only a case has is in doubt, and stops it."""
    facts: dict[str, object] = {"kind": "post", "channel": channel, "visibility": "public", "language": language}
    if labels:
        facts["labels"] = [known for label in labels for known in book.label_path(label) or (label,)]
    return Sendable(facts, topic_id, any_topic=topic_id is None)


_ASKABLE: Final[Mapping[str, object]] = dict.fromkeys(
    (
        "kind",
        "channel",
        "visibility",
        "language",
        "urgency",
        "sentiment",
        "intent",
        "respond",
        "department",
        "priority",
        "customer_group",
        "contact",
    )
) | dict.fromkeys(("labels", "risk", "tags"), ())


def check(when: When) -> None:
    """Raises `RuleError` when a condition asks for what is not known of something that is about to leave."""
    matches(when, _ASKABLE)


def stops(scope: HoldScope, about: Sendable) -> bool:
    """Whether a hold with this scope stops it. In doubt it does: where a condition cannot be evaluated, or what it answers is not known."""
    if scope.case_ids and not about.case_ids.intersection(scope.case_ids):
        return False
    if about.facts is None:
        return True
    if scope.topic_id is not None and about.topic_id != scope.topic_id and not about.any_topic:
        return False
    try:
        return matches(scope.when, about.facts)
    except RuleError:
        return True
