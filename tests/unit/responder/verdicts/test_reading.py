"""The views of a text that the guard's rules share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.responder.verdicts import reading
from tests.unit.responder.verdicts import BOOK

TEXT = "Hoi Sanne, u schreef “dat is jullie schuld”. Zie https://vaart.example/x of @vaart!\n> mijn modem is stuk\nGaat het z.s.m. weer? We’ll see. ^gs"


def test_what_somebody_else_wrote_and_where_it_links_is_not_the_writers_own() -> None:
    own = reading.of_text(TEXT).own
    for other in ("schuld", "vaart.example", "@vaart", "modem"):
        assert other not in own
    assert "u schreef" in own
    assert "Gaat het" in own


def test_words_are_the_writers_own_in_lower_case() -> None:
    read = reading.of_text(TEXT)
    assert {"sanne", "u", "we'll"} <= read.words
    assert read.has(["schuld", "weer"])
    assert not read.has(["schuld", "modem"])


def test_sentences_end_at_stops_and_lines_but_not_in_abbreviations() -> None:
    read = reading.of_text(TEXT)
    told = [(read.own_lower[one.start : one.end].strip("\x00 "), one.asks) for one in read.sentences]
    assert ("gaat het z.s.m. weer?", True) in told
    assert ("we'll see.", False) in told
    assert read.sentence_at(TEXT.index("weer")).asks
    assert not read.sentence_at(TEXT.index("see")).asks


def test_the_brands_names_are_blanked_where_asked() -> None:
    book = BOOK.model_copy(update={"voice": BOOK.voice.model_copy(update={"official_names": ("Mijn Vaart",)})})
    assert reading.of_text("Log in op Mijn Vaart met mijn code").without_names(book).count("ijn") == 1


@given(st.text(alphabet=st.sampled_from("aİß\"'“”‘’<>@#.:/ \n^?!\x00é1\u202f"), max_size=80))
def test_every_view_is_as_long_as_the_text(text: str) -> None:
    read = reading.Reading(text)
    assert len(read.lower) == len(read.own) == len(read.own_lower) == len(read.without_names(BOOK)) == len(text)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "“quoted only”"])
def test_a_text_without_words_has_no_sentences(text: str) -> None:
    assert reading.of_text(text).sentences == ()
    assert not reading.of_text(text).words
