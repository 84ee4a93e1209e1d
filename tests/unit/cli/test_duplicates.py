"""weerklank duplicates: JSON lines in, JSON lines out, and what is said of lines that cannot be read."""

import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.duplicates import brands_of, duplicates
from cli.errors import WRONG, CommandError
from tests.unit.cli.test_command_line import weerklank

A = {
    "id": "a", "brand": "loom", "channel": "twitter", "author": {"handle": "tess_vdb", "name": "Tess", "email": None},
    "text": "mijn bank is er niet, bestelling LM-2617348", "posted_at": "2026-03-02T10:00:00+01:00", "in_reply_to": None,
}  # fmt: skip
B = {"id": "b", "brand": "Loom", "text": "lm 2617348: waar blijft mijn bank?", "posted_at": "2026-03-02T13:00:00+01:00"}
BOOK = """brand: loom
name: Loom Wonen
languages: [nl]
timezone: Europe/Amsterdam
hours:
  mon-fri: ["08:00-18:00"]
pilot: true
identifiers:
  order_number: '\\bLM-\\d{7}\\b'
"""


def run(*lines: dict[str, Any] | str | bytes, books: list[Path] | None = None) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the lines that went out, and what was told on standard error."""
    written = [line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode() for line in lines]
    out, errors = StringIO(), StringIO()
    code = duplicates(books or [], BytesIO(b"\n".join(written)), out, errors)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue()


def test_a_pair_goes_out_with_its_evidence() -> None:
    code, out, errors = run(A, B)
    assert (code, errors) == (0, "")
    assert out == [
        {"a": "a", "b": "b", "decision": "link", "score": 0.99, "evidence": [{"kind": "number", "said": "the same order number in both"}]}
    ]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "loom.yaml"
    path.write_text(BOOK)
    return path


def test_a_brand_is_picked_by_slug_or_name_in_any_case(book: Path) -> None:
    brands = brands_of([book])
    assert {brands.of(named).slug for named in ("loom", "LOOM", "Loom Wonen", "loom wonen", None)} == {"loom"}
    assert brands.of("other").slug == "other"
    assert brands.of("loom").lens.forms
    code, out, _ = run(A, B | {"brand": "LOOM WONEN"}, books=[book])
    assert (code, [line["decision"] for line in out]) == (0, ["link"])


def test_a_row_without_a_brand_is_the_only_books_and_of_none_without_one(book: Path) -> None:
    assert len(run(A, B | {"brand": None}, books=[book])[1]) == 1
    assert run(A, B | {"brand": None})[1] == []
    assert len(run(A | {"brand": None}, B | {"brand": None})[1]) == 1


def test_what_may_be_missing_may_be_missing() -> None:
    code, out, errors = run({"id": 1, "text": "bestelling LM-2617348"}, {"id": "2", "text": "LM-2617348", "author": None, "posted_at": ""})
    assert (code, errors, [(line["a"], line["b"]) for line in out]) == (0, "", [("1", "2")])


def test_topics_come_after_pairs() -> None:
    outage = [
        {
            "id": f"t{n}",
            "brand": "loom",
            "channel": "twitter",
            "author": {"handle": who, "name": who},
            "text": text,
            "posted_at": f"2026-03-02T19:{n}0:00Z",
        }
        for n, (who, text) in enumerate(
            [("joris", "storing in Dokkum?"), ("hanna", "Dokkum plat"), ("kees", "ook in Dokkum geen internet")]
        )
    ]
    _, out, _ = run(*outage, A, B)
    assert "decision" in out[0]
    assert out[1]["topic"] == ["t0", "t1", "t2"]
    assert "dokkum" in out[1]["why"].lower()


WRONG_LINES = [
    ("{", "no JSON"),
    ("[1]", "[1], not an object"),
    ('{"text": "x"}', "id is null"),
    ('{"id": "x"}', "text is null"),
    ('{"id": true, "text": "x"}', "id is true"),
    ('{"id": "x", "text": 5}', "text is 5"),
    ('{"id": "x", "text": "x", "author": [1]}', "author is [1]"),
    ('{"id": "x", "text": "x", "author": {"name": {}}}', "author.name is {}"),
    ('{"id": "x", "text": "x", "posted_at": "gisteren"}', 'posted_at is "gisteren"'),
    ('{"id": "x", "text": "x", "channel": []}', "channel is []"),
    ('{"id": "a", "text": "x"}', "its id, 'a', is that of line 1"),
    (b"\xff\xfe", "no JSON"),
    ('{"id": "x", "text": "' + "x" * (1 << 20) + '"}', "more than 1048576 bytes"),
    ("[" * 100_000, "no JSON"),
]


@pytest.mark.parametrize(("line", "told"), WRONG_LINES)
def test_a_line_that_cannot_be_read_is_told_and_the_others_are_judged(line: str | bytes, told: str) -> None:
    code, out, errors = run(A, line, "", B)
    assert code == WRONG
    assert errors.startswith("line 2 is left out: ")
    assert told in errors
    assert len(errors) < 400
    assert [(pair["a"], pair["b"]) for pair in out] == [("a", "b")]


def test_odd_texts_are_judged_like_others() -> None:
    code, out, _ = run({"id": "\ud800", "text": "\ud800 LM-2617348"}, {"id": "y", "text": "\x00LM-2617348", "brand": ""})
    assert (code, len(out)) == (0, 1)
    assert run("\ufeff" + json.dumps(A), B)[0] == 0
    assert run() == (0, [], "")


def test_a_brand_book_that_cannot_be_used_is_an_error(book: Path, tmp_path: Path) -> None:
    for paths, told in (([tmp_path / "none.yaml"], "none.yaml can't be read"), ([book, book], "second brand book of loom")):
        with pytest.raises(CommandError, match=told) as error:
            run(A, books=paths)
        assert error.value.code == WRONG
    book.write_text("brand: [")
    with pytest.raises(CommandError, match=r"loom\.yaml"):
        run(A, books=[book])


def test_the_command_reads_standard_input(book: Path) -> None:
    done = weerklank("duplicates", "--brandbook", book, stdin=f"{json.dumps(A)}\n{{\n{json.dumps(B)}\n")
    assert done.returncode == WRONG
    assert json.loads(done.stdout)["decision"] == "link"
    assert done.stderr.startswith("line 2 is left out: it is no JSON")
