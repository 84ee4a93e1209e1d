from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.common import db
from services.triage.classify import Classifier
from tests.integration.pools import pool_of
from tests.integration.triage.triage_world import World, world_of
from tests.stack import Databases


@pytest.fixture
async def pool(postgres: Databases) -> AsyncIterator[db.Pool]:
    async with pool_of("triage", postgres) as made:
        yield made


@pytest.fixture
async def world(pool: db.Pool, tmp_path: Path, classifier: Classifier) -> World:
    return world_of(pool, tmp_path, classifier)
