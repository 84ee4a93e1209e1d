"""A brand's own heads, from what its people corrected: texts and their corrections reach this module, a head and how it compares leave it.

Pure: what is trained on, and what is live, are arguments. Which corrections are held out follows from the text, so a text that was ever trained on is
never judged by, and copies of one text stand on one side. The same arguments give the same bytes.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from libs.common.wordvectors import DIMENSIONS, Floats, Ints, plain
from services.triage.brandheads import LABELS, Base, BrandHead, Looks, Weights, adjusted, centred, opinions
from services.triage.features import Features

Truth = NDArray[np.bool_]
Vector = NDArray[np.float64]
HELD_OUT: Final = ((4_000, 16), (1_000, 8), (0, 4))
"""From so many corrected texts on, one of so many is judged by and never trained on: the more there are, the smaller a share tells enough. What is held
out at a larger number was held out at each smaller one."""
LEAST_OF_A_CLASS: Final = 5
"""Fewer examples of a value teach nothing about it."""
LEAST_HELD_OUT: Final = 20
"""By fewer nothing is judged, and nothing goes live."""
MARGIN: Final = 0.02
"""How much better than what is live a version must be."""
LEFT: Final = 0.1
"""What all texts that people left as they were found weigh together, against one for those that they corrected: enough to tell a label's messages from
those about something else, too little to hide a new label's own among them."""
_MOST_LEFT: Final = 2.0
"""What one of them weighs at most."""
_PENALTIES: Final[Mapping[bool, tuple[float, float]]] = {True: (0.1, 0.05), False: (1.0, 2.0)}
"""Of the weights of words and of meaning: for labels, which people give by the subject and agree on, and for the rest, which is a matter of opinion."""
_SCALE_PENALTY: Final = 1.0
_LABEL_SCALE_PENALTY: Final = 0.2
"""For each corrected text: what a label's few corrections say of the shipped logit is mostly that people correct what is wrong."""
_BIAS_PENALTY: Final = 0.01
_RARE_COUNTS: Final = 0.4
"""An example weighs its class's frequency to minus this: rare classes count in the mean of F1, and are learnt last."""
_SEEN_IN: Final = 2
"""An n-gram counts from so many texts on: what stands in one message only is not remembered."""
_MOST_WORDS: Final = 400_000
"""Weights of n-grams in a head."""
_ITERATIONS: Final = 80


def one_in(corrected: int) -> int:
    """One of how many texts is held out when so many are corrected."""
    return next(share for least, share in HELD_OUT if corrected >= least)


def held_out(text: str, one_in: int) -> bool:
    """Whether corrections of this text are judged by, never trained on."""
    return int.from_bytes(blake2b(plain(text).encode(), digest_size=4).digest()) % one_in == 0


def fit(finding: str, shipped: Base, features: Features, truth: Truth, left: int = 0, weight: float = LEFT) -> BrandHead | None:
    """A head for those of `classes` that enough of the n texts have (and, for labels, enough have not), or none when there are none.

    `shipped` is what the shipped heads say of the texts, `truth` (n, c) says what people decided: one class a text, or for labels any number. The
    last `left` texts are some that people left as they were found: all together they weigh `weight` times as much as the others.
    """
    classes, base = shipped[finding]
    others = opinions(finding, shipped)
    corrected = len(features) - left
    known = truth[:corrected].sum(axis=0) >= LEAST_OF_A_CLASS
    if finding == LABELS:
        known &= (~truth).sum(axis=0) >= LEAST_OF_A_CLASS
    elif known.sum() < (1 if left else 2):  # one value alone, and nothing to tell it from, would become the answer to everything
        return None
    if not known.any():
        return None
    trained = np.flatnonzero(known)
    counts = np.ones(len(features))
    if left:
        counts[corrected:] = min(weight * corrected / left, _MOST_LEFT)
    kept = np.flatnonzero(truth.any(axis=1)) if finding != LABELS else np.arange(len(features))
    features, base, truth, counts, found = features.take(kept), base[kept], truth[kept], counts[kept], kept >= corrected
    others = others[kept]
    buckets = _buckets(features, len(trained))
    if finding != LABELS:
        base = centred(base)
    task = _Task(finding == LABELS, trained, _word_rows(features, buckets), base.astype(np.float64), truth, counts, found, others)
    quick = task.weights(features.static)
    deep = None if features.whole is None else task.weights(features.whole)
    return BrandHead(finding, tuple(name for name, enough in zip(classes, known, strict=True) if enough), buckets, quick, deep)


def _buckets(features: Features, classes: int) -> Ints:
    """The n-grams that stand in more than one text: as many as a head has room for, the most frequent first."""
    owner = np.repeat(np.arange(len(features)), np.diff(features.starts))
    pairs = np.unique(np.stack((features.buckets, owner)), axis=1)
    buckets, seen = np.unique(pairs[0], return_counts=True)
    buckets, seen = buckets[seen >= _SEEN_IN], seen[seen >= _SEEN_IN]
    return np.sort(buckets[np.argsort(-seen, kind="stable")[: _MOST_WORDS // classes]])


def _word_rows(features: Features, buckets: Ints) -> "csr_matrix[Any]":
    """Shape (n, k): the n-grams of n texts, each over the root of the number of all that its text has, as `brandheads.words_of` adds them up."""
    counts = np.diff(features.starts)
    owner = np.repeat(np.arange(len(counts)), counts)
    row = np.minimum(np.searchsorted(buckets, features.buckets), max(len(buckets) - 1, 0))
    known = buckets[row] == features.buckets if len(buckets) else np.zeros(len(owner), dtype=np.bool_)
    found = csr_matrix((1.0 / np.sqrt(counts[owner[known]]), (owner[known], row[known])), shape=(len(counts), len(buckets)))
    found.sum_duplicates()
    return found


@dataclass(frozen=True, slots=True)
class _Task:
    """Logistic regression that starts at the shipped head and is held to it. Values that are not trained keep the shipped logit."""

    each: bool
    """Each class for itself (labels), or one of all."""
    trained: Ints
    words: "csr_matrix[Any]"
    start: Vector
    truth: Truth
    counts: Vector
    found: Truth
    """Shape (n,): the texts that people left as they were found."""
    others: Floats
    """Shape (n, m): the shipped heads' opinions of other findings."""

    def _importance(self) -> Vector:
        """Shape (n, c): what an example's loss in a class counts."""
        shares = (self.truth * self.counts[:, None]).sum(axis=0) / self.counts.sum()
        rare = np.where(shares > 0, np.clip(shares, 1e-9, 1.0) ** -_RARE_COUNTS, 0.0)
        if self.each:
            # That nobody took a label away says less than that nobody gave it: people look at what they search for.
            rare = np.where(self.found[:, None], 0.0, rare)
            found = np.where(self.truth, rare, np.clip(1 - shares, 1e-9, 1.0) ** -_RARE_COUNTS)
        else:
            found = np.repeat((self.truth @ rare)[:, None], self.truth.shape[1], axis=1)
        found = found * self.counts[:, None]
        return np.asarray(found * (self.counts.sum() / np.maximum(found.sum(axis=0), 1e-9)))

    def weights(self, meaning: Floats) -> Weights:
        """By this view of the texts' meaning, shape (n, 512)."""
        mean = meaning.mean(axis=0)
        spread = float(np.linalg.norm(meaning - mean, axis=1).mean()) or 1.0
        near = np.hstack(((meaning - mean) / spread, self.others)).astype(np.float64)
        d = near.shape[1]
        importance, target, trained = self._importance(), self.truth.astype(np.float64), self.trained
        k, c = self.words.shape[1], len(trained)
        ends = np.cumsum([k * c, d * c, c, c])
        by_words, by_meaning = _PENALTIES[self.each]
        turned = self.words.T.tocsr()
        by_scale = _LABEL_SCALE_PENALTY * float((~self.found).sum()) if self.each else _SCALE_PENALTY

        def parts(at: Vector) -> tuple[Vector, Vector, Vector, Vector]:
            return at[: ends[0]].reshape(k, c), at[ends[0] : ends[1]].reshape(d, c), at[ends[1] : ends[2]], at[ends[2] :]

        def loss(at: Vector) -> tuple[float, Vector]:
            words, directions, bias, scale = parts(at)
            logits = self.start[:, trained] * scale + self.words @ words + near @ directions + bias
            if self.each:
                wanted, counted = target[:, trained], importance[:, trained]
                value = float((counted * (np.logaddexp(0.0, logits) - wanted * logits)).sum())
                errors = counted * (1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60))) - wanted)
            else:
                every = self.start.copy()
                every[:, trained] = logits
                every -= every.max(axis=1, keepdims=True)
                total = np.exp(every).sum(axis=1, keepdims=True)
                value = float((importance * target * (np.log(total) - every)).sum())
                errors = (importance * (np.exp(every) / total - target))[:, trained]
            value += 0.5 * (by_words * float((words**2).sum()) + by_meaning * float((directions**2).sum()))
            value += 0.5 * (by_scale * float(((scale - 1) ** 2).sum()) + _BIAS_PENALTY * float((bias**2).sum()))
            slopes = (
                (turned @ errors + by_words * words).ravel(),
                (near.T @ errors + by_meaning * directions).ravel(),
                errors.sum(axis=0) + _BIAS_PENALTY * bias,
                (errors * self.start[:, trained]).sum(axis=0) + by_scale * (scale - 1),
            )
            return value, np.concatenate(slopes)

        beginning = np.zeros(ends[-1])
        beginning[ends[2] :] = 1.0
        lowest = minimize(loss, beginning, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS, "maxcor": 8, "ftol": 1e-6})
        words, directions, bias, scale = parts(lowest.x)
        directions, others = directions[:DIMENSIONS] / spread, directions[DIMENSIONS:]
        found = (directions, words, bias - mean @ directions, scale, others)
        return Weights(*(part.astype(np.float16).astype(np.float32) for part in found))


# --- judging --------------------------------------------------------------------------------------------------------------------------

BETTER, NOT_BETTER, TOO_FEW = "better", "not better", "too few to judge"
_TOLD_WORDS, _TOLD_MENTIONS = 8, 20
_WORD_IN = 3
"""A word is told from so many texts on, so that no name of one person is."""
_A_WORD = re.compile(r"[^\W\d_]{2,}(?:['-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one mention teaches: the values that a person decided, or those that were found and that nobody corrected."""

    mention_id: UUID
    values: tuple[str, ...]
    by_person: bool


@dataclass(frozen=True, slots=True)
class Learnt:
    """A head, how it does on what was held out, and what is told of it. Without a head there was too little of anything to learn."""

    head: BrandHead | None
    verdict: str
    score: float
    live_score: float
    trained_on: int
    held_out: int
    explanation: dict[str, Any]


def learn(
    finding: str,
    looks: Looks,
    lessons: Sequence[Lesson],
    one_in: int,
    live: BrandHead | None,
    encode: Callable[[Sequence[str]], Features],
) -> Learnt:
    """What n texts teach, a lesson each. One text in `one_in` is held out. Compared with `live`, or with the shipped models where that is none.

    People correct what is wrong and leave what is right, so a head that saw only corrections would learn that the shipped one is always wrong: what was
    left counts too, the more so the less often corrections confirm what the shipped head says.
    """
    classes, base = looks.base[finding]
    truth = np.array([[name in one.values for name in classes] for one in lessons], dtype=np.bool_).reshape(len(lessons), len(classes))
    corrected = np.array([one.by_person for one in lessons], dtype=np.bool_)
    aside = np.array([held_out(text, one_in) for text in looks.features.texts], dtype=np.bool_)
    usable = np.ones(len(lessons), dtype=np.bool_) if finding == LABELS else truth.any(axis=1)
    training, judging = np.flatnonzero(usable & corrected & ~aside), np.flatnonzero(usable & corrected & aside)
    left, left_aside = np.flatnonzero(usable & ~corrected & ~aside), np.flatnonzero(usable & ~corrected & aside)
    confirmed = float((decisions(finding, base[training]) == truth[training]).all(axis=1).mean()) if len(training) else 0.0
    weight = LEFT if finding == LABELS else max(LEFT, 1.0 - 1.5 * confirmed)
    rows = np.concatenate((training, left))
    head = fit(finding, _some(looks.base, rows), looks.features.take(rows), truth[rows], len(left), weight) if len(training) else None
    counted = {"trained_on": int((corrected & ~aside).sum()), "held_out": int((corrected & aside).sum())}
    weighs = _weighs(head, looks.features.take(training), encode)
    if head is None or len(judging) < LEAST_HELD_OUT:
        return Learnt(head, TOO_FEW, 0.0, 0.0, **counted, explanation={"weighs": weighs})

    def decided(some: Ints) -> tuple[Truth, Truth]:
        part, shipped = looks.features.take(some), _some(looks.base, some)
        now, then = (decisions(finding, adjusted(finding, shipped, part, one)) for one in (head, live))
        return now, then

    now, then = decided(judging)
    told = _differences(classes, truth[judging], now, then, [lessons[row].mention_id for row in judging.tolist()])
    changed: Truth = np.asarray(np.not_equal(*decided(left_aside)).any(axis=1))
    told |= {"weighs": weighs, "left": {"held_out": len(changed), "changed": int(changed.sum())}}
    score, live_score = macro_f1(truth[judging], now), macro_f1(truth[judging], then)
    price = weight * len(judging) * float(changed.mean()) if len(changed) else 0.0
    better = score >= live_score + MARGIN and told["mended"] - told["broken"] > price
    return Learnt(head, BETTER if better else NOT_BETTER, score, live_score, **counted, explanation=told)


def _some(base: Base, rows: Ints) -> Base:
    return {finding: (classes, logits[rows]) for finding, (classes, logits) in base.items()}


def decisions(finding: str, logits: Floats) -> Truth:
    """Shape (n, c): the one best class of each text, or every label from 0 on."""
    if finding == LABELS:
        return np.asarray(logits > 0)
    found = np.zeros(logits.shape, dtype=np.bool_)
    found[np.arange(len(logits)), logits.argmax(axis=1)] = True
    return found


def by_class(truth: Truth, told: Truth) -> Floats:
    """Shape (c,): the F1 of each class, not a number where neither has it."""
    both, either = (truth & told).sum(axis=0), truth.sum(axis=0) + told.sum(axis=0)
    found: Floats = np.divide(2.0 * both, either, out=np.full(len(either), np.nan), where=either > 0).astype(np.float32)
    return found


def macro_f1(truth: Truth, told: Truth) -> float:
    """The mean F1 of the classes that either has."""
    found = by_class(truth, told)
    return float(np.nanmean(found)) if np.isfinite(found).any() else 0.0


def _differences(classes: Sequence[str], truth: Truth, now: Truth, then: Truth, mention_ids: Sequence[UUID]) -> dict[str, Any]:
    """Class by class how the two do, and on which mentions they differ."""
    scores, live_scores = by_class(truth, now), by_class(truth, then)
    right, was_right = (now == truth).all(axis=1), (then == truth).all(axis=1)

    def named(row: Truth) -> list[str]:
        return [name for name, has in zip(classes, row, strict=True) if has]

    def told(rows: Ints) -> list[dict[str, Any]]:
        return [
            {"mention_id": str(mention_ids[row]), "person": named(truth[row]), "version": named(now[row]), "live": named(then[row])}
            for row in rows[:_TOLD_MENTIONS].tolist()
        ]

    mended, broken = np.flatnonzero(right & ~was_right), np.flatnonzero(~right & was_right)
    return {
        "values": {
            name: {"score": _rounded(scores[index]), "live_score": _rounded(live_scores[index]), "held_out": int(truth[:, index].sum())}
            for index, name in enumerate(classes)
            if truth[:, index].any() or now[:, index].any()
        },
        "mended": len(mended),
        "broken": len(broken),
        "mended_mentions": told(mended),
        "broken_mentions": told(broken),
    }


def _rounded(score: float) -> float | None:
    return round(float(score), 4) if np.isfinite(score) else None


def _weighs(head: BrandHead | None, features: Features, encode: Callable[[Sequence[str]], Features]) -> dict[str, list[str]]:
    """By class the words of the training texts that speak most for it, heaviest first."""
    if head is None:
        return {}
    seen = Counter(word for text in features.texts for word in set(_A_WORD.findall(text)))
    words = sorted(word for word, count in seen.items() if count >= _WORD_IN)
    if not words:
        return {}
    alone = encode(words)
    nothing = np.zeros((len(words), len(head.quick.opinions)), dtype=np.float32)
    logits = head.logits(np.zeros((len(words), len(head.classes)), dtype=np.float32), alone, nothing) - head.quick.bias
    logits = logits - logits.mean(axis=0 if head.finding == LABELS else 1, keepdims=True)
    weighed = logits * np.sqrt([[seen[word]] for word in words])
    return {
        name: [words[row] for row in np.argsort(-weighed[:, index], kind="stable")[:_TOLD_WORDS] if weighed[row, index] > 0]
        for index, name in enumerate(head.classes)
    }
