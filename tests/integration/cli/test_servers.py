"""The embedded Kafka and PostgreSQL keep what they acknowledged, and PostgreSQL keeps services apart."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.stack import kafka as kafka_server_module
from cli.stack import kafka_jars
from cli.stack import postgres as postgres_module
from cli.stack.errors import StackError
from tests.stack import Databases, KafkaServer, PostgresServer
from tests.waiting import eventually


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    server = KafkaServer(tmp_path / "kafka")
    yield server
    server.stop()


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path / "postgres", settings={})
    yield server
    server.stop()


async def _make_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def _produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        await asyncio.gather(*[await producer.send(topic, value) for value in values])


async def _read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        found: list[bytes] = []
        async with asyncio.timeout(20):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [record.value for record in records]
        return found


async def test_kafka_has_every_acknowledged_record_after_kill_9_and_restart(own_kafka: KafkaServer) -> None:
    own_kafka.start()
    values = [str(number).encode() for number in range(500)]
    await _make_topic(own_kafka.bootstrap, "kept")
    await _produce(own_kafka.bootstrap, "kept", values)
    own_kafka.kill()
    own_kafka.start()
    assert sorted(await _read(own_kafka.bootstrap, "kept", len(values))) == sorted(values)


async def test_kafka_keeps_its_data_when_its_ports_change(own_kafka: KafkaServer, tmp_path: Path) -> None:
    own_kafka.start()
    await _make_topic(own_kafka.bootstrap, "moved")
    await _produce(own_kafka.bootstrap, "moved", [b"here"])
    own_kafka.stop()
    elsewhere = KafkaServer(own_kafka.home)
    try:
        elsewhere.start()
        assert await _read(elsewhere.bootstrap, "moved", 1) == [b"here"]
    finally:
        elsewhere.stop()


async def test_a_mistyped_topic_is_an_error_and_not_a_new_topic(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        (answer,) = await admin.describe_topics(["weerklank.mentoins.v1"])
        assert answer["error_code"] == 3  # UNKNOWN_TOPIC_OR_PARTITION
        assert "weerklank.mentoins.v1" not in await admin.list_topics()
    finally:
        await admin.close()


def test_a_frozen_kafka_is_not_ready_and_a_thawed_one_is(own_kafka: KafkaServer) -> None:
    own_kafka.start()
    own_kafka.freeze()
    assert not kafka_server_module.is_ready(own_kafka.port, timeout_s=0.5)
    own_kafka.thaw()
    assert kafka_server_module.is_ready(own_kafka.port)


def test_an_unreachable_registry_is_a_sentence_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(StackError, match=r"could not be downloaded.*Check the network.*WEERKLANK_CACHE.*--external"):
        kafka_server_module.prepare(tmp_path)


def test_a_jar_that_is_not_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coordinate, _sha256 = kafka_jars.JARS[-1]
    monkeypatch.setattr(kafka_jars, "JARS", ((coordinate, "0" * 64),))
    with pytest.raises(StackError, match="expected 0000"):
        kafka_server_module.prepare(tmp_path)
    assert not list(tmp_path.rglob("*.jar"))


async def test_postgres_has_every_committed_row_after_kill_9_and_restart(own_postgres: PostgresServer) -> None:
    own_postgres.start()
    url = own_postgres.database()
    connection = await asyncpg.connect(url)
    await connection.execute("create table kept (number int); insert into kept select generate_series(1, 1000)")
    own_postgres.kill()
    own_postgres.start()
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from kept") == 1000
    await connection.close()


def test_a_first_start_that_was_killed_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    home = tmp_path / "postgres"
    script = f"from cli.stack import postgres; postgres.init(__import__('pathlib').Path({str(home)!r}))"
    began = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    eventually(lambda: list(home.glob("data.new*/base")), "initdb is at work", 60, every_s=0.005)
    os.killpg(began.pid, signal.SIGKILL)
    began.wait()
    postgres_module.init(home)
    assert (home / "data" / "PG_VERSION").exists()
    assert sorted(path.name for path in home.iterdir()) == ["data", "passwords.json"]


async def test_a_service_reaches_its_own_schema_and_no_other(own_postgres: PostgresServer) -> None:
    own_postgres.start()
    home, port = own_postgres.home, own_postgres.port
    postgres_module.create_roles_and_schemas(home, port, ["triage", "routing"])
    postgres_module.create_roles_and_schemas(home, port, ["triage", "routing"])
    triage = await asyncpg.connect(postgres_module.url(home, port, "triage"))
    routing = await asyncpg.connect(postgres_module.url(home, port, "routing"))
    await triage.execute("create table thing (meaning vector(3)); insert into thing values ('[1,2,3]')")
    assert await triage.fetchval("select unaccent('één') || similarity('a', 'a')") == "een1"
    assert await triage.fetchval("select lower('ÉÉN')") == "één"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await routing.fetch("select * from triage.thing")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await routing.execute("create table public.stray (number int)")
    await triage.close()
    await routing.close()


async def test_postgres_lets_nobody_in_without_the_password(own_postgres: PostgresServer) -> None:
    own_postgres.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            host="127.0.0.1",
            port=own_postgres.port,
            user=postgres_module.SUPERUSER,
            password="guess",
            database="postgres",
        )
    assert stat.S_IMODE((own_postgres.home / "passwords.json").stat().st_mode) == 0o600


async def test_each_database_of_the_fixture_is_empty_and_apart(postgres: Databases) -> None:
    first, second = postgres.database(), postgres.database()
    connection = await asyncpg.connect(first)
    await connection.execute("create table only_here (number int)")
    await connection.close()
    connection = await asyncpg.connect(second)
    assert await connection.fetchval("select to_regclass('only_here')") is None
    await connection.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")
def test_started_by_root_below_a_private_directory_postgres_runs_as_another_user(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    server = PostgresServer(private / "postgres")
    try:
        server.start()
        assert server.psql("select 1") == "1"
        assert psutil.Process(server.pid).uids().effective != 0
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        server.stop()
