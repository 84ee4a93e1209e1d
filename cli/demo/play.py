"""``weerklank demo --storm``: an outage is played to a running stack, at its tempo, and what the services make of it is shown and added up.

In: a brand that is known here, a seed, a speed. Out: mentions in ingest (through its public API, as a connector sends them), a picture of what
happens on standard error, and a summary on standard output. Nothing is sent to anybody: a brand that is live is left alone unless the caller insists.
"""

import json
import math
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cli.client import Client, answer_of
from cli.demo import scenario, view
from cli.demo.outage import OUTAGE
from cli.demo.scenario import Post, Storm
from cli.demo.standstill import STANDSTILL
from cli.demo.watching import Seen, Watcher, clocks_of
from cli.errors import FAILED, NOT_FOUND, NOTHING_RUNS, WRONG, CommandError, Refused

STORMS = {"kwartel": STANDSTILL}
"""By brand; any other brand has an outage of internet, tv and mobile."""

TICK_S, LOOK_S = 0.2, 1.0
AT_ONCE = 500
RETRY_S = 30.0
BOUND_S = 90.0
TIMED_CASES = 200
GONE = frozenset({"merged", "withdrawn"})


@dataclass(frozen=True)
class Order:
    """What to play. ``within_s`` is how long the last mention may take to reach a case."""

    brand: str
    seed: int = 1
    speed: float = 1.0
    despite_live: bool = False
    as_json: bool = False
    within_s: float = BOUND_S


@dataclass
class Played:
    """What is known of the play: the ids of what is in the log by number, and how it ended."""

    storm: Storm
    run: str
    ids: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0
    stopped: bool = False
    peaks: Counter[str] = field(default_factory=Counter)


def catalogue() -> None:
    """Says what there is to play."""
    minutes = f"a quiet hour and half an hour of storm in {scenario.PLAY_S:.0f} s, {sum(scenario.SHARES.values())} messages"
    sys.stdout.write(
        f"weerklank demo --storm                  {OUTAGE.title} (vaart): {minutes}\n"
        f"weerklank demo --storm --brand kwartel  {STANDSTILL.title} (kwartel)\n"
        "A brand of your own that is a pilot gets the first. --speed 6 plays it in 10 s, --seed another one. Start the stack with 'make run' before.\n"
    )


def run(client: Client, order: Order) -> int:
    """Plays, shows, adds up. Returns the exit code: 0 when every mention came to a case in time, 1 when not. Raises ``CommandError``."""
    if not 0.1 <= order.speed <= 60:
        raise CommandError(f"--speed {order.speed:g} is not between 0.1 and 60.", WRONG)
    book = _book(client, order)
    words = STORMS.get(order.brand, OUTAGE)
    account = next((channel["account"] for channel in book["channels"] if (channel["account"] or "").startswith("@")), f"@{order.brand}")
    played = Played(scenario.storm(order.seed, words, book["name"], account), secrets.token_hex(3))
    watcher = Watcher(client, order.brand, f"storm-{played.run}")
    picture = view.picture(f"{words.title}: {order.brand}, seed {order.seed}", order.speed, len(played.storm.posts))
    cases: list[dict[str, Any]] = []
    began = time.monotonic()
    with picture, _Looking(watcher, played, picture, began):
        try:
            _send(client, order, played, began)
        except KeyboardInterrupt:
            played.stopped = True
        played.seconds = time.monotonic() - began
        try:
            cases = placed(watcher, played, order.within_s)
        except KeyboardInterrupt:
            played.stopped = True
    told = summary(watcher, order, played, cases, watcher.look())
    if order.as_json:
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
    else:
        view.show(told)
    return 0 if told["accounted"] else FAILED


def _book(client: Client, order: Order) -> dict[str, Any]:
    """The brand's book. Raises ``CommandError`` for a brand that is not known, and for one that is live."""
    try:
        book: dict[str, Any] = client.get("routing", f"/v1/brands/{order.brand}/book", order.brand)["book"]
    except Refused as error:
        if error.code == NOT_FOUND:
            raise CommandError(
                f"There is no brand book of {order.brand!r} here: 'weerklank apply samples/vaart.yaml' makes the sample brand known.",
                NOT_FOUND,
            ) from error
        raise
    if not book["pilot"] and not order.despite_live:
        raise CommandError(
            f"{order.brand} is live (pilot: false): an invented outage would fill its queues, start its clocks and stand in its reports. Play it for a "
            "brand with pilot: true, or say --yes.",
            WRONG,
        )
    return book


def _send(client: Client, order: Order, played: Played, began: float) -> None:
    """Sends each post when its moment has come. Raises ``CommandError`` when ingest takes nothing for half a minute."""
    posts = played.storm.posts
    moments = [scenario.played_s(post.at_s, order.speed) for post in posts]
    sent = 0
    while sent < len(posts):
        now = time.monotonic() - began
        upto = sent
        while upto < len(posts) and moments[upto] <= now and upto - sent < AT_ONCE:
            upto += 1
        if upto > sent:
            played.ids |= taken(client, order.brand, played.run, posts[sent:upto])
            sent = upto
            continue
        time.sleep(min(TICK_S, max(0.0, moments[sent] - now)))


def taken(client: Client, brand: str, run: str, posts: Sequence[Post]) -> dict[int, str]:
    """Their ids by number once the log has them. A request that was not answered goes again: that does no harm."""
    body = [scenario.stamped(post, run, datetime.now(UTC)) for post in posts]
    path, deadline, pause_s = f"/v1/brands/{brand}/mentions", time.monotonic() + RETRY_S, 0.25
    while True:
        try:
            answer = client.send("ingest", "POST", path, brand, role="connector", params={"import_id": f"storm-{run}"}, json=body)
            if answer.status_code not in (429, 502, 503, 504):
                items = answer_of("ingest", answer)["items"]
                return {post.number: item["id"] for post, item in zip(posts, items, strict=True) if item["status"] != "rejected"}
            why = f"ingest answered {answer.status_code}"
        except Refused:
            raise
        except CommandError as error:
            if error.code == NOTHING_RUNS:
                raise
            why = str(error)
        if time.monotonic() > deadline:
            raise CommandError(f"Gave up after {RETRY_S:.0f} s: {why.rstrip('.')}.")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 4.0)


def placed(watcher: Watcher, played: Played, within_s: float) -> list[dict[str, Any]]:
    """The cases once every mention that was sent is in one, or as they are when the time is up."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            cases = watcher.all_cases()
        except CommandError:
            cases = []
        if not set(played.ids.values()) - _in_cases(cases) or time.monotonic() > deadline:
            return cases
        time.sleep(LOOK_S / 2)


def _in_cases(cases: Sequence[dict[str, Any]]) -> set[str]:
    return {mention["id"] for case in cases for mention in case["mentions"] if case["state"] not in GONE}


class _Looking:
    """Looks at the services once a second beside the sending, and keeps the picture up to date."""

    def __init__(self, watcher: Watcher, played: Played, picture: view.Picture, began: float) -> None:
        self._watcher, self._played, self._picture, self._began = watcher, played, picture, began
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._working: Future[None] | None = None

    def __enter__(self) -> "_Looking":
        self._working = self._pool.submit(self._work)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ending.set()
        self._pool.shutdown(wait=True)
        if kind is None and self._working is not None:
            self._working.result()  # a fault of ours is not kept from whoever looks

    def _work(self) -> None:
        while not self._ending.is_set():
            began = time.monotonic()
            seen = self._watcher.look()
            for service, lag in seen.lag.items():
                self._played.peaks[service] = max(self._played.peaks[service], lag.messages + lag.outbox)
            self._picture.update(time.monotonic() - self._began, len(self._played.ids), seen)
            self._ending.wait(max(0.0, LOOK_S - (time.monotonic() - began)))


def summary(watcher: Watcher, order: Order, played: Played, cases: list[dict[str, Any]], seen: Seen) -> dict[str, Any]:
    """All that the storm came to, as ``--json`` prints it."""
    ours = set(played.ids.values())  # other people may write to the brand meanwhile
    alive = [case for case in cases if case["state"] not in GONE and any(mention["id"] in ours for mention in case["mentions"])]
    where = {mention["id"]: case["id"] for case in alive for mention in case["mentions"] if mention["id"] in ours}
    missing = sorted(number for number, id in played.ids.items() if id not in where)
    clocks = clocks_of(alive, datetime.now(UTC))
    pairs = [(played.ids[a], played.ids[b]) for a, b in played.storm.pairs if a in played.ids and b in played.ids]
    step = max(1, math.ceil(len(alive) / TIMED_CASES))
    took = watcher.opened_after_s(alive[::step])
    return {
        "brand": order.brand,
        "seed": order.seed,
        "run": played.run,
        "stopped": played.stopped,
        "seconds": round(played.seconds, 1),
        "planned": len(played.storm.posts),
        "sent": len(played.ids),
        "roles": dict(Counter(played.storm.posts[number].role for number in sorted(played.ids))),
        "cases": len(alive),
        "linked": len(where) - len(alive),
        "pairs": {"sent": len(pairs), "linked": sum(a in where and where[a] == where.get(b) for a, b in pairs)},
        "urgency": dict(Counter(case["urgency"] for case in alive).most_common()),
        "risk": dict(Counter(risk for case in alive for risk in case["risk"]).most_common()),
        "departments": dict(Counter(case["department"] for case in alive).most_common()),
        "labels": dict(Counter(label for case in alive for label in case["labels"]).most_common(6)),
        "reaction_clocks": {"running": clocks.running, "within_10_minutes": clocks.soon, "breached": clocks.breached},
        "received_to_case_s": {"cases": len(took), "p50": _percentile(took, 0.5), "p99": _percentile(took, 0.99)},
        "most_behind": dict(played.peaks),
        "missing": [scenario.external_id(played.run, number) for number in missing],
        "dead": seen.dead,
        "unaccounted": seen.unaccounted,
        "accounted": bool(played.ids) and not missing and not seen.unaccounted and not seen.dead,
    }


def _percentile(found: Sequence[float], share: float) -> float | None:
    """By nearest rank, in seconds; none of nothing."""
    return round(found[max(0, math.ceil(share * len(found)) - 1)], 3) if found else None
