"""Checks: what can be wrong, how it is found, and what to do about it; the words that `weerklank doctor` and the services share.

Probes come in, each of them a question about one kind of thing; findings go out, each with what was found and, unless all is well, a remedy. A probe that
hangs, or fails in a way that nobody expected, is a finding too: no part that is ill keeps the others from being looked at. Nothing here changes anything.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field

Status = Literal["ok", "warning", "error", "skipped"]
SEVERITY: tuple[Status, ...] = ("error", "warning", "skipped", "ok")
"""The worst first."""
LIMIT_S = 10.0
REMEMBERED_S = 60.0

T = TypeVar("T")
Values = Mapping[str, Any]
NOTHING: Values = MappingProxyType({})


class Finding(BaseModel):
    """What one check found about one thing. `id` is stable; `about` is the thing where there are several (a topic, a service, an account)."""

    id: str
    title: str
    status: Status
    about: str = ""
    brand: str | None = Field(default=None, description="Whose it is, where it is one brand's")
    found: str = Field(description="What was found, or why it was not looked at")
    remedy: str = Field(default="", description="What to do; empty where all is well")
    values: dict[str, Any] = Field(default={}, description="The same for programs: what was measured, and what it was held against")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of check: a row of docs/doctor.md. `remedy` holds wherever a finding has none of its own."""

    id: str
    title: str
    looks_at: str
    remedy: str

    def ok(self, found: str, *, about: str = "", brand: str | None = None, values: Values = NOTHING) -> Finding:
        return Finding(id=self.id, title=self.title, status="ok", about=about, brand=brand, found=found, values=dict(values))

    def skipped(self, why: str, *, about: str = "", brand: str | None = None) -> Finding:
        return Finding(id=self.id, title=self.title, status="skipped", about=about, brand=brand, found=why)

    def warning(self, found: str, remedy: str = "", *, about: str = "", brand: str | None = None, values: Values = NOTHING) -> Finding:
        return self._amiss("warning", found, remedy, about, brand, values)

    def error(self, found: str, remedy: str = "", *, about: str = "", brand: str | None = None, values: Values = NOTHING) -> Finding:
        return self._amiss("error", found, remedy, about, brand, values)

    def _amiss(self, status: Status, found: str, remedy: str, about: str, brand: str | None, values: Values) -> Finding:
        return Finding(
            id=self.id,
            title=self.title,
            status=status,
            about=about,
            brand=brand,
            found=found,
            remedy=remedy or self.remedy,
            values=dict(values),
        )


class CannotAsk(Exception):
    """What a check needs is not there: it is skipped, with this text as the reason. Whatever is ill has a finding of its own."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question. `ask` returns a finding for each thing that it looked at, and raises `CannotAsk` where it could not look."""

    kind: Kind
    ask: Callable[[], Awaitable[Sequence[Finding]]]
    about: str = ""
    brand: str | None = None
    limit_s: float = LIMIT_S


async def run(probes: Iterable[Probe]) -> list[Finding]:
    """Ask all of them at once. Returns within the longest of their limits, whatever becomes of what they ask."""
    answers = await asyncio.gather(*(_answer(probe) for probe in probes))
    return [finding for answer in answers for finding in answer]


async def _answer(probe: Probe) -> Sequence[Finding]:
    kind, about, brand = probe.kind, probe.about, probe.brand
    try:
        async with asyncio.timeout(probe.limit_s):
            return await probe.ask()
    except CannotAsk as reason:
        return [kind.skipped(str(reason), about=about, brand=brand)]
    except TimeoutError:
        return [kind.error(f"No answer within {probe.limit_s:g} s.", about=about, brand=brand, values={"limit_s": probe.limit_s})]
    except Exception as error:  # noqa: BLE001  # one check that is wrong itself must not hide what the others found
        return [
            kind.error(
                f"The check itself failed ({type(error).__name__}).",
                "Report this. What it looks at may be well or ill: look at it by hand.",
                about=about,
                brand=brand,
            )
        ]


def worst_of(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each thing: of two that looked at the same, the one that found more; in order of severity, then of name."""
    kept: dict[tuple[str, str, str | None], Finding] = {}
    for finding in findings:
        place = (finding.id, finding.about, finding.brand)
        known = kept.get(place)
        # That one could not look says nothing where the other could.
        if known is None or _weight(finding) < _weight(known):
            kept[place] = finding
    return sorted(kept.values(), key=lambda finding: (SEVERITY.index(finding.status), finding.id, finding.about))


def _weight(finding: Finding) -> int:
    return ("error", "warning", "ok", "skipped").index(finding.status)


async def in_thread(ask: Callable[[], T]) -> T:
    """What blocks, asked in a thread of its own, which nobody waits for at the end: a disk that hangs holds up its own check only."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(outcome: T | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(outcome)  # type: ignore[arg-type]  # None only where T is
        else:
            answer.set_exception(error)

    def work() -> None:
        outcome: T | None = None
        failed: Exception | None = None
        try:
            outcome = ask()
        except Exception as error:  # noqa: BLE001  # raised again where it is awaited
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(settle, outcome, failed)

    threading.Thread(target=work, daemon=True).start()
    return await answer


@dataclass
class Remembered:
    """Answers about somebody else's server, each asked for at most once in `keep_s`: however often doctor runs, it hammers nobody.

    An answer that its asker no longer waits for is waited for by the next one.
    """

    keep_s: float = REMEMBERED_S
    _asked: dict[Hashable, "tuple[float, asyncio.Task[Sequence[Finding]]]"] = field(default_factory=dict)

    async def get(self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, Sequence[Finding]]]) -> Sequence[Finding]:
        now = time.monotonic()
        self._asked = {other: known for other, known in self._asked.items() if now - known[0] < self.keep_s}
        if key not in self._asked:
            self._asked[key] = (now, asyncio.create_task(ask()))
        return await asyncio.shield(self._asked[key][1])
