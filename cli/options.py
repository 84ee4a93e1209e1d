"""The options that commands of several files have, and their defaults."""

from pathlib import Path
from typing import Annotated

import typer

DATA_DIR = Path(".data")

DataDir = Annotated[Path, typer.Option("--data-dir", envvar="WEERKLANK_DATA_DIR", help="Where the local stack keeps its data")]
