"""Machine clients over HTTP: made, shown, rotated and ended by an administrator of the brands that they reach."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import asyncpg
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency
from libs.common.auth import Principal, Role, allow
from libs.common.bookvalues import Slug
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, NotFound
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import access, client_store

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/brands/{brand}/clients", tags=["machine clients"], route_class=Route)
Admin = Annotated[Principal, Depends(allow("admin"))]

MAX_SECRETS = 5
Days = Annotated[int, Field(ge=1, le=365, description="The secret holds for so many days")]
Brands = Annotated[list[Slug | Literal["*"]], Field(max_length=100, description="Beside the path's brand; `*` makes an operator")]


class NewClient(http.Body):
    name: str = Field(min_length=1, max_length=100, pattern=http.ONE_LINE, description="For people: what it is, and whose")
    role: Role
    brands: Brands = Field(default=[])
    expires_in_days: Days = 90


class Rotation(http.Body):
    expires_in_days: Days = 90
    overlap_hours: float = Field(
        default=24, ge=0, le=24 * 30, description="The secrets until now end after so long, or when they would have"
    )


class Secret(BaseModel):
    id: UUID
    created_at: datetime
    created_by: str
    expires_at: datetime


class Client(BaseModel):
    """A machine client, without its secrets' values. `reaches_more`: it also reaches brands that the asker does not."""

    id: str
    name: str
    role: Role
    brands: list[str]
    reaches_more: bool
    created_at: datetime
    created_by: str
    version: int = Field(description="Its ETag too, as far as the dot")
    changed_at: datetime
    changed_by: str
    last_used_at: datetime | None = Field(description="When it last got a token, to the minute")
    secrets: list[Secret]


class WithSecret(Client):
    """The only answer that ever holds a secret's value."""

    client_secret: str


_told_once: Callable[..., Any] = partial(idempotency.once, told_once=True)


@router.post("", status_code=201)
@_told_once
async def make_client(brand: str, body: NewClient, request: Request, response: Response, principal: Admin, writing: Writing) -> WithSecret:
    """A client of its own for a program, with its first secret, which is shown now and never again."""
    brands, role = access.granted(principal, brand, body.brands), access.machine_role(body.role)
    client_id, now = access.new_client_id(), datetime.now(UTC)
    await client_store.add(writing, client_id, brands, body.name, role, now, principal.subject)
    secret = await _secret(writing, client_id, now, principal, body.expires_in_days)
    log.info("a machine client was made", extra={"client": client_id, "by": principal.subject})
    return await _with_secret(writing, principal, brand, client_id, secret, response)


@router.get("")
async def list_clients(
    brand: str, principal: Admin, reading: Reading, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Page[Client]:
    """The clients that reach this brand."""
    after = http.read_cursor(cursor, [str])
    rows = await client_store.page(reading, brand, after[0] if after else "", limit + 1)
    items = await _shown(reading, principal, rows[:limit])
    return Page(items=items, next=http.cursor_of(items[-1].id) if len(rows) > limit else None)


@router.get("/{client_id}")
async def one_client(brand: str, client_id: str, response: Response, principal: Admin, reading: Reading) -> Client:
    """A client, its secrets' dates, and when it was last used."""
    [found] = await _shown(reading, principal, [await _found(reading, brand, client_id)])
    _mark(response, found)
    return found


@router.post("/{client_id}/secrets", status_code=201)
@_told_once
async def rotate_secret(
    brand: str,
    client_id: str,
    body: Rotation,
    request: Request,
    response: Response,
    principal: Admin,
    match: Match,
    writing: Writing,
) -> WithSecret:
    """Another secret. Those until now work on for the overlap, so that the program can be given the new one without a gap."""
    row = await _at_hand(writing, brand, client_id, principal, match)
    now = datetime.now(UTC)
    live = [secret for secret in await client_store.secrets_of(writing, [row["id"]]) if secret["expires_at"] > now]
    if len(live) >= MAX_SECRETS:
        raise Conflict(f"The client has {len(live)} secrets that work already. Revoke one first.")
    await client_store.end_secrets(writing, client_id, now + timedelta(hours=body.overlap_hours))
    secret = await _secret(writing, client_id, now, principal, body.expires_in_days)
    await client_store.changed(writing, client_id, "secret rotated", now, principal.subject)
    log.info("a machine client's secret was rotated", extra={"client": client_id, "by": principal.subject})
    return await _with_secret(writing, principal, brand, client_id, secret, response)


@router.delete("/{client_id}/secrets/{secret_id}", status_code=204)
async def revoke_secret(
    brand: str, client_id: str, secret_id: UUID, response: Response, principal: Admin, match: Match, writing: Writing
) -> None:
    """End a secret now. Tokens that it got hold until they expire, a quarter of an hour at most."""
    await _at_hand(writing, brand, client_id, principal, match)
    if not await client_store.remove_secret(writing, client_id, secret_id):
        raise NotFound("The client has no such secret.")
    await client_store.changed(writing, client_id, "secret revoked", datetime.now(UTC), principal.subject)
    log.info("a machine client's secret was revoked", extra={"client": client_id, "by": principal.subject})


@router.delete("/{client_id}", status_code=204)
async def remove_client(brand: str, client_id: str, principal: Admin, match: Match, writing: Writing) -> None:
    """End a client and all its secrets now. Tokens that it got hold until they expire, a quarter of an hour at most."""
    await _at_hand(writing, brand, client_id, principal, match)
    await client_store.remove(writing, client_id)
    log.info("a machine client was removed", extra={"client": client_id, "by": principal.subject})


async def _found(connection: Reading, brand: str, client_id: str, *, lock: bool = False) -> asyncpg.Record:
    row = await client_store.one(connection, brand, client_id, lock=lock)
    if row is None:
        raise NotFound("There is no such client in this brand.")
    return row


async def _at_hand(writing: Writing, brand: str, client_id: str, principal: Principal, match: Condition) -> asyncpg.Record:
    """The client, locked, as the caller has read it, if it is theirs to change."""
    row = await _found(writing, brand, client_id, lock=True)
    access.may_change(principal, row["brands"], "The client")
    access.as_read(match, dict(row), "The client")
    return row


async def _secret(writing: Writing, client_id: str, now: datetime, principal: Principal, days: int) -> str:
    secret = access.new_secret(access.SECRET_PREFIX)
    expires_at = now + timedelta(days=days)
    await client_store.add_secret(writing, client_id, uuid4(), access.digest(secret), now, principal.subject, expires_at)
    return secret


async def _with_secret(writing: Writing, principal: Principal, brand: str, client_id: str, secret: str, response: Response) -> WithSecret:
    [found] = await _shown(writing, principal, [await _found(writing, brand, client_id)])
    _mark(response, found)
    return WithSecret(**found.model_dump(), client_secret=secret)


def _mark(response: Response, found: Client) -> None:
    conditions.mark(response, found.version, access.marked_by(found.last_used_at))


async def _shown(connection: Reading, principal: Principal, rows: list[asyncpg.Record]) -> list[Client]:
    secrets: dict[str, list[Secret]] = {row["id"]: [] for row in rows}
    for secret in await client_store.secrets_of(connection, list(secrets)):
        secrets[secret["client_id"]].append(Secret(**{name: secret[name] for name in Secret.model_fields}))
    found = []
    for row in rows:
        brands, more = access.shown(principal, row["brands"])
        said = dict(row) | {"brands": brands, "reaches_more": more, "secrets": secrets[row["id"]]}
        found.append(Client(**{name: said[name] for name in Client.model_fields}))
    return found
