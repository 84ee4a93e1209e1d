"""A stack whose whole history is judged after every fault, and when to strike it."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.checker import check
from tests.faults.load import Load
from tests.system import SERVICES, System
from tests.waiting import eventually

MOMENTS = int(os.environ.get("WEERKLANK_FAULTS", "2"))
SEED = int(os.environ.get("WEERKLANK_SEED", "20261122"))


@dataclass
class Faulted(System):
    """`accepted` and `approved` are of all faults so far: the stack lives on, and each check is about its whole history."""

    accepted: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)


def judge(system: Faulted, load: Load) -> None:
    load.finish()
    system.wait_ready(120)
    eventually(lambda: load.approved, "somebody answers something", 60)  # mentions may have come in faster than anybody could
    load.__exit__()
    system.accepted.update(load.accepted)
    system.approved.update(load.approved)
    settled(system)
    found = check(system, system.accepted, system.approved)
    print(f"{load.name}: {found}, refused {load.refused} times")
    assert len(load.accepted) == load.most
    assert load.approved, "nobody answered anything"


def settled(system: System) -> None:
    """Nothing waits anywhere, and that has lasted for three looks in a row."""

    def still() -> bool:
        found = [system.status(name) for name in SERVICES]
        if not all(status["ready"] for status in found):
            return False  # a service without a consumer sees nothing that waits
        waiting = sum(lag["messages"] for status in found for topic, lag in status["lag"].items() if "holds" not in topic)
        owed = sum(status["ledger"]["outbox"] for status in found)
        sending = system.rows("select count(*) as n from responder.reply where state in ('approved', 'sending')")[0]["n"]
        looks = system.rows("select count(*) as n from triage.to_look")[0]["n"]
        return not (waiting or owed or sending or looks)

    run = [0]

    def lasting() -> bool:
        run[0] = run[0] + 1 if still() else 0
        return run[0] >= 3

    eventually(lasting, "everything is handled", 180, every_s=0.3)


def moments(name: str) -> Iterator[float]:
    """Seconds into the load at which to strike, one after another."""
    chance = random.Random(f"{SEED}/{name}")
    return (chance.uniform(0.3, 2.5) for _ in range(MOMENTS))
