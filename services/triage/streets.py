# ruff: noqa: E501 - a pattern reads best on one line
"""Streets with a house number, as people write them: a text reaches this module, addresses in one spelling leave it.

Kastanjehof 22, "kastanjehof nr. 22", "Beukenpl. 14", "14 Willow Rd": most people tell no postcode. An address is known by the last word of the street's
name, written out, and the number, "beukenplein 14": what stands before it ("Burgemeester", "Burg.") is written in too many ways, and tells less.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import re2

from services.triage.words import folded

MAX_EACH: Final = 10

_ENDS: Final = {
    "straat": ("straat", "str", "straße", "strasse"),
    "laan": ("laan", "ln"),
    "weg": ("weg", "wg"),
    "plein": ("plein", "pl", "pln"),
    "gracht": ("gracht", "gr"),
    "kade": ("kade", "kd"),
    "singel": ("singel", "sgl"),
    "plantsoen": ("plantsoen", "plnts"),
    "boulevard": ("boulevard", "blvd"),
    **{end: (end,) for end in ["dijk", "hof", "pad", "dreef", "steeg", "markt", "wal", "park", "dal", "veld", "berg", "akker", "haven", "oord", "hoek", "baan", "ring", "erf", "allee"]},
}  # fmt: skip
_DUTCH_ENDS: Final = {written: end for end, spellings in _ENDS.items() for written in spellings}
_TYPES: Final = {
    "road": ("road", "rd"),
    "street": ("street", "st"),
    "avenue": ("avenue", "ave", "av"),
    "lane": ("lane", "ln"),
    "close": ("close", "cl"),
    "drive": ("drive", "dr"),
    "court": ("court", "ct"),
    "crescent": ("crescent", "cres"),
    "gardens": ("gardens", "gdns"),
    "terrace": ("terrace", "terr"),
    "square": ("square", "sq"),
    **{kind: (kind,) for kind in ["grove", "way", "place", "hill", "mews", "row", "walk"]},
}
_ENGLISH_TYPES: Final = {written: kind for kind, spellings in _TYPES.items() for written in spellings}


def _either(spellings: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, spellings), key=len, reverse=True))


_UNIT: Final = r" ?(?:uur|u|minuten|min|dagen|dag|weken|week|maanden|jaar|euro|eur|keer|x|%|°|km|meter|stuks|personen|jan|feb|mrt|maart|apr|mei|jun|jul|aug|sep|okt|nov|dec|times|days|weeks|hours|years)"
_HOUSE: Final = (
    r"(?P<number>[1-9]\d{0,3})(?P<letter>[a-z](?![\w])| (?-i:[A-H])(?![\w'’])| ?bis(?!\w)|-\d{1,3}(?!\w)| ?-? ?(?:hs|huis)(?!\w))?"
    rf"(?![\w€%]|[.,:/]\d|{_UNIT}\w*)"
)
_DUTCH: Final = re.compile(
    rf"(?<![\w-])(?:(?P<which>lange|korte|oude|nieuwe|grote|kleine|eerste|tweede|derde|1e|2e|3e) )?(?P<name>[^\W\d_][\w'’-]{{1,30}}?)?(?P<end>{_either(_DUTCH_ENDS)})"
    rf"(?:\.,? ?|,? )(?:(?:nr|nummer|no|huisnummer|huisnr)[. :]{{1,2}}|#)?{_HOUSE}",
    re.IGNORECASE,
)
_NO_STREET: Final = frozenset(
    re.split(" ", "onderweg terugweg heenweg halverweg snelweg omweg uitweg overweg supermarkt arbeidsmarkt bouwmarkt tijdpad gedrag verhaal jaarring storing ring bankring alweg spoorweg vandaal bezwaal sport")
)  # fmt: skip
_SHORTEST: Final = 3
"""Letters of a name before a short end such as "pl": what is shorter is a word."""
_ENGLISH: Final = re.compile(
    r"(?<![\w.,/-])(?P<number>[1-9]\d{0,3})(?P<letter>[a-z](?!\w))?,? (?:[A-Z][a-z'’]{1,20} ){0,2}?(?P<name>[A-Z][a-z'’]{2,20}) "
    rf"(?P<type>(?i:{_either(_ENGLISH_TYPES)}))(?![\w])"
    r"|(?<![\w.,/-])(?P<number_>[1-9]\d{0,3})(?P<letter_>[a-z](?!\w))?,? (?P<name_>[a-z'’]{3,20}) (?P<type_>road|rd|street|avenue|ave|crescent|gardens|terrace)(?![\w])"
)
_NO_NAME: Final = frozenset(re.split(" ", "the this that your our high-street next same first second"))
_MAY: Final = re2.compile(
    rf"(?i)(?:{_either(_DUTCH_ENDS)})[., ]{{1,2}}(?:#|[nh][a-z]{{1,10}}[. :]{{1,2}})?[1-9]|[0-9][a-z]?,? [a-z'’ ]{{3,60}} (?:{_either(_ENGLISH_TYPES)})\b"
)
"""At a twentieth of the price: most texts name no street."""


def streets(text: str) -> Iterator[str]:
    """The addresses in a text, at most MAX_EACH, such as "beukenplein 14"; none for a street without a number."""
    if _MAY.search(text):
        yield from islice((one for one in _found(text) if one), MAX_EACH)


def _found(text: str) -> Iterator[str]:
    for match in _DUTCH.finditer(text):
        name, end = folded(match["name"] or ""), match["end"].lower()
        which = folded(match["which"] or "")
        whole = name + end
        if whole in _NO_STREET or not (name or which) or (len(end) < 3 and len(name) < _SHORTEST) or (name and len(name) < 2):
            continue
        yield f"{which}{' ' if which else ''}{name}{_DUTCH_ENDS[end]} {_house(match['number'], match['letter'])}"
    for match in _ENGLISH.finditer(text):
        name = folded(match["name"] or match["name_"])
        if name not in _NO_NAME:
            kind = _ENGLISH_TYPES[(match["type"] or match["type_"]).lower()]
            yield f"{name} {kind} {_house(match['number'] or match['number_'], match['letter'] or match['letter_'])}"


def _house(number: str, addition: str | None) -> str:
    return number + (addition or "").lower().replace(" ", "").removesuffix("huis").removesuffix("hs").rstrip("-")
