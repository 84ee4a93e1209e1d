"""Handing a mail to a mail server: a written message comes in, one of four outcomes goes out.

Until the last byte of a message has been written, whatever goes wrong means that it was not accepted. From then until the server's answer nobody
knows: a crash or a lost connection in between is `Unknown`, and is never tried again by itself.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY

import aiosmtplib

from libs.common import certificate, mailserver
from libs.common.brandbook import Channel
from libs.common.mailserver import Reach
from libs.common.outcome import Accepted, NotBegun, Outcome, Refused, Unknown

POLICY = MAIL_POLICY.clone(cte_type="7bit")
# Folded at 78, a Message-ID longer than that would be written as an encoded word, which no reader takes for an id.
ON_THE_WIRE = POLICY.clone(max_line_length=990)


class Unaddressable(Exception):
    """No mail can be made to or from these addresses."""


def id_of(mail: EmailMessage) -> str:
    """Its Message-ID without angle brackets, as a mention's `in_reply_to` will name it."""
    return str(mail["Message-ID"]).strip("<>")


def one_line(text: str) -> str:
    """What a stranger wrote, for a header: white space folded, nothing that cannot be printed, 200 characters at most."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())[:200]


def ascii_address(address: str) -> str:
    """The address with its domain in IDNA. Raises `Unaddressable` when the part before the @ is not ASCII (that needs SMTPUTF8)."""
    local, at, domain = address.rpartition("@")
    if not at or not local.isascii() or not local.isprintable():
        raise Unaddressable("The part of the address before the @ is not ASCII, which is not supported.")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise Unaddressable("The domain of the address is not a domain.") from error


def client_of(account: Channel, sender: str, password: str | None, timeout_s: float) -> aiosmtplib.SMTP:
    """Not connected yet; it logs in where there is a password. No step takes longer than `timeout_s`."""
    return aiosmtplib.SMTP(
        hostname=account.host,
        use_tls=account.tls is True,
        start_tls=account.tls == "starttls",
        username=(account.user or sender) if password else None,
        password=password,
        local_hostname=sender.rpartition("@")[2],
        timeout=timeout_s,
    )


async def send(
    mail: EmailMessage,
    account: Channel,
    password: str | None,
    *,
    reach: Reach,
    begin: Callable[[], Awaitable[bool]],
    in_time: Callable[[], Awaitable[bool]],
    connect_timeout_s: float,
    answer_timeout_s: float,
    sign: Callable[[bytes], bytes] | None = None,
) -> Outcome:
    """Hand a mail to the account's server, if it is in `reach`. `sign` makes a header of its bytes, which goes before them; it may take its time.

    `begin` is asked just before DATA and commits that the outcome is unknown from there; `in_time` is asked again between the server's "go ahead"
    and the first byte. What is written after that cannot be taken back. A password leaves over TLS only.
    """
    assert account.host is not None, "the brand book gives an smtp channel a host"
    if password and account.tls is False:
        return Refused(f"The channel {account.id} has a secret and tls: false: a secret is never sent without TLS.", for_good=True)
    try:
        raw = mail.as_bytes(policy=ON_THE_WIRE)
    except (ValueError, LookupError, MessageError) as error:
        return Refused(f"this text cannot be written as a mail: {type(error).__name__}", for_good=True)
    written = _written(await asyncio.to_thread(sign, raw) + raw if sign else raw)
    sender, recipient = mail["From"].addresses[0].addr_spec, mail["To"].addresses[0].addr_spec
    client = client_of(account, sender, password, connect_timeout_s)
    try:
        try:
            async with asyncio.timeout(connect_timeout_s):
                await client.connect(sock=await mailserver.connect(account, reach, connect_timeout_s / 2))
                await client.mail(sender)
                await client.rcpt(recipient)
            if not await begin():
                return NotBegun()
            async with asyncio.timeout(connect_timeout_s):
                ahead = await client.execute_command(b"DATA")
        except mailserver.OutOfReach as error:
            return Refused(str(error), for_good=True)
        except aiosmtplib.SMTPAuthenticationError as error:
            return Refused(_unknown_here(account, error.code), for_good=False, of_account=True)
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Refused(_broken(error), for_good=False)
        if ahead.code != 354:
            return _refused(ahead.code)
        if not await in_time():
            return NotBegun()
        return await _transmit(client, written, id_of(mail), answer_timeout_s)
    finally:
        # Closed without QUIT: after an answer nothing is owed, and before the final dot the server drops what it has.
        client.close()


def _written(raw: bytes) -> bytes:
    """The message as it is transmitted, its end included (RFC 5321, 4.5.2: a leading dot is doubled, a lone one ends)."""
    body = re.sub(rb"(?m)^\.", b"..", raw)
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"


async def _transmit(client: aiosmtplib.SMTP, written: bytes, message_id: str, answer_timeout_s: float) -> Outcome:
    """Write the message and wait for its answer."""
    protocol = client.protocol
    if protocol is None:
        return Refused("the connection was lost before the message was written", for_good=False)
    try:
        protocol.write(written)
    except aiosmtplib.SMTPServerDisconnected:
        return Refused("the connection was lost before the message was written", for_good=False)
    try:
        answer = await protocol.read_response(timeout=answer_timeout_s)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return Unknown(f"the connection was lost before the server answered ({type(error).__name__})")
    if 200 <= answer.code < 300:
        return Accepted(message_id)
    if 400 <= answer.code < 600:
        return _refused(answer.code)
    return Unknown(f"the mail server answered {answer.code} to the whole message, which says neither yes nor no")


def _refused(code: int) -> Refused:
    """What a server's code means, in our words: its own would show whoever names a host in a book what answers there."""
    if 500 <= code < 600:
        return Refused(f"the mail server answered {code}: refused for good", for_good=True)
    if 400 <= code < 500:
        return Refused(f"the mail server answered {code}: refused for now", for_good=False)
    return Refused(
        f"the mail server answered {code}, which is no answer to this" if code > 0 else "what answered speaks no SMTP", for_good=False
    )


def _unknown_here(account: Channel, code: int) -> str:
    """What to do about a server that lets us in no longer."""
    what = f"renew the password behind {account.secret}" if account.secret else "give the channel a secret"
    return f"the mail server refuses the user name or the password ({code}): {what}, or correct the user of channel {account.id} in the brand book"


def _broken(error: Exception) -> str:
    """What went wrong with a connection, in our words."""
    cause = error.__cause__ if isinstance(error, aiosmtplib.SMTPConnectError) and error.__cause__ else error
    if isinstance(cause, OSError):
        return f"the mail server is out of reach: {certificate.told(cause)}"
    return "the mail server does not offer what the channel asks for"
