"""Word of what became of a reply of ours: a server's mail reaches this module, and leaves it as an event for the responder.

The standard form (RFC 3464, multipart/report) is read by its fields; of the older ones, which are mere text, those of Exim and qmail. What the mail
quotes says whose reply it was: our signed address in its Reply-To, else its Message-ID. Anybody can write such a mail, so an event says no more than how
a delivery went, the server's words stay out of it, and what shows no signed address makes an ordinary mail as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from uuid import UUID

from prometheus_client import Counter

from libs.common.books import Published
from libs.common.delivery_events import DeliveryReported
from libs.common.events import deterministic_id
from libs.common.outbox import Outgoing
from libs.common.replyaddress import TOKEN, ReplyAddresses
from services.ingest.mail import AS_SENT, BROKEN, Mail

REPORTS = Counter("weerklank_mailbox_delivery_reports", "Mails in which a server says what became of a reply of ours", ["brand", "status"])
LOOKED_THROUGH = 256 * 1024
"""Bytes of a returned mail in which our own id or address is looked for, and the server's word."""
_PARTS = 50
_ACTIONS = {"delivered": "delivered", "relayed": "relayed", "expanded": "relayed", "delayed": "delayed", "failed": "failed"}
_BEST_FIRST = ("delivered", "relayed", "delayed", "failed")
_OURS = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@([A-Za-z0-9.-]{1,253})")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_SMTP = re.compile(r"\b([45]\d\d)\b")
_DAEMONS = ("mailer-daemon", "postmaster", "mail-daemon")
_QMAIL = re.compile(r"This is the \S{0,40}(?:qmail|mail)\S{0,40} program|wasn't able to deliver your message", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """`is_ours`: it quotes an address that we signed, so that it is about our reply for certain. Without an `event` there is nothing to tell."""

    event: Outgoing | None
    is_ours: bool


@dataclass(frozen=True, slots=True)
class _Report:
    status: str
    code: str | None


def reported(
    raw: bytes, mail: Mail, addresses: ReplyAddresses, published: Published, received_at: datetime, traceparent: str | None
) -> Told | None:
    """What a mail tells of the delivery of a reply; none: it is no such mail. A receipt of reading is one about which nothing is told."""
    message = _parsed(raw) if mail.automatic or _is_daemons(mail) else None
    if message is None:
        return None
    brand = published.book.brand
    reply_id, message_id = _about(raw, message, addresses, published)
    if reply_id is None and message_id is None:
        return None
    if _report_type(message) == "disposition-notification":
        return Told(None, is_ours=True)
    report = _standard(message) if _report_type(message) else _plain(raw, message, mail)
    if report is None:
        return None
    event = DeliveryReported(
        brand=brand,
        book_version=published.version,
        report_id=deterministic_id(brand, "delivery", mail.mention.external_id or ""),
        reply_id=reply_id,
        message_id=message_id,
        status=report.status,
        code=report.code,
        reported_at=received_at,
    )
    REPORTS.labels(brand, report.status).inc()
    subject = str(event.report_id)
    return Told(Outgoing(event, subject, 1, f"{brand}/{reply_id or message_id}", traceparent), is_ours=reply_id is not None)


def _parsed(raw: bytes) -> Message | None:
    """Of a mail that was read before, which is what bounds the time that it takes."""
    try:
        message: Message = message_from_bytes(raw, policy=AS_SENT)
    except BROKEN:
        return None
    return message


def _is_daemons(mail: Mail) -> bool:
    identity = mail.mention.author.identities[0]
    return identity.kind == "email" and identity.value.partition("@")[0] in _DAEMONS


def _report_type(message: Message) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    kind = message.get_param("report-type")
    return kind.lower() if isinstance(kind, str) else "delivery-status"


# --- whose reply it was ---------------------------------------------------------------------------------------------------------------------


def _about(raw: bytes, message: Message, addresses: ReplyAddresses, published: Published) -> tuple[UUID | None, str | None]:
    """(reply, Message-ID) of what it is about: what it quotes, else what it says that it answers."""
    text = raw[:LOOKED_THROUGH].decode("latin-1")
    quoted = list(_quoted(message))
    shown = [value for part in quoted for value in map(str, part.get_all("Reply-To", [])[:5])]
    reply_id = addresses.read(published.book.brand, [*shown, *(found[0] for found in _tokens(text))])
    domains = _domains(published)
    ids = [str(part.get("Message-ID", "")) for part in quoted]
    ids += [str(message.get(name, "")) for name in ("In-Reply-To", "References")]
    ids += [str(part.get("Original-Message-ID", "")) for part in _fields(message)]
    ids.append(text)
    named = (found for value in ids for found in _OURS.finditer(value) if found[2].lower() in domains)
    return reply_id, next((f"{found[1]}@{found[2]}" for found in named if UUID(found[1]).version == 5), None)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    for number, found in enumerate(TOKEN.finditer(text)):
        if number >= 20:
            return
        yield found


def _domains(published: Published) -> set[str]:
    """Of the addresses that the brand's replies leave from, as they stand in a Message-ID."""
    found = set()
    for channel in published.book.channels:
        if channel.type == "smtp" and channel.sender:
            domain = parseaddr(channel.sender)[1].rpartition("@")[2].lower()
            try:
                found.add(domain.encode("idna").decode())
            except UnicodeError:
                found.add(domain)
    return found


def _walked(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= _PARTS:
            return
        yield part


def _quoted(message: Message) -> Iterator[Message]:
    """The mails that it returns, whole or by their headers."""
    for part in _walked(message):
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list) and payload and isinstance(payload[0], Message):
            yield payload[0]
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            content = part.get_payload(decode=True)
            found = _parsed(content[:LOOKED_THROUGH]) if isinstance(content, bytes) else None
            if found is not None:
                yield found


def _fields(message: Message) -> Iterator[Message]:
    """The groups of fields of a report, one for the mail and one for each recipient."""
    for part in _walked(message):
        payload = part.get_payload()
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification"):
            if isinstance(payload, list):
                yield from (group for group in payload[:_PARTS] if isinstance(group, Message))
            elif isinstance(payload, str) and (found := _parsed(payload.encode("utf-8", "replace"))) is not None:
                yield found


# --- what became of it ----------------------------------------------------------------------------------------------------------------------


def _standard(message: Message) -> _Report | None:
    """By the fields of RFC 3464. Where it went on to several, it has arrived where any of them has it."""
    found = []
    for group in _fields(message):
        action = str(group.get("Action", "")).partition("(")[0].strip().lower()
        if action in _ACTIONS:
            status = _STATUS.search(str(group.get("Status", ""))[:200])
            said = str(group.get("Diagnostic-Code", ""))[:1000]
            code = status or _STATUS.search(said) or _SMTP.search(said)
            found.append(_Report(_ACTIONS[action], code[1] if code else None))
    return min(found, key=lambda report: _BEST_FIRST.index(report.status), default=None)


def _plain(raw: bytes, message: Message, mail: Mail) -> _Report | None:
    """Of servers that write mere text: a failure, where they say so in their own way."""
    text = mail.mention.text[:20_000]
    if message.get("X-Failed-Recipients") is None and not (_is_daemons(mail) and _QMAIL.search(text)):
        return None
    own = re.split(r"(?m)^-{3,}.*(?:copy of|original message)", text, maxsplit=1)[0]
    code = _STATUS.search(own) or _SMTP.search(own)
    return _Report("failed", code[1] if code else None)
