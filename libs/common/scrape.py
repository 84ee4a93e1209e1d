"""What a service says of itself to Prometheus: state that is read when it asks, beside what is counted as it happens (`telemetry.py`).

A `Service` and its database reach this module, gauges leave it. Aggregates only, nothing about a person.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from libs.common import db, ledger, outbox
from libs.common.errors import PositionBelowLogStart, PositionBeyondLogEnd, TooManyDeadLetters
from libs.common.telemetry import METRICS

if TYPE_CHECKING:
    from libs.common.service import Service

log = logging.getLogger(__name__)

Refresh = Callable[[db.Connection], Awaitable[None]]

_WAIT_S, _READ_S = 2.0, 3.0
"""Together less than the ten seconds after which Prometheus gives a scrape up, and with it all that needs no database."""
_STOPS = (PositionBelowLogStart.kind, PositionBeyondLogEnd.kind, TooManyDeadLetters.kind)
_LOOP_EVERY_S = 0.5


async def refresh(service: "Service", own: Sequence[Refresh]) -> None:
    """Set every gauge to what is true now; `own` are the service's. Those that need the database keep their values while it is away."""
    METRICS.ready.set(not service.problems())
    METRICS.relay_leads.set(service.relay.leads)
    stopped = dict.fromkeys(_STOPS, 0)
    for stream in service.streams:
        stream.lags()
        for error in (stream.stopped, *stream.stopped_partitions.values()):
            if error is not None:
                stopped[error.kind] = stopped.get(error.kind, 0) + 1
    for kind, number in stopped.items():
        METRICS.stopped.labels(kind).set(number)
    METRICS.pool_size.set(service.pool.get_size())
    METRICS.pool_limit.set(service.pool.get_max_size())
    METRICS.pool_in_use.set(service.pool.get_size() - service.pool.get_idle_size())
    METRICS.database_up.set(0)
    began = time.monotonic()
    try:
        try:
            connection = await service.pool.acquire(timeout=_WAIT_S)
        finally:
            METRICS.pool_wait_seconds.set(time.monotonic() - began)
        try:
            async with asyncio.timeout(_READ_S):
                await _read(connection)
                METRICS.database_up.set(1)
                for refresh_own in own:
                    await refresh_own(connection)
        finally:
            await service.pool.release(connection, timeout=_WAIT_S)
    except db.TRANSIENT as error:
        log.warning("metrics without the database", extra={"error": type(error).__name__})


async def _read(connection: db.Connection) -> None:
    summary = await ledger.summary(connection)
    for standing in ("dead", "parked"):
        METRICS.dead_letters.labels(standing).set(summary[standing])
    METRICS.unaccounted.set(summary["unaccounted"])
    METRICS.outbox.set(summary["outbox"])
    METRICS.outbox_age_seconds.set(await outbox.age(connection, datetime.now(UTC)))
    row = await connection.fetchrow(
        "select (select count(*) from pg_stat_activity where datname = current_database()) as connections, "
        "current_setting('max_connections')::int as most, pg_database_size(current_database()) as bytes"
    )
    assert row is not None
    METRICS.database_connections.set(row["connections"])
    METRICS.database_connections_limit.set(row["most"])
    METRICS.database_bytes.set(row["bytes"])


async def measure_loop() -> None:
    """Until cancelled: how late the event loop is. Work that holds it keeps every request and heartbeat of this process waiting."""
    while True:
        asked = time.monotonic() + _LOOP_EVERY_S
        await asyncio.sleep(_LOOP_EVERY_S)
        METRICS.loop_delay_seconds.observe(max(0.0, time.monotonic() - asked))
