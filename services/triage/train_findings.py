"""Fits the heads of `findings.py` on messages that were written for it; called by `train.py`.

The second stage must learn from opinions that the first stage has of messages it was not fitted on, so the first stage is fitted once for each fold, and
once more on everything, which is what ships. Every message is seen twice by the second stage: with where it came from, and without, since some callers
know nothing but the text. Lines that carry a tone alone teach the first stage that alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]

from libs.common.wordvectors import Floats, Ints
from services.triage.context import UNKNOWN, Context, context_features
from services.triage.evaluate import Message
from services.triage.features import BUCKETS, Features, encoder
from services.triage.findings import (
    COLUMNS,
    FULL_SCALE,
    ONE_OF,
    PLACES,
    YES_OR_NO,
    FindingHeads,
    Hidden,
    dense_rows,
    second_rows,
    signal_rows,
)
from services.triage.fit import Block, balanced, fit_hidden, fit_linear
from services.triage.heads import rare_rows
from services.triage.language import letters
from services.triage.polarity import Polarity
from services.triage.signals import OPEN, signals_of

FOLDS = 4
FIRST_C, FULL_C = 4.0, 4.0
ITERATIONS = 80
HIDDEN, PENALTY, SECOND_ITERATIONS = 48, 10.0, 150
SEED = 0
FORGOTTEN = 0.4
"""The share of signals that a message loses while the heads learn."""

BLOCKS = (
    *(Block(PLACES[finding].start, PLACES[finding].stop, True) for finding in ONE_OF),
    Block(PLACES["yes_or_no"].start, PLACES["yes_or_no"].stop, False),
)


def truth_of(messages: Sequence[Message]) -> tuple[Floats, Floats]:
    """Shapes (n, COLUMNS): what each message is, and how much it counts there: 0 where it carries no label."""
    truth, asked = np.zeros((len(messages), COLUMNS), dtype=np.float32), np.zeros((len(messages), COLUMNS), dtype=np.float32)
    for row, message in enumerate(messages):
        whole = "intent" in message
        counts = 1.0 if whole else message["weight"]
        for finding, values in ONE_OF.items():
            if finding in message:
                truth[row, PLACES[finding].start + values.index(message[finding])] = 1.0
                asked[row, PLACES[finding]] = counts
        if whole:
            said = {"go_private"} if message["go_private"] else set()
            said |= {f"risk:{risk}" for risk in message["risk"]}
            truth[row, PLACES["yes_or_no"]] = [question in said for question in YES_OR_NO]
            asked[row, PLACES["yes_or_no"]] = 1.0
    return truth, asked


def context_of(message: Message) -> Context:
    """Where a message came from, as far as its row says."""
    followers = message.get("followers") or (message.get("author") or {}).get("followers")
    return Context(message.get("channel"), message.get("visibility"), followers)


def rarity(buckets: Ints, starts: Ints, fewest: int = 2) -> Floats:
    """Shape (BUCKETS,): inverse document frequency; 0 for what fewer texts than `fewest` have."""
    owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    seen = np.bincount(np.unique(owner * BUCKETS + buckets) % BUCKETS, minlength=BUCKETS)
    found = np.log(len(starts) / (seen + 1.0)).astype(np.float32)
    found[seen < fewest] = 0.0
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the stages see of n texts; `bare`: without where they came from."""

    sparse: csr_matrix
    dense: Floats
    dense_bare: Floats
    side: Floats
    side_bare: Floats
    vectors: Floats


def fit_findings(labelled: Sequence[Message], lines: Sequence[Message], polarity: Polarity) -> FindingHeads:
    """The heads, from messages with all labels, and lines with a tone alone (rows of `text`, `sentiment` and `weight`, what one counts beside a message).

    Takes some minutes of one core.
    """
    messages = [*labelled, *lines]
    texts = [message["text"] for message in messages]
    features = encoder().encode(texts)
    written = letters(features.texts)
    found = signals_of(texts)
    counts, marks, marks_bare = polarity.counts(features, found), signal_rows(_forgetful(found, 0)), signal_rows(_forgetful(found, 1))
    context = context_features(texts, [context_of(message) for message in messages])
    bare = context_features(texts, [UNKNOWN] * len(texts))
    token_rarity, letter_rarity = rarity(features.buckets, features.starts), rarity(*written)
    sparse = hstack([rare_rows(features.buckets, features.starts, token_rarity), rare_rows(*written, letter_rarity)], format="csr")
    seen = _Seen(
        sparse,
        dense_rows(features, counts, marks, context),
        dense_rows(features, counts, marks_bare, bare),
        np.hstack((counts, marks, context)),
        np.hstack((counts, marks_bare, bare)),
        _whole(features) * np.float32(FULL_SCALE),
    )
    truth, asked = truth_of(messages)
    weight = balanced(truth, asked, BLOCKS)

    def first(rows: Ints) -> tuple[Floats, Floats, Floats]:
        return fit_linear(seen.sparse[rows], seen.dense[rows], truth[rows], weight[rows], BLOCKS, c=FIRST_C, iterations=ITERATIONS)

    def by_meaning(rows: Ints) -> tuple[Floats, Floats, Floats]:
        nothing: csr_matrix = csr_matrix((len(rows), 1), dtype=np.float32)
        return fit_linear(nothing, seen.vectors[rows], truth[rows], weight[rows], BLOCKS, c=FULL_C, iterations=ITERATIONS)

    def logits(head: tuple[Floats, Floats, Floats], dense: Floats, rows: Ints) -> Floats:
        return np.asarray(seen.sparse[rows] @ head[0] + dense[rows] @ head[1] + head[2], dtype=np.float32)

    every, own, beside = np.arange(len(texts)), np.arange(len(labelled)), np.arange(len(labelled), len(texts))
    opinion, opinion_bare, meaning = (np.zeros((len(texts), COLUMNS), dtype=np.float32) for _ in range(3))
    for rest, held in folds(len(labelled)):
        taught = np.concatenate((rest, beside))
        head, full = first(taught), by_meaning(taught)
        opinion[held], opinion_bare[held] = logits(head, seen.dense, held), logits(head, seen.dense_bare, held)
        meaning[held] = seen.vectors[held] @ full[1] + full[2]
    twice, counted = np.vstack((truth[own], truth[own])), np.vstack((asked[own], asked[own])).astype(np.float64) * 0.5

    def second(full: Floats | None) -> Hidden:
        view = None if full is None else full[own]
        given = np.vstack((second_rows(opinion[own], seen.side[own], view), second_rows(opinion_bare[own], seen.side_bare[own], view)))
        return Hidden(*fit_hidden(given, twice, counted, BLOCKS, hidden=HIDDEN, penalty=PENALTY, iterations=SECOND_ITERATIONS, seed=SEED))

    head, full = first(every), by_meaning(every)
    return FindingHeads(
        token_rarity, letter_rarity, head[0][:BUCKETS], head[0][BUCKETS:], head[1], head[2], second(None), second(meaning), full[1], full[2]
    )


def _whole(features: Features) -> Floats:
    whole = encoder().whole(features).whole
    assert whole is not None
    return whole


def _forgetful(found: Sequence[frozenset[str]], seed: int) -> list[frozenset[str]]:
    """The signals with some missing. Most patterns were written with these messages at hand: a head that sees all that they find trusts them more than
    they deserve on others."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    return [frozenset(name for name in sorted(names) if name in OPEN or chance.random() >= FORGOTTEN) for names in found]


def folds(count: int) -> list[tuple[Ints, Ints]]:
    """Which rows to fit on and which to hold out, every row held out once."""
    shuffled = np.random.default_rng(SEED).permutation(count)
    return [(np.setdiff1d(np.arange(count), shuffled[fold::FOLDS]), np.sort(shuffled[fold::FOLDS])) for fold in range(FOLDS)]
