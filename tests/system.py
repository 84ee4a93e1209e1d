"""A whole Weerklank of real processes for tests: Kafka, PostgreSQL and any of the five services, each with a handle to kill or freeze it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from libs.common.topics import create_topics
from tests.asking import ask
from tests.stack import KafkaServer, PostgresServer, at_once, free_port
from tests.tokens import Issuer
from tests.waiting import eventually

ROOT = Path(__file__).parent.parent
SERVICES = ("ingest", "triage", "routing", "responder", "analytics")


@dataclass
class ServiceProcess:
    """One instance of a service. `start` after `kill` or `stop` keeps the port and the instance's name."""

    name: str
    instance: str
    port: int
    environment: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "ServiceProcess":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", f"services.{self.name}"],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM; killed after 30 s."""
        stop_all([self])

    def ready(self) -> bool:
        try:
            return ask("GET", f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


def stop_all(services: Iterable[ServiceProcess]) -> None:
    """SIGTERM to those that run, all at once; what has not ended 30 s later is killed."""
    running = [service for service in services if service.process is not None and service.process.poll() is None]
    for service in running:
        service.thaw()
        service.process.terminate()  # type: ignore[union-attr]
    deadline = time.monotonic() + 30
    for service in running:
        try:
            service.process.wait(max(0.1, deadline - time.monotonic()))  # type: ignore[union-attr]
        except subprocess.TimeoutExpired:
            service.kill()


@dataclass
class System:
    """`home` must be a short path that other users may enter. Services start in `start`, more instances in `another`.

    `settings` are every service's own (without their prefix), `environment` variables that have no prefix of ours.
    """

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    services: dict[str, ServiceProcess] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kafka = KafkaServer(self.home / "kafka")
        self.postgres = PostgresServer(self.home / "postgres")
        self.issuer = Issuer(self.home)
        self.urls: dict[str, str] = {}

    def start(self, *names: str) -> "System":
        """Kafka, Postgres, topics, then these services (all five when none is named), ready."""
        at_once(self.kafka.start, self.postgres.start)
        asyncio.run(create_topics(self.kafka.bootstrap))
        self.database = self.postgres.database()
        for name in SERVICES:
            self.urls[name] = self.postgres.login(self.database, name)
        for name in names or SERVICES:
            self.another(name, "0")
        self.wait_ready()
        return self

    def another(self, name: str, instance: str) -> ServiceProcess:
        """Start a further instance of a service."""
        prefix = f"WEERKLANK_{name.upper()}_"
        port = free_port()
        values = {
            "DATABASE_URL": self.urls[name],
            "KAFKA": self.kafka.bootstrap,
            "PORT": str(port),
            "INSTANCE": instance,
            "JWKS": str(self.issuer.jwks),
            **({"SIGNING_KEY": str(self.issuer.pem)} if name == "routing" else {}),
            "SESSION_TIMEOUT_S": "6",
            **self.settings,
        }
        environment = self.environment | {prefix + key: value for key, value in values.items()}
        process = ServiceProcess(name, instance, port, environment, self.home / f"{name}-{instance}.log")
        self.services[f"{name}-{instance}"] = process
        return process.start()

    def wait_ready(self, timeout_s: float = 180) -> None:
        eventually(
            lambda: all(s.ready() for s in self.services.values() if s.process and s.process.poll() is None),
            "all services ready",
            timeout_s,
        )

    def stop(self) -> None:
        stop_all(self.services.values())
        at_once(self.kafka.stop, self.postgres.stop)

    def url(self, name: str) -> str:
        return self.services[f"{name}-0"].url

    def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        role: str = "admin",
        brand: str = "vaart",
        subject: str = "tester",
        version: int | None = None,
        **kwargs: Any,
    ) -> httpx.Response:
        """A request with a token of that role and brand; a change is of `version`, or of whatever the thing is now."""
        headers = {"authorization": f"Bearer {self.issuer.token(role, [brand], subject)}", **kwargs.pop("headers", {})}
        if method != "GET" and "if-none-match" not in headers:
            headers.setdefault("if-match", "*" if version is None else f'"{version}"')
            headers.setdefault("idempotency-key", str(uuid4()))
        return ask(method, self.url(service) + path, headers=headers, timeout=30, **kwargs)

    def apply(self, book: str, brand: str = "vaart") -> None:
        path = f"/v1/brands/{brand}/book"
        standing = self.call("routing", "GET", path, brand=brand).headers.get("etag")
        expected = {"if-match": standing} if standing else {"if-none-match": "*"}
        headers = {"content-type": "application/yaml", **expected}
        answer = self.call("routing", "PUT", path, brand=brand, content=book.encode(), headers=headers)
        assert answer.status_code == 200, answer.text

        def known() -> bool:
            answers = [self.call("ingest", "POST", f"/v1/brands/{brand}/mentions", brand=brand, json=[]).status_code]
            return all(code != 404 for code in answers)

        eventually(known, f"{brand} is known to ingest")

    def status(self, name: str, instance: str = "0") -> dict[str, Any]:
        found: dict[str, Any] = ask("GET", f"{self.services[f'{name}-{instance}'].url}/v1/status", timeout=10).json()
        return found

    def psql(self, sql: str) -> str:
        return self.postgres.psql(sql, self.database.rsplit("/", 1)[1])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query as JSON objects."""
        text = self.psql(f"select coalesce(json_agg(r), '[]') from ({sql}) r").strip()
        found: list[dict[str, Any]] = json.loads(text)
        return found


@contextmanager
def running(home: Path, *names: str, **settings: str) -> Iterator[System]:
    system = System(home, settings)
    try:
        yield system.start(*names)
    finally:
        system.stop()


NO_MODEL = {
    "WEERKLANK_RESPONDER_MODEL_URL": "https://127.0.0.1:9/v1",
    "WEERKLANK_RESPONDER_MODEL": "nobody",
}
"""A language model that is set up and is in no network that may be dialled: drafts can be asked for, and nothing is sent anywhere."""
