"""Whether a text takes the blame for damage or loss, or legal responsibility. An apology, regret and the correction of a slip take none."""

from collections.abc import Iterator
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import Saying, Wording, trimmed

_WE: Final = r"(?:wij|we|ik|ons|us|onze \w+|ons \w+|onze organisatie|ons bedrijf|mijn collega'?s?)"
_OUR_PEOPLE: Final = (
    r"(?:(?:ons|onze|een van onze|één van onze|mijn) (?:\w+ ){0,2}?(?:monteurs?|bezorgers?|chauffeurs?|medewerk(?:er|ster)s?|collega'?s?"
    r"|installateurs?|techni\w+"
    r"|schilders?|verhuizers?|conducteurs?|machinisten?|bus|trein|vrachtwagen|busje|team|ploeg|aannemer|schoonma\w+|magazijn\w*|bezorgdienst|personeel"
    r"|mensen|jongens|koeriers?|verkopers?|adviseurs?|afdeling|apparaat|product|installatie|kant|organisatie|bedrijf|systemen|systeem|website|webshop"
    r"|administratie|aansluiting|werkzaamheden|graafwerk\w*|onderaannemer|partner))"
)
_OUR_PEOPLE_EN: Final = (
    r"(?:(?:our|one of our|my) (?:\w+ ){0,2}?(?:engineers?|drivers?|technicians?|fitters?|couriers?|colleagues?|staff|team|teams|employees?|installers?"
    r"|crew|people|workers?|movers?|painters?|contractors?|warehouse|cleaners?|systems?|side|end|van|truck|bus|train|product|device|company|advisers?"
    r"|advisors?|website|works|work|builders?|drivers?|mechanics?))"
)
_HARM: Final = (
    r"(?:schade|waterschade|beschadig\w*|kapot\w*|gebroken|brak|stuk|lek|lekkage|verloren|kwijt\w*|verlies|zoekgeraakt|gemist|misgelopen|letsel|gewond"
    r"|verwond\w*|brand|boetes?|inkomsten|omzet|claim|vernield|kras\w*|deuk\w*|overstroomd|ondergelopen|gesneuveld|bedorven|ontdooid|verzekering|gestolen"
    r"|gelekt|datalek|gewist|uitgelekt|gederfde|kosten|pijn|ziek|aansprakelijk\w*|schadevergoeding|schadeclaim"
    r"|damage[sd]?|broken?|broke|lost|loss(?:es)?|missed|injur\w+|hurt|fines?|leak\w*|scratch\w*|dent\w*|ruined|destroyed|flooded|cracked|smashed|stolen"
    r"|spoil\w*|burn\w*|fire|insurance|costs?|claims?|liable|compensation|wages|income|ill|sick|wedding|funeral|injury)"
)
_BROKE: Final = (
    r"(?:verwond|gekneusd|bezeerd|geramd|omgereden|kapotgeslagen|aangericht|opgegeten|laten liggen|laten wegwaaien|verknoeid|geplet|gesneuveld"
    r"|beschadigd|kapotgemaakt|kapot gemaakt|kapot geboord|kapotgereden|gebroken|(?<!steek )(?<!steekje )(?<!steken )laten vallen|omgestoten"
    r"|(?:auto|fiets|hek|muur|gevel|paal|boom|leiding|kabel|bus|hond|kat|deur|raam) (?:\w+ )?(?:heeft |hebben )?geraakt|aangereden"
    r"|vernield|bekrast|ingedeukt|gesloopt"
    r"|doorgeboord|doorgesneden|kapotgetrokken|stukgemaakt|stuk gemaakt|stukgereden|kwijtgeraakt|kwijt geraakt|zoekgemaakt|verloren|kwijtgemaakt|gewist"
    r"|gelekt|veroorzaakt|overreden|platgereden|verbrand|verpest|onder water gezet)"
)
_BROKE_EN: Final = (
    r"(?:crushed|wrecked|damaged|broke|broken|dropped|smashed|cracked|hit|scratched|dented|ruined|destroyed|lost|leaked|wiped|caused|drilled through"
    r"|cut through"
    r"|ran over|knocked over|flooded|burnt|burned|injured|hurt)"
)
_FAULT: Final = r"(?:fout|schuld|blunder|nalatigheid|onzorgvuldigheid|slordigheid|onoplettendheid|misser|vergissing|toedoen|tekortkoming)"

_NOT: Final = Wording(
    r"<<(?:niet|geen|nooit|noch|niemand|zonder|not|no|never|nor|cannot|without|isn't|aren't|wasn't|weren't|don't|doesn't|didn't|can't|couldn't|won't)>>"
)
_OPEN: Final = Wording(
    # it is a question yet, or another's word
    r"<<(?:als|indien|mocht(?:en)?|of|wie|waarom|wanneer|stel dat|tenzij|volgens (?:u|jou|je)|(?:zegt|schrijft|schreef|vertelt|meldt|stelt|geeft aan"
    r"|aangeeft) (?:je |u |dat |jij )+|zegt u|vindt dat|vind je|if|whether|should|unless|who|in"
    r" case|you (?:say|claim|feel|think|believe)|according to you)>>",
    r"<<(?:onderzoek\w*|beoorde\w*|uitzoek\w*|vaststel\w*|zoeken uit|kijken (?:na )?of|to (?:investigate|assess|determine|establish))>>",
)
_HOLD_LIABLE: Final = Wording(
    r"<<(?:aansprakelijk (?:te )?(?:stel\w*|gesteld|houd\w*|worden gesteld)|stel\w* .{0,30}aansprakelijk|aansprakelijkstelling\w*|aansprakelijkheids\w+"
    r"|hold(?:ing)? (?:us|me)|held liable|public liability|liability (?:claim|form|insurance|team|department|insurer))"
)
# Something that was written or done wrong in this very conversation, or an amount that is put right.
_SLIP: Final = Wording(
    r"<<(?:foutje|tikfout\w*|typ[eo]?fout\w*|typo|verschreven|vertypt|bedoel\w*|correctie|rectificatie|verkeerde (?:link|linkje|datum|tijd|tijdstip"
    r"|naam|dag"
    r"|bijlage|knop|bericht)|verkeerd (?:getypt|gelezen|verstuurd|begrepen)|moe(?:s)?t zijn|had(?:den)? moeten (?:zijn|staan)|las (?:ik|we)"
    r"|(?:vorige|eerdere)"
    r" (?:bericht|tweet|reactie|mail|antwoord)|autocorrect|misread|misspelled|mistyped|i meant|wrong (?:link|date|time|name|day|attachment)"
    r"|my (?:previous|last|earlier)"
    r" (?:message|tweet|reply|mail|email)|correction|should (?:have )?(?:be(?:en)?|read|said)|slip of)>>"
)

_ANSWERABLE: Final = Saying(
    Wording(
        rf"<<{_WE}>>.{{0,60}}<<(?:aansprakelijk(?:heid)?|in gebreke|nalatig|schuldig)>>",
        rf"<<(?:zijn|ben|is|achten|voelen|erkennen|erken|aanvaarden|accepteren|nemen) {_WE}>>.{{0,60}}<<(?:aansprakelijk(?:heid)?|in gebreke|nalatig"
        rf"|schuldig)>>",
        rf"<<{_WE}>>.{{0,30}}<<(?:hier|daar)?(?:voor|voor (?:de|deze|die|dit|dat|alle|je|jouw|uw|het|wat|jullie)>>.{{0,60}}?) ?(?:volledig |geheel |zelf"
        rf" |ook |uiteraard )*verantwoordelijk>>(?! voor)",
        rf"<<(?:ben|zijn|is) (?:{_WE} )?(?:\w+ ){{0,2}}?verantwoordelijk (?:hier|daar)?voor (?:de |deze |dit |dat |alle |je |jouw |uw |het |wat "
        rf"|hoe )*(?:ontstane |geleden"
        rf" |volledige |hele )*(?:{_HARM}|gevolgen|er |mis|fout|is gebeurd|gebeur\w+)",
        r"<<(?:nemen?|neem|dragen?|draag|aanvaard\w*|accepte\w+|erken\w*|pakken?)>>.{0,40}<<(?:verantwoordelijkheid|schuld|blaam)>>",
        r"<<(?:schuld|verantwoordelijkheid|aansprakelijkheid) (?:nemen|dragen|aanvaarden|erkennen|accepteren) (?:wij|we|ik)>>",
        r"<<(?:verantwoordelijkheid|aansprakelijkheid|schuld) (?:hier|daar)?(?:voor )?(?:ligt|lag|is) .{0,25}<<(?:ons|mij)>>",
        r"<<(?:we|i|(?!nobody|no one|none)[\w-]+ (?:is|accepts?|takes?|admits?))>>.{0,40}<<(?:liable|negligent|at fault|to blame|culpable)>>",
        r"<<(?:accept|accepts|admit|admits|take|takes|taking|acknowledge|assume|own|bear|bears)>>.{0,30}<<(?:liability|responsibility|the blame"
        r"|blame|accountability)>>",
        rf"<<(?:we|i) (?:are|am|were|'re|feel)>>.{{0,20}}<<(?:responsible|accountable) for>>.{{0,40}}<<(?:{_HARM}|this|that|what happened|it)>>",
        rf"<<(?:wij|we|the (?:company|airline|bank|store|shop|hotel|operator|insurer|railway|supermarket|firm)) (?:is|are|was|were) (?:\w+ ){{0,2}}?"
        rf"(?:responsible|liable|accountable|at fault|to blame)>>.{{0,30}}<<(?:{_HARM}|this|that|what happened|it)>>|<<legally (?:responsible|liable)>>",
        rf"<<{_WE} (?:zijn|is|ben) (?:\w+ ){{0,2}}?(?:daar|hier) (?:\w+ )?verantwoordelijk>>|<<(?:zijn|ben|is) {_WE} (?:\w+ )?(?:daar|hier)"
        rf"(?:voor)? (?:\w+ )?verantwoordelijk>>",
        rf"<<(?:we're|i'm)>>.{{0,20}}<<(?:responsible|accountable) for>>.{{0,12}}<<(?:{_HARM}|this|that|what happened|it)>>",
        r"<<(?:responsibility|liability|blame) (?:lies|rests|is|sits) .{0,20}(?:us|ours|me)>>",
        r"<<(?:we're|i'm) .{0,20}(?:liable|negligent|at fault|to blame)>>",
    ),
    unless_near=_NOT,
    unless_before=_OPEN,
    unless_sentence=_HOLD_LIABLE,
)
_CAUSED: Final = Saying(
    Wording(
        # our fitter broke it, we lost it
        rf"<<(?:{_OUR_PEOPLE}|wij|we|ik) .{{0,60}}<<(?:heeft|hebben|heb|had|hadden|is|zijn|ben)>>.{{0,60}}<<{_BROKE}>>",
        rf"<<(?:heeft|hebben|heb|had|hadden|is|zijn|ben) (?:{_OUR_PEOPLE}|wij|we|ik)>>.{{0,60}}<<{_BROKE}>>",
        rf"<<(?:{_OUR_PEOPLE}|wij|we|ik) (?:heeft|hebben|heb|had|hadden)>>.{{0,60}}<<{_BROKE}>>",
        rf"<<(?:{_OUR_PEOPLE}|wij|we|ik) (?:beschadigde\w?|veroorzaakten?|braken?|vernielden?|verloren)>>",
        rf"<<door (?:ons|mij|{_OUR_PEOPLE}|ons toedoen)>>.{{0,60}}<<(?:{_BROKE}|schade)>>",
        rf"<<{_BROKE} (?:is |was |zijn |werd )?door (?:ons|mij|{_OUR_PEOPLE})>>",
        rf"<<(?:schade|lekkage|breuk|kras|deuk|brand)>>.{{0,50}}<<(?:door|van) (?:ons|{_OUR_PEOPLE})>>",
        r"<<(?:tekort ?geschoten|te kort geschoten) in (?:onze|de) (?:zorgplicht|zorg|verplichting\w*)>>|<<zorgplicht (?:\w+ )?(?:geschonden"
        r"|verzaakt)>>|<<valt onder (?:onze|de) (?:aansprakelijkheid|verantwoordelijkheid)",
        rf"<<(?:wij|we|ik) (?:staan|sta|draaien|draai) (?:\w+ )?(?:in|op) voor (?:\w+ )?(?:{_HARM})>>|<<(?:staan|sta|draaien|draai) (?:wij|we"
        rf"|ik) (?:\w+ ){{0,2}}?voor op>>",
        # English
        rf"<<it was (?:{_OUR_PEOPLE_EN}|us) who {_BROKE_EN}>>|<<{_BROKE_EN} (?:in|on) our (?:van|truck|warehouse|depot|care|shop|store)>>|<<(?:is"
        rf"|was|are) (?:all |entirely )?our (?:own )?doing>>",
        rf"<<(?:{_OUR_PEOPLE_EN}|we|i) (?:has |have |had )?(?:left|forgot|failed)>>.{{0,60}}<<(?:on us|our fault|flood\w*|damage\w*|ruined|broke"
        rf"|broken|leak\w*|burst)>>",
        rf"<<(?:{_OUR_PEOPLE_EN}|we|i) (?:has |have |had |\w+ly |clearly |sadly |regrettably |also )*{_BROKE_EN} (?:your|the|his|her|their|this|that"
        rf"|a|you)>>",
        rf"<<{_BROKE_EN} by (?:us|{_OUR_PEOPLE_EN})>>",
        rf"<<(?:damage|loss|leak|injury|breakage|crack)>>.{{0,40}}<<(?:we|{_OUR_PEOPLE_EN}) (?:have )?caused>>",
        r"<<door ons toedoen>>",
        r"<<rekenen? (?:we|wij|ik) (?:onszelf|ons|mezelf) (?:\w+ )?aan>>|<<(?:wij|we) (?:messed|screwed) up|<<(?:we|i) (?:messed"
        r"|screwed) up>>.{0,60}<<(?:caused|fire|damage|broke\w*|flood\w*)>>|<<gehouden de schade>>",
        rf"<<{_OUR_PEOPLE} (?:heeft|hebben)>>.{{0,60}}<<(?:laten staan|laten liggen|vergeten|open gelaten)>>.{{0,60}}<<(?:stuk|kapot|schade|nat"
        rf"|beschadigd|weg)>>",
        r"<<(?:blame|fault|responsibility) for .{0,40}<<(?:sits|lies|is|rests) with us>>|<<(?:we|i) should be held (?:responsible|liable)>>",
        r"<<(?:de |alle )?schade die (?:wij|we) (?:\w+ )*?(?:hebben )?(?:veroorzaakt|aangericht)",
    ),
    unless_near=_NOT,
    unless_before=_OPEN,
    unless_sentence=_HOLD_LIABLE,
)
_DONE_WRONG: Final = Saying(
    Wording(
        # because our fitter did it wrong
        rf"<<(?:doordat|omdat|want|aangezien) (?:{_OUR_PEOPLE}|wij|we|ik)>>.{{0,70}}<<(?:niet (?:goed|op tijd|voldoende|juist|hebben)|verkeerd"
        rf"|vergeten|te (?:hard|laat|strak|los|diep|zwaar|snel)|open|slordig|onvoldoende|laten)>>",
        rf"<<(?:{_OUR_PEOPLE}|wij|we|ik)>>.{{0,30}}<<in de fout (?:gegaan|gingen|ging)>>",
    ),
    unless_before=_OPEN,
    unless_sentence=_HOLD_LIABLE,
)
_MILD: Final = Wording(r"<<(?:niet|fout)>>")
"""Of what was done wrong: it takes the blame only where something was harmed."""
_FAULTS: Final = Saying(
    Wording(
        rf"<<(?:onze|mijn|eigen) (?:\w+ )?{_FAULT}>>",
        rf"<<{_FAULT}(?: voor \w+ \w+)? (?:ligt|lag|zit|zat|licht|is)>>.{{0,30}}<<(?:bij|aan|van) (?:ons|mij|wij|{_OUR_PEOPLE})>>",
        r"<<(?:ligt|lag) (?:\w+ ){0,3}?(?:aan|bij) ons>>",
        rf"<<{_FAULT} (?:\w+ )?(?:van|bij|door|in|aan) (?:ons|onze (?:kant|zijde)|{_OUR_PEOPLE})>>",
        r"<<(?:ons|onszelf|mij) (?:\w+ )?(?:te verwijten|aan te rekenen|toe te rekenen|te wijten)>>",
        r"<<te wijten (?:\w+ )?aan>>.{0,20}<<(?:ons|onze|mij)>>",
        r"<<(?:op )?ons conto>>",
        r"<<(?:onze|mijn) verantwoordelijkheid>>(?! om| dat)|<<(?:komt|kwam|is) (?:\w+ )?door (?:ons|onze) (?!mail|brief|bericht)",
        r"<<because (?:we|our (?:\w+ ){1,2}?)(?: |<<)(?:left|forgot|failed|broke|didn't|did not|dropped|lost|neglected)>>",
        rf"<<door een (?:\w+ )?{_FAULT} (?:van|bij|aan|in) (?:ons|onze|mij)>>",
        r"<<(?:our|my) (?:\w+ )?(?:fault|mistake|error|negligence|carelessness|failing|failure)>>",
        r"<<(?:fault|mistake|error|blame|failure) (?:\w+ )?(?:is|was|lies|lay|on|with|at) (?:\w+ )?(?:our|ours|us|me|my|with us|on us)>>",
        r"<<(?:down to|because of|due to) (?:us|our (?:fault|mistake|error|negligence|carelessness|own))>>",
        r"<<(?:that's|this is|that is|it's) (?:entirely |all |completely |fully )?(?:on|down to) us>>",
    ),
    unless_near=_NOT,
    unless_before=_OPEN,
    unless_sentence=_HOLD_LIABLE,
)
_ABOUT_HARM: Final = Wording(rf"<<{_HARM}>>")
_WHOLLY: Final = Wording(
    # whose it is, said out loud: needs no damage beside it
    r"<<(?:schuld|nalatigheid|toedoen|verwijtbaar|te verwijten|te wijten|toe te rekenen|negligence|blame)>>",
    r"<<(?:volledig|geheel|helemaal|volkomen|duidelijk|echt|entirely|completely|fully|wholly|totally|100%) .{0,25}<<(?:ons|onze|us|our)>>",
)


def blame(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`liability_admission`: the first words of each sentence that take the blame."""
    read = reading.as_us(reading.of(draft), book)
    places = [*_ANSWERABLE.found(read), *_CAUSED.found(read)]
    faults = list(_FAULTS.found(read))
    for start, end in _DONE_WRONG.found(read):
        (faults if _MILD.search(read.own_lower[start:end], read) else places).append((start, end))
    if faults and not _SLIP.search(read.own_lower, read):
        asked = reading.of_text(draft.incoming) if draft.incoming else None
        harm = bool(_ABOUT_HARM.search(read.own_lower, read)) or bool(asked and _ABOUT_HARM.search(asked.own_lower, asked))
        places += [place for place in faults if harm or _WHOLLY.search(read.own_lower[read.sentence_at(place[0]).start : place[1]], read)]
    seen: set[int] = set()
    for start, end in sorted(places):
        sentence = read.sentence_at(start).start
        if sentence not in seen:
            seen.add(sentence)
            yield Found("liability_admission", _MESSAGE, *trimmed(draft.text, start, end))


_MESSAGE: Final = (
    "This takes the blame for damage or loss, or legal responsibility. Say that you are sorry and what happens next; whose fault it "
    "is, legal says."
)
