"""The accounts of the brands: what responder and ingest look at alike, each for the types that it uses.

A channel of a brand book comes in; findings about its secret, whether the server lets it in, and the server's certificate go out. The servers are somebody
else's: each account is tried at most once a minute, and no answer of theirs is repeated.
"""

import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from libs.common import certificate, mailserver, secret
from libs.common.brandbook import Channel
from libs.common.checks import Finding, Kind, Probe, Remembered

if TYPE_CHECKING:  # it hands us its books
    from libs.common.service import Service
    from libs.common.servicechecks import Probes

TRIED_S = 8.0

SECRET = Kind(
    "account.secret",
    "An account's secret",
    "That the reference in the brand book (env:NAME, file:name) leads to a secret of this brand. The secret itself is never shown.",
    "Keep it with weerklank secret set beside a local stack; elsewhere put the file into the service's folder of secrets "
    "(WEERKLANK_<SERVICE>_SECRETS_DIR), or set the environment variable and start the service anew.",
)
LOGIN = Kind(
    "account.login",
    "An account's login",
    "Connecting to the mail server with the TLS that the book asks for, logging in, and leaving; to a webhook's server, connecting. Nothing is sent, read "
    "or changed there.",
    "Mend host, port, tls, user or url of this channel in the brand book (weerklank apply), or its password (weerklank secret set), "
    "or ask whoever runs the server.",
)
_TRUST = (
    "Look at the host's name in the brand book. Where an authority of your own made the certificate, start the service with SSL_CERT_FILE=…, "
    "a file of the authorities that it trusts."
)
CERTIFICATE = Kind(
    "account.certificate",
    "A server's certificate",
    "The end of the server's TLS certificate; a warning 30 days before it, an error 7 days before it.",
    "Have whoever runs the server renew its certificate.",
)
DKIM = Kind(
    "account.dkim",
    "The signature on an account's mails",
    "That the key in dkim of an smtp account can be read and is one. What the domain has to publish is shown; whether it does is not asked.",
    "Keep the private key (PEM, RSA of 2048 bits or Ed25519) with weerklank secret set, under the name that dkim.secret has in the brand book.",
)
KINDS = (SECRET, LOGIN, CERTIFICATE, DKIM)


class LoginFailed(Exception):
    """The server answered and did not let us in. The text is ours, and the second argument what to do about it."""


class LoginRefused(LoginFailed):
    """It refuses the user name or the password: what to do follows from the channel."""


Try = Callable[[Channel, str | None], Awaitable[datetime | None]]
"""Connect, log in, leave; the end of the server's certificate, none without TLS. Raises `LoginFailed`, `mailserver.OutOfReach` or `OSError`."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one type, as the service that uses them knows them."""

    type: str
    secrets: Path
    attempt: Try
    server: Callable[[Channel], str] = lambda channel: f"{channel.host}:{mailserver.port_of(channel)}"
    """Which one that is, for people."""
    is_plain_refused: bool = True
    """Whether a channel with a secret must not say `tls: false`, wherever its server stands; else the attempt tells."""


def probes(accounts: Accounts) -> "Probes":
    """One probe for each account of that type in the books that the service has read."""
    remembered = Remembered()

    def of(service: "Service", brand: str | None) -> list[Probe]:
        books = dict(service.books)
        found = []
        for slug, published in books.items():
            for channel in published.book.channels:
                if channel.type == accounts.type and brand in (None, slug):
                    ask = partial(_account, accounts, channel, slug, list(books), published.book.pilot)
                    key = slug, channel.id, published.version
                    found.append(Probe(LOGIN, partial(remembered.get, key, ask), f"{slug}: {channel.id}", slug, TRIED_S + 2))
        return found

    return of


async def _account(accounts: Accounts, channel: Channel, brand: str, brands: Sequence[str], pilot: bool) -> list[Finding]:
    found, password = await _secret(accounts, channel, brand, brands, pilot)
    if channel.secret is not None and password is None:
        why = "Its secret does not resolve."
        return [*found, LOGIN.skipped(why, about=f"{brand}: {channel.id}", brand=brand)]
    return [*found, *await _login(accounts, channel, password, brand, pilot)]


async def _secret(accounts: Accounts, channel: Channel, brand: str, brands: Sequence[str], pilot: bool) -> tuple[list[Finding], str | None]:
    about = f"{brand}: {channel.id}"
    if channel.secret is None:
        return [SECRET.ok("It has none, and is used without a login.", about=about, brand=brand)], None
    # What a pilot brand does not send yet keeps nobody waiting.
    amiss = SECRET.warning if pilot else SECRET.error
    values = {"reference": channel.secret, "pilot": pilot}
    try:
        password = await secret.read(channel.secret, brand, brands, accounts.secrets)
    except secret.SecretMissing as error:
        remedy = secret.remedy(channel.secret, brand, accounts.secrets / channel.secret.partition(":")[2])
        return [amiss(str(error), remedy, about=about, brand=brand, values=values)], None
    except secret.SecretRefused as error:
        remedy = "Give the secret a name of this brand's, and name it so in the book (weerklank apply)."
        return [amiss(str(error), remedy, about=about, brand=brand, values=values)], None
    if channel.tls is False and accounts.is_plain_refused:
        return [
            amiss(
                "The channel has a secret and tls: false: a secret is never sent without TLS.",
                "Write tls: starttls or tls: true for this channel in the brand book (weerklank apply).",
                about=about,
                brand=brand,
            )
        ], None
    return [SECRET.ok(f"{channel.secret} resolves.", about=about, brand=brand, values=values)], password


async def _login(accounts: Accounts, channel: Channel, password: str | None, brand: str, pilot: bool) -> list[Finding]:
    about, server = f"{brand}: {channel.id}", accounts.server(channel)
    amiss = LOGIN.warning if pilot else LOGIN.error
    values = {"server": server, "pilot": pilot}
    try:
        end = await accounts.attempt(channel, password)
    except mailserver.OutOfReach as error:
        return [
            amiss(str(error), "Allow it in the service's settings, if it is a server of yours.", about=about, brand=brand, values=values)
        ]
    except LoginRefused as error:
        remedy = "Correct the channel's user in the brand book (weerklank apply), or its password."
        if channel.secret:
            remedy += f" {secret.remedy(channel.secret, brand)}"
        return [amiss(f"{server}: {error.args[0]}.", remedy, about=about, brand=brand, values=values)]
    except LoginFailed as error:
        return [amiss(f"{server}: {error.args[0]}.", "".join(error.args[1:]), about=about, brand=brand, values=values)]
    except (OSError, TimeoutError) as error:
        if certificate.is_expired(error):
            return [
                CERTIFICATE.error(
                    f"The certificate of {server} has expired: nothing is sent there.", about=about, brand=brand, values=values
                )
            ]
        remedy = _TRUST if isinstance(error, ssl.SSLCertVerificationError) else ""
        return [amiss(f"{server}: {certificate.told(error)}.", remedy, about=about, brand=brand, values=values)]
    said = "is reached" if accounts.type == "webhook" else "lets this account in" if password else "is reached; no login is asked for"
    found = [LOGIN.ok(f"{server} {said}.", about=about, brand=brand, values=values)]
    if end is not None:
        found.append(certificate.judge(CERTIFICATE, server, end, datetime.now(UTC), about=about, brand=brand))
    return found
