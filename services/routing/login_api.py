"""People who log in by name and password: an access token for an hour out, and a refresh token that gets the next one, once.

Who does not exist, is disabled or has the password wrong hears the same, after the same work. `services/routing/throttle.py` bounds how often.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import asyncpg
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from libs.common import db, http
from libs.common.errors import LoginRefused, TooManyRequests
from libs.common.ratelimit import of_address
from libs.common.routes import Route
from libs.common.service import of
from services.routing import access, passwords, throttle, user_store
from services.routing.passwords import Hasher
from services.routing.signer import needed

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", tags=["tokens"], route_class=Route, dependencies=[Depends(of_address)])

ACCESS, REFRESH, LOGIN = timedelta(hours=1), timedelta(days=7), timedelta(days=30)
"""How long an access token holds, a refresh token that nobody uses, and a log-in at the most."""


_REFUSES: dict[int | str, dict[str, Any]] = {
    401: {"description": "What was sent does not hold"},
    404: {"description": "This installation makes no tokens itself"},
}


class Credentials(http.Body):
    user: str = Field(max_length=100)
    password: str = Field(max_length=4000)


class NewPassword(Credentials):
    new_password: str = Field(max_length=4000)


class Refresh(http.Body):
    refresh_token: str = Field(max_length=200)


class LoggedIn(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds that the access token holds")
    refresh_token: str = Field(description="For one use: the answer to it holds the next one")
    refresh_expires_in: int


@router.post("/login", responses=_REFUSES)
async def login(body: Credentials, request: Request, response: Response) -> LoggedIn:
    """Log in with a user's id and password. 401 whatever of it is wrong; 429 with Retry-After after too many that were."""
    row, now = await _proven(body, request), datetime.now(UTC)
    login_id, expires_at = uuid4(), now + LOGIN
    async with of(request).pool.acquire(timeout=5) as connection, connection.transaction():
        if not await user_store.logged_in(connection, row["id"], row["password"], login_id, now, expires_at):
            raise _refused()
        refresh_token = await _refresh_token(connection, login_id, now, expires_at)
    return _answer(request, response, row, refresh_token, now, expires_at)


@router.post("/login/refresh", responses=_REFUSES)
async def refresh(body: Refresh, request: Request, response: Response) -> LoggedIn:
    """The next access token, with the role and brands that the user has by now. A refresh token that is used twice ends its log-in."""
    needed(request.app.state.signer)
    now = datetime.now(UTC)
    # Its own transaction, which also commits the end of a log-in that the answer then refuses.
    async with of(request).pool.acquire(timeout=5) as connection, connection.transaction():
        standing, row = await user_store.use_refresh(connection, access.digest(body.refresh_token), now)
        refresh_token = await _refresh_token(connection, row["login_id"], now, row["login_expires_at"]) if row else ""
    if row is None:
        if standing == "reused":
            log.warning("a refresh token was used twice: its log-in has ended")
        raise LoginRefused("The refresh token does not hold (any more). Log in again.")
    return _answer(request, response, row, refresh_token, now, row["login_expires_at"])


@router.post("/login/password", status_code=204, responses=_REFUSES)
async def change_password(body: NewPassword, request: Request) -> None:
    """Choose another password, knowing the present one. Everywhere else one has to log in again."""
    row = await _proven(body, request)
    passwords.acceptable(body.new_password, row["id"])
    hasher: Hasher = request.app.state.hasher
    kept = await hasher.hash(body.new_password)
    async with of(request).pool.acquire(timeout=5) as connection, connection.transaction():
        if not await user_store.set_password(connection, row["id"], kept, datetime.now(UTC), row["id"], proven=row["password"]):
            raise _refused()


@router.post("/logout", status_code=204)
async def log_out(body: Refresh, request: Request) -> None:
    """End a log-in: its refresh token gets nothing any more. The access token holds until it expires."""
    async with of(request).pool.acquire(timeout=5) as connection, connection.transaction():
        await user_store.log_out(connection, access.digest(body.refresh_token))


def _refused() -> LoginRefused:
    return LoginRefused("The user or the password is wrong, or the user is disabled.")


async def _proven(body: Credentials, request: Request) -> asyncpg.Record:
    """The user whose password that is. No connection is held while it is hashed. Raises `TooManyRequests` or `LoginRefused`."""
    needed(request.app.state.signer)
    hasher: Hasher = request.app.state.hasher
    host, now = request.client.host if request.client else "", datetime.now(UTC)
    with hasher.place():  # before the attempt is counted: whoever finds the queue full has not tried
        async with of(request).pool.acquire(timeout=5) as connection:
            async with connection.transaction():
                wait_s = await throttle.attempt(connection, body.user, host, now)
            row = None if wait_s else await user_store.by_name(connection, body.user)
        if wait_s:
            raise TooManyRequests("Too many attempts to log in have failed. Wait as long as Retry-After says.", retry_after_s=wait_s)
        stands = False
        while not stands:  # again when it was hashed anew, or set, meanwhile: what counts is the one that there is now
            fits, anew = await hasher.verify(row["password"] if row else None, body.password)
            if row is None or not fits or row["disabled"]:
                raise _refused()
            async with of(request).pool.acquire(timeout=5) as connection, connection.transaction():
                stands = anew is None or await user_store.hash_anew(connection, row["id"], row["password"], anew)
                if stands:
                    await throttle.succeeded(connection, body.user, host, datetime.now(UTC))
                if anew:
                    row = await user_store.by_name(connection, row["id"])
    if row is None:
        raise _refused()
    return row


async def _refresh_token(connection: db.Connection, login_id: UUID, now: datetime, login_expires_at: datetime) -> str:
    made = access.new_secret(access.REFRESH_PREFIX)
    await user_store.add_refresh(connection, access.digest(made), login_id, now, min(now + REFRESH, login_expires_at))
    return made


def _answer(
    request: Request, response: Response, user: asyncpg.Record, refresh_token: str, now: datetime, login_expires_at: datetime
) -> LoggedIn:
    response.headers.update({"cache-control": "no-store", "pragma": "no-cache"})
    claims = {"sub": user["id"], "role": user["role"], "brands": list(user["brands"])}
    return LoggedIn(
        access_token=needed(request.app.state.signer).token(claims, now, ACCESS),
        expires_in=int(ACCESS.total_seconds()),
        refresh_token=refresh_token,
        refresh_expires_in=int((min(now + REFRESH, login_expires_at) - now).total_seconds()),
    )
