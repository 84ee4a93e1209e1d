"""Which language a text is written in, by its commonest words: Dutch or English, or neither that can be told. Pure: no I/O."""

import re
from typing import Final

from libs.common.brandbook import BrandBook

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LINKS: Final = re.compile(r"https?://\S+|www\.\S+|[@#]\w[\w.-]*|\S+@\S+")
# Function words that the other language does not have, or has only as a name.
_DUTCH: Final = (
    "aan af alvast bedankt beste bij dag dan dank dat de deze dit een en er even fijn gaan gaat geen graag groet groetjes hallo heb hebben hebt "
    "heeft helaas het hij hoe hoi hun ik jammer je jij jou jouw jullie kan kun kunnen kunt laat maar meer met mijn moet moeten morgen naar niet "
    "nog nogmaals nu om ons onze ook op straks stuur te tot u uit uw van vandaag vervelend voor waar waarom waren wat weer wel welke weten wie "
    "wij wil wilt word worden wordt zal ze zij zijn zou zullen"
)
_NL: Final = frozenset(_DUTCH.split())
_ENGLISH: Final = (
    "a about again also an and are as at be been but by can can't could dear did do does don't for from has have he hello hey hi how i i'll i'm "
    "if it it's its know later let must my no not now on our please regards send she should still thank thanks that the then there these they "
    "this those to today tomorrow unfortunately us want we'll we're were what where which who why will with would you you're your yours"
)
_EN: Final = frozenset(_ENGLISH.split())


def written_in(text: str) -> str | None:
    """``nl`` or ``en``; none where too little of either is there."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(_LINKS.sub(" ", text))]
    dutch, english = sum(word in _NL for word in words), sum(word in _EN for word in words)
    if dutch > english * 1.5:
        return "nl"
    if english > dutch * 1.5:
        return "en"
    return None


def of_customer(incoming: str | None, text: str, book: BrandBook) -> str:
    """The customer's language as far as it can be told: of what they wrote, else of the answer, else the brand's first."""
    return (written_in(incoming) if incoming else None) or written_in(text) or book.languages[0]
