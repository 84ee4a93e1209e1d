"""What words a pattern cannot do without, so that a text that has none of them is never searched.

A pattern is registered once, and gets a number; the words of a text come in, and the numbers of the patterns that may be found in it go out: all of
them in one pass over the words. Hundreds of patterns of wording are looked for in every draft, and next to none of them is there: telling that costs
less than one search. A pattern that may be found always is among those that may; of the others a few are too. Pure: no I/O.
"""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

# How Python's own engine reads a pattern; its types are known to nobody.
parser: Any = import_module("re._parser")
sre: Any = import_module("re._constants")

Needle = frozenset[str]
"""Beginnings of words of which every match has one; `DIGIT` is any digit, "~" before letters says that they may stand inside a word."""
DIGIT: Final = "0"
_SLOTS: Final = 3
"""Needles of a pattern that are looked for: the rarest ones."""
_SMALL_WORDS: Final = (
    "a aan al als an and are as at be bij but by can dan dat de deze die dit do een en er for from ga gaan geen had have heb hebben hebt "
    "heeft het hier hij i i'll i'm if ik in is it je jij jou jouw kan kun kunnen kunt maar me met mij mijn my na naar niet no nog not nu of "
    "om on ons onze ook op or our over so te that the them then there this to tot u uit us uw van voor was wat we we'll we're wel wij will "
    "with word worden wordt you you'll your zal ze zij zijn zo zou zullen "
)
_COMMON: Final = frozenset(_SMALL_WORDS.split())


def needles(pattern: str) -> list[Needle]:
    """What every match of a pattern has; each stands for one condition, all of which hold. Empty: nothing that can be told."""
    plain = re.sub(r"\(\?P<\w+>", "(?:", pattern)
    plain = re.sub(r"\\p\{\w+\}", r"\\w", plain)
    try:
        parsed = parser.parse(plain)
    except re.error:
        return []
    found, _ = _sequence(parsed, False)
    return sorted(found, key=_rarity)


def _rarity(needle: Needle) -> tuple[int, int]:
    return (sum(5 if word in _COMMON else 3 if word.startswith("~") or len(word) < 3 else 0 for word in needle), len(needle))


def _sequence(items: Iterable[Any], at_start: bool) -> tuple[list[Needle], bool]:
    """The needles of what stands one after the other; `at_start`: whether a word begins there. And whether one may begin after it."""
    found: list[Needle] = []
    run, run_at_start = "", at_start

    def flush() -> None:
        nonlocal run
        if run and (run_at_start or len(run) > 2):
            found.append(frozenset({run if run_at_start else "~" + run}))
        run = ""

    for kind, value in items:
        if kind is sre.LITERAL and (chr(value).isalpha() or (run and chr(value) == "'")):
            if not run:
                run_at_start = at_start
            run += chr(value)
            at_start = False
            continue
        if kind is sre.BRANCH and run and run_at_start:
            found.append(frozenset(run + _lead(option) for option in value[1]))
            run = ""
        flush()
        if kind is sre.LITERAL:
            at_start = not chr(value).isdigit() and chr(value) != "_"
            if chr(value).isdigit():
                found.append(frozenset({DIGIT}))
        elif kind is sre.SUBPATTERN:
            inner, at_start = _sequence(value[3], at_start)
            found += inner
        elif kind is sre.BRANCH:
            told = [_sequence(option, at_start) for option in value[1]]
            if all(inner for inner, _ in told):
                found.append(frozenset().union(*(min(inner, key=_rarity) for inner, _ in told)))
            at_start = all(ends for _, ends in told)
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, _, repeated = value
            inner, ends = _sequence(repeated, at_start)
            if least:
                found += inner
            at_start = ends and (at_start or bool(least))
        elif kind is sre.IN:
            if _digits(value):
                found.append(frozenset({DIGIT}))
            at_start = _blanks(value)
        elif kind is sre.ASSERT_NOT and value[0] < 0:
            at_start = at_start or _words_excluded(value[1])
        elif kind in (sre.ASSERT, sre.ASSERT_NOT):
            pass
        elif kind is sre.AT:
            at_start = at_start or value in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING, sre.AT_BOUNDARY)
        else:
            at_start = False
    flush()
    return found, at_start


def _lead(items: Iterable[Any]) -> str:
    """The letters that it begins with."""
    lead = ""
    for kind, value in items:
        if kind is not sre.LITERAL or not chr(value).isalpha():
            break
        lead += chr(value)
    return lead


def _digits(values: Any) -> bool:
    return all(
        (kind is sre.CATEGORY and value is sre.CATEGORY_DIGIT)
        or (kind is sre.RANGE and chr(value[0]).isdigit() and chr(value[1]).isdigit())
        or (kind is sre.LITERAL and chr(value).isdigit())
        for kind, value in values
    )


def _blanks(values: Any) -> bool:
    """Whether a class has nothing that words are made of, so that one may begin after it."""
    return all(
        (kind is sre.CATEGORY and value in (sre.CATEGORY_SPACE, sre.CATEGORY_NOT_WORD))
        or (kind is sre.LITERAL and not chr(value).isalnum())
        for kind, value in values
    )


def _words_excluded(items: Any) -> bool:
    """Whether a look behind says that no letter stands there."""
    return len(items) == 1 and items[0][0] is sre.IN and (sre.CATEGORY, sre.CATEGORY_WORD) in items[0][1]


_registered: list[str] = []
_by_rarest: dict[str, list[int]] = {}
_inside: dict[str, list[int]] = {}
_rest: dict[int, tuple[Needle, ...]] = {}
_always: set[int] = set()
_built = 0


def register(pattern: str) -> int:
    """The number by which a pattern is known among those that may be found in a text."""
    _registered.append(pattern)
    return len(_registered) - 1


def _build() -> None:
    """The patterns that were registered since, by their rarest needle: a text that has one of it is asked for the others."""
    global _built
    for number in range(_built, len(_registered)):
        told = needles(_registered[number])
        if not told:
            _always.add(number)
            continue
        for word in told[0]:
            (_inside if word.startswith("~") else _by_rarest).setdefault(word.lstrip("~"), []).append(number)
        rest = tuple(needle for needle in told[1:_SLOTS] if not any(word.startswith("~") for word in needle))
        if rest:
            _rest[number] = rest
    _built = len(_registered)


def likely(text: str, words: Iterable[str]) -> frozenset[int]:
    """The numbers of the patterns that may be found in a text, all of whose words these are (in lower case)."""
    if _built != len(_registered):
        _build()
    starts = {word[:length] for word in words for length in range(1, len(word) + 1)}
    for word in words:
        if "'" in word:
            last = word[word.index("'") + 1 :]
            starts.update(last[:length] for length in range(1, len(last) + 1))
    if _HAS_DIGIT.search(text):
        starts.add(DIGIT)
    found: set[int] = set(_always)
    for start in starts & _by_rarest.keys():
        found.update(_by_rarest[start])
    for part, numbers in _inside.items():
        if part in text:
            found.update(numbers)
    for number in found & _rest.keys():
        for needle in _rest[number]:
            if starts.isdisjoint(needle):
                found.discard(number)
                break
    return frozenset(found)


_HAS_DIGIT: Final = re.compile(r"\d")
