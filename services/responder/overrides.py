"""Verdicts that somebody sent a reply against: which of them another colleague is asked to look at afterwards, and the rows of them.

An approval with overrides comes in (`clearance.approve`); rows go out, in the same transaction.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from libs.common import db
from libs.common.brandbook import BrandBook
from services.responder.reply import Change


def sampled(reply_id: UUID, share: float) -> bool:
    """Whether the overrides of this reply are looked at afterwards. The same whenever it is asked, and nobody chooses: it follows from the reply's id."""
    place = int.from_bytes(hashlib.sha256(b"override/" + reply_id.bytes).digest()[:8]) / 2**64
    return place < share


async def keep(connection: db.Connection, changes: Iterable[Change], book: BrandBook) -> None:
    """A row for each verdict that these changes overruled."""
    found = [(step, one) for change in changes for step in change.steps() if step.what == "overridden" for one in step.said["overrides"]]
    if found:
        await connection.execute(
            "insert into reply_override (brand, reply_id, version, code, reason, who, at, sampled) "
            "select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::boolean[])",
            [step.row.brand for step, _ in found],
            [step.row.id for step, _ in found],
            [step.row.version for step, _ in found],
            [one.code for _, one in found],
            [one.reason for _, one in found],
            [step.who for step, _ in found],
            [step.at for step, _ in found],
            [sampled(step.row.id, book.guard.review_sample) for step, _ in found],
        )
