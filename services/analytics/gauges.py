"""Gauges per brand for dashboards: counts only, nothing about a person. The facts reach this module, Prometheus reads what leaves it."""

import time
from collections.abc import Iterable
from typing import Any

from prometheus_client import Gauge

from libs.common import db

FRESH_S = 15.0
TIMEOUT_MS = 2000

MENTIONS = Gauge("weerklank_mentions", "Live mentions received in the last 24 hours", ["brand", "channel", "sentiment"])
CASES_OPEN = Gauge("weerklank_cases_open", "Cases that are new, open or waiting", ["brand", "department"])
CLOCK_BREACHED = Gauge("weerklank_clock_breached", "Open cases with a clock that was breached and not met since", ["brand", "clock"])
CLOCK_RUNNING = Gauge("weerklank_clock_running", "Open cases with a clock that runs and has not run out", ["brand", "clock"])
REPLIES = Gauge("weerklank_replies", "Replies by state", ["brand", "state"])


class Gauges:
    """Refreshes the gauges at a scrape, at most every 15 seconds, however many scrape."""

    def __init__(self) -> None:
        self._read_at = float("-inf")

    async def refresh(self, connection: db.Connection) -> None:
        """Raises asyncpg's `QueryCanceledError` after two seconds: a scrape is not worth more. The gauges keep their values then."""
        if time.monotonic() - self._read_at < FRESH_S:
            return
        self._read_at = time.monotonic()
        async with connection.transaction(readonly=True):
            await connection.execute(f"set local statement_timeout = {TIMEOUT_MS}")
            mentions = await connection.fetch(
                "select brand, channel, sentiment, count(*) from fact_mention "
                "where received_at > now() - interval '24 hours' and not historic and not removed group by 1, 2, 3"
            )
            cases = await connection.fetch(
                "select brand, department, count(*) from fact_case where state in ('new', 'open', 'waiting') group by 1, 2"
            )
            clocks = await connection.fetch(
                "select brand, clock, count(*) filter (where breached) as breached, count(*) filter (where running) as running "
                "from fact_case, lateral (values "
                "('reaction', reaction_due_at is not null and reaction_met_at is null, reaction_breached_at is not null), "
                "('resolution', resolution_due_at is not null and resolution_met_at is null, resolution_breached_at is not null)"
                ") as v(clock, unmet, late), lateral (values (late and unmet, unmet and not late)) as w(breached, running) "
                "where state in ('new', 'open', 'waiting') group by 1, 2"
            )
            replies = await connection.fetch("select brand, state, count(*) from fact_reply group by 1, 2")
        breached, running = ([(row["brand"], row["clock"], row[what]) for row in clocks] for what in ("breached", "running"))
        # A first failure shows as a change only if there was a number before.
        none = [(brand, state, 0) for brand in {row["brand"] for row in replies} for state in ("failed", "unconfirmed")]
        _set(MENTIONS, mentions)
        _set(CASES_OPEN, cases)
        _set(CLOCK_BREACHED, breached)
        _set(CLOCK_RUNNING, running)
        _set(REPLIES, [*none, *replies])


def _set(gauge: Gauge, rows: Iterable[Iterable[Any]]) -> None:
    """Labels and a count in each row. What is no longer there must not stay at its last value."""
    gauge.clear()
    for *names, count in rows:
        gauge.labels(*names).set(count)
