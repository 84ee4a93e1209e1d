"""`docs/reference/events.md`: every topic with its settings, every event with its fields and one record of it.

The registry of topics, the events' models and the example records reach this module; one page leaves it.
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cli.example_events import records
from cli.reference import markdown as md
from libs.common.events import Event
from libs.common.topics import PARTITIONS, SHARDS_PER_BRAND, TOPICS, Topic

Schema = Mapping[str, Any]


def page() -> str:
    """The whole of events.md."""
    shared: dict[str, Schema] = {}
    sections = [part for topic in TOPICS for part in _topic(topic, shared)]
    return md.generated(
        "# Events",
        "CloudEvents 1.0 in Kafka's binary mode: the attributes travel as headers (`ce_id`, `ce_type`, `ce_source`, `ce_time`, `ce_subject`, "
        "`ce_entityversion`, `ce_traceparent`), the JSON below is the value. Who tells and hears each event is in [What flows where](../FLOW.md); "
        "the same for programs is in [asyncapi.yaml](../asyncapi.yaml).",
        "A reader ignores fields that it does not know, and takes values that it does not know: lists of words below are what is known today. A field "
        "keeps its name, type and meaning; a new one has a default. A topic may repeat events and step back: an event about a thing that changes carries "
        "the whole of it, and its version as `ce_entityversion`; it counts only where a lower version is known. All times are UTC.",
        f"Every topic has {PARTITIONS} partitions; a brand lives on {SHARDS_PER_BRAND} of them.",
        md.table(
            ("topic", "carries", "key", "kept"),
            [(f"[{topic.name}](#{md.anchor(topic.name)})", topic.carries, topic.key, kept(topic)) for topic in TOPICS],
        ),
        *sections,
        "## What events are made of",
        *(part for name in sorted(shared) for part in _model(name, shared[name])),
    )


def kept(topic: Topic) -> str:
    """How long a topic keeps its records, in words."""
    if topic.retention_ms is None:
        return "compacted: the newest per key is kept"
    hours, rest = divmod(topic.retention_ms, 3600 * 1000)
    if rest:
        return f"{topic.retention_ms} ms"
    return f"{hours // 24} days" if hours % 24 == 0 else "1 hour" if hours == 1 else f"{hours} hours"


def _topic(topic: Topic, shared: dict[str, Schema]) -> Iterator[str]:
    yield f"## {topic.name}"
    first = next(other for other in TOPICS if other.events == topic.events)
    if first is not topic:
        yield f"The same events as on [{first.name}](#{md.anchor(first.name)})."
        return
    for event in topic.events:
        yield from _event(event, shared)


def _event(event: type[Event], shared: dict[str, Schema]) -> Iterator[str]:
    schema = event.model_json_schema(mode="validation")
    shared |= schema.get("$defs", {})
    yield f"### {event.__name__}"
    yield f"`{event.type}`. {inspect.cleandoc(event.__doc__ or '')}"
    yield _fields(schema)
    example = records()[event]
    shown = "\n".join(f"{name}: {value}" for name, value in example["headers"].items())
    yield (
        "??? example\n\n"
        + _indented(md.block(f"key: {example['key']}\n{shown}"))
        + "\n\n"
        + _indented(md.block(json.dumps(example["value"], indent=2, ensure_ascii=False), "json"))
    )
    yield f"[JSON Schema](../schemas/{event.type}.schema.json)"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def _model(name: str, schema: Schema) -> Iterator[str]:
    yield f"### {name}"
    if schema.get("description"):
        yield " ".join(str(schema["description"]).split())
    yield _fields(schema)


def _fields(schema: Schema) -> str:
    required = schema.get("required", ())
    return md.table(
        ("field", "type", "when it is absent", "meaning"),
        [
            (
                f"`{name}`",
                kind(field),
                "" if name in required else f"`{json.dumps(field.get('default'))}`",
                str(field.get("description", "")),
            )
            for name, field in schema["properties"].items()
        ],
    )


def kind(field: Schema) -> str:
    """A JSON Schema's type in a few words, linked to the model where it is one."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(kind(way) for way in field["anyOf"]))
    if field.get("type") == "array":
        return f"list of {kind(field.get('items', {}))}"
    return {"date-time": "time", "uuid": "UUID"}.get(str(field.get("format")), str(field.get("type", "anything")).replace("string", "text"))
