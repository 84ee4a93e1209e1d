"""Secrets of a brand's channels: which of them a brand book may name, and what they are.

A reference comes in, as whoever may change a brand's book has written it; the value goes out, to that brand's channel and nowhere else. Environment
and folder hold the secrets of every brand, and the services' own: whose one is, its name says.
"""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

_OURS = "WEERKLANK_"


class SecretMissing(Exception):
    """A reference leads nowhere, or not yet. The text names the reference, never a value."""


class SecretRefused(Exception):
    """A reference leads to what is not this brand's. The text names the reference and the rule, never a value."""


def belongs(reference: str, brand: str, brands: Iterable[str]) -> bool:
    """Whether `env:NAME` or `file:name` is a secret of this brand: its name begins with the brand's, or it lies in the brand's own folder.

    `brands` are all that are known: where two fit, the longer one is meant, so VAART_ZAKELIJK_SMTP is not vaart's beside a brand vaart-zakelijk.
    What begins with WEERKLANK_ is the services' and nobody's. Names of files are compared in lower case, as some file systems do.
    """
    kind, _, name = reference.partition(":")
    known = {brand, *brands}
    if kind == "env":
        fitting = [] if name.startswith(_OURS) else [slug for slug in known if name.startswith(_variable(slug))]
    elif kind == "file" and "/" in name:
        first, *rest = name.split("/")
        fitting = [] if ".." in rest else [slug for slug in known if slug == first]
    elif kind == "file":
        fitting = [slug for slug in known if name.lower().startswith(f"{slug}-")]
    else:
        fitting = []
    return max(fitting, key=len, default=None) == brand


async def read(reference: str, brand: str, brands: Iterable[str], folder: Path) -> str:
    """What `env:NAME` or `file:name` of this brand's book stands for. The value is never logged or stored.

    Raises `SecretRefused` when it is not this brand's (see `belongs`) or lies outside the folder, by a link too; `SecretMissing` when there is none.
    """
    if not belongs(reference, brand, brands):
        raise SecretRefused(f"The secret {refusal(reference, brand)}.")
    kind, _, name = reference.partition(":")
    value: str | None
    if kind == "env":
        value = os.environ.get(name, "")
    else:
        try:
            value = await asyncio.to_thread(_read, name, folder)
        except FileNotFoundError as error:
            raise SecretMissing(f"The secret {reference} is not set.") from error
        except (OSError, RuntimeError, UnicodeDecodeError) as error:  # RuntimeError: links that go round in a circle
            raise SecretMissing(f"The secret {reference} cannot be read: {type(error).__name__}.") from error
        if value is None:
            raise SecretRefused(f"The secret {reference} leads out of the folder of secrets.")
    if not value:
        raise SecretMissing(f"The secret {reference} is not set.")
    return value


def refusal(reference: str, brand: str) -> str:
    """Why a reference is not this brand's, to be said of "the secret"."""
    return (
        f"{reference} is not one of this brand: a name begins with env:{_variable(brand)} or file:{brand}-, "
        f"or is that of a file in the folder {brand}/, and where another brand's name fits too, the longer one counts"
    )


def remedy(reference: str, brand: str, file: Path | None = None) -> str:
    """What to do so that a reference of this brand's book leads to a value. ``file``: where that is looked up, for whoever may know."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        return f"Set the environment variable {name} where the service is started, and start it anew."
    written = f"the file {file}" if file else f"the file {name} in the service's folder of secrets"
    return (
        f"Beside a local stack: weerklank secret set {brand} {reference}. Elsewhere write it into {written}, readable by the service only."
    )


def _variable(brand: str) -> str:
    return f"{brand.upper().replace('-', '_')}_"


def _read(name: str, folder: Path) -> str | None:
    """The text of a file; none when it is not in the folder, wherever its name or a link leads."""
    inside = folder.resolve()
    path = (inside / name).resolve()
    return path.read_text("utf-8").rstrip("\r\n") if path.is_relative_to(inside) else None
