"""A pattern is looked for in every text in which it is: what is told to be absent is."""

import pytest

from services.responder import moment_words, wording
from services.responder.promise_words import WORDS
from services.responder.sieve import Sieve
from services.responder.verdicts import blame, commitments, elsewhere, inside, jokes, reading, rivals, tone
from services.responder.wording import Saying, Wording
from tests.unit.responder import promises


@pytest.mark.parametrize(
    ("pattern", "there", "absent"),
    [
        (r"(?<!\w)(?:bel|bellen)(?!\w)", "wij bellen u", "wij mailen u"),
        (r"(?<!\w)we(?!\w)", "hier zijn we.", "een gewone dag"),
        (r"(?<!\w)ik\s+bel", "dan ik bel", "dan mail ik"),
        (r"(?<!\w)(?:foutje|\w*bon)(?!\w)", "een kortingsbon", "een boon"),
        (r"(?<!\w)(?:op\s+)?\d+\s+dagen", "twee of 3 dagen", "drie dagen"),
        (r"(?<!\w)(?:we)(?: |')(?:will|ll)", "and we'll see", "and we saw"),
        (r"(?:een|\w+)", "een", "?"),
        (r"een(?=\s+keer)", "geen keer", "ene"),
        (r"(?<!\w)€\s?\d", "nu €5", "€ vijf"),
        (r"(?:dat\s+)?(?:haha|hoho){2,3}(?!\w)", "xhahahoho", "haat"),
        (r"a\.u\.b", "doe dat a.u.b.", "alstublieft"),
    ],
)
def test_a_pattern_may_be_found_where_it_is_and_not_without_its_words(pattern: str, there: str, absent: str) -> None:
    known = Sieve()
    other = known.register("(?<!\\w)zeppelin", "other")
    number = known.register(pattern, "asked")
    assert known.likely(there) == {"asked": [number]}
    if pattern != r"(?:een|\w+)":
        assert known.likely(absent) == {}
    assert known.likely("een zeppelin")["other"] == [other]


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
    patterns = [(number, wording._compiled.get(number) or wording._compile(number)) for wording in wordings() for number in wording._parts]
    patterns += [(number, pattern) for rows in (moment_words._NL, moment_words._EN) for number, (pattern, _) in rows.items()]
    assert len(patterns) > 1_000
    for text in texts:
        read = reading.Reading(text)
        likely = {number for numbers in read.likely.values() for number in numbers}
        absent = [pattern.pattern for number, pattern in patterns if number not in likely and pattern.search(read.own_lower)]
        assert absent == [], text


def test_a_process_that_is_warm_has_every_pattern_made() -> None:
    wording.warm()
    assert all(each._compiled.keys() == each._parts.keys() for each in wordings())
