"""What doctor advises about a brand book is what routing does with it."""

from datetime import UTC, datetime

import pytest

from libs.common.bookfile import load_book
from services.routing.checks import advice
from services.routing.orphan import somebody_works

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
BOOK = """
brand: strand
name: Strand
languages: [nl]
departments:
  - {id: webcare, members: [gs]}
  - {id: billing, members: [mk]}
routing: [{when: {labels_any: [factuur]}, department: billing}]
labels: [{name: factuur}]
team:
  - {id: gs, first_name: Guus, initials: gs}
  - {id: mk, first_name: Mila, initials: mk, role: lead}
"""


def advised(*edits: tuple[str, str]) -> list[str]:
    text = BOOK
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    book = load_book(text)
    found = advice(book, False, NOW)
    assert somebody_works(book) == (not any("of the team owns cases" in finding.found for finding in found))
    return [finding.found for finding in found if finding.status == "warning"]


OTHERS: list[tuple[tuple[str, str], str]] = [
    (("members: [mk]", "members: []"), "Department billing has no member who owns cases and no email: the fallback, webcare, gets"),
    (("role: lead", "role: spokesperson"), "Department billing has no member who owns cases"),
    (("role: lead", "capacity: 0"), "Department billing has no member who owns cases"),
]


@pytest.mark.parametrize(("edit", "said"), OTHERS)
def test_a_department_whose_cases_go_to_others(edit: tuple[str, str], said: str) -> None:
    (found,) = advised(edit)
    assert said in found


@pytest.mark.parametrize(
    "edits",
    [
        [("initials: gs}", "initials: gs, role: supervisor}"), ("role: lead", "role: spokesperson")],
        [("initials: gs}", "initials: gs, capacity: 0}"), ("role: lead", "role: spokesperson")],
    ],
)
def test_a_team_of_which_nobody_owns_cases(edits: list[tuple[str, str]]) -> None:
    (found,) = advised(*edits)
    assert found.startswith("Nobody of the team owns cases: that takes a role of agent, trainee, lead and a capacity above 0.")


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [("members: [gs]", "members: []")],  # what no rule fits is the whole team's
        [("members: [mk]", "email: billing@strand.example")],
        [("members: [mk]", "members: []"), ("routing: [{when: {labels_any: [factuur]}, department: billing}]\n", "")],
    ],
)
def test_what_has_owners_is_not_spoken_of(edits: list[tuple[str, str]]) -> None:
    assert advised(*edits) == []
