"""A PostgreSQL of a run's own: started in a temporary folder, gone afterwards, with a migrated database for every worker.

Its sessions go by the clock of the scenario. Routing asks `moment()`, which a session's setting answers; the other services ask PostgreSQL's own `now()`
and `clock_timestamp()`, in whose place stand functions of the same names that a schema before `pg_catalog` in these sessions' search path holds. The
services' code and migrations are the ones that run everywhere.
"""

import asyncio
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cli.stack import postgres
from cli.stack.parts import ROOT
from libs.common import db, migrate

SERVICES = ("triage", "routing", "responder")
_TEMPLATE = "scenario_template"
_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
    "track_activities": "off",
    "track_counts": "off",
    "track_commit_timestamp": "off",
    "update_process_title": "off",
    "max_parallel_workers_per_gather": "0",
}
"""What is lost with the machine is made anew by the next run."""
_SESSION: Mapping[str, str] = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""Every schedule asks what the one before it asked, of tables that stay small: planning anew would take longer than all the rest. The plan is made
while the tables are empty, so it is one that goes by the indexes."""
_STATEMENTS = 2000
_CLOCK = """
create schema simulated;
grant usage on schema simulated to public;
create function simulated.now() returns timestamptz language sql stable parallel safe
    as $$ select coalesce(nullif(current_setting('weerklank.moment', true), '')::timestamptz, pg_catalog.clock_timestamp()) $$;
create function simulated.clock_timestamp() returns timestamptz language sql stable parallel safe as $$ select simulated.now() $$;
"""


@dataclass(frozen=True, slots=True)
class Server:
    home: Path
    port: int

    def url(self, database: str) -> str:
        """By the Unix socket where there is one: statements are many and short, and TCP costs more than most of them."""
        found = postgres.url(self.home, self.port, postgres.SUPERUSER, database)
        data = self.home / "data"
        if not (data / f".s.PGSQL.{self.port}").exists():
            return found
        return found.replace(f"@127.0.0.1:{self.port}/{database}", f"@/{database}?host={quote(str(data), safe='')}&port={self.port}")

    def database(self, name: str) -> str:
        """A database of that name as the services' migrations make it; its URL."""
        postgres.psql(self.home, self.port, f"create database {name} template {_TEMPLATE} strategy wal_log")
        return self.url(name)


@contextmanager
def server() -> Iterator[Server]:
    """Runs until the block ends. Raises `StackError` where PostgreSQL cannot be started."""
    with tempfile.TemporaryDirectory(prefix="weerklank-scenario-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        postgres.init(home)
        found = Server(home, _free_port())
        log = home / "server.log"
        with log.open("ab") as written:
            process = subprocess.Popen(
                postgres.command(home, found.port, _SETTINGS),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                start_new_session=True,
                **postgres.as_user(home),
            )
        try:
            postgres.wait_ready(home, found.port, process, log)
            _make_template(found)
            yield found
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _make_template(found: Server) -> None:
    postgres.psql(found.home, found.port, f"create database {_TEMPLATE}")
    for extension in postgres.EXTENSIONS:
        postgres.psql(found.home, found.port, f"create extension {extension}", _TEMPLATE)
    for service in SERVICES:
        postgres.psql(found.home, found.port, f"create schema {service}", _TEMPLATE)
    postgres.psql(found.home, found.port, _CLOCK, _TEMPLATE)
    for service in SERVICES:
        asyncio.run(migrate.migrate(found.url(_TEMPLATE), service, ROOT / "services" / service / "migrations"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def pool_of(url: str, service: str, moment: "Moment") -> db.Pool:
    """The pool that a service would have, in sessions that go by the scenario's clock."""

    knows: dict[int, str] = {}

    async def setup(connection: Any) -> None:
        session, written = connection.get_server_pid(), moment.written()
        if knows.get(session) != written:
            await connection.execute("select set_config('weerklank.moment', $1, false)", written)
            knows[session] = written

    path = f"simulated, {service}, public, pg_catalog"
    return await db.open_pool(url, service, size=4, settings={"search_path": path, **_SESSION}, statements=_STATEMENTS, setup=setup)


async def empty_tables(pool: db.Pool, service: str) -> list[str]:
    """The tables of a service in which nothing is: what migrations wrote stands in the others."""
    rows = await pool.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1 order by 1", service
    )
    names = [str(row["name"]) for row in rows]
    return [name for name in names if not await pool.fetchval(f"select exists (select from {name})")]  # as the database names them


async def clear(pool: db.Pool, tables: Sequence[str]) -> None:
    """Nothing is in these any more, and the numbers of those that were used begin anew."""
    used = [
        str(row["name"])
        for row in await pool.fetch(
            "select name from unnest($1::text[]) as u(name) where pg_relation_size(name::regclass) > 0", list(tables)
        )
    ]
    if used:
        # By itself, without triggers that would empty a table that this empties.
        await pool.execute(f"begin; set local session_replication_role = replica; truncate {', '.join(used)} restart identity; commit")


class Moment:
    """The scenario's clock, which only the scenario moves."""

    def __init__(self) -> None:
        self._written = ""

    def set(self, iso: str) -> None:
        self._written = iso

    def written(self) -> str:
        return self._written
