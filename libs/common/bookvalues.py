"""What single values of a brand book look like, and the base of its parts.

What reaches this module: values as YAML or JSON gave them. What leaves it: checked values, or a ValueError whose text
says what the value must be; pydantic carries it to `libs.common.bookproblems`.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from libs.common.hours import Span, parse_span

MAX_PATTERN_CHARS = 200
MAX_PATTERN_WAYS = 5_000


class BookPart(BaseModel):
    """A part of the book: immutable, without fields that are not known. A key with nothing after it keeps its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_alias=True, serialize_by_alias=True, use_attribute_docstrings=True)

    @classmethod
    def names(cls) -> list[str]:
        """The fields as they are written."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_the_default(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        known = cls.names()
        return {key: value for key, value in data.items() if value is not None or key not in known}


def shown(value: object) -> str:
    """A value as its writer would recognise it, cut short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "fields with values"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…{text[-1]}"


def _shaped(pattern: str, what: str) -> tuple[AfterValidator, WithJsonSchema]:
    shape = re.compile(pattern)

    def check(value: str) -> str:
        if not shape.fullmatch(value):
            raise ValueError(f"must be {what}, not {shown(value)}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


Slug = Annotated[str, *_shaped(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", "a slug (a-z, 0-9 and -, 63 at most)")]
Id = Annotated[str, *_shaped(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "an id (letters, digits, . _ -, 63 at most)")]
LanguageCode = Annotated[str, *_shaped(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?", "a language code such as nl")]
Text = Annotated[str, *_shaped(r"(?s:.*\S.*)", "text that is not blank")]
Email = Annotated[str, *_shaped(r"[^@\s<>,]{1,64}@[^@\s<>,]{1,255}", "an e-mail address")]
Mailbox = Annotated[
    str,
    *_shaped(r"(?:[^<>\r\n]*<)?[^@\s<>,]{1,64}@[^@\s<>,]{1,255}>?", "an e-mail address, with or without a name before it"),
]
AuthservId = Annotated[str, *_shaped(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9])?", "a mail server's name such as mx.yours.example")]
Initials = Annotated[str, *_shaped(r"[^\W\d_]{1,4}", "one to four letters, such as gs")]
Colour = Annotated[str, *_shaped(r"#[0-9a-fA-F]{6}", "a colour such as #0a6ebd")]
Url = Annotated[str, *_shaped(r"https?://[^\s/]+\S*", "an address that starts with https:// or http://")]
LookupUrl = Annotated[
    str, *_shaped(r"https?://[^\s/{}]+/\S*\{id\}\S*", "an address that starts with https:// or http:// and has {id} after its host")
]

_SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/?[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
SECRET_MESSAGE = "must be a reference, env:NAME or file:name (a secret itself never stands in a brand book)"  # noqa: S105
SECRET_FIELDS = frozenset({"secret", "webhook", "mattermost", "slack", "teams"})


def _secret(value: str) -> str:
    if not _SECRET.fullmatch(value):
        raise ValueError(SECRET_MESSAGE)
    return value


SecretRef = Annotated[str, AfterValidator(_secret), WithJsonSchema({"type": "string", "pattern": f"^(?:{_SECRET.pattern})$"})]


def _host(value: str) -> str:
    try:
        ip_address(value)
    except ValueError:
        if not _HOST.fullmatch(value):
            raise ValueError(f"must be a server's name or address, without a port or a path, not {shown(value)}") from None
    return value


_HOST = re.compile(r"(?=.{1,253}$)[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*\.?")
Host = Annotated[str, AfterValidator(_host)]


def _span(value: object, such_as: str = "30m, 4h, 2d or 5y") -> Span:
    if isinstance(value, Span):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a duration such as {such_as}, not {shown(value)}")
    return parse_span(value, such_as)


_MOST_OPENING_DAYS = 366


def _opening_span(value: object) -> Span:
    span = _span(value, "30m, 4h or 2d")
    if span.unit == "y":
        raise ValueError(f"counts opening time in minutes, hours or days (30m, 4h, 2d), not {span}")
    if span.elapsed() > timedelta(days=_MOST_OPENING_DAYS):
        raise ValueError(f"must be at most {_MOST_OPENING_DAYS}d, not {span}")
    return span


_SPAN_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,6}[mhdy]$", "examples": ["30m", "4h", "2d", "5y"]})
SpanText = Annotated[Span, PlainValidator(_span), PlainSerializer(str, return_type=str), _SPAN_SCHEMA]
OpeningSpan = Annotated[Span, PlainValidator(_opening_span), PlainSerializer(str, return_type=str), _SPAN_SCHEMA]


def _percent(value: object) -> int:
    found = re.fullmatch(r"(\d{1,4})\s?%", value) if isinstance(value, str) else None
    share = int(found[1]) if found else value
    if isinstance(share, bool) or not isinstance(share, int) or not 1 <= share <= 1000:
        raise ValueError(f"must be a share of the clock's time such as 80%, not {shown(value)}")
    return share


Percent = Annotated[
    int,
    PlainValidator(_percent),
    PlainSerializer(lambda share: f"{share}%", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,4}\s?%$"}),
]


def _tls(value: object) -> bool | str:
    if isinstance(value, bool) or value == "starttls":
        return value
    raise ValueError(f"must be true, false or starttls, not {shown(value)}")


Tls = Annotated[bool | Literal["starttls"], PlainValidator(_tls), WithJsonSchema({"enum": [True, False, "starttls"]})]


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a directory in the zone database
        raise ValueError(f"is no time zone that is known here: {shown(value)}; write one such as Europe/Amsterdam") from None
    return value


TimeZone = Annotated[str, AfterValidator(_timezone)]


def _identifier(value: str) -> str:
    """A pattern runs over whatever a stranger writes: it must compile, match something, and never take long on
    hostile text."""
    if len(value) > MAX_PATTERN_CHARS:
        raise ValueError(f"is longer than {MAX_PATTERN_CHARS} characters")
    try:
        compiled = re.compile(value)
        ways = _ways(_parse_pattern(value))
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if ways > MAX_PATTERN_WAYS:
        raise ValueError(
            "can take very long on a hostile message: write {1,12} for + or *, and repeat no group that varies in length itself"
        )
    if compiled.search("") or compiled.fullmatch(" "):
        raise ValueError("matches empty text")
    return value


IdentifierPattern = Annotated[str, AfterValidator(_identifier)]


# CPython's own parse of a pattern; the public name (sre_parse) is deprecated, and nothing else tells how a pattern
# can backtrack.
_parse_pattern: Callable[[str], Any] = importlib.import_module("re._parser").parse
_UNBOUNDED = 1_000


def _ways(parsed: Any) -> int:
    """An upper bound on how many ways there are to match a pattern from one place: what a backtracking engine may
    have to try.

    An unbounded repetition counts as a thousand, so one passes and two in a row do not. Stops counting above the limit.
    """
    total = 1
    for operation, argument in parsed:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = argument
            most = min(int(most), least + _UNBOUNDED)
            inner = _ways(body)
            if inner == 1:
                total *= most - least + 1
            elif most > 64:
                return MAX_PATTERN_WAYS + 1
            else:
                total *= sum(inner**times for times in range(least, most + 1))
        elif name == "BRANCH":
            total *= sum(_ways(branch) for branch in argument[1])
        elif name == "SUBPATTERN":
            total *= _ways(argument[-1])
        elif name == "ATOMIC_GROUP":
            total *= _ways(argument)
        elif name in ("ASSERT", "ASSERT_NOT"):
            total *= _ways(argument[1])
        elif name == "GROUPREF_EXISTS":
            total *= _ways(argument[1]) + (_ways(argument[2]) if argument[2] is not None else 1)
        if total > MAX_PATTERN_WAYS:
            return MAX_PATTERN_WAYS + 1
    return total
