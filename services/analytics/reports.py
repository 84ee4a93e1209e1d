"""The reports: a `Question` and the facts reach this module, numbers leave it.

Each report is one statement in a read-only transaction with a time limit (`bounded`): a long snapshot slows the relay of every service in
the same database. Mentions that were taken back are not counted. Column names in the statements come from the tables below, values
never do.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from libs.common import db
from libs.common.errors import Unavailable, Unprocessable
from services.analytics.asked import Question, key_of

TIMEOUT_S = 5
MOST_ROWS = 10_000

MENTION_DIMENSIONS: Mapping[str, str] = {
    "channel": "m.channel",
    "department": "m.department",
    "hour": "date_trunc('hour', m.{time}, {zone})",
    "day": "date_trunc('day', m.{time}, {zone})",
    "label": "l.label",
    "sentiment": "m.sentiment",
    "language": "m.language",
    "urgency": "m.urgency",
    "intent": "m.intent",
    "respond": "m.respond",
}
"""What mentions can be counted by. A mention with two labels counts under both; one without a case has no department."""

SENTIMENT_DIMENSIONS: Mapping[str, str] = {name: column for name, column in MENTION_DIMENSIONS.items() if name != "sentiment"}

CASE_DIMENSIONS: Mapping[str, str] = {
    "channel": "c.channel",
    "department": "c.department",
    "hour": "date_trunc('hour', c.opened_at, {zone})",
    "day": "date_trunc('day', c.opened_at, {zone})",
}

EVENT_DIMENSIONS: Mapping[str, str] = {
    "what": "e.what",
    "clock": "e.clock",
    "department": "e.department",
    "hour": "date_trunc('hour', e.at, {zone})",
    "day": "date_trunc('day', e.at, {zone})",
}

_MENTIONS_WITH_DEPARTMENT = (
    "(select m.*, c.department from fact_mention m left join fact_case c on c.brand = m.brand and c.group_id = m.group_id "
    "and c.state not in ('merged', 'withdrawn') where {where}) m"
)
"""A group of mentions is one case, so a mention has one department, or none before its case was told."""

_LABEL_OF_MENTION = "left join lateral unnest(m.labels) as l(label) on true"

Row = dict[str, Any]


@contextlib.asynccontextmanager
async def bounded(connection: db.Connection, seconds: float = TIMEOUT_S) -> AsyncIterator[None]:
    """A read-only transaction in which each statement may take `seconds`. Raises `Unavailable` when one takes longer."""
    try:
        async with connection.transaction(readonly=True):
            await connection.execute(f"set local statement_timeout = {int(seconds * 1000)}")
            yield
    except asyncpg.QueryCanceledError as error:
        raise Unavailable(f"The report took more than {seconds:g} s. Ask for a shorter period.", retry_after_s=30) from error


@dataclass
class _Statement:
    """The parts of one statement about a question; `value` makes a parameter of a value."""

    question: Question
    table: Mapping[str, str]
    arguments: list[object] = field(default_factory=list)

    def value(self, value: object) -> str:
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def keys(self, names: Sequence[str]) -> list[str]:
        zone = self.value(self.question.zone.key) if {"hour", "day"} & set(names) else ""
        return [self.table[name].format(time=self.question.time, zone=zone) for name in names]

    def within(self, alias: str, time: str) -> str:
        brand, start, end = map(self.value, (self.question.brand, self.question.period.start, self.question.period.end))
        return f"{alias}.brand = {brand} and {alias}.{time} >= {start} and {alias}.{time} < {end}"

    def equal(self, column: str, value: object) -> str:
        return "" if value is None else f" and {column} = {self.value(value)}"

    async def rows(self, connection: db.Connection, sql: str) -> list[Row]:
        """Raises `Unprocessable` when the answer would have more than 10,000 rows."""
        found = await connection.fetch(f"{sql} limit {MOST_ROWS + 1}", *self.arguments)
        if len(found) > MOST_ROWS:
            raise Unprocessable(f"The answer has more than {MOST_ROWS} rows. Ask for a shorter period or count by something coarser.")
        return [dict(row) for row in found]


def _grouped(columns: Sequence[str], numbers: str, rest: str) -> str:
    """A select of keys and numbers: in order of time where a key is a time, otherwise the most frequent first."""
    places = ", ".join(str(place + 1) for place in range(len(columns)))
    selected = ", ".join([*(f"{column} as key{place}" for place, column in enumerate(columns)), numbers])
    timed = any(column.startswith("date_trunc") for column in columns)
    order = places if timed or not columns else f"count desc, {places}"
    return f"select {selected} {rest}" + (f" group by {places} order by {order}" if columns else "")


def _keyed(question: Question, row: Row, by: Sequence[str]) -> dict[str, str | None]:
    return {name: key_of(name, row[f"key{place}"], question.zone) for place, name in enumerate(by)}


def _mentions(statement: _Statement, by: Sequence[str]) -> str:
    question = statement.question
    where = (
        f"{statement.within('m', question.time)} and not m.removed"
        f"{statement.equal('m.historic', question.historic)}{statement.equal('m.channel', question.channel)}"
    )
    label = _LABEL_OF_MENTION if "label" in by else ""
    if "department" in by:
        return f"from {_MENTIONS_WITH_DEPARTMENT.format(where=where)} {label}"
    return f"from fact_mention m {label} where {where}"


async def mentions_total(connection: db.Connection, question: Question) -> int:
    """How many mentions the question is about, each once."""
    statement = _Statement(question, MENTION_DIMENSIONS)
    return int((await statement.rows(connection, f"select count(*) as count {_mentions(statement, ())}"))[0]["count"])


async def volumes(connection: db.Connection, question: Question) -> list[Row]:
    """Rows of `by` and `count`."""
    statement = _Statement(question, MENTION_DIMENSIONS)
    sql = _grouped(statement.keys(question.by), "count(*) as count", _mentions(statement, question.by))
    return [{"by": _keyed(question, row, question.by), "count": row["count"]} for row in await statement.rows(connection, sql)]


async def sentiment(connection: db.Connection, question: Question) -> list[Row]:
    """Rows of `by`, `count`, `counts` and `shares` (0..1) by sentiment, and `mean_score` (-1..1)."""
    statement = _Statement(question, MENTION_DIMENSIONS)
    by = (*question.by, "sentiment")
    numbers = "count(*) as count, sum(m.sentiment_score) as score"
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in await statement.rows(connection, _grouped(statement.keys(by), numbers, _mentions(statement, by))):
        groups.setdefault(tuple(row[f"key{place}"] for place in range(len(question.by))), []).append(row)
    answer = []
    for rows in groups.values():
        total = sum(row["count"] for row in rows)
        counts = {row[f"key{len(question.by)}"]: row["count"] for row in rows}
        answer.append(
            {
                "by": _keyed(question, rows[0], question.by),
                "count": total,
                "counts": counts,
                "shares": {name: round(count / total, 4) for name, count in counts.items()},
                "mean_score": round(sum(row["score"] for row in rows) / total, 4),
            }
        )
    return answer


async def labels(connection: db.Connection, question: Question) -> list[Row]:
    """Rows of `label`, `count`, `previous` (in the equally long time before), `negative` and `mean_score`, the most frequent first."""
    statement = _Statement(question, MENTION_DIMENSIONS)
    brand, start, end = map(statement.value, (question.brand, question.period.start, question.period.end))
    before = statement.value(question.period.start - (question.period.end - question.period.start))
    now, past = f"m.{question.time} >= {start}", f"m.{question.time} < {start}"
    return await statement.rows(
        connection,
        f"select l.label, count(*) filter (where {now}) as count, count(*) filter (where {past}) as previous, "
        f"count(*) filter (where {now} and m.sentiment = 'negative') as negative, "
        f"round((avg(m.sentiment_score) filter (where {now}))::numeric, 4)::float8 as mean_score "
        f"from fact_mention m cross join lateral unnest(m.labels) as l(label) where m.brand = {brand} and m.{question.time} >= {before} "
        f"and m.{question.time} < {end} and not m.removed{statement.equal('m.historic', question.historic)}"
        f"{statement.equal('m.channel', question.channel)} group by 1 order by 2 desc, 3 desc, 1",
    )


def _clock_numbers(clock: str, ended_at: str) -> str:
    """The numbers of one clock, by rounds; the minutes and their count by cases. Late is late, also when the clock was stopped in the end, and whoever
    stopped it in time was not late, whatever was told meanwhile; a case that ended stops what still ran."""
    late = f"(c.{clock}_met_at > c.{clock}_due_at or c.{clock}_met_at is null and c.{clock}_breached_at is not null)"
    in_time = f"(c.{clock}_met_at <= c.{clock}_due_at)"
    running = f"(c.{clock}_due_at is not null and c.{clock}_met_at is null and c.{clock}_breached_at is null and {_ALIVE})"
    minutes = f"greatest(0, extract(epoch from c.{ended_at} - c.opened_at) / 60)"
    ended = f"c.{ended_at} is not null" + (f" and {_ANSWERED}" if clock == "resolution" else "")
    return (
        f"count(*) filter (where {ended}) as {clock}_count, "
        f"count(*) filter (where {in_time}) + coalesce(sum(c.{clock}_earlier_met), 0) as {clock}_met, "
        f"count(*) filter (where {late}) + coalesce(sum(c.{clock}_earlier_breached), 0) as {clock}_breached, "
        f"count(*) filter (where {late} or c.{clock}_earlier_breached > 0) as {clock}_breached_cases, "
        f"count(*) filter (where {running}) as {clock}_open, "
        f"percentile_cont(0.5) within group (order by {minutes}) filter (where {ended}) as {clock}_median_minutes, "
        f"percentile_cont(0.9) within group (order by {minutes}) filter (where {ended}) as {clock}_p90_minutes"
    )


_ALIVE = "c.state in ('new', 'open', 'waiting')"
_ANSWERED = "c.resolution_due_at is not null"
"""A case that was deliberately left without a reply has no clock any more: its end was no resolution that anybody waited for."""
_CLOCKS = (("reaction", "replied_at"), ("resolution", "resolved_at"))


async def times(connection: db.Connection, question: Question) -> list[Row]:
    """Rows of `by`, `cases`, and for `reaction` and `resolution`: count, met, met_share, breached, breached_cases, open, median and p90
    minutes.

    Of live cases opened in the period; merged and withdrawn ones have no times of their own. Minutes pass by an ordinary clock and are of cases: to the
    first reply ever, and to the resolution that stands. Met, breached and open follow the brand's opening hours and are of rounds.
    """
    statement = _Statement(question, CASE_DIMENSIONS)
    numbers = ", ".join(["count(*) as count", *(_clock_numbers(clock, ended_at) for clock, ended_at in _CLOCKS)])
    rest = (
        f"from fact_case c where {statement.within('c', 'opened_at')} and not c.historic and c.state not in ('merged', 'withdrawn')"
        f"{statement.equal('c.channel', question.channel)}"
    )
    rows = await statement.rows(connection, _grouped(statement.keys(question.by), numbers, rest))
    return [
        {"by": _keyed(question, row, question.by), "cases": row["count"]} | {clock: _clock(row, clock) for clock, _ in _CLOCKS}
        for row in rows
    ]


def _clock(row: Row, clock: str) -> Row:
    met, breached = row[f"{clock}_met"], row[f"{clock}_breached"]
    return {
        "count": row[f"{clock}_count"],
        "met": met,
        "met_share": round(met / (met + breached), 4) if met + breached else None,
        "breached": breached,
        "breached_cases": row[f"{clock}_breached_cases"],
        "open": row[f"{clock}_open"],
        "median_minutes": _rounded(row[f"{clock}_median_minutes"]),
        "p90_minutes": _rounded(row[f"{clock}_p90_minutes"]),
    }


def _rounded(minutes: float | None) -> float | None:
    return None if minutes is None else round(float(minutes), 1)


async def events(connection: db.Connection, question: Question) -> list[Row]:
    """Rows of `by` and `count` of escalations, clock breaches and reopenings, by when they were told."""
    statement = _Statement(question, EVENT_DIMENSIONS)
    sql = _grouped(statement.keys(question.by), "count(*) as count", f"from case_event e where {statement.within('e', 'at')}")
    return [{"by": _keyed(question, row, question.by), "count": row["count"]} for row in await statement.rows(connection, sql)]


async def summary(connection: db.Connection, brand: str) -> Row:
    """All of a brand in a few numbers, history included."""
    mentions = await connection.fetch(
        "select channel, count(*) filter (where not removed) as count, count(*) filter (where historic and not removed) as historic, "
        "count(*) filter (where removed) as removed, count(*) filter (where group_id <> mention_id and not removed) as duplicates "
        "from fact_mention where brand = $1 group by channel order by 2 desc, 1",
        brand,
    )
    cases = await connection.fetch(
        "select department, state, count(*) as count from fact_case where brand = $1 group by 1, 2 order by 1, 2", brand
    )
    numbers = ", ".join(_clock_numbers(clock, ended_at) for clock, ended_at in _CLOCKS)
    clocks = await connection.fetchrow(
        f"select {numbers} from fact_case c where c.brand = $1 and not c.historic and c.state not in ('merged', 'withdrawn')",
        brand,
    )
    replies = await connection.fetch("select state, count(*) as count from fact_reply where brand = $1 group by 1 order by 1", brand)
    happened = await connection.fetch("select what, count(*) as count from case_event where brand = $1 group by 1 order by 1", brand)
    assert clocks is not None
    departments: dict[str, dict[str, int]] = {}
    for row in cases:
        departments.setdefault(row["department"], {})[row["state"]] = row["count"]
    states = {row["state"]: row["count"] for row in replies}
    return {
        "mentions": {row["channel"]: row["count"] for row in mentions if row["count"]},
        "historic": sum(row["historic"] for row in mentions),
        "removed": sum(row["removed"] for row in mentions),
        "duplicates_linked": sum(row["duplicates"] for row in mentions),
        "cases": departments,
        "clocks": {
            clock: {"running": clocks[f"{clock}_open"], "met": clocks[f"{clock}_met"], "breached": clocks[f"{clock}_breached"]}
            for clock, _ in _CLOCKS
        },
        "drafts_waiting": states.get("draft", 0) + states.get("submitted", 0),
        "replies": states,
        "events": {row["what"]: row["count"] for row in happened},
    }
