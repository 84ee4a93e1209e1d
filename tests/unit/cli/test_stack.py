"""What the embedded stack decides without starting a server: ports, environments, logs, and when a part is restarted."""

import asyncio
import errno
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from cli.stack import keys, parts, ports, postgres, settings, state, supervisor
from cli.stack.errors import StackError
from cli.stack.parts import Part
from cli.stack.state import StackState
from tests.waiting import eventually


def test_every_part_has_the_port_that_the_documentation_names() -> None:
    assert ports.table(8600) == {
        "ingest": 8601,
        "triage": 8602,
        "routing": 8603,
        "responder": 8604,
        "analytics": 8605,
        "kafka": 8610,
        "kafka-controller": 8611,
        "postgres": 8612,
    }


@pytest.mark.parametrize("base_port", [0, 1023, 65524, 70000])
def test_a_base_port_whose_range_does_not_fit_is_refused(base_port: int) -> None:
    with pytest.raises(StackError, match=f"--base-port {base_port} is out of range"):
        ports.table(base_port)


def test_the_base_port_is_as_the_last_time_unless_another_is_wanted(tmp_path: Path) -> None:
    assert state.base_port(tmp_path, None) == 8600
    last = StackState(supervisor_pid=1, status="stopped", since=datetime.now(UTC), base_port=9600, external=False, parts={})
    state.write(tmp_path, last)
    assert (state.base_port(tmp_path, None), state.base_port(tmp_path, 9700)) == (9600, 9700)


def test_all_taken_ports_are_named_at_once_with_their_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        taken = {"kafka": one.getsockname()[1], "triage": other.getsockname()[1]}
        with pytest.raises(StackError) as raised:
            ports.check_free(taken)
    for part, port in taken.items():
        assert f"{port} ({part}) is held by {psutil.Process().name()} (pid {os.getpid()})" in str(raised.value)
    ports.check_free(taken)


def environment_of(service: str, inherited: dict[str, str]) -> dict[str, str]:
    return parts.service_environment(
        service,
        inherited=inherited,
        kafka="127.0.0.1:1",
        database_url="postgresql://its-own",
        port=7,
        jwks=Path("/data/keys/jwks.json"),
        secrets=Path("/data/secrets"),
    )


def test_a_service_gets_its_own_settings_and_no_other_services() -> None:
    inherited = {
        "PATH": "/bin",
        "WEERKLANK_LOG_LEVEL": "debug",
        "WEERKLANK_TRIAGE_BATCH": "5",
        "WEERKLANK_TRIAGE_ISSUER": "https://login.example",
        "WEERKLANK_TRIAGE_DATABASE_URL": "postgresql://left-over",
        "WEERKLANK_INGEST_TOKEN": "not for triage",
    }
    found = environment_of("triage", inherited)
    assert {name: value for name, value in found.items() if name != "PYTHONPATH"} == {
        "PATH": "/bin",
        "PYTHONUNBUFFERED": "1",
        "WEERKLANK_LOG_LEVEL": "debug",
        "WEERKLANK_TRIAGE_BATCH": "5",
        "WEERKLANK_TRIAGE_KAFKA": "127.0.0.1:1",
        "WEERKLANK_TRIAGE_DATABASE_URL": "postgresql://its-own",
        "WEERKLANK_TRIAGE_HOST": "127.0.0.1",
        "WEERKLANK_TRIAGE_PORT": "7",
        "WEERKLANK_TRIAGE_INSTANCE": "triage-0",
        "WEERKLANK_TRIAGE_JWKS": "/data/keys/jwks.json",
        "WEERKLANK_TRIAGE_ISSUER": "https://login.example",
        "WEERKLANK_TRIAGE_AUDIENCE": "weerklank",
    }


def test_ingest_and_routing_share_the_key_of_mailed_answers_and_nobody_else_has_it(tmp_path: Path) -> None:
    jwks = keys.ensure(tmp_path)

    def key_of(service: str) -> str | None:
        found = parts.service_environment(
            service, inherited={}, kafka="k", database_url="d", port=7, jwks=jwks, secrets=tmp_path / "secrets"
        )
        return found.get(f"WEERKLANK_{service.upper()}_ANSWER_KEY")

    assert key_of("ingest") == key_of("routing") == key_of("responder") is not None
    assert len(key_of("routing") or "") >= 32
    assert [key_of(service) for service in ("triage", "analytics")] == [None] * 2
    assert stat.S_IMODE((tmp_path / "keys" / "answers.key").stat().st_mode) == 0o600
    before = key_of("ingest")
    keys.ensure(tmp_path)
    assert key_of("ingest") == before


@pytest.mark.parametrize("service", ["ingest", "routing", "responder"])
def test_a_service_that_reaches_mail_servers_finds_the_secrets_of_this_stack_unless_the_environment_names_others(service: str) -> None:
    setting = f"WEERKLANK_{service.upper()}_SECRETS_DIR"
    assert environment_of(service, {})[setting] == "/data/secrets"
    assert environment_of(service, {setting: "/vault"})[setting] == "/vault"
    assert not [name for name in environment_of("triage", {}) if "SECRETS" in name]


def test_routing_alone_gets_the_key_that_signs_and_only_beside_its_own_issuer() -> None:
    def key_of(service: str, **inherited: str) -> str | None:
        return environment_of(service, inherited).get(f"WEERKLANK_{service.upper()}_SIGNING_KEY")

    assert key_of("routing") == "/data/keys/issuer.ed25519.pem"
    assert key_of("triage") is None
    assert key_of("routing", WEERKLANK_ROUTING_ISSUER="https://login.example") is None


def test_external_addresses_are_those_of_the_environment() -> None:
    environment = {"WEERKLANK_KAFKA": "broker:9092", "WEERKLANK_TRIAGE_DATABASE_URL": "postgresql://triage@db/x"}
    assert settings.external_addresses(["triage"], environment) == ("broker:9092", {"triage": "postgresql://triage@db/x"})


def test_a_log_over_its_limit_is_renamed_and_only_the_newest_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "triage.log"
    for start in range(parts.LOGS_KEPT + 2):
        log.write_text(f"start {start}")
        parts.rotate(log, limit_bytes=5)
    assert not log.exists()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "triage.log.1": "start 4",
        "triage.log.2": "start 3",
        "triage.log.3": "start 2",
    }
    log.write_text("tiny")
    parts.rotate(log, limit_bytes=5)
    assert log.exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [("", ""), ("one\n", "one"), ("one\ntwo\n\n  \n", "two"), ("é" * 5000 + "\nlast", "last"), ("x" * 900, "x" * 500)],
)
def test_the_last_line_of_a_log_is_its_last_words(tmp_path: Path, content: str, expected: str) -> None:
    log = tmp_path / "log"
    log.write_text(content)
    assert parts.last_line(log) == expected


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Part]:
    async def well() -> str:
        return ""

    part = Part(
        name="triage",
        port=1,
        argv=[sys.executable, "-c", "import time; time.sleep(60)", "sleeper"],
        mark="sleeper",
        log=tmp_path / "sleeper.log",
        probe=well,
    )
    yield part
    if part.child is not None:
        part.child.kill()
        part.child.wait()


async def test_a_frozen_part_is_ended_by_sigkill_after_its_patience(sleeper: Part) -> None:
    sleeper.argv = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"]
    sleeper.stop_signals = ((signal.SIGTERM, 0.2), (signal.SIGKILL, 5.0))
    sleeper.spawn()
    async with asyncio.timeout(10):
        while parts.last_line(sleeper.log) != "on":
            await asyncio.sleep(0.02)
    assert sleeper.process is not None
    sleeper.process.suspend()
    await sleeper.end()
    assert not sleeper.is_alive()
    assert "was killed by SIGKILL" in sleeper.exit_text()


def test_an_orphan_is_found_again_only_if_pid_start_and_arguments_agree(sleeper: Part) -> None:
    sleeper.spawn()
    written = state.PartState.model_validate_json(sleeper.state().model_dump_json())
    # Right after exec the kernel may not show a process's arguments yet.
    found = eventually(lambda: state.find(written), "the orphan is found")
    assert found.pid == written.pid
    assert state.find(written.model_copy(update={"mark": "another"})) is None
    assert state.find(written.model_copy(update={"create_time": (written.create_time or 0) - 60})) is None
    assert sleeper.child is not None
    sleeper.child.kill()
    # A dead child that nobody has reaped yet is no living process.
    psutil.wait_procs([found], timeout=0.2)
    assert state.find(written) is None


async def test_a_service_that_stays_unalive_is_ended_so_that_it_starts_anew(
    sleeper: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "UNLIVE_FOR_S", 0.3)
    monkeypatch.setattr(supervisor, "PROBE_EVERY_S", 0.05)
    answers = iter([""])

    async def well_once() -> str:
        return next(answers, "records wait and nothing moves")

    said: list[str] = []
    sleeper.probe = sleeper.liveness = well_once
    sleeper.spawn()
    async with asyncio.timeout(10):
        was_healthy = await supervisor.Supervisor(settings.Settings(data_dir=tmp_path), said.append)._watch(sleeper)
    assert not was_healthy
    assert not sleeper.is_alive()
    assert "triage: not alive for 0 s (records wait and nothing moves), restarting it" in said


async def test_a_service_that_is_unready_but_alive_is_left_alone(sleeper: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "UNLIVE_FOR_S", 0.1)
    monkeypatch.setattr(supervisor, "PROBE_EVERY_S", 0.02)
    answers = iter([""])

    async def ready_once() -> str:
        return next(answers, "Kafka does not answer")

    async def alive() -> str:
        return ""

    sleeper.probe, sleeper.liveness = ready_once, alive
    sleeper.spawn()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await supervisor.Supervisor(settings.Settings(data_dir=tmp_path), lambda _: None)._watch(sleeper)
    assert sleeper.is_alive()
    assert (sleeper.status, sleeper.why) == ("unready", "Kafka does not answer")


def test_only_the_lock_of_a_dead_server_is_removed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    for name, pid in (("postmaster.pid", dead.pid), (".s.PGSQL.1.lock", dead.pid), (".s.PGSQL.2.lock", os.getpid())):
        (data / name).write_text(f"{pid}\n{data}\n")
    postgres.clear_stale_locks(tmp_path)
    dead.wait()
    assert [path.name for path in data.iterdir()] == [".s.PGSQL.2.lock"]


async def test_a_part_that_cannot_be_asked_is_neither_lost_nor_started_twice(
    sleeper: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def ask() -> bool:
        asked.append(sleeper.child)
        if len(asked) == 1:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return True

    sleeper.probe = parts.thread_probe(ask, "The sleeper")
    keeper = asyncio.create_task(supervisor.Supervisor(settings.Settings(data_dir=tmp_path), lambda _: None)._keeper(sleeper))
    async with asyncio.timeout(10):
        await sleeper.became_ready.wait()
    keeper.cancel()
    assert sleeper.restarts == 0
    assert sleeper.is_alive()
    assert set(asked) == {sleeper.child}


def test_a_postgres_that_no_process_is_left_to_ask_is_not_known_to_be_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "run", no_process)
    assert not postgres.is_ready(tmp_path, 1)


async def test_an_error_that_nobody_foresaw_ends_the_run_with_a_sentence_and_every_part_stopped(
    sleeper: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> str:
        raise ZeroDivisionError("of nobody's making")

    sleeper.probe = broken
    supervised = supervisor.Supervisor(settings.Settings(data_dir=tmp_path, min_free_mib=0), lambda _: None)

    async def start() -> None:
        supervised._keep(sleeper)

    monkeypatch.setattr(supervised, "_start", start)
    with pytest.raises(StackError, match="triage can't be kept running: ZeroDivisionError: of nobody's making"):
        async with asyncio.timeout(10):
            await supervised.run()
    assert not sleeper.is_alive()


async def test_a_line_that_cannot_be_written_does_not_end_the_keeping(sleeper: Part, tmp_path: Path) -> None:
    def full(_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    keeper = asyncio.create_task(supervisor.Supervisor(settings.Settings(data_dir=tmp_path), full)._keeper(sleeper))
    async with asyncio.timeout(10):
        await sleeper.became_ready.wait()
    assert not keeper.done()
    keeper.cancel()
    assert (sleeper.restarts, sleeper.status) == (0, "ready")
