"""``weerklank secret``: the passwords that a brand's book refers to, kept in the folder in which the local stack's services look them up.

In: a password from the keyboard without echo, or from standard input; never an argument, which other users of the machine could read. Out: a file that
only its owner reads, and the reference that the book names it by. Services read a secret when they use it: nothing is restarted.
"""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import typer

from cli.client import known_brands
from cli.console import console, table
from cli.errors import NOT_FOUND, WRONG, CommandError
from cli.stack.parts import WITH_SECRETS, secrets_dir
from libs.common.secret import belongs

MAX_CHARS = 10_000
_BRAND = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}")


class Place(NamedTuple):
    """Where a secret lies (`inside` the folder of secrets), and how a brand book names it."""

    inside: Path
    path: Path
    reference: str


def folder(data_dir: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the services of this stack look secrets up. Raises ``CommandError`` when the environment sends them to different places."""
    told = {environment[name] for service in WITH_SECRETS if (name := f"WEERKLANK_{service.upper()}_SECRETS_DIR") in environment}
    if len(told) > 1:
        raise CommandError(
            f"The environment names several folders of secrets ({', '.join(sorted(told))}): make them one, or put the file there."
        )
    return Path(told.pop()) if told else secrets_dir(data_dir)


def place(data_dir: Path, brand: str, name: str) -> Place:
    """``name`` is a plain name, or a reference as the book has it: ``file:vaart-imap``. Raises ``CommandError`` for what is not this brand's."""
    if not _BRAND.fullmatch(brand):
        raise CommandError(f"{brand!r} is no brand's slug (a-z, 0-9 and -).", WRONG)
    if name.startswith("env:"):
        raise CommandError(f"{name} is a variable of the services' environment: set it there, or write file:{brand}/… in the book.", WRONG)
    reference = name if name.startswith("file:") else f"file:{brand}/{name}"
    parts = reference.removeprefix("file:").split("/")
    if not all(_NAME.fullmatch(part) for part in parts):
        raise CommandError(f"{name!r} is no name of a secret: letters, digits, . _ and -, not beginning with a dot.", WRONG)
    if not belongs(reference, brand, known_brands(data_dir)):
        raise CommandError(f"{reference} is not a secret of {brand}: its name begins with {brand}- or lies in {brand}/.", WRONG)
    inside = folder(data_dir)
    path = inside.joinpath(*parts)
    if not path.parent.resolve().is_relative_to(inside.resolve()):
        raise CommandError(f"{path.parent} leads out of the folder of secrets: services would not read it there.", WRONG)
    return Place(inside, path, reference)


def ask(what: str) -> str:
    """A secret from the keyboard, twice and without echo, or all of standard input without the newline at its end."""
    if sys.stdin.isatty():
        value: str = typer.prompt(what, hide_input=True, confirmation_prompt=True, err=True)
    else:
        value = sys.stdin.read(MAX_CHARS + 1).rstrip("\r\n")
    if not value.strip() or len(value) > MAX_CHARS or "\0" in value:
        raise CommandError(f"A secret is not empty, has at most {MAX_CHARS} characters, and none of them is NUL. Nothing was kept.", WRONG)
    return value


def keep(found: Place, value: str) -> None:
    """Writes the file in one step: a service that reads meanwhile sees the old secret or the new one. Raises ``CommandError``."""
    try:
        found.inside.parent.mkdir(parents=True, exist_ok=True)
        within = found.path.parent.relative_to(found.inside)
        for step in reversed([within, *within.parents]):  # one by one: only the last one of `parents=True` would get the mode
            (found.inside / step).mkdir(exist_ok=True, mode=0o700)
        unfinished, name = tempfile.mkstemp(dir=found.path.parent, prefix=".new-")  # made with mode 0600
        try:
            with os.fdopen(unfinished, "w", encoding="utf-8") as file:
                file.write(value)
            Path(name).replace(found.path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise CommandError(f"{found.path} can't be written ({error.strerror}).") from error


def set_(data_dir: Path, brand: str, name: str) -> None:
    found = place(data_dir, brand, name)
    keep(found, ask(f"{found.reference}, which is not shown"))
    sys.stdout.write(f"kept: {found.reference}, as {brand}'s book names it ({found.path})\n")


def list_(data_dir: Path, brand: str | None) -> None:
    """The references, and when each was set; never what they stand for."""
    inside = folder(data_dir)
    shown = table("reference", "set")
    brands = known_brands(data_dir)
    for path in sorted(inside.rglob("*")):
        reference = f"file:{path.relative_to(inside).as_posix()}"
        if path.name.startswith(".") or not path.is_file() or (brand is not None and not belongs(reference, brand, brands)):
            continue
        shown.add_row(reference, datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC"))
    if shown.row_count:
        console().print(shown)
    else:
        sys.stdout.write(f"no secrets{f' of {brand}' if brand else ''} in {inside}\n")


def remove(data_dir: Path, brand: str, name: str) -> None:
    found = place(data_dir, brand, name)
    try:
        found.path.unlink()
    except FileNotFoundError as error:
        raise CommandError(f"There is no secret {found.reference} in {folder(data_dir)}.", NOT_FOUND) from error
    except OSError as error:
        raise CommandError(f"{found.path} can't be removed ({error.strerror}).") from error
    sys.stdout.write(f"removed: {found.reference}\n")
