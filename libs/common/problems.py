"""What an error becomes over HTTP: a problem (RFC 9457) with a stable `type`. Everything that a service raises passes here on its way out.

A fault of ours stays one: what is not raised on purpose is a 500, and its cause is in the log. Only what says that the database or the network is
away for the moment is a 503.
"""

import logging
import socket
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from libs.common import db
from libs.common.errors import BadRequest, MethodNotAllowed, NotFound, Unavailable, Unprocessable, WeerklankError

log = logging.getLogger(__name__)

PROBLEM_TYPE = "https://weerklank.example/problems/"
MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457. `type` is stable and one of docs/reference/errors.md; `detail` says what was wrong with which value and what to do."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(description="A URI that stands for this kind of error; it does not change", examples=[PROBLEM_TYPE + "not-found"])
    title: str = Field(examples=["There is no such thing"])
    status: int = Field(ge=400, le=599, examples=[404])
    detail: str = Field(examples=["There is no such case in this brand."])


CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "The state of the thing does not allow that"}}
"""What a route says that can refuse a thing for its state: `responses=CONFLICT`. The other errors follow from how a route asks (`openapi.py`)."""


def answer(content: object, status: int, headers: Mapping[str, str] | None = None, media_type: str = "application/json") -> Response:
    """An answer that is JSON already in shape."""
    return Response(orjson.dumps(content), status, headers, media_type)


def problem(error: WeerklankError) -> Response:
    body = {
        "type": PROBLEM_TYPE + error.kind,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        **error.more,
    }
    headers = {"retry-after": str(error.retry_after_s)} if error.retry_after_s else {}
    if error.challenge:
        headers["www-authenticate"] = error.challenge
    return answer(body, error.status, headers | dict(error.headers), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Give an app our error answers."""

    @app.exception_handler(WeerklankError)
    async def ours(_: Request, error: WeerklankError) -> Response:
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        found = [{"field": _field(item["loc"]), "message": str(item["msg"])[:300]} for item in error.errors()[:20]]
        said = "; ".join(f"{item['field']}: {item['message']}" for item in found[:3])
        return problem(Unprocessable(said, errors=found))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, WeerklankError):
            return problem(error.__cause__)  # raised while the framework read the body, which it calls a 400
        if error.status_code == 404:
            return problem(NotFound("There is nothing at this path; /openapi.json lists what there is."))
        if error.status_code == 405:
            methods = ", ".join(sorted(_methods(app, request)))
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"allow": methods})
            return problem(MethodNotAllowed(f"This path takes {methods}.", headers={"allow": methods}))
        if error.status_code == 400:
            return problem(BadRequest("The body cannot be read."))
        raise error

    async def gone(_: Request, error: Exception) -> Response:
        # asyncpg's word for an argument that no column takes, and a file that is not there: faults of ours, which no second attempt mends.
        if isinstance(error, ValueError) or (isinstance(error, OSError) and not isinstance(error, _NETWORK)):
            raise error
        log.warning("Postgres does not answer", extra={"error": type(error).__name__})
        return problem(Unavailable("The database does not answer. Try again.", retry_after_s=5))

    for kind in db.TRANSIENT:
        app.add_exception_handler(kind, gone)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        # The framework raises it anew once this is sent, so that the log has all of it.
        return problem(WeerklankError("This is a fault of ours; the log has it under this request's trace id."))


_NETWORK = (ConnectionError, TimeoutError, socket.gaierror)


def _field(place: tuple[int | str, ...]) -> str:
    """Where in the request a value stands. Names that the sender made up are cut: they come back in the answer."""
    return ".".join(str(part)[:60] for part in place)


def _methods(app: FastAPI, request: Request) -> set[str]:
    """Every method that this path takes, over all routes that it fits."""
    found: set[str] = {"OPTIONS"}
    for route in iter_route_contexts(app.routes):
        pattern: Any = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(request.scope["path"]):
            found |= set(route.methods or ())
    return found | ({"HEAD"} if "GET" in found else set())
