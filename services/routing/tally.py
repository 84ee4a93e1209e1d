"""Counts of shared views, kept for a moment: fifty people who see the same views ask the database once."""

import asyncio
import time
from collections.abc import Sequence

from libs.common import db
from services.routing import line
from services.routing.wanted import ME, Wanted

KEPT_S = 2.0
"""How old a count may be that is the same for everybody."""
_MOST_KEPT = 2000

_Key = tuple[str, Wanted]


class Tallies:
    """Of one process. Whatever depends on who reads is counted at each reading, in one statement."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._known: dict[_Key, tuple[float, int]] = {}
        self._counting: dict[str, asyncio.Lock] = {}

    async def counts(self, connection: db.Connection, brand: str, several: Sequence[tuple[Wanted, Wanted]]) -> list[int]:
        """How many cases each wants, as a view says it and for whoever reads; one more than `line.MOST_COUNTED` says that there are more."""
        own = [number for number, (said, _) in enumerate(several) if ME in (*said.owner, *said.watcher)]
        found = dict(zip(own, await line.counts(connection, brand, [several[n][1] for n in own]), strict=True))
        shared = list(dict.fromkeys(said for number, (said, _) in enumerate(several) if number not in found))
        # One at a time for a brand: whoever comes meanwhile finds what was counted.
        async with self._counting.setdefault(brand, asyncio.Lock()):
            missing = [said for said in shared if not self._fresh(brand, said)]
            at = time.monotonic()
            if len(self._known) > _MOST_KEPT:
                self._known.clear()
                missing = shared
            for said, count in zip(missing, await line.counts(connection, brand, missing), strict=True):
                self._known[brand, said] = at, count
            return [found[n] if n in found else self._known[brand, said][1] for n, (said, _) in enumerate(several)]

    def _fresh(self, brand: str, said: Wanted) -> bool:
        at, _ = self._known.get((brand, said), (-self._kept_s, 0))
        return time.monotonic() - at < self._kept_s
