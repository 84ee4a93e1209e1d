"""What is said about a database, from what it answered."""

import asyncpg
import pytest

from libs.common import databasechecks, logchecks, servicechecks

HOLDS, CASES = "weerklank.holds.v1", "weerklank.cases.v1"


@pytest.mark.parametrize(
    ("number", "status"), [(180001, "ok"), (190000, "ok"), (160004, "warning"), (150000, "warning"), (140012, "error")]
)
def test_versions(number: int, status: str) -> None:
    assert databasechecks.judge_version("triage", number).status == status


def test_an_extension_that_the_server_lacks_is_another_matter_than_one_that_was_not_made() -> None:
    lacking, well, unmade = sorted(
        databasechecks.judge_extensions("triage", {"unaccent": None, "pg_trgm": "1.6"}),
        key=lambda f: (f.about.split()[1] != "vector", f.about),
    )
    assert (lacking.status, "pgvector" in lacking.remedy) == ("error", True)
    assert (unmade.status, unmade.remedy) == ("error", "As a superuser, there: create extension unaccent;")
    assert well.status == "ok"


WANTED = [("common/0001.sql", "a"), ("triage/0001.sql", "b")]


@pytest.mark.parametrize(
    ("applied", "status", "said"),
    [
        (None, "skipped", ["No tables yet"]),
        ({"common/0001.sql": "a", "triage/0001.sql": "b"}, "ok", ["All 2 files"]),
        ({"common/0001.sql": "a"}, "warning", ["Not applied yet: triage/0001.sql"]),
        ({"common/0001.sql": "x", "triage/0001.sql": "b"}, "error", ["Changed after they were applied: common/0001.sql"]),
        ({"common/0001.sql": "a", "triage/0001.sql": "b", "triage/0009.sql": "c"}, "error", ["does not know: triage/0009.sql"]),
        ({"common/0001.sql": "x", "triage/0009.sql": "c"}, "error", ["applied: common/0001.sql", "does not know: triage/0009.sql"]),
    ],
)
def test_migrations(applied: dict[str, str] | None, status: str, said: list[str]) -> None:
    found = databasechecks.judge_migrations("triage", applied, WANTED)
    assert found.status == status
    assert all(text in found.found for text in said)


@pytest.mark.parametrize(("taken", "status"), [(10, "ok"), (79, "ok"), (80, "warning"), (95, "error")])
def test_connections(taken: int, status: str) -> None:
    assert databasechecks.judge_connections("triage", taken, 100).status == status


def test_a_login_that_fails_says_why_and_not_what_the_server_said() -> None:
    found = databasechecks.unreachable("triage", asyncpg.InvalidPasswordError("password of db7.internal"))
    assert "InvalidPasswordError" in found.found
    assert "db7" not in found.model_dump_json()
    assert "alter role" in found.remedy


@pytest.mark.parametrize(
    ("topic", "position", "status", "remedy"),
    [
        (CASES, 10, "ok", ""),
        (CASES, 20, "ok", ""),
        (CASES, 9, "error", f"weerklank topics reset routing {CASES} 3 --to start"),
        (CASES, 21, "error", f"weerklank topics reset routing {CASES} 3 --to start"),
        (HOLDS, 9, "ok", ""),
        (HOLDS, 21, "error", f"weerklank topics reset routing {HOLDS} 3 --to start"),
    ],
)
def test_a_position_outside_the_log_is_named_with_the_command_that_chooses(topic: str, position: int, status: str, remedy: str) -> None:
    place = (topic, 3)
    (found,) = logchecks.judge("routing", {place: position}, {place: 10}, {place: 20})
    assert found.status == status
    assert remedy in found.remedy


def test_a_partition_that_kafka_does_not_know_is_left_to_the_check_of_topics() -> None:
    (found,) = logchecks.judge("routing", {(CASES, 3): 5}, {}, {})
    assert found.status == "ok"


@pytest.mark.parametrize(
    ("before", "after", "status", "said"),
    [
        ((True, None, 0), (True, None, 0), "ok", "0 events wait"),
        ((True, 5, 100), (True, 90, 20), "ok", "20 events wait"),
        ((True, 5, 100), (True, 5, 120), "error", "does not move (relay: KafkaConnectionError)"),
        ((False, None, 0), (False, None, 0), "error", "No instance sends"),
        ((False, 5, 1), (True, None, 0), "ok", "Some instance sends"),  # it took over between the two looks
        ((True, 5, 30000), (True, 9, 29000), "warning", "29000 events wait"),
    ],
)
def test_a_relay_that_stands_still_is_told_from_one_that_is_behind(
    before: tuple[bool, int | None, int], after: tuple[bool, int | None, int], status: str, said: str
) -> None:
    found = servicechecks.judge_relay("triage", before, after, "relay: KafkaConnectionError")
    assert (found.status, said in found.found) == (status, True)


@pytest.mark.parametrize("raw", [b"", b"no json", b"[]", b'{"keys": []}', b'{"keys": 3}', b'{"keys": [{"kty": "OKP"}]}'])
def test_what_is_no_set_of_keys_is_an_error_and_no_crash(raw: bytes) -> None:
    assert servicechecks.judge_keys("triage", "jwks.json", raw).status == "error"


def test_a_vector_that_is_too_old_to_be_searched_is_an_error() -> None:
    for version, status in (("0.7.4", "error"), ("0.8.0", "ok"), ("0.10", "ok"), ("1.0", "ok")):
        found = databasechecks.judge_extensions("triage", {"unaccent": "1.1", "pg_trgm": "1.6", "vector": version})
        assert [one.status for one in found if "vector" in one.about] == [status]
