"""``weerklank drill``: play an incident from a recording, to train the team. Only those who take part are told; nothing of it reaches a customer.

In: a recording (JSON lines) and a running stack. Out: what the team does, as it does it; at the end the times and the report. Format of a recording:

    {"recording": 1, "note": …, "title": …, "why": …, "scenario": …, "insight": …, "severity": …}     its first line
    {"offset_s": -60, "author": …, "followers": …, "channel": …, "text": …, "sentiment": …, "engagement": …}     a mention
    {"offset_s": 300, "cue": …}     something that whoever leads the drill tells the team

Offsets are seconds from the moment at which the incident is raised.
"""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cli.client import Client
from cli.errors import FAILED, NOT_FOUND, WRONG, CommandError
from cli.stack.parts import ROOT

RECORDINGS = ROOT / "samples" / "drills"
LOOK_EVERY_S = 1.0
_MOST_BYTES = 8 * 1024 * 1024


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Head(_Line):
    recording: Literal[1]
    note: str = ""
    title: Annotated[str, Field(min_length=1, max_length=200)]
    why: Annotated[str, Field(min_length=1, max_length=2000)]
    scenario: str | None = None
    insight: str | None = None
    severity: Literal["low", "medium", "high", "critical"] = "high"


class Mention(_Line):
    offset_s: int = Field(ge=-86_400, le=86_400)
    author: Annotated[str, Field(min_length=1, max_length=100)]
    followers: int = Field(default=0, ge=0)
    channel: str = "twitter"
    text: Annotated[str, Field(min_length=1, max_length=1000)]
    sentiment: Literal["negative", "neutral", "positive"] = "negative"
    engagement: int = Field(default=0, ge=0)


class Cue(_Line):
    offset_s: int = Field(ge=0, le=86_400)
    cue: Annotated[str, Field(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class Recording:
    """What is played: mentions and cues in the order of their offsets."""

    head: Head
    mentions: list[Mention]
    cues: list[Cue]

    @property
    def seconds(self) -> int:
        """From the moment at which it is raised to the last that it holds."""
        return max([0, *(line.offset_s for line in self.mentions), *(line.offset_s for line in self.cues)])


def read(file: Path | None) -> Recording:
    """The recording in a file; without one the example of a hijacked hashtag. Raises ``CommandError`` that names the line."""
    path = file or RECORDINGS / "hashtag.jsonl"
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise CommandError(f"{path} is larger than {_MOST_BYTES} bytes: a recording has at most 5,000 mentions.", WRONG)
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        raise CommandError(f"There is no file {path}.", NOT_FOUND) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}.", WRONG) from None
    if not lines:
        raise CommandError(f"{path} is empty: a recording begins with its title.", WRONG)
    head = _line(path, 1, lines[0], Head.model_validate_json)
    rest = [_line(path, number, line, _read_line) for number, line in enumerate(lines[1:], 2)]
    mentions = sorted((line for line in rest if isinstance(line, Mention)), key=lambda line: line.offset_s)
    cues = sorted((line for line in rest if isinstance(line, Cue)), key=lambda line: line.offset_s)
    if not 1 <= len(mentions) <= 5000:
        raise CommandError(f"{path} has {len(mentions)} mentions: a recording has 1 to 5,000.", WRONG)
    return Recording(head, mentions, cues)


def _read_line(text: str) -> Mention | Cue:
    said = json.loads(text)
    kind = Cue if isinstance(said, dict) and "cue" in said else Mention
    return kind.model_validate(said)


def _line(path: Path, number: int, text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise CommandError(f"{path}, line {number}: {where}: {first['msg']}.", WRONG) from None
    except ValueError as error:
        raise CommandError(f"{path}, line {number} is no JSON: {error}.", WRONG) from None


def script(recording: Recording) -> Iterator[str]:
    """What would be played, a line each."""
    head = recording.head
    yield f"{head.title} ({head.severity}; {head.insight or 'raised by hand'})"
    yield head.why
    yield ""
    lines: list[Mention | Cue] = [*recording.mentions, *recording.cues]
    for line in sorted(lines, key=lambda line: (line.offset_s, isinstance(line, Mention))):
        if isinstance(line, Cue):
            yield f"{_offset(line.offset_s)}  >> {line.cue}"
        else:
            yield f"{_offset(line.offset_s)}  {line.author} ({line.followers}, {line.channel}, {line.sentiment}): {_shown(line.text)}"
    if head.note:
        yield ""
        yield head.note


def _offset(seconds: float) -> str:
    sign, seconds = ("-" if seconds < 0 else "+"), abs(int(seconds))
    return f"{sign}{seconds // 60:02d}:{seconds % 60:02d}"


def _shown(text: str) -> str:
    """On one line, and without anything that a terminal would take for a command."""
    return "".join(char if char.isprintable() else " " for char in text)


# --- playing ----------------------------------------------------------------------------------------------------------------------------


def run(client: Client, brand: str, recording: Recording, *, to: list[str], speed: float, seconds: float | None, as_json: bool) -> int:
    """Play it on a running stack until it is over, somebody closes it, or Ctrl-C; then close it and print the report. Returns the exit code."""
    hub = client.get("routing", f"/v1/brands/{brand}/hub", brand)
    chosen = _scenario(hub, recording.head)
    people = to or (chosen["tell"] if chosen else [member["id"] for member in hub["members"]])
    if not people:
        raise CommandError("Nobody takes part: name members of the hub or of the team with --to.", WRONG)
    body = {
        "title": recording.head.title,
        "why": recording.head.why,
        "scenario": chosen["id"] if chosen else None,
        "insight": recording.head.insight,
        "severity": recording.head.severity,
        "take_part": people,
        "speed": speed,
        "mentions": [mention.model_dump() for mention in recording.mentions],
    }
    begun = client.call("routing", "POST", f"/v1/brands/{brand}/drills", brand, role="lead", json=body)
    incident_id = begun["incident"]["id"]
    _say(f"Drill {incident_id}: {recording.head.title}. Told: {', '.join(told['who'] for told in begun['incident']['told'])}.")
    with _until_interrupted() as is_over:
        _watch(client, brand, incident_id, recording, speed, seconds, is_over)
    return _end(client, brand, incident_id, as_json=as_json)


def _scenario(hub: dict[str, Any], head: Head) -> dict[str, Any] | None:
    """The brand's scenario of that name, or the first that is for such an insight."""
    scenarios: list[dict[str, Any]] = hub["scenarios"]
    named = next((one for one in scenarios if one["id"] == head.scenario), None)
    return named or next((one for one in scenarios if head.insight and head.insight in _words(one["when"].get("insight"))), None)


def _words(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


@contextmanager
def _until_interrupted() -> Iterator[Callable[[], bool]]:
    """Whether somebody pressed Ctrl-C, or ended this: the drill is closed then, and not left behind."""
    asked: list[int] = []
    before = {number: signal.signal(number, lambda number, _: asked.append(number)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(
    client: Client, brand: str, incident_id: str, recording: Recording, speed: float, seconds: float | None, is_over: Callable[[], bool]
) -> None:
    """Say what the team does, and each cue when its time comes."""
    started, cues, seen = time.monotonic(), list(recording.cues), 0
    lasts = recording.seconds / speed + LOOK_EVERY_S if seconds is None else seconds
    while not is_over():
        passed = time.monotonic() - started
        while cues and cues[0].offset_s <= passed * speed:
            _say(f"{_offset(passed)}  >> {cues.pop(0).cue}")
        rows = list(client.items("routing", f"/v1/brands/{brand}/incidents/{incident_id}/timeline", brand, params={"limit": 500}))
        for row in rows[seen:]:
            _say(f"{_offset(passed)}  {row['what']} by {row['actor']}{_why(row['detail'])}")
        seen = len(rows)
        if rows[-1]["what"] == "closed" or passed >= lasts:
            return
        time.sleep(LOOK_EVERY_S)


def _why(detail: dict[str, Any]) -> str:
    said = [f"{key}: {detail[key]}" for key in ("why", "who", "missing", "told", "roles") if detail.get(key)]
    return f" ({_shown('; '.join(said))})" if said else ""


def _end(client: Client, brand: str, incident_id: str, *, as_json: bool) -> int:
    path = f"/v1/brands/{brand}/incidents/{incident_id}"
    room = client.get("routing", path, brand)
    if room["incident"]["state"] != "closed":
        client.call(
            "routing",
            "POST",
            f"{path}/close",
            brand,
            role="lead",
            json={"why": "The drill has ended."},
            headers={"if-match": f'"{room["revision"]}"'},
        )
    report = client.get("routing", f"{path}/report", brand)
    if as_json:
        sys.stdout.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    else:
        answer = client.send("routing", "GET", f"{path}/report.md", brand)
        sys.stdout.write("\n" + answer.text)
    return 0 if report["incident"]["state"] == "closed" else FAILED


def _say(line: str) -> None:
    """As it happens, so beside the report: that may go into a file."""
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")
    sys.stderr.flush()


def dry(recording: Recording) -> None:
    """Only print the script."""
    for line in script(recording):
        sys.stdout.write(line + "\n")
