"""PostgreSQL, service by service: asked here wherever the URL is known, since a service that refuses to start cannot be asked."""

from functools import partial

from cli.doctor import kafka
from cli.doctor.world import World
from cli.stack.parts import ROOT
from cli.stack.ports import SERVICES
from libs.common import databasechecks, logchecks
from libs.common.checks import CannotAsk, Finding, Kind, Probe

ADDRESSES = Kind(
    "external.addresses",
    "Addresses of your own servers",
    "With --external: that the environment names Kafka, and a database for each service.",
    "export WEERKLANK_KAFKA=host:port[,host:port], and WEERKLANK_<SERVICE>_DATABASE_URL=postgresql://role:password@host:port/name for each service",
)
KINDS = (ADDRESSES,)


def probes(world: World) -> list[Probe]:
    return [
        Probe(ADDRESSES, partial(_addresses, world)),
        *(Probe(databasechecks.REACHABLE, partial(_ask, world, name), name) for name in SERVICES),
    ]


async def _addresses(world: World) -> list[Finding]:
    if world.own_servers:
        raise CannotAsk("The embedded ones are used.")
    names = ["WEERKLANK_KAFKA", *(f"WEERKLANK_{name.upper()}_DATABASE_URL" for name in SERVICES)]
    missing = [name for name in names if not world.environment.get(name)]
    if not missing:
        return [ADDRESSES.ok("All are named.")]
    # Who looks from elsewhere at services that run need not know their databases.
    judged = ADDRESSES.error if world.external else ADDRESSES.warning
    return [judged(f"Not set: {', '.join(missing)}.", values={"missing": missing})]


async def _ask(world: World, service: str) -> list[Finding]:
    found, positions = await databasechecks.ask(world.database_url(service), service, ROOT / "services" / service / "migrations")
    if positions is None:
        return found
    try:
        seen = await kafka.ask(world)
    except CannotAsk as reason:
        return [*found, logchecks.POSITIONS.skipped(str(reason), about=service)]
    return [*found, *logchecks.judge(service, positions, seen.starts, seen.ends)]
