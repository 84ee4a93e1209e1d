r"""What cannot wait, and what can hurt: a text and what is known of its sender reach this module, risks and an urgency leave it.

Readable rules, on purpose: when a team asks why a message was called critical, the answer is a line below. Each signal is a list of
patterns (RE2 syntax, all matched in one pass) over the text in lower case without accents. They are written for Dutch and English,
with the plainest words in German and French. What they miss, people correct; what they find, they can explain.
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
NEGATIVE_SCORE = -0.2
GLAD_SCORE: Final = 0.5
ASKING: Final = frozenset({"journalist", "press_contact"})
MAX_WORDS: Final = 80  # letters of a text that one pattern may show as its reason

_HASHTAG: Final = re.compile(r"#\w+")
_HUMP: Final = re.compile(r"[A-Z][a-z]+")
_SLOGAN: Final = re2.compile(
    r"#(samen|altijd|mijn|jouw|lekker|nooit|overal|beter|geniet|iedereen|thuisbij|kiesvoor|ikkies|wezijn|always|together|never|every)\w{3,}"
    r"|(moment(en|s)?|dichtbij|verbonden|denktmee|brengt\w*|cares|gives\w*|together|challenge|geluk|verbindet|voorjou|metjou|voorelkaar)\b"
)
_OPENINGS: Final = frozenset(
    [
        "ik",
        "wij",
        "we",
        "ons",
        "onze",
        "jij",
        "jouw",
        "doe",
        "ga",
        "kies",
        "zo",
        "ook",
        "meer",
        "elke",
        "voor",
        "van",
        "bij",
        "thuis",
        "slaap",
        "eet",
        "vers",
        "fijn",
        "kleur",
        "ooit",
        "echt",
        "gewoon",
        "hier",
        "nu",
        "dit",
        "my",
        "our",
        "your",
        "just",
        "go",
        "love",
        "live",
        "feel",
        "make",
        "share",
        "get",
        "see",
        "stay",
        "we",
        "the",
        "mein",
        "unser",
        "dein",
        "ma",
        "mon",
        "notre",
        "vive",
    ]
)
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")

Urgency = str
"""critical, high, normal or low."""


FILTERS: Final = ((press, harm), (conduct, leaks, claims, service))
TABLES: Final = tuple(table for tables in FILTERS for table in tables)
SIGNALS: Final[Mapping[str, Sequence[str]]] = MappingProxyType({name: found for table in TABLES for name, found in table.SIGNALS.items()})
"""Signal → patterns. A signal is there when any of its patterns is."""
TOGETHER: Final[Mapping[str, Sequence[frozenset[str]]]] = MappingProxyType(
    {name: sets for table in TABLES for name, sets in table.TOGETHER.items()}
)
"""Signal → sets of signals. A signal is also there when all of any set are."""
GAP: Final = "[^.!?]*"
"""What "…" in a pattern stands for: the rest of a sentence, which an automaton follows at no cost, unlike a counted number of letters."""

RISKS: Final = ("influencer", "press", "legal_threat", "safety", "data_leak", "staff_leak", "hashtag_hijack", "discrimination", "self_harm")
CRITICAL: Final = frozenset({"press", "legal_threat", "safety", "self_harm", "fraud", "stranded", "vulnerable"})
HIGH: Final = frozenset(
    {"data_leak", "staff_leak", "discrimination", "influencer", "total_loss", "deadline", "attempts", "money_waiting", "phishing"}
)


def fold(text: str) -> str:
    """The form that the patterns are written for: lower case, no accents, straight quotes, single spaces, at most MAX_CHARS."""
    short = text[:MAX_CHARS].lower().replace("’", "'").replace("‘", "'")
    if not short.isascii():
        short = well_formed(short)
        short = _ACCENTS.sub("", unicodedata.normalize("NFKD", short))
    return " ".join(short.split())


@dataclass(frozen=True, slots=True)
class _Matcher:
    """All patterns behind filters. One pass finds the letters without which a pattern cannot match (three or more in a row), and only
    patterns whose letters are there are tried. One automaton of all patterns would be quicker on texts like those it has seen, and many
    times slower on others: it grows with every new combination of half-matched patterns. Two filters, because what the engine remembers
    of one pass is bounded.
    """

    filters: tuple[re2.Filter, ...]
    owners: tuple[tuple[str, ...], ...]
    """Per filter, the signal of each pattern."""


@lru_cache(maxsize=1)
def _matcher() -> _Matcher:
    filters, owners = [], []
    for tables in FILTERS:
        filter_, signals_ = re2.Filter(), []
        for table in tables:
            for signal, patterns in table.SIGNALS.items():
                for pattern in patterns:
                    filter_.Add(pattern.replace(" … ", GAP))
                    signals_.append(signal)
        filter_.Compile()
        filters.append(filter_)
        owners.append(tuple(signals_))
    return _Matcher(tuple(filters), tuple(owners))


def signals(text: str) -> frozenset[str]:
    """The names of all signals in the text."""
    matcher = _matcher()
    folded = fold(text)
    # Without a match the engine says None, not an empty list.
    found = {
        owners[index] for filter_, owners in zip(matcher.filters, matcher.owners, strict=True) for index in filter_.Match(folded) or ()
    }
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
    matcher = _matcher()
    folded = fold(text)
    found: dict[str, list[str]] = {}
    for filter_, owners in zip(matcher.filters, matcher.owners, strict=True):
        for index in filter_.Match(folded) or ():
            match = filter_.re(index).search(folded)
            found.setdefault(owners[index], []).append(match.group().strip()[:MAX_WORDS])
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
    return len(humps) >= 3 or (len(humps) == 2 and humps[0].lower() in _OPENINGS) or _SLOGAN.search(fold(hashtag)) is not None


def risks(
    text: str,
    found: frozenset[str],
    score: float,
    context: Context = UNKNOWN,
    campaign_hashtags: Sequence[str] = (),
    internal_names: Sequence[str] = (),
) -> list[str]:
    """The risks of a message, in the order of RISKS. `score` is the sentiment's, -1 to 1; hashtags and names are in lower case."""
    lower = text[:MAX_CHARS].lower()
    present = set(found)
    negative = score <= NEGATIVE_SCORE
    known = context.followers is not None
    if (known and context.followers >= INFLUENTIAL_FOLLOWERS and score <= 0) or (not known and negative and "fame" in found):
        present.add("influencer")
    if any(name in lower for name in internal_names) and context.staff:
        present.add("staff_leak")
    tagged = any(tag in lower for tag in campaign_hashtags) if campaign_hashtags else "campaign" in found
    if tagged and (negative or "machine_mail" in found or "advert" in found):
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
    return [risk for risk in RISKS if risk in present]


def urgency(
    found: frozenset[str],
    risk: Sequence[str],
    sentiment: str,
    score: float = 0.0,
    context: Context = UNKNOWN,
    *,
    labelled: bool = False,
) -> Urgency:
    """How soon a person must see a message: the highest that any signal asks for. `labelled`: it is about one of the brand's labels.

    An inviting word such as "today" or "urgent" alone does not make a thank-you or a newsletter urgent.
    """
    present = (set(found) - set(RISKS)) | set(risk)
    if present & CRITICAL - {"stranded", "vulnerable", "fraud"}:
        return "critical"
    if "machine_mail" in found:
        return "low"
    if sentiment != "positive":
        if present & CRITICAL:
            return "critical"
        if present & HIGH:
            return "high"
    if context.staff:
        return "low"
    if sentiment == "positive":
        return "normal" if {"asks", "problem"} <= present else "low"
    wants_something = labelled or score <= NEGATIVE_SCORE or not present.isdisjoint({"asks", "problem"})
    return "normal" if sentiment == "negative" or wants_something else "low"
