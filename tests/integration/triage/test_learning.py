"""Models learn from what people corrected, go live when they are better, and are live for every instance at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.common import db, migrate
from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from services.triage import learning
from services.triage.app import create_app
from services.triage.brandmodels import LiveModels
from services.triage.classify import Classifier
from services.triage.context import Context
from services.triage.examine import Examiner
from services.triage.settings import Settings
from tests.integration.triage.test_batches import Story
from tests.integration.triage.test_corrections import said
from tests.stack import Databases
from tests.system import ROOT
from tests.tokens import Issuer
from tests.unit.triage.test_learn import SAYINGS, WHAT

BOOK = load_book("brand: vaart\nname: Vaart\nlanguages: [nl]\n")
BRUTE, SAFE = "wat een bruut ding, de kaart", "altijd kluis, de kaart"
"""Two of those, which people call praise and blame, and which the shipped models know nothing of."""


@dataclass
class Triage:
    """The database of triage, two instances' view of what is live, and its routes."""

    pool: db.Pool
    service: Any
    classifier: Classifier
    instances: list[LiveModels]
    http: httpx.AsyncClient
    issuer: Issuer
    stories: dict[str, Story] = field(default_factory=dict)

    async def teach(self, brand: str, *, wrong: bool = False, count: int = 120) -> None:
        """Mentions, and what the brand's people said of their tone; `wrong`: nothing can be learnt from it."""
        story = self.stories.setdefault(brand, Story(brand))
        lines = [(saying.format(what), tone) for what in WHAT for tone, sayings in SAYINGS.items() for saying in sayings]
        events = []
        for number, (text, tone) in enumerate(lines[:count]):
            events += [story.mention(text, number, text=text), said(story, text, "sentiment", "neutral" if wrong else tone)]
        await story.batch(self.pool, events)

    async def learn(self, brand: str, *, after: int = 25, book: BrandBook = BOOK) -> list[tuple[str, int]]:
        return await learning.learn_for(self.service, self.classifier, brand, book, after, 0.0)

    async def told(self, brand: str, text: str) -> list[tuple[str, str]]:
        """What each instance finds the tone of a text to be, and by which models."""
        found = []
        for instance in self.instances:
            models = (await instance.of({brand})).get(brand)
            [finding] = self.classifier.classify([text], contexts=[Context("email", "public")], models=[models])
            found.append((finding.sentiment, finding.model.removeprefix(self.classifier.version)))
        return found

    async def ask(self, method: str, path: str, role: str = "lead", **given: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.issuer.token(role, ['vaart', 'other'], subject='mk')}", **given.pop("headers", {})}
        return await self.http.request(method, f"/v1/brands/vaart{path}", headers=headers, **given)


@pytest.fixture
async def triage(postgres: Databases, classifier: Classifier, tmp_path: Path) -> AsyncIterator[Triage]:
    url = postgres.login(postgres.database(), "triage")
    await migrate.migrate(url, "triage", ROOT / "services/triage/migrations")
    issuer = Issuer(tmp_path)
    app = create_app(Settings(database_url=url, kafka="127.0.0.1:1", jwks=str(issuer.jwks)))
    app.state.examiner = Examiner(app.state.service.books, classifier)
    pool = app.state.service.pool = await db.open_pool(url, "triage", size=4)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://triage") as client:
            instances = [LiveModels(pool, classifier.version) for _ in range(2)]
            yield Triage(pool, app.state.service, classifier, instances, client, issuer)
    finally:
        await pool.close()


async def test_a_better_version_goes_live_for_every_instance_and_for_no_other_brand(triage: Triage) -> None:
    await triage.teach("vaart")
    await triage.teach("other", wrong=True)
    before = await triage.told("vaart", BRUTE)
    assert before[0] == before[1]
    assert (before[0][0], before[0][1]) != ("positive", "+sentiment.1")
    assert await triage.learn("vaart") == [("sentiment", 1)]
    assert await triage.told("vaart", BRUTE) == [("positive", "+sentiment.1")] * 2
    assert await triage.told("vaart", SAFE) == [("negative", "+sentiment.1")] * 2
    assert [models for _, models in await triage.told("other", BRUTE)] == ["", ""]
    assert await triage.learn("vaart") == [], "nothing new was corrected"


async def test_what_is_no_better_does_not_go_live(triage: Triage) -> None:
    await triage.teach("vaart", count=40)
    assert await triage.learn("vaart", after=50) == [], "too little was corrected since"
    assert await triage.learn("vaart") == [("sentiment", 1)]
    found = (await triage.ask("GET", "/models/sentiment/versions/1")).json()
    assert (found["state"], found["verdict"], found["usable"]) == ("refused", "too few to judge", False)
    assert await triage.told("vaart", BRUTE) == await triage.told("other", BRUTE)


async def test_only_a_brands_own_texts_are_looked_at(triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    await triage.teach("vaart")
    await triage.stories["vaart"].batch(triage.pool, [triage.stories["vaart"].mention("unlabelled", 1, text="ook van ons")])
    theirs = triage.stories["other"] = Story("other")
    await theirs.batch(triage.pool, [theirs.mention("x", 1, text="van een ander"), said(theirs, "x", "labels", "storing")])
    await triage.stories["vaart"].batch(triage.pool, [said(triage.stories["vaart"], "de app is echt bruut", "labels", "storing")])
    seen: list[str] = []
    looks = Classifier.looks

    def watched(self: Classifier, texts: list[str], *more: Any) -> Any:
        seen.extend(texts)
        return looks(self, texts, *more)

    monkeypatch.setattr(Classifier, "looks", watched)
    await triage.learn("vaart", after=1)
    assert "ook van ons" in seen
    assert "van een ander" not in seen


async def test_people_see_why_and_switch_back(triage: Triage) -> None:
    await triage.teach("vaart")
    assert await triage.learn("vaart") == [("sentiment", 1)]
    listed = (await triage.ask("GET", "/models")).json()["items"]
    [tone] = [model for model in listed if model["finding"] == "sentiment"]
    assert (tone["live"], tone["corrections"], tone["waiting"]) == (1, 120, 0)
    version = (await triage.ask("GET", "/models/sentiment/versions/1")).json()
    assert version["score"] > version["live_score"]
    assert version["explanation"]["weighs"]["negative"][0] == "kluis"
    read = await triage.ask("GET", "/models/sentiment")
    body = {"version": 0, "reason": "te streng voor grappen"}
    assert (await triage.ask("POST", "/models/sentiment/rollback", json=body)).status_code == 428
    assert (await triage.ask("POST", "/models/sentiment/rollback", "agent", json=body)).status_code == 403
    match = {"if-match": read.headers["etag"]}
    back = await triage.ask("POST", "/models/sentiment/rollback", json=body, headers=match)
    assert back.status_code == 200, back.text
    assert (back.json()["live"], back.json()["switches"][0]["actor"], back.json()["switches"][0]["reason"]) == (0, "mk", body["reason"])
    assert [models for _, models in await triage.told("vaart", BRUTE)] == ["", ""]
    stale = await triage.ask("POST", "/models/sentiment/rollback", json={"version": 1, "reason": "toch wel"}, headers=match)
    assert (stale.status_code, stale.json()["changes"][0]["version"]) == (412, 0)
    again = {"if-match": back.headers["etag"]}
    unknown = await triage.ask("POST", "/models/sentiment/rollback", json={"version": 7, "reason": "?"}, headers=again)
    assert (unknown.status_code, "version 7" in unknown.json()["detail"]) == (422, True)
    await triage.pool.execute("update model set base = 'older' where brand = 'vaart'")
    older = await triage.ask("POST", "/models/sentiment/rollback", json={"version": 1, "reason": "toch wel"}, headers=again)
    assert (older.status_code, "corrects the shipped models older" in older.json()["detail"]) == (409, True)
    await triage.pool.execute("update model set base = $1 where brand = 'vaart'", version["base"])
    assert (await triage.ask("POST", "/models/sentiment/rollback", json={"version": 1, "reason": "toch wel"}, headers=again)).is_success
    assert await triage.told("vaart", BRUTE) == [("positive", "+sentiment.1")] * 2


async def test_corrections_can_be_looked_back_on(triage: Triage) -> None:
    story = Story("vaart")
    await story.batch(
        triage.pool, [story.mention("a", 1), said(story, "a", "urgency", "high"), said(story, "a", "respond", "no_reply", reason="grap")]
    )
    first = (await triage.ask("GET", "/corrections?limit=1")).json()
    [latest] = first["items"]
    assert (latest["finding"], latest["values"], latest["proposed"], latest["reason"], latest["actor"]) == (
        "respond", ["no_reply"], ["neutral"], "grap", "mk",
    )  # fmt: skip
    rest = (await triage.ask("GET", f"/corrections?cursor={first['next']}")).json()
    assert [item["finding"] for item in rest["items"]] == ["urgency"]
    assert [item["finding"] for item in (await triage.ask("GET", "/corrections?finding=urgency")).json()["items"]] == ["urgency"]


async def test_a_version_that_learnt_from_what_was_taken_back_makes_way(triage: Triage) -> None:
    await triage.teach("vaart")
    await triage.learn("vaart")
    story = triage.stories["vaart"]
    await story.batch(triage.pool, [story.deleted("de trein is weer zo'n kluis")])
    assert await triage.learn("vaart") == [("sentiment", 2)]
    row = await triage.pool.fetchrow("select compared_to, trained_on + held_out as texts from model where version = 2")
    assert row is not None
    assert (row["compared_to"], row["texts"]) == (0, 119)
    assert await triage.told("vaart", BRUTE) == [("positive", "+sentiment.2")] * 2
    await story.batch(triage.pool, [story.deleted(name) for name in story.names.values()])
    assert await triage.learn("vaart") == [("sentiment", 3)]
    assert [models for _, models in await triage.told("vaart", BRUTE)] == ["", ""]
    assert await triage.learn("vaart") == []


async def test_one_instance_learns_at_a_time(triage: Triage) -> None:
    await triage.teach("vaart")
    async with triage.pool.acquire() as other:
        await other.execute("select pg_advisory_lock(hashtextextended('vaart', 5))")
        assert await triage.learn("vaart") == []
        await other.execute("select pg_advisory_unlock(hashtextextended('vaart', 5))")
    assert await triage.learn("vaart") == [("sentiment", 1)]


async def test_what_was_learnt_on_other_shipped_models_waits_until_it_is_learnt_anew(triage: Triage) -> None:
    await triage.teach("vaart")
    await triage.learn("vaart")
    newer = replace(triage.classifier, version="2-newer")
    assert await LiveModels(triage.pool, newer.version).of({"vaart"}) == {}
    assert await learning.learn_for(triage.service, newer, "vaart", BOOK, 25, 0.0) == [("sentiment", 2)]
    assert (await LiveModels(triage.pool, "2-newer").of({"vaart"}))["vaart"].name == "+sentiment.2"
