"""Nothing is lost and nothing happens twice: kill -9, freezes, failovers and outages under load, at seeded moments.

Two moments a fault as the default, ten with WEERKLANK_FAULTS=10 (`make faults`). A checker that shares no code with the loop judges by
histories.
"""

import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.checker import check
from tests.faults.load import Load, pause
from tests.system import ROOT, SERVICES, System
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

MOMENTS = int(os.environ.get("WEERKLANK_FAULTS", "2"))
SEED = int(os.environ.get("WEERKLANK_SEED", "20261122"))


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("faults")
    for folder in (home, *home.parents):
        if folder != Path("/tmp") and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    made = System(home)
    try:
        made.start()
        # The judge compares what was decided with what is in the log: no clock may say something in between.
        calm, clocks = re.subn(r"\b(reaction|resolution): \d+[mhd]\b", r"\1: 90d", (ROOT / "samples/vaart.yaml").read_text())
        assert clocks == 10
        made.apply(calm)
        yield made
    finally:
        made.stop()


ACCEPTED: set[str] = set()
APPROVED: set[str] = set()
"""Over all faults of this module: the stack lives on, and each check is about its whole history."""


def judge(system: System, load: Load) -> None:
    load.finish()
    load.__exit__()
    system.wait_ready(120)
    ACCEPTED.update(load.accepted)
    APPROVED.update(load.approved)
    settled(system)
    found = check(system, ACCEPTED, APPROVED)
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
        return not (waiting or owed or sending)

    looks = iter(range(10_000))
    run = [0]

    def lasting() -> bool:
        run[0] = run[0] + 1 if still() else 0
        next(looks)
        return run[0] >= 3

    eventually(lasting, "everything is handled", 180, every_s=0.3)


def moments(name: str) -> Iterator[float]:
    """Seconds into the load at which to strike, one after another."""
    chance = random.Random(f"{SEED}/{name}")
    return (chance.uniform(0.3, 2.5) for _ in range(MOMENTS))


@pytest.mark.parametrize("name", SERVICES)
def test_kill_9_of_a_service_under_load(system: System, name: str) -> None:
    with Load(system, f"kill-{name}-", SEED, most=150 + 350 * MOMENTS) as load:
        for moment in moments(name):
            pause(moment)
            system.services[f"{name}-0"].kill()
            system.services[f"{name}-0"].start()
            system.wait_ready()
        judge(system, load)


def test_kill_9_of_kafka_under_load(system: System) -> None:
    with Load(system, "kill-kafka-", SEED, most=150 + 350 * MOMENTS) as load:
        for moment in moments("kafka"):
            pause(moment)
            system.kafka.kill()
            system.kafka.start()
            system.wait_ready(120)
        judge(system, load)


def test_kill_9_of_postgres_under_load(system: System) -> None:
    with Load(system, "kill-postgres-", SEED, most=150 + 350 * MOMENTS) as load:
        for moment in moments("postgres"):
            pause(moment)
            system.postgres.kill()
            system.postgres.start()
            system.wait_ready(120)
        judge(system, load)


@pytest.mark.parametrize("name", ["triage", "routing", "responder"])
def test_an_instance_frozen_beyond_its_session_wakes_up_and_does_nothing_twice(system: System, name: str) -> None:
    """Another instance takes its partitions over; when it wakes, mid-batch, compare-and-set refuses it."""
    other = system.another(name, "1")
    system.wait_ready()
    with Load(system, f"freeze-{name}-", SEED, most=150 + 500 * MOMENTS) as load:
        for moment in moments(f"freeze {name}"):
            pause(moment)
            system.services[f"{name}-0"].freeze()
            pause(8)
            system.services[f"{name}-0"].thaw()
        other_stopped = system.services.pop(f"{name}-1")
        other_stopped.stop()
        judge(system, load)
    assert other_stopped is other


def test_a_relay_frozen_through_a_failover_of_its_session(system: System) -> None:
    """The leading relay freezes between sending and deleting; its session ends; another relay leads; then the first wakes up."""
    system.another("triage", "1")
    system.wait_ready()
    with Load(system, "relay-", SEED, most=150 + 500 * MOMENTS) as load:
        for moment in moments("relay"):
            pause(moment)
            leader = next(n for n in ("0", "1") if system.status("triage", n)["relay_leads"])
            system.services[f"triage-{leader}"].freeze()
            system.psql(
                "select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a using (pid) "
                "where l.locktype = 'advisory' and l.granted and a.usename = 'triage'"
            )
            other = "1" if leader == "0" else "0"
            eventually(lambda other=other: system.status("triage", other)["relay_leads"], "the other relay leads", 30)
            system.services[f"triage-{leader}"].thaw()
        system.services.pop("triage-1").stop()
        judge(system, load)


def test_second_instances_of_all_five_join_and_leave_under_load(system: System) -> None:
    with Load(system, "join-", SEED, most=300 + 500 * MOMENTS) as load:
        for moment in moments("join"):
            for name in SERVICES:
                system.another(name, "1")
            system.wait_ready(120)
            pause(moment)
            for name in SERVICES:
                system.services.pop(f"{name}-1").stop()
        judge(system, load)


def test_kafka_gone_for_30_seconds_answers_503_and_recovers(system: System) -> None:
    with Load(system, "outage-kafka-", SEED, most=400) as load:
        pause(0.5)
        system.kafka.kill()
        refused = eventually(lambda: _post_one(system) == 503, "ingest answers 503", 30)
        assert refused
        pause(25)
        system.kafka.start()
        judge(system, load)
        assert load.refused > 0


def _post_one(system: System) -> int:
    body = {
        "channel": "forum",
        "kind": "post",
        "external_id": "probe",
        "author": {"identities": [{"kind": "handle", "value": "probe", "channel": "forum"}]},
        "text": "is er iemand?",
        "posted_at": "2026-11-01T12:00:00Z",
    }
    answer = system.call("ingest", "POST", "/v1/brands/vaart/mentions", json=body)
    if answer.status_code == 503:
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code


def test_postgres_gone_for_30_seconds_loses_nothing_while_ingest_goes_on(system: System) -> None:
    with Load(system, "outage-postgres-", SEED, most=400) as load:
        pause(0.5)
        system.postgres.kill()
        eventually(lambda: not any(system.services[f"{name}-0"].ready() for name in ("triage", "routing")), "consumers say so", 30)
        assert _post_one(system) == 202
        pause(25)
        system.postgres.start()
        judge(system, load)


def test_nothing_is_sent_without_a_lease(system: System) -> None:
    """Routing dies: its leases stop, and three seconds later so does all sending; when it is back, what waited is sent."""
    system.services["routing-0"].kill()
    eventually(
        lambda: system.rows("select now() - max(renewed_at) > interval '4 s' as stale from responder.brand_lease")[0]["stale"],
        "the lease is stale",
    )
    before = system.rows("select count(*) as n from responder.sandbox_outbox")[0]["n"]
    load = Load(system, "lease-", SEED, most=0)
    with load:
        eventually(lambda: _approved(system) > 0, "an approved reply waits", 60)
    pause(3)
    assert system.rows("select count(*) as n from responder.sandbox_outbox")[0]["n"] == before
    waiting = system.rows("select id from responder.reply where state = 'approved'")[0]["id"]
    assert "lease" in json_of(system.call("responder", "GET", f"/v1/brands/vaart/replies/{waiting}"))
    system.services["routing-0"].start()
    system.wait_ready()
    APPROVED.update(load.approved)
    settled(system)
    check(system, ACCEPTED, APPROVED)
    assert system.rows("select count(*) as n from responder.sandbox_outbox")[0]["n"] > before


def _approved(system: System) -> int:
    found: int = system.rows("select count(*) as n from responder.reply where state = 'approved'")[0]["n"]
    return found


def json_of(answer: object) -> str:
    return str(getattr(answer, "text", ""))
