# ruff: noqa: E501 - a pattern reads best on one line
r"""Numbers as people write them: a text and the forms of a brand's book reach this module, numbers in one spelling leave it.

A brand writes `KW26-408172`; its customers write kw26408172, "KW 26 408172", "26-408172 (KW)", or the last digits only. A number is known by its *core*:
its digits without anything between or around them, or letters and digits together where letters stand among the digits (`QX7M4T`). Dates, times, amounts,
flight numbers, error codes and promotion codes are no numbers of a customer. What a number is about (its *kind*) comes from the book, else from the word
before it or the letters in front; two numbers of one kind that differ are evidence that two messages are not one issue.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import re2

from libs.common.bookforms import Form
from services.triage.endings import Ending, endings
from services.triage.words import STEM, weights

MAX_EACH: Final = 20
MIN_DIGITS: Final = 6
"""A number with nothing around it that says what it is has at least so many digits."""
MIN_TOLD_DIGITS: Final = 5
"""With letters in front or behind, or a word before it such as "order"."""


SHORTEST: Final = 4
"""Letters and digits of a number that a book knows."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number in a text. `kind` is the book's name for it, a word of `_ABOUT`, the letters in front, or ""."""

    core: str
    kind: str
    letters: str = ""
    """What stands in front of the digits, upper case: two numbers with other letters are not of one kind."""
    booked: bool = False
    """The brand's book knows this form."""
    others: tuple[str, ...] = ()
    """Its core where somebody leaves out what stands in front: 408172 of KW26-408172."""

    @property
    def cores(self) -> frozenset[str]:
        """By what it is found; whether two numbers that are found so are one, `same` tells."""
        return frozenset((self.core, *self.others))

    @property
    def told(self) -> bool:
        """Whether anything says what it is about."""
        return self.kind not in ("", "told", "reference")


def same(one: Number, other: Number) -> bool:
    """Whether two numbers are one. What stands in front may be left out by one of them: 408172 is KW26-408172, and 2025-11873 is not 2024-11873."""
    if one.core == other.core or _respelt(one, other):
        shared = one.core
    else:
        part, whole = (one, other) if len(one.core) < len(other.core) else (other, one)
        if part.core not in whole.others or (part.letters and part.letters != whole.letters):
            return False  # W-20417 is no part of 88-20417
        shared = part.core
    if one.booked and other.booked:
        return one.kind == other.kind
    if one.letters and other.letters and one.letters != other.letters:
        return False
    telling = len(shared) > MIN_DIGITS or not shared.isdigit()  # QP4TT8 is one code, whether it is called a ticket's or a booking's
    return telling or one.booked or other.booked or not (one.told and other.told) or one.kind == other.kind


def _respelt(one: Number, other: Number) -> bool:
    """Whether they differ in zeros, or in the order of a year and a running number."""
    return any("/" in value or value == one.core.lstrip("0") == other.core.lstrip("0") for value in one.cores & other.cores)


# --- what is no number of a customer -------------------------------------------------------------------------------------------------

_MONTH: Final = r"(?:jan|feb|mrt|maa|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*\.?"
_NOISE: Final = re.compile(
    r"https?://\S+|www\.\S+|(?<!\d)0[89]0[09][ .-]?\d{3,4}(?:[ .-]?\d{3,4})?(?!\d)|\b[45]\d{2} [45]\.\d+\.\d+\b|\b(?:ean|gtin)\b[^\d\n]{0,12}\d{8}(?:\d{5})?(?!\d)"
    rf"|(?<![\w.-])\d{{1,2}}(?:st|nd|rd|th|e)?[ ./-](?:of )?{_MONTH}(?:[ ./-]\d{{2,4}})?(?!\w)"
    rf"|(?<!\w){_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?(?!\w)"
    r"|(?<![\w.-])(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|1[0-2])\1(?:20)?\d{2}(?![\w-]|\.\d)"
    r"|(?<![\w.-])(?:19|20)\d{2}([./-])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12]\d|3[01])(?![\w-]|\.\d)"
    r"|(?<![\w.-])\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: ?(?:u|uur|h|am|pm))?(?![\w-]|\.\d)"
    r"|[€$£] ?\d+(?:[.,\s]\d{3})*(?:[.,]\d{1,2}|,-)?"
    r"|(?<![\w.,-])\d+(?:[.,]\d{3})*(?:[.,]\d{1,2})? ?(?:€|euro?s?\b|eur\b|dollars?\b|pounds?\b|pond\b|duizend\b|miljoen\b|%|km\b|kg\b|gb\b|mb(?:it)?\b|mbps\b)"
    r"|(?<![\w.,-])\d+,\d{1,2}(?![\w])"
    r"|(?<![\w.,-])[1-9]\d{3} ?[A-Z]{2}(?!\w)",
    re.IGNORECASE,
)
"""Addresses of pages, dates, times, amounts and measures, decimals, postcodes: blanked out before numbers are read."""

# --- accounts, phones, numbers -------------------------------------------------------------------------------------------------------

_ACCOUNT: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}[ .-]?(?:[A-Za-z]{4}(?:[ .-]?\d){7,16}|\d(?:[ .-]?\d){10,22})(?![A-Za-z0-9])"
)
_PHONE: Final = re.compile(
    r"(?<![\w+.-])(?:\+ ?[1-9]|\(?00 ?[1-9]|\(?[0o] ?[1-9]|(?:316|447|324|4915|4916|4917|336|337)(?=(?: ?\d){8,9}(?!\d)))(?:[ ()./-]{0,3}\d){7,13}(?![\w-])",
    re.IGNORECASE,
)
_NO_PHONE: Final = re.compile(r"\(?0\d ?[-/.] ?(?:0?[1-9]|1[0-2]) ?[-/.] ?(?:19|20)\d\d(?!\d)|0(?:800|900|906|909)")
"""A date, or a number that a company has rather than a person."""
_MOBILE: Final = re.compile(r"06\d{8}\Z|00|3|4")
_ACCOUNT_BEFORE: Final = re.compile(r"(?:rekening\w*|iban|account(?: number)?)[ :.=(]{0,3}(?:is |nr\.? ?|nummer |no\.? ?)?$", re.IGNORECASE)
_MIXED_BEFORE: Final = re.compile(r"(?<!\w)(?=\w*[A-Za-z])\w*\d\w*[ .-]$")
_CHUNK: Final = re.compile(
    r"(?<![\w@-])(?:(?P<letters>[A-Za-z]{1,6})(?P<gap> ?[._/-] ?| |)(?=\d))?"
    r"(?P<rest>(?=[A-Za-z]*\d)[A-Za-z0-9]+(?:(?: ?[./_-] ?| )(?=[A-Za-z0-9]*\d)[A-Za-z0-9]+|[./_-][A-Za-z]{1,4}(?=[./_-]\d))*)(?![\w@])"
)
_SPLIT: Final = re.compile(r" ?[./_-] ?| ")
_BEHIND: Final = re.compile(r" ?\(([A-Za-z]{1,6})\)")
_TAIL: Final = re.compile(r"[ .-]([A-Za-z]{1,4})(?!\w)")
_LETTERS_ONLY: Final = re.compile(
    r"\b(?:boeking\w*|reserver\w*|booking|reservation|pnr|dossier|case|zaak)(?:[ -]?(?:code|reference|ref|number|nummer|nr))?(?: is)?[.:]? ?[\[(\"']?"
    r"((?-i:[A-Z]{5,8}|[A-Z]{2,4}[ -][A-Z]{2,4})|[a-z]{6})(?!\w)",
    re.IGNORECASE,
)
"""A code that has no digit is one only where the words before it say so."""
_VOWELS: Final = frozenset("AEIOUY")
_WORD_BEFORE: Final = re.compile(r"([A-Za-z]+)[ :#=\[(\"'.-]{0,4}$")
_ABOUT: Final = re.compile(
    r"(?P<no>(?:fout|error|actie|korting|promo|discount|coupon|voucher|pin|puk|sms|verificatie|activati|qr|postcode|vlucht|flight|lijn|trein|train|bus|gate|stoel|seat|rij|row|versie|version|model|type|artikel|article|item|product|sku|onderdeel|postbus|kamer|room|perron|platform|halte|batch|charge|partij)\w*|tht|lot|kvk|agb|btw|vat|isbn|wmo)"
    r"|(?P<customer>(?:klant|customer|client|relatie|debiteur|account)\w*)"
    r"|(?P<order>(?:bestel|order|opdracht|aankoop|purchase)\w*)"
    r"|(?P<case>(?:zaak|case|dossier|melding|klacht|complaint|incident|kenmerk)\w*)"
    r"|(?P<invoice>(?:factu|invoice|nota|bill)\w*)"
    r"|(?P<booking>(?:boeking|reserver|booking|reservation|pnr)\w*)"
    r"|(?P<ticket>ticket\w*)"
    r"|(?P<tracking>(?:track|zending|verzend|shipment|parcel|pakket|colli|barcode)\w*)"
    r"|(?P<return>(?:retour|return|rma)\w*)"
    r"|(?P<contract>(?:contract|polis|policy|hypothe|mortgage|lening|loan|abonnement|subscription)\w*)"
    r"|(?P<member>(?:lid|member|pas|kaart|card)\w*)"
    r"|(?P<meter>(?:meter|ean|aansluit|serie|serial|imei)\w*)"
    r"|(?P<reference>res|ref\w*)"
    r"|(?P<plate>kenteken\w*|plate|registration)"
    r"|(?P<told>nummer|number|nr|no|num|code|file|id)"
    r"|(?P<filler>is|was|van|of|mijn|my)",
    re.IGNORECASE,
)
"""What a word just before a number says that it is; `no`: none of a customer's."""
_WORDS_BEFORE: Final = 3
_PLAIN_CODE: Final = re.compile(r"[A-Z]+\d{1,4}")
_FEWEST_TURNS: Final = 3
_LONGEST_LETTERS: Final = 5
_SMALL_WORDS: Final = frozenset(
    re.split(" ", "a an and at by d de die dm een en for het id in is it m me met my no nr of om on op or per t te the to uit van was with")
)
"""What stands before a number and is no part of it."""
_NEARBY: Final = 40


@dataclass(frozen=True, slots=True)
class Written:
    """All the numbers in one text."""

    accounts: tuple[str, ...]
    """Bank accounts without separators, in upper case."""
    phones: tuple[str, ...]
    """As `phone_core` has them."""
    numbers: tuple[Number, ...]
    endings: tuple[Ending, ...]


_NONE: Final = Written((), (), (), ())
_DIGIT: Final = re.compile(r"\d")
_LONG: Final = re.compile(r"(?:\d[ ./-]?){5}|[A-Za-z]-?\d\d-?\d\d|\d[./_-]?[A-Za-z]+[./_-]?\d|[A-Za-z]\d[A-Za-z]")


def written(text: str, known: Sequence[Form] = ()) -> Written:
    """The numbers in a text, each once, at most MAX_EACH of a sort. `known` are the forms of the brand's book; what they claim is nothing else."""
    numbers = {code: Number(code, "booking") for match in _LETTERS_ONLY.finditer(text) if (code := _code(match))}
    if not _DIGIT.search(text):
        return Written((), (), tuple(numbers.values()), ()) if numbers else _NONE
    last = tuple(endings(text))
    rest, accounts = _taken(text, _ACCOUNT)
    if known:
        rest = _read(rest, numbers, lambda match, text: _booked(match, text, known))
    rest, phones = _taken(rest, _PHONE, lambda match: _is_phone(match, rest))
    if _LONG.search(rest):
        _read(_NOISE.sub(lambda match: " " * len(match[0]), rest), numbers, _unbooked)
    return Written(tuple(dict.fromkeys(accounts)), tuple(dict.fromkeys(phone_core(one) for one in phones)), tuple(numbers.values()), last)


def _code(match: re.Match[str]) -> str:
    """The code, or "" where letters are a word, or stand in a text that shouts. In small letters it is one where hardly anybody could say it."""
    code = _compact(match[1])
    if match[0][:3].isupper() or not 5 <= len(code) <= 8 or code[:STEM].lower() in weights():
        return ""
    return code if match[1].isupper() or sum(letter in _VOWELS for letter in code) <= 1 else ""


def _is_phone(match: re.Match[str], text: str) -> bool:
    return not (
        _NO_PHONE.match(match[0])
        or _MIXED_BEFORE.search(text, max(0, match.start() - 12), match.start())
        or _ACCOUNT_BEFORE.search(text, max(0, match.start() - 30), match.start())
        or (not _MOBILE.match(_compact(match[0])) and _about(match, text) in _NUMBERED)
    )


def phone_core(written: str) -> str:
    """The last nine digits: 06-12345678 and +31 6 12345678 are one number."""
    return "".join(filter(str.isdigit, written))[-9:]


def _taken(text: str, pattern: re.Pattern[str], wanted: Callable[[re.Match[str]], bool] = lambda _: True) -> tuple[str, list[str]]:
    values: list[str] = []
    for match in pattern.finditer(text):
        if len(values) == MAX_EACH:
            break
        if wanted(match):
            values.append(_compact(match[0]))
            text = _blanked(text, match.start(), match.end())
    return text, values


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _compact(part: str) -> str:
    return "".join(filter(str.isalnum, part)).upper()


def _read(text: str, found: dict[str, Number], of: Callable[[re.Match[str], str], list[Number]]) -> str:
    """Adds what `of` makes of each run of letters and digits in `text`; the text without those of which it makes something."""
    for match in _CHUNK.finditer(text):
        if len(found) >= MAX_EACH:
            break
        if numbers := of(match, text):
            for number in numbers:
                found.setdefault(number.core, number)
            text = _blanked(text, match.start(), match.end())
    return text


def _booked(match: re.Match[str], text: str, known: Sequence[Form]) -> list[Number]:
    """The numbers that the brand's book knows in a run: with the letters before it, without them, with the letters behind, or part by part."""
    letters, compact = (match["letters"] or "").upper(), _compact(match["rest"])
    if len(letters) + len(compact) < SHORTEST:
        return []
    behind = _BEHIND.match(text, match.end())
    whole = [letters + compact, compact] if letters else [compact]
    if behind:
        whole.insert(0, behind[1].upper() + compact)
    if tail := _TAIL.match(text, match.end()):
        whole += [candidate + tail[1].upper() for candidate in whole[:2]]
    for candidate in whole:
        for one in known:
            if one.fits(candidate):
                return [_of_form(one, candidate)]
    parts = [_compact(part) for part in re.split(r" (?![./_-])(?<![./_-] )", match["rest"])]
    if len(parts) > 1:
        found = [_of_form(one, part) for part in (letters + parts[0], *parts) for one in known if one.fits(part)]
        if found:
            return found
    if len(compact) >= MIN_TOLD_DIGITS and compact.isdigit():
        told = _about(match, text)
        for one in known:
            if one.bare is not None and (told not in ("", "no") or len(compact) > MIN_DIGITS) and one.bare.match(compact):
                return [_of_form(one, one.letters + compact)]
    return []


def respelt(text: str, known: Sequence[Form]) -> list[tuple[Form, str]]:
    """The numbers of the book in a text that are written otherwise than the book has it, without separators, where nothing else can be meant: with the
    form's own letters in front, or behind a word that says what they are ("klantnr. 4012 3456"). O and I may stand for 0 and 1."""
    if not known or not _LONG_ENOUGH.search(text) or not _respelt_in(text, known):
        return []
    return _respelt_in(_NOISE.sub(lambda match: " " * len(match[0]), text), known)  # the few that have any: it is dear


_LONG_ENOUGH: Final = re2.compile(r"(?i)\d(?:[ ./_-]{0,3}[\doil]){3}")


def _respelt_in(text: str, known: Sequence[Form]) -> list[tuple[Form, str]]:
    found: dict[tuple[Form, str], None] = {}
    for match in _CHUNK.finditer(text):
        letters, rest = match["letters"] or "", _compact(match["rest"])
        if len(found) == MAX_EACH or len(rest) < SHORTEST or sum(map(str.isdigit, rest)) < SHORTEST:
            continue
        told = _about(match, text, match.start("rest")) or _about(match, text)
        spelt = letters.isupper() or (match["gap"] or "").strip() or not (letters.lower() in _SMALL_WORDS or letters.lower() in weights())
        for one in known if told != "no" else ():
            for digits in dict.fromkeys((rest, rest.translate(_MISTYPED))):
                if one.letters and one.letters == letters.upper() and spelt and one.whole.match(letters.upper() + digits):
                    found[one, letters.upper() + digits] = None
                elif told and told == _said(one.kind) and (not letters or (match["gap"] and _says(letters.lower()))):
                    if one.bare is not None and one.bare.match(digits):
                        found[one, one.letters + digits] = None
                    elif one.whole.match(digits):
                        found[one, digits] = None
    return list(found)


_MISTYPED: Final = str.maketrans("OIL", "011")


@lru_cache(maxsize=4096)
def _said(kind: str) -> str:
    """What the book's name for a kind of number says that it is, in a word of `_ABOUT`."""
    said = (_says(part) for part in re.split(r"[\W_]+", kind.lower()))
    return next((one for one in said if one not in ("", "no", "told", "filler", "reference")), "")


def _of_form(one: Form, compact: str) -> Number:
    tail, core = compact[len(one.lead) :], core_of(compact)
    others = [tail] if len(tail) >= MIN_TOLD_DIGITS and tail.isdigit() else []
    return Number(core, one.kind, one.letters, booked=True, others=(*others, *_by_year(_DIGITS.findall(compact)), *_unpadded(core)))


def core_of(compact: str) -> str:
    """The digits, where there are enough of them to be a number without the letters; else all of it."""
    digits = "".join(filter(str.isdigit, compact))
    return digits if len(digits) >= MIN_TOLD_DIGITS else compact


def _about(match: re.Match[str], text: str, at: int | None = None) -> str:
    """What the words before a number say that it is: "customer", "order" …, "no" for what is none of a customer's, or ""."""
    before = text[max(0, (match.start() if at is None else at) - _NEARBY) : match.start() if at is None else at]
    kind = ""
    for _ in range(_WORDS_BEFORE):
        word = _WORD_BEFORE.search(before)
        said = _says(word[1].lower()) if word else ""
        if word is None or not said:
            break
        if said not in ("told", "filler", "reference"):
            return said
        kind = kind or (said if said != "filler" else "")
        before = before[: word.start()]
    return kind


@lru_cache(maxsize=65_536)
def _says(word: str) -> str:
    about = _ABOUT.fullmatch(word)
    return (about.lastgroup or "") if about else ""


def _unbooked(match: re.Match[str], text: str) -> list[Number]:
    letters, compact = (match["letters"] or "").upper(), _compact(match["rest"])
    kind = _about(match, text)
    if letters and match["gap"] == " ":
        # "order 123456": the word says what the number is, it is no part of it. "va 2617348" is one number.
        kind = _about(match, text, match.start("rest")) or kind
        if (
            len(letters) > _LONGEST_LETTERS
            or letters.lower() in _SMALL_WORDS
            or letters.lower() in weights()
            or _about(match, text, match.start("rest"))
        ):
            letters = ""
    if letters and _says(letters.lower()) == "told":
        letters = ""
    if kind == "no":
        return []
    digits = "".join(filter(str.isdigit, compact))
    if not kind and (not letters or match["gap"] == " ") and _NO_NUMBER.fullmatch(match["rest"]):
        return []
    front = letters or compact[: next((place for place, letter in enumerate(compact) if letter.isdigit()), 0)]
    tail = _TAIL.match(text, match.end())
    enough = MIN_TOLD_DIGITS if kind or front or (tail and tail[0][0] == "-") else MIN_DIGITS
    if len(digits) >= enough:
        parts = ["".join(filter(str.isdigit, part)) for part in _SPLIT.split(match["rest"])]
        others = [part for part in parts if len(parts) > 1 and len(part) >= MIN_TOLD_DIGITS]
        if kind or front:
            others += _by_year(_DIGITS.findall(match["rest"]))
        return [Number(digits, kind, front, others=(*others, *_unpadded(digits)))]
    spelt = (letters + compact,) if letters else ()
    if kind in _CODED and 2 <= len(letters) <= _MOST_LETTERS and len(digits) == _SHORT_DIGITS and not _YEAR.fullmatch(digits):
        behind = tail[1].upper() if tail and tail[0][0] == "-" and compact == digits else ""
        return [Number(letters + compact + behind, kind)]
    if letters and match["gap"] == "":
        compact = letters + compact
    if 5 <= len(compact) <= 10 and digits and len(compact) - len(digits) >= 2 and not _PLAIN_CODE.fullmatch(compact):
        turns = sum(one.isdigit() != other.isdigit() for one, other in pairwise(compact))
        if turns >= _FEWEST_TURNS or kind in _CODED:
            return [Number(compact, kind, others=spelt)]
    return []


_SHORT_DIGITS: Final = 4
_MOST_LETTERS: Final = 4
"""Of a code such as HX-4471-B: with more letters it is a campaign's."""
_DIGITS: Final = re.compile(r"\d+")
_NO_NUMBER: Final = re.compile(r"0(?:800|900|906|909)[ -]?[\d -]+|20[1-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
"""Nobody's unless a word says so: a company's telephone number, a day."""
_YEAR: Final = re.compile(r"20[1-3]\d")


def _by_year(pieces: Sequence[str]) -> list[str]:
    """ "2026/881" for 2026-00881, 881/2026 and 202600881: a year and a running number are written in either order, with zeros or without."""
    years = [piece for piece in pieces if _YEAR.fullmatch(piece)]
    if len(pieces) > 1 and len(years) == 1:
        running = "".join(piece for piece in pieces if piece != years[0])
    elif len(pieces) == 1 and len(pieces[0]) > MIN_DIGITS and _YEAR.match(pieces[0]):
        years, running = [pieces[0][:4]], pieces[0][4:]
    else:
        return []
    return [f"{years[0]}/{int(running)}"] if 2 <= len(running) <= 8 and int(running) else []


def _unpadded(digits: str) -> list[str]:
    """The number without zeros in front, which many leave out."""
    bare = digits.lstrip("0")
    return [bare] if bare != digits and len(bare) >= MIN_TOLD_DIGITS else []


_NUMBERED: Final = frozenset({"customer", "order", "case", "invoice", "booking", "ticket", "tracking", "return", "contract", "meter"})
"""What a number is that is no phone number, whatever it looks like."""
_CODED: Final = frozenset({"booking", "case", "order", "tracking", "contract", "return", "reference", "plate"})
"""What is known by a code of letters and digits in any mixture."""
