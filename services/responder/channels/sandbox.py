"""The sandbox: what would have left the building, kept where a team that practises can look at it.

A claimed attempt comes in; a row of `sandbox_outbox` and the reply's state "sent" go out in one transaction: exactly once.
"""

from collections.abc import Awaitable, Callable

from libs.common import db
from services.responder import attempts
from services.responder.attempts import Attempt


class _TooLate(Exception):
    """The claim is gone, or something has come in between: this transaction must leave nothing behind."""


async def send(pool: db.Pool, attempt: Attempt, may: Callable[[db.Connection], Awaitable[bool]]) -> bool:
    """Keep the reply and mark it as sent, if it `may` leave: asked last, in the same transaction. False, and nothing happened, when it may not, or the
    claim is no longer ours."""
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
            if not await attempts.sent(connection, attempt, external_id=f"sandbox:{row.id}") or not await may(connection):
                raise _TooLate
    except _TooLate:
        return False
    return True
