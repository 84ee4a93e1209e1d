"""Drafts that people have read for promises, and how well those are found."""

import gc
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from libs.common.hours import Calendar, parse_block
from services.responder import promise

ZONE = ZoneInfo("Europe/Amsterdam")
_MARKED = re.compile(r"\[([^\]]*)\]\{([^}]*)\}")


def calendar() -> Calendar:
    import holidays

    weekdays = ((parse_block("08:00-21:00"),),) * 5
    return Calendar(ZONE, (*weekdays, (parse_block("09:00-17:00"),), ()), {}, holidays.country_holidays("NL"), True)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text, when it was written, and the (start, end, due) of each promise in it as a person reads it."""

    language: str
    now: datetime
    text: str
    promises: tuple[tuple[int, int, datetime | None], ...]


def read(name: str) -> list[Draft]:
    """The drafts of a file; its first lines say how they are written."""
    drafts, now = [], datetime(2026, 1, 1, tzinfo=ZONE)
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            now = _moment(line[1:].strip())
        elif line and not line.startswith("#"):
            language, _, marked = line.partition(" | ")
            drafts.append(_draft(language, now, marked.replace("\\n", "\n")))
    return drafts


def _draft(language: str, now: datetime, marked: str) -> Draft:
    text, promises, at = "", [], 0
    for found in _MARKED.finditer(marked):
        text += marked[at : found.start()]
        promises.append((len(text), len(text) + len(found[1]), None if found[2] == "-" else _moment(found[2])))
        text, at = text + found[1], found.end()
    return Draft(language, now, text + marked[at:], tuple(promises))


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


@dataclass(slots=True)
class Score:
    """How many of the promises that people read were found, of those that were found are ones, and have the very moment."""

    expected: int = 0
    found: int = 0
    matched: int = 0
    exact: int = 0
    wrong: list[str] = None  # type: ignore[assignment]

    @property
    def precision(self) -> float:
        return self.matched / max(1, self.found)

    @property
    def recall(self) -> float:
        return self.matched / max(1, self.expected)

    @property
    def due(self) -> float:
        return self.exact / max(1, self.matched)


def score(drafts: list[Draft]) -> Score:
    """A promise is found where the words overlap with those that a person marked."""
    hours, told = calendar(), Score(wrong=[])
    gc.collect()  # a draft in whose turn all that other tests left behind is looked through would run out of processor time
    gc.freeze()
    for draft in drafts:
        found = promise.found(draft.text, calendar=hours, now=draft.now, language=draft.language)
        left = list(found)
        told.expected += len(draft.promises)
        told.found += len(found)
        for start, end, due in draft.promises:
            same = next((one for one in left if one.start < end and start < one.end), None)
            if same is None:
                told.wrong.append(f"missed: {draft.text[start:end]!r} in {draft.text!r}")
                continue
            left.remove(same)
            told.matched += 1
            told.exact += same.due_at == due
            if same.due_at != due:
                got = same.due_at.astimezone(ZONE).isoformat() if same.due_at else None
                told.wrong.append(f"due {got} instead of {due}: {draft.text!r} ({same.text!r})")
        told.wrong += [f"none: {one.text!r} {one.due_at} in {draft.text!r}" for one in left]
    return told
