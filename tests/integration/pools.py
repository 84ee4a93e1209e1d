"""A service's own database, migrated, and the pool that it would have."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from libs.common import db, migrate
from tests.stack import Databases
from tests.system import ROOT


@asynccontextmanager
async def pool_of(service: str, postgres: Databases) -> AsyncIterator[db.Pool]:
    url = postgres.login(postgres.database(), service)
    await migrate.migrate(url, service, ROOT / "services" / service / "migrations")
    made = await db.open_pool(url, service, size=10)
    try:
        yield made
    finally:
        await made.close()


class PoolAt:
    """A pool whose sessions believe that it is this moment (`moment()`), each for as long as it is taken."""

    def __init__(self, pool: db.Pool, moment: datetime) -> None:
        self._pool, self._moment = pool, moment

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[db.Connection]:
        async with self._pool.acquire() as connection:
            await connection.execute("select set_config('weerklank.moment', $1, false)", self._moment.isoformat())
            try:
                yield connection
            finally:
                await connection.execute("select set_config('weerklank.moment', '', false)")


async def somebody_waits_for_a_lock(pool: db.Pool) -> bool:
    """Whether any session of this database waits for another one's lock."""
    query = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
    return bool(await pool.fetchval(query))
