"""Small files that the command line keeps: read whole, written in one step."""

import json
from pathlib import Path
from typing import Any

from cli.errors import CommandError


def read(path: Path, remedy: str) -> Any:
    """The JSON of a file; None where there is none. Raises ``CommandError`` for one that can't be read, with what to do beside deleting it."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} can't be read: delete it{remedy}") from error


def write(path: Path, value: object) -> None:
    """As JSON, in a folder that need not be there yet. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(value))


def write_text(path: Path, text: str) -> None:
    """No reader sees half a file, whenever it breaks off. Raises ``OSError``."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
