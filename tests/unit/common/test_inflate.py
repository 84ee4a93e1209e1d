"""Compressed bodies, piece by piece."""

import gzip
from collections.abc import MutableMapping
from typing import Any

from libs.common.inflate import FREE, PIECE, gunzipped
from tests.waiting import counting_turns


def _receiving(*messages: MutableMapping[str, Any]) -> Any:
    waiting = list(messages)

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop(0)

    return receive


async def test_others_have_their_turn_between_the_pieces_of_one_packet() -> None:
    """A packet of a few kilobytes may hold megabytes, and whoever reads them may look at every byte."""
    pieces = 0
    receive = gunzipped(_receiving({"type": "http.request", "body": gzip.compress(bytes(FREE))}))
    async with counting_turns() as turns:
        while (await receive())["more_body"]:
            pieces += 1
    assert pieces >= FREE // PIECE
    assert turns() >= pieces


async def test_who_reads_on_after_the_body_hears_that_the_connection_ended() -> None:
    receive = gunzipped(_receiving({"type": "http.request", "body": gzip.compress(b"{}")}, {"type": "http.disconnect"}))
    assert await receive() == {"type": "http.request", "body": b"{}", "more_body": False}
    assert await receive() == {"type": "http.disconnect"}
