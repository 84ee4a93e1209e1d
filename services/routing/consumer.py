"""Triaged mentions become cases, and sent replies stop clocks; what happens to a case goes out to `cases`.

A case is a function of its mentions until a person touches it. So a mention that arrives, moves or is taken back has every case that it concerns
computed anew from all of that case's mentions, and the order of arrival across customers does not matter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from libs.common.answer_events import ConsultationMailed
from libs.common.case_events import Case, CaseJoined, CaseLeft, CaseOpened, CaseRevised
from libs.common.consumer import Consumer
from libs.common.events import Event, MentionRevised, TriagedEvent, TriagedMention
from libs.common.record import Received
from libs.common.reply_events import ReplyBounced, ReplySent
from libs.common.topics import ANSWERS, REPLIES, TRIAGED
from services.routing import (
    callback_stream,
    consultation_stream,
    promise_stream,
    proposal,
    record,
    reopening,
    reply_stream,
    spike,
    store,
    turn,
)
from services.routing import case as cases
from services.routing.case_work import CaseWork, load, save
from services.routing.policies import Policies
from services.routing.reply_stream import take_turn
from services.routing.sla import Policy


def on_mention(work: CaseWork, received: Received[TriagedEvent]) -> None:
    """A mention came, moved, or was taken back: compute every case that it concerns. An older state than ours has no effect. Nothing has on a
    mention that was forgotten, or whose text was."""
    mention_id, brand = received.event.triaged.mention.id, received.event.triaged.mention.brand
    known = work.copies.get(mention_id)
    if mention_id in work.forgotten or (known is not None and (known.version >= received.version or known.is_bare)):
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
    promise_stream.go_on(work, received.traceparent)
    work.sample(policy, target)
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
    if first is None and first_id in work.forgotten:
        return _place_anew(work, policy, triaged, first_id)
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


def _place_anew(work: CaseWork, policy: Policy, triaged: TriagedMention, forgotten_id: UUID) -> _Place:
    """A message of a group whose cases were forgotten belongs to a follow-up, as after one that is over: no case ever has the id of one that was
    forgotten."""
    mention, standing = triaged.mention, work.overlay.standing
    chain = work.follow_ups.get(triaged.group_id, {})
    here, after = reopening.before_and_after(((key, work.files[standing(id)]) for id, key in chain.items()), cases.key_of(mention))
    here = here or after
    if here is not None and not reopening.is_over(policy, here.case, mention.received_at):
        return _Place(here.case.id)
    begins = cases.case_id_of(mention.brand, triaged.group_id, mention.id)
    _begins(work, triaged.group_id, begins, cases.key_of(mention))
    return _Place(begins, follows=here.case.id if here is not None else forgotten_id)


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
        work.begin_round(policy, file, triaged)
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
    take_turn(work, received, policy, into)


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
    """The case that the root mention of a case is in by now, or that people put the case into, if that is another one. As long as triage's word of one of
    two messages that were taken back has not come in, each may be in the other's case: whoever follows `merged_into` stops somewhere."""
    root, placed = work.copies.get(root_id), work.overlay.placed.get(root_id)
    base = placed.case_id if placed else root.case_id if root else case_id
    here = base == case_id or (placed is None and base == work.overlay.standing(case_id))
    return work.overlay.merged.get(case_id) if here else base


def on_reply_sent(work: CaseWork, received: Received[ReplySent]) -> None:
    """A reply reached the customer."""
    reply_stream.sent(work, received)


def on_reply_bounced(work: CaseWork, received: Received[ReplyBounced]) -> None:
    """A reply that was sent did not reach the customer."""
    reply_stream.came_back(work, received)


def on_mailed(work: CaseWork, received: Received[ConsultationMailed]) -> None:
    """A department wrote to the signed address of a question."""
    consultation_stream.mailed(work, received)


HANDLERS: dict[type[Event], Callable[[CaseWork, Received[Any]], None] | None] = {
    **dict.fromkeys(TRIAGED.events, on_mention),
    **dict.fromkeys(REPLIES.events),
    ReplySent: on_reply_sent,
    ReplyBounced: on_reply_bounced,
    ConsultationMailed: on_mailed,
}
"""`triaged` carries whole states, so every event of it means the same here: a newer version. Of a reply, only that it was sent, and that it came back."""


def build(policies: Policies) -> Consumer[CaseWork]:
    """Routing's consumer, with the brand books as policies."""

    async def prepare(events: Sequence[Received[Any]]) -> Policies:
        return policies

    return Consumer(topics=(TRIAGED.name, REPLIES.name, ANSWERS.name), handlers=HANDLERS, load=load, save=save, prepare=prepare)
