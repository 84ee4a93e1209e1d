"""kill -9 of whoever tells people: nobody is told twice, and what may have been told is said to be so."""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from libs.common import db
from tests.fakes.hooks import serving
from tests.integration.pools import pool_of
from tests.integration.routing.notices_world import Telling, telling_of, told
from tests.mail_server import MailServer
from tests.stack import Databases
from tests.system import ROOT
from tests.waiting import until

SENDER = """
import asyncio, json, sys
from pathlib import Path
from libs.common import db
from tests.integration.routing.notices_world import telling_of
from tests.fakes.hooks import Hooks
from tests.mail_server import MailServer

async def main():
    given = json.loads(sys.argv[1])
    pool = await db.open_pool(given["url"], "routing", size=4)
    mail = MailServer()
    mail.port = given["mail"]
    world = await telling_of(pool, Path(given["folder"]), mail, Hooks(port=given["hooks"]))
    print("ready", flush=True)
    await world.notifier(notice_answer_timeout_s=20.0, notice_lane_slots=8).run()

asyncio.run(main())
"""


class Killed:
    """A process of its own that sends what is due."""

    def __init__(self, telling: Telling, url: str) -> None:
        self._given = json.dumps({"url": url, "folder": str(telling.folder), "mail": telling.mail.port, "hooks": telling.hooks.port})
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SENDER, self._given, stdout=asyncio.subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert self._process.stdout is not None
        assert await asyncio.wait_for(self._process.stdout.readline(), 60) == b"ready\n"

    async def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


async def _swept(telling: Telling) -> None:
    """The claims of whoever is dead are old by now, and another instance looks."""
    await telling.pool.execute("update notice set claimed_at = claimed_at - interval '1 hour' where state = 'sending'")
    await telling.notifier().sweep_once()


@pytest.fixture
def mail_server() -> MailServer:
    return MailServer()


@pytest.mark.parametrize("kind", ["email", "webhook"])
async def test_killed_between_the_message_and_its_answer_it_is_unconfirmed_and_told_once(
    postgres: Databases, tmp_path: Path, mail_server: MailServer, kind: str
) -> None:
    async with pool_of("routing", postgres) as pool, serving() as hooks:
        mail_server.start()
        try:
            telling = await telling_of(pool, tmp_path, mail_server, hooks)
            mail_server.answers, hooks.answers["/webhook/"] = ["hang 250 OK"], ["hang"]
            await telling.add(told(kind))
            process = Killed(telling, _url(pool))
            await process.start()
            await until(lambda: mail_server.received or hooks.hanging, "it was written")
            await process.kill()
            mail_server.release.set()
            await _swept(telling)
            await telling.tell()
            row = await telling.row(told(kind).id)
            assert (row["state"], row["error"]) == ("unconfirmed", "sending was interrupted before the answer came")
            assert len(mail_server.received) + len(hooks.received) == 1
            assert await pool.fetchval("select count(*) from notification where what = 'notice to mk unconfirmed'") == 1
        finally:
            mail_server.stop()


async def test_however_often_it_is_killed_nobody_is_told_twice_and_nobody_is_forgotten(
    postgres: Databases, tmp_path: Path, mail_server: MailServer
) -> None:
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    async with pool_of("routing", postgres) as pool, serving() as hooks:
        mail_server.start()
        try:
            telling = await telling_of(pool, tmp_path, mail_server, hooks)
            mine = [told(kind, f"nummer {n}") for n in range(150) for kind in ("webhook", "email")]
            await telling.add(*mine)
            for _ in range(4):
                process = Killed(telling, _url(pool))
                await process.start()
                before = len(hooks.received) + len(mail_server.received)
                more = moments.randrange(1, 60)
                await until(
                    lambda before=before, more=more: len(hooks.received) + len(mail_server.received) >= before + more, "some were told"
                )
                await process.kill()
                await _swept(telling)
            await telling.tell()
            states = await telling.states()
            hooked = Counter(request.headers["webhook-id"] for request in hooks.of("webhook"))
            mailed = Counter(str(mail["Message-ID"]) for mail in mail_server.mails())
            assert set(states.values()) <= {"sent", "unconfirmed"}, seed
            assert max([*hooked.values(), *mailed.values()]) == 1, seed
            arrived = {*hooked, *(name.removeprefix("<notice-").partition("@")[0] for name in mailed)}
            assert {str(id) for id, state in states.items() if state == "sent"} <= arrived, seed
            assert len(arrived) >= 300 - sum(state == "unconfirmed" for state in states.values()), seed
        finally:
            mail_server.stop()


def _url(pool: db.Pool) -> str:
    url: str = pool._connect_args[0]  # type: ignore[attr-defined]
    return url
