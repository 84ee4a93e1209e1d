"""What people's screens show of a change of a case: a few words, no text of anybody's, and nothing personal."""

from typing import TYPE_CHECKING

from libs.common.case_events import CaseEvent
from libs.common.events import Event
from services.routing.feed import Fed

if TYPE_CHECKING:
    from services.routing.store import Story


def glance(story: "Story") -> Fed | None:
    """None of what an import did to a case that was over long ago."""
    event = story.outgoing.event
    assert isinstance(event, CaseEvent)
    case = event.case
    if case.historic and story.actor == "system":
        return None
    data = {
        "version": story.outgoing.version,
        "what": what(event),
        "actor": story.actor,
        "at": story.at,
        "state": case.state,
        "owner": case.owner,
        "department": case.department,
        "priority": case.priority,
        "promise_due_at": case.promise_due_at,
        "promise_broken": case.promise_broken,
        "due_at": min((clock.due_at for clock in case.clocks if clock.met_at is None), default=None),
        "unread": story.unread,
    }
    people = tuple(dict.fromkeys(filter(None, (case.owner, *case.watchers))))
    version = story.outgoing.version
    return Fed(case.brand, "case", case.id, data, case_id=case.id, people=people, departments=(case.department,), version=version)


def what(event: Event) -> str:
    """What happened, as the timeline has it."""
    return event.type.removeprefix("weerklank.case.").removesuffix(".v1")
