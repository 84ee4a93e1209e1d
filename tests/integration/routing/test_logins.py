"""People who log in: the same answer for whatever is wrong, refresh tokens for one use, pauses that outlive a restart, and administration within one's
own brands."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from services.routing.passwords import AT_ONCE, QUEUE
from tests.integration.routing.access_world import PASSWORD, QUICK, World, world_of

USERS = "/v1/brands/vaart/users"


async def test_a_log_in_gives_a_token_of_ones_role_and_brands_and_a_refresh_token_the_next(world: World) -> None:
    await world.user()
    answer = await world.login("GS")  # capitals are no other person
    assert answer.status_code == 200, answer.text
    assert (answer.headers["cache-control"], answer.json()["expires_in"]) == ("no-store", 3600)
    bearer = await world.bearer(answer.json()["access_token"])
    assert (bearer.subject, bearer.role, bearer.brands, bearer.machine) == ("gs", "agent", frozenset({"vaart"}), False)
    await world.call("PUT", f"{USERS}/gs", json={"role": "lead"})
    following = await world.refresh(answer.json()["refresh_token"])
    assert following.status_code == 200, following.text
    assert (await world.bearer(following.json()["access_token"])).role == "lead"
    assert (await world.call("GET", f"{USERS}/gs")).json()["last_login_at"] is not None


async def test_a_refresh_token_that_is_used_twice_ends_its_log_in_and_no_other(world: World) -> None:
    await world.user()
    first, elsewhere = (await world.login()).json(), (await world.login()).json()
    second = (await world.refresh(first["refresh_token"])).json()
    assert (await world.refresh(first["refresh_token"])).status_code == 401
    assert (await world.refresh(second["refresh_token"])).status_code == 401  # whoever holds it, thief or not
    assert (await world.refresh(elsewhere["refresh_token"])).status_code == 200


async def test_of_two_who_use_a_refresh_token_at_once_at_most_one_gets_on(world: World) -> None:
    await world.user()
    token = (await world.login()).json()["refresh_token"]
    answers = await asyncio.gather(*(world.refresh(token) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401, 401]
    [good] = [answer for answer in answers if answer.status_code == 200]
    assert (await world.refresh(good.json()["refresh_token"])).status_code == 401


@pytest.mark.parametrize("how", ["logout", "disable", "password", "own password", "remove", "a week", "a month"])
async def test_what_ends_a_log_in_ends_its_refresh_token(world: World, how: str) -> None:
    await world.user()
    token = (await world.login()).json()["refresh_token"]
    if how == "logout":
        assert (await world.client.post("/v1/logout", json={"refresh_token": token})).status_code == 204
    elif how == "disable":
        assert (await world.call("POST", f"{USERS}/gs/disable")).json()["disabled"] is True
        assert (await world.login()).status_code == 401
    elif how == "password":
        assert (await world.call("PUT", f"{USERS}/gs/password", json={"password": "iets heel anders nu"})).status_code == 204
        assert (await world.login()).status_code == 401
        assert (await world.login(password="iets heel anders nu")).status_code == 200
    elif how == "own password":
        body = {"user": "gs", "password": PASSWORD, "new_password": "iets heel anders nu"}
        assert (await world.client.post("/v1/login/password", json=body)).status_code == 204
        assert (await world.login(password="iets heel anders nu")).status_code == 200
    elif how == "remove":
        assert (await world.call("DELETE", f"{USERS}/gs")).status_code == 204
        assert (await world.login()).status_code == 401
    elif how == "a week":
        await world.pool.execute("update refresh_token set expires_at = expires_at - interval '7 days'")
    else:
        await world.pool.execute("update login set expires_at = expires_at - interval '30 days'")
    assert (await world.refresh(token)).status_code == 401


async def test_who_does_not_exist_is_disabled_or_is_wrong_hears_the_same(world: World) -> None:
    await world.user()
    await world.user("tv")
    await world.call("POST", f"{USERS}/tv/disable")
    answers = [
        await world.login("gs", "iets heel anders nu"),
        await world.login("nobody", PASSWORD),
        await world.login("tv", PASSWORD),
        await world.login("gs' or '1'='1", PASSWORD),
        await world.login("gs", "x" * 3000),
        await world.login("gs", ""),
    ]
    assert {(answer.status_code, answer.text, answer.headers["www-authenticate"]) for answer in answers} == {
        (401, answers[0].text, 'Bearer realm="weerklank"')
    }
    assert (await world.login()).status_code == 200


@pytest.mark.parametrize("user", ["gs", "nobody"])
async def test_a_name_that_fails_often_waits_and_a_restart_forgets_nothing(world: World, user: str, tmp_path: Path) -> None:
    await world.user()
    assert [(await world.login(user, "verkeerd verkeerd")).status_code for _ in range(5)] == [401] * 5
    await world.pool.execute("update login_attempt set blocked_until = blocked_until + interval '1 minute'")  # however slow this machine is
    waiting = await world_of(world.pool, tmp_path, host="192.0.2.1").login(user)  # another instance, another address, the right password
    assert (waiting.status_code, waiting.json()["type"].rsplit("/", 1)[1]) == (429, "too-many-requests")
    assert 1 <= int(waiting.headers["retry-after"]) <= 62
    await world.pool.execute("update login_attempt set blocked_until = now()")  # when it has waited
    assert (await world.login(user)).status_code == (200 if user == "gs" else 401)


async def test_a_hundred_attempts_at_once_are_a_hundred(world: World) -> None:
    await world.user()
    answers = await asyncio.gather(*(world.login("gs", f"verkeerd nummer {n}") for n in range(30)))
    assert sum(answer.status_code == 401 for answer in answers) <= 5
    assert {answer.status_code for answer in answers} <= {401, 429}


async def test_an_address_that_tries_many_names_waits_and_others_do_not(world: World, tmp_path: Path) -> None:
    await world.user()
    for n in range(20):
        assert (await world.login(f"name{n}", "verkeerd verkeerd")).status_code == 401
    await world.pool.execute("update login_attempt set blocked_until = blocked_until + interval '1 minute'")  # however slow this machine is
    assert (await world.login()).status_code == 429
    assert (await world_of(world.pool, tmp_path, host="2001:db8::1").login()).status_code == 200


async def test_a_success_clears_the_name_but_gives_the_address_no_free_guesses(world: World) -> None:
    await world.user()
    for _ in range(4):
        await world.login("gs", "verkeerd verkeerd")
    assert (await world.login()).status_code == 200
    rows = {row["kind"]: row["failures"] for row in await world.pool.fetch("select kind, failures from login_attempt")}
    assert rows == {"address": 4}


async def test_a_hash_of_older_parameters_is_made_anew_when_its_owner_logs_in(world: World, tmp_path: Path) -> None:
    await world.user()
    before = await world.pool.fetchval("select password from app_user")
    stronger = world_of(world.pool, tmp_path, hasher=PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))
    assert (await stronger.login()).status_code == 200
    after = await world.pool.fetchval("select password from app_user")
    assert "t=1" in before
    assert "t=2" in after
    assert (await stronger.login()).status_code == 200
    assert PASSWORD not in before
    assert QUICK.verify(before, PASSWORD)


def before(world: World, step: str, act: Callable[[], Awaitable[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let something happen at the end of the next `step` (hash, verify) of whoever logs in: what they wait for is done, and not yet written down."""
    hasher = world.app.state.hasher
    real = getattr(hasher, step)

    async def stepped(*values: Any) -> Any:
        done = await real(*values)
        monkeypatch.setattr(hasher, step, real)
        await act()
        return done

    monkeypatch.setattr(hasher, step, stepped)


@pytest.mark.parametrize("how", ["reset", "disabled"])
async def test_who_knows_an_old_password_does_not_undo_what_an_administrator_did_meanwhile(
    world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.user()

    async def administrator() -> None:
        if how == "reset":
            assert (await world.call("PUT", f"{USERS}/gs/password", json={"password": "iets heel anders nu"})).status_code == 204
        else:
            assert (await world.call("POST", f"{USERS}/gs/disable")).status_code == 200

    before(world, "hash", administrator, monkeypatch)
    body = {"user": "gs", "password": PASSWORD, "new_password": "mijn eigen nieuwe woorden"}
    assert (await world.client.post("/v1/login/password", json=body)).status_code == 401
    await world.call("POST", f"{USERS}/gs/enable")
    assert (await world.login(password="mijn eigen nieuwe woorden")).status_code == 401
    assert (await world.login(password="iets heel anders nu" if how == "reset" else PASSWORD)).status_code == 200


async def test_who_knows_an_old_password_does_not_get_in_by_a_hash_that_was_due(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.user()
    stronger = world_of(world.pool, tmp_path, hasher=PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))

    async def administrator() -> None:
        assert (await stronger.call("PUT", f"{USERS}/gs/password", json={"password": "iets heel anders nu"})).status_code == 204

    before(stronger, "verify", administrator, monkeypatch)
    assert (await stronger.login()).status_code == 401
    assert (await stronger.login(password="iets heel anders nu")).status_code == 200


async def test_of_many_log_ins_with_a_hash_that_is_due_all_get_in(world: World, tmp_path: Path) -> None:
    await world.user()
    stronger = world_of(world.pool, tmp_path, hasher=PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))
    assert [answer.status_code for answer in await asyncio.gather(*(stronger.login() for _ in range(4)))] == [200] * 4


@pytest.mark.parametrize("name", ["\u0130ris", "\u212aees", "ir\u0131s", "iris ", "\uff49ris", "iris\x00"])
async def test_a_name_that_no_id_looks_like_is_nobodys(world: World, name: str) -> None:
    await world.user("iris")
    await world.user("kees")
    refused = await world.login(name)
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) in {(401, "login-refused"), (422, "unprocessable")}
    assert (await world.login("IRIS")).status_code == (await world.login("Kees")).status_code == 200


async def test_who_finds_the_queue_full_has_not_tried(world: World) -> None:
    await world.user()
    with ExitStack() as others:
        for _ in range(AT_ONCE + QUEUE):
            others.enter_context(world.app.state.hasher.place())
        for _ in range(6):
            assert (await world.login()).status_code == 429
    assert await world.pool.fetchval("select count(*) from login_attempt") == 0
    assert (await world.login()).status_code == 200


@pytest.mark.parametrize(
    ("bearer", "body", "status"),
    [
        ({}, {}, 201),
        ({}, {"role": "admin"}, 201),
        ({}, {"brands": ["noord"]}, 403),
        ({}, {"brands": ["*"]}, 403),
        ({"brands": ("vaart", "*")}, {"brands": ["*"]}, 201),
        ({"role": "lead"}, {}, 403),
        ({"client_id": "boss"}, {}, 403),
        ({}, {"password": "kort"}, 422),
        ({}, {"password": "gsgsgsgsgsgsgs"}, 422),
        ({}, {"password": "x" * 1001}, 422),
        ({}, {"id": "g s"}, 422),
        ({}, {"disabled": False}, 422),
        ({}, {"brand": "noord"}, 422),
    ],
    ids=str,
)
async def test_nobody_makes_a_user_with_more_than_they_have(
    world: World, bearer: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    said = {"id": "gs", "role": "agent", "password": PASSWORD, **body}
    answer = await world.call("POST", USERS, world.token(**bearer), json=said)
    assert answer.status_code == status, answer.text
    assert said["password"] not in answer.text
    assert await world.pool.fetchval("select count(*) from app_user") == (status == 201)


async def test_an_id_is_taken_once_over_all_brands(world: World) -> None:
    await world.user()
    north = world.token(brands=("noord",))
    said = {"id": "Gs", "role": "admin", "password": "iets heel anders nu"}
    assert (await world.call("POST", "/v1/brands/noord/users", north, json=said)).status_code == 409
    assert (await world.login()).status_code == 200


async def test_another_brands_user_is_not_there_and_one_of_more_brands_is_changed_by_who_reaches_them_all(world: World) -> None:
    both = world.token(brands=("vaart", "noord"))
    await world.call("POST", USERS, both, json={"id": "gs", "role": "agent", "brands": ["noord"], "password": PASSWORD})
    seen = (await world.call("GET", f"{USERS}/gs")).json()
    assert (seen["brands"], seen["reaches_more"]) == (["vaart"], True)
    assert "password" not in seen
    south = world.token(brands=("zuid",))
    for method, path, body in (
        ("PUT", f"{USERS}/gs", {"role": "admin"}),
        ("PUT", f"{USERS}/gs/password", {"password": "iets heel anders nu"}),
        ("POST", f"{USERS}/gs/disable", None),
        ("POST", f"{USERS}/gs/enable", None),
        ("DELETE", f"{USERS}/gs", None),
    ):
        assert (await world.call(method, path, json=body)).status_code == 403, path
        assert (await world.call(method, path.replace("vaart", "zuid"), south, json=body)).status_code == 404, path
    assert (await world.login()).status_code == 200
    assert (await world.call("PUT", f"{USERS}/gs", both, json={"role": "agent", "brands": ["*"]})).status_code == 403
