"""Lists of cases and how many there are, read from `case_line`, which a trigger keeps as the cases are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db, http
from libs.common.case_events import Case
from libs.common.errors import BadRequest, Unprocessable
from services.routing import question, wanted
from services.routing.wanted import Arguments, Sort, Wanted

MOST_COUNTED = 1000
"""A count says "more than that" beyond it: nobody works through so many, and counting them would cost everybody else."""

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
    """Cases in this order, after a place. By due time or priority only open cases are listed: no clock of another runs."""
    arguments = Arguments(brand)
    conditions = [_condition(asked, brand, arguments)]
    if sort in ("due", "priority"):
        conditions.append("l.is_open")
    if after is not None:
        conditions.append(_after(sort, after, arguments))
    rows = await connection.fetch(
        f"select l.seq, l.rank, l.due_at, c.state_json from case_line l join care_case c on c.id = l.case_id and c.brand = l.brand "
        f"where l.brand = $1 and {' and '.join(conditions)} order by {_ORDER[sort][0]} limit {arguments.add(limit, 'int')}",
        *arguments.values,
    )
    return [Row(Case.model_validate(row["state_json"]), _cursor(sort, row)) for row in rows]


def _condition(asked: Wanted, brand: str, arguments: Arguments) -> str:
    found = wanted.condition(asked, brand, arguments)
    if asked.q is not None:
        has = question.condition(question.parse(asked.q), arguments)
        found += f" and l.case_id in (select s.case_id from search_text s where s.brand = $1 and array[s.brand] @> array[$1] and {has})"
    return found


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


async def ids(connection: db.Connection, brand: str, asked: Wanted, limit: int) -> list[UUID]:
    """The cases that are wanted, oldest first, at most so many."""
    arguments = Arguments(brand)
    rows = await connection.fetch(
        f"select l.case_id from case_line l where l.brand = $1 and {_condition(asked, brand, arguments)} "
        f"order by l.seq limit {arguments.add(limit, 'int')}",
        *arguments.values,
    )
    return [row["case_id"] for row in rows]


async def counts(connection: db.Connection, brand: str, several: Sequence[Wanted], *, most: int = MOST_COUNTED) -> list[int]:
    """How many cases each wants; one more than `most` says that there are more. In one statement, so that all are of one moment."""
    if not several:
        return []
    arguments = Arguments(brand)
    limit = arguments.add(most + 1, "int")
    parts = [
        f"(select count(*) from (select 1 from case_line l where l.brand = $1 and {_condition(asked, brand, arguments)} limit {limit}) as first)"
        for asked in several
    ]
    try:
        row = await connection.fetchrow(f"select {', '.join(parts)}", *arguments.values)
    except asyncpg.TooManyArgumentsError as error:  # pragma: no cover
        raise Unprocessable("These are too many filters at once. Count fewer.") from error
    assert row is not None
    return list(row.values())
