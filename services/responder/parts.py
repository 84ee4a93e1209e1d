"""A text too long for its channel, in numbered parts: "… 1/3".

A text, a channel and the brand book come in; the parts go out, each as it will be sent, with where it stands in the text. What is between two parts is
white space and nothing else: together they say what the text says. A part ends with a paragraph or a sentence where that leaves it no less than half full,
else with a word; never inside a link, a mention, a hashtag, an emoji or a number with its unit, and the signature is never a part by itself. Each fits in
the channel's own counting, its number included. Pure: no I/O.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import regex

from libs.common.brandbook import BrandBook
from services.responder import lengths
from services.responder.blanks import HANDLE, LINK
from services.responder.bounded import Pattern, within
from services.responder.verdicts.placeholders import UNITS

SPLIT_CPU_S = 0.5
"""What splitting may cost on one text; an ordinary one takes some milliseconds."""
MOST = 25
"""Parts of a text. Who has more to say than that writes another text."""

_BLANKS = Pattern(r"\s+")
_ENDS_SENTENCE = Pattern(r"[.!?…][\"'”’)\]]*\s*$")
_GRAPHEME = Pattern(r"\X")
_MONTHS = (
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|"
    "january|february|march|may|june|july|august|october|jan|feb|mrt|mar|apr|jun|jul|aug|sept?|okt|oct|nov|dec"
)
_CURRENCIES = r"€|\$|£|(?:eur|usd|gbp)\b"
_KEPT_TOGETHER = Pattern(
    rf"(?:{_CURRENCIES})\s?\d[\d.,]*+|\+?\d[\d.,:/()-]*+(?:\s[\d(][\d.,:/()-]*+)*(?:\s?(?:{UNITS}|{_MONTHS}|h|u|am|pm|p\.m\.|a\.m\.|{_CURRENCIES})(?!\w))?",
    regex.IGNORECASE,
)
_SIGNED = Pattern(r"\s+\^\p{L}{1,4}\W*$")


class Part(NamedTuple):
    """What is sent, number included, and where its words stand in the text (code points, end exclusive)."""

    text: str
    start: int
    end: int


def split(text: str, channel: str, book: BrandBook, visibility: str = "public") -> list[Part] | None:
    """The parts of a text; none where it fits as it is, None where no parts can be made: a link longer than the channel takes, or more than `MOST`.

    Raises `TimeoutError` for a text that takes too long to read.
    """
    with within(SPLIT_CPU_S):
        if not lengths.excess(channel, text, book, visibility):
            return []
        places = _Places(text)
        for width in (1, 2):
            number = 10**width - 1
            found = _cut(text, places, f" {number}/{number}", channel, book, visibility)
            if found is None:
                return None
            if len(found) <= min(number, MOST):
                total = len(found)
                return [Part(f"{text[start:end]} {place}/{total}", start, end) for place, (start, end) in enumerate(found, 1)]
    return None


def fit(parts: Iterable[str], channel: str, book: BrandBook, visibility: str) -> bool:
    """Whether the channel takes each of these."""
    return not any(lengths.excess(channel, part, book, visibility) for part in parts)


class _Places:
    """Where a text can be cut: at blanks, by how good that is, and, where there is none, between what a reader sees as characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] = []
        self._stops: list[int] = []
        for start, stop in sorted(match.span() for pattern in (LINK, HANDLE, _KEPT_TOGETHER, _SIGNED) for match in pattern.finditer(text)):
            if self._stops and start < self._stops[-1]:
                self._stops[-1] = max(stop, self._stops[-1])
            else:
                self._starts.append(start)
                self._stops.append(stop)
        found = [match.span() for match in _BLANKS.finditer(text)]
        self.blanks = [(start, end) for start, end in found if start > 0 and end < len(text) and not self._inside(start, end)]
        self.ends = [start for start, _ in self.blanks]

    def _inside(self, start: int, end: int) -> bool:
        """Whether a cut that leaves this out, or one between two characters where both are the same, is within something that stays whole."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._stops[before - 1] > start

    def between(self, start: int, end: int) -> list[int]:
        """Places between characters after start and before end, for words that are longer than a part."""
        found, at = [], start
        for match in _GRAPHEME.finditer(self.text[start:end]):
            at = start + match.end()
            if at < end and not self._inside(at, at):
                found.append(at)
        return found


def _cut(text: str, places: _Places, number: str, channel: str, book: BrandBook, visibility: str) -> list[tuple[int, int]] | None:
    """(start, end) of each part's words when every part has this number behind it; None where a piece fits in no part."""

    def fits(start: int, end: int) -> bool:
        return not lengths.excess(channel, text[start:end] + number, book, visibility)

    found: list[tuple[int, int]] = []
    start, last = len(text) - len(text.lstrip()), len(text.rstrip())
    while start < last:
        if len(found) > MOST:
            return found
        if fits(start, last):
            found.append((start, last))
            break
        ahead = [place for place in places.ends[bisect_left(places.ends, start + 1) :] if place < last]
        end = _furthest(start, ahead, fits)
        if end is None:
            stop = ahead[0] if ahead else last
            end = _furthest(start, places.between(start, stop), fits)
            if end is None:
                return None
            found.append((start, end))
            start = end
            continue
        chosen = _best(text, start, end, [place for place in ahead if place <= end])
        found.append((start, chosen))
        start = places.blanks[bisect_left(places.ends, chosen)][1]
    return found


def _furthest(start: int, ends: Sequence[int], fits: Callable[[int, int], bool]) -> int | None:
    """The last of these ends with which it fits. More words are never shorter, so the search halves; what a half word counts is looked at again."""
    low, high = 0, min(len(ends), 1)
    while high < len(ends) and fits(start, ends[high]):
        low, high = high, min(len(ends), high * 2)
    while low < high:
        middle = (low + high) // 2
        if fits(start, ends[middle]):
            low = middle + 1
        else:
            high = middle
    place = low - 1
    while place >= 0 and not fits(start, ends[place]):
        place -= 1
    return ends[place] if place >= 0 else None


def _best(text: str, start: int, end: int, ends: Sequence[int]) -> int:
    """Of the ends up to this one, the last of a paragraph or of a sentence that leaves the part no less than half full; else this one."""
    enough = [place for place in ends if place - start >= (end - start) / 2]
    for good in (_paragraph, _sentence):
        if at := [place for place in enough if good(text, start, place)]:
            return at[-1]
    return end


def _paragraph(text: str, start: int, end: int) -> bool:
    return "\n\n" in text[end : end + 4]


def _sentence(text: str, start: int, end: int) -> bool:
    return text[end] == "\n" or _ENDS_SENTENCE.search(text[max(start, end - 8) : end]) is not None
