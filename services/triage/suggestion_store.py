"""Pairs of mentions of which a person says whether they are one issue: asked by us, or unasked.

A pair has one row, whoever began. The newest word of a person counts, and is remembered: what was rejected is not asked about again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.events import deterministic_id
from services.triage.suggestion import BANDS, Answered


class Pair(NamedTuple):
    """Two mentions of a brand, the smaller id first."""

    brand: str
    one: UUID
    other: UUID

    @property
    def id(self) -> UUID:
        return deterministic_id(self.brand, "suggestion", str(self.one), str(self.other))


def pair_of(brand: str, one: UUID, other: UUID) -> Pair:
    return Pair(brand, min(one, other), max(one, other))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said, who and when; `at` is none while nobody has."""

    state: str
    by: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """A pair as it stands. `groups` are those that the two mentions are in now."""

    id: UUID
    seq: int
    pair: Pair
    score: float | None
    evidence: list[dict[str, Any]]
    decision: Decision
    version: int
    created_at: datetime
    groups: tuple[UUID, UUID]


_SELECT = (
    "select s.*, one.group_id as one_group, other.group_id as other_group from suggestion s "
    "join mention one on one.brand = s.brand and one.id = s.mention_id join mention other on other.brand = s.brand and other.id = s.other_id "
)


def _row(row: asyncpg.Record) -> Row:
    return Row(
        id=row["id"],
        seq=row["seq"],
        pair=Pair(row["brand"], row["mention_id"], row["other_id"]),
        score=row["score"],
        evidence=row["evidence"],
        decision=Decision(row["state"], row["decided_by"], row["decided_at"]),
        version=row["version"],
        created_at=row["created_at"],
        groups=(row["one_group"], row["other_group"]),
    )


async def decisions(connection: db.Connection, pairs: Sequence[Pair]) -> dict[Pair, Decision]:
    """What is known of these pairs, which are of the brands that they name; locked in order."""
    if not pairs:
        return {}
    rows = await connection.fetch("select * from suggestion where id = any($1::uuid[]) order by id for update", [pair.id for pair in pairs])
    return {
        Pair(row["brand"], row["mention_id"], row["other_id"]): Decision(row["state"], row["decided_by"], row["decided_at"]) for row in rows
    }


async def decide(connection: db.Connection, judged: Mapping[Pair, Decision]) -> None:
    """Keep what people said of these pairs, also of those that nobody was asked about."""
    if judged:
        rows = sorted(judged.items(), key=lambda item: item[0].id)
        await connection.execute(
            "insert into suggestion as s (id, brand, mention_id, other_id, evidence, state, version, created_at, decided_by, decided_at) "
            "select i, b, o, p, '[]', st, 1, t, w, t from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], "
            "$7::timestamptz[]) as u(i, b, o, p, st, w, t) on conflict (id) do update set state = excluded.state, version = s.version + 1, "
            "decided_by = excluded.decided_by, decided_at = excluded.decided_at where s.brand = excluded.brand",
            [pair.id for pair, _ in rows],
            [pair.brand for pair, _ in rows],
            [pair.one for pair, _ in rows],
            [pair.other for pair, _ in rows],
            [decision.state for _, decision in rows],
            [decision.by for _, decision in rows],
            [decision.at for _, decision in rows],
        )


async def rejected(connection: db.Connection, brands: Collection[str], mention_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """The pairs among these mentions that a person said to be two issues."""
    rows = await connection.fetch(
        "select mention_id, other_id from suggestion where brand = any($1::text[]) and mention_id = any($2::uuid[]) "
        "and other_id = any($2::uuid[]) and state = 'rejected'",
        list(brands),
        mention_ids,
    )
    return [(row["mention_id"], row["other_id"]) for row in rows]


async def between(connection: db.Connection, brand: str, group_ids: Sequence[UUID]) -> dict[frozenset[UUID], str]:
    """Groups of which somebody was asked, or said, whether they are one, at least one of each two among `group_ids`: the states, rejected before open."""
    rows = await connection.fetch(
        "with members as (select id from mention where brand = $1 and group_id = any($2::uuid[])), "
        "pairs as (select s.* from suggestion s join members m on s.brand = $1 and s.mention_id = m.id "
        "union select s.* from suggestion s join members m on s.brand = $1 and s.other_id = m.id) "
        "select p.state, one.group_id as one, other.group_id as other from pairs p "
        "join mention one on one.brand = p.brand and one.id = p.mention_id join mention other on other.brand = p.brand and other.id = p.other_id "
        "order by p.state = 'rejected', p.state <> 'withdrawn'",
        brand,
        group_ids,
    )
    return {frozenset({row["one"], row["other"]}): row["state"] for row in rows if row["one"] != row["other"]}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for people. `evidence`: kind, whether it speaks against, and what it is in words."""

    pair: Pair
    score: float
    evidence: Sequence[tuple[str, bool, str]]
    state: str


async def suggest(connection: db.Connection, found: Sequence[Asked]) -> None:
    """Ask about pairs that nobody was asked about."""
    if found:
        await connection.executemany(
            "insert into suggestion (id, brand, mention_id, other_id, score, evidence, state, version, created_at) "
            "values ($1, $2, $3, $4, $5, $6, $7, 1, now()) on conflict do nothing",
            [
                (
                    asked.pair.id,
                    *asked.pair,
                    asked.score,
                    [{"kind": kind, "against": against, "said": said} for kind, against, said in asked.evidence],
                    asked.state,
                )
                for asked in sorted(found, key=lambda asked: asked.pair.id)
            ],
        )


async def withdraw(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> None:
    """Nobody is asked about these mentions any more, and what was said about their likeness is forgotten; what people answered stays."""
    await connection.execute(
        "update suggestion set evidence = '[]', version = version + 1, "
        "state = case when state in ('open', 'withheld') then 'withdrawn' else state end "
        "where brand = $1 and (mention_id = any($2::uuid[]) or other_id = any($2::uuid[]))",
        brand,
        mention_ids,
    )


async def withdraw_settled(connection: db.Connection, brand: str, days: int, limit: int) -> int:
    """Withdraw at most `limit` questions that are none any more: the two are one group by now, or nobody answered for so long. Return how many."""
    rows = await connection.fetch(
        "update suggestion set state = 'withdrawn', version = version + 1 where id in (select s.id from suggestion s "
        "join mention one on one.brand = s.brand and one.id = s.mention_id join mention other on other.brand = s.brand and other.id = s.other_id "
        "where s.brand = $1 and s.state in ('open', 'withheld') "
        "and (one.group_id = other.group_id or s.created_at < now() - $2 * interval '1 day') limit $3 for update of s skip locked) "
        "and brand = $1 returning 1",
        brand,
        days,
        limit,
    )
    return len(rows)


async def answered(connection: db.Connection, brand: str) -> list[Answered]:
    """What people answered to what we asked, by band of score."""
    rows = await connection.fetch(
        "select least(floor(score * $2)::int, $2 - 1) as band, count(*) filter (where state = 'confirmed') as confirmed, "
        "count(*) filter (where state = 'rejected') as rejected from suggestion "
        "where brand = $1 and state in ('confirmed', 'rejected') and score is not null group by 1 order by 1",
        brand,
        BANDS,
    )
    return [Answered(row["band"], row["confirmed"], row["rejected"]) for row in rows]


async def page(connection: db.Connection, brand: str, state: str, after: int, limit: int) -> list[Row]:
    """Pairs in this state, in the order in which they were found. One whose mentions are in one group by now is no question any more."""
    rows = await connection.fetch(
        _SELECT
        + "where s.brand = $1 and s.state = $2 and s.seq > $3 and (one.group_id <> other.group_id or s.state not in ('open', 'withheld')) "
        "order by s.seq limit $4",
        brand,
        state,
        after,
        limit,
    )
    return [_row(row) for row in rows]


async def one(connection: db.Connection, brand: str, suggestion_id: UUID, *, lock: bool = False) -> Row | None:
    query: Any = _SELECT + "where s.brand = $1 and s.id = $2" + (" for update of s" if lock else "")
    row = await connection.fetchrow(query, brand, suggestion_id)
    return _row(row) if row else None


async def open_counts(connection: db.Connection) -> list[tuple[str, int]]:
    """Questions that wait for an answer, by brand."""
    rows = await connection.fetch("select brand, count(*) as number from suggestion where state = 'open' group by brand")
    return [(row["brand"], row["number"]) for row in rows]
