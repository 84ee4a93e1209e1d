"""What people type, what is marked in what they wrote, and what a reader sees of it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import BadRequest
from libs.common.masking import Mask, Span
from services.routing import question, snippet
from services.routing.question import Term
from services.routing.search_index import numbers_in
from services.routing.snippet import Piece
from services.routing.wanted import Arguments, Wanted, condition

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("factuur dubbel", ((Term("factuur"), Term("dubbel")),)),
        ('"geen internet" -utrecht', ((Term("geen internet", phrase=True), Term("utrecht", without=True)),)),
        ("storing OR outage", ((Term("storing"),), (Term("outage"),))),
        ("verhuiz*", ((Term("verhuiz", prefix=True),),)),
        ("VA-0042317", ((Term("va0042317", number=True),),)),
        ("06-12345678", ((Term("612345678", number=True),),)),
        ('"niet gesloten', ((Term("niet gesloten", phrase=True),),)),
    ],
)
def test_what_is_typed_means(asked: str, meant: question.Question) -> None:
    assert question.parse(asked) == meant


@given(st.text(max_size=200))
def test_whatever_is_typed_is_read_or_refused(asked: str) -> None:
    try:
        found = question.parse(asked)
    except BadRequest:
        return
    arguments = Arguments("vaart")
    sql = question.condition(found, arguments) + question.ranking(found, arguments)
    for term in question.positive(found):
        assert term.text in arguments.values
    assert asked.strip() not in sql or len(asked.strip()) < 4, "what is typed is an argument, never a part of the statement"


def test_numbers_are_kept_in_their_plain_form() -> None:
    said = "bestelling VA-0042317, bel +31 6 1234 5678 of 06 12 34 56 78; iban NL91 ABNA 0417 1643 00"
    found = list(numbers_in(said))
    assert {"va0042317", "31612345678", "0612345678"} <= set(found)
    assert any("0417164300" in number for number in found)


TEXT = "Bel me op 0612345678 of mail jan@klant.example, ik woon op 1234 AB 7"


@pytest.mark.parametrize(
    ("audience", "visibility", "shown"),
    [
        ("agent", "private", TEXT),
        ("spokesperson", "public", TEXT),
        ("spokesperson", "private", "Bel me op [telefoonnummer] of mail [e-mailadres], ik woon op [adres]"),
        ("analyst", "public", "Bel me op [telefoonnummer] of mail [e-mailadres], ik woon op [adres]"),
        ("department", "public", "Bel me op [telefoonnummer] of mail [e-mailadres], ik woon op [adres]"),
    ],
)
def test_a_reader_sees_what_they_may(audience: str, visibility: str, shown: str) -> None:
    assert Mask(audience, "nl").text(TEXT, visibility) == shown  # type: ignore[arg-type]


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=5))
def test_spans_that_overlap_or_do_not_fit_mask_all_that_they_cover(text: str, places: list[tuple[int, int]]) -> None:
    marked = "".join("\u2588" if any(0 <= a <= n < b <= len(text) for a, b in places) else c for n, c in enumerate(text))
    masked = Mask("analyst").text(text, "private", [Span("phone", a, b) for a, b in places])
    kept = "".join(c for c in marked if c != "\u2588")
    assert len(masked.replace("[phone number]", "")) <= len(kept), "nothing that is covered is shown"


def test_marks_are_ranges_of_the_excerpt() -> None:
    words = "woord " * 100
    piece = Piece("message", UUID(int=1), AT, "twitter", f"{words}de storing duurt al dagen {words}")
    known = {"storing": frozenset({"storing"}), "storingen": frozenset({"storing"})}
    found = snippet.best([piece], [Term("storingen")], known)
    assert found is not None
    assert [found.text[a:b] for a, b in found.marks] == ["storing"]
    assert len(found.text) <= snippet.LENGTH + 4
    assert found.text.startswith("… ")


def test_a_filter_on_open_cases_asks_for_keys_of_open_cases_only() -> None:
    arguments = Arguments("vaart")
    assert condition(Wanted(open=True, label=("internet",)), "vaart", arguments) == "l.keys && $2::text[]"
    assert arguments.values[1] == ["vaart/o/label/internet"]
    assert condition(Wanted(open=True, state=("closed",)), "vaart", Arguments("vaart")) == "false"
    assert condition(Wanted(), "vaart", Arguments("vaart")) == "true"
