"""Wiring of the responder: settings, consumer, sender, routes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from libs.common import sharedkeys
from libs.common.answers import Answers
from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.responder import (
    api,
    checks,
    consumer,
    delegation_api,
    expiry,
    held_api,
    keeper,
    reply_api,
    review_api,
    reviewer,
    scripts_api,
    update_api,
    updater,
)
from services.responder import api, checks, consumer, held_api, keeper, reply_api, suggestion_api, update_api, updater
from services.responder.sender import Sender
from services.responder.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    held = {sharedkeys.ANSWER_KEY: Answers([settings.answer_key.get_secret_value()]).fingerprints}

    async def start(service: Service) -> tuple[Consumer[consumer.ReplyWork], Sequence[Task]]:
        sender = Sender(service.pool, service.books, service.relay, settings)
        service.lanes = [consumer.of_holds()]
        shared = (service.pool, service.books, service.relay)
        beside = [partial(each.run, *shared) for each in (keeper, updater, expiry, reviewer)]
        return consumer.build(service.books), [sender.run, sender.sweep, *beside]

    service = Service("responder", settings, Path(__file__).parent)
    routers = [api.router, held_api.router, reply_api.router, update_api.router, review_api.router, delegation_api.router]
    routers = [api.router, held_api.router, reply_api.router, update_api.router, scripts_api.router]
    return build(service, routers, start, title="Answers as a person", gauges=[api.refresh_gauges], checks=[checks.accounts(settings)])
        tasks: list[Task] = [sender.run, sender.sweep, partial(keeper.run, *shared), partial(updater.run, *shared)]
        drafter = app.state.drafter = suggestion_api.drafter_of(service, settings)
        tasks += [drafter.run] if drafter else []
        return consumer.build(service.books), tasks

    service = Service("responder", settings, Path(__file__).parent)
    routers = [api.router, held_api.router, reply_api.router, update_api.router]
    routers += [suggestion_api.router]
    app = build(service, routers, start, title="Answers as a person", gauges=[api.refresh_gauges], checks=[checks.accounts(settings)])
    return app
        return consumer.build(service.books), [
            sender.run,
            sender.sweep,
            partial(keeper.run, *shared),
            partial(updater.run, *shared),
            partial(sharedkeys.telling, service, held),
        ]

    service = Service("responder", settings, Path(__file__).parent)
    routers = [api.router, held_api.router, reply_api.router, update_api.router]
    return build(
        service,
        routers,
        start,
        title="Answers as a person",
        gauges=[api.refresh_gauges],
        checks=[checks.accounts(settings), sharedkeys.probes(held)],
    )
