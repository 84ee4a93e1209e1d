"""Checks as such: one that hangs, fails or cannot look; two that looked at the same; clocks and certificates."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from libs.common import certificate, clocks
from libs.common.checks import CannotAsk, Finding, Kind, Probe, Remembered, in_thread, run, worst_of

KIND = Kind("thing.works", "The thing", "Whether it works.", "Mend it.")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


async def fine() -> list[Finding]:
    return [KIND.ok("It works.")]


async def hanging() -> list[Finding]:
    await asyncio.Event().wait()
    return []


async def failing() -> list[Finding]:
    raise KeyError("secret")


async def blind() -> list[Finding]:
    raise CannotAsk("Nothing runs here.")


async def test_what_hangs_or_fails_is_a_finding_and_keeps_nobody_from_being_looked_at() -> None:
    found = await run([Probe(KIND, hanging, "a", limit_s=0.05), Probe(KIND, failing, "b"), Probe(KIND, blind, "c"), Probe(KIND, fine)])
    assert [(finding.about, finding.status, finding.found) for finding in found] == [
        ("a", "error", "No answer within 0.05 s."),
        ("b", "error", "The check itself failed (KeyError)."),
        ("c", "skipped", "Nothing runs here."),
        ("", "ok", "It works."),
    ]
    assert found[0].remedy == "Mend it."


async def test_a_thread_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    async def stuck() -> Sequence[Finding]:
        await in_thread(release.wait)
        return []

    try:
        assert [finding.status for finding in await run([Probe(KIND, stuck, limit_s=0.05)])] == ["error"]
    finally:
        release.set()


async def test_what_a_thread_raises_is_raised_where_it_is_awaited() -> None:
    def denied() -> None:
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        await in_thread(denied)


def test_of_two_that_looked_at_the_same_the_one_that_found_more_counts() -> None:
    skipped, well, ill = KIND.skipped("?", about="x"), KIND.ok("fine", about="x"), KIND.warning("hm", about="x")
    other = KIND.ok("fine", about="y")
    assert worst_of([skipped, well]) == [well]
    assert worst_of([other, well, ill, skipped]) == [ill, other]


async def test_a_server_of_somebody_else_is_asked_once_however_often_it_is_looked_at() -> None:
    asked = 0
    go = asyncio.Event()

    async def ask() -> list[Finding]:
        nonlocal asked
        asked += 1
        await go.wait()
        return [KIND.ok(f"{asked}")]

    remembered = Remembered()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(remembered.get("vaart", ask), 0.01)
    go.set()
    answers = await asyncio.gather(remembered.get("vaart", ask), remembered.get("vaart", ask))
    assert [[finding.found for finding in answer] for answer in answers] == [["1"], ["1"]]
    assert (await remembered.get("other", ask))[0].found == "2"
    assert (await Remembered(keep_s=0).get("vaart", ask))[0].found == "3"


@pytest.mark.parametrize(
    ("apart_s", "exact_s", "status", "said"),
    [
        (0, 0, "ok", "agree"),
        (0.9, 0, "ok", "agree"),
        (1.5, 0, "warning", "1.5 s ahead of"),
        (-2, 0, "warning", "2 s behind"),
        (-2, 1, "ok", "agree"),  # a whole second of HTTP's Date may be missing
        (3.5, 1, "error", "3.5 s ahead of"),
        (-86400, 1, "error", "86399 s behind"),
    ],
)
def test_clocks_that_are_apart(apart_s: float, exact_s: float, status: str, said: str) -> None:
    told = NOW + timedelta(seconds=apart_s)
    found = clocks.judge(KIND, "it", NOW, NOW, told, exact=timedelta(seconds=exact_s))
    assert (found.status, said in found.found) == (status, True)


def test_the_time_that_an_answer_took_is_held_against_nobody() -> None:
    found = clocks.judge(KIND, "it", NOW, NOW + timedelta(seconds=5), NOW + timedelta(seconds=4))
    assert found.status == "ok"


@pytest.mark.parametrize(
    ("days", "status", "said"),
    [
        (90, "ok", "in 90 days"),
        (30.1, "ok", "in 30 days"),
        (29, "warning", "in 29 days"),
        (5, "error", "in 5 days"),
        (0.5, "error", "in 0 days"),
        (-1, "error", "expired on"),
    ],
)
def test_a_certificate_is_named_before_it_ends(days: float, status: str, said: str) -> None:
    found = certificate.judge(KIND, "mail.example", NOW + timedelta(days=days), NOW)
    assert (found.status, said in found.found) == (status, True)
    assert found.values["days_left"] == days
