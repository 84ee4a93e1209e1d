"""Trains the heads in `models/`: public data and our own text reach this program, small files of weights leave it.

    python -m services.triage.train --data DIR --out services/triage/models
    python -m services.triage.train --data DIR --measure services/triage/models

`--data` holds the folder `nlp` of public sets. Only those whose licence allows it are trained on (`TRAINED_ON`); the others are
read by `--measure` alone. The same data gives the same bytes: one thread, fixed seeds, nothing that depends on the clock.
"""

import argparse
import csv
import hashlib
import random
import re
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final, NamedTuple, Protocol

import numpy as np
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from threadpoolctl import threadpool_limits

from libs.common.wordvectors import DIMENSIONS, Floats, Ints, plain
from services.triage import language
from services.triage.classify import FILES, MODELS, Classifier
from services.triage.evaluate import Message, json_lines
from services.triage.features import BUCKETS, encoder
from services.triage.findings import ONE_OF
from services.triage.heads import Head
from services.triage.labels import COMPARISONS, Calibration, comparisons, taxonomy
from services.triage.polarity import Polarity
from services.triage.train_findings import fit_findings

TRAINED_ON: Final = ("banking77", "nl_bol_books", "nl_lexicon", "xsid", "langid")
OWN: Final = Path(__file__).parent / "training"
SEED: Final = 20240229
_ENGLISH: Final = re.compile(r"[a-z][a-z']{2,}")
LABEL_PRECISION: Final = 0.75
LABEL_C: Final = 0.02


class Example(NamedTuple):
    """One text, its class, and how much it counts (1 for a text that a person wrote and labelled for this purpose)."""

    text: str
    label: str
    weight: float


# What the sets hold


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def own(name: str) -> list[Message]:
    """Lines that we wrote ourselves."""
    return json_lines(OWN / name)


def polarity_words(data: Path) -> dict[str, float]:
    """The Dutch lexicon with its inflected forms, mean polarity over the senses, English words and emoji beside it, and over all that our own words."""
    senses: dict[str, list[float]] = defaultdict(list)
    for word in ElementTree.parse(data / "nl_lexicon" / "nl-sentiment.xml").getroot().iter("word"):  # noqa: S314 - our own copy of the lexicon
        senses[word.attrib["form"].lower()].append(float(word.attrib["polarity"]))
    found: dict[str, float] = {}
    for form, values in sorted(senses.items()):
        mean = sum(values) / len(values)
        if abs(mean) >= 0.2 and re.fullmatch(r"[^\W\d_]{3,}", form):
            for inflected in (form, *inflections(form)):
                found.setdefault(inflected, round(mean, 2))
    for english, mean in english_words():
        found.setdefault(english, mean)
    with (OWN / "polarity.tsv").open(encoding="utf-8") as file:
        for line in file:
            word_, polarity = line.rstrip("\n").split("\t")
            found[word_] = float(polarity)
    return found


def english_words() -> Iterator[tuple[str, float]]:
    """VADER's words and emoji (Hutto and Gilbert, 2014; MIT) with their mean valence, -4 to 4, as -1 to 1; what Dutch messages say more often than
    English ones is left out: "die" is no death in Dutch."""
    lexicon = files("vaderSentiment")
    said = {
        known: Counter(w for r in own("messages.jsonl") if r["language"] == known for w in set(_ENGLISH.findall(r["text"].lower())))
        for known in ("nl", "en")
    }
    lines = (lexicon / "vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
    valence = {word: float(mean) for word, mean, *_ in (line.split("\t") for line in lines)}
    for word, mean in valence.items():
        if _ENGLISH.fullmatch(word) and abs(mean) >= 0.8 and said["nl"][word] <= said["en"][word]:
            yield word, round(mean / 4, 2)
    for line in (lexicon / "emoji_utf8_lexicon.txt").read_text(encoding="utf-8").splitlines():
        emoji, _, described = line.partition("\t")
        means = [valence[word] for word in described.split() if word in valence]
        if means and len(emoji) == 1:
            yield emoji, round(sum(means) / len(means) / 4, 2)


def inflections(adjective: str) -> tuple[str, ...]:
    """The Dutch forms in -e and -er: mooi → mooie, dom → domme, raar → rare, lief → lieve."""
    vowels = "aeiou"
    stem = adjective
    if len(stem) > 3 and stem[-2] in vowels and stem[-3] == stem[-2] and stem[-1] not in vowels:
        stem = stem[:-2] + stem[-1]
    elif len(stem) > 2 and stem[-1] not in vowels + "wx" and stem[-2] in vowels and stem[-3] not in vowels and len(stem) < 5:
        stem = stem + stem[-1]
    if stem[-1] in "fs" and stem[-2:-1] != stem[-1] and len(adjective) > 3 and adjective[-2] in vowels:
        stem = stem[:-1] + {"f": "v", "s": "z"}[stem[-1]]
    return (stem + "e", stem + "er") if not adjective.endswith("e") else ()


def lines_of(examples: Sequence[Example]) -> list[Message]:
    """Examples of a tone as rows."""
    return [{"text": example.text, "sentiment": example.label, "weight": example.weight} for example in examples]


def sentiment_examples(data: Path) -> list[Example]:
    """Own lines count half a message; the public sets, being of another kind or noisy, for less, and a word of the lexicons hardly anything."""
    found = [Example(row["text"], row["sentiment"], 0.5) for row in own("sentiment.jsonl")]
    for row in rows(data / "nl_bol_books" / "bol_books.csv"):
        found.append(Example(row["text"][:300], "positive" if row["polarity"] == "1" else "negative", 0.04))
    for row in rows(data / "banking77" / "train.csv")[::6]:
        found.append(Example(row["text"], "neutral", 0.008))
    for name in ("nl_valid.csv", "en_valid.csv"):
        found += [Example(row["text"], "neutral", 0.05) for row in rows(data / "xsid" / name)]
    for word, polarity in sorted(polarity_words(data).items()):
        if abs(polarity) >= 0.3:
            found.append(Example(word, "positive" if polarity > 0 else "negative", round(0.06 * abs(polarity), 4)))
    return found


def language_examples(data: Path) -> list[Example]:
    """Whole lines, and pieces of two to six words cut out of them: most messages are short."""
    chance = random.Random(SEED)  # noqa: S311 - reproducible, not secret
    lines: list[Example] = []
    for row in rows(data / "langid" / "wikipedia_langdet.csv"):
        known = row["lang"] if row["lang"] in language.LANGUAGES else "other"
        lines.append(Example(row["text"], known, 1.0))
    lines += [Example(r["text"][:300], "nl", 0.3) for r in rows(data / "nl_bol_books" / "bol_books.csv")]
    lines += [Example(r["text"], "en", 0.3) for r in rows(data / "banking77" / "train.csv")[::4]]
    for name, known in (("nl_valid.csv", "nl"), ("en_valid.csv", "en")):
        lines += [Example(r["text"], known, 1.0) for r in rows(data / "xsid" / name)]
    lines += [Example(r["text"], r["language"], 2.0) for file in ("sentiment.jsonl", "language.jsonl", "messages.jsonl") for r in own(file)]
    pieces = []
    for line in lines:
        words = line.text.split()
        for _ in range(2):
            if len(words) > 3:
                start = chance.randrange(len(words) - 1)
                piece = " ".join(words[start : start + chance.randint(2, 6)])
                pieces.append(Example(piece, line.label, line.weight / 3))
    return lines + pieces


# Training


def sparse_rows(buckets: Ints, starts: Ints) -> csr_matrix:
    """Shape (n, BUCKETS): what `bucket_sums` multiplies the weights with."""
    counts = np.diff(starts)
    values = np.repeat(1.0 / np.sqrt(np.maximum(counts, 1)), counts)
    matrix = csr_matrix((values, buckets, starts), shape=(len(counts), BUCKETS))
    matrix.sum_duplicates()
    return matrix


def fit(classes: Sequence[str], examples: Sequence[Example], static: Floats, grams: csr_matrix, extra: Floats,
        *, c: float, static_scale: float, extra_scale: float) -> Head:  # fmt: skip
    """Multinomial logistic regression; `c` is the inverse of the penalty, the scales say how freely a block may be used."""
    matrix = hstack([csr_matrix(static * static_scale), grams, csr_matrix(extra * extra_scale)], format="csr")
    model = LogisticRegression(C=c, max_iter=400, tol=1e-3)
    model.fit(matrix, [example.label for example in examples], sample_weight=[example.weight for example in examples])
    order = [list(model.classes_).index(name) for name in classes]
    weights = model.coef_[order].T
    first, second = DIMENSIONS, DIMENSIONS + BUCKETS
    return Head(
        tuple(classes),
        (weights[:first] * static_scale).astype(np.float32),
        weights[first:second].astype(np.float32),
        (weights[second:] * extra_scale).astype(np.float32),
        model.intercept_[order].astype(np.float32),
    )


def fit_language(examples: Sequence[Example]) -> Head:
    """The head of `language.py`. Dutch and English weigh twice as much as the rest: when in doubt, a mention is in one of these."""
    features = encoder().encode([example.text for example in examples])
    return fit(
        language.LANGUAGES, balanced(examples, {"nl": 2.0, "en": 2.0}), features.static, sparse_rows(*language.letters(features.texts)),
        language.no_extra(len(features)), c=20.0, static_scale=2.0, extra_scale=1.0,
    )  # fmt: skip


def balanced(examples: Sequence[Example], shares: Mapping[str, float] = MappingProxyType({})) -> list[Example]:
    """The same examples with every class weighing as much as the others, or its share (default 1), and 1 on average."""
    total: dict[str, float] = defaultdict(float)
    for example in examples:
        total[example.label] += example.weight
    mean = sum(total.values()) / len(total)
    factor = {label: shares.get(label, 1.0) * mean / weight for label, weight in total.items()}
    return [example._replace(weight=example.weight * factor[example.label]) for example in examples]


class SimpleLabel(NamedTuple):
    """A label of a simulated brand."""

    name: str
    examples: tuple[str, ...]
    description: str | None = None
    parent: str | None = None


class Simulation(NamedTuple):
    """A brand with a handful of labels, and messages of which some are about none of them."""

    labels: list[SimpleLabel]
    texts: list[str]
    truth: list[int]
    """Per text the index of its label, -1 for none."""


def simulations(data: Path, seed: int, count: int) -> Iterator[Simulation]:
    """Brands made of public intents, one to four examples a label. Texts are never examples."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    intents: list[tuple[dict[str, list[str]], dict[str, list[str]]]] = []
    banking: dict[str, list[str]] = defaultdict(list)
    for row in rows(data / "banking77" / "train.csv"):
        banking[row["category"].replace("_", " ")].append(row["text"])
    spoken: dict[str, list[str]] = defaultdict(list)
    translated: dict[str, list[str]] = defaultdict(list)
    for row in rows(data / "xsid" / "nl_valid.csv"):
        name = re.sub(r"[/_]|(?<=[a-z])(?=[A-Z])", " ", row["intent"]).lower()
        spoken[name].append(row["text"])
        translated[name].append(row["text_en"])
    intents += [(banking, banking)] * 3 + [(spoken, spoken), (translated, spoken)]
    elsewhere = [row["text"] for row in own("sentiment.jsonl")]
    for index in range(count):
        teach, ask = intents[index % len(intents)]
        names = sorted(name for name in teach if len(ask[name]) >= 4)
        chosen = chance.sample(names, chance.randint(2, min(12, len(names) - 2)))
        labels, texts, truth = [], [], []
        for position, name in enumerate(chosen):
            taught = chance.sample(range(len(teach[name])), min(chance.randint(1, 4), len(teach[name]) - 2))
            labels.append(SimpleLabel(name, tuple(teach[name][i] for i in taught)))
            rest = [text for i, text in enumerate(ask[name]) if i not in taught]
            for text in chance.sample(rest, min(8, len(rest))):
                texts.append(text)
                truth.append(position)
        others = [text for name in names if name not in chosen for text in ask[name][:8]]
        strangers = chance.sample(others, min(4 * len(chosen), len(others))) + chance.sample(elsewhere, 4 * len(chosen))
        yield Simulation(labels, texts + strangers, truth + [-1] * len(strangers))


def fit_labels(data: Path) -> Calibration:
    """The calibration of `labels.py`: what the texts of all sets share, and how comparisons become a probability."""
    texts = [e.text for e in sentiment_examples(data) if len(e.text.split()) > 1]
    texts += [r["text"] for r in rows(data / "banking77" / "train.csv")]
    features = encoder().encode(texts)
    _, _, directions = np.linalg.svd(features.static, full_matrices=False)
    owner = np.repeat(np.arange(len(texts)), np.diff(features.starts))
    seen = np.bincount(np.unique(owner * BUCKETS + features.buckets) % BUCKETS, minlength=BUCKETS)
    rarity = 1.0 - np.log1p(seen) / np.log1p(len(texts))
    blank = Calibration(
        directions[:1].astype(np.float16).astype(np.float32), rarity.astype(np.float16).astype(np.float32),
        np.zeros(COMPARISONS, np.float32), 0.0, 0.5,
    )  # fmt: skip
    compared, expected = compare_all(blank, simulations(data, SEED, 150))
    model = LogisticRegression(C=LABEL_C, max_iter=500).fit(compared, expected)
    probability = model.predict_proba(compared)[:, 1]
    order = np.argsort(-probability, kind="stable")
    precision = np.cumsum(expected[order]) / np.arange(1, len(order) + 1)
    threshold = float(probability[order][np.flatnonzero(precision >= LABEL_PRECISION)[-1]])
    return Calibration(blank.common, blank.rarity, model.coef_[0].astype(np.float32), float(model.intercept_[0]), round(threshold, 3))


def compare_all(calibration: Calibration, brands: Iterable[Simulation]) -> tuple[Floats, Ints]:
    """Shapes (pairs, COMPARISONS) and (pairs,): every text with every label of its brand, and whether it is the right one."""
    compared, expected = [], []
    for brand in brands:
        book = taxonomy(brand.labels, encoder(), calibration)
        compared.append(comparisons(book, calibration, encoder().encode(brand.texts)).reshape(-1, COMPARISONS))
        expected.append((np.array(brand.truth)[:, None] == np.arange(len(brand.labels))[None, :]).astype(np.int64).ravel())
    return np.concatenate(compared), np.concatenate(expected)


def measure_labels(data: Path, classifier: Classifier) -> None:
    """Prints precision and recall on brands that the calibration was not fitted on (the same sets, other labels and examples)."""
    right = proposed = wanted = first = 0
    for brand in simulations(data, SEED + 1, 60):
        book = taxonomy(brand.labels, classifier.encoder, classifier.calibration)
        names = [label.name for label in brand.labels]
        for truth, findings in zip(
            brand.truth, classifier.classify(brand.texts, [replace(classifier.empty, labels=book)] * len(brand.texts)), strict=True
        ):
            found = [label.name for label in findings.labels]
            proposed += len(found)
            if truth >= 0:
                wanted += 1
                right += names[truth] in found
                first += found[:1] == [names[truth]]
    print(f"  precision {right / proposed:.3f}   recall {right / wanted:.3f}   best label right {first / wanted:.3f}   n {wanted}")


class _Written(Protocol):
    def write(self, file: IO[bytes]) -> None: ...


def train(data: Path, out: Path, only: str | None = None) -> list[Path]:
    """Writes every head, or only one, to `out` and returns the files."""
    out.mkdir(parents=True, exist_ok=True)
    polarity = Polarity(polarity_words(data))
    makers: dict[str, Callable[[], _Written]] = {
        "polarity.npz": lambda: polarity,
        "findings.npz": lambda: fit_findings(own("messages.jsonl"), lines_of(sentiment_examples(data)), polarity),
        "language.npz": lambda: fit_language(language_examples(data)),
        "labels.npz": lambda: fit_labels(data),
    }
    written: list[Path] = []
    for name, make in makers.items():
        if only in (None, name):
            made = make()
            with (out / name).open("wb") as file:
                made.write(file)
            written.append(out / name)
    return written


# Measuring


def measured(data: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Sets that no head has seen, as (name, texts, classes)."""
    tweets = rows(data / "airline" / "tweets.csv")
    yield "airline tweets (en)", [r["text"] for r in tweets], [r["airline_sentiment"] for r in tweets]
    tweets = rows(data / "tweeteval" / "sentiment_val.csv")
    yield "tweeteval (en)", [r["text"] for r in tweets], [r["label_name"] for r in tweets]
    for known in ("en", "nl"):
        lines = rows(data / "nl_absa16" / f"restaurants_{known}_train.csv")
        lines = [r for r in lines if r["sentence_polarity"] in ONE_OF["sentiment"]]
        yield f"restaurants ({known})", [r["text"] for r in lines], [r["sentence_polarity"] for r in lines]
    tweets = [r for r in rows(data / "nl_political_tweets" / "polarity.csv") if r["label"] in ONE_OF["sentiment"]]
    yield "political tweets (nl)", [r["text"] for r in tweets], [r["label"] for r in tweets]


def measure_sentiment(data: Path, classifier: Classifier) -> None:
    """Prints macro-F1 and accuracy on each unseen set."""
    for name, texts, truth in measured(data):
        found = [finding.sentiment for finding in classifier.classify(texts)]
        print_scores(name, truth, found)


def measure_language(data: Path, classifier: Classifier) -> None:
    """Prints accuracy on sets of one language, whole and cut to three words, and five-fold on the set for the purpose."""
    sets = [(name, texts) for name, texts, _ in measured(data)]
    sets.append(("bus requests (nl)", [r["text"] for r in rows(data / "nl_bus_intents" / "bus_intents_nl.csv")]))
    for name, texts in sets:
        known = "nl" if "(nl)" in name else "en"
        for cut, part in (("", texts), (", three words", [" ".join(plain(text).split()[:3]) for text in texts])):
            found = [finding.language for finding in classifier.classify(part)]
            print(f"  {name + cut:40} accuracy {np.mean([f == known for f in found]):.3f}   n {len(found)}")
    lines = rows(data / "langid" / "wikipedia_langdet.csv")
    truth = [r["lang"] if r["lang"] in language.LANGUAGES else "other" for r in lines]
    known_texts = {r["text"] for r in lines}
    examples = language_examples(data)
    found, expected = [], []
    for fold in range(5):
        held_out = {line["text"] for i, line in enumerate(lines) if i % 5 == fold}
        kept = [e for e in examples if e.text in known_texts and e.text not in held_out] + [e for e in examples if e.weight == 2.0]
        head = fit_language(kept)
        features = encoder().encode([line["text"] for line in lines[fold::5]])
        verdicts = language.languages(head, features, language.letters(features.texts))
        expected += truth[fold::5]
        found += [verdict[0] for verdict in verdicts]
    print_scores("wikipedia lines, five-fold", expected, found)


def print_scores(name: str, truth: Iterable[str], found: Iterable[str]) -> None:
    """One line of the model card."""
    truth, found = list(truth), list(found)
    macro = f1_score(truth, found, average="macro", zero_division=0)
    print(f"  {name:40} macro-F1 {macro:.3f}   accuracy {accuracy_score(truth, found):.3f}   n {len(truth)}")


def measure_speed(data: Path, classifier: Classifier) -> None:
    """Prints texts per second on one core, without labels."""
    texts = [r["text"] for r in rows(data / "airline" / "tweets.csv")]
    started = time.perf_counter()
    for first in range(0, len(texts), 500):
        classifier.classify(texts[first : first + 500])
    print(f"  {len(texts) / (time.perf_counter() - started):.0f} tweets/s in batches of 500, without labels")


REPORTS: Final = (
    ("sentiment", measure_sentiment),
    ("language", measure_language),
    ("labels", measure_labels),
    ("speed", measure_speed),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, or measures; returns the exit status."""
    parser = argparse.ArgumentParser(description="train or measure the heads of triage")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds nlp/")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--out", type=Path, help="train, and write the heads here")
    action.add_argument("--measure", type=Path, nargs="?", const=MODELS, help="measure the heads that lie here")
    parser.add_argument("--only", choices=FILES, help="train only this file")
    options = parser.parse_args(arguments)
    data = options.data / "nlp"
    if not data.is_dir():
        print(f"{data} is not a folder: --data must name the folder that holds nlp/", file=sys.stderr)
        return 2
    with threadpool_limits(limits=1):
        if options.out:
            for path in train(data, options.out, options.only):
                print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.stat().st_size:>8}  {path.name}")
        else:
            classifier = Classifier.load(options.measure)
            for title, report in REPORTS:
                print(title)
                report(data, classifier)
    return 0


if __name__ == "__main__":
    sys.exit(main())
