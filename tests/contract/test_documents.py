"""What stands in `docs/` is what the code says: the events' schemas and examples, the topics' document, the brand book's schema."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from cli import contracts
from cli.example_events import NOTE, records
from libs.common.events import Event
from libs.common.record import Received, decode
from libs.common.topics import EVENT_TYPES, TOPICS

FORMATS = Draft202012Validator.FORMAT_CHECKER


def document() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(contracts.DOCS / "asyncapi.yaml")
    return found


def example_of(event_type: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((contracts.DOCS / f"schemas/{event_type}.example.json").read_text())
    return found


def decoded(example: dict[str, Any]) -> Received[Event]:
    """The example as a service reads it from Kafka."""
    value, key = json.dumps(example["value"]).encode(), example["key"].encode()
    headers = [(name, text.encode()) for name, text in example["headers"].items()]
    return decode(ConsumerRecord(example["topic"], 0, 7, 1_772_500_000_000, 1, key, value, None, len(key), len(value), headers))


# --- generated files -------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def generated() -> dict[str, str]:
    return contracts.documents()


@pytest.fixture
def once(generated: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The code says the same all the time."""
    monkeypatch.setattr(contracts, "documents", lambda: generated)


@pytest.mark.usefixtures("once")
def test_the_documents_are_what_the_code_says() -> None:
    assert contracts.drift(contracts.DOCS) == []


def test_generating_twice_gives_the_same(generated: dict[str, str]) -> None:
    contracts.app_of.cache_clear()
    assert contracts.documents() == generated


@pytest.fixture
def copy_of_docs(once: None, tmp_path: Path) -> Path:
    assert contracts.publish(tmp_path)[1] == []
    contracts.write(tmp_path)
    return tmp_path


def test_check_lists_what_was_changed_is_missing_or_is_left_over_and_fails(copy_of_docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert contracts.main(["--check", "--docs", str(copy_of_docs)]) == 0
    (copy_of_docs / "asyncapi.yaml").write_text("asyncapi: 3.0.0\ninfo: {}\n")
    (copy_of_docs / "openapi/triage.json").unlink()
    (copy_of_docs / "schemas/weerklank.case.of-nothing.v1.schema.json").write_text("{}")
    (copy_of_docs / "schemas/history/weerklank.case.noted.v1/1.schema.json").unlink()
    assert contracts.main(["--check", "--docs", str(copy_of_docs)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "asyncapi.yaml: differs from the code, first at line 2. Run `python -m cli.contracts`.",
        "openapi/triage.json: is missing. Run `python -m cli.contracts`.",
        "schemas/weerklank.case.of-nothing.v1.schema.json: is of nothing that still exists. Run `python -m cli.contracts`.",
        "schemas/history/weerklank.case.noted.v1/1.schema.json: is not published yet. Run `python -m cli.contracts --publish`.",
    ]
    assert contracts.main(["--publish", "--docs", str(copy_of_docs)]) == 0
    assert contracts.main(["--check", "--docs", str(copy_of_docs)]) == 0


def test_a_compatible_change_is_published_as_the_next_version_and_a_breaking_one_not_at_all(
    copy_of_docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_of_docs / "schemas/history/weerklank.case.noted.v1"
    first = json.loads((folder / "1.schema.json").read_text())
    without_actor = {**first, "properties": {name: field for name, field in first["properties"].items() if name != "actor"}}
    (folder / "1.schema.json").write_text(json.dumps(without_actor))
    assert contracts.publish(copy_of_docs) == (["schemas/history/weerklank.case.noted.v1/2.schema.json"], [])
    assert contracts.publish(copy_of_docs) == ([], [])

    with_more = {**first, "properties": {**first["properties"], "mood": {"type": "string"}}, "required": [*first["required"], "mood"]}
    (folder / "1.schema.json").write_text(json.dumps(with_more))
    (folder / "2.schema.json").unlink()
    assert contracts.main(["--publish", "--docs", str(copy_of_docs)]) == 1
    assert "weerklank.case.noted.v1, version 1: $.mood: was removed: old readers need it" in capsys.readouterr().err
    assert not (folder / "2.schema.json").exists()
    (folder / "1.schema.json").write_text(json.dumps(first))


# --- events ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_an_example_fits_its_schema_and_is_read_like_any_event(event_type: str) -> None:
    example, schema = example_of(event_type), contracts.schema_of(EVENT_TYPES[event_type])
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema, format_checker=FORMATS).iter_errors(example["value"])] == []
    assert [e.message for e in Draft202012Validator(contracts.HEADERS, format_checker=FORMATS).iter_errors(example["headers"])] == []
    received = decoded(example)
    assert type(received.event) is EVENT_TYPES[event_type]
    assert received.event.model_dump(mode="json") == example["value"]


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_an_example_says_that_it_is_one_and_travels_on_its_topic(event_type: str) -> None:
    example = example_of(event_type)
    topic = next(topic for topic in TOPICS if EVENT_TYPES[event_type] in topic.events)
    assert example["note"] == NOTE
    assert example["note"].startswith("Example data")
    assert example["topic"] == topic.name
    assert example["headers"]["ce_source"] == f"/weerklank/{topic.producer}"


def test_every_event_has_an_example_with_an_id_of_its_own() -> None:
    found = records()
    assert set(found) == set(EVENT_TYPES.values())
    assert len({record["headers"]["ce_id"] for record in found.values()}) == len(found)


def test_the_schema_refuses_an_example_whose_brand_is_gone() -> None:
    value = {key: item for key, item in example_of("weerklank.case.opened.v1")["value"].items() if key != "brand"}
    schema = contracts.schema_of(EVENT_TYPES["weerklank.case.opened.v1"])
    assert [error.message for error in Draft202012Validator(schema).iter_errors(value)] == ["'brand' is a required property"]


# --- topics ----------------------------------------------------------------------------------------------------------------------------


def test_every_topic_is_a_channel_with_its_events_key_readers_and_retention() -> None:
    channels = {channel["address"]: channel for channel in document()["channels"].values()}
    assert set(channels) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        channel = channels[topic.name]
        assert set(channel["messages"]) == {event.__name__ for event in topic.events}
        assert (channel["x-key"], channel["x-producer"], channel["x-consumers"]) == (topic.key, topic.producer, list(topic.consumers))
        written = channel["bindings"]["kafka"]["topicConfiguration"]
        assert {key: ",".join(v) if isinstance(v, list) else str(v) for key, v in written.items()} == topic.config


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_a_message_says_its_type_its_headers_and_where_its_schema_is(event_type: str) -> None:
    found = document()
    message = found["components"]["messages"][EVENT_TYPES[event_type].__name__]
    assert message["name"] == message["headers"]["properties"]["ce_type"]["const"] == event_type
    assert message["headers"]["allOf"] == [{"$ref": "#/components/schemas/CloudEventHeaders"}]
    for path in (message["payload"]["schema"]["$ref"], message["x-example"]):
        assert (contracts.DOCS / path).is_file()


def test_a_topic_is_sent_by_its_producer_alone_and_received_by_each_consumer() -> None:
    operations = document()["operations"]
    for topic in TOPICS:
        name = topic.name.split(".")[1]
        mine = {key: op for key, op in operations.items() if op["channel"]["$ref"] == f"#/channels/{name}"}
        assert {key for key, op in mine.items() if op["action"] == "send"} == {f"{topic.producer}.sends.{name}"}
        assert {key for key, op in mine.items() if op["action"] == "receive"} == {f"{who}.receives.{name}" for who in topic.consumers}


ALLOWED = {
    "": {"asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components"},
    "servers": {"host", "protocol", "description", "variables"},
    "channels": {"address", "title", "description", "messages", "bindings"},
    "operations": {"action", "channel", "summary", "tags", "messages", "bindings"},
    "messages": {"name", "title", "summary", "contentType", "headers", "payload", "bindings"},
}
NEEDED = {"servers": {"host", "protocol"}, "channels": {"address", "messages"}, "operations": {"action", "channel"}}


def test_the_document_has_the_structure_of_asyncapi_3() -> None:
    """The fields of the specification, required ones present, names within their pattern, every reference inside leads somewhere."""
    found = document()
    assert found["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(found["info"])
    assert set(found) <= ALLOWED[""]
    kinds = {kind: found[kind] for kind in ("servers", "channels", "operations")} | {"messages": found["components"]["messages"]}
    for kind, items in kinds.items():
        for name, item in items.items():
            assert re.fullmatch(r"[A-Za-z0-9_.\-]+", name), name
            assert {key for key in item if not key.startswith("x-")} <= ALLOWED[kind], name
            assert NEEDED.get(kind, set()) <= set(item), name
    for operation in found["operations"].values():
        channel = followed(found, operation["channel"]["$ref"])
        for reference in operation["messages"]:
            assert reference["$ref"].startswith(f"{operation['channel']['$ref']}/messages/")
            assert followed(found, reference["$ref"]) in channel["messages"].values()
    for reference in references(found):
        if reference.startswith("#/"):
            followed(found, reference)
        else:
            assert (contracts.DOCS / reference).is_file(), reference


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [found for value in node.values() for found in references(value)]
    return [found for item in node for found in references(item)] if isinstance(node, list) else []


def followed(root: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        root = root[part]
    return root


# --- the brand book --------------------------------------------------------------------------------------------------------------------


def test_the_brand_books_schema_takes_the_sample_and_refuses_a_field_that_does_not_exist() -> None:
    schema = json.loads((contracts.DOCS / "brandbook.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    book = json.loads(json.dumps(YAML(typ="safe").load(contracts.ROOT / "samples/vaart.yaml"), default=str))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(book)] == []
    assert list(Draft202012Validator(schema).iter_errors({**book, "colour": "blue"}))
