"""What happens to cases: a part of the events, whose rules `libs/common/events.py` states."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from libs.common.events import Event, Mention, Part


class Clock(Part):
    kind: str = Field(description="reaction | resolution")
    started_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    breached_at: datetime | None = Field(
        default=None, description="When it ran out; none when it was met in time, also if that was heard of late"
    )
    paused_at: datetime | None = Field(
        default=None, description="Since when it stands still, because we wait for the customer; `due_at` is when it would have been due"
    )
    resumed_at: datetime | None = Field(default=None, description="Since when it runs, where it has stood still before")
    spent_s: float = Field(default=0, description="Seconds of opening time that had passed on it at `resumed_at`")
    extra_s: float = Field(default=0, description="Seconds of opening time that it has on top of its target since its case was reopened")


class Rounds(Part):
    """How often a clock of a case has ended. A reaction clock is in a round, which begins with the first message, with one that comes after an answer
    or a resolution, and when a person reopens the case. A resolution clock goes on through all of them, and ends when it is reopened after it ran
    out."""

    kind: str = Field(description="reaction | resolution")
    met: int = Field(default=0, description="Rounds in which it stopped in time")
    breached: int = Field(default=0, description="Rounds in which it stopped too late, or ran out before the next round began")


class CaseMention(Part):
    id: UUID
    channel: str
    visibility: str
    received_at: datetime
    customer_id: UUID | None = Field(default=None, description="Whose it is, in a case that people put together")


class CaseCustomer(Part):
    """One of the customers of a case that people put together: how far they have been answered, and where an answer to them goes."""

    customer_id: UUID
    language: str
    labels: list[str] = Field(default=[], description="What their messages are about")
    handled_at: datetime | None = Field(
        default=None, description="The newest of their messages that was answered, or deliberately not: when we received it"
    )
    handled_id: UUID | None = Field(default=None, description="Which message that is")
    replied_at: datetime | None = Field(default=None, description="First reply to them that was sent")
    unanswered: bool = Field(description="A live message of theirs is newer than that one")
    latest: list[Mention] = Field(
        description="The newest message of each of their channels and threads, oldest first, ten at most; without text and attachments"
    )


class Case(Part):
    """The whole current state of a case."""

    id: UUID = Field(
        description="UUIDv5 of brand and the group's root mention, and of the message that began it where an earlier case was over"
    )
    brand: str
    customer_id: UUID
    group_id: UUID
    state: str = Field(description="new | open | waiting | resolved | closed | merged | withdrawn")
    waiting_for: str | None = Field(default=None, description="customer | department | until | promise: what a waiting case waits for")
    waiting_until: datetime | None = Field(default=None, description="When it is looked at again at the latest, where somebody said so")
    waiting_reason: str | None = Field(default=None, description="Why it waits, in the words of the person who said so")
    department: str
    owner: str | None = Field(default=None, description="Team member's id; none: it waits in its department's queue")
    decided: str | None = Field(
        default=None,
        description="What decided its department and owner, in words: a rule of the brand book, a person, a return to the queue, …",
    )
    watchers: list[str] = Field(default=[], description="Team members who are told of what happens to it")
    tags: list[str] = Field(default=[], description="What people call it, in the order in which they did")
    fields: dict[str, str | float | bool] = Field(default={}, description="The brand book's own fields that people have filled in")
    customer_group: str | None = Field(default=None, description="Of the brand book's groups of customers, the one that its customer is in")
    customer_group_by: str | None = Field(default=None, description="Token's subject of whoever chose that; none: the brand book")
    contact: str = Field(default="first", description="first | repeat: whether the customer had another case of late")
    priority: str = Field(default="normal", description="low | normal | high | urgent")
    channel: str = Field(description="Where the newest mention came from: where an answer goes")
    visibility: str = Field(default="public", description="Of the newest mention")
    language: str
    sentiment: str
    urgency: str
    intent: str | None = Field(default=None, description="Of the mention that `respond` is of")
    respond: str | None = Field(
        default=None,
        description="reply | ask_clarification | no_reply | hide: the one of its open mentions that asks most for an answer, the newest of several; of "
        "its newest mention where none is open; none: not proposed",
    )
    respond_reason: str | None = Field(default=None, description="In words, for people")
    respond_by: str | None = Field(default=None, description="Token's subject of whoever chose it; none: a proposal")
    sample: bool = Field(default=False, description="A proposal of no reply that people are asked to judge, to keep proposals honest")
    go_private: bool = Field(default=False, description="One of its open public mentions cannot be handled without personal data")
    topic_id: UUID | None = Field(default=None, description="What its newest mention with a topic shares with other people's mentions")
    follows: UUID | None = Field(
        default=None, description="The case of the same customer's earlier question, which was over when this one came"
    )
    begun_by: UUID | None = Field(
        default=None,
        description="The message that began it, where the earlier case of its group was over by then; none: the group's first case",
    )
    labels: list[str] = Field(default=[])
    risk: list[str] = Field(default=[])
    mentions: list[CaseMention] = Field(default=[], description="The newest 200, oldest first")
    mentions_total: int = Field(default=0, description="How many there are in all")
    latest: Mention | None = Field(default=None, description="The newest mention: what an answer answers")
    historic: bool = False
    merged_into: UUID | None = None
    merged_by: str | None = Field(default=None, description="Who put it into that one, where a person did, who may take it back")
    merged_cases: list[UUID] = Field(default=[], description="Cases that people put together with this one, in that order")
    customers: list[CaseCustomer] = Field(default=[], description="Of a case that people put together: each of its customers")
    split_from: UUID | None = Field(default=None, description="The case that people took its mentions out of")
    legal_check: str | None = Field(
        default=None,
        description="asked | agreed | agreed_with_changes | refused: what the legal department says of an answer; any other word is not an agreement; "
        "none: not asked",
    )
    opened_at: datetime = Field(description="When its first mention was received")
    resolved_at: datetime | None = None
    unanswered: bool = Field(
        default=False, description="Resolved by a person's decision that no reply is the answer; it has no clocks then"
    )
    replied_at: datetime | None = Field(default=None, description="First reply that was sent")
    promise_due_at: datetime | None = Field(
        default=None, description="When the first promise to its customer that is open or broken is due, or was"
    )
    promise_open: bool = Field(default=False, description="A promise to its customer is to be kept")
    promise_broken: bool = Field(default=False, description="One was not kept in time, and nothing has been done about it since")
    clocks: list[Clock] = Field(default=[], description="Those of the newest round")
    earlier: list[Rounds] = Field(default=[], description="The rounds before that one, for each kind of clock that ended in any")


class CaseEvent(Event):
    """Base of what happens to a case: what changed, who did it, and the case as it is after that."""

    case: Case
    at: datetime
    actor: str = Field(default="system", description="Team member's id, token's subject, or system")
    bulk_id: UUID | None = Field(default=None, description="The bulk action that it was part of, or the taking back of that")


class CaseOpened(CaseEvent):
    """A first mention of an issue came in, and a department was chosen for it."""

    type: ClassVar[str] = "weerklank.case.opened.v1"
    rule: str = Field(description="The routing rule that decided the department")


class CaseJoined(CaseEvent):
    """A further mention of the same issue joined; `woken` when it is our turn by it: it came after a reply or a resolution, or after the
    message that a reply turned out to answer."""

    type: ClassVar[str] = "weerklank.case.joined.v1"
    mention_id: UUID
    woken: bool = False
    merged: UUID | None = Field(default=None, description="The case that ends here, and in which people had decided something")
    carried: list[str] = Field(default=[], description="What they had decided there and holds here: department, owner, replied, resolved")
    overruled: list[str] = Field(default=[], description="What they had decided there and people had decided otherwise here")


class CaseLeft(CaseEvent):
    """A mention left: regrouped or taken back."""

    type: ClassVar[str] = "weerklank.case.left.v1"
    mention_id: UUID
    why: str = Field(description="regrouped | removed")


class CaseRevised(CaseEvent):
    """What is known of one of its mentions changed, and the case with it. Nothing is woken or reopened by that."""

    type: ClassVar[str] = "weerklank.case.revised.v1"
    mention_id: UUID
    why: str | None = Field(
        default=None,
        description="depth | topic | correction: what triage found; contact: an earlier case of its customer came to light; customer_group: a person "
        "put its customer into a group; none: triage looked at it again",
    )


class CaseAssigned(CaseEvent):
    """The case got another owner or department."""

    type: ClassVar[str] = "weerklank.case.assigned.v1"
    previous_owner: str | None = None
    previous_department: str | None = None
    why: str | None = None
    """What made it necessary, where no person did it: an owner who left the team, a department that there is no longer."""


class CaseHandedBack(CaseEvent):
    """Whoever had it gave it back to the queue of its department."""

    type: ClassVar[str] = "weerklank.case.handed-back.v1"
    previous_owner: str
    reason: str


class CaseReturned(CaseEvent):
    """It went back to the queue of its department, because whoever had it is not there."""

    type: ClassVar[str] = "weerklank.case.returned.v1"
    previous_owner: str
    why: str


class CasePrioritised(CaseEvent):
    """A person gave the case another priority."""

    type: ClassVar[str] = "weerklank.case.prioritised.v1"
    previous_priority: str
    reason: str | None = None


class CaseNoted(CaseEvent):
    """Somebody wrote a note for colleagues; customers never see it."""

    type: ClassVar[str] = "weerklank.case.noted.v1"
    note_id: UUID
    note: str
    mentions: list[str] = Field(default=[], description="Team members whom it calls upon, departments by their members")


class CaseNoteEdited(CaseEvent):
    """Its author put a note right. What it said before is kept with it."""

    type: ClassVar[str] = "weerklank.case.note-edited.v1"
    note_id: UUID
    note: str
    mentions: list[str] = Field(default=[], description="Team members whom it calls upon now")


class CaseNoteDeleted(CaseEvent):
    """A note was taken away. That there was one, whose and who took it away is kept; what it said is not."""

    type: ClassVar[str] = "weerklank.case.note-deleted.v1"
    note_id: UUID


class CaseTagged(CaseEvent):
    """People call the case otherwise than before."""

    type: ClassVar[str] = "weerklank.case.tagged.v1"
    added: list[str] = Field(default=[])
    removed: list[str] = Field(default=[])


class CaseWatched(CaseEvent):
    """Team members began to watch the case, or no longer do."""

    type: ClassVar[str] = "weerklank.case.watched.v1"
    added: list[str] = Field(default=[], description="Team members' ids")
    removed: list[str] = Field(default=[], description="Team members' ids")


class FieldChange(Part):
    field: str = Field(description="Its id in the brand book")
    before: str | float | bool | None = Field(default=None, description="None: it was empty")
    after: str | float | bool | None = Field(default=None, description="None: it is empty")


class CaseFieldsSet(CaseEvent):
    """Somebody filled in the brand's own fields of the case."""

    type: ClassVar[str] = "weerklank.case.fields-set.v1"
    changes: list[FieldChange]


class CaseReacted(CaseEvent):
    """The first reply reached the customer: the reaction clock stops."""

    type: ClassVar[str] = "weerklank.case.reacted.v1"
    reply_id: UUID


class CaseReplyBounced(CaseEvent):
    """A reply that was sent came back undelivered: the customer was told nothing by it. Where nobody told them anything since, it is our turn again."""

    type: ClassVar[str] = "weerklank.case.reply-bounced.v1"
    reply_id: UUID
    code: str | None = Field(default=None, description="Why, as RFC 3463 has it (5.1.1), or the mail server's three figures")


class CasePickedUp(CaseEvent):
    """A person has taken up what the customer wrote and told them so: the reaction clock stops. It is still our turn."""

    type: ClassVar[str] = "weerklank.case.picked-up.v1"
    how: str = Field(description="How the customer was told, in a person's words")
    reply_id: UUID | None = Field(default=None, description="The reply that told them, where it was one of ours")


class CaseWaiting(CaseEvent):
    """There is nothing to do for now, because of what `case.waiting_for` says: a reply went out and it is the customer's turn, or a person said so."""

    type: ClassVar[str] = "weerklank.case.waiting.v1"
    reason: str | None = Field(default=None, description="In the words of the person who said so")


class CaseResumed(CaseEvent):
    """What the case waited for has come, or a person went on without: it is our turn."""

    type: ClassVar[str] = "weerklank.case.resumed.v1"
    waited_for: str = Field(description="customer | department | until | promise")
    why: str = Field(description="In words, for people")


class TargetChange(Part):
    clock: str = Field(description="reaction | resolution")
    old_due_at: datetime
    new_due_at: datetime


class CaseTargetsChanged(CaseEvent):
    """The running clocks are due at another time: a new version of the brand book counts other hours or has other targets, or the customer was put into a
    group with others."""

    type: ClassVar[str] = "weerklank.case.targets-changed.v1"
    changes: list[TargetChange]


class CaseClockBreached(CaseEvent):
    """A clock ran out before what it waits for had happened, as far as was known; whether it stays breached is told by the clock."""

    type: ClassVar[str] = "weerklank.case.clock-breached.v1"
    clock: str = Field(description="reaction | resolution")


class NotDone(Part):
    """A step of the ladder that could not be done."""

    step: str
    why: str


class CaseEscalated(CaseEvent):
    """A clock came so far that the brand book wants something done: what was done, and what could not be."""

    type: ClassVar[str] = "weerklank.case.escalated.v1"
    clock: str
    share: int = Field(description="Per cent of the clock's time that had passed")
    did: list[str] = Field(
        description="Steps of the brand book: notify_owner, raise_priority, notify_lead, return_to_queue, reassign, inform_hub; and notify_team, "
        "where nobody else could be told"
    )
    told: list[str] = Field(default=[], description="Team members that were told")
    not_done: list[NotDone] = Field(
        default=[], description="Steps that could not be done; after each, the next one who could was told instead"
    )
    previous_owner: str | None = Field(default=None, description="Who had it, where it went to somebody else or to a queue")
    previous_department: str | None = None


class CaseResolved(CaseEvent):
    """The issue is solved: the resolution clock stops. Or a person decided that no reply is the answer: the clocks end as neither met nor, unless they
    ran out before that, breached."""

    type: ClassVar[str] = "weerklank.case.resolved.v1"
    reason: str | None = None
    no_reply: bool = Field(default=False, description="Deliberately without a reply")


class CaseClosed(CaseEvent):
    """It stayed resolved for as long as a message would have reopened it: a later one begins a case of its own."""

    type: ClassVar[str] = "weerklank.case.closed.v1"


class CaseTextsForgotten(CaseEvent):
    """The case is over, and the brand keeps what customers wrote no longer: texts, authors and attachments of messages are gone, and the words of answers
    to them. What happened to the case, when, and who did it stays."""

    type: ClassVar[str] = "weerklank.case.texts-forgotten.v1"
    mentions: int = Field(description="How many messages")
    replies: int = Field(description="How many answers")


class CaseForgotten(CaseEvent):
    """The brand keeps the case no longer: routing has nothing of it any more. The last that is told of it; `case` has no texts."""

    type: ClassVar[str] = "weerklank.case.forgotten.v1"


class CaseReopened(CaseEvent):
    """A person found that a resolved case was not, or its answer came back undelivered."""

    type: ClassVar[str] = "weerklank.case.reopened.v1"


class CaseMoveEvent(CaseEvent):
    """Base of what people decide about which case messages are in. It is told of both cases; `case` is one of them as it is from then on."""

    move_id: UUID = Field(description="The decision: the same of what takes it back")
    from_id: UUID = Field(description="The case that the messages were in")
    into_id: UUID = Field(description="The case that they came into")
    mention_ids: list[UUID] = Field(default=[], description="The messages that moved now, oldest first, 200 at most")
    reason: str


class CaseMerged(CaseMoveEvent):
    """A person put all of a case into another one. Customers stay who they are, and each is answered on their own channel."""

    type: ClassVar[str] = "weerklank.case.merged.v1"


class CaseUnmerged(CaseMoveEvent):
    """A person took a merge back: what came into the one case by it, or since to what is there, is in the other one again."""

    type: ClassVar[str] = "weerklank.case.unmerged.v1"


class CaseSplit(CaseMoveEvent):
    """A person took messages out of a case, into a new one or another one."""

    type: ClassVar[str] = "weerklank.case.split.v1"


class CaseRejoined(CaseMoveEvent):
    """A person took a split back."""

    type: ClassVar[str] = "weerklank.case.rejoined.v1"


class CaseCustomerLeft(CaseEvent):
    """A person decided that one of the customers of a case that people put together gets no reply to what is open."""

    type: ClassVar[str] = "weerklank.case.customer-left.v1"
    customer_id: UUID
    reason: str


class Callback(Part):
    """A call that we owe the case's customer. Never the number."""

    id: UUID
    state: str = Field(description="proposed | open | reached | not_reached | wrong_number | cancelled | withdrawn")
    mention_id: UUID | None = Field(
        default=None, description="The private message that the number was left in; none: a person wrote it down"
    )
    department: str
    owner: str | None = Field(default=None, description="Who calls; none: whoever of the department")
    window_from: datetime | None = Field(default=None, description="When the customer wants to be called, from")
    window_to: datetime | None = Field(default=None, description="… and until")
    due_at: datetime = Field(description="By when the next call is to be made")
    attempts: int = Field(default=0, description="How often somebody has called")


class CaseCallbackProposed(CaseEvent):
    """A number was left in private, and nobody has decided yet whether the customer wants to be called."""

    type: ClassVar[str] = "weerklank.case.callback-proposed.v1"
    callback: Callback


class CaseCallbackPlanned(CaseEvent):
    """The customer is to be called: they asked for it in private, or a person says so, or says when, or by whom."""

    type: ClassVar[str] = "weerklank.case.callback-planned.v1"
    callback: Callback


class CaseCallbackDue(CaseEvent):
    """The time by which the customer was to be called has passed, and nobody has."""

    type: ClassVar[str] = "weerklank.case.callback-due.v1"
    callback: Callback
    told: list[str] = Field(default=[], description="Team members that were told")


class CaseCallbackAttempted(CaseEvent):
    """Somebody called the customer."""

    type: ClassVar[str] = "weerklank.case.callback-attempted.v1"
    callback: Callback
    outcome: str = Field(description="reached | no_answer | wrong_number | busy")


class CaseCallbackEnded(CaseEvent):
    """Nobody will call any more without another decision: reached, not reached after as many attempts as the brand book has, a wrong number, cancelled
    by a person, or withdrawn with the message that the number was left in."""

    type: ClassVar[str] = "weerklank.case.callback-ended.v1"
    callback: Callback
    outcome: str = Field(description="reached | not_reached | wrong_number | cancelled | withdrawn")


class Consultation(Part):
    """A question to a department that stays with the case, as it is after what happened to it."""

    id: UUID
    kind: str = Field(default="question", description="question | legal_check")
    state: str = Field(description="open | answered | withdrawn")
    department: str = Field(description="Who is asked by now")
    question: str
    mention_ids: list[UUID] = Field(default=[], description="The messages that it is about; none: the case as a whole")
    holds_case: bool = Field(default=False, description="Whether the case waits for the department")
    asked_by: str = Field(description="Token's subject of whoever asked, or system")
    asked_at: datetime
    since: datetime = Field(description="Since when this department has it")
    due_at: datetime = Field(description="By when it is to answer")
    turn: int = Field(default=1, description="1; one more each time that it is handed on or reopened")
    verdict: str | None = Field(default=None, description="agreed | agreed_with_changes | refused; none: the answer is its text")
    ended_at: datetime | None = Field(default=None, description="When it was answered or withdrawn")


class CaseConsulted(CaseEvent):
    """A department was asked something."""

    type: ClassVar[str] = "weerklank.case.consulted.v1"
    consultation: Consultation


class CaseConsultationReminded(CaseEvent):
    """The department was reminded of what it was asked: its time came so far, or a person did."""

    type: ClassVar[str] = "weerklank.case.consultation-reminded.v1"
    consultation: Consultation
    share: int | None = Field(default=None, description="Per cent of its time that had passed; none: a person reminded it")
    told: list[str] = Field(default=[], description="Team members that were told too: of what is overdue")


class CaseConsultationAnswered(CaseEvent):
    """The department answered. Where it had been answered, withdrawn or handed on before that, the answer is kept, and changes nothing."""

    type: ClassVar[str] = "weerklank.case.consultation-answered.v1"
    consultation: Consultation
    answer_id: UUID
    answer: str
    verdict: str | None = Field(default=None, description="agreed | agreed_with_changes | refused; none: the answer is its text")
    via: str = Field(description="api | link | mail")
    sender: str | None = Field(default=None, description="Of an answer by mail: the address that it came from")
    outside: bool = Field(default=False, description="That address is not of the department's domain: look at whether it is theirs")
    authenticated: str | None = Field(
        default=None, description="pass | fail | unknown: of a mail, whether it is from that address, as the mailbox's own server found"
    )
    late: bool = Field(default=False, description="It came after the question had ended, or had gone to another department")
    attachments: list[str] = Field(default=[], description="Names of the files that came with an answer by mail, and stay in the mailbox")


class CaseConsultationNoted(CaseEvent):
    """Something came back on a question that does not answer it: an automatic reply, word that it could not be delivered, a remark."""

    type: ClassVar[str] = "weerklank.case.consultation-noted.v1"
    consultation: Consultation
    answer_id: UUID
    what: str = Field(description="automatic | undelivered | remark: something about a legal check that is no verdict")
    text: str
    sender: str | None = None
    authenticated: str | None = Field(
        default=None, description="pass | fail | unknown: of a mail, whether it is from that address, as the mailbox's own server found"
    )


class CaseLegalCheckChanged(CaseEvent):
    """Messages came or went with what the legal department was asked about them, and the case says of its check what those questions say that are in it
    now. Nobody was asked, and nobody answered."""

    type: ClassVar[str] = "weerklank.case.legal-check-changed.v1"
    previous: str | None = Field(default=None, description="What `case.legal_check` was")


class CaseConsultationHandedOn(CaseEvent):
    """Another department is asked instead, with a clock of its own."""

    type: ClassVar[str] = "weerklank.case.consultation-handed-on.v1"
    consultation: Consultation
    previous_department: str
    reason: str | None = None


class CaseConsultationReopened(CaseEvent):
    """What had been answered or withdrawn is asked again."""

    type: ClassVar[str] = "weerklank.case.consultation-reopened.v1"
    consultation: Consultation
    reason: str | None = None


class CaseConsultationWithdrawn(CaseEvent):
    """The answer is not needed any more."""

    type: ClassVar[str] = "weerklank.case.consultation-withdrawn.v1"
    consultation: Consultation


class Promise(Part):
    """A commitment to the case's customer. Its words are in the reply that gave it, or with whoever noted it down."""

    id: UUID
    state: str = Field(description="open | kept | broken | renegotiated | withdrawn")
    reply_id: UUID | None = Field(
        default=None, description="The reply that gave it; none: it was given otherwise, and a person noted it down"
    )
    channel: str = Field(description="How it was given: the reply's channel, or what the person noted, such as phone")
    given_at: datetime
    given_by: str = Field(description="Team member's id, token's subject, or system")
    due_at: datetime | None = Field(default=None, description="None: nothing that can be computed was said")
    department: str
    owner: str | None = Field(default=None, description="Who has to keep it: the case's owner; none: whoever of the department")
    broken_at: datetime | None = Field(
        default=None, description="Its due time, where it was not kept by then; none when it was, also if that was heard of late"
    )
    ended_at: datetime | None = Field(
        default=None, description="When it was kept, when another was given in its place, or it was withdrawn"
    )
    kept_by: UUID | None = Field(default=None, description="The reply that kept it")
    replaces: UUID | None = Field(default=None, description="The promise in whose place it came")
    replaced_by: UUID | None = Field(default=None, description="The promise that came in its place")


class CasePromised(CaseEvent):
    """The customer was promised something, in a reply that was sent or, as a person noted, otherwise."""

    type: ClassVar[str] = "weerklank.case.promised.v1"
    promise: Promise


class CasePromiseKept(CaseEvent):
    """A promise was kept: a person says so, the writer of a reply, or, where nobody said, by the next reply. Late where `promise.broken_at` is set."""

    type: ClassVar[str] = "weerklank.case.promise-kept.v1"
    promise: Promise
    assumed: bool = Field(default=False, description="Nobody said so: it is the next reply to that customer, and it came in time")
    reason: str | None = None


class CasePromiseBroken(CaseEvent):
    """The time of a promise has come, and nothing is known to have kept it; or what was taken for that did not."""

    type: ClassVar[str] = "weerklank.case.promise-broken.v1"
    promise: Promise
    told: list[str] = Field(default=[], description="Team members that were told")


class CasePromiseRenegotiated(CaseEvent):
    """The customer was told another promise in place of this one."""

    type: ClassVar[str] = "weerklank.case.promise-renegotiated.v1"
    promise: Promise


class CasePromiseWithdrawn(CaseEvent):
    """A person says that it is no promise, or that nobody needs it any more."""

    type: ClassVar[str] = "weerklank.case.promise-withdrawn.v1"
    promise: Promise
    reason: str


class CasePromiseNotKept(CaseEvent):
    """What was taken for keeping a promise did not, as a person says, or came back undelivered: it is open again, or broken where its time has passed."""

    type: ClassVar[str] = "weerklank.case.promise-not-kept.v1"
    promise: Promise
    reason: str
