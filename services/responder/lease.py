"""The sending lease of a brand, and why an approved reply waits. Pure: no I/O, time passed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.responder.hold import Known
from services.responder.reply import ReplyRow

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Of a brand of which a hold was heard before any lease."""
_SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Lease:
    """Whether a brand may send, as routing last said. Ordered by (`hold_version`, `renewed_at`): an older lease never lifts a newer hold."""

    brand: str
    hold_version: int
    renewed_at: datetime
    held: bool
    reason: str | None
    book_version: int = 0
    """Of the brand book when this was decided: who knows an older one only sends nothing."""

    def newer_than(self, other: "Lease | None") -> bool:
        return other is None or (self.hold_version, self.renewed_at) > (other.hold_version, other.renewed_at)


def waiting(
    row: ReplyRow,
    lease: Lease | None,
    *,
    holds: Iterable[Known] = (),
    book_version: int | None,
    lease_s: float,
    now: datetime,
    expires: timedelta | None = None,
) -> list[str]:
    """Why an approved reply has not been sent yet, or what is done about an unconfirmed one, each a sentence. `book_version` is the newest known
    here, `now` the database's, `holds` are those that stand or have its `held_by`, `expires` is how long an approval holds."""
    if row.state == "unconfirmed" and row.next_attempt_at:
        return [f"It is looked for again at {row.next_attempt_at.isoformat(timespec='seconds')}; whoever knows can say so before."]
    if row.state != "approved":
        return []
    why = [] if book_version is not None else ["The brand has no brand book yet."]
    if lease is None:
        why.append("No sending lease of this brand has been seen yet.")
    else:
        if lease.held:
            why.append(f"Sending is held: {lease.reason or 'no reason was given'}.")
        elif kept := next((known for known in holds if known.hold.id == row.held_by), None):
            why.append(f"It is held: {kept.hold.reason or 'no reason was given'}.")
        if book_version is not None and book_version < lease.book_version:
            why.append(f"Version {lease.book_version} of the brand book has not been read here yet.")
        if lease.renewed_at <= now - timedelta(seconds=lease_s):
            why.append(f"No sending lease since {lease.renewed_at.isoformat(timespec='seconds')}: routing does not renew it.")
        if lease.renewed_at >= now + timedelta(seconds=lease_s):
            why.append("The sending lease is from the future: the clocks of Kafka and Postgres are apart.")
    if row.next_attempt_at and row.next_attempt_at > now and row.waits_for:
        at = row.next_attempt_at.isoformat(timespec="seconds")
        if row.waits_why == "quiet":
            why.append(f"It would come at an hour that is quiet by the brand book (conduct.quiet_hours): it leaves at {at}.")
        elif row.waits_why == "turn":
            why.append(f"The account {row.waits_for} is given so many replies a minute, and no more: its turn is at {at}.")
        else:
            why.append(f"The account {row.waits_for} refuses whatever is sent: {row.error}. It is tried again at {at}.")
    elif row.publish_at and row.publish_at > now:
        why.append(f"It is planned for {row.publish_at.isoformat(timespec='seconds')}.")
    elif row.next_attempt_at and row.next_attempt_at > now and row.error:
        why.append(f"Attempt {row.attempts} failed ({row.error}); the next is at {row.next_attempt_at.isoformat(timespec='seconds')}.")
    ends = row.approved_at + expires if expires and row.approved_at else None
    if why and ends and ends - now < _SOON:
        why.append(f"Its approval holds until {ends.isoformat(timespec='seconds')}; then somebody has to approve it anew.")
    return why or ["It is about to be sent."]
