"""Who follows a case without owning it, and what they are told of it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from libs.common.case_events import (
    CaseClockBreached,
    CaseEvent,
    CaseJoined,
    CaseReacted,
    CaseReopened,
    CaseResolved,
    CaseWaiting,
)
from libs.common.errors import Unprocessable
from libs.common.events import deterministic_id
from services.routing.case import File, must_be_alive

if TYPE_CHECKING:
    from datetime import datetime

    from services.routing.store import Story

MOST = 50


def watched(file: File, add: Iterable[str], remove: Iterable[str]) -> tuple[list[str], list[str]]:
    """Let these watch the case and those no longer; who came and who went. Nothing changes where both are empty. The case stays whoever's it is.

    Raises `Unprocessable` for too many, `Conflict` for a case that has no mentions left.
    """
    before, gone = file.case.watchers, set(remove)
    after = [member for member in dict.fromkeys((*before, *add)) if member not in gone]
    came, went = [m for m in after if m not in before], [m for m in before if m not in after]
    if came:
        must_be_alive(file)
        if len(after) > MOST:
            raise Unprocessable(f"The case would have {len(after)} watchers; it may have {MOST}.")
    if came or went:
        file.change(watchers=after)
    return came, went


def told(stories: "Sequence[Story]") -> "list[tuple[UUID, str, str, UUID, datetime, str]]":
    """Of what happened, what the watchers of the cases are told: what reached the customer or came from them, how it ended, and a clock that ran
    out. Nobody is told of what they did themselves."""
    found = []
    for story in stories:
        event = story.outgoing.event
        if isinstance(event, CaseEvent) and event.case.watchers and (what := _what(event)):
            found += [
                (
                    deterministic_id(event.brand, "notification", str(story.outgoing.id), member),
                    event.brand,
                    member,
                    event.case.id,
                    story.at,
                    what,
                )
                for member in event.case.watchers
                if member != story.actor
            ]
    return found


def _what(event: CaseEvent) -> str | None:
    if isinstance(event, CaseClockBreached):
        return f"{event.clock} clock breached"
    if isinstance(event, CaseWaiting):
        return "answered" if event.actor == "system" else f"waits for {event.case.waiting_for}"
    if isinstance(event, CaseJoined):
        return "customer wrote again" if event.woken else None
    return next((what for kind, what in _TOLD if isinstance(event, kind)), None)


_TOLD: tuple[tuple[type[CaseEvent], str], ...] = (
    (CaseReacted, "answered"),
    (CaseResolved, "resolved"),
    (CaseReopened, "reopened"),
)
