"""The registry of topics: what travels on each, under which key, who writes it, who reads it, and how long it stays.

Topics are made from here (`weerklank topics`, and `weerklank up`), and `docs/asyncapi.yaml` is generated from here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import InvalidPartitionsError, KafkaError, TopicAlreadyExistsError, for_code

from libs.common import answer_events as a
from libs.common import case_events as c
from libs.common import delivery_events as d
from libs.common import events as e
from libs.common import incident_events as i
from libs.common import post_events as p
from libs.common import reply_events as r
from libs.common.errors import Unavailable

PARTITIONS = 12
SHARDS_PER_BRAND = 4
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Topic:
    """One topic. `key` names in words what orders its events; `retention_ms` none means compacted and kept."""

    name: str
    events: tuple[type[e.Event], ...]
    key: str
    producer: str
    consumers: tuple[str, ...]
    carries: str
    retention_ms: int | None = 7 * _DAY_MS
    segment_ms: int = _DAY_MS
    perishable: bool = False
    """Only the newest events matter: a consumer that was away longer than they are kept goes on at the log's start, without an operator."""
    priority: bool = False
    """What stops something: it overtakes in the outbox, and has a consumer task of its own. Its keys are on no other topic's way."""

    @property
    def config(self) -> dict[str, str]:
        """Topic settings. LogAppendTime: with the posting time as timestamp, imported history would be deleted at once."""
        settings = {
            "message.timestamp.type": "LogAppendTime",
            "segment.ms": str(self.segment_ms),
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
        }
        if self.retention_ms is None:
            return settings | {"cleanup.policy": "compact"}
        return settings | {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


_CASE_EVENTS = (
    c.CaseOpened,
    c.CaseJoined,
    c.CaseLeft,
    c.CaseRevised,
    c.CaseAssigned,
    c.CaseHandedBack,
    c.CaseReturned,
    c.CaseNoted,
    c.CaseNoteEdited,
    c.CaseNoteDeleted,
    c.CaseTagged,
    c.CaseWatched,
    c.CaseFieldsSet,
    c.CaseReacted,
    c.CaseReplyBounced,
    c.CasePickedUp,
    c.CaseWaiting,
    c.CaseResumed,
    c.CaseTargetsChanged,
    c.CaseClockBreached,
    c.CaseEscalated,
    c.CaseResolved,
    c.CaseClosed,
    c.CaseTextsForgotten,
    c.CaseForgotten,
    c.CaseReopened,
    c.CaseMerged,
    c.CaseUnmerged,
    c.CaseSplit,
    c.CaseRejoined,
    c.CaseCustomerLeft,
    c.CasePrioritised,
    c.CaseCallbackProposed,
    c.CaseCallbackPlanned,
    c.CaseCallbackDue,
    c.CaseCallbackAttempted,
    c.CaseCallbackEnded,
    c.CaseConsulted,
    c.CaseConsultationReminded,
    c.CaseConsultationAnswered,
    c.CaseConsultationNoted,
    c.CaseLegalCheckChanged,
    c.CaseConsultationHandedOn,
    c.CaseConsultationReopened,
    c.CaseConsultationWithdrawn,
    c.CasePromised,
    c.CasePromiseKept,
    c.CasePromiseBroken,
    c.CasePromiseRenegotiated,
    c.CasePromiseWithdrawn,
    c.CasePromiseNotKept,
)
_REPLY_EVENTS = (
    r.ReplyDrafted,
    r.ReplyEdited,
    r.ReplySubmitted,
    r.ReplyApproved,
    r.ReplySent,
    r.ReplyFailed,
    r.ReplyUnconfirmed,
    r.ReplyBounced,
    r.ReplyDiscarded,
    r.ReplyOverridden,
)
POST_EVENTS = (
    p.PostDrafted,
    p.PostEdited,
    p.PostSubmitted,
    p.PostApproved,
    p.PostSent,
    p.PostFailed,
    p.PostUnconfirmed,
    p.PostDiscarded,
)
_INCIDENT_EVENTS = (
    i.IncidentRaised,
    i.IncidentJoined,
    i.IncidentFollowed,
    i.IncidentUnanswered,
    i.IncidentAcknowledged,
    i.IncidentChanged,
    i.IncidentCasesChanged,
    i.IncidentSaid,
    i.IncidentDecided,
    i.IncidentStatementDrafted,
    i.IncidentStatementSigned,
    i.IncidentTaskGiven,
    i.IncidentTaskDue,
    i.IncidentTaskDone,
    i.IncidentHeld,
    i.IncidentHandled,
    i.IncidentClosed,
    i.IncidentReopened,
)

MENTIONS = Topic(
    "weerklank.mentions.v1",
    (e.MentionReceived, e.MentionDeleted),
    "brand and the identity that the author wrote with",
    "ingest",
    ("ingest", "triage"),
    "a normalised mention, live",
)
MENTIONS_BULK = Topic(
    "weerklank.mentions-bulk.v1",
    (e.MentionReceived, e.MentionDeleted),
    "brand and the identity that the author wrote with",
    "ingest",
    ("ingest", "triage"),
    "imports and re-reads: consumed only while live lag is under a second",
)
TRIAGED = Topic(
    "weerklank.triaged.v1",
    (e.MentionTriaged, e.MentionRegrouped, e.MentionRevised, e.MentionRemoved),
    "customer",
    "triage",
    ("routing", "analytics"),
    "a mention, what triage found, and the group that it belongs to",
)
CASES = Topic(
    "weerklank.cases.v1",
    _CASE_EVENTS,
    "case",
    "routing",
    ("triage", "responder", "analytics"),
    "what happens to a case, and the whole case after it",
)
INCIDENTS = Topic(
    "weerklank.incidents.v1",
    _INCIDENT_EVENTS,
    "incident",
    "routing",
    ("responder",),
    "what happens to an incident of the social hub, and the whole incident after it",
)
HOLDS = Topic(
    "weerklank.holds.v1",
    (e.SendingLease, e.SendingHeld, e.SendingReleased),
    "brand",
    "routing",
    ("responder",),
    "holds and releases, and the sending lease",
    retention_ms=3600 * 1000,
    segment_ms=600 * 1000,
    perishable=True,
    priority=True,
)
REPLIES = Topic(
    "weerklank.replies.v1",
    (*_REPLY_EVENTS, *POST_EVENTS),
    "case; a post by itself",
    "responder",
    ("triage", "routing", "analytics"),
    "what happens to a reply or a post, and the whole of it afterwards",
)
ANSWERS = Topic(
    "weerklank.answers.v1",
    (a.ConsultationMailed,),
    "consultation",
    "ingest",
    ("routing",),
    "what came in by mail at the signed address of a question to a department",
)
DELIVERIES = Topic(
    "weerklank.deliveries.v1",
    (d.DeliveryReported,),
    "brand and reply",
    "ingest",
    ("responder",),
    "what mail servers told the brand's mailbox of replies that left",
)
FEEDBACK = Topic(
    "weerklank.feedback.v1",
    (e.FindingCorrected, e.DuplicateJudged),
    "brand and mention",
    "routing",
    ("triage",),
    "what people decided about a mention, whatever triage proposed",
)
BRANDS = Topic(
    "weerklank.brands.v1",
    (e.BrandBookPublished,),
    "brand",
    "routing",
    ("ingest", "triage", "routing", "responder", "analytics"),
    "the brand book; every service keeps its copy",
    retention_ms=None,
)

TOPICS: tuple[Topic, ...] = (MENTIONS, MENTIONS_BULK, TRIAGED, CASES, INCIDENTS, HOLDS, REPLIES, ANSWERS, DELIVERIES, FEEDBACK, BRANDS)
BY_NAME = {topic.name: topic for topic in TOPICS}
EVENT_TYPES: dict[str, type[e.Event]] = {event.type: event for topic in TOPICS for event in topic.events}


@lru_cache(maxsize=4096)
def brand_partitions(brand: str) -> tuple[int, ...]:
    """The few partitions that a brand lives on, by rendezvous hashing: one brand's storm leaves most others alone."""
    ranked = sorted(range(PARTITIONS), key=lambda p: hashlib.blake2b(f"{brand}/{p}".encode(), digest_size=8).digest())
    return tuple(sorted(ranked[:SHARDS_PER_BRAND]))


def partition_of(brand: str, key: str) -> int:
    """The partition of a key: always the same one, inside the brand's shard."""
    shard = brand_partitions(brand)
    return shard[int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % len(shard)]


@dataclass(frozen=True)
class Mended:
    """What `mend_topics` changed, and what it left as it was because mending it would delete events; a line each."""

    changed: list[str]
    left: list[str]


async def mend_topics(bootstrap: str, *, shorten: bool = False) -> Mended:
    """Give existing topics the settings and the number of partitions that the registry says.

    Kafka deletes nothing sooner than it did, unless `shorten`: somebody may have raised a retention so that a service that is away loses nothing.
    A setting that the registry does not name stays as it is, and so do surplus partitions, which nothing can take away. More partitions move no
    event: each event's partition is computed here, for the full number. Raises `Unavailable` when the broker does not answer or refuses.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        present = sorted(BY_NAME.keys() & set(await admin.list_topics()))
        mended = Mended([], [])
        for described in await admin.describe_topics(present) if present else []:
            name, have = described["topic"], len(described["partitions"])
            if have < PARTITIONS:
                try:
                    await admin.create_partitions({name: NewPartitions(PARTITIONS)})
                except InvalidPartitionsError:
                    continue  # somebody else was faster, and the broker that was asked had not heard of it
                mended.changed.append(f"{name}: {PARTITIONS} partitions instead of {have}")
        for name in present:
            await _settle(admin, name, BY_NAME[name].config, mended, shorten=shorten)
        return mended
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap} does not answer, or refuses: {error!r}. See the broker's log.") from error
    finally:
        await admin.close()


def without_deleting(wanted: Mapping[str, str], have: Mapping[str, str]) -> Mapping[str, str]:
    """The settings that are wanted, but for a retention that would be shorter than what the topic has. One that is only compacted deletes nothing
    for its age. A clean-up that becomes compaction keeps the newest of each key, which is all that anybody reads there."""
    if "retention.ms" not in wanted:
        return wanted
    keeps = int(have.get("retention.ms", -1)) if "delete" in have.get("cleanup.policy", "delete") else -1
    return wanted if 0 <= keeps <= int(wanted["retention.ms"]) else {**wanted, "retention.ms": str(keeps)}


async def _settle(admin: AIOKafkaAdminClient, name: str, wanted: Mapping[str, str], mended: Mended, *, shorten: bool) -> None:
    """The topic's settings are those that are wanted, beside those of its own that nobody has an opinion of. Adds to `mended`."""
    (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    (code, _message, _kind, _name, entries), *_ = response.resources
    if code:
        raise for_code(code)(f"settings of {name}")
    have = {entry[0]: entry[1] for entry in entries}
    given = wanted if shorten else without_deleting(wanted, have)
    if given != wanted:
        mended.left.append(
            f"{name}: retention.ms={given['retention.ms']} is not lowered to {wanted['retention.ms']}, which would delete events, also those that a "
            "service which is away has not handled: --shorten does it"
        )
    differing = {setting: value for setting, value in given.items() if have.get(setting) != value}
    if differing:
        # This request replaces all settings of the topic: those that are its own (source 1) are told again.
        own = {entry[0]: entry[1] for entry in entries if entry[3] == 1}
        for answer in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs=own | dict(given))]):
            for refusal, *_ in answer.resources:
                if refusal:
                    raise for_code(refusal)(f"settings of {name}")
    mended.changed.extend(f"{name}: {setting}={value} instead of {have.get(setting)}" for setting, value in differing.items())


async def create_topics(bootstrap: str, *, replication: int = 1, topics: Sequence[Topic] = TOPICS) -> list[str]:
    """Make the topics that do not exist yet and return their names. Existing ones are left as they are.

    Raises `Unavailable` when the broker does not answer or refuses.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        present = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in present]
        if missing:
            answer = await admin.create_topics([NewTopic(t.name, PARTITIONS, replication, topic_configs=t.config) for t in missing])
            for name, code, *_ in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise Unavailable(f"Kafka refused to make topic {name}: {error.__name__}. See the broker's log.")
        return [topic.name for topic in missing]
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap} does not answer: {error!r}. Is it running?") from error
    finally:
        await admin.close()
