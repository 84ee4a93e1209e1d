"""kill -9 of the supervisor under load: what it left behind is adopted or stopped, and its data are all there."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.stack import keys, postgres, state, supervisor
from cli.stack.settings import Settings
from tests.faults.checker import check
from tests.faults.judge import moments, settled
from tests.faults.load import Load, pause
from tests.stack import free_base_port
from tests.system import ROOT, SERVICES, System
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


class Supervised(System):
    """The stack that `weerklank up --detach` starts, with the handles that the load and the checker need."""

    def __init__(self, home: Path) -> None:
        self.home, self.services = home, {}
        self.base_port = free_base_port()
        self.settings_of_stack = Settings(data_dir=home, base_port=self.base_port, min_free_mib=64)

    @property
    def kafka(self) -> Any:
        return self

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.base_port + 10}"

    @property
    def issuer(self) -> Any:
        return self

    def token(self, role: str, brands: list[str], subject: str = "tester") -> str:
        claims = {"sub": subject, "role": role, "brands": brands}
        return keys.issue(self.home, claims, datetime.now(UTC), timedelta(hours=1))

    def start(self, *names: str) -> "Supervised":
        self.state = supervisor.start_detached(self.settings_of_stack)
        return self

    def stop(self) -> None:
        supervisor.stop(self.home)

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.base_port + 1 + SERVICES.index(name)}"

    def status(self, name: str, instance: str = "0") -> dict[str, Any]:
        found: dict[str, Any] = self.call(name, "GET", "/v1/status").json()
        return found

    def psql(self, sql: str) -> str:
        return postgres.psql(self.home / "postgres", self.base_port + 12, sql, postgres.DATABASE)


@pytest.fixture
def supervised(home: Path) -> Iterator[Supervised]:
    made = Supervised(home)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def test_kill_9_of_the_supervisor_under_load(supervised: Supervised) -> None:
    supervised.apply((ROOT / "samples/vaart.yaml").read_text())
    with Load(supervised, "supervisor-", 1, most=450) as load:
        for moment in moments("supervisor"):
            pause(moment)
            before = supervised.state.supervisor_pid
            os.kill(before, signal.SIGKILL)
            eventually(lambda: not state.is_locked(supervised.home), "the supervisor is gone")
            supervised.start()
            assert supervised.state.supervisor_pid != before
        load.finish()
    settled(supervised)
    assert len(load.accepted) == 450
    found = check(supervised, load.accepted, load.approved)
    assert found["mentions"] == 450
    assert load.approved
