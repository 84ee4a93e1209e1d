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

from services.triage.context import INFLUENTIAL_FOLLOWERS, UNKNOWN, Context
from services.triage.features import well_formed
from services.triage.patterns import claims, conduct, harm, leaks, press, service

MAX_CHARS = 10_000
MAX_WORDS: Final = 80
"""Letters of a text that one pattern may show as its reason."""
NEGATIVE_SCORE = -0.2
GLAD_SCORE: Final = 0.5

Urgency = str
"""critical, high, normal or low."""


TABLES: Final = (press, harm, conduct, leaks, claims, service)
SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType({name: found for table in TABLES for name, found in table.SIGNALS.items()})
"""Signal → patterns. A signal is there when any of its patterns is."""
TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType(
    {name: sets for table in TABLES for name, sets in table.TOGETHER.items()}
)
"""Signal → sets of signals. A signal is also there when all of any set are."""
GAP: Final = "[^.!?]*"
"""What "…" in a pattern stands for: the rest of a sentence, which an automaton follows at no cost, unlike a counted number of letters."""

OPEN: Final = frozenset({"advert", "asks", "campaign", "fame", "machine_mail", "problem"})
"""The signals that a head for risks may learn from. The others were written with the training messages at hand: a head that sees them
trusts them more than they deserve and is no second opinion (with four in ten signals taken away it made good half as much)."""

RISKS: Final = ("influencer", "press", "legal_threat", "safety", "data_leak", "staff_leak", "hashtag_hijack", "discrimination", "self_harm")
CRITICAL: Final = frozenset({"press", "legal_threat", "safety", "self_harm", "fraud", "stranded", "vulnerable"})
HIGH: Final = frozenset(
    {"data_leak", "staff_leak", "discrimination", "influencer", "total_loss", "deadline", "attempts", "money_waiting", "phishing"}
)
ASKING: Final = frozenset({"journalist", "press_contact"})
ALARMING: Final = frozenset({"press", "legal_threat", "safety", "self_harm"})
"""Risks that make a message critical, whatever its tone."""
THRESHOLDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "influencer": 0.3,
        "press": 0.3,
        "legal_threat": 0.3,
        "safety": 0.4,
        "data_leak": 0.15,
        "staff_leak": 0.2,
        "hashtag_hijack": 0.2,
        "discrimination": 0.2,
        "self_harm": 0.15,
    }
)
"""From which probability a head alone is believed: where its five-fold F1 together with weakened rules was best, and lower where a miss
is worse than a false alarm."""

_HASHTAG: Final = re.compile(r"#\w+")
_HUMP: Final = re.compile(r"[A-Z][a-z]+")
_SLOGAN: Final = re2.compile(
    r"#(samen|altijd|mijn|jouw|lekker|nooit|overal|beter|geniet|iedereen|thuisbij|kiesvoor|ikkies|wezijn|always|together|never|every)\w{3,}"
    r"|(moment(en|s)?|dichtbij|verbonden|denktmee|brengt\w*|cares|gives\w*|together|challenge|geluk|verbindet|voorjou|metjou|voorelkaar)\b"
)
_OPENING: Final = re.compile(
    "ik|wij|we|ons|onze|jij|jouw|doe|ga|kies|zo|ook|meer|elke|voor|van|bij|thuis|slaap|eet|vers|fijn|kleur|ooit|echt|gewoon|hier|nu|dit"
    "|my|our|your|just|go|love|live|feel|make|share|get|see|stay|the|mein|unser|dein|ma|mon|notre|vive"
)
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
    """The patterns of one table behind a filter: one pass finds the letters without which a pattern cannot match (three or more in a
    row), and only patterns whose letters are there are tried. One automaton of all patterns would be quicker on texts like those it has
    seen, and many times slower on others: it grows with every new combination of half-matched patterns. A filter for each table, because
    what the engine remembers of a pass is bounded, and it starts anew when that is full.
    """

    filter: re2.Filter
    owners: tuple[str, ...]
    """Per pattern, its signal."""


@lru_cache(maxsize=1)
def _matchers() -> tuple[_Matcher, ...]:
    made = []
    for table in TABLES:
        every = re2.Filter()
        owners = []
        for signal, patterns in table.SIGNALS.items():
            for pattern in patterns:
                every.Add(pattern.replace(" … ", GAP))
                owners.append(signal)
        every.Compile()
        made.append(_Matcher(every, tuple(owners)))
    return tuple(made)


def signals(text: str) -> frozenset[str]:
    """The names of all signals in the text."""
    folded = fold(text)
    encoded = folded.encode()
    # Without a match the engine says None, not an empty list.
    found = {matcher.owners[index] for matcher in _matchers() for index in matcher.filter.Match(encoded) or ()}
    if "?" in folded:  # a pattern of one letter would be tried on every text
        found.add("asks")
    if "#" in folded and any(map(is_campaign, _HASHTAG.findall(text[:MAX_CHARS]))):
        found.add("campaign")
    found.update([name for name, sets in TOGETHER.items() if any(parts <= found for parts in sets)])
    return frozenset(found)


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


def urgency(likeliest: Urgency, risk: Sequence[str]) -> Urgency:
    """How soon a person must see a message: what the heads find likeliest, raised to what its risks ask for."""
    if not ALARMING.isdisjoint(risk):
        return "critical"
    return "high" if likeliest != "critical" and not HIGH.isdisjoint(risk) else likeliest
