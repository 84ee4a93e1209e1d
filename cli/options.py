"""The options that commands of several files have, and their defaults."""

from pathlib import Path
from typing import Annotated, Optional

import typer

DATA_DIR = Path(".data")

DataDir = Annotated[Path, typer.Option("--data-dir", envvar="WEERKLANK_DATA_DIR", help="Where the local stack keeps its data")]

BasePort = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--base-port",
        help="Services at +1 to +5, Kafka at +10, PostgreSQL at +12; without it as the last time on this data directory, or 8600",
    ),
]

Onto = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--onto", min=1, metavar="VERSION", help="Publish over exactly this version, also one that was never looked at from here"),
]
