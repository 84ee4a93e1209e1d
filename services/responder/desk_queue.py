"""The desk's queues: what waits for this person, the clock that runs out first at the top.

A brand and a member come in; rows of a list go out, a page of them in one statement, with where the next page begins. Numbers are counted up to `MOST`:
beyond that nobody's day depends on how many more there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.masking import Mask
from services.responder import review_store
from services.responder.approval import Hat

PAGE = 50
MOST = 100
NEWEST = 200
"""Of the drafts that somebody has not finished: among these it is looked for those in cases of others."""

Place = tuple[datetime, UUID]
"""Where a page ends: the sort key of its last row."""

_OF_CASE = (
    "c.case_id, c.state, c.owner, left(c.\"case\" #>> '{latest,text}', 220) as text, c.\"case\" #>> '{latest,author,name}' as customer, "
    "c.\"case\" #>> '{latest,author,identities,0,value}' as handle, c.\"case\" #>> '{latest,title}' as title, "
    "c.\"case\" ->> 'channel' as channel, c.\"case\" ->> 'visibility' as visibility, c.\"case\" ->> 'priority' as priority, "
    "c.\"case\" ->> 'urgency' as urgency, c.\"case\" -> 'labels' as labels, c.\"case\" ->> 'language' as language, "
    "(c.\"case\" #>> '{latest,received_at}')::timestamptz as received_at"
)
_OF_REPLY = (
    "r.id as reply_id, r.state as reply_state, r.writer, r.automatic, r.verdicts, r.approved_at, r.sent_at, r.sandbox, "
    "r.returned ->> 'note' as note, r.drafted_by is not null as by_model"
)
_AT_WORK = "('submitted', 'approved', 'sending')"
"""States of a reply of a case that is not for its owner to go on with."""

_MINE = (
    "(select c.case_id, c.due_at from case_copy c where c.brand = $1 and c.owner = $2 and c.state in ('new', 'open') and (c.due_at, c.case_id) > ($3, $4) "
    f"and not exists (select from reply b where b.brand = c.brand and b.case_id = c.case_id and b.state in {_AT_WORK}) "
    "order by c.due_at, c.case_id limit $5) "
    "union (select c.case_id, c.due_at from (select * from reply where brand = $1 and kind = 'reply' and writer = $2 "
    "and state in ('draft', 'failed', 'unconfirmed') "
    f"order by created_at desc limit {NEWEST}) w join case_copy c on c.brand = w.brand and c.case_id = w.case_id "
    "where c.owner is distinct from $2 and c.state in ('new', 'open', 'waiting') and (c.due_at, c.case_id) > ($3, $4) "
    "order by c.due_at, c.case_id limit $5)"
)
_BEGINNING: Place = (datetime.fromisoformat("1970-01-01T00:00:00+00:00"), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a queue. `reply_id` none: nobody has begun an answer."""

    case_id: UUID
    due_at: datetime
    state: str
    owner: str | None
    customer: str | None
    handle: str | None
    title: str | None
    text: str | None
    channel: str
    visibility: str
    language: str
    priority: str | None
    urgency: str | None
    labels: Sequence[str]
    received_at: datetime | None
    reply_id: UUID | None
    reply_state: str | None
    writer: str | None
    automatic: bool | None
    verdicts: Sequence[Mapping[str, Any]] | None
    approved_at: datetime | None
    sent_at: datetime | None
    sandbox: bool | None
    note: str | None
    """Why it was sent back."""
    by_model: bool | None
    """A language model wrote its first text."""
    id: UUID
    """What its place in the list is by, beside its time: the case's, or the reply's."""

    @property
    def name(self) -> str:
        return self.customer or self.handle or "?"

    def number(self, severity: str) -> int:
        """How many verdicts of this severity its text had when it was last judged."""
        return sum(verdict.get("severity") == severity for verdict in self.verdicts or ())

    @property
    def place(self) -> Place:
        return self.due_at, self.id


def _item(row: Any, mask: Mask) -> Item:
    values = dict(row)
    if values["text"] is not None:
        values["text"] = mask.text(values["text"], values["visibility"] or "private")
    if values["title"] is not None:
        values["title"] = mask.text(values["title"], values["visibility"] or "private")
    return Item(**{**values, "labels": values["labels"] or []})


async def mine(connection: db.Connection, brand: str, member: str, after: Place | None, mask: Mask) -> list[Item]:
    """Cases that this member owns and in which it is our turn, with the reply that they would go on with; and what they are writing in others' cases.
    One row more than a page where there is another."""
    rows = await connection.fetch(
        f"with found as ({_MINE}) select f.due_at, f.case_id as id, {_OF_CASE}, {_OF_REPLY} "
        "from (select * from found order by due_at, case_id limit $5) f join case_copy c on c.brand = $1 and c.case_id = f.case_id "
        "left join lateral (select * from reply d where d.brand = $1 and d.case_id = c.case_id and d.state in ('draft', 'failed', 'unconfirmed') "
        "order by (d.writer = $2) desc nulls last, d.created_at desc, d.id limit 1) r on true order by f.due_at, f.case_id",
        brand,
        member,
        *(after or _BEGINNING),
        PAGE + 1,
    )
    return [_item(row, mask) for row in rows]


async def to_approve(
    connection: db.Connection, brand: str, member: str, hats: Sequence[Hat], after: Place | None, mask: Mask
) -> list[Item]:
    """Replies that wait for this person's approval, as the review queue has them."""
    found = await review_store.places(connection, brand, member, hats, after, PAGE + 1)
    rows = await connection.fetch(
        f"select f.due_at, f.id, {_OF_CASE}, {_OF_REPLY} from unnest($2::uuid[], $3::timestamptz[]) with ordinality as f(id, due_at, n) "
        "join reply r on r.brand = $1 and r.id = f.id join case_copy c on c.brand = $1 and c.case_id = r.case_id order by f.n",
        brand,
        [id for id, _ in found],
        [due_at for _, due_at in found],
    )
    return [_item(row, mask) for row in rows]


async def returned(connection: db.Connection, brand: str, member: str, after: Place | None, mask: Mask) -> list[Item]:
    """What colleagues sent back to this member."""
    rows = await connection.fetch(
        f"select c.due_at, r.id, {_OF_CASE}, {_OF_REPLY} from reply r join case_copy c on c.brand = r.brand and c.case_id = r.case_id "
        "where r.brand = $1 and r.writer = $2 and r.state = 'draft' and r.returned is not null and (c.due_at, r.id) > ($3, $4) "
        "order by c.due_at, r.id limit $5",
        brand,
        member,
        *(after or _BEGINNING),
        PAGE + 1,
    )
    return [_item(row, mask) for row in rows]


async def sent(connection: db.Connection, brand: str, member: str, since: datetime, before: Place | None, mask: Mask) -> list[Item]:
    """What this member wrote or approved, and was approved since then: the newest first."""
    rows = await connection.fetch(
        "with found as (select w.id, w.case_id, w.approved_at from reply w where w.brand = $1 and w.kind = 'reply' and w.approved_at >= $3 "
        "and (w.writer = $2 or w.approver = $2) and ($4::timestamptz is null or (w.approved_at, w.id) < ($4, $5::uuid)) "
        "order by w.approved_at desc, w.id desc limit $6) "
        f"select f.approved_at as due_at, f.id, {_OF_CASE}, {_OF_REPLY} from found f join case_copy c on c.brand = $1 and c.case_id = f.case_id "
        "join reply r on r.brand = $1 and r.id = f.id order by f.approved_at desc, r.id desc",
        brand,
        member,
        since,
        *(before or (None, None)),
        PAGE + 1,
    )
    return [_item(row, mask) for row in rows]


async def numbers(connection: db.Connection, brand: str, member: str, hats: Sequence[Hat], since: datetime) -> dict[str, int]:
    """How many each queue has, up to `MOST`."""
    row = await connection.fetchrow(
        f"select (select count(*) from (select from ({_MINE}) as m limit $5) m) as mine, "
        "(select count(*) from (select from reply where brand = $1 and kind = 'reply' and writer = $2 and state = 'draft' "
        "  and returned is not null limit $5) b) as returned, "
        "(select count(*) from (select from reply where brand = $1 and kind = 'reply' and approved_at >= $6 "
        "  and (writer = $2 or approver = $2) limit $5) a) as sent",
        brand,
        member,
        *_BEGINNING,
        MOST,
        since,
    )
    assert row is not None
    return {**dict(row), "approve": await review_store.count_to(connection, brand, member, hats, MOST)}
