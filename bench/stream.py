"""How long a change takes to every screen: `python -m bench.stream [--clients 50] [--seconds 30] [--rate 20]`.

Two processes of routing on a real PostgreSQL and Kafka of their own (fsync on), clients that listen at both, and people who change cases at both. A change
is timed from its 2xx to each client's read of it, and from when its request was sent. Meanwhile a transaction that told something stays open, which
must keep nobody waiting. With `--storm` the consumer's part is played too: batches of changed cases beside the people's. Prints JSON lines.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvloop

from libs.common import db
from services.routing import feed
from services.routing.case import case_id_of
from services.routing.feed import Fed
from tests.integration.routing.test_simultaneous import batch, triaged
from tests.system import System
from tests.unit.routing.test_permutations import BOOK, mention_id
from tests.waiting import until

BRAND = "vaart"
Change = tuple[str, int]


class Client:
    """Somebody whose screen is open. What they read is noted with its time."""

    def __init__(self) -> None:
        self.read: dict[Change, float] = {}
        self.doubles = 0
        self.ready = asyncio.Event()

    async def listen(self, url: str, token: str) -> None:
        port = int(url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        head = f"GET /v1/brands/{BRAND}/stream HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n"
        writer.write(head.encode())
        while line := await reader.readline():
            if line.startswith(b"event: ready"):
                self.ready.set()
            elif line.startswith(b"data: "):
                said = json.loads(line[6:])
                if "version" in said:
                    change = (said["id"], said["version"])
                    self.doubles += change in self.read
                    self.read[change] = time.perf_counter()


def shares(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    found = {f"p{share}_ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 1) for share in (50, 95, 99)}
    return found | {"max_ms": round(1000 * ordered[-1], 1), "mean_ms": round(1000 * statistics.mean(ordered), 1)}


def _name(n: int) -> str:
    """The tests name mentions by letters."""
    return chr(0x20000 + n)


async def people(
    system: System, urls: Sequence[str], cases: Sequence[UUID], seconds: float, rate: float
) -> dict[Change, tuple[float, float]]:
    """Changes of cases at this rate; each with when it was sent and when it was answered."""
    changes: dict[Change, tuple[float, float]] = {}
    token = system.issuer.token("lead", [BRAND], "mk")
    async with httpx.AsyncClient(trust_env=False, headers={"authorization": f"Bearer {token}"}, timeout=30) as client:

        async def change(n: int) -> None:
            case_id = cases[n % len(cases)]
            began = time.perf_counter()
            answer = await client.patch(
                f"{urls[n % len(urls)]}/v1/brands/{BRAND}/cases/{case_id}/tags", json={"add": [f"t{n}"], "remove": [f"t{n - len(cases)}"]}
            )
            answer.raise_for_status()
            changes[str(case_id), answer.json()["version"]] = (began, time.perf_counter())

        began, running = time.perf_counter(), []
        for n in range(int(seconds * rate)):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            running.append(asyncio.create_task(change(n)))
        await asyncio.gather(*running)
    return changes


async def storm(pool: db.Pool, until_s: float) -> int:
    """Batches of new cases, one after the other, as the consumer makes them."""
    number = 0
    while time.perf_counter() < until_s:
        names = [_name(1000 + number + n) for n in range(200)]
        await batch(pool, [triaged(name, name) for name in names])
        number += len(names)
    return number


async def run(system: System, clients: int, seconds: float, rate: float, with_storm: bool) -> None:
    urls = [service.url for service in system.services.values()]
    book = system.issuer.token("admin", [BRAND], "boss")
    body = json.dumps(BOOK.model_dump(mode="json", exclude_unset=True))
    headers = {"authorization": f"Bearer {book}", "content-type": "application/yaml", "if-none-match": "*"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        (await client.put(f"{urls[0]}/v1/brands/{BRAND}/book", content=body, headers=headers)).raise_for_status()
    pool = await db.open_pool(system.urls["routing"], "routing")
    names = [_name(n) for n in range(100)]
    await batch(pool, [triaged(name, name) for name in names])
    cases = [case_id_of(BRAND, mention_id(name)) for name in names]
    token = system.issuer.token("lead", [BRAND], "mk")

    async def known() -> bool:
        async with httpx.AsyncClient(trust_env=False, headers={"authorization": f"Bearer {token}"}) as client:
            said = [await client.patch(f"{url}/v1/brands/{BRAND}/cases/{cases[0]}/tags", json={"add": [str(uuid4())]}) for url in urls]
        return all(answer.status_code == 200 for answer in said)

    await until(known, "both instances know the book", 60)
    screens = [Client() for _ in range(clients)]
    listening = [
        asyncio.create_task(screen.listen(urls[n % len(urls)], system.issuer.token("agent", [BRAND], f"a{n}")))
        for n, screen in enumerate(screens)
    ]
    await asyncio.gather(*(screen.ready.wait() for screen in screens))
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await feed.add(slow, [Fed(BRAND, "bulk", "slow", {"n": 1})])
        stormed = asyncio.create_task(storm(pool, time.perf_counter() + seconds if with_storm else 0))
        changes = await people(system, urls, cases, seconds, rate)
        number = await stormed
        await until(lambda: all(changes.keys() <= screen.read.keys() for screen in screens), "every change is on every screen", 30)
        await transaction.rollback()
    for task in listening:
        task.cancel()
    from_answer = [max(0.0, screen.read[change] - changes[change][1]) for screen in screens for change in changes]
    from_request = [screen.read[change] - changes[change][0] for screen in screens for change in changes]
    print(json.dumps({"what": "2xx to read", "clients": clients, "changes": len(changes), "stormed": number, **shares(from_answer)}))
    print(json.dumps({"what": "request to read", **shares(from_request)}))
    print(json.dumps({"what": "request to 2xx", **shares([after - before for before, after in changes.values()])}))
    print(json.dumps({"what": "doubles", "number": sum(screen.doubles for screen in screens)}), flush=True)
    await pool.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=20, help="changes a second")
    parser.add_argument("--storm", action="store_true", help="new cases beside them, as fast as they come")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weerklank-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        settings: dict[str, Any] = {"RATE_LIMIT": "0"}
        system = System(home, settings)
        try:
            system.start("routing")
            system.another("routing", "1")
            system.wait_ready()
            uvloop.run(run(system, arguments.clients, arguments.seconds, arguments.rate, arguments.storm))
        finally:
            system.stop()


if __name__ == "__main__":
    main()
