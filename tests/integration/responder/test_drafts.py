"""Drafts: what the machine proposes, what people write, and who may approve it."""

import asyncio
import secrets
from typing import Any
from uuid import uuid4

import httpx

from libs.common.case_events import CaseAssigned, CaseEvent, CaseJoined, CaseLeft, CaseReopened, CaseResolved
from libs.common.events import deterministic_id
from tests.integration.responder.conftest import AT, Around, case_of, mention, opened


def auto_id(case: Any) -> str:
    return str(deterministic_id(case.brand, "auto-draft", str(case.id), str(case.latest.id)))


async def rows_of(desk: Around) -> dict[str, list[Any]]:
    """Everything that case events leave behind, times of writing apart."""
    queries = {
        "case_copy": "select * from case_copy where brand = $1 order by case_id",
        "reply": "select * from reply where brand = $1 order by id",
        "history": "select reply_id, version, what, who, at, event_id, detail from reply_history where brand = $1 order by id",
    }
    found = {name: [dict(row) for row in await desk.db.fetch(sql, desk.brand)] for name, sql in queries.items()}
    found["emitted"] = [row["total"] for row in await desk.db.fetch("select sum(count) as total from emitted")]
    return found


async def test_a_case_gets_one_draft_from_the_script_that_suits_it_signed_by_its_owner(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    found = await desk.get(auto_id(case))
    assert found["state"] == "draft"
    assert found["automatic"]
    assert found["text"].endswith("vervelend! We werken eraan. ^gs")
    assert "Sanne" in found["text"]
    assert found["writer"] == "gs"
    assert [line["what"] for line in found["history"]] == ["drafted"]


async def test_events_that_come_again_in_pairs_in_blocks_and_stale_leave_the_same_rows(desk: Around) -> None:
    first, second = mention(desk.brand, "sanne"), mention(desk.brand, "sanne-2")
    small, other = case_of(first, owner=None), case_of(mention(desk.brand, "piet"))
    both = case_of(first, second, owner=None, customer_id=small.customer_id)
    told: list[tuple[CaseEvent, int]] = [
        (opened(small), 1),
        (opened(other), 1),
        (CaseAssigned(brand=desk.brand, case=small.model_copy(update={"owner": "gs"}), at=AT), 2),
        (CaseJoined(brand=desk.brand, case=both, at=AT, mention_id=second.id), 3),
        (CaseResolved(brand=desk.brand, case=both.model_copy(update={"state": "resolved"}), at=AT), 4),
        (CaseReopened(brand=desk.brand, case=both.model_copy(update={"state": "open"}), at=AT), 5),
        (CaseLeft(brand=desk.brand, case=small.model_copy(update={"state": "open"}), at=AT, mention_id=second.id, why="removed"), 6),
    ]
    for event, version in told:
        await desk.case(event, version)
    await desk.settled()
    once = await rows_of(desk)
    open_drafts = {str(row["id"]) for row in once["reply"] if row["state"] == "draft"}
    assert open_drafts == {auto_id(small), auto_id(other)}
    again = [pair for item in told for pair in (item, item)] + told[:4] + [told[0]]
    for event, version in again:
        await desk.case(event, version)
    await desk.settled()
    assert await rows_of(desk) == once
    ledger = await desk.db.fetchrow("select sum(repeated) as repeated, sum(dead) as dead from ledger")
    assert ledger is not None
    assert ledger["repeated"] >= len(again)
    assert not ledger["dead"]


async def test_the_draft_is_that_of_the_newest_case_whatever_was_seen_on_the_way(desk: Around) -> None:
    """The same last state, once reached step by step and once at a leap, has the same open drafts."""
    texts = []
    for steps in ((1, 2, 3), (3,)):
        first = mention(desk.brand, f"s{secrets.token_hex(3)}")
        second = mention(desk.brand, f"s{secrets.token_hex(3)}")
        states = {1: case_of(first, owner=None), 2: case_of(first, second, owner="mk"), 3: case_of(first, second, owner="gs", state="open")}
        for version in steps:
            await desk.case(CaseAssigned(brand=desk.brand, case=states[version], at=AT), version)
        await desk.settled()
        page = (await desk.call("GET", "/replies", params={"case_id": str(states[3].id), "state": "draft"})).json()
        texts.append([(item["mention_id"] == str(second.id), item["writer"], item["text"].split()[-1]) for item in page["items"]])
    assert texts[0] == texts[1] == [(True, "gs", "^gs")]


async def test_a_case_of_nobody_has_an_open_place_for_the_signature_until_it_has_an_owner(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"), owner=None)
    await desk.case(opened(case), 1)
    await desk.settled()
    found = await desk.get(auto_id(case))
    assert found["text"].endswith("^{initialen}")
    assert "broken_placeholder" in {verdict["code"] for verdict in found["verdicts"] if verdict["blocking"]}
    await desk.case(CaseAssigned(brand=desk.brand, case=case.model_copy(update={"owner": "mk"}), at=AT), 2)
    await desk.settled()
    found = await desk.get(auto_id(case))
    assert found["text"].endswith("^mk")
    assert not [verdict for verdict in found["verdicts"] if verdict["blocking"]]


async def test_nothing_is_drafted_for_history_other_labels_or_other_languages(desk: Around) -> None:
    cases = [
        case_of(mention(desk.brand, "a"), historic=True),
        case_of(mention(desk.brand, "b"), labels=["factuur"]),
        case_of(mention(desk.brand, "c"), language="en"),
        case_of(mention(desk.brand, "d"), state="resolved"),
    ]
    for case in cases:
        await desk.case(opened(case), 1)
    await desk.settled()
    assert (await desk.call("GET", "/replies")).json()["items"] == []


async def test_when_a_case_ends_its_drafts_go_but_what_was_approved_stays(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    mine = await desk.write(case, "Hoi Sanne, ik kijk ernaar. ^gs")
    assert (await desk.get(auto_id(case)))["state"] == "discarded"
    submitted = await desk.write(case, "Hoi Sanne, nog iets. ^gs")
    await desk.submit(submitted["id"])
    approved = await desk.approved(case, "Hoi Sanne, en dit ook. ^gs")
    await desk.case(CaseResolved(brand=desk.brand, case=case.model_copy(update={"state": "resolved"}), at=AT), 2)
    await desk.settled()
    states = {reply_id: (await desk.get(reply_id))["state"] for reply_id in (mine["id"], submitted["id"], approved)}
    assert states == {mine["id"]: "discarded", submitted["id"]: "discarded", approved: "approved"}
    assert (await desk.get(mine["id"]))["reason"] == "the case is resolved"


async def test_an_approval_holds_for_exactly_the_text_that_was_read(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    draft = await desk.write(case, "Hoi Sanne, ik kijk ernaar. ^gs")
    assert (await desk.approve(draft["id"], draft["digest"])).status_code == 409, "not submitted yet"
    await desk.submit(draft["id"])
    stale = await desk.call("PUT", f"/replies/{draft['id']}", json={"text": "x"}, version=1)
    assert stale.status_code == 412
    assert [(line["version"], line["what"], line["who"]) for line in stale.json()["changes"]] == [(2, "submitted", "gs")]
    edited = await desk.call("PUT", f"/replies/{draft['id']}", json={"text": "Hoi Sanne, ik kijk er nu naar. ^gs"}, version=2)
    assert edited.json()["state"] == "draft"
    assert edited.json()["digest"] != draft["digest"]
    await desk.submit(draft["id"])
    refused = await desk.approve(draft["id"], draft["digest"])
    assert refused.status_code == 409
    assert (await desk.approve(draft["id"], edited.json()["digest"])).status_code == 200
    version = (await desk.get(draft["id"]))["version"]
    late = await desk.call("PUT", f"/replies/{draft['id']}", json={"text": "x"}, version=version)
    assert late.status_code == 409, "an approved text is not edited"
    assert (await desk.call("POST", f"/replies/{draft['id']}/discard", json={"reason": "toch niet"})).json()["state"] == "discarded"


async def test_a_text_that_the_guard_blocks_is_not_approved(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    draft = await desk.write(case, "Hoi {voornaam}, ik kijk ernaar.")
    await desk.submit(draft["id"])
    refused = await desk.approve(draft["id"], draft["digest"])
    assert refused.status_code == 409
    assert {verdict["code"] for verdict in refused.json()["verdicts"]} == {"broken_placeholder", "missing_signature"}


async def test_a_trainee_writes_but_somebody_else_approves(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    trainee: dict[str, Any] = {"role": "trainee", "subject": "tr"}
    draft = await desk.write(case, "Hoi Sanne, ik kijk ernaar. ^tr", **trainee)
    await desk.submit(draft["id"], **trainee)
    assert (await desk.approve(draft["id"], draft["digest"], **trainee)).status_code == 403
    assert (await desk.approve(draft["id"], draft["digest"], role="agent", subject="gs")).status_code == 200
    machine = case_of(mention(desk.brand, "piet"))
    await desk.case(opened(machine), 1)
    await desk.settled()
    adopted = (await desk.submit(auto_id(machine), **trainee)).json()
    assert adopted["writer"] == "tr", "whoever submits a machine's draft has made it theirs"
    assert (await desk.approve(adopted["id"], adopted["digest"], **trainee)).status_code == 403


async def test_press_and_legal_threats_need_the_spokesperson_and_legal(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"), risk=["legal_threat"])
    await desk.case(opened(case), 1)
    await desk.settled()
    draft = await desk.write(case, "Hoi Sanne, ik kijk ernaar. ^gs")
    await desk.submit(draft["id"])
    assert (await desk.approve(draft["id"], draft["digest"])).status_code == 403
    spokesperson: dict[str, Any] = {"role": "spokesperson", "subject": "wv"}
    assert (await desk.approve(draft["id"], draft["digest"], **spokesperson)).status_code == 409, "legal has not read it"
    body = {"digest": draft["digest"], "note": "gelezen"}
    assert (await desk.call("POST", f"/replies/{draft['id']}/legal-check", json=body)).status_code == 403
    assert (await desk.call("POST", f"/replies/{draft['id']}/legal-check", json=body, **spokesperson)).status_code == 200
    assert (await desk.approve(draft["id"], draft["digest"], **spokesperson)).status_code == 200


async def test_who_submits_a_machines_draft_after_a_legal_check_cannot_approve_it(desk: Around) -> None:
    await desk.publish(2, conduct={"approvals": [{"when": {}, "by": ["agent"]}]})
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    lead: dict[str, Any] = {"role": "lead", "subject": "mk"}
    body = {"digest": (await desk.get(auto_id(case)))["digest"], "note": "gelezen"}
    assert (await desk.call("POST", f"/replies/{auto_id(case)}/legal-check", json=body, **lead)).status_code == 200
    mine = (await desk.submit(auto_id(case), **lead)).json()
    assert (mine["writer"], mine["submitted_by"]) == ("mk", "mk")
    assert (await desk.approve(mine["id"], mine["digest"], **lead)).status_code == 403


async def test_a_text_that_is_wrong_at_every_word_makes_a_small_event(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"), labels=[])
    await desk.case(opened(case), 1)
    await desk.settled()
    made = await desk.write(case, "U " * 5000)
    assert len(made["text"]) == 10_000
    largest = await desk.db.fetchval("select max(pg_column_size(verdicts::text::bytea)) from reply where brand = $1", desk.brand)
    assert largest < 20_000


async def test_an_approval_asks_to_read_what_the_customer_wrote_since(desk: Around) -> None:
    first, second = mention(desk.brand, "sanne"), mention(desk.brand, "sanne-2")
    case, both = case_of(first, labels=[]), case_of(first, second, labels=[])
    await desk.case(opened(case), 1)
    await desk.settled()
    made = await desk.write(case, "Hoi Sanne, ik kijk ernaar. ^gs")
    await desk.submit(made["id"])
    await desk.case(CaseJoined(brand=desk.brand, case=both, at=AT, mention_id=second.id), 2)
    await desk.settled()
    refused = await desk.approve(made["id"], made["digest"])
    assert (refused.status_code, refused.json()["newest"]) == (409, str(second.id))
    body = {"digest": made["digest"], "despite": str(second.id)}
    assert (await desk.call("POST", f"/replies/{made['id']}/approve", json=body)).status_code == 200


async def test_of_two_colleagues_who_answer_the_same_message_the_second_is_told(desk: Around) -> None:
    """Whichever case each of the replies stands in, and at the same moment too."""
    asked = mention(desk.brand, "sanne")
    here, there = case_of(asked), case_of(asked, id=uuid4())
    for case in (here, there):
        await desk.case(opened(case), 1)
    await desk.settled()
    written = [await desk.write(case, "Hoi Sanne, ik kijk ernaar. ^gs") for case in (here, here, there)]
    for draft in written:
        await desk.submit(draft["id"])
    answers = await asyncio.gather(*(desk.approve(draft["id"], draft["digest"]) for draft in written))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    first = next(draft["id"] for draft, answer in zip(written, answers, strict=True) if answer.status_code == 200)
    assert {answer.json()["sibling"] for answer in answers if answer.status_code == 409} == {first}
    second, third = (draft for draft in written if draft["id"] != first)
    read = await desk.approve(second["id"], second["digest"], despite_reply=first)
    assert read.status_code == 200
    assert read.json()["history"][-1]["detail"] == {"digest": second["digest"], "despite_reply": first}
    again = await desk.approve(third["id"], third["digest"], despite_reply=first)
    assert (again.status_code, again.json()["sibling"]) == (409, second["id"]), "the one that was read is not the newest any more"


async def test_a_token_of_another_brand_reaches_nothing(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"))
    await desk.case(opened(case), 1)
    await desk.settled()
    reply_id = auto_id(case)
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/replies", None),
        ("GET", f"/replies/{reply_id}", None),
        ("POST", f"/cases/{case.id}/replies", {"text": "x"}),
        ("PUT", f"/replies/{reply_id}", {"text": "x"}),
        ("POST", f"/replies/{reply_id}/submit", None),
        ("POST", f"/replies/{reply_id}/approve", {"digest": "x"}),
        ("POST", f"/replies/{reply_id}/legal-check", {"digest": "x", "note": "x"}),
        ("POST", f"/replies/{reply_id}/discard", {"reason": "x"}),
        ("POST", f"/replies/{reply_id}/confirm", {"sent": True, "note": "x"}),
        ("POST", "/guard", {"text": "x", "channel": "twitter"}),
        ("GET", "/sandbox", None),
        ("GET", f"/trace/{case.latest.id if case.latest else ''}", None),
    ]
    elsewhere = desk.issuer.token("lead", ["other"], "gs")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app), base_url="http://test") as client:  # type: ignore[arg-type]
        for method, path, body in calls:
            headers = {"authorization": f"Bearer {elsewhere}", "if-match": "*", "idempotency-key": "1"}
            answer = await client.request(method, f"/v1/brands/{desk.brand}{path}", json=body, headers=headers)
            assert answer.status_code == 403, (method, path)
            answer = await client.request(method, f"/v1/brands/{desk.brand}{path}", json=body)
            assert answer.status_code == 401, (method, path)
            if reply_id in path or str(case.id) in path:
                answer = await client.request(method, f"/v1/brands/other{path}", json=body, headers=headers)
                assert answer.status_code in (404, 409), (method, path, "the id of another brand's thing is no way in")
    assert (await desk.get(reply_id))["version"] == 1


async def test_roles_that_only_look_cannot_write(desk: Around) -> None:
    for role in ("analyst", "connector", "admin"):
        answer = await desk.call("POST", f"/cases/{uuid4()}/replies", json={"text": "x"}, role=role)
        assert answer.status_code == 403
    assert (await desk.call("GET", "/replies", role="analyst")).status_code == 403
    assert (await desk.call("GET", "/replies", role="admin")).status_code == 200


async def test_lists_page_and_bad_input_is_named(desk: Around) -> None:
    case = case_of(mention(desk.brand, "sanne"), labels=[])
    await desk.case(opened(case), 1)
    await desk.settled()
    written = [(await desk.write(case, f"Hoi, {number} ^gs"))["id"] for number in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await desk.call("GET", "/replies", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == written[::-1]
    path = f"/cases/{case.id}/replies"
    assert (await desk.call("GET", "/replies", params={"cursor": "rubbish"})).status_code == 400
    assert (await desk.call("POST", path, json={"text": "x", "script": "storing"})).status_code == 422
    assert (await desk.call("POST", path, json={"script": "unknown"})).status_code == 422
    assert (await desk.call("POST", path, json={})).status_code == 422, "no script suits this case"
    assert (await desk.call("POST", path, json={"text": "nul \x00"})).status_code == 422
    too_long = await desk.call("POST", path, json={"text": "U " * 5000 + "!"})
    assert too_long.status_code == 422
    assert "10000" in too_long.text
    assert (await desk.call("POST", path, json={"tekst": "x"})).status_code == 422
    assert (await desk.call("POST", f"/cases/{uuid4()}/replies", json={"text": "x"})).status_code == 404
    made = (await desk.call("POST", path, json={"script": "storing"}, role="lead", subject="mk")).json()
    assert made["text"].endswith("^mk")
    assert made["script"] == "storing"


async def test_the_guard_can_be_tried(desk: Around) -> None:
    body = {"text": "Ik kijk ernaar. ^mk", "channel": "twitter", "first_reply": True, "member": "gs"}
    found = (await desk.call("POST", "/guard", json=body)).json()
    assert {verdict["code"] for verdict in found["verdicts"]} == {"missing_greeting", "wrong_signature"}
    assert (found["length"], found["limit"]) == (19, 280)
    assert (await desk.call("POST", "/guard", json={**body, "member": "nobody"})).status_code == 422
