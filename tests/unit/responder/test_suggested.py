"""Scripts that should exist: answers that say the same are found, and what they share is proposed without anybody's data."""

from uuid import UUID, uuid4

import numpy as np
import pytest

from libs.common.brandbook import BrandBook
from libs.common.personal import Lens
from services.responder.suggested import Answer, groups, masked, proposed

BOOK = BrandBook.model_validate(
    {
        "brand": "vaart", "name": "Vaart", "languages": ["nl"], "labels": [{"name": "verhuizen"}, {"name": "factuur"}],
        "team": [{"id": "gs", "first_name": "Guus", "initials": "gs"}],
    }
)  # fmt: skip
LENS = Lens.of(BOOK)


def answer(
    text: str, customer: str = "Sanne de Vries", *, label: str = "verhuizen", writer: str = "gs", case_id: UUID | None = None
) -> Answer:
    return Answer(uuid4(), case_id or uuid4(), label, "nl", writer, text, customer)


MOVES = [
    answer(
        f"{hello} {name}, verhuizen naar {town} kan! Geef het een maand van tevoren door in Mijn Vaart, dan zetten wij alles over. ^{sign}",
        name,
        writer=sign,
    )
    for hello, name, town, sign in (
        ("Hoi", "Sanne", "Utrecht", "gs"),
        ("Hallo", "Piet", "Breda", "mk"),
        ("Goedemorgen", "Kim", "Assen", "gs"),
        ("Hoi", "Joris", "Goes", "gs"),
        ("Dag", "Fatima", "Ede", "mk"),
    )
]
OTHERS = [
    answer("Hoi Tom, je rekening is hoger door de eerste maand. ^gs", "Tom", label="factuur"),
    answer("Hoi Lot, fijne dag nog en veel plezier met je nieuwe telefoon! ^gs", "Lot"),
]


def test_answers_that_say_the_same_become_one_script_with_a_variable_where_they_differ() -> None:
    (found,) = groups([*MOVES, *OTHERS], BOOK, ["{groet}, we werken aan de storing."])
    assert found.text == (
        "{groet}, verhuizen naar {gegeven1} kan! Geef het een maand van tevoren door in Mijn Vaart, dan zetten wij alles over. {handtekening}"
    )
    assert (found.label, found.language, found.number, found.people) == ("verhuizen", "nl", 5, 2)
    assert np.linalg.norm(found.centre) == pytest.approx(1, abs=1e-3)


def test_what_was_said_to_one_customer_often_or_to_few_is_no_script() -> None:
    one_case = uuid4()
    assert groups([one._replace(case_id=one_case) for one in MOVES], BOOK, []) == []
    assert groups(MOVES[:3], BOOK, []) == []


def test_what_a_script_says_already_is_not_suggested() -> None:
    known = (
        "{groet}, verhuizen naar {plaats} kan! Geef het een maand van tevoren door in Mijn Vaart, dan zetten wij alles over. {handtekening}"
    )
    assert groups(MOVES, BOOK, [known]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hoi Sanne! Ik bel je op 06 12345678. ^gs", "Ik bel je op {telefoonnummer}."),
        ("@sanne Hoi Sanne, dank je, Sanne. ^gs", "dank je, {voornaam}."),
        ("Beste Sanne,\n\nHet staat op NL91 ABNA 0417 1643 00.\n\nMet vriendelijke groet,\nGuus", "Het staat op {nummer}."),
        ("Goedemiddag mevrouw De Vries, uw mail sanne@klant.example is bekend.\nGuus", "uw mail {mailadres} is bekend."),
        ("Dat is geregeld.", "Dat is geregeld."),
    ],
)
def test_who_says_it_to_whom_is_taken_out(text: str, expected: str) -> None:
    assert masked(answer(text), BOOK, LENS) == expected


def test_answers_that_share_too_little_make_no_script() -> None:
    assert proposed(["een twee drie vier", "vijf zes drie acht", "negen tien elf twaalf"]) is None
