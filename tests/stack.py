"""One real Kafka and one real PostgreSQL for a test session, with handles that kill, freeze and restart them.

The fixtures in ``conftest.py`` start each at most once per session on free ports in a temporary directory; fault tests
may start servers of their own. Kafka's jars come from the same cache as ``weerklank up``.
"""

import contextlib
import itertools
import os
import random
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from cli.stack import kafka, ports, postgres
from cli.stack.errors import StackError

# Tests kill processes, not the machine: what the kernel has is safe from them, and flushing it costs seconds per run.
TEST_SETTINGS: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
TEMPLATE = "test_template"


_PORTS = itertools.count(15_000 + 4_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) + os.getpid() % 1_500)
"""Below the range from which the kernel takes ports for outgoing connections, and apart for each test worker: nobody else takes them."""

_FORMATTED: dict[str, bytes] = {}
"""What a new node's directory holds."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free, and that this process has not handed out before."""
    for port in _PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def free_base_port() -> int:
    """A base port from which every port that a whole stack takes is free now."""
    for _attempt in range(100):
        base = random.randrange(20_000, 30_000)
        try:
            ports.check_free(ports.table(base))
        except StackError:
            continue
        return base
    raise AssertionError("no free range of ports")


def at_once(*calls: Callable[[], object]) -> None:
    """Each in a thread of its own: what they wait for is another process. Raises what the first of them raised, once all have come back."""
    with ThreadPoolExecutor(len(calls)) as threads:
        waiting = [threads.submit(call) for call in calls]
    for one in waiting:
        one.result()


@dataclass
class _Server:
    """A server process with its children, started in a session of its own so that a test runner's Ctrl-C spares it."""

    home: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    def _spawn(self, argv: list[str], **arguments: Any) -> None:
        assert self.process is None or self.process.poll() is not None, "already running"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **arguments)

    def _family(self) -> list[psutil.Process]:
        try:
            leader = psutil.Process(self.pid)
            return [leader, *leader.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """``kill -9``: no flush, no goodbye. Returns once the process and its children are gone."""
        assert self.process is not None
        family = self._family()
        self.process.kill()
        self.process.wait()
        # PostgreSQL's children end by themselves when they notice; frozen ones can't, so they are woken.
        for process in family[1:]:
            try:
                process.send_signal(signal.SIGCONT)
            except psutil.NoSuchProcess:
                continue
        _gone, alive = psutil.wait_procs(family[1:], timeout=10)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=5)

    def freeze(self) -> None:
        """SIGSTOP to the process and its children: connections stay open and nothing answers."""
        for process in self._family():
            process.suspend()

    def thaw(self) -> None:
        """SIGCONT to the process and its children."""
        for process in self._family():
            with contextlib.suppress(psutil.NoSuchProcess):  # a backend whose client has just gone
                process.resume()

    def _stop(self, number: signal.Signals) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.thaw()
        self.process.send_signal(number)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class KafkaServer(_Server):
    """``home`` is the node's directory. ``start`` after ``kill`` or ``stop`` keeps the data and the port."""

    port: int = field(default_factory=free_port)
    controller_port: int = field(default_factory=free_port)

    @property
    def bootstrap(self) -> str:
        """What a client calls ``bootstrap_servers``."""
        return f"127.0.0.1:{self.port}"

    def start(self, timeout_s: float = 60.0) -> "KafkaServer":
        """Returns once the broker serves."""
        class_path = kafka.prepare(kafka.default_cache_dir())
        config = kafka.write_config(self.home, self.port, self.controller_port)
        self._format(class_path, config)
        self._spawn(kafka.command(class_path, config))
        assert self.process is not None
        kafka.wait_ready(self.port, self.process, self.log, timeout_s)
        return self

    def _format(self, class_path: list[Path], config: Path) -> None:
        """What Kafka's own tool writes into an empty directory, which takes a Java of its own: once, and then it is copied."""
        if (self.home / "log").exists():
            return
        if not _FORMATTED:
            kafka.format_storage(class_path, config)
            _FORMATTED.update({path.name: path.read_bytes() for path in (self.home / "log").iterdir()})
            return
        (self.home / "log").mkdir()
        for name, content in _FORMATTED.items():
            (self.home / "log" / name).write_bytes(content)

    def stop(self) -> None:
        """A clean shutdown; killed after 20 s."""
        self._stop(signal.SIGTERM)

    def restart(self) -> None:
        """A clean shutdown and a start on the same port."""
        self.stop()
        self.start()


@dataclass
class PostgresServer(_Server):
    """``home`` is the cluster's parent directory. ``start`` after ``kill`` or ``stop`` keeps the data and the port."""

    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=lambda: dict(TEST_SETTINGS))

    def start(self, timeout_s: float = 60.0) -> "PostgresServer":
        """Returns once the server answers queries; the first start makes the cluster and ``database``'s template."""
        postgres.init(self.home)
        self._spawn(postgres.command(self.home, self.port, self.settings), **postgres.as_user(self.home))
        assert self.process is not None
        postgres.wait_ready(self.home, self.port, self.process, self.log, timeout_s)
        if TEMPLATE not in self.psql("select datname from pg_database").split():
            self.psql(f"create database {TEMPLATE}")
            for extension in postgres.EXTENSIONS:
                self.psql(f"create extension {extension}", TEMPLATE)
        return self

    def stop(self) -> None:
        """A fast shutdown (open transactions are rolled back); killed after 20 s."""
        self._stop(signal.SIGINT)

    def restart(self) -> None:
        """A fast shutdown and a start on the same port."""
        self.stop()
        self.start()

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Runs ``sql`` as a superuser, outside any event loop; returns its rows as text."""
        return postgres.psql(self.home, self.port, sql, database)

    def database(self) -> str:
        """Makes an empty database with the extensions in it; returns a superuser's URL to it."""
        name = f"test_{secrets.token_hex(6)}"
        self.psql(f"create database {name} template {TEMPLATE} strategy wal_log")
        return postgres.url(self.home, self.port, postgres.SUPERUSER, name)

    def drop(self, url: str) -> None:
        """Drops a database that ``database`` made, with whoever is still connected to it."""
        self.psql(f"drop database if exists {url.rsplit('/', 1)[1]} with (force)")

    def login(self, url: str, role: str) -> str:
        """Makes a login role (once per server) with a schema of its own in ``url``'s database; returns the role's URL.

        It has what a service has in the real stack: its schema, and ``public`` for the extensions.
        """
        database = url.rsplit("/", 1)[1]
        if role not in self.psql("select rolname from pg_roles").split():
            self.psql(f"create role {role} login password 'test'")
        self.psql(f"create schema {role} authorization {role}", database)
        self.psql(f"alter role {role} in database {database} set search_path = {role}, public")
        return f"postgresql://{role}:test@127.0.0.1:{self.port}/{database}"


class Databases:
    """What the ``postgres`` fixture hands to one test: databases that vanish when the test ends."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._made: list[str] = []

    def database(self) -> str:
        """A superuser's URL to a fresh, empty database with vector, pg_trgm and unaccent."""
        url = self.server.database()
        self._made.append(url)
        return url

    def login(self, url: str, role: str) -> str:
        """A URL to the same database as a service's own role, which owns a schema of its name and no other."""
        return self.server.login(url, role)

    def drop_all(self) -> None:
        if self._made and self.server.process is not None and self.server.process.poll() is not None:
            self.server.start()
        for url in self._made:
            self.server.drop(url)
        self._made.clear()


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without any WEERKLANK_ setting, plus ``variables``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEERKLANK_") or name == "WEERKLANK_CACHE"}
    return kept | variables
