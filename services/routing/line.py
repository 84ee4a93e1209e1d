"""Lists of cases and how many there are, read from `case_line`, which a trigger keeps as the cases are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db, http
from libs.common.case_events import Case
from libs.common.errors import BadRequest
from services.routing import question, search, wanted
from services.routing.wanted import Arguments, Sort, Wanted

MOST_COUNTED = 1000
"""A count says "more than that" beyond it: nobody works through so many, and counting them would cost everybody else."""

MOST_FOUND = 2000
"""Of the cases that a list's `q` finds, the newest so many are listed."""
_WALK = {True: 4000, False: 8000}
"""Only open cases are wanted → how many are looked at one by one."""

_ORDER: dict[str, tuple[str, tuple[str, ...], tuple[type, ...]]] = {
    "oldest": ("l.seq", ("bigint",), (int,)),
    "newest": ("l.seq desc", ("bigint",), (int,)),
    "due": ("l.due_at, l.seq", ("timestamptz", "bigint"), (str, int)),
    "priority": ("l.rank, l.due_at, l.seq", ("smallint", "timestamptz", "bigint"), (int, str, int)),
}
"""Sort → how rows are ordered, the types of the columns of a row's place, and those of its cursor."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case and its place in the list."""

    case: Case
    cursor: str


def read_after(sort: Sort, cursor: str | None) -> list[Any] | None:
    """The place after which a page begins. Raises `BadRequest` for a cursor of another list."""
    values = http.read_cursor(cursor, [str, *_ORDER[sort][2]])
    if values is None:
        return None
    if values[0] != sort:
        raise BadRequest(
            f"The cursor is of a list sorted by {values[0][:20]!r}, and this one is sorted by {sort}. Leave it out to start again."
        )
    return [_place(value, kind) for value, kind in zip(values[1:], _ORDER[sort][1], strict=True)]


def _place(value: Any, kind: str) -> Any:
    if kind == "timestamptz":
        return http.moment(value) if value else None
    if kind == "smallint" and not 0 <= value <= 9:
        raise BadRequest("The cursor is not one that this list gave out. Leave it out to start again.")
    return value


async def page(connection: db.Connection, brand: str, asked: Wanted, sort: Sort, after: Sequence[Any] | None, limit: int) -> list[Row]:
    """Cases in this order, after a place. By due time or priority only open cases are listed: no clock of another runs.

    The first few thousand cases in this order are looked at one by one, which is quick where many of them are wanted; where that does not fill the page,
    few are wanted, and they are looked up by their keys and then put in order. So no guess about how many there are decides how long it takes.
    """
    if sort in ("due", "priority"):
        asked = asked.model_copy(update={"open": True}) if asked.open is not False else asked
    found = None
    if asked.q is not None:  # the newest are found first: of a list that begins with them, no more is needed than the page
        most, below = (limit, after[0] if after else None) if sort == "newest" else (MOST_FOUND, None)
        found = await search.matching(connection, brand, question.parse(asked.q), asked, most, below=below)
    rows = [] if found is not None else await _walked(connection, brand, asked, sort, after, limit)
    if len(rows) < limit:
        rows = await _looked_up(connection, brand, asked, sort, after, limit, found)
    return [Row(Case.model_validate(row["state_json"]), _cursor(sort, row)) for row in rows]


_WITH_CASE = (
    "select l.seq, l.rank, l.due_at, c.state_json from ({lines}) l join care_case c on c.id = l.case_id and c.brand = $1 order by {order}"
)


async def _walked(
    connection: db.Connection, brand: str, asked: Wanted, sort: Sort, after: Sequence[Any] | None, limit: int
) -> list[asyncpg.Record]:
    arguments = Arguments(brand)
    is_open = asked.openness() == ("o",)
    only_open = " and l.is_open" if is_open else ""
    behind = f" and {_after(sort, after, arguments)}" if after is not None else ""
    lines = (
        f"select * from (select * from case_line l where l.brand = $1{only_open}{behind} order by {_ORDER[sort][0]} limit {_WALK[is_open]}) l "
        f"where {wanted.condition(asked, brand, arguments)} limit {arguments.add(limit, 'int')}"
    )
    return await connection.fetch(_WITH_CASE.format(lines=lines, order=_ORDER[sort][0]), *arguments.values)


async def _looked_up(
    connection: db.Connection, brand: str, asked: Wanted, sort: Sort, after: Sequence[Any] | None, limit: int, found: Sequence[UUID] | None
) -> list[asyncpg.Record]:
    arguments = Arguments(brand)
    behind = f" and {_after(sort, after, arguments)}" if after is not None else ""
    among = f" and l.case_id = any({arguments.add(list(found), 'uuid[]')})" if found is not None else ""
    lines = (
        f"select * from (select * from case_line l where l.brand = $1 and {wanted.condition(asked, brand, arguments)}{behind}{among} offset 0) l "
        f"order by {_ORDER[sort][0]} limit {arguments.add(limit, 'int')}"
    )
    return await connection.fetch(_WITH_CASE.format(lines=lines, order=_ORDER[sort][0]), *arguments.values)


def _after(sort: Sort, after: Sequence[Any], arguments: Arguments) -> str:
    """Behind a place; cases without a clock come last."""
    if sort == "oldest":
        return f"l.seq > {arguments.add(after[0], 'bigint')}"
    if sort == "newest":
        return f"l.seq < {arguments.add(after[0], 'bigint')}"
    due, seq = after[-2], arguments.add(after[-1], "bigint")
    if due is None:
        behind = f"(l.due_at is null and l.seq > {seq})"
    else:
        at = arguments.add(due, "timestamptz")
        behind = f"((l.due_at, l.seq) > ({at}, {seq}) or l.due_at is null)"
    if sort == "due":
        return behind
    rank = arguments.add(after[0], "smallint")
    return f"l.rank >= {rank} and (l.rank > {rank} or {behind})"


def _cursor(sort: Sort, row: asyncpg.Record) -> str:
    due = row["due_at"].isoformat() if row["due_at"] else ""
    if sort == "due":
        return http.cursor_of(sort, due, row["seq"])
    if sort == "priority":
        return http.cursor_of(sort, row["rank"], due, row["seq"])
    return http.cursor_of(sort, row["seq"])


async def versions(connection: db.Connection, brand: str, asked: Wanted, limit: int) -> list[tuple[UUID, int]]:
    """The cases that are wanted with their versions, oldest first; more than `limit` are cut off. A search takes as long as it takes."""
    arguments = Arguments(brand)
    among = ""
    if asked.q is not None:
        found = await search.matching(connection, brand, question.parse(asked.q), asked, limit, most_s=10)
        among = f" and l.case_id = any({arguments.add(found, 'uuid[]')})"
    rows = await connection.fetch(
        "select c.id, c.version from (select * from case_line l where l.brand = $1 "
        f"and {wanted.condition(asked, brand, arguments)}{among} order by l.seq limit {arguments.add(limit, 'int')}) l "
        "join care_case c on c.id = l.case_id and c.brand = $1 order by l.seq",
        *arguments.values,
    )
    return [(row["id"], row["version"]) for row in rows]


async def counts(connection: db.Connection, brand: str, several: Sequence[Wanted], *, most: int = MOST_COUNTED) -> list[int]:
    """How many cases each wants; one more than `most` says that there are more. Those without a search are counted in one statement, so that all are of
    one moment."""
    plain = [number for number, asked in enumerate(several) if asked.q is None]
    found = [0] * len(several)
    if plain:
        arguments = Arguments(brand)
        limit = arguments.add(most + 1, "int")
        parts = [
            "(select count(*) from (select 1 from case_line l where l.brand = $1 "
            f"and {wanted.condition(several[n], brand, arguments)} limit {limit}) as first)"
            for n in plain
        ]
        row = await connection.fetchrow(f"select {', '.join(parts)}", *arguments.values)
        assert row is not None
        for n, count in zip(plain, row.values(), strict=True):
            found[n] = count
    for n, asked in enumerate(several):
        if asked.q is not None:
            found[n] = len(await search.matching(connection, brand, question.parse(asked.q), asked, most + 1))
    return found
