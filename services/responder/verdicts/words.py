"""Words that the brand avoids."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

import regex

from libs.common.brandbook import BrandBook
from services.responder.blanks import LINK, blank
from services.responder.bounded import Pattern
from services.responder.inflection import forms
from services.responder.verdicts.draft import Draft, Found, names

_PRONOUNS: Final = frozenset(("u", "je", "jij", "ik", "wij", "we", "hij", "zij", "ze", "men", "het", "i", "you"))
Place = tuple[int, int]
_AT_NAME = Pattern(r"(?<!\w)@\w[\w.-]*")


def forbidden_words(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Whole words and their inflections, in either case; a link, a handle or an official name is not the writer's wording."""
    if not book.voice.forbidden_words:
        return
    known, lower = forbidden_of(book), draft.text.lower().replace("’", "'")
    if not any(needle in lower for _, needle, _ in known):
        return
    allowed = tuple(n for n in book.voice.official_names if n)
    text = blank(draft.text, LINK, _AT_NAME, names((*allowed, book.name))).replace("’", "'")
    spans: list[Place] = []
    for word, needle, pattern in known:
        if needle not in lower:
            continue
        for match in pattern.finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in spans):
                spans.append(match.span())
                found = draft.text[match.start() : match.end()]
                yield Found("forbidden_word", f"“{found}” is on the brand's list of words to avoid (“{word}”).", *match.span())


_Forbidden = tuple[tuple[str, str, Pattern], ...]
_forbidden_by_brand: dict[str, tuple[tuple[str, ...], _Forbidden]] = {}


def forbidden_of(book: BrandBook) -> _Forbidden:
    """The book's words to avoid as patterns, made once for a version: only a brand's own next version takes their place, never another brand's list."""
    words = book.voice.forbidden_words
    known = _forbidden_by_brand.get(book.brand)
    if known is None or known[0] != words:
        known = _forbidden_by_brand[book.brand] = words, tuple((word, _needle(word), _forbidden(word)) for word in words)
    return known[1]


def _forms_of_parts(word: str) -> list[frozenset[str]]:
    """Of each word of a phrase, the forms in which it can stand there."""
    parts = word.replace("’", "'").lower().split()
    return [forms(part, finite=index > 0 and parts[index - 1] in _PRONOUNS) for index, part in enumerate(parts)]


def _needle(word: str) -> str:
    """What a text that holds the word in any form has in it: the longest beginning that all forms of one of its words share."""
    return max((_shared(shapes) for shapes in _forms_of_parts(word)), key=len, default="")


def _shared(shapes: frozenset[str]) -> str:
    return "".join(letter for letter, _ in takewhile(lambda two: two[0] == two[1], zip(min(shapes), max(shapes), strict=False)))


def _forbidden(word: str) -> Pattern:
    """One forbidden word or phrase as a pattern: every word in any inflection, a comma or a line's end between words allowed."""
    alternatives = [
        "(?:" + "|".join(regex.escape(s) for s in sorted(shapes, key=len, reverse=True)) + ")" for shapes in _forms_of_parts(word)
    ]
    return Pattern(r"(?<![\w-])" + r"[,;]?\s+".join(alternatives) + r"(?![\w-])", regex.IGNORECASE)
