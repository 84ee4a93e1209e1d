"""What the services say while a storm is played: their public APIs are asked here, one ``Seen`` a look leaves.

Cases are read from where they ended before the storm, so that a look costs little however many cases there are.
"""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.client import Client
from cli.errors import CommandError, Refused
from cli.stack.ports import SERVICES
from libs.common.topics import HOLDS

PAGE = 500
MOOD_OVER_S = 15
SOON = timedelta(minutes=10)
TRIES, PAUSE_S = 10, 1.0
ENDED = frozenset({"resolved", "closed", "merged", "withdrawn"})


@dataclass(frozen=True)
class Lag:
    """How far a service is behind: messages that wait, seconds since the oldest of them, events in its outbox. Leases do not count."""

    messages: int
    seconds: float
    outbox: int


@dataclass(frozen=True)
class Clocks:
    """Reaction clocks that nobody has stopped: ``soon`` are the running ones that end within ten minutes."""

    running: int = 0
    soon: int = 0
    breached: int = 0


def clocks_of(cases: Iterable[dict[str, Any]], now: datetime) -> Clocks:
    """The clocks of those of these cases that have not ended."""
    alive = [case for case in cases if case["state"] not in ENDED]
    clocks = [clock for case in alive for clock in case["clocks"] if clock["kind"] == "reaction" and clock["met_at"] is None]
    due = [datetime.fromisoformat(clock["due_at"]) for clock in clocks]
    return Clocks(sum(at > now for at in due), sum(now < at <= now + SOON for at in due), sum(at <= now for at in due))


@dataclass
class Seen:
    """One look at everything. What a service did not answer stands as it was, and in ``silent``."""

    handled: int = 0
    lag: dict[str, Lag] = field(default_factory=dict)
    unaccounted: int = 0
    dead: int = 0
    cases: int = 0
    linked: int = 0
    """Mentions that joined one that was there, as far as the reports are."""
    clocks: Clocks = Clocks()
    drafts: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    mood: float | None = None
    """The mean score of the last seconds, -1 to 1."""
    silent: tuple[str, ...] = ()


class Watcher:
    """Looks at one brand. Made before the storm: what was there already is not counted."""

    def __init__(self, client: Client, brand: str, run: str) -> None:
        self._client, self._brand, self._run, self._of = client, brand, run, f"/v1/brands/{brand}"
        self._began_at = datetime.now(UTC)
        self._last = Seen()
        self._cursor: str | None = None
        self._before: set[str] = set()
        self._opened: dict[str, dict[str, Any]] = {}
        self._start = self._end_of_cases()
        self._before = {case["id"] for case in self._page(self._start)["items"]}
        self._cursor = self._start
        self._dead = sum(int(client.status(service)["ledger"]["dead"]) for service in SERVICES)
        self._linked = int(self._totals()["duplicates_linked"])

    def look(self) -> Seen:
        """All that is asked is asked at once; a service that does not answer leaves what was known of it."""
        seen = Seen(**vars(self._last))
        asked = {"status": self._statuses, "triage": self._handled, "routing": self._new_cases, "analytics": self._reports}
        with ThreadPoolExecutor(len(asked)) as pool:
            answers = {name: pool.submit(question, seen) for name, question in asked.items()}
        seen.silent = tuple(name for name, answer in answers.items() if isinstance(answer.exception(), CommandError))
        for answer in answers.values():
            if (error := answer.exception()) is not None and not isinstance(error, CommandError):
                raise error
        opened = list(self._opened.values())
        seen.cases = sum(case["state"] not in ENDED for case in opened)
        seen.clocks = clocks_of(opened, datetime.now(UTC))
        self._last = seen
        return seen

    def all_cases(self) -> list[dict[str, Any]]:
        """Every case that was opened since this watcher was made, as it is now. Raises ``CommandError``."""
        found: list[dict[str, Any]] = []
        cursor = self._start
        while True:
            page = self._page(cursor)
            found += [case for case in page["items"] if case["id"] not in self._before]
            if page["next"] is None:
                return found
            cursor = page["next"]

    def opened_after_s(self, cases: list[dict[str, Any]]) -> list[float]:
        """For each of these cases how long after its first mention was received it was opened, in seconds, sorted."""

        def one(case: dict[str, Any]) -> float:
            path = f"{self._of}/cases/{case['id']}/timeline"
            told = self._get("routing", path, {"limit": 1})["items"][0]
            return (datetime.fromisoformat(told["at"]) - datetime.fromisoformat(case["opened_at"])).total_seconds()

        with ThreadPoolExecutor(4) as pool:
            return sorted(pool.map(one, cases))

    def _end_of_cases(self) -> str | None:
        """The cursor of the last page."""
        cursor: str | None = None
        while (following := self._page(cursor)["next"]) is not None:
            cursor = following
        return cursor

    def _page(self, cursor: str | None) -> dict[str, Any]:
        return self._get("routing", f"{self._of}/cases", {"limit": PAGE} | ({"cursor": cursor} if cursor else {}))

    def _get(self, service: str, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer; whoever is told to ask less often waits a little. Raises ``CommandError``."""
        for tries_left in reversed(range(TRIES)):
            try:
                found: dict[str, Any] = self._client.get(service, path, self._brand, params=params)
                return found
            except Refused as error:
                if error.status != 429 or not tries_left:
                    raise
                time.sleep(PAUSE_S)
        raise AssertionError("unreachable")

    def _totals(self) -> dict[str, Any]:
        return self._get("analytics", f"{self._of}/summary")

    def _new_cases(self, seen: Seen) -> None:
        while True:
            page = self._page(self._cursor)
            self._opened |= {case["id"]: case for case in page["items"] if case["id"] not in self._before}
            if page["next"] is None:
                return
            self._cursor = page["next"]

    def _statuses(self, seen: Seen) -> None:
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            said = dict(zip(SERVICES, pool.map(self._client.status, SERVICES), strict=True))
        seen.lag = {service: _lag(status) for service, status in said.items()}
        seen.unaccounted = sum(status["ledger"]["unaccounted"] for status in said.values())
        seen.dead = max(0, sum(status["ledger"]["dead"] for status in said.values()) - self._dead)

    def _handled(self, seen: Seen) -> None:
        seen.handled = self._client.get("triage", f"{self._of}/imports/{self._run}", self._brand)["received"]

    def _reports(self, seen: Seen) -> None:
        now = datetime.now(UTC)
        labels = self._client.get("analytics", f"{self._of}/labels", self._brand, params={"from": self._began_at.isoformat()})
        seen.labels = {row["label"]: row["count"] for row in labels["rows"][:5] if row["count"]}
        since = {"from": max(self._began_at, now - timedelta(seconds=MOOD_OVER_S)).isoformat()}
        rows = self._client.get("analytics", f"{self._of}/sentiment", self._brand, params=since)["rows"]
        seen.mood = rows[0]["mean_score"] if rows else None
        totals = self._totals()
        seen.drafts, seen.linked = totals["drafts_waiting"], totals["duplicates_linked"] - self._linked


def _lag(status: dict[str, Any]) -> Lag:
    topics = [topic for name, topic in status["lag"].items() if name != HOLDS.name]
    messages = int(sum(topic["messages"] for topic in topics))
    # A topic's seconds tell how old the last record was that it handled; nothing waits, nothing is behind.
    seconds = max((topic["seconds"] for topic in topics if topic["messages"]), default=0.0)
    return Lag(messages, seconds, int(status["ledger"]["outbox"]))
