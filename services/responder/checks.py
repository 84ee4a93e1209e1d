"""What only the responder can be asked: whether each brand's `smtp` account lets it in. Nothing is sent."""

import asyncio
from datetime import datetime
from email.utils import parseaddr

import aiosmtplib

from libs.common import accountchecks, certificate, mailserver, submission
from libs.common.accountchecks import Accounts, LoginFailed, LoginRefused
from libs.common.brandbook import Channel
from libs.common.mailserver import Reach
from libs.common.servicechecks import Probes
from services.responder.settings import Settings


def accounts(settings: Settings) -> Probes:
    """The accounts that replies leave by."""
    reach = Reach(settings.mail_networks, settings.mail_ports)

    async def attempt(account: Channel, password: str | None) -> datetime | None:
        async with asyncio.timeout(accountchecks.TRIED_S):
            return await log_in(account, password, reach)

    return accountchecks.probes(Accounts("smtp", settings.secrets_dir, attempt))


async def log_in(account: Channel, password: str | None, reach: Reach) -> datetime | None:
    """Connect as for a reply, log in, and QUIT; the end of the server's certificate, none without TLS.

    Raises `LoginFailed`, `mailserver.OutOfReach`, or `OSError` about the connection.
    """
    assert account.host is not None
    assert account.sender is not None, "the brand book gives an smtp channel a host and a sender"
    sender = parseaddr(account.sender)[1]
    client = submission.client_of(account, sender, password, accountchecks.TRIED_S)
    try:
        await client.connect(sock=await mailserver.connect(account, reach, accountchecks.TRIED_S / 2))
        end = certificate.expires_at(client.get_transport_info("ssl_object"))
        await client.quit()
        return end
    except aiosmtplib.SMTPAuthenticationError as error:
        raise LoginRefused(f"it refuses the user name or the password ({error.code})") from error
    except aiosmtplib.SMTPResponseException as error:
        raise LoginFailed(f"it answered {error.code}" if error.code > 0 else "what answered speaks no SMTP") from error
    except aiosmtplib.SMTPTimeoutError as error:
        raise TimeoutError from error
    except aiosmtplib.SMTPNotSupported as error:
        raise LoginFailed("it does not offer what the channel asks for (STARTTLS, or a way to log in)") from error
    except aiosmtplib.SMTPException as error:
        if isinstance(error.__cause__, OSError):
            raise error.__cause__ from None
        raise LoginFailed("what answered speaks no SMTP, or hung up") from error
    finally:
        client.close()
