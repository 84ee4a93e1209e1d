"""Scenarios through the real handlers and store: those that are shipped hold in every order, and one that does not says which order shows it."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.scenario import command
from tests.system import ROOT

SHIPPED = ROOT / "samples" / "scenarios"
WRONG = """
scenario: Two questions at one moment
starts: 2026-03-26 09:30
steps:
  - {mention: m1, from: anna, urgency: high}
  - {mention: m2, from: anna, group: m1}
  - {do: take, case: m1, meanwhile: true}
  - expect:
      - case: m1
        is: {mentions_total: 2, owner: gs}
      - timeline: m1
        has: [{what: opened}, {what: assigned, state: open}, {what: joined}]
"""


def played(capsys: pytest.CaptureFixture[str], *files: Path, **options: Any) -> tuple[int, dict[str, Any]]:
    code = command.run(list(files), **{"schedules": 10, "seed": None, "jobs": 1, "as_json": True, **options})
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, said


def test_the_shipped_scenarios_hold(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = played(capsys, SHIPPED, seed=1, jobs=2)
    assert [found for found in said["scenarios"] if found["failed"]] == []
    assert code == 0


def test_an_order_that_fails_is_told_by_its_seed_and_plays_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    code, said = played(capsys, path, schedules=30)
    [found] = said["scenarios"]
    assert code == 1
    assert 0 < found["failed"] < 30, "people act before or after the second message, by the seed"
    seed, failures = next(iter(found["failures"].items()))
    assert "timeline" in failures[0]
    _, again = played(capsys, path, seed=int(seed))
    assert again["scenarios"][0]["failures"] == {seed: failures}


def test_an_event_that_would_be_set_aside_fails_the_schedule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "aside.yaml"
    path.write_text(
        "scenario: a reply to a case that is none\nstarts: 2026-03-26 09:30\nsteps:\n  - {mention: m1, from: anna}\n  - {at: +1m, reply: r1, to: m1, "
        'with: {case_id: "00000000-0000-0000-0000-000000000001"}}\n'
    )
    code, said = played(capsys, path, schedules=1)
    assert code == 1
    assert "would set an event aside" in said["scenarios"][0]["failures"]["0"][0]


def test_what_people_wrote_leaves_once_and_what_nobody_expected_fails_its_schedule_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a-broken.yaml").write_text(
        "scenario: a reply with a field that is none\nstarts: 2026-03-26 09:30\nsteps:\n  - {mention: m1, from: anna}\n"
        "  - {reply: r1, to: m1, with: {sandbox: maybe}}\n"
    )
    (tmp_path / "b-sent.yaml").write_text(
        "scenario: it is sent twice\nstarts: 2026-03-26 09:30\nsteps:\n  - {mention: m1, from: anna, name: Anna}\n"
        '  - {draft: r1, case: m1, text: "Hoi Anna, ik kijk. ^gs"}\n  - {do: submit, reply: r1}\n  - {do: approve, reply: r1}\n'
        "  - expect: [{sent: {count: 2}}, {reply: r1, is: {state: sent}}]\n"
    )
    code, said = played(capsys, tmp_path, schedules=3)
    broken, sent = said["scenarios"]
    assert code == 1
    assert "ValidationError, which nobody expected" in broken["failures"]["0"][0]
    assert sent["failed"] == 3
    assert all(len(lines) == 1 and "sent: it has 1 items, not 2" in lines[0] for lines in sent["failures"].values())
