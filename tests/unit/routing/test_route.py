"""Who owns a case: somebody who speaks the customer's language and can do what the rule asks for, and always somebody."""

import pytest

from libs.common.bookfile import load_book
from libs.common.events import deterministic_id
from libs.common.hours import Calendar
from services.routing.case import opened
from services.routing.route import facts, owner, route
from services.routing.sla import Policy
from tests.unit.routing.test_permutations import POLICIES, START, mention_id, state

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl, en]
labels: [{name: internet}]
departments:
  - {id: webcare, members: [gs]}
  - {id: technical, members: [tt, uu, vv]}
  - {id: empty, members: []}
routing:
  - {when: {labels_any: [internet]}, department: technical, skills: [fibre, wifi]}
team:
  - {id: gs, first_name: Guus, initials: gs, languages: [nl, en]}
  - {id: tt, first_name: Tim, initials: tt, languages: [nl], skills: [fibre]}
  - {id: uu, first_name: Uma, initials: uu, languages: [nl, en], skills: [fibre, wifi]}
  - {id: vv, first_name: Vic, initials: vv, languages: [de]}
""")
POLICY = Policy(BOOK, Calendar.of(BOOK), 1)
CASE = opened(POLICIES.policy, "vaart", mention_id("A"), [state("A", "A")], None, START).case
CASES = [deterministic_id("vaart", "case", str(n)) for n in range(60)]


@pytest.mark.parametrize(
    ("department", "language", "skills", "expected"),
    [
        pytest.param("technical", "nl", (), {"tt", "uu"}, id="no skill is asked for"),
        pytest.param("technical", "nl", ("fibre",), {"tt", "uu"}, id="both have it"),
        pytest.param("technical", "nl", ("fibre", "wifi"), {"uu"}, id="one has all"),
        pytest.param("technical", "nl", ("roaming",), {"tt", "uu"}, id="nobody has it: whoever speaks the language"),
        pytest.param("technical", "de", ("wifi",), {"vv"}, id="the language weighs more than the skill"),
        pytest.param("technical", "fr", ("wifi",), {"uu"}, id="nobody speaks it: whoever has the skill"),
        pytest.param("technical", "fr", ("roaming",), {"tt", "uu", "vv"}, id="nobody speaks it or can do it: anybody of the department"),
        pytest.param("empty", "nl", ("wifi",), {"gs"}, id="nobody is there: the fallback"),
    ],
)
def test_the_owner_suits_the_case_as_well_as_anybody_there_can(
    department: str, language: str, skills: tuple[str, ...], expected: set[str]
) -> None:
    assert {owner(BOOK, department, language, skills, case_id) for case_id in CASES} == expected


def test_a_rule_names_its_skills() -> None:
    found = route(BOOK, facts([state("A", "A")], POLICY, CASE))
    assert (found.department, found.skills) == ("technical", ("fibre", "wifi"))
    assert found.rule == "rule 1: labels_any internet; skills fibre and wifi"
