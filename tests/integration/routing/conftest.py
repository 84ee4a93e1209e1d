from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.common import db
from tests.integration.pools import pool_of
from tests.integration.routing.access_world import World, world_of
from tests.stack import Databases, PostgresServer


@pytest.fixture
async def pool(postgres: Databases) -> AsyncIterator[db.Pool]:
    async with pool_of("routing", postgres) as made:
        yield made


@pytest.fixture(scope="module")
async def shared_pool(postgres_server: PostgresServer) -> AsyncIterator[db.Pool]:
    """One database for a module of many small tests, which empty what they use."""
    databases = Databases(postgres_server)
    async with pool_of("routing", databases) as made:
        yield made
    databases.drop_all()


@pytest.fixture
async def world(shared_pool: db.Pool, tmp_path: Path) -> World:
    await shared_pool.execute("truncate machine_client, app_user, login_attempt, idempotency_key cascade")
    return world_of(shared_pool, tmp_path)
