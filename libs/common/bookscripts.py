"""The brand book's scripts: texts to start from, with the variables that a writer fills in.

What reaches this module: values as YAML or JSON gave them. What leaves it: checked scripts. What is done with one stands in the responder.
"""

import hashlib
import json
import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.common.bookvalues import BookPart, Id, LanguageCode, Text

FILLED_IN = frozenset(
    {
        "groet", "greeting", "handtekening", "signature", "voornaam", "naam", "initialen", "medewerker", "merk", "first_name", "name",
    }
)  # fmt: skip
"""Variables that are filled in without anybody's doing."""
VARIABLE = re.compile(r"(?<!\{)\{([^\W\d]\w*)\}(?!\})")
"""A variable as it stands in a text. `{{naam}}`, `{a.b}` and `{0}` are none."""
Kind = Literal["text", "date", "time", "number", "amount", "url", "choice"]
Wording = Annotated[Text, Field(max_length=10_000)]


class ScriptVariable(BookPart):
    """What a writer fills in where a script's text says `{its name}`."""

    type: Kind = "text"
    """What is asked for: `text` on one line, `date` (2026-03-06), `time` (17:30), `number`, `amount` in euros, `url`, or one of `choices`."""
    choices: Annotated[tuple[Annotated[Text, Field(max_length=300)], ...], Field(max_length=50)] = ()
    """What a `choice` is made from, as it will stand in the text."""
    default: Annotated[str, Field(max_length=300)] | None = None
    """What stands there where nothing is filled in; `""` leaves it out. Not written: it must be filled in, and the text is held back until it is."""
    description: Annotated[str, Field(max_length=300)] = ""
    """What the writer is asked for, in words."""

    @model_validator(mode="after")
    def _a_choice_has_choices(self) -> Self:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("a variable of type choice needs choices, and no other has them")
        return self


class Script(BookPart):
    """A text to start from: a person edits it, fills in what is open, and approves it."""

    id: Id
    """What a draft names it by."""
    label: str | None = None
    """The label whose cases it answers; the responder drafts from it by itself. Empty: for people only."""
    language: LanguageCode | None = None
    """Language of the text. Empty: the brand's first."""
    text: Text
    """With variables: `{groet}`, `{voornaam}`, `{naam}`, `{handtekening}` are filled in, any other is left to the writer."""
    variants: Annotated[tuple[Wording, ...], Field(max_length=20)] = ()
    """Other wordings of the same answer. They take turns, so that replies to one question do not all read the same."""
    variables: Annotated[dict[str, ScriptVariable], Field(max_length=30)] = Field(default={})
    """What is known of the variables of the text and its variants, by name. One that is not named here is a `text`."""
    update_due: bool = False
    """Whether it says no more than that we are looking into it: whoever gets it is listed until they were told the outcome."""

    @model_validator(mode="after")
    def _variables_are_used(self) -> Self:
        used = {name for text in self.wordings for name in VARIABLE.findall(text)}
        for name in self.variables:
            if name.lower() in FILLED_IN:
                raise ValueError(f"{{{name}}} is filled in by itself: it cannot be a variable of a script")
            if name not in used:
                raise ValueError(f"no wording has the variable {{{name}}}: use it, or take it out")
        return self

    @property
    def wordings(self) -> tuple[str, ...]:
        """The text and its variants; a draft names one by its place."""
        return (self.text, *self.variants)

    @property
    def digest(self) -> str:
        """Of all its wordings and variables: another wherever what can come of it is."""
        said = [self.language, self.wordings, {name: one.model_dump(mode="json") for name, one in self.variables.items()}]
        return hashlib.sha256(json.dumps(said, ensure_ascii=True, sort_keys=True).encode("ascii")).hexdigest()[:16]
