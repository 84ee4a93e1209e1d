"""`docs/reference/brand-book.md`: every field of a brand book, from the model's own schema, with examples out of the sample book.

What the model says of itself (`libs/common/brandbook.py`, `bookteam.py`: types, defaults, docstrings) and `samples/vaart.yaml` reach this module; one page
leaves it.
"""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from ruamel.yaml import YAML

from cli.reference import markdown as md
from libs.common import bookhours, bookvalues
from libs.common.bookfile import book_json_schema
from libs.common.bookvalues import BookPart
from libs.common.rules import When

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "vaart.yaml"
EXAMPLE_CHARS = 70

Schema = Mapping[str, Any]


@lru_cache
def _words() -> dict[str, str]:
    """Pattern of a kind of value → what people call it."""
    kinds: dict[Any, str] = {
        bookvalues.Slug: "slug",
        bookvalues.Id: "id",
        bookvalues.LanguageCode: "language code",
        bookvalues.Text: "text",
        bookvalues.Email: "mail address",
        bookvalues.Mailbox: "mail address, with or without a name",
        bookvalues.Initials: "one to four letters",
        bookvalues.Colour: "colour",
        bookvalues.Url: "web address",
        bookvalues.SecretRef: "secret reference",
        bookvalues.SpanText: "duration",
        bookvalues.Percent: "share in %",
        bookhours.BlockText: "block of hours",
    }
    return {TypeAdapter(kind).json_schema()["pattern"]: word for kind, word in kinds.items()}


def page() -> str:
    """The whole of brand-book.md."""
    schema = book_json_schema()
    sample = YAML(typ="safe").load(SAMPLE)
    return md.generated(
        "# The brand book",
        "One YAML file a brand. `weerklank apply FILE --dry-run` checks it and tells what is wrong, with the line; `weerklank apply FILE` publishes it. "
        "Only `brand`, `name` and `languages` must be written. A field that is not known is an error, and so is a reference to something that the book "
        "does not have. A key with nothing after it keeps its default.",
        "Examples are the invented brand Vaart's (`samples/vaart.yaml`). For editors there is a [JSON Schema](../brandbook.schema.json).",
        "## Kinds of values",
        md.table(
            ("kind", "how it is written"),
            (
                (
                    "duration",
                    "`30m`, `4h`, `2d`, `5y`. Where opening time is meant, a day is a day on which the brand is open, and years are not allowed",
                ),
                ("block of hours", '`"09:00-17:30"`'),
                ("secret reference", "`env:NAME` or `file:name`, never the secret itself; the name begins with the brand's"),
                ("slug", "a-z, 0-9 and `-`, 63 characters at most"),
                ("id", "letters, digits, `.`, `_` and `-`, 63 characters at most"),
                ("condition", "fields that must all hold, see [conditions](#conditions)"),
            ),
        ),
        *_sections("", schema, schema["$defs"], [sample], {"When"}),
        *_sections("Conditions", schema["$defs"]["When"], schema["$defs"], [], set()),
    )


def _sections(path: str, model: Schema, models: Mapping[str, Schema], samples: list[Any], seen: set[str]) -> Iterator[str]:
    """A model as a table, then the models inside it. `samples`: what the sample book has there, of a list each item."""
    yield f"## {path.removesuffix('.*[]').removesuffix('[]') or 'The book itself'}"
    if model.get("description") and path:
        yield _meaning(model)
    inner = []
    rows = []
    for name, field in model["properties"].items():
        found = [sample[name] for sample in samples if isinstance(sample, Mapping) and sample.get(name) is not None]
        ref, shape = _inside(field)
        where = f"{path}{'.' if path else ''}{name}{shape}"
        if ref is not None and ref not in seen:
            seen.add(ref)
            inner.append((where, models[ref], [item for value in found for item in _items(value, shape)]))
        meaning = _meaning(field) or _meaning(models.get(ref or "", {}))
        rows.append((f"`{name}`", _type(field), _default(name, field, model), meaning, _example(found, ref)))
    yield md.table(("field", "type", "default", "meaning", "example"), rows)
    for name, field in model["properties"].items():
        if _inside(field)[0] and isinstance(field.get("default"), list) and field["default"]:
            yield f"`{name}`, when it is not written:"
            yield md.block(_yaml({name: field["default"]}), "yaml")
    if model.get("title") == "Hours":
        yield "Hours that name no weekday at all are Monday to Friday 08:00-22:00, Saturday 09:00-13:00 and 14:00-17:00."
    for where, below, found in inner:
        yield from _sections(where, below, models, found, seen)


def _inside(field: Schema) -> tuple[str | None, str]:
    """(the model inside a field, how it is nested: "" itself, "[]" in a list, ".*" under keys of its own)."""
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2], ""
    for way in field.get("anyOf", ()):
        if "$ref" in way:
            return way["$ref"].rpartition("/")[2], ""
    nested: list[tuple[Any, str]] = [(field.get("items"), "[]"), (_of_any_key(field), ".*")]
    for below, mark in nested:
        if isinstance(below, Mapping) and (found := _inside(below))[0]:
            return found[0], mark + found[1]
    return None, ""


def _of_any_key(field: Schema) -> Schema | None:
    """What stands under each key of a mapping whose keys are the brand's own."""
    for below in (field.get("additionalProperties"), *field.get("patternProperties", {}).values()):
        if isinstance(below, Mapping):
            return below
    return None


def _items(value: Any, shape: str) -> list[Any]:
    items = [value]
    for mark in (".*", "[]"):
        if mark in shape:
            items = [
                inside
                for item in items
                for inside in (item.values() if isinstance(item, Mapping) else item if isinstance(item, list) else ())
            ]
    return items


def _type(field: Schema) -> str:
    if "$ref" in field:
        return "condition" if field["$ref"].endswith("/When") else "fields"
    if "anyOf" in field:
        ways = [way for way in field["anyOf"] if way.get("type") != "null"]
        if len(ways) > 1 and ways[1].get("items") == ways[0]:
            return f"{_type(ways[0])}, or a list of such"
        words = dict.fromkeys(_type(way) for way in ways)
        return " or ".join(words)
    if "enum" in field:
        return " or ".join(f"`{json.dumps(value)}`" if not isinstance(value, str) else f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = field.get("type")
    if kind == "array":
        least = f", at least {field['minItems']}" if field.get("minItems") else ""
        return f"list of {_type(field['items'])}{least}"
    if kind == "object":
        of_key = _of_any_key(field)
        return "fields" if of_key is None else f"key → {_type(of_key)}"
    if kind in ("integer", "number"):
        low, high = field.get("minimum"), field.get("maximum")
        bounds = f" {low} to {high}" if low is not None and high is not None else f", {low} or more" if low is not None else ""
        return f"{'whole number' if kind == 'integer' else 'number'}{bounds}"
    if kind == "boolean":
        return "`true` or `false`"
    if field.get("format") == "date":
        return "date"
    return _words().get(field.get("pattern", ""), "text")


def _default(name: str, field: Schema, model: Schema) -> str:
    if name in model.get("required", ()):
        return "must be written"
    value = field["default"] if "default" in field else _made(model["title"], name)
    if _inside(field)[0] not in (None, "When"):
        return "below" if value or "$ref" in field else "none"
    if value is None or value in ([], {}, ""):
        return "none"
    if isinstance(value, Mapping) and value.keys() == {"amount", "unit"}:
        return f"`{value['amount']}{value['unit']}`"
    return _code(value)


def _made(model: str, name: str) -> Any:
    """A default that the model makes anew for each book: JSON Schema leaves those out."""
    models: list[type[BaseModel]] = [*BookPart.__subclasses__(), When]
    parts = {part.__name__: part for part in models}
    factory: Any = next(field for key, field in parts[model].model_fields.items() if (field.alias or key) == name).default_factory
    return factory() if factory else None


def _meaning(field: Schema) -> str:
    """What a docstring says, its first paragraph."""
    return " ".join(str(field.get("description", "")).split("\n\n")[0].split()).replace("None: ", "Not written: ")


def _example(found: list[Any], ref: str | None) -> str:
    if ref is not None and ref != "When":
        return "below" if found else ""
    found = [value for value in found if value not in ([], {})]
    return _code(found[0]) if found else ""


def _code(value: Any) -> str:
    """A value as the book has it, on one line; of a long list the beginning."""
    if isinstance(value, list) and len(_line(value)) > EXAMPLE_CHARS and len(value) > 1:
        return f"`{_line(value[:1]).removesuffix(']')}, …]`"
    text = _line(value)
    return f"`{text}`" if len(text) <= 2 * EXAMPLE_CHARS else f"`{text[: 2 * EXAMPLE_CHARS]}…`"


def _line(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_line(item) for item in value) + "]"
    text = str(value)
    return f'"{text}"' if isinstance(value, str) and any(letter in text for letter in ":,#{}[]@\\ ") else text


def _yaml(value: object) -> str:
    writer = YAML()
    writer.default_flow_style = None
    writer.width = 140
    text = StringIO()
    writer.dump(value, text)
    return text.getvalue()
