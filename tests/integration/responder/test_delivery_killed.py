"""kill -9 of whoever sends replies, at every step: no customer has one twice, none is lost in silence. `bench.delivery` does it with a thousand."""

import random
from pathlib import Path

import pytest

from bench import delivery
from tests.stack import Databases


@pytest.mark.parametrize("channel", ["smtp", "webhook", "sandbox"])
async def test_however_often_it_is_killed_each_reply_is_there_once_or_somebody_is_told(
    postgres: Databases, tmp_path: Path, channel: str
) -> None:
    seed = random.randrange(10**6)
    url = postgres.login(postgres.database(), "responder")
    await delivery.migrated(url)
    result = await delivery.run(url, tmp_path, channel, sends=40, kills=5, seed=seed)
    assert result.violations == [], f"seed {seed}\n{delivery.table(result)}"
    assert sum(result.kills.values()) >= 3, f"seed {seed}\n{delivery.table(result)}"
    assert sum(result.states.values()) == 40
