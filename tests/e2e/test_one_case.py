"""The main job, from the first tweet to the report: one customer, two channels, one case, one answer that really leaves; and the samples' pairs."""

import asyncio
import json
import os
import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from aiosmtpd.controller import Controller

from libs.common.topics import PARTITIONS, partition_of
from services.ingest.mail import external_id, read_mail
from tests.dovecot import PROGRAM, Dovecot
from tests.dovecot import Mailbox as DovecotMailbox
from tests.mail_server import text_of
from tests.stack import free_port
from tests.system import ROOT, SERVICES, System
from tests.unit.ingest import returned_mails
from tests.waiting import eventually

SAMPLES = ROOT / "samples"

# Example data. Open every day but Wednesday, with a break at noon.
BOOK = """
brand: dijk
name: Dijk
languages: [nl, en]
timezone: Europe/Amsterdam
hours:
  mon-tue: ["08:00-12:00", "13:00-21:00"]
  thu-sun: ["08:00-12:00", "13:00-21:00"]
  holidays: {country: NL, closed: false}
targets:
  - when: {}
    reaction: 45m
    resolution: 10h
voice: {signature: {twitter: initials, default: first_name}, greeting: {required: first_reply, examples: ["Hoi {voornaam}"]}}
pilot: false
channels:
  - {id: smtp, type: smtp, host: 127.0.0.1, port: PORT, tls: false, from: "Dijk Klantenservice <klant@dijk.example>"}
identifiers: {order_number: '\\bDK-\\d{7}\\b'}
labels:
  - name: bestelling
    department: logistics
    examples: ["waar blijft mijn bestelling", "mijn pakket is niet bezorgd", "wanneer wordt mijn bestelling geleverd", "only half of my order arrived"]
  - name: factuur
    department: billing
    examples: ["waarom is mijn rekening hoger", "er is twee keer afgeschreven"]
departments:
  - {id: webcare, members: [gs]}
  - {id: logistics, members: [eo]}
  - {id: billing, members: [gs]}
routing:
  - {when: {labels_any: [bestelling]}, department: logistics}
  - {when: {}, department: webcare}
team:
  - {id: gs, first_name: Guus, initials: gs, languages: [nl, en]}
  - {id: eo, first_name: Esmée, initials: eo, languages: [nl, en]}
scripts:
  - {id: navraag, label: bestelling, language: nl, text: "{groet}, dat zoek ik voor je uit. {wanneer} {handtekening}"}
"""
OPEN = {day: [(8, 12), (13, 21)] for day in (0, 1, 3, 4, 5, 6)}
"""The same hours by weekday, for a check that shares no code with what it checks."""

MAIL = """From: Sanne Visser <sanne.visser@post.example>
To: klant@dijk.example
Subject: Bestelling DK-2712345 nog niet binnen
Date: {date}
Message-ID: <eerste-vraag@post.example>
Content-Type: text/plain; charset=utf-8

Goedemiddag, mijn bestelling DK-2712345 is nog steeds niet bezorgd. Waar blijft mijn pakket?

Groet, Sanne Visser
"""
ANSWER = """From: Sanne Visser <sanne.visser@post.example>
To: klant@dijk.example
Subject: Re: uw mail
Date: {date}
Message-ID: <tweede@post.example>
In-Reply-To: {ours}
Content-Type: text/plain; charset=utf-8

Dank je! Hij is er, maar de rekening klopt niet: er is twee keer afgeschreven.
"""


class Mailbox:
    """What a real SMTP server took in. What is for an address that begins as one of `boxes` does it delivers there, with its word on who sent it."""

    def __init__(self) -> None:
        self.boxes: dict[str, DovecotMailbox] = {}
        self.received: list[tuple[list[str], bytes]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.port: int = self._controller.port

    def start(self) -> "Mailbox":
        self._controller.start()
        return self

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        ours = [box for name, box in self.boxes.items() if any(str(to).startswith(name) for to in envelope.rcpt_tos)]
        for box in ours:
            found = f"Authentication-Results: mx.sluis.example; spf=pass smtp.mailfrom={envelope.mail_from}\r\n".encode()
            await asyncio.to_thread(box.append, found + envelope.content)
        if not ours:
            self.received.append((list(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for _, raw in self.received]


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    started = Mailbox().start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def dovecot(home: Path) -> Iterator[Dovecot]:
    made = Dovecot(home / "dovecot")
    yield made.start() if PROGRAM else made
    made.stop()


@pytest.fixture(scope="module")
def system(home: Path, mailbox: Mailbox, dovecot: Dovecot) -> Iterator[System]:
    ports, secrets_dir = f"{mailbox.port},{dovecot.port}", home / "secrets"
    mail_servers = {"MAIL_NETWORKS": "127.0.0.0/8", "MAIL_PORTS": ports, "SECRETS_DIR": str(secrets_dir)}
    made = System(home, settings=mail_servers | {"ANSWER_KEY": "een sleutel van meer dan genoeg tekens"})
    try:
        made.start()
        made.apply(BOOK.replace("PORT", str(mailbox.port)), "dijk")
        yield made
    finally:
        made.stop()


def get(system: System, service: str, path: str, brand: str = "dijk", **given: Any) -> Any:
    answer = system.call(service, "GET", f"/v1/brands/{brand}{path}", brand=brand, **given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(
    system: System, service: str, method: str, path: str, person: str, body: dict[str, Any] | None = None, version: int | None = None
) -> Any:
    """What an agent of the team does."""
    answer = system.call(service, method, f"/v1/brands/dijk{path}", brand="dijk", role="agent", subject=person, json=body, version=version)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def say(system: System, mention: dict[str, Any], brand: str = "dijk") -> str:
    """A connector hands in a mention; its id."""
    answer = system.call("ingest", "POST", f"/v1/brands/{brand}/mentions", brand=brand, role="connector", json=mention)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def mail(system: System, text: str, **fill: str) -> str:
    """A mail arrives; its mention's id."""
    now = datetime.now(UTC)
    raw = text.format(date=now.strftime("%a, %d %b %Y %H:%M:%S +0000"), **fill).replace("\n", "\r\n").encode()
    read = read_mail(raw, arrived_at=now, now=now)
    return say(system, read.mention.model_dump(mode="json"))


def case_of(system: System, mention_id: str, brand: str = "dijk") -> dict[str, Any] | None:
    """The case of a mention and its version, once routing has both."""
    answer = system.call("routing", "GET", f"/v1/brands/{brand}/trace/{mention_id}", brand=brand)
    if answer.status_code == 404:
        return None
    found: dict[str, Any] = get(system, "routing", f"/cases/{answer.json()['case_ids'][0]}", brand)
    return found


def opening_time(start: datetime, end: datetime) -> timedelta:
    """How much of the time between two moments the brand was open, to a second."""
    zone, found = ZoneInfo("Europe/Amsterdam"), timedelta()
    day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while day.astimezone(UTC) < end:
        for first, last in OPEN.get(day.weekday(), []):
            opens, closes = day.replace(hour=first).astimezone(UTC), day.replace(hour=last).astimezone(UTC)
            found += max(timedelta(), min(end, closes) - max(start, opens))
        day = (day + timedelta(days=1)).replace(hour=0)
    return found


def clocks_of(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {clock["kind"]: clock for clock in case["clocks"]}


def settled(system: System) -> None:
    """Nothing waits in any service, at three looks in a row."""
    quiet = 0

    def still() -> bool:
        nonlocal quiet
        found = [system.status(name) for name in SERVICES]
        waiting = sum(lag["messages"] for status in found for topic, lag in status["lag"].items() if "holds" not in topic)
        quiet = 0 if waiting or sum(status["ledger"]["outbox"] for status in found) else quiet + 1
        return quiet >= 3

    eventually(still, "everything is handled", 120, every_s=0.3)


def test_a_tweet_and_a_mail_are_one_case_with_one_owner_and_an_answer_that_arrives_once(system: System, mailbox: Mailbox) -> None:
    tweet = say(
        system,
        {
            "channel": "twitter",
            "kind": "post",
            "external_id": "t-1",
            "author": {"name": "Sanne", "identities": [{"kind": "handle", "value": "@sanne_v"}]},
            "text": "@dijk waar blijft mijn bestelling DK-2712345? Pakket is al dagen niet bezorgd",
            "posted_at": datetime.now(UTC).isoformat(),
        },
    )
    eventually(lambda: case_of(system, tweet), "the tweet has a case")
    question = mail(system, MAIL)

    # One case, one owner, a department, two clocks in opening hours.
    found = eventually(lambda: case_of(system, question), "the mail has a case")
    case, case_id = found["case"], found["case"]["id"]
    assert [item["id"] for item in case["mentions"]] == [tweet, question]
    assert (case["department"], case["owner"], case["state"], case["channel"]) == ("logistics", "eo", "new", "email")
    assert len([c for c in get(system, "routing", "/cases")["items"] if c["state"] != "merged"]) == 1
    clocks = clocks_of(case)
    for kind, allowed in (("reaction", timedelta(minutes=45)), ("resolution", timedelta(hours=10))):
        started, due = (datetime.fromisoformat(clocks[kind][name]) for name in ("started_at", "due_at"))
        assert started == datetime.fromisoformat(case["opened_at"])
        assert abs(opening_time(started, due) - allowed) < timedelta(minutes=1), (kind, clocks[kind])
        assert opening_time(due - timedelta(minutes=2), due) > timedelta(), f"{kind} is due while the brand is closed"
    linked = get(system, "triage", f"/mentions/{question}")
    assert {"kind": "order_number", "mention_id": tweet} in linked["evidence"]
    assert linked["customer_id"] != get(system, "triage", f"/mentions/{tweet}")["customer_id"], "evidence merges no persons"

    # A draft from the script, which cannot be approved as it stands; an agent completes it, and approves exactly that.
    def draft_to_the_mail() -> dict[str, Any] | None:
        drafts = get(system, "responder", "/replies", params={"state": "draft", "case_id": case_id})["items"]
        return next((item for item in drafts if item["mention_id"] == question), None)

    draft = eventually(draft_to_the_mail, "a draft that answers the mail")
    assert (draft["script"], draft["automatic"], draft["writer"]) == ("navraag", True, "eo")
    assert draft["text"].startswith("Hoi Sanne,")
    assert draft["text"].endswith("Esmée")
    path = f"/replies/{draft['id']}"
    post(system, "responder", "POST", f"{path}/submit", "eo")
    held = system.call(
        "responder", "POST", f"/v1/brands/dijk{path}/approve", brand="dijk", role="agent", subject="eo", json={"digest": draft["digest"]}
    )
    assert held.status_code == 409
    assert "broken_placeholder" in held.text
    version = get(system, "responder", path)["version"]
    text = "Hoi Sanne,\n\nDat zoek ik voor je uit. Morgen om 15:00 uur heb je antwoord van mij.\n.\nGroet,\nEsmée"
    edited = post(system, "responder", "PUT", path, "eo", {"text": text}, version)
    assert edited["digest"] != draft["digest"]
    post(system, "responder", "POST", f"{path}/submit", "eo")
    stale = system.call(
        "responder", "POST", f"/v1/brands/dijk{path}/approve", brand="dijk", role="agent", subject="eo", json={"digest": draft["digest"]}
    )
    assert stale.status_code == 409, "an approval holds for the text that was read"
    assert not mailbox.received
    post(system, "responder", "POST", f"{path}/approve", "eo", {"digest": edited["digest"]})

    # It arrives once, in the customer's thread.
    sent = eventually(lambda: (r := get(system, "responder", path))["state"] == "sent" and r, "the reply is sent")
    assert not sent["sandbox"]
    assert [recipients for recipients, _ in mailbox.received] == [["sanne.visser@post.example"]]
    arrived = mailbox.mails()[0]
    assert arrived["Subject"] == "Re: Bestelling DK-2712345 nog niet binnen"
    assert arrived["In-Reply-To"] == "<eerste-vraag@post.example>"
    assert arrived["From"].addresses[0].addr_spec == "klant@dijk.example"
    assert text_of(arrived) == text

    # The reaction clock stops; it is the customer's turn.
    def reacted() -> dict[str, Any] | None:
        now = get(system, "routing", f"/cases/{case_id}")["case"]
        return now if now["state"] == "waiting" else None

    waiting = eventually(reacted, "the case waits for the customer")
    assert clocks_of(waiting)["reaction"]["met_at"] == sent["sent_at"]
    assert clocks_of(waiting)["resolution"]["met_at"] is None

    # The customer answers, about something else, with a mailer that names nothing but our mail: the same case, awake.
    settled(system)
    answer = mail(system, ANSWER, ours=str(arrived["Message-ID"]))
    joined = eventually(lambda: case_of(system, answer), "the answer has a case")
    assert joined["case"]["id"] == case_id
    assert joined["case"]["state"] == "open"
    story = get(system, "routing", f"/cases/{case_id}/timeline")["items"]
    woken = next(row for row in story if row["what"] == "joined" and row["detail"]["mention_id"] == answer)
    assert woken["detail"]["woken"] is True
    assert clocks_of(joined["case"])["reaction"]["met_at"] is None, "a customer who comes back is waited for again"
    assert "thread" in {item["kind"] for item in get(system, "triage", f"/mentions/{answer}")["evidence"]}

    # Resolved, and everybody knows.
    current = get(system, "routing", f"/cases/{case_id}")
    done = post(system, "routing", "POST", f"/cases/{case_id}/resolve", "eo", {"reason": "terugbetaald"}, current["version"])
    assert done["case"]["state"] == "resolved"
    settled(system)
    heard = system.rows("select group_id, resolved_at is not null as resolved from triage.resolution")
    assert heard == [{"group_id": tweet, "resolved": True}], "triage knows that the question is answered"
    summary = eventually(
        lambda: (s := get(system, "analytics", "/summary"))["cases"].get("logistics", {}).get("resolved") == 1 and s, "analytics knows"
    )
    assert summary["mentions"] == {"twitter": 1, "email": 2}
    assert summary["duplicates_linked"] == 2
    assert summary["replies"]["sent"] == 1
    # One case in two rounds: the question was answered, and the customer's answer led to the resolution.
    assert summary["clocks"]["reaction"] == {"running": 0, "met": 2, "breached": 0}
    row = get(system, "analytics", "/times", params={"by": "department"})["rows"][0]
    assert (row["by"]["department"], row["cases"]) == ("logistics", 1)
    assert (row["reaction"]["count"], row["reaction"]["met"], row["resolution"]["met"]) == (1, 2, 1)
    assert len(mailbox.received) == 1

    # Each service tells its part of the mail's way.
    told = {name: [step["what"] for step in get(system, name, f"/trace/{question}")["steps"]] for name in SERVICES}
    assert told["ingest"] == ["received", "in the log"]
    assert told["triage"] == ["triaged"]
    assert told["routing"] == ["opened", "joined", "reacted", "promised", "joined", "resolved"]
    said = {"case", "reply drafted", "reply submitted", "reply edited", "reply approved", "reply sent"}
    assert said <= set(told["responder"]), told["responder"]
    assert {"mention counted", "case counted", "reply counted"} <= set(told["analytics"])
    for name in SERVICES:
        ledger = system.status(name)["ledger"]
        assert (ledger["unaccounted"], ledger["dead"], ledger["parked"]) == (0, 0, 0), (name, ledger)


def imported(system: System, brand: str, path: Path) -> dict[str, Any]:
    """`weerklank import` as a person runs it; its last line."""
    environment = {f"WEERKLANK_URL_{name.upper()}": system.url(name) for name in SERVICES}
    environment["WEERKLANK_TOKEN"] = system.issuer.token("admin", [brand])
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "import", str(path), "--brand", brand],
        cwd=system.home,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def sample_names(folder: Path) -> dict[str, str]:
    """External id → the name by which pairs.jsonl knows it. A mail's external id follows from its bytes."""
    lines = [json.loads(line) for line in (folder / "mentions.jsonl").read_text().splitlines()]
    names = {line["external_id"]: f"{line['channel']}/{line['external_id']}" for line in lines}
    return names | {external_id(path.read_bytes()): f"email/{path.name}" for path in (folder / "mail").glob("*.eml")}


def watched(system: System, brand: str) -> bool:
    """Whether the brand's one mailbox is read: what arrives from here on is live."""
    return [found["state"] for found in get(system, "ingest", "/mailboxes", brand)["items"]] == ["idle"]


@pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")
def test_a_mail_in_a_mailbox_of_the_brand_becomes_a_case_with_an_owner(system: System, dovecot: Dovecot, home: Path) -> None:
    box = dovecot.user("klant@meer.example")
    (home / "secrets").mkdir(exist_ok=True)
    (home / "secrets" / "meer-imap").write_text(box.password + "\n")
    channel = f'{{id: mail, type: imap, host: 127.0.0.1, port: {dovecot.port}, tls: false, user: {box.name}, secret: "file:meer-imap"}}'
    book = BOOK.replace("brand: dijk\nname: Dijk", "brand: meer\nname: Meer").replace("pilot: false", "pilot: true")
    smtp = next(line for line in book.splitlines() if "type: smtp" in line)
    system.apply(book.replace(smtp, f"  - {channel}"), "meer")
    eventually(lambda: watched(system, "meer"), "the mailbox is watched")
    assert system.status("ingest")["mailboxes"]["read"] == 1, "no other brand's mailbox has a secret"
    box.append(MAIL.format(date=datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")).replace("\n", "\r\n").encode())
    receipts = eventually(lambda: get(system, "ingest", "/receipts", "meer")["items"], "the mail is a mention")
    case = eventually(lambda: case_of(system, receipts[0]["id"], "meer"), "the mention is a case")["case"]
    assert (case["department"], case["owner"], case["state"]) == ("logistics", "eo", "new")
    assert clocks_of(case)["reaction"]["due_at"]


@pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")
def test_a_department_is_asked_by_mail_and_its_mailed_answer_is_on_the_case(
    system: System, mailbox: Mailbox, dovecot: Dovecot, home: Path
) -> None:
    box = mailbox.boxes["klant+c."] = dovecot.user("klant@sluis.example")
    (home / "secrets").mkdir(exist_ok=True)
    (home / "secrets" / "sluis-imap").write_text(box.password + "\n")
    book = (
        BOOK.replace("brand: dijk\nname: Dijk", "brand: sluis\nname: Sluis")
        .replace("PORT", str(mailbox.port))
        .replace("dijk.example", "sluis.example")
    )
    reads = f"  - {{id: mail, type: imap, host: 127.0.0.1, port: {dovecot.port}, tls: false, user: {box.name}, secret: 'file:sluis-imap', "
    reads += "authserv_ids: [mx.sluis.example]}\n"
    book = book.replace("channels:\n", f"channels:\n{reads}").replace("{id: billing,", "{id: billing, email: facturen@sluis.example,")
    system.apply(book, "sluis")
    question = say(
        system,
        {
            "channel": "twitter",
            "kind": "post",
            "external_id": "s-1",
            "author": {"name": "Noor", "identities": [{"kind": "handle", "value": "@noor_s"}]},
            "text": "@sluis waarom is mijn rekening zoveel hoger dan vorige maand?",
            "posted_at": datetime.now(UTC).isoformat(),
        },
        "sluis",
    )
    eventually(lambda: watched(system, "sluis"), "the mailbox is watched")
    case_id = eventually(lambda: case_of(system, question, "sluis"), "the mention is a case")["case"]["id"]
    mailbox.received.clear()
    asked = system.call(
        "routing",
        "POST",
        f"/v1/brands/sluis/cases/{case_id}/consultations",
        brand="sluis",
        json={"department": "billing", "question": "Klopt deze rekening?", "holds_case": True},
    )
    assert asked.status_code == 201, asked.text
    [mail] = eventually(mailbox.mails, "the department is asked by mail")
    assert mailbox.received[0][0] == ["facturen@sluis.example"]

    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = "Femke <femke@sluis.example>", str(mail["Reply-To"]), f"Re: {mail['Subject']}"
    answer.set_content("Ja: er zat een oude meterstand in.\n")
    with smtplib.SMTP("127.0.0.1", mailbox.port) as sent:
        sent.send_message(answer)

    def answered() -> dict[str, Any] | None:
        found: dict[str, Any] = get(system, "routing", f"/consultations/{asked.json()['id']}", "sluis")
        return found if found["state"] == "answered" else None

    [said] = eventually(answered, "the question is answered")["answers"]
    assert (said["via"], said["by"], said["text"]) == ("mail", "femke@sluis.example", "Ja: er zat een oude meterstand in.")
    assert (said["authenticated"], said["outside"]) == ("pass", False)
    hits = eventually(lambda: get(system, "routing", "/search", "sluis", params={"q": "meterstanden"})["items"], "the answer is found")
    assert [hit["case"]["id"] for hit in hits] == [case_id]
    assert get(system, "routing", f"/cases/{case_id}", "sluis")["case"]["state"] == "open", "it goes on"
    assert [item["id"] for item in get(system, "ingest", "/receipts", "sluis")["items"]] == [question], "an answer is no mention"


@pytest.mark.skipif(PROGRAM is None, reason="needs Dovecot (Debian: dovecot-imapd)")
def test_a_reply_that_comes_back_wakes_its_case_and_an_answer_is_known_by_its_address(
    system: System, mailbox: Mailbox, dovecot: Dovecot, home: Path
) -> None:
    box = mailbox.boxes["klant+r."] = dovecot.user("klant@vliet.example")
    (home / "secrets").mkdir(exist_ok=True)
    (home / "secrets" / "vliet-imap").write_text(box.password + "\n")
    book = BOOK.replace("brand: dijk\nname: Dijk", "brand: vliet\nname: Vliet").replace("PORT", str(mailbox.port))
    reads = (
        f"  - {{id: mail, type: imap, host: 127.0.0.1, port: {dovecot.port}, tls: false, user: {box.name}, secret: 'file:vliet-imap'}}\n"
    )
    system.apply(book.replace("dijk.example", "vliet.example").replace("channels:\n", f"channels:\n{reads}"), "vliet")
    eventually(lambda: watched(system, "vliet"), "the mailbox is watched")
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    box.append(MAIL.replace("klant@dijk.example", box.name).format(date=now).replace("\n", "\r\n").encode())
    [question] = eventually(lambda: get(system, "ingest", "/receipts", "vliet")["items"], "the mail came in")
    case_id = eventually(lambda: case_of(system, question["id"], "vliet"), "the mail is a case")["case"]["id"]
    mailbox.received.clear()

    def do(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        path = f"/v1/brands/vliet{path}"
        answer = system.call("responder", "POST", path, brand="vliet", role="agent", subject="eo", json=body)
        assert answer.status_code in (200, 201), answer.text
        done: dict[str, Any] = answer.json()
        return done

    eventually(lambda: get(system, "responder", "/replies", "vliet", params={"case_id": case_id})["items"], "the responder has the case")
    reply = do(f"/cases/{case_id}/replies", {"text": "Hoi Sanne,\n\nHij is onderweg.\n\nGroet,\nEsmée"})
    do(f"/replies/{reply['id']}/submit")
    do(f"/replies/{reply['id']}/approve", {"digest": reply["digest"]})
    [mail] = eventually(mailbox.mails, "the reply is mailed")
    reply_to = mail["Reply-To"].addresses[0].addr_spec
    assert reply_to.startswith("klant+r.")
    eventually(lambda: get(system, "routing", f"/cases/{case_id}", "vliet")["case"]["state"] == "waiting", "it is the customer's turn")

    # Their server says that it does not know them.
    box.append(
        returned_mails.postfix(reply_to, str(mail["Message-ID"]).strip("<>")).replace(b"sanne@klant.example", b"sanne.visser@post.example")
    )
    found = eventually(lambda: (r := get(system, "responder", f"/replies/{reply['id']}", "vliet"))["delivery"] and r, "the reply came back")
    assert (found["state"], found["delivery"], found["delivery_code"]) == ("sent", "failed", "5.1.1")
    woken = eventually(
        lambda: (c := get(system, "routing", f"/cases/{case_id}", "vliet")["case"])["state"] == "open" and c, "it is our turn"
    )
    assert clocks_of(woken)["reaction"]["met_at"] is None
    assert [item["id"] for item in get(system, "ingest", "/receipts", "vliet")["items"]] == [question["id"]], "a report is no mention"

    # They write from a telephone, with nothing that says what it answers but where it goes.
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = "Sanne Visser <sanne.visser@post.example>", reply_to, "nieuw onderwerp"
    answer.set_content("Is er al iets bekend?\n")
    with smtplib.SMTP("127.0.0.1", mailbox.port) as sent:
        sent.send_message(answer)
    came = eventually(
        lambda: [item["id"] for item in get(system, "ingest", "/receipts", "vliet")["items"] if item["id"] != question["id"]], "it came in"
    )
    joined = eventually(lambda: case_of(system, came[0], "vliet"), "the answer has a case")
    assert joined["case"]["id"] == case_id
    assert "reply" in {item["kind"] for item in get(system, "triage", f"/mentions/{came[0]}", "vliet")["evidence"]}


@pytest.mark.parametrize(("brand", "folder", "posts", "mails"), [("vaart", SAMPLES, 232, 44), ("kwartel", SAMPLES / "kwartel", 104, 20)])
def test_every_pair_of_the_samples_is_one_case_and_no_trap_is(system: System, brand: str, folder: Path, posts: int, mails: int) -> None:
    system.apply((SAMPLES / f"{brand}.yaml").read_text(), brand)
    counts = [imported(system, brand, folder / name)["accepted"] for name in ("mentions.jsonl", "mail")]
    assert counts == [posts, mails]
    again = imported(system, brand, folder / "mail")
    assert (again["accepted"], again["duplicates"]) == (0, mails)
    settled(system)
    names = sample_names(folder)
    triaged = get(system, "triage", "/mentions", brand, params={"limit": 500})["items"]
    assert len(triaged) == posts + mails
    by_id = {item["mention"]["id"]: item for item in triaged}
    case_of_name: dict[str, str] = {}
    for case in get(system, "routing", "/cases", brand, params={"limit": 500})["items"]:
        for mention in case["mentions"]:
            name = names[by_id[mention["id"]]["mention"]["external_id"]]
            assert name not in case_of_name, f"{name} is in two cases"
            case_of_name[name] = case["id"]
    evidence = {names[item["mention"]["external_id"]]: [e["kind"] for e in item["evidence"]] for item in triaged}
    told = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]
    within = [line for line in told if ":" not in line["b"]]  # the trap of two brands is not one that triage could fall into
    wrong = [
        f"{line['kind']}: {line['a']} {evidence[line['a']]} and {line['b']} {evidence[line['b']]} ({line['why']})"
        for line in within
        if (case_of_name[line["a"]] == case_of_name[line["b"]]) != (line["kind"] != "trap")
    ]
    assert not wrong, "\n".join(wrong)
    together = [sorted(name for name in case_of_name if case_of_name[name] == case) for case in set(case_of_name.values())]
    known = {frozenset((line["a"], line["b"])) for line in within if line["kind"] != "trap"}
    assert {frozenset(found) for found in together if len(found) > 1} == known, "nothing else of the samples is one question"


def arriving(system: System, mentions: list[dict[str, Any]]) -> list[str]:
    """Connectors hand these in at one moment; their ids."""
    gate = Barrier(len(mentions))

    def one(mention: dict[str, Any]) -> str:
        gate.wait()
        return say(system, {"posted_at": datetime.now(UTC).isoformat(), **mention}, "haven")

    with ThreadPoolExecutor(len(mentions)) as people:
        return list(people.map(one, mentions))


def owned(system: System, instance: str) -> list[str]:
    """The partitions of mentions that an instance of triage reads."""
    if not system.services[f"triage-{instance}"].ready():
        return []
    metrics = httpx.get(f"{system.services[f'triage-{instance}'].url}/metrics", timeout=10).text
    return re.findall(r'weerklank_lag_messages\{partition="(\d+)",topic="weerklank\.mentions\.v1"\}', metrics)


def of_one(brand: str, identity: dict[str, str], half: int) -> dict[str, str]:
    """The identity, its value changed until its messages fall on one of these partitions: each of two instances has one half of them."""
    for number in count(1):
        found = identity | {"value": identity["value"].replace("#", str(number))}
        if partition_of(brand, f"{brand}/{found['kind']}:{found.get('channel', '')}:{found['value']}") // (PARTITIONS // 2) == half:
            return found
    raise AssertionError


def test_what_two_instances_take_in_at_one_moment_is_one_case_within_seconds(system: System) -> None:
    system.another("triage", "1")
    system.apply(BOOK.replace("brand: dijk\nname: Dijk", "brand: haven\nname: Haven").replace("PORT", "25"), "haven")
    eventually(lambda: all(owned(system, instance) for instance in ("0", "1")), "both instances have partitions", timeout_s=180)

    def tweet(name: str, text: str) -> dict[str, Any]:
        who = of_one("haven", {"kind": "handle", "channel": "twitter", "value": f"{name}_#"}, 0)
        return {"channel": "twitter", "kind": "post", "external_id": f"t-{name}", "author": {"identities": [who]}, "text": text}

    def private(name: str, text: str, identity: dict[str, str], half: int = 1) -> dict[str, Any]:
        who = of_one("haven", identity, half)
        channel, kind = ("email", "mail") if who["kind"] == "email" else ("whatsapp", "direct")
        message = {"channel": channel, "kind": kind, "external_id": f"p-{name}", "visibility": "private", "text": text}
        return message | {"author": {"identities": [who]}}

    phone = of_one("haven", {"kind": "phone", "value": "+3161234567#"}, 1)
    handle = tweet("mo", "@haven krijg ik nog antwoord?")
    pairs = [
        (
            tweet("ada", "@haven waar blijft DK-2712345?"),
            private("ada", "Mijn bestelling DK-2712345 is er niet.", {"kind": "email", "value": "ada#@post.example"}),
        ),
        (
            tweet("ben", "@haven ik wacht al weken op DK-2754321"),
            private("ben", "Wanneer komt bestelling dk 275 43 21?", {"kind": "phone", "value": "+3162000000#"}),
        ),
        (
            private("cor", f"Bel me op 0{phone['value'][3:]} over mijn contract.", {"kind": "email", "value": "cor#@post.example"}, 0),
            private("cor-app", "Bellen jullie nog?", phone),
        ),
        (
            handle,
            private(
                "mo",
                f"Ik vroeg het op Twitter al als @{handle['author']['identities'][0]['value']}.",
                {"kind": "email", "value": "mo#@post.example"},
            ),
        ),
    ]
    ids = arriving(system, [mention for pair in pairs for mention in pair])
    expected = {frozenset(pair) for pair in zip(ids[::2], ids[1::2], strict=True)}

    def cases() -> set[frozenset[str]]:
        found = get(system, "routing", "/cases", "haven")["items"]
        return {frozenset(mention["id"] for mention in case["mentions"]) for case in found if case["mentions"]}

    eventually(lambda: cases() == expected, "each pair is one case", timeout_s=5)
    for one, other in expected:
        assert len({get(system, "triage", f"/mentions/{mention}", "haven")["group_id"] for mention in (one, other)}) == 1
    assert all(owned(system, instance) for instance in ("0", "1")), "each of the two took some in"
