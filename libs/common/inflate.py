"""Request bodies that come compressed (`Content-Encoding: gzip`): compressed bytes in, plain ones out, in bounded memory."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from libs.common.errors import BadRequest, TooLarge

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

PIECE = 64 * 1024
MAX_RATIO = 100
"""Plain bytes for each compressed one. Text comes to ten or twenty; what was made to swell comes to a thousand."""
FREE = 16 * 1024 * 1024
"""Below so many plain bytes nobody asks for the ratio."""


def gunzipped(receive: Receive) -> Receive:
    """Receives what `receive` brings, decompressed, at most `PIECE` bytes at a time.

    Raises `BadRequest` for what is not gzip, or ends too early, and `TooLarge` for what swells more than text can.
    """
    inflate, waiting, more, came, left = zlib.decompressobj(wbits=31), b"", True, 0, 0
    begun = done = False

    async def receiving() -> MutableMapping[str, Any]:
        nonlocal inflate, waiting, more, came, left, begun, done
        if done:
            return await receive()  # whoever reads on waits for the end of the connection
        while True:
            if not waiting and more:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                waiting, more = message.get("body", b""), message.get("more_body", False)
                came += len(waiting)
            else:
                await asyncio.sleep(0)  # one packet holds many pieces: between them it is others' turn
            if inflate.eof and waiting:
                inflate, begun = zlib.decompressobj(wbits=31), False  # gzip's members stand one after the other
            begun = begun or bool(waiting)
            try:
                plain = inflate.decompress(waiting, PIECE)
            except zlib.error as error:
                raise BadRequest("The body is not gzip, although Content-Encoding says so.") from error
            waiting = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            left += len(plain)
            if left > FREE + MAX_RATIO * came:
                raise TooLarge(f"The body swells to more than {MAX_RATIO} times its compressed size. Send it as it is.")
            if not waiting and not more and len(plain) < PIECE:
                if begun and not inflate.eof:
                    raise BadRequest("The compressed body ends too early.")
                done = True
                return {"type": "http.request", "body": plain, "more_body": False}
            if plain:
                return {"type": "http.request", "body": plain, "more_body": True}

    return receiving
