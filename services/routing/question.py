"""What people type to search, as alternatives of terms. Pure, but for the names of two functions of the database.

Words stand beside one another: all of them are wanted. "Words in quotes" follow one another, -words are not wanted, OR begins an alternative,
fact* is any word that begins so. What holds three digits or more is a number, and may be a part of one.
"""

import re
from dataclasses import dataclass

from libs.common.errors import BadRequest
from services.routing.wanted import Arguments

MOST_TERMS = 20
_PIECE = re.compile(r'(-?)"([^"]*)"?|(-?)(\S+)')
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Term:
    """`number`: looked for within names and numbers, and `text` is in their plain form then. `prefix`: any word that begins so."""

    text: str
    without: bool = False
    number: bool = False
    prefix: bool = False
    phrase: bool = False


Question = tuple[tuple[Term, ...], ...]
"""Alternatives; of each, all terms hold."""


def parse(asked: str) -> Question:
    """Raises `BadRequest` where there is nothing to look for, only what is not wanted, or too much."""
    alternatives: list[list[Term]] = [[]]
    for found in _PIECE.finditer(asked):
        quoted, word = found[2], found[4]
        if word is not None and word.upper() == "OR" and not found[3]:
            alternatives.append([])
        elif term := _term(quoted if quoted is not None else word, bool(found[1] or found[3]), quoted is not None):
            alternatives[-1].append(term)
    terms = [tuple(dict.fromkeys(one)) for one in alternatives if one]
    if sum(map(len, terms)) > MOST_TERMS:
        raise BadRequest(f"q has more than {MOST_TERMS} words. Leave out those that say least.")
    if not terms or any(all(term.without for term in one) for one in terms):
        raise BadRequest(
            f"There is nothing to search for in {asked[:60]!r}. Give a word, a name or a number that is wanted; -word only leaves cases out."
        )
    return tuple(terms)


def plain(text: str) -> str:
    """A number without what separates its parts, as `search_index` keeps it. A phone number is found with or without its country's prefix."""
    found = "".join(c for c in text if c.isalnum()).lower()
    return found.lstrip("0") if found.isdigit() and len(found) >= 9 else found


def _term(text: str, without: bool, is_phrase: bool) -> Term | None:
    if not any(c.isalnum() for c in text):
        return None
    if sum(c.isdigit() for c in text) >= _DIGITS and (not is_phrase or not any(c.isalpha() for c in text)):
        number = plain(text)
        if len(number) >= _DIGITS and number.isascii():
            return Term(number[:40], without, number=True)
    if not is_phrase and text.endswith("*") and len(text) > _DIGITS and text[:-1].isalnum():
        return Term(text[:-1], without, prefix=True)
    return Term(text, without, phrase=is_phrase)


def condition(question: Question, arguments: Arguments, *, row: str = "s") -> str:
    """The condition on `search_text`, beside its brand. Words go by both languages' stems."""
    alternatives = []
    for terms in question:
        conditions = []
        words = [(term, _tsquery(term, arguments)) for term in terms if not term.number]
        if words:
            wanted = " && ".join(f"!!({sql})" if term.without else f"({sql})" for term, sql in words)
            conditions.append(f"{row}.words @@ ({wanted})")
        for term in terms:
            if term.number:
                like = f"{row}.names like '%' || {arguments.add(term.text, 'text')} || '%'"
                conditions.append(f"not ({like})" if term.without else like)
        alternatives.append(" and ".join(conditions))
    return f"({' or '.join(f'({one})' for one in alternatives)})"


def ranking(question: Question, arguments: Arguments) -> str:
    """The tsquery that says how well a text fits: any of the words that are wanted, the more the better."""
    return " || ".join(f"({_tsquery(term, arguments)})" for term in positive(question) if not term.number) or "''::tsquery"


def _tsquery(term: Term, arguments: Arguments) -> str:
    given = arguments.add(term.text, "text")
    if term.prefix:
        return f"(unaccent(lower({given})) || ':*')::tsquery"
    return f"phrase_of({given})" if term.phrase else f"word_of({given})"


def positive(question: Question) -> list[Term]:
    """What is to be found in a text, to be marked there."""
    return list(dict.fromkeys(term for terms in question for term in terms if not term.without))


def may_be_misspelt(question: Question) -> tuple[Term, ...]:
    """The words of a question that may be a misspelt name or number: a few words, all of them wanted. Else none."""
    if len(question) != 1 or len(question[0]) > 4:
        return ()
    terms = question[0]
    is_plain = all(not (term.without or term.prefix or term.phrase) for term in terms)
    is_long_enough = all(len(term.text) >= (6 if term.number else 4) for term in terms) or any(len(term.text) >= 6 for term in terms)
    return terms if is_plain and is_long_enough else ()


def respelt(word: str) -> list[str]:
    """The words that this one becomes when two neighbours change places, or a letter is dropped."""
    swapped = [word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1)]
    return list(dict.fromkeys([*swapped, *(word[:n] + word[n + 1 :] for n in range(len(word)))]))


def near(number: str) -> list[str]:
    """Patterns of numbers (LIKE) that differ from this one by one character, or by two neighbours that changed places."""
    swapped = [number[:n] + number[n + 1] + number[n] + number[n + 2 :] for n in range(len(number) - 1) if number[n] != number[n + 1]]
    return [f"%{one}%" for one in (*swapped, *(f"{number[:n]}_{number[n + 1 :]}" for n in range(len(number))))]
