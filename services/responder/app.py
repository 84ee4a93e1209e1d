"""Wiring of the responder: settings, consumer, sender, routes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from threading import Thread

from fastapi import FastAPI

from libs.common import sharedkeys
from libs.common.answers import Answers
from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.responder import (
    api,
    attachment_api,
    attachment_store,
    checks,
    consumer,
    delegation_api,
    desk_api,
    desk_oidc,
    desk_reply_api,
    expiry,
    held_api,
    keeper,
    post_api,
    practice_api,
    practice_keeper,
    practice_session_api,
    preview_api,
    reply_api,
    review_api,
    reviewer,
    scripts_api,
    snippets_api,
    suggested_api,
    suggester,
    suggestion_api,
    update_api,
    updater,
    wording,
)
from services.responder.search import Finder
from services.responder.sender import Sender
from services.responder.settings import Settings

_APIS = (
    api,
    held_api,
    reply_api,
    attachment_api,
    update_api,
    post_api,
    review_api,
    delegation_api,
    suggested_api,
    snippets_api,
    scripts_api,
    preview_api,
    suggestion_api,
    practice_api,
    practice_session_api,
    desk_api,
    desk_oidc,
    desk_reply_api,
)
_TASKS = (
    keeper,
    updater,
    expiry,
    reviewer,
    attachment_store,
    suggester,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()
    held = {sharedkeys.ANSWER_KEY: Answers([settings.answer_key.get_secret_value()]).fingerprints}

    async def start(service: Service) -> tuple[Consumer[consumer.ReplyWork], Sequence[Task]]:
        Thread(target=wording.warm, name="wording", daemon=True).start()
        sender = Sender(service.pool, service.books, service.relay, settings)
        service.lanes = [consumer.of_holds()]
        service.after_write.append(sender.poke)
        tasks: list[Task] = [sender.run, sender.sweep, partial(sharedkeys.telling, service, held)]
        tasks += [partial(each.run, service.pool, service.books, service.relay) for each in _TASKS]
        drafter = app.state.drafter = suggestion_api.drafter_of(service, settings)
        tasks += [drafter.run] if drafter else []
        tasks += [partial(practice_keeper.run, service.pool, service.books)]
        return consumer.build(service.books), tasks

    service = Service("responder", settings, Path(__file__).parent)
    app = build(
        service,
        [each.router for each in _APIS],
        start,
        title="Answers as a person",
        streams=attachment_api.STREAMS,
        gauges=[api.refresh_gauges],
        checks=[checks.accounts(settings), checks.webhooks(settings), checks.signatures(settings), sharedkeys.probes(held)],
    )
    app.state.finder = Finder()
    return app
