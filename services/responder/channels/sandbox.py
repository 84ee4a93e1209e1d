"""The sandbox: what would have left the building, kept where a team that practises can look at it. It stands in for every channel of a pilot.

A claimed reply comes in; a row of `sandbox_outbox` goes out. No connection is made but to the service's own database.
"""

from libs.common import db
from libs.common.brandbook import Channel
from libs.common.outcome import Accepted, NotBegun, Outcome, Unknown
from services.responder.channels.contract import Absent, CannotTell, Found, Look, Offers, Sending
from services.responder.reply import ReplyRow


def offers(account: Channel) -> Offers:
    """It can be looked into, at once: whoever holds the attempt is the only one who can put something in."""
    return Offers(finds=True, files=True)


async def send(row: ReplyRow, sending: Sending) -> Outcome:
    """Keep it, while the attempt is still ours: the reply's row is locked, so that a sweep cannot take it in between."""
    external_id = f"sandbox:{row.id}"
    if not await sending.begin(external_id) or not await sending.in_time():
        return NotBegun()
    try:
        async with sending.pool.acquire() as connection, connection.transaction():
            kept = await connection.fetchval(
                "with mine as (select id from reply where id = $1 and brand = $2 and attempt_id = $3 and state = 'sending' for update) "
                "insert into sandbox_outbox (brand, reply_id, channel, recipient, text, attachments) "
                "select $2, $1, $4, $5, $6, $7 from mine returning true",
                row.id,
                row.brand,
                sending.attempt_id,
                row.channel,
                row.recipient.model_dump(mode="json"),
                row.text,
                [file.model_dump(mode="json") for file in row.attachments],
            )
    except db.TRANSIENT as error:
        return Unknown(f"Postgres did not say whether the sandbox has it ({type(error).__name__})")
    return Accepted(external_id) if kept else Unknown("somebody else has taken this attempt")


async def find(row: ReplyRow, sending: Sending) -> Look:
    """Whether it is there. The lock waits for the end of a transaction that a lost connection left behind."""
    try:
        async with sending.pool.acquire() as connection, connection.transaction():
            await connection.execute("select from reply where id = $1 and brand = $2 for update", row.id, row.brand)
            there = await connection.fetchval(
                "select exists (select from sandbox_outbox where reply_id = $1 and brand = $2 and text = $3 and sent_at >= $4)",
                row.id,
                row.brand,
                row.text,
                row.approved_at,
            )
    except db.TRANSIENT as error:
        return CannotTell(f"Postgres does not answer ({type(error).__name__})")
    return Found(f"sandbox:{row.id}") if there else Absent()
