"""The sending lease of a brand, and why an approved reply waits. Pure: no I/O, time passed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.responder.reply import ReplyRow


@dataclass(frozen=True, slots=True)
class Lease:
    """Whether a brand may send, as routing last said. Ordered by (`hold_version`, `renewed_at`): an older lease never lifts a newer hold."""

    brand: str
    hold_version: int
    renewed_at: datetime
    held: bool
    reason: str | None

    def newer_than(self, other: "Lease | None") -> bool:
        return other is None or (self.hold_version, self.renewed_at) > (other.hold_version, other.renewed_at)


def waiting(row: ReplyRow, lease: Lease | None, *, has_book: bool, lease_s: float, now: datetime) -> list[str]:
    """Why an approved reply has not been sent yet, each a sentence. `now` is the database's."""
    if row.state != "approved":
        return []
    why = [] if has_book else ["The brand has no brand book yet."]
    if lease is None:
        why.append("No sending lease of this brand has been seen yet.")
    else:
        if lease.held:
            why.append(f"Sending is held: {lease.reason or 'no reason was given'}.")
        if lease.renewed_at <= now - timedelta(seconds=lease_s):
            why.append(f"No sending lease since {lease.renewed_at.isoformat(timespec='seconds')}: routing does not renew it.")
        if lease.renewed_at >= now + timedelta(seconds=lease_s):
            why.append("The sending lease is from the future: the clocks of Kafka and Postgres are apart.")
    if row.next_attempt_at and row.next_attempt_at > now and row.error:
        why.append(f"Attempt {row.attempts} failed ({row.error}); the next is at {row.next_attempt_at.isoformat(timespec='seconds')}.")
    return why or ["It is about to be sent."]
