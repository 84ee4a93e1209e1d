"""What a brand's people taught: a small correction of the shipped heads, for one finding of one brand.

Logits of the shipped heads and features reach this module, a brand's own logits leave it. A brand's head begins where the shipped head ends: it
scales that one's logits and adds what its meaning vectors and its words weigh. Words are the token n-grams that the brand's own texts held, a few
thousand of them, so a head is some hundred kilobytes.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from libs.common.wordvectors import DIMENSIONS, Floats, Ints
from services.triage.features import Features
from services.triage.findings import ONE_OF

LABELS: Final = "labels"
DEPARTMENT: Final = "department"
CLASSES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {finding: tuple(values) for finding, values in ONE_OF.items() if finding != DEPARTMENT}
)
"""The findings whose values are the same for all brands."""
FINDINGS: Final = (*CLASSES, DEPARTMENT, LABELS)
"""What people correct. A department is one of the brand's own; labels are any number of the brand's own."""

Base = Mapping[str, tuple[tuple[str, ...], Floats]]
"""By finding its classes, and the shipped logits (n, c) of each."""
_OPINION: Final = 0.05
SURE: Final = 0.8
"""Measured on airline tweets: with more, the whole encoder is asked more often and changes nothing."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One way of looking at a text: by the token vectors alone, or by the whole encoder."""

    meaning: Floats
    """Shape (512, c)."""
    words: Floats
    """Shape (k, c): a row for each of the head's n-grams."""
    bias: Floats
    """Shape (c,)."""
    scale: Floats
    """Shape (c,): how much the shipped head's logit counts; 1 is as much as before."""
    opinions: Floats
    """Shape (m, c): what the shipped heads say of the other findings, as `opinions` gives it."""


_PARTS: Final = ("meaning", "words", "bias", "scale", "opinions")


@dataclass(frozen=True, slots=True)
class BrandHead:
    """`classes` are the values of a finding, or the labels, each with a logit of its own."""

    finding: str
    classes: tuple[str, ...]
    buckets: Ints
    """Shape (k,), sorted: the n-grams that `words` is about."""
    quick: Weights
    """By static vectors."""
    deep: Weights | None = None
    """By the whole encoder; used where features have it."""

    def logits(self, base: Floats, features: Features, others: Floats) -> Floats:
        """Shape (n, c): for each text and class the brand's logit. `base` (n, c) are the shipped head's, `others` (n, m) its `opinions`."""
        whole = features.whole
        weights, meaning = (self.quick, features.static) if whole is None or self.deep is None else (self.deep, whole)
        found = words_of(self.buckets, weights.words, features)
        found += meaning @ weights.meaning
        found += base * weights.scale
        found += others @ weights.opinions
        found += weights.bias
        return found

    def to_bytes(self) -> bytes:
        """Half precision; the same head gives the same bytes."""
        arrays: dict[str, np.ndarray] = {"buckets": self.buckets.astype(np.uint16)}
        for name, weights in (("quick", self.quick), ("deep", self.deep)):
            if weights is not None:
                for part in _PARTS:
                    arrays[f"{name}_{part}"] = getattr(weights, part).astype(np.float16)
        file = io.BytesIO()
        np.savez_compressed(file, finding=np.array(self.finding), classes=np.array(self.classes), **arrays)  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "BrandHead":
        """Raises ValueError when the shapes are not those of this version's features."""
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            classes = tuple(str(name) for name in archive["classes"])
            buckets = archive["buckets"].astype(np.int64)
            parts = {name: archive[name].astype(np.float32) for name in archive.files if "_" in name}
            finding = str(archive["finding"])
        found = {}
        for name in {name.partition("_")[0] for name in parts}:
            weights = found[name] = Weights(*(parts[f"{name}_{part}"] for part in _PARTS))
            if weights.meaning.shape != (DIMENSIONS, len(classes)) or weights.words.shape != (len(buckets), len(classes)):
                raise ValueError(f"a head of shapes {weights.meaning.shape} and {weights.words.shape} does not fit {len(classes)} classes")
        return cls(finding, classes, buckets, found["quick"], found.get("deep"))


@dataclass(frozen=True, slots=True)
class Looks:
    """What the shipped models make of n texts of one brand. `base`: by finding the classes, and the logits (n, c) of each; a label is found from 0 on."""

    features: Features
    base: Base


@dataclass(frozen=True, slots=True)
class BrandModels:
    """The heads of a brand that are live, by finding, and their versions."""

    heads: Mapping[str, BrandHead]
    versions: Mapping[str, int]

    @property
    def name(self) -> str:
        """What is put behind the shipped models' version: `+labels.2+sentiment.3`."""
        return "".join(f"+{finding}.{self.versions[finding]}" for finding in sorted(self.heads))


def words_of(buckets: Ints, weights: Floats, features: Features) -> Floats:
    """Shape (n, c): for every text the sum of its n-grams' rows of `weights` (k, c), which is about `buckets`, over the root of the number of all
    its n-grams. An n-gram that the head does not know weighs nothing."""
    counts = np.diff(features.starts)
    sums = np.zeros((len(counts), weights.shape[1]), dtype=np.float32)
    if not len(buckets) or not len(features.buckets):
        return sums
    row = np.minimum(np.searchsorted(buckets, features.buckets), len(buckets) - 1)
    known = buckets[row] == features.buckets
    owner = np.repeat(np.arange(len(counts)), counts)[known]
    if owner.size:
        present, first = np.unique(owner, return_index=True)
        sums[present] = np.add.reduceat(weights[row[known]], first, axis=0)
        sums[present] /= np.sqrt(counts[present, None]).astype(np.float32)
    return sums


def opinions(finding: str, base: Base) -> Floats:
    """Shape (n, m): what the shipped heads say of the other findings, small beside its own logits; for labels nothing. A
    complaint is rarely positive."""
    others = [centred(base[name][1])[:, : len(ONE_OF[name])] for name in ONE_OF if name != finding and name in base and finding != LABELS]
    count = len(next(iter(base.values()))[1])
    return np.hstack([np.zeros((count, 0), dtype=np.float32), *others]) * np.float32(_OPINION)


def with_values(known: tuple[tuple[str, ...], Floats], more: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    """The classes of a finding and their logits, and behind them values of the brand's own: the shipped head has no opinion of those, so each is as likely
    as a value is on average, and never the likeliest until the brand's head says more."""
    classes, logits = known
    new = tuple(name for name in dict.fromkeys(more) if name not in classes)
    return (*classes, *new), np.hstack([logits, np.repeat(logits.mean(axis=1, keepdims=True), len(new), axis=1)])


def words_for(head: BrandHead, value: str, text: str, encode: Callable[[Sequence[str]], Features], most: int) -> list[str]:
    """The words of a text by which the head alone speaks most for one of its values, heaviest first."""
    words = list(dict.fromkeys(_WORD.findall(text)))
    if not words:
        return []
    nothing = np.zeros((len(words), len(head.quick.opinions)), dtype=np.float32)
    logits = head.logits(np.zeros((len(words), len(head.classes)), dtype=np.float32), encode(words), nothing) - head.quick.bias
    weighed = logits[:, head.classes.index(value)] - logits.mean(axis=1)
    return [words[row] for row in np.argsort(-weighed, kind="stable")[:most] if weighed[row] > 0]


_WORD: Final = re.compile(r"(?<![\w@#])[^\W\d_]{2,30}(?![\w@])")
"""No number, and no handle: neither says why."""


def adjusted(finding: str, base: Base, features: Features, head: BrandHead | None) -> Floats:
    """Shape (n, c): the logits of a finding's classes as the brand's head has them; those that it does not know stay as they are.

    Shipped logits are compared class by class, so what they have in common in a row is taken off first: as the head was trained.
    """
    classes, logits = base[finding]
    if head is None or not len(features):
        return logits
    found = logits.astype(np.float32, copy=True) if head.finding == LABELS else centred(logits)
    column = {name: index for index, name in enumerate(classes)}
    own = [index for index, name in enumerate(head.classes) if name in column]
    taken = [column[head.classes[index]] for index in own]
    shipped = np.zeros((len(features), len(head.classes)), dtype=np.float32)
    shipped[:, own] = found[:, taken]
    found[:, taken] = head.logits(shipped, features, opinions(finding, base))[:, own]
    return found


def own_logits(
    models: BrandModels,
    base: Base,
    features: Features,
    read_whole: Callable[[Features], Features] | None,
) -> dict[str, Floats]:
    """By finding, of those that the brand has a head for, the logits of each text; `base` as in `Looks`.

    The texts of which a head is not sure by static vectors are read by the whole encoder too, by `read_whole`: half of them, for all that the encoder
    gives. None: there is no time for that.
    """
    heads = {finding: head for finding, head in models.heads.items() if finding in base}
    found = {finding: adjusted(finding, base, features, head) for finding, head in heads.items()}
    if read_whole is None or not len(features):
        return found
    unsure = np.zeros(len(features), dtype=np.bool_)
    for finding, head in heads.items():
        if head.deep is not None:
            unsure |= hesitates(finding, found[finding])
    rows = np.flatnonzero(unsure)
    if rows.size:
        part = read_whole(features.take(rows))
        shipped = {finding: (classes, logits[rows]) for finding, (classes, logits) in base.items()}
        for finding, head in heads.items():
            found[finding][rows] = adjusted(finding, shipped, part, head)
    return found


def hesitates(finding: str, logits: Floats) -> NDArray[np.bool_]:
    """Shape (n,): whether the best class, or any label that is found or not, has less than SURE to say for it."""
    if finding == LABELS:
        return np.asarray((np.abs(logits) < np.log(SURE / (1 - SURE))).any(axis=1))
    shares = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(shares.max(axis=1, initial=0.0) < SURE * shares.sum(axis=1))


def centred(logits: Floats) -> Floats:
    """The logits less their mean in each row, which no probability depends on; held within what half a dozen nats say, since beyond it only a shipped
    head's certainty speaks."""
    found: Floats = np.clip(logits - logits.mean(axis=1, keepdims=True), -6.0, 6.0).astype(np.float32)
    return found
