"""Numbers that people spell become digits where they are long enough to be somebody's."""

import pytest

from services.triage.numbers import written
from services.triage.spelt import unspelt


@pytest.mark.parametrize(
    "spelling",
    [
        "nul zes 07311073",
        "nul zes, nul zeven drie een een nul zeven drie",
        "nul zes nul zeven eenendertig tien drieënzeventig",
        "06 nul zeven 31 10 73",
        "Nul Zes 07 31 10 73",
        "0 zes 0731 1073",
        "zero six zero seven thirty-one ten seventy three",
        "oh six oh seven three one one oh seven three",
        "zero six 07 31 10 73",
    ],
)
def test_a_phone_number_may_be_spelled(spelling: str) -> None:
    assert written(unspelt(f"Bel me op {spelling}, graag voor vijf uur")).phones == ("607311073",)


def test_double_is_twice() -> None:
    assert unspelt("it is zero seven seven double oh nine triple four") == "it is 0770094" + "44"


@pytest.mark.parametrize(
    "text", ["twee of drie dagen, zes keer gebeld", "nul op het rekest", "een zes min", "zero, one or two", "six twenty"]
)
def test_other_words_stay_what_they_are(text: str) -> None:
    assert unspelt(text) == text
