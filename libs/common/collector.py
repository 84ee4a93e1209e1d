"""When Python looks for cyclic garbage.

A batch is ten thousands of objects that live until its commit, and none of them is cyclic. At Python's threshold of 700 the collector walks them again
and again, which was a quarter of all CPU (`make bench`); at a hundred times that it was still a sixth of what routing's handlers do.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_resting = 0


def seldom() -> None:
    """Look less often than Python does by itself. What was imported stays for ever: it is never walked again. The cycles that requests and tasks leave
    wait for at most half a million objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 5, 10)


@contextmanager
def rests() -> Iterator[None]:
    """Not at all within the block, which takes an end: what it makes is freed when nothing refers to it any more, as always. Blocks may overlap."""
    global _resting
    _resting += 1
    gc.disable()
    try:
        yield
    finally:
        _resting -= 1
        if not _resting:
            gc.enable()
