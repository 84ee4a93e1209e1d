"""Whether a text jokes where nobody should: about death, illness, accidents, fraud, debt, discrimination or a disaster."""

from collections.abc import Iterator
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import pattern, trimmed

_GRAVE: Final = pattern(
    # death
    r"<<(?:dood|dode|doden|doodgaan|doodziek|overleden|overlijd\w*|gestorven|sterven|sterft|sterfgeval|begrafenis\w*|begraven|uitvaart\w*|crematie\w*|gecremeerd|begraafplaats|kerkhof|graf|kist|hemel|hiernamaals|nabestaande\w*"
    r"|weduwe|weduwnaar|rouw\w*|erfenis|testament|zelfmoord|suïcide|vermoord|moord|magere hein|pierenland|laatste adem|laatste rustplaats|het hoekje om|tussen zes planken|onder de zoden|in de hemel"
    # illness
    r"|ziek|zieke|ziekte|ziekenhuis|kanker|tumor|chemo\w*|corona|covid\w*|griep|hartaanval|hartinfarct|beroerte|dement\w*|alzheimer|depress\w*|burn-?out|operatie|geopereerd|patiënt\w*|ambulance|ic|intensive care|longontsteking|diagnose"
    r"|handicap\w*|gehandicapt\w*|rolstoel\w*|blind|blinde|doof|dove|invalide|verlamd|epilep\w*|allergi\w*|voedselvergiftiging|salmonella|miskraam|psych\w*|terminaal|reanim\w*"
    # accident, disaster
    r"|ongeluk\w*|ongeval\w*|botsing|aanrijding|aangereden|verongelukt|gewond\w*|gebroken been|gebroken (?:arm|heup|rug|pols|neus)|gevallen|verdronken|verdrink\w*|brand|afgebrand|brandwond\w*|explosie|ontploffing|ontploft|overstroming\w*|overstroomd|watersnood"
    r"|aardbeving\w*|orkaan|ramp|rampen|crash|neergestort|gekapseisd|ontspoord|ontsporing|springer|aanslag|terror\w*|oorlog|bom|bommen|gijzel\w*|gasexplosie|gaslek|koolmonoxide|geëlektrocuteerd|kortsluiting|instorting|ingestort"
    # fraud, debt
    r"|fraude|frauderen|opgelicht|oplicht\w*|gehackt|hackers?|gestolen|beroofd|beroving|inbraak|ingebroken|inbreker\w*|phishing|identiteitsfraude|bankhelpdeskfraude|oplichter\w*|schuld|schulden|schuldsanering|schuldhulp\w*|failliet|faillissement|deurwaarder\w*|incasso\w*|bijstand"
    r"|voedselbank|blut|armoede|dakloos|uit huis gezet|ontslagen|werkloos|rood staan|beslag"
    # discrimination
    r"|discrimin\w*|racis\w*|racist\w*|gediscrimineerd|homo\w*|transgender|trans|moslim\w*|joods|joden|islam\w*|hoofddoek\w*|huidskleur|zwart\w*|gekleurd|allochtoon|buitenlander\w*|asielzoeker\w*|seksis\w*|seksist\w*|vrouwonvriendelijk|geaardheid|ras|etnisch\w*"
    # English
    r"|dead|death|dies|died|dying|passed away|funeral|burial|buried|cremat\w*|grave|coffin|widow|widower|mourning|bereave\w*|late (?:husband|wife|father|mother|dad|mum|mom)|inherit\w*|suicide|murder\w*|kill\w*|sick|ill|illness|disease|hospital\w*|cancer|heart attack|stroke|dementia|surgery|depression|disabled"
    r"|disability|wheelchair|deaf|food poisoning|miscarriage|accident|crash|crashed|collision|injur\w*|broken (?:leg|arm|hip|wrist|ankle|nose)|drown\w*|fire|burnt down|burned down|explosion|exploded|flood|floods|flooding|flooded|earthquake|hurricane|disaster|terror\w*|war|bomb|carbon monoxide|electrocuted|gas leak|fraud|scam|scammed|scammer\w*"
    r"|hacked|hacker\w*|stolen|robbed|burgl\w*|debt|debts|bankrupt\w*|bailiff\w*|broke|homeless|made redundant|laid off|overdrawn|racist|racism|sexist|sexism|discriminat\w*|muslim|jewish|gay|transgender|hijab)>>"
)
_LAUGHS: Final = pattern(
    r"(?<!\w)(?:ha(?:ha)+h?|hi(?:hi)+|he(?:he)+|gna(?:gna)*|lol|lmao|rofl|xd+)(?!\w)|[😂🤣😅😆😜😝😛😉😏🙃🤪😁😄😎🤭😇😈👻💀☠⚰🪦]",
    r"[:;]-?[pdo]\b|;-?\)|:-?\)\)+|:'-?\)",
    r"<<(?:grapje\w*|grap|grappig\w*|geintje\w*|dolletje|knipoog|lachen|lacht|lach|lachertje|humor|mop|mopje|woordgrap\w*|woordspeling|galgenhumor|gein|geinig|joke|joking|jokes|kidding|pun|puns|lighten the mood|just teasing|laugh|laughs|wink|no pun|excuse the pun|joked)>>",
)
_WRY: Final = pattern(
    # a quip without a laugh
    r"<<(?:in (?:elk|ieder) geval|tenminste|gelukkig|dan (?:hoef|hoeft|heb|hebt|heeft|ben|bent|kun|kunt|scheelt)|scheelt (?:weer|toch|je|in)|geen last meer|niet meer (?:nodig|bang|wakker|hoeven)|voordeel|meevaller\w*|positief bekijken|zonnige kant|een geluk bij|laatste (?:zorg|rit|reis)|eeuwig\w*|doodgewoon|doodzonde|dood\w+"
    r"|levend|leven lang|opstanding|wederopstanding|uit de doden|reïncarn\w*|spook\w*|zombie|levensgevaarlijk|om je dood te|dodelijk\w*|levenslang|rust zacht|rust in vrede|bright side|silver lining|at least (?:he|she|they|you|it|that|now|your)|on the plus side|look at it this way|every cloud|that's one way|one less|no more worries|finally (?:some|got) "
    r"|rest in peace|rip|over (?:my|your|our) dead|deadline|dying to|to die for|killer|from beyond|in the next life|heaven|ghost|spirit\w*|zombie|back from the dead|get well soon card)>>"
)
_GRAVE_IN: Final = _GRAVE


def jokes(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`joke_risk`: what laughs, in a text that is about something grave, or answers what is."""
    read = reading.of(draft)
    lower = read.own_lower
    laugh = _LAUGHS.search(lower)
    if laugh is None:
        return
    grave = _GRAVE.search(lower) or (draft.incoming and _GRAVE_IN.search(draft.incoming.lower()))
    if grave:
        sentence = read.sentence_at(laugh.start())
        yield Found("joke_risk", _MESSAGE, *trimmed(draft.text, sentence.start, sentence.end))


_MESSAGE: Final = "This jokes about something that hurts people. Leave the joke out."
