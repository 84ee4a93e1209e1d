"""What every rule of the guard takes and gives: a draft comes in, what is found in it goes out. Pure: no I/O."""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import regex
from pydantic import BaseModel, ConfigDict

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from services.responder import languages
from services.responder.bounded import Pattern


class Draft(BaseModel):
    """A reply as its writer has it now. ``visibility`` is public or private (mail and direct messages), ``language`` the customer's,
    ``role`` the writer's.

    ``incoming`` is what it answers, ``now`` when it is judged (aware): a rule that needs one that is not given finds nothing.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    channel: str
    visibility: str = "public"
    first_reply: bool = False
    member: Member
    role: str = "agent"
    language: str = "nl"
    incoming: str | None = None
    customer_name: str | None = None
    now: datetime | None = None

    @property
    def written_in(self) -> str | None:
        """The language of the text itself; none where that cannot be told."""
        return languages.written_in(self.text)

    @property
    def is_dutch(self) -> bool:
        """Whether the text is Dutch, or may be as its customer is."""
        return (self.written_in or self.language.lower()[:2]) == "nl"


class Found(NamedTuple):
    """What a rule found: code points in the draft's text, end exclusive, equal where something is missing.

    ``rule`` is the place in the brand book that it comes from, as people write it (`voice.forbidden_words`); none: no field of it. ``fix`` is what one
    click puts in the place of the span; none: nothing that can be told without the writer.
    """

    code: str
    message: str
    start: int
    end: int
    rule: str | None = None
    fix: str | None = None


@lru_cache(maxsize=256)
def names(of: tuple[str, ...]) -> Pattern:
    """The names as they are written, longest first: "Voor U" is a name, "voor u" is not."""
    ordered = sorted({n for n in of if n}, key=len, reverse=True)
    return Pattern(r"(?<!\w)(?:" + "|".join(map(regex.escape, ordered)) + r")(?!\w)" if ordered else r"(?!)")


def official(book: BrandBook) -> Pattern:
    """What is a name, whatever words it holds."""
    return names((*book.voice.official_names, *book.voice.competitors, book.name))
