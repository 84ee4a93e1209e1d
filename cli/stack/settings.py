"""What one stack is, and whether this machine can carry it.

In: the command line's options and the environment. Out: ``Settings`` for the supervisor, or a sentence about what is missing.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field

from cli.stack import kafka, ports
from cli.stack.errors import StackError
from cli.stack.parts import service_command
from cli.stack.ports import SERVICES


class Settings(BaseModel, frozen=True):
    """What one stack is. ``service_argv`` replaces ``python -m services.<name>`` for services that are started otherwise."""

    data_dir: Path
    base_port: int = ports.BASE_PORT
    external: bool = False
    cache_dir: Path = Field(default_factory=kafka.default_cache_dir)
    min_free_mib: int = Field(default_factory=lambda: int(os.environ.get("WEERKLANK_MIN_FREE_MIB", "1024")))
    service_argv: Mapping[str, Sequence[str]] = Field(default_factory=lambda: {service: service_command(service) for service in SERVICES})

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    def absolute(self) -> Self:
        return self.model_copy(update={"data_dir": self.data_dir.absolute(), "cache_dir": self.cache_dir.absolute()})


def check_directory(settings: Settings) -> None:
    """Makes the data directory. Raises ``StackError`` when it can't be written or its disk is nearly full."""
    directory = settings.data_dir
    try:
        # As root the way in must be passable for PostgreSQL's user; what is below is protected file by file.
        directory.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
        settings.logs.mkdir(exist_ok=True)
        probe = directory / ".writable"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise StackError(
            f"The data directory {directory} can't be written ({error.strerror}): change its rights, or name another one with --data-dir."
        ) from error
    free_mib = shutil.disk_usage(directory).free >> 20
    if free_mib < settings.min_free_mib:
        raise StackError(
            f"The disk of {directory} has {free_mib} MiB free, and the stack wants {settings.min_free_mib} MiB so that Kafka "
            "and PostgreSQL don't stop half-way. Free some, name another disk with --data-dir, or lower "
            "WEERKLANK_MIN_FREE_MIB."
        )


def external_addresses(services: Sequence[str], environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Kafka's bootstrap servers and each service's database URL. Raises ``StackError`` naming every one that is missing."""
    wanted = ["WEERKLANK_KAFKA", *(f"WEERKLANK_{service.upper()}_DATABASE_URL" for service in services)]
    missing = [name for name in wanted if not environment.get(name)]
    if missing:
        raise StackError(
            f"--external uses a Kafka and a PostgreSQL of your own, and their addresses are missing: set {', '.join(missing)} "
            "(Kafka as host:port[,host:port], databases as postgresql://role:password@host:port/name)."
        )
    return environment["WEERKLANK_KAFKA"], dict(zip(services, (environment[name] for name in wanted[1:]), strict=True))
