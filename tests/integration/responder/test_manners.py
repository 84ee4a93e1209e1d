"""A service over HTTP as a careful client, a careless one and a hostile one find it: keys, versions, compression, limits."""

import asyncio
import gzip
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.common.case_events import Case
from tests.integration.responder.conftest import Around, case_of, mention, opened

TEXT = "Hoi Sanne, ik kijk ernaar. ^gs"


@pytest.fixture
async def case(desk: Around) -> Case:
    found = case_of(mention(desk.brand, "sanne"), labels=[])
    await desk.case(opened(found), 1)
    await desk.settled()
    return found


async def written(desk: Around) -> list[dict[str, Any]]:
    items = (await desk.call("GET", "/replies")).json()["items"]
    return [item for item in items if not item["automatic"]]


async def test_a_creation_that_is_sent_again_is_answered_again_and_made_once(desk: Around, case: Case) -> None:
    path, key = f"/cases/{case.id}/replies", {"idempotency-key": str(uuid4())}
    first = await desk.call("POST", path, json={"text": TEXT}, headers=key)
    again = await desk.call("POST", path, content=json.dumps({"text": TEXT}, indent=4), headers=key | {"content-type": "application/json"})
    quoted = await desk.call("POST", path, json={"text": TEXT}, headers={"idempotency-key": f'"{key["idempotency-key"]}"'})
    assert [answer.status_code for answer in (first, again, quoted)] == [201, 201, 201]
    assert first.content == again.content == quoted.content
    assert first.headers["etag"] == again.headers["etag"]
    assert ["idempotency-replayed" in answer.headers for answer in (first, again, quoted)] == [False, True, True]
    assert len(await written(desk)) == 1


async def test_a_key_belongs_to_one_request_of_one_person(desk: Around, case: Case) -> None:
    path, key = f"/cases/{case.id}/replies", {"idempotency-key": "k"}
    assert (await desk.call("POST", path, json={"text": TEXT}, headers=key)).status_code == 201
    other = await desk.call("POST", path, json={"text": TEXT + "!"}, headers=key)
    assert (other.status_code, other.json()["type"].rsplit("/", 1)[1]) == (422, "idempotency-key-reused")
    assert (await desk.call("POST", path, json={"text": TEXT}, headers=key, subject="mk", role="lead")).status_code == 201
    for wrong in ("", "a b", "é", "x" * 256, '""'):
        headers = {"idempotency-key": wrong.encode()}
        refused = await desk.call("POST", path, json={"text": TEXT}, headers=headers)  # type: ignore[arg-type]
        assert refused.status_code == 400, wrong
    assert desk.app is not None
    headers = {"authorization": f"Bearer {desk.issuer.token('agent', [desk.brand], 'gs')}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app), base_url="http://test") as client:
        missing = await client.post(f"/v1/brands/{desk.brand}{path}", json={"text": TEXT}, headers=headers)
    assert missing.status_code == 400
    assert "Idempotency-Key" in missing.json()["detail"]


async def test_of_the_same_request_sent_many_times_at_once_one_makes_something(desk: Around, case: Case) -> None:
    path, key = f"/cases/{case.id}/replies", {"idempotency-key": str(uuid4())}
    answers = await asyncio.gather(*(desk.call("POST", path, json={"text": TEXT}, headers=key) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == len(await written(desk)) == 1


async def test_a_creation_that_failed_left_nothing_under_its_key(desk: Around, case: Case) -> None:
    path, key = f"/cases/{case.id}/replies", {"idempotency-key": str(uuid4())}
    assert (await desk.call("POST", path, json={"script": "unknown"}, headers=key)).status_code == 422
    assert (await desk.call("POST", path, json={"text": TEXT}, headers=key)).status_code == 201


async def test_a_change_of_something_that_changed_is_told_what_happened(desk: Around, case: Case) -> None:
    draft = await desk.write(case, TEXT)
    path = f"/replies/{draft['id']}"
    read = (await desk.call("GET", path)).headers["etag"]
    by_another = await desk.call(
        "PUT", path, json={"text": "Hoi Sanne! ^mk"}, headers={"if-match": read, "accept-encoding": "identity"}, role="lead", subject="mk"
    )
    assert (by_another.status_code, by_another.headers["etag"]) == (200, '"2"')
    late = await desk.call("PUT", path, json={"text": TEXT}, headers={"if-match": read})
    assert (late.status_code, late.headers["etag"], late.json()["version"]) == (412, '"2"', 2)
    assert [(line["version"], line["what"], line["who"]) for line in late.json()["changes"]] == [(2, "edited", "mk")]
    assert (await desk.call("POST", f"{path}/submit", headers={"if-match": 'W/"2"'})).status_code == 412
    assert (await desk.call("POST", f"{path}/submit", headers={"if-match": "2"})).status_code == 400
    assert (await desk.call("POST", f"{path}/submit", headers={"if-match": '"1", "2"'})).status_code == 200


async def test_what_the_caller_has_already_is_not_sent_again(desk: Around, case: Case) -> None:
    path = f"/replies/{(await desk.write(case, TEXT))['id']}"
    first = await desk.call("GET", path)
    same = await desk.call("GET", path, headers={"if-none-match": f"W/{first.headers['etag']}"})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    await desk.submit(path.rsplit("/", 1)[1])
    assert (await desk.call("GET", path, headers={"if-none-match": first.headers["etag"]})).status_code == 200


async def test_compressed_bodies_are_read_and_those_that_swell_are_not(desk: Around, case: Case) -> None:
    path, kind = f"/cases/{case.id}/replies", {"content-type": "application/json", "content-encoding": "gzip"}
    body = json.dumps({"text": TEXT}).encode()
    halves = gzip.compress(body[:9]) + gzip.compress(body[9:])
    assert (await desk.call("POST", path, content=gzip.compress(body), headers=kind)).status_code == 201
    assert (await desk.call("POST", path, content=halves, headers=kind)).status_code == 201
    for content, status in (
        (gzip.compress(b" " * 60_000_000), 413),
        (gzip.compress(body)[:-3], 400),
        (body, 400),
        (gzip.compress(body) + b"x", 400),
    ):
        assert (await desk.call("POST", path, content=content, headers=kind)).status_code == status
    refused = await desk.call("POST", path, content=body, headers=kind | {"content-encoding": "br"})
    assert (refused.status_code, refused.headers["accept-encoding"]) == (415, "gzip")


WRONG: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/replies?stat=draft", {}, 422),
    ("GET", "/replies?limit=1&limit=2", {}, 422),
    ("GET", "/replies?state=gone", {}, 422),
    ("GET", "/replies?cursor=%00", {}, 400),
    ("GET", "/replies?cursor=%ff", {}, 400),
    ("GET", "/replies", {"content": b"{}"}, 400),
    ("GET", "/replies/" + "a" * 4000, {}, 422),
    ("GET", "/replies", {"headers": {f"x-{n}": "1" for n in range(120)}}, 431),
    ("GET", "/replies", {"headers": {"x": "1" * 40_000}}, 431),
    ("POST", "/guard", {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
    ("POST", "/guard", {"content": b"{}", "headers": {"content-type": "application/jsonp"}}, 415),
    ("POST", "/guard", {"content": b"{}"}, 415),
    ("POST", "/guard", {"json": {"text": "x", "channel": "twitter", "brand": "elders"}}, 422),
    ("POST", "/guard", {"json": {"text": "x", "channel": "a\r\nset-cookie: b"}}, 422),
    ("POST", "/guard", {"json": {"text": "x\0", "channel": "twitter"}}, 422),
    ("POST", "/guard", {"content": b'{"text":"a","text":"b"}', "headers": {"content-type": "application/json"}}, 400),
    ("POST", "/guard", {"content": b"[" * 100_000, "headers": {"content-type": "application/json"}}, 400),
    ("POST", "/guard", {"content": b'{"text":"\xff"}', "headers": {"content-type": "application/json"}}, 400),
    ("POST", "/guard", {"content": b'{"n":' + b"9" * 100_000 + b"}", "headers": {"content-type": "application/json"}}, 400),
    ("POST", "/guard", {"content": b" " * 2_000_000, "headers": {"content-type": "application/json"}}, 413),
    ("PATCH", "/replies", {}, 405),
    ("OPTIONS", "/replies", {}, 204),
    ("HEAD", "/replies", {}, 200),
    ("GET", "/nothing", {}, 404),
]


async def test_a_request_that_is_wrong_is_refused_by_name(desk: Around) -> None:
    for method, path, given, status in WRONG:
        answer = await desk.call(method, path, **given)
        assert answer.status_code == status, f"{method} {path[:80]} {str(given)[:80]}: {answer.text}"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        if status in (204, 405):
            assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert {"type", "title", "status", "detail"} <= answer.json().keys()
        assert method != "HEAD" or not answer.content
