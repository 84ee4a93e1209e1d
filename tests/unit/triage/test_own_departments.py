"""A brand's departments may have any ids: what people correct them to is learnt, and proposed from then on."""

from itertools import product
from uuid import UUID

import pytest

from libs.common.bookfile import load_book
from services.triage import learn
from services.triage.brandheads import DEPARTMENT, BrandHead, BrandModels
from services.triage.classify import Classifier
from services.triage.context import UNKNOWN
from services.triage.findings import ONE_OF
from services.triage.learning import Course, learn_one
from services.triage.model_store import Text

BOOK = """
brand: duinrust
name: Duinrust
languages: [nl]
departments:
  - {id: receptie}
  - {id: zwembad}
  - {id: groenploeg}
  - {id: billing}
"""
SAID = {
    "receptie": (
        "hoe laat kunnen we inchecken in {}",
        "mag de hond mee naar {}",
        "ik wil {} graag een nacht langer huren",
        "is {} nog vrij",
    ),
    "zwembad": ("het water is veel te koud, vanuit {} gezien", "de glijbaan is dicht en wij zitten in {}", "badmuts verplicht voor {}?"),
    "groenploeg": ("er ligt een omgewaaide tak voor {}", "de heg bij {} wordt nooit gesnoeid", "het gras rond {} is kniehoog"),
    "billing": ("de factuur van {} klopt niet", "er is twee keer betaald voor {}", "ik krijg nog geld terug van {}"),
}
WHERE = (
    "huisje 12",
    "de bungalow aan het ven",
    "onze tent",
    "plek 40",
    "de blokhut",
    "het chalet",
    "de safaritent",
    "de yurt",
    "huisje Merel",
    "de villa",
)
ASKED = {
    "receptie": "kunnen we ook laat inchecken in de caravan?",
    "zwembad": "waarom is de glijbaan vandaag dicht",
    "groenploeg": "bij ons pad ligt een grote tak en het gras is kniehoog",
    "billing": "jullie factuur klopt niet, er is twee keer betaald",
}


@pytest.fixture(scope="module")
def learnt(classifier: Classifier) -> learn.Learnt:
    texts = [(saying.format(where), name) for name, sayings in SAID.items() for saying, where in product(sayings, WHERE)]
    corrected = [Text(text, UNKNOWN, learn.Lesson(UUID(int=n), (name,), by_person=True)) for n, (text, name) in enumerate(texts)]
    return learn_one(classifier, load_book(BOOK), Course("duinrust", DEPARTMENT, corrected, [], 1, 4, 0, None))


def proposed(classifier: Classifier, head: BrandHead | None, book: str = BOOK) -> dict[str, tuple[str, float, list[str]]]:
    """What each question is proposed for: the department, how sure that is, and the words that say so."""
    models = BrandModels({DEPARTMENT: head}, {DEPARTMENT: 1}) if head else None
    view = classifier.view(load_book(book))
    found = classifier.classify(list(ASKED.values()), [view] * len(ASKED), models=[models] * len(ASKED), explain=True)
    return {
        name: (str(one.department), one.confidence[DEPARTMENT], one.why.get(DEPARTMENT, [])) for name, one in zip(ASKED, found, strict=True)
    }


def test_departments_of_a_brands_own_are_learnt_from_corrections(classifier: Classifier, learnt: learn.Learnt) -> None:
    assert learnt.verdict == learn.BETTER
    assert learnt.score > 0.9 > learnt.live_score
    assert learnt.head is not None
    assert set(learnt.head.classes) == set(SAID)
    found = proposed(classifier, BrandHead.from_bytes(learnt.head.to_bytes()))
    assert {name: told[0] for name, told in found.items()} == {name: name for name in SAID}
    assert all(0.4 < told[1] <= 1 for told in found.values())
    assert "glijbaan" in found["zwembad"][2]
    assert "tak" in found["groenploeg"][2] or "gras" in found["groenploeg"][2]


def test_nobody_is_proposed_what_the_book_does_not_name_any_more_and_nothing_is_before_it_was_learnt(
    classifier: Classifier, learnt: learn.Learnt
) -> None:
    assert learnt.head is not None
    without = proposed(classifier, learnt.head, BOOK.replace("  - {id: zwembad}\n", ""))
    assert without["zwembad"][0] != "zwembad"
    assert without["groenploeg"][0] == "groenploeg"
    assert {told[0] for told in proposed(classifier, None).values()} <= set(ONE_OF[DEPARTMENT])
