"""weerklank triage: JSON lines in, JSON lines out in the same order, and what is said of lines that cannot be read."""

import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from cli.errors import WRONG, CommandError
from cli.triage import AT_ONCE, FEW, triage
from services.triage.classify import Classifier, Depth
from tests.unit.cli.test_command_line import weerklank

BOOK = """brand: loom
name: Loom Wonen
languages: [nl]
staff: {handles: ["@loom_piet"]}
voice: {internal_names: ["project Weefgetouw"]}
identifiers:
  order_number: '\\bLM-\\d{7}\\b'
labels:
  - {name: bezorging, description: "Bezorging van meubels", examples: ["mijn bank is nog niet bezorgd", "wanneer komt mijn kast"]}
"""
FIELDS = ["id", "language", "sentiment", "intent", "labels", "urgency", "respond", "pii", "go_private", "risk", "department"]


def run(*lines: dict[str, Any] | str | bytes, books: list[Path] | None = None) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the lines that went out, and what was told on standard error."""
    written = [line if isinstance(line, bytes) else (line if isinstance(line, str) else json.dumps(line)).encode() for line in lines]
    out, errors = BytesIO(), StringIO()
    code = triage(books or [], BytesIO(b"\n".join(written)), out, errors)
    return code, [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "loom.yaml"
    path.write_text(BOOK)
    return path


def test_a_text_alone_is_enough() -> None:
    code, (found,), errors = run({"id": "a", "text": "Waar blijft mijn bestelling? Bel me op 06-12345678"})
    assert (code, errors) == (0, "")
    assert list(found) == FIELDS
    assert (found["id"], found["language"], found["intent"], found["labels"]) == ("a", "nl", "order_status", [])
    assert found["pii"] == [{"kind": "phone", "start": 39, "end": 50}]
    assert list(found["sentiment"]) == ["label", "score"]
    assert found["respond"] == {"decision": "reply", "reason": "Wants to know where an order is."}


def test_messages_go_out_in_the_order_in_which_they_came_in() -> None:
    ids = [str(n) for n in range(FEW + AT_ONCE + 3)]
    _, found, _ = run(*({"id": i, "text": "dank je wel" if int(i) % 2 else "wat een ellende"} for i in ids))
    assert [one["id"] for one in found] == ids


@pytest.mark.parametrize(("number", "depth"), [(FEW - 1, "thorough"), (FEW, "full")])
def test_of_few_messages_each_is_read_by_the_whole_encoder(classifier: Classifier, number: int, depth: Depth) -> None:
    said = "hoe vaak moet ik nog bellen voor die kast van mijn moeder"
    _, found, _ = run({"id": "a", "text": said}, *({"id": "b", "text": ""} for _ in range(number - 1)))
    assert len(found) == number
    assert found[0]["sentiment"]["score"] == pytest.approx(classifier.classify([said], depth=depth)[0].sentiment_score, abs=1e-3)


def test_a_number_as_id_stays_a_number() -> None:
    _, (found,), _ = run({"id": 7, "text": "hoi"})
    assert found["id"] == 7


def test_an_id_that_cannot_be_written_stops_no_other() -> None:
    lines: list[dict[str, Any] | str | bytes] = [
        '{"id": "\\ud800", "text": "kapot"}',
        {"id": 2**64, "text": "hoi"},
        {"id": -(2**63), "text": "hoi"},
        {"id": 2**64 - 1, "text": "hoi"},
    ]
    code, found, errors = run(*lines)
    assert (code, [one["id"] for one in found]) == (WRONG, ["?", -(2**63), 2**64 - 1])
    assert errors == "line 2 is left out: id is 18446744073709551616, more than a number can be here. Write it as a text.\n"


def test_spans_count_characters_of_the_text_as_it_was_given() -> None:
    text = "😡😡 bel  me: 0612345678!"
    _, (found,), _ = run({"id": "a", "text": text})
    (span,) = found["pii"]
    assert text[span["start"] : span["end"]] == "0612345678"


def test_a_book_gives_labels_numbers_and_reasons_in_its_language(book: Path) -> None:
    row = {"id": "a", "brand": "LOOM wonen", "text": "mijn bank is nog niet bezorgd, LM-2617348"}
    _, (found,), _ = run(row, books=[book])
    assert [label["name"] for label in found["labels"]] == ["bezorging"]
    assert [one["kind"] for one in found["pii"]] == ["order_number"]
    assert found["respond"]["reason"].endswith(".")
    assert not found["respond"]["reason"].startswith("Wants")
    _, (other,), _ = run(row | {"brand": "other"}, books=[book])
    assert other["labels"] == []


def test_a_book_that_could_not_be_applied_is_read_all_the_same_and_told(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book.write_text(BOOK + '  - {name: retour, department: nowhere}\nchannels: [{id: x, type: x, secret: "env:OTHER_TOKEN"}]\n')
    code, (found,), _ = run({"id": "a", "brand": "loom", "text": "LM-2617348"}, books=[book])
    assert (code, [one["kind"] for one in found["pii"]]) == (0, ["order_number"])
    told = capsys.readouterr().err
    assert "loom.yaml:10: labels[1].department: there is no department 'nowhere'" in told
    assert "channels[0].secret" in told


def test_the_brands_own_people_leak_its_plans(book: Path) -> None:
    row = {"id": "a", "brand": "loom", "text": "Druk, volgende maand gaat project Weefgetouw live", "author": {"handle": "@Loom_Piet"}}
    _, (found,), _ = run(row, books=[book])
    assert found["risk"] == ["staff_leak"]
    assert found["respond"]["decision"] == "no_reply"


def test_reach_makes_a_grumble_a_risk() -> None:
    row = {
        "id": "a",
        "text": "Wat een waardeloos bedrijf is dit, nooit meer",
        "channel": "instagram",
        "author": {"handle": "x", "followers": 80_000},
    }
    _, (found,), _ = run(row)
    assert "influencer" in found["risk"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON"),
        ("[]", "not an object"),
        ('{"text": "hoi"}', "id is null"),
        ('{"id": true, "text": "hoi"}', "id is true"),
        ('{"id": "a"}', "text is null"),
        ('{"id": "a", "text": 5}', "text is 5"),
        ('{"id": "a", "text": "hoi", "visibility": "secret"}', 'visibility is "secret"'),
        ('{"id": "a", "text": "hoi", "author": 5}', "author is 5"),
        ('{"id": "a", "text": "hoi", "author": {"followers": "many"}}', 'followers is "many"'),
        ('{"id": "a", "text": "hoi", "channel": []}', "channel is []"),
        (b'{"id": "a", "text": "\xff"}', "no JSON"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_left_out(line: str | bytes, said: str) -> None:
    code, found, errors = run({"id": "1", "text": "hoi"}, line, {"id": "3", "text": "hoi"})
    assert code == WRONG
    assert [one["id"] for one in found] == ["1", "3"]
    assert errors.startswith("line 2 is left out: ")
    assert said in errors


def test_half_characters_and_very_long_texts_are_read() -> None:
    code, found, _ = run('{"id": "a", "text": "kapot \\ud800"}', {"id": "b", "text": "Alles ligt plat. " * 20_000}, {"id": "c", "text": ""})
    assert (code, [one["id"] for one in found]) == (0, ["a", "b", "c"])


def test_nothing_in_gives_nothing_out() -> None:
    assert run() == (0, [], "")


def test_two_books_of_one_brand_are_refused(book: Path, tmp_path: Path) -> None:
    second = tmp_path / "again.yaml"
    second.write_text(BOOK)
    with pytest.raises(CommandError, match="second brand book of loom"):
        run({"id": "a", "text": "hoi"}, books=[book, second])


def test_a_book_that_is_wrong_is_told_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("brand: loom\n")
    done = weerklank("triage", "--brandbook", str(path))
    assert done.returncode == WRONG
    assert "name" in done.stderr
