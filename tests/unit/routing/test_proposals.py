"""What is proposed of a case's mentions orders work and buries nobody; what a person chose stands."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.common.brandbook import BrandBook
from libs.common.case_events import CaseRevised, Rounds
from libs.common.events import Findings, MentionTriaged, Respond, TriagedMention
from libs.common.hours import Calendar
from services.routing import proposal
from services.routing.case import case_id_of
from services.routing.case_work import CaseWork
from services.routing.consumer import on_mention, on_reply_sent
from services.routing.route import facts, route
from services.routing.sla import Policy
from services.routing.turn import end, left_unanswered, reopened, resolved
from tests.unit.routing.test_case import Desk
from tests.unit.routing.test_permutations import BOOK, POLICIES, START, OneBook, event, mention_id, revised, state
from tests.unit.routing.test_turns import A1, B1, A, heard, sent

REPLY, CLARIFY = Respond(decision="reply", reason="Asks something."), Respond(decision="ask_clarification", reason="A bare call.")
NO_REPLY, HIDE = Respond(decision="no_reply", reason="Friends among themselves."), Respond(decision="hide", reason="Abuse.")
CHOSEN = Respond(decision="no_reply", reason="A joke.", by="gs")
UNKNOWN = Respond(decision="escalate", reason="A newer triage says so.")


def book(share: float = 0.0, **more: Any) -> BrandBook:
    return BrandBook.model_validate(BOOK.model_dump(mode="json", by_alias=True) | {"conduct": {"no_reply_sample": share}} | more)


def policies(share: float = 0.0, **more: Any) -> Any:
    found = book(share, **more)
    return OneBook(Policy(found, Calendar.of(found), 1))


def opened(*mentions: TriagedMention, policies: Any = POLICIES) -> CaseWork:
    work = CaseWork(policies, START)
    for number, triaged in enumerate(mentions):
        on_mention(work, event(MentionTriaged, 1 + number, triaged))
    return work


def about_of(mention: TriagedMention, ruled: BrandBook) -> dict[str, object]:
    return facts([mention], Policy(ruled, Calendar.of(ruled), 1), opened(mention).files[A].case)


def proposed(**more: Any) -> TriagedMention:
    """A, a normal question in itself."""
    return state("A", "A", **{"urgency": "normal", **more})


# --- which mention a case is to be answered for -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("responds", "expected"),
    [
        pytest.param([REPLY, NO_REPLY], "A", id="a question and a thank-you"),
        pytest.param([NO_REPLY, REPLY], "B", id="a joke and a question"),
        pytest.param([REPLY, REPLY], "B", id="two questions: the newest"),
        pytest.param([REPLY, CLARIFY], "A", id="a question and a bare call"),
        pytest.param([HIDE, NO_REPLY], "A", id="abuse and a thank-you"),
        pytest.param([None, NO_REPLY], "A", id="what was never proposed may be a question"),
        pytest.param([UNKNOWN, NO_REPLY], "A", id="and so may what only a newer triage knows"),
        pytest.param([None, CLARIFY], "B", id="but a call asks more"),
    ],
)
def test_a_case_is_to_be_answered_for_the_open_mention_that_asks_most(responds: Sequence[Respond | None], expected: str) -> None:
    mentions = [state(name, "A", respond=respond, intent=f"of {name}") for name, respond in zip("AB", responds, strict=True)]
    case = opened(*mentions).files[A].case
    assert case.intent == f"of {expected}"
    asked = responds["AB".index(expected)]
    assert (case.respond, case.respond_reason, case.respond_by) == ((asked.decision, asked.reason, None) if asked else (None, None, None))


def test_what_was_answered_asks_no_more_whichever_comes_first() -> None:
    a, b = (event(MentionTriaged, 1, state(name, "A", respond=respond)) for name, respond in (("A", REPLY), ("B", NO_REPLY)))
    found = [heard(order).files[A].case for order in ([a, b, sent("A")], [a, sent("A"), b])]
    assert [case.respond for case in found] == ["no_reply", "no_reply"]
    assert len({tuple(getattr(case, name) for name in proposal.NOTHING) for case in found}) == 1


def test_a_second_reply_that_leaves_another_question_tells_that_the_case_is_about_that() -> None:
    a, b, c = (event(MentionTriaged, 1, state(n, "A", respond=r)) for n, r in (("A", REPLY), ("B", REPLY), ("C", NO_REPLY)))
    work = heard([a, sent("A"), b, c])
    assert work.files[A].case.respond == "reply"
    version = work.files[A].version
    on_reply_sent(work, sent("B", minutes=30))
    told = work.outgoing[-1]
    assert (work.files[A].case.respond, told.version > version, told.event.case.respond) == ("no_reply", True, "no_reply")  # type: ignore[attr-defined]


def test_a_case_that_lost_its_messages_proposes_nothing() -> None:
    work = opened(proposed(respond=NO_REPLY, go_private=True, topic_id=uuid4()), policies=policies(1.0))
    assert (work.files[A].case.respond, work.files[A].case.sample) == ("no_reply", True)
    on_mention(work, event(MentionTriaged, 2, state("A", "A", removed=True, respond=NO_REPLY)))
    case = work.files[A].case
    assert {name: getattr(case, name) for name in proposal.NOTHING} == proposal.NOTHING


def test_a_case_names_its_topic_and_the_case_of_the_earlier_question() -> None:
    topic = uuid4()
    a, b = state("A", "A"), state("B", "A")
    a = a.model_copy(update={"topic_id": topic, "follows": mention_id("D")})
    case = opened(a, b).files[A].case
    assert (case.topic_id, case.follows) == (topic, case_id_of("vaart", mention_id("D")))


# --- what a proposal does, and what it does not -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("respond", "urgency", "share", "priority"),
    [
        pytest.param(REPLY, "normal", 0.0, "normal", id="a question"),
        pytest.param(None, "normal", 0.0, "normal", id="nothing is proposed"),
        pytest.param(NO_REPLY, "normal", 0.0, "low", id="no reply waits behind others"),
        pytest.param(HIDE, "normal", 0.0, "low", id="and so does abuse"),
        pytest.param(NO_REPLY, "normal", 1.0, "normal", id="but not what people are asked to judge"),
        pytest.param(NO_REPLY, "critical", 0.0, "urgent", id="nor what is urgent"),
        pytest.param(HIDE, "high", 0.0, "high", id="a threat is looked at"),
    ],
)
def test_a_case_opens_with_its_clocks_whatever_is_proposed(respond: Respond | None, urgency: str, share: float, priority: str) -> None:
    case = opened(proposed(respond=respond, urgency=urgency), policies=policies(share)).files[A].case
    asked = opened(proposed(respond=REPLY, urgency=urgency), policies=policies(share)).files[A].case
    assert (case.state, case.clocks, case.owner, case.department) == ("new", asked.clocks, asked.owner, asked.department)
    assert case.priority == priority
    assert case.sample == (share == 1 and respond == NO_REPLY)


def test_a_rule_that_raises_the_priority_holds_for_what_gets_no_reply_too() -> None:
    raised = book(routing=[{"when": {"respond": "no_reply"}, "department": "billing", "priority": "high"}])
    assert route(raised, about_of(proposed(respond=NO_REPLY), raised), is_quiet=True).priority == "high"


def test_rules_can_ask_for_intent_respond_department_and_personal_data() -> None:
    asks = {"intent": "billing", "respond": ["reply", "ask_clarification"], "department": "billing"}
    ruled = book(routing=[{"when": asks, "department": "technical"}])
    about = about_of(proposed(respond=CLARIFY, intent="billing", department="billing"), ruled)
    assert route(ruled, about).department == "technical"
    assert route(ruled, about | {"intent": "outage", "department": None}).rule == "fallback: no rule matches"
    assert about["pii"] == []


@pytest.mark.parametrize(
    ("department", "corrected", "expected"),
    [
        pytest.param("billing", [], "billing", id="a proposal, where no rule decides"),
        pytest.param("legal", [], "webcare", id="one that the book does not have"),
        pytest.param("none", [], "webcare", id="nothing to do: somebody looks all the same"),
        pytest.param(None, [], "webcare", id="nothing proposed"),
        pytest.param("billing", ["department"], "billing", id="a person said so"),
        pytest.param("none", ["department"], "webcare", id="a person said that there is nothing to do"),
    ],
)
def test_where_no_rule_decides_the_proposed_department_has_it(department: str | None, corrected: list[str], expected: str) -> None:
    triaged = proposed(department=department, corrected=corrected)
    assert opened(triaged, policies=policies(routing=[])).files[A].case.department == expected


def test_a_rule_goes_before_a_proposal_and_a_persons_correction_before_a_rule() -> None:
    assert opened(proposed(department="billing")).files[A].case.department == "technical", "labels_any internet"
    work = opened(proposed(department="billing", corrected=["department"]))
    assert (work.files[A].case.department, work.files[A].case.owner) == ("billing", "bb")
    assert work.files[A].rule == "corrected: billing; rule 3: labels_any internet"


def test_the_sample_is_the_share_that_the_book_says_and_the_same_everywhere() -> None:
    ids = [mention_id(str(n)) for n in range(4000)]
    assert 0.08 < sum(proposal.sampled(one, 0.1) for one in ids) / len(ids) < 0.12
    assert not any(proposal.sampled(one, 0.0) for one in ids)
    assert all(proposal.sampled(one, 1.0) for one in ids)
    assert [n for n, one in enumerate(ids[:12]) if proposal.sampled(one, 0.3)] == [6, 7, 11]


@pytest.mark.parametrize("respond", [REPLY, CLARIFY, HIDE, CHOSEN, None])
def test_only_a_proposal_of_no_reply_is_in_the_sample(respond: Respond | None) -> None:
    work = opened(proposed(respond=respond), policies=policies(1.0))
    assert (work.files[A].case.sample, work.sampled) == (False, {})


def test_what_is_put_before_people_is_counted_when_it_is() -> None:
    work = opened(proposed(respond=NO_REPLY), policies=policies(1.0))
    assert work.sampled == {mention_id("A"): "vaart"}
    hidden = opened(proposed(respond=REPLY), state("B", "A", respond=NO_REPLY), policies=policies(1.0))
    assert hidden.sampled == {}, "a thank-you after an open question is nobody's to judge"
    on_reply_sent(hidden, sent("A"))
    assert hidden.sampled == {mention_id("B"): "vaart"}, "until that question is answered"
    on_reply_sent(hidden, sent("B", minutes=25))
    assert [(one.mention_id, one.overruled) for one in hidden.answered] == [(mention_id("A"), True), (mention_id("B"), True)]


# --- what triage finds otherwise later --------------------------------------------------------------------------------------------------


def test_a_revision_reaches_a_case_that_nobody_touched_as_if_it_had_been_known_from_the_start() -> None:
    later = state("A", "A", urgency="critical", labels=[], sentiment="positive", respond=CLARIFY, intent="question", department="billing")
    work = opened(proposed())
    before = work.files[A].case
    on_mention(work, revised(2, later, why="depth", actor="system"))
    case = work.files[A].case
    assert case == opened(later).files[A].case
    assert (case.urgency, case.priority, case.sentiment, case.department, case.respond) == (
        "critical", "urgent", "positive", "billing", "ask_clarification",
    )  # fmt: skip
    assert case.clocks[0].due_at < before.clocks[0].due_at
    told: Any = work.outgoing[-1].event
    assert isinstance(told, CaseRevised)
    assert (told.mention_id, told.why, told.actor, told.case) == (mention_id("A"), "depth", "system", case)


def test_a_revision_of_what_people_work_on_changes_what_is_known_and_tells_its_owner_when_it_is_urgent() -> None:
    desk = Desk()
    file = desk.file(A)
    file.touched = True
    before = file.case
    on_mention(desk.work, revised(2, state("A", "A", urgency="critical", respond=NO_REPLY)))
    assert (file.case.urgency, file.case.respond) == ("critical", "no_reply")
    assert (file.case.owner, file.case.department, file.case.priority, file.case.clocks, file.case.state) == (
        before.owner, before.department, before.priority, before.clocks, before.state,
    )  # fmt: skip
    assert [(member, what) for _, _, member, _, _, what in desk.work.notifications] == [(before.owner, "urgency critical")]
    on_mention(desk.work, revised(3, state("A", "A", urgency="low", respond=NO_REPLY)))
    assert len(desk.work.notifications) == 1


def test_what_turns_out_to_be_worse_is_told_to_whom_the_book_tells() -> None:
    """In a storm the cheap way comes first, and a legal threat is found by the deeper look."""
    rules = [{"when": {"risk_any": ["legal_threat"]}, "department": "billing", "tell": ["lead"]}, {"department": "technical"}]
    work = opened(proposed(), policies=policies(routing=rules))
    assert work.notifications == []
    on_mention(work, revised(2, proposed(risk=["legal_threat"], urgency="critical"), why="depth", actor="system"))
    assert [(member, what) for _, _, member, _, _, what in work.notifications] == [("mk", "urgency critical, risk legal_threat")]
    on_mention(work, revised(3, proposed(risk=["legal_threat"], urgency="critical", sentiment="neutral"), why="depth", actor="system"))
    assert len(work.notifications) == 1


@pytest.mark.parametrize("how", ["resolved", "waiting", "unanswered"])
def test_a_revision_wakes_nothing(how: str) -> None:
    work = heard([A1, B1])
    file, at = work.files[A], START + timedelta(minutes=9)
    if how == "resolved":
        resolved(file, at)
    elif how == "waiting":
        on_reply_sent(work, sent("B"))
    else:
        end(file, at)
        left_unanswered(file, CHOSEN, at)
    before = file.case
    on_mention(work, revised(2, state("A", "A", urgency="critical", risk=["press"], respond=REPLY)))
    after = file.case
    assert (after.state, after.clocks, after.earlier, after.resolved_at) == (
        before.state,
        before.clocks,
        before.earlier,
        before.resolved_at,
    )
    assert [type(outgoing.event) for outgoing in work.outgoing][-1] is CaseRevised


def test_a_revision_that_changes_nothing_that_a_case_tells_is_no_version_of_it() -> None:
    work = heard([A1])
    version = work.files[A].version
    on_mention(work, revised(2, state("A", "A", language_confidence=0.5)))
    assert work.files[A].version == version


def test_what_a_person_chose_here_stands_whatever_triage_says_next() -> None:
    work = opened(proposed(respond=REPLY))
    copy = work.copies[mention_id("A")]
    chosen = copy.triaged.model_copy(update={"findings": copy.triaged.findings.model_copy(update={"respond": CHOSEN})})
    assert proposal.with_choice(state("A", "A", respond=REPLY), chosen).findings.respond == CHOSEN
    assert proposal.with_choice(state("A", "A", respond=REPLY), copy.triaged).findings.respond == REPLY
    work.copies[mention_id("A")] = type(copy)(chosen, copy.version, copy.case_id, copy.traceparent)
    on_mention(work, revised(2, state("A", "A", respond=REPLY, urgency="high")))
    case = work.files[A].case
    assert (case.respond, case.respond_reason, case.respond_by, case.urgency) == ("no_reply", "A joke.", "gs", "high")


# --- deliberately no reply --------------------------------------------------------------------------------------------------------------


def after_no_reply(work: CaseWork, minutes: int) -> Any:
    file, at = work.files[A], START + timedelta(minutes=minutes)
    end(file, at)
    left_unanswered(file, CHOSEN, at)
    return file


@pytest.mark.parametrize(
    ("minutes", "earlier"),
    [(10, []), (31, [Rounds(kind="reaction", breached=1)])],
    ids=["in time: neither met nor breached", "too late: what ran out before stays counted"],
)
def test_no_reply_is_no_reaction(minutes: int, earlier: list[Rounds]) -> None:
    file = after_no_reply(heard([A1]), minutes)
    case = file.case
    assert (case.state, case.clocks, case.earlier, case.resolved_at) == ("resolved", [], earlier, START + timedelta(minutes=minutes))
    assert (case.respond, case.respond_reason, case.respond_by, case.replied_at) == ("no_reply", "A joke.", "gs", None)


def test_a_message_after_no_reply_begins_a_round_and_the_old_one_is_no_breach() -> None:
    work = heard([A1])
    file = after_no_reply(work, 10)
    late = state("B", "A", respond=REPLY)
    late = late.model_copy(update={"mention": late.mention.model_copy(update={"received_at": START + timedelta(days=9)})})
    on_mention(work, event(MentionTriaged, 1, late))
    case = file.case
    assert (case.state, case.earlier, case.respond, case.respond_by) == ("open", [], "reply", None)
    assert {clock.started_at for clock in case.clocks} == {late.mention.received_at}


def test_no_reply_that_is_reopened_runs_new_clocks() -> None:
    work = heard([A1])
    file, at = after_no_reply(work, 10), START + timedelta(minutes=20)
    reopened(POLICIES.policy, file, work.mentions_of(A), at)
    assert (file.case.state, {clock.started_at for clock in file.case.clocks}, file.case.earlier) == ("open", {at}, [])


def test_no_reply_goes_on_in_the_case_that_it_is_merged_into() -> None:
    desk = Desk()
    file = desk.file(case_id_of("vaart", mention_id("B")))
    end(file, START + timedelta(minutes=5))
    left_unanswered(file, CHOSEN, START + timedelta(minutes=5))
    desk.merge()
    case = desk.file(A).case
    assert (case.state, case.clocks, case.earlier) == ("resolved", [], [])


def test_findings_without_a_proposal_are_those_from_before_there_were_any() -> None:
    assert Findings.model_fields["respond"].default is None
    assert opened(proposed()).files[A].case.respond is None
