"""What holds mean for a reply that was approved: it waits, it has to be looked at again, or nothing. Pure: no I/O.

A hold stops what it matches while it stands. When it is released, what was approved until then is no longer what its approver knew: the world has
changed, or nobody would have held anything. It is put back, unless somebody approved it anew from the list of what is held.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from libs.common.brandbook import BrandBook
from libs.common.case_events import Case
from libs.common.events import SendingHold
from libs.common.holds import sendable, sendable_post, stops
from libs.common.reply_events import Verdict
from services.responder import circumstances
from services.responder.clearance import put_back
from services.responder.reply import Change, ReplyRow, judge, next_version


@dataclass(frozen=True, slots=True)
class Known:
    """A hold as routing told of it; `release_seen_at` is when its release was heard of here, by the database's clock."""

    hold: SendingHold
    release_seen_at: datetime | None = None

    @property
    def stands(self) -> bool:
        return self.hold.released_at is None


@dataclass(frozen=True, slots=True)
class Against:
    """The hold that an approved reply has against it: it stands, or stood when that was approved."""

    known: Known

    @property
    def stands(self) -> bool:
        return self.known.stands


def against(row: ReplyRow, case: Case | None, book: BrandBook, holds: Iterable[Known]) -> Against | None:
    """What stops a reply; a hold that stands before one that stood, the older before the newer. `case` is where its messages are now."""
    if row.kind == "post":
        about = sendable_post(book, channel=row.channel, language=row.language, labels=row.labels, topic_id=row.topic_id)
    else:
        about = sendable(book, case, case_id=row.case_id, channel=row.channel, visibility=row.visibility, language=row.language)
    found = [known for known in holds if (known.stands or _void(row, known)) and stops(known.hold.scope, about)]
    first = min(found, key=lambda known: (not known.stands, known.hold.laid_version), default=None)
    return Against(first) if first else None


def verdict(row: ReplyRow, case: Case | None, book: BrandBook, holds: Iterable[Known]) -> Verdict | None:
    """What the guard says of a hold that stands against it; none where none does. It may be approved meanwhile, and does not leave."""
    found = against(row, case, book, holds)
    if found is None or not found.stands:
        return None
    why = found.known.hold.reason or "no reason was given"
    return circumstances.verdict("hold", f"Sending is held: {why}. Approved now it waits, and is looked at again after that.", row, book)


def _void(row: ReplyRow, known: Known) -> bool:
    """Whether its approval is from before a release, and not by somebody who approved it anew in the sight of that hold."""
    if row.approved_at is None or known.release_seen_at is None:
        return False
    return row.approved_at <= known.release_seen_at and row.reviewed_version < known.hold.laid_version


def kept(row: ReplyRow, known: Known, at: datetime) -> Change:
    """It waits for the end of a hold, whether it had been claimed or not. No event tells of it: the hold's own does."""
    claimed = row.state == "sending"
    changed = next_version(
        row,
        state="approved",
        held_by=known.hold.id,
        held_at=row.held_at or at,
        attempts=row.attempts - claimed,
        next_attempt_at=at if claimed else row.next_attempt_at,
        claimed_by=None,
        claimed_at=None,
        attempt_id=None,
        transmitting=False,
    )
    return Change(changed, "held", "system", at, None, {"hold": str(known.hold.id), "reason": known.hold.reason})


def looked_at_again(row: ReplyRow, known: Known, book: BrandBook, owner: str | None, at: datetime) -> Change:
    """Its hold is over and its approval void: submitted, with what the guard says of it by today's book."""
    change = put_back(row, "it was held; look at it again before it leaves", at, hold=str(known.hold.id), held=known.hold.reason)
    changed = change.row.model_copy(
        update={"held_by": known.hold.id, "held_at": row.held_at or at, "verdicts": judge(book, change.row, owner, at)}
    )
    return Change(changed, change.what, change.who, change.at, change.event, change.detail)


def let_go(row: ReplyRow, known: Known, at: datetime) -> Change:
    """Somebody approved it anew in the sight of the hold, which is over: it leaves."""
    changed = next_version(row, held_by=None, held_at=None)
    return Change(changed, "let_go", "system", at, None, {"hold": str(known.hold.id)})
