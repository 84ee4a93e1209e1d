"""Mail over TLS: the address was looked at before it is dialled, and the certificate is still that of the name in the book."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from libs.common.brandbook import Channel
from services.responder.channels import smtp
from services.responder.mailserver import Reach
from tests.integration.responder.conftest import MailServer
from tests.unit.responder.test_smtp import NOW, row


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of localhost, with its key, and trusted by this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "localhost.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def tls_server(mail_server: MailServer, certificate: Path) -> Iterator[MailServer]:
    mail_server.stop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    controller = Controller(mail_server, hostname="127.0.0.1", port=mail_server.port, ssl_context=context)
    controller.start()
    yield mail_server
    controller.stop()


@pytest.mark.parametrize(("host", "arrives"), [("localhost", True), ("127.0.0.1", False)])
async def test_the_certificate_must_be_of_the_name_in_the_book(tls_server: MailServer, host: str, arrives: bool) -> None:
    account = Channel.model_validate(
        {"id": "smtp", "type": "smtp", "host": host, "port": tls_server.port, "tls": True, "from": "klant@vaart.example"}
    )
    reach = Reach([ip_network("127.0.0.0/8")], frozenset({tls_server.port}))

    async def begin() -> bool:
        return True

    given: dict[str, Any] = {"begin": begin, "in_time": lambda: True, "connect_timeout_s": 10, "answer_timeout_s": 10}
    mail = smtp.message(row(), "klant@vaart.example", "Vaart", NOW)
    outcome = await smtp.send(mail, account, None, reach=reach, **given)
    if arrives:
        assert isinstance(outcome, smtp.Accepted)
    else:
        assert outcome == smtp.Refused("the mail server's certificate is not one of its name that is trusted here", for_good=False)
    assert len(tls_server.received) == arrives
