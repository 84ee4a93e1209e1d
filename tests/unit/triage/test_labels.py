"""Labels from a brand book alone: a name, a description and a few examples each (example data)."""

from dataclasses import dataclass

import pytest

from services.triage.classify import BrandView, Classifier
from services.triage.labels import Taxonomy, taxonomy


@dataclass(frozen=True)
class Told:
    name: str
    examples: tuple[str, ...] = ()
    description: str = ""
    parent: str | None = None


LABELS = [
    Told("internet", ("mijn internet ligt eruit", "wifi valt steeds weg"), "Vaste verbinding thuis"),
    Told("storing", ("is er een storing in Utrecht?",), "Uitval bij meer klanten", parent="internet"),
    Told("factuur", ("waarom is mijn rekening hoger",), "Rekening en betaling"),
    Told("verhuizing", ("ik ga verhuizen, hoe neem ik mijn abonnement mee",), "Nieuw adres"),
]


@pytest.fixture(scope="module")
def told(classifier: Classifier) -> Taxonomy:
    return taxonomy(LABELS, classifier.encoder, classifier.calibration)


CASES = [
    ("Ik snap niet waarom mijn rekening deze maand hoger is", "factuur"),
    ("Er staat een verkeerd bedrag op mijn factuur", "factuur"),
    ("Is er een storing in Zwolle? Alles ligt plat", "storing"),
    ("de wifi valt elke avond weg", "internet"),
    ("my internet is down", "internet"),
    ("Volgende maand ga ik verhuizen naar Deventer", "verhuizing"),
]


@pytest.mark.parametrize(("text", "label"), CASES)
def test_a_message_gets_the_label_that_it_is_about(classifier: Classifier, told: Taxonomy, text: str, label: str) -> None:
    assert label in [found.name for found in classifier.classify([text], [BrandView(told)])[0].labels]


@pytest.mark.parametrize("text", ["", "Hoi!", "Wat eten we vanavond?", "Gefeliciteerd met je verjaardag", "Lovely weather today"])
def test_a_message_about_something_else_gets_no_label(classifier: Classifier, told: Taxonomy, text: str) -> None:
    assert classifier.classify([text], [BrandView(told)])[0].labels == []


def test_a_child_implies_its_parent_with_at_least_its_score(classifier: Classifier, told: Taxonomy) -> None:
    scores = {found.name: found.score for found in classifier.classify(["is er een storing in Breda?"], [BrandView(told)])[0].labels}
    assert scores["internet"] >= scores["storing"]


def test_every_brand_in_a_batch_gets_its_own_labels(classifier: Classifier, told: Taxonomy) -> None:
    other = taxonomy([Told("rekening", ("waarom is mijn rekening hoger",))], classifier.encoder, classifier.calibration)
    text = "waarom is mijn rekening hoger"
    findings = classifier.classify([text, text, text], [BrandView(told), BrandView(other), BrandView(told)])
    assert [[found.name for found in finding.labels] for finding in findings] == [["factuur"], ["rekening"], ["factuur"]]


def test_a_book_without_labels_gives_none(classifier: Classifier) -> None:
    empty = taxonomy([], classifier.encoder, classifier.calibration)
    assert classifier.classify(["mijn internet ligt eruit"], [BrandView(empty)])[0].labels == []


@pytest.mark.parametrize(
    "labels",
    [[Told("a", parent="b")], [Told("a", parent="a")], [Told("a", parent="b"), Told("b", parent="a")]],
)
def test_a_parent_that_leads_nowhere_is_refused(classifier: Classifier, labels: list[Told]) -> None:
    with pytest.raises(ValueError, match="'a'"):
        taxonomy(labels, classifier.encoder, classifier.calibration)
