"""What people see: tables on standard output, progress on standard error, so that a program can read the one without the other."""

import sys
from typing import IO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.style import StyleType
from rich.table import Table

WIDTH_WITHOUT_TERMINAL = 10_000


def plain(text: str) -> str:
    """Without what would move a terminal's cursor, or speak to it: others wrote it."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


class _Table(Table):
    """Cells of text are plain, whoever wrote what is in them."""

    def add_row(self, *cells: RenderableType | None, style: StyleType | None = None, end_section: bool = False) -> None:
        super().add_row(*(plain(cell) if isinstance(cell, str) else cell for cell in cells), style=style, end_section=end_section)


def console(*, stderr: bool = False) -> Console:
    """A console on what is standard output or error now. Without a terminal no line is broken, so that it can be searched."""
    stream: IO[str] = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else WIDTH_WITHOUT_TERMINAL)


def table(*columns: str) -> Table:
    """An empty table without a frame. A column whose name begins with ``>`` is aligned to the right."""
    made = _Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return made


def bar() -> Progress:
    """A progress bar on standard error; ``fields[said]`` of a task is what it says at its end."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
        console=console(stderr=True),
        transient=False,
    )
