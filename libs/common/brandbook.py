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
from email.utils import parseaddr
from functools import cached_property
from itertools import islice
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, model_validator

from libs.common.bookcases import Assignment, CallbackRules, CaseRules, CustomerGroup, CustomField, PromiseRules
from libs.common.bookdefaults import with_derived
from libs.common.bookdrafting import Drafting, PracticeRules
from libs.common.bookguard import GuardRules
from libs.common.bookhours import Hours
from libs.common.bookproblems import MOST_PROBLEMS, BrandBookError, Inconsistent, problems_of
from libs.common.bookquiet import PostRules, QuietHours
from libs.common.bookreferences import inconsistencies
from libs.common.bookscripts import Script
from libs.common.bookteam import Department, Escalation, Hub, Member, RoutingRule
from libs.common.bookvalues import (
    AuthservId,
    BookPart,
    Colour,
    Host,
    Id,
    IdentifierPattern,
    LanguageCode,
    LookupUrl,
    Mailbox,
    OpeningSpan,
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

Words = Annotated[tuple[Annotated[Text, Field(max_length=100)], ...], Field(max_length=1000)]
"""What is looked for in every reply, one by one."""
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
    """How a reply begins."""

    required: Literal["first_reply", "always", "never"] = "first_reply"
    """When the guard misses a greeting: in the first reply of a conversation, in every one, or never."""
    examples: tuple[Text, ...] = ("Hoi {voornaam}", "Goedemorgen {naam}")
    """What `{groet}` in a script becomes: of those that suit language and time of day drafts take one in turn. `{voornaam}` and `{naam}` are the
    customer's."""


class Voice(BookPart):
    """Tone of voice."""

    address_form: Literal["je", "u"] = "je"
    """How customers are addressed. The guard finds the other form."""
    person: Literal["ik", "wij"] = "ik"
    """Whether a reply says I or we. The guard finds the other."""
    smileys: bool = True
    """Whether a reply may hold smileys. The guard finds them where it may not."""
    abbreviations: bool = False
    """Whether a reply may abbreviate. For people to read: no service acts on it."""
    wordplay: Literal["never", "sparingly", "freely"] = "sparingly"
    """How much wordplay suits the brand. For people to read: no service acts on it."""
    words_to_use: tuple[Text, ...] = ()
    """Words that sound like the brand. For people to read: no service acts on it."""
    forbidden_words: Words = ()
    """What a reply never says, in any inflection of it: the guard blocks it."""
    greeting: Greeting = Greeting()
    signature: Annotated[dict[str, SignatureStyle], _over(_SIGNATURE)] = Field(default_factory=lambda: dict(_SIGNATURE))
    """Per channel; "default" for the rest. A channel that is not written keeps its default."""
    competitors: Words = ()
    """Their names, as they are written: the guard finds nothing wrong inside one, and says so of a text that runs one of them down."""
    internal_names: tuple[Text, ...] = ()
    """Names that nobody outside should know, in any case: a mention that has one may be a leak (`staff_leak`), and the guard stops a reply with one
    (`internal_info`)."""
    official_names: Words = ()
    """Names of the brand's own, as they are written: the guard finds nothing wrong inside one."""
    safe_domains: tuple[Text, ...] = ()
    """Domains of the brand, with all below them: an address there is the brand's own, and no evidence of who a customer is. Where any is named, the guard
    finds links in a reply that lead elsewhere."""


class Allowance(BookPart):
    """Something that a role may promise."""

    kind: Id
    """refund, compensation, gift, discount, guarantee, or the brand's own word."""
    up_to_eur: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Euros, inclusive; none: any amount."""


class Approval(BookPart):
    """Who must approve which reply."""

    when: When = When()
    """Conditions on `role` (the writer's), `risk_any`, `labels_any`, `channel`, `customer_group`, `verdicts_any`, `kind`, and what else is known of the
    case. Of posts, somebody other than the writer has to, but where a rule names `kind: post` and says otherwise."""
    followers_min: int | None = Field(default=None, ge=1)
    """Only where whoever is answered has so many followers at least. One whose followers nobody counts has none."""
    by: tuple[Id, ...] = Field(min_length=1)
    """Roles, of which one is enough; `self` is the writer's own, explicit approval. A department or a role of the hub is one too: of its members."""
    also: tuple[Id, ...] = Field(default=(), max_length=5)
    """Roles that have to approve it as well, each of them, and each another person."""


class LegalCheck(BookPart):
    """When the legal department is asked whether a case may be answered, before a reply to it is sent."""

    when: When = When(risk_any=("legal_threat",))
    """Which cases it is for. What is not known of a case (`account`, `severity`, `skills_any`) cannot be asked here."""
    blocks_sending: bool = True
    """Whether replies wait until the department agrees."""
    department: str = "legal"
    """Id of the department that is asked. Without such a department, somebody records of each text that legal has read it."""


class Conduct(BookPart):
    """Code of conduct."""

    in_scope: tuple[Text, ...] = ()
    """What is answered here. For people to read: no service acts on it."""
    out_of_scope: tuple[Text, ...] = ()
    """What is not, and where it belongs. For people to read: no service acts on it."""
    may_promise: dict[Id, tuple[Allowance, ...]] = Field(default={})
    """Per role; everything else is unauthorised: the guard says so of a text that promises it (`unauthorised_promise`)."""
    go_private_for: tuple[Id, ...] = (
        "order_number", "customer_number", "iban", "postcode_address", "phone", "email", "birthdate", "bsn",
    )  # fmt: skip
    """What is asked for and answered in private only. For people to read: in public the guard finds all personal data of a customer, and says where they
    are in this list."""
    approvals: tuple[Approval, ...] = (
        Approval(when=When(role="trainee"), by=("agent",)),
        Approval(when=When(risk_any=("press", "legal_threat", "influencer")), by=("spokesperson",)),
        Approval(when=When(), by=("self",)),
    )
    """Who must approve; the first that matches."""
    approval_expires: SpanText = Span(24, "h")
    """How long an approval holds, by an ordinary clock: what has not begun to leave by then is approved anew, or not at all."""
    posts: PostRules = PostRules()
    """What the brand says of its own accord: planned and proactive posts."""
    quiet_hours: Annotated[tuple[QuietHours, ...], Field(max_length=20)] = ()
    """When nobody is surprised; none: never quiet."""
    legal_check: LegalCheck = LegalCheck()
    no_reply_sample: float = Field(default=0.1, ge=0, le=1)
    """Share of the proposals not to reply, 0 to 1, that people are asked to judge, so that a wrong one is noticed."""
    limits: Annotated[dict[str, Annotated[int, Field(ge=1, le=1_000_000)]], _over(_LIMITS)] = Field(default_factory=lambda: dict(_LIMITS))
    """Overrides of a channel's own limit, in the channel's own way of counting."""


class Target(BookPart):
    """Within which time a case is picked up and solved."""

    when: When = When()
    """Which cases it is for; empty: all."""
    reaction: OpeningSpan = Span(30, "m")
    """Opening time until the first reply has reached the customer."""
    resolution: OpeningSpan = Span(1, "d")
    """Opening time until the case is resolved."""


class Dkim(BookPart):
    """A signature by the brand's domain on the mails of an `smtp` account (DKIM, RFC 6376), by which whoever gets one knows that it is the brand's."""

    selector: Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63}){0,3}$")]
    """Under which the domain publishes the key: a TXT record at `selector._domainkey.domain`."""
    domain: Host
    """The domain that signs: that of the address in `from`, or one above it."""
    secret: SecretRef
    """Reference to the private key, RSA of 2048 bits or Ed25519, in PEM form, `env:NAME` or `file:name`; the name begins with the brand's."""


class Channel(BookPart):
    """An account, and how it is reached. Which types there are is up to ingest and responder; the fields that a type
    needs are checked."""

    id: Id
    """Name of the account inside the book."""
    type: Id
    """How it is reached: imap, smtp, x, feed, …"""
    account: str | None = None
    """The name under which it is known, such as a handle."""
    secret: SecretRef | None = None
    """Reference to its password or token, `env:NAME` or `file:name`; the name begins with the brand's."""
    host: Host | None = None
    """Server's name or address."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """None: the protocol's own."""
    tls: Tls = True
    """When not written: starttls for smtp, true for the rest."""
    user: str | None = None
    """Name to log in with. SMTP without one uses the address in `from`."""
    sender: Mailbox | None = Field(default=None, alias="from")
    """Address that mail comes from, with or without a name before it."""
    dkim: Dkim | None = None
    """Of an `smtp` account: how its mails are signed; none: not here, as where its server signs them itself."""
    plus_addresses: bool = True
    """Of a mailbox: whether mail to `user+anything@…` comes in here too, as departments answer questions by mail. Where false, they answer by link."""
    authserv_ids: Annotated[tuple[AuthservId, ...], Field(max_length=10)] = ()
    """Of a mailbox: the names under which its own mail server writes Authentication-Results (RFC 8601). They say whether a mail is from whom it says;
    none: nobody knows. What other names say is not believed."""
    folder: str = "INBOX"
    """The mailbox's folder that is read."""
    since: date | None = None
    """Of a mailbox: mail that was there before we were is taken in as history from this day on; none: only what comes in from now on."""
    url: Url | None = None
    """Address of a feed, or of the program that a webhook hands replies to: https, but in networks that the operator's settings name."""
    carries: Annotated[tuple[Text, ...], Field(max_length=50)] = Field(default=(), alias="for")
    """Of a webhook: the channels whose replies it takes, by name, such as `[forum, trustpilot]`; `"*"` for all that no other channel of the book takes."""
    idempotent: bool = True
    """Of a webhook: whether its receiver keeps each `webhook-id`, so that the same reply twice is there once. Where false, a reply whose answer was lost
    is not sent again."""
    lookup_url: LookupUrl | None = None
    """Of a webhook: where its receiver says whether it has a reply, with `{id}` in the place of the `webhook-id`."""
    per_minute: int | None = Field(default=None, ge=1, le=60_000)
    """Replies that it is given a minute, evenly; none: as fast as they come. Of what replies leave by."""
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
            "webhook": {"url": self.url, "secret": self.secret, "for": self.carries},
        }
        missing = [name for name, value in needs.get(self.type, {}).items() if not value]
        if missing:
            raise ValueError(f"a channel of type {self.type} needs {' and '.join(missing)}")
        self._signs_as_who_sends()
        return self

    def _signs_as_who_sends(self) -> None:
        if self.dkim is None:
            return
        if self.type != "smtp":
            raise ValueError(f"a channel of type {self.type} sends no mail, and signs none: dkim belongs to one of type smtp")
        sender, domain = parseaddr(self.sender or "")[1].rpartition("@")[2].lower().rstrip("."), self.dkim.domain.lower().rstrip(".")
        if not f".{sender}".endswith(f".{domain}"):
            raise ValueError(
                f"dkim.domain {self.dkim.domain} is neither the domain of from nor one above it: such a signature says nothing of the sender"
            )


class ListenQuery(BookPart):
    """What is searched for beyond messages to the brand. No service acts on it yet."""

    id: Id
    """Name of the query."""
    query: Annotated[Text, Field(max_length=2000)]
    """Words, "phrases", OR, and -without."""
    competitor: bool = False
    """Whether it is about others than the brand."""


class Staff(BookPart):
    """How colleagues are known: what they write is never taken for a customer's."""

    handles: tuple[Text, ...] = ()
    """Their accounts."""
    domains: tuple[Text, ...] = ()
    """Domains of their mail addresses."""


class Label(BookPart):
    """A subject that messages are about. Triage learns it from the examples."""

    name: Annotated[Text, Field(max_length=100)]
    """Unique in the book."""
    parent: str | None = None
    """The broader label; a condition on that one holds for this one too."""
    description: str = ""
    """What it means, for people."""
    department: str | None = None
    """The department that knows about it."""
    examples: tuple[Text, ...] = ()
    """Messages as customers write them. Six or more make it reliable."""


class Survey(BookPart):
    """Asking customers how it was. No service acts on it yet."""

    sample: float = Field(default=0.3, ge=0, le=1)
    """Share of the customers who are asked, 0 to 1."""
    channel: str = "own"
    """Where: `own` is the channel that they wrote on."""
    window: SpanText = Span(30, "d")
    """How long nobody is asked a second time."""


class Retention(BookPart):
    """How long things are kept, a day at least."""

    mentions: SpanText = Span(400, "d")
    """What customers wrote and were told, and who they are: of a case that is over, for so long after it came in. Also the receipts of what came in."""
    cases: SpanText = Span(5, "y")
    """Cases, for so long after the last thing happened to them; at least as long as `mentions`."""
    attachments: SpanText = Span(180, "d")
    """Files that went with replies, for so long after they were added."""


class WebcarePage(BookPart):
    """The public page of the team. No service acts on it yet."""

    slug: Slug = ""
    """Empty until the book is read: then the brand's."""
    intro: dict[LanguageCode, str] = Field(default={})
    """Its first words, per language."""
    colour: Colour = "#0a6ebd"
    """The brand's colour."""


class BrandBook(BookPart):
    """One brand's book. Immutable; everything that it refers to inside itself exists."""

    brand: Slug
    """Its id everywhere: in tokens, routes, events and rows. Never changes."""
    name: Text
    """As people call it."""
    description: str = ""
    """In a sentence."""
    languages: tuple[LanguageCode, ...] = Field(min_length=1)
    """The first is the default."""
    timezone: TimeZone = "Europe/Amsterdam"
    """The zone in which hours are meant."""
    goals: tuple[Text, ...] = ()
    """What the team wants to reach. For people to read: no service acts on it."""
    voice: Voice = Voice()
    """How the brand sounds."""
    conduct: Conduct = Conduct()
    """What may be said and promised, and who approves it."""
    hours: Hours = Hours()
    """When the brand is open: clocks run then."""
    targets: tuple[Target, ...] = (
        Target(when=When(urgency="critical"), reaction=Span(10, "m"), resolution=Span(4, "h")),
        Target(when=When(channel="email"), reaction=Span(4, "h"), resolution=Span(2, "d")),
        Target(),
    )
    """Opening time; the first that matches."""
    channels: tuple[Channel, ...] = ()
    """Accounts that are read, or that replies leave by: the first that takes the replies of a channel sends them."""
    pilot: bool = True
    """Sandbox: nothing leaves the building."""
    listen: tuple[ListenQuery, ...] = ()
    """What is searched for beyond messages to the brand. No service acts on it yet."""
    campaign_hashtags: tuple[Text, ...] = ()
    """Hashtags of the brand's campaigns: a complaint under one may be a hijack (`hashtag_hijack`)."""
    staff: Staff = Staff()
    """How colleagues are known."""
    identifiers: Annotated[dict[Id, IdentifierPattern], Field(max_length=50)] = Field(default={})
    """Regular expressions; what one finds is strong evidence."""
    labels: tuple[Label, ...] = ()
    """What messages are about."""
    departments: tuple[Department, ...] = ()
    """None: webcare, with the whole team."""
    routing: tuple[RoutingRule, ...] = ()
    """The first that matches; none, or one that cannot be evaluated: the fallback."""
    fallback: str = "webcare"
    """Department of what no rule decides."""
    escalation: tuple[Escalation, ...] = (
        Escalation(at=80, of="reaction", do=("notify_owner", "raise_priority")),
        Escalation(at=100, of="reaction", do=("notify_lead", "return_to_queue")),
    )
    """What happens as a clock runs."""
    cases: CaseRules = CaseRules()
    """When a case comes back."""
    fields: tuple[CustomField, ...] = ()
    """What people note of a case beside what every brand does."""
    customer_groups: tuple[CustomerGroup, ...] = ()
    """Customers who are treated apart; the first that holds."""
    assignment: Assignment = Assignment()
    """Who gets a case."""
    promises: PromiseRules = PromiseRules()
    """What happens with what replies promise."""
    callbacks: CallbackRules = CallbackRules()
    """Calls that we owe."""
    guard: GuardRules = GuardRules()
    """What the guard's verdicts mean."""
    drafting: Drafting = Drafting()
    """Help of a language model."""
    practice: PracticeRules = PracticeRules()
    """Training and choosing colleagues."""
    team: tuple[Member, ...] = ()
    """The people."""
    hub: Hub = Hub()
    """Who is told when something goes wrong."""
    scripts: tuple[Script, ...] = ()
    """Texts to start from."""
    survey: Survey = Survey()
    """Asking customers how it was. No service acts on it yet."""
    retention: Retention = Retention()
    """How long things are kept."""
    webcare_page: WebcarePage = WebcarePage()
    """The public page of the team. No service acts on it yet."""

    @model_validator(mode="before")
    @classmethod
    def _derived_defaults(cls, data: Any) -> Any:
        return with_derived(data) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        context = info.context or {}
        found = list(islice(inconsistencies(self, context.get("unknown", ())), MOST_PROBLEMS + 1))
        if found and "aside" in context:
            context["aside"].extend(found)
        elif found:
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
