"""The names and flags of ``weerklank rules``. What it does is in the modules that it imports."""

from pathlib import Path
from typing import Annotated, Optional

import typer

rules_app = typer.Typer(
    help="The routing rules of a brand book: try them before they are published.", rich_markup_mode=None, no_args_is_help=True
)


@rules_app.callback()
def _any() -> None:
    pass


@rules_app.command("test")
def rules_test(
    file: Annotated[Path, typer.Argument(help="Cases, and what the rules should make of them (YAML; docs/rules.md)")],
    brandbook: Annotated[Optional[Path], typer.Option("--brandbook", help="The brand book; else the one that FILE names")] = None,  # noqa: UP045
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also of the cases that are as expected, why no other rule decided")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Say for each case of a file which rule decides, and whether that is what was expected. Needs nothing that runs.

    Also says which rules never decide anything because an earlier one always does, and which none of the cases reaches. Exit code 0: all as expected;
    1: not; 2: the file or the brand book is wrong.
    """
    from cli import rules_test as tests

    raise typer.Exit(tests.test(file, brandbook, verbose=verbose, as_json=as_json))
