# ruff: noqa: E501 - a pattern reads best on one line
"""The last digits of a number that is not given whole ("eindigt op 4417", "card ending in 44-17"): a text reaches this module, endings leave it."""

import re
from dataclasses import dataclass
from typing import Final

import re2

MAX_EACH: Final = 20
_TELLING: Final = 4
_NEARBY: Final = 90
_BESIDE: Final = 12
"""Characters between the word that says what kind of number it is, and its ending."""


@dataclass(frozen=True, slots=True)
class Ending:
    """The last digits of a number that is not given whole. `kind`: phone, iban, card or "" (of anything)."""

    kind: str
    digits: str

    def is_one_with(self, other: "Ending") -> bool:
        """Whether both are those of one number, as far as can be told: three digits are too few, and a card is no account."""
        return self.digits == other.digits and len(self.digits) >= _TELLING and (self.kind == other.kind or not self.kind or not other.kind)


_LAST: Final = r"(\d{3,5}|\d\d[ -]\d\d)(?!\d|[.,]\d)"
_ENDING: Final = re.compile(
    rf"(?:eindig(?:t|end|en|de)|eindcijfers|ends?|ending|laatste (?:\w+ )?(?:cijfers|nummers)|last (?:\w+ )?(?:digits|numbers)|(?:laatste|last) (?:drie|vier|three|four|[34])(?=[ :]))"
    rf"(?: [a-z'’]{{1,14}}){{0,5}}:? ?[\"'(]?[.*x…-]{{0,8}}{_LAST}"
    rf"|(?<![\w.])(?:[*x…•]{{2,8}}[ -]?|…|\.{{2,4}}) ?{_LAST}"
    r"|(?<![\d.,-])(\d{3,5}) (?:op|aan) het (?:eind\w*|laatst)(?!\w)|(?:op|in|met|with) (\d{3,5}) (?:eindigt|eindigend|ends|ending)(?!\w)",
    re.IGNORECASE,
)
_MAY: Final = re2.compile(r"(?i)eind|\bend|laatste|last|[*x•]{2}|…|\.\.")
_OF_NUMBER: Final = re.compile(r"num(?:mer|ber)|cijfers|digits|\bnr\b|code|[*x…•]{2}|(?:laatste|last) (?:vier|four|4)", re.IGNORECASE)
_OF_PHONE: Final = re.compile(r"telefoon|toestel|mobiel|mobile|phone|gebeld|\bbel\b|06|nummerbehoud|sim", re.IGNORECASE)
_OF_ACCOUNT: Final = re.compile(r"rekening|iban|account|bank", re.IGNORECASE)
_OF_CARD: Final = re.compile(r"\b(?:\w*pas|kaart|\w*card|creditcard)\b", re.IGNORECASE)


def endings(text: str) -> list[Ending]:
    """What is said of the last digits of a number ("het nummer dat eindigt op 4417", "account ending in 4417")."""
    if not _MAY.search(text):
        return []
    found: dict[Ending, None] = {}
    for match in _ENDING.finditer(text):
        nearby = text[max(0, match.start() - _NEARBY) : match.end()]
        cues = [
            (hits[-1].end(), kind)
            for kind, pattern in (("phone", _OF_PHONE), ("iban", _OF_ACCOUNT), ("card", _OF_CARD))
            if (hits := list(pattern.finditer(nearby)))
        ]
        last = max(cues, default=(0, ""))
        if len(cues) > 1 and match.start() - max(0, match.start() - _NEARBY) - last[0] > _BESIDE:
            last = (0, "")  # "gebeld worden over mijn rekening op het nummer dat eindigt op …": nobody can tell
        if cues or _OF_NUMBER.search(nearby):  # a contract ends in 2027, too
            found[Ending(last[1], re.sub(r"\D", "", match[1] or match[2] or match[3] or match[4]))] = None
    return list(found)[:MAX_EACH]
