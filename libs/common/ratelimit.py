"""How many requests a client may make, and have open at once: per bearer of a verified token, and per network address for whoever shows none.

Counts are kept in this instance's memory: behind a balancer with three instances a client may make three times as many. They are about fairness
between clients and the cost of a fault in one of them, and no defence against a flood: that belongs in front of the services.
"""

import ipaddress
from collections import Counter
from collections.abc import MutableMapping
from dataclasses import dataclass
from math import ceil
from time import time
from typing import Any

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from libs.common.errors import TooManyRequests

EXEMPT = frozenset({"/healthz", "/readyz", "/metrics"})
"""What the platform itself asks, as often as it likes."""
WINDOW_S = 60
MOST_OPEN = 200
"""A service has a thousand connections. Whoever sends bodies slowly, or reads answers slowly, has a fifth of them at most."""
_CHARGE, _OPEN = "weerklank.charge", "weerklank.open"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a request was counted against. `remaining` and `reset_s` are as they stand after it."""

    policy: str
    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit-Policy` and `RateLimit`, as draft-ietf-httpapi-ratelimit-headers has them."""
        return [
            (b"ratelimit-policy", f'"{self.policy}";q={self.limit};w={WINDOW_S}'.encode()),
            (b"ratelimit", f'"{self.policy}";r={self.remaining};t={self.reset_s}'.encode()),
        ]


class RateLimits:
    """The counts of one instance. A limit of 0 counts nothing."""

    def __init__(self, per_client: int, per_address: int) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._open: Counter[tuple[str, str]] = Counter()
        self._items: dict[str, RateLimitItem] = {
            name: RateLimitItemPerMinute(limit) for name, limit in (("client", per_client), ("address", per_address)) if limit
        }

    async def client(self, scope: MutableMapping[str, Any], name: str) -> None:
        """Count a request of the bearer of a token that holds. Raises `TooManyRequests`."""
        await self._charge(scope, "client", name)

    async def address(self, scope: MutableMapping[str, Any]) -> None:
        """Count a request that nobody in particular makes. Raises `TooManyRequests`."""
        await self._charge(scope, "address", network_of((scope.get("client") or ("unknown",))[0]))

    async def _charge(self, scope: MutableMapping[str, Any], policy: str, key: str) -> None:
        if _OPEN in scope:
            return
        if self._open[policy, key] >= MOST_OPEN:
            raise TooManyRequests(f"{MOST_OPEN} requests of yours are open. Wait for their answers first.", retry_after_s=1)
        scope[_OPEN] = policy, key
        self._open[policy, key] += 1
        item = self._items.get(policy)
        if item is None:
            return
        allowed = await self._limiter.hit(item, policy, key)
        reset_at, remaining = await self._limiter.get_window_stats(item, policy, key)
        reset_s = max(1, ceil(reset_at - time()))
        scope[_CHARGE] = Charge(policy, item.amount, remaining, reset_s)
        if not allowed:
            raise TooManyRequests(
                f"More than {item.amount} requests in {WINDOW_S} s. Wait {reset_s} s, and send several mentions in one request where you can.",
                retry_after_s=reset_s,
            )

    def closed(self, scope: MutableMapping[str, Any]) -> None:
        """The request is over."""
        who = scope.pop(_OPEN, None)
        if who is not None:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]


def charged(scope: MutableMapping[str, Any]) -> Charge | None:
    """What a request was counted against; none for one that was not counted."""
    return scope.get(_CHARGE)


def network_of(host: str) -> str:
    """Who is counted together: one address of IPv4, also as a proxy with one socket for both writes it (`::ffff:a.b.c.d`); of IPv6 the /64, which is
    what one household is given. What is no address is a name like any other."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address), 64), strict=False))


def limits_of(request: Request) -> RateLimits:
    found: RateLimits = request.app.state.rate_limits
    return found


async def of_address(request: Request) -> None:
    """A dependency of routes that ask for no token."""
    await limits_of(request).address(request.scope)
