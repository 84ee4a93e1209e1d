"""Nothing is lost and nothing happens twice: freezes, failovers, second instances and outages under load, at seeded moments.

Two moments a fault as the default, ten with WEERKLANK_FAULTS=10 (`make faults`). A checker that shares no code with the loop judges by
histories.
"""

import pytest

from tests.faults.checker import check
from tests.faults.judge import MOMENTS, SEED, Faulted, judge, moments, settled
from tests.faults.load import Load, pause
from tests.system import SERVICES
from tests.waiting import eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", ["triage", "routing", "responder"])
def test_an_instance_frozen_beyond_its_session_wakes_up_and_does_nothing_twice(system: Faulted, name: str) -> None:
    """Another instance takes its partitions over; when it wakes, mid-batch, compare-and-set refuses it."""
    other = system.another(name, "1")
    system.wait_ready()
    with Load(system, f"freeze-{name}-", SEED, most=100 + 250 * MOMENTS) as load:
        for moment in moments(f"freeze {name}"):
            pause(moment)
            system.services[f"{name}-0"].freeze()
            pause(8)
            system.services[f"{name}-0"].thaw()
        other_stopped = system.services.pop(f"{name}-1")
        other_stopped.stop()
        judge(system, load)
    assert other_stopped is other


def test_a_relay_frozen_through_a_failover_of_its_session(system: Faulted) -> None:
    """The leading relay freezes between sending and deleting; its session ends; another relay leads; then the first wakes up."""
    system.another("triage", "1")
    system.wait_ready()
    with Load(system, "relay-", SEED, most=100 + 250 * MOMENTS) as load:
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


def test_second_instances_of_all_five_join_and_leave_under_load(system: Faulted) -> None:
    with Load(system, "join-", SEED, most=100 + 300 * MOMENTS) as load:
        for moment in moments("join"):
            for name in SERVICES:
                system.another(name, "1")
            system.wait_ready(120)
            pause(moment)
            for name in SERVICES:
                system.services.pop(f"{name}-1").stop()
        judge(system, load)


def test_kafka_gone_for_30_seconds_answers_503_and_recovers(system: Faulted) -> None:
    with Load(system, "outage-kafka-", SEED, most=300) as load:
        pause(0.5)
        system.kafka.kill()
        refused = eventually(lambda: _post_one(system) == 503, "ingest answers 503", 30)
        assert refused
        pause(25)
        system.kafka.start()
        judge(system, load)
        assert load.refused > 0


def _post_one(system: Faulted) -> int:
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


def test_postgres_gone_for_30_seconds_loses_nothing_while_ingest_goes_on(system: Faulted) -> None:
    with Load(system, "outage-postgres-", SEED, most=300) as load:
        pause(0.5)
        system.postgres.kill()
        eventually(lambda: not any(system.services[f"{name}-0"].ready() for name in ("triage", "routing")), "consumers say so", 30)
        assert _post_one(system) == 202
        pause(25)
        system.postgres.start()
        judge(system, load)


def test_nothing_is_sent_without_a_lease(system: Faulted) -> None:
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
    system.approved.update(load.approved)
    settled(system)
    check(system, system.accepted, system.approved)
    assert system.rows("select count(*) as n from responder.sandbox_outbox")[0]["n"] > before


def _approved(system: Faulted) -> int:
    found: int = system.rows("select count(*) as n from responder.reply where state = 'approved'")[0]["n"]
    return found


def json_of(answer: object) -> str:
    return str(getattr(answer, "text", ""))
