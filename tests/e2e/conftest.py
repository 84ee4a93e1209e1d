"""Each module here has one Weerklank of its own, in a folder that is gone after it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A short path (a Unix socket must fit below it) that PostgreSQL's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="weerklank-") as directory:
        path = Path(directory)
        path.chmod(0o711)
        yield path
