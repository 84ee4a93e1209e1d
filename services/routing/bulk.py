"""What a person does to many cases at once, for each of them, and what taking it back does: pure decisions.

A case and an action come in; the changed case leaves with what to tell of it. An action that cannot be done to a case raises, and the case is skipped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from libs.common import http
from libs.common.case_events import (
    CaseAssigned,
    CaseCustomer,
    CaseEvent,
    CasePrioritised,
    CaseReopened,
    CaseResolved,
    CaseTagged,
    CaseWatched,
    Clock,
    Rounds,
)
from libs.common.errors import Conflict, Unprocessable
from libs.common.events import Part, TriagedMention
from services.routing import case as cases
from services.routing import customers, field, merge, tag, turn, watch
from services.routing.case import File, Given, Key, Turn
from services.routing.sla import Policy

MOST = 5_000
"""Cases of one action."""


class Assign(http.Body):
    """Give the cases to a colleague, or to a department."""

    do: Literal["assign"]
    owner: str | None = Field(default=None, max_length=100, description="Team member's id")
    department: str | None = Field(default=None, max_length=100)


class Prioritise(http.Body):
    """Give the cases another priority."""

    do: Literal["priority"]
    priority: Literal["low", "normal", "high", "urgent"]


class End(http.Body):
    """End the cases, or take them up again. `no_reply` is a decision about the newest message of each, as `…/no-reply` is."""

    do: Literal["resolve", "reopen", "no_reply"]


class Tag(http.Body):
    """Add tags to the cases, or take them away."""

    do: Literal["tag", "untag"]
    tags: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(min_length=1, max_length=tag.MOST)


class Watch(http.Body):
    """Let team members watch the cases, or no longer."""

    do: Literal["watch", "unwatch"]
    members: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(min_length=1, max_length=watch.MOST, description="Their ids")


Action = Annotated[Assign | Prioritise | Tag | Watch | End, Field(discriminator="do")]


@dataclass(frozen=True, slots=True)
class Tells:
    """An event to tell of the case, with the event's own fields."""

    kind: type[CaseEvent]
    said: Mapping[str, Any]


class Kept(Part):
    """Of a case, what an action may change, as it was."""

    state: str
    waiting_for: str | None
    waiting_until: datetime | None
    waiting_reason: str | None = None
    clocks: list[Clock]
    earlier: list[Rounds]
    resolved_at: datetime | None
    unanswered: bool
    owner: str | None
    department: str
    priority: str
    tags: list[str]
    watchers: list[str]
    customers: list[CaseCustomer]
    touched: bool
    fired: list[str]
    handled: Key | None
    before: Turn | None
    decided: str | None = None
    given: Given | None = None


_OF_CASE = (
    "state",
    "waiting_for",
    "waiting_until",
    "waiting_reason",
    "clocks",
    "earlier",
    "resolved_at",
    "unanswered",
    "owner",
    "decided",
    "department",
    "priority",
    "tags",
    "watchers",
    "customers",
)
_TURN_S = ("state", "waiting_for", "waiting_until", "waiting_reason", "clocks", "earlier", "resolved_at", "unanswered")


def keep(file: File) -> Kept:
    of_case = {name: getattr(file.case, name) for name in _OF_CASE}
    of_case["customers"] = merge.nameless(file.case)
    return Kept(**of_case, touched=file.touched, fired=list(file.fired), handled=file.handled, before=file.before, given=file.given)


def check(policy: Policy, action: Action) -> None:
    """Raises `Unprocessable` for an action that the brand book has no place for, whichever case it is done to."""
    if isinstance(action, Assign):
        if action.owner is None and action.department is None:
            raise Unprocessable("action: name an owner, a department, or both.")
        if action.owner is not None and policy.book.member(action.owner) is None:
            raise Unprocessable(f"action: {action.owner!r} is not in the team of this brand; the brand book's `team` lists the ids.")
        if action.department is not None and policy.book.department(action.department) is None:
            known = ", ".join(item.id for item in policy.book.departments)
            raise Unprocessable(f"action: there is no department {action.department!r}; this brand has {known}.")
    elif isinstance(action, Tag):
        for text in action.tags:
            tag.normal(text)
    strangers = (
        [id for id in action.members if policy.book.member(id) is None] if isinstance(action, Watch) and action.do == "watch" else []
    )
    if strangers:
        raise Unprocessable(f"action: {strangers[0]!r} is not in the team of this brand; the brand book's `team` lists the ids.")


def do(policy: Policy, file: File, mentions: Sequence[TriagedMention], action: Action, reason: str, at: datetime) -> Tells:
    """Do it to one case. Raises `Conflict` where the case is not one to which it can be done, or is so already."""
    return _DO[action.do](policy, file, mentions, action, reason, at)


def _assign(policy: Policy, file: File, mentions: Sequence[TriagedMention], action: Assign, reason: str, at: datetime) -> Tells:
    before = file.case
    if action.owner in (None, before.owner) and action.department in (None, before.department) and file.touched:
        raise Conflict("It is so already.")
    cases.assigned_to(policy, file, to=action.owner, department=action.department, why=f"assigned in bulk: {reason}")
    return Tells(CaseAssigned, {"previous_owner": before.owner, "previous_department": before.department, "why": reason})


def _prioritise(policy: Policy, file: File, mentions: Sequence[TriagedMention], action: Prioritise, reason: str, at: datetime) -> Tells:
    cases.must_be_alive(file)
    before = file.case.priority
    if before == action.priority:
        raise Conflict("It is so already.")
    file.touched = True
    file.change(priority=action.priority)
    return Tells(CasePrioritised, {"previous_priority": before, "reason": reason})


def _tag(policy: Policy, file: File, mentions: Sequence[TriagedMention], action: Tag, reason: str, at: datetime) -> Tells:
    names = list(map(tag.normal, action.tags))
    added, removed = tag.tagged(file, names if action.do == "tag" else [], names if action.do == "untag" else [])
    if not added and not removed:
        raise Conflict("It is so already.")
    return Tells(CaseTagged, {"added": added, "removed": removed})


def _watch(policy: Policy, file: File, mentions: Sequence[TriagedMention], action: Watch, reason: str, at: datetime) -> Tells:
    added, removed = watch.watched(file, action.members if action.do == "watch" else [], action.members if action.do == "unwatch" else [])
    if not added and not removed:
        raise Conflict("It is so already.")
    return Tells(CaseWatched, {"added": added, "removed": removed})


def _end(policy: Policy, file: File, mentions: Sequence[TriagedMention], action: End, reason: str, at: datetime) -> Tells:
    if action.do == "reopen":
        turn.reopened(policy, file, mentions, at)
        return Tells(CaseReopened, {})
    assert action.do == "resolve", "no_reply is a decision about a mention as well"
    field.must_be_complete(policy.book, file.case)
    merge.may_end(file)
    turn.resolved(file, at)
    merge.settled(file)
    return Tells(CaseResolved, {"reason": reason})


_DO: Mapping[str, Callable[[Policy, File, Sequence[TriagedMention], Any, str, datetime], Tells]] = {
    "assign": _assign,
    "priority": _prioritise,
    "tag": _tag,
    "untag": _tag,
    "watch": _watch,
    "unwatch": _watch,
    "resolve": _end,
    "reopen": _end,
}


# --- taken back -----------------------------------------------------------------------------------------------------------------------


def made(file: File, action: Action, before: Kept) -> dict[str, Any]:
    """What an action has made of a case that was as `before`: while it is still that, it can be taken back."""
    case = file.case
    if isinstance(action, Tag | Watch):
        now, was = (case.tags, before.tags) if isinstance(action, Tag) else (case.watchers, before.watchers)
        return {"added": [one for one in now if one not in was], "removed": [one for one in was if one not in now]}
    if isinstance(action, Assign):
        whose = ("owner", "department")
        return {
            name: getattr(case, name) for name in whose if getattr(action, name) is not None or getattr(case, name) != getattr(before, name)
        }
    if isinstance(action, Prioritise):
        return {"priority": case.priority}
    return {
        "state": case.state,
        "resolved_at": case.resolved_at.isoformat() if case.resolved_at else None,
        "rounds": [clock.started_at.isoformat() for clock in case.clocks],
        "handled": str(file.handled[1]) if file.handled else None,
    }


def undo(
    policy: Policy, file: File, mentions: Sequence[TriagedMention], action: Action, before: Kept, did: Mapping[str, Any], *, untouched: bool
) -> Tells:
    """Take it back from one case, which is as it was before from then on. `untouched`: nothing has happened to the case since.

    Raises `Conflict` where somebody has changed since what the action had made.
    """
    cases.must_be_alive(file)
    if isinstance(action, Tag | Watch):
        return _undone_list(file, action, did)
    if made(file, action, before) != did:
        raise Conflict("It is no longer as the bulk action made it.")
    case = file.case
    if isinstance(action, Assign):
        values: dict[str, Any] = {name: getattr(before, name) for name in did} | {"decided": before.decided}
        file.given = before.given
        if before.state == "new" and case.state == "open" and untouched:
            values["state"] = "new"
        tells = Tells(CaseAssigned, {"previous_owner": case.owner, "previous_department": case.department})
    elif isinstance(action, Prioritise):
        values = {"priority": before.priority}
        tells = Tells(CasePrioritised, {"previous_priority": case.priority})
    else:
        values = {name: getattr(before, name) for name in _TURN_S}
        if untouched and case.merged_cases:
            present = sorted((m for m in mentions if not m.removed), key=lambda m: cases.key_of(m.mention))
            values["customers"] = customers.known(before.customers, present)
        file.fired, file.handled, file.before = list(before.fired), before.handled, before.before
        tells = Tells(CaseResolved, {"reason": None}) if action.do == "reopen" else Tells(CaseReopened, {})
    if untouched:
        file.touched = before.touched
    file.change(**values)
    if isinstance(action, End):
        file.case = cases.proposed(policy, file, mentions)
    return tells


def _undone_list(file: File, action: Tag | Watch, did: Mapping[str, Any]) -> Tells:
    """Tags or watchers that came by it go, and those that went come back; what others have added stays. All of them are still so, or none is changed."""
    now = file.case.tags if isinstance(action, Tag) else file.case.watchers
    if not set(did["added"]) <= set(now) or set(did["removed"]) & set(now):
        raise Conflict("It is no longer as the bulk action made it.")
    change, kind = (tag.tagged, CaseTagged) if isinstance(action, Tag) else (watch.watched, CaseWatched)
    added, removed = change(file, did["removed"], did["added"])
    return Tells(kind, {"added": added, "removed": removed})
