"""A real Dovecot for a test session: mailboxes are Maildir folders below its home, users have the password `PASSWORD`.

It runs as whoever runs the tests. Where the package is missing (Debian: dovecot-imapd) the fixture skips.
"""

import grp
import imaplib
import itertools
import os
import pwd
import re
import shutil
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.stack import _Server, free_port
from tests.waiting import eventually

PASSWORD = "een goed geheim"
PROGRAM = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")

CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/server.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/localhost.pem
ssl_key = <{home}/localhost.key
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
mail_location = maildir:{home}/mail/%u
mail_fsync = never
first_valid_uid = 0
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
default_client_limit = 1000
mail_max_userip_connections = 1000
{capability}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {home}/users/%u
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def certificate(home: Path) -> None:
    """An authority of the test's own in `authority.pem`, and what it says of localhost in `localhost.pem` and `.key`."""
    now = datetime.now(UTC)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's authority")])

    def signed(name: x509.Name, of: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=90))
        )
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    localhost = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    (home / "authority.pem").write_bytes(signed(authority, authority_key, x509.BasicConstraints(ca=True, path_length=0)))
    (home / "localhost.pem").write_bytes(signed(localhost, key, x509.SubjectAlternativeName([x509.DNSName("localhost")])))
    (home / "localhost.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def owner() -> tuple[str, str]:
    """Whose the mail is: user and group."""
    uid, gid = (pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    return pwd.getpwuid(uid).pw_name, grp.getgrgid(gid).gr_name


@dataclass
class Dovecot(_Server):
    """`start` after `kill` or `stop` keeps the mail and the ports. `capability`: what it says it can do, where that is not all."""

    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    capability: str = ""
    mechanisms: str = "plain login"

    def start(self) -> "Dovecot":
        """Returns once it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        if not (self.home / "localhost.pem").exists():
            certificate(self.home)
            (self.home / "users").mkdir()
        # Root's Dovecot has the users that its package makes, and reads nobody's mail as root; anybody else's has no user but theirs.
        user, group = owner()
        internal, internal_group, login = ("dovecot", "dovecot", "dovenull") if os.geteuid() == 0 else (user, group, user)
        configuration = CONFIGURATION.format(
            home=self.home,
            port=self.port,
            tls_port=self.tls_port,
            user=user,
            group=group,
            internal=internal,
            internal_group=internal_group,
            login=login,
            mechanisms=self.mechanisms,
            capability=f"imap_capability = {self.capability}" if self.capability else "",
        )
        (self.home / "dovecot.conf").write_text(configuration)
        assert PROGRAM is not None
        self._spawn([PROGRAM, "-F", "-c", str(self.home / "dovecot.conf")])
        eventually(self._answers, f"Dovecot answers; see {self.log}", 20)
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        try:
            imaplib.IMAP4("127.0.0.1", self.port, timeout=2).logout()
        except (OSError, imaplib.IMAP4.error):
            return False
        return True

    def stop(self) -> None:
        """Every connection is closed, at once."""
        family = self._family() if self.process else []
        self._stop(signal.SIGTERM)
        for process in psutil.wait_procs(family, timeout=0.3)[1]:
            process.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def trusted(self) -> Path:
        """What SSL_CERT_FILE must be for whoever trusts it."""
        return self.home / "authority.pem"

    def user(self, name: str, password: str = PASSWORD) -> "Mailbox":
        """A user of its own with an empty INBOX."""
        (self.home / "users" / name).write_text(f"{name}:{{PLAIN}}{password}\n")
        mailbox = Mailbox(self, name, password)
        mailbox.path.mkdir(parents=True, exist_ok=True)
        _give(mailbox.path)
        with mailbox.open() as client:
            client.noop()
        return mailbox


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, *owner())


_NUMBERS = itertools.count(1)


@dataclass
class Mailbox:
    """One user's INBOX."""

    server: Dovecot
    name: str
    password: str

    @property
    def path(self) -> Path:
        return self.server.home / "mail" / self.name

    @contextmanager
    def open(self) -> Iterator[imaplib.IMAP4]:
        client = imaplib.IMAP4("127.0.0.1", self.server.port, timeout=20)
        try:
            client.login(f'"{self.name}"', self.password)
            client.select("INBOX")
            yield client
        finally:
            client.shutdown()

    def append(self, *mails: bytes, arrived_at: datetime | None = None) -> None:
        """By IMAP: the server knows of it at once."""
        with self.open() as client:
            for mail in mails:
                answer = client.append("INBOX", "", imaplib.Time2Internaldate(arrived_at or datetime.now(UTC)), mail)
                assert answer[0] == "OK", answer

    def drop(self, mails: Iterable[bytes], arrived_at: datetime | None = None) -> None:
        """As a delivery does, by files: fast for thousands, and all of them at once. The order of UIDs is that of these mails."""
        at = (arrived_at or datetime.now(UTC)).timestamp()
        written = []
        for mail in mails:
            path = self.path / "tmp" / f"{int(at)}.M{next(_NUMBERS):09}P{os.getpid()}.localhost"
            path.write_bytes(mail)
            os.utime(path, (at, at))
            _give(path)
            written.append(path)
        for path in written:
            path.rename(self.path / "new" / path.name)

    def flags(self) -> list[bytes]:
        """What the server says of every mail's flags."""
        with self.open() as client:
            answer = client.fetch("1:*", "(FLAGS)")[1]
        return [item for item in answer if isinstance(item, bytes)]

    def renumber(self) -> None:
        """Every mail gets another UID under another UIDVALIDITY, as after a restore. The server must not run."""
        header = (self.path / "dovecot-uidlist").read_text().splitlines()[0]
        validity = next(int(word[1:]) for word in header.split() if word.startswith("V"))
        for path in self.path.glob("dovecot*"):
            path.unlink()
        # It is the second in which the server first sees the folder.
        eventually(lambda: time.time() >= validity + 1, "a second that is not yet a UIDVALIDITY", 5)

    def next_uid(self, uid: int) -> None:
        """The next mail gets this UID, as in a mailbox that has had very many. No client may have it open."""
        uidlist = self.path / "dovecot-uidlist"
        header, _, rest = uidlist.read_text().partition("\n")
        uidlist.write_text(re.sub(r" N\d+", f" N{uid}", header) + "\n" + rest)
        for index in self.path.glob("dovecot.index*"):
            index.unlink()
