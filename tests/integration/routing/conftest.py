from collections.abc import AsyncIterator

import pytest

from libs.common import db
from tests.integration.pools import pool_of
from tests.stack import Databases


@pytest.fixture
async def pool(postgres: Databases) -> AsyncIterator[db.Pool]:
    async with pool_of("routing", postgres) as made:
        yield made
