"""How a brand works on its cases: the parts of a brand book that say when a case comes back, what is kept of it, and who gets it next.

`brandbook.py` puts them together.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from libs.common.bookvalues import BookPart, Id, LanguageCode, OpeningSpan, Percent, SpanText, Text
from libs.common.hours import Span


class CaseRules(BookPart):
    """When a case comes back."""

    reopen_within: SpanText = Span(14, "d")
    """A message that comes within that time after the case was resolved reopens it; a later one begins a case that refers back. Once it has passed, the
    case is closed. By an ordinary clock."""
    reopened_has: Percent = 25
    """A case that is reopened goes on with what was left of its time to resolve, and has at least this share of it."""
    repeat_within: SpanText = Span(30, "d")
    """A customer who had another case within that time makes a repeated contact. By an ordinary clock."""


class CustomField(BookPart):
    """Something of the brand's own that people note of a case."""

    id: Id
    """What programs call it."""
    name: str = ""
    """What people call it. Empty: its id."""
    name_in: dict[LanguageCode, Text] = Field(default={})
    """What people call it in other languages, by language."""
    type: Literal["text", "number", "date", "boolean", "choice"] = "text"
    """What it holds."""
    choices: tuple[Text, ...] = ()
    """What a choice is made from."""
    required: bool = False
    """Whether a case can be resolved without it."""

    @model_validator(mode="after")
    def _a_choice_has_choices(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError(f"field {self.id!r}: choices belong to a field of type choice, which needs some")
        return self


class CustomerGroup(BookPart):
    """Customers who are treated apart, such as large accounts. People may put a customer into one, whatever stands here."""

    id: Id
    """What conditions call it."""
    name: str = ""
    """For people. Empty: its id."""
    identities: tuple[Text, ...] = ()
    """Handles (`@somebody`), mail addresses, or domains of mail addresses (`@company.example`)."""
    followers_from: int | None = Field(default=None, ge=1)
    """Also whoever has so many followers."""


class Assignment(BookPart):
    """Who gets a case."""

    give: Literal["at_once", "when_present", "on_take"] = "at_once"
    """Whether a case has an owner from the start, only while somebody who may have it is there, or not before somebody takes it."""
    stick_within: SpanText = Span(30, "d")
    """Whoever helped a customer last gets their next case of the same department, for so long. By an ordinary clock."""
    offline_after: OpeningSpan = Span(30, "m")
    """Whoever was not there for so long is offline, and their cases return, if somebody is there who can have them. Opening time: nobody loses their
    cases overnight."""
    offline_return: Literal["none", "unanswered", "all"] = "unanswered"
    """Which cases of an offline colleague return to the queue: those where it is our turn, or all that are open."""


class PromiseRules(BookPart):
    """What happens with what customers were promised."""

    remind_at: tuple[Percent, ...] = (80,)
    """Shares of the opening time until it is due at which its owner is reminded."""

    @model_validator(mode="after")
    def _before_it_is_due(self) -> Self:
        if late := [share for share in self.remind_at if not 0 < share < 100]:
            raise ValueError(f"remind_at: {late[0]}% is no time before it is due; a promise that was not kept by then is told anyway")
        return self


class CallbackRules(BookPart):
    """Calls that we owe."""

    within: OpeningSpan = Span(4, "h")
    """How long a call may take to come, in opening time."""
    attempts: int = Field(default=3, ge=1, le=20)
    """How often somebody is called who does not answer."""
    again_after: OpeningSpan = Span(1, "h")
    """Opening time between two attempts."""
    department: str | None = None
    """Id of the department that calls; none: the one that has the case."""
