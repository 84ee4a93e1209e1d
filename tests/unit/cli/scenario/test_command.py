"""What a run says of its failures."""

import pytest

from cli.scenario.command import Result, _report


def test_failures_that_are_alike_are_told_once_with_how_many_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    told = "line 6: case {} has owner 'gs', not 'mk'"
    ids = [f"7e0c2736-2a2d-5d18-8070-500f0847ce1{n}" for n in range(3)]
    failures = {n: [told.format(id)] for n, id in enumerate(ids)} | {7: ["line 9: cases is 2, not 1"]}
    assert _report([Result("a.yaml", "a", 10, 4, failures)], 5.0, as_json=False) == 1
    said = capsys.readouterr().out
    assert said.count("has owner 'gs', not 'mk'") == 1
    assert "seed 0, and 2 more in the same way" in said
    assert "seed 7:" in said
    assert "again: weerklank scenario run --seed 0 a.yaml" in said
    assert "10 schedules, 120 a minute" in said
