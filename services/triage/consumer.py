"""Mentions come in from ingest (live and bulk), word of replies that were sent and of cases that were resolved, and what people correct. What
triage found, and which mentions are one issue, goes out to `triaged`.

Findings and identifiers are computed before the transaction. Inside it, in this order: what keeps corrections and mentions in order, the mentions
that the batch names, customers by identity, evidence rows (sorted), the roots of the groups that they stand for and the members of those that meet
(each sorted), then a fold of each mention in offset order.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import CaseReopened, CaseResolved
from libs.common.consumer import Consumer, Work
from libs.common.errors import InvalidEvent
from libs.common.events import (
    DuplicateJudged,
    Event,
    Evidence,
    FindingCorrected,
    Mention,
    MentionDeleted,
    MentionReceived,
    MentionRegrouped,
    MentionRemoved,
    MentionRevised,
    MentionTriaged,
    TriagedMention,
)
from libs.common.record import Place, Received
from libs.common.reply_events import ReplySent
from libs.common.topics import CASES, FEEDBACK, MENTIONS, MENTIONS_BULK, REPLIES
from services.triage import (
    correction,
    correction_store,
    customer_store,
    group,
    look_store,
    regroup,
    resolution,
    resolution_store,
    store,
    suggestion_store,
)
from services.triage.examine import Examiner, Prepared


class TriageWork(Work):
    """The mentions of a batch and all that their grouping depends on."""

    def __init__(self, prepared: dict[UUID, Prepared], now: datetime) -> None:
        super().__init__()
        self.prepared = prepared
        self.now = now
        self.known: dict[UUID, store.MentionRow] = {}
        self.deleted: set[UUID] = set()
        self.customers: dict[UUID, UUID] = {}
        self.keys: dict[UUID, list[group.Key]] = {}
        self.reply_keys: dict[Place, list[group.Key]] = {}
        self.shown: dict[group.Key, group.Shown] = {}
        self.groups = group.Groups()
        self.members: dict[UUID, set[UUID]] = {}
        self.new: dict[UUID, None] = {}  # in offset order: the order in which people will see them
        self.changed: set[UUID] = set()
        self.newly_deleted: dict[UUID, str] = {}
        self.imports: dict[tuple[str, str], list[int]] = {}
        self.corrections: dict[UUID, list[correction.Correction]] = {}
        self.newly_corrected: list[correction.Correction] = []
        self.pairs: dict[suggestion_store.Pair, suggestion_store.Decision] = {}
        self.judged: dict[suggestion_store.Pair, suggestion_store.Decision] = {}
        self.apart: set[frozenset[UUID]] = set()
        self.left: list[tuple[str, UUID, UUID, UUID]] = []
        self.case_versions: dict[resolution_store.Place, int] = {}
        self.heard: dict[resolution_store.Place, resolution.Resolution] = {}
        self.over: dict[UUID, datetime] = {}

    def member_of(self, group_id: UUID, mention_id: UUID) -> None:
        self.members.setdefault(group_id, set()).add(mention_id)


def on_mention_received(work: TriageWork, received: Received[MentionReceived]) -> None:
    """Find the group of a new mention, merge the groups that it shows to be one, and tell. Seen before: no effect."""
    mention = received.event.mention
    if mention.import_id:
        counts = work.imports.setdefault((mention.brand, mention.import_id), [0, 0])
        counts[0] += 1
        counts[1] += mention.id in work.known
    if mention.id in work.known or mention.id in work.deleted:
        work.repeat(received)
        return
    found, customer_id, at = work.prepared[mention.id], work.customers[mention.id], group.moment(mention)
    shown = [(key, work.shown[key]) for key in work.keys[mention.id]]
    links = _not_apart(work, group.links(shown, at, customer_id, group.own_keys(mention.brand, found.author)))
    if found.something_else:
        links = [link for link in links if link.kind != "label"]  # the same subject again, and yet another question
    links, earlier = resolution.counting(links, shown, work.over, at)
    root, losers = work.groups.merge(link.group_id for link in links) if links else (mention.id, [])
    if not links:
        work.groups.moments[mention.id] = at
    linked = {link.group_id for link in links}
    for _, known in shown:
        group.show(known, at, customer_id, root, mention.id, linked=known.group_id in linked)
    evidence = [Evidence(kind=link.kind, mention_id=link.mention_id) for link in links]
    people_said = [one for one in work.corrections.get(mention.id, ()) if one.brand == mention.brand]
    triaged = TriagedMention(
        mention=mention,
        findings=correction.corrected(found.findings, people_said),
        customer_id=customer_id,
        group_id=root,
        evidence=evidence,
        follows=earlier,
        triaged_at=work.now,
    )
    row = store.MentionRow(triaged, 1, found.book_version, received.traceparent)
    work.known[mention.id] = row
    work.new[mention.id] = None
    work.member_of(root, mention.id)
    _tell(work, received, row, MentionTriaged)
    if not mention.historic:
        work.over.pop(root, None)  # it wakes the case
    for loser in losers:
        _regroup(work, received, loser, root, evidence)


def _not_apart(work: TriageWork, links: list[group.Link]) -> list[group.Link]:
    """The links without those to a group that a person said is another issue than one before it: what one message shows of both does not join them."""
    if not work.apart:
        return links
    kept: list[group.Link] = []
    for link in sorted(links, key=lambda link: link.kind == "label"):
        root = work.groups.root(link.group_id)
        if not any(frozenset({root, work.groups.root(other.group_id)}) in work.apart for other in kept):
            kept.append(link)
    return kept


def _regroup(work: TriageWork, cause: Received[Any], loser: UUID, root: UUID, evidence: list[Evidence]) -> None:
    """Every mention of a group that turned out to be another one moves there, with a new version."""
    for mention_id in sorted(work.members.pop(loser, ())):
        row = work.known[mention_id]
        moved = row.triaged.model_copy(update={"group_id": root, "evidence": evidence})
        work.known[mention_id] = replace(row, triaged=moved, version=row.version + 1)
        work.changed.add(mention_id)
        work.member_of(root, mention_id)
        _tell(work, cause, work.known[mention_id], MentionRegrouped)
    for known in work.shown.values():
        if known.group_id == loser:
            known.group_id, known.changed = root, True
    work.over.pop(root, None)
    work.apart = {frozenset(root if group_id == loser else group_id for group_id in pair) for pair in work.apart}


def on_mention_deleted(work: TriageWork, received: Received[MentionDeleted]) -> None:
    """Forget the text of a mention that was taken back, those words too by which its findings are explained, and tell. One that we never saw is
    remembered, so that it stays away."""
    mention_id = received.event.mention_id
    row = work.known.get(mention_id)
    if mention_id in work.deleted or (row is not None and row.triaged.removed):
        work.repeat(received)
        return
    if row is None:
        work.newly_deleted[mention_id] = received.event.brand
        work.deleted.add(mention_id)
        return
    if row.triaged.mention.brand != received.event.brand:
        raise InvalidEvent("A brand may only take back mentions of its own.")
    emptied = row.triaged.mention.model_copy(update={"text": "", "title": None, "attachments": []})
    found = row.triaged.findings
    told = found.model_copy(update={"why": {finding: why for finding, why in found.why.items() if finding in found.corrected}})
    removed = row.triaged.model_copy(update={"removed": True, "mention": emptied, "findings": told, "topic_id": None})
    work.known[mention_id] = replace(row, triaged=removed, version=row.version + 1)
    work.changed.add(mention_id)
    _tell(work, received, work.known[mention_id], MentionRemoved)


def on_finding_corrected(work: TriageWork, received: Received[FindingCorrected]) -> None:
    """A person's word stands from here on, and is kept to learn from. The newest of a finding counts; one that comes before its mention waits for it,
    and of a mention that was taken back nothing is kept."""
    said = correction.read(received.event)
    row = work.known.get(said.mention_id)
    if row is not None and row.triaged.mention.brand != said.brand:
        raise InvalidEvent("A brand may only correct mentions of its own.")
    before = work.corrections.setdefault(said.mention_id, [])
    if said.mention_id in work.deleted or (row is not None and row.triaged.removed) or any(one.id == said.id for one in before):
        work.repeat(received)
        return
    before.append(said)
    work.newly_corrected.append(said)
    if row is None or correction.newest(before)[said.finding] is not said:
        return
    triaged = row.triaged.model_copy(update={"findings": correction.corrected(row.triaged.findings, [said])})
    row = work.known[said.mention_id] = replace(row, triaged=triaged, version=row.version + 1)
    work.changed.add(said.mention_id)
    event = MentionRevised(brand=said.brand, book_version=row.book_version, triaged=triaged, why="correction", actor=said.actor)
    work.emit(received, event, subject=str(said.mention_id), version=row.version, key=str(triaged.customer_id))


def on_reply_sent(work: TriageWork, received: Received[ReplySent]) -> None:
    """What answers an answer of ours belongs to the same issue, whatever else it names."""
    reply = received.event.reply
    row = work.known.get(reply.mention_id) if reply.mention_id else None
    keys = work.reply_keys.get(received.place, ())
    if row is None or reply.sent_at is None or not keys:
        work.repeat(received)
        return
    root = work.groups.root(row.triaged.group_id)
    new = [known for known in map(work.shown.__getitem__, keys) if known.fresh or known.group_id != root or known.last_at < reply.sent_at]
    if not new:
        work.repeat(received)
        return
    for known in new:
        group.show(known, reply.sent_at, row.triaged.customer_id, root, row.triaged.mention.id, linked=known.group_id == root)


def on_duplicate_judged(work: TriageWork, received: Received[DuplicateJudged]) -> None:
    """Two mentions are one issue, or are not, whatever triage thought: their groups become one, or the later mention leaves. The newest word counts.

    What people said by putting cases together or apart is kept to learn from; routing sees to the cases."""
    event = received.event
    one, other = work.known.get(event.mention_id), work.known.get(event.other_id)
    if one is None or other is None or event.brand != one.triaged.mention.brand or event.brand != other.triaged.mention.brand:
        raise InvalidEvent("A brand may only judge two mentions of its own that triage has seen.")
    if event.mention_id == event.other_id:
        raise InvalidEvent("That is one mention, not two.")
    pair = suggestion_store.pair_of(event.brand, event.mention_id, event.other_id)
    known = work.pairs.get(pair)
    if known is not None and known.at is not None and known.at >= event.at:
        work.repeat(received)
        return
    work.pairs[pair] = work.judged[pair] = suggestion_store.Decision("confirmed" if event.same else "rejected", event.actor, event.at)
    if event.evidence_only:
        return
    groups = one.triaged.group_id, other.triaged.group_id
    if event.same and groups[0] != groups[1]:
        root, losers = work.groups.merge(groups)
        stays = event.mention_id if groups[0] == root else event.other_id
        for loser in losers:
            _regroup(work, received, loser, root, [Evidence(kind=regroup.CONFIRMED, mention_id=stays)])
    elif not event.same:
        _part(work, received, event.mention_id, event.other_id)


def _part(work: TriageWork, cause: Received[Any], one: UUID, other: UUID) -> None:
    """Two mentions are of two groups from here on."""
    before = work.known[one].triaged.group_id
    rows = {mention_id: work.known[mention_id] for mention_id in work.members.get(before, ())}
    for mention_id, row in sorted(regroup.parted(rows, one, other).items() if {one, other} <= rows.keys() else ()):
        now = row.triaged.group_id
        work.known[mention_id] = row
        work.changed.add(mention_id)
        if now != before:
            work.members[before].discard(mention_id)
            work.member_of(now, mention_id)
            work.left.append((row.triaged.mention.brand, mention_id, before, now))
            for known in work.shown.values():
                if known.mention_id == mention_id and known.group_id == before:
                    known.group_id, known.changed = now, True
        _tell(work, cause, row, MentionRegrouped)
    for mention_id in (one, other):
        group_id = work.known[mention_id].triaged.group_id
        work.groups.merged.pop(group_id, None)
        work.groups.moments.setdefault(group_id, group.moment(work.known[group_id].triaged.mention))
    work.apart.add(frozenset(work.known[mention_id].triaged.group_id for mention_id in (one, other)))


def on_case(work: TriageWork, received: Received[CaseResolved | CaseReopened]) -> None:
    """A question was solved, or was not after all: what comes days later belongs to it no longer, or does. The newest version of its case counts, from the
    next batch on."""
    case = received.event.case
    place = (case.brand, case.group_id)
    if work.case_versions.get(place, 0) >= received.version:
        work.repeat(received)
        return
    work.case_versions[place] = received.version
    work.heard[place] = resolution.of_case(case, received.version)


HANDLERS: dict[type[Event], Callable[[TriageWork, Received[Any]], None] | None] = {
    MentionReceived: on_mention_received,
    MentionDeleted: on_mention_deleted,
    **dict.fromkeys(REPLIES.events),
    ReplySent: on_reply_sent,
    **dict.fromkeys(CASES.events),
    CaseResolved: on_case,
    CaseReopened: on_case,
    **dict.fromkeys(FEEDBACK.events),
    FindingCorrected: on_finding_corrected,
    DuplicateJudged: on_duplicate_judged,
}


def _tell(
    work: TriageWork,
    cause: Received[Any],
    row: store.MentionRow,
    kind: type[MentionTriaged] | type[MentionRegrouped] | type[MentionRemoved],
) -> None:
    event = kind(brand=row.triaged.mention.brand, book_version=row.book_version, triaged=row.triaged)
    work.emit(cause, event, subject=str(row.triaged.mention.id), version=row.version, key=str(row.triaged.customer_id))


async def load(connection: db.Connection, events: Sequence[Received[Any]], prepared: dict[UUID, Prepared]) -> TriageWork:
    """Lock and read, in the order that the module's docstring gives, all that this batch's decisions depend on."""
    ids = sorted({mention_id for received in events for mention_id in _mention_ids(received.event)})
    brands = {received.event.brand for received in events}
    corrected = [received.event.mention_id for received in events if isinstance(received.event, FindingCorrected)]
    brought = [received.event.mention.id for received in events if isinstance(received.event, MentionReceived)]
    await correction_store.keep_order(connection, brands, brought, corrected)
    await customer_store.keep_still(connection, brands)
    now, deleted = await store.now_and_deleted(connection, ids)
    work = TriageWork(prepared, now)
    judged = [received.event for received in events if isinstance(received.event, DuplicateJudged)]
    work.pairs = await suggestion_store.decisions(
        connection, sorted({suggestion_store.pair_of(event.brand, event.mention_id, event.other_id) for event in judged})
    )
    work.known, work.deleted = await store.mentions(connection, ids), deleted
    work.corrections = await correction_store.corrections(
        connection, brands, sorted({*corrected, *brought} - work.known.keys() | {*corrected})
    )
    new = _new_mentions(work, events)
    work.customers = await store.customers(connection, [(mention, prepared[mention.id].author) for mention in new])
    showings = []
    for mention in new:
        found, customer_id = prepared[mention.id], work.customers[mention.id]
        work.keys[mention.id] = group.keys(mention, found.author, found.findings, found.identifiers, customer_id)
        showings.append(store.Showing(mention.id, mention.id, mention.brand, customer_id, group.moment(mention), work.keys[mention.id]))
    sent = _sent(work, events)
    work.shown = await store.show(connection, showings + sent)
    roots = {known.group_id for known in work.shown.values() if not known.fresh} | {showing.group_id for showing in sent}
    pairs = [(_group_or_self(work, event.mention_id), _group_or_self(work, event.other_id)) for event in judged]
    work.groups.moments = await store.moments(connection, sorted(roots.union(*pairs)))
    _forget_ghosts(work, showings + sent)
    cases = [received.event.case for received in events if isinstance(received.event, CaseResolved | CaseReopened)]
    work.case_versions = await resolution_store.versions(connection, {(case.brand, case.group_id) for case in cases})
    work.over = await resolution_store.over(connection, {mention.brand for mention in new}, work.groups.moments)
    meeting = _groups_that_meet(work, new, sent, pairs)
    concerned = {showing.brand for showing in showings + sent} | {event.brand for event in judged}
    members = await store.members(connection, concerned, sorted(meeting))
    for row in members.values():
        work.known.setdefault(row.triaged.mention.id, row)
        work.member_of(row.triaged.group_id, row.triaged.mention.id)
    if len(meeting) > 1:
        work.apart = {
            frozenset(work.known[mention_id].triaged.group_id for mention_id in pair)
            for pair in await suggestion_store.rejected(connection, concerned, sorted(members))
            if members.keys() >= set(pair)
        }
    return work


def _group_or_self(work: TriageWork, mention_id: UUID) -> UUID:
    """Where a mention is; one that comes in by this very batch stands for the group that it will be in."""
    row = work.known.get(mention_id)
    return row.triaged.group_id if row else mention_id


def _mention_ids(event: Event) -> tuple[UUID, ...]:
    """The mentions that an event is about."""
    if isinstance(event, ReplySent):
        return (event.reply.mention_id,) if event.reply.mention_id else ()
    if isinstance(event, DuplicateJudged):
        return event.mention_id, event.other_id
    if isinstance(event, MentionReceived):
        return (event.mention.id,)
    return (event.mention_id,) if isinstance(event, MentionDeleted | FindingCorrected) else ()


def _sent(work: TriageWork, events: Sequence[Received[Any]]) -> list[store.Showing]:
    """What replies that were sent show: the channel's id of them, as a thread of the customer whom they answer, and our own."""
    found = []
    for received in events:
        reply = received.event.reply if isinstance(received.event, ReplySent) else None
        if reply is None or not (reply.mention_id and reply.external_id and reply.sent_at):
            continue
        row = work.known.get(reply.mention_id)
        if row is not None and row.triaged.mention.brand == reply.brand:
            about = row.triaged
            thread = group.thread_key(reply.brand, about.customer_id, reply.channel, reply.external_id)
            keys = work.reply_keys[received.place] = sorted([thread, group.reply_key(reply.brand, reply.id)])
            found.append(store.Showing(about.mention.id, about.group_id, reply.brand, about.customer_id, reply.sent_at, keys))
    return found


def _new_mentions(work: TriageWork, events: Sequence[Received[Any]]) -> list[Mention]:
    """The mentions of a batch that we have not seen and that were not taken back before they came, each once, in order."""
    found: dict[UUID, Mention] = {}
    gone = set(work.deleted)
    for received in events:
        event = received.event
        if isinstance(event, MentionDeleted) and event.mention_id not in found:
            gone.add(event.mention_id)
        if isinstance(event, MentionReceived) and event.mention.id not in work.known and event.mention.id not in gone:
            found.setdefault(event.mention.id, event.mention)
    return list(found.values())


def _forget_ghosts(work: TriageWork, showings: Sequence[store.Showing]) -> None:
    """Evidence for a group whose root does not exist is none: the first in this batch to show it begins it anew."""
    for showing in showings:
        for key in showing.keys:
            known = work.shown[key]
            if not known.fresh and known.group_id not in work.groups.moments:
                work.shown[key] = group.Shown(
                    showing.group_id, showing.mention_id, [showing.customer_id], showing.at, fresh=True, changed=True
                )


def _groups_that_meet(
    work: TriageWork, new: Sequence[Mention], sent: Sequence[store.Showing], judged: Sequence[tuple[UUID, UUID]]
) -> set[UUID]:
    """The groups that some chain of keys in this batch may merge into another, or that somebody judged: their members must be at hand.

    What they merge into is another group that we know, or one that a mention of this batch opens: that takes one older than the group's root.
    """
    parents: dict[object, object] = {}

    def top(item: object) -> object:
        while (parent := parents.get(item, item)) != item:
            item = parent
        return item

    def join(one: object, other: object) -> None:
        if (upper := top(one)) != (lower := top(other)):
            parents[lower] = upper

    for mention in new:
        for key in work.keys[mention.id]:
            join(mention.id, key)
    for showing in sent:
        for key in showing.keys:
            join(showing.group_id, key)
    for key, known in work.shown.items():
        if not known.fresh:
            join(key, known.group_id)
    for one, other in judged:
        join(one, other)
    asked = {top(one) for one, _ in judged}
    oldest: dict[object, tuple[datetime, UUID]] = {}
    for mention in new:
        at = (group.moment(mention), mention.id)
        oldest[top(mention.id)] = min(at, oldest.get(top(mention.id), at))
    by_top: dict[object, list[UUID]] = {}
    for root in work.groups.moments:
        by_top.setdefault(top(root), []).append(root)
    return {
        root
        for place, roots in by_top.items()
        if place in oldest or place in asked
        for root in roots
        if place in asked or len(roots) > 1 or oldest[place] < (work.groups.moments[root], root)
    }


async def save(connection: db.Connection, work: TriageWork) -> None:
    await store.insert(connection, [work.known[mention_id] for mention_id in work.new])
    await store.update(connection, [work.known[mention_id] for mention_id in sorted(work.changed - work.new.keys())])
    await store.keep_shown(connection, work.shown)
    await store.move_evidence(connection, work.groups.merged, work.groups.root)
    gone = [i for i in work.changed if work.known[i].triaged.removed]
    await correction_store.keep(connection, [one for one in work.newly_corrected if one.mention_id not in gone])
    await correction_store.forget(connection, {work.known[i].triaged.mention.brand for i in gone}, sorted(gone))
    await correction_store.forget(connection, set(work.newly_deleted.values()), sorted(work.newly_deleted))
    root = work.groups.root
    await store.leave_evidence(connection, [(brand, mention_id, root(before), root(now)) for brand, mention_id, before, now in work.left])
    await suggestion_store.decide(connection, work.judged)
    await resolution_store.keep(connection, work.heard)
    await look_store.ask(connection, [work.known[i].triaged.mention for i in work.new])
    await look_store.forget(connection, [work.known[i].triaged for i in sorted(work.changed) if work.known[i].triaged.removed])
    await store.keep_deleted(connection, work.newly_deleted)
    await store.count_imports(connection, work.imports)


def build(examiner: Examiner, behind: Callable[[], bool] = lambda: False) -> Consumer[TriageWork]:
    """Triage's consumer with its models and the brand books at hand. While `behind` is true, mentions are looked at quickly, and again later."""

    async def prepare(events: Sequence[Received[Any]]) -> dict[UUID, Prepared]:
        """Findings and identifiers of every mention, in a thread: heartbeats go on meanwhile."""
        mentions: dict[UUID, Mention] = {}
        for received in events:
            if isinstance(received.event, MentionReceived):
                mentions.setdefault(received.event.mention.id, received.event.mention)  # as the fold does: the first one counts
        return await examiner.examine(list(mentions.values()), "quick" if behind() else "full")

    return Consumer(
        topics=(MENTIONS.name, MENTIONS_BULK.name, REPLIES.name, CASES.name, FEEDBACK.name),
        handlers=HANDLERS,
        load=load,
        save=save,
        prepare=prepare,
        bulk=frozenset({MENTIONS_BULK.name}),
    )
