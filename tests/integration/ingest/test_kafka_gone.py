"""Kafka goes away and comes back: senders are told within seconds, nothing that was acknowledged is lost, and nobody needs to restart anything."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from libs.common.record import decode
from libs.common.topics import MENTIONS
from tests.integration.ingest.conftest import Ingest
from tests.integration.ingest.test_mentions_api import NDJSON, mention, until


async def post(client: httpx.AsyncClient, brand: str, body: Any) -> httpx.Response:
    return await client.post(f"/v1/brands/{brand}/mentions", json=body)


async def recovered(client: httpx.AsyncClient, brand: str, number: int) -> str:
    """The id of a mention that was accepted again."""
    return str((await taken(lambda: post(client, brand, mention(number)))).json()["id"])


async def taken(send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The 202 that a sender gets who sends again after every 503. Partitions come back one after the other."""
    deadline = time.monotonic() + 30
    while (answer := await send()).status_code != 202:
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < deadline, "ingest did not recover"
    return answer


@pytest.mark.parametrize("away", ["stopped", "frozen"])
async def test_without_kafka_a_sender_hears_503_in_seconds_and_ingest_recovers_by_itself(
    ingest: Ingest, brand: str, client: httpx.AsyncClient, away: str
) -> None:
    accepted = {(await post(client, brand, mention(number))).json()["id"] for number in range(50)}
    await asyncio.to_thread(ingest.kafka.kill if away == "stopped" else ingest.kafka.freeze)
    try:
        for number in (100, 101, 102):
            began = time.monotonic()
            answer = await post(client, brand, mention(number))
            assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), answer.text
            assert time.monotonic() - began < 10
    finally:
        await asyncio.to_thread(ingest.kafka.start if away == "stopped" else ingest.kafka.thaw)
    accepted |= {await recovered(client, brand, number) for number in (100, 101, 102, 103)}
    assert {decode(record).subject for record in await ingest.log(MENTIONS.name, brand)} == accepted
    for id in accepted:
        await until(client, f"/v1/brands/{brand}/mentions/{id}", lambda found: found.status_code == 200)
    assert (await client.get("/v1/status")).json()["ledger"]["unaccounted"] == 0


async def test_a_stream_that_loses_kafka_midway_is_told_the_line_and_can_be_sent_again(
    ingest: Ingest, brand: str, client: httpx.AsyncClient
) -> None:
    rows = [json.dumps(mention(number)).encode() + b"\n" for number in range(6000)]

    async def with_an_outage() -> AsyncIterator[bytes]:
        for number, row in enumerate(rows):
            if number == 2500:
                await asyncio.to_thread(ingest.kafka.kill)
            yield row

    try:
        answer = await client.post(f"/v1/brands/{brand}/mentions", content=with_an_outage(), headers=NDJSON)
    finally:
        await asyncio.to_thread(ingest.kafka.start)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    line = answer.json()["line"]
    assert 1 <= line <= 2501
    await recovered(client, brand, 0)
    # Every line before the one that was named is in the log.
    in_log = {decode(record).event.mention.external_id for record in await ingest.log(MENTIONS.name, brand)}  # type: ignore[attr-defined]
    assert {f"f-{number}" for number in range(line - 1)} <= in_log
    again = await taken(lambda: client.post(f"/v1/brands/{brand}/mentions", content=b"".join(rows), headers=NDJSON))
    assert again.json()["accepted"] == 6000
    in_log = {decode(record).event.mention.external_id for record in await ingest.log(MENTIONS.name, brand)}  # type: ignore[attr-defined]
    assert in_log == {f"f-{number}" for number in range(6000)}


async def test_more_than_may_wait_is_429_and_what_waited_is_settled(ingest: Ingest, brand: str) -> None:
    await asyncio.to_thread(ingest.stop)
    await asyncio.to_thread(ingest.start, MAX_PENDING="40", ACK_TIMEOUT_S="4")
    try:
        async with ingest.client(brand) as client:
            first = (await post(client, brand, mention(1000))).json()["id"]
            await asyncio.to_thread(ingest.kafka.freeze)
            try:
                waiting = [asyncio.create_task(post(client, brand, [mention(n * 10 + k) for k in range(10)])) for n in range(4)]
                deadline = time.monotonic() + 3
                while (answer := await post(client, brand, [])).status_code != 429:
                    assert time.monotonic() < deadline, answer.text
                assert int(answer.headers["retry-after"]) > 0
                assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {503}
            finally:
                await asyncio.to_thread(ingest.kafka.thaw)
            assert await recovered(client, brand, 1000) == first
    finally:
        await asyncio.to_thread(ingest.stop)
        await asyncio.to_thread(ingest.start)
