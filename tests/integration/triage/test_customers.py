"""People say who is whom: nothing is lost by it, and it can be taken back."""

from typing import Any
from uuid import UUID, uuid4

from libs.common.events import Label
from services.triage import retell
from tests.integration.triage.test_batches import FINDINGS
from tests.integration.triage.triage_world import World

REASON = {"reason": "zij noemt het zelf aan de telefoon"}


async def retold(world: World) -> list[dict[str, Any]]:
    """Whatever waits to be told again is, and what was told."""
    while await retell.some(world.pool, ["vaart", "veer"]):
        pass
    return await world.told()


async def customer_of(world: World, mention_id: UUID) -> UUID:
    return UUID((await world.get(f"/mentions/{mention_id}"))["customer_id"])


async def state(world: World) -> dict[str, Any]:
    """Who is whom, as the database has it."""
    identities = await world.pool.fetch("select kind, value, customer_id from identity where brand = 'vaart' order by kind, value")
    mentions = await world.pool.fetch("select id, customer_id, known_as from mention where brand = 'vaart' order by id")
    return {"identities": [tuple(row) for row in identities], "mentions": [tuple(row) for row in mentions]}


async def two(world: World) -> tuple[UUID, UUID, UUID, UUID]:
    """A tweet and a mail of two customers: mentions, then customers."""
    tweet = await world.comes("tweet", "waar blijft mijn fiets", handle="noor", called="Noor")
    mail = await world.comes("mail", "waar blijft mijn fiets", minute=1, email="noor@post.example", called="Noor")
    found = tweet, mail, await customer_of(world, tweet), await customer_of(world, mail)
    await world.told()
    return found


async def test_a_merge_moves_identities_at_once_and_tells_every_mention_again(world: World) -> None:
    tweet, mail, winner, loser = await two(world)
    answer = await world.ask("POST", f"/customers/{winner}/merge", json={"other_id": str(loser), **REASON}, match='"1"')
    assert answer.status_code == 200, answer.text
    assert {identity["value"] for identity in answer.json()["identities"]} == {"noor", "noor@post.example"}
    assert [merge["customer_id"] for merge in answer.json()["merges"]] == [str(loser)]
    (told,) = await retold(world)
    assert (told["type"], told["why"], told["mention"], told["customer"], told["key"], told["version"]) == (
        "revised",
        "customer",
        mail,
        winner,
        str(winner),
        2,
    )
    page = await world.get(f"/customers/{winner}/mentions?limit=1")
    assert [item["mention"]["id"] for item in page["items"]] == [str(mail)]
    page = await world.get(f"/customers/{winner}/mentions?limit=1&cursor={page['next']}")
    assert ([item["mention"]["id"] for item in page["items"]], page["next"]) == ([str(tweet)], None)
    assert (await world.get(f"/customers/{loser}"))["merged_into"] == str(winner)
    later = await world.comes("later", "en?", minute=9, email="noor@post.example")
    assert await customer_of(world, later) == winner


async def test_unmerging_restores_what_was_and_what_came_in_since_stays(world: World) -> None:
    _, _, winner, loser = await two(world)
    before = await state(world)
    assert (await world.ask("POST", f"/customers/{winner}/merge", json={"other_id": str(loser), **REASON})).status_code == 200
    await retold(world)
    answer = await world.ask("POST", f"/customers/{winner}/unmerge", json={"other_id": str(loser)}, match='"2"')
    assert (answer.status_code, answer.json()["merges"][0]["undone_by"]) == (200, "mk"), answer.text
    (told,) = await retold(world)
    assert (told["customer"], told["version"]) == (loser, 3)
    assert await state(world) == before
    again = await world.ask("POST", f"/customers/{winner}/unmerge", json={"other_id": str(loser)})
    assert again.status_code == 409

    assert (await world.ask("POST", f"/customers/{winner}/merge", json={"other_id": str(loser), **REASON})).status_code == 200
    between = await world.comes("between", "en nu?", minute=5, email="noor@post.example")
    assert (await world.ask("POST", f"/customers/{winner}/unmerge", json={"other_id": str(loser)})).status_code == 200
    await retold(world)
    assert await customer_of(world, between) == winner
    assert set((await state(world))["identities"]) == set(before["identities"])


async def test_merges_of_merges_come_apart_in_any_order(world: World) -> None:
    ids = [await world.comes(name, "hoi", minute=n, email=f"{name}@post.example") for n, name in enumerate("abc")]
    a, b, c = [await customer_of(world, mention_id) for mention_id in ids]
    before = await state(world)
    for order in ([(a, b), (b, c)], [(b, c), (a, b)]):
        for loser, winner in [(a, b), (b, c)]:
            assert (await world.ask("POST", f"/customers/{winner}/merge", json={"other_id": str(loser), **REASON})).status_code == 200
        await retold(world)
        assert {await customer_of(world, mention_id) for mention_id in ids} == {c}
        for loser, winner in order:
            assert (await world.ask("POST", f"/customers/{winner}/unmerge", json={"other_id": str(loser)})).status_code == 200
            await retold(world)
        assert await state(world) == before


async def test_a_thread_goes_on_and_two_questions_stay_two_after_a_merge(world: World) -> None:
    label = FINDINGS.model_copy(update={"labels": [Label(name="factuur", score=1)]})
    first = await world.comes("first", "mijn factuur klopt niet", email="noor@post.example", findings=label, answers="first")
    tweet = await world.comes("tweet", "heel iets anders", minute=1, handle="noor")
    loser, winner = await customer_of(world, first), await customer_of(world, tweet)
    assert (await world.ask("POST", f"/customers/{winner}/merge", json={"other_id": str(loser), **REASON})).status_code == 200
    await retold(world)
    answer = await world.comes("answer", "weet u al iets", minute=3, email="noor@post.example", answers="first")
    other = await world.comes("other", "een andere vraag", minute=4, email="noor@post.example")
    groups = [(await world.get(f"/mentions/{i}"))["group_id"] for i in (answer, other)]
    assert groups == [str(first), str(other)]
    same_label = await world.comes("label", "de factuur nog eens", minute=5, email="noor@post.example", findings=label)
    assert (await world.get(f"/mentions/{same_label}"))["group_id"] == str(first)


async def test_thousands_are_told_again_in_pages(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(retell, "_AT_ONCE", 3)
    ids = [await world.comes(f"m{n}", "hoi", minute=n, email="noor@post.example") for n in range(7)]
    tweet = await world.comes("tweet", "hoi", handle="noor")
    loser, winner = await customer_of(world, ids[0]), await customer_of(world, tweet)
    await world.ask("POST", f"/customers/{winner}/merge", json={"other_id": str(loser), **REASON})
    await world.told()
    pages = []
    while await retell.some(world.pool, ["vaart"]):
        pages.append(len(await world.told()))
    assert pages == [3, 3, 1]
    assert not await retell.some(world.pool, ["vaart"])


async def test_who_cannot_be_merged_is_told_why(world: World) -> None:
    _, _, winner, loser = await two(world)
    path = f"/customers/{winner}/merge"
    for body, status in (
        ({"other_id": str(winner), **REASON}, 422),
        ({"other_id": str(uuid4()), **REASON}, 404),
        ({"other_id": str(loser)}, 422),
        ({"other_id": str(loser), "reason": ""}, 422),
    ):
        assert (await world.ask("POST", path, json=body)).status_code == status, body
    assert (await world.ask("POST", path, json={"other_id": str(loser), **REASON}, role="trainee")).status_code == 403
    assert (await world.ask("POST", path, json={"other_id": str(loser), **REASON}, brand="veer")).status_code == 404
    assert (await world.ask("POST", path, json={"other_id": str(loser), **REASON}, match='"7"')).status_code == 412
    assert (await world.ask("POST", path, json={"other_id": str(loser), **REASON})).status_code == 200
    assert (await world.ask("POST", f"/customers/{loser}/merge", json={"other_id": str(winner), **REASON})).status_code == 409


async def test_names_that_look_alike_merge_nobody(world: World) -> None:
    _, _, winner, loser = await two(world)
    await world.look()
    assert winner != loser
    assert (await world.get(f"/customers/{winner}"))["merges"] == []
