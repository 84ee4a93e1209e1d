# ruff: noqa: E501 - a pattern reads best on one line
"""What a message says of itself, in the words that people use for it: a text reaches this module, what it says leaves it.

That it is about something else, that it was solved, that its writer has asked before, on whose behalf, and where.
Readable rules, in Dutch and English: when a team asks why two messages were kept apart, the answer is a line below.
"""

import re
from collections.abc import Iterable
from typing import Final

import re2

from services.triage.outage import ANY, outages
from services.triage.words import folded

ELSE, RESOLVED, AGAIN, ASKS, TROUBLE, THEIRS, OWN = "else", "resolved", "again", "asks", "trouble", "theirs", "own"

_EMAIL: Final = re.compile(r"(?<![\w.+@-])[\w+-][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w@-])")


def addresses(text: str) -> list[str]:
    """The e-mail addresses in a text, in lower case."""
    return [one.lower() for one in _EMAIL.findall(text)]


_QUOTED: Final = re.compile(
    r"^(?:>.*|-{2,} ?(?:oorspronkelijk|original|doorgestuurd|forwarded).*|(?:van|from): .*|op .{5,80} schreef .*:|on .{5,80} wrote:)$",
    re.IGNORECASE | re.MULTILINE,
)


def unquoted(text: str) -> str:
    """The text up to what it quotes below, without quoted lines: what is new in it."""
    if ">" not in text and "--" not in text and ":" not in text:
        return text
    match = _QUOTED.search(text)
    return text if match is None or match.start() < 20 else text[: match.start()]


# --- what a text says of itself ----------------------------------------------------------------------------------------------------------

_SIGNATURE: Final = re.compile(
    r"(?:\b(?:groet\w*|gr|mvg|hoogachtend|liefs|dank\w*|bedankt|regards|thanks|cheers|sincerely|faithfully|wishes|thx|xx?)[,.! ]{0,3}\n?[ \n]{0,2}|\n\n?)"
    r"([A-Z][\w.'’-]{0,20}(?: (?:[A-Z][\w.'’-]{0,20}|van|de|der|den|ten|ter|el|al)){0,4})\s*$"
)
_PRESENTED: Final = re.compile(
    r"(?:^|[.!,] ?)(?:(?:hoi|hallo|dag|goede\w+|hi|hello|hey)[,!]? )?(?:u spreekt met|met|this is|(?:ik ben|mijn naam is|i am|i'm|my name is)) ((?!de\b|het\b|een\b|mijn\b)[A-Z]\w{1,20}(?: (?:[A-Z]\w{0,20}|van|de|der|den)){0,3})",
    re.IGNORECASE,
)


def signed(text: str) -> str | None:
    """The name that a text is signed with, or that its writer gives at its beginning."""
    if (match := _SIGNATURE.search(text[-80:])) is not None:
        return match[1]
    match = _PRESENTED.match(text[:80])
    return match[1] if match is not None and match[1][0].isupper() else None


_CLAUSE: Final = r"(?:^|[.!?,;:)\n–—-]\s*|\bsubject: |\bonderwerp: )(?:@\S+ )*(?:(?:nu|maar|dan|even|en|verder|nog|ook|ik heb|heb ik|heb|daarnaast|now|and|but|also|just|then|ok|hi|hoi|dag|hallo|hello|i have|i've got|have) ){0,4}"
_ELSE: Final = re2.compile(
    _CLAUSE
    + r"(?:(?:iets|wat) (?:\w+ )?anders\b|(?:een )?(?:\w+ )?(?:andere?|nieuwe?) (?:vraag\w*|kwestie|zaak|onderwerp|punt\w*|ding\w*|probleem|issue|topic)\b|(?:nog )?iets nieuws\b|volgende vraag\b|nog iets(?: heel anders)? ?[:,]|(?:something|sth) (?:\w+ )?(?:else|different)\b|(?:a |an )?(?:\w+ )?(?:different|another|separate|unrelated|new) (?:question|matter|issue|topic|subject|thing|problem)\b|next question\b|separately\b)"
    r"|\b(?:gaat|vraag|mail|bericht|schrijf|app)\w* (?:nu |dit keer |deze keer |ditmaal )?(?:over|om|voor) (?:iets|wat) (?:\w+ )?anders\b"
    r"|\b(?:heb|had|stel) (?:ik )?(?:nu |ook |nog |even )*(?:een |nog een )?(?:\w+ )?andere vraag\b"
    r"|\b(?:losstaand van|los daarvan|los hiervan|los van (?:mijn|m'n|dit|dat|het vorige|de vorige)|(?:staat|gaat) (?:er |hier |daar )?(?:mee )?los van)\b"
    r"|\b(?:niets|niks) (?:mee )?te maken (?:met (?:mijn|m'n|het|de|dat|die) (?:vorige|eerdere|andere|oude)|heeft|hoor)\b|\bover naar (?:iets|wat) anders\b"
    r"|\b(?:over|om|about|for|regarding) (?:een |mijn |m'n |a |an |my )?(?:heel |compleet |completely )?(?:andere?|different|other|another) (?:bestelling|boeking|reis|vlucht|order|booking|flight|trip|rekening|polis|pakket|abonnement|parcel|contract|zaak|case)\b"
    r"|\b(?:antwoord|reageer|mail|gebruik|schrijf)\w* (?:ik )?(?:u |jullie |maar |even |hier |dit |deze ){0,3}(?:hierop|op|via|mail|bericht|draad)\b[^.!?\n]{0,40}\b(?:geen ander|niet weet waar|ander adres)"
    r"|\b(?:replying|answering|writing|using) (?:\w+ ){0,2}(?:old|previous) (?:e-?mail|thread|message)\b|\b(?:oude|vorige) (?:mail|draad|thread)\b[^.!?\n]{0,30}\bgeen ander\b"
    r"|\b(?:unrelated to|not about (?:that|the|my)|nothing to do with my|on (?:a|an)(?:other)? (?:\w+ )?(?:note|matter|subject)|this (?:time|one) (?:it'?s|is) about|about something (?:\w+ )?(?:else|different))\b"
    r"|\b(?:ander|nieuw) onderwerp\b|\bdit keer (?:gaat|is|iets|over)\b"
)
_RESOLVED: Final = re.compile(
    r"\b(?:is|zijn|was|werd|heb|hebben|ben|lijkt|inmiddels|intussen|al|prima|netjes|keurig|goed|snel|helemaal|weer|has been|have been|got|been|are|all|now|nicely|it's|that's)\b[^.!?\n]{0,40}"
    r"\b(?:opgelost|afgerond|afgehandeld|geregeld|gelukt|in orde|verholpen|voor elkaar|hersteld|solved|sorted|resolved|fixed|settled)\b"
    r"|\b(?:is|zijn) (?:nu |al |inmiddels )?klaar\b|\b(?:dossier|zaak|case|melding|klacht) (?:kan|mag) (?:\w+ )?(?:dicht|gesloten|weg)\b"
    r"|\b(?:vergoeding|geld|refund|pakket\w*|bedrag|koffer|zending|package|parcel|money) (?:is |has )?(?:\w+ )?(?:binnen|ontvangen|gekregen|terecht|came through|arrived)\b"
    r"|\b(?:keurig|netjes|prima|inmiddels|intussen|eindelijk|finally|nicely|safely)\b[^.!?\n]{0,30}\b(?:opgehaald|terugbetaald|bezorgd|geleverd|teruggestort|vervangen|refunded|delivered|arrived|replaced|collected)\b"
    r"|\b(?:werkt|doet het|works|working) (?:nu |inmiddels |alles |sinds \w+ \w+ )?(?:weer|sinds|again)\b"
)
_NOT: Final = re.compile(
    r"\b(?:niet|nog geen|nooit|geen|zou|zouden|zodra|wanneer|als|tot|totdat|not|never|isn'?t|hasn'?t|wasn'?t|until|when|once|if|said|says|zei\w*|zeg\w*|schr\w+|volgens|beloofd|belooft|status|site|nog steeds|still)\b"
)
_NEAR: Final = r"(?:[^?\n]|\n(?!\n)){0,40}?"
_TAKEN_BACK: Final = re.compile(
    r"[\s\"'”’)]{0,3}(?:(?:nu|al|dan|eigenlijk|of niet|now|yet|already|or not) ?){0,2}\?"
    rf"|{_NEAR}(?:\b(?:maar|echter|toch|helaas|alleen|terwijl|hoewel|but|though|although|however|and yet|except|unfortunately|sadly)\b|[.!,:;…] ?(?=nog steeds|nog altijd|still\b))"
    rf"{_NEAR}\b(?:(?:nog |nu )?(?:steeds|telkens)|nog altijd|(?:nog|weer|toch) (?:altijd )?(?:niet|geen|niks|niets)|alweer|opnieuw|niet (?:echt|waar|helemaal|goed|bij|voor)"
    r"|weer (?:\w+ )?(?:stuk|kapot|plat|eruit|weg|mis|uit|fout|terug|raak|hetzelfde|precies)|(?:zelfde|same) (?:probleem|storing|fout|problem|issue|fault|error|thing)|terug bij af|traag|deels|gedeeltelijk|slow|partly|partially|half"
    r"|(?:het|hij|dat|die|dit|ik zie|bij (?:mij|ons|hem|haar)|it|that|this) (?:\w+ ){0,2}(?:niet|nooit|niks|niets|not|never|isn'?t|wasn'?t|doesn'?t|didn'?t|hasn'?t|won'?t)"
    r"|still|not (?:yet|really|true|for (?:me|us)|at all|quite|everything)|(?:broken|down|gone|dead|happened|happening|failed|failing|out|stopped|back) again|again (?:not|no|broken|down)|once more|came back|comes back|keeps?)\b[^.!?\n]{0,40}"
)
"""What follows "solved" and takes it back: a question whether it is, or that it is not, or not any more."""
_NEW_MATTER: Final = re.compile(
    r"\b(?:nieuwe?|andere?|ander|tweede|volgende|vraag\w*|benieuwd|new|another|other|different|second|next|questions?|wonder\w*)\b"
)
"""What is still open is something new."""
_AGAIN: Final = re2.compile(
    r"\b(?:al|ook|eerder|had|heb|hebben|vorige|net|gisteren|eergisteren|vanochtend|vanmorgen|vanmiddag|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag)\b[^.!?\n]{0,40}\b(?:gemaild|getweet|getwitterd|gebeld|geappt|gestuurd|gevraagd|gemeld|geschreven|tweette|mailde|appte|belde|ingevuld|gepost)\b"
    r"|\b(?:gemaild|getweet|getwitterd|geappt|mailde|tweette|appte)\b|\b(?:mijn|m'n|mn|my) (?:\w+ ){0,2}(?:mail\w*|tweet\w*|bericht\w*|vraag|formulier|app|e-?mail\w*|message\w*|post|dm)\b"
    r"|\b(?:zelfde vraag|nogmaals|opnieuw|nog een poging|herinnering|(?:tweede|derde|vierde|[2-9]e) (?:verzoek|keer|bericht|mail|poging)|nog (?:steeds |altijd )?(?:geen|niets|niks) (?:reactie|antwoord|bevestiging|gehoord|ontvangen|gezien|nieuws)|is er al|al (?:iets|nieuws|wat) (?:bekend|gehoord)?|hoor niks|niets gehoord)\b"
    r"|\b(?:following up|follow(?:-| )up|as i (?:wrote|said|asked|mentioned)|i (?:already |also )?(?:e-?mailed|tweeted|wrote|asked|sent|called|messaged)|sent you|bumping|any (?:news|update)|no (?:answer|reply|response) (?:yet|to)|still (?:no|nothing|waiting)|second (?:request|attempt|time)|third (?:request|attempt|time)|again|reminder)\b"
)
_ASKS: Final = re.compile(
    r"\?|\b(?:hoe|kan ik|kunnen jullie|kunt u|mag|wil|willen|zoek|graag|vraag\w*|benieuwd|nodig|how|can i|can you|could you|want|would|need|looking|wondering|please)\b"
)
_TROUBLE: Final = re2.compile(
    r"\b(?:storing\w*|plat|eruit|uitgevallen|uitval|onbereikbaar|geannuleerd|geschrapt|vervallen|gestrand|vertraag\w*|vertraging\w*|foutcode|foutmelding|error|down|outage|offline|cancell?ed|delay\w*|stranded|declined|crash\w*|kapot|defect"
    r"|(?:werkt|doet|gaat|rijdt|vliegt|lukt|laadt|kan|kunnen)\b[^.!?\n]{0,30}\bniet|niks meer|niets meer|valt (?:\w+ )?uit|geen (?:\w+ ){0,2}(?:internet|tv|wifi|treinen|bussen|trams|bereik|stroom|water|gas|verbinding|signaal|trein|bus|geld|beeld|geluid|service)"
    r"|(?:not|isn'?t|aren'?t|doesn'?t|won'?t|can'?t|cannot|no) (?:\w+ ){0,2}(?:working|work|load|log ?in|pay|internet|signal|power|service|tv|wifi)|hours late|fout (?:\w+ )?\d+"
    r"|(?:stopt|start|opent|sluit|reageert|verbindt|scant|print|koppelt|vergrendelt|ontgrendelt|beweegt) (?:\w+ )?(?:niet|niks)|niet (?:meer )?(?:te|kunnen) \w+en|blijf\w* (?:maar )?(?:draaien|hangen|lopen|laden|knipperen|piepen|steken)|st(?:aat|aan|ond|a|ilstaan) (?:\w+ ){0,3}stil|(?:zit|zitten|zaten|ligt|liggen) (?:\w+ ){0,3}vast|vastgelopen|gaa\w* (?:\w+ ){0,2}niet door|wordt? (?:\w+ ){0,2}geweigerd"
    r"|(?:can'?t|cannot|couldn'?t|unable to) (?:\w+ )?(?:end|start|stop|open|close|unlock|lock|connect|book|check|scan|reach|use|access|finish|cancel|get)|stuck|frozen|freez\w+|hangs|spins|spinning|stopped working)\b"
)


_RELATION: Final = re.compile(
    r"\b(?:voor|namens|van|for|on behalf of|met) (?:mijn|m'n|mn|onze|my|our) (moeder|vader|ma|pa|oma|opa|zus|broer|zoon|dochter|man|vrouw|partner|buurman|buurvrouw|buren|vriend|vriendin|schoonmoeder|schoonvader|tante|oom|collega|baas|mother|mum|mom|father|dad|grandmother|grandfather|sister|brother|son|daughter|husband|wife|neighbour|friend|colleague)\b"
)


def of_something_else(lower: str) -> bool:
    """Whether a text after `folded` says itself that it is about something else than before."""
    return bool(_ELSE.search(lower))


_PERSON: Final = (
    r"(?:(?:schoon)?(?:moeder|vader|zus|zusje|broer|broertje|ouders)|mama|papa|oma|opa|zoon|dochter|kleinzoon|kleindochter|man|vrouw|partner|verloofde|tante|oom|neef|nicht|nichtje|neefje"
    r"|buurman|buurvrouw|buurjongen|buurmeisje|buren|vriend|vriendin|vriendje|vrienden|kennis|huisgenoot|huisgenote|collega|baas|klasgenoot|klasgenote|teamgenoot|cli[e]nt|iemand anders"
    r"|(?:step)?(?:mother|father|sister|brother|son|daughter)(?:-in-law)?|mum|mom|dad|nan|gran|grandmother|grandfather|grandson|granddaughter|husband|wife|girlfriend|boyfriend|fiance|fiancee|aunt|uncle|cousin|nephew|niece"
    r"|neighbou?r|friend|mate|flatmate|roommate|housemate|colleague|coworker|boss|classmate|client|someone else)"
)
_WHOSE: Final = r"(?:mijn|m'n|mn|me|onze|ons|een|de|zijn|haar|my|our|a|the|his|her)"
_CODE_LIKE: Final = r"(?:[a-z]{0,6}[-_#]?\d[\d ./-]{2,}\d|[a-z]{1,3}\d[a-z\d]{3,})"
_ASKED: Final = re.compile(
    r"\b(?:met|with) (?!jullie\b|u\b|you\b)\w+ \w+|\b(?:gebeld|gemaild|geappt|getweet|geschreven|gevraagd|gemeld|en ik|and i|belde|mailde|called|e-?mailed|wrote|asked|tweeted|told me to)\b"
)
"""Who called or was there about one's own number, which stays one's own."""
_THEIRS: Final = re2.compile(
    rf"(?:\b(?:met|with) )?\b{_WHOSE} (?:\w+ )?{_PERSON}(?:'?s)?\b[^.!?\n]{{0,60}}?\b{_CODE_LIKE}"
    rf"|\b{_CODE_LIKE}[^.!?\n\w]{{0,3}}(?:\w+ ){{0,3}}(?:van|voor|of|from|for|to|by|namens) {_WHOSE} (?:\w+ )?{_PERSON}\b"
)
"""A number that is another person's: "mijn zus (LM-2617348)", "order LM-2617348 is van mijn buurvrouw"."""
_OWN: Final = re.compile(
    r"\b(?:bij (?:mij|mezelf|ons)|(?:mijn|m'n|mn|me|onze|ons) eigen|(?:de|het) (?:mijne|onze)|mijne|voor (?:mezelf|mijzelf|onszelf)|ikzelf|ik zelf|(?:ik|wij) (?:\w+ )?ook|ook (?:zo'n|zo een|zoiets)"
    r"|(?:kan|mag|krijg|kunnen) (?:ik|wij|we) (?:\w+ )?(?:ook|die|dat|het|er)|wat moet ik|maar (?:ik|wij|mijn)|en (?:ik|die van mij|bij mij)|(?:mij|ons) (?:wel|niet|nooit|juist)|hoor ik|bellen jullie mij"
    r"|mine|my own|ours|myself|i (?:also|too|got|received)|but (?:i|my)|(?:can|could|may) i (?:\w+ )?(?:get|have|buy|order|too|also)|what (?:do|should|am) i|one too|for me|to me|me too)\b"
)
"""What somebody asks for themselves who also tells of another person."""


def flags(lower: str) -> frozenset[str]:
    """Of ELSE, RESOLVED, AGAIN, ASKS, TROUBLE, THEIRS and OWN, and of what is down (`outage.py`), those that a text after `folded` says."""
    found = set()
    if of_something_else(lower):
        found.add(ELSE)
    if any(_stands(match, lower) for match in _RESOLVED.finditer(lower)):
        found.add(RESOLVED)
    if _AGAIN.search(lower):
        found.add(AGAIN)
    if _ASKS.search(lower):
        found.add(ASKS)
    found |= outages(lower)
    if found & {ANY} or _TROUBLE.search(lower):
        found.add(TROUBLE)
    if _DIGIT.search(lower) and any(not _ASKED.search(match[0]) for match in _THEIRS.finditer(lower)):
        found.add(THEIRS)
        if _OWN.search(lower):
            found.add(OWN)
    return frozenset(found)


def _stands(solved: re.Match[str], lower: str) -> bool:
    """Whether nothing before, within or after what says "solved" takes it back."""
    if _NOT.search(solved[0]) or _NOT.search(lower[max(0, solved.start() - 25) : solved.start()]):
        return False
    taken = _TAKEN_BACK.match(lower, solved.end())
    return taken is None or _NEW_MATTER.search(taken[0]) is not None


def relations(lower: str) -> list[str]:
    """On whose behalf a text after `folded` is written, where it says so."""
    return _RELATION.findall(lower)


_SIGNED: Final = re.compile(r"^(?:onderwerp|subject): |@\S+|https?://\S+")


def unaddressed(lower: str) -> str:
    """The text without handles, addresses of pages and the word before a subject."""
    return _SIGNED.sub(" ", lower)


_PLACE: Final = re.compile(
    r"(?<=[a-z0-9,] )(?:in|naar|te|uit|from|to|at|near|bij|tussen|regio|rond|richting|station|vanuit|omgeving) ([A-Z][a-zé]{2,20}(?:[- ][A-Z][a-z]{2,20})?)"
)
_NO_PLACE: Final = re.compile(
    r"(?:jan|feb|maa|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|dutch|english|nederlands|engels)"
)


def places(text: str) -> list[str]:
    """What a text names with a capital after a word such as "in" or "naar"; no months, days and languages."""
    return [place for one in _PLACE.findall(text) if not _NO_PLACE.match(place := folded(one))]


_AMOUNT: Final = re.compile(
    r"[€$£] ?(\d{1,3}(?:[.,]?\d{3})*)(?:[.,](\d{2})(?!\d)|,-)?|(?<![\w.,])(\d{1,3}(?:[.]?\d{3})*),(\d{2})(?![\w%])|(?<![\w.,])(\d{2,6}) ?(?:euros?|eur|pounds?)\b",
    re.IGNORECASE,
)
_LINE: Final = re.compile(
    r"\b(?:lijn|trein|bus|tram|metro|vlucht|sprinter|intercity|line|train|flight) (?:nr\.? ?|number |nummer )?(\d{1,5})\b", re.IGNORECASE
)
_DIGIT: Final = re.compile(r"\d")
_CODE: Final = re.compile(r"(?<![\w-])([A-Za-z]{1,3})([ -]?)(\d{2,4})(?![\w-])")
_SMALL: Final = frozenset(
    re.split(
        " ",
        "aan al at bij by dan de die dit een en er for het if ik in is it ja je me met my na nee no nog nu of om on op or per pm so te the tot tv uit u up van voor was we with ze",
    )
)


def details(text: str) -> Iterable[str]:
    """Amounts ("54.50"), error codes and flight numbers ("ZL517"): no identifiers, and yet not in every message."""
    if not _DIGIT.search(text):
        return
    for match in _AMOUNT.finditer(text):
        whole = (match[1] or match[3] or match[5]).replace(".", "").replace(",", "")
        yield f"{whole}.{match[2] or match[4] or '00'}"
    for match in _LINE.finditer(text):
        yield f"LINE{match[1]}"
    for match in _CODE.finditer(text):
        letters = match[1].lower()
        if match[1].isupper() or (len(letters) > 1 and letters not in _SMALL and (match[2] != " " or len(letters) == 2)):
            yield match[1].upper() + match[3]
