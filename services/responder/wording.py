"""Patterns of wording over texts in lower case, written as people would read them; and what is said in a text, unless it is taken back. Pure: no I/O."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import regex

from services.responder import sieve
from services.responder.bounded import Pattern
from services.responder.verdicts.reading import Reading


def written(text: str) -> str:
    """A pattern as `Wording` says it, as an engine reads it."""
    return (
        text.replace(" ?", r"\s*").replace(" ", r"\s+").replace("<<", r"(?<!\w)").replace(">>", r"(?!\w)").replace("__", r"[\s,;:()–—-]*")
    )


def pattern(*texts: str) -> Pattern:
    """Any of these as one pattern, written as those of `Wording` are."""
    return Pattern("|".join(written(text) for text in texts), brief=True)


def words(*texts: str) -> str:
    """Any of these words, of texts that hold them apart by blanks."""
    return "(?:" + "|".join("|".join(text.split(" ")) for text in texts) + ")"


def options(text: str) -> list[str]:
    """What a pattern leaves to choose from, each as a pattern of its own: the fewer words one has, the seldomer it is looked for."""
    parts = split(text)
    if len(parts) > 1:
        return [option for part in parts for option in options(part)]
    if text.startswith("<<(?:") and text.endswith(")>>") and _closes(text, 5) == len(text) - 3:
        return [f"<<(?:{part})>>" for part in split(text[5:-3])]
    return [text]


def split(text: str) -> list[str]:
    """At the bars that stand in no group and in no class."""
    bars = [at for at, sign, depth in _signs(text) if sign == "|" and depth == 0]
    return [text[start + 1 : end] for start, end in pairwise([-1, *bars, len(text)])]


def _closes(text: str, start: int) -> int:
    """Where the group closes that was open before `start`."""
    return next((start + at for at, _, depth in _signs(text[start:]) if depth < 0), len(text))


def _signs(text: str) -> Iterator[tuple[int, str, int]]:
    """Place, character, and how many groups are open after it, of whatever is neither escaped nor in a class."""
    depth, at, in_class = 0, 0, False
    while at < len(text):
        sign = text[at]
        if sign == "\\":
            at += 1
        elif in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
        else:
            depth += (sign == "(") - (sign == ")")
            yield at, sign, depth
        at += 1


_all: "list[Wording]" = []


def warm() -> None:
    """Makes every pattern of wording, so that no text waits for one: it takes some seconds, once a process."""
    sieve.WORDING.warm()
    for wording in _all:
        wording.compile()


_ANCHORED = re.compile(r"(?<!\[)\^|\$")


class Wording:
    """Any of some patterns, of which only those are looked for in a text that may be there.

    A blank in one stands for any white space (with a question mark: also for none), `<<` and `>>` for the edges of a word, `__` for what may stand before
    a clause. What is searched is some of a reading's own words.
    """

    def __init__(self, *texts: str) -> None:
        self._parts = {sieve.WORDING.register(written(part), self): part for text in texts for part in options(text)}
        self._compiled: dict[int, Pattern] = {}
        self._anchored: set[Pattern] = set()
        _all.append(self)

    def _likely(self, read: Reading) -> list[Pattern]:
        numbers = read.likely.get(self)
        return [self._compiled.get(number) or self._compile(number) for number in numbers] if numbers else []

    def there(self, read: Reading) -> list[Pattern]:
        """Those that a text has anywhere; most have none. One that asks where a text begins or ends may be found in a part of it only, and is among"
        " them."""
        return [part for part in self._likely(read) if part in self._anchored or part.search(read.own_lower)]

    def compile(self) -> None:
        """All of them, each of which is made when first a text may have it otherwise."""
        for number in self._parts:
            if number not in self._compiled:
                self._compile(number)

    def _compile(self, number: int) -> Pattern:
        made = Pattern(written(self._parts[number]), brief=True)
        if _ANCHORED.search(made.pattern):
            self._anchored.add(made)
        self._compiled[number] = made
        return made

    def search(self, text: str, read: Reading) -> "regex.Match[str] | None":
        """The first of them."""
        found = [match for part in self._likely(read) if (match := part.search(text))]
        return min(found, key=lambda match: match.start()) if found else None

    def match(self, text: str, read: Reading) -> "regex.Match[str] | None":
        """One that the text begins with."""
        return next((match for part in self._likely(read) if (match := part.match(text))), None)


def each(parts: Iterable[Pattern], text: str) -> "list[regex.Match[str]]":
    """All matches of some patterns, in the order of the text."""
    return sorted((match for part in parts for match in part.finditer(text)), key=lambda match: match.start())


_NEAR = 14
"""Characters behind what is said in which a denial is still about it: "onze schuld is dat niet"."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that is said in a sentence.

    `unless` takes it back from within the same clause, `unless_near` from within the clause it ends in up to a word or two behind it, `unless_before`
    from anywhere before it in the sentence, `unless_sentence` from anywhere in the sentence. A question says nothing.
    """

    says: Wording
    unless: Wording | None = None
    unless_near: Wording | None = None
    unless_before: Wording | None = None
    unless_sentence: Wording | None = None

    def found(self, read: Reading) -> Iterator[tuple[int, int]]:
        """The places where it is said, the first of each sentence."""
        parts = self.says.there(read)
        if not parts:
            return
        for sentence in read.sentences:
            if sentence.asks:
                continue
            said = read.own_lower[sentence.start : sentence.end]
            for match in each(parts, said):
                if not self._taken_back(said, *match.span(), read):
                    yield sentence.start + match.start(), sentence.start + match.end()
                    break

    def _taken_back(self, said: str, start: int, end: int, read: Reading) -> bool:
        if self.unless_sentence is not None and self.unless_sentence.search(said, read):
            return True
        if self.unless_before is not None and self.unless_before.search(said[:start], read):
            return True
        if self.unless_near is not None and self.unless_near.search(_up_to(said, end), read):
            return True
        return self.unless is not None and bool(self.unless.search(clause(said, start, end), read))


_CLAUSE_END = pattern(r"[,;:()–—\n]", r"\s-\s", r"<<(?:maar|want|omdat|doordat|terwijl|en|but|because|since|and)>>")


def clause(said: str, start: int, end: int) -> str:
    """The clause around a place of a sentence, or the clauses that it reaches over."""
    first, last = 0, len(said)
    for match in _CLAUSE_END.finditer(said):
        if match.end() <= start:
            first = match.end()
        elif match.start() >= end:
            last = match.start()
            break
    return said[first:last]


def _up_to(said: str, end: int) -> str:
    """The clause in which a place ends, up to a word or two behind it."""
    first = max((match.end() for match in _CLAUSE_END.finditer(said[: end - 1])), default=0)
    return said[first : end + _NEAR]


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A place without white space and punctuation at its ends."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in "%€)"):
        end -= 1
    return start, end
