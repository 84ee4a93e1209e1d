"""Whether a reply that everybody can read states what may be otherwise next month: a price, a fare, a fee, a rate, a discount, a limit.

Replies stay findable for years. An amount of the customer's own (what they paid, owe or get back) is no such fact, and no more is a time, a share of
something, or something that costs nothing. Pure: no I/O.
"""

import re
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
    r"a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|hundred)(?:\s(?:hundred|thousand|honderd|duizend))?\s(?:euro|eurocent|cents?|euros|pounds?|dollars?)\b",
    regex.IGNORECASE,
)
# "kost 3,95": without a currency, straight behind a word that says so.
_BARE = Pattern(
    r"(?<![\w.,€£$])(?<![€£$]\s)\d{1,4}[.,]\d{1,3}(?=\s?(?:per|/)\s?(?:kwh|m3|m³|kuub|minuut|minute|mb|gb|km|mile|maand|month|stuk)\b)"
    r"|(?<=\b(?:kost|kosten|tarief\s+is|prijs\s+is|costs?|price\s+is|fee\s+is|fare\s+is)\s(?:nu\s|now\s|maar\s|only\s|slechts\s)?)\d{1,4}[.,]\d\d(?![\d:]|\s?(?:€|eur|cent|pound|dollar|%|uur))",
    regex.IGNORECASE,
)
_SHARE = Pattern(rf"(?<![\w.,])(?:{_NUMBER})\s?(?:%|\bprocent\b|\bper\s?cent\b|\bpct\b|\bprocentpunt\b|\bbasispunten\b)", regex.IGNORECASE)
_QUANTITY = Pattern(
    r"(?<![\w.,])\d+(?:[.,]\d+)?\s?(?:kg|kilo(?:'s|gram)?|gram|gb|mb|tb|gigabyte|mbit|mbps|mb/s|km|kilometer|cm|centimeter|meter|liter|kwh|stuks|items?|personen|people|"
    r"persons|passengers|tickets|kaartjes|apparaten|devices|profielen|keer|times|koffers?|bags?|tassen|pakketten|parcels|sms(?:'jes)?|belminuten|punten|points|"
    r"transacties|overboekingen|transactions|transfers|withdrawals|opnames)\b",
    regex.IGNORECASE,
)
# What makes a number of things a limit.
_LIMIT = (
    r"\b(?:max|max\.|maximaal|maximum|maximale|hooguit|hoogstens|ten\s+hoogste|limiet\w*|\w*limiet|daglimiet|bundel|datalimiet|fair\s+use|niet\s+meer\s+dan|tot\s+(?:en\s+met\s+)?(?=€|\d)|minimaal|minimum|"
    r"vanaf|boven\s+de|onder\s+de|drempel|gratis\s+vanaf|limit|limits|limited|allowance|cap|capped|at\s+most|up\s+to|no\s+more\s+than|minimum|at\s+least|over|above|threshold|free\s+(?:over|from))\b"
)
_LIMITED = Pattern(_LIMIT, regex.IGNORECASE)
_OF_RATES = Pattern(
    r"\b(?:korting\w*|\w*korting|rente\w*|\w*rente|\w*tarief|tarieven|btw|toeslag\w*|\w*toeslag|opslag|kosten|\w*kosten|premie|provisie|commissie|cashback|goedkoper|duurder|prijs|prijzen|prijsverhoging|verhoging|"
    r"verhoogd|stijgt|stijgen|stijging|afgeprijsd|sale|actie|aanbieding|koers\w*|boeterente|vergoeding|bonus|terugleververgoeding|"
    r"discount\w*|interest|rates?|apr|aer|vat|fees?|surcharge|mark-?up|commission|off|reduction|cheaper|increase|premium|charge|tax|deposit|cash\s?back)\b",
    regex.IGNORECASE,
)
# The customer's own: what was paid, is owed, or comes back.
_OWN = Pattern(
    r"\b(?:teruggestort|teruggeboekt|terugbetaald|terugbetaling|terugstorten|terugbetalen|terugboeken|terugkrijg\w*|terugontvang\w*|terug|gestort|overgemaakt|afgeschreven|afschrijving|afgerekend|in\s+rekening\s+gebracht|"
    r"geïncasseerd|incasso|dubbel\s+betaald|(?:heb|hebt|heeft|hebben)\s+(?:je|u)?\s?(?:al\s+)?(?:te\s+veel\s+)?\S*\s?betaald|betaalde|betaalde?\s+bedrag|betaling\s+van|bedrag\s+van|tegoed\s+van|saldo|openstaand\w*|staat\s+(?:nog\s+)?open|"
    r"je\s+(?:factuur|nota|rekening|jaarnota|eindafrekening|termijnbedrag|bestelling)\s+van|uw\s+(?:factuur|nota|rekening|jaarnota|eindafrekening|termijnbedrag|bestelling)\s+van|schuld|vordering|verrekend|"
    r"compensatie|schadevergoeding|te\s+veel|maken?\s+(?:we|wij|ik)\b[^.!?]{0,40}\bover\b|over(?:maken|boeken)|transfer|"
    r"(?:je|uw|jouw|your)\s+(?:(?:nieuwe|new)\s+)?(?:termijnbedrag|maandbedrag|saldo|bedrag|tegoed|balance|payment|instal?lment|boete|fine)\s+(?:is|van|of|wordt)|"
    r"staat\s+(?:er\s+)?(?:nog\s+)?[^.!?]{0,20}\bopen|\bback|goedmaker\w*|gebaar|cadeau\w*|als\s+(?:dank|excuus|troost|blijk)|tegemoetkoming|vergoeden|vergoed|schade|bod|gedoneerd|opgehaald|kwijt|opgelicht\w*|verloren|cadeaubon|cadeaukaart|bijgeschreven|bijschrijving|ontvangen|"
    r"refund\w*|credited|debited|charged\s+(?:you|twice|by)|was\s+charged|were\s+charged|been\s+charged|you\s+paid|your\s+payment|payment\s+of|paid\s+back|pay\s+back|outstanding|owed|owe|balance\s+of|your\s+(?:bill|invoice|order)\s+of|"
    r"reimburse\w*|compensation|goodwill|gift\s?card|transferred|transaction\s+of|amount\s+of)\b",
    regex.IGNORECASE,
)
_FIRM = Pattern(
    r"\b(?:kost|kosten|prijs|tarief|tarieven|korting|per\s+(?:maand|kwh|jaar)|cost|costs|price|fee|discount|rate|rente|interest|toeslag|surcharge|limiet|limit)\b",
    regex.IGNORECASE,
)


def expiring_fact(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Each such fact in a public reply."""
    if draft.visibility == "private":
        return
    read = reading.of(draft)
    lower = read.own_lower
    if not _MAY_STATE.search(lower) or not any(sign in lower for sign in _COMES_WITH):
        return
    theirs = _numbers(draft.incoming or "")
    for sentence in read.sentences:
        clause = lower[sentence.start : sentence.end]
        if not _MAY_STATE.search(clause) or not any(sign in clause for sign in _COMES_WITH):
            continue
        for match in _facts(clause):
            if theirs and set() < _numbers(match[0]) <= theirs and (_PAID.search(draft.incoming or "") or not _FIRM.search(clause)):
                continue
            if _MENTIONED.search(clause, 0, match.start()) and not _FIRM.search(clause):
                continue
            start, end = sentence.start + match.start(), sentence.start + match.end()
            message = f"“{draft.text[start:end].strip()}” may change, and this stays findable for years. Say where it stands, or tell it in private."
            yield Found("expiring_fact", message, start, end)


def _facts(clause: str) -> Iterator["regex.Match[str]"]:
    if _OWN.search(clause) is None or _FIRM.search(clause):
        yield from _MONEY.finditer(clause)
        yield from _BARE.finditer(clause)
        yield from _HALF.finditer(clause)
        if _OF_RATES.search(clause):
            yield from _SHARE.finditer(clause)
    for match in _QUANTITY.finditer(clause):
        if _LIMITED.search(clause[max(0, match.start() - 40) : match.start() + 1]):
            yield match


_MENTIONED = re.compile(r"\b(?:die|de|the|those|these|deze|je|uw|your)\s\Z")
"""Before an amount that both know already: the customer's."""
_HALF = Pattern(
    r"\b(?:halve\s+prijs|half\s+(?:the\s+)?price|1\s?\+\s?1\s+gratis|(?:twee|2)\s+(?:voor|halen)\s+(?:de\s+prijs\s+van\s+)?(?:één|een|1|betalen)|buy\s+one\s+get\s+one|two\s+for\s+(?:the\s+price\s+of\s+)?one|2\s+for\s+1)\b",
    regex.IGNORECASE,
)
_MAY_STATE = re.compile(r"\d|euro|cent|pound|dollar|halve prijs|half |buy one|for one|twee ")
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
    *("niet meer", "kwh", "minim", "allowance", "tot ", "vanaf", "at least", "half", "halve", "+ 1", "+1", "buy one", " one", " 1"),
)
"""What a reply with such a fact has somewhere."""
_DIGITS = Pattern(r"\d+")
_PAID = Pattern(
    r"\b(?:betaald|betaalde|afgeschreven|gestort|overgemaakt|factuur|nota|rekening|jaarnota|terug|teruggekregen|bijbetalen|schade|paid|charged|refund|bill|invoice|owe|billed|took)\b",
    regex.IGNORECASE,
)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(match[0].lstrip("0") or "0" for match in _DIGITS.finditer(text))
