"""What every service can be asked about itself: `GET /v1/checks`, and through it `weerklank doctor`.

Only its own process knows which issuer a service trusts, which database and Kafka it uses, and whether its relay moves. Each service adds its own.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from libs.common import certificate, databasechecks, db, keys, logchecks, oidc
from libs.common.checks import CannotAsk, Finding, Kind, Probe, in_thread

if TYPE_CHECKING:  # it hands us its routes
    from libs.common.service import Service

Probes = Callable[["Service", str | None], Sequence[Probe]]
"""A service's own questions; with a brand, only those about that one."""

OUTBOX_WARNING = 10_000
RELAY_WATCHED_S = 1.0

ISSUER = Kind(
    "service.issuer",
    "The issuer's keys",
    "That the keys which tokens are verified with can be read (WEERKLANK_<SERVICE>_JWKS).",
    "Mend WEERKLANK_<SERVICE>_JWKS: a file that the service may read, or an https URL that it reaches.",
)
ISSUER_CERTIFICATE = Kind(
    "service.issuer-certificate",
    "The issuer's certificate",
    "Where the keys come from an https URL: the end of its certificate; a warning 30 days before it, an error 7 days before it.",
    "Renew the certificate of the issuer's server.",
)
RELAY = Kind(
    "service.relay",
    "The relay",
    f"That some instance sends the outbox and that it moves; a warning from {OUTBOX_WARNING:,} events on that wait.",
    "Look at the service's log for 'relay'; Kafka's checks say whether it takes events.",
)
KINDS = (ISSUER, ISSUER_CERTIFICATE, RELAY)


def common(service: "Service") -> list[Probe]:
    """The questions that every service answers."""
    return [
        Probe(databasechecks.REACHABLE, lambda: _database(service), service.name),
        Probe(ISSUER, lambda: _issuer(service), service.name),
        Probe(RELAY, lambda: _relay(service), service.name),
    ]


async def _database(service: "Service") -> list[Finding]:
    found, positions = await databasechecks.ask(service.settings.database_url, service.name, service.folder / "migrations")
    return found if positions is None else [*found, *await _positions(service, positions)]


async def _positions(service: "Service", positions: databasechecks.Positions) -> list[Finding]:
    kafka = AIOKafkaConsumer(bootstrap_servers=service.settings.kafka, request_timeout_ms=4000)
    try:
        async with asyncio.timeout(5):
            await kafka.start()
            starts, ends = await logchecks.bounds(kafka, positions)
    except (KafkaError, TimeoutError, OSError) as error:
        return [logchecks.POSITIONS.skipped(f"Kafka does not answer ({type(error).__name__}).", about=service.name)]
    finally:
        await kafka.stop()
    return logchecks.judge(service.name, positions, starts, ends)


async def _issuer(service: "Service") -> list[Finding]:
    """Of each issuer that the service trusts."""
    settings = service.settings
    found = await _issuer_of(service, settings.jwks) if settings.jwks else []
    if settings.oidc_issuer:
        try:
            await oidc.discovered(settings.oidc_issuer)
            found.append(ISSUER.ok(f"{settings.oidc_issuer} publishes keys that tokens can be verified with.", about=service.name))
        except keys.Unreadable as error:
            found.append(ISSUER.error(f"{settings.oidc_issuer}: {error}.", about=service.name))
    return found


async def _issuer_of(service: "Service", where: str) -> list[Finding]:
    if not where.startswith("https://"):
        try:
            raw = await in_thread(Path(where).read_bytes)
        except OSError as error:
            return [ISSUER.error(f"{where} cannot be read: {error.strerror}.", about=service.name)]
        return [judge_keys(service.name, where, raw)]
    # A URL may hold a name and a password of its own: they are nobody's business.
    server = urlsplit(where).hostname or ""
    try:
        async with httpx.AsyncClient(timeout=5) as client, client.stream("GET", where) as answer:
            end = certificate.expires_at(answer.extensions["network_stream"].get_extra_info("ssl_object"))
            raw = await answer.aread()
    except httpx.HTTPError as error:
        kind = ISSUER_CERTIFICATE if certificate.is_expired(error) else ISSUER
        return [kind.error(f"{server}: {certificate.told(error)}.", about=service.name)]
    if not answer.is_success:
        return [ISSUER.error(f"{server} answered {answer.status_code}.", about=service.name)]
    certified = [] if end is None else [certificate.judge(ISSUER_CERTIFICATE, server, end, datetime.now(UTC), about=service.name)]
    return [judge_keys(service.name, server, raw), *certified]


def judge_keys(service: str, where: str, raw: bytes) -> Finding:
    """Whether what an issuer publishes is a set of keys (JWKS, RFC 7517, 5) that tokens can be verified with."""
    try:
        count = len(keys.keys_of(raw))
    except keys.Unreadable as error:
        return ISSUER.error(f"What {where} holds is no JWKS with keys that can be used: {error}.", about=service)
    return ISSUER.ok(f"{where} holds {count} {'key' if count == 1 else 'keys'}.", about=service, values={"keys": count})


async def _relay(service: "Service") -> list[Finding]:
    before = await _outbox(service)
    if before[0] and before[1] is not None:
        await asyncio.sleep(RELAY_WATCHED_S)
    after = await _outbox(service) if before[1] is not None else before
    return [judge_relay(service.name, before, after, service.relay.problem)]


async def _outbox(service: "Service") -> tuple[bool, int | None, int]:
    """(Whether some instance's relay leads, the lowest id that waits, how many wait)."""
    try:
        async with service.pool.acquire(timeout=3) as connection:
            row = await connection.fetchrow(
                # As Postgres keeps an advisory lock on one bigint: its halves, and 1 (pg_locks).
                "select exists (select from pg_locks, hashtextextended($1, 0) as key where locktype = 'advisory' and objsubid = 1 "
                "and granted and classid::bigint = (key >> 32) & 4294967295 and objid::bigint = key & 4294967295) as leads, "
                "(select id from outbox order by id limit 1) as lowest, "
                "(select count(*) from outbox where id >= (select id from outbox order by id limit 1)) as waiting",
                f"weerklank-relay-{service.name}",
            )
    except db.TRANSIENT as error:
        raise CannotAsk(f"Its database does not answer ({type(error).__name__}).") from error
    assert row is not None
    return row["leads"], row["lowest"], row["waiting"]


def judge_relay(service: str, before: tuple[bool, int | None, int], after: tuple[bool, int | None, int], problem: str | None) -> Finding:
    """Two looks at the outbox, a second apart where something waits: (some relay leads, the lowest id, how many)."""
    leads, lowest, waiting = after
    values = {"leads": leads, "waiting": waiting}
    if not leads and not before[0]:
        return RELAY.error(
            f"No instance sends the outbox ({problem or 'none has the lock'}); {waiting} events wait.", about=service, values=values
        )
    if lowest is not None and lowest == before[1]:
        return RELAY.error(
            f"The outbox does not move ({problem or 'no fault was told'}); {waiting} events wait.", about=service, values=values
        )
    if waiting >= OUTBOX_WARNING:
        return RELAY.warning(
            f"{waiting} events wait in the outbox; it moves.",
            "Wait, and look again: if it grows, Kafka takes them slower than they come.",
            about=service,
            values=values,
        )
    return RELAY.ok(f"Some instance sends the outbox; {waiting} events wait.", about=service, values=values)
