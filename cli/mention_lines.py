"""Mentions as JSON lines, as ``weerklank triage`` and ``weerklank duplicates`` read them, and the brand books that their rows are read with.

A line that cannot be read is a value and no exception of the whole: the others are right without it.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, Generic, TypeVar

from cli.applying import read as read_book
from cli.errors import WRONG, CommandError
from libs.common.bookfile import load_book
from libs.common.bookproblems import BrandBookError, Problem
from libs.common.brandbook import BrandBook
from libs.common.wordvectors import well_formed
from services.triage.words import folded

MAX_LINE_BYTES: Final = 1024 * 1024
T = TypeVar("T")


class Unreadable(ValueError):
    """A line is no mention. The text names the field and the remedy."""


class Brands(Generic[T]):
    """What rows are read with, by brand: `made` of each book that was given, found by slug and by name in any spelling; and of a brand without a book,
    by `default` of its name."""

    def __init__(self, paths: Sequence[Path], made: Callable[[BrandBook], T], default: Callable[[str], T]) -> None:
        """Raises ``CommandError`` for a book that cannot be used, and for two of one brand."""
        self._default = default
        self._known: dict[str, T] = {}
        self._only: T | None = None
        books = [_book(path) for path in paths]
        slugs = [spelled(book.brand) for book in books]
        for path, slug, book in zip(paths, slugs, books, strict=True):
            if slugs.count(slug) > 1 and slug in self._known:
                raise CommandError(f"{path} is a second brand book of {book.brand}. Give one for each brand.", WRONG)
            self._known[slug] = made(book)
        self._only = self._known[slugs[0]] if len(slugs) == 1 else None
        for slug, book in zip(slugs, books, strict=True):
            self._known.setdefault(spelled(book.name), self._known[slug])

    def of(self, named: str | None) -> T:
        """Of a row that names none: the only book's, where one was given."""
        if named is None and self._only is not None:
            return self._only
        slug = spelled(named or "")
        if slug not in self._known:
            self._known[slug] = self._default(slug)
        return self._known[slug]


def _book(path: Path) -> BrandBook:
    """What does not fit together in a book (a secret of another's, somebody who is not of the team) is told, and changes nothing here: `weerklank apply`
    refuses it."""
    aside: list[Problem] = []
    try:
        book = load_book(read_book(path), str(path), aside=aside)
    except BrandBookError as error:
        raise CommandError(str(error), WRONG) from error
    if aside:
        sys.stderr.write(f"read all the same, though it cannot be applied:\n{BrandBookError(aside, str(path))}\n")
    return book


def spelled(name: str) -> str:
    """A brand's name or slug without what people spell differently."""
    return "".join(filter(str.isalnum, folded(name)))


def objects(file: IO[bytes]) -> Iterator[tuple[int, dict[str, Any] | Unreadable]]:
    """Each line that is not empty, with its number."""
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield number, _object(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
            except Unreadable as error:
                yield number, error


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        raise Unreadable(f"it has more than {MAX_LINE_BYTES} bytes. Shorten its text.")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON ({error}). Write one mention, as an object, on each line.") from error
    if not isinstance(data, dict):
        raise Unreadable(f"it is {quoted(data)}, not an object. Write one mention, as an object, on each line.")
    return data


def author_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object with handle, name and email; a bare text is a handle."""
    author = data.get("author")
    if isinstance(author, str):
        return {"handle": author}
    if not isinstance(author, dict | None):
        raise Unreadable(f"author is {quoted(author)}. Write an object with handle, name and email.")
    return author or {}


def said_in(data: Mapping[str, Any]) -> str:
    """The title and the text."""
    text = data.get("text")
    if not isinstance(text, str):
        raise Unreadable(f"text is {quoted(text)}. Write what the mention says as a text.")
    title = text_of(data, "title")
    return well_formed(f"{title}\n{text}" if title else text)


def text_of(data: Mapping[str, Any], field: str, within: str = "") -> str | None:
    """A field that is a text or a number, or is missing."""
    value = data.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Unreadable(f"{within}{field} is {quoted(value)}. Write a text, or leave it out.")
    return well_formed(value)


def quoted(value: object) -> str:
    """A value as an error shows it."""
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= 60 else written[:57] + "…"
