"""How the desk speaks HTTP: a log-in instead of a token, forms instead of JSON, pages instead of problems. Its routes ask by `allow(...)` like all others.

The cookie's token is put into the request as if its bearer had sent it, so that who may do what is decided where it is decided for everybody. What a
browser sends along by itself is no proof of anything: a form has to come from our own page (`Sec-Fetch-Site`, else `Origin`) and carry the log-in's proof.
Scripts, styles and pictures come from here and nowhere else, nothing is shown inside another site's page, and nobody learns where people came from.
"""

import hmac
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from libs.common.errors import BadRequest, Forbidden, Unauthenticated, Unprocessable, WeerklankError
from libs.common.routes import Route
from libs.common.service import of
from services.responder import desk_session
from services.responder.desk_page import LANGUAGES, Visit, page
from services.responder.desk_session import Session
from services.responder.settings import Settings

log = logging.getLogger(__name__)

COOKIE, LANGUAGE_COOKIE = "weerklank_desk", "weerklank_desk_language"
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 200
_VISIT = "weerklank.desk"
HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent: one value a name, line ends as one character."""

    values: Mapping[str, str]

    def text(self, name: str, most: int = 10_000) -> str:
        """Raises `Unprocessable` for more than `most` characters."""
        value = self.values.get(name, "")
        if len(value) > most:
            raise Unprocessable(f"{name} is longer than {most} characters.")
        return value

    def number(self, name: str) -> int:
        value = self.values.get(name, "")
        if not value.isascii() or not value.isdecimal() or len(value) > 9:
            raise Unprocessable(f"{name} is missing, or is no number.")
        return int(value)

    def named(self, prefix: str) -> dict[str, str]:
        """The fields whose names begin so, without that."""
        return {name.removeprefix(prefix): value for name, value in self.values.items() if name.startswith(prefix)}


def visit_of(request: Request) -> Visit:
    found: Visit = request.scope[_VISIT]
    return found


async def _form(request: Request) -> Form:
    """Raises `Forbidden` for a form that is not one of ours."""
    if not from_our_page(request):
        raise Forbidden("This form does not come from the desk's own page.")
    try:
        pairs = parse_qsl(
            (await request.body()).decode(), keep_blank_values=True, strict_parsing=False, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise BadRequest("The form cannot be read.") from error
    values = {name: value.replace("\r\n", "\n").replace("\r", "\n") for name, value in pairs}
    if any("\0" in value for value in values.values()):
        raise BadRequest("The form holds a NUL.")
    session = visit_of(request).session
    if session is not None and not hmac.compare_digest(values.get("proof", "").encode(), session.proof.encode()):
        raise Forbidden("This form belongs to another log-in. Load the page again.")
    return Form(values)


Sent = Annotated[Form, Depends(_form)]
"""A dependency of every route that changes something."""


def from_our_page(request: Request) -> bool:
    """Whether the browser says that a page of this very site sent the request. One that says nothing is none that we know."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


class DeskRoute(Route):
    """The class of every route of the desk: `APIRouter(route_class=DeskRoute, include_in_schema=False)`."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        assert (self.methods or set()) <= {"GET", "HEAD"} or _asks_for_a_form(self.dependant), f"{self.path} takes anything from anywhere"

    def media_types(self) -> tuple[tuple[str, ...], bool]:
        return ((FORM,), True) if "POST" in (self.methods or ()) else ((), True)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handling(request: Request) -> Response:
            visit = request.scope[_VISIT] = await _opened(request)
            try:
                # Made anew: what was read of its headers so far had no token.
                answer = await handle(Request(request.scope, request.receive))
            except (WeerklankError, RequestValidationError) as error:
                answer = _refusal(visit, error)
            for name, value in HEADERS.items():
                answer.headers.setdefault(name, value)
            return answer

        return handling


class AnyQuery(DeskRoute):
    """Of a route that others send people to: what they add to its address, and it does not have, is left out."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        names = frozenset(param.alias for param in self.dependant.query_params)

        async def handling(request: Request) -> Response:
            kept = {name: value for name, value in request.query_params.items() if name in names}
            request.scope["query_string"] = urlencode(kept).encode()
            return await handle(Request(request.scope, request.receive))

        return handling


def _asks_for_a_form(dependant: Dependant) -> bool:
    return any(below.call is _form or _asks_for_a_form(below) for below in dependant.dependencies)


async def _opened(request: Request) -> Visit:
    """Who is there, in which language. The token of their log-in stands in the request's headers from here on, and none that was sent."""
    service = of(request)
    assert isinstance(service.settings, Settings)
    secret = request.cookies.get(COOKIE)
    session: Session | None = None
    if secret:
        async with service.pool.acquire(timeout=5) as connection:
            session = await desk_session.find(connection, secret)
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    visit = Visit(
        language=chosen if chosen in LANGUAGES else _preferred(request.headers.get("accept-language", "")),
        base=base_of(request),
        path=_page_of(request),
        session=session,
        had_cookie=bool(secret),
        oidc=service.settings.desk_oidc,
    )
    headers = [pair for pair in request.scope["headers"] if pair[0] != b"authorization"]
    if session is not None:
        headers.append((b"authorization", b"Bearer " + session.token.encode()))
    request.scope["headers"] = headers
    return visit


def _page_of(request: Request) -> str:
    """The address of the page that was asked for; of a form that is answered with a page, of the page that it stood on."""
    path: str = request.scope["path"]
    return path if request.method == "GET" else path.rpartition("/")[0]


def base_of(request: Request) -> str:
    """What stands before /desk in the addresses that browsers see: behind a proxy that puts all services behind one host it is the service's name."""
    settings = of(request).settings
    assert isinstance(settings, Settings)
    if settings.desk_url:
        return urlsplit(settings.desk_url).path.rstrip("/")
    raw: bytes = request.scope.get("raw_path") or b""
    return "/responder" if raw.startswith(b"/responder/") else ""


def is_secure(request: Request) -> bool:
    """Whether cookies are for https only: wherever people reach the desk by it."""
    settings = of(request).settings
    assert isinstance(settings, Settings)
    return settings.desk_url.startswith("https:") or request.url.scheme == "https"


def _preferred(header: str) -> str:
    """The first of our languages that a browser asks for; else English."""
    for part in header.lower()[:500].split(","):
        if (language := part.partition(";")[0].strip()[:2]) in LANGUAGES:
            return language
    return "en"


def _refusal(visit: Visit, error: WeerklankError | RequestValidationError) -> Response:
    if isinstance(error, RequestValidationError):
        error = Unprocessable("; ".join(f"{item['loc'][-1]}: {item['msg']}"[:200] for item in error.errors()[:3]))
    headers = dict(error.headers) | ({"retry-after": str(error.retry_after_s)} if error.retry_after_s else {})
    if isinstance(error, Unauthenticated):
        why = ("refused" if visit.session else "ended") if visit.had_cookie else None
        return page(visit, "log_in.html", error.status, headers, why=why, detail=error.detail)
    return page(visit, "refusal.html", error.status, headers, error=error)
