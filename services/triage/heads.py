"""Linear heads: features reach this module, probabilities leave it.

A head is a small file of numbers (no pickle, so that a file can hold nothing but numbers) that `train.py` writes and that needs nothing but numpy and
scipy's sparse product to use.
"""

from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from libs.common.wordvectors import DIMENSIONS, Floats, Ints
from services.triage.features import BUCKETS, bucket_sums


def softmax(logits: Floats) -> Floats:
    """Rows that add up to 1. Works in place."""
    logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits


def sigmoid(logits: Floats) -> Floats:
    """Each number by itself from 0 to 1."""
    with np.errstate(over="ignore"):  # of what is far below nothing is left
        return np.asarray(1.0 / (1.0 + np.exp(-logits)), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Head:
    """Multinomial logistic regression over c classes."""

    classes: tuple[str, ...]
    static: Floats
    """Shape (512, c); all zeros where a head does not look at meaning."""
    ngrams: Floats
    """Shape (BUCKETS, c)."""
    extra: Floats
    """Shape (k, c): weights of the k features that are the head's own."""
    bias: Floats
    """Shape (c,)."""

    def probabilities(self, static: Floats, buckets: Ints, starts: Ints, extra: Floats) -> Floats:
        """Shape (n, c), rows adding up to 1, for n texts.

        `static` is (n, 512), `extra` is (n, k); `buckets` and `starts` are as in `Features`.
        """
        logits = bucket_sums(self.ngrams, buckets, starts)
        logits += static @ self.static
        logits += extra @ self.extra
        logits += self.bias
        return softmax(logits)

    def write(self, file: IO[bytes]) -> None:
        """Half precision; the same head gives the same bytes."""
        half = {name: getattr(self, name).astype(np.float16) for name in ("static", "ngrams", "extra", "bias")}
        np.savez_compressed(file, classes=np.array(self.classes), **half)

    @classmethod
    def read(cls, file: IO[bytes]) -> "Head":
        """Raises ValueError when the shapes are not those of this version's features."""
        with np.load(file, allow_pickle=False) as archive:
            classes = tuple(str(name) for name in archive["classes"])
            static, ngrams, extra, bias = (archive[name].astype(np.float32) for name in ("static", "ngrams", "extra", "bias"))
        if static.shape != (DIMENSIONS, len(classes)) or ngrams.shape != (BUCKETS, len(classes)):
            raise ValueError(f"a head of shapes {static.shape} and {ngrams.shape} does not fit {len(classes)} classes")
        return cls(classes, static, ngrams, extra, bias)


def rare_rows(buckets: Ints, starts: Ints, rarity: Floats) -> csr_matrix:
    """Shape (n, BUCKETS), rows of length one (but for n-grams that are said twice): each n-gram by its rarity, those without any left out.

    The rows of texts without a known n-gram are empty.
    """
    weight = rarity[buckets]
    known = weight > 0
    counts = (
        np.add.reduceat(np.append(known, False).astype(np.int64), np.minimum(starts[:-1], known.size)) if starts.size > 1 else starts[:0]
    )
    counts[np.diff(starts) == 0] = 0
    columns, data = buckets[known].astype(np.int32), weight[known]
    offsets = np.concatenate(([0], np.cumsum(counts)))
    rows = np.repeat(np.arange(len(counts)), counts)
    squares = np.bincount(rows, weights=data.astype(np.float64) ** 2, minlength=len(counts))
    lengths = np.sqrt(squares).astype(np.float32)
    data = (data / np.maximum(lengths, 1e-9)[rows]).astype(np.float32)
    return csr_matrix((data, columns, offsets.astype(np.int32)), shape=(len(counts), BUCKETS))


@dataclass(frozen=True, slots=True)
class Quantised:
    """Weights in one byte each, column by column: shape (rows, c) when read."""

    codes: Any
    scale: Floats

    @classmethod
    def of(cls, weights: Floats) -> "Quantised":
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-9).astype(np.float32) / 127.0
        return cls(np.rint(weights / scale).astype(np.int8), scale.astype(np.float32))

    def weights(self) -> Floats:
        return np.asarray(self.codes.astype(np.float32) * self.scale, dtype=np.float32)
