"""Who is whom: customers that a person said to be one, and how that is taken back.

A mention keeps the customer under whom it came in (`known_as`, where it is another's by now), so where it goes follows from the merges that hold;
nothing is lost by one, and taking it back restores what was. What comes in later stays with whoever it came in for.
"""

from collections.abc import Collection

from libs.common import db


async def keep_still(connection: db.Connection, brands: Collection[str]) -> None:
    """Nobody merges customers of these brands until this transaction ends: whom a mention is of is read once and written later."""
    if brands:
        await connection.execute(
            "select pg_advisory_xact_lock_shared(hashtextextended('customers ' || b, 4)) from (select unnest($1::text[]) as b order by 1) as u",
            list(brands),
        )
