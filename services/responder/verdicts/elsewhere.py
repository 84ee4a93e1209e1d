"""Whether a text sends the customer elsewhere and leaves it at that."""

from collections.abc import Iterator
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import Saying, Wording, trimmed

_THEM: Final = (
    r"(?:klantenservice|klantcontact\w*|klantendienst|helpdesk|servicedesk|servicelijn|servicenummer|servicepunt|serviceteam|afdeling \w+|afdeling"
    r"|winkel\w*|filiaal|vestiging|balie|loket|infobalie"
    r"|receptie|monteursdienst|storingsdienst|storingsnummer|telefonisch\w*|telefoonnummer|nummer|formulier|contactformulier|webformulier"
    r"|retourformulier|klachtenformulier|schadeformulier|bezorger"
    r"|bezorgdienst|vervoerder|postnl|dhl|dpd|ups|gls|fabrikant|leverancier|producent|verkoper|gemeente|netbeheerder|politie|verzekeraar|verzekering"
    r"|huisarts|bank|provider|aanbieder|aannemer|schadeloket|\w*loket|\w*lijn|\w*balie|meldpunt|spoorwegpolitie|eigenaar|beheerder|installateur"
    r"|winkelier|schuldhulp\w*|huisbaas|vve|verhuurder"
    r"|importeur|verhuurder|woningcorporatie|ombudsman|geschillencommissie|collega'?s (?:van|bij|op|in|aan)|callcenter|kantoor|stadhuis|gemeentehuis"
    r"|website|site|faq|veelgestelde vragen"
    r"|stationsbalie|station|garage|dealer|apotheek|specialist|ov-chipkaart|ns|rijkswaterstaat|belastingdienst|uwv|telefoon|reisbureau"
    r"|reisorganisatie|luchtvaartmaatschappij|energieleverancier"
    r"|customer (?:service|services|care|support)|helpline|hotline|help desk|call cent(?:re|er)|support line|branch|store|shop|form|desk|courier"
    r"|carrier|manufacturer|supplier|retailer|insurer|council"
    r"|owner|installer|traveller line|\w+ line|dealer|seller|landlord|airline|travel agent|travel agency|department|office|reception|number|website"
    r"|line|phone|grid operator|network operator|provider|bank|police|fedex|royal mail)"
)
_SENDS: Final = Saying(
    Wording(
        # call, go to, fill in
        r"(?:^ ?|[,;:.!(–-] ?|<<(?:en|dan|dus|maar|even|graag|gerust|hiervoor|daarvoor|verder) )(?:bel|belt u)>>(?: \w+){0,4}? (?:met|naar|op|onze?"
        r"|de|het|0\d{2,3}|\x00)>>|<<(?:kunt|kun|kan|moet|mag|dient|zult) (?:je|u) .{0,60}<<(?:bellen|te bellen)>>"
        r"|<<(?:je|u) (?:kunt|kan|moet|mag|dient|zult) .{0,60}<<(?:bellen|te bellen)>>",
        rf"<<(?:(?:kunt|kun|kan|moet|dient) (?:je|u)|(?:je|u) (?:kunt|kan|moet|dient))>>.{{0,60}}<<(?:aan|bij|via) (?:de|het|je|uw|jouw|een|onze)"
        rf" (?:\w+ )?{_THEM}>>.{{0,30}}<<(?:te )?(?:vragen|navragen|melden|indienen|aangeven|wijzigen|regelen|doorgeven|aanvragen|opvragen)>>",
        r"<<(?:loopt|lopen|verloopt|verlopen|gaat|gaan) (?:altijd |alleen |echt )?via (?:de|je|uw|jouw|een|het) (?!app>>|dm>>|chat>>|post>>)\w+>>"
        r"|<<(?:kunt|kun|kan) (?:je|u) (?:\w+ )?alleen (?:daar|bij|via|in)>>|<<(?:door)?verwezen naar>>",
        rf"<<(?:neem|neemt|opnemen|nemen)>>.{{0,60}}<<contact>>.{{0,60}}<<{_THEM}>>|<<contact>>.{{0,20}}<<met (?!u>>|je>>|jou>>|jullie>>)(?:de|het"
        rf"|uw|je|jouw|onze?|hen|hun"
        rf"|\w+)>>.{{0,40}}<<(?:op|opnemen|opneemt|te nemen|nemen)>>",
        r"<<(?:neem|neemt)>>.{0,30}<<(?:telefonisch|dan|even|hiervoor|daarvoor|alstublieft|a\.u\.b\.|graag|zelf|rechtstreeks)>>.{0,30}<<contact>>",
        r"<<(?:wend|wendt|richt|wenden|richten)>>.{0,20}<<(?:u|je|zich)>>.{0,40}<<tot>>|<<(?:u|je|zich) (?:te )?(?:wenden|richten) tot>>"
        r"|<<tot>>.{0,60}<<(?:wenden|richten)>>",
        rf"<<(?:ga|gaat|loop|loopt|stap|kom|komt|rijd|gaan|lopen|komen)>>.{{0,40}}<<(?:langs|naar|binnen)>>.{{0,40}}<<{_THEM}>>",
        r"<<(?:ga|gaat|loop|loopt|stap|gaan|lopen|kom|komt)>>.{0,20}<<(?:langs|binnen) (?:bij|in|aan)>>",
        r"<<(?:terecht|aankloppen|wezen|moeten zijn|moet zijn|te zijn|langsgaan|(?:moet|moeten|dient|kunt) (?:je|u) zijn)>>.{0,12}<<(?:bij|op)>>.{0,50}",
        r"<<(?:moet|moeten|dien|dient)>>.{0,20}<<(?:je|u|jullie)>>.{0,40}<<bij>>.{0,60}<<(?:zijn|wezen|melden|aankloppen)>>|<<(?:je|u) (?:moet|zult"
        r"|zal|dient)>>.{0,30}<<bij>>.{0,60}<<(?:zijn|wezen|melden|aankloppen)>>",
        r"<<(?:kunt|kun|kan|kunnen)>>.{0,30}<<(?:bij|op)>>.{0,50}<<terecht>>|<<(?:kunt|kun) (?:je|u)>>.{0,50}<<terecht bij>>",
        r"<<(?:vul|vult|invullen|ingevuld)>>.{0,50}<<(?:\w*formulier\w*)>>|<<\w*formulier\w*>>.{0,50}<<(?:in|invullen|invult|in te vullen"
        r"|te gebruiken|gebruiken|vinden)>>"
        r"|<<via>>.{0,30}<<\w*formulier\w*>>",
        r"<<(?:daar(?:voor)?|hier(?:voor)?|dat|dit)>>.{0,20}<<(?:ga(?:at|an)?|zijn|is|ligt|doen|kunnen)>>.{0,25}<<(?:wij|we"
        r"|webcare)>>.{0,25}<<(?:niet|geen)>>.{0,30}<<(?:over|van|voor|bij)",
        rf"<<(?:dat|dit|daarvoor|hiervoor)>>.{{0,30}}<<(?:loopt|gaat|ligt|verloopt|regel|regelt|is|doet)>>.{{0,20}}<<(?:via|bij"
        rf"|aan)>>.{{0,30}}<<{_THEM}>>",
        r"<<(?:verwijs|verwijzen)>>.{0,30}<<(?:je|u|jou|jullie)>>.{0,40}<<(?:naar|door)>>|<<(?:moet|moeten)>>.{0,30}<<(?:doorverwijzen|verwijzen)>>",
        r"<<(?:meld|meldt|melden|meldde)>>.{0,20}<<(?:dit|dat|het|deze|die)>>.{0,40}<<(?:bij|via|op)>>|<<(?:meld|meldt) (?:je|u) (?:zich |je |u )?bij>>",
        r"<<(?:stel|stelt)>>.{0,30}<<vraag>>.{0,40}<<(?:aan|bij|via)>>",
        r"<<(?:vraag|vraagt u) (?:het|dit|dat) (?:even |maar |gerust |dan )*(?:aan )?(?:de|je|uw|jouw|het)>>",
        r"<<(?:vraag|vraagt u|informeer|informeert u|navragen) (?:het |dit |dat |hier(?:voor|naar) |even |dan |gerust |maar )*(?:na )?(?:bij|aan"
        r"|in) (?:de|het|je|uw|jouw|een|onze?)(?!.{0,30} om )",
        r"<<(?:gebruik|gebruikt u) (?:hiervoor |daarvoor |dan |even |graag )*(?:het|ons|onze|dit) \w*formulier>>|<<(?:dus )?(?:daar|dáár) moet (?:je|u)"
        r" (?:\w+ )?(?:wezen|zijn|heen)>>|<<(?:je|u) (?:vindt|vind) (?:het|hun|de) (?:nummer|telefoonnummer|contactgegevens)>>"
        r"|<<\w*formulier\w*>>.{0,30}<<(?:vindt|vind) (?:je|u)"
        rf"|<<kan alleen (?:de|het|je|uw|jouw|een) {_THEM}>>|<<stuur(?:t u)? een (?:brief|briefje)>>|<<(?:is|are) the (?:ones?"
        r"|people|person) to (?:ask|call|contact|speak to)>>",
        rf"<<(?:mail|schrijf|mailt|stuur)>>.{{0,40}}<<(?:naar|aan)>>.{{0,30}}<<{_THEM}>>",
        r"<<(?:kunt|kun|kan) (?:je|u)>>.{0,30}<<(?:langs (?:de|een|onze) (?:\w+ )?(?:winkel\w*|filiaal|balie|loket|kantoor)|met het formulier"
        r"|zich melden bij|bij de balie)",
        rf"<<{_THEM}>> (?:kan|kunnen|kan u|kan je|can|will be able to) (?:je|u|you )?(?:\w+ )?(?:verder )?(?:helpen|help)>>|<<(?:you have"
        rf"|you need) to (?:contact|call|ask)>>",
        # not ours, theirs
        r"<<(?:wij|we|ik)(?: \w+){0,2}? (?:gaan|ga|kunnen|kan) (?:\w+ ){0,3}?(?:niet over|niets? (?:over zeggen|mee)|niet (?:bij|in)(?:zien|kijken)?"
        r"|niet (?:mee )?helpen)>>.{0,60}<<(?:vraag|probeer|neem|bel|belt|kijk|ga|meld|stel)>>",
        r"<<(?:kan|kunnen) (?:ik|we|wij) .{0,30}<<(?:niet|niets)>>.{0,40}<<(?:vraag|probeer|neem|bel|belt|kijk|ga|meld)>>.{0,30}<<(?:bij|met"
        r"|op|naar|het)>>",
        rf"<<(?:dat|dit|daar|hier)>>.{{0,15}}<<(?:weet|weten|regelt|regelen|doet|doen|gaat|gaan|bepaalt|beslist)>>.{{0,30}}<<{_THEM}>>.{{0,30}}",
        rf"<<(?:dat|dit|het) (?:moet|moeten|kun|kunt|kan|regel|regelt) (?:je|u) .{{0,20}}<<(?:met|via|bij"
        rf"|in)>>.{{0,20}}<<{_THEM}>>.{{0,40}}<<(?:regelen|opnemen|afstemmen|doen|overleggen|navragen|aangeven|melden|vragen|aanvragen)>>",
        rf"<<(?:moet|moeten|kunt|kun|dient) (?:je|u) (?:\w+ )?(?:terug )?(?:naar|bij)>>.{{0,30}}<<{_THEM}>>",
        rf"<<(?:is|was) (?:\w+ )?(?:iets|een (?:vraag|zaak|kwestie)) (?:voor|van)>>.{{0,30}}<<{_THEM}>>|<<(?:dat|dit) is .{{0,15}}<<(?:aan"
        rf"|voor) (?:de|je|uw|jouw) {_THEM}>>",
        r"<<(?:is|bestaat|hebben) (?:er |wij |we )?(?:een )?(?:apart|speciaal|ander|eigen)\w* (?:\w*nummer|loket|afdeling|formulier|mailadres"
        r"|e-mailadres)>>",
        r"<<(?:mail|schrijf|stuur (?:een )?(?:mail|mailtje|e-mail|brief))>>.{0,20}(?:<<naar>>|<<aan>>).{0,15}\x00",
        r"<<(?:kijk|kijkt|check) (?:\w+ )?op (?:de|hun) (?:site|website|pagina|app) van>>|<<probeer (?:het )?(?:\w+ )?(?:bij|via) (?:de|het|je|uw|een)",
        # English
        rf"<<(?:that's|that is|this is|it's) (?:a question|one|something|a matter|a job) for>>.{{0,20}}<<{_THEM}>>|<<(?:email|write to|mail) \x00",
        r"<<(?:we|i) (?:don't|do not|can't|cannot) (?:deal with|handle|help with|look into|do anything about|do)>>.{0,60}<<(?:does|do|can|will|try"
        r"|call|contact|ask|please)>>",
        r"<<you (?:can|may) (?:reach|contact|call|find)>>.{0,40}<<(?:on|at|via|team|line|desk|department)>>|<<(?:needs|has) to go (?:through|via|to)>>",
        r"<<(?:call|ring|phone|dial|telephone)>>(?: us| our| the| them| your| \d| \x00| on| directly)",
        rf"<<(?:contact|reach out to|get in touch with|speak to|speak with|talk to|write to|email|ask|try|turn to|go through|get on to|liaise with"
        rf"|check with|take (?:it|this) up with)>>.{{0,40}}<<{_THEM}>>",
        rf"<<(?:visit|pop into|pop in to|drop by|drop in at|go to|head to|head over to|stop by|come to)>>.{{0,40}}<<{_THEM}>>",
        r"<<(?:fill|complete|submit|use|fill out)>>.{0,40}<<form>>",
        r"<<(?:you'll|you will|you|you'd) (?:need to|have to|must|should|better|want to|would need to|ought to|be better off) (?:\w+ )?(?:call|ring"
        r"|phone|contact|speak|go to|visit|take|get in touch|raise|ask|write|complete|fill|reach|report|be)>>",
        r"<<(?:refer|direct|point) you to>>|<<(?:raise|report|address|take) (?:this|it|that)>>.{0,30}<<(?:with|to)>>.{0,30}",
        r"<<(?:is|are) (?:handled|dealt with|managed|done) by>>.{0,40}|<<(?:not something|nothing) we (?:can|deal|handle)",
    ),
    unless=Wording(
        r"<<(?:contact opgenomen|winkel belt|zodra|hoeft? (?:je |u )?niet|niet nodig|ook|liever|anders|eventueel|desgewenst|of (?:je|u|hier|via"
        r"|een|laat|stuur|als|bel|mail|app)|bel(?:len|t)? (?:we"
        r"|wij|ik)|(?:we|wij"
        r"|ik|wordt|collega\w*|monteur\w*) (?:\w+ )?(?:bel|bellen|belt|neem|nemen|neemt)|gebeld"
        r"|don't need to|no need to|also|rather|prefer|alternatively|or|we'll|i'll|we will|i will|we can|i can|will (?:call|contact|get|ring|phone|be))>>",
        r"<<(?:privébericht|prive\w*|dm|pb|direct message|private message|bericht|messenger|whatsapp|inbox|chat)>>",
        r"<<(?:heb|hebt|heeft|had) (?:je|u)|<<(?:je|u|you) (?:hebt|heeft|had|belde|have|were|called|spoke)>>|<<als (?:je|u)>>|<<gerust als>>"
        r"|<<feel free to (?:\w+ ){1,4}if>>",
    ),
    unless_before=Wording(
        r"<<(?:als|mocht(?:en)?|indien|wil|wilt|liever|zodra|wanneer|of|if|should|would you|prefer|once|when|or|until|tenzij)>>"
    ),
)
_TAKES_OVER: Final = Wording(
    # we do something about it, or ask for what we need to
    r"<<(?:ik|we|wij) (?!gaan (?:daar|hier) |gaan er )(?:\w+ )?(?:kijk|kijken|zoek|zoeken|regel|regelen|help|helpen|pak|pakken|bel|bellen|vraag"
    r"|vragen|check|checken|ga|gaan|zet"
    r"|zetten|geef|geven|stuur|sturen|neem|nemen|meld|melden"
    r"|kom|komen|houd|houden|zorg|zorgen|maak|maken|plan|plannen|laat|laten|mail|mailen|zal|zullen|ruil|ruilen|boek|boeken|verwerk|verwerken"
    r"|onderzoek|onderzoeken|koppel|leg|leggen)>>(?! (?:\w+ ){0,2}?(?:niet|geen)>>)",
    r"<<(?:kijk|kijken|zoek|zoeken|regel|regelen|help|helpen|pak|pakken|bel|bellen|vraag|vragen|check|checken|ga|gaan|zet|zetten|geef|geven|stuur"
    r"|sturen|neem|nemen|kom|komen|houd|houden|zorg|zorgen|maak"
    r"|maken|plan|plannen|laat|laten|mail|mailen|zal|zullen|reageer|reageren|leg|leggen|koppel) (?:ik|we|wij)>>(?! (?:\w+ ){0,2}?(?:niet|geen)>>)",
    r"<<(?:ik|we|wij) (?:heb|hebben)>>.{0,80}<<(?:doorgezet|doorgegeven|gemeld|geregeld|aangemaakt|uitgezet|gevraagd|aangepast|nagekeken"
    r"|gecontroleerd|ingepland|doorgestuurd|opgelost|bekeken|gezet)>>",
    r"<<(?:heb|hebben) (?:ik|we|wij)>>.{0,80}<<(?:doorgezet|doorgegeven|gemeld|geregeld|aangemaakt|uitgezet|gevraagd|aangepast|nagekeken"
    r"|gecontroleerd|ingepland|doorgestuurd|opgelost|bekeken|gezet)>>",
    r"<<(?:stuur|stuurt|geef|geeft|laat|app|dm) (?:je |u |ons |me |mij |het |even |dan |gerust |hier )*(?:ons|me|mij|hier|je|jouw|uw|een|via"
    r"|in)>>.{0,60}<<(?:privé\w*|prive\w*|dm|pb|bericht|nummer|\w+nummer|gegevens|weten)>>",
    r"<<(?:collega'?s?|monteurs?|\w*team|specialist)>>.{0,40}<<(?:belt|bellen|neemt|nemen|komt|zoekt|kijkt|pakt|helpt|gaat|zal|reageert)>>",
    r"<<(?:je|u) (?:hoort|krijgt|wordt)>>.{0,60}<<(?:van (?:ons|mij|me)|gebeld|bericht|antwoord|terugbericht|reactie)>>",
    r"<<(?:i|we)(?:'ll| will|'m|'re| am| are|'ve| have) (?:\w+ )?(?:call|look|check|sort|arrange|ask|send|get|raise|raised|passed|pass|find|chase"
    r"|help|book|put|let|looking|checking|going|take|keep|asked|be|reply|fix"
    r"|forward|forwarded|escalated|ring|contact|make|sent)>>",
    r"<<(?:send|drop|dm|message) (?:us|me)>>|<<(?:let me|happy to|glad to|(?:we|i) can) (?:help|look|check|sort)>>",
)
_STEPS: Final = Wording(
    r"<<(?:ga naar|klik|kies|tik|open|log in|druk|houd|herstart|selecteer|haal|trek|steek|scan|zet (?:je|de|het)|instellingen|menu|stappen|go to"
    r"|click|tap|select|choose|log in|sign in|settings|restart|hold|unplug|press"
    r"|open the app|step)>>.{0,160}(?:>|→|<<(?:en|dan|vervolgens|daarna|and|then)>>)"
)


def redirect(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """The first words that send the customer elsewhere, in a text that neither takes the matter over nor answers it."""
    read = reading.of(draft)
    place = next(_SENDS.found(read), None)
    if place is None or _TAKES_OVER.search(read.own_lower, read) or _STEPS.search(read.own_lower, read):
        return
    yield Found("redirect", _MESSAGE, *trimmed(draft.text, *place))


_MESSAGE: Final = (
    "This sends the customer elsewhere. Take it over: ask what you need here or in a private message, or say who of us does what."
)
