"""deploy/postgres/roles.sql on a real server: what it makes is what the services and `weerklank up` expect, and repeating it is harmless."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from cli.stack import postgres as programs
from libs.common import migrate
from tests.stack import PostgresServer
from tests.unit.deploy.manifests import DEPLOY, ROOT, SERVICES


@pytest.fixture(scope="module")
def server(server_dir: Path) -> Iterator[PostgresServer]:
    """A server of its own: roles belong to a server, and other tests make some of the same names."""
    server = PostgresServer(server_dir / "roles")
    try:
        yield server.start()
    finally:
        server.stop()


def _apply(server: PostgresServer, url: str = "", **passwords: str) -> "subprocess.CompletedProcess[str]":
    url = url or programs.url(server.home, server.port, programs.SUPERUSER, "postgres")
    return subprocess.run(
        [programs.PROGRAMS / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={DEPLOY / 'postgres' / 'roles.sql'}", url],
        env={f"WEERKLANK_{service.upper()}_PASSWORD": password for service, password in passwords.items()},
        capture_output=True,
        text=True,
        check=False,
    )


def _url(server: PostgresServer, service: str, password: str) -> str:
    return f"postgresql://{service}:{password}@127.0.0.1:{server.port}/weerklank"


async def test_each_service_can_make_its_tables_and_see_no_others(server: PostgresServer) -> None:
    first = _apply(server, **{service: f"first-{service}" for service in SERVICES})
    assert (first.returncode, first.stderr) == (0, "")
    for service in SERVICES:
        url = _url(server, service, f"first-{service}")
        assert await migrate.migrate(url, service, ROOT / "services" / service / "migrations")
        assert await migrate.migrate(url, service, ROOT / "services" / service / "migrations") == []
    connection = await asyncpg.connect(_url(server, "analytics", "first-analytics"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from routing.position")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("create table public.mine ()")
    finally:
        await connection.close()


async def test_repeating_it_changes_the_passwords_and_nothing_else(server: PostgresServer) -> None:
    assert _apply(server, **{service: f"first-{service}" for service in SERVICES}).returncode == 0
    # A quote in a password ends no statement.
    second = _apply(server, **{service: f"it's-{service}" for service in SERVICES})
    assert (second.returncode, second.stderr) == (0, "")
    connection = await asyncpg.connect(_url(server, "triage", "it's-triage"))
    try:
        assert await connection.fetchval("show search_path") == "triage, public"
    finally:
        await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(_url(server, "triage", "first-triage"))
    assert "first-" not in server.log.read_text()


def test_a_password_that_is_missing_stops_it_before_anything_is_made(server: PostgresServer) -> None:
    server.psql("drop database if exists weerklank with (force)")
    done = _apply(server, ingest="one")
    assert done.returncode != 0
    assert server.psql("select count(*) from pg_database where datname = 'weerklank'") == "0"


@pytest.fixture
def plain(server: PostgresServer) -> str:
    """The URL of a role that may make databases and roles, and nothing else, on a server that knows no service."""
    server.psql("drop database if exists weerklank with (force)")
    for service in SERVICES:
        server.psql(f"drop role if exists {service}")
    server.psql(
        "do $$ begin create role plain login createdb createrole password 'plain'; exception when duplicate_object then null; end $$"
    )
    server.psql("drop extension if exists vector", "template1")
    return f"postgresql://plain:plain@127.0.0.1:{server.port}/postgres"


async def test_a_role_that_is_no_superuser_can_run_it_once_the_extension_vector_is_there(server: PostgresServer, plain: str) -> None:
    server.psql("create extension vector", "template1")
    for _ in range(2):
        done = _apply(server, plain, **{service: f"third-{service}" for service in SERVICES})
        assert (done.returncode, done.stderr) == (0, "")
    for service in SERVICES:
        assert await migrate.migrate(_url(server, service, f"third-{service}"), service, ROOT / "services" / service / "migrations")
    assert "third-" not in server.log.read_text()


def test_a_role_that_is_no_superuser_is_told_that_the_extension_is_missing(server: PostgresServer, plain: str) -> None:
    done = _apply(server, plain, **dict.fromkeys(SERVICES, "four"))
    assert done.returncode != 0
    assert 'permission denied to create extension "vector"' in done.stderr
    assert server.psql("select count(*) from pg_roles where rolname = 'ingest'") == "0"


def test_a_role_that_cannot_keep_passwords_out_of_the_log_is_told_so(server: PostgresServer, plain: str) -> None:
    server.psql("create extension vector", "template1")
    server.psql("alter role plain set log_statement = 'ddl'")
    try:
        done = _apply(server, plain, **dict.fromkeys(SERVICES, "five"))
    finally:
        server.psql("alter role plain reset log_statement")
    assert (done.returncode, "its log will hold the passwords" in done.stderr) == (0, True), done.stderr


def test_a_service_that_may_too_much_may_so_no_longer(server: PostgresServer, plain: str) -> None:
    server.psql("create role ingest superuser createdb createrole")
    assert _apply(server, **dict.fromkeys(SERVICES, "six")).returncode == 0
    rights = server.psql("select rolsuper or rolcreatedb or rolcreaterole, rolcanlogin from pg_roles where rolname = 'ingest'")
    assert rights == "f|t"


@pytest.mark.parametrize("first", ["roles", "tables"])
async def test_dashboards_read_the_facts_and_nothing_else_whichever_comes_first(server: PostgresServer, plain: str, first: str) -> None:
    server.psql("create extension if not exists vector", "template1")
    server.psql("drop role if exists grafana")
    passwords = dict.fromkeys(SERVICES, "seven")
    with_grafana = passwords | {"grafana": "it's read-only"}
    assert _apply(server, plain, **(with_grafana if first == "roles" else passwords)).returncode == 0
    for service in SERVICES:
        assert await migrate.migrate(_url(server, service, "seven"), service, ROOT / "services" / service / "migrations")
    if first == "tables":
        done = _apply(server, plain, **with_grafana)
        assert (done.returncode, done.stderr) == (0, "")
    connection = await asyncpg.connect(_url(server, "grafana", "it%27s%20read-only"))
    try:
        for fact in ("fact_mention", "fact_case", "fact_reply", "case_event"):
            assert await connection.fetchval(f"select count(*) from {fact}") == 0
        for table in ("analytics.dead_letter", "analytics.outbox", "triage.position", "responder.reply"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select * from {table}")
        await connection.execute("set default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from fact_mention")
        assert await connection.fetchval("show statement_timeout") == "5s"
    finally:
        await connection.close()
    assert "read-only" not in server.log.read_text()


def test_without_a_password_for_dashboards_there_is_no_such_role(server: PostgresServer, plain: str) -> None:
    server.psql("create extension if not exists vector", "template1")
    server.psql("drop role if exists grafana")
    assert _apply(server, plain, **dict.fromkeys(SERVICES, "eight")).returncode == 0
    assert server.psql("select count(*) from pg_roles where rolname = 'grafana'") == "0"
