"""Scripts that should exist: answers that people keep writing themselves.

What was sent without a script, or with much of one changed, comes in; the answers that say the same go out, most first, each with a text that could be a
script: what they share, with a variable where they differ. Personal data is taken out before anything is compared: greetings and signatures become the
variables that they are, names and numbers others. Pure but for the table of token vectors; no I/O.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import NamedTuple
from uuid import UUID

import numpy as np
import regex

from libs.common.bookscripts import VARIABLE
from libs.common.brandbook import BrandBook
from libs.common.masking import shaped
from libs.common.personal import Lens, personal_data
from libs.common.wordvectors import Floats, word_vectors
from services.responder.script import GREETING_WORDS

FEWEST = 4
"""Answers to different customers that make a suggestion."""
ALIKE = 0.85
"""Cosine of an answer and what the others of its group say on average."""
SAME = 0.92
"""Cosine at which it is a script that there is, or a suggestion that was made before."""
_SHARED = 0.6
"""The share of the answers that have a word where it is not a variable."""
_MOST_OPEN = 0.4
"""The share of its words that may be variables: with more, the answers share too little to be a script."""
_MOST_WORDS = 300
_COMPARED = 40

_GREETING = regex.compile(
    r"^(?:@\S+\s+)*(?:" + "|".join(sorted({word for words in GREETING_WORDS.values() for word in words}, key=len, reverse=True)) + r")"
    r"(?![\w'’])(?:\s+[\p{Lu}{][\w'’.{}-]*){0,4}\s*[,!.]*\s*",
    regex.IGNORECASE | regex.V0,
)
_SIGNED = regex.compile(
    r"\s*(?:\^\p{L}{1,4}\W*$|(?:(?:met\s+)?(?:hele?\s+)?(?:vriendelijke|hartelijke|warme|beste)\s+groet(?:en|jes)?|groet(?:en|jes)?|"
    r"(?:kind|best|warm)\s+regards|regards|cheers)\s*[,!.]*\s*[^\n]{0,60}(?:\n[^\n]{0,60}){0,3}$)",
    regex.IGNORECASE,
)


class Answer(NamedTuple):
    """A reply that was sent. `customer` is what its reader calls themselves."""

    reply_id: UUID
    case_id: UUID
    label: str | None
    language: str
    writer: str | None
    text: str
    customer: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Answers that say the same. `centre` is what they mean on average, of length one."""

    label: str | None
    language: str
    number: int
    people: int
    text: str
    example: str
    replies: tuple[UUID, ...]
    centre: Floats


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A group as it is kept, from one look to the next."""

    id: UUID
    brand: str
    label: str | None
    language: str
    state: str
    number: int
    people: int
    text: str
    example: str
    replies: list[UUID]
    centre: bytes
    found_at: datetime
    changed_at: datetime
    decided_by: str | None = None
    script: str | None = None

    @property
    def meaning(self) -> Floats:
        return np.frombuffer(self.centre, dtype=np.float32)


def masked(answer: Answer, book: BrandBook, lens: Lens) -> str:
    """What an answer says, without who says it to whom: greeting and signature taken off, names and personal data as variables."""
    text = _GREETING.sub("", answer.text.strip(), count=1)
    text = _SIGNED.sub("", text, count=1).rstrip()
    lines = text.splitlines()
    if lines and lines[-1].strip(" ,.!") in {member.first_name for member in book.team}:
        text = "\n".join(lines[:-1]).rstrip()
    spans = [(found.start, found.end, _variable(found.kind)) for found in personal_data(text, lens)]
    spans += [(span.start, span.end, _variable(span.kind)) for span in shaped(text)]
    for word in (answer.customer or "").split():
        if len(word.strip(".,")) > 1:
            spans += [(*match.span(), "{voornaam}") for match in regex.finditer(rf"(?<!\w){regex.escape(word.strip('.,'))}(?!\w)", text)]
    said, at = [], 0
    for start, end, variable in sorted(spans):
        if start >= at:
            said += [text[at:start], variable]
            at = end
    return "".join([*said, text[at:]])


def _variable(kind: str) -> str:
    return {"phone": "{telefoonnummer}", "email": "{mailadres}", "postcode_address": "{adres}", "birthdate": "{datum}"}.get(
        kind, "{nummer}"
    )


def groups(answers: Sequence[Answer], book: BrandBook, known: Sequence[str]) -> list[Group]:
    """Those of `FEWEST` and more, the largest first; none that says what one of the `known` scripts says."""
    lens = Lens.of(book)
    said = [masked(answer, book, lens) for answer in answers]
    vectors = word_vectors()
    meaning = vectors.static_of([VARIABLE.sub(" ", text) for text in said])
    scripts = vectors.static_of([VARIABLE.sub(" ", text) for text in known])
    by_subject: dict[tuple[str | None, str], list[int]] = {}
    for place, answer in enumerate(answers):
        if said[place].strip() and meaning[place].any():
            by_subject.setdefault((answer.label, answer.language), []).append(place)
    found = []
    for (label, language), places in by_subject.items():
        for members in _alike(meaning, places):
            cases = {answers[place].case_id: place for place in members}
            if len(cases) < FEWEST:
                continue
            centre = _centre(meaning, members)
            if len(scripts) and float((scripts @ centre).max()) >= SAME:
                continue
            ordered = sorted(cases.values(), key=lambda place: float(meaning[place] @ centre), reverse=True)
            text = proposed([said[place] for place in ordered])
            if text is not None:
                people = {answers[place].writer for place in members}
                replies = tuple(answers[place].reply_id for place in ordered[:10])
                found.append(Group(label, language, len(cases), len(people), text, said[ordered[0]], replies, centre))
    return sorted(found, key=lambda group: (-group.number, group.text))


def _alike(meaning: Floats, places: Iterable[int]) -> list[list[int]]:
    """One after another, each joins the group that it is nearest to, or begins one."""
    sums: list[Floats] = []
    members: list[list[int]] = []
    for place in places:
        if sums:
            centres = np.array(sums)
            likeness = (centres @ meaning[place]) / np.linalg.norm(centres, axis=1)
            best = int(likeness.argmax())
            if likeness[best] >= ALIKE:
                sums[best] = sums[best] + meaning[place]
                members[best].append(place)
                continue
        sums.append(meaning[place].copy())
        members.append([place])
    return members


def _centre(meaning: Floats, members: Sequence[int]) -> Floats:
    total: Floats = meaning[list(members)].sum(axis=0)
    centre: Floats = (total / np.linalg.norm(total)).astype(np.float32)
    return centre


def proposed(texts: Sequence[str]) -> str | None:
    """A script from answers that say the same, the most typical first: its words, with a variable where the others have other words. None where they share
    too little."""
    words = texts[0].split()
    if len(words) > _MOST_WORDS:
        return None
    others = [text.split()[:_MOST_WORDS] for text in texts[1 : _COMPARED + 1]]
    shared: Counter[int] = Counter()
    for other in others:
        for block in SequenceMatcher(None, words, other, autojunk=False).get_matching_blocks():
            shared.update(range(block.a, block.a + block.size))
    stays = [
        shared[place] >= _SHARED * len(others) or VARIABLE.fullmatch(word.strip(".,!?")) is not None for place, word in enumerate(words)
    ]
    if stays.count(False) > _MOST_OPEN * len(words):
        return None
    said: list[str] = []
    number = 0
    for place, word in enumerate(words):
        if stays[place]:
            said.append(word)
        elif place == 0 or stays[place - 1]:
            number += 1
            said.append(f"{{gegeven{number}}}")
        if not stays[place] and word[-1] in ".,!?" and (place + 1 == len(words) or stays[place + 1]):
            said[-1] += word[-1]
    return "{groet}, " + " ".join(said) + " {handtekening}"


def matched(groups: Sequence[Group], kept: Sequence[Suggestion]) -> list[tuple[Group, Suggestion | None]]:
    """Each group with the suggestion that it is, as far as it was one before: of the same label and language, and meaning the same."""
    left = list(kept)
    found: list[tuple[Group, Suggestion | None]] = []
    for group in groups:
        same = [
            one for one in left if (one.label, one.language) == (group.label, group.language) and float(one.meaning @ group.centre) >= SAME
        ]
        best = max(same, key=lambda one: float(one.meaning @ group.centre), default=None)
        if best is not None:
            left.remove(best)
        found.append((group, best))
    return found
