"""When a brand does not surprise people: `conduct.quiet_hours` and `conduct.posts` of a brand book, as they are written."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from libs.common.bookhours import DayBlocks
from libs.common.bookvalues import BookPart, SpanText, Text
from libs.common.hours import Span

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class QuietHours(BookPart):
    """Hours in which nothing is sent that nobody waits for: posts, and updates to many. They begin and end by the clock of the brand's zone."""

    blocks: DayBlocks = Field(min_length=1)
    """Such as `["00:00-07:00", "22:00-24:00"]`; over midnight are two blocks."""
    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    """The days on which the blocks lie; every day when not written."""
    channels: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    """Only on these channels; none: on all."""
    visibility: Literal["public", "private"] | None = None
    """Only what everybody can read, or only what nobody else can; none: both."""
    replies: StrictBool = False
    """Whether a reply that somebody approved for one conversation waits as well. Nobody is surprised by the answer that they wait for."""


class PostRules(BookPart):
    """What the brand says of its own accord."""

    late_after: SpanText = Span(15, "m")
    """By an ordinary clock: a post that has not begun to leave so long after its moment, for whatever reason, is not published by itself any more."""
