"""What people decide at the desk: the same steps as over the API (`reply_api.py`), asked for by forms.

Whatever is refused comes back as the page that it was asked on, with what the person had written and what happened meanwhile: no text is lost to a
colleague who was faster.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError

from libs.common import db
from libs.common.auth import Principal
from libs.common.conditions import Condition
from libs.common.errors import Conflict, Forbidden, PreconditionFailed, Unprocessable, WeerklankError
from libs.common.service import Reading, Writing
from services.responder import desk_conversation, hold_store, reply_api, review_api, shown, store
from services.responder.desk_api import conversation, moments
from services.responder.desk_page import page
from services.responder.desk_route import DeskRoute, Form, Sent, visit_of
from services.responder.reply import Person
from services.responder.reply_api import AtHand, Colleague, Writer

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
Act = Callable[[AtHand], Awaitable[str | None]]
"""A step; what was done, where that depends."""
_EXPECTED = (Conflict, Forbidden, PreconditionFailed, Unprocessable)
T = TypeVar("T", bound=BaseModel)


@router.post("/desk/brands/{brand}/cases/{case_id}/replies")
async def begin(brand: str, case_id: UUID, request: Request, form: Sent, principal: Writer, writing: Writing) -> Response:
    """Begin an answer: with the script that suits the case, else with nothing but what the writer will put there."""
    found = await store.case(writing, brand, case_id, lock=True)
    rows = await store.page(writing, brand, state="draft", case_id=case_id, before=None, limit=20) if found else []
    if own := next((row for row in rows if row.writer == principal.subject and not row.automatic), None):
        return _on(request, brand, f"/replies/{own.id}", form)
    blank = Response()
    try:
        async with writing.transaction():
            made = await reply_api.begun(brand, case_id, reply_api.NewReply(), request, blank, principal, writing)
    except Unprocessable:  # no script suits: they begin with an empty text
        made = await reply_api.begun(brand, case_id, reply_api.NewReply(text=""), request, blank, principal, writing)
    return _on(request, brand, f"/replies/{made.id}", form)


@router.post("/desk/brands/{brand}/replies/{reply_id}/save")
async def save(brand: str, reply_id: UUID, request: Request, form: Sent, principal: Writer, writing: Writing) -> Response:
    """Keep the text as it stands in the editor."""

    async def act(at: AtHand) -> None:
        await reply_api.edit(_read(reply_api.Edited, {"text": form.text("text", 20_000)}), principal, at)

    return await _acted(brand, reply_id, request, form, principal, writing, act, "saved", stays=True)


@router.post("/desk/brands/{brand}/replies/{reply_id}/submit")
async def submit(brand: str, reply_id: UUID, request: Request, form: Sent, principal: Writer, writing: Writing) -> Response:
    """Offer the text in the editor for approval; another one than was saved is saved on the way."""

    async def act(at: AtHand) -> None:
        text = form.text("text", 20_000)
        if text != at.row.text:
            await reply_api.edit(_read(reply_api.Edited, {"text": text}), principal, at)
            at = AtHand(
                await reply_api.found_reply(writing, brand, reply_id, lock=True), at.now, at.siblings, writing, request, at.response
            )
        await reply_api.submit(principal, at)

    return await _acted(brand, reply_id, request, form, principal, writing, act, "submitted", stays=True)


@router.post("/desk/brands/{brand}/replies/{reply_id}/approve")
async def approve(brand: str, reply_id: UUID, request: Request, form: Sent, principal: Colleague, writing: Writing) -> Response:
    """Let exactly the text that the page showed be sent. What it asked about is confirmed by its boxes, what is overruled has its reason."""

    async def act(at: AtHand) -> str:
        asked = {
            "digest": form.text("digest", 200),
            "confirmed": sorted(form.named("confirmed.")),
            "overrides": [
                {"code": code, "reason": reason.strip()} for code, reason in sorted(form.named("override.").items()) if reason.strip()
            ],
            "despite": form.values.get("despite") or None if "confirmed.stale" in form.values else None,
            "despite_reply": form.values.get("despite_reply") or None if "confirmed.duplicate_reply" in form.values else None,
        }
        detail = await reply_api.approve(_read(reply_api.Approval, asked), principal, at)
        return "approved" if detail.state == "approved" else "signed"  # others have to as well

    return await _acted(brand, reply_id, request, form, principal, writing, act, "approved")


@router.post("/desk/brands/{brand}/replies/{reply_id}/discard")
async def discard(brand: str, reply_id: UUID, request: Request, form: Sent, principal: Writer, writing: Writing) -> Response:
    """Drop it, with a reason."""

    async def act(at: AtHand) -> None:
        await reply_api.discard(_read(reply_api.Discard, {"reason": form.text("reason", 2000).strip()}), principal, at)

    return await _acted(brand, reply_id, request, form, principal, writing, act, "discarded")


@router.post("/desk/brands/{brand}/replies/{reply_id}/return")
async def send_back(brand: str, reply_id: UUID, request: Request, form: Sent, principal: Colleague, writing: Writing) -> Response:
    """Send it back to its writer, with a note."""

    async def act(at: AtHand) -> None:
        await review_api.send_back(_read(review_api.Returned, {"note": form.text("note", 2000).strip()}), principal, at)

    return await _acted(brand, reply_id, request, form, principal, writing, act, "returned")


@router.post("/desk/brands/{brand}/replies/{reply_id}/confirm")
async def confirm(brand: str, reply_id: UUID, request: Request, form: Sent, principal: Colleague, writing: Writing) -> Response:
    """After looking: it reached the customer, or did not and is a draft again."""

    async def act(at: AtHand) -> None:
        asked = {"sent": form.values.get("reached") == "yes", "note": form.text("note", 2000).strip()}
        await reply_api.confirm(_read(reply_api.Confirmation, asked), principal, at)

    return await _acted(brand, reply_id, request, form, principal, writing, act, "confirmed", stays=True)


@router.post("/desk/brands/{brand}/replies/{reply_id}/check")
async def check(brand: str, reply_id: UUID, request: Request, form: Sent, principal: Writer, reading: Reading) -> HTMLResponse:
    """What the guard would say of the text in the editor, and what it would promise. Nothing is kept."""
    text = form.text("text", 20_000)
    if len(text) > 10_000:
        raise Unprocessable("The text is longer than 10000 characters.")
    row = await reply_api.found_reply(reading, brand, reply_id)
    book, now = reply_api.current_book(request, brand).book, await store.database_time(reading)
    case_row = await store.case_by_now(reading, brand, row.case_id)
    owner = case_row.case.owner if case_row and case_row.case else None
    _, holds = await hold_store.in_force(reading, brand)
    around = await shown.around(reading, row, book, holds)
    found = desk_conversation.judged(row, text, Person(principal.subject, principal.role), book, owner, around, now)
    visit = visit_of(request)
    return page(visit, "_judged.html", judged=found, live=True, **moments(visit, book, now))


async def _acted(
    brand: str,
    reply_id: UUID,
    request: Request,
    form: Form,
    principal: Principal,
    writing: db.Connection,
    act: Act,
    done: str,
    *,
    stays: bool = False,
) -> Response:
    """Do it to the reply as the person has read it; then on to their queue, or back to the reply. What is refused comes back as its page."""
    try:
        async with writing.transaction():
            match = Condition((str(form.number("version")),))
            told = await act(await reply_api.with_siblings(brand, reply_id, match, writing, request, Response()))
    except _EXPECTED as error:
        return await _refused(brand, reply_id, request, form, principal, writing, error)
    return _on(request, brand, f"/replies/{reply_id}" if stays else "", form, told or done)


async def _refused(
    brand: str, reply_id: UUID, request: Request, form: Form, principal: Principal, writing: db.Connection, error: WeerklankError
) -> HTMLResponse:
    book = reply_api.current_book(request, brand).book
    row = await reply_api.found_reply(writing, brand, reply_id)
    found = await desk_conversation.of_reply(request, writing, principal, book, row)
    given = {name: value for name, value in form.values.items() if name not in ("proof", "version", "digest")}
    text = form.values.get("text")
    tab = _tab(form)
    return conversation(visit_of(request), found, principal, tab, status=error.status, problem=error, text=text, given=given)


def _on(request: Request, brand: str, path: str, form: Form, done: str = "") -> RedirectResponse:
    query = {"tab": _tab(form)} | ({"done": done} if done else {})
    return RedirectResponse(f"{visit_of(request).to(f'/brands/{brand}{path}')}?{urlencode(query)}", 303)


def _tab(form: Form) -> str:
    tab = form.values.get("tab", "mine")
    return tab if tab in ("mine", "approve", "returned", "sent") else "mine"


def _read(model: type[T], values: Mapping[str, object]) -> T:
    """Values of a form as the API reads them. Raises `Unprocessable` with what is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors()[0]
        raise Unprocessable(f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}") from error
