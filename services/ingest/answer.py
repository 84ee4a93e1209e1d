"""A mail to the signed address of a question to a department reaches this module, and leaves it as an event for routing instead of as a mention.

Whatever is not recognised goes the ordinary way: an address that we did not sign for this brand makes a mention, and nothing is lost.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from prometheus_client import Counter

from libs.common.answer_events import ConsultationMailed
from libs.common.answers import TOKEN, Answers
from libs.common.books import Published
from libs.common.events import deterministic_id
from libs.common.outbox import Outgoing
from libs.common.replyaddress import TOKEN as REPLY_TOKEN
from libs.common.replyaddress import ReplyAddresses
from services.ingest.authenticity import authenticity
from services.ingest.mail import CUT, Mail
from services.ingest.quoted import unquoted

UNSIGNED = Counter(
    "weerklank_mailbox_unsigned_answers",
    "Mails to an address of a question to a department that was not signed with our key: forged, or routing has another key",
    ["brand"],
)
UNSIGNED_REPLIES = Counter(
    "weerklank_mailbox_unsigned_replies",
    "Mails to an address of a reply that was not signed with our key for this brand: forged, or the responder has another key",
    ["brand"],
)
LONGEST = 20_000
_LOOKED_THROUGH = 256 * 1024
"""Bytes of a returned mail in which our own address is looked for."""


def answered(mail: Mail, addresses: ReplyAddresses, brand: str) -> UUID | None:
    """The reply of ours that a person's mail answers, as the signed address says that it went to; none: it went to none, or to one that is not ours.
    What a program sends there by itself goes on with nothing."""
    reply_id = addresses.read(brand, mail.recipients)
    if reply_id is None and any(map(REPLY_TOKEN.search, mail.recipients)):
        UNSIGNED_REPLIES.labels(brand).inc()
    return reply_id if not mail.automatic else None


def recognised(
    raw: bytes,
    mail: Mail,
    answers: Answers,
    published: Published,
    received_at: datetime,
    traceparent: str | None,
    authserv_ids: Sequence[str] = (),
) -> Outgoing | None:
    """The event of a mail that answers a question of this brand; none: it is an ordinary mail. What came back to us undelivered quotes the address that
    it would have been answered to. `authserv_ids`: whose word the mailbox's setting takes for who a mail is from."""
    asked = answers.read(published.book, mail.recipients)
    if asked is None and mail.returned:
        found = TOKEN.search(raw[:_LOOKED_THROUGH].decode("latin-1"))
        asked = answers.read(published.book, [found[0]]) if found else None
    if asked is None:
        if any(map(TOKEN.search, mail.recipients)):
            UNSIGNED.labels(published.book.brand).inc()
        return None
    mention, brand = mail.mention, published.book.brand
    what = "undelivered" if mail.returned else "automatic" if mail.automatic else "answer"
    text = mention.text.strip() if what == "undelivered" else unquoted(mention.text)
    first = mention.author.identities[0]
    event = ConsultationMailed(
        brand=brand,
        book_version=published.version,
        answer_id=deterministic_id(brand, "answer", str(asked.consultation_id), mention.external_id or ""),
        consultation_id=asked.consultation_id,
        department=asked.department,
        what=what,
        text=text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT,
        sender=first.value if first.kind == "email" else "",
        authenticated=authenticity(mail.results, authserv_ids, mail.from_domain),
        attachments=[attachment.name for attachment in mention.attachments],
        received_at=received_at,
    )
    return Outgoing(event, str(event.answer_id), 1, str(asked.consultation_id), traceparent)
