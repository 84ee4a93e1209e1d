"""Triaged mentions become cases, and sent replies stop clocks; what happens to a case goes out to `cases`.

A case is a function of its mentions until a person touches it. So a mention that arrives, moves or is taken back has every case that it concerns
computed anew from all of that case's mentions, and the order of arrival across customers does not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.answer_events import ConsultationMailed
from libs.common.case_events import Case, CaseEvent, CaseJoined, CaseLeft, CaseOpened, CaseReacted, CaseRevised, CaseWaiting
from libs.common.consumer import Consumer, Work
from libs.common.errors import InvalidEvent
from libs.common.events import Event, MentionRevised, TriagedEvent, TriagedMention
from libs.common.record import Received
from libs.common.reply_events import Reply, ReplySent
from libs.common.topics import ANSWERS, REPLIES, TRIAGED
from services.routing import (
    callback_store,
    callback_stream,
    callback_work,
    circumstances,
    consultation_stream,
    customer_store,
    failed_rule,
    incident_store,
    legal_check,
    merge,
    placement,
    promise_store,
    promise_stream,
    promise_work,
    proposal,
    record,
    reopening,
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
        self.sent: set[UUID] = set()
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


def on_mention(work: CaseWork, received: Received[TriagedEvent]) -> None:
    """A mention came, moved, or was taken back: compute every case that it concerns. An older state than ours has no effect."""
    mention_id, brand = received.event.triaged.mention.id, received.event.triaged.mention.brand
    known = work.copies.get(mention_id)
    if known is not None and known.version >= received.version:
        work.repeat(received)
        return
    policy = work.policies.of(brand)
    triaged = proposal.with_choice(received.event.triaged, known.triaged if known else None)
    work.counted += spike.counts(policy.book, known.triaged if known else None, triaged)
    place = _place(work, policy, triaged, known)
    target = place.case_id
    source = known.case_id if known else None
    work.copies[mention_id] = store.Copy(triaged, received.version, target, received.traceparent)
    work.changed_copies.add(mention_id)
    if source is not None and source != target:
        work.members[source].discard(mention_id)
    work.members.setdefault(target, set()).add(mention_id)
    there = work.files.get(source) if source is not None else None
    unseen = source != target and (there is None or not turn.handled(there, triaged))
    if place.instead is not None:
        _gather(work, place.instead, target)
    _arrive(work, received, policy, target, source, unseen=unseen, follows=place.follows)
    if place.instead is not None:
        _leave(work, received, policy, place.instead)
    if there is not None and source != target and there.case.begun_by == mention_id:
        _begin_anew(work, received, policy, there)
    for left in sorted({source, cases.case_id_of(brand, mention_id)} - {None, target}, key=str):
        if left in work.files:
            _leave(work, received, policy, left)
    while work.unsettled:
        changed = [work.files[case_id].case for case_id in work.unsettled]
        work.unsettled.clear()
        for case_id in work.circumstances.put(changed):
            _recontact(work, received, policy, case_id)
    _sample(work, policy, target)
    callback_stream.follow(work, received, policy, (target, source, cases.case_id_of(brand, mention_id)))


@dataclass(frozen=True, slots=True)
class _Place:
    """The case that a mention belongs to. `follows`: the one that was over before it, where it begins a follow-up; `instead`: the one that was begun by a
    later message, and would not have been had this one come in first."""

    case_id: UUID
    follows: UUID | None = None
    instead: UUID | None = None


def _place(work: CaseWork, policy: Policy, triaged: TriagedMention, known: store.Copy | None) -> _Place:
    """A mention is where people's decisions put it; else it stays where it is while its group does, and in a group that has follow-ups, the time at which
    we received it decides."""
    mention, standing = triaged.mention, work.overlay.standing
    if (decided := work.overlay.decided(triaged)) is not None:
        return _Place(standing(decided))
    first_id = cases.case_id_of(mention.brand, triaged.group_id)
    own = {standing(first_id), *map(standing, work.follow_ups.get(triaged.group_id, ()))}
    if known is not None and known.triaged.group_id == triaged.group_id and known.case_id in own:
        return _Place(known.case_id)
    first = work.files.get(standing(first_id))
    if first is None or mention.historic:
        return _Place(standing(first_id))
    chain = work.follow_ups.get(triaged.group_id, {})
    before, after = reopening.before_and_after(((key, work.files[standing(id)]) for id, key in chain.items()), cases.key_of(mention))
    here = before or first
    instead = after.case.id if after is not None and after is not here and not _decided(work, after) else None
    if reopening.is_over(policy, here.case, mention.received_at):
        begins = cases.case_id_of(mention.brand, triaged.group_id, mention.id)
        _begins(work, triaged.group_id, begins, cases.key_of(mention))
        return _Place(begins, follows=here.case.id, instead=instead)
    comes_back = here.case.state in ("resolved", "closed") and turn.wakes(here, triaged)
    return _Place(here.case.id, instead=instead if comes_back else None)


def _decided(work: CaseWork, file: cases.File) -> bool:
    """Whether people have decided what is in a case: nothing moves out of it by itself then."""
    return bool(file.case.merged_cases) or not work.overlay.placed.keys().isdisjoint(work.members.get(file.case.id, ()))


def _follow(work: CaseWork, received: Received[TriagedEvent], policy: Policy, file: cases.File) -> None:
    """Keep the running round of a case with its messages. Those that came too late for what it is without the one that kept it open begin a follow-up."""
    _split_off(work, received, policy, file, turn.follow(policy, file, work.mentions_of(file.case.id), work.now))


def _begin_anew(work: CaseWork, received: Received[TriagedEvent], policy: Policy, file: cases.File) -> None:
    """The message that began a follow-up is of another group now: the next one begins it."""
    rest = [m for m in work.mentions_of(file.case.id) if not m.mention.historic]
    if rest:
        _split_off(work, received, policy, file, rest, follows=file.case.follows)


def _split_off(
    work: CaseWork,
    received: Received[TriagedEvent],
    policy: Policy,
    file: cases.File,
    late: Sequence[TriagedMention],
    follows: UUID | None = None,
) -> None:
    """These mentions of a case are a follow-up of it, or of the case that it `follows`, which begins with the first of them. What people have put there
    stays."""
    late = [m for m in late if m.mention.id not in work.overlay.placed]
    if not late:
        return
    brand, group_id, first = file.case.brand, file.case.group_id, late[0].mention
    begins = cases.case_id_of(brand, group_id, first.id)
    _begins(work, group_id, begins, cases.key_of(first))
    _gather(work, file.case.id, begins, {m.mention.id for m in late})
    file.case = _computed(work, policy, file)
    new = work.files.get(begins)
    if new is None:
        new = work.files[begins] = _opened(
            work, policy, brand, group_id, late, None, begins, begun_by=first.id, follows=follows or file.case.id
        )
        work.tell(received, new, CaseOpened, rule=new.rule)
    else:
        new.case = _computed(work, policy, new)
        new.version += 1
        work.tell(received, new, CaseJoined, mention_id=first.id)


def _begins(work: CaseWork, group_id: UUID, case_id: UUID, key: cases.Key) -> None:
    chain = work.follow_ups.setdefault(group_id, {})
    if case_id not in chain:
        chain[case_id] = key
        work.new_follow_ups.add(case_id)


def _gather(work: CaseWork, source: UUID, target: UUID, which: set[UUID] | None = None) -> None:
    """Mentions of one case of a group, or all of them, are in another one of it from now on."""
    which = set(work.members.get(source, ())) if which is None else which
    for mention_id in which:
        work.copies[mention_id] = replace(work.copies[mention_id], case_id=target)
        work.moved.add(mention_id)
    work.members.setdefault(source, set()).difference_update(which)
    work.members.setdefault(target, set()).update(which)


def _arrive(
    work: CaseWork,
    received: Received[TriagedEvent],
    policy: Policy,
    target: UUID,
    source: UUID | None,
    *,
    unseen: bool,
    follows: UUID | None,
) -> None:
    """`source`: the case that the mention was in before. `unseen`: it is new to this one, and nobody has handled it in another. `follows`: the case
    that was over before this one began by it."""
    triaged = received.event.triaged
    file = work.files.get(target)
    if file is None:
        file = work.files[target] = _opened(
            work,
            policy,
            triaged.mention.brand,
            triaged.group_id,
            work.mentions_of(target),
            _where_root_is(work, triaged.mention.id if follows else triaged.group_id, target),
            target,
            begun_by=triaged.mention.id if follows else None,
            follows=follows,
        )
        told = work.tell(received, file, CaseOpened, rule=file.rule)
        if not file.case.historic:
            people = [member.id for member in policy.book.team if member.role in file.tell]
            work.notifications += record.notifications(told, people, target, "opened")
        return
    before = file.case
    file.book_version = policy.version
    if source not in (None, target) and not unseen:
        turn.handled_elsewhere(file, triaged, work.mentions_of(target))
    file.case = _computed(work, policy, file)
    if woken := unseen and turn.wakes(file, triaged):
        _begin_round(work, received, policy, file, triaged)
    else:
        _follow(work, received, policy, file)
    if file.touched:  # what is open may be something else by now
        file.case = cases.proposed(policy, file, work.mentions_of(target))
    if file.case == before:
        return
    file.version += 1
    if triaged.removed:
        work.tell(received, file, CaseLeft, mention_id=triaged.mention.id, why="removed")
        _go_on(work, received, policy, file, before)
    elif source == target:
        _revised(work, received, policy, file, before)
    else:
        work.tell(received, file, CaseJoined, mention_id=triaged.mention.id, woken=woken)


def _revised(work: CaseWork, received: Received[TriagedEvent], policy: Policy, file: cases.File, before: Case) -> None:
    """What is known of a mention that was in the case already changed. When it turns out to be worse than people were told, they are told: its owner
    where people work on it, else whom the brand book tells when such a case opens."""
    event = received.event
    why, actor = (event.why, event.actor) if isinstance(event, MentionRevised) else (None, "system")
    told = work.tell(received, file, CaseRevised, actor=actor, mention_id=event.triaged.mention.id, why=why)
    if file.case.historic or file.case.state not in cases.OPEN or not (what := cases.worse(before, file.case)):
        return
    people = [file.case.owner] if file.touched else [member.id for member in policy.book.team if member.role in file.tell]
    work.notifications += record.notifications(told, [id for id in people if id not in (None, actor)], file.case.id, what)


def _sample(work: CaseWork, policy: Policy, case_id: UUID) -> None:
    """A case that people are asked to judge: its mention is counted as put before them."""
    file = work.files[case_id]
    if file.case.sample:
        present = [m for m in work.mentions_of(case_id) if not m.removed]
        work.sampled[proposal.asking(present, file.handled).mention.id] = file.case.brand


def _leave(work: CaseWork, received: Received[TriagedEvent], policy: Policy, left: UUID) -> None:
    file = work.files[left]
    before = file.case
    file.book_version = policy.version
    file.case = _computed(work, policy, file)
    _follow(work, received, policy, file)
    if file.case == before:
        return
    file.version += 1
    work.tell(received, file, CaseLeft, mention_id=received.event.triaged.mention.id, why="regrouped")
    _go_on(work, received, policy, file, before)


def _go_on(work: CaseWork, received: Received[TriagedEvent], policy: Policy, file: cases.File, before: Case) -> None:
    """Where a case that people worked on has just lost its last message, and its root is in another case, what they did goes on there."""
    into = work.files.get(work.overlay.standing(file.case.merged_into)) if file.case.merged_into else None
    if into is not None and into is not file and before.state not in cases.EMPTY and file.touched:
        _carry_over(work, received, policy, file, before, into)


def _carry_over(work: CaseWork, received: Received[TriagedEvent], policy: Policy, file: cases.File, old: Case, into: cases.File) -> None:
    """What people decided in `file`, which was `old` until now, goes on in `into`; the story there says what holds and what does not."""
    late = turn.carried_over(policy, file, old, into, work.mentions_of(into.case.id), work.now)
    _split_off(work, received, policy, into, late)
    into.case = cases.proposed(policy, into, work.mentions_of(into.case.id))
    if into.case.owner is None:
        into.given = into.given or file.given
    new = into.case
    same = {"department": old.department == new.department, "owner": old.owner == new.owner}
    same |= {"resolved": new.state == "resolved"} if old.state == "resolved" else {}
    same |= {"replied": True} if old.replied_at is not None else {}
    into.version += 1
    work.tell(
        received,
        into,
        CaseJoined,
        mention_id=received.event.triaged.mention.id,
        merged=old.id,
        carried=[what for what, holds in same.items() if holds],
        overruled=[what for what, holds in same.items() if not holds],
    )
    work.tell_breaches(received, into)
    _take_turn(work, received, policy, into)


def _opened(
    work: CaseWork,
    policy: Policy,
    brand: str,
    group_id: UUID,
    mentions: Sequence[TriagedMention],
    root_is_in: UUID | None,
    id: UUID,
    *,
    begun_by: UUID | None,
    follows: UUID | None,
) -> cases.File:
    """A new case, with what is known of its customer."""
    root = begun_by or group_id
    known = work.circumstances.of(policy, id, brand, root, mentions), work.circumstances.helpers(policy, brand, root, mentions, work.now)
    file = cases.opened(policy, brand, group_id, mentions, root_is_in, work.now, *known, begun_by=begun_by, follows=follows)
    work.note_failure(file)
    return file


def _computed(work: CaseWork, policy: Policy, file: cases.File) -> Case:
    case, mentions, root = file.case, work.mentions_of(file.case.id), cases.root_of(file.case)
    known = work.circumstances.of(policy, case.id, case.brand, root, mentions)
    found = cases.computed(policy, file, mentions, _where_root_is(work, root, case.id), work.now, known)
    work.note_failure(file)
    return found


def _recontact(work: CaseWork, received: Received[TriagedEvent], policy: Policy, case_id: UUID) -> None:
    """Another case of the same customer came, went or moved before this one: it may be a repeated contact by that, or no longer be one."""
    file = work.files.get(case_id)
    if file is None:
        return
    case = file.case
    known = work.circumstances.of(policy, case_id, case.brand, cases.root_of(case), work.mentions_of(case_id))
    if known is None or case.latest is None or known.contact == case.contact:
        return
    file.book_version = policy.version
    file.case = _computed(work, policy, file)
    if file.touched:
        file.case = cases.proposed(policy, file, work.mentions_of(case_id))
    file.version += 1
    work.tell(received, file, CaseRevised, mention_id=case.latest.id, why="contact")


def _where_root_is(work: CaseWork, root_id: UUID, case_id: UUID) -> UUID | None:
    """The case that the root mention of a case is in by now, or that people put the case into, if that is another one."""
    root, placed = work.copies.get(root_id), work.overlay.placed.get(root_id)
    base = placed.case_id if placed else root.case_id if root else case_id
    here = base == case_id or (placed is None and base == work.overlay.standing(case_id))
    return work.overlay.merged.get(case_id) if here else base


def on_reply_sent(work: CaseWork, received: Received[ReplySent]) -> None:
    """A reply reached the customer: the reaction clock stops, and the case waits for them unless they wrote again meanwhile. Once for each reply."""
    reply = received.event.reply
    if reply.id in work.sent or reply.sent_at is None:
        work.repeat(received)
        return
    work.sent.add(reply.id)
    work.newly_sent[reply.id] = store.Sent(reply.brand, reply.case_id, reply.mention_id, reply.sent_at)
    work.said.append(reply)
    copy = work.copies.get(reply.mention_id) if reply.mention_id else None
    moved = copy is not None and copy.triaged.mention.id in work.overlay.placed
    file = work.files.get(copy.case_id if copy is not None and moved else reply.case_id)  # people may have moved the question since
    while file is not None and file.case.merged_into is not None:
        file = work.files.get(file.case.merged_into)  # answered there, and the answer counts where the question is now
    if file is None or file.case.brand != reply.brand:
        raise InvalidEvent(f"Reply {reply.id} is of case {reply.case_id}, which this brand does not have.")
    if reply.mention_id is not None:
        work.answered.append(samples.Judgement(reply.brand, reply.mention_id, True, reply.approver or "system", reply.sent_at))
    _answer(work, received, file, copy)
    promise_stream.heard(work, received, file)


def _answer(work: CaseWork, received: Received[ReplySent], file: cases.File, copy: store.Copy | None) -> None:
    """A reply to this message, where it is known, reached the customer in this case."""
    reply = received.event.reply
    assert reply.sent_at is not None
    first = file.case.replied_at is None
    policy = work.policies.of(reply.brand)
    work.changed.add(file.case.id)
    mentions = work.mentions_of(file.case.id)
    merge.heard(file, mentions, _answered(work, reply), copy.triaged.customer_id if copy else None, reply.sent_at)
    is_told = turn.replied(policy, file, mentions, _answered(work, reply), reply.sent_at, work.now)
    before, file.case = file.case, cases.proposed(policy, file, mentions)
    _sample(work, policy, file.case.id)
    if not is_told:
        if file.case != before and file.case.latest is not None:  # what is left to be answered is something else by now
            file.version += 1
            work.tell(received, file, CaseRevised, mention_id=file.case.latest.id)
        return
    if first:
        work.tell(received, file, CaseReacted, reply_id=reply.id)
    else:
        work.tell(received, file, CaseWaiting)
    work.tell_breaches(received, file)
    _take_turn(work, received, policy, file)


def _answered(work: CaseWork, reply: Reply) -> cases.Key:
    """The message that a reply answers; where that is not known, all that we had received when it was sent."""
    copy = work.copies.get(reply.mention_id) if reply.mention_id else None
    if copy is not None and copy.triaged.mention.brand == reply.brand:
        return cases.key_of(copy.triaged.mention)
    assert reply.sent_at is not None
    return reply.sent_at, turn.LAST


def _begin_round(work: CaseWork, received: Received[Any], policy: Policy, file: cases.File, mention: TriagedMention) -> None:
    turn.begin(policy, file, mention)
    file.case = cases.proposed(policy, file, work.mentions_of(file.case.id))


def _take_turn(work: CaseWork, received: Received[Any], policy: Policy, file: cases.File) -> None:
    """The customer wrote again before what we said reached them: it is our turn, as it would be had that message come after it. Or another customer of a
    case that people put together has no answer yet."""
    waiting = merge.left_to_answer(file, work.mentions_of(file.case.id))
    if waiting and file.case.state in ("waiting", "resolved"):
        _begin_round(work, received, policy, file, waiting[0])
        file.version += 1
        work.tell(received, file, CaseJoined, mention_id=waiting[0].mention.id, woken=True)


def on_mailed(work: CaseWork, received: Received[ConsultationMailed]) -> None:
    """A department wrote to the signed address of a question."""
    consultation_stream.mailed(work, received)


HANDLERS: dict[type[Event], Callable[[CaseWork, Received[Any]], None] | None] = {
    **dict.fromkeys(TRIAGED.events, on_mention),
    **dict.fromkeys(REPLIES.events),
    ReplySent: on_reply_sent,
    ConsultationMailed: on_mailed,
}
"""`triaged` carries whole states, so every event of it means the same here: a newer version. Of a reply, only that it was sent."""


async def load(connection: db.Connection, events: Sequence[Received[Any]], policies: Policies) -> CaseWork:
    """Lock the batch's mentions, then every case that they concern, then read all mentions of those cases. Whoever begins a follow-up holds the first
    case of its group, so the chain does not change while we have that."""
    work = CaseWork(policies, await store.now(connection))
    about = [received.event.triaged for received in events if isinstance(received.event, TriagedEvent)]
    replies = [received.event.reply for received in events if isinstance(received.event, ReplySent)]
    answered = {reply.mention_id for reply in replies if reply.mention_id is not None}
    work.copies = await store.copies(connection, sorted({m.mention.id for m in about} | answered))
    if replies:
        work.sent = await store.sent(connection, [reply.id for reply in replies])
    concerned = {copy.case_id for copy in work.copies.values()}
    concerned |= {cases.case_id_of(m.mention.brand, root) for m in about for root in (m.group_id, m.mention.id)}
    concerned |= {reply.case_id for reply in replies}
    concerned |= await consultation_stream.cases_of(connection, events)
    named = await promise_store.where(connection, sorted(promise_work.named(replies)))
    concerned |= set(named.values())
    placed = {(m.mention.brand, cases.case_id_of(m.mention.brand, root)) for m in about for root in (m.group_id, m.mention.id)}
    await _lock_customers(connection, work, about, placed | {(copy.triaged.mention.brand, copy.case_id) for copy in work.copies.values()})
    await _lock_files(connection, work, concerned)
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


def build(policies: Policies) -> Consumer[CaseWork]:
    """Routing's consumer, with the brand books as policies."""

    async def prepare(events: Sequence[Received[Any]]) -> Policies:
        return policies

    return Consumer(topics=(TRIAGED.name, REPLIES.name, ANSWERS.name), handlers=HANDLERS, load=load, save=save, prepare=prepare)
