"""``make run`` (``python -m cli.run``): its two options, and what its errors look like. What it does is in ``cli.samples``."""

from pathlib import Path
from typing import Annotated

import typer

from cli.main import failing
from cli.options import DATA_DIR, BasePort

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def main(
    data_dir: Annotated[Path, typer.Option("--data-dir", envvar="WEERKLANK_DATA_DIR", help="Where everything is kept")] = DATA_DIR,
    base_port: BasePort = None,
) -> None:
    """Start everything, send the samples through it, show what became of them, and run until Ctrl-C."""
    from cli import samples
    from cli.stack import state
    from cli.stack.settings import Settings

    samples.run(Settings(data_dir=data_dir, base_port=state.base_port(data_dir, base_port)))


if __name__ == "__main__":
    failing(app)
