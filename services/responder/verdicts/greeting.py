"""Whether the first reply of a conversation greets."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import regex

from libs.common.brandbook import BrandBook
from services.responder.bounded import Pattern
from services.responder.lengths import family
from services.responder.script import GREETING_WORDS, first_name, greet
from services.responder.verdicts.draft import Draft, Found

_WORD = Pattern(r"\w+")
# A greeting may be stretched ("hoiii", "heyyy").
_GREETING = Pattern(
    r"(?:"
    + "|".join(
        regex.escape(word) + ("+" if word[-1] in "aeiouéy" else "")
        for word in sorted({w for words in GREETING_WORDS.values() for w in words}, key=len, reverse=True)
    )
    + r"|hee+[yj]+|hal+o+tjes|moin|yo)(?![\w-])",
    regex.IGNORECASE,
)
# "Morning Jan," greets; "Morning trains run late" does not.
_TIME_OF_DAY = Pattern(r"(?:[Mm]or(?:ning|gen)|[Aa]fternoon|[Mm]iddag|[Ee]vening)(?:\s+\p{Lu}[\p{Ll}'-]+)?\s*[,!]")
_BEFORE_GREETING = Pattern(r"(?:\.?@[\w.-]+(?:@[\w.-]+\w)?|[^\w@{\[])*")
# "Dag en nacht staan we klaar" opens a sentence, not a conversation.
_NO_GREETING = Pattern(r"dag(?:\s+en\s+nacht|\s+(?:in|na)\s+dag|-)|ha\s*ha", regex.IGNORECASE)


def greeting(draft: Draft, book: BrandBook) -> Iterator[Found]:
    asked = book.voice.greeting.required
    if asked == "never" or (asked == "first_reply" and not draft.first_reply):
        return
    before = _BEFORE_GREETING.match(draft.text)
    start = before.end() if before else 0
    if _TIME_OF_DAY.match(draft.text, start):
        return
    if _GREETING.match(draft.text, start) and not _NO_GREETING.match(draft.text, start):
        return
    own = [regex.split(r"[\s,!{]", example.strip())[0].lower() for example in book.voice.greeting.examples]
    first_word = _WORD.match(draft.text, start)
    if first_word and first_word[0].lower() in own:
        return
    message = "The first reply starts with a greeting, such as Hoi or Hello."
    yield Found("missing_greeting", message, start, start, "voice.greeting", _greeting_for(draft, book, start))


def _greeting_for(draft: Draft, book: BrandBook, start: int) -> str | None:
    """What to put before the text: the brand's greeting for this customer at this hour. A text that begins with their name keeps it as
    theirs. None where the brand's greeting asks for more than is known ("Geachte {aanhef} {achternaam}")."""
    local = draft.now.astimezone(ZoneInfo(book.timezone)).time() if draft.now else None
    language = draft.written_in or draft.language
    first = first_name(draft.customer_name)
    named = first is not None and draft.text[start : start + len(first) + 1].lower().rstrip(",! ") == first.lower()
    greeting = greet(book, None if named else draft.customer_name, language, local_time=local)
    if "{" in greeting:
        return None
    if named:
        return f"{greeting} "
    return f"{greeting},\n\n" if family(draft.channel) == "email" else f"{greeting}! "
