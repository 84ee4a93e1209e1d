"""A service as a web application: its own routes and those of operations behind one front, and the server that answers.

A service's `app.py` calls `build`, its `__main__.py` `serve`.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI

from libs.common import collector, db, http, openapi, operations, roles, servicechecks
from libs.common.ratelimit import RateLimits
from libs.common.service import Service, Start
from libs.common.settings import ServiceSettings
from libs.common.uvicorn_protocol import BoundedProtocol


class App(FastAPI):
    """FastAPI, whose document says who may use each operation."""

    def openapi(self) -> dict[str, Any]:
        return roles.marked(super().openapi(), self.routes)


def build(
    service: Service,
    routers: Sequence[APIRouter],
    start: Start,
    *,
    title: str,
    streams: frozenset[str] = frozenset(),
    gauges: Sequence[Callable[[db.Connection], Awaitable[None]]] = (),
    checks: Sequence[servicechecks.Probes] = (),
) -> FastAPI:
    """The service's app: its own routes and those that all services have. `gauges` refresh its own metrics at a scrape, `checks` are its own too."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.running(start):
            yield

    app = App(
        title=f"Weerklank {service.name}",
        summary=title,
        version="1",
        lifespan=lifespan,
        # `http.Front` records the request: one span, in the caller's trace.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever host the request says
        generate_unique_id_function=lambda route: f"{service.name}_{route.name}",
    )
    app.state.service, app.state.start = service, start
    app.state.gauges, app.state.checks = gauges, checks
    for router in (*routers, operations.router):
        app.include_router(router)
    openapi.describe(app, service.name, service.settings.port)
    http.install(
        app,
        name=service.name,
        limits=RateLimits(service.settings.rate_limit, service.settings.rate_limit_anonymous),
        max_body_bytes=service.settings.max_body_bytes,
        streams=streams,
    )
    return app


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Answer until SIGTERM or SIGINT, then finish what is at hand."""
    collector.seldom()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        # Who may say whose request it is could have as many addresses as they like, and with them as many log-ins to try.
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=10,
        limit_concurrency=1000,
    )
