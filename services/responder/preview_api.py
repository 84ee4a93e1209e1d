"""How a text would look on each channel, over HTTP: its length, the parts that it would be sent in, how it is signed, what the guard says. Nothing is
kept and nothing is sent."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictBool

from libs.common import http
from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.errors import Unprocessable
from libs.common.reply_events import Verdict
from libs.common.routes import Route
from services.responder import guard, lengths, parts
from services.responder.reply_api import Text, Writer, current_book
from services.responder.script import signature, signature_form
from services.responder.verdicts.draft import Draft

router = APIRouter(prefix="/v1/brands/{brand}", tags=["responder"], route_class=Route)
ChannelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]


class Previewed(http.Body):
    text: Text
    channels: list[ChannelName] = Field(min_length=1, max_length=20)
    visibility: Literal["public", "private"] = "public"
    first_reply: StrictBool = False
    member: str | None = Field(default=None, max_length=100, description="Team member's id; none: the token's subject")
    language: str | None = Field(default=None, max_length=35, description="None: the brand's first")


class CountedOut(BaseModel):
    """A piece of the text that counts otherwise than it is long."""

    text: str
    start: int
    end: int
    what: Literal["link", "mention"]
    units: int


class PartOut(BaseModel):
    text: str
    length: int
    start: int = Field(description="Where its words begin in the text, in code points")
    end: int


class ChannelPreview(BaseModel):
    """On one channel. `length` and `limit` are in its own way of counting."""

    channel: str
    length: int
    limit: int | None = Field(description="Null: none")
    over: int = Field(description="By how many units it is over the limit")
    counted: list[CountedOut] = Field(description="Links and mentions that count otherwise than by what is seen of them")
    parts: list[PartOut] | None = Field(description="What it would be sent in; none where it fits; null where no parts can be made")
    signature_form: Literal["initials", "first_name", "none", "optional"]
    signature: str = Field(description="As this member signs here")
    verdicts: list[Verdict] = Field(description="Of the text as one")


class Preview(BaseModel):
    channels: list[ChannelPreview]


@router.post("/preview")
async def preview(brand: str, body: Previewed, request: Request, principal: Writer) -> Preview:
    """The text as each channel would have it, side by side."""
    book = current_book(request, brand).book
    member = book.member(body.member or principal.subject)
    if member is None:
        raise Unprocessable("Name a member of the brand's team: a text is judged with the signature of whoever sends it.")
    try:
        return Preview(channels=[_on(channel, body, member, principal.role, book) for channel in dict.fromkeys(body.channels)])
    except TimeoutError:
        raise Unprocessable("This text takes too long to read. Write it more simply, or shorter.") from None


def _on(channel: str, body: Previewed, member: Member, role: str, book: BrandBook) -> ChannelPreview:
    """Raises `TimeoutError`."""
    draft = Draft(
        text=body.text,
        channel=channel,
        visibility=body.visibility,
        first_reply=body.first_reply,
        member=member,
        role=role,
        language=body.language or book.languages[0],
    )
    found = parts.split(body.text, channel, book, body.visibility)
    return ChannelPreview(
        channel=channel,
        length=lengths.length(channel, body.text, body.visibility),
        limit=lengths.limit(channel, book, body.visibility),
        over=lengths.excess(channel, body.text, book, body.visibility),
        counted=[
            CountedOut(text=body.text[one.start : one.end], start=one.start, end=one.end, what=one.what, units=one.units)
            for one in lengths.otherwise(channel, body.text)[:100]
        ],
        parts=None
        if found is None
        else [
            PartOut(text=part.text, length=lengths.length(channel, part.text, body.visibility), start=part.start, end=part.end)
            for part in found
        ],
        signature_form=signature_form(book, channel, body.visibility),
        signature=signature(book, member, channel, body.visibility),
        verdicts=guard.check(draft, book),
    )
