"""Which wording is next, so that replies to one question do not all read the same.

What was said lately in the same conversation and on the same topic comes in; the place of a wording or a greeting goes out. Pure: no I/O.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from libs.common.bookscripts import Script
from services.responder.script import opens_with


class Used(NamedTuple):
    """What a reply was made from and how it opens."""

    script: str | None
    variant: int | None
    opening: str


def next_of(count: int, used: Sequence[int], seed: int) -> int:
    """The place of the next of `count`: one that is not among the `used` (newest first), `seed` chooses among several; else the one that was used longest
    ago."""
    if free := [place for place in range(count) if place not in used]:
        return free[seed % len(free)]
    return max(range(count), key=used.index)


def wording(script: Script, used: Iterable[Used], seed: int) -> int:
    """The place of the wording of this script that is next."""
    places = [one.variant for one in used if one.script == script.id and one.variant is not None]
    return next_of(len(script.wordings), places, seed)


def greeting(choice: Sequence[str], used: Iterable[Used], seed: int) -> int:
    """The place of the greeting that is next, by how the replies open as they were sent."""
    places = [place for one in used if (place := opens_with(one.opening, choice)) is not None]
    return next_of(len(choice), places, seed)
