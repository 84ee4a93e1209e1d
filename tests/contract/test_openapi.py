"""Every operation of every service says what it is for, how it fails and who may use it; those that anybody may use are listed here."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from cli import contracts, error_reference, openapi
from libs.common import errors
from libs.common.auth import ROLES
from libs.common.routes import Route as StrictRoute

SERVICES = ("analytics", "ingest", "responder", "routing", "triage")
PUBLIC = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/status", "/v1/ledger"})
"""Routes that ask for no token: operations uses them, and they tell of no brand."""
LOGIN = frozenset({"/v1/oauth/token", "/v1/login", "/v1/login/refresh", "/v1/login/password", "/v1/logout"})
"""Routes that ask for no token because it is there that one gets one: they ask for a secret instead."""
LINKED = frozenset({"/v1/links/{token}"})
"""Routes that ask for no token because their path is one: a signed link, which is good for one thing. People see pages there, and no problems."""
DESK_DOOR = {"/desk/log-in", "/desk/leave", "/desk/language", "/desk/static/{name}", "/desk/oidc", "/desk/oidc/back"}
"""Pages of the desk that somebody needs before they are logged in, or when they leave; nothing of a brand is behind them."""


class Operation(NamedTuple):
    service: str
    method: str
    path: str
    described: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.service}: {self.method.upper()} {self.path}"


class Route(NamedTuple):
    service: str
    methods: frozenset[str]
    path: str
    dependant: Dependant | None
    is_strict: bool

    def __str__(self) -> str:
        return f"{self.service}: {'|'.join(sorted(self.methods))} {self.path}"


def operations() -> Iterator[Operation]:
    for service in contracts.services():
        for path, methods in contracts.app_of(service).openapi()["paths"].items():
            for method, described in methods.items():
                yield Operation(service, method, path, described)


def routes() -> Iterator[Route]:
    for service in contracts.services():
        for found in iter_route_contexts(contracts.app_of(service).routes):
            yield Route(
                service,
                frozenset(found.methods or ()),
                str(found.path),
                getattr(found, "dependant", None),
                isinstance(found.original_route, StrictRoute),
            )


def roles_of(dependant: Dependant | None) -> set[str]:
    """The roles that any dependency of a route asks for, at any depth."""
    if dependant is None:
        return set()
    own = set(getattr(dependant.call, "allowed_roles", ()))
    return own.union(*(roles_of(below) for below in dependant.dependencies))


def test_all_five_services_are_described() -> None:
    assert tuple(contracts.services()) == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_the_description_is_valid_openapi(service: str) -> None:
    document = contracts.app_of(service).openapi()
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@pytest.mark.parametrize("operation", list(operations()), ids=str)
def test_an_operation_says_what_it_is_for_and_how_it_fails(operation: Operation) -> None:
    described = operation.described
    assert described.get("description"), "a route needs a docstring"
    assert described.get("tags"), "a router needs tags"
    answers = described["responses"]
    assert any(code.startswith("2") for code in answers)
    assert "default" not in answers, "each status that it can give, by name"
    health = operation.path in ("/healthz", "/readyz")
    problems = {code: answer["content"] for code, answer in answers.items() if code >= "4" and not (health and code == "503")}
    if operation.path == "/v1/oauth/token":
        for code in ("400", "401"):  # OAuth's own language (RFC 6749, 5.2)
            assert problems.pop(code) == {"application/json": {"schema": {"$ref": "#/components/schemas/OAuthProblem"}}}
    else:
        assert {"400", "422"} <= problems.keys()
    if operation.path in LINKED:
        pages = {code for code, content in problems.items() if content == {"text/html": {}}}
        assert {"404", "409", "410"} <= pages
        problems = {code: content for code, content in problems.items() if code not in pages}
    assert all(
        content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}} for content in problems.values()
    )


COMMUTES = ("/tags", "/watchers", "/presence", "/acknowledge", "/view-order")
"""Ends of paths of changes of which both hold, whoever comes first: nothing that somebody has not read is overwritten."""
PRACTISED = ("/practice/messages", "/practice/sessions/{session_id}", "/practice/sessions/{session_id}/end", "/practice/people/{who}")
"""A file that is taken in whatever there was, a session that its one person ends, and what is forgotten whatever it was."""
ONCE = ("/overrides/{override_id}/review", "/delegations/{delegation_id}", "/script-suggestions/{proposal_id}/dismiss")
"""Done once, by whoever comes first, and never undone: there is no other version of it."""
BOUND_TO_A_DIGEST = ("/statement/sign",)
"""What they change is named by its text, which is closer than a version."""
BEGINS = ("/bulk", "/bulk/{bulk_id}/undo", "/held/approve", "/queue/take-next")
"""They make nothing that has an address of its own from the start, and done twice they would do twice."""
MAKES_FROM_A_VERSION = ("/cases/{case_id}/split", "/decisions")
"""They make something out of a state that somebody has read."""
CHANGES_THE_BRAND = ("/hold-releases",)
"""Their version is one of the whole brand's."""


@pytest.mark.parametrize("operation", list(operations()), ids=str)
def test_what_makes_something_asks_for_a_key_and_what_changes_something_for_a_version(operation: Operation) -> None:
    path = operation.path
    headers = {parameter["name"] for parameter in operation.described.get("parameters", []) if parameter["in"] == "header"}
    makes = "201" in operation.described["responses"]
    assert (makes or (path.endswith(BEGINS) and operation.method == "post")) == ("Idempotency-Key" in headers)
    changes = operation.method in ("put", "patch", "delete") or (operation.method == "post" and path.count("{") == 2)
    belongs_to_no_version = (makes and not path.endswith(("/secrets", *MAKES_FROM_A_VERSION))) or path.endswith(BEGINS)
    exempt = (
        path.endswith((*COMMUTES, *PRACTISED, *ONCE, *BOUND_TO_A_DIGEST))
        or belongs_to_no_version
        or path.startswith("/v1/stream/")
        or path.endswith("/mentions/{mention_id}")
    )
    of_the_brand = path.endswith(CHANGES_THE_BRAND) and operation.method == "post"
    assert ("If-Match" in headers) == ((changes and not exempt) or of_the_brand)


@pytest.mark.parametrize("route", list(routes()), ids=str)
def test_every_route_reads_requests_strictly(route: Route) -> None:
    assert route.is_strict or route.path == "/openapi.json", "APIRouter(route_class=Route)"


def test_operation_ids_are_unique_in_a_service() -> None:
    found = [(operation.service, operation.described["operationId"]) for operation in operations()]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("route", list(routes()), ids=str)
def test_a_route_asks_for_a_role_unless_it_is_public_on_purpose(route: Route) -> None:
    roles = roles_of(route.dependant)
    if route.path in PUBLIC:
        assert not roles
        assert "{brand}" not in route.path
        assert route.methods <= {"GET", "HEAD"}
    elif route.path in LINKED:
        assert not roles
        assert (route.service, "{brand}" in route.path) == ("routing", False)
    elif route.path in DESK_DOOR:
        assert not roles
        assert route.service == "responder"
    elif route.path in LOGIN:
        assert not roles
        assert (route.service, route.methods) == ("routing", {"POST"})
    else:
        assert roles, "it needs Depends(allow(...))"
        assert roles <= set(ROLES)


@pytest.mark.parametrize("operation", [found for found in operations() if found.path not in PUBLIC | LOGIN | LINKED], ids=str)
def test_an_operation_that_asks_for_a_role_is_described_with_a_token(operation: Operation) -> None:
    assert operation.described["security"] == [{"token": []}]


def test_a_public_route_still_exists() -> None:
    """A name that is left on the list would open a later route of that name."""
    assert {route.path for route in routes()} >= PUBLIC | LOGIN | LINKED | DESK_DOOR


def test_only_routes_of_a_brand_or_of_operations_exist() -> None:
    of_a_brand = ("/v1/brands/{brand}/", "/desk/brands/{brand}")
    elsewhere = (
        {route.path for route in routes() if not route.path.startswith(of_a_brand)} - PUBLIC - LOGIN - LINKED - DESK_DOOR - {"/desk"}
    )
    assert elsewhere == {"/v1/checks", "/v1/stream/resume", "/v1/stream/positions/{topic}/{partition}"}


# --- all services in one ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def merged() -> dict[str, Any]:
    return openapi.merged({service: contracts.app_of(service).openapi() for service in contracts.services()})


def test_the_description_of_all_services_is_valid_and_names_nothing_twice(merged: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(merged).iter_errors()] == []
    found = [operation["operationId"] for _, _, operation in openapi.operations(merged)]
    assert len(found) == len(set(found)) == len(list(operations()))
    assert {path.split("/")[1] for path in merged["paths"]} == set(SERVICES)


def test_a_linter_finds_nothing(merged: dict[str, Any]) -> None:
    """The rules of Spectral's `spectral:oas` that its format does not already ask for; `npx @stoplight/spectral-cli lint` runs the original."""
    info, tags = merged["info"], {tag["name"] for tag in merged["tags"]}
    assert info["contact"]
    assert info["description"]
    assert info["license"]
    assert all(tag["description"] for tag in merged["tags"])
    assert merged["servers"]
    text = json.dumps(merged)
    unused = [
        name
        for kind, items in merged["components"].items()
        if kind != "securitySchemes"
        for name in items
        if f'/{kind}/{name}"' not in text
    ]
    assert unused == []
    for path, _, operation in openapi.operations(merged):
        assert not path.endswith("/")
        assert "?" not in path
        assert operation["description"]
        assert operation["operationId"].replace("_", "").isalnum()
        assert set(operation["tags"]) <= tags
        assert len(operation["tags"]) == 1
        assert any(code[0] in "23" for code in operation["responses"])
        assert any(code[0] == "4" for code in operation["responses"])
        named = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path))


def test_every_request_and_answer_has_an_example_that_its_schema_takes(merged: dict[str, Any]) -> None:
    for path, method, operation in openapi.operations(merged):
        contents = [
            (kind, content) for kind, content in operation.get("requestBody", {}).get("content", {}).items() if kind not in openapi.LINES
        ]
        good = next(answer for code, answer in operation["responses"].items() if code.startswith("2"))
        contents += [(kind, content) for kind, content in good.get("content", {}).items() if kind == "application/json"]
        for kind, content in contents:
            assert "example" in content, f"{method} {path} {kind}: record it (CONTRIBUTING.md)"
            schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **content["schema"], "components": merged["components"]}
            wrong = [error.message for error in Draft202012Validator(schema).iter_errors(content["example"])]
            assert wrong == [], f"{method} {path}"


def test_every_kind_of_error_that_is_raised_is_in_the_list() -> None:
    source = "".join(path.read_text() for folder in ("services", "libs") for path in sorted((contracts.ROOT / folder).rglob("*.py")))
    listed = {kind.__name__ for kind in error_reference.kinds()}
    raised = set(re.findall(r"raise (\w+)\(", source)) & {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    not_http = {"InvalidEvent", "UnknownEventType", "PositionBelowLogStart", "PositionBeyondLogEnd", "TooManyDeadLetters", "StreamStopped"}
    assert raised - not_http <= listed
