"""Which topics mentions join or open, one after another: what they and those shortly before them show comes in, who joins what leaves. No I/O.

`topic.py` decides on one mention and those that it is shown. Here is chosen who those are, so that a storm, in which everybody reports the same, costs
each mention no more than a quiet day: who shares a word that is rare or news, a place, a code or a copied text, and who is nearest in meaning at that
hour. And here is counted what is news (`heard.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Final
from uuid import UUID

import numpy as np

from libs.common.events import deterministic_id
from libs.common.wordvectors import DIMENSIONS
from services.triage import heard, topic
from services.triage.heard import Heard
from services.triage.outage import ANY
from services.triage.phrases import ELSE, TROUBLE
from services.triage.shown import Seen
from services.triage.topic import ALIKE_WINDOW, EVENT_WINDOW, HOT, RARE_SOON, RUSH, RUSH_ALIKE, RUSH_WINDOW, Joined

RECENT: Final = 500
"""Mentions before one that are looked at for a topic."""
_MOST: Final = 40
_SAMPLE: Final = 8
"""Mentions of a topic by which it is compared with another."""
_LEAST_ALIKE: Final = 0.35
"""Two that are less alike are no topic without a word in common (`topic.shared`)."""
_COPY_RUNS: Final = 3
_FEWEST: Final = 3
"""People who say something before it can be news."""
_COUNTED: Final = 100
"""And so many are counted at most."""


@dataclass(frozen=True, slots=True)
class Joining:
    """A mention joins a topic; where it opens one, `others` join with it. `same`: topics that turn out to be this one."""

    mention_id: UUID
    topic_id: UUID
    others: tuple[UUID, ...]
    kind: str
    why: str
    same: tuple[UUID, ...] = ()


def copy_clues(shown: Seen) -> list[str]:
    """What a copy of this text is found by."""
    return [f"copy:{run:x}" for run in sorted(shown.copy)[:_COPY_RUNS]]


class Watch:
    """One brand's mentions of some hours, in the order in which they are met, and the topics that they are in.

    `topics`: mention → topic, of those that are in one already, and `begun`: topic → its first moment. `called` names a new topic by its first mention.
    """

    def __init__(
        self,
        background: Heard,
        topics: Mapping[str, str] | None = None,
        begun: Mapping[str, datetime] | None = None,
        called: Callable[[Seen], str] = lambda first: first.id,
    ) -> None:
        self.of: dict[str, str] = dict(topics or {})
        self._begun: dict[str, datetime] = dict(begun or {})
        self._called = called
        self._heard = background
        self._met: list[Seen] = []
        self._authors: list[str] = []
        self._meanings = np.zeros((RECENT, DIMENSIONS), dtype=np.float32)
        self._moments = np.zeros(RECENT)
        self._places: dict[str, list[int]] = {}
        self._first = 0
        self._soon = np.zeros(0, dtype=bool)
        self._heat: dict[str, float] = {}

    def meet(self, shown: Seen) -> None:
        """Whoever is met later may share a topic with it."""
        place = len(self._met)
        self._met.append(shown)
        self._authors.append(shown.author)
        if place >= len(self._meanings):
            self._meanings = np.concatenate([self._meanings, np.zeros_like(self._meanings)])
            self._moments = np.concatenate([self._moments, np.zeros_like(self._moments)])
        if shown.meaning is not None:
            self._meanings[place] = shown.meaning
        self._moments[place] = shown.written_at.timestamp()
        for key in (*heard.keys(shown), *shown.places, *(shown.flags & {ANY})):
            places = self._places.setdefault(key, [])
            if not places or places[-1] != place:
                places.append(place)
        self._first = max(self._first, place + 1 - RECENT)
        while shown.at - self._met[self._first].at > EVENT_WINDOW:
            self._first += 1
        self._soon = np.abs(self._moments[self._first : place + 1] - self._moments[place]) <= EVENT_WINDOW.total_seconds()
        self._heat = {}

    def join(self, shown: Seen, copies: Iterable[Seen] = ()) -> Joined | None:
        """What becomes of the mention that was met last: a topic that is its, if any, by the name that stays, and `others` where it is new. `copies`:
        those before it that share some of its text."""
        if shown.id in self.of:
            return None
        before = {theirs.id: theirs for theirs in copies if theirs.id != shown.id}
        before |= {self._met[at].id: self._met[at] for at in self._near(len(self._met) - 1)}
        recent = [(theirs, self.of.get(theirs.id)) for theirs in before.values()]
        found = self._goes_on(shown) or topic.join(shown, recent, self._heard.everyday, self._heat_of, self._some)
        if found is None:
            return None
        if found.topic is None:
            first = min((shown, *(before[other] for other in found.others)), key=lambda theirs: (theirs.at, theirs.id))
            stays = self._called(first)
            self._begun.setdefault(stays, first.at)
        else:
            stays = min((found.topic, *found.same), key=lambda name: (self._begun.get(name, shown.at), name))
            found = replace(found, topic=stays, same=tuple(name for name in (found.topic, *found.same) if name != stays))
            if found.same:
                self.of |= {member: stays for member, name in self.of.items() if name in found.same}
        self.of |= dict.fromkeys((*found.others, shown.id), stays)
        return found if found.topic else replace(found, topic=stays)

    def _goes_on(self, shown: Seen) -> Joined | None:
        """Whoever goes on with what they wrote is in its topic."""
        if shown.answers not in self.of or ELSE in shown.flags:
            return None
        answered = next((theirs for theirs in reversed(self._met[self._first : -1]) if theirs.id == shown.answers), None)
        if answered is None or answered.own.isdisjoint(shown.own):
            return None
        return Joined(self.of[answered.id], (), "thread", "its author goes on with it")

    def _heat_of(self, key: str) -> float:
        """How much of a surprise it is that so many people say this, at the mention that was met last."""
        if key == RUSH:
            return self._rush()
        if key not in self._heat:
            people = {self._authors[at] for at in islice(self._saying(key), _COUNTED)}
            of, at = int(self._soon.sum()), self._met[-1].written_at.timestamp()
            self._heat[key] = self._heard.surprise(key, len(people), of, at) if len(people) >= _FEWEST else 0.0
        return self._heat[key]

    def _saying(self, key: str) -> Iterator[int]:
        """The places of those that say it within hours of the mention that was met last, which is one of them; the newest first."""
        return (at for at in takewhile(lambda at: at >= self._first, reversed(self._places.get(key, ()))) if self._soon[at - self._first])

    def _rush(self) -> float:
        """How much of a surprise it is that so many people tell of trouble at once."""
        if RUSH not in self._heat:
            last = self._moments[len(self._met) - 1]
            soon = np.abs(self._moments[self._first : len(self._met)] - last) <= RUSH_WINDOW.total_seconds()
            people = {self._authors[at] for at in islice(self._saying(TROUBLE), _COUNTED) if soon[at - self._first]}
            self._heat[RUSH] = self._heard.rush(TROUBLE, len(people), RUSH_WINDOW.total_seconds(), float(last))
        return self._heat[RUSH]

    def _some(self, name: str) -> Sequence[Seen]:
        """The newest mentions of a topic."""
        return [theirs for theirs in reversed(self._met[self._first : -1]) if self.of.get(theirs.id) == name][:_SAMPLE]

    def _near(self, place: int) -> list[int]:
        """The places of those that may share an event with the one at `place`, at most _MOST, in the order of time."""
        shown, everyday = self._met[place], self._heard.everyday
        trouble = TROUBLE in shown.flags
        telling = {
            stem
            for stem, weight in shown.words.items()
            if weight >= RARE_SOON and stem not in everyday and (trouble or self._heat_of(stem) >= HOT)
        }
        telling |= {detail for detail in shown.details if (trouble and not detail[0].isdigit()) or self._heat_of(detail) >= HOT}
        telling |= {start for start in heard.beginnings(shown) if self._heat_of(start) >= HOT}
        if trouble:
            telling |= (shown.flags & {ANY}) | (shown.places - everyday)
        sharing = {at for key in telling for at in islice(self._saying(key), _MOST + 1)} - {place}
        cosines = self._meanings[self._first : place] @ self._meanings[place]
        alike = set()
        if trouble:
            least = RUSH_ALIKE if self._rush() >= HOT else _LEAST_ALIKE
            soon = (int(at) + self._first for at in np.argsort(-cosines)[:_MOST] if cosines[at] >= least)
            alike = {at for at in soon if abs(self._met[at].written_at - shown.written_at) <= ALIKE_WINDOW}
        return sorted(sorted(sharing | alike, key=lambda at: (at not in sharing, -cosines[at - self._first]))[:_MOST])


def joinings(
    new: Sequence[tuple[UUID, Seen]],
    recent: Sequence[tuple[UUID, Seen]],
    copies: Mapping[UUID, Sequence[tuple[UUID, Seen]]],
    topics: Mapping[UUID, UUID],
    begun: Mapping[UUID, datetime],
    background: Heard,
) -> list[Joining]:
    """What becomes of each new mention, in order. `recent`: those looked at before, in the order of time; `copies`: those that share some of a new
    one's text; `topics`: of the mentions that are in one already, and `begun`, when those were first heard of."""
    watch = Watch(
        background,
        {str(mention_id): str(topic_id) for mention_id, topic_id in topics.items()},
        {str(topic_id): at for topic_id, at in begun.items()},
        lambda first: str(deterministic_id(first.brand, "topic", first.id)),
    )
    for _, shown in recent:
        watch.meet(shown)
    found: list[Joining] = []
    for mention_id, shown in new:
        watch.meet(shown)
        joined = watch.join(shown, [theirs for _, theirs in copies.get(mention_id, ())])
        if joined is not None and joined.topic is not None:
            others, same = tuple(map(UUID, joined.others)), tuple(map(UUID, joined.same))
            found.append(Joining(mention_id, UUID(joined.topic), others, joined.kind, joined.why, same))
    return found


def merged(found: Sequence[Joining]) -> dict[UUID, UUID]:
    """Topics that turned out to be another, each with the one that stays."""
    stays: dict[UUID, UUID] = {}
    for joining in found:
        goes = dict.fromkeys(joining.same, joining.topic_id)
        stays = {topic_id: goes.get(into, into) for topic_id, into in stays.items()} | goes
    return stays


def joined(topics: Mapping[UUID, UUID], found: Sequence[Joining], stays: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Mention → topic, after this. `stays`: topics that are another now, with that one."""
    every = {**topics, **{member: joining.topic_id for joining in found for member in (joining.mention_id, *joining.others)}}
    return {member: stays.get(topic_id, topic_id) for member, topic_id in every.items()}
