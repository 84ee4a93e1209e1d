"""A file that is no scenario is refused with the line and the way out."""

from pathlib import Path

import pytest

from cli.errors import WRONG, CommandError
from cli.scenario.format import MentionStep, load

HEAD = "scenario: a\nstarts: 2026-03-26 09:30\n"


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
        ("", "a scenario has the keys"),
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
            HEAD + "steps:\n  - expect:\n      - case: m1\n        is: {}\n      - {cases: 1, iss: 2}\n",
            "a.yaml:7: 'iss' is no key beside 'cases'",
        ),
        (HEAD + "steps:\n  - expect: [{case: m1}]\n", "a.yaml:4: 'case' needs `is` or `has`"),
        (HEAD + "steps:\n  - expect: [{owner: gs}]\n", "a.yaml:4: an expectation has one of case, reply, told"),
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
