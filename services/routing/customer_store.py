"""What is known of customers beside their messages, in SQL: when their cases were opened, which group a person put them in, who helped them last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from services.routing.case import EMPTY, OPEN

Customer = tuple[str, UUID]
"""Brand and id."""


@dataclass(frozen=True, slots=True)
class Place:
    """A case that has messages: whose it is, and when it was opened."""

    brand: str
    case_id: UUID
    customer_id: UUID
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Help:
    """A case of a customer in which `member` answered them or resolved it, at last at `at`."""

    department: str
    member: str
    at: datetime


async def customers_of(connection: db.Connection, cases: Iterable[tuple[str, UUID]]) -> set[Customer]:
    """The customers of these (brand, case), read without a lock."""
    wanted = sorted(set(cases))
    rows = await connection.fetch(
        "select distinct c.brand, c.customer_id from care_case c join unnest($1::text[], $2::uuid[]) as u(brand, id) using (brand, id)",
        [brand for brand, _ in wanted],
        [case_id for _, case_id in wanted],
    )
    return {(row["brand"], row["customer_id"]) for row in rows}


async def lock(connection: db.Connection, customers: Iterable[Customer]) -> dict[Customer, asyncpg.Record]:
    """Those of the customers whose group a person has chosen. All are locked, in the order of brand and id, and noted where they were not known:
    no other transaction opens, moves or empties a case of theirs until this one ends."""
    wanted = sorted(set(customers))
    if not wanted:
        return {}
    columns = [brand for brand, _ in wanted], [customer_id for _, customer_id in wanted]
    await connection.execute(  # an update that changes nothing locks all the same
        "insert into customer (brand, id) select * from unnest($1::text[], $2::uuid[]) "
        "on conflict (brand, id) do update set version = excluded.version where false",
        *columns,
    )
    rows = await connection.fetch(
        "select c.* from customer c join unnest($1::text[], $2::uuid[]) as u(brand, id) using (brand, id) where c.set_by is not null",
        *columns,
    )
    return {(row["brand"], row["id"]): row for row in rows}


async def places(connection: db.Connection, within: Mapping[Customer, tuple[datetime, datetime]]) -> list[Place]:
    """The cases of these customers that have messages and were opened between the two moments."""
    wanted = sorted(within.items())
    if not wanted:
        return []
    rows = await connection.fetch(
        "select c.brand, c.id, c.customer_id, c.opened_at from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) "
        "as u(brand, customer_id, since, until) join care_case c on c.brand = u.brand and c.customer_id = u.customer_id "
        "and c.opened_at between u.since and u.until where c.state <> all($5::text[])",
        [brand for (brand, _), _ in wanted],
        [customer_id for (_, customer_id), _ in wanted],
        [since for _, (since, _) in wanted],
        [until for _, (_, until) in wanted],
        EMPTY,
    )
    return [Place(row["brand"], row["id"], row["customer_id"], row["opened_at"]) for row in rows]


async def helpers(connection: db.Connection, customers: Iterable[Customer]) -> dict[Customer, list[Help]]:
    """Who answered these customers last, or resolved their case, in each department where somebody did."""
    wanted = sorted(set(customers))
    if not wanted:
        return {}
    rows = await connection.fetch(
        "select distinct on (brand, customer_id, department) brand, customer_id, department, owner, helped_at from "
        "(select c.brand, c.customer_id, c.department, c.owner, greatest((c.state_json ->> 'replied_at')::timestamptz, "
        "(c.state_json ->> 'resolved_at')::timestamptz) as helped_at from care_case c "
        "join unnest($1::text[], $2::uuid[]) as u(brand, customer_id) using (brand, customer_id) "
        "where c.touched and c.owner is not null and c.state <> 'withdrawn') h "
        "where helped_at is not null order by brand, customer_id, department, helped_at desc, owner",
        [brand for brand, _ in wanted],
        [customer_id for _, customer_id in wanted],
    )
    found: dict[Customer, list[Help]] = {}
    for row in rows:
        found.setdefault((row["brand"], row["customer_id"]), []).append(Help(row["department"], row["owner"], row["helped_at"]))
    return found


async def one(connection: db.Connection, brand: str, customer_id: UUID) -> asyncpg.Record | None:
    return await connection.fetchrow("select * from customer where brand = $1 and id = $2", brand, customer_id)


async def has_cases(connection: db.Connection, brand: str, customer_id: UUID) -> bool:
    found: bool = await connection.fetchval(
        "select exists (select from care_case where brand = $1 and customer_id = $2)", brand, customer_id
    )
    return found


async def choose(
    connection: db.Connection, brand: str, customer_id: UUID, group: str | None, by: str | None, at: datetime, reason: str | None
) -> asyncpg.Record:
    """A person chose the group of a customer, who is locked, or took such a choice back (`by` none)."""
    row = await connection.fetchrow(
        "update customer set customer_group = $3, set_by = $4, set_at = $5, reason = $6, version = version + 1 "
        "where brand = $1 and id = $2 returning *",
        brand,
        customer_id,
        group,
        by,
        at,
        reason,
    )
    assert row is not None
    return row


async def open_cases(connection: db.Connection, brand: str, customer_id: UUID, limit: int) -> list[UUID]:
    """The newest open cases of a customer, in the order of their ids."""
    rows = await connection.fetch(
        "select id from care_case where brand = $1 and customer_id = $2 and state = any($3::text[]) order by opened_at desc limit $4",
        brand,
        customer_id,
        OPEN,
        limit,
    )
    return sorted(row["id"] for row in rows)
