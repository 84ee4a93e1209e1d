"""Who must approve, and what an approval is bound to."""

import pytest

from libs.common.brandbook import BrandBook
from libs.common.rules import RuleError
from services.responder.approval import Requirement, held_for_legal, may_approve, required, text_digest

RULES = [
    {"when": {"role": "trainee"}, "by": ["agent"]},
    {"when": {"risk_any": ["press", "legal_threat", "influencer"]}, "by": ["spokesperson"]},
    {"when": {}, "by": ["self"]},
]


def book(approvals: list[dict[str, object]] | None = None, **conduct: object) -> BrandBook:
    return BrandBook.model_validate(
        {
            "brand": "vaart",
            "name": "Vaart",
            "languages": ["nl"],
            "conduct": {"approvals": RULES if approvals is None else approvals, **conduct},
            "team": [
                {"id": "gs", "first_name": "Guus", "initials": "gs", "role": "agent"},
                {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"},
                {"id": "tv", "first_name": "Tess", "initials": "tv", "role": "trainee"},
            ],
            "hub": {"members": [{"id": "wv", "name": "Woordvoering", "roles": ["spokesperson"]}]},
        }
    )


@pytest.mark.parametrize(
    ("role", "risk", "roles", "by_writer"),
    [
        ("agent", [], (), True),
        ("lead", [], (), True),
        ("trainee", [], ("agent",), False),
        ("agent", ["press"], ("spokesperson",), False),
        ("agent", ["discrimination"], (), True),
        ("agent", ["discrimination", "influencer"], ("spokesperson",), False),
        ("trainee", ["press"], ("agent",), False),  # the first rule that matches
    ],
)
def test_the_first_rule_that_matches_decides(role: str, risk: list[str], roles: tuple[str, ...], by_writer: bool) -> None:
    assert required(book(), role, risk) == Requirement(roles, by_writer)


def test_a_trainee_is_never_left_to_approve_alone_whatever_the_book_says() -> None:
    assert required(book([{"when": {}, "by": ["self"]}]), "trainee") == Requirement(("agent",), by_writer=False)


def test_a_rule_can_name_other_facts() -> None:
    rules = [{"when": {"channel": "twitter"}, "by": ["lead"]}, {"when": {}, "by": ["self"]}]
    assert required(book(rules), "agent", facts={"channel": "x"}) == Requirement(("lead",), by_writer=False)
    assert required(book(rules), "agent", facts={"channel": "email"}) == Requirement((), by_writer=True)


def test_a_rule_that_cannot_be_evaluated_approves_nothing() -> None:
    with pytest.raises(RuleError):
        required(book([{"when": {"channel": "twitter"}, "by": ["lead"]}]), "agent")


SELF = Requirement((), by_writer=True)
BY_AGENT = Requirement(("agent",), by_writer=False)
BY_LEAD = Requirement(("lead",), by_writer=False)
BY_SPOKESPERSON = Requirement(("spokesperson",), by_writer=False)


@pytest.mark.parametrize(
    ("requirement", "role", "approver", "writer", "allowed"),
    [
        (SELF, "agent", "gs", "gs", True),
        (SELF, "lead", "mk", "mk", True),
        (SELF, "agent", "jd", "gs", False),
        (SELF, "trainee", "tv", "tv", False),
        (BY_AGENT, "agent", "gs", "tv", True),
        (BY_AGENT, "lead", "mk", "tv", True),
        (BY_AGENT, "trainee", "tw", "tv", False),
        (BY_AGENT, "trainee", "tv", "tv", False),
        (BY_AGENT, "agent", "gs", "gs", False),
        (BY_AGENT, "spokesperson", "wv", "tv", False),
        (BY_LEAD, "agent", "gs", "tv", False),
        (BY_LEAD, "lead", "mk", "gs", True),
        (BY_SPOKESPERSON, "spokesperson", "wv", "gs", True),
        (BY_SPOKESPERSON, "lead", "mk", "gs", False),
        (BY_SPOKESPERSON, "agent", "gs", "gs", False),
        (Requirement(("spokesperson",), by_writer=True), "agent", "gs", "gs", True),
        (Requirement((), by_writer=False), "lead", "mk", "gs", False),
    ],
)
def test_who_may_approve(requirement: Requirement, role: str, approver: str, writer: str, allowed: bool) -> None:
    assert may_approve(requirement, role, approver, writer) is allowed


def test_a_legal_threat_waits_for_the_legal_check_when_the_book_says_so() -> None:
    check = {"when": {"risk_any": ["legal_threat"]}, "blocks_sending": True}
    assert held_for_legal(book(legal_check=check), "agent", ["legal_threat"])
    assert not held_for_legal(book(legal_check=check), "agent", ["press"])
    assert not held_for_legal(book(legal_check={**check, "blocks_sending": False}), "agent", ["legal_threat"])


def test_a_digest_changes_with_every_part_and_with_nothing_else() -> None:
    one = text_digest("twitter", "@sanne", "Hoi Sanne ^gs")
    assert one == text_digest("twitter", "@sanne", "Hoi Sanne ^gs")
    assert len(one) == 64
    assert int(one, 16) >= 0
    others = {
        text_digest("mastodon", "@sanne", "Hoi Sanne ^gs"),
        text_digest("twitter", "@sannе", "Hoi Sanne ^gs"),  # a Cyrillic e
        text_digest("twitter", "@sanne", "Hoi Sanne  ^gs"),
        text_digest("twitter", "@sanne", "Hoi Sanne ^gs "),
        text_digest("twitter@", "sanne", "Hoi Sanne ^gs"),
        text_digest("twitter", "@sanneHoi", " Sanne ^gs"),
    }
    assert one not in others
    assert len(others) == 6


def test_a_digest_takes_any_text() -> None:
    assert text_digest("email", "", "\ud800") != text_digest("email", "", "\udfff")
    assert text_digest("email", 'a","b', "") != text_digest("email", "a", 'b",""')
