"""How well the shipped models do on messages that they were not trained on: `make eval`.

The development sets (written and labelled by hand, invented brands and people) reach this program, a table of scores leaves it for each. They say where
the models stand; what they are trained on is apart (`training/`).
"""

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sklearn.metrics import accuracy_score, f1_score

from libs.common.events import Findings
from services.triage import evaluate_pairs
from services.triage.classify import Classifier, Depth
from services.triage.context import Context

DEVELOPMENT = Path(__file__).parent / "development"
SETS = ("messages", "unaided", "german", "french")
Message = dict[str, Any]


def messages(name: str) -> list[Message]:
    """A development set, a row for each message: its text, what is known of its author, and what a person found in it."""
    return json_lines(DEVELOPMENT / f"{name}.jsonl")


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


def micro(truth: Sequence[Iterable[Hashable]], told: Sequence[Iterable[Hashable]]) -> float:
    """F1 over all that stands in the sets together."""
    both = sum(len(set(a) & set(b)) for a, b in zip(truth, told, strict=True))
    return 2 * both / (sum(len(set(a)) for a in truth) + sum(len(set(b)) for b in told))


def spans(row: Message) -> set[tuple[str, str]]:
    """Kind and words of each piece of personal data that a person marked."""
    return {(one["kind"], one["text"]) for one in row["pii"]}


def scores(rows: Sequence[Message], findings: Sequence[Findings]) -> dict[str, float]:
    """By finding; macro-F1 where nothing else is said."""

    def of(score: Callable[[Sequence[str], Sequence[str]], float], field: str, told: Callable[[Findings], str]) -> float:
        return score([row[field] for row in rows], [told(finding) for finding in findings])

    marked = [{(one.kind, row["text"][one.start : one.end]) for one in finding.pii} for row, finding in zip(rows, findings, strict=True)]
    return {
        "language (accuracy)": of(accuracy, "language", lambda f: f.language),
        "sentiment": of(macro, "sentiment", lambda f: f.sentiment),
        "intent": of(macro, "intent", lambda f: f.intent or ""),
        "respond": of(macro, "respond", lambda f: f.respond.decision if f.respond else ""),
        "urgency": of(macro, "urgency", lambda f: f.urgency),
        "department (accuracy)": of(accuracy, "department", lambda f: f.department or ""),
        "personal data (micro-F1)": micro([spans(row) for row in rows], marked),
        "risk (micro-F1)": micro([row["risk"] for row in rows], [f.risk for f in findings]),
        "go private (F1)": micro([["yes"] * row["go_private"] for row in rows], [["yes"] * f.go_private for f in findings]),
    }


def main() -> None:
    """Print the scores of all sets of messages, and of the pairs."""
    classifier = Classifier.load()
    for name in SETS:
        report(classifier, name)
    evaluate_pairs.main()


def report(classifier: Classifier, name: str) -> None:
    """Print the scores of all messages of a set, and of the Dutch and the English ones, of both depths, and without a word on where they came from."""
    rows = messages(name)
    findings = found(classifier, rows)
    groups = {"all": ("nl", "en", "de", "fr", "other"), "Dutch": ("nl",), "English": ("en",)}
    table = {}
    for group, spoken in groups.items():
        kept = [(row, finding) for row, finding in zip(rows, findings, strict=True) if row["language"] in spoken]
        if kept:
            table[f"{group} ({len(kept)})"] = scores([row for row, _ in kept], [finding for _, finding in kept])
    table["quick"] = scores(rows, found(classifier, rows, "quick"))
    table["text alone"] = scores(rows, classifier.classify([row["text"] for row in rows]))
    print(f"{name + '.jsonl':26}" + "".join(f"{column:>16}" for column in table))
    for finding in next(iter(table.values())):
        print(f"{finding:26}" + "".join(f"{column[finding]:16.3f}" for column in table.values()))
    print()


if __name__ == "__main__":
    main()
