"""The sending lease: every second, straight to Kafka, the word that a brand may send, and every hold that stands against it.

It does not go through the outbox: a lease that waited somewhere is worth nothing. If this service, Postgres or Kafka stops, the leases
stop, and three seconds later so does all sending: in doubt, silence.
"""

import asyncio
import logging
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from libs.common import db, outbox
from libs.common.outbox import Outgoing
from libs.common.service import Service
from libs.common.topics import HOLDS, partition_of
from services.routing import hold

log = logging.getLogger(__name__)
PERIOD_S = 1.0


async def run(service: Service) -> None:
    """Until cancelled: one instance at a time renews, the others stand by."""
    while True:
        try:
            await _lead(service)
        except (*db.TRANSIENT, asyncpg.PostgresError, KafkaError) as error:
            log.warning("sending leases are not renewed", extra={"error": type(error).__name__})
        await asyncio.sleep(PERIOD_S)


async def _lead(service: Service) -> None:
    connection = await db.connect(service.settings.database_url, service.name)
    try:
        if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended('weerklank-sending-lease', 0))"):
            return
        producer = outbox.producer(service.settings.kafka, client_id=f"{service.name}-lease")
        await producer.start()
        try:
            while True:
                await renew(connection, producer)
                await asyncio.sleep(PERIOD_S)
        finally:
            await producer.stop()
    finally:
        await connection.close(timeout=5)


async def renew(connection: db.Connection, producer: AIOKafkaProducer) -> None:
    """One lease per brand, as its holds stand now. What was decided when travels with it, so that a lease which waited in the
    producer while Kafka was away does not look fresh when it arrives."""
    now = datetime.now(UTC)
    waiting = []
    for lease in await hold.leases(connection):
        outgoing = Outgoing(lease, lease.brand, int(now.timestamp() * 1000), lease.brand)
        waiting.append(
            await producer.send(
                HOLDS.name,
                value=lease.model_dump_json().encode(),
                key=lease.brand.encode(),
                partition=partition_of(lease.brand, lease.brand),
                headers=[(name, value.encode()) for name, value in outbox.attributes(outgoing, "routing", now).items()],
            )
        )
    if waiting:
        await asyncio.gather(*waiting)
