"""What was told, as the other services will read it."""

from typing import TypeVar

import orjson

from libs.common import db
from libs.common.events import Event

E = TypeVar("E", bound=Event)


async def told_as(pool: db.Pool, kind: type[E]) -> list[E]:
    """The events of this kind that stand in the outbox, in order."""
    rows = await pool.fetch("select headers, value from outbox order by id")
    return [kind.model_validate_json(row["value"]) for row in rows if orjson.loads(row["headers"])["ce_type"] == kind.type]
