"""The whole guard on two sets of 150 replies of two made-up brands each (example data), labelled by hand with what is wrong in them and what they promise.

Half a book of rules cannot be judged rule by rule: what one finds too much is seen here.
"""

import json
from collections import Counter
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.guard import judge

FOLDERS = [Path(__file__).parent / name for name in ("drafts", "more_drafts")]
Judged = list[tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def judged(request: pytest.FixtureRequest) -> Judged:
    """Each draft with what the guard said of it."""
    folder = request.param
    rows = [json.loads(line) for line in (folder / "drafts.jsonl").read_text().splitlines()]
    asked = [{field: value for field, value in row.items() if field != "expect"} for row in rows]
    out, errors = BytesIO(), StringIO()
    assert judge(sorted(folder.glob("*.yaml")), BytesIO("\n".join(map(json.dumps, asked)).encode()), out, errors) == 0
    assert errors.getvalue() == ""
    return list(zip(rows, map(json.loads, out.getvalue().splitlines()), strict=True))


def test_what_is_wrong_is_found_and_little_else(judged: Judged) -> None:
    right = wrong = missed = 0
    for row, found in judged:
        wanted, had = set(row["expect"]["codes"]), {one["code"] for one in found["violations"]}
        right, wrong, missed = right + len(wanted & had), wrong + len(had - wanted), missed + len(wanted - had)
    assert 2 * right / (2 * right + wrong + missed) >= 0.95


def test_a_draft_with_nothing_wrong_is_seldom_held_up(judged: Judged) -> None:
    clean = [found for row, found in judged if not row["expect"]["codes"]]
    held_up = [one for one in clean if any(verdict["severity"] != "hint" for verdict in one["violations"])]
    assert len(held_up) <= 0.05 * len(clean)


def test_promises_are_found_with_the_moment_that_they_are_due(judged: Judged) -> None:
    wanted = right = 0
    for row, found in judged:
        due, told = Counter(_moments(row["expect"]["promises"])), Counter(_moments(found["promises"]))
        wanted, right = wanted + due.total(), right + (due & told).total()
    assert right / wanted >= 0.85


def test_a_fix_leaves_less_to_mend(judged: Judged) -> None:
    for row, found in judged:
        for one in found["violations"]:
            assert 0 <= one["start"] <= one["end"] <= len(row["draft"])
            assert one["fix"] is None or row["draft"][one["start"] : one["end"]] != one["fix"]


def _moments(promises: list[dict[str, Any]]) -> Iterator[str | None]:
    return (one["due_at"][:16] if one["due_at"] else None for one in promises)
