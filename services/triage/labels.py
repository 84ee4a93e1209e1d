"""What a message is about, in the brand's own labels: features and a taxonomy reach this module, scored labels leave it.

A label is told by its name, a description and a few examples; nothing is trained per brand, so that a label works the moment a
book is applied. A text is compared with each of these *prototypes* by meaning (static vectors, across languages) and by words
(n-grams, rare ones counting more). How comparisons become a probability was fitted once, on public intents with three examples
each (`train.py`), with the threshold where that fit was right about three times in four.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from libs.common.events import Label
from libs.common.wordvectors import DIMENSIONS, Floats, Ints
from services.triage.features import BUCKETS, Encoder, Features
from services.triage.heads import sigmoid

Booleans = NDArray[np.bool_]

COMPARISONS = 6
_MOST_LABELS = 5
"""More than this on one text says nothing any more."""


class LabelText(Protocol):
    """What a label of a brand book tells."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str | None: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def examples(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `train.py` fitted for all brands."""

    common: Floats
    """Shape (k, 512): directions that all texts share, taken out before comparing."""
    rarity: Floats
    """Shape (BUCKETS,): 0 for an n-gram that is everywhere, 1 for one that was never seen."""
    weights: Floats
    """Shape (COMPARISONS,)."""
    bias: float
    threshold: float

    def write(self, file: IO[bytes]) -> None:
        """The same calibration gives the same bytes."""
        np.savez_compressed(
            file,
            common=self.common.astype(np.float16),
            rarity=self.rarity.astype(np.float16),
            weights=self.weights.astype(np.float32),
            decision=np.array([self.bias, self.threshold], dtype=np.float32),
        )

    @classmethod
    def read(cls, file: IO[bytes]) -> "Calibration":
        """Raises ValueError when the shapes are not those of this version."""
        with np.load(file, allow_pickle=False) as archive:
            common, rarity, weights = (archive[name].astype(np.float32) for name in ("common", "rarity", "weights"))
            bias, threshold = archive["decision"].tolist()
        if common.shape[1] != DIMENSIONS or rarity.shape != (BUCKETS,) or weights.shape != (COMPARISONS,):
            raise ValueError(f"a calibration of shapes {common.shape}, {rarity.shape}, {weights.shape} is of another version")
        return cls(common, rarity, weights, bias, threshold)

    @property
    def cut(self) -> float:
        """The logit of the threshold."""
        return math.log(self.threshold / (1 - self.threshold))

    def aligned(self, static: Floats) -> Floats:
        """Shape (n, 512): rows without the shared directions, of length one."""
        rest = (static - (static @ self.common.T) @ self.common).astype(np.float32)
        norms = np.linalg.norm(rest, axis=1, keepdims=True)
        np.divide(rest, norms, out=rest, where=norms > 0)
        return rest


@dataclass(frozen=True, slots=True, eq=False)
class Taxonomy:
    """A brand's labels, ready to compare with. One object per brand and book version: texts are grouped by it."""

    names: tuple[str, ...]
    ancestors: tuple[tuple[int, ...], ...]
    """Per label the indexes of its parent, grandparent and so on."""
    prototypes: Floats
    """Shape (p, 512): names, descriptions and examples of all labels, label by label."""
    centroids: Floats
    """Shape (l, 512)."""
    firsts: Ints
    """Shape (l,): where each label's prototypes start."""
    column: Ints
    """Shape (BUCKETS,): the row of `words` of an n-gram, the last row (zeros) for one that no prototype has."""
    words: Floats
    """Shape (w + 1, p): how much of a prototype's wording an n-gram is."""
    kin: Booleans
    """Shape (l, l): whether two labels are the same, or one is above the other."""
    campaign_hashtags: tuple[str, ...] = ()
    """Lower case, with the #."""
    internal_names: tuple[str, ...] = field(default=())
    """Lower case: systems and plans that only staff can know."""


def taxonomy(
    labels: Sequence[LabelText],
    encoder: Encoder,
    calibration: Calibration,
    *,
    campaign_hashtags: Iterable[str] = (),
    internal_names: Iterable[str] = (),
) -> Taxonomy:
    """Raises ValueError when a label's parent is not a label or a label is its own ancestor."""
    texts: list[str] = []
    firsts: list[int] = []
    for label in labels:
        firsts.append(len(texts))
        name = label.name.replace("_", " ").replace("-", " ")
        texts.append(name)
        texts += [f"{name} {label.description}"] if label.description else []
        texts += [example for example in label.examples if example.strip()]
    features = encoder.encode(texts)
    prototypes = calibration.aligned(features.static)
    owner = np.searchsorted(np.array(firsts, dtype=np.int64), np.arange(len(texts)), side="right") - 1
    centroids = np.zeros((len(labels), DIMENSIONS), dtype=np.float32)
    np.add.at(centroids, owner, prototypes)
    norms = np.linalg.norm(centroids, axis=1, keepdims=True)
    np.divide(centroids, norms, out=centroids, where=norms > 0)
    column, words = _wording(features, calibration)
    above = _ancestors(labels)
    kin = np.eye(len(labels), dtype=np.bool_)
    for index, indexes in enumerate(above):
        kin[index, list(indexes)] = kin[list(indexes), index] = True
    return Taxonomy(
        tuple(label.name for label in labels), above, prototypes, centroids, np.array(firsts, dtype=np.int64), column, words, kin,
        tuple(tag.lower() for tag in campaign_hashtags), tuple(name.lower() for name in internal_names),
    )  # fmt: skip


def _ancestors(labels: Sequence[LabelText]) -> tuple[tuple[int, ...], ...]:
    index = {label.name: position for position, label in enumerate(labels)}
    found = []
    for label in labels:
        above: list[int] = []
        parent = label.parent
        while parent is not None:
            if parent not in index:
                raise ValueError(f"label {label.name!r} has the parent {parent!r}, which is not a label")
            if index[parent] in above or parent == label.name:
                raise ValueError(f"label {label.name!r} is its own ancestor")
            above.append(index[parent])
            parent = labels[index[parent]].parent
        found.append(tuple(above))
    return tuple(found)


def _wording(features: Features, calibration: Calibration) -> tuple[Ints, Floats]:
    present = np.unique(features.buckets)
    column = np.full(BUCKETS, len(present), dtype=np.int64)
    column[present] = np.arange(len(present))
    words = np.zeros((len(present) + 1, len(features)), dtype=np.float32)
    for index in range(len(features)):
        mine = np.unique(features.buckets[features.starts[index] : features.starts[index + 1]])
        weight = calibration.rarity[mine]
        if weight.sum() > 0:
            words[column[mine], index] = weight / weight.sum()
    return column, words


def comparisons(book: Taxonomy, calibration: Calibration, features: Features) -> Floats:
    """Shape (n, l, COMPARISONS): how n texts compare with l labels.

    By meaning: the nearest prototype, the centroid, how much nearer than the nearest label that is no kin. By words: the prototype
    whose wording occurs most, how much more than any other label's, and how much of the label's name occurs.
    """
    texts = calibration.aligned(features.static)
    nearest = np.maximum.reduceat(texts @ book.prototypes.T, book.firsts, axis=1)
    centroid = texts @ book.centroids.T
    occurs = _occurrences(book, features)
    worded = np.maximum.reduceat(occurs, book.firsts, axis=1)
    named = occurs[:, book.firsts]
    return np.stack(
        (nearest, centroid, _lead(nearest, book.kin), worded, _lead(worded, book.kin), named), axis=2
    ).astype(np.float32)  # fmt: skip


def _occurrences(book: Taxonomy, features: Features) -> Floats:
    """Shape (n, p): the share of each prototype's wording that occurs in each text, up to 1."""
    columns = book.column[features.buckets]
    owner = np.repeat(np.arange(len(features)), np.diff(features.starts))
    known = columns < book.words.shape[0] - 1
    # An n-gram counts once, however often a text says it.
    pairs = np.unique(owner[known] * book.words.shape[0] + columns[known])
    owner, columns = pairs // book.words.shape[0], pairs % book.words.shape[0]
    occurs = np.zeros((len(features), book.words.shape[1]), dtype=np.float32)
    if pairs.size:
        present, first = np.unique(owner, return_index=True)
        occurs[present] = np.add.reduceat(book.words[columns], first, axis=0)
    return occurs


def _lead(score: Floats, kin: Booleans) -> Floats:
    """Shape (n, l): how far each label is ahead of the best that is no kin of it, -0.5 to 0.5; 0 without another."""
    lead = np.zeros_like(score)
    for index in range(score.shape[1]):
        others = ~kin[index]
        if others.any():
            lead[:, index] = score[:, index] - score[:, others].max(axis=1)
    return np.clip(lead, -0.5, 0.5)


def label_logits(book: Taxonomy, calibration: Calibration, features: Features) -> Floats:
    """Shape (n, l): how much speaks for each label; it is found from 0 on."""
    if not book.names:
        return np.zeros((len(features), 0), dtype=np.float32)
    found: Floats = comparisons(book, calibration, features) @ calibration.weights + np.float32(calibration.bias - calibration.cut)
    return found


def found_labels(book: Taxonomy, calibration: Calibration, logits: Floats, features: Features) -> list[list[Label]]:
    """The labels of each text, best first, each with every label above it (at least as probable as what it follows from)."""
    probability = sigmoid(logits + np.float32(calibration.cut))
    for row, text in enumerate(features.texts):
        if not text:
            probability[row] = 0.0
    found = []
    for row in probability:
        scores: dict[int, float] = {}
        for index in np.argsort(-row, kind="stable")[:_MOST_LABELS]:
            if row[index] < calibration.threshold:
                break
            for implied in (int(index), *book.ancestors[index]):
                scores[implied] = max(scores.get(implied, 0.0), float(row[index]))
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        found.append([Label(name=book.names[index], score=round(score, 4)) for index, score in ranked])
    return found
