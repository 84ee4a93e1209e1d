"""What doctor makes of a service that answers the one question and not the other."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from cli.doctor import report, services, world
from cli.doctor.world import World
from libs.common import checks, sharedkeys
from libs.common.answers import Answers
from libs.common.service import our_version

STATUS = {
    "ready": True,
    "why": [],
    "version": our_version(),
    "lag": {},
    "ledger": {"unaccounted": 0, "dead": 0, "parked": 0, "outbox": 0},
}


@pytest.fixture
def hanging() -> Iterator[str]:
    """The URL of a service that tells its status and never ends its checks."""
    released = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/v1/checks"):
                released.wait()
                return
            said = json.dumps(STATUS).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    released.set()
    server.shutdown()
    server.server_close()


async def test_a_service_that_does_not_end_its_own_checks_is_an_error(
    hanging: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "CHECKS_S", 0.3)
    seen = World(tmp_path, {"WEERKLANK_URL_TRIAGE": hanging, "WEERKLANK_TOKEN": "told"})
    try:
        findings = await checks.run(services.probes(seen))
    finally:
        await seen.close()
    (amiss,) = [finding for finding in findings if finding.status == "error"]
    assert (amiss.id, amiss.about) == (services.SELF.id, "triage")
    assert "does not answer when asked to check itself" in amiss.found
    assert "Look at its log, and restart it." in amiss.remedy
    assert report.overall(findings) == "error"


def telling(held: list[str], service: str) -> tuple[ThreadingHTTPServer, str]:
    """A service that tells its status, and which answer key it holds."""
    finding = sharedkeys.judge_instances(service, sharedkeys.ANSWER_KEY, {"0": held}, "0")
    said = {"/v1/status": STATUS, "/v1/checks": {"items": [finding.model_dump()]}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(said[self.path]).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


KEYS = {name: Answers([name * 32]).fingerprints for name in "ab"}


@pytest.mark.parametrize(
    ("routing", "ingest", "status"),
    [
        (KEYS["a"], KEYS["a"], "ok"),
        (KEYS["b"], KEYS["b"] + KEYS["a"], "ok"),
        (KEYS["a"], KEYS["b"] + KEYS["a"], "warning"),
        (KEYS["a"], KEYS["b"], "error"),
        (KEYS["a"], [], "error"),
        ([], KEYS["a"], "warning"),
        ([], [], "ok"),
    ],
)
async def test_routing_and_ingest_hold_the_same_answer_key_or_doctor_says_what_to_do(
    tmp_path: Path, routing: list[str], ingest: list[str], status: str
) -> None:
    servers = {"routing": telling(routing, "routing"), "ingest": telling(ingest, "ingest")}
    seen = World(tmp_path, {f"WEERKLANK_URL_{name.upper()}": url for name, (_, url) in servers.items()} | {"WEERKLANK_TOKEN": "told"})
    try:
        findings = await checks.run(services.probes(seen))
    finally:
        await seen.close()
        for server, _ in servers.values():
            server.shutdown()
            server.server_close()
    (found,) = [finding for finding in findings if finding.id == "platform.answer-key"]
    assert found.status == status
    assert bool(found.remedy) == (status != "ok")
