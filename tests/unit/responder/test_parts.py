"""Numbered parts: together they say what the text says, each fits, and nothing that is one thing is cut."""

import contextlib
import re
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from libs.common.brandbook import BrandBook
from services.responder import lengths
from services.responder.blanks import HANDLE, LINK
from services.responder.parts import MOST, fit, split

BOOK = BrandBook.model_validate({"brand": "vaart", "name": "Vaart", "languages": ["nl"]})
SHORT = BrandBook.model_validate(
    {"brand": "vaart", "name": "Vaart", "languages": ["nl"], "conduct": {"limits": {"twitter": 60, "mastodon": 60, "bluesky": 80}}}
)
SENTENCE = "We hebben de storing in Utrecht gevonden en zijn aan het herstellen."


def texts(text: str, channel: str = "twitter", book: BrandBook = SHORT) -> list[str]:
    found = split(text, channel, book)
    assert found is not None
    return [part.text for part in found]


def test_what_fits_is_not_split() -> None:
    assert split("Hoi Sanne, ik kijk ernaar. ^gs", "twitter", BOOK) == []
    assert split("x" * 100_000, "email", BOOK) == []


def test_parts_end_with_sentences_and_the_signature_stands_in_the_last() -> None:
    text = f"Hoi Sanne! {SENTENCE} Morgen voor 12:00 uur weet je meer. Dank voor je geduld. ^gs"
    assert texts(text, book=BrandBook.model_validate({**BOOK.model_dump(by_alias=True), "conduct": {"limits": {"twitter": 110}}})) == [
        "Hoi Sanne! We hebben de storing in Utrecht gevonden en zijn aan het herstellen. 1/2",
        "Morgen voor 12:00 uur weet je meer. Dank voor je geduld. ^gs 2/2",
    ]


@pytest.mark.parametrize(
    "whole",
    [
        "https://vaart.example/storing/utrecht",
        "klant@vaart.example",
        "#VaartErop",
        "@sanne_visser",
        "€ 12,50",
        "12 werkdagen",
        "06 12 34 56 78",
        "6 maart",
        "17:00 uur",
        "👨‍👩‍👧‍👦",
    ],
)
def test_what_is_one_thing_is_never_cut_wherever_it_stands(whole: str) -> None:
    for before in range(0, 60):
        text = "a" * (before % 7) + " b" * (before // 2) + f" {whole} en daarna komt er nog heel veel meer tekst achteraan hoor"
        found = split(text.strip(), "twitter", SHORT)
        assert found is not None
        if found:
            assert any(whole in part.text for part in found), (before, found)


def test_a_link_longer_than_the_channel_takes_has_no_parts() -> None:
    link = "https://vaart.example/" + "x" * 300
    assert split(f"Kijk eens op {link}", "bluesky", SHORT) is None
    assert texts(f"Kijk eens op {link} voor alles over deze storing, en laat gerust weten hoe het gaat", "twitter")[0].startswith(
        "Kijk eens op https"
    )


def test_a_word_longer_than_a_part_is_cut_between_characters() -> None:
    parts = texts("é" * 130)
    assert [part.rsplit(" ", 1)[1] for part in parts] == ["1/3", "2/3", "3/3"]
    assert "".join(part.rsplit(" ", 1)[0] for part in parts) == "é" * 130


def test_more_than_the_most_is_no_thread() -> None:
    assert split("woord " * 60 * MOST, "twitter", SHORT) is None


@pytest.mark.parametrize("text", ["a." * 5000, "@" * 10_000])
def test_a_text_made_to_be_slow_is_given_up_in_time(text: str) -> None:
    began = time.thread_time()
    with contextlib.suppress(TimeoutError):
        split(text, "twitter", BOOK)
    assert time.thread_time() - began < 2


PIECES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=30),
    st.sampled_from(
        [
            "https://vaart.example/a",
            "www.vaart.nl",
            "#hoi",
            "@sanne",
            "12,50 euro",
            "👨‍👩‍👧‍👦",
            "🇳🇱",
            "^gs",
            ". ",
            "\n\n",
            "vaart.nl!",
            "morgen",
            "e\u0301",
        ]
    ),
)


@given(st.lists(PIECES, min_size=5, max_size=60).map(" ".join), st.sampled_from(["twitter", "mastodon", "bluesky", "sms"]))
@example("vaart.nl " * 30, "twitter")
@example(" 0 \u2003" * 40, "bluesky")
def test_parts_together_are_the_text_and_each_fits(text: str, channel: str) -> None:
    found = split(text, channel, SHORT)
    if not found:
        assert found is None or not lengths.excess(channel, text, SHORT)
        return
    assert fit([part.text for part in found], channel, SHORT, "public")
    assert [part.text for part in found] == [f"{text[part.start : part.end]} {place}/{len(found)}" for place, part in enumerate(found, 1)]
    gaps = [text[: found[0].start], *(text[one.end : two.start] for one, two in pairwise(found)), text[found[-1].end :]]
    assert all(not gap.strip() for gap in gaps)
    assert re.sub(r"\s", "", "".join(text[part.start : part.end] for part in found)) == re.sub(r"\s", "", text)
    for match in (*LINK.finditer(text), *HANDLE.finditer(text)):
        assert any(part.start <= match.start() and match.end() <= part.end for part in found), match[0]
