"""Wiring of triage: settings, models, consumer, routes."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.triage import api, consumer, customer_api, look, model_api, retell, suggestion_api, topic_api
from services.triage.brandmodels import LiveModels
from services.triage.classify import Classifier
from services.triage.forget import forgetting
from services.triage.learning import learning
from services.triage.settings import Settings


async def start(service: Service) -> tuple[Consumer[consumer.TriageWork], Sequence[Task]]:
    classifier = await asyncio.to_thread(Classifier.load)
    settings = service.settings
    assert isinstance(settings, Settings)
    return consumer.build(service.books, classifier, LiveModels(service.pool, classifier.version).of), [
        forgetting(service, settings.forget_every_s),
        learning(service, classifier, settings.learn_after, settings.learn_every_s),
        partial(retell.run, service),
        partial(look.run, service, classifier.encoder),
    ]


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()
    return build(
        Service("triage", settings, Path(__file__).parent),
        [api.router, customer_api.router, model_api.router, suggestion_api.router, topic_api.router],
        start,
        title="Understands what people say",
        gauges=[look.refresh_gauges],
    )
