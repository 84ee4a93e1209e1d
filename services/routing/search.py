"""Search: cases whose messages, names, numbers, tags and labels, or what colleagues wrote about them, hold what somebody typed.

The newest cases that match are looked at first, a window of them at a time; within a window the best come first: how well the words fit, weighted by how
recently the case moved and whether it is open. Where few cases match, names that are spelt much like it follow. What stands in an answer is read from
the messages themselves at that moment: a message that was taken back is in no snippet, whatever the search still has of it.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.case_events import Case
from libs.common.errors import BadRequest
from services.routing import question, wanted
from services.routing.question import Question, Term
from services.routing.wanted import Arguments, Wanted

WINDOW = 200
"""Cases that are ranked together."""
_FEW = 4000
"""Cases that a filter leaves, up to which each of them is looked at."""
_MOST_S = 0.12
"""After so long a search ends where it is."""
ALIKE = 0.3
"""Similarity of words (pg_trgm) from which a name is much like another: two neighbours of seven letters changed places, one was dropped or doubled."""
_ALIKE_MS = 80
_MOST_ALIKE = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of hits begins: in the window of cases below `below`, after the hit with this score and number, as ranked at `as_of`."""

    as_of: datetime
    below: int
    score: int
    seq: int


FIRST_SCORE = 2**62


@dataclass(frozen=True, slots=True)
class Hit:
    case_id: UUID
    seq: int
    score: int
    alike: bool


@dataclass(frozen=True, slots=True)
class Found:
    """`next`: where the next page begins; none on the last. `complete`: all cases were looked at, as far as the page goes. A question that takes too long
    ends where it is, and its next page goes on there."""

    hits: Sequence[Hit]
    next: Place | None
    complete: bool = True


async def find(
    connection: db.Connection, brand: str, asked: Question, narrowed: Wanted, after: Place | None, now: datetime, limit: int
) -> Found:
    """A page of hits, best first within each window. Raises `BadRequest` where every word is one that says nothing."""
    place = after or Place(now, await _beyond(connection, brand), FIRST_SCORE, 0)
    until = time.monotonic() + _MOST_S
    hits: list[Hit] = []
    while True:
        window, below = await _window(connection, brand, asked, narrowed, place.below, WINDOW, until)
        ranked = await _ranked(connection, brand, asked, window, place.as_of)
        rest = [hit for hit in ranked if (hit.score, hit.seq) < (place.score, place.seq)]
        hits += rest[: limit - len(hits)]
        if len(hits) == limit and rest and rest[-1] is not hits[-1]:
            return Found(hits, Place(place.as_of, place.below, hits[-1].score, hits[-1].seq))
        if below is None:
            break
        place = Place(place.as_of, below, FIRST_SCORE, 0)
        if len(hits) == limit:
            return Found(hits, place)
        if time.monotonic() > until:
            return Found(hits, place, complete=False)
    if after is not None or hits:
        return Found(hits, None)
    if not await _says_something(connection, asked):
        raise BadRequest("Every word of q is one that nearly all texts have, such as 'de' or 'the'. Give one that says more.")
    alike, complete = await _alike(connection, brand, asked, narrowed, now)
    return Found(alike[:limit], None, complete)


async def matching(
    connection: db.Connection,
    brand: str,
    asked: Question,
    narrowed: Wanted,
    most: int,
    *,
    below: int | None = None,
    most_s: float = _MOST_S,
) -> list[UUID]:
    """The newest cases that match, of those below a number, at most so many, and no more than can be found in the time that there is."""
    found: list[UUID] = []
    below = await _beyond(connection, brand) if below is None else below
    until = time.monotonic() + most_s
    while below is not None and len(found) < most and time.monotonic() < until:
        window, below = await _window(connection, brand, asked, narrowed, below, most - len(found), until)
        found += [case_id for case_id, _ in window]
    return found


async def _beyond(connection: db.Connection, brand: str) -> int:
    """One more than the number of the brand's newest case."""
    newest: int | None = await connection.fetchval("select max(seq) from case_line where brand = $1", brand)
    return (newest or 0) + 1


_Window = list[tuple[UUID, int]]


async def _window(
    connection: db.Connection, brand: str, asked: Question, narrowed: Wanted, below: int, most: int, until: float
) -> tuple[_Window, int | None]:
    """(The newest cases below a number that match, with their numbers; below which number to go on, none where all were looked at).

    Where the filters leave few cases, those are looked at; else eras, the newest first, each time twice as many as before.
    """
    arguments = Arguments(brand, _FEW + 1, below)
    narrow = wanted.condition(narrowed, brand, arguments)
    if narrow != "true":
        rows = await connection.fetch(
            f"select l.case_id from case_line l where l.brand = $1 and l.seq < $3::bigint and {narrow} limit $2::int", *arguments.values
        )
        if len(rows) <= _FEW:
            arguments = Arguments(brand, [row["case_id"] for row in rows], most, below)
            has = question.condition(asked, arguments)
            # So few are looked at one by one: all cases that have the words are many more.
            rows = await connection.fetch(
                f"select s.case_id, s.seq from search_text s where s.brand = $1 and s.case_id = any($2::uuid[]) and s.seq < $4::bigint "
                f"and coalesce({has}, false) order by s.seq desc limit $3::int",
                *arguments.values,
            )
            return [(row["case_id"], row["seq"]) for row in rows], (rows[-1]["seq"] if len(rows) == most else None)
    found: _Window = []
    era, eras, first = (below - 1) >> 15, 1, await _first_era(connection, brand, narrowed)
    began = time.monotonic()
    while era >= first:
        names = [f"{brand}/{n}" for n in range(era, max(first - 1, era - eras), -1)]
        arguments = Arguments(brand, names, most - len(found), below)
        has, narrow = question.condition(asked, arguments), wanted.condition(narrowed, brand, arguments)
        join = "" if narrow == "true" else " join case_line l on l.brand = $1 and l.case_id = s.case_id"
        rows = await connection.fetch(
            "select s.case_id, s.seq from (select s.case_id, s.seq from search_text s where s.brand = $1 "
            f"and array[s.brand || '/' || (s.seq >> 15)::text] && $2::text[] and s.seq < $4::bigint and {has} offset 0) s{join} "
            f"where {narrow} order by s.seq desc limit $3::int",
            *arguments.values,
        )
        found += [(row["case_id"], row["seq"]) for row in rows]
        if len(found) >= most:
            return found, found[-1][1]
        era -= eras
        now = time.monotonic()
        if era >= first and now > until:
            return found, (era + 1) << 15
        # Twice as many take about twice as long: where there is no time for that, one at a time.
        eras, began = eras * 2 if now + 2 * (now - began) < until else 1, now
    return found, None


async def _first_era(connection: db.Connection, brand: str, narrowed: Wanted) -> int:
    """Before which there is nothing to find: most cases are closed, and those that are open began of late."""
    only_open = " and is_open" if narrowed.openness() == ("o",) else ""
    first: int | None = await connection.fetchval(f"select min(seq) from case_line where brand = $1{only_open}", brand)
    return (first or 0) >> 15


async def _ranked(connection: db.Connection, brand: str, asked: Question, window: _Window, as_of: datetime) -> list[Hit]:
    """The best first: how well the words fit, weighted by how recently the case moved and whether it is open."""
    arguments = Arguments(brand, [case_id for case_id, _ in window], as_of)
    rows = await connection.fetch(
        "select s.case_id, s.seq, (1e9 * (0.05 + ts_rank('{0.1, 0.8, 0.4, 1}', s.words, " + question.ranking(asked, arguments) + ", 1)) "
        "* (1 + exp(-greatest(0, extract(epoch from $3::timestamptz - l.latest_at)) / 2592000.0)) * case when l.is_open then 1.5 else 1 end)::bigint "
        "as score from search_text s join case_line l on l.brand = $1 and l.case_id = s.case_id where s.brand = $1 and s.case_id = any($2::uuid[])",
        *arguments.values,
    )
    hits = [Hit(row["case_id"], row["seq"], row["score"], False) for row in rows]
    return sorted(hits, key=lambda hit: (-hit.score, -hit.seq))


async def _says_something(connection: db.Connection, asked: Question) -> bool:
    if any(term.number for terms in asked for term in terms):
        return True
    arguments = Arguments()
    return bool(await connection.fetchval(f"select numnode({question.ranking(asked, arguments)}) > 0", *arguments.values))


async def _alike(connection: db.Connection, brand: str, asked: Question, narrowed: Wanted, now: datetime) -> tuple[list[Hit], bool]:
    """Cases with a name or a number much like what was asked, and whether all could be looked at in the time that there is."""
    terms = question.may_be_misspelt(asked)
    if not terms:
        return [], True
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"select set_config('statement_timeout', '{_ALIKE_MS}', true)")
            meant = [await _meant(connection, brand, term) for term in terms]
            if not all(meant):
                return [], True
            arguments = Arguments(brand, _MOST_ALIKE, now)
            has = " and ".join(_any_of(term, these, arguments) for term, these in zip(terms, meant, strict=True))
            rows = await connection.fetch(
                f"select l.case_id, l.seq from (select s.case_id from search_text s where s.brand = $1 and {has} offset 0) s "
                f"join case_line l on l.brand = $1 and l.case_id = s.case_id where {wanted.condition(narrowed, brand, arguments)} "
                "and l.opened_at <= $3::timestamptz order by l.seq desc limit $2::int",
                *arguments.values,
            )
    except asyncpg.QueryCanceledError:
        return [], False
    return [Hit(row["case_id"], row["seq"], 0, True) for row in rows], True


async def _meant(connection: db.Connection, brand: str, term: Term) -> list[str]:
    """What a word may have meant: names that are spelt much like it, the nearest first; of a number, patterns that differ by a character."""
    if term.number:
        return question.near(term.text)
    rows = await connection.fetch(
        "select n.name from search_name n cross join lateral (select unaccent(lower($2::text)) as word) a "
        "cross join lateral (select n.name = any($3::text[]) as respelt, similarity(n.name, a.word) as near) s "
        "where n.brand = $1 and (n.name = any($3::text[]) or (n.name % unaccent(lower($2::text)) and s.near >= $4::real)) "
        "order by s.respelt desc, s.near desc, n.cases desc limit 4",
        brand,
        term.text,
        question.respelt(term.text.lower()),
        ALIKE,
    )
    return [row["name"] for row in rows]


def _any_of(term: Term, meant: Sequence[str], arguments: Arguments) -> str:
    if term.number:
        return f"s.names like any({arguments.add(list(meant), 'text[]')})"
    names = " || ".join(f"phrase_of({arguments.add(name, 'text')})" for name in meant)
    return f"s.words @@ ({names})"


async def cases(connection: db.Connection, brand: str, ids: Sequence[UUID]) -> Mapping[UUID, Case]:
    rows = await connection.fetch("select id, state_json from care_case where brand = $1 and id = any($2::uuid[])", brand, ids)
    return {row["id"]: Case.model_validate(row["state_json"]) for row in rows}
