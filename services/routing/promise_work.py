"""What happens to a promise is written and told in one transaction: its row, its timers, one event and one row of its case's timeline,
and who has to know.

The stream (`promise_stream.py`), people (`promise_api.py`) and the clock all pass here. The case is locked before the promise.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import CaseEvent, CasePromiseBroken, CaseResumed
from libs.common.events import deterministic_id
from libs.common.reply_events import Reply
from services.routing import case as cases
from services.routing import of_case, promise_store, record, signal, store, timer, turn, urgent, waiting
from services.routing import promise as promises
from services.routing.callback_work import and_leads, people_of
from services.routing.promise import Promise
from services.routing.sla import Policy
from services.routing.timer import Timer

if TYPE_CHECKING:  # it calls us
    from services.routing.case_work import CaseWork

Change = tuple[type[CaseEvent], Promise, Mapping[str, Any]]
"""What is told, the promise as it is from then on, and what its event says beside it."""
KIND = "promise"
"""Of its timers."""
_DUE = "due"
_BROKEN = "promise broken"
"""What those are told whom it concerns."""
_WHY = "a promise to the customer is due"


# --- the stream ---------------------------------------------------------------------------------------------------------------------------


def named(replies: Iterable[Reply]) -> set[UUID]:
    """The promises that these replies name, in whichever case they are."""
    found = {id for reply in replies for id in reply.keeps or ()}
    return found | {said.renegotiates for reply in replies for said in reply.promises if said.renegotiates is not None}


async def load(connection: db.Connection, work: "CaseWork", replies: Sequence[Reply], seen: Mapping[UUID, UUID]) -> None:
    """The promises of the cases of a batch, which are locked, and the replies to them that were sent after those of the batch. `seen`: where the promises
    were that it names; raises `db.Raced` when one of them went to another case meanwhile."""
    work.promises.know(await promise_store.of_cases(connection, list(work.files), list(work.copies)))
    if any(case_id in work.files and id not in work.promises.by_id for id, case_id in seen.items()):
        raise db.Raced("a promise went to another case meanwhile")
    for brand in sorted({reply.brand for reply in replies}):
        first = min((reply.sent_at for reply in replies if reply.brand == brand and reply.sent_at is not None), default=None)
        if first is not None:
            work.promises.later += await promise_store.said_later(connection, brand, list(work.files), first)


async def save(connection: db.Connection, work: "CaseWork") -> None:
    for brand, found in _by_brand(work.promises.settled(work.copies)).items():
        await keep(connection, work.policies.of(brand), found)


def _by_brand(found: Iterable[Promise]) -> dict[str, list[Promise]]:
    brands: dict[str, list[Promise]] = {}
    for promise in found:
        brands.setdefault(promise.brand, []).append(promise)
    return brands


async def keep(connection: db.Connection, policy: Policy, found: Sequence[Promise]) -> None:
    """Write promises, and set or take back their timers."""
    await promise_store.put(connection, found)
    coming: list[Timer] = []
    await timer.cancel_all(connection, policy.book.brand, KIND, [promise.id for promise in found if promise.version > 1])
    for promise in found:
        if promise.state == "open" and promise.due_at is not None:
            coming += [Timer(promise.brand, KIND, promise.id, f"{share}%", at) for share, at in promises.reminders(policy, promise)]
            coming.append(Timer(promise.brand, KIND, promise.id, _DUE, promise.due_at))
    await timer.put(connection, coming)


# --- people -------------------------------------------------------------------------------------------------------------------------------


async def locked(connection: db.Connection, brand: str, promise_id: UUID) -> tuple[Promise, cases.File]:
    """A promise and its case, both locked, the case first. Raises `NotFound`; `db.Raced` when its message moved to another case this very moment."""
    return await of_case.locked(connection, brand, lambda lock: promise_store.one(connection, brand, promise_id, lock=lock), "promise")


async def tell(
    connection: db.Connection,
    policy: Policy,
    file: cases.File,
    changed: Sequence[Change],
    *,
    at: datetime,
    actor: str,
    traceparent: str | None,
) -> list[store.Story]:
    """Write promises, and tell what happened to each in this case, which is locked. A person's decision makes it a case that people work on."""
    await keep(connection, policy, list({promise.id: promise for _, promise, _ in changed}.values()))
    known = await promise_store.of_cases(connection, [file.case.id], [])
    owed = promises.owed(known)
    file.case = promises.waits(policy, file.case, known, at)
    file.book_version = policy.version
    stories = []
    for kind, promise, said in changed:
        file.touched = file.touched or actor != "system"
        file.change(**owed)
        stories.append(record.story(file, kind, at=at, actor=actor, traceparent=traceparent, promise=promise.told(file.case), **said))
    if promises.stays_ours(file.case, known):
        stories += _back(policy, file, at, promises.OWED)
    stories += record.breaches(file, at=at, actor="system", traceparent=traceparent)
    await record.record(connection, policy, file, stories)
    return stories


async def tell_broken(
    connection: db.Connection,
    policy: Policy,
    file: cases.File,
    promise: Promise,
    before: Sequence[Change] = (),
    *,
    at: datetime,
    actor: str = "system",
    traceparent: str | None = None,
) -> None:
    """A promise was not kept in time: whoever had to keep it, the leads and the hub hear of it. `before`: what led to that."""
    told = _people_and_leads(policy, file)
    changed: list[Change] = [*before, (CasePromiseBroken, promise, {"told": told})]
    stories = await tell(connection, policy, file, changed, at=at, actor=actor, traceparent=traceparent)
    story = next(one for one in stories if isinstance(one.outgoing.event, CasePromiseBroken))
    await urgent.notify(connection, lambda _: policy.book, record.notifications(story, told, file.case.id, _BROKEN))
    await signal.of_cases(connection, [_for_hub(policy, file, promise)], at)


def _for_hub(policy: Policy, file: cases.File, promise: Promise) -> signal.Noticed:
    """The hub hears of it, whose scenarios may make an incident of that."""
    assert promise.due_at is not None, "only what had a time can be broken"
    local = promise.due_at.astimezone(policy.calendar.zone)
    why = f"a promise that was due on {local:%Y-%m-%d at %H:%M} was not kept"
    return signal.of_promise(policy, file.case, promise.id, why)


def _people_and_leads(policy: Policy, file: cases.File) -> list[str]:
    return and_leads(policy, _people(policy, file))


def _people(policy: Policy, file: cases.File) -> list[str]:
    return people_of(policy, file.case.department, file.case.owner)


# --- its clock ----------------------------------------------------------------------------------------------------------------------------


async def went_off(connection: db.Connection, policy: Policy, timers: Sequence[Timer], now: datetime) -> None:
    """Part of each promise's time has passed, or all of it. Nobody waits for a customer who waits for us: the case is ours again by that."""
    known, files = await _locked(connection, policy, [found.subject for found in timers])
    together: dict[UUID, dict[UUID, Promise]] = {}
    for one in known.values():
        together.setdefault(files[one.case_id].case.id, {})[one.id] = one
    stories: dict[UUID, list[store.Story]] = {}
    rows: list[urgent.Row] = []
    broken: list[Promise] = []
    for found in timers:
        promise = known.get(found.subject)
        if promise is None or promise.state != "open" or promise.due_at is None or (found.name == _DUE) is not (promise.due_at <= now):
            continue
        file = files[promise.case_id]
        file.book_version = policy.version
        told = stories.setdefault(file.case.id, [])
        told += _back(policy, file, now, _WHY)
        if found.name == _DUE:
            promise = known[promise.id] = together[file.case.id][promise.id] = promises.broken(promise)
            broken.append(promise)
            people = _people_and_leads(policy, file)
            file.change(**promises.owed(together[file.case.id].values()))
            story = record.story(
                file, CasePromiseBroken, at=now, actor="system", traceparent=None, promise=promise.told(file.case), told=people
            )
            told.append(story)
            rows += record.notifications(story, people, file.case.id, _BROKEN)
        else:
            rows += _reminders(policy, file, promise, found.name, now)
        told += record.breaches(file, at=now, actor="system", traceparent=None)
    await promise_store.put(connection, broken)
    await record.record_all(connection, [(policy, files[case_id], told) for case_id, told in sorted(stories.items()) if told])
    await urgent.notify(connection, lambda _: policy.book, rows)
    await signal.of_cases(connection, [_for_hub(policy, files[promise.case_id], promise) for promise in broken], now)


async def _locked(connection: db.Connection, policy: Policy, ids: Sequence[UUID]) -> tuple[dict[UUID, Promise], dict[UUID, cases.File]]:
    """These promises with all others of their cases, and those cases by the promises' own `case_id`, locked. Raises `db.Raced` when a promise went to
    another case this very moment."""
    brand = policy.book.brand
    seen = {promise.id: promise for promise in await promise_store.some(connection, brand, ids)}

    async def again(case_ids: Collection[UUID]) -> dict[UUID, Promise]:
        return {promise.id: promise for promise in await promise_store.of_cases(connection, sorted(case_ids), [])}

    known, files = await of_case.together(connection, brand, seen, again, "promise")
    return dict(known), files


def _reminders(policy: Policy, file: cases.File, promise: Promise, share: str, now: datetime) -> list[urgent.Row]:
    """Nothing has happened to the case: this is told to whom it concerns, and stands in no timeline."""
    what = f"promise at {share}"
    return [
        (deterministic_id(promise.brand, "notification", str(promise.id), what, member), promise.brand, member, file.case.id, now, what)
        for member in _people(policy, file)
    ]


def _back(policy: Policy, file: cases.File, now: datetime, why: str) -> list[store.Story]:
    if not turn.for_customer(file.case):
        return []
    waited_for = waiting.over(policy, file, now)
    return [record.story(file, CaseResumed, at=now, actor="system", traceparent=None, waited_for=waited_for, why=why)]
