"""Which language a text is written in, by its commonest words: Dutch or English, or neither that can be told. Pure: no I/O."""

import re
from functools import lru_cache
from typing import Final

from libs.common.brandbook import BrandBook

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LINKS: Final = re.compile(r"https?://\S+|www\.\S+|[@#]\w[\w.-]*|\S+@\S+")
# Function words that the other language does not have, or has only as a name.
_DUTCH: Final = (
    "aan af al alleen besteld die dus ga geef gehad gekregen had hele iets iemand kon mag nee nieuwe per snel staat terug toch uur vind zonder zo "
    "aan af al alleen alvast andere anders antwoord bedankt beetje bent beste bestelling betaald betalen bij binnen daar dag dan dank dat de deze "
    "dit doet echt een eens en er eruit even factuur fijn gaan gaat gebeld geen geld geweigerd gewoon goed goede graag groet groetjes haar hallo "
    "heb hebben hebt heeft helaas het hij hoe hoi hun idd ik ineens jammer je jij jou jouw jullie kan kapot klant klantenservice krijg kun kunnen "
    "kunt kwijt laat leuk ligt maand maar meer met mij mijn mn moet moeten monteur morgen naar niet niks nog nogmaals nooit nou nu om omdat onder "
    "ons ontvangen onze ook op opzeggen over pakket reactie rekening sinds ster sterren stom storing straks stuur te tot trein tussen u uit uw "
    "van vandaag veel vertraging vervelend volgens voor waar waarom wachten waren wat weer weg weken wel welke werkt weten wie wij wil wilt "
    "winkel word worden wordt zal ze zij zijn zou zullen"
)
_NL: Final = frozenset(_DUTCH.split())
_ENGLISH: Final = (
    "a about account after again also always an and any anyone anything are as at be because been before bill blocked broken but by call can "
    "can't cancel charged could dear delayed did do does don't down engineer ever every for from get getting give gone good got great had happy "
    "has have having he hello help hey hi how i i'll i'm if it it's its just keep know last later let like lost love make me mine missing more "
    "much must my need never new no nobody not nothing now off on only order other our out outage parcel please received refund regards send she "
    "should so some sorry star stars still stuck take than thank thanks that the then there these they this those to today tomorrow too train "
    "twice unfortunately until us very waiting want we'll we're were what where which who why will with working works would yet you you're your "
    "yours"
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
_DUTCH_SPELLING: Final = re.compile(
    r"ij|lijk|sch(?!e)|oei|ieuw|aai|[a-z]{3}(?:tje|pje|kje)s?\b|\bge[a-z]{3,}[dt]\b|\bver[a-z]{2,}(?:d|t|en)\b|[a-z]{3}heid\b|aa[^a]|uu[^u]"
)
_ENGLISH_SPELLING: Final = re.compile(
    r"\bth[aeio]|\bwh|tion|ght|ould|[a-z]{3}(?:ly|ness|ful|less|ment|ack)\b|'(?:s|m|re|ve|ll|t)\b|ea[^u]|oa|sh\b|y\b"
)


_MAY_LINK: Final = re.compile(r"[@#]|://|www\.")


def _weights(word: str) -> tuple[float, float, float]:
    """What a word says for Dutch, for English and for others."""
    worth = 0.5 if word in _AMBIGUOUS else 1.0
    return worth * (word in _NL), worth * (word in _EN), worth * (word in _OTHER)


_WEIGHTS: Final = {word: _weights(word) for word in (*_NL, *_EN, *_OTHER)}


@lru_cache(maxsize=64)
def written_in(text: str) -> str | None:
    """``nl`` or ``en``; none where it is another language, or too little of either is there."""
    plain = text.lower().replace("’", "'")
    words = _WORD.findall(_LINKS.sub(" ", plain) if _MAY_LINK.search(plain) else plain)
    dutch = english = other = 0.0
    for word in words:
        if weight := _WEIGHTS.get(word):
            dutch, english, other = dutch + weight[0], english + weight[1], other + weight[2]
    if other > 1 and other > max(dutch, english):
        return None
    if dutch == english and len(words) > 1:
        spelt = " ".join(words)
        dutch += len(_DUTCH_SPELLING.findall(spelt))
        english += len(_ENGLISH_SPELLING.findall(spelt))
    if dutch > english * 1.5 and dutch > _LEAST:
        return "nl"
    if english > dutch * 1.5 and english > _LEAST:
        return "en"
    return None


_LEAST: Final = 0.5
"""What one ambiguous word is worth is too little to tell a language by."""


def of_customer(incoming: str | None, text: str, book: BrandBook) -> str:
    """The customer's language as far as it can be told: of what they wrote, else of the answer, else the brand's first."""
    return (written_in(incoming) if incoming else None) or written_in(text) or book.languages[0]
