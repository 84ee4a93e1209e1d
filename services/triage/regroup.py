"""Groups that become one, or come apart, because somebody or a later look says so: pure decisions on the members of those groups, and the locks
under which they are taken.

Rows of `mention` come in, those that change leave, each with a new version. The locks stand in the order of the consumer's (evidence, roots, members),
so whoever regroups at the same moment waits, and sees it done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from libs.common import db
from libs.common.events import Evidence, MentionRegrouped, MentionRevised
from libs.common.outbox import Outgoing
from services.triage import group, store

CONFIRMED = "confirmed"
"""The kind of evidence that a person's word is."""


def joined(rows: Mapping[UUID, store.MentionRow], one: UUID, other: UUID, kinds: Sequence[str]) -> dict[UUID, store.MentionRow]:
    """What changes when the groups of two mentions become one: the members of the one with the later root. Nothing where they are one already.

    `rows` are the members of both, roots included. The evidence that those who move get names the mention of the pair that stays.
    """
    groups = {rows[one].triaged.group_id, rows[other].triaged.group_id}
    if len(groups) == 1:
        return {}
    root, loser = sorted(groups, key=lambda group_id: (group.moment(rows[group_id].triaged.mention), group_id))
    stays = one if rows[one].triaged.group_id == root else other
    evidence = [Evidence(kind=kind, mention_id=stays) for kind in kinds]
    return {mention_id: changed(row, group_id=root, evidence=evidence) for mention_id, row in rows.items() if row.triaged.group_id == loser}


def joined_all(
    rows: Mapping[UUID, store.MentionRow], links: Sequence[tuple[UUID, UUID, Sequence[str]]], rejected: Iterable[tuple[UUID, UUID]]
) -> dict[UUID, store.MentionRow]:
    """What changes when all these links (two mentions, kinds of evidence) are followed, one after another; each mention once, in its next version.

    Two groups that hold a rejected pair do not become one.
    """
    now = dict(rows)
    members: dict[UUID, set[UUID]] = {}
    for mention_id, row in rows.items():
        members.setdefault(row.triaged.group_id, set()).add(mention_id)
    apart = [pair for pair in rejected if set(pair) <= rows.keys()]
    for one, other, kinds in links:
        if not {one, other} <= now.keys():
            continue
        groups = {now[one].triaged.group_id, now[other].triaged.group_id}
        if any({now[mention_id].triaged.group_id for mention_id in pair} == groups for pair in apart):
            continue
        both = {mention_id: now[mention_id] for group_id in groups for mention_id in members[group_id]}
        for mention_id, row in joined(both, one, other, kinds).items():
            members[now[mention_id].triaged.group_id].discard(mention_id)
            members[row.triaged.group_id].add(mention_id)
            now[mention_id] = replace(row, version=rows[mention_id].version + 1)
    return {mention_id: row for mention_id, row in now.items() if row is not rows[mention_id]}


def parted(rows: Mapping[UUID, store.MentionRow], one: UUID, other: UUID) -> dict[UUID, store.MentionRow]:
    """What changes when two mentions of one group are not one issue after all: the later of the two leaves, with what hangs on it alone.

    The group's root stays, for its id is the group's. Nothing where they are in two groups already. Whoever stays loses the evidence that names
    one who left. It can be taken back: joined again, all is in the group that it came from.
    """
    if rows[one].triaged.group_id != rows[other].triaged.group_id:
        return {}
    root = rows[one].triaged.group_id
    leaver, stayer = sorted((one, other), key=lambda i: (i == root, -group.moment(rows[i].triaged.mention).timestamp(), i))
    leaving = {leaver}
    members = {mention_id: row for mention_id, row in rows.items() if row.triaged.group_id == root}
    while more := {
        mention_id
        for mention_id, row in members.items()
        if mention_id not in (*leaving, root, stayer) and row.triaged.evidence and {e.mention_id for e in row.triaged.evidence} <= leaving
    }:
        leaving |= more
    found = {}
    for mention_id, row in members.items():
        kept = [item for item in row.triaged.evidence if (item.mention_id in leaving) == (mention_id in leaving)]
        if mention_id in leaving:
            found[mention_id] = changed(row, group_id=leaver, evidence=[] if mention_id == leaver else kept)
        elif len(kept) < len(row.triaged.evidence):
            found[mention_id] = changed(row, evidence=kept)
    return found


def changed(row: store.MentionRow, **what: object) -> store.MentionRow:
    """The row with this changed, in its next version."""
    return replace(row, triaged=row.triaged.model_copy(update=what), version=row.version + 1)


def told(row: store.MentionRow, traceparent: str | None) -> Outgoing:
    triaged = row.triaged
    event = MentionRegrouped(brand=triaged.mention.brand, book_version=row.book_version, triaged=triaged)
    return Outgoing(event, str(triaged.mention.id), row.version, str(triaged.customer_id), traceparent)


# --- with the database at hand --------------------------------------------------------------------------------------------------------


async def lock(connection: db.Connection, brand: str, mention_ids: Iterable[UUID]) -> dict[UUID, store.MentionRow]:
    """All members of the groups of these mentions, locked. Raises `db.Raced` where one of them was moved at this moment."""
    asked = sorted(mention_ids)
    groups = await store.groups_of(connection, brand, asked)
    roots = sorted(set(groups.values()))
    await store.lock_evidence(connection, brand, roots)
    await store.moments(connection, roots)
    rows = await store.members(connection, [brand], roots)
    if any(mention_id not in rows or rows[mention_id].triaged.group_id != group_id for mention_id, group_id in groups.items()):
        raise db.Raced("another transaction moved a mention")
    return rows


async def save(
    connection: db.Connection, before: Mapping[UUID, store.MentionRow], after: Mapping[UUID, store.MentionRow], traceparent: str | None
) -> list[Outgoing]:
    """Write what changed, evidence included, and return what there is to tell."""
    moved = [
        (row.triaged.mention.brand, mention_id, before[mention_id].triaged.group_id, row.triaged.group_id)
        for mention_id, row in sorted(after.items())
        if row.triaged.group_id != before[mention_id].triaged.group_id
    ]
    await store.update(connection, [row for _, row in sorted(after.items())])
    await store.leave_evidence(connection, moved)
    left = {before_group for _, _, before_group, _ in moved}
    ended = left - {after.get(mention_id, row).triaged.group_id for mention_id, row in before.items()}
    into = {group_id: now for _, _, group_id, now in moved if group_id in ended}
    await store.move_evidence(connection, into, into.__getitem__)
    return [told(row, traceparent) for _, row in sorted(after.items())]


def revised(row: store.MentionRow, why: str, actor: str = "system") -> Outgoing:
    triaged = row.triaged
    event = MentionRevised(brand=triaged.mention.brand, book_version=row.book_version, triaged=triaged, why=why, actor=actor)
    return Outgoing(event, str(triaged.mention.id), row.version, str(triaged.customer_id), row.traceparent)
