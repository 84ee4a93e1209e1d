"""One made-up example of every event, as it would stand in Kafka. Nobody and nothing in them exists.

They tell one story: somebody of `vaart`, an invented brand, has no internet, asks twice, and is answered. `cli/contracts.py` writes them to
`docs/schemas/`, and the contract tests read each back as a service would.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cli import example_incidents
from libs.common import case_events as c
from libs.common import delivery_events as d
from libs.common import events as e
from libs.common import outbox
from libs.common import post_events as p
from libs.common import reply_events as r
from libs.common.answer_events import ConsultationMailed
from libs.common.bookfile import load_book
from libs.common.incident_events import IncidentEvent
from libs.common.outbox import Outgoing
from libs.common.topics import CASES, INCIDENTS, REPLIES, TOPICS, TRIAGED

NOTE = "Example data: the brand, the people, the numbers and the texts are invented."

_BRAND = "vaart"
_BOOK_VERSION = 3
_MORNING = datetime(2026, 3, 3, 8, 12, tzinfo=UTC)
_TRACEPARENT = "00-5f1d0c8e2b7a49369c0de4f1a2b3c4d5-7c9e6a1b2d3f4051-01"

_BOOK = """\
brand: vaart
name: Vaart
description: Telecom for home and mobile (example data)
languages: [nl, en]
hours:
  mon-fri: ["08:00-22:00"]
  sat: ["09:00-13:00"]
departments:
  - {id: webcare, name: Webcare, members: [gs]}
  - {id: technical, name: Techniek, email: techniek@vaart.example}
labels:
  - {name: storing, description: "Uitval bij meer klanten", department: technical, examples: ["is er een storing in Utrecht?"]}
routing:
  - {when: {labels_any: [storing]}, department: technical}
  - {when: {}, department: webcare}
team:
  - {id: gs, first_name: Guus, initials: gs, role: agent}
pilot: true
"""


def _after(minutes: float) -> datetime:
    return _MORNING + timedelta(minutes=minutes)


def _mention(external_id: str, text: str, minutes: float, **more: Any) -> e.Mention:
    return e.Mention(
        id=e.deterministic_id(_BRAND, "twitter", external_id),
        brand=_BRAND,
        channel="twitter",
        kind="post",
        external_id=external_id,
        url=f"https://social.example/fietsbel_voorbeeld/{external_id}",
        author=e.Author(
            name="Voorbeeld Persoon", identities=[e.Identity(kind="handle", value="fietsbel_voorbeeld", channel="twitter")], followers=214
        ),
        text=text,
        thread=e.Thread(id="190000000000000001", in_reply_to=more.pop("in_reply_to", None)),
        posted_at=_after(minutes),
        received_at=_after(minutes) + timedelta(seconds=2),
        engagement=e.Engagement(likes=1, shares=0, replies=1),
        **more,
    )


_QUESTION = _mention("190000000000000001", "@vaartnl is er een storing in Utrecht? Al een uur geen internet, klantnummer 40123456.", 0)
_AGAIN = _mention("190000000000000002", "@vaartnl iemand? Nog steeds geen internet.", 25, in_reply_to="190000000000000001")
_CUSTOMER = e.deterministic_id(_BRAND, "customer", "handle", "twitter", "fietsbel_voorbeeld")
_CASE_ID = e.deterministic_id(_BRAND, "case", str(_QUESTION.id))
_FINDINGS = e.Findings(
    language="nl",
    language_confidence=0.98,
    sentiment="negative",
    sentiment_score=-0.62,
    sentiment_confidence=0.81,
    intent="outage",
    labels=[e.Label(name="storing", score=0.91)],
    urgency="high",
    respond=e.Respond(decision="reply", reason="Addressed to the brand, and reports an outage."),
    department="technical",
    risk=[],
    go_private=True,
    confidence={"intent": 0.93, "urgency": 0.71, "respond": 0.97, "department": 0.9, "go_private": 0.66},
    why={"intent": ["storing", "geen internet"], "urgency": ["geen internet"]},
    model="example-1",
)


def _triaged(mention: e.Mention, group: e.Mention, **more: Any) -> e.TriagedMention:
    return e.TriagedMention(
        mention=mention,
        findings=_FINDINGS,
        customer_id=_CUSTOMER,
        group_id=group.id,
        triaged_at=mention.received_at + timedelta(milliseconds=400),
        **more,
    )


def _held(mention: e.Mention) -> c.CaseMention:
    return c.CaseMention(id=mention.id, channel=mention.channel, visibility=mention.visibility, received_at=mention.received_at)


def _promise(state: str, **more: Any) -> c.Promise:
    return c.Promise(
        id=e.deterministic_id(_BRAND, "example-promise", "1"),
        state=state,
        reply_id=e.deterministic_id(_BRAND, "example-reply", "1"),
        channel="twitter",
        given_at=_after(41),
        given_by="gs",
        due_at=_after(265),
        department="technical",
        owner="gs",
        **more,
    )


def _owes(state: str) -> c.Case:
    """The case with a promise that is open, or was broken."""
    owed = {"promise_due_at": _after(265), "promise_open": state == "open", "promise_broken": state == "broken"}
    return _case("open", owner="gs", **owed, **_BOTH)


def _callback(state: str, **more: Any) -> c.Callback:
    return c.Callback(
        id=e.deterministic_id(_BRAND, "callback", str(_AGAIN.id)),
        state=state,
        mention_id=_AGAIN.id,
        department="technical",
        owner="gs",
        due_at=_after(265),
        **more,
    )


def _consultation(state: str, **more: Any) -> c.Consultation:
    given: dict[str, Any] = {
        "department": "technical",
        "question": "Is de storing in Utrecht vanavond voorbij?",
        "mention_ids": [_AGAIN.id],
        "holds_case": True,
        "asked_by": "gs",
        "asked_at": _after(28),
        "since": _after(28),
        "due_at": _after(148),
    }
    return c.Consultation(id=e.deterministic_id(_BRAND, "consultation", str(_AGAIN.id)), state=state, **{**given, **more})


def _case(state: str, **more: Any) -> c.Case:
    clocks = [
        c.Clock(kind="reaction", started_at=_QUESTION.received_at, due_at=_QUESTION.received_at + timedelta(minutes=30)),
        c.Clock(kind="resolution", started_at=_QUESTION.received_at, due_at=_QUESTION.received_at + timedelta(hours=14)),
    ]
    case = c.Case(
        id=_CASE_ID,
        brand=_BRAND,
        customer_id=_CUSTOMER,
        group_id=_QUESTION.id,
        state=state,
        department="technical",
        channel="twitter",
        language="nl",
        sentiment="negative",
        urgency="high",
        intent="outage",
        respond="reply",
        respond_reason="Addressed to the brand, and reports an outage.",
        go_private=True,
        labels=["storing"],
        mentions=[_held(_QUESTION)],
        latest=_QUESTION,
        opened_at=_QUESTION.received_at,
        clocks=clocks,
    )
    return case.model_copy(update=more)


_TEXT = "Hoi! Vervelend, ik zoek het uit. Ik laat je voor 12:00 uur weten hoe het staat. ^gs"


def _post(state: str, **more: Any) -> p.Post:
    post = p.Post(
        id=e.deterministic_id(_BRAND, "example-post", "1"),
        brand=_BRAND,
        account="forum-hook",
        channel="forum",
        language="nl",
        state=state,
        text="Zaterdag tussen 2 en 4 uur wordt er aan het netwerk gewerkt.",
        digest="4b1a7c0f1d9e",
        labels=["storing"],
        publish_at=_after(240),
        writer="gs",
        created_at=_after(26),
    )
    return post.model_copy(update=more)


def _reply(state: str, **more: Any) -> r.Reply:
    reply = r.Reply(
        id=e.deterministic_id(_BRAND, "example-reply", str(_QUESTION.id)),
        brand=_BRAND,
        case_id=_CASE_ID,
        mention_id=_AGAIN.id,
        channel="twitter",
        visibility="public",
        state=state,
        text=_TEXT,
        digest=hashlib.sha256(_TEXT.encode()).hexdigest(),
        writer="gs",
        script="storing-bekend",
        created_at=_after(26),
        sandbox=False,
    )
    return reply.model_copy(update=more)


_APPROVED = {"approver": "gs", "approved_at": _after(28)}
_BY_MK = {"approver": "mk", "approved_at": _after(28)}
_BOTH = {"mentions": [_held(_QUESTION), _held(_AGAIN)], "latest": _AGAIN}
_GONE = {"text": "", "title": None, "external_id": "", "url": None, "author": e.Author(identities=[e.Identity(kind="id", value="")])}
_BARE = {
    "latest": _AGAIN.model_copy(update={**_GONE, "thread": None, "attachments": [], "forgotten_at": _after(400 * 24 * 60)}),
    "respond_reason": None,
}
_WAITS = {**_BOTH, "waiting_for": "department", "waiting_reason": "technical was asked"}
_OTHER_CASE = e.deterministic_id(_BRAND, "case", str(_AGAIN.id))
_HOLD = e.SendingHold(
    id=e.deterministic_id(_BRAND, "example-hold", "1"),
    version=3,
    laid_version=3,
    scope=e.HoldScope(when={"channel": ["twitter", "facebook"], "labels_any": ["storing"]}),
    reason="De hersteltijd klopt niet: eerst horen wat techniek zegt.",
    by="mk",
    since=_after(40),
    until=_after(160),
)
_RELEASED = _HOLD.model_copy(update={"version": 4, "released_at": _after(90), "released_by": "mk"})
_VERDICT = r.Verdict(code="vague_promise", message="'zo snel mogelijk' is no moment: say when.", start=38, end=54, blocking=True)


def _examples() -> tuple[e.Event, ...]:
    said: dict[str, Any] = {"brand": _BRAND, "book_version": _BOOK_VERSION}
    first, again = _triaged(_QUESTION, _QUESTION), _triaged(_AGAIN, _AGAIN)
    evidence = [e.Evidence(kind="thread", mention_id=_QUESTION.id)]
    taken_back = _AGAIN.model_copy(update={"text": "", "title": None})
    corrected = _FINDINGS.model_copy(update={"urgency": "critical", "corrected": ["urgency"]})
    by_gs: dict[str, Any] = {**said, "actor": "gs"}
    resolved = {**_BOTH, "owner": "gs", "replied_at": _after(29), "resolved_at": _after(95)}
    moved: dict[str, Any] = {
        **by_gs,
        "move_id": e.deterministic_id(_BRAND, "example-move", "1"),
        "from_id": _OTHER_CASE,
        "into_id": _case("open").id,
        "mention_ids": [_AGAIN.id],
        "reason": "Moeder en dochter, dezelfde storing.",
    }
    return (
        e.MentionReceived(**said, mention=_QUESTION),
        e.MentionDeleted(**said, mention_id=_AGAIN.id, deleted_at=_after(120)),
        e.MentionTriaged(**said, triaged=first),
        e.MentionRegrouped(**said, triaged=again.model_copy(update={"group_id": _QUESTION.id, "evidence": evidence})),
        e.MentionRevised(
            **said,
            triaged=again.model_copy(update={"findings": corrected, "group_id": _QUESTION.id, "evidence": evidence}),
            why="correction",
            actor="gs",
        ),
        e.MentionRemoved(**said, triaged=_triaged(taken_back, _QUESTION, evidence=evidence, removed=True)),
        c.CaseOpened(**said, case=_case("new"), at=_after(0.1), rule="rule 1: labels_any storing"),
        c.CaseJoined(**said, case=_case("new", **_BOTH), at=_after(25.1), mention_id=_AGAIN.id),
        c.CaseLeft(**said, case=_case("waiting", owner="gs", replied_at=_after(29)), at=_after(120.1), mention_id=_AGAIN.id, why="removed"),
        c.CaseRevised(**by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(26.1), mention_id=_AGAIN.id, why="correction"),
        c.CaseAssigned(**by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(25.5)),
        c.CaseHandedBack(
            **by_gs,
            case=_case("open", decided="gs gave it back: ik ken de afzender", **_BOTH),
            at=_after(25.6),
            previous_owner="gs",
            reason="ik ken de afzender",
        ),
        c.CaseReturned(
            **said,
            case=_case("open", decided="gs is offline, and was last seen on 2026-03-03 at 09:12", **_BOTH),
            at=_after(90),
            previous_owner="gs",
            why="gs is offline, and was last seen on 2026-03-03 at 09:12",
        ),
        c.CaseNoted(
            **by_gs,
            case=_case("open", owner="gs", **_BOTH),
            at=_after(27),
            note_id=e.deterministic_id(_BRAND, "example-note", "1"),
            note="@tt zoekt het uit: belt voor 12:00 terug met de oorzaak.",
            mentions=["tt"],
        ),
        c.CaseNoteEdited(
            **by_gs,
            case=_case("open", owner="gs", **_BOTH),
            at=_after(27.5),
            note_id=e.deterministic_id(_BRAND, "example-note", "1"),
            note="@tt zoekt het uit: belt voor 12:30 terug met de oorzaak.",
            mentions=["tt"],
        ),
        c.CaseNoteDeleted(
            **by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(27.8), note_id=e.deterministic_id(_BRAND, "example-note", "2")
        ),
        c.CaseTagged(**by_gs, case=_case("open", owner="gs", tags=["utrecht"], **_BOTH), at=_after(27.1), added=["utrecht"]),
        c.CaseWatched(**by_gs, case=_case("open", owner="gs", watchers=["mk"], **_BOTH), at=_after(27.2), added=["mk"]),
        c.CaseFieldsSet(
            **by_gs,
            case=_case("open", owner="gs", fields={"postcode": "3511 AB"}, **_BOTH),
            at=_after(27.3),
            changes=[c.FieldChange(field="postcode", after="3511 AB")],
        ),
        c.CaseReplyBounced(**said, case=_case("open", owner="gs", **_BOTH), at=_after(31), reply_id=_reply("sent").id, code="5.1.1"),
        c.CaseReacted(**said, case=_case("open", owner="gs", replied_at=_after(29), **_BOTH), at=_after(29), reply_id=_reply("sent").id),
        c.CaseWaiting(**said, case=_case("waiting", owner="gs", replied_at=_after(29), **_BOTH), at=_after(29)),
        c.CasePickedUp(
            **by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(28), how="Gebeld: we zoeken het uit en bellen om 12:00 terug."
        ),
        c.CaseResumed(
            **said,
            case=_case("open", owner="gs", replied_at=_after(29), **_BOTH),
            at=_after(90),
            waited_for="until",
            why="De monteur is dan geweest.",
        ),
        c.CaseTargetsChanged(
            **{**said, "book_version": _BOOK_VERSION + 1},
            case=_case("open", owner="gs", **_BOTH),
            at=_after(30),
            changes=[c.TargetChange(clock="reaction", old_due_at=_after(60), new_due_at=_after(30))],
        ),
        c.CaseLegalCheckChanged(**said, case=_case("open", owner="gs", legal_check="asked", **_BOTH), at=_after(40.1), previous="agreed"),
        c.CaseClockBreached(**said, case=_case("open", owner="gs", **_BOTH), at=_after(30.1), clock="reaction"),
        c.CaseEscalated(
            **said,
            case=_case("open", owner="gs", priority="high", **_BOTH),
            at=_after(24.1),
            clock="reaction",
            share=80,
            did=["raise_priority", "notify_lead"],
            told=["mk"],
            not_done=[c.NotDone(step="reassign", why="nobody else in webcare can have it")],
        ),
        c.CaseResolved(**by_gs, case=_case("resolved", **resolved), at=_after(95), reason="De storing is voorbij; klant bevestigt."),
        c.CaseClosed(**said, case=_case("closed", **resolved), at=_after(95 + 14 * 24 * 60)),
        c.CaseTextsForgotten(**said, case=_case("closed", **{**resolved, **_BARE}), at=_after(400 * 24 * 60), mentions=1, replies=1),
        c.CaseForgotten(**said, case=_case("closed", **{**resolved, **_BARE}), at=_after(5 * 365 * 24 * 60)),
        c.CaseReopened(**by_gs, case=_case("open", **{**resolved, "resolved_at": None}), at=_after(130)),
        c.CaseMerged(**moved, case=_case("open", owner="gs", merged_cases=[_OTHER_CASE], **_BOTH), at=_after(40)),
        c.CaseUnmerged(**moved, case=_case("open", owner="gs", **_BOTH), at=_after(41)),
        c.CaseSplit(**{**moved, "from_id": _case("open").id, "into_id": _OTHER_CASE}, case=_case("open", owner="gs"), at=_after(42)),
        c.CaseRejoined(
            **{**moved, "from_id": _case("open").id, "into_id": _OTHER_CASE}, case=_case("open", owner="gs", **_BOTH), at=_after(43)
        ),
        c.CaseCustomerLeft(
            **by_gs,
            case=_case("open", owner="gs", merged_cases=[_OTHER_CASE], **_BOTH),
            at=_after(44),
            customer_id=_triaged(_AGAIN, _AGAIN).customer_id,
            reason="Zij is al gebeld.",
        ),
        c.CasePrioritised(
            **by_gs,
            case=_case("open", owner="gs", priority="urgent", **_BOTH),
            at=_after(45),
            bulk_id=e.deterministic_id(_BRAND, "example-bulk", "1"),
            previous_priority="high",
            reason="Alles over de storing in Utrecht eerst.",
        ),
        c.CaseCallbackProposed(**said, case=_case("open", owner="gs", **_BOTH), at=_after(26.2), callback=_callback("proposed")),
        c.CaseCallbackPlanned(**by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(28), callback=_callback("open")),
        c.CaseCallbackDue(**said, case=_case("open", owner="gs", **_BOTH), at=_after(266), callback=_callback("open"), told=["gs"]),
        c.CaseCallbackAttempted(
            **by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(270), callback=_callback("open", attempts=1), outcome="no_answer"
        ),
        c.CaseCallbackEnded(
            **by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(331), callback=_callback("reached", attempts=2), outcome="reached"
        ),
        c.CaseConsulted(**by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(28), consultation=_consultation("open")),
        c.CaseConsultationReminded(
            **said, case=_case("waiting", owner="gs", **_WAITS), at=_after(124), consultation=_consultation("open"), share=80
        ),
        c.CaseConsultationNoted(
            **said,
            case=_case("waiting", owner="gs", **_WAITS),
            at=_after(30),
            consultation=_consultation("open"),
            answer_id=e.deterministic_id(_BRAND, "example-answer", "1"),
            what="automatic",
            text="Ik ben er maandag weer.",
            sender="femke@vaart.example",
        ),
        c.CaseConsultationAnswered(
            brand=_BRAND,
            book_version=_BOOK_VERSION,
            actor="technical",
            case=_case("waiting", owner="gs", **_WAITS),
            at=_after(130),
            consultation=_consultation("answered", ended_at=_after(130)),
            answer_id=e.deterministic_id(_BRAND, "example-answer", "2"),
            answer="Ja: om 21.00 uur is alles weer aan.",
            via="mail",
            sender="femke@vaart.example",
            attachments=["storing.pdf"],
        ),
        c.CaseConsultationHandedOn(
            **by_gs,
            case=_case("waiting", owner="gs", **_WAITS),
            at=_after(60),
            consultation=_consultation("open", department="billing", turn=2, since=_after(60), due_at=_after(300)),
            previous_department="technical",
            reason="Het gaat om de rekening.",
        ),
        c.CaseConsultationReopened(
            **by_gs, case=_case("open", owner="gs", **_BOTH), at=_after(150), consultation=_consultation("open", turn=2, since=_after(150))
        ),
        c.CaseConsultationWithdrawn(
            **by_gs,
            case=_case("open", owner="gs", **_BOTH),
            at=_after(160),
            consultation=_consultation("withdrawn", ended_at=_after(160)),
            reason="De klant heeft het al gevonden.",
        ),
        ConsultationMailed(
            brand=_BRAND,
            book_version=_BOOK_VERSION,
            answer_id=e.deterministic_id(_BRAND, "example-answer", "2"),
            consultation_id=e.deterministic_id(_BRAND, "consultation", str(_AGAIN.id)),
            department="technical",
            what="answer",
            text="Ja: om 21.00 uur is alles weer aan.",
            sender="femke@vaart.example",
            authenticated="pass",
            attachments=["storing.pdf"],
            received_at=_after(130),
        ),
        c.CasePromised(**said, case=_owes("open"), at=_after(41), promise=_promise("open")),
        c.CasePromiseKept(
            **said, case=_case("waiting", owner="gs", **_BOTH), at=_after(200), promise=_promise("kept", ended_at=_after(200)), assumed=True
        ),
        c.CasePromiseNotKept(
            **by_gs, case=_owes("open"), at=_after(210), promise=_promise("open"), reason="Dat antwoord ging over het modem."
        ),
        c.CasePromiseBroken(
            **said, case=_owes("broken"), at=_after(265), promise=_promise("broken", broken_at=_after(265)), told=["gs", "mk"]
        ),
        c.CasePromiseRenegotiated(
            **said,
            case=_owes("open"),
            at=_after(220),
            promise=_promise("renegotiated", ended_at=_after(220), replaced_by=e.deterministic_id(_BRAND, "example-promise", "2")),
        ),
        c.CasePromiseWithdrawn(
            **by_gs,
            case=_case("waiting", owner="gs", **_BOTH),
            at=_after(230),
            promise=_promise("withdrawn", ended_at=_after(230)),
            reason="De klant is al geholpen.",
        ),
        e.SendingLease(**said, held=False, hold_version=3, holds=[_HOLD], decided_at=_after(41)),
        e.SendingHeld(**said, hold=_HOLD, holds=[_HOLD], held=False, hold_version=3, at=_after(40), actor="mk"),
        e.SendingReleased(**said, hold=_RELEASED, holds=[_RELEASED], held=False, hold_version=4, at=_after(90), actor="mk"),
        *example_incidents.examples(_BRAND, _BOOK_VERSION, _MORNING, _CASE_ID),
        e.SendingLease(**said, held=False, hold_version=2),
        p.PostDrafted(**by_gs, post=_post("draft", verdicts=[_VERDICT]), at=_after(26)),
        p.PostEdited(**by_gs, post=_post("draft"), at=_after(27)),
        p.PostSubmitted(**by_gs, post=_post("submitted"), at=_after(27.5)),
        p.PostApproved(**said, actor="mk", post=_post("approved", **_BY_MK), at=_after(28), signed=[r.Signed(who="mk", role="lead")]),
        p.PostSent(**said, post=_post("sent", **_BY_MK, external_id="forum-8123", sent_at=_after(240)), at=_after(240)),
        p.PostFailed(**said, post=_post("failed", **_BY_MK, error="The channel refused it: 403."), at=_after(240)),
        p.PostUnconfirmed(**said, post=_post("unconfirmed", **_BY_MK, error="No answer within 30 s."), at=_after(240)),
        p.PostDiscarded(**by_gs, post=_post("discarded"), at=_after(29)),
        r.ReplyDrafted(**by_gs, reply=_reply("draft", verdicts=[_VERDICT]), at=_after(26)),
        r.ReplyEdited(**by_gs, reply=_reply("draft"), at=_after(27)),
        r.ReplySubmitted(**by_gs, reply=_reply("submitted"), at=_after(27.5)),
        r.ReplyApproved(**by_gs, reply=_reply("approved", **_APPROVED), at=_after(28)),
        r.ReplySent(**said, reply=_reply("sent", **_APPROVED, external_id="190000000000000003", sent_at=_after(29)), at=_after(29)),
        r.ReplyFailed(**said, reply=_reply("failed", **_APPROVED, error="The channel refused it: 403."), at=_after(29)),
        r.ReplyUnconfirmed(**said, reply=_reply("unconfirmed", **_APPROVED, error="No answer within 30 s."), at=_after(29)),
        r.ReplyBounced(
            **said,
            reply=_reply(
                "sent",
                **_APPROVED,
                channel="email",
                external_id="7d3c@vaart.example",
                sent_at=_after(29),
                delivery="failed",
                delivery_code="5.1.1",
            ),
            at=_after(31),
        ),
        d.DeliveryReported(
            **said,
            report_id=e.deterministic_id(_BRAND, "example-report", "1"),
            reply_id=_reply("sent").id,
            message_id="7d3c@vaart.example",
            status="failed",
            code="5.1.1",
            reported_at=_after(31),
        ),
        r.ReplyDiscarded(**by_gs, reply=_reply("discarded"), at=_after(27)),
        r.ReplyOverridden(
            **said,
            actor="mk",
            reply=_reply("submitted", verdicts=[_VERDICT]),
            at=_after(28),
            overrides=[r.Override(code=_VERDICT.code, reason="Afgesproken met de klant, die het zo vroeg.")],
        ),
        e.FindingCorrected(
            **by_gs,
            correction_id=e.deterministic_id(_BRAND, "example-correction", "1"),
            mention_id=_AGAIN.id,
            finding="urgency",
            values=["critical"],
            proposed=["high"],
            reason="Ze is afhankelijk van haar alarmknop.",
            at=_after(26),
        ),
        e.DuplicateJudged(
            **by_gs,
            correction_id=e.deterministic_id(_BRAND, "example-correction", "2"),
            mention_id=_AGAIN.id,
            other_id=_QUESTION.id,
            same=True,
            at=_after(26),
        ),
        e.BrandBookPublished(
            brand=_BRAND,
            version=_BOOK_VERSION,
            book=load_book(_BOOK, "example", today=date(2026, 3, 2)).model_dump(mode="json", by_alias=True),
            published_at=_after(-1440),
            published_by="mk",
        ),
    )


def _outgoing(event: e.Event) -> Outgoing:
    """Subject, version and key as the topic's producer gives them."""
    if isinstance(event, e.MentionReceived | e.MentionDeleted):
        mention_id = event.mention.id if isinstance(event, e.MentionReceived) else event.mention_id
        version = 1 if isinstance(event, e.MentionReceived) else 2
        return Outgoing(event, str(mention_id), version, f"{_BRAND}/handle:twitter:fietsbel_voorbeeld", _TRACEPARENT)
    if isinstance(event, e.TriagedEvent):
        version = 1 + TRIAGED.events.index(type(event))
        return Outgoing(event, str(event.triaged.mention.id), version, str(event.triaged.customer_id), _TRACEPARENT)
    if isinstance(event, c.CaseEvent):
        return Outgoing(event, str(event.case.id), 1 + CASES.events.index(type(event)), str(event.case.id), _TRACEPARENT)
    if isinstance(event, r.ReplyEvent):
        return Outgoing(event, str(event.reply.id), 1 + REPLIES.events.index(type(event)), str(event.reply.case_id), _TRACEPARENT)
    if isinstance(event, p.PostEvent):
        return Outgoing(event, str(event.post.id), 1 + REPLIES.events.index(type(event)), str(event.post.id), _TRACEPARENT)
    if isinstance(event, IncidentEvent):
        return Outgoing(event, str(event.incident.id), 1 + INCIDENTS.events.index(type(event)), str(event.incident.id), _TRACEPARENT)
    if isinstance(event, e.FindingCorrected | e.DuplicateJudged):
        about = min(event.mention_id, event.other_id) if isinstance(event, e.DuplicateJudged) else event.mention_id
        return Outgoing(event, str(event.correction_id), 1, f"{_BRAND}/{about}", _TRACEPARENT)
    if isinstance(event, ConsultationMailed):
        return Outgoing(event, str(event.answer_id), 1, str(event.consultation_id), _TRACEPARENT)
    if isinstance(event, d.DeliveryReported):
        return Outgoing(event, str(event.report_id), 1, f"{_BRAND}/{event.reply_id}", _TRACEPARENT)
    if isinstance(event, e.SendingLease | e.HoldEvent):
        return Outgoing(event, event.brand, event.hold_version, event.brand)
    assert isinstance(event, e.BrandBookPublished), f"{event.type} has no example"
    return Outgoing(event, event.brand, event.version, event.brand, _TRACEPARENT)


def records() -> Mapping[type[e.Event], dict[str, Any]]:
    """Per event: `note`, and the record's `topic`, `key`, `headers` and `value`, as JSON values. The same at every call."""
    found: dict[type[e.Event], dict[str, Any]] = {}
    for event in _examples():
        topic = next(topic for topic in TOPICS if type(event) in topic.events)
        outgoing = _outgoing(event)
        found[type(event)] = {
            "note": NOTE,
            "topic": topic.name,
            "key": outgoing.key,
            "headers": outbox.attributes(outgoing, topic.producer, _at(event)),
            "value": event.model_dump(mode="json"),
        }
    return found


def _at(event: e.Event) -> datetime:
    """When the example was told: just after what it tells of."""
    if isinstance(event, c.CaseEvent | r.ReplyEvent | IncidentEvent | e.FindingCorrected | e.DuplicateJudged):
        return event.at
    if isinstance(event, e.MentionReceived):
        return event.mention.received_at
    if isinstance(event, d.DeliveryReported):
        return event.reported_at
    if isinstance(event, ConsultationMailed):
        return event.received_at
    if isinstance(event, e.TriagedEvent):
        return event.triaged.triaged_at
    return _after(180) if not isinstance(event, e.BrandBookPublished) else event.published_at
