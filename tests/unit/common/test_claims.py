"""A claim is kept alive while something is sent, an outcome is written once Postgres is back, and what is on its way is counted and let end."""

import asyncio
import logging

import pytest

from libs.common import claims
from libs.common.claims import Underway


async def test_a_claim_is_renewed_while_it_is_ours_through_a_fault_of_postgres_and_no_longer_than_it_is_sent() -> None:
    answers: list[bool | Exception] = [True, ConnectionError(), True, False]
    asked = asyncio.Event()

    async def renew() -> bool:
        answer = answers.pop(0)
        if not answers:
            asked.set()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with claims.renewed(renew, 0.001):
        await asyncio.wait_for(asked.wait(), 5)
    assert answers == [], "after it was somebody else's nobody asks"


async def test_a_claim_that_fails_to_be_renewed_in_a_way_that_nobody_expected_is_told(caplog: pytest.LogCaptureFixture) -> None:
    failed = asyncio.Event()

    async def renew() -> bool:
        failed.set()
        raise KeyError("column")

    with caplog.at_level(logging.ERROR):
        async with claims.renewed(renew, 0.001):
            await asyncio.wait_for(failed.wait(), 5)
    assert "a claim is not renewed, for a reason that nobody expected" in caplog.text


async def test_what_ends_sending_goes_on_to_the_caller() -> None:
    async def renew() -> bool:
        return True

    with pytest.raises(ValueError, match="no secret"):
        async with claims.renewed(renew, 60):
            raise ValueError("no secret")


@pytest.mark.parametrize("faults", [0, 1, 2, 3])
async def test_an_outcome_is_written_once_postgres_is_back(faults: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_PAUSES_S", (0.0, 0.0))
    left, written = [ConnectionError()] * faults, 0

    async def outcome() -> None:
        nonlocal written
        if left:
            raise left.pop()
        written += 1

    if faults > 2:
        with pytest.raises(ConnectionError):
            await claims.write(outcome)
    else:
        await claims.write(outcome)
    assert written == (faults <= 2)


async def test_what_is_on_its_way_is_counted_by_lane_and_cut_off_only_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_STOP_WITHIN_S", 0.05)
    underway, ended = Underway(), []

    async def sending(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(name)

    for name, lane, seconds in (("quick", "a", 0.0), ("soon", "a", 0.01), ("hangs", "b", 60.0)):
        underway.start(sending(name, seconds), lane)
    assert (len(underway), underway.busy()) == (3, {"a": 2, "b": 1})
    await underway.room(5)
    assert underway.busy()["b"] == 1
    await underway.finish()
    assert (ended, len(underway)) == (["quick", "soon"], 0)
    await underway.idle()
