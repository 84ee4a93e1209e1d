"""The token endpoint for machine clients (RFC 6749, 4.4): their credentials in, an access token for a quarter of an hour out.

It speaks OAuth's own language, for the libraries that ask it: a form in, `error` and `error_description` out (5.2), nothing that a cache may keep.
"""

import base64
import binascii
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from libs.common import problems
from libs.common.errors import TooManyRequests, WeerklankError
from libs.common.ratelimit import of_address
from libs.common.routes import Route
from libs.common.service import of
from services.routing import access, client_store
from services.routing.signer import Signer

LIFETIME = timedelta(minutes=15)
MAX_FORM_BYTES = 8 * 1024
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


class Token(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int


class OAuthProblem(BaseModel):
    error: Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"]
    error_description: str


class _Refused(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def _answer(error: _Refused) -> Response:
    said = {"error": error.error, "error_description": error.description}
    if error.error != "invalid_client":
        return problems.answer(said, 400, _NO_STORE)
    return problems.answer(said, 401, _NO_STORE | {"www-authenticate": 'Basic realm="weerklank"'})


class OAuthRoute(Route):
    """As strict as every route (another content type, a query), and says so in OAuth's words. What is no fault of the request stays a problem."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handling(request: Request) -> Response:
            try:
                return await handle(request)
            except TooManyRequests:
                raise
            except WeerklankError as error:
                if error.status >= 500:
                    raise
                return _answer(_Refused("invalid_request", error.detail))

        return handling


router = APIRouter(prefix="/v1/oauth", tags=["tokens"], route_class=OAuthRoute, dependencies=[Depends(of_address)])

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "const": "client_credentials"},
                        "client_id": {"type": "string", "description": "Unless both are sent by HTTP Basic, which is better"},
                        "client_secret": {"type": "string"},
                    },
                }
            }
        },
    }
}


@router.post(
    "/token",
    openapi_extra=_FORM,
    responses={
        400: {"model": OAuthProblem, "description": "The request is not one that this endpoint answers"},
        401: {"model": OAuthProblem, "description": "The client is unknown, or its secret does not hold"},
    },
)
async def token(request: Request) -> Token:
    """An access token for a machine client (grant type `client_credentials`; the client says who it is by HTTP Basic, or in the form)."""
    try:
        made = await _token(request)
    except _Refused as error:
        return _answer(error)  # type: ignore[return-value]
    answer: Response = problems.answer(made.model_dump(), 200, _NO_STORE)
    return answer  # type: ignore[return-value]


async def _token(request: Request) -> Token:
    form = _form(await request.body())
    signer: Signer | None = request.app.state.signer
    if form.get("grant_type") != "client_credentials":
        raise _Refused("unsupported_grant_type", "The grant type must be client_credentials. People log in at /v1/login.")
    if signer is None:
        raise _Refused("unsupported_grant_type", Signer.NONE)
    client_id, secret = _credentials(request.headers.getlist("authorization"), form)
    if form.get("scope"):
        raise _Refused("invalid_scope", "There are no scopes here: a client's role and brands say what its token opens. Leave `scope` out.")
    now = datetime.now(UTC)
    async with of(request).pool.acquire(timeout=5) as connection, connection.transaction():
        found = await client_store.credentials(connection, client_id, now)
        if not access.any_matches(secret, found["digests"] if found else ()) or found is None:
            raise _Refused("invalid_client", "There is no such client, or its secret is wrong, revoked or expired.")
        await client_store.used(connection, client_id, now)
    claims = {"sub": client_id, "client_id": client_id, "role": found["role"], "brands": found["brands"]}
    return Token(access_token=signer.token(claims, now, LIFETIME), expires_in=int(LIFETIME.total_seconds()))


def _form(body: bytes) -> dict[str, str]:
    if len(body) > MAX_FORM_BYTES:
        raise _Refused("invalid_request", f"The form is larger than {MAX_FORM_BYTES} bytes.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise _Refused("invalid_request", "The form cannot be read.") from error
    if len(dict(pairs)) != len(pairs):
        raise _Refused("invalid_request", "A parameter is there twice.")
    if "grant_type" not in dict(pairs):
        raise _Refused("invalid_request", "The parameter grant_type is missing.")
    return dict(pairs)


def _credentials(headers: list[str], form: dict[str, str]) -> tuple[str, str]:
    """(Client id, secret) by HTTP Basic or from the form, never from both."""
    if not headers:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    else:
        scheme, _, encoded = headers[0].partition(" ")
        if len(headers) > 1 or "client_secret" in form:
            raise _Refused("invalid_request", "The client says in two ways who it is. Use one.")
        try:
            if scheme.lower() != "basic":
                raise ValueError(scheme)
            client_id, _, secret = (unquote_plus(part) for part in base64.b64decode(encoded, validate=True).decode().partition(":"))
        except (ValueError, binascii.Error) as error:
            raise _Refused("invalid_client", "The Authorization header is not HTTP Basic with a client's id and secret.") from error
        if form.get("client_id", client_id) != client_id:
            raise _Refused("invalid_request", "The form names another client than the Authorization header.")
    if not client_id.startswith(access.CLIENT_PREFIX) or "\x00" in client_id or not secret:
        raise _Refused("invalid_client", "Say who you are: client_id and client_secret, by HTTP Basic or in the form.")
    return client_id, secret
