"""Wiring of triage: settings, models, consumer, routes."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from libs.common.topics import MENTIONS
from services.triage import api, classify_api, consumer, customer_api, look, model_api, retell, suggestion_api, topic_api
from services.triage.brandmodels import LiveModels
from services.triage.classify import Classifier
from services.triage.examine import Examiner
from services.triage.forget import forgetting
from services.triage.learning import learning
from services.triage.settings import Settings

STORM_S = 2.0
"""While live mentions have waited for longer than this, what is slow is left for later."""


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    async def start(service: Service) -> tuple[Consumer[consumer.TriageWork], Sequence[Task]]:
        classifier = await asyncio.to_thread(Classifier.load)
        assert isinstance(service.settings, Settings)
        examiner = Examiner(service.books, classifier, LiveModels(service.pool, classifier.version).of)
        app.state.examiner = examiner

        def behind() -> bool:
            return service.stream is not None and service.stream.lags()[MENTIONS.name]["seconds"] > STORM_S

        return consumer.build(examiner, behind), [
            forgetting(service, service.settings.forget_every_s),
            learning(service, classifier, service.settings.learn_after, service.settings.learn_every_s),
            partial(retell.run, service),
            partial(look.run, service, examiner),
        ]

    app = build(
        Service("triage", settings, Path(__file__).parent),
        [api.router, classify_api.router, customer_api.router, model_api.router, suggestion_api.router, topic_api.router],
        start,
        title="Understands what people say",
        gauges=[look.refresh_gauges],
    )
    return app
