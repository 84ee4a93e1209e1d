"""Practice messages as a file: YAML with `messages:`, or JSON lines, one message a line.

A text comes in; messages, or one error that names every problem, go out. Pure."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from libs.common import strictjson
from libs.common.bookfile import read_yaml
from libs.common.bookproblems import BrandBookError
from libs.common.errors import BadRequest, Unprocessable
from services.responder.practice import Kept

YAML = ("application/yaml", "application/x-yaml", "text/yaml")
LINES = ("application/x-ndjson", "application/jsonl")
MOST = 500
"""Messages in one file."""
_TOLD = 20


def read(text: str, *, lines: bool) -> list[Kept]:
    """The messages. Raises `BadRequest` for what cannot be read, and `Unprocessable` that names each message that is wrong, and its field."""
    rows = list(_lines(text) if lines else _yaml(text))
    if not rows:
        raise Unprocessable("There is no message in it.")
    if len(rows) > MOST:
        raise Unprocessable(f"There are {len(rows)} messages in it; {MOST} fit into one request.")
    found: list[Kept] = []
    wrong: list[str] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        try:
            one = Kept.model_validate(row)
        except ValidationError as error:
            name = row.get("key") if isinstance(row, dict) else None
            called = f"message {number}" + (f" ({str(name)[:60]})" if name else "")
            wrong += [
                f"{called}, {'.'.join(map(str, problem['loc'])) or 'it'}: {problem['msg']}" for problem in error.errors(include_url=False)
            ]
            continue
        if one.key in seen:
            wrong.append(f"message {number}: the key {one.key} stands twice")
        seen.add(one.key)
        found.append(one)
    if wrong:
        more = f" And {len(wrong) - _TOLD} more." if len(wrong) > _TOLD else ""
        raise Unprocessable(f"{'; '.join(wrong[:_TOLD])}.{more} Nothing was taken in.", problems=wrong[:_TOLD])
    return found


def _yaml(text: str) -> Iterator[Any]:
    try:
        data = read_yaml(text, "practice messages", {})
    except BrandBookError as error:
        raise BadRequest(str(error)) from None
    messages = data.get("messages")
    if set(data) - {"messages"} or not isinstance(messages, list):
        raise Unprocessable("The file has one field, messages, with a list of them.")
    yield from messages


def _lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield strictjson.decode(line.encode(errors="surrogatepass"), f"line {number}")
