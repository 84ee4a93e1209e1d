"""Streets with a house number are one address in every spelling."""

import pytest

from services.triage.streets import streets

SPELLINGS = {
    "lindehof 22": ["Lindehof 22", "lindehof 22", "Lindehof nr. 22", "Lindehof nummer 22", "Lindehof, 22", "Lindehof #22", "lindehof huisnummer 22"],
    "esdoornplein 14": ["Esdoornplein 14", "Esdoornpl. 14", "Esdoornpln 14", "ESDOORNPLEIN 14", "esdoornpl 14"],
    "kerkstraat 3": ["Kerkstraat 3", "Kerkstr. 3", "kerkstr 3"],
    "beatrixlaan 8": ["Beatrixlaan 8", "Beatrixln. 8", "Prinses Beatrixlaan 8", "Pr. Beatrixlaan 8"],
    "jongstraat 7": ["Burgemeester de Jongstraat 7", "Burg. de Jongstr. 7"],
    "molenweg 6": ["Molenweg 6", "molenwg 6"],
    "vincentlaan 12a": ["Van Vincentlaan 12a", "van Vincentlaan 12 A"],
    "lange brugstraat 5bis": ["Lange Brugstraat 5 bis", "Lange Brugstr. 5bis"],
    "nieuwe gracht 101": ["Nieuwe Gracht 101", "nieuwe gracht 101"],
    "helstplein 9-2": ["van der Helstplein 9-2", "v.d. Helstpl. 9-2"],
    "birkenstraat 5": ["Birkenstraße 5", "Birkenstrasse 5", "Birkenstr. 5"],
    "willow road 14": ["14 Willow Road", "14 Willow Rd", "14 willow road"],
    "view road 27": ["27 Harbour View Road", "27 Harbour View Rd"],
    "elm avenue 9": ["9 Elm Avenue", "9 Elm Ave, Leeds"],
    "church lane 3": ["3 Church Lane", "3 Church Ln"],
}  # fmt: skip


@pytest.mark.parametrize("address", SPELLINGS)
def test_an_address_is_one_in_every_spelling(address: str) -> None:
    for spelling in SPELLINGS[address]:
        assert list(streets(f"Adres: {spelling} en ik wacht")) == [address], spelling


@pytest.mark.parametrize(
    "text",
    [
        "al 3 weken onderweg 2 pakketten",
        "Kerkstraat 3 dagen opgebroken",
        "de storing 3 is voorbij",
        "in de supermarkt 4 flessen",
        "op pad 2 keer",
        "de gracht 9 is mooi",
        "Lindehof 22.50 euro",
        "Lindehof in Ede",
        "my 3 next close friends",
        "",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert list(streets(text)) == []


def test_another_number_or_letter_is_another_address() -> None:
    assert len({*streets("Lindehof 22, Lindehof 24 en Lindehof 22b, Lange Brugstraat 5, Korte Brugstraat 5")}) == 5
