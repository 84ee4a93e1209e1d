"""Numbers from words: texts reach this module, arrays that the heads can score leave it.

Two views of a text, both cheap enough for tens of thousands of texts a second on one core:

- *static*: the weighted mean of its token vectors (`libs/common/wordvectors.py`). Words of one meaning lie close together in all languages, so what is
  learnt from English holds in Dutch.
- *n-grams*: hashed single tokens and pairs of tokens, which remember the exact words.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from libs.common.wordvectors import Floats, Ints, plain, word_vectors

BUCKETS = 1 << 16
_TOLD_TOKENS = 400  # a reason stands near the front, and each token costs a row of 512 numbers
_SPACE = "\u2581"  # how sentencepiece writes the space before a word


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
    """Texts as the heads see them, with the process's one table of token vectors."""

    def __init__(self) -> None:
        self._vectors = word_vectors()

    def encode(self, texts: Sequence[str]) -> Features:
        """The features of `texts`, in their order."""
        cleaned = [plain(text) for text in texts]
        flat, starts = self._vectors.tokens(cleaned)
        static = self._vectors.static(flat, starts)
        buckets, ngram_starts = _ngrams(flat, starts)
        return Features(cleaned, static, buckets, ngram_starts, flat, starts)

    def spelt(self, features: Features) -> Iterator[Spelt]:
        """Word by word what each text is made of, to tell what a finding came from. For its first _TOLD_TOKENS tokens."""
        tokenizer = self._vectors.tokenizer
        for text, (start, end) in zip(features.texts, pairwise(features.token_starts.tolist()), strict=True):
            ids = features.tokens[start : min(end, start + _TOLD_TOKENS)]
            pieces: list[str] = (
                tokenizer.Encode(text, out_type=str)[: ids.size]  # only so does it tell what stands where a letter is unknown to it
                if (ids < self._vectors.first).any()
                else tokenizer.IdToPiece(ids.tolist())
            )
            begins = np.array([piece.startswith(_SPACE) or index == 0 for index, piece in enumerate(pieces)], dtype=np.int64)
            owner = np.cumsum(begins) - 1
            words = [""] * (int(owner[-1]) + 1 if len(owner) else 0)
            for index, piece in zip(owner.tolist(), pieces, strict=True):
                words[index] += piece.replace(_SPACE, "")
            buckets = bucket(ids.astype(np.uint64) + np.uint64(1))
            yield Spelt([word.strip(".,:;()\"'") for word in words], owner, buckets, self._vectors.of_each(ids))

    def whole(self, features: Features) -> Features:
        """The features with what the whole encoder says, about 600 texts a second."""
        return replace(features, whole=self._vectors.whole(features.texts))

    def one_thread(self) -> AbstractContextManager[object]:
        """While it is open BLAS uses one thread."""
        return self._vectors.one_thread()


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


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """The process's one encoder; reading it twice would double its memory."""
    return Encoder()
