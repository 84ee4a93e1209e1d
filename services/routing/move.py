"""What people decide about which case messages are in: merge, split, and both taken back. Pure: on the cases and messages at hand.

A decision and the locked cases that it concerns come in; changed cases, what to tell of them, and what the decision leaves as rows go out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common.case_events import CaseMerged, CaseMoveEvent, CaseOpened, CaseRejoined, CaseSplit, CaseUnmerged
from libs.common.errors import Conflict, Unprocessable
from libs.common.events import TriagedMention, deterministic_id
from services.routing import case as cases
from services.routing import merge, promise_stream, record
from services.routing.case import MAX_MENTIONS, File
from services.routing.case_work import CaseWork
from services.routing.merge import Happened, Snapshot
from services.routing.placement import Placed
from services.routing.sla import Policy


@dataclass(frozen=True, slots=True)
class Move:
    """A decision of a person: `kind` is merge or split. Snapshots are those of a merge."""

    id: UUID
    brand: str
    kind: str
    from_id: UUID
    into_id: UUID
    at: datetime
    actor: str
    reason: str
    moved: tuple[UUID, ...] = ()
    into_version: int = 0
    from_before: Snapshot | None = None
    into_before: Snapshot | None = None
    into_after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Who takes a decision back, when and why."""

    at: datetime
    actor: str
    reason: str
    traceparent: str | None = None


@dataclass(slots=True)
class Done:
    """What a decision leaves as rows: its own with what it was when done, where it put mentions for good, and which case mentions are in from now on.
    `others`: later merges into the same case, as they are without the one that was taken back."""

    move: Move
    placed: dict[UUID, Placed] = field(default_factory=dict)
    now_in: dict[UUID, UUID] = field(default_factory=dict)
    others: dict[UUID, tuple[Snapshot, Mapping[str, Any]]] = field(default_factory=dict)


def split_case_id(brand: str, move_id: UUID) -> UUID:
    """The case that a split makes."""
    return deterministic_id(brand, "split", str(move_id))


def merge_into(work: CaseWork, policy: Policy, move: Move, traceparent: str | None) -> Done:
    """All of one case goes on in another. Raises `Conflict` where one of them has no messages left, or has as many cases in it as it may."""
    into, moved = work.files[move.into_id], work.files[move.from_id]
    _alive(into, "The case that stays")
    _alive(moved, "The other case")
    if len(into.case.merged_cases) >= merge.MOST:
        raise Conflict(f"{merge.MOST} cases are in this one already. What so many people ask is a topic or an incident, not one case.")
    theirs, ours = work.mentions_of(moved.case.id), work.mentions_of(into.case.id)
    before = merge.snapshot(moved), merge.snapshot(into)
    done = Done(move, placed=_pinned(work, [*theirs, *ours]))
    work.overlay.placed |= done.placed
    work.overlay.merged[moved.case.id] = into.case.id
    _move(work, done, theirs, into.case.id)
    merge.put_together(policy, into, moved, theirs, work.mentions_of(into.case.id), work.now)
    moved.case = cases.computed(policy, moved, [], into.case.id, work.now).model_copy(update={"merged_by": move.actor})
    said = Said(move.at, move.actor, move.reason, traceparent)
    for file in (into, moved):
        _tell(work, policy, file, CaseMerged, move, said, theirs)
    done.move = replace(
        move,
        moved=_ids(theirs),
        into_version=into.version,
        from_before=before[0],
        into_before=before[1],
        into_after=merge.people_s(into.case),
    )
    return done


def unmerge(
    work: CaseWork, policy: Policy, move: Move, said: Said, known: Collection[UUID], happened: Sequence[Happened], *, worked: bool
) -> Done:
    """A merge is taken back. `known` are the messages that both cases had then, `happened` what happened since where they were together; `worked`: people
    have worked on that. Messages that have come since go with the case whose thread they are in."""
    into, back = work.files[move.into_id], work.files[move.from_id]
    _alive(into, "The case that it was put into")
    assert move.from_before is not None, "a merge keeps both cases as they were"
    bases = [(triaged, work.base_of(triaged)) for triaged in work.mentions_of(into.case.id)]
    del work.overlay.merged[back.case.id]
    done = Done(move)
    theirs = [triaged for triaged, base in bases if work.overlay.standing(base) == back.case.id]
    _move(work, done, theirs, back.case.id)
    rest = work.mentions_of(into.case.id)

    _without(work, policy, move, rest, known, happened, done, worked=worked, gone=back.case.id)
    file = move.from_before.file(back.version, policy.version)
    since = [one for one in happened if one.what != "merged"]
    merge.as_now(policy, file, theirs, known, since, work.now)
    back.case, back.fired, back.touched, back.handled, back.before = file.case, file.fired, file.touched, file.handled, file.before
    for one in (into, back):
        _tell(work, policy, one, CaseUnmerged, move, said, theirs)
    return done


def _without(
    work: CaseWork,
    policy: Policy,
    move: Move,
    rest: Sequence[TriagedMention],
    known: Collection[UUID],
    happened: Sequence[Happened],
    done: Done,
    *,
    worked: bool,
    gone: UUID | None = None,
) -> None:
    """The case that stays, without what a decision brought into it: as it was before, with all that has happened since to `rest`."""
    into = work.files[move.into_id]
    was, now_is = move.into_before, into.case
    assert was is not None, "what comes into a case that is there keeps it as it was"
    assert move.into_after is not None
    file = was.file(into.version, policy.version)
    merge.as_now(policy, file, rest, known, happened, work.now, merged=done.others)
    file.case = file.case.model_copy(update={"merged_cases": [id for id in now_is.merged_cases if id != gone]})
    file.touched |= worked
    values = merge.kept(was.case, move.into_after, now_is)
    if not file.touched:
        values = {name: values[name] for name in ("watchers", "tags", "fields")}
    elif file.case.state == "new" and now_is.state != "new":
        values["state"] = "open"
    file.case = file.case.model_copy(update=values)
    file.case = cases.computed(policy, file, rest, None, work.now)
    into.case, into.fired, into.touched, into.handled, into.before = file.case, file.fired, file.touched, file.handled, file.before


def split(
    work: CaseWork, policy: Policy, move: Move, wanted: Collection[UUID], replies: Sequence[Happened], traceparent: str | None
) -> Done:
    """Messages of a case go into another one, which is opened for them where it is not there. What stays is not taken along by what goes, nor the other
    way round. `replies`: what has been answered of them.

    Raises `Unprocessable` for messages that the case does not have, and `Conflict` where none would stay.
    """
    source = work.files[move.from_id]
    _alive(source, "The case")
    mentions = work.mentions_of(source.case.id)
    present = {m.mention.id for m in mentions if not m.removed}
    if missing := sorted(set(wanted) - present, key=str):
        raise Unprocessable(f"mention_ids: {missing[0]} is not a message of this case, or was taken back.")
    if not present - set(wanted):
        raise Conflict("That is every message of the case. Merge it into the other one instead, or leave at least one.")
    gone = [m for m in mentions if m.mention.id in wanted]
    rest = [m for m in mentions if m.mention.id not in wanted]
    open_ids = {m.mention.id for m in merge.waiting(source, mentions)}
    target = work.files.get(move.into_id)
    if target is not None:
        _alive(target, "The other case")
    there = [] if target is None else work.mentions_of(move.into_id)
    before = merge.snapshot(target) if target is not None else None
    done = Done(move, placed=_pinned(work, [*rest, *there]) | {m.mention.id: Placed(move.into_id, True, m.group_id) for m in gone})
    work.overlay.placed |= done.placed
    _move(work, done, gone, move.into_id)
    said = Said(move.at, move.actor, move.reason, traceparent)
    if target is None:
        root = gone[0]
        target = cases.opened(policy, move.brand, root.mention.id, gone, None, work.now, id=move.into_id)
        target.case = target.case.model_copy(update={"split_from": source.case.id})
        work.files[target.case.id] = target
        _told(work, target, record.story(target, CaseOpened, at=move.at, actor=move.actor, traceparent=traceparent, rule=target.rule))
        merge.as_now(policy, target, gone, {m.mention.id for m in gone}, replies, work.now)
    else:
        _comes(work, policy, target, gone, open_ids)
    source.case = cases.computed(policy, source, rest, None, work.now)
    merge.left(policy, source, gone, rest, work.now)
    if source.touched:
        source.case = cases.proposed(policy, source, rest)
    for file in (source, target):
        _tell(work, policy, file, CaseSplit, move, said, gone)
    after = merge.people_s(target.case) if before else None
    done.move = replace(move, moved=_ids(gone), into_version=target.version, into_before=before, into_after=after)
    return done


def unsplit(
    work: CaseWork, policy: Policy, move: Move, said: Said, known: Collection[UUID], happened: Sequence[Happened], *, worked: bool
) -> Done:
    """A split is taken back: `work` has what people decided without it. Messages are where they were, and what came since to their thread goes with them.
    The rest is as in `unmerge`. Raises `Conflict` where nothing would move."""
    source = work.files[move.into_id]
    _alive(source, "The case that they were put into")
    mentions = work.mentions_of(source.case.id)
    going: dict[UUID, list[TriagedMention]] = {}
    for triaged in mentions:
        if (target_id := work.case_of(triaged)) != source.case.id:
            going.setdefault(target_id, []).append(triaged)
    if not going:
        raise Conflict("None of its messages would go anywhere by that: triage has them here by itself.")
    done = Done(move)
    ids = {m.mention.id for moved in going.values() for m in moved}
    rest = [m for m in mentions if m.mention.id not in ids]
    open_ids = {m.mention.id for m in merge.waiting(source, mentions)}
    all_of_it = not [m for m in rest if not m.removed]
    was = merge.snapshot(source).file(source.version, source.book_version)
    for target_id, moved in going.items():
        _move(work, done, moved, target_id)
        target = work.files.get(target_id)
        if target is None:  # triage has found meanwhile that they are another issue
            target = work.files[target_id] = cases.opened(policy, move.brand, moved[0].group_id, moved, None, work.now)
            _told(
                work, target, record.story(target, CaseOpened, at=said.at, actor=said.actor, traceparent=said.traceparent, rule=target.rule)
            )
            merge.as_now(policy, target, moved, ids, happened, work.now)
            _tell(work, policy, target, CaseRejoined, move, said, moved)
            continue
        _alive(target, "The case that they were taken out of")
        if all_of_it and len(going) == 1 and source.touched:
            merge.put_together(policy, target, was, moved, work.mentions_of(target_id), work.now, named=False)
        else:
            _comes(work, policy, target, moved, open_ids)
        _tell(work, policy, target, CaseRejoined, move, said, moved)
    source.case = cases.computed(policy, source, rest, next(iter(going)), work.now)
    gone = [m for moved in going.values() for m in moved]
    if rest and move.into_before is not None:
        _without(work, policy, move, rest, known, happened, done, worked=worked)
    elif rest:
        merge.left(policy, source, gone, rest, work.now)
        if source.touched:
            source.case = cases.proposed(policy, source, rest)
    _tell(work, policy, source, CaseRejoined, move, said, gone)
    return done


def _comes(work: CaseWork, policy: Policy, target: File, moved: Sequence[TriagedMention], open_ids: Collection[UUID]) -> None:
    mentions = work.mentions_of(target.case.id)
    target.case = cases.computed(policy, target, mentions, None, work.now)
    merge.came(policy, target, moved, open_ids, mentions)
    if target.touched:
        target.case = cases.proposed(policy, target, mentions)


def _alive(file: File, which: str) -> None:
    if file.case.state in cases.EMPTY:
        where = f": it goes on as {file.case.merged_into}" if file.case.merged_into else ", with no message left"
        raise Conflict(f"{which} is {file.case.state}{where}.", merged_into=str(file.case.merged_into) if file.case.merged_into else None)


def _pinned(work: CaseWork, mentions: Iterable[TriagedMention]) -> dict[UUID, Placed]:
    """Where these are before merges: there they stay, whatever triage says of their group later."""
    placed, found = work.overlay.placed, {}
    for triaged in mentions:
        id, base = triaged.mention.id, work.base_of(triaged)
        here = work.copies[id].case_id
        found[id] = Placed(
            base if work.overlay.standing(base) == here else here,
            id in placed and placed[id].split,
            placed[id].group_id if id in placed else None,
        )
    return found


def _move(work: CaseWork, done: Done, moved: Iterable[TriagedMention], case_id: UUID) -> None:
    for triaged in moved:
        id = triaged.mention.id
        work.members[work.copies[id].case_id].discard(id)
        work.members.setdefault(case_id, set()).add(id)
        work.copies[id] = replace(work.copies[id], case_id=case_id)
        done.now_in[id] = case_id


def _ids(mentions: Iterable[TriagedMention]) -> tuple[UUID, ...]:
    return tuple(m.mention.id for m in mentions)


def _tell(
    work: CaseWork, policy: Policy, file: File, kind: type[CaseMoveEvent], move: Move, said: Said, moved: Sequence[TriagedMention]
) -> None:
    file.book_version = policy.version
    file.version += 1
    promise_stream.mark(work, file)
    story = record.story(
        file,
        kind,
        at=said.at,
        actor=said.actor,
        traceparent=said.traceparent,
        move_id=move.id,
        from_id=move.from_id,
        into_id=move.into_id,
        mention_ids=list(_ids(moved))[:MAX_MENTIONS],
        reason=said.reason,
    )
    _told(work, file, story, *record.breaches(file, at=said.at, actor="system", traceparent=said.traceparent))


def _told(work: CaseWork, file: File, *stories: Any) -> None:
    work.changed.add(file.case.id)
    work.stories += stories
    work.outgoing += [story.outgoing for story in stories]


def same_customer_s(some: Iterable[TriagedMention], others: Iterable[TriagedMention]) -> tuple[UUID, UUID] | None:
    """A message of each side by one customer, the newest: what triage may learn from. None where nobody wrote on both."""
    newest = {m.customer_id: m.mention.id for m in sorted(some, key=_place) if not m.removed}
    pairs = [(newest[m.customer_id], m.mention.id) for m in sorted(others, key=_place) if not m.removed and m.customer_id in newest]
    return pairs[-1] if pairs else None


def _place(triaged: TriagedMention) -> Any:
    return cases.key_of(triaged.mention)
