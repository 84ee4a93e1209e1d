"""Why a finding is what it is: the words of a text that spoke most for it.

The first stage is linear, so what a token adds to a value, beside what it adds to the other values on average, is known exactly for the tokens themselves
and for their meaning. Pairs, letters and the second stage are left out: they say no word that a person could argue with. Signals are told by the words
that they were recognised by.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from libs.common.wordvectors import Floats, Ints
from services.triage.features import Encoder, Features
from services.triage.findings import ONE_OF, PLACES, STATIC_SCALE, YES_OR_NO, FindingHeads
from services.triage.signals import CRITICAL, HIGH, RISKS, words

MOST_WORDS: Final = 3
_LEAST: Final = 0.05
"""A word that adds less to a logit is not told."""
_NUMBER: Final = re.compile(r"\d{4}|@")
"""What a rule matched may reach over somebody's number or address: then it is not told."""
_TOLD: Final = 0.5
"""A yes or no is explained where it is a yes."""


class Explainer:
    """What every token of the vocabulary speaks for, computed once for the process's heads."""

    def __init__(self, encoder: Encoder, heads: FindingHeads) -> None:
        self._encoder = encoder
        self._heads = heads

    def words(
        self, texts: Sequence[str], features: Features, signals: Sequence[frozenset[str]], found: Floats
    ) -> list[dict[str, list[str]]]:
        """For each text: finding → its heaviest words, heaviest first. `found` (n, COLUMNS) are the probabilities that were decided by."""
        told = []
        for row, pieces in enumerate(self._encoder.spelt(features)):
            said = self._of(pieces.words, self._added(pieces.buckets, pieces.vectors, pieces.owner, len(pieces.words)), found[row])
            told.append(_with_signals(said, texts[row], signals[row]))
        return told

    def _added(self, buckets: Ints, vectors: Floats, owner: Ints, count: int) -> Floats:
        """Shape (words, COLUMNS): what each word adds to each logit."""
        heads = self._heads
        weight = heads.token_rarity[buckets]
        each = heads.tokens[buckets] * weight[:, None] / max(float(np.sqrt(2.0 * (weight**2).sum())), 1e-9)
        length = float(np.linalg.norm(vectors.sum(axis=0))) if len(vectors) else 0.0
        if length > 0:
            each = each + vectors @ heads.dense[: vectors.shape[1]] * np.float32(STATIC_SCALE / length)
        added = np.zeros((count, each.shape[1]), dtype=np.float32)
        np.add.at(added, owner, each)
        return added

    def _of(self, words: Sequence[str], added: Floats, found: Floats) -> dict[str, list[str]]:
        said: dict[str, list[str]] = {}
        # A word with a digit or an @ may be somebody's number or address; neither it nor one of marks alone says anything to argue with.
        telling = [index for index, word in enumerate(words) if word and not any(letter.isdigit() or letter == "@" for letter in word)]
        if not telling:
            return said
        words, added = [words[index] for index in telling], added[telling]
        for finding in ONE_OF:
            part = added[:, PLACES[finding]]
            best = int(found[PLACES[finding]].argmax())
            said[finding] = _heaviest(words, part[:, best] - part.mean(axis=1))
        first = PLACES["yes_or_no"].start
        for index, question in enumerate(YES_OR_NO):
            if found[first + index] >= _TOLD:
                said[question] = _heaviest(words, added[:, first + index])
        return {finding: heaviest for finding, heaviest in said.items() if heaviest}


def _heaviest(words: Sequence[str], weight: Floats) -> list[str]:
    order = np.argsort(-weight, kind="stable")[: 2 * MOST_WORDS]
    return list(dict.fromkeys(words[index] for index in order if weight[index] >= _LEAST))[:MOST_WORDS]


def _with_signals(said: dict[str, list[str]], text: str, present: frozenset[str]) -> dict[str, list[str]]:
    """What the rules recognised goes before what the heads weighed."""
    wanted = present & (CRITICAL | HIGH | frozenset(RISKS))
    if wanted:
        by_signal = words(text, wanted)
        for signal in sorted(by_signal):
            for finding in ("urgency", *((f"risk:{signal}",) if signal in RISKS else ())):
                recognised = [word for word in by_signal[signal] if _NUMBER.search(word) is None]
                said[finding] = list(dict.fromkeys((*recognised, *said.get(finding, ()))))[:MOST_WORDS]
    return said
