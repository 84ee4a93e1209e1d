"""One part of the stack as a process: started, found again, asked whether it is well, stopped.

The supervisor decides when; nothing here waits for anything but the process itself.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from cli.stack import keys
from cli.stack.ports import SERVICES
from cli.stack.state import PartState, PartStatus

LOG_LIMIT_BYTES = 10 << 20
LOGS_KEPT = 3
PROBE_TIMEOUT_S = 3.0
# Where services, libs and cli lie side by side: the repository, or wherever a wheel put them.
ROOT = Path(__file__).resolve().parents[2]

# The services that reach a brand's mailbox, mail server, webhooks and chats, with the secrets that its book refers to.
WITH_SECRETS = ("ingest", "routing", "responder")

# Returns why the part is not known to be ready, or "" when it is. What keeps us from asking is such a reason, never an error.
Probe = Callable[[], Awaitable[str]]


# Sent one after the other until the process is gone, each with its own patience in seconds.
STOP_SIGNALS = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))
# SIGINT is PostgreSQL's fast shutdown (roll back, disconnect, checkpoint), SIGQUIT its immediate one.
POSTGRES_STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


@dataclass
class Part:
    """What is fixed about a part, then what changes. ``mark`` is the argument by which its process is recognised."""

    name: str
    port: int
    argv: Sequence[str]
    mark: str
    log: Path
    probe: Probe
    env: Mapping[str, str] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    stop_signals: Sequence[tuple[signal.Signals, float]] = STOP_SIGNALS
    liveness: Probe | None = None
    # What must be done before each start, the restarts included.
    before: Callable[[], None] = lambda: None

    process: psutil.Process | None = None
    child: "subprocess.Popen[bytes] | None" = None
    status: PartStatus = "stopped"
    why: str = ""
    restarts: int = 0
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    became_ready: asyncio.Event = field(default_factory=asyncio.Event)

    def set_status(self, status: PartStatus, why: str = "") -> bool:
        """Notes ``status``; True when that is news."""
        if (status, why) == (self.status, self.why):
            return False
        if status != self.status:
            self.since = datetime.now(UTC)
        self.status, self.why = status, why
        if status == "ready":
            self.became_ready.set()
        return True

    def spawn(self) -> None:
        """Starts the process in a session of its own: a Ctrl-C in the terminal reaches the supervisor only.

        Raises OSError; nothing runs then.
        """
        self.before()
        rotate(self.log)
        with self.log.open("ab") as log:
            arguments = {"cwd": ROOT, **self.arguments}
            self.child = subprocess.Popen(
                list(self.argv),
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **arguments,
            )
        try:
            self.process = psutil.Process(self.child.pid)
        except OSError:
            # Who can't look at a process can't stop it or find it again.
            self.child.kill()
            self.child.wait()
            raise

    def adopt(self, process: psutil.Process) -> None:
        """Takes over a process that an earlier supervisor started."""
        self.child, self.process = None, process

    def is_alive(self) -> bool:
        """Whether the process runs, as far as can be seen (a frozen one does). Reaps it when it ended and is our child."""
        if self.child is not None:
            return self.child.poll() is None
        try:
            return self.process is not None and self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except OSError:
            # No file is left to read /proc with: that says nothing about it, and one taken for dead would be started twice.
            return True

    def exit_text(self) -> str:
        """How the process ended, and its last words."""
        code = self.child.returncode if self.child is not None else None
        if code is None:
            ended = "ended"
        elif code < 0:
            ended = f"was killed by {signal.Signals(-code).name}"
        else:
            ended = f"ended with exit code {code}"
        words = last_line(self.log)
        return f"{ended}; last line of {self.log}: {words}" if words else f"{ended}; {self.log} is empty"

    async def ended(self, within_s: float) -> None:
        """Returns when the process has ended, or after ``within_s``."""
        deadline = time.monotonic() + within_s
        # A process that isn't our child can only be asked, not awaited.
        while self.is_alive() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Ends the process for good."""
        await self.end()
        self.process = self.child = None

    async def end(self) -> None:
        """Ends the process as its ``stop_signals`` say; returns once it is gone. How it ended can still be asked."""
        for number, patience_s in self.stop_signals:
            if not self.is_alive():
                break
            assert self.process is not None
            with contextlib.suppress(psutil.NoSuchProcess):
                self.process.send_signal(number)
                # A frozen process would hear it only when woken.
                self.process.send_signal(signal.SIGCONT)
            await self.ended(patience_s)

    def state(self) -> PartState:
        created: float | None = None
        if self.process is not None:
            with contextlib.suppress(psutil.Error):
                created = self.process.create_time()
        return PartState(
            pid=self.process.pid if self.process is not None else None,
            mark=self.mark,
            create_time=created,
            port=self.port,
            status=self.status,
            why=self.why,
            restarts=self.restarts,
            since=self.since,
            log=self.log,
        )


def rotate(log: Path, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """Renames a ``log`` that has grown over the limit to .1, .1 to .2 and so on; the last one goes."""
    if not log.exists() or log.stat().st_size < limit_bytes:
        return
    for number in range(LOGS_KEPT, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        newer = log.with_name(f"{log.name}.{number - 1}") if number > 1 else log
        if newer.exists():
            newer.replace(older)


def last_line(log: Path) -> str:
    """The last line of ``log`` that isn't empty, at most 500 characters of it."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "")


def http_probe(port: int, path: str) -> Probe:
    """Asks ``path`` on 127.0.0.1:``port``: well is a 200. The reason is the answer's ``why``, or what went wrong."""

    async def probe() -> str:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                status, body = await _get(port, path)
        except TimeoutError:
            return f"no answer within {PROBE_TIMEOUT_S:.0f} s"
        except OSError:
            return "not listening yet"
        if status == 200:
            return ""
        try:
            return "; ".join(json.loads(body)["why"]) or f"{path} answered {status}"
        except (ValueError, KeyError, TypeError):
            return f"{path} answered {status}"

    return probe


def thread_probe(ask: Callable[[], bool], what: str) -> Probe:
    """The same for a question that blocks; it is asked in a thread."""

    async def probe() -> str:
        try:
            return "" if await asyncio.to_thread(ask) else f"{what} does not answer yet"
        except (OSError, RuntimeError) as error:
            # RuntimeError is what Python raises where the system gives no new thread.
            return f"{what} could not be asked ({error})"

    return probe


async def _get(port: int, path: str) -> tuple[int, bytes]:
    """A GET over HTTP/1.0, where the end of the body is the end of the connection. Returns the status and the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        if len(words) < 2 or not words[1].isdigit():
            raise ConnectionError("not HTTP")
        return int(words[1]), body
    finally:
        writer.close()


def service_command(service: str) -> list[str]:
    """The argument list of one service's process."""
    return [sys.executable, "-m", f"services.{service}"]


def secrets_dir(data_dir: Path) -> Path:
    """Where the brands' secrets of a local stack lie."""
    return data_dir / "secrets"


def service_environment(
    service: str, *, inherited: Mapping[str, str], kafka: str, database_url: str, port: int, jwks: Path, secrets: Path
) -> dict[str, str]:
    """The environment of one service: what was inherited, without the other services' settings, and its own.

    Another service's settings hold that one's passwords and tokens. Whoever names an issuer of their own
    (``WEERKLANK_TRIAGE_JWKS``, ``_ISSUER``, ``_AUDIENCE``) keeps it, and so does who names another folder of secrets
    (``WEERKLANK_RESPONDER_SECRETS_DIR``): those of the services that reach the brands' channels lie in ``secrets``. Routing gets the local
    issuer's key, unless it has another issuer.
    """
    others = tuple(f"WEERKLANK_{other.upper()}_" for other in SERVICES if other != service)
    own = f"WEERKLANK_{service.upper()}_"
    ours = {own + "JWKS": str(jwks), own + "ISSUER": keys.ISSUER, own + "AUDIENCE": keys.AUDIENCE}
    if service == "routing" and not any(name in inherited for name in ours):
        ours[own + "SIGNING_KEY"] = str(keys.signing_key(jwks.parent.parent))
    if service in ("ingest", "routing", "responder") and (answer_key := keys.answer_key(jwks.parent.parent)):
        ours[own + "ANSWER_KEY"] = answer_key
    if service in WITH_SECRETS:
        ours[own + "SECRETS_DIR"] = str(secrets)
    return {
        **{name: value for name, value in inherited.items() if not name.startswith(others)},
        **{name: value for name, value in ours.items() if name not in inherited},
        own + "KAFKA": kafka,
        own + "DATABASE_URL": database_url,
        own + "HOST": "127.0.0.1",
        own + "PORT": str(port),
        own + "INSTANCE": f"{service}-0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), inherited.get("PYTHONPATH")))),
    }
