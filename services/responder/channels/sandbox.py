"""The sandbox: what would have left the building, kept where a team that practises can look at it.

A claimed attempt comes in; a row of `sandbox_outbox` and the reply's state "sent" go out in one transaction: exactly once.
"""

from collections.abc import Callable

from libs.common import db
from services.responder import attempts
from services.responder.attempts import Attempt


class _TooLate(Exception):
    """The claim is gone or too old: this transaction must leave nothing behind."""


async def send(pool: db.Pool, attempt: Attempt, in_time: Callable[[], bool]) -> bool:
    """Keep the reply and mark it as sent. False, and nothing happened, when the claim is no longer ours or no longer fresh."""
    row = attempt.row
    try:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "insert into sandbox_outbox (brand, reply_id, channel, recipient, text) values ($1, $2, $3, $4, $5)",
                row.brand,
                row.id,
                row.channel,
                row.recipient.model_dump(mode="json"),
                row.text,
            )
            if not await attempts.sent(connection, attempt, external_id=f"sandbox:{row.id}") or not in_time():
                raise _TooLate
    except _TooLate:
        return False
    return True
