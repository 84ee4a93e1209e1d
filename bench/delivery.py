"""Replies delivered once, whatever dies meanwhile. By hand: `python -m bench.delivery --channel smtp --sends 1000 --kills 100`, or `--latency`.

The real sender runs in processes of its own against a real PostgreSQL and a real local server that loses answers, hangs up, refuses for now and takes
its time, each at random. It is killed with `kill -9` at every step in turn: by itself just before and after each of its own steps, by the server at each
of the server's, and at any moment. Then what the server took is compared with what the rows say.

Violated, and the exit code is 1, when something was delivered twice, when something was lost or delivered and nobody is told, or when more replies are
unconfirmed than were between their request and its answer when their sender died or the answer was lost. Where the other side can be asked or knows keys,
none may be.

`--latency` measures from the answer to an approval over HTTP until the server has the reply, in one process with everything around it.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiosmtpd.smtp import SMTP

from libs.common import db, migrate, outbox
from libs.common.books import BrandBooks, Published
from libs.common.brandbook import BrandBook
from libs.common.outbox import Relay
from libs.common.topics import create_topics
from services.responder import attempts, store
from services.responder.channels import webhook
from services.responder.channels.contract import marker
from services.responder.lease import Lease
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow
from services.responder.sender import Sender
from services.responder.settings import Settings
from tests.fakes.receiver import SECRET, Receiver
from tests.integration.responder.conftest import AT, Around, case_of, mention, opened
from tests.stack import KafkaServer, PostgresServer
from tests.tokens import Issuer

ROOT = Path(__file__).parent.parent
BRAND = "vaart"
CHANNELS = ("sandbox", "smtp", "webhook", "webhook-lookup")
OWN_STEPS = ("claimed", "before begin", "begun", "before writing", "written")
SERVER_STEPS = {"smtp": ("connected", "recipient", "taken"), "webhook": ("connected", "asked", "taken", "answered"), "sandbox": ()}
_STUCK_S = 60.0


def book(channel: str, port: int) -> dict[str, Any]:
    """The brand's book, with the one account that it sends by."""
    hook: dict[str, Any] = {
        "id": "out",
        "type": "webhook",
        "url": f"http://127.0.0.1:{port}/replies",
        "secret": f"file:{BRAND}-hook",
        "for": ["*"],
    }
    ways: dict[str, dict[str, Any]] = {
        "smtp": {"id": "out", "type": "smtp", "host": "127.0.0.1", "port": port, "tls": False, "from": "Vaart <klant@vaart.example>"},
        "webhook": hook,
        "webhook-lookup": {**hook, "idempotent": False, "lookup_url": f"http://127.0.0.1:{port}/replies/{{id}}"},
    }
    return {
        "brand": BRAND,
        "name": "Vaart",
        "languages": ["nl"],
        "pilot": channel == "sandbox",
        "channels": [ways[channel]] if channel in ways else [],
        "team": [{"id": "gs", "first_name": "Guus", "initials": "gs"}],
    }


def books_of(given: dict[str, Any]) -> BrandBooks:
    books = BrandBooks("nowhere", "bench")
    books._books[BRAND] = Published(BrandBook.from_json(given), 1)
    books.read.set()
    return books


# --- the sender, in a process that dies -----------------------------------------------------------------------------------------------------


def _dies(step: str, after: int) -> None:
    """Makes this process kill itself at the `after`th time that it comes to this step of its own."""
    left = after

    def die() -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(function: Callable[..., Awaitable[Any]], *, before: bool) -> Callable[..., Awaitable[Any]]:
        async def dying(*args: Any, **more: Any) -> Any:
            if before:
                die()
            found = await function(*args, **more)
            if not before and found is not False and found != []:
                die()
            return found

        return dying

    if step == "claimed":
        Sender.claim = around(Sender.claim, before=False)  # type: ignore[method-assign,assignment]
    elif step in ("before begin", "begun"):
        attempts.begin_transmitting = around(attempts.begin_transmitting, before=step == "before begin")  # type: ignore[assignment]
    else:
        Sender._write_once = around(Sender._write_once, before=step == "before writing")  # type: ignore[method-assign,assignment]


async def _work(given: dict[str, Any]) -> None:
    if given["step"] in OWN_STEPS:
        _dies(given["step"], given["after"])
    webhook._SETTLES_S = 0.5  # this server has decided before it hangs up
    pool = await db.open_pool(given["url"], "responder", size=6)
    settings = Settings(
        database_url=given["url"],
        jwks="x",
        secrets_dir=Path(given["secrets"]),
        mail_networks="127.0.0.0/8",  # type: ignore[arg-type]
        mail_ports=str(given["port"] or ""),  # type: ignore[arg-type]
        webhook_networks="127.0.0.0/8",  # type: ignore[arg-type]
        unconfirmed_after_s=0.6,
        connect_timeout_s=0.5,
        answer_timeout_s=5.0,
        webhook_answer_timeout_s=5.0,
        send_poll_s=0.05,
        send_retry_s=0.1,
        send_attempts=30,
    )
    sender = Sender(pool, books_of(given["book"]), Relay("", "responder", "nowhere"), settings)
    print("ready", flush=True)
    await asyncio.gather(sender.run(), sender.sweep())


def nursery() -> None:
    """Forks a sender for each line that comes in, which saves each of them the time to load: "ready" when it works, "dead" when it is gone."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            asyncio.run(_work(json.loads(line)))
            os._exit(0)
        print(f"pid {pid}", flush=True)
        os.waitpid(pid, 0)
        print("dead", flush=True)


class Senders:
    """One sender at a time, which is killed."""

    def __init__(self) -> None:
        self._nursery: asyncio.subprocess.Process | None = None
        self.pid = 0

    async def begin(self) -> None:
        self._nursery = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from bench.delivery import nursery; nursery()",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    async def start(self, given: dict[str, Any]) -> None:
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(json.dumps(given).encode() + b"\n")
        told = {(await self._line()).partition(" ")[0::2] for _ in range(2)}
        self.pid = int(dict(told)["pid"])

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    async def dead(self) -> None:
        assert await self._line() == "dead"

    async def _line(self) -> str:
        assert self._nursery is not None
        assert self._nursery.stdout is not None
        line = await asyncio.wait_for(self._nursery.stdout.readline(), _STUCK_S)
        assert line, "the senders' nursery is gone"
        return line.decode().strip()

    async def end(self) -> None:
        if self._nursery is not None:
            self.kill()
            self._nursery.kill()
            await self._nursery.wait()


# --- the other side ---------------------------------------------------------------------------------------------------------------------------


@dataclass
class Other:
    """A server that loses answers. What it took counts in `delivered`, whether or not it said so."""

    channel: str
    rng: random.Random
    lose: float
    port: int = 0
    receiver: Receiver | None = None
    mails: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    at: Callable[[str], None] = lambda _: None

    def said(self) -> str:
        """What it does with the next message."""
        drawn = self.rng.random()
        for name, share in (("lose", self.lose), ("refuse", self.lose / 2), ("later", self.lose / 2), ("slow", 0.2)):
            if drawn < share:
                self.faults[name] += 1
                return name
            drawn -= share
        return "take"

    @property
    def delivered(self) -> Counter[str]:
        return self.receiver.delivered if self.receiver else self.mails

    # --- SMTP ---

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        self.at("connected")
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.at("recipient")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        said = self.said()
        if said == "refuse":
            server.transport.abort()
            return "250 OK"
        if said == "later":
            return "451 later"
        head = envelope.content.decode("latin-1").partition("\r\n\r\n")[0]
        [message_id] = [line for line in head.splitlines() if line.lower().startswith("message-id:")]
        self.mails[message_id.partition("<")[2].partition("@")[0]] += 1
        self.at("taken")
        if said == "slow":
            await asyncio.sleep(self.rng.uniform(0.0, 0.1))
        if said == "lose":
            server.transport.abort()
        return "250 OK"


class _Losing(Receiver):
    """A receiver of webhooks with the same faults."""

    other: Other

    async def _answered(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], Any]:
        if method == "POST":
            said = self.other.said()
            if said == "slow":
                await asyncio.sleep(self.other.rng.uniform(0.0, 0.1))
            self.answers = [{"lose": "lose", "refuse": "refuse", "later": (503, {})}.get(said, 200)]
        elif self.other.rng.random() < self.other.lose:
            return 0, {}, None
        return await super()._answered(method, target, headers, body)


@asynccontextmanager
async def other_side(channel: str, rng: random.Random, lose: float) -> AsyncIterator[Other]:
    other = Other(channel, rng, lose)
    if channel == "sandbox":
        yield other
        return
    if channel == "smtp":
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(other, hostname="bench"), "127.0.0.1", 0)
    else:
        other.receiver = _Losing(keeps_ids=channel == "webhook", at=lambda step: other.at(step))
        other.receiver.other = other  # type: ignore[attr-defined]
        server = await asyncio.start_server(other.receiver.handle, "127.0.0.1", 0)
    other.port = server.sockets[0].getsockname()[1]
    try:
        yield other
    finally:
        server.close()


# --- the run ----------------------------------------------------------------------------------------------------------------------------------


async def approve(pool: db.Pool, channel: str, number: int) -> list[ReplyRow]:
    """Replies as people have approved them, each in a case of its own."""
    rows, cases = [], []
    for index in range(number):
        name = f"klant-{index}-{uuid4()}"
        about = mention(BRAND, name, "email" if channel == "smtp" else "forum")
        case = case_of(about)
        to = {"kind": "email", "value": f"{name}@klant.example"} if channel == "smtp" else {"kind": "handle", "value": name}
        rows.append(
            ReplyRow(
                id=uuid4(),
                brand=BRAND,
                case_id=case.id,
                mention_id=about.id,
                channel=about.channel,
                visibility=about.visibility,
                state="approved",
                text="Hoi, ik kijk ernaar. ^gs",
                digest="d",
                approved_digest="d",
                writer="gs",
                approver="gs",
                created_at=AT,
                approved_at=datetime.now(UTC),
                next_attempt_at=AT,
                language="nl",
                first_reply=True,
                recipient=Recipient(**to),
                sandbox=channel == "sandbox",
            )
        )
        cases.append(store.CaseRow(case.id, BRAND, 1, case.state, case, None, AT))
    async with pool.acquire() as connection:
        await store.insert_cases(connection, cases)
        await store.put_replies(connection, rows)
    return rows


async def _leasing(pool: db.Pool) -> None:
    while True:
        async with pool.acquire() as connection:
            now = await store.database_time(connection)
            await store.put_leases(connection, [Lease(BRAND, 1, now, False, None, 1)])
        await asyncio.sleep(0.3)


@dataclass
class Result:
    channel: str
    states: Counter[str]
    twice: int
    lost: int
    """Said to be sent, and not there; or not at an end."""
    unsaid: int
    """There, and said to have failed or never to have left."""
    cut: int
    """Replies that were between request and answer when their sender was killed."""
    unheard: int
    """Whole messages that the server did not answer, whether it had taken them or not."""
    kills: Counter[str]
    faults: Counter[str]
    again: int
    """Sent again under a key that the other side knew."""
    seconds: float

    @property
    def violations(self) -> list[str]:
        found = [f"{number} {what}" for number, what in ((self.twice, "twice"), (self.lost, "lost"), (self.unsaid, "unsaid")) if number]
        most = self.cut + self.unheard if self.channel == "smtp" else 0
        if self.states["unconfirmed"] > most:
            found.append(f"{self.states['unconfirmed']} unconfirmed of {most} that may be")
        return found


async def run(url: str, folder: Path, channel: str, *, sends: int, kills: int, seed: int, lose: float = 0.05) -> Result:
    """Deliver `sends` replies while their sender is killed `kills` times. `url`: of a database of the responder's, migrated."""
    rng = random.Random(seed)
    (folder / f"{BRAND}-hook").write_text(SECRET)
    pool, senders, killed, cut = await db.open_pool(url, "responder", size=3), Senders(), Counter[str](), set[UUID]()
    began = time.monotonic()
    async with other_side(channel, rng, lose) as other:
        given = {"url": url, "secrets": str(folder), "port": other.port, "book": book(channel, other.port)}
        rows, batch = [], sends // (kills + 1)
        leasing = asyncio.create_task(_leasing(pool))
        await senders.begin()
        try:
            steps = ["moment", *OWN_STEPS, *SERVER_STEPS[channel.partition("-")[0]]]
            for number in range(kills):
                rows += await approve(pool, channel, batch)
                step, after = steps[number % len(steps)], rng.randrange(1, max(2, batch // 2))
                if await _die(senders, other, given, step, after, rng, pool):
                    killed[step] += 1
                    found = await pool.fetch("select id from reply where brand = $1 and state = 'sending' and transmitting", BRAND)
                    cut |= {row["id"] for row in found}
            other.at = lambda _: None
            rows += await approve(pool, channel, sends - len(rows))
            await senders.start({**given, "step": "", "after": 0})
            await _settled(pool)
        finally:
            leasing.cancel()
            await senders.end()
        result = await _judged(pool, other, rows)
        await pool.close()
    again = len(other.receiver.posts) - sum(other.receiver.delivered.values()) if other.receiver else 0
    states, twice, lost, unsaid = result
    return Result(
        channel,
        states,
        twice,
        lost,
        unsaid,
        len(cut),
        other.faults["lose"] + other.faults["refuse"],
        killed,
        other.faults,
        again,
        round(time.monotonic() - began, 1),
    )


async def _die(senders: Senders, other: Other, given: dict[str, Any], step: str, after: int, rng: random.Random, pool: db.Pool) -> bool:
    """Start a sender and have it killed at this step; False when it had nothing left to do."""
    left = after

    def at(now: str) -> None:
        nonlocal left
        left -= now == step
        if now == step and not left:
            senders.kill()

    other.at = at
    await senders.start({**given, "step": step, "after": after})
    dead = asyncio.create_task(senders.dead())
    if step == "moment":
        await asyncio.sleep(rng.uniform(0.0, 0.3))
        senders.kill()
    while not dead.done():
        await asyncio.wait([dead], timeout=0.2)
        if not dead.done() and not await _unsettled(pool):
            senders.kill()
            await dead
            return False
    await dead
    return True


async def _unsettled(pool: db.Pool) -> int:
    found: int = await pool.fetchval(
        "select count(*) from reply where brand = $1 and (state in ('approved', 'sending') or (state = 'unconfirmed' and next_attempt_at is not null))",
        BRAND,
    )
    return found


async def _settled(pool: db.Pool) -> None:
    """Until the sender has nothing left to do."""
    least, since = await _unsettled(pool), time.monotonic()
    while (left := await _unsettled(pool)) and time.monotonic() - since < _STUCK_S:
        if left < least:
            least, since = left, time.monotonic()
        await asyncio.sleep(0.1)


async def _judged(pool: db.Pool, other: Other, rows: list[ReplyRow]) -> tuple[Counter[str], int, int, int]:
    delivered = other.delivered
    if other.channel == "sandbox":
        names = {row.id: str(marker(row)) for row in rows}
        delivered = Counter(
            names[row["reply_id"]] for row in await pool.fetch("select reply_id from sandbox_outbox where brand = $1", BRAND)
        )
    found: dict[UUID, str] = {row["id"]: row["state"] for row in await pool.fetch("select id, state from reply where brand = $1", BRAND)}
    there = {row.id: delivered[str(marker(row))] for row in rows}
    lost = sum(state in ("approved", "sending") or (state == "sent" and not there[id]) for id, state in found.items())
    unsaid = sum(bool(there[id]) and state not in ("sent", "unconfirmed") for id, state in found.items())
    return Counter(found.values()), sum(number > 1 for number in there.values()), lost, unsaid


def table(result: Result) -> str:
    """What happened, for people."""
    lines = [
        f"channel                         {result.channel}",
        *[f"{state:<31} {number}" for state, number in sorted(result.states.items())],
        f"killed                          {sum(result.kills.values())}: {', '.join(f'{step} {n}' for step, n in sorted(result.kills.items()))}",
        f"cut between request and answer  {result.cut}",
        f"unanswered by the server        {result.unheard}, of which taken {result.faults['lose']}",
        f"refused for now                 {result.faults['later']}",
        f"sent again under a known key    {result.again}",
        f"delivered twice                 {result.twice}",
        f"lost, nobody told               {result.lost}",
        f"delivered, nobody told          {result.unsaid}",
        f"seconds                         {result.seconds}",
        f"{'VIOLATED: ' + '; '.join(result.violations) if result.violations else 'held'}",
    ]
    return "\n".join(lines)


async def latency(postgres: PostgresServer, kafka: str, folder: Path, channel: str, sends: int) -> dict[str, Any]:
    """Milliseconds from the request that approves a reply until the other side has all of it: a whole responder, with leases by Kafka as from routing."""
    url = postgres.login(postgres.database(), "responder")
    (folder / f"{BRAND}-hook").write_text(SECRET)
    await create_topics(kafka)
    producer = outbox.producer(kafka, client_id="bench")
    await producer.start()
    took, took_http = [], []
    async with AsyncExitStack() as stack, other_side(channel, random.Random(0), 0.0) as other:
        around = Around(BRAND, kafka, url, Issuer(folder), producer, await asyncpg.connect(url), stack)
        came = asyncio.Event()
        other.at = lambda step: came.set() if step == "taken" else None
        given = book(channel, other.port)
        await around.publish(pilot=given["pilot"], channels=given["channels"], scripts=[])
        settings = {
            "secrets_dir": str(folder),
            "mail_networks": "127.0.0.0/8",
            "webhook_networks": "127.0.0.0/8",
            "mail_ports": str(other.port or ""),
        }
        await around.start(send_poll_s=0.2, **settings)
        cases = [case_of(mention(BRAND, f"klant-{index}", "email" if channel == "smtp" else "forum")) for index in range(sends)]
        for case in cases:
            await around.case(opened(case), 1)
        await around.settled()
        await around.keep_leasing()
        for case in cases:
            draft = await around.write(case, "Hoi Sanne,\n\nIk kijk ernaar.\n\nGroet,\nGuus")
            await around.submit(draft["id"])
            came.clear()
            began = time.perf_counter()
            answer = await around.approve(draft["id"], draft["digest"])
            took_http.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
            await asyncio.wait_for(came.wait(), 30)
            took.append((time.perf_counter() - began) * 1000)
        await around.stop_leasing()
        await around.db.close()
    await producer.stop()
    parts = statistics.quantiles(took, n=100)
    return {
        "channel": channel,
        "sends": sends,
        "p50_ms": round(parts[49], 1),
        "p95_ms": round(parts[94], 1),
        "p99_ms": round(parts[98], 1),
        "of_which_http_p50_ms": round(statistics.median(took_http), 1),
    }


async def migrated(url: str) -> None:
    await migrate.migrate(url, "responder", ROOT / "services/responder/migrations")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--channel", choices=CHANNELS, default="smtp")
    parser.add_argument("--latency", action="store_true", help="how long from an approval until the other side has it (smtp, webhook)")
    parser.add_argument("--sends", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--lose", type=float, default=0.05, help="share of the answers that the server loses")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="weerklank-bench-") as home:
        (Path(home) / "postgres").mkdir()
        server = PostgresServer(Path(home) / "postgres").start()
        try:
            if options.latency:
                (Path(home) / "kafka").mkdir()
                kafka = KafkaServer(Path(home) / "kafka").start()
                try:
                    print(json.dumps(asyncio.run(latency(server, kafka.bootstrap, Path(home), options.channel, options.sends))))
                finally:
                    kafka.stop()
                return 0

            async def whole() -> Result:
                url = server.login(server.database(), "responder")
                await migrated(url)
                return await run(
                    url, Path(home), options.channel, sends=options.sends, kills=options.kills, seed=options.seed, lose=options.lose
                )

            result = asyncio.run(whole())
        finally:
            server.stop()
    print(f"seed                            {options.seed}")
    print(table(result))
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
