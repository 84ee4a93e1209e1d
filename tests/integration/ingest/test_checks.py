"""An `imap` account that doctor tries, on a real Dovecot: its password, its certificate, and what it offers."""

import asyncio
import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from libs.common import certificate as certificates
from libs.common import mailserver
from libs.common.accountchecks import LOGIN, LoginFailed, LoginRefused
from libs.common.books import Published
from libs.common.brandbook import BrandBook, Channel
from libs.common.mailserver import OutOfReach, Reach
from services.ingest import checks
from services.ingest.settings import Settings
from tests.integration.doctor.mail import PASSWORD, certificate
from tests.stack import free_port
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(shutil.which("dovecot") is None, reason="needs the Debian package dovecot-imapd")

CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
disable_plaintext_auth = yes
mail_location = maildir:{home}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail
}}
service imap-login {{
  {unprivileged}
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  {unprivileged}
}}
"""


@dataclass
class Dovecot:
    port: int
    tls_port: int


@pytest.fixture(scope="module")
def dovecot(home: Path) -> Iterator[Dovecot]:
    """With a certificate of localhost that ends in five days."""
    (home / "mail").mkdir()
    (home / "mail").chmod(0o777)
    found = Dovecot(free_port(), free_port())
    root = os.geteuid() == 0
    me = "nobody" if root else getpass.getuser()
    config = CONFIG.format(
        home=home,
        pem=certificate(home, "imap", 5),
        password=PASSWORD,
        user=me,
        group="nogroup" if root else os.getegid(),
        unprivileged="" if root else "chroot =",
        port=found.port,
        tls_port=found.tls_port,
    )
    if not root:
        config += f"default_internal_user = {me}\ndefault_login_user = {me}\n"
    (home / "dovecot.conf").write_text(config)
    with (home / "out").open("wb") as out:
        process = subprocess.Popen(["dovecot", "-F", "-c", str(home / "dovecot.conf")], stdout=out, stderr=out)
    environment = pytest.MonkeyPatch()
    environment.setenv("SSL_CERT_FILE", str(home / "imap.pem"))
    try:
        eventually(lambda: _listens(found.tls_port), f"dovecot listens: {(home / 'out').read_text()}")
        yield found
    finally:
        environment.undo()
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def log_in(port: int, password: str = PASSWORD, **more: Any) -> datetime | None:
    given = {
        "id": "mail",
        "type": "imap",
        "host": "localhost",
        "user": "klant@vaart.example",
        "secret": "env:VAART_IMAP",
        "port": port,
        **more,
    }
    account = Channel.model_validate(given)
    return await checks.log_in(account, password, Reach([ip_network("127.0.0.0/8"), ip_network("::1/128")], frozenset({port})))


@pytest.mark.parametrize("tls", [True, "starttls"])
async def test_a_login_tells_when_the_certificate_ends(dovecot: Dovecot, tls: bool | str) -> None:
    end = await log_in(dovecot.tls_port if tls is True else dovecot.port, tls=tls)
    assert end is not None
    assert timedelta(days=4) < end - datetime.now(UTC) < timedelta(days=6)


async def test_a_wrong_password_is_told_from_a_server_that_speaks_something_else(dovecot: Dovecot) -> None:
    with pytest.raises(LoginRefused, match="weerklank secret set"):
        await log_in(dovecot.tls_port, "wrong-one", tls=True)

    async def not_imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(not_imap, "127.0.0.1", 0) as server:
        with pytest.raises(LoginFailed, match="There is no connection"):
            await log_in(server.sockets[0].getsockname()[1], tls=False)


async def test_a_certificate_of_another_name_is_not_trusted(dovecot: Dovecot) -> None:
    with pytest.raises(OSError) as refused:
        await log_in(dovecot.tls_port, tls=True, host="127.0.0.1")
    assert certificates.told(refused.value) == "its certificate is not one of its name that is trusted here"


async def test_a_server_that_nobody_allowed_is_not_dialled(dovecot: Dovecot) -> None:
    account = Channel.model_validate(
        {"id": "mail", "type": "imap", "host": "localhost", "user": "k", "secret": "env:VAART_IMAP", "port": dovecot.port}
    )
    with pytest.raises(OutOfReach):
        await mailserver.connect(account, Reach((), frozenset({dovecot.port})), 5)


@pytest.mark.parametrize(
    ("account", "networks", "told", "remedy"),
    [
        ({"host": "localhost", "port": 0}, ["127.0.0.0/8", "::1/128"], "refuses the connection", "Mend host, port"),
        ({"host": "nowhere.invalid"}, [], "its name does not resolve", "Mend host, port"),
        ({"host": "127.0.0.1"}, ["127.0.0.0/8"], "not one of its name that is trusted here", "SSL_CERT_FILE"),
        ({"host": "localhost"}, [], "WEERKLANK_INGEST_MAIL_NETWORKS", "Allow it in the service's settings"),
    ],
    ids=["refused", "unknown", "untrusted", "not allowed"],
)
async def test_an_account_that_is_not_reached_is_a_finding_with_what_to_do(
    dovecot: Dovecot, tmp_path: Path, account: dict[str, Any], networks: list[str], told: str, remedy: str
) -> None:
    (tmp_path / "vaart-imap").write_text(PASSWORD)
    given = {"id": "mail", "type": "imap", "user": "k", "secret": "file:vaart-imap", "port": dovecot.tls_port} | account
    given["port"] = given["port"] or free_port()
    settings = {"mail_networks": ",".join(networks), "mail_ports": str(given["port"]), "secrets_dir": str(tmp_path)}
    probes = checks.accounts(Settings(database_url="postgresql://", jwks="keys.json", **settings))
    book = BrandBook.model_validate({"brand": "vaart", "name": "Vaart", "languages": ["nl"], "pilot": False, "channels": [given]})
    [probe] = probes(SimpleNamespace(books=[("vaart", Published(book, 1))]), None)  # type: ignore[arg-type]
    [found] = [finding for finding in await asyncio.wait_for(probe.ask(), 20) if finding.id == LOGIN.id]
    assert (found.status, told in found.found, remedy in found.remedy) == ("error", True, True), found


def test_the_port_is_imaps_own_unless_the_book_says_another() -> None:
    given = {"id": "mail", "type": "imap", "host": "mail.example", "user": "k", "secret": "env:VAART_IMAP"}
    ports = [mailserver.port_of(Channel.model_validate({**given, **more})) for more in ({}, {"tls": "starttls"}, {"port": 1143})]
    assert ports == [993, 143, 1143]
