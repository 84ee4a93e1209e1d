"""The desk: one place for people who have only this. Log in and out, the queues, a case's conversation; what they decide is in `desk_reply_api.py`.

Pages are made here, and no JSON: programs use the API. Who may see and do what is asked as it is there (`desk_route.py`).
"""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from libs.common import db, http
from libs.common.auth import STAFF, Principal, allow
from libs.common.brandbook import BrandBook
from libs.common.errors import BadRequest, Forbidden, NotFound, WeerklankError
from libs.common.http import Cursor
from libs.common.service import Reading, Writing, of
from services.responder import approval, delegation, desk_conversation, desk_queue, desk_session, store
from services.responder.approval import Hat
from services.responder.desk_conversation import Conversation
from services.responder.desk_page import LANGUAGES, STATIC, Visit, page, said
from services.responder.desk_queue import PAGE, Place
from services.responder.desk_route import COOKIE, LANGUAGE_COOKIE, DeskRoute, Sent, base_of, is_secure, visit_of
from services.responder.desk_session import Session
from services.responder.reply_api import COLLEAGUES, current_book, found_reply

router = APIRouter(prefix="/desk", route_class=DeskRoute, include_in_schema=False)
Reader = Annotated[Principal, Depends(allow(*STAFF))]
Tab = Literal["mine", "approve", "returned", "sent"]
TABS = get_args(Tab)
YEAR_S = 365 * 24 * 3600


# --- coming and going ---------------------------------------------------------------------------------------------------------------


@router.get("")
async def front_door(request: Request, principal: Reader) -> Response:
    """To the brand that this person works for; where there are several they choose."""
    visit = visit_of(request)
    brands = [(brand, _name(request, brand)) for brand in sorted(principal.brands) if of(request).books.get(brand) is not None]
    if len(brands) == 1:
        return _to(visit, f"/brands/{brands[0][0]}")
    return page(visit, "brands.html", brands=brands, principal=principal)


@router.post("/log-in")
async def log_in(request: Request, form: Sent, writing: Writing) -> Response:
    """Exchange a token for a log-in that ends with it."""
    visit = visit_of(request)
    token = form.text("token", 20_000).strip()
    back = _back(form.text("back", 2000))
    try:
        session = await admitted(request, writing, token)
    except WeerklankError as error:
        return page(visit, "log_in.html", error.status, why="refused", detail=error.detail)
    answer = _to(visit, back)
    remember(request, answer, session.secret)
    return answer


async def admitted(request: Request, writing: db.Connection, token: str) -> Session:
    """A log-in with this token. Raises `Unauthenticated`, and `Forbidden` for who is none of those that answer messages."""
    principal = await of(request).verifier.verify(token)
    if principal.role not in STAFF or principal.machine:
        raise Forbidden("This token is not of somebody who answers messages.")
    assert principal.expires_at is not None, "a verified token has an end"
    return await desk_session.begin(writing, token, principal.expires_at)


def remember(request: Request, answer: Response, secret: str) -> None:
    """Give the browser its cookie: until it is closed, for no script, and sent along only from our own pages."""
    answer.set_cookie(COOKIE, secret, path=f"{base_of(request)}/desk", httponly=True, samesite="strict", secure=is_secure(request))


@router.post("/leave")
async def leave(request: Request, form: Sent, writing: Writing) -> Response:
    """Log out, in every window."""
    visit = visit_of(request)
    if visit.session is not None:
        await desk_session.end(writing, visit.session.secret)
    answer = page(visit, "log_in.html", why="left", detail="")
    answer.delete_cookie(COOKIE, path=f"{base_of(request)}/desk", httponly=True, samesite="strict", secure=is_secure(request))
    answer.headers["clear-site-data"] = '"storage"'
    return answer


@router.post("/language")
async def language(request: Request, form: Sent) -> Response:
    """Dutch or English, for this browser."""
    chosen = form.text("language", 10)
    if chosen not in LANGUAGES:
        raise BadRequest(f"language is one of {', '.join(LANGUAGES)}.")
    answer = _to(visit_of(request), _back(form.text("back", 2000)))
    answer.set_cookie(
        LANGUAGE_COOKIE,
        chosen,
        max_age=YEAR_S,
        path=f"{base_of(request)}/desk",
        samesite="strict",
        secure=is_secure(request),
        httponly=True,
    )
    return answer


@router.get("/static/{name}")
async def static(name: str, v: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Style and script, the same for everybody: kept by browsers until they change, and their address with them."""
    file = STATIC.get(name)
    if file is None:
        raise NotFound("There is no such file.")
    kept = "public, max-age=31536000, immutable" if v == file.mark else "no-cache"
    return Response(file.content, media_type=file.media_type, headers={"cache-control": kept, "etag": f'"{file.mark}"'})


# --- the queues ---------------------------------------------------------------------------------------------------------------------


@router.get("/brands/{brand}")
async def queue(
    brand: str, request: Request, principal: Reader, reading: Reading, tab: Tab = "mine", cursor: Cursor = None, done: str = ""
) -> HTMLResponse:
    """What waits for this person: theirs, what they may approve, and what left today."""
    visit, book = visit_of(request), current_book(request, brand).book
    now = await store.database_time(reading)
    since, after, mask = today(book, now), _place(cursor), desk_conversation.mask_of(principal, book)
    hats = await hats_of(reading, principal, book)
    if tab == "mine":
        items = await desk_queue.mine(reading, brand, principal.subject, after, mask)
    elif tab == "approve":
        items = await desk_queue.to_approve(reading, brand, principal.subject, hats, after, mask)
    elif tab == "returned":
        items = await desk_queue.returned(reading, brand, principal.subject, after, mask)
    else:
        items = await desk_queue.sent(reading, brand, principal.subject, since, after, mask)
    last = items[PAGE - 1] if len(items) > PAGE else None
    following = http.cursor_of(last.place[0].isoformat(), str(last.place[1])) if last else None
    return page(
        visit,
        "queue.html",
        principal=principal,
        brand=brand,
        book=book,
        tab=tab,
        tabs=TABS,
        numbers=await desk_queue.numbers(reading, brand, principal.subject, hats, since),
        most=desk_queue.MOST,
        items=items[:PAGE],
        following=f"?{urlencode({'tab': tab, 'cursor': following})}" if following else None,
        begun=cursor is not None,
        done=done if visit.has(f"done.{done}") else "",
        **moments(visit, book, now),
    )


async def hats_of(connection: db.Connection, principal: Principal, book: BrandBook) -> list[Hat]:
    """In what this person approves: nothing where their role does not."""
    if principal.role not in COLLEAGUES:
        return []
    lent = await delegation.instead_of(connection, book.brand, principal.subject)
    return approval.hats(principal.subject, principal.role, book, lent)


def today(book: BrandBook, now: datetime) -> datetime:
    """When the day began, where the brand is."""
    return now.astimezone(ZoneInfo(book.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)


# --- a conversation -----------------------------------------------------------------------------------------------------------------


@router.get("/brands/{brand}/cases/{case_id}")
async def case(brand: str, case_id: UUID, request: Request, principal: Reader, reading: Reading, tab: Tab = "mine") -> HTMLResponse:
    """A case with the reply that this person would go on with, or none yet."""
    book = current_book(request, brand).book
    found = await desk_conversation.of_case(request, reading, principal, book, case_id)
    return conversation(visit_of(request), found, principal, tab)


@router.get("/brands/{brand}/replies/{reply_id}")
async def one_reply(
    brand: str, reply_id: UUID, request: Request, principal: Reader, reading: Reading, tab: Tab = "mine", done: str = ""
) -> HTMLResponse:
    """A reply in its conversation."""
    book, row = current_book(request, brand).book, await found_reply(reading, brand, reply_id)
    found = await desk_conversation.of_reply(request, reading, principal, book, row)
    return conversation(visit_of(request), found, principal, tab, done=done)


def conversation(
    visit: Visit,
    found: Conversation,
    principal: Principal,
    tab: str,
    *,
    status: int = 200,
    problem: WeerklankError | None = None,
    text: str | None = None,
    given: dict[str, str] | None = None,
    done: str = "",
) -> HTMLResponse:
    """The page of a conversation. `problem`: what was asked for and refused; `text`, `given`: what the person had written, which is not lost by that."""
    return page(
        visit,
        "conversation.html",
        status,
        principal=principal,
        brand=found.book.brand,
        book=found.book,
        tab=tab,
        found=found,
        case=found.case,
        problem=problem,
        changes=desk_conversation.told(problem)["changes"] if problem else (),
        text=text,
        given=given or {},
        done=done if visit.has(f"done.{done}") else "",
        **moments(visit, found.book, found.now),
    )


def moments(visit: Visit, book: BrandBook, now: datetime) -> dict[str, Any]:
    """What a template says moments with: `when(at)` in the brand's zone, `late(at)`."""
    return {
        "when": lambda at: said(visit.language, at, book.timezone, now),
        "late": lambda at: at < now,
        "moment": datetime.fromisoformat,
        "no_clock": store.NO_CLOCK,
    }


def _to(visit: Visit, path: str) -> RedirectResponse:
    return RedirectResponse(visit.to(path), 303)


def _back(path: str) -> str:
    """A path below /desk that a form asks to go to; the front door for anything else."""
    fine = path.startswith("/desk/brands/") and path.isascii() and path.isprintable() and "//" not in path and "\\" not in path
    return path.removeprefix("/desk") if fine else ""


def _place(cursor: str | None) -> Place | None:
    values = http.read_cursor(cursor, [str, str])
    return (http.moment(values[0]), http.uuid(values[1])) if values else None


def _name(request: Request, brand: str) -> str:
    published = of(request).books.get(brand)
    return published.book.name if published else brand
