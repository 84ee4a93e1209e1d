"""Which topics a batch of mentions joins or opens: what they and those shortly before them show comes in, who joins what leaves. No I/O.

`topic.py` decides on one mention and those that it is shown. Here is chosen who those are, so that a storm, in which everybody reports the same, costs
each mention no more than a quiet day: who shares a rare word, a place, a code or a copied text, and who is nearest in meaning at that hour.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from libs.common.events import deterministic_id
from services.triage import topic
from services.triage.features import DIMENSIONS, Floats
from services.triage.outage import ANY
from services.triage.phrases import TROUBLE
from services.triage.shown import Seen
from services.triage.topic import ALIKE_WINDOW, EVENT_WINDOW, RARE_SOON

_MOST = 40
_LEAST_ALIKE = 0.35
"""Two that are less alike are no topic without a rare word (`topic.shared`)."""
_COPY_RUNS = 3


@dataclass(frozen=True, slots=True)
class Joining:
    """A mention joins a topic; where it opens one, `others` join with it."""

    mention_id: UUID
    topic_id: UUID
    others: tuple[UUID, ...]
    kind: str
    why: str


def copy_clues(shown: Seen) -> list[str]:
    """What a copy of this text is found by."""
    return [f"copy:{run:x}" for run in sorted(shown.copy)[:_COPY_RUNS]]


def joinings(
    new: Sequence[tuple[UUID, Seen]],
    recent: Sequence[tuple[UUID, Seen]],
    copies: Mapping[UUID, Sequence[tuple[UUID, Seen]]],
    topics: Mapping[UUID, UUID],
    common: Collection[str],
) -> list[Joining]:
    """What becomes of each new mention, in order. `recent`: those looked at before, in the order of time; `copies`: those that share some of a new
    one's text; `topics`: of the mentions that are in one already."""
    everybody = [*recent, *new]
    of: dict[UUID, UUID] = dict(topics)
    alike = _alike([shown for _, shown in everybody], len(recent))
    keys = [_keys(shown, common) if TROUBLE in shown.flags else () for _, shown in everybody]
    places: dict[str, list[int]] = {}
    for place in range(len(recent)):
        _index(places, place, keys[place])
    found: list[Joining] = []
    for place, (mention_id, shown) in enumerate(new, start=len(recent)):
        near = _near(place, everybody, alike[place - len(recent), :place], keys[place], places) if TROUBLE in shown.flags else []
        before = {other: theirs for other, theirs in [*copies.get(mention_id, ()), *(everybody[at] for at in near)] if other != mention_id}
        joined = topic.join(shown, [(theirs, str(of[other]) if other in of else None) for other, theirs in before.items()], common)
        _index(places, place, keys[place])
        if joined is None or mention_id in of:
            continue
        others = tuple(sorted(map(UUID, joined.others), key=lambda other: (before[other].at, other)))
        topic_id = UUID(joined.topic) if joined.topic else deterministic_id(shown.brand, "topic", str(others[0]))  # the earliest of them
        of |= dict.fromkeys((*others, mention_id), topic_id)
        found.append(Joining(mention_id, topic_id, others, joined.kind, joined.why))
    return found


def _alike(shown: Sequence[Seen], first: int) -> Floats:
    """Shape (n - first, n): how alike in meaning each from `first` on is to all; 0 where a meaning is not known."""
    zeros = np.zeros(DIMENSIONS, dtype=np.float32)
    meanings = np.stack([zeros if one.meaning is None else one.meaning for one in shown])
    found: Floats = meanings[first:] @ meanings.T
    return found


def _index(places: dict[str, list[int]], place: int, keys: Collection[str]) -> None:
    for key in keys:
        places.setdefault(key, []).append(place)


def _keys(shown: Seen, common: Collection[str]) -> set[str]:
    found = {stem for stem, weight in shown.words.items() if weight >= RARE_SOON and stem not in common}
    found |= {detail for detail in shown.details if not detail[0].isdigit()}
    found |= {place for place in shown.places if place not in common}
    return found | {ANY} if ANY in shown.flags else found


def _near(
    place: int, everybody: Sequence[tuple[UUID, Seen]], cosines: Floats, keys: Collection[str], places: Mapping[str, list[int]]
) -> list[int]:
    """The places of those that may share an event with the one at `place`, at most _MOST, in the order of time."""
    shown = everybody[place][1]
    sharing = {at for key in keys for at in places.get(key, ())[-_MOST:]}
    best = np.argsort(-cosines)[:_MOST]
    alike = [int(at) for at in best if cosines[at] >= _LEAST_ALIKE and abs(everybody[at][1].at - shown.at) <= ALIKE_WINDOW]
    found = sorted({*sharing, *alike}, key=lambda at: (at not in sharing, -cosines[at]))[:_MOST]
    return sorted(at for at in found if abs(everybody[at][1].at - shown.at) <= EVENT_WINDOW)
