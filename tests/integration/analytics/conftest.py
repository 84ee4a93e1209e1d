"""One analytics for the tests of this folder, on the session's Kafka and a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio

from libs.common.topics import create_topics
from services.analytics.app import create_app
from services.analytics.settings import Settings
from tests.integration.analytics.world import World, sender
from tests.stack import KafkaServer, PostgresServer
from tests.tokens import Issuer


@pytest_asyncio.fixture(scope="package")
async def world(
    kafka_server: KafkaServer, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Batches are small, so that a handful of events makes several."""
    await create_topics(kafka_server.bootstrap)
    issuer = Issuer(Path(tmp_path_factory.mktemp("issuer")))
    database = postgres_server.database()
    url = postgres_server.login(database, "analytics")
    app = create_app(Settings(database_url=url, kafka=kafka_server.bootstrap, jwks=str(issuer.jwks), batch=7, session_timeout_s=6))
    try:
        async with app.router.lifespan_context(app), sender(kafka_server.bootstrap) as producer:
            connection = await asyncpg.connect(url, server_settings={"search_path": "analytics"})
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://analytics") as client:
                yield World(app, client, connection, producer, issuer)
            await connection.close()
    finally:
        postgres_server.drop(database)
