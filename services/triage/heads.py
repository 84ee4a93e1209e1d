"""Linear heads: features reach this module, probabilities leave it.

A head is a small file of numbers (half precision, no pickle, so that a file can hold nothing but numbers) that `train.py`
writes and that needs nothing but numpy to use.
"""

from dataclasses import dataclass
from typing import IO

import numpy as np

from services.triage.features import BUCKETS, DIMENSIONS, Features, Floats, Ints, bucket_sums


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
        logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits

    def of(self, features: Features, extra: Floats) -> Floats:
        """`probabilities` for a head that looks at the token n-grams."""
        return self.probabilities(features.static, features.buckets, features.starts, extra)

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
