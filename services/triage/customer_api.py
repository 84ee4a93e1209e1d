"""Customers over HTTP: how they are known, what they wrote, and whom a person said to be the same one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from libs.common import conditions, db, http
from libs.common.auth import STAFF, Principal, allow
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.events import Identity, TriagedMention
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.triage import customer_store, store

router = APIRouter(prefix="/v1/brands/{brand}", tags=["customers"], route_class=Route)
Reader = Annotated[Principal, Depends(allow(*STAFF, "analyst"))]
Writer = Annotated[Principal, Depends(allow("agent", "lead", "spokesperson", "admin"))]


class Merge(BaseModel):
    """Somebody said that another customer is this one; `undone_at`: and that was taken back."""

    customer_id: UUID
    reason: str
    merged_by: str
    merged_at: datetime
    undone_by: str | None
    undone_at: datetime | None


class Customer(BaseModel):
    """A customer and the identities by which they are known. `version` is the ETag too: send that back with a merge."""

    id: UUID
    identities: list[Identity]
    merged_into: UUID | None = Field(default=None, description="Whom this customer is known as, since a person said so")
    merges: list[Merge] = Field(
        default=[], description="Whom a person said to be this one, the newest 100 first, those taken back included"
    )
    version: int = 1


class MergeBody(http.Body):
    other_id: UUID = Field(description="The customer who is this one, and is known as this one from then on")
    reason: str = Field(
        min_length=1, max_length=1000, pattern=http.ONE_LINE, description="How you know: it can be read and taken back later"
    )


class UnmergeBody(http.Body):
    other_id: UUID = Field(description="The customer who was merged into this one")


@router.get("/customers/{customer_id}")
async def customer(brand: str, customer_id: UUID, response: Response, principal: Reader, reading: Reading) -> Customer:
    """How a customer is known, and who was merged with them."""
    return await _out(reading, brand, customer_id, response)


@router.get("/customers/{customer_id}/mentions")
async def customer_mentions(
    brand: str,
    customer_id: UUID,
    principal: Reader,
    reading: Reading,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[TriagedMention]:
    """What a customer wrote, on every channel, the newest first. After a merge the other's mentions follow within seconds."""
    await _there(reading, brand, customer_id)
    after = http.read_cursor(cursor, [str, str])
    before = (http.moment(after[0]), http.uuid(after[1])) if after else None
    rows = await customer_store.history(reading, brand, customer_id, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    following = http.cursor_of(store.moment_of(last).isoformat(), str(last.triaged.mention.id)) if last else None
    return Page(items=[row.triaged for row in rows[:limit]], next=following)


@router.post("/customers/{customer_id}/merge", responses=CONFLICT)
async def merge(
    brand: str, customer_id: UUID, body: MergeBody, response: Response, principal: Writer, match: Match, writing: Writing
) -> Customer:
    """Say that another customer is this one. Identities are this one's from now on; whatever the other wrote is told again as this one's. Nothing is
    lost: unmerge restores it."""
    await _at_hand(writing, brand, customer_id, match)
    if body.other_id == customer_id:
        raise Unprocessable("other_id is the customer itself. Name another one.")
    await _there(writing, brand, body.other_id)
    held = await customer_store.holding(writing, brand)
    for one in (customer_id, body.other_id):
        if one in held:
            raise Conflict(f"The customer {one} is known as {held[one]} already. Merge that one, or take it back first.")
    await customer_store.merge(writing, brand, customer_id, body.other_id, body.reason, principal.subject)
    return await _out(writing, brand, customer_id, response)


@router.post("/customers/{customer_id}/unmerge", responses=CONFLICT)
async def unmerge(
    brand: str, customer_id: UUID, body: UnmergeBody, response: Response, principal: Writer, match: Match, writing: Writing
) -> Customer:
    """Take a merge back: the other has the identities that it had, and whatever came in as theirs. What came in since stays with this one."""
    await _at_hand(writing, brand, customer_id, match)
    if not await customer_store.unmerge(writing, brand, customer_id, body.other_id, principal.subject):
        raise Conflict("That customer is not merged into this one.")
    return await _out(writing, brand, customer_id, response)


async def _there(connection: db.Connection, brand: str, customer_id: UUID) -> None:
    if not await customer_store.exists(connection, brand, customer_id):
        raise NotFound("There is no such customer in this brand.")


async def _at_hand(writing: db.Connection, brand: str, customer_id: UUID, match: Condition) -> None:
    """The brand's customers are held, and this one is as the caller has read it."""
    await customer_store.hold(writing, brand)
    await _there(writing, brand, customer_id)
    version = await customer_store.version(writing, brand, customer_id)
    if not match.holds(version):
        merges = await customer_store.merges_into(writing, brand, customer_id)
        changes = [{"at": one.undone_at or one.merged_at, "what": "unmerged" if one.undone_at else "merged"} for one in reversed(merges)]
        raise conditions.stale("The customer", version, changes)


async def _out(connection: db.Connection, brand: str, customer_id: UUID, response: Response) -> Customer:
    await _there(connection, brand, customer_id)
    version = await customer_store.version(connection, brand, customer_id)
    conditions.mark(response, version)
    merges = await customer_store.merges_into(connection, brand, customer_id)
    return Customer(
        id=customer_id,
        identities=await store.identities_of(connection, brand, customer_id),
        merged_into=(await customer_store.holding(connection, brand)).get(customer_id),
        merges=[
            Merge(
                customer_id=one.loser,
                reason=one.reason,
                merged_by=one.merged_by,
                merged_at=one.merged_at,
                undone_by=one.undone_by,
                undone_at=one.undone_at,
            )
            for one in merges
        ],
        version=version,
    )
