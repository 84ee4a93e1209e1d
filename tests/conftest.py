"""Fixtures that every test may ask for: a real Kafka, a real PostgreSQL, each started once per session if needed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.stack import Databases, KafkaServer, PostgresServer

if TYPE_CHECKING:
    from services.triage.classify import Classifier

settings.register_profile("ours", deadline=None)  # how long an example takes depends on what else the machine does
settings.load_profile("ours")

LONGEST_FIRST = (
    "faults/test_outages.py",
    "faults/test_kills.py",
    "e2e/test_every_operation.py",
    "docs/test_commands.py",
    "e2e/test_command_line.py",
    "integration/ingest/test_mailbox_faults.py",
    "integration/test_redelivery.py",
    "e2e/test_one_case.py",
    "integration/ingest/test_kafka_gone.py",
    "faults/test_supervisor.py",
    "e2e/test_brand_isolation.py",
    "integration/doctor/test_broken_worlds.py",
    "integration/common/test_stream.py",
    "integration/cli/test_supervisor.py",
    "integration/deploy/test_dashboards.py",
    "integration/cli/test_servers.py",
)
"""What takes a worker of `make test` most of a minute and more: begun last, the others would wait for it."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several workers share the files they begin with the longest; who runs tests alone gets them as they stand."""
    if hasattr(config, "workerinput"):
        here = Path(__file__).parent
        rank = {(here / name).resolve(strict=True): number for number, name in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: rank.get(item.path, len(rank)))


@contextmanager
def _folder() -> Iterator[Path]:
    """A short path (a Unix socket must fit below it) that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="weerklank-") as directory:
        path = Path(directory)
        # PostgreSQL runs as another user when the tests run as root, and must get through.
        path.chmod(0o711)
        yield path


@pytest.fixture(scope="session")
def server_dir() -> Iterator[Path]:
    """Where the session's servers live."""
    with _folder() as path:
        yield path


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Where a module's own stack lives."""
    with _folder() as path:
        yield path


@pytest.fixture(scope="session")
def kafka_server(server_dir: Path) -> Iterator[KafkaServer]:
    """The session's broker with its handles: ``kill``, ``freeze``, ``thaw``, ``stop``, ``start``. Leave it running."""
    server = KafkaServer(server_dir / "kafka")
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def kafka(kafka_server: KafkaServer) -> str:
    """The session's broker as ``bootstrap_servers``. Topics are shared by the session: make names of your own."""
    return kafka_server.bootstrap


@pytest.fixture(scope="session")
def postgres_server(server_dir: Path) -> Iterator[PostgresServer]:
    """The session's PostgreSQL with its handles, the same as the broker's. Leave it running."""
    server = PostgresServer(server_dir / "postgres")
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[Databases]:
    """``postgres.database()`` returns the URL of a fresh database; all of a test's are dropped when it ends."""
    databases = Databases(postgres_server)
    yield databases
    databases.drop_all()


@pytest.fixture(scope="session")
def classifier() -> "Classifier":
    """The models that ship. Nothing changes them; each reading takes a second and 200 MB."""
    from services.triage.classify import Classifier  # only the tests that ask for it wait for its packages

    return Classifier.load()
