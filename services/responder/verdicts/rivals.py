"""Whether a text runs down a competitor, by name or not. To name one is no fault."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from libs.common.brandbook import BrandBook
from services.responder.bounded import Pattern
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.verdicts.reading import Reading
from services.responder.wording import Wording, trimmed

_UNNAMED: Final = (
    r"(?:(?:de|een|onze|die|hun|elke|welke|deze|menig) (?:\w+ )?concurren(?:t|ten|tie)|concurrerende \w+|(?:veel |sommige |de meeste |die |de |alle "
    r"|enkele )?andere (?:\w*aanbieders?|providers?|partijen|partij|bedrijven|bedrijf|\w*winkels?|webshops?|\w*leveranciers?"
    r"|maatschappijen|maatschappij|banken|bank|verzekeraars?|vervoerders?|supermarkten|supermarkt|ketens?|parken|park|hotels?|energiebedrijven"
    r"|merken|merk|clubs?|apps?|gemeenten)|sommige (?:aanbieders|providers|partijen|bedrijven|banken|winkels)"
    r"|een andere? (?:aanbieder|provider|partij|leverancier|bank|verzekeraar|winkel|supermarkt|merk|keten)|bij (?:de buren|de overkant|een ander"
    r"|anderen)|de (?:over)?buren|(?:die |de |zo'n |sommige )?(?:prijsvechters?|budget\w*aanbieders?|stuntaanbieders?|stunters?"
    r"|goedkope (?:aanbieders?|partijen|jongens|clubs?|webshops?))"
    r"|(?:die|dat) andere|concullega'?s?|elders|ergens anders|(?:our |the |any |other |your |a |some )?competit(?:ors?|ion)|(?:(?:some|certain|most"
    r"|many|all) )?other (?:providers?|companies|shops|stores|suppliers?|banks|insurers|operators?|brands|airlines|retailers|parks"
    r"|supermarkets|networks?|parties|chains?|firms|outfits|hotels|carriers)|the other (?:lot|guys|company|provider|bank|shop|store|one)"
    r"|(?:some|many|most|those|these|the|certain) (?:budget|cheap|cheaper|bargain|low-cost) \w+|certain others|some others|others out there"
    r"|elsewhere|rivals?|your (?:old|previous|last) (?:provider|supplier|bank|insurer|operator)"
    r"|(?:je|uw|jouw) (?:oude|vorige) (?:provider|aanbieder|leverancier|bank|verzekeraar))"
)
_RUNS_DOWN: Final = Wording(
    r"<<(?:slecht|slechte|slechter\w*|beroerd\w*|waardeloos|waardeloze|matig\w*|drama\w*|ramp|rampzalig\w*|rommel\w*|troep|prut\w*|bagger|brakke?"
    r"|onbetrouwbaar\w*|onbetrouwbare|onbereikbaar|traag|trage|trager|langzamer|duurder|peperduur|oplichters?|oplichterij|afzetters?|afgezet"
    r"|afzetten|nep|namaak|wegwerp\w*"
    r"|goedkoop is|duurkoop|robot|trucs|truc|zonder verbinding|niet zo nauw|van wachten houd\w*|dat merk (?:je|u)|en dat merk|en dat zie|uren"
    r"|dagenlang|wekenlang|in de wacht|voortdurend|steeds|continu|altijd gedoe|levert niks|levert niets|niks|jaren achter"
    r"|minder|slechtste|bezuinig\w*|hoofdprijs|weinig|durf|schaam\w*|lukt ze|zo goedkoop|over een maand|maand wel terug|wel weer terug|terug te zien"
    r"|stelt (?:niks|niets|weinig)|verborgen kosten|kleine lettertjes|addertjes?|in de kou|stikken|barsten|zitten wachten|weken|maanden|wachtmuziek"
    r"|wachtstand|verstoppen|belabberd\w*|storingen|uitval|plat|eruit ligt|failliet|klachten|minder goed\w*|minder betrouwbaar\w*|erger|vies|vieze"
    r"|smerig\w*|muf|muffe|ouderwets\w*"
    r"|gebakken lucht|mooie praatjes|loze|gouden bergen|knollen|kat in de zak|krijg je waar|waar (?:je|u) voor betaalt|spijt|hangende pootjes"
    r"|zo weer terug|snel (?:weer )?terug|lachertje|lachwekkend\w*|kwakkel\w*|kneuzen|klungel\w*|amateur\w*|prutser\w*|beunha\w+|cowboys?|zwakker"
    r"|zwakke|mager\w*|schimmel\w*|bedorven"
    r"|flut\w*|wurg\w*|uitkleden|uitmelken|uitgemolken|laks|lak aan|achterlopen|lopen achter|bakken er|niet tippen|rammel\w*|stil(?:staan)?"
    r"|uit elkaar|valt uiteen|kapot|stuk|lek|lekken|file|te laat|knoeien|geknoei|gepruts|sjoemel\w*|jokken|liegen|liegt|gelogen|beloftes|bluf"
    r"|schreeuwen|zo zijn ze|niet voor niets|voor niets"
    r"|verhalen rond|liever niet|niet graag|vertrouwen|niks waard|niets waard|plakband|houtje-touwtje|knudde|kansloos|hopeloos|armoedig|dure"
    r"|schijnkorting\w*|ellende|gedoe|mopperen|mee thuis|van huis|bedroevend\w*|bedenkelijk\w*|twijfelachtig\w*|schimmig\w*|louche|dubieu[sz]e?|vaag"
    r"|vage|maar wat)>>",
    r"<<(?:niemand|nooit|nergens|niet eens|zelden|nauwelijks|amper|geen (?:mens|hond|enkele|idee|service|verstand|klantenservice|reactie|antwoord"
    r"|haast|zin))>>",
    r"<<(?:worse|worst|slow|slower|slowest|unreliable|terrible|awful|rubbish|poor|poorer|poorly|dreadful|pricier|overpriced|overcharg\w*"
    r"|hidden (?:fees|costs|charges)|rip-?offs?|ripped off|ripping|scam\w*|crooks?|shoddy|flimsy|junk|useless|hopeless|a joke|shambles|disaster|mess"
    r"|outages?|inferior|second-rate|weaker|patchy"
    r"|nightmare|cut(?:ting)? corners|let (?:you|people|customers|everyone) down|leave you|leaves you|left you|stranded|hanging|can't (?:match"
    r"|compete|even|manage|say)|don't (?:even|care|bother|answer|pick|know|clean|check)|doesn't (?:even|care|bother|answer|pick|work)|clearly"
    r"|you'll need it|at best|you get what you pay|regret\w*|come crawling"
    r"|crawling back|back (?:soon|within|before)|lag behind|behind the times|fail\w*|empty promises|broken promises|on hold|never|nobody|no one"
    r"|barely|hardly|falls? apart|fall apart|break down|breaks? down|not worth|wouldn't trust|wouldn't touch|dodgy|shady|clueless|amateurs?"
    r"|cheap and nasty|nasty|dirty|filthy|stale|rotten|criminals)>>",
)
_RUNS_DOWN_TOO: Final = Wording(
    # what they are known for, what it comes to with them, what they do to people
    r"<<(?:wachtte|wachttijd\w*|lang(?:er|st)? (?:wachten|in de wacht|aan de lijn)|berucht\w*|(?:staat|staan) (?:\w+ ){0,4}?bekend"
    r"|(?:er|daar)?om bekend|horrorverhal\w*|alleen maar (?:\w+ )?(?:verhalen|klachten|problemen|ellende|fouten|gedoe)|niet klopp\w*|niet klopt"
    r"|niet (?:kunt|kan|kunnen|valt te) zeggen|beknibbel\w*|truc\w*|kunstjes|gillend|(?:aan de )?lopende band|met bosjes|massaal|weglopen"
    r"|zulke fouten|fouten maken|ziek|ziekenhuis|voedselvergiftiging|infuus|weiger\w*|afwijz\w*|geschrapt|schrappen|dubbel en dwars|misleid\w*"
    r"|bedrieg\w*|bedrog|belazer\w*|geflest|afdankertjes|weggeven|weggooien|rechtszaak|namaken|na-?apen|nadoen|afgekeken|ophangen|opgehangen"
    r"|verdwijn\w*|zoekraken|zoekgeraakt|onvriendelijk\w*|onbeschoft\w*|chaos|puinhoop|circus|gokken|gok|roulette|loterij|steken laten vallen"
    r"|laten (?:je|u|mensen|klanten|iedereen)|erop achteruit|slechter af|bedrogen|teleurgesteld|teleurstell\w*|van een koude kermis"
    r"|rammelkast\w*|wagenziek|aftands\w*|duurder uit|toch weer duurder|in de maling|bij de neus|zand in de ogen|weinig van merken"
    r"|(?:wachtte|kreeg|had|hadden|was|waren|zat|stond) (?:je|u|ze)>>.{0,30}<<vast|(?:dan )?(?:ga|gaat) (?:je|u) (?:toch|dan|maar|lekker)"
    r" (?:\w+ )?(?:naar|bij)|lekker naar @)>>",
    r"<<(?:end up (?:paying|with|without|waiting)|pay(?:ing)? for (?:it|that) (?:later|twice)|hang up|hung up|in droves|horror stor\w*|notorious"
    r"|infamous|known for|famous for|a reputation|couldn't|can't (?:find|get|keep|count|deliver|be trusted|rely)|black hole|losing|loses|mix(?:ing)? up"
    r"|wrong|refus\w*|den(?:y|ies|ying)|sneak\w*|tricks?|robs?|robbing|fleec\w*|rips?|the catch|traps?|small print|fine print|lawsuit|sued"
    r"|complain\w*|skimp\w*|the hard way|in the long run|sooner or later|so-called|knock-?offs?|imitat\w*|wouldn't (?:want|count|bet|recommend)"
    r"|waste of|gambl\w*|lottery|chaos|chaotic|circus|clowns?|laughing stock|ghost(?:s|ed|ing)? (?:you|people)|disappear\w*|vanish\w*|run a mile"
    r"|screaming|(?:a |the |for a )reason (?:people|customers|everyone|why|they|so many)|have fun (?:with|at|over)|took shortcuts|shortcuts|sloppy|lazy"
    r"|greedy|rude|broken|breaks|bad|sick|ill|blackout\w*|ripped|stuck|surcharge\w*|every (?:other )?(?:week|day))>>",
    r"<<(?:moet(?:en)? (?:je|u|we) (?:\w+ ){0,2}?@ (?:nemen|hebben|kiezen|vragen)|(?:mag|mogen) (?:je|u|ze) (?:\w+ )?blij zijn"
    r"|(?:echt )?iets voor @|typisch @"
    r"|wel wat gewend|puntje aan|nakomen|niet nakom\w*|(?:is|was) (?:zeker |echt )?(?:te )?bij @|afwachten of|überhaupt|(?:dat )?zoek je (?:maar )?bij @"
    r"|anything to get|come back to us|back to us|promises? the|tell you anything|nonsense|try @ for|still be (?:waiting|on hold|queueing|looking)"
    r"|would still be|with @,? you(?:'d| would)|unlike (?:us|here)|(?:je|u) gewaarschuwd|been warned|halve (?:snelheid|service|waarheid|werk)|half the"
    r" (?:speed|service|truth|story)|(?:zal|zullen|will) (?:je|u|you)? ?(?:dat )?(?:nooit|never)|alleen (?:maar )?(?:uit )?op (?:je|uw) (?:geld|centen)"
    r"|after your money|dial-up|museum|(?:just|only) (?:want|care|after)|ask their customers|keuzemenu\w*|laten (?:\w+ )?(?:zitten|vallen|stikken)"
    r"|in de steek|merk(?:t)?"
    r" (?:je|u) (?:\w+ ){0,2}?aan|(?:doet|doen) alsof|vraag (?:hun|die) klanten|(?:aardig|leuk|mooi),? maar|stone age|stenen tijdperk"
    r"|prehistori\w*|kinderschoenen|kinderspel|speelgoed|toys?)>>",
    r"[😏🙃😬🤭😜🤡🙄🤮💩]",
)
_REFERS: Final = Wording(r"__(?:they|their|them|there|with them|zij|ze|die|daar|hun|bij hen|wie daar|wie (?:ze|die)|en daar|en die)>>")
_BETTER: Final = Wording(
    r"<<(?:in tegenstelling tot|anders dan|niet zoals|beter dan|sneller dan|goedkoper dan|betrouwbaarder dan|eerlijker dan|vriendelijker dan"
    r"|verser dan|schoner dan|veiliger dan|niet als)>>.{0,30}@",
    r"@.{0,70}<<(?:(?:wij|we|bij ons|hier) (?:\w+ )?(?:wel|wél|tenminste|juist)|tenminste)>>|<<(?:bij ons|wij|hier|onze|ons)>>.{0,25}<<(?:wel|wél"
    r"|tenminste)>>.{0,60}@",
    r"<<(?:tenminste|ten minste|at least)>>.{0,90}@",
    r"<<(?:we|i) (?:don't|do not|never|won't)>>.{0,50}<<(?:like|the way|as)>> @|<<(?:laten|laat) (?:we|wij|ik) (?:\w+ )?aan @",
    r"<<(?:unlike|better than|faster than|cheaper than|safer than|fresher than|cleaner than|more \w+ than|as opposed to|not like|instead of)>>.{0,25}@",
    r"@.{0,70}<<(?:we (?:actually|at least|do)|at least (?:we|our|ours)|ours (?:actually|do|does|at least|works?))>>",
)
# About us, about an agreement, or taken back.
_FAIR: Final = Wording(
    r"__(?:wij|we|ik|i)>> (?:\w+ ){0,2}?(?:niet|geen|nooit|never|not|don't|can't|cannot)>>|<<(?:niet|geen|nooit) (?:wij|we|ik)>>",
    r"<<(?:kunnen|kan|doen|willen|zullen|mogen|weten|weet|werken|hebben) (?:wij|we|ik)>>",
    r"<<(?:fijn|mooi|goed) dat (?:het|je|u)>>|<<jammer dat|<<geen (?:kwaad|slecht) woord|<<(?:ook|net als|evenals|zowel) (?:bij )?@",
)
_NEXT: Final = Wording(
    r"__(?:wij|we|bij ons|hier) (?:\w+ ){0,4}?(?:wel|wél|tenminste)>>|__(?:we|ours|with us|here) (?:\w+ ){0,3}?(?:actually|at least|do)>>",
    r"__(?:daar|die|zij|ze|they|their) (?:\w+ ){0,6}?(?:slecht\w*|storing\w*|duurder|trager|niet eens|wachten|nooit|niemand|never|nobody|don't|worse"
    r"|slower)>>",
)
_GENERAL: Final = frozenset(
    [
        "concurrent",
        "concurrenten",
        "concurrentie",
        "concurrerende",
        "andere",
        "anderen",
        "buren",
        "overburen",
        "prijsvechter",
        "prijsvechters",
        "stunter",
        "stunters",
        "budgetaanbieder",
        "budgetaanbieders",
        "stuntaanbieder",
        "stuntaanbieders",
        "goedkope",
        "concullega",
        "concullega's",
        "elders",
        "ergens",
        "sommige",
        "budget",
        "cheap",
        "cheaper",
        "bargain",
        "low-cost",
        "ander",
        "overkant",
        "oude",
        "vorige",
        "competitor",
        "competitors",
        "competition",
        "other",
        "others",
        "elsewhere",
        "rival",
        "rivals",
        "previous",
        "old",
        "competitor's",
    ]
)


@lru_cache(maxsize=64)
def _rival(competitors: tuple[str, ...]) -> Pattern:
    named = [regex.escape(name.lower().replace("’", "'")) for name in sorted(competitors, key=len, reverse=True) if name.strip()]
    return Pattern(r"(?<!\w)(?:" + "|".join([*named, _UNNAMED.replace(" ", r"\s+")]) + r")(?:'?s)?(?!\w)")


def rivals(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`competitor_mention`: a competitor, and what runs it down in the same sentence, or in the next."""
    read = reading.of(draft)
    lower = read.own_lower
    named = [name.lower() for name in book.voice.competitors if name.lower() in lower]
    if not named and not read.has(_GENERAL):
        return
    rival = _rival(book.voice.competitors)
    for index, sentence in enumerate(read.sentences):
        said = lower[sentence.start : sentence.end]
        match = rival.search(said)
        if match is None:
            continue
        following = read.sentences[index + 1 : index + 2]
        after = lower[following[0].start : following[0].end] if following else ""
        marked = said[: match.start()] + "@" + said[match.end() :]
        if not after or said[match.end() :].strip(" '\"”") in ("?", "!", "…"):
            marked += after
        if _OURS.match(said, match.end()):
            continue
        by_name = any(name in match[0] for name in named)
        rivals_word = by_name or bool(_RIVAL_WORD.search(match[0]))
        if _BETTER.search(marked, read) or (
            (
                _down(marked, read, rivals_word)
                or (by_name and _NEXT.match(after, read))
                or (_REFERS.match(after, read) and _down(after, read, rivals_word))
            )
            and not _FAIR.search(marked, read)
        ):
            place = trimmed(draft.text, sentence.start + match.start(), sentence.start + match.end())
            yield Found("competitor_mention", _MESSAGE, *place, "voice.competitors")
            return


_OURS: Final = Pattern(r"\s+(?:van ons|of ours|bij (?:jou|u)|in de buurt|nearby|near you)(?!\w)")
_RIVAL_WORD: Final = re.compile(
    r"concur|concull|compet|rival|budget|prijsv|stunt|goedkope|cheap|bargain|low-cost|provider|aanbieder|banken|banks"
)


def _down(said: str, read: Reading, rivals_word: bool) -> bool:
    """Whether it runs somebody down; `rivals_word`: a competitor is certainly meant."""
    return bool(_RUNS_DOWN.search(said, read) or (rivals_word and _RUNS_DOWN_TOO.search(said, read)))


_MESSAGE: Final = "This runs down a competitor. Say what we do, and leave them out of it."
