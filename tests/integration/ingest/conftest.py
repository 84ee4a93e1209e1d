"""A running ingest: its own process, a Kafka that a test may stop, the session's PostgreSQL, tokens signed by a key of our own."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import jwt
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from libs.common import outbox
from libs.common.events import BrandBookPublished
from libs.common.outbox import Outgoing
from libs.common.topics import BRANDS, create_topics, partition_of
from tests.asking import ask
from tests.dovecot import Dovecot
from tests.integration.ingest.team import Team
from tests.stack import KafkaServer, PostgresServer, environment, free_port
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]


@dataclass
class Ingest:
    """One instance of the service, as a process. `stop` and `start` keep its database and its port."""

    home: Path
    kafka: KafkaServer
    database_url: str
    key: Ed25519PrivateKey
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, **settings: str) -> None:
        """Returns once the service is ready."""
        jwks = self.home / "jwks.json"
        public = json.loads(OKPAlgorithm.to_jwk(self.key.public_key())) | {"kid": "test", "alg": "EdDSA", "use": "sig"}
        jwks.write_text(json.dumps({"keys": [public]}))
        given = {
            "DATABASE_URL": self.database_url,
            "KAFKA": self.kafka.bootstrap,
            "PORT": str(self.port),
            "JWKS": str(jwks),
            "INSTANCE": "test",
            "ACK_TIMEOUT_S": "3",
            "SECRETS_DIR": str(self.home / "secrets"),
            **settings,
        }
        with (self.home / "ingest.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.ingest"],
                cwd=ROOT,
                env=environment(**{f"WEERKLANK_INGEST_{name}": value for name, value in given.items()}),
                stdout=log,
                stderr=log,
            )
        eventually(self.ready, "ingest is ready", 60)

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / "ingest.log").read_text()[-3000:]
        try:
            return ask("GET", f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(40)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def rss_bytes(self) -> int:
        assert self.process is not None
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def token(self, *brands: str, role: str = "connector", **claims: Any) -> str:
        now = datetime.now(UTC)
        base = {
            "iss": "weerklank-local",
            "aud": "weerklank",
            "sub": "test",
            "role": role,
            "brands": brands,
            "exp": now + timedelta(hours=1),
        }
        return jwt.encode(base | claims, self.key, algorithm="EdDSA", headers={"kid": "test"})

    def client(self, *brands: str, role: str = "connector") -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {self.token(*brands, role=role)}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    async def publish_book(self, brand: str, version: int = 1, **more: Any) -> None:
        """Return once the service knows a brand book of this brand."""
        event = BrandBookPublished(
            brand=brand,
            book_version=version,
            version=version,
            book={"brand": brand, "name": brand, "languages": ["nl"], **more},
            published_at=datetime.now(UTC),
            published_by="test",
        )
        headers = outbox.attributes(Outgoing(event, brand, version, brand), "routing", datetime.now(UTC))
        producer = outbox.producer(self.kafka.bootstrap, client_id="test")
        async with producer:
            await producer.send_and_wait(
                BRANDS.name,
                event.model_dump_json().encode(),
                key=brand.encode(),
                partition=partition_of(brand, brand),
                headers=[(name, value.encode()) for name, value in headers.items()],
            )
        deadline = time.monotonic() + 20
        async with self.client(brand) as client:
            while (await client.post(f"/v1/brands/{brand}/mentions", json=[])).status_code == 404:
                assert time.monotonic() < deadline, "the brand book was not read"

    async def log(self, topic: str, brand: str) -> list[Any]:
        """The records of a brand in a topic, up to its end, in offset order within each partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka.bootstrap, enable_auto_commit=False, isolation_level="read_committed")
        found = []
        async with consumer:
            partitions = [TopicPartition(topic, number) for number in range(12)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while any([await consumer.position(tp) < ends[tp] for tp in partitions]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [record for record in records if record.key.startswith(f"{brand}/".encode())]
        return sorted(found, key=lambda record: (record.partition, record.offset))


@asynccontextmanager
async def running(postgres_server: PostgresServer, home: Path, **settings: str) -> AsyncIterator[Ingest]:
    """An ingest with a Kafka and a database of its own."""
    kafka = KafkaServer(home / "kafka")
    url = postgres_server.database()
    service = Ingest(home, kafka, postgres_server.login(url, "ingest"), Ed25519PrivateKey.generate())
    try:
        kafka.start()
        await create_topics(kafka.bootstrap)
        service.start(**settings)
        yield service
    finally:
        service.stop()
        kafka.stop()
        postgres_server.drop(url)


@pytest.fixture(scope="module")
async def ingest(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ingest]:
    async with running(postgres_server, tmp_path_factory.mktemp("ingest")) as service:
        yield service


@pytest.fixture
async def brand(ingest: Ingest) -> str:
    """A brand of the test's own, whose book the service knows."""
    name = f"brand-{secrets.token_hex(4)}"
    await ingest.publish_book(name)
    return name


@pytest.fixture
async def client(ingest: Ingest, brand: str) -> AsyncIterator[httpx.AsyncClient]:
    """A connector of that brand."""
    async with ingest.client(brand) as found:
        yield found


@pytest.fixture
async def team(ingest: Ingest, dovecot: Dovecot) -> AsyncIterator[Team]:
    """A brand of the test's own, whose mailboxes stand on the module's Dovecot."""
    connection = await asyncpg.connect(ingest.database_url)
    yield Team(ingest, dovecot, connection)
    await connection.close()
