"""Clients, users and log-ins as somebody asks who is careless, or means ill: versions, keys that are sent again, and requests that nobody should read."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.common.ratelimit import RateLimits
from tests.integration.routing.access_world import PASSWORD, World

CLIENTS, USERS = "/v1/brands/vaart/clients", "/v1/brands/vaart/users"
OTHER = "zes heel andere woorden voor nu"
JSON = {"content-type": "application/json"}


async def changes_of(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, request) of every change to a client and to a user."""
    client, _ = await world.machine(), await world.user()
    at = f"{CLIENTS}/{client['id']}"
    return [
        ("POST", f"{at}/secrets", {"json": {}}),
        ("DELETE", f"{at}/secrets/{client['secrets'][0]['id']}", {}),
        ("DELETE", at, {}),
        ("PUT", f"{USERS}/gs", {"json": {"role": "lead"}}),
        ("PUT", f"{USERS}/gs/password", {"json": {"password": OTHER}}),
        ("POST", f"{USERS}/gs/disable", {}),
        ("POST", f"{USERS}/gs/enable", {}),
        ("DELETE", f"{USERS}/gs", {}),
    ]


async def test_a_change_that_names_no_version_or_an_older_one_changes_nothing(world: World) -> None:
    changes = await changes_of(world)
    await world.pool.execute("update machine_client set version = 3, change = 'secret rotated', changed_by = 'tv'")
    await world.pool.execute("update app_user set version = 3, change = 'disabled', changed_by = 'tv'")
    before = [await world.pool.fetch(f"select * from {table}") for table in ("machine_client", "client_secret", "app_user")]
    for method, path, request in changes:
        token, key = world.token(), str(uuid4())
        bare = {"authorization": f"Bearer {token}", "idempotency-key": key}
        assert (await world.client.request(method, path, headers=bare, **request)).status_code == 428, path
        late = await world.call(method, path, headers={"if-match": '"2"'}, **request)
        assert (late.status_code, late.json()["version"], late.headers["etag"]) == (412, 3, '"3"'), path
        [last] = late.json()["changes"]
        assert (last["version"], last["actor"]) == (3, "tv")
        assert last["what"] == ("secret rotated" if "/clients/" in path else "disabled")
        for wrong in ("3", '"3', 'W/"3"x', ""):
            assert (await world.call(method, path, headers={"if-match": wrong}, **request)).status_code == 400, wrong
        assert (await world.call(method, path, headers={"if-match": 'W/"3"'}, **request)).status_code == 412, "a weak tag matches nothing"
    assert [await world.pool.fetch(f"select * from {table}") for table in ("machine_client", "client_secret", "app_user")] == before


async def test_each_change_is_a_version_and_its_answer_says_which(world: World) -> None:
    for at, (method, path, request) in enumerate(await changes_of(world)):
        thing = "/".join(path.split("/")[:6])
        read = await world.call("GET", thing)
        done = await world.call(method, path, headers={"if-match": read.headers["etag"]}, **request)
        assert done.is_success, (at, done.text)
        after = await world.call("GET", thing)
        if after.status_code == 200:
            assert after.json()["version"] == read.json()["version"] + 1
            assert (after.json()["changed_by"], after.json()["changed_at"] > read.json()["changed_at"]) == ("boss", True)
            assert done.headers.get("etag", after.headers["etag"]) == after.headers["etag"], path


async def test_of_two_who_change_what_both_have_read_one_is_told(world: World) -> None:
    await world.user()
    etag = (await world.call("GET", f"{USERS}/gs")).headers["etag"]
    asked = [world.call("PUT", f"{USERS}/gs", json={"role": role}, headers={"if-match": etag}) for role in ("lead", "analyst", "trainee")]
    assert sorted(answer.status_code for answer in await asyncio.gather(*asked)) == [200, 412, 412]


async def test_a_log_in_and_a_use_are_told_anew_and_make_no_version(world: World) -> None:
    await world.user()
    made = await world.machine()
    for path, use in ((f"{USERS}/gs", world.login()), (f"{CLIENTS}/{made['id']}", world.ask(made["id"], made["client_secret"]))):
        read = await world.call("GET", path)
        assert (await world.call("GET", path, headers={"if-none-match": read.headers["etag"]})).status_code == 304
        assert (await use).status_code == 200
        again = await world.call("GET", path, headers={"if-none-match": read.headers["etag"]})
        assert (again.status_code, again.json()["version"]) == (200, 1)
        assert (await world.call("DELETE", path, headers={"if-match": read.headers["etag"]})).status_code == 204


async def test_who_chooses_another_password_is_another_version(world: World) -> None:
    await world.user()
    etag = (await world.call("GET", f"{USERS}/gs")).headers["etag"]
    body = {"user": "GS", "password": PASSWORD, "new_password": OTHER}
    assert (await world.client.post("/v1/login/password", json=body)).status_code == 204
    late = await world.call("PUT", f"{USERS}/gs/password", json={"password": PASSWORD}, headers={"if-match": etag})
    assert (late.status_code, late.json()["changes"][0]["what"], late.json()["changes"][0]["actor"]) == (412, "password set", "gs")


# --- keys -----------------------------------------------------------------------------------------------------------------------------


async def test_a_user_is_made_once_however_often_the_request_comes(world: World) -> None:
    body, key = {"id": "gs", "role": "agent", "password": PASSWORD}, {"idempotency-key": str(uuid4())}
    answers = [await world.call("POST", USERS, json=body, headers=key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({(answer.text, answer.headers["etag"]) for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true", "true"]
    assert (await world.call("POST", USERS, json=body | {"role": "admin"}, headers=key)).status_code == 422
    assert (await world.client.post(USERS, json=body, headers={"authorization": f"Bearer {world.token()}"})).status_code == 400


async def test_nothing_of_a_password_is_kept_with_a_request(world: World) -> None:
    """Not even a hash that two requests could be told apart by: that one is fast, and who has the database could guess."""
    body, key = {"id": "gs", "role": "agent", "password": PASSWORD}, {"idempotency-key": str(uuid4())}
    for password in (PASSWORD, OTHER):
        assert (await world.call("POST", USERS, json=body | {"password": password}, headers=key)).status_code == 201
    assert (await world.login()).status_code == 200
    assert (await world.login(password=OTHER)).status_code == 401
    kept = json.dumps([dict(row) for row in await world.pool.fetch("select * from idempotency_key")], default=str)
    assert PASSWORD not in kept


async def test_a_secret_is_told_once_also_under_its_key(world: World) -> None:
    key = {"idempotency-key": str(uuid4())}
    body = {"name": "Kassa", "role": "connector"}
    made = (await world.call("POST", CLIENTS, json=body, headers=key)).json()
    again = await world.call("POST", CLIENTS, json=body, headers=key)
    assert (again.status_code, made["client_secret"] in again.text) == (409, False)
    assert len((await world.call("GET", CLIENTS)).json()["items"]) == 1
    path, key = f"{CLIENTS}/{made['id']}/secrets", {"idempotency-key": str(uuid4()), "if-match": '"1"'}
    rotated = await world.call("POST", path, json={}, headers=key)
    assert (rotated.status_code, (await world.call("POST", path, json={}, headers=key)).status_code) == (201, 409)
    kept = json.dumps([dict(row) for row in await world.pool.fetch("select * from idempotency_key")], default=str)
    assert made["client_secret"] not in kept
    assert rotated.json()["client_secret"] not in kept


async def test_a_key_of_another_brand_or_another_bearer_opens_nothing(world: World) -> None:
    key, both = {"idempotency-key": "geraden"}, ("vaart", "noord")
    body = {"id": "gs", "role": "agent", "password": PASSWORD}
    assert (await world.call("POST", USERS, json=body, headers=key)).status_code == 201
    for path, token, status in (
        (USERS, world.token(sub="tv"), 409),  # the id is taken: nothing of the first answer
        (USERS.replace("vaart", "noord"), world.token(brands=both), 409),
        (USERS, world.token(brands=("noord",)), 403),
        (USERS, world.token(role="lead"), 403),
        (USERS, world.token(client_id="boss"), 403),  # a machine that bears the same name
    ):
        answer = await world.call("POST", path, token, json=body, headers=key)
        assert answer.status_code == status, (path, answer.text)
        assert "created_at" not in answer.text
        assert "idempotency-replayed" not in answer.headers


async def test_no_connection_is_held_while_a_password_is_hashed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.user("tv")
    at_work, go_on = asyncio.Event(), asyncio.Event()
    hasher, hashed = world.app.state.hasher, world.app.state.hasher.hash

    async def slowly(password: str) -> str:
        at_work.set()
        await go_on.wait()
        return str(await hashed(password))

    monkeypatch.setattr(hasher, "hash", slowly)
    new = {"id": "gs", "role": "agent", "password": PASSWORD}
    for method, path, body in (("POST", USERS, new), ("PUT", f"{USERS}/tv/password", {"password": OTHER})):
        at_work.clear()
        go_on.clear()
        asked = asyncio.create_task(world.call(method, path, json=body))
        await at_work.wait()
        idle = world.pool.get_idle_size() == world.pool.get_size()
        go_on.set()
        assert (await asked).is_success
        assert idle, path


# --- requests that nobody should read --------------------------------------------------------------------------------------------------


async def test_what_a_body_may_not_say_is_refused_and_makes_nothing(world: World) -> None:
    client, user = {"name": "x", "role": "connector"}, {"id": "gs", "role": "agent", "password": PASSWORD}
    for name, value in (
        ("brand", "noord"),
        ("version", 9),
        ("created_by", "tv"),
        ("secrets", []),
        ("reaches_more", True),
        ("__proto__", {}),
    ):
        assert (await world.call("POST", CLIENTS, json=client | {name: value})).status_code == 422, name
        assert (await world.call("POST", USERS, json=user | {name: value})).status_code == 422, name
    deep = '{"name":' + "[" * 70 + "]" * 70 + "}"
    for content, status in (
        (deep, 400),
        ("[" * 200_000, 400),
        ('{"name":"x","role":"connector","role":"admin"}', 400),
        ('{"name":"x","role":"connector","brands":["vaart"],"brands":["*"]}', 400),
        ('{"name":"x\\u0000","role":"connector"}', 422),
        ('{"name":"\\ud800","role":"connector"}', 400),
        ('{"name":"' + "x" * 3_000_000 + '","role":"connector"}', 413),
        (json.dumps(client | {"brands": ["vaart"] * 101}), 422),
        (json.dumps(client | {"expires_in_days": 1e400}), 400),
        (json.dumps([client]), 422),
        ("", 415),
    ):
        answer = await world.call("POST", CLIENTS, content=content, headers=JSON if content else {})
        assert answer.status_code == status, (content[:60], answer.text[:200])
    assert await world.pool.fetchval("select count(*) from machine_client") == 0
    assert await world.pool.fetchval("select count(*) from app_user") == 0


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066", "\ufeff"], ids=ascii)
async def test_a_name_cannot_move_what_stands_around_it(world: World, character: str) -> None:
    """Names stand in tables, logs and headers: nothing in them ends a line, speaks to a terminal, or turns the text around."""
    answer = await world.call("POST", CLIENTS, json={"name": f"Kassa{character}beheer", "role": "connector"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.name")


async def test_ids_that_are_guessed_or_bent_find_nothing(world: World) -> None:
    made = await world.machine()
    await world.user()
    north = world.token(brands=("noord",))
    for path in (
        f"/v1/brands/noord/clients/{made['id']}",
        "/v1/brands/noord/users/gs",
        "/v1/brands/noord/users/GS",
        "/v1/brands/noord/users/..%2f..%2fvaart%2fusers%2fgs",
        "/v1/brands/noord/users/gs'--",
        "/v1/brands/noord/users/%25",
    ):
        answer = await world.call("GET", path, north)
        assert answer.status_code == 404, path
        assert '"items"' not in answer.text
        assert "vaart" not in answer.text.replace("/vaart/", "")
    assert (await world.call("GET", f"{USERS}?brand=noord")).status_code == 422
    assert (await world.call("GET", f"{USERS}?cursor=bm9vcmQ")).status_code == 400


# --- where one gets a token ------------------------------------------------------------------------------------------------------------


async def test_the_token_endpoint_is_strict_in_its_own_words(world: World) -> None:
    made = await world.machine()
    form = {"grant_type": "client_credentials", "client_id": made["id"], "client_secret": made["client_secret"]}
    for what, asked in (
        ("a query", {"params": {"grant_type": "client_credentials"}, "data": form}),
        ("JSON", {"json": form}),
        ("a file", {"files": {"grant_type": b"client_credentials"}}),
        (
            "two types",
            {"content": b"x", "headers": [("content-type", "application/x-www-form-urlencoded"), ("content-type", "text/plain")]},
        ),
        ("no grant", {"data": {"client_id": made["id"]}}),
    ):
        answer = await world.client.post("/v1/oauth/token", **asked)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), what
        assert set(answer.json()) == {"error", "error_description"}
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        assert made["client_secret"] not in answer.text
    key = {"idempotency-key": "x"}
    tokens = [(await world.client.post("/v1/oauth/token", data=form, headers=key)).json()["access_token"] for _ in range(2)]
    assert len(set(tokens)) == 2, "a key keeps no token"


@pytest.mark.parametrize("path", ["/v1/oauth/token", "/v1/login", "/v1/login/refresh", "/v1/login/password", "/v1/logout"])
async def test_who_asks_for_a_token_is_counted_by_address_whatever_they_send_along(world: World, path: str) -> None:
    world.app.state.rate_limits = RateLimits(0, 3)
    for middleware in world.app.user_middleware:
        if "limits" in middleware.kwargs:
            middleware.kwargs["limits"] = world.app.state.rate_limits
    sent: list[dict[str, str]] = [{}, {"authorization": "Basic d2tjX3g6eA=="}, {"authorization": "Bearer x"}, {"authorization": "x"}]
    for headers in 2 * sent:  # a window may end between two of them: not twice
        given: dict[str, Any] = {"data": {"grant_type": "x"}} if "oauth" in path else {"json": {"refresh_token": "x", "user": "x"}}
        answer: httpx.Response = await world.client.post(path, headers=headers, **given)
        if answer.status_code == 429:
            break
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)
    assert answer.headers["ratelimit-policy"] == '"address";q=3;w=60'


async def test_log_ins_read_json_and_nothing_else(world: World) -> None:
    await world.user()
    told = {"user": "gs", "password": PASSWORD}
    for asked, status in (
        ({"data": told}, 415),
        ({"json": told, "params": {"user": "tv"}}, 422),
        ({"json": told | {"role": "admin"}}, 422),
        ({"json": told | {"brands": ["*"]}}, 422),
        ({"json": {"user": ["gs"], "password": {"$ne": ""}}}, 422),
        ({"content": json.dumps(told)[:-1] + ',"user":"tv"}', "headers": JSON}, 400),
        ({"json": told | {"user": "gs\x00"}}, 422),
    ):
        answer = await world.client.post("/v1/login", **asked)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        assert PASSWORD not in answer.text
