"""Who and what a message names: a text and its brand book reach this module, strong identifiers leave it.

An identifier is evidence that two messages are one issue (DESIGN.md, "Who decides what"), so it is written in one canonical way and is
left out where it says nothing about a customer: the brand's own mailboxes and domains, and numbers that a company has rather than a
person. The brand's own patterns run first, and what they claim is not read a second time as a phone number.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

from libs.common.brandbook import BrandBook
from libs.common.contacts import addresses, emails, ibans, phones
from libs.common.ours import Ours, has_no_trunk_zero, phones_of_persons
from libs.common.ownnumbers import MAX_CHARS, MAX_EACH, BookPattern, blanked, canonical, claimed
from libs.common.wordvectors import well_formed
from services.triage.numbers import respelt
from services.triage.spelt import unspelt

PHONE, EMAIL, IBAN, ADDRESS = "phone", "email", "iban", "address"


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One value in its canonical form. `kind` is a name from the brand book, or phone, email, iban, address."""

    kind: str
    value: str


def identifiers(text: str, book: BrandBook, ours: Ours, patterns: Sequence[BookPattern]) -> list[Identifier]:
    """The strong identifiers in the first MAX_CHARS of `text`, each once, sorted, so that rows are locked in one order. `ours` is left out.

    `patterns` are the book's. One that takes longer than PATTERN_TIMEOUT_S on this text finds nothing more in it, and no more does any once all have
    taken PATTERNS_TIMEOUT_S together: a stranger's text must not be able to stop triage. (Only patterns with look-arounds or back-references can; the
    rest run in linear time.)
    """
    rest = well_formed(text[:MAX_CHARS])
    found: set[Identifier] = set()
    named = {pattern.name: pattern for pattern in patterns}
    for name, start, end in claimed(rest, patterns):
        found.add(Identifier(name, named[name].canonical(rest[start:end])))
        rest = blanked(rest, start, end)
    for start, end in list(islice(emails(rest), MAX_EACH)):
        if not ours.has_mail(address := rest[start:end].lower()):
            found.add(Identifier(EMAIL, address))
        rest = blanked(rest, start, end)
    for start, end in list(islice(ibans(rest), MAX_EACH)):
        found.add(Identifier(IBAN, "".join(filter(str.isalnum, rest[start:end])).upper()))
        rest = blanked(rest, start, end)
    country = book.hours.holidays.country
    if country == "NL":
        found |= {Identifier(ADDRESS, value) for value in postal_addresses(rest)}
    if not (_DIGIT.search(rest := unspelt(rest)) or has_no_trunk_zero(country)):
        return sorted(found)
    rest = _dialled(rest)
    spans = list(islice(phones(rest), MAX_EACH))
    found |= {
        Identifier(PHONE, value)
        for value in phones_of_persons(rest, spans, country)
        if value not in ours.numbers and not _of_a_place(value)
    }
    for start, end in spans:
        rest = blanked(rest, start, end)
    for one, compact in respelt(rest, [pattern.form for pattern in patterns if pattern.form is not None]):
        if (booked := one.as_booked(compact)) and named[one.kind].compiled.fullmatch(booked):
            found.add(Identifier(one.kind, canonical(booked)))
    return sorted(found)


def _of_a_place(number: str) -> bool:
    """Whether a number is an office's or a household's, where everybody signs with it: a later look, which compares names, may make something of it."""
    return bool(phonenumbers.number_type(phonenumbers.parse(number)) == PhoneNumberType.FIXED_LINE)


_DIGIT: Final = re.compile(r"\d")
_MISTYPED: Final = re.compile(r"[oO] ?[1-9]|\d[oO]\d|3[1236][4-7]|44 ?7|49 ?1")
_ZERO: Final = re.compile(r"(?<![\w.@-])[oO](?= ?[1-9](?:[ ()./-]{0,3}[\doO]){8}(?![\w-]))|(?<=\d)[oO](?=[\doO]*\d)")
_NO_PLUS: Final = re.compile(r"(?<![\w+.-])(?=(?:316|447|324|491[567]|33[67])(?: ?\d){8,9}(?![\w-]))")


def _dialled(text: str) -> str:
    """The text with the 0 of a number that was typed as an O, and the + of one that begins with the code of a country's mobile phones."""
    return _NO_PLUS.sub("+", _ZERO.sub("0", text)) if _MISTYPED.search(text) else text


def postal_addresses(text: str) -> Iterator[str]:
    """Postcodes with a house number beside them, as "1234AB 12A"."""
    return (address.canonical for address in islice(addresses(text), MAX_EACH) if address.canonical)
