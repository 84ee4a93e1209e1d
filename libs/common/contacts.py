"""How a person is reached, paid or visited: a text reaches this module, spans of mail addresses, accounts, phone numbers and addresses leave it.

`personal` marks them and triage compares them, so that both read one text alike. A span is where the datum itself stands: no label before
it, no punctuation behind it. A stranger chooses the text, so every pattern here is bounded.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from stdnum import iban
from stdnum.exceptions import ValidationError

_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?![\w@-])", re.IGNORECASE)
_LOCAL_PART: Final = re.compile(r"(?<![\w.+@-])[\w+-][\w.+-]*(?<!\.)\Z")
_LONGEST_LOCAL_PART: Final = 64  # RFC 5321, 4.5.3.1.1

_IBAN: Final = re.compile(r"[A-Za-z](?<![A-Za-z0-9].)[A-Za-z]\d{2}(?:[ \t.-]?[A-Za-z0-9]){11,30}")
_SHORTEST_IBAN: Final = 15  # Norway's

_BETWEEN_DIGITS: Final = r"[ ()./·_–-]{0,3}"
_PHONE: Final = re.compile(
    rf"(?<![\w+])(?<!\d[.,-])(?:\+ ?|\(?0)\d?(?:{_BETWEEN_DIGITS}\d){{7,15}}(?!\w)"
    r"|(?<![\w+-])(?!\(?8(?:00|33|44|55|66|77|88))(?:\([2-9]\d\d\) ?|[2-9]\d\d[.-])\d{3}[ .-]\d{4}(?![\w-])"  # North America's way of writing
)
_DATE_FIRST: Final = re.compile(r"\(?0\d ?[-/.] ?(?:0?[1-9]|1[0-2]) ?[-/.] ?(?:19|20)\d\d(?!\d)")
_DIGITS: Final = re.compile(r"\d+")
_LENGTHS: Final = {"31": (9,), "32": (8, 9), "33": (9,), "44": (9, 10), "353": (7, 8, 9)}
"""Digits behind a country code, where our brands' neighbours have a fixed number of them; elsewhere 6 to 13."""
_MACHINES: Final = "3197"  # longer numbers, which messaging accounts have too
_SERVICE: Final = ("0800", "0900", "0906", "0909", "088")
"""Numbers that a company has rather than a person, as they are dialled in the Netherlands."""
_SERVICE_ABROAD: Final = tuple("31" + number[1:] for number in _SERVICE)

_POSTCODE: Final = re.compile(r"[1-9](?<![\w-].)\d{3}(?: ?([A-Z]{2})|([a-z]{2}))(?!\w)")
_NO_POSTCODE: Final = frozenset({"SA", "SD", "SS"})  # never issued
_POSTCODE_WORD: Final = re.compile(r"(?:postcode|pc|postal code|zip)[ :.]{0,3}(?:is |van )?\Z", re.IGNORECASE)
_UNITS: Final = r" ?(?:uur|u|dagen|dag|weken|euro|keer|x|%|°|jan|feb|mrt|maart|apr|mei|jun|jul|aug|sep|okt|nov|dec|days|weeks|hours|times|stuks|personen)"
_NUMBER_AFTER: Final = re.compile(
    r"(?:[ ,;./-]{0,3}(?:(?:en )?(?:huis)?(?:nummer|nr\.?)|no\.)?[ :]{0,2})(\d{1,5})(?:[ -]?([a-z])|-(\d{1,4}))?"
    rf"(?![\w:]|[.,]\d|{_UNITS}\w*)",
    re.IGNORECASE,
)
_ADDITION: Final = (
    r"(?:[ -]?(?:[a-z](?:-?\d{1,3})?|[ivx]{1,4}|bis|hs|huis|sous|zwart|rood)|[-/][a-z]?\d{1,4}| (?:bus|bte) ?\d{1,4}| [a-z]\d{1,3})(?!\w)"
)
_NUMBER_BEFORE: Final = re.compile(rf"(?<=[^\s\d,;:(] )(\d{{1,5}})({_ADDITION}(?:{_ADDITION})?)?[ ,;.(]{{0,3}}(?:\r?\n)?\Z", re.IGNORECASE)
_NUMBER_NAMED: Final = re.compile(rf"huis(?:nummer|nr)\.?:? (\d{{1,5}})({_ADDITION})?[ ,;.]{{0,3}}(?:en )?postcode:? \Z", re.IGNORECASE)
_HOUSE: Final = re.compile(rf" (\d{{1,4}}(?:{_ADDITION})?)(?![\w:]|[.,/-]\d|{_UNITS})", re.IGNORECASE)
_HOUSE_NUMBER: Final = re.compile(r"(\d+)(.*)")
_BEFORE_LETTER: Final = re.compile(r"-(?=[A-Z])")
_STREETS: Final = (
    "straat", "laan", "weg", "plein", "dijk", "kade", "gracht", "hof", "pad", "singel", "dreef", "steeg", "plantsoen", "markt", "wal",
    "straße", "strasse", "str.", "gasse", "allee",
)  # fmt: skip
_PARTICLES: Final = frozenset(
    {
        "van",
        "de",
        "den",
        "der",
        "het",
        "'t",
        "’t",
        "t",
        "op",
        "aan",
        "in",
        "ter",
        "ten",
        "te",
        "bij",
        "en",
        "v.d.",
        "d'",
        "du",
        "des",
        "la",
        "le",
    }
)
_SHORTENED: Final = frozenset(
    {"burg", "burgem", "dr", "ds", "gen", "ir", "jhr", "mgr", "mr", "past", "pr", "pres", "prof", "st", "w", "j", "wilh"}
)
_NOT_A_STREET: Final = frozenset(
    {"adres", "address", "bezorgadres", "woonadres", "postcode", "oud", "nieuw", "op", "in", "bij", "naar", "aan", "wij", "ik", "groet", "groeten", "gr",
     "mvg", "woont", "flat", "bus", "tram", "lijn", "trein", "perron", "at", "on", "to", "from"}
)  # fmt: skip
_AFTER_STREET: Final = '\n\r,:;(?!|"„“/•>'

_BRITISH_POSTCODE: Final = re.compile(r"[A-Z](?<![\w-].)[A-Z]?\d[A-Z\d]? \d[A-Z]{2}(?!\w)")
_BRITISH_STREET: Final = re.compile(r"(?<![\w-])(?:(?:Flat|Unit) [\w/]{1,6}, ?)?\d{1,4}[A-Za-z]? (?:[A-Z][\w'’-]{0,30}[ ,\n]{1,2}){1,6}\Z")
_FOREIGN: Final = re.compile(
    r"[,\n] ?(?:[A-Z]{1,2}-)?(?:[1-9]\d{3}|\d{5}) [A-ZÀ-Ý][a-zß-ÿ'’][\w'’-]{0,30}(?: (?:am|an|aan|sur|der|den|la|le) (?:[a-z]{2,3} )?[A-Z][\w'’-]{1,30})?"
)
_FRENCH_STREET: Final = re.compile(
    r"(?<![\w-])\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|av\.|boulevard|bd|impasse|chemin|place|allée|chaussée|quai|route|cours)"
    r" [^\n,;:?!]{2,50}\Z",
    re.IGNORECASE,
)
_FRENCH_WAY: Final = re.compile(
    r"(?:rue|avenue|chaussée|place|quai|route|boulevard|impasse|chemin|digue|steenweg) [^\n,;:?!\d]{0,40}\Z", re.IGNORECASE
)


class Address(NamedTuple):
    """Where an address stands. A Dutch one with its house number also has its canonical form, such as "1234AB 12A"."""

    start: int
    end: int
    canonical: str | None


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Mail addresses. A handle of a federated network (@name@server) is not one."""
    at = text.find("@")
    while at >= 0:
        end = at + 1
        local = _LOCAL_PART.search(text, max(0, at - _LONGEST_LOCAL_PART), at)
        if local and (match := _EMAIL.match(text, local.start())):
            yield match.span()
            end = match.end()
        at = text.find("@", end)


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Account numbers with the right check digits (ISO 7064, mod 97-10), of the length that their country has."""
    position = 0
    while match := _IBAN.search(text, position):
        end = _end_of_iban(match.group())
        if end:
            yield match.start(), match.start() + end
        position = match.start() + (end or 2)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Numbers as they are dialled in Europe and North America, in use or not: ranges are opened, lent and invented. No service numbers."""
    position = 0
    while match := _PHONE.search(text, position):
        length = _length_of_phone(match.group())
        if not length:
            position = match.start() + _DIGITS.search(match.group()).end()  # type: ignore[union-attr]  # a number has digits
            continue
        start, end = match.start(), match.start() + length
        if text[start] == "(" and text.count("(", start, end) > text.count(")", start, end):
            start += 1
        yield start, end
        position = end


def addresses(text: str) -> Iterator[Address]:
    """Streets and postcodes with a house number. A Dutch or British postcode says the street, and the place behind it is left out;
    elsewhere the postcode is a town's, and its name belongs to the address."""
    found = [*_dutch(text), *_british(text), *_foreign(text)]
    found.sort(key=lambda address: (address.start, -address.end))
    end = 0
    for address in found:
        if address.start >= end:
            yield address
            end = address.end


def _end_of_iban(written: str) -> int:
    """How much of `written` is an account number, or 0: what follows a number may look like more of it."""
    compact = [(letter, index + 1) for index, letter in enumerate(written) if letter.isalnum()]
    values = [int(letter, 36) for letter, _ in compact]
    head = ((values[0] * 100 + values[1]) * 10 + values[2]) * 10 + values[3]
    remainder, longest = 0, 0
    for length, value in enumerate(values[4:], start=5):
        remainder = (remainder * (100 if value > 9 else 10) + value) % 97
        if (
            length >= _SHORTEST_IBAN
            and (remainder * 1_000_000 + head) % 97 == 1
            and _is_iban("".join(letter for letter, _ in compact[:length]))
        ):
            longest = compact[length - 1][1]
    return longest


def _is_iban(account: str) -> bool:
    try:
        iban.validate(account, check_country=False)
    except ValidationError:
        return False
    return True


def _length_of_phone(written: str) -> int:
    """How much of what looks like a phone number is one, or 0: another number may stand behind it, and dates look like it too."""
    if _DATE_FIRST.match(written):
        return 0
    groups = _DIGITS.findall(written)
    ends = [match.end() for match in _DIGITS.finditer(written)]
    international = written.startswith("+") or groups[0].startswith("00")
    if not international and not groups[0].startswith("0"):
        return len(written)
    trunk = 1 if "(0)" in written.replace(" ", "") else 0
    for count in range(len(groups), 0, -1):
        digits = "".join(groups[:count])
        if _fits_abroad(digits.removeprefix("00"), trunk) if international else _fits_at_home(groups[:count], groups[count:]):
            return ends[count - 1]
    return 0


def _fits_abroad(digits: str, trunk: int) -> bool:
    """Whether these digits, country code first, are as many as that country's numbers have; `trunk` zeros are written for use at home."""
    if digits.startswith(_SERVICE_ABROAD):
        return False
    for code, lengths in _LENGTHS.items():
        if digits.startswith(code):
            national = len(digits) - len(code) - trunk
            return national in lengths or (digits.startswith(_MACHINES) and 9 <= national <= 12)
    return digits[:1] != "0" and 8 <= len(digits) - trunk <= 15


def _fits_at_home(groups: list[str], behind: list[str]) -> bool:
    """Whether these digits with a trunk zero are as many as a number has: the Netherlands' ten, or nine to twelve where nothing says otherwise."""
    digits = "".join(groups)
    if digits.startswith(_SERVICE):
        return False
    if len(digits) == 10:
        return not behind or digits.startswith("06") or behind[0].startswith("0") or len(groups[-1]) >= 5
    whole = len(digits) - len(groups[-1]) == 10 and len(groups[-2]) >= 5  # "0592 301774 2 weken"
    return 9 <= len(digits) <= 12 and not behind and not digits.startswith("06") and not whole


def _dutch(text: str) -> Iterator[Address]:
    for match in _POSTCODE.finditer(text):
        postcode = match.group()[:4] + (match[1] or match[2]).upper()
        if postcode[4:] in _NO_POSTCODE:
            continue
        start, end = match.span()
        before = _NUMBER_BEFORE.search(text, max(0, start - 40), start) or _NUMBER_NAMED.search(text, max(0, start - 40), start)
        street = _street(text, before.start(1)) if before else None
        after = None if before and street is not None else _NUMBER_AFTER.match(text, end)
        if before and street is not None:
            end += text[before.end(1) : end].count("(") and text[end : end + 1] == ")"
            yield Address(street, end, f"{postcode} {_house(before[1] + (before[2] or ''))}")
        elif after:
            yield Address(start, after.end(3) if after[3] else after.end(2) if after[2] else after.end(1), f"{postcode} {_house(after[0])}")
        elif before:
            yield Address(before.start(1), end, f"{postcode} {_house(before[1] + (before[2] or ''))}")
        elif _POSTCODE_WORD.search(text, max(0, start - 20), start):
            yield Address(start, end, None)
    for match in _HOUSE.finditer(text):
        street = _street(text, match.start(1)) if text.endswith(_STREETS, max(0, match.start() - 12), match.start()) else None
        if street is not None and not text[street : match.start()].islower():
            yield Address(street, match.end(1), None)


def _house(written: str) -> str:
    """A house number with its addition in one way of writing: "12A" for "nr. 12 a", "7-2" for "7 -2"."""
    number, addition = _HOUSE_NUMBER.search(written).groups()  # type: ignore[union-attr]  # both patterns have digits
    return f"{int(number)}{_BEFORE_LETTER.sub('', addition.replace(' ', '').upper())}"


def _street(text: str, number: int) -> int | None:
    """Where the name of the street before a house number starts, if there is one."""
    first = max(0, number - 60)
    first = max(first, *(text.rfind(mark, first, number) + 1 for mark in _AFTER_STREET))
    words = text[first:number].rstrip().split(" ")
    position, found = first + len(text[first:number].rstrip()), None
    for count, word in enumerate(reversed(words)):
        position -= len(word)
        bare = word.strip(".'’").lower()
        if not word or count > 5 or (word.endswith(".") and bare not in _SHORTENED and count > 0 and not bare.isdigit()):
            break
        if (word[0].isupper() and bare not in _NOT_A_STREET) or (
            found is None and word.lower().endswith(_STREETS) and bare not in _STREETS
        ):
            found = position
        elif found is None or word.lower() not in _PARTICLES:
            break
        position -= 1
    return found


def _british(text: str) -> Iterator[Address]:
    for match in _BRITISH_POSTCODE.finditer(text):
        if street := _BRITISH_STREET.search(text, max(0, match.start() - 80), match.start()):
            yield Address(street.start(), match.end(), None)


def _foreign(text: str) -> Iterator[Address]:
    for match in _FOREIGN.finditer(text):
        line = max(0, match.start() - 80)
        street = _FRENCH_STREET.search(text, line, match.start())
        if street:
            yield Address(street.start(), match.end(), None)
        elif number := _NUMBER_BEFORE.search(text, line, match.start()):
            way = _FRENCH_WAY.search(text, line, number.start(1))
            start = way.start() if way else _street(text, number.start(1))
            if start is not None:
                yield Address(start, match.end(), None)
