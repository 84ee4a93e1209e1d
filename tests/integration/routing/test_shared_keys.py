"""Instances that hold different keys say so, and no key is told."""

from pathlib import Path
from typing import Any

import pytest

from cli.stack import keys
from libs.common import db, sharedkeys
from libs.common.checks import Finding, run
from services.routing.app import create_app
from services.routing.settings import Settings

ONE, OTHER = "k" * 40, "o" * 40


def instance(name: str, pool: db.Pool, folder: Path, **settings: Any) -> Any:
    app = create_app(Settings(database_url="postgresql://none", jwks=str(keys.ensure(folder)), instance=name, **settings))
    app.state.service.pool = pool
    return app


async def told(pool: db.Pool, folder: Path, instances: dict[str, dict[str, str]]) -> dict[str, Finding]:
    """What the first of these instances says, once each has told what it holds."""
    await pool.execute("truncate held_key")
    apps = [instance(name, pool, folder, **settings) for name, settings in instances.items()]
    found: dict[str, Finding] = {}
    for app in reversed(apps):
        service, (_, probes) = app.state.service, app.state.checks
        [probe] = probes(service, None)
        held = probe.ask.args[1]
        async with pool.acquire() as connection:
            await sharedkeys.tell(connection, service.settings.instance, held)
        found = {finding.about: finding for finding in await run([probe])}
    return found


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({}, {}, "ok"),
        ({"link_key": ONE}, {"link_key": ONE}, "ok"),
        ({"link_key": ONE}, {"link_key": OTHER}, "error"),
        ({"link_key": ONE}, {}, "error"),
        ({"link_key": OTHER, "link_key_before": ONE}, {"link_key": ONE}, "error"),
        ({"link_key": OTHER, "link_key_before": ONE}, {"link_key": ONE, "link_key_before": OTHER}, "warning"),
    ],
)
async def test_instances_with_another_key_for_links(
    shared_pool: db.Pool, tmp_path: Path, first: dict[str, str], second: dict[str, str], status: str
) -> None:
    found = await told(shared_pool, tmp_path, {"routing-0": first, "routing-1": second})
    assert found["routing, link key"].status == status
    if status != "ok":
        assert "routing-1" in found["routing, link key"].found
    assert found["routing, answer key"].status == "ok"
    rows = await shared_pool.fetch("select * from held_key")
    for said in (str(rows), *(finding.model_dump_json() for finding in found.values())):
        assert ONE not in said
        assert OTHER not in said


async def test_an_instance_that_is_gone_is_not_held_against_anybody(shared_pool: db.Pool, tmp_path: Path) -> None:
    await told(shared_pool, tmp_path, {"routing-1": {"answer_key": ONE}})
    await shared_pool.execute("update held_key set seen_at = now() - interval '5 minutes'")
    app = instance("routing-0", shared_pool, tmp_path, answer_key=OTHER)
    [probe] = app.state.checks[1](app.state.service, None)
    assert {finding.status for finding in await run([probe])} == {"ok"}
