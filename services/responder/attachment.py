"""Files that hang on a reply: what they are by their content, what an account takes of them, and what a draft is once one was added. Pure.

The name is the sender's, and so is what it says of the content: neither is believed. A picture has words for who does not see it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.brandbook import BrandBook, Channel
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.reply_events import ReplyAttachment, ReplyEdited
from services.responder import reply
from services.responder.account import SANDBOX, account_of, none_for
from services.responder.reply import Change, Person, ReplyRow

MOST = 10
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes one file and all of them may have: what is sent is larger by a third."""

    each: int
    total: int


ROOMS: Mapping[str, Room] = {"smtp": Room(10 * _MIB, 15 * _MIB), "webhook": Room(5 * _MIB, 5 * _MIB), "sandbox": Room(10 * _MIB, 15 * _MIB)}
"""By the type of the account that a reply leaves by. One that is not here takes no files."""
LARGEST = max(room.each for room in ROOMS.values())

_EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".csv", ".log", ".md"),
}
"""What is taken, and the names that it may have: the first is added where another one is given."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_UNSAFE = re.compile(r'[<>:"/\\|?*]')


def media_type(content: bytes) -> str | None:
    """What it is by its first bytes; none for what is not taken. Text is what is UTF-8 without control characters."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    # What browsers would take for a page or a drawing with scripts is no plain text, whatever it is called.
    return None if not text or _CONTROL.search(text) or text.lstrip("\ufeff \t\r\n").startswith("<") else "text/plain"


def clean_name(name: str, kind: str) -> str:
    """The last part of a name, on one line, without what file systems refuse or readers are misled by, and with an end that says what it is."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    shown = "".join(" " if character.isspace() else character for character in last if character.isprintable() or character.isspace())
    stem = " ".join(_UNSAFE.sub("", shown).split()).strip(". ")
    ends = _EXTENSIONS[kind]
    end = next((end for end in ends if stem.lower().endswith(end)), None)
    base = stem[: -len(end)] if end else stem
    return f"{base[:80].strip('. ') or 'bijlage'}{end or ends[0]}"


def made(id: UUID, name: str, alt: str | None, content: bytes) -> ReplyAttachment:
    """Raises `Unprocessable` for what is not taken, and for a picture without words."""
    kind = media_type(content)
    if kind is None:
        raise Unprocessable(
            f"This file is none of {', '.join(sorted(_EXTENSIONS))} by its content, whatever its name says. Send it as one of those."
        )
    said = " ".join((alt or "").split())
    if kind.startswith("image/") and not said:
        raise Unprocessable("alt: say in words what the picture shows, for whoever does not see it.")
    digest = hashlib.sha256(content).hexdigest()
    return ReplyAttachment(id=id, name=clean_name(name, kind), media_type=kind, bytes=len(content), sha256=digest, alt=said or None)


def room_of(book: BrandBook, row: ReplyRow) -> Room:
    """Raises `Conflict` where the account that this reply leaves by takes no files, or there is none."""
    account: Channel | None = account_of(book, row) or (SANDBOX if book.pilot else None)
    if account is None:
        raise Conflict(f"No file can go with this reply: {none_for(row.channel)}.")
    room = ROOMS.get(account.type)
    if room is None:
        raise Conflict(
            f"No file can go with this reply: the channel {account.id} ({account.type}) takes none. Put a link in the text instead."
        )
    return room


def objection(book: BrandBook, row: ReplyRow) -> None:
    """Raises `Conflict` where the files of a reply cannot go with it as the brand book is now."""
    if row.attachments:
        room = room_of(book, row)
        total = sum(file.bytes for file in row.attachments)
        if total > room.total or any(file.bytes > room.each for file in row.attachments):
            raise Conflict(
                f"The files of this reply have {total} bytes: its channel takes {room.total}, and {room.each} of each. Take some off."
            )


def attached(row: ReplyRow, file: ReplyAttachment, person: Person, book: BrandBook, owner: str | None, at: datetime) -> Change:
    """The reply with this file, in the place of one of that name. As with another text, whatever was submitted is a draft again. Raises `Conflict`, and
    `Unprocessable` for one file too many or too large."""
    kept = [one for one in row.attachments if one.name != file.name]
    room = room_of(book, row)
    if len(kept) >= MOST:
        raise Unprocessable(f"A reply has {MOST} files at most. Take one off first.")
    total = file.bytes + sum(one.bytes for one in kept)
    if file.bytes > room.each or total > room.total:
        raise Unprocessable(
            f"This file has {file.bytes} bytes, and all of the reply's would have {total}: its channel takes {room.each} of one, and {room.total} of all."
        )
    return _with(row, [*kept, file], "attached", {"name": file.name, "sha256": file.sha256}, person, book, owner, at)


def detached(row: ReplyRow, id: UUID, person: Person, book: BrandBook, owner: str | None, at: datetime) -> Change:
    """The reply without this file. Raises `Conflict`, and `NotFound` where it has no such file."""
    found = one(row, id)
    return _with(row, [one for one in row.attachments if one.id != id], "detached", {"name": found.name}, person, book, owner, at)


def one(row: ReplyRow, id: UUID) -> ReplyAttachment:
    """Raises `NotFound`."""
    for file in row.attachments:
        if file.id == id:
            return file
    raise NotFound("This reply has no such file.")


def _with(
    row: ReplyRow,
    files: Sequence[ReplyAttachment],
    what: str,
    detail: Mapping[str, object],
    person: Person,
    book: BrandBook,
    owner: str | None,
    at: datetime,
) -> Change:
    reply.may_become(row, "draft", "edited")
    if row.state == "unconfirmed":
        raise Conflict(
            "A reply that is unconfirmed cannot be edited. Find out whether it reached the customer, and confirm that.", state=row.state
        )
    changed = reply.next_version(
        row, state="draft", attachments=list(files), writer=person.id, writer_role=person.role, automatic=False, **reply.UNSENT
    )
    changed = changed.model_copy(update={"digest": reply.digest_of(changed)})
    return Change(reply.weighed(changed, book, owner, at), what, person.id, at, ReplyEdited, detail)
