"""`make setup` and the lock files: what is installed is what is pinned, and what goes wrong is said in a sentence."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import environment
from tests.unit.deploy.manifests import ROOT

LOCKS = ("run.txt", "dev.txt", "build.txt")
TARGETS = [
    "help",
    "setup",
    "run",
    "test",
    "lint",
    "typecheck",
    "contracts",
    "docs",
    "docs-serve",
    "fuzz",
    "faults",
    "bench",
    "eval",
    "clean",
]


def _pins(lock: str) -> dict[str, str]:
    """Package → the line that pins it. numpy stands twice, once for each range of Python."""
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    return {line.rstrip(" \\"): line for line in lines if line and not line[0].isspace()}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make setup` reads, in a place of its own."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def _make(checkout: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    env = {name: value for name, value in environment(**variables).items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=checkout, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_pins_each_package_with_hashes_and_names_no_host(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    assert "://" not in text
    for block in re.split(r"\n(?=\S)", text.strip()):
        first, *hashes = block.splitlines()
        assert re.match(r"^[a-z0-9._-]+==\S+( ; .+)? \\$", first), first
        assert hashes
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes), first


def test_development_runs_on_the_very_packages_that_are_deployed() -> None:
    # What is deployed on some platforms only, development may need on all of them.
    deployed, developed = ({pin.partition(" ;")[0] for pin in _pins(lock)} for lock in ("run.txt", "dev.txt"))
    assert deployed <= developed


def test_what_builds_the_package_without_a_wheel_is_what_is_deployed() -> None:
    run, build = ((ROOT / "requirements" / lock).read_text() for lock in ("run.txt", "build.txt"))
    assert build.startswith("setuptools==")
    assert build in run


def test_every_requirement_is_locked() -> None:
    for source, lock in (("run.in", "run.txt"), ("dev.in", "dev.txt")):
        wanted = [line for line in (ROOT / "requirements" / source).read_text().splitlines() if line and not line.startswith("#")]
        names = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace(".", "-") for line in wanted}
        assert names <= {pin.split("==")[0] for pin in _pins(lock)}


def test_make_without_a_word_lists_every_target(checkout: Path) -> None:
    done = _make(checkout)
    assert done.returncode == 0
    assert re.findall(r"^  make (\S+)", done.stdout, re.MULTILINE) == TARGETS


def test_a_python_that_is_too_old_is_named_with_its_version(checkout: Path) -> None:
    old = checkout / "python-old"
    # As an old Python answers: its version, and no to the question whether it is new enough.
    old.write_text('#!/bin/sh\ncase "$2" in *sys.exit*) exit 1 ;; *) echo 3.9 ;; esac\n')
    old.chmod(0o755)
    done = _make(checkout, "setup", PYTHON=str(old))
    assert done.returncode != 0
    assert f"Weerklank needs Python 3.11 or newer, and PYTHON={old} is 3.9." in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_that_does_not_run_is_named(checkout: Path) -> None:
    done = _make(checkout, "setup", PYTHON="/nowhere/python3")
    assert "PYTHON=/nowhere/python3 does not run." in done.stderr


def test_an_index_out_of_reach_is_a_sentence_and_leaves_no_stamp(checkout: Path) -> None:
    done = _make(
        checkout, "setup", PYTHON=sys.executable, PIP_INDEX_URL="https://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_NO_CACHE_DIR="1"
    )
    assert done.returncode != 0
    assert "The package index could not be reached. Check the network, the proxy (HTTPS_PROXY)" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (checkout / ".venv" / ".run").exists()


def test_a_finished_setup_costs_nothing_until_a_lock_file_changes(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    stamp = checkout / ".venv" / ".run"
    stamp.write_text(f"{checkout.resolve()}\n")
    assert _make(checkout, "--question", ".venv/.run").returncode == 0
    later = stamp.stat().st_mtime + 1
    os.utime(checkout / "requirements" / "run.txt", (later, later))
    assert _make(checkout, "--question", ".venv/.run").returncode == 1
