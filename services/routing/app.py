"""Wiring of routing: settings, consumer, clocks, leases, routes, and what signs and hashes for those who log in."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from libs.common import sharedkeys
from libs.common.answers import Answers
from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.routing import (
    api,
    assignment_api,
    book_api,
    bulk_api,
    bulker,
    callback_api,
    checks,
    client_api,
    clock_api,
    consultation_api,
    consumer,
    correction_api,
    customer_api,
    drill_api,
    failed_rule,
    feed,
    feed_api,
    field_api,
    giving,
    hold_api,
    hub_api,
    lease,
    link_api,
    links,
    login_api,
    looking,
    looking_api,
    merge_api,
    note_api,
    notice_api,
    notification_api,
    notifier,
    oauth_api,
    packet_api,
    promise_api,
    promise_store,
    rehome,
    retarget,
    retell,
    retention,
    room_api,
    search_api,
    search_index,
    tag_api,
    tally,
    ticker,
    timer,
    user_api,
    view_api,
    watch_api,
)
from services.routing.case_work import CaseWork
from services.routing.due import DUE
from services.routing.passwords import Hasher
from services.routing.policies import Policies
from services.routing.settings import Settings
from services.routing.signer import Signer


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    signed = links.Links(
        links.keys_of(_link_keys(settings), settings.signing_key), settings.public_url or f"http://127.0.0.1:{settings.port}"
    )

    held = {
        sharedkeys.LINK_KEY: signed.fingerprints,
        sharedkeys.ANSWER_KEY: Answers([settings.answer_key.get_secret_value()]).fingerprints,
    }

    async def start(service: Service) -> tuple[Consumer[CaseWork], Sequence[Task]]:
        app.state.signer = Signer(settings) if settings.signing_key else None
        app.state.hasher = await asyncio.to_thread(Hasher)
        policies = app.state.policies = Policies(service.books)  # the stream's, the clocks' and the routes' alike
        telling = notifier.Notifier(service.pool, policies, settings, signed)
        return consumer.build(policies), [
            partial(ticker.run, service, policies),
            partial(rehome.run, service, policies),
            partial(giving.run, service, policies),
            partial(retarget.run, service, policies),
            partial(lease.run, service),
            partial(retell.run, service),
            partial(bulker.run, service, policies),
            partial(search_index.run, service),
            partial(timer.run, service, policies, DUE),
            partial(notifier.run, service, telling),
            telling.sweep,
            partial(sharedkeys.telling, service, held),
            partial(app.state.feed.run, settings.database_url),
            partial(feed.purging, service.pool),
            partial(looking.sweeping, service.pool),
            partial(retention.run, service, policies, settings.purge_every_s),
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
            feed_api.router,
            looking_api.router,
            clock_api.router,
            note_api.router,
            notification_api.router,
            tag_api.router,
            watch_api.router,
            field_api.router,
            search_api.router,
            view_api.router,
            packet_api.router,
            merge_api.router,
            bulk_api.router,
            hold_api.router,
            client_api.router,
            user_api.router,
            oauth_api.router,
            login_api.router,
            notice_api.router,
            callback_api.router,
            consultation_api.router,
            promise_api.router,
            link_api.router,
            hub_api.router,
            room_api.router,
            drill_api.router,
        ],
        start,
        title="One owner, and clocks that can be trusted",
        checks=[checks.published_books, sharedkeys.probes(held)],
        gauges=[
            failed_rule.refresh_gauges,
            notifier.refresh_gauges,
            promise_store.refresh_gauges,
            retention.refresh_gauges,
            search_index.refresh_gauges,
        ],
    )
    app.state.links = signed
    app.state.tallies = tally.Tallies()
    app.state.feed, app.state.open_streams = feed.Feed(), feed_api.Open()
    return app


def _link_keys(settings: Settings) -> list[str]:
    return [settings.link_key.get_secret_value(), settings.link_key_before.get_secret_value()]
