"""What a person sees of a storm: a picture that renews itself on a terminal, a line a second elsewhere, and the table at the end."""

import contextlib
import sys
import threading
from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.console import console, table
from cli.demo import scenario
from cli.demo.watching import Seen

RATE_OVER = 3
"""Rates are of so many looks."""


class Picture(contextlib.AbstractContextManager["Picture"]):
    """What is known now, on standard error. ``update`` may be called from any thread."""

    def __init__(self, title: str, speed: float, planned: int) -> None:
        self.title, self.speed, self.planned = title, speed, planned
        self._looks: list[tuple[float, int, int]] = [(0.0, 0, 0)]
        self._lock = threading.Lock()

    def update(self, played: float, sent: int, seen: Seen) -> None:
        with self._lock:
            self._looks = [*self._looks, (played, sent, seen.handled)][-RATE_OVER - 1 :]
            self.show(played, sent, seen, *self._rates())

    def _rates(self) -> tuple[float, float]:
        """Sent and handled a second."""
        (at, sent, handled), (now, more_sent, more_handled) = self._looks[0], self._looks[-1]
        seconds = max(now - at, 0.001)
        return (more_sent - sent) / seconds, (more_handled - handled) / seconds

    def show(self, played: float, sent: int, seen: Seen, sending: float, handling: float) -> None:
        raise NotImplementedError


class Lines(Picture):
    """A line a look, for a log or a pipe."""

    def __enter__(self) -> "Lines":
        sys.stderr.write(f"{self.title}\n")
        return self

    def __exit__(self, *_: object) -> None:
        sys.stderr.flush()

    def show(self, played: float, sent: int, seen: Seen, sending: float, handling: float) -> None:
        behind = ", ".join(f"{name} {lag.messages + lag.outbox}" for name, lag in seen.lag.items() if lag.messages + lag.outbox)
        seconds = max((lag.seconds for lag in seen.lag.values()), default=0.0)
        sys.stderr.write(
            f"{moment(played, self.speed)}  sent {sent} ({sending:.0f}/s)  handled {seen.handled} ({handling:.0f}/s)  "
            f"behind {behind or 'nobody'} ({seconds:.1f} s)  cases {seen.cases}  linked {seen.linked}  "
            f"clocks {seen.clocks.running} running, {seen.clocks.soon} within 10 min, {seen.clocks.breached} breached  "
            f"mood {mood(seen)}  {rising(seen.labels)}{silent(seen)}\n"
        )
        sys.stderr.flush()


class Screen(Picture):
    """A table that is drawn anew in its place."""

    def __init__(self, title: str, speed: float, planned: int) -> None:
        super().__init__(title, speed, planned)
        self._live = Live(Text("looking …"), console=console(stderr=True), refresh_per_second=4, transient=True)

    def __enter__(self) -> "Screen":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, played: float, sent: int, seen: Seen, sending: float, handling: float) -> None:
        head = Text.assemble((self.title, "bold"), f"\n{moment(played, self.speed)}")
        progress = ProgressBar(total=self.planned, completed=sent, width=60)
        numbers = Table.grid(padding=(0, 3))
        for row in (
            ("sent", f"{sent} of {self.planned}", f"{sending:.0f}/s", "open cases", f"{seen.cases}", f"{seen.linked} linked"),
            ("handled", f"{seen.handled}", f"{handling:.0f}/s", "drafts", f"{seen.drafts}", "wait for a person"),
            ("clocks", f"{seen.clocks.running} running", f"{seen.clocks.soon} within 10 min", "breached", f"{seen.clocks.breached}", ""),
            ("mood", mood(seen), "of 15 s, -1 to 1", "unaccounted", f"{seen.unaccounted}", f"{seen.dead} dead letters"),
        ):
            numbers.add_row(*row)
        services = table("service", ">waiting", ">behind", ">outbox")
        for name, lag in seen.lag.items():
            services.add_row(name, str(lag.messages), f"{lag.seconds:.1f} s", str(lag.outbox))
        about = Text(f"about    {rising(seen.labels)}{silent(seen)}")
        self._live.update(Group(head, progress, Text(), numbers, Text(), services, Text(), about))


def picture(title: str, speed: float, planned: int) -> Picture:
    """The one for this standard error."""
    return (Screen if sys.stderr.isatty() else Lines)(title, speed, planned)


def moment(played: float, speed: float) -> str:
    """Where the scenario is: minutes of the quiet hour, of the storm, or since it ended."""
    at_s = scenario.scenario_s(played, speed)
    if played * speed >= scenario.PLAY_S:
        return "it is over    "
    if at_s < scenario.QUIET_S:
        return f"quiet {at_s / 60:3.0f} min"
    word = "repaired" if at_s >= scenario.REPAIRED_S else "storm"
    return f"{word} {(at_s - scenario.QUIET_S) / 60:3.0f} min"


def mood(seen: Seen) -> str:
    return "?" if seen.mood is None else f"{seen.mood:+.2f}"


def rising(labels: Mapping[str, int], nothing: str = "nothing yet") -> str:
    return ", ".join(f"{name} {count}" for name, count in labels.items()) or nothing


def silent(seen: Seen) -> str:
    return f"  (no answer: {', '.join(seen.silent)})" if seen.silent else ""


def show(told: Mapping[str, Any]) -> None:
    """The summary, on standard output."""
    out = console()
    took, pairs, clocks = told["received_to_case_s"], told["pairs"], told["reaction_clocks"]
    said = table("", "")
    said.show_header = False
    rows = (
        ("sent", f"{told['sent']} of {told['planned']} in {told['seconds']} s" + (" (stopped)" if told["stopped"] else "")),
        ("cases", f"{told['cases']}; {told['linked']} mentions linked to one that was there; {pairs['linked']} of {pairs['sent']} pairs are one case"),
        ("urgency", rising(told["urgency"])),
        ("risks", rising(told["risk"], "none")),
        ("departments", rising(told["departments"])),
        ("about", rising(told["labels"], "none of the labels")),
        ("reaction clocks", f"{clocks['running']} running, {clocks['within_10_minutes']} end within 10 minutes, {clocks['breached']} breached"),
        ("received to case", f"p50 {took['p50']} s, p99 {took['p99']} s (of {took['cases']} cases)" if took["cases"] else "no case"),
        ("most behind", rising({name: count for name, count in told["most_behind"].items() if count}, "nobody")),
        ("accounted for", _accounted(told)),
    )  # fmt: skip
    for what, value in rows:
        said.add_row(what, value)
    out.print(f"\nThe storm of {told['brand']} (seed {told['seed']}, run {told['run']})\n", style="bold")
    out.print(said)


def _accounted(told: Mapping[str, Any]) -> str:
    if told["accounted"]:
        return "all: every mention is in a case, no dead letter, no event unaccounted for"
    if not told["sent"]:
        return "nothing was sent"
    missing = told["missing"]
    named = f", such as {', '.join(missing[:3])}" if missing else ""
    return (
        f"NOT all: {len(missing)} mentions are in no case{named}; {told['dead']} dead letters, {told['unaccounted']} events unaccounted for"
    )
