"""`python -m bench.cases`: how fast lists, searches, timelines, packets and counts of views are with so many cases and agents at work.

It starts a PostgreSQL of its own with fsync on, fills it, and a routing of its own without Kafka; traffic stays on 127.0.0.1. `--keep DIR` leaves the
filled database there, and takes it from there the next time.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
import uvloop

from bench import cases_seed
from bench.cases_seed import BRAND, DEPARTMENTS, LABELS, TAGS
from cli.stack import keys
from libs.common import collector, db, migrate
from libs.common.bookfile import load_book
from libs.common.hours import Calendar
from services.routing.app import create_app
from services.routing.settings import Settings
from services.routing.sla import Policy
from tests.stack import PostgresServer, free_port

ROOT = Path(__file__).parent.parent
SETTINGS = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "effective_cache_size": "12GB",
    "work_mem": "32MB",
}
FILLING = SETTINGS | {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0"}
MOST_MS = {"take-next": 50, "list": 100, "search": 200, "timeline": 100, "counts": 200}
"""p95 that is asked for."""


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


# --- what is asked ------------------------------------------------------------------------------------------------------------------

Ask = Callable[[random.Random, str, int], tuple[str, dict[str, Any]]]
WORDS = (
    "internet",
    "factuur",
    "bestelling",
    "storing",
    "monteur",
    "abonnement",
    "wifi",
    "hapert",
    "engineer",
    "verbinding",
    "klachten",
    "opzeggen",
)
CITIES = ("Utrecht", "Zwolle", "Breda", "Assen", "Delft", "Gouda", "Tiel", "Ede", "Venlo", "Sneek")


def lists(chance: random.Random, agent: str, number: int) -> tuple[str, dict[str, Any]]:
    choices: tuple[dict[str, Any], ...] = (
        {"owner": agent, "open": True, "sort": "priority"},
        {"owner": agent, "state": "open", "sort": "due"},
        {"department": chance.choice(DEPARTMENTS), "open": True, "sort": "due"},
        {"department": chance.choice(DEPARTMENTS), "state": "new", "sort": "priority"},
        {"label": chance.choice(LABELS), "open": True, "sort": "newest"},
        {"label": chance.choice(LABELS), "sort": "newest"},
        {"tag": chance.choice(TAGS), "open": True, "sort": "oldest"},
        {"channel": "mastodon", "urgency": "critical", "priority": "urgent", "open": True, "sort": "due"},
        {"risk": "press", "open": True, "sort": "newest"},
        {"watcher": agent, "open": True},
        {"owner": "@nobody", "open": True, "sort": "priority"},
        {"field": "contract=zakelijk", "label": "privacy", "state": "resolved,closed", "sort": "newest"},
        {"customer_id": str(_md5(f"k{chance.randrange(number) // 3}"))},
        {"q": chance.choice(WORDS), "open": True, "owner": agent},
    )
    return f"/v1/brands/{BRAND}/cases", chance.choice(choices)


def searches(chance: random.Random, agent: str, number: int) -> tuple[str, dict[str, Any]]:
    n = chance.randrange(1, number)
    order = f"{n * 48271 % 9999991:07}"
    choices: tuple[dict[str, Any], ...] = (
        {"q": chance.choice(WORDS)},
        {"q": f"{chance.choice(WORDS)} {chance.choice(CITIES)}"},
        {"q": f"{chance.choice(WORDS)} -{chance.choice(WORDS)} {chance.choice(CITIES)}"},
        {"q": f'"{chance.choice(("geen oplossing", "valt op zolder", "hoger dan vorige maand"))}" {chance.choice(CITIES)}'},
        {"q": f"straat{n % 400_000}"},
        {"q": f"VA-{order}"},
        {"q": order[1:6]},
        {"q": f"061{order}"},
        {"q": chance.choice(("Wouter van der Poelman", "Fatima Heide", "Youssef Kroonstra"))},
        {"q": chance.choice(("Woutre Poelmann", "Fatmia Hiede", "Yousef Kronstra"))},
        {"q": chance.choice(WORDS), "open": True, "owner": agent},
        {"q": f"{chance.choice(WORDS)} {chance.choice(WORDS)}", "label": chance.choice(LABELS), "state": "resolved,closed"},
    )
    return f"/v1/brands/{BRAND}/search", chance.choice(choices)


def _md5(text: str) -> UUID:
    import hashlib

    return UUID(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())


def timelines(chance: random.Random, agent: str, number: int) -> tuple[str, dict[str, Any]]:
    return f"/v1/brands/{BRAND}/cases/{_md5(f'c{chance.randrange(1, number)}')}/timeline", {}


def packets(chance: random.Random, agent: str, number: int) -> tuple[str, dict[str, Any]]:
    return f"/v1/brands/{BRAND}/cases/{_md5(f'c{chance.randrange(1, number)}')}/packet", {}


def histories(chance: random.Random, agent: str, number: int) -> tuple[str, dict[str, Any]]:
    return f"/v1/brands/{BRAND}/customers/{_md5(f'k{chance.randrange(1, number) // 3}')}/history", {}


def counts(chance: random.Random, agent: str, number: int) -> tuple[str, dict[str, Any]]:
    return f"/v1/brands/{BRAND}/view-counts", {}


READS: dict[str, tuple[Ask, int]] = {
    "list": (lists, 30),
    "search": (searches, 20),
    "timeline": (timelines, 20),
    "packet": (packets, 10),
    "history": (histories, 5),
    "counts": (counts, 10),
}
VIEWS: tuple[dict[str, Any], ...] = (
    {"name": "Mijn zaken", "wanted": {"owner": ["@me"], "open": True}, "sort": "priority"},
    {"name": "Wacht op mij", "wanted": {"owner": ["@me"], "state": ["new", "open"]}, "sort": "due"},
    {"name": "Niemand", "wanted": {"owner": ["@nobody"], "open": True}, "sort": "priority"},
    {"name": "Urgent", "wanted": {"priority": ["urgent"], "open": True}, "sort": "due"},
    {"name": "Pers", "wanted": {"risk": ["press"], "open": True}},
    {"name": "Ik kijk mee", "wanted": {"watcher": ["@me"]}},
    {"name": "Vip", "wanted": {"tag": ["vip"], "open": True}},
    {"name": "Techniek nieuw", "wanted": {"department": ["technical"], "state": ["new"]}, "sort": "due"},
    {"name": "Storing in Utrecht", "wanted": {"q": "storing Utrecht", "open": True}},
    {"name": "Zakelijk", "wanted": {"field": ["contract=zakelijk"], "open": True, "urgency": ["critical"]}},
    {"name": "Privacy dicht", "wanted": {"label": ["privacy"], "state": ["resolved", "closed"]}},
    {"name": "Mastodon", "wanted": {"channel": ["mastodon"], "open": True, "sentiment": ["negative"]}},
    {"name": "Juridisch", "wanted": {"department": ["legal"], "open": True, "urgency": ["critical", "high"]}},
    {"name": "Wachtend", "wanted": {"state": ["waiting"], "department": ["billing"]}},
    {"name": "Alles open", "wanted": {"open": True}},
)


# --- agents -------------------------------------------------------------------------------------------------------------------------


class Agents:
    def __init__(self, base: str, folder: Path, number: int, cases: int, think_s: float) -> None:
        self.base, self.number, self.cases, self.think_s = base, number, cases, think_s
        self.took: dict[str, list[float]] = defaultdict(list)
        self.slow: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.tokens = [
            keys.issue(folder, {"sub": f"a{n}", "role": "agent", "brands": [BRAND]}, datetime.now(UTC), timedelta(hours=2))
            for n in range(number)
        ]

    async def work(self, seconds: float, kinds: dict[str, tuple[Ask, int]], takes: bool) -> None:
        limits = httpx.Limits(max_connections=self.number * 2, max_keepalive_connections=self.number * 2, keepalive_expiry=2)
        async with httpx.AsyncClient(base_url=self.base, timeout=60, limits=limits) as client:
            if "counts" in kinds:
                await asyncio.gather(*(self._views(client, n) for n in range(self.number)))
            until = time.monotonic() + seconds
            await asyncio.gather(*(self._one(client, n, until, kinds, takes) for n in range(self.number)))

    async def _views(self, client: httpx.AsyncClient, n: int) -> None:
        headers = {"authorization": f"Bearer {self.tokens[n]}"}
        has = (await client.get(f"/v1/brands/{BRAND}/views", headers=headers)).json()["items"]
        for view in VIEWS if not has else ():
            answer = await client.post(f"/v1/brands/{BRAND}/views", json=view, headers=headers | {"idempotency-key": str(uuid4())})
            assert answer.status_code == 201, answer.text

    async def _one(self, client: httpx.AsyncClient, n: int, until: float, kinds: dict[str, tuple[Ask, int]], takes: bool) -> None:
        chance = random.Random(n)
        headers = {"authorization": f"Bearer {self.tokens[n]}"}
        names = [*kinds, *(["take-next"] if takes else [])]
        weights = [kinds[name][1] if name in kinds else 10 for name in names]
        await asyncio.sleep(chance.random() * self.think_s)
        while time.monotonic() < until:
            kind = chance.choices(names, weights)[0]
            began = time.monotonic()
            if kind == "take-next":
                what = f"/v1/brands/{BRAND}/queue/take-next"
                answer = await client.post(what, headers=headers | {"idempotency-key": str(uuid4())})
            else:
                path, asked = kinds[kind][0](chance, f"a{n}", self.cases)
                what = f"{path}?{asked}"
                answer = await client.get(path, params=asked, headers=headers)
            took = 1000 * (time.monotonic() - began)
            assert answer.status_code < 400 or kind == "take-next", f"{what}: {answer.text}"
            self.took[kind].append(took)
            self.slow[kind].append((took, what))
            await asyncio.sleep(chance.expovariate(1 / self.think_s) if self.think_s else 0)

    def report(self, seconds: float) -> None:
        for kind, values in sorted(self.took.items()):
            cut = statistics.quantiles(values, n=100) if len(values) > 1 else values * 99
            wanted = {"asked_p95": MOST_MS[kind]} if kind in MOST_MS else {}
            slowest = [f"{took:.0f} ms {what.partition(BRAND)[2]}" for took, what in sorted(self.slow[kind], reverse=True)[:5]]
            say(
                bench=kind,
                requests=len(values),
                p50=round(cut[49], 1),
                p95=round(cut[94], 1),
                p99=round(cut[98], 1),
                **wanted,
                slowest=slowest,
            )
        say(bench="all", agents=self.number, per_second=round(sum(map(len, self.took.values())) / seconds, 1))


async def alone(agents: Agents, number: int, kinds: dict[str, tuple[Ask, int]]) -> None:
    """Each kind of question by itself, one after the other: what it costs where nobody else asks."""
    async with httpx.AsyncClient(base_url=agents.base, timeout=60) as client:
        for kind, (ask, _) in kinds.items():
            chance = random.Random(5)
            took = []
            for n in range(number):
                path, asked = ask(chance, f"a{n % agents.number}", agents.cases)
                began = time.monotonic()
                answer = await client.get(path, params=asked, headers={"authorization": f"Bearer {agents.tokens[n % agents.number]}"})
                assert answer.status_code < 400, answer.text
                took.append((1000 * (time.monotonic() - began), f"{path}?{asked}"))
            values = sorted(ms for ms, _ in took)
            slowest = [f"{ms:.0f} ms {what.partition(BRAND)[2]}" for ms, what in sorted(took, reverse=True)[:6]]
            say(
                bench=f"{kind} alone",
                p50=round(values[len(values) // 2], 1),
                p95=round(values[int(len(values) * 0.95)], 1),
                slowest=slowest,
            )


# --- the service --------------------------------------------------------------------------------------------------------------------


class _Books:
    """The sample brand book with a team of as many agents as the bench has."""

    def __init__(self) -> None:
        book = load_book((ROOT / "samples/vaart.yaml").read_text())
        team = [book.team[0].model_copy(update={"id": f"a{n}", "initials": f"a{n}"}) for n in range(cases_seed.AGENTS)]
        webcare = [d.model_copy(update={"members": tuple(m.id for m in team)}) if d.id == "webcare" else d for d in book.departments]
        made = book.model_copy(update={"team": (*book.team, *team), "departments": tuple(webcare)})
        self._policy = Policy(made, Calendar.of(made), 1)

    def of(self, brand: str) -> Policy:
        return self._policy

    def versions(self) -> list[tuple[str, int]]:
        return [(BRAND, 1)]


def serve(url: str, port: int, folder: Path) -> None:
    """Routing's routes on the filled database, without a stream."""
    settings = Settings(database_url=url, jwks=str(keys.ensure(folder)), rate_limit=0, pool_size=10)

    async def run() -> None:
        app = create_app(settings)
        app.state.service.pool = await db.open_pool(url, "routing", size=settings.pool_size)
        app.state.policies = _Books()
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, lifespan="off", log_config=None, access_log=False))
        await server.serve()

    collector.seldom()
    uvloop.run(run())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--open", type=int, default=200_000)
    parser.add_argument("--closed", type=int, default=2_000_000)
    parser.add_argument("--agents", type=int, default=50, choices=range(1, cases_seed.AGENTS + 1), metavar="1..50")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=2.0, help="seconds that an agent reads before the next request, on average")
    parser.add_argument("--only", help="kinds of requests, separated by commas")
    parser.add_argument("--keep", type=Path, help="where the filled database stays for the next time")
    parser.add_argument("--serve", nargs=3, metavar=("URL", "PORT", "KEYS"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve[0], int(wanted.serve[1]), Path(wanted.serve[2]))
        return
    say(bench="machine", cores=os.cpu_count(), load=os.getloadavg())
    with tempfile.TemporaryDirectory(prefix="weerklank-bench-") as name:
        home = (wanted.keep or Path(name)).absolute()
        home.mkdir(exist_ok=True)
        home.chmod(0o711)
        known = home / "database"
        server = PostgresServer(home / "postgres", settings=SETTINGS if known.exists() else FILLING)
        process: subprocess.Popen[bytes] | None = None
        try:
            server.start()
            if not known.exists():
                admin = server.database()
                url = server.login(admin, "routing")
                asyncio.run(migrate.migrate(url, "routing", ROOT / "services/routing/migrations"))
                asyncio.run(cases_seed.fill(admin, wanted.open, wanted.closed, say))
                known.write_text(url.rsplit("/", 1)[1])
                server.stop()
                server.settings = SETTINGS
                server.start()
            url = f"postgresql://routing:test@127.0.0.1:{server.port}/{known.read_text()}"
            asyncio.run(migrate.migrate(url, "routing", ROOT / "services/routing/migrations"))
            cases = int(server.psql("select max(seq) from routing.care_case", known.read_text()))
            port = free_port()
            process = subprocess.Popen([sys.executable, "-m", "bench.cases", "--serve", url, str(port), str(home)], cwd=ROOT)
            measure(f"http://127.0.0.1:{port}", home, wanted, cases)
        finally:
            if process is not None:
                process.terminate()
                process.wait()
            server.stop()


def measure(base: str, home: Path, wanted: argparse.Namespace, cases: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            known = httpx.get(f"{base}/openapi.json", timeout=30).json()["paths"]
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, "routing does not answer"
            time.sleep(0.2)
    only = wanted.only.split(",") if wanted.only else list(READS)
    path_of = {"packet": "/v1/brands/{brand}/cases/{case_id}/packet", "history": "/v1/brands/{brand}/customers/{customer_id}/history"}
    kinds = {name: READS[name] for name in only if name in READS and path_of.get(name, "/v1/brands/{brand}/cases") in known}
    takes = "/v1/brands/{brand}/queue/take-next" in known and (not wanted.only or "take-next" in only)
    agents = Agents(base, home, wanted.agents, cases, wanted.think)
    uvloop.run(agents.work(3, kinds, False))  # caches are warm, as they are in the second minute of a working day
    agents.took.clear()
    agents.slow.clear()
    uvloop.run(alone(agents, 60, kinds))
    uvloop.run(agents.work(wanted.seconds, kinds, takes))
    agents.report(wanted.seconds)


if __name__ == "__main__":
    main()
