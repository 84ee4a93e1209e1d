"""Instances of routing that answer by real connections on one real database, without Kafka: what people do there, and who listens."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

from cli.stack import keys
from libs.common import db, migrate
from libs.common.uvicorn_protocol import BoundedProtocol
from services.routing.app import create_app
from services.routing.settings import Settings
from tests.stack import Databases, free_port
from tests.system import ROOT
from tests.unit.routing.test_permutations import POLICIES
from tests.waiting import until


@dataclass
class Heard:
    """A client of the stream, and what it has read."""

    response: httpx.Response
    status: int
    headers: httpx.Headers
    events: list[tuple[str | None, str, Any]] = field(default_factory=list)
    last_id: str | None = None
    comments: int = 0
    over: bool = False
    reading: "asyncio.Task[None] | None" = None

    def of(self, kind: str) -> list[Any]:
        return [data for _, found, data in self.events if found == kind]

    async def until(self, kind: str, number: int = 1) -> list[Any]:
        await until(lambda: len(self.of(kind)) >= number, f"{number} of {kind}; there are {self.events}", 10)
        return self.of(kind)

    async def read(self) -> None:
        said: dict[str, str] = {}
        with contextlib.suppress(httpx.HTTPError):
            async for line in self.response.aiter_lines():
                if line.startswith(":"):
                    self.comments += 1
                elif line:
                    name, _, value = line.partition(": ")
                    said[name] = value
                else:
                    self.last_id = said.get("id", self.last_id)
                    if "data" in said:
                        self.events.append((said.get("id"), said["event"], json.loads(said["data"])))
                    said = {}
        self.over = True


@dataclass
class Instance:
    """One instance of routing."""

    app: Any
    url: str
    server: uvicorn.Server
    tasks: list["asyncio.Task[Any]"]
    folder: Path

    def token(self, subject: str = "gs", role: str = "agent", brand: str = "vaart", seconds: float = 3600) -> str:
        return keys.issue(self.folder, {"sub": subject, "role": role, "brands": [brand]}, datetime.now(UTC), timedelta(seconds=seconds))

    async def call(self, method: str, path: str, who: str = "gs", role: str = "agent", **request: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token(who, role)}", **request.pop("headers", {})}
        if method != "GET":
            headers = {"if-match": "*", "idempotency-key": str(uuid4())} | headers
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            return await client.request(method, path, headers=headers, **request)

    @contextlib.asynccontextmanager
    async def listen(
        self, query: str = "", token: str | None = None, brand: str = "vaart", last: str | None = None
    ) -> AsyncIterator[Heard]:
        """A client that is there, and has read `ready`, or was refused."""
        headers = {"authorization": f"Bearer {token or self.token()}"} | ({"last-event-id": last} if last is not None else {})
        async with (
            httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as client,
            client.stream("GET", f"/v1/brands/{brand}/stream{query}", headers=headers) as response,
        ):
            heard = Heard(response, response.status_code, response.headers)
            if response.status_code != 200:
                await response.aread()
                yield heard
                return
            heard.reading = asyncio.create_task(heard.read())
            await until(lambda: heard.of("ready") or heard.of("reset") or heard.over, "the stream begins", 10)
            try:
                yield heard
            finally:
                heard.reading.cancel()

    async def stop(self) -> None:
        self.server.should_exit = True
        await asyncio.wait_for(asyncio.gather(self.tasks[0]), 15)
        for task in self.tasks[1:]:
            task.cancel()
        await asyncio.gather(*self.tasks[1:], return_exceptions=True)


@dataclass
class FeedWorld:
    """`pool` is of somebody else who changes things, such as the consumer."""

    url: str
    folder: Path
    pool: db.Pool
    instances: list[Instance] = field(default_factory=list)

    async def start(self) -> Instance:
        jwks = keys.ensure(self.folder)
        app = create_app(Settings(database_url=self.url, jwks=str(jwks), signing_key=keys.signing_key(self.folder)))
        app.state.service.pool, app.state.policies = self.pool, POLICIES
        port = free_port()
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, http=BoundedProtocol, lifespan="off", log_config=None, timeout_graceful_shutdown=10
        )
        server = uvicorn.Server(config)
        tasks = [asyncio.create_task(server.serve()), asyncio.create_task(app.state.feed.run(self.url))]
        made = Instance(app, f"http://127.0.0.1:{port}", server, tasks, self.folder)
        self.instances.append(made)
        await until(lambda: server.started and app.state.feed.place is not None, "an instance answers", 15)
        return made


@contextlib.asynccontextmanager
async def feed_world(postgres: Databases, folder: Path) -> AsyncIterator[FeedWorld]:
    url = postgres.login(postgres.database(), "routing")
    await migrate.migrate(url, "routing", ROOT / "services/routing/migrations")
    pool = await db.open_pool(url, "routing", size=20)
    world = FeedWorld(url, folder, pool)
    try:
        yield world
    finally:
        await asyncio.gather(*(instance.stop() for instance in world.instances))
        await pool.close()
