"""The room of an incident: facts, words, decisions, what is said to the outside meanwhile, and tasks."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common.events import Engagement, MentionTriaged
from libs.common.incident_events import IncidentTaskDue
from services.routing import hub_links, incident, store
from services.routing.case import case_id_of
from services.routing.links import Click, NotNow
from services.routing.room import Post, of
from tests.integration.routing.access_world import World
from tests.integration.routing.hub_world import comes, hub, incidents, story, time_comes
from tests.integration.routing.outbox import told_as
from tests.integration.routing.test_hub import PATH, WHY, acknowledges, raised
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import event, mention_id, state

__all__ = ["hub"]
TEXTS = {"nl": "We zien het en zoeken het uit. Om 15:00 horen jullie van ons.", "en": "We see it and find out. You hear from us at 15:00."}


async def do(hub: World, method: str, path: str, who: str = "mk", role: str = "lead", **request: Any) -> Any:
    return await hub.call(method, path, hub.token(role, sub=who), **request)


async def a_room(hub: World, **body: Any) -> str:
    return f"{PATH}/{(await raised(hub, **body))['id']}"


async def written(
    hub: World, name: str, group: str | None = None, *, likes: int = 0, followers: int | None = None, **findings: Any
) -> None:
    """A mention that was received just now."""
    triaged = state(name, group or name, **findings)
    now = await hub.pool.fetchval("select moment()")
    author = triaged.mention.author.model_copy(update={"followers": followers, "name": name})
    mention = triaged.mention.model_copy(
        update={"received_at": now - timedelta(seconds=1), "author": author, "engagement": Engagement(likes=likes)}
    )
    await batch(hub.pool, [event(MentionTriaged, 1, triaged.model_copy(update={"mention": mention}))])


# --- facts ------------------------------------------------------------------------------------------------------------------------------


async def test_the_room_shows_what_is_going_on_now(hub: World) -> None:
    await written(hub, "A", likes=3, followers=100, sentiment="negative")
    await written(hub, "B", "A", likes=9, followers=20_000, sentiment="neutral")
    await written(hub, "D", likes=9, followers=5, sentiment="negative")
    await written(hub, "C", likes=100, followers=1_000_000)  # of another case, which is not linked
    ids = [str(case_id_of("vaart", mention_id(name))) for name in "AD"]
    room = await a_room(hub, case_ids=ids)
    shown = (await do(hub, "GET", room)).json()
    facts = shown["facts"]
    assert (facts["mentions"], facts["authors"], facts["reach"], facts["is_all"]) == (3, 3, 20_105, True)
    assert facts["mood"] == {"negative": 2, "neutral": 1}
    assert [post["author"] for post in facts["top"]] == ["B", "D", "A"]
    assert facts["cases"] == {"new": 2}
    assert sum(minute["mentions"] for minute in facts["minutes"]) == 3
    assert shown["missing"] == ["wv", "mt"]


async def test_reach_counts_each_author_once_and_a_private_message_is_not_shown(hub: World) -> None:
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    post = Post("1", None, "handle:twitter:a", "A", 500, "twitter", "https://x.example/1", "publiek", "negative", "public", 1, now)
    private = Post("2", None, "handle:twitter:a", "A", 600, "twitter", "https://x.example/2", "geheim", "negative", "private", 9, now)
    facts = of([post, private], now, {})
    assert (facts.reach, facts.authors) == (600, 1)
    assert [(top.text, top.author, top.url) for top in facts.top] == [("", "", None), ("publiek", "A", "https://x.example/1")]


# --- words ------------------------------------------------------------------------------------------------------------------------------


async def test_what_is_said_stands_there_once_in_order_and_pages(hub: World) -> None:
    room = await a_room(hub)
    for n in range(3):
        for _ in range(2):  # sent twice, since nobody knew whether it had arrived
            answer = await do(hub, "POST", f"{room}/messages", headers={"idempotency-key": f"woord-{n}"}, json={"text": f"bericht {n}"})
            assert answer.status_code == 201, answer.text
    first = (await do(hub, "GET", f"{room}/messages?limit=2")).json()
    rest = (await do(hub, "GET", f"{room}/messages?limit=2&cursor={first['next']}")).json()
    assert [message["text"] for message in (*first["items"], *rest["items"])] == ["bericht 0", "bericht 1", "bericht 2"]
    assert rest["next"] is None


async def test_ten_people_who_write_at_once_are_all_heard(hub: World) -> None:
    room = await a_room(hub)
    answers = await asyncio.gather(
        *(do(hub, "POST", f"{room}/messages", headers={"idempotency-key": f"{n}"}, json={"text": f"{n}"}) for n in range(10))
    )
    assert {answer.status_code for answer in answers} == {201}
    (found,) = await incidents(hub.pool)
    assert len(await story(hub.pool, found["id"])) == 11


async def test_a_closed_room_can_be_read_and_no_longer_be_written_in(hub: World) -> None:
    room = await a_room(hub)
    await do(hub, "POST", f"{room}/close", json=WHY)
    assert (await do(hub, "POST", f"{room}/messages", json={"text": "te laat"})).status_code == 409
    assert (await do(hub, "GET", room)).status_code == 200


# --- decisions --------------------------------------------------------------------------------------------------------------------------


async def test_a_decision_says_who_and_why_and_is_superseded_never_changed(hub: World) -> None:
    room = await a_room(hub)
    one = await do(hub, "POST", f"{room}/decisions", json={"what": "Campagne stil.", "why": "Olie op het vuur."})
    decision = one.json()["incident"]["decisions"][0]
    assert (decision["by"], decision["why"]) == ("mk", "Olie op het vuur.")
    two = await do(hub, "POST", f"{room}/decisions", json={"what": "Campagne weg.", "why": "Het stopt niet.", "supersedes": decision["id"]})
    first, second = two.json()["incident"]["decisions"]
    assert (first["what"], first["superseded_by"], second["supersedes"]) == ("Campagne stil.", second["id"], first["id"])
    again = await do(hub, "POST", f"{room}/decisions", json={"what": "Nog iets.", "why": "Zomaar.", "supersedes": decision["id"]})
    assert (again.status_code, second["id"] in again.text) == (409, True)


@pytest.mark.parametrize("role", ["agent", "trainee"])
async def test_agents_write_and_do_not_decide(hub: World, role: str) -> None:
    room = await a_room(hub)
    assert (await do(hub, "POST", f"{room}/messages", "gs", role, json={"text": "gezien"})).status_code == 201
    assert (await do(hub, "POST", f"{room}/decisions", "gs", role, json={"what": "x", "why": "y"})).status_code == 403
    assert (await do(hub, "POST", f"{room}/close", "gs", role, json=WHY)).status_code == 403


# --- the statement ----------------------------------------------------------------------------------------------------------------------


async def drafted(hub: World, room: str, texts: dict[str, str] = TEXTS) -> dict[str, Any]:
    answer = await do(hub, "PUT", f"{room}/statement", "gs", "agent", json={"texts": texts})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["incident"]["statement"]
    return found


async def test_a_statement_is_offered_once_every_role_that_the_scenario_names_has_signed_exactly_that_text(hub: World) -> None:
    room = await a_room(hub)
    statement = await drafted(hub, room)
    assert (statement["needed"], statement["offered"]) == (["spokesperson", "management"], False)
    sign = {"digest": statement["digest"]}
    assert (await do(hub, "POST", f"{room}/statement/sign", "gs", "agent", json=sign)).status_code == 422
    half = await do(hub, "POST", f"{room}/statement/sign", "wv", "spokesperson", json=sign)
    assert (half.json()["incident"]["statement"]["offered"], half.status_code) == (False, 200)
    full = await do(hub, "POST", f"{room}/statement/sign", "dir", "agent", json=sign)  # management by the book
    assert full.json()["incident"]["statement"]["offered"] is True
    assert [one["role"] for one in full.json()["incident"]["statement"]["signed"]] == ["spokesperson", "management"]


async def test_another_text_voids_the_signatures_and_nobody_signs_what_they_did_not_read(hub: World) -> None:
    room = await a_room(hub)
    first = await drafted(hub, room)
    for who, role in (("wv", "spokesperson"), ("dir", "agent")):
        await do(hub, "POST", f"{room}/statement/sign", who, role, json={"digest": first["digest"]})
    second = await drafted(hub, room, {"nl": "Om 16:00 horen jullie van ons."})
    assert (second["signed"], second["offered"]) == ([], False)
    late = await do(hub, "POST", f"{room}/statement/sign", "wv", "spokesperson", json={"digest": first["digest"]})
    assert (late.status_code, late.json()["digest"]) == (409, second["digest"])


async def test_whoever_must_sign_is_asked_with_a_link_to_exactly_that_text(hub: World) -> None:
    room = await a_room(hub)
    statement = await drafted(hub, room)
    rows = await hub.pool.fetch("select recipient, links from notice where title like 'Tekst om te tekenen%' order by recipient, way::text")
    assert [row["recipient"] for row in rows] == ["dir", "wv", "wv"]
    assert {row["links"][0]["data"]["digest"] for row in rows} == {statement["digest"]}


async def test_once_it_is_closed_the_statement_is_no_longer_offered_and_reopened_it_is(hub: World) -> None:
    room = await a_room(hub)
    statement = await drafted(hub, room)
    for who, role in (("wv", "spokesperson"), ("dir", "agent")):
        await do(hub, "POST", f"{room}/statement/sign", who, role, json={"digest": statement["digest"]})
    closed = await do(hub, "POST", f"{room}/close", json=WHY)
    assert closed.json()["incident"]["statement"]["offered"] is False
    again = await do(hub, "POST", f"{room}/reopen", json=WHY)
    assert again.json()["incident"]["statement"]["offered"] is True


async def test_the_digest_depends_on_every_character_and_language_and_not_on_their_order() -> None:
    assert incident.digest_of(TEXTS) == incident.digest_of(dict(reversed(TEXTS.items())))
    assert len({incident.digest_of(texts) for texts in (TEXTS, {**TEXTS, "nl": TEXTS["nl"] + " "}, {"nl": TEXTS["nl"]})}) == 3


# --- tasks ------------------------------------------------------------------------------------------------------------------------------


async def test_a_task_is_told_to_its_owner_when_it_is_given_and_once_more_when_it_is_due(hub: World) -> None:
    room = await a_room(hub)
    body = {"title": "Planning stilzetten", "owner": "mt", "due_at": "2026-01-01T10:00:00Z"}
    given = await do(hub, "POST", f"{room}/tasks", json=body)
    assert given.status_code == 201, given.text
    for _ in range(3):
        await time_comes(hub, "incident")
    rows = await hub.pool.fetch("select text from notice where recipient = 'mt' and title like 'Taak%' order by created_at")
    assert len(rows) == 2
    (found,) = await incidents(hub.pool)
    assert (await story(hub.pool, found["id"])).count("task-due") == 1
    [due] = await told_as(hub.pool, IncidentTaskDue)
    assert (due.task.title, due.task.owner) == (body["title"], "mt")


async def test_a_task_that_is_done_is_not_reminded_of(hub: World) -> None:
    room = await a_room(hub)
    given = await do(hub, "POST", f"{room}/tasks", json={"title": "x", "owner": "mk", "due_at": "2026-01-01T10:00:00Z"})
    task = given.json()["incident"]["tasks"][0]
    for _ in range(2):
        done = await do(hub, "POST", f"{room}/tasks/{task['id']}/done", "gs", "agent")
        assert done.json()["incident"]["tasks"][0]["done_by"] == "gs"
    await time_comes(hub, "incident")
    assert await hub.pool.fetchval("select count(*) from notice where title like 'Taak%'") == 0, "its own giver is not told, and it is done"


async def test_a_task_of_somebody_who_is_not_there_is_refused(hub: World) -> None:
    answer = await do(hub, "POST", f"{await a_room(hub)}/tasks", json={"title": "x", "owner": "niemand"})
    assert (answer.status_code, "niemand" in answer.text) == (422, True)


# --- by link ----------------------------------------------------------------------------------------------------------------------------


def click(purpose: str, room: str, member: str, **data: str) -> Click:
    return Click("vaart", purpose, UUID(room.rsplit("/", 1)[1]), member, datetime(2030, 1, 1, tzinfo=UTC), data)


async def follow(hub: World, purpose: Any, clicked: Click, **given: str) -> str:
    async with hub.pool.acquire() as connection, connection.transaction():
        said: str = await purpose.act(connection, hub.app.state.policies.vaart, clicked, given, await store.now(connection))
        return said


async def show(hub: World, purpose: Any, clicked: Click) -> Any:
    async with hub.pool.acquire() as connection:
        return await purpose.show(connection, hub.app.state.policies.vaart, clicked, await store.now(connection))


async def test_a_member_of_the_hub_acknowledges_by_a_link_and_looking_changes_nothing(hub: World) -> None:
    room = await a_room(hub)
    clicked = click("incident-ack", room, "wv", round="0")
    assert (await show(hub, hub_links.ACKNOWLEDGE, clicked)).over is None
    (found,) = await incidents(hub.pool)
    assert found["state"] == "raised"
    assert "Dank je" in await follow(hub, hub_links.ACKNOWLEDGE, clicked)
    (found,) = await incidents(hub.pool)
    assert (found["state"], found["told"][0]["acknowledged_at"] is None) == ("acknowledged", False)
    assert (await show(hub, hub_links.ACKNOWLEDGE, clicked)).over is not None


async def test_by_a_link_one_writes_in_the_room_once(hub: World) -> None:
    room = await a_room(hub)
    for _ in range(2):
        await follow(hub, hub_links.SAY, click("incident-say", room, "mt"), text="We stoppen de campagne.")
    shown = (await do(hub, "GET", room)).json()
    assert [(message["author"], message["text"]) for message in shown["messages"]] == [("mt", "We stoppen de campagne.")]


async def test_a_link_signs_exactly_the_text_that_it_was_sent_for(hub: World) -> None:
    room = await a_room(hub)
    first = await drafted(hub, room)
    wv, old = (click("incident-sign", room, who, digest=first["digest"]) for who in ("wv", "dir"))
    assert TEXTS["nl"] in (await show(hub, hub_links.SIGN, wv)).text
    await follow(hub, hub_links.SIGN, wv)
    second = await drafted(hub, room, {"nl": "Een andere tekst."})
    with pytest.raises(NotNow):
        await follow(hub, hub_links.SIGN, old)
    assert (await show(hub, hub_links.SIGN, old)).over is not None
    with pytest.raises(NotNow):
        await follow(hub, hub_links.SIGN, click("incident-sign", room, "mt", digest=second["digest"]))
    for who in ("wv", "dir"):
        said = await follow(hub, hub_links.SIGN, click("incident-sign", room, who, digest=second["digest"]))
    assert "goedgekeurd" in said


async def test_a_link_of_a_closed_incident_says_so(hub: World) -> None:
    room = await a_room(hub)
    await do(hub, "POST", f"{room}/close", json=WHY)
    for purpose in (hub_links.ACKNOWLEDGE, hub_links.SAY, hub_links.SIGN):
        assert (await show(hub, purpose, click("x", room, "wv"))).over == "Het incident is gesloten."
    with pytest.raises(NotNow):
        await follow(hub, hub_links.ACKNOWLEDGE, click("incident-ack", room, "wv"))


async def test_holding_because_of_an_incident_is_told_with_it(hub: World) -> None:
    room = await a_room(hub)
    held = await do(hub, "POST", f"{room}/hold", json={"what": "all", "why": "Eerst weten wat er speelt."})
    assert held.json()["incident"]["hold"] == "all"
    assert await hub.pool.fetchval("select reason from hold where brand = 'vaart' and held") == "Eerst weten wat er speelt."
    await acknowledges(hub, held.json()["incident"], "wv")
    await comes(hub, "A")
