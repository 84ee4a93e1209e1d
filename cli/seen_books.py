"""Which version of each brand's book was last seen from a data directory, so that nobody publishes over a colleague's version unseen.

A look (a dry run, the newest source, a comparison) and a publication leave their version here; ``apply`` and ``rollback`` ask whether the book that
stands is newer. Nothing is remembered on a new machine: nobody can have looked there.
"""

import contextlib
from dataclasses import dataclass
from itertools import islice, takewhile

from cli import kept
from cli.client import Client
from cli.errors import WRONG, CommandError

_FILE = "seen-books.json"
_MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """The version of a book that holds, who published it when, and which fields that changed."""

    version: int
    by: str
    at: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"version {self.version}, which {self.by} published {_moment(self.at)}"

    def in_short(self) -> str:
        """For whoever has just replaced it: enough to see whether that was somebody else's, and what may be lost."""
        changed = "the first" if self.version == 1 else f"it changed: {', '.join(self.fields) or 'nothing'}"
        return f"version {self.version} by {self.by} of {_moment(self.at)} ({changed})"


def standing(client: Client, brand: str) -> Standing | None:
    """None: the brand has no book yet."""
    newest = next(iter(client.items("routing", f"/v1/brands/{brand}/book/versions", brand, params={"limit": 1})), None)
    return Standing(newest["version"], newest["published_by"], newest["published_at"], tuple(newest["fields"])) if newest else None


def last(client: Client, brand: str) -> int | None:
    """The version that was last seen from here; none where nobody ever looked."""
    return _all(client).get(_place(client), {}).get(brand)


def remember(client: Client, brand: str, version: int) -> None:
    """Where nothing can be written nothing is remembered: a look must not fail for that."""
    found = _all(client)
    found.setdefault(_place(client), {})[brand] = version
    with contextlib.suppress(OSError):
        kept.write(client.data_dir / _FILE, found)


def published_since(client: Client, brand: str, since: int, version: int) -> CommandError:
    """The refusal to replace ``version`` with what was written from ``since``: who published what meanwhile, how to look at it and how to go on."""
    items = client.items("routing", f"/v1/brands/{brand}/book/versions", brand, params={"limit": _MOST_TOLD})
    newer = list(islice(takewhile(lambda item: item["version"] > since, items), _MOST_TOLD))
    told = [
        f"  version {item['version']}, by {item['published_by']} {_moment(item['published_at'])}: "
        + ("the first" if item["version"] == 1 else ", ".join(item["fields"]))
        + (f" ({item['note']})" if item["note"] else "")
        for item in reversed(newer)
    ]
    look = f"weerklank book diff --brand {brand} {since} {version}" if 0 < since < version else f"weerklank book show --brand {brand}"
    return CommandError(
        "\n".join(
            [
                f"{brand} is at version {version}, and this was written from {f'version {since}' if since else 'no version of it'}. "
                "Nothing was published." + (" Since then:" if told else ""),
                *told,
                f"Look at it: {look}",
                "Go on: bring it into your file and publish that, or publish yours over it as it is, with --onto " + str(version),
            ]
        ),
        WRONG,
    )


def _moment(text: str) -> str:
    return f"{text[:16].replace('T', ' ')} UTC"


def _place(client: Client) -> str:
    """Versions of one installation say nothing about another's."""
    return client.elsewhere("routing") or "here"


def _all(client: Client) -> dict[str, dict[str, int]]:
    found = kept.read(client.data_dir / _FILE, ". It says which versions of brand books were seen from here.")
    return {place: dict(seen) for place, seen in found.items() if isinstance(seen, dict)} if isinstance(found, dict) else {}
