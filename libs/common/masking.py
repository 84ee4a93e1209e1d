"""Who sees personal data in what a case holds, and how a text looks to those who do not. Pure.

| reader                                     | public messages and answers | private ones, and notes | who the customer is |
|--------------------------------------------|-----------------------------|-------------------------|---------------------|
| agent, trainee, lead, admin                | as written                  | as written              | shown               |
| spokesperson                               | as written                  | masked                  | shown               |
| analyst                                    | masked                      | masked                  | masked              |
| a department that is asked, without log-in | masked                      | masked                  | first name only     |

In a message triage has found where personal data stands. What people wrote themselves is masked by its shape.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from libs.common.events import Author, Findings, Mention

Audience = Literal["agent", "trainee", "lead", "admin", "spokesperson", "analyst", "department"]
FULL = frozenset({"agent", "trainee", "lead", "admin"})

_CALLED = {
    "phone": ("phone number", "telefoonnummer"),
    "email": ("e-mail address", "e-mailadres"),
    "iban": ("bank account", "rekeningnummer"),
    "bsn": ("citizen number", "burgerservicenummer"),
    "postcode_address": ("address", "adres"),
    "order_number": ("order number", "bestelnummer"),
    "customer_number": ("customer number", "klantnummer"),
    "birthdate": ("date of birth", "geboortedatum"),
    "number": ("number", "nummer"),
}
_WORDS = frozenset({"question", "answer", "text", "sender", "reason", "why", "how"})
"""Of a row of the timeline: what people wrote."""
_SHAPES = (
    ("email", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("postcode_address", re.compile(r"\b\d{4} ?[A-Z]{2}\b(?:,? (?:\w+ )?\d{1,4}\b)?")),
    ("phone", re.compile(r"(?<![\w])(?:\+|00)?\d(?:[ .\-/()]{0,2}\d){8,13}(?!\w)")),
    ("number", re.compile(r"(?<!\w)(?:[A-Z]{1,4}-?)?\d(?:[.\-]?\d){5,}(?!\w)")),
)


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data in a text: from one character to before another, in code points."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mask:
    """What one reader sees, in words of their language."""

    audience: Audience
    language: str = "en"

    def hides(self, visibility: str) -> bool:
        """Whether personal data is masked in what was said so."""
        return self.audience not in FULL and (visibility != "public" or self.audience != "spokesperson")

    @property
    def hides_customers(self) -> bool:
        return self.audience in ("analyst", "department")

    def called(self, kind: str) -> str:
        """What a kind of personal data is called."""
        return _CALLED.get(kind, (kind.replace("_", " "),) * 2)[self.language == "nl"]

    def text(self, text: str, visibility: str, spans: Iterable[Span] = ()) -> str:
        """What people wrote, as this reader sees it. Beside the spans that are known, whatever has the shape of personal data is masked."""
        return self._masked(text, [*spans, *shaped(text)]) if self.hides(visibility) else text

    def words(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the timeline, with what people wrote in it as this reader sees it."""
        return {key: self.text(value, "private") if key in _WORDS and isinstance(value, str) else value for key, value in detail.items()}

    def mention(self, mention: Mention, findings: Findings, field: str = "text") -> str:
        """The text of a message, or its title, as this reader sees it."""
        spans = [Span(item.kind, item.start, item.end) for item in findings.pii if item.field == field]
        return self.text((mention.title or "") if field == "title" else mention.text, mention.visibility, spans)

    def customer(self, author: Author) -> str | None:
        """Who wrote, as this reader sees it; none where nothing of it is shown."""
        if self.audience == "analyst":
            return None
        if self.audience == "department":
            words = (author.name or "").split()
            return words[0] if words and words[0].isalpha() else None
        return author.name or author.identities[0].value or None

    def _masked(self, text: str, spans: Sequence[Span]) -> str:
        said, at = [], 0
        for span in sorted(spans, key=lambda span: (span.start, -span.end)):
            if span.end <= at or not 0 <= span.start < span.end <= len(text):
                continue
            said += [text[at : max(at, span.start)], f"[{self.called(span.kind)}]" if span.start >= at else ""]
            at = span.end
        return "".join(said) + text[at:]


def shaped(text: str) -> list[Span]:
    """What has the shape of personal data."""
    found: list[Span] = []
    for kind, shape in _SHAPES:
        for match in shape.finditer(text):
            if not any(match.start() < span.end and span.start < match.end() for span in found):
                found.append(Span(kind, *match.span()))
    return found
