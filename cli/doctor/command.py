"""The command: ask everything at once, sum it up, and say by the exit code whether anything is wrong."""

import asyncio
import os
import sys
from datetime import UTC, datetime

from cli.doctor import installation, kafka, machine, postgres, report, services
from cli.doctor.world import World
from cli.errors import FAILED
from libs.common import accountchecks, checks, databasechecks, logchecks, servicechecks, sharedkeys
from libs.common.checks import Finding, Kind
from libs.common.service import our_version
from services.routing import checks as bookchecks

KINDS: tuple[Kind, ...] = (
    *installation.KINDS,
    *machine.KINDS,
    *postgres.KINDS,
    *kafka.KINDS,
    *databasechecks.KINDS,
    *services.KINDS,
    *servicechecks.KINDS,
    *sharedkeys.KINDS,
    *logchecks.KINDS,
    *bookchecks.KINDS,
    *accountchecks.KINDS,
)
"""Every kind of check, in the order of docs/doctor.md."""


def doctor(world: World, *, as_json: bool, verbose: bool) -> None:
    """Writes the report and ends the process: 1 when there is an error, else 0."""
    findings = asyncio.new_event_loop().run_until_complete(examine(world))
    if as_json:
        said = report.as_json(findings, datetime.now(UTC), our_version(), str(world.data_dir.absolute()), world.brand)
    else:
        said = report.as_text(findings, verbose=verbose)
    sys.stdout.write(said)
    sys.stdout.flush()
    # At once: a name that is still being looked up in a thread would hold up an orderly end, for as long as it likes.
    os._exit(FAILED if report.overall(findings) == "error" else 0)


async def examine(world: World) -> list[Finding]:
    """Every finding, the worst first. Ends within the longest limit of a check; changes nothing."""
    try:
        probes = [
            *installation.probes(world),
            *machine.probes(world),
            *postgres.probes(world),
            *kafka.probes(world),
            *services.probes(world),
        ]
        found = await checks.run(probes)
    finally:
        await world.close()
    return checks.worst_of(finding for finding in found if world.brand in (None, finding.brand) or finding.brand is None)
