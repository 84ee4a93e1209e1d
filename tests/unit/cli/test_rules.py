"""weerklank rules test: what the rules make of cases, and what nobody would see in a case."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from cli import rules_test
from cli.errors import CommandError

BOOK = """
brand: vaart
name: Vaart (example data)
languages: [nl, en]
hours: {mon-fri: ["09:00-17:00"]}
labels: [{name: internet}, {name: storing, parent: internet}, {name: factuur}]
departments: [{id: webcare, members: [gs, mk]}, {id: technical, members: [tt]}, {id: billing, members: [bb, mk]}]
customer_groups: [{id: large, identities: ["@groot.example"]}]
targets:
  - {when: {customer_group: large}, reaction: 5m, resolution: 1h}
  - {reaction: 30m, resolution: 1d}
routing:
  - {when: {risk_any: [legal_threat]}, department: billing, owner: bb, priority: urgent, tell: [lead]}
  - {when: {labels_any: [internet], contact: repeat}, department: technical, priority: high}
  - {when: {labels_any: [internet]}, department: technical, labels: [storing]}
  - {when: {labels_any: [factuur], hours: closed}, department: webcare}
  - {when: {labels_any: [factuur]}, department: billing, skills: [invoices]}
escalation:
  - {at: 80, of: reaction, do: [notify_owner]}
  - {at: 50, of: reaction, when: {customer_group: large}, do: [notify_lead]}
team:
  - {id: gs, first_name: Guus, initials: gs, languages: [nl]}
  - {id: mk, first_name: Mila, initials: mk, role: lead, languages: [nl, en], skills: [invoices]}
  - {id: bb, first_name: Bo, initials: bb, languages: [nl]}
  - {id: tt, first_name: Tim, initials: tt, languages: [nl]}
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(cases: str, book: str = BOOK) -> tuple[int, dict[str, Any]]:
        (tmp_path / "book.yaml").write_text(book)
        (tmp_path / "cases.yaml").write_text(f"brandbook: book.yaml\ncases:\n{cases}")
        code = rules_test.test(tmp_path / "cases.yaml", None, verbose=False, as_json=True)
        return code, orjson.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("found: {risk: [legal_threat], labels: [internet]}", "{rule: 1, department: billing, owner: bb, priority: urgent, tell: [lead]}"),
        ("found: {labels: [storing]}", "{rule: 3, department: technical, owner: tt, labels: [storing], contact: first}"),
        ("found: {labels: [internet]}\n    known: {contact: repeat}", "{rule: 2, priority: high, contact: repeat}"),
        ("found: {labels: [factuur]}", "{rule: 5, department: billing, skills: [invoices], owner: [mk], hours: open}"),
        ("found: {labels: [factuur], language: en}", "{owner: mk}"),
        ("found: {urgency: high}", "{rule: fallback, department: webcare, owner: [gs, mk], priority: high}"),
        ("found: {department: technical, urgency: low}", "{rule: proposed, department: technical, priority: low}"),
        (
            "message: {channel: email, author: {email: jan@groot.example}, at: 2026-03-02 18:00}\n    found: {labels: [factuur]}",
            "{rule: 4, customer_group: large, hours: closed, targets: {reaction: 5m, resolution: 1h}, due: {reaction: 2026-03-03 09:05}, "
            "escalation: [{at: 80, do: [notify_owner]}, {at: 50, do: [notify_lead]}]}",
        ),
        ("found: {labels: [factuur]}", "{escalation: [{at: 80, do: [notify_owner]}], targets: {reaction: 30m}}"),
    ],
)
def test_a_case_is_decided_as_routing_decides_it(run: Any, given: str, expect: str) -> None:
    code, told = run(f"  - name: it\n    {given}\n    expect: {expect}\n")
    assert (code, told["cases"][0]["wrong"]) == (0, [])


def test_what_is_not_as_expected_is_told_with_why_no_earlier_rule_decided(run: Any) -> None:
    code, told = run("  - {name: it, found: {labels: [factuur]}, expect: {department: technical, rule: 3}}\n")
    (case,) = told["cases"]
    assert code == 1
    assert case["wrong"] == [{"what": "rule", "expected": 3, "is": 5}, {"what": "department", "expected": "technical", "is": "billing"}]
    assert case["others"] == [
        "rule 1: not risk_any legal_threat (it has none)",
        "rule 2: not contact repeat (it has first) and not labels_any internet (it has factuur)",
        "rule 3: not labels_any internet (it has factuur)",
        "rule 4: not hours closed (it has open)",
    ]
    assert told["warnings"] == ["no case of the file is decided by rules 1, 2, 3, 4"]


def test_a_rule_that_an_earlier_one_hides_is_a_warning_and_one_that_cannot_be_evaluated_an_error(run: Any) -> None:
    hidden = BOOK.replace("targets:", "channels: []\ntargets:").replace(
        "  - {when: {labels_any: [factuur]}, department: billing, skills: [invoices]}\n",
        "  - {when: {labels_any: [factuur]}, department: billing, skills: [invoices]}\n"
        "  - {when: {labels_any: storing, urgency: high}, department: technical}\n"
        "  - {when: {labels_any: [factuur, storing]}, department: technical}\n",
    )
    code, told = run("  - {name: it, found: {labels: [factuur]}, expect: {rule: 5}}\n", hidden)
    assert code == 0
    assert told["warnings"][0] == "rule 6 never decides anything: rule 3 holds whenever it would"
    assert "rule 7 never" not in str(told["warnings"]), "two earlier rules together hide it, and no single one does"
    broken = BOOK.replace("{when: {risk_any: [legal_threat]}", "{when: {severity: high}")
    code, told = run("  - {name: it, found: {labels: [factuur]}, expect: {rule: fallback}}\n", broken)
    assert (code, told["cases"][0]["wrong"], told["errors"][0].startswith("rule 1 can never be evaluated: condition 'severity'")) == (
        1,
        [],
        True,
    )


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ("  - {name: it, found: {labels: [x]}, expect: {}}\n", "cases.yaml:3: cases[0]: expects nothing"),
        ("  - {name: it, expect: {rule: 1}}\n", "needs a message, or what is found in one"),
        ("  - {name: it, found: {urgency: hihg}, expect: {rule: 1}}\n", "cases.yaml:3: cases[0].found.urgency: must be critical"),
        ("  - {name: it, found: {urgency: high}, expect: {rulle: 1}}\n", "did you mean 'rule'?"),
        ("  - {name: it, found: {urgency: high}, expect: {targets: {reaction: soon}}}\n", "must be a duration"),
        ("  - {name: it, message: {at: soon}, expect: {rule: 1}}\n", "must be a moment"),
        ("  - [\n", "is not readable YAML"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_its_line(run: Any, cases: str, said: str) -> None:
    with pytest.raises(CommandError) as error:
        run(cases)
    assert said in str(error.value)
    assert error.value.code == 2


def test_a_message_is_triaged_unless_the_file_says_what_is_found(run: Any) -> None:
    code, told = run(
        '  - name: read\n    message: {text: "@vaart Al de hele dag geen internet, storing?"}\n    expect: {department: technical}\n'
        '  - name: said\n    message: {text: "@vaart Al de hele dag geen internet, storing?"}\n    found: {labels: [factuur]}\n'
        "    expect: {department: billing}\n"
    )
    assert (code, [case["wrong"] for case in told["cases"]]) == (0, [[], []])


def test_the_sample_is_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert rules_test.test(Path("samples/vaart-rules.yaml"), None, verbose=True, as_json=False) == 0
    assert "5 cases, 0 not as expected." in capsys.readouterr().out
