"""What ``make run`` does: the whole system in the foreground with the samples going through it, until Ctrl-C.

In: ``samples/`` and a data directory. Out: a running stack, for each sample brand a table of what became of its samples, and the lines that look closer.
Running it again starts what is there and doubles nothing.
"""

import contextlib
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cli import applying, importing, tour
from cli.client import Client
from cli.console import bar, console
from cli.errors import NOT_FOUND, CommandError
from cli.stack import state
from cli.stack.errors import StackError
from cli.stack.parts import ROOT
from cli.stack.ports import SERVICES
from cli.stack.settings import Settings
from cli.up import end, say, start_behind
from libs.common.topics import HOLDS

SAMPLES = ROOT / "samples"
BRANDS = {"vaart": SAMPLES, "kwartel": SAMPLES / "kwartel"}
"""The sample brands, and where the mentions and mails of each are."""
NO_PROGRESS_S = 60.0
LOCKED_WITHIN_S = 10.0
QUIET_LOOKS = 4
LOOK_EVERY_S = 0.25


def run(settings: Settings) -> None:
    """Starts, tours, shows, waits for Ctrl-C (or SIGTERM, or a terminal that closes), drains; or until ``weerklank down`` elsewhere ends the stack.

    Raises ``StackError`` or ``CommandError``.
    """
    settings = settings.absolute()
    if holder := state.holder(settings.data_dir):
        raise CommandError(
            f"A stack already runs on {settings.data_dir} (supervisor pid {holder}): see it with 'weerklank status', or stop it with "
            "'weerklank down' and run this again."
        )
    # A shell may start us with SIGINT ignored; each of them means that somebody wants an orderly end.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    supervisor_pid = 0
    try:
        with _stage("all parts ready"):
            supervisor_pid = start_behind(settings).supervisor_pid
        with Client(settings.data_dir) as client:
            _tour(client)
            _show(client)
        say("runs until Ctrl-C")
        while state.is_locked(settings.data_dir):
            time.sleep(1)
        raise CommandError(f"The stack ended by itself: see {settings.logs / 'supervisor.log'}.")
    except KeyboardInterrupt:
        say("draining")
        _stop(settings, started=supervisor_pid > 0)
    except (CommandError, StackError):
        was_told = _was_told_to_stop(settings, supervisor_pid)  # before we tell it so ourselves
        _stop(settings, started=True)
        if not was_told:
            raise
        say("ended by 'weerklank down'")


def _was_told_to_stop(settings: Settings, supervisor_pid: int) -> bool:
    """Whether somebody else ended the stack that this run started: that of an earlier run says nothing about it."""
    last = state.read(settings.data_dir)
    return last is not None and last.supervisor_pid == supervisor_pid and last.told_to_stop


def _stop(settings: Settings, *, started: bool) -> None:
    """Ends the stack that this run started. One that has not ``started`` yet may not even have taken its lock: that is waited for."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    deadline = time.monotonic() + LOCKED_WITHIN_S
    while not started and not state.is_locked(settings.data_dir) and time.monotonic() < deadline:
        time.sleep(0.1)
    if state.is_locked(settings.data_dir):
        with _stage("stopped in order"):
            end(settings.data_dir)


@contextlib.contextmanager
def _stage(what: str) -> Iterator[None]:
    """Says what was done and how long it took, once it is done."""
    began = time.monotonic()
    yield
    say(f"{what} ({time.monotonic() - began:.1f} s)")


def _tour(client: Client) -> None:
    for brand, folder in BRANDS.items():
        _bring_in(client, brand, folder)
    with _stage("everything is through all five services"):
        wait_through(client)
    with _stage("the tour's example agents are done"):
        for brand in BRANDS:
            _act(client, brand)
        wait_through(client)


def _bring_in(client: Client, brand: str, folder: Path) -> None:
    """Publishes the brand's book where it has none, and imports its samples."""
    if _has_book(client, brand):
        say(f"{brand} has a brand book already: it stays as it is ('weerklank apply samples/{brand}.yaml' brings the sample back)")
    else:
        with _stage("brand book applied"):
            applying.apply(client, SAMPLES / f"{brand}.yaml", dry_run=False)
    if client.get("triage", f"/v1/brands/{brand}/mentions", brand, params={"limit": 1})["items"]:
        say(f"data of an earlier run of {brand} is here: the samples come in again, and nothing is doubled")
    for path, channel in ((folder / "mentions.jsonl", "import"), (folder / "mail", "email")):
        name = path.relative_to(ROOT)
        with _stage(f"{name} imported"):
            counts = importing.run(client, importing.Order(path, brand, channel, lane="live"))
            say(f"{name}: {counts.accepted} new, {counts.duplicates} known already, {counts.rejected} rejected")


def _act(client: Client, brand: str) -> None:
    """Lets the example agents of a brand answer, and says what became of it."""
    acted = tour.act(client, brand)
    ended = tour.wait_sent(client, brand, acted.approved)
    sent = ", ".join(f"{count} {what}" for what, count in ended.items())
    say(
        f"{brand}: the example agents approved {len(acted.approved)} drafts ({sent or 'nothing to send'}; pilot: nothing leaves the building)"
    )
    if acted.earlier:
        say(f"{brand}: {acted.earlier} drafts were approved by the example agents in an earlier run")
    for why in acted.left:
        say(f"{brand}: left for a colleague: {why}")


def _has_book(client: Client, brand: str) -> bool:
    try:
        client.get("routing", f"/v1/brands/{brand}/book", brand)
    except CommandError as error:
        if error.code == NOT_FOUND:
            return False
        raise
    return True


def wait_through(client: Client) -> None:
    """Returns once nothing waits in any service, seen several times on end: between two services an event is in neither's lag.

    Sending leases come every second for ever: their topic does not count. Raises ``CommandError`` after a minute without progress.
    """
    quiet, seen, moved_at = 0, "", time.monotonic()
    with bar() as progress:
        task = progress.add_task("through  ", total=None, said="")
        while quiet < QUIET_LOOKS:
            waiting = _waiting(client)
            total = sum(waiting.values())
            quiet = 0 if total else quiet + 1
            if str(waiting) != seen:
                seen, moved_at = str(waiting), time.monotonic()
            if total and time.monotonic() - moved_at > NO_PROGRESS_S:
                where = ", ".join(f"{count} before {service}" for service, count in waiting.items() if count)
                raise CommandError(f"Events stand still since {NO_PROGRESS_S:.0f} s ({where}): 'weerklank status' shows why.")
            progress.update(task, said=f"{total} events under way")
            time.sleep(LOOK_EVERY_S)
        progress.update(task, total=1, completed=1)


def _waiting(client: Client) -> dict[str, int]:
    """Events before each service and in its outbox."""
    found = {}
    with ThreadPoolExecutor(len(SERVICES)) as pool:  # each asks its broker, which takes a moment
        statuses = dict(zip(SERVICES, pool.map(client.status, SERVICES), strict=True))
    for service, said in statuses.items():
        lag = sum(topic["messages"] for name, topic in said["lag"].items() if name != HOLDS.name)
        found[service] = int(lag) + said["ledger"]["outbox"]
    return found


def _show(client: Client) -> None:
    """A table for each brand; under each line of the first one how to look closer, which holds for the others as well."""
    out = console()
    first = next(iter(BRANDS))
    out.print(f"\nWhat became of the samples of two invented brands; the lines that look closer are {first}'s", style="bold")
    for brand in BRANDS:
        out.print(f"\n{brand}", style="bold")
        for what, value, where in rows(brand, client.get("analytics", f"/v1/brands/{brand}/summary", brand)):
            _line(client, what, value, where if brand == first else None)
    unaccounted = sum(client.status(service)["ledger"]["unaccounted"] for service in SERVICES)
    out.print("\nboth", style="bold")
    _line(client, f"{unaccounted} unaccounted", "events that the bookkeeping of all services misses", ("triage", "/v1/status"))
    data_dir = "" if client.data_dir == Path(".data").absolute() else f" --data-dir {shlex.quote(str(client.data_dir))}"
    weerklank = Path(sys.executable).with_name("weerklank")
    program = os.path.relpath(weerklank) if weerklank.exists() else f"{os.path.relpath(sys.executable)} -m cli.main"
    out.print()
    out.print("The lines above need a token:", markup=False)
    out.print(f"  export TOKEN=$({program} token --role agent --brand {first}{data_dir})", markup=False, soft_wrap=True)
    out.print('  export AUTH="Authorization: Bearer $TOKEN"', markup=False)
    out.print(f"See an outage come in, in another terminal: {program} demo --storm{data_dir}", markup=False, soft_wrap=True)
    out.print()


def _line(client: Client, what: str, value: str, where: tuple[str, str] | None) -> None:
    out = console()
    out.print(f"{what:<21}  {value}", markup=False, soft_wrap=True)
    if where is not None:
        service, path = where
        url = client.url(service) + path
        asked = f"    curl -s {url}" if path == "/v1/status" else f'    curl -sH "$AUTH" "{url}"'
        out.print(asked, markup=False, soft_wrap=True, style="dim")


def rows(brand: str, summary: dict[str, Any]) -> list[tuple[str, str, tuple[str, str]]]:
    """What, how much, and (service, path) that tells more; in the order in which a mention goes through."""
    of = f"/v1/brands/{brand}"
    cases = {department: sum(states.values()) for department, states in summary["cases"].items()}
    clocks = "; ".join(
        f"{clock}: {count['running']} running, {count['met']} met, {count['breached']} breached"
        for clock, count in summary["clocks"].items()
    )
    sent = summary["replies"].get("sent", 0)
    return [
        (f"{sum(summary['mentions'].values())} mentions", _listed(summary["mentions"]), ("analytics", f"{of}/volumes?by=channel")),
        (
            f"{summary['duplicates_linked']} duplicates linked",
            "to the question that was there first",
            ("triage", f"{of}/mentions?limit=500"),
        ),
        (f"{sum(cases.values())} cases", _listed(cases), ("routing", f"{of}/cases?limit=500")),
        ("clocks", clocks, ("analytics", f"{of}/times?by=department")),
        (f"{summary['drafts_waiting']} drafts", "wait for a person's approval", ("responder", f"{of}/replies?state=draft&limit=200")),
        (f"{sent} replies sent", "into the sandbox: the brand is a pilot", ("responder", f"{of}/sandbox")),
    ]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))
