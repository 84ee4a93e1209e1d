"""A stream of bytes becomes lines, whatever the pieces that it arrives in."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from services.ingest.intake import TURN, Intake, lines, take_stream
from tests.waiting import counting_turns


async def _pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a\nb\n", [(1, b"a"), (2, b"b")]),
        (b"a\r\n\r\n  \nb", [(1, b"a"), (4, b"b")]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", [(1, b"a"), (2, b"\xef\xbb\xbfb")]),
        (b"0123456789\na", [(1, b"0123456789"), (2, b"a")]),
        (b"a\n0123456789x\nb", [(1, b"a"), (2, None), (3, b"b")]),
        (b"a\n" + b"x" * 100, [(1, b"a"), (2, None)]),
        (b"x" * 100 + b"\na\n", [(1, None), (2, b"a")]),
    ],
)
async def test_lines_keep_their_numbers_and_a_long_one_costs_only_itself(
    data: bytes, expected: list[tuple[int, bytes | None]], size: int
) -> None:
    assert [item async for item in lines(_pieces(data, size), 10)] == expected


async def test_a_packet_full_of_lines_that_are_wrong_leaves_others_their_turn() -> None:
    intake = Intake(brand="vaart", book=cast(Any, None), topic="", historic=False, import_id=None, traceparent=None)
    async with counting_turns() as turns:
        taken = await take_stream(intake, cast(Any, None), _pieces(b"x\n" * 50 * TURN, 1_000_000), 100)
    assert taken.rejected == 50 * TURN
    assert turns() >= 50
