"""How often somebody may try to log in: by name and by address, in Postgres, so that a restart or another instance forgets nothing.

Every attempt is counted before the password is looked at (a hundred at once are a hundred), and what succeeds is taken back. After the free ones each
failure makes the pause twice as long, up to a bound: a name is never locked for good, or anybody could lock out anybody. An attempt within the pause
is answered without being counted.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.common import db
from libs.common.ratelimit import network_of
from services.routing import user_store


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures without a pause; then one second, two, four …, at most `longest_s`. Forgotten after `forgotten_after` without a failure."""

    kind: str
    free: int
    longest_s: int
    forgotten_after: timedelta


OF_A_NAME = Limit("user", free=5, longest_s=60, forgotten_after=timedelta(hours=24))
OF_AN_ADDRESS = Limit("address", free=20, longest_s=900, forgotten_after=timedelta(hours=1))


def pause_s(failures: int, limit: Limit) -> int:
    """Seconds until the next attempt counts, after so many failures."""
    return 0 if failures < limit.free else min(limit.longest_s, 1 << min(failures - limit.free, 20))


def key_of_name(user_id: str) -> bytes:
    return hashlib.sha256(user_store.name_of(user_id).encode(errors="surrogatepass")).digest()


def key_of_address(host: str) -> bytes:
    return hashlib.sha256(network_of(host).encode(errors="surrogatepass")).digest()


async def attempt(connection: db.Connection, user_id: str, host: str, now: datetime) -> int:
    """Count an attempt of this name from this address. Returns 0, or the seconds to wait: then it was not counted."""
    await connection.execute(
        "delete from login_attempt where (kind, digest) in "
        "(select kind, digest from login_attempt where last_at < $1 limit 100 for update skip locked)",
        now - timedelta(hours=25),
    )
    keys = [(OF_AN_ADDRESS, key_of_address(host)), (OF_A_NAME, key_of_name(user_id))]
    found = []
    for limit, key in keys:  # always in this order, so that no two attempts wait for each other
        row = await connection.fetchrow(
            "insert into login_attempt values ($1, $2, 0, $3, $3) "
            "on conflict (kind, digest) do update set failures = login_attempt.failures returning *",  # which locks it
            limit.kind,
            key,
            now - timedelta(minutes=1),  # whose clock read a moment earlier is not before its end
        )
        assert row is not None
        found.append(row)
    waits: list[float] = [(row["blocked_until"] - now).total_seconds() for row in found]
    if max(waits) > 0:
        return max(1, round(max(waits) + 0.5))
    for (limit, key), row in zip(keys, found, strict=True):
        failures = 1 if now - row["last_at"] > limit.forgotten_after else row["failures"] + 1
        await connection.execute(
            "update login_attempt set failures = $3, last_at = $4, blocked_until = $5 where kind = $1 and digest = $2",
            limit.kind,
            key,
            failures,
            now,
            now + timedelta(seconds=seconds) if (seconds := pause_s(failures, limit)) else row["blocked_until"],
        )
    return 0


async def succeeded(connection: db.Connection, user_id: str, host: str, now: datetime) -> None:
    """The name starts afresh. Of the address only this attempt is taken back: who has one password must not have free guesses at others."""
    await connection.execute(
        "update login_attempt set failures = greatest(failures - 1, 0), blocked_until = least(blocked_until, $3) where kind = $1 and digest = $2",
        OF_AN_ADDRESS.kind,
        key_of_address(host),
        now,
    )
    await connection.execute("delete from login_attempt where kind = $1 and digest = $2", OF_A_NAME.kind, key_of_name(user_id))
