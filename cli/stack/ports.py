"""Which part of the stack listens on which port, and whether those ports are to be had.

In: the base port (8600 unless ``--base-port``). Out: a table part → port, or a sentence about who is in the way.
"""

import socket
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import psutil

from cli.stack.errors import StackError

BASE_PORT = 8600
SERVICES = ("ingest", "triage", "routing", "responder", "analytics")
OFFSETS: Mapping[str, int] = MappingProxyType(
    {name: offset for offset, name in enumerate(SERVICES, start=1)} | {"kafka": 10, "kafka-controller": 11, "postgres": 12}
)


def table(base_port: int = BASE_PORT) -> dict[str, int]:
    """Every part's port. Raises ``StackError`` when the range would leave 1024–65535."""
    highest = max(OFFSETS.values())
    if not 1024 <= base_port <= 65535 - highest:
        raise StackError(
            f"--base-port {base_port} is out of range: choose one from 1024 to {65535 - highest}, since the parts use the "
            f"{highest} ports above it."
        )
    return {part: base_port + offset for part, offset in OFFSETS.items()}


def check_free(ports: Mapping[str, int]) -> None:
    """Raises ``StackError`` naming each of ``ports`` on which somebody listens, who that is, and what to do."""
    taken = [f"{port} ({part}) is held by {_holder(port)}" for part, port in ports.items() if not _is_free(port)]
    if taken:
        raise StackError(
            f"Port {'; port '.join(taken)}. Stop that program, or start the stack elsewhere with --base-port (make run BASE_PORT=9600)."
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections are still closing down can be listened on.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    """Who listens on ``port``, as far as this user may see it."""
    try:
        pids: Iterable[int | None] = (
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        )
        pid = next((found for found in pids if found is not None), None)
        return "a process of another user" if pid is None else f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return "another process"
