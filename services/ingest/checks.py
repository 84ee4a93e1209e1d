"""What only ingest can be asked: whether each brand's `imap` account lets it in. No folder is opened, and no mail is read."""

import asyncio
import contextlib
import imaplib
import socket
from datetime import datetime
from typing import Any

import imapclient
from imapclient import tls
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from libs.common import accountchecks, certificate, mailserver
from libs.common.accountchecks import Accounts, LoginFailed
from libs.common.brandbook import Channel
from libs.common.mailserver import Reach
from libs.common.servicechecks import Probes
from services.ingest.settings import Settings

_PORTS = frozenset({143, 993})


def port_of(account: Channel) -> int:
    """The port that the book gives, else IMAP's own for its way of TLS (RFC 8314, 7.3; RFC 9051, 2.1)."""
    return account.port or (993 if account.tls is True else 143)


def accounts(settings: Settings) -> Probes:
    """The accounts that mail is read from."""
    reach = Reach(settings.mail_networks, settings.mail_ports | _PORTS)

    async def attempt(account: Channel, password: str | None) -> datetime | None:
        account = account.model_copy(update={"port": port_of(account)})
        async with asyncio.timeout(accountchecks.TRIED_S):
            dialled = await mailserver.connect(account, reach)
        # The thread ends by the socket's own limit, also when nobody waits for it any more.
        return await asyncio.to_thread(log_in, account, password or "", dialled)

    return accountchecks.probes(Accounts("imap", settings.secrets_dir, attempt, port_of))


def log_in(account: Channel, password: str, dialled: socket.socket) -> datetime | None:
    """Log in over a connected socket, and LOGOUT; the end of the server's certificate, none without TLS. Blocks, each step for 8 s at the most.

    Raises `LoginFailed`, or `OSError` about the connection.
    """
    assert account.host is not None
    assert account.user is not None, "the brand book gives an imap channel a host, a user and a secret"
    dialled.settimeout(accountchecks.TRIED_S)
    try:
        client = _Client(account, dialled)
        if account.tls == "starttls":
            client.starttls()
        end = certificate.expires_at(client.socket() if account.tls else None)
        client.login(account.user, password)
    except LoginError as error:
        raise LoginFailed("it refuses the user name or the password", "Set the account's secret, or its user, anew.") from error
    except CapabilityError as error:
        raise LoginFailed("it does not offer STARTTLS") from error
    except (IMAPClientError, IMAPClientAbortError, imaplib.IMAP4.error) as error:
        raise LoginFailed("what answered speaks no IMAP, or hung up") from error
    else:
        with contextlib.suppress(OSError, IMAPClientError, imaplib.IMAP4.error):
            client.logout()
        return end
    finally:
        dialled.close()


class _Client(imapclient.IMAPClient):  # type: ignore[misc]  # the library has no types
    """IMAPClient over a socket that was looked at and dialled already: by itself it would resolve the name once more."""

    def __init__(self, account: Channel, dialled: socket.socket) -> None:
        self._dialled = dialled
        super().__init__(account.host, port_of(account), ssl=account.tls is True, timeout=accountchecks.TRIED_S)

    def _create_IMAP4(self) -> imaplib.IMAP4:
        dialled, wrap, host = self._dialled, self.ssl, self.host

        class Dialled(imaplib.IMAP4):
            def _create_socket(self, timeout: Any = None) -> socket.socket:
                wrapped: socket.socket = tls.wrap_socket(dialled, None, host) if wrap else dialled
                return wrapped

        return Dialled(host, self.port)
