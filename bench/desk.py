"""`python -m bench.desk`: how fast the desk is with so many replies that wait, for one person at a time and for several at once.

It starts a PostgreSQL of its own with fsync on, fills it, and a responder of its own without Kafka; traffic stays on 127.0.0.1. With `--browser` the same
is done in Chromium, from the key to the page that can be used.
"""

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import uvicorn
import uvloop

from bench.texts import mentions
from cli.stack import keys
from libs.common import collector, db, migrate
from libs.common.bookfile import load_book
from libs.common.case_events import Case, CaseMention, CaseNoted, CaseOpened, Clock
from libs.common.events import BrandBookPublished, Mention
from services.responder import case_told, reply, reviewer, store
from services.responder.app import create_app
from services.responder.settings import Settings
from tests.stack import PostgresServer, free_port

ROOT = Path(__file__).parent.parent
BRAND = "vaart"
AGENT, LEAD = "gs", "mk"
MOST_MS = 200
"""p95 that is asked for, of every kind."""
OURS = {"sec-fetch-site": "same-origin"}


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


def published() -> BrandBookPublished:
    book = load_book((ROOT / f"samples/{BRAND}.yaml").read_text()).model_dump(mode="json", by_alias=True)
    book["conduct"]["approvals"] = [{"when": {}, "by": ["lead"]}]
    return BrandBookPublished(brand=BRAND, version=1, book=book, published_at=datetime.now(UTC), published_by="bench")


# --- what there is ------------------------------------------------------------------------------------------------------------------


async def fill(url: str, number: int) -> None:
    """So many cases of one agent with a draft of theirs, and as many with a reply that waits for the lead."""
    connection = await asyncpg.connect(url)
    await db._prepare(connection)
    book = load_book((ROOT / f"samples/{BRAND}.yaml").read_text())
    chance, texts, now = random.Random(7), mentions(3000, 7, "d"), datetime.now(UTC)
    source = [next(texts) for _ in range(3000)]
    first: reply.ReplyRow | None = None
    for begin in range(0, 2 * number, 500):
        cases, rows, told = [], [], case_told.Told()
        for n in range(begin, min(begin + 500, 2 * number)):
            case = _case(source, n, now, chance)
            cases.append(store.CaseRow(case.id, BRAND, 1, "open", case, None, now))
            for mention in _mentions(source, n, now):
                told.messages[mention.id] = mention
            note = CaseNoted(brand=BRAND, case=case, at=now, actor=AGENT, note_id=uuid4(), note="Modem is van 2019; monteur was er in mei.")
            case_told.hear(told, CaseOpened(brand=BRAND, case=case, at=now, rule="1"), 1)
            case_told.hear(told, note, 2)
            if first is None:
                text = "Hoi! Ik kijk meteen met je mee en kom er vandaag nog op terug. ^gs"
                given: dict[str, Any] = {"writer": AGENT, "writer_role": "agent", "automatic": False, "book_version": 1}
                first = reply.new(case, book, id=uuid4(), text=text, script=None, at=now, traceparent=None, **given)
            row = first.model_copy(update={"id": uuid4(), "case_id": case.id, "mention_id": case.latest.id if case.latest else None})
            row = row.model_copy(update={"created_at": now - timedelta(seconds=n)})
            if n % 2:
                row = row.model_copy(update={"state": "submitted", "submitted_by": AGENT, "submitted_at": now})
            rows.append(row.model_copy(update={"digest": reply.digest_of(row)}))
        async with connection.transaction():
            await store.insert_cases(connection, cases)
            await store.put_replies(connection, rows)
            await case_told.keep(connection, told)
    await connection.execute("vacuum analyze")
    await connection.close()


def _mentions(source: list[dict[str, Any]], n: int, now: datetime) -> list[Mention]:
    found = []
    for k in range(3):
        given = {**source[(3 * n + k) % len(source)], "brand": BRAND, "external_id": f"d{n}-{k}", "kind": "post", "channel": "twitter"}
        at = (now - timedelta(minutes=90 + 10 * (3 - k))).isoformat()
        given |= {"id": str(UUID(int=(n << 8) | k)), "posted_at": at, "received_at": at}
        found.append(Mention.model_validate(given))
    return found


def _case(source: list[dict[str, Any]], n: int, now: datetime, chance: random.Random) -> Case:
    wrote = _mentions(source, n, now)
    due = now + timedelta(minutes=chance.randrange(-600, 6000))
    return Case(
        id=uuid4(),
        brand=BRAND,
        customer_id=uuid4(),
        group_id=wrote[0].id,
        state="open",
        department="webcare",
        owner=AGENT,
        channel="twitter",
        language="nl",
        sentiment="negative",
        urgency="high",
        labels=["storing"],
        mentions=[CaseMention(id=m.id, channel=m.channel, visibility=m.visibility, received_at=m.received_at) for m in wrote],
        mentions_total=3,
        latest=wrote[-1],
        opened_at=now,
        clocks=[Clock(kind="reaction", started_at=now, due_at=due)],
    )


# --- what people do -----------------------------------------------------------------------------------------------------------------


class Person:
    """Somebody at the desk; what each of their steps took, in milliseconds."""

    def __init__(self, base: str, token: str, took: dict[str, list[float]], seed: int) -> None:
        self.client = httpx.AsyncClient(base_url=base, timeout=60)
        self.token, self.took, self.chance = token, took, random.Random(seed)

    async def step(self, kind: str, asked: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        began = time.monotonic()
        answer = await asked()
        self.took[kind].append(1000 * (time.monotonic() - began))
        assert answer.status_code in (200, 303) or (kind in ("save", "approve") and answer.status_code == 412), (
            kind,
            answer.status_code,
            answer.text[:2000],
        )
        return answer

    async def log_in(self) -> None:
        await self.step("log in", lambda: self.client.post("/desk/log-in", data={"token": self.token}, headers=OURS))

    async def queue(self, tab: str) -> str:
        """A page of the list, some pages on; one of its rows."""
        page = (await self.step(f"queue: {tab}", lambda: self.client.get(f"/desk/brands/{BRAND}?tab={tab}"))).text
        for _ in range(self.chance.randrange(4)):
            following = re.search(r'href="(\?[^"]+)" rel="next"', page)
            assert following is not None
            path = f"/desk/brands/{BRAND}{following[1].replace('&amp;', '&')}"
            page = (await self.step("queue: next page", lambda path=path: self.client.get(path))).text  # type: ignore[misc]
        return self.chance.choice(re.findall(r'class="row" href="([^"?]+)', page))

    async def writes(self) -> None:
        """Open one of mine, write while verdicts come, save."""
        path = await self.queue("mine")
        page = (await self.step("open", lambda: self.client.get(path))).text
        proof, version = _field(page, "proof"), _field(page, "version")
        for words in ("Hoi", "Hoi, ik kijk", "Hoi, ik kijk met je mee. Kun je het modem even herstarten? Vandaag nog hoor je meer. ^gs"):
            values = {"proof": proof, "text": words}
            await self.step("check", lambda values=values: self.client.post(f"{path}/check", data=values, headers=OURS))  # type: ignore[misc]
        saved = {"proof": proof, "version": version, "text": f"{words} ", "tab": "mine"}
        await self.step("save", lambda: self.client.post(f"{path}/save", data=saved, headers=OURS))

    async def approves(self) -> None:
        path = await self.queue("approve")
        page = (await self.step("open", lambda: self.client.get(path))).text
        if 'name="digest"' not in page:
            return  # a colleague was faster
        boxes = dict.fromkeys(re.findall(r'name="(confirmed\.[a-z_]+)"', page), "on")
        values = {"proof": _field(page, "proof"), "version": _field(page, "version"), "digest": _field(page, "digest"), "tab": "approve"}
        await self.step("approve", lambda: self.client.post(f"{path}/approve", data=values | boxes, headers=OURS))


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


async def at_work(base: str, home: Path, people: int, turns: int) -> dict[str, list[float]]:
    """So many agents, and as many leads, each by themselves."""
    took: dict[str, list[float]] = defaultdict(list)
    for_whom = [(AGENT, "agent"), (LEAD, "lead")]

    async def works(n: int, who: str, role: str) -> None:
        token = keys.issue(home, {"sub": who, "role": role, "brands": [BRAND]}, datetime.now(UTC), timedelta(hours=1))
        person = Person(base, token, took, n)
        await person.log_in()
        for _ in range(turns):
            await (person.writes() if role == "agent" else person.approves())
        await person.client.aclose()

    await asyncio.gather(*(works(n, who, role) for n in range(people) for who, role in for_whom))
    return took


def tell(bench: str, took: dict[str, list[float]]) -> bool:
    fine = True
    for kind, values in took.items():
        ordered = sorted(values)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        fine &= p95 < MOST_MS
        say(bench=bench, what=kind, n=len(ordered), p50=round(ordered[len(ordered) // 2], 1), p95=round(p95, 1), most=round(ordered[-1], 1))
    return fine


# --- in Chromium --------------------------------------------------------------------------------------------------------------------


async def in_chromium(base: str, home: Path, turns: int) -> dict[str, list[float]]:
    """From the key that somebody presses until the page that it leads to is drawn and can be used."""
    from playwright.async_api import async_playwright, expect

    took: dict[str, list[float]] = defaultdict(list)
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    ]
    token = keys.issue(home, {"sub": AGENT, "role": "agent", "brands": [BRAND]}, datetime.now(UTC), timedelta(hours=1))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=flags)
        page = await browser.new_page()
        await page.goto(f"{base}/desk")
        await page.locator("#token").fill(token)
        await page.locator(".narrow button").click()
        await page.wait_for_url("**/brands/**")

        async def key(kind: str, pressed: str) -> None:
            began = time.monotonic()
            async with page.expect_navigation(wait_until="domcontentloaded"):
                await page.keyboard.press(pressed)
            took[kind].append(1000 * (time.monotonic() - began))

        for n in range(turns):
            for _ in range(n % 20 + 1):
                await page.keyboard.press("j")
            await key("Enter: open", "Enter")
            await page.keyboard.press("e")
            began = time.monotonic()
            await page.keyboard.insert_text(f" x{n} 🙂")
            await expect(page.locator("[data-judged]")).to_have_attribute("data-of", re.compile(f" x{n} 🙂$"))
            took["typing: verdicts, 250 ms of waiting included"].append(1000 * (time.monotonic() - began))
            await key("Ctrl+S: save", "Control+s")
            await key("u: back to the queue", "u")
        await browser.close()
    return took


# --- the service --------------------------------------------------------------------------------------------------------------------


def serve(url: str, port: int, folder: Path) -> None:
    """The responder's routes on the filled database, without a stream."""
    settings = Settings(database_url=url, jwks=str(keys.ensure(folder)), rate_limit=0, rate_limit_anonymous=0)

    async def run() -> None:
        app = create_app(settings)
        service = app.state.service
        service.pool = await db.open_pool(url, "responder", size=settings.pool_size)
        await service.books.put(published())
        service.books.read.set()
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_config=None, access_log=False))
        asyncio.get_running_loop().create_task(reviewer.run(service.pool, service.books, service.relay))
        await server.serve()

    collector.seldom()
    uvloop.run(run())


async def ready(base: str, url: str) -> None:
    deadline, connection = time.monotonic() + 300, await asyncpg.connect(url)
    while await connection.fetchval("select count(*) from reply where state = 'submitted' and asked_under = 0"):
        assert time.monotonic() < deadline, "the review queue was not filled"
        await asyncio.sleep(0.5)
    await connection.execute("analyze")
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=60, help="of each person")
    parser.add_argument("--people", type=int, default=5, help="agents, and as many leads, at once")
    parser.add_argument("--browser", action="store_true", help="in Chromium as well")
    parser.add_argument("--serve", nargs=3, metavar=("URL", "PORT", "KEYS"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve[0], int(wanted.serve[1]), Path(wanted.serve[2]))
        return
    say(bench="machine", cores=os.cpu_count(), load=os.getloadavg())
    with tempfile.TemporaryDirectory(prefix="weerklank-bench-") as name:
        home = Path(name)
        home.chmod(0o711)
        server = PostgresServer(home / "postgres", settings={"shared_buffers": "512MB"})
        process: subprocess.Popen[bytes] | None = None
        try:
            server.start()
            url = server.login(server.database(), "responder")
            asyncio.run(migrate.migrate(url, "responder", ROOT / "services/responder/migrations"))
            keys.ensure(home)
            asyncio.run(fill(url, wanted.waiting))
            port = free_port()
            base = f"http://127.0.0.1:{port}"
            process = subprocess.Popen([sys.executable, "-m", "bench.desk", "--serve", url, str(port), str(home)], cwd=ROOT)
            asyncio.run(ready(base, url))
            asyncio.run(at_work(base, home, 1, 3))  # the first of everything is nobody's measure
            fine = tell("one agent and one lead", asyncio.run(at_work(base, home, 1, wanted.turns)))
            fine &= tell(
                f"{wanted.people} agents and as many leads at once", asyncio.run(at_work(base, home, wanted.people, wanted.turns // 3))
            )
            if wanted.browser:
                fine &= tell("in Chromium", asyncio.run(in_chromium(base, home, wanted.turns // 2)))
            say(bench="all", waiting=wanted.waiting, wanted_ms=MOST_MS, fine=fine)
        finally:
            if process is not None:
                process.terminate()
                process.wait()
            server.stop()


if __name__ == "__main__":
    main()
