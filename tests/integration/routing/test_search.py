"""What people type finds the case that holds it, and nothing that was taken back."""

from typing import Any
from uuid import uuid4

import pytest

from libs.common import db
from libs.common.events import MentionRemoved, MentionTriaged, PersonalData, TriagedMention
from libs.common.record import Received
from services.routing import question, search, search_index, store
from services.routing.case import case_id_of
from services.routing.wanted import Wanted
from tests.integration.routing.access_world import World
from tests.integration.routing.test_corrections import Books
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import START, event, mention_id, reply_sent, state


@pytest.fixture
async def desk(world: World) -> World:
    await world.pool.execute(
        "truncate mention_copy, care_case, timeline, note, said, notification, outbox, sent_reply, saved_view, view_order"
    )
    world.app.state.policies = Books()
    return world


def wrote(
    name: str, text: str, *, title: str | None = None, who: str | None = None, visibility: str = "public", pii: tuple[tuple[str, int, int], ...] = (),
    version: int = 1, group: str | None = None, **mention: Any,
) -> Received[Any]:  # fmt: skip
    """Mention A, B, C … of a customer of its own, with this text."""
    made: TriagedMention = state(name, group or name)
    author = made.mention.author.model_copy(update={"name": who})
    said = {"text": text, "title": title, "author": author, "visibility": visibility, **mention}
    findings = made.findings.model_copy(
        update={"labels": [], "pii": [PersonalData(kind=kind, start=start, end=end) for kind, start, end in pii]}
    )
    return event(MentionTriaged, version, made.model_copy(update={"mention": made.mention.model_copy(update=said), "findings": findings}))


async def comes(pool: db.Pool, *events: Received[Any]) -> None:
    for one in events:
        await batch(pool, [one])
    while await search_index.tick(pool):
        pass


async def found(pool: db.Pool, q: str, brand: str = "vaart", **wanted: Any) -> list[str]:
    """The names of the cases that q finds, best first."""
    names = {case_id_of("vaart", mention_id(name)): name for name in "ABCDEFGH"}
    async with pool.acquire() as connection:
        hits = await search.find(connection, brand, question.parse(q), Wanted(**wanted), None, await store.now(connection), 20)
    return [names[hit.case_id] for hit in hits.hits]


async def test_words_are_found_by_their_stem_in_dutch_and_in_english(desk: World) -> None:
    await comes(
        desk.pool,
        wrote("A", "Mijn facturen kloppen niet"),
        wrote("B", "The invoices are wrong"),
        wrote("C", "Het modem knippert rood"),
    )
    assert await found(desk.pool, "factuur") == ["A"]
    assert await found(desk.pool, "invoice") == ["B"]
    assert await found(desk.pool, "modems") == ["C"]
    assert await found(desk.pool, "wasmachine") == []


async def test_phrases_alternatives_and_what_is_left_out(desk: World) -> None:
    await comes(
        desk.pool,
        wrote("A", "geen internet in Utrecht sinds gisteren"),
        wrote("B", "internet doet het weer, geen klachten"),
        wrote("C", "de factuur is dubbel"),
    )
    assert await found(desk.pool, '"geen internet"') == ["A"]
    assert set(await found(desk.pool, "geen internet")) == {"A", "B"}
    assert await found(desk.pool, "internet -utrecht") == ["B"]
    assert await found(desk.pool, "internet -klacht") == ["A"], "what is left out goes by its stem, too"
    assert set(await found(desk.pool, "utrecht OR factuur")) == {"A", "C"}
    assert await found(desk.pool, "dubb*") == ["C"]


async def test_words_of_two_messages_and_of_our_answer_find_the_one_case(desk: World) -> None:
    await comes(desk.pool, wrote("A", "mijn modem is stuk"), wrote("B", "en de monteur kwam niet", group="A"))
    await comes(desk.pool, reply_sent(case_id_of("vaart", mention_id("A")), START, "r"))  # We kijken ernaar. ^bb
    async with desk.pool.acquire() as connection:
        await store.add_note(connection, "vaart", case_id_of("vaart", mention_id("A")), uuid4(), START, "gs", "coulance besproken")
    await comes(desk.pool)
    assert await found(desk.pool, "modem monteur") == ["A"]
    assert await found(desk.pool, "modem kijken coulance") == ["A"]


async def test_numbers_are_found_by_a_part_however_they_are_written_and_with_a_digit_that_is_wrong(desk: World) -> None:
    await comes(
        desk.pool,
        wrote("A", "bestelling VA-0042317 is er niet"),
        wrote("B", "bel me op +31 6 1234 5678"),
        wrote("C", "mijn iban is NL91 ABNA 0417 1643 00"),
    )
    assert await found(desk.pool, "va-0042317") == ["A"]
    assert await found(desk.pool, "42317") == ["A"]
    assert await found(desk.pool, "06-12345678") == ["B"]
    assert await found(desk.pool, "0612 345678 OR 99999") == []
    assert await found(desk.pool, "0417164300") == ["C"]
    assert await found(desk.pool, "0042371") == ["A"], "two digits that changed places"
    assert await found(desk.pool, "0042817") == ["A"], "one digit that is wrong"


async def test_a_misspelt_name_finds_its_bearer_and_says_that_it_is_alike(desk: World) -> None:
    await comes(
        desk.pool,
        wrote("A", "hallo", who="Wouter van der Poelman"),
        wrote("B", "hallo", who="Fatima Heide"),
        wrote("C", "hallo", who="Jan Bos"),
    )
    assert await found(desk.pool, "poelman") == ["A"]
    assert await found(desk.pool, "Poelmann") == ["A"]
    assert await found(desk.pool, "Fatmia Hiede") == ["B"]
    async with desk.pool.acquire() as connection:
        [hit] = (await search.find(connection, "vaart", question.parse("Poelmann"), Wanted(), None, await store.now(connection), 20)).hits
    assert hit.alike


async def test_a_message_that_was_taken_back_is_not_found_and_neither_is_its_name(desk: World) -> None:
    await comes(desk.pool, wrote("A", "mijn geheime tekst", who="Quirinus Zeldzaam"), wrote("B", "een tweede bericht", group="A"))
    assert await found(desk.pool, "geheime") == ["A"]
    await comes(desk.pool, event(MentionRemoved, 2, state("A", "A", removed=True)))
    assert await found(desk.pool, "geheime") == []
    assert await found(desk.pool, "zeldzaam") == []
    assert await found(desk.pool, "zeldzaan") == []
    assert await desk.pool.fetch("select * from search_name where name = 'zeldzaam'") == []
    assert await found(desk.pool, "tweede") == ["A"]
    await comes(desk.pool, event(MentionRemoved, 2, state("B", "A", removed=True)))
    assert await desk.pool.fetchval("select count(*) from search_text") == 0


async def test_another_brands_cases_are_not_found(desk: World) -> None:
    await comes(desk.pool, wrote("A", "een storing in Zwolle", who="Wouter Poelman"))
    assert await found(desk.pool, "storing", brand="golfnet") == []
    assert await found(desk.pool, "poelmann", brand="golfnet") == []


async def test_a_search_can_be_narrowed_by_the_filters_of_the_list(desk: World) -> None:
    await comes(desk.pool, wrote("A", "storing in Zwolle"), wrote("B", "storing in Breda"))
    assert set(await found(desk.pool, "storing")) == {"A", "B"}
    assert await found(desk.pool, "storing", urgency=("normal",)) == ["A"]
    assert await found(desk.pool, "storing", channel=("email",)) == ["B"]
    assert await found(desk.pool, "storing", open=False) == []


async def test_pages_go_on_where_the_last_one_ended_across_windows(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WINDOW", 3)
    await comes(desk.pool, *(wrote(name, "storing " * (1 + ord(name) % 3)) for name in "ABCDEFGH"))
    token, seen, cursor = desk.token("agent"), [], None
    for _ in range(10):
        asked = {"q": "storing", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = (await desk.call("GET", "/v1/brands/vaart/search", token, params=asked)).json()
        seen += [hit["case"]["id"] for hit in answer["items"]]
        if (cursor := answer["next"]) is None:
            break
    assert len(seen) == len(set(seen)) == 8


async def test_a_snippet_marks_what_was_found_and_hides_what_its_reader_does_not_see(desk: World) -> None:
    text = "Mijn nummer is 0612345678 en de storing duurt al dagen"
    await comes(desk.pool, wrote("A", text, visibility="private", pii=(("phone", 15, 25),), who="Jan Bos"))
    [hit] = (await desk.call("GET", "/v1/brands/vaart/search?q=storingen", desk.token("agent"))).json()["items"]
    [mark] = hit["snippet"]["marks"]
    assert hit["snippet"]["text"] == text
    assert text[mark["start"] : mark["end"]] == "storing"
    assert hit["case"]["customer"] == "Jan Bos"
    [hit] = (await desk.call("GET", "/v1/brands/vaart/search?q=storing", desk.token("spokesperson"))).json()["items"]
    assert hit["snippet"]["text"] == "Mijn nummer is [phone number] en de storing duurt al dagen"
    refused = await desk.call("GET", "/v1/brands/vaart/search?q=storing", desk.token("analyst"))
    assert refused.status_code == 403
    refused = await desk.call("GET", "/v1/brands/vaart/cases?q=0612345678", desk.token("analyst"))
    assert refused.status_code == 403
    [case] = (await desk.call("GET", "/v1/brands/vaart/cases", desk.token("analyst"))).json()["items"]
    assert case["latest"]["text"] == "Mijn nummer is [phone number] en de storing duurt al dagen"
    assert "Jan" not in str(case)


@pytest.mark.parametrize(
    ("q", "says"),
    [
        ("-storing", "nothing to search for"),
        ("!!! ...", "nothing to search for"),
        ("de het", "Every word of q"),
        (" ".join(f"woord{n}x" for n in range(30)), "more than 20 words"),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why(desk: World, q: str, says: str) -> None:
    answer = await desk.call("GET", "/v1/brands/vaart/search", desk.token("agent"), params={"q": q})
    assert answer.status_code == 400
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("q", ["'; drop table care_case; --", "a & b | !", "\\' <-> :*", "(((", 'x"y"z"', "%_%", "e\u0301tat", "1234'--"])
async def test_whatever_is_typed_is_only_looked_for(desk: World, q: str) -> None:
    answer = await desk.call("GET", "/v1/brands/vaart/search", desk.token("agent"), params={"q": q})
    assert answer.status_code in (200, 400, 422), answer.text


async def test_a_kill_between_the_change_and_the_search_loses_nothing(desk: World) -> None:
    await batch(desk.pool, [wrote("A", "een zeldzaam woord")])
    async with desk.pool.acquire() as connection:
        killed = connection.transaction()
        await killed.start()
        await connection.execute("delete from search_queue")
        await killed.rollback()
    await comes(desk.pool)
    assert await found(desk.pool, "zeldzaam") == ["A"]
    assert await desk.pool.fetchval("select count(*) from search_queue") == 0
