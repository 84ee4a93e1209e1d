"""The whole embedded stack under its supervisor: started, killed in part, orphaned, taken over and stopped."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import asyncpg
import jwt
import psutil
import pytest

from cli import samples, up
from cli.errors import CommandError
from cli.stack import keys, postgres, state, supervisor
from cli.stack.errors import StackError
from cli.stack.ports import SERVICES
from cli.stack.settings import Settings
from cli.stack.state import StackState
from tests.stack import Databases, free_base_port
from tests.waiting import eventually

PROGRAM = Path(__file__).with_name("service_program.py")


def stack_settings(data_dir: Path, services: tuple[str, ...] = SERVICES, *, external: bool = False) -> Settings:
    return Settings(
        data_dir=data_dir,
        base_port=free_base_port(),
        external=external,
        service_argv={service: [sys.executable, str(PROGRAM), service] for service in services},
    )


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    found = stack_settings(tmp_path / "stack")
    yield found
    if state.read(found.data_dir) is not None:
        supervisor.stop(found.data_dir)


def part(data_dir: Path, name: str) -> state.PartState:
    observed = state.observe(data_dir)
    assert observed is not None
    return observed.parts[name]


def pid(data_dir: Path, name: str) -> int:
    found = part(data_dir, name).pid
    assert found is not None
    return found


def is_back(data_dir: Path, name: str, killed: int) -> bool:
    found = part(data_dir, name)
    return found.status == "ready" and found.pid not in (None, killed)


def test_a_stack_starts_mends_itself_and_stops_services_before_their_servers(settings: Settings) -> None:
    data_dir = settings.data_dir
    started = supervisor.start_detached(settings)
    assert {name: found.status for name, found in started.parts.items()} == dict.fromkeys(("kafka", "postgres", *SERVICES), "ready")
    assert [found.port - settings.base_port for found in started.parts.values()] == [10, 12, 1, 2, 3, 4, 5]

    with pytest.raises(StackError, match=r"already runs .*supervisor pid \d+.*weerklank down"):
        supervisor.start_detached(settings)

    for name in ("triage", "postgres", "kafka"):
        killed = pid(data_dir, name)
        os.kill(killed, signal.SIGKILL)
        eventually(partial(is_back, data_dir, name, killed), f"{name} is back")
        assert part(data_dir, name).restarts == 1
    eventually(lambda: state.read(data_dir).status == "ready", "the stack is ready again")  # type: ignore[union-attr]

    pids = [found.pid for found in (state.read(data_dir) or started).parts.values() if found.pid]
    assert sorted(supervisor.stop(data_dir)) == sorted(("kafka", "postgres", *SERVICES))
    assert not [number for number in pids if psutil.pid_exists(number)]
    assert not state.is_locked(data_dir)
    for service in SERVICES:
        assert (data_dir / "logs" / f"{service}.log").read_text().splitlines()[-1] == f"stopping with schema {service}"
    assert supervisor.stop(data_dir) == []


async def test_after_kill_9_of_the_supervisor_the_next_one_takes_over_servers_and_their_data(settings: Settings) -> None:
    data_dir = settings.data_dir
    started = supervisor.start_detached(settings)
    url = postgres.url(data_dir / "postgres", started.parts["postgres"].port, "triage")
    connection = await asyncpg.connect(url)
    await connection.execute("create table kept as select 42 as number")
    await connection.close()

    os.kill(started.supervisor_pid, signal.SIGKILL)
    eventually(lambda: not state.is_locked(data_dir), "the supervisor is gone")
    orphaned = state.observe(data_dir)
    assert orphaned is not None
    assert orphaned.status == "degraded"
    assert "weerklank up" in orphaned.parts["kafka"].why

    again = supervisor.start_detached(settings)
    same = {name: started.parts[name].pid == again.parts[name].pid for name in again.parts}
    assert same == {"kafka": True, "postgres": True} | dict.fromkeys(SERVICES, False)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select number from kept") == 42
    await connection.close()

    # A server that was taken over is no child of the supervisor; its death is noticed all the same.
    killed = pid(data_dir, "postgres")
    os.kill(killed, signal.SIGKILL)
    eventually(partial(is_back, data_dir, "postgres", killed), "postgres is back")
    assert part(data_dir, "postgres").restarts == 1


def test_down_stops_what_a_killed_supervisor_left(settings: Settings) -> None:
    started = supervisor.start_detached(settings)
    os.kill(started.supervisor_pid, signal.SIGKILL)
    eventually(lambda: not state.is_locked(settings.data_dir), "the supervisor is gone")
    assert sorted(supervisor.stop(settings.data_dir)) == sorted(("kafka", "postgres", *SERVICES))
    observed = state.observe(settings.data_dir)
    assert observed is not None
    assert observed.status == "stopped"


def test_a_taken_port_is_named_with_its_holder_and_the_remedy(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.base_port + 2))
        taken.listen()
        with pytest.raises(StackError) as raised:
            supervisor.start_detached(settings)
    assert f"Port {settings.base_port + 2} (triage) is held by" in str(raised.value)
    assert f"(pid {os.getpid()})" in str(raised.value)
    assert "--base-port" in str(raised.value)


def test_a_nearly_full_disk_stops_the_start_with_a_sentence(settings: Settings) -> None:
    with pytest.raises(StackError, match=r"MiB free.*--data-dir.*WEERKLANK_MIN_FREE_MIB"):
        supervisor.start_detached(settings.model_copy(update={"min_free_mib": 1 << 40}))


def test_a_directory_that_cannot_be_written_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"can't be written.*--data-dir"):
        supervisor.start_detached(stack_settings(tmp_path / "file" / "below"))


def test_external_says_which_addresses_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEERKLANK_KAFKA", raising=False)
    monkeypatch.setenv("WEERKLANK_INGEST_DATABASE_URL", "postgresql://somewhere/else")
    with pytest.raises(StackError, match=r"set WEERKLANK_KAFKA, WEERKLANK_TRIAGE_DATABASE_URL, .*\(") as raised:
        supervisor.start_detached(stack_settings(tmp_path / "stack", external=True))
    assert "INGEST" not in str(raised.value)


def test_external_starts_only_the_services(tmp_path: Path, kafka: str, postgres: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = stack_settings(tmp_path / "stack", ("triage",), external=True)
    monkeypatch.setenv("WEERKLANK_KAFKA", kafka)
    monkeypatch.setenv("WEERKLANK_TRIAGE_DATABASE_URL", postgres.login(postgres.database(), "triage"))
    started = supervisor.start_detached(settings)
    assert {name: found.status for name, found in started.parts.items()} == {"triage": "ready"}
    assert supervisor.stop(settings.data_dir) == ["triage"]


def the_state(settings: Settings) -> StackState:
    found = state.read(settings.data_dir)
    assert found is not None
    return found


def running(settings: Settings, monkeypatch: pytest.MonkeyPatch, end: Callable[[StackState], object]) -> None:
    """What `make run` does with a stack that ``end`` ends from elsewhere, once it is ready; without the samples."""
    monkeypatch.setattr(samples, "_tour", lambda _: None)
    monkeypatch.setattr(samples, "_show", lambda _: enders.append(ender.submit(end, the_state(settings))))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    enders: list[Future[object]] = []
    try:
        with ThreadPoolExecutor(1) as ender:
            samples.run(settings)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        supervisor.stop(settings.data_dir)
    enders[0].result()


def test_make_run_that_is_ended_by_down_says_so_and_one_whose_supervisor_is_gone_fails(
    tmp_path: Path, kafka: str, postgres: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = stack_settings(tmp_path / "stack", ("triage",), external=True)
    monkeypatch.setenv("WEERKLANK_KAFKA", kafka)
    monkeypatch.setenv("WEERKLANK_TRIAGE_DATABASE_URL", postgres.login(postgres.database(), "triage"))
    running(settings, monkeypatch, lambda _: up.end(settings.data_dir))
    assert capsys.readouterr().out.splitlines()[-1].endswith("ended by 'weerklank down'")
    with pytest.raises(CommandError, match=r"The stack ended by itself: see .*supervisor\.log"):
        running(settings, monkeypatch, lambda seen: os.kill(seen.supervisor_pid, signal.SIGKILL))


def test_a_token_of_the_local_issuer_is_verified_by_its_public_keys_after_a_restart(tmp_path: Path) -> None:
    jwks = keys.ensure(tmp_path)
    token = keys.issue(tmp_path, {"sub": "an-example"}, datetime.now(UTC), timedelta(minutes=5))
    assert keys.ensure(tmp_path) == jwks
    (key,) = jwt.PyJWKSet.from_dict(json.loads(jwks.read_text())).keys
    claims = jwt.decode(token, key.key, algorithms=["EdDSA"], audience=keys.AUDIENCE, issuer=keys.ISSUER)
    assert claims["sub"] == "an-example"
    assert jwt.get_unverified_header(token)["kid"] == key.key_id
    assert (tmp_path / "keys" / "issuer.ed25519.pem").stat().st_mode & 0o777 == 0o600


def test_a_service_that_ends_at_once_is_tried_again_and_named_with_its_last_words(
    tmp_path: Path, kafka: str, postgres: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [sys.executable, "-c", "raise SystemExit('WEERKLANK_TRIAGE_MODEL is not a file')", "broken"]
    settings = stack_settings(tmp_path / "stack", ("triage",), external=True).model_copy(update={"service_argv": {"triage": broken}})
    monkeypatch.setenv("WEERKLANK_KAFKA", kafka)
    monkeypatch.setenv("WEERKLANK_TRIAGE_DATABASE_URL", postgres.database())
    try:
        with pytest.raises(StackError, match=r"Not ready after 5 s: triage \(ended with exit code 1; .*MODEL is not a file.*next start in"):
            supervisor.start_detached(settings, timeout_s=5)
        # Starts at 0, 0.5, 1.5 and 3.5 s: far fewer than without growing pauses.
        assert 2 <= part(settings.data_dir, "triage").restarts <= 4
    finally:
        supervisor.stop(settings.data_dir)
