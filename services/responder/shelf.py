"""The scripts that people may start from, in one list: the brand book's, which a version of the book changes, and the team's own, which a lead changes.

A team's script is named `team:` and its id, so that it is never one of the book. One that is retired is offered no more; what was made from it still names
it, and its versions stay.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.common import db
from libs.common.books import Published
from libs.common.bookscripts import Script

PREFIX = "team:"
MOST = 2000
"""Scripts of a team that are offered at once."""


@dataclass(frozen=True, slots=True)
class TeamScript:
    """A script of the team. `script.id` is without the prefix."""

    brand: str
    id: str
    version: int
    state: str
    script: Script
    changed_by: str
    changed_at: datetime

    @property
    def named(self) -> Script:
        """The script as a draft names it."""
        return self.script.model_copy(update={"id": PREFIX + self.id})


def _team_script(row: Any) -> TeamScript:
    return TeamScript(**{**dict(row), "script": Script.model_validate(row["script"])})


def of_book(published: Published, script: str) -> Script | None:
    """A script of the brand book by its id."""
    return next((known for known in published.book.scripts if known.id == script), None)


async def find(connection: db.Connection, published: Published, script: str) -> Script | None:
    """One that is offered, by the name that a draft gives it."""
    if not script.startswith(PREFIX):
        return of_book(published, script)
    found = await one(connection, published.book.brand, script.removeprefix(PREFIX))
    return found.named if found and found.state == "offered" else None


async def one(connection: db.Connection, brand: str, id: str, *, lock: bool = False) -> TeamScript | None:
    row = await connection.fetchrow(
        f"select * from team_script where brand = $1 and id = $2{' for update' if lock else ''}",
        brand,
        id,
    )
    return _team_script(row) if row else None


async def offered(connection: db.Connection, brand: str) -> list[TeamScript]:
    """The team's own, in order of their ids."""
    rows = await connection.fetch("select * from team_script where brand = $1 and state = 'offered' order by id limit $2", brand, MOST)
    return [_team_script(row) for row in rows]


async def versions(connection: db.Connection, brand: str, id: str) -> list[TeamScript]:
    """All that it was, the newest first."""
    rows = await connection.fetch(
        "select * from team_script_version where brand = $1 and id = $2 order by version desc limit 100", brand, id
    )
    return [_team_script(row) for row in rows]


async def version(connection: db.Connection, brand: str) -> int:
    """How often the team's scripts have changed."""
    return await connection.fetchval("select version from script_shelf where brand = $1", brand) or 0


async def hold(connection: db.Connection, brand: str) -> None:
    """Those who change the scripts of one brand wait for each other until their transactions end: whoever sees the shelf's new version sees all that it is
    the version of."""
    await connection.execute(
        "insert into script_shelf (brand, version) values ($1, 1) on conflict (brand) do update set version = script_shelf.version + 1",
        brand,
    )


async def put(connection: db.Connection, row: TeamScript) -> None:
    """Write one with its version, on a shelf that the caller holds."""
    values = (row.brand, row.id, row.version, row.state, row.script.model_dump(mode="json"), row.changed_by, row.changed_at)
    await connection.execute(
        "insert into team_script (brand, id, version, state, script, changed_by, changed_at) values ($1, $2, $3, $4, $5, $6, $7) "
        "on conflict (brand, id) do update set version = excluded.version, state = excluded.state, script = excluded.script, "
        "changed_by = excluded.changed_by, changed_at = excluded.changed_at",
        *values,
    )
    await connection.execute(
        "insert into team_script_version (brand, id, version, state, script, changed_by, changed_at) values ($1, $2, $3, $4, $5, $6, $7)",
        *values,
    )


async def count(connection: db.Connection, brand: str) -> int:
    number: int = await connection.fetchval("select count(*) from team_script where brand = $1 and state = 'offered'", brand)
    return number


class Shelf:
    """A copy of the team's scripts that answer a label, for whoever asks at every batch of events."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, tuple[Script, ...]]] = {}

    async def labelled(self, connection: db.Connection, brands: Collection[str]) -> dict[str, Sequence[Script]]:
        """By brand, as a draft names them; read again where they have changed."""
        if not brands:
            return {}
        rows = await connection.fetch("select brand, version from script_shelf where brand = any($1::text[])", list(brands))
        found: dict[str, Sequence[Script]] = {}
        for row in rows:
            brand, newest = row["brand"], row["version"]
            known = self._known.get(brand)
            if known is None or known[0] != newest:
                scripts = tuple(one.named for one in await offered(connection, brand) if one.script.label)
                known = self._known[brand] = newest, scripts
            found[brand] = known[1]
        return found
