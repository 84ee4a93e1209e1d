"""A responder's routes and tables without Kafka: what needs no event from elsewhere is tried on a real PostgreSQL alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from libs.common import db
from libs.common.books import Published
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.migrate import migrate
from services.responder import app as app_module
from services.responder import store
from services.responder.app import create_app
from services.responder.settings import Settings
from tests.integration.responder.conftest import AT, brand_book
from tests.stack import Databases
from tests.tokens import Issuer


@dataclass
class Offline:
    """One responder of the brand `vaart`; what its background tasks do, a test does itself."""

    app: FastAPI
    pool: db.Pool
    issuer: Issuer
    settings: Settings
    url: str

    def publish(self, brand: str = "vaart", version: int = 1, **more: Any) -> BrandBook:
        book = BrandBook.from_json(brand_book(brand, **more))
        self.app.state.service.books._books[brand] = Published(book, version)
        return book

    async def tell(self, case: Case, version: int = 1) -> None:
        """Routing's newest word on a case."""
        async with self.pool.acquire() as connection:
            await connection.execute("delete from case_copy where case_id = $1", case.id)
            await store.insert_cases(connection, [store.CaseRow(case.id, case.brand, version, case.state, case, None, AT)])

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str = "agent",
        subject: str = "gs",
        brand: str = "vaart",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """A request by somebody of the brand; a change is of whatever the thing is now."""
        given = {
            "authorization": f"Bearer {self.issuer.token(role, [brand], subject)}",
            "if-match": "*",
            "idempotency-key": str(uuid4()),
            **(headers or {}),
        }
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://test") as client:
            return await client.request(method, f"/v1/brands/{brand}{path}", headers=given, **more)

    async def ok(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.call(method, path, **more)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@asynccontextmanager
async def offline(postgres: Databases, folder: Path, **settings: Any) -> AsyncIterator[Offline]:
    """The routes, the brand's book read, and a database of this test's own."""
    url = postgres.login(postgres.database(), "responder")
    await migrate(url, "responder", Path(app_module.__file__).parent / "migrations")
    pool = await db.open_pool(url, "responder")
    issuer = Issuer(folder)
    found = Settings(database_url=url, kafka="127.0.0.1:1", jwks=str(issuer.jwks), **settings)
    app = create_app(found)
    service = app.state.service
    service.pool = pool
    service.books.read.set()
    try:
        yield Offline(app, pool, issuer, found, url)
    finally:
        await pool.close()
