"""Numbers that people spell: a text reaches this module, the text with digits in place of the words leaves it.

"nul zes, nul nul twaalf vierendertig zesenvijftig" is 06, 0012 3456, and "zero seven seven double oh" 07700. A run becomes digits where it is long enough
to be a phone number or an order's; "twee of drie dagen" stays what it is.
"""

import re
from typing import Final

import re2

_FEWEST_DIGITS: Final = 6
_FEWEST_WORDS: Final = 2
_PHONE_DIGITS: Final = 9

_ONES: Final = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "nul zero oh",
            "een één one",
            "twee two",
            "drie three",
            "vier four",
            "vijf five",
            "zes six",
            "zeven seven",
            "acht eight",
            "negen nine",
        )
    )
    for word in words.split(" ")
}
_TEENS: Final = {
    word: str(10 + place)
    for place, words in enumerate(
        ("tien ten", "elf eleven", "twaalf twelve", "dertien thirteen", "veertien fourteen", "vijftien fifteen", "zestien sixteen",
         "zeventien seventeen", "achttien eighteen", "negentien nineteen")
    )
    for word in words.split(" ")
}  # fmt: skip
_TENS: Final = {
    word: str(2 + place)
    for place, words in enumerate(
        ("twintig twenty", "dertig thirty", "veertig forty", "vijftig fifty", "zestig sixty", "zeventig seventy", "tachtig eighty",
         "negentig ninety")
    )
    for word in words.split(" ")
}  # fmt: skip
_COMPOUND: Final = re.compile(rf"({'|'.join(_ONES)})(?:en|ën)({'|'.join(_TENS)})|({'|'.join(_TENS)})[- ]?({'|'.join(_ONES)})?")
_WORD: Final = (
    rf"(?:(?:{'|'.join(_ONES)})(?:en|ën)(?:{'|'.join(_TENS)})|(?:{'|'.join(_TENS)})(?:[- ]?(?:{'|'.join(_ONES)}))?"
    rf"|{'|'.join(_TEENS)}|{'|'.join(_ONES)}|double|dubbel|triple|\d+)(?!\w)"
)
_TOKEN: Final = re.compile(_WORD)
_RUN: Final = re.compile(rf"(?<![\w.,-])(?:\+ ?)?{_WORD}(?:[ ,./–-]{{1,3}}{_WORD}){{1,14}}", re.IGNORECASE)
_LIKELY: Final = re2.compile(r"(?i)\b(?:nul|zero|oh|zes|six)\b")
"""A run of words without any of these is seldom a phone number, and most texts have none."""


def unspelt(text: str) -> str:
    """The text with the numbers that it spells as digits."""
    return _RUN.sub(_digits, text) if _LIKELY.search(text) else text


def _digits(run: re.Match[str]) -> str:
    found, words, times = [], 0, 1
    for token in _TOKEN.findall(run[0].lower()):
        if token in ("double", "dubbel", "triple"):
            times = 3 if token == "triple" else 2  # noqa: S105 - no password
            continue
        words += not token.isdigit()
        found.append((token if token.isdigit() else _number(token)) * times)
        times = 1
    digits = "".join(found)
    whole = len(digits) >= _FEWEST_DIGITS if words >= _FEWEST_WORDS else words > 0 and len(digits) >= _PHONE_DIGITS
    return ("+" if run[0].startswith("+") else "") + digits if whole else run[0]


def _number(word: str) -> str:
    if word in _ONES or word in _TEENS:
        return _ONES.get(word) or _TEENS[word]
    match = _COMPOUND.fullmatch(word)
    if match is None:
        return ""
    return _TENS[match[2]] + _ONES[match[1]] if match[1] else _TENS[match[3]] + (_ONES[match[4]] if match[4] else "0")
