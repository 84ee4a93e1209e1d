"""The brand book: what a team has agreed on.

What reaches this module: what `libs.common.bookfile` read in a brand's YAML file, or the book's JSON as it travels on
`weerklank.brands.v1` (`BrandBook.from_json`). What leaves it: an immutable `BrandBook` in which everything that
refers to something else in the book is known to exist, or one `BrandBookError` that lists every problem.

Field names are stable. Every field but `brand`, `name` and `languages` has a default, which the models below show. It
is empty where it would be one brand's own business: accounts, people, labels, what may be promised. Four defaults
depend on the rest of the book:

- `fallback` not written and no department `webcare`: that department is added, with the whole team in it;
- a team member without languages speaks the brand's; a script without one is in the brand's first;
- the slug of the public page is the brand's;
- hours that name no weekday have the weekdays of the example; as soon as one is named, what is not named is closed.

A key with nothing after it keeps its default.
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, model_validator

from libs.common.bookdefaults import with_derived
from libs.common.bookhours import Hours
from libs.common.bookproblems import BrandBookError, Inconsistent, problems_of
from libs.common.bookreferences import inconsistencies
from libs.common.bookvalues import (
    BookPart,
    Colour,
    Email,
    Id,
    IdentifierPattern,
    Initials,
    LanguageCode,
    Mailbox,
    OpeningSpan,
    Percent,
    SecretRef,
    Slug,
    SpanText,
    Text,
    TimeZone,
    Tls,
    Url,
)
from libs.common.hours import Span
from libs.common.rules import When, channel_name

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


class Greeting(BookPart):
    required: Literal["first_reply", "always", "never"] = "first_reply"
    examples: tuple[Text, ...] = ("Hoi {voornaam}", "Goedemorgen {naam}")


class Voice(BookPart):
    """Tone of voice."""

    address_form: Literal["je", "u"] = "je"
    person: Literal["ik", "wij"] = "ik"
    smileys: bool = True
    abbreviations: bool = False
    wordplay: Literal["never", "sparingly", "freely"] = "sparingly"
    words_to_use: tuple[Text, ...] = ()
    forbidden_words: tuple[Text, ...] = ()
    greeting: Greeting = Greeting()
    signature: Annotated[dict[str, SignatureStyle], _over(_SIGNATURE)] = Field(default_factory=lambda: dict(_SIGNATURE))
    """Per channel; "default" for the rest. A channel that is not written keeps its default."""
    competitors: tuple[Text, ...] = ()
    internal_names: tuple[Text, ...] = ()
    official_names: tuple[Text, ...] = ()
    safe_domains: tuple[Text, ...] = ()


class Allowance(BookPart):
    kind: Id
    """refund, compensation, gift, discount, guarantee, or the brand's own word."""
    up_to_eur: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Euros, inclusive; none: any amount."""


class Approval(BookPart):
    when: When = When()
    by: tuple[Id, ...] = Field(min_length=1)
    """Roles; `self` is the writer's own, explicit approval."""


class LegalCheck(BookPart):
    when: When = When(risk_any=("legal_threat",))
    blocks_sending: bool = True


class Conduct(BookPart):
    """Code of conduct."""

    in_scope: tuple[Text, ...] = ()
    out_of_scope: tuple[Text, ...] = ()
    may_promise: dict[Id, tuple[Allowance, ...]] = Field(default={})
    """Per role; everything else is unauthorised."""
    go_private_for: tuple[Id, ...] = (
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


class Target(BookPart):
    when: When = When()
    reaction: OpeningSpan = Span(30, "m")
    resolution: OpeningSpan = Span(1, "d")


class Channel(BookPart):
    """An account, and how it is reached. Which types there are is up to ingest and responder; the fields that a type
    needs are checked."""

    id: Id
    type: Id
    account: str | None = None
    secret: SecretRef | None = None
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    """None: the protocol's own."""
    tls: Tls = True
    """When not written: starttls for smtp, true for the rest."""
    user: str | None = None
    sender: Mailbox | None = Field(default=None, alias="from")
    folder: str = "INBOX"
    since: date | None = None
    """Of a mailbox: mail that was there before we were is taken in as history from this day on; none: only what comes in from now on."""
    url: Url | None = None
    every: SpanText = Span(5, "m")
    """Between two polls, by an ordinary clock."""
    map: dict[str, str] = Field(default={})
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


class ListenQuery(BookPart):
    id: Id
    query: Annotated[Text, Field(max_length=2000)]
    competitor: bool = False


class Staff(BookPart):
    handles: tuple[Text, ...] = ()
    domains: tuple[Text, ...] = ()


class Label(BookPart):
    name: Annotated[Text, Field(max_length=100)]
    parent: str | None = None
    description: str = ""
    department: str | None = None
    examples: tuple[Text, ...] = ()


class Department(BookPart):
    id: Id
    name: str = ""
    """Empty: its id."""
    members: tuple[str, ...] = ()
    email: Email | None = None
    consult_within: OpeningSpan = Span(4, "h")


class RoutingRule(BookPart):
    when: When = When()
    department: str
    skills: tuple[Id, ...] = ()
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    tell: tuple[Id, ...] = ()
    """Roles."""


class Escalation(BookPart):
    at: Percent
    of: Literal["reaction", "resolution"] = "reaction"
    do: tuple[Literal["notify_owner", "raise_priority", "notify_lead", "return_to_queue"], ...] = Field(min_length=1)


class Member(BookPart):
    id: Id
    first_name: Text
    initials: Initials
    role: Id = "agent"
    languages: tuple[LanguageCode, ...] = ()
    skills: tuple[Id, ...] = ()
    capacity: int = Field(default=6, ge=0, le=1000)
    """Cases at the same time."""
    public: bool = True
    """Shown on the public page."""


class Notify(BookPart):
    email: Email | None = None
    webhook: SecretRef | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.email is None) == (self.webhook is None):
            raise ValueError("needs either email or webhook")
        return self


class HubMember(BookPart):
    id: Id
    name: str = ""
    roles: tuple[Id, ...] = ()
    notify: tuple[Notify, ...] = ()


class Scenario(BookPart):
    id: Id
    when: When
    severity: Literal["low", "medium", "high", "critical"] = "high"
    tell: tuple[Id, ...] = ()
    holding_statement_by: tuple[Id, ...] = ()
    acknowledge_within: SpanText = Span(10, "m")
    """By an ordinary clock: a crisis does not wait for opening time."""


class Hub(BookPart):
    """Social hub: told at the same moment."""

    members: tuple[HubMember, ...] = ()
    scenarios: tuple[Scenario, ...] = ()


class Script(BookPart):
    id: Id
    label: str | None = None
    language: LanguageCode | None = None
    text: Text


class Survey(BookPart):
    sample: float = Field(default=0.3, ge=0, le=1)
    channel: str = "own"
    window: SpanText = Span(30, "d")


class Retention(BookPart):
    mentions: SpanText = Span(400, "d")
    cases: SpanText = Span(5, "y")
    attachments: SpanText = Span(180, "d")


class WebcarePage(BookPart):
    slug: Slug = ""
    """Empty until the book is read: then the brand's."""
    intro: dict[LanguageCode, str] = Field(default={})
    colour: Colour = "#0a6ebd"


class BrandBook(BookPart):
    """One brand's book. Immutable; everything that it refers to inside itself exists."""

    brand: Slug
    name: Text
    description: str = ""
    languages: tuple[LanguageCode, ...] = Field(min_length=1)
    """The first is the default."""
    timezone: TimeZone = "Europe/Amsterdam"
    goals: tuple[Text, ...] = ()
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
    campaign_hashtags: tuple[Text, ...] = ()
    staff: Staff = Staff()
    identifiers: dict[Id, IdentifierPattern] = Field(default={})
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
        return with_derived(data) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        found = list(inconsistencies(self, info.context["unknown"] if info.context else ()))
        if found:
            raise Inconsistent(found)
        return self

    @classmethod
    def from_json(cls, data: str | bytes | Mapping[str, object], source: str = "brand book") -> Self:
        """The book from its JSON (text, or already decoded as in an event). Raises BrandBookError, without lines."""
        try:
            return cls.model_validate(data) if isinstance(data, Mapping) else cls.model_validate_json(data)
        except ValidationError as error:
            raise BrandBookError(problems_of(error, cls, {}, {}), source) from None

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

    # Looked up for every case and every draft, so by key. A copy with other values (`model_copy`) would keep these: load the book anew.
    @cached_property
    def _departments(self) -> dict[str, Department]:
        return {department.id: department for department in self.departments}

    @cached_property
    def _members(self) -> dict[str, Member]:
        return {member.id: member for member in self.team}

    @cached_property
    def _labels(self) -> dict[str, Label]:
        return {label.name: label for label in self.labels}

    @cached_property
    def _label_paths(self) -> dict[str, tuple[str, ...]]:
        return {name: self._path(label) for name, label in self._labels.items()}

    def _path(self, label: Label) -> tuple[str, ...]:
        path = [label.name]
        while label.parent is not None and label.parent in self._labels:
            label = self._labels[label.parent]
            path.append(label.name)
        return tuple(path)

    def department(self, id: str) -> Department | None:
        return self._departments.get(id)

    def member(self, id: str) -> Member | None:
        """A person of the team, by id."""
        return self._members.get(id)

    def label(self, name: str) -> Label | None:
        return self._labels.get(name)

    def label_path(self, name: str) -> tuple[str, ...]:
        """A label and its parents, nearest first, so that a condition on a parent can hold for its children. Empty
        when not in the book."""
        return self._label_paths.get(name, ())
