"""Requests that make something, and are sent twice because nobody knows whether the first one arrived: the `Idempotency-Key` header
(draft-ietf-httpapi-idempotency-key-header).

    @router.post("/cases/{case_id}/notes", status_code=201)
    @idempotency.once
    async def add_note(brand: str, body: NoteBody, request: Request, response: Response, principal: Writer, writing: Writing) -> Note: ...

The first request under a key is answered, and its answer stored in the transaction that holds its effect: a crash leaves both or neither. The same
request under the same key gets the stored answer, with `Idempotency-Replayed: true`. A request that failed left nothing, and may be sent again.
"""

import functools
import hashlib
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, cast, get_type_hints

import orjson
from fastapi import Header, Request, Response
from pydantic import TypeAdapter

from libs.common import db
from libs.common.auth import Principal
from libs.common.errors import BadRequest, Conflict, KeyReused, StillRunning

REPLAYED = "idempotency-replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("etag", "location")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Made up by the sender for this request, such as a UUID; the same when it is sent again. Kept for a day. Missing: 400. The same key "
        "while the first request runs: 409; for another request: 422",
        max_length=300,
        examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
    ),
]


def read_key(header: str | None) -> str:
    """The key, with or without the quotes of a structured field's string. Raises `BadRequest` when there is none, or it is not a key."""
    if header is None:
        raise BadRequest(
            "This makes something: send an Idempotency-Key, such as a UUID, and the same one when you send it again. So nothing is made twice."
        )
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if not _KEY.fullmatch(key):
        raise BadRequest("An Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID.")
    return key


def fingerprint(method: str, path: str, query: str, body: object) -> bytes:
    """Of what is asked for. How the JSON was written down does not count."""
    asked = orjson.dumps([method, path, query, body], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(asked).digest()


def once(
    endpoint: Callable[..., Awaitable[Any]], *, told_once: bool = False, secret: frozenset[str] = frozenset()
) -> Callable[..., Awaitable[Any]]:
    """The endpoint, with a key that its requests must have. It takes `request`, `response`, `principal` and `writing`.

    `told_once`: the answer holds a secret, so it is not stored; the same request again is a `Conflict` that says so. `secret`: fields of the body that
    a fast hash must not be kept of, since a person chose them and they could be guessed from it; two requests that differ in them alone are the same.
    """
    signature = inspect.signature(endpoint)
    assert {"request", "response", "principal", "writing"} <= signature.parameters.keys(), endpoint
    answers: TypeAdapter[Any] = TypeAdapter(get_type_hints(endpoint, include_extras=True)["return"])

    @functools.wraps(endpoint)
    async def handling(*, idempotency_key: str | None, **given: Any) -> Response:
        request, response, connection = (
            cast(Request, given["request"]),
            cast(Response, given["response"]),
            cast(db.Connection, given["writing"]),
        )
        principal = cast(Principal, given["principal"])
        scope = (request.path_params.get("brand", "*"), principal.subject, read_key(idempotency_key))
        body_sent = await request.json() if await request.body() else None  # some make something of what is there already
        asked = fingerprint(request.method, request.scope["path"], request.url.query, _without(body_sent, secret))
        stored = await _claim(connection, scope, asked)
        if stored is not None:
            return stored
        found = await endpoint(**given)
        answered = answers.dump_json(found, by_alias=True)
        status: int = request.scope["route"].status_code or 200
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        await _keep(connection, scope, asked, status, headers, None if told_once else answered)
        return Response(answered, status, headers, "application/json")

    parameter = inspect.Parameter("idempotency_key", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Key)
    handling.__signature__ = signature.replace(parameters=[*signature.parameters.values(), parameter])  # type: ignore[attr-defined]
    return handling


def _without(body: Any, secret: frozenset[str]) -> Any:
    return {name: value for name, value in body.items() if name not in secret} if secret and isinstance(body, dict) else body


Scope = tuple[str, str, str]
"""(brand, subject of the token, key): what two callers send under one key has nothing to do with each other."""


async def _claim(connection: db.Connection, scope: Scope, asked: bytes) -> Response | None:
    """The stored answer; none when this request is the first, which holds the key until its transaction ends.

    Raises `StillRunning` when another holds it: waiting would keep a connection from others. Raises `KeyReused` when something else was asked.
    """
    held = await connection.fetchval("select pg_try_advisory_xact_lock(hashtextextended($1, 3))", orjson.dumps(scope).decode())
    if not held:
        raise StillRunning(
            "A request with this Idempotency-Key has not been answered yet. Wait a moment and send it again.", retry_after_s=1
        )
    row = await connection.fetchrow(
        "select fingerprint, status, headers, body from idempotency_key where brand = $1 and principal = $2 and key = $3", *scope
    )
    if row is None:
        return None
    if row["fingerprint"] != asked:
        raise KeyReused("Another request was sent with this Idempotency-Key. Make up a new one for each new request.")
    if row["body"] is None:
        raise Conflict("This was done under this Idempotency-Key, and its answer, which holds a secret, is told only once.")
    return Response(row["body"], row["status"], {**row["headers"], REPLAYED: "true"}, "application/json")


async def _keep(connection: db.Connection, scope: Scope, asked: bytes, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
    await connection.execute(
        "insert into idempotency_key (brand, principal, key, fingerprint, status, headers, body) values ($1, $2, $3, $4, $5, $6, $7)",
        *scope,
        asked,
        status,
        dict(headers),
        body,
    )


async def purge(connection: db.Connection, before: datetime, limit: int = 1000) -> bool:
    """Forget answers that were given before that; at most `limit`, and says whether there may be more."""
    gone = await connection.fetch(
        "delete from idempotency_key where ctid in (select ctid from idempotency_key where created_at < $1 limit $2) returning 1",
        before,
        limit,
    )
    return len(gone) == limit
