"""Which questions are over, because people resolved their case: what routing tells of a case reaches this module, which links no longer count leaves it.

Pure. A resolved case is evidence against: who writes days later asks something new, which refers to the old question. Who answers in the old thread
goes on with it, for routing wakes the case by that (docs/adr/0019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.common.case_events import Case
from services.triage.group import Key, Link, Shown
from services.triage.pair import SOLVED_AFTER, Evidence, Verdict

_GOES_ON: Final = frozenset({"thread", "reply"})
"""The kinds of evidence by which a message belongs to a question, solved or not: its writer says so."""
_RESOLVED: Final = Evidence("resolved", True, "the earlier question was resolved days before")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the newest event of a group's case said. `resolved_at` is none where somebody took it up again; `mentions` are those that the case had."""

    case_version: int
    resolved_at: datetime | None
    mentions: frozenset[UUID]


def of_case(case: Case, version: int) -> Resolution:
    """What a case says of its group. One with more mentions than its events list is not known to be over: nobody could tell which of them woke it."""
    all_listed = case.mentions_total <= len(case.mentions)
    at = case.resolved_at if case.state == "resolved" and all_listed else None
    return Resolution(version, at, frozenset(mention.id for mention in case.mentions))


def is_over(resolved_at: datetime | None, at: datetime) -> bool:
    """Whether a question that was resolved then is closed by `at`. Until it is, people come back to it: "thanks, but …"."""
    return resolved_at is not None and at - resolved_at >= SOLVED_AFTER


def counting(
    links: Sequence[Link], shown: Sequence[tuple[Key, Shown]], over: Mapping[UUID, datetime], at: datetime
) -> tuple[list[Link], UUID | None]:
    """The links of a mention that came `at`, without those to questions that were over by then; where none is left, the one of these that was shown last:
    the mention follows it. `over` says when groups were resolved."""
    kept = [link for link in links if link.kind in _GOES_ON or not is_over(over.get(link.group_id), at)]
    if kept or not links:
        return kept, None
    last = {link.group_id: max(known.last_at for _, known in shown if known.group_id == link.group_id) for link in links}
    return [], max(last, key=lambda group_id: (last[group_id], group_id))


def weighed(verdict: Verdict, resolved_at: datetime | None, later_at: datetime) -> Verdict:
    """The verdict on two mentions, given when the question of the earlier one was resolved."""
    if verdict.decision not in ("link", "suggest") or not is_over(resolved_at, later_at):
        return verdict
    if any(one.kind in _GOES_ON for one in verdict.evidence):
        return verdict
    return replace(verdict, decision="apart", score=0.0, evidence=(_RESOLVED, *verdict.evidence), follows=verdict.decision == "link")
