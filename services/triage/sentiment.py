"""The overall tone of a message: texts reach this module, negative, neutral or positive with a score leaves it.

A linear head over token vectors, token n-grams and a handful of counts from a polarity lexicon, among them what a negation turns
round, what follows the last "maar" or "but", since people put their verdict there, and praise beside a problem, since that is how
sarcasm looks.
"""

import re
from collections.abc import Mapping
from typing import IO

import numpy as np

from services.triage.features import Features, Floats
from services.triage.heads import Head
from services.triage.signals import CRITICAL, HIGH, signals

NEGATIVE, NEUTRAL, POSITIVE = CLASSES = ("negative", "neutral", "positive")
COUNTS = 18

_WORD = re.compile(r"[^\W\d_](?:[\w'’*-]*\w)?|:'?-?[()/]|;-?\)|:-?d\b|<3|\^\^|[!?]|[\u2600-\u27bf\U0001f300-\U0001faff]", re.UNICODE)
_NEGATIONS = frozenset(
    [
        "niet",
        "geen",
        "nooit",
        "niets",
        "niks",
        "nergens",
        "nauwelijks",
        "zonder",
        "geenszins",
        "not",
        "no",
        "never",
        "nothing",
        "without",
        "hardly",
        "isn't",
        "wasn't",
        "don't",
        "doesn't",
        "didn't",
        "can't",
        "couldn't",
        "won't",
        "wouldn't",
        "aren't",
        "nicht",
        "kein",
        "keine",
        "nie",
        "pas",
        "jamais",
    ]
)
_TURNS = frozenset(["maar", "but", "however", "although", "echter", "toch", "though", "aber", "mais", "behalve", "alleen"])
_REACH = 3  # words after a negation that it turns round
_MOODS = frozenset(["weer", "again", "alweer", "wéér", "still", "steeds", "nog", "ever"])

Verdict = tuple[str, float, float]
"""Class, score from -1 to 1, and the probability of the class."""


class Polarity:
    """Word → polarity from -1 to 1."""

    def __init__(self, words: Mapping[str, float]) -> None:
        self._words = dict(words)

    def write(self, file: IO[bytes]) -> None:
        """The same words give the same bytes."""
        words = sorted(self._words)
        text = np.frombuffer("\n".join(words).encode(), dtype=np.uint8)
        np.savez_compressed(file, words=text, polarity=np.array([self._words[w] for w in words], dtype=np.float16))

    @classmethod
    def read(cls, file: IO[bytes]) -> "Polarity":
        """Raises ValueError when there are not as many words as polarities."""
        with np.load(file, allow_pickle=False) as archive:
            words = archive["words"].tobytes().decode().split("\n")
            return cls(dict(zip(words, archive["polarity"].astype(float).tolist(), strict=True)))

    def counts(self, features: Features) -> Floats:
        """Shape (n, COUNTS), each damped to 0..1 or -1..1."""
        table = np.array([self._count(text) for text in features.texts], dtype=np.float32).reshape(-1, COUNTS)
        return np.tanh(table, out=table)

    def _count(self, text: str) -> tuple[float, ...]:
        good = bad = good_turned = bad_turned = after = signs_good = signs_bad = 0.0
        shouts = questions = moods = words = 0
        turned = False
        reach = 0
        for word in _WORD.findall(text):
            if word == "!":
                shouts += 1
                continue
            if word == "?":
                questions += 1
                continue
            words += 1
            if word in _NEGATIONS:
                reach = _REACH + 1
            elif word in _TURNS:
                after, turned = 0.0, True
            elif word in _MOODS:
                moods += 1
            polarity = self._words.get(word, 0.0)
            if polarity:
                if not word[0].isalpha():
                    signs_good, signs_bad = signs_good + max(polarity, 0.0), signs_bad + max(-polarity, 0.0)
                elif reach > 0:
                    good_turned, bad_turned = good_turned + max(polarity, 0.0), bad_turned + max(-polarity, 0.0)
                    polarity = -0.6 * polarity
                else:
                    good, bad = good + max(polarity, 0.0), bad + max(-polarity, 0.0)
                after += polarity
            reach -= 1
        found = signals(text)
        problem = float("problem" in found)
        serious = float(not found.isdisjoint(CRITICAL | HIGH))
        balance = good - bad + 0.6 * (bad_turned - good_turned) + signs_good - signs_bad
        quiet = float(good + bad + good_turned + bad_turned + signs_good + signs_bad == 0)
        return (
            good, bad, good_turned, bad_turned, signs_good, signs_bad, balance, after if turned else 0.0,
            shouts / 2, questions / 2, float(text.endswith("?")), moods / 2, quiet, words / 40,
            problem, serious, float("asks" in found), max(problem, serious) * (good + signs_good),
        )  # fmt: skip


def tones(head: Head, polarity: Polarity, features: Features) -> Floats:
    """Shape (n, 3): the logits of CLASSES."""
    found: Floats = np.log(np.maximum(head.of(features, polarity.counts(features)), 1e-9))
    return found


def verdicts(logits: Floats, features: Features) -> list[Verdict]:
    """The tone of each text. The score is what speaks for positive less what speaks for negative. Without a word: neutral."""
    probability = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probability /= probability.sum(axis=1, keepdims=True)
    score = probability[:, CLASSES.index(POSITIVE)] - probability[:, CLASSES.index(NEGATIVE)]
    found: list[Verdict] = []
    for row, best in enumerate(probability.argmax(axis=1)):
        if features.texts[row]:
            found.append((CLASSES[best], float(score[row]), float(probability[row, best])))
        else:
            found.append((NEUTRAL, 0.0, 0.0))
    return found


def sentiments(head: Head, polarity: Polarity, features: Features) -> list[Verdict]:
    """The tone of each text by the shipped head."""
    return verdicts(tones(head, polarity, features), features)
