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
from services.triage.brandheads import CLASSES, LABELS, BrandModels, Looks, adjusted
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
            parts = self._parts(features, own)
            tones = verdicts(_own("sentiment", CLASSES["sentiment"], tone_logits(self.sentiment, self.polarity, features), parts), features)
            labelled = self._labels(features, books, parts)
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

    def _parts(self, features: Features, own: Sequence[BrandModels | None]) -> list["_Part"]:
        """The texts of each brand that has heads of its own, with what those look at."""
        found = []
        for rows in _same(own):
            models = own[rows[0]]
            if models is not None and models.heads:
                part = features.take(np.array(rows))
                if any(head.deep for head in models.heads.values()):
                    part = self.encoder.whole(part)
                found.append(_Part(models, rows, part))
        return found

    def _labels(self, features: Features, books: Sequence[Taxonomy], parts: Sequence["_Part"]) -> list[list[Label]]:
        found: list[list[Label]] = [[] for _ in books]
        for rows in _same(books):
            book = books[rows[0]]
            if not book.names:
                continue
            part = features if len(rows) == len(books) else features.take(np.array(rows))
            logits = label_logits(book, self.calibration, part)
            place = {row: index for index, row in enumerate(rows)}
            for own in parts:
                if LABELS in own.models.heads and own.rows[0] in place:
                    mine = [place[row] for row in own.rows]
                    logits[mine] = adjusted(logits[mine], book.names, own.features, own.models.heads[LABELS])
            for row, labels in zip(rows, found_labels(book, self.calibration, logits, part), strict=True):
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


@dataclass(frozen=True, slots=True)
class _Part:
    """The texts of a brand with heads of its own, their places among all, and their features."""

    models: BrandModels
    rows: list[int]
    features: Features


def _same(things: Sequence[object]) -> list[list[int]]:
    """The places of each thing, by identity."""
    rows_of: dict[int, list[int]] = {}
    for row, thing in enumerate(things):
        rows_of.setdefault(id(thing), []).append(row)
    return list(rows_of.values())


def _own(finding: str, classes: tuple[str, ...], logits: Floats, parts: Sequence[_Part]) -> Floats:
    """The logits, those of brands with a head of their own for this finding as that one has them."""
    for part in parts:
        if finding in part.models.heads:
            logits[part.rows] = adjusted(logits[part.rows], classes, part.features, part.models.heads[finding])
    return logits
