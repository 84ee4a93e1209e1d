"""What people decide about mentions, over HTTP: kept, told on `feedback`, and what it does to the case."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from libs.common.case_events import Case, CaseResolved, CaseRevised, Rounds
from libs.common.errors import InvalidEvent
from libs.common.events import DuplicateJudged, FindingCorrected, Label, MentionRemoved, MentionRevised, MentionTriaged, Respond
from services.routing.case import case_id_of
from services.routing.sla import Policy
from tests.integration.pools import somebody_waits_for_a_lock
from tests.integration.routing import test_simultaneous
from tests.integration.routing.access_world import World
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import event, mention_id, reply_sent, state
from tests.unit.routing.test_proposals import NO_REPLY, REPLY, policies
from tests.waiting import until

A, B = case_id_of("vaart", mention_id("A")), case_id_of("vaart", mention_id("B"))
MENTION = f"/v1/brands/vaart/mentions/{mention_id('A')}"
CASE = f"/v1/brands/vaart/cases/{A}"
WHY = {"reason": "Een grap onder vrienden."}


class Books:
    """vaart has a book in which every proposal of no reply is judged; noord has none."""

    def __init__(self) -> None:
        self.vaart: Policy = policies(1.0).policy

    def of(self, brand: str) -> Policy:
        if brand != "vaart":
            raise InvalidEvent(f"There is no brand book for {brand!r}.")
        return self.vaart

    def versions(self) -> list[tuple[str, int]]:
        return [("vaart", 1)]


@pytest.fixture
async def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    await world.pool.execute("truncate mention_copy, care_case, timeline, notification, outbox, correction, no_reply_sample, sent_reply")
    world.app.state.policies = Books()
    monkeypatch.setattr(test_simultaneous, "policies", world.app.state.policies)
    return world


async def comes(
    desk: World, name: str = "A", group: str = "A", version: int = 1, kind: type[Any] = MentionTriaged, **findings: Any
) -> None:
    """Triage tells of a mention."""
    said = {"why": "correction", "actor": "gs"} if kind is MentionRevised else {}
    removed = kind is MentionRemoved
    await batch(desk.pool, [event(kind, version, state(name, group, removed=removed, **{"urgency": "normal", **findings}), **said)])


async def post(desk: World, path: str, body: dict[str, Any], role: str = "agent", subject: str = "gs", **request: Any) -> httpx.Response:
    return await desk.call("POST", path, desk.token(role, sub=subject), json=body, **request)


async def correct(desk: World, finding: str, *values: str, reason: str | None = None, **more: Any) -> httpx.Response:
    body = {"finding": finding, "values": list(values)} | ({"reason": reason} if reason is not None else {})
    return await post(desk, f"{MENTION}/corrections", body, **more)


async def case(desk: World, case_id: UUID = A) -> Case:
    answer = await desk.call("GET", f"/v1/brands/vaart/cases/{case_id}")
    return Case.model_validate(answer.json()["case"])


async def told(desk: World, kind: type[Any]) -> list[tuple[Any, str, dict[str, str]]]:
    """Events of that type in the outbox, with key and headers."""
    rows = await desk.pool.fetch("select key, headers, value from outbox order by id")
    found = [(row["key"], json.loads(row["headers"]), row["value"]) for row in rows]
    return [(kind.model_validate_json(value), key, headers) for key, headers, value in found if headers["ce_type"] == kind.type]


async def trail(desk: World, **params: Any) -> dict[str, Any]:
    answer = await desk.call("GET", f"{MENTION}/corrections", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def honesty(desk: World) -> tuple[int, int, int, float | None]:
    found = (await desk.call("GET", "/v1/brands/vaart/no-reply-sample")).json()
    return found["sampled"], found["judged"], found["overruled"], found["share"]


# --- corrections ------------------------------------------------------------------------------------------------------------------------


async def test_a_correction_is_kept_told_and_answered_with_what_was_proposed(desk: World) -> None:
    await comes(desk, intent="question")
    answer = await correct(desk, "intent", "complaint", reason="Zij wacht al drie weken.")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert {name: made[name] for name in ("finding", "values", "proposed", "reason", "actor", "other_id")} == {
        "finding": "intent", "values": ["complaint"], "proposed": ["question"], "reason": "Zij wacht al drie weken.", "actor": "gs", "other_id": None,
    }  # fmt: skip
    [(said, key, headers)] = await told(desk, FindingCorrected)
    assert (said.mention_id, said.finding, said.values, said.proposed, said.actor) == (
        mention_id("A"), "intent", ["complaint"], ["question"], "gs",
    )  # fmt: skip
    assert (str(said.correction_id), key, headers["ce_subject"]) == (made["id"], f"vaart/{mention_id('A')}", made["id"])
    assert (await trail(desk))["items"] == [made]


async def test_the_trail_is_newest_first_in_pages_and_keeps_what_triage_had_found_at_first(desk: World) -> None:
    await comes(desk, sentiment="negative")
    await correct(desk, "sentiment", "positive")
    await comes(desk, version=2, kind=MentionRevised, sentiment="positive", corrected=["sentiment"])
    await correct(desk, "sentiment", "neutral", subject="mk", role="lead")
    await correct(desk, "labels")
    found, cursor = [], None
    while True:
        page = await trail(desk, limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        if (cursor := page["next"]) is None:
            break
    assert [(one["finding"], one["values"], one["proposed"], one["actor"]) for one in found] == [
        ("labels", [], ["internet"], "gs"),
        ("sentiment", ["neutral"], ["negative"], "mk"),
        ("sentiment", ["positive"], ["negative"], "gs"),
    ]


@pytest.mark.parametrize(
    ("finding", "values", "said"),
    [
        ("sentiment", ["boos"], "sentiment: 'boos' is not one of negative, neutral, positive."),
        ("intent", ["klacht"], "intent: 'klacht' is not one of complaint, question,"),
        ("urgency", ["urgent"], "urgency: 'urgent' is not one of critical, high, normal, low."),
        ("respond", ["reply"], "Say why"),
        ("labels", ["internet", "glasvezel"], "labels: 'glasvezel' is not one of internet, factuur."),
        ("department", ["legal"], "department: 'legal' is not one of webcare, billing, technical, none."),
        ("sentiment", [], "sentiment is one value, and 0 were given."),
        ("urgency", ["high", "low"], "urgency is one value, and 2 were given."),
    ],
)
async def test_a_value_that_a_finding_cannot_have_here_is_refused_and_changes_nothing(
    desk: World, finding: str, values: list[str], said: str
) -> None:
    await comes(desk)
    answer = await correct(desk, finding, *values)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]
    assert (await trail(desk))["items"] == []
    assert await told(desk, FindingCorrected) == []


@pytest.mark.parametrize(
    "body",
    [
        {"finding": "language", "values": ["nl"]},
        {"finding": "respond", "values": ["reply"], "reason": ""},
        {"finding": "labels", "values": [""]},
        {"finding": "labels", "values": ["internet"] * 51},
        {"finding": "urgency", "values": ["low"], "actor": "mk"},
    ],
)
async def test_a_body_that_is_none_is_refused(desk: World, body: dict[str, Any]) -> None:
    await comes(desk)
    assert (await post(desk, f"{MENTION}/corrections", body)).status_code == 422


async def test_a_reason_of_spaces_is_none(desk: World) -> None:
    await comes(desk)
    assert (await correct(desk, "respond", "reply", reason="   ")).status_code == 422
    assert (await post(desk, f"{CASE}/no-reply", {"reason": "  "})).status_code == 422


async def test_labels_and_a_department_of_the_book_and_none_are_taken(desk: World) -> None:
    await comes(desk)
    assert (await correct(desk, "labels", "factuur", "internet", "factuur")).json()["values"] == ["factuur", "internet"]
    assert (await correct(desk, "department", "none")).status_code == 201
    assert (await correct(desk, "department", "billing")).status_code == 201


async def test_a_correction_that_is_sent_again_is_made_once(desk: World) -> None:
    await comes(desk)
    key = {"headers": {"idempotency-key": str(uuid4())}}
    first, again = await correct(desk, "urgency", "high", **key), await correct(desk, "urgency", "high", **key)
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    assert len((await trail(desk))["items"]) == len(await told(desk, FindingCorrected)) == 1
    assert (await correct(desk, "urgency", "low", **key)).status_code == 422


async def test_a_mention_that_this_brand_does_not_have_is_not_found(desk: World) -> None:
    await comes(desk)
    other = MENTION.replace("vaart", "noord")
    both = desk.token("agent", ("noord", "vaart"), sub="gs")
    for path in (f"/v1/brands/vaart/mentions/{uuid4()}", other):
        for method, more, body in (
            ("POST", "corrections", {"finding": "urgency", "values": ["low"]}),
            ("POST", "duplicates", {"other_id": str(mention_id("A")), "same": True}),
            ("GET", "corrections", None),
        ):
            given = {"json": body} if body else {}
            assert (await desk.call(method, f"{path}/{more}", both, **given)).status_code == 404, (path, more)


async def test_a_mention_that_was_taken_back_is_judged_no_more(desk: World) -> None:
    await comes(desk)
    await comes(desk, version=2, kind=MentionRemoved)
    assert (await correct(desk, "urgency", "low")).status_code == 409


@pytest.mark.parametrize("role", ["trainee", "analyst", "connector"])
async def test_only_who_may_decide_decides(desk: World, role: str) -> None:
    await comes(desk)
    assert (await correct(desk, "urgency", "low", role=role)).status_code == 403
    assert (await post(desk, f"{CASE}/no-reply", WHY, role=role)).status_code == 403


async def test_no_machine_corrects_what_a_machine_proposed(desk: World) -> None:
    await comes(desk)
    await comes(desk, "B", "B")
    machine = desk.token("admin", sub="kassa", client_id="kassa")
    for path, body in (
        (f"{MENTION}/corrections", {"finding": "urgency", "values": ["low"]}),
        (f"{MENTION}/duplicates", {"other_id": str(mention_id("B")), "same": True}),
        (f"{CASE}/no-reply", WHY),
    ):
        answer = await desk.call("POST", path, machine, json=body)
        assert (answer.status_code, "machine" in answer.json()["detail"]) == (403, True), answer.text


# --- duplicates -------------------------------------------------------------------------------------------------------------------------


async def test_a_judgement_about_two_mentions_is_kept_with_both_and_told(desk: World) -> None:
    await comes(desk)
    await comes(desk, "B", "B")
    answer = await post(desk, f"{MENTION}/duplicates", {"other_id": str(mention_id("B")), "same": True, "reason": "Zelfde order."})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["finding"], made["values"], made["proposed"], made["other_id"]) == ("duplicate", ["yes"], ["no"], str(mention_id("B")))
    [(said, key, _)] = await told(desk, DuplicateJudged)
    assert (said.mention_id, said.other_id, said.same, said.reason, said.actor) == (
        mention_id("A"), mention_id("B"), True, "Zelfde order.", "gs",
    )  # fmt: skip
    assert key == f"vaart/{min(mention_id('A'), mention_id('B'))}"
    theirs = (await desk.call("GET", f"/v1/brands/vaart/mentions/{mention_id('B')}/corrections")).json()
    assert theirs["items"] == (await trail(desk))["items"] == [made]


@pytest.mark.parametrize("other", ["itself", "unknown"])
async def test_a_mention_is_no_duplicate_of_itself_nor_of_one_that_is_not_here(desk: World, other: str) -> None:
    await comes(desk)
    other_id = mention_id("A") if other == "itself" else uuid4()
    assert (await post(desk, f"{MENTION}/duplicates", {"other_id": str(other_id), "same": False})).status_code == 422
    assert await told(desk, DuplicateJudged) == []


# --- respond ----------------------------------------------------------------------------------------------------------------------------


async def test_a_persons_choice_reaches_the_case_at_once_and_stands(desk: World) -> None:
    await comes(desk, respond=NO_REPLY, labels=[Label(name="internet", score=1)])
    assert ((await case(desk)).respond, (await case(desk)).sample) == ("no_reply", True)
    assert (await correct(desk, "respond", "reply", reason="Hij vraagt wel iets.")).status_code == 201
    found = await case(desk)
    assert (found.respond, found.respond_reason, found.respond_by, found.sample) == ("reply", "Hij vraagt wel iets.", "gs", False)
    [(said, _, _)] = await told(desk, CaseRevised)
    assert (said.actor, said.why, said.case) == ("gs", "correction", found)
    await comes(desk, version=2, kind=MentionRevised, respond=NO_REPLY, urgency="high")
    found = await case(desk)
    assert (found.respond, found.respond_by, found.urgency, found.priority) == ("reply", "gs", "high", "high")
    [line] = (await trail(desk))["items"]
    assert (line["proposed"], line["values"], line["reason"], line["actor"]) == (["no_reply"], ["reply"], "Hij vraagt wel iets.", "gs")


async def test_deliberately_no_reply_is_kept_with_who_and_why_and_met_by_no_clock(desk: World) -> None:
    await comes(desk, respond=REPLY)
    answer = await post(desk, f"{CASE}/no-reply", WHY)
    assert answer.status_code == 200, answer.text
    found = await case(desk)
    assert (found.state, found.respond, found.respond_by, found.respond_reason) == ("resolved", "no_reply", "gs", WHY["reason"])
    assert (found.clocks, found.replied_at) == ([], None)
    assert found.earlier == [Rounds(kind="reaction", breached=1), Rounds(kind="resolution", breached=1)], "they ran out long ago"
    [(resolved, _, _)] = await told(desk, CaseResolved)
    assert (resolved.no_reply, resolved.reason, resolved.actor) == (True, WHY["reason"], "gs")
    [(said, _, _)] = await told(desk, FindingCorrected)
    assert (said.mention_id, said.finding, said.values, said.proposed, said.reason) == (
        mention_id("A"), "respond", ["no_reply"], ["reply"], WHY["reason"],
    )  # fmt: skip
    lines = (await desk.call("GET", f"{CASE}/timeline")).json()["items"]
    assert [line["what"] for line in lines] == ["opened", "clock-breached", "clock-breached", "resolved"]
    assert (lines[-1]["actor"], lines[-1]["detail"]["no_reply"], lines[-1]["detail"]["reason"]) == ("gs", True, WHY["reason"])
    assert (await post(desk, f"{CASE}/no-reply", WHY)).status_code == 409


async def test_reopening_takes_it_back_for_the_case_and_for_what_it_teaches(desk: World) -> None:
    await comes(desk, respond=REPLY)
    await post(desk, f"{CASE}/no-reply", WHY)
    assert (await desk.call("POST", f"{CASE}/reopen", desk.token("lead", sub="mk"))).status_code == 200
    found = await case(desk)
    assert (found.state, found.respond, found.respond_by, len(found.clocks)) == ("open", "reply", "mk", 2)
    assert [(said.values, said.actor) for said, _, _ in await told(desk, FindingCorrected)] == [(["no_reply"], "gs"), (["reply"], "mk")]
    assert (await post(desk, f"{CASE}/no-reply", WHY)).status_code == 200, "and a person may decide it once more"


async def test_reopening_what_was_answered_corrects_nothing(desk: World) -> None:
    await comes(desk, respond=REPLY)
    await desk.call("POST", f"{CASE}/resolve", desk.token("agent", sub="gs"))
    assert (await desk.call("POST", f"{CASE}/reopen", desk.token("agent", sub="gs"))).status_code == 200
    assert await told(desk, FindingCorrected) == []


async def test_a_machine_does_not_take_back_what_a_person_decided(desk: World) -> None:
    await comes(desk)
    await post(desk, f"{CASE}/no-reply", WHY)
    assert (await desk.call("POST", f"{CASE}/reopen", desk.token("admin", sub="kassa", client_id="kassa"))).status_code == 403
    assert (await case(desk)).state == "resolved"


async def test_no_reply_is_decided_on_what_was_read(desk: World) -> None:
    await comes(desk)
    assert (await post(desk, f"{CASE}/no-reply", WHY, headers={"if-match": '"9"'})).status_code == 412
    await batch(desk.pool, [reply_sent(A, state("A", "A").mention.received_at, "reply", answers=mention_id("A"))])
    waits = await post(desk, f"{CASE}/no-reply", WHY)
    assert (waits.status_code, "has been answered" in waits.json()["detail"]) == (409, True)
    await comes(desk, version=2, kind=MentionRemoved)
    assert (await post(desk, f"{CASE}/no-reply", WHY)).status_code == 409
    assert await told(desk, FindingCorrected) == []


async def test_a_decision_waits_for_what_the_stream_is_doing_and_sees_it(desk: World) -> None:
    """Mention first, then its case: in the order in which the stream locks them, so that neither waits for the other."""
    await comes(desk)
    async with desk.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetch("select 1 from mention_copy where id = $1 for update", mention_id("A"))
        asked = asyncio.create_task(post(desk, f"{CASE}/no-reply", WHY))
        await until(lambda: somebody_waits_for_a_lock(desk.pool), "the decision waits for the mention")
        await connection.fetch("select 1 from care_case where id = $1 for update", A)
        await transaction.commit()
    assert (await asked).status_code == 200


# --- the lists, and the sample ----------------------------------------------------------------------------------------------------------


async def test_cases_are_listed_by_what_is_proposed_by_topic_and_by_sample(desk: World) -> None:
    topic_id = uuid4()
    await comes(desk, "A", "A", respond=REPLY)
    await comes(desk, "B", "B", respond=NO_REPLY)
    topic = state("D", "D", urgency="normal").model_copy(update={"topic_id": topic_id})
    await batch(desk.pool, [event(MentionTriaged, 1, topic)])

    async def listed(**params: Any) -> list[str]:
        answer = await desk.call("GET", "/v1/brands/vaart/cases", params=params)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    d = str(case_id_of("vaart", mention_id("D")))
    assert await listed() == [str(A), str(B), d]
    assert await listed(respond="reply") == [str(A)]
    assert await listed(sample="true") == [str(B)]
    assert await listed(sample="false") == [str(A), d]
    assert await listed(topic_id=str(topic_id)) == [d]
    assert await listed(topic_id=str(uuid4())) == []
    assert (await desk.call("GET", "/v1/brands/vaart/cases", params={"respond": "maybe"})).status_code == 422


async def test_the_sample_says_how_often_people_wanted_an_answer_after_all(desk: World) -> None:
    for name in "ABCDE":
        await comes(desk, name, name, respond=NO_REPLY)
    assert await honesty(desk) == (5, 0, 0, None)
    await post(desk, f"{CASE}/no-reply", WHY)
    assert await honesty(desk) == (5, 1, 0, 0.0)
    body = {"finding": "respond", "values": ["reply"], "reason": "Dit is een vraag."}
    await post(desk, f"/v1/brands/vaart/mentions/{mention_id('B')}/corrections", body)
    answered = reply_sent(case_id_of("vaart", mention_id("C")), state("C", "C").mention.received_at, "answer", answers=mention_id("C"))
    await batch(desk.pool, [answered])
    await post(desk, f"/v1/brands/vaart/mentions/{mention_id('D')}/corrections", body | {"values": ["hide"]})
    assert await honesty(desk) == (5, 4, 2, 0.5)
    await desk.call("POST", f"{CASE}/reopen", desk.token("lead", sub="mk"))
    assert await honesty(desk) == (5, 4, 3, 0.75)
    await comes(desk, "F", "F", respond=Respond(decision="hide", reason="Abuse."))
    assert (await honesty(desk))[0] == 5
    assert (await desk.call("GET", "/v1/brands/noord/no-reply-sample", desk.token(brands=("noord",)))).json()["sampled"] == 0


@pytest.mark.parametrize("at_once", [True, False])
async def test_what_is_put_before_people_is_the_same_in_one_batch_and_in_several(desk: World, at_once: bool) -> None:
    """A is put before people, and then turns out to be part of B's question; C is put before them once that was answered."""
    a, b, c = (state(n, "A", urgency="normal", respond=r) for n, r in (("A", NO_REPLY), ("B", REPLY), ("C", NO_REPLY)))
    events = [event(MentionTriaged, 1, triaged) for triaged in (a, b, c)]
    events.append(reply_sent(A, b.mention.received_at, "answer", answers=mention_id("B")))
    for _ in range(2):
        for part in [events] if at_once else [[one] for one in events]:
            await batch(desk.pool, part)
    rows = await desk.pool.fetch("select mention_id, overruled, judged_by from no_reply_sample")
    assert sorted(map(tuple, rows)) == sorted([(mention_id("A"), None, None), (mention_id("C"), None, None)])


async def test_a_resolution_ends_the_asking_and_judges_nothing(desk: World) -> None:
    await comes(desk, respond=NO_REPLY)
    await desk.call("POST", f"{CASE}/resolve", desk.token("agent", sub="gs"))
    assert ((await case(desk)).sample, await honesty(desk)) == (False, (1, 0, 0, None))


async def test_old_cases_are_read_as_those_without_a_proposal(desk: World) -> None:
    await comes(desk)
    await desk.pool.execute("update care_case set state_json = state_json - 'respond' - 'sample' - 'topic_id' - 'go_private' - 'intent'")
    found = await case(desk)
    assert (found.respond, found.sample, found.go_private) == (None, False, False)
    assert len((await desk.call("GET", "/v1/brands/vaart/cases", params={"sample": "false"})).json()["items"]) == 1
