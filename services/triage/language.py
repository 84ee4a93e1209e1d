"""Which language a message is written in, its dominant one: texts reach this module, a language with a confidence leaves it.

A linear head over hashed letters in a row (one to four) and token vectors. Letters tell languages apart that share no word with
anything seen in training; a script other than Latin is decided by rule, since none of our languages uses one.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from libs.common.wordvectors import Floats, Ints
from services.triage.features import Features, bucket
from services.triage.heads import Head

LANGUAGES: Final = ("nl", "en", "de", "fr", "other")
LETTERS_SEEN = 600
"""A language shows in its first lines; a long mail need not be read to the end."""
_NO_EXTRA = 0
_OUR_LETTERS: Final = frozenset("àáâäãåçèéêëìíîïñòóôöùúûüÿœæßĳ")
_STRANGE_SHARE = 0.04
"""More letters than this that none of our languages has are no borrowed name any more."""
_NOT_WORDS = re.compile(r"[^\w'’ß-]+|[\d_]+")


def letters(texts: Sequence[str]) -> tuple[Ints, Ints]:
    """Buckets of the letters in a row of all texts behind one another, and where each text starts (n + 1 offsets)."""
    padded = [f" {_NOT_WORDS.sub(' ', text[:LETTERS_SEEN]).strip()} " for text in texts]
    lengths = np.fromiter(map(len, padded), dtype=np.int64, count=len(padded))
    flat = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(padded)), lengths)
    ends = np.repeat(np.cumsum(lengths), lengths)
    position = np.arange(flat.size)
    keys, owners = [], []
    key = np.zeros(flat.size, dtype=np.uint64)
    for width in range(1, 5):
        shifted = np.zeros(flat.size, dtype=np.uint64)
        shifted[: max(0, flat.size - width + 1)] = flat[width - 1 :]
        key = key * np.uint64(1_114_111) + shifted + np.uint64(1)
        inside = position + width <= ends
        keys.append(bucket(key[inside]))
        owners.append(owner[inside])
    order = np.argsort(np.concatenate(owners), kind="stable")
    counts = 4 * lengths - 6
    counts[lengths < 4] = [sum(max(0, int(n) - w + 1) for w in range(1, 5)) for n in lengths[lengths < 4]]
    return np.concatenate(keys)[order], np.concatenate(([0], np.cumsum(counts)))


def languages(head: Head, features: Features, written: tuple[Ints, Ints]) -> list[tuple[str, float]]:
    """The dominant language of each text and the probability of it. `written`: its `letters`. Without a letter: "other", 0."""
    buckets, starts = written
    probability = head.probabilities(features.static, buckets, starts, no_extra(len(features)))
    best = probability.argmax(axis=1)
    found = [(head.classes[i], float(probability[row, i])) for row, i in enumerate(best)]
    return [_by_script(text, guess) for text, guess in zip(features.texts, found, strict=True)]


def no_extra(count: int) -> Floats:
    """The empty block of features of a head that has none of its own."""
    return np.zeros((count, _NO_EXTRA), dtype=np.float32)


def _by_script(text: str, guess: tuple[str, float]) -> tuple[str, float]:
    if text.isascii() and any(map(str.isalpha, text[:LETTERS_SEEN])):
        return guess
    seen = [letter for letter in text[:LETTERS_SEEN] if letter.isalpha()]
    if not seen:
        return "other", 0.0
    script = sum(letter > "\u024f" for letter in seen) / len(seen)
    strange = sum(letter > "\x7f" and letter not in _OUR_LETTERS for letter in seen) / len(seen)
    return ("other", max(script, 0.9)) if script > 0.5 or strange > _STRANGE_SHARE else guess
