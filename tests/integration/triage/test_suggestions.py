"""Two messages that may be one question: found by a later look, answered by people, and what is learnt from that."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from libs.common import db
from services.triage import look, look_store
from services.triage.looker import Looker
from tests.integration.triage.triage_world import World

TWEET = "mijn pakket met de wasmachine is nog steeds niet bezorgd, ik wacht al drie dagen"
MAIL = "Goedemiddag, ik heb jullie ook getweet: de wasmachine is nog steeds niet bezorgd. Wanneer komt het pakket? Groet, Fenna Hoekstra"


async def tweet_and_mail(world: World, at: float = 0, who: str = "fennahoekstra") -> tuple[UUID, UUID]:
    tweet = await world.comes(f"tweet-{at}", TWEET, minute=at, handle=who, called="Fenna Hoekstra")
    mail = await world.comes(f"mail-{at}", MAIL, minute=at + 30, email=f"fenna{at}@post.example", called="Fenna Hoekstra")
    return tweet, mail


async def suggestions(world: World, state: str = "open") -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await world.get(f"/suggestions?state={state}"))["items"]
    return found


async def test_what_may_be_one_question_is_asked_about_and_joined_by_one_click(world: World) -> None:
    tweet, mail = await tweet_and_mail(world)
    assert await world.look() == 2
    (asked,) = await suggestions(world)
    assert {asked["mention_id"], asked["other_id"]} == {str(tweet), str(mail)}
    assert 0.5 <= float(str(asked["score"])) < 1
    assert any(item["kind"] == "name" and not item["against"] for item in asked["evidence"])  # type: ignore[attr-defined]
    await world.told()
    path = f"/suggestions/{asked['id']}"
    for _ in range(2):
        answer = await world.ask("POST", f"{path}/confirm", match='"1"')
        assert answer.status_code == 200, answer.text
        assert (answer.json()["state"], answer.json()["decided_by"], answer.headers["etag"]) == ("confirmed", "mk", '"2"')
    assert [(item["type"], item["mention"], item["group"], item["version"]) for item in await world.told()] == [
        ("regrouped", mail, tweet, 2)
    ]
    triaged = await world.get(f"/mentions/{mail}")
    assert triaged["evidence"] == [{"kind": "confirmed", "mention_id": str(tweet)}]
    assert await suggestions(world) == []
    stale = await world.ask("POST", f"{path}/reject", match='"1"')
    assert (stale.status_code, stale.json()["changes"][0]["what"]) == (412, "confirmed")
    assert (await world.ask("POST", f"{path}/reject", match='"2"')).json()["state"] == "rejected"
    assert (await world.get(f"/mentions/{mail}"))["group_id"] == str(mail)


async def test_what_was_looked_at_before_a_restart_is_found_by_name_and_by_what_it_showed(world: World) -> None:
    tweet = await world.comes("tweet", TWEET, handle="fennahoekstra", called="Fenna Hoekstra")
    await world.comes("namesake", "top service van de monteur, bedankt", handle="fennavandijk1", called="Fenna van Dijk")
    await world.look()
    world.looker = Looker(world.books, world.examiner.classifier.encoder)
    mail = await world.comes("mail", MAIL, minute=30, email="fenna@post.example", called="Fenna Hoekstra")
    await world.look()
    (asked,) = await suggestions(world)
    assert {asked["mention_id"], asked["other_id"]} == {str(tweet), str(mail)}
    assert {item["kind"] for item in asked["evidence"]} >= {"name", "subject"}  # type: ignore[attr-defined]


async def test_what_was_rejected_is_not_asked_again_by_later_members(world: World) -> None:
    tweet, mail = await tweet_and_mail(world)
    await world.look()
    (asked,) = await suggestions(world)
    assert (await world.ask("POST", f"/suggestions/{asked['id']}/reject")).status_code == 200
    again = await world.comes("again", MAIL, minute=90, email="fenna0@post.example", called="Fenna Hoekstra", answers=f"mail-{0}")
    await world.look()
    assert await suggestions(world) == []
    assert {(await world.get(f"/mentions/{i}"))["group_id"] for i in (mail, again)} == {str(mail)}
    assert (await world.get(f"/mentions/{tweet}"))["group_id"] == str(tweet)


async def test_what_is_taken_back_during_a_look_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await tweet_and_mail(world)
    waiting = await world.pool.fetch("select id from mention")
    keep = look_store.keep

    async def keep_late(connection: db.Connection, brand: str, found: Sequence[look_store.Looked]) -> None:
        await keep(connection, brand, found)
        await world.taken_back(waiting[1]["id"])

    monkeypatch.setattr(look_store, "keep", keep_late)
    await world.look()
    assert [row["mention_id"] for row in await world.pool.fetch("select mention_id from looked")] == [waiting[0]["id"]]
    assert {row["mention_id"] for row in await world.pool.fetch("select mention_id from clue")} == {waiting[0]["id"]}
    assert await suggestions(world) == []


async def test_instances_at_once_look_at_each_mention_once(world: World) -> None:
    for n in range(6):
        await world.comes(f"m{n}", f"{TWEET} {n}", minute=n, handle=f"iemand{n}")
    numbers = await asyncio.gather(*(look.look(world.pool, world.looker, "vaart", 2, examiner=world.examiner) for _ in range(4)))
    assert sum(numbers) + await world.look() == 6
    assert await world.pool.fetchval("select count(*) from looked") == 6


async def test_strong_evidence_that_was_found_late_links_and_tells(world: World) -> None:
    one = await world.comes("one", "Bestelling VA-448812 is beschadigd aangekomen", email="sanne@post.example", called="Sanne Bos")
    far = await world.comes(
        "far", "nog eens over order 448812: het scherm is stuk", minute=60 * 24 * 5, handle="sannebos", called="Sanne Bos"
    )
    await world.told()
    await world.look()
    assert [(item["type"], item["mention"], item["group"], item["version"]) for item in await world.told()] == [("regrouped", far, one, 2)]


async def test_people_who_said_that_two_are_two_are_not_overruled_by_a_late_link(world: World) -> None:
    one = await world.comes("one", "Bestelling VA-448812 is beschadigd aangekomen", email="sanne@post.example", called="Sanne Bos")
    far = await world.comes(
        "far", "nog eens over order 448812: het scherm is stuk", minute=60 * 24 * 5, handle="sannebos", called="Sanne Bos"
    )
    await world.pool.execute(
        "insert into suggestion (id, brand, mention_id, other_id, evidence, state, version, created_at) values "
        "(gen_random_uuid(), 'vaart', $1, $2, '[]', 'rejected', 1, now())",
        *sorted((one, far)),
    )
    await world.look()
    assert (await world.get(f"/mentions/{far}"))["group_id"] == str(far)


async def test_a_mention_taken_back_leaves_nothing_to_find_it_by(world: World) -> None:
    _, mail = await tweet_and_mail(world)
    await world.look()
    await world.taken_back(mail)
    assert await world.pool.fetchval("select count(*) from looked where mention_id = $1", mail) == 0
    assert await world.pool.fetchval("select count(*) from clue where mention_id = $1", mail) == 0
    (withdrawn,) = await suggestions(world, "withdrawn")
    assert withdrawn["evidence"] == []
    assert (await world.ask("POST", f"/suggestions/{withdrawn['id']}/confirm")).status_code == 409


async def test_history_is_not_looked_at(world: World) -> None:
    await world.comes("old", TWEET, handle="fennahoekstra", historic=True)
    assert await world.look() == 0


async def test_likenesses_that_people_keep_rejecting_are_withheld_and_come_back(world: World) -> None:
    await tweet_and_mail(world)
    await world.look()
    (asked,) = await suggestions(world)
    score = float(str(asked["score"]))
    await world.pool.execute(
        "insert into suggestion (id, brand, mention_id, other_id, score, evidence, state, version, created_at) "
        "select gen_random_uuid(), b, gen_random_uuid(), gen_random_uuid(), $1, '[]', 'rejected', 1, now() "
        "from unnest(array['vaart', 'veer']) as b, generate_series(1, 10)",
        score,
    )
    told = await world.get("/suggestions/precision")
    assert (told["precision"], told["rejected"], [band["shown"] for band in told["bands"]]) == (0.0, 10, [False])
    await tweet_and_mail(world, at=60 * 24 * 20)
    await world.look()
    assert len(await suggestions(world)) == 1
    (withheld,) = await suggestions(world, "withheld")
    for _ in range(5):
        await world.pool.execute(
            "insert into suggestion (id, brand, mention_id, other_id, score, evidence, state, version, created_at) values "
            "(gen_random_uuid(), 'vaart', gen_random_uuid(), gen_random_uuid(), $1, '[]', 'confirmed', 1, now())",
            score,
        )
    assert (await world.get("/suggestions/precision"))["bands"][0]["shown"]
    assert (await world.ask("POST", f"/suggestions/{withheld['id']}/confirm")).json()["state"] == "confirmed"


async def test_nobody_sees_or_answers_another_brands_suggestion(world: World) -> None:
    await tweet_and_mail(world)
    await world.look()
    (asked,) = await suggestions(world)
    for method, path in (("GET", ""), ("POST", "/confirm"), ("POST", "/reject")):
        assert (await world.ask(method, f"/suggestions/{asked['id']}{path}", brand="veer")).status_code == 404
    assert (await world.get("/suggestions", brand="veer"))["items"] == []
    assert (await world.ask("POST", f"/suggestions/{asked['id']}/confirm", role="analyst")).status_code == 403
