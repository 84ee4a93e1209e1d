"""`python -m bench.hold`: how long after a hold's 2xx the last reply begins to be sent. JSON lines.

Routing and the responder as real processes, a real Kafka and PostgreSQL, and a mail server on 127.0.0.1 that notes when the first byte of each message
comes. Before every hold 50,000 events of cases are put into routing's outbox, in front of it, and 10,000 approved replies wait in the responder, some of
which are being sent. With `--killed`, Kafka is killed (kill -9) just before the hold: then the sending lease runs out. In the last rounds routing is
killed right after the 2xx, and must still hold when it is back.

PostgreSQL runs without fsync, as for all tests: a hold's commit on a disk that waits takes as much longer as its 2xx does.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from libs.common import outbox
from libs.common.case_events import Case, CaseRevised
from libs.common.events import Author, Identity, Mention, deterministic_id
from services.responder import store
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow
from tests.system import System
from tests.waiting import until

BRAND = "vaart"
IN_OUTBOX, QUEUED = 50_000, 10_000
AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


class Sink:
    """A mail server that takes everything. `begun`: monotonic times at which the first bytes of messages came."""

    def __init__(self) -> None:
        self.begun: list[float] = []

    async def start(self) -> int:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        try:
            while line := await reader.readline():
                if line.upper().startswith(b"DATA"):
                    writer.write(b"354 go ahead\r\n")
                    first = True
                    while (line := await reader.readline()) not in (b".\r\n", b""):
                        if first:
                            self.begun.append(time.monotonic())
                        first = False
                    if not line:
                        return
                writer.write(b"250 OK\r\n")
        except ConnectionError:
            return
        finally:
            writer.close()


def book(port: int) -> str:
    return (
        f"brand: {BRAND}\nname: Vaart\nlanguages: [nl]\npilot: false\nlabels: [{{name: storing}}]\n"
        "team:\n  - {id: gs, first_name: Guus, initials: gs}\n  - {id: mk, first_name: Mila, initials: mk, role: lead}\n"
        f"channels: [{{id: smtp, type: smtp, host: 127.0.0.1, port: {port}, tls: false, from: 'Vaart <klant@vaart.example>'}}]\n"
    )


def case_of(number: int) -> Case:
    mention = Mention(
        id=deterministic_id(BRAND, "bench", str(number)),
        brand=BRAND,
        channel="email",
        kind="mail",
        external_id=f"x-{number}",
        author=Author(identities=[Identity(kind="email", value=f"klant{number}@klant.example")]),
        text="mijn internet ligt eruit",
        posted_at=AT,
        received_at=AT,
    )
    return Case(
        id=deterministic_id(BRAND, "bench-case", str(number)),
        brand=BRAND,
        customer_id=uuid4(),
        group_id=mention.id,
        state="open",
        department="webcare",
        channel="email",
        language="nl",
        sentiment="negative",
        urgency="high",
        labels=["storing"],
        latest=mention,
        opened_at=AT,
    )


async def connect(url: str, schema: str) -> "asyncpg.Connection[asyncpg.Record]":
    connection = await asyncpg.connect(url, server_settings={"search_path": f"{schema},public"}, command_timeout=120)
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    return connection


async def queue(responder: Any) -> None:
    """10,000 approved replies to 10,000 cases."""
    cases = [case_of(number) for number in range(QUEUED)]
    await store.insert_cases(responder, [store.CaseRow(case.id, BRAND, 1, case.state, case, None, AT) for case in cases])
    rows = [
        ReplyRow(
            id=uuid4(),
            brand=BRAND,
            case_id=case.id,
            mention_id=case.latest.id if case.latest else None,
            channel="email",
            visibility="private",
            state="approved",
            text="Beste klant, we zoeken het uit. Groet, Guus",
            digest="d",
            approved_digest="d",
            writer="gs",
            approver="gs",
            created_at=AT,
            approved_at=AT,
            next_attempt_at=AT,
            language="nl",
            first_reply=True,
            recipient=Recipient(kind="email", value=f"klant{number}@klant.example"),
        )
        for number, case in enumerate(cases)
    ]
    for start in range(0, len(rows), 1000):
        await store.put_replies(responder, rows[start : start + 1000])


async def requeue(responder: Any) -> None:
    """All of them approved again, as if people had worked through the list."""
    await responder.execute(
        "update reply set state = 'submitted', approved_digest = null where brand = $1 and state in ('sent', 'approved')", BRAND
    )
    await responder.execute(
        "update reply set state = 'approved', approved_digest = digest, approver = 'gs', approved_at = clock_timestamp(), "
        "next_attempt_at = clock_timestamp(), held_by = null, "
        "held_at = null, transmitting = false, attempts = 0, version = version + 1 where brand = $1 and state = 'submitted'",
        BRAND,
    )


def storm(turn: int) -> list[tuple[str, str, str, bytes, bytes]]:
    """Rows of the outbox: changes of cases of another brand, which the responder has to read too."""
    now, rows = datetime.now(UTC), []
    case = case_of(0).model_copy(update={"brand": "other", "latest": None})
    event = CaseRevised(brand="other", case=case, at=AT, mention_id=UUID(int=1))
    value = event.model_dump_json(exclude_defaults=True).encode()
    for number in range(IN_OUTBOX):
        case_id = str(UUID(int=number + 1))
        item = outbox.Outgoing(event, case_id, turn, case_id)
        headers = json.dumps(outbox.attributes(item, "routing", now)).encode()
        rows.append(("weerklank.cases.v1", "other", case_id, headers, value.replace(str(case.id).encode(), case_id.encode())))
    return rows


class Bench:
    def __init__(self, system: System, sink: Sink) -> None:
        self.system, self.sink = system, sink
        self.token = system.issuer.token("lead", [BRAND], "mk")
        self.client = httpx.AsyncClient(timeout=30)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[float, dict[str, Any]]:
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": str(uuid4()), "if-match": "*"}
        answer = await self.client.post(f"{self.system.url('routing')}/v1/brands/{BRAND}{path}", json=body, headers=headers)
        at = time.monotonic()
        assert answer.is_success, answer.text
        return at, answer.json()

    async def begin(self, turn: int) -> None:
        """The queue is full, the outbox too, and mails are leaving."""
        await requeue(self.responder)
        rows = await asyncio.to_thread(storm, turn)
        before = len(self.sink.begun)
        await until(lambda: len(self.sink.begun) > before + 5, "mails leave", 60)
        await self.routing.copy_records_to_table("outbox", columns=("topic", "brand", "key", "headers", "value"), records=rows)

    async def quiet(self, since: float) -> float:
        """Seconds from `since` to the start of the last send, once none has begun for 4 s."""
        await until(lambda: time.monotonic() - max(since, self.sink.begun[-1]) > 4, "sending stops", 60)
        return max(0.0, self.sink.begun[-1] - since)

    async def leased(self) -> None:
        """Routing answers, and its leases arrive again. Not that it is ready: it knows none of these cases, so the replies to them are dead letters."""

        async def fresh() -> bool:
            return bool(await self.responder.fetchval("select max(renewed_at) > clock_timestamp() - interval '2 s' from brand_lease"))

        await until(fresh, "leases arrive again", 120)

    async def heard(self) -> None:
        """The responder knows of the release. What it does with what was held is not waited for: the next round begins with another queue."""

        async def nothing_stands() -> bool:
            return not await self.responder.fetchval("select exists (select from sending_hold where stands)")

        await until(nothing_stands, "the release is heard of", 60)

    async def round(self, turn: int, what: object, *, kill: bool = False, crash: bool = False) -> dict[str, Any]:
        await self.begin(turn)
        if kill:
            await asyncio.to_thread(self.system.kafka.kill)
        asked = time.monotonic()
        at, laid = await self.post("/holds", {"what": what, "reason": "bench"})
        if crash:
            await asyncio.to_thread(self.system.services["routing-0"].kill)
        waiting = await self.routing.fetchval("select count(*) from outbox where lane = 0")
        last = await self.quiet(at)
        if kill:
            await asyncio.to_thread(self.system.kafka.start)
        if crash:
            self.system.services["routing-0"].start()
        if kill or crash:
            await self.leased()
        before = len(self.sink.begun)
        queued = await self.responder.fetchval("select count(*) from reply where brand = $1 and state = 'approved'", BRAND)
        standing = (await self.routing.fetchval("select released_at is null from sending_hold where id = $1", UUID(laid["id"]))) is True
        found = {
            "last_start_s": round(last, 3),
            "answer_s": round(at - asked, 3),
            "in_outbox": waiting,
            "queued": queued,
            "stands": standing,
            "sent_in_the_second_before": sum(asked - 1 < begun < asked for begun in self.sink.begun),
            "after_restart": len(self.sink.begun) - before,
        }
        await self.post(f"/holds/{laid['id']}/release")
        await self.heard()
        return found

    async def run(self, rounds: int, killed: int, crashed: int) -> None:
        self.routing = await connect(self.system.urls["routing"], "routing")
        self.responder = await connect(self.system.urls["responder"], "responder")
        await queue(self.responder)
        turn = 0
        for name, number, arguments in (
            ("hold", rounds, {}),
            ("hold, kafka killed", killed, {"kill": True}),
            ("hold, routing killed after the 2xx", crashed, {"crash": True}),
        ):
            found = []
            for one in range(number):
                turn += 1
                what = "all" if one % 2 == 0 else {"when": {"channel": "email"}}
                found.append(await self.round(turn, what, **arguments))
                say(bench=name, what="all" if what == "all" else "matching", **found[-1])
            if found:
                times = sorted(one["last_start_s"] for one in found)
                p99 = times[min(len(times) - 1, round(0.99 * len(times)))]
                say(bench=name, rounds=number, p50_s=statistics.median(times), p99_s=p99, max_s=times[-1])


async def measure(system: System, sink: Sink, arguments: argparse.Namespace) -> None:
    port = await sink.start()
    system.settings |= {"MAIL_NETWORKS": "127.0.0.0/8", "MAIL_PORTS": str(port)}
    await asyncio.to_thread(system.start, "routing", "responder", "ingest")
    await asyncio.to_thread(system.apply, book(port))
    await Bench(system, sink).run(arguments.rounds, arguments.killed, arguments.crashed)


def main() -> None:
    parser = argparse.ArgumentParser(description="How long after a hold's 2xx the last reply begins to be sent")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--killed", type=int, default=5, help="rounds in which Kafka is killed")
    parser.add_argument("--crashed", type=int, default=3, help="rounds in which routing is killed right after the 2xx")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wk", dir="/tmp") as home:
        Path(home).chmod(0o755)
        system = System(Path(home))
        try:
            asyncio.run(measure(system, Sink(), arguments))
        finally:
            system.stop()


if __name__ == "__main__":
    main()
