"""A mailbox of a brand: its channel in the brand book reaches this module, raw mails leave it. IMAP4rev1 (RFC 3501) over TLS, with IDLE (RFC 2177).

Nothing in the mailbox changes: it is opened with EXAMINE and read with BODY.PEEK. Whatever goes wrong is a `Failure` that says, in our own words,
what an administrator can do: a server's would show whoever names a host in a book what answers there.

The library waits for its server, so each connection has a thread of its own; every call has a deadline, after which the connection is cut, and a
limit of bytes that the server may answer with.
"""

import asyncio
import imaplib
import logging
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, Self, TypeVar

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from libs.common import mailserver
from libs.common.brandbook import Channel
from libs.common.mailserver import Reach

# Both would write what they exchange, passwords and mails included.
logging.getLogger("imapclient").setLevel(logging.CRITICAL)

State = Literal["waiting", "login_refused", "not_secure", "out_of_reach", "no_folder"]
"""What a mailbox that cannot be read now is: `waiting` is tried again soon, the rest needs somebody to mend it."""

_ANSWER_BYTES = 8 * 1024 * 1024
"""Of a server to one command, mails apart."""
_SLOWEST_BYTES_S = 20_000
"""A connection that is slower than that, beside its ordinary deadline, is as good as lost."""
_LONGEST_FETCH_S = 300.0
"""However large it is: whoever is slower keeps others waiting."""
_WINDOW = 20_000
"""Mails that are asked about at once: the answer is one line, and the library reads none of more than a million characters."""
_FOR_NOW = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\]", re.IGNORECASE)
"""Response codes by which a server refuses a login for now (RFC 5530)."""

T = TypeVar("T")


class Failure(Exception):
    """A mailbox cannot be read now. The text is an administrator's; it holds what the book says, and nothing that the server said."""

    def __init__(self, state: State, why: str) -> None:
        super().__init__(why)
        self.state, self.why = state, why


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as its server tells of it: UIDs mean something under their `uidvalidity` only, and none is `uidnext` or more yet."""

    uidvalidity: int
    uidnext: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a mail before it is fetched. `arrived_at`: INTERNALDATE, in UTC."""

    uid: int
    size: int
    arrived_at: datetime


class _Wire(imaplib.IMAP4):
    """The library's connection, on a socket that was looked at, and with a limit to what the server may answer."""

    def __init__(self, connected: socket.socket, host: str, context: ssl.SSLContext | None, timeout_s: float) -> None:
        self._connected, self._context = connected, context
        self.left = _ANSWER_BYTES
        super().__init__(host, timeout=timeout_s)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        self._connected.settimeout(timeout)
        return self._context.wrap_socket(self._connected, server_hostname=self.host) if self._context else self._connected

    def read(self, size: int) -> bytes:
        self._take(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._take(len(line))
        return line

    def _take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise self.abort("more than was asked for")


class _Client(IMAPClient):  # type: ignore[misc]  # the library has no types
    def __init__(self, connected: socket.socket, account: Channel, timeout_s: float) -> None:
        self._connected, self._context = connected, ssl.create_default_context()
        super().__init__(account.host, ssl=account.tls is True, timeout=timeout_s)
        self._imap.debug = 0
        self.normalise_times = False
        if account.tls == "starttls":
            self.starttls(self._context)

    def _create_IMAP4(self) -> _Wire:
        return _Wire(self._connected, self.host, self._context if self.ssl else None, self._timeout.read)

    def allow(self, size: int) -> None:
        """So many bytes the server may answer from here on, beside what every answer may take."""
        self._imap.left = _ANSWER_BYTES + size


class Connection:
    """A folder that is open for reading. One call at a time; after a `Failure` it can only be closed."""

    def __init__(self, account: Channel, connected: socket.socket, timeout_s: float) -> None:
        self._account, self._connected, self._timeout_s = account, connected, timeout_s
        # A second handle on the same connection: shut, it wakes whatever thread waits for the first, also inside TLS.
        self._handle = connected.dup()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"mailbox-{account.id}")
        self._client: _Client
        self._exists = self._uidvalidity = 0
        self.idles = False

    @classmethod
    async def open(cls, account: Channel, password: str, *, reach: Reach, timeout_s: float) -> Self:
        """Connect, prove the server's name, and log in. Raises `Failure`."""
        for value in (account.user or "", account.folder):
            if not value.isprintable():
                raise Failure(
                    "waiting", f"The user or folder of the channel {account.id} holds characters that no server takes: correct the book."
                )
        try:
            connected = await mailserver.connect(account, reach, timeout_s)
        except mailserver.OutOfReach as error:
            raise Failure("out_of_reach", str(error)) from error
        except OSError as error:  # a deadline too
            raise Failure("waiting", _told(error, account)) from error
        try:
            opened = cls(account, connected, timeout_s)
        except OSError as error:  # no file descriptor is left
            connected.close()
            raise Failure("waiting", _told(error, account)) from error
        try:
            # A password goes without TLS to nobody but a server of the operator's own networks, if the book says so.
            if account.tls is False and not reach.own(connected.getpeername()[0]):
                raise Failure(
                    "not_secure",
                    f"The channel {account.id} says tls: false, and its server is not in a network of {reach.settings}_NETWORKS: no password is "
                    "sent without TLS. Say tls: true (port 993) or tls: starttls (port 143).",
                )
            _keep_alive(connected)
            await opened._call(opened._log_in, connected, password, deadline_s=2 * timeout_s)
        except OSError as error:
            await opened.close()
            raise Failure("waiting", _told(error, account)) from error
        except BaseException:
            await opened.close()
            raise
        return opened

    def _log_in(self, connected: socket.socket, password: str) -> None:
        client = self._client = _Client(connected, self._account, self._timeout_s)
        try:
            if client.has_capability("AUTH=PLAIN"):
                client.plain_login(self._account.user, password)
            elif client.has_capability("LOGINDISABLED"):
                raise Failure(
                    "not_secure", "The mail server takes no password on this connection. Say tls: true (port 993) or tls: starttls."
                )
            elif not (password.isascii() and password.isprintable()):
                raise Failure(
                    "login_refused", "The mail server's way of logging in takes no password with letters beyond ASCII: choose another."
                )
            else:
                client.login(_quoted(self._account.user or ""), password)
        except LoginError as error:
            if _FOR_NOW.search(str(error)):
                raise Failure("waiting", "The mail server refuses the login for now.") from error
            raise Failure(
                "login_refused",
                f"The mail server refuses the login of the user that the channel {self._account.id} names with {self._account.secret}: check both "
                "(weerklank secret set keeps another password). Many providers want an app password, and IMAP to be switched on for the mailbox.",
            ) from error
        self.idles = client.has_capability("IDLE")

    def tls(self) -> ssl.SSLSocket | None:
        """The connection's TLS; none where the book says `tls: false`."""
        found = self._client.socket()
        return found if isinstance(found, ssl.SSLSocket) else None

    async def examine(self) -> Folder:
        """Open the folder for reading, or look at it anew. Raises `Failure`."""
        return await self._call(self._examine)

    def _examine(self) -> Folder:
        try:
            found = self._client.select_folder(self._account.folder, readonly=True)
        except (IMAPClientError, imaplib.IMAP4.error) as error:
            if isinstance(error, imaplib.IMAP4.abort):
                raise
            raise Failure("no_folder", f"There is no folder {self._account.folder!r} in this mailbox, or it cannot be opened.") from error
        if not (uidvalidity := found.get(b"UIDVALIDITY")):
            raise Failure("no_folder", f"The mail server gives the mails of {self._account.folder!r} no lasting numbers (UIDVALIDITY).")
        self._exists, self._uidvalidity = found.get(b"EXISTS") or 0, uidvalidity
        uidnext = found.get(b"UIDNEXT")
        return Folder(uidvalidity, uidnext or max(self._client.search("UID *"), default=0) + 1)

    async def uids(self, first: int, last: int, since: date | None = None) -> tuple[list[int], int]:
        """The UIDs from `first` on, in order, and up to which UID these are all: `last`, or one before it where very many mails lie between.

        Of mails that arrived on `since` or later, where that is given.
        """
        until = await self._call(self._reach, first, last)
        criteria = ["UID", f"{first}:{until}", *(["SINCE", since] if since else [])]
        found = await self._call(self._client.search, criteria)
        return sorted(uid for uid in found if first <= uid <= until), until

    def _reach(self, first: int, last: int) -> int:
        """Up to which UID a window of mails lies from `first` on: they are counted by their places, however far apart their UIDs are.

        Only the length of an answer hangs on it, so a mail that is deleted meanwhile does no harm.
        """
        low, high, until = 1, -(-self._exists // _WINDOW), last
        while low < high:
            window = (low + high) // 2
            uid = max(self._client.search([str(window * _WINDOW)]), default=0)
            if uid < first:
                low = window + 1
            else:
                high, until = window, uid
        return min(until, last)

    async def envelopes(self, uids: Sequence[int], largest: int) -> list[Envelope]:
        """Those of these mails that are still there, in order of their UIDs. One whose size the server does not tell counts as `largest` bytes."""
        return await self._call(self._envelopes, uids, largest)

    def _envelopes(self, uids: Sequence[int], largest: int) -> list[Envelope]:
        answer = self._ask(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return [_envelope(uid, answer[uid], largest) for uid in uids if uid in answer]

    async def fetch(self, envelopes: Sequence[Envelope], read: Callable[[Envelope, bytes], T]) -> dict[int, T | None]:
        """What `read` makes, in the connection's thread, of each mail that is still there; None for one that the server has and does not give."""
        size = sum(envelope.size for envelope in envelopes)
        deadline_s = min(2 * self._timeout_s + size / _SLOWEST_BYTES_S, _LONGEST_FETCH_S)
        # A server may count a line's end as one byte and send two.
        return await self._call(self._fetch, envelopes, 2 * size, read, deadline_s=deadline_s)

    def _fetch(self, envelopes: Sequence[Envelope], size: int, read: Callable[[Envelope, bytes], T]) -> dict[int, T | None]:
        uids = [envelope.uid for envelope in envelopes]
        answer = self._ask(uids, ["BODY.PEEK[]"], size)
        found: dict[int, T | None] = {}
        for envelope in envelopes:
            raw = answer.pop(envelope.uid, {}).get(b"BODY[]")
            if raw is not None:
                found[envelope.uid] = read(envelope, raw)
        if missing := [uid for uid in uids if uid not in found]:
            found |= dict.fromkeys(self._client.search(["UID", ",".join(map(str, missing))]))
        return found

    def _ask(self, uids: Sequence[int], items: Sequence[str], size: int = 0) -> dict[int, dict[bytes, Any]]:
        self._client.allow(size)
        try:
            return self._client.fetch(uids, items)  # type: ignore[no-any-return]
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError:
            # Some servers say no when one of the mails was deleted meanwhile (RFC 2180, 4.1); opened anew, the folder is without it.
            before = self._uidvalidity
            if self._examine().uidvalidity != before:
                raise
        self._client.allow(size)
        return self._client.fetch(uids, items)  # type: ignore[no-any-return]

    async def wait(self, timeout_s: float) -> None:
        """Return when the server tells of something new, where it does (IDLE), and after `timeout_s` in any case."""
        if not self.idles:
            await asyncio.sleep(timeout_s)
            return
        # What came in since the last look is told now, and would not be told again.
        if not any(_is_arrival(item) for item in (await self._call(self._client.noop))[1]):
            await self._call(self._idle, timeout_s, deadline_s=timeout_s + 2 * self._timeout_s)

    def _idle(self, timeout_s: float) -> None:
        try:
            self._client.idle()
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError:
            # It says that it can, and refuses.
            self.idles = False
            return
        self._client.idle_check(timeout_s)
        self._client.idle_done()

    async def _call(self, call: Callable[..., T], *arguments: Any, deadline_s: float | None = None) -> T:
        """Run it in the connection's thread. Raises `Failure`, with the connection cut, for whatever goes wrong."""

        def limited() -> T:
            if hasattr(self, "_client"):
                self._client.allow(0)
            return call(*arguments)

        running = asyncio.get_running_loop().run_in_executor(self._thread, limited)
        # How a call ends that nobody waits for any longer is nobody's: unread, it would be logged, with what the server said.
        running.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        try:
            async with asyncio.timeout(deadline_s or 2 * self._timeout_s):
                return await asyncio.shield(running)
        except Failure:
            self._cut()
            raise
        except asyncio.CancelledError:
            self._cut()
            await asyncio.wait([running], timeout=self._timeout_s)
            raise
        except Exception as error:
            self._cut()
            await asyncio.wait([running], timeout=self._timeout_s)
            raise Failure("waiting", _told(error, self._account)) from error

    def _cut(self) -> None:
        try:
            self._handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server was faster

    async def close(self) -> None:
        """Without LOGOUT: nothing is owed, and the server may not answer."""
        self._cut()
        self._handle.close()
        self._thread.submit(self._shut)
        self._thread.shutdown(wait=False)

    def _shut(self) -> None:
        try:
            self._client.shutdown()
        except (AttributeError, OSError):
            pass  # never opened, or closed by the library itself
        self._connected.close()


def _envelope(uid: int, told: Mapping[bytes, Any], largest: int) -> Envelope:
    """Of what a server tells of a mail: nothing in it keeps the mail, or those behind it, from being read."""
    size, arrived_at = told.get(b"RFC822.SIZE"), told.get(b"INTERNALDATE")
    try:
        arrived_at = arrived_at.astimezone(UTC)  # type: ignore[union-attr]
    except (AttributeError, ArithmeticError, ValueError):
        # As if it came now: where it stands, and its own date, say whether it is history.
        arrived_at = datetime.now(UTC)
    return Envelope(uid, size if isinstance(size, int) and 0 <= size < 2**63 else largest, arrived_at)


def _is_arrival(response: object) -> bool:
    return isinstance(response, tuple) and len(response) > 1 and response[1] in (b"EXISTS", b"RECENT")


def _quoted(value: str) -> str:
    """A string as a command takes it (RFC 3501, 4.3); the library quotes passwords only."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _keep_alive(connected: socket.socket) -> None:
    """Notice within minutes that the other side is gone while nothing is sent."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):  # macOS names them otherwise
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _told(error: BaseException, account: Channel) -> str:
    """What went wrong with a connection, in our words."""
    if isinstance(error, TimeoutError):
        return f"The mail server {account.host} did not answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of {account.host} is not one of that name that is trusted here. Is the host's name right? "
            "An authority of your own is trusted by SSL_CERT_FILE."
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS with {account.host} does not come about. With port 143 say tls: starttls, with 993 tls: true."
    if isinstance(error, socket.gaierror):
        return f"The name {account.host} does not resolve."
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens on port {mailserver.port_of(account)} of {account.host}."
    if isinstance(error, OSError | imaplib.IMAP4.abort):
        return f"There is no connection with {account.host}, or it was lost."
    return f"What answers on port {mailserver.port_of(account)} of {account.host} does not do what a mail server does ({type(error).__name__})."
