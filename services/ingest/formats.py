"""Files that people have: CSV, JSON lines, mails and mailboxes. A path reaches this module, one `Parsed` for each message leaves it, in bounded memory.

Used by the command line, which sends what comes out to `POST /v1/brands/{brand}/mentions` as NDJSON. Nothing here knows a brand.
"""

import codecs
import csv
import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

import orjson
from pydantic import ValidationError

from services.ingest.mail import MAX_MAIL_BYTES, Unreadable, read_mail, read_mbox
from services.ingest.mention import MAX_TEXT, MentionIn, clean, field_problems

log = logging.getLogger(__name__)

Format = Literal["csv", "jsonl", "eml", "mbox"]
FORMATS: tuple[Format, ...] = get_args(Format)
MAX_LINE_BYTES = 1024 * 1024
MAX_DATE = 100
"""Characters: a longer date is none, and would take long to look at."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "content", "message", "body", "review", "review_text", "tweet", "comment", "bericht", "tekst", "inhoud"),
    "posted_at": ("posted_at", "created_at", "tweet_created", "created", "date", "datetime", "timestamp", "time", "datum", "tijdstip"),
    "external_id": ("external_id", "id", "tweet_id", "message_id", "review_id", "post_id", "id_str"),
    "author": ("author", "handle", "username", "user", "screen_name", "author_id", "auteur", "gebruiker"),
    "author_name": ("author_name", "name", "full_name", "naam"),
    "email": ("email", "e-mail", "mail", "from", "email_address"),
    "phone": ("phone", "telephone", "mobile", "telefoon"),
    "followers": ("followers", "followers_count", "volgers"),
    "title": ("title", "subject", "onderwerp", "titel"),
    "url": ("url", "link", "permalink"),
    "kind": ("kind",),
    "channel": ("channel", "kanaal"),
    "visibility": ("visibility",),
    "thread": ("thread", "thread_id", "conversation_id"),
    "in_reply_to": ("in_reply_to", "in_response_to_tweet_id", "in_reply_to_status_id"),
    "likes": ("likes", "like_count", "favorite_count"),
    "shares": ("shares", "retweet_count", "share_count"),
    "replies": ("replies", "reply_count"),
}
"""Every field that a column can be mapped to (`--map field=column`), and the names by which it is found when nobody says."""

_COUNTS = {"likes", "shares", "replies"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """One message of a file: either a mention, or why there is none. `at` is where it stands: `line 12`, or a file's name.

    `automatic`: a mail that says of itself that no person wrote it.
    """

    at: str
    mention: MentionIn | None = None
    problem: str | None = None
    automatic: bool = False


class Unmapped(ValueError):
    """The file's columns and the mapping do not fit; the text says which, and what to do."""


def format_of(path: Path) -> Format:
    """The format that a name or a folder suggests. Raises `Unmapped` when it suggests none."""
    if path.is_dir():
        return "eml"
    suffix = path.suffix.lower().lstrip(".")
    known = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "eml": "eml", "mbox": "mbox", "mbx": "mbox"}
    if suffix not in known:
        raise Unmapped(f"The name of {path.name!r} does not tell what it is: say --format {', '.join(FORMATS)}.")
    return cast(Format, known[suffix])


def parse(
    path: Path,
    format: Format,
    channel: str | None = None,
    mapping: Mapping[str, str] | None = None,
    *,
    zone: tzinfo = UTC,
) -> Iterator[Parsed]:
    """The messages of a file, in order, one at a time in memory. For `eml` the path may be a folder of such files.

    `channel` is that of messages that name none themselves (default: email for mail, import for the rest). `mapping` says which column, or dotted
    path in JSON, holds which of `FIELDS`; what it leaves out is found by name. `zone` is the time zone of times that tell none.

    Raises `Unmapped` before the first message when text or posted_at cannot be found, and OSError.
    """
    if unknown := set(mapping or {}) - FIELDS.keys():
        raise Unmapped(f"There is no field {', '.join(sorted(unknown))}. There are: {', '.join(FIELDS)}.")
    if format == "csv":
        return _csv(path, channel or "import", dict(mapping or {}), zone)
    if format == "jsonl":
        return _jsonl(path, channel or "import", dict(mapping or {}), zone)
    if format == "mbox":
        return _mbox(path, channel or "email")
    return _eml(path, channel or "email")


# --- columns ------------------------------------------------------------------------------------------------------------------------


def _csv(path: Path, channel: str, mapping: dict[str, str], zone: tzinfo) -> Iterator[Parsed]:
    # A mail in a cell is longer than the module's own limit of 128 KiB; a quote that nobody closed still ends somewhere.
    csv.field_size_limit(MAX_LINE_BYTES)
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
        header = file.readline(MAX_LINE_BYTES)
        file.seek(0)
        rows = csv.reader(file, delimiter=delimiter_of(header))
        try:
            columns = [column.strip() for column in next(rows, [])]
        except csv.Error as error:
            raise Unmapped(
                f"The line with the columns' names cannot be read: {error}. Is there a quote in it that nobody closed?"
            ) from error
        chosen = _columns(columns, mapping)
        while True:
            at = f"line {rows.line_num + 1}"
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield Parsed(at, problem=f"The row cannot be read: {error}.")
                continue
            if row is None:
                return
            if not any(row):
                continue
            values = dict(zip(columns, row, strict=False))
            yield _parsed(at, {field: values.get(column, "") for field, column in chosen.items()}, channel, zone)


def csv_columns(path: Path, mapping: Mapping[str, str] | None = None) -> tuple[dict[str, str], list[str]]:
    """How a CSV file will be read: field → column, and the columns that nothing is taken from. Raises `Unmapped` and OSError."""
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
        header = file.readline(MAX_LINE_BYTES)
    columns = [column.strip() for column in next(csv.reader([header], delimiter=delimiter_of(header)), [])]
    chosen = _columns(columns, mapping or {})
    return chosen, [column for column in columns if column not in chosen.values()]


def encoding_of(path: Path) -> str:
    """UTF-8 or UTF-16 with a byte order mark, UTF-8, or else the superset of Latin-1 that Windows writes. Reads the file once, in pieces."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(3)
        if start.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        piece = start
        try:
            while piece:
                decoder.decode(piece)
                piece = file.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def delimiter_of(header: str) -> str:
    """What separates the columns of a header line. The rest of the file says less: people write commas and semicolons."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=bare.count)


def _columns(columns: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Field → column: as told, else by name without regard to case. Raises `Unmapped`."""
    if missing := [column for column in mapping.values() if column not in columns]:
        raise Unmapped(f"There is no column {', '.join(missing)}. There are: {', '.join(columns)[:500]}.")
    by_name = {column.lower().replace(" ", "_"): column for column in reversed(columns)}
    taken = set(mapping.values())
    chosen = dict(mapping)
    for field, names in FIELDS.items():
        found = next((by_name[name] for name in names if name in by_name and by_name[name] not in taken), None)
        if field not in chosen and found is not None:
            chosen[field] = found
            taken.add(found)
    for field in ("text", "posted_at"):
        if field not in chosen:
            raise Unmapped(f"No column looks like {field}: say --map {field}=<column>. There are: {', '.join(columns)[:500]}.")
    return chosen


def _parsed(at: str, values: Mapping[str, Any], default_channel: str, zone: tzinfo) -> Parsed:
    """A mention from the values of its fields: text, or what JSON gave."""
    try:
        given = _given(values, default_channel, zone)
    except ValueError as error:
        return Parsed(at, problem=str(error))
    return _mention(at, given)


def _given(values: Mapping[str, Any], default_channel: str, zone: tzinfo) -> dict[str, Any]:
    said = {field: clean(str(value)).strip() for field, value in values.items() if value is not None and str(value).strip()}
    channel = said.get("channel", default_channel)
    posted_at = moment(said.get("posted_at", ""), zone)
    identities: list[dict[str, str]] = []
    if "email" in said:
        identities.append({"kind": "email", "value": said["email"]})
    if "author" in said:
        identities.append({"kind": "handle", "value": said["author"]})
    if "phone" in said:
        identities.append({"kind": "phone", "value": said["phone"]})
    if not identities:
        # Nobody knows who wrote it, so nothing may make two such messages one person's.
        own = said.get("external_id") or hashlib.sha256(f"{posted_at.isoformat()}\x1f{said.get('text', '')}".encode()).hexdigest()
        identities.append({"kind": "id", "value": f"unknown:{own}"})
    given: dict[str, Any] = {
        "channel": channel,
        "author": {"name": said.get("author_name") or said.get("author"), "identities": identities},
        "text": said.get("text", "")[:MAX_TEXT],
        "posted_at": posted_at,
        "kind": said.get("kind") or {"email": "mail", "review": "review"}.get(channel, "reply" if "in_reply_to" in said else "post"),
        "engagement": {field: _whole(said[field]) for field in _COUNTS & said.keys()},
    }
    if "followers" in said:
        given["author"]["followers"] = _whole(said["followers"])
    if "thread" in said or "in_reply_to" in said:
        given["thread"] = {"id": said.get("thread", said.get("in_reply_to")), "in_reply_to": said.get("in_reply_to")}
    return given | {field: said[field] for field in ("external_id", "title", "url", "visibility") if field in said}


def _whole(value: str) -> int:
    """Raises ValueError, like the rest: 12 and 12.0 are whole, nothing else is."""
    if not re.fullmatch(r"\d{1,12}(\.0+)?", value):
        raise ValueError("likes, shares, replies and followers must be whole numbers.")
    return int(value.partition(".")[0])


def moment(value: str, zone: tzinfo) -> datetime:
    """A moment as files write it: ISO 8601, a mail's or a tweet's date, day-month-year, or seconds or milliseconds since 1970.

    One without an offset is in `zone`. Raises ValueError.
    """
    value = value.strip()
    if len(value) > MAX_DATE:
        value = ""
    if re.fullmatch(r"\d{9,10}(\.\d+)?|\d{12,13}", value):
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    found: datetime | None = None
    with suppress(ValueError):
        # Python takes any character between day and hour, digits too.
        found = datetime.fromisoformat(
            "" if re.match(r"\d{9}", value) else re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$)|\s+(?=Z$)|\s*(?:UTC|GMT)$", "", value)
        )
    if found is None and (parts := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", value)):
        day, month, year, hour, minute, second = (int(part or 0) for part in parts.groups())
        with suppress(ValueError):
            found = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  # its zone follows
    if found is None and re.search(r"[A-Za-z]{3}", value):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            found = parsedate_to_datetime(value)
    if found is None:
        raise ValueError(
            "posted_at is no date that is read here. Write it as 2026-03-31 14:05 or 31-03-2026 14:05, with +02:00 if you can."
        )
    return found if found.tzinfo else found.replace(tzinfo=zone)


# --- JSON lines ---------------------------------------------------------------------------------------------------------------------


def _jsonl(path: Path, channel: str, mapping: dict[str, str], zone: tzinfo) -> Iterator[Parsed]:
    with path.open("rb") as file:
        for number, line in _lines(file):
            at = f"line {number}"
            if line is None:
                yield Parsed(at, problem=f"The line is longer than {MAX_LINE_BYTES} bytes.")
                continue
            line = line.removeprefix(codecs.BOM_UTF8).strip() if number == 1 else line.strip()
            if not line:
                continue
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                yield Parsed(at, problem="The line is not valid JSON in UTF-8.")
                continue
            if not isinstance(value, dict):
                yield Parsed(at, problem="The line is no JSON object.")
            elif mapping:
                yield _parsed(at, {field: _at(value, where) for field, where in mapping.items()}, channel, zone)
            else:
                yield _mention(at, {"channel": channel} | value)


def _mention(at: str, value: dict[str, Any]) -> Parsed:
    try:
        return Parsed(at, MentionIn.model_validate(value))
    except ValidationError as error:
        first = field_problems(error)[0]
        return Parsed(at, problem=f"{first['field']}: {first['message']}".lstrip(": "))


def _at(value: object, where: str) -> object:
    for name in where.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _lines(file: Any) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their numbers; None for one that is too long."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) <= MAX_LINE_BYTES:
            yield number, line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)
        yield number, None


# --- mail ---------------------------------------------------------------------------------------------------------------------------


def _eml(path: Path, channel: str) -> Iterator[Parsed]:
    for file in sorted(path.glob("*.eml")) if path.is_dir() else [path]:
        with file.open("rb") as opened:
            raw = opened.read(MAX_MAIL_BYTES + 1)
        arrived_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        yield _mail(file.name, raw, channel, arrived_at)


def _mbox(path: Path, channel: str) -> Iterator[Parsed]:
    modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    with path.open("rb") as file:
        found = False
        for boxed in read_mbox(iter(lambda: file.readline(MAX_LINE_BYTES), b"")):
            found = True
            at = f"line {boxed.line}"
            if boxed.raw is None:
                yield Parsed(at, problem=f"The mail is larger than {MAX_MAIL_BYTES // 1024 // 1024} MiB.")
            else:
                yield _mail(at, boxed.raw, channel, boxed.arrived_at or modified_at)
        if not found and path.stat().st_size:
            yield Parsed("line 1", problem="This is no mailbox: no line begins with 'From '.")


def _mail(at: str, raw: bytes, channel: str, arrived_at: datetime) -> Parsed:
    try:
        mail = read_mail(raw, channel=channel, arrived_at=arrived_at, now=datetime.now(UTC))
    except Unreadable as error:
        return Parsed(at, problem=str(error))
    except Exception as error:  # noqa: BLE001  # Python's own parser fails in ways that nobody has listed; that costs this mail, not the rest
        log.warning("a mail could not be read", extra={"error": type(error).__name__})
        return Parsed(at, problem=f"The mail cannot be read ({type(error).__name__}).")
    return Parsed(at, mail.mention, automatic=mail.automatic)
