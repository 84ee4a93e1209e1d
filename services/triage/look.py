"""A later look at mentions, by what links nobody at once: names, handles, meaning, time. It suggests, links late where the evidence is strong after
all, finds topics, and the earlier question that a mention follows.

Mentions that triage has told of come in by the queue `to_look`, brand by brand and in order; suggestions and new versions of mentions leave. All of a
batch is one transaction with the queue's rows, so a look has its effect once. It may come seconds later, and in a storm minutes: nothing waits for it
(docs/adr/0015).
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import numpy as np
from prometheus_client import Gauge

from libs.common import db, outbox
from libs.common.events import Findings
from libs.common.outbox import Outgoing
from libs.common.service import Service
from libs.common.wordvectors import Floats
from services.triage import (
    correction_store,
    group,
    look_store,
    pair,
    regroup,
    resolution,
    resolution_store,
    store,
    suggestion,
    suggestion_store,
    topic_look,
    topic_store,
)
from services.triage.deepen import closer, deepened
from services.triage.examine import Examiner
from services.triage.look_store import Looked, Standing
from services.triage.looker import Habits, Looker
from services.triage.names import alike, common_parts
from services.triage.shown import Seen
from services.triage.topic import EVENT_WINDOW
from services.triage.topic_look import Joining

log = logging.getLogger(__name__)
T = TypeVar("T")

_WAITING = Gauge("weerklank_looks_waiting", "Mentions that wait for a later look: for suggestions, topics and late links", ["brand"])
_OPEN = Gauge("weerklank_suggestions_open", "Suggestions that wait for a person's answer", ["brand"])

AT_ONCE = 200
_EVERY_S = 0.25
NEAREST, SHARING, OWN, MOST = 8, 8, 5, 50
"""Candidates of one mention: by meaning, by each clue, of the same customer, and in all."""
BEHIND = 2_000
"""While so many wait, nobody is searched by meaning: the cheap ways first, and whoever comes later finds these by their meaning."""
MEANING_WINDOW, CLUE_WINDOW = pair.SUGGEST_WINDOW, timedelta(days=30)
KEPT = CLUE_WINDOW + timedelta(days=1)
RECENT = 500
"""Mentions before a batch among which topics are looked for."""
MOST_ASKED = 3
"""Suggestions of one mention: the best. Who shows more likenesses than that shows none."""
MOST_MOVED = 2_000
"""Mentions of a topic that turns out to be an earlier one: with more it stays its own, for all of them are told again in one transaction."""
MOST_MEMBERS = 200
"""A group of more is not looked through for evidence against: nothing links to it late."""
_LONG_AFTER = 2 * pair.AUTHOR_WINDOW
_SAME_SUBJECT = 0.75
_GIVE_WAY = 4.0
"""While mentions wait to come in at all, a look rests for so many times as long as it took."""


@dataclass
class Found:
    """What a batch of looks found, before it is written."""

    links: list[tuple[UUID, UUID, pair.Verdict]] = field(default_factory=list)
    suggestions: list[tuple[UUID, UUID, pair.Verdict]] = field(default_factory=list)
    joinings: list[Joining] = field(default_factory=list)
    follows: dict[UUID, UUID] = field(default_factory=dict)
    """Mention → the group of the earlier question."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of the mentions of a batch and of those that they are compared with."""

    standing: Mapping[UUID, Standing]
    over: Mapping[UUID, datetime]
    """Group → when it was resolved."""
    crowds: Mapping[UUID, int]
    """Mention → how many are in its topic, of those that are in one."""
    busy: int
    """How many came in within hours."""


def nearest(looked: Sequence[Looked], ids: Sequence[UUID], meanings: Floats) -> list[tuple[UUID, UUID]]:
    """(mention, another one): for each the NEAREST of these by meaning."""
    asked = [one for one in looked if one.seen.meaning is not None]
    if not asked or not ids:
        return []
    cosines = np.stack([one.seen.meaning for one in asked]) @ meanings.T  # type: ignore[misc]
    many = min(NEAREST + 1, len(ids))
    best = np.argpartition(-cosines, many - 1, axis=1)[:, :many]
    return [(one.mention_id, ids[at]) for one, row in zip(asked, best, strict=True) for at in row if ids[at] != one.mention_id]


def judged(mine: UUID, shown: Seen, others: Mapping[UUID, Seen], around: Around, found: Found) -> None:
    """Compare a mention with its candidates of other groups and add what that says. Evidence against one member of a group counts against asking
    about any. The more there are that it may belong to, the less likely is each."""
    here = around.standing[mine]
    by_group: dict[UUID, list[UUID]] = {}
    earlier: list[tuple[datetime, UUID]] = []
    shown = _without_worn(shown, others.values())
    for other in others:
        there = around.standing.get(other)
        if there is not None and not there.removed and there.group_id != here.group_id:
            by_group.setdefault(there.group_id, []).append(other)
    asked = []
    for group_id, members in by_group.items():
        if not any(pair.may_be_one(shown, others[other]) for other in members):
            continue
        verdicts = []
        for other in members:
            earlier_group, later_at = (group_id, shown.at) if others[other].at < shown.at else (here.group_id, others[other].at)
            crowd = min(around.crowds.get(mine, 0), around.crowds.get(other, 0))
            verdict = pair.compare(shown, others[other], crowd=crowd, busy=around.busy)
            verdicts.append((other, resolution.weighed(verdict, around.over.get(earlier_group), later_at)))
        earlier += [
            (others[other].at, group_id)
            for other, verdict in verdicts
            if others[other].at < shown.at and (verdict.follows or _comes_back(shown, others[other], verdict))
        ]
        other, best = max(verdicts, key=lambda item: (item[1].decision == "link", item[1].decision == "suggest", item[1].score))
        if any(verdict.decision == "apart" for _, verdict in verdicts):
            continue
        if best.decision == "link":
            found.links.append((mine, other, best))
        elif best.decision == "suggest":
            asked.append((mine, other, best))
    if earlier:
        found.follows[mine] = max(earlier)[1]
    asked = [(mine, other, replace(verdict, score=pair.among(verdict.score, len(asked)))) for _, other, verdict in asked]
    found.suggestions += sorted((item for item in asked if item[2].score >= pair.SUGGEST_FROM), key=lambda item: -item[2].score)[
        :MOST_ASKED
    ]


def _without_worn(shown: Seen, others: Iterable[Seen]) -> Seen:
    """The mention without what so many authors name that it says nothing about who they are."""
    authors: dict[tuple[str, str], set[object]] = {key: set() for key in shown.told}
    for theirs in others if authors else ():
        for key in shown.told & theirs.told:
            authors[key].add(theirs.author)
    worn = {key for key, by in authors.items() if len(by) >= group.MAX_AUTHORS}
    return replace(shown, told=shown.told - worn) if worn else shown


def _comes_back(later: Seen, earlier: Seen, verdict: pair.Verdict) -> bool:
    """Whether the same author asks about the same subject so long after that it is a new question, which goes back to the old one."""
    if verdict.decision is not None or later.at - earlier.at < _LONG_AFTER or not later.own & earlier.own:
        return False
    cosine, _, share = pair.subject(earlier, later)
    return cosine + 0.5 * share >= _SAME_SUBJECT


# --- a batch --------------------------------------------------------------------------------------------------------------------------


async def look(pool: db.Pool, looker: Looker, brand: str, limit: int = AT_ONCE, *, examiner: Examiner) -> int:
    """Look at the longest waiting mentions of a brand, in one transaction, and return how many those were. 0 too while another instance does.

    What was only looked at quickly, because too many came at once, is examined closely too.
    """
    async with pool.acquire() as connection, connection.transaction():
        if not await look_store.alone(connection, brand):
            return 0
        due = await look_store.take(connection, brand, limit)
        rows = await store.these(connection, brand, due)
        fresh = [rows[mention_id] for mention_id in due if mention_id in rows and not rows[mention_id].triaged.removed]
        if fresh:
            await _look_at(connection, looker, brand, fresh, await closer(examiner, fresh))
    return len(due)


async def _look_at(
    connection: db.Connection, looker: Looker, brand: str, rows: Sequence[store.MentionRow], anew: Mapping[UUID, Findings]
) -> None:
    """`anew`: what was found in some of them."""
    looked = await asyncio.to_thread(looker.see, rows)
    newest = max(one.seen.at for one in looked)
    recent = await look_store.recent(connection, brand, min(one.seen.at for one in looked) - EVENT_WINDOW, RECENT)
    await look_store.keep(connection, brand, looked)
    habits = await looker.habits(connection, brand)
    candidates, strong, copies = await _candidates(connection, looker, brand, looked, newest, habits)
    others, standing = await _worth_comparing(connection, looker, brand, looked, candidates, strong)
    mine = [one.mention_id for one in looked]
    compared = {other for some in others.values() for other in some}
    over = await resolution_store.over(connection, [brand], {one.group_id for one in standing.values()})
    met = await looker.met(connection, brand, {*mine, *compared, *recent, *(other for some in copies.values() for other in some)})
    topics, begun = await topic_store.topics_of(connection, brand, sorted(met))
    found = Found()

    def decide() -> None:
        common = common_parts([*habits.authors, *((shown.author, shown.name) for shown in met.values())])
        named = {mention_id: shown.among(common) for mention_id, shown in met.items()} if common else met
        found.joinings = topic_look.joinings(
            [(one.mention_id, named[one.mention_id]) for one in looked],
            [(mention_id, named[mention_id]) for mention_id in recent if mention_id in named and mention_id not in mine],
            {mention_id: [(other, named[other]) for other in some if other in named] for mention_id, some in copies.items()},
            topics,
            begun,
            habits.heard,
        )
        in_topics = topic_look.joined(topics, found.joinings, topic_look.merged(found.joinings))
        sizes = Counter(in_topics.values())
        crowds = {mention_id: sizes[topic_id] for mention_id, topic_id in in_topics.items()}
        around = Around(standing, over, crowds, len(recent) + len(looked))
        for one in looked:
            if one.mention_id in standing:
                shown = {other: named[other] for other in others[one.mention_id] if other in named}
                judged(one.mention_id, named[one.mention_id], shown, around, found)

    await asyncio.to_thread(_by_one_thread, looker, decide)
    told = await _link(connection, looker, brand, found)
    await _suggest(connection, brand, found)
    await outbox.add(
        connection, "triage", told + await _revise(connection, brand, found, {row.triaged.mention.id: row for row in rows}, anew)
    )


async def _candidates(
    connection: db.Connection, looker: Looker, brand: str, looked: Sequence[Looked], newest: datetime, habits: Habits
) -> tuple[dict[UUID, list[UUID]], dict[UUID, set[UUID]], dict[UUID, list[UUID]]]:
    """For each mention those that it may be one issue with, the likeliest first, at most MOST: of its customer, by clues, by meaning. Then which of these
    share more than the beginning of a name. And those that share some of its text."""
    found: dict[UUID, dict[UUID, None]] = {one.mention_id: {} for one in looked}
    strong: dict[UUID, set[UUID]] = {one.mention_id: set() for one in looked}
    for mention_id, other in await look_store.own(connection, brand, list(found), OWN):
        found[mention_id][other] = None
        strong[mention_id].add(other)
    copies: dict[UUID, list[UUID]] = {}
    shared: dict[UUID, dict[UUID, int]] = {}
    for mention_id, other, clue in await look_store.sharing(connection, brand, looked, newest - CLUE_WINDOW, SHARING):
        if clue.startswith("copy:"):
            copies.setdefault(mention_id, []).append(other)
        else:
            counts = shared.setdefault(mention_id, {})
            counts[other] = counts.get(other, 0) + 1
            if not clue.startswith("name:"):
                strong[mention_id].add(other)
    for mention_id, counts in shared.items():
        found[mention_id] |= dict.fromkeys(sorted(counts, key=lambda other: -counts[other])[: MOST - OWN - NEAREST])
    if await look_store.backlog(connection, brand, BEHIND) < BEHIND:
        since = newest - MEANING_WINDOW
        if habits.spread:
            near = await look_store.near(connection, brand, looked, since, NEAREST)
        else:
            newest_ones = await look_store.newest(connection, brand, since)
            near = await asyncio.to_thread(_by_one_thread, looker, lambda: nearest(looked, *newest_ones))
        for mention_id, other in near:
            found[mention_id][other] = None
    return {mention_id: list(others)[:MOST] for mention_id, others in found.items()}, strong, copies


def _by_one_thread(looker: Looker, work: Callable[[], T]) -> T:
    with looker.encoder.one_thread():
        return work()


async def _worth_comparing(
    connection: db.Connection,
    looker: Looker,
    brand: str,
    looked: Sequence[Looked],
    candidates: Mapping[UUID, Sequence[UUID]],
    strong: Mapping[UUID, Collection[UUID]],
) -> tuple[dict[UUID, list[UUID]], dict[UUID, Standing]]:
    """For each mention the candidates of which more must be known than how they are called, and where all of them stand.

    Most candidates share the beginning of a name, or a meaning, and come to nothing: nothing else of them is read, or the time for a mention would grow
    with what is stored, of which ever less is remembered. Who is of one group with somebody who may be one with the mention can speak against that,
    and stays.
    """
    everybody = {other for others in candidates.values() for other in others}
    glanced = await looker.glanced(connection, brand, everybody)

    def may_be_one(shown: Seen, other: UUID) -> bool:
        known = glanced.get(other)
        return known is None or (pair.may_be_one(shown, known) if isinstance(known, Seen) else alike(shown.name, known))

    worth = {
        one.mention_id: [other for other in candidates[one.mention_id] if other in strong[one.mention_id] or may_be_one(one.seen, other)]
        for one in looked
    }
    some = {*worth, *(other for others in worth.values() for other in others)}
    standing = await look_store.standing(connection, brand, sorted(some))
    groups = {standing[other].group_id for others in worth.values() for other in others if other in standing}
    standing |= await look_store.standing_beside(connection, brand, sorted(everybody - some), sorted(groups))
    found = {}
    for mention_id, others in worth.items():
        concerned = {standing[other].group_id for other in others if other in standing}
        found[mention_id] = [other for other in candidates[mention_id] if other in standing and standing[other].group_id in concerned]
    return found, standing


async def _link(connection: db.Connection, looker: Looker, brand: str, found: Found) -> list[Outgoing]:
    """Groups that strong evidence shows to be one after all become one; not where a person said that they are two, or something speaks against any
    two of their mentions."""
    if not found.links:
        return []
    before = await regroup.lock(connection, brand, {mention_id for one, other, _ in found.links for mention_id in (one, other)})
    rejected = await suggestion_store.rejected(connection, [brand], sorted(before))
    members: dict[UUID, list[UUID]] = {}
    for mention_id, row in before.items():
        if not row.triaged.removed:
            members.setdefault(row.triaged.group_id, []).append(mention_id)
    met = await looker.met(connection, brand, [i for some in members.values() if len(some) <= MOST_MEMBERS for i in some])
    links: list[tuple[UUID, UUID, list[str]]] = []
    apart = list(rejected)
    for one, other, verdict in found.links:
        if not {one, other} <= before.keys():
            continue
        mine, theirs = (members.get(before[mention_id].triaged.group_id, []) for mention_id in (one, other))
        if len(mine) + len(theirs) > MOST_MEMBERS:
            continue
        if any(pair.compare(met[a], met[b]).decision == "apart" for a in mine for b in theirs if a != b and a in met and b in met):
            apart.append((one, other))
        else:
            links.append((one, other, list({item.kind: None for item in verdict.evidence if not item.against})))
    return await regroup.save(connection, before, regroup.joined_all(before, links, apart), None)


async def _suggest(connection: db.Connection, brand: str, found: Found) -> None:
    """People are asked once about two groups, and not about two that are one by now."""
    if not found.suggestions:
        return
    ids = {mention_id for one, other, _ in found.suggestions for mention_id in (one, other)}
    groups = await store.groups_of(connection, brand, sorted(ids))
    known = await suggestion_store.between(connection, brand, sorted(set(groups.values())))
    answered = await suggestion_store.answered(connection, brand)
    asked = []
    for one, other, verdict in sorted(found.suggestions, key=lambda item: -item[2].score):
        both = frozenset({groups[one], groups[other]})
        if len(both) == 2 and known.get(both, "withdrawn") == "withdrawn":
            state = known[both] = suggestion.state_of(verdict.score, answered)
            evidence = [(item.kind, item.against, item.said) for item in verdict.evidence]
            asked.append(suggestion_store.Asked(suggestion_store.pair_of(brand, one, other), verdict.score, evidence, state))
    await suggestion_store.suggest(connection, asked)


async def _revise(
    connection: db.Connection, brand: str, found: Found, known: Mapping[UUID, store.MentionRow], anew: Mapping[UUID, Findings]
) -> list[Outgoing]:
    """Mentions that were looked at closely, joined a topic, or follow an earlier question, are told with it: once, whatever came together. Those that
    were taken back meanwhile show nothing: locked here, so that whoever takes one back later finds what is forgotten by that."""
    merged = topic_look.merged(found.joinings)
    large = await topic_store.larger(connection, brand, merged, MOST_MOVED)
    merged = {goes: stays for goes, stays in merged.items() if goes not in large}
    topics = topic_look.joined(await topic_store.members(connection, brand, merged), found.joinings, merged)
    rows = await store.lock(connection, brand, sorted({*found.follows, *topics, *known}), known)
    await look_store.forget(connection, [row.triaged for mention_id, row in rows.items() if row.triaged.removed and mention_id in known])
    said = await correction_store.corrections(connection, [brand], sorted(anew)) if anew else {}
    changed, members = [], []
    for mention_id, row in rows.items():
        if row.triaged.removed:
            continue
        what: dict[str, UUID | Findings] = {}
        if (findings := deepened(row, anew.get(mention_id), said.get(mention_id, ()))) is not None:
            what["findings"] = findings
        earlier = found.follows.get(mention_id)
        if earlier is not None and earlier not in (row.triaged.group_id, row.triaged.follows):
            what["follows"] = earlier
        if mention_id in topics and topics[mention_id] != row.triaged.topic_id:
            what["topic_id"] = topics[mention_id]
            members.append(topic_store.Member(topics[mention_id], mention_id, row.triaged.customer_id, store.moment_of(row)))
        if what:
            why = "depth" if "findings" in what else "topic" if "topic_id" in what else "follows"
            changed.append((regroup.changed(row, **what), why))
    told: dict[UUID, tuple[str, str]] = {}
    for joining in sorted(found.joinings, key=lambda joining: joining.kind != "event"):
        if joining.kind != "thread":
            told.setdefault(merged.get(joining.topic_id, joining.topic_id), (joining.kind, joining.why))
    await topic_store.join(connection, brand, [(topic_id, *words) for topic_id, words in told.items()], members, merged)
    await store.update(connection, [row for row, _ in changed])
    return [regroup.revised(row, why) for row, why in changed]


async def refresh_gauges(connection: db.Connection) -> None:
    """What waits, at a scrape."""
    for gauge, counts in ((_WAITING, await look_store.waiting_counts(connection)), (_OPEN, await suggestion_store.open_counts(connection))):
        gauge.clear()
        for brand, number in counts:
            gauge.labels(brand).set(number)


# --- the task -------------------------------------------------------------------------------------------------------------------------


async def run(service: Service, examiner: Examiner) -> None:
    """Until cancelled, every brand in turn, so that one brand's storm keeps no other waiting."""
    looker = Looker(service.books, examiner.classifier.encoder)
    await service.books.read.wait()
    while True:
        looked = False
        try:
            async with service.pool.acquire() as connection:
                brands = await look_store.waiting(connection, [brand for brand, _ in service.books])
            for brand in brands:
                began = time.monotonic()
                looked |= await _carefully(service.pool, looker, examiner, brand)
                service.relay.poke()
                if service.stream and any(topic["seconds"] > 1 for topic in service.stream.lags().values()):
                    await asyncio.sleep(_GIVE_WAY * (time.monotonic() - began))
        except db.TRANSIENT as error:
            log.warning("mentions are not looked at now", extra={"error": type(error).__name__})
            looked = False
        if not looked:
            await asyncio.sleep(_EVERY_S)


async def _carefully(pool: db.Pool, looker: Looker, examiner: Examiner, brand: str) -> bool:
    """A mention that cannot be looked at is left out, and said so; it keeps no other waiting. False where nothing was, or another instance is at it."""
    try:
        return await look(pool, looker, brand, examiner=examiner) > 0
    except db.TRANSIENT:
        raise
    except Exception:
        log.exception("looking failed: one by one", extra={"brand": brand})
        for _ in range(AT_ONCE):
            try:
                if not await look(pool, looker, brand, limit=1, examiner=examiner):
                    break
            except db.TRANSIENT:
                raise
            except Exception:
                async with pool.acquire() as connection, connection.transaction():
                    skipped = await look_store.take(connection, brand, 1)
                log.exception("a mention is not looked at", extra={"mention_id": str(skipped)})
        return True
