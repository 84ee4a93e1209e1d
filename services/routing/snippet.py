"""Which part of which text is shown for a hit, and what is marked in it. Pure, but for the stems, which the database knows.

Masked texts come in, so nothing that is hidden is marked or shown. Marks are ranges of code points in the excerpt.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common import db
from services.routing.question import Term
from services.routing.search_index import numbers_in

LENGTH = 240
_LEAD = 60
_MOST_WORDS = 400
_WORD = re.compile(r"\w+")
_NUMBERISH = re.compile(r"(?<!\w)\+?[A-Za-z0-9](?:[ .\-/()_]{0,2}[A-Za-z0-9])*")


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that was written, as its reader sees it. `source`: message | title, or one of `written.py`."""

    source: str
    id: UUID
    at: datetime
    channel: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Snippet:
    piece: Piece
    text: str
    marks: Sequence[tuple[int, int]]


async def stems(connection: db.Connection, pieces: Iterable[Piece], terms: Sequence[Term]) -> Mapping[str, frozenset[str]]:
    """Word → its stems in both languages, for every word of these texts and terms."""
    words = {word for text in (*(p.text[:20_000] for p in pieces), *(t.text for t in terms)) for word in _WORD.findall(text)}
    rows = await connection.fetch(
        "select w, ts_lexize('dutch_stem', f) || ts_lexize('english_stem', f) || array[f] as stems from unnest($1::text[]) w "
        "cross join lateral (select unaccent(lower(w)) as f) folded",
        list(words),
    )
    return {row["w"]: frozenset(row["stems"] or ()) for row in rows}


def best(pieces: Sequence[Piece], terms: Sequence[Term], known: Mapping[str, frozenset[str]]) -> Snippet | None:
    """The part of the text in which most of the terms stand, the newest of several; none where none stands anywhere."""
    found: tuple[int, datetime, Piece, list[tuple[int, int]]] | None = None
    for piece in pieces:
        marks, number = marked(piece.text, terms, known)
        if marks and (found is None or (number, piece.at) > found[:2]):
            found = number, piece.at, piece, marks
    return excerpt(found[2], found[3]) if found else None


def marked(text: str, terms: Sequence[Term], known: Mapping[str, frozenset[str]]) -> tuple[list[tuple[int, int]], int]:
    """(where terms stand in a text, how many of the terms do)."""
    places: dict[tuple[int, int], None] = {}
    stand = 0
    wanted = [frozenset().union(*(known.get(word, frozenset()) for word in _WORD.findall(term.text))) for term in terms]
    words = [(match.span(), match[0]) for match in _WORD.finditer(text)]
    for term, its in zip(terms, wanted, strict=True):
        if term.number:
            here = [m.span() for m in _NUMBERISH.finditer(text) if any(term.text in n for n in numbers_in(m[0]))]
        elif term.prefix:
            here = [span for span, word in words if any(stem.startswith(term.text.lower()) for stem in known.get(word, ()))]
        else:
            here = [span for span, word in words if its & known.get(word, frozenset())]
        stand += bool(here)
        places |= dict.fromkeys(here[:_MOST_WORDS])
    return sorted(places), stand


def excerpt(piece: Piece, marks: Sequence[tuple[int, int]]) -> Snippet:
    """Up to `LENGTH` characters from shortly before the densest group of marks, cut at words."""
    text = piece.text
    start = max(marks, key=lambda mark: (sum(mark[0] <= m[0] < mark[0] + LENGTH - _LEAD for m in marks), -mark[0]))[0] - _LEAD
    if start <= 0:
        start = 0
    else:
        space = text.find(" ", start, start + _LEAD)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + LENGTH)
    if end < len(text):
        space = text.rfind(" ", start + LENGTH // 2, end)
        end = space if space >= 0 else end
    before, after = "… " if start else "", " …" if end < len(text) else ""
    shift = len(before) - start
    kept = [(max(a, start) + shift, min(b, end) + shift) for a, b in marks if a < end and b > start]
    flat = "".join(" " if c in "\r\n\t" else c for c in text[start:end])
    return Snippet(piece, f"{before}{flat}{after}", _joined(kept))


def _joined(marks: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without overlaps."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
