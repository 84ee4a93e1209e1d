"""How every service speaks HTTP: what its requests and lists look like, and what is put around its routes.

Errors are in `problems.py`, what stands around a request in `front.py`, how a route reads one in `routes.py`, versions in `conditions.py`, requests
that are sent twice in `idempotency.py`.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import FastAPI, Query
from fastapi.middleware.gzip import GZipMiddleware
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from libs.common import problems
from libs.common.errors import BadRequest
from libs.common.front import Front
from libs.common.ratelimit import RateLimits

T = TypeVar("T")
_NOT_OURS = "The cursor is not one that this list gave out. Leave it out to start again."
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]*$"
"""Nothing that ends a line, speaks to a terminal, or turns the text around it: what people write in few words stands in tables."""
COMPRESSED_FROM = 1024
"""Bytes of an answer; what is shorter than a packet gains nothing."""


def no_number(value: object) -> object:
    """Raises `ValueError` for a number in place of a moment: whether it counts seconds or milliseconds, and from when, is a guess."""
    if isinstance(value, int | float):
        raise ValueError("is a number; write the moment as 2026-03-31T14:05:00+02:00")
    return value


def _written_out(value: object) -> object:
    """A text that is no date could be a number, too."""
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("is no date; write the moment as 2026-03-31T14:05:00+02:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(no_number), BeforeValidator(_written_out)]
"""A moment in a request."""


class Body(BaseModel):
    """Base of request bodies: a field that we do not know is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[T]):
    """One page of a list; ask for `next` as `cursor` to go on, until it is null."""

    items: list[T]
    next: str | None = Field(default=None, description="Cursor of the next page; null on the last")


Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before; none: from the beginning")]


def cursor_of(*values: str | int) -> str:
    """An opaque cursor that holds the sort key of the last row of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def read_cursor(cursor: str | None, kinds: Sequence[type]) -> list[Any] | None:
    """The sort key in a cursor that `cursor_of` made. Raises `BadRequest` for anything else."""
    if cursor is None:
        return None
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadRequest(_NOT_OURS) from error
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds) or not all(map(_sorts, values)):
        raise BadRequest(_NOT_OURS)
    return values


def moment(text: str) -> datetime:
    """The moment in a cursor that was made with `isoformat`. Raises `BadRequest` for one that no list has."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None or not 1970 <= found.year <= 9000:
            raise ValueError(text)
    except ValueError as error:
        raise BadRequest(_NOT_OURS) from error
    return found


def uuid(text: str) -> UUID:
    """The id in a cursor. Raises `BadRequest`."""
    try:
        return UUID(text)
    except ValueError as error:
        raise BadRequest(_NOT_OURS) from error


def _sorts(value: object) -> bool:
    """Whether a column can be compared with it."""
    return -(2**63) <= value < 2**63 if isinstance(value, int) else "\0" not in str(value)


def install(app: FastAPI, *, name: str, limits: RateLimits, max_body_bytes: int, streams: frozenset[str] = frozenset()) -> None:
    """Give an app our error answers, compressed answers, and the `Front` around every request."""
    app.state.rate_limits = limits
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=4)
    app.add_middleware(Front, name=name, limits=limits, max_body_bytes=max_body_bytes, streams=streams)
    problems.install(app)
