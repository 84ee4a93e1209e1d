"""The SQL of merges and splits: the decisions, what happened since, and which cases a case consists of. The connection comes first."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db
from services.routing.merge import Happened, Snapshot
from services.routing.move import Move, Said

_COLUMNS = "id, brand, kind, from_id, into_id, at, actor, reason, moved, into_version, from_before, into_before, into_after"


def _move(row: asyncpg.Record) -> Move:
    return Move(
        **{
            name: row[name] for name in ("id", "brand", "kind", "from_id", "into_id", "at", "actor", "reason", "into_version", "into_after")
        },
        moved=tuple(row["moved"]),
        from_before=Snapshot.model_validate(row["from_before"]) if row["from_before"] else None,
        into_before=Snapshot.model_validate(row["into_before"]) if row["into_before"] else None,
    )


async def add(connection: db.Connection, move: Move) -> None:
    await connection.execute(
        f"insert into case_move ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        move.id,
        move.brand,
        move.kind,
        move.from_id,
        move.into_id,
        move.at,
        move.actor,
        move.reason,
        list(move.moved),
        move.into_version,
        move.from_before.model_dump(mode="json") if move.from_before else None,
        move.into_before.model_dump(mode="json") if move.into_before else None,
        dict(move.into_after) if move.into_after is not None else None,
    )


async def undone(connection: db.Connection, move: Move, said: Said) -> None:
    await connection.execute(
        "update case_move set undone_at = $3, undone_by = $4, undone_reason = $5 where brand = $1 and id = $2",
        move.brand,
        move.id,
        said.at,
        said.actor,
        said.reason,
    )


async def without(connection: db.Connection, brand: str, others: Mapping[UUID, tuple[Snapshot, Mapping[str, Any]]]) -> None:
    """Later merges into the case that one was taken out of: what it was before and after them is known without that one from here on."""
    for move_id, (before, after) in sorted(others.items()):
        await connection.execute(
            "update case_move set into_before = $3, into_after = $4 where brand = $1 and id = $2",
            brand,
            move_id,
            before.model_dump(mode="json"),
            dict(after),
        )


async def merge_of(connection: db.Connection, brand: str, from_id: UUID) -> Move | None:
    """The merge by which this case went on in another one and still does."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from case_move where brand = $1 and from_id = $2 and kind = 'merge' and undone_at is null", brand, from_id
    )
    return _move(row) if row else None


async def split_into(connection: db.Connection, brand: str, into_id: UUID, move_id: UUID | None) -> Move | None:
    """The split that stands by which messages came into this case: this one, or the newest."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from case_move where brand = $1 and into_id = $2 and kind = 'split' and undone_at is null "
        "and ($3::uuid is null or id = $3) order by at desc, id desc limit 1",
        brand,
        into_id,
        move_id,
    )
    return _move(row) if row else None


async def later_merges(connection: db.Connection, move: Move) -> list[Happened]:
    """Other cases that came into the same one since, and are in it."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from case_move where brand = $1 and into_id = $2 and kind = 'merge' and undone_at is null and id <> $3 "
        "and into_version > $4 order by into_version",
        move.brand,
        move.into_id,
        move.id,
        move.into_version,
    )
    found = [_move(row) for row in rows]
    return [Happened(at=one.at, what="merged", moved=one.from_before, theirs=frozenset(one.moved), move_id=one.id) for one in found]


async def known_at(connection: db.Connection, move: Move) -> set[UUID]:
    """The messages that two cases had when they were put together."""
    rows = await connection.fetch("select mention_id from placement where brand = $1 and move_id = $2", move.brand, move.id)
    return {row["mention_id"] for row in rows}


async def replies_since(connection: db.Connection, brand: str, mention_ids: Sequence[UUID], move: Move | None) -> list[Happened]:
    """The replies to these messages that we heard of, since a decision or ever."""
    rows = await connection.fetch(
        "select mention_id, sent_at from sent_reply where brand = $1 and mention_id = any($2::uuid[]) and sent_at is not null "
        "and ($3::timestamptz is null or heard_at > $3) order by sent_at, id",
        brand,
        mention_ids,
        move.at if move else None,
    )
    return [Happened(at=row["sent_at"], what="reply", mention_id=row["mention_id"]) for row in rows]


async def acts_since(connection: db.Connection, move: Move) -> list[Happened]:
    """What people decided about the turn of the case that was put together, since then."""
    rows = await connection.fetch(
        "select at, what, actor, detail from timeline where brand = $1 and case_id = $2 and version > $3 "
        "and what in ('resolved', 'reopened') order by version",
        move.brand,
        move.into_id,
        move.into_version,
    )
    return [
        Happened(
            at=row["at"],
            what="no_reply" if row["detail"].get("no_reply") else row["what"],
            actor=row["actor"],
            reason=row["detail"].get("reason"),
        )
        for row in rows
    ]


async def worked_since(connection: db.Connection, move: Move) -> bool:
    """Whether people have decided anything in it since, beside what is in it."""
    found: bool = await connection.fetchval(
        "select exists (select from timeline where brand = $1 and case_id = $2 and version > $3 and actor <> 'system' "
        "and what not in ('merged', 'unmerged', 'split', 'rejoined', 'revised'))",
        move.brand,
        move.into_id,
        move.into_version,
    )
    return found


async def page(connection: db.Connection, brand: str, case_id: UUID, before: tuple[Any, UUID] | None, limit: int) -> list[asyncpg.Record]:
    """What people decided about which messages are in this case, newest first."""
    return await connection.fetch(
        "select id, kind, from_id, into_id, moved, at, actor, reason, undone_at, undone_by, undone_reason from case_move "
        "where brand = $1 and (into_id = $2 or from_id = $2) and ($3::timestamptz is null or (at, id) < ($3, $4::uuid)) "
        "order by at desc, id desc limit $5",
        brand,
        case_id,
        *(before or (None, None)),
        limit,
    )
