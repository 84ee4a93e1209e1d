"""What a person may decide about a mention, and what triage had found: pure.

A finding with its values, as a request names them, comes in; the same leaves, known to mean something in this brand.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from libs.common.auth import Principal
from libs.common.brandbook import BrandBook
from libs.common.errors import Forbidden, Unprocessable
from libs.common.events import Findings
from libs.common.rules import INTENTS, RESPONSES, SENTIMENTS, URGENCIES

Finding = Literal["sentiment", "intent", "labels", "urgency", "respond", "department"]
FINDINGS: tuple[Finding, ...] = get_args(Finding)
NOTHING_TO_DO = "none"
"""The department of what no department needs to look at."""


def by_a_person(principal: Principal) -> None:
    """Raises `Forbidden` for a machine: what it says of a message would come back to it as what people think."""
    if principal.machine:
        raise Forbidden("A machine client cannot correct what a machine proposed: the brand's models learn from people.")


def checked(book: BrandBook, finding: Finding, values: Sequence[str], reason: str | None) -> list[str]:
    """The values, each once. Raises `Unprocessable`, naming what there is, for a value that the finding cannot have in this brand, for another
    number of values than it has, and for a choice about answering without a reason."""
    known: Sequence[str] = {
        "sentiment": SENTIMENTS,
        "intent": INTENTS,
        "urgency": URGENCIES,
        "respond": RESPONSES,
        "labels": [label.name for label in book.labels],
        "department": [*(department.id for department in book.departments), NOTHING_TO_DO],
    }[finding]
    for value in values:
        if value not in known:
            raise Unprocessable(f"{finding}: {value[:100]!r} is not one of {', '.join(known) or 'none: the brand book has no labels'}.")
    if finding != "labels" and len(values) != 1:
        raise Unprocessable(f"{finding} is one value, and {len(values)} were given.")
    if finding == "respond" and not (reason or "").strip():
        raise Unprocessable("Say why, as `reason`: whether to answer is a decision that a colleague can look back on.")
    return list(dict.fromkeys(values))


def found(findings: Findings, finding: Finding) -> list[str]:
    """What triage says of it; empty where it says nothing."""
    if finding == "labels":
        return [label.name for label in findings.labels]
    if finding == "respond":
        return [findings.respond.decision] if findings.respond else []
    value = getattr(findings, finding)
    return [value] if value else []


def taken_back(proposed: Sequence[str]) -> str:
    """What a choice not to answer becomes when a person takes it back: what triage had proposed if that was an answer, else a reply."""
    return proposed[0] if proposed and proposed[0] in ("reply", "ask_clarification") else "reply"
