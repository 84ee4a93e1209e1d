"""Whether a reply says I or we as the brand does.

The writer's own words are judged: not what is quoted, what is a name ("Mijn Vaart", the button Mijn gegevens), or who signs. A brand that says *ik* still
has an *ons* and an *onze*, the company's; one that says *wij* has no word for the writer alone. Pure: no I/O.
"""

from collections.abc import Iterator
from functools import lru_cache

import regex

from libs.common.brandbook import BrandBook
from services.responder.blanks import CARET, blank
from services.responder.bounded import Pattern
from services.responder.verdicts import reading, turned
from services.responder.verdicts.draft import Draft, Found, official

_LEFT, _RIGHT = r"(?<![\w'@#^&-])(?<!\w\.)", r"(?![\w^&-])(?!'\w)"
_I_NL = ("ik", "'k", "mij", "mijn", "mijne", "me", "m'n", "mn", "mezelf", "mijzelf", "ikzelf")
_I_EN = ("i", "i'm", "i'll", "i've", "i'd", "im", "ive", "me", "my", "mine", "myself")
_WE = ("we", "wij", "wijzelf", "we'll", "we're", "we've", "we'd")
_I_WORDS, _WE_WORDS = frozenset((*_I_NL, *_I_EN, "k", "m'n")), frozenset(_WE)


def _any(words: tuple[str, ...]) -> str:
    return "|".join(sorted(map(regex.escape, words), key=len, reverse=True))


_I_DUTCH = Pattern(rf"{_LEFT}(?:{_any(_I_NL)}){_RIGHT}", regex.IGNORECASE)
_I_ENGLISH = Pattern(rf"{_LEFT}(?:(?-i:I|i'(?:m|ll|ve|d))(?:'(?:m|ll|ve|d))?|im|ive|me|my|mine|myself){_RIGHT}", regex.IGNORECASE)
_WE_ANY = Pattern(rf"{_LEFT}(?:{_any(_WE)}){_RIGHT}", regex.IGNORECASE)
# A button or a page that the book does not list: capitals in mid-sentence ("ga naar Mijn gegevens", "under My Orders").
_NAME_IN_SENTENCE = Pattern(r"(?<=(?<![\w'-])\p{Ll}[\p{Ll}'-]*[ ])(?:Mijn|Mij|Ik|Wij|My)[ ]?(?:\p{Lu}[\w'-]*|\p{Ll}+)(?:[ ]\p{Lu}[\w'-]*)*")
_NAME_AFTER_MARK = Pattern(
    r"(?<=[>»→›/|\[(*_][ ]?)(?:Mijn|Mij|Ik|Wij|My)[ ](?:\p{Lu}[\w'-]*|\p{Ll}+)|(?<!\w)(?:Mijn|My)[ ](?=\p{Lu})[\w'-]+"
    r"|(?<!\w)(?:Mijn|My)[ ]\w+[ ]?(?=[>»→›])"
)
# Letters and numbers, not the writer: "i.e.", "deel I", "type I".
_NO_PERSON = Pattern(
    r"\bi\.e\b|\b(?i:deel|type|part|phase|fase|class|klasse|level|niveau|chapter|hoofdstuk|step|stap|box|category)\s+I\b|\bme\s+too\b"
)
# Both who write and who read: "laten we", "zullen we", "shall we".
_TOGETHER = Pattern(
    r"\b(?:laten|zullen)\s+(?:we|wij)\b|\bshall\s+we\b|\bwe\s+(?:allemaal|all)\b|\bzoals\s+we\s+allemaal\b|\bwe\s+zeggen\s+u\b",
    regex.IGNORECASE,
)


@lru_cache(maxsize=256)
def _own_page(brand: str) -> Pattern:
    """The customer's pages at the brand, however the *mijn* is written."""
    return Pattern(rf"(?<!\w)(?:mijn|my)[ -]?{regex.escape(brand)}(?!\w)", regex.IGNORECASE)


def person_form(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Each word of the person that the brand does not write as."""
    read = reading.of(draft)
    singular = book.voice.person == "ik"
    if not read.has(_WE_WORDS if singular else _I_WORDS):
        return
    text = blank(read.own, CARET, _NAME_IN_SENTENCE, _NAME_AFTER_MARK, _NO_PERSON, _own_page(book.name), official(book))
    english = not draft.is_dutch
    own = ("I" if singular else "we") if english else book.voice.person
    pattern = (_I_ENGLISH if english else _I_DUTCH) if not singular else _WE_ANY
    for match in pattern.finditer(blank(text, _TOGETHER) if singular else text):
        start, end = match.span()
        message = f"“{draft.text[start:end]}” where the brand says “{own}”."
        if english:
            turn = turned.english(draft.text, start, end, to_singular=singular)
        else:
            formal = book.voice.address_form == "u"
            turn = turned.to_i(draft.text, start, end) if singular else turned.to_we(draft.text, start, end, formal=formal)
        yield Found("person_form", message, *(turn or (start, end, None))[:2], "voice.person", turn.fix if turn else None)
