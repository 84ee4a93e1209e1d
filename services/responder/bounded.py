"""Regular expressions over texts that anybody may have written, within a bound on what they cost.

A pattern reaches this module once; its searches leave it, all of those inside one `within` out of one budget. A pattern that backtracks for longer
than is left raises `TimeoutError` rather than keep everybody else waiting. The budget is this thread's processor time, so that a busy machine does not
change what is found.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import thread_time

import regex

ONE_SEARCH_S = 1.0
"""What a search outside any budget may cost."""

_ends_at: ContextVar[float] = ContextVar("ends_at", default=inf)


@contextmanager
def within(cpu_s: float) -> Iterator[None]:
    """All searches in here together cost no more than this; within a budget, no more than what is left of that."""
    before = _ends_at.set(min(_ends_at.get(), thread_time() + cpu_s))
    try:
        yield
    finally:
        _ends_at.reset(before)


def _left_s() -> float:
    left = min(ONE_SEARCH_S, _ends_at.get() - thread_time())
    if left <= 0:
        raise TimeoutError("no time is left for another pattern")
    return left


class Pattern:
    """`regex.Pattern`, with a bound on every search."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = pattern
        self._compiled = regex.compile(pattern, flags)

    def match(self, text: str, start: int = 0) -> "regex.Match[str] | None":
        return self._compiled.match(text, start, timeout=_left_s())

    def fullmatch(self, text: str) -> "regex.Match[str] | None":
        return self._compiled.fullmatch(text, timeout=_left_s())

    def search(self, text: str) -> "regex.Match[str] | None":
        return self._compiled.search(text, timeout=_left_s())

    def finditer(self, text: str) -> Iterator["regex.Match[str]"]:
        return self._compiled.finditer(text, timeout=_left_s())

    def sub(self, replacement: "str | Callable[[regex.Match[str]], str]", text: str) -> str:
        return self._compiled.sub(replacement, text, timeout=_left_s())

    def subn(self, replacement: str, text: str) -> tuple[str, int]:
        return self._compiled.subn(replacement, text, timeout=_left_s())
