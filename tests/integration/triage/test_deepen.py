"""What came while too many came at once is looked at again, and told once more with all that was found."""

from uuid import uuid4

from libs.common import db
from libs.common.events import FindingCorrected
from services.triage import store
from tests.integration.triage.test_batches import AT, FINDINGS
from tests.integration.triage.triage_world import World

HURRIED = FINDINGS.model_copy(update={"depth": "quick", "intent": "chatter", "urgency": "low"})


async def test_a_mention_that_was_looked_at_quickly_is_told_again_with_all_that_is_in_it(pool: db.Pool, world: World) -> None:
    mention_id = await world.comes("a", "Waar blijft mijn bestelling? Bel me op 06-12345678.", handle="tess", findings=HURRIED)
    assert [event["type"] for event in await world.told()] == ["triaged"]
    assert await world.look() == 1
    (event,) = await world.told()
    assert (event["type"], event["mention"], event["version"], event["why"]) == ("revised", mention_id, 2, "depth")
    async with pool.acquire() as connection:
        row = await store.mention(connection, "vaart", mention_id)
    assert row is not None
    found = row.triaged.findings
    assert found.depth == "full"
    assert [one.kind for one in found.pii] == ["phone"]
    assert found.why
    assert (found.respond and found.respond.decision) == "reply"


async def test_a_second_look_changes_nothing(world: World) -> None:
    await world.comes("a", "Waar blijft mijn bestelling?", handle="tess", findings=HURRIED)
    await world.look()
    await world.told()
    await world.pool.execute("insert into to_look (brand, mention_id) select brand, id from mention")
    await world.look()
    assert await world.told() == []


async def test_what_is_found_together_is_told_once(world: World) -> None:
    said = (
        "storing in Zwolle? het internet ligt er uit",
        "geen internet in Zwolle, vast een storing",
        "in Zwolle werkt het internet niet. Storing?",
    )
    for n, text in enumerate(said):
        await world.comes(f"o{n}", text, minute=3 * n, handle=f"buurt{'abc'[n]}xy", findings=HURRIED)
    await world.told()
    await world.look()
    told = await world.told()
    assert [(event["type"], event["version"], event["why"]) for event in told] == [("revised", 2, "depth")] * 3
    assert None not in {event["topic"] for event in told}


async def test_what_a_person_decided_meanwhile_stays(pool: db.Pool, world: World) -> None:
    mention_id = await world.comes("a", "Waardeloos, al drie weken geen internet!", handle="tess", findings=HURRIED)
    word = FindingCorrected(
        brand="vaart", correction_id=uuid4(), mention_id=mention_id, finding="sentiment", values=["positive"], proposed=["neutral"],
        actor="mk", at=AT,
    )  # fmt: skip
    await world.batch(world.story(), [world.story().received(word)])
    await world.look()
    async with pool.acquire() as connection:
        row = await store.mention(connection, "vaart", mention_id)
    assert row is not None
    found = row.triaged.findings
    assert (found.sentiment, found.sentiment_score, found.corrected, found.depth) == ("positive", 1.0, ["sentiment"], "full")
    assert found.why["sentiment"] == ["decided by a person"]
    assert found.intent in ("outage", "complaint")
