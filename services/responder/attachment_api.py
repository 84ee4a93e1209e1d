"""Files of a reply, over HTTP: put one on a draft, look at it, take it off."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from libs.common import http
from libs.common.auth import STAFF, Principal, allow
from libs.common.errors import NotFound, TooLarge, Unprocessable
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading
from services.responder import attachment, attachment_store
from services.responder.reply import Person
from services.responder.reply_api import One, Writer, found_reply
from services.responder.shown import ReplyDetail

router = APIRouter(prefix="/v1/brands/{brand}", tags=["responder"], route_class=Route)
STREAMS = frozenset({"/attachments"})
"""Its route reads the body itself, up to the largest file."""
Reader = Annotated[Principal, Depends(allow(*STAFF))]
_FILE = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


async def _content(request: Request, principal: Writer) -> bytes:
    """The whole body, read before anything is locked. Raises `TooLarge`, and `Unprocessable` for nothing."""
    too_large = TooLarge(f"A file has {attachment.LARGEST} bytes at most. Send less, or put a link in the text.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > attachment.LARGEST:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > attachment.LARGEST:
            raise too_large
    if not body:
        raise Unprocessable("The body is empty: send the file's bytes, as they are.")
    return bytes(body)


@router.put("/replies/{reply_id}/attachments", responses=CONFLICT, openapi_extra=_FILE)
async def attach(
    principal: Writer,
    content: Annotated[bytes, Depends(_content)],
    name: Annotated[str, Query(min_length=1, max_length=255, description="The file's name; one that the reply has already is replaced")],
    at: One,
    alt: Annotated[
        str | None,
        Query(max_length=1000, pattern=http.ONE_LINE, description="What a picture shows, in words: needed for one, and sent along"),
    ] = None,
) -> ReplyDetail:
    """Put a file on a draft: its bytes are the body. A submitted reply is a draft again.

    What it is follows from its content: PNG, JPEG, GIF, WebP, PDF or plain text. 409 where the channel takes no files.
    """
    file = attachment.made(uuid4(), name, alt, content)
    owner = (await at.case()).owner
    change = attachment.attached(at.row, file, Person(principal.subject, principal.role), at.published.book, owner, at.now)
    kept = [one.id for one in change.row.attachments if one.id != file.id]
    await attachment_store.put(at.writing, at.row.brand, at.row.id, file, content, kept)
    return await at.done(change)


@router.delete("/replies/{reply_id}/attachments/{attachment_id}", responses=CONFLICT)
async def detach(attachment_id: UUID, principal: Writer, at: One) -> ReplyDetail:
    """Take a file off a draft. A submitted reply is a draft again."""
    owner = (await at.case()).owner
    change = attachment.detached(at.row, attachment_id, Person(principal.subject, principal.role), at.published.book, owner, at.now)
    await attachment_store.keep_only(at.writing, at.row.brand, at.row.id, [one.id for one in change.row.attachments])
    return await at.done(change)


class _File(Response):
    media_type = "application/octet-stream"


@router.get(
    "/replies/{reply_id}/attachments/{attachment_id}",
    response_class=_File,
    responses={200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def file_of(brand: str, reply_id: UUID, attachment_id: UUID, principal: Reader, reading: Reading) -> Response:
    """A file's bytes, to be kept and not shown by a browser; 404 once `retention.attachments` has passed."""
    row = await found_reply(reading, brand, reply_id)
    file = attachment.one(row, attachment_id)
    content = await attachment_store.content(reading, brand, reply_id, attachment_id)
    if content is None:
        raise NotFound("This file is not kept any longer: the brand book's retention.attachments says how long.")
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return _File(content, headers=headers)
