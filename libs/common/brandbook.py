"""The brand book: what a team has agreed on, one YAML file per brand.

What reaches this module: the text of a book (`load_book`, for `weerklank apply`), or its JSON as it travels on
`weerklank.brands.v1` (`BrandBook.from_json`). What leaves it: an immutable `BrandBook` in which everything that
refers to something else in the book is known to exist, or one `BrandBookError` that lists every problem with its
line.

Field names are stable. Every field but `brand`, `name` and `languages` has a default, which the models below show. It
is empty where it would be one brand's own business: accounts, people, labels, what may be promised. Four defaults
depend on the rest of the book:

- `fallback` not written and no department `webcare`: that department is added, with the whole team in it;
- a team member without languages speaks the brand's; a script without one is in the brand's first;
- the slug of the public page is the brand's;
- hours that name no weekday have the weekdays of the example; as soon as one is named, what is not named is closed.

A key with nothing after it keeps its default. Limits: 1 MiB of text, 200,000 values once aliases are followed, 30
levels.
"""

import difflib
import importlib
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from libs.common.hours import WEEKDAYS, Block, Calendar, HoursError, Span, parse_block, parse_span
from libs.common.rules import When, channel_name

MAX_BYTES = 1024 * 1024
MAX_VALUES = 200_000
MAX_DEPTH = 30
MAX_PATTERN_CHARS = 200
MAX_PATTERN_WAYS = 5_000

TRIAGE_DEPARTMENTS = frozenset(
    ["webcare", "billing", "technical", "logistics", "complaints", "legal", "press_office", "product", "security", "none"]
)
"""What triage proposes before a brand refines it. A condition may name these even when the book has no such
department."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its line (from 1; None when the text has none for it), its field (`team[1].initials`),
    what to do."""

    line: int | None
    field: str
    message: str


class BrandBookError(ValueError):
    """A book cannot be used. `problems` holds at least one; `str()` is one readable line for each. Values of secrets
    are never shown."""

    def __init__(self, problems: Iterable[Problem], source: str) -> None:
        self.problems = list(problems)
        self.source = source
        super().__init__("\n".join(_problem_line(problem, source) for problem in self.problems))


def _problem_line(problem: Problem, source: str) -> str:
    place = source if problem.line is None else f"{source}:{problem.line}"
    return ": ".join(part for part in (place, problem.field, problem.message) if part)


class _Inconsistent(ValueError):
    """Fields that are each right and do not fit together; carries all of them through pydantic's single error."""

    def __init__(self, found: list[tuple[Path, str]]) -> None:
        super().__init__("; ".join(message for _, message in found))
        self.found = found


# --- what single values look like -------------------------------------------------------------------------------------


def _shaped(pattern: str, what: str) -> tuple[AfterValidator, WithJsonSchema]:
    shape = re.compile(pattern)

    def check(value: str) -> str:
        if not shape.fullmatch(value):
            raise ValueError(f"must be {what}, not {_shown(value)}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$"})


_Slug = Annotated[str, *_shaped(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", "a slug (a-z, 0-9 and -, 63 at most)")]
_Id = Annotated[str, *_shaped(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "an id (letters, digits, . _ -, 63 at most)")]
_Language = Annotated[str, *_shaped(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})?", "a language code such as nl")]
_Text = Annotated[str, *_shaped(r"(?s:.*\S.*)", "text that is not blank")]
_Email = Annotated[str, *_shaped(r"[^@\s<>,]{1,64}@[^@\s<>,]{1,255}", "an e-mail address")]
_Mailbox = Annotated[
    str,
    *_shaped(r"(?:[^<>\r\n]*<)?[^@\s<>,]{1,64}@[^@\s<>,]{1,255}>?", "an e-mail address, with or without a name before it"),
]
_Initials = Annotated[str, *_shaped(r"[^\W\d_]{1,4}", "one to four letters, such as gs")]
_Colour = Annotated[str, *_shaped(r"#[0-9a-fA-F]{6}", "a colour such as #0a6ebd")]
_Url = Annotated[str, *_shaped(r"https?://[^\s/]+\S*", "an address that starts with https:// or http://")]

_SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/?[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_SECRET_MESSAGE = "must be a reference, env:NAME or file:name (a secret itself never stands in a brand book)"  # noqa: S105
_SECRET_FIELDS = frozenset({"secret", "webhook"})


def _secret(value: str) -> str:
    if not _SECRET.fullmatch(value):
        raise ValueError(_SECRET_MESSAGE)
    return value


_SecretRef = Annotated[str, AfterValidator(_secret), WithJsonSchema({"type": "string", "pattern": f"^(?:{_SECRET.pattern})$"})]


def _span(value: object) -> Span:
    if isinstance(value, Span):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be a duration such as 30m, 4h, 2d or 5y, not {_shown(value)}")
    return parse_span(value)


def _business_span(span: Span) -> Span:
    if span.unit == "y":
        raise ValueError(f"counts opening time in minutes, hours or days (30m, 4h, 2d), not {span}")
    return span


_SPAN_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,6}[mhdy]$", "examples": ["30m", "4h", "2d", "5y"]})
_Span = Annotated[Span, PlainValidator(_span), PlainSerializer(str, return_type=str), _SPAN_SCHEMA]
_BusinessSpan = Annotated[Span, PlainValidator(_span), AfterValidator(_business_span), PlainSerializer(str, return_type=str), _SPAN_SCHEMA]


def _block(value: object) -> Block:
    if isinstance(value, Block):
        return value
    if not isinstance(value, str):
        raise ValueError(f'must be a block of hours such as "09:00-17:30", not {_shown(value)}')
    return parse_block(value)


def _apart(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    ordered = tuple(sorted(blocks))
    for earlier, later in pairwise(ordered):
        if later.start < earlier.end:
            raise ValueError(f"blocks overlap: {earlier} and {later}")
    return ordered


_Block = Annotated[
    Block,
    PlainValidator(_block),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}$"}),
]
_Blocks = Annotated[tuple[_Block, ...], AfterValidator(_apart)]


def _day(value: object) -> object:
    # pydantic would take a number for a Unix time and a moment for its day
    if isinstance(value, Date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError(f"must be a date such as 2026-12-24, not {_shown(value)}")
    return value


def _percent(value: object) -> int:
    found = re.fullmatch(r"(\d{1,4})\s?%", value) if isinstance(value, str) else None
    share = int(found[1]) if found else value
    if isinstance(share, bool) or not isinstance(share, int) or not 1 <= share <= 1000:
        raise ValueError(f"must be a share of the clock's time such as 80%, not {_shown(value)}")
    return share


_Percent = Annotated[
    int,
    PlainValidator(_percent),
    PlainSerializer(lambda share: f"{share}%", return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,4}\s?%$"}),
]


def _tls(value: object) -> bool | str:
    if isinstance(value, bool) or value == "starttls":
        return value
    raise ValueError(f"must be true, false or starttls, not {_shown(value)}")


_Tls = Annotated[bool | Literal["starttls"], PlainValidator(_tls), WithJsonSchema({"enum": [True, False, "starttls"]})]


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a directory in the zone database
        raise ValueError(f"is no time zone that is known here: {_shown(value)}; write one such as Europe/Amsterdam") from None
    return value


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, list[str]]:
    countries: Mapping[str, list[str]] = holidays.list_supported_countries()
    return countries


def _country(value: str) -> str:
    if value not in _countries():
        hint = f"; did you mean {value.upper()}?" if value.upper() in _countries() else ""
        raise ValueError(f"must be a country code whose holidays are known, such as NL, not {_shown(value)}{hint}")
    return value


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


# --- the book ---------------------------------------------------------------------------------------------------------


class _Part(BaseModel):
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


SignatureStyle = Literal["initials", "first_name", "none", "optional"]

_SIGNATURE: dict[str, SignatureStyle] = {
    "twitter": "initials",
    "mastodon": "initials",
    "instagram": "optional",
    "default": "first_name",
}
_LIMITS = {"twitter": 280}


def _over(defaults: Mapping[str, object]) -> BeforeValidator:
    def merge(value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return dict(defaults) | {channel_name(str(key)): style for key, style in value.items()}

    return BeforeValidator(merge)


class Greeting(_Part):
    required: Literal["first_reply", "always", "never"] = "first_reply"
    examples: tuple[_Text, ...] = ("Hoi {voornaam}", "Goedemorgen {naam}")


class Voice(_Part):
    """Tone of voice."""

    address_form: Literal["je", "u"] = "je"
    person: Literal["ik", "wij"] = "ik"
    smileys: bool = True
    abbreviations: bool = False
    wordplay: Literal["never", "sparingly", "freely"] = "sparingly"
    words_to_use: tuple[_Text, ...] = ()
    forbidden_words: tuple[_Text, ...] = ()
    greeting: Greeting = Greeting()
    signature: Annotated[dict[str, SignatureStyle], _over(_SIGNATURE)] = Field(default_factory=lambda: dict(_SIGNATURE))
    """Per channel; "default" for the rest. A channel that is not written keeps its default."""
    competitors: tuple[_Text, ...] = ()
    internal_names: tuple[_Text, ...] = ()
    official_names: tuple[_Text, ...] = ()
    safe_domains: tuple[_Text, ...] = ()


class Allowance(_Part):
    kind: _Id
    """refund, compensation, gift, discount, guarantee, or the brand's own word."""
    up_to_eur: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Euros, inclusive; none: any amount."""


class Approval(_Part):
    when: When = When()
    by: tuple[_Id, ...] = Field(min_length=1)
    """Roles; `self` is the writer's own, explicit approval."""


class LegalCheck(_Part):
    when: When = When(risk_any=("legal_threat",))
    blocks_sending: bool = True


class Conduct(_Part):
    """Code of conduct."""

    in_scope: tuple[_Text, ...] = ()
    out_of_scope: tuple[_Text, ...] = ()
    may_promise: dict[_Id, tuple[Allowance, ...]] = {}
    """Per role; everything else is unauthorised."""
    go_private_for: tuple[_Id, ...] = (
        "order_number", "customer_number", "iban", "postcode_address", "phone", "email", "birthdate", "bsn",
    )  # fmt: skip
    approvals: tuple[Approval, ...] = (
        Approval(when=When(role="trainee"), by=("agent",)),
        Approval(when=When(risk_any=("press", "legal_threat", "influencer")), by=("spokesperson",)),
        Approval(when=When(), by=("self",)),
    )
    """Who must approve; the first that matches."""
    legal_check: LegalCheck = LegalCheck()
    limits: Annotated[dict[str, Annotated[int, Field(ge=1)]], _over(_LIMITS)] = Field(default_factory=lambda: dict(_LIMITS))
    """Overrides of a channel's own limit, in the channel's own way of counting."""


class PublicHolidays(_Part):
    country: Annotated[str, AfterValidator(_country)] = "NL"
    region: str | None = None
    """A part of the country with holidays of its own, by its ISO 3166-2 code without the country."""
    closed: bool = True

    @model_validator(mode="after")
    def _region_is_known(self) -> Self:
        if self.region is not None and self.region not in _countries()[self.country]:
            raise ValueError(f"region {_shown(self.region)} is not known for {self.country}")
        return self


class DayException(_Part):
    date: Annotated[Date, BeforeValidator(_day)]
    blocks: _Blocks = ()
    """Empty: closed that day. Also overrides a public holiday."""


def _days_of(key: object) -> tuple[str, ...]:
    """The weekdays that a key of `hours` names: `mon`, `mon-fri`, `fri-mon` or `mon,wed`; none when it is no such
    key."""
    days: list[str] = []
    for part in str(key).replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            return ()
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        days += [WEEKDAYS[index % 7] for index in range(start, (end if end >= start else end + 7) + 1)]
    return tuple(days)


_WEEK = {"mon-fri": ("08:00-22:00",), "sat": ("09:00-13:00", "14:00-17:00")}
_DAY_KEYS = r"^(mon|tue|wed|thu|fri|sat|sun)(\s*[-,]\s*(mon|tue|wed|thu|fri|sat|sun))*$"


class Hours(_Part):
    """Opening hours: blocks a weekday, closed where nothing stands. A key may name several days; a day by itself wins
    over a range."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {_DAY_KEYS: {"type": "array", "items": {"type": "string"}}}})

    mon: _Blocks = ()
    tue: _Blocks = ()
    wed: _Blocks = ()
    thu: _Blocks = ()
    fri: _Blocks = ()
    sat: _Blocks = ()
    sun: _Blocks = ()
    holidays: PublicHolidays = PublicHolidays()
    exceptions: tuple[DayException, ...] = ()

    @classmethod
    def names(cls) -> list[str]:
        return [*super().names(), "mon-fri"]

    @model_validator(mode="before")
    @classmethod
    def _one_key_a_day(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        rest = {key: value for key, value in data.items() if not _days_of(key)}
        written = {key: value for key, value in data.items() if _days_of(key)} or _WEEK
        week: dict[str, object] = {}
        origin: dict[str, str] = {}
        for key, value in sorted(written.items(), key=lambda item: -len(_days_of(item[0]))):
            for day in _days_of(key):
                if day in origin and len(_days_of(key)) > 1:
                    raise ValueError(f"{day} stands in both {origin[day]!r} and {key!r}")
                week[day], origin[day] = value if value is not None else (), key
        return rest | week

    def week(self) -> tuple[tuple[Block, ...], ...]:
        """The blocks of Monday to Sunday."""
        return (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)


class Target(_Part):
    when: When = When()
    reaction: _BusinessSpan = Span(30, "m")
    resolution: _BusinessSpan = Span(1, "d")


class Channel(_Part):
    """An account, and how it is reached. Which types there are is up to ingest and responder; the fields that a type
    needs are checked."""

    id: _Id
    type: _Id
    account: str | None = None
    secret: _SecretRef | None = None
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    """None: the protocol's own."""
    tls: _Tls = True
    """When not written: starttls for smtp, true for the rest."""
    user: str | None = None
    sender: _Mailbox | None = Field(default=None, alias="from")
    folder: str = "INBOX"
    url: _Url | None = None
    every: _Span = Span(5, "m")
    """Between two polls, by an ordinary clock."""
    map: dict[str, str] = {}
    """Which field of the source holds text, author, …"""

    @model_validator(mode="before")
    @classmethod
    def _mail_is_submitted_with_starttls(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("type") == "smtp" and data.get("tls") is None:
            return {**data, "tls": "starttls"}
        return data

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> Self:
        needs: dict[str, dict[str, object]] = {
            "imap": {"host": self.host, "user": self.user, "secret": self.secret},
            "smtp": {"host": self.host, "from": self.sender},
            "feed": {"url": self.url},
        }
        missing = [name for name, value in needs.get(self.type, {}).items() if not value]
        if missing:
            raise ValueError(f"a channel of type {self.type} needs {' and '.join(missing)}")
        return self


class ListenQuery(_Part):
    id: _Id
    query: Annotated[_Text, Field(max_length=2000)]
    competitor: bool = False


class Staff(_Part):
    handles: tuple[_Text, ...] = ()
    domains: tuple[_Text, ...] = ()


class Label(_Part):
    name: Annotated[_Text, Field(max_length=100)]
    parent: str | None = None
    description: str = ""
    department: str | None = None
    examples: tuple[_Text, ...] = ()


class Department(_Part):
    id: _Id
    name: str = ""
    """Empty: its id."""
    members: tuple[str, ...] = ()
    email: _Email | None = None
    consult_within: _BusinessSpan = Span(4, "h")


class RoutingRule(_Part):
    when: When = When()
    department: str
    skills: tuple[_Id, ...] = ()
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    tell: tuple[_Id, ...] = ()
    """Roles."""


class Escalation(_Part):
    at: _Percent
    of: Literal["reaction", "resolution"] = "reaction"
    do: tuple[Literal["notify_owner", "raise_priority", "notify_lead", "return_to_queue"], ...] = Field(min_length=1)


class Member(_Part):
    id: _Id
    first_name: _Text
    initials: _Initials
    role: _Id = "agent"
    languages: tuple[_Language, ...] = ()
    skills: tuple[_Id, ...] = ()
    capacity: int = Field(default=6, ge=0, le=1000)
    """Cases at the same time."""
    public: bool = True
    """Shown on the public page."""


class Notify(_Part):
    email: _Email | None = None
    webhook: _SecretRef | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.email is None) == (self.webhook is None):
            raise ValueError("needs either email or webhook")
        return self


class HubMember(_Part):
    id: _Id
    name: str = ""
    roles: tuple[_Id, ...] = ()
    notify: tuple[Notify, ...] = ()


class Scenario(_Part):
    id: _Id
    when: When
    severity: Literal["low", "medium", "high", "critical"] = "high"
    tell: tuple[_Id, ...] = ()
    holding_statement_by: tuple[_Id, ...] = ()
    acknowledge_within: _Span = Span(10, "m")
    """By an ordinary clock: a crisis does not wait for opening time."""


class Hub(_Part):
    """Social hub: told at the same moment."""

    members: tuple[HubMember, ...] = ()
    scenarios: tuple[Scenario, ...] = ()


class Script(_Part):
    id: _Id
    label: str | None = None
    language: _Language | None = None
    text: _Text


class Survey(_Part):
    sample: float = Field(default=0.3, ge=0, le=1)
    channel: str = "own"
    window: _Span = Span(30, "d")


class Retention(_Part):
    mentions: _Span = Span(400, "d")
    cases: _Span = Span(5, "y")
    attachments: _Span = Span(180, "d")


class WebcarePage(_Part):
    slug: _Slug = ""
    """Empty until the book is read: then the brand's."""
    intro: dict[_Language, str] = {}
    colour: _Colour = "#0a6ebd"


class BrandBook(_Part):
    """One brand's book. Immutable; everything that it refers to inside itself exists."""

    brand: _Slug
    name: _Text
    description: str = ""
    languages: tuple[_Language, ...] = Field(min_length=1)
    """The first is the default."""
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/Amsterdam"
    goals: tuple[_Text, ...] = ()
    voice: Voice = Voice()
    conduct: Conduct = Conduct()
    hours: Hours = Hours()
    targets: tuple[Target, ...] = (
        Target(when=When(urgency="critical"), reaction=Span(10, "m"), resolution=Span(4, "h")),
        Target(when=When(channel="email"), reaction=Span(4, "h"), resolution=Span(2, "d")),
        Target(),
    )
    """Opening time; the first that matches."""
    channels: tuple[Channel, ...] = ()
    pilot: bool = True
    """Sandbox: nothing leaves the building."""
    listen: tuple[ListenQuery, ...] = ()
    campaign_hashtags: tuple[_Text, ...] = ()
    staff: Staff = Staff()
    identifiers: dict[_Id, Annotated[str, AfterValidator(_identifier)]] = {}
    """Regular expressions; what one finds is strong evidence."""
    labels: tuple[Label, ...] = ()
    departments: tuple[Department, ...] = ()
    """None: webcare, with the whole team."""
    routing: tuple[RoutingRule, ...] = ()
    """The first that matches; none, or one that cannot be evaluated: the fallback."""
    fallback: str = "webcare"
    escalation: tuple[Escalation, ...] = (
        Escalation(at=80, of="reaction", do=("notify_owner", "raise_priority")),
        Escalation(at=100, of="reaction", do=("notify_lead", "return_to_queue")),
    )
    team: tuple[Member, ...] = ()
    hub: Hub = Hub()
    scripts: tuple[Script, ...] = ()
    survey: Survey = Survey()
    retention: Retention = Retention()
    webcare_page: WebcarePage = WebcarePage()

    @model_validator(mode="before")
    @classmethod
    def _derived_defaults(cls, data: Any) -> Any:
        return _with_derived(data) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = list(_inconsistencies(self))
        if found:
            raise _Inconsistent(found)
        return self

    @classmethod
    def from_json(cls, data: str | bytes | Mapping[str, object], source: str = "brand book") -> Self:
        """The book from its JSON (text, or already decoded as in an event). Raises BrandBookError, without lines."""
        try:
            return cls.model_validate(data) if isinstance(data, Mapping) else cls.model_validate_json(data)
        except ValidationError as error:
            raise BrandBookError(_problems(error, {}, {}), source) from None

    def to_json(self) -> str:
        """Everything in it, defaults written out: `from_json` gives an equal book, also when a later version has
        other defaults."""
        return self.model_dump_json()

    def signature_style(self, channel: str) -> SignatureStyle:
        """How replies on a channel are signed."""
        styles = self.voice.signature
        return styles.get(channel_name(channel), styles["default"])

    def limit(self, channel: str) -> int | None:
        """The brand's own limit for a channel, in that channel's way of counting; None: the channel's."""
        return self.conduct.limits.get(channel_name(channel))

    def department(self, id: str) -> Department | None:
        return next((department for department in self.departments if department.id == id), None)

    def member(self, id: str) -> Member | None:
        """A person of the team, by id."""
        return next((member for member in self.team if member.id == id), None)

    def label(self, name: str) -> Label | None:
        return next((label for label in self.labels if label.name == name), None)

    def label_path(self, name: str) -> tuple[str, ...]:
        """A label and its parents, nearest first, so that a condition on a parent can hold for its children. Empty
        when not in the book."""
        path: list[str] = []
        label = self.label(name)
        while label is not None:
            path.append(label.name)
            label = self.label(label.parent) if label.parent is not None else None
        return tuple(path)


def _with_derived(data: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults that depend on other fields. Takes unchecked data and leaves alone whatever has an unexpected
    shape."""
    book = dict(data)
    languages, brand, team = book.get("languages"), book.get("brand"), book.get("team")
    if isinstance(languages, list | tuple) and languages:
        if isinstance(team, list | tuple):
            book["team"] = [_filled(member, "languages", languages) for member in team]
        if isinstance(book.get("scripts"), list | tuple):
            book["scripts"] = [_filled(script, "language", languages[0]) for script in book["scripts"]]
    if isinstance(brand, str):
        page = book.get("webcare_page")
        book["webcare_page"] = _filled({} if page is None else page, "slug", brand)
    departments = book.get("departments")
    if book.get("fallback") is None and (departments is None or isinstance(departments, list | tuple)):
        written = list(departments or ())
        if "webcare" not in [_field(department, "id") for department in written]:
            ids = [_field(member, "id") for member in team] if isinstance(team, list | tuple) else []
            members = [id for id in ids if isinstance(id, str)]
            book["departments"] = [*written, {"id": "webcare", "name": "Webcare", "members": members}]
    return book


def _filled(part: Any, field: str, value: Any) -> Any:
    return {**part, field: value} if isinstance(part, Mapping) and part.get(field) is None else part


def _field(part: Any, field: str) -> object:
    return part.get(field) if isinstance(part, Mapping) else getattr(part, field, None)


# --- what must fit together -------------------------------------------------------------------------------------------


def _inconsistencies(book: BrandBook) -> Iterator[tuple[Path, str]]:
    unique: list[tuple[Path, str, list[str]]] = [
        (("channels",), "id", [channel.id for channel in book.channels]),
        (("listen",), "id", [query.id for query in book.listen]),
        (("labels",), "name", [label.name for label in book.labels]),
        (("departments",), "id", [department.id for department in book.departments]),
        (("team",), "id", [member.id for member in book.team]),
        # ^GS and ^gs are the same signature to a reader
        (("team",), "initials", [member.initials.casefold() for member in book.team]),
        (("hub", "members"), "id", [member.id for member in book.hub.members]),
        (("hub", "scenarios"), "id", [scenario.id for scenario in book.hub.scenarios]),
        (("scripts",), "id", [script.id for script in book.scripts]),
        (("hours", "exceptions"), "date", [exception.date.isoformat() for exception in book.hours.exceptions]),
    ]
    for path, field, values in unique:
        for index, value in enumerate(values):
            if value in values[:index]:
                yield (*path, index, field), f"{value!r} is used more than once"
    for index, language in enumerate(book.languages):
        if language in book.languages[:index]:
            yield ("languages", index), f"{language!r} is used more than once"

    departments = [department.id for department in book.departments]
    people = [member.id for member in book.team]
    labels = {label.name: label for label in book.labels}
    roles = sorted({role for member in book.hub.members for role in member.roles} | {member.role for member in book.team})

    references: list[tuple[Path, str, str | None, Iterable[str]]] = [(("fallback",), "department", book.fallback, departments)]
    for index, department in enumerate(book.departments):
        for at, person in enumerate(department.members):
            references.append((("departments", index, "members", at), "team member", person, people))
    for index, label in enumerate(book.labels):
        references.append((("labels", index, "department"), "department", label.department, departments))
        references.append((("labels", index, "parent"), "label", label.parent, labels))
    for index, rule in enumerate(book.routing):
        references.append((("routing", index, "department"), "department", rule.department, departments))
    for index, script in enumerate(book.scripts):
        references.append((("scripts", index, "label"), "label", script.label, labels))
    for index, scenario in enumerate(book.hub.scenarios):
        for field in ("tell", "holding_statement_by"):
            for at, role in enumerate(getattr(scenario, field)):
                references.append((("hub", "scenarios", index, field, at), "person with the role", role, roles))
    for path, when in _conditions(book):
        for name in when.labels_any or ():
            references.append(((*path, "labels_any"), "label", name, labels))
        asked = (when.department,) if isinstance(when.department, str) else when.department or ()
        for name in asked:
            references.append(((*path, "department"), "department", name, [*departments, *TRIAGE_DEPARTMENTS]))
    for path, what, name_or_none, known in references:
        if name_or_none is not None and name_or_none not in known:
            yield path, f"there is no {what} {name_or_none!r}{_hint(name_or_none, known)}"

    for index, label in enumerate(book.labels):
        seen, parent = {label.name}, label.parent
        while parent in labels and parent not in seen:
            seen.add(parent)
            parent = labels[parent].parent
        if parent == label.name:
            yield ("labels", index, "parent"), f"label {label.name!r} is its own ancestor"


def _conditions(book: BrandBook) -> Iterator[tuple[Path, When]]:
    for index, approval in enumerate(book.conduct.approvals):
        yield ("conduct", "approvals", index, "when"), approval.when
    yield ("conduct", "legal_check", "when"), book.conduct.legal_check.when
    for index, target in enumerate(book.targets):
        yield ("targets", index, "when"), target.when
    for index, rule in enumerate(book.routing):
        yield ("routing", index, "when"), rule.when
    for index, scenario in enumerate(book.hub.scenarios):
        yield ("hub", "scenarios", index, "when"), scenario.when


# --- reading ----------------------------------------------------------------------------------------------------------


def load_book(text: str, source: str = "brand book", today: Date | None = None) -> BrandBook:
    """Read a brand book. `source` names the text in messages, such as the file's name; `today` is for the check that
    it ever opens.

    Raises BrandBookError with every problem of the first kind that there is: unreadable YAML, wrong fields, fields
    that do not fit together.
    """
    lines: dict[Path, int] = {}
    data = _read_yaml(text, source, lines)
    try:
        book = BrandBook.model_validate(data)
    except ValidationError as error:
        raise BrandBookError(_problems(error, data, lines), source) from None
    try:
        Calendar.of(book, today)
    except HoursError as error:
        raise BrandBookError([Problem(lines.get(("hours",)), "hours", str(error))], source) from None
    return book


def book_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a brand book: for editors, and for people who write one with other tools."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **BrandBook.model_json_schema()}


_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}
_MERGE_TAG = "tag:yaml.org,2002:merge"


def _read_yaml(text: str, source: str, lines: dict[Path, int]) -> dict[str, Any]:
    """The text as plain values; fills `lines` with the line of every field. Values are made from YAML's nodes here,
    not by the library, because only so are lines kept, written-twice keys found, and aliases counted before they are
    followed."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise BrandBookError([Problem(None, "", f"is larger than {MAX_BYTES // 1024} KiB; a brand book is a few pages")], source)
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            root = yaml.compose(text.removeprefix("\ufeff"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else None
        why = " ".join(part for part in (error.problem, error.context) if part)
        raise BrandBookError([Problem(line, "", f"is not readable YAML: {why}")], source) from None
    except YAMLError as error:
        raise BrandBookError([Problem(None, "", f"is not readable YAML: {str(error).splitlines()[0]}")], source) from None
    except (RecursionError, ValueError) as error:
        why = "is nested too deeply" if isinstance(error, RecursionError) else f"is not readable YAML: {error}"
        raise BrandBookError([Problem(None, "", why)], source) from None
    if not isinstance(root, MappingNode):
        raise BrandBookError([Problem(None, "", "must be fields with values, such as `brand: vaart`")], source)
    reader = _Nodes(yaml, lines)
    data = reader.plain(root, (), 0)
    if reader.problems:
        raise BrandBookError(reader.problems, source)
    result: dict[str, Any] = data
    return result


class _Nodes:
    """Makes plain values of YAML nodes and collects what is wrong with them. Gives up as a whole once a limit is
    passed."""

    def __init__(self, yaml: Any, lines: dict[Path, int]) -> None:
        self._yaml = yaml
        self._lines = lines
        self._values = 0
        self.problems: list[Problem] = []

    def plain(self, node: Any, path: Path, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES or depth > MAX_DEPTH:
            if not any(problem.field == "" for problem in self.problems):
                limit = f"more than {MAX_VALUES} values" if self._values > MAX_VALUES else f"more than {MAX_DEPTH} levels"
                self.problems.append(Problem(_line(node), "", f"has {limit} once its aliases are followed"))
            self._values = MAX_VALUES + 1
            return None
        if str(node.tag) not in _PLAIN_TAGS:
            self._wrong(node, path, f"has the tag {str(node.tag)[:40]!r}; only plain values are read")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path, depth)
        return self._scalar(node, path)

    def _sequence(self, node: SequenceNode, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        for index, item in enumerate(node.value):
            if self._values > MAX_VALUES:
                break
            self._lines[(*path, index)] = _line(item)
            items.append(self.plain(item, (*path, index), depth + 1))
        return items

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        written: dict[str, Any] = {}
        first_line: dict[str, int] = {}
        for key_node, value_node in node.value:
            if self._values > MAX_VALUES:
                break
            if str(key_node.tag) == _MERGE_TAG:
                for source in value_node.value if isinstance(value_node, SequenceNode) else [value_node]:
                    part = self.plain(source, path, depth + 1)
                    if isinstance(part, dict):
                        merged = part | merged
                    else:
                        self._wrong(key_node, path, "<< takes fields from another mapping only")
                continue
            key = self._scalar(key_node, path) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str):
                self._wrong(
                    key_node,
                    path,
                    f"has a key that is not text: {_shown(getattr(key_node, 'value', None))}; put it in quotes",
                )
                continue
            here = (*path, key)
            if key in first_line:
                self._wrong(key_node, here, f"is written twice, first on line {first_line[key]}")
                continue
            first_line[key] = self._lines[here] = _line(key_node)
            written[key] = self.plain(value_node, here, depth + 1)
            self._lines[here] = first_line[key]
        return merged | written

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        if str(node.tag) not in _PLAIN_TAGS:
            self._wrong(node, path, f"has the tag {str(node.tag)[:40]!r}; only plain values are read")
            return None
        try:
            return self._yaml.constructor.construct_object(node)
        except (ValueError, YAMLError, KeyError) as error:  # such as 2026-13-45, or !!int on a word
            self._wrong(node, path, f"cannot be read: {str(error).splitlines()[0][:100]}")
            return None

    def _wrong(self, node: Any, path: Path, message: str) -> None:
        self.problems.append(Problem(_line(node), _dotted(path), message))


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


# --- saying what is wrong ---------------------------------------------------------------------------------------------


def _problems(error: ValidationError, data: Mapping[str, Any], lines: Mapping[Path, int]) -> list[Problem]:
    """Pydantic's errors as lines for the person who wrote the book; ordered by line."""
    found: dict[Problem, None] = {}
    for detail in error.errors(include_url=False):
        cause = detail.get("ctx", {}).get("error")
        told = cause.found if isinstance(cause, _Inconsistent) else [(_path(detail), _message(detail))]
        for path, message in told:
            written = _as_written(path, data)
            found[Problem(_line_of(written, lines), _dotted(written), message)] = None
    return sorted(found, key=lambda problem: problem.line or 0)


def _path(detail: ErrorDetails) -> Path:
    return tuple(part for part in detail["loc"] if part != "[key]")


def _as_written(path: Path, data: Mapping[str, Any]) -> Path:
    """`hours.mon` as the key that named Monday, such as `mon-fri`."""
    if len(path) < 2 or path[0] != "hours" or path[1] not in WEEKDAYS:
        return path
    hours = data.get("hours")
    keys = [key for key in hours if path[1] in _days_of(key)] if isinstance(hours, Mapping) else []
    return ("hours", min(keys, key=lambda key: len(_days_of(key))), *path[2:]) if keys else path


def _line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of the field, or of the nearest thing around it that was written."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _message(detail: ErrorDetails) -> str:
    path, value, kind = _path(detail), detail.get("input"), detail["type"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is no field here{_hint(str(path[-1]), _names_at(path[:-1]))}"
    if kind == "missing":
        return "is required"
    if path and path[-1] in _SECRET_FIELDS:
        return _SECRET_MESSAGE
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"must be {str(context['expected']).replace(chr(39), '')}, not {_shown(value)}"
    if kind == "string_type":
        quote = "" if isinstance(value, Mapping | list) else " (put it in quotes)"
        return f"must be text, not {_shown(value)}{quote}"
    if kind in ("tuple_type", "list_type"):
        return f"must be a list, such as [a, b], not {_shown(value)}"
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        return f"must be fields with values, not {_shown(value)}"
    if kind.startswith("bool_"):
        return f"must be true or false, not {_shown(value)}"
    if kind.startswith(("int_", "float_")):
        return f"must be a {'whole ' if kind.startswith('int_') else ''}number, not {_shown(value)}"
    if kind == "too_short":
        return "must have at least one value"
    text = detail["msg"].removeprefix("Input ").removeprefix("Value ").removeprefix("String ")
    return f"{text[:1].lower()}{text[1:]}, not {_shown(value)}"


def _shown(value: object) -> str:
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


def _hint(name: str, known: Iterable[str]) -> str:
    known = sorted(set(known))
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f" (there are: {', '.join(known[:30])})" if known else " (there are none)"


def _model_at(path: Path) -> type[BaseModel] | None:
    """The model whose fields stand at a path of the book."""
    here: Any = BrandBook
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = next((f for name, f in here.model_fields.items() if (f.alias or name) == part), None)
            if field is None:
                return None
            here = field.annotation
        else:  # an item of a list, or a value of a mapping
            here = next((arg for arg in reversed(get_args(here)) if arg is not Ellipsis), None)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _names_at(path: Path) -> list[str]:
    model = _model_at(path)
    if model is None:
        return []
    return model.names() if issubclass(model, _Part) else list(model.model_fields)
