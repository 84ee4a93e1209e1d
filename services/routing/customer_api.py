"""Customers over HTTP: the group of the brand book that one is in, where a person knows better than the book."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, telemetry
from libs.common.auth import STAFF, Principal, allow
from libs.common.case_events import CaseRevised, CaseTargetsChanged
from libs.common.conditions import Condition, Match
from libs.common.errors import NotFound, Unprocessable
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import case as cases
from services.routing import customer_group, customer_store, record, store, turn
from services.routing.api import policy_of
from services.routing.contact import Standing
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/brands/{brand}", tags=["customers"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Knows = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson", "admin"))]
MOST_CASES = 200
"""Open cases of one customer that get a group at once; any further one gets it with its next message."""


class GroupBody(http.Body):
    group: str | None = Field(description="Id of a group of the brand book; null: none of them, whatever the book says", max_length=63)
    reason: str | None = Field(default=None, max_length=1000)


class GroupOut(BaseModel):
    """`set_by` null: nobody has chosen, and the brand book decides for each case. The version is its ETag."""

    customer_id: UUID
    group: str | None
    set_by: str | None
    set_at: datetime | None
    reason: str | None
    version: int


@router.get("/customers/{customer_id}/group")
async def group_of_customer(brand: str, customer_id: UUID, response: Response, principal: Reader, reading: Reading) -> GroupOut:
    """What a person chose for this customer, if anybody did."""
    return _out(response, customer_id, await _known(reading, brand, customer_id))


@router.put("/customers/{customer_id}/group")
async def put_customer_in_group(
    brand: str,
    customer_id: UUID,
    body: GroupBody,
    request: Request,
    response: Response,
    principal: Knows,
    match: Match,
    writing: Writing,
) -> GroupOut:
    """Put a customer into a group, or into none. It holds for their open cases at once, and for every later one."""
    policy = policy_of(request, brand)
    if body.group is not None and not customer_group.known(policy.book, body.group):
        there = ", ".join(item.id for item in policy.book.customer_groups) or "none: its `customer_groups` are empty"
        raise Unprocessable(f"There is no customer group {body.group!r}; this brand has {there}.")
    await _as_read(writing, brand, customer_id, match)
    now = await store.now(writing)
    row = await customer_store.choose(writing, brand, customer_id, body.group, principal.subject, now, body.reason)
    await _tell_cases(writing, policy, customer_id, body.group, principal.subject, now)
    return _out(response, customer_id, row)


@router.delete("/customers/{customer_id}/group")
async def take_customer_out_of_group(
    brand: str, customer_id: UUID, request: Request, response: Response, principal: Knows, match: Match, writing: Writing
) -> GroupOut:
    """Take a person's choice back: the brand book decides again."""
    policy = policy_of(request, brand)
    await _as_read(writing, brand, customer_id, match)
    now = await store.now(writing)
    row = await customer_store.choose(writing, brand, customer_id, None, None, now, None)
    await _tell_cases(writing, policy, customer_id, None, None, now, actor=principal.subject)
    return _out(response, customer_id, row)


async def _known(connection: Reading, brand: str, customer_id: UUID) -> asyncpg.Record | None:
    """The customer's row; none where nobody has written about them yet. Raises `NotFound` for one that this brand does not have."""
    row = await customer_store.one(connection, brand, customer_id)
    if row is None and not await customer_store.has_cases(connection, brand, customer_id):
        raise NotFound("There is no such customer in this brand.")
    return row


async def _as_read(writing: Writing, brand: str, customer_id: UUID, match: Condition) -> None:
    """Lock the customer. Raises `PreconditionFailed` unless what was chosen is as the caller has read it."""
    await _known(writing, brand, customer_id)
    await customer_store.lock(writing, [(brand, customer_id)])
    row = await customer_store.one(writing, brand, customer_id)
    if row is not None and not match.holds(row["version"]):
        last = {
            "version": row["version"],
            "at": row["set_at"].isoformat() if row["set_at"] else None,
            "what": row["customer_group"],
            "actor": row["set_by"],
        }
        raise conditions.stale("The customer's group", row["version"], [last])


async def _tell_cases(
    writing: Writing, policy: Policy, customer_id: UUID, group: str | None, by: str | None, now: datetime, *, actor: str | None = None
) -> None:
    """The customer's open cases are decided anew with this group, as far as no person has decided them; each says so. Clocks follow the group's targets
    also where people work on the case."""
    brand, traceparent = policy.book.brand, telemetry.current_traceparent()
    files = await store.files(writing, await customer_store.open_cases(writing, brand, customer_id, MOST_CASES))
    copies = await store.copies_of(writing, [(brand, case_id) for case_id in files])
    for case_id in sorted(files):
        file = files[case_id]
        before = file.case
        mentions = [copy.triaged for copy in copies.values() if copy.case_id == case_id]
        if before.customer_id != customer_id or before.latest is None or not mentions:
            continue
        file.book_version = policy.version
        mentions.sort(key=lambda m: cases.key_of(m.mention))
        found = cases.computed(policy, file, mentions, None, now, Standing(before.contact, group, by))
        if found == before:
            continue
        file.case, file.version = found, file.version + 1
        told = record.story(
            file,
            CaseRevised,
            at=now,
            actor=actor or by or "system",
            traceparent=traceparent,
            mention_id=before.latest.id,
            why="customer_group",
        )
        stories = [told]
        if file.touched and (changes := turn.retargeted(policy, policy, file, mentions, now, was=before)):
            file.change()
            stories.append(record.story(file, CaseTargetsChanged, at=now, actor=told.actor, traceparent=traceparent, changes=changes))
        stories += record.breaches(file, at=now, actor="system", traceparent=traceparent)
        await record.record(writing, policy, file, stories)


def _out(response: Response, customer_id: UUID, row: asyncpg.Record | None) -> GroupOut:
    version = row["version"] if row else 0
    conditions.mark(response, version)
    chosen = row if row and row["set_by"] else None
    return GroupOut(
        customer_id=customer_id,
        group=chosen["customer_group"] if chosen else None,
        set_by=chosen["set_by"] if chosen else None,
        set_at=chosen["set_at"] if chosen else None,
        reason=chosen["reason"] if chosen else None,
        version=version,
    )
