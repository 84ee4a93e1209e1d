"""What people write and answer in a scenario, as the events that tell of it."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cli.scenario import times
from cli.scenario.format import MailedStep, MailStep, MentionStep, PromiseOf, ReplyStep, Scenario
from cli.scenario.world import Failed, World
from libs.common.answer_events import ConsultationMailed
from libs.common.events import (
    Author,
    Evidence,
    Findings,
    Identity,
    Label,
    Mention,
    MentionReceived,
    MentionRegrouped,
    MentionRemoved,
    MentionRevised,
    MentionTriaged,
    PersonalData,
    Respond,
    Thread,
    TriagedEvent,
    TriagedMention,
    deterministic_id,
)
from libs.common.outbox import Outgoing
from libs.common.reply_events import Reply, ReplySent
from libs.common.topics import ANSWERS, MENTIONS, REPLIES, TRIAGED
from services.ingest import mention as ingest
from services.ingest.mail import Unreadable, read_mail


class Teller:
    """Tells a schedule's events. It remembers each mention, for what is told of it again."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self._world, self._scenario = world, scenario
        self._steps: dict[str, MentionStep] = {}
        self._told: dict[str, tuple[TriagedMention, int]] = {}
        self._received: dict[str, Mention] = {}

    def mention(self, step: MentionStep) -> None:
        """Somebody wrote, or, for a mention of before, triage says otherwise of it: what the step does not say stays."""
        before = self._steps.get(step.mention)
        if before is not None:
            if self._scenario.triage == "real":
                raise Failed(f"mention {step.mention!r} is there already, and triage decides what it says of it")
            step = before.model_copy(update={name: getattr(step, name) for name in step.model_fields_set})
        self._steps[step.mention] = step
        if self._scenario.triage == "real":
            self._to_triage(step.mention, self._message(step))
            return
        known = self._told.get(step.mention)
        triaged = self._triaged(step, known[0].mention if known else self._message(step))
        version = known[1] + 1 if known else 1
        event: TriagedEvent
        if known is None:
            event = MentionTriaged(brand=self._world.brand, triaged=triaged)
        elif known[0].group_id != triaged.group_id:
            event = MentionRegrouped(brand=self._world.brand, triaged=triaged)
        else:
            event = MentionRevised(brand=self._world.brand, triaged=triaged, why="depth")
        self._say(step.mention, event, version)

    def mail(self, step: MailStep) -> None:
        """A mail as it came, read as ingest reads it. Raises `Failed` for one that ingest refuses."""
        now = self._world.now
        try:
            mail = read_mail(step.raw.encode(), arrived_at=now, now=now)
        except Unreadable as error:
            raise Failed(f"mail {step.mail!r}: {error}") from error
        if self._scenario.triage != "real":
            raise Failed("a mail is for a scenario with 'triage: real'")
        normalised = ingest.normalise(mail.mention, self._world.brand, region="NL", now=now)
        self._to_triage(step.mail, normalised)

    def taken_back(self, name: str) -> None:
        if self._scenario.triage == "real":
            if name not in self._received:
                raise Failed(f"there is no message {name!r} that could be taken back")
            message = self._received[name]
            event = ingest.deleted_event(str(message.id), self._world.brand, ingest.key_of(message), self._world.now, 1, None)
            self._world.tell(event, MENTIONS.name, "ingest")
            return
        if name not in self._told:
            raise Failed(f"there is no mention {name!r} that could be taken back")
        triaged, version = self._told[name]
        gone = triaged.model_copy(update={"removed": True, "mention": triaged.mention.model_copy(update={"text": "", "title": None})})
        self._say(name, MentionRemoved(brand=self._world.brand, triaged=gone), version + 1)

    async def reply(self, step: ReplyStep) -> None:
        world = self._world
        if step.to not in world.names["mention"]:
            raise Failed(f"there is no mention {step.to!r} that could be answered")
        known = self._told.get(step.to)
        message = known[0].mention if known else self._received[step.to]
        sent_at = times.read(step.sent, world.now, self._scenario.zone) if step.sent else world.now
        reply_id = world.names["reply"].setdefault(step.reply, deterministic_id(world.brand, "reply", step.reply))
        given = {
            "id": reply_id,
            "brand": world.brand,
            "case_id": await world.case_of(step.to),
            "mention_id": message.id,
            "channel": message.channel,
            "visibility": message.visibility,
            "state": "sent",
            "text": step.text,
            "digest": hashlib.sha256(step.text.encode()).hexdigest(),
            "writer": step.by,
            "approver": step.by,
            "created_at": sent_at,
            "approved_at": sent_at,
            "sent_at": sent_at,
            "promises": [self._promise(said) for said in step.promises],
            "keeps": [self._promised(name) for name in step.keeps] if step.keeps is not None else None,
            **self._moments(await world.resolved(step.more)),
        }
        event = ReplySent(brand=world.brand, book_version=1, reply=Reply.model_validate(given), at=sent_at, actor=step.by)
        world.tell(Outgoing(event, str(reply_id), 5, str(event.reply.case_id)), REPLIES.name, "responder")

    async def mailed(self, step: MailedStep) -> None:
        """Raises `Failed` for a question that there is not."""
        world = self._world
        asked = str(await world.resolved(step.to))
        rows = await world.rows("routing", "select id, department from consultation where brand = $1 and id::text = $2", world.brand, asked)
        if not rows:
            raise Failed(f"there is no consultation {asked!r} that could be answered")
        consultation_id = rows[0]["id"]
        answer_id = deterministic_id(world.brand, "answer", str(consultation_id), step.mailed)
        event = ConsultationMailed(
            brand=world.brand,
            book_version=1,
            answer_id=answer_id,
            consultation_id=consultation_id,
            department=step.department or rows[0]["department"],
            what=step.what,
            text=step.text,
            sender=step.sender,
            authenticated=step.authenticated,
            received_at=world.now,
        )
        world.tell(Outgoing(event, str(answer_id), 1, str(consultation_id)), ANSWERS.name, "ingest")

    def _promise(self, said: PromiseOf) -> dict[str, Any]:
        world = self._world
        return {
            "id": world.names["promise"].setdefault(said.name, deterministic_id(world.brand, "promise", said.name)),
            "text": said.text,
            "due_at": times.read(said.due, world.now, self._scenario.zone) if said.due else None,
            "renegotiates": self._promised(said.instead_of) if said.instead_of else None,
        }

    def _promised(self, name: str) -> UUID:
        known: UUID | None = self._world.names["promise"].get(name)
        if known is None:
            raise Failed(f"there is no promise {name!r} in this scenario so far")
        return known

    def _moments(self, value: Any) -> Any:
        """Fields that end in `_at` hold times, as a scenario writes them."""
        if isinstance(value, list):
            return [self._moments(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        return {
            key: times.read(item, self._world.now, self._scenario.zone)
            if key.endswith("_at") and isinstance(item, str)
            else self._moments(item)
            for key, item in value.items()
        }

    # --- messages -----------------------------------------------------------------------------------------------------------------------

    def _message(self, step: MentionStep) -> Mention:
        world = self._world
        external_id = f"{self._scenario.path.stem}-{step.mention}"
        received_at = times.read(step.received, world.now, self._scenario.zone) if step.received else world.now
        thread = None
        if step.answers is not None:
            answered = self._received.get(step.answers) or (self._told[step.answers][0].mention if step.answers in self._told else None)
            name = answered.external_id if answered else step.answers
            thread = Thread(id=answered.thread.id if answered and answered.thread else name, in_reply_to=name)
        mention_id = world.names["mention"].setdefault(step.mention, deterministic_id(world.brand, step.channel, external_id))
        return Mention(
            id=mention_id,
            brand=world.brand,
            channel=step.channel,
            kind=step.kind or ("mail" if step.channel == "email" else "direct" if step.visibility == "private" else "post"),
            external_id=external_id,
            author=Author(name=step.name, identities=[identity_of(step.sender, step.channel)], followers=step.followers),
            title=step.title,
            text=step.text,
            thread=thread,
            visibility="private" if step.channel == "email" else step.visibility,
            posted_at=received_at,
            received_at=received_at,
            historic=step.historic,
        )

    def _to_triage(self, name: str, message: Mention) -> None:
        self._received[name] = message
        self._world.names["mention"][name] = message.id
        event = MentionReceived(brand=self._world.brand, book_version=1, mention=message)
        self._world.tell(Outgoing(event, str(message.id), 1, ingest.key_of(message)), MENTIONS.name, "ingest")

    def _triaged(self, step: MentionStep, message: Mention) -> TriagedMention:
        world = self._world
        group = step.group or step.mention
        root = world.names["mention"].setdefault(group, deterministic_id(world.brand, "group", group))
        customer = step.customer or step.sender
        customer_id = world.names["customer"].setdefault(customer, deterministic_id(world.brand, "customer", customer))
        topic_id: UUID | None = None
        if step.topic is not None:
            topic_id = world.names["topic"].setdefault(step.topic, deterministic_id(world.brand, "topic", step.topic))
        findings = Findings(
            language=step.language,
            language_confidence=1.0,
            sentiment=step.sentiment,
            sentiment_score={"negative": -0.8, "neutral": 0.0, "positive": 0.8}[step.sentiment],
            sentiment_confidence=1.0,
            intent=step.intent,
            labels=[Label(name=label, score=1.0) for label in step.labels],
            urgency=step.urgency,
            respond=Respond(decision=step.respond, reason="the scenario says so") if step.respond else None,
            department=step.department,
            risk=list(step.risk),
            pii=[_personal(said, step.text) for said in step.pii],
            model="scenario",
        )
        return TriagedMention(
            mention=message,
            findings=findings,
            customer_id=customer_id,
            group_id=root,
            evidence=[Evidence(kind="thread", mention_id=before) for before in self._answered(step)] if root != message.id else [],
            topic_id=topic_id,
            triaged_at=message.received_at,
        )

    def _answered(self, step: MentionStep) -> list[UUID]:
        """The messages of its thread that it goes on with, the one that it answers first."""
        found, name = [], step.answers
        while name is not None and name in self._told:
            found.append(self._told[name][0].mention.id)
            name = self._steps[name].answers
        return found

    def _say(self, name: str, event: TriagedEvent, version: int) -> None:
        triaged = event.triaged
        self._told[name] = (triaged, version)
        self._world.tell(Outgoing(event, str(triaged.mention.id), version, str(triaged.customer_id)), TRIAGED.name, "triage")


def identity_of(sender: str, channel: str) -> Identity:
    """`anna@example.org` is a mail address, `+31612345678` a number, anything else a handle."""
    if sender.startswith("+"):
        return Identity(kind="phone", value=sender)
    if "@" in sender[1:]:
        return Identity(kind="email", value=sender.lower())
    return Identity(kind="handle", value=sender.lstrip("@").lower(), channel=channel)


def _personal(said: str, text: str) -> PersonalData:
    """`phone:0612345678` is where that stands in the text, a kind alone all of the text."""
    kind, _, value = said.partition(":")
    start = text.find(value) if value else 0
    if start < 0:
        raise Failed(f"{value!r} does not stand in the text of the mention")
    return PersonalData(kind=kind, start=start, end=start + len(value) if value else len(text))
