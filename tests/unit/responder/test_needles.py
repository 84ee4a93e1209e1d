"""A pattern is looked for in every text in which it is: what is told to be absent is."""

import pytest

from services.responder import moment_words, needles
from services.responder.promise_words import WORDS
from services.responder.verdicts import blame, commitments, elsewhere, inside, jokes, reading, rivals, tone
from services.responder.wording import Saying, Wording
from tests.unit.responder import promises


@pytest.mark.parametrize(
    ("pattern", "has"),
    [
        (r"(?<!\w)(?:bel|bellen)(?!\w)", [{"bel", "bellen"}]),
        (r"(?<!\w)ik\s+bel", [{"bel"}, {"ik"}]),
        (r"(?<!\w)(?:foutje|\w*bon)(?!\w)", [{"foutje", "~bon"}]),
        (r"(?<!\w)(?:op\s+)?\d+\s+dagen", [{"0"}, {"dagen"}]),
        (r"(?<!\w)(?:we)(?: |')(?:will|ll)", [{"ll", "will"}, {"we"}]),
        (r"[^x]+", []),
        (r"(?:een|\w+)", []),
        (r"een", [{"~een"}]),
    ],
)
def test_what_every_match_has(pattern: str, has: list[set[str]]) -> None:
    assert sorted(map(sorted, needles.needles(pattern))) == sorted(map(sorted, has))


def wordings() -> list[Wording]:
    found: list[Wording] = []
    for owner in (blame, commitments, elsewhere, inside, jokes, rivals, tone, *WORDS.values()):
        names = [name for name in dir(owner) if not name.startswith("__")]
        for value in (getattr(owner, name) for name in names):
            if isinstance(value, Wording):
                found.append(value)
            elif isinstance(value, Saying):
                found += [part for part in (value.says, value.unless, value.unless_before, value.unless_sentence) if part is not None]
    return found


def test_no_pattern_is_in_a_text_that_was_told_to_be_without_it() -> None:
    texts = [draft.text for name in ("development.txt", "held_out.txt") for draft in promises.read(name)][::15]
    texts += [
        "We'll call you; you're right, it's on us. I'd say so.",
        "De foto's van 's avonds: zo'n fout, die 's nachts gebeurde.",
        "€5,- korting",
    ]
    patterns = [
        (number, wording._compiled.get(number) or wording._compile(number)) for wording in wordings() for number in wording._numbers
    ]
    patterns += [(number, pattern) for rows in (moment_words._NL, moment_words._EN) for number, (pattern, _) in rows.items()]
    assert len(patterns) > 1_000
    for text in texts:
        read = reading.Reading(text)
        absent = [pattern.pattern for number, pattern in patterns if number not in read.likely and pattern.search(read.own_lower)]
        assert absent == [], text
