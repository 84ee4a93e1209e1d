"""Patterns of wording over texts in lower case, written as people would read them; and what is said in a text, unless it is denied. Pure: no I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.responder.bounded import Pattern
from services.responder.verdicts.reading import Reading


def pattern(*texts: str) -> Pattern:
    """Any of these. A blank stands for any white space (with a question mark: also for none), `<<` and `>>` for the edges of a word, `__` for what may stand before a clause."""
    joined = (
        "|".join(texts)
        .replace(" ?", r"\s*")
        .replace(" ", r"\s+")
        .replace("<<", r"(?<!\w)")
        .replace(">>", r"(?!\w)")
        .replace("__", r"[\s,;:()–—-]*")
    )
    return Pattern(joined)


def words(*texts: str) -> str:
    """Any of these words, of texts that hold them apart by blanks."""
    return "(?:" + "|".join("|".join(text.split(" ")) for text in texts) + ")"


CLAUSE_END = pattern(r"[,;:()–—\n]", r"\s-\s", r"<<(?:maar|want|omdat|doordat|terwijl|en|but|because|since|and)>>")


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that is said in a sentence.

    ``any_of`` are words of which such a text has one; `says` is what a sentence has then; `unless` takes it back from within the same clause,
    `unless_before` from anywhere before it in the sentence, `unless_sentence` from anywhere in the sentence. Questions say nothing unless `asking`.
    """

    any_of: frozenset[str]
    says: Pattern
    unless: Pattern | None = None
    unless_before: Pattern | None = None
    unless_sentence: Pattern | None = None
    asking: bool = False

    def found(self, read: Reading, text: str | None = None) -> Iterator[tuple[int, int]]:
        """The places where it is said, the first of each sentence; in `text`, where that is another view of it than `own_lower`."""
        if self.any_of and read.words.isdisjoint(self.any_of):
            return
        lower = read.own_lower if text is None else text
        for sentence in read.sentences:
            if sentence.asks and not self.asking:
                continue
            said = lower[sentence.start : sentence.end]
            for match in self.says.finditer(said):
                if not self._taken_back(said, *match.span()):
                    yield sentence.start + match.start(), sentence.start + match.end()
                    break

    def _taken_back(self, said: str, start: int, end: int) -> bool:
        if self.unless_sentence is not None and self.unless_sentence.search(said):
            return True
        if self.unless_before is not None and self.unless_before.search(said[:start]):
            return True
        return self.unless is not None and bool(self.unless.search(clause(said, start, end)))


def clause(said: str, start: int, end: int) -> str:
    """The clause around a place of a sentence, or the clauses that it reaches over."""
    first, last = 0, len(said)
    for match in CLAUSE_END.finditer(said):
        if match.end() <= start:
            first = match.end()
        elif match.start() >= end:
            last = match.start()
            break
    return said[first:last]


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A place without white space and punctuation at its ends."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in "%€)"):
        end -= 1
    return start, end


def every(*sayings: Iterable[str]) -> frozenset[str]:
    return frozenset(word for saying in sayings for word in saying)
