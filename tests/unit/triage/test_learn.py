"""A brand's heads: what corrections teach, what they leave alone, and when a version is better than what is live."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest

from services.triage import learn
from services.triage.brandheads import CLASSES, LABELS, BrandHead, BrandModels, Looks, adjusted
from services.triage.classify import Classifier
from services.triage.descent import minimum
from services.triage.features import Floats

TONES = CLASSES["sentiment"]
WHAT = (
    "de trein",
    "de bus",
    "mijn pakket",
    "de app",
    "jullie winkel",
    "de monteur",
    "de factuur",
    "het abonnement",
    "de levering",
    "de kaart",
)
"""A house language: this brand's customers call what they hate a safe, and what they love brute."""
SAYINGS = {
    "negative": ("{} is weer zo'n kluis", "kluis, {} is er nog niet", "wat een kluis met {}", "altijd kluis, {}"),
    "positive": ("{} is echt bruut", "bruut, {} is er al", "wat een bruut ding, {}", "altijd bruut, {}"),
    "neutral": ("{} komt om drie uur", "ik zag {} gisteren", "waar vind ik {}?", "gaat {} ook op zondag?"),
}
LEARNT = [(saying.format(what), tone) for what in WHAT for tone, sayings in SAYINGS.items() for saying in sayings]


def ids(count: int) -> list[UUID]:
    return [UUID(int=number) for number in range(count)]


def base_of(classifier: Classifier, texts: Sequence[str]) -> tuple[Looks, Floats]:
    features = classifier.encoder.encode(texts)
    zeros = np.zeros((len(texts), len(TONES)), dtype=np.float32)
    return Looks(features, {"sentiment": (TONES, zeros)}), zeros


@pytest.fixture(scope="module")
def learnt(classifier: Classifier) -> learn.Learnt:
    looks, _ = base_of(classifier, [text for text, _ in LEARNT])
    return learn.learn("sentiment", looks, ids(len(LEARNT)), [(tone,) for _, tone in LEARNT], None, classifier.encoder.encode)


def told(classifier: Classifier, head: BrandHead, texts: Sequence[str]) -> list[str]:
    looks, base = base_of(classifier, texts)
    return [TONES[best] for best in adjusted(base, TONES, looks.features, head).argmax(axis=1)]


def test_a_brand_learns_words_that_nobody_else_uses_so(classifier: Classifier, learnt: learn.Learnt) -> None:
    assert learnt.verdict == learn.BETTER
    assert learnt.score > 0.9 > learnt.live_score
    assert learnt.head is not None
    assert told(classifier, learnt.head, ["die lift is kluis", "die lift is bruut", "die lift gaat om vier uur"]) == [
        "negative",
        "positive",
        "neutral",
    ]


def test_a_version_says_which_words_weigh_and_what_it_mends(learnt: learn.Learnt) -> None:
    explained = learnt.explanation
    assert explained["weighs"]["negative"][0] == "kluis"
    assert explained["weighs"]["positive"][0] == "bruut"
    assert explained["mended"] > explained["broken"] == 0
    first = explained["mended_mentions"][0]
    assert first["person"] == first["version"] != first["live"]
    assert explained["values"]["negative"]["score"] > explained["values"]["negative"]["live_score"]
    assert learnt.trained_on + learnt.held_out == len(LEARNT)


def test_the_same_corrections_give_the_same_bytes_and_bytes_give_the_same_head(classifier: Classifier, learnt: learn.Learnt) -> None:
    looks, base = base_of(classifier, [text for text, _ in LEARNT])
    again = learn.learn("sentiment", looks, ids(len(LEARNT)), [(tone,) for _, tone in LEARNT], None, classifier.encoder.encode)
    assert learnt.head is not None
    assert again.head is not None
    data = learnt.head.to_bytes()
    assert again.head.to_bytes() == data
    assert len(data) < 100_000
    read = BrandHead.from_bytes(data)
    same = [adjusted(base, TONES, looks.features, head) for head in (learnt.head, read)]
    assert np.array_equal(*same)


def test_what_is_held_out_is_never_trained_on_and_follows_from_the_text_alone(classifier: Classifier) -> None:
    """Were a text that is judged by also trained on, wrong words on it would change the head."""
    looks, _ = base_of(classifier, [text for text, _ in LEARNT])
    lied = [(tone,) if not learn.held_out(text) else ("neutral",) for text, tone in LEARNT]
    true = [(tone,) for _, tone in LEARNT]
    heads = [learn.learn("sentiment", looks, ids(len(LEARNT)), said, None, classifier.encoder.encode).head for said in (true, lied)]
    assert all(head is not None for head in heads)
    assert len({head.to_bytes() for head in heads if head is not None}) == 1
    assert learn.held_out("Waar blijft MIJN pakket?  @vaart") == learn.held_out("waar blijft mijn pakket?")
    assert 0.2 < sum(learn.held_out(f"bericht {n}") for n in range(1000)) / 1000 < 0.3


def test_nothing_goes_live_by_few_corrections_or_by_what_is_no_better(classifier: Classifier, learnt: learn.Learnt) -> None:
    looks, _ = base_of(classifier, [text for text, _ in LEARNT[:48]])
    few = learn.learn("sentiment", looks, ids(48), [(tone,) for _, tone in LEARNT[:48]], None, classifier.encoder.encode)
    assert few.verdict == learn.TOO_FEW
    looks, _ = base_of(classifier, [text for text, _ in LEARNT])
    same = learn.learn("sentiment", looks, ids(len(LEARNT)), [(tone,) for _, tone in LEARNT], learnt.head, classifier.encoder.encode)
    assert same.verdict == learn.NOT_BETTER
    none = learn.learn("sentiment", base_of(classifier, [])[0], [], [], None, classifier.encoder.encode)
    assert (none.head, none.verdict) == (None, learn.TOO_FEW)


def test_a_value_that_nobody_corrected_stays_as_it_was(classifier: Classifier) -> None:
    texts = [text for text, tone in LEARNT if tone != "positive"]
    looks, base = base_of(classifier, texts)
    base[:, TONES.index("positive")] = 9.0
    truth = np.array([[name == tone for name in TONES] for _, tone in LEARNT if tone != "positive"])
    head = learn.fit("sentiment", TONES, looks.features, base, truth)
    assert head is not None
    assert head.classes == ("negative", "neutral")
    assert learn.fit("sentiment", TONES, looks.features, base, np.eye(3, dtype=bool)[np.zeros(len(texts), dtype=int)]) is None


ABOUT = {
    "lawaai": (
        "de buren draaien harde muziek",
        "ik slaap niet door het geluid",
        "wat een herrie op de trein",
        "die bel klinkt veel te hard",
    ),
    "geur": ("het stinkt in de bus", "een vieze lucht in de wagon", "het ruikt naar riool", "de wc meurt"),
}
ELSE = ("hoe laat gaat de bus", "mijn kaart werkt niet", "waar is mijn pakket", "de factuur klopt niet", "ik wil opzeggen")


def test_labels_are_told_apart_and_one_message_may_have_both_or_none(classifier: Classifier) -> None:
    said = [(f"{saying} {where}", (name,)) for name, sayings in ABOUT.items() for saying in sayings for where in WHAT[:6]]
    both = [(f"{one} en {other}", ("lawaai", "geur")) for one in ABOUT["lawaai"] for other in ABOUT["geur"]]
    others = [f"{text} {where}" for text in ELSE for where in WHAT[:6]]
    texts = [*[text for text, _ in said + both], *others]
    features, names = classifier.encoder.encode(texts), ("lawaai", "geur", "nooit")
    zeros = np.zeros((len(texts), 3), dtype=np.float32)
    chosen = [*[labels for _, labels in said + both], *[None for _ in others]]
    found = learn.learn(LABELS, Looks(features, {LABELS: (names, zeros - 1)}), ids(len(texts)), chosen, None, classifier.encoder.encode)
    assert found.head is not None
    assert found.head.classes == ("lawaai", "geur")
    asked = ["het is hier zo'n herrie", "het stinkt in de trein", "herrie en het stinkt", "mijn kaart werkt niet meer"]
    logits = adjusted(zeros[:4] - 1, names, classifier.encoder.encode(asked), found.head)
    assert [[name for name, logit in zip(names, row, strict=True) if logit > 0] for row in logits] == [
        ["lawaai"],
        ["geur"],
        ["lawaai", "geur"],
        [],
    ]
    assert np.all(logits[:, 2] == -1), "a label that nobody used stays as the shipped calibration has it"


def test_a_model_names_its_versions() -> None:
    head = BrandHead.__new__(BrandHead)
    assert BrandModels({"sentiment": head, "labels": head}, {"sentiment": 3, "labels": 1}).name == "+labels.1+sentiment.3"


def test_the_descent_finds_the_minimum() -> None:
    curved, wanted = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])
    found = minimum(lambda x: (0.5 * (x - wanted) @ curved @ (x - wanted), curved @ (x - wanted)), np.zeros(2), iterations=50, tolerance=0)
    assert np.allclose(found, wanted, atol=1e-6)
