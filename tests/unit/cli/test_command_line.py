"""What the command line decides without a running stack: exit codes, one-sentence errors, counts, rejects, and what it prints."""

import contextlib
import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import dead, importing, main, samples, tour
from cli import status as statuses
from cli import trace as traces
from cli.client import Client, known_brands, remember_brand
from cli.errors import NOT_FOUND, NOTHING_RUNS, WRONG, CommandError, Refused
from cli.importing import Order
from cli.stack import keys
from libs.common.auth import ROLES
from libs.common.bookfile import load_book
from services.ingest.mention import MentionIn
from tests.stack import environment, free_port

ROOT = Path(__file__).parents[3]


def weerklank(*arguments: str | Path, cwd: Path = ROOT, stdin: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    """Runs the real command in a process of its own, without this machine's settings."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *map(str, arguments)],
        cwd=cwd,
        env=environment(PYTHONPATH=str(ROOT), **variables),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


COMMANDS = (
    "up",
    "down",
    "status",
    "apply",
    "import",
    "duplicates",
    "trace",
    "token",
    "dead",
    "topics",
    "dead list",
    "dead show",
    "dead replay",
    "dead drop",
    "dead resume",
    "topics reset",
    "book history",
    "book show",
    "book diff",
    "book rollback",
    "secret set",
    "secret list",
    "secret remove",
    "brand new",
)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(main.app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.output


def test_help_loads_neither_kafka_nor_the_database_nor_http() -> None:
    program = (
        "import sys; from cli import main; from typer.testing import CliRunner; CliRunner().invoke(main.app, ['--help']); "
        "print([name for name in ('aiokafka', 'asyncpg', 'httpx', 'pydantic', 'fastapi', 'rich', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_it_says_which_version_it_is() -> None:
    done = weerklank("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("weerklank")


def test_the_roles_in_the_help_are_those_of_the_services() -> None:
    assert main.ROLES.replace(" or ", ", ").split(", ") == list(ROLES)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["status"], 3, "Nothing runs"),
        (["down"], 3, "No stack was ever started"),
        (["apply", "missing.yaml"], 2, "missing.yaml can't be read"),
        (["apply", ROOT / "samples/vaart.yaml"], 3, "No routing runs"),
        (["import", ROOT / "samples/mentions.jsonl", "--brand", "vaart"], 3, "No ingest runs"),
        (["import", "missing.csv", "--brand", "vaart"], 2, "There is no missing.csv"),
        (["import", ROOT / "pyproject.toml", "--brand", "vaart"], 2, "say --format"),
        (["import", ROOT / "samples/mentions.jsonl", "--brand", "vaart", "--format", "xml"], 2, "none of csv, jsonl, eml, mbox"),
        (["import", ROOT / "samples/mentions.jsonl", "--brand", "vaart", "--map", "text"], 2, "is not field=column"),
        (["import", ROOT / "samples/mentions.jsonl"], 2, "--brand"),
        (["trace", "no-id", "--brand", "vaart"], 2, "is not a mention's id"),
        (["trace", "0b5e1a52-0000-5000-8000-000000000000"], 2, "Say which brand"),
        (["trace", "0b5e1a52-0000-5000-8000-000000000000", "--brand", "vaart"], 3, "No ingest runs"),
        (["demo", "--storm"], 3, "No routing runs"),
        (["demo", "--storm", "--speed", "0"], 2, "is not between 0.1 and 60"),
        (["token", "--role", "king", "--brand", "vaart"], 2, "There is no role 'king'"),
        (["token", "--role", "agent", "--brand", "vaart"], 1, "start the stack once"),
        (["dead", "resume"], 2, "--service"),
        (["dead", "list", "--brand", "vaart", "--service", "billing"], 2, "There is no service 'billing'"),
        (["topics", "reset", "triage", "weerklank.mentions.v1", "0", "--to", "middle"], 2, "none of start, end or an offset"),
        (["topics", "--create"], 3, "No Kafka runs"),
        (["up", "--base-port", "99999"], 1, "--base-port 99999 is out of range"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_an_error_is_one_sentence_on_standard_error_with_its_own_exit_code(
    tmp_path: Path, arguments: list[str | Path], code: int, said: str
) -> None:
    done = weerklank(*arguments, cwd=tmp_path, WEERKLANK_DATA_DIR=str(tmp_path / "data"))
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_brand_book_is_refused_with_the_line_of_every_problem(tmp_path: Path) -> None:
    book = tmp_path / "wrong.yaml"
    book.write_text("brand: Not A Slug\nname: Wrong\nlanguages: [nl]\ncolour: red\n")
    done = weerklank("apply", book, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{book}:1: brand" in done.stderr
    assert f"{book}:4: colour" in done.stderr


def test_a_valid_brand_book_can_be_checked_without_a_stack(tmp_path: Path) -> None:
    done = weerklank("apply", ROOT / "samples/vaart.yaml", "--dry-run", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "vaart: valid. Nothing runs here to compare it with.\n"), done.stderr


def test_status_as_json_says_that_nothing_runs(tmp_path: Path) -> None:
    done = weerklank("status", "--json", "--data-dir", tmp_path / "data")
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert (found["status"], found["healthy"], found["parts"]) == ("stopped", False, {})


def test_a_token_holds_what_was_asked_and_nothing_else_is_printed(tmp_path: Path) -> None:
    keys.ensure(tmp_path)
    done = weerklank(
        "token", "--role", "lead", "--brand", "vaart", "--brand", "other", "--subject", "mk", "--hours", "2", "--data-dir", tmp_path
    )
    assert done.returncode == 0, done.stderr
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert (claims["role"], claims["brands"], claims["sub"]) == ("lead", ["vaart", "other"], "mk")
    assert claims["exp"] - claims["iat"] == 2 * 3600


def test_topics_lists_the_registry_and_a_brands_partitions() -> None:
    rows = json.loads(weerklank("topics", "--json", "--brand", "vaart").stdout)
    triaged = next(row for row in rows if row["topic"] == "weerklank.triaged.v1")
    assert (triaged["producer"], triaged["consumers"], triaged["retention_hours"]) == ("triage", ["routing", "analytics"], 168)
    assert len(triaged["brand_partitions"]) == 4
    assert next(row for row in rows if row["topic"] == "weerklank.brands.v1")["retention_hours"] is None


def test_applied_brands_are_remembered_once_and_in_order(tmp_path: Path) -> None:
    assert known_brands(tmp_path / "new") == []
    for brand in ("vaart", "other", "vaart"):
        remember_brand(tmp_path / "new", brand)
    assert known_brands(tmp_path / "new") == ["vaart", "other"]


def test_memory_of_a_process_is_known_and_that_of_none_is_not() -> None:
    assert (statuses.memory_bytes(os.getpid()) or 0) > 1 << 20
    assert statuses.memory_bytes(2**22 + 1) is None


# --- services elsewhere: a real HTTP server that answers as a test says -------------------------------------------------------------

Answering = Callable[[str, str, bytes], tuple[int, dict[str, str], Any]]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Answering], tuple[Client, list[tuple[str, str]]]]]:
    """Give it a function (method, path, body) → (status, headers, answer); it returns a client and the list of requests."""
    servers: list[ThreadingHTTPServer] = []

    def start(answering: Answering) -> tuple[Client, list[tuple[str, str]]]:
        seen: list[tuple[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                seen.append((self.command, self.path))
                status, headers, said = answering(self.command, self.path, body)
                encoded = json.dumps(said).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(encoded))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(encoded)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_: object) -> None:
                """Tests read what they need from `seen`."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        names = ("INGEST", "TRIAGE", "ROUTING", "RESPONDER", "ANALYTICS")
        told = {**{f"WEERKLANK_URL_{name}": url + "/" for name in names}, "WEERKLANK_TOKEN": "told"}
        return Client(Path("/nonexistent"), told), seen

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


BOOK = {"book": {"timezone": "Europe/Amsterdam", "hours": {"holidays": {"country": "NL"}}}}


class Ingest:
    """Counts what it is sent as ingest and triage do, and fails the first `failing` requests."""

    def __init__(self, *answers: tuple[int, dict[str, str]]) -> None:
        self.failing = list(answers)
        self.lines: list[bytes] = []
        self.bodies: list[int] = []

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], Any]:
        if path.endswith("/book"):
            return 200, {}, BOOK
        if "/imports/" in path:
            distinct, all_lines = len(set(self.lines)), len(self.lines)
            # Ingest's answer and triage's in one: nobody minds the other's fields.
            return (
                200,
                {},
                {"accepted": distinct, "repeated": all_lines - distinct, "received": all_lines, "duplicates": all_lines - distinct},
            )
        if self.failing:
            status, headers = self.failing.pop(0)
            return status, headers, {"detail": "not now"}
        lines = body.splitlines()
        self.bodies.append(len(lines))
        self.lines += lines
        return 202, {}, {"accepted": len(lines), "duplicates": 0, "rejected": 0, "lines": len(lines), "rejects": []}


class SetAside:
    """One event of a key that cannot be decoded, and one that waits behind it; the first can be dropped."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        common = {"topic": "weerklank.mentions.v1", "key": "vaart/handle:forum:noor", "partition": 3, "created_at": "2026-03-01T11:00:00Z"}
        self.letters = [
            common | {"id": 1, "offset": 7, "event_id": None, "event_type": None, "standing": "dead", "reason": "not JSON"},
            common | {"id": 2, "offset": 9, "event_id": "a", "event_type": "b.v1", "standing": "parked", "reason": "behind offset 7"},
        ]

    def __call__(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], Any]:
        if method == "GET":
            return 200, {}, {"items": self.letters, "next": None}
        self.asked.append((path, json.loads(body)))
        del self.letters[0]
        return 200, {}, {"dropped": 1}


def drop(client: Client, monkeypatch: pytest.MonkeyPatch, *arguments: str, answers: str = "") -> Any:
    monkeypatch.setattr(main, "_client", lambda _: contextlib.nullcontext(client))
    key = ("--key", "vaart/handle:forum:noor")
    return CliRunner().invoke(
        main.app, ["dead", "drop", "--service", "triage", "--topic", "weerklank.mentions.v1", *key, "--partition", "3", *arguments], answers
    )


def test_an_event_that_can_never_be_handled_is_dropped_once_somebody_said_so(elsewhere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = SetAside()
    client, _ = elsewhere(aside)
    refused = drop(client, monkeypatch, "--offset", "7", answers="n\n")
    assert (refused.exit_code, aside.asked) == (1, [])
    assert "vaart/handle:forum:noor at weerklank.mentions.v1 3/7 (not JSON)" in refused.output
    done = drop(client, monkeypatch, "--offset", "7", "--brand", "vaart", answers="y\n")
    assert done.exit_code == 0, done.output
    place = {"topic": "weerklank.mentions.v1", "key": "vaart/handle:forum:noor", "partition": 3, "offset": 7}
    assert aside.asked == [("/v1/brands/vaart/dead-letters/drop", place)]
    assert "dropped: triage: an event of no known type of vaart/handle:forum:noor at weerklank.mentions.v1 3/7 (not JSON)" in done.output
    assert "1 more of vaart/handle:forum:noor set aside: 'weerklank dead replay'" in done.output


def test_an_operator_who_says_yes_is_not_asked(elsewhere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = SetAside()
    client, _ = elsewhere(aside)
    assert drop(client, monkeypatch, "--offset", "7", "--yes").exit_code == 0
    assert [path for path, _ in aside.asked] == ["/v1/brands/*/dead-letters/drop"]


def test_nothing_is_dropped_where_nothing_is_set_aside(elsewhere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aside = SetAside()
    client, _ = elsewhere(aside)
    done = drop(client, monkeypatch, "--offset", "8", "--yes")
    assert isinstance(done.exception, CommandError)
    assert (done.exception.code, aside.asked) == (NOT_FOUND, [])


def test_what_the_others_set_aside_is_listed_where_one_service_is_silent(
    elsewhere: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client, _ = elsewhere(SetAside())
    url = client.url
    monkeypatch.setattr(client, "url", lambda service: f"http://127.0.0.1:{free_port()}" if service == "routing" else url(service))
    code = dead.show_list(client, None, None, None, None, as_json=False)
    said = capsys.readouterr()
    assert (code, said.out.count("not JSON")) == (1, 4)
    assert said.err.startswith("routing is missing here: routing at http://127.0.0.1:")
    assert len(said.err.splitlines()) == 1
    assert dead.show_list(client, None, None, "no.such.topic", None, as_json=False) == 1
    assert capsys.readouterr().out == "Nothing is set aside in ingest, triage, responder, analytics.\n"
    assert dead.show_list(client, "triage", None, None, None, as_json=True) == 0
    with pytest.raises(CommandError, match=r"routing at .* does not answer"):
        dead.show_list(client, "routing", None, None, None, as_json=False)


def test_what_the_others_set_aside_is_replayed_where_one_service_is_silent(
    elsewhere: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answering(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], Any]:
        return SetAside()(method, path, body) if method == "GET" else (200, {}, {"replayed": 2})

    client, _ = elsewhere(answering)
    url = client.url
    monkeypatch.setattr(client, "url", lambda service: f"http://127.0.0.1:{free_port()}" if service == "ingest" else url(service))
    assert dead.replay(client, None, None, None, None) == 1
    said = capsys.readouterr()
    assert said.out.count("2 handled") == 4
    assert said.err.startswith("ingest is missing here: ")


def csv_file(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(["text;datum;id;auteur", *rows, ""]))
    return path


def test_an_import_counts_every_row_and_keeps_the_bad_ones_with_their_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        "Goed;31-03-2026 14:05;1;a",
        ";31-03-2026 14:05;2;b",
        '"Meer\nregels";geen;3;c',
        "Later;01-01-2999;4;d",
        "Ook goed;31-03-2026 14:05;5;e",
    ]
    client, _ = elsewhere(Ingest())
    counts = importing.run(client, Order(csv_file(tmp_path / "x.csv", rows), "vaart", "review"))
    assert (counts.read, counts.accepted, counts.duplicates, counts.rejected) == (5, 2, 0, 3)
    assert counts.rejects_file is not None
    assert Path(counts.rejects_file).stat().st_mode & 0o777 == 0o600
    with Path(counts.rejects_file).open(newline="") as file:
        kept = list(csv.DictReader(file))
    assert [(row["at"], row["text"]) for row in kept] == [("line 3", ""), ("line 4", "Meer\nregels"), ("line 6", "Later")]
    assert [row["problem"].split()[0] for row in kept] == ["Value", "posted_at", "posted_at"]


def test_a_time_without_a_zone_is_the_brands(tmp_path: Path, elsewhere: Any) -> None:
    ingest = Ingest()
    client, _ = elsewhere(ingest)
    importing.run(client, Order(csv_file(tmp_path / "x.csv", ["Goed;31-03-2026 14:05;1;a"]), "vaart"))
    assert MentionIn.model_validate_json(ingest.lines[0]).posted_at == datetime(2026, 3, 31, 12, 5, tzinfo=UTC)


def test_rows_that_are_twice_in_the_file_are_duplicates(tmp_path: Path, elsewhere: Any) -> None:
    client, _ = elsewhere(Ingest())
    counts = importing.run(client, Order(csv_file(tmp_path / "x.csv", ["Goed;31-03-2026 14:05;1;a"] * 3), "vaart"))
    assert (counts.read, counts.accepted, counts.duplicates, counts.rejected, counts.rejects_file) == (3, 1, 2, 0, None)


def test_ingest_that_has_no_room_is_asked_again_when_it_says(tmp_path: Path, elsewhere: Any) -> None:
    client, seen = elsewhere(Ingest((429, {"retry-after": "1"}), (503, {})))
    began = datetime.now(UTC)
    counts = importing.run(client, Order(csv_file(tmp_path / "x.csv", ["Goed;31-03-2026 14:05;1;a"]), "vaart"))
    assert counts.accepted == 1
    assert sum(method == "POST" for method, _ in seen) == 3
    assert datetime.now(UTC) - began >= timedelta(seconds=1.4)


def test_a_refusal_ends_the_import_at_once_with_the_services_own_words(tmp_path: Path, elsewhere: Any) -> None:
    client, seen = elsewhere(Ingest((413, {}), (413, {})))
    with pytest.raises(Refused, match="ingest: not now"):
        importing.run(client, Order(csv_file(tmp_path / "x.csv", ["Goed;31-03-2026 14:05;1;a"]), "vaart"))
    assert sum(method == "POST" for method, _ in seen) == 1


def test_large_files_travel_in_bounded_chunks_and_a_rate_is_kept(tmp_path: Path, elsewhere: Any) -> None:
    rows = [f"Regel {number};31-03-2026 14:05;{number};a" for number in range(2300)]
    ingest = Ingest()
    client, _ = elsewhere(ingest)
    assert importing.run(client, Order(csv_file(tmp_path / "x.csv", rows), "vaart")).accepted == 2300
    assert ingest.bodies == [1000, 1000, 300]

    slow = Ingest()
    client, _ = elsewhere(slow)
    began = datetime.now(UTC)
    importing.run(client, Order(csv_file(tmp_path / "y.csv", rows[:60]), "vaart", rate=20))
    assert slow.bodies == [20, 20, 20]
    assert datetime.now(UTC) - began >= timedelta(seconds=1.9)


def test_lane_history_and_import_id_travel_with_every_chunk(tmp_path: Path, elsewhere: Any) -> None:
    client, seen = elsewhere(Ingest())
    counts = importing.run(client, Order(csv_file(tmp_path / "My Export!.csv", ["Goed;31-03-2026 14:05;1;a"]), "vaart", historic=True))
    posted = next(path for method, path in seen if method == "POST")
    assert counts.import_id.startswith("My-Export-")
    assert f"lane=bulk&import_id={counts.import_id}&historic=true" in posted


def test_a_column_that_is_not_there_is_named(tmp_path: Path, elsewhere: Any) -> None:
    client, _ = elsewhere(Ingest())
    with pytest.raises(CommandError, match="There is no column Tekst") as raised:
        importing.run(client, Order(csv_file(tmp_path / "x.csv", []), "vaart", mapping={"text": "Tekst"}))
    assert raised.value.code == WRONG


@pytest.mark.parametrize(
    ("channel", "says"),
    [("twiter", "slip of 'twitter'"), ("E-mail", "slip of 'email'"), ("Whats app", "no name of a channel"), ("", "no name of a channel")],
)
def test_a_slip_in_the_channels_name_is_refused_before_anything_is_sent(tmp_path: Path, elsewhere: Any, channel: str, says: str) -> None:
    client, seen = elsewhere(Ingest())
    with pytest.raises(CommandError, match=says) as raised:
        importing.run(client, Order(csv_file(tmp_path / "x.csv", ["Goed;31-03-2026 14:05;1;a"]), "vaart", channel=channel))
    assert raised.value.code == WRONG
    assert seen == []


@pytest.mark.parametrize(
    "channel", ["x", "twitter", "klantenpanel", "Trustpilot", "google-ads", "tiktok_ads", "email-nl", "reviews-nl", "forum2", "sms2"]
)
def test_a_channel_of_ones_own_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: Any, channel: str) -> None:
    monkeypatch.chdir(tmp_path)
    client, _ = elsewhere(Ingest())
    rows = csv_file(tmp_path / "x.csv", ["Goed;31-03-2026 14:05;1;a"])
    assert importing.run(client, Order(rows, "vaart", channel=channel)).accepted == 1


def test_a_trail_is_merged_by_time_and_says_which_service_was_silent(elsewhere: Any) -> None:
    at = {"ingest": "2026-11-22T10:00:00.000002Z", "triage": "2026-11-22T10:00:00Z"}

    def answering(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], Any]:
        asked = next(names)
        if asked not in at:
            return (503, {}, {"detail": "no database"}) if asked == "routing" else (404, {}, {"detail": "unknown"})
        step = {"at": at[asked], "what": "seen", "event_id": None, "trace_id": None, "detail": {}}
        return 200, {}, {"service": asked, "steps": [step], "case_ids": ["c1"]}

    names = iter(("ingest", "triage", "routing", "responder", "analytics"))
    client, _ = elsewhere(answering)
    trail = traces.gather(client, "0b5e1a52-0000-5000-8000-000000000000", "vaart")
    assert [step["service"] for step in trail["steps"]] == ["triage", "ingest"]
    assert (trail["services"], trail["case_ids"]) == (["ingest", "triage"], ["c1"])
    assert trail["silent"] == {"routing": "routing: no database"}


@pytest.mark.parametrize("columns", [80, None])
def test_a_trail_fits_the_terminal_and_is_whole_without_one(
    elsewhere: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int | None
) -> None:
    mention, case, reply = (f"0b5e1a5{number}-0000-5000-8000-000000000000" for number in range(3))
    detail = {"case_id": case, "reply_id": reply, "department": "customer-care", "who": ["gs", "tv"], "topic": "weerklank.mentions.v1"}
    step = {"at": "2026-11-22T10:00:00.000002Z", "what": "reply approved", "event_id": None, "trace_id": "ab" * 16, "detail": detail}
    client, _ = elsewhere(lambda *_: (200, {}, {"service": "any", "steps": [step], "case_ids": [case]}))
    if columns:
        monkeypatch.setattr(traces, "console", lambda: Console(file=sys.stdout, highlight=False, width=columns))
    assert traces.trace(client, mention, "vaart", as_json=False) == 0
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert mention in said
    assert case in said
    if columns:
        assert max(map(len, lines)) <= columns
        assert (said.count(reply), said.count(f"reply_id={reply[:8]}")) == (0, 5)
        assert "--json has them whole" in said
    else:
        assert [reply in line for line in lines] == [False, False, True, True, True, True, True]


@pytest.mark.parametrize(
    ("unaccounted", "ready", "healthy", "why"),
    [(0, True, True, ""), (0, False, False, "brand books"), (2, True, False, "2 events are not accounted for")],
)
def test_a_service_is_healthy_when_it_is_ready_and_accounts_for_every_event(
    elsewhere: Any, tmp_path: Path, unaccounted: int, ready: bool, healthy: bool, why: str
) -> None:
    ledger = {"unaccounted": unaccounted, "dead": 1, "parked": 0, "outbox": 0}
    said = {
        "ready": ready,
        "why": [] if ready else ["brand books: not read"],
        "lag": {"t": {"messages": 3, "seconds": 1.5}},
        "ledger": ledger,
    }
    client, _ = elsewhere(lambda method, path, body: (200, {}, said))
    told = {f"WEERKLANK_URL_{name}": client.url("ingest") for name in ("INGEST", "TRIAGE", "ROUTING", "RESPONDER", "ANALYTICS")}
    found = statuses.gather(tmp_path, told)
    assert (found["healthy"], found["unaccounted"]) == (healthy, 5 * unaccounted)
    row = found["parts"]["triage"]
    assert (row["healthy"], row["lag"]["messages"], row["lag"]["seconds"], row["dead"], row["pid"]) == (healthy, 3, 1.5, 1, None)
    assert why in row["why"]


@pytest.mark.parametrize(
    ("ready", "ledger", "named"),
    [
        (True, {}, False),
        (False, {}, True),
        (True, {"dead": 1}, True),
        (True, {"parked": 1}, True),
        (True, {"unaccounted": -1}, True),
    ],
)
def test_status_names_doctor_when_not_all_is_well(
    elsewhere: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ready: bool,
    ledger: dict[str, int],
    named: bool,
) -> None:
    said = {"ready": ready, "why": [], "lag": {}, "ledger": {"unaccounted": 0, "dead": 0, "parked": 0, "outbox": 0} | ledger}
    client, _ = elsewhere(lambda method, path, body: (200, {}, said))
    for name in ("INGEST", "TRIAGE", "ROUTING", "RESPONDER", "ANALYTICS"):
        monkeypatch.setenv(f"WEERKLANK_URL_{name}", client.url("ingest"))
    statuses.status(tmp_path, as_json=False)
    assert capsys.readouterr().out.endswith("'weerklank doctor' says what to do.\n") == named


def test_status_leads_to_the_command_that_says_why_a_mailbox_is_not_read(
    elsewhere: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = {"unaccounted": 0, "dead": 0, "parked": 0, "outbox": 0}
    said = {"ready": True, "why": [], "lag": {}, "ledger": ledger, "mailboxes": {"watched": 3, "read": 1}}
    client, _ = elsewhere(lambda method, path, body: (200, {}, said))
    monkeypatch.setenv("WEERKLANK_URL_INGEST", client.url("ingest"))
    statuses.status(tmp_path, as_json=False)
    assert "mailboxes: 1 of 3 are read; 'weerklank doctor' says why\n" in capsys.readouterr().out


def test_nothing_is_asked_of_a_service_that_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as raised:
        Client(tmp_path, {}).url("triage")
    assert raised.value.code == NOTHING_RUNS


# --- the tour -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("brand", samples.BRANDS)
def test_the_tour_names_mentions_scripts_and_people_that_the_samples_have(brand: str) -> None:
    book = load_book((ROOT / f"samples/{brand}.yaml").read_text())
    mentions = [json.loads(line) for line in (samples.BRANDS[brand] / "mentions.jsonl").read_text().splitlines()]
    known = {(mention["channel"], mention["external_id"]) for mention in mentions}
    scripts = {script.id: script.text for script in book.scripts}
    for answer in tour.ANSWERS[brand]:
        assert (answer.channel, answer.external_id) in known
        member = book.member(answer.agent)
        assert member is not None
        assert member.role != "trainee"
        assert all(f"{{{name}}}" in scripts[answer.script] for name in answer.fill)
    assert book.pilot, "nothing that the tour approves may leave the building"


def test_the_table_has_a_line_for_every_step_of_the_way() -> None:
    clock = {"running": 3, "met": 1, "breached": 0}
    summary = {
        "mentions": {"email": 2, "twitter": 5},
        "duplicates_linked": 1,
        "cases": {"billing": {"new": 1, "open": 2}, "webcare": {"new": 3}},
        "clocks": {"reaction": clock, "resolution": clock},
        "drafts_waiting": 4,
        "replies": {"draft": 4, "sent": 5},
    }
    told = [(what, value) for what, value, _ in samples.rows("vaart", summary)]
    assert told[0] == ("7 mentions", "twitter 5, email 2")
    assert told[2] == ("6 cases", "billing 3, webcare 3")
    assert told[3][1].startswith("reaction: 3 running, 1 met, 0 breached; resolution")
    assert [what for what, _ in told[4:]] == ["4 drafts", "5 replies sent"]
