"""Approving in somebody's place: who lets whom, from when until when. The rows, and what they mean for an approval.

`delegation_api.py` writes them; whoever approves asks `instead_of` in the same transaction.
"""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common import db

LONGEST = timedelta(days=92)
"""So that nobody is forgotten in it: after a quarter it is given again."""


class Delegation(BaseModel):
    id: UUID
    brand: str
    from_id: str = Field(description="In whose place")
    from_role: str = Field(description="Their role: what the other can approve by it")
    to_id: str = Field(description="Who approves for them")
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None


_COLUMNS = ", ".join(Delegation.model_fields)


async def add(connection: db.Connection, new: Delegation) -> None:
    await connection.execute(
        f"insert into approval_delegation ({_COLUMNS}) select {_COLUMNS} from jsonb_populate_record(null::approval_delegation, $1) where brand = $2",
        new.model_dump(mode="json"),
        new.brand,
    )


async def one(connection: db.Connection, brand: str, delegation_id: UUID, *, lock: bool = False) -> Delegation | None:
    row = await connection.fetchrow(
        f"select * from approval_delegation where brand = $1 and id = $2{' for update' if lock else ''}", brand, delegation_id
    )
    return Delegation.model_validate(dict(row)) if row else None


async def revoke(connection: db.Connection, brand: str, delegation_id: UUID, by: str) -> None:
    """What was approved until now stands; nothing is from here on."""
    await connection.execute(
        "update approval_delegation set revoked_at = clock_timestamp(), revoked_by = $3 where brand = $1 and id = $2 and revoked_at is null",
        brand,
        delegation_id,
        by,
    )


async def instead_of(connection: db.Connection, brand: str, who: str, *, lock: bool = False) -> list[tuple[str, str]]:
    """The colleagues (id, role) who let this person approve in their place now. Locked, for whoever approves: a revocation at the same moment comes
    after that, or is seen."""
    rows = await connection.fetch(
        "select from_id, from_role from approval_delegation where brand = $1 and to_id = $2 and revoked_at is null "
        f"and starts_at <= clock_timestamp() and ends_at > clock_timestamp() order by created_at, id{' for share' if lock else ''}",
        brand,
        who,
    )
    return [(row["from_id"], row["from_role"]) for row in rows]


async def page(
    connection: db.Connection, brand: str, *, in_force: bool | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[Delegation]:
    """Newest first. `in_force`: only those that hold now or will, or only those that are over."""
    rows = await connection.fetch(
        "select * from approval_delegation where brand = $1 "
        "and ($2::boolean is null or $2 = (revoked_at is null and ends_at > clock_timestamp())) "
        "and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid)) order by created_at desc, id desc limit $5",
        brand,
        in_force,
        *(before or (None, None)),
        limit,
    )
    return [Delegation.model_validate(dict(row)) for row in rows]
