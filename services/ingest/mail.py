"""A raw mail (RFC 5322) reaches this module, a `MentionIn` leaves it. Pure; used by the command line's imports and by whatever polls a mailbox.

Real mail is broken in every way, and a customer's mail is never refused for that: an unknown character set is guessed, a missing date is taken
from the server that received it, a missing sender is somebody unknown. Quoted history stays in the text.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import errors, message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime
from html import unescape
from urllib.parse import quote

from pydantic import ValidationError

from services.ingest.mention import (
    FUTURE,
    MAX_ATTACHMENTS,
    MAX_ID,
    MAX_NAME,
    MAX_TEXT,
    MAX_TITLE,
    MAX_URL,
    MentionIn,
    clean,
    field_problems,
    is_email,
    is_exact,
)

MAX_MAIL_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 50
MAX_COMPARED = 20_000_000
"""Lines times boundaries of a mail: a second or two. With lines of 76 characters and the largest mail that is 45 parts with parts of their own."""
MAX_HEADER = 20_000
"""Characters of one header that are read."""
MAX_MARKS = 100
"""Parameters, or encoded words, of one header that are read."""
MAX_HEADERS = 50
"""Headers of one name that are read."""
MAX_RECIPIENTS = 200
CUT = "\n[…]"

BROKEN = (ValueError, LookupError, AttributeError, TypeError, AssertionError, RecursionError, errors.MessageError)
"""What Python's parser has been seen to raise on mail that is broken enough."""
_TOO_DEEP = "The mail's parts are nested too deeply, or broken beyond reading."
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_ADDRESS = re.compile(r"(?<![^\s<>@,;:\"()\[\]])[^\s<>@,;:\"()\[\]]+@[^\s<>@,;:\"()\[\]]+")
_BOUNDARY = re.compile(rb"boundary[\s*\d]*=", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,99}")


class _AsSent(Compat32):
    """Headers as they were sent: what is not ASCII in them is decoded here, not replaced by question marks.

    Only so much of one as a person may have written: the time that Python takes for parameters and encoded words grows with the square of both.
    """

    def header_fetch_parse(self, name: str, value: str) -> str:
        return _first(_first(value[:MAX_HEADER], ";"), "=?")


def _first(value: str, mark: str) -> str:
    """As much of a header as has not too many marks."""
    return mark.join(value.split(mark, MAX_MARKS)[:MAX_MARKS])


AS_SENT = _AsSent()


class Unreadable(ValueError):
    """This is no mail that anything can be made of. The text says why, without what stands in it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """`automatic`: an automatic reply, a bounce or a mailing, by its own headers (RFC 3834, RFC 2919). `returned`: a server says of a mail that it did
    not arrive, or not yet (RFC 3464). `recipients`: addresses that it went to, in lower case. `results`: what servers say of whether it is from whom it
    says (`authenticity.py`), the topmost first; `from_domain`: the domain of its one sender; none where From names none, or several."""

    mention: MentionIn
    automatic: bool
    returned: bool = False
    recipients: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    from_domain: str | None = None


def external_id(raw: bytes) -> str:
    """What makes a mail the same mail: its bytes, whatever ends its lines. Never its Message-ID, which senders repeat."""
    canonical = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip(b"\n")
    return f"sha256:{hashlib.sha256(canonical).hexdigest()}"


def read_mail(raw: bytes, *, channel: str = "email", arrived_at: datetime, now: datetime) -> Mail:
    """The mention in a raw mail. `arrived_at` stands in when neither the mail nor a server on its way tells a date that can be at `now` (both aware).

    Raises `Unreadable`.
    """
    if len(raw) > MAX_MAIL_BYTES:
        raise Unreadable(f"The mail is larger than {MAX_MAIL_BYTES // 1024 // 1024} MiB.")
    if _is_laborious(raw):
        raise Unreadable(_TOO_DEEP)
    try:
        message: Message = message_from_bytes(raw, policy=AS_SENT)
    except BROKEN as error:
        raise Unreadable(_TOO_DEEP) from error
    if not message.keys():
        raise Unreadable("There are no header lines: this is not a mail.")
    id = external_id(raw)
    name, address = _sender(message)
    content = _Content()
    _collect(message, content, 0)
    text = content.text()
    title = _header(message, "Subject")
    attachments = content.attachments[:MAX_ATTACHMENTS]
    if not (text or title or attachments):
        text = "(no text)"
    own_id = _message_ids(message, "Message-ID")
    given = {
        "channel": channel,
        "kind": "mail",
        "external_id": id,
        "url": _mid(own_id),
        "author": {
            "name": name[:MAX_NAME] or None,
            # Without an address nobody else is this person: the mail's own id keeps them apart.
            "identities": [{"kind": "email", "value": address} if address else {"kind": "id", "value": f"unknown:{id}"}],
        },
        "title": title[:MAX_TITLE] or None,
        "text": text if len(text) <= MAX_TEXT else text[: MAX_TEXT - len(CUT)] + CUT,
        "thread": _thread(message, own_id),
        "visibility": "private",
        "attachments": attachments,
        "posted_at": _posted_at(message, arrived_at, now),
    }
    try:
        return Mail(
            MentionIn.model_validate(given),
            _automatic(message),
            _returned(message),
            _recipients(message),
            tuple(_raw(message, "Authentication-Results")),
            _from_domain(message, address),
        )
    except ValidationError as error:
        first = field_problems(error)[0]
        raise Unreadable(f"{first['field']}: {first['message']}") from error


def _is_laborious(raw: bytes) -> bool:
    """Whether reading it could take minutes: Python compares every line with the boundary of every part that it stands in."""
    return (raw.count(b"\n") + raw.count(b"\r")) * len(_BOUNDARY.findall(raw)) > MAX_COMPARED


# --- headers ------------------------------------------------------------------------------------------------------------------------


def _raw(message: Message, name: str) -> list[str]:
    """All headers of a name, unfolded, without the surrogates that stand for bytes that are not ASCII."""
    return [_bytes_as_text(str(value)) for value in message.get_all(name, [])[:MAX_HEADERS]]


def _bytes_as_text(value: str) -> str:
    # A surrogate that stands for no byte comes from a character set that can spell one (utf-7).
    return _decoded(re.sub("[\ud800-\udc7f\udd00-\udfff]", "", value).encode("utf-8", "surrogateescape"), "utf-8")


def _header(message: Message, name: str) -> str:
    """The first header of a name as a person reads it, on one line; empty when there is none."""
    found = _raw(message, name)
    return _readable(found[0]) if found else ""


def _readable(value: str) -> str:
    """Encoded words (RFC 2047) decoded, whatever they claim to be encoded in."""
    value = " ".join(value.split())
    if "=?" not in value:
        return clean(value)
    try:
        parts = decode_header(value)
    except BROKEN:
        return clean(value)
    read = [part if isinstance(part, str) else _decoded(part, charset or "ascii") for part, charset in parts]
    return " ".join(clean("".join(read)).split())


def _sender(message: Message) -> tuple[str, str]:
    """Name and address of who wrote; both may be empty. From first, then what else may name them."""
    name = ""
    for header in ("From", "Sender", "Reply-To", "Return-Path", "X-Original-From"):
        for value in _raw(message, header):
            found_name, address = _name_and_address(value)
            name = name or found_name
            if address:
                return name, address
    return name, ""


def _from_domain(message: Message, address: str) -> str | None:
    """The domain of the address that the mail is from, where its From names that one and no other: a server may have looked at another one than we."""
    values = _raw(message, "From")
    try:
        named = [found for _, found in getaddresses([" ".join(value.split()) for value in values]) if found]
    except BROKEN:
        return None
    if len(values) != 1 or len(named) != 1 or named[0].strip().lower() != address:
        return None
    return address.rpartition("@")[2].rstrip(".") or None


def _name_and_address(value: str) -> tuple[str, str]:
    try:
        pairs = getaddresses([" ".join(value.split())])
    except BROKEN:
        pairs = []
    for name, address in pairs:
        if found := _ADDRESS.fullmatch(address.strip()):
            return _readable(name), _usable(found[0])
    # An encoded word around the whole header, or an address that no grammar allows: take what looks like one.
    readable = _readable(value)
    found = _ADDRESS.search(readable)
    name = readable.replace(found[0], "") if found else readable
    return name.partition("<")[0].strip(" >()\"'"), _usable(found[0]) if found else ""


def _usable(address: str) -> str:
    """An address in the one spelling; empty for one that no mention may have."""
    address = address.lower()
    return address if is_email(address) else ""


def _message_ids(message: Message, header: str) -> list[str]:
    """The ids in a header, without their angle brackets, in order. One that cannot be compared is left out."""
    joined = " ".join(_raw(message, header))
    found = _MESSAGE_ID.findall(joined) or joined.split()[:1]
    return [id for id in (clean(item).strip("<>") for item in found) if 0 < len(id) <= MAX_ID and is_exact(id)]


def _thread(message: Message, own_id: list[str]) -> dict[str, str | None] | None:
    """The conversation is named by its first message: the oldest reference, else what this one answers, else itself."""
    references, answers = _message_ids(message, "References"), _message_ids(message, "In-Reply-To")
    chain = references or answers or own_id
    if not chain:
        return None
    return {"id": chain[0], "in_reply_to": answers[0] if answers else (references[-1] if references else None)}


def _mid(own_id: list[str]) -> str | None:
    """A URL for a Message-ID (RFC 2392), so that an answer can name what it answers."""
    url = f"mid:{quote(own_id[0], safe='@')}" if own_id else ""
    return url if 0 < len(url) <= MAX_URL else None


def _posted_at(message: Message, arrived_at: datetime, now: datetime) -> datetime:
    """What the sender's clock said, unless the server that took the mail in saw otherwise by more than a day, or there is no such date yet."""
    said = _date("".join(_raw(message, "Date")[:1]))
    received = next((at for value in _raw(message, "Received") if (at := _date(value.rpartition(";")[2]))), None)
    if said and received and said - received > FUTURE:
        said = None
    return next((at for at in (said, received, arrived_at) if at and at <= now + FUTURE), now)


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(" ".join(value.split()))
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC) if 1971 <= found.year <= 9000 else None
    except (*BROKEN, OverflowError):
        return None


def _automatic(message: Message) -> bool:
    submitted = _header(message, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if _header(message, "Precedence").lower() in ("bulk", "auto_reply", "junk", "list"):
        return True
    names = {name.lower() for name in message.keys()}  # noqa: SIM118  # a Message iterates over nothing else
    if names & {"x-autoreply", "x-autorespond", "list-id", "list-unsubscribe"}:
        return True
    return message.get_content_type() == "multipart/report" or _header(message, "Return-Path") == "<>"


def _returned(message: Message) -> bool:
    return message.get_content_type() == "multipart/report" and "delivery-status" in _header(message, "Content-Type").lower()


_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


def _recipients(message: Message) -> tuple[str, ...]:
    """Whom it went to, as servers and its sender say."""
    found = [address.lower() for name in _RECIPIENTS for value in _raw(message, name) for address in _ADDRESS.findall(value)]
    return tuple(dict.fromkeys(found))[:MAX_RECIPIENTS]


# --- content ------------------------------------------------------------------------------------------------------------------------


@dataclass
class _Content:
    texts: list[str] = field(default_factory=list)
    attachments: list[dict[str, object]] = field(default_factory=list)

    def text(self) -> str:
        joined = "\n\n".join(text for text in (clean(item).strip() for item in self.texts) if text)
        return re.sub(r"\n(?:[ \t\xa0]*\n){2,}", "\n\n", joined)


def _collect(part: Message, content: _Content, depth: int) -> None:
    """What a person would read of a part, and what hangs on it."""
    kind = part.get_content_type()
    if depth > MAX_DEPTH:
        return
    if part.get_content_maintype() == "message":
        content.attachments.append(_attachment(part, "message.eml"))
    elif part.is_multipart():
        parts = [item for item in part.get_payload() if isinstance(item, Message)]
        if kind == "multipart/alternative":
            _choose(parts, content, depth)
        else:
            for item in parts:
                _collect(item, content, depth + 1)
    elif _is_text(part):
        content.texts.append(_text(part))
    else:
        content.attachments.append(_attachment(part, ""))


def _choose(parts: list[Message], content: _Content, depth: int) -> None:
    """Of versions of the same message: the first that says something, plain text before the rest; attachments of all of them."""
    versions = []
    for part in sorted(parts, key=lambda item: item.get_content_type() != "text/plain"):
        version = _Content()
        _collect(part, version, depth + 1)
        content.attachments += version.attachments
        versions.append(version.text())
    content.texts.append(next((text for text in versions if text), ""))


def _is_text(part: Message) -> bool:
    # Parts that no boundary tells apart are text as well: better read than lost.
    if part.get_content_type() not in ("text/plain", "text/html", "text/enriched") and part.get_content_maintype() != "multipart":
        return False
    return part.get_content_disposition() != "attachment" and _file_name(part) == ""


def _text(part: Message) -> str:
    """The text of a part, of HTML what it shows."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        charset = part.get_content_charset("utf-8")
    except BROKEN:
        charset = "utf-8"
    text = _decoded(payload, charset)
    return shown(text) if part.get_content_subtype() in ("html", "enriched") else text


def _decoded(payload: bytes, charset: str) -> str:
    """In the character set that it claims, else in UTF-8, else in what old Windows programs write: something readable in any case."""
    for encoding in (charset, "utf-8"):
        try:
            # Some codecs of Python's are no character sets and give no text.
            decoded = payload.decode(encoding) if encoding.lower().replace("-", "_") not in ("idna", "punycode", "undefined") else None
            if isinstance(decoded, str):
                return decoded.encode("utf-8", "replace").decode()
        except (LookupError, ValueError):
            continue
    return payload.decode("cp1252", "replace")


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename()
    except BROKEN:
        return "unnamed"
    return _readable(_bytes_as_text(name)) if name else ""


def _attachment(part: Message, fallback: str) -> dict[str, object]:
    """Name, type and size; the content stays where it is."""
    try:
        if part.is_multipart():
            size = sum(len(item.as_bytes()) for item in part.get_payload() if isinstance(item, Message))
        else:
            payload = part.get_payload(decode=True)
            size = len(payload) if isinstance(payload, bytes) else 0
    except (*BROKEN, OSError):
        size = 0
    kind = part.get_content_type()
    name = (_file_name(part) or fallback or f"unnamed.{kind.rpartition('/')[2]}")[:MAX_NAME]
    return {"name": name, "media_type": kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream", "bytes": size}


_HIDDEN = frozenset({"script", "style", "head", "title", "template"})
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"}
    | {"header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_TAG = re.compile(r"""<(/?[a-zA-Z][^\s/>]*+)(?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+>""")
_BARE_TAG = re.compile(r"<(/?[a-zA-Z][^\s/>]*+)[^>]*+>")
_COMMENT_END = re.compile(r"--!?>")
_CODE_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")}


def _pieces(html: str) -> Iterator[tuple[str, str]]:
    """What HTML consists of, in order: a text and "", or "" and the name of a tag, of a closing one with its slash.

    As browsers take it apart, but what can be no tag is text: better read than lost. Takes time in proportion to the length, whatever stands in it:
    nothing is searched for again that was not found once. A parser by the book is no help there: its tree of what was opened and never closed
    grows with the square.
    """
    at, last, tag = 0, html.rfind(">"), _TAG
    while 0 <= (begin := html.find("<", at)) < last:
        yield html[at:begin], ""
        if html.startswith("<!--", begin):
            end = _COMMENT_END.search(html, begin + 2)
            at = end.end() if end else len(html)
        elif found := tag.match(html, begin):
            at = found.end()
            name = found[1].lower()
            yield "", name
            if found[0].endswith("/>"):
                yield "", f"/{name}"
            elif name in _CODE_END:
                closing = _CODE_END[name].search(html, at)
                at = closing.start() if closing else len(html)
        elif tag is _TAG and _BARE_TAG.match(html, begin):
            # A quote is never closed, and would hide all the rest: from here on a tag ends at its first >.
            at, tag = begin, _BARE_TAG
        elif html[begin + 1] in "!?/":
            at = html.index(">", begin) + 1
        else:
            yield "<", ""
            at = begin + 1
    yield html[at:], ""


def shown(html: str) -> str:
    """The text that HTML shows, one line for each block, without runs of spaces or empty lines."""
    pieces, hidden = [], ""
    for text, tag in _pieces(html):
        name = tag.removeprefix("/")
        if name == "body" or tag == f"/{hidden}":
            hidden = ""
        elif tag in _HIDDEN and not hidden:
            hidden = tag
        elif name in _BLOCKS and tag != "/br":
            pieces.append("\n")
        elif tag in ("td", "th"):
            pieces.append(" ")
        elif text and not hidden:
            pieces.append(re.sub(r"\s+", " ", _unescaped(text)))
    lines = (" ".join(line.split()) for line in "".join(pieces).replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:
        return text  # a number with more digits than Python reads


# --- mailboxes ----------------------------------------------------------------------------------------------------------------------

_DATED = re.compile(rb"From .{0,500}\d{1,2}:\d{2}.{0,50}\d{4}\s{0,10}$")
_HEADER = re.compile(rb"[!-9;-~]+:|>?From ")


@dataclass(frozen=True, slots=True)
class Boxed:
    """A mail of a mailbox. `raw` is none when it was larger than `MAX_MAIL_BYTES`; `arrived_at` is what its separator says."""

    line: int
    raw: bytes | None
    arrived_at: datetime | None


def read_mbox(lines: Iterator[bytes]) -> Iterator[Boxed]:
    """The mails of an mbox, one at a time in memory; `lines` keep their ends.

    A mail begins at a line `From …` with a date, after an empty line, before a header line; `>From` is unescaped (RFC 4155, mboxrd).
    """
    current: list[bytes] = []
    size, began, number = 0, 0, 0
    arrived_at: datetime | None = None
    blank, line = True, next(lines, b"")
    while line:
        number += 1
        following = next(lines, b"")
        separates = line.startswith(b"From ") and blank and (not began or (_DATED.match(line) and _HEADER.match(following)))
        if separates:
            if began:
                yield Boxed(began, _joined(current, size), arrived_at)
            current, size, began = [], 0, number
            found = re.search(rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b.*$", line.strip())
            arrived_at = _date(found[0].decode("ascii", "replace")) if found else None
        elif began:
            size += len(line)
            if size <= MAX_MAIL_BYTES:
                current.append(line[1:] if re.match(rb">+From ", line) else line)
        blank, line = not line.strip(), following
    if began:
        yield Boxed(began, _joined(current, size), arrived_at)


def _joined(lines: list[bytes], size: int) -> bytes | None:
    return b"".join(lines) if size <= MAX_MAIL_BYTES else None
