"""Whether a text runs down a competitor, by name or not. To name one is no fault."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from libs.common.brandbook import BrandBook
from services.responder.bounded import Pattern
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found
from services.responder.wording import pattern, trimmed

_UNNAMED: Final = (
    r"(?:de concurrenten|de concurrentie|de concurrent|een concurrent|onze concurrent(?:en|ie)?|concurrerende \w+|andere (?:aanbieders?|providers?|partijen|partij|bedrijven|bedrijf|winkels?|webshops?|leveranciers?|maatschappijen"
    r"|maatschappij|banken|bank|verzekeraars?|vervoerders?|supermarkten|ketens?|parken|energiebedrijven|prijsvechters?|merken)|sommige (?:aanbieders|providers|partijen|bedrijven|andere \w+)|een andere (?:aanbieder|provider|partij"
    r"|leverancier|bank|verzekeraar|winkel|supermarkt)|bij (?:de buren|de overkant|die andere|een ander)|de buren|de overburen|(?:de |die )?(?:blauwe|gele|groene|rode|oranje|paarse|roze) (?:concurrent|club|buurman|partij|provider)"
    r"|(?:die |de |zo'n )?(?:prijsvechters?|goedkope (?:aanbieders?|partijen|jongens|club\w*)|budgetaanbieders?|stuntaanbieders?)|dat andere (?:bedrijf|park|merk)|die andere (?:club|partij|bank|tent|provider|aanbieder|winkel)|concullega'?s?"
    r"|elders|ergens anders|(?:our |the |any |other )?competit(?:ors?|ion)|other (?:providers?|companies|shops|stores|suppliers?|banks|insurers|operators?|brands|airlines|retailers|parks|supermarkets|networks?|parties)|(?:some|certain) other"
    r"|the other (?:lot|guys|company|provider|bank|shop|store)|others|elsewhere|rivals?|your (?:old|previous) (?:provider|supplier|bank|insurer)|(?:je|uw|jouw) (?:oude|vorige) (?:provider|aanbieder|leverancier|bank|verzekeraar))"
)
_DISPARAGES: Final = pattern(
    r"<<(?:slecht\w*|beroerd\w*|waardeloos|waardeloze|matig\w*|drama\w*|ramp\w*|rommel\w*|troep|prut\w*|bagger|brak|onbetrouwbaar\w*|onbereikbaar\w*|traag|trage|trager|langzamer|duurder|oplichters?|oplichting|afzetters?"
    r"|nep|namaak|goedkope rommel|goedkoop is|duurkoop|verborgen kosten|kleine lettertjes|addertje|addertjes|in de kou|laten (?:je|u) (?:\w+ )?(?:wachten|zitten|stikken|barsten|in)|weken wachten|uren wachten|in de wacht|wachtrij|wachtmuziek|verstoppen|belabberd\w*"
    r"|storing\w*|uitval|plat|eruit|failliet|klachten|minder (?:goed|snel|betrouwbaar|service|kwaliteit|vers|veilig|punctueel|dekking)|nog (?:nooit|erger|slechter|langer|trager)|erger|vies|vieze|smerig|muf|oud|ouderwets|gebakken lucht|mooie praatjes|loze|beloven (?:veel|van alles|gouden bergen)|gouden bergen"
    r"|knollen|kat in de zak|krijg je waar|waar je voor betaalt|u krijgt waar|spijt|berouw|terugkomen|hangende pootjes|snel weer terug|zo weer terug|succes (?:daar|ermee|bij)|sterkte (?:daar|bij|ermee)|veel (?:plezier|succes|geluk) (?:daar|bij|ermee)|te wensen over|nergens|lachertje|lachwekkend|kwakkel\w*|kneuzen"
    r"|amateur\w*|prutser\w*|beunhaas|beunhazen|cowboys?|zwakker|zwakke|magere?|schimmel\w*|bedorven|flut\w*|wurg\w*|uitkleden|uitmelken|melken|laks|lak aan|achter|achterlopen|niets van|bakken er niets|kunnen (?:het|dat|ze) (?:niet|daar|nog)|kunnen er niets|niet tippen|kan niet tippen|laat staan|alleen maar|helaas vaker)>>",
    r"<<(?:worse|worst|slow|slower|unreliable|terrible|awful|rubbish|poor|poorer|poorly|dreadful|expensive|pricier|overpriced|overcharge\w*|hidden (?:fees|costs|charges)|rip\w*|scam\w*|crooks|shoddy|cheap|flimsy|junk|useless|hopeless|joke|shambles|disaster|mess|outages?|inferior|second-rate|weaker|patchy|nightmare"
    r"|cut corners|cutting corners|let (?:you|people|customers) down|leave you|leaves you|never (?:answer|pick|call|reply|deliver|show|get)|can't (?:match|compete|even|manage|say)|couldn't|don't (?:even|care|bother|answer|pick)|doesn't (?:even|care|bother|answer)|good luck|you get what you pay|regret|come crawling|back soon|be back"
    r"|lag behind|behind the times|fail\w*|empty promises|broken promises|hours on hold|on hold)>>",
)
_BETTER: Final = pattern(
    r"<<(?:(?:in tegenstelling tot|anders dan|niet zoals|beter dan|sneller dan|goedkoper dan|betrouwbaarder dan|eerlijker dan|vriendelijker dan|verser dan|schoner dan|veiliger dan|meer dan|zoals je (?:bij|van))>>.{0,40}@|@>>.{0,70}<<(?:wij (?:\w+ )?(?:wel|wél|tenminste|juist)|bij ons (?:\w+ )?(?:wel|wél|niet|tenminste)|(?:wel|wél) (?:echt|gewoon)|tenminste))>>",
    r"<<(?:wij|bij ons|hier|ons|onze)>>.{0,40}<<(?:wel|wél|tenminste|in elk geval|beter|sneller|goedkoper|netter|eerlijker|niet)>>.{0,50}<<(?:dan |zoals |in tegenstelling tot |anders dan )?(?:bij )?@>>",
    r"<<(?:unlike|better than|faster than|cheaper than|more \w+ than|compared (?:to|with)|as opposed to|rather than|not like|instead of)>>.{0,25}@",
    r"@>>.{0,70}<<(?:we (?:actually|at least|do|don't)|with us|at least (?:we|our|ours)|ours (?:actually|do|does|at least|works))>>",
    r"<<(?:at least|tenminste|ten minste)>>.{0,50}<<(?:we|wij|ons|ours?|us)>>",
)
_NEUTRAL: Final = pattern(
    r"<<(?:overstap\w*|switch\w*|nummerbehoud|porting|opzeg\w*|compatible|compatibel|werkt (?:ook )?met|works with|via|wissel\w*|overgestapt)>>"
)


@lru_cache(maxsize=64)
def _rival(competitors: tuple[str, ...]) -> Pattern:
    named = [regex.escape(name.lower().replace("’", "'")) for name in sorted(competitors, key=len, reverse=True) if name.strip()]
    return Pattern(r"(?<!\w)(?:" + "|".join([*named, _UNNAMED]).replace(" ", r"\s+").replace("\\\\s+", r"\s+") + r")(?:'?s)?(?!\w)")


_GENERAL: Final = frozenset(
    "concurrent concurrenten concurrentie concurrerende andere aanbieders anderen buren overburen prijsvechter prijsvechters goedkope budgetaanbieder budgetaanbieders stuntaanbieders concullega elders ergens sommige ander"
    " concullega's overkant oude vorige club competitor competitors competition other others elsewhere rival rivals certain previous old competitor's".split()
)


def rivals(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """`competitor_mention`: a competitor, and in the same sentence or the next what runs it down."""
    read = reading.of(draft)
    lower = read.own_lower
    named = any(name.lower() in lower for name in book.voice.competitors)
    if not named and not read.has(_GENERAL):
        return
    rival = _rival(book.voice.competitors)
    sentences = read.sentences
    for index, sentence in enumerate(sentences):
        said = lower[sentence.start : sentence.end]
        match = rival.search(said)
        if match is None:
            continue
        following = sentences[index + 1] if index + 1 < len(sentences) else None
        after = lower[following.start : following.end] if following else ""
        marked = said[: match.start()] + "@" + said[match.end() :]
        if _DISPARAGES.search(marked) or _BETTER.search(marked) or (named and _BETTER_NEXT.search(after)):
            yield Found(
                "competitor_mention",
                _MESSAGE,
                *trimmed(draft.text, sentence.start + match.start(), sentence.start + match.end()),
                "voice.competitors",
            )
            return


_BETTER_NEXT: Final = pattern(
    r"__(?:wij|bij ons|hier) (?:\w+ ){0,4}?(?:wel|wél|tenminste)>>|__(?:we|ours|with us) (?:\w+ ){0,3}?(?:actually|at least)>>|<<(?:daar|die|zij|ze) (?:\w+ ){0,4}?(?:slecht\w*|storing\w*|duurder|trager|niet eens|wachten|nooit)>>"
)
_MESSAGE: Final = "This runs down a competitor. Say what we do, and leave them out of it."
