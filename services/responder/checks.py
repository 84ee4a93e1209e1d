"""What only the responder can be asked: whether each brand's `smtp` account lets it in and its mails can be signed, and each `webhook` is reached. Nothing
is sent.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr
from functools import partial
from urllib.parse import urlsplit

import aiosmtplib

from libs.common import accountchecks, certificate, mailserver, secret, standardwebhooks, submission, webcall
from libs.common.accountchecks import DKIM, Accounts, LoginFailed, LoginRefused
from libs.common.brandbook import Channel
from libs.common.checks import Finding, Probe
from libs.common.mailserver import Reach
from libs.common.service import Service
from libs.common.servicechecks import Probes
from services.responder.channels import mailsign
from services.responder.settings import Settings


def accounts(settings: Settings) -> Probes:
    """The accounts that replies leave by."""
    reach = Reach(settings.mail_networks, settings.mail_ports)

    async def attempt(account: Channel, password: str | None) -> datetime | None:
        async with asyncio.timeout(accountchecks.TRIED_S):
            return await log_in(account, password, reach)

    return accountchecks.probes(Accounts("smtp", settings.secrets_dir, attempt))


def webhooks(settings: Settings) -> Probes:
    """The programs that replies are handed to."""
    reach = Reach(settings.webhook_networks, settings.webhook_ports, "WEERKLANK_RESPONDER_WEBHOOK")

    async def attempt(account: Channel, signed_with: str | None) -> datetime | None:
        assert account.url is not None
        assert account.secret is not None, "the brand book gives a webhook an address and a secret"
        if signed_with is None or standardwebhooks.key_of(signed_with) is None:
            raise LoginFailed(standardwebhooks.no_key(account.secret), "Make a new one, and give it to both sides.")
        named = f"the url of channel {account.id}"
        return certificate.expires_at(await webcall.reachable(account.url, named=named, reach=reach, within_s=accountchecks.TRIED_S))

    return accountchecks.probes(Accounts("webhook", settings.secrets_dir, attempt, server=_server_of, is_plain_refused=False))


def _server_of(account: Channel) -> str:
    """Without the path, which may hold what others should not see."""
    return urlsplit(account.url or "").netloc.rpartition("@")[2]


def signatures(settings: Settings) -> Probes:
    """The keys that mails are signed with."""

    def of(service: Service, brand: str | None) -> list[Probe]:
        books = dict(service.books)
        return [
            Probe(DKIM, partial(_signature, channel, slug, list(books), published.book.pilot, settings), f"{slug}: {channel.id}", slug)
            for slug, published in books.items()
            for channel in published.book.channels
            if channel.dkim is not None and brand in (None, slug)
        ]

    return of


async def _signature(channel: Channel, brand: str, brands: Sequence[str], pilot: bool, settings: Settings) -> list[Finding]:
    assert channel.dkim is not None
    about, amiss = f"{brand}: {channel.id}", DKIM.warning if pilot else DKIM.error
    name = f"{channel.dkim.selector}._domainkey.{channel.dkim.domain}"
    try:
        found = mailsign.key(await secret.read(channel.dkim.secret, brand, brands, settings.secrets_dir))
    except (secret.SecretMissing, secret.SecretRefused) as error:
        return [amiss(str(error), about=about, brand=brand, values={"reference": channel.dkim.secret})]
    except mailsign.NotAKey as error:
        return [amiss(f"The secret {channel.dkim.secret} signs nothing: {error}.", about=about, brand=brand)]
    values = {"name": name, "record": found.record}
    if found.kind == "rsa" and found.bits < mailsign.GOOD_BITS:
        return [
            DKIM.warning(
                f"The key has {found.bits} bits: some servers take no signature of so short a one.",
                "Make one of 2048 bits under another selector, publish it, and then name it in the book.",
                about=about,
                brand=brand,
                values=values,
            )
        ]
    return [DKIM.ok(f'Mails are signed. To be published: {name} TXT "{found.record}"', about=about, brand=brand, values=values)]


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
