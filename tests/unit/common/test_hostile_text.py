"""Every regular expression that meets what a stranger wrote takes about twice as long for twice the text, whatever the text.

Costs are this thread's processor time and are compared with each other, never with a clock: twice the text may cost up to six times as much, which a
pattern that tries every pair does not reach and one that tries every triple, or every way to cut a text up, does.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from time import thread_time
from typing import Any

import pytest
import regex

from services.responder.bounded import Pattern

PACKAGES = ("services.responder", "services.triage", "services.ingest", "libs.common")
LONG, SHORT = (64, 128, 256, 512, 1024, 2048, 4096), (64, 128, 256, 512)
TWICE, NOISE_S, ENOUGH_S = 6.0, 0.02, 0.05
CLASSES = (
    *(
        "a",
        "A",
        "é",
        "9",
        " ",
        "\n",
        "\r\n",
        ".",
        "-",
        "_",
        "@",
        "'",
        "’",
        '"',
        "<",
        "/",
        ":",
        "{",
        "[",
        "(",
        "%",
        "#",
        "^",
        "🙂",
        "x",
        "=",
        "\\",
    ),
    *("a’a ", "a'a ", "'a ", "a.", "a-", "@a", "@a@", "a@", "A ", "1 ", "a ", "a,", "a/", "a1", "xx-", "team ", "> a\n"),
)
STARTS = ("@", "'", "‘", "<", "{", "groet ")


def patterns() -> Iterator[tuple[str, Any]]:
    """Whatever stands at the top of a module of these packages, in a tuple or by itself."""
    for package in PACKAGES:
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if found.name.endswith("__main__"):
                continue
            for name, value in vars(importlib.import_module(found.name)).items():
                for index, one in enumerate(value if isinstance(value, tuple | list) else [value]):
                    if isinstance(one, re.Pattern | regex.Pattern | Pattern):
                        yield f"{found.name}.{name}[{index}]", one


ALL = {(type(pattern), pattern.pattern): (name, pattern) for name, pattern in patterns()}


def test_the_patterns_are_found() -> None:
    assert len(ALL) > 60


@pytest.mark.parametrize("pattern", [pytest.param(pattern, id=name) for name, pattern in ALL.values()])
def test_a_pattern_takes_no_long_time_over_any_text(pattern: Any) -> None:
    for start, sizes in (("", LONG), *((start, SHORT) for start in STARTS)):
        for unit in CLASSES:
            before: float | None = None
            for size in sizes:
                text = start + (unit * size)[: size - len(start) - 2] + "\x01%"
                cost = _cost(pattern, text)
                if before is not None and cost > TWICE * before + NOISE_S:  # once more: the processor may have been doing something else
                    cost = min(cost, _cost(pattern, text))
                    assert cost <= TWICE * before + NOISE_S, f"{size} characters of {unit!r} after {start!r}"
                before = cost
                if cost > ENOUGH_S:
                    break


def _cost(pattern: Any, text: str) -> float:
    subject = text.encode() if isinstance(pattern.pattern, bytes) else text
    began = thread_time()
    try:
        for _ in pattern.finditer(subject):
            pass
        pattern.match(subject)
    except TimeoutError:
        return float("inf")
    return thread_time() - began
