"""What a text promises its reader: finds our commitments that say by when, in Dutch and English.

A draft's text, the brand's calendar and the moment of writing come in; promises go out, each with its words, their place and when it is due. A promise is
something that we ourselves, a colleague or our team will do, or that the reader will have from us, with a time: "ik laat je voor 18 uur weten",
"you'll hear from us by Friday". Timetables, planned works, deliveries, expectations of others, opening hours, questions, what already happened and what
the reader is asked to do are none. What is said with an elastic time only ("zo snel mogelijk") has no moment; what is said with no time at all is not
found. How a moment follows from the words stands in `moments.py`. Pure: no I/O, time passed in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import regex

from libs.common.hours import Calendar
from services.responder import moment_words, moments
from services.responder.bounded import within
from services.responder.moments import Clock, Phrase
from services.responder.promise_words import WORDS, Words
from services.responder.verdicts import reading
from services.responder.verdicts.reading import Reading

FIND_CPU_S = 0.5
"""What finding may cost on one text; an ordinary one takes half a millisecond."""
KEPT = 20
"""Promises of one text that are kept."""
_LONGEST = 300
"""Characters of a promise's words that are kept."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The words, their place in the text (code points, end exclusive), and when it is due (UTC); none: that cannot be computed."""

    text: str
    start: int
    end: int
    due_at: datetime | None


@dataclass(slots=True)
class _Clause:
    start: int
    end: int
    kind: str
    phrases: list[Phrase]


def found(text: str, *, calendar: Calendar, now: datetime, language: str) -> list[Promise]:
    """The promises of a text, in its order. Written in another language than was said, it is read in that one.

    Raises `TimeoutError` for a text that takes too long to read.
    """
    clock = Clock(calendar, now)
    with within(FIND_CPU_S):
        read = reading.of_text(text)
        readable = read.own_lower
        for name in ("nl", "en") if language == "nl" else ("en", "nl"):
            if name not in read.likely or (name != language and not WORDS[name].written.search(readable)):
                continue
            promises = list(_promises(read, WORDS[name], clock))
            if promises:
                return promises[:KEPT]
    return []


def _promises(read: Reading, words: Words, clock: Clock) -> Iterator[Promise]:
    readable = read.own_lower
    phrases = moment_words.phrases(read, words.language, clock)
    if not phrases:
        return
    for sentence in read.sentences:
        start, end = sentence.start, sentence.end
        inside = [phrase for phrase in phrases if start <= phrase.start < end]
        asks = sentence.asks and not words.tag_question.search(readable[start:end])
        if inside and not asks:
            for unit in _together(_units(read, start, end, inside, words)):
                timed = [phrase for clause in unit for phrase in clause.phrases]
                if timed:
                    yield _promise(read.text, unit, timed, words, readable, clock)


def _promise(text: str, unit: list[_Clause], timed: list[Phrase], words: Words, readable: str, clock: Clock) -> Promise:
    start = min(unit[0].start, *(phrase.start for phrase in timed))
    end = max(unit[-1].end, *(phrase.end for phrase in timed))
    lead = words.lead.match(readable[start:end])
    start += lead.end() if lead else 0
    end = min(start + len(text[start:end].rstrip(" \t\r\n,;:.!–—-(")), start + _LONGEST)
    return Promise(text[start:end], start, end, moments.due_at(timed, clock))


def _units(read: Reading, start: int, end: int, phrases: list[Phrase], words: Words) -> Iterator[list[_Clause]]:
    """The commitments of a sentence: the clauses of each, with the phrases of time that are about it."""
    clauses = list(_clauses(read, start, end, phrases, words))
    unit: list[_Clause] = []
    pending: list[_Clause] = []
    for clause in clauses:
        if clause.kind == "commitment":
            if any(not phrase.elastic for part in unit for phrase in part.phrases) and (clause.phrases or pending):
                yield unit
                unit = []
            unit = [*unit, *pending, clause]
            pending = []
        elif clause.kind == "time":
            if unit:
                unit.append(clause)
            else:
                pending.append(clause)
        elif clause.kind == "content" and unit and unit[-1].kind == "commitment" and unit[-1].end == clause.start:
            unit.append(clause)
        elif clause.kind != "aside":
            if unit:
                yield unit
            unit, pending = [], []
    if unit:
        yield unit


def _together(units: Iterable[list[_Clause]]) -> Iterator[list[_Clause]]:
    """Commitments of a sentence of which one says the day and the next at what time: "I'll look at it on Tuesday and call you by 17:00"."""
    before: list[_Clause] | None = None
    for unit in units:
        if before is not None and _only(before, "day") and _only(unit, "minute"):
            before = [*before, *unit]
            continue
        if before is not None:
            yield before
        before = unit
    if before is not None:
        yield before


def _only(unit: list[_Clause], what: str) -> bool:
    """Whether all that it says of time is of one kind."""
    phrases = [phrase for clause in unit for phrase in clause.phrases]
    return bool(phrases) and all(getattr(phrase, what) is not None and phrase.part is None for phrase in phrases)


def _clauses(read: Reading, start: int, end: int, phrases: list[Phrase], words: Words) -> Iterator[_Clause]:
    """The clauses of a sentence and what each is: see `Words.kind`."""
    readable, cuts = read.own_lower, [start]
    for match in words.boundary.finditer(readable[start:end]):
        at = start + match.start()
        if (
            at > cuts[-1]
            and not any(phrase.start <= at < phrase.end for phrase in phrases)
            and not _joins(readable, match, at, phrases, words)
        ):
            cuts.append(at)
    cuts.append(end)
    subject = False
    vouched = False
    for first, last in pairwise(cuts):
        own = [phrase for phrase in phrases if first <= phrase.start < last]
        said = _without(readable, first, last, own)
        kind = words.kind(said, readable[:first], read, subject=subject, vouched=vouched)
        subject = words.speaks(said, read) or (subject and kind in ("commitment", "aside"))
        vouched = words.vouches(said, read) or (vouched and kind == "time")
        kind = "other" if kind == "aside" and own else kind
        if kind != "other" or own or said.strip(" ,;:-"):
            yield _Clause(first, last, kind, own if kind in ("commitment", "content", "time") else [])


def _joins(readable: str, match: "regex.Match[str]", at: int, phrases: list[Phrase], words: Words) -> bool:
    """Whether a word that can begin a clause joins two times instead: "vandaag of morgen", "om 17:00"."""
    if match[0].strip() not in words.joining:
        return False
    before = max((phrase.end for phrase in phrases if phrase.start < at), default=None)
    follows = next((phrase.start for phrase in phrases if phrase.start >= at), None)
    apart = before is None or bool(readable[before:at].strip())
    return follows is not None and not apart and not readable[at + len(match[0]) : follows].strip()


def _without(readable: str, start: int, end: int, phrases: list[Phrase]) -> str:
    """A clause without its phrases of time."""
    parts, at = [], start
    for phrase in phrases:
        parts += [readable[at : max(at, phrase.start)], " "]
        at = max(at, min(phrase.end, end))
    return "".join([*parts, readable[at:end]])
