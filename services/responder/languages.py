"""Which language a text is written in, by its commonest words: Dutch or English, or neither that can be told. Pure: no I/O."""

import re
from functools import lru_cache
from typing import Final

from libs.common.brandbook import BrandBook

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LINKS: Final = re.compile(r"https?://\S+|www\.\S+|[@#]\w[\w.-]*|\S+@\S+")
# Function words that the other language does not have, or has only as a name.
_DUTCH: Final = (
    "aan af al alleen alvast andere anders bedankt beetje bent beste bestelling betaald betalen bij binnen daar dag dan dank dat de deze dit echt "
    "een eens en er even fijn gaan gaat geen geld gewoon goed goede graag groet groetjes haar hallo heb hebben hebt heeft helaas het hij hoe hoi "
    "hun idd ik ineens jammer je jij jou jouw jullie kan krijg kun kunnen kunt kwijt laat leuk maand maar meer met mij mijn mn moet moeten morgen "
    "naar niet niks nog nogmaals nooit nou nu om omdat onder ons onze ook op over rekening sinds stom straks stuur te tot trein tussen u uit uw "
    "van vandaag veel vervelend volgens voor waar waarom waren wat weer wel welke weten wie wij wil wilt winkel word worden wordt zal ze zij zijn "
    "zou zullen"
)
_NL: Final = frozenset(_DUTCH.split())
_ENGLISH: Final = (
    "a about after again also always an and any anyone anything are as at be because been before but by can can't could dear did do does don't "
    "ever every for from get getting give gone good got great had has have having he hello hey hi how i i'll i'm if it it's its just keep know "
    "last later let like love make me mine more much must my need never new no nobody not nothing now off on only other our out please regards "
    "send she should so some still take than thank thanks that the then there these they this those to today tomorrow too unfortunately until us "
    "very waiting want we'll we're were what where which who why will with would you you're your yours"
)
_EN: Final = frozenset(_ENGLISH.split())
_OTHER_TEXT: Final = (
    "ich und nicht das ist mit der die für auf haben habe wir sie ein eine einen bitte danke warum meine mein auch noch wie kann bei vom zum zur "
    "le la les des du est je vous nous pas ne pour avec mon ma mes une un qui que dans sur bonjour merci pourquoi votre el los por para una no mi "
    "es con"
)
_OTHER: Final = frozenset(_OTHER_TEXT.split())
"""Words of German, French and Spanish, some of which are others' too: where most words of a text are these, it is neither Dutch nor English."""
_AMBIGUOUS: Final = frozenset(["u", "a", "i", "me", "je", "de", "en", "die", "mi", "no", "la", "hun", "even", "word", "over", "op"])
"""Words that go for less: people spell other things so."""
_DUTCH_SPELLING: Final = re.compile(r"ij|aa|uu|[^e]ee[^d]|cht|sch|oe[^s]|[a-z]{3}lijk|[a-z]{4}(?:tje|pje|en)\b|\bge[a-z]{2,}[dt]\b")
_ENGLISH_SPELLING: Final = re.compile(r"th|wh|sh(?!e)|ing\b|tion|ck|ght|ould|[a-z]{2}(?:ed|ly|ry|ty)\b|'(?:s|m|re|ve|ll|t)\b|oa|ea")


@lru_cache(maxsize=64)
def written_in(text: str) -> str | None:
    """``nl`` or ``en``; none where it is another language, or too little of either is there."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(_LINKS.sub(" ", text))]
    dutch, english, other = _weight(words, _NL), _weight(words, _EN), _weight(words, _OTHER)
    if other > 1 and other > max(dutch, english):
        return None
    if dutch == english and len(words) > 1:
        spelt = " ".join(words)
        dutch += len(_DUTCH_SPELLING.findall(spelt)) / 2
        english += len(_ENGLISH_SPELLING.findall(spelt)) / 2
    if dutch > english * 1.5 and dutch > _LEAST:
        return "nl"
    if english > dutch * 1.5 and english > _LEAST:
        return "en"
    return None


_LEAST: Final = 0.5
"""What one ambiguous word is worth is too little to tell a language by."""


def _weight(words: list[str], known: frozenset[str]) -> float:
    return sum((0.5 if word in _AMBIGUOUS else 1.0) for word in words if word in known)


def of_customer(incoming: str | None, text: str, book: BrandBook) -> str:
    """The customer's language as far as it can be told: of what they wrote, else of the answer, else the brand's first."""
    return (written_in(incoming) if incoming else None) or written_in(text) or book.languages[0]
