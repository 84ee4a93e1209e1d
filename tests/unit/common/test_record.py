"""Records of the log: what a dead letter keeps of one, and what it comes back as; and how a batch is halved."""

from datetime import UTC, datetime

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from libs.common import outbox
from libs.common.batch import Batch, outcomes
from libs.common.errors import InvalidEvent, UnknownEventType
from libs.common.events import BrandBookPublished
from libs.common.outbox import Outgoing
from libs.common.record import dead_letter, decode, place_of, revive

AT = datetime(2026, 3, 2, 10, 0, 30, 250_000, tzinfo=UTC)
EVENT = BrandBookPublished(brand="vaart", version=3, book={"brand": "vaart"}, published_at=AT, published_by="test")


def record(offset: int = 7, partition: int = 0, value: bytes | None = None, key: bytes = b"vaart", **headers: str) -> ConsumerRecord:
    sent = outbox.attributes(Outgoing(EVENT, "vaart", 3, "vaart"), "routing", AT) | headers
    raw = EVENT.model_dump_json().encode() if value is None else value
    pairs = [(name, text.encode()) for name, text in sent.items()]
    return ConsumerRecord("t", partition, offset, int(AT.timestamp() * 1000), 1, key, raw, None, len(key), len(raw), pairs)


def test_a_dead_letter_comes_back_as_the_event_that_it_was() -> None:
    received = decode(record())
    assert revive(dead_letter(record(), received, "dead", "it failed")) == received


def test_a_dead_letter_of_garbage_holds_what_came_and_no_text_that_postgres_refuses() -> None:
    letter = dead_letter(record(value=b"\x00\xff", key=b"a\x00b", ce_type="x\x00y"), None, "dead", "bad\x00value")
    assert (letter.brand, letter.value, letter.key, letter.event_type, letter.reason) == (
        None,
        b"\x00\xff",
        "a\ufffdb",
        "x\ufffdy",
        "bad\ufffdvalue",
    )
    assert letter.appended_at == AT


@pytest.mark.parametrize(
    ("sent", "error", "says"),
    [
        (record(ce_type="weerklank.later.v9"), UnknownEventType, "not known to this version"),
        (record(value=b"{}"), InvalidEvent, "brand: Field required"),
        (record(ce_entityversion="three"), InvalidEvent, "header is missing or wrong"),
    ],
)
def test_what_cannot_be_read_says_why(sent: ConsumerRecord, error: type[InvalidEvent], says: str) -> None:
    with pytest.raises(error) as raised:
        decode(sent)
    assert type(raised.value) is error
    assert says in raised.value.detail


def batch() -> Batch:
    """Two records of partition 0, after a gap of one, and two of partition 1."""
    records = [record(5), record(6), record(2, 1), record(3, 1)]
    decoded = {place_of(item): decode(item) for item in records}
    return Batch(records, decoded, {}, {TopicPartition("t", 0): 4, TopicPartition("t", 1): 2})


def test_the_second_half_of_a_batch_expects_what_the_first_leaves_behind() -> None:
    first, second = batch().half(first=True), batch().half(first=False)
    assert [item.offset for item in first.records + second.records] == [5, 6, 2, 3]
    assert (first.expected, second.expected) == ({TopicPartition("t", 0): 4}, {TopicPartition("t", 1): 2})
    assert second.half(first=False).expected == {TopicPartition("t", 1): 3}


def test_every_offset_of_a_batch_is_counted_once_in_the_minute_of_its_append_time() -> None:
    of = batch()
    *live, last = of.decoded.values()
    aside = [dead_letter(of.records[-1], last, "dead", "it failed")]
    minute = AT.replace(second=0, microsecond=0)
    assert outcomes(of, live, aside, {live[0].place}) == {
        ("t", 0, minute): {"repeated": 1, "effects": 1, "gap": 1},
        ("t", 1, minute): {"effects": 1, "dead": 1},
    }
