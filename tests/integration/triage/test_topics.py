"""Different people with the same trouble share a topic, and each keeps a case of their own."""

from uuid import UUID

import pytest

from services.triage import look
from tests.integration.triage.triage_world import World

OUTAGE = (
    "storing in Zwolle? het internet ligt er hier helemaal uit",
    "alweer geen internet in Zwolle, er is vast een storing",
    "hallo, in Zwolle werkt het internet niet meer sinds een kwartier. Storing?",
    "is er een storing in Zwolle, internet doet het niet",
)
COPIED = "Deel dit met iedereen die je kent: Vaart verhoogt stiekem alle tarieven en vertelt het niemand, zeg nu op en laat ze het voelen!"


async def outage(world: World, number: int) -> list[UUID]:
    return [await world.comes(f"o{n}", OUTAGE[n % 4], minute=3 * n, handle=f"buurt{'abcdefgh'[n]}xy") for n in range(number)]


async def test_three_people_with_one_outage_open_a_topic_that_later_ones_join(world: World) -> None:
    ids = await outage(world, 2)
    await world.look()
    assert (await world.get("/topics?open=false"))["items"] == []
    ids += [await world.comes("o2", OUTAGE[2], minute=6, handle="buurtcxy")]
    await world.told()
    await world.look()
    told = await world.told()
    assert [(item["type"], item["why"], item["version"]) for item in told] == [("revised", "topic", 2)] * 3
    (topic_id,) = {item["topic"] for item in told}
    assert {item["mention"] for item in told} == set(ids)
    late = await world.comes("o3", OUTAGE[3], minute=20, handle="buurtdxy")
    await world.look()
    (found,) = (await world.get("/topics?open=false"))["items"]
    assert (found["id"], found["kind"], found["customers"], found["mentions"]) == (str(topic_id), "event", 4, 4)
    assert "Zwolle" in found["why"]
    assert [item["mention"]["id"] for item in found["samples"]] == [str(late), str(ids[2]), str(ids[1])]
    assert (await world.get("/topics"))["items"] == []  # that was in March
    groups = {(await world.get(f"/mentions/{mention_id}"))["group_id"] for mention_id in (*ids, late)}
    assert len(groups) == 4


async def test_a_copied_text_is_a_topic_and_what_is_taken_back_leaves_it(world: World) -> None:
    one = await world.comes("one", COPIED, handle="janxyz")
    two = await world.comes("two", COPIED, minute=60 * 24 * 3, handle="pietabc")
    await world.look()
    (found,) = (await world.get("/topics?open=false"))["items"]
    assert (found["kind"], found["customers"]) == ("copy", 2)
    page = await world.get(f"/topics/{found['id']}/mentions?limit=1")
    rest = await world.get(f"/topics/{found['id']}/mentions?limit=1&cursor={page['next']}")
    assert [page["items"][0]["mention"]["id"], rest["items"][0]["mention"]["id"], rest["next"]] == [str(two), str(one), None]
    await world.taken_back(two)
    assert (await world.get(f"/topics/{found['id']}"))["customers"] == 1
    await world.taken_back(one)
    assert (await world.ask("GET", f"/topics/{found['id']}")).status_code == 404


async def test_a_topic_of_very_many_stays_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "MOST_MOVED", 2)
    texts = ("bij ons in Sneek ligt alles plat, ook de tv", "geen bereik met mijn modem in Sneek", "wifi plat in Sneek")
    for group, said in (("buurt", OUTAGE[:3]), ("elders", texts)):
        for n, text in enumerate(said):
            await world.comes(f"{group}{n}", text, minute=n + 4 * (group == "elders"), handle=f"{group}{'abc'[n]}xy")
    await world.look()
    assert len((await world.get("/topics?open=false"))["items"]) == 2
    for n, text in enumerate(("ligt internet er overal uit, storing?", "geen internet meer, storing", "internet ligt plat")):
        await world.comes(f"m{n}", text, minute=8 + n, handle=f"nieuw{'abc'[n]}xy")
    await world.look()
    assert sorted(item["mentions"] for item in (await world.get("/topics?open=false"))["items"]) == [3, 6]


async def test_topics_that_turn_out_to_be_one_become_one_and_the_later_id_leads_to_the_earlier(world: World) -> None:
    places = [await world.comes(f"p{n}", text, minute=n, handle=f"buurt{'abc'[n]}xy") for n, text in enumerate(OUTAGE[:3])]
    elsewhere = [
        await world.comes(f"e{n}", text, minute=4 + n, handle=f"elders{'abc'[n]}xy")
        for n, text in enumerate(
            ("bij ons in Sneek ligt alles plat, ook de tv", "geen bereik met mijn modem in Sneek", "wifi plat in Sneek")
        )
    ]
    await world.look()
    before = {item["mention"]: item["topic"] for item in await world.told() if item["type"] == "revised"}
    earlier, later = before[places[0]], before[elsewhere[0]]
    assert earlier != later
    assert before == dict.fromkeys(places, earlier) | dict.fromkeys(elsewhere, later)
    more = [
        await world.comes(f"m{n}", text, minute=8 + n, handle=f"nieuw{'abc'[n]}xy")
        for n, text in enumerate(("ligt internet er overal uit, storing?", "geen internet meer, storing", "internet ligt plat"))
    ]
    await world.told()
    await world.look()
    told = [(item["mention"], item["why"], item["topic"]) for item in await world.told()]
    assert sorted(told) == sorted((mention_id, "topic", earlier) for mention_id in (*elsewhere, *more))
    (found,) = (await world.get("/topics?open=false"))["items"]
    assert (found["id"], found["customers"], found["mentions"]) == (str(earlier), 9, 9)
    assert (await world.get(f"/topics/{later}"))["id"] == str(earlier)
    assert len((await world.get(f"/topics/{later}/mentions"))["items"]) == 9
    for mention_id in (*places, *elsewhere, *more):
        await world.taken_back(mention_id)
    assert (await world.ask("GET", f"/topics/{later}")).status_code == 404
    assert await world.pool.fetchval("select count(*) from topic") == 0


async def test_a_topic_is_of_one_brand(world: World) -> None:
    await outage(world, 3)
    await world.look()
    (found,) = (await world.get("/topics?open=false"))["items"]
    assert (await world.get("/topics?open=false", brand="veer"))["items"] == []
    assert (await world.ask("GET", f"/topics/{found['id']}", brand="veer")).status_code == 404
    await world.comes("elsewhere", OUTAGE[3], brand="veer", minute=9, handle="buurtexy")
    await world.look("veer")
    assert (await world.get(f"/topics/{found['id']}"))["mentions"] == 3


async def test_looking_again_changes_nothing(world: World) -> None:
    ids = await outage(world, 4)
    await world.look()
    await world.told()
    await world.pool.execute("insert into to_look (brand, mention_id) select 'vaart', unnest($1::uuid[])", ids)
    assert await world.look() == 4
    assert await world.told() == []
    assert await world.pool.fetchval("select count(*) from topic") == 1


async def test_a_question_that_comes_back_after_weeks_is_a_new_one_that_refers_to_the_old(world: World) -> None:
    text = "mijn factuur over de televisie klopt niet, er staat een dubbel bedrag op de factuur"
    old = await world.comes("old", text, email="noor@post.example", called="Noor Bos")
    other = await world.comes(
        "other", "bedankt voor de mooie bos bloemen", minute=60 * 24 * 3, email="noor@post.example", called="Noor Bos"
    )
    await world.look()
    new = await world.comes("new", f"Goedemorgen, {text}, alweer", minute=60 * 24 * 25, email="noor@post.example", called="Noor Bos")
    await world.told()
    await world.look()
    (told,) = await world.told()
    assert (told["type"], told["why"], told["mention"], told["follows"], told["group"]) == ("revised", "follows", new, old, new)
    assert (await world.get(f"/mentions/{other}"))["follows"] is None
