"""What is behind a signed link: a page that changes nothing by being looked at, and one click that does what it says, once."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common import db
from libs.common.books import BrandBooks
from libs.common.events import BrandBookPublished
from services.routing import link_api, store
from services.routing.links import Click, Field, Links, NotNow, Purpose, Shown
from services.routing.policies import Policies
from services.routing.sla import Policy
from tests.integration.routing.access_world import World, world_of

SUBJECT = UUID(int=5)
HOUR = timedelta(hours=1)


async def show(connection: db.Connection, policy: Policy, click: Click, now: datetime) -> Shown:
    return Shown("Mag <Sanne> geld terug?", over="De vraag is al beantwoord." if click.data.get("over") else None)


async def act(connection: db.Connection, policy: Policy, click: Click, given: Mapping[str, str], now: datetime) -> str:
    case_id = click.subject
    await store.add_note(connection, click.brand, case_id, case_id, now, click.member, given["answer"])
    if given["answer"] == "nu niet":
        raise NotNow("De zaak is gesloten.")
    return "Dank je wel."


ANSWER = Purpose(
    title={"nl": "Vraag van webcare", "en": "A question"},
    button={"nl": "Antwoord", "en": "Answer"},
    show=show,
    act=act,
    fields=(Field("answer", {"nl": "Antwoord", "en": "Answer"}, kind="lines", longest=100),),
)


@pytest.fixture(autouse=True)
def purposes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_api, "PURPOSES", {"answer": ANSWER})


@pytest.fixture
async def linked(shared_pool: db.Pool, tmp_path: Path) -> World:
    await shared_pool.execute("truncate link_use, note")
    world, books = world_of(shared_pool, tmp_path), BrandBooks("nowhere", "test")
    for brand, language in (("vaart", "nl"), ("noord", "en")):
        book = {
            "brand": brand,
            "name": brand.title(),
            "languages": [language],
            "team": [{"id": "mk", "first_name": "Mila", "initials": "mk"}],
        }
        await books.put(BrandBookPublished(brand=brand, version=1, book=book, published_at=datetime.now(UTC), published_by="test"))
    world.app.state.policies = Policies(books)
    return world


def address(world: World, brand: str = "vaart", member: str = "mk", purpose: str = "answer", for_: timedelta = HOUR, **data: str) -> str:
    signed: Links = world.app.state.links
    return signed.url(Click(brand, purpose, SUBJECT, member, datetime.now(UTC) + for_, data)).removeprefix("http://127.0.0.1:8603")


async def click(world: World, where: str, **form: str) -> httpx.Response:
    return await world.client.post(where, data=form or {"answer": "Ja"})


async def notes(world: World) -> list[Any]:
    return await world.pool.fetch("select * from note where brand = 'vaart'")


async def test_looking_at_a_link_changes_nothing_and_a_click_does_it_once(linked: World) -> None:
    where = address(linked)
    for method in ("GET", "HEAD", "GET"):
        answer = await linked.client.request(method, where)
        assert answer.status_code == 200
    assert "Mag &lt;Sanne&gt; geld terug?" in answer.text
    assert await notes(linked) == []
    first, second = await click(linked, where), await click(linked, where, answer="Nee")
    assert ("Gedaan" in first.text, "Dit was al gedaan" in second.text) == (True, True)
    assert "Dank je wel." in second.text
    assert [row["text"] for row in await notes(linked)] == ["Ja"]
    assert "Dit was al gedaan" in (await linked.client.get(where)).text


async def test_of_clicks_at_the_same_moment_one_does_it(linked: World) -> None:
    answers = await asyncio.gather(*[click(linked, address(linked, for_=HOUR * n)) for n in range(1, 9)])
    assert sorted("Gedaan" in answer.text for answer in answers) == [False] * 7 + [True]
    assert {answer.status_code for answer in answers} == {200}
    assert len(await notes(linked)) == 1


async def test_the_page_takes_nothing_from_elsewhere_and_runs_no_script(linked: World) -> None:
    page = await linked.client.get(address(linked))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert not re.search(r'(src|href)="', page.text)
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("made", "status", "says"),
    [
        (lambda world: address(world)[:-3] + "AAA", 404, "This link is not valid"),
        (lambda world: "/v1/links/x", 404, "This link is not valid"),
        (lambda world: address(world, brand="weg"), 404, "This link is not valid"),
        (lambda world: address(world, purpose="anders"), 404, "Deze link klopt niet"),
        (lambda world: address(world, for_=-HOUR), 410, "Deze link is verlopen"),
        (lambda world: address(world, brand="noord", for_=-HOUR), 410, "This link has expired"),
        (lambda world: address(world, member="weg"), 404, "Deze link is niet meer van jou"),
    ],
)
async def test_a_link_that_does_not_hold_says_so_and_does_nothing(linked: World, made: Any, status: int, says: str) -> None:
    where = made(linked)
    for answer in (await linked.client.get(where), await click(linked, where)):
        assert answer.status_code == status
        assert says in answer.text
        assert "<form" not in answer.text
    assert await notes(linked) == []


async def test_a_form_that_lacks_something_is_shown_again_with_what_was_written(linked: World) -> None:
    where = address(linked)
    empty, long = await click(linked, where, answer=" "), await click(linked, where, answer="x" * 101 + '"><b>')
    assert (empty.status_code, long.status_code) == (422, 422)
    assert "Vul dit in: Antwoord." in empty.text
    assert "hoogstens 100 tekens" in long.text
    assert "x&quot;&gt;&lt;b&gt;" in long.text
    assert await notes(linked) == []
    assert "Gedaan" in (await click(linked, where)).text


async def test_what_cannot_be_done_now_leaves_no_trace_and_the_link_as_it_was(linked: World) -> None:
    where = address(linked)
    refused = await click(linked, where, answer="nu niet")
    assert (refused.status_code, "De zaak is gesloten." in refused.text) == (409, True)
    assert await notes(linked) == []
    assert "Gedaan" in (await click(linked, where)).text


async def test_what_is_over_is_shown_without_a_button(linked: World) -> None:
    where = address(linked, over="yes")
    for answer in (await linked.client.get(where), await click(linked, where)):
        assert "De vraag is al beantwoord." in answer.text
        assert "<form" not in answer.text
    assert await notes(linked) == []


async def test_a_form_of_unreasonable_size_is_not_read(linked: World) -> None:
    answer = await click(linked, address(linked), answer="x" * 200_000)
    assert answer.status_code == 413


async def test_a_brand_cannot_use_up_another_brands_link(linked: World) -> None:
    assert "Done" in (await click(linked, address(linked, brand="noord"))).text
    await linked.pool.execute("truncate note")
    assert "Gedaan" in (await click(linked, address(linked))).text
