"""A brand with a social hub (example data), on routing's app and a real database."""

from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from libs.common.bookfile import load_book
from libs.common.errors import InvalidEvent
from libs.common.events import MentionTriaged
from libs.common.hours import Calendar
from services.routing import timer
from services.routing.due import DUE
from services.routing.sla import Policy
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import event, state

BOOK = """
brand: vaart
name: Vaart (example data)
languages: [nl, en]
labels:
  - {name: internet, department: webcare}
  - {name: storing, parent: internet, department: webcare}
departments:
  - {id: webcare, members: [gs, mk]}
team:
  - {id: gs, first_name: Guus, initials: gs, languages: [nl, en]}
  - {id: mk, first_name: Mila, initials: mk, role: lead, languages: [nl], notify: [{email: mila@vaart.example}]}
hub:
  members:
    - {id: wv, name: Woordvoering, roles: [spokesperson], notify: [{email: wv@vaart.example}, {slack: "env:VAART_SLACK"}]}
    - {id: mt, name: Marketing, roles: [marketing], notify: [{webhook: "env:VAART_HOOK", secret: "env:VAART_HOOK_SECRET"}]}
    - {id: dir, name: Directie, roles: [management], notify: [{email: directie@vaart.example}]}
    - {id: jur, name: Juridisch, roles: [legal], notify: [{email: jur@vaart.example}]}
  scenarios:
    - {id: hijack, when: {insight: hijack}, severity: high, tell: [spokesperson, marketing], holding_statement_by: [spokesperson, management],
       ladder: [management, lead], acknowledge_within: 10m}
    - {id: veilig, when: {risk_any: [safety], urgency: critical}, severity: critical, tell: [spokesperson], hold: all}
    - {id: drukte, when: {insight: spike}, severity: medium, tell: [lead]}
"""


class Books:
    """vaart has the book; noord has none."""

    def __init__(self, text: str = BOOK) -> None:
        book = load_book(text)
        self.vaart = Policy(book, Calendar.of(book), 1)

    def of(self, brand: str) -> Policy:
        if brand != "vaart":
            raise InvalidEvent(f"There is no brand book for {brand!r}.")
        return self.vaart

    def versions(self) -> list[tuple[str, int]]:
        return [("vaart", 1)]


@pytest.fixture
async def hub(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    await world.pool.execute(
        "truncate mention_copy, care_case, timeline, notification, outbox, timer, notice, incident, incident_timeline, incident_case, "
        "incident_message, signal, scenario_fault, mention_minute, mention_hour, drill_mention, hold, sending_hold, sent_reply, no_reply_sample"
    )
    world.app.state.policies = Books()
    monkeypatch.setattr(test_simultaneous, "policies", world.app.state.policies)
    return world


async def comes(
    hub: World, name: str, group: str | None = None, version: int = 1, kind: type[Any] = MentionTriaged, **findings: Any
) -> None:
    """Triage tells of a mention."""
    said = {} if kind is MentionTriaged else {"why": "depth"}
    await batch(hub.pool, [event(kind, version, state(name, group or name, **findings), **said)])


async def time_comes(hub: World, *kinds: str, but: str = "") -> None:
    """Whatever timer of these kinds is set goes off now, but for those with that name."""
    await hub.pool.execute("update timer set at = moment() where kind = any($1::text[]) and name <> $2", list(kinds), but or "-")
    while await timer.tick(hub.pool, hub.app.state.policies, DUE) == 200:
        pass


async def incidents(pool: db.Pool) -> list[dict[str, Any]]:
    """All incidents, in the order in which they were raised."""
    return [row["state_json"] for row in await pool.fetch("select state_json from incident order by seq")]


async def story(pool: db.Pool, incident_id: str | UUID) -> list[str]:
    rows = await pool.fetch("select what from incident_timeline where incident_id = $1 order by version", UUID(str(incident_id)))
    return [row["what"] for row in rows]


async def noticed(pool: db.Pool) -> list[tuple[str, str]]:
    """(to whom, by which way) of every notice that there is."""
    rows = await pool.fetch("select recipient, way from notice order by recipient, way::text")
    return [(row["recipient"], next(name for name in row["way"] if name != "secret")) for row in rows]
