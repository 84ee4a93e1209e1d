"""Mentions are counted as they come in, and a storm raises what the brand book says."""

from datetime import timedelta
from typing import Any

from libs.common.events import Label, MentionRevised, MentionTriaged
from services.routing import signal, spike
from tests.integration.routing.access_world import World
from tests.integration.routing.hub_world import comes, hub, incidents, story, time_comes
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import event, state

__all__ = ["hub"]


async def usual_is(hub: World, an_hour: int, about: str = "") -> None:
    """Thirty days with so many mentions in every hour."""
    await hub.pool.execute(
        "insert into mention_hour (brand, about, hour, mentions) select 'vaart', $2, date_trunc('hour', moment()) - n * interval '1 hour', $1 "
        "from generate_series(2, 720) as n",
        an_hour,
        about,
    )


async def storm(hub: World, number: int, *, people: int | None = None, label: str = "storing", of: str = "S") -> None:
    """So many mentions within the last minutes, by as many people unless said."""
    now = await hub.pool.fetchval("select moment()")
    events: list[Any] = []
    for n in range(number):
        triaged = state("A", "A", labels=[Label(name=label, score=1)])
        mention = triaged.mention.model_copy(
            update={
                "id": spike.deterministic_id("vaart", of, str(n)),
                "external_id": f"{of}{n}",
                "received_at": now - timedelta(seconds=n % 300),
            }
        )
        customer = spike.deterministic_id("vaart", "customer", of, str(n % (people or number)))
        triaged = triaged.model_copy(update={"mention": mention, "group_id": mention.id, "customer_id": customer})
        events.append(event(MentionTriaged, 1, triaged))
    for at in range(0, len(events), 100):
        await batch(hub.pool, events[at : at + 100])


async def test_a_storm_raises_an_incident_about_its_label_and_its_cases_join(hub: World) -> None:
    await usual_is(hub, 6)
    await storm(hub, 60)
    await time_comes(hub, "spike")
    await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert (incident["scenario"], incident["about"], incident["label"]) == ("drukte", "label:storing", "storing")
    assert "60 in tien minuten, waar er gewoonlijk" in incident["why"]
    assert [one["who"] for one in incident["told"]] == ["mk"]
    assert incident["cases"] == 60, "whoever wrote before it was raised"
    await storm(hub, 5, of="T")
    await time_comes(hub, "signal")
    assert (await incidents(hub.pool))[0]["cases"] == 65, "and what comes in from then on"


async def test_the_same_storm_a_minute_later_tells_nobody_again(hub: World) -> None:
    await usual_is(hub, 6)
    await storm(hub, 60)
    for _ in range(3):
        await time_comes(hub, "spike")
        await time_comes(hub, "signal")
    (incident,) = await incidents(hub.pool)
    assert await story(hub.pool, incident["id"]) in (["raised"], ["raised", "joined"])  # the second where ten minutes began meanwhile
    assert await hub.pool.fetchval("select count(*) from notice where recipient = 'mk'") == 1


async def test_what_is_usual_raises_nothing(hub: World) -> None:
    await usual_is(hub, 400)
    await usual_is(hub, 300, "label:anders")
    await storm(hub, 60, label="anders")
    await time_comes(hub, "spike")
    assert await hub.pool.fetchval("select count(*) from signal") == 0


async def test_one_person_who_writes_sixty_times_raises_nothing(hub: World) -> None:
    await usual_is(hub, 6)
    await storm(hub, 60, people=1)
    await time_comes(hub, "spike")
    assert await hub.pool.fetchval("select count(*) from signal") == 0


async def test_a_mention_is_counted_once_whatever_becomes_known_of_it(hub: World) -> None:
    await comes(hub, "A")
    await comes(hub, "A", version=2, kind=MentionRevised, urgency="high")
    await comes(hub, "A", version=3, kind=MentionRevised, labels=[Label(name="storing", score=1)])
    rows = await hub.pool.fetch("select about, sum(mentions) as number from mention_minute group by about order by about")
    assert {row["about"]: row["number"] for row in rows} == {"": 1, "label:internet": 1, "label:storing": 1}


async def test_minutes_become_hours_and_nothing_is_lost(hub: World) -> None:
    await storm(hub, 30)
    await hub.pool.execute("update mention_minute set minute = minute - interval '5 hours'")
    await storm(hub, 1, of="T")
    await time_comes(hub, "spike")
    assert await hub.pool.fetchval("select sum(mentions) from mention_hour where about = ''") == 30
    assert await hub.pool.fetchval("select sum(mentions) from mention_minute where about = ''") == 1


async def test_a_brand_in_which_nobody_writes_is_not_looked_at(hub: World) -> None:
    await storm(hub, 1)
    await hub.pool.execute("update mention_minute set minute = minute - interval '20 minutes'")
    await time_comes(hub, "spike")
    assert await hub.pool.fetchval("select count(*) from timer where kind = $1", spike.KIND) == 0


async def test_signals_wait_for_a_moment_where_they_join(hub: World) -> None:
    await comes(hub, "A", risk=["hashtag_hijack"])
    await time_comes(hub, "signal")
    await comes(hub, "B", risk=["hashtag_hijack"])
    wait = await hub.pool.fetchval("select at - moment() from timer where kind = $1", signal.KIND)
    assert timedelta(seconds=5) < wait <= signal.JOIN_AFTER
