"""What has happened around a reply since its text was written, as verdicts beside those of the text: the customer wrote again, somebody else answered.

A reply, its case and the other replies to the same message come in; verdicts go out, without a place in the text. How much they weigh is the brand
book's, like that of all verdicts. (That a hold keeps it is one too: `hold.py`.) Pure: no I/O.
"""

from collections.abc import Iterable

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.events import Mention
from libs.common.reply_events import Verdict
from services.responder.customer import newer_mention
from services.responder.reply import ReplyRow


def verdicts(row: ReplyRow, case: Case | None, others: Iterable[ReplyRow], book: BrandBook) -> list[Verdict]:
    """`stale` and `duplicate_reply`, where they are so."""
    newer = newer_mention(row, case) if case else None
    sibling = answered_by(row, others, book.pilot)
    found = []
    if newer is not None:
        found.append(verdict("stale", stale(newer), row, book))
    if sibling is not None:
        found.append(verdict("duplicate_reply", duplicate(sibling), row, book))
    return found


def stale(newer: Mention) -> str:
    return f"A newer message has come in since; read it first. Approve with despite={newer.id} to send this all the same."


def duplicate(sibling: ReplyRow) -> str:
    return f"Another reply to this message is {sibling.state}; read it first. Approve with despite_reply={sibling.id} to send this one too."


def verdict(code: str, message: str, row: ReplyRow, book: BrandBook) -> Verdict:
    """About the reply as a whole."""
    severity = book.guard.severity_of(code, row.writer_role)
    return Verdict(code=code, message=message, blocking=severity == "block", severity=severity)


def answered_by(row: ReplyRow, others: Iterable[ReplyRow], pilot: bool) -> ReplyRow | None:
    """Of other replies to the same message, the one last approved of those that reach the customer, or may; in a pilot, the sandbox. One that came back
    undelivered does not."""
    leaving = [
        other
        for other in others
        if other.id != row.id
        and other.sandbox == pilot
        and other.state in ("approved", "sending", "sent", "unconfirmed")
        and other.delivery != "failed"
    ]
    return max(leaving, key=lambda other: (other.approved_at or other.created_at, other.id), default=None)
