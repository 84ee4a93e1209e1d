"""``weerklank up`` and ``down``: the embedded stack in the foreground or behind, and its end."""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from cli.errors import NOTHING_RUNS, CommandError
from cli.stack import state, supervisor
from cli.stack.errors import NeverStarted, StackError
from cli.stack.ports import SERVICES
from cli.stack.settings import Settings
from cli.stack.state import StackState


def up(settings: Settings, *, detach: bool) -> None:
    """Starts everything. In the foreground it returns after Ctrl-C or SIGTERM, drained. Raises ``StackError``."""
    if not detach:
        supervisor.run(settings, say)
        return
    found = start_behind(settings)
    for name in SERVICES:
        sys.stdout.write(f"{name:<10} http://127.0.0.1:{found.parts[name].port}\n")
    sys.stdout.write(f"Runs on {settings.absolute().data_dir}: 'weerklank status' shows how it is, 'weerklank down' stops it.\n")


def start_behind(settings: Settings) -> StackState:
    """Starts the stack in the background and says how far it is. Raises ``StackError``."""
    if note := supervisor.first_download(settings):
        say(note)
    return supervisor.start_detached(settings, Told().hear)


def down(data_dir: Path) -> None:
    """Stops everything, services first. Raises ``StackError``, or ``CommandError`` with exit code 3 where no stack ever was."""
    try:
        stopped = end(data_dir.absolute())
    except NeverStarted as error:
        raise CommandError(str(error), NOTHING_RUNS) from error
    sys.stdout.write(f"stopped: {', '.join(stopped)}\n" if stopped else "Nothing ran.\n")


def end(data_dir: Path) -> list[str]:
    """Stops whatever runs and returns the parts that did, also a supervisor that still prepares its first start and has written nothing yet.

    Raises ``StackError``.
    """
    pid = state.holder(data_dir)
    if pid is None or state.read(data_dir) is not None:
        return supervisor.stop(data_dir)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + supervisor.STOPPED_WITHIN_S
    while state.is_locked(data_dir):
        if time.monotonic() > deadline:
            raise StackError(f"The stack still prepares its first start (supervisor pid {pid}): see {data_dir / 'logs'}.")
        time.sleep(0.05)
    return []


def say(line: str) -> None:
    sys.stdout.write(f"{datetime.now(UTC).astimezone():%H:%M:%S} {line}\n")
    sys.stdout.flush()


class Told:
    """Says of each part that it is ready, once, and of each that has to start again, why."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str, int]] = set()

    def hear(self, seen: StackState) -> None:
        for name, part in seen.parts.items():
            if part.status not in ("ready", "waiting") or (name, part.status, part.restarts) in self._said:
                continue
            self._said.add((name, part.status, part.restarts))
            say(f"{name}: {part.status}" + (f" ({part.why})" if part.why else ""))
