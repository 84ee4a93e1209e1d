"""What follows a new version of a brand book: as soon as it is known, and every minute after that, for what another instance decided under the version
before. Versions come in, calls of what follows them go out; `rehome.py` and `retarget.py` say what that is."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from libs.common import db
from services.routing.policies import Policies
from services.routing.sla import Policy

_AGAIN_AFTER_S = 60.0


async def follow(policies: Policies, log: logging.Logger, what: Callable[[Policy], Awaitable[None]], *, waits: str, failed: str) -> None:
    """Until cancelled. A passing fault of Postgres is waited out (`waits` is what the log says of it), and a brand for which it fails otherwise
    (`failed`) is asked again in a minute: it keeps no other brand waiting."""
    looked: dict[str, tuple[int, float]] = {}
    while True:
        for brand, newest in policies.versions():
            version, at = looked.get(brand, (0, 0.0))
            if version == newest and time.monotonic() - at < _AGAIN_AFTER_S:
                continue
            try:
                policy = policies.of(brand)
                await what(policy)
                looked[brand] = policy.version, time.monotonic()
            except db.TRANSIENT as error:
                log.warning(waits, extra={"error": type(error).__name__})
            except Exception:  # of one brand: the others must not wait for it
                log.exception(f"{failed}: asked again in a minute", extra={"brand": brand})
                looked[brand] = newest, time.monotonic()
        await asyncio.sleep(1)
