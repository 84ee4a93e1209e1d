"""What a person decided about a mention: findings and a correction reach this module, findings as they are from then on leave it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from libs.common.errors import InvalidEvent
from libs.common.events import FindingCorrected, Findings, Label, Respond
from services.triage.brandheads import CLASSES, LABELS

WHY: Final = "decided by a person"
_LONGEST_NAME = 100
NOTHING_TO_DO: Final = "none"
"""The department of what no department needs to look at."""
_MOST_LABELS = 50


@dataclass(frozen=True, slots=True)
class Correction:
    """A person's word on one finding of one mention."""

    id: UUID
    brand: str
    mention_id: UUID
    finding: str
    chosen: tuple[str, ...]
    proposed: tuple[str, ...]
    reason: str | None
    actor: str
    at: datetime


def read(event: FindingCorrected) -> Correction:
    """Raises `InvalidEvent` for a finding that cannot be corrected, or a value that it cannot have.

    Labels and departments are taken as they come: the brand book may have changed since a person chose them, or change before this is read again.
    """
    values = tuple(dict.fromkeys(event.values))
    if event.finding in CLASSES:
        if len(values) != 1 or values[0] not in CLASSES[event.finding]:
            raise InvalidEvent(f"{event.finding} is one of {', '.join(CLASSES[event.finding])}; the correction says {list(values)[:5]}.")
    elif event.finding == LABELS or event.finding == "department":
        most = _MOST_LABELS if event.finding == LABELS else 1
        if len(values) > most or not all(value.strip() and len(value) <= _LONGEST_NAME for value in values):
            raise InvalidEvent(f"{event.finding} takes at most {most} names of the brand book; the correction says {list(values)[:5]}.")
    else:
        raise InvalidEvent(f"{event.finding[:60]!r} is no finding that people correct.")
    return Correction(
        event.correction_id,
        event.brand,
        event.mention_id,
        event.finding,
        values,
        tuple(event.proposed),
        event.reason,
        event.actor,
        event.at,
    )


def newest(corrections: Iterable[Correction]) -> dict[str, Correction]:
    """By finding the one that counts. Of two at one moment the order of their ids decides, so that no order of arrival does."""
    found: dict[str, Correction] = {}
    for correction in sorted(corrections, key=lambda one: (one.at, one.id)):
        found[correction.finding] = correction
    return found


def corrected(findings: Findings, corrections: Iterable[Correction]) -> Findings:
    """The findings with what people decided in place of what was found. The score of a sentiment goes with it: a person's word is certain."""
    for finding, one in sorted(newest(corrections).items()):
        findings = findings.model_copy(update={**_changes(findings, one), **_certain(findings, finding)})
    return findings


def _changes(findings: Findings, one: Correction) -> Mapping[str, Any]:
    value = one.chosen[0] if one.chosen else None
    if one.finding == "sentiment":
        sign = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}[value or "neutral"]
        strength = abs(findings.sentiment_score) if findings.sentiment == value else 1.0
        return {"sentiment": value, "sentiment_score": sign * strength, "sentiment_confidence": 1.0}
    if one.finding == LABELS:
        return {"labels": [Label(name=name, score=1.0) for name in one.chosen]}
    if one.finding == "respond":
        return {"respond": Respond(decision=value or "", reason=one.reason or WHY, by=one.actor)}
    if one.finding == "department":
        return {"department": value or NOTHING_TO_DO}
    return {one.finding: value}


def _certain(findings: Findings, finding: str) -> Mapping[str, Any]:
    return {
        "confidence": findings.confidence | {finding: 1.0},
        "why": findings.why | {finding: [WHY]},
        "corrected": sorted({*findings.corrected, finding}),
    }
