"""The messages that the models are trained on and those that they are measured on: whole, labelled alike, and apart."""

import re
from pathlib import Path
from typing import Any

import pytest

from libs.common.events import Findings
from services.triage import evaluate

VALUES = {
    "language": {"nl", "en", "de", "fr", "other"},
    "visibility": {"public", "private"},
    "sentiment": {"negative", "neutral", "positive"},
    "urgency": {"critical", "high", "normal", "low"},
    "respond": {"reply", "ask_clarification", "no_reply", "hide"},
    "intent": {
        "complaint",
        "question",
        "compliment",
        "order_status",
        "cancellation",
        "billing",
        "outage",
        "idea",
        "product_advice",
        "praise_ambassador",
        "spam",
        "abuse",
        "chatter",
        "press",
        "job",
        "staff_post",
    },
    "department": {"webcare", "billing", "technical", "logistics", "complaints", "legal", "press_office", "product", "security", "none"},
}
RISKS = {"influencer", "press", "legal_threat", "safety", "data_leak", "staff_leak", "hashtag_hijack", "discrimination", "self_harm"}
PII = {"phone", "email", "iban", "bsn", "postcode_address", "order_number", "customer_number", "birthdate"}


def training() -> list[dict[str, Any]]:
    return evaluate.json_lines(Path(evaluate.__file__).parent / "training" / "messages.jsonl")


@pytest.mark.parametrize("rows", [*map(evaluate.messages, evaluate.SETS), training()], ids=[*evaluate.SETS, "training"])
def test_every_message_has_labels_that_there_are(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert {name: row[name] for name, values in VALUES.items() if row[name] not in values} == {}, row["text"]
        assert set(row["risk"]) <= RISKS, row["text"]
        assert all(one["kind"] in PII and one["text"] in row["text"] for one in row["pii"]), row["text"]


@pytest.mark.parametrize("name", evaluate.SETS)
def test_nothing_is_measured_on_what_was_trained_on(name: str) -> None:
    def said(row: dict[str, Any]) -> str:
        return re.sub(r"\W+", " ", row["text"].lower()).strip()

    assert {said(row) for row in evaluate.messages(name)} & {said(row) for row in training()} <= {""}


def test_scores_are_one_for_what_is_right_and_less_for_what_is_not() -> None:
    rows = [
        {
            "text": "bel 06-12345678", "language": "nl", "sentiment": "negative", "intent": "complaint", "urgency": "critical", "respond": "reply",
            "department": "complaints", "risk": ["press", "safety"], "go_private": True, "pii": [{"kind": "phone", "text": "06-12345678"}],
        },
        {
            "text": "thanks", "language": "en", "sentiment": "positive", "intent": "compliment", "urgency": "low", "respond": "no_reply",
            "department": "webcare", "risk": [], "go_private": False, "pii": [],
        },
    ]  # fmt: skip

    def findings(row: dict[str, Any], **other: Any) -> Findings:
        answer = {"respond": {"decision": row["respond"], "reason": ""}}
        marked = {"pii": [{"kind": one["kind"], "start": 4, "end": 15} for one in row["pii"]]}
        same = {"language_confidence": 1.0, "sentiment_score": 0.0, "sentiment_confidence": 1.0, "model": "test"}
        return Findings.model_validate(row | same | answer | marked | other)

    assert set(evaluate.scores(rows, [findings(row) for row in rows]).values()) == {1.0}
    worse = evaluate.scores(rows, [findings(rows[0], risk=["press"]), findings(rows[1], language="nl")])
    assert worse["language (accuracy)"] == 0.5
    assert worse["risk (micro-F1)"] == pytest.approx(2 / 3)
    assert worse["sentiment"] == 1.0
