"""A brand's own numbers as its book has them: a text and the book's patterns reach this module, spans and canonical forms leave it.

Whoever finds personal data, and whoever compares identifiers, reads them first: what a book knows is not read a second time as something else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import thread_time
from typing import Any

import re2
import regex

from libs.common.bookforms import Form, form
from libs.common.brandbook import BrandBook

MAX_CHARS = 10_000
"""Only so much of a text is read: identifiers stand where people introduce themselves, and a stranger chooses the length."""
MAX_EACH = 20
"""So many values of one kind are read in one message, the first ones: a list of more is nobody's own, and would take a row each."""
PATTERN_TIMEOUT_S, PATTERNS_TIMEOUT_S = 0.02, 0.1
"""What a pattern that can backtrack may cost on one message, and all of a book's together."""


@dataclass(frozen=True, slots=True)
class BookPattern:
    """A pattern of a brand's book, compiled; `linear` when no text can make it backtrack. Case does not matter. `form` reads it in other spellings."""

    name: str
    compiled: Any
    linear: bool
    form: Form | None = None

    @classmethod
    def all_of(cls, book: BrandBook) -> "tuple[BookPattern, ...]":
        """In the book's order, each compiled to run in linear time where that can be."""
        return tuple(cls(name, *_compiled(pattern), form(name, pattern)) for name, pattern in book.identifiers.items())

    def canonical(self, written: str) -> str:
        """How one number looks, however it was typed: with the separators that the book has."""
        booked = self.form.as_booked("".join(filter(str.isalnum, written)).upper()) if self.form else None
        return canonical(booked if booked and self.compiled.fullmatch(booked) else written)


def claimed(text: str, patterns: Sequence[BookPattern]) -> list[tuple[str, int, int]]:
    """What the book's patterns find, as name, start and end, the first pattern before the next one; none reads what another found.

    One that takes longer than PATTERN_TIMEOUT_S finds nothing more, and no more does any that can backtrack once those have taken
    PATTERNS_TIMEOUT_S together.
    """
    written = text.encode("utf-8", "replace")
    rest = written.decode()
    found: list[tuple[str, int, int]] = []
    left_s = PATTERNS_TIMEOUT_S
    for pattern in patterns:
        if pattern.linear and pattern.compiled.search(written) is None:  # as most are; and bytes are searched without a copy
            continue
        began_s = thread_time()
        spans = _spans(pattern, min(left_s, PATTERN_TIMEOUT_S), rest)
        for start, end in list(islice(((start, end) for start, end in spans if rest[start:end].strip()), MAX_EACH)):
            found.append((pattern.name, start, end))
            rest = blanked(rest, start, end)
        if not pattern.linear:
            left_s -= thread_time() - began_s
    return found


def canonical(value: str) -> str:
    """Upper case, without white space: how one number looks, however it was typed."""
    return "".join(value.split()).upper()


def blanked(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _compiled(pattern: str) -> tuple[Any, bool]:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(pattern, options), True
    except re2.error:
        return regex.compile(pattern, regex.IGNORECASE), False


def _spans(pattern: BookPattern, timeout_s: float, text: str) -> Iterator[tuple[int, int]]:
    """Where the pattern matches; where it has exactly one group, where that does (such as "klantnummer" before it)."""
    if not pattern.linear and timeout_s <= 0:
        return
    matches = pattern.compiled.finditer(text) if pattern.linear else pattern.compiled.finditer(text, timeout=timeout_s)
    group = 1 if pattern.compiled.groups == 1 else 0
    try:
        for match in matches:
            if match.span(group)[0] >= 0:
                yield match.span(group)
    except TimeoutError:
        return
