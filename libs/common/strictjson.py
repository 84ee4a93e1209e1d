"""JSON as we take it: bytes come in, a value leaves that every part of the system reads alike, or a `BadRequest` that says why not.

Parsers differ in what they do with a name that stands twice in an object, with half a surrogate pair, with NaN, and with nesting that fills the stack.
Here none of these is a value, so that no two parts can read one body in two ways.
"""

import json
from typing import Any

import orjson

from libs.common.errors import BadRequest, Unprocessable

MAX_DEPTH = 64
"""Arrays and objects within one another. Ours nest six deep."""


def decode(body: bytes, what: str = "body") -> Any:
    """The value of a body. Raises `BadRequest`: not JSON, not UTF-8, half a surrogate pair, NaN, a name that stands twice in an object, or too deep."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The {what} is not valid JSON in UTF-8 (line {error.lineno}, column {error.colno}).") from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        raise BadRequest(f"The {what} nests deeper than {MAX_DEPTH} arrays and objects.")
    _NAMES_ONCE.decode(body.decode())
    return value


def refuse_nul(value: Any, place: str = "body") -> None:
    """Raises `Unprocessable` for a text with a NUL, which no column, channel or screen takes. Of a value that `decode` returned."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Unprocessable(f"{place}: holds a NUL character.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            refuse_nul(item, f"{place}.{index}")
    elif isinstance(value, dict):
        for name, item in value.items():
            refuse_nul(name, f"a name in {place}")
            refuse_nul(item, f"{place}.{name[:60]}")


def _deeper_than(value: Any, depth: int) -> bool:
    """Level by level, not by recursion."""
    level = [value]
    for _ in range(depth):
        level = [part for part in level if isinstance(part, dict | list)]
        level = [item for part in level for item in (part.values() if isinstance(part, dict) else part)]
    return any(isinstance(item, dict | list) for item in level)


def _names_once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:  # once through: an object may have a hundred thousand names, and all other requests wait meanwhile
        if name in seen:
            raise BadRequest(f"The name {name[:60]!r} stands twice in one object. Which of the two values is meant cannot be known.")
        seen.add(name)


# Its integers are of no interest: `int` of ten thousand digits takes long, and Python refuses it.
_NAMES_ONCE = json.JSONDecoder(object_pairs_hook=_names_once, parse_int=len, parse_float=len)
