"""Personal data in a message: a text and what is known of its brand reach this module, the spans to mask leave it.

Mail addresses, accounts, phone numbers and addresses are told by their shape (`contacts`), the numbers that a company gives by the words beside
them (`codes`), citizen service numbers by their check digit, and dates of birth by a word or by standing beside a name. A brand book's own
patterns come first, and what belongs to the brand itself is nobody's personal data.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from libs.common.brandbook import BrandBook
from libs.common.codes import CUSTOMER, ORDER, OTHER, may_have_codes, named_before, named_codes
from libs.common.contacts import addresses, emails, ibans, phones
from libs.common.events import Identity, PersonalData
from libs.common.ours import Ours, phone_number
from libs.common.ownnumbers import MAX_CHARS, BookPattern, claimed

MAX_SPANS = 200
"""So many are kept, the first ones: a longer list is no message, and an event must stay small."""

PHONE, EMAIL, IBAN, BSN, ADDRESS, BIRTHDATE = "phone", "email", "iban", "bsn", "postcode_address", "birthdate"

_DIGIT: Final = re.compile(r"\d")
_FEWEST_OF_AN_IBAN, _FEWEST_OF_A_PHONE, _FEWEST_OF_A_BSN = 10, 9, 9  # digits

_MONTHS: Final = frozenset(
    {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december", "jan",
     "feb", "febr", "mrt", "apr", "jun", "jul", "aug", "sep", "sept", "okt", "nov", "dec", "january", "february", "march", "may", "june",
     "july", "august", "october", "mar", "oct", "januar", "februar", "märz", "mai", "dezember", "dez", "janvier", "février", "mars",
     "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)  # fmt: skip
_YEAR: Final = r"(?:19|20)\d\d"
_DATE: Final = re.compile(
    r"(?<![\w./-])(?:(\d{1,2}) ?[-/.] ?(\d{1,2}) ?[-/.] ?(\d{4}|'?\d\d)"  # 3-12-1986
    r"|(\d{4})[-/.](\d\d)[-/.](\d\d)"  # 1986-12-03
    rf"|(\d{{1,2}})(?:e|de|ste|st|nd|rd|th|er|\.)? (?:of )?([^\W\d_]{{3,9}})\.?,? ({_YEAR}|'\d\d)"  # 3 december 1986
    rf"|((?<=[a-z] )\d{{1,2}})(?:st|nd|rd|th)?(?:, ?| )({_YEAR}))(?![\w/-]|[.]\d)"  # December 3, 1986: the month is looked for before it
)
_MONTH_BEFORE: Final = re.compile(r"(?<!\w)([A-Z][a-z]{2,8}) \Z")
_BORN_BEFORE: Final = re.compile(
    r"\b(?:ge[bv]|ge?boren?|gebore|geboortedat(?:um|a)?|geb\.? ?datum|gebdatum|geboortedag|born|dob|birth(?:date|day)?|d\.o\.b|née?|naissance"
    r"|geburtsdatum|verjaardag|jarig)\b[^\n;!?]{0,28}\n?\Z",
    re.IGNORECASE,
)
_BIRTH: Final = re.compile(r"geboorte|geboren|verjaardag|birth|geburts|naissance", re.IGNORECASE)
_OTHER_DATE: Final = re.compile(
    r"\b(?:factuur|nota|brief|mail|bestelling|order|contract|sinds|since|datum|date|invoice|versie|op|on|per|vanaf|tot|until|from|dated|d\.d\.)[ (:,]*\Z",
    re.IGNORECASE,
)
_LONG_PAST: Final = 2014
"""A full date of this year or before that stands by itself is somebody's birth: what people write about happened later."""
_BIRTH_YEAR: Final = re.compile(r"19\d\d|20[012]\d|'\d\d")
_MAYBE_BORN: Final = ("geb", "born", "birth", "dob")

_BSN: Final = re.compile(r"(?<![\w.-])(?:\d{3}[ .-]?\d{3}[ .-]?\d{3}|\d{4}[.-]\d{2}[.-]\d{3})(?!\w|[.-]\d)")
_CITIZEN: Final = re.compile(r"[Bb][Ss][Nn]\b|[Ss]ofi-?nummer|itizen [Ss]ervice|urger ?service")


@dataclass(frozen=True, slots=True)
class Lens:
    """What a brand book says about personal data: what its customers' numbers look like, and what is the brand's own."""

    patterns: tuple[BookPattern, ...]
    ours: Ours
    country: str

    @classmethod
    def of(cls, book: BrandBook) -> "Lens":
        """Keep it for as long as the book's version lasts."""
        return cls(BookPattern.all_of(book), Ours.of(book), book.hours.holidays.country)


def personal_data(text: str, lens: Lens | None = None) -> list[PersonalData]:
    """Where the first MAX_CHARS of `text` hold personal data, in their order, none overlapping another. Without a lens, any brand's.

    Tens of microseconds a message, a few for one without digits, and in proportion to its length whatever is written.
    """
    text = text[:MAX_CHARS]
    found = _Found(text)
    if lens is not None:
        for name, start, end in claimed(text, lens.patterns):
            found.add(start, end, _kind_of_pattern(name))
    if "@" in text:
        for start, end in emails(text):
            ours = lens is not None and lens.ours.has(Identity(kind="email", value=text[start:end].lower()))
            found.add(start, end, None if ours else EMAIL)
    digits = len(_DIGIT.findall(text))
    if digits:
        _shaped(found, digits)
    if may_have_codes(text, digits):
        told, untold = named_codes(text, found.free)
        for start, end, kind in told:
            found.add(start, end, None if kind == OTHER else kind)
    else:
        untold = []
    if digits >= _FEWEST_OF_A_PHONE:
        for start, end in phones(text):
            ours = lens is not None and phone_number(text[start:end], lens.country) in lens.ours.numbers
            found.add(start, end, None if ours else PHONE)
    for start, end, kind in untold:
        found.add(start, end, kind)
    return [PersonalData(kind=kind, start=start, end=end) for start, end, kind in sorted(found.spans)[:MAX_SPANS]]


class _Found:
    """The spans of one text so far. What one kind has claimed is not read again as another; a claim without a kind only keeps others away."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[tuple[int, int, str]] = []
        self._taken: bytearray | None = None

    def add(self, start: int, end: int, kind: str | None) -> None:
        """Claims the span if it is free."""
        if not self.free(start, end):
            return
        if self._taken is None:
            self._taken = bytearray(len(self.text))
        self._taken[start:end] = b"\1" * (end - start)
        if kind:
            self.spans.append((start, end, kind))

    def free(self, start: int, end: int) -> bool:
        return self._taken is None or self._taken.find(1, start, end) < 0


def _kind_of_pattern(name: str) -> str | None:
    """What a brand's own number is, by the name that its book gives it. A case or an invoice says nothing of a person by itself."""
    words = name.lower()
    if any(word in words for word in ("customer", "klant", "member", "client", "account", "subscri", "polis", "policy", "lid_", "lidn")):
        return CUSTOMER
    if any(
        word in words for word in ("order", "booking", "boeking", "bestel", "reserv", "pnr", "shipment", "parcel", "tracking", "zending")
    ):
        return ORDER
    return None


def _shaped(found: _Found, digits: int) -> None:
    """What its shape or its check digits tell. How many digits there are rules kinds out before their patterns are tried."""
    text = found.text
    if digits >= _FEWEST_OF_AN_IBAN:
        for start, end in ibans(text):
            found.add(start, end, IBAN)
    for address in addresses(text):
        found.add(address.start, address.end, ADDRESS)
    if _BIRTH_YEAR.search(text) or _has_any(_MAYBE_BORN, text.lower()):
        for start, end in _birthdates(text):
            found.add(start, end, BIRTHDATE)
    if digits >= _FEWEST_OF_A_BSN and _CITIZEN.search(text):
        for match in _BSN.finditer(text):
            if _passes_eleven(match.group()) and named_before(text, match.start()) not in (CUSTOMER, ORDER):
                found.add(*match.span(), BSN)


def _has_any(words: tuple[str, ...], text: str) -> bool:
    for word in words:  # noqa: SIM110  # a generator costs more than the search
        if word in text:
            return True
    return False


def _birthdates(text: str) -> Iterator[tuple[int, int]]:
    """Dates that a word tells to be somebody's birth, or that stand beside a name and are long past."""
    for match in _DATE.finditer(text):
        start, end = match.span()
        day, month, year = (
            match[1] or match[6] or match[7] or match[10],
            match[2] or match[5] or match[8],
            match[3] or match[4] or match[9] or match[11],
        )
        if month is None:
            before = _MONTH_BEFORE.search(text, max(0, start - 12), start)
            if before is None:
                continue
            start, month = before.start(), before[1]
        if _is_date(day, month) and (_BORN_BEFORE.search(text, max(0, start - 50), start) or _stands_alone(text, start, end, year)):
            yield start, end


def _is_date(day: str, month: str) -> bool:
    """Whether there may be such a day; Americans write the month first."""
    if not month.isdigit():
        return month.lower() in _MONTHS and 1 <= int(day) <= 31
    smaller, larger = sorted((int(day), int(month)))
    return 1 <= smaller <= 12 and larger <= 31


def _stands_alone(text: str, start: int, end: int, year: str) -> bool:
    if year.startswith("'"):
        return text[start - 1 : start] == "\n"
    if not 1900 <= int(year) <= _LONG_PAST or _OTHER_DATE.search(text, max(0, start - 14), start):
        return False
    before, behind = text[max(0, start - 2) : start], text[end : end + 1]
    beside = before.endswith("\n") or before in (", ", ": ") or (before.endswith("(") and behind in {")", ","})
    return beside or _BIRTH.search(text) is not None


def _passes_eleven(written: str) -> bool:
    """The check of a citizen service number: 9 times the first digit, 8 times the second …, less the last one, is a multiple of 11."""
    digits = [int(digit) for digit in _DIGIT.findall(written)]
    return any(digits) and (sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=False)) - digits[8]) % 11 == 0
