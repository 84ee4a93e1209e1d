"""A scenario's file: YAML comes in, a `Scenario` goes out, or one error that names the line and the way out.

`docs/scenarios.md` describes the format for those who write one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cli.errors import WRONG, CommandError
from cli.scenario import check, times
from libs.common.bookproblems import BrandBookError
from libs.common.brandbook import BrandBook

_LARGEST = 1_000_000
_MOST_VALUES, _DEEPEST = 100_000, 50

KINDS = ("mention", "mail", "taken_back", "do", "draft", "reply", "mailed", "clicked", "call", "book", "outside", "expect")
"""What a step can be; each step has one of these keys."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MentionStep(_Part):
    """Somebody wrote. With `triage: real` of the scenario only what triage is not asked for may be given: who, where, and the text."""

    mention: str
    sender: str = Field(alias="from")
    name: str | None = None
    channel: str = "twitter"
    visibility: Literal["public", "private"] = "public"
    kind: str | None = None
    text: str = "Hallo?"
    title: str | None = None
    answers: str | None = None
    followers: int | None = None
    historic: bool = False
    customer: str | None = None
    group: str | None = None
    language: str = "nl"
    sentiment: Literal["negative", "neutral", "positive"] = "neutral"
    intent: str | None = "question"
    urgency: Literal["critical", "high", "normal", "low"] = "normal"
    labels: tuple[str, ...] = ()
    risk: tuple[str, ...] = ()
    respond: Literal["reply", "ask_clarification", "no_reply", "hide"] | None = "reply"
    department: str | None = None
    pii: tuple[str, ...] = ()
    topic: str | None = None
    received: str | None = None


class MailStep(_Part):
    """A mail as a mailbox holds it: headers, an empty line, the text."""

    mail: str
    raw: str


class TakenBackStep(_Part):
    taken_back: str


class PromiseOf(_Part):
    """What a reply promises. `instead_of`: the promise in whose place it comes."""

    name: str
    due: str | None = None
    text: str = "Je hoort van ons."
    instead_of: str | None = None


class ReplyStep(_Part):
    """A reply reached its customer: what the responder tells."""

    reply: str
    to: str
    by: str = "gs"
    text: str = "We zijn ermee bezig."
    sent: str | None = None
    promises: tuple[PromiseOf, ...] = ()
    keeps: tuple[str, ...] | None = None
    more: dict[str, Any] = Field(default={}, alias="with")


class MailedStep(_Part):
    """A department answers a question by mail: what ingest tells. The same name again is the same mail, taken in again."""

    mailed: str
    to: str
    text: str = "Ja."
    sender: str = Field(default="collega@scenario.example", alias="from")
    department: str | None = None
    what: Literal["answer", "automatic", "undelivered"] = "answer"
    authenticated: Literal["pass", "fail", "unknown"] = "unknown"


class ClickedStep(_Part):
    """Somebody who was told by mail or chat uses the link of that label in what they were told last, without log-in. `looks`: they, or a program that
    reads their mail, only open it. `to`: whom that was sent to."""

    clicked: str
    to: str
    form: dict[str, str] = Field(default={}, alias="with")
    looks: bool = False
    answer: int | None = None
    says: str | None = None
    meanwhile: bool = False


class DraftStep(_Part):
    """A person writes a draft in the responder: their text, a script of the book, or what suits the case."""

    draft: str
    case: str
    as_: str | None = Field(default=None, alias="as")
    text: str | None = None
    script: str | None = None
    body: dict[str, Any] = Field(default={}, alias="with")
    answer: int | None = None
    meanwhile: bool = False


class DoStep(_Part):
    """A person does something with a case, or with a draft of before, in a word."""

    do: str
    case: str | None = None
    reply: str | None = None
    as_: str | None = Field(default=None, alias="as")
    body: dict[str, Any] | None = Field(default=None, alias="with")
    answer: int | None = None
    has: Any = None
    save: str | None = None
    meanwhile: bool = False


class CallStep(_Part):
    """Any operation of a service. A path that begins with a slash goes on after /v1/brands/{brand}."""

    call: Annotated[str, Field(pattern=r"^(GET|POST|PUT|PATCH|DELETE) /\S*$")]
    service: Literal["routing", "triage", "responder"] = "routing"
    as_: str | dict[str, str] | None = Field(default=None, alias="as")
    body: Any = Field(default=None, alias="with")
    headers: dict[str, str] = {}
    answer: int | None = None
    has: Any = None
    save: str | None = None
    meanwhile: bool = False


class OutsideStep(_Part):
    """What the other end of a way of telling does from here on."""

    outside: dict[Literal["email", "webhook", "mattermost", "slack", "teams"], Literal["taken", "down", "refused", "silent"]]


class BookStep(_Part):
    """A new version of the brand book: these fields instead of what they were."""

    book: dict[str, Any]


class ExpectStep(_Part):
    """What must be so by now, whatever the order was. Each item is one of the forms in `expect.py`."""

    expect: tuple[dict[str, Any], ...]


Body = (
    MentionStep
    | MailStep
    | TakenBackStep
    | ReplyStep
    | MailedStep
    | ClickedStep
    | DraftStep
    | DoStep
    | CallStep
    | BookStep
    | OutsideStep
    | ExpectStep
)
_MODELS: dict[str, type[Body]] = {
    "mention": MentionStep,
    "mail": MailStep,
    "taken_back": TakenBackStep,
    "reply": ReplyStep,
    "mailed": MailedStep,
    "clicked": ClickedStep,
    "draft": DraftStep,
    "do": DoStep,
    "call": CallStep,
    "book": BookStep,
    "outside": OutsideStep,
    "expect": ExpectStep,
}


_AS_GIVEN = frozenset({"is", "has"})
EXPECTATIONS: dict[str, frozenset[str]] = {
    "case": _AS_GIVEN,
    "reply": _AS_GIVEN,
    "promise": _AS_GIVEN,
    "told": _AS_GIVEN,
    "unread": _AS_GIVEN,
    "timeline": _AS_GIVEN,
    "get": _AS_GIVEN | {"as", "service", "answer", "headers"},
    "notices": _AS_GIVEN,
    "sent": _AS_GIVEN,
    "cases": frozenset(),
    "same_case": frozenset(),
    "apart": frozenset(),
}
"""What can be expected → what can stand beside it."""


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    what: Body
    line: int


@dataclass(frozen=True, slots=True)
class Scenario:
    path: Path
    title: str
    about: str
    book: dict[str, Any]
    """As JSON, without the brand's slug, which is another one for every schedule."""
    starts: datetime
    zone: ZoneInfo
    triage: Literal["given", "real"]
    steps: tuple[Step, ...] = field(default=())


DEFAULT_BOOK: dict[str, Any] = {
    "name": "Scenario",
    "languages": ["nl", "en"],
    "hours": {"mon-fri": ["09:00-17:00"], "holidays": {"country": "NL", "closed": True}},
    "targets": [{"when": {"urgency": "critical"}, "reaction": "10m", "resolution": "4h"}, {"reaction": "30m", "resolution": "8h"}],
    "departments": [
        {"id": "webcare", "name": "Webcare", "members": ["gs", "mk"]},
        {"id": "billing", "name": "Facturen", "members": ["ab"], "email": "facturen@scenario.example", "consult_within": "4h"},
        {"id": "legal", "name": "Juridisch", "email": "juridisch@scenario.example", "consult_within": "8h"},
    ],
    "team": [
        {"id": "gs", "first_name": "Guus", "initials": "gs", "role": "agent", "capacity": 50},
        {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead", "capacity": 50},
        {"id": "ab", "first_name": "Amir", "initials": "ab", "role": "agent", "capacity": 50, "skills": ["billing"]},
        {"id": "tr", "first_name": "Tess", "initials": "tr", "role": "trainee", "capacity": 0},
        {"id": "wv", "first_name": "Wies", "initials": "wv", "role": "spokesperson", "capacity": 0},
    ],
}
"""What holds where a scenario's `brand` says nothing else. Example data."""


def load(path: Path) -> Scenario:
    """Raises `CommandError` for a file that is no scenario."""
    yaml = YAML(typ="rt")
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise CommandError(f"{path} is larger than {_LARGEST:,} bytes: tell its story in several files.", WRONG)
        text = path.read_text(encoding="utf-8")
        if not text.strip():
            raise CommandError(f"{path} is empty: a scenario has the keys scenario, starts and steps; docs/scenarios.md shows one.", WRONG)
        data = yaml.load(text)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.", WRONG) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8.", WRONG) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CommandError(f"{path}:{line}: no YAML: {error.problem}.", WRONG) from error
    except (YAMLError, ValueError) as error:
        raise CommandError(f"{path}: no YAML: {' '.join(str(error).split())}.", WRONG) from error
    except RecursionError as error:
        raise CommandError(f"{path}: what stands in it is nested deeper than anything that a scenario needs.", WRONG) from error
    if not isinstance(data, dict):
        raise CommandError(f"{path}:1: a scenario has the keys scenario, starts and steps.", WRONG)
    if unknown := sorted(set(map(str, data)) - {"scenario", "about", "brand", "starts", "triage", "steps"}):
        raise CommandError(f"{path}:{_line(data, unknown[0])}: {unknown[0]!r} is no key of a scenario.", WRONG)
    for key in ("scenario", "starts", "steps"):
        if data.get(key) is None:
            raise CommandError(f"{path}:1: {key!r} is missing.", WRONG)
    if data.get("triage", "given") not in ("given", "real"):
        raise CommandError(f"{path}:{_line(data, 'triage')}: triage must be given or real, not {data['triage']!r}.", WRONG)
    for key in ("scenario", "about"):
        if not isinstance(data.get(key) or "", str):
            raise CommandError(f"{path}:{_line(data, key)}: {key!r} is a text.", WRONG)
    if not isinstance(data.get("brand") or {}, dict):
        raise CommandError(f"{path}:{_line(data, 'brand')}: 'brand' has fields of a brand book, such as targets.", WRONG)
    try:
        book = {**DEFAULT_BOOK, **_plain(data.get("brand") or {})}
    except TooMuch as error:
        raise CommandError(f"{path}:{_line(data, 'brand')}: {error}.", WRONG) from error
    try:
        zone = ZoneInfo(BrandBook.from_json({"brand": "scenario", **book}, source="brand").timezone)
    except BrandBookError as error:
        raise CommandError(f"{path}: {error}", WRONG) from error
    try:
        starts = times.start_of(str(data["starts"]), zone)
    except times.NoTime as error:
        raise CommandError(f"{path}:{_line(data, 'starts')}: starts: {error}.", WRONG) from error
    if not isinstance(data["steps"], list) or not data["steps"]:
        raise CommandError(f"{path}:{_line(data, 'steps')}: 'steps' is a list of what happens, with one step at least.", WRONG)
    return Scenario(
        path=path,
        title=str(data["scenario"]),
        about=str(data.get("about") or ""),
        book=book,
        starts=starts,
        zone=zone,
        triage=data.get("triage", "given"),
        steps=tuple(_steps(path, data["steps"], starts, zone, check.Names(book), real=data.get("triage") == "real")),
    )


def _steps(path: Path, items: Any, at: datetime, zone: ZoneInfo, names: check.Names, *, real: bool) -> list[Step]:
    found = []
    for number, item in enumerate(items):
        line = items.lc.item(number)[0] + 1
        where = f"{path}:{line}"
        if not isinstance(item, dict):
            raise CommandError(f"{where}: a step is a mapping with one of {', '.join(KINDS)}.", WRONG)
        try:
            values = _plain(item)
        except TooMuch as error:
            raise CommandError(f"{where}: {error}.", WRONG) from error
        kinds = [kind for kind in KINDS if kind in values]
        kinds = ["do"] if sorted(kinds) == ["do", "reply"] else kinds
        if len(kinds) != 1:
            raise CommandError(f"{where}: a step has one of {', '.join(KINDS)}; this one has {', '.join(kinds) or 'none'}.", WRONG)
        try:
            if (said := values.pop("at", None)) is not None:
                when = times.read(said, at, zone)
                if when < at:
                    raise times.NoTime(f"{said!r} is before the step before it, which is at {times.shown(at, zone)}")
                at = when
            what = _MODELS[kinds[0]].model_validate(values)
            if isinstance(what, DoStep) and (what.case is None) == (what.reply is None):
                raise CommandError(f"{where}: do: {what.do!r} is done with a case or with a reply: name one of the two.", WRONG)
            if isinstance(what, ExpectStep):
                _check(path, item, what, names)
            else:
                _follow(what, at, zone, names, real=real)
            found.append(Step(at, what, line))
        except times.NoTime as error:
            raise CommandError(f"{where}: at: {error}.", WRONG) from error
        except check.Wrong as error:
            raise CommandError(f"{where}: {error}.", WRONG) from error
        except ValidationError as error:
            raise CommandError(f"{where}: {_said(error, kinds[0])}", WRONG) from error
    return found


def _said(error: ValidationError, kind: str) -> str:
    """What is wrong with a step, and what it can have."""
    first = error.errors(include_url=False)[0]
    if kind == "expect" and first["loc"] == ("expect",):
        return "expect: a list of what must be so, such as [{case: m1, is: {owner: gs}}]."
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden" and len(first["loc"]) == 1:
        known = sorted(field.alias or name for name, field in _MODELS[kind].model_fields.items())
        hint = " A text with a comma stands in quotes between braces." if first["input"] is None else ""
        return f"{place!r} is no key of a step with {kind!r}; there are at, {', '.join(known)}.{hint}"
    return f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}."


def _follow(what: Body, at: datetime, zone: ZoneInfo, names: check.Names, *, real: bool) -> None:
    """What this step names for those after it. Raises `check.Wrong` where it names what is not there."""
    match what:
        case MentionStep():
            check.time("received", what.received, at, zone)
            names.mentions[what.mention] = None
        case MailStep():
            if not real:
                raise check.Wrong("a mail is read by triage: write `triage: real` at the top of the file")
            check.new("message", what.mail, names.mentions)
            names.mentions[what.mail] = None
        case TakenBackStep():
            check.known("message", what.taken_back, names.mentions)
        case ReplyStep():
            check.known("message", what.to, names.mentions)
            check.time("sent", what.sent, at, zone)
            for promise in what.promises:
                check.time("due", promise.due, at, zone)
                if promise.instead_of is not None:
                    check.known("promise", promise.instead_of, names.promises)
                names.promises[promise.name] = None
            for kept in what.keeps or ():
                check.known("promise", kept, names.promises)
            names.replies[what.reply] = None
        case DraftStep():
            check.known("message", what.case, names.mentions)
            check.new("reply", what.draft, names.replies)
            names.replies[what.draft] = None
        case DoStep():
            check.form(what.has)
            if what.case is not None:
                check.known("message", what.case, names.mentions)
            if what.reply is not None:
                check.known("reply", what.reply, names.replies)
        case BookStep():
            names.put(what.book)
        case CallStep():
            check.form(what.has)


def _check(path: Path, item: Any, what: ExpectStep, names: check.Names) -> None:
    """Raises `CommandError` for an expectation that nobody could look at: a misspelt one must not pass as met."""
    for number, one in enumerate(what.expect):
        where = f"{path}:{item['expect'].lc.item(number)[0] + 1}"
        kinds = [kind for kind in EXPECTATIONS if kind in one]
        if len(kinds) != 1:
            there = ", ".join(one) or "nothing"
            raise CommandError(f"{where}: an expectation has one of {', '.join(EXPECTATIONS)}; this one has {there}.", WRONG)
        beside = EXPECTATIONS[kinds[0]]
        if odd := sorted(set(one) - {kinds[0]} - beside):
            there = f"there are {', '.join(sorted(beside))}" if beside else "it has no others"
            raise CommandError(f"{where}: {odd[0]!r} is no key beside {kinds[0]!r}: {there}.", WRONG)
        if kinds[0] in ("notices", "sent") and one[kinds[0]] is not None:
            continue
        if len(set(one) & _AS_GIVEN) != min(1, len(beside & _AS_GIVEN)):
            raise CommandError(f"{where}: {kinds[0]!r} needs `is` or `has`: what must be so.", WRONG)
        try:
            check.expectation(kinds[0], one, names)
        except check.Wrong as error:
            raise CommandError(f"{where}: {error}.", WRONG) from error


def _line(mapping: Any, key: str) -> int:
    """The line of a key of the file."""
    return int(mapping.lc.key(key)[0]) + 1


class TooMuch(ValueError):
    """More than a scenario needs: a file of a few lines can stand for millions of values, by anchors that name one another."""


def _plain(value: Any) -> Any:
    """YAML's own types as Python's, moments as they are written. Raises `TooMuch`."""
    left = _MOST_VALUES

    def plain(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1
        if left < 0 or depth > _DEEPEST:
            raise TooMuch("its anchors and aliases stand for more than a scenario needs: write out what is meant")
        if isinstance(value, dict):
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item, depth + 1) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return int(value)
        return float(value) if isinstance(value, float) else str(value)

    return plain(value, 0)
