"""Drills: an incident that is played from a recording, to train the team. Nobody outside hears of it, and nothing of it is real.

A drill is an incident with `drill` set, in every event and everywhere it is shown. What that means is decided in few places, each of which asks for it:
only those who take part are told, and what they are told says that it is a drill (`hub.py`, `incident_words.py`); its facts are the recording's
(`room.py`); it takes no cases, and no signal joins it or is kept from raising a real one (`incident_store.running`, `newest`, the index of running
incidents); it holds nothing (`hub.hold`); and what it says meanwhile is offered to nobody (`incident.signed`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import db
from libs.common.events import Part
from services.routing import hub, timer
from services.routing.hub import Cause
from services.routing.incident import File
from services.routing.sla import Policy
from services.routing.timer import Timer

ENDS_AFTER = timedelta(hours=24)
"""After the last mention of the recording a drill that nobody has closed closes by itself."""


class Shown(Part):
    """A mention of a recording. `offset_s` is from the moment at which the incident is raised: those before it are what raised it."""

    offset_s: int
    author: str
    followers: int
    channel: str
    text: str
    sentiment: str
    engagement: int


async def begin(
    connection: db.Connection, policy: Policy, cause: Cause, mentions: Sequence[Shown], now: datetime, *, id: UUID, speed: float
) -> File:
    """Raise the drill, and set when each of its mentions is shown: `speed` times as fast as it was recorded."""
    brand = policy.book.brand
    at = [now + timedelta(seconds=mention.offset_s / speed) for mention in mentions]
    await connection.executemany(
        "insert into drill_mention (brand, incident_id, number, at, said) values ($1, $2, $3, $4, $5)",
        [
            (brand, id, number, moment, mention.model_dump(exclude={"offset_s"}))
            for number, (moment, mention) in enumerate(zip(at, mentions, strict=True), 1)
        ],
    )
    file = await hub.raise_incident(connection, policy, cause, now, id=id)
    ends = max([*at, now]) + ENDS_AFTER
    await timer.put(connection, [Timer(brand, hub.KIND, id, hub.DRILL_ENDS, ends)])
    return file
