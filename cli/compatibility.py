"""Whether two versions of an event's JSON Schema can live side by side: a pure comparison, used before a version is published.

Full compatibility means both directions: a reader of the new version reads everything that a writer of the old one may write, and the
reverse. Readers ignore fields that they do not know, so a field may be added when it may also be absent. Everything else that both
versions have must say the same, and that is on purpose:

- A field, once published, keeps its name, its type and its meaning. So an optional field is never removed either, although every reader
  would survive it: its readers would silently get the default, and the name would be free for another meaning.
- What is narrowed refuses old data, what is widened sends old readers something that they refuse. Neither is compatible. That holds for
  types, for null, for formats and for every constraint.
- Open enumerations are plain strings with the known values in the description, and descriptions are free to change. An `enum` or `const`
  in a schema is closed in our readers, so its values are a constraint like any other.
- A default may be added where the field could be absent already. It may not change: that would change what its absence meant.

A keyword that is not known here must be equal in both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "$defs", "title", "description", "examples", "deprecated", "readOnly", "writeOnly"})
_COMPARED = frozenset(
    {"$ref", "type", "properties", "required", "additionalProperties", "items", "prefixItems", "anyOf", "oneOf", "allOf", "default"}
)
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Break:
    """Why two versions cannot live side by side: where (`$.case.owner`, `[]` for an array's items), and what."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def breaks(old: Schema, new: Schema) -> list[Break]:
    """Everything in `new` that is not compatible with `old`, in both directions; empty when there is nothing.

    `$ref` may point into the schema's own `$defs`. Raises `ValueError` for a reference to anywhere else.
    """
    return list(_compare(old, new, old, new, "$", set()))


def plain(schema: Any) -> Any:
    """The schema without what only people read. Two versions that are equal in this are one version."""
    return _plain(schema, names=False)


def _plain(schema: Any, *, names: bool) -> Any:
    """`names` says that the keys here are names of fields or definitions: one may well be called `title`."""
    if isinstance(schema, Mapping):
        return {
            key: _plain(value, names=not names and key in ("properties", "$defs"))
            if names or key not in ("default", "const", "enum")
            else value
            for key, value in schema.items()
            if names or key not in _ANNOTATIONS - {"$defs"}
        }
    if isinstance(schema, list):
        return [_plain(item, names=False) for item in schema]
    return schema


def resolved(schema: Schema, root: Schema) -> Schema:
    """The schema that a reference points to, with what stands beside the reference on top; the schema itself without one."""
    while "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        if name == schema["$ref"] or name not in root.get("$defs", {}):
            raise ValueError(f"{schema['$ref']!r} is not a reference into this schema's own $defs.")
        schema = {**root["$defs"][name], **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _compare(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str, seen: set[tuple[str, str]]) -> Iterator[Break]:
    pair = (str(old.get("$ref")), str(new.get("$ref")))
    if "None" not in pair:
        if pair in seen:  # a model that holds itself: compared once
            yield from _defaults(old, new, path)
            return
        seen = seen | {pair}
    old, new = resolved(old, old_root), resolved(new, new_root)
    if old.get("type") != new.get("type"):
        yield Break(path, f"its type was {_said(old)} and is {_said(new)}")
        return
    yield from _defaults(old, new, path)
    for keyword in sorted((old.keys() | new.keys()) - _ANNOTATIONS - _COMPARED):
        before, after = old.get(keyword, _ABSENT), new.get(keyword, _ABSENT)
        if not _equal(keyword, before, after):
            yield Break(path, f"{keyword} {_change(before, after)}")
    yield from _fields(old, new, old_root, new_root, path, seen)
    yield from _one(old, new, "items", old_root, new_root, f"{path}[]", seen)
    for keyword in ("prefixItems", "anyOf", "oneOf", "allOf"):
        yield from _several(old, new, keyword, old_root, new_root, path, seen)


def _fields(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str, seen: set[tuple[str, str]]) -> Iterator[Break]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed_before, needed_after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(before.keys() | after.keys() | needed_before | needed_after):
        here = f"{path}.{name}"
        if name not in after and name in before:
            why = "old readers need it" if name in needed_before else "a published field keeps its place, also an optional one"
            yield Break(here, f"was removed: {why}")
        elif name in needed_after - needed_before:
            added = "is new and required" if name not in before else "was optional and is required"
            yield Break(here, f"{added}: old data may lack it")
        elif name in needed_before - needed_after:
            yield Break(here, "was required and is optional: old readers need it")
        elif name not in before and name in after and old.get("additionalProperties", True) is not True:
            yield Break(here, "is new, and old readers take no field of another name or kind")
        if name in before and name in after:
            yield from _compare(before[name], after[name], old_root, new_root, here, seen)
    more_before, more_after = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if isinstance(more_before, Mapping) and isinstance(more_after, Mapping):
        yield from _compare(more_before, more_after, old_root, new_root, f"{path}.*", seen)
    elif more_before != more_after:
        yield Break(path, f"additionalProperties {_change(more_before, more_after)}")


def _one(
    old: Schema, new: Schema, keyword: str, old_root: Schema, new_root: Schema, path: str, seen: set[tuple[str, str]]
) -> Iterator[Break]:
    if keyword not in old and keyword not in new:
        return
    before, after = old.get(keyword, True), new.get(keyword, True)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _compare(before, after, old_root, new_root, path, seen)
    elif before != after:
        yield Break(path, f"{keyword} {_change(before, after)}")


def _several(
    old: Schema, new: Schema, keyword: str, old_root: Schema, new_root: Schema, path: str, seen: set[tuple[str, str]]
) -> Iterator[Break]:
    """Alternatives are compared in the order in which they stand; null may stand anywhere, because it moves when others are edited."""
    before = _nulls_last(old.get(keyword, ()), old_root, keyword)
    after = _nulls_last(new.get(keyword, ()), new_root, keyword)
    kinds_before, kinds_after = ([_said(resolved(item, root)) for item in items] for items, root in ((before, old_root), (after, new_root)))
    if kinds_before != kinds_after:
        yield Break(path, f"{keyword} was [{', '.join(kinds_before)}] and is [{', '.join(kinds_after)}]")
        return
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        here = f"{path}[{place}]" if keyword == "prefixItems" else path
        yield from _compare(one, other, old_root, new_root, here, seen)


def _nulls_last(items: Sequence[Schema], root: Schema, keyword: str) -> list[Schema]:
    if keyword not in ("anyOf", "oneOf"):
        return list(items)
    return sorted(items, key=lambda item: resolved(item, root).get("type") == "null")


def _defaults(old: Schema, new: Schema, path: str) -> Iterator[Break]:
    before, after = old.get("default", _ABSENT), new.get("default", _ABSENT)
    if before is not _ABSENT and not _same(before, after):
        yield Break(path, f"default {_change(before, after)}: its absence would mean something else")


def _equal(keyword: str, before: object, after: object) -> bool:
    if keyword == "enum" and isinstance(before, list) and isinstance(after, list):
        return sorted(map(repr, before)) == sorted(map(repr, after))
    return _same(before, after)


def _same(before: object, after: object) -> bool:
    """Equal as JSON is: in Python, `True == 1`."""
    return before == after and isinstance(before, bool) == isinstance(after, bool)


def _said(schema: Schema) -> str:
    kind = schema.get("type")
    if kind is None:
        return next((word for word in ("anyOf", "oneOf", "allOf") if word in schema), "anything")
    return kind if isinstance(kind, str) else " or ".join(kind)


def _change(before: object, after: object) -> str:
    if before is _ABSENT:
        return f"{after!r} is new"
    if after is _ABSENT:
        return f"{before!r} was removed"
    return f"was {before!r} and is {after!r}"
