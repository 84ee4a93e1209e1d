"""How soon clocks, timers and promises speak that are all due at once. By hand: `python -m bench.ticker 100000`, or `… 0 --promises 100000`.

That many cases whose reaction clock has just run out, and that many timers, one half of a kind that is done together and the other half of one that is
done one by one; and that many promises to the customers of as many other cases, which nothing has kept. Two processes share the work, as two replicas
do; one of them is killed (SIGKILL) when a fifth is done and comes back when three fifths are, as a supervisor brings it back. Then every case has said
once that its clock ran out and was escalated once, every promise was broken and told once, and every timer was done once: a table without any key counts.
All the promises are one incident of the social hub. Relays do not run: what is measured is until all of it stands in the outbox. Beside the seconds by the
clock stand those of processor time, of the replicas and of Postgres, which do not depend on what else the machine does.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from libs.common import db, migrate
from libs.common.bookfile import load_book
from libs.common.books import BrandBooks
from libs.common.case_events import Case, Clock
from libs.common.events import BrandBookPublished, deterministic_id
from services.routing import promise_store, promise_work, store, ticker, timer
from services.routing import signal as signals
from services.routing.case import File
from services.routing.due import DUE
from services.routing.policies import Policies
from services.routing.promise import Promise
from services.routing.sla import Policy
from services.routing.timer import Due, Timer, Together
from tests.stack import Databases, PostgresServer

BOOK = """
brand: vaart
name: Vaart (example data)
languages: [nl]
departments: [{id: webcare, members: [mk, gs]}]
team:
  - {id: mk, first_name: Mila, initials: mk, role: lead}
  - {id: gs, first_name: Guus, initials: gs}
hub:
  scenarios: [{id: promises, when: {insight: broken_promise}, severity: high}]
"""
WITHIN_S = 60.0


async def policies_of() -> Policies:
    books = BrandBooks("nowhere", "bench")
    book = load_book(BOOK).model_dump(mode="json", by_alias=True)
    await books.put(BrandBookPublished(brand="vaart", version=1, book=book, published_at=datetime.now(UTC), published_by="bench"))
    return Policies(books)


async def seed(pool: db.Pool, number: int, promised: int) -> None:
    """That many cases whose clock ran out a minute ago and had spoken at 80 per cent before, as many timers that are due, and as many other cases with a
    promise that is."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    started = at - timedelta(minutes=30)
    await pool.execute("create table done (kind text not null, subject uuid not null)")
    for start in range(0, number, 10_000):
        files = [
            File(_case(n, started, at), version=1, fired=["reaction:80"], book_version=1) for n in range(start, min(number, start + 10_000))
        ]
        files.sort(key=lambda file: file.case.id)
        async with pool.acquire() as connection, connection.transaction():
            await store.insert(connection, files, {file.case.id: at for file in files})
            timers = [("vaart", ("together", "alone")[n % 2], file.case.id, "bench", at) for n, file in enumerate(files)]
            await connection.copy_records_to_table("timer", records=timers, columns=("brand", "kind", "subject", "name", "at"))
    for start in range(0, promised, 10_000):
        async with pool.acquire() as connection, connection.transaction():
            await _promised(connection, range(number + start, number + min(promised, start + 10_000)), started, at)
    await pool.execute("analyze")


async def _promised(connection: db.Connection, numbers: Sequence[int], started: datetime, at: datetime) -> None:
    later = at + timedelta(days=1)
    files = [File(_case(n, started, later), version=1, book_version=1) for n in numbers]
    files.sort(key=lambda file: file.case.id)
    await store.insert(connection, files, {file.case.id: later for file in files})
    found = [
        Promise(
            id=deterministic_id("vaart", "promise", str(file.case.id)),
            brand="vaart",
            case_id=file.case.id,
            mention_id=None,
            reply_id=None,
            channel="phone",
            visibility="private",
            text="We bellen je terug.",
            given_at=started,
            given_by="gs",
            due_at=at,
        )
        for file in files
    ]
    await promise_store.put(connection, found)
    timers = [("vaart", promise_work.KIND, promise.id, "due", at) for promise in found]
    await connection.copy_records_to_table("timer", records=timers, columns=("brand", "kind", "subject", "name", "at"))


def _case(n: int, started: datetime, due_at: datetime) -> Case:
    id = deterministic_id("vaart", "bench", str(n))
    return Case(
        id=deterministic_id("vaart", "case", str(n)),
        brand="vaart",
        customer_id=id,
        group_id=id,
        state="open",
        department="webcare",
        owner="gs",
        channel="twitter",
        language="nl",
        sentiment="negative",
        urgency="normal",
        opened_at=started,
        clocks=[
            Clock(kind="reaction", started_at=started, due_at=due_at),
            Clock(kind="resolution", started_at=started, due_at=due_at + timedelta(days=1)),
        ],
    )


async def _together(connection: db.Connection, policy: Policy, timers: Sequence[Timer], now: datetime) -> None:
    await connection.execute("insert into done select 'together', unnest($1::uuid[])", [timer.subject for timer in timers])


async def _alone(connection: db.Connection, policy: Policy, timer: Timer, now: datetime) -> None:
    await connection.execute("insert into done values ('alone', $1)", timer.subject)


KINDS: Mapping[str, Due] = {
    "together": Together(_together),
    "alone": _alone,
    **{kind: DUE[kind] for kind in (promise_work.KIND, signals.KIND)},
}


async def work(url: str) -> None:
    """One replica: clocks and timers side by side, as in the service, until nothing is due any more."""
    pool, policies = await db.open_pool(url, "routing"), await policies_of()

    async def clocks() -> None:
        while await ticker.tick(pool, policies) or await pool.fetchval("select exists (select from care_case where next_fire_at <= now())"):
            pass

    async def timers() -> None:
        while await timer.tick(pool, policies, KINDS) or await pool.fetchval("select exists (select from timer where at <= now())"):
            pass

    await asyncio.gather(clocks(), timers())
    await pool.close()


async def replica(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.ticker", "--work", url, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )


async def share(pool: db.Pool, number: int) -> float:
    """How much of the clocks and promises is done."""
    left: int = await pool.fetchval(
        "select (select count(*) from care_case where next_fire_at <= now()) + (select count(*) from timer where kind = 'promise')"
    )
    return 1 - left / number


async def play(pool: db.Pool, url: str, number: int, promised: int) -> dict[str, Any]:
    """Let two replicas do all of it, one of them killed once; and count."""
    began = time.monotonic()
    first, second = await replica(url), await replica(url)
    while await share(pool, number + promised) < 0.2 and time.monotonic() - began < 2 * WITHIN_S:
        await asyncio.sleep(0.05)
    second.send_signal(signal.SIGKILL)
    await second.wait()
    killed_at = await share(pool, number + promised)
    while await share(pool, number + promised) < 0.6 and time.monotonic() - began < 4 * WITHIN_S:
        await asyncio.sleep(0.05)
    third = await replica(url)
    assert (await first.wait(), await third.wait()) == (0, 0)
    took = time.monotonic() - began
    counts = await pool.fetchrow(
        "select count(*) filter (where what = 'clock-breached') as breached, count(distinct case_id) filter (where what = 'clock-breached') as cases, "
        "count(*) filter (where what = 'escalated') as escalated, count(distinct case_id) filter (where what = 'escalated') as escalated_cases, "
        "count(*) filter (where what = 'promise-broken') as broken, count(distinct case_id) filter (where what = 'promise-broken') as broken_cases "
        "from timeline"
    )
    done = await pool.fetchrow("select count(*) as timers, count(distinct subject) as subjects from done")
    notified = await pool.fetchval("select count(*) from notification where case_id is not null")
    told = await pool.fetchval("select count(*) from outbox where topic = 'weerklank.cases.v1'")
    signalled = await pool.fetchval("select count(*) from signal")
    incidents = await pool.fetchval("select count(*) from incident")
    assert counts is not None
    assert done is not None
    return {
        "seconds": round(took, 1), "killed_at": round(killed_at, 2), **dict(counts), **dict(done), "notified": notified, "in_outbox": told,
        "signalled": signalled, "incidents": incidents,
    }  # fmt: skip


def cpu_s(server: PostgresServer) -> dict[str, float]:
    """Processor time of the replicas that have ended and of Postgres with all of its processes, so far."""
    assert server.process is not None
    replicas = resource.getrusage(resource.RUSAGE_CHILDREN)
    root = psutil.Process(server.process.pid)
    postgres = [process.cpu_times() for process in (root, *root.children(recursive=True)) if process.is_running()]
    own = root.cpu_times()  # and of its processes that have ended
    return {
        "replicas": replicas.ru_utime + replicas.ru_stime,
        "postgres": sum(one.user + one.system for one in postgres) + own.children_user + own.children_system,
    }


def is_right(found: Mapping[str, Any], number: int, promised: int) -> bool:
    """Everything once."""
    once = {found[name] for name in ("breached", "cases", "escalated", "escalated_cases", "timers", "subjects")}
    broken = {found[name] for name in ("broken", "broken_cases", "signalled")}
    # A broken promise is told to owner and lead.
    told = (found["notified"], found["in_outbox"], found["incidents"]) == (number + 2 * promised, 2 * number + promised, min(promised, 1))
    return once == {number} and broken == {promised} and told


async def run(number: int, promised: int) -> int:
    with tempfile.TemporaryDirectory(prefix="weerklank-bench-") as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            databases = Databases(server)
            url = databases.login(databases.database(), "routing")
            await migrate.migrate(url, "routing", Path(__file__).parents[1] / "services" / "routing" / "migrations")
            pool = await db.open_pool(url, "routing")
            await seed(pool, number, promised)
            before = cpu_s(server)
            found = await play(pool, url, number, promised)
            found["cpu_s"] = {name: round(spent - before[name], 1) for name, spent in cpu_s(server).items()}
            await pool.close()
        finally:
            server.stop()
    is_once = is_right(found, number, promised)
    print(json.dumps({"cases": number, "promises": promised, "timers_due": number, "once_each": is_once, **found}), flush=True)
    return 0 if is_once and found["seconds"] <= WITHIN_S else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", type=int, nargs="?", default=100_000, help="cases, and timers")
    parser.add_argument("--promises", type=int, default=0, help="promises of other cases")
    parser.add_argument("--work", metavar="URL", help="be one of the replicas")
    given = parser.parse_args()
    if given.work:
        asyncio.run(work(given.work))
        return
    sys.exit(asyncio.run(run(given.number, given.promises)))


if __name__ == "__main__":
    main()
