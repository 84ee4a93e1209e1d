"""The brands' own heads that are live, as Postgres has them: brands reach this module, their heads leave it.

What is live is read before each batch, so that all replicas decide alike within one; the heads themselves, which never change, are read once.
"""

import asyncio
import logging
from collections.abc import Collection

from libs.common import db
from services.triage import model_store
from services.triage.brandheads import BrandHead, BrandModels

log = logging.getLogger(__name__)


class LiveModels:
    """Those that belong to the shipped models `base`. What was learnt on others waits until it is learnt anew."""

    def __init__(self, pool: db.Pool, base: str) -> None:
        self._pool, self._base = pool, base
        self._known: dict[str, tuple[dict[str, int], BrandModels]] = {}

    async def of(self, brands: Collection[str]) -> dict[str, BrandModels]:
        """Brand → its heads, for the brands that have any live."""
        if not brands:
            return {}
        async with self._pool.acquire() as connection:
            live = await model_store.live(connection, brands)
            for brand, versions in live.items():
                if brand not in self._known or self._known[brand][0] != versions:
                    self._known[brand] = versions, await self._read(connection, brand, versions)
        return {brand: self._known[brand][1] for brand in live if self._known[brand][1].heads}

    async def _read(self, connection: db.Connection, brand: str, versions: dict[str, int]) -> BrandModels:
        stored = await model_store.weights(connection, brand, versions)
        heads: dict[str, BrandHead] = {}
        for finding, (base, data) in stored.items():
            if base != self._base:
                log.warning(
                    "a brand's model is of other shipped models: not used", extra={"brand": brand, "finding": finding, "base": base}
                )
                continue
            heads[finding] = await asyncio.to_thread(BrandHead.from_bytes, data)
        return BrandModels(heads, {finding: versions[finding] for finding in heads})
