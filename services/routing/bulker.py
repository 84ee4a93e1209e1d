"""Bulk actions at work: twice a second, what people asked to be done to many cases, and what they take back of it.

Rows of `bulk` come in; changed cases and their events leave, a chunk of cases with each transaction, which says of each of them what became of it. So
a process that is killed leaves whole chunks, any instance goes on with the rest, and nothing is done twice to one case. Cases are locked as the stream
locks them: messages by id, then cases by id.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from libs.common import db, outbox
from libs.common.case_events import CaseResolved, CaseTagged
from libs.common.errors import Conflict, WeerklankError
from libs.common.events import TriagedMention
from libs.common.service import Service
from services.routing import bulk, bulk_store, correction, correction_store, decide, feed, merge, record, store, tag, turn
from services.routing import case as cases
from services.routing.bulk import Action, Kept, Tells
from services.routing.bulk_store import Item
from services.routing.case import File
from services.routing.feed import Fed
from services.routing.policies import Policies
from services.routing.sla import Policy

log = logging.getLogger(__name__)
_CHUNK = 50
"""Cases of one transaction: few enough that neither the loop nor whoever waits for one of them is held up."""
_EVERY_S = 0.5
ACTION: TypeAdapter[Action] = TypeAdapter(Action)
_TAKEN_BACK = "The bulk action was taken back: so is the decision not to reply."


@dataclass(frozen=True, slots=True)
class Asked:
    """A bulk action, and by whom it is done or taken back now."""

    id: UUID
    brand: str
    action: Action
    reason: str
    actor: str
    undoing: bool


async def run(service: Service, policies: Policies) -> None:
    """Until cancelled. A passing fault of Postgres is waited out."""
    while True:
        try:
            while await tick(service.pool, policies):
                service.relay.poke()
        except db.TRANSIENT as error:
            log.warning("bulk actions wait", extra={"error": type(error).__name__})
        except Exception:
            log.exception("a bulk action failed: tried again")
        await asyncio.sleep(_EVERY_S)


async def tick(pool: db.Pool, policies: Policies) -> bool:
    """Do a chunk of the action that was asked for first; false when nothing is left to do.

    A chunk that fails for a reason that no waiting mends is done case by case, and the case that cannot be told is skipped: it keeps no other waiting.
    """
    try:
        return await _chunk(pool, policies, _CHUNK)
    except db.TRANSIENT:
        raise
    except Exception:
        log.exception("a chunk of a bulk action failed: done case by case")
    for _ in range(_CHUNK):
        try:
            if not await _chunk(pool, policies, 1):
                return False
        except db.TRANSIENT:
            raise
        except Exception as error:
            log.exception("a case of a bulk action failed: skipped")
            await _chunk(pool, policies, 1, failed=type(error).__name__)
    return True


async def _chunk(pool: db.Pool, policies: Policies, limit: int, *, failed: str | None = None) -> bool:
    async with pool.acquire() as connection, connection.transaction():
        row = await bulk_store.at_work(connection, [brand for brand, _ in policies.versions()])
        if row is None:
            return False
        undoing = row["state"] == "undoing"
        asked = Asked(
            row["id"],
            row["brand"],
            ACTION.validate_python(row["action"]),
            row["undo_reason"] if undoing else row["reason"],
            row["undo_by"] if undoing else row["actor"],
            undoing,
        )
        items = await bulk_store.next_items(connection, asked.brand, asked.id, "done" if undoing else "waiting", limit)
        if items:
            found = await _all(connection, policies.of(asked.brand), asked, items, failed)
            await bulk_store.became(connection, asked.brand, asked.id, found)
        now = await store.now(connection)
        if len(items) < limit:
            await bulk_store.finished(connection, asked.brand, asked.id, now, undone=undoing)
        done = row["undone"] + row["kept"] if undoing else row["done"] + row["skipped"]
        state = ("undone" if undoing else "done") if len(items) < limit else row["state"]
        await feed.add(connection, [Fed(asked.brand, "bulk", asked.id, {"state": state, "total": row["total"], "at": done + len(items)})])
    return True


async def _all(connection: db.Connection, policy: Policy, asked: Asked, items: Sequence[Item], failed: str | None) -> list[Item]:
    """What became of these cases. What is done to them is written; those that failed are left as they are."""
    ids = sorted({item.case_id for item in items})
    before = await store.some_files(connection, asked.brand, ids)
    latest = sorted({file.case.latest.id for file in before.values() if file.case.latest is not None})
    copies = await store.lock_mentions(connection, asked.brand, latest)
    files = await store.some_files(connection, asked.brand, ids, lock=True)
    mentions: dict[UUID, list[TriagedMention]] = {case_id: [] for case_id in ids}
    if isinstance(asked.action, bulk.End):
        for member in (await store.copies_of(connection, [(asked.brand, case_id) for case_id in files])).values():
            mentions[member.case_id].append(member.triaged)
    now = await store.now(connection)
    changed: dict[UUID, File] = {}
    stories: list[store.Story] = []
    found = []
    for item in items:
        file = files.get(item.case_id)
        try:
            if failed or file is None:
                raise Conflict(f"It could not be done ({failed})." if failed else "There is no such case in this brand.")
            if not asked.undoing and item.read_version is not None and item.read_version != file.version:
                raise Conflict(f"It has changed since it was read: it is at version {file.version}.")
            copy = copies.get(file.case.latest.id) if file.case.latest else None
            theirs = sorted(mentions[item.case_id], key=lambda m: cases.key_of(m.mention))
            became, told = await _one(connection, policy, asked, item, file, theirs, copy, now)
            changed[item.case_id] = file
            stories += told
            found.append(became)
        except WeerklankError as error:
            found.append(replace(item, state="kept" if asked.undoing else "skipped", why=error.detail))
    await store.update(connection, list(changed.values()), {id: record.next_firing(policy, file) for id, file in changed.items()})
    await store.tell_story(connection, stories)
    await outbox.add(connection, "routing", [story.outgoing for story in stories])
    await _count_tags(connection, asked.brand, stories)
    return found


async def _count_tags(connection: db.Connection, brand: str, stories: Sequence[store.Story]) -> None:
    """How many cases have a tag follows from what was told of each."""
    uses = Counter[str]()
    for story in stories:
        if isinstance(event := story.outgoing.event, CaseTagged):
            uses.update(event.added)
            uses.subtract(event.removed)
    await tag.count(connection, brand, {name: count for name, count in uses.items() if count})


async def _one(
    connection: db.Connection,
    policy: Policy,
    asked: Asked,
    item: Item,
    file: File,
    mentions: Sequence[TriagedMention],
    copy: store.Copy | None,
    now: datetime,
) -> tuple[Item, list[store.Story]]:
    """Raises before anything of this case has changed that is written."""
    action, late = asked.action, list[store.Story]()
    file.book_version = policy.version
    if asked.undoing:
        assert item.before is not None, "what was done to a case is kept with what it was"
        untouched = file.version == item.done_version
        tells = bulk.undo(policy, file, mentions, action, Kept.model_validate(item.before), item.did or {}, untouched=untouched)
        if isinstance(action, bulk.End) and action.do == "no_reply":
            await _answer_after_all(connection, policy, asked, file, mentions, copy)
        became = replace(item, state="undone", why=None)
    else:
        kept = bulk.keep(file)
        if isinstance(action, bulk.End) and action.do == "no_reply":
            tells, late = await _unanswered(connection, policy, asked, file, copy)
        else:
            tells = bulk.do(policy, file, mentions, action, asked.reason, now)
        became = replace(item, state="done", before=kept.model_dump(mode="json"), did=bulk.made(file, action, kept))
    said: dict[str, Any] = {**tells.said, "bulk_id": asked.id}
    if asked.undoing:
        said |= {name: f"Taken back: {asked.reason}" for name in ("why", "reason") if name in tells.kind.model_fields}
    told = record.story(file, tells.kind, at=now, actor=asked.actor, traceparent=None, **said)
    late += record.breaches(file, at=now, actor="system", traceparent=None)
    stories = sorted([told, *late], key=lambda story: story.outgoing.version)
    return replace(became, done_version=item.done_version if asked.undoing else file.version), stories


async def _unanswered(
    connection: db.Connection, policy: Policy, asked: Asked, file: File, copy: store.Copy | None
) -> tuple[Tells, list[store.Story]]:
    """As the route does it for one case: a decision about its newest message, and the case is over."""
    turn.may_go_unanswered(file)
    if copy is None or file.case.latest is None or copy.triaged.mention.id != file.case.latest.id or copy.triaged.removed:
        raise Conflict("A message has come in, or was taken back, this very moment.")
    said = await decide.corrected(connection, copy, "respond", ["no_reply"], asked.reason, actor=asked.actor, book_version=policy.version)
    turn.end(file, said.at)
    late = record.breaches(file, at=said.at, actor="system", traceparent=None)
    turn.left_unanswered(file, decide.chosen(said), said.at)
    merge.settled(file)
    return Tells(CaseResolved, {"reason": asked.reason, "no_reply": True}), late


async def _answer_after_all(
    connection: db.Connection, policy: Policy, asked: Asked, file: File, mentions: Sequence[TriagedMention], copy: store.Copy | None
) -> None:
    """The decision about the newest message goes with what it did to the case."""
    if copy is None or copy.triaged.removed:
        return
    proposed = await correction_store.first_proposed(connection, asked.brand, copy.triaged.mention.id, "respond")
    values = [correction.taken_back(proposed or [])]
    said = await decide.corrected(connection, copy, "respond", values, _TAKEN_BACK, actor=asked.actor, book_version=policy.version)
    findings = copy.triaged.findings.model_copy(update={"respond": decide.chosen(said)})
    chosen = [m.model_copy(update={"findings": findings}) if m.mention.id == copy.triaged.mention.id else m for m in mentions]
    file.case = cases.proposed(policy, file, chosen)
