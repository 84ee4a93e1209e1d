"""What people call cases: how a tag is written, and which ones a brand uses most."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from libs.common import db
from libs.common.errors import Unprocessable
from libs.common.http import ONE_LINE

MOST = 50
LONGEST = 100


def normal(text: str) -> str:
    """A tag as it is kept: small letters, single blanks, no # before it. Raises `Unprocessable` for one that is nothing then, or more than a line."""
    tag = " ".join(unicodedata.normalize("NFC", text).casefold().removeprefix("#").split())
    if not tag or len(tag) > LONGEST or not re.match(ONE_LINE, tag):
        raise Unprocessable(f"{text[:LONGEST]!r} is no tag: a tag has 1 to {LONGEST} characters on one line.")
    return tag


def changed(tags: Sequence[str], add: Iterable[str], remove: Iterable[str]) -> list[str]:
    """The tags of a case after these were added and those taken away, in the order in which they came. Raises `Unprocessable` for too many."""
    gone = set(remove)
    found = [tag for tag in dict.fromkeys((*tags, *add)) if tag not in gone]
    if len(found) > MOST:
        raise Unprocessable(f"The case would have {len(found)} tags; it may have {MOST}. Take some away.")
    return found


async def count(connection: db.Connection, brand: str, added: Iterable[str], removed: Iterable[str]) -> None:
    """Remember that one more case of the brand has these tags, and one fewer those."""
    changes = sorted({**dict.fromkeys(added, 1), **dict.fromkeys(removed, -1)}.items())
    if changes:
        await connection.execute(
            "insert into tag (brand, name, uses, used_at) select $1, n, greatest(c, 0), moment() from unnest($2::text[], $3::int[]) as u(n, c) "
            "on conflict (brand, name) do update set uses = greatest(tag.uses + (select c from unnest($2::text[], $3::int[]) as v(n, c) "
            "where v.n = excluded.name), 0), used_at = excluded.used_at",
            brand,
            [name for name, _ in changes],
            [by for _, by in changes],
        )
        await connection.execute("delete from tag where brand = $1 and name = any($2::text[]) and uses = 0", brand, [n for n, _ in changes])


async def suggested(connection: db.Connection, brand: str, begins: str, limit: int) -> list[tuple[str, int]]:
    """The tags of the brand that begin so, those that most cases have first."""
    pattern = begins.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = await connection.fetch(
        "select name, uses from tag where brand = $1 and name like $2 order by uses desc, name limit $3", brand, pattern, limit
    )
    return [(row["name"], row["uses"]) for row in rows]
