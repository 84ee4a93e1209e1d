"""A notice as a mail, over the account that the brand sends with."""

import html
from datetime import datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from libs.common import submission
from libs.common.outcome import Outcome, Refused
from libs.common.submission import POLICY, Unaddressable, ascii_address, one_line
from services.routing.ways.sending import Message, Sending

_LONGEST_TITLE = 200


async def send(told: Message, sending: Sending) -> Outcome:
    """Hand it to the brand's mail server. A secret leaves over TLS only; nothing is dialled that is not in reach."""
    account = next((account for account in sending.book.channels if account.type == "smtp"), None)
    if account is None:
        return Refused("the brand book has no channel of type smtp to send mail with", for_good=True)
    assert account.sender is not None, "the brand book gives an smtp channel a sender"
    assert told.way.email is not None
    try:
        mail = message(told, account.sender, sending.now)
    except Unaddressable as error:
        return Refused(str(error), for_good=True)
    password = await sending.secret(account.secret) if account.secret else None

    async def in_time() -> bool:
        return sending.in_time()

    return await submission.send(
        mail,
        account,
        password,
        reach=sending.mail_reach,
        begin=lambda: sending.begin(submission.id_of(mail)),
        in_time=in_time,
        connect_timeout_s=sending.connect_timeout_s,
        answer_timeout_s=sending.mail_answer_timeout_s,
    )


def message(told: Message, sender: str, now: datetime) -> EmailMessage:
    """The mail: plain text, and the same as simple HTML. Its Message-ID follows from the notice's id, so that a second copy shows as one.

    Raises `Unaddressable`. No automatic answer is asked for (RFC 3834), and nothing in title or text can add a header.
    """
    name, address = parseaddr(sender)
    try:
        mail = EmailMessage(policy=POLICY)
        mail["From"] = Address(one_line(name), addr_spec=ascii_address(address))
        mail["To"] = Address(addr_spec=ascii_address(told.way.email or ""))
        if told.reply_to:
            mail["Reply-To"] = Address(addr_spec=ascii_address(told.reply_to))
    except (ValueError, IndexError, HeaderParseError, MessageError) as error:
        raise Unaddressable(f"This address cannot be written to: {type(error).__name__}.") from error
    mail["Subject"] = one_line(told.title)[:_LONGEST_TITLE] or one_line(told.brand_name)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<notice-{told.id}@{ascii_address(address).rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(_plain(told))
    mail.add_alternative(_page(told), subtype="html")
    return mail


def _plain(told: Message) -> str:
    links = [f"{label}:\n{url}" for label, url in told.links]
    return "\n\n".join([told.text.strip(), *links]) + "\n"


def _page(told: Message) -> str:
    paragraphs = "".join(f"<p>{html.escape(part).replace(chr(10), '<br>')}</p>" for part in told.text.strip().split("\n\n"))
    buttons = "".join(
        f'<p><a href="{html.escape(url)}" style="display:inline-block;padding:10px 16px;background:{told.colour};color:#ffffff;'
        f'text-decoration:none;border-radius:4px">{html.escape(label)}</a></p>'
        for label, url in told.links
    )
    return (
        f'<!doctype html><html lang="{told.language}"><head><meta charset="utf-8"><title>{html.escape(told.title)}</title></head>'
        f'<body style="font-family:sans-serif;font-size:16px;line-height:1.5">{paragraphs}{buttons}</body></html>\n'
    )
