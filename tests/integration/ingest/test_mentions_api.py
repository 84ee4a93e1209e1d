"""What ingest accepts is in the log exactly as it was acknowledged, and nothing that is sent to it makes it fall over."""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.common.record import decode
from libs.common.topics import MENTIONS, MENTIONS_BULK, partition_of
from tests.integration.ingest.conftest import Ingest

NDJSON = {"content-type": "application/x-ndjson"}

NOBODYS = UUID("00000000-0000-4000-8000-000000000000")


def mention(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An invented message."""
    return {
        "channel": "forum",
        "external_id": f"f-{number}",
        "author": {"name": "Noor", "identities": [{"kind": "handle", "value": f"@Noor{number % 97}"}]},
        "text": f"Mijn {number}e pakket is er niet.",
        "posted_at": "2026-03-01T11:00:00+01:00",
    } | changes


async def until(client: httpx.AsyncClient, path: str, holds: Callable[[httpx.Response], bool]) -> httpx.Response:
    """The first answer of a route for which the condition holds."""
    deadline = time.monotonic() + 30
    while not holds(answer := await client.get(path)):
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.02)
    return answer


async def lines(*values: str | bytes) -> AsyncIterator[bytes]:
    for value in values:
        yield (value.encode() if isinstance(value, str) else value) + b"\n"


async def test_an_accepted_mention_is_in_the_log_as_a_cloud_event_and_gets_a_receipt(
    ingest: Ingest, brand: str, client: httpx.AsyncClient
) -> None:
    trace_id = uuid4().hex
    answer = await client.post(f"/v1/brands/{brand}/mentions", json=mention(), headers={"traceparent": f"00-{trace_id}-{1:016x}-01"})
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"index": 0, "id": answer.json()["id"], "status": "accepted", "problem": None}
    id = answer.json()["id"]
    (record,) = await ingest.log(MENTIONS.name, brand)
    received = decode(record)
    assert record.key == f"{brand}/handle:forum:noor1".encode()
    assert record.partition == partition_of(brand, record.key.decode())
    assert (received.subject, received.version, received.event.book_version) == (id, 1, 1)
    assert str(received.traceparent).split("-")[1] == trace_id
    receipt = (await until(client, f"/v1/brands/{brand}/mentions/{id}", lambda found: found.status_code == 200)).json()
    assert (receipt["topic"], receipt["partition"], receipt["offset"]) == (record.topic, record.partition, record.offset)
    assert (receipt["times"], receipt["trace_id"], receipt["deleted_at"]) == (1, trace_id, None)
    trail = (await client.get(f"/v1/brands/{brand}/trace/{id}")).json()
    assert [step["what"] for step in trail["steps"]] == ["received", "in the log"]
    assert trail["steps"][1]["event_id"] == received.id


async def test_a_list_is_judged_item_by_item_and_duplicates_are_named_at_once(
    ingest: Ingest, brand: str, client: httpx.AsyncClient
) -> None:
    sent = [
        mention(1),
        mention(2, brand="x"),
        mention(1, text="anders"),
        "tekst",
        mention(3),
        None,
        mention(4, posted_at="2999-01-01T00:00:00Z"),
    ]
    answer = await client.post(f"/v1/brands/{brand}/mentions", json=sent)
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["duplicates"], told["rejected"]) == (2, 1, 4)
    statuses = ["accepted", "rejected", "duplicate", "rejected", "accepted", "rejected", "rejected"]
    assert [(item["index"], item["status"]) for item in told["items"]] == list(enumerate(statuses))
    assert told["items"][0]["id"] == told["items"][2]["id"]
    assert told["items"][1]["problem"]["errors"][0]["field"] == "brand"
    in_log = {decode(record).subject for record in await ingest.log(MENTIONS.name, brand)}
    assert in_log == {item["id"] for item in told["items"] if item["status"] == "accepted"}


async def test_a_mention_sent_again_is_one_mention_that_came_in_twice(brand: str, client: httpx.AsyncClient) -> None:
    ids = {(await client.post(f"/v1/brands/{brand}/mentions", json=mention())).json()["id"] for _ in range(3)}
    assert len(ids) == 1
    path = f"/v1/brands/{brand}/mentions/{ids.pop()}"
    await until(client, path, lambda found: found.status_code == 200 and found.json()["times"] == 3)
    assert len((await client.get(f"/v1/brands/{brand}/receipts")).json()["items"]) == 1


async def test_fifty_thousand_lines_go_in_exactly_once_in_bounded_memory(ingest: Ingest, brand: str, client: httpx.AsyncClient) -> None:
    count, filler = 50_000, "lang verhaal " * 40
    warm_up = await client.post(f"/v1/brands/{brand}/mentions", params={"lane": "bulk"}, json=[mention(-n) for n in range(1, 501)])
    assert warm_up.status_code == 202
    highest = before = ingest.rss_bytes()

    async def body() -> AsyncIterator[bytes]:
        nonlocal highest
        for number in range(count):
            yield json.dumps(mention(number, text=f"{number} {filler}")).encode() + b"\n"
            if number % 500 == 0:
                highest = max(highest, ingest.rss_bytes())
        yield json.dumps(mention(7)).encode() + b"\n{\n"

    answer = await client.post(
        f"/v1/brands/{brand}/mentions",
        params={"lane": "bulk", "historic": "true", "import_id": "maart"},
        content=body(),
        headers=NDJSON,
        timeout=240,
    )
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["accepted"], told["duplicates"], told["rejected"], told["lines"]) == (count, 1, 1, count + 2)
    assert told["first_failed"]["line"] == count + 2
    assert max(highest, ingest.rss_bytes()) - before < 100 * 1024 * 1024
    times = Counter(decode(record).subject for record in await ingest.log(MENTIONS_BULK.name, brand))
    assert len(times) == count + 500
    assert set(times.values()) == {1}
    expected = {"accepted": count, "repeated": 0}
    path = f"/v1/brands/{brand}/imports/maart"
    assert (await until(client, path, lambda found: found.json()["accepted"] == count)).json() == expected
    status = (await client.get("/v1/status")).json()
    assert (status["ledger"]["unaccounted"], status["ledger"]["dead"]) == (0, 0)


async def test_every_authors_lines_are_in_the_log_in_their_order(ingest: Ingest, brand: str, client: httpx.AsyncClient) -> None:
    """One author's large messages fill their partition's batch while everybody else's have room."""

    def row(number: int) -> str:
        who = "veelschrijver" if number % 3 == 0 else f"schrijver{number % 50}"
        author = {"identities": [{"kind": "handle", "value": who}]}
        return json.dumps(mention(number, author=author, text=f"{number} " + "x" * (40_000 if number % 3 == 0 else 20)))

    answer = await client.post(f"/v1/brands/{brand}/mentions", content=lines(*map(row, range(3000))), headers=NDJSON)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 3000)
    by_author: dict[bytes, list[int]] = {}
    for record in await ingest.log(MENTIONS.name, brand):
        by_author.setdefault(record.key, []).append(int(json.loads(record.value)["mention"]["text"].split()[0]))
    assert len(by_author) == 51
    assert [numbers for numbers in by_author.values() if numbers != sorted(numbers)] == []


async def test_an_import_that_is_repeated_counts_as_repeated(brand: str, client: httpx.AsyncClient) -> None:
    params = {"lane": "bulk", "import_id": "april"}
    rows = [json.dumps(mention(number)) for number in range(20)]
    for _ in range(2):
        answer = await client.post(f"/v1/brands/{brand}/mentions", params=params, content=lines(*rows), headers=NDJSON)
        assert answer.json()["accepted"] == 20
    path = f"/v1/brands/{brand}/imports/april"
    await until(client, path, lambda found: found.json() == {"accepted": 20, "repeated": 20})


async def test_a_bad_line_is_told_and_costs_only_itself(brand: str, client: httpx.AsyncClient) -> None:
    bad = ["{", '"' + "x" * 300_000 + '"', b"\xff\xfe", "[]", '{"text": "\\ud800"}', json.dumps(mention(2, historic=True))]
    answer = await client.post(
        f"/v1/brands/{brand}/mentions", content=lines(json.dumps(mention(1)), "", *bad, json.dumps(mention(3))), headers=NDJSON
    )
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["rejected"], told["lines"]) == (2, 6, 8)
    assert [(item["line"], item["problem"]["status"]) for item in told["rejects"]] == [
        (3, 400),
        (4, 413),
        (5, 400),
        (6, 422),
        (7, 400),
        (8, 422),
    ]
    assert told["first_failed"] == told["rejects"][0]


async def test_only_the_first_hundred_rejects_are_told(brand: str, client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/v1/brands/{brand}/mentions", content=lines(*["{"] * 150), headers=NDJSON)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.json()["rejects"]) == 100
    assert (answer.json()["rejected"], answer.json()["first_failed"]["line"]) == (150, 1)


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff\xfe\x00", "application/json", 400),
        (DEEP, "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b'"mention"', "application/json", 422),
        (b"null", "application/json", 422),
        (b"12", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"\\u0000": 1}', "application/json", 422),
        (b"[1, null, {}]", "application/json", 422),
        (b"[]", "application/json; charset=utf-8", 202),
        (b"[" + b"1," * 1000 + b"1]", "application/json", 413),
        (b"[" + b" " * 9_000_000 + b"]", "application/json", 413),
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"{}", "", 415),
        (b"", "application/x-ndjson", 202),
        (b"\x00" * 1000, "application/x-ndjson", 422),
        (DEEP, "application/x-ndjson", 422),
    ],
)
async def test_garbage_gets_a_problem_and_never_a_fault(
    brand: str, client: httpx.AsyncClient, content: bytes, media_type: str, status: int
) -> None:
    answer = await client.post(f"/v1/brands/{brand}/mentions", content=content, headers={"content-type": media_type})
    assert answer.status_code == status, answer.text
    if status >= 400:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == status
        assert problem["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "x" * 50_001},
        {"author": {"identities": []}},
        {"author": {"identities": [{"kind": "phone", "value": "12"}]}},
        {"posted_at": "0001-01-01T00:00:00+14:00"},
        {"posted_at": 1e300},
        {"engagement": {"likes": 2**70}},
        {"id": str(NOBODYS)},
        {"received_at": "2020-01-01T00:00:00Z"},
        {"external_id": "a\x1fb"},
    ],
)
async def test_a_wrong_value_is_named_and_not_repeated(brand: str, client: httpx.AsyncClient, changes: dict[str, Any]) -> None:
    answer = await client.post(f"/v1/brands/{brand}/mentions", json=mention(**changes))
    assert answer.status_code == 422, answer.text
    assert "Noor" not in answer.text


async def test_the_largest_mention_that_may_be_goes_in(ingest: Ingest, brand: str, client: httpx.AsyncClient) -> None:
    sent = mention(text="\U0001f9e1" * 50_000, title='"' * 1000)
    answer = await client.post(f"/v1/brands/{brand}/mentions", json=sent)
    assert answer.status_code == 202, answer.text
    (record,) = await ingest.log(MENTIONS.name, brand)
    assert decode(record).event.mention.text == sent["text"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/mentions"),
        ("DELETE", f"/mentions/{NOBODYS}"),
        ("GET", f"/mentions/{NOBODYS}"),
        ("GET", "/receipts"),
        ("GET", "/imports/a"),
        ("GET", f"/trace/{NOBODYS}"),
    ],
)
async def test_every_route_asks_for_a_token_that_reaches_the_brand(ingest: Ingest, brand: str, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=ingest.url) as nobody:
        assert (await nobody.request(method, f"/v1/brands/{brand}{path}")).status_code == 401
    async with ingest.client("another-brand", role="admin") as stranger:
        assert (await stranger.request(method, f"/v1/brands/{brand}{path}")).status_code == 403


@pytest.mark.parametrize("role", ["trainee", "analyst", "spokesperson"])
async def test_a_role_that_only_reads_may_not_send(ingest: Ingest, brand: str, role: str) -> None:
    async with ingest.client(brand, role=role) as reader:
        assert (await reader.post(f"/v1/brands/{brand}/mentions", json=mention())).status_code == 403
        assert (await reader.get(f"/v1/brands/{brand}/receipts")).status_code == 200


async def test_a_brand_without_a_book_is_told_to_apply_one(ingest: Ingest) -> None:
    async with ingest.client("bookless") as client:
        answer = await client.post("/v1/brands/bookless/mentions", json=mention())
    assert answer.status_code == 404
    assert "weerklank apply" in answer.json()["detail"]


async def test_brands_never_see_one_anothers_mentions(ingest: Ingest, brand: str, client: httpx.AsyncClient) -> None:
    other = f"{brand}-other"
    await ingest.publish_book(other)
    id = (await client.post(f"/v1/brands/{brand}/mentions", params={"import_id": "mei"}, json=mention())).json()["id"]
    await until(client, f"/v1/brands/{brand}/mentions/{id}", lambda found: found.status_code == 200)
    async with ingest.client(other, role="admin") as stranger:
        assert (await stranger.get(f"/v1/brands/{other}/mentions/{id}")).status_code == 404
        assert (await stranger.get(f"/v1/brands/{other}/trace/{id}")).status_code == 404
        assert (await stranger.delete(f"/v1/brands/{other}/mentions/{id}")).status_code in (404, 503)
        assert (await stranger.get(f"/v1/brands/{other}/receipts")).json()["items"] == []
        assert (await stranger.get(f"/v1/brands/{other}/imports/mei")).json() == {"accepted": 0, "repeated": 0}
        same = await stranger.post(f"/v1/brands/{other}/mentions", json=mention())
        assert same.json()["id"] != id


@pytest.mark.parametrize("lane", [MENTIONS, MENTIONS_BULK])
async def test_a_mention_that_is_taken_back_travels_with_its_own_key(ingest: Ingest, brand: str, lane: Any) -> None:
    async with ingest.client(brand, role="lead") as client:
        params = {"lane": "bulk" if lane is MENTIONS_BULK else "live"}
        id = (await client.post(f"/v1/brands/{brand}/mentions", params=params, json=mention())).json()["id"]
        await until(client, f"/v1/brands/{brand}/mentions/{id}", lambda found: found.status_code == 200)
        assert (await client.delete(f"/v1/brands/{brand}/mentions/{id}")).status_code == 202
        first, second = await ingest.log(lane.name, brand)
        assert (first.key, first.partition) == (second.key, second.partition)
        assert (decode(second).subject, decode(second).version) == (id, 2)
        await until(client, f"/v1/brands/{brand}/mentions/{id}", lambda found: found.json()["deleted_at"] is not None)
        trail = (await client.get(f"/v1/brands/{brand}/trace/{id}")).json()
        assert trail["steps"][-1]["what"] == "taken back"


async def test_taking_back_what_was_never_here_is_not_found(ingest: Ingest, brand: str) -> None:
    async with ingest.client(brand, role="admin") as client:
        path = f"/v1/brands/{brand}/mentions/{uuid4()}"
        deadline = time.monotonic() + 30
        while (status := (await client.delete(path)).status_code) == 503:
            assert time.monotonic() < deadline
        assert status == 404


async def test_receipts_are_listed_page_by_page_without_gaps(brand: str, client: httpx.AsyncClient) -> None:
    await client.post(f"/v1/brands/{brand}/mentions", json=[mention(number) for number in range(25)])
    path = f"/v1/brands/{brand}/receipts"
    await until(client, path, lambda found: len(found.json()["items"]) == 25)
    seen, cursor = [], None
    while True:
        page = (await client.get(path, params={"limit": 10} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize("cursor", ["x", "%00", "W10", "WyJhIiwiYiJd", "é"])
async def test_a_cursor_that_was_not_given_out_is_refused(brand: str, client: httpx.AsyncClient, cursor: str) -> None:
    assert (await client.get(f"/v1/brands/{brand}/receipts", params={"cursor": cursor})).status_code == 400


async def test_the_api_describes_the_body_that_it_takes(ingest: Ingest) -> None:
    async with httpx.AsyncClient(base_url=ingest.url) as client:
        document = (await client.get("/openapi.json")).json()
    body = document["paths"]["/v1/brands/{brand}/mentions"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "application/x-ndjson"}
    schemas = document["components"]["schemas"]
    assert {"MentionIn", "AuthorIn", "IdentityIn"} <= schemas.keys()
    assert schemas["MentionIn"]["additionalProperties"] is False


async def test_taking_back_what_another_instance_has_yet_to_read_is_not_final(ingest: Ingest, brand: str, tmp_path: Path) -> None:
    other = Ingest(tmp_path, ingest.kafka, ingest.database_url, ingest.key)
    try:
        await asyncio.to_thread(other.start, INSTANCE="other")
        assert ingest.process is not None
        os.kill(ingest.process.pid, signal.SIGSTOP)
        try:
            async with other.client(brand, role="admin") as client:
                taken = (await client.post(f"/v1/brands/{brand}/mentions", json=[mention(number) for number in range(40)])).json()["items"]
                deletions = [await client.delete(f"/v1/brands/{brand}/mentions/{item['id']}") for item in taken]
                assert 503 in {answer.status_code for answer in deletions} <= {202, 503}
        finally:
            os.kill(ingest.process.pid, signal.SIGCONT)
        async with other.client(brand, role="admin") as client:
            for item in taken:
                path, deadline = f"/v1/brands/{brand}/mentions/{item['id']}", time.monotonic() + 60
                while (status := (await client.delete(path)).status_code) == 503:
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.1)
                assert status == 202
    finally:
        await asyncio.to_thread(other.stop)
