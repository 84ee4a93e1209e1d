"""What mail servers tell of replies that left: reports come in from ingest, and change no more of a reply than how its delivery went.

Anybody who knows the Message-ID of a mail can write such a report, its recipient for one. So it sends nothing, discards nothing and approves nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.delivery_events import DeliveryReported
from libs.common.record import Received
from libs.common.reply_events import ReplyBounced
from services.responder.reply import Change, ReplyRow, next_version

_RANKS = {None: 0, "delayed": 1, "relayed": 2, "delivered": 3, "failed": 4}
"""Reports come in any order: the one that says most about the end counts."""
_LEFT = ("sending", "sent", "unconfirmed")


async def named(connection: db.Connection, events: Sequence[Received[Any]]) -> list[UUID]:
    """The replies that these reports are about."""
    told = [received.event for received in events if isinstance(received.event, DeliveryReported)]
    if not told:
        return []
    rows = await connection.fetch(
        "select r.id from unnest($1::text[], $2::uuid[], $3::text[]) as u(brand, reply_id, message_id) "
        "join reply r on r.brand = u.brand and (r.id = u.reply_id or (u.reply_id is null and r.external_id = u.message_id))",
        [event.brand for event in told],
        [event.reply_id for event in told],
        [event.message_id for event in told],
    )
    return [row["id"] for row in rows]


def about(event: DeliveryReported, rows: Iterable[ReplyRow]) -> ReplyRow | None:
    """The reply that a report is about; none where it is of another mail than the one that left, or of none that did."""
    for row in rows:
        is_it = row.id == event.reply_id if event.reply_id is not None else row.external_id == event.message_id
        if is_it and row.brand == event.brand and row.state in _LEFT and not row.sandbox:
            return row if event.message_id in (None, row.external_id) else None
    return None


def reported(row: ReplyRow, event: DeliveryReported) -> Change | None:
    """The reply with what a report tells of it; none where more is known already, or nobody knows what the report says."""
    if _RANKS.get(event.status, 0) <= _RANKS.get(row.delivery, 0):
        return None
    changed = next_version(row, delivery=event.status, delivery_code=event.code, delivery_at=event.reported_at)
    detail = {"code": event.code} if event.code else {}
    if event.status == "failed":
        if row.state != "sent":  # told once it is certain that it was sent
            return Change(changed, "delivery_failed", "system", event.reported_at, None, detail)
        return Change(changed, "bounced", "system", event.reported_at, ReplyBounced, detail)
    return Change(changed, f"delivery_{event.status}", "system", event.reported_at, None, detail)
