"""deploy/Dockerfile and its entry point: what goes in, who runs it, and what its argument means."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.manifests import DEPLOY, ROOT, SERVICES

LINES = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
STEPS = [tuple(line.split(None, 1)) for line in LINES if line and not line.startswith(("#", " "))]


def test_packages_are_installed_by_their_hashes_only() -> None:
    installs = [text for word, text in STEPS if word == "RUN" and "pip install" in text]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]
    assert "--no-index" in installs[1]
    assert "--no-deps" in installs[1]


def test_the_container_does_not_run_as_root() -> None:
    users = [text for word, text in STEPS if word == "USER"]
    assert len(users) == 1
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[0])
    last_stage = max(number for number, (word, _) in enumerate(STEPS) if word == "FROM")
    assert STEPS.index(("USER", users[0])) > last_stage


def test_the_last_stage_holds_no_source_and_no_build_tools() -> None:
    last_stage = max(number for number, (word, _) in enumerate(STEPS) if word == "FROM")
    copied = [text for word, text in STEPS[last_stage:] if word in ("COPY", "ADD")]
    assert copied == ["--from=build /opt/weerklank /opt/weerklank", "--chmod=0755 deploy/entrypoint.sh /usr/local/bin/entrypoint"]


def test_everything_that_the_build_takes_is_let_through() -> None:
    """The ignore file starts from nothing: what the package needs must be named in it, and must exist."""
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert ignore[0] == "*"
    let_through = {line[1:] for line in ignore if line.startswith("!")}
    assert [name for name in let_through if not (ROOT / name).exists()] == []
    needed = {
        "cli",
        "libs",
        "services",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "requirements/run.in",
        "requirements/run.txt",
        "requirements/build.txt",
    }
    assert needed <= let_through


@pytest.mark.parametrize("service", SERVICES)
def test_the_argument_names_the_service(service: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    done = subprocess.run(
        [DEPLOY / "entrypoint.sh", service], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"-m services.{service}\n"


@pytest.mark.parametrize("arguments", [[], ["triage2"], ["sh", "-c", "id"]])
def test_any_other_argument_is_refused_with_a_sentence(arguments: list[str]) -> None:
    done = subprocess.run([DEPLOY / "entrypoint.sh", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert "Name one of ingest, triage, routing, responder, analytics" in done.stderr
