"""How well the shipped models do on messages that they were not trained on: `make eval`.

The development set (`development/messages.jsonl`, written and labelled by hand, invented brands and people) reaches this program, a table of scores leaves
it. It says where the models stand; what they are trained on is apart (`training/`).
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sklearn.metrics import accuracy_score, f1_score

from libs.common.events import Findings
from services.triage import evaluate_pairs
from services.triage.classify import Classifier, Depth
from services.triage.context import Context

DEVELOPMENT = Path(__file__).parent / "development" / "messages.jsonl"
Message = dict[str, Any]


def messages() -> list[Message]:
    """The development set, a row for each message: its text, what is known of its author, and what a person found in it."""
    return json_lines(DEVELOPMENT)


def json_lines(path: Path) -> list[Message]:
    """The rows of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def found(classifier: Classifier, rows: Sequence[Message], depth: Depth = "full") -> list[Findings]:
    contexts = [Context(row["channel"], row["visibility"], row["author"]["followers"]) for row in rows]
    return classifier.classify([row["text"] for row in rows], contexts=contexts, depth=depth)


def accuracy(truth: Sequence[str], told: Sequence[str]) -> float:
    return float(accuracy_score(truth, told))


def macro(truth: Sequence[str], told: Sequence[str]) -> float:
    """The mean of each class's F1."""
    return float(f1_score(truth, told, average="macro", zero_division=0))


def micro(truth: Sequence[Iterable[str]], told: Sequence[Iterable[str]]) -> float:
    """F1 over all that stands in the sets together."""
    both = sum(len(set(a) & set(b)) for a, b in zip(truth, told, strict=True))
    return 2 * both / (sum(len(set(a)) for a in truth) + sum(len(set(b)) for b in told))


def scores(rows: Sequence[Message], findings: Sequence[Findings]) -> dict[str, float]:
    """By finding; macro-F1 where nothing else is said."""
    by_class: tuple[tuple[str, str, Callable[[Sequence[str], Sequence[str]], float]], ...] = (
        ("language (accuracy)", "language", accuracy),
        ("sentiment", "sentiment", macro),
        ("urgency", "urgency", macro),
    )
    told = {name: score([row[field] for row in rows], [getattr(f, field) for f in findings]) for name, field, score in by_class}
    return told | {"risk (micro-F1)": micro([row["risk"] for row in rows], [f.risk for f in findings])}


def main() -> None:
    """Print the scores of all messages, and of the Dutch and the English ones."""
    rows = messages()
    findings = found(Classifier.load(), rows)
    groups = {"all": ("nl", "en", "de", "fr", "other"), "Dutch": ("nl",), "English": ("en",)}
    table = {}
    for name, spoken in groups.items():
        kept = [(row, finding) for row, finding in zip(rows, findings, strict=True) if row["language"] in spoken]
        table[f"{name} ({len(kept)})"] = scores([row for row, _ in kept], [finding for _, finding in kept])
    print(f"{'':24}" + "".join(f"{name:>16}" for name in table))
    for finding in next(iter(table.values())):
        print(f"{finding:24}" + "".join(f"{column[finding]:16.3f}" for column in table.values()))
    print()
    evaluate_pairs.main()


if __name__ == "__main__":
    main()
