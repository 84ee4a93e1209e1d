"""What people call cases: how a tag is written, and which ones a brand uses most."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from libs.common import db
from libs.common.errors import Unprocessable
from libs.common.http import ONE_LINE
from services.routing.case import File, must_be_alive

MOST = 50
LONGEST = 100


def normal(text: str) -> str:
    """A tag as it is kept: small letters, single blanks, no # before it. Raises `Unprocessable` for one that is nothing then, or more than a line."""
    tag = beginning(text)
    if not tag or len(tag) > LONGEST or not re.match(ONE_LINE, tag):
        raise Unprocessable(f"{text[:LONGEST]!r} is no tag: a tag has 1 to {LONGEST} characters on one line.")
    return tag


def beginning(text: str) -> str:
    """What somebody has typed of a tag so far, as tags are kept."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().removeprefix("#").split())


def tagged(file: File, add: Iterable[str], remove: Iterable[str]) -> tuple[list[str], list[str]]:
    """Add these tags to the case and take those away; which it has got and which it has lost. Nothing changes where both are empty. Whose the case is
    does not depend on it: it is as much the book's to decide as before.

    Raises `Unprocessable` for too many, `Conflict` for a case that has no mentions left.
    """
    before, gone = file.case.tags, set(remove)
    after = [tag for tag in dict.fromkeys((*before, *add)) if tag not in gone]
    added, removed = [tag for tag in after if tag not in before], [tag for tag in before if tag not in after]
    if added or removed:
        must_be_alive(file)
        if added and len(after) > MOST:
            raise Unprocessable(f"The case would have {len(after)} tags; it may have {MOST}. Take some away.")
        file.change(tags=after)
    return added, removed


async def count(connection: db.Connection, brand: str, uses: Mapping[str, int]) -> None:
    """Remember that so many more cases of the brand have these tags, or fewer."""
    changes = sorted(uses.items())
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
