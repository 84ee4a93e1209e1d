"""How much a brand's corrections lift its own models, on public data that stands in for a brand's messages.

    python -m services.triage.evaluate_learning --data DIR

`--data` holds the folder `nlp` of public sets; nothing of it is kept. A brand is made of each: half of a set of airline tweets is corrected and the
other half judged by; of 77 kinds of bank questions three are new labels, fifty messages of each are corrected, and two hundred others judged by, first
all of the three labels, then half of them of other kinds. What is learnt, held out and compared is what the service would.
"""

import argparse
import csv
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from threadpoolctl import threadpool_limits

from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from services.triage import learn
from services.triage.brandheads import LABELS, BrandModels, Looks, own_logits
from services.triage.classify import Classifier
from services.triage.features import Features

SEED: Final = 7
CORRECTED, JUDGED, UNDECIDED = 50, 200, 400
BOOK: Final = "brand: brand\nname: Brand\nlanguages: [en]\n"


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def some(looks: Looks, wanted: Sequence[int]) -> Looks:
    """The looks at some of the texts."""
    index = np.array(wanted, dtype=np.int64)
    return Looks(looks.features.take(index), {name: (classes, base[index]) for name, (classes, base) in looks.base.items()})


def scored(looks: Looks, finding: str, truth: learn.Truth, found: learn.Learnt) -> tuple[float, float, float]:
    """Macro-F1 of the shipped heads, of the brand's in a hurry, and of the brand's where there is time for the whole encoder."""
    quick = replace(looks.features, whole=None)
    models = BrandModels({finding: found.head} if found.head else {}, {finding: 1})
    shipped = {finding: looks.base[finding][1]}
    kept = {text: row for row, text in enumerate(looks.features.texts)}

    def read_whole(some: Features) -> Features:
        return looks.features.take(np.array([kept[text] for text in some.texts]))

    told = (
        shipped,
        {**shipped, **own_logits(models, looks.base, quick, None)},
        {**shipped, **own_logits(models, looks.base, quick, read_whole)},
    )
    before, hurried, now = (learn.macro_f1(truth, learn.decisions(finding, logits[finding])) for logits in told)
    return before, hurried, now


def learnt(classifier: Classifier, finding: str, looks: Looks, chosen: Sequence[tuple[str, ...] | None]) -> learn.Learnt:
    """As the service would, with nothing live yet. None: nobody corrected what the shipped models found."""
    classes, base = looks.base[finding]
    found = [tuple(name for name, has in zip(classes, row, strict=True) if has) for row in learn.decisions(finding, base)]
    lessons = [
        learn.Lesson(UUID(int=number), found[number] if values is None else values, values is not None)
        for number, values in enumerate(chosen)
    ]
    one_in = learn.one_in(sum(one.by_person for one in lessons))
    return learn.learn(finding, looks, lessons, one_in, None, classifier.encoder.encode)


def tweets(classifier: Classifier, data: Path) -> None:
    """Prints how half of the tweets lifts sentiment on the other half, both ways round."""
    lines = rows(data / "airline" / "tweets.csv")
    looks = classifier.looks([line["text"] for line in lines], load_book(BOOK))
    classes = looks.base["sentiment"][0]
    tones = [line["airline_sentiment"] for line in lines]
    truth = np.array([[name == tone for name in classes] for tone in tones])
    order = list(range(len(lines)))
    random.Random(SEED).shuffle(order)  # noqa: S311 - reproducible, not secret
    right = learn.decisions("sentiment", looks.base["sentiment"][1])[truth]
    for taught, asked in ((order[::2], order[1::2]), (order[1::2], order[::2])):
        for which, wanted in (("all of them", taught), ("those that were wrong", [row for row in taught if not right[row]])):
            corrected = set(wanted)
            chosen = [(tones[row],) if row in corrected else None for row in taught]
            found = learnt(classifier, "sentiment", some(looks, taught), chosen)
            shipped, quick, whole = scored(some(looks, asked), "sentiment", truth[asked], found)
            size = len(found.head.to_bytes()) // 1000 if found.head else 0
            print(
                f"  {len(taught)} tweets, people correct {which} ({found.trained_on} trained on, {found.held_out} held out): {found.verdict}; macro-F1 on "
                f"{len(asked)} others: shipped {shipped:.3f}, own {quick:.3f} in a hurry, {whole:.3f} with time; {size} kB"
            )


@dataclass(frozen=True, slots=True)
class Trial:
    """Three new labels of one brand: what F1 was and is."""

    names: tuple[str, ...]
    verdict: str
    shipped: float
    quick: float
    whole: float


def triple(classifier: Classifier, chance: random.Random, all_looks: Looks, kinds: Mapping[str, Sequence[int]], mixed: bool) -> Trial:
    """One trial. Where `mixed`, half of what comes in is about something else; what nobody corrected is at hand, as it is in the service."""
    names = tuple(chance.sample(sorted(name for name in kinds if len(kinds[name]) >= 2 * CORRECTED), 3))
    of = {name: chance.sample(kinds[name], len(kinds[name])) for name in names}
    corrected = [(row, (name,)) for name in names for row in of[name][:CORRECTED]]
    rest = [(row, (name,)) for name in names for row in of[name][CORRECTED:]]
    chance.shuffle(rest)
    elsewhere = [(row, ()) for name in kinds if name not in names for row in kinds[name]]
    elsewhere = chance.sample(elsewhere, JUDGED + UNDECIDED)
    share = JUDGED // 2 if mixed else JUDGED
    judged = rest[:share] + elsewhere[: JUDGED - share]
    undecided = rest[share:] + elsewhere[JUDGED : JUDGED + (len(rest) - share if mixed else 0)]
    book = BrandBook.model_validate({**load_book(BOOK).model_dump(), "labels": [{"name": name.replace("?", "")} for name in names]})
    labels = classifier.label_looks(all_looks.features, book)
    taught = [*corrected, *[(row, None) for row, _ in undecided]]
    found = learnt(classifier, LABELS, some(labels, [row for row, _ in taught]), [chosen for _, chosen in taught])
    truth = np.array([[name in chosen for name in names] for _, chosen in judged])
    return Trial(names, found.verdict, *scored(some(labels, [row for row, _ in judged]), LABELS, truth, found))


def told(values: Sequence[float]) -> str:
    return f"median {np.median(values):.3f}, worst {min(values):.3f}, from 0.8 on {np.mean([value >= 0.8 for value in values]):.0%}"


def labels(classifier: Classifier, data: Path, trials: int) -> None:
    """Prints the distribution over many triples of new labels."""
    lines = rows(data / "banking77" / "train.csv")
    kinds: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        kinds[line["category"]].append(place)
    texts = [line["text"] for line in lines]
    looks = classifier.looks(texts, load_book(BOOK))
    for mixed in (False, True):
        chance = random.Random(SEED)  # noqa: S311 - reproducible, not secret
        found = [triple(classifier, chance, looks, kinds, mixed) for _ in range(trials)]
        print(
            f"  {trials} times three labels, {'half of the messages about something else' if mixed else 'every message about one of them'}:"
        )
        print(f"    live {sum(trial.verdict == learn.BETTER for trial in found)}; shipped: {told([trial.shipped for trial in found])}")
        print(f"    own, in a hurry: {told([trial.quick for trial in found])}")
        print(f"    own, with time: {told([trial.whole for trial in found])}")
        worst = min(found, key=lambda trial: trial.whole)
        print(f"    worst: {', '.join(worst.names)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints both measurements; returns the exit status."""
    parser = argparse.ArgumentParser(description="measure what a brand's models learn from corrections")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds nlp/")
    parser.add_argument("--trials", type=int, default=30, help="triples of new labels (default 30)")
    options = parser.parse_args(arguments)
    data = options.data / "nlp"
    if not data.is_dir():
        print(f"{data} is not a folder: --data must name the folder that holds nlp/", file=sys.stderr)
        return 2
    classifier = Classifier.load()
    with threadpool_limits(limits=1):
        print("sentiment")
        tweets(classifier, data)
        print("labels")
        labels(classifier, data, options.trials)
    return 0


if __name__ == "__main__":
    sys.exit(main())
