"""Whether the first reply of a conversation greets."""

from collections.abc import Iterator

import regex

from libs.common.brandbook import BrandBook
from services.responder.bounded import Pattern
from services.responder.script import GREETING_WORDS
from services.responder.verdicts.draft import Draft, Found

_WORD = Pattern(r"\w+")
# A greeting may be stretched ("hoiii", "heyyy").
_GREETING = Pattern(
    r"(?:"
    + "|".join(
        regex.escape(word) + ("+" if word[-1] in "aeiouéy" else "")
        for word in sorted({w for words in GREETING_WORDS.values() for w in words}, key=len, reverse=True)
    )
    + r")(?![\w-])",
    regex.IGNORECASE,
)
_BEFORE_GREETING = Pattern(r"(?:\.?@[\w.-]+(?:@[\w.-]+\w)?|[^\w@{\[])*")
# "Dag en nacht staan we klaar" opens a sentence, not a conversation.
_NO_GREETING = Pattern(r"dag(?:\s+en\s+nacht|\s+(?:in|na)\s+dag|-)|ha\s*ha", regex.IGNORECASE)


def greeting(draft: Draft, book: BrandBook) -> Iterator[Found]:
    asked = book.voice.greeting.required
    if asked == "never" or (asked == "first_reply" and not draft.first_reply):
        return
    before = _BEFORE_GREETING.match(draft.text)
    start = before.end() if before else 0
    if _GREETING.match(draft.text, start) and not _NO_GREETING.match(draft.text, start):
        return
    own = [regex.split(r"[\s,!{]", example.strip())[0].lower() for example in book.voice.greeting.examples]
    first_word = _WORD.match(draft.text, start)
    if first_word and first_word[0].lower() in own:
        return
    yield Found("missing_greeting", "The first reply starts with a greeting, such as Hoi or Hello.", start, start)
