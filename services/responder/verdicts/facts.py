"""Whether a reply that everybody can read states what may be otherwise next month: a price, a fare, a fee, a rate, a discount, a limit.

Replies stay findable for years. An amount of the customer's own (what they paid, owe or get back) is no such fact, and no more is a time, a share of
something, or something that costs nothing. Pure: no I/O.
"""

from collections.abc import Iterator

import regex

from libs.common.brandbook import BrandBook
from services.responder.bounded import Pattern
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found

_NUMBER = r"\d{1,3}(?:[.\s]\d{3})+(?:,\d{1,2}|,-)?|\d+(?:[.,]\d{1,3})?(?:,-+|,–|\.-)?"
_MONEY = Pattern(
    rf"(?:€|£|\$|\beur\b|\beuro\b|\bgbp\b|\busd\b)\s?(?:{_NUMBER})(?:\s?(?:miljoen|duizend|k)\b)?"
    rf"|(?<![\w.,])(?:{_NUMBER})\s?(?:€|£|\beuro(?:'s|s)?\b|\beur\b|\bcents?\b|\beurocent\b|\bct\b|\bpounds?\b|\bpence\b|\bquid\b|\bdollars?\b|\bbucks\b)"
    rf"|(?<![\w.,:])\d+,-+(?!\w)"
    r"|\b(?:een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|twaalf|vijftien|twintig|vijfentwintig|dertig|veertig|vijftig|honderd|duizend|"
    r"a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|hundred)(?:\s(?:hundred|thousand|honderd"
    r"|duizend))?\s(?:euro|eurocent|cents?|euros|pounds?|dollars?)\b",
    regex.IGNORECASE,
)
# "kost 3,95": without a currency, straight behind a word that says so.
_BARE = Pattern(
    r"(?<=\b(?:kost|kosten|tarief\s+is|prijs\s+is|costs?|price\s+is|fee\s+is|fare\s+is)\s(?:nu\s|now\s|maar\s|only\s"
    r"|slechts\s)?)\d{1,4}[.,]\d\d(?![\d:]|\s?(?:€|eur|cent|pound|dollar|%|uur))",
    regex.IGNORECASE,
)
_SHARE = Pattern(rf"(?<![\w.,])(?:{_NUMBER})\s?(?:%|\bprocent\b|\bper\s?cent\b|\bpct\b|\bprocentpunt\b|\bbasispunten\b)", regex.IGNORECASE)
_QUANTITY = Pattern(
    r"(?<![\w.,])\d+(?:[.,]\d+)?\s?(?:kg|kilo(?:'s|gram)?|gram|gb|mb|tb|gigabyte|mbit|mbps|mb/s|km|kilometer|cm|centimeter|meter|liter|kwh|stuks"
    r"|items?|personen|people|"
    r"persons|passengers|tickets|kaartjes|apparaten|devices|profielen|keer|times|koffers?|bags?|tassen|pakketten|parcels|sms(?:'jes)?|belminuten"
    r"|punten|points|"
    r"transacties|overboekingen|transactions|transfers|withdrawals|opnames)\b",
    regex.IGNORECASE,
)
# What makes a number of things a limit.
_LIMIT = (
    r"\b(?:max|max\.|maximaal|maximum|maximale|hooguit|hoogstens|ten\s+hoogste|limiet\w*|\w*limiet|daglimiet|bundel|datalimiet|fair\s+use"
    r"|niet\s+meer\s+dan|tot\s+(?:en\s+met\s+)?(?=€|\d)|minimaal|minimum|"
    r"vanaf|boven\s+de|onder\s+de|drempel|gratis\s+vanaf|limit|limits|limited|allowance|cap|capped|at\s+most|up\s+to|no\s+more\s+than|minimum"
    r"|at\s+least|over|above|threshold|free\s+(?:over|from))\b"
)
_LIMITED = Pattern(_LIMIT, regex.IGNORECASE)
_OF_RATES = Pattern(
    r"\b(?:korting\w*|\w*korting|rente\w*|\w*rente|\w*tarief|tarieven|btw|toeslag\w*|\w*toeslag|opslag|kosten|\w*kosten|premie|provisie|commissie"
    r"|cashback|goedkoper|duurder|prijs|prijzen|prijsverhoging|verhoging|"
    r"verhoogd|stijgt|stijgen|stijging|afgeprijsd|sale|actie|aanbieding|koers\w*|boeterente|vergoeding|bonus|terugleververgoeding|"
    r"discount\w*|interest|rates?|apr|aer|vat|fees?|surcharge|mark-?up|commission|off|reduction|cheaper|increase|premium|charge|tax|deposit"
    r"|cash\s?back)\b",
    regex.IGNORECASE,
)
# The customer's own: what was paid, is owed, or comes back.
_OWN = Pattern(
    r"\b(?:teruggestort|teruggeboekt|terugbetaald|terugbetaling|terugstorten|terugbetalen|terugboeken|terugkrijg\w*|terugontvang\w*|terug|gestort"
    r"|overgemaakt|afgeschreven|afschrijving|afgerekend|in\s+rekening\s+gebracht|"
    r"geïncasseerd|incasso|dubbel\s+betaald|(?:heb|hebt|heeft|hebben)\s+(?:je|u)?\s?(?:al\s+)?(?:te\s+veel\s+)?\S*\s?betaald|betaalde"
    r"|betaalde?\s+bedrag|betaling\s+van|bedrag\s+van|tegoed\s+van|saldo|openstaand\w*|staat\s+(?:nog\s+)?open|"
    r"je\s+(?:factuur|nota|rekening|jaarnota|eindafrekening|termijnbedrag|bestelling)\s+van|uw\s+(?:factuur|nota|rekening|jaarnota|eindafrekening"
    r"|termijnbedrag|bestelling)\s+van|schuld|vordering|verrekend|"
    r"compensatie|schadevergoeding|goedmaker\w*|gebaar|cadeau\w*|als\s+(?:dank|excuus|troost|blijk)|tegemoetkoming|vergoeden|vergoed|schade|bod"
    r"|gedoneerd|opgehaald|kwijt|opgelicht\w*|verloren|cadeaubon|cadeaukaart|bijgeschreven|bijschrijving|ontvangen|"
    r"refund\w*|credited|debited|charged\s+(?:you|twice|by)|was\s+charged|were\s+charged|been\s+charged|you\s+paid|your\s+payment|payment\s+of"
    r"|paid\s+back|pay\s+back|outstanding|owed|owe|balance\s+of|your\s+(?:bill|invoice|order)\s+of|"
    r"reimburse\w*|compensation|goodwill|gift\s?card|transferred|transaction\s+of|amount\s+of)\b",
    regex.IGNORECASE,
)
_FIRM = Pattern(
    r"\b(?:kost|kosten|prijs|tarief|tarieven|korting|per\s+(?:maand|kwh|jaar)|cost|costs|price|fee|discount|rate|rente|interest|toeslag|surcharge"
    r"|limiet|limit)\b",
    regex.IGNORECASE,
)


def expiring_fact(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Each such fact in a public reply."""
    if draft.visibility == "private":
        return
    read = reading.of(draft)
    lower = read.own_lower
    if not any(sign in lower for sign in _COMES_WITH):
        return
    theirs = _numbers(draft.incoming or "")
    for sentence in read.sentences:
        clause = lower[sentence.start : sentence.end]
        if not any(sign in clause for sign in _COMES_WITH):
            continue
        for match in _facts(clause):
            if theirs and set() < _numbers(match[0]) <= theirs and (_PAID.search(draft.incoming or "") or not _FIRM.search(clause)):
                continue
            start, end = sentence.start + match.start(), sentence.start + match.end()
            message = f"“{draft.text[start:end].strip()}” may change, and this stays findable for years. Say where it stands, or tell it in private."
            yield Found("expiring_fact", message, start, end)


def _facts(clause: str) -> Iterator["regex.Match[str]"]:
    if _OWN.search(clause) is None or _FIRM.search(clause):
        yield from _MONEY.finditer(clause)
        yield from _BARE.finditer(clause)
        if _OF_RATES.search(clause):
            yield from _SHARE.finditer(clause)
    for match in _QUANTITY.finditer(clause):
        if _LIMITED.search(clause[max(0, match.start() - 40) : match.start() + 1]):
            yield match


_COMES_WITH = (
    *(
        "€",
        "£",
        "$",
        "%",
        ",-",
        "eur",
        "cent",
        "pound",
        "dollar",
        "quid",
        "bucks",
        "pence",
        "gbp",
        "usd",
        "procent",
        "pct",
        "punten",
        "cap",
    ),
    *("kost", "cost", "tarief", "prijs", "price", "fee", "fare", "max", "limi", "hooguit", "hoogst", "up to", "at most", "no more"),
    *("niet meer", "minim", "allowance", "tot ", "vanaf", "at least"),
)
"""What a reply with such a fact has somewhere."""
_DIGITS = Pattern(r"\d+")
_PAID = Pattern(
    r"\b(?:betaald|betaalde|afgeschreven|gestort|overgemaakt|factuur|nota|rekening|jaarnota|terug|teruggekregen|bijbetalen|schade|paid|charged"
    r"|refund|bill|invoice|owe|billed|took)\b",
    regex.IGNORECASE,
)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(match[0].lstrip("0") or "0" for match in _DIGITS.finditer(text))
