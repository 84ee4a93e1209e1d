"""A draft's text as it is read: views of it that several rules need, each made once for a text and only when somebody asks.

A text comes in; copies of it go out that are as long as it is, so that a place in one is the place in the text: in lower case, without what is not its
writer's own words, without the brand's names; its words, its sentences. Most drafts break no rule: what a rule needs is looked for in `words` (or as a
substring of `lower`) before a pattern runs. Pure: no I/O.
"""

import re
from collections.abc import Hashable, Iterable
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from libs.common.brandbook import BrandBook
from services.responder import sieve
from services.responder.blanks import HANDLE, LINK, QUOTED, QUOTED_LINE, blank
from services.responder.bounded import Pattern
from services.responder.verdicts.draft import Draft, official

KEPT: Final = 8
"""Texts whose reading is kept: those that are judged at the moment."""
_PLAIN: Final = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "\xa0": " ", "\u202f": " ", "\t": " ", "\r": " "})
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_ABBREVIATION: Final = re.compile(
    r"(?<!\w)(?:(?i:z\.s\.m|a\.s|a\.u\.b|[ap]\.m|d\.d|d\.w\.z|i\.v\.m|m\.b\.t|t\.a\.v|o\.a|e\.g|i\.e|bijv|evt|max|min|ca|nr|no|tel|jan|feb|mrt|apr"
    r"|aug|sept?|okt|oct|nov|dec)"
    r"\.(?=\s*[^\W_A-Z])|(?i:mr|mrs|ms|dhr|mevr|mw|dr|drs)\.)"
)
_GOES_ON: Final = re.compile(r"\.\s*[^\W_A-Z]")
_TITLES: Final = ("mr.", "mrs.", "ms.", "dhr.", "mevr.", "mw.", "dr.", "drs.")
"""Without either, no full stop is an abbreviation's."""
# No part of it can take what another one could: each character is read once.
_SENTENCE: Final = re.compile(r"[^.!?…\n]*(?:[.!?…](?!\s|$|[\"')”])[^.!?…\n]*)*[.!?…\"')”]*")


class Sentence(NamedTuple):
    """Its place in the text (end exclusive, with its full stop), and whether it is a question."""

    start: int
    end: int
    asks: bool


class Reading:
    """Of a text. Every view raises `TimeoutError` where it takes too long to make, as patterns do."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._named: tuple[Pattern, str] | None = None

    @cached_property
    def lower(self) -> str:
        """All of it, in lower case, with plain apostrophes and blanks."""
        return _lower(self.text.translate(_PLAIN))

    @cached_property
    def own(self) -> str:
        """The writer's own words, with plain apostrophes and blanks: quotations, quoted lines, links and handles are blanked."""
        return blank(self.text, QUOTED_LINE, QUOTED, LINK, HANDLE).translate(_PLAIN)

    @cached_property
    def own_lower(self) -> str:
        return _lower(self.own)

    @cached_property
    def words(self) -> frozenset[str]:
        """The writer's own words in lower case: letters, with what stands after an apostrophe ("we'll", "foto's")."""
        return frozenset(_WORD.findall(self.own_lower))

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Those that hold anything of the writer's own, in order. A line's end ends one; an abbreviation does not."""
        text = self.own
        if _GOES_ON.search(text) or any(title in self.own_lower for title in _TITLES):
            text = _ABBREVIATION.sub(lambda m: m[0].replace(".", "\x01"), text)
        return tuple(
            Sentence(*found.span(), found[0].rstrip("\"')” ").endswith("?"))
            for found in _SENTENCE.finditer(text)
            if found[0].strip("\x00 ")
        )

    @cached_property
    def likely(self) -> dict[Hashable, list[int]]:
        """The patterns that may be found in the writer's own words, by whose they are: see `sieve.py`."""
        return sieve.WORDING.likely(self.own_lower)

    def has(self, words: Iterable[str]) -> bool:
        """Whether any of these (lower case) is among the writer's own words."""
        return not self.words.isdisjoint(words)

    def without_names(self, book: BrandBook) -> str:
        """`own` without the brand's names, its own ones and its competitors'."""
        pattern = official(book)
        if self._named is None or self._named[0] is not pattern:
            self._named = pattern, blank(self.own, pattern)
        return self._named[1]

    def sentence_at(self, place: int) -> Sentence:
        """The sentence that a place is in; all of the text where it is in none."""
        return next((one for one in self.sentences if one.start <= place < one.end), Sentence(0, len(self.text), False))


@lru_cache(maxsize=KEPT)
def of_text(text: str) -> Reading:
    return Reading(text)


def of(draft: Draft) -> Reading:
    """The reading that all rules share."""
    return of_text(draft.text)


def as_us(read: Reading, book: BrandBook) -> Reading:
    """The text with the brand's name as "wij", as long as it was: who writes of the brand writes of us."""
    name = book.name.lower()
    if len(name) < 3 or name not in read.own_lower:
        return read
    lower = read.own_lower
    text, at = read.text, lower.find(name)
    while at >= 0:
        text = text[:at] + "wij".ljust(len(name)) + text[at + len(name) :]
        at = lower.find(name, at + len(name))
    return of_text(text)


def _lower(text: str) -> str:
    """In lower case, as long as it was."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
