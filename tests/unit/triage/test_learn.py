"""A brand's heads: what corrections teach, what they leave alone, and when a version is better than what is live."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import pytest

from libs.common.wordvectors import Floats
from services.triage import learn
from services.triage.brandheads import CLASSES, LABELS, BrandHead, BrandModels, Looks, adjusted, hesitates, own_logits
from services.triage.classify import Classifier
from services.triage.features import Features

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


def said(*values: tuple[str, ...] | str) -> list[learn.Lesson]:
    """By a person, of each text in turn."""
    return [learn.Lesson(UUID(int=n), (one,) if isinstance(one, str) else one, by_person=True) for n, one in enumerate(values)]


TAUGHT = said(*[tone for _, tone in LEARNT])


def base_of(classifier: Classifier, texts: Sequence[str]) -> tuple[Looks, Floats]:
    features = classifier.encoder.encode(texts)
    zeros = np.zeros((len(texts), len(TONES)), dtype=np.float32)
    return Looks(features, {"sentiment": (TONES, zeros)}), zeros


@pytest.fixture(scope="module")
def learnt(classifier: Classifier) -> learn.Learnt:
    looks, _ = base_of(classifier, [text for text, _ in LEARNT])
    return learn.learn("sentiment", looks, TAUGHT, 4, None, classifier.encoder.encode)


def told(classifier: Classifier, head: BrandHead, texts: Sequence[str]) -> list[str]:
    looks, _ = base_of(classifier, texts)
    return [TONES[best] for best in adjusted("sentiment", looks.base, looks.features, head).argmax(axis=1)]


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
    looks, _ = base_of(classifier, [text for text, _ in LEARNT])
    again = learn.learn("sentiment", looks, TAUGHT, 4, None, classifier.encoder.encode)
    assert learnt.head is not None
    assert again.head is not None
    data = learnt.head.to_bytes()
    assert again.head.to_bytes() == data
    assert len(data) < 100_000
    read = BrandHead.from_bytes(data)
    same = [adjusted("sentiment", looks.base, looks.features, head) for head in (learnt.head, read)]
    assert np.array_equal(*same)


def test_what_is_held_out_is_never_trained_on_and_follows_from_the_text_alone(classifier: Classifier) -> None:
    """Were a text that is judged by also trained on, wrong words on it would change the head."""
    looks, _ = base_of(classifier, [text for text, _ in LEARNT])
    lied = said(*["neutral" if learn.held_out(text, 4) else tone for text, tone in LEARNT])
    heads = [learn.learn("sentiment", looks, lessons, 4, None, classifier.encoder.encode).head for lessons in (TAUGHT, lied)]
    assert all(head is not None for head in heads)
    assert len({head.to_bytes() for head in heads if head is not None}) == 1
    assert learn.held_out("Waar blijft MIJN pakket?  @vaart", 4) == learn.held_out("waar blijft mijn pakket?", 4)
    assert 0.2 < sum(learn.held_out(f"bericht {n}", 4) for n in range(1000)) / 1000 < 0.3


def test_the_more_there_is_the_smaller_a_share_is_held_out_and_nothing_changes_sides_towards_it() -> None:
    shares = [learn.one_in(count) for count in (0, 999, 1_000, 3_999, 4_000, 20_000)]
    assert shares == [4, 4, 8, 8, 16, 16]
    texts = [f"bericht {n}" for n in range(500)]
    aside = [{text for text in texts if learn.held_out(text, share)} for share in (16, 8, 4)]
    assert set() < aside[0] < aside[1] < aside[2]


def test_nothing_goes_live_by_few_corrections_or_by_what_is_no_better(classifier: Classifier, learnt: learn.Learnt) -> None:
    looks, _ = base_of(classifier, [text for text, _ in LEARNT[:48]])
    few = learn.learn("sentiment", looks, TAUGHT[:48], 4, None, classifier.encoder.encode)
    assert few.verdict == learn.TOO_FEW
    looks, _ = base_of(classifier, [text for text, _ in LEARNT])
    same = learn.learn("sentiment", looks, TAUGHT, 4, learnt.head, classifier.encoder.encode)
    assert same.verdict == learn.NOT_BETTER
    none = learn.learn("sentiment", base_of(classifier, [])[0], [], 4, None, classifier.encoder.encode)
    assert (none.head, none.verdict) == (None, learn.TOO_FEW)


def test_a_value_that_nobody_corrected_stays_as_it_was(classifier: Classifier) -> None:
    texts = [text for text, tone in LEARNT if tone != "positive"]
    looks, base = base_of(classifier, texts)
    base[:, TONES.index("positive")] = 9.0
    truth = np.array([[name == tone for name in TONES] for _, tone in LEARNT if tone != "positive"])
    head = learn.fit("sentiment", looks.base, looks.features, truth)
    assert head is not None
    assert head.classes == ("negative", "neutral")
    assert learn.fit("sentiment", looks.base, looks.features, np.eye(3, dtype=bool)[np.zeros(len(texts), dtype=int)]) is None


def test_what_people_left_as_it_was_found_keeps_a_head_from_turning_it_round(classifier: Classifier) -> None:
    """They correct what they call a safe, which the shipped head has wrong, and nothing of the rest, which it has right."""
    wrong = [(saying.format(what), "negative") for what in WHAT for saying in SAYINGS["negative"]]
    right = [(f"{text} {what}", tone) for what in WHAT for text, tone in (("dank voor", "positive"), ("slecht nieuws over", "negative"))]
    texts = [text for text, _ in wrong + right]
    features = classifier.encoder.encode(texts)
    base = np.zeros((len(texts), 3), dtype=np.float32)
    base[: len(wrong), TONES.index("positive")] = 2.0
    for row, (_, tone) in enumerate(right, len(wrong)):
        base[row, TONES.index(tone)] = 2.0
    lessons = [learn.Lesson(UUID(int=n), (tone,), by_person=n < len(wrong)) for n, (_, tone) in enumerate(wrong + right)]
    found = learn.learn("sentiment", Looks(features, {"sentiment": (TONES, base)}), lessons, 4, None, classifier.encoder.encode)
    assert found.head is not None
    kept = classifier.encoder.encode(["dank voor de lift", "slecht nieuws over de lift", "de lift is weer zo'n kluis"])
    logits = adjusted("sentiment", {"sentiment": (TONES, np.array([[0, 0, 2], [2, 0, 0], [0, 0, 2]], dtype=np.float32))}, kept, found.head)
    assert [TONES[best] for best in logits.argmax(axis=1)] == ["positive", "negative", "negative"]


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
    one = [(f"{saying} {where}", (name,)) for name, sayings in ABOUT.items() for saying in sayings for where in WHAT[:6]]
    both = [(f"{noise} en {smell}", ("lawaai", "geur")) for noise in ABOUT["lawaai"] for smell in ABOUT["geur"]]
    others = [f"{text} {where}" for text in ELSE for where in WHAT[:6]]
    texts = [*[text for text, _ in one + both], *others]
    features, names = classifier.encoder.encode(texts), ("lawaai", "geur", "nooit")
    zeros = np.zeros((len(texts), 3), dtype=np.float32)
    lessons = [*said(*[labels for _, labels in one + both]), *[learn.Lesson(UUID(int=999), (), by_person=False) for _ in others]]
    found = learn.learn(LABELS, Looks(features, {LABELS: (names, zeros - 1)}), lessons, 4, None, classifier.encoder.encode)
    assert found.head is not None
    assert found.head.classes == ("lawaai", "geur")
    asked = ["het is hier zo'n herrie", "het stinkt in de trein", "herrie en het stinkt", "mijn kaart werkt niet meer"]
    logits = adjusted(LABELS, {LABELS: (names, zeros[:4] - 1)}, classifier.encoder.encode(asked), found.head)
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


def test_only_texts_of_which_a_head_is_not_sure_are_read_by_the_whole_encoder(classifier: Classifier) -> None:
    texts = [text for text, _ in LEARNT]
    looks, _ = base_of(classifier, texts)
    truth = np.array([[name == tone for name in TONES] for _, tone in LEARNT])
    head = learn.fit("sentiment", looks.base, classifier.encoder.whole(looks.features), truth)
    assert head is not None
    assert head.deep is not None
    models, asked = BrandModels({"sentiment": head}, {"sentiment": 1}), [*texts[:12], "de lift"]
    looks, _ = base_of(classifier, asked)
    read: list[str] = []

    def whole(some: Features) -> Features:
        read.extend(some.texts)
        return classifier.encoder.whole(some)

    hurried = own_logits(models, looks.base, looks.features, None)["sentiment"]
    now = own_logits(models, looks.base, looks.features, whole)["sentiment"]
    assert 0 < len(read) < len(asked)
    assert read == [text for text, unsure in zip(asked, hesitates("sentiment", hurried), strict=True) if unsure]
    assert [text for text, same in zip(asked, (now == hurried).all(axis=1), strict=True) if not same] == read
