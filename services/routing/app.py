"""Wiring of routing: settings, consumer, clocks, leases, routes, and what signs and hashes for those who log in."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.routing import (
    api,
    assignment_api,
    book_api,
    checks,
    client_api,
    consumer,
    correction_api,
    customer_api,
    failed_rule,
    giving,
    lease,
    login_api,
    oauth_api,
    rehome,
    retell,
    ticker,
    timer,
    user_api,
)
from services.routing.due import DUE
from services.routing.passwords import Hasher
from services.routing.policies import Policies
from services.routing.settings import Settings
from services.routing.signer import Signer


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    async def start(service: Service) -> tuple[Consumer[consumer.CaseWork], Sequence[Task]]:
        app.state.signer = Signer(settings) if settings.signing_key else None
        app.state.hasher = await asyncio.to_thread(Hasher)
        policies = app.state.policies = Policies(service.books)  # the stream's, the clocks' and the routes' alike
        return consumer.build(policies), [
            partial(ticker.run, service, policies),
            partial(rehome.run, service, policies),
            partial(giving.run, service, policies),
            partial(lease.run, service),
            partial(retell.run, service),
            partial(timer.run, service, policies, DUE),
        ]

    service = Service("routing", settings, Path(__file__).parent)
    app = build(
        service,
        [
            book_api.router,
            api.router,
            assignment_api.router,
            correction_api.router,
            customer_api.router,
            client_api.router,
            user_api.router,
            oauth_api.router,
            login_api.router,
        ],
        start,
        title="One owner, and clocks that can be trusted",
        checks=[checks.published_books],
        gauges=[failed_rule.refresh_gauges],
    )
    return app
