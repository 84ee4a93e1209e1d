"""The tone of customer-care messages; none of these lines is in the training data."""

import io

import numpy as np
import pytest

from services.triage.classify import Classifier
from services.triage.features import encoder
from services.triage.polarity import Polarity

CLEAR = [
    ("negative", "Ik vind het schandalig hoe jullie met trouwe klanten omgaan"),
    ("negative", "This is the worst support I have ever had, completely useless"),
    ("negative", "Ik ben erg teleurgesteld in de kwaliteit van deze schoenen"),
    ("negative", "Alweer geen bus. Waardeloos bedrijf."),
    ("neutral", "Wanneer wordt de nieuwe catalogus verstuurd?"),
    ("neutral", "Could you tell me where I can find my contract?"),
    ("neutral", "Ik heb mijn bestelling nog niet ontvangen, kunt u nakijken waar die is?"),
    ("positive", "Wat ben ik ontzettend blij met jullie snelle hulp, dank je wel!"),
    ("positive", "Wonderful staff, everything was perfect, thank you!"),
    ("positive", "Mooie winkel en heel vriendelijk personeel 😍"),
]


@pytest.mark.parametrize(("sentiment", "text"), CLEAR)
def test_a_clear_tone_is_found(classifier: Classifier, sentiment: str, text: str) -> None:
    assert classifier.classify([text])[0].sentiment == sentiment


def test_the_score_orders_texts_from_anger_to_praise(classifier: Classifier) -> None:
    texts = ["Belachelijk slecht, nooit meer", "Hoe laat gaat de winkel open?", "Geweldig geholpen, bedankt!"]
    scores = [finding.sentiment_score for finding in classifier.classify(texts)]
    assert scores == sorted(scores)
    assert scores[0] < -0.5
    assert scores[2] > 0.5


def test_an_empty_text_is_neutral_without_confidence(classifier: Classifier) -> None:
    finding = classifier.classify([" https://example.org "])[0]
    assert (finding.sentiment, finding.sentiment_score, finding.sentiment_confidence) == ("neutral", 0.0, 0.0)


def test_a_negation_turns_a_good_word_round() -> None:
    polarity = Polarity({"goed": 1.0})
    plain, turned = polarity.counts(encoder().encode(["goed gedaan", "niet goed gedaan"]), [(), ()])
    assert plain[0] > 0
    assert plain[2] == 0
    assert turned[0] == 0
    assert turned[2] > 0


def test_words_and_polarities_survive_writing() -> None:
    file = io.BytesIO()
    Polarity({"goed": 1.0, "slecht": -0.5, "😍": 1.0}).write(file)
    file.seek(0)
    features = encoder().encode(["goed", "slecht 😍"])
    expected = Polarity({"goed": 1.0, "slecht": -0.5, "😍": 1.0}).counts(features, [(), ()])
    assert np.array_equal(Polarity.read(file).counts(features, [(), ()]), expected)
