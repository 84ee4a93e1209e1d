"""Which mentions of different people are about one event, or are copies of one text: mentions in the order of time reach this module, topics leave it.

A topic is no issue: everybody in it keeps their own. Three people who report the same trouble at the same time open one, two who post the same words do;
whoever comes later joins when two of those in it fit. It decides on what `shown.Seen` has and on nothing else, one mention at a time.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Final, Literal

from services.triage.names import likeness
from services.triage.outage import ANY, CLEAR, one_outage
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

Kind = Literal["copy", "event"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What two mentions of different people have in common. `said` is for people."""

    kind: Kind
    said: str


@dataclass(frozen=True, slots=True)
class Joined:
    """What becomes of a mention: it joins `topic`, or opens one (None) together with `others`."""

    topic: str | None
    others: tuple[str, ...]
    kind: Kind
    why: str


def shared(one: Seen, other: Seen, common: Collection[str] = ()) -> Shared | None:
    """What two mentions share that makes them one topic, or nothing. `common` are stems that are everyday ones for this brand."""
    if one.brand != other.brand or not one.own.isdisjoint(other.own):
        return None
    found = _in_common(one, other, common)
    return None if found is None or likeness(one.name, other.name).score >= ALIKE else found  # names last: they take longest


def _in_common(one: Seen, other: Seen, common: Collection[str]) -> Shared | None:
    """What `shared` says of two mentions of different people."""
    gap = abs(one.at - other.at)
    if gap <= COPY_WINDOW and copied(one, other):
        return Shared("copy", "the same text, copied")
    if gap > EVENT_WINDOW:
        return None
    stems = [stem for stem in one.words.keys() & other.words.keys() if stem not in common]
    rarest = RARE_SOON if gap <= ALIKE_WINDOW else RARE
    rare = [stem for stem in stems if one.words[stem] >= rarest]
    if TROUBLE not in one.flags or TROUBLE not in other.flags:
        like = len(rare) >= 2 and _cosine(one, other) >= 0.5
        return Shared("event", f'the same within hours, in like words: "{_rarest(one, rare)}…"') if like else None
    if codes := {detail for detail in one.details & other.details if not detail[0].isdigit()}:
        return Shared("event", f"the same trouble within hours: {min(codes)}")
    if places := {place for place in one.places & other.places if place not in common}:
        return Shared("event", f"the same trouble within hours in {min(places).title()}")
    if rare:
        return Shared("event", f'the same trouble within hours: "{_rarest(one, rare)}…"')
    service = one_outage(one.flags, other.flags)
    window = ALIKE_WINDOW if CLEAR in one.flags | other.flags else UNCLEAR_WINDOW
    if service and gap <= window and service not in common and not _elsewhere(one, other, service):
        return Shared("event", f"the same is out of order at the same time: {_SERVICES.get(service, 'they do not all say what')}")
    if gap > ALIKE_WINDOW or len(one.words) > SHORT or len(other.words) > SHORT:
        return None
    weight = sum(one.words[stem] - PLAIN_WORD for stem in stems if one.words[stem] > PLAIN_WORD)
    if weight > 0 and ((cosine := _cosine(one, other)) >= 0.5 or (cosine >= 0.35 and weight >= 1.5)):
        return Shared("event", "the same trouble at the same time, in like words")
    return None


def _cosine(one: Seen, other: Seen) -> float:
    return float(one.meaning @ other.meaning) if one.meaning is not None and other.meaning is not None else 0.0


def _rarest(seen: Seen, stems: Iterable[str]) -> str:
    return min(stems, key=lambda stem: (-seen.words[stem], stem))


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


def join(new: Seen, recent: Sequence[tuple[Seen, str | None]], common: Collection[str] = ()) -> Joined | None:
    """The topic that a mention joins or opens. `recent` are mentions before it within the windows, each with its topic's id.

    It joins where two of a topic's mentions fit, or all where it has fewer; of several topics the one of which most fit. Else it opens one with others
    that fit it and each other, when that makes enough people.
    """
    fitting = [(other, topic, found) for other, topic in recent if (found := shared(new, other, common))]
    by_topic: dict[str, list[Shared]] = {}
    for _, topic, found in fitting:
        if topic is not None:
            by_topic.setdefault(topic, []).append(found)
    for topic, reasons in sorted(by_topic.items(), key=lambda item: (-len(item[1]), item[0])):
        members = sum(1 for _, of in recent if of == topic)
        if len(reasons) >= min(2, members) or reasons[0].kind == "copy":
            return Joined(topic, (), reasons[0].kind, reasons[0].said)
    free = [(other, found) for other, topic, found in fitting if topic is None]
    if copies := [other for other, found in free if found.kind == "copy"]:
        return Joined(None, tuple(other.id for other in copies), "copy", "the same text, copied")
    for (one, found), (other, _) in combinations(free, 2):
        if shared(one, other, common) is not None:
            opening = [one, other]
            for another, _ in free:
                if another not in opening and sum(shared(another, member, common) is not None for member in opening) >= 2:
                    opening.append(another)
            return Joined(None, tuple(member.id for member in opening), "event", found.said)
    return None


def everyday(mentions: Iterable[Seen]) -> frozenset[str]:
    """The stems, places and outages that are no news for a brand, of mentions of some weeks: those of which it hears on many days."""
    days: dict[str, set[int]] = {}
    every: set[int] = set()
    for seen in mentions:
        day = seen.at.toordinal()
        every.add(day)
        for stem in (*seen.words, *seen.places, *(flag for flag in seen.flags if flag.startswith(ANY))):
            days.setdefault(stem, set()).add(day)
    least = max(4, len(every) // 4)
    return frozenset(stem for stem, on in days.items() if len(on) >= least)
