"""Several people's approvals, approving in a colleague's place, approvals that run out, the review queue, and what colleagues say of a text."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.common.case_events import Case, Clock
from libs.common.events import Author, Identity
from libs.common.reply_events import ReplyApproved, Signed
from services.responder import expiry, reviewer
from tests.integration.responder.conftest import AT, Direct, case_of, mention

TEXT = "Hoi Sanne, ik kijk ernaar. ^gs"
GUUS: dict[str, Any] = {"role": "agent", "subject": "gs"}
MILA: dict[str, Any] = {"role": "lead", "subject": "mk"}
JURIST: dict[str, Any] = {"role": "agent", "subject": "jur"}
TESS: dict[str, Any] = {"role": "trainee", "subject": "tr"}
TEAM = [
    {"id": "gs", "first_name": "Guus", "initials": "gs"},
    {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"},
    {"id": "an", "first_name": "Anke", "initials": "an"},
    {"id": "jur", "first_name": "Jur", "initials": "ju"},
    {"id": "tr", "first_name": "Tess", "initials": "tr", "role": "trainee"},
]
DEPARTMENTS = [{"id": "webcare", "members": ["gs", "mk", "an", "tr"]}, {"id": "legal", "members": ["jur"]}]


def book(*approvals: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"scripts": [], "team": TEAM, "departments": DEPARTMENTS, "conduct": {"approvals": list(approvals), **more}}


async def submitted(desk: Direct, text: str = TEXT, who: dict[str, Any] = GUUS, **about: Any) -> dict[str, Any]:
    case = await desk.says(case_of(mention(desk.brand, f"klant-{uuid4().hex[:6]}"), **about))
    return await offered(desk, case, text, who)


async def offered(desk: Direct, case: Case, text: str = TEXT, who: dict[str, Any] = GUUS) -> dict[str, Any]:
    draft = await desk.write(case, text, **who)
    found: dict[str, Any] = (await desk.submit(draft["id"], **who)).json()
    return found


async def approves(desk: Direct, row: dict[str, Any], who: dict[str, Any], **seen: Any) -> tuple[int, str]:
    answer = await desk.approve(row["id"], row["digest"], seen=seen, **who)
    return answer.status_code, answer.json().get("state") or answer.json()["detail"]


async def test_several_approvals_collect_until_each_place_has_a_person_of_its_own(direct: Direct) -> None:
    await direct.publish(**book({"when": {"risk_any": ["press"]}, "by": ["agent"], "also": ["lead", "legal"]}))
    row = await submitted(direct, risk=["press"])
    assert (await approves(direct, row, GUUS))[0] == 403, "its writer fills no place"
    assert await approves(direct, row, MILA) == (200, "submitted")
    assert (await approves(direct, row, MILA))[1] == "submitted", "one person, however often"
    code, why = await approves(direct, row, {"role": "agent", "subject": "an"})
    assert (code, why) == (200, "submitted")
    code, why = await approves(direct, row, {"role": "agent", "subject": "xx"})
    assert (code, why) == (409, "What you can approve has been approved; it waits for another legal.")
    assert await approves(direct, row, JURIST) == (200, "approved")
    [told] = [event for event in await direct.told() if isinstance(event, ReplyApproved)]
    assert told.signed == [Signed(who="mk", role="lead"), Signed(who="an", role="agent"), Signed(who="jur", role="agent")]
    await direct.send()
    assert (await direct.get(row["id"]))["state"] == "sent"


async def test_an_edit_and_a_newer_message_make_the_approvals_so_far_void(direct: Direct) -> None:
    await direct.publish(**book({"by": ["lead"], "also": ["legal"]}))
    first, second = mention(direct.brand, "sanne"), mention(direct.brand, "sanne-2")
    case = await direct.says(case_of(first))
    row = await offered(direct, case)
    assert await approves(direct, row, MILA) == (200, "submitted")
    await direct.call("PUT", f"/replies/{row['id']}", json={"text": f"{TEXT} "})
    row = (await direct.submit(row["id"])).json()
    assert row["signatures"] == []
    assert await approves(direct, row, JURIST) == (200, "submitted"), "the lead's was of another text"
    await direct.says(case_of(first, second))
    assert await approves(direct, row, MILA, despite=str(second.id)) == (200, "submitted"), "legal has not read what came in since"
    assert await approves(direct, row, JURIST, despite=str(second.id)) == (200, "approved")


async def test_who_approves_is_asked_by_reach_and_by_what_the_guard_found(direct: Direct) -> None:
    rules = [{"by": ["lead"], "followers_min": 50_000}, {"when": {"verdicts_any": ["missing_greeting"]}, "by": ["lead"]}, {"by": ["self"]}]
    await direct.publish(**book(*rules))
    assert await approves(direct, await submitted(direct), GUUS) == (200, "approved")
    assert (await approves(direct, await submitted(direct, "Ik kijk ernaar. ^gs"), GUUS, confirmed=["missing_greeting"]))[0] == 403
    for followers, code in ((49_999, 200), (50_000, 403)):
        name = f"klant{followers}"
        author = Author(name="Sanne", identities=[Identity(kind="handle", value=name, channel="twitter")], followers=followers)
        case = await direct.says(case_of(mention(direct.brand, name).model_copy(update={"author": author})))
        assert (await approves(direct, await offered(direct, case), GUUS))[0] == code


async def test_an_approval_that_ran_out_is_put_back_wherever_it_waits_and_does_not_leave(direct: Direct) -> None:
    await direct.publish(**book({"by": ["self"]}, approval_expires="2h"))
    waits, claimed = [await submitted(direct) for _ in range(2)]
    for row in (waits, claimed):
        assert await approves(direct, row, GUUS) == (200, "approved")
    await direct.db.execute("update reply set approved_at = approved_at - interval '3 hours' where id = $1", UUID(waits["id"]))
    assert await expiry.put_back(direct.pool, direct.service.books) == 1
    await direct.db.execute("update reply set approved_at = approved_at - interval '3 hours' where id = $1", UUID(claimed["id"]))
    await direct.send()
    for row in (waits, claimed):
        found = await direct.get(row["id"])
        assert (found["state"], found["signatures"], found["approved_digest"]) == ("submitted", [], None)
        assert found["history"][-1]["detail"]["why"] == "its approval ran out after 2h"
    assert await direct.db.fetchval("select count(*) from sandbox_outbox") == 0


async def test_an_approval_of_several_that_ran_out_counts_no_longer(direct: Direct) -> None:
    await direct.publish(**book({"by": ["lead"], "also": ["legal"]}, approval_expires="2h"))
    row = await submitted(direct)
    await approves(direct, row, MILA)
    long_ago = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    await direct.db.execute("update reply set signatures = jsonb_set(signatures, '{0,at}', to_jsonb($1::text))", long_ago)
    assert await approves(direct, row, JURIST) == (200, "submitted")


async def test_a_colleague_approves_in_somebodys_place_until_that_is_taken_back(direct: Direct) -> None:
    await direct.publish(**book({"by": ["lead"]}))
    row, later, own = await submitted(direct), await submitted(direct), await submitted(direct, "Hoi Sanne, ik kijk ernaar. ^mk", MILA)
    anke: dict[str, Any] = {"role": "agent", "subject": "an"}
    assert (await approves(direct, row, anke))[0] == 403
    given = {"to": "an", "ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(), "reason": "vakantie"}
    made = await direct.call("POST", "/delegations", json=given, **MILA)
    assert made.status_code == 201, made.text
    assert await approves(direct, row, anke) == (200, "approved")
    found = await direct.get(row["id"])
    assert (found["approver"], found["history"][-1]["detail"]["instead_of"]) == ("an", "mk")
    assert (await approves(direct, own, anke))[0] == 403, "not what the one wrote in whose place they approve"
    assert (await approves(direct, later, GUUS))[0] == 403, "nor anybody else"
    path = f"/delegations/{made.json()['id']}"
    assert (await direct.call("DELETE", path, **anke)).status_code == 403
    assert (await direct.call("DELETE", path, **MILA)).status_code == 204
    assert (await approves(direct, later, anke))[0] == 403
    assert (await direct.call("GET", "/delegations", params={"in_force": "true"})).json()["items"] == []


@pytest.mark.parametrize(
    ("who", "change", "code"),
    [
        (MILA, {}, 201),
        (MILA, {"to": "tr"}, 422),
        (MILA, {"to": "mk"}, 422),
        (MILA, {"to": "nobody"}, 422),
        (MILA, {"ends_at": "2026-01-01T00:00:00Z"}, 422),
        (MILA, {"ends_at": "2036-01-01T00:00:00Z"}, 422),
        (MILA, {"reason": "a\nb"}, 422),
        ({"role": "lead", "subject": "gs"}, {}, 403),
        ({"role": "spokesperson", "subject": "stranger"}, {}, 403),
        (TESS, {}, 403),
    ],
)
async def test_what_can_be_handed_on_and_to_whom(direct: Direct, who: dict[str, Any], change: dict[str, Any], code: int) -> None:
    await direct.publish(**book({"by": ["lead"]}))
    given = {"to": "an", "ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(), "reason": "vakantie"}
    assert (await direct.call("POST", "/delegations", json=given | change, **who)).status_code == code


async def test_who_the_book_does_not_have_in_that_role_any_more_lets_nobody_approve(direct: Direct) -> None:
    await direct.publish(**book({"by": ["lead"]}))
    row = await submitted(direct)
    given = {"to": "an", "ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(), "reason": "vakantie"}
    await direct.call("POST", "/delegations", json=given, **MILA)
    team = [{**member, "role": "agent"} if member["id"] == "mk" else member for member in TEAM]
    await direct.publish(**{**book({"by": ["lead"]}), "team": team})
    assert (await approves(direct, row, {"role": "agent", "subject": "an"}))[0] == 403


async def queue(desk: Direct, who: dict[str, Any], **params: Any) -> list[str]:
    await reviewer.ask(desk.pool, desk.service.books)
    answer = (await desk.call("GET", "/review", params=params, **who)).json()
    return [item["reply"]["id"] for item in answer["items"]]


async def test_the_queue_has_what_waits_for_me_and_what_is_due_first_comes_first(direct: Direct) -> None:
    await direct.publish(**book({"when": {"risk_any": ["press"]}, "by": ["lead"], "also": ["legal"]}, {"by": ["agent"]}))
    soon = Clock(kind="reaction", started_at=AT, due_at=AT + timedelta(minutes=30))
    plain, urgent = await submitted(direct), await submitted(direct, clocks=[soon])
    press = await submitted(direct, risk=["press"], clocks=[soon.model_copy(update={"due_at": AT + timedelta(hours=1)})])
    assert await queue(direct, MILA) == [urgent["id"], press["id"], plain["id"]]
    assert await queue(direct, {"role": "agent", "subject": "an"}) == [urgent["id"], plain["id"]]
    assert await queue(direct, JURIST) == [urgent["id"], press["id"], plain["id"]]
    assert await queue(direct, GUUS) == [], "not what I wrote, where another is asked"
    await approves(direct, press, MILA)
    assert await queue(direct, MILA) == [urgent["id"], plain["id"]], "not what I approved"
    assert await queue(direct, JURIST, limit=2) == [urgent["id"], press["id"]]
    page = (await direct.call("GET", "/review", params={"limit": 2}, **JURIST)).json()
    rest = (await direct.call("GET", "/review", params={"limit": 2, "cursor": page["next"]}, **JURIST)).json()
    assert (page["waiting"], [item["reply"]["id"] for item in rest["items"]], rest["next"]) == (3, [plain["id"]], None)


async def test_the_queue_follows_the_case_and_the_book_and_who_lets_me_approve(direct: Direct) -> None:
    await direct.publish(**book({"when": {"risk_any": ["press"]}, "by": ["lead"]}, {"by": ["agent"]}))
    anke: dict[str, Any] = {"role": "agent", "subject": "an"}
    case = await direct.says(case_of(mention(direct.brand, "sanne")))
    row = await offered(direct, case)
    assert await queue(direct, anke) == [row["id"]]
    await direct.says(case.model_copy(update={"risk": ["press"]}))
    assert await queue(direct, anke) == []
    given = {"to": "an", "ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(), "reason": "vakantie"}
    await direct.call("POST", "/delegations", json=given, **MILA)
    assert await queue(direct, anke) == [row["id"]]
    await direct.publish(**book({"by": ["self"]}))
    assert await queue(direct, anke) == []
    assert await queue(direct, GUUS) == [row["id"]]


async def test_what_is_sent_back_is_a_draft_with_the_note_until_it_is_submitted_again(direct: Direct) -> None:
    await direct.publish(**book({"by": ["lead"], "also": ["legal"]}))
    row = await submitted(direct)
    await approves(direct, row, MILA)
    back = (await direct.call("POST", f"/replies/{row['id']}/return", json={"note": "Noem een tijd."}, **JURIST)).json()
    assert (back["state"], back["signatures"], back["returned"]["by"], back["returned"]["note"]) == ("draft", [], "jur", "Noem een tijd.")
    assert (await direct.call("POST", f"/replies/{row['id']}/return", json={"note": "x"}, **MILA)).status_code == 409
    assert (await direct.submit(row["id"])).json()["returned"] is None


async def test_coaching_is_for_the_writer_whoever_says_it_and_the_leads(direct: Direct) -> None:
    await direct.publish(**book({"by": ["self"]}))
    row = await submitted(direct)
    path = f"/replies/{row['id']}/coaching"
    said = {"note": "Wat persoonlijker?", "start": 0, "end": 3}
    anke: dict[str, Any] = {"role": "agent", "subject": "an"}
    made = await direct.call("POST", path, json=said, **anke)
    assert (made.status_code, made.json()["quote"], made.json()["writer"]) == (201, "Hoi", "gs")
    assert (await direct.call("POST", path, json=said, **GUUS)).status_code == 409
    assert (await direct.call("POST", path, json=said, **TESS)).status_code == 403
    assert (await direct.call("POST", path, json={**said, "end": 400}, **anke)).status_code == 422
    for who, sees in ((GUUS, 1), (MILA, 1), (anke, 1), (JURIST, 0), (TESS, 0)):
        assert len((await direct.call("GET", path, **who)).json()["items"]) == sees
    mine = (await direct.call("GET", "/coaching", params={"writer": "me"}, **GUUS)).json()["items"]
    assert [note["id"] for note in mine] == [made.json()["id"]]
    assert (await direct.call("GET", "/coaching", params={"writer": "gs"}, **JURIST)).json()["items"] == []


async def test_a_sampled_override_is_looked_at_by_another_colleague(direct: Direct) -> None:
    given = {**book({"by": ["self", "lead"]}), "voice": {"forbidden_words": ["kosteloos"]}, "guard": {"review_sample": 1}}
    await direct.publish(**given)
    row = await submitted(direct, "Hoi Sanne, ik kijk kosteloos. ^gs")
    overruled = [{"code": "forbidden_word", "reason": "de klant zei het zo"}]
    assert await approves(direct, row, MILA, overrides=overruled) == (200, "approved")
    [waits] = (await direct.call("GET", "/overrides", params={"reviewed": "false"}, **JURIST)).json()["items"]
    path, body = f"/overrides/{waits['id']}/review", {"verdict": "not_fine", "note": "dat woord niet"}
    for who in (MILA, GUUS):
        assert (await direct.call("POST", path, json=body, **who)).status_code == 403
    assert (await direct.call("POST", path, json=body, **JURIST)).json()["review"] == "not_fine"
    assert (await direct.call("POST", path, json=body, **JURIST)).status_code == 409
    assert (await direct.call("GET", "/overrides", params={"reviewed": "false"}, **JURIST)).json()["items"] == []


@pytest.mark.parametrize(
    "statement",
    [
        "update reply set state = 'approved', approver = 'gs', approved_at = now(), next_attempt_at = now() where id = $1",
        "update reply set state = 'sending' where id = $1",
        "update reply set state = 'sent', sent_at = now() where id = $1",
        "insert into sandbox_outbox (brand, reply_id, channel, recipient, text) select brand, id, channel, recipient, text from reply where id = $1",
    ],
)
async def test_the_database_itself_lets_nothing_go_that_nobody_approved(direct: Direct, statement: str) -> None:
    await direct.publish(**book({"by": ["self"]}))
    row = await submitted(direct)
    with pytest.raises(asyncpg.CheckViolationError):
        await direct.db.execute(statement, UUID(row["id"]))


@pytest.mark.parametrize(
    "change", ["text = text || '!'", "channel = 'email'", "digest = 'other'", "approved_digest = 'other', digest = 'other'"]
)
async def test_the_database_itself_keeps_what_was_approved_as_it_was(direct: Direct, change: str) -> None:
    await direct.publish(**book({"by": ["self"]}))
    row = await submitted(direct)
    assert await approves(direct, row, GUUS) == (200, "approved")
    with pytest.raises(asyncpg.CheckViolationError):
        await direct.db.execute(f"update reply set {change} where id = $1", UUID(row["id"]))
