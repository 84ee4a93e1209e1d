"""Signed links over HTTP, without log-in: GET shows what a link is for and changes nothing, POST does it, once.

Who has a link that does not hold learns that and no more: of a forged one nothing is looked up, so its answer takes as long whatever brand it names.
"""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from libs.common import db
from libs.common.brandbook import BrandBook
from libs.common.errors import InvalidEvent, TooLarge
from libs.common.routes import Route
from libs.common.service import of
from services.routing import link_page, links, store
from services.routing.links import Click, Forged, Links, NotNow, Purpose
from services.routing.policies import Policies
from services.routing.purposes import PURPOSES
from services.routing.sla import Policy

router = APIRouter(prefix="/v1/links", tags=["links"], route_class=Route)

_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 128 * 1024
_HTML: dict[str, Any] = {"content": {"text/html": {}}}
_PAGES: dict[int | str, dict[str, Any]] = {
    404: {"description": "A page: the link is none of ours, or whoever it was sent to is not in the brand's book any more", **_HTML},
    409: {"description": "A page: what it is for cannot be done as things stand", **_HTML},
    410: {"description": "A page: the link has expired", **_HTML},
}
_ASKED = {**_PAGES, 422: {"description": "The page again, which says what of the form is missing", **_HTML}}
_BODY = {"requestBody": {"required": False, "content": {_FORM: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}}}}


class _Found:
    """A link that holds."""

    def __init__(self, click: Click, purpose: Purpose, policy: Policy) -> None:
        self.click, self.purpose, self.policy = click, purpose, policy
        self.language, self.brand_name = links.language_of(policy), policy.book.name


@router.get("/{token}", responses=_PAGES, response_class=HTMLResponse)
async def show_link(token: str, request: Request) -> HTMLResponse:
    """A page that says what the link is for, with one button. Nothing changes by looking: programs that look for malware follow links."""
    click = _signed(request, token)
    if click is None:
        return _invalid(request)
    async with of(request).pool.acquire(timeout=5) as connection:
        now = await store.now(connection)
        found = _found(request, click, now)
        if isinstance(found, HTMLResponse):
            return found
        if found.purpose.once and (said := await _used(connection, found.click)) is not None:
            return link_page.done(found.language, found.brand_name, said, already=True)
        shown = await found.purpose.show(connection, found.policy, found.click, now)
    if shown.over is not None:
        return link_page.over(found.purpose, found.language, found.brand_name, shown.text, shown.over)
    fields = found.purpose.fields if shown.fields is None else shown.fields
    return link_page.asking(found.purpose, found.language, found.brand_name, shown.text, fields, {})


@router.post("/{token}", responses=_ASKED, response_class=HTMLResponse, openapi_extra=_BODY)
async def use_link(token: str, request: Request) -> HTMLResponse:
    """Do what the link is for. A second click says what the first one did."""
    given, click = _filled_in(await request.body()), _signed(request, token)
    if click is None:
        return _invalid(request)
    async with of(request).pool.acquire(timeout=5) as connection, connection.transaction():
        now = await store.now(connection)
        found = _found(request, click, now)
        if isinstance(found, HTMLResponse):
            return found
        answer = await _use(connection, found, given, now)
    of(request).relay.poke()
    return answer


async def _use(connection: db.Connection, found: _Found, given: dict[str, str], now: datetime) -> HTMLResponse:
    click, purpose = found.click, found.purpose
    if purpose.once:
        # Whoever clicks twice at the same moment waits here, and then reads what the first click did.
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 4))", f"{click.brand} {links.key_of(click).hex()}")
        if (said := await _used(connection, click)) is not None:
            return link_page.done(found.language, found.brand_name, said, already=True)
    shown = await purpose.show(connection, found.policy, click, now)
    if shown.over is not None:
        return link_page.over(purpose, found.language, found.brand_name, shown.text, shown.over)
    fields = purpose.fields if shown.fields is None else shown.fields
    if (wrong := link_page.problem_with(fields, given, found.language)) is not None:
        return link_page.asking(purpose, found.language, found.brand_name, shown.text, fields, given, wrong, 422)
    asked = {field.name: given.get(field.name, "") for field in fields}
    try:
        async with connection.transaction():
            said = await purpose.act(connection, found.policy, click, asked, now)
    except NotNow as error:
        return link_page.not_now(found.language, found.brand_name, str(error))
    if purpose.once:
        await connection.execute(
            "insert into link_use (brand, key, at, said) values ($1, $2, $3, $4)", click.brand, links.key_of(click), now, said
        )
    return link_page.done(found.language, found.brand_name, said, already=False)


def _signed(request: Request, token: str) -> Click | None:
    """What the link says, if we signed it."""
    signed: Links = request.app.state.links
    try:
        return signed.read(token)
    except Forged:
        return None


def _invalid(request: Request) -> HTMLResponse:
    """In the language that whoever looks prefers: whose link it would be is not known."""
    prefers = request.headers.get("accept-language", "").strip().lower()
    return link_page.told(link_page.INVALID, "nl" if prefers.startswith("nl") else "en", 404)


def _found(request: Request, click: Click, now: datetime) -> _Found | HTMLResponse:
    """The link that holds, or the page that says why it does not."""
    policies: Policies = request.app.state.policies
    purpose = PURPOSES.get(click.purpose)
    try:
        policy = policies.of(click.brand)
    except InvalidEvent:
        return _invalid(request)
    language = links.language_of(policy)
    if purpose is None:
        return link_page.told(link_page.INVALID, language, 404)
    if click.expires_at <= now:
        return link_page.told(link_page.EXPIRED, language, 410)
    if not _is_there(policy.book, click.member):
        return link_page.told(link_page.GONE, language, 404)
    return _Found(click, purpose, policy)


def _is_there(book: BrandBook, member: str) -> bool:
    """Whether whoever it was sent to is still one of the brand's: who left the team holds no link that works."""
    return book.member(member) is not None or book.department(member) is not None or any(known.id == member for known in book.hub.members)


async def _used(connection: db.Connection, click: Click) -> str | None:
    said: str | None = await connection.fetchval(
        "select said from link_use where brand = $1 and key = $2", click.brand, links.key_of(click)
    )
    return said


def _filled_in(body: bytes) -> dict[str, str]:
    """What a form says. Raises `TooLarge`; what cannot be read is as if it were not there."""
    if len(body) > _MOST_BYTES:
        raise TooLarge(f"The form is larger than {_MOST_BYTES} bytes. Write less.")
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return {}
    return {name: value.replace("\r\n", "\n").replace("\0", "") for name, value in pairs}
