"""What is wrong with a brand book, said to the person who wrote it.

What reaches this module: pydantic's errors about a book, the data as written, the line of every field. What leaves it:
`Problem`s, each with its line, its field and what to do, in one `BrandBookError`.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from libs.common.bookhours import weekdays_of
from libs.common.bookvalues import SECRET_FIELDS, SECRET_MESSAGE, BookPart, shown
from libs.common.hours import WEEKDAYS

Path = tuple[str | int, ...]

MOST_PROBLEMS = 100
"""Problems of a book that are told, the first ones: whoever has more mends those first, and each costs a search for what was meant."""
MOST_COMPARED = 200
"""Names that a wrong one is compared with, and characters of each."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its line (from 1; None when the text has none for it), its field (`team[1].initials`),
    what to do."""

    line: int | None
    field: str
    message: str


class BrandBookError(ValueError):
    """A book cannot be used. `problems` holds at least one; `str()` is one readable line for each. Values of secrets
    are never shown."""

    def __init__(self, problems: Iterable[Problem], source: str) -> None:
        self.problems = list(problems)
        self.source = source
        super().__init__("\n".join(_problem_line(problem, source) for problem in self.problems))


def _problem_line(problem: Problem, source: str) -> str:
    place = source if problem.line is None else f"{source}:{problem.line}"
    return ": ".join(part for part in (place, problem.field, problem.message) if part)


class Inconsistent(ValueError):
    """Fields that are each right and do not fit together; carries all of them through pydantic's single error."""

    def __init__(self, found: list[tuple[Path, str]]) -> None:
        super().__init__("; ".join(message for _, message in found))
        self.found = found


def problems_of(error: ValidationError, book: type[BookPart], data: Mapping[str, Any], lines: Mapping[Path, int]) -> list[Problem]:
    """Pydantic's errors about a `book`, as lines for the person who wrote it; ordered by line, the first MOST_PROBLEMS of them and whether there are
    more."""
    found: dict[Problem, None] = {}
    for path, message in _told(error, book):
        written = _as_written(path, data)
        found[Problem(_line_of(written, lines), dotted(written), message)] = None
        if len(found) > MOST_PROBLEMS:
            found.popitem()
            found[Problem(None, "", f"has more than {MOST_PROBLEMS} problems: mend these, and try again to see the rest")] = None
            break
    return sorted(found, key=lambda problem: problem.line or 0)


def _told(error: ValidationError, book: type[BookPart]) -> Iterator[tuple[Path, str]]:
    for detail in error.errors(include_url=False):
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, Inconsistent):
            yield from cause.found
        else:
            yield _path(detail), _message(detail, book)


def _path(detail: ErrorDetails) -> Path:
    return tuple(part for part in detail["loc"] if part != "[key]")


def _as_written(path: Path, data: Mapping[str, Any]) -> Path:
    """`hours.mon` as the key that named Monday, such as `mon-fri`."""
    if len(path) < 2 or path[0] != "hours" or path[1] not in WEEKDAYS:
        return path
    hours = data.get("hours")
    keys = [key for key in hours if path[1] in weekdays_of(key)] if isinstance(hours, Mapping) else []
    return ("hours", min(keys, key=lambda key: len(weekdays_of(key))), *path[2:]) if keys else path


def _line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of the field, or of the nearest thing around it that was written."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def dotted(path: Path) -> str:
    """A path as people write it: `team[1].initials`."""
    names = (part if isinstance(part, int) or part.isprintable() else repr(part) for part in path)
    return "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in names).removeprefix(".")


def _message(detail: ErrorDetails, book: type[BookPart]) -> str:
    path, value, kind = _path(detail), detail.get("input"), detail["type"]
    context = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is no field here{hint(str(path[-1]), _names_at(book, path[:-1]))}"
    if kind == "missing":
        return "is required"
    if path and path[-1] in SECRET_FIELDS:
        return SECRET_MESSAGE
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return f"must be {str(context['expected']).replace(chr(39), '')}, not {shown(value)}"
    if kind == "string_type":
        quote = "" if isinstance(value, Mapping | list) else " (put it in quotes)"
        return f"must be text, not {shown(value)}{quote}"
    if kind in ("tuple_type", "list_type"):
        return f"must be a list, such as [a, b], not {shown(value)}"
    if kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
        return f"must be fields with values, not {shown(value)}"
    if kind.startswith("bool_"):
        return f"must be true or false, not {shown(value)}"
    if kind.startswith(("int_", "float_")):
        return f"must be a {'whole ' if kind.startswith('int_') else ''}number, not {shown(value)}"
    if kind == "too_long":
        return f"may have {context['max_length']} {'characters' if isinstance(value, str) else 'values'} at most, not {len(value)}"
    if kind == "too_short":
        return "must have at least one value"
    text = detail["msg"].removeprefix("Input ").removeprefix("Value ").removeprefix("String ")
    return f"{text[:1].lower()}{text[1:]}, not {shown(value)}"


def hint(name: str, known: Collection[str]) -> str:
    """The end of a message about a name that is not known: what it may have meant, or which names there are."""
    if len(known) > MOST_COMPARED or len(name) > MOST_COMPARED:
        return f" (there are {len(known)})"
    known = sorted(set(known))
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f" (there are: {', '.join(known[:30])})" if known else " (there are none)"


def _model_at(book: type[BookPart], path: Path) -> type[BaseModel] | None:
    """The model whose fields stand at a path of the book."""
    here: Any = book
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = next((f for name, f in here.model_fields.items() if (f.alias or name) == part), None)
            if field is None:
                return None
            here = field.annotation
        else:  # an item of a list, or a value of a mapping
            here = next((arg for arg in reversed(get_args(here)) if arg is not Ellipsis), None)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _names_at(book: type[BookPart], path: Path) -> list[str]:
    model = _model_at(book, path)
    if model is None:
        return []
    return model.names() if issubclass(model, BookPart) else list(model.model_fields)
