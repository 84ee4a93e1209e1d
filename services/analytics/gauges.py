"""Gauges per brand for dashboards: counts only, nothing about a person. The facts reach this module, Prometheus reads what leaves it."""

import time

from prometheus_client import Gauge

from libs.common import db

FRESH_S = 15.0
TIMEOUT_MS = 2000

MENTIONS = Gauge("weerklank_mentions", "Live mentions received in the last 24 hours", ["brand", "channel", "sentiment"])
CASES_OPEN = Gauge("weerklank_cases_open", "Cases that are new, open or waiting", ["brand", "department"])
CLOCK_BREACHED = Gauge("weerklank_clock_breached", "Open cases with a clock that was breached and not met since", ["brand", "clock"])
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
                "select brand, clock, count(*) from fact_case, lateral (values "
                "('reaction', reaction_breached_at is not null and reaction_met_at is null), "
                "('resolution', resolution_breached_at is not null and resolution_met_at is null)) as v(clock, breached) "
                "where state in ('new', 'open', 'waiting') and breached group by 1, 2"
            )
            replies = await connection.fetch("select brand, state, count(*) from fact_reply group by 1, 2")
        # What is no longer there must not stay at its last value.
        for gauge, rows in ((MENTIONS, mentions), (CASES_OPEN, cases), (CLOCK_BREACHED, clocks), (REPLIES, replies)):
            gauge.clear()
            for row in rows:
                *names, count = row
                gauge.labels(*names).set(count)
