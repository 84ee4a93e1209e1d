"""A brand book as a file: YAML that people write, and the JSON schema that helps them.

What reaches this module: the text of a book (`weerklank apply`, the route that publishes one). What leaves it: the
`BrandBook`, or one `BrandBookError` with every problem and its line.

Limits: 1 MiB of text, 30,000 words and signs of YAML, 200,000 values once aliases are followed, 30 levels.
"""

import re
import warnings
from collections.abc import Iterator
from datetime import date as Date
from datetime import datetime, time
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.scanner import Scanner

from libs.common.bookproblems import BrandBookError, Path, Problem, dotted, problems_of
from libs.common.bookreferences import foreign_secrets, kept_too_briefly
from libs.common.bookvalues import shown
from libs.common.brandbook import BrandBook
from libs.common.hours import Calendar, HoursError

MAX_BYTES = 1024 * 1024
MAX_TOKENS = 30_000
"""Words and signs: ten times our largest sample, and about a second of reading."""
MAX_VALUES = 200_000
MAX_DEPTH = 30


def load_book(text: str, source: str = "brand book", today: Date | None = None, aside: list[Problem] | None = None) -> BrandBook:
    """Read a brand book. `source` names the text in messages, such as the file's name; `today` (default: the real one) is for
    the checks that it ever opens, and that what it promises is due some day.

    Whoever reads texts with a book, and applies it to nothing, gives `aside`: there go problems of what each is right by itself, and the book is read
    all the same.

    Raises BrandBookError with every problem of the first kind that there is: unreadable YAML; wrong fields, and fields
    that do not fit together; secrets of others, spans that forget too much, hours that never open, and targets that take years of them.
    """
    lines: dict[Path, int] = {}
    between: list[tuple[Path, str]] = []
    data = read_yaml(text, source, lines)
    try:
        book = BrandBook.model_validate(data, context=None if aside is None else {"aside": between})
    except ValidationError as error:
        problems = problems_of(error, BrandBook, data, lines) + _between_the_others(error, data, lines)
        raise BrandBookError(sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0), source) from None
    problems = [Problem(lines.get(path), dotted(path), said) for path, said in (*between, *foreign_secrets(book))]
    problems += [Problem(lines.get(path, lines.get(path[:1])), dotted(path), said) for path, said in kept_too_briefly(book)]
    problems += _of_hours(book, today, lines)
    if problems and aside is None:
        raise BrandBookError(problems, source)
    if aside is not None:
        aside.extend(problems)
    return book


def _of_hours(book: BrandBook, today: Date | None, lines: dict[Path, int]) -> Iterator[Problem]:
    calendar = Calendar.of(book)
    first = today or datetime.now(calendar.zone).date()
    if not calendar.ever_opens(first):
        said = f"{book.brand} is never open in the two years from {first}; write at least one block, such as mon-fri"
        yield Problem(lines.get(("hours",)), "hours", said)
        return
    start = datetime.combine(first, time(), calendar.zone)
    for number, target in enumerate(book.targets):
        for name in ("reaction", "resolution"):
            try:
                calendar.add(start, getattr(target, name))
            except HoursError as error:
                yield Problem(lines.get(("targets", number, name)), f"targets[{number}].{name}", str(error))


def _between_the_others(error: ValidationError, data: dict[str, Any], lines: dict[Path, int]) -> list[Problem]:
    """What does not fit together among the fields that are right, so that nobody mends one kind of problem to be told of the next.

    Nothing that a wrong field may make right is a problem, nor what a field may that is missing while another's name is not known.
    """
    wrong = {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}
    if not wrong:
        return []
    if not wrong <= BrandBook.model_fields.keys():
        wrong |= BrandBook.model_fields.keys() - data.keys()
    right = {name: value for name, value in data.items() if name not in wrong}
    try:
        BrandBook.model_validate({"brand": "any", "name": "Any", "languages": ["nl"], **right}, context={"unknown": wrong})
    except ValidationError as found:
        is_between = not any(detail["loc"] for detail in found.errors(include_url=False))
        return problems_of(found, BrandBook, data, lines) if is_between else []
    return []


def book_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a brand book: for editors, and for people who write one with other tools."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **BrandBook.model_json_schema()}


_UNKEPT = re.compile(r"[\x00\ud800-\udfff]")
"""What YAML can escape and neither PostgreSQL (NUL) nor UTF-8 (halves of a pair) can hold."""
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}
_MERGE_TAG = "tag:yaml.org,2002:merge"


def read_yaml(text: str, source: str, lines: dict[Path, int]) -> dict[str, Any]:
    """The text as plain values; fills `lines` with the line of every field. Values are made from YAML's nodes here,
    not by the library, because only so are lines kept, written-twice keys found, and aliases counted before they are
    followed."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise BrandBookError([Problem(None, "", f"is larger than {MAX_BYTES // 1024} KiB; a brand book is a few pages")], source)
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Bounded
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            root = yaml.compose(text.removeprefix("\ufeff"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else None
        why = " ".join(part for part in (error.problem, error.context) if part)
        raise BrandBookError([Problem(line, "", f"is not readable YAML: {why}")], source) from None
    except YAMLError as error:
        raise BrandBookError([Problem(None, "", f"is not readable YAML: {str(error).splitlines()[0]}")], source) from None
    except (RecursionError, ValueError) as error:
        why = "is nested too deeply" if isinstance(error, RecursionError) else f"is not readable YAML: {error}"
        raise BrandBookError([Problem(None, "", why)], source) from None
    if not isinstance(root, MappingNode):
        raise BrandBookError([Problem(None, "", "must be fields with values, such as `brand: vaart`")], source)
    reader = _Nodes(yaml, lines)
    data = reader.plain(root, (), 0)
    if reader.problems:
        raise BrandBookError(reader.problems, source)
    result: dict[str, Any] = data
    return result


class _TooMuch(YAMLError):
    pass


class _Bounded(Scanner):
    """YAML's scanner, which stops where a book ends to be one: reading a megabyte of brackets to its end takes minutes."""

    _fetched = 0

    def fetch_more_tokens(self) -> Any:
        self._fetched += 1
        if self._fetched > MAX_TOKENS:
            raise _TooMuch(f"more than {MAX_TOKENS} words and signs; a brand book is a few pages")
        if self.flow_level > MAX_DEPTH or len(self.indents) > MAX_DEPTH + 1:
            raise _TooMuch(f"more than {MAX_DEPTH} levels")
        return super().fetch_more_tokens()


class _Nodes:
    """Makes plain values of YAML nodes and collects what is wrong with them. Gives up as a whole once a limit is
    passed."""

    def __init__(self, yaml: Any, lines: dict[Path, int]) -> None:
        self._yaml = yaml
        self._lines = lines
        self._values = 0
        self.problems: list[Problem] = []

    def plain(self, node: Any, path: Path, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES or depth > MAX_DEPTH:
            if not any(problem.field == "" for problem in self.problems):
                limit = f"more than {MAX_VALUES} values" if self._values > MAX_VALUES else f"more than {MAX_DEPTH} levels"
                self.problems.append(Problem(_line(node), "", f"has {limit} once its aliases are followed"))
            self._values = MAX_VALUES + 1
            return None
        if str(node.tag) not in _PLAIN_TAGS:
            self._wrong(node, path, f"has the tag {str(node.tag)[:40]!r}; only plain values are read")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path, depth)
        return self._scalar(node, path)

    def _sequence(self, node: SequenceNode, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        for index, item in enumerate(node.value):
            if self._values > MAX_VALUES:
                break
            self._lines[(*path, index)] = _line(item)
            items.append(self.plain(item, (*path, index), depth + 1))
        return items

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        written: dict[str, Any] = {}
        first_line: dict[str, int] = {}
        for key_node, value_node in node.value:
            if self._values > MAX_VALUES:
                break
            if str(key_node.tag) == _MERGE_TAG:
                for source in value_node.value if isinstance(value_node, SequenceNode) else [value_node]:
                    part = self.plain(source, path, depth + 1)
                    if isinstance(part, dict):
                        merged = part | merged
                    else:
                        self._wrong(key_node, path, "<< takes fields from another mapping only")
                continue
            key = self._scalar(key_node, path) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str):
                self._wrong(
                    key_node,
                    path,
                    f"has a key that is not text: {shown(getattr(key_node, 'value', None))}; put it in quotes",
                )
                continue
            here = (*path, key)
            if key in first_line:
                self._wrong(key_node, here, f"is written twice, first on line {first_line[key]}")
                continue
            first_line[key] = self._lines[here] = _line(key_node)
            written[key] = self.plain(value_node, here, depth + 1)
            self._lines[here] = first_line[key]
        return merged | written

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        if str(node.tag) not in _PLAIN_TAGS:
            self._wrong(node, path, f"has the tag {str(node.tag)[:40]!r}; only plain values are read")
            return None
        try:
            value = self._yaml.constructor.construct_object(node)
        except (ValueError, YAMLError, KeyError) as error:  # such as 2026-13-45, or !!int on a word
            self._wrong(node, path, f"cannot be read: {str(error).splitlines()[0][:100]}")
            return None
        if isinstance(value, str) and (found := _UNKEPT.search(value)):
            self._wrong(
                node, path, f"holds U+{ord(found[0]):04X}, which is no character that text can hold; leave it out, or write the one meant"
            )
            return None
        return value

    def _wrong(self, node: Any, path: Path, message: str) -> None:
        self.problems.append(Problem(_line(node), dotted(path), message))


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
