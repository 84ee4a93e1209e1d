"""Machine clients and their secrets in routing's schema."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db


async def add(connection: db.Connection, client_id: str, brands: Sequence[str], name: str, role: str, now: datetime, by: str) -> None:
    await connection.execute(
        "insert into machine_client (id, brands, name, role, created_at, created_by, changed_at, changed_by) values ($1, $2, $3, $4, $5, $6, $5, $6)",
        client_id,
        brands,
        name,
        role,
        now,
        by,
    )


async def add_secret(
    connection: db.Connection, client_id: str, secret_id: UUID, digest: bytes, now: datetime, by: str, expires_at: datetime
) -> None:
    await connection.execute(
        "insert into client_secret (id, client_id, digest, created_at, created_by, expires_at) values ($1, $2, $3, $4, $5, $6)",
        secret_id,
        client_id,
        digest,
        now,
        by,
        expires_at,
    )


async def page(connection: db.Connection, brand: str, after: str, limit: int) -> list[asyncpg.Record]:
    """Clients that reach the brand, in the order of their ids."""
    return await connection.fetch(
        "select * from machine_client where $1 = any (brands) and id > $2 order by id limit $3", brand, after, limit
    )


async def one(connection: db.Connection, brand: str, client_id: str, *, lock: bool = False) -> asyncpg.Record | None:
    """A client that reaches the brand; locked so that two administrators follow one another."""
    return await connection.fetchrow(
        "select * from machine_client where $1 = any (brands) and id = $2" + (" for update" if lock else ""), brand, client_id
    )


async def changed(connection: db.Connection, client_id: str, change: str, now: datetime, by: str) -> None:
    """The client is another version from now on, and says what made it one."""
    await connection.execute(
        "update machine_client set version = version + 1, change = $2, changed_at = $3, changed_by = $4 where id = $1",
        client_id,
        change,
        now,
        by,
    )


async def secrets_of(connection: db.Connection, client_ids: Sequence[str]) -> list[asyncpg.Record]:
    """Their secrets, without what was kept of them, oldest first."""
    return await connection.fetch(
        "select id, client_id, created_at, created_by, expires_at from client_secret where client_id = any ($1) order by created_at, id",
        client_ids,
    )


async def end_secrets(connection: db.Connection, client_id: str, at: datetime) -> None:
    """Let every secret of a client end by then, and forget those that have ended for long."""
    await connection.execute("update client_secret set expires_at = least(expires_at, $2) where client_id = $1", client_id, at)
    await connection.execute("delete from client_secret where client_id = $1 and expires_at < now() - interval '30 days'", client_id)


async def remove_secret(connection: db.Connection, client_id: str, secret_id: UUID) -> bool:
    done: str = await connection.execute("delete from client_secret where client_id = $1 and id = $2", client_id, secret_id)
    return done == "DELETE 1"


async def remove(connection: db.Connection, client_id: str) -> None:
    await connection.execute("delete from machine_client where id = $1", client_id)


async def credentials(connection: db.Connection, client_id: str, now: datetime) -> asyncpg.Record | None:
    """A client as it asks for a token: role, brands, and what is kept of the secrets that hold now."""
    return await connection.fetchrow(
        "select c.id, c.role, c.brands, "
        "array(select s.digest from client_secret s where s.client_id = c.id and s.expires_at > $2) as digests "
        "from machine_client c where c.id = $1",
        client_id,
        now,
    )


async def used(connection: db.Connection, client_id: str, now: datetime) -> None:
    """Note the use, at most once a minute: a client that asks all the time costs no write each time."""
    await connection.execute(
        "update machine_client set last_used_at = $2::timestamptz "
        "where id = $1 and (last_used_at is null or last_used_at < $2::timestamptz - interval '1 minute')",
        client_id,
        now,
    )
