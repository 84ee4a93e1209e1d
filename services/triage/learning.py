"""Brands' models learn in the background: corrections come in from Postgres, versions and what is live go out to it.

A brand is learnt for by one instance at a time (an advisory lock), from its own mentions alone, on a thread of low priority, so that the event loop
and the consumer go on. A version goes live when it is better on what was held out; every instance reads what is live before each batch.
"""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from prometheus_client import Counter

from libs.common import db
from libs.common.brandbook import BrandBook
from libs.common.service import Service, Task
from services.triage import correction_store, learn, model_store
from services.triage.brandheads import FINDINGS, BrandHead
from services.triage.classify import Classifier
from services.triage.model_store import Text

log = logging.getLogger(__name__)

LEARNT = Counter("weerklank_models_learnt_total", "Versions that brands' models learnt, by what became of them", ["verdict"])

MOST: Final = 20_000
"""Corrections of a finding that are learnt from, the newest."""
MOST_LEFT: Final = 2_000
"""Mentions that people left as they were found, beside them."""
SYSTEM: Final = "system"


@dataclass(frozen=True, slots=True)
class Course:
    """All that one finding of a brand is learnt from."""

    brand: str
    finding: str
    corrected: Sequence[Text]
    left: Sequence[Text]
    learnt_to: int
    one_in: int
    live: int
    """The version that is live, 0 for the shipped models alone."""
    head: BrandHead | None
    """Of that version, if what it corrects is what we run, and all that it learnt from is still there."""


def learning(service: Service, classifier: Classifier, after: int, every_s: float) -> Task:
    """The background task. It looks at most as often as a brand may learn."""

    async def learn_for_all() -> None:
        """Brand by brand, until cancelled."""
        with ThreadPoolExecutor(1, "learning", initializer=_stand_back) as thread:
            while True:
                for brand, published in service.books:
                    try:
                        await learn_for(service, classifier, brand, published.book, after, every_s, thread)
                    except db.TRANSIENT as error:
                        log.warning("nothing is learnt now", extra={"brand": brand, "error": type(error).__name__})
                    except Exception:  # what is wrong with one brand's corrections must not stop the others' models, or the service
                        log.exception("a brand's models cannot learn", extra={"brand": brand})
                await asyncio.sleep(every_s)

    return learn_for_all


def _stand_back() -> None:
    """Linux gives each thread a priority of its own: whoever handles mentions comes first."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


async def learn_for(
    service: Service,
    classifier: Classifier,
    brand: str,
    book: BrandBook,
    after: int,
    every_s: float,
    thread: ThreadPoolExecutor | None = None,
) -> list[tuple[str, int]]:
    """Learn what is due of a brand; return the finding and version of what was learnt. Nothing where another instance is at it."""
    async with service.pool.acquire() as connection:
        if not await _due(connection, brand, classifier.version, after, every_s):
            return []
    holder = await db.connect(service.settings.database_url, service.name)
    try:
        if not await holder.fetchval("select pg_try_advisory_lock(hashtextextended($1, 5))", brand):
            return []
        learnt = []
        for finding in await _due(holder, brand, classifier.version, after, every_s):
            course = await _course(holder, classifier.version, brand, finding)
            work = partial(learn_one, classifier, book, course)
            found = await asyncio.get_running_loop().run_in_executor(thread, work)
            version = await _keep(holder, classifier.version, course, found)
            if version:
                learnt.append((finding, version))
        return learnt
    finally:
        await holder.close(timeout=5)


async def _due(connection: db.Connection, brand: str, base: str, after: int, every_s: float) -> list[str]:
    """The findings that people corrected often enough since they were learnt last, or whose live version can be used no longer."""
    waiting = await correction_store.pending(connection, brand, timedelta(seconds=every_s))
    live = await model_store.live_versions(connection, brand)
    return [
        finding
        for finding in FINDINGS
        if (known := waiting.get(finding)) is not None
        and known.rested
        and (known.new >= after or (finding in live and (live[finding].base != base or _forgotten(live[finding], known.usable))))
    ] + [finding for finding in live if finding not in waiting]


def _forgotten(version: model_store.Version, usable: int) -> bool:
    """Whether something that a version learnt from was taken back since."""
    return version.trained_on + version.held_out > min(usable, MOST)


async def _course(connection: db.Connection, base: str, brand: str, finding: str) -> Course:
    corrected, learnt_to = await model_store.corrected(connection, brand, finding, MOST)
    left = await model_store.left(connection, brand, finding, MOST_LEFT)
    live = (await model_store.live_versions(connection, brand)).get(finding)
    head = None
    if live is not None and live.base == base and not _forgotten(live, len(corrected)):
        stored = await model_store.weights(connection, brand, {finding: live.version})
        head = BrandHead.from_bytes(stored[finding][1]) if finding in stored else None
    one_in = max(learn.one_in(len(corrected)), await model_store.held_out_before(connection, brand, finding))
    return Course(brand, finding, corrected, left, learnt_to, one_in, live.version if live else 0, head)


def learn_one(classifier: Classifier, book: BrandBook, course: Course) -> learn.Learnt:
    """Slow: seconds for some thousands of corrections. No text of another brand comes near it."""
    texts = [*course.corrected, *course.left]
    looks = classifier.looks([one.text for one in texts], book, [one.context for one in texts])
    return learn.learn(course.finding, looks, [one.lesson for one in texts], course.one_in, course.head, classifier.encoder.encode)


async def _keep(connection: db.Connection, base: str, course: Course, found: learn.Learnt) -> int | None:
    """Keep the version, and make it live if it is better; the shipped models, if what was live may stay no longer. None when somebody switched
    meanwhile: it was compared with something that is not live any more."""
    brand, finding = course.brand, course.finding
    async with connection.transaction():
        await model_store.lock(connection, brand)
        if (await model_store.live(connection, [brand])).get(brand, {}).get(finding, 0) != course.live:
            return None
        better = found.head is not None and found.verdict == learn.BETTER
        version = await model_store.add(
            connection,
            brand,
            finding,
            verdict=found.verdict,
            base=base,
            compared_to=course.live if course.head else 0,
            score=found.score,
            live_score=found.live_score,
            trained_on=found.trained_on,
            held_out=found.held_out,
            learnt_to=course.learnt_to,
            one_in=course.one_in,
            explanation=found.explanation,
            head=found.head.to_bytes() if found.head is not None and better else None,
        )
        if better:
            reason = f"better on {found.held_out} held-out corrections: {found.score:.3f} against {found.live_score:.3f}"
            await model_store.switch(connection, brand, finding, version, course.live, reason, SYSTEM)
        elif course.live and course.head is None:
            reason = "what it learnt from is not all there any more, or it corrects other shipped models"
            await model_store.switch(connection, brand, finding, 0, course.live, reason, SYSTEM)
    LEARNT.labels(found.verdict).inc()
    log.info(
        "a brand's model has learnt",
        extra={"brand": brand, "finding": finding, "version": version, "verdict": found.verdict, "score": round(found.score, 4)},
    )
    return version
