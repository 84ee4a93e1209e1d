"""The supervisor: starts Kafka, PostgreSQL and the five services, keeps them running, and stops them in the right order.

In: ``Settings`` and signals. Out: one process per part, ``data_dir/state.json`` for ``weerklank status`` and ``down``, a log
per part below ``data_dir/logs``.

A part that dies starts again after 0.5 s, then twice as long each time up to 30 s; a minute of health resets that. A service
whose ``/healthz`` fails for half a minute is restarted too. SIGTERM or SIGINT stops the services first, then Kafka, then
PostgreSQL, so that no service loses what it is finishing. The parts survive ``kill -9`` of the supervisor; the next one
takes over a Kafka and a PostgreSQL that are well, and starts the services anew.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from cli.stack import kafka, keys, ports, postgres, state
from cli.stack.errors import NeverStarted, StackError
from cli.stack.parts import (
    POSTGRES_STOP_SIGNALS,
    ROOT,
    Part,
    Probe,
    http_probe,
    last_line,
    rotate,
    secrets_dir,
    service_environment,
    thread_probe,
)
from cli.stack.settings import Settings, check_directory, external_addresses
from cli.stack.state import PartStatus, StackState, StackStatus
from libs.common.errors import WeerklankError
from libs.common.topics import create_topics

FIRST_DELAY_S, LONGEST_DELAY_S, HEALTHY_AFTER_S = 0.5, 30.0, 60.0
PROBE_EVERY_S, PROBE_EVERY_WHILE_STARTING_S = 3.0, 0.1
UNLIVE_FOR_S = 30.0
SERVERS_READY_WITHIN_S = 90.0
# Services and then the two servers, each with its own patience, and what a thread that still prepares may need.
STOPPED_WITHIN_S = 90.0
ERROR_PREFIX = "error: "

Say = Callable[[str], None]


def find_orphans(data_dir: Path) -> list[Part]:
    """The parts that an earlier supervisor started and that still run."""
    last = state.read(data_dir)
    found = []
    for name, was in (last.parts if last is not None else {}).items():
        process = state.find(was)
        if process is None:
            continue
        part = Part(name=name, port=was.port, argv=(), mark=was.mark, log=was.log, probe=_probe(name, data_dir, was.port))
        if name == "postgres":
            part.stop_signals = POSTGRES_STOP_SIGNALS
        part.adopt(process)
        found.append(part)
    return found


def _probe(name: str, data_dir: Path, port: int) -> Probe:
    if name == "kafka":
        return thread_probe(lambda: kafka.is_ready(port), "Kafka")
    if name == "postgres":
        return thread_probe(lambda: postgres.is_ready(data_dir / "postgres", port), "PostgreSQL")
    return http_probe(port, "/readyz")


async def _replication(bootstrap: str) -> int:
    """How many copies of a record to keep: three where there are so many brokers, else one on each."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        return min(3, len((await admin.describe_cluster())["brokers"]))
    finally:
        await admin.close()


async def stop_in_order(parts: Iterable[Part]) -> None:
    """Services all at once, then Kafka, then PostgreSQL: each still finds what it needs to finish its work."""
    by_name = {part.name: part for part in parts}
    servers = [by_name.pop(name) for name in ("kafka", "postgres") if name in by_name]
    await asyncio.gather(*(part.stop() for part in by_name.values()))
    for part in servers:
        await part.stop()


class Supervisor:
    """One run over one data directory. ``run`` returns after a stop signal, with every part stopped."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings = settings
        self._tell = say
        self._ports = ports.table(settings.base_port)
        self._parts: dict[str, Part] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._unkept: list[StackError] = []
        self._stopping = asyncio.Event()
        self._told_to_stop = False
        self._status: StackStatus = "starting"
        self._since = datetime.now(UTC)

    async def run(self) -> None:
        """Starts everything, keeps it running, stops it on SIGTERM, SIGINT or SIGHUP.

        Raises ``StackError`` when it can't start or can't go on; whatever it had started is stopped by then.
        """
        check_directory(self.settings)
        with state.locked(self.settings.data_dir):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._hear_stop)
            starting = asyncio.create_task(self._start())
            stopped = asyncio.create_task(self._stopping.wait())
            try:
                await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if starting.done():
                    await starting
                    await stopped
            finally:
                for task in (starting, stopped, *self._keepers):
                    task.cancel()
                await asyncio.gather(starting, stopped, *self._keepers, return_exceptions=True)
                await self._stop()
            if self._unkept:
                raise self._unkept[0]

    def _hear_stop(self) -> None:
        self._told_to_stop = True
        self._stopping.set()

    async def _start(self) -> None:
        services = list(self.settings.service_argv)
        jwks = keys.ensure(self.settings.data_dir)
        adopted = await self._take_over()
        if self.settings.external:
            bootstrap, urls = external_addresses(services, os.environ)
            ports.check_free({service: self._ports[service] for service in services})
        else:
            bootstrap, urls = await self._start_servers(services, adopted)
        try:
            made = await create_topics(bootstrap, replication=await _replication(bootstrap))
        except (WeerklankError, KafkaError) as error:
            raise StackError(f"The topics could not be made in Kafka at {bootstrap}: {error}") from error
        if made:
            self._say(f"made {len(made)} topics")
        for service in services:
            self._keep(self._service(service, bootstrap, urls[service], jwks))
        await asyncio.gather(*(self._parts[service].became_ready.wait() for service in services))
        self._say(f"ready: {', '.join(f'{part.name} on {part.port}' for part in self._parts.values())}")

    async def _take_over(self) -> dict[str, psutil.Process]:
        """What an earlier supervisor left running: servers that are well and fit are returned, all else is stopped."""
        fitting: dict[str, psutil.Process] = {}
        unfit: list[Part] = []
        for part in find_orphans(self.settings.data_dir):
            assert part.process is not None
            is_wanted = not self.settings.external and part.name in ("kafka", "postgres")
            if is_wanted and part.port == self._ports[part.name] and await part.probe() == "":
                fitting[part.name] = part.process
                self._say(f"{part.name}: still running from an earlier start (pid {part.process.pid}), taken over")
            else:
                unfit.append(part)
                self._say(f"{part.name}: still running from an earlier start (pid {part.process.pid}), stopping it")
        await stop_in_order(unfit)
        return fitting

    async def _start_servers(self, services: Sequence[str], adopted: Mapping[str, psutil.Process]) -> tuple[str, dict[str, str]]:
        """Kafka and PostgreSQL, ready to be used; returns the bootstrap server and each service's database URL."""
        needed = [*services, *(() if "postgres" in adopted else ("postgres",))]
        needed += () if "kafka" in adopted else ("kafka", "kafka-controller")
        ports.check_free({name: self._ports[name] for name in needed})
        if note := first_download(self.settings):
            self._say(note)
        servers = await asyncio.gather(asyncio.to_thread(self._kafka), asyncio.to_thread(self._postgres))
        for part in servers:
            if part.name in adopted:
                part.adopt(adopted[part.name])
            self._keep(part)
        await asyncio.gather(*(self._first_ready(part) for part in servers))
        home, port = self.settings.data_dir / "postgres", self._ports["postgres"]
        await asyncio.to_thread(postgres.create_roles_and_schemas, home, port, services)
        return f"127.0.0.1:{self._ports['kafka']}", {service: postgres.url(home, port, service) for service in services}

    async def _first_ready(self, part: Part) -> None:
        """Returns once ``part`` is ready. Raises ``StackError`` when it ends three times before, or takes too long."""
        deadline = time.monotonic() + SERVERS_READY_WITHIN_S
        while not part.became_ready.is_set():
            if part.restarts >= 3 or time.monotonic() > deadline:
                raise StackError(f"{part.name} does not start: {part.why or part.status}. See {part.log}.")
            await asyncio.sleep(0.05)

    def _kafka(self) -> Part:
        home, port = self.settings.data_dir / "kafka", self._ports["kafka"]
        class_path = kafka.prepare(self.settings.cache_dir)
        config = kafka.write_config(home, port, self._ports["kafka-controller"])
        kafka.format_storage(class_path, config)
        return Part(
            name="kafka",
            port=port,
            argv=kafka.command(class_path, config),
            mark=str(config),
            log=self.settings.logs / "kafka.log",
            probe=_probe("kafka", self.settings.data_dir, port),
        )

    def _postgres(self) -> Part:
        home, port = self.settings.data_dir / "postgres", self._ports["postgres"]
        postgres.init(home)
        return Part(
            name="postgres",
            port=port,
            argv=postgres.command(home, port),
            mark=str(home / "data"),
            log=self.settings.logs / "postgres.log",
            probe=_probe("postgres", self.settings.data_dir, port),
            arguments=postgres.as_user(home),
            stop_signals=POSTGRES_STOP_SIGNALS,
            before=lambda: postgres.clear_stale_locks(home),
        )

    def _service(self, service: str, bootstrap: str, database_url: str, jwks: Path) -> Part:
        port = self._ports[service]
        argv = self.settings.service_argv[service]
        return Part(
            name=service,
            port=port,
            argv=argv,
            mark=argv[-1],
            log=self.settings.logs / f"{service}.log",
            probe=_probe(service, self.settings.data_dir, port),
            liveness=http_probe(port, "/healthz"),
            env=service_environment(
                service,
                inherited=os.environ,
                kafka=bootstrap,
                database_url=database_url,
                port=port,
                jwks=jwks,
                secrets=secrets_dir(self.settings.data_dir),
            ),
        )

    def _keep(self, part: Part) -> None:
        self._parts[part.name] = part
        keeper = asyncio.create_task(self._keeper(part), name=part.name)
        keeper.add_done_callback(self._kept)
        self._keepers.append(keeper)

    def _kept(self, keeper: "asyncio.Task[None]") -> None:
        """A keeper ends by itself only through an error that nobody foresaw. The run ends with it: an unkept part would go on looking well."""
        if not keeper.cancelled() and (error := keeper.exception()) is not None:
            what = str(error) if isinstance(error, StackError) else f"{type(error).__name__}: {error}"
            self._unkept.append(StackError(f"{keeper.get_name()} can't be kept running: {what}"))
            self._stopping.set()

    async def _keeper(self, part: Part) -> None:
        """Runs ``part`` until the supervisor stops, starting it again whenever it ends."""
        delay_s, how = FIRST_DELAY_S, ""
        while True:
            before, how = how, ""
            if not part.is_alive():
                try:
                    part.spawn()
                except OSError as error:
                    how = f"could not be started ({error})"
            if not how:
                if await self._watch(part, before):
                    delay_s = FIRST_DELAY_S
                how = part.exit_text()
            part.process = part.child = None
            part.restarts += 1
            self._note(part, "waiting", f"{how}; next start in {delay_s:g} s")
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, LONGEST_DELAY_S)

    async def _watch(self, part: Part, before: str = "") -> bool:
        """Asks ``part`` how it is until it ends, or is ended for not being alive; True if it was ready for a minute on end.

        ``before`` is how it ended the last time: until it is ready again that says more than what it has not come to yet.
        """
        started = f"{before}; next start in progress" if before else ""
        self._note(part, "starting", started)
        ready_since: float | None = None
        unlive_since: float | None = None
        was_ready = was_healthy = False
        while part.is_alive():
            now = time.monotonic()
            why = await part.probe()
            if not part.is_alive():
                break
            ready_since = None if why else ready_since or now
            was_ready = was_ready or not why
            was_healthy = was_healthy or (ready_since is not None and now - ready_since >= HEALTHY_AFTER_S)
            if not was_ready:
                why = ", ".join(filter(None, (started, why)))
            self._note(part, "ready" if not why else "unready" if was_ready else "starting", why)
            if part.liveness is not None and was_ready:
                not_alive = await part.liveness() if why else ""
                unlive_since = (unlive_since or now) if not_alive else None
                if unlive_since is not None and now - unlive_since >= UNLIVE_FOR_S:
                    self._say(f"{part.name}: not alive for {UNLIVE_FOR_S:.0f} s ({not_alive}), restarting it")
                    await part.end()
                    break
            await part.ended(within_s=PROBE_EVERY_S if was_ready else PROBE_EVERY_WHILE_STARTING_S)
        return was_healthy

    def _say(self, line: str) -> None:
        # A full disk or a closed terminal must not end the keeping; state.json tells the same.
        with contextlib.suppress(OSError):
            self._tell(line)

    def _note(self, part: Part, status: PartStatus, why: str = "") -> None:
        """Remembers how ``part`` is, and says and writes it when that is news."""
        before = part.status
        if not part.set_status(status, why):
            return
        if status == "waiting" or (status in ("ready", "unready") and status != before):
            self._say(f"{part.name}: {status}{f' ({why})' if why else ''}")
        well = [part.status == "ready" for part in self._parts.values()]
        if all(well) and set(self.settings.service_argv) <= self._parts.keys():
            self._set_status("ready")
        elif self._status == "ready":
            self._set_status("degraded")
        self._write()

    def _set_status(self, status: StackStatus) -> None:
        if status != self._status:
            self._status, self._since = status, datetime.now(UTC)

    def _write(self) -> None:
        try:
            state.write(
                self.settings.data_dir,
                StackState(
                    supervisor_pid=os.getpid(),
                    status=self._status,
                    since=self._since,
                    base_port=self.settings.base_port,
                    external=self.settings.external,
                    parts={name: part.state() for name, part in self._parts.items()},
                    told_to_stop=self._told_to_stop,
                ),
            )
        except OSError as error:
            # A full disk must not end the keeping: the file is written again at the next change.
            self._say(f"state.json could not be written ({error.strerror})")

    async def _stop(self) -> None:
        self._set_status("stopping")
        for part in self._parts.values():
            part.set_status("stopping")
        self._write()
        await stop_in_order(self._parts.values())
        for part in self._parts.values():
            part.set_status("stopped")
        self._set_status("stopped")
        self._write()
        self._say("stopped")


def run(settings: Settings, say: Say) -> None:
    """Runs the stack in the foreground until SIGTERM, SIGINT or SIGHUP. Raises ``StackError`` when it can't start."""
    asyncio.run(Supervisor(settings.absolute(), say).run())


def first_download(settings: Settings) -> str | None:
    """What a first start fetches, for people who wait for it; none when it is there."""
    if settings.external or (settings.cache_dir / "jars").exists():
        return None
    return f"first start: downloading Kafka (about 45 MB) to {settings.cache_dir}"


def start_detached(settings: Settings, on_change: Callable[[StackState], None] = lambda _: None, timeout_s: float = 300.0) -> StackState:
    """Starts the stack in the background and returns its state once every part is ready.

    ``on_change`` hears of each state on the way. Raises ``StackError`` when it can't start (nothing of it runs then), or is
    not ready after ``timeout_s`` (it goes on trying then). The first start downloads Kafka.
    """
    settings = settings.absolute()
    check_directory(settings)
    log = settings.logs / "supervisor.log"
    rotate(log)
    with log.open("ab") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "cli.stack.supervisor", settings.model_dump_json()],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + timeout_s
    seen: StackState | None = None
    while time.monotonic() < deadline:
        if supervisor.poll() is not None:
            raise StackError(last_line(log).removeprefix(ERROR_PREFIX) or f"The supervisor ended at once: see {log}.")
        now = state.read(settings.data_dir)
        if now is not None and now.supervisor_pid == supervisor.pid and now != seen:
            seen = now
            on_change(now)
            if now.status == "ready":
                return now
        time.sleep(0.1)
    waiting = [f"{name} ({part.why or part.status})" for name, part in seen.parts.items() if part.status != "ready"] if seen else []
    raise StackError(
        f"Not ready after {timeout_s:.0f} s: {', '.join(waiting) or 'the first start is still preparing'}. It goes on trying: "
        f"'weerklank status' shows how far it is, {settings.logs} holds the logs, 'weerklank down' ends it."
    )


def stop(data_dir: Path, timeout_s: float = STOPPED_WITHIN_S) -> list[str]:
    """Stops the stack of ``data_dir``, in order, with or without a living supervisor; returns the parts that ran.

    Raises ``StackError`` when it still runs after ``timeout_s``.
    """
    data_dir = data_dir.absolute()
    last = state.observe(data_dir)
    if last is None:
        raise NeverStarted(f"No stack was ever started in {data_dir}. Name its directory with --data-dir.")
    running = [name for name, part in last.parts.items() if part.pid is not None]
    pid = state.holder(data_dir)
    if pid is None:
        with state.locked(data_dir):
            asyncio.run(stop_in_order(find_orphans(data_dir)))
            state.write(data_dir, state.stopped(last))
        return running
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while state.is_locked(data_dir):
        if time.monotonic() > deadline:
            raise StackError(f"The stack still runs after {timeout_s:.0f} s (supervisor pid {pid}): see {data_dir / 'logs'}.")
        time.sleep(0.05)
    return running


def _main() -> None:
    def say(line: str) -> None:
        sys.stdout.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}\n")
        sys.stdout.flush()

    try:
        run(Settings.model_validate_json(sys.argv[1]), say)
    except StackError as error:
        # One line, since its reader takes the log's last one.
        sys.stdout.write(f"{ERROR_PREFIX}{' '.join(str(error).split())}\n")
        sys.exit(1)


if __name__ == "__main__":
    _main()
