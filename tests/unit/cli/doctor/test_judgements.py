"""What doctor says about a machine, a broker and a service, from what it saw."""

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAuthorizationFailedError

from cli.doctor import broker, installation, kafka, machine, report, services
from cli.doctor.broker import Partition, TopicSeen
from libs.common import topics
from libs.common.checks import Finding, Kind
from libs.common.topics import BRANDS, MENTIONS, Topic, without_deleting

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
GIB = 1 << 30


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (installation.judge_python((3, 10)), "error"),
        (installation.judge_python((3, 11)), "ok"),
        (installation.judge_python((3, 14)), "warning"),
        (installation.judge_platform("Linux", "x86_64", "glibc"), "ok"),
        (installation.judge_platform("Linux", "aarch64", "glibc"), "ok"),
        (installation.judge_platform("Linux", "x86_64", ""), "error"),
        (installation.judge_platform("Linux", "riscv64", "glibc"), "error"),
        (installation.judge_platform("Darwin", "arm64", ""), "ok"),
        (installation.judge_platform("Darwin", "x86_64", ""), "error"),
        (machine.judge_memory(8000, 4000, runs=False), "ok"),
        (machine.judge_memory(8000, 900, runs=False), "warning"),
        (machine.judge_memory(8000, 900, runs=True), "ok"),
        (machine.judge_memory(8000, 300, runs=True), "warning"),
        (machine.judge_memory(900, 800, runs=False), "error"),
        (machine.judge_swap(0, 0, 0.01), "ok"),
        (machine.judge_swap(8 * GIB, 7 * GIB, 0.5), "ok"),
        (machine.judge_swap(8 * GIB, 7 * GIB, 0.05), "warning"),
        (machine.judge_open_files(1024, 4096), "ok"),
        (machine.judge_open_files(1024, 1024), "warning"),
        (machine.judge_open_files(128, 4096), "error"),
        (machine.judge_open_files(1024, -1), "ok"),
        (machine.judge_disk(500, 1024, Path("/data")), "error"),
        (machine.judge_disk(1500, 1024, Path("/data")), "warning"),
        (machine.judge_disk(5000, 1024, Path("/data")), "ok"),
        (machine.judge_clock(NOW, NOW - timedelta(hours=1), 0.01), "ok"),
        (machine.judge_clock(NOW, NOW + timedelta(minutes=5), 0.0), "error"),
        (machine.judge_clock(NOW, None, 3.2), "warning"),
        (machine.judge_clock(datetime(1970, 1, 1, tzinfo=UTC), None, 0.0), "error"),
        (installation.judge_packages({"a": "1", "b": "2"}, {"a": "1", "b": "2"}), "ok"),
        (installation.judge_packages({"a": "1", "b": "2"}, {"a": "1", "b": "3"}), "warning"),
        (installation.judge_packages({"a": "1", "b": "2"}, {"a": "1", "b": None}), "error"),
        (kafka.judge_log_size(GIB, 3600, GIB, 604800), "ok"),  # too young to say at what rate it grows
        (kafka.judge_log_size(GIB, 86400, 5 * GIB, 604800), "warning"),
        (kafka.judge_log_size(GIB, 86400, 7 * GIB, 604800), "ok"),
        (kafka.judge_log_size(GIB, 700000, 1, 604800), "ok"),
        (kafka.judge_version(None), "error"),
        (kafka.judge_version((27, 27)), "ok"),
        (kafka.judge_version((25, 27)), "warning"),
        (kafka.judge_version((5, 5)), "error"),
        (kafka.judge_version((40, 40)), "ok"),
    ],
)
def test_judged(found: Finding, status: str) -> None:
    assert found.status == status
    assert bool(found.remedy) == (status in ("warning", "error"))


def test_pins_of_other_machines_are_left_out() -> None:
    lines = [
        "# made",
        "rich==14.0.0 \\",
        "    --hash=sha256:00",
        "colorama==0.4.6 ; sys_platform == 'win32' \\",
        "pyjwt==2.10.1 ; python_version >= '3'",
    ]
    assert installation.pinned(lines) == {"rich": "14.0.0", "pyjwt": "2.10.1"}


def seen(partitions: int = 12, copies: int = 1, in_sync: int | None = None, topic: Topic = MENTIONS, **settings: str) -> TopicSeen:
    ids = tuple(range(copies))
    own = {name.replace("_", "."): value for name, value in settings.items()}
    return TopicSeen(tuple(Partition(number, 0, ids, ids[:in_sync]) for number in range(partitions)), {**topic.config, **own})


@pytest.mark.parametrize(
    ("topic", "given", "status", "said"),
    [
        (MENTIONS, None, "error", "is missing"),
        (MENTIONS, seen(), "ok", "12 partitions"),
        (MENTIONS, seen(3), "error", "3 partitions, 12 are written to"),
        (MENTIONS, seen(24), "warning", "of which 12 are never used"),
        (MENTIONS, seen(retention_ms="3600000"), "error", "retention.ms=3600000 instead of 604800000"),
        (MENTIONS, seen(retention_ms="-1"), "warning", "personal data stays longer"),
        (MENTIONS, seen(cleanup_policy="compact"), "error", "replace one another"),
        (BRANDS, seen(topic=BRANDS, cleanup_policy="delete"), "error", "brand books are deleted"),
        (MENTIONS, seen(message_timestamp_type="CreateTime"), "error", "imported history is deleted"),
        (MENTIONS, seen(max_message_bytes="1048588"), "error", "large events are refused"),
        (MENTIONS, seen(max_message_bytes="9999999"), "ok", ""),
        (MENTIONS, seen(segment_ms="604800000"), "warning", "stays longer"),
    ],
)
def test_a_topic_against_the_registry(topic: Topic, given: TopicSeen | None, status: str, said: str) -> None:
    (found,) = kafka.judge_topic(topic, given, 1)
    assert (found.status, said in found.found) == (status, True)


@pytest.mark.parametrize(
    ("copies", "least", "brokers", "status"),
    [
        (1, "1", 1, "ok"),
        (1, "2", 3, "error"),
        (1, "1", 3, "warning"),
        (3, "3", 3, "warning"),
        (3, "1", 3, "warning"),
        (3, "2", 3, "ok"),
        (2, "2", 2, "warning"),
    ],
)
def test_copies_against_what_must_be_written(copies: int, least: str, brokers: int, status: str) -> None:
    found = kafka.judge_copies("t", seen(copies=copies).partitions, {"min.insync.replicas": least}, brokers)
    assert [finding.status for finding in found] == ([] if status == "ok" else [status])
    assert all(finding.remedy for finding in found)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (seen(retention_ms="3600000"), "weerklank topics --mend"),
        (seen(retention_ms="-1"), "weerklank topics --mend --shorten, once nothing is behind"),
        (seen(3, retention_ms="2592000000"), "weerklank topics --mend; retention.ms only with --shorten, once nothing is behind"),
        (seen(cleanup_policy="compact"), "weerklank topics --mend"),
    ],
)
def test_a_retention_that_was_raised_is_not_lowered_by_whoever_does_as_doctor_says(given: TopicSeen, remedy: str) -> None:
    (found,) = kafka.judge_topic(MENTIONS, given, 1)
    assert found.remedy.partition(" (")[0] == remedy


@pytest.mark.parametrize(
    ("have", "kept"),
    [
        ({"cleanup.policy": "delete", "retention.ms": "3600000"}, "604800000"),
        ({"cleanup.policy": "delete", "retention.ms": "2592000000"}, "2592000000"),
        ({"cleanup.policy": "compact,delete", "retention.ms": "-1"}, "-1"),
        ({"cleanup.policy": "compact", "retention.ms": "3600000"}, "-1"),
    ],
)
def test_mending_makes_kafka_delete_nothing_sooner(have: dict[str, str], kept: str) -> None:
    assert without_deleting(MENTIONS.config, have) == {**MENTIONS.config, "retention.ms": kept}
    assert without_deleting(BRANDS.config, have) == BRANDS.config


class Refusing:
    """A broker that lets nobody see its settings."""

    async def describe_configs(self, resources: list[Any]) -> list[Any]:
        answered = [(29, "", int(asked.resource_type), asked.name, []) for asked in resources]
        return [SimpleNamespace(resources=answered)]


async def test_settings_that_the_broker_does_not_show_are_not_said_to_be_right() -> None:
    resources = [ConfigResource(ConfigResourceType.TOPIC, MENTIONS.name), ConfigResource(ConfigResourceType.BROKER, "1")]
    shown = broker.settings_of(await Refusing().describe_configs(resources))
    of_topic, of_broker = shown[ConfigResourceType.TOPIC, MENTIONS.name], shown[ConfigResourceType.BROKER, "1"]
    partitions, settings = kafka.judge_topic(MENTIONS, TopicSeen(seen().partitions, of_topic), 1)
    assert (partitions.status, partitions.found) == ("ok", "12 partitions.")
    (brokers,) = kafka.judge_brokers({1: of_broker}, embedded=True)
    for found in (settings, brokers):
        assert (found.status, "could not be asked for (TopicAuthorizationFailedError)" in found.found) == ("skipped", True)
    assert kafka.judge_topic(MENTIONS, TopicSeen(seen(3).partitions, of_topic), 1)[0].status == "error"


async def test_nothing_is_set_on_a_topic_whose_settings_nobody_could_read() -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        await topics._settle(cast(Any, Refusing()), MENTIONS.name, MENTIONS.config, topics.Mended([], []), shorten=True)


def test_a_missing_topic_is_made_with_as_many_copies_as_there_can_be() -> None:
    assert [kafka.judge_topic(MENTIONS, None, brokers)[0].remedy for brokers in (1, 3)] == [
        "weerklank topics --create",
        "weerklank topics --create --replication 3",
    ]


def test_copies_that_are_behind_and_partitions_without_a_leader() -> None:
    lost = TopicSeen((Partition(0, -1, (1,), ()),), {})
    assert [finding.status for finding in kafka.judge_replicas({"a": seen(copies=3, in_sync=2), "b": lost, "c": seen()})] == [
        "warning",
        "error",
    ]
    assert [finding.status for finding in kafka.judge_replicas({"c": seen(copies=3)})] == ["ok"]


@pytest.mark.parametrize(
    ("settings", "embedded", "expected"),
    [
        ({}, True, ["ok"]),
        ({}, False, ["ok", "warning"]),
        ({"auto.create.topics.enable": "true"}, True, ["warning"]),
        ({"unclean.leader.election.enable": "true", "offsets.retention.minutes": "1440"}, True, ["error", "warning"]),
        ({"socket.request.max.bytes": "1000000"}, True, ["error"]),
    ],
)
def test_a_brokers_settings(settings: dict[str, str], embedded: bool, expected: list[str]) -> None:
    found = kafka.judge_brokers({1: settings}, embedded=embedded)
    assert [finding.status for finding in found] == expected


def test_the_brokers_features_are_read_from_its_own_protocol() -> None:
    def feature(name: str, first: int, second: int) -> bytes:
        return bytes([len(name) + 1]) + name.encode() + struct.pack(">hh", first, second) + b"\0"

    supported = b"\x03" + feature("kraft.version", 0, 1) + feature("metadata.version", 7, 27)
    finalized = b"\x02" + feature("metadata.version", 25, 25)
    api = struct.pack(">hhh", 18, 0, 4) + b"\0"
    answer = struct.pack(">ih", 1, 0) + b"\x02" + api + struct.pack(">i", 0)
    answer += b"\x02\x00" + bytes([len(supported)]) + supported + b"\x02" + bytes([len(finalized)]) + finalized
    assert broker.parse_levels(answer) == (25, 27)
    assert broker.parse_levels(struct.pack(">ih", 1, 35)) is None


def lag(messages: int, seconds: float) -> dict[str, dict[str, float]]:
    return {"t": {"messages": messages, "seconds": seconds}}


@pytest.mark.parametrize(
    ("first", "second", "status", "said"),
    [
        (lag(0, 0), None, "ok", "0 events wait"),
        (lag(5000, 10), lag(4000, 11), "ok", "it shrinks"),
        (lag(5000, 0), lag(5000, 0), "warning", "it stays"),
        (lag(3, 10), lag(4, 11), "ok", "it grows"),
        (lag(5000, 100), lag(6000, 101), "warning", "it grows"),
        (lag(3, 1000), lag(3, 1001), "error", "it stays"),
    ],
)
def test_lag_is_judged_by_age_and_says_whether_it_grows(first: Any, second: Any, status: str, said: str) -> None:
    found = services.judge_lag("triage", first, second)
    assert (found.status, said in found.found) == (status, True)


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        ("position-below-log-start: weerklank.cases.v1 partition 3: …", "weerklank topics reset triage TOPIC PARTITION --to start"),
        ("too-many-dead-letters: 30 of 100", "weerklank dead resume --service triage"),
        ("stream: KafkaConnectionError", services.READY.remedy),
    ],
)
def test_what_stands_in_a_services_way_has_a_remedy(why: str, remedy: str) -> None:
    found = services.judge_ready("triage", {"ready": False, "why": [why]})
    assert found.status == "error"
    assert remedy in found.remedy


def test_counts_of_a_service() -> None:
    assert services.judge_dead("triage", {"dead": 0, "parked": 0}).status == "ok"
    assert services.judge_dead("triage", {"dead": 1, "parked": 4}).remedy.startswith("weerklank dead list --service triage")
    assert services.judge_unaccounted("triage", {"unaccounted": -1}).status == "error"
    assert services.judge_version("triage", "0.1.0", "0.1.0").status == "ok"
    assert services.judge_version("triage", None, "0.1.0").status == "error"


KIND = Kind("thing.works", "The thing", "Whether it works.", "Mend it.")


def test_the_report_is_quiet_about_what_is_well() -> None:
    findings = [KIND.error("It is broken.", about="a"), KIND.skipped("Nothing runs.", about="b"), KIND.ok("It works.", about="c")]
    assert report.as_text(findings, verbose=False) == (
        "ERROR    thing.works (a)\n         It is broken.\n         To do: Mend it.\n\n"
        "1 error, 0 warnings, 1 check fine, 1 left out (--verbose says why).\n"
    )
    assert "ok       thing.works (c): It works." in report.as_text(findings, verbose=True)


@pytest.mark.parametrize(
    ("findings", "status"),
    [([KIND.ok(""), KIND.skipped("")], "ok"), ([KIND.ok(""), KIND.warning("")], "warning"), ([KIND.error(""), KIND.warning("")], "error")],
)
def test_the_worst_counts_and_what_was_left_out_does_not(findings: list[Finding], status: str) -> None:
    assert report.overall(findings) == status
