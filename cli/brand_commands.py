"""The names and flags of what makes and keeps a brand: ``weerklank book``, ``brand`` and ``secret``. What they do is in the modules that they import."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from cli.options import DATA_DIR, DataDir, Onto

book_app = typer.Typer(help="The versions of a brand's book: look, compare, go back.", rich_markup_mode=None, no_args_is_help=True)

Brand = Annotated[str, typer.Option("--brand", help="The brand's slug")]


@book_app.command("history")
def book_history(brand: Brand, data_dir: DataDir = DATA_DIR) -> None:
    """List the versions: when, by whom, what changed, and why."""
    from cli import books
    from cli.client import Client

    with Client(data_dir) as client:
        books.history(client, brand)


@book_app.command("show")
def book_show(
    brand: Brand,
    version: Annotated[Optional[int], typer.Option("--version", min=1, help="Which; without it the newest")] = None,  # noqa: UP045
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Print a version as it was written (YAML). Exit code 4 when there is none."""
    from cli import books
    from cli.client import Client

    with Client(data_dir) as client:
        books.show(client, brand, version)


@book_app.command("diff")
def book_diff(
    brand: Brand,
    old: Annotated[int, typer.Argument(min=1, help="A version")],
    new: Annotated[Optional[int], typer.Argument(min=1, help="Another; without it the newest")] = None,  # noqa: UP045
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Show what differs between two versions, by meaning."""
    from cli import books
    from cli.client import Client

    with Client(data_dir) as client:
        books.diff(client, brand, old, new)


@book_app.command("rollback")
def book_rollback(
    brand: Brand,
    to: Annotated[int, typer.Option("--to", min=1, help="The version to go back to")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change, and for which open cases")] = False,
    note: Annotated[Optional[str], typer.Option("--note", help="Why, for the book's history")] = None,  # noqa: UP045
    onto: Onto = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Publish an earlier version again, as a new one. Exit code 2 when today's rules no longer allow it, or somebody published meanwhile."""
    from cli import books
    from cli.client import Client

    with Client(data_dir) as client:
        books.rollback(client, brand, to, dry_run=dry_run, note=note, onto=onto)


secret_app = typer.Typer(
    help="Passwords that a brand's book refers to, kept beside the local stack's data.", rich_markup_mode=None, no_args_is_help=True
)
BrandArgument = Annotated[str, typer.Argument(metavar="BRAND", help="The brand's slug")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name (mail), or the reference as the book has it (file:vaart-imap)")]


@secret_app.command("set")
def secret_set(brand: BrandArgument, name: Name, data_dir: DataDir = DATA_DIR) -> None:
    """Keep a password: it is asked for without echo, or read from standard input. Services use it from then on, without a restart."""
    from cli import brand_secrets

    brand_secrets.set_(data_dir, brand, name)


@secret_app.command("list")
def secret_list(
    brand: Annotated[Optional[str], typer.Option("--brand", help="Only this brand's")] = None,  # noqa: UP045
    data_dir: DataDir = DATA_DIR,
) -> None:
    """List the references, never what they stand for."""
    from cli import brand_secrets

    brand_secrets.list_(data_dir, brand)


@secret_app.command("remove")
def secret_remove(brand: BrandArgument, name: Name, data_dir: DataDir = DATA_DIR) -> None:
    """Forget one. Exit code 4 when there is none."""
    from cli import brand_secrets

    brand_secrets.remove(data_dir, brand, name)


brand_app = typer.Typer(help="A brand of one's own.", rich_markup_mode=None, no_args_is_help=True)


@brand_app.callback()
def brand() -> None:
    """So that `new` stays a word of its own while it is the only one."""


@brand_app.command("new")
def brand_new(
    file: Annotated[Optional[Path], typer.Argument(help="Where the book goes; without it BRAND.yaml")] = None,  # noqa: UP045
    answers: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--answers", help="A YAML file with answers (name, mailbox, team, …): nothing is asked, the rest are defaults"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a book that is there")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Ask what a brand book needs, write a first one, and say what comes next. An interview that breaks off goes on where it was."""
    from cli import brand_new as interviews

    interviews.new(file, answers, force=force, data_dir=data_dir)
