"""The steps of a notice from due to sent: conditional statements, each of which does nothing when the notice is not where it should be.

An attempt has an id. Whoever claims a due notice holds that id, and only they can say what became of it: a process that was frozen, and a sweep that
gave its notice to somebody else meanwhile, cannot both be right. What was transmitting when it was lost is never sent again by itself.

Claims are compared by the database's own clock on both sides; when a notice is due, and when it ended, by the time that cases go by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.events import deterministic_id
from services.routing import store
from services.routing.notice import Notice, notice_of

LOOKED_AT = 1000
"""Due notices that one claim looks at, the lanes that are full apart: so many of a slow lane before the others' it steps over at once."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claimed notice, and the attempt that owns it. `number` counts from 1."""

    notice: Notice
    id: UUID
    lane: str
    number: int
    created_at: datetime


async def claim(
    connection: db.Connection, *, by: str, brands: Sequence[str], busy: Mapping[str, int], lane_room: int, limit: int
) -> list[Attempt]:
    """Take due notices of these brands, the longest due first: at most `limit`, and so many of a lane that no more than `lane_room` of it are on
    their way (`busy`: lane → how many are). Committed before anything is sent."""
    rows = await connection.fetch(
        "with waiting as ("
        "  select id, lane, next_at from notice where state = 'due' and next_at <= moment() and brand = any($1::text[]) "
        "  and lane <> all($2::text[]) order by next_at, id limit $3"
        "), ranked as ("
        "  select id, lane, row_number() over (partition by lane order by next_at, id) as place from waiting"
        "), ready as ("
        "  select n.id from notice n join ranked r using (id) left join unnest($4::text[], $5::integer[]) as b(lane, number) on b.lane = r.lane "
        "  where n.state = 'due' and n.brand = any($1::text[]) and r.place <= $6 - coalesce(b.number, 0) "
        "  order by n.next_at, n.id limit $7 for update of n skip locked"
        ") update notice set state = 'sending', attempts = attempts + 1, attempt_id = gen_random_uuid(), claimed_by = $8, "
        "claimed_at = clock_timestamp(), transmitting = false from ready where notice.id = ready.id and notice.state = 'due' returning notice.*",
        list(brands),
        [lane for lane, number in busy.items() if number >= lane_room],
        LOOKED_AT,
        list(busy),
        list(busy.values()),
        lane_room,
        limit,
        by,
    )
    rows.sort(key=lambda row: (row["next_at"], row["seq"]))
    return [_attempt(row) for row in rows]


def _attempt(row: Any) -> Attempt:
    return Attempt(notice_of(row), row["attempt_id"], row["lane"], row["attempts"], row["created_at"])


_MINE = "id = $1 and brand = $2 and attempt_id = $3"


async def renew(connection: db.Connection, attempt: Attempt) -> bool:
    """Tell the sweep that whoever holds this attempt is alive and waits for an answer. False when it is theirs no longer."""
    return await _one(
        connection, f"update notice set claimed_at = clock_timestamp() where {_MINE} and state = 'sending' returning true", attempt
    )


async def begin_transmitting(connection: db.Connection, attempt: Attempt, external_id: str) -> bool:
    """Just before what cannot be undone. False: send nothing. Once this has committed, a crash leaves the outcome unknown."""
    return await _one(
        connection,
        "update notice set transmitting = true, claimed_at = clock_timestamp(), external_id = $4 "
        f"where {_MINE} and state = 'sending' and not transmitting returning true",
        attempt,
        external_id,
    )


async def give_back(connection: db.Connection, attempt: Attempt) -> bool:
    """Nothing was sent and nothing refused it: due again, and this was no attempt."""
    return await _one(
        connection,
        "update notice set state = 'due', attempts = attempts - 1, transmitting = false, external_id = null, "
        f"next_at = moment() + interval '0.5 seconds' where {_MINE} and state in ('sending', 'unconfirmed') returning true",
        attempt,
    )


async def sent(connection: db.Connection, attempt: Attempt, external_id: str) -> bool:
    """It was taken. Also when that answer came after the sweep had called it unconfirmed."""
    return await _one(
        connection,
        "update notice set state = 'sent', transmitting = false, external_id = $4, error = null, ended_at = moment() "
        f"where {_MINE} and state in ('sending', 'unconfirmed') returning true",
        attempt,
        external_id,
    )


async def sandboxed(connection: db.Connection, attempt: Attempt) -> bool:
    """Nothing leaves the building: the brand's book is a pilot."""
    return await _one(
        connection,
        f"update notice set state = 'sandbox', error = null, ended_at = moment() where {_MINE} and state = 'sending' returning true",
        attempt,
    )


async def retry(connection: db.Connection, attempt: Attempt, error: str, after_s: float) -> bool:
    """Refused for now: due again in `after_s` seconds."""
    return await _one(
        connection,
        "update notice set state = 'due', transmitting = false, external_id = null, error = $4, next_at = moment() + $5::interval "
        f"where {_MINE} and state in ('sending', 'unconfirmed') returning true",
        attempt,
        error,
        timedelta(seconds=after_s),
    )


async def failed(connection: db.Connection, attempt: Attempt, error: str, leads: Sequence[str]) -> bool:
    """Refused for good: its leads are told, and a person decides."""
    ended = await _one(
        connection,
        "update notice set state = 'failed', transmitting = false, external_id = null, error = $4, ended_at = moment() "
        f"where {_MINE} and state in ('sending', 'unconfirmed') returning true",
        attempt,
        error,
    )
    if ended:
        await _tell(connection, attempt.notice, attempt.id, "failed", leads)
    return ended


async def unconfirmed(connection: db.Connection, attempt: Attempt, error: str, leads: Sequence[str]) -> bool:
    """It may have arrived, or not: its leads are told, and a person decides."""
    ended = await _one(
        connection,
        f"update notice set state = 'unconfirmed', error = $4, ended_at = moment() where {_MINE} and state = 'sending' returning true",
        attempt,
        error,
    )
    if ended:
        await _tell(connection, attempt.notice, attempt.id, "unconfirmed", leads)
    return ended


async def lost(connection: db.Connection, brand: str, *, older_than_s: float) -> list[Any]:
    """Claims of a brand whose process has not been heard of for so long, locked; for `swept`. Call both in one transaction."""
    return await connection.fetch(
        "select * from notice where brand = $1 and state = 'sending' and claimed_at < clock_timestamp() - $2::interval "
        "order by id limit 500 for update skip locked",
        brand,
        timedelta(seconds=older_than_s),
    )


async def swept(connection: db.Connection, row: Any, *, attempts: int, leads: Sequence[str]) -> str:
    """What had begun to transmit is unconfirmed, never sent again by itself. What had not is due again, or failed after its last attempt.
    Returns which."""
    attempt = _attempt(row)
    if row["transmitting"]:
        await unconfirmed(connection, attempt, "sending was interrupted before the answer came", leads)
        return "unconfirmed"
    if attempt.number >= attempts:
        await failed(connection, attempt, "sending was interrupted before it began", leads)
        return "failed"
    await retry(connection, attempt, "sending was interrupted before it began", 0)
    return "due"


async def _one(connection: db.Connection, statement: str, attempt: Attempt, *more: object) -> bool:
    return bool(await connection.fetchval(statement, attempt.notice.id, attempt.notice.brand, attempt.id, *more))


async def _tell(connection: db.Connection, about: Notice, attempt_id: UUID, what: str, leads: Sequence[str]) -> None:
    """Say in the leads' lists that a notice did not arrive, or may not have."""
    at, case_id, said = await store.now(connection), about.subject if about.about == "case" else None, f"notice to {about.to} {what}"
    rows = [
        (deterministic_id(about.brand, "notification", "notice", str(attempt_id), what, member), about.brand, member, case_id, at, said)
        for member in sorted(set(leads))
    ]
    await store.notify(connection, rows, notice_id=about.id)
