"""What a text commits to beyond what its writer may: money, gifts and guarantees that the role may not promise, times that nobody can hold it to, and
times at which nobody is there."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder import promised
from services.responder.bounded import Pattern
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.verdicts.reading import Reading
from services.responder.wording import Wording, each, pattern, trimmed

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
            r"<<(?:\w*cadeau\w*|\w*bon(?:nen)?|voucher\w*|vouchers|bloemetje|bloemen|attentie|presentje|kleinigheidje|verrassing\w*|gratis|taart"
            r"|bos bloemen"
            r"|doosje|fles|flesje|gift\w*|flowers|bouquet|free|complimentary|on the house|on us|treat|traktatie|trakte\w+|vrijkaart\w*|kaartjes"
            r"|tegoedbon|goodie\w*"
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
    r"(?:geld|\w*bedrag|\w*kosten|som|\w*prijs|aankoop|betaling|\w*betaalde|borg|waarborgsom|ticket\w*|kaartje|\w*abonnement|maand|maanden|verschil"
    r"|premie|eigen risico|schade|rekening|€ ?\d+\S*|\d+\S* euro|alles|contributie|bijdrage|leges|boete|entree|statiegeld"
    r"|aanbetaling|inleg|toeslag|service fee)"
)
_PRESENT: Final = (
    r"(?:\w*cadeau\w*|\w*(?:kado|kadobon)\w*|\w*bon|\w*bonnen|\w*tegoed\w*|vouchers?|bloemetje|(?:bos|bosje) (?:bloemen|tulpen)|bloemen|attentie\w*"
    r"|presentje|kleinigheidje|verrassing\w*|taart(?:je)?|doos(?:je)? (?:bonbons|chocola\w*|lekkers|koek\w*)|fles(?:je)? (?:wijn|bubbels|champagne"
    r"|prosecco)|vrijkaart\w*|goodiebag|extraatje|iets lekkers"
    r"|iets leuks|iets extra'?s|upgrade|kortingscode|\w*korting|\w*vergoeding(?! per)|compensatie|tegemoetkoming|goedmaker\w*|restitutie"
    r"|terugbetaling|creditnota|gratis (?:\w+ )?(?:maand\w*|week|weken|dag\w*|jaar|nacht\w*|rit|reis|kaart\w*|koffie|drankje|lunch|diner|ontbijt"
    r"|overnachting|upgrade|abonnement|product\w*|exemplaar|accessoire|set"
    r"|les|lessen|behandeling|apparaat|hoes\w*|lader|vervangend\w*|nieuwe?|extra|bundel|data|gb)|(?:maand|maanden|week|weken|jaar|rit|nacht|dag"
    r"|levering|verzending|keer|lidmaatschap) (?:helemaal |geheel )?gratis)"
)
_PRESENT_EN: Final = (
    r"(?:(?:\w+ )?gifts?|gift cards?|vouchers?|flowers|bouquet|chocolates|discounts?|discount code|refund(?:ed)?|compensation|goodwill (?:gesture"
    r"|payment|credit)|credit|credits|reimbursement|money back|treat|(?:little )?something (?:nice|sweet|extra|special|to make)|little something"
    r"|hamper|upgrade|token of|(?:a |your |the )?(?:next |first "
    r"|free )?(?:\w+ )?(?:month|week|year|night|ride|trip|meal|coffee|drink|delivery|ticket)s? (?:for )?free|free (?:\w+ )?(?:month|week|year"
    r"|night|ride|trip|meal|coffee|drink|ticket|upgrade|pass|replacement|product|sample|shipping|delivery|return|gift|session|stay|data|dessert|dinner|lunch|breakfast|bottle|box|set)s?)"
)
_SUM_EN: Final = r"(?:(?:€|£|\$|eur ?)\s?\d+\S*|\d+\S* (?:euros?|pounds|dollars)|\d+ ?(?:%|percent|per cent))"
_SUM: Final = r"(?:(?:€|eur ?)\s?\d+\S*|\d+\S* ?(?:euro|eur|€)|\d+ ?(?:%|procent))"
_GIVE: Final = (
    r"(?:geef|geven|schenk|schenken|stuur|sturen|bied|bieden|mail|mailen|regel|regelen|zet|zetten|stort|storten|boek|boeken|maak|maken|betaal"
    r"|betalen|keer|keren|ken|kennen|doe|doen|verreken|verrekenen|trakteer|trakteren|leg|leggen|stop|stoppen|breng|brengen|haal|halen|trek|trekken"
    r"|pas|passen|zorg|zorgen|kom|komen|zal"
    r"|zullen|ga|gaan|laat|laten|verleng|verlengen|app|appen|plaats|plaatsen|heb|hebben|gooi|gooien|verras|verrassen|voeg|voegen|vergoed|vergoeden"
    r"|wil|willen|mag|mogen|kan|kunnen)"
)
_PAY_BACK: Final = (
    r"(?:terugbetaald|teruggestort|terugstorten|terugbetalen|terugboeken|teruggeboekt|teruggegeven|teruggeven|terugkrijgen|terugkrijgt|terugkrijg"
    r"|vergoed|vergoeden|gecrediteerd|crediteren|gecompenseerd|compenseren|kwijtgescholden|kwijtschelden|gerestitueerd|restitueren|uitbetaald"
    r"|uitbetalen|uitgekeerd|uitkeren|schadeloos ?gesteld|schadeloos stellen|geschonken|rechttrekken met)"
)
_BACK: Final = r"(?:stort|storten|betaal|betalen|boek|boeken|geef|geven|maak|maken|zet|zetten|schrijf|schrijven|schiet|schieten)"
_MADE_GOOD: Final = r"(?:vergoed|vergoeden|compenseer|compenseren|crediteer|crediteren|restitueer|restitueren|garandeer|garanderen)"
_COST: Final = (
    r"(?:schade|\w*kosten|reparatie|rekening|verschil|\w*boete|meerprijs|hotel|taxi\w*|meerkosten|stomerij|ritprijs|factuur|nota)"
)

# What we are to do: a condition on the customer's side leaves it a promise.
_WE_GIVE: Final = Wording(
    rf"<<(?:{_I} (?:\w+ ){{0,2}}?{_MADE_GOOD}|{_MADE_GOOD} {_I})>>",
    rf"<<(?:{_I} (?:\w+ )?(?:scheld|schelden)|(?:scheld|schelden) {_I})>>.{{0,60}}<<kwijt>>",
    rf"<<(?:{_I} (?:\w+ )?{_BACK}|{_BACK} {_I})>>.{{0,90}}<<(?:terug|terug op)>>(?! te>>| naar)",
    rf"<<(?:{_I} (?:\w+ )?(?:maak|maken|boek|boeken|schrijf|schrijven)|(?:maak|maken|boek|boeken|schrijf|schrijven) {_I})>>.{{0,20}}<<(?:het |de "
    rf"|uw |je )?{_MONEY}>>.{{0,60}}<<(?:over|bij)>>",
    rf"<<(?:{_I} (?:\w+ )?(?:zullen|zal|gaan|ga|kunnen|kan|willen|wil|laten|laat)|(?:zullen|zal|gaan|ga) {_I})>>.{{0,90}}<<{_PAY_BACK}>>",
    rf"<<(?:{_I} (?:\w+ )?{_GIVE}|{_GIVE} {_I})>>.{{0,80}}<<(?:{_PRESENT}>>|{_SUM} (?:korting|terug|retour|tegoed|extra|erbovenop|bovenop|cadeau"
    rf"|compensatie|vergoeding|van de|op je|op uw|op de))",
    rf"<<(?:{_I} (?:\w+ )?(?:geef|geven|doe|doen|leg|leggen|maak|maken)|(?:geef|geven|doe|doen|leg|leggen) {_I})>>.{{0,40}}{_SUM}.{{0,30}}<<(?:bij"
    rf"|over|extra|bovenop|erbovenop|erbij|goed|van af|eraf|bij op)>>",
    rf"<<{_I} (?:\w+ )?(?:betaal|betalen|nemen|neem|dragen|draag|dekken|dek)>>.{{0,50}}<<{_COST}>>|<<(?:betaal|betalen|nemen|neem|dragen"
    rf"|draag) {_I}>>.{{0,50}}<<{_COST}>>",
    r"<<(?:voor|op) (?:onze|mijn) (?:rekening|kosten)>>|<<op kosten van (?:ons|de zaak|het huis)>>",
    rf"<<(?:brengen|breng|rekenen|reken) {_I} .{{0,60}}<<(?:niet in rekening|niets|geen kosten|niet)>>|<<{_I} (?:brengen|breng|rekenen"
    rf"|reken) .{{0,60}}<<(?:niet in rekening|niets|geen kosten)>>",
    r"<<(?:laten|laat) (?:we|wij|ik) .{0,50}<<(?:vervallen|zitten)>>|<<(?:we|wij|ik) (?:laten|laat)>>.{0,50}<<vervallen>>",
    rf"<<(?:als|bij wijze van|ter|om het) (?:kleine? |klein )?(?:goed(?:maker\w*| te maken)|excuus|compensatie|troost|pleister op de wonde?|geste"
    rf"|genoegdoening|tegemoetkoming|gebaar|blijk|excuses|bedankje|dank)>>.{{0,100}}<<(?:{_PRESENT}|{_SUM}|maand|week|consumptie|koffie|kaartje"
    rf"|dagkaart|rit|levering|verzending)(?!\w)",
    rf"<<(?:{_PRESENT}|{_SUM})(?!\w).{{0,60}}<<(?:als|ter|bij wijze van|om het) (?:kleine? )?(?:goed(?:maker\w*| te maken)|excuus|compensatie|troost"
    rf"|tegemoetkoming|gebaar|geste|blijk)>>",
    r"<<(?:hierbij|hier is|hier heb je|hier heeft u|met de code|met code|met kortingscode|gebruik (?:de |bij je volgende "
    r"|bij uw volgende )?.{0,30}code)>>.{0,60}<<(?:\w*korting\w*|cadeau\w*|voucher|tegoed\w*|code|gratis)>>",
    r"<<(?:ligt|komt|staat|gaat|volgt|is|zit|valt)>>.{0,40}<<(?:bloemetje|cadeau\w*|\w*bon|presentje|attentie|verrassing\w*|voucher|tegoed"
    r"|bos bloemen|gift card)>>.{0,50}<<(?:voor (?:je|u|jou)|klaar|jouw kant|uw kant|je kant|onderweg|van (?:ons|mij)|op de mat|in de bus|op de post"
    r"|je toe|u toe|bij)>>",
    r"<<(?:eerst\w*|volgende|komende|hele|extra|deze) (?:\w+ ){0,3}(?:is|zijn|krijg\w?|ontvang\w?|wordt|rij\w*|reis\w*|eet"
    r"|drink\w*) (?:\w+ ){0,2}(?:gratis|van ons|kosteloos|voor niks|op onze)>>",
    rf"<<(?:{_I} (?:regel|regelen|zorg|zorgen)|(?:regel|regelen|zorg|zorgen) {_I})>>.{{0,40}}<<dat {_YOU}>>.{{0,60}}<<(?:terugkrijgt|terugkrijg"
    rf"|terug krijgt|vergoed|niets|niet hoeft)>>",
    rf"<<{_YOU} (?:houdt|hou|houd|behoudt)>>.{{0,20}}{_SUM} korting|<<(?:de )?(?:eerste|komende|volgende) (?:\w+ )?(?:maand|maanden|week|weken"
    rf"|keer)>>.{{0,20}}<<(?:betaalt?|betaal) (?:je|u) (?:niets|niks)>>",
    rf"<<{_I} (?:\w+ )?(?:geef|geven|houd|houden|reken|rekenen)>>.{{0,30}}<<(?:oude|lagere|oorspronkelijke|actie) ?prijs>>|<<(?:wij"
    rf"|we) maken het goed met>>",
    rf"<<{_MONEY}>>.{{0,30}}<<(?:storten|betalen|boeken|vergoeden|nemen|maken) {_I}>>(?!.{{0,40}}<<af>>)",
    rf"<<(?:doen|doe|geven|geef|leggen|leg) {_I} (?:er )?.{{0,30}}<<gratis (?:bij|extra|erbij|bovenop)>>|<<schade (?:nemen|dragen|dekken) {_I}>>",
    r"<<(?:don't|do not|won't) (?:have|need) to pay (?:this|next|the|for|anything)>>|<<let us treat you|<<owe us nothing>>|<<consider (?:the"
    r"|your) (?:invoice|bill|fee|fine) (?:cancelled|waived|gone)>>|<<added (?:a |an )?.{0,20}(?:voucher|credit|discount)>>.{0,40}<<(?:will|for you"
    r"|for your)>>",
    rf"<<(?:{_I} (?:zorg|zorgen|regel|regelen)|(?:zorg|zorgen|regel|regelen) {_I}) (?:er (?:\w+ )?voor )?dat>>.{{0,70}}<<(?:retour krijgt"
    rf"|retour krijg|terugontvangt"
    rf"|gecompenseerd (?:wordt|word)|vergoed (?:wordt|krijgt|krijg))>>",
    r"<<(?:i'll|we'll|i will|we will) make sure (?:that )?you(?:'re| are|'ll be| get| receive) (?:\w+ )?(?:compensated|refunded|reimbursed"
    r"|a refund|your money)>>"
    rf"|<<(?:we'd|i'd|we would|i would) (?:like|love) to (?:offer|give|send|treat) you .{{0,40}}<<{_PRESENT_EN}>>|<<(?:has"
    rf"|have) been waived for (?:next|the)>>",
    rf"<<(?:{_I} (?:haal|halen|trek|trekken)|(?:haal|halen|trek|trekken) {_I})>>.{{0,50}}<<(?:van (?:je|uw|de) (?:rekening|factuur|nota)|eraf)>>"
    r"|<<(?:wordt|worden) (?:\w+ )?door ons (?:\w+ )?(?:betaald|vergoed|gedragen|terugbetaald)>>",
    # guarantees
    r"<<(?:gegarandeerd|garantie dat|dat beloof (?:ik|ik je|ik u)|dat beloven we|beloofd[!:])>>",
    rf"<<(?:dat|dit|daar|hier|het)>>.{{0,30}}<<(?:garanderen?|garandeer|beloven|beloof|sta(?:an)?) {_I}>>",
    rf"<<{_I} (?:\w+ )?(?:sta|staan) (?:\w+ )?(?:garant|borg|ervoor in|daarvoor in)>>",
    rf"<<(?:{_I} (?:beloof|beloven)|(?:beloof|beloven) {_I})>>.{{0,80}}<<(?:nooit|niet (?:meer|nog (?:een|eens))|altijd|voortaan|honderd procent|100%)>>",
    r"<<(?:dit|dat|zoiets|het) (?:gebeurt|zal|gaat|overkomt|komt)>>.{0,30}<<(?:nooit|niet) (?:meer|weer|nog (?:een|eens))>>.{0,20}<<(?:gebeuren|voor"
    r"|voorkomen|overkomen|meer|weer)",
    # English
    r"<<(?:we|i|wij)(?:'ll| will|'m going to| can|'ve|'re)? ?(?:take|taken|taking|knock|knocked|knocking) .{0,50}<<off (?:your|the|this) (?:bill|invoice"
    r"|account|next|order|price|rent|fare|fee)>>|<<(?:paid for|covered|reimbursed|refunded|compensated) by us>>|<<there's (?:a|an|some) .{0,20}<<"
    r"(?:voucher|gift|credit|refund|discount code|gift card|surprise)>>.{0,40}<<(?:your|you|for)>>",
    r"<<(?:we|i|wij|my \w+|our \w+)(?:'ll| will| shall| are| am|'re|'m| can| would like to|'d like to|'d love to| want to|(?:'ve"
    r"| have) decided to)(?: going to| happily| gladly| of course| also| fully| be| certainly| now| then| definitely| personally)* "
    r"(?:refund|refunding|reimburse|reimbursing|compensate|compensating|credit|crediting|waive|waiving|guarantee|cover|covering|pay for|paying for"
    r"|pay back|pay you|knock|make it up to you with|write off|writing off|foot)>>",
    rf"<<(?:we|i|wij|my \w+|the team|our \w+)(?:'ll| will| shall| are|'re|'m| am| can| would like to|'d like to|'d love to| want to)(?: going to"
    rf"| happily| gladly| of course| also| just| then| now| personally)* (?:send|sending|give|giving|offer|offering|add|adding|arrange|arranging"
    rf"|issue|issuing|apply|applying|put|putting|pop|popping|throw in|throwing in|treat"
    rf"|take|taking|get|getting|make|process|processing|deduct|transfer|return|pay|paying|include|gift|have)>>.{{0,70}}<<(?:{_PRESENT_EN}>>"
    rf"|(?:{_SUM_EN} )(?:off|back|discount|credit|voucher|refund|compensation|gift|on top|extra|towards|for)|free of charge|on us|for free"
    rf"|at no (?:extra )?(?:charge|cost)|without charge|(?:your |the )?money)(?!\w)",
    r"<<(?:your|the) (?:next|first|coming) (?:\w+ ){1,2}(?:is|are|will be) (?:free|on us|on the house)>>|<<let me make (?:it|this|that) up to you with>>",
    r"<<(?:we|i) (?:guarantee|give you my word|hereby guarantee)>>|<<(?:we|i)(?:'ll| will)? (?:can )?(?:personally )?(?:promise"
    r"|guarantee)>>.{0,60}<<(?:never|won't|always|refund|free|not happen|again)>>",
    r"<<(?:that's a promise|you have my word|guaranteed|it's on us|is on us|are on us|on the house|our treat|at our expense|at no cost to you"
    r"|free of charge,? on us|with our compliments)>>",
    rf"<<(?:as|by way of|to make (?:it|this|up|amends)|to say) (?:a |an |our )?(?:\w+ )?(?:apology|goodwill|gesture|thank you|thanks|compensation"
    rf"|token|sorry|it up|up to you|up for (?:it|this|that)|amends|for (?:it|this|that))>>.{{0,110}}<<(?:{_PRESENT_EN}|{_SUM_EN}|free|code|off)(?!\w)",
    rf"<<(?:here's|here is|enjoy)>>.{{0,30}}<<(?:{_PRESENT_EN}|{_SUM_EN} (?:off|voucher|credit|discount)|discount code|voucher code|code)(?!\w)"
    rf"|<<use (?:the )?code>>",
    rf"<<(?:{_PRESENT_EN}|{_SUM_EN} (?:voucher|credit|gift card))(?!\w).{{0,40}}<<(?:coming your way|on (?:its|the|their) way|heading your way"
    rf"|is yours|waiting for you|in the post|from us|with your name)>>",
    r"<<(?:won't|will not|will never) (?:ever )?(?:happen (?:to you )?again|be charged|charge you|have to pay|need to pay|cost you)>>",
)
# What becomes of the customer: what it hangs on makes it a rule that holds for everybody.
_YOU_GET: Final = Wording(
    rf"<<(?:{_YOU} (?:\w+ )?(?:krijgt|krijg|ontvangt|ontvang|hebt|heeft|heb|ziet|zie)|(?:krijgt|krijg|krijgen|ontvangt|ontvang|heb|heeft"
    rf"|hebt) {_YOU})>>.{{0,90}}<<(?:{_MONEY}>>.{{0,50}}<<(?:terug|retour|vergoed)|{_PRESENT}|{_SUM} (?:korting|terug|retour|tegoed|cadeau"
    rf"|compensatie))(?!\w)",
    rf"<<(?:{_YOU} (?:krijgt|krijg)|(?:krijgt|krijg) {_YOU})>>.{{0,70}}<<(?:{_SUM}|alles|het|dat|dit|hem|de \w+|volledig|netjes"
    rf"|gewoon)>>.{{0,30}}<<(?:terug|vergoed)>>(?! (?:te|naar|van|bij|in|op de hoogte|antwoord|bericht))",
    rf"<<(?:wordt|word|worden)>>.{{0,90}}<<{_PAY_BACK}>>|<<{_PAY_BACK} (?:wordt|worden)>>",
    rf"<<{_MONEY}>>.{{0,40}}<<(?:komt|gaat|staat|is|heb je|heeft u|hebt u)>>.{{0,50}}<<(?:terug (?:op|bij|naar)|op (?:je|uw|jouw) rekening|weer op)>>",
    rf"<<{_MONEY}>>.{{0,30}}<<(?:krijg|krijgt|krijgen|ontvang|ontvangt) (?:je|u|jij|jullie)>>.{{0,50}}<<(?:terug|vergoed|retour)>>",
    r"<<(?:hoeft|hoef) (?:je |u )?.{0,40}<<(?:niet (?:meer )?|niets (?:meer )?|niks |geen cent )te betalen>>"
    r"|<<(?:krijgt|krijg|ontvangt|ontvang) (?:je |u )?.{0,60}<<(?:(?:helemaal|geheel|volledig) gratis|cadeau)>>",
    rf"<<you(?:'ll| will| are going to|'re getting| are getting| get| can expect| are due)>>.{{0,60}}<<(?:{_PRESENT_EN}>>|refunded|compensated"
    rf"|reimbursed|{_SUM_EN} (?:off|back|discount|credit)(?!\w)|(?:it|that|everything|the \w+ ?\w*|your \w+ ?\w*) back)(?!\w)(?! to you)",
    r"<<(?:will|'ll|shall|is going to|are going to) be (?:\w+ ){0,2}?(?:refunded|reimbursed|compensated|credited|waived|paid back|covered by us"
    r"|returned to your account|free of charge)>>",
    r"<<(?:refund|money|amount|credit|payment)>>.{0,40}<<(?:will|'ll) (?:be|land|arrive|reach|appear|show)>>.{0,40}<<(?:account|card|back)>>",
)
_DENIED: Final = Wording(
    r"<<(?:geen|niet|helaas|kunnen (?:we|ik|wij) niet|zonder|not|no|cannot|can't|unable|unfortunately|don't|isn't|wouldn't|without|never)>>"
)
_YET: Final = Wording(
    r"<<(?:nooit (?:meer|weer)|niet (?:meer|nog (?:een|eens)|te betalen|in rekening|stijgt|duurder|omhoog|hoger|weer)|niet>>.{0,20}<<(?:betalen"
    r"|rekening)|won't|will not|never|no (?:cost|charge)|geen (?:kosten|cent|zorgen|probleem)|no worries|zonder kosten|internet|<<don't have to pay"
    r"|do not have to pay|owe us nothing|not (?:happen"
    r"|be charged|go up|rise))>>"
)
_ASKED: Final = Wording(
    # asked inside yet, or how to claim it
    r"<<(?:vraag|vragen|gevraagd|nagevraagd|navragen|overleg\w*|bespre\w+|voorleg\w*|leg|leggen|bekijk\w*|beoorde\w+|kijk\w*|check\w*|onderzoek\w*"
    r"|nagaan|weten"
    r"|uitzoeken|zoek\w*|zien|horen|hoort|hoor|ask|asking|check|checking|review|see|discuss|look|know|find out|hear|decide|confirm)>>.{0,70}<<(?:of|over"
    r"|if|whether|about|for)>>",
    r"<<(?:kunt|kan|kun) (?:je|u|jij)>>.{0,60}<<(?:aanvra\w+|claim\w*|indien\w*|declar\w+|terugvra\w+|opvra\w+|doorgeven|verzoeken|terecht|vinden)>>"
    r"|<<(?:recht|aanspraak) op|<<(?:aanvra\w+|aangevraagd|aanvraag|claim\w*|dien\w* .{0,30} in|ingediend|indien\w*|declar\w+|\w*formulier|form"
    r"|apply|submit|entitled|eligible|voorwaarden|terms|conditions|policy|beleid)>>",
    r"<<(?:hangt|hangen|afhankelijk|depends?|of en hoeveel|of en wat|wat er (?:\w+ ){0,2}?(?:wordt|worden)|hoeveel er)>>",
    r"<<(?:misschien|wellicht|mogelijk|eventueel|might|may|perhaps|possibly|could)>>",
)
_HANGS: Final = Wording(
    r"<<(?:als|indien|mocht(?:en)?|wanneer|zodra|bij (?:een )?(?:vertraging|annulering|retour\w*|schade|opzegging|storing)|if|when|once|unless"
    r"|in case|(?<!, )(?<!en )(?<!and )(?:dan|then)|wie|per (?:kwh|maand|jaar|keer|km|kilometer)|van (?:je|uw|jouw) (?:leverancier|bank"
    r"|verzekeraar|verzekering|provider)"
    r"|standaard|altijd|automatisch|always|automatically)>>"
)
_BOOKED: Final = Wording(
    r"<<(?:is|zijn|heb|hebben|heeft|was|werd|werden|staat|has been|have been|was|were|has|have)>>.{0,90}"
    r"<<(?:teruggestort|terugbetaald|teruggeboekt|gestort|gecrediteerd|geboekt|overgemaakt|verrekend|uitbetaald|bijgeschreven|verwerkt|vergoed"
    r"|toegekend|gecompenseerd|goedgekeurd|afgeschreven|aangemaakt"
    r"|refunded|credited|processed|issued|paid|reimbursed|booked|transferred|approved)>>(?! (?:te|worden))",
    r"<<(?:we|i)(?:'ve| have| had)? (?:already |just )?(?:refunded|credited|processed|issued|paid|reimbursed|transferred)>>",
    r"<<(?:teruggestort|terugbetaald|teruggeboekt|gestort|gecrediteerd|geboekt|overgemaakt|verrekend|uitbetaald|bijgeschreven|toegekend) (?:is|zijn|op)>>",
    r"<<(?:gisteren|eerder|vorige week|afgelopen|yesterday|last week|already|reeds|inmiddels|onderweg)>>",
)


_VALUES: Final = (
    "€ £ $ % euro eur procent percent terug retour vergoed compens credit kwijt korting cadeau kado bon tegoed voucher bloem attentie presentje"
    " kleinigheid"
    " verrass taart fles vrijkaart goodie extra lekkers leuks upgrade goedmaker tegemoet restit gratis kosteloos kosten schade reparatie rekening verschil"
    " boete hotel taxi stomerij ritprijs factuur nota vervallen zitten code betaal betal garan beloof beloven beloofd nooit geld bedrag prijs uitkeren"
    " bovenop maand refund reimburs waive guarant cover pay knock gift flower bouquet chocolate discount goodwill money treat hamper free off "
    "back schadeloos something paid covered on_us"
    " charge promise house compliments expense make_it_up amends happen write_off foot word cost"
)
_STEMS: Final = tuple(stem.replace("_", " ") for stem in _VALUES.split())
"""What no promise of something that is worth money, or of a guarantee, can do without: it costs a hundredth of looking for one."""


def unauthorised_promise(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """A refund, compensation, gift, discount or guarantee that the writer's role may not promise, the first words of each sentence that do."""
    read = reading.as_us(reading.of(draft), book)
    if not any(stem in read.own_lower for stem in _STEMS):
        return
    parts = [(_WE_GIVE.there(read), False), (_YOU_GET.there(read), True)]
    if not any(there for there, _ in parts):
        return
    for sentence in read.sentences:
        said = read.own_lower[sentence.start : sentence.end]
        if sentence.asks or not (match := _promised(said, parts, read)) or _may(draft, book, said):
            continue
        start, end = trimmed(draft.text, sentence.start + match[0], sentence.start + match[1])
        yield Found("unauthorised_promise", _UNAUTHORISED, start, end, f"conduct.may_promise.{draft.role}")


def _promised(said: str, parts: Iterable[tuple[list[Pattern], bool]], read: Reading) -> tuple[int, int] | None:
    """The first place of a sentence at which something is promised."""
    for there, hangs in parts:
        for match in each(there, said):
            inside = said[max(0, match.start() - 40) : match.end() + 40]
            denied = _DENIED.search(inside, read) and not _YET.search(inside, read)
            if not (denied or _ASKED.search(said, read) or _BOOKED.search(said, read) or (hangs and _HANGS.search(said, read))):
                return match.span()
    return None


def _may(draft: Draft, book: BrandBook, said: str) -> bool:
    """Whether the writer's role may promise what a sentence promises, and so much of it."""
    allowed = book.conduct.may_promise.get(draft.role, ())
    if not allowed:
        return False
    kind = next(name for name, words in _KINDS if words.search(said))
    amounts = [float((found[1] or found[2]).replace(",", ".")) for found in _AMOUNT.finditer(said)]
    return any(one.kind == kind and (one.up_to_eur is None or (bool(amounts) and max(amounts) <= one.up_to_eur)) for one in allowed)


_UNAUTHORISED: Final = (
    "This promises money, a gift, a discount or a guarantee that your role may not promise. Say how to ask for it, or let somebody "
    "decide who may."
)

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
