"""Migrations: numbered SQL files, each applied once, in order, by whichever instance comes first.

The bookkeeping of `libs/common/migrations` comes first in every schema, then the service's own `migrations/`. A file that changed after
it was applied stops the service: the schema would no longer be what the file says.
"""

import hashlib
from pathlib import Path

from libs.common import db
from libs.common.errors import WeerklankError

COMMON = Path(__file__).parent / "migrations"


class MigrationError(WeerklankError):
    """A migration was changed after it was applied, or the database is newer than this version."""

    kind = "migration"


def files(service: str, folder: Path) -> list[tuple[str, str]]:
    """(name, SQL) of every migration of a service in the order in which they apply."""
    found = [(f"common/{path.name}", path.read_text()) for path in sorted(COMMON.glob("*.sql"))]
    return found + [(f"{service}/{path.name}", path.read_text()) for path in sorted(folder.glob("*.sql"))]


MOST_S = 3600.0
"""Seconds that a migration may take: an index over some million rows takes minutes, and whoever comes second waits for it."""


async def migrate(url: str, schema: str, folder: Path) -> list[str]:
    """Apply what is missing, each file in a transaction of its own, and return the names of what was applied.

    Raises `MigrationError` when a file differs from what was applied under its name, or when the database knows files that this
    version does not.
    """
    connection = await db.connect(url, schema)
    try:
        await connection.execute("select pg_advisory_lock(hashtextextended($1, 0))", f"weerklank-migrate-{schema}", timeout=MOST_S)
        await connection.execute(
            "create table if not exists migration ("
            "name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
        )
        applied = {row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from migration")}
        wanted = files(schema, folder)
        if unknown := applied.keys() - {name for name, _ in wanted}:
            raise MigrationError(f"Schema {schema} holds {sorted(unknown)}, which this version does not know. Deploy a newer one.")
        done = []
        for name, sql in wanted:
            digest = hashlib.sha256(sql.encode()).hexdigest()
            if name not in applied:
                async with connection.transaction():
                    await connection.execute("set local lock_timeout = '5s'")
                    await connection.execute(sql, timeout=MOST_S)
                    await connection.execute("insert into migration (name, sha256) values ($1, $2)", name, digest)
                done.append(name)
            elif applied[name] != digest:
                raise MigrationError(f"Migration {name} was changed after it was applied to schema {schema}. Add a new file instead.")
        return done
    finally:
        await connection.close()
