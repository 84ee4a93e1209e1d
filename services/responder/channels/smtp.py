"""Mail: a reply becomes a message. `libs/common/submission.py` hands it to the brand's mail server."""

import re
from datetime import datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from libs.common.submission import POLICY, Unaddressable, ascii_address, one_line
from services.responder.reply import ReplyRow


def message(row: ReplyRow, sender: str, brand_name: str, now: datetime) -> EmailMessage:
    """The reply as a mail in the customer's thread. Its Message-ID follows from the reply's id, so that a second copy shows as one.

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
    mail["Message-ID"] = f"<{row.id}@{ascii_address(address).rpartition('@')[2]}>"
    if row.recipient.references:
        mail["In-Reply-To"] = row.recipient.references[-1]
        mail["References"] = " ".join(row.recipient.references)
    mail.set_content(row.text)
    return mail
