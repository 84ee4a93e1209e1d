"""Personal data in a message: a text and what is known of its brand reach this module, the spans to mask leave it.

Mail addresses, accounts, phone numbers and addresses are told by their shape (`contacts`), citizen service numbers by their check digit, and
dates of birth by their place. Numbers that a company gives are told by the word before them ("klantnr", "booking ref"): the shape alone is
trusted only where it is a booking code's or an order's and no word says that it is something else (an article, an invoice, a suitcase).
A brand book's own patterns come first, and what belongs to the brand itself is nobody's personal data.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from libs.common.brandbook import BrandBook
from libs.common.events import PersonalData
from services.triage.contacts import addresses, emails, ibans, phones
from services.triage.identifiers import MAX_CHARS, BookPattern, Ours, claimed, phone_number

MAX_SPANS = 200
"""So many are kept, the first ones: a longer list is no message, and an event must stay small."""

PHONE, EMAIL, IBAN, BSN, ADDRESS = "phone", "email", "iban", "bsn", "postcode_address"
ORDER, CUSTOMER, BIRTHDATE = "order_number", "customer_number", "birthdate"


@dataclass(frozen=True, slots=True)
class Lens:
    """What a brand book says about personal data: the brand's own numbers, and what is the brand's and not a customer's."""

    patterns: tuple[BookPattern, ...]
    ours: Ours
    country: str

    @classmethod
    def of(cls, book: BrandBook) -> "Lens":
        """Keep it for as long as the book's version lasts."""
        return cls(BookPattern.all_of(book), Ours.of(book), book.hours.holidays.country)


_SOMETHING: Final = re.compile(r"[\d@]")
_LETTERS_ONLY: Final = re.compile(
    r"(?i:\bpnr|(?:booking|boekings?|reserverings|reservation|buchungs)[ -]?(?:code|nummer|number|ref(?:erence)?))(?i:[ :=]{1,3}|\s+is:?\s+)([A-Z]{5,6})(?![\w-])"
)

_MONTHS: Final = frozenset(
    "januari februari maart april mei juni juli augustus september oktober november december jan feb febr mrt apr jun jul aug sep sept okt nov dec "
    "january february march may june july august october mar oct "
    "januar februar märz mai dezember okt dez janvier février mars avril juin juillet août septembre octobre novembre décembre".split()
)
_DATE: Final = re.compile(
    r"(?<![\w./-])(?:(\d{1,2}) ?[-/.] ?(\d{1,2}) ?[-/.] ?(\d{4}|'?\d\d)"
    r"|(\d{4})[-/.](\d\d)[-/.](\d\d)"
    r"|(\d{1,2})(?:e|de|ste|st|nd|rd|th|er|\.)? (?:of )?([^\W\d_]{3,9})\.?,? ((?:19|20)\d\d|'\d\d)"
    r"|((?<=[a-z] )\d{1,2})(?:st|nd|rd|th)?(?:, ?| )((?:19|20)\d\d))(?![\w/-]|[.]\d)"
)
_MONTH_BEFORE: Final = re.compile(r"(?<!\w)([A-Z][a-z]{2,8}) \Z")
_BORN_BEFORE: Final = re.compile(
    r"(?:\b(?:ge[bv]|ge?boren?|gebore|geboortedat(?:um|a)?|geb\.? ?datum|gebdatum|geboortedag|born|dob|birth(?:date|day)?|d\.o\.b|née?|naissance"
    r"|geburtsdatum|verjaardag|jarig)\b)[^\n;!?]{0,28}\n?\Z",
    re.IGNORECASE,
)
_BIRTH: Final = re.compile(r"geboorte|geboren|verjaardag|birth|geburts|naissance", re.IGNORECASE)
_OTHER_DATE: Final = re.compile(
    r"\b(?:factuur|nota|brief|mail|bestelling|order|contract|sinds|since|datum|date|invoice|versie|op|on|per|vanaf|tot|until|from|dated|d\.d\.)[ (:,]*\Z",
    re.IGNORECASE,
)
_ADULT: Final = 2014
"""A full date of this year or before that stands by itself is somebody's birth: what people write about happened later."""

_MAYBE_BIRTH: Final = re.compile(r"19\d\d|20[01]\d|'\d\d|[Gg][Ee]?[Bb]\b|[Gg]eb(?:oo?r|dat)|[Bb]orn|[Bb]irth|D\.?O\.?B|dob|[Nn]ée? ")
_BSN: Final = re.compile(r"(?<![\w.-])(?:\d{3}[ .-]?\d{3}[ .-]?\d{3}|\d{4}[.-]\d{2}[.-]\d{3})(?!\w|[.-]\d)")
_CITIZEN: Final = re.compile(r"[Bb][Ss][Nn]\b|[Ss]ofi-?nummer|itizen [Ss]ervice|urger ?service", re.ASCII)

# What a word before a number says of it. Words that only join (_JOINS) are read past; an unknown word says nothing.
_NAMES: Final = r"(?:-?(?:nummers?|nrs?|nmr|nommer|numbers?|no|num|codes?|id|ids|ref|referentie|referenz))?"
_CUSTOMER_WORDS: Final = re.compile(
    r"(?:oud-?)?(?:klant(?:en)?|kl|lid|leden|lidmaatschaps?|debiteur(?:en)?|relatie|deb|cliënt|bewoners?|gebruikers?|users?|aansluit|ov-?chipkaart|ov-?pas|abonnee|abonnements?|contractrekening|deelnemers?|verzekerden?|polis|huurders?"
    r"|inschrijf|inschrijvings|student(?:en)?|leerling|donateurs?|pati[eë]nt(?:en)?|pas|kaart|klant(?:en)?kaart|klant(?:en)?pas|spaarkaart|bonuskaart|lidkaart"
    r"|accounts?|customers?|clients?|cust|members?|memberships?|tenants?|tenancy|acct|photocard|card|flyer|loyalty|policy|policyholder|subscriber|subscription"
    r"|kunden?|kd|mitglieds?|mitgliedschafts?|versicherten|kundenkarten?|vertragskonto|abonnée?|adhérent|klienta|zakelijk|club)" + _NAMES
)
_ORDER_WORDS: Final = re.compile(
    r"(?:web|werk|inkoop|verkoop|verzend|klant)?(?:order|ord|bestel|bestelling(?:en)?|bestelbon|bestelformulier|besteld|boekings?|boekingen|geboekt|reserverings?|reserveringen"
    r"|reservatie|gereserveerd|res|reis|zendings?|zendingen|pakket|pakketten|pakketje|pakje|retour|retouren|werkbon|rit|ritten|aanvraag|aanvraags|reparatie|bevestigings?"
    r"|orders|orderbevestiging|boekingsbevestiging|huurcontract|verhuur|tracking|track|trace|tracktrace|pnr"
    r"|bookings?|booked|reservations?|confirmation|parcel|package|shipment|consignment|delivery|rental|agreement|ordered"
    r"|bestellungs?|bestell|auftrags?|auftragsbestätigung|buchungs?|sendungs?|reservierungs?|commande|réservation|séjour|colis|itinerary)"
    + _NAMES
)
_OTHER_WORDS: Final = re.compile(
    r"(?:credit|eind|jaar)?(?:factu(?:ur|ren)|fact|nota|invoices?|rechnungs?|facture|art|artikel|artikels|article|item|product|ean|isbn|serie|serial|seriennummer|sn|model|type|typ|frame|imei|mac|modem"
    r"|firmware|versie|version|batch|lot|partij|charge|fout|fouten|error|fehler|meldings?|storings?|zaak|case|kenmerk|zaakkenmerk|file|claim|schade|vacature|aangifte|boete|meter|stand|watermeter"
    r"|eindstand|beginstand|meterstand|kvk|btw|vat|agb|kenteken|bagage|bagagelabels?|baggage|bag|luggage|koffer|label|vlucht|flight|flug|trein|train|bus|tram|lijn|treinstel|ip|pin|pincode|wachtwoord"
    r"|password|rekening|iban|bsn|postcode|pagina|blz|filiaal|kassa|transactie|station|perron|kamer|room|lokaal|aanslag|aanslagen|kortings|actie|promo|promotie|voucher|coupon|discount|giftcard"
    r"|onderdeel|part|lotcode|tht|th|chassis|polisvoorwaarden|tags?|police|report|aangiften|crm|ref-?job|serienr|barcode-?ean|patch|build)"
    + _NAMES
)
_PHONE_WORDS: Final = re.compile(
    r"(?:tel|telefoon|telephone|phone|mobiel|mobile|mob|gsm|handy|natel|whatsapp|app|bel|call|ring|fax|06|doorkies|telefonisch|bereikbaar|bellen)"
    + _NAMES
)
_JOINS: Final = frozenset(
    "is was zijn waren are were luidt lautet ist est le la het de the mijn m'n mn my mein meine mon ma uw your jullie our onze ons haar zijn her his van of met with onder under op on "
    "bij by u you ik i at in stond staat brief mail email e-mail weet hierbij hier volgende dus namelijk als as to naar für und en and et ter info aan kant".split()
)
_THINGS: Final = frozenset({"pas", "kaart", "card", "pass"})
"""What is ordered too: a number in brackets behind one is not the card's."""
_NUMBER_WORDS: Final = frozenset("nummer nummers nr nrs no num nmr number n numéro numer numero id".split())
_THROUGH: Final = frozenset(":.#('\"=–-—*„“”‘’>[°º")
_SHORT: Final = frozenset("nr no n num ref res ord kl cust acct tel klantnr bestelnr ordernr art kd kdnr".split())
_TOKENS: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\n|[^\w\s]|\d+")
_LOOK_BACK: Final = 50

_FEWEST_OF_AN_IBAN: Final = 10
_FEWEST_OF_A_PHONE: Final = 9  # and of a citizen service number
_MOST_THAT_ARE_NOBODYS: Final = 3  # digits in a text, unless they stand among letters
_SHORTEST_CODE: Final = 5
_MIXED: Final = re.compile(r"[A-Za-z]\d|\d[A-Z]")
_RUN: Final = re.compile(r"\d\w*(?:[-./]\w+)*(?: \d\w*(?:[-./]\w+)*)*")
_GLUED: Final = re.compile(r"(?<![\w@/.])(?:[A-Za-z]{1,5}[-./]){0,2}[A-Za-z]{1,8}[-./]?\Z")
_SPACED: Final = re.compile(r"(?<![\w@/.-])[A-Z]{1,3} \Z")
_UNITS: Final = re.compile(
    r" ?(?:uur|u\b|min|dagen|dag\b|weken|maand|jaar|euro|eur\b|keer|x\b|%|°|stuks|pers|km|kwh|mbit|days|weeks|months|years|hours|people|points|punten|volgers|followers|°)",
    re.IGNORECASE,
)
_CAPITALS: Final = frozenset({"EAN", "IBAN", "BSN", "ISBN", "KVK", "NR", "NO", "TEL", "PNR", "BTW", "IMEI"})
"""Words that people write in capitals before a number. Other capitals joined to one belong to it."""
_WEAK: Final = (None, "number", "ref", "code", "bon")
_LIKE_A_PHONE: Final = re.compile(r"0[1-9](?:[ ./-]{0,3}\d){7}")
_DATE_SHAPE: Final = re.compile(r"\d{1,2}[-/.]\d{1,2}(?:[-/.](?:\d{4}|\d\d))?|(?:19|20)\d\d(?:[-/]\d\d){0,2}|\d{1,3}\.\d{3}")
_LOCATOR: Final = re.compile(r"(?=[A-Z0-9]*\d[A-Z])(?=(?:\d*[A-Z]){4})[A-Z][A-Z0-9]{5}")
_LOCATOR_NAMED: Final = re.compile(r"[A-Z\d]{1,4}-[A-Z\d]{3,8}|[A-Z\d]{5,8}|(?=[a-z]*\d+[a-z])[a-z][a-z\d]{5}")
_FLIGHT: Final = re.compile(r"[A-Z]{2} ?\d{3,4}")
_BAGGAGE: Final = re.compile(r"[A-Z]{5}\d{5}")
_ORDER_SHAPE: Final = re.compile(
    r"(?![A-Z]*[-./]?(?:19|20)\d\d[-./]\d\d\Z)"
    r"(?:[A-Z]{1,4}(?:[-/.][A-Z]{1,3})?[-/.](?=(?:[-./A-Z]*\d){5})[\dA-Z]+(?:[-/.][\dA-Z]+)*"
    r"|[A-Z]{2,4}-(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{4,8}"
    r"|[A-Z]{1,2}\d{8,12}(?:[A-Z]{2})?|3S[A-Z]{2,6}\d{7,}|(?=[A-Z]{2}|[A-Z](?:-?\d){7})[A-Z]{1,3}\d{2,8}(?:-\d{1,5}){1,2}|[A-Z]{1,3} (?=(?: ?\d){7})[\d ]+[A-Z]{0,2}|\d{4}-[A-Z]{2,3}-\d{4,})"
)
_NOT_AN_ORDER: Final = ("F-", "INV", "CN-", "RE-", "FACT", "FA-", "PO-", "EAN", "PL0", "S/N", "BTW", "NL0", "KVK")
_BUYS: Final = re.compile(
    r"\b(?:bestel|besteld|order|boek|geboekt|pakket|pakje|bezorg|geleverd|retour|reserver|book|parcel|deliver|flight|vlucht|trip|commande|buchung)",
    re.IGNORECASE,
)
_SUBSCRIBES: Final = re.compile(
    r"\b(?:abonn|opzeg|opgezegd|zeg\b.{1,60}\bop\b|lid\b|lidmaat|klant\b|member|subscri|premie|stroom|energie|gas\b|termijn|verhui|contract|internet|tv\b|landline)",
    re.IGNORECASE,
)
_RENTS: Final = re.compile(r"huur|hire|rent|boek|auto|\bcar\b|\bbus\b|van\b", re.IGNORECASE)
_BEHIND: Final = re.compile(
    r"(?: is| was| als|,)? ?\(?(?:mijn |my |m'n |ons |onze |our |het |the )?([^\W\d_]{3,20}(?:nummer|nr|code)|[a-z]{4,12}(?= (?:number|no|ref|code)\b))",
    re.IGNORECASE,
)
_AND: Final = re.compile(r"(?:,|/| ?&| en| and| of| or| und| et|, en|, and| t/m)? ?\Z")


def personal_data(text: str, lens: Lens | None = None) -> list[PersonalData]:
    """Where the first MAX_CHARS of `text` hold personal data, in their order, none overlapping another. Without a lens, any brand's."""
    text = text[:MAX_CHARS]
    found = _Found(text)
    if lens is not None:
        for name, start, end in claimed(text, lens.patterns):
            found.add(start, end, _kind_of_pattern(name))
    if _SOMETHING.search(text):
        if "@" in text:
            for start, end in emails(text):
                found.add(start, end, None if lens is not None and lens.ours.has_mail(text[start:end].lower()) else EMAIL)
        _numbers(found, lens)
    if "code" in text or "PNR" in text or "ooking" in text or "nummer" in text:
        for match in _LETTERS_ONLY.finditer(text):
            found.add(*match.span(1), ORDER)
    return [PersonalData(kind=kind, start=start, end=end) for start, end, kind in sorted(found.spans)[:MAX_SPANS]]


class _Found:
    """The spans of one text so far. What one kind has claimed is not read again as another; a claim without a kind only keeps others away."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[tuple[int, int, str]] = []
        self._taken: bytearray | None = None

    def add(self, start: int, end: int, kind: str | None) -> bool:
        """Whether the span was free."""
        if not self.free(start, end):
            return False
        if self._taken is None:
            self._taken = bytearray(len(self.text))
        self._taken[start:end] = b"\1" * (end - start)
        if kind:
            self.spans.append((start, end, kind))
        return True

    def free(self, start: int, end: int) -> bool:
        return self._taken is None or self._taken.find(1, start, end) < 0


def _kind_of_pattern(name: str) -> str | None:
    """What a brand's own number is, by the name that its book gives it. A case or an invoice says nothing of a person by itself."""
    words = name.lower()
    if any(word in words for word in ("customer", "klant", "member", "client", "account", "subscri", "polis", "policy", "lid")):
        return CUSTOMER
    if any(word in words for word in ("order", "booking", "boeking", "reserv", "pnr", "shipment", "parcel", "tracking", "zending")):
        return ORDER
    return None


def _numbers(found: _Found, lens: Lens | None) -> None:
    """Everything with digits in it, what is surest first. How many digits there are rules most kinds out, before their patterns are tried."""
    text = found.text
    digits = len(_DIGIT.findall(text))
    if digits >= _FEWEST_OF_AN_IBAN:
        for start, end in ibans(text):
            found.add(start, end, IBAN)
    for address in addresses(text):
        found.add(address.start, address.end, ADDRESS)
    if _MAYBE_BIRTH.search(text):
        for start, end in _birthdates(text):
            found.add(start, end, BIRTHDATE)
    if digits >= _FEWEST_OF_A_PHONE and _CITIZEN.search(text):
        for match in _BSN.finditer(text):
            if _passes_eleven(match.group()) and _meaning(text, match.start()) not in (CUSTOMER, ORDER):
                found.add(*match.span(), BSN)
    unnamed = _named_codes(found) if digits > _MOST_THAT_ARE_NOBODYS or _MIXED.search(text) else []
    if digits >= _FEWEST_OF_A_PHONE:
        for start, end in phones(text):
            ours = lens is not None and phone_number(text[start:end], lens.country) in lens.ours.numbers
            found.add(start, end, None if ours else PHONE)
    for start, end, kind in unnamed:
        found.add(start, end, kind)


def _birthdates(text: str) -> list[tuple[int, int]]:
    """Dates that a word tells to be somebody's birth, or that stand beside a name and are long past."""
    return [match.span() if start is None else (start, match.end()) for match in _DATE.finditer(text) for start in _birth(text, match)]


def _birth(text: str, match: re.Match[str]) -> list[int | None]:
    day, month, year = (
        (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4]) if match[4] else (match[7], match[8], match[9])
    )
    start = match.start()
    if match[10]:
        before = _MONTH_BEFORE.search(text, max(0, start - 12), start)
        if before is None:
            return []
        day, month, year, start = match[10], before[1], match[11], before.start()
    if not 1 <= int(day) <= 31 or not (1 <= int(month) <= 12 or int(day) <= 12 if month.isdigit() else month.lower() in _MONTHS):
        return []
    place = start if match[10] else None
    if _BORN_BEFORE.search(text, max(0, start - 50), start):
        return [place]
    if len(year.lstrip("'")) == 2:
        alone = year[0] == "'" and (start == 0 or text[start - 1] == "\n")
        return [place] if alone else []
    if not 1900 <= int(year) <= _ADULT or _OTHER_DATE.search(text, max(0, start - 14), start):
        return []
    before, behind = text[max(0, start - 2) : start], text[match.end() : match.end() + 1]
    beside = before.endswith("\n") or before in (", ", ": ") or (before.endswith("(") and behind in {")", ","})
    return [place] if beside or _BIRTH.search(text) else []


def _passes_eleven(written: str) -> bool:
    """The check of a citizen service number: 9 times the first digit, 8 times the second …, less the last one, is a multiple of 11."""
    digits = [int(letter) for letter in written if letter.isdigit()]
    return any(digits) and (sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=False)) - digits[8]) % 11 == 0


def _named_codes(found: _Found) -> list[tuple[int, int, str]]:
    """Claims the order and customer numbers that a word tells, and those of articles, meters and suitcases without a kind.

    Returns those that no word tells but whose shape is that of an order's: they are what the told ones with the same letters are.
    """
    text = found.text
    unnamed: list[tuple[int, int]] = []
    kinds: dict[str, str] = {}
    last_end, last_kind, last_shape = -1, "", ""
    for run in _RUN.finditer(text):
        start = _start_of_code(text, run.start())
        end = _end_of_code(text, start, run)
        if run.end() - start < _SHORTEST_CODE or not found.free(start, end):
            continue
        code = text[start:end]
        kind = _kind_of_code(text, start, code) or _named_behind(text, end)
        if kind in _WEAK and 0 <= start - last_end <= 6 and last_shape == _shape(code) and _AND.match(text, last_end, start):
            kind = last_kind
        if kind == "other":
            end = run.end() if found.free(start, run.end()) else end
            found.add(start, end, None)
        elif end - start < _SHORTEST_CODE or kind == "phone":
            continue
        elif kind in (CUSTOMER, ORDER):
            if code[0] == "0" and text[start - 1] == "\n" and _LIKE_A_PHONE.match(text, start):
                continue
            found.add(start, end, kind)
            kinds.setdefault(_prefix(code), kind)
        else:
            if _looks_like_an_order(code, kind):
                unnamed.append((start, end))
            continue
        last_end, last_kind, last_shape = end, kind, _shape(code)
    return [(start, end, kinds.get(_prefix(text[start:end])) or _default_kind(text, text[start:end])) for start, end in unnamed]


def _named_behind(text: str, end: int) -> str | None:
    """What "… is mijn klantnummer" and "… (booking number)" say of a number before them."""
    match = _BEHIND.match(text, end)
    says = _word_says(match[1].lower()) if match else None
    return says if says in (CUSTOMER, ORDER) else None


def _start_of_code(text: str, digit: int) -> int:
    """A code's letters may stand before its first digit, joined to it or not ("PK-55180246", "KR 7710245"); a word such as "nr." is none of it."""
    if digit == 0:
        return 0
    before = text[digit - 1]
    if before == " ":
        head = _SPACED.search(text, max(0, digit - 6), digit)
        return head.start() if head and _word_says(head.group().strip().lower()) is None else digit
    if before.isalpha() or before in "-./":
        head = _GLUED.search(text, max(0, digit - 22), digit)
        letters = head.group().rstrip("-./") if head else ""
        return head.start() if head and (_word_says(letters.lower()) is None or (letters.isupper() and letters not in _CAPITALS)) else digit
    return digit


def _end_of_code(text: str, start: int, run: re.Match[str]) -> int:
    """Where a code written in groups ends: a number behind it is another one."""
    groups = run.group().split(" ")
    end = run.start() + len(groups[0])
    digits = sum(letter.isdigit() for letter in groups[0])
    for group, following in pairwise(groups):
        many = sum(letter.isdigit() for letter in following)
        if not (group.isdigit() and len(group) <= 4) or many > 4 or not _GROUP.fullmatch(following):
            break
        if (many == 1 and digits < 7) or _UNITS.match(text, end + 1 + len(following)):
            break
        digits += many
        end += 1 + len(following)
    return end


_GROUP: Final = re.compile(r"\d{1,4}[A-Z]{0,2}")


def _kind_of_code(text: str, start: int, code: str) -> str | None:
    """What the words before a number say that it is: an order's or a customer's, "other", or None where they say nothing."""
    says = _meaning(text, start)
    digits = sum(letter.isdigit() for letter in code)
    letters = any(letter.isupper() for letter in code)
    if says == "contract":
        says = ORDER if _RENTS.search(text) else CUSTOMER
    if says in (CUSTOMER, ORDER):
        if _DATE_SHAPE.fullmatch(code) or _UNITS.match(text, start + len(code)) or _BAGGAGE.fullmatch(code):
            return "other"
        if says == ORDER and _FLIGHT.fullmatch(code):
            return "other"
        enough = digits >= 5 or (letters and digits >= 3 and len(code) >= 6) or (says == ORDER and _LOCATOR_NAMED.fullmatch(code))
        return says if enough else "other"
    return says


def _looks_like_an_order(code: str, says: str | None) -> bool:
    """Whether a number that no word tells has the shape of a booking code or an order's number."""
    if code.startswith(_NOT_AN_ORDER):
        return False
    if _LOCATOR.fullmatch(code):
        return True
    if says == "code":
        return bool(re.fullmatch(r"(?:3S[A-Z]{2,6}|[A-Z]{2})\d{8,12}", code))
    if says in ("ref", "bon") and re.fullmatch(r"[A-Z]{2,4}\d{4,6}(?:-\d+)?", code):
        return True
    return bool(_ORDER_SHAPE.fullmatch(code))


def _default_kind(text: str, code: str) -> str:
    if _LOCATOR.fullmatch(code) or _BUYS.search(text) or not _SUBSCRIBES.search(text):
        return ORDER
    return CUSTOMER


def _shape(code: str) -> str:
    return _DIGIT.sub("0", code)


_DIGIT: Final = re.compile(r"\d")
_LETTERS: Final = re.compile(r"[A-Z]+")


def _prefix(code: str) -> str:
    letters = _LETTERS.match(code)
    return letters.group() if letters else _shape(code)


def _meaning(text: str, start: int) -> str | None:
    """What the nearest telling word before a number says of it, on the same line or at the end of the line before."""
    fallback = None
    bracket = dotted = seen = False
    for token in reversed(_TOKENS.findall(text, max(0, start - _LOOK_BACK), start)):
        if token == "\n":
            if seen:
                break
            seen = True
        elif token in _THROUGH:
            dotted = dotted or token == "."
            bracket = bracket or token == "("
        elif not token[0].isalpha():
            break
        else:
            word = token.lower()
            if dotted and word not in _SHORT and not word.endswith(("nr", "no")):
                break
            dotted = False
            seen = True
            says = _word_says(word)
            if says is None or (bracket and word in _THINGS):
                break
            if says in ("number", "ref", "code", "bon"):
                fallback = fallback or says
            elif says != "join":
                return says
    return fallback


@lru_cache(maxsize=1 << 13)
def _word_says(word: str) -> str | None:
    """customer_number, order_number, contract, phone, other, a weak word (number, ref, code, bon), join, or None for any other word."""
    if word in _NUMBER_WORDS:
        return "number"
    if word in _JOINS:
        return "join"
    if word.startswith(("referen", "référen")) or word in ("ref", "réf", "dossier", "dossiernummer", "dossiernr"):
        return "ref"
    if word in ("code", "codes", "barcode"):
        return "code"
    if word in ("bon", "bonnr", "bonnummer", "kassabon", "receipt", "kassabonnummer"):
        return "bon"
    if word in ("contract", "contractnummer", "contractnr", "contrat", "vertrag", "vertragsnummer"):
        return "contract"
    if _PHONE_WORDS.fullmatch(word):
        return "phone"
    if _OTHER_WORDS.fullmatch(word):
        return "other"
    if _CUSTOMER_WORDS.fullmatch(word):
        return CUSTOMER
    if _ORDER_WORDS.fullmatch(word):
        return ORDER
    return None
