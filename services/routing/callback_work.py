"""What happens to a callback is written and told in one transaction: its row, its timers, one event and one row of its case's timeline, and notices.

The stream (`callback_stream.py`), people (`callback_api.py`), their links and the clock all pass here. The case is locked before the callback.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.bookteam import Notify
from libs.common.case_events import CaseCallbackAttempted, CaseCallbackDue, CaseCallbackEnded, CaseEvent
from libs.common.events import deterministic_id
from services.routing import callback as callbacks
from services.routing import callback_store, links, notice, of_case, record, store, timer, urgent
from services.routing import case as cases
from services.routing.callback import LIVE, Callback, who
from services.routing.links import Click, Field, NotNow, Purpose, Shown
from services.routing.notice import Link, Notice, lane_key
from services.routing.sla import Policy
from services.routing.timer import Timer

KIND = "callback"
"""Of its timers, and of what its links are for."""
_LINK_HOLDS = timedelta(days=7)


async def locked(connection: db.Connection, brand: str, callback_id: UUID) -> tuple[Callback, cases.File]:
    """A callback and its case, both locked, the case first. Raises `NotFound`; `db.Raced` when its message moved to another case this very moment."""
    return await of_case.locked(connection, brand, lambda lock: callback_store.one(connection, brand, callback_id, lock=lock), "callback")


async def keep(connection: db.Connection, found: Sequence[Callback]) -> None:
    """Write callbacks, and set or take back their timers."""
    await callback_store.put(connection, found)
    coming = []
    for brand in sorted({callback.brand for callback in found}):
        await timer.cancel_all(connection, brand, KIND, [callback.id for callback in found if callback.brand == brand])
    for callback in found:
        if callback.state == "open":
            coming.append(Timer(callback.brand, KIND, callback.id, "now", callback.next_at))
        if callback.state in LIVE:
            coming.append(Timer(callback.brand, KIND, callback.id, "due", callback.due_at))
    await timer.put(connection, coming)


async def tell(
    connection: db.Connection,
    policy: Policy,
    file: cases.File,
    callback: Callback,
    kinds: Sequence[tuple[type[CaseEvent], Mapping[str, Any]]],
    *,
    at: datetime,
    actor: str,
    traceparent: str | None,
) -> list[store.Story]:
    """Write a callback, and tell what happened to it in this case, which is locked. A person's decision makes it a case that people work on."""
    await keep(connection, [callback])
    file.book_version = policy.version
    stories = []
    for kind, said in kinds:
        file.touched = file.touched or actor != "system"
        file.change()
        stories.append(record.story(file, kind, at=at, actor=actor, traceparent=traceparent, callback=callback.told(file.case), **said))
    stories += record.breaches(file, at=at, actor="system", traceparent=traceparent)
    await record.record(connection, policy, file, stories)
    return stories


async def attempt(
    connection: db.Connection,
    policy: Policy,
    callback_id: UUID,
    outcome: str,
    note: str | None,
    *,
    at: datetime,
    actor: str,
    traceparent: str | None,
) -> tuple[Callback, cases.File]:
    """Somebody called. Raises `NotFound`, and `Conflict` for one that has ended."""
    before, file = await locked(connection, policy.book.brand, callback_id)
    found = callbacks.attempted(policy, before, outcome, at)
    await callback_store.add_attempt(connection, found, at, actor, outcome, note)
    kinds: list[tuple[type[CaseEvent], Mapping[str, Any]]] = [(CaseCallbackAttempted, {"outcome": outcome})]
    if found.state not in LIVE:
        kinds.append((CaseCallbackEnded, {"outcome": found.state}))
    stories = await tell(connection, policy, file, found, kinds, at=at, actor=actor, traceparent=traceparent)
    if found.state in ("not_reached", "wrong_number"):  # the case is somebody's still, and the customer has heard nothing
        people = [id for id in _people(policy, found, file) if id != actor]
        await store.notify(connection, record.notifications(stories[1], people, file.case.id, f"callback {found.state}"))
    return found, file


# --- its clock ----------------------------------------------------------------------------------------------------------------------------


async def went_off(connection: db.Connection, policy: Policy, timers: Sequence[Timer], now: datetime) -> None:
    """They may be called now, or should have been by now: whoever calls hears of it, and of a call that did not come the leads too."""
    brand, ids = policy.book.brand, [found.subject for found in timers]
    seen = await callback_store.some(connection, brand, ids)
    known, files = await of_case.together(connection, brand, seen, lambda _: callback_store.some(connection, brand, ids), "callback")
    stories: dict[UUID, list[store.Story]] = {}
    rows: list[urgent.Row] = []
    notices: list[Notice] = []
    for found in timers:
        callback = known.get(found.subject)
        file = files.get(callback.case_id) if callback is not None else None
        if callback is None or file is None or callback.state not in LIVE:
            continue
        people = _people(policy, callback, file)
        if found.name == "now" and callback.state == "open" and callback.next_at <= now:
            rows += _reminders(file, callback, people, now)
            notices += _notices(policy, file, callback, now, "now")
        elif found.name == "due" and callback.due_at <= now:
            told = and_leads(policy, people)
            file.book_version = policy.version
            file.change()
            said = {"callback": callback.told(file.case), "told": told}
            story = record.story(file, CaseCallbackDue, at=now, actor="system", traceparent=None, **said)
            stories.setdefault(file.case.id, []).append(story)
            rows += record.notifications(story, told, file.case.id, "callback overdue")
            notices += _notices(policy, file, callback, now, "due")
    await record.record_all(connection, [(policy, files[case_id], told) for case_id, told in sorted(stories.items())])
    await store.notify(connection, rows)
    await notice.add(connection, notices, now)


def _reminders(file: cases.File, callback: Callback, people: Sequence[str], now: datetime) -> list[urgent.Row]:
    """Nothing has happened to the case: this is told to whom it concerns, and stands in no timeline."""
    brand, what = callback.brand, "callback now"
    said = (str(callback.id), str(callback.attempts), what)
    return [(deterministic_id(brand, "notification", *said, member), brand, member, file.case.id, now, what) for member in people]


def _people(policy: Policy, callback: Callback, file: cases.File) -> list[str]:
    """Team members who are to call: its owner, else those of the department, else the leads."""
    department, owner = who(callback, file.case)
    return people_of(policy, department, owner)


def and_leads(policy: Policy, people: Sequence[str]) -> list[str]:
    """These people, and all leads of the team."""
    return list(dict.fromkeys([*people, *[member.id for member in policy.book.team if member.role == "lead"]]))


def people_of(policy: Policy, department: str, owner: str | None) -> list[str]:
    book = policy.book
    if owner is not None and book.member(owner) is not None:
        return [owner]
    found = book.department(department)
    members = [id for id in found.members if book.member(id) is not None] if found else []
    return members or [member.id for member in book.team if member.role == "lead"]


# --- notices ------------------------------------------------------------------------------------------------------------------------------

_TITLES = {
    "now": {"nl": "Terugbellen: een klant wacht", "en": "Callback: a customer is waiting"},
    "due": {"nl": "Terugbellen is te laat", "en": "A callback is overdue"},
}
_TEXTS = {
    "nl": "Een klant liet in een privébericht een telefoonnummer achter en wordt teruggebeld.\n\nMerk: {brand}\nZaak: {case}\nUiterlijk: {due}\n"
    "Poging: {number}\n\nHet nummer ({phone}) en het hele verhaal staan bij de zaak, na inloggen.",
    "en": "A customer left a phone number in private and is to be called.\n\nBrand: {brand}\nCase: {case}\nNo later than: {due}\nAttempt: {number}\n\n"
    "The number ({phone}) and the whole story are with the case, after logging in.",
}
_LABEL = {"nl": "Ik heb gebeld", "en": "I have called"}


def _notices(policy: Policy, file: cases.File, callback: Callback, now: datetime, name: str) -> list[Notice]:
    """To the owner by every way of theirs; where there is none, to the department."""
    department, owner = who(callback, file.case)
    to: list[tuple[str, Notify]] = []
    member = policy.book.member(owner) if owner else None
    if member is not None:
        to = [(member.id, way) for way in member.notify]
    elif (found := policy.book.department(department)) is not None:
        to = [(found.id, Notify(email=found.email))] if found.email else []
        to += [(found.id, way) for way in found.notify]
    language = links.language_of(policy)
    local = callback.due_at.astimezone(policy.calendar.zone)
    text = _TEXTS[language].format(
        brand=policy.book.name,
        case=file.case.id,
        due=f"{local:%d-%m-%Y %H:%M}",
        number=callback.attempts + 1,
        phone=callbacks.masked(callback.phone),
    )
    link = Link(_LABEL[language], KIND, callback.id, now + _LINK_HOLDS, {"attempt": str(callback.attempts + 1)})
    return [
        Notice(
            id=deterministic_id(callback.brand, "notice", KIND, str(callback.id), name, str(callback.version), recipient, lane_key(way)),
            brand=callback.brand,
            about="callback",
            subject=callback.id,
            to=recipient,
            way=way,
            title=_TITLES[name][language],
            text=text,
            links=(link,),
        )
        for recipient, way in to
    ]


# --- the page behind the link -------------------------------------------------------------------------------------------------------------

_PAGE = {
    "nl": "Wat werd het terugbellen? Poging {number}. Het nummer ({phone}) en het verhaal staan bij de zaak, na inloggen.",
    "en": "How did the call go? Attempt {number}. The number ({phone}) and the story are with the case, after logging in.",
}
_OVER = {"nl": "Dit terugbelverzoek is al afgehandeld of al gebeld.", "en": "This callback has ended, or somebody has called already."}
_THANKS = {"nl": "Genoteerd. Dank je wel.", "en": "Noted. Thank you."}


async def _show(connection: db.Connection, policy: Policy, click: Click, now: datetime) -> Shown:
    language = links.language_of(policy)
    callback = await callback_store.one(connection, click.brand, click.subject)
    if callback is None or callback.state not in LIVE or str(callback.attempts + 1) != click.data.get("attempt"):
        return Shown("", over=_OVER[language])
    return Shown(_PAGE[language].format(number=callback.attempts + 1, phone=callbacks.masked(callback.phone)))


async def _act(connection: db.Connection, policy: Policy, click: Click, given: Mapping[str, str], now: datetime) -> str:
    language = links.language_of(policy)
    callback, _ = await locked(connection, click.brand, click.subject)
    if callback.state not in LIVE or str(callback.attempts + 1) != click.data.get("attempt"):
        raise NotNow(_OVER[language])
    await attempt(connection, policy, callback.id, given["outcome"], given["note"] or None, at=now, actor=click.member, traceparent=None)
    return _THANKS[language]


CALLED = Purpose(
    title={"nl": "Terugbellen", "en": "Callback"},
    button={"nl": "Noteer", "en": "Note it"},
    show=_show,
    act=_act,
    fields=(
        Field(
            "outcome",
            {"nl": "Uitkomst", "en": "Outcome"},
            kind="choice",
            choices=(
                ("reached", {"nl": "Gesproken", "en": "Spoken to"}),
                ("no_answer", {"nl": "Geen gehoor", "en": "No answer"}),
                ("busy", {"nl": "In gesprek", "en": "Busy"}),
                ("wrong_number", {"nl": "Verkeerd nummer", "en": "Wrong number"}),
            ),
        ),
        Field("note", {"nl": "Notitie voor collega's", "en": "Note for colleagues"}, kind="lines", required=False, longest=1000),
    ),
)
