"""What leaves for a language model: texts with open places for everything that tells who somebody is, and the way back.

A text and the names that are known come in; the same text with `⟦phone-1⟧` for each phone number, `⟦name-1⟧` for each name goes out. The same value
has the same place in every text of one `Masking`, so that a reader can follow it and cannot learn it. What is masked too much costs the draft a
detail; what is masked too little is told to a stranger: in doubt it is masked. Pure: no I/O.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import regex

from libs.common.events import PersonalData
from services.responder.script import first_name

OPEN, CLOSE = "⟦", "⟧"
PLACE: Final = re.compile(rf"{OPEN}([a-z_]{{1,20}})-(\d{{1,4}}){CLOSE}")
NAME, COLLEAGUE, HANDLE, LINK, NUMBER, STREET, INTERNAL = "name", "colleague", "handle", "link", "number", "street", "internal"

_LINK: Final = regex.compile(r"(?:https?://|www\.)[^\s<>\"“”]{1,2000}", regex.IGNORECASE)
_HANDLE: Final = regex.compile(r"(?<![\w@/.])@[\w.-]{1,100}\w(?:@[\w.-]{1,100}\w)?")
_NUMBER: Final = regex.compile(r"(?<![\w])(?:[A-Z]{1,4}-?)?\d(?:[ ./-]?\d){4,39}(?!\w)")
_MOST_BARE: Final = 20
"""Handles of one text that are looked for without their @ too: a text that is all handles must not cost a second."""
_DATE: Final = re.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ](?:20)?\d\d|20\d\d[-/.]\d\d[-/.]\d\d")
_PERSON: Final = (
    r"((?:\p{Lu}\.[ ]?){0,4}(?:(?:van|de|der|den|ten|ter|te|el|al|von)[ ]){0,3}\p{Lu}[\p{L}\p{M}'’-]{1,40}"
    r"(?:[ ](?:(?:van|de|der|den|ten|ter|te|el|al|von)[ ]){0,3}\p{Lu}[\p{L}\p{M}'’-]{1,40}){0,3})"
)
_SAID: Final = regex.compile(
    r"(?i:\b(?:mijn naam is|ik heet|genaamd|heet|ik ben|namens|met de naam|my name is|named|called|i am|i['’]m|this is|t\.?a\.?v\.?|de heer|mevrouw|meneer"
    r"|dhr\.?|mevr\.?|mr\.?|mrs\.?|ms\.?|miss|familie|(?:buur|schoon|zaken)?man|(?:buur)?vrouw|(?:schoon|klein)?(?:zoon|dochter|moeder|vader|zus|broer)"
    r"|opa|oma|tante|oom|baby|kind|dochtertje|zoontje|collega|vriend|vriendin|monteur|medewerker|medewerkster|chauffeur|conducteur|conductrice"
    r"|husband|wife|son|daughter|mother|father|mum|mom|dad|sister|brother|colleague|friend|neighbour|engineer|agent|driver))"
    rf",?[ ]{{1,3}}{_PERSON}"
)
_SIGNED: Final = regex.compile(
    r"(?i:\b(?:groet(?:en|jes)?|gr|mvg|regards|cheers|thanks|bedankt|hoogachtend|sincerely|best))[\s,.!]{1,6}" + _PERSON + r"\s*$",
    regex.MULTILINE,
)
_STREET: Final = regex.compile(
    r"(?<!\w)(?!(?i:onderweg|snelweg|terugweg|spoorweg|hoofdweg)\b)\p{Lu}[\p{L}'’-]{2,40}"
    r"(?:straat|laan|weg|plein|kade|gracht|dreef|singel|steeg|pad|street|road|avenue)(?:\s\d{1,5}\s?[a-zA-Z]?)?(?!\w)"
)
_PARTICLES: Final = frozenset(
    {"van", "de", "der", "den", "ten", "ter", "te", "el", "al", "von", "het", "in", "op", "dhr", "mevr", "mr", "mrs", "ms"}
)


class Restored(NamedTuple):
    """A text whose places were put back as far as they may be; `open` are those that stay, in the order of the text, each once."""

    text: str
    open: tuple[str, ...]


@dataclass(slots=True)
class Masking:
    """The places of one draft. `find` says where a text holds personal data; `names` are (kind, name) that are known, such as the customer's.

    `ours` are handles of the brand's own, in lower case without @: they are no secret."""

    find: Callable[[str], Iterable[PersonalData]]
    names: Sequence[tuple[str, str]] = ()
    ours: frozenset[str] = frozenset()
    _place: dict[tuple[str, str], str] = field(default_factory=dict)
    _value: dict[str, str] = field(default_factory=dict)

    def mask(self, text: str) -> str:
        """The text with a place for each thing that tells who somebody is. What looks like a place in it is none: brackets are made ordinary."""
        text = text.replace(OPEN, "[").replace(CLOSE, "]")
        taken = bytearray(len(text))
        spans: list[tuple[int, int, str]] = []

        def take(start: int, end: int, kind: str) -> None:
            if start < end and taken.find(1, start, end) < 0:
                taken[start:end] = b"\1" * (end - start)
                spans.append((start, end, kind))

        for match in _LINK.finditer(text):
            take(match.start(), match.start() + len(match[0].rstrip(".,;:!?)")), LINK)
        for one in self.find(text):
            for start, end in _free(taken, one.start, one.end):
                take(start, end, one.kind)
        handles = [match for match in _HANDLE.finditer(text) if match[0][1:].lower() not in self.ours]
        for match in handles:
            take(*match.span(), HANDLE)
        for bare in list(dict.fromkeys(match[0][1:] for match in handles))[:_MOST_BARE]:  # the same account without its @
            for start, end in _written(bare, text):
                take(start, end, HANDLE)
        for kind, name in self.names:
            for start, end in _written(name, text):
                take(start, end, kind)
        for pattern in (_SAID, _SIGNED):
            for match in pattern.finditer(text, overlapped=True):
                for start, end in _free(taken, *match.span(1)):
                    if text[start:end].strip():
                        take(start, end, NAME)
        for match in _STREET.finditer(text):
            for start, end in _free(taken, *match.span()):
                take(start, end, STREET)
        for match in _NUMBER.finditer(text):
            if not _DATE.fullmatch(match[0]):
                for start, end in _free(taken, *match.span()):
                    take(start, end, NUMBER)
        return self._with_places(text, sorted(spans))

    def restore(self, text: str, *, public: bool) -> Restored:
        """A model's text with what its places stand for. In public nothing comes back but the first name of the customer, which is no secret there:
        what stays open is a place that was never filled in, and the guard holds the text back. A place that was not given out stays too."""
        left: dict[str, None] = {}

        def value(match: re.Match[str]) -> str:
            known = self._value.get(match[0])
            if known is not None and public:
                known = first_name(known) if match[1] == NAME and self._is_known(known) else None
            if known is None:
                left.setdefault(match[0])
                return match[0]
            return known

        return Restored(PLACE.sub(value, text), tuple(left))

    def _is_known(self, name: str) -> bool:
        return any(kind == NAME and known.lower() == name.lower() for kind, known in self.names)

    def _with_places(self, text: str, spans: Sequence[tuple[int, int, str]]) -> str:
        parts, at = [], 0
        for start, end, kind in spans:
            parts += [text[at:start], self._of(kind, text[start:end])]
            at = end
        return "".join(parts) + text[at:]

    def _of(self, kind: str, value: str) -> str:
        key = (kind, re.sub(r"\W", "", value).lower() or value)
        if key not in self._place:
            place = f"{OPEN}{kind}-{1 + sum(known == kind for known, _ in self._place)}{CLOSE}"
            self._place[key], self._value[place] = place, value
        return self._place[key]


def name_parts(name: str | None) -> list[str]:
    """A display name as it may be written: whole, and each of its words that is a name by itself; longest first."""
    whole = " ".join((name or "").split())
    words = [word.strip(".,()'’\"") for word in whole.split()]
    parts = {word for word in words if len(word) >= 2 and word.lower() not in _PARTICLES and any(c.isalpha() for c in word)}
    return sorted({whole, *parts} - {""}, key=len, reverse=True)


def _written(name: str, text: str) -> Iterable[tuple[int, int]]:
    """Where a name stands in a text. A word with a capital is found in any case of letters; one without it only as it is written."""
    if name.lower() not in text.lower():
        return ()
    pattern = rf"(?<![\w]){regex.escape(name)}(?![\w])"
    return [match.span() for match in regex.finditer(pattern, text, 0 if len(name) < 4 else regex.IGNORECASE)]


def _free(taken: bytearray, start: int, end: int) -> list[tuple[int, int]]:
    """What of a span nothing has claimed yet: of a name of which a part is known the rest is masked too."""
    found: list[tuple[int, int]] = []
    at = start
    while at < end:
        if taken[at]:
            at += 1
            continue
        stop = taken.find(1, at, end)
        stop = end if stop < 0 else stop
        found.append((at, stop))
        at = stop
    return found
