"""Whether a reply is in the language that its customer writes. Pure: no I/O."""

from collections.abc import Iterator
from typing import Final

from libs.common.brandbook import BrandBook
from services.responder import languages
from services.responder.blanks import BLANK
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft, Found

_NAMES: Final = {"nl": "Dutch", "en": "English"}
_FEWEST_WORDS: Final = 3
"""Of fewer words nobody can tell a language: a name, an emoji, "OK, top!"."""


def language_mismatch(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """The whole text, where it is in the other language than the customer's. What is quoted and what is a name counts for neither."""
    asked = draft.language.lower()[:2]
    if asked not in _NAMES:
        return
    written = draft.written_in
    if written is None or written == asked:
        return
    own = reading.of(draft).without_names(book).replace(BLANK, " ")
    if len(own.split()) < _FEWEST_WORDS or languages.written_in(own) != written:
        return
    message = f"The customer writes {_NAMES[asked]} and this is {_NAMES[written]}. Answer in the customer's language."
    yield Found("language_mismatch", message, 0, len(draft.text), "languages")
