"""When a message takes a resolved case up again, and when it begins a case that refers back to it: pure decisions.

A group of mentions is one issue, as triage says. Its first case is named by the group; where a message came after that one was over, a follow-up
begins, named by the group and that message. So a group has a chain of cases, each from the message that began it up to the next one. Where a message
belongs follows from when we received it, whatever came in first: a message that comes in late, and that would have kept a case open or would
have begun the follow-up itself, takes what was begun in its stead with it.
"""

from collections.abc import Iterable
from datetime import datetime

from libs.common.case_events import Case
from services.routing.case import File, Key
from services.routing.sla import Policy


def closes_at(policy: Policy, case: Case) -> datetime | None:
    """When a resolved case is over for good; none for one that is not resolved."""
    if case.state != "resolved" or case.resolved_at is None:
        return None
    return case.resolved_at + policy.book.cases.reopen_within.elapsed()


def is_over(policy: Policy, case: Case, received_at: datetime) -> bool:
    """Whether a message that we received then comes too late to take this case up again."""
    if case.state not in ("resolved", "closed") or case.resolved_at is None:
        return False
    return received_at > case.resolved_at + policy.book.cases.reopen_within.elapsed()


def before_and_after(chain: Iterable[tuple[Key, File]], key: Key) -> tuple[File | None, File | None]:
    """Of a group's follow-ups, the last one that began no later than this message, and the first one that began after it. Those that went on in
    another case are none any more."""
    alive = sorted(((begun, file) for begun, file in chain if file.case.state != "merged"), key=lambda item: item[0])
    before = [file for begun, file in alive if begun <= key]
    after = [file for begun, file in alive if begun > key]
    return (before[-1] if before else None), (after[0] if after else None)


def closed(file: File) -> None:
    """It stayed resolved for as long as a message would have reopened it."""
    file.change(state="closed")
