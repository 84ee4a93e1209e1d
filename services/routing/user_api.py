"""Users over HTTP: people who log in by password, made, changed and ended by an administrator of the brands that they reach."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http, idempotency
from libs.common.auth import Principal, Role, allow
from libs.common.bookvalues import Id
from libs.common.conditions import Condition, Match
from libs.common.errors import Conflict, NotFound
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import access, passwords, user_store
from services.routing.client_api import Brands
from services.routing.passwords import Hasher

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/brands/{brand}/users", tags=["users"], route_class=Route)
Admin = Annotated[Principal, Depends(allow("admin"))]
Password = Annotated[str, Field(max_length=4000, description="At least 12 characters, at most 1000 bytes")]


class NewUser(http.Body):
    id: Id = Field(description="The team member's id, as the brand book has it")
    role: Role
    brands: Brands = Field(default=[])
    password: Password


class ChangedUser(http.Body):
    role: Role
    brands: Brands = Field(default=[], description="All that they reach, beside the path's brand")


class PasswordBody(http.Body):
    password: Password


class User(BaseModel):
    """A user. `reaches_more`: they also reach brands that the asker does not."""

    id: str
    role: Role
    brands: list[str]
    reaches_more: bool
    disabled: bool
    created_at: datetime
    created_by: str
    version: int = Field(description="Its ETag too, as far as the dot")
    changed_at: datetime
    changed_by: str
    password_changed_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Somebody to be: what was asked, the brands that were granted, and the password's hash."""

    asked: NewUser
    brands: list[str]
    password: str


async def _prepared(brand: str, body: NewUser, request: Request, principal: Admin) -> Prepared:
    brands = access.granted(principal, brand, body.brands)
    return Prepared(body, brands, await _hashed(request, body.password, body.id))


async def _hash(user_id: str, body: PasswordBody, request: Request, principal: Admin) -> str:
    return await _hashed(request, body.password, user_id)


async def _hashed(request: Request, password: str, user_id: str) -> str:
    passwords.acceptable(password, user_id)
    hasher: Hasher = request.app.state.hasher
    return await hasher.hash(password)


ToBe = Annotated[Prepared, Depends(_prepared)]
Hash = Annotated[str, Depends(_hash)]
"""Both stand before `Writing` in a route: hashing queues, and must not keep a connection from others."""

_once: Callable[..., Any] = partial(idempotency.once, secret=frozenset({"password"}))


@router.post("", status_code=201)
@_once
async def make_user(brand: str, request: Request, response: Response, principal: Admin, to_be: ToBe, writing: Writing) -> User:
    """Somebody who may log in with a password. The id is unique over all brands; tokens carry it as their subject."""
    asked = to_be.asked
    if not await user_store.add(writing, asked.id, to_be.brands, asked.role, to_be.password, datetime.now(UTC), principal.subject):
        raise Conflict(f"There is a user {asked.id!r} already. Ids are unique over all brands, capitals or not.")
    log.info("a user was made", extra={"by": principal.subject})
    return await _told(response, writing, brand, asked.id, principal)


@router.get("")
async def list_users(
    brand: str, principal: Admin, reading: Reading, cursor: Cursor = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Page[User]:
    """The users who reach this brand."""
    after = http.read_cursor(cursor, [str])
    rows = await user_store.page(reading, brand, after[0] if after else "", limit + 1)
    items = [_shown(principal, row) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].id) if len(rows) > limit else None)


@router.get("/{user_id}")
async def one_user(brand: str, user_id: str, response: Response, principal: Admin, reading: Reading) -> User:
    """A user, and when they last logged in."""
    return await _told(response, reading, brand, user_id, principal)


@router.put("/{user_id}")
async def change_user(
    brand: str, user_id: str, body: ChangedUser, response: Response, principal: Admin, match: Match, writing: Writing
) -> User:
    """Another role, or other brands. It holds from their next access token on, within the hour."""
    await _at_hand(writing, brand, user_id, principal, match)
    brands = access.granted(principal, brand, body.brands)
    await user_store.change(writing, user_id, body.role, brands, datetime.now(UTC), principal.subject)
    log.info("a user was changed", extra={"by": principal.subject})
    return await _told(response, writing, brand, user_id, principal)


@router.put("/{user_id}/password", status_code=204)
async def set_password(brand: str, user_id: str, response: Response, principal: Admin, match: Match, kept: Hash, writing: Writing) -> None:
    """Another password, for somebody who has lost theirs. Whoever is logged in as them has to log in again."""
    await _at_hand(writing, brand, user_id, principal, match)
    await user_store.set_password(writing, user_id, kept, datetime.now(UTC), principal.subject)
    log.info("a user's password was set", extra={"by": principal.subject})
    await _told(response, writing, brand, user_id, principal)


@router.post("/{user_id}/disable")
async def disable_user(brand: str, user_id: str, response: Response, principal: Admin, match: Match, writing: Writing) -> User:
    """No log-in and no refresh from now on. The access token that they have holds until it expires, an hour at most."""
    await _at_hand(writing, brand, user_id, principal, match)
    await user_store.set_disabled(writing, user_id, True, datetime.now(UTC), principal.subject)
    log.info("a user was disabled", extra={"by": principal.subject})
    return await _told(response, writing, brand, user_id, principal)


@router.post("/{user_id}/enable")
async def enable_user(brand: str, user_id: str, response: Response, principal: Admin, match: Match, writing: Writing) -> User:
    """Let a disabled user log in again, with the password that they had."""
    await _at_hand(writing, brand, user_id, principal, match)
    await user_store.set_disabled(writing, user_id, False, datetime.now(UTC), principal.subject)
    log.info("a user was enabled", extra={"by": principal.subject})
    return await _told(response, writing, brand, user_id, principal)


@router.delete("/{user_id}", status_code=204)
async def remove_user(brand: str, user_id: str, principal: Admin, match: Match, writing: Writing) -> None:
    """Remove a user; what they wrote stays. The access token that they have holds until it expires, an hour at most."""
    await _at_hand(writing, brand, user_id, principal, match)
    await user_store.remove(writing, user_id)
    log.info("a user was removed", extra={"by": principal.subject})


async def _found(connection: Reading, brand: str, user_id: str, *, lock: bool = False) -> asyncpg.Record:
    row = await user_store.one(connection, brand, user_id, lock=lock)
    if row is None:
        raise NotFound("There is no such user in this brand.")
    return row


async def _at_hand(writing: Writing, brand: str, user_id: str, principal: Principal, match: Condition) -> None:
    """Locks the user. Raises unless they are as the caller has read them, and the caller's to change."""
    row = await _found(writing, brand, user_id, lock=True)
    access.may_change(principal, row["brands"], "This user")
    access.as_read(match, dict(row), "The user")


async def _told(response: Response, connection: Reading, brand: str, user_id: str, principal: Principal) -> User:
    found = _shown(principal, await _found(connection, brand, user_id))
    conditions.mark(response, found.version, access.marked_by(found.last_login_at))
    return found


def _shown(principal: Principal, row: asyncpg.Record) -> User:
    brands, more = access.shown(principal, row["brands"])
    said = dict(row) | {"brands": brands, "reaches_more": more}
    return User(**{name: said[name] for name in User.model_fields})
