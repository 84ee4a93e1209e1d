"""Wiring of analytics: triaged mentions, cases and replies come in and become facts; reports and gauges go out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from libs.common.app import build
from libs.common.consumer import Consumer
from libs.common.service import Service, Task
from services.analytics import consumer
from services.analytics.api import router
from services.analytics.gauges import Gauges
from services.analytics.settings import Settings


async def start(_: Service) -> tuple[Consumer[Any], Sequence[Task]]:
    """Analytics has no work of its own beside its consumer."""
    return consumer.build(), ()


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app of one instance; without `settings` they come from the environment."""
    settings = settings or Settings()
    service = Service("analytics", settings, Path(__file__).parent)
    return build(service, [router], start, title="Counts, times and sentiment per brand", gauges=[Gauges().refresh])
