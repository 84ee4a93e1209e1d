"""Log in to the desk at the operator's OIDC provider: the authorization code flow with PKCE (RFC 6749, 4.1; RFC 7636; RFC 9700).

A person comes in without a log-in and leaves with one. The provider is the issuer of the settings and nobody else: its addresses are those that its
discovery document names. Of its answer only the access token is used, and it is checked as if the person had sent it to the API.
"""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import orjson
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from libs.common.errors import BadRequest, NotFound, Unauthenticated, Unavailable, WeerklankError
from libs.common.keys import FETCH_S, MAX_DOCUMENT_BYTES, Unreadable, fetch, is_loopback, is_safe
from libs.common.service import Writing, of
from services.responder.desk_api import admitted, remember
from services.responder.desk_page import page
from services.responder.desk_route import AnyQuery, base_of, is_secure, visit_of
from services.responder.settings import Settings

router = APIRouter(prefix="/desk", route_class=AnyQuery, include_in_schema=False)

BEGUN = "weerklank_desk_oidc"
"""The cookie of a log-in that has begun: sent along when the provider sends somebody back, which another site's link does not see."""
BEGUN_S = 600
_KNOWN_S = 300.0
_known: dict[str, tuple[float, dict[str, str]]] = {}


@router.get("/oidc")
async def begin(request: Request) -> Response:
    """To the provider, which sends them back to `/desk/oidc/back`."""
    settings = _settings(request)
    endpoints = await _endpoints(settings.oidc_issuer)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": settings.desk_oidc_client_id,
        "redirect_uri": _back(settings),
        "scope": settings.desk_oidc_scope,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    where = endpoints["authorization_endpoint"]
    answer = RedirectResponse(f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}", 303)
    place = f"{base_of(request)}/desk/oidc"
    answer.set_cookie(BEGUN, f"{state}.{verifier}", max_age=BEGUN_S, path=place, httponly=True, samesite="lax", secure=is_secure(request))
    return answer


@router.get("/oidc/back")
async def back(request: Request, writing: Writing, code: str = "", state: str = "", error: str = "", iss: str = "") -> Response:
    """Exchange the provider's code for a log-in, where it answers a log-in that this very browser began."""
    settings, visit = _settings(request), visit_of(request)
    begun, _, verifier = request.cookies.get(BEGUN, "").partition(".")
    if not begun or not hmac.compare_digest(begun.encode(), state.encode()):
        raise BadRequest("This log-in was not begun in this browser, or too long ago. Begin again at the desk.")
    if iss and iss != settings.oidc_issuer:
        raise BadRequest("The answer is from another provider than the one that was asked.")
    try:
        if error or not code:
            raise Unauthenticated(f"The provider did not log you in: {error[:100] or 'it gave no code'}.")
        token = await _exchanged(settings, code, verifier)
        session = await admitted(request, writing, token)
        answer: Response = page(visit, "logged_in.html")
        # A page, and no redirect: a cookie that is for our own pages only is not sent on the way back from another site.
        remember(request, answer, session.secret)
    except WeerklankError as refused:
        answer = page(visit, "log_in.html", refused.status, why="refused", detail=refused.detail)
    answer.delete_cookie(BEGUN, path=f"{base_of(request)}/desk/oidc", httponly=True, samesite="lax", secure=is_secure(request))
    return answer


def _settings(request: Request) -> Settings:
    settings = of(request).settings
    assert isinstance(settings, Settings)
    if not settings.desk_oidc:
        raise NotFound("No provider is set up for the desk (desk_oidc_client_id, desk_url).")
    return settings


def _back(settings: Settings) -> str:
    return f"{settings.desk_url.rstrip('/')}/desk/oidc/back"


async def _endpoints(issuer: str) -> dict[str, str]:
    """Where the provider logs people in and gives tokens, as its discovery document says. Raises `Unavailable`."""
    at, found = _known.get(issuer, (0.0, {}))
    if found and time.monotonic() < at + _KNOWN_S:
        return found
    try:
        document = orjson.loads(await fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    except (Unreadable, ValueError) as error:
        raise Unavailable("The provider does not answer. Try again.", retry_after_s=5) from error
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise Unavailable("The provider's discovery document is of another issuer.", retry_after_s=60)
    found = {}
    for name in ("authorization_endpoint", "token_endpoint"):
        where = document.get(name)
        if not isinstance(where, str) or not is_safe(where) or (is_loopback(where) and not is_loopback(issuer)):
            raise Unavailable(f"The provider's discovery document names no {name} with https.", retry_after_s=60)
        found[name] = where
    _known[issuer] = time.monotonic(), found
    return found


async def _exchanged(settings: Settings, code: str, verifier: str) -> str:
    """The access token for a code. Raises `Unauthenticated`, and `Unavailable`."""
    where = (await _endpoints(settings.oidc_issuer))["token_endpoint"]
    client_id, secret = settings.desk_oidc_client_id, settings.desk_oidc_client_secret.get_secret_value()
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": _back(settings), "code_verifier": verifier}
    given: dict[str, Any] = {"auth": (quote(client_id, ""), quote(secret, ""))} if secret else {}  # RFC 6749, 2.3.1
    try:
        async with httpx.AsyncClient(timeout=FETCH_S, follow_redirects=False, trust_env=not is_loopback(where)) as client:
            answer = await client.post(where, data={**asked, "client_id": client_id}, headers={"accept": "application/json"}, **given)
            told = orjson.loads(answer.content) if len(answer.content) <= MAX_DOCUMENT_BYTES else None
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable("The provider does not answer as it should. Try again.", retry_after_s=5) from error
    token = told.get("access_token") if isinstance(told, dict) else None
    if answer.status_code != 200 or not isinstance(token, str):
        why = told.get("error") if isinstance(told, dict) else None
        raise Unauthenticated(f"The provider gave no token: {str(why)[:100] if why else answer.status_code}.")
    return token
