"""Merge and split by hand, over HTTP: what it does to both cases, what undoes it, and that nobody sees or gets what is another customer's."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.case_events import Case, CaseMerged, CaseRejoined, CaseSplit, CaseUnmerged
from libs.common.events import DuplicateJudged, Evidence, MentionRegrouped, MentionRemoved, MentionTriaged, deterministic_id
from libs.common.record import Received
from services.routing import standing, store
from services.routing.case import case_id_of
from tests.integration.routing.access_world import World
from tests.integration.routing.test_corrections import Books, case, post, told
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import START, event, mention_id, reply_sent, state

CASES = "/v1/brands/vaart/cases"
WHY = "Moeder en dochter, dezelfde verhuizing."


def case_of(name: str) -> UUID:
    return case_id_of("vaart", mention_id(name))


A, B, C = case_of("A"), case_of("B"), case_of("C")


@pytest.fixture
async def desk(world: World) -> World:
    await world.pool.execute(
        "truncate mention_copy, care_case, timeline, notification, outbox, correction, no_reply_sample, sent_reply, case_move, placement, follow_up"
    )
    world.app.state.policies = Books()
    return world


async def comes(
    desk: World,
    name: str,
    group: str | None = None,
    version: int = 1,
    kind: type[Any] = MentionTriaged,
    *,
    customer: str | None = None,
    shows: str | None = None,
    received_at: datetime | None = None,
) -> None:
    """Triage tells of a mention: in the group of another one, by the customer of another one, in the thread of another one."""
    triaged = state(name, group or name, removed=kind is MentionRemoved, urgency="normal")
    if customer:
        triaged = triaged.model_copy(update={"customer_id": deterministic_id("vaart", "customer", customer)})
    if shows:
        triaged = triaged.model_copy(update={"evidence": [Evidence(kind="thread", mention_id=mention_id(shows)), *triaged.evidence]})
    if received_at:
        triaged = triaged.model_copy(update={"mention": triaged.mention.model_copy(update={"received_at": received_at})})
    await batch(desk.pool, [event(kind, version, triaged)])


async def reply(desk: World, case_id: UUID, to: str, minutes: int, number: int = 1) -> None:
    sent: Received[Any] = reply_sent(case_id, START + timedelta(minutes=minutes), "reply", to, str(number), answers=mention_id(to))
    await batch(desk.pool, [sent])


async def merge(desk: World, into: UUID, other: UUID, **more: Any) -> httpx.Response:
    return await post(desk, f"{CASES}/{into}/merge", {"case_id": str(other), "reason": WHY}, **more)


async def unmerge(desk: World, into: UUID, other: UUID) -> httpx.Response:
    return await post(desk, f"{CASES}/{into}/unmerge", {"case_id": str(other), "reason": "Toch twee vragen."})


async def split(desk: World, source: UUID, *names: str, into: UUID | None = None) -> httpx.Response:
    body = {"mention_ids": [str(mention_id(name)) for name in names], "reason": "Een andere vraag."} | ({"into": str(into)} if into else {})
    return await post(desk, f"{CASES}/{source}/split", body)


async def names_in(desk: World, case_id: UUID) -> str:
    rows = await desk.pool.fetch("select triaged -> 'mention' ->> 'external_id' as name from mention_copy where case_id = $1", case_id)
    listed = {mention.id for mention in (await case(desk, case_id)).mentions}
    found = "".join(sorted(row["name"] for row in rows))
    assert listed == {mention_id(name) for name in found}, "the case tells what is in it"
    return found


def kept(found: Case) -> dict[str, Any]:
    return found.model_dump(exclude={"latest"})


async def what(desk: World, case_id: UUID) -> list[str]:
    rows = await desk.pool.fetch("select version, what from timeline where case_id = $1 order by version", case_id)
    assert [row["version"] for row in rows] == list(range(1, len(rows) + 1)), "each version of the case has its row"
    return [row["what"] for row in rows]


async def test_a_merged_case_has_the_messages_of_both_and_both_tell_it(desk: World) -> None:
    await comes(desk, "A")
    await comes(desk, "B")
    before = await case(desk, A)
    answer = await merge(desk, A, B)
    assert answer.status_code == 200, answer.text
    one, other = await case(desk, A), await case(desk, B)
    assert (await names_in(desk, A), await names_in(desk, B)) == ("AB", "")
    assert (one.state, one.owner, one.department, one.merged_cases) == (before.state, before.owner, before.department, [B])
    assert (other.state, other.merged_into) == ("merged", A)
    assert {customer.customer_id for customer in one.customers} == {deterministic_id("vaart", "customer", name) for name in "AB"}
    assert answer.headers["etag"].removesuffix('-gzip"') == f'"{answer.json()["version"]}'
    events = await told(desk, CaseMerged)
    assert [(said.case.id, said.from_id, said.into_id, said.actor, said.reason) for said, _, _ in events] == [
        (A, B, A, "gs", WHY),
        (B, B, A, "gs", WHY),
    ]
    assert (await what(desk, A))[-1] == "merged"
    assert (await what(desk, B))[-1] == "merged"
    assert await standing.case_ids(desk.pool, "vaart", A) == [A, B]
    assert await standing.case_ids(desk.pool, "golfnet", A) == [A]


async def test_taken_back_at_once_both_are_as_they_were(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    before = kept(await case(desk, A)), kept(await case(desk, B))
    for _ in range(3):  # any number of times
        assert (await merge(desk, A, B)).status_code == 200
        assert (await unmerge(desk, A, B)).status_code == 200
        assert (kept(await case(desk, A)), kept(await case(desk, B))) == before
    assert (await names_in(desk, A), await names_in(desk, B)) == ("A", "B")
    assert [row["touched"] for row in await desk.pool.fetch("select touched from care_case")] == [False, False]
    assert len(await told(desk, CaseUnmerged)) == 6


async def test_messages_that_come_after_a_merge_go_back_with_the_case_whose_thread_they_are_in(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    await merge(desk, A, B)
    await comes(desk, "C", "B")
    await comes(desk, "D", "A")
    assert await names_in(desk, A) == "ABCD"
    assert (await case(desk, B)).state == "merged"
    await unmerge(desk, A, B)
    assert (await names_in(desk, A), await names_in(desk, B)) == ("AD", "BC")


async def test_what_triage_says_later_does_not_undo_what_people_decided(desk: World) -> None:
    for name in "ABC":
        await comes(desk, name)
    await merge(desk, A, B)
    await comes(desk, "B", "C", version=2, kind=MentionRegrouped)
    assert (await names_in(desk, A), await names_in(desk, C)) == ("AB", "C")
    await comes(desk, "A", "C", version=2, kind=MentionRegrouped)
    assert (await names_in(desk, A), await names_in(desk, C)) == ("AB", "C")
    await unmerge(desk, A, B)
    assert (await names_in(desk, A), await names_in(desk, B)) == ("A", "B")
    await comes(desk, "B", "A", version=3, kind=MentionRegrouped)
    assert (await names_in(desk, A), await names_in(desk, B)) == ("A", "B")


async def test_nobody_s_question_is_answered_by_a_merge(desk: World) -> None:
    """A was answered and waits for its customer; B was not."""
    for name in "AB":
        await comes(desk, name)
    await reply(desk, A, "A", 5)
    assert (await case(desk, A)).state == "waiting"
    await merge(desk, A, B)
    one = await case(desk, A)
    assert (one.state, one.clocks[0].started_at, one.clocks[0].met_at) == ("open", START + timedelta(minutes=1), None)
    await unmerge(desk, A, B)
    assert ((await case(desk, A)).state, (await case(desk, B)).state) == ("waiting", "new")


async def test_a_merged_case_waits_only_once_each_of_its_customers_was_answered(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    await merge(desk, A, B)
    await reply(desk, A, "B", 5)
    one = await case(desk, A)
    assert (one.state, {customer.customer_id: customer.unanswered for customer in one.customers}) == (
        "open",
        {deterministic_id("vaart", "customer", "A"): True, deterministic_id("vaart", "customer", "B"): False},
    )
    refused = await desk.call("POST", f"{CASES}/{A}/resolve", desk.token("agent", sub="gs"))
    assert (refused.status_code, refused.json()["unanswered"]) == (409, [str(deterministic_id("vaart", "customer", "A"))])
    waits = await post(desk, f"{CASES}/{A}/wait", {"for": "customer", "reason": "Zij is aan zet."})
    assert (waits.status_code, waits.json()["unanswered"]) == (409, refused.json()["unanswered"])
    await reply(desk, A, "A", 6)
    one = await case(desk, A)
    assert (one.state, [customer.unanswered for customer in one.customers]) == ("waiting", [False, False])
    assert (await desk.call("POST", f"{CASES}/{A}/resolve", desk.token("agent", sub="gs"))).status_code == 200
    await unmerge(desk, A, B)
    one, other = await case(desk, A), await case(desk, B)
    assert (one.state, other.state) == ("resolved", "resolved")
    assert (one.replied_at, other.replied_at) == (START + timedelta(minutes=6), START + timedelta(minutes=5))


async def test_a_customer_can_be_left_without_an_answer_on_purpose(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    await merge(desk, A, B)
    customer = str(deterministic_id("vaart", "customer", "A"))
    answer = await post(desk, f"{CASES}/{A}/recipients/no-reply", {"customer_id": customer, "reason": "Zij belt zelf."})
    assert answer.status_code == 200, answer.text
    assert (await case(desk, A)).state == "new"
    again = await post(desk, f"{CASES}/{A}/recipients/no-reply", {"customer_id": customer, "reason": "Zij belt zelf."})
    assert again.status_code == 409
    await reply(desk, A, "B", 5)
    assert (await case(desk, A)).state == "waiting"


async def test_recipients_are_one_row_for_each_customer_and_thread_with_what_is_unanswered(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    await comes(desk, "C", "A", customer="A")
    await merge(desk, A, B)
    await reply(desk, A, "B", 5)
    rows = (await desk.call("GET", f"{CASES}/{A}/recipients")).json()["items"]
    assert [(row["channel"], row["answer_to"], row["unanswered_total"]) for row in rows] == [
        ("twitter", str(mention_id("A")), 1),
        ("review", str(mention_id("C")), 1),
        ("email", str(mention_id("B")), 0),
    ]
    assert rows[2]["replied_at"] is not None
    assert rows[0]["replied_at"] is None


async def test_what_happened_while_they_were_together_holds_for_each_of_its_own(desk: World) -> None:
    """The customer of B is answered, and somebody takes the case; then they part."""
    for name in "AB":
        await comes(desk, name)
    owner = (await case(desk, B)).owner
    await merge(desk, A, B)
    await desk.call("POST", f"{CASES}/{A}/take", desk.token("agent", sub="uu"))
    await reply(desk, A, "B", 7)
    await unmerge(desk, A, B)
    one, other = await case(desk, A), await case(desk, B)
    assert (one.state, one.owner, one.replied_at) == ("open", "uu", None)
    assert (other.state, other.owner, other.replied_at) == ("waiting", owner, START + timedelta(minutes=7))
    assert {clock.kind: clock.met_at for clock in other.clocks}["reaction"] == START + timedelta(minutes=7)


async def test_of_three_in_one_case_the_first_can_leave_first(desk: World) -> None:
    for name in "ABC":
        await comes(desk, name)
    before = {id: kept(await case(desk, id)) for id in (A, B, C)}
    await merge(desk, A, B)
    await merge(desk, A, C)
    assert (await case(desk, A)).merged_cases == [B, C]
    await unmerge(desk, A, B)
    one = await case(desk, A)
    assert (await names_in(desk, A), one.merged_cases, kept(await case(desk, B))) == ("AC", [C], before[B])
    await unmerge(desk, A, C)
    assert kept(await case(desk, A)) | {"state": "new"} == before[A] | {"state": "new"}
    assert kept(await case(desk, C)) == before[C]


async def test_a_case_that_has_others_in_it_takes_them_along_and_back(desk: World) -> None:
    for name in "ABC":
        await comes(desk, name)
    await merge(desk, B, C)
    await merge(desk, A, B)
    assert await names_in(desk, A) == "ABC"
    assert await standing.case_ids(desk.pool, "vaart", A) == [A, B, C]
    refused = await unmerge(desk, A, C)
    assert (refused.status_code, str(B) in refused.json()["detail"]) == (409, True)
    assert (await unmerge(desk, B, C)).status_code == 409, "B goes on in A"
    await unmerge(desk, A, B)
    assert (await names_in(desk, A), await names_in(desk, B), await names_in(desk, C)) == ("A", "BC", "")
    await unmerge(desk, B, C)
    assert (await names_in(desk, B), await names_in(desk, C)) == ("B", "C")


async def test_messages_taken_out_are_a_case_of_their_own_and_what_their_author_writes_on_goes_with_them(desk: World) -> None:
    for name in "AB":
        await comes(desk, name, "A", customer="A")
    answer = await split(desk, A, "B")
    assert answer.status_code == 201, answer.text
    new = UUID(answer.json()["other"]["id"])
    made = await case(desk, new)
    assert (await names_in(desk, A), await names_in(desk, new)) == ("A", "B")
    assert (made.state, made.split_from, made.clocks[0].started_at) == ("new", A, START + timedelta(minutes=1))
    assert (await what(desk, new), (await what(desk, A))[-1]) == (["opened", "split"], "split")
    assert {said.case.id for said, _, _ in await told(desk, CaseSplit)} == {A, new}
    await comes(desk, "C", "A", customer="A", shows="B")  # in the thread of B
    await comes(desk, "D", "A", customer="A", shows="A")
    assert (await names_in(desk, A), await names_in(desk, new)) == ("AD", "BC")
    await comes(desk, "B", "D", version=2, kind=MentionRegrouped, customer="A")
    assert await names_in(desk, new) == "BC"
    answer = await post(desk, f"{CASES}/{new}/unsplit", {"reason": "Toch een vraag."})
    assert answer.status_code == 200, answer.text
    assert (await case(desk, new)).state == "merged"
    assert {said.case.id for said, _, _ in await told(desk, CaseRejoined)} == {new, A, case_of("D")}
    assert (await names_in(desk, A), await names_in(desk, case_of("D"))) == ("ACD", "B")  # as triage has them by now


async def test_a_split_taken_back_leaves_the_case_as_it_was(desk: World) -> None:
    for name in "AB":
        await comes(desk, name, "A", customer="A")
    before = kept(await case(desk, A))
    for _ in range(2):
        new = (await split(desk, A, "B")).json()["other"]["id"]
        assert (await post(desk, f"{CASES}/{new}/unsplit", {"reason": "Toch een vraag."})).status_code == 200
        assert kept(await case(desk, A)) == before
    assert await names_in(desk, A) == "AB"


async def test_what_was_answered_before_a_split_is_answered_after_it(desk: World) -> None:
    for name in "AB":
        await comes(desk, name, "A", customer="A")
    await reply(desk, A, "B", 9)
    new = UUID((await split(desk, A, "B")).json()["other"]["id"])
    made = await case(desk, new)
    assert (made.state, made.replied_at) == ("waiting", START + timedelta(minutes=9))


async def test_messages_can_go_into_a_case_that_is_there_and_come_back(desk: World) -> None:
    for name, group in (("A", "A"), ("B", "A"), ("C", "C")):
        await comes(desk, name, group)
    await reply(desk, C, "C", 9)
    before = kept(await case(desk, A)), kept(await case(desk, C))
    assert (await split(desk, A, "B", into=C)).status_code == 201
    there = await case(desk, C)
    assert (await names_in(desk, C), there.state) == ("BC", "open")
    assert (await post(desk, f"{CASES}/{C}/unsplit", {"reason": "Vergist."})).status_code == 200
    assert (kept(await case(desk, A)), kept(await case(desk, C))) == before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{A}/merge", {"case_id": str(A), "reason": WHY}, 422),
        (f"{A}/merge", {"case_id": str(deterministic_id("golfnet", "case", "A")), "reason": WHY}, 422),
        (f"{deterministic_id('x', 'y')}/merge", {"case_id": str(A), "reason": WHY}, 404),
        (f"{A}/merge", {"case_id": str(B), "reason": "  "}, 422),
        (f"{A}/merge", {"case_id": str(B), "version": 7, "reason": WHY}, 409),
        (f"{A}/merge", {"case_id": str(B), "version": 2**40, "reason": WHY}, 422),
        (f"{A}/unmerge", {"case_id": str(B), "reason": WHY}, 409),
        (f"{A}/split", {"mention_ids": [str(mention_id("A"))], "reason": WHY}, 409),
        (f"{A}/split", {"mention_ids": [str(mention_id("B"))], "reason": WHY}, 422),
        (f"{A}/split", {"mention_ids": [], "reason": WHY}, 422),
        (f"{A}/unsplit", {"reason": WHY}, 409),
        (f"{A}/recipients/no-reply", {"customer_id": str(A), "reason": WHY}, 422),
    ],
)
async def test_what_cannot_be_done_says_why_and_does_nothing(desk: World, path: str, body: dict[str, Any], status: int) -> None:
    for name in "AB":
        await comes(desk, name)
    before = await desk.pool.fetch("select id, version, state_json from care_case order by id")
    answer = await post(desk, f"{CASES}/{path}", body)
    assert answer.status_code == status, answer.text
    assert await desk.pool.fetch("select id, version, state_json from care_case order by id") == before
    assert await desk.pool.fetchval("select count(*) from case_move") == 0


async def test_a_stale_version_and_a_trainee_are_refused(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    assert (await merge(desk, A, B, headers={"if-match": '"7"'})).status_code == 412
    assert (await merge(desk, A, B, role="trainee")).status_code == 403
    assert (await merge(desk, A, B, headers={"if-match": '"1"'})).status_code == 200


async def test_two_people_who_put_each_into_the_other_at_once_end_with_one_case(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    for _ in range(6):
        answers = await asyncio.gather(merge(desk, A, B), merge(desk, B, A))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        into, other = (A, B) if answers[0].status_code == 200 else (B, A)
        assert (await names_in(desk, into), await names_in(desk, other)) == ("AB", "")
        assert (await unmerge(desk, into, other)).status_code == 200
        assert (await names_in(desk, A), await names_in(desk, B)) == ("A", "B")


async def test_messages_that_pour_in_while_people_merge_and_part_are_each_in_one_place(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)

    async def pour() -> None:
        for name in "CDEFGHIJ":
            await comes(desk, name, "AB"[ord(name) % 2])
            await comes(desk, name, "AB"[ord(name) // 2 % 2], version=2, kind=MentionRegrouped)

    async def people() -> None:
        for _ in range(5):
            assert (await merge(desk, A, B)).status_code == 200
            assert (await unmerge(desk, A, B)).status_code == 200
        assert (await merge(desk, A, B)).status_code == 200

    await asyncio.gather(pour(), people())
    assert (await names_in(desk, A), await names_in(desk, B)) == ("ABCDEFGHIJ", "")
    await unmerge(desk, A, B)
    assert sorted(await names_in(desk, A) + await names_in(desk, B)) == list("ABCDEFGHIJ")


async def test_one_that_is_killed_in_between_leaves_nothing(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends the session with all but the last statement done, as it does when a process is killed."""
    for name in "AB":
        await comes(desk, name)
    tables = ("care_case", "mention_copy", "timeline", "outbox", "case_move", "placement", "correction")
    before = {table: await desk.pool.fetch(f"select * from {table}") for table in tables}

    async def dies(connection: Any, *_: Any) -> None:
        await desk.pool.execute("select pg_terminate_backend($1)", connection.get_server_pid())

    monkeypatch.setattr("services.routing.merge_api.placement.place", dies)
    assert (await merge(desk, A, B)).status_code >= 500
    monkeypatch.undo()
    assert {table: await desk.pool.fetch(f"select * from {table}") for table in tables} == before
    assert (await merge(desk, A, B)).status_code == 200


async def test_triage_learns_only_where_one_customer_wrote_on_both_sides(desk: World) -> None:
    await comes(desk, "A")
    await comes(desk, "B")
    await comes(desk, "C", customer="A")
    await merge(desk, A, B)
    assert await told(desk, DuplicateJudged) == []
    await merge(desk, A, C)
    await unmerge(desk, A, C)
    said = [event for event, _, _ in await told(desk, DuplicateJudged)]
    assert [(one.same, one.evidence_only, {one.mention_id, one.other_id}) for one in said] == [
        (True, True, {mention_id("A"), mention_id("C")}),
        (False, True, {mention_id("A"), mention_id("C")}),
    ]


async def test_what_customers_wrote_is_not_kept_a_second_time(desk: World) -> None:
    """Whoever takes a message back has it gone from everywhere."""
    for name in "ABC":
        await comes(desk, name)
    await merge(desk, A, B)
    await merge(desk, C, A)
    rows = await desk.pool.fetch("select from_before::text || into_before::text as kept from case_move")
    assert len(rows) == 2
    assert not [row["kept"] for row in rows if "text of" in row["kept"] or "identities" in row["kept"]]


async def test_notes_of_a_merged_case_are_read_with_it_and_go_back_with_it(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    await post(desk, f"{CASES}/{B}/notes", {"text": "over B"})
    await merge(desk, A, B)
    assert [row["text"] for row in await store.notes(desk.pool, "vaart", A, None, 10)] == ["over B"]
    await unmerge(desk, A, B)
    assert await store.notes(desk.pool, "vaart", A, None, 10) == []
    moves = (await desk.call("GET", f"{CASES}/{A}/moves")).json()["items"]
    assert [(move["kind"], move["undone_by"]) for move in moves] == [("merge", "gs")]


async def test_events_told_twice_and_in_any_order_after_a_merge_change_nothing_more(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    await merge(desk, A, B)
    later = [("C", "B", 1, MentionTriaged), ("C", "A", 2, MentionRegrouped), ("D", "B", 1, MentionTriaged)]
    for step in later:
        await comes(desk, *step)
    whole = kept(await case(desk, A))
    for step in [*reversed(later), *later]:
        await comes(desk, *step)
    assert kept(await case(desk, A)) == whole
    assert all(one <= other for one, other in pairwise([m.received_at for m in (await case(desk, A)).mentions]))


async def test_what_comes_long_after_a_merged_case_was_over_begins_a_follow_up_of_it_and_stays_when_they_part(desk: World) -> None:
    for name in "AB":
        await comes(desk, name)
    await merge(desk, A, B)
    for number, name in enumerate("AB"):
        await reply(desk, A, name, 5 + number)
    assert (await desk.call("POST", f"{CASES}/{A}/resolve", desk.token("agent", sub="gs"))).status_code == 200
    soon, late = datetime.now(UTC) + timedelta(days=2), datetime.now(UTC) + timedelta(days=40)
    await comes(desk, "C", "B", received_at=late)
    follow_up = case_id_of("vaart", mention_id("B"), mention_id("C"))
    made = await case(desk, follow_up)
    assert (made.follows, made.state, await names_in(desk, A), await names_in(desk, follow_up)) == (A, "new", "AB", "C")
    await comes(desk, "D", "B", received_at=late + timedelta(hours=1))
    assert await names_in(desk, follow_up) == "CD"
    await unmerge(desk, A, B)
    assert (await names_in(desk, A), await names_in(desk, B), await names_in(desk, follow_up)) == ("A", "B", "CD")
    assert ((await case(desk, A)).state, (await case(desk, B)).state) == ("resolved", "resolved")
    await comes(desk, "E", "B", received_at=soon)  # takes B up again, and what was begun in its stead with it
    assert (await names_in(desk, B), (await case(desk, B)).state) == ("BCDE", "open")


async def test_a_follow_up_that_people_put_into_its_case_stays_there(desk: World) -> None:
    await comes(desk, "A")
    await desk.call("POST", f"{CASES}/{A}/resolve", desk.token("agent", sub="gs"))
    late = datetime.now(UTC) + timedelta(days=40)
    await comes(desk, "B", "A", received_at=late)
    follow_up = case_id_of("vaart", mention_id("A"), mention_id("B"))
    assert await names_in(desk, follow_up) == "B"
    assert (await merge(desk, A, follow_up)).status_code == 200
    await comes(desk, "C", "A", received_at=late + timedelta(hours=1))
    assert (await names_in(desk, A), (await case(desk, A)).state) == ("ABC", "open")
    await comes(desk, "D", "A", received_at=datetime.now(UTC) + timedelta(days=1))  # before the follow-up: it had its own time
    assert await names_in(desk, A) == "ABCD"
    assert (await unmerge(desk, A, follow_up)).status_code == 200
    assert (await names_in(desk, A), await names_in(desk, follow_up)) == ("AD", "BC")
