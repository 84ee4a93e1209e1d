"""Whether a reply that everybody can read repeats what should stay between the brand and its customer.

What the customer wrote themselves is repeated all the same: they may not know who reads along, and the brand should. The brand's own data are none: its
mailboxes and domains, its service numbers, where it can be found. A number is the customer's when its shape is the book's, when a word says so ("je
ordernummer …") or when it stands in the message that is answered. Pure: no I/O.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from libs.common.brandbook import BrandBook
from libs.common.codes import CUSTOMER, ORDER, named_before
from libs.common.events import PersonalData
from libs.common.ownnumbers import MAX_CHARS, claimed
from libs.common.personal import ADDRESS, BIRTHDATE, BSN, EMAIL, IBAN, PHONE, Lens, personal_data
from services.responder.verdicts.draft import Draft, Found

CASE: Final = "case_number"
_SAID: Final = {
    PHONE: "a phone number", EMAIL: "a mail address", IBAN: "an account number", BSN: "a citizen service number", BIRTHDATE: "a date of birth",
    ADDRESS: "an address", ORDER: "an order number", CUSTOMER: "a customer number", CASE: "a case number",
}  # fmt: skip
_DISTANCE: Final = re.compile(r"\s?(?:min(?:uten|utes)?|meter|m|km|uur|dagen|weken)\b", re.IGNORECASE)
_BORN: Final = re.compile(r"\bgeb|\bborn|birth", re.IGNORECASE)
MOST: Final = 20
"""So many data of one kind are looked at in a text, the first ones: a longer list is no reply."""
_FEWEST: Final = 4  # letters and digits of a datum
_PART_OF_ADDRESS: Final = re.compile(r"[,\n(]| (?=[1-9]\d{3} ?[A-Za-z]{2}\b)")
_DIGITS: Final = re.compile(r"\d+")
_RUN: Final = re.compile(r"\d{3,}")
_DIGIT_OR_AT: Final = re.compile(r"[\d@]")
_POSTCODE: Final = re.compile(
    r"(?<![\w.,€-])[1-9]\d{3} ?"
    r"(?!SA|SD|SS|[KMGT]B|[KCDM]?M\b|KG|ML|NL|BE|DE|FR|EU|UK|US|AD|BC|EN|OK|ST|AM|PM|PK|HP|WH|MW|KW|CO|TV|PC|UX|HD)[A-Z]{2}(?!\w)"
    r"|(?<![\w-])[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?!\w)"
)
_LIKELY: Final = re.compile(r"\d|@\w")
_LONGEST_BEFORE: Final = 60  # characters

# A case has a number that only the words beside it tell; triage has no use for it.
_CASE_NUMBER: Final = re.compile(
    r"(?<!\w)(?:(?:zaak|case|ticket|dossier|meldings?|klacht(?:en)?|incident|referentie|reference|claim|schade|storings?|service|terugbel|verzoek)"
    r"[- ]?(?:nummers?|nr\.?|number|no\.?|id|code|kenmerk|verzoek|request)?|kenmerk|ref\.?|refnr\.?)"
    r"(?:[ ]?(?:is|was|:|#|=|\())?[ ]?[#(]?((?=[\w./-]*\d{3})[A-Za-z]{0,5}[-./ ]?\d[\w./-]*\w)",
    re.IGNORECASE,
)
_CASE_WORD: Final = re.compile(
    r"nummer|nr\b|number|no\b|\bid\b|code|kenmerk|ref|dossier|zaak|\bcase|ticket|klacht|claim|melding|incident", re.IGNORECASE
)
# Where the brand is, or how it is reached: its own data, unless the customer wrote them too.
_OURS_BEFORE: Final = re.compile(
    r"\b(?:bel|bellen|belt|bereik(?:baar|en|t)?|whatsapp|app|appen|sms|call|phone|ring|reach|contact|text|dial)"
    r"(?!\s+(?:ik|we|wij|je|jou|u|jullie|you)\b(?!\s+(?:kan|kunt|can)))[^.!?\n]{0,45}$"
    r"|\b(?:ons|onze|our)\s+(?:\w+\s+){0,2}?(?:\w*nummer|\w*lijn|number|line|phone|telefoon|rekening\w*|account|iban)\s*(?:is|:|\()*\s*$"
    r"|\b(?:klantenservice|servicelijn|storingslijn|storingsnummer|alarmnummer|meldpunt|helpdesk|customer\s+(?:care|service|services)|helpline|hotline|"
    r"support|balie|loket|politie|police|bank|fraudehelpdesk|fraudedesk)\b[^.!?\n]{0,25}$"
    r"|(?<!\bje )(?<!\buw )(?<!\byour )\b(?:tel|telefoon|phone)\.?:?\s*$"
    r"|\b(?:bereikbaar|open|available|reachable)\b[^.!?\n]{0,20}\b(?:op|via|on|at)\s*$",
    re.IGNORECASE,
)
_CALLED_BY_US: Final = re.compile(
    r"\b(?:ik|wij|we|i|i'll|we'll|i'd|we'd|collega(?:'s)?|colleagues?|monteur|bezorger)\s+(?:\w+\s+){0,3}?(?:bel|belt|bellen|app|appen|sms|call|ring|phone|text|reach|contact)\b"
    r"|\b(?:bel|belt|bellen|app|appen)\s+(?:ik|wij|we)\b",
    re.IGNORECASE,
)
_ROLE_TEXT: Final = (
    "info klantenservice service support contact help helpdesk care webcare customercare customerservice klant klanten hallo hello hi team sales "
    "verkoop administratie facturen billing privacy avg dpo fg klachten complaints retour retouren returns pers press hr jobs vacatures noreply "
    "no-reply servicedesk reserveren reserveringen bookings security abuse phishing valse-email fraude fraud nepmail office mail post desk"
)
_ROLE: Final = frozenset(_ROLE_TEXT.split())
_MAIL_US: Final = re.compile(r"\b(?:mail|mailen|e-?mailen|e-?mail)\s+(?:ons|us|me|mij|naar|to|gerust|dan|even|het|it|\s)+$", re.IGNORECASE)
_OUR_PLACE: Final = re.compile(
    r"\b(?:winkels?|filia(?:al|len)|vestiging(?:en)?|kantoor|kantoren|hoofdkantoor|showroom|magazijn|balie|loket|servicepunt|afhaalpunt|ophaalpunt|"
    r"afhaallocatie|locatie|postbus|bezoekadres|retouradres|postadres|museum|depot|garage|werkplaats|pop-?up|stores?|shops?|branch|office|"
    r"warehouse|pick-?up\s+point|station|halte|p\.?o\.?\s?box|return\s+address|langs\s*komen|langskom\w*|kom\s+(?:gerust\s+)?langs|welkom|bezoek|"
    r"visit|gevestigd|located|find\s+us|vind\s+je\s+ons|vindt\s+u\s+ons|ons\s+(?:post|bezoek)?adres|our\s+address)\b",
    re.IGNORECASE,
)
_YOURS: Final = re.compile(
    r"\b(?:je|jouw|uw|your)\s+(?:(?:eigen|oude|nieuwe|huidige|old|new|current|home|thuis)\s+)?(?:\w*adres|address|huis|woning|thuis|home|house|flat)\b",
    re.IGNORECASE,
)
_EXAMPLE: Final = re.compile(
    r"\b(?:bijvoorbeeld|bijv\.?|bv\.?|zoals|eruit\s+als|in\s+de\s+vorm|e\.g\.?|such\s+as|for\s+example|looks?\s+like|format|like\s+this)\b[^.!?\n]{0,25}$",
    re.IGNORECASE,
)
_ACCOUNT_OURS: Final = re.compile(
    r"\b(?:t\.?n\.?v\.?|ten\s+name\s+van|ons?\s+rekening\w*|onze\s+(?:rekening|iban|bankrekening)|our\s+(?:bank\s+)?account)\b",
    re.IGNORECASE,
)


def pii_in_public(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Each datum of the customer's, or of anybody else who is no brand, in a public reply."""
    if draft.visibility == "private" or not _LIKELY.search(draft.text):
        return
    text, known = draft.text[:MAX_CHARS], _Known((draft.incoming or "")[:MAX_CHARS], book)
    for kind, start, end in _data(text, book, known):
        message = f"“{text[start:end]}” is {_SAID[kind]}, and everybody can read this. Leave it out, or go on in a private message."
        yield Found("pii_in_public", message, start, end, "conduct.go_private_for" if kind in book.conduct.go_private_for else None)


def _data(text: str, book: BrandBook, known: "_Known") -> list[tuple[str, int, int]]:
    lens = lens_of(book)
    found: list[tuple[str, int, int]] = []

    def add(kind: str, start: int, end: int) -> None:
        if all(end <= other_start or start >= other_end for _, other_start, other_end in found):
            found.append((kind, start, end))

    def our_place() -> bool:
        return _OUR_PLACE.search(text) is not None and _YOURS.search(text) is None

    for name, start, end in claimed(text, lens.patterns):
        if known.has(text[start:end]) or not _EXAMPLE.search(text, max(0, start - _LONGEST_BEFORE), start):
            add(_kind(name), start, end)
    for one in islice(personal_data(text, lens), MOST):
        if one.kind == ADDRESS and _DISTANCE.match(text, one.end):
            continue
        if not _of_the_brand(one, text, lens, our_place=our_place, known=known.has(text[one.start : one.end])):
            add(one.kind, one.start, one.end)
    for match in islice(_CASE_NUMBER.finditer(text), MOST) if _CASE_WORD.search(text) else ():
        if _is_case(match) and (known.has(match[1]) or not _EXAMPLE.search(text, max(0, match.start(1) - _LONGEST_BEFORE), match.start(1))):
            add(CASE, *match.span(1))
    for match in islice(_POSTCODE.finditer(text), MOST):
        if known.has(match[0]) or not our_place():
            add(ADDRESS, *match.span())
    for kind, start, end in known.repeated(text):
        add(kind, start, end)
    return sorted(found, key=lambda one: one[1])


def _kind(name: str) -> str:
    words = name.lower()
    if any(word in words for word in ("case", "zaak", "ticket", "dossier", "claim", "melding", "incident")):
        return CASE
    return ORDER if any(word in words for word in ("order", "book", "boek", "bestel", "reserv", "zend", "track", "pnr")) else CUSTOMER


def _is_case(match: re.Match[str]) -> bool:
    return _CASE_WORD.search(match[0]) is not None and sum(map(str.isdigit, match[1])) >= _FEWEST


def _of_the_brand(one: PersonalData, text: str, lens: Lens, *, our_place: Callable[[], bool], known: bool) -> bool:
    """Whether a datum is the brand's or another company's, or no datum at all; one that the customer wrote too (`known`) hardly is."""
    datum, before = text[one.start : one.end], text[max(0, one.start - _LONGEST_BEFORE) : one.start]
    if one.kind == EMAIL and lens.ours.has_mail(datum.lower()):
        return True
    if known:
        return False
    if one.kind == EMAIL:
        local = datum.lower().partition("@")[0]
        return local in _ROLE or local.split(".")[0] in _ROLE or bool(_MAIL_US.search(before))
    if one.kind == PHONE:
        return bool(_OURS_BEFORE.search(before)) and not _CALLED_BY_US.search(before)
    if one.kind == IBAN:
        return bool(_ACCOUNT_OURS.search(text))
    if one.kind == ADDRESS:
        return our_place() or bool(_EXAMPLE.search(before))
    if one.kind in (ORDER, CUSTOMER):
        told = named_before(text, one.start) in (ORDER, CUSTOMER)
        return not told or bool(_EXAMPLE.search(before))
    return one.kind == BIRTHDATE and not _BORN.search(text)


class _Known:
    """What the message that is answered says of its customer, as far as a draft may repeat it."""

    def __init__(self, incoming: str, book: BrandBook) -> None:
        self._incoming, self._book = incoming, book
        self._own: str | None = None

    def has(self, written: str) -> bool:
        """Whether the message holds this too, in whatever spelling."""
        if self._own is None:
            self._own = _compact(self._incoming)
        return len(compact := _compact(written)) >= _FEWEST and compact in self._own

    def repeated(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Places where the text repeats a datum of the message, in any spelling of its separators."""
        if not ("@" in text and "@" in self._incoming) and set(_DIGITS.findall(text)).isdisjoint(_DIGITS.findall(self._incoming)):
            shared = _RUN.findall(self._incoming)
            if not any(run[:3] in text for run in shared):
                return
        compact = _compact(text)
        for kind, datum in islice(dict.fromkeys(self._data()), MOST):
            letters = _compact(datum)
            if len(letters) >= _FEWEST and letters in compact:
                spelt = re.compile(r"(?<!\w)" + r"[\s./()+@_-]{0,3}".join(map(re.escape, letters)) + r"(?!\w)", re.IGNORECASE)
                yield from ((kind, *match.span()) for match in islice(spelt.finditer(text), MOST))

    def _data(self) -> Iterator[tuple[str, str]]:
        incoming, lens = self._incoming, lens_of(self._book)
        for name, start, end in claimed(incoming, lens.patterns):
            yield _kind(name), incoming[start:end]
        for one in personal_data(incoming, lens):
            if one.kind in _SAID:
                datum = incoming[one.start : one.end]
                yield from (
                    (one.kind, part)
                    for part in (_PART_OF_ADDRESS.split(datum) if one.kind == ADDRESS else (datum,))
                    if _DIGIT_OR_AT.search(part)
                )
        yield from ((CASE, match[1]) for match in islice(_CASE_NUMBER.finditer(incoming), MOST) if _is_case(match))


def _compact(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()


_lenses: dict[str, tuple[BrandBook, Lens]] = {}


def lens_of(book: BrandBook) -> Lens:
    """What the book says of personal data, made once for a version."""
    known = _lenses.get(book.brand)
    if known is None or known[0] is not book:
        known = _lenses[book.brand] = book, Lens.of(book)
    return known[1]
