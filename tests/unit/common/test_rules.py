"""Conditions: what a rule of the brand book says about a set of facts."""

from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from libs.common.rules import RuleError, When, first_match, matches

FACTS: dict[str, object] = {
    "urgency": "high",
    "channel": "twitter",
    "language": "nl",
    "sentiment": "negative",
    "visibility": "public",
    "role": "agent",
    "intent": None,
    "labels": ["factuur", "internet"],
    "risk": [],
    "pii": None,
}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"urgency": "high"}, True),
        ({"urgency": "low"}, False),
        ({"urgency": ["critical", "high"]}, True),
        ({"urgency": ["critical", "low"]}, False),
        ({"labels_any": ["factuur"]}, True),
        ({"labels_any": ["storing", "internet"]}, True),
        ({"labels_any": "internet"}, True),
        ({"labels_any": ["storing"]}, False),
        ({"risk_any": ["press"]}, False),
        ({"urgency": "high", "labels_any": ["factuur"], "language": "nl"}, True),
        ({"urgency": "high", "labels_any": ["storing"]}, False),
        ({"intent": "complaint"}, False),  # known to be absent
        ({"pii_any": ["iban"]}, False),
        ({"channel": "x"}, True),  # one network, two words
        ({"channel": ["email", "twitter"]}, True),
        ({"channel": "mastodon"}, False),
    ],
)
def test_a_condition_holds_when_all_its_keys_hold(when: dict[str, object], holds: bool) -> None:
    assert matches(when, FACTS) is holds
    assert matches(When.model_validate(when), FACTS) is holds


def test_an_account_type_and_the_channel_of_its_mentions_are_one_word() -> None:
    assert matches({"channel": "imap"}, {"channel": "email"})
    assert matches({"channel": "email"}, {"channel": "imap"})


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_any_collection_can_be_a_list_of_facts(kind: type) -> None:
    assert matches({"labels_any": kind(["a", "b"])}, {"labels": kind(["b", "c"])})


@pytest.mark.parametrize(
    ("when", "facts", "says"),
    [
        ({"insight": "hijack"}, FACTS, "insight"),
        ({"skills_any": ["billing"]}, FACTS, "skills"),
        ({"urgency": "low", "insight": "hijack"}, FACTS, "insight"),  # also when another key already says no
        ({"labels_any": ["a"]}, {"labels": "a"}, "list"),
        ({"labels": "a"}, {"labels": ["a"]}, "labels_any"),
        ({"urgency": None}, FACTS, "no value"),
        ({"urgency": []}, FACTS, "no value"),
    ],
)
def test_a_condition_that_cannot_be_evaluated_says_which(when: dict[str, object], facts: dict[str, object], says: str) -> None:
    with pytest.raises(RuleError, match=says):
        matches(when, facts)


@pytest.mark.parametrize(
    "when",
    [
        {"urgency": "hihg"},
        {"urgency": ["high", "urgent"]},
        {"sentiment": "angry"},
        {"labels": ["a"]},
        {"urgency": None},  # an empty key must not become a rule that always holds
        {"labels_any": []},
        {"channel": 5},
        {"chanel": "email"},
    ],
)
def test_a_condition_with_a_typing_error_is_not_read(when: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        When.model_validate(when)


def test_a_condition_keeps_only_what_was_written() -> None:
    when = When.model_validate({"urgency": ["high", "critical"], "labels_any": "a"})
    assert when.model_dump(mode="json") == {"urgency": ["high", "critical"], "labels_any": ["a"]}
    assert When.model_validate_json(when.model_dump_json()) == when


@dataclass(frozen=True)
class Named:
    name: str
    when: When


RULES = [Named("first", When(urgency="low")), Named("second", When(labels_any=("factuur",))), Named("rest", When())]


@pytest.mark.parametrize(("labels", "name"), [(["factuur"], "second"), ([], "rest")])
def test_the_first_rule_that_holds_is_taken(labels: list[str], name: str) -> None:
    found = first_match(RULES, {"urgency": "high", "labels": labels})
    assert found is not None
    assert found.name == name


def test_no_rule_may_hold() -> None:
    assert first_match(RULES[:1], {"urgency": "high"}) is None
    assert first_match([], {}) is None


def test_a_rule_that_cannot_be_evaluated_is_not_passed_over() -> None:
    with pytest.raises(RuleError, match="labels"):
        first_match(RULES, {"urgency": "high"})
