"""The responder's rows of updates and their conversations, and who is owed one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import Case
from services.responder.reply import ReplyRow
from services.responder.store import reply_row
from services.responder.update import Item, Update

_UPDATE = ", ".join(Update.model_fields)
_ITEM = ", ".join(Item.model_fields)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of those who were told that we are looking into it. `any_reply`: of a topic also whoever got any reply, however it is marked."""

    sandbox: bool
    topic_id: UUID | None = None
    labels: tuple[str, ...] | None = None
    since: datetime | None = None
    case_ids: tuple[UUID, ...] | None = None
    any_reply: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """A conversation that is owed the outcome, and the reply that promised it."""

    case: Case
    told_by: ReplyRow


_OWED = (
    'select distinct on (h.case_id) h.case_id, h."case", r.id as told_by from reply r cross join lateral ('
    '  with recursive chain as (select c.case_id, c.state, c."case", 0 as step from case_copy c where c.brand = r.brand and c.case_id = r.case_id '
    "    union all select n.case_id, n.state, n.\"case\", chain.step + 1 from chain join case_copy n on n.brand = r.brand and chain.state = 'merged' "
    "    and n.case_id = (chain.\"case\" ->> 'merged_into')::uuid where chain.step < 20) "
    "  select * from chain where state in ('new', 'open', 'waiting') limit 1) h "
    "where r.brand = $1 and r.state = 'sent' and r.sandbox = $2 and ($8::boolean or r.update_due) "
    "and ($3::text is null or h.\"case\" ->> 'topic_id' = $3) "
    "and (not $8::boolean or r.case_id in (select t.case_id from case_copy t where t.brand = $1 and t.\"case\" ->> 'topic_id' = $3 "
    "  and t.state in ('new', 'open', 'waiting'))) "
    "and ($4::text[] is null or h.\"case\" -> 'labels' ?| $4) and ($5::timestamptz is null or r.sent_at >= $5) "
    "and ($6::uuid[] is null or h.case_id = any($6)) and ($7::uuid is null or h.case_id > $7) "
    "and not exists (select from reply n where n.brand = r.brand and n.case_id in (r.case_id, h.case_id) and n.id <> r.id and not n.update_due "
    "  and n.state in ('approved', 'sending', 'sent', 'unconfirmed') and coalesce(n.sent_at, n.approved_at) > r.sent_at) "
    "order by h.case_id, r.sent_at desc, r.id"
)
"""Open or waiting cases, those that others were merged into included, whose newest word from us promises another. `$7` is where a page begins."""


def _asked(brand: str, asked: Asked, after: UUID | None) -> list[Any]:
    return [
        brand,
        asked.sandbox,
        str(asked.topic_id) if asked.topic_id else None,
        asked.labels,
        asked.since,
        asked.case_ids,
        after,
        asked.any_reply,
    ]


async def owed(connection: db.Connection, brand: str, asked: Asked, after: UUID | None, limit: int) -> list[Owed]:
    """A page of them, in order of the case's id."""
    rows = await connection.fetch(f"{_OWED} limit $9", *_asked(brand, asked, after), limit)
    told = {row.id: row for row in await replies(connection, brand, [row["told_by"] for row in rows])}
    return [Owed(Case.model_validate(row["case"]), told[row["told_by"]]) for row in rows]


async def replies(connection: db.Connection, brand: str, ids: Collection[UUID]) -> list[ReplyRow]:
    rows = await connection.fetch("select * from reply where brand = $1 and id = any($2::uuid[])", brand, list(ids))
    return [reply_row(row) for row in rows]


async def add(connection: db.Connection, update: Update, asked: Asked, limit: int) -> int:
    """A new update with the conversations that are owed one now; how many. None of them is judged yet."""
    values = update.model_dump(mode="json")
    await connection.execute(
        f"insert into customer_update ({_UPDATE}) select {_UPDATE} from jsonb_populate_record(null::customer_update, $1) where brand = $2",
        values | {"next_at": update.created_at.isoformat()},
        update.brand,
    )
    listed: int = await connection.fetchval(
        f"with owed as ({_OWED} limit $9), listed as (insert into update_item (update_id, brand, case_id, told_by, state) "
        "select $10, $1, case_id, told_by, 'listed' from owed returning 1) select count(*) from listed",
        *_asked(update.brand, asked, None),
        limit,
        update.id,
    )
    return listed


async def one(connection: db.Connection, brand: str, update_id: UUID, *, lock: bool = False) -> Update | None:
    row = await connection.fetchrow(
        f"select * from customer_update where brand = $1 and id = $2{' for update' if lock else ''}", brand, update_id
    )
    return Update.model_validate(dict(row)) if row else None


async def page(connection: db.Connection, brand: str, before: tuple[datetime, UUID] | None, limit: int) -> list[Update]:
    """Updates of a brand, newest first."""
    rows = await connection.fetch(
        "select * from customer_update where brand = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid)) "
        "order by created_at desc, id desc limit $4",
        brand,
        *(before or (None, None)),
        limit,
    )
    return [Update.model_validate(dict(row)) for row in rows]


async def due(connection: db.Connection) -> Update | None:
    """An update with something to do now, locked; those that another instance works on are left out."""
    row = await connection.fetchrow(
        "select * from customer_update where state in ('preparing', 'approved') and next_at <= clock_timestamp() "
        "order by next_at limit 1 for update skip locked"
    )
    return Update.model_validate(dict(row)) if row else None


async def put(connection: db.Connection, update: Update) -> None:
    """Write an update that the caller has locked."""
    columns = ", ".join(f"{name} = w.{name}" for name in Update.model_fields if name not in ("id", "brand", "created_at"))
    await connection.execute(
        f"update customer_update u set {columns} from jsonb_populate_record(null::customer_update, $1) w where u.id = w.id and u.brand = w.brand",
        update.model_dump(mode="json"),
    )


async def items(connection: db.Connection, update: Update, state: str, limit: int) -> list[Item]:
    """Conversations of an update that is locked, in order of the case's id."""
    rows = await connection.fetch(
        "select * from update_item where brand = $1 and update_id = $2 and state = $3 order by case_id limit $4",
        update.brand,
        update.id,
        state,
        limit,
    )
    return [Item.model_validate(dict(row)) for row in rows]


async def items_page(
    connection: db.Connection, brand: str, update_id: UUID, state: str | None, after: UUID | None, limit: int
) -> list[Item]:
    rows = await connection.fetch(
        "select * from update_item where brand = $1 and update_id = $2 and ($3::text is null or state = $3) "
        "and ($4::uuid is null or case_id > $4) order by case_id limit $5",
        brand,
        update_id,
        state,
        after,
        limit,
    )
    return [Item.model_validate(dict(row)) for row in rows]


async def put_items(connection: db.Connection, changed: Sequence[Item]) -> None:
    """Write conversations of an update that is locked."""
    if changed:
        columns = ", ".join(f"{name} = w.{name}" for name in Item.model_fields if name not in ("update_id", "brand", "case_id"))
        await connection.execute(
            f"update update_item i set {columns} from jsonb_populate_recordset(null::update_item, $1) w "
            "where i.update_id = w.update_id and i.case_id = w.case_id and i.brand = w.brand",
            [item.model_dump(mode="json") for item in changed],
        )


async def move(connection: db.Connection, update: Update, was: str, becomes: str, why: str | None) -> None:
    """All conversations of an update that is locked and that are so become so."""
    await connection.execute(
        "update update_item set state = $4, why = $5 where brand = $1 and update_id = $2 and state = $3",
        update.brand,
        update.id,
        was,
        becomes,
        why,
    )


async def counts(connection: db.Connection, brand: str, ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """How many conversations of each are how; of those that were made, how their reply stands, as `made.sent`."""
    rows = await connection.fetch(
        "select i.update_id, case when r.id is null then i.state else i.state || '.' || r.state end as state, count(*) as number "
        "from update_item i left join reply r on r.brand = i.brand and r.id = i.reply_id "
        "where i.brand = $1 and i.update_id = any($2::uuid[]) group by 1, 2",
        brand,
        list(ids),
    )
    found: dict[UUID, dict[str, int]] = {update_id: {} for update_id in ids}
    for row in rows:
        found[row["update_id"]][row["state"]] = row["number"]
    return found
