"""Words that the brand avoids."""

from collections.abc import Iterable, Iterator

import regex

from libs.common.brandbook import BrandBook
from services.responder.blanks import LINK, blank
from services.responder.bounded import Pattern
from services.responder.inflection import forms
from services.responder.verdicts.draft import Draft, Found, names

Place = tuple[int, int]
_AT_NAME = Pattern(r"(?<!\w)@\w[\w.-]*")


def forbidden_words(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Whole words and their inflections, in either case; a link, a handle or an official name is not the writer's wording."""
    if not book.voice.forbidden_words:
        return
    allowed = tuple(n for n in book.voice.official_names if n)
    text = blank(draft.text, LINK, _AT_NAME, names((*allowed, book.name))).replace("’", "'")
    spans: list[Place] = []
    for word, pattern in forbidden_of(book):
        for match in pattern.finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in spans):
                spans.append(match.span())
                found = draft.text[match.start() : match.end()]
                yield Found("forbidden_word", f"“{found}” is on the brand's list of words to avoid (“{word}”).", *match.span())


_Forbidden = tuple[tuple[str, Pattern], ...]
_forbidden_by_brand: dict[str, tuple[tuple[str, ...], _Forbidden]] = {}


def forbidden_of(book: BrandBook) -> _Forbidden:
    """The book's words to avoid as patterns, made once for a version: only a brand's own next version takes their place, never another brand's list."""
    words = book.voice.forbidden_words
    known = _forbidden_by_brand.get(book.brand)
    if known is None or known[0] != words:
        known = _forbidden_by_brand[book.brand] = words, tuple((word, _forbidden(word)) for word in words)
    return known[1]


def _forbidden(word: str) -> Pattern:
    """One forbidden word or phrase as a pattern: every word in any inflection, a comma or a line's end between words allowed."""
    parts = word.replace("’", "'").split()
    pronouns = {"u", "je", "jij", "ik", "wij", "we", "hij", "zij", "ze", "men", "het", "i", "you"}
    alternatives: list[str] = []
    for index, part in enumerate(parts):
        finite = index > 0 and parts[index - 1].lower() in pronouns
        shapes: Iterable[str] = forms(part.lower(), finite=finite)
        alternatives.append("(?:" + "|".join(regex.escape(s) for s in sorted(shapes, key=len, reverse=True)) + ")")
    return Pattern(r"(?<![\w-])" + r"[,;]?\s+".join(alternatives) + r"(?![\w-])", regex.IGNORECASE)
