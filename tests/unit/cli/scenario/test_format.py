"""A file that is no scenario is refused with the line and the way out."""

from pathlib import Path

import pytest

from cli.errors import WRONG, CommandError
from cli.scenario.format import MentionStep, load

HEAD = "scenario: a\nstarts: 2026-03-26 09:30\n"
M1 = "steps:\n  - {mention: m1, from: a}\n"


def complaint(folder: Path, text: str) -> str:
    path = folder / "a.yaml"
    path.write_text(text)
    with pytest.raises(CommandError) as failed:
        load(path)
    assert failed.value.code == WRONG
    return str(failed.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a.yaml is empty: a scenario has the keys"),
        ("# later\n", "a.yaml:1: a scenario has the keys"),
        ("scenario: [", "no YAML"),
        ("scenario: a\nsteps: []\n", "'starts' is missing"),
        ("scenario: a\nstarts: tomorrow\nsteps: []\n", "a.yaml:2: starts: 'tomorrow' is no moment"),
        (HEAD + "colour: red\nsteps: []\n", "a.yaml:3: 'colour' is no key"),
        (HEAD + "brand: {hours: {mon: 9}}\nsteps: []\n", "hours"),
        (HEAD + "steps:\n  - mention: m1\n", "a.yaml:4: from: field required"),
        (HEAD + "steps:\n  - at: +5m\n", "a.yaml:4: a step has one of mention, mail"),
        (HEAD + "steps:\n  - {mention: m1, from: a, urgency: mad}\n", "a.yaml:4: urgency"),
        (HEAD + "steps:\n  - {at: '09:29', taken_back: m1}\n", "a.yaml:4: at: '09:29' is before the step before it"),
        (HEAD + "steps:\n  - {call: LOOK /cases}\n", "a.yaml:4: call"),
        (
            HEAD + "steps:\n  - {mention: m1, from: a, colour: red}\n",
            "a.yaml:4: 'colour' is no key of a step with 'mention'; there are at, answers",
        ),
        (HEAD + "steps:\n  - {mention: m1, from: a, text: ja, graag}\n", "A text with a comma stands in quotes"),
        (HEAD + "steps:\n  - {do: approve, as: gs}\n", "a.yaml:4: do: 'approve' is done with a case or with a reply"),
        (HEAD + "steps:\n  - {do: approve, reply: r1, case: m1}\n", "name one of the two"),
        (HEAD + "steps:\n  - {outside: {pigeon: down}}\n", "a.yaml:4: outside.pigeon"),
        (
            HEAD + M1 + "  - expect:\n      - case: m1\n        is: {}\n      - {cases: 1, iss: 2}\n",
            "a.yaml:8: 'iss' is no key beside 'cases'",
        ),
        (HEAD + "steps:\n  - expect: [{case: m1}]\n", "a.yaml:4: 'case' needs `is` or `has`"),
        (HEAD + "steps:\n  - expect: [{owner: gs}]\n", "a.yaml:4: an expectation has one of case, "),
        (HEAD + "steps: []\n", "a.yaml:3: 'steps' is a list of what happens, with one step at least"),
        (HEAD + "steps: " + "[" * 400 + "]" * 400 + "\n", "nested deeper"),
        (HEAD + "brand: [1]\nsteps: [{taken_back: m1}]\n", "a.yaml:3: 'brand' has fields of a brand book"),
        ("scenario: [a]\nstarts: 2026-03-26 09:30\nsteps: [1]\n", "a.yaml:1: 'scenario' is a text"),
        (HEAD + M1 + "  - {at: +999999d, mention: m2, from: a}\n" * 4, "a.yaml:7: at: '+999999d' is after the end of the calendar"),
        (HEAD + "steps:\n  - {mention: m1, from: a, received: soon}\n", "a.yaml:4: received: 'soon' is no time; write +5m"),
        (HEAD + "steps:\n  - {mail: m1, raw: 'From: a'}\n", "a.yaml:4: a mail is read by triage: write `triage: real`"),
        (HEAD + M1 + "  - {do: take, case: m9}\n", "a.yaml:5: there is no message 'm9' so far; there is m1"),
        (HEAD + M1 + "  - {do: submit, reply: r9}\n", "a.yaml:5: there is no reply 'r9' so far; there are none"),
        (HEAD + M1 + "  - {draft: r1, case: m1}\n  - {draft: r1, case: m1}\n", "a.yaml:6: there is a reply 'r1' already"),
        (HEAD + M1 + "  - {book: {team: 5}}\n", "a.yaml:5: brand: team: must be a list"),
        (HEAD + M1 + "  - expect: now\n", "a.yaml:5: expect: a list of what must be so"),
        (HEAD + M1 + "  - expect:\n      - {case: m9, is: {}}\n", "a.yaml:6: there is no message 'm9' so far"),
        (HEAD + M1 + "  - expect: [{told: zz, is: []}]\n", "a.yaml:5: 'zz' is nobody of the team; there are gs, mk"),
        (HEAD + M1 + "  - expect: [{case: m1, is: {owner: zz}}]\n", "'zz' is nobody of the team"),
        (HEAD + M1 + "  - expect: [{case: m1, is: {department: x}}]\n", "there is no department 'x' in the book; there are webcare"),
        (HEAD + M1 + "  - expect: [{case: m1, is: {state: {in: open}}}]\n", "{in: …} takes a list"),
        (HEAD + M1 + "  - expect: [{same_case: m1}]\n", "same_case takes a list of two messages"),
        (HEAD + M1 + "  - expect: [{cases: two}]\n", "cases takes a number, not 'two'"),
        (HEAD + M1 + "  - expect: [{told: gs, is: {count: two}}]\n", "{count: …} takes a number, or a form"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    assert says in complaint(tmp_path, text)


def test_a_step_without_a_time_is_at_the_moment_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(HEAD + "steps:\n  - {at: +5m, mention: m1, from: a}\n  - {mention: m2, from: b}\n")
    first, second = load(path).steps
    assert first.at == second.at
    assert isinstance(second.what, MentionStep)
    assert second.what.sender == "b"


def test_anchors_that_stand_for_millions_of_values_are_refused_before_they_are_written_out(tmp_path: Path) -> None:
    bomb = "\n".join(f"    - &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
    assert "its anchors and aliases stand for more" in complaint(tmp_path, f"{HEAD}brand:\n  team:\n    - &a0 [x]\n{bomb}\nsteps: [1]\n")


def test_whoever_was_in_a_book_of_the_scenario_may_own_a_case(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    team = "{book: {team: [{id: nw, first_name: Nina, initials: nw, role: agent}], departments: []}}"
    path.write_text(f"{HEAD}{M1}  - {team}\n  - expect: [{{case: m1, is: {{owner: gs}}}}, {{case: m1, is: {{owner: nw}}}}]\n")
    assert len(load(path).steps) == 3
