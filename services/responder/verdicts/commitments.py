"""What a text commits to beyond what its writer may: money, gifts and guarantees that the role may not promise, times that nobody can hold it to, and
times at which nobody is there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder import promised
from services.responder.bounded import Pattern
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import pattern, trimmed

# --- what may be promised -------------------------------------------------------------------------------------------------------------

_KINDS: Final[tuple[tuple[str, Pattern], ...]] = (
    (
        "guarantee",
        pattern(
            r"<<(?:garande\w*|gegarandeerd|garantie dat|guarantee\w*|beloof\w*|beloven|promise|nooit meer|never again|sta(?:an)? garant)>>"
        ),
    ),
    (
        "discount",
        pattern(r"<<(?:\w*korting\w*|discount\w*|\d+ ?(?:%|procent) (?:off|van|op|korting)|percent off|kortingscode|promo ?code)>>"),
    ),
    (
        "gift",
        pattern(
            r"<<(?:\w*cadeau\w*|\w*bon(?:nen)?|voucher\w*|vouchers|bloemetje|bloemen|attentie|presentje|kleinigheidje|verrassing\w*|gratis|taart|bos bloemen"
            r"|doosje|fles|flesje|gift\w*|flowers|bouquet|free|complimentary|on the house|on us|treat|traktatie|trakte\w+|vrijkaart\w*|kaartjes|tegoedbon|goodie\w*"
            r"|hamper|token)>>"
        ),
    ),
    (
        "refund",
        pattern(
            r"<<(?:terug\w*|teruggave|restitu\w+|refund\w*|reimburs\w+|money back|gecredit\w+|credite\w+|creditnota|credit\w*|geld|back)>>",
        ),
    ),
    ("compensation", pattern(r"<<\w+")),
)
_AMOUNT: Final = pattern(r"(?:€|<<eur(?:o)?) ?(\d{1,6}(?:[.,]\d{1,2})?)|(\d{1,6}(?:[.,]\d{1,2})?) ?(?:€|euro>>|eur>>|,-)")

_I: Final = r"(?:ik|wij|we)"
_YOU: Final = r"(?:je|jij|u|jullie)"
_MONEY: Final = (
    r"(?:geld|bedrag|aankoopbedrag|orderbedrag|factuurbedrag|termijnbedrag|termijn|kosten|\w+kosten|som|prijs|aankoop|betaling|borg|ticket\w*|abonnementskosten"
    r"|abonnement|maand|maanden|verschil|premie|eigen risico|schade|rekening|€ ?\d+\S*|\d+\S* euro|volledige \w+|alles|contributie|bijdrage|leges|boete|entree)"
)
_PRESENT: Final = (
    r"(?:\w*cadeau\w*|\w*bon(?:nen)?|\w*tegoed\w*|vouchers?|bloemetje|bloemen|bosje|attentie\w*|presentje|kleinigheidje|verrassing\w*|taart(?:je)?|doos|doosje|fles|flesje"
    r"|vrijkaart\w*|\w*pakket(?:je)?|goodiebag|extraatje|iets lekkers|iets leuks|iets extra's|upgrade|maand(?:en)? gratis|kortingscode|\w*korting|\w*vergoeding"
    r"|compensatie|tegemoetkoming|goedmaker(?:tje)?|schadevergoeding|restitutie|terugbetaling|creditnota|credit|€ ?\d+\S*|\d+\S* ?euro|\d+ ?(?:%|procent)|gratis)"
)
_PRESENT_EN: Final = (
    r"(?:gift\w*|vouchers?|flowers|bouquet|\w*discount\w*|refund\w*|compensation|goodwill \w+|credit|credits|reimbursement|money back|treat|hamper|free \w+|upgrade"
    r"|(?:€|£|\$) ?\d+\S*|\d+ euros?|\d+ ?(?:%|percent)|complimentary \w+|token of)"
)
_GIVE: Final = (
    r"(?:geef|geven|schenk|schenken|stuur|sturen|bied|bieden|mail|mailen|regel|regelen|zet|zetten|stort|storten|boek|boeken|maak|maken|betaal|betalen|keer|keren|ken|kennen|doe|doen"
    r"|krijg|krijgen|verreken|verrekenen|trakteer|trakteren|leg|leggen|stop|stoppen|breng|brengen|haal|halen|trek|trekken|pas|passen|reken|rekenen|zorg|zorgen|kom|komen|zal|zullen"
    r"|ga|gaan|laat|laten|verleng|verlengen|app|appen|plaats|plaatsen)"
)
_PAY_BACK: Final = (
    r"(?:terugbetaald|teruggestort|terugstorten|terugbetalen|terugboeken|teruggeboekt|teruggegeven|terugkrijgen|vergoed|vergoeden|gecrediteerd|crediteren|gecompenseerd|compenseren"
    r"|kwijtgescholden|kwijtschelden|kwijtgeschonken|gerestitueerd|restitueren|uitbetaald|uitbetalen|uitgekeerd|uitkeren|overgemaakt|overmaken|geschonken|vergoedt)"
)

_OFFERS: Final = pattern(
    # we pay it back, we make good
    rf"<<(?:{_I} (?:\w+ )?(?:vergoed|vergoeden|compenseer|compenseren|crediteer|crediteren|restitueer|restitueren|schelden|scheld|garandeer|garanderen)|(?:vergoed|vergoeden|compenseer|compenseren"
    rf"|crediteer|crediteren|restitueer|restitueren|schelden|scheld|garandeer|garanderen) {_I})>>",
    rf"<<(?:{_I} (?:\w+ )?(?:stort|storten|betaal|betalen|boek|boeken|geef|geven|maak|maken|zet|zetten)|(?:stort|storten|betaal|betalen|boek|boeken|geef|geven|maak|maken|zet|zetten) {_I})>>.{{0,80}}"
    rf"<<(?:terug|over naar (?:je|uw|jouw) rekening|terug op)>>",
    rf"<<{_I} (?:zullen|zal|gaan|ga|kunnen|kan|willen|wil|laten|laat)>>.{{0,90}}<<{_PAY_BACK}>>",
    rf"<<(?:zullen|zal|gaan|ga) {_I}>>.{{0,90}}<<{_PAY_BACK}>>",
    rf"<<(?:{_I} (?:\w+ )?{_GIVE}|{_GIVE} {_I})>>.{{0,80}}<<{_PRESENT}(?!\w)",
    rf"<<{_I} (?:\w+ )?(?:betaal|betalen|nemen|neem|dragen|draag|dekken|dek)>>.{{0,40}}<<(?:schade|kosten|\w+kosten|reparatie|rekening|verschil|boete|meerprijs|hotel|taxi\w*)>>",
    rf"<<(?:betaal|betalen|nemen|neem|dragen|draag) {_I}>>.{{0,40}}<<(?:schade|kosten|\w+kosten|reparatie|rekening|verschil|boete|meerprijs|hotel|taxi\w*)>>",
    r"<<(?:voor|op) (?:onze|mijn) (?:rekening|kosten)>>|<<op kosten van (?:ons|de zaak|het huis)>>",
    r"<<(?:van|namens) (?:ons|het huis|mij)>>.{0,30}<<(?:cadeau|gratis)>>",
    # you get it back, you get something
    rf"<<(?:{_YOU} (?:krijgt|krijg|ontvangt|ontvang|hebt|heeft|heb|ziet|zie)|(?:krijgt|krijg|krijgen|ontvangt|ontvang) {_YOU})>>.{{0,80}}<<(?:{_MONEY}>>.{{0,50}}<<terug|{_PRESENT})(?!\w)",
    rf"<<(?:{_YOU} (?:krijgt|krijg)|(?:krijgt|krijg) {_YOU})>>.{{0,60}}<<(?:terug|vergoed|gratis)>>",
    rf"<<(?:wordt|word|worden)>>.{{0,80}}<<{_PAY_BACK}>>",
    rf"<<{_PAY_BACK} (?:wordt|worden)>>",
    rf"<<{_MONEY}>>.{{0,40}}<<(?:komt|gaat|staat|is|heb je|heeft u)>>.{{0,40}}<<(?:terug|op (?:je|uw|jouw) rekening)>>",
    rf"<<{_MONEY}>>.{{0,30}}<<(?:krijg|krijgt|krijgen|ontvang|ontvangt) (?:je|u|jij|jullie)>>.{{0,40}}<<(?:terug|vergoed)>>",
    rf"<<(?:hoeft|hoef) (?:je |u )?.{{0,40}}<<niet (?:meer )?te betalen>>",
    rf"<<(?:brengen|breng|rekenen|reken) (?:{_I} )?.{{0,60}}<<niet in rekening>>|<<{_I} rekenen? .{{0,40}}<<(?:niets|geen kosten)>>",
    r"<<(?:laten|laat) (?:we|wij|ik) .{0,50}<<vervallen>>|<<(?:we|wij|ik) (?:laten|laat)>>.{0,50}<<vervallen>>",
    # as amends
    rf"<<(?:als|bij wijze van|ter) (?:goedmaker\w*|excuus|compensatie|dank|troost|pleister op de wonde?|kleine? (?:goedmaker\w*|compensatie|geste)|genoegdoening|tegemoetkoming|gebaar|geste|blijk"
    rf"|excuses)>>.{{0,100}}<<(?:{_PRESENT}|maand|week|consumptie|koffie|kaartje|rit|levering|verzending)(?!\w)",
    rf"<<{_PRESENT}>>.{{0,60}}<<(?:als|ter|bij wijze van) (?:goedmaker\w*|excuus|compensatie|troost|tegemoetkoming|gebaar|geste|blijk)>>",
    rf"<<(?:hierbij|hier is|hier heb je|met de code|met code|alvast|gebruik (?:de |bij je volgende )?.{{0,30}}code)>>.{{0,60}}<<(?:\w*korting\w*|cadeau\w*|voucher|tegoed|code)>>",
    r"<<(?:ligt|komt|staat)>>.{0,50}<<(?:bloemetje|cadeautje|cadeau\w*|presentje|attentie|verrassing|voucher|waardebon|tegoedbon)>>.{0,40}<<(?:voor (?:je|u)|klaar|jouw kant|uw kant|je kant|onderweg)>>",
    r"<<(?:is|zijn|wordt|krijg je|krijgt u)>>.{0,40}<<(?:eerstvolgende|volgende|eerste|komende|hele|extra) (?:\w+ ){0,2}(?:gratis|van ons|kosteloos)>>",
    r"<<(?:volgende|eerste|komende|eerstvolgende) (?:\w+ ){0,2}(?:is|zijn|krijg\w?|ontvang\w?)>>.{0,30}<<(?:gratis|van ons|kosteloos|voor niks|op onze)>>",
    # guarantees
    r"<<(?:gegarandeerd|garantie dat)>>",
    rf"<<(?:dat|dit|daar|hier|het)>>.{{0,30}}<<(?:garanderen?|garandeer|beloven|beloof|sta(?:an)?) {_I}>>(?:.{{0,15}}<<(?:garant|voor in|borg)>>)?",
    rf"<<(?:{_I} (?:\w+ )?(?:sta|staan) (?:\w+ )?(?:garant|borg|ervoor in)|dat beloof ik|beloofd)>>",
    rf"<<(?:{_I} (?:beloof|beloven)|(?:beloof|beloven) {_I})>>.{{0,80}}<<(?:nooit|niet (?:meer|nog (?:een|eens))|altijd|honderd procent|100%)>>",
    r"<<(?:dit|dat|zoiets|het) (?:gebeurt|zal|gaat|overkomt)>>.{0,30}<<nooit (?:meer|weer)>>",
    # English
    r"<<(?:we|i|my \w+)(?:'ll| will| shall| are| am|'re|'m| can| would like to|'d like to| want to| have decided to)(?: going to| happily| gladly| of course| also| fully| be| certainly| now| then)* "
    r"(?:refund|refunding|reimburse|reimbursing|compensate|compensating|credit|crediting|waive|waiving|guarantee|cover|covering|pay for|paying for|pay back|knock|make it up to you with|write off|writing off)>>",
    rf"<<(?:we|i|my \w+|the team)(?:'ll| will| shall| are|'re|'m| am| can| would like to|'d like to|'d love to| want to)(?: going to| happily| gladly| of course| also| just| then| now)* (?:send|sending|give|giving|offer|offering|add|adding|arrange"
    rf"|arranging|issue|issuing|apply|applying|put|putting|pop|popping|throw in|throwing in|treat|take|taking|get|getting|make|process|processing|deduct|transfer|return|pay|paying)>>.{{0,70}}<<(?:{_PRESENT_EN}|off|back|free of charge|on us|for free|money)(?!\w)",
    rf"<<you(?:'ll| will| are going to|'re getting| are getting| get| can expect)>>.{{0,60}}<<(?:{_PRESENT_EN}|refunded|your money back|compensated|reimbursed|back|for free)(?!\w)",
    r"<<(?:will|'ll|shall|is going to|are going to) be (?:\w+ )?(?:refunded|reimbursed|compensated|credited|waived|paid back|covered by us|returned to your account|free of charge)>>",
    r"<<(?:refund|money|amount|credit|payment)>>.{0,40}<<(?:will|'ll) (?:be|land|arrive|reach|appear|show)>>.{0,40}<<(?:account|card|back)>>",
    r"<<(?:refund|credit|voucher|gift card|discount code|compensation)>>.{0,20}<<(?:is|are) (?:on (?:its|the) way|coming|yours)>>",
    r"<<(?:we|i) (?:promise|guarantee|give you my word)>>.{0,60}",
    r"<<(?:that's a promise|you have my word|guaranteed|it's on us|is on us|on the house|our treat|at our expense|at no cost to you)>>",
    rf"<<(?:as|by way of) (?:a |an |our )?(?:\w+ )?(?:apology|goodwill|gesture|thank you|compensation|token|sorry)>>.{{0,100}}<<(?:{_PRESENT_EN}|free|code|off)(?!\w)",
    rf"<<(?:here's|here is|use|enjoy)>>.{{0,30}}<<(?:{_PRESENT_EN}|code)(?!\w)",
    r"<<(?:won't|will not) (?:happen again|be charged|charge you|have to pay|need to pay)>>",
    r"<<refund (?:you|your|the)>>.{0,60}<<(?:today|tomorrow|within|by|this week|in full|right away|straight away)>>",
)
_TAKEN_BACK: Final = pattern(
    # denied, not ours to say, asked inside, or how to claim it
    r"<<(?:geen|niet|nooit|helaas|kunnen (?:we|ik|wij) niet|not|no|cannot|can't|unable|unfortunately|won't|don't|isn't|wouldn't)>>",
)
_NOT_YET: Final = pattern(
    r"<<(?:of|als|indien|mocht(?:en)?|wanneer|zodra|if|whether|once|when|unless|in case|should|eventue\w+|mogelijk|misschien|wellicht|might|may|could|perhaps|possibl[ey])>>",
    r"<<(?:vraag|vragen|navragen|overleg\w*|bespre\w+|voorleg\w*|leg|leggen|bekijk\w*|beoorde\w+|kijk\w*|check\w*|onderzoek\w*|nagaan|ask|asking|check|checking|review|see|discuss|look)>>.{0,60}<<(?:of|over|if|whether|about|for)>>",
    r"<<(?:kunt|kan|kun) (?:je|u|jij)|<<(?:je|u|jij) (?:kunt|kan|kun|mag)>>|<<you (?:can|may|could)>>",
    r"<<(?:recht|aanspraak)>> op|<<(?:aanvra\w+|aangevraagd|claim\w*|dien\w* .{0,30}in|ingediend|indien\w*|declar\w+|formulier|form|apply|submit|entitled|eligible|voorwaarden|terms|conditions|policy|beleid)>>",
)
_BOOKED: Final = pattern(
    r"<<(?:is|zijn|heb|hebben|heeft|was|werd|werden|staat|net|zojuist|al|reeds|inmiddels|gisteren|vorige|eerder|has been|have been|was|were|already|yesterday|just|earlier)>>.{0,80}"
    r"<<(?:teruggestort|terugbetaald|teruggeboekt|gestort|gecrediteerd|geboekt|overgemaakt|verrekend|uitbetaald|bijgeschreven|verwerkt|vergoed|toegekend|gecompenseerd|verstuurd|goedgekeurd"
    r"|afgeschreven|refunded|credited|processed|issued|paid|reimbursed|booked|transferred|sent|approved)>>",
    r"<<(?:we|i)(?:'ve| have| had)? (?:already |just )?(?:refunded|credited|processed|issued|paid|reimbursed|transferred)>>",
    r"<<(?:teruggestort|terugbetaald|teruggeboekt|gestort|gecrediteerd|geboekt|overgemaakt|verrekend|uitbetaald|bijgeschreven|verwerkt|toegekend) (?:is|zijn|op|en)>>",
)
_CHEAP: Final = frozenset(
    "terug terugbetaald teruggestort terugstorten terugbetalen terugboeken teruggeboekt teruggegeven terugkrijgen vergoed vergoeden vergoedt vergoeding gecrediteerd crediteren crediteer"
    " gecompenseerd compenseren compenseer compensatie kwijtgescholden kwijtschelden kwijt scheld schelden gerestitueerd restitueren restitutie uitbetaald uitbetalen uitgekeerd uitkeren"
    " overgemaakt overmaken over geschonken schenken garandeer garanderen gegarandeerd garantie garant beloof beloven beloofd nooit korting kortingscode tegoed tegoedbon voucher vouchers bon"
    " cadeaubon waardebon dinerbon boekenbon cadeau cadeautje cadeaukaart bloemetje bloemen bosje attentie presentje kleinigheidje verrassing verrassinkje taart taartje doos doosje fles"
    " flesje vrijkaart vrijkaarten vrijkaartjes goodiebag extraatje lekkers leuks extra upgrade gratis kosteloos tegemoetkoming goedmaker goedmakertje schadevergoeding terugbetaling creditnota"
    " credit euro procent rekening kosten vervallen betalen goodwill excuus troost geste gebaar code schade refund refunding refunded reimburse reimbursing reimbursed compensate compensating"
    " compensated crediting credited waive waiving waived guarantee guaranteed cover covering pay paying back off free complimentary treat gift flowers discount money house us promise word"
    " hamper again charged charge expense cost niets".split()
)


def unauthorised_promise(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """A refund, compensation, gift, discount or guarantee that the writer's role may not promise, the first words of each sentence that do."""
    read = reading.of(draft)
    if not read.has(_CHEAP) and "€" not in read.own and "%" not in read.own:
        return
    for sentence in read.sentences:
        said = read.own_lower[sentence.start : sentence.end]
        if sentence.asks:
            continue
        for match in _OFFERS.finditer(said):
            if _void(said, *match.span()):
                continue
            if not _may(draft, book, said):
                start, end = trimmed(draft.text, sentence.start + match.start(), sentence.start + match.end())
                yield Found("unauthorised_promise", _UNAUTHORISED, start, end, f"conduct.may_promise.{draft.role}")
            break


def _void(said: str, start: int, end: int) -> bool:
    inside = said[max(0, start - 60) : end + 40]
    before = said[:start]
    never = pattern(r"<<(?:nooit (?:meer|weer)|niet (?:meer )?te betalen|niet in rekening|niet meer|won't|will not|never again)>>")
    if _TAKEN_BACK.search(inside) and not never.search(said[start : end + 40]):
        return True
    return bool(_NOT_YET.search(before) or _NOT_YET.search(said[start:end]) or _BOOKED.search(said))


def _may(draft: Draft, book: BrandBook, said: str) -> bool:
    """Whether the writer's role may promise what a sentence promises, and so much of it."""
    allowed = book.conduct.may_promise.get(draft.role, ())
    if not allowed:
        return False
    kind = next(name for name, words in _KINDS if words.search(said))
    amounts = [float((found[1] or found[2]).replace(",", ".")) for found in _AMOUNT.finditer(said)]
    return any(one.kind == kind and (one.up_to_eur is None or (bool(amounts) and max(amounts) <= one.up_to_eur)) for one in allowed)


_UNAUTHORISED: Final = "This promises money, a gift, a discount or a guarantee that your role may not promise. Say how to ask for it, or let somebody decide who may."

# --- when it is due -------------------------------------------------------------------------------------------------------------------


def promised_times(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`vague_promise` and `promise_outside_hours`: what the text promises with an elastic time only, and what is due while nobody is there."""
    if draft.now is None:
        return
    calendar = promised.calendar_of(book)
    for one in promised.found_in(draft.text, draft.language, book, draft.now):
        if one.due_at is None:
            yield Found("vague_promise", _VAGUE, one.start, one.end)
        elif not calendar.is_open(one.due_at) and not calendar.is_open(one.due_at - timedelta(minutes=1)):
            local = one.due_at.astimezone(calendar.zone)
            message = f"This is due on {local:%A %-d %B at %H:%M}, when nobody is there. Promise a moment within opening hours."
            yield Found("promise_outside_hours", message, one.start, one.end, "hours")


_VAGUE: Final = (
    "This promises something without a moment that the customer can hold it to. Say by when: today before 17:00, within two working days."
)
