"""Words that the brand avoids."""

from collections.abc import Iterator
from typing import Final

import regex

from libs.common.brandbook import BrandBook
from services.responder.blanks import LINK, blank
from services.responder.bounded import Pattern
from services.responder.inflection import forms
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found, names

_PRONOUNS: Final = frozenset(("u", "je", "jij", "ik", "wij", "we", "hij", "zij", "ze", "men", "het", "i", "you"))
Place = tuple[int, int]
_AT_NAME = Pattern(r"(?<!\w)@\w[\w.-]*")


def forbidden_words(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Whole words and their inflections, in either case; a link, a handle or an official name is not the writer's wording."""
    if not book.voice.forbidden_words:
        return
    known, lower = forbidden_of(book), reading.of(draft).lower
    known = tuple(one for one in known if any(needle in lower for needle in one[1]))
    if not known:
        return
    allowed = tuple(n for n in book.voice.official_names if n)
    text = blank(draft.text, LINK, _AT_NAME, names((*allowed, book.name))).replace("’", "'")
    spans: list[Place] = []
    for word, _, pattern in known:
        for match in pattern.finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in spans):
                spans.append(match.span())
                found = draft.text[match.start() : match.end()]
                yield Found(
                    "forbidden_word",
                    f"“{found}” is on the brand's list of words to avoid (“{word}”).",
                    *match.span(),
                    "voice.forbidden_words",
                )


_Forbidden = tuple[tuple[str, tuple[str, ...], Pattern], ...]
_forbidden_by_brand: dict[str, tuple[tuple[str, ...], _Forbidden]] = {}


def forbidden_of(book: BrandBook) -> _Forbidden:
    """The book's words to avoid as patterns, made once for a version: only a brand's own next version takes their place, never another brand's list."""
    words = book.voice.forbidden_words
    known = _forbidden_by_brand.get(book.brand)
    if known is None or known[0] != words:
        known = _forbidden_by_brand[book.brand] = words, tuple((word, _needles(word), _forbidden(word)) for word in words)
    return known[1]


def _forms_of_parts(word: str) -> list[frozenset[str]]:
    """Of each word of a phrase, the forms in which it can stand there."""
    parts = word.replace("’", "'").lower().split()
    return [forms(part, finite=index > 0 and parts[index - 1] in _PRONOUNS) for index, part in enumerate(parts)]


def _needles(word: str) -> tuple[str, ...]:
    """One of these is in every text that holds the word in any form: of the word of a phrase that says most, the forms that no other form is part of."""
    parts = [
        tuple(shape for shape in shapes if not any(other != shape and other in shape for other in shapes))
        for shapes in _forms_of_parts(word)
    ]
    return max(parts, key=lambda shapes: min(map(len, shapes)), default=("",))


def _forbidden(word: str) -> Pattern:
    """One forbidden word or phrase as a pattern: every word in any inflection, a comma or a line's end between words allowed."""
    alternatives = [
        "(?:" + "|".join(regex.escape(s) for s in sorted(shapes, key=len, reverse=True)) + ")" for shapes in _forms_of_parts(word)
    ]
    return Pattern(r"(?<![\w-])" + r"[,;]?\s+".join(alternatives) + r"(?![\w-])", regex.IGNORECASE)
