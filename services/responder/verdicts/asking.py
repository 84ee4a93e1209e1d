"""Whether a reply that everybody can read asks for personal data, and names no private way to give them.

A request is a question for a datum ("wat is je klantnummer?", "which address"), or a verb of handing over with a datum behind or before it ("stuur ons je
ordernummer"). Where anything in the reply points to a private message, a mail or a form of the brand's, the customer knows where to put it. Pure: no I/O.
"""

from collections.abc import Iterator

import regex

from libs.common.brandbook import BrandBook
from services.responder import sieve
from services.responder.blanks import BLANK, LINK
from services.responder.bounded import Pattern
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import each, split

_NUMBERED_NL = (
    r"klant|order|bestel|bestellings?|boekings?|reserverings?|factuur|contract|polis|lidmaatschaps?|abonnements?|rekening|bankrekening|telefoon|mobiele?|"
    r"mobiel|06-?|zaak|dossier|ticket|meldings?|kenteken|huis|burgerservice|relatie|debiteur(?:en)?|zendings?|"
    r"track(?:\s*(?:&|and)\s*trace)?[ -]?|pas|kaart|"
    r"klantenkaart|retour|verzend|referentie|iban|meter|aansluit|lid|registratie|serie|polis|creditcard|paspoort|id-?|student(?:en)?|aanvraag|"
    r"verzekerden|burger"
)
_DATUM_NL = (
    rf"(?:(?:{_NUMBERED_NL})[ -]?(?:nummers?|nrs?\b\.?|code)|(?:bestel|order)gegevens|(?:klant|contact|persoons|"
    rf"adres|account|naw|bank|betaal|inlog)[ -]?gegevens|naw\b|"
    r"(?:woon|thuis|mail|e-?mail|bezorg|aflever|post|huis|verhuis|factuur)?[ -]?adres(?:sen)?|postcode|huisnummer|woonplaats|geboorte(?:datum|dag|jaar)|"
    r"nummer\s+van\s+(?:je|jouw|uw|de|het)\s+(?:abonnement|bestelling|order|pas|kaart|polis|contract|account|rekening|boeking|dossier|zaak|klacht|boete)|"
    r"bsn|iban|e-?mailadres|mailadres|telnr\.?|tel\.?nr\.?|nummer\s+waarop|(?:telefoon|mobiele?)\s+nummer|volledige\s+naam\s+en\s+adres)"
)
_DATUM_EN = (
    r"(?:(?:customer|client|order|booking|reservation|account|policy|contract|member(?:ship)?|phone|mobile|telephone|contact|case|ticket|tracking|invoice|"
    r"card|smart\s?card|house|reference|bank(?:\s+account)?|subscription|meter|confirmation|loyalty|"
    r"licen[cs]e\s+plate|registration|passport|serial|cell|flight\s+booking)"
    r"[ -]?(?:numbers?|no\b\.?|nos\b\.?|nr\b\.?|#|codes?|refs?\b|references?|ids?\b|details)|booking\s+reference|"
    r"(?:home|e-?mail|mail|delivery|postal|street|billing|shipping|full)?\s?"
    r"\baddress(?:es)?|post\s?code|zip(?:\s?code)?|date\s+of\s+birth|birth\s?date|birthday|dob|iban|bsn|"
    r"sort\s+code|account\s+(?:details|info(?:rmation)?)|contact\s+details|"
    r"personal\s+details|number\s+(?:we|i)\s+can)"
)
_YOUR_NL = r"(?:je|jouw|uw|jullie|de|het|een|welk|welke|u\s+uw|je\s+je)"
_FILL = r"(?:[^.!?\n]{0,70}?)"
_IMPERATIVE = "stuur|geef|deel|laat|zet|noem|vermeld|plaats|reageer|antwoord|tweet|post|typ|schrijf|meld|app|bevestig|lever|voeg"
_HAND_OVER = (
    r"(?:sturen|stuurt|stuur|delen|deelt|doorgeven|geven|geeft|noemen|noemt|vermelden|vermeldt|plaatsen|plaatst|achterlaten|doorsturen|opgeven|toesturen|bevestigen|krijgen|"
    r"ontvangen|weten|zetten|zet|posten|tweeten|vertellen|zeggen|reageren|antwoorden|meesturen|invoeren|hebben)"
)
_ASKS_NL = (
    # wat is je klantnummer; en je postcode?; op welk adres; onder welk nummer; met welk mailadres
    rf"\b(?:wat\s+(?:is|zijn|was|waren)|wat's|hoe\s+luidt)\s+(?:(?:ook\s+alweer|eigenlijk|dan)\s+)?(?:je|jouw|uw|jullie|de|het)\s{_FILL}\b{_DATUM_NL}\b"
    rf"|\b(?:op|onder|met|naar|via|van|voor|aan|bij|om)?\s?\bwelk(?:e)?\s+(?:\w+\s+){{0,2}}?{_DATUM_NL}\b"
    r"|\bop\s+welk\s+nummer\s*\?|\bwaar\s+woon(?:t\s+u|\s+je|\s+jij)\b(?:\s+(?:precies|nu))?\s*\?"
    rf"|\b{_DATUM_NL}\b[^!?\n]{{0,60}}\b(?:heb|hebt|heeft|kun|kunt|wil|wilt|mag|mogen)\s+(?:je|u|ik|we|wij)\s+(?:die|dat|deze|ze|hem)\b"
    rf"|\b(?:{_IMPERATIVE})\b[^.!?\n,]{{0,20}}\b(?:je|jouw|uw)\s+nummer\b"
    rf"|(?:^|[,;:!(–-]\s*|\b(?:en|dan|of|gerust)\s+)\s*(?:{_IMPERATIVE})t?\s+(?:(?:ons|me|mij|hier|even|maar|dan|gerust|eerst)\s+)*(?:het|de|een)\s+{_DATUM_NL}\b"
    r"|\bwelk\s+(?:\w+\s+)?nummer\b[^.!\n]{0,30}\b(?:bereik\w*|bellen|terugbellen|bel|opnemen)\b"
    # mag ik je klantnummer; heb je een ordernummer; kun je je postcode doorgeven
    rf"|\b(?:mag|mogen|zou|zouden|kan|kunnen)\s+(?:ik|we|wij)\s{_FILL}\b(?:je|jouw|uw|jullie|een)\s{_FILL}\b{_DATUM_NL}\b(?={_FILL}(?:\?|\b{_HAND_OVER}))"
    rf"|\b(?:heb|hebt|heeft|hebben|weet|weten)\s+(?:je|jij|u|jullie)\s{_FILL}\b(?:je|jouw|uw|een|het|de)\s{_FILL}\b{_DATUM_NL}\b(?=[^.!\n]{{0,60}}\?)"
    rf"|\b(?:kun|kan|kunt|kunnen|wil|wilt|willen|zou|zouden|moet|moeten|mag|mogen)\s+(?:je|jij|u|jullie)\s{_FILL}\b{_DATUM_NL}\b{_FILL}\b{_HAND_OVER}\b"
    # stuur je klantnummer; stuurt u ons; met je klantnummer reageren
    rf"|(?:^|[,;:!(–-]\s*|\b(?:en|dan|even|graag|of|gerust|hier)\s+)(?:{_IMPERATIVE})t?\b{_FILL}\b(?:je|jouw|uw|jullie)\s{_FILL}\b{_DATUM_NL}\b"
    rf"|\b(?:{_IMPERATIVE})t?\s+(?:u|je|jij|jullie|ons|me|mij|hier|even|dan|hieronder)\b{_FILL}\b(?:je|jouw|uw|jullie|het|een|de)\s{_FILL}\b{_DATUM_NL}\b"
    rf"|\b(?:hoor|horen|ontvang|ontvangen|krijg|krijgen|heb|hebben|mis|missen|zie|zien)\b(?={_FILL}\b(?:graag|nodig|nog|alleen|dan)\b){_FILL}\b(?:je|jouw|uw|jullie)\s{_FILL}\b{_DATUM_NL}\b"
    rf"|\b(?:je|jouw|uw|jullie)\s{_FILL}\b{_DATUM_NL}\b{_FILL}\b(?:{_HAND_OVER}|doorgeeft|doorstuurt|achterlaat|doorbelt|nodig|graag|aub|a\.u\.b\.|alsjeblieft|alstublieft|svp)\b"
    # klantnummer en postcode graag; graag je klantnummer
    rf"|\b(?:graag|svp|aub|alsjeblieft|alstublieft|even|nog|dan|alleen)\s+(?:\w+\s+){{0,2}}?(?:je|jouw|uw)\s+{_FILL}\b{_DATUM_NL}\b"
    rf"|(?:^\s*|[.!?\n]\s*)(?:(?:je|jouw|uw|naam|straat|plaats|en)\s+){{0,3}}\b{_DATUM_NL}(?:\s*(?:,|en|\+|&)\s*(?:(?:je|jouw|uw)\s+)?{_DATUM_NL})*\s*(?:graag|svp|aub|alsjeblieft|alstublieft|\?)"
)
_ASKS_EN = (
    rf"\b(?:what(?:'s|\s+is|\s+are|\s+was)|whats)\s+(?:your|the|ur)\s{_FILL}\b{_DATUM_EN}"
    rf"|\b(?:which|what)\s+(?:\w+\s+){{0,2}}?{_DATUM_EN}"
    rf"|\b(?:can|could|may|might|would)\s+(?:i|we|you)\s{_FILL}\b(?:your|ur)\s{_FILL}\b{_DATUM_EN}"
    rf"|\b(?:may|can|could)\s+(?:i|we)\s+(?:please\s+)?(?:have|get|take)\s+(?:an?|the)\s{_FILL}\b{_DATUM_EN}"
    rf"|\b(?:do|did)\s+you\s+have\s{_FILL}\b{_DATUM_EN}{_FILL}\?"
    rf"|(?:^\s*|\bplease\s+|\b(?:can|could|would|will)\s+you\s+(?:please\s+)?|\bjust\s+|,\s*)"
    rf"(?:let\s+(?:us|me)\s+(?:know|have)|send|share|give|provide|confirm|tell|pop|drop|post|reply|respond|comment)\b[^.!?\n]{{0,25}}\bthe\s+(?:\w+\s+)?{_DATUM_EN}"
    rf"|\b(?:best|right)\s+(?:\w+\s+)?number\s+(?:to|for|on)\b|\bwhat\s+(?:e-?mail|phone\s+number)\s+(?:did|do)\s+you\s+use\b"
    rf"|\b(?:send|share|sharing|give|giving|provide|providing|confirm|post|drop|pop|leave|tell|include|supply|reply|respond|comment|write|type|"
    rf"tweet|pass|forward|need(?!\s+to)|require|let\s+us\s+(?:know|have)|quote|mention)\b{_FILL}\b(?:your|ur)\s{_FILL}\b{_DATUM_EN}"
    rf"|\b(?:drop|pop|leave|post|put)\s+(?:your|ur)\s+e-?mail\b|\b(?:your|ur)\s{_FILL}\b{_DATUM_EN}{_FILL}(?:\bplease\b|\?)"
)
_ASKS: dict[int, Pattern] = {
    sieve.WORDING.register(part, "asks for data"): Pattern(part) for whole in (_ASKS_NL, _ASKS_EN) for part in split(whole)
}
# No request: where it stands, what not to do, what is done with it, what it was.
_NO_REQUEST = Pattern(
    r"\b(?:ik|wij|we|collega\w*|hij|zij|ze|bezorger|monteur|afdeling)\s+(?:zal|zullen|ga|gaan|gaat|kan|kunnen|heeft|geven|geef|geeft|sturen|stuur|stuurt|zet|zetten|leveren|bezorgen)\b"
    r"|\b(?:geen|nooit|niet|never|don't|do\s+not|not|without|zonder|verwijder\w*|delete|remove|haal|wis|veilig|"
    r"bedankt|dank|dankjewel|dankuwel|thanks|thank|"
    r"vind\s+je|vindt\s+u|staat\s+(?:op|in|onder|bij)|vul|vult|invullen|invult|log|logt|inloggen|ingelogd|inlogt|"
    r"sign\s+in|log\s+in|wijzig|wijzigt|wijzigen|aanpassen|pas|past|verander\w*|change|update|"
    r"check|controleer|controleert|controleren|kijk|kijkt|klopt|gewijzigd|aangepast|ontvangen\s+we\s+je|"
    r"heb(?:ben)?\s+(?:ik|we|wij)|ik\s+heb|we\s+hebben|wij\s+hebben|(?<!\b(?:may|can|could|might|if|should)\s)(?:i|we)\s+have|i've|we've|"
    r"found|gevonden|enter\s+it|bij\s+de\s+hand|to\s+hand|krijg\s+je|krijgt\s+u|ontvang\s+je|ontvangt\s+u|hoor\s+je|hoort\s+u|"
    r"sturen\s+(?:we|wij)|stuur\s+ik|ik\s+stuur|we\s+sturen|wij\s+sturen|ik\s+bel|we\s+bellen|wij\s+bellen|"
    r"ik\s+mail|we\s+mailen|we\s+will\s+send|we'll\s+send|i'll\s+send|i\s+will\s+send|"
    r"geef\s+ik|geven\s+we|geven\s+wij|will\s+be\s+sent|you'll\s+(?:get|receive)|you\s+will\s+(?:get|receive))\b",
    regex.IGNORECASE,
)
_NEEDS = Pattern(r"\b(?:nodig|need|require|missen?)\b", regex.IGNORECASE)
_POINTS = Pattern(
    r"\bd\.?m\.?(?:'?s|'?en|etje|'?etje|'?t)?\b|\bp\.?[bm]\.?(?:'?tje|'?en|'?s)?\b|\bpriv[eé](?:[ -]?(?:bericht|chat|kanaal|gesprek)\w*)?(?!\w)"
    r"|\bdirecte?\s+(?:message|bericht|berichten|berichtje|messages|messaging)\b|\bprivate(?:ly)?\b|"
    r"\bin\s+confidence\b|\binbox\b|\b(?:persoonlijk|besloten)\s+(?:bericht|berichtje|gesprek)\b"
    r"|\b(?:stuur|stuurt|sturen|schrijf|schrijft|zend|doe)\s+(?:\w+\s+){0,4}?(?:bericht|berichtje|mail|mailtje|"
    r"e-?mail|e-?mailtje|appje|whatsapp\w*|app)\b|\b(?:in|via|per|met|door)\s+(?:(?:een|de|het|a|our|onze|ons)\s)?"
    r"(?:\w+\s)?(?<!\b(?:je|uw|jouw|your)\s)(?:bericht|berichtje|mail|mailtje|e-?mail|chat|chatbericht|whatsapp|app|"
    r"appje|messenger|formulier|contactformulier|form|message|live\s?chat|sms|text)\b"
    r"|\b(?:mail|mailen|e-?mail|app|appen|whatsapp|bericht)\s+(?:het|ons|me|mij|je|jouw|uw|'t|us|it|your|dan|gerust|even|naar|to|this|them|ze|deze|hem)\b"
    r"|\bmessage\s+(?:us|me)\b|\b(?:send|drop|shoot|write)\s+(?:(?:us|me|our|team|a|an|the|it|this|over|quick|private|direct)\s+){0,4}(?:message|e-?mail|pm|note|mail)\b|"
    r"\bmessenger\b|\bwhatsapp\b|\b(?:beveiligd|secure)\w*\b|\bvertrouwelijk\b|\bformulier\b|\bform\b"
    r"|\b(?:by|via|through|over|on|in)\s+(?:e-?mail|chat|message|messages|whatsapp|messenger|phone)\b|"
    r"\b(?:niet\s+openbaar|off\s+the\s+timeline|not\s+here|niet\s+hier|besloten)\b"
    r"|\S@\w[\w-]*\.\w",
    regex.IGNORECASE,
)
_POINTS_PLAINLY = ("privébericht", "privebericht", "direct message", "private message")
_PARTS = (
    *(
        "nummer",
        "nr",
        "adres",
        "postcode",
        "geboorte",
        "iban",
        "bsn",
        "gegevens",
        "e-mail",
        "email",
        "address",
        "number",
        "birth",
        "zip",
        "post code",
    ),
    *(
        "reference",
        "naw",
        "dob",
        "code",
        "details",
        "woonplaats",
        "woon je",
        "woont u",
        "woon jij",
        "order no",
        "booking ref",
        "sort code",
        "account info",
    ),
)


def asks_pii_in_public(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """The first request for personal data in a public reply that says nothing of a private way."""
    if draft.visibility == "private":
        return
    read = reading.of(draft)
    lower = read.own_lower
    patterns = [_ASKS[number] for number in read.likely.get("asks for data", ())]
    if not patterns or not any(part in lower for part in _PARTS) or any(way in read.lower for way in _POINTS_PLAINLY):
        return
    for sentence in read.sentences:
        clause = lower[sentence.start : sentence.end]
        if not any(part in lower[sentence.start : sentence.end] for part in _PARTS):
            continue
        if BLANK in clause and LINK.search(draft.text[sentence.start : sentence.end]):
            continue
        for match in each(patterns, clause):
            first = max(clause.rfind(mark, 0, match.start() + 2) for mark in ",;:") + 1
            said = clause[first : match.end()]
            if _NEEDS.search(clause[first : match.end() + 8]) or not _NO_REQUEST.search(said):
                if not _POINTS.search(read.lower):
                    start, end = sentence.start + match.start(), sentence.start + match.end()
                    message = "This asks for personal data where everybody can read the answer. Ask for it in a private message."
                    yield Found("asks_pii_in_public", message, start, end, "conduct.go_private_for")
                return
