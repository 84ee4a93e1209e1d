"""Regular expressions over texts that anybody may have written, within a bound on what they cost.

A pattern reaches this module once; its searches leave it, all of those inside one `within` out of one budget. A pattern that backtracks for longer
than is left raises `TimeoutError` rather than keep everybody else waiting. The budget is this thread's processor time, so that a busy machine does not
change what is found.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import perf_counter, thread_time

import regex

ONE_SEARCH_S = 1.0
"""What a search outside any budget may cost."""

_UNREAD_S = 0.005
"""For so long what passed on the wall stands for what was used: reading a thread's processor time costs more than most searches do."""


class _Budget:
    """Until when, in this thread's processor time; and when that was last read."""

    __slots__ = ("_read", "_used", "ends_at")

    def __init__(self, cpu_s: float, outer: "_Budget | None") -> None:
        self._read, self._used = perf_counter(), thread_time()
        self.ends_at: float = min(self._used + cpu_s, outer.ends_at if outer else inf)

    def left_s(self) -> float:
        """What is left of it, at least: no thread uses more than what passes."""
        passed = perf_counter() - self._read
        if passed > _UNREAD_S:
            self._read, self._used, passed = perf_counter(), thread_time(), 0.0
        return self.ends_at - self._used - passed


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def within(cpu_s: float) -> Iterator[None]:
    """All searches in here together cost no more than this; within a budget, no more than what is left of that."""
    before = _budget.set(_Budget(cpu_s, _budget.get()))
    try:
        yield
    finally:
        _budget.reset(before)


def _left_s() -> float:
    budget = _budget.get()
    if budget is None:
        return ONE_SEARCH_S
    left = budget.left_s()
    if left <= 0:
        raise TimeoutError("no time is left for another pattern")
    return left if left < ONE_SEARCH_S else ONE_SEARCH_S


SHORT = 1_000
"""Characters up to which a brief pattern's single search is not timed: timing costs several times what such a search does."""


class Pattern:
    """`regex.Pattern`, with a bound on every search.

    `brief` says of a pattern that whatever it is given it is done soon: what it repeats without end can be read in one way only, and what can be read in
    several ways it repeats a few times. On a short text its searches come out of the budget, and stop when that is spent, but none is stopped halfway.
    """

    def __init__(self, pattern: str, flags: int = 0, *, brief: bool = False) -> None:
        self.pattern = pattern
        self._compiled = regex.compile(pattern, flags)
        self._untimed = SHORT if brief else -1

    def match(self, text: str, start: int = 0) -> "regex.Match[str] | None":
        left = _left_s()
        if len(text) <= self._untimed:
            return self._compiled.match(text, start)
        return self._compiled.match(text, start, timeout=left)

    def fullmatch(self, text: str) -> "regex.Match[str] | None":
        left = _left_s()
        return self._compiled.fullmatch(text) if len(text) <= self._untimed else self._compiled.fullmatch(text, timeout=left)

    def search(self, text: str) -> "regex.Match[str] | None":
        left = _left_s()
        return self._compiled.search(text) if len(text) <= self._untimed else self._compiled.search(text, timeout=left)

    def finditer(self, text: str) -> Iterator["regex.Match[str]"]:
        left = _left_s()
        return self._compiled.finditer(text) if len(text) <= self._untimed else self._compiled.finditer(text, timeout=left)

    def sub(self, replacement: "str | Callable[[regex.Match[str]], str]", text: str) -> str:
        return self._compiled.sub(replacement, text, timeout=_left_s())

    def subn(self, replacement: str, text: str) -> tuple[str, int]:
        return self._compiled.subn(replacement, text, timeout=_left_s())
