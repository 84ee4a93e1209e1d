"""A service's positions against what the log still holds.

Positions from Postgres and the log's bounds from Kafka come in; a finding for each partition that stopped or will stop goes out, with the command that
chooses how to go on.
"""

from collections.abc import Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from libs.common.checks import Finding, Kind
from libs.common.topics import BY_NAME

POSITIONS = Kind(
    "log.positions",
    "Positions in the log",
    "Where each service goes on, against the start and the end of each partition: below the start events are gone, beyond the end the log was made anew.",
    "weerklank topics reset SERVICE TOPIC PARTITION --to start|end",
)
KINDS = (POSITIONS,)

Place = tuple[str, int]


def judge(service: str, positions: Mapping[Place, int], starts: Mapping[Place, int], ends: Mapping[Place, int]) -> list[Finding]:
    """A finding for each partition whose position lies outside its log; one for the whole service when none does.

    A partition that Kafka does not know is left to the check of topics. Where only the newest events matter, the service goes on at the start by itself.
    """
    found = []
    for topic, partition in sorted(positions.keys() & starts.keys() & ends.keys()):
        place = topic, partition
        position, start, end = positions[place], starts[place], ends[place]
        about = f"{service}: {topic} partition {partition}"
        reset = f"weerklank topics reset {service} {topic} {partition} --to"
        values = {"service": service, "topic": topic, "partition": partition, "position": position, "start": start, "end": end}
        if position < start and not (topic in BY_NAME and BY_NAME[topic].perishable):
            found.append(
                POSITIONS.error(
                    f"{service} goes on at {position}, but the log starts at {start}: {start - position} events are gone. It stops here.",
                    f"{reset} start (goes on with what is left; what is gone stands in the ledger as a gap). Then look why: "
                    "retention was shorter than the outage.",
                    about=about,
                    values=values,
                )
            )
        elif position > end:
            found.append(
                POSITIONS.error(
                    f"{service} goes on at {position}, but the log ends at {end}: it was truncated or made anew. It stops here.",
                    f"{reset} start (handles what the new log holds; what it has handled already has no second effect), "
                    f"or {reset} end (leaves that out).",
                    about=about,
                    values=values,
                )
            )
    return found or [POSITIONS.ok(f"All {len(positions)} lie in their logs.", about=service, values={"positions": len(positions)})]


async def bounds(kafka: AIOKafkaConsumer, places: Iterable[Place]) -> tuple[dict[Place, int], dict[Place, int]]:
    """(Starts, ends) of these partitions. Raises `KafkaError`."""
    wanted: Sequence[TopicPartition] = [TopicPartition(*place) for place in places]
    if not wanted:
        return {}, {}
    starts, ends = await kafka.beginning_offsets(wanted), await kafka.end_offsets(wanted)
    return {(tp.topic, tp.partition): at for tp, at in starts.items()}, {(tp.topic, tp.partition): at for tp, at in ends.items()}
