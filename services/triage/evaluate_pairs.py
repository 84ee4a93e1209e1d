"""How well mentions of one issue are found in the development set of pairs (`development/duplicates`): part of `make eval`.

A link or suggestion is right when the two are one issue in the set, listed or not; what is found of the strong and the weak pairs is told by pair, as the
set lists them.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from libs.common.bookfile import load_book
from services.triage.duplicates import Judged, judge
from services.triage.features import encoder
from services.triage.shown import PLAIN, Lens, Seen, seen

SET: Final = Path(__file__).parent / "development" / "duplicates"
UNAIDED: Final = SET / "unaided"
"""Other brands, other writers, and no brand books."""
OTHERS: Final = SET / "others"
"""Four more, with topics of other kinds than outages."""
Pair = frozenset[str]


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def books() -> dict[str, Lens]:
    """The lens of each brand of the set."""
    return {path.stem: Lens.of(load_book(path.read_text(encoding="utf-8"), path.name)) for path in sorted((SET / "books").glob("*.yaml"))}


def mentions(lenses: Mapping[str, Lens], folder: Path = SET) -> list[Seen]:
    """What the mentions of the set show; through defaults where a brand has no lens."""
    rows = _rows(folder / "mentions.jsonl")
    meanings = encoder().encode([row["text"] for row in rows]).static
    return [_seen(row, lenses.get(row["brand"], PLAIN), meaning) for row, meaning in zip(rows, meanings, strict=True)]


def _seen(row: dict[str, Any], lens: Lens, meaning: Any) -> Seen:
    author = row["author"]
    return seen(
        id=row["id"],
        brand=row["brand"],
        at=datetime.fromisoformat(row["posted_at"]),
        channel=row["channel"],
        text=row["text"],
        handle=author["handle"],
        called=author["name"],
        email=author["email"],
        answers=row["in_reply_to"],
        lens=lens,
        meaning=meaning,
    )


def verdicts(folder: Path = SET) -> dict[str, set[Pair]]:
    """The pairs of the set by verdict: strong, weak, different, topic."""
    found: dict[str, set[Pair]] = {}
    for row in _rows(folder / "pairs.jsonl"):
        found.setdefault(row["verdict"], set()).add(frozenset((row["a"], row["b"])))
    return found


def issues(same: Iterable[Pair]) -> dict[str, int]:
    """Mention → the number of its issue, given pairs that are one."""
    found: dict[str, int] = {}
    for number, pair in enumerate(same):
        met = {found[one] for one in pair if one in found}
        found |= dict.fromkeys(pair, number)
        found = {one: number if of in met else of for one, of in found.items()}
    return found


def scores(judged: Judged, folder: Path = SET) -> dict[str, float]:
    """Precision and recall of links, suggestions and topics."""
    truth = verdicts(folder)
    issue = issues([*truth["strong"], *truth["weak"]])
    found = {
        decision: {frozenset((pair.a, pair.b)) for pair in judged.pairs if pair.decision == decision} for decision in ("link", "suggest")
    }
    topics = [set(topic.mentions) for topic in judged.topics]
    return {
        "links: precision": _right(found["link"], issue),
        "links: recall of strong": len(found["link"] & truth["strong"]) / len(truth["strong"]),
        "suggestions: precision": _right(found["suggest"], issue),
        "suggestions: recall of weak": len((found["link"] | found["suggest"]) & truth["weak"]) / len(truth["weak"]),
        "different, linked": float(len(found["link"] & truth["different"])),
        "different, suggested": float(len(found["suggest"] & truth["different"])),
        "topics: recall of pairs": sum(any(pair <= topic for topic in topics) for pair in truth["topic"]) / len(truth["topic"]),
        "topics: precision of pairs": _right_topics(judged, [*truth["topic"], *truth["strong"], *truth["weak"]]),
        "topics": float(len(topics)),
    }


def _right(pairs: set[Pair], issue: Mapping[str, int]) -> float:
    """The share that is one issue; 1 where there are none."""
    right = sum(len({issue.get(one, one) for one in pair}) == 1 for pair in pairs)
    return right / len(pairs) if pairs else 1.0


def _right_topics(judged: Judged, same: Iterable[Pair]) -> float:
    """The share of the pairs within the topics found that the set has in one topic, themselves or by another mention of their issue."""
    event = issues(same)
    pairs = {frozenset(pair) for topic in judged.topics for pair in combinations(topic.mentions, 2)}
    return _right(pairs, event)


def main() -> None:
    """Print the scores with the brands' books and without, and of other brands without."""
    ways: tuple[tuple[str, Mapping[str, Lens], Path], ...] = (
        ("with books", books(), SET),
        ("without", {}, SET),
        ("other brands", {}, UNAIDED),
        ("four more", {}, OTHERS),
    )
    table = {name: scores(judge(mentions(lenses, folder)), folder) for name, lenses, folder in ways}
    print(f"{'':30}" + "".join(f"{name:>16}" for name in table))
    for score in next(iter(table.values())):
        print(f"{score:30}" + "".join(f"{column[score]:16.3f}" for column in table.values()))


if __name__ == "__main__":
    main()
