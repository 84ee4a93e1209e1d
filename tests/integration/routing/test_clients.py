"""Machine clients: secrets that are shown once, tokens for a quarter of an hour, rotation with overlap, and nobody hands out more than they have."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.routing.access_world import World, world_of

CLIENTS = "/v1/brands/vaart/clients"


async def test_a_client_gets_tokens_of_its_role_and_brands_by_either_method(world: World) -> None:
    made = await world.machine()
    by_basic = await world.ask(made["id"], made["client_secret"])
    form = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["client_secret"]}
    by_form = await world.client.post("/v1/oauth/token", data=form)
    for answer in (by_basic, by_form):
        assert answer.status_code == 200, answer.text
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 900)
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        bearer = await world.bearer(answer.json()["access_token"])
        assert (bearer.subject, bearer.role, bearer.brands, bearer.machine) == (made["id"], "connector", frozenset({"vaart"}), True)


async def test_a_secret_is_shown_once_and_kept_as_a_hash(world: World) -> None:
    made = await world.machine()
    assert made["client_secret"].startswith("wks_")
    assert len(made["client_secret"]) >= 47
    listed, read = await world.call("GET", CLIENTS), await world.call("GET", f"{CLIENTS}/{made['id']}")
    assert made["client_secret"] not in listed.text + read.text
    assert "client_secret" not in read.json()
    kept = json.dumps([dict(row) for row in await world.pool.fetch("select * from client_secret")], default=str)
    assert made["client_secret"] not in kept


async def test_a_rotated_secret_works_on_for_the_overlap_and_the_new_one_at_once(world: World) -> None:
    made = await world.machine()
    rotated = (await world.call("POST", f"{CLIENTS}/{made['id']}/secrets", json={"overlap_hours": 1})).json()
    assert (await world.ask(made["id"], made["client_secret"])).status_code == 200
    assert (await world.ask(made["id"], rotated["client_secret"])).status_code == 200
    await world.pool.execute("update client_secret set expires_at = expires_at - interval '61 minutes'")  # an hour later
    assert (await world.ask(made["id"], made["client_secret"])).status_code == 401
    assert (await world.ask(made["id"], rotated["client_secret"])).status_code == 200
    again = (await world.call("POST", f"{CLIENTS}/{made['id']}/secrets", json={"overlap_hours": 0})).json()
    assert (await world.ask(made["id"], rotated["client_secret"])).status_code == 401
    assert (await world.ask(made["id"], again["client_secret"])).status_code == 200


async def test_what_expired_was_revoked_or_removed_gets_no_token(world: World) -> None:
    made = await world.machine(expires_in_days=1)
    await world.pool.execute("update client_secret set expires_at = now() - interval '1 second'")
    assert (await world.ask(made["id"], made["client_secret"])).status_code == 401
    other = await world.machine()
    assert (await world.call("DELETE", f"{CLIENTS}/{other['id']}/secrets/{other['secrets'][0]['id']}")).status_code == 204
    assert (await world.ask(other["id"], other["client_secret"])).status_code == 401
    third = await world.machine()
    assert (await world.call("DELETE", f"{CLIENTS}/{third['id']}")).status_code == 204
    assert (await world.ask(third["id"], third["client_secret"])).status_code == 401
    assert (await world.call("GET", f"{CLIENTS}/{third['id']}")).status_code == 404


async def test_the_last_use_is_shown_and_written_once_a_minute_at_most(world: World) -> None:
    made = await world.machine()
    assert made["last_used_at"] is None
    await world.ask(made["id"], made["client_secret"])
    first = (await world.call("GET", f"{CLIENTS}/{made['id']}")).json()["last_used_at"]
    await world.ask(made["id"], made["client_secret"])
    assert (await world.call("GET", f"{CLIENTS}/{made['id']}")).json()["last_used_at"] == first is not None
    await world.pool.execute("update machine_client set last_used_at = last_used_at - interval '2 minutes'")
    await world.ask(made["id"], made["client_secret"])
    assert (await world.call("GET", f"{CLIENTS}/{made['id']}")).json()["last_used_at"] > first


@pytest.mark.parametrize(
    ("bearer", "body", "status"),
    [
        ({}, {"brands": ["noord"]}, 403),
        ({}, {"brands": ["*"]}, 403),
        ({"brands": ("vaart", "noord")}, {"brands": ["noord"]}, 201),
        ({"brands": ("vaart", "*")}, {"brands": ["*"]}, 201),
        ({"role": "lead"}, {}, 403),
        ({"client_id": "boss"}, {}, 403),  # a machine's own token
        ({}, {"role": "agent"}, 422),
        ({}, {"role": "lead"}, 422),
        ({}, {"role": "king"}, 422),
        ({}, {"expires_in_days": 366}, 422),
        ({}, {"expires_in_days": 0}, 422),
        ({}, {"name": "a\r\nb"}, 422),
        ({}, {"id": "wkc_mine"}, 422),
        ({}, {"brand": "noord"}, 422),
        ({}, {"client_secret": "x", "secret": "x"}, 422),
        ({}, {"brands": ["Vaart"]}, 422),
    ],
    ids=str,
)
async def test_nobody_makes_a_client_with_more_than_they_have(
    world: World, bearer: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    said = {"name": "x", "role": "connector", **body}
    answer = await world.call("POST", CLIENTS, world.token(**bearer), json=said)
    assert answer.status_code == status, answer.text
    assert await world.pool.fetchval("select count(*) from machine_client") == (status == 201)


async def test_a_client_of_several_brands_is_changed_only_by_who_reaches_them_all(world: World) -> None:
    both = world.token(brands=("vaart", "noord"))
    made = (await world.call("POST", CLIENTS, both, json={"name": "x", "role": "analyst", "brands": ["noord"]})).json()
    seen = (await world.call("GET", f"{CLIENTS}/{made['id']}")).json()
    assert (seen["brands"], seen["reaches_more"]) == (["vaart"], True)  # vaart's admin does not learn of noord
    for method, path, body in (
        ("POST", f"{CLIENTS}/{made['id']}/secrets", {}),
        ("DELETE", f"{CLIENTS}/{made['id']}/secrets/{made['secrets'][0]['id']}", None),
        ("DELETE", f"{CLIENTS}/{made['id']}", None),
    ):
        assert (await world.call(method, path, json=body)).status_code == 403
        assert (await world.call(method, path.replace("vaart", "zuid"), world.token(brands=("zuid",)), json=body)).status_code == 404
    assert (await world.call("GET", CLIENTS.replace("vaart", "zuid"), world.token(brands=("zuid",)))).json()["items"] == []
    assert (await world.call("DELETE", f"{CLIENTS}/{made['id']}", both)).status_code == 204


async def test_lists_are_paged(world: World) -> None:
    made = {(await world.machine())["id"] for _ in range(3)}
    first = (await world.call("GET", CLIENTS, params={"limit": 2})).json()
    second = (await world.call("GET", CLIENTS, params={"limit": 2, "cursor": first["next"]})).json()
    assert {item["id"] for item in first["items"] + second["items"]} == made
    assert second["next"] is None


async def test_the_token_endpoint_refuses_as_oauth_says(world: World) -> None:
    made = await world.machine()
    client_id, secret = made["id"], made["client_secret"]
    grant = {"grant_type": "client_credentials"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    other = await world.machine()
    for what, request, status, error in (
        ("nothing", {}, 400, "invalid_request"),
        ("JSON", {"json": grant}, 400, "invalid_request"),
        ("another grant", {"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        ("no client", {"data": grant}, 401, "invalid_client"),
        ("a wrong secret", {"data": grant, "auth": (client_id, secret[:-1] + "x")}, 401, "invalid_client"),
        ("no secret", {"data": grant, "auth": (client_id, "")}, 401, "invalid_client"),
        ("another client's secret", {"data": grant, "auth": (client_id, other["client_secret"])}, 401, "invalid_client"),
        ("an unknown client", {"data": grant, "auth": ("wkc_none", secret)}, 401, "invalid_client"),
        ("an injection", {"data": grant, "auth": (f"{client_id}' or '1'='1", secret)}, 401, "invalid_client"),
        ("a NUL", {"data": grant, "auth": (f"{client_id}%00", secret)}, 401, "invalid_client"),
        ("both ways", {"data": grant | {"client_secret": secret}, "auth": (client_id, secret)}, 400, "invalid_request"),
        ("two clients", {"data": grant | {"client_id": other["id"]}, "auth": (client_id, secret)}, 400, "invalid_request"),
        ("a scope", {"data": grant | {"scope": "admin"}, "auth": (client_id, secret)}, 400, "invalid_scope"),
        ("a bearer", {"data": grant, "headers": {"authorization": f"Bearer {world.token()}"}}, 401, "invalid_client"),
        ("no base64", {"data": grant, "headers": {"authorization": "Basic ###"}}, 401, "invalid_client"),
        ("twice", {"content": "grant_type=client_credentials&grant_type=x", "headers": form}, 400, "invalid_request"),
        ("not UTF-8", {"content": b"grant_type=%ff", "headers": form}, 400, "invalid_request"),
        ("too long", {"content": "grant_type=" + "x" * 9000, "headers": form}, 400, "invalid_request"),
        ("too many", {"content": "&".join(f"a{n}=1" for n in range(50)), "headers": form}, 400, "invalid_request"),
        ("more rights", {"data": grant | {"role": "admin", "brands": "noord"}, "auth": (client_id, secret)}, 200, None),
    ):
        answer = await world.client.post("/v1/oauth/token", **request)
        assert (answer.status_code, answer.json().get("error")) == (status, error), f"{what}: {answer.text}"
        assert answer.headers["cache-control"] == "no-store", what
        assert ("www-authenticate" in answer.headers) is (status == 401), what
        assert secret not in answer.text, what
    assert (await world.bearer(answer.json()["access_token"])).role == "connector"


async def test_an_installation_without_a_key_says_where_tokens_come_from(world: World, tmp_path: Path) -> None:
    keyless = world_of(world.pool, tmp_path, signs=False)
    asked = await keyless.ask("wkc_x", "wks_x")
    assert (asked.status_code, asked.json()["error"]) == (400, "unsupported_grant_type")
    assert "OIDC provider" in asked.json()["error_description"]
    for answer in (await keyless.login(), await keyless.refresh("x")):
        assert answer.status_code == 404
        assert "OIDC provider" in answer.json()["detail"]
