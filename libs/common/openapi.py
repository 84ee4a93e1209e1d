"""How a service describes itself at `/openapi.json` (OpenAPI 3.1): what FastAPI finds in the routes, and what follows from how they ask.

Which errors an operation can give is not written beside each of them: it follows from whether it asks for a token, a body, a version or a key, and a
service cannot forget it. What depends on a thing's state is said by the route (`responses=CONFLICT`).
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from libs.common.problems import MEDIA_TYPE, Problem

DESCRIPTIONS = {
    400: "The request cannot be read: the body, a header, a cursor or the address",
    401: "No token, or one that does not hold",
    403: "The token does not reach this brand, or its role may not do this",
    404: "There is no such thing, or this brand has no brand book",
    405: "This path does not take that method; Allow says which it takes",
    409: "The state of the thing does not allow that",
    410: "It has expired",
    412: "The thing has changed since it was read; `changes` tells how",
    413: "The body is too large",
    415: "The content type is not read here; Accept says which are",
    422: "A value is wrong",
    428: "If-Match is missing",
    429: "Too many requests; Retry-After says when to ask again",
    431: "The request's headers are too large",
    500: "A fault of ours",
    503: "A part that this needs does not answer; Retry-After says when to ask again",
}
TAGS = {
    "ingest": "Mentions come in here",
    "triage": "What was found in mentions, and which of them belong together",
    "cases": "Cases: who has them, what happened, what people decide",
    "callbacks": "Calls that we owe customers: what is to be called now, and how it went",
    "notices": "Who was told what by mail, webhook or chat, and whether it arrived",
    "links": "Pages behind the signed links of notices, which work without log-in",
    "corrections": "What people decide about mentions, whatever triage proposed",
    "brand books": "What a brand has agreed on, and the switch that stops all its sending",
    "machine clients": "Programs with credentials of their own, and their secrets",
    "users": "People who log in with a password",
    "tokens": "Where people and programs get their tokens",
    "responder": "Replies from draft to approval",
    "analytics": "Reports in numbers; no text, no name, no address",
    "operations": "What those who run it need, the same in each service",
}
_HEADERS = {
    "RateLimit-Policy": {
        "description": "How many requests a client may make in how many seconds: `q` and `w`",
        "schema": {"type": "string"},
        "example": '"client";q=6000;w=60',
    },
    "RateLimit": {
        "description": "How many are left, and for how many seconds: `r` and `t`",
        "schema": {"type": "string"},
        "example": '"client";r=5999;t=60',
    },
    "ETag": {
        "description": "The version of what is answered; a change sends it back as If-Match",
        "schema": {"type": "string"},
        "example": '"1"',
    },
    "Idempotency-Replayed": {
        "description": "`true`: this was answered before under the same Idempotency-Key, and nothing was done again",
        "schema": {"type": "string", "enum": ["true"]},
        "example": "true",
    },
    "Retry-After": {"description": "Seconds to wait before asking again", "schema": {"type": "integer", "minimum": 1}, "example": 5},
}
_OAUTH = ("/v1/oauth/token",)
"""Speaks OAuth's own language for what is wrong with a request."""
_ONE_VERSION = (
    "/cases/{case_id}",
    "/replies/{reply_id}",
    "/book",
    "/book/versions/{version}",
    "/hold",
    "/clients/{client_id}",
    "/users/{user_id}",
    "/callbacks/{callback_id}",
)
"""What is answered with an ETag."""
_MADE = ("/clients", "/users", "/callbacks", "/attempts")
"""What a POST makes there is answered with one too."""
_PUBLIC = ("/healthz", "/readyz", "/metrics")


def describe(app: FastAPI, name: str, port: int) -> None:
    """Make the app describe itself as this module says. `port` is where it listens by default."""
    generated = app.openapi
    described: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not described:
            described.update(_described(generated(), name, port))
        return described

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's own documentation does


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of a document."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "put", "post", "delete", "patch"):
                yield path, method, operation


def _described(document: dict[str, Any], name: str, port: int) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["headers"] = _HEADERS
    document["info"] |= {
        "description": "Everything but operations is below `/v1/brands/{brand}` and asks for a token that reaches the brand. Lists come in pages: "
        "`items`, and `next` for `cursor`. Errors are problems (RFC 9457) of the types in docs/reference/errors.md. A write to a thing that changes "
        "sends the ETag that was read as If-Match; a POST that makes something sends an Idempotency-Key.",
        "contact": {"name": "Weerklank", "url": "https://weerklank.example"},
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    document["servers"] = [{"url": f"http://127.0.0.1:{port}", "description": f"{name} of `weerklank up`, where it listens by default"}]
    tags = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": tag, "description": text} for tag, text in TAGS.items() if tag in tags]
    for path, method, operation in operations(document):
        _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        _tidy(parameter)
    headers = {parameter["name"] for parameter in parameters if parameter["in"] == "header"}
    told: dict[str, Any] = operation["responses"]
    told.pop("422", None) if told.get("422", {}).get("description") == "Validation Error" else None
    for status in _statuses(path, operation, headers):
        if status == 422 and path in _OAUTH:
            continue  # there every wrong value is 400
        told.setdefault(str(status), {})
    for code, answer in told.items():
        if int(code) < 400:
            answer["headers"] = {found: {"$ref": f"#/components/headers/{found}"} for found in _told(path, method, headers)}
            if not answer["headers"]:
                del answer["headers"]
            continue
        answer.setdefault("description", DESCRIPTIONS[int(code)])
        answer.setdefault("content", {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}})
        if code in ("429", "503") and path not in _PUBLIC:
            answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    operation["responses"] = dict(sorted(told.items()))


def _tidy(parameter: dict[str, Any]) -> None:
    """A header that is null when it is not sent is no header; and those that must be sent say so, although it is we who ask for them."""
    if parameter["in"] == "header":
        schema = parameter["schema"]
        if "anyOf" in schema:
            kept = next(kind for kind in schema.pop("anyOf") if kind.get("type") != "null")
            parameter["schema"] = {**kept, **schema}
        parameter["required"] = parameter["name"] in ("If-Match", "Idempotency-Key") and "first book" not in parameter.get(
            "description", ""
        )


def _statuses(path: str, operation: dict[str, Any], headers: set[str]) -> Iterator[int]:
    """The errors that follow from how an operation asks."""
    if path in _PUBLIC:
        yield from (400, 422, 431)
        return
    yield from (400, 422, 429, 431, 503)
    if operation.get("security"):
        yield from (401, 403)
    if path.count("{") > 1 or path.endswith(("/book", "/hold", "/replay", "/drop", "/mailboxes")):
        yield 404
    if "requestBody" in operation:
        yield from (413, 415)
    if "If-Match" in headers:
        yield from (412, 428)
    if "Idempotency-Key" in headers:
        yield 409


def _told(path: str, method: str, headers: set[str]) -> Iterator[str]:
    if path in _PUBLIC:
        return
    yield from ("RateLimit", "RateLimit-Policy")
    changes = "If-Match" in headers and method != "delete"
    if changes or (method == "get" and path.endswith(_ONE_VERSION)) or (method == "post" and path.endswith(_MADE)):
        yield "ETag"
    if "Idempotency-Key" in headers:
        yield "Idempotency-Replayed"
