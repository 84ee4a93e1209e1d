"""Postgres: the pool of one service, and what counts as a passing fault of the database.

Statements find their tables by the search path, which is the service's own schema: no query reaches another service's rows.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

if TYPE_CHECKING:  # generic for the type checker only
    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection | PoolConnectionProxy
    Pool = asyncpg.Pool


class Raced(Exception):
    """Another transaction did the same at the same moment: nothing was written, and doing it again will see what it did."""


TRANSIENT: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that is being changed
    asyncpg.InvalidCatalogNameError,  # a database that is being restored
    asyncpg.InsufficientPrivilegeError,
    asyncpg.PostgresSystemError,
    Raced,
    OSError,
    TimeoutError,
    asyncio.IncompleteReadError,
)
"""Errors that say "not now", never "not this event": connection, time-out, deadlock, disk full, failover."""


def _encode(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


async def _prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_encode, decoder=orjson.loads, format="text")


async def _keep(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """What a connection of the pool needs when it is given back: nothing, for nobody changes its session. asyncpg would reset it, a round trip
    for every batch and every request."""


async def connect(url: str, schema: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection outside the pool, for what must hold a session: the relay's lock, migrations."""
    connection = await asyncpg.connect(
        url,
        timeout=10,
        command_timeout=60,
        server_settings={"search_path": f"{schema},public", "timezone": "UTC", "plan_cache_mode": "force_custom_plan"},
    )
    await _prepare(connection)
    return connection


async def open_pool(
    url: str,
    schema: str,
    *,
    size: int = 6,
    settings: Mapping[str, str] | None = None,
    statements: int = 100,
    setup: Callable[[Any], Coroutine[Any, Any, None]] | None = None,
) -> Pool:
    """The service's pool. A statement that runs longer than 30 s is cancelled: it is a fault, not work. `settings` of the sessions beside or in place of
    these, the `statements` that a session keeps prepared, and `setup` of every connection that is handed out are for who plays with time."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        timeout=10,
        command_timeout=30,
        max_inactive_connection_lifetime=300,
        init=_prepare,
        reset=_keep,
        setup=setup,
        statement_cache_size=statements,
        server_settings={
            "search_path": f"{schema},public",
            "timezone": "UTC",
            "statement_timeout": "30000",
            # A plan that was kept since a table was empty reads all of it, for every batch, until the next analyze.
            "plan_cache_mode": "force_custom_plan",
            "idle_in_transaction_session_timeout": "60000",
            "application_name": f"weerklank-{schema}",
            **(settings or {}),
        },
    )
