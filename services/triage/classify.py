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
from services.triage.features import Encoder, Features, encoder
from services.triage.heads import Head
from services.triage.labels import Calibration, Taxonomy, label, taxonomy
from services.triage.language import languages
from services.triage.sentiment import Polarity, sentiments
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
    ) -> list[Findings]:
        """What each text says, in their order; a taxonomy and a sender for each text (none: no labels, nothing known).

        Thousands of texts a second on one core; hand over a few hundred at once. Raises ValueError when the lengths differ.
        """
        books = [self.empty] * len(texts) if taxonomies is None else taxonomies
        known = [UNKNOWN_SENDER] * len(texts) if senders is None else senders
        if not len(texts) == len(books) == len(known):
            raise ValueError(f"{len(texts)} texts need as many taxonomies and senders, not {len(books)} and {len(known)}")
        if not texts:
            return []
        features = self.encoder.encode(texts)
        with self.encoder.one_thread():
            spoken = languages(self.language, features)
            tones = sentiments(self.sentiment, self.polarity, features)
            labelled = self._labels(features, books)
        return [
            self._findings(text, book, sender, spoken[row], tones[row], labelled[row])
            for row, (text, book, sender) in enumerate(zip(texts, books, known, strict=True))
        ]

    def _labels(self, features: Features, books: Sequence[Taxonomy]) -> list[list[Label]]:
        rows_of: dict[int, list[int]] = {}
        for row, book in enumerate(books):
            rows_of.setdefault(id(book), []).append(row)
        found: list[list[Label]] = [[] for _ in books]
        for rows in rows_of.values():
            book = books[rows[0]]
            if not book.names:
                continue
            part = features if len(rows) == len(books) else features.take(np.array(rows))
            for row, labels in zip(rows, label(book, self.calibration, part), strict=True):
                found[row] = labels
        return found

    def _findings(
        self, text: str, book: Taxonomy, sender: Sender, spoken: tuple[str, float], tone: tuple[str, float, float], labels: list[Label]
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
            model=self.version,
        )
