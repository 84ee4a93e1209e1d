"""Users over HTTP: people who log in by password, made, changed and ended by an administrator of the brands that they reach."""

import logging
from datetime import UTC, datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from libs.common import http
from libs.common.auth import Principal, Role, allow
from libs.common.bookvalues import Id
from libs.common.errors import Conflict, NotFound
from libs.common.http import Page
from libs.common.service import Reading, Writing, of
from services.routing import access, passwords, user_store
from services.routing.client_api import Brands
from services.routing.passwords import Hasher

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1/brands/{brand}/users", tags=["users"])
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
    password_changed_at: datetime
    last_login_at: datetime | None


@router.post("", status_code=201)
async def make(brand: str, body: NewUser, request: Request, principal: Admin) -> User:
    """Somebody who may log in with a password. The id is unique over all brands; tokens carry it as their subject."""
    brands = access.granted(principal, brand, body.brands)
    kept = await _hashed(request, body.password, body.id)
    async with of(request).pool.acquire(timeout=5) as writing, writing.transaction():
        if not await user_store.add(writing, body.id, brands, body.role, kept, datetime.now(UTC), principal.subject):
            raise Conflict(f"There is a user {body.id!r} already. Ids are unique over all brands, capitals or not.")
        made = await _found(writing, brand, body.id)
    log.info("a user was made", extra={"by": principal.subject})
    return _shown(principal, made)


@router.get("")
async def users(
    brand: str, principal: Admin, reading: Reading, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Page[User]:
    """The users who reach this brand."""
    after = http.read_cursor(cursor, [str])
    rows = await user_store.page(reading, brand, after[0] if after else "", limit + 1)
    items = [_shown(principal, row) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].id) if len(rows) > limit else None)


@router.get("/{user_id}")
async def user(brand: str, user_id: str, principal: Admin, reading: Reading) -> User:
    """A user, and when they last logged in."""
    return _shown(principal, await _found(reading, brand, user_id))


@router.put("/{user_id}")
async def change(brand: str, user_id: str, body: ChangedUser, principal: Admin, writing: Writing) -> User:
    """Another role, or other brands. It holds from their next access token on, within the hour."""
    await _changeable(writing, brand, user_id, principal)
    await user_store.change(writing, user_id, body.role, access.granted(principal, brand, body.brands))
    log.info("a user was changed", extra={"by": principal.subject})
    return _shown(principal, await _found(writing, brand, user_id))


@router.put("/{user_id}/password", status_code=204)
async def set_password(brand: str, user_id: str, body: PasswordBody, request: Request, principal: Admin) -> None:
    """Another password, for somebody who has lost theirs. Whoever is logged in as them has to log in again."""
    kept = await _hashed(request, body.password, user_id)
    async with of(request).pool.acquire(timeout=5) as writing, writing.transaction():
        await _changeable(writing, brand, user_id, principal)
        await user_store.set_password(writing, user_id, kept, datetime.now(UTC))
    log.info("a user's password was set", extra={"by": principal.subject})


@router.post("/{user_id}/disable")
async def disable(brand: str, user_id: str, principal: Admin, writing: Writing) -> User:
    """No log-in and no refresh from now on. The access token that they have holds until it expires, an hour at most."""
    await _changeable(writing, brand, user_id, principal)
    await user_store.set_disabled(writing, user_id, True)
    log.info("a user was disabled", extra={"by": principal.subject})
    return _shown(principal, await _found(writing, brand, user_id))


@router.post("/{user_id}/enable")
async def enable(brand: str, user_id: str, principal: Admin, writing: Writing) -> User:
    """Let a disabled user log in again, with the password that they had."""
    await _changeable(writing, brand, user_id, principal)
    await user_store.set_disabled(writing, user_id, False)
    log.info("a user was enabled", extra={"by": principal.subject})
    return _shown(principal, await _found(writing, brand, user_id))


@router.delete("/{user_id}", status_code=204)
async def remove(brand: str, user_id: str, principal: Admin, writing: Writing) -> None:
    """Remove a user; what they wrote stays. The access token that they have holds until it expires, an hour at most."""
    await _changeable(writing, brand, user_id, principal)
    await user_store.remove(writing, user_id)
    log.info("a user was removed", extra={"by": principal.subject})


async def _hashed(request: Request, password: str, user_id: str) -> str:
    """Made before a connection is taken: hashing queues, and must not keep the database from others."""
    passwords.acceptable(password, user_id)
    hasher: Hasher = request.app.state.hasher
    return await hasher.hash(password)


async def _found(connection: Reading, brand: str, user_id: str, *, lock: bool = False) -> asyncpg.Record:
    row = await user_store.one(connection, brand, user_id, lock=lock)
    if row is None:
        raise NotFound("There is no such user in this brand.")
    return row


async def _changeable(writing: Writing, brand: str, user_id: str, principal: Principal) -> asyncpg.Record:
    row = await _found(writing, brand, user_id, lock=True)
    access.may_change(principal, row["brands"], "This user")
    return row


def _shown(principal: Principal, row: asyncpg.Record) -> User:
    brands, more = access.shown(principal, row["brands"])
    said = dict(row) | {"brands": brands, "reaches_more": more}
    return User(**{name: said[name] for name in User.model_fields})
