"""Which of many patterns may be found in a text, told in one pass over it.

A pattern is registered once for whoever looks for it, and gets a number; a text in lower case comes in, and the numbers of the patterns that may be
found in it go out: all that are in it, and a few that are not. Hundreds of patterns of wording are looked for in every draft, and next to none of them
is there: telling that costs less than a few searches. What strings a pattern cannot do without is worked out by RE2's filter, which looks for those of
all patterns at once. So that "we" is not seen in "gewone", the first letter of every word is written as a sign of its own, in the text and in the
patterns. Pure: no I/O.
"""

import re
from collections.abc import Hashable
from threading import Lock
from typing import Any, Final

import re2

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_SIGNS: Final = "".join(map(chr, [*range(1, 9), 11, 12, *range(14, 30)]))
"""What the first letter of a word is written as: characters that no text has to be read for."""
_FIRST: Final = {letter: sign * 3 for letter, sign in zip(_LETTERS, _SIGNS, strict=True)}
"""Three times: a string of fewer characters is not looked for."""
_FIRST_IN_PATTERN: Final = {letter: f"\\x{ord(sign[0]):02x}" * 3 for letter, sign in _FIRST.items()}
_DIGIT: Final = "\x1e" * 3
_SEEN: Final = str.maketrans({**{letter.upper(): sign for letter, sign in _FIRST.items()}, **dict.fromkeys("0123456789", _DIGIT)})
_ANY: Final = "(?s:.)"
_TOKEN: Final = re.compile(
    r"(?P<edge>\(\?<!(?:\\w|\[\\w-\])\))|(?P<look>\(\?<?[=!])|(?P<group>\((?:\?(?:P?<\w+>|[:>]))?)|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<times>(?:[*+?]|\{(?:\d+(?:,\d*)?|,\d+)\})[?+]?)|(?P<blank>\\s)|(?P<digit>\\d|\d)|(?P<word>\\[wWSD]|\\[pP]\{\w+\}|\.)"
    r"|(?P<bound>\\b)|(?P<place>\\[BAZ]|\^|\$)|(?P<letter>[a-z])|(?P<hex>\\x..|\\n|\\t|\\r)|(?P<escaped>\\[^\w])|(?P<sign>[^\w\\\[(])|(?P<other>\w)",
    re.DOTALL,
)

_BEGINS, _WITHIN, _EITHER = "begins", "within", "either"
"""Whether a letter that comes next begins a word."""


class Unreadable(ValueError):
    """A pattern with something in it that is not known here."""


def seen(text: str) -> str:
    """A text in lower case as it is looked at: with the first letters of words as signs, and digits as one that is the same for all."""
    return text.title().translate(_SEEN)


def needed(pattern: str) -> str:
    """A pattern over texts in lower case as one over what is `seen` of them, that is found wherever it is, and in some more.

    Only what strings it cannot do without is right in it: how often a thing is repeated, what may not stand beside it and most classes are left out.
    """
    out: list[str] = []
    groups: list[tuple[str, set[str]]] = []
    at, next_is, before = 0, _EITHER, _EITHER
    while at < len(pattern):
        if pattern[at] == "[":
            at = _class_end(pattern, at)
            out.append(_ANY)
            before, next_is = next_is, _EITHER
            continue
        token = _TOKEN.match(pattern, at)
        if token is None or token.lastgroup is None:
            raise Unreadable(f"{pattern!r} at {at}")
        kind, text = token.lastgroup, token[0]
        at = token.end()
        if kind in ("edge", "bound"):
            next_is = _BEGINS
        elif kind == "look":
            at = _group_end(pattern, token.start()) + 1
        elif kind == "group":
            groups.append((next_is, set()))
            out.append("(?:")
        elif kind == "bar":
            out.append("|")
            if groups:
                groups[-1][1].add(next_is)
            next_is = groups[-1][0] if groups else _EITHER
        elif kind == "close":
            before, ends = groups.pop()
            ends.add(next_is)
            next_is = ends.pop() if len(ends) == 1 else _EITHER
            out.append(")")
        elif kind == "times":
            least = text[0] == "+" or (text[0] == "{" and text[1] not in "0,")
            out.append("+" if least else "*")
            next_is = next_is if least or next_is == before else _EITHER
        elif kind == "place":
            next_is = _EITHER
        else:
            before = next_is
            if kind == "letter":
                first = _FIRST_IN_PATTERN[text]
                out.append(first if next_is == _BEGINS else text if next_is == _WITHIN else f"(?:{text}|{first})")
                next_is = _WITHIN
            elif kind == "digit":
                out.append(rf"(?:{_DIGIT})")
                next_is = _EITHER
            elif kind == "blank":
                out.append(r"\s")
                next_is = _BEGINS
            elif kind in ("escaped", "sign"):
                out.append(re2.escape(text[-1]))
                next_is = _BEGINS
            else:
                out.append(_ANY)
                next_is = _EITHER
    return "".join(out)


def _class_end(pattern: str, at: int) -> int:
    """Where what follows a class begins."""
    at += 2 if pattern[at + 1] == "^" else 1
    at += pattern[at] == "]"
    while pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _group_end(pattern: str, at: int) -> int:
    """Where the group closes that opens at a place."""
    depth = 0
    while True:
        if pattern[at] == "[":
            at = _class_end(pattern, at)
            continue
        depth += (pattern[at] == "(") - (pattern[at] == ")")
        if depth == 0:
            return at
        at += 2 if pattern[at] == "\\" else 1


class Sieve:
    """Patterns by number."""

    def __init__(self) -> None:
        self._patterns: list[str] = []
        self._owners: list[Hashable] = []
        self._filter: Any = None
        self._lock = Lock()

    def register(self, pattern: str, owner: Hashable) -> int:
        """The number by which a pattern (over texts in lower case) is known, which `owner` looks for."""
        self._filter = None
        self._patterns.append(pattern)
        self._owners.append(owner)
        return len(self._patterns) - 1

    def likely(self, text: str) -> dict[Hashable, list[int]]:
        """The numbers of the patterns that may be found in a text, in their order, by whose they are."""
        made = self._filter or self._made()
        found: dict[Hashable, list[int]] = {}
        owners = self._owners
        for number in sorted(made.Match(seen(text), True) or ()):
            found.setdefault(owners[number], []).append(number)
        return found

    def warm(self) -> None:
        """Makes what the first text would wait for."""
        self.likely("x")

    def _made(self) -> Any:
        with self._lock:
            if self._filter is None:
                made = re2.Filter()
                for pattern in self._patterns:
                    made.Add(needed(pattern))
                made.Compile()
                self._filter = made
            return self._filter


WORDING: Final = Sieve()
"""Of all patterns of wording."""
