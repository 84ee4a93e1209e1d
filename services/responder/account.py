"""By which of a brand's accounts a reply leaves. A brand book and a reply come in; an account goes out. Pure."""

import hashlib

from libs.common.brandbook import BrandBook, Channel
from services.responder.lengths import family
from services.responder.reply import ReplyRow

SANDBOX = Channel(id="sandbox", type="sandbox")
"""The account of a pilot's replies where the book has none for their channel yet."""


def carries(account: Channel) -> frozenset[str]:
    """The kinds of channel whose replies an account takes; a star for those of all that no other account carries."""
    if account.type == "webhook":
        return frozenset(name if name == "*" else family(name) for name in account.carries)
    return frozenset({"email"}) if account.type == "smtp" else frozenset()


def identity(account: Channel) -> str:
    """What `ReplyRow.account` keeps: the account and its address. Another server under the same name has not seen what the first was sent."""
    address = account.url or f"{account.host}:{account.port}"
    return f"{account.id}@{hashlib.sha256(address.encode()).hexdigest()[:12]}"


def account_of(book: BrandBook, row: ReplyRow) -> Channel | None:
    """The account that this reply leaves by: the one that it began to leave by, else the first of the book that carries its channel."""
    if row.account is not None:
        known = (account for account in book.channels if carries(account))
        return next((account for account in [*known, SANDBOX] if identity(account) == row.account), None)
    if row.kind == "post":
        named_by = next((account for account in book.channels if account.id == row.recipient.value and carries(account)), None)
        return named_by or (SANDBOX if row.sandbox else None)
    kind = family(row.channel)
    named = (account for account in book.channels if kind in carries(account))
    rest = (account for account in book.channels if "*" in carries(account))
    return next(named, None) or next(rest, None) or (SANDBOX if row.sandbox else None)


def none_for(channel: str) -> str:
    """Why nothing is sent where the book has no account for a channel, and what to do."""
    if family(channel) == "email":
        return "the brand book has no channel of type smtp"
    return (
        f"replies on {channel} cannot be sent from here yet: answer there, and discard this one, "
        f"or give the brand book a channel of type webhook for {channel}"
    )
