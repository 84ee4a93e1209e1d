"""What whoever claims rows and sends them has in common: how many are on their way, a claim that stays alive meanwhile, an outcome that is not forgotten.

What a claim is, what sending means and what an outcome makes of a row is each one's own (routing's `notifier.py`, responder's `sender.py`).
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from libs.common import db

log = logging.getLogger(__name__)

_STOP_WITHIN_S = 8.0
_PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 10.0)
"""Between attempts to write down an outcome. One more follows, and what that raises is the caller's."""


class Underway:
    """What an instance sends at this moment, each in its lane."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], str] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def busy(self) -> Counter[str]:
        """Lane → how many are in it."""
        return Counter(self._tasks.values())

    def start(self, sending: Coroutine[Any, Any, None], lane: str) -> None:
        task = asyncio.create_task(sending)
        self._tasks[task] = lane
        task.add_done_callback(self._tasks.pop)

    async def room(self, within_s: float, poked: asyncio.Event | None = None) -> None:
        """Until one is done, which makes room for the next of its lane, or until somebody says that there is something to do, or so long."""
        poke = asyncio.create_task(poked.wait()) if poked else None
        waited: set[asyncio.Task[Any]] = {*self._tasks, *([poke] if poke else [])}
        try:
            if waited:
                await asyncio.wait(waited, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(within_s)
        finally:
            if poke:
                poke.cancel()
        if poked:
            poked.clear()

    async def idle(self) -> None:
        """Until nothing is on its way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def finish(self) -> None:
        """Let what is on its way end, for a few seconds; what is cut off is as after a crash."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_WITHIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


@contextlib.asynccontextmanager
async def renewed(renew: Callable[[], Awaitable[bool]], every_s: float) -> AsyncIterator[None]:
    """Keep a claim alive: a server may think longer than the sweep waits, and what is being waited for is not unconfirmed. `renew` says whether it is ours
    still."""

    async def renewing() -> None:
        ours = True
        while ours:
            await asyncio.sleep(every_s)
            try:
                ours = await renew()
            except db.TRANSIENT as error:
                log.warning("a claim is not renewed: Postgres does not answer", extra={"error": type(error).__name__})

    task = asyncio.create_task(renewing())
    try:
        yield
    finally:
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        if isinstance(ended, Exception):
            log.error("a claim is not renewed, for a reason that nobody expected", exc_info=ended)


async def write(outcome: Callable[[], Awaitable[None]]) -> None:
    """Write down an outcome, for as long as Postgres needs to come back: what was taken must not be forgotten."""
    for pause_s in _PAUSES_S:
        try:
            await outcome()
            return
        except db.TRANSIENT as error:
            log.warning("an outcome is not written yet", extra={"error": type(error).__name__})
            await asyncio.sleep(pause_s)
    await outcome()
