"""Which mentions of different people are about one event, or are copies of one text: mentions in the order of time reach this module, topics leave it.

A topic is no issue: everybody in it keeps their own. Three people who report the same trouble at the same time open one, two who post the same words do;
whoever comes later joins when two of those in it fit. It decides on what `shown.Seen` has and on nothing else, one mention at a time.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Final, Literal

from services.triage.heard import RAREST_WORD, beginnings
from services.triage.names import likeness
from services.triage.outage import CLEAR, one_outage
from services.triage.pair import ALIKE, PLAIN_WORD, copied
from services.triage.phrases import TROUBLE
from services.triage.shown import Seen

EVENT_WINDOW: Final = timedelta(hours=6)
"""Between two reports of one event that share a rare word or a code."""
ALIKE_WINDOW: Final = timedelta(minutes=90)
"""Between two that have no rare word in common, and are alike all the same."""
UNCLEAR_WINDOW: Final = timedelta(minutes=30)
"""Between two that cannot get at the same service, of which neither says that it is down."""
COPY_WINDOW: Final = timedelta(days=14)
SHORT: Final = 24
"""Stems of a report: two long stories are alike whatever they tell."""
RARE: Final = 6.0
"""A word of this weight or more is rare: a place, a name."""
RARE_SOON: Final = 5.5
"""And rare enough within ALIKE_WINDOW."""
HOT: Final = 8.0
"""A surprise (`heard.surprise`) from which on something is news."""
NEWS_ALIKE: Final = 0.25
"""The cosine of two that share a piece of news."""
CODE_ALIKE: Final = 0.4
"""Of two that share a code, and not both of which tell of trouble: a flight has a late arrival and a kind steward."""
ALIKE_ENOUGH: Final = 0.42
"""And that of two of which it is but one word that others use on other days, too."""
COINCIDE: Final = 0.2
"""The share of pairs across two topics that fit where the two are one."""
RUSH: Final = "trouble at once"
"""How much of a surprise it is that so many tell of trouble within RUSH_WINDOW."""
RUSH_WINDOW: Final = timedelta(minutes=30)
RUSH_ALIKE: Final = 0.2
BETWEEN: Final = 3
"""Mentions of either that fit the other, where it has so many: a report that could be of both shows nothing about them."""

Kind = Literal["copy", "event", "thread"]
"""Of what two share; "thread": its author goes on with it."""
Heat = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Shared:
    """What two mentions of different people have in common. `said` is for people."""

    kind: Kind
    said: str


@dataclass(frozen=True, slots=True)
class Joined:
    """What becomes of a mention: it joins `topic`, or opens one (None) together with `others`. `same`: topics that are one with it."""

    topic: str | None
    others: tuple[str, ...]
    kind: Kind
    why: str
    same: tuple[str, ...] = ()


def always(key: str) -> float:
    """The surprise at any word where nothing is known of what a brand hears."""
    return HOT


def shared(one: Seen, other: Seen, common: Collection[str] = (), heat: Heat = always) -> Shared | None:
    """What two mentions share that makes them one topic, or nothing. `common` are stems that are everyday ones for this brand, `heat` says how much of
    a surprise it is that so many say something just now."""
    if one.brand != other.brand or not one.own.isdisjoint(other.own):
        return None
    found = _shared(one, other, common, heat)
    return found if found is not None and likeness(one.name, other.name).score < ALIKE else None


def _shared(one: Seen, other: Seen, common: Collection[str], heat: Heat) -> Shared | None:
    gap = abs(one.written_at - other.written_at)
    if gap <= COPY_WINDOW and copied(one, other):
        return Shared("copy", "the same text, copied")
    if gap > EVENT_WINDOW or not one.told.isdisjoint(other.told):
        return None
    stems = [stem for stem in one.words.keys() & other.words.keys() if stem not in common]
    rarest = RARE_SOON if gap <= ALIKE_WINDOW else RARE
    rare = sorted((stem for stem in stems if one.words[stem] >= rarest), key=lambda stem: (-one.words[stem], stem))
    cosine = float(one.meaning @ other.meaning) if one.meaning is not None and other.meaning is not None else 0.0
    trouble = TROUBLE in one.flags & other.flags
    if trouble and (said := _same_trouble(one, other, gap, rare, common)):
        return Shared("event", said)
    if news := _news(one, other, rare, heat, cosine):
        return Shared("event", news)
    if not trouble:
        return None
    if gap <= RUSH_WINDOW and cosine >= RUSH_ALIKE and heat(RUSH) >= HOT and not _apart(one, other):
        return Shared("event", "trouble of a sudden, more than ever comes at once")
    weight = sum(one.words[stem] - PLAIN_WORD for stem in stems if one.words[stem] > PLAIN_WORD)
    short = len(one.words) <= SHORT and len(other.words) <= SHORT
    if gap <= ALIKE_WINDOW and short and ((cosine >= 0.5 and weight > 0) or (cosine >= 0.35 and weight >= 1.5)):
        return Shared("event", "the same trouble at the same time, in like words")
    return None


def _same_trouble(one: Seen, other: Seen, gap: timedelta, rare: Sequence[str], common: Collection[str]) -> str:
    """What two that tell of trouble have in common: a code, a place, a rare word, or what is out of order; else ""."""
    if codes := {detail for detail in one.details & other.details if not detail[0].isdigit()}:
        return f"the same trouble within hours: {min(codes)}"
    if places := (one.places & other.places) - set(common):
        return f"the same trouble within hours in {min(places).title()}"
    if rare:
        return f'the same trouble within hours: "{rare[0]}…"'
    service = one_outage(one.flags, other.flags)
    window = ALIKE_WINDOW if CLEAR in one.flags | other.flags else UNCLEAR_WINDOW
    if service and gap <= window and service not in common and not _elsewhere(one, other, service):
        return f"the same is out of order at the same time: {_SERVICES.get(service, 'they do not all say what')}"
    return ""


def _news(one: Seen, other: Seen, rare: Sequence[str], heat: Heat, cosine: float) -> str:
    """What two mentions say that more people say of a sudden than is to be expected; else "". A single word is little where it is none of the rarest."""
    short = len(one.words) <= SHORT and len(other.words) <= SHORT
    hot = [stem for stem in rare if heat(stem) >= HOT]
    details = sorted(detail for detail in one.details & other.details if heat(detail) >= HOT)
    if details and cosine >= (NEWS_ALIKE if details[0][0].isdigit() else CODE_ALIKE):
        return f"many say it within hours: {details[0]}"
    if hot and (
        (len(hot) >= 2 and cosine >= NEWS_ALIKE) or (short and cosine >= (NEWS_ALIKE if one.words[hot[0]] >= RAREST_WORD else ALIKE_ENOUGH))
    ):
        return f'many say it within hours: "{hot[0]}…"'
    if not hot and short and cosine >= NEWS_ALIKE:
        begun = [start for start in sorted(beginnings(one) & beginnings(other)) if heat(start) >= HOT]
        return f'many say it within hours: "{begun[0]}"' if begun else ""
    return ""


_SERVICES: Final = {
    "down online": "site or app",
    "down network": "internet, television or telephone",
    "down power": "electricity",
    "down water": "water",
    "down heat": "heating",
    "down payment": "payments",
}


def _elsewhere(one: Seen, other: Seen, service: str) -> bool:
    """Whether they name two places, where it matters: an app is down everywhere."""
    return service != "down online" and bool(one.places and other.places) and one.places.isdisjoint(other.places)


def _apart(one: Seen, other: Seen) -> bool:
    """Whether they name two places, or two services."""
    mine, theirs = one.flags & _SERVICES.keys(), other.flags & _SERVICES.keys()
    return _elsewhere(one, other, "") or bool(mine and theirs and mine.isdisjoint(theirs))


def join(
    new: Seen,
    recent: Sequence[tuple[Seen, str | None]],
    common: Collection[str] = (),
    heat: Heat = always,
    some: Callable[[str], Sequence[Seen]] = lambda _: (),
) -> Joined | None:
    """The topic that a mention joins or opens. `recent` are mentions before it within the windows, each with its topic's id; `some`, of a topic, its
    newest mentions.

    It joins where two of a topic's mentions fit, or all where it has fewer; of several topics the one of which most fit, and those that it shows to be
    the same become one. Else it opens one with others that fit it and each other, when that makes enough people.
    """
    fitting = [(other, topic, found) for other, topic in recent if (found := shared(new, other, common, heat))]
    by_topic: dict[str, list[Shared]] = {}
    for _, topic, found in fitting:
        if topic is not None:
            by_topic.setdefault(topic, []).append(found)
    fit = []
    for topic, reasons in sorted(by_topic.items(), key=lambda item: (-len(item[1]), item[0])):
        members = sum(1 for _, of in recent if of == topic)
        if len(reasons) >= min(2, members) or reasons[0].kind == "copy":
            fit.append((topic, reasons[0]))
    if fit:
        topic, reason = fit[0]
        mine = [new, *some(topic)] if len(fit) > 1 else ()
        same = tuple(another for another, _ in fit[1:] if coincide(mine, some(another), common, heat))
        return Joined(topic, (), reason.kind, reason.said, same)
    free = [(other, found) for other, topic, found in fitting if topic is None]
    if copies := [other for other, found in free if found.kind == "copy"]:
        return Joined(None, tuple(other.id for other in copies), "copy", "the same text, copied")
    for (one, found), (other, _) in combinations(free, 2):
        if shared(one, other, common, heat) is not None:
            opening = [one, other]
            for another, _ in free:
                if another not in opening and sum(shared(another, member, common, heat) is not None for member in opening) >= 2:
                    opening.append(another)
            return Joined(None, tuple(member.id for member in opening), "event", found.said)
    return None


def coincide(mine: Sequence[Seen], theirs: Sequence[Seen], common: Collection[str] = (), heat: Heat = always) -> bool:
    """Whether two topics are one, by some mentions of each: enough of them fit across, and by more than one or two mentions of either."""
    fits = [(one.id, other.id) for one in mine for other in theirs if shared(one, other, common, heat) is not None]
    ones, others = {one for one, _ in fits}, {other for _, other in fits}
    return (
        len(fits) >= COINCIDE * len(mine) * len(theirs)
        and len(ones) >= min(BETWEEN, len(mine))
        and len(others) >= min(BETWEEN, len(theirs))
    )
