"""What triage understands of messages: texts reach this module, one `Findings` for each leaves it.

The only door to the models: consumers see texts, taxonomies and findings, never a vector. Nothing here waits or writes, so a batch can
run in a thread outside any transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np

from libs.common.brandbook import BrandBook
from libs.common.events import Findings, Label
from services.triage.brandheads import CLASSES, LABELS, BrandModels, Looks, own_logits
from services.triage.features import Encoder, Features, Floats, encoder
from services.triage.heads import Head
from services.triage.labels import Calibration, Taxonomy, found_labels, label_logits, taxonomy
from services.triage.language import languages
from services.triage.sentiment import Polarity, verdicts
from services.triage.sentiment import tones as tone_logits
from services.triage.signals import UNKNOWN_SENDER, Sender, risks, signals, urgency

MODELS: Final = Path(__file__).parent / "models"
FILES: Final = ("language.npz", "sentiment.npz", "polarity.npz", "labels.npz")
VERSION: Final = "1"
"""Raised when the rules or the features change; the rest of a model's name is the hash of its files."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """The heads of one folder, ready for use from any thread."""

    encoder: Encoder
    language: Head
    sentiment: Head
    polarity: Polarity
    calibration: Calibration
    version: str
    empty: Taxonomy

    @classmethod
    def load(cls, models: Path = MODELS) -> "Classifier":
        """Reads the heads and the token table: about a second. Raises OSError or ValueError when a file is missing or foreign."""
        digest = sha256()
        for name in FILES:
            digest.update((models / name).read_bytes())
        with (models / "language.npz").open("rb") as file:
            language = Head.read(file)
        with (models / "sentiment.npz").open("rb") as file:
            sentiment = Head.read(file)
        with (models / "polarity.npz").open("rb") as file:
            polarity = Polarity.read(file)
        with (models / "labels.npz").open("rb") as file:
            calibration = Calibration.read(file)
        shared = encoder()
        version = f"{VERSION}-{digest.hexdigest()[:12]}"
        return cls(shared, language, sentiment, polarity, calibration, version, taxonomy([], shared, calibration))

    def taxonomy(self, book: BrandBook) -> Taxonomy:
        """The book's labels, ready to compare with. Keep it for as long as the book's version lasts."""
        return taxonomy(
            book.labels,
            self.encoder,
            self.calibration,
            campaign_hashtags=book.campaign_hashtags,
            internal_names=book.voice.internal_names,
        )

    def classify(
        self,
        texts: Sequence[str],
        taxonomies: Sequence[Taxonomy] | None = None,
        senders: Sequence[Sender] | None = None,
        models: Sequence[BrandModels | None] | None = None,
    ) -> list[Findings]:
        """What each text says, in their order; a taxonomy, a sender and the brand's own heads for each text (none: no labels, nothing known, none).

        Thousands of texts a second on one core; hand over a few hundred at once. Raises ValueError when the lengths differ.
        """
        books = [self.empty] * len(texts) if taxonomies is None else taxonomies
        known = [UNKNOWN_SENDER] * len(texts) if senders is None else senders
        own = [None] * len(texts) if models is None else models
        if not len(texts) == len(books) == len(known) == len(own):
            raise ValueError(f"{len(texts)} texts need as many taxonomies and senders, not {len(books)} and {len(known)}")
        if not texts:
            return []
        features = self.encoder.encode(texts)
        with self.encoder.one_thread():
            spoken = languages(self.language, features)
            base = {"sentiment": tone_logits(self.sentiment, self.polarity, features)}
            labels = self._label_logits(features, books)
            self._learnt(features, base, labels, books, own)
            tones = verdicts(base["sentiment"], features)
            labelled = self._labels(features, books, labels)
        return [
            self._findings(text, book, sender, spoken[row], tones[row], labelled[row], own[row])
            for row, (text, book, sender) in enumerate(zip(texts, books, known, strict=True))
        ]

    def looks(self, texts: Sequence[str], book: BrandBook) -> Looks:
        """What a brand's heads learn from: the features, the whole encoder's too, and what the shipped heads make of each text."""
        features = self.encoder.whole(self.encoder.encode(texts))
        with self.encoder.one_thread():
            tones = tone_logits(self.sentiment, self.polarity, features)
        return Looks(features, {"sentiment": (CLASSES["sentiment"], tones), **self.label_looks(features, book).base})

    def label_looks(self, features: Features, book: BrandBook) -> Looks:
        """The part of `looks` that a brand's labels are learnt from."""
        labels = self.taxonomy(book)
        with self.encoder.one_thread():
            return Looks(features, {LABELS: (labels.names, label_logits(labels, self.calibration, features))})

    def _learnt(
        self,
        features: Features,
        base: dict[str, Floats],
        labels: list[Floats],
        books: Sequence[Taxonomy],
        own: Sequence[BrandModels | None],
    ) -> None:
        """Puts the logits of brands' own heads in place of the shipped ones."""
        for rows in _same(own):
            models = own[rows[0]]
            if models is None:
                continue
            some = {finding: (CLASSES[finding], logits[rows]) for finding, logits in base.items()}
            some[LABELS] = (books[rows[0]].names, np.stack([labels[row] for row in rows]))
            found = own_logits(models, some, features.take(np.array(rows)), self.encoder.whole)
            for finding, logits in found.items():
                for row, line in zip(rows, logits, strict=True):
                    if finding == LABELS:
                        labels[row] = line
                    else:
                        base[finding][row] = line

    def _label_logits(self, features: Features, books: Sequence[Taxonomy]) -> list[Floats]:
        found = [_NO_LABELS] * len(books)
        for rows in _same(books):
            part = features if len(rows) == len(books) else features.take(np.array(rows))
            for row, logits in zip(rows, label_logits(books[rows[0]], self.calibration, part), strict=True):
                found[row] = logits
        return found

    def _labels(self, features: Features, books: Sequence[Taxonomy], logits: Sequence[Floats]) -> list[list[Label]]:
        found: list[list[Label]] = [[] for _ in books]
        for rows in _same(books):
            if books[rows[0]].names:
                part = features if len(rows) == len(books) else features.take(np.array(rows))
                told = found_labels(books[rows[0]], self.calibration, np.stack([logits[row] for row in rows]), part)
                for row, labels in zip(rows, told, strict=True):
                    found[row] = labels
        return found

    def _findings(
        self,
        text: str,
        book: Taxonomy,
        sender: Sender,
        spoken: tuple[str, float],
        tone: tuple[str, float, float],
        labels: list[Label],
        own: BrandModels | None,
    ) -> Findings:
        sentiment, score, confidence = tone
        present = signals(text)
        risk = risks(text, present, score, sender, book.campaign_hashtags, book.internal_names)
        return Findings(
            language=spoken[0],
            language_confidence=round(spoken[1], 4),
            sentiment=sentiment,
            sentiment_score=round(score, 4),
            sentiment_confidence=round(confidence, 4),
            labels=labels,
            urgency=urgency(present, risk, sentiment, score, sender, labelled=bool(labels)),
            risk=risk,
            model=self.version + (own.name if own else ""),
        )


_NO_LABELS: Final = np.zeros(0, dtype=np.float32)


def _same(things: Sequence[object]) -> list[list[int]]:
    """The places of each thing, by identity."""
    rows_of: dict[int, list[int]] = {}
    for row, thing in enumerate(things):
        rows_of.setdefault(id(thing), []).append(row)
    return list(rows_of.values())
