"""A rule of the brand book that could not be evaluated: what it was for went to the fallback, and those who can mend the book are told, once for each
rule and version of the book.

Failures of a batch reach this module in its transaction; a row, a notification to each lead and administrator, and a metric leave it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from prometheus_client import Gauge

from libs.common import db
from libs.common.events import deterministic_id
from services.routing import store
from services.routing.route import Failure
from services.routing.sla import Policy

_FAILED = Gauge("weerklank_routing_failed_rules", "Rules of the newest brand book that could not be evaluated for a case", ["brand"])


@dataclass(frozen=True, slots=True)
class Failed:
    """`case_id`: the case that met it."""

    brand: str
    book_version: int
    failure: Failure
    case_id: UUID


async def tell(connection: db.Connection, found: Sequence[Failed], policy_of: Callable[[str], Policy]) -> None:
    """Keep these, and tell of those that were not known yet."""
    if not found:
        return
    rows = sorted(found, key=lambda one: (one.brand, one.book_version, one.failure.rule))
    new = await connection.fetch(
        "insert into failed_rule (brand, book_version, rule, error, case_id, at) "
        "select b, v, r, e, c, moment() from unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::uuid[]) as u(b, v, r, e, c) "
        "on conflict (brand, book_version, rule) do nothing returning *",
        [one.brand for one in rows],
        [one.book_version for one in rows],
        [one.failure.rule for one in rows],
        [one.failure.error for one in rows],
        [one.case_id for one in rows],
    )
    for row in new:
        told = await _who_mends(connection, row["brand"], policy_of(row["brand"]))
        what = f"{called(row['rule'])} of the brand book (version {row['book_version']}) cannot be evaluated: {row['error']}"
        name = f"{row['book_version']}/{row['rule']}"
        ids = [(deterministic_id(row["brand"], "failed rule", name, member), member) for member in told]
        await store.notify(connection, [(id, row["brand"], member, row["case_id"], row["at"], what) for id, member in ids])


def called(rule: int) -> str:
    """What people call it."""
    return f"rule {rule}" if rule else "the condition of the legal check"


async def _who_mends(connection: db.Connection, brand: str, policy: Policy) -> list[str]:
    """The leads of the team, and who administers the brand."""
    leads = [member.id for member in policy.book.team if member.role == "lead"]
    rows = await connection.fetch("select id from app_user where $1 = any (brands) and role = 'admin' and not disabled order by id", brand)
    return list(dict.fromkeys([*leads, *(row["id"] for row in rows)]))


async def of_newest(connection: db.Connection) -> list[asyncpg.Record]:
    """The rules of every brand's newest book that could not be evaluated; for an operator's check of all books."""
    return await connection.fetch(
        "select f.* from failed_rule f join (select brand, max(version) as version from brand_book group by brand) b "
        "on b.brand = f.brand and b.version = f.book_version order by f.brand, f.rule"
    )


async def refresh_gauges(connection: db.Connection) -> None:
    """How many of them each brand has."""
    _FAILED.clear()
    for row in await of_newest(connection):
        _FAILED.labels(row["brand"]).inc()
