"""Languages of short, long and mixed messages; none of these lines is in the training data."""

import pytest

from services.triage.classify import Classifier
from services.triage.features import encoder
from services.triage.language import letters

CASES = [
    ("nl", "Goedemiddag, de ketel maakt sinds het weekend een vreemd geluid en er komt water onderuit"),
    ("nl", "waarom duurt dit zo lang"),
    ("nl", "Ik krijg steeds een error zodra ik op checkout klik, please fix"),
    ("nl", "Kunnen jullie mijn order tracken?"),
    ("en", "The boiler has been making a strange noise since the weekend"),
    ("en", "why does this take so long"),
    ("en", "I ordered the stroopwafels from your webshop and they never came"),
    ("de", "Die Heizung macht seit dem Wochenende seltsame Geräusche"),
    ("de", "warum dauert das so lange"),
    ("fr", "La chaudière fait un drôle de bruit depuis le week-end"),
    ("fr", "pourquoi est-ce si long"),
    ("other", "La caldera hace un ruido extraño desde el fin de semana"),
    ("other", "Kocioł wydaje dziwny dźwięk od weekendu"),
    ("other", "Почему это так долго?"),
    ("other", "为什么这么久"),
    ("other", "👍👍"),
    ("other", ""),
]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_the_dominant_language_is_found(classifier: Classifier, language: str, text: str) -> None:
    assert classifier.classify([text])[0].language == language


def test_a_text_without_letters_has_no_confident_language(classifier: Classifier) -> None:
    assert classifier.classify(["12345 !!"])[0].language_confidence == 0.0


def test_a_language_does_not_depend_on_the_other_texts_of_the_batch(classifier: Classifier) -> None:
    texts = [text for _, text in CASES]
    together = [finding.language for finding in classifier.classify(texts)]
    assert together == [classifier.classify([text])[0].language for text in texts]


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "abcd", "hallo daar"])
def test_every_row_of_letters_belongs_to_its_text(text: str) -> None:
    alone, _ = letters([text])
    several, starts = letters(["", text, "x"])
    assert several[starts[1] : starts[2]].tolist() == alone.tolist()
    assert starts[-1] == len(several)


def test_the_encoder_gives_a_text_without_tokens_a_row_of_zeros() -> None:
    static = encoder().encode(["", "storing"]).static
    assert not static[0].any()
    assert abs(float((static[1] ** 2).sum()) - 1.0) < 1e-4
