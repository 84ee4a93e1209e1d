"""Notes that call colleagues, tags, watchers, the brand's own fields, and what people were told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.common import db
from libs.common.bookcases import CustomField
from libs.common.hours import Calendar
from services.routing.sla import Policy
from tests.integration.pools import somebody_waits_for_a_lock
from tests.integration.routing.feed_world import FeedWorld, Instance, feed_world
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.integration.routing.test_stream_of_changes import case_of
from tests.stack import Databases
from tests.unit.routing.test_permutations import BOOK, OneBook
from tests.waiting import until

A = f"/v1/brands/vaart/cases/{case_of('A')}"
FIELDS = [
    {"id": "postcode", "name": "Postcode", "name_in": {"en": "Postal code"}, "required": True},
    {"id": "amount", "type": "number"},
]


def with_fields(one: Instance, fields: list[dict[str, Any]]) -> None:
    """The brand book of this instance has these fields from now on."""
    book = BOOK.model_copy(update={"fields": tuple(CustomField.model_validate(field) for field in fields)})
    one.app.state.policies = OneBook(Policy(book, Calendar.of(book), 2))


@pytest.fixture
async def world(postgres: Databases, tmp_path: Path) -> AsyncIterator[FeedWorld]:
    async with feed_world(postgres, tmp_path) as made:
        await batch(made.pool, [triaged("A", "A")])
        yield made


@pytest.fixture
async def one(world: FeedWorld) -> Instance:
    return await world.start()


async def note(one: Instance, text: str, who: str = "gs") -> dict[str, Any]:
    answer = await one.call("POST", f"{A}/notes", who, json={"text": text})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told(one: Instance, who: str, query: str = "") -> list[str]:
    answer = await one.call("GET", f"/v1/brands/vaart/notifications{query}", who)
    return [item["what"] for item in answer.json()["items"]]


async def stories(pool: db.Pool) -> list[tuple[str, str, dict[str, Any]]]:
    rows = await pool.fetch("select what, actor, detail from timeline where brand = 'vaart' order by version")
    return [(row["what"], row["actor"], row["detail"]) for row in rows]


# --- notes -----------------------------------------------------------------------------------------------------------------------------


async def test_a_note_tells_whom_it_calls_upon_and_not_its_author(one: Instance, world: FeedWorld) -> None:
    async with one.listen(token=one.token("mk")) as heard:
        found = await note(one, "@Mila en @billing, kijken jullie? @gs doet de rest")
        assert found["mentions"] == ["mk", "bb", "gs"]
        assert [item["what"] for item in await heard.until("notification")] == ["called upon by gs"]
    assert await told(one, "mk") == await told(one, "bb") == ["called upon by gs"]
    assert await told(one, "gs") == []
    assert (await stories(world.pool))[-1][2]["mentions"] == ["mk", "bb", "gs"]


async def test_its_author_puts_a_note_right_and_only_who_is_newly_called_is_told(one: Instance, world: FeedWorld) -> None:
    first = await note(one, "@mk kijk jij?")
    path = f"{A}/notes/{first['id']}"
    answer = await one.call("PUT", path, json={"text": "@mk of @bb, kijk jij?"}, headers={"if-match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == '"2"'
    assert await told(one, "mk") == ["called upon by gs"]
    assert await told(one, "bb") == ["called upon by gs"]
    (listed,) = (await one.call("GET", f"{A}/notes")).json()["items"]
    assert (listed["text"], [item["text"] for item in listed["earlier"]]) == ("@mk of @bb, kijk jij?", ["@mk kijk jij?"])
    assert [what for what, _, _ in await stories(world.pool)] == ["opened", "noted", "note-edited"]
    assert (await one.call("PUT", path, json={"text": "x"}, headers={"if-match": '"1"'})).status_code == 412
    assert (await one.call("PUT", path, "mk", "lead", json={"text": "x"})).status_code == 403


async def test_a_note_that_was_read_for_a_quarter_of_an_hour_is_history(one: Instance, world: FeedWorld) -> None:
    first = await note(one, "klant belt terug")
    await world.pool.execute("update note set at = at - interval '16 minutes' where brand = 'vaart'")
    answer = await one.call("PUT", f"{A}/notes/{first['id']}", json={"text": "klant belt morgen"})
    assert answer.status_code == 409
    assert "15 minutes" in answer.json()["detail"]


async def test_a_note_that_is_taken_away_leaves_who_and_when_and_nothing_of_what_it_said(one: Instance, world: FeedWorld) -> None:
    first = await note(one, "nummer 0612345678")
    path = f"{A}/notes/{first['id']}"
    assert (await one.call("PUT", path, json={"text": "nummer staat in het systeem"})).status_code == 200
    assert (await one.call("DELETE", path, "bb")).status_code == 403
    answer = await one.call("DELETE", path, "mk", "lead")
    assert answer.status_code == 200, answer.text
    (listed,) = (await one.call("GET", f"{A}/notes")).json()["items"]
    assert (listed["text"], listed["earlier"], listed["author"], listed["deleted_by"]) == ("", [], "gs", "mk")
    assert (await stories(world.pool))[-1][:2] == ("note-deleted", "mk")
    assert (await one.call("PUT", path, json={"text": "x"})).status_code == 409
    assert (await one.call("DELETE", f"{A}/notes/{case_of('A')}")).status_code == 404
    rows = await world.pool.fetch("select text, earlier::text from note where brand = 'vaart'")
    assert "0612345678" not in str([dict(row) for row in rows])


# --- tags ------------------------------------------------------------------------------------------------------------------------------


async def test_two_people_who_tag_at_once_both_hold_and_each_is_told_of(one: Instance, world: FeedWorld) -> None:
    async with world.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("select 1 from care_case where brand = 'vaart' for update")
        both = [
            asyncio.create_task(one.call("PATCH", f"{A}/tags", who, json={"add": [tag, "#Samen"]}))
            for who, tag in (("gs", "Utrecht"), ("mk", "spoed"))
        ]
        await until(lambda: somebody_waits_for_a_lock(world.pool), "they wait")
        await transaction.commit()
    answers = await asyncio.gather(*both)
    assert [answer.status_code for answer in answers] == [200, 200]
    case = (await one.call("GET", A)).json()["case"]
    assert sorted(case["tags"]) == ["samen", "spoed", "utrecht"]
    assert sorted(actor for what, actor, _ in await stories(world.pool) if what == "tagged") == ["gs", "mk"]
    assert not await world.pool.fetchval("select touched from care_case where brand = 'vaart'")


async def test_tags_are_suggested_by_how_many_cases_have_them(one: Instance, world: FeedWorld) -> None:
    await batch(world.pool, [triaged("B", "B")])
    b = f"/v1/brands/vaart/cases/{case_of('B')}"
    for path, add in ((A, ["storing", "stad 100%"]), (b, ["storing", "storm"])):
        assert (await one.call("PATCH", f"{path}/tags", json={"add": add})).status_code == 200
    assert (await one.call("PATCH", f"{b}/tags", json={"add": ["storing"]})).json()["version"] == 2, "it has it already"

    async def suggested(begins: str, brand: str = "vaart") -> list[tuple[str, int]]:
        answer = await one.call("GET", f"/v1/brands/{brand}/tags", params={"begins": begins})
        return [(item["tag"], item["cases"]) for item in answer.json()["items"]]

    assert await suggested("#St") == [("storing", 2), ("stad 100%", 1), ("storm", 1)]
    assert await suggested("stad 100%") == [("stad 100%", 1)]
    assert await suggested("%") == []
    assert (await one.call("PATCH", f"{b}/tags", json={"remove": ["Storm", "storing", "nooit"]})).json()["case"]["tags"] == []
    assert await suggested("st") == [("stad 100%", 1), ("storing", 1)]


async def test_a_tag_that_is_none_is_refused(one: Instance) -> None:
    for bad in ({"add": [" "]}, {"add": ["x" * 150]}, {"add": ["a\nb\u202e"]}, {"add": [str(n) for n in range(51)]}, {"tags": ["x"]}):
        assert (await one.call("PATCH", f"{A}/tags", json=bad)).status_code == 422, bad


# --- watchers --------------------------------------------------------------------------------------------------------------------------


async def test_watchers_are_told_of_what_others_do(one: Instance) -> None:
    assert (await one.call("PATCH", f"{A}/watchers", "bb", json={"add": ["bb"]})).status_code == 200
    answer = await one.call("PATCH", f"{A}/watchers", "mk", "lead", json={"add": ["gs", "tt"]})
    assert answer.json()["case"]["watchers"] == ["bb", "gs", "tt"]
    assert (await one.call("PATCH", f"{A}/watchers", "tt", json={"remove": ["tt"]})).status_code == 200
    assert (await one.call("POST", f"{A}/resolve", "gs")).status_code == 200
    assert (await one.call("POST", f"{A}/reopen", "mk", "lead")).status_code == 200
    late = ["reaction clock breached", "resolution clock breached"]  # the message of this test is from long ago
    assert await told(one, "bb") == ["resolved", *late, "reopened"]
    assert await told(one, "gs") == [*late, "reopened"], "not of one's own doing"
    assert await told(one, "tt") == []


async def test_everybody_watches_for_themselves_and_only_members_watch(one: Instance) -> None:
    assert (await one.call("PATCH", f"{A}/watchers", json={"add": ["mk"]})).status_code == 403
    assert (await one.call("PATCH", f"{A}/watchers", "mk", "lead", json={"add": ["vreemd"]})).status_code == 422
    assert (await one.call("PATCH", f"{A}/watchers", "vreemd", json={"add": ["vreemd"]})).status_code == 422


async def test_who_watches_gets_the_case_on_their_own_stream(one: Instance) -> None:
    async with one.listen("?mine=true&kinds=case", token=one.token("bb")) as heard:
        await one.call("PATCH", f"{A}/watchers", "bb", json={"add": ["bb"]})
        await one.call("POST", f"{A}/take", "gs")
        assert [item["what"] for item in await heard.until("case", 2)] == ["watched", "assigned"]


# --- fields ----------------------------------------------------------------------------------------------------------------------------


async def fill(one: Instance, values: dict[str, Any], match: str = "*", who: str = "gs") -> httpx.Response:
    return await one.call("PATCH", f"{A}/fields", who, json={"values": values}, headers={"if-match": match})


async def test_a_case_is_resolved_only_when_what_is_required_is_filled_in(one: Instance, world: FeedWorld) -> None:
    with_fields(one, FIELDS)
    answer = await one.call("POST", f"{A}/resolve")
    assert (answer.status_code, answer.json()["missing"]) == (409, [{"id": "postcode", "name": "Postcode"}])
    answer = await fill(one, {"postcode": "3511 AB", "amount": 12.5})
    assert answer.json()["case"]["fields"] == {"postcode": "3511 AB", "amount": 12.5}
    what, actor, detail = (await stories(world.pool))[-1]
    assert (what, actor) == ("fields-set", "gs")
    assert detail["changes"][0] == {"field": "postcode", "before": None, "after": "3511 AB"}
    assert (await one.call("POST", f"{A}/resolve")).status_code == 200


async def test_of_two_who_fill_in_at_once_the_second_reads_again(one: Instance) -> None:
    with_fields(one, FIELDS)
    answers = await asyncio.gather(fill(one, {"amount": 1}, '"1"'), fill(one, {"amount": 2}, '"1"', "mk"))
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_fields_are_shown_as_the_book_has_them_and_former_ones_after_them(one: Instance) -> None:
    with_fields(one, [*FIELDS, {"id": "colour"}])
    assert (await fill(one, {"colour": "rood", "amount": 3})).status_code == 200
    with_fields(one, [FIELDS[0], {"id": "amount", "type": "boolean"}])
    items = {item["id"]: item for item in (await one.call("GET", f"{A}/fields")).json()["items"]}
    assert list(items) == ["postcode", "amount", "colour"]
    assert (items["postcode"]["name"], items["postcode"]["name_in"], items["postcode"]["required"]) == (
        "Postcode",
        {"en": "Postal code"},
        True,
    )
    assert (items["amount"]["value"], items["amount"]["problem"]) == (3, "needs true or false")
    assert (items["colour"]["type"], items["colour"]["value"]) == ("former", "rood")
    refused = await fill(one, {"colour": "blauw", "amount": "nee"})
    assert refused.status_code == 422
    assert [item["field"] for item in refused.json()["errors"]] == ["colour", "amount"]
    assert (await fill(one, {"colour": None})).status_code == 200


@pytest.mark.parametrize("values", [{}, {"amount": [1]}, {"amount": {"a": 1}}, {"x" * 101: 1}])
async def test_values_that_no_field_takes_are_refused(one: Instance, values: Any) -> None:
    with_fields(one, FIELDS)
    assert (await fill(one, values)).status_code == 422


# --- notifications ---------------------------------------------------------------------------------------------------------------------


async def test_what_was_read_is_read_on_every_screen_and_only_ones_own(one: Instance) -> None:
    for n in range(3):
        await note(one, f"@mk en @bb, {n}")
    items = (await one.call("GET", "/v1/brands/vaart/notifications", "mk")).json()["items"]
    others = (await one.call("GET", "/v1/brands/vaart/notifications", "bb")).json()["items"]
    async with one.listen(token=one.token("mk")) as heard, one.listen(token=one.token("bb")) as elsewhere:
        answer = await one.call("POST", "/v1/brands/vaart/notifications/read", "mk", json={"ids": [items[2]["id"], others[0]["id"]]})
        assert answer.json() == {"read": 1, "unread": 2}
        answer = await one.call("POST", "/v1/brands/vaart/notifications/read", "mk", json={"upto": items[0]["id"]})
        assert answer.json() == {"read": 1, "unread": 1}
        assert [item["unread"] for item in await heard.until("notifications_read", 2)] == [2, 1]
        assert elsewhere.of("notifications_read") == []
    left = (await one.call("GET", "/v1/brands/vaart/notifications?unread=true", "mk")).json()["items"]
    assert [item["id"] for item in left] == [items[1]["id"]]
    assert len(await told(one, "bb", "?unread=true")) == 3
    newest = (await one.call("GET", "/v1/brands/vaart/notifications?newest=true&limit=2", "mk")).json()
    assert [item["id"] for item in newest["items"]] == [items[2]["id"], items[1]["id"]]
    rest = (await one.call("GET", f"/v1/brands/vaart/notifications?newest=true&limit=2&cursor={newest['next']}", "mk")).json()
    assert [item["id"] for item in rest["items"]] == [items[0]["id"]]
    assert (await one.call("POST", "/v1/brands/vaart/notifications/read", "mk", json={})).status_code == 422
