# ruff: noqa: E501 - a pattern reads best on one line
"""Which service of a brand a message says is out of order: a text reaches this module, names of services leave it.

"app eruit?", "503 at checkout" and "de site ligt plat" have no word in common and say one thing. A report is clear where it says that something is down,
and less so where only its writer cannot get in: one such is their own trouble, and several in one hour beside a clear one are not.
"""

from typing import Final

import re2

ANY: Final = "down"
"""Of a report that does not say what is down: it can be anything. Every report has it."""
CLEAR: Final = "down clearly"

_DOWN: Final = re2.compile(
    r"\b(?:ligt|lag|liggen|lagen|gaat|ging|alles|is|zijn|weer|helemaal|volledig|compleet|totaal)\b[^.!?\n]{0,20}\b(?:plat|eruit|er uit|onbereikbaar|op zijn gat|op z'n gat|dood)\b|\b(?:ligt|lag|liggen|gaat|ging|alles|weer) (?:\w+ ){0,2}(?:down|offline)\b"
    r"|\b(?:app|site|website|webshop|server\w*|systeem|internet|netwerk|tv|stroom|pinnen)\b[^.!?\n]{0,12}\b(?:plat|eruit|down|offline|onbereikbaar|dood)\b"
    r"|\b(?:plat|down|offline)\?|(?:^|[@\n])\w{2,20} (?:er ?uit|plat|down|offline)(?:[?!.,]|$| again| weer| for | voor )|\b(?:(?:stroom|sein|internet|netwerk|pin|tv|bel|computer)storing(?:en|kje)?|storing(?:en|kje)?(?: hier| in| bij| via| op| aan de| met de| met jullie|\?|!|\.|,|$| @|\n)|stroomuitval|(?:stroom|internet|tv|alles|wifi|licht|water) uitgevallen|valt (?:alles |weer |nu )?uit|outage\w*|blackout|power cut)|\b(?:overbelast|overloaded)\b"
    r"|\b(?:is|are|was|were|went|gone|goes|been|both|all|app|site|website|servers?|systems?|network|checkout)(?: (?:now|still|totally|completely|all|both|currently|again|already|fully)){0,2} (?:down|dead|offline|unreachable)\b"
    r"|\b50[0234]\b[^.!?\n]{0,25}\b(?:error|fout\w*|melding|at|bij|op|on)\b|\b(?:error|fout\w*|http|status|een|een|a|got|get)\b[^.!?\n]{0,12}\b50[0234]\b"
)
_NO_ACCESS: Final = re2.compile(
    r"\b(?:wit|zwart|leeg|blauw) scherm\b|\b(?:white|blank|black|empty) (?:screen|page)\b|\b(?:blijft|blijven|draait|draaien|loopt|laadt|staat)\b[^.!?\n]{0,15}\b(?:maar|draaien|laden|vast|hangen|eeuwig)\b|\b(?:spinning|spinner|buffering|time-?out|timed out|timing out|crash\w*|vastgelopen|loopt vast|hangt)\b"
    r"|\b(?:eruit|uit) ge(?:gooid|zet|knikkerd)\b|\b(?:kicked|thrown|booted|logged) (?:me )?out\b|\b(?:wachtrij|virtual queue|virtuele rij)\b"
    r"|\b(?:kan|kun|kom|komt|kunnen|krijg|lukt|wil|gaat)\b[^.!?\n]{0,35}\b(?:niet|niks|niets|geen)\b|\b(?:werkt|werken|doet|doen|laadt|opent|reageert)\b[^.!?\n]{0,20}\b(?:niet|niks|niets)\b"
    r"|\b(?:can'?t|cannot|can not|couldn'?t|unable to|won'?t|doesn'?t|not|isn'?t|aren'?t|no)\b[^.!?\n]{0,25}\b(?:load\w*|open\w*|log(?:ging)? ?in|sign in|get in|access|work\w*|connect\w*|pay|check ?out|respond\w*|reach\w*|order|internet|wifi|signal|power)\b"
    r"|\b(?:zonder|without) (?:internet|tv|wifi|stroom|water|power|gas|warmte)\b|\b(?:internet|wifi|tv|beeld|stroom|stream|signaal|verbinding)\b[^.!?\n]{0,12}\b(?:weg|uit)\b|\bgeen (?:\w+ )?(?:internet|tv|wifi|bereik|verbinding|signaal|stroom|netwerk|beeld|water|gas)\b"
)
_SERVICES: Final = {
    "down online": re2.compile(
        r"\b(?:apps?|site|website|webshop|webwinkel|webpagina|winkelmand\w*|mandje|basket|cart|checkout|afreken\w*|kassa|betaalpagina|inlog\w*|ingelogd|log ?in|logging in|sign in|portal|portaal|pagina|server\w*|wachtrij|virtual queue|mijn [a-z]{4,}|my [a-z]{4,}|online|50[0234]|wit scherm|white screen)\b"
    ),
    "down network": re2.compile(
        r"\b(?:internet\w*|wifi|wi-fi|tv|televisie|beeld|stream|streaming|uitzending|buffering|modem|router|glasvezel|bereik|4g|5g|netwerk|network|broadband|signal|signaal|bellen|vaste lijn|landline)\b"
    ),
    "down power": re2.compile(r"\b(?:stroom(?:storing|uitval)?|elektra|electricity|power|licht|lights|blackout)\b"),
    "down water": re2.compile(r"\b(?:kraan|kranen|waterdruk|geen water|drinkwater|no water|taps?|water pressure)\b"),
    "down heat": re2.compile(r"\b(?:stadswarmte|stadsverwarming|warmtenet|warmte|heating|warm water|hot water)\b"),
    "down payment": re2.compile(
        r"\b(?:pin|pinnen|gepind|pinpas|ideal|betaling\w*|betalen|contactloos|payments?|declined|geweigerd|geldautomaat|atms?)\b"
    ),
}
_MAY: Final = re2.compile(
    r"plat|eruit|er uit|uit ge|down|offline|storing|uitval|uitgevallen|valt|outage|blackout|power cut|dead|dood|onbereikbaar|unreach|50[0234]|scherm|screen|page|niet|niks|niets|geen|\bno|n't|cant|cannot|unable|wachtrij|queue|zonder|without|weg|uit|buffer|crash|hang|spin|time|timing|out|overb|overl|vast|maar"
)
_NONE: Final[frozenset[str]] = frozenset()
MAX_CHARS: Final = 400
"""Of a report: who writes more has a story of their own, in which something does not work, too."""


def outages(lower: str) -> frozenset[str]:
    """What a text after `folded` says is down, for whoever shares the service: ANY, CLEAR where it says so, and the services."""
    if len(lower) > MAX_CHARS or not _MAY.search(lower):
        return _NONE
    clear = _DOWN.search(lower) is not None
    if not clear and not _NO_ACCESS.search(lower):
        return _NONE
    services = {name for name, pattern in _SERVICES.items() if pattern.search(lower)}
    if not clear and not services:
        return _NONE
    return frozenset({ANY, *services, *([CLEAR] if clear else [])})


def one_outage(one: frozenset[str], other: frozenset[str]) -> str:
    """The service that two texts, by their flags, both say is down; ANY where one of them does not say which; else ""."""
    if ANY not in one or ANY not in other:
        return ""
    mine, theirs = one & _SERVICES.keys(), other & _SERVICES.keys()
    if mine and theirs:
        return min(mine & theirs, default="")
    return ANY if CLEAR in one or CLEAR in other else ""
