"""Words that praise and words that blame: texts reach this module, a row of counts for each leaves it.

A handful of counts from a polarity lexicon, which the heads weigh (`findings.py`): among them what a negation turns round, what follows the last "maar" or
"but", since people put their verdict there, and praise beside a problem, since that is how sarcasm looks.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import IO

import numpy as np

from libs.common.wordvectors import Floats
from services.triage.features import Features
from services.triage.signals import CRITICAL, HIGH

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
_SERIOUS = CRITICAL | HIGH
_MOODS = frozenset(["weer", "again", "alweer", "wéér", "still", "steeds", "nog", "ever"])


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

    def counts(self, features: Features, signals: Sequence[Collection[str]]) -> Floats:
        """Shape (n, COUNTS), each damped to 0..1 or -1..1. `signals`: those of each text."""
        rows = [self._count(text, found) for text, found in zip(features.texts, signals, strict=True)]
        table = np.array(rows, dtype=np.float32).reshape(-1, COUNTS)
        return np.tanh(table, out=table)

    def _count(self, text: str, found: Collection[str]) -> tuple[float, ...]:
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
        problem = float("problem" in found)
        serious = float(any(signal in _SERIOUS for signal in found))
        balance = good - bad + 0.6 * (bad_turned - good_turned) + signs_good - signs_bad
        quiet = float(good + bad + good_turned + bad_turned + signs_good + signs_bad == 0)
        return (
            good, bad, good_turned, bad_turned, signs_good, signs_bad, balance, after if turned else 0.0,
            shouts / 2, questions / 2, float(text.endswith("?")), moods / 2, quiet, words / 40,
            problem, serious, float("asks" in found), max(problem, serious) * (good + signs_good),
        )  # fmt: skip
