"""What was said to customers: the text of each reply that was sent, once, with what it promised.

Replies come in from the stream (`consumer.py`), for the search, the handover packet and a customer's history. Each can be erased by itself.
"""

from collections.abc import Sequence

import orjson
from pydantic_core import to_jsonable_python

from libs.common import db
from libs.common.reply_events import Reply


async def keep(connection: db.Connection, replies: Sequence[Reply]) -> None:
    """Replies that were sent. One that is kept already stays as it is: what was sent does not change."""
    sent = sorted((reply for reply in replies if reply.sent_at is not None), key=lambda reply: reply.id)
    if sent:
        await connection.execute(
            "insert into said (reply_id, brand, case_id, mention_id, channel, visibility, at, by, text, promises, sandbox, keeps, update_due) "
            "select reply_id, brand, case_id, mention_id, channel, visibility, at, by, text, promises::jsonb, sandbox, "
            "string_to_array(keeps, ' ')::uuid[], update_due "
            "from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::text[], "
            "$10::text[], $11::bool[], $12::text[], $13::bool[]) "
            "as u(reply_id, brand, case_id, mention_id, channel, visibility, at, by, text, promises, sandbox, keeps, update_due) "
            "on conflict (reply_id) do nothing",
            [reply.id for reply in sent],
            [reply.brand for reply in sent],
            [reply.case_id for reply in sent],
            [reply.mention_id for reply in sent],
            [reply.channel for reply in sent],
            [reply.visibility for reply in sent],
            [reply.sent_at for reply in sent],
            [reply.writer for reply in sent],
            [reply.text for reply in sent],
            [orjson.dumps(to_jsonable_python(reply.promises)).decode() for reply in sent],
            [reply.sandbox for reply in sent],
            [" ".join(map(str, reply.keeps)) if reply.keeps is not None else None for reply in sent],
            [reply.update_due for reply in sent],
        )
