"""The issuer's keys over https: a certificate that ends soon, one that has ended, and answers that hold no keys."""

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from libs.common import servicechecks
from libs.common.checks import Finding
from tests.integration.doctor.mail import certificate
from tests.tokens import Issuer


@contextmanager
def issuer(pem: Path, status: int, body: bytes) -> Iterator[str]:
    """The URL of a server that answers everything so."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://name:hunter2@localhost:{server.server_port}/jwks.json"
    finally:
        server.shutdown()
        server.server_close()


async def ask(jwks: str) -> list[Finding]:
    service: Any = SimpleNamespace(name="triage", settings=SimpleNamespace(jwks=jwks, oidc_issuer=""))
    return await servicechecks._issuer(service)


@pytest.mark.parametrize(
    ("days", "status", "body", "expected"),
    [
        (90, 200, "keys", [("service.issuer", "ok"), ("service.issuer-certificate", "ok")]),
        (20, 200, "keys", [("service.issuer", "ok"), ("service.issuer-certificate", "warning")]),
        (5, 200, "keys", [("service.issuer", "ok"), ("service.issuer-certificate", "error")]),
        (-1, 200, "keys", [("service.issuer-certificate", "error")]),
        (90, 503, "keys", [("service.issuer", "error")]),
        (90, 200, "a page", [("service.issuer", "error"), ("service.issuer-certificate", "ok")]),
    ],
)
async def test_an_issuer_over_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: float, status: int, body: str, expected: list[tuple[str, str]]
) -> None:
    pem = certificate(tmp_path, "https", days)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    published = Issuer(tmp_path).jwks.read_bytes() if body == "keys" else json.dumps(body).encode()
    with issuer(pem, status, published) as url:
        found = await ask(url)
    assert [(finding.id, finding.status) for finding in found] == expected
    assert "hunter2" not in "".join(finding.model_dump_json() for finding in found)


async def test_an_issuer_in_a_file_that_is_gone(tmp_path: Path) -> None:
    (found,) = await ask(str(tmp_path / "jwks.json"))
    assert (found.status, "cannot be read: No such file" in found.found) == ("error", True)
