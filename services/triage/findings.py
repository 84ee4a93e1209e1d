"""What a message is, in the platform's own terms: features reach this module, the probability of every value of every finding leaves it.

Two stages, both small. The first is linear and sees everything: meaning, tokens, letters, polarity, signals and where the message came from. The second
sees what the first made of all findings at once, and corrects one by the others: spam wants no reply, an outage goes to the technicians. Where there is
time, the full encoder's view of the text comes to the second stage too.

`services/triage/train.py` fits both; a file of one-byte weights holds them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import IO, Any, Final

import numpy as np

from libs.common.rules import INTENTS, RESPONSES
from libs.common.wordvectors import DIMENSIONS, Floats, Ints
from services.triage.context import SIZE as CONTEXT_SIZE
from services.triage.features import BUCKETS, Features
from services.triage.heads import Quantised, rare_rows, sigmoid, softmax
from services.triage.polarity import COUNTS
from services.triage.signals import NAMES, RISKS

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
ONE_OF: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "sentiment": (NEGATIVE, NEUTRAL, POSITIVE),
        "intent": INTENTS,
        "urgency": ("critical", "high", "normal", "low"),
        "respond": RESPONSES,
        "department": (
            "webcare", "billing", "technical", "logistics", "complaints", "legal", "press_office", "product", "security", "none",
        ),
    }
)  # fmt: skip
"""Finding → its values; a message has one of each."""
YES_OR_NO: Final = ("go_private", *(f"risk:{risk}" for risk in RISKS))
"""Findings that a message has or has not, each by itself."""

COLUMNS: Final = sum(map(len, ONE_OF.values())) + len(YES_OR_NO)
SIGNAL_NAMES: Final = NAMES
STATIC_SCALE, COUNTS_SCALE = 0.8, 1.5
DENSE: Final = DIMENSIONS + COUNTS + len(SIGNAL_NAMES) + CONTEXT_SIZE
FULL_SCALE: Final = 2.5
FIRST_TONE: Final = 0.5
_CLIP: Final = 6.0


def _places() -> dict[str, slice]:
    places, first = {}, 0
    for finding, values in ONE_OF.items():
        places[finding] = slice(first, first + len(values))
        first += len(values)
    return places | {"yes_or_no": slice(first, first + len(YES_OR_NO))}


PLACES: Final[Mapping[str, slice]] = MappingProxyType(_places())
"""Finding → its columns; all that are yes or no together under `yes_or_no`."""


def signal_rows(signals: Sequence[frozenset[str]]) -> Floats:
    """Shape (n, number of signals): 1 where a text has a signal."""
    table = np.zeros((len(signals), len(SIGNAL_NAMES)), dtype=np.float32)
    for row, found in enumerate(signals):
        if found:
            table[row] = [name in found for name in SIGNAL_NAMES]
    return table


def dense_rows(features: Features, counts: Floats, signals: Floats, context: Floats) -> Floats:
    """Shape (n, DENSE): what the first stage sees beside tokens and letters."""
    return np.hstack((features.static * np.float32(STATIC_SCALE), counts * np.float32(COUNTS_SCALE), signals, context))


def probabilities(logits: Floats) -> Floats:
    """Shape (n, COLUMNS): each finding's values add up to 1, each question stands by itself."""
    found = logits.astype(np.float32, copy=True)
    for finding in ONE_OF:
        found[:, PLACES[finding]] = softmax(found[:, PLACES[finding]])
    found[:, PLACES["yes_or_no"]] = sigmoid(found[:, PLACES["yes_or_no"]])
    return found


def second_rows(logits: Floats, side: Floats, full: Floats | None = None) -> Floats:
    """What the second stage sees: the first one's opinion of every finding, the polarity, signals and context again (`side`), and where there was time
    what the full encoder's head says (logits, shape (n, COLUMNS))."""
    opinions = (logits,) if full is None else (logits, full)
    seen = [part for opinion in opinions for part in (np.clip(opinion, -_CLIP, _CLIP) / 3.0, probabilities(opinion) * 2.0)]
    return np.hstack((*seen, side)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A layer of h neurons beside which the input of size d goes straight to the output too."""

    into: Floats
    """Shape (d, h)."""
    at: Floats
    """Shape (h,)."""
    out: Floats
    """Shape (h + d, COLUMNS)."""
    bias: Floats
    """Shape (COLUMNS,)."""

    def logits(self, rows: Floats) -> Floats:
        layer = np.tanh(rows @ self.into + self.at)
        return np.asarray(layer @ self.out[: len(self.at)] + rows @ self.out[len(self.at) :] + self.bias, dtype=np.float32)


def _tempered(second: Floats, first: Floats) -> Floats:
    """The second stage's logits, for the tone together with the first one's: how people sound depends less on what they want than the second stage has
    it, and on texts of other kinds than it learnt from the two together are right more often than either."""
    tone = PLACES["sentiment"]
    second[:, tone] = (second[:, tone] + FIRST_TONE * first[:, tone]) / (1.0 + FIRST_TONE)
    return second


@dataclass(frozen=True, slots=True)
class FindingHeads:
    """All weights, ready for use from any thread."""

    token_rarity: Floats
    """Shape (BUCKETS,): 0 for an n-gram that taught nothing."""
    letter_rarity: Floats
    tokens: Floats
    """Shape (BUCKETS, COLUMNS)."""
    letters: Floats
    dense: Floats
    """Shape (DENSE, COLUMNS)."""
    bias: Floats
    quick: Hidden
    full: Hidden
    meaning: Floats
    """Shape (512, COLUMNS): the head on the full encoder's vectors."""
    meaning_bias: Floats

    def first(self, features: Features, letters: tuple[Ints, Ints], dense: Floats) -> Floats:
        """Logits of the first stage, shape (n, COLUMNS). `letters` as `language.letters` gives them."""
        logits = dense @ self.dense + self.bias
        logits += rare_rows(features.buckets, features.starts, self.token_rarity) @ self.tokens
        logits += rare_rows(*letters, self.letter_rarity) @ self.letters
        return np.asarray(logits, dtype=np.float32)

    def quickly(self, logits: Floats, side: Floats) -> Floats:
        """Logits of the second stage, of what is cheap."""
        return _tempered(self.quick.logits(second_rows(logits, side)), logits)

    def fully(self, logits: Floats, side: Floats, vectors: Floats) -> Floats:
        """Logits of the second stage with the full encoder's vectors (n, 512)."""
        return _tempered(self.full.logits(second_rows(logits, side, self.by_meaning(vectors))), logits)

    def by_meaning(self, vectors: Floats) -> Floats:
        return np.asarray(vectors @ self.meaning * np.float32(FULL_SCALE) + self.meaning_bias, dtype=np.float32)

    def write(self, file: IO[bytes]) -> None:
        """A byte for each of the many weights, half precision for the rest; the same heads give the same bytes."""
        many = {name: Quantised.of(getattr(self, name)) for name in _MANY}
        parts: dict[str, Any] = {name: value.codes for name, value in many.items()} | {
            f"{name}_scale": value.scale for name, value in many.items()
        }
        parts |= {name: getattr(self, name).astype(np.float16) for name in _FEW}
        for name in _STAGES:
            stage = getattr(self, name)
            parts |= {f"{name}_{field.name}": getattr(stage, field.name).astype(np.float16) for field in fields(Hidden)}
        np.savez_compressed(file, made_for=_made_for(), **parts)

    @classmethod
    def read(cls, file: IO[bytes]) -> "FindingHeads":
        """Raises ValueError when they were fitted for other findings, signals or shapes than this version's."""
        with np.load(file, allow_pickle=False) as archive:
            if tuple(archive["made_for"]) != tuple(_made_for()):
                raise ValueError("these heads were fitted for other findings or signals than this version has: train them again")
            many = {name: Quantised(archive[name], archive[f"{name}_scale"]).weights() for name in _MANY}
            few = {name: archive[name].astype(np.float32) for name in _FEW}
            stages = {
                name: Hidden(**{field.name: archive[f"{name}_{field.name}"].astype(np.float32) for field in fields(Hidden)})
                for name in _STAGES
            }
        if many["tokens"].shape != (BUCKETS, COLUMNS) or few["dense"].shape != (DENSE, COLUMNS):
            raise ValueError(f"heads of shapes {many['tokens'].shape} and {few['dense'].shape} are of another version")
        return cls(**many, **few, quick=stages["quick"], full=stages["full"])


_MANY: Final = ("tokens", "letters")
_FEW: Final = ("token_rarity", "letter_rarity", "dense", "bias", "meaning", "meaning_bias")
_STAGES: Final = ("quick", "full")


def _made_for() -> Any:
    return np.array([*(value for values in ONE_OF.values() for value in values), *YES_OR_NO, *SIGNAL_NAMES])
