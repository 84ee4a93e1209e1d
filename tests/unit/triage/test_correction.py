"""What a person decided stands in place of what was found."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.common.errors import InvalidEvent
from libs.common.events import FindingCorrected, Findings, Label
from services.triage import correction

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
FOUND = Findings(
    language="nl", language_confidence=1, sentiment="neutral", sentiment_score=0.1, sentiment_confidence=0.5, model="1",
    labels=[Label(name="storing", score=0.8)], department="webcare", confidence={"urgency": 0.4}, why={"urgency": ["nu"]},
)  # fmt: skip


def said(finding: str, *values: str, minute: int = 0, number: int = 0, reason: str | None = None) -> correction.Correction:
    id = UUID(int=number) if number else uuid4()
    at = AT + timedelta(minutes=minute)
    event = FindingCorrected(
        brand="vaart", correction_id=id, mention_id=uuid4(), finding=finding, values=list(values), reason=reason, actor="mk", at=at
    )
    return correction.read(event)


def test_every_finding_takes_what_a_person_said() -> None:
    people = [
        said("sentiment", "negative"),
        said("intent", "outage"),
        said("urgency", "high"),
        said("respond", "no_reply", reason="een grap"),
        said("department", "technical"),
        said("labels", "internet", "storing thuis"),
    ]
    found = correction.corrected(FOUND, people)
    assert (found.sentiment, found.sentiment_score, found.sentiment_confidence) == ("negative", -1.0, 1.0)
    assert (found.intent, found.urgency, found.department) == ("outage", "high", "technical")
    assert found.respond is not None
    assert (found.respond.decision, found.respond.reason, found.respond.by) == ("no_reply", "een grap", "mk")
    assert [(label.name, label.score) for label in found.labels] == [("internet", 1.0), ("storing thuis", 1.0)]
    assert found.corrected == ["department", "intent", "labels", "respond", "sentiment", "urgency"]
    assert found.confidence["urgency"] == 1.0
    assert found.why["urgency"] == [correction.WHY]


def test_no_label_and_no_department_are_answers_too() -> None:
    found = correction.corrected(FOUND, [said("labels"), said("department", "none")])
    assert (found.labels, found.department, found.corrected) == ([], "none", ["department", "labels"])
    assert correction.corrected(FOUND, [said("department")]).department == "none"


def test_the_newest_word_counts_in_whatever_order_they_come() -> None:
    first, second, twin = (
        said("urgency", "low", minute=1),
        said("urgency", "high", minute=2, number=5),
        said("urgency", "normal", minute=2, number=9),
    )
    for order in ([first, second], [second, first]):
        assert correction.corrected(FOUND, order).urgency == "high"
    for order in ([second, twin], [twin, second]):
        assert correction.corrected(FOUND, order).urgency == "normal"


@pytest.mark.parametrize(
    ("finding", "values", "names"),
    [
        ("sentiment", ["furious"], "furious"),
        ("sentiment", [], "one of negative"),
        ("intent", ["question", "complaint"], "question"),
        ("department", ["billing", "legal"], "at most 1"),
        ("labels", [" "], "names of the brand book"),
        ("labels", ["x" * 101], "names of the brand book"),
        ("labels", [f"label-{n}" for n in range(51)], "at most 50"),
        ("language", ["nl"], "language"),
    ],
)
def test_a_value_that_there_cannot_be_is_an_invalid_event(finding: str, values: list[str], names: str) -> None:
    with pytest.raises(InvalidEvent, match=names):
        said(finding, *values)
