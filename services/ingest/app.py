"""Wiring of ingest: settings, the sender to Kafka, the mailboxes, the consumer of its own topics, routes."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from libs.common import db, sharedkeys
from libs.common.answers import Answers
from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.ingest import api, checks, consumer, mailbox_api, mailbox_store, store
from services.ingest.mention import MentionIn
from services.ingest.sender import Sender
from services.ingest.settings import Settings
from services.ingest.watcher import Watchers

log = logging.getLogger(__name__)

_PURGED_AT_ONCE = 1000


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app of one instance; without `settings` they come from the environment."""
    settings = settings or Settings()

    answers = Answers([key.get_secret_value() for key in (settings.answer_key, settings.answer_key_before)])
    held = {sharedkeys.ANSWER_KEY: answers.fingerprints}

    async def start(service: Service) -> tuple[Consumer[consumer.ReceiptWork], Sequence[Task]]:
        sender = Sender(
            settings.kafka,
            client_id=f"ingest-{settings.instance}",
            max_pending=settings.max_pending,
            max_pending_bytes=settings.max_pending_bytes,
            timeout_s=settings.ack_timeout_s,
        )
        app.state.sender = sender
        watchers = Watchers(service.pool, service.books, sender, settings)
        service.told["mailboxes"] = watchers.counts
        return consumer.build(), (
            sender.run,
            watchers.run,
            _purging(service, settings.purge_every_s),
            partial(sharedkeys.telling, service, held),
        )

    app = build(
        Service("ingest", settings, Path(__file__).parent),
        [api.router, mailbox_api.router],
        start,
        title="Takes in what people say, once, and keeps its receipts",
        streams=api.STREAMS,
        checks=[checks.accounts(settings), sharedkeys.probes(held)],
    )
    app.openapi = _with_mention(app.openapi)  # type: ignore[method-assign]  # as FastAPI's own documentation does
    return app


def _with_mention(openapi: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The route that reads its own body describes it by reference; the schemas that it refers to are added here."""

    def documented() -> dict[str, Any]:
        document = openapi()
        schemas = document["components"]["schemas"]
        if "MentionIn" not in schemas:
            schema = MentionIn.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs"))
            schemas["MentionIn"] = schema
        return document

    return documented


def _purging(service: Service, every_s: float) -> Task:
    async def purge() -> None:
        """Remove receipts and rejects that are older than their brand's book keeps mentions, a few at a time."""
        while True:
            try:
                for brand, published in service.books:
                    before = datetime.now(UTC) - published.book.retention.mentions.elapsed()
                    more = True
                    while more:
                        async with service.pool.acquire() as connection, connection.transaction():
                            gone = await store.purge(connection, brand, before, _PURGED_AT_ONCE)
                            rejects = await mailbox_store.purge_rejects(connection, brand, before, _PURGED_AT_ONCE)
                            more = _PURGED_AT_ONCE in (gone, rejects)
            except db.TRANSIENT as error:
                log.warning("receipts not purged now", extra={"error": type(error).__name__})
            await asyncio.sleep(every_s)

    return purge
