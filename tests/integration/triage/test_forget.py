"""What triage forgets by itself, and what stays."""

from libs.common import db
from services.triage import forget, store
from services.triage.forget import KEPT
from services.triage.group import WINDOWS
from tests.integration.triage.test_batches import Story


async def forget_evidence(pool: db.Pool, brand: str) -> int:
    async with pool.acquire() as connection, connection.transaction():
        return await store.forget_evidence(connection, brand, WINDOWS, KEPT, 100)


async def forget_removed(pool: db.Pool, brand: str) -> int:
    async with pool.acquire() as connection, connection.transaction():
        return await store.forget_evidence_of_removed(connection, brand)


async def orders(pool: db.Pool) -> list[tuple[str, str]]:
    rows = await pool.fetch("select brand, value from evidence where kind = 'order' order by 1, 2")
    return [(row["brand"], row["value"]) for row in rows]


async def test_evidence_that_links_nobody_any_more_goes_and_other_evidence_stays(pool: db.Pool) -> None:
    for brand in ("vaart", "other"):
        story = Story(brand)
        await story.batch(pool, [story.mention("a", 1, "x"), story.mention("b", 2, "y"), story.mention("c", 3, "z")])
    # x: dated and shown long ago; y: history that was imported just now; z: shown long ago, and dated within its window.
    await pool.execute("update evidence set shown_at = now() - interval '9 days' where value <> 'y'")
    await pool.execute("update evidence set last_at = now() where value = 'z'")
    assert await forget_evidence(pool, "vaart") > 0
    assert await orders(pool) == [("other", "x"), ("other", "y"), ("other", "z"), ("vaart", "y"), ("vaart", "z")]


async def test_a_thread_is_known_for_longer(pool: db.Pool) -> None:
    rows = [("vaart", "thread", "t"), ("vaart", "order", "o")]
    for days, kept in ((10, ["thread"]), (31, [])):
        await pool.executemany(
            "insert into evidence (brand, kind, value, group_id, mention_id, authors, last_at, shown_at) select $1, $2, $3, gen_random_uuid(), "
            "gen_random_uuid(), array[]::uuid[], now() - $4 * interval '1 day', now() - interval '9 days' on conflict do nothing",
            [(*row, days) for row in rows],
        )
        await forget_evidence(pool, "vaart")
        assert [row["kind"] for row in await pool.fetch("select kind from evidence")] == kept
        await pool.execute("delete from evidence")


async def test_what_was_shown_in_messages_that_were_all_taken_back_goes(pool: db.Pool) -> None:
    story = Story("vaart")
    await story.batch(pool, [story.mention("alone", 1, "x"), story.mention("a", 2, "y"), story.mention("b", 3, "y")])
    await story.batch(pool, [story.deleted("alone"), story.deleted("a")])
    await forget_removed(pool, "vaart")
    assert await orders(pool) == [("vaart", "y")], "b still says y"
    assert await pool.fetchval("select count(*) from evidence where value = 'alone@post.example'") == 0
    await story.batch(pool, [story.deleted("b")])
    await forget_removed(pool, "vaart")
    assert await pool.fetchval("select count(*) from evidence") == 0
    await story.batch(pool, [story.mention("c", 4, "x")])
    assert (await story.groups(pool))["c"] == "c"


async def test_what_looks_find_no_more_goes_and_questions_nobody_answered_are_withdrawn(pool: db.Pool) -> None:
    await pool.execute(
        "insert into looked (brand, mention_id, at, seen, meaning) select b, gen_random_uuid(), now() - d * interval '1 day', '{}', "
        "('[' || array_to_string(array_fill(0.1, array[64]), ',') || ']')::halfvec from unnest(array['vaart', 'veer']) as b, unnest(array[1, 40]) as d"
    )
    await pool.execute("insert into clue (brand, clue, at, mention_id) select brand, 'name:noor', at, mention_id from looked")
    story = Story("vaart")
    await story.batch(
        pool, [story.mention(name, n, shows) for n, (name, shows) in enumerate([("a", ""), ("b", ""), ("c", "x"), ("d", "x")])]
    )
    for one, other, days in (("a", "b", 31), ("a", "c", 1), ("c", "d", 1)):
        await pool.execute(
            "insert into suggestion (id, brand, mention_id, other_id, score, evidence, state, version, created_at) values "
            "(gen_random_uuid(), 'vaart', $1, $2, 0.6, '[]', 'open', 1, now() - $3 * interval '1 day')",
            story.id(one),
            story.id(other),
            days,
        )
    await forget._forget_some(pool, "vaart")
    for table in ("looked", "clue"):
        rows = await pool.fetch(f"select brand, at > now() - interval '2 days' as fresh from {table} order by 1, 2")
        assert [tuple(row) for row in rows] == [("vaart", True), ("veer", False), ("veer", True)]
    assert [row["state"] for row in await pool.fetch("select state from suggestion order by created_at, state")] == [
        "withdrawn",
        "open",
        "withdrawn",
    ]
