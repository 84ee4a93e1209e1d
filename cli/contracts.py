"""What Weerklank promises to others, written down from the code: `python -m cli.contracts`.

Out of the events in `libs/common`, `libs/common/topics.py`, the brand book's model and the services' routes come, under `docs/`:

- `asyncapi.yaml`: every topic with who writes and reads it, its key and retention; every event with its headers and payload;
- `schemas/<event type>.schema.json` and `.example.json`: the JSON Schema of an event's value, and one made-up record of it;
- `brandbook.schema.json`, for editors;
- `doctor.md`: every check of `weerklank doctor`;
- `openapi/<service>.json`, and `openapi/weerklank.json`: all of them in one, with examples;
- `reference/errors.md`: every type of problem that a service answers with;
- `reference/roles.md`: which role may use which route, from those;
- the pages that people read of all this, `FLOW.md` and `reference/` (`cli/reference/`).

With `--check` nothing is written: what differs is listed, and the exit status is 1 when anything does. With `--publish` the schema of every
event that changed is added to `schemas/history/`, which holds every version that was ever published, unless one of those does not go
together with it (`cli/compatibility.py`): then nothing is written, and the exit status is 1. What is in the history is never edited.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cli import error_reference, openapi
from cli.compatibility import Break, breaks, plain
from cli.doctor.command import KINDS
from cli.doctor.document import document as doctor_document
from cli.example_events import records
from cli.reference.events import kept
from cli.reference.pages import generated, pages
from libs.common.auth import ROLES
from libs.common.bookfile import book_json_schema
from libs.common.events import Event
from libs.common.topics import EVENT_TYPES, PARTITIONS, TOPICS, Topic

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCHEMA_FORMAT = "application/schema+json;version=2020-12"

HEADERS: Mapping[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0 in Kafka's binary mode: the attributes of an event as headers, each UTF-8 text",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "ce_entityversion", "content-type"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {
            "type": "string",
            "format": "uuid",
            "description": "UUIDv5 of type, brand, subject and version: the same change of the same thing has the same id, however often it is told",
        },
        "ce_type": {"type": "string", "pattern": r"^weerklank\.[a-z.-]+\.v[0-9]+$"},
        "ce_source": {
            "type": "string",
            "format": "uri-reference",
            "pattern": "^/weerklank/[a-z]+$",
            "description": "The service that told it",
        },
        "ce_time": {"type": "string", "format": "date-time", "description": "When it was told, UTC"},
        "ce_subject": {"type": "string", "description": "Id of the thing that it is about"},
        "ce_entityversion": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Version of that thing after the change; whoever knows a higher one ignores this event",
        },
        "ce_traceparent": {
            "type": "string",
            "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
            "description": "W3C trace context of what caused it",
        },
        "content-type": {"type": "string", "const": "application/json"},
    },
}
"""JSON Schema of every event's headers, as an object of text values."""


# --- events ---------------------------------------------------------------------------------------------------------------------------


def schema_of(event: type[Event]) -> dict[str, Any]:
    """JSON Schema (2020-12) of an event's value as a reader takes it: fields with a default need not be there, unknown ones are ignored."""
    schema = event.model_json_schema(mode="validation")
    return {"$schema": _DIALECT, "$id": f"https://weerklank.example/schemas/{event.type}", **schema}


def history(folder: Path, event_type: str) -> dict[int, dict[str, Any]]:
    """Every version of an event's schema that was ever published, by number; empty for a new event."""
    found = {int(path.name.split(".")[0]): json.loads(path.read_text()) for path in (folder / event_type).glob("*.schema.json")}
    return dict(sorted(found.items()))


def unpublished(folder: Path) -> dict[str, tuple[int, dict[str, Any]]]:
    """Event type → (number, schema) of what the newest version in the history does not say; texts for people aside."""
    found = {}
    for event_type, event in EVENT_TYPES.items():
        known, current = history(folder, event_type), schema_of(event)
        newest = max(known, default=0)
        if not known or plain(known[newest]) != plain(current):
            found[event_type] = (newest + 1, current)
    return found


def incompatible(folder: Path) -> list[tuple[str, int, Break]]:
    """(event type, version in the history, why): every published version that an event of today does not go together with."""
    return [
        (event_type, number, found)
        for event_type, event in EVENT_TYPES.items()
        for number, known in history(folder, event_type).items()
        for found in breaks(known, schema_of(event))
    ]


# --- topics ---------------------------------------------------------------------------------------------------------------------------


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document. Schemas of payloads are referred to as `./schemas/<event type>.schema.json`."""
    events = {event.__name__: event for event in EVENT_TYPES.values()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Weerklank events",
            "version": "1",
            "description": "Made by `python -m cli.contracts`; do not edit. A reader ignores fields that it does not know; enumerations are open: "
            "known values stand in the descriptions. A topic may repeat events, and step back: an event about a thing that changes carries "
            "the whole of it and its version as ce_entityversion, and counts only where a lower version is known.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "Any of the bootstrap servers",
                "variables": {"bootstrap": {"default": "localhost:8610", "description": "host:port; this is the embedded one"}},
            }
        },
        "channels": {_short(topic): _channel(topic) for topic in TOPICS},
        "operations": {name: operation for topic in TOPICS for name, operation in _operations(topic).items()},
        "components": {
            "messages": {name: _message(event) for name, event in events.items()},
            "schemas": {"CloudEventHeaders": HEADERS},
        },
    }


def _short(topic: Topic) -> str:
    return topic.name.split(".")[1]


def _channel(topic: Topic) -> dict[str, Any]:
    configuration: dict[str, Any] = {key: int(value) if value.isdecimal() else value for key, value in topic.config.items()}
    return {
        "address": topic.name,
        "title": _short(topic),
        "description": topic.carries,
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"} for event in topic.events},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "topicConfiguration": {**configuration, "cleanup.policy": [configuration["cleanup.policy"]]},
                "bindingVersion": "0.5.0",
            }
        },
        "x-key": topic.key,
        "x-producer": topic.producer,
        "x-consumers": list(topic.consumers),
        "x-retention": kept(topic),
    }


def _operations(topic: Topic) -> dict[str, Any]:
    name = _short(topic)
    common = {
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{event.__name__}"} for event in topic.events],
    }
    found: dict[str, Any] = {
        f"{topic.producer}.sends.{name}": {
            "action": "send",
            "summary": f"{topic.producer} tells: {topic.carries}",
            "tags": [{"name": topic.producer}],
            **common,
        }
    }
    for consumer in topic.consumers:
        found[f"{consumer}.receives.{name}"] = {
            "action": "receive",
            "summary": f"{consumer} reads: {topic.carries}",
            "tags": [{"name": consumer}],
            **common,
            **_group(topic, consumer),
        }
    return found


def _group(topic: Topic, consumer: str) -> dict[str, Any]:
    """Brand books are read whole by every instance, outside any consumer group."""
    if topic.retention_ms is None:
        return {}
    group = f"weerklank-{consumer}" + ("-priority" if topic.priority else "")
    return {"bindings": {"kafka": {"groupId": {"type": "string", "const": group}, "bindingVersion": "0.5.0"}}}


def _message(event: type[Event]) -> dict[str, Any]:
    topic = next(topic for topic in TOPICS if event in topic.events)
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "allOf": [{"$ref": "#/components/schemas/CloudEventHeaders"}],
            "properties": {"ce_type": {"type": "string", "const": event.type}},
        },
        "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": f"./schemas/{event.type}.schema.json"}},
        "bindings": {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": "0.5.0"}},
        "x-example": f"./schemas/{event.type}.example.json",
    }


# --- services -------------------------------------------------------------------------------------------------------------------------


def services() -> list[str]:
    """The names of all services: the folders under `services/` that have an app."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/app.py"))


@lru_cache
def app_of(service: str) -> Any:
    """A service's FastAPI app, wired once and never started: its settings name a database and keys that nobody asks for anything."""
    settings = importlib.import_module(f"services.{service}.settings").Settings
    app = importlib.import_module(f"services.{service}.app")
    return app.create_app(settings(database_url=f"postgresql://{service}@localhost/weerklank", jwks="jwks.json"))


def roles_table(described: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of roles and routes: service → its OpenAPI document in, Markdown out. What all services have alike stands there once."""
    services_of: dict[str, list[str]] = {}
    for service, document in described.items():
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                services_of.setdefault(_roles_row(method, path, operation), []).append(service)
    rows = [("all" if len(found) == len(described) else service, row) for row, found in services_of.items() for service in found]
    rows = sorted(set(rows), key=lambda found: (found[0] != "all", found[0], found[1].split("`")[1], found[1]))
    head = ["service", "method", "path", "what it does", *ROLES]
    return "\n".join(
        [
            "# Roles and routes",
            "",
            "Made by `python -m cli.contracts` from the services' OpenAPI documents (`x-roles`); do not edit.",
            "",
            "A token names one role and the brands that it reaches. A route with `{brand}` in its path is open to the roles marked here whose token",
            "reaches that brand; one marked *anyone* asks for no token. An operator is an `admin` whose token names the brand `*`. What a brand book",
            "adds (who may approve whose text, say) narrows this further. [How people and programs get tokens](../access.md).",
            "",
            "| " + " | ".join(head) + " |",
            "|" + "---|" * len(head),
            *(f"| {service} | {row}" for service, row in rows),
            "",
        ]
    )


def _roles_row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    what = operation["description"].split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    what += " *Operators only.*" if operation.get("x-operators") else ""
    cells = (
        ["●" if role in operation["x-roles"] else "" for role in ROLES] if operation["x-roles"] else ["*anyone*"] + [""] * (len(ROLES) - 1)
    )
    return f"{method.upper()} | `{path}` | {what} | " + " | ".join(cells) + " |"


# --- files ----------------------------------------------------------------------------------------------------------------------------


def documents() -> dict[str, str]:
    """Path under `docs/` → content of everything that is generated. The same for the same code."""
    found = {"asyncapi.yaml": _yaml(asyncapi()), "brandbook.schema.json": _json(book_json_schema()), "doctor.md": doctor_document(KINDS)}
    examples = records()
    for event_type, event in EVENT_TYPES.items():
        found[f"schemas/{event_type}.schema.json"] = _json(schema_of(event))
        found[f"schemas/{event_type}.example.json"] = _json(examples[event])
    apps = {service: app_of(service) for service in services()}
    described = {service: app.openapi() for service, app in apps.items()}
    found |= {f"openapi/{service}.json": _json(document) for service, document in described.items()}
    found["openapi/weerklank.json"] = _json(openapi.merged(described))
    found["reference/errors.md"] = error_reference.page()
    found["reference/roles.md"] = roles_table(described)
    return found | pages(apps)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _yaml(value: object) -> str:
    writer = YAML()
    writer.width = 130
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.representer.ignore_aliases = lambda *_: True
    text = StringIO()
    writer.dump(value, text)
    return text.getvalue()


def drift(docs: Path) -> list[str]:
    """What differs between the files under `docs` and the code, a line each, with the command that mends it."""
    wanted = documents()
    found = []
    for name, content in wanted.items():
        path = docs / name
        if not path.exists():
            found.append(f"{name}: is missing")
        elif (written := path.read_text()) != content:
            found.append(f"{name}: differs from the code, first at line {_first_difference(written, content)}")
    found += [f"{name}: is of nothing that still exists" for name in _left_over(docs, wanted)]
    found = [f"{line}. Run `python -m cli.contracts`." for line in found]
    found += [
        f"schemas/history/{event_type}/{number}.schema.json: is not published yet. Run `python -m cli.contracts --publish`."
        for event_type, (number, _) in unpublished(docs / "schemas" / "history").items()
    ]
    return found


def _first_difference(written: str, wanted: str) -> int:
    one, other = written.splitlines(), wanted.splitlines()
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False), 1) if a != b), min(len(one), len(other)) + 1)


def _left_over(docs: Path, wanted: Mapping[str, str]) -> list[str]:
    openapis = [path for path in (docs / "openapi").glob("*.json") if path.name != openapi.EXAMPLES.name]
    ours = [*(docs / "schemas").glob("*.json"), *openapis, *generated(docs)]
    return sorted(name for path in ours if (name := path.relative_to(docs).as_posix()) not in wanted)


def write(docs: Path) -> list[str]:
    """Write what differs, remove what is of nothing any more, and return the names of both."""
    wanted, changed = documents(), []
    for name, content in wanted.items():
        path = docs / name
        if not path.exists() or path.read_text() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            changed.append(name)
    for name in _left_over(docs, wanted):
        (docs / name).unlink()
        changed.append(name)
    return changed


def publish(docs: Path) -> tuple[list[str], list[str]]:
    """(Names of the versions that were added, why nothing could be)."""
    folder = docs / "schemas" / "history"
    if found := incompatible(folder):
        return [], [f"{event_type}, version {number}: {why}" for event_type, number, why in found]
    added = []
    for event_type, (number, schema) in unpublished(folder).items():
        path = folder / event_type / f"{number}.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_json(schema))
        added.append(path.relative_to(docs).as_posix())
    return added, []


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.contracts", description="Write down the contracts under docs/ from the code.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="write nothing; list what differs and exit with 1 when anything does")
    what.add_argument("--publish", action="store_true", help="also add changed event schemas to the history, if all of them are compatible")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder, if it is not docs/")
    given = parser.parse_args(arguments)
    if given.check:
        differing = drift(given.docs)
        for line in differing:
            print(line)
        return 1 if differing else 0
    if given.publish:
        added, refused = publish(given.docs)
        for line in refused:
            print(line, file=sys.stderr)
        if refused:
            print("Nothing was published. A breaking change is a new event type on a new topic.", file=sys.stderr)
            return 1
        for name in added:
            print(f"published {name}")
    for name in write(given.docs):
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
