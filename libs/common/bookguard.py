"""What the guard's verdicts mean to a brand: the part of a brand book that says which stop a reply, which are asked about, and who may overrule them.

`brandbook.py` puts it into the book.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.common.bookvalues import BookPart, Id

Severity = Literal["block", "confirm", "hint"]
"""block: it does not leave with this; confirm: whoever approves says that they have seen it; hint: shown to the writer, and no more."""

SEVERITIES: Mapping[str, Severity] = {
    "empty": "block",
    "unchecked": "block",
    "too_long": "block",
    "broken_placeholder": "block",
    "missing_signature": "block",
    "wrong_signature": "block",
    "forbidden_word": "block",
    "pii_in_public": "block",
    "asks_pii_in_public": "block",
    "internal_info": "block",
    "liability_admission": "block",
    "unauthorised_promise": "block",
    "hold": "block",
    "missing_greeting": "confirm",
    "address_form": "confirm",
    "person_form": "confirm",
    "vague_promise": "confirm",
    "promise_outside_hours": "confirm",
    "redirect": "confirm",
    "smiley_not_allowed": "confirm",
    "tone_negative": "confirm",
    "competitor_mention": "confirm",
    "joke_risk": "confirm",
    "language_mismatch": "confirm",
    "expiring_fact": "confirm",
    "link_unsafe": "confirm",
    "duplicate_reply": "confirm",
    "stale": "confirm",
}
"""Every code, and what it means where a book does not say. `hold`, `duplicate_reply` and `stale` are found by what happened, the rest in the text."""

ALWAYS_BLOCK = frozenset({"empty", "unchecked", "too_long", "broken_placeholder", "hold"})
"""No book makes these less, and nobody overrules them: there is nothing to say, nobody could read it, the channel refuses it, a machine shows, or
the line is stopped."""


class SeverityRule(BookPart):
    """What some verdicts mean, where the defaults do not suit the brand."""

    codes: Annotated[tuple[Id, ...], Field(min_length=1)]
    """Which verdicts."""
    roles: tuple[Id, ...] = ()
    """Whose texts, by the writer's role. Empty: everybody's."""
    severity: Severity
    """block, confirm or hint."""

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        unknown = [code for code in self.codes if code not in SEVERITIES]
        if unknown:
            raise ValueError(f"the guard has no verdict {unknown[0]!r}; there are {', '.join(sorted(SEVERITIES))}")
        fixed = [code for code in self.codes if code in ALWAYS_BLOCK]
        if fixed and self.severity != "block":
            raise ValueError(f"{fixed[0]} always blocks: leave it out")
        return self


class GuardRules(BookPart):
    """What the guard's verdicts mean here."""

    severity: tuple[SeverityRule, ...] = ()
    """The first that matches a verdict and its writer; the guard's own for the rest."""
    override_by: tuple[Id, ...] = ("lead", "spokesperson")
    """Roles that may send a text against a verdict that blocks, with a reason."""
    review_sample: float = Field(default=0.2, ge=0, le=1)
    """Share of such overrides, 0 to 1, that another colleague looks at afterwards."""

    def severity_of(self, code: str, role: str) -> Severity:
        """Of a verdict on a text by somebody of this role. A code that is not known blocks: nobody knows what it means."""
        if code in ALWAYS_BLOCK:
            return "block"
        for rule in self.severity:
            if code in rule.codes and (not rule.roles or role in rule.roles):
                return rule.severity
        return SEVERITIES.get(code, "block")
