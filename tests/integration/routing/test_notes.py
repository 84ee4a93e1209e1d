"""Notes are read where the case goes on."""

from uuid import UUID, uuid4

from libs.common import db
from services.routing import store
from services.routing.case import case_id_of
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.unit.routing.test_permutations import START, mention_id


def case_of(name: str) -> UUID:
    return case_id_of("vaart", mention_id(name))


async def test_the_notes_of_merged_cases_are_listed_with_the_case_in_which_they_go_on(pool: db.Pool) -> None:
    for name in "ABC":
        await batch(pool, [triaged(name, name)])
        await store.add_note(pool, "vaart", case_of(name), uuid4(), START, "gs", f"about {name}")
    await batch(pool, [triaged("C", "B", version=2)])
    await batch(pool, [triaged("B", "A", version=2)])  # C is in B still, and B goes on in A
    assert {row["text"] for row in await store.notes(pool, "vaart", case_of("C"), None, 10)} == {"about C"}
    await batch(pool, [triaged("C", "A", version=3)])
    assert {row["text"] for row in await store.notes(pool, "vaart", case_of("A"), None, 10)} == {"about A", "about B", "about C"}
    assert await store.notes(pool, "golfnet", case_of("A"), None, 10) == []


async def test_a_chain_of_merges_is_followed_and_a_circle_ends(pool: db.Pool) -> None:
    for name in "ABC":
        await batch(pool, [triaged(name, name)])
        await store.add_note(pool, "vaart", case_of(name), uuid4(), START, "gs", f"about {name}")
    into = "update care_case set state = 'merged', state_json = jsonb_set(state_json, '{merged_into}', to_jsonb($2::text)) where id = $1"
    await pool.execute(into, case_of("C"), str(case_of("B")))
    await pool.execute(into, case_of("B"), str(case_of("A")))
    assert {row["text"] for row in await store.notes(pool, "vaart", case_of("A"), None, 10)} == {"about A", "about B", "about C"}
    await pool.execute(into, case_of("A"), str(case_of("C")))
    assert len(await store.notes(pool, "vaart", case_of("A"), None, 10)) == 3
