"""Routing's app on a real database, without a stream: what asks for and hands out access."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from argon2 import PasswordHasher

from cli.stack import keys
from libs.common import db
from libs.common.auth import Principal
from services.routing.app import create_app
from services.routing.passwords import Hasher
from services.routing.settings import Settings
from services.routing.signer import Signer

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PASSWORD = "vijf woorden die niemand raadt"


@dataclass
class World:
    pool: db.Pool
    keys: Path
    client: httpx.AsyncClient
    app: Any

    def token(self, role: str = "admin", brands: tuple[str, ...] = ("vaart",), **claims: Any) -> str:
        said = {"sub": "boss", "role": role, "brands": list(brands), **claims}
        return keys.issue(self.keys, said, datetime.now(UTC), timedelta(hours=1))

    async def call(self, method: str, path: str, token: str | None = None, **request: Any) -> httpx.Response:
        """A request with a key of its own, of whatever version the thing is now, unless its headers say otherwise."""
        headers = {"authorization": f"Bearer {token or self.token()}", **request.pop("headers", {})}
        if method != "GET":
            headers = {"if-match": "*", "idempotency-key": str(uuid4())} | headers
        return await self.client.request(method, path, headers=headers, **request)

    async def machine(self, **body: Any) -> dict[str, Any]:
        answer = await self.call("POST", "/v1/brands/vaart/clients", json={"name": "Kassa", "role": "connector", **body})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def ask(self, client_id: str, secret: str) -> httpx.Response:
        return await self.client.post("/v1/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret))

    async def user(self, user_id: str = "gs", **body: Any) -> dict[str, Any]:
        said = {"id": user_id, "role": "agent", "password": PASSWORD, **body}
        answer = await self.call("POST", "/v1/brands/vaart/users", json=said)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def login(self, user: str = "gs", password: str = PASSWORD) -> httpx.Response:
        return await self.client.post("/v1/login", json={"user": user, "password": password})

    async def refresh(self, refresh_token: str) -> httpx.Response:
        return await self.client.post("/v1/login/refresh", json={"refresh_token": refresh_token})

    async def bearer(self, token: str) -> Principal:
        found: Principal = await self.app.state.service.verifier.verify(token)
        return found


def world_of(pool: db.Pool, folder: Path, *, host: str = "127.0.0.1", hasher: PasswordHasher = QUICK, signs: bool = True) -> World:
    jwks = keys.ensure(folder)
    settings = Settings(database_url="postgresql://none", jwks=str(jwks), signing_key=keys.signing_key(folder) if signs else None)
    app = create_app(settings)
    app.state.service.pool, app.state.hasher = pool, Hasher(hasher)
    app.state.signer = Signer(settings) if signs else None
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(host, 1))
    return World(pool, folder, httpx.AsyncClient(transport=transport, base_url="http://routing"), app)
