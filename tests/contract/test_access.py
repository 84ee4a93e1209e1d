"""Every operation of every service, asked with every token that must open nothing, and with good ones for other roles and brands: never an answer."""

from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cli import contracts
from libs.common.auth import EVERY_BRAND, ROLES
from tests.attacks import ManyKeys, attacks
from tests.contract.test_openapi import LINKED, LOGIN, PUBLIC, SERVICES, Operation, operations

CLOSED = [found for found in operations() if found.path not in PUBLIC | LOGIN | LINKED]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> ManyKeys:
    return ManyKeys(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
async def clients(issuer: ManyKeys) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """The services' apps as they are wired, without a database: whatever gets past the token ends as a 500."""
    made = {}
    for service in SERVICES:
        settings = import_module(f"services.{service}.settings").Settings
        app = import_module(f"services.{service}.app").create_app(
            settings(database_url=f"postgresql://{service}@localhost/none", jwks=str(issuer.jwks), rate_limit=0, rate_limit_anonymous=0)
        )
        made[service] = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://here")
    yield made
    for client in made.values():
        await client.aclose()


def reaching(operation: Operation, brand: str = "vaart") -> list[str]:
    """The brands that a token needs for this operation."""
    return [EVERY_BRAND] if operation.described.get("x-operators") else [brand]


def path_of(operation: Operation, brand: str = "vaart") -> str:
    path = operation.path.replace("{brand}", brand)
    for parameter in operation.described.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] != "brand":
            schema = parameter["schema"]
            value = str(uuid4()) if schema.get("format") == "uuid" else "0" if schema.get("type") == "integer" else "x"
            path = path.replace(f"{{{parameter['name']}}}", value)
    return path


async def ask(client: httpx.AsyncClient, operation: Operation, headers: Mapping[str, str] | list[tuple[str, str]]) -> httpx.Response:
    body: dict[str, Any] = {"json": {"brand": "vaart"}} if operation.method in ("post", "put", "patch") else {}
    return await client.request(operation.method.upper(), path_of(operation), headers=headers, **body)


def refused(answer: httpx.Response, status: int, error: str | None, what: str) -> None:
    assert answer.status_code == status, f"{what}: {answer.status_code} {answer.text[:200]}"
    assert answer.headers["content-type"] == "application/problem+json", what
    assert {"type", "title", "status", "detail"} <= answer.json().keys(), what
    challenge = answer.headers["www-authenticate"]
    assert challenge == 'Bearer realm="weerklank"' + (f', error="{error}"' if error else ""), what


@pytest.mark.parametrize("operation", CLOSED, ids=str)
async def test_no_token_that_does_not_hold_opens_it(operation: Operation, issuer: ManyKeys, clients: dict[str, httpx.AsyncClient]) -> None:
    client, role = clients[operation.service], operation.described["x-roles"][0]
    control = await ask(client, operation, {"authorization": f"Bearer {issuer.token(role, reaching(operation))}"})
    assert control.status_code not in (401, 403), f"the token that the attacks are made from must be a good one: {control.text}"
    for what, token in attacks(issuer, role, reaching(operation)).items():
        refused(await ask(client, operation, {"authorization": f"Bearer {token}"}), 401, "invalid_token", what)
    good = issuer.token(role, reaching(operation))
    for what, headers in {
        "no token": {},
        "an empty one": {"authorization": "Bearer "},
        "another scheme": {"authorization": f"Basic {good}"},
        "no scheme": {"authorization": good},
        "a cookie": {"cookie": f"token={good}; access_token={good}"},
        "another header": {"x-authorization": f"Bearer {good}", "x-forwarded-user": "admin", "x-role": "admin"},
    }.items():
        refused(await ask(client, operation, headers), 401, None, what)
    twice = [("authorization", "Bearer x"), ("authorization", f"Bearer {good}")]
    refused(await ask(client, operation, twice), 401, "invalid_token", "two tokens")
    assert (await client.request(operation.method.upper(), path_of(operation), params={"access_token": good})).status_code in (401, 405)


@pytest.mark.parametrize("operation", CLOSED, ids=str)
async def test_a_good_token_opens_it_for_its_roles_and_brands_only(
    operation: Operation, issuer: ManyKeys, clients: dict[str, httpx.AsyncClient]
) -> None:
    client, allowed = clients[operation.service], operation.described["x-roles"]
    for role in ROLES:
        answer = await ask(client, operation, {"authorization": f"Bearer {issuer.token(role, reaching(operation))}"})
        if role in allowed:
            assert answer.status_code not in (401, 403), role
        else:
            refused(answer, 403, "insufficient_scope", role)
    others = [["noord"], [], ["Vaart"], ["vaart "], ["vaar"], ["vaart2"], ["%"], ["vaart,noord"]]
    for brands in [*others, ["vaart"]] if operation.described.get("x-operators") else [*others, [EVERY_BRAND]]:
        answer = await ask(client, operation, {"authorization": f"Bearer {issuer.token(allowed[0], brands)}"})
        refused(answer, 403, "insufficient_scope", str(brands))


@pytest.mark.parametrize("operation", list(operations()), ids=str)
def test_every_operation_says_who_may_use_it(operation: Operation) -> None:
    roles = operation.described["x-roles"]
    assert set(roles) <= set(ROLES)
    assert bool(roles) is (operation.path not in PUBLIC | LOGIN | LINKED)
    row = f"| {operation.method.upper()} | `{operation.path}` |"
    lines = [line for line in (contracts.DOCS / "reference/roles.md").read_text().splitlines() if row in line]
    [line] = [line for line in lines if line.startswith((f"| {operation.service} |", "| all |"))]
    cells = [cell.strip() for cell in line.strip("|").split(" | ")][-len(ROLES) :]
    assert [role for role, cell in zip(ROLES, cells, strict=True) if cell == "●"] == roles
