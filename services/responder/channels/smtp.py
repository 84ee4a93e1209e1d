"""Mail: a reply becomes a message. `libs/common/submission.py` hands it to the brand's mail server.

SMTP has no keys, and nobody to ask: what is lost between a message and its answer stays unknown.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import partial

from libs.common import submission
from libs.common.brandbook import Channel
from libs.common.outcome import Outcome, Refused
from libs.common.submission import POLICY, Unaddressable, ascii_address, one_line
from services.responder.channels import mailsign, mailtext
from services.responder.channels.contract import CannotTell, File, Look, Offers, Sending, marker
from services.responder.reply import ReplyRow


def offers(account: Channel) -> Offers:
    return Offers(files=True)


async def send(row: ReplyRow, sending: Sending) -> Outcome:
    """Hand it to the brand's mail server, signed where the account says so. A secret leaves over TLS only; nothing is dialled that is not in reach."""
    account = sending.account
    assert account.sender is not None, "the brand book gives an smtp channel a sender"
    try:
        mail = message(
            row,
            account.sender,
            sending.book.name,
            sending.now,
            files=sending.files,
            reply_to=sending.replies.address(sending.book, account, row.id),
        )
    except Unaddressable as error:
        return Refused(str(error), for_good=True)
    password = await sending.secret(account.secret) if account.secret else None
    sign = None
    if account.dkim is not None:
        pem = await sending.secret(account.dkim.secret)
        try:
            mailsign.key(pem)
        except mailsign.NotAKey as error:
            return Refused(f"the key in dkim of the channel {account.id} signs nothing: {error}", for_good=False, of_account=True)
        sign = partial(mailsign.signature, dkim=account.dkim, pem=pem)
    return await submission.send(
        mail,
        account,
        password,
        reach=sending.mail_reach,
        begin=lambda: sending.begin(submission.id_of(mail)),
        in_time=sending.in_time,
        connect_timeout_s=sending.connect_timeout_s,
        answer_timeout_s=sending.mail_answer_timeout_s,
        sign=sign,
    )


async def find(row: ReplyRow, sending: Sending) -> Look:
    return CannotTell("a mail server cannot be asked what it took")


def message(
    row: ReplyRow, sender: str, brand_name: str, now: datetime, *, files: Sequence[File] = (), reply_to: str | None = None
) -> EmailMessage:
    """The reply as a mail in the customer's thread. Its Message-ID is its marker, so that a second copy shows as one. `reply_to` is where the answer goes,
    under the sender's name. A person wrote it, and nothing in it says otherwise.

    Raises `Unaddressable`. Nothing that a stranger wrote (name, subject, ids) can add a header: white space is folded to one blank, and the
    policy refuses the rest.
    """
    name, address = parseaddr(sender)
    try:
        mail = EmailMessage(policy=POLICY)
        mail["From"] = Address(one_line(name), addr_spec=ascii_address(address))
        mail["To"] = Address(addr_spec=ascii_address(row.recipient.value))
    except (ValueError, IndexError, HeaderParseError, MessageError) as error:
        raise Unaddressable(f"This address cannot be written to: {type(error).__name__}.") from error
    title = one_line(row.recipient.subject or "") or brand_name
    mail["Subject"] = title if re.match(r"re\s*:", title, re.IGNORECASE) else f"Re: {title}"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{marker(row)}@{ascii_address(address).rpartition('@')[2]}>"
    if reply_to is not None:
        mail["Reply-To"] = Address(one_line(name), addr_spec=ascii_address(reply_to))
    if row.recipient.references:
        mail["In-Reply-To"] = row.recipient.references[-1]
        mail["References"] = " ".join(row.recipient.references)
    mailtext.put(mail, row.text, row.language, files)
    return mail
