"""How a service is put on the network."""

from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request

from libs.common import app as apps
from libs.common.settings import ServiceSettings


@pytest.mark.parametrize(("proxies", "counted"), [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("10.0.0.0/8,127.0.0.1", "192.0.2.7")])
async def test_only_a_proxy_that_was_named_says_who_asks(proxies: str, counted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app, given = FastAPI(), {}

    @app.get("/")
    async def told(request: Request) -> str:
        assert request.client is not None
        return request.client.host

    def run(app: FastAPI, **options: Any) -> None:
        given.update(options, app=app)

    monkeypatch.setattr(uvicorn, "run", run)
    monkeypatch.setattr(apps.collector, "seldom", lambda: None)
    apps.serve(app, ServiceSettings(database_url="postgresql://", jwks="keys.json", proxies=proxies))
    config = uvicorn.Config(**given)
    config.load()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"x-forwarded-for", b"192.0.2.7")]}
    await config.loaded_app({**scope, "client": ("127.0.0.1", 1), "asgi": {}, "http_version": "1.1"}, receive, send)  # type: ignore[arg-type]
    assert sent[-1]["body"] == f'"{counted}"'.encode()
