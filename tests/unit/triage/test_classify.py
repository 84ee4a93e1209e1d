"""The door to the models: loading, batches, what a finding names."""

import time
from pathlib import Path

import numpy as np
import pytest

from libs.common.bookfile import load_book
from services.triage.classify import FILES, MODELS, Classifier
from services.triage.context import CHANNELS, UNKNOWN, Context, context_features
from services.triage.heads import sigmoid

ONLY_HANDLES = len(CHANNELS) + 18
BOOK = """
brand: vaart
name: Vaart
languages: [nl]
campaign_hashtags: ["#VaartErop"]
labels:
  - {name: factuur, description: "Rekening en betaling", examples: ["waarom is mijn rekening hoger"]}
"""


def test_a_message_is_understood_in_one_pass(classifier: Classifier) -> None:
    labels = classifier.view(load_book(BOOK))
    text = "Belachelijk, mijn rekening is alweer hoger! Jullie horen van mijn advocaat #VaartErop"
    finding = classifier.classify([text], [labels], [Context(followers=90_000)])[0]
    assert finding.language == "nl"
    assert finding.sentiment == "negative"
    assert [label.name for label in finding.labels] == ["factuur"]
    assert finding.risk == ["influencer", "legal_threat", "hashtag_hijack"]
    assert finding.urgency == "critical"
    assert finding.model == classifier.version


def test_no_texts_give_no_findings(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


def test_a_text_more_than_there_are_views_is_refused(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="2 texts"):
        classifier.classify(["a", "b"], [classifier.empty])


def test_findings_do_not_depend_on_the_rest_of_the_batch(classifier: Classifier) -> None:
    labels = classifier.view(load_book(BOOK))
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
    (tmp_path / "polarity.npz").write_bytes((MODELS / "polarity.npz").read_bytes() + b" ")
    assert Classifier.load(tmp_path).version != classifier.version


def test_the_models_are_small_and_hold_nothing_but_numbers() -> None:
    assert sum((MODELS / name).stat().st_size for name in FILES) < 5_000_000


def test_every_finding_is_there_with_its_confidence_and_what_weighed(classifier: Classifier) -> None:
    (finding,) = classifier.classify(["@vaart al drie dagen geen internet, wanneer is dit opgelost?"], explain=True)
    assert (finding.intent, finding.department, finding.respond and finding.respond.decision) == ("outage", "technical", "reply")
    assert finding.respond is not None
    assert finding.respond.reason
    assert {"intent", "urgency", "respond", "department", "go_private"} <= finding.confidence.keys()
    assert all(0 <= chance <= 1 for chance in finding.confidence.values())
    assert "internet" in finding.why["intent"]


def test_a_risk_says_by_which_words_it_was_found(classifier: Classifier) -> None:
    (finding,) = classifier.classify(["Jullie horen van mijn advocaat"], explain=True)
    assert finding.risk == ["legal_threat"]
    assert any("advocaat" in words for words in finding.why["risk:legal_threat"])


def test_no_reason_repeats_a_number(classifier: Classifier) -> None:
    (finding,) = classifier.classify(["al 3 weken wachten, klantnr 40123456, bel 06-12345678"], explain=True)
    assert not any(letter.isdigit() for words in finding.why.values() for word in words for letter in word)


def test_no_reason_repeats_an_address(classifier: Classifier) -> None:
    texts = [
        "Waardeloos! Mail mij op fenna.hoekstra@post.example",
        "Mijn advocaat (f.hoekstra@recht.example) gaat u dagvaarden",
        "hoi fenna@post.example",
    ]
    told = [word for finding in classifier.classify(texts, explain=True) for words in finding.why.values() for word in words]
    assert told
    assert not any("@" in word for word in told)


def test_a_reason_is_a_word_as_it_was_written_or_a_sign_and_never_a_mark_alone(classifier: Classifier) -> None:
    texts = ['Waardeloos ... ( ! ) 🤬 ꙮ "wanneer" komt mijn pakket eindelijk ?', "RT @veer ⛴️ : weekly route ! ( zie ook )"]
    for text, finding in zip(texts, classifier.classify(texts, explain=True), strict=True):
        told = {word for words in finding.why.values() for word in words}
        assert told
        assert all(word.strip(".,:;()\"'") == word and word in text.lower() for word in told), told


def test_nothing_is_explained_unless_asked(classifier: Classifier) -> None:
    assert classifier.classify(["waar blijft mijn pakket?"])[0].why == {}


@pytest.mark.filterwarnings("error")
def test_what_is_as_good_as_impossible_warns_nobody() -> None:
    assert sigmoid(np.array([-1_000.0, 0.0, 1_000.0], dtype=np.float32)).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("text", ["@" * 3_000 + " waardeloos", "@a@b.c " * 500 + "!", "@a" + " " * 5_000 + "b"])
def test_a_row_of_handles_takes_no_long_time(text: str) -> None:
    began = time.monotonic()
    assert context_features([text], [UNKNOWN])[0, ONLY_HANDLES] == 0
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("text", "only"), [("@anna @jan_k", 1), (" @anna@veer.example\n@b ", 1), ("@anna kijk", 0), ("@anna @", 0), ("hoi @anna", 0)]
)
def test_handles_alone_are_seen_as_such(text: str, only: int) -> None:
    assert context_features([text], [UNKNOWN])[0, ONLY_HANDLES] == only


def test_quick_and_full_agree_where_nothing_is_doubtful(classifier: Classifier) -> None:
    texts = ["Waar blijft mijn pakket? Ik wacht al een week", "Dank jullie wel, super geholpen!", "Ik wil mijn abonnement opzeggen"]
    quick, full = classifier.classify(texts, depth="quick"), classifier.classify(texts, depth="full")
    assert [(one.intent, one.respond and one.respond.decision) for one in quick] == [
        (one.intent, one.respond and one.respond.decision) for one in full
    ]
    assert {one.depth for one in quick} == {"quick"}
    assert {one.depth for one in full} == {"full"}


def test_what_the_brands_own_people_write_gets_no_reply(classifier: Classifier) -> None:
    text = "Vandaag met het team 400 klanten geholpen, trots!"
    (finding,) = classifier.classify([text], contexts=[Context(staff=True)])
    assert (finding.respond and finding.respond.decision) == "no_reply"


def test_reasons_are_in_the_brands_language(classifier: Classifier) -> None:
    text = "Waar blijft mijn bestelling?"
    dutch = classifier.classify([text], [classifier.view(load_book(BOOK))])[0].respond
    plain = classifier.classify([text])[0].respond
    assert dutch is not None
    assert plain is not None
    assert (dutch.reason, plain.reason) == ("Wil weten waar een bestelling blijft.", "Wants to know where an order is.")


def test_only_a_public_message_that_gets_a_reply_goes_private(classifier: Classifier) -> None:
    text = "@vaart mijn bestelling VA-1234567 is nog steeds niet bezorgd, waar blijft die?"
    public, private = classifier.classify([text] * 2, contexts=[Context("twitter", "public"), Context("direct", "private")])
    assert public.go_private
    assert not private.go_private
