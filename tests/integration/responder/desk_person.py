"""Somebody at the desk, by a browser without scripts: forms as its pages have them, the cookie that it was given."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import httpx

from tests.integration.responder.conftest import Around

OURS = {"sec-fetch-site": "same-origin"}


class AtDesk:
    """Log in with `log_in`; then `get` and `send` below the brand."""

    def __init__(self, around: Around, role: str = "agent", subject: str = "gs", brands: list[str] | None = None) -> None:
        assert around.app is not None
        self.brand = around.brand
        self.token = around.issuer.token(role, [around.brand] if brands is None else brands, subject)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=around.app), base_url="http://desk.test", headers={"accept-language": "en"}
        )

    async def log_in(self) -> "AtDesk":
        answer = await self.client.post("/desk/log-in", data={"token": self.token}, headers=OURS)
        assert answer.status_code == 303, answer.text
        return self

    async def get(self, path: str = "", **more: Any) -> httpx.Response:
        return await self.client.get(f"/desk/brands/{self.brand}{path}", **more)

    async def proof(self) -> str:
        found = re.search(r'name="proof" value="([0-9a-f]{64})"', (await self.get()).text)
        assert found is not None
        return found[1]

    async def send(self, path: str, headers: dict[str, str] | None = None, **values: str) -> httpx.Response:
        given = {"proof": await self.proof(), "tab": "mine", **values}
        return await self.client.post(f"/desk/brands/{self.brand}{path}", data=given, headers=OURS if headers is None else headers)


def field(page: str, name: str) -> str:
    """The value that a page's form has for a name."""
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return unescape(found[1])


def unlike() -> str:
    return uuid4().hex
