"""Who does a brand's work: the parts of a brand book that name departments, people, and who is told of what. `brandbook.py` puts them together."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.common.bookvalues import BookPart, Email, Id, Initials, LanguageCode, OpeningSpan, Percent, SecretRef, SpanText, Text
from libs.common.hours import Span
from libs.common.rules import When


class Notify(BookPart):
    """One way to reach somebody: a mail address, a webhook, or a channel of a chat. The addresses of all but mail are secrets."""

    email: Email | None = None
    """Mail address."""
    webhook: SecretRef | None = None
    """Reference to the address, `env:NAME` or `file:name`; what is sent there is signed with `secret`."""
    mattermost: SecretRef | None = None
    """Reference to the address of an incoming webhook of Mattermost."""
    slack: SecretRef | None = None
    """Reference to the address of an incoming webhook of Slack."""
    teams: SecretRef | None = None
    """Reference to the address of a workflow of Microsoft Teams that takes cards."""
    secret: SecretRef | None = None
    """Reference to what a webhook's requests are signed with: `whsec_` and base64, or text, of 24 bytes at least. Without it nothing is sent."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.email, self.webhook, self.mattermost, self.slack, self.teams)) != 1:
            raise ValueError("needs one of email, webhook, mattermost, slack and teams")
        if self.secret is not None and self.webhook is None:
            raise ValueError("has a secret, which only a webhook is signed with")
        return self


class Department(BookPart):
    """A group inside the company that cases are put to."""

    id: Id
    """What routing rules call it."""
    name: str = ""
    """Empty: its id."""
    members: tuple[str, ...] = ()
    """Ids of the team members who own its cases. Without any, those of the fallback do, or else the whole team."""
    email: Email | None = None
    """Where it is reached."""
    consult_within: OpeningSpan = Span(4, "h")
    """How long it may take when asked."""
    notify: tuple[Notify, ...] = ()
    """How it hears of a question beside its mail address."""
    remind_at: tuple[Percent, ...] = (80, 100)
    """Shares of that time at which it is reminded."""


class RoutingRule(BookPart):
    """Which department gets which cases."""

    when: When = When()
    """Conditions on the case."""
    department: str
    """Id of the department."""
    skills: tuple[Id, ...] = ()
    """What the owner must know; where nobody does, whoever is free."""
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    """How urgent its cases are to begin with."""
    tell: tuple[Id, ...] = ()
    """Roles."""
    owner: Id | None = None
    """Id of the team member who gets them; else whoever of the department is next."""
    labels: tuple[Text, ...] = ()
    """Labels that they get beside those that triage found."""


class Escalation(BookPart):
    """What happens as a clock runs."""

    at: Percent
    """Share of the clock's time that has passed."""
    of: Literal["reaction", "resolution"] = "reaction"
    """Which clock."""
    when: When = When()
    """Which cases it is for: by risk, customer group, repeated contact, … One that does not hold when that share has passed
    is asked again with every change of the case. What is asked and cannot be known of a case (`pii_any`, `account`) holds."""
    do: tuple[Literal["notify_owner", "raise_priority", "notify_lead", "return_to_queue", "reassign", "inform_hub"], ...] = Field(
        min_length=1
    )
    """Steps, in this order. What cannot be done is said in the timeline, and somebody else hears of it: without an owner the leads, without a lead the
    hub, and without that everybody of the department."""
    to: Id | None = None
    """Department that `reassign` gives the case to; none: to a colleague in its own."""

    @model_validator(mode="after")
    def _to_whom_it_goes(self) -> Self:
        if self.to is not None and "reassign" not in self.do:
            raise ValueError(f"names the department {self.to!r} and has no reassign among its steps, which alone gives a case to one")
        return self


class Member(BookPart):
    """A person of the team."""

    id: Id
    """What tokens name as their subject, and cases as their owner."""
    first_name: Text
    """Signs where the signature is a first name."""
    initials: Initials
    """Sign where the signature is initials (^gs)."""
    role: Id = "agent"
    """agent, trainee, lead or spokesperson: who may do what."""
    languages: tuple[LanguageCode, ...] = ()
    """Cases in other languages go to colleagues. Empty: the brand's."""
    skills: tuple[Id, ...] = ()
    """What routing rules may ask for."""
    capacity: int = Field(default=6, ge=0, le=1000)
    """Cases at the same time: so many are given to somebody who is there, or taken from the queue. With 0 none is given. What the book gives at once,
    before anybody is there, is not counted."""
    channel_capacity: dict[str, Annotated[int, Field(ge=0, le=1000)]] = Field(default={})
    """Per channel, where fewer than `capacity`."""
    notify: tuple[Notify, ...] = ()
    """How they hear of what is urgent beside their own list: of clocks, of cases of high or urgent priority, and of calls that are due."""
    public: bool = True
    """Shown on the public page."""


class HubMember(BookPart):
    """Somebody who is told when something goes wrong."""

    id: Id
    """Name inside the book."""
    name: str = ""
    """For people."""
    roles: tuple[Id, ...] = ()
    """What scenarios call them by."""
    notify: tuple[Notify, ...] = ()
    """Every way in which they are told, all of them at once."""


class Scenario(BookPart):
    """What counts as an incident, and who is told."""

    id: Id
    """Name inside the book."""
    when: When
    """Conditions on a mention and its case, or on an insight: each mention for which they hold is a signal."""
    severity: Literal["low", "medium", "high", "critical"] = "high"
    """How bad it is."""
    tell: tuple[Id, ...] = ()
    """Roles of the hub's members and of the team's, all told at the same moment. None: the whole hub."""
    holding_statement_by: tuple[Id, ...] = ()
    """Roles that must all sign what is said meanwhile. None: the spokesperson, or where there is none a lead."""
    ladder: tuple[Id, ...] = ()
    """Roles that are told one after the other for as long as somebody has not acknowledged in time."""
    hold: Literal["none", "affected", "all"] = "none"
    """What is not sent from then on: nothing, replies to cases that fit the scenario, or every reply."""
    acknowledge_within: SpanText = Span(10, "m")
    """By an ordinary clock: a crisis does not wait for opening time."""


class Hub(BookPart):
    """Social hub: told at the same moment."""

    members: tuple[HubMember, ...] = ()
    """Who they are."""
    scenarios: tuple[Scenario, ...] = ()
    """When they are told."""
