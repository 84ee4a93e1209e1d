"""Which of many mentions are one issue, may be, and share a topic: what they show reaches this module, judged pairs and topics leave it.

The same decisions as in the stream (`pair.py`, `topic.py`), over all mentions at once, so that their order does not matter: links are followed in the
order of their strength, and join no groups that something speaks against. Not every pair is looked at: candidates are those that share a key, whose names
begin alike, and whose meanings lie nearest, within a brand and a window.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from operator import itemgetter
from typing import Final

import numpy as np

from services.triage.group import MAX_AUTHORS
from services.triage.heard import Heard
from services.triage.names import common_parts
from services.triage.pair import NUMBER_WINDOW, SUGGEST_FROM, SUGGEST_WINDOW, Evidence, Verdict, among, compare, other_account
from services.triage.shown import Key, Seen
from services.triage.topic import EVENT_WINDOW
from services.triage.topic_look import Watch

NEAREST: Final = 40
"""So many mentions of like meaning are looked at for each."""
NAMESAKES: Final = 50
"""And so many whose names begin alike, the newest before it."""
BLOCK: Final = 1024
MAX_GROUP: Final = 200
"""Mentions of one issue: a group of more would be looked through for evidence against for too long."""
COPIES: Final = 20
"""Mentions that share a run of words with one, the newest before it, that are looked at for a copied text."""

NEARLY: Final = 0.1
NAMESAKE: Final = 0.1
"""The score of a pair from which on the two may be namesakes, or one."""

THROUGH: Final = Evidence("group", False, "through others of its group")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two mentions, `a` before `b` in time. `decision` is link or suggest."""

    a: str
    b: str
    decision: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """Mentions of different people, in the order of time."""

    mentions: tuple[str, ...]
    why: str


@dataclass(slots=True)
class Judged:
    pairs: list[Pair] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)


def judge(mentions: Iterable[Seen]) -> Judged:
    """The pairs and topics of all brands. The order of the mentions makes no difference; ids are unique."""
    brands: dict[str, list[Seen]] = defaultdict(list)
    for seen in mentions:
        brands[seen.brand].append(seen)
    judged = Judged()
    for _, of_brand in sorted(brands.items()):
        ordered = without_worn(sorted(of_brand, key=lambda seen: (seen.at, seen.id)))
        topics = _topics(ordered)
        judged.pairs += _pairs(ordered, {id: len(topic.mentions) for topic in topics for id in topic.mentions})
        judged.topics += topics
    return judged


def without_worn(mentions: Sequence[Seen]) -> list[Seen]:
    """The mentions without what so many authors name, or are called, that it says nothing about who they are."""
    common = common_parts((seen.author, seen.name) for seen in mentions)
    if common:
        mentions = [seen.among(common) for seen in mentions]
    authors: dict[Key, set[object]] = defaultdict(set)
    for seen in mentions:
        for key in seen.told:
            authors[key].add(seen.author)
    worn = {key for key, by in authors.items() if len(by) > MAX_AUTHORS}
    return [replace(seen, told=seen.told - worn) if worn and not worn.isdisjoint(seen.told) else seen for seen in mentions]


# --- candidates --------------------------------------------------------------------------------------------------------------------------


def candidates(mentions: Sequence[Seen]) -> set[tuple[int, int]]:
    """Places (earlier, later) of pairs that are worth comparing, of one brand's mentions in the order of time."""
    return _by_key(mentions) | _by_name(mentions) | _by_meaning(mentions)


def _by_key(mentions: Sequence[Seen]) -> set[tuple[int, int]]:
    places: dict[Key, list[int]] = defaultdict(list)
    digits = {len(ending.digits) for seen in mentions for ending in seen.endings}
    for place, seen in enumerate(mentions):
        for key in seen.keys:
            places[key].append(place)
        for _, value in seen.keys if digits else ():
            for length in digits:
                if value[-length:].isdigit():
                    places["ending", value[-length:]].append(place)
        for ending in seen.endings:
            places["ending", ending.digits].append(place)
    return {pair for found in places.values() for pair in _near(mentions, found, MAX_GROUP)}


def _near(mentions: Sequence[Seen], places: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Of places in order all pairs within the window, each with the `most` that are nearest before it."""
    for at, later in enumerate(places):
        for earlier in reversed(places[max(0, at - most) : at]):
            if mentions[later].at - mentions[earlier].at > NUMBER_WINDOW:
                break
            if earlier != later:
                yield earlier, later


def _by_name(mentions: Sequence[Seen]) -> set[tuple[int, int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, seen in enumerate(mentions):
        for beginning in {part[:3] for part in (*seen.name.parts, *seen.name.handles) if len(part) >= 3}:
            places[beginning].append(place)
    return {pair for found in places.values() for pair in _near(mentions, found, NAMESAKES)}


def _by_meaning(mentions: Sequence[Seen]) -> set[tuple[int, int]]:
    known = [place for place, seen in enumerate(mentions) if seen.meaning is not None]
    if not known:
        return set()
    meanings = np.stack([mentions[place].meaning for place in known])  # type: ignore[misc]
    times = np.array([mentions[place].at.timestamp() for place in known])
    found = set()
    for first in range(0, len(known), BLOCK):
        rows = np.arange(first, min(first + BLOCK, len(known)))
        start = bisect_left(times, times[first] - SUGGEST_WINDOW.total_seconds())
        alike = meanings[rows] @ meanings[start : rows[-1] + 1].T
        columns = np.arange(start, rows[-1] + 1)
        alike[columns[None, :] >= rows[:, None]] = -np.inf
        alike[times[rows][:, None] - times[columns][None, :] > SUGGEST_WINDOW.total_seconds()] = -np.inf
        nearest = min(NEAREST, alike.shape[1])
        best = np.argpartition(-alike, nearest - 1, axis=1)[:, :nearest]
        for row, picked in zip(rows, best, strict=True):
            found |= {(known[start + column], known[row]) for column in picked if alike[row - first, column] > -np.inf}
    return found


# --- pairs -------------------------------------------------------------------------------------------------------------------------------


def _pairs(mentions: Sequence[Seen], crowds: Mapping[str, int]) -> list[Pair]:
    """The judged pairs of one brand's mentions in the order of time; `crowds`: how many mentions the topic of each has, of those that are in one."""
    crowd = [crowds.get(seen.id, 0) for seen in mentions]
    busy = _busy(mentions)
    verdicts = {
        (one, other): compare(mentions[one], mentions[other], crowd=min(crowd[one], crowd[other]), busy=max(busy[one], busy[other]))
        for one, other in candidates(mentions)
    }
    namesakes = [pair for pair, verdict in verdicts.items() if verdict.decision != "link" and verdict.score >= NAMESAKE]
    verdicts = {pair: verdict for pair, verdict in verdicts.items() if verdict.decision in ("link", "suggest")}
    groups = _Groups(mentions)
    ranked = sorted(verdicts.items(), key=lambda item: (-item[1].score, mentions[item[0][1]].at - mentions[item[0][0]].at, item[0]))
    for (one, other), verdict in ranked:
        if verdict.decision == "link":
            groups.link(one, other)
    found: dict[tuple[int, int], Verdict] = {}
    for members in groups.members():
        for pair in combinations(members, 2):
            own = verdicts.get(pair)
            found[pair] = (
                own if own is not None and own.decision == "link" else Verdict("link", 0.95, (*(own.evidence if own else ()), THROUGH))
            )
    found |= _suggested(groups, ranked, namesakes)
    return [Pair(mentions[one].id, mentions[other].id, str(v.decision), v.score, v.evidence) for (one, other), v in sorted(found.items())]


def _busy(mentions: Sequence[Seen]) -> list[int]:
    """For each of a brand's mentions in the order of time, how many came in within hours up to it."""
    first, found = 0, []
    for place, seen in enumerate(mentions):
        while seen.at - mentions[first].at > EVENT_WINDOW:
            first += 1
        found.append(place - first + 1)
    return found


class _Groups:
    """Which mentions are one issue. Two groups become one only when nothing speaks against any two of their mentions."""

    def __init__(self, mentions: Sequence[Seen]) -> None:
        self._mentions = mentions
        self._of: dict[int, list[int]] = {}

    def of(self, place: int) -> list[int]:
        """The group of a mention, in the order of time; of the mention alone where there is no other."""
        return self._of.get(place, [place])

    def apart(self, one: int, other: int) -> bool:
        """Whether something speaks against it that the groups of two mentions are one."""
        mine, theirs = self.of(one), self.of(other)
        return any(compare(self._mentions[a], self._mentions[b]).decision == "apart" for a in mine for b in theirs)

    def on_one_network(self, one: int, other: int) -> bool:
        """Whether the groups of two mentions have different accounts on one network, so that a like name says little."""
        pairs = ((self._mentions[a], self._mentions[b]) for a in self.of(one) for b in self.of(other))
        return len(self.of(one)) + len(self.of(other)) > 2 and any(other_account(a, b) for a, b in pairs)

    def link(self, one: int, other: int) -> None:
        mine, theirs = self.of(one), self.of(other)
        if mine is theirs or len(mine) + len(theirs) > MAX_GROUP or self.apart(one, other):
            return
        together = sorted({*mine, *theirs})
        for place in together:
            self._of[place] = together

    def members(self) -> list[list[int]]:
        """Every group of two and more, each once."""
        return [group for place, group in sorted(self._of.items()) if group[0] == place]


def _suggested(
    groups: _Groups, ranked: Sequence[tuple[tuple[int, int], Verdict]], namesakes: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], Verdict]:
    """The suggestions: what may be one issue with one mention of a group may be with all of it.

    A mention is one issue with one group at most. So the more namesakes there are that it may belong to, the less likely is each; and of two groups that
    are apart from each other it is suggested with the likelier, and with both only where they are nearly as likely.
    """
    rivals: dict[int, set[int]] = defaultdict(set)
    for one, other in namesakes:
        mine, theirs = groups.of(one)[0], groups.of(other)[0]
        if mine != theirs:
            rivals[mine].add(theirs)
            rivals[theirs].add(mine)
    best: dict[tuple[int, int], Verdict] = {}
    for (one, other), verdict in ranked:
        mine, theirs = groups.of(one)[0], groups.of(other)[0]
        if mine != theirs:
            best.setdefault((min(mine, theirs), max(mine, theirs)), verdict)
    best = {pair: verdict for pair, verdict in best.items() if not groups.apart(*pair) and not groups.on_one_network(*pair)}
    verdicts = dict(ranked)
    taken: dict[int, list[tuple[int, float]]] = defaultdict(list)
    found: dict[tuple[int, int], Verdict] = {}
    for (mine, theirs), verdict in best.items():
        score = among(verdict.score, max(len(rivals[mine]), len(rivals[theirs])))
        if score < SUGGEST_FROM or any(
            better > score + NEARLY and groups.apart(rival, place)
            for of, place in ((mine, theirs), (theirs, mine))
            for rival, better in taken[of]
        ):
            continue
        taken[mine].append((theirs, score))
        taken[theirs].append((mine, score))
        for a in groups.of(mine):
            for b in groups.of(theirs):
                pair = (min(a, b), max(a, b))
                own = verdicts.get(pair)
                if own is not None:
                    found[pair] = Verdict("suggest", min(own.score, score), own.evidence)
                else:
                    found[pair] = Verdict("suggest", round(0.9 * score, 3), (*verdict.evidence, THROUGH))
    return found


# --- topics ------------------------------------------------------------------------------------------------------------------------------


def _topics(mentions: Sequence[Seen]) -> list[Topic]:
    """The topics of one brand's mentions in the order of time, the earliest first."""
    watch = Watch(Heard(mentions))
    why: dict[str, tuple[bool, str]] = {}
    runs: dict[int, list[int]] = defaultdict(list)
    for place, seen in enumerate(mentions):
        copies = {earlier for run in seen.copy for earlier in runs[run][-COPIES:]}
        for run in seen.copy:
            runs[run].append(place)
        watch.meet(seen)
        joined = watch.join(seen, [mentions[earlier] for earlier in sorted(copies)])
        if joined is None or joined.topic is None:
            continue
        reasons = [(joined.kind != "event", joined.why)] if joined.kind != "thread" else []
        why[joined.topic] = min([*(why.pop(name) for name in (joined.topic, *joined.same) if name in why), *reasons], key=itemgetter(0))
    members: dict[str, list[str]] = defaultdict(list)
    for seen in mentions:
        if seen.id in watch.of:
            members[watch.of[seen.id]].append(seen.id)
    return [Topic(tuple(ids), why[name][1]) for name, ids in members.items()]
