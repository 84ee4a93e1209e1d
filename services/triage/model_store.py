"""SQL about what a brand's models learnt: versions, and which of them is live. Every function takes the connection first and names the brand."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from libs.common import db
from services.triage.context import Context
from services.triage.learn import Lesson

KEPT_WEIGHTS = 10
"""Versions of a finding that can be made live again: the newest that were better than what was live."""
_TOLD = (
    "finding, version, verdict, base, compared_to, score, live_score, trained_on, held_out, learnt_to, explanation, created_at, "
    "weights is not null as usable"
)


@dataclass(frozen=True, slots=True)
class Version:
    """What a brand's models learnt about a finding at one time, without the weights."""

    finding: str
    version: int
    verdict: str
    base: str
    compared_to: int
    score: float
    live_score: float
    trained_on: int
    held_out: int
    learnt_to: int
    explanation: dict[str, Any]
    created_at: datetime
    usable: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """Which version is live since when, by whom and why; `n` counts the switches of a finding. Version 0 is the shipped models alone."""

    n: int
    version: int
    previous: int
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Text:
    """A mention to learn from, and where it came from."""

    text: str
    context: Context
    lesson: Lesson


# --- which version is live ------------------------------------------------------------------------------------------------------------

_LIVE = "select distinct on (brand, finding) * from model_switch where brand = any($1::text[]) order by brand, finding, n desc"


async def live(connection: db.Connection, brands: Collection[str]) -> dict[str, dict[str, int]]:
    """Brand → finding → the version that is live, where it is not the shipped models alone. Read before each batch: a row a switch, by its key."""
    found: dict[str, dict[str, int]] = {}
    for row in await connection.fetch(_LIVE, list(brands)):
        if row["version"]:
            found.setdefault(row["brand"], {})[row["finding"]] = row["version"]
    return found


async def switches(connection: db.Connection, brand: str) -> dict[str, Switch]:
    """By finding the switch that holds."""
    return {row["finding"]: _switch(row) for row in await connection.fetch(_LIVE, [brand])}


async def history(connection: db.Connection, brand: str, finding: str, after: int = 0, limit: int = 50) -> list[Switch]:
    """The newest switches of a finding, the latest first."""
    rows = await connection.fetch(
        "select * from model_switch where brand = $1 and finding = $2 and n > $3 order by n desc limit $4", brand, finding, after, limit
    )
    return [_switch(row) for row in rows]


def _switch(row: asyncpg.Record) -> Switch:
    return Switch(row["n"], row["version"], row["previous"], row["reason"], row["actor"], row["at"])


async def lock(connection: db.Connection, brand: str) -> None:
    """Whoever changes what is live of a brand does so one after another."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 4))", brand)


async def switch(connection: db.Connection, brand: str, finding: str, version: int, previous: int, reason: str, actor: str) -> None:
    """Make a version live, under `lock`."""
    await connection.execute(
        "insert into model_switch (brand, finding, n, version, previous, reason, actor) select $1, $2, coalesce(max(n), 0) + 1, $3, $4, $5, $6 "
        "from model_switch where brand = $1 and finding = $2",
        brand,
        finding,
        version,
        previous,
        reason,
        actor,
    )


async def weights(connection: db.Connection, brand: str, versions: Mapping[str, int]) -> dict[str, tuple[str, bytes]]:
    """Finding → the shipped models that it corrects, and the head, of these versions; without those whose weights are gone."""
    rows = await connection.fetch(
        "select finding, base, weights from model where brand = $1 and weights is not null "
        "and (finding, version) in (select * from unnest($2::text[], $3::int[]))",
        brand,
        list(versions),
        list(versions.values()),
    )
    return {row["finding"]: (row["base"], row["weights"]) for row in rows}


# --- versions -------------------------------------------------------------------------------------------------------------------------


async def add(
    connection: db.Connection,
    brand: str,
    finding: str,
    *,
    verdict: str,
    base: str,
    compared_to: int,
    score: float,
    live_score: float,
    trained_on: int,
    held_out: int,
    learnt_to: int,
    one_in: int,
    explanation: Mapping[str, Any],
    head: bytes | None,
) -> int:
    """Keep a version, under `lock`, and return its number. Weights of versions that are long gone from sight go."""
    version = await connection.fetchval(
        "insert into model (brand, finding, version, verdict, base, compared_to, score, live_score, trained_on, held_out, learnt_to, one_in, "
        "explanation, weights) select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from model "
        "where brand = $1 and finding = $2 returning version",
        brand,
        finding,
        verdict,
        base,
        compared_to,
        score,
        live_score,
        trained_on,
        held_out,
        learnt_to,
        one_in,
        explanation,
        head,
    )
    await connection.execute(
        "update model set weights = null where brand = $1 and finding = $2 and weights is not null and version not in (select version from model "
        "where brand = $1 and finding = $2 and weights is not null order by version desc limit $3) and version <> coalesce((select version "
        "from model_switch where brand = $1 and finding = $2 order by n desc limit 1), 0)",
        brand,
        finding,
        KEPT_WEIGHTS,
    )
    return int(version)


async def held_out_before(connection: db.Connection, brand: str, finding: str) -> int:
    """One of how many texts was held out by the version that held out fewest; 0 where there is none. Whatever was trained on once stays on that side."""
    found = await connection.fetchval("select coalesce(max(one_in), 0) from model where brand = $1 and finding = $2", brand, finding)
    return int(found)


def _version(row: asyncpg.Record) -> Version:
    return Version(**{name: row[name] for name in Version.__dataclass_fields__})


async def version(connection: db.Connection, brand: str, finding: str, number: int) -> Version | None:
    row = await connection.fetchrow(f"select {_TOLD} from model where brand = $1 and finding = $2 and version = $3", brand, finding, number)
    return _version(row) if row else None


async def versions(connection: db.Connection, brand: str, finding: str, before: int | None, limit: int) -> list[Version]:
    """The latest first."""
    rows = await connection.fetch(
        f"select {_TOLD} from model where brand = $1 and finding = $2 and ($3::int is null or version < $3) order by version desc limit $4",
        brand,
        finding,
        before,
        limit,
    )
    return [_version(row) for row in rows]


async def live_versions(connection: db.Connection, brand: str) -> dict[str, Version]:
    """By finding the version that is live, where it is not the shipped models alone."""
    rows = await connection.fetch(
        f"select {_TOLD} from model where brand = $1 and (finding, version) in (select distinct on (finding) finding, version "
        "from model_switch where brand = $1 order by finding, n desc)",
        brand,
    )
    return {row["finding"]: _version(row) for row in rows}


# --- what is learnt from --------------------------------------------------------------------------------------------------------------

_TEXT = (
    "concat_ws(e'\\n', nullif(m.mention->>'title', ''), m.mention->>'text') as text, "
    "case m.mention->>'kind' when 'direct' then 'direct' else m.mention->>'channel' end as channel, "
    "m.mention->>'visibility' as visibility, (m.mention->'author'->>'followers')::bigint as followers"
)


async def corrected(connection: db.Connection, brand: str, finding: str, limit: int) -> tuple[list[Text], int]:
    """The brand's mentions of which a person decided the finding, the newest `limit`, in a fixed order; and up to which correction that reaches."""
    rows = await connection.fetch(
        f"select c.mention_id, c.chosen, {_TEXT} from (select distinct on (mention_id) mention_id, chosen, seq from correction "
        "where brand = $1 and finding = $2 order by mention_id, at desc, id desc) c join mention m on m.id = c.mention_id and m.brand = $1 "
        "and not m.removed order by c.seq desc limit $3",
        brand,
        finding,
        limit,
    )
    reaches = await connection.fetchval("select coalesce(max(seq), 0) from correction where brand = $1 and finding = $2", brand, finding)
    return _texts(rows, by_person=True), int(reaches)


async def left(connection: db.Connection, brand: str, finding: str, limit: int) -> list[Text]:
    """The brand's newest mentions of which nobody corrected the finding, with what was found."""
    rows = await connection.fetch(
        f"select m.id as mention_id, {_FOUND[finding]} as chosen, {_TEXT} from mention m where m.brand = $1 and not m.removed "
        "and not exists (select from correction c where c.brand = $1 and c.mention_id = m.id and c.finding = $2) order by m.seq desc limit $3",
        brand,
        finding,
        limit,
    )
    return _texts(rows, by_person=False)


_FOUND = {
    **{finding: f"array_remove(array[m.findings->>'{finding}'], null)" for finding in ("sentiment", "intent", "urgency")},
    "respond": "array_remove(array[m.findings->'respond'->>'decision'], null)",
    "department": "array[coalesce(m.findings->>'department', 'none')]",
    "labels": "array(select jsonb_array_elements(m.findings->'labels')->>'name')",
}
"""Finding → where a mention's row has it."""


def _texts(rows: Sequence[asyncpg.Record], *, by_person: bool) -> list[Text]:
    """In a fixed order, so that the same corrections give the same head."""
    found = [
        Text(
            row["text"],
            Context(row["channel"], row["visibility"], row["followers"]),
            Lesson(row["mention_id"], tuple(row["chosen"]), by_person),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: one.lesson.mention_id)
