"""Cases for legal ask the legal department by themselves, once; its answer, a merge and a new beginning decide what the case says of it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.common import db
from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, CaseConsulted, CaseLegalCheckChanged
from libs.common.events import MentionRevised, MentionTriaged
from libs.common.hours import Calendar
from services.routing import store, timer
from services.routing.consultation import MOST_OPEN
from services.routing.due import DUE
from services.routing.links import Click, Links
from services.routing.sla import Policy
from tests.integration.routing import test_consultations, test_simultaneous
from tests.integration.routing.access_world import World, world_of
from tests.integration.routing.outbox import told_as
from tests.integration.routing.test_consultations import at, post, told
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_callbacks import message
from tests.unit.routing.test_permutations import START, event, mention_id

__all__ = ["real_time_again"]
real_time_again = test_consultations.real_time_again

TEXT = """
brand: vaart
name: Vaart (example data)
languages: [nl]
hours: {mon-sun: ["00:00-24:00"], holidays: {closed: false}}
labels: [{name: internet}, {name: factuur}, {name: anders}]
departments:
  - {id: webcare, members: [gs]}
  - {id: juridisch, members: [jur], email: juridisch@vaart.example, consult_within: 8h}
team:
  - {id: gs, first_name: Guus, initials: gs}
  - {id: jur, first_name: Judith, initials: ju}
  - {id: mk, first_name: Mila, initials: mk, role: lead}
conduct:
  legal_check: {when: {risk_any: [legal_threat]}, department: juridisch}
"""
BOOK = load_book(TEXT)


class Policies:
    def __init__(self) -> None:
        self.policy = Policy(BOOK, Calendar.of(BOOK), 1)

    def of(self, brand: str) -> Policy:
        return self.policy

    def versions(self) -> list[tuple[str, int]]:
        return [("vaart", self.policy.version)]

    def check(self, **check: Any) -> None:
        conduct = {**BOOK.conduct.model_dump(mode="json"), "legal_check": {"department": "juridisch", **check}}
        book = BrandBook.from_json({**BOOK.model_dump(mode="json"), "conduct": conduct})
        self.policy = Policy(book, Calendar.of(book), 2)


@pytest.fixture
async def desk(shared_pool: db.Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    await shared_pool.execute(
        "truncate consultation, consultation_answer, care_case, mention_copy, follow_up, placement, case_move, "
        "timeline, outbox, notification, notice, timer, link_use, idempotency_key, failed_rule"
    )
    policies = Policies()
    monkeypatch.setattr(test_simultaneous, "policies", policies)
    world = world_of(shared_pool, tmp_path)
    world.app.state.policies = policies
    await at(world, START)
    return world


async def comes(desk: World, name: str = "A", version: int = 1, *, group: str | None = None, **found: Any) -> UUID:
    """Message A, B, C … comes, or triage says another thing of it; its case."""
    kind = MentionTriaged if version == 1 else MentionRevised
    said = message(name, "Ik stap naar de rechter.", group=group or name, **{"risk": ["legal_threat"], **found})
    await batch(desk.pool, [event(kind, version, said, **({"why": "correction", "actor": "gs"} if version > 1 else {}))])
    case_id: UUID = await desk.pool.fetchval("select case_id from mention_copy where id = $1", mention_id(name))
    return case_id


async def look(desk: World) -> None:
    while await timer.tick(desk.pool, desk.app.state.policies, DUE):
        pass


async def case(desk: World, case_id: UUID) -> Case:
    async with desk.pool.acquire() as connection:
        file = await store.file(connection, "vaart", case_id)
    assert file is not None
    return file.case


async def word(desk: World, case_id: UUID) -> str | None:
    return (await case(desk, case_id)).legal_check


async def questions(desk: World) -> list[Mapping[str, Any]]:
    rows = await desk.pool.fetch("select * from consultation where brand = 'vaart' order by seq")
    return [dict(row) for row in rows]


async def answers(desk: World, id: UUID, verdict: str, **person: Any) -> Any:
    said = {"answer": "Zo dan.", "verdict": verdict}
    return await post(desk, f"/consultations/{id}/answer", said, **{"sub": "jur", **person})


async def test_a_case_for_legal_asks_its_department_once_and_says_so(desk: World) -> None:
    case_id = await comes(desk)
    await look(desk)
    [asked] = await questions(desk)
    assert (asked["kind"], asked["department"], asked["state"], asked["asked_by"]) == ("legal_check", "juridisch", "open", "system")
    assert asked["mention_ids"] == [mention_id("A")]
    assert asked["question"] == (
        "Mogen we op deze zaak antwoorden? Het merkboek vraagt jullie oordeel (risk legal_threat). "
        "Zolang jullie niet akkoord zijn, gaat er geen antwoord op deze zaak uit."
    )
    assert await word(desk, case_id) == "asked"
    assert await told(desk) == ["consulted"]
    [said] = await told_as(desk.pool, CaseConsulted)
    assert said.case.legal_check == "asked", "in the version that tells of the question"
    [mail] = await desk.pool.fetch("select way, title from notice where brand = 'vaart'")
    assert (mail["way"]["email"], mail["title"].startswith("Juridische toets")) == ("juridisch@vaart.example", True)
    owner = (await case(desk, case_id)).owner
    rows = await desk.pool.fetch("select member from notification where what = 'juridisch was asked'")
    assert [row["member"] for row in rows] == [owner]
    assert not await desk.pool.fetchval("select touched from care_case where id = $1", case_id), "nobody has worked on it"


async def test_news_of_the_case_that_comes_again_and_at_once_asks_nothing_twice(desk: World) -> None:
    case_id = await comes(desk)
    await asyncio.gather(look(desk), look(desk), comes(desk, "B", group="A"), look(desk))
    await comes(desk, version=2, urgency="critical")
    await look(desk)
    assert len(await questions(desk)) == 1
    assert (await told(desk)).count("consulted") == 1
    assert await word(desk, case_id) == "asked"


@pytest.mark.parametrize(
    ("check", "found", "asked"),
    [
        ({"when": {"risk_any": ["press"]}}, {}, 0),
        ({"when": {"pii_any": ["phone"]}}, {"text": "bel 0612345678"}, 1),
        ({"when": {"pii_any": ["phone"]}}, {}, 0),
        ({"when": {"risk_any": ["legal_threat"], "urgency": "low"}}, {}, 0),
        ({"when": {"labels_any": ["internet"]}}, {"risk": []}, 1),
        ({"when": {}, "blocks_sending": False}, {"risk": []}, 1),
    ],
)
async def test_the_condition_of_the_brand_book_decides_which_cases_are_for_legal(
    desk: World, check: dict[str, Any], found: dict[str, Any], asked: int
) -> None:
    desk.app.state.policies.check(**check)
    text = found.pop("text", "Ik stap naar de rechter.")
    said = message("A", text, group="A", **{"risk": ["legal_threat"], **found})
    await batch(desk.pool, [event(MentionTriaged, 1, said)])
    await look(desk)
    found_questions = await questions(desk)
    assert len(found_questions) == asked
    if check.get("blocks_sending") is False:
        assert "gaat er geen antwoord" not in found_questions[0]["question"], "what is not so is not said"


async def test_a_correction_and_a_tag_that_make_it_a_case_for_legal_ask_too(desk: World) -> None:
    case_id = await comes(desk, risk=[])
    await look(desk)
    assert (await questions(desk), await word(desk, case_id)) == ([], None)
    await comes(desk, version=2)
    await look(desk)
    assert await word(desk, case_id) == "asked"
    desk.app.state.policies.check(when={"tags_any": ["rechtbank"]})
    other = await comes(desk, "B", risk=[])
    await look(desk)
    assert await word(desk, other) is None
    tagged = await desk.call("PATCH", f"/v1/brands/vaart/cases/{other}/tags", desk.token("agent", sub="gs"), json={"add": ["rechtbank"]})
    assert tagged.status_code == 200, tagged.text
    await look(desk)
    assert await word(desk, other) == "asked"


async def test_history_ended_cases_and_a_brand_without_the_department_ask_nobody(desk: World) -> None:
    ended = await comes(desk, risk=[])
    assert (await post(desk, f"/cases/{ended}/no-reply", {"reason": "bedankje"})).status_code == 200
    await comes(desk, version=2)
    desk.app.state.policies.check(when={}, department="legal")
    await comes(desk, "B")
    await look(desk)
    assert await questions(desk) == []


@pytest.mark.parametrize(
    ("verdict", "says"), [("agreed", "agreed"), ("agreed_with_changes", "agreed_with_changes"), ("refused", "refused")]
)
async def test_the_answer_is_the_word_on_the_case_and_asking_again_takes_it_back(desk: World, verdict: str, says: str) -> None:
    case_id = await comes(desk)
    await look(desk)
    [asked] = await questions(desk)
    assert (await answers(desk, asked["id"], verdict, sub="gs")).status_code == 403
    assert await word(desk, case_id) == "asked"
    assert (await answers(desk, asked["id"], verdict)).status_code == 201
    await look(desk)
    assert await word(desk, case_id) == says
    await comes(desk, "B", group="A")
    await look(desk)
    assert (await word(desk, case_id), len(await questions(desk))) == (says, 1), "their word is on the case, not on a message"
    assert (await post(desk, f"/consultations/{asked['id']}/reopen", {})).status_code == 200
    assert await word(desk, case_id) == "asked"


async def test_legal_answers_by_the_link_of_its_notice_without_log_in(desk: World) -> None:
    case_id = await comes(desk)
    await look(desk)
    [asked] = await questions(desk)
    links: Links = desk.app.state.links
    url = links.url(Click("vaart", "consultation", asked["id"], "juridisch", asked["due_at"], {"turn": "1"}))
    said = {"answer": "Akkoord, mits zonder bedrag.", "verdict": "agreed_with_changes"}
    answer = await desk.client.post(url[url.index("/v1/") :], data=said)
    assert answer.status_code == 200, answer.text
    assert await word(desk, case_id) == "agreed_with_changes"


async def test_a_lead_who_withdraws_the_question_leaves_the_case_without_a_word_and_nobody_is_asked_again(desk: World) -> None:
    case_id = await comes(desk)
    await look(desk)
    [asked] = await questions(desk)
    assert (await post(desk, f"/consultations/{asked['id']}/withdraw", {"reason": "vergissing"})).status_code == 403
    withdrawn = await post(desk, f"/consultations/{asked['id']}/withdraw", {"reason": "vergissing"}, role="lead", sub="mk")
    assert withdrawn.status_code == 200, withdrawn.text
    await comes(desk, "B", group="A")
    await look(desk)
    assert await word(desk, case_id) is None
    assert [question["state"] for question in await questions(desk)] == ["withdrawn"]


async def test_a_question_that_ended_with_its_case_is_asked_again_when_the_case_goes_on(desk: World) -> None:
    case_id = await comes(desk)
    await look(desk)
    [asked] = await questions(desk)
    assert (await post(desk, f"/cases/{case_id}/no-reply", {"reason": "ingetrokken"})).status_code == 200
    await at(desk, asked["due_at"])
    await look(desk)
    assert (await word(desk, case_id), (await questions(desk))[0]["state"]) == (None, "withdrawn")
    reopened = await post(desk, f"/cases/{case_id}/reopen")
    assert reopened.status_code == 200, reopened.text
    await look(desk)
    [again] = await questions(desk)
    assert (again["state"], again["turn"], await word(desk, case_id)) == ("open", 2, "asked")


async def test_the_strictest_word_is_that_of_cases_that_are_put_together_and_each_has_its_own_when_parted(desk: World) -> None:
    first, second = await comes(desk), await comes(desk, "B")
    await look(desk)
    asked = {question["case_id"]: question["id"] for question in await questions(desk)}
    assert (await answers(desk, asked[first], "agreed")).status_code == 201
    merged = await post(desk, f"/cases/{first}/merge", {"case_id": str(second), "reason": "zelfde zaak"})
    assert merged.status_code == 200, merged.text
    await look(desk)
    assert await word(desk, first) == "asked", "one of two was not answered"
    assert (await answers(desk, asked[second], "refused")).status_code == 201
    assert await word(desk, first) == "refused"
    parted = await post(desk, f"/cases/{first}/unmerge", {"case_id": str(second), "reason": "toch niet"})
    assert parted.status_code == 200, parted.text
    await look(desk)
    assert (await word(desk, first), await word(desk, second)) == ("agreed", "refused")
    changed = {said.case.id: (said.previous, said.case.legal_check) for said in await told_as(desk.pool, CaseLegalCheckChanged)}
    assert changed == {first: ("refused", "agreed"), second: ("asked", "refused")}, "and each says that it changed"
    assert len(await questions(desk)) == 2


async def test_what_is_taken_out_of_a_case_is_asked_about_by_itself(desk: World) -> None:
    case_id = await comes(desk)
    await comes(desk, "B", group="A")
    await look(desk)
    answer = await post(desk, f"/cases/{case_id}/split", {"mention_ids": [str(mention_id("B"))], "reason": "ander verhaal"})
    assert answer.status_code in (200, 201), answer.text
    await look(desk)
    cases = {question["case_id"] for question in await questions(desk)}
    assert (len(cases), case_id in cases) == (2, True)
    for one in cases:
        assert await word(desk, one) == "asked"


async def test_a_condition_that_cannot_be_evaluated_is_told_to_the_leads_once(desk: World) -> None:
    desk.app.state.policies.check(when={"severity": "high"})
    await comes(desk)
    await comes(desk, "B")
    await look(desk)
    rows = await desk.pool.fetch("select member, what from notification where what like '%legal check%'")
    assert [row["member"] for row in rows] == ["mk"]
    assert rows[0]["what"].startswith("the condition of the legal check of the brand book (version 2) cannot be evaluated")
    assert await questions(desk) == []


async def test_a_case_with_as_many_questions_as_it_may_have_asks_as_soon_as_there_is_room(desk: World) -> None:
    case_id = await comes(desk, risk=[])
    ids = []
    for n in range(MOST_OPEN):
        said = {"department": "juridisch", "question": f"Vraag {n}"}
        ids.append((await post(desk, f"/cases/{case_id}/consultations", said)).json()["id"])
    await comes(desk, version=2)
    await look(desk)
    assert await word(desk, case_id) is None
    assert (await post(desk, f"/consultations/{ids[0]}/withdraw", {"reason": "dubbel"})).status_code == 200
    await look(desk)
    assert await word(desk, case_id) == "asked"
