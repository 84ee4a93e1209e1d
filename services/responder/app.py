"""Wiring of the responder: settings, consumer, sender, routes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.responder import api, checks, consumer, desk_api, desk_reply_api, held_api, keeper, reply_api, update_api, updater
from services.responder.sender import Sender
from services.responder.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    async def start(service: Service) -> tuple[Consumer[consumer.ReplyWork], Sequence[Task]]:
        sender = Sender(service.pool, service.books, service.relay, settings)
        service.lanes = [consumer.of_holds()]
        shared = (service.pool, service.books, service.relay)
        return consumer.build(service.books), [sender.run, sender.sweep, partial(keeper.run, *shared), partial(updater.run, *shared)]

    service = Service("responder", settings, Path(__file__).parent)
    routers = [api.router, held_api.router, reply_api.router, update_api.router, desk_api.router, desk_reply_api.router]
    return build(service, routers, start, title="Answers as a person", gauges=[api.refresh_gauges], checks=[checks.accounts(settings)])
