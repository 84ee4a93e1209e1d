"""Kafka: whether it answers, what version and settings it has, how its topics differ from the registry, and whether their copies are in step."""

import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from cli.doctor import broker
from cli.doctor.broker import Broker, Partition, Settings, TopicSeen, Unread
from cli.doctor.machine import existing
from cli.doctor.world import World
from libs.common import clocks
from libs.common.checks import CannotAsk, Finding, Kind, Probe, in_thread
from libs.common.topics import MAX_MESSAGE_BYTES, PARTITIONS, TOPICS, Topic, without_deleting

RELEASES: Mapping[str, int] = {"3.3": 7, "3.9": 21, "4.0": 25, "4.1": 27}
"""Kafka's release → the level of its feature metadata.version (MetadataVersion.java)."""
OLDEST_LEVEL = RELEASES["3.3"]
OFFSETS_KEPT_MINUTES = 7 * 24 * 60
LOG_OLD_ENOUGH = timedelta(hours=6)

REACHABLE = Kind(
    "kafka.reachable",
    "Kafka answers",
    "That the bootstrap servers of WEERKLANK_KAFKA, or the embedded broker, answer within 8 s.",
    "Look at the broker and at WEERKLANK_KAFKA; of the embedded one at logs/kafka.log in the data directory, then 'weerklank up'.",
)
VERSION = Kind(
    "kafka.version",
    "Kafka's version",
    "Which release the brokers' features (metadata.version) belong to, and whether an upgrade of them was finished.",
    "kafka-features.sh --bootstrap-server … upgrade --release-version RELEASE, once every broker runs it",
)
BROKERS = Kind(
    "kafka.brokers",
    "Kafka's settings",
    "Number of brokers; auto.create.topics.enable, unclean.leader.election.enable, offsets.retention.minutes, socket.request.max.bytes.",
    "Set it in the brokers' server.properties.",
)
TOPIC = Kind(
    "kafka.topics",
    "Topics",
    "Each topic against the registry: that it is there, its partitions, retention, clean-up, kind of timestamp, size of messages and segments, copies.",
    "weerklank topics --mend",
)
REPLICAS = Kind(
    "kafka.replicas",
    "Copies of partitions",
    "Partitions without a leader, or with fewer copies in step than they should have.",
    "Start the broker that is away, or look at its log; kafka-topics.sh --describe --under-replicated-partitions names them.",
)
CLOCK = Kind(
    "kafka.clock",
    "Kafka's clock",
    "When the broker appended the newest sending lease, against this machine's clock: it must not be in the future.",
    clocks.REMEDY,
)
LOG_SIZE = Kind(
    "kafka.log-size",
    "Kafka's disk",
    "What the embedded broker's logs take, and whether the disk holds them until the retention of 7 days is reached at the rate so far.",
    "Free some, or move the data directory to a larger disk (stop the stack, copy it, start with --data-dir).",
)
KINDS = (REACHABLE, VERSION, BROKERS, TOPIC, REPLICAS, CLOCK, LOG_SIZE)


async def ask(world: World) -> Broker:
    """Kafka's account of itself, shared. Raises `CannotAsk`."""
    return await world.shared("kafka", lambda: broker.ask(world.bootstrap))


def probes(world: World) -> list[Probe]:
    return [
        Probe(REACHABLE, partial(_reachable, world)),
        Probe(VERSION, partial(_version, world)),
        Probe(BROKERS, partial(_brokers, world)),
        Probe(TOPIC, partial(_topics, world)),
        Probe(REPLICAS, partial(_replicas, world)),
        Probe(CLOCK, partial(_clock, world)),
        Probe(LOG_SIZE, partial(in_thread, partial(_log_size, world))),
    ]


# --- judgements ------------------------------------------------------------------------------------------------------------------------


def judge_version(levels: tuple[int, int] | None) -> Finding:
    """`levels`: (finalized, supported) of metadata.version."""
    if levels is None:
        return VERSION.error("The broker names no metadata.version: it is older than Kafka 3.3, or not KRaft.", "Upgrade Kafka to 4.1.")
    finalized, supported = levels
    release = release_of(supported)
    values = {"metadata_version": finalized, "supported": supported, "release": release}
    if supported < OLDEST_LEVEL:
        return VERSION.error(f"Kafka {release} is too old.", "Upgrade Kafka to 4.1.", values=values)
    if finalized < supported:
        return VERSION.warning(
            f"The brokers are of Kafka {release} (metadata.version {supported}), and work as {release_of(finalized)} ({finalized}).",
            values=values,
        )
    return VERSION.ok(f"Kafka {release} (metadata.version {finalized}).", values=values)


def release_of(level: int) -> str:
    """The release that a level of metadata.version belongs to, as well as it is known here."""
    known = [release for release, highest in RELEASES.items() if level <= highest]
    if not known:
        return f"newer than {list(RELEASES)[-1]}"
    return known[0] if level == RELEASES[known[0]] or known[0] == "4.1" else f"up to {known[0]}"


def judge_brokers(settings: Mapping[int, Settings], *, embedded: bool) -> list[Finding]:
    """Each broker's settings. What each setting does when it is wrong stands in its finding."""
    found = []
    for number, have in settings.items():
        about = f"broker {number}"
        if isinstance(have, Unread):
            found.append(BROKERS.skipped(_unasked(have), about=about))
            continue
        wrong = []
        if have.get("auto.create.topics.enable") == "true":
            wrong.append(
                ("auto.create.topics.enable", BROKERS.warning, "a mistyped topic is made, with settings that nobody chose", "false")
            )
        if have.get("unclean.leader.election.enable") == "true":
            wrong.append(("unclean.leader.election.enable", BROKERS.error, "acknowledged events can be lost", "false"))
        if int(have.get("offsets.retention.minutes", OFFSETS_KEPT_MINUTES)) < OFFSETS_KEPT_MINUTES:
            wrong.append(
                ("offsets.retention.minutes", BROKERS.warning, "dashboards lose a stopped service's lag", f"{OFFSETS_KEPT_MINUTES}")
            )
        if int(have.get("socket.request.max.bytes", MAX_MESSAGE_BYTES)) < MAX_MESSAGE_BYTES:
            wrong.append(("socket.request.max.bytes", BROKERS.error, "large events are refused", f"{100 * 2**20}"))
        found += [
            judged(
                f"{setting}={have[setting]}: {effect}.",
                f"In the broker's server.properties: {setting}={wanted}",
                about=f"{about}: {setting}",
                values={"found": have[setting], "wanted": wanted},
            )
            for setting, judged, effect, wanted in wrong
        ]
        if not wrong:
            kept = {name: have[name] for name in sorted(have) if name in ("message.max.bytes", "min.insync.replicas", "log.retention.ms")}
            found.append(BROKERS.ok("Its settings fit.", about=about, values=kept))
    if not embedded and len(settings) < 3:
        found.append(
            BROKERS.warning(
                f"There {'is 1 broker' if len(settings) == 1 else f'are {len(settings)} brokers'}: losing one loses events, or stops all writing.",
                "Run three brokers (Strimzi does, on Kubernetes), and keep three copies: weerklank topics --create --replication 3, on a new cluster.",
                about="number of brokers",
                values={"brokers": len(settings)},
            )
        )
    return found


def judge_topic(topic: Topic, seen: TopicSeen | None, brokers: int) -> list[Finding]:
    """One topic against the registry; one finding for all of its settings that differ, one for its copies."""
    name = topic.name
    if seen is None:
        copies = " --replication 3" if brokers >= 3 else ""
        return [TOPIC.error(f"{name} is missing.", f"weerklank topics --create{copies}", about=name)]
    worse, differing = False, []
    have_all = {} if isinstance(seen.settings, Unread) else seen.settings
    partitions = len(seen.partitions)
    if partitions < PARTITIONS:
        worse = True
        differing.append(f"{partitions} partitions, {PARTITIONS} are written to")
    elif partitions > PARTITIONS:
        differing.append(f"{partitions} partitions, of which {partitions - PARTITIONS} are never used (they can't be taken away)")
    for setting, wanted in topic.config.items():
        have = have_all.get(setting)
        if have is not None and have != wanted and (effect := effect_of(setting, have, wanted)):
            worse |= effect[0]
            differing.append(f"{setting}={have} instead of {wanted}: {effect[1]}")
    values = {"partitions": partitions, "wanted_partitions": PARTITIONS} | {
        setting: {"found": have_all.get(setting), "wanted": wanted} for setting, wanted in topic.config.items()
    }
    if partitions > PARTITIONS and len(differing) == 1:
        found = [
            TOPIC.warning(f"{name}: {differing[0]}.", "Nothing has to be done; it costs the brokers a little.", about=name, values=values)
        ]
    elif differing:
        amiss = TOPIC.error if worse else TOPIC.warning
        found = [amiss(f"{name}: {'; '.join(differing)}.", _mending(topic, have_all, len(differing)), about=name, values=values)]
    else:
        of_registry = "" if isinstance(seen.settings, Unread) else ", and the registry's settings"
        found = [TOPIC.ok(f"{partitions} partitions{of_registry}.", about=name, values=values)]
    if isinstance(seen.settings, Unread):
        return [*found, TOPIC.skipped(_unasked(seen.settings), about=f"{name}: settings")]
    return found + judge_copies(name, seen.partitions, seen.settings, brokers)


def _unasked(settings: Unread) -> str:
    return f"Its settings could not be asked for ({settings.why}): whoever runs doctor needs the right DescribeConfigs on it."


def _mending(topic: Topic, have: Mapping[str, str], differing: int) -> str:
    """What mends the topic; nothing where it is what mends all others. A retention that was raised is lowered by nobody who does not mean it."""
    kept = without_deleting(topic.config, have).get("retention.ms")
    if kept != topic.config.get("retention.ms") and kept == have.get("retention.ms"):
        shortens = "--shorten, once nothing is behind (weerklank status): it deletes what is older, handled or not"
        return f"weerklank topics --mend {shortens}" if differing == 1 else f"weerklank topics --mend; retention.ms only with {shortens}"
    return ""


def effect_of(setting: str, have: str, wanted: str) -> tuple[bool, str] | None:
    """(Whether it is an error, what it does); none where the difference does no harm."""
    if setting == "retention.ms":
        if have == "-1" or int(have) > int(wanted):
            return False, "personal data stays longer than it should"
        return True, "an outage longer than that loses events"
    if setting == "cleanup.policy":
        return True, "brand books are deleted" if wanted == "compact" else "events of a key replace one another before they are handled"
    if setting == "message.timestamp.type":
        return True, "imported history is deleted at once"
    if setting == "max.message.bytes":
        return (True, "large events are refused") if int(have) < int(wanted) else None
    return (False, "what retention should delete stays longer") if int(have) > int(wanted) else None


def judge_copies(name: str, partitions: Sequence[Partition], settings: Mapping[str, str], brokers: int) -> list[Finding]:
    """How many copies a topic keeps, against how many must be written."""
    copies = min((len(partition.replicas) for partition in partitions), default=0)
    least = int(settings.get("min.insync.replicas", "1"))
    about, values = f"{name}: copies", {"copies": copies, "min_insync_replicas": least, "brokers": brokers}
    if copies < least:
        return [
            TOPIC.error(
                f"{name} has {copies} copies and wants {least} written (min.insync.replicas): nothing can be written.",
                f"kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config min.insync.replicas={max(1, copies - 1)}",
                about=about,
                values=values,
            )
        ]
    if brokers >= 3 and copies < 3:
        return [
            TOPIC.warning(
                f"{name} has {copies} of 3 copies, and there are {brokers} brokers.",
                "Give it three with kafka-reassign-partitions.sh.",
                about=about,
                values=values,
            )
        ]
    if copies > 1 and copies == least:
        return [
            TOPIC.warning(
                f"{name}: all {copies} copies must be written (min.insync.replicas={least}): restarting any broker stops all writing.",
                f"kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config min.insync.replicas={copies - 1}",
                about=about,
                values=values,
            )
        ]
    if copies >= 3 and least < 2:
        return [
            TOPIC.warning(
                f"{name}: one copy written is enough (min.insync.replicas=1): losing a broker can lose acknowledged events.",
                f"kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config min.insync.replicas=2",
                about=about,
                values=values,
            )
        ]
    return []


def judge_replicas(topics: Mapping[str, TopicSeen]) -> list[Finding]:
    found = []
    for name, topic in topics.items():
        offline = [partition.number for partition in topic.partitions if partition.leader < 0]
        behind = [
            partition.number for partition in topic.partitions if partition.leader >= 0 and len(partition.in_sync) < len(partition.replicas)
        ]
        if offline:
            found.append(REPLICAS.error(f"{name}: partitions {offline} have no leader: nothing is read or written there.", about=name))
        elif behind:
            found.append(REPLICAS.warning(f"{name}: partitions {behind} have fewer copies in step than they should.", about=name))
    return found or [REPLICAS.ok("Every partition has a leader, and all copies are in step.")]


def judge_log_size(size: int, oldest_s: float, free: int, retention_s: float) -> Finding:
    """`size` and `free` in bytes; `oldest_s` is the age of the oldest segment. Grows on at its rate so far until the retention is reached."""
    grown = size * max(1.0, retention_s / max(oldest_s, 1.0))
    values = {"bytes": size, "free_bytes": free, "expected_bytes": int(grown), "retention_s": retention_s}
    found = f"Its logs take {size >> 20} MiB"
    if oldest_s >= LOG_OLD_ENOUGH.total_seconds() and grown - size > free:
        return LOG_SIZE.warning(f"{found} and would take {grown / 2**20:.0f} MiB after 7 days; {free >> 20} MiB are free.", values=values)
    return LOG_SIZE.ok(f"{found}; {free >> 20} MiB are free.", values=values)


# --- asking ----------------------------------------------------------------------------------------------------------------------------


async def _reachable(world: World) -> list[Finding]:
    address = world.bootstrap
    part = world.part("kafka")
    try:
        seen = await ask(world)
    except CannotAsk as error:
        why = f" It is {part.status}: {part.why}" if part is not None and part.why else ""
        return [REACHABLE.error(f"{error}{why}", values={"bootstrap": address})]
    return [REACHABLE.ok(f"{address} answers.", values={"bootstrap": address, "brokers": list(seen.brokers)})]


async def _version(world: World) -> list[Finding]:
    return [judge_version((await ask(world)).metadata_levels)]


async def _brokers(world: World) -> list[Finding]:
    return judge_brokers((await ask(world)).settings, embedded=world.own_servers)


async def _topics(world: World) -> list[Finding]:
    seen = await ask(world)
    return [finding for topic in TOPICS for finding in judge_topic(topic, seen.topics.get(topic.name), len(seen.brokers))]


async def _replicas(world: World) -> list[Finding]:
    return judge_replicas((await ask(world)).topics)


async def _clock(world: World) -> list[Finding]:
    seen = await ask(world)
    if seen.newest is None:
        raise CannotAsk("No sending lease is in the log: routing writes one for each brand, every second.")
    # An old one says nothing: routing may have stopped. One from the future was stamped by a clock that is ahead.
    told = max(seen.newest, seen.asked)
    return [clocks.judge(CLOCK, "Kafka", seen.asked, seen.answered, told)]


def _log_size(world: World) -> list[Finding]:
    directory = world.data_dir / "kafka" / "log"
    if not world.own_servers or not directory.is_dir():
        raise CannotAsk("No embedded Kafka was started here.")
    segments = [path.stat() for path in directory.rglob("*.log") if path.is_file()]
    size, oldest = (
        sum(seen.st_blocks * 512 for seen in segments),
        min((seen.st_mtime for seen in segments if seen.st_size), default=time.time()),
    )
    retention_s = max(topic.retention_ms or 0 for topic in TOPICS) / 1000
    return [judge_log_size(size, time.time() - oldest, _free(directory), retention_s)]


def _free(path: Path) -> int:
    return shutil.disk_usage(existing(path)).free
