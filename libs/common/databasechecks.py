"""What can be wrong with the database of one service: asked over one connection, by the service itself and by whoever has its URL.

The second way matters where the first is closed: a service whose migrations do not fit refuses to start.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from libs.common import certificate, clocks, db, ledger, migrate
from libs.common.checks import Finding, Kind

EXTENSIONS = ("pg_trgm", "unaccent", "vector")
OLDEST_VECTOR = (0, 8)
"""Since then an index on vectors is read on where most of what it finds is filtered out."""
TESTED_MAJOR, OLDEST_MAJOR = 18, 15
CONNECTIONS_WARNING, CONNECTIONS_ERROR = 0.8, 0.95

REACHABLE = Kind(
    "postgres.reachable",
    "PostgreSQL answers",
    "A login with the service's own role and a query; and that the server takes writes.",
    "Look at the server and at the URL (WEERKLANK_<SERVICE>_DATABASE_URL; of the embedded one: logs/postgres.log in the data directory).",
)
VERSION = Kind(
    "postgres.version",
    "PostgreSQL's version",
    f"That it is {OLDEST_MAJOR} or newer; {TESTED_MAJOR} is what Weerklank is tested with.",
    f"Upgrade to PostgreSQL {TESTED_MAJOR} (pg_upgrade, or dump and restore).",
)
EXTENSION = Kind(
    "postgres.extensions",
    "PostgreSQL's extensions",
    f"That {', '.join(EXTENSIONS)} can be had on the server, and are made in the database.",
    "Make the extensions as a superuser: deploy/postgres/roles.sql does.",
)
MIGRATIONS = Kind(
    "postgres.migrations",
    "Migrations",
    "The files of this version against what was applied: changed afterwards, not applied yet, or applied by a newer version.",
    "Deploy one version everywhere.",
)
CLOCK = Kind(
    "postgres.clock", "PostgreSQL's clock", "The database's time against this machine's; sending leases count by it.", clocks.REMEDY
)
CONNECTIONS = Kind(
    "postgres.connections",
    "PostgreSQL's connections",
    "How many of max_connections are taken: a warning at 80 %, an error at 95 %.",
    "Raise max_connections, lower WEERKLANK_<SERVICE>_POOL_SIZE, or end what else is connected (pg_stat_activity names it).",
)
SIZE = Kind("postgres.size", "The database's size", "What the database takes on its disk; a value, never a fault.", "")
CERTIFICATE = Kind(
    "postgres.certificate",
    "PostgreSQL's certificate",
    "Where the connection has TLS: the end of the server's certificate; a warning 30 days before it, an error 7 days before it.",
    "Renew the server's certificate (ssl_cert_file), then reload it: select pg_reload_conf().",
)
KINDS = (REACHABLE, VERSION, EXTENSION, MIGRATIONS, CLOCK, CONNECTIONS, SIZE, CERTIFICATE)

Positions = dict[tuple[str, int], int]
_FAILURES: tuple[type[Exception], ...] = (*db.TRANSIENT, asyncpg.PostgresError, ValueError)


# --- judgements ------------------------------------------------------------------------------------------------------------------------


def judge_version(service: str, number: int) -> Finding:
    """`number` as in server_version_num: 180001 is 18.1."""
    major = number // 10_000
    found = f"PostgreSQL {major}.{number % 10_000}"
    values = {"version": f"{major}.{number % 10_000}", "oldest": OLDEST_MAJOR, "tested": TESTED_MAJOR}
    if major < OLDEST_MAJOR:
        return VERSION.error(f"{found}; the migrations need {OLDEST_MAJOR} or newer.", about=service, values=values)
    if major < TESTED_MAJOR:
        return VERSION.warning(f"{found}; Weerklank is tested with {TESTED_MAJOR}.", about=service, values=values)
    return VERSION.ok(f"{found}.", about=service, values=values)


def judge_extensions(service: str, available: Mapping[str, str | None]) -> list[Finding]:
    """`available`: extension → the version that is made in this database; none where it could be made and is not."""
    found = []
    for name in EXTENSIONS:
        about = f"{service}: {name}"
        if name not in available:
            package = "pgvector (Debian: postgresql-18-pgvector)" if name == "vector" else "PostgreSQL's contrib modules"
            found.append(EXTENSION.error(f"The server does not have {name}.", f"Install {package} on the server.", about=about))
        elif available[name] is None:
            found.append(
                EXTENSION.error(f"{name} is not made in this database.", f"As a superuser, there: create extension {name};", about=about)
            )
        elif name == "vector" and tuple(map(int, re.findall(r"\d+", str(available[name]))[:2])) < OLDEST_VECTOR:
            found.append(
                EXTENSION.error(
                    f"vector is {available[name]}, and triage searches as {'.'.join(map(str, OLDEST_VECTOR))} and newer do.",
                    "Install a newer pgvector on the server, then as a superuser, in this database: alter extension vector update;",
                    about=about,
                    values={"version": available[name]},
                )
            )
        else:
            found.append(EXTENSION.ok(f"{name} {available[name]}.", about=about, values={"version": available[name]}))
    return found


def judge_migrations(service: str, applied: Mapping[str, str] | None, wanted: Sequence[tuple[str, str]]) -> Finding:
    """`applied`: file → SHA-256 as the database has it, none where no service ever started; `wanted`: (file, SHA-256) as this version has it."""
    if applied is None:
        return MIGRATIONS.skipped("No tables yet: the service makes them when it starts.", about=service)
    names = dict(wanted)
    newer, missing = sorted(applied.keys() - names.keys()), [name for name in names if name not in applied]
    changed = [name for name, digest in wanted if name in applied and applied[name] != digest]
    values = {"applied": len(applied), "changed": changed, "missing": missing, "unknown": newer}
    if changed or newer:
        said = [f"changed after they were applied: {', '.join(changed)}"] if changed else []
        remedy = (
            ["put the changed files back as they were (git checkout of that release), and add what is new as a file of its own"]
            if changed
            else []
        )
        if newer:
            said.append(f"the database holds what this version ({len(names)} files) does not know: {', '.join(newer)}")
            remedy.append("deploy the newer version that applied them, or restore the database from before it")
        return MIGRATIONS.error(f"{_sentence(said)} The service does not start.", _sentence(remedy), about=service, values=values)
    if missing:
        return MIGRATIONS.warning(
            f"Not applied yet: {', '.join(missing)}.",
            f"Restart {service}: it applies them when it starts ('weerklank down', 'weerklank up'; or roll out the deployment).",
            about=service,
            values=values,
        )
    return MIGRATIONS.ok(f"All {len(names)} files are applied, as they are.", about=service, values=values)


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def judge_connections(service: str, taken: int, allowed: int) -> Finding:
    """`allowed`: without those kept for superusers."""
    found = f"{taken} of {allowed} connections are taken."
    values = {"taken": taken, "allowed": allowed}
    if taken >= CONNECTIONS_ERROR * allowed:
        return CONNECTIONS.error(found, about=service, values=values)
    if taken >= CONNECTIONS_WARNING * allowed:
        return CONNECTIONS.warning(found, about=service, values=values)
    return CONNECTIONS.ok(found, about=service, values=values)


def digests(service: str, folder: Path) -> list[tuple[str, str]]:
    """(file, SHA-256) of this version's migrations."""
    return [(name, hashlib.sha256(sql.encode()).hexdigest()) for name, sql in migrate.files(service, folder)]


def unreachable(service: str, error: BaseException) -> Finding:
    """A finding about a login or a query that failed. The server's words are left out where they could hold a name or an address of somebody."""
    remedies = {
        asyncpg.InvalidPasswordError: "The role's password differs from the URL's: set it anew (alter role … password …), or mend the URL.",
        asyncpg.InvalidAuthorizationSpecificationError: "The server does not let this role in: look at pg_hba.conf and the role's login.",
        asyncpg.InvalidCatalogNameError: "There is no such database: deploy/postgres/roles.sql makes it, its roles and schemas.",
        asyncpg.TooManyConnectionsError: CONNECTIONS.remedy,
        asyncpg.CannotConnectNowError: "The server starts or recovers: wait, and look at its log if it goes on.",
    }
    remedy = next((text for kind, text in remedies.items() if isinstance(error, kind)), "")
    why = certificate.told(error) if isinstance(error, OSError | TimeoutError) else type(error).__name__
    return REACHABLE.error(f"The database of {service} cannot be used: {why}.", remedy, about=service)


# --- asking ----------------------------------------------------------------------------------------------------------------------------


async def ask(url: str, service: str, folder: Path) -> tuple[list[Finding], Positions | None]:
    """Everything about one service's database, and its positions in the logs; none when it cannot be reached or has no tables yet."""
    try:
        connection = await db.connect(url, service)
    except _FAILURES as error:
        return [unreachable(service, error)], None
    try:
        return await _ask(connection, service, digests(service, folder))
    except _FAILURES as error:
        return [unreachable(service, error)], None
    finally:
        connection.terminate()


async def _ask(
    connection: "asyncpg.Connection[asyncpg.Record]", service: str, wanted: Sequence[tuple[str, str]]
) -> tuple[list[Finding], Positions | None]:
    asked = datetime.now(UTC)
    told = await connection.fetchval("select clock_timestamp()")
    answered = datetime.now(UTC)
    row = await connection.fetchrow(
        "select current_setting('server_version_num')::int as version, "
        "pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as read_only, "
        "(select count(*) from pg_stat_activity where backend_type = 'client backend')::int as taken, "
        "current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as allowed, "
        "pg_database_size(current_database()) as size, to_regclass('migration') is not null as migrated, "
        "to_regclass('position') is not null as positioned"
    )
    assert row is not None
    made = await connection.fetch("select name, installed_version from pg_available_extensions where name = any($1)", list(EXTENSIONS))
    applied = {r["name"]: r["sha256"] for r in await connection.fetch("select name, sha256 from migration")} if row["migrated"] else None
    found = [
        REACHABLE.error(
            "The server takes no writes: it is a standby, or default_transaction_read_only is on.",
            "Point the URL at the primary, or turn that setting off.",
            about=service,
        )
        if row["read_only"]
        else REACHABLE.ok("The service's role can log in and ask.", about=service),
        judge_version(service, row["version"]),
        *judge_extensions(service, {r["name"]: r["installed_version"] for r in made}),
        judge_migrations(service, applied, wanted),
        clocks.judge(CLOCK, "PostgreSQL", asked, answered, told, about=service),
        judge_connections(service, row["taken"], row["allowed"]),
        SIZE.ok(f"The database takes {row['size'] / 2**20:.0f} MiB.", about=service, values={"bytes": row["size"]}),
        *_certificate(connection, service, answered),
    ]
    return found, await ledger.next_offsets(connection) if row["positioned"] else None


def _certificate(connection: "asyncpg.Connection[asyncpg.Record]", service: str, now: datetime) -> Iterable[Finding]:
    # asyncpg has no public way to what its connection is made of.
    end = certificate.expires_at(connection._transport.get_extra_info("ssl_object"))  # type: ignore[attr-defined]
    return [] if end is None else [certificate.judge(CERTIFICATE, "PostgreSQL", end, now, about=service)]
