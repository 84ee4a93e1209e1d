"""Who does a brand's work: the parts of a brand book that name departments, people, and who is told of what. `brandbook.py` puts them together."""

from typing import Literal, Self

from pydantic import Field, model_validator

from libs.common.bookvalues import BookPart, Email, Id, Initials, LanguageCode, OpeningSpan, Percent, SecretRef, SpanText, Text
from libs.common.hours import Span
from libs.common.rules import When


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
    """How long it may take when asked. No service acts on it yet."""


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


class Escalation(BookPart):
    """What happens as a clock runs."""

    at: Percent
    """Share of the clock's time that has passed."""
    of: Literal["reaction", "resolution"] = "reaction"
    """Which clock."""
    do: tuple[Literal["notify_owner", "raise_priority", "notify_lead", "return_to_queue"], ...] = Field(min_length=1)
    """Steps, in this order."""


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
    """Cases at the same time. With 0 none is given; other numbers weigh nothing yet."""
    public: bool = True
    """Shown on the public page."""


class Notify(BookPart):
    """One way to reach somebody: a mail address, or a webhook whose address is a secret."""

    email: Email | None = None
    """Mail address."""
    webhook: SecretRef | None = None
    """Reference to the address, `env:NAME` or `file:name`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.email is None) == (self.webhook is None):
            raise ValueError("needs either email or webhook")
        return self


class HubMember(BookPart):
    """Somebody who is told when something goes wrong. No service acts on it yet."""

    id: Id
    """Name inside the book."""
    name: str = ""
    """For people."""
    roles: tuple[Id, ...] = ()
    """What scenarios call them by."""
    notify: tuple[Notify, ...] = ()
    """Every way in which they are told."""


class Scenario(BookPart):
    """What counts as an incident, and who is told. No service acts on it yet."""

    id: Id
    """Name inside the book."""
    when: When
    """Conditions on a case, or on an insight."""
    severity: Literal["low", "medium", "high", "critical"] = "high"
    """How bad it is."""
    tell: tuple[Id, ...] = ()
    """Roles of the hub's members."""
    holding_statement_by: tuple[Id, ...] = ()
    """Roles that agree on what is said meanwhile."""
    acknowledge_within: SpanText = Span(10, "m")
    """By an ordinary clock: a crisis does not wait for opening time."""


class Hub(BookPart):
    """Social hub: told at the same moment."""

    members: tuple[HubMember, ...] = ()
    """Who they are."""
    scenarios: tuple[Scenario, ...] = ()
    """When they are told."""
