"""A receipt is the same whatever the order in which the log's records are folded."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

from libs.common.events import Author, Identity, Mention, MentionDeleted, MentionReceived
from libs.common.record import Received
from services.ingest.consumer import HANDLERS, ReceiptWork

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ID = UUID("6f0c5c1e-5d4d-5b8e-9a55-7d1c0f6a0b57")


def received(event: MentionReceived | MentionDeleted, topic: str, offset: int) -> Received[MentionReceived | MentionDeleted]:
    at = AT + timedelta(seconds=offset)
    trace = f"00-{offset:032x}-{1:016x}-01"
    return Received(event, "event", str(ID), 1, at, trace, topic, 0, offset, "vaart/id::1", at)


def mention(import_id: str | None) -> MentionReceived:
    author = Author(identities=[Identity(kind="id", value="1", channel="forum")])
    told = Mention(
        id=ID,
        brand="vaart",
        channel="forum",
        kind="post",
        external_id="1",
        author=author,
        text="hoi",
        posted_at=AT,
        received_at=AT,
        import_id=import_id,
    )
    return MentionReceived(brand="vaart", mention=told)


def test_every_order_of_arrival_leaves_the_same_receipt() -> None:
    deleted = MentionDeleted(brand="vaart", mention_id=ID, deleted_at=AT)
    events = [
        received(mention("march"), "bulk", 5),
        received(mention(None), "live", 7),
        received(mention("march"), "bulk", 9),
        received(deleted, "live", 8),
    ]
    for order in permutations(events):
        work = ReceiptWork({})
        for item in order:
            HANDLERS[type(item.event)](work, item)
        seen = work.seen["vaart", ID]
        assert seen.first is not None
        assert (seen.first.topic, seen.first.offset, seen.first.import_id, seen.first.trace_id) == ("bulk", 5, "march", f"{5:032x}")
        assert (seen.times, seen.deleted_at, seen.last_appended_at) == (3, AT, AT + timedelta(seconds=9))
        assert work.imports == {("vaart", "march", ID): 2}
        assert len(work.repeated) == 2


def test_a_mention_with_a_receipt_is_a_repetition() -> None:
    work = ReceiptWork({("vaart", ID): (True, True)})
    HANDLERS[MentionReceived](work, received(mention(None), "live", 1))
    HANDLERS[MentionDeleted](work, received(MentionDeleted(brand="vaart", mention_id=ID, deleted_at=AT), "live", 2))
    assert len(work.repeated) == 2
