"""This machine: whether it can carry the stack, before anything was ever started and while it runs."""

import os
import resource
import time
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psutil

from cli.doctor.world import World
from cli.stack import ports
from cli.stack.errors import StackError
from cli.stack.ports import SERVICES
from cli.stack.settings import Settings
from libs.common.checks import CannotAsk, Finding, Kind, Probe, in_thread

MEMORY_MIB, MEMORY_FREE_MIB = 1536, 1024
OPEN_FILES, OPEN_FILES_SOFT = 4096, 256
INODES = 10_000
SWAP_USED, SWAP_MEMORY_LEFT = 0.5, 0.1
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""Weerklank is younger: a clock that says less was never set."""
STEP_S = 0.5

MEMORY = Kind(
    "machine.memory",
    "Memory",
    f"That the machine (or its container) has {MEMORY_MIB} MiB, and {MEMORY_FREE_MIB} MiB to be had before the start.",
    "Free memory or give the machine more; or run Kafka and PostgreSQL elsewhere (weerklank up --external).",
)
SWAP = Kind(
    "machine.swap",
    "Swap",
    "Whether the machine lives on its swap: half of it taken while less than a tenth of memory is left. Clocks and leases then run late.",
    "Free memory or give the machine more.",
)
FILES = Kind(
    "machine.open-files",
    "Open files",
    f"How many files a process may open: {OPEN_FILES_SOFT} as it starts, and {OPEN_FILES} where it asks for more, as Kafka does.",
    f"Raise the limit where the stack is started: ulimit -Hn {OPEN_FILES} (LimitNOFILE of a systemd unit, --ulimit nofile of a container).",
)
DISK = Kind(
    "machine.disk",
    "Disk",
    "Free space where the data directory is: an error below WEERKLANK_MIN_FREE_MIB (1024), a warning below twice that.",
    "Free some, or name another disk with --data-dir.",
)
INODES_KIND = Kind(
    "machine.inodes",
    "Inodes",
    f"That {INODES:,} more files can be made where the data directory is.",
    "Remove files, or name another disk with --data-dir: the disk has room left, and no place for more files.",
)
PORTS = Kind(
    "machine.ports",
    "Ports",
    "Before the start: that nobody listens on the stack's ports. While it runs: that no stopped part's port is another's.",
    "Stop that program, or start the stack elsewhere with --base-port (make run BASE_PORT=9600).",
)
DATA_DIR = Kind(
    "machine.data-dir",
    "Data directory",
    "That it can be written, or made; and that not everybody may write into it.",
    "Change its rights, or name another one with --data-dir.",
)
KEYS = Kind(
    "machine.secret-files",
    "Files with secrets",
    "The local issuer's key and the passwords of PostgreSQL: readable by their owner only (0600).",
    "chmod 600 FILE; who has read the issuer's key can sign any token: then also stop the stack, delete the key, and start it again",
)
CLOCK = Kind(
    "machine.clock",
    "This machine's clock",
    "That it was set, has not been set back since the stack last wrote, and does not jump while doctor looks.",
    "Set the clock and keep it by NTP (chrony, systemd-timesyncd).",
)
ZONES = Kind(
    "machine.time-zones",
    "Time zones",
    "That the time zone database is there: opening hours are in a brand's zone.",
    "make setup (the package tzdata), or install the system's tzdata.",
)
KINDS = (MEMORY, SWAP, FILES, DISK, INODES_KIND, PORTS, DATA_DIR, KEYS, CLOCK, ZONES)


def probes(world: World) -> list[Probe]:
    asked: dict[Kind, Callable[[], list[Finding]]] = {
        MEMORY: partial(_memory, world),
        SWAP: _swap,
        FILES: lambda: [judge_open_files(*resource.getrlimit(resource.RLIMIT_NOFILE))],
        DISK: partial(_disk, world),
        INODES_KIND: partial(_inodes, world),
        PORTS: partial(_ports, world),
        DATA_DIR: partial(_data_dir, world),
        KEYS: partial(_secret_files, world),
        CLOCK: partial(_clock, world),
        ZONES: _zones,
    }
    return [Probe(kind, partial(in_thread, ask)) for kind, ask in asked.items()]


# --- judgements ------------------------------------------------------------------------------------------------------------------------


def judge_memory(total_mib: int, available_mib: int, *, runs: bool) -> Finding:
    found = f"{available_mib} MiB of {total_mib} MiB are to be had."
    values = {"total_mib": total_mib, "available_mib": available_mib, "wanted_mib": MEMORY_MIB, "wanted_free_mib": MEMORY_FREE_MIB}
    if total_mib < MEMORY_FREE_MIB:
        return MEMORY.error(found, values=values)
    # What runs has its memory already.
    if total_mib < MEMORY_MIB or (available_mib < MEMORY_FREE_MIB and not runs) or available_mib < total_mib * 0.05:
        return MEMORY.warning(found, values=values)
    return MEMORY.ok(found, values=values)


def judge_swap(total: int, used: int, memory_left: float) -> Finding:
    """Bytes of swap, and the share of memory that is to be had."""
    values = {"total_bytes": total, "used_bytes": used, "memory_left": round(memory_left, 3)}
    found = f"{used >> 20} MiB of {total >> 20} MiB of swap are taken." if total else "There is no swap."
    if total and used > SWAP_USED * total and memory_left < SWAP_MEMORY_LEFT:
        return SWAP.warning(f"{found[:-1]}, and {memory_left:.0%} of memory is left.", values=values)
    return SWAP.ok(found, values=values)


def judge_open_files(soft: int, hard: int) -> Finding:
    unlimited = resource.RLIM_INFINITY
    found = f"A process may open {'any number of' if hard == unlimited else hard} files ({soft} unless it asks)."
    values = {"soft": soft, "hard": hard, "wanted_soft": OPEN_FILES_SOFT, "wanted_hard": OPEN_FILES}
    if soft != unlimited and soft < OPEN_FILES_SOFT:
        return FILES.error(found, values=values)
    if hard != unlimited and hard < OPEN_FILES:
        return FILES.warning(found, values=values)
    return FILES.ok(found, values=values)


def judge_disk(free_mib: int, wanted_mib: int, where: Path) -> Finding:
    found, values = f"{free_mib} MiB are free at {where}.", {"free_mib": free_mib, "wanted_mib": wanted_mib, "at": str(where)}
    if free_mib < wanted_mib:
        return DISK.error(f"{found[:-1]}; below {wanted_mib} MiB the stack does not start.", values=values)
    return (DISK.warning if free_mib < 2 * wanted_mib else DISK.ok)(found, values=values)


def judge_clock(now: datetime, written: datetime | None, stepped_s: float) -> Finding:
    """`written`: when the stack last wrote its state; `stepped_s`: what the clock moved beside the time that passed while we looked."""
    values = {"now": now.isoformat(), "stepped_s": round(stepped_s, 3)}
    if now < NOT_BEFORE:
        return CLOCK.error(f"It says {now:%Y-%m-%d}: it was never set.", values=values)
    if written is not None and written > now + timedelta(seconds=1):
        return CLOCK.error(
            f"It was set back: the stack last wrote at {written:%Y-%m-%d %H:%M:%S}, and now it is {now:%H:%M:%S} UTC.", values=values
        )
    if abs(stepped_s) > STEP_S:
        return CLOCK.warning(f"It jumped by {stepped_s:+.1f} s while doctor looked.", values=values)
    return CLOCK.ok(f"It says {now:%Y-%m-%d %H:%M:%S} UTC.", values=values)


# --- looking ---------------------------------------------------------------------------------------------------------------------------


def _memory(world: World) -> list[Finding]:
    seen = psutil.virtual_memory()
    total, available = seen.total, seen.available
    try:  # a container's limit (cgroup v2)
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
        total, available = min(total, limit), min(available, max(0, limit - used))
    except (OSError, ValueError):
        pass
    return [judge_memory(total >> 20, available >> 20, runs=world.runs)]


def _swap() -> list[Finding]:
    seen, memory = psutil.swap_memory(), psutil.virtual_memory()
    return [judge_swap(seen.total, seen.used, memory.available / memory.total)]


def existing(path: Path) -> Path:
    """The path, or what is nearest above it that exists."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _disk(world: World) -> list[Finding]:
    where = existing(world.data_dir)
    seen = os.statvfs(where)
    try:
        wanted_mib = Settings(data_dir=world.data_dir).min_free_mib
    except ValueError:
        return [DISK.error("WEERKLANK_MIN_FREE_MIB is not a whole number.", "Set it to MiB that must be free, such as 1024, or unset it.")]
    return [judge_disk(seen.f_bavail * seen.f_frsize >> 20, wanted_mib, where)]


def _inodes(world: World) -> list[Finding]:
    where = existing(world.data_dir)
    seen = os.statvfs(where)
    if not seen.f_files:
        raise CannotAsk(f"The file system of {where} makes them as it needs them.")
    values = {"free": seen.f_favail, "wanted": INODES, "at": str(where)}
    return [
        (INODES_KIND.error if seen.f_favail < INODES else INODES_KIND.ok)(f"{seen.f_favail} files can be made at {where}.", values=values)
    ]


def _ports(world: World) -> list[Finding]:
    try:
        table = ports.table(world.base_port)
    except StackError as error:
        return [PORTS.error(str(error), "Choose another --base-port.")]
    if not world.own_servers:
        table = {name: port for name, port in table.items() if name in SERVICES}
    ours = {name for name in table if (part := world.part(name)) is not None and part.pid is not None}
    # The controller is a second port of the same process.
    ours |= {"kafka-controller"} if "kafka" in ours else set()
    free = {name: port for name, port in table.items() if name not in ours}
    values = {"base_port": world.base_port, "ours": sorted(ours), "free": sorted(free)}
    try:
        ports.check_free(free)
    except StackError as error:
        return [PORTS.error(str(error).partition(". Stop that")[0] + ".", values=values)]
    return [PORTS.ok(f"{len(ours)} are ours, {len(free)} are free (base port {world.base_port}).", values=values)]


def _data_dir(world: World) -> list[Finding]:
    directory = world.data_dir.absolute()
    where = existing(directory)
    values = {"data_dir": str(directory), "exists": where == directory}
    if not where.is_dir():
        return [DATA_DIR.error(f"{where} is not a directory.", values=values)]
    if world.state_problem:
        return [
            DATA_DIR.error(world.state_problem, "Delete that file if nothing of this stack runs any more, and start again.", values=values)
        ]
    if not os.access(where, os.W_OK | os.X_OK):
        return [DATA_DIR.error(f"{where} cannot be written.", values=values)]
    if where == directory and where.stat().st_mode & 0o002:
        return [DATA_DIR.error(f"Everybody may write into {directory}.", f"chmod o-w {directory}", values=values)]
    return [DATA_DIR.ok(f"{directory} can be {'written' if where == directory else 'made'}.", values=values)]


def _secret_files(world: World) -> list[Finding]:
    found = []
    for path in (world.data_dir / "keys" / "issuer.ed25519.pem", world.data_dir / "postgres" / "passwords.json"):
        try:
            mode = path.stat().st_mode & 0o777
        except (FileNotFoundError, NotADirectoryError):
            continue
        values = {"path": str(path), "mode": f"{mode:04o}"}
        if mode & 0o077:
            also = (
                "; then stop the stack, delete the key and start it again: who read it can sign any token" if path.suffix == ".pem" else ""
            )
            found.append(
                KEYS.error(f"{path} has mode {mode:04o}: others may read it.", f"chmod 600 {path}{also}", about=path.name, values=values)
            )
        else:
            found.append(KEYS.ok(f"{path} has mode {mode:04o}.", about=path.name, values=values))
    return found or [KEYS.skipped("No stack was started here yet.")]


def _clock(world: World) -> list[Finding]:
    before = time.time() - time.monotonic()
    time.sleep(0.3)
    stepped = time.time() - time.monotonic() - before
    try:
        written = datetime.fromtimestamp((world.data_dir / "state.json").stat().st_mtime, UTC)
    except OSError:
        written = None
    return [judge_clock(datetime.now(UTC), written, stepped)]


def _zones() -> list[Finding]:
    try:
        zoneinfo.ZoneInfo("Europe/Amsterdam")
    except zoneinfo.ZoneInfoNotFoundError:
        return [ZONES.error("There is no time zone database: Europe/Amsterdam is not known.")]
    return [ZONES.ok("The time zone database is there.")]
