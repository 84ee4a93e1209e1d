"""Whether a text jokes where nobody should: about death, illness, accidents, fraud, debt, discrimination or a disaster."""

import re
from collections.abc import Iterator
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.verdicts.reading import Reading
from services.responder.wording import Wording, each, trimmed

_GRAVE: Final = Wording(
    # death
    r"<<(?:dood\w*|dode|doden|overleden|overlijd\w*|gestorven|sterven|sterf\w*|begrafenis\w*|begraven|uitvaart\w*|crematie\w*|gecremeerd"
    r"|begraafplaats|kerkhof|graf|doodskist|hiernamaals|nabestaande\w*|erfgena\w+|weduwe|weduwnaar|rouw\w*|erfenis|zelfmoord|suïcide|vermoord|moord"
    r"|magere hein|laatste adem|gecondoleerd"
    r"|condoleance\w*|wijlen|overleed|tussen zes planken|onder de zoden|leef nog|leeft nog|had dood"
    # illness
    r"|ziek|zieke|ziekte|ziekenhuis|kanker|tumor|chemo\w*|corona|covid\w*|griep|hartaanval|hartinfarct|beroerte|dement\w*|alzheimer|depress\w*"
    r"|burn-?out|operatie|geopereerd|ambulance|intensive care|longontsteking|handicap\w*|gehandicapt\w*|rolstoel\w*|blind|blinde|doof|dove|invalide"
    r"|verlamd|epilep\w*|voedselvergiftiging"
    r"|miskraam|terminaal|reanim\w*|gips|hechtingen|overgeven|overgegeven|kotsen|spugen|hersenschudding|spoedeisende|gewond\w*|verwond\w*|brandwond\w*|verbrand\w*"
    # accident, disaster
    r"|ongeluk\w*|ongeval\w*|botsing|aanrijding\w*|aangereden|verongelukt|gebroken (?:been|arm|heup|rug|pols|neus|enkel|voet|teen)|(?:been|arm|heup"
    r"|rug|pols|neus|enkel|voet|teen) gebroken|(?:van|op|over|door) (?:de |het |een )?\w+ gevallen|gevallen|verdronken|verdrink\w*|brand|afgebrand"
    r"|uitgebrand|vlammen|explosie|ontploffing|ontploft"
    r"|overstroming\w*|overstroomd|watersnood|aardbeving\w*|orkaan|ramp|rampen|neergestort|ontspoord|ontsporing|springer|aanslag|terror\w*|oorlog"
    r"|gijzel\w*|gasexplosie|gaslek|koolmonoxide|geëlektrocuteerd|schok|stroomstoot|kortsluiting|ingestort|persoon op het spoor"
    r"|aanrijding met een persoon|evacu\w*|hulpdiensten|brandweer"
    r"|uitgegleden|gegleden|glijpartij|brak (?:een|zijn|haar|je|mijn|m'n|zich) \w+|gebroken|de ic|turbulentie|besmet\w*|allergi\w*|bloed\w*|pijn"
    r"|voor de trein|van de trap|steekpartij|overval\w*|opgenomen|bewusteloos|flauwgevallen|vermist"
    # fraud, debt
    r"|fraude\w*|opgelicht|oplicht\w*|gehackt|hackers?|gestolen|stal|beroofd|beroving|inbraak|ingebroken|inbreker\w*|phishing|identiteitsfraude|nepwinkel"
    r"|nepwebshop|nepmail|geskimd|schuld|schulden|schuldsanering|schuldhulp\w*|failliet|faillissement|deurwaarder\w*|incassobureau|bijstand"
    r"|voedselbank|blut|armoede|dakloos|ontslagen|werkloos|baan kwijt|rood staan|beslag"
    # discrimination
    r"|discrimin\w*|racis\w*|gediscrimineerd|homo\w*|transgender|moslim\w*|joods\w*|joden|islam\w*|hoofddoek\w*|huidskleur|allochto\w*"
    r"|buitenlander\w*|asielzoeker\w*|seksis\w*|vrouwonvriendelijk|geaardheid|etnisch\w*|achternaam|zwart persoon|accent|afkomst"
    # English
    r"|hit by|run over|knocked over|slipped|fell|broke (?:a|an|his|her|my|their|your) \w+|icu|laid off|lost (?:my|his|her|their|our) (?:job|home"
    r"|house|mum|dad|mother|father|son"
    r"|daughter|wife|husband|nan|grandma|grandad|dog|cat|baby)|hurt|bleeding|in pain|turbulence|passed out|missing person|stabb\w*|mugged"
    r"|dead|death|dies|died|dying|passed away|funeral|burial|buried|cremat\w*|grave|coffin|widow|widower|mourning|bereave\w*|late (?:husband|wife"
    r"|father|mother|dad|mum|mom)|suicide|murder\w*|killed|sick|ill|illness|disease|hospital\w*|cancer|heart attack|stroke|dementia|surgery"
    r"|depression|disabled|disability|wheelchair"
    r"|deaf|food poisoning|miscarriage|accident|crashed|collision|injur\w*|broken (?:leg|arm|hip|wrist|ankle|nose|foot|toe)|broke (?:my|his"
    r"|her) (?:leg|arm|hip|wrist|ankle|nose|foot|toe|back)|fell (?:off|down|over)|drown\w*|on fire|caught fire|fire|burnt down|burned down|explosion"
    r"|exploded|flood|floods|flooding|flooded|earthquake|hurricane|disaster|terror\w*"
    r"|bomb|carbon monoxide|electrocuted|electric shock|gas leak|fraud|scam|scams|scammed|scammer\w*|hacked|hacker\w*|stolen|stole|robbed|burgl\w*|debt"
    r"|debts|bankrupt\w*|bailiff\w*|homeless|redundant|lost my job|overdrawn|racist|racism|sexist|sexism|discriminat\w*|muslim|jewish|gay"
    r"|transgender|hijab|headscarf|skin colou?r)>>"
)
_LAUGHS: Final = Wording(
    r"<<(?:haha\w*|hihi\w*|hehe\w*|lol|lmao|rofl|xd+)>>",
    r"<<(?:grapje\w*|grapp\w+|grappig\w*|geintje\w*|dolletje|knipoog|galgenhumor|woordgrap\w*|woordspeling\w*|geinig|just kidding|only kidding"
    r"|no pun intended|excuse the pun|pun intended|joking|joke|jokes|komiek|cabaret\w*|comedian|comedy)>>",
)
_QUIPS: Final = Wording(
    # what a quip is made of, with or without a laugh
    r"<<(?:hoeft|hoef|heeft|zal|zult|won't|wouldn't|no longer) .{0,30}<<(?:niet meer|geen|be needing|need|be using|have to)>>.{0,40}<<(?:storing"
    r"|bundel|data|wifi|bellen|opladen|in de rij|wachten|any ?more|bundle)|<<at least (?:he|she|they|it|you|that|your)>>",
    r"<<(?:hearts? racing|harten? sneller|warmpjes|bloedstollend|adembenemend|breathtaking|ademloos|(?:had|hadden) (?:\w+ )?haast|smaak (?:heeft|had"
    r"|blijkbaar)|kleurenblind|geld maakt (?:toch )?niet gelukkig|money isn't everything|money can't buy|zie het als|see it as|beschouw het als"
    r"|think of it as|altijd al (?:\w+ )?(?:gewild|willen)|you always wanted|wilde je niet altijd|just what you (?:always )?wanted)>>",
    r"<<(?:dat |zo |dit )?(?:noem|noemen|heet) (?:ik|wij|we|je|dat|dan|men)>>.{0,40}|<<(?:that's|that is|now that's) what (?:we|i|you"
    r"|they)(?:'d)? call>>|<<(?:talk about|speaking of) (?:a |an |the )?\w+",
    r"<<(?:scheelt|scheelde|bespaart?|bespaard|saves?|saved) (?:\w+ ){0,2}?(?:weer|toch|in elk geval|je|u|jullie|alweer|een|you|a|on|at least)>>",
    r"<<(?:is|zijn|was|lijkt|lijken|werkt|gaat) (?:eigenlijk )?(?:net|precies|een beetje) (?:als |zoals |een |\w+en>>:|treinen|de )|<<(?:are"
    r"|is) (?:a bit |just )?like (?:trains|buses|\w+):",
    r"<<(?:niet|geen) (?:doodgaan|dood|schrikken|sterven|flauwvallen|ziek worden) (?:hoor|alstublieft|a\.u\.b\.|graag)>>|<<don't (?:die|you die"
    r"|drop dead)>>",
    r"<<(?:dan|nu|zo(?! snel| spoedig| gauw)|now|so|well)>>.{0,25}<<(?:in (?:elk|ieder) geval|tenminste|ten minste|at least|alvast)>>"
    r"|<<(?:in (?:elk|ieder) geval|tenminste"
    r"|at least) .{0,40}<<(?:niet meer|geen last|warm|opgeladen|rust|rustig|gratis|nooit meer|no longer|any ?more|warm|quiet|rest|never|peace)>>"
    r"|<<(?:on the bright side|look on the bright|silver lining|every cloud|positief bekeken|positieve kant|zonnige kant|geluk bij een ongeluk"
    r"|voordeel is|het voordeel|meevaller(?:tje)?)>>",
    r"<<(?:gelukkig|fijn|mooi|handig) (?:dat )?(?:hoeft|hoef|heeft|heb|is|kan|hij|zij|ze|je|u|opa|oma)>>.{0,40}<<(?:nu |nooit |niet "
    r"|geen )(?:\w+ ){0,2}?(?:meer|last)>>",
    r"<<(?:om (?:\w+ )?(?:kunnen )?lachen|kon(?:den)? lachen|had er vast om|lach ik me|dood ?lachen|lachen we|laughing|have a laugh|had a laugh"
    r"|the last laugh|in stitches)>>",
    r"<<(?:leergeld|gratis (?:cursus|les|training|sauna|warmte|zwembad|douche|verwarming|bbq|barbecue|vuurwerk|kapbeurt|dieet|vakantie|massage)"
    r"|free (?:lesson|sauna|swimming pool|pool|barbecue|bbq|diet|fireworks|shower|heating)|binnenzwembad|zwembad in huis|eigen zwembad|zwemles\w*"
    r"|zwemdiploma|diploma|duurste les|dure les|expensive lesson|barbecue\w*|bbq|marshmallow\w*|kampvuur|campfire)>>",
    r"<<(?:rust zacht|rust in vrede|r\.?i\.?p|rest in peace|eeuwige (?:rust|jachtvelden)|van gene zijde|uit de dood|uit het graf"
    r"|vanuit het hiernamaals|over (?:mijn|ons|your|my|our|his|her) (?:lijk|dead body)|back from the dead|from beyond|from the grave"
    r"|in the next life|volgend leven|reïncarn\w*|zombie\w*|spook\w*|geest|ghost|haunt\w*|pearly gates|hemelpoort|petrus|st peter|magere hein"
    r"|grim reaper)>>",
    r"<<(?:erfgenamen|erven|nazaten|heirs|next of kin|kist|coffin|grafsteen|grafzerk|gravestone|uitvaart)>>.{0,50}!|<<(?:doodgewoon|doodsaai"
    r"|doodleuk|doodnormaal|doodeenvoudig|doodmoe|morsdood|hartverwarmend|hartstikke dood|brandende kwestie|brandend actueel|heet van de naald"
    r"|heet onder|oververhit|een warm welkom|warm onthaal|warm hart|hot (?:topic|stuff|deal)|burning question|fired up|too hot|killer deal|dying to"
    r"|to die for|drop-dead|dead (?:easy|slow|on time|cheap|line)|sick (?:deal|offer)|break a leg|grave mistake|shocking|schokkend|electrifying)>>",
    r"<<(?:altijd al|toch al|sowieso al|always (?:was|were|been)) (?:\w+ ){0,2}?(?:heet|warm|dood|koud|ziek|uit|plat|brandend|hot|cold|dead|off)>>"
    r"|<<(?:voor (?:hem|haar|oma|opa))>>.{0,30}<<toch al",
    r"<<(?:voortaan|volgende keer|next time) (?:\w+ ){0,3}?(?:met (?:een )?(?:helm|zwembandjes|vleugels|parachute|reddingsvest)|helm|vliegen|zwemmen"
    r"|fly|swim|helmet|parachute)>>",
    r"<<(?:ook|even|gewoon|blijkbaar|kennelijk) (?:\w+ )?(?:zijn|haar|hun|z'n|d'r) dag (?:\w+ )?niet|<<(?:had|heeft) (?:zijn|haar|z'n"
    r"|d'r) dag (?:\w+ )?niet|<<(?:haalde|halen|haalt|caught|made) (?:de|het|his|her|the|that) (?:trein|bus|train) (?:net|nét|wel|wél|just"
    r"|in the end|after all)",
    r"<<(?:komiek|grappenmaker|cabaretier|stand-up|moppen?|moppentapper|timing waar|wat een timing|over timing gesproken|nice timing|perfect timing"
    r"|wie het laatst lacht)>>",
    r"<<(?:hij|zij|ze|die|dat|je|u|opa|oma|die \w+|de \w+) (?:heeft|had|hadden|is|hoeft|kan|was|hebt|hebben) (?:\w+ ){0,2}?in (?:elk|ieder) geval>>"
    r"|<<(?:net als|net zoals) (?:hij|zij|opa|oma|haar|hem|uw|je|jouw)>>|<<you at least>>|<<must be (?:nice|fun|great)|<<sounds like (?:our|your|a"
    r"|he|she|they|someone)"
    r"|<<time to (?:get|buy|learn|grab|dust)>>|<<(?:haren|haar) .{0,20}overeind|<<geld moet rollen|<<(?:great|good|nice) story (?:for|to)"
    r"|<<(?:mooi|leuk|sterk) verhaal|<<hot item|<<goede smaak>>|<<(?:had|was|is) (?:\w+ ){0,3}?"
    r"(?:smashing|killer|blast|shocker|bombshell)|<<(?:smashing|shocking|cracking|explosive) (?:day|time|news|start|experience)|<<dodged a bullet"
    r"|<<lag(?:en)? er (?:mooi|goed|lekker) bij|<<van een kale kip",
    # a manner of speaking
    r"<<(?:zo kun(?:t)? (?:je|u) het ook (?:zien|zeggen|noemen|bekijken)|om het zo (?:maar )?te zeggen|zullen we maar zeggen|bij wijze van spreken"
    r"|letterlijk|als het ware|in vuur en vlam|languit|achtbaan\w*|(?:mee )?het graf in|hogere (?:verbinding|sferen|machten)|hierboven|daarboven"
    r"|vanaf (?:een|zijn|haar) wolk\w*|duur lesje|wijze les|kon(?:den)? (?:\w+ ){0,2}?niet (?:langer )?wachten|kunnen (?:\w+ )?niet wachten tot"
    r"|lekker warm|gratis \w*(?:rit|ritje|tocht|duik|show|sauna|zwembad)|ook een manier om|(?:één|een) manier om|welkom bij de club"
    r"|(?:opeens|ineens|nu) (?:\w+ )?(?:alle|zeeën van) tijd)>>|__(?:nou,? |tja,? |nu,? )?boven (?:heeft|is|kan|hebben)>>",
    r"<<(?:(?:one|a|some) (?:\w+ )?way to (?:get|go|lose|make|start|end|meet|see|spend|save|cool|warm|leave|skip|avoid|take)|guess (?:he|she|they|you"
    r"|that|it)|(?:the )?fast (?:way|lane|track) (?:down|out|up)|won't (?:mind|miss|be complaining|be bothered)|more than you (?:did|do)"
    r"|(?:welcome to|join) the club|gets? out of (?:doing|having|paying|the)|more time for|looks like (?:someone|somebody|he|she)"
    r"|(?:someone|somebody) (?:enjoyed|had fun|got lucky|went shopping)|a better place|higher (?:power|connection)|upstairs|literally|so to speak"
    r"|as they say|you could say|that's (?:karma|life) for you|went out with a bang|roller ?coaster|all the time in the world)>>",
    r"<<(?:wil|wilt|willen) niemand op|<<(?:zo'n|zulke) '\w+'|<<(?:elk|ieder) nadeel heb|<<elk nadeel|<<(?:wie (?:mooi|niet sterk) (?:wil|is)"
    r"|van de nood een deugd|beter een goede buur|wat niet weet)>>|<<hadden (?:ze|we) (?:je|u) er vast",
)
# Kind words with a smile are none.
_KIND: Final = Wording(
    r"<<(?:beterschap|sterkte|succes|gecondoleerd|veel liefs|warme groet\w*|hartelijke groet\w*|wens\w*|hoop|hopen|hopelijk|bedankt|dank|dankjewel"
    r"|graag gedaan|fijn|gelukkig|welkom|groet\w*|liefs|help\w*|kijk\w*|stuur\w*|laat|regel\w*|leven wekken|get well|ik (?:duik|kom|zoek|vraag|bel"
    r"|check|zet|geef|neem|ga|pak|houd|mail)|take care|all the best|wish\w*"
    r"|hope|hoping|thanks|thank|glad|welcome|happy|regards|wishes|help|let us|send|dm)>>"
)
_MARK: Final = re.compile(r"[😂🤣😅😆😜😝😛😉😏🙃🤪😁😄😎🤭😇😈👻💀☠⚰🪦🔥]|(?<!\w)[:;]-?(?:[pdo](?!\w)|\))|[:;]-\)")
_SMILE: Final = re.compile(r"[:;]-?[)pdo]|[😉😁😄😎😇🔥😏🙃]")


def jokes(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`joke_risk`: the sentence that laughs or quips, in a text that is about something grave, or that answers one."""
    read = reading.of(draft)
    laughs, quips = _LAUGHS.there(read), _QUIPS.there(read)
    if not (laughs or quips or _MARK.search(read.own_lower)):
        return
    asked = reading.of_text(draft.incoming) if draft.incoming else None
    asked_about = bool(asked and _GRAVE.search(asked.own_lower, asked))
    if not asked_about and not _GRAVE.search(read.own_lower, read):
        return
    before = ""
    for sentence in read.sentences:
        said = read.own_lower[sentence.start : sentence.end]
        laugh = _MARK.search(said) or next(
            (one for one in each(laughs, said) if not _is_name(draft.text, sentence.start + one.start())), None
        )
        if each(quips, said) or (
            laugh and not (_SMILE.search(laugh[0]) and _smiles_kindly(said[: laugh.start()], before, asked_about, read))
        ):
            yield Found("joke_risk", _MESSAGE, *trimmed(draft.text, sentence.start, sentence.end))
            return
        before = said


def _smiles_kindly(said: str, before: str, asked_about: bool, read: Reading) -> bool:
    """Whether a smile goes with kind words, or with nothing grave: neither what it answers, nor its sentence or the one before."""
    return bool(_KIND.search(said, read)) or not (asked_about or _GRAVE.search(before + said, read))


def _is_name(text: str, start: int) -> bool:
    """Whether what stands there is written as a name: "Joke" within a sentence."""
    return text[start].isupper() and bool(text[:start].rstrip(" ")) and text[:start].rstrip(" ")[-1] not in ".!?\n"


_MESSAGE: Final = "This jokes about something that hurts people. Leave the joke out."
