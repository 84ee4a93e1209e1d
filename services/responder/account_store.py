"""What all instances have to know of the accounts that replies leave by: whose turn is when, and which account refuses whatever is sent.

Locks are taken after those of replies, in order of brand and account. Whoever wakes replies that waited passes over those that are locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from libs.common import db
from libs.common.brandbook import Channel
from services.responder.reply import ReplyRow

_LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a reply does not go to its account now, and until when."""

    account: str
    why: str
    until: datetime
    error: str | None = None


async def waits(
    connection: db.Connection, rows: Sequence[tuple[ReplyRow, Channel]], before: Mapping[UUID, tuple[str, str]], *, retry_s: float
) -> dict[UUID, Wait]:
    """Which of these claimed replies, in their order, have to wait, by id. `before`: the account that a reply waited for until now, and why: one that was
    given its turn has it.

    An account that refuses is tried with one of them when its time has come, by whoever asks first.
    """
    found: dict[UUID, Wait] = {}
    by_account: dict[tuple[str, str], list[tuple[ReplyRow, Channel]]] = {}
    for row, account in rows:
        by_account.setdefault((row.brand, account.id), []).append((row, account))
    for (brand, account_id), mine in sorted(by_account.items(), key=lambda item: item[0]):
        found |= await _waits(connection, brand, account_id, mine, before, retry_s)
    return found


async def _waits(
    connection: db.Connection,
    brand: str,
    account_id: str,
    rows: Sequence[tuple[ReplyRow, Channel]],
    before: Mapping[UUID, tuple[str, str]],
    retry_s: float,
) -> dict[UUID, Wait]:
    per_minute = rows[0][1].per_minute
    if per_minute:
        await connection.execute(
            "insert into sending_account (brand, account) values ($1, $2) on conflict (brand, account) do nothing", brand, account_id
        )
    known = await connection.fetchrow(
        "select next_at, refused, try_at, refusals from sending_account "
        "where brand = $1 and account = $2 and ($3 or refused is not null) for update",
        brand,
        account_id,
        bool(per_minute),
    )
    if known is None:
        return {}
    now: datetime = await connection.fetchval("select clock_timestamp()")
    found: dict[UUID, Wait] = {}
    next_at, try_at = known["next_at"] or now, known["try_at"]
    for row, _ in rows:
        if known["refused"] is not None and not row.sandbox:
            if try_at > now:
                found[row.id] = Wait(account_id, "refused", try_at, known["refused"])
                continue
            try_at = now + timedelta(seconds=_pause_s(known["refusals"], retry_s))
        if per_minute and before.get(row.id) != (account_id, "turn"):
            turn = max(now, next_at)
            next_at = turn + timedelta(seconds=60 / per_minute)
            if turn > now:
                found[row.id] = Wait(account_id, "turn", turn)
    await connection.execute(
        "update sending_account set next_at = $3, try_at = $4 where brand = $1 and account = $2",
        brand,
        account_id,
        next_at if per_minute else known["next_at"],
        try_at,
    )
    return found


async def refuses(connection: db.Connection, brand: str, account: str, why: str, *, retry_s: float, after_s: float | None) -> datetime:
    """An account refuses whatever is sent: when it is tried again. Each time later, up to five minutes, and not before its server asks for it."""
    until: datetime = await connection.fetchval(
        "insert into sending_account as a (brand, account, refused, refused_at, refusals, try_at) "
        "values ($1, $2, $3, clock_timestamp(), 1, clock_timestamp() + greatest($4::interval, $6::interval)) "
        "on conflict (brand, account) do update set refused = excluded.refused, refused_at = coalesce(a.refused_at, excluded.refused_at), "
        "refusals = a.refusals + 1, try_at = clock_timestamp() + greatest(least($4::interval * 2 ^ least(a.refusals, 16), $5::interval), $6::interval) "
        "where a.brand = excluded.brand returning try_at",
        brand,
        account,
        why,
        timedelta(seconds=_pause_s(0, retry_s)),
        timedelta(seconds=_LONGEST_S),
        timedelta(seconds=after_s or 0.0),
    )
    return until


async def works(connection: db.Connection, brand: str, account: str) -> None:
    """An account has taken something: what waited because it refused goes now."""
    mended = await connection.fetchval(
        "update sending_account set refused = null, refused_at = null, refusals = 0, try_at = null "
        "where brand = $1 and account = $2 and refused is not null returning true",
        brand,
        account,
    )
    if mended:
        await connection.execute(
            "update reply set next_attempt_at = clock_timestamp() where brand = $1 and id in (select id from reply "
            "where brand = $1 and state = 'approved' and waits_for = $2 and waits_why = 'refused' for update skip locked)",
            brand,
            account,
        )


class Refusing(NamedTuple):
    """An account that refuses whatever is sent, and how many replies wait for it."""

    brand: str
    account: str
    waiting: int


async def refusing(connection: db.Connection) -> list[Refusing]:
    """Of all brands: for metrics only, which name no person."""
    rows = await connection.fetch(
        "select brand, account, (select count(*) from reply r where r.brand = a.brand and r.state = 'approved' and r.waits_for = a.account) "
        "from sending_account a where refused is not null"
    )
    return [Refusing(*row) for row in rows]


def _pause_s(before: int, retry_s: float) -> float:
    return float(min(_LONGEST_S, retry_s * 2.0 ** min(before, 16)))
