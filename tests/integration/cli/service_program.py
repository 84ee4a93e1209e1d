"""A small real program that the supervisor's tests run in a service's place: it uses what a service is given.

Ready once it has reached its database and Kafka. SIGTERM: it writes whether both were still there, and ends.
"""

import asyncio
import os
import signal
import sys

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

NAME = sys.argv[1]


def setting(name: str) -> str:
    return os.environ[f"WEERKLANK_{NAME.upper()}_{name}"]


async def works() -> str:
    """The login's schema, having used the database and Kafka."""
    connection = await asyncpg.connect(setting("DATABASE_URL"), timeout=5)
    schema: str = await connection.fetchval("select current_schema()")
    await connection.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=setting("KAFKA"))
    await admin.start()
    try:
        assert "weerklank.mentions.v1" in await admin.list_topics()
    finally:
        await admin.close()
    return schema


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.0 200 OK\r\n\r\n{"ready": true, "why": []}')
    await writer.drain()
    writer.close()


async def main() -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    print(f"schema {await works()}", flush=True)
    server = await asyncio.start_server(answer, setting("HOST"), int(setting("PORT")))
    await stopping.wait()
    print(f"stopping with schema {await works()}", flush=True)
    server.close()


asyncio.run(main())
