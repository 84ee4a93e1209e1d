"""Nothing is lost and nothing happens twice: kill -9 of every part under load, at seeded moments.

Two moments a fault as the default, ten with WEERKLANK_FAULTS=10 (`make faults`). A checker that shares no code with the loop judges by
histories.
"""

import pytest

from tests.faults.judge import MOMENTS, SEED, Faulted, judge, moments
from tests.faults.load import Load, pause
from tests.system import SERVICES

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", SERVICES)
def test_kill_9_of_a_service_under_load(system: Faulted, name: str) -> None:
    with Load(system, f"kill-{name}-", SEED, most=100 + 175 * MOMENTS) as load:
        for moment in moments(name):
            pause(moment)
            system.services[f"{name}-0"].kill()
            system.services[f"{name}-0"].start()
            system.wait_ready()
        judge(system, load)


@pytest.mark.parametrize("name", ["kafka", "postgres"])
def test_kill_9_of_a_server_under_load(system: Faulted, name: str) -> None:
    server = getattr(system, name)
    with Load(system, f"kill-{name}-", SEED, most=100 + 175 * MOMENTS) as load:
        for moment in moments(name):
            pause(moment)
            server.kill()
            server.start()
            system.wait_ready(120)
        judge(system, load)
