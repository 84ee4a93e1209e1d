"""The steps of a reply from approved to sent: conditional statements, each of which does nothing when the reply is not where it should be.

An attempt has an id. Whoever claims an approved reply holds that id, and only they can say what became of it, once: a process that was frozen, and a
sweep that gave its reply to somebody else meanwhile, cannot both be right. What was transmitting when it was lost is never sent again by itself, but
where the other side tells that it is not there, or takes the same one twice as once.

`$lease_s` is compared by the database's clock on both sides; a lease from further in the future than that counts as none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.books import Published
from libs.common.brandbook import BrandBook
from libs.common.reply_events import ReplyApproved, ReplyBounced, ReplyEvent, ReplyFailed, ReplySent, ReplyUnconfirmed
from services.responder import account_store, hold, hold_store, quiet
from services.responder.account import account_of
from services.responder.clearance import expired, other_way, put_back
from services.responder.follow import overtaken
from services.responder.hold import Known
from services.responder.reply import Change, ReplyRow, next_version
from services.responder.store import case_by_now, put_replies, reply_row, tell


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claimed reply, and the attempt that owns it."""

    row: ReplyRow
    id: UUID


async def claim(
    connection: db.Connection,
    *,
    by: str,
    books: Mapping[str, Published],
    limit: int,
    room: Mapping[str, int],
    lease_s: float,
    account_retry_s: float = 60.0,
) -> list[Attempt]:
    """Take approved replies of brands with a fresh lease and no hold of everything, oldest approval first: one statement checks and takes.

    `books` are those known here: where the lease was decided under a newer one, nothing is taken.

    Call it in a transaction, in which what is no longer as it was approved is put back, what a hold stops is kept, and what has to wait for its account
    waits: none of them is among what is returned. At most `room` of each brand, so that one brand's slow mail server leaves others their turn.
    """
    rows = await connection.fetch(
        "with sendable as ("
        "  select l.brand, known.room from brand_lease l"
        "  join unnest($1::text[], $6::integer[], $3::integer[]) as known(brand, version, room) on known.brand = l.brand"
        "  where not l.held and l.book_version <= known.version"
        "  and l.renewed_at > clock_timestamp() - $2::interval and l.renewed_at < clock_timestamp() + $2::interval"
        "  and exists (select 1 from reply r where r.brand = l.brand and r.state = 'approved' and r.held_by is null "
        "    and r.next_attempt_at <= clock_timestamp())"
        "), ready as ("
        "  select r.id from sendable s cross join lateral ("
        "    select id, approved_at from reply where brand = s.brand and state = 'approved' and held_by is null and next_attempt_at <= clock_timestamp()"
        "    order by approved_at, id limit s.room for update skip locked"
        "  ) r order by r.approved_at, r.id limit $4"
        ") update reply set state = 'sending', version = version + 1, attempts = attempts + 1, attempt_id = gen_random_uuid(), "
        "claimed_by = $5, claimed_at = clock_timestamp(), transmitting = false "
        "from ready where reply.id = ready.id and reply.state = 'approved' returning reply.*",
        list(books),
        timedelta(seconds=lease_s),
        [room[brand] for brand in books],
        limit,
        by,
        [published.version for published in books.values()],
    )
    taken: list[ReplyRow] = []
    found = [reply_row(row) for row in rows]
    holds = {brand: (await hold_store.in_force(connection, brand))[1] for brand in {row.brand for row in found}}
    for row in found:
        book, at = books[row.brand].book, _claimed_at(row)
        change = (
            await _changed_since_approval(connection, row, book)
            or other_way(row, book.pilot, at)
            or await _stopped(connection, row, book, holds[row.brand])
        )
        if change is not None:
            await put_replies(connection, [change.row])
            await tell(connection, [change])
        else:
            taken.append(row)
    taken = await _whose_turn_it_is(connection, taken, books, account_retry_s)
    await tell(connection, [_change(row, "sending", {"attempt": row.attempts}) for row in taken])
    return [Attempt(row, _id(row)) for row in taken]


async def _whose_turn_it_is(
    connection: db.Connection, rows: Sequence[ReplyRow], books: Mapping[str, Published], retry_s: float
) -> list[ReplyRow]:
    """Those that their account takes now, and that surprise nobody. The rest wait, and are as if nobody had claimed them: no line of history
    tells of it."""
    found = [(row, account_of(books[row.brand].book, row)) for row in rows]
    before = {row.id: (row.waits_for, row.waits_why) for row in rows if row.waits_for and row.waits_why}
    silent = {row.id: until for row in rows if (until := quiet.ends(row, books[row.brand].book, _claimed_at(row)))}
    waits = await account_store.waits(
        connection, [(row, account) for row, account in found if account and row.id not in silent], before, retry_s=retry_s
    )
    waits |= {id: account_store.Wait("quiet hours", "quiet", until) for id, until in silent.items()}
    waiting = [
        row.model_copy(
            update={
                "state": "approved",
                "version": row.version - 1,
                "attempts": row.attempts - 1,
                "next_attempt_at": waits[row.id].until,
                "waits_for": waits[row.id].account,
                "waits_why": waits[row.id].why,
                "error": waits[row.id].error,
                "claimed_by": None,
                "claimed_at": None,
                "attempt_id": None,
            }
        )
        for row in rows
        if row.id in waits
    ]
    going = [row.model_copy(update={"waits_for": None, "waits_why": None}) for row in rows if row.id not in waits]
    await put_replies(connection, [*waiting, *(row for row in going if row.id in before)])
    return going


async def _changed_since_approval(connection: db.Connection, row: ReplyRow, book: BrandBook) -> Change | None:
    """What becomes of a claimed reply whose case is no longer what it was approved on; none while it is.

    Whoever tells of a newer message has looked at it as well, but not while it was being transmitted, nor when its case had been merged.
    """
    at = _claimed_at(row)
    if row.kind == "post":
        return expired(row, book, at)
    found = await case_by_now(connection, row.brand, row.case_id)
    if found is None or found.case is None:
        return put_back(row, "its case is not known", at)
    if found.case.state == "merged":
        return put_back(row, "the case that its case was merged into is not known yet", at)
    return overtaken(row, found.case, book, at) or expired(row, book, at)


async def _stopped(connection: db.Connection, row: ReplyRow, book: BrandBook, holds: Sequence[Known]) -> Change | None:
    """What becomes of a claimed reply that has a hold against it; none while none does."""
    if not holds:
        return None
    found = await case_by_now(connection, row.brand, row.case_id)
    case = found.case if found else None
    stop = hold.against(row, case, book, holds)
    if stop is None:
        return None
    if stop.stands:
        return hold.kept(row, stop.known, _claimed_at(row))
    return hold.looked_at_again(row, stop.known, book, case.owner if case else None, _claimed_at(row))


def _claimed_at(row: ReplyRow) -> datetime:
    assert row.claimed_at is not None, "a claim gives an attempt its time"
    return row.claimed_at


def _id(row: ReplyRow) -> UUID:
    assert row.attempt_id is not None, "a claim gives an attempt its id"
    return row.attempt_id


def _change(row: ReplyRow, what: str, detail: dict[str, Any] | None = None, event: type[ReplyEvent] | None = None) -> Change:
    at = row.sent_at if what == "sent" and row.sent_at else _claimed_at(row)
    return Change(row, what, "system", at, event, detail or {})


async def renew(connection: db.Connection, attempt: Attempt) -> bool:
    """Tell the sweep that whoever holds this attempt is alive and waits for its channel. False when it is theirs no longer."""
    renewed = await connection.fetchval(
        "update reply set claimed_at = clock_timestamp() where id = $1 and brand = $2 and attempt_id = $3 and state = 'sending' returning true",
        attempt.row.id,
        attempt.row.brand,
        attempt.id,
    )
    return bool(renewed)


async def may_leave(connection: db.Connection, attempt: Attempt, published: Published, lease_s: float) -> int | None:
    """Case, lease, holds and the book's version, looked at again. The `hold_version` under which it may leave; none: it may not.

    Whoever lets it leave does so only while that is the version: a hold that comes in between is not missed.
    """
    row = attempt.row
    version, holds = await hold_store.in_force(connection, row.brand)
    if (
        await _changed_since_approval(connection, row, published.book) is not None
        or await _stopped(connection, row, published.book, holds) is not None
    ):
        return None
    leased = await connection.fetchval(
        f"select {_LEASED.format(brand='$1')}", row.brand, version, published.version, timedelta(seconds=lease_s)
    )
    return version if leased else None


_LEASED = (
    "exists (select 1 from brand_lease l where l.brand = {brand} and l.hold_version = $2 and not l.held and l.book_version <= $3 "
    "and l.renewed_at > clock_timestamp() - $4::interval and l.renewed_at < clock_timestamp() + $4::interval)"
)


async def begin_transmitting(
    connection: db.Connection, attempt: Attempt, *, external_id: str, account: str | None = None, published: Published, lease_s: float
) -> bool:
    """Renew the claim just before what cannot be undone, where it `may_leave`. False: send nothing, give it back; the next claim says what has changed.

    Once this has committed, a crash leaves the outcome unknown. `external_id` is what the channel will know it by if it arrives, and `account` whom to
    ask: whoever confirms later that it did has no other way to tell. What is unconfirmed is on its way again: nobody can decide about it meanwhile.
    """
    version = await may_leave(connection, attempt, published, lease_s)
    if version is None:
        return False
    renewed = await connection.fetchval(
        "update reply set transmitting = true, claimed_at = clock_timestamp(), begun_at = clock_timestamp(), external_id = $7, account = $8, "
        "version = version + (state = 'unconfirmed')::integer, state = 'sending' where id = $1 and brand = $5 and attempt_id = $6 "
        f"and state in ('sending', 'unconfirmed') and {_LEASED.format(brand='reply.brand')} returning true",
        attempt.row.id,
        version,
        published.version,
        timedelta(seconds=lease_s),
        attempt.row.brand,
        attempt.id,
        external_id,
        account,
    )
    return bool(renewed)


_MINE = "with mine as (select id, state from reply where id = $1 and brand = $2 and attempt_id = $3 and state in ('sending', 'unconfirmed') for update) "
"""The reply of an attempt that nobody has decided about; its holder's word is certain, and comes before the sweep's guess."""


async def give_back(connection: db.Connection, attempt: Attempt, why: str) -> bool:
    """Nothing was sent and nothing refused it: approved again, and this was no attempt."""
    row = await connection.fetchrow(
        f"{_MINE}update reply set state = 'approved', version = version + 1, attempts = attempts - 1, transmitting = false, "
        "external_id = null, account = null, error = null, next_attempt_at = clock_timestamp() + interval '0.5 seconds' "
        "from mine where reply.id = mine.id returning reply.*, mine.state as was",
        attempt.row.id,
        attempt.row.brand,
        attempt.id,
    )
    return await _tell(connection, row, "given_back", {"why": why}, _approved_again(row))


async def sent(connection: db.Connection, attempt: Attempt, *, external_id: str) -> bool:
    """The channel has taken it. Also when that answer came after the sweep had called it unconfirmed; saying it twice is no harm.

    False when it was decided otherwise meanwhile (a person confirmed it as unsent): the history says so then.
    """
    row = await connection.fetchrow(
        "update reply set state = 'sent', version = version + 1, transmitting = false, sent_at = clock_timestamp(), "
        "external_id = $4, error = null "
        "where id = $1 and brand = $2 and attempt_id = $3 and state in ('sending', 'unconfirmed') returning *",
        attempt.row.id,
        attempt.row.brand,
        attempt.id,
        external_id,
    )
    if row is None and await _is_sent(connection, attempt):
        return True
    told = await _tell(connection, row, "sent", {"attempt": attempt.row.attempts}, ReplySent)
    if row is not None and row["delivery"] == "failed":
        # The server's word that it came back was there before the answer to it: nobody has been told of that yet.
        changed = reply_row(row)
        await put_replies(connection, [back := next_version(changed)])
        await tell(connection, [_change(back, "bounced", {"code": back.delivery_code} if back.delivery_code else {}, ReplyBounced)])
    return told


async def _is_sent(connection: db.Connection, attempt: Attempt) -> bool:
    return bool(
        await connection.fetchval(
            "select true from reply where id = $1 and brand = $2 and attempt_id = $3 and state = 'sent'",
            attempt.row.id,
            attempt.row.brand,
            attempt.id,
        )
    )


async def retry(connection: db.Connection, attempt: Attempt, error: str, *, after_s: float) -> bool:
    """Refused for now: approved still, and the next attempt is `after_s` seconds away."""
    row = await connection.fetchrow(
        f"{_MINE}update reply set state = 'approved', version = version + 1, transmitting = false, external_id = null, account = null, error = $4, "
        "next_attempt_at = clock_timestamp() + $5::interval from mine where reply.id = mine.id returning reply.*, mine.state as was",
        attempt.row.id,
        attempt.row.brand,
        attempt.id,
        error,
        timedelta(seconds=after_s),
    )
    return await _tell(connection, row, "refused", {"attempt": attempt.row.attempts, "error": error}, _approved_again(row))


async def refused_as_all(
    connection: db.Connection, attempt: Attempt, account: str, error: str, *, retry_s: float, after_s: float | None
) -> bool:
    """Its account refuses whatever is sent: approved still, no attempt of its own, and it waits until that is tried again."""
    until = await account_store.refuses(connection, attempt.row.brand, account, error, retry_s=retry_s, after_s=after_s)
    row = await connection.fetchrow(
        f"{_MINE}update reply set state = 'approved', version = version + 1, attempts = attempts - 1, transmitting = false, external_id = null, "
        "account = null, error = $4, next_attempt_at = $5, waits_for = $6, waits_why = 'refused' from mine where reply.id = mine.id "
        "returning reply.*, mine.state as was",
        attempt.row.id,
        attempt.row.brand,
        attempt.id,
        error,
        until,
        account,
    )
    return await _tell(connection, row, "account_refused", {"account": account, "error": error}, _approved_again(row))


def _approved_again(row: Any) -> type[ReplyEvent] | None:
    """Who was told that it is unconfirmed must hear that it is not; from `sending`, of which no event tells, there is nothing to take back."""
    return ReplyApproved if row is not None and row["was"] == "unconfirmed" else None


async def failed(connection: db.Connection, attempt: Attempt, error: str) -> bool:
    """Refused for good: a person edits or discards it."""
    row = await connection.fetchrow(
        f"{_MINE}update reply set state = 'failed', version = version + 1, transmitting = false, external_id = null, account = null, error = $4 "
        "from mine where reply.id = mine.id returning reply.*",
        attempt.row.id,
        attempt.row.brand,
        attempt.id,
        error,
    )
    return await _tell(connection, row, "failed", {"attempt": attempt.row.attempts, "error": error}, ReplyFailed)


async def unconfirmed(connection: db.Connection, attempt: Attempt, error: str, *, look_after_s: float | None = None) -> bool:
    """It may have reached the customer, or not: a person looks, and so does the machine, `look_after_s` from now. None: it has nobody to ask."""
    look_after = timedelta(seconds=look_after_s) if look_after_s is not None else None
    row = await connection.fetchrow(
        "update reply set state = 'unconfirmed', version = version + 1, error = $4, next_attempt_at = clock_timestamp() + $5::interval, "
        "looks = looks + ($5::interval is not null)::integer "
        "where id = $1 and brand = $2 and attempt_id = $3 and state = 'sending' returning *",
        attempt.row.id,
        attempt.row.brand,
        attempt.id,
        error,
        look_after,
    )
    if row is not None:
        return await _tell(connection, row, "unconfirmed", {"attempt": attempt.row.attempts, "error": error}, ReplyUnconfirmed)
    return bool(
        await connection.fetchval(
            "update reply set next_attempt_at = clock_timestamp() + $4::interval, looks = looks + 1 "
            "where id = $1 and brand = $2 and attempt_id = $3 and state = 'unconfirmed' returning true",
            attempt.row.id,
            attempt.row.brand,
            attempt.id,
            look_after,
        )
    )


async def note_late_answer(connection: db.Connection, attempt: Attempt) -> None:
    """The channel said that it took a reply which somebody had confirmed as unsent: whoever looks at its history must see that."""
    row = await connection.fetchrow("select * from reply where id = $1 and brand = $2", attempt.row.id, attempt.row.brand)
    if row is not None:
        await tell(connection, [_change(attempt.row.model_copy(update={"version": row["version"]}), "accepted_late")])


async def retake(connection: db.Connection, *, by: str, older_than_s: float, ask: Callable[[ReplyRow], bool], limit: int) -> list[Attempt]:
    """Of what had begun to transmit when its process was lost, and of what is unconfirmed and due for another look, that which `ask` says somebody can
    be asked about: each under a new attempt, whose holder finds out what became of it. Call it in a transaction.

    The rest of what is unconfirmed is left to people."""
    rows = await connection.fetch(
        "select * from reply where state = 'sending' and transmitting and claimed_at < clock_timestamp() - $1::interval "
        "order by id limit $2 for update skip locked",
        timedelta(seconds=older_than_s),
        limit,
    )
    rows += await connection.fetch(
        "select * from reply where state = 'unconfirmed' and next_attempt_at <= clock_timestamp() order by next_attempt_at, id limit $1 "
        "for update skip locked",
        limit - len(rows),
    )
    mine = [row["id"] for row in rows if ask(reply_row(row))]
    await connection.execute(
        "update reply set next_attempt_at = null where id = any($1::uuid[]) and state = 'unconfirmed'",
        [row["id"] for row in rows if row["id"] not in mine],
    )
    taken = await connection.fetch(
        # Should whoever looks die too, another looks after the same while.
        "update reply set attempt_id = gen_random_uuid(), claimed_by = $2, claimed_at = clock_timestamp(), "
        "next_attempt_at = case when state = 'unconfirmed' then clock_timestamp() + $3::interval else next_attempt_at end "
        "where id = any($1::uuid[]) returning *",
        mine,
        by,
        timedelta(seconds=max(older_than_s, 1.0)),
    )
    return [Attempt(row, _id(row)) for row in map(reply_row, taken)]


async def begun_since(connection: db.Connection, attempt: Attempt, seconds: float) -> bool:
    """Whether so long has passed since this attempt, or the one whose end it looks for, began to transmit."""
    return bool(
        await connection.fetchval(
            "select begun_at <= clock_timestamp() - $4::interval from reply where id = $1 and brand = $2 and attempt_id = $3",
            attempt.row.id,
            attempt.row.brand,
            attempt.id,
            timedelta(seconds=seconds),
        )
    )


async def sweep(connection: db.Connection, *, older_than_s: float, attempts: int, ask: Callable[[ReplyRow], bool] = lambda _: False) -> int:
    """Find sends whose process is gone. Call it in a transaction; returns how many there were.

    What had begun to transmit is unconfirmed, but where `ask` says that somebody can be asked: that is for `retake`. What had not is approved again, or
    failed after its last attempt.
    """
    lost = await connection.fetch(
        "select * from reply where state = 'sending' and claimed_at < clock_timestamp() - $1::interval order by id limit 500 for update skip locked",
        timedelta(seconds=older_than_s),
    )
    rows = await connection.fetch(
        "update reply set version = version + 1, "
        "state = case when transmitting then 'unconfirmed' when attempts >= $2 then 'failed' else 'approved' end, "
        "error = case when transmitting then 'sending was interrupted before the answer came' "
        "  else 'sending was interrupted before it began' end, "
        "next_attempt_at = case when transmitting then null else clock_timestamp() end "
        "where id = any($1::uuid[]) returning *",
        [row["id"] for row in lost if not (row["transmitting"] and ask(reply_row(row)))],
        attempts,
    )
    events: dict[str, type[ReplyEvent]] = {"unconfirmed": ReplyUnconfirmed, "failed": ReplyFailed}
    found = [reply_row(row) for row in rows]
    await tell(
        connection,
        [_change(row, "given_back" if row.state == "approved" else row.state, {"why": row.error}, events.get(row.state)) for row in found],
    )
    return len(found)


async def _tell(connection: db.Connection, row: Any, what: str, detail: dict[str, Any], event: type[ReplyEvent] | None = None) -> bool:
    if row is None:
        return False
    await tell(connection, [_change(reply_row(row), what, detail, event)])
    return True
