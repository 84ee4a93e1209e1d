"""Whether two authors may be one person, by how they are called: names, handles and addresses reach this module, a likeness leaves it.

A likeness is evidence and never identity. Namesakes exist, and relatives share a surname: a given name or an initial that does not fit speaks against.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from services.triage.words import folded

MAX_CHARS: Final = 100

_PARTICLES: Final = frozenset(
    re.split(" ", "van der den de het 't ter ten te vande vander vanden la le du des di da dos del von zu zum und y el al bin")
)
_TITLES: Final = frozenset(
    re.split(
        " ",
        "dhr mevr mw mevrouw meneer heer hr mr mrs ms miss dr drs ir ing prof fam familie family sir madam oma opa tante oom auntie uncle granny nana",
    )
)
_FILLERS: Final = frozenset(
    re.split(
        " ", "aan achter at bij by en for from in met my naar nl official of on onder op out over real the to uit vanuit vd with zonder"
    )
)
"""What stands in handles and phrases, and in no name."""
_PARTS: Final = re.compile(r"[^\W\d_]+")

_CALLED: Final = """
anna ans annie anneke anouk annemiek annemarie
johanna hanna hannah joke jo jopie hanneke jannie
elisabeth elizabeth els elly betty bep lies liesbeth beth liz lizzie lisa eliza
margaretha margaret margriet greet greetje gretha griet maggie marge meg peggy rita
petronella nel nelly nellie petra
cornelia corrie cor cornelie nel
cornelis kees cor cees
johannes jan hans johan joop jo john jack johnny
jacobus jaap ko koos jacob jim jimmy james jamie
wilhelmus willem wim will bill billy william liam pim
wilhelmina mina willy willie mien
hendrik henk henry harry hein rik
gerardus gerard gert ger geert gerrit gerry
petrus piet peter pieter pete
antonius anton ton toon antoon tony anthony
theodorus theo ted
adrianus adriaan arie ad adri janus
adriana adri ad jeanne
franciscus frans frank francis
maria marie ria mia mary rie marietje maaike
catharina katharina toos trijntje tine catherine kate cathy katie kathy karin
geertruida truus trudy geertje gertrude
hendrika rika riek hennie
robert rob bob robbie bobby robbert
richard rick dick ricky rich
rebecca rebekka becky becca
alexander alex sander sasha lex xander
alexandra alex sandra sasha
michael mike mick michiel mickey
thomas tom tommy thom
daniel dan danny daan
matthew matt matthijs thijs matty
nicolaas niek nico klaas nick nicholas
christina christine chris tina stien
christopher chris kit christoph
edward ed eddie ted eduard
samantha sam
samuel sam
patricia pat tricia patty
patrick pat paddy
jennifer jen jenny
deborah debbie deb
susanna susan sue suzanne suus suzie
victoria vicky tori
joseph joe jos jozef sjef jef
georgius george sjors joris
dorothea dora thea dorothy dot
ludovicus lodewijk louis lou
mohammed mohamed mo muhammad
stephen steve steven stef stefan
andrew andy andries andre
benjamin ben benny
gregory greg
charles charlie chuck karel
jeffrey jeff
katherine kate kathy kat
abigail abby
timothy tim
gabriella gaby
jacqueline jacky jackie
frederik fred freek frits freddy
leonardus leo leon
marinus rinus
everardus evert
lambertus bert bertus
albertus bert albert ab
hubertus huub bert
"""
"""A line for each name: what people go by who have it, in Dutch and English, the official one first."""


@lru_cache(maxsize=1)
def _families() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_CALLED.strip().splitlines()):
        for name in line.split():
            found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


def is_given_name(word: str) -> bool:
    """Whether `word`, after `folded`, is a first name that is known here."""
    return word in _families()


@lru_cache(maxsize=4096)
def _beginnings(first: str) -> frozenset[str]:
    """The initials that somebody who is called so may have: Nel is N., or P. for Petronella."""
    numbers = _families().get(first, frozenset())
    return frozenset({first[0]} | {name[0] for name, theirs in _families().items() if numbers & theirs})


@dataclass(frozen=True, slots=True)
class Name:
    """What an author is called. All of it after `folded`."""

    given: tuple[str, ...] = ()
    """First names that are written out, or all that there is of a name of one word."""
    initials: str = ""
    surname: tuple[str, ...] = ()
    """Its parts without particles; of "Weijers-Prins" two. One letter where no more of it is told."""
    short: str = ""
    """The initials of the surname with its particles: "vdh" of Van den Heuvel."""
    handles: tuple[str, ...] = ()
    """Handle and local part of an address, letters only."""
    parts: frozenset[str] = frozenset()
    """Of handle and address, what separators or digits divide, and the words of the name."""
    real: bool = False
    """Whether the surname is one, as far as can be told: on networks people show phrases, and their handle knows nothing of those."""
    common: frozenset[str] = frozenset()
    """What of it so many others are called that it says nothing about who this is, though another name still says who it is not."""

    @property
    def known(self) -> bool:
        """Whether anything says how the author is called."""
        return bool(self.given or self.surname or self.initials)

    @property
    def every(self) -> frozenset[str]:
        """All words in it."""
        return self.parts.union(self.given, self.surname)

    def as_json(self) -> list[Any]:
        return [list(self.given), list(self.surname), list(self.handles), sorted(self.parts), self.initials, self.short, self.real]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Name":
        given, surname, handles, parts, initials, short, real = data
        return cls(tuple(given), initials, tuple(surname), short, tuple(handles), frozenset(parts), real)

    def among(self, common: Collection[str]) -> "Name":
        """The same name where these words are common."""
        found = frozenset(part for part in self.every if part in common)
        return self if found == self.common else replace(self, common=found)

    @property
    def telling(self) -> "Name":
        """What is left of it without what is common."""
        given, surname = (tuple(part for part in some if part not in self.common) for some in (self.given, self.surname))
        return replace(self, given=given, surname=surname, parts=self.parts - self.common, common=frozenset())


def name(called: str | None, handle: str | None, email: str | None, ours: Collection[str] = ()) -> Name:
    """`called` is the name that is displayed; `ours` are words of the brand. A handle that is a phone number tells nothing, nor does a server."""
    local = (handle or "").lstrip("@").partition("@")[0]
    written = [folded(value)[:MAX_CHARS] for value in (local, (email or "").partition("@")[0]) if value]
    parts = [_PARTS.findall(value) for value in written]
    handles = tuple(dict.fromkeys(squashed for words in parts if len(squashed := "".join(words)) >= 3))
    shown = folded(called or "")[:MAX_CHARS]
    known_as = handle is not None and shown == folded(handle)
    given, initials, surname, short = _read(shown) if shown and not (known_as and " " not in shown) else ((), "", (), "")
    every = ({part for words in parts for part in words if len(part) >= 2} | set(given) | set(surname)) - _FILLERS
    every -= set(ours)
    real = bool(surname) and (
        not handle or len(surname[-1]) == 1 or any(len(part) >= 3 and part in one for part in surname for one in handles)
    )
    return Name(given, initials, surname, short, handles, frozenset(every), real)


def _read(shown: str) -> tuple[tuple[str, ...], str, tuple[str, ...], str]:
    """Given names, initials, surname and its initials with particles, of a displayed name."""
    words = [word for word in re.split(r"[\s,]+", shown.replace("’", "'")) if word and word.strip(".") not in _TITLES]
    if filler := next((place for place, word in enumerate(words) if place and word in _FILLERS), None):
        words = words[:filler]  # "Tess op reis", "Joris uit Delft"
    given: list[str] = []
    initials = ""
    while words:
        word = words[0]
        letters = _PARTS.findall(word)
        last = len(words) == 1
        if last and (given or initials):
            break
        if word.strip(".") in _PARTICLES and (given or initials):
            break
        words.pop(0)
        if not letters:
            continue
        if "." in word or all(len(one) == 1 for one in letters) or (len(letters[0]) == 1 and "'" not in word):
            initials += "".join(one[0] for one in letters if len(one) <= 2)
        elif "'" in word and len(letters) > 1:
            given.append("".join(letters))
        else:
            given += letters[:1] if "-" not in word else letters
    family = [part for word in words for part in ([re.sub(r"[^\w]", "", word)] if "'" in word else _PARTS.findall(word))]
    surname = tuple(part for part in family if part not in _PARTICLES)
    return tuple(given), initials, surname, "".join(part[0] for part in family)


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` is 0 (nothing in common) to 1 (the same full name); `against`: they are called otherwise, `clear` where both tell a surname. `said` is for
    people."""

    score: float
    against: bool
    said: str
    clear: bool = False


_NOTHING: Final = Likeness(0.0, False, "")


MAX_NAMESAKES: Final = 5
"""A part of a name that more authors of a brand have of late is like any word."""


def common_parts(authors: Iterable[tuple[object, Name]]) -> frozenset[str]:
    """What more than MAX_NAMESAKES of these authors (who, how they are called) have in their names."""
    having: dict[str, set[object]] = {}
    for who, called in authors:
        for part in called.every:
            having.setdefault(part, set()).add(who)
    return frozenset(part for part, by in having.items() if len(by) > MAX_NAMESAKES)


@lru_cache(maxsize=65_536)
def likeness(one: Name, other: Name) -> Likeness:
    """How alike two authors' names are. Symmetric. What is common is no likeness by itself: something else must be alike, too."""
    found = _likeness(one, other)
    if found.score > 0 and (one.common or other.common) and _likeness(one.telling, other.telling).score <= 0:
        return _NOTHING
    return found


def _likeness(one: Name, other: Name) -> Likeness:
    given = _given(one, other)
    family = _family(one, other)
    if family < 0:
        return Likeness(0.0, True, "another surname", given <= 0) if one.real and other.real else _NOTHING
    if given < 0:
        return Likeness(
            0.0,
            True,
            "the same surname, another first name" if family > 0 else "another first name",
            family > 0 and one.real and other.real,
        )
    if given == 0 and family == 0:
        shared = {part for part in one.parts & other.parts if len(part) >= 4}
        return Likeness(0.35, False, f'"{max(shared, key=len)}" in both names') if shared else _NOTHING
    score = min(1.0, 0.55 * given + 0.5 * family)
    return Likeness(score, False, "the same name" if score >= 0.9 else "a similar name")


def alike(one: Name, other: Name) -> bool:
    """Whether `likeness` gives the two more than 0; sooner said than how much."""
    family = _family(one, other)
    given = 0.0 if family < 0 else _given(one, other)
    return family >= 0 and given >= 0 and (family > 0 or given > 0 or any(len(part) >= 4 for part in one.parts & other.parts))


def _given(one: Name, other: Name) -> float:
    """-1 (two different first names) to 1 (the same one)."""
    best = 0.0
    for a in one.given:
        for b in other.given:
            best = max(best, _called(a, b))
    for mine, theirs in ((one, other), (other, one)) if best < 0.9 else ():
        for first in mine.given:
            if not theirs.given and best < 0.5 and theirs.initials and theirs.initials[0] in _beginnings(first):
                best = 0.5
            if len(first) >= 3 and not theirs.given and any(first in handle for handle in theirs.handles):
                best = 0.9
            elif len(first) >= 3 and best < 0.6 and (first in theirs.parts or any(_called(first, part) >= 0.7 for part in theirs.parts)):
                best = 0.6
    if best > 0:
        return best
    if not one.given and not other.given:
        if one.initials and other.initials:
            return 0.5 if one.initials[0] == other.initials[0] else -1.0
        return 0.0
    if one.given and other.given:
        both_full = one.surname and other.surname
        return -1.0 if both_full or (_plain(one) and _plain(other)) else 0.0
    full, initials = (one, other) if one.given else (other, one)
    return -1.0 if initials.initials and initials.surname and full.surname else 0.0


def _plain(name: Name) -> bool:
    """Whether its first name is one, as far as can be told: it stands in the handle, or begins it, or comes with a surname."""
    return bool(name.surname) or any(len(first) >= 3 and any(first in handle for handle in name.handles) for first in name.given)


def _called(a: str, b: str) -> float:
    """How likely two first names are one person's."""
    if a == b:
        return 1.0
    families = _families()
    if (mine := families.get(a)) and (theirs := families.get(b)) and mine & theirs:
        return 0.85
    if a[0] != b[0]:
        return 0.0
    short, long = sorted((a, b), key=len)
    if len(short) >= 3 and long.startswith(short):
        return 0.8
    if len(short) >= 5 and len(long) - len(short) <= 1 and _one_off(short, long):
        return 0.7
    if len(short) in (3, 4) and short[:2] == long[:2] and len(long) >= len(short):
        return 0.35
    if len(short) == 2 and long.startswith(short):
        return 0.35
    return 0.0


def _one_off(short: str, long: str) -> bool:
    """Whether one letter more, less or other makes them equal; their lengths differ by one at most."""
    at = next((place for place, letter in enumerate(short) if letter != long[place]), len(short))
    return short[at + 1 :] == long[at + 1 :] and at < len(short) if len(short) == len(long) else short[at:] == long[at + 1 :]


def _family(one: Name, other: Name) -> float:
    """-1 (two different surnames) to 1 (the same one)."""
    if one.surname and other.surname:
        best = -1.0
        for a in one.surname:
            for b in other.surname:
                if a == b and len(a) > 1:
                    return 1.0
                if (len(a) <= 2 and b.startswith(a)) or (len(b) <= 2 and a.startswith(b)):
                    best = 0.5
                elif best < 0.3 and min(len(a), len(b)) >= 5 and abs(len(a) - len(b)) <= 1 and _one_off(*sorted((a, b), key=len)):
                    best = 0.3
        return best
    return max(_in_handle(one, other), _in_handle(other, one))


def _in_handle(full: Name, short: Name) -> float:
    """How well what is left of the handle of somebody who shows a first name only fits the other's surname."""
    if not full.surname or short.surname:
        return 0.0
    best = 0.0
    for handle in short.handles:
        if any(len(part) >= 4 and part in handle for part in full.surname):
            return 1.0
        for first in {*full.given, *short.given}:
            if len(first) < 3 or first not in handle:
                continue
            rest = handle.replace(first, "", 1)
            if rest:
                best = max(best, _abbreviates(rest, full))
        if full.given and handle.startswith(full.given[0][0]):
            best = max(best, _abbreviates(handle[1:], full) if len(handle) > 4 else 0.0)
    return best


def _abbreviates(rest: str, full: Name) -> float:
    """Whether `rest` is short for a surname: its beginning, its initials, or some of its letters in order."""
    if rest == full.short and len(rest) >= 2:
        return 0.8
    for part in full.surname:
        if part.startswith(rest):
            return 0.8 if len(rest) >= 3 else 0.6 if len(rest) == 2 else 0.3
        if len(rest) >= 2 and rest[0] == part[0] and len(rest) <= 4 and _in_order(rest, part):
            return 0.6
        if len(rest) >= 3 and rest.endswith(part[: max(3, len(part) - 2)]) and len(part) >= 3:
            return 0.7
    return 0.0


def _in_order(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)
