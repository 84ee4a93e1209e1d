"""Every event of today goes together, in both directions, with every version of it that was ever published.

First the comparison itself, by a table: what breaks and what does not. Then the events: by comparison, and by making data of one version and
reading it as the other.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cli import contracts
from cli.compatibility import breaks, plain, resolved
from libs.common.record import decode
from libs.common.topics import EVENT_TYPES

HISTORY = contracts.DOCS / "schemas" / "history"
PUBLISHED = [(event_type, number) for event_type in sorted(EVENT_TYPES) for number in contracts.history(HISTORY, event_type)]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NULL: Schema = {"type": "null"}


def thing(required: str = "", /, **fields: Any) -> Schema:
    """An object with these fields; `required` names some of them."""
    return {"type": "object", "properties": fields, **({"required": required.split()} if required else {})}


def either(*schemas: Schema, **more: Any) -> Schema:
    return {"anyOf": list(schemas), **more}


def array(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def holding(name: str, definition: Schema, **fields: Any) -> Schema:
    return {**thing(**fields), "$defs": {name: definition}}


REF: Schema = {"$ref": "#/$defs/Part"}

COMPATIBLE: dict[str, tuple[Schema, Schema]] = {
    "nothing": (thing("a", a=TEXT), thing("a", a=TEXT)),
    "a field is added that may be absent": (thing("a", a=TEXT), thing("a", a=TEXT, b=WHOLE)),
    "a field is added with a default": (thing(), thing(b={**WHOLE, "default": 0})),
    "a field is added that may be null": (thing(), thing(b=either(TEXT, NULL, default=None))),
    "an object is added that may be absent": (thing(), thing(b=thing("c", c=TEXT))),
    "a field is added deep inside": (thing(a=thing("c", c=TEXT)), thing(a=thing("c", c=TEXT, d=TEXT))),
    "a field is added to an array's items": (thing(a=array(thing("c", c=TEXT))), thing(a=array(thing("c", c=TEXT, d=TEXT)))),
    "a field is added to what is referred to": (holding("Part", thing(c=TEXT), a=REF), holding("Part", thing(c=TEXT, d=TEXT), a=REF)),
    "a field is added to one of several": (thing(a=either(thing(c=TEXT), NULL)), thing(a=either(thing(c=TEXT, d=TEXT), NULL))),
    "a default is added where it may be absent": (thing(a=TEXT), thing(a={**TEXT, "default": "x"})),
    "a description changes": (thing(a={**TEXT, "description": "old | new"}), thing(a={**TEXT, "description": "old | new | other"})),
    "a title changes": (thing(a={**TEXT, "title": "A"}), thing(a={**TEXT, "title": "The a"})),
    "fields stand in another order": (thing("a b", a=TEXT, b=TEXT), thing("b a", b=TEXT, a=TEXT)),
    "null stands elsewhere": (thing(a=either(TEXT, NULL)), thing(a=either(NULL, TEXT))),
    "a definition is written out": (holding("Part", thing(c=TEXT), a=REF), thing(a=thing(c=TEXT))),
    "values of an enumeration stand in another order": (thing(a={**TEXT, "enum": ["x", "y"]}), thing(a={**TEXT, "enum": ["y", "x"]})),
    "a field is called like a keyword": (thing("title", title=TEXT, default=WHOLE), thing("title", title=TEXT, default=WHOLE, enum=TEXT)),
}

BREAKING: dict[str, tuple[Schema, Schema, str]] = {
    "a required field is added": (thing(), thing("a", a=TEXT), "$.a: is new and required: old data may lack it"),
    "a required field is added deep inside": (
        thing(a=array(thing(b=TEXT))),
        thing(a=array(thing("c", b=TEXT, c=TEXT))),
        "$.a[].c: is new and required: old data may lack it",
    ),
    "a required field is removed": (thing("a", a=TEXT), thing(), "$.a: was removed: old readers need it"),
    "an optional field is removed": (thing(a=TEXT), thing(), "$.a: was removed: a published field keeps its place, also an optional one"),
    "a required field becomes optional": (thing("a", a=TEXT), thing(a=TEXT), "$.a: was required and is optional: old readers need it"),
    "a required field gets a default": (
        thing("a", a=TEXT),
        thing(a={**TEXT, "default": ""}),
        "$.a: was required and is optional: old readers need it",
    ),
    "an optional field becomes required": (thing(a=TEXT), thing("a", a=TEXT), "$.a: was optional and is required: old data may lack it"),
    "a type changes": (thing(a=TEXT), thing(a=WHOLE), "$.a: its type was string and is integer"),
    "a whole number becomes any number": (thing(a=WHOLE), thing(a={"type": "number"}), "$.a: its type was integer and is number"),
    "any number becomes a whole number": (thing(a={"type": "number"}), thing(a=WHOLE), "$.a: its type was number and is integer"),
    "one becomes many": (thing(a=TEXT), thing(a=array(TEXT)), "$.a: its type was string and is array"),
    "null is allowed": (thing(a=TEXT), thing(a=either(TEXT, NULL)), "$.a: its type was string and is anyOf"),
    "null is no longer allowed": (thing(a=either(TEXT, NULL)), thing(a=TEXT), "$.a: its type was anyOf and is string"),
    "a kind is added to several": (
        thing(a=either(TEXT, NULL)),
        thing(a=either(TEXT, WHOLE, NULL)),
        "$.a: anyOf was [string, null] and is [string, integer, null]",
    ),
    "a kind is taken from several": (
        thing(a=either(TEXT, WHOLE)),
        thing(a=either(TEXT)),
        "$.a: anyOf was [string, integer] and is [string]",
    ),
    "an array's items change": (thing(a=array(TEXT)), thing(a=array(WHOLE)), "$.a[]: its type was string and is integer"),
    "an array needs an item": (thing(a=array(TEXT)), thing(a=array(TEXT, minItems=1)), "$.a: minItems 1 is new"),
    "an array needs none any more": (thing(a=array(TEXT, minItems=1)), thing(a=array(TEXT)), "$.a: minItems 1 was removed"),
    "a text gets a longest length": (thing(a=TEXT), thing(a={**TEXT, "maxLength": 280}), "$.a: maxLength 280 is new"),
    "a text's longest length grows": (
        thing(a={**TEXT, "maxLength": 280}),
        thing(a={**TEXT, "maxLength": 500}),
        "$.a: maxLength was 280 and is 500",
    ),
    "a number gets a minimum": (thing(a=WHOLE), thing(a={**WHOLE, "minimum": 0}), "$.a: minimum 0 is new"),
    "a number's maximum falls": (thing(a={**WHOLE, "maximum": 9}), thing(a={**WHOLE, "maximum": 5}), "$.a: maximum was 9 and is 5"),
    "a pattern is added": (thing(a=TEXT), thing(a={**TEXT, "pattern": "^x"}), "$.a: pattern '^x' is new"),
    "a text becomes an id": (thing(a=TEXT), thing(a={**TEXT, "format": "uuid"}), "$.a: format 'uuid' is new"),
    "a format changes": (
        thing(a={**TEXT, "format": "date-time"}),
        thing(a={**TEXT, "format": "date"}),
        "$.a: format was 'date-time' and is 'date'",
    ),
    "an enumeration is closed": (thing(a=TEXT), thing(a={**TEXT, "enum": ["x"]}), "$.a: enum ['x'] is new"),
    "a closed enumeration gets a value": (
        thing(a={**TEXT, "enum": ["x"]}),
        thing(a={**TEXT, "enum": ["x", "y"]}),
        "$.a: enum was ['x'] and is ['x', 'y']",
    ),
    "a constant changes": (thing(a={"const": 1}), thing(a={"const": True}), "$.a: const was 1 and is True"),
    "a default changes": (
        thing(a={**TEXT, "default": "x"}),
        thing(a={**TEXT, "default": "y"}),
        "$.a: default was 'x' and is 'y': its absence would mean something else",
    ),
    "a default is removed": (
        thing(a={**WHOLE, "default": 0}),
        thing(a=WHOLE),
        "$.a: default 0 was removed: its absence would mean something else",
    ),
    "unknown fields are refused": (
        thing(a=TEXT),
        {**thing(a=TEXT), "additionalProperties": False},
        "$: additionalProperties was True and is False",
    ),
    "a field is added where old readers refuse unknown ones": (
        {**thing(a=TEXT), "additionalProperties": False},
        {**thing(a=TEXT, b=TEXT), "additionalProperties": False},
        "$.b: is new, and old readers take no field of another name or kind",
    ),
    "values of a map change": (
        thing(a={"type": "object", "additionalProperties": TEXT}),
        thing(a={"type": "object", "additionalProperties": WHOLE}),
        "$.a.*: its type was string and is integer",
    ),
    "what is referred to changes": (
        holding("Part", thing("c", c=TEXT), a=REF),
        holding("Part", thing("c", c=WHOLE), a=REF),
        "$.a.c: its type was string and is integer",
    ),
    "a model that holds itself changes": (
        holding("Part", thing(up=REF, c=TEXT), a=REF),
        holding("Part", thing(up=REF, c=WHOLE), a=REF),
        "$.a.c: its type was string and is integer",
    ),
    "a field is renamed": (
        thing("a", a=TEXT),
        thing("b", b=TEXT),
        "$.a: was removed: old readers need it; $.b: is new and required: old data may lack it",
    ),
    "an unknown keyword appears": (thing(a=TEXT), thing(a={**TEXT, "contentEncoding": "base64"}), "$.a: contentEncoding 'base64' is new"),
    "a tuple gets a place": (
        thing(a={"type": "array", "prefixItems": [TEXT]}),
        thing(a={"type": "array", "prefixItems": [TEXT, WHOLE]}),
        "$.a: prefixItems was [string] and is [string, integer]",
    ),
}


# --- the comparison --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), COMPATIBLE.values(), ids=COMPATIBLE)
def test_a_change_that_both_sides_live_with_is_no_break(old: Schema, new: Schema) -> None:
    assert breaks(old, new) == []


@pytest.mark.parametrize(("old", "new", "why"), BREAKING.values(), ids=BREAKING)
def test_a_change_that_one_side_does_not_live_with_is_named(old: Schema, new: Schema, why: str) -> None:
    assert "; ".join(str(found) for found in breaks(old, new)) == why


def test_a_reference_out_of_the_schema_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"other\.json"):
        breaks(thing(a={"$ref": "other.json"}), thing(a={"$ref": "other.json"}))


def test_texts_for_people_make_no_new_version_but_a_field_called_title_does() -> None:
    assert plain(thing(a={**TEXT, "title": "A", "description": "x"})) == plain(thing(a=TEXT))
    assert plain(thing(title=TEXT)) != plain(thing())
    assert plain(thing(a={**TEXT, "default": "x"})) != plain(thing(a=TEXT))


# --- data of one version, read as another ----------------------------------------------------------------------------------------------


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001
FORMATS: Mapping[str, st.SearchStrategy[str]] = {"date-time": MOMENTS, "uuid": st.uuids().map(str)}


def data_of(schema: Mapping[str, Any], root: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Data that a writer of this schema may write: optional fields come and go, open objects hold anything.

    Raises `NotImplementedError` for a keyword that it would not honour, so that a check is never weaker than it looks.
    """
    schema = resolved(schema, root)
    honoured = {
        "type",
        "properties",
        "required",
        "items",
        "anyOf",
        "format",
        "enum",
        "const",
        "minItems",
        "additionalProperties",
        "default",
    }
    texts = {"title", "description", "$schema", "$id", "$defs"}
    if unknown := schema.keys() - honoured - texts:
        raise NotImplementedError(f"No data can be made for {sorted(unknown)}: teach it here.")
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return st.one_of([data_of(item, root) for item in schema["anyOf"]])
    match schema.get("type"):
        case "string":
            return FORMATS[schema["format"]] if "format" in schema else st.text(max_size=8)
        case "integer":
            return st.integers(-(2**53), 2**53)
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(data_of(schema.get("items", {}), root), min_size=schema.get("minItems", 0), max_size=2)
        case "object":
            needed = set(schema.get("required", ()))
            fields = {name: data_of(field, root) for name, field in schema.get("properties", {}).items()}
            known = st.fixed_dictionaries(
                {name: field for name, field in fields.items() if name in needed},
                optional={name: field for name, field in fields.items() if name not in needed},
            )
            return known if fields else st.dictionaries(st.text(max_size=5), more_of(schema, root), max_size=2)
    return JSON_VALUES


def more_of(schema: Mapping[str, Any], root: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    more = schema.get("additionalProperties", True)
    return data_of(more, root) if isinstance(more, Mapping) else JSON_VALUES


def problems(schema: Mapping[str, Any], value: object) -> list[str]:
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in checker.iter_errors(value)]


def as_sent(event_type: str, value: object) -> ConsumerRecord:
    raw = json.dumps(value).encode()
    headers = json.loads((contracts.DOCS / f"schemas/{event_type}.example.json").read_text())["headers"]
    sent = [(name, text.encode()) for name, text in headers.items()]
    return ConsumerRecord("example", 0, 7, 1_772_500_000_000, 1, b"key", raw, None, 3, len(raw), sent)


BOUNDED = settings(max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(("old", "new"), COMPATIBLE.values(), ids=COMPATIBLE)
def test_what_counts_as_compatible_is_read_by_the_other_side(old: Schema, new: Schema) -> None:
    @BOUNDED
    @given(data_of(old, old), data_of(new, new))
    def both_ways(of_old: Any, of_new: Any) -> None:
        assert problems(new, of_old) == []
        assert problems(old, of_new) == []

    both_ways()


@pytest.mark.parametrize(("event_type", "number"), PUBLISHED)
def test_data_of_every_published_version_is_read_today(event_type: str, number: int) -> None:
    schema = contracts.history(HISTORY, event_type)[number]

    @BOUNDED
    @given(data_of(schema, schema), st.dictionaries(st.text(max_size=4).map("later_".__add__), JSON_VALUES, max_size=2))
    def read(value: dict[str, Any], of_a_newer_writer: dict[str, Any]) -> None:
        of_one_brand(value)
        event = decode(as_sent(event_type, {**of_a_newer_writer, **value})).event
        assert event.brand == value["brand"]
        assert all(same(value[name], event.model_dump(mode="json")[name]) for name in value.keys() & type(event).model_fields)

    read()


def of_one_brand(value: dict[str, Any]) -> None:
    """What a schema cannot say and a reader insists on: an event carries only things of its own brand."""
    carried = [value.get(name) for name in ("mention", "case", "reply")] + [value.get("triaged", {}).get("mention")]
    for part in carried:
        if isinstance(part, dict):
            part["brand"] = value["brand"]


def same(given_: Any, kept: Any) -> bool:
    """Whether what was given is what was kept: moments compare as moments, and what was not given may have a default."""
    if isinstance(given_, dict) and isinstance(kept, dict):
        return all(name in kept and same(item, kept[name]) for name, item in given_.items())
    if isinstance(given_, list) and isinstance(kept, list):
        return len(given_) == len(kept) and all(map(same, given_, kept))
    if isinstance(given_, str) and isinstance(kept, str) and given_ != kept:
        return datetime.fromisoformat(given_) == datetime.fromisoformat(kept)
    if isinstance(given_, float) and isinstance(kept, float):
        return math.isclose(given_, kept, rel_tol=1e-12)
    return bool(given_ == kept)


@pytest.mark.parametrize(("event_type", "number"), PUBLISHED)
def test_data_of_today_is_read_by_every_published_version(event_type: str, number: int) -> None:
    """Also what a service really writes: the model's own dump, in which every field stands."""
    event, older = EVENT_TYPES[event_type], contracts.history(HISTORY, event_type)[number]
    today = contracts.schema_of(event)

    @BOUNDED
    @given(data_of(today, today))
    def read(value: dict[str, Any]) -> None:
        assert problems(older, value) == []
        assert problems(older, json.loads(event.model_validate(value).model_dump_json())) == []

    read()


# --- the events of today ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("event_type", "number"), PUBLISHED)
def test_an_event_goes_together_with_every_version_ever_published(event_type: str, number: int) -> None:
    found = breaks(contracts.history(HISTORY, event_type)[number], contracts.schema_of(EVENT_TYPES[event_type]))
    assert [str(item) for item in found] == [], "A breaking change is a new event type on a new topic."


def test_every_published_event_still_exists_and_its_versions_are_numbered_from_1() -> None:
    on_disk = {path.name for path in HISTORY.iterdir()}
    assert on_disk == set(EVENT_TYPES)
    for event_type in on_disk:
        numbers = list(contracts.history(HISTORY, event_type))
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_enumerations_are_open_and_unknown_fields_are_ignored(event_type: str) -> None:
    def walk(node: Any, *, names: bool = False) -> None:
        if isinstance(node, dict):
            if not names:
                assert not node.keys() & {"enum", "const"}
                assert node.get("additionalProperties", True) is not False
            for key, value in node.items():
                if names or key not in ("default", "examples"):
                    walk(value, names=not names and key in ("properties", "$defs"))
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(contracts.schema_of(EVENT_TYPES[event_type]))
