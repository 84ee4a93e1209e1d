"""In a pilot nothing leaves the building: whatever the book names, the process that sends connects to its own database and to nothing else."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.fakes.receiver import receiving
from tests.integration.pools import pool_of
from tests.integration.responder.delivery_world import BRAND, Delivering
from tests.mail_server import MailServer
from tests.stack import Databases
from tests.system import ROOT

SENDER = """
import asyncio, json, sys
from pathlib import Path

given, tried = json.loads(sys.argv[1]), []

def watch(event, args):
    if event == "socket.connect" and list(args[1][:2]) != given["database"]:
        tried.append(str(args[1][:2]))
        raise PermissionError("no connection is allowed but to the database")
    if event in ("socket.sendto", "subprocess.Popen", "os.posix_spawn"):
        tried.append(event)
        raise PermissionError(event)

sys.addaudithook(watch)

from libs.common import db
from tests.fakes.receiver import Receiver
from tests.integration.responder.delivery_world import Delivering
from tests.mail_server import MailServer

async def main():
    pool = await db.open_pool(given["url"], "responder", size=4)
    mail = MailServer()
    mail.port = given["mail"]
    world = Delivering("both", pool, Path(given["folder"]), mail, Receiver(port=given["hook"]), pilot=given["pilot"])
    await world.deliver(world.sender(send_attempts=1), rounds=8)
    print(json.dumps(tried))

asyncio.run(main())
"""


@pytest.mark.parametrize("pilot", [True, False])
async def test_a_pilots_replies_of_every_channel_make_no_connection(postgres: Databases, tmp_path: Path, pilot: bool) -> None:
    """Once the brand is live, the same replies do: the watch would have seen it."""
    mail = MailServer()
    mail.start()
    try:
        async with pool_of("responder", postgres) as pool, receiving() as receiver:
            world = Delivering("both", pool, tmp_path, mail, receiver, pilot=pilot)
            rows = [row for channel in ("email", "twitter", "forum") for row in await world.approved(2, channel=channel)]
            url: str = pool._connect_args[0]  # type: ignore[attr-defined]
            host, _, port = url.rpartition("@")[2].partition("/")[0].partition(":")
            given = {
                "url": url,
                "database": [host, int(port)],
                "folder": str(tmp_path),
                "mail": mail.port,
                "hook": receiver.port,
                "pilot": pilot,
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SENDER, json.dumps(given), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            told, _ = await asyncio.wait_for(process.communicate(), 60)
            tried = json.loads(told.splitlines()[-1])
            states = [(await world.row(row)).state for row in rows]
            kept = await pool.fetchval("select count(distinct reply_id) from sandbox_outbox where brand = $1", BRAND)
            if pilot:
                assert (tried, states, kept) == ([], ["sent"] * 6, 6)
            else:
                assert len(tried) >= 4, "each mail and each webhook tried"
                assert kept == 0
            assert (mail.connections, receiver.posts) == (0, [])
    finally:
        mail.stop()
