"""The numbers that a company gives its customers: a text reaches this module, spans of order, booking and customer numbers leave it.

Anything may be such a number, so the words beside it decide ("klantnr", "booking ref", "… is mijn ordernummer"). A shape alone is trusted
only where it is a booking code's or an order's, and where no word says that it is something else (an article, an invoice, a suitcase).
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

ORDER, CUSTOMER = "order_number", "customer_number"
OTHER, PHONE = "other", "phone"
_NUMBER, _REFERENCE, _CODE, _RECEIPT, _CONTRACT, _JOIN = "number", "reference", "code", "receipt", "contract", "join"
_WEAK: Final = (None, _NUMBER, _REFERENCE, _CODE, _RECEIPT)
"""What leaves open whose number it is: nothing, or a word that goes with any number."""


def _words(written: str) -> frozenset[str]:
    return frozenset(written.split())


# A word's meaning also holds with one of these behind it, and with the s that Dutch and German put between: "boekingsnummer".
_NUMBER_BEHIND: Final = re.compile(r"-?(?:nummers?|nrs?|nmr|nommer|numbers?|no|num|codes?|ids?|ref|referentie|referenz)\Z")
_MEANINGS: Final[dict[str, frozenset[str]]] = {
    CUSTOMER: _words(
        """klant klanten kl lid leden lidmaatschap debiteur debiteuren deb relatie cliënt abonnee abonnement abonnements contractrekening deelnemer
        verzekerde verzekerden polis huurder bewoner inschrijf inschrijving student studenten leerling donateur patiënt patient gebruiker gebruikers
        pas kaart klantkaart klantenkaart klantpas klantenpas spaarkaart bonuskaart lidkaart abonnementskaart ov-chipkaart ovchipkaart ov-pas
        aansluit zakelijk account accounts customer customers client clients cust member members membership tenant tenancy acct photocard card
        flyer loyalty policy policyholder subscriber subscription user club kunden kunde kd mitglied mitgliedschaft versicherten kundenkarte
        vertragskonto abonné abonnée adhérent klienta"""
    ),
    ORDER: _words(
        """order orders ord weborder werkorder inkooporder verkooporder orderbevestiging bestel bestelling bestellingen bestelbon bestelformulier besteld
        boeking boekingen geboekt boekingsbevestiging reservering reserveringen reservatie gereserveerd res reis zending zendingen verzend pakket
        pakketten pakketje pakje retour retouren werkbon rit ritten aanvraag reparatie bevestiging huurcontract verhuur tracking track trace pnr
        ordered booking bookings booked reservation reservations confirmation parcel package shipment consignment delivery rental agreement itinerary
        bestell bestellung bestellungen auftrag auftragsbestätigung buchung sendung reservierung commande réservation séjour colis"""
    ),
    _CONTRACT: _words("contract contrat vertrag"),
    _REFERENCE: _words("ref réf reference référence referentie referenz dossier"),
    _CODE: _words("code codes barcode"),
    _RECEIPT: _words("bon kassabon receipt"),
    _NUMBER: _words("nummer nummers nr nrs no num nmr number n numéro numer numero id"),
    PHONE: _words(
        """tel telefoon telephone phone mobiel mobile mob gsm handy natel whatsapp app bel bellen call ring fax doorkies telefonisch bereikbaar"""
    ),
    OTHER: _words(
        """factuur facturen fact creditfactuur eindfactuur jaarfactuur creditnota nota invoice invoices rechnung rechnungen facture art artikel artikels
        article item product ean isbn serie serial serienr seriennummer sn s/n model type typ typenr frame imei mac modem firmware versie version batch lot
        partij charge fout fouten foutcode error fehler melding meldingen storing zaak case kenmerk zaakkenmerk file claim schade vacature aangifte
        boete meter watermeter stand eindstand beginstand meterstand kvk btw vat agb kenteken chassis bagage bagagelabel bagagelabels baggage bag luggage
        koffer label tag tags vlucht flight flug trein train bus tram lijn treinstel ip pin pincode wachtwoord password rekening iban bsn postcode pagina
        blz filiaal kassa transactie station perron kamer room lokaal aanslag aanslagen korting actie promo promotie voucher coupon discount giftcard
        onderdeel part lotcode tht th police report build incident serviceverzoek gesprek chat"""
    ),
    _JOIN: _words(
        """is was zijn waren are were luidt lautet ist est le la het de the mijn m'n mn my mein meine mon ma uw your jullie our onze ons haar her his van
        of met with onder under op on bij by u you ik i at in stond staat brief mail email e-mail weet hierbij hier volgende dus namelijk als as to naar
        für und en and et ter info aan kant"""
    ),
}
_MEANING: Final = {word: meaning for meaning, words in _MEANINGS.items() for word in words}
_ORDERED_TOO: Final = frozenset({"pas", "kaart", "card"})
"""Things with a number of their own that are ordered too: a number in brackets behind one is the order's."""

_TOKEN: Final = re.compile(r"[Ss]/[Nn]\b|[^\W\d_]+(?:['’-][^\W\d_]+)*|\n|[^\w\s]|\d+")
_BETWEEN: Final = frozenset(":.#('\"=–-—*„“”‘’>[°º|~·•»→")
"""Punctuation that people put between a word and its number."""
_BEFORE_A_DOT: Final = _words("n num ref res ord kl cust acct tel art kd")
_LOOK_BACK: Final = 50  # characters
_BEHIND: Final = re.compile(
    r"(?: is| was| als)? ?\(?(?:mijn |my |m'n |ons |onze |our |het |the )?"
    r"([^\W\d_]{3,20}(?:nummer|nr|code)|[a-z]{4,12}(?= (?:number|no|ref|code)\b))",
    re.IGNORECASE,
)
_AND: Final = re.compile(r"(?:,|/| ?&| en| and| of| or| und| et|, en|, and| t/m)? ?\Z")
_FARTHEST_AND: Final = 6  # characters

_RUN: Final = re.compile(r"\d\w*(?:[-./]\w+)*(?: \d\w*(?:[-./]\w+)*){0,7}")
_GLUED: Final = re.compile(r"(?<![\w@/.])(?:[A-Za-z]{1,5}[-./]){0,2}[A-Za-z]{1,8}[-./]?\Z")
_SPACED: Final = re.compile(r"(?<![\w@/.-])[A-Z]{1,3} \Z")
_GROUP: Final = re.compile(r"\d{1,4}[A-Z]{0,2}")
_CAPITALS: Final = _words("EAN IBAN BSN ISBN KVK NR NO TEL PNR BTW IMEI")
"""Words that people write in capitals before a number. Other capitals that are joined to a number belong to it."""
_UNIT: Final = re.compile(
    r" ?(?:uur|u\b|min|dagen|dag\b|weken|maand|jaar|euro|eur\b|keer|x\b|%|°|stuks|pers|km|kwh|mbit|days|weeks|months|years|hours|people|points|punten"
    r"|volgers|followers)",
    re.IGNORECASE,
)
_SHORTEST: Final = 5
_FEWEST_DIGITS: Final = 4
_LONGEST_LINK: Final = 300  # characters
_MIXED: Final = re.compile(r"[A-Za-z]\d|\d[A-Z]")
_DIGIT: Final = re.compile(r"\d")
_LETTERS: Final = re.compile(r"[A-Z]+")

_PHONE_ALONE: Final = re.compile(r"0[1-9](?:[ ./-]{0,3}\d){7}")
_DATE: Final = re.compile(r"\d{1,2}[-/.]\d{1,2}(?:[-/.](?:\d{4}|\d\d))?|(?:19|20)\d\d(?:[-/]\d\d){0,2}|\d{1,3}\.\d{3}")  # or an amount
_FLIGHT: Final = re.compile(r"[A-Z]{2} ?\d{3,4}")
_SUITCASE: Final = re.compile(r"[A-Z]{5}\d{5}")  # airport, airline and number, as WorldTracer files them
_LOCATOR: Final = re.compile(r"(?=[A-Z0-9]*\d[A-Z])(?=(?:\d*[A-Z]){4})[A-Z][A-Z0-9]{5}")
_NAMED_LOCATOR: Final = re.compile(r"[A-Z\d]{1,4}-[A-Z\d]{3,8}|[A-Z\d]{5,8}|(?=[a-z]*\d+[a-z])[a-z][a-z\d]{5}")
_LETTERS_ONLY: Final = re.compile(
    r"(?i:\bpnr|(?:booking|boekings?|reserverings|reservation|buchungs)[ -]?(?:code|nummer|number|ref(?:erence)?))"
    r"(?i:[ :=]{1,3}|\s{1,3}is:?\s{1,3})([A-Z]{5,6})(?![\w-])"
)
_PARCEL: Final = re.compile(r"(?:3S[A-Z]{2,6}|[A-Z]{2})\d{8,12}")
_NAMED_REFERENCE: Final = re.compile(r"[A-Z]{2,4}\d{4,6}(?:-\d+)?")
_PLAIN: Final = re.compile(r"\d{6,12}|\d{3,}[-./]\d{3,}(?:[-./]\d+)*")
_ORDER_SHAPE: Final = re.compile(
    r"(?![A-Z]*[-./]?(?:19|20)\d\d[-./]\d\d\Z)"  # a year and a running number are a file's
    r"(?:[A-Z]{1,4}(?:[-/.][A-Z]{1,3})?[-/.](?=(?:[-./A-Z]*\d){5})[\dA-Z]+(?:[-/.][\dA-Z]+)*"  # PK-55180246, VX-ORD-118830
    r"|[A-Z]{2,4}-(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{4,8}"  # PZ-66Q20K
    r"|[A-Z]{1,2}\d{8,12}(?:[A-Z]{2})?|3S[A-Z]{2,6}\d{7,}"  # as postal services number parcels
    r"|(?=[A-Z]{2}|[A-Z](?:-?\d){7})[A-Z]{1,3}\d{2,8}(?:-\d{1,5}){1,2}"  # SH2210-7
    r"|[A-Z]{1,3} (?=(?: ?\d){7})[\d ]+[A-Z]{0,2}"  # RD 5518 0442 7NL
    r"|\d{4}-[A-Z]{2,3}-\d{4,})"
)
_NOT_AN_ORDER: Final = ("F-", "INV", "CN-", "RE-", "FACT", "FA-", "PO-", "EAN", "PL0", "S/N", "BTW", "NL0", "KVK")
_BUYS: Final = re.compile(
    r"\b(?:bestel|besteld|order|boek|geboekt|pakket|pakje|bezorg|geleverd|retour|reserver|book|parcel|deliver|flight|vlucht|trip|commande|buchung)",
    re.IGNORECASE,
)
_SUBSCRIBES: Final = re.compile(
    r"\b(?:abonn|opzeg|opgezegd|lid\b|lidmaat|klant\b|member|subscri|premie|stroom|energie|gas\b|termijn|verhui|contract|internet|tv\b|landline)",
    re.IGNORECASE,
)
_RENTS: Final = re.compile(r"huur|hire|rent|boek|auto|\bcar\b|\bvan\b", re.IGNORECASE)

Free = Callable[[int, int], bool]
"""Whether nothing else has claimed these characters."""


def named_codes(text: str, free: Free) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    """The numbers that a word tells, as start, end and ORDER, CUSTOMER or OTHER, and those that only look like an order's.

    The latter are what the told ones with the same letters are; a phone number or a date may still claim them.
    """
    told: list[tuple[int, int, str]] = []
    untold: list[tuple[int, int]] = []
    kinds: dict[str, str] = {}
    last_end, last_kind, last_shape = -1, "", ""
    for start, end, run_end in _candidates(text):
        if not free(start, end):
            continue
        code = text[start:end]
        kind = _told_before(text, start, code)
        if kind is None and end - start >= _SHORTEST:
            kind = _told_behind(text, end)
        if kind in _WEAK and 0 <= start - last_end <= _FARTHEST_AND and last_shape == _shape(code) and _AND.match(text, last_end, start):
            kind = last_kind
        if kind == OTHER:
            end = run_end if free(start, run_end) else end
        elif kind == PHONE or end - start < _SHORTEST:
            continue
        elif kind not in (CUSTOMER, ORDER):
            if _looks_like_an_order(code, kind):
                untold.append((start, end))
            continue
        elif code[0] == "0" and text[start - 1] == "\n" and _PHONE_ALONE.match(text, start):
            continue
        else:
            kinds.setdefault(_letters(code), kind)
        told.append((start, end, kind))
        last_end, last_kind, last_shape = end, kind, _shape(code)
    if _names_a_booking(text):
        told += [(*match.span(1), ORDER) for match in _LETTERS_ONLY.finditer(text)]
    return told, [(start, end, kinds.get(_letters(text[start:end])) or _likelier(text, text[start:end])) for start, end in untold]


def may_have_codes(text: str, digits: int) -> bool:
    """Whether a text with so many digits can have a code at all, at a hundredth of the price of looking."""
    return digits >= _FEWEST_DIGITS or _names_a_booking(text) or (digits > 0 and _MIXED.search(text) is not None)


def _names_a_booking(text: str) -> bool:
    return "ode" in text or "PNR" in text or "king" in text or "vation" in text


def named_before(text: str, start: int) -> str | None:
    """What the nearest telling word before a number says of it, on the same line or at the end of the line before: ORDER, CUSTOMER, OTHER, PHONE,
    a weaker word, or None."""
    weak = None
    aside = bracket = dotted = seen = False
    for part in reversed(_TOKEN.findall(text, max(0, start - _LOOK_BACK), start)):
        if aside or part == ")":
            aside = part != "("
        elif part == "\n":
            if seen:
                return weak
            seen = True
        elif part in _BETWEEN:
            dotted = dotted or part == "."
            bracket = bracket or part == "("
        elif not part[0].isalpha():
            return weak
        else:
            word = part.lower()
            meaning = _meaning(word)
            if (
                (dotted and not (word in _BEFORE_A_DOT or word.endswith(("nr", "no"))))
                or meaning is None
                or (bracket and word in _ORDERED_TOO)
            ):
                return weak
            if meaning in _WEAK:
                weak = meaning if weak in (None, _NUMBER) else weak
            elif meaning != _JOIN:
                return meaning
            dotted, seen = False, True
    return weak


@lru_cache(maxsize=1 << 13)
def _meaning(word: str) -> str | None:
    if meaning := _MEANING.get(word):
        return meaning
    stem = _NUMBER_BEHIND.sub("", word)
    if stem == word or len(stem) < 2:
        return None
    meaning = _MEANING.get(stem) or _MEANING.get(stem.removesuffix("s"))
    return None if meaning in (_JOIN, _NUMBER) else meaning


def _candidates(text: str) -> Iterator[tuple[int, int, int]]:
    """Whatever may be a code, as its start and end, and the end of the digits that go on behind it."""
    position = 0
    while run := _RUN.search(text, position):
        start = _start_of_code(text, run.start())
        end = _end_of_code(text, run)
        if run.end() - start >= _SHORTEST and not _in_a_link(text, start):
            yield max(start, position), end, run.end()
        position = end


def _in_a_link(text: str, start: int) -> bool:
    """Whether a path or a query leads to it: the link as a whole is what people see."""
    if text[start - 1 : start] not in ("/", "=", "&", "#"):
        return False
    first = max(0, start - _LONGEST_LINK)
    word = text[max(first - 1, text.rfind(" ", first, start), text.rfind("\n", first, start)) + 1 : start]
    return "://" in word or "www." in word


def _start_of_code(text: str, digit: int) -> int:
    """A code's letters may stand before its first digit, joined to it or not ("PK-55180246", "KR 7710245"); a word such as "nr." is none of it."""
    before = text[digit - 1] if digit else ""
    if before == " ":
        head = _SPACED.search(text, max(0, digit - 5), digit)
        return head.start() if head and _meaning(head.group().strip().lower()) is None else digit
    if before.isalpha() or before in ("-", ".", "/"):
        head = _GLUED.search(text, max(0, digit - 22), digit)
        letters = head.group().rstrip("-./") if head else ""
        if head and (_meaning(letters.lower()) is None or (letters.isupper() and letters not in _CAPITALS)):
            return head.start()
    return digit


def _end_of_code(text: str, run: re.Match[str]) -> int:
    """Where a code written in groups ends: a number behind it is another one."""
    groups = run.group().split(" ")
    end = run.start() + len(groups[0])
    digits = len(_DIGIT.findall(groups[0]))
    for group, following in pairwise(groups):
        if not (group.isdigit() and len(group) <= 4 and _GROUP.fullmatch(following)):
            break
        more = len(_DIGIT.findall(following))
        if (more == 1 and digits < 7) or _UNIT.match(text, end + 1 + len(following)):
            break
        digits += more
        end += 1 + len(following)
    return end


def _told_before(text: str, start: int, code: str) -> str | None:
    kind = named_before(text, start)
    if kind == _CONTRACT:
        kind = ORDER if _RENTS.search(text) else CUSTOMER
    if kind not in (CUSTOMER, ORDER):
        return kind
    if (
        _DATE.fullmatch(code)
        or _SUITCASE.fullmatch(code)
        or _UNIT.match(text, start + len(code))
        or (kind == ORDER and _FLIGHT.fullmatch(code))
    ):
        return OTHER
    digits = len(_DIGIT.findall(code))
    if digits > _FEWEST_DIGITS or (digits >= 3 and len(code) >= 6 and _LETTERS.search(code)):
        return kind
    return kind if kind == ORDER and digits and _NAMED_LOCATOR.fullmatch(code) and not code.isdigit() else OTHER


def _told_behind(text: str, end: int) -> str | None:
    """What "… is mijn klantnummer" and "… (booking number)" say of a number before them."""
    match = _BEHIND.match(text, end)
    meaning = _meaning(match[1].lower()) if match else None
    return meaning if meaning in (CUSTOMER, ORDER) else None


def _looks_like_an_order(code: str, kind: str | None) -> bool:
    """Whether a number that no word tells, or only a weak one, has the shape of a booking code or an order's number."""
    if code.startswith(_NOT_AN_ORDER):
        return False
    if _LOCATOR.fullmatch(code):
        return True
    if kind == _CODE:
        return bool(_PARCEL.fullmatch(code))
    if kind == _NUMBER and _PLAIN.fullmatch(code):
        return True
    return bool(_ORDER_SHAPE.fullmatch(code) or (kind in (_REFERENCE, _RECEIPT) and _NAMED_REFERENCE.fullmatch(code)))


def _likelier(text: str, code: str) -> str:
    """Whose a number is that looks like an order's: a customer's where the message is about a subscription and nothing is bought."""
    if _LOCATOR.fullmatch(code) or _BUYS.search(text) or not _SUBSCRIBES.search(text):
        return ORDER
    return CUSTOMER


def _shape(code: str) -> str:
    return _DIGIT.sub("0", code)


def _letters(code: str) -> str:
    """What a brand's numbers of one kind have in common: the letters in front, or else the shape."""
    letters = _LETTERS.match(code)
    return letters.group() if letters else _shape(code)
