"""Help with writing, and learning to: the parts of a brand book about a language model's drafts and about practice. `brandbook.py` puts them into it."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from libs.common.bookvalues import BookPart, SpanText
from libs.common.hours import Span


class Drafting(BookPart):
    """Drafts by a language model. A person asks for each, and approves it as any other text."""

    model: bool = False
    """Whether colleagues may ask for them. What the model sees is masked; it takes an endpoint in the responder's settings, too."""
    tokens_per_day: int = Field(default=200_000, ge=1000, le=1_000_000_000)
    """What a day of the brand may take, questions and answers together. When it is used up nobody asks until the next."""


class PracticeRules(BookPart):
    """Practice, for training and choosing colleagues."""

    keep: SpanText = Span(90, "d")
    """How long sessions are kept, after they were begun."""

    @model_validator(mode="after")
    def _a_day_at_least(self) -> Self:
        if self.keep.elapsed() < timedelta(days=1):
            raise ValueError(f"practice is kept for a day at least, not {self.keep}")
        return self
