"""What triage understands of messages: texts reach this module, one `Findings` for each leaves it.

The only door to the models: consumers see texts, taxonomies and findings, never a vector. Nothing here waits or writes, so a batch can
run in a thread outside any transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import numpy as np

from libs.common.brandbook import BrandBook
from libs.common.events import Findings, Label
from libs.common.personal import Lens, personal_data
from libs.common.wordvectors import Floats, Ints
from services.triage.brandheads import DEPARTMENT, LABELS, BrandModels, Looks, own_logits, with_values, words_for
from services.triage.context import UNKNOWN, Context, context_features
from services.triage.explain import MOST_WORDS, Explainer
from services.triage.features import Encoder, Features, encoder
from services.triage.findings import (
    NEGATIVE,
    NEUTRAL,
    ONE_OF,
    PLACES,
    POSITIVE,
    YES_OR_NO,
    FindingHeads,
    dense_rows,
    probabilities,
    signal_rows,
)
from services.triage.heads import Head, softmax
from services.triage.labels import Calibration, Taxonomy, found_labels, label_logits, taxonomy
from services.triage.language import languages, letters
from services.triage.polarity import Polarity
from services.triage.respond import respond
from services.triage.signals import RISKS, risks, signals_of, urgency

MODELS: Final = Path(__file__).parent / "models"
FILES: Final = ("language.npz", "polarity.npz", "labels.npz", "findings.npz")
VERSION: Final = "3"
"""Raised when the rules or the features change; the rest of a model's name is the hash of its files."""

Depth = Literal["quick", "full", "thorough"]
"""Whether the whole encoder reads no text, those whose purpose is doubtful, or every one."""
HESITATES: Final = 0.3
"""Where the likeliest intent is less likely than this, the whole encoder is asked: it tells purposes apart best, and takes ten times as long."""


@dataclass(frozen=True, slots=True, eq=False)
class BrandView:
    """What messages of one brand are looked at through. One object per brand and book version: texts are grouped by it."""

    labels: Taxonomy
    lens: Lens | None = None
    language: str = "en"
    """The language in which reasons are given: the brand's own."""
    departments: tuple[str, ...] = ()
    """The brand's, by id, those that the shipped heads do not know: its own head may."""


_OwnValues = tuple[tuple[str, ...], Floats]
"""Departments of a brand's own, and the logit of each for one text."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the models see of n texts."""

    features: Features
    letters: tuple[Ints, Ints]
    signals: list[frozenset[str]]
    logits: Floats
    """Shape (n, COLUMNS): what both stages make of it."""


@dataclass(frozen=True, slots=True)
class Classifier:
    """The heads of one folder, ready for use from any thread."""

    encoder: Encoder
    language: Head
    polarity: Polarity
    calibration: Calibration
    heads: FindingHeads
    explainer: Explainer
    version: str
    empty: BrandView

    @classmethod
    def load(cls, models: Path = MODELS) -> "Classifier":
        """Reads the heads and the token table: about a second. Raises OSError or ValueError when a file is missing or foreign."""
        digest = sha256()
        for name in FILES:
            digest.update((models / name).read_bytes())
        with (models / "language.npz").open("rb") as file:
            language = Head.read(file)
        with (models / "polarity.npz").open("rb") as file:
            polarity = Polarity.read(file)
        with (models / "labels.npz").open("rb") as file:
            calibration = Calibration.read(file)
        with (models / "findings.npz").open("rb") as file:
            heads = FindingHeads.read(file)
        shared = encoder()
        version = f"{VERSION}-{digest.hexdigest()[:12]}"
        return cls(
            shared, language, polarity, calibration, heads, Explainer(shared, heads), version, BrandView(taxonomy([], shared, calibration))
        )

    def view(self, book: BrandBook) -> BrandView:
        """The book, ready to look through. Keep it for as long as the book's version lasts."""
        labels = taxonomy(
            book.labels,
            self.encoder,
            self.calibration,
            campaign_hashtags=book.campaign_hashtags,
            internal_names=book.voice.internal_names,
        )
        return BrandView(labels, Lens.of(book), book.languages[0], _own_departments(book))

    def classify(
        self,
        texts: Sequence[str],
        views: Sequence[BrandView] | None = None,
        contexts: Sequence[Context] | None = None,
        models: Sequence[BrandModels | None] | None = None,
        *,
        depth: Depth = "full",
        explain: bool = False,
    ) -> list[Findings]:
        """What each text says, in their order; for each the brand's view, where it came from and the brand's own heads (none: no labels, nothing
        known, none). `depth`: whom the whole encoder reads. `explain`: with the words that weighed most.

        Thousands of texts a second on one core; hand over a few hundred at once. Raises ValueError when the lengths differ.
        """
        through = [self.empty] * len(texts) if views is None else views
        known = [UNKNOWN] * len(texts) if contexts is None else contexts
        own = [None] * len(texts) if models is None else models
        if not len(texts) == len(through) == len(known) == len(own):
            raise ValueError(f"{len(texts)} texts need as many views, contexts and models, not {len(through)}, {len(known)} and {len(own)}")
        if not texts:
            return []
        with self.encoder.one_thread():
            rows = self._rows(texts, known, depth)
            spoken = languages(self.language, rows.features, rows.letters)
            labels = self._label_logits(rows.features, through)
            departments = self._learnt(rows, labels, through, own, depth)
            found = probabilities(rows.logits)
            labelled = self._labels(rows.features, through, labels)
            chosen = {row: _department(rows.logits[row, PLACES[DEPARTMENT]], more) for row, more in departments.items()}
            why = self.explainer.words(texts, rows.features, rows.signals, found) if explain else None
            for row, (name, _) in chosen.items():
                models_of = own[row]
                if why is not None and models_of is not None and name in departments[row][0]:
                    said = words_for(models_of.heads[DEPARTMENT], name, rows.features.texts[row], self.encoder.encode, MOST_WORDS)
                    why[row][DEPARTMENT] = said
        return [
            self._findings(
                text, through[row], known[row], rows.signals[row], spoken[row], found[row], labelled[row],
                said=bool(rows.features.texts[row]),
                shipped_tone=not ((models_ := own[row]) and "sentiment" in models_.heads),
                model=self.version + (models_.name if models_ else ""),
                why=why[row] if why else {},
                depth=depth,
                department=chosen.get(row),
            )
            for row, text in enumerate(texts)
        ]  # fmt: skip

    def _rows(self, texts: Sequence[str], contexts: Sequence[Context], depth: Depth) -> _Rows:
        features = self.encoder.encode(texts)
        written = letters(features.texts)
        marks = signals_of(texts)
        counts, marked, context = self.polarity.counts(features, marks), signal_rows(marks), context_features(texts, contexts)
        side = np.hstack((counts, marked, context))
        first = self.heads.first(features, written, dense_rows(features, counts, marked, context))
        logits = self.heads.quickly(first, side)
        asked = np.arange(len(texts) if depth == "thorough" else 0)
        if depth == "full":
            purpose = probabilities(logits)[:, PLACES["intent"]]
            asked = np.flatnonzero(purpose.max(axis=1) < HESITATES)
        if asked.size:
            whole = self.encoder.whole(features.take(asked)).whole
            assert whole is not None
            logits[asked] = self.heads.fully(first[asked], side[asked], whole)
        return _Rows(features, written, marks, logits)

    def looks(self, texts: Sequence[str], book: BrandBook, contexts: Sequence[Context] | None = None) -> Looks:
        """What a brand's heads learn from: the features, the whole encoder's too, and what the shipped heads make of each text."""
        with self.encoder.one_thread():
            rows = self._rows(texts, [UNKNOWN] * len(texts) if contexts is None else contexts, "full")
            features = self.encoder.whole(rows.features)
        shipped = {finding: (tuple(values), rows.logits[:, PLACES[finding]]) for finding, values in ONE_OF.items()}
        shipped[DEPARTMENT] = with_values(shipped[DEPARTMENT], _own_departments(book))
        return Looks(features, {**shipped, **self.label_looks(features, book).base})

    def label_looks(self, features: Features, book: BrandBook) -> Looks:
        """The part of `looks` that a brand's labels are learnt from."""
        labels = self.view(book).labels
        with self.encoder.one_thread():
            return Looks(features, {LABELS: (labels.names, label_logits(labels, self.calibration, features))})

    def _learnt(
        self, rows: _Rows, labels: list[Floats], views: Sequence[BrandView], own: Sequence[BrandModels | None], depth: Depth
    ) -> dict[int, _OwnValues]:
        """Puts the logits of brands' own heads in place of the shipped ones. Returns those of departments that only the brand knows, by text."""
        departments: dict[int, _OwnValues] = {}
        for places in _same(own):
            models = own[places[0]]
            if models is None:
                continue
            base = {finding: (tuple(values), rows.logits[places, PLACES[finding]]) for finding, values in ONE_OF.items()}
            head = models.heads.get(DEPARTMENT)
            more = tuple(name for name in head.classes if name in views[places[0]].departments) if head is not None else ()
            base[DEPARTMENT] = with_values(base[DEPARTMENT], more)
            base[LABELS] = (views[places[0]].labels.names, np.stack([labels[row] for row in places]))
            part = rows.features.take(np.array(places))
            for finding, logits in own_logits(models, base, part, self.encoder.whole if depth != "quick" else None).items():
                if finding == LABELS:
                    for row, found in zip(places, logits, strict=True):
                        labels[row] = found
                else:
                    shipped = len(ONE_OF[finding])
                    rows.logits[places, PLACES[finding]] = logits[:, :shipped]
                    if logits.shape[1] > shipped:
                        departments |= {row: (more, theirs) for row, theirs in zip(places, logits[:, shipped:], strict=True)}
        return departments

    def _label_logits(self, features: Features, views: Sequence[BrandView]) -> list[Floats]:
        """For each text those of its brand's labels."""
        found = [_NO_LABELS] * len(views)
        for places in _same(views):
            part = features if len(places) == len(views) else features.take(np.array(places))
            for row, logits in zip(places, label_logits(views[places[0]].labels, self.calibration, part), strict=True):
                found[row] = logits
        return found

    def _labels(self, features: Features, views: Sequence[BrandView], logits: Sequence[Floats]) -> list[list[Label]]:
        found: list[list[Label]] = [[] for _ in views]
        for places in _same(views):
            book = views[places[0]].labels
            if not book.names:
                continue
            part = features if len(places) == len(views) else features.take(np.array(places))
            told = found_labels(book, self.calibration, np.stack([logits[row] for row in places]), part)
            for row, labels in zip(places, told, strict=True):
                found[row] = labels
        return found

    def _findings(
        self,
        text: str,
        view: BrandView,
        context: Context,
        present: frozenset[str],
        spoken: tuple[str, float],
        found: Floats,
        labels: list[Label],
        *,
        said: bool,
        shipped_tone: bool,
        model: str,
        why: dict[str, list[str]],
        depth: Depth,
        department: tuple[str, float] | None,
    ) -> Findings:
        best = {finding: _best(found[PLACES[finding]], values) for finding, values in ONE_OF.items()}
        best[DEPARTMENT] = department or best[DEPARTMENT]
        if shipped_tone:
            best["sentiment"] = _tone(found[PLACES["sentiment"]])
        negative, _, positive = (float(share) for share in found[PLACES["sentiment"]])
        sentiment, score = best["sentiment"], positive - negative
        if sentiment[0] == NEGATIVE:
            score = min(score, 0.0)
        if not said:
            sentiment, score = (NEUTRAL, 0.0), 0.0
        yes = dict(zip(YES_OR_NO, found[PLACES["yes_or_no"]].tolist(), strict=True))
        chances = {name: yes[f"risk:{name}"] for name in RISKS}
        risk = risks(text, present, score, context, view.labels.campaign_hashtags, view.labels.internal_names, chances)
        answer = respond(best["respond"][0], best["intent"][0], context, view.language)
        private = answer.decision == "reply" and context.visibility != "private" and yes["go_private"] >= GO_PRIVATE
        confidence = {finding: round(best[finding][1], 4) for finding in ("intent", "urgency", "respond", "department")}
        confidence["go_private"] = round(yes["go_private"] if private else 1.0 - yes["go_private"], 4)
        confidence |= {f"risk:{name}": round(yes[f"risk:{name}"], 4) for name in risk}
        return Findings(
            language=spoken[0],
            language_confidence=round(spoken[1], 4),
            sentiment=sentiment[0],
            sentiment_score=round(score, 4),
            sentiment_confidence=round(sentiment[1], 4),
            intent=best["intent"][0],
            labels=labels,
            urgency=urgency(best["urgency"][0], risk, present, glad=sentiment[0] == POSITIVE),
            respond=answer,
            department=best[DEPARTMENT][0],
            risk=risk,
            pii=personal_data(text, view.lens),
            go_private=private,
            confidence=confidence,
            why=why,
            depth=depth,
            model=model,
        )


GO_PRIVATE: Final = 0.35
"""From which probability a public message is taken to need a private answer: measured on messages that the head had not seen."""
_CAREFUL: Final = np.array([1.0, 1.0, 0.4], dtype=np.float32)
"""By what a positive tone counts less, in the order of the tones."""


_NO_LABELS: Final = np.zeros(0, dtype=np.float32)


def _tone(shares: Floats) -> tuple[str, float]:
    """The likeliest tone, but positive only where that is clearly likelier than the others: a cheerful answer to somebody who is annoyed costs more than
    a thank-you that was missed. A brand's own head knows its customers, and needs no such caution."""
    careful = shares * _CAREFUL
    index = int(careful.argmax())
    return ONE_OF["sentiment"][index], float(shares[index])


def _own_departments(book: BrandBook) -> tuple[str, ...]:
    return tuple(one.id for one in book.departments if one.id not in ONE_OF[DEPARTMENT])


def _department(shipped: Floats, own: _OwnValues) -> tuple[str, float]:
    """The likeliest of all departments, and how likely it is."""
    names, logits = own
    return _best(softmax(np.concatenate([shipped, logits])[None])[0], (*ONE_OF[DEPARTMENT], *names))


def _best(shares: Floats, values: Sequence[str]) -> tuple[str, float]:
    index = int(shares.argmax())
    return values[index], float(shares[index])


def _same(things: Sequence[object]) -> list[list[int]]:
    """The places of each thing, by identity."""
    rows_of: dict[int, list[int]] = {}
    for row, thing in enumerate(things):
        rows_of.setdefault(id(thing), []).append(row)
    return list(rows_of.values())
