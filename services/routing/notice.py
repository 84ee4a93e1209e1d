"""What somebody is told outside the list of notifications: by mail, by a webhook, or in a chat.

Whoever has something to tell adds notices in the transaction that makes it true, so that nothing is told of what never happened. `notifier.py` sends
them once that has committed. A notice's id follows from what it tells whom: added twice, it is one row, and is told once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from libs.common import db
from libs.common.bookteam import Notify

STATES = ("due", "sending", "sent", "unconfirmed", "failed", "sandbox")
"""due → sending → sent. `unconfirmed`: it may have arrived or not; `failed`: it has not; `sandbox`: nothing leaves while the brand's book is a pilot."""
WAYS = ("email", "webhook", "mattermost", "slack", "teams")


@dataclass(frozen=True, slots=True)
class Link:
    """A button. `purpose` and `subject` make a signed link that works without log-in until `expires_at` (`links.py`)."""

    label: str
    purpose: str
    subject: UUID
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one recipient is told by one way. Texts are in the brand's first language, English where that is neither Dutch nor English."""

    id: UUID
    """Deterministic: the same notice is told once, ever."""
    brand: str
    about: str
    """case | consultation | incident | callback | promise | hold"""
    subject: UUID
    """Id of what it is about."""
    to: str
    """Id of the team member, member of the hub, or department."""
    way: Notify
    title: str
    text: str
    links: tuple[Link, ...] = ()
    reply_to: str | None = None
    """Address that an answer by mail goes to; none: the brand's own sender."""


def way_of(way: Notify) -> str:
    """Which of the ways it is."""
    return next(name for name in WAYS if getattr(way, name) is not None)


def lane_key(way: Notify) -> str:
    """What tells two ways of one recipient apart."""
    return f"{way_of(way)} {getattr(way, way_of(way))}"


def lane_of(brand: str, way: Notify) -> str:
    """What shares a server with it: all mail of a brand, and whatever goes to one address of a webhook."""
    kind = way_of(way)
    return f"{brand} email" if kind == "email" else f"{brand} {kind} {getattr(way, kind)}"


async def add(connection: db.Connection, notices: Sequence[Notice], now: datetime) -> None:
    """Add these, in the caller's transaction; nothing is sent before it commits. One that is there already stays as it is."""
    rows = sorted({notice.id: notice for notice in notices}.values(), key=lambda notice: notice.id)
    if rows:
        await connection.execute(
            "insert into notice (id, brand, about, subject, recipient, way, lane, title, text, links, reply_to, next_at, created_at) "
            "select i, b, a, s, r, w, la, ti, te, l::jsonb, re, $12, $12 from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], "
            "$6::jsonb[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[]) as u(i, b, a, s, r, w, la, ti, te, l, re) "
            "on conflict (id) do nothing",
            [row.id for row in rows],
            [row.brand for row in rows],
            [row.about for row in rows],
            [row.subject for row in rows],
            [row.to for row in rows],
            [row.way.model_dump(exclude_none=True, mode="json") for row in rows],
            [lane_of(row.brand, row.way) for row in rows],
            [row.title.replace("\0", "") for row in rows],
            [row.text.replace("\0", "") for row in rows],
            [orjson.dumps([_stored(link) for link in row.links]).decode() for row in rows],
            [row.reply_to for row in rows],
            now,
        )


def notice_of(row: Mapping[str, Any]) -> Notice:
    """The notice in a row."""
    return Notice(
        id=row["id"],
        brand=row["brand"],
        about=row["about"],
        subject=row["subject"],
        to=row["recipient"],
        way=Notify.model_validate(row["way"]),
        title=row["title"],
        text=row["text"],
        links=tuple(_link(link) for link in row["links"]),
        reply_to=row["reply_to"],
    )


def _stored(link: Link) -> dict[str, Any]:
    return {
        "label": link.label,
        "purpose": link.purpose,
        "subject": str(link.subject),
        "expires_at": link.expires_at.isoformat(),
        "data": dict(link.data),
    }


def _link(raw: Mapping[str, Any]) -> Link:
    return Link(raw["label"], raw["purpose"], UUID(raw["subject"]), datetime.fromisoformat(raw["expires_at"]), raw["data"])


# --- reading ----------------------------------------------------------------------------------------------------------------------------


async def page(
    connection: db.Connection,
    brand: str,
    *,
    about: str | None,
    subject: UUID | None,
    state: str | None,
    recipient: str | None,
    before: int | None,
    limit: int,
) -> list[Any]:
    """Notices, newest first, those below a sequence number."""
    return await connection.fetch(
        "select * from notice where brand = $1 and ($2::text is null or about = $2) and ($3::uuid is null or subject = $3) "
        "and ($4::text is null or state = $4) and ($5::text is null or recipient = $5) and ($6::bigint is null or seq < $6) "
        "order by seq desc limit $7",
        brand,
        about,
        subject,
        state,
        recipient,
        before,
        limit,
    )


async def waiting(connection: db.Connection) -> list[Any]:
    """How many notices of every brand are due and how many are being sent, and the age of the oldest of each; for a scrape."""
    each = "select brand, state, count(*) as number, extract(epoch from moment() - min(created_at))::float8 as age_s from notice "
    return await connection.fetch(
        "select b.brand, s.state, coalesce(n.number, 0) as number, coalesce(n.age_s, 0) as age_s "
        "from (select distinct brand from brand_book) b cross join (values ('due'), ('sending')) as s(state) "
        f"left join ({each} where state = 'due' group by brand, state union all {each} where state = 'sending' group by brand, state) n "
        "on n.brand = b.brand and n.state = s.state"
    )


async def one(connection: db.Connection, brand: str, notice_id: UUID, *, lock: bool = False) -> Any | None:
    query = "select * from notice where brand = $1 and id = $2" + (" for update" if lock else "")
    return await connection.fetchrow(query, brand, notice_id)


async def resend(connection: db.Connection, brand: str, notice_id: UUID, by: str) -> Any | None:
    """Due again, as if it had never been tried; the row, or none when it is neither unconfirmed nor failed."""
    return await connection.fetchrow(
        "update notice set state = 'due', attempts = 0, next_at = moment(), attempt_id = null, transmitting = false, ended_at = null, "
        "error = null, resent_by = $3 where brand = $1 and id = $2 and state in ('unconfirmed', 'failed') returning *",
        brand,
        notice_id,
        by,
    )
