"""Users, their log-ins and refresh tokens in routing's schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter, ValidationError

from libs.common import db
from libs.common.bookvalues import Id

_ID: TypeAdapter[str] = TypeAdapter(Id)
Refreshed = Literal["fine", "unknown", "expired", "reused", "disabled"]


def name_of(user_id: str) -> str:
    """The one form in which a name to log in with is looked for, and its attempts are counted: a capital makes no other person."""
    return user_id.casefold()


def _is_id(user_id: str) -> bool:
    try:
        _ID.validate_python(user_id)
    except ValidationError:
        return False
    return True


async def add(connection: db.Connection, user_id: str, brands: Sequence[str], role: str, password: str, now: datetime, by: str) -> bool:
    """False when somebody has that id already, in any brand."""
    done: str = await connection.execute(
        "insert into app_user (id, brands, role, password, password_changed_at, created_at, created_by, changed_at, changed_by) "
        "values ($1, $2, $3, $4, $5, $5, $6, $5, $6) on conflict do nothing",
        user_id,
        brands,
        role,
        password,
        now,
        by,
    )
    return done == "INSERT 0 1"


async def page(connection: db.Connection, brand: str, after: str, limit: int) -> list[asyncpg.Record]:
    """Users who reach the brand, in the order of their ids."""
    return await connection.fetch(
        'select * from app_user where $1 = any (brands) and id collate "C" > $2 order by id collate "C" limit $3', brand, after, limit
    )


async def one(connection: db.Connection, brand: str, user_id: str, *, lock: bool = False) -> asyncpg.Record | None:
    """A user who reaches the brand; locked so that two administrators follow one another."""
    return await connection.fetchrow(
        "select * from app_user where $1 = any (brands) and id = $2" + (" for update" if lock else ""), brand, user_id
    )


async def by_name(connection: db.Connection, user_id: str) -> asyncpg.Record | None:
    """Who logs in under that name, in whichever brands. What has not the shape of an id is nobody's name, and is looked for like any other."""
    return await connection.fetchrow("select * from app_user where lower(id) = $1", name_of(user_id) if _is_id(user_id) else "")


_NEXT_VERSION = "version = version + 1, change = $2, changed_at = $3, changed_by = $4"


async def change(connection: db.Connection, user_id: str, role: str, brands: Sequence[str], now: datetime, by: str) -> None:
    await connection.execute(
        f"update app_user set role = $5, brands = $6, {_NEXT_VERSION} where id = $1", user_id, "changed", now, by, role, brands
    )


async def set_password(
    connection: db.Connection, user_id: str, password: str, now: datetime, by: str, *, proven: str | None = None
) -> bool:
    """Whoever was logged in by the old one has to log in again. `proven` is the one that the user themselves knew: false when it is another by now, or
    the user is disabled, because an administrator came first."""
    done: str = await connection.execute(
        f"update app_user set password = $5, password_changed_at = $3, {_NEXT_VERSION} "
        "where id = $1 and ($6::text is null or (password = $6 and not disabled))",
        user_id,
        "password set",
        now,
        by,
        password,
        proven,
    )
    if done != "UPDATE 1":
        return False
    await end_logins(connection, user_id)
    return True


async def hash_anew(connection: db.Connection, user_id: str, before: str, password: str) -> bool:
    """The same password under other parameters. False when it was changed, or hashed anew by another, meanwhile."""
    done: str = await connection.execute("update app_user set password = $3 where id = $1 and password = $2", user_id, before, password)
    return done == "UPDATE 1"


async def set_disabled(connection: db.Connection, user_id: str, disabled: bool, now: datetime, by: str) -> None:
    await connection.execute(
        f"update app_user set disabled = $5, {_NEXT_VERSION} where id = $1",
        user_id,
        "disabled" if disabled else "enabled",
        now,
        by,
        disabled,
    )
    if disabled:
        await end_logins(connection, user_id)


async def remove(connection: db.Connection, user_id: str) -> None:
    await connection.execute("delete from app_user where id = $1", user_id)


async def end_logins(connection: db.Connection, user_id: str) -> None:
    await connection.execute("delete from login where user_id = $1", user_id)


async def logged_in(connection: db.Connection, user_id: str, password: str, login_id: UUID, now: datetime, expires_at: datetime) -> bool:
    """Begin a log-in. False when the user was disabled, removed or given another password since it was looked at."""
    done: str = await connection.execute(
        "update app_user set last_login_at = $3 where id = $1 and password = $2 and not disabled", user_id, password, now
    )
    if done != "UPDATE 1":
        return False
    await connection.execute("delete from login where expires_at < $1", now)
    await connection.execute(
        "insert into login (id, user_id, created_at, expires_at) values ($1, $2, $3, $4)", login_id, user_id, now, expires_at
    )
    return True


async def add_refresh(connection: db.Connection, digest: bytes, login_id: UUID, now: datetime, expires_at: datetime) -> None:
    await connection.execute(
        "insert into refresh_token (digest, login_id, created_at, expires_at) values ($1, $2, $3, $4)", digest, login_id, now, expires_at
    )


async def use_refresh(connection: db.Connection, digest: bytes, now: datetime) -> tuple[Refreshed, asyncpg.Record | None]:
    """Take a refresh token, once. One that was taken before has two holders, one of whom stole it: its whole log-in ends, for both."""
    row = await connection.fetchrow(
        "select r.login_id, r.used_at, least(r.expires_at, l.expires_at) as expires_at, u.id, u.role, u.brands, u.disabled, "
        "l.expires_at as login_expires_at "
        "from refresh_token r join login l on l.id = r.login_id join app_user u on u.id = l.user_id where r.digest = $1 for update of l",
        digest,
    )
    if row is None:
        return "unknown", None
    # Read again under the log-in's lock: of two who come at once the second must see what the first did.
    used_at = await connection.fetchval("select used_at from refresh_token where digest = $1", digest)
    if used_at is not None:
        await connection.execute("delete from login where id = $1", row["login_id"])
        return "reused", None
    if row["expires_at"] <= now:
        return "expired", None
    if row["disabled"]:
        return "disabled", None
    await connection.execute("update refresh_token set used_at = $2 where digest = $1", digest, now)
    return "fine", row


async def log_out(connection: db.Connection, digest: bytes) -> None:
    await connection.execute("delete from login where id = (select login_id from refresh_token where digest = $1)", digest)
