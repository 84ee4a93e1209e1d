"""The door to the models: loading, batches, what a finding names."""

import time
from pathlib import Path

import pytest

from libs.common.bookfile import load_book
from services.triage.classify import FILES, MODELS, Classifier
from services.triage.signals import Sender

BOOK = """
brand: vaart
name: Vaart
languages: [nl]
campaign_hashtags: ["#VaartErop"]
labels:
  - {name: factuur, description: "Rekening en betaling", examples: ["waarom is mijn rekening hoger"]}
"""


def test_a_message_is_understood_in_one_pass(classifier: Classifier) -> None:
    labels = classifier.taxonomy(load_book(BOOK))
    text = "Belachelijk, mijn rekening is alweer hoger! Jullie horen van mijn advocaat #VaartErop"
    finding = classifier.classify([text], [labels], [Sender(followers=90_000)])[0]
    assert finding.language == "nl"
    assert finding.sentiment == "negative"
    assert [label.name for label in finding.labels] == ["factuur"]
    assert finding.risk == ["influencer", "legal_threat", "hashtag_hijack"]
    assert finding.urgency == "critical"
    assert finding.model == classifier.version


def test_no_texts_give_no_findings(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


def test_a_text_more_than_there_are_taxonomies_is_refused(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="2 texts"):
        classifier.classify(["a", "b"], [classifier.empty])


def test_findings_do_not_depend_on_the_rest_of_the_batch(classifier: Classifier) -> None:
    labels = classifier.taxonomy(load_book(BOOK))
    texts = ["", "waarom is mijn rekening hoger", "👍", "thank you!", "x" * 20_000, "\x00\ud800 kapot", "Alles ligt plat " * 300]
    for text, finding in zip(texts, classifier.classify(texts, [labels] * len(texts)), strict=True):
        alone = classifier.classify([text], [labels])[0]
        assert (alone.language, alone.sentiment, alone.urgency, alone.risk) == (
            finding.language, finding.sentiment, finding.urgency, finding.risk,
        )  # fmt: skip
        assert alone.sentiment_score == pytest.approx(finding.sentiment_score, abs=2e-3)
        assert [label.name for label in alone.labels] == [label.name for label in finding.labels]


def test_a_model_names_the_files_that_it_was_read_from(tmp_path: Path, classifier: Classifier) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes((MODELS / name).read_bytes())
    assert Classifier.load(tmp_path).version == classifier.version
    (tmp_path / "sentiment.npz").write_bytes((MODELS / "language.npz").read_bytes())
    assert Classifier.load(tmp_path).version != classifier.version


def test_the_models_are_small_and_hold_nothing_but_numbers() -> None:
    assert sum((MODELS / name).stat().st_size for name in FILES) < 5_000_000


def test_a_batch_with_labels_is_classified_at_thousands_a_second(classifier: Classifier) -> None:
    labels = classifier.taxonomy(load_book(BOOK))
    texts = [f"Mijn internet ligt er al {n} dagen uit, wanneer wordt dit opgelost? Ik heb het nodig voor mijn werk" for n in range(500)]
    classifier.classify(texts, [labels] * len(texts))
    started = time.process_time()
    classifier.classify(texts, [labels] * len(texts))
    # A third of what one core does when it has nothing else to do.
    assert len(texts) / (time.process_time() - started) > 1_000
