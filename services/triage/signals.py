r"""What cannot wait, and what can hurt: a text and what is known of its sender reach this module, risks and an urgency leave it.

Readable rules, on purpose: when a team asks why a message was called critical, the answer is a line of `patterns/` and the words that it
matched (`words`). Rules know only what somebody thought of; a learned head, where there is one, is a second opinion: `risks` and
`urgency` take its probabilities and say how the two are weighed. What both miss, people correct.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import re2

from libs.common.wordvectors import well_formed
from services.triage.context import INFLUENTIAL_FOLLOWERS, UNKNOWN, Context
from services.triage.patterns import claims, conduct, harm, leaks, neighbours, press, service

MAX_CHARS = 10_000
MAX_WORDS: Final = 80
"""Letters of a text that one pattern may show as its reason."""
NEGATIVE_SCORE = -0.2
GLAD_SCORE: Final = 0.5

Urgency = str
"""critical, high, normal or low."""


FILTERS: Final = ((press, conduct), (harm,), (leaks,), (claims, service, neighbours))
"""The tables whose patterns share a filter."""
TABLES: Final = tuple(table for tables in FILTERS for table in tables)
SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {name: tuple(pattern for table in TABLES for pattern in table.SIGNALS.get(name, ())) for one in TABLES for name in one.SIGNALS}
)
"""Signal → patterns. A signal is there when any of its patterns is."""
TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType(
    {name: sets for table in TABLES for name, sets in table.TOGETHER.items()}
)
"""Signal → sets of signals. A signal is also there when all of any set are."""
NAMES: Final = tuple(sorted({*SIGNALS, *TOGETHER, "campaign"}))
"""All signals that a text can have."""
GAP: Final = "[^.!?]*"
"""What "…" in a pattern stands for: the rest of a sentence, which an automaton follows at no cost, unlike a counted number of letters."""

OPEN: Final = frozenset({"advert", "asks", "campaign", "fame", "machine_mail", "problem"})
"""The signals that heads may trust as they find them. The others were written with training messages at hand, where they miss less than
elsewhere: a head that always sees them there leans on them, and no longer finds what they miss. Fitting takes some of them away."""

RISKS: Final = ("influencer", "press", "legal_threat", "safety", "data_leak", "staff_leak", "hashtag_hijack", "discrimination", "self_harm")
CRITICAL: Final = frozenset({"press", "legal_threat", "safety", "self_harm", "fraud", "stranded", "vulnerable"})
HIGH: Final = frozenset(
    {"data_leak", "staff_leak", "discrimination", "influencer", "total_loss", "deadline", "attempts", "money_waiting", "phishing"}
)
ASKING: Final = frozenset({"journalist", "press_contact"})
IN_NEED: Final = frozenset({"fraud", "stranded", "vulnerable"})
ALARMING: Final = frozenset({"press", "legal_threat", "safety", "self_harm"})
"""Risks that make a message critical, whatever its tone."""
THRESHOLDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "influencer": 0.5,
        "press": 0.5,
        "legal_threat": 0.5,
        "safety": 0.3,
        "data_leak": 0.25,
        "staff_leak": 0.5,
        "hashtag_hijack": 0.7,
        "discrimination": 0.5,
        "self_harm": 0.5,
    }
)
"""From which probability a head alone is believed: measured on messages that neither rules nor heads had seen. Low where it finds what the
rules miss, high where it mostly raises false alarms."""

_HASHTAG: Final = re.compile(r"#\w+")
_HUMP: Final = re.compile(r"[A-Z][a-z]+")
_SLOGAN: Final = re2.compile(
    r"#((samen|altijd|mijn|jouw|lekker|overal|beter|geniet|iedereen|thuisbij|kiesvoor|always|together|every|even|warm|zacht)[a-z]{3,}"
    r"|(ik|wij|jij|doe|maak|kleur|geef|leef|voel|beleef|ontdek|zoek|droom|vier|deel|blijf|proef)(je|de|het|een|mee|me|was|wil|voel|kies|ben|heb|zijn|met|jouw|jullie|samen|zelf)[a-z]{2,})"
    r"|(moment(en|s|je)?|dichtbij|verbonden|denktmee|brengt\w*|cares|gives\w*|together|challenge|geluk|verbindet|voorjou|metjou|voorelkaar"
    r"|welkom|erbij|vanhetjaar|vandeweek|jeleven|jedag|momentje[a-z]+|weken|verhaal|avontuur)\b"
)
_OPENING: Final = re.compile(
    "ik|wij|we|ons|onze|jij|jouw|doe|ga|kies|zo|ook|meer|elke|voor|van|bij|thuis|slaap|eet|vers|fijn|kleur|ooit|echt|gewoon|hier|nu|dit"
    "|my|our|your|just|go|love|live|feel|make|share|get|see|stay|the|mein|unser|dein|ma|mon|notre|vive"
)
_PROTEST: Final = re.compile("#(save|fix|boycott|stop|cancel|never|nooit|weg|red|justice|shame|schande|avoid|fail)", re.IGNORECASE)
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")


def fold(text: str) -> str:
    """The form that the patterns are written for: lower case, no accents, straight quotes, single spaces, at most MAX_CHARS."""
    short = text[:MAX_CHARS].lower().replace("’", "'").replace("‘", "'")
    if not short.isascii():
        short = well_formed(short)
        short = _ACCENTS.sub("", unicodedata.normalize("NFKD", short))
    return " ".join(short.split())


@dataclass(frozen=True, slots=True)
class _Matcher:
    """Patterns behind a filter: one pass finds the letters without which a pattern cannot match (three or more in a row), and only
    patterns whose letters are there are tried. One automaton of all patterns would be quicker on texts like those it has seen, and many
    times slower on others: it grows with every new combination of half-matched patterns. Several filters, because what the engine
    remembers of a pass is bounded and it starts anew when that is full, while every further pass costs its own time.
    """

    filter: re2.Filter
    owners: tuple[str, ...]
    """Per pattern, its signal."""


@lru_cache(maxsize=1)
def _matchers() -> tuple[_Matcher, ...]:
    made = []
    for tables in FILTERS:
        every = re2.Filter()
        owners = []
        for table in tables:
            for signal, patterns in table.SIGNALS.items():
                for pattern in patterns:
                    every.Add(pattern.replace(" … ", GAP))
                    owners.append(signal)
        every.Compile()
        made.append(_Matcher(every, tuple(owners)))
    return tuple(made)


def signals(text: str) -> frozenset[str]:
    """The names of all signals in the text."""
    return signals_of([text])[0]


def signals_of(texts: Sequence[str]) -> list[frozenset[str]]:
    """The names of all signals in each text. Filter by filter over all texts: what a filter remembers stays in the processor's cache."""
    folded = [fold(text) for text in texts]
    encoded = [text.encode() for text in folded]
    found: list[set[str]] = [set() for _ in texts]
    for matcher in _matchers():
        match, owners = matcher.filter.Match, matcher.owners
        for row, text in enumerate(encoded):
            hits = match(text)
            if hits:  # without a match the engine says None, not an empty list
                found[row].update([owners[hit] for hit in hits])
    for row, there in enumerate(found):
        if "?" in folded[row]:  # a pattern of one letter would be tried on every text
            there.add("asks")
        if "#" in folded[row] and any(map(is_campaign, _HASHTAG.findall(texts[row][:MAX_CHARS]))):
            there.add("campaign")
        if there:
            there.update([name for name, sets in TOGETHER.items() if any(parts <= there for parts in sets)])
    return [frozenset(there) for there in found]


def words(text: str, wanted: frozenset[str] | None = None) -> dict[str, list[str]]:
    """For each signal in the text (or each of `wanted` that is there): the words that it was recognised by, as `fold` leaves them.

    Slower than `signals`, and meant for the few texts about which somebody wants to know why.
    """
    folded = fold(text)
    found: dict[str, list[str]] = {}
    for matcher in _matchers():
        for index in matcher.filter.Match(folded) or ():
            match = matcher.filter.re(index).search(folded)
            found.setdefault(matcher.owners[index], []).append(match.group().strip()[:MAX_WORDS])
    if "?" in folded:
        found.setdefault("asks", []).append("?")
    tags = [tag for tag in _HASHTAG.findall(text[:MAX_CHARS]) if is_campaign(tag)]
    if tags:
        found["campaign"] = tags
    for name, sets in TOGETHER.items():
        for parts in sets:
            if parts <= found.keys():
                found.setdefault(name, []).extend(word for part in sorted(parts) for word in found[part])
    return {name: list(dict.fromkeys(found[name])) for name in found if wanted is None or name in wanted}


def is_campaign(hashtag: str) -> bool:
    """Whether a hashtag (with its #) reads like a slogan rather than a name: three words or more, or a word that slogans are made of."""
    if _PROTEST.match(hashtag):
        return False
    humps = _HUMP.findall(hashtag)
    if len(humps) >= 3 or (len(humps) == 2 and _OPENING.fullmatch(humps[0].lower())):
        return True
    return _SLOGAN.search(fold(hashtag)) is not None


def risks(
    text: str,
    found: frozenset[str],
    score: float,
    context: Context = UNKNOWN,
    campaign_hashtags: Sequence[str] = (),
    internal_names: Sequence[str] = (),
    chances: Mapping[str, float] | None = None,
) -> list[str]:
    """The risks of a message, in the order of RISKS: what the rules find, and what a head is sure enough of.

    `score` is the sentiment's, -1 to 1; hashtags and names are in lower case. `chances`: risk → the head's probability. Without the
    brand's own hashtags, one that reads like a slogan counts; without a number of followers, who speaks of their own followers does.
    """
    lower = text[:MAX_CHARS].lower()
    present = set(found)
    negative = score <= NEGATIVE_SCORE
    reach = context.followers
    if (reach is None and negative and "fame" in found) or (reach is not None and reach >= INFLUENTIAL_FOLLOWERS and score <= 0):
        present.add("influencer")
    if context.staff and any(name in lower for name in internal_names):
        present.add("staff_leak")
    tagged = any(tag in lower for tag in campaign_hashtags) if campaign_hashtags else "campaign" in found
    if tagged and (negative or not found.isdisjoint({"machine_mail", "advert"})):
        present.add("hashtag_hijack")
    if "machine_mail" in found:
        # Newsletters and absence notes name spokespersons and regulators without meaning anything by it.
        present -= {"press", "legal_threat"}
    if not found.isdisjoint(ASKING):
        # Whoever asks for the press wants to know what a regulator was told, and threatens nobody.
        present.discard("legal_threat")
    if score >= GLAD_SCORE:
        # "Dangerously good", "even my lawyer was pleased": people who are glad borrow such words.
        present -= {"legal_threat", "safety", "data_leak", "discrimination"}
    if chances:
        present.update(risk for risk, chance in chances.items() if chance >= THRESHOLDS[risk] and _possible(risk, lower, reach))
    return [risk for risk in RISKS if risk in present]


def _possible(risk: str, text: str, followers: int | None) -> bool:
    """What no probability can outweigh: there is no hijack without a hashtag, no influencer whose few followers are known."""
    if risk == "hashtag_hijack":
        return "#" in text
    return risk != "influencer" or followers is None or followers >= INFLUENTIAL_FOLLOWERS


def urgency(likeliest: Urgency, risk: Sequence[str], found: frozenset[str] = frozenset(), *, glad: bool = False) -> Urgency:
    """How soon a person must see a message: what the heads find likeliest, raised to what its risks ask for, and to critical for a vulnerable or stranded
    person and a victim of fraud, unless the message is `glad`: too soon costs minutes, too late costs them."""
    if not ALARMING.isdisjoint(risk) or (not glad and not found.isdisjoint(IN_NEED)):
        return "critical"
    return "high" if likeliest != "critical" and not HIGH.isdisjoint(risk) else likeliest
