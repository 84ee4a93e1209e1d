"""What only ingest can be asked: whether each brand's `imap` account lets it in. No folder is opened, and no mail is read."""

from datetime import datetime

from libs.common import accountchecks, certificate
from libs.common.accountchecks import Accounts, LoginFailed, LoginRefused
from libs.common.brandbook import Channel
from libs.common.mailserver import OutOfReach, Reach
from libs.common.servicechecks import Probes
from services.ingest.channels import imap
from services.ingest.settings import Settings

_STEP_S = accountchecks.TRIED_S / 3
"""Logging in may take two of them, after one to connect."""


def accounts(settings: Settings) -> Probes:
    """The accounts that mail is read from."""
    reach = Reach(settings.mail_networks, settings.mail_ports, settings="WEERKLANK_INGEST_MAIL")

    async def attempt(account: Channel, password: str | None) -> datetime | None:
        return await log_in(account, password or "", reach)

    return accountchecks.probes(Accounts("imap", settings.secrets_dir, attempt, is_plain_refused=False))


async def log_in(account: Channel, password: str, reach: Reach) -> datetime | None:
    """Connect and log in as for reading, and leave; the end of the server's certificate, none without TLS.

    Raises `LoginFailed`, `OutOfReach`, or `OSError` about the connection.
    """
    try:
        connection = await imap.Connection.open(account, password, reach=reach, timeout_s=_STEP_S)
    except imap.Failure as error:
        if isinstance(error.__cause__, OSError | OutOfReach):
            raise error.__cause__ from None
        raise (LoginRefused if error.state == "login_refused" else LoginFailed)(error.why.rstrip(".")) from error
    try:
        return certificate.expires_at(connection.tls())
    finally:
        await connection.close()
