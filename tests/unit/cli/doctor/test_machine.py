"""This machine in real trouble: a port that is taken, a directory that cannot be written, a key that others may read, a disk without room."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.contracts import ROOT
from cli.doctor import installation, machine
from cli.doctor.world import World
from cli.stack import keys
from libs.common.checks import Finding, Kind, run
from tests.stack import environment, free_base_port


async def look(world: World, kind: Kind) -> list[Finding]:
    return await run([probe for probe in [*machine.probes(world), *installation.probes(world)] if probe.kind is kind])


def nowhere(path: Path, **more: str) -> World:
    """Where no stack runs."""
    return World(path / "data", environment(**more), wanted_base_port=free_base_port())


async def test_a_port_that_is_taken_is_named_with_who_has_it(tmp_path: Path) -> None:
    world = nowhere(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", world.base_port + 3))
        taken.listen(1)
        (found,) = await look(world, machine.PORTS)
    assert (found.status, found.remedy) == ("error", machine.PORTS.remedy)
    assert f"Port {world.base_port + 3} (routing) is held by" in found.found
    assert f"(pid {os.getpid()})" in found.found
    assert [finding.status for finding in await look(world, machine.PORTS)] == ["ok"]


async def test_a_base_port_that_is_none(tmp_path: Path) -> None:
    world = World(tmp_path, environment(), wanted_base_port=65530)
    (found,) = await look(world, machine.PORTS)
    assert (found.status, "out of range" in found.found) == ("error", True)


async def test_a_data_directory_that_cannot_be_made_or_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (found,) = await look(World(tmp_path / "file" / "data", environment()), machine.DATA_DIR)
    assert (found.status, "is not a directory" in found.found, "--data-dir" in found.remedy) == ("error", True, True)
    assert [finding.status for finding in await look(nowhere(tmp_path), machine.DATA_DIR)] == ["ok"]
    assert not (tmp_path / "data").exists(), "doctor makes nothing"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_data_directory_without_the_right_to_write(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    (found,) = await look(nowhere(tmp_path), machine.DATA_DIR)
    assert (found.status, "cannot be written" in found.found) == ("error", True)


async def test_a_data_directory_that_everybody_may_write_into(tmp_path: Path) -> None:
    world = nowhere(tmp_path)
    world.data_dir.mkdir()
    world.data_dir.chmod(0o777)
    (found,) = await look(world, machine.DATA_DIR)
    assert (found.status, found.remedy) == ("error", f"chmod o-w {world.data_dir}")


async def test_a_state_that_nobody_can_read_is_an_error_and_no_crash(tmp_path: Path) -> None:
    world = nowhere(tmp_path)
    world.data_dir.mkdir()
    (world.data_dir / "state.json").write_text("{")
    (found,) = await look(world, machine.DATA_DIR)
    assert (found.status, "state.json" in found.found, "Delete that file" in found.remedy) == ("error", True, True)


async def test_a_key_that_others_may_read(tmp_path: Path) -> None:
    world = nowhere(tmp_path)
    assert [finding.status for finding in await look(world, machine.KEYS)] == ["skipped"]
    keys.ensure(world.data_dir)
    assert [finding.status for finding in await look(world, machine.KEYS)] == ["ok"]
    pem = world.data_dir / "keys" / "issuer.ed25519.pem"
    pem.chmod(0o644)
    (found,) = await look(world, machine.KEYS)
    assert (found.status, "mode 0644" in found.found) == ("error", True)
    assert found.remedy.startswith(f"chmod 600 {pem}")


async def test_a_disk_without_the_room_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEERKLANK_MIN_FREE_MIB", str(10**9))
    (found,) = await look(nowhere(tmp_path), machine.DISK)
    assert (found.status, found.values["wanted_mib"]) == ("error", 10**9)


async def test_jars_that_are_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEERKLANK_CACHE", str(tmp_path))
    (found,) = await look(nowhere(tmp_path), installation.JARS)
    assert (found.status, "the next start needs a network" in found.found) == ("warning", True)
    (left_out,) = await look(nowhere(tmp_path, WEERKLANK_KAFKA="kafka:9092"), installation.JARS)
    assert left_out.status == "skipped", "who brings a Kafka needs no jars"


def test_on_a_machine_where_nothing_was_ever_started_the_command_says_so_and_changes_nothing(tmp_path: Path) -> None:
    given = [
        sys.executable,
        "-m",
        "cli.main",
        "doctor",
        "--data-dir",
        str(tmp_path / "data"),
        "--base-port",
        str(free_base_port()),
        "--json",
    ]
    done = subprocess.run(given, cwd=tmp_path, env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert set(report) == {"status", "at", "version", "data_dir", "brand", "counts", "checks"}
    assert report["status"] in ("ok", "warning")
    assert report["counts"]["error"] == 0
    assert {tuple(check) for check in report["checks"]} == {tuple(Finding.model_fields)}
    left_out = {check["id"]: check["found"] for check in report["checks"] if check["status"] == "skipped"}
    assert "'weerklank up' starts them" in left_out["service.reachable"]
    assert list(tmp_path.iterdir()) == []


def test_with_an_error_the_exit_code_is_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    given = [
        sys.executable,
        "-m",
        "cli.main",
        "doctor",
        "--data-dir",
        str(tmp_path / "file" / "data"),
        "--external",
        "--base-port",
        str(free_base_port()),
    ]
    done = subprocess.run(given, cwd=tmp_path, env=environment(PYTHONPATH=str(ROOT)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ERROR    machine.data-dir" in done.stdout
    assert "Not set: WEERKLANK_KAFKA, WEERKLANK_INGEST_DATABASE_URL" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 errors, ")
