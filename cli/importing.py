"""``weerklank import``: messages from a file or a folder, checked here, sent to ingest as NDJSON, followed until triage has handled them.

Sending anything again is safe: a mention's id follows from brand, channel and external id. What cannot be a mention goes to a file, with the reason.
"""

import csv
import difflib
import json
import os
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx

from cli.client import Client, answer_of
from cli.console import bar, console
from cli.errors import NOTHING_RUNS, WRONG, CommandError, Refused
from libs.common.errors import WeerklankError
from libs.common.rules import CHANNEL_ALIASES, CHANNELS, channel_name
from services.ingest.formats import FORMATS, Format, Parsed, Unmapped, csv_columns, delimiter_of, encoding_of, format_of, parse
from services.ingest.mention import WORD, normalise

CHUNK, CHUNK_BYTES = 1000, 4 << 20
RETRY_FOR_S, LONGEST_PAUSE_S = 120.0, 30.0
NO_PROGRESS_S = 60.0
Lane = Literal["live", "bulk"]


@dataclass(frozen=True)
class Order:
    """What to import, and how. ``rate`` is in mentions per second; none: as fast as ingest takes them."""

    path: Path
    brand: str
    channel: str | None = None
    format: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    historic: bool = False
    rate: int | None = None
    lane: Lane = "bulk"


@dataclass
class Counts:
    """``read`` = ``accepted`` + ``duplicates`` + ``rejected``. Accepted are new; duplicates are known already, or twice in the file."""

    read: int
    accepted: int
    duplicates: int
    rejected: int
    rejects_file: str | None
    import_id: str


class Rejects:
    """What was refused, and why: nothing is written until there is something. The file holds people's messages: only its owner reads it."""

    def __init__(self, source: Path, format: Format, import_id: str) -> None:
        self._source, self._format = source, format
        self._path = Path.cwd() / f"{import_id}-rejects.{'csv' if format == 'csv' else 'jsonl'}"
        self.problems: dict[str, str] = {}

    def add(self, at: str, problem: str) -> None:
        self.problems[at] = problem

    def write(self) -> Path | None:
        """The file's path. CSV: the rows as they were, with two columns in front, ready to be mended and imported again."""
        if not self.problems:
            return None
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            if self._format == "csv":
                self._write_rows(csv.writer(file))
            else:
                for at, problem, row in self._lines():
                    file.write(json.dumps({"at": at, "problem": problem, "row": row}, ensure_ascii=False) + "\n")
        return self._path

    def _write_rows(self, writer: Any) -> None:
        with self._source.open(encoding=encoding_of(self._source), errors="replace", newline="") as file:
            header = file.readline()
            file.seek(0)
            rows = csv.reader(file, delimiter=delimiter_of(header))
            writer.writerow(["at", "problem", *next(rows, [])])
            while True:
                at = f"line {rows.line_num + 1}"
                try:
                    row = next(rows, None)
                except csv.Error:
                    row = []
                if row is None:
                    return
                if at in self.problems:
                    writer.writerow([at, self.problems[at], *row])

    def _lines(self) -> Iterator[tuple[str, str, str | None]]:
        """At, problem and, of JSON lines, the line itself."""
        if self._format != "jsonl":
            yield from ((at, problem, None) for at, problem in self.problems.items())
            return
        with self._source.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if (at := f"line {number}") in self.problems:
                    yield at, self.problems[at], line.decode("utf-8", "replace").rstrip("\r\n")


def mapping_of(given: list[str]) -> dict[str, str]:
    """``field=column`` pairs as a mapping. Raises ``CommandError``."""
    for pair in given:
        if not re.fullmatch(r"[^=]+=.+", pair):
            raise CommandError(f"--map {pair!r} is not field=column.", WRONG)
    return dict(pair.split("=", 1) for pair in given)


def run(client: Client, order: Order) -> Counts:
    """Imports all of it and returns what became of it. Raises ``CommandError``; running it again goes on where that was needed."""
    format = _format(order)
    _check_channel(order.channel)
    import_id = name_of(order.path)
    for service in ("ingest", "triage"):
        client.url(service)  # nothing runs: better said now than after minutes of trying
    zone, region = _where(client, order.brand)
    rejects = Rejects(order.path, format, import_id)
    sending = _Sending(client, order, import_id, region, rejects)
    try:
        if format == "csv":
            _say_columns(order)
        parsed = parse(order.path, format, order.channel, order.mapping, zone=zone)
        with bar() as progress:
            task = progress.add_task("sending ", total=_total(order.path, format), said="")
            read = sending.send_all(
                parsed, lambda done: progress.update(task, completed=done, said=f"{done} read, {len(rejects.problems)} rejected")
            )
            progress.update(task, total=max(read, 1), completed=max(read, 1))
            new = _follow(client, order.brand, import_id, sending.accepted, progress)
    except Unmapped as error:
        raise CommandError(str(error), WRONG) from error
    except OSError as error:
        raise CommandError(f"{order.path} can't be read ({error.strerror or error}).", WRONG) from error
    rejected = len(rejects.problems)
    return Counts(read, new, read - new - rejected, rejected, str(file) if (file := rejects.write()) else None, import_id)


def _say_columns(order: Order) -> None:
    """Which column became which field, and which none: a column that is dropped in silence is a name that nobody misses until later."""
    chosen, unused = csv_columns(order.path, order.mapping)
    said = ", ".join(f"{field}={column}" for field, column in chosen.items())
    left = f"; not used: {', '.join(unused)} (--map FIELD=COLUMN takes one)" if unused else ""
    console(stderr=True).print(f"columns: {said}{left}", highlight=False)


def name_of(path: Path) -> str:
    """A name for this import, unlike any other's: what it imports, when, and four random digits."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", path.stem).strip("-")[:40] or "import"
    return f"{stem}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def _format(order: Order) -> Format:
    if not order.path.exists():
        raise CommandError(f"There is no {order.path}.", WRONG)
    if order.format is not None and order.format not in FORMATS:
        raise CommandError(f"--format {order.format!r} is none of {', '.join(FORMATS)}.", WRONG)
    if order.path.is_dir() and order.format in (None, "jsonl"):
        raise_mixed(order.path)
    try:
        return next(known for known in FORMATS if known == order.format) if order.format else format_of(order.path)
    except Unmapped as error:
        raise CommandError(str(error), WRONG) from error


def _check_channel(channel: str | None) -> None:
    """A slip in the channel's name would be on every mention for good, and in their ids. Raises ``CommandError``; unusual names are allowed."""
    if channel is None or channel_name(channel.lower()) in CHANNELS:
        return
    if not re.fullmatch(WORD, channel):
        raise CommandError(f"--channel {channel!r} is no name of a channel: letters, digits, - and _, at most 50, such as twitter.", WRONG)
    if near := next((known for known in (*CHANNELS, *CHANNEL_ALIASES) if _is_slip(channel.lower(), known)), None):
        raise CommandError(f"--channel {channel!r} looks like a slip of {near!r}. Use that, or a name that is less like it.", WRONG)


def _is_slip(written: str, known: str) -> bool:
    """Whether a name differs from a usual one by a letter, or by what separates its parts. `google-ads` and `forum2` are names of their own."""
    if re.sub("[-_]", "", written) == known:
        return True
    alike = difflib.SequenceMatcher(None, written, known).ratio()
    return written.isalpha() and min(len(written), len(known)) > 3 and abs(len(written) - len(known)) <= 1 and alike >= 0.85


def raise_mixed(folder: Path) -> None:
    """A folder is one of mails. Raises ``CommandError`` for one without any."""
    if not any(folder.glob("*.eml")):
        raise CommandError(f"The folder {folder} holds no .eml files. Import other files one by one.", WRONG)


def _where(client: Client, brand: str) -> tuple[tzinfo, str]:
    """The time zone of times that name none, and the country of phone numbers without a code: the brand's own."""
    try:
        book = client.get("routing", f"/v1/brands/{brand}/book", brand)["book"]
    except Refused as error:
        if error.status != 403:
            raise
        # A connector's token may send and not read the book: ingest has the last word on what it is sent anyway.
        return UTC, "NL"
    except CommandError as error:
        # Only ingest is needed where only its address was given.
        if error.code != NOTHING_RUNS:
            raise
        return UTC, "NL"
    return ZoneInfo(book["timezone"]), book["hours"]["holidays"]["country"]


def _total(path: Path, format: Format) -> int | None:
    """How many messages there are, where that is known before they are read."""
    if format == "eml":
        return sum(1 for _ in path.glob("*.eml")) if path.is_dir() else 1
    return None


@dataclass
class _Chunk:
    lines: list[bytes] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    size: int = 0


@dataclass
class _Sending:
    """One chunk travels while the next is read; never two, so that one author's messages arrive in the file's order."""

    client: Client
    order: Order
    import_id: str
    region: str
    rejects: Rejects
    accepted: int = 0
    departed: int = 0
    ending: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    def send_all(self, parsed: Iterator[Parsed], said: Callable[[int], None]) -> int:
        """Returns how many messages the file holds."""
        read, chunk, most = 0, _Chunk(), min(CHUNK, self.order.rate or CHUNK)
        flying: Future[None] | None = None
        with ThreadPoolExecutor(1) as pool:
            try:
                for item in parsed:
                    read += 1
                    if line := self._line(item):
                        chunk.lines.append(line)
                        chunk.places.append(item.at)
                        chunk.size += len(line)
                    if len(chunk.lines) >= most or chunk.size >= CHUNK_BYTES:
                        flying = self._depart(pool, chunk, flying)
                        chunk = _Chunk()
                        said(read)
                flying = self._depart(pool, chunk, flying)
                if flying:
                    flying.result()
            finally:
                # After Ctrl-C the chunk under way must not be tried again for minutes.
                self.ending.set()
        said(read)
        return read

    def _line(self, item: Parsed) -> bytes | None:
        """A line of NDJSON, once ingest's own rules let the mention pass; else its reason goes to the rejects."""
        if item.mention is None:
            self.rejects.add(item.at, item.problem or "cannot be read")
            return None
        try:
            normalise(item.mention, self.order.brand, region=self.region, now=datetime.now(UTC))
        except WeerklankError as error:
            self.rejects.add(item.at, error.detail)
            return None
        return item.mention.model_dump_json(exclude_defaults=True).encode() + b"\n"

    def _depart(self, pool: ThreadPoolExecutor, chunk: _Chunk, flying: "Future[None] | None") -> "Future[None] | None":
        if flying:
            flying.result()
        if not chunk.lines:
            return None
        if self.order.rate:
            time.sleep(max(0.0, self.began + self.departed / self.order.rate - time.monotonic()))
        self.departed += len(chunk.lines)
        return pool.submit(self._send, chunk)

    def _send(self, chunk: _Chunk) -> None:
        taken = self._taken(b"".join(chunk.lines))
        self.accepted += taken["accepted"]
        for reject in taken["rejects"]:
            self.rejects.add(chunk.places[reject["line"] - 1], reject["problem"]["detail"])
        if untold := taken["rejected"] - len(taken["rejects"]):
            raise CommandError(
                f"Ingest rejected {untold} more mentions between {chunk.places[0]} and {chunk.places[-1]} without naming them: "
                "it and this command are of different versions, or the brand book changed meanwhile. Run the import again."
            )

    def _taken(self, body: bytes) -> dict[str, Any]:
        """What ingest made of the lines. Waits and sends them again while it cannot take them. Raises ``CommandError``."""
        params = {"lane": self.order.lane, "import_id": self.import_id, "historic": self.order.historic}
        headers = {"content-type": "application/x-ndjson"}
        path, deadline, pause_s = f"/v1/brands/{self.order.brand}/mentions", time.monotonic() + RETRY_FOR_S, 0.5
        while True:
            why: CommandError
            try:
                answer = self.client.send("ingest", "POST", path, self.order.brand, params=params, headers=headers, content=body)
                if answer.status_code == 422 and "rejects" in answer.json():
                    return {"accepted": 0, "rejected": body.count(b"\n"), "rejects": answer.json()["rejects"]}
                if answer.status_code not in (429, 502, 503, 504):
                    taken: dict[str, Any] = answer_of("ingest", answer)
                    return taken
                pause_s = _retry_after(answer) or pause_s
                why = CommandError(f"ingest answered {answer.status_code}")
            except Refused:
                raise
            except CommandError as error:
                why = error
            if time.monotonic() + pause_s > deadline:
                raise CommandError(
                    f"Gave up after {RETRY_FOR_S:.0f} s of trying again: {str(why).rstrip('.')}. Run the same import again later: what did "
                    "arrive is recognised."
                ) from why
            if self.ending.wait(pause_s):
                raise CommandError("Interrupted. Run the same import again: what did arrive is recognised.") from why
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds to wait, as the answer says. A date instead of seconds counts as not said."""
    said = answer.headers.get("retry-after", "")
    return min(float(said), LONGEST_PAUSE_S) if said.isdecimal() else None


def _follow(client: Client, brand: str, import_id: str, sent: int, progress: Any) -> int:
    """Waits until triage has handled all that was sent, as long as it gets on. Returns how many of the mentions were new.

    A request that was sent twice is in the log twice; ingest counts those of one import, so that they are not taken for known ones.
    """
    task = progress.add_task("handling", total=max(sent, 1), said="")
    seen, moved_at = (-1, -1), time.monotonic()
    while True:
        triage = client.get("triage", f"/v1/brands/{brand}/imports/{import_id}", brand)
        ingest = client.get("ingest", f"/v1/brands/{brand}/imports/{import_id}", brand)
        in_log = ingest["accepted"] + ingest["repeated"]
        progress.update(task, completed=min(triage["received"], sent) if sent else 1, said=f"{triage['received']} handled")
        if triage["received"] >= sent and triage["received"] == in_log:
            known = triage["duplicates"] - ingest["repeated"]
            return int(ingest["accepted"] - known)
        if (triage["received"], in_log) != seen:
            seen, moved_at = (triage["received"], in_log), time.monotonic()
        if time.monotonic() - moved_at > NO_PROGRESS_S:
            raise CommandError(
                f"Everything is in the log, but triage stands still at {triage['received']} of {sent} since {NO_PROGRESS_S:.0f} s: "
                "'weerklank status' shows why. It goes on by itself; nothing needs to be imported again."
            )
        time.sleep(0.1)


def command(client: Client, order: Order) -> None:
    """Imports, and prints the counts as the last line on standard output."""
    counts = run(client, order)
    sys.stdout.write(json.dumps(vars(counts)) + "\n")
