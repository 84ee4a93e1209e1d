"""How telling a word is: a text reaches this module, its stems leave it, each with a weight that is higher the fewer customers use it.

The weights are inverse document frequencies over the texts that the models are trained on, in `models/words.json`; this module is also the program that
writes that file: `python -m services.triage.words`.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).parent / "models" / "words.json"
TRAINING: Final = Path(__file__).parent / "training" / "messages.jsonl"

STEM: Final = 6
"""Letters of a word that count: "opzegging" and "opzeggen" are one word, so are "terugbetaling" and "terugbetaald"."""
MAX_WORDS: Final = 400
RAREST: Final = 8.0
"""The weight of a word that nobody in the training texts uses."""
_LEAST: Final = 3
"""Documents with a stem: below it stands for chance."""

_WORD: Final = re.compile(r"[^\W\d_]{4,}")


def folded(text: str) -> str:
    """Lower case, without accents, ı as i: how names and words are compared."""
    text = text.lower()
    if text.isascii():
        return text
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ø", "o")) if not unicodedata.combining(letter)
    )


def stems(text: str) -> set[str]:
    """The stems of the first MAX_WORDS words of at least four letters in a text after `folded`."""
    return {word[:STEM] for word in _WORD.findall(text)[:MAX_WORDS]}


@lru_cache(maxsize=1)
def weights() -> Mapping[str, float]:
    """Stem → weight, for those that occur in the training texts often enough to say how often."""
    read: dict[str, float] = json.loads(TABLE.read_text(encoding="utf-8"))
    return read


def weighed(text: str) -> dict[str, float]:
    """The stems of a text after `folded`, with their weights."""
    known = weights()
    return {stem: known.get(stem, RAREST) for stem in stems(text)}


def learnt(texts: Iterable[str]) -> dict[str, float]:
    """The weights that follow from `texts`, most common stems first."""
    counts: Counter[str] = Counter()
    documents = 0
    for text in texts:
        documents += 1
        counts.update(stems(folded(text)))
    common = sorted(((count, stem) for stem, count in counts.items() if count >= _LEAST), key=lambda item: (-item[0], item[1]))
    return {stem: round(min(RAREST, math.log(documents / count)), 2) for count, stem in common}


def main() -> None:
    with TRAINING.open(encoding="utf-8") as file:
        table = learnt(json.loads(line)["text"] for line in file)
    TABLE.write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
