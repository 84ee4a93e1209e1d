"""The steps of a reply, the machine's draft of a case, and why a reply waits."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case, CaseMention
from libs.common.errors import Conflict, Forbidden
from libs.common.events import Author, Identity, Mention, SendingLease, Thread, deterministic_id
from libs.common.record import Received
from libs.common.reply_events import ReplySubmitted
from services.responder import clearance, consumer, recipient, reply
from services.responder.follow import follow_case
from services.responder.lease import Lease, waiting
from services.responder.reply import Change, Person, ReplyRow

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
GUUS, MILA, TESS = Person("gs", "agent"), Person("mk", "lead"), Person("tr", "trainee")
BOOK = BrandBook.from_json(
    {
        "brand": "vaart",
        "name": "Vaart",
        "languages": ["nl", "en"],
        "labels": [{"name": "storing"}],
        "team": [
            {"id": "gs", "first_name": "Guus", "initials": "gs"},
            {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"},
            {"id": "tr", "first_name": "Tess", "initials": "tr", "role": "trainee"},
        ],
        "scripts": [{"id": "storing", "label": "storing", "language": "nl", "text": "{groet}, er wordt aan gewerkt. {handtekening}"}],
    }
)


def mention(name: str, channel: str = "twitter", **more: Any) -> Mention:
    given: dict[str, Any] = {
        "id": deterministic_id("vaart", name),
        "brand": "vaart",
        "channel": channel,
        "kind": "post",
        "external_id": f"x-{name}",
        "author": Author(name="Sanne Visser", identities=[Identity(kind="handle", value="sanne", channel=channel)]),
        "text": "mijn internet ligt eruit",
        "posted_at": AT,
        "received_at": AT,
    }
    return Mention(**{**given, **more})


def case_of(latest: Mention | None, **more: Any) -> Case:
    given: dict[str, Any] = {
        "id": deterministic_id("vaart", "case"),
        "brand": "vaart",
        "customer_id": UUID(int=1),
        "group_id": UUID(int=2),
        "state": "open",
        "department": "webcare",
        "owner": "gs",
        "channel": "twitter",
        "language": "nl",
        "sentiment": "negative",
        "urgency": "high",
        "labels": ["storing"],
        "latest": latest,
        "opened_at": AT,
    }
    return Case(**{**given, **more})


CASE = case_of(mention("a"))


def draft(text: str = "Hoi Sanne, ik kijk ernaar. ^gs", case: Case = CASE, **more: Any) -> ReplyRow:
    row = reply.new(
        case,
        BOOK,
        id=uuid4(),
        text=text,
        script=None,
        writer="gs",
        writer_role="agent",
        automatic=False,
        book_version=1,
        at=AT,
        traceparent=None,
    )
    return row.model_copy(update=more)


def take(step: str, row: ReplyRow) -> ReplyRow:
    """One step by somebody who may."""
    steps = {
        "edit": lambda: reply.edit(row, row.text + "!", GUUS, BOOK, "gs", AT),
        "submit": lambda: reply.submit(row, GUUS, BOOK, "gs", AT),
        "approve": lambda: clearance.approve(row, row.digest, GUUS, BOOK, CASE, AT),
        "discard": lambda: reply.discard(row, "toch niet", GUUS, AT),
        "sent": lambda: reply.confirm(row, True, "gezien", GUUS, AT),
        "unsent": lambda: reply.confirm(row, False, "niet gezien", GUUS, AT),
    }
    return steps[step]().row


ALLOWED = {
    ("draft", "edit"): "draft",
    ("draft", "submit"): "submitted",
    ("draft", "discard"): "discarded",
    ("submitted", "edit"): "draft",
    ("submitted", "approve"): "approved",
    ("submitted", "discard"): "discarded",
    ("approved", "discard"): "discarded",
    ("failed", "edit"): "draft",
    ("failed", "discard"): "discarded",
    ("unconfirmed", "sent"): "sent",
    ("unconfirmed", "unsent"): "draft",
}
STATES = ("draft", "submitted", "approved", "sending", "sent", "failed", "unconfirmed", "discarded")
STEPS = ("edit", "submit", "approve", "discard", "sent", "unsent")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_possible_from_its_states_only(state: str, step: str) -> None:
    row = draft(state=state, version=7)
    expected = ALLOWED.get((state, step))
    if expected is None:
        with pytest.raises(Conflict):
            take(step, row)
    else:
        after = take(step, row)
        assert (after.state, after.version) == (expected, 8)


def test_an_edit_takes_approval_submission_and_attempts_back() -> None:
    failed = draft(
        state="failed", approver="mk", approved_at=AT, submitted_at=AT, attempts=3, error="554", attempt_id=uuid4(), legal_by="mk"
    )
    after = take("edit", failed)
    kept = {after.approver, after.approved_at, after.submitted_at, after.error, after.attempt_id, after.legal_by}
    assert kept == {None}
    assert after.attempts == 0
    assert after.digest != failed.digest


def test_the_digest_binds_text_recipient_visibility_and_what_it_answers() -> None:
    others = [
        draft("Hoi Sanne, ik kijk ernaar.  ^gs"),
        draft(case=case_of(mention("a", visibility="private"))),
        draft(case=case_of(mention("b"))),
        draft(case=case_of(mention("a", channel="mastodon"))),
        draft(case=case_of(mention("a", author=Author(identities=[Identity(kind="handle", value="piet")])))),
    ]
    assert len({draft().digest, *(row.digest for row in others)}) == 6
    assert draft().digest == draft().digest


@pytest.mark.parametrize(
    ("writer", "approver", "risk", "error"),
    [
        (GUUS, GUUS, [], None),
        (GUUS, TESS, [], Forbidden),
        (TESS, TESS, [], Forbidden),
        (TESS, GUUS, [], None),
        (TESS, MILA, [], None),
        (GUUS, GUUS, ["press"], Forbidden),
        (GUUS, Person("wv", "spokesperson"), ["press"], None),
        (GUUS, Person("wv", "spokesperson"), ["legal_threat"], Conflict),
    ],
)
def test_who_may_approve_what(writer: Person, approver: Person, risk: list[str], error: type[Exception] | None) -> None:
    case = case_of(mention("a"), risk=risk)
    row = draft(f"Hoi Sanne, ik kijk ernaar. ^{writer.id}", state="submitted", writer=writer.id, writer_role=writer.role)
    if error:
        with pytest.raises(error):
            clearance.approve(row, row.digest, approver, BOOK, case, AT)
    else:
        assert clearance.approve(row, row.digest, approver, BOOK, case, AT).row.approver == approver.id


def book_with(*approvals: dict[str, Any]) -> BrandBook:
    conduct = {**BOOK.conduct.model_dump(mode="json"), "approvals": list(approvals)}
    return BrandBook.from_json({**BOOK.model_dump(mode="json"), "conduct": conduct})


def test_a_legal_check_makes_nobody_the_writer_so_the_submitter_of_a_machines_draft_needs_another_to_approve() -> None:
    book = book_with({"when": {}, "by": ["agent"]})
    [machine] = follow(CASE, "", {}).values()
    checked = clearance.legal_check(machine, machine.digest, "gelezen", MILA, book, AT).row
    assert checked.automatic
    row = reply.submit(checked, MILA, book, "gs", AT).row
    assert (row.writer, row.writer_role, row.submitted_by, row.automatic) == ("mk", "lead", "mk", False)
    signed = row.model_copy(update={"text": row.text.replace("^gs", "^mk")})
    with pytest.raises(Forbidden):
        clearance.approve(signed, signed.digest, MILA, book, CASE, AT)
    assert clearance.approve(signed, signed.digest, GUUS, book, CASE, AT).row.state == "approved"


@pytest.mark.parametrize(
    ("by", "writer", "submitter", "approver", "allowed"),
    [
        (["agent"], GUUS, MILA, MILA, False),
        (["agent"], GUUS, MILA, Person("xx", "agent"), True),
        (["agent"], GUUS, MILA, GUUS, False),
        (["self"], GUUS, GUUS, GUUS, True),
        (["self"], GUUS, MILA, MILA, False),
        (["self", "lead"], GUUS, MILA, MILA, True),
        (["self"], TESS, MILA, MILA, False),
    ],
)
def test_whoever_submitted_it_approves_only_where_the_writer_may(
    by: list[str], writer: Person, submitter: Person, approver: Person, allowed: bool
) -> None:
    book = book_with({"when": {}, "by": by})
    row = draft(f"Hoi Sanne, ik kijk ernaar. ^{writer.id}", writer=writer.id, writer_role=writer.role)
    row = reply.submit(row, submitter, book, "gs", AT).row
    if allowed:
        assert clearance.approve(row, row.digest, approver, book, CASE, AT).row.state == "approved"
    else:
        with pytest.raises(Forbidden):
            clearance.approve(row, row.digest, approver, book, CASE, AT)


def test_what_legal_read_is_not_what_the_case_makes_of_it_later() -> None:
    [machine] = follow(CASE, "", {}).values()
    checked = clearance.legal_check(machine, machine.digest, "gelezen", MILA, BOOK, AT).row
    assert follow(CASE, "open", {checked.id: checked}) == {checked.id: checked}
    other_owner = follow(case_of(mention("a"), owner="mk"), "open", {checked.id: checked})[checked.id]
    assert other_owner.text != checked.text
    assert other_owner.legal_by is None


def part(found: Mention) -> CaseMention:
    return CaseMention(id=found.id, channel=found.channel, visibility=found.visibility, received_at=found.received_at)


def test_a_reply_to_less_than_the_customer_has_written_is_approved_by_who_read_the_rest() -> None:
    row = draft(state="submitted")
    newer = mention("b", received_at=AT + timedelta(seconds=5))
    again = [
        case_of(newer, mentions=[part(mention("a")), part(newer)]),
        case_of(mention("b"), mentions=[part(mention("a")), part(mention("b"))]),
        case_of(newer, mentions=[part(newer)]),
    ]
    for case in again:
        for despite in (None, row.mention_id):
            with pytest.raises(Conflict, match="has come in since; read it first") as refused:
                clearance.approve(row, row.digest, GUUS, BOOK, case, AT, despite=despite)
            assert refused.value.more["newest"] == str(newer.id)
        change = clearance.approve(row, row.digest, GUUS, BOOK, case, AT, despite=newer.id)
        assert change.detail["despite"] == str(newer.id)
    earlier = mention("b", received_at=AT - timedelta(seconds=5))
    for case in (CASE, case_of(None), case_of(earlier, mentions=[part(earlier)])):
        assert clearance.approve(row, row.digest, GUUS, BOOK, case, AT).row.state == "approved", (
            "what it answers was taken back, or is newest"
        )


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("sandbox", [True, False])
def test_a_second_answer_to_the_same_message_is_approved_by_who_read_the_first(state: str, sandbox: bool) -> None:
    row = draft(state="submitted")
    sibling, earlier = (
        draft(state=state, approved_at=AT, sandbox=sandbox),
        draft(state="sent", approved_at=AT - timedelta(days=1), sandbox=True),
    )
    reaches = state in ("approved", "sending", "sent", "unconfirmed") and sandbox == BOOK.pilot
    newest = sibling if reaches else earlier
    for despite in (None, row.id, (earlier if reaches else sibling).id):
        with pytest.raises(Conflict, match="read it first") as refused:
            clearance.approve(row, row.digest, GUUS, BOOK, CASE, AT, others=[earlier, row, sibling], despite_reply=despite)
        assert refused.value.more["sibling"] == str(newest.id)
    change = clearance.approve(row, row.digest, GUUS, BOOK, CASE, AT, others=[earlier, row, sibling], despite_reply=newest.id)
    assert change.detail["despite_reply"] == str(newest.id)
    assert clearance.approve(row, row.digest, GUUS, BOOK, CASE, AT, others=[row]).row.state == "approved"


def test_a_rule_that_cannot_be_evaluated_lets_nobody_approve() -> None:
    book = BOOK.model_copy(deep=True, update={})
    rules = {"approvals": [{"when": {"account": "x-main"}, "by": ["self"]}]}
    book = BrandBook.from_json({**BOOK.model_dump(mode="json"), "conduct": {**BOOK.conduct.model_dump(mode="json"), **rules}})
    row = draft(state="submitted")
    with pytest.raises(Conflict, match="nobody may approve"):
        clearance.approve(row, row.digest, GUUS, book, CASE, AT)


def changes_of(case: Case, rows: list[ReplyRow], was: str = "open") -> list[Change]:
    return follow_case(case, was, rows, BOOK, book_version=1, at=AT, traceparent=None)


def follow(case: Case, was: str, rows: dict[UUID, ReplyRow]) -> dict[UUID, ReplyRow]:
    return {**rows, **{change.row.id: change.row for change in changes_of(case, list(rows.values()), was)}}


def open_drafts(rows: dict[UUID, ReplyRow]) -> list[tuple[UUID | None, str, str | None]]:
    return sorted(((row.mention_id, row.text, row.writer) for row in rows.values() if row.state == "draft"), key=str)


def test_whichever_versions_of_a_case_are_seen_the_newest_decides_the_open_drafts() -> None:
    states = [
        case_of(mention("a"), state="new", owner=None),
        case_of(mention("a"), owner="mk"),
        case_of(mention("b"), owner="gs"),
        case_of(mention("b"), state="resolved"),
        case_of(mention("b"), state="waiting"),
        case_of(mention("a"), owner="gs"),
        case_of(mention("a"), labels=["factuur"]),
    ]
    for newest in states:
        outcomes = set()
        for seen in permutations([case for case in states if case is not newest], 2):
            rows: dict[UUID, ReplyRow] = {}
            was = ""
            for case in (*seen, newest):
                rows = follow(case, was, rows)
                was = case.state
            outcomes.add(str(open_drafts(rows)))
        assert outcomes == {str(open_drafts(follow(newest, "", {})))}


def test_following_a_case_again_changes_nothing() -> None:
    rows = follow(CASE, "new", {})
    assert follow_case(CASE, "open", list(rows.values()), BOOK, book_version=1, at=AT, traceparent=None) == []


def test_what_a_person_did_to_a_draft_is_theirs() -> None:
    [machine] = follow(CASE, "", {}).values()
    edited = take("edit", machine)
    assert follow(case_of(mention("b")), "open", {edited.id: edited})[edited.id] == edited, "a newer message leaves it"
    thrown = take("discard", machine)
    assert follow(CASE, "open", {thrown.id: thrown}) == {thrown.id: thrown}, "it does not come back"
    replaced = reply.replaced(machine, GUUS, AT).row
    mine = draft()
    assert open_drafts(follow(CASE, "open", {replaced.id: replaced, mine.id: mine})) == [(mine.mention_id, mine.text, "gs")]
    gone = take("discard", mine)
    assert open_drafts(follow(CASE, "open", {replaced.id: replaced, gone.id: gone})) == [(machine.mention_id, machine.text, "gs")]


@pytest.mark.parametrize("state", ["merged", "withdrawn", "resolved", "closed"])
def test_a_case_that_ends_takes_drafts_along_and_what_was_approved_only_when_all_was_taken_back(state: str) -> None:
    rows = {row.id: row for row in (draft(state=s) for s in STATES)}
    after = follow(case_of(mention("a"), state=state), "open", rows)
    expected = {"draft", "submitted"} | ({"approved", "sending"} if state == "withdrawn" else set())
    assert {rows[id].state for id in rows if after[id] != rows[id]} == expected
    assert all(after[id].state == "discarded" for id in rows if after[id] != rows[id])


def test_a_decision_not_to_reply_takes_along_what_was_approved_and_has_not_begun_to_leave() -> None:
    rows = {row.id: row for row in (draft(state=s) for s in STATES)}
    after = follow(case_of(mention("a"), state="resolved", unanswered=True), "open", rows)
    assert {rows[id].state for id in rows if after[id] != rows[id]} == {"draft", "submitted", "approved", "sending"}
    assert {after[id].state for id in rows if after[id] != rows[id]} == {"discarded"}


def test_what_was_approved_waits_for_another_approval_when_the_customer_writes_again() -> None:
    newer = mention("b", received_at=AT + timedelta(seconds=5))
    latest = mention("c", received_at=AT + timedelta(seconds=9))
    again = case_of(newer, mentions=[part(mention("a")), part(newer)])
    approved = draft(
        state="approved", approver="gs", approved_at=AT, next_attempt_at=AT, attempts=2, error="451", legal_by="mk", submitted_by="gs"
    )
    [change] = [change for change in changes_of(again, [approved]) if change.row.id == approved.id]
    assert (change.what, change.event, change.detail["newest"]) == ("put_back", ReplySubmitted, str(newer.id))
    back = change.row
    assert (back.state, back.version, back.legal_by, back.submitted_by) == ("submitted", 2, "mk", "gs")
    assert {back.approver, back.approved_at, back.next_attempt_at, back.error, back.despite} == {None}
    with pytest.raises(Conflict, match="newer message has come in"):
        clearance.approve(back, back.digest, GUUS, BOOK, again, AT)
    read = clearance.approve(back, back.digest, GUUS, BOOK, again, AT, despite=newer.id).row
    assert follow(again, "open", {read.id: read})[read.id] == read, "whoever approved it had read that message"
    further = case_of(latest, mentions=[part(mention("a")), part(newer), part(latest)])
    assert follow(further, "open", {read.id: read})[read.id].state == "submitted", "but not this one"


@pytest.mark.parametrize(
    ("state", "transmitting", "after"),
    [("sending", False, "submitted"), ("sending", True, "sending"), ("sent", False, "sent"), ("unconfirmed", True, "unconfirmed")],
)
def test_what_has_begun_to_leave_is_not_put_back(state: str, transmitting: bool, after: str) -> None:
    newer = mention("b", received_at=AT + timedelta(seconds=5))
    row = draft(state=state, transmitting=transmitting, attempt_id=uuid4())
    found = follow(case_of(newer, mentions=[part(mention("a")), part(newer)]), "open", {row.id: row})[row.id]
    assert found.state == after
    assert (found.attempt_id is None) == (after == "submitted"), "the attempt that had claimed it can no longer begin"


@pytest.mark.parametrize("state", ["merged", "withdrawn"])
def test_nothing_is_approved_in_a_case_without_a_message(state: str) -> None:
    row = draft(state="submitted")
    with pytest.raises(Conflict, match=f"This case is {state}"):
        clearance.approve(row, row.digest, GUUS, BOOK, case_of(None, state=state), AT)


def test_a_mail_is_answered_at_its_address_in_its_thread() -> None:
    author = Author(name="Sanne", identities=[Identity(kind="handle", value="sanne"), Identity(kind="email", value="sanne@klant.example")])
    thread = Thread(id="1@klant.example", in_reply_to="<2@vaart.example>")
    found = recipient.recipient_of(mention("m", "email", author=author, thread=thread, title="Internet", url="mid:3%2B@klant.example"))
    assert found is not None
    assert (found.kind, found.value, found.subject) == ("email", "sanne@klant.example", "Internet")
    assert found.references == ("<1@klant.example>", "<2@vaart.example>", "<3+@klant.example>")
    assert recipient.recipient_of(mention("m", "email")) is None, "a handle is no address"


@pytest.mark.parametrize(
    "id", ["<1@klant.example>\r\nBcc: x@y.example", "<>", "1@k\u00e9.example", "1 2@klant.example", "a><b@klant.example"]
)
def test_what_could_break_a_header_is_no_message_id(id: str) -> None:
    author = Author(identities=[Identity(kind="email", value="sanne@klant.example")])
    found = recipient.recipient_of(mention("m", "email", author=author, thread=Thread(id=id)))
    assert found is not None
    assert found.references == ()


def lease(seconds_ago: float = 0.5, hold_version: int = 1, held: bool = False, reason: str | None = None, book_version: int = 7) -> Lease:
    return Lease("vaart", hold_version, AT - timedelta(seconds=seconds_ago), held, reason, book_version)


@pytest.mark.parametrize(
    ("found", "more", "expected"),
    [
        (None, {}, "No sending lease of this brand has been seen yet."),
        (lease(), {}, "It is about to be sent."),
        (lease(4), {}, "No sending lease since"),
        (lease(-4), {}, "from the future"),
        (lease(held=True, reason="storing"), {}, "Sending is held: storing."),
        (lease(book_version=8), {}, "Version 8 of the brand book has not been read here yet."),
        (lease(), {"error": "451 later", "attempts": 2, "next_attempt_at": AT + timedelta(seconds=9)}, "Attempt 2 failed (451 later)"),
    ],
)
def test_an_approved_reply_says_why_it_waits(found: Lease | None, more: dict[str, Any], expected: str) -> None:
    row = draft(state="approved", **more)
    assert expected in " ".join(waiting(row, found, book_version=7, lease_s=3, now=AT))
    assert waiting(draft(), found, book_version=7, lease_s=3, now=AT) == []


def test_leases_are_ordered_by_hold_then_time_so_an_old_lease_never_lifts_a_hold() -> None:
    ordered = [lease(9, 1), lease(1, 1), lease(5, 2, held=True), lease(0, 2, held=True), lease(3, 3)]
    for earlier, later in pairwise(ordered):
        assert later.newer_than(earlier)
        assert not earlier.newer_than(later)
    assert not lease().newer_than(lease())


@pytest.mark.parametrize(("decided", "counts_from"), [(None, 0), (-4, -4), (2, 0)])
def test_a_lease_counts_from_its_decision_and_never_from_after_the_broker_had_it(decided: int | None, counts_from: int) -> None:
    decided_at = None if decided is None else AT + timedelta(seconds=decided)
    event = SendingLease(brand="vaart", book_version=7, held=False, hold_version=1, decided_at=decided_at)
    received = Received(event, "id", "vaart", 1, AT, None, "weerklank.holds.v1", 0, 0, "vaart", AT)
    work = consumer.HoldWork()
    consumer.on_lease(work, received)
    assert work.leases["vaart"].renewed_at == AT + timedelta(seconds=counts_from)
    assert work.leases["vaart"].book_version == 7
