"""`make bench`: JSON lines with what a machine sustains, how long a mention takes, what the guarantees cost, and where the time goes.

It starts a stack of its own in a temporary folder (fsync on, models on), sends traffic to 127.0.0.1 only, and stops by itself. Numbers are for
comparing within one run; absolute ones depend on the machine and on what else it does.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import uvloop

from bench import hop
from bench.routing import routing
from bench.texts import mentions
from bench.triage import triage
from cli.stack import keys, postgres, supervisor
from cli.stack.settings import Settings
from cli.stack.state import StackState
from libs.common import collector
from libs.common.topics import create_topics
from tests.stack import KafkaServer, PostgresServer

ROOT = Path(__file__).parent.parent
HOP_TURNS = 5
SERVICES = ("ingest", "triage", "routing", "responder", "analytics")


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


class Stack:
    """The stack under test, as `weerklank up` starts it."""

    def __init__(self, home: Path, base_port: int) -> None:
        self.home, self.base_port = home, base_port
        self.state: StackState = supervisor.start_detached(Settings(data_dir=home, base_port=base_port))
        self.token = keys.issue(home, {"sub": "bench", "role": "admin", "brands": ["vaart"]}, datetime.now(UTC), timedelta(hours=2))
        self.headers = {"authorization": f"Bearer {self.token}"}

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.base_port + 1 + SERVICES.index(service)}"

    def apply_book(self) -> None:
        book = (ROOT / "samples/vaart.yaml").read_bytes()
        headers = self.headers | {"content-type": "application/yaml", "if-none-match": "*"}
        httpx.put(f"{self.url('routing')}/v1/brands/vaart/book", content=book, headers=headers, timeout=30).raise_for_status()
        deadline = time.monotonic() + 30
        while httpx.post(f"{self.url('ingest')}/v1/brands/vaart/mentions", json=[], headers=self.headers).status_code == 404:
            assert time.monotonic() < deadline, "ingest does not know the brand"
            time.sleep(0.1)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Every part with its child processes."""
        found = {"supervisor": [psutil.Process(self.state.supervisor_pid)]}
        for name, part in self.state.parts.items():
            if part.pid:
                process = psutil.Process(part.pid)
                found[name] = [process, *process.children(recursive=True)]
        return found

    def cpu_seconds(self) -> dict[str, float]:
        return {name: sum(sum(p.cpu_times()[:2]) for p in group if p.is_running()) for name, group in self.processes().items()}

    def pss_mb(self) -> dict[str, float]:
        return {name: round(sum(_pss(p) for p in group) / 2**20, 1) for name, group in self.processes().items()}

    async def database(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(postgres.url(self.home / "postgres", self.base_port + 12, postgres.SUPERUSER))


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


async def sustained(stack: Stack, number: int, batch: int, workers: int) -> None:
    """Mentions per second from HTTP to case and analytics row, with the queues empty at the end."""
    source = mentions(number, 1, "s", authors=max(1, number // 2))
    database = await stack.database()
    query = "select (select count(*) from analytics.fact_mention), (select count(*) from routing.mention_copy)"
    base = min(await database.fetchrow(query) or (0, 0))
    cpu, own = stack.cpu_seconds(), time.process_time()
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=stack.url("ingest"), headers=stack.headers, timeout=60) as client:
        await asyncio.gather(*(_post_all(client, source, batch) for _ in range(workers)))
    accepted_s = time.monotonic() - began
    # Counting rows takes the database as long as writing hundreds of mentions: only once the services say that nothing waits.
    while not await _idle(stack) or min(await database.fetchrow(query) or (0, 0)) - base < number:
        await asyncio.sleep(0.5)
    seconds = time.monotonic() - began
    spent = {name: round(value - cpu.get(name, 0.0), 1) for name, value in stack.cpu_seconds().items()}
    spent["load generator"] = round(time.process_time() - own, 1)
    say(
        bench="end to end",
        mentions=number,
        seconds=round(seconds, 1),
        per_second=round(number / seconds),
        accepted_after_s=round(accepted_s, 1),
        cpu_s=spent,
        cpu_ms_per_mention={name: round(1000 * value / number, 3) for name, value in spent.items()},
    )
    await database.close()


async def _post_all(client: httpx.AsyncClient, source: Iterator[dict[str, Any]], batch: int) -> None:
    while some := list(islice(source, batch)):
        while (answer := await client.post("/v1/brands/vaart/mentions", json=some)).status_code in (429, 503):
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
        assert answer.status_code == 202, answer.text


async def _idle(stack: Stack) -> bool:
    async with httpx.AsyncClient(timeout=10) as client:
        found = [(await client.get(f"{stack.url(name)}/v1/status")).json() for name in SERVICES]
    lag = sum(topic["messages"] for status in found for name, topic in status["lag"].items() if "holds" not in name)
    return not lag and not any(status["ledger"]["outbox"] for status in found)


async def latency(stack: Stack, per_second: int, seconds: int) -> None:
    """From 202 to the case, at a steady rate, one mention a request. The case's moment is its commit, by the same machine's clock."""
    number = per_second * seconds
    answered: dict[str, float] = {}
    began = time.monotonic()
    # Given up before the server closes them (after 5 s): a request on a connection that is just being closed is lost.
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=2)
    async with httpx.AsyncClient(base_url=stack.url("ingest"), headers=stack.headers, timeout=30, limits=limits) as client:

        async def one(body: dict[str, Any], at: float) -> None:
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            answer = await client.post("/v1/brands/vaart/mentions", json=body)
            assert answer.status_code == 202, answer.text
            answered[answer.json()["id"]] = time.time()

        tasks: list[asyncio.Task[None]] = []
        for n, body in enumerate(mentions(number, 2, "l")):
            await asyncio.sleep(max(0.0, began + n / per_second - 0.2 - time.monotonic()))
            tasks.append(asyncio.create_task(one(body, n / per_second)))
        await asyncio.gather(*tasks)
    while not await _idle(stack):
        await asyncio.sleep(0.2)
    database = await stack.database()
    rows = await database.fetch(
        "select id::text, extract(epoch from received_at)::float8 as received, "
        "extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as committed from routing.mention_copy where version = 1"
    )
    await database.close()
    found = {row["id"]: row for row in rows if row["id"] in answered}
    since_202 = [1000 * max(0.0, row["committed"] - answered[mention]) for mention, row in found.items()]
    since_received = [1000 * (row["committed"] - row["received"]) for row in found.values()]
    say(
        bench="latency",
        per_second=per_second,
        mentions=len(found),
        from_202_to_case_ms=_spread(since_202),
        from_received_to_case_ms=_spread(since_received),
    )


def _spread(values: list[float]) -> dict[str, float]:
    cut = statistics.quantiles(values, n=100)
    return {"p50": round(cut[49], 1), "p95": round(cut[94], 1), "p99": round(cut[98], 1), "max": round(max(values), 1)}


def hops(home: Path, number: int) -> None:
    """The raw hop and the stream's hop in turns, on servers of their own with fsync on; the ratio is that of their medians."""
    kafka, database = KafkaServer(home / "kafka"), PostgresServer(home / "postgres", settings={})
    try:
        kafka.start()
        database.start()
        asyncio.run(create_topics(kafka.bootstrap))
        uvloop.run(hop.fill(kafka.bootstrap, number))
        found: dict[str, list[float]] = {"raw": [], "stream": []}
        for turn in range(HOP_TURNS):
            fresh = database.login(database.database(), "ingest")
            found["raw"].append(uvloop.run(hop.raw(kafka.bootstrap, fresh, number, turn)))
            found["stream"].append(uvloop.run(hop.through_stream(kafka.bootstrap, fresh, number)))
        say(
            bench="one hop",
            events=number,
            turns=HOP_TURNS,
            raw_per_second=[round(rate) for rate in found["raw"]],
            stream_per_second=[round(rate) for rate in found["stream"]],
            ratio=round(statistics.median(found["stream"]) / statistics.median(found["raw"]), 2),
        )
    finally:
        kafka.stop()
        database.stop()


def main() -> None:
    collector.seldom()  # as the services do, or the load generator and both hops would measure Python's collector
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mentions", type=int, default=150_000, help="for the sustained rate (default: enough for over two minutes)")
    parser.add_argument("--batch", type=int, default=100, help="mentions per request")
    parser.add_argument("--workers", type=int, default=4, help="requests at once")
    parser.add_argument("--latency-seconds", type=int, default=60)
    parser.add_argument("--hop-events", type=int, default=100_000, help=f"in each of {HOP_TURNS} turns")
    parser.add_argument("--triage-mentions", type=int, default=60_000, help="that wait for triage alone")
    parser.add_argument("--routing-events", type=int, default=60_000, help="that wait for routing alone")
    parser.add_argument("--base-port", type=int, default=8700)
    parser.add_argument("--only", choices=("hop", "triage", "routing", "latency", "sustained"))
    wanted = parser.parse_args()
    say(bench="machine", cores=os.cpu_count(), memory_gb=round(psutil.virtual_memory().total / 2**30), load=os.getloadavg())
    with tempfile.TemporaryDirectory(prefix="weerklank-bench-") as name:
        home = Path(name)
        home.chmod(0o711)
        if wanted.only in (None, "hop"):
            (home / "hop").mkdir()
            hops(home / "hop", wanted.hop_events)
        if wanted.only in (None, "triage"):
            (home / "triage").mkdir()
            say(bench="triage alone", **triage(home / "triage", wanted.triage_mentions))
        if wanted.only in (None, "routing"):
            (home / "routing").mkdir()
            say(bench="routing alone", **routing(home / "routing", wanted.routing_events))
        if wanted.only in (None, "latency", "sustained"):
            try:
                stack = Stack(home / "stack", wanted.base_port)
                stack.apply_book()
                if wanted.only in (None, "latency"):
                    uvloop.run(latency(stack, 100, wanted.latency_seconds))
                if wanted.only in (None, "sustained"):
                    uvloop.run(sustained(stack, wanted.mentions, wanted.batch, wanted.workers))
                memory = stack.pss_mb()
                say(bench="memory", pss_mb=memory, sum_mb=round(sum(memory.values())))
            finally:
                supervisor.stop(home / "stack")


if __name__ == "__main__":
    main()
