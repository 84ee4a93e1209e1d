"""The command line against the whole stack that it starts: up, apply, import, status, trace, import again, dead letters, down."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from cli.client import Client
from cli.stack import state, supervisor
from cli.stack.ports import SERVICES
from libs.common.events import deterministic_id
from libs.common.topics import MENTIONS, partition_of
from tests.asking import ask
from tests.stack import environment, free_base_port
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


class Stack:
    """A stack that ``weerklank up --detach`` started, and the command line that speaks to it."""

    def __init__(self, home: Path) -> None:
        self.home, self.data_dir, self.base_port = home, home / "data", free_base_port()

    def __call__(
        self, *arguments: str | Path, timeout_s: float = 120, stdin: str = "", **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *map(str, arguments)],
            cwd=self.home,
            env=environment(PYTHONPATH=str(ROOT), WEERKLANK_DATA_DIR=str(self.data_dir), **variables),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )

    def good(self, *arguments: str | Path, timeout_s: float = 120, stdin: str = "", **variables: str) -> str:
        done = self(*arguments, timeout_s=timeout_s, stdin=stdin, **variables)
        assert done.returncode == 0, f"{arguments}: exit code {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout

    def imported(self, *arguments: str | Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.good("import", *arguments, "--brand", "vaart").splitlines()[-1])
        return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("status", "--json").stdout)
        return found


@pytest.fixture(scope="module")
def weerklank(home: Path) -> Iterator[Stack]:
    stack = Stack(home)
    try:
        said = stack.good("up", "--detach", "--base-port", str(stack.base_port), timeout_s=280)
        assert f"http://127.0.0.1:{stack.base_port + 1}" in said
        stack.good("apply", ROOT / "samples/vaart.yaml")
        yield stack
    finally:
        if state.is_locked(stack.data_dir):
            supervisor.stop(stack.data_dir)


@pytest.mark.timeout(600)
def test_the_samples_go_through_all_five_services_once_however_often_they_are_imported(weerklank: Stack) -> None:
    first = [weerklank.imported(ROOT / "samples/mentions.jsonl"), weerklank.imported(ROOT / "samples/mail", "--channel", "email")]
    assert [(counts["read"], counts["accepted"], counts["duplicates"], counts["rejected"]) for counts in first] == [
        (232, 232, 0, 0),
        (44, 44, 0, 0),
    ]

    def is_through() -> bool:
        found = weerklank.status()
        parts = found["parts"]
        return bool(found["healthy"]) and all(
            parts[name]["lag"]["messages"] + parts[name]["outbox"] == 0 for name in ("triage", "routing", "analytics")
        )

    eventually(is_through, "healthy, and nothing waits", 60)
    found = weerklank.status()
    assert (found["status"], found["unaccounted"]) == ("ready", 0)
    assert set(found["parts"]) == {"kafka", "postgres", *SERVICES}
    assert all(part["memory_bytes"] > 10 << 20 and part["pid"] for part in found["parts"].values())
    assert all(word in weerklank.good("status") for word in ("healthy", "unaccounted", *SERVICES))

    mention = str(deterministic_id("vaart", "twitter", "tw-1010"))

    def is_known_everywhere() -> bool:
        done = weerklank("trace", mention, "--json")
        return done.returncode == 0 and json.loads(done.stdout)["services"] == list(SERVICES)

    eventually(is_known_everywhere, "all five services know the mention", 60)
    trail = json.loads(weerklank.good("trace", mention, "--brand", "vaart", "--json"))
    assert [step["what"] for step in trail["steps"]][:3] == ["received", "in the log", "triaged"]
    assert len({step["trace_id"] for step in trail["steps"] if step["trace_id"]}) == 1
    assert len(trail["case_ids"]) == 1
    assert "triaged" in weerklank.good("trace", mention)

    again = [weerklank.imported(ROOT / "samples/mentions.jsonl"), weerklank.imported(ROOT / "samples/mail", "--channel", "email")]
    assert [(counts["read"], counts["accepted"], counts["duplicates"]) for counts in again] == [(232, 0, 232), (44, 0, 44)]


@pytest.mark.timeout(300)
def test_a_storm_is_played_to_its_end_and_every_message_of_it_comes_to_a_case(weerklank: Stack) -> None:
    done = weerklank("demo", "--storm", "--speed", "12", "--seed", "3", "--json", timeout_s=200)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert (told["sent"], told["planned"], told["stopped"], told["missing"]) == (1200, 1200, False, [])
    assert (told["accounted"], told["dead"], told["unaccounted"]) == (True, 0, 0)
    assert told["pairs"] == {"sent": 40, "linked": 40}
    # Many people with the same trouble are a topic: only who writes twice is linked, in pairs, in anger, or with thanks.
    assert told["linked"] == 40 + 140 + 80
    assert told["cases"] == told["sent"] - told["linked"] == sum(told["departments"].values()) == sum(told["urgency"].values())
    # Those in need, the press, and those who threaten with a court; and of the 1,180 others next to nobody.
    assert 20 <= told["urgency"]["critical"] <= 40
    sent = {"influencer": 5, "press": 5, "legal_threat": 3}
    assert all(number <= told["risk"][risk] <= number + 5 for risk, number in sent.items()), told["risk"]
    assert sum(told["reaction_clocks"][state] for state in ("running", "breached")) == told["cases"]
    assert 0 < told["received_to_case_s"]["p50"] <= told["received_to_case_s"]["p99"]
    lines = done.stderr.splitlines()
    assert lines[0].startswith("an outage")
    assert any("storm" in line and "clocks" in line for line in lines), "a line a second where there is no terminal"


def test_a_storm_leaves_a_live_brand_and_an_unknown_one_alone(weerklank: Stack) -> None:
    (weerklank.home / "levend.yaml").write_text("brand: levend\nname: Levend\nlanguages: [nl]\npilot: false\n")
    weerklank.good("apply", "levend.yaml")
    done = weerklank("demo", "--storm", "--brand", "levend", "--speed", "60")
    assert (done.returncode, done.stdout) == (2, "")
    assert "is live" in done.stderr
    assert "--yes" in done.stderr
    assert weerklank("demo", "--storm", "--brand", "nobody").returncode == 4
    assert "--storm" in weerklank.good("demo")


@pytest.mark.timeout(300)
def test_rows_that_cannot_be_mentions_are_kept_in_a_file_and_the_rest_goes_through(weerklank: Stack) -> None:
    (weerklank.home / "reviews.csv").write_text(
        "bericht;datum;nummer;naam\nPrima geholpen;31-03-2026 14:05;r-1;Example\nOnleesbaar;gisteren;r-2;Example\n;31-03-2026 14:05;r-3;Example\n"
    )
    counts = weerklank.imported("reviews.csv", "--channel", "review", "--map", "external_id=nummer", "--historic")
    assert (counts["read"], counts["accepted"], counts["duplicates"], counts["rejected"]) == (3, 1, 0, 2)
    kept = Path(counts["rejects_file"]).read_text().splitlines()
    assert [line.split(",")[0] for line in kept] == ["at", "line 3", "line 4"]
    assert "posted_at" in kept[1]


def test_an_unknown_mention_and_an_unknown_brand_are_not_found(weerklank: Stack) -> None:
    done = weerklank("trace", str(deterministic_id("vaart", "twitter", "nobody wrote this")))
    assert (done.returncode, done.stdout) == (4, "")
    done = weerklank("import", ROOT / "samples/mentions.jsonl", "--brand", "unknown")
    assert done.returncode == 4
    assert "weerklank apply" in done.stderr


def test_a_brand_book_that_did_not_change_is_no_new_version(weerklank: Stack) -> None:
    assert weerklank.good("apply", ROOT / "samples/vaart.yaml") == "vaart: unchanged, version 1\n"
    assert weerklank.good("apply", ROOT / "samples/vaart.yaml", "--dry-run").startswith(
        "vaart: valid. Would change nothing.\nCompared with version 1, which cli published "
    )


@pytest.mark.timeout(300)
def test_doctor_finds_nothing_wrong_but_the_secrets_that_the_sample_brand_does_not_have(weerklank: Stack) -> None:
    report = json.loads(weerklank.good("doctor", "--json"))
    # How much memory and disk the machine has is the machine's business.
    ours = [check for check in report["checks"] if check["brand"] in (None, "vaart") and not check["id"].startswith("machine.")]
    amiss = {check["id"] for check in ours if check["status"] in ("warning", "error")}
    assert amiss <= {"account.secret"}
    well = {check["id"] for check in report["checks"] if check["status"] == "ok"}
    assert well >= {
        "machine.secret-files",
        "kafka.topics",
        "kafka.clock",
        "postgres.migrations",
        "log.positions",
        "service.checks",
        "brand.book",
    }


@pytest.mark.timeout(300)
def test_a_first_book_from_the_interview_gives_a_mail_an_owner_and_a_colleague_who_leaves_hands_it_over(weerklank: Stack) -> None:
    (weerklank.home / "answers.yaml").write_text(
        "name: Zeester\nteam: [{first_name: Guus}]\nmailbox: klant@zeester.example\nreaction: 4h\n"
    )
    said = weerklank.good("brand", "new", "zeester.yaml", "--answers", "answers.yaml")
    assert "weerklank apply zeester.yaml" in said
    weerklank.good("apply", "zeester.yaml")
    mail = b"From: Sanne <sanne@klant.example>\r\nTo: klant@zeester.example\r\nSubject: Terras\r\nMessage-ID: <1@klant.example>\r\n"
    mail += b"Date: Fri, 27 Nov 2026 10:00:00 +0000\r\n\r\nIs het terras open?\r\n"
    (weerklank.home / "mails").mkdir()
    (weerklank.home / "mails/1.eml").write_bytes(mail)
    assert json.loads(weerklank.good("import", "mails", "--brand", "zeester").splitlines()[-1])["accepted"] == 1

    def case() -> dict[str, Any] | None:
        with Client(weerklank.data_dir, {}) as client:
            found: list[dict[str, Any]] = client.get("routing", "/v1/brands/zeester/cases", "zeester")["items"]
        return found[0] if found else None

    opened = eventually(case, "the mail is a case", 60)
    assert (opened["owner"], opened["channel"], [clock["kind"] for clock in opened["clocks"]]) == (
        "gu",
        "email",
        ["reaction", "resolution"],
    )

    text = (weerklank.home / "zeester.yaml").read_text()
    changed = text.replace("id: gu, first_name: Guus, initials: gu", "id: jd, first_name: Jo, initials: jd").replace("[gu]", "[jd]")
    (weerklank.home / "zeester.yaml").write_text(changed.replace("reaction: 4h", "reaction: 1h"))
    told = weerklank.good("apply", "zeester.yaml", "--dry-run")
    for line in (
        "  always: reaction 4 h → 1 h",
        "  webcare: members - gu; members + jd",
        "    1 case: owner gu → jd (gu is not in the team)",
    ):
        assert line in told
    weerklank.good("apply", "zeester.yaml", "--note", "Jo takes over")
    eventually(lambda: (case() or {})["owner"] == "jd", "the case has an owner who is there", 60)
    assert "Jo takes over" in weerklank.good("book", "history", "--brand", "zeester")
    weerklank.good("book", "rollback", "--brand", "zeester", "--to", "1")
    assert weerklank.good("book", "show", "--brand", "zeester") == text

    # A colleague at another machine has nothing but addresses and a token.
    there = {f"WEERKLANK_URL_{name.upper()}": f"http://127.0.0.1:{weerklank.base_port + 1 + SERVICES.index(name)}" for name in SERVICES}
    there["WEERKLANK_TOKEN"] = weerklank.good("token", "--role", "admin", "--brand", "zeester", "--subject", "ada").strip()
    (weerklank.home / "ada.yaml").write_text(text.replace("reaction: 4h", "reaction: 2h"))
    said = weerklank.good("apply", "ada.yaml", "--data-dir", str(weerklank.home / "ada"), **there)
    assert "over version 3 by cli of " in said
    refused = weerklank("apply", "zeester.yaml")
    assert (refused.returncode, "version 4, by ada" in refused.stderr) == (2, True)
    assert weerklank("book", "rollback", "--brand", "zeester", "--to", "1").returncode == 2
    assert "reaction 4 h → 2 h" in weerklank.good("book", "diff", "--brand", "zeester", "3", "4")
    assert "published as version 5" in weerklank.good("apply", "zeester.yaml")
    again = weerklank.good("brand", "new", "again.yaml", "--answers", "answers.yaml")
    assert "zeester has a brand book already: version 5, which cli published" in again


@pytest.mark.timeout(300)
def test_a_person_and_a_program_get_tokens_of_their_own_that_every_service_takes(weerklank: Stack) -> None:
    weerklank.good("user", "add", "gs", "--brand", "vaart", "--role", "agent", stdin="vijf woorden die niemand raadt\n")
    token = weerklank.good("login", "gs", stdin="vijf woorden die niemand raadt\n").strip()
    for number, path in ((1, "receipts"), (2, "mentions"), (3, "cases"), (4, "replies"), (5, "summary")):
        url = f"http://127.0.0.1:{weerklank.base_port + number}/v1/brands/vaart/{path}"
        assert ask("GET", url, headers={"authorization": f"Bearer {token}"}).status_code == 200, path
    wrong = weerklank("login", "gs", stdin="iets heel anders nu\n")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert weerklank("user", "add", "tv", "--brand", "vaart", "--role", "agent").returncode == 2  # no password to read
    assert json.loads(weerklank.good("user", "list", "--brand", "vaart", "--json"))[0]["last_login_at"]

    secret = weerklank.good("client", "add", "Web shop", "--brand", "vaart", "--role", "admin").strip()
    [client] = json.loads(weerklank.good("client", "list", "--brand", "vaart", "--json"))
    own = {"WEERKLANK_CLIENT_ID": client["id"], "WEERKLANK_CLIENT_SECRET": secret}
    assert weerklank.good("apply", ROOT / "samples/vaart.yaml", **own) == "vaart: unchanged, version 1\n"
    assert json.loads(weerklank.good("client", "show", client["id"], "--brand", "vaart"))["last_used_at"]
    weerklank.good("client", "rotate", client["id"], "--brand", "vaart", "--overlap-hours", "0")
    refused = weerklank("apply", ROOT / "samples/vaart.yaml", **own)
    assert refused.returncode == 1
    assert "WEERKLANK_CLIENT_ID" in refused.stderr
    assert secret not in refused.stderr


@pytest.mark.timeout(300)
def test_an_event_that_nobody_can_read_is_listed_and_replayed_in_vain(weerklank: Stack) -> None:
    async def produce() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=f"127.0.0.1:{weerklank.base_port + 10}")
        await producer.start()
        try:
            headers = [("ce_id", b"broken-1"), ("ce_type", b"weerklank.mention.received.v1"), ("ce_entityversion", b"1")]
            await producer.send_and_wait(
                MENTIONS.name, b"{", b"vaart/broken", partition=partition_of("vaart", "vaart/broken"), headers=headers
            )
        finally:
            await producer.stop()

    asyncio.run(produce())
    eventually(lambda: "vaart/broken" in weerklank.good("dead", "list", "--service", "triage"), "the dead letter is listed")
    letter = json.loads(weerklank.good("dead", "list", "--service", "triage", "--json"))[0]
    assert (letter["topic"], letter["key"], letter["standing"]) == (MENTIONS.name, "vaart/broken", "dead")
    assert json.loads(weerklank.good("dead", "show", "--service", "triage", "--key", "vaart/broken"))["event_id"] == "broken-1"
    done = weerklank("dead", "replay", "--service", "triage", "--topic", MENTIONS.name, "--key", "vaart/broken")
    assert (done.returncode, done.stdout) == (1, "")
    assert "still" in done.stderr or "triage:" in done.stderr
    assert weerklank.good("dead", "resume", "--service", "triage") == "triage: consumes again\n"
    assert weerklank.status()["unaccounted"] == 0


def test_an_operator_chooses_where_a_service_goes_on(weerklank: Stack) -> None:
    partition = str(partition_of("vaart", "vaart/broken"))
    said = weerklank.good("topics", "reset", "triage", MENTIONS.name, partition, "--to", "end")
    assert said.startswith(f"triage: {MENTIONS.name} partition {partition} goes on at ")
    assert weerklank("topics", "reset", "triage", "no.such.topic", "0", "--to", "end").returncode == 4
    assert weerklank.good("topics", "--create") == "All topics are there.\n"


def test_a_second_stack_on_the_same_ports_or_data_is_refused_in_a_sentence(weerklank: Stack) -> None:
    done = weerklank("up", "--detach", "--base-port", str(weerklank.base_port), "--data-dir", weerklank.home / "other")
    assert done.returncode == 1
    assert f"Port {weerklank.base_port + 1} (ingest) is held by" in done.stderr
    done = weerklank("up", "--detach", "--base-port", str(weerklank.base_port))
    assert done.returncode == 1
    assert "already runs" in done.stderr


@pytest.mark.timeout(300)
def test_a_part_that_is_frozen_is_not_healthy_and_down_leaves_nothing_behind(weerklank: Stack) -> None:
    parts = weerklank.status()["parts"]
    os.kill(parts["analytics"]["pid"], signal.SIGSTOP)
    try:
        done = weerklank("status", "--json")
        assert done.returncode == 1
        frozen = json.loads(done.stdout)["parts"]["analytics"]
        assert not frozen["healthy"]
        assert "does not answer" in frozen["why"] or "no answer" in frozen["why"]
    finally:
        os.kill(parts["analytics"]["pid"], signal.SIGCONT)
    assert weerklank.good("down").startswith("stopped: ")
    assert weerklank("status").returncode == 3
    assert all(not Path(f"/proc/{part['pid']}").exists() for part in parts.values())
