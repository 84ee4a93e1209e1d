"""Which practice messages somebody is asked, what an answer scores, and what practice can touch. Example data."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.errors import BadRequest, Unprocessable, WeerklankError
from services.responder import practice_file
from services.responder.practice import Answer, Kept, choose, report
from services.responder.practice_score import Score, judged, model_answer, score
from tests.integration.responder.conftest import brand_book

RESPONDER = Path(practice_file.__file__).parent
SAMPLE = Path(__file__).parents[3] / "samples/practice/vaart.yaml"
BOOK = BrandBook.from_json(
    brand_book(
        "vaart", hours={"mon-fri": ["08:00-22:00"]}, voice={"smileys": False, "forbidden_words": ["kosteloos"], "address_form": "je"}
    )
)
ME = Member(id="kandidaat", first_name="Bo", initials="bo")


def message(key: str = "storing", **more: Any) -> Kept:
    given_: dict[str, Any] = {
        "key": key,
        "channel": "twitter",
        "customer": "Sanne Visser",
        "text": "Mijn internet ligt er weer uit, 06-12345678",
        "model_answer": "Hoi Sanne, vervelend! Ik ga het na en je hoort vandaag nog van me. {handtekening}",
    }
    return Kept(**{**given_, **more})


def scored(text: str, **more: Any) -> Score:
    asked = message(**more)
    return score(judged(text, asked, BOOK, ME), judged(model_answer(asked, BOOK, ME), asked, BOOK, ME))


def test_the_model_answer_has_all_points_whoever_signs() -> None:
    found = scored("Hoi Sanne, vervelend! Ik ga het na en je hoort vandaag nog van me. ^bo")
    assert (found.total, found.guard, found.promises, found.length, found.form) == (100, 60, 15, 10, 15)
    assert found.codes == {}


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("Vervelend, Sanne! Ik ga het na en je hoort vandaag nog van me. ^bo", {"form": 5}),
        ("Hoi Sanne, vervelend! Ik ga het na en je hoort vandaag nog van me.", {"form": 10}),
        ("Hoi Sanne, vervelend! Ik ga het na en je hoort vandaag nog van me. ^gs", {"form": 10}),
        ("Hoi Sanne, vervelend! Ik ga het na en laat je weten hoe het staat. ^bo", {"promises": 15}),
        ("Hoi Sanne, vervelend! Ik ga het kosteloos na en je hoort vandaag nog van me. ^bo", {"guard": 30}),
        ("Hoi Sanne, vervelend! Ik ga het na en je hoort vandaag nog van me 😀 ^bo", {"guard": 10}),
        ("Hoi Sanne, vervelend! Ik ga het na en je hoort vandaag nog van me {naam} ^bo", {"guard": 30}),
        ("Hoi Sanne! Je hoort vandaag nog van me. " + "Ik ga het voor je na. " * 12 + "^bo", {"length": 10}),
        ("Hoi! Je hoort vandaag nog van me. ^bo", {}),
    ],
)
def test_what_costs_points(text: str, lost: dict[str, float]) -> None:
    found = scored(text)
    parts = {"guard": 60 - found.guard, "promises": 15 - found.promises, "form": 15 - found.form}
    if "length" in lost:
        parts["length"] = 10 - found.length
    assert {name: points for name, points in parts.items() if points} == lost
    assert found.total == pytest.approx(found.guard + found.promises + found.length + found.form)


def test_nothing_said_is_nothing_scored() -> None:
    assert scored(" \u200b ").total == 0
    assert scored("").codes == {"empty": 1}


def test_promising_where_the_model_answer_does_not_costs_points_too() -> None:
    quiet = "Hoi Sanne, vervelend! Ik ga het voor je na. {handtekening}"
    assert scored("Hoi Sanne, vervelend! Je hoort vandaag nog van me. ^bo", model_answer=quiet).promises == 5
    assert scored("Hoi Sanne, vervelend! Ik kijk ernaar. ^bo", model_answer=quiet).promises == 15


@given(st.text(max_size=300), st.text(min_size=1, max_size=200).filter(lambda text: text.strip()))
def test_a_score_is_from_0_to_100_and_the_same_each_time(text: str, model: str) -> None:
    asked = message(model_answer=model)
    first, again = (score(judged(text, asked, BOOK, ME), judged(model, asked, BOOK, ME)) for _ in range(2))
    assert first == again
    assert 0 <= first.total <= 100


POOL = [message(f"m{n}") for n in range(30)]


@given(st.permutations(POOL), st.integers(1, 50), st.text(max_size=20))
def test_the_seed_alone_decides_what_is_asked(order: list[Kept], number: int, seed: str) -> None:
    found = choose(order, number, seed)
    assert found == choose(POOL, number, seed)
    assert len({one.key for one in found}) == min(number, 30)
    assert found == choose(POOL, 30, seed)[:number]


def test_what_somebody_has_had_comes_last() -> None:
    had = {f"m{n}" for n in range(25)}
    found = choose(POOL, 10, "x", had=had)
    assert {one.key for one in found[:5]} == {f"m{n}" for n in range(25, 30)}
    assert choose(POOL, 10, "x") != choose(POOL, 10, "y")


def test_a_report_counts_answers_by_what_is_wrong_in_them() -> None:
    texts = ["Hoi Sanne, kosteloos en kosteloos 😀. ^bo", "kosteloos", "Hoi Sanne, vervelend! Vandaag nog bericht. ^bo"]
    done = [Answer(position=n, message=message(), text=text, seconds=10.0 * n, score=scored(text)) for n, text in enumerate(texts, 1)]
    found = report([*done, Answer(position=4, message=message())])
    assert found.score == round(sum(scored(text).total for text in texts) / 3, 1)
    assert next((one.code, one.answers) for one in found.wrong) == ("forbidden_word", 2)
    assert (found.median_seconds, found.total_seconds) == (20, 60)
    assert report([]).score is None


# --- files ---------------------------------------------------------------------------------------------------------------------------


def test_the_sample_reads_and_its_model_answers_are_good() -> None:
    """Judged with the sample's own brand book: nothing blocks, nothing is to be confirmed, and each has all points."""
    from libs.common.bookfile import load_book

    book = load_book((SAMPLE.parents[1] / "vaart.yaml").read_text())
    found = practice_file.read(SAMPLE.read_text(), lines=False)
    assert len(found) >= 8
    assert {one.difficulty for one in found} == {1, 2, 3}
    assert {label for one in found for label in one.labels} <= {label.name for label in book.labels}
    for one in found:
        member = book.team[0]
        mine = judged(model_answer(one, book, member), one, book, member)
        assert [(one.key, verdict.code, verdict.message) for verdict in mine.verdicts if verdict.severity != "hint"] == []
        assert one.matters


def test_json_lines_read_the_same() -> None:
    found = practice_file.read("\n".join(one.model_dump_json() for one in POOL) + "\n\n", lines=True)
    assert found == POOL


@pytest.mark.parametrize(
    ("text", "lines", "error", "said"),
    [
        ("messages: []", False, Unprocessable, "no message"),
        ("berichten: []", False, Unprocessable, "one field, messages"),
        ("messages: [{key: a}]", False, Unprocessable, r"message 1 \(a\), channel"),
        ("messages: {", False, BadRequest, "YAML"),
        ("[1]", True, Unprocessable, "message 1, it"),
        ('{"key": "a", "key": "b"}', True, BadRequest, "stands twice"),
        ("\n".join([message().model_dump_json()] * 2), True, Unprocessable, "stands twice"),
        (message().model_dump_json().replace("Sanne Visser", "S\\u001b[31m"), True, Unprocessable, "customer"),
        ("\n".join(message(f"m{n}").model_dump_json() for n in range(501)), True, Unprocessable, "501 messages"),
    ],
)
def test_a_file_that_is_wrong_says_where(text: str, lines: bool, error: type[WeerklankError], said: str) -> None:
    with pytest.raises(error, match=said):
        practice_file.read(text, lines=lines)


# --- what practice can touch ----------------------------------------------------------------------------------------------------------


def test_practice_reads_and_writes_its_own_tables_alone() -> None:
    """By construction: every statement names practice tables only, and nothing that practice is made of can tell an event or write a reply."""
    files = sorted(RESPONDER.glob("practice*.py"))
    assert len(files) >= 6
    forbidden = {
        "outbox",
        "reply",
        "attempts",
        "sender",
        "channels",
        "follow",
        "clearance",
        "update_store",
        "hold_store",
        "suggestion_store",
    }
    for path in files:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(r"(select|insert|update|delete)\b", node.value):
                tables = re.findall(r"\b(?:from|join|into|update)\s+(\w+)", node.value.replace("do update set", ""))
                assert {name for name in tables if name not in ("unnest",)} <= {
                    "practice_message",
                    "practice_session",
                    "practice_answer",
                }, node.value
            if isinstance(node, ast.ImportFrom) and node.module:
                assert not forbidden & {alias.name for alias in node.names}, path
                assert node.module.rpartition(".")[2] not in forbidden, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "store":
                assert node.attr == "database_time", path
