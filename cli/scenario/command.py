"""``weerklank scenario run``: files come in; each is played in many schedules, by a process for every core, and what failed is told with its seed."""

import asyncio
import gc
import json
import logging
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import uvloop

from cli.console import plain
from cli.errors import WRONG, CommandError
from cli.scenario import database
from cli.scenario.format import Scenario, load
from cli.scenario.play import Outcome, play
from cli.scenario.world import World

_AT_ONCE = 5
"""Schedules that a worker is given at a time."""
_WORTH_A_WORKER = 20
"""Schedules for which another process is worth its start."""
_SELDOM = (50_000, 20, 100)
"""When garbage is looked for: a schedule makes much that goes by itself, and looking through all that is loaded costs more than it frees."""
_SHOWN_SEEDS = 3
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\bs[0-9a-f]{16}\b")


@dataclass(slots=True)
class Result:
    """What became of one file."""

    file: str
    title: str
    schedules: int
    failed: int
    failures: dict[int, list[str]]


def run(files: Sequence[Path], *, schedules: int, seed: int | None, jobs: int | None, as_json: bool) -> int:
    """The exit code: 0 where every schedule came out as expected, else 1. Raises `CommandError` for a file that is no scenario."""
    scenarios = [load(path) for path in _files(files)]
    seeds = [seed] if seed is not None else list(range(schedules))
    chunks = [(n, seeds[i : i + _AT_ONCE]) for n in range(len(scenarios)) for i in range(0, len(seeds), _AT_ONCE)]
    workers = max(1, min(jobs or os.cpu_count() or 1, len(scenarios) * len(seeds) // _WORTH_A_WORKER))
    results = [Result(str(scenario.path), scenario.title, 0, 0, {}) for scenario in scenarios]
    with _stopped_in_order(), database.server() as server:
        urls = [server.database(f"scenario_{n}") for n in range(workers)]
        began = time.monotonic()
        if workers == 1:
            for number, outcomes in _one_by_one(urls[0], scenarios, chunks):
                _count(results[number], outcomes)
        else:
            try:
                _side_by_side(urls, scenarios, chunks, results)
            except (KeyboardInterrupt, SystemExit):  # what was played until then is told
                _report([result for result in results if result.schedules], time.monotonic() - began, as_json=as_json)
                sys.stdout.flush()
                raise
        took_s = time.monotonic() - began
    return _report(results, took_s, as_json=as_json)


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """Whoever is told to end leaves no PostgreSQL behind."""

    def end(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    if not found:
        raise CommandError(f"There is no scenario in {', '.join(map(str, paths))}.", WRONG)
    return found


def _one_by_one(url: str, scenarios: Sequence[Scenario], chunks: Sequence[tuple[int, Sequence[int]]]) -> list[tuple[int, list[Outcome]]]:
    async def all_of_them() -> list[tuple[int, list[Outcome]]]:
        with tempfile.TemporaryDirectory(prefix="weerklank-scenario-") as folder:
            world = await World.on(url, Path(folder))
            try:
                return [(number, [await play(world, scenarios[number], seed) for seed in seeds]) for number, seeds in chunks]
            finally:
                await world.close()

    logging.disable(logging.CRITICAL)
    often = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        return uvloop.run(all_of_them())
    finally:
        gc.set_threshold(*often)
        logging.disable(logging.NOTSET)


class _Worker:
    """What a worker's process keeps from one chunk to the next."""

    loop: asyncio.AbstractEventLoop
    world: World
    scenarios: list[Scenario]
    folder: "tempfile.TemporaryDirectory[str]"


def _begin(urls: Sequence[str], paths: Sequence[Path], turn: "object") -> None:
    with turn.get_lock():  # type: ignore[attr-defined]  # multiprocessing's Value
        number = turn.value  # type: ignore[attr-defined]
        turn.value += 1  # type: ignore[attr-defined]
    logging.disable(logging.CRITICAL)
    gc.set_threshold(*_SELDOM)
    _Worker.folder = tempfile.TemporaryDirectory(prefix="weerklank-scenario-")
    _Worker.scenarios = [load(path) for path in paths]
    _Worker.loop = uvloop.new_event_loop()
    _Worker.world = _Worker.loop.run_until_complete(World.on(urls[number], Path(_Worker.folder.name)))


def _chunk(number: int, seeds: Sequence[int]) -> tuple[int, list[Outcome]]:
    async def those() -> list[Outcome]:
        return [await play(_Worker.world, _Worker.scenarios[number], seed) for seed in seeds]

    return number, _Worker.loop.run_until_complete(those())


def _side_by_side(
    urls: Sequence[str], scenarios: Sequence[Scenario], chunks: Sequence[tuple[int, Sequence[int]]], results: Sequence[Result]
) -> None:
    context = get_context("spawn")
    given = (list(urls), [scenario.path for scenario in scenarios], context.Value("i", 0))
    with ProcessPoolExecutor(len(urls), mp_context=context, initializer=_begin, initargs=given) as pool:
        try:
            for done in as_completed([pool.submit(_chunk, *chunk) for chunk in chunks]):
                number, outcomes = done.result()
                _count(results[number], outcomes)
        except BaseException:  # somebody has it stopped: what is not begun is not waited for
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _count(result: Result, outcomes: Sequence[Outcome]) -> None:
    result.schedules += len(outcomes)
    for outcome in outcomes:
        if outcome.failures:
            result.failed += 1
            result.failures[outcome.seed] = list(outcome.failures)


def _report(results: Sequence[Result], took_s: float, *, as_json: bool) -> int:
    failed = [result for result in results if result.failed]
    total = sum(result.schedules for result in results)
    if as_json:
        said = {"scenarios": [asdict(result) for result in results], "schedules": total, "seconds": round(took_s, 1)}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        return 1 if failed else 0
    for result in results:
        if not result.failed:
            _say(f"ok      {result.title}")
            continue
        _say(f"failed  {result.title}: {result.failed} of {result.schedules} schedules")
        for seeds, lines in list(_alike(result.failures))[:_SHOWN_SEEDS]:
            others = f", and {len(seeds) - 1} more in the same way" if len(seeds) > 1 else ""
            _say(f"        seed {seeds[0]}{others}:")
            for line in lines[:10]:
                _say(f"        {result.file}: {line}")
        _say(f"        again: weerklank scenario run --seed {min(result.failures)} {result.file}")
    rate = f", {total / took_s * 60:,.0f} a minute" if took_s > 1 else ""
    _say(f"{len(results) - len(failed)} of {len(results)} scenarios as expected, in {total} schedules{rate}")
    return 1 if failed else 0


def _alike(failures: Mapping[int, list[str]]) -> Iterator[tuple[list[int], list[str]]]:
    """(Seeds, what the first of them said) of those that failed in the same way, ids apart."""
    found: dict[str, list[int]] = {}
    for seed in sorted(failures):
        found.setdefault(_ID.sub("", "\n".join(failures[seed])), []).append(seed)
    return ((seeds, failures[seeds[0]]) for seeds in found.values())


def _say(text: str) -> None:
    sys.stdout.write(f"{plain(text)}\n")
