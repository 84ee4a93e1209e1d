"""Calls that we owe: when a number that was left in private makes one, when it is due, and what becomes of it. Pure decisions.

    proposed ──▶ open ──▶ reached | not_reached | wrong_number
        └───────────┴──▶ cancelled (by a person) | withdrawn (the message was taken back)

A number in a private message is a proposal: many stand in a signature. Where the message asks to be called it is open at once. What people did with one
stays; what nobody touched follows from the case's messages.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import phonenumbers

from libs.common.brandbook import BrandBook
from libs.common.case_events import Callback as Told
from libs.common.case_events import Case
from libs.common.errors import Conflict, Unprocessable
from libs.common.events import TriagedMention, deterministic_id
from libs.common.hours import HoursError, Span
from services.routing.case import key_of
from services.routing.sla import Policy

LIVE = ("proposed", "open")
OUTCOMES = ("reached", "no_answer", "wrong_number", "busy")
MOST_AT_ONCE = 20
"""Callbacks of one case that wait at the same time."""

_ASKS = re.compile(
    r"\bbel(?:t\s+u)?\s+(?:me|mij|ons)\b|\bterug\s*(?:te\s+)?bel|\bteruggebeld\b|\bgebeld\s+(?:te\s+)?worden\b|\bword\w*\s+(?:\w+\s+){0,3}gebeld\b"
    r"|\b(?:kunt|kun|kan|wilt|wil|willen|kunnen)\s+(?:je|u|jullie|iemand)\s+(?:me|mij|ons)\s+(?:\w+\s+){0,4}bellen\b"
    r"|\b(?:call|phone|ring)\s+(?:me|us)\b|\bcall\w*\s+back\b|\bcallback\b|\bgive\s+(?:me|us)\s+a\s+(?:call|ring)\b"
    r"|\bruf\w*\s+(?:sie\s+)?(?:mich|uns)\b|\br(?:ü|ue)ckruf|\bzur(?:ü|ue)ckruf",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:niet|geen|not|never|nooit|don'?t|nicht|kein\w*)\b", re.IGNORECASE)
_NEAR = 25
"""Characters around a request in which a "not" turns it around."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A row of `callback`. `department` and `owner` as people or the brand book said; none: the case's (`who`). `touched`: a person has
    decided something about it; until then it follows from the messages of its case."""

    id: UUID
    brand: str
    case_id: UUID
    mention_id: UUID | None
    phone: str
    state: str
    department: str | None
    owner: str | None
    note: str | None
    window_from: datetime | None
    window_to: datetime | None
    next_at: datetime
    due_at: datetime
    attempts: int
    created_at: datetime
    created_by: str
    ended_at: datetime | None = None
    touched: bool = False
    version: int = 1

    def changed(self, **values: object) -> "Callback":
        return replace(self, version=self.version + 1, **values)  # type: ignore[arg-type]

    def told(self, case: Case) -> Told:
        """As events tell it: whom it is for is the case's customer, and the number is nobody's business there."""
        department, owner = who(self, case)
        return Told(
            id=self.id,
            state=self.state,
            mention_id=self.mention_id,
            department=department,
            owner=owner,
            window_from=self.window_from,
            window_to=self.window_to,
            due_at=self.due_at,
            attempts=self.attempts,
        )


def who(callback: Callback, case: Case) -> tuple[str, str | None]:
    """(department, owner) by now."""
    department = callback.department or case.department
    return department, callback.owner or (case.owner if department == case.department else None)


def region_of(book: BrandBook) -> str:
    """Where a number without a country is dialled."""
    return book.hours.holidays.country


def normal(written: str, region: str) -> str | None:
    """A number in E.164; none for what cannot be dialled."""
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def masked(phone: str) -> str:
    """What somebody sees who may not see the number: that it is one, and its last two digits."""
    return f"•••• {phone[-2:]}" if len(phone) > 6 else "••••"


def asks(text: str) -> bool:
    """Whether a text asks to be called, in Dutch, English or German, and does not say the opposite."""
    return any(not _NOT.search(text[max(0, found.start() - _NEAR) : found.end() + _NEAR]) for found in _ASKS.finditer(text))


def numbers_in(triaged: TriagedMention, region: str) -> list[str]:
    """The numbers that stand in a private, live message, in its order."""
    mention = triaged.mention
    if triaged.removed or mention.historic or mention.visibility != "private":
        return []
    found = []
    for span in triaged.findings.pii:
        text = (mention.title or "") if span.field == "title" else mention.text
        if span.kind == "phone" and (number := normal(text[span.start : span.end], region)):
            found.append(number)
    return list(dict.fromkeys(found))


def due(policy: Policy, start: datetime, span: Span) -> datetime:
    """By opening hours; by an ordinary clock where the brand does not open any more for so long."""
    try:
        return policy.calendar.add(start, span)
    except HoursError:
        return start + span.elapsed()


def opens(policy: Policy, at: datetime) -> datetime:
    """When somebody is there to call, from `at` on."""
    try:
        return policy.calendar.next_open(at)
    except HoursError:
        return at


def times(policy: Policy, start: datetime, window: tuple[datetime, datetime] | None) -> tuple[datetime, datetime]:
    """(not before, not later than): the window that the customer asked for, else `callbacks.within` in opening time."""
    return window or (opens(policy, start), due(policy, start, policy.book.callbacks.within))


# --- what follows from messages -----------------------------------------------------------------------------------------------------------


def followed(policy: Policy, case: Case, mentions: Iterable[TriagedMention], known: Sequence[Callback], now: datetime) -> list[Callback]:
    """The callbacks of a case that change by its messages: new ones, those that another message stands for now, and those that are withdrawn.

    A number makes one callback in a case, whoever writes it how often: a signature is no second request. A message that asks for a call after the
    last one has ended makes another.
    """
    region, changed = region_of(policy.book), []
    standing: dict[str, list[TriagedMention]] = {}
    for triaged in sorted(mentions, key=lambda m: key_of(m.mention)):
        for number in numbers_in(triaged, region):
            standing.setdefault(number, []).append(triaged)
    by_id = {callback.id: callback for callback in known}
    for callback in known:
        if callback.mention_id is not None and callback.state in LIVE and callback.phone not in standing:
            changed.append(callback.changed(state="withdrawn", phone="", ended_at=now))
    room = MOST_AT_ONCE - sum(callback.state in LIVE for callback in known)
    for number, of in standing.items():
        before = [callback for callback in known if callback.phone == number]
        asking = [m for m in of if asks(f"{m.mention.title or ''}\n{m.mention.text}")]
        waiting = sorted((callback for callback in before if callback.state in LIVE), key=lambda c: (not c.touched, c.created_at, c.id))
        if waiting:  # several where two cases became one: nobody is called twice for one request
            changed += _as_its_messages_are(policy, waiting[0], *_since_the_last_call(waiting[0], before, of, asking), now)
            changed += [twin.changed(state="withdrawn", phone="", ended_at=now) for twin in waiting[1:] if not twin.touched]
            continue
        if not before:
            first, state = (asking or of)[0], "open" if asking else "proposed"
        else:
            ended_at = max(callback.ended_at or callback.created_at for callback in before)
            later = [m for m in asking if m.mention.received_at > ended_at]
            if not later:
                continue
            first, state = later[0], "open"
        made = _made(policy, case, first, numbers_in(first, region).index(number), number, state)
        again = by_id.get(made.id)
        if again is not None:
            if again.state != "withdrawn":
                continue
            made = replace(made, version=again.version + 1)
        if room > 0:
            room -= 1
            changed.append(made)
    return changed


def _since_the_last_call(
    waits: Callback, before: Sequence[Callback], of: Sequence[TriagedMention], asking: Sequence[TriagedMention]
) -> tuple[Sequence[TriagedMention], Sequence[TriagedMention]]:
    """The messages that a waiting callback can stand for, and those of them that ask. Where the number had its call before, what was written until then
    is done with, and only a request makes another; the message that a person or it named stays."""
    ended = [callback.ended_at for callback in before if callback.ended_at is not None and callback.ended_at <= waits.created_at]
    if not ended or (waits.touched and any(m.mention.id == waits.mention_id for m in of)):
        return of, asking
    later = [m for m in asking if m.mention.received_at > max(ended)]
    return later, later


def _as_its_messages_are(
    policy: Policy, waits: Callback, of: Sequence[TriagedMention], asking: Sequence[TriagedMention], now: datetime
) -> list[Callback]:
    """The change of a waiting callback by the messages that it can stand for; one that people decided about keeps all but its message."""
    if waits.mention_id is None:
        return []
    if not of:
        return [waits.changed(state="withdrawn", phone="", ended_at=now)]
    first = (asking or of)[0].mention
    if waits.touched:
        stays = waits.mention_id in {m.mention.id for m in of}
        return [] if stays else [waits.changed(mention_id=first.id)]
    state = "open" if asking else "proposed"
    if (waits.state, waits.mention_id) == (state, first.id):
        return []
    next_at, due_at = times(policy, first.received_at, None)
    return [waits.changed(state=state, mention_id=first.id, next_at=next_at, due_at=due_at)]


def _made(policy: Policy, case: Case, triaged: TriagedMention, place: int, number: str, state: str) -> Callback:
    received_at = triaged.mention.received_at
    next_at, due_at = times(policy, received_at, None)
    return Callback(
        id=deterministic_id(case.brand, "callback", str(triaged.mention.id), str(place)),
        brand=case.brand,
        case_id=case.id,
        mention_id=triaged.mention.id,
        phone=number,
        state=state,
        department=policy.book.callbacks.department,
        owner=None,
        note=None,
        window_from=None,
        window_to=None,
        next_at=next_at,
        due_at=due_at,
        attempts=0,
        created_at=received_at,
        created_by="system",
    )


# --- what people do -----------------------------------------------------------------------------------------------------------------------


def must_wait(callback: Callback) -> None:
    """Raises `Conflict` for one that has ended."""
    if callback.state not in LIVE:
        raise Conflict(f"The callback has ended as {callback.state}. Make another where the customer is to be called again.")


def attempted(policy: Policy, callback: Callback, outcome: str, now: datetime) -> Callback:
    """Somebody called. After `callbacks.attempts` that reached nobody it has ended; else the next is due `again_after` in opening time."""
    must_wait(callback)
    rules, number = policy.book.callbacks, callback.attempts + 1
    if outcome in ("reached", "wrong_number"):
        return callback.changed(state=outcome, attempts=number, ended_at=now, touched=True)
    if number >= rules.attempts:
        return callback.changed(state="not_reached", attempts=number, ended_at=now, touched=True)
    next_at = due(policy, now, rules.again_after)
    return callback.changed(state="open", attempts=number, next_at=next_at, due_at=due(policy, next_at, rules.again_after), touched=True)


def window_of(begin: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Raises `Unprocessable` for one that is none, that is over, or that is a year away."""
    if begin.tzinfo is None or end.tzinfo is None:
        raise Unprocessable("The window's times need a time zone, such as 2026-03-02T14:00:00+01:00.")
    if end <= begin:
        raise Unprocessable("The window ends before it begins. Give `from` before `to`.")
    if end <= now:
        raise Unprocessable("The window is over already. Give one that ends in the future.")
    if (end - now).days > 366:
        raise Unprocessable("The window is more than a year away.")
    return begin, end
