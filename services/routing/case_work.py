"""What a batch of events reads, locks and writes of cases: the same for triaged mentions, sent replies and answers of departments."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import CaseEvent
from libs.common.consumer import Work
from libs.common.events import TriagedEvent, TriagedMention
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplyBounced, ReplySent
from services.routing import (
    callback_store,
    callback_work,
    circumstances,
    consultation_stream,
    customer_store,
    failed_rule,
    forgotten,
    incident_store,
    legal_check,
    placement,
    promise_store,
    promise_stream,
    promise_work,
    proposal,
    record,
    said,
    samples,
    signal,
    spike,
    store,
    turn,
    urgent,
)
from services.routing import case as cases
from services.routing.callback import Callback
from services.routing.circumstances import Circumstances
from services.routing.placement import Overlay
from services.routing.policies import Policies
from services.routing.promise_stream import Ledger
from services.routing.sla import Policy


class CaseWork(Work):
    """The mentions and cases of a batch, and every mention of those cases."""

    def __init__(self, policies: Policies, now: datetime) -> None:
        super().__init__()
        self.policies, self.now = policies, now
        self.copies: dict[UUID, store.Copy] = {}
        self.overlay = Overlay()
        self.members: dict[UUID, set[UUID]] = {}
        self.files: dict[UUID, cases.File] = {}
        self.forgotten: set[UUID] = set()
        self.sent: set[UUID] = set()
        self.bounced: set[UUID] = set()
        self.newly_bounced: dict[UUID, str] = {}
        self.stored: set[UUID] = set()
        self.follow_ups: dict[UUID, dict[UUID, cases.Key]] = {}
        self.new_follow_ups: set[UUID] = set()
        self.moved: set[UUID] = set()
        self.changed_copies: set[UUID] = set()
        self.newly_sent: dict[UUID, store.Sent] = {}
        self.said: list[Reply] = []
        self.changed: set[UUID] = set()
        self.sampled: dict[UUID, str] = {}
        self.answered: list[samples.Judgement] = []
        self.counted: list[spike.Count] = []
        self.stories: list[store.Story] = []
        self.callbacks: dict[UUID, Callback] = {}
        self.changed_callbacks: set[UUID] = set()
        self.promises = Ledger()
        self.notifications: list[tuple[UUID, str, str, UUID, datetime, str]] = []
        self.consultations = consultation_stream.Loaded()
        self.circumstances = Circumstances()
        self.unsettled: dict[UUID, None] = {}
        self.failures: dict[tuple[str, int, int], failed_rule.Failed] = {}

    def mentions_of(self, case_id: UUID) -> list[TriagedMention]:
        """All mentions of a case, in the order in which we received them."""
        found = [self.copies[mention_id].triaged for mention_id in self.members.get(case_id, ())]
        return sorted(found, key=lambda m: cases.key_of(m.mention))

    def base_of(self, triaged: TriagedMention) -> UUID:
        """The case that a mention belongs to, before merges: where people's decisions put it, else the one of its group that ran when it came."""
        decided = self.overlay.decided(triaged)
        if decided is not None or triaged.mention.historic:
            return decided or cases.case_id_of(triaged.mention.brand, triaged.group_id)
        begun = {key: case_id for case_id, key in self.follow_ups.get(triaged.group_id, {}).items() if key <= cases.key_of(triaged.mention)}
        for key in sorted(begun, reverse=True):
            file = self.files.get(begun[key])
            if file is None or file.case.state != "merged" or begun[key] in self.overlay.merged:
                return begun[key]
        return cases.case_id_of(triaged.mention.brand, triaged.group_id)

    def case_of(self, triaged: TriagedMention) -> UUID:
        """The same, and in what people have put that case into."""
        return self.overlay.standing(self.base_of(triaged))

    def tell(self, cause: Received[Any], file: cases.File, kind: type[CaseEvent], *, actor: str = "system", **said: Any) -> store.Story:
        promise_stream.mark(self, file)
        found = record.story(file, kind, at=self.now, actor=actor, traceparent=cause.traceparent, **said)
        self.keep(file, [found])
        return found

    def tell_breaches(self, cause: Received[Any], file: cases.File) -> None:
        self.keep(file, record.breaches(file, at=self.now, actor="system", traceparent=cause.traceparent))

    def keep(self, file: cases.File, stories: Sequence[store.Story]) -> None:
        self.changed.add(file.case.id)
        self.unsettled[file.case.id] = None
        self.stories += stories
        self.outgoing += [found.outgoing for found in stories]

    def note_failure(self, file: cases.File) -> None:
        """A rule of the book could not be evaluated for this case: it is told once."""
        if file.failure is not None:
            found = failed_rule.Failed(file.case.brand, file.book_version, file.failure, file.case.id)
            self.failures.setdefault((found.brand, found.book_version, found.failure.rule), found)

    def begin_round(self, policy: Policy, file: cases.File, mention: TriagedMention) -> None:
        """It is our turn: the customer wants an answer to this message."""
        turn.begin(policy, file, mention)
        file.case = cases.proposed(policy, file, self.mentions_of(file.case.id))

    def sample(self, policy: Policy, case_id: UUID) -> None:
        """A case that people are asked to judge: its mention is counted as put before them."""
        file = self.files[case_id]
        if file.case.sample:
            present = [m for m in self.mentions_of(case_id) if not m.removed]
            self.sampled[proposal.asking(present, file.handled).mention.id] = file.case.brand


async def load(connection: db.Connection, events: Sequence[Received[Any]], policies: Policies) -> CaseWork:
    """Lock the batch's mentions, then every case that they concern, then read all mentions of those cases. Whoever begins a follow-up holds the first
    case of its group, so the chain does not change while we have that."""
    work = CaseWork(policies, await store.now(connection))
    about = [received.event.triaged for received in events if isinstance(received.event, TriagedEvent)]
    replies = [received.event.reply for received in events if isinstance(received.event, ReplySent | ReplyBounced)]
    answered = {reply.mention_id for reply in replies if reply.mention_id is not None}
    work.copies = await store.copies(connection, sorted({m.mention.id for m in about} | answered))
    if replies:
        work.sent, work.bounced = await store.sent(connection, [reply.id for reply in replies])
    concerned = {copy.case_id for copy in work.copies.values()}
    concerned |= {cases.case_id_of(m.mention.brand, root) for m in about for root in (m.group_id, m.mention.id)}
    concerned |= {reply.case_id for reply in replies}
    concerned |= await consultation_stream.cases_of(connection, events)
    named = await promise_store.where(connection, sorted(promise_work.named(replies)))
    concerned |= set(named.values())
    placed = {(m.mention.brand, cases.case_id_of(m.mention.brand, root)) for m in about for root in (m.group_id, m.mention.id)}
    await _lock_customers(connection, work, about, placed | {(copy.triaged.mention.brand, copy.case_id) for copy in work.copies.values()})
    await _lock_files(connection, work, concerned)
    work.forgotten = await forgotten.lock(connection, _told_of(about, replies))
    await _lock_where_they_belong(connection, work, [*about, *(copy.triaged for copy in work.copies.values())])
    await _lock_later_cases(connection, work, about)
    found = await store.copies_of(connection, [(file.case.brand, case_id) for case_id, file in work.files.items()])
    roots = {cases.root_of(file.case) for file in work.files.values()} | {m.group_id for m in about}
    roots -= found.keys() | work.copies.keys()
    if roots:
        found |= await store.copies(connection, sorted(roots))
    if elsewhere := _where_work_goes_on(work, found) - work.files.keys():
        await _lock_files(connection, work, elsewhere)
        found |= await store.copies_of(connection, [(work.files[case_id].case.brand, case_id) for case_id in elsewhere & work.files.keys()])
    known = {copy.triaged.mention.id: copy.triaged for copy in (*found.values(), *work.copies.values())}
    await _read_overlay(connection, work, [*about, *known.values()])
    work.stored = set(work.files)
    mentions = [m.mention.id for m in about]
    work.callbacks = {one.id: one for one in await callback_store.of_cases(connection, list(work.files), mentions)}
    await consultation_stream.load(connection, work, events)
    await promise_work.load(connection, work, replies, named)
    work.now = await store.now(connection)  # clocks may have spoken while we waited for their cases
    for mention_id, copy in found.items():
        work.copies.setdefault(mention_id, copy)
    for mention_id, copy in work.copies.items():
        work.members.setdefault(copy.case_id, set()).add(mention_id)
    circumstances.keep(work.circumstances, work.files)
    return work


def _told_of(about: Sequence[TriagedMention], replies: Sequence[Reply]) -> set[tuple[str, UUID]]:
    """What may have been forgotten of what a batch tells of."""
    found = {(m.mention.brand, m.mention.id) for m in about} | {(reply.brand, reply.case_id) for reply in replies}
    return found | {(m.mention.brand, cases.case_id_of(m.mention.brand, m.group_id)) for m in about}


async def _lock_customers(
    connection: db.Connection, work: CaseWork, about: Sequence[TriagedMention], concerned: set[tuple[str, UUID]]
) -> None:
    """Lock the customers whose cases may be opened, moved or emptied, before those cases: whoever comes second sees what the first has done."""
    customers = {(m.mention.brand, m.customer_id) for m in about}
    customers |= {(copy.triaged.mention.brand, copy.triaged.customer_id) for copy in work.copies.values()}
    if about:
        customers |= await customer_store.customers_of(connection, concerned)
        await circumstances.lock(connection, work.circumstances, customers)
        work.circumstances.helped = await customer_store.helpers(connection, {(m.mention.brand, m.customer_id) for m in about})


async def _lock_later_cases(connection: db.Connection, work: CaseWork, about: Sequence[TriagedMention]) -> None:
    """Read when the customers' other cases were opened, and lock those that come later than a case of this batch may: they may be repeated contacts by
    that, or no longer be."""
    stretches = circumstances.Stretches()
    for m in about:
        known = work.copies.get(m.mention.id)
        ids = {cases.case_id_of(m.mention.brand, m.group_id), cases.case_id_of(m.mention.brand, m.mention.id)}
        ids |= {known.case_id} if known else set()
        files = [work.files[id] for id in ids | work.follow_ups.get(m.group_id, {}).keys() if id in work.files]
        customers = {(m.mention.brand, m.customer_id), *((file.case.brand, file.case.customer_id) for file in files)}
        stretches.add(customers, [m.mention.received_at, m.mention.posted_at, *(file.case.opened_at for file in files)])
    later = await circumstances.read(connection, work.circumstances, work.policies, stretches)
    if later - work.files.keys():
        await _lock_files(connection, work, later - work.files.keys())


async def _lock_where_they_belong(connection: db.Connection, work: CaseWork, about: Sequence[TriagedMention]) -> None:
    """Lock and read the follow-ups of the groups at hand, and the cases that these mentions belong to by what people decided. Who puts a case into another
    one holds both: what is read once they are locked holds."""
    tried: set[UUID] = set()
    while True:
        groups = {(file.case.brand, file.case.group_id) for file in work.files.values()}
        groups |= {(m.mention.brand, m.group_id) for m in about if cases.case_id_of(m.mention.brand, m.group_id) in work.forgotten}
        work.follow_ups = await store.follow_ups(connection, groups)
        await _read_overlay(connection, work, about)
        wanted = {case_id for chain in work.follow_ups.values() for case_id in chain}
        wanted |= {placed.case_id for placed in work.overlay.placed.values()} | set(work.overlay.merged.values())
        if not (missing := wanted - work.files.keys() - tried):
            return
        tried |= missing
        await _lock_files(connection, work, missing)


async def _read_overlay(connection: db.Connection, work: CaseWork, about: Sequence[TriagedMention]) -> None:
    """What people decided about these mentions, what they go on with, and all cases at hand."""
    if not about and not work.files:
        return
    brands = {m.mention.brand for m in about} | {file.case.brand for file in work.files.values()}
    ids = {id for m in about for id in (m.mention.id, *(evidence.mention_id for evidence in m.evidence))}
    groups = {cases.case_id_of(m.mention.brand, m.group_id) for m in about}
    work.overlay = await placement.overlay(connection, brands, ids, groups | work.files.keys())


async def _lock_files(connection: db.Connection, work: CaseWork, ids: set[UUID]) -> None:
    """Lock and read cases, and those that they are merged into."""
    if ids:
        work.files |= await store.files(connection, sorted(ids))
    while further := {file.case.merged_into for file in work.files.values() if file.case.merged_into} - work.files.keys():
        work.files |= await store.files(connection, sorted(further))


def _where_work_goes_on(work: CaseWork, found: Mapping[UUID, store.Copy]) -> set[UUID]:
    """The cases in which the roots are by now of those on which people worked: what they did goes there when the last message leaves."""
    roots = {
        file.case.id: found.get(root := cases.root_of(file.case), work.copies.get(root)) for file in work.files.values() if file.touched
    }
    return {root.case_id for case_id, root in roots.items() if root is not None and root.case_id != case_id}


async def save(connection: db.Connection, work: CaseWork) -> None:
    await store.keep_copies(connection, {mention_id: work.copies[mention_id] for mention_id in work.changed_copies})
    await store.move_copies(connection, {mention_id: work.copies[mention_id] for mention_id in work.moved - work.changed_copies})
    await store.keep_sent(connection, work.newly_sent)
    await store.keep_bounced(connection, work.newly_bounced)
    await said.keep(connection, work.said)
    changed = [work.files[case_id] for case_id in sorted(work.changed)]
    fire_at = {file.case.id: record.next_firing(work.policies.of(file.case.brand), file) for file in changed}
    await store.insert(connection, [file for file in changed if file.case.id not in work.stored], fire_at)
    await store.update(connection, [file for file in changed if file.case.id in work.stored], fire_at)
    await store.keep_follow_ups(connection, [work.files[case_id] for case_id in sorted(work.new_follow_ups)], work.follow_ups)
    await store.tell_story(connection, work.stories)
    await urgent.notify(connection, lambda brand: work.policies.of(brand).book, work.notifications)
    await callback_work.keep(connection, [work.callbacks[id] for id in sorted(work.changed_callbacks)])
    await consultation_stream.save(connection, work)
    await promise_work.save(connection, work)
    await samples.add(connection, work.sampled)
    await samples.judge(connection, work.answered)
    await failed_rule.tell(connection, list(work.failures.values()), work.policies.of)
    await legal_check.noticed(connection, [(work.policies.of(file.case.brand), file, work.mentions_of) for file in changed], work.now)
    await _observe(connection, work)


async def _observe(connection: db.Connection, work: CaseWork) -> None:
    """What the batch brought that the social hub may have to know. Incidents are raised and joined after it has committed."""
    await spike.count(connection, work.counted, work.now)
    brands = {work.files[case_id].case.brand for case_id in work.changed}
    brands |= {work.copies[mention_id].triaged.mention.brand for mention_id in work.changed_copies}
    running = await incident_store.running(connection, sorted(brands)) if brands else []
    noticed: list[signal.Signal] = []
    faults: dict[str, list[signal.Fault]] = {}
    for mention_id in sorted(work.changed_copies):
        copy = work.copies[mention_id]
        brand = copy.triaged.mention.brand
        for found in signal.of_mention(work.policies.of(brand), work.files[copy.case_id].case, copy.triaged):
            if isinstance(found, signal.Fault):
                faults.setdefault(brand, []).append(found)
            else:
                noticed.append(found)
    for case_id in sorted(work.changed):
        case = work.files[case_id].case
        noticed += signal.fits(work.policies.of(case.brand), case, running, work.now)
    merged = [work.files[case_id].case for case_id in sorted(work.changed) if work.files[case_id].case.merged_into is not None]
    noticed += await signal.of_merged(connection, merged, work.now)
    await signal.put(connection, noticed, running, work.now)
    for brand in sorted(faults):
        await signal.report(connection, work.policies.of(brand), faults[brand], work.now)
