"""Scripts and snippets found by what they mean and by their words.

What can be found comes in, with a query; the best come out. Meaning is the cosine of the whole encoder's vectors (`libs/common/wordvectors.py`); words are
compared by their beginnings and by four letters at a time, the rarer the more, so that inflections and compounds count too. On thirty searches among forty
scripts (`tests/unit/responder/searches.py`) the right one is among the first three in 22, by words alone in 8.

An instance reads the encoder when it is first asked, and remembers the vector of every text that it has seen: by its words, so that a new version costs
what is new in it. What it has no vector of yet is found by its words, and by its meaning a moment later.
"""

import asyncio
import logging
import math
import re
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from libs.common.bookscripts import VARIABLE
from libs.common.wordvectors import DIMENSIONS, Floats, plain, word_vectors

log = logging.getLogger(__name__)

_WORDS = 0.5
"""What likeness of words weighs beside likeness of meaning."""
_LABEL = 0.15
"""What it is worth that something answers a label that the case has."""
_AT_ONCE = 200
"""Texts whose vectors a search waits for: a third of a second. The others follow after it."""
_LATER_AT_ONCE = 32
"""Texts between which a search gets its turn."""
_REMEMBERED = 40_000
_INDEXES = 64
QUERY_CHARS = 500
"""What is read of a question."""
_WORD = re.compile(r"\w+")


class Item(NamedTuple):
    """Something that can be found. `texts`: all that it says."""

    id: str
    language: str
    labels: frozenset[str]
    texts: tuple[str, ...]


class Hit(NamedTuple):
    item: Item
    score: float


def grams(text: str) -> Counter[str]:
    """The words of a text by their beginnings and by four letters at a time."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(plain(text)):
        found[f"^{word[:3]}"] += 1
        for start in range(len(word) - 3):
            found[word[start : start + 4]] += 1
    return found


def _bare(text: str) -> str:
    """A text as it is compared: without its variables."""
    return VARIABLE.sub(" ", text)


class Index:
    """What can be found of one version of a collection, ready to be asked."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.texts = [_bare(text) for item in items for text in item.texts]
        self._owner = np.repeat(np.arange(len(items)), [len(item.texts) for item in items])
        postings: dict[str, list[int]] = {}
        counted = [grams(text) for text in self.texts]
        for place, found in enumerate(counted):
            for gram in found:
                postings.setdefault(gram, []).append(place)
        self._weight = {gram: math.log(1 + len(self.texts) / len(places)) ** 2 for gram, places in postings.items()}
        self._postings: dict[str, NDArray[np.int64]] = {gram: np.array(places) for gram, places in postings.items()}
        self._unknown = math.log(1 + len(self.texts) * 2) ** 2
        self._norms = np.array([math.sqrt(sum(self._weight[gram] for gram in found)) or 1.0 for found in counted])

    def by_words(self, query: str) -> NDArray[np.float64]:
        """Shape (texts,): 0 to 1."""
        asked = grams(query)
        scores = np.zeros(len(self.texts))
        for gram in asked:
            if gram in self._postings:
                scores[self._postings[gram]] += self._weight[gram]
        norm = math.sqrt(sum(self._weight.get(gram, self._unknown) for gram in asked)) or 1.0
        found: NDArray[np.float64] = scores / (self._norms * norm)
        return found

    def search(self, query: str, by_meaning: NDArray[np.float64], *, language: str | None, labels: Iterable[str], limit: int) -> list[Hit]:
        """The best, the best first. `by_meaning`: shape (texts,), the cosine of each text and the query."""
        if not self.items:
            return []
        of_texts = by_meaning + _WORDS * self.by_words(query)
        best = np.full(len(self.items), -1.0)
        np.maximum.at(best, self._owner, of_texts)
        asked = frozenset(labels)
        hits = [
            Hit(item, float(score) + _LABEL * bool(asked & item.labels))
            for item, score in zip(self.items, best, strict=True)
            if score > 0 and (language is None or item.language == language)
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.item.id))[:limit]


@dataclass(frozen=True, slots=True)
class Found:
    """`by_meaning`: whether all that could be found was compared by its meaning."""

    hits: list[Hit]
    by_meaning: bool


class Finder:
    """One instance's: the indexes of its brands, and the vectors of all texts that it has seen."""

    def __init__(self) -> None:
        self._indexes: OrderedDict[Hashable, tuple[Hashable, Index]] = OrderedDict()
        self._vectors: OrderedDict[str, Floats] = OrderedDict()
        self._reading = asyncio.Lock()
        self._later: set[asyncio.Task[None]] = set()

    def index(self, collection: Hashable, version: Hashable) -> Index | None:
        """The index of this version of a collection; none where it has to be made."""
        known = self._indexes.get(collection)
        return known[1] if known and known[0] == version else None

    async def make(self, collection: Hashable, version: Hashable, items: Sequence[Item]) -> Index:
        made = await asyncio.to_thread(Index, items)
        self._indexes[collection] = version, made
        self._indexes.move_to_end(collection)
        while len(self._indexes) > _INDEXES:
            self._indexes.popitem(last=False)
        return made

    async def search(self, index: Index, query: str, *, language: str | None, labels: Iterable[str] = (), limit: int) -> Found:
        missing = [text for text in dict.fromkeys(index.texts) if text not in self._vectors]
        async with self._reading:
            asked = (await asyncio.to_thread(_encode, [query]))[0]
            if not self._later:
                await self._read(missing[:_AT_ONCE])
        if len(missing) > _AT_ONCE and not self._later:
            task = asyncio.create_task(self._read_later(missing[_AT_ONCE:]))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        nothing = np.zeros(DIMENSIONS, dtype=np.float32)
        matrix = np.array([self._vectors.get(text, nothing) for text in index.texts]).reshape(-1, DIMENSIONS)
        hits = await asyncio.to_thread(
            index.search, query, np.asarray(matrix @ asked, dtype=np.float64), language=language, labels=labels, limit=limit
        )
        return Found(hits, all(text in self._vectors for text in missing))

    async def _read(self, texts: Sequence[str]) -> None:
        if texts:
            for text, vector in zip(texts, await asyncio.to_thread(_encode, texts), strict=True):
                self._vectors[text] = vector
            while len(self._vectors) > _REMEMBERED:
                self._vectors.popitem(last=False)

    async def _read_later(self, texts: Sequence[str]) -> None:
        try:
            for first in range(0, len(texts), _LATER_AT_ONCE):
                async with self._reading:
                    await self._read(texts[first : first + _LATER_AT_ONCE])
        except Exception:
            log.exception("texts are found by their words only")


def _encode(texts: Sequence[str]) -> Floats:
    """Shape (n, 512): rows of length one. A third of a second for 200 texts; reads the encoder at its first use."""
    vectors = word_vectors()
    with vectors.one_thread():
        found = vectors.whole([plain(text) for text in texts])
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    np.divide(found, norms, out=found, where=norms > 0)
    return found
