"""One mail and one server: what its answers mean, and whom it must prove to be."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from libs.common import outcome as outcomes
from libs.common import submission
from libs.common.brandbook import Channel
from libs.common.mailserver import Reach
from services.responder.channels import smtp
from tests.mail_server import MailServer
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


async def yes() -> bool:
    return True


async def hand_over(mail: EmailMessage, server: MailServer, **account: Any) -> tuple[outcomes.Outcome, int]:
    """What became of a mail, and how often it was said that it begins to be transmitted."""
    given = {"id": "smtp", "type": "smtp", "host": "127.0.0.1", "port": server.port, "tls": False, "from": "klant@vaart.example"}
    begun = []

    async def begin() -> bool:
        begun.append(True)
        return True

    outcome = await submission.send(
        mail,
        Channel.model_validate({**given, **account}),
        None,
        reach=Reach([ip_network("127.0.0.0/8")], frozenset({server.port})),
        begin=begin,
        in_time=yes,
        connect_timeout_s=10,
        answer_timeout_s=10,
    )
    return outcome, len(begun)


def mail() -> EmailMessage:
    return smtp.message(row(), "klant@vaart.example", "Vaart", NOW)


@pytest.mark.parametrize(("host", "arrives"), [("localhost", True), ("127.0.0.1", False)])
async def test_the_certificate_must_be_of_the_name_in_the_book(tls_server: MailServer, host: str, arrives: bool) -> None:
    outcome, _ = await hand_over(mail(), tls_server, host=host, tls=True)
    if arrives:
        assert isinstance(outcome, outcomes.Accepted)
    else:
        assert outcome == outcomes.Refused(
            "the mail server is out of reach: its certificate is not one of its name that is trusted here", for_good=False
        )
    assert len(tls_server.received) == arrives


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("250 OK", outcomes.Accepted),
        ("251 forwarded", outcomes.Accepted),
        ("299 whatever", outcomes.Accepted),
        ("421 closing", outcomes.Refused),
        ("451 later", outcomes.Refused),
        ("554 no", outcomes.Refused),
        ("354 go on", outcomes.Unknown),
        ("150 hm", outcomes.Unknown),
        ("999 hm", outcomes.Unknown),
        ("hello", outcomes.Unknown),
        ("drop", outcomes.Unknown),
    ],
)
async def test_a_whole_message_is_accepted_refused_or_nobody_knows(mail_server: MailServer, answer: str, expected: type[object]) -> None:
    mail_server.answers = [answer]
    outcome, _ = await hand_over(mail(), mail_server)
    assert type(outcome) is expected
    assert not isinstance(outcome, outcomes.Refused) or outcome.for_good == answer.startswith("5")


async def test_what_cannot_be_written_as_a_mail_has_certainly_not_begun(mail_server: MailServer) -> None:
    unwritable = mail()
    unwritable.set_payload("\ud800")
    outcome, begun = await hand_over(unwritable, mail_server)
    assert outcome == outcomes.Refused("this text cannot be written as a mail: UnicodeEncodeError", for_good=True)
    assert (begun, mail_server.connections) == (0, 0)
