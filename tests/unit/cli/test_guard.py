"""weerklank guard: drafts as JSON lines in, verdicts and promises as JSON lines out in the same order, and what is said of lines that cannot be read."""

import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.errors import WRONG, CommandError
from cli.guard import judge

BOOK = """brand: loom
name: Loom Wonen
languages: [nl, en]
timezone: Europe/Amsterdam
hours: {mon-fri: ["09:00-17:00"]}
voice: {address_form: u, person: wij, signature: {default: first_name, twitter: initials}}
team: [{id: tk, first_name: Tess, initials: tk}]
guard: {severity: [{codes: [person_form], severity: hint}]}
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "loom.yaml"
    path.write_text(BOOK)
    return path


def run(*lines: dict[str, Any] | str | bytes, books: list[Path]) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the lines that went out, and what was told on standard error."""
    written = [line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode() for line in lines]
    out, errors = BytesIO(), StringIO()
    code = judge(books, BytesIO(b"\n".join(written)), out, errors)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue()


DRAFT = {
    "id": "a",
    "brand": "Loom Wonen",
    "channel": "twitter",
    "visibility": "public",
    "first_reply": True,
    "now": "2026-11-26T10:05",
    "agent": {"name": "Tess", "initials": "tk"},
    "customer": {"name": "Sanne"},
    "incoming": "waar blijft mijn kast?",
    "draft": "Hoi Sanne, ik bel u morgen voor 12 uur. ^tk",
}


def test_a_draft_gets_its_verdicts_with_their_places_and_its_promises_in_the_brands_time(book: Path) -> None:
    code, (found,), errors = run(DRAFT, books=[book])
    assert (code, errors) == (0, "")
    assert list(found) == ["id", "violations", "promises"]
    (verdict,) = found["violations"]
    assert {name: verdict[name] for name in ("code", "severity", "start", "end", "fix", "rule")} == {
        "code": "person_form",
        "severity": "hint",
        "start": 11,
        "end": 17,
        "fix": "wij bellen",
        "rule": "voice.person",
    }
    assert found["promises"] == [{"text": "ik bel u morgen voor 12 uur", "due_at": "2026-11-27T12:00"}]


def test_an_empty_draft_is_a_verdict_and_no_error(book: Path) -> None:
    code, (found,), _ = run({"id": 1, "draft": "", "agent": "Tess"}, books=[book])
    assert (code, found["id"], [one["code"] for one in found["violations"]]) == (0, 1, ["empty"])


def test_lines_that_cannot_be_read_are_told_and_the_rest_is_judged(book: Path) -> None:
    code, found, errors = run(
        "no json",
        {"draft": "x"},
        {"id": "a"},
        {**DRAFT, "visibility": "secret"},
        {**DRAFT, "now": "soon"},
        {**DRAFT, "first_reply": "yes"},
        {**DRAFT, "agent": 7},
        DRAFT,
        books=[book],
    )
    assert code == WRONG
    assert [one["id"] for one in found] == ["a"]
    assert [line.split(" is left out")[0] for line in errors.splitlines()] == [f"line {number}" for number in range(1, 8)]
    assert "Write a time such as" in errors


def test_a_row_is_judged_by_its_own_brands_book(book: Path, tmp_path: Path) -> None:
    other = tmp_path / "kade.yaml"
    other.write_text(BOOK.replace("loom", "kade").replace("Loom Wonen", "Kade").replace("person: wij", "person: ik"))
    _, found, _ = run(DRAFT, {**DRAFT, "brand": "KADE"}, books=[book, other])
    assert [[one["code"] for one in row["violations"]] for row in found] == [["person_form"], []]


def test_what_a_row_does_not_say_is_what_is_usual(book: Path) -> None:
    _, (mail, tweet), _ = run(
        {"id": "a", "channel": "email", "draft": "Wij bellen op 06-12345678.\n\nGroet,\nTess", "agent": "Tess"},
        {"id": "b", "channel": "twitter", "draft": "Wij bellen op 06-12345678. ^TK", "agent": {"initials": "^tk"}},
        books=[book],
    )
    assert [one["code"] for one in mail["violations"]] == []
    assert [one["code"] for one in tweet["violations"]] == ["pii_in_public"]


def test_a_colleague_who_is_not_in_the_book_signs_as_the_row_says(book: Path) -> None:
    _, (found,), _ = run({**DRAFT, "agent": {"name": "Olaf Bos", "initials": "ob"}, "draft": "Hoi, wij kijken mee. ^ob"}, books=[book])
    assert found["violations"] == []


def test_a_brand_without_a_book_is_judged_by_what_is_usual() -> None:
    _, (found,), _ = run({**DRAFT, "draft": "Hoi, ik bel je. ^tk"}, books=[])
    assert found["violations"] == []


def test_two_books_of_one_brand_are_refused(book: Path) -> None:
    with pytest.raises(CommandError, match="second brand book of loom"):
        run(DRAFT, books=[book, book])
