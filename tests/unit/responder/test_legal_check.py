"""The legal department's word on a case, and what it means for the case's replies."""

from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.errors import Conflict, Forbidden
from services.responder import approval, clearance, reply
from services.responder.follow import follow_case
from services.responder.reply import Change, Person, ReplyRow
from tests.unit.responder.test_reply import AT, BOOK, GUUS, MILA, TESS, case_of, draft, mention

CASE = case_of(mention("a"), labels=[])
"""Without a script, so that there is no machine's draft."""


def told(answer: str | None, **more: Any) -> Case:
    return case_of(mention("a"), labels=[], legal_check=answer, **more)


def book(**check: Any) -> BrandBook:
    conduct = {**BOOK.conduct.model_dump(mode="json"), "legal_check": check, "approvals": [{"when": {}, "by": ["self"]}]}
    return BrandBook.from_json({**BOOK.model_dump(mode="json"), "conduct": conduct})


THREATS = book(when={"risk_any": ["legal_threat"]})


def submitted(**more: Any) -> ReplyRow:
    return reply.submit(draft(case=CASE, **more), GUUS, THREATS, "gs", AT).row


def approve(row: ReplyRow, case: Case, rules: BrandBook = THREATS) -> Change:
    return clearance.approve(row, row.digest, GUUS, rules, case, AT)


def follow(case: Case, *rows: ReplyRow, rules: BrandBook = THREATS) -> list[Change]:
    return follow_case(case, "open", rows, rules, book_version=1, at=AT, traceparent=None)


@pytest.mark.parametrize(
    ("answer", "risk", "read", "blocks", "approved"),
    [
        (None, [], False, True, True),
        (None, ["legal_threat"], False, True, False),
        (None, ["legal_threat"], True, True, True),
        ("asked", [], False, True, False),
        ("asked", ["legal_threat"], True, True, False),
        ("refused", [], False, True, False),
        ("refused", [], True, True, False),
        ("agreed", ["legal_threat"], False, True, True),
        ("agreed_with_changes", [], False, True, False),
        ("agreed_with_changes", [], True, True, True),
        ("something new", [], True, True, False),
        ("asked", ["legal_threat"], False, False, True),
        ("refused", [], False, False, True),
    ],
)
def test_a_reply_is_approved_where_legal_agreed_and_where_nobody_asks_it_to(
    answer: str | None, risk: list[str], read: bool, blocks: bool, approved: bool
) -> None:
    rules = book(when={"risk_any": ["legal_threat"]}, blocks_sending=blocks)
    row, case = submitted(legal_by="jur" if read else None, legal_under=answer if read else None), told(answer, risk=risk)
    if approved:
        assert approve(row, case, rules).row.state == "approved"
        return
    with pytest.raises(Conflict) as refused:
        approve(row, case, rules)
    assert refused.value.more == {"legal_check": answer}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "The brand book has legal read this text first. Record that they did with …/legal-check, then approve."),
        ("asked", "Legal was asked about this case and has not agreed. Approve once they agree"),
        ("refused", "Legal refused an answer to this case. Write another answer, and ask them again"),
        (
            "agreed_with_changes",
            "Legal agreed with changes, and nobody has recorded that this text has them. Make the changes, record that",
        ),
    ],
)
def test_a_refusal_says_what_it_waits_for_and_what_to_do(answer: str | None, says: str) -> None:
    with pytest.raises(Conflict) as refused:
        approve(submitted(), told(answer, risk=["legal_threat"]))
    assert refused.value.detail.startswith(says)


@pytest.mark.parametrize("state", ["approved", "sending"])
@pytest.mark.parametrize("answer", ["asked", "refused", "agreed_with_changes"])
def test_what_was_approved_before_the_check_was_asked_is_submitted_again(state: str, answer: str) -> None:
    row = approve(submitted(), CASE).row.model_copy(update={"state": state, "attempt_id": uuid4() if state == "sending" else None})
    [change] = follow(told(answer), row)
    assert (change.row.state, change.row.approver, change.row.attempt_id, change.row.submitted_by) == ("submitted", None, None, "gs")
    assert change.detail["legal_check"] == answer
    with pytest.raises(Conflict):
        approve(change.row, told(answer))


def test_what_begins_to_be_transmitted_is_past_the_check() -> None:
    row = approve(submitted(), CASE).row.model_copy(update={"state": "sending", "transmitting": True})
    assert follow(told("asked"), row) == []


def test_what_was_approved_stays_so_where_the_check_blocks_nothing() -> None:
    rules = book(when={}, blocks_sending=False)
    row = approve(submitted(), CASE, rules).row
    assert follow(told("asked"), row, rules=rules) == []


def test_what_legal_agreed_to_stays_approved_while_the_case_goes_on() -> None:
    row = approve(submitted(), told("agreed")).row
    assert follow(told("agreed", urgency="low"), row) == []
    [change] = follow(told("asked"), row)
    assert change.row.state == "submitted", "they are asked again"


def test_a_risk_that_turns_up_takes_an_approval_back_before_legal_is_asked() -> None:
    row = approve(submitted(), CASE).row
    [change] = follow(told(None, risk=["legal_threat"]), row)
    assert (change.row.state, change.detail["why"]) == ("submitted", "the brand book has legal read this text first")


def test_a_condition_that_cannot_be_evaluated_lets_nothing_leave() -> None:
    row, rules = approve(submitted(), CASE).row, book(when={"account": "x"})
    [change] = follow(CASE, row, rules=rules)
    assert change.row.state == "submitted"
    assert "cannot be evaluated" in change.detail["why"]
    with pytest.raises(Conflict, match="cannot be evaluated"):
        approve(change.row, CASE, rules)


def test_what_only_routing_can_tell_of_a_case_is_left_to_routing() -> None:
    rules = book(when={"pii_any": ["iban"]})
    assert approve(submitted(), told(None), rules).row.state == "approved"
    with pytest.raises(Conflict):
        approve(submitted(), told("asked"), rules)
    with pytest.raises(Conflict, match="first"):
        approve(submitted(), told(None, tags=["rechtbank"]), book(when={"tags_any": ["rechtbank"]}))


def test_what_legal_had_read_does_not_count_once_it_is_asked_about_the_case() -> None:
    """The changes that they ask for later are changes of that very text."""
    for row in (draft(case=CASE, legal_by="jur"), submitted(legal_by="jur")):
        [change] = follow(told("asked"), row)
        assert (change.what, change.row.legal_by, change.row.state) == ("legal_void", None, row.state)
    row = approve(submitted(legal_by="jur"), told(None, risk=["legal_threat"])).row
    [change] = follow(told("asked"), row)
    assert (change.row.state, change.row.legal_by) == ("submitted", None)
    assert follow(told("agreed_with_changes"), submitted(legal_by="gs")) == []
    with pytest.raises(Conflict, match="agreed with changes"):  # read before they were asked, in a case that was put into this one
        approve(submitted(legal_by="jur"), told("agreed_with_changes"))


def test_a_machines_draft_that_legal_had_read_has_one_version_a_change() -> None:
    case = case_of(mention("a"), legal_check="asked")
    [drafted] = follow(case_of(mention("a")))
    row = drafted.row.model_copy(update={"legal_by": "jur"})
    changes = follow(case.model_copy(update={"owner": "mk"}), row)
    assert [change.row.version for change in changes] == [2, 3]
    assert changes[-1].row.legal_by is None


@pytest.mark.parametrize(
    ("answer", "person", "outcome"),
    [
        (None, GUUS, Forbidden),
        (None, MILA, None),
        ("asked", MILA, Conflict),
        ("refused", MILA, Conflict),
        ("agreed", MILA, None),
        ("agreed_with_changes", GUUS, None),
        ("agreed_with_changes", TESS, Forbidden),
    ],
)
def test_who_records_that_a_text_is_as_legal_wants_it(answer: str | None, person: Person, outcome: type[Exception] | None) -> None:
    row = submitted()
    if outcome is None:
        assert clearance.legal_check(row, row.digest, "zo is het", person, THREATS, AT, answer=answer).row.legal_by == person.id
        return
    with pytest.raises(outcome):
        clearance.legal_check(row, row.digest, "zo is het", person, THREATS, AT, answer=answer)


def test_the_department_of_the_book_records_it_whatever_its_name() -> None:
    juridisch = {"id": "juridisch", "name": "Juridische zaken", "members": ["gs"]}
    departments = [*BOOK.model_dump(mode="json")["departments"], juridisch]
    conduct = {**BOOK.conduct.model_dump(mode="json"), "legal_check": {"department": "juridisch"}}
    rules = BrandBook.from_json({**BOOK.model_dump(mode="json"), "conduct": conduct, "departments": departments})
    row = submitted()
    assert clearance.legal_check(row, row.digest, "gelezen", GUUS, rules, AT).row.legal_by == "gs"


@pytest.mark.parametrize("order", list(permutations([None, "asked", "refused", "agreed"])))
def test_whichever_word_is_the_newest_decides_whether_an_approved_reply_may_leave(order: tuple[str | None, ...]) -> None:
    row = approve(submitted(), CASE).row
    for answer in order:
        for change in follow(told(answer), row):
            row = change.row
    assert (row.state == "submitted") == any(answer in ("asked", "refused") for answer in order)
    assert (approval.legal_objection(THREATS, order[-1], asked_for=False, read=False) is None) == (order[-1] in (None, "agreed"))
