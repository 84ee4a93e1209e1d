"""``data_dir/state.json``: what the supervisor last knew, for ``weerklank status`` and for the supervisor that follows it.

Written whole and renamed into place at every change, so that a reader (or a successor after ``kill -9``) never sees half.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

import psutil
from pydantic import BaseModel, ValidationError

from cli.stack import ports
from cli.stack.errors import StackError

# How far two readings of one process's start may differ, in seconds: the clock they are derived from may have been set.
CREATE_TIME_TOLERANCE_S = 2.0

PartStatus = Literal["waiting", "starting", "ready", "unready", "stopping", "stopped"]
StackStatus = Literal["starting", "ready", "degraded", "stopping", "stopped"]


class PartState(BaseModel):
    """One process. ``mark`` is the argument that tells it from others; ``since`` is when ``status`` became what it is;
    ``why`` says what a part that isn't ready waits for.
    """

    pid: int | None
    create_time: float | None
    mark: str
    port: int
    status: PartStatus
    why: str
    restarts: int
    since: datetime
    log: Path


class StackState(BaseModel):
    """The whole stack. ``supervisor_pid`` is only meaningful while ``is_locked``. ``told_to_stop``: the supervisor ends, or ended, because a signal
    said so, as ``weerklank down`` does; else something went wrong.
    """

    supervisor_pid: int
    status: StackStatus
    since: datetime
    base_port: int
    external: bool
    parts: dict[str, PartState]
    told_to_stop: bool = False


def read(data_dir: Path) -> StackState | None:
    """The last state written, or None where no stack ever ran. A file that can't be read as one is a ``StackError``."""
    path = data_dir / "state.json"
    try:
        return StackState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StackError(
            f"{path} can't be read as the stack's state. If nothing of this stack runs any more, delete it and start again."
        ) from error


def base_port(data_dir: Path, wanted: int | None) -> int:
    """The one that is wanted, else that of the stack that was last on this data directory, else 8600. Raises ``StackError`` as ``read`` does."""
    if wanted is not None:
        return wanted
    last = read(data_dir)
    return last.base_port if last else ports.BASE_PORT


def write(data_dir: Path, state: StackState) -> None:
    """Replaces ``state.json`` in one step."""
    unfinished = data_dir / "state.json.new"
    unfinished.write_text(state.model_dump_json(indent=1))
    unfinished.replace(data_dir / "state.json")


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Makes this process the data directory's only supervisor; the kernel releases the lock even after ``kill -9``.

    Raises ``StackError`` naming the process that holds it.
    """
    with (data_dir / "supervisor.lock").open("a+") as file:
        # A reader's ``is_locked`` holds the lock for an instant: ask again before giving up.
        deadline = time.monotonic() + 0.5
        while not _lock(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                file.seek(0)
                raise StackError(
                    f"A stack already runs on {data_dir} (supervisor pid {file.read().strip() or 'unknown'}). See it with "
                    "'weerklank status', stop it with 'weerklank down', or start another one with its own --data-dir and "
                    "--base-port."
                )
            time.sleep(0.05)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def is_locked(data_dir: Path) -> bool:
    """Whether a supervisor lives on this data directory."""
    try:
        with (data_dir / "supervisor.lock").open() as file:
            return not _lock(file, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def holder(data_dir: Path) -> int | None:
    """The pid of the supervisor that lives on this data directory, or None."""
    if not is_locked(data_dir):
        return None
    text = (data_dir / "supervisor.lock").read_text().strip()
    return int(text) if text.isdigit() else None


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def find(part: PartState) -> psutil.Process | None:
    """The process that ``part`` describes, if it still lives: same pid, same start, ``mark`` among its arguments."""
    if part.pid is None or part.create_time is None:
        return None
    try:
        process = psutil.Process(part.pid)
        same = (
            abs(process.create_time() - part.create_time) < CREATE_TIME_TOLERANCE_S
            and process.status() != psutil.STATUS_ZOMBIE
            and part.mark in process.cmdline()
        )
    except psutil.Error:
        return None
    return process if same else None


def observe(data_dir: Path) -> StackState | None:
    """The state as it is now: ``read``, corrected by what a supervisor that was killed could not write any more."""
    last = read(data_dir)
    if last is None or is_locked(data_dir):
        return last
    for part in last.parts.values():
        if find(part) is None:
            _set_stopped(part)
        else:
            part.status, part.why = "unready", "runs without a supervisor: 'weerklank up' takes over, 'weerklank down' stops it"
    last.status = "degraded" if any(part.pid for part in last.parts.values()) else "stopped"
    return last


def stopped(state: StackState) -> StackState:
    """``state`` after everything in it was stopped."""
    for part in state.parts.values():
        _set_stopped(part)
    return state.model_copy(update={"status": "stopped", "since": datetime.now(UTC)})


def _set_stopped(part: PartState) -> None:
    part.pid, part.create_time, part.status, part.why = None, None, "stopped", ""
