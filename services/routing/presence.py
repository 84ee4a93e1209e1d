"""Who of the team is there: what they or their screens say, renewed for as long as it holds.

A member says `available`, `busy`, `away` or `offline`, and says it again every half minute. Whoever was not heard of for two minutes is away, however
they left. Cases are given to those who are available. Whoever was not there for `assignment.offline_after` of opening time is offline, and their cases
may return (`returning.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from libs.common import db
from libs.common.bookteam import Member
from libs.common.hours import HoursError
from libs.common.rules import channel_name
from services.routing import timer
from services.routing.route import drawn
from services.routing.sla import Policy

State = Literal["available", "busy", "away", "offline"]
STATES: tuple[State, ...] = get_args(State)
RENEW_AFTER = timedelta(seconds=30)
"""How often a screen says it again."""
SEEN_FOR = timedelta(minutes=2)
"""How long what was said holds by itself: four times missed."""
KIND = "offline"
"""Of the timer that looks whether somebody is offline."""
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Presence:
    """What a member said last: since when that is so, and when they were heard of last."""

    member: str
    state: str
    since: datetime
    seen_at: datetime


def stands(policy: Policy, found: Presence, now: datetime) -> State:
    """What holds of it now."""
    if found.state == "offline" or now >= offline_at(policy, found):
        return "offline"
    if now - found.seen_at > SEEN_FOR or found.state not in STATES:
        return "away"
    return found.state


def offline_at(policy: Policy, found: Presence) -> datetime:
    """From when on somebody who is not heard of again counts as offline, so that their cases may return."""
    span = policy.book.assignment.offline_after
    try:
        return policy.calendar.add(found.seen_at, span)
    except HoursError:
        return found.seen_at + span.elapsed()


def has_gone(policy: Policy, found: Presence, now: datetime) -> bool:
    """Whether somebody has not been there for so long that their cases may return; who says `offline` has the same time to come back."""
    return now >= offline_at(policy, found)


@dataclass(slots=True)
class Load:
    """The cases that a member has to do something about, by channel."""

    channels: dict[str, int] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        return sum(self.channels.values())

    def add(self, channel: str) -> None:
        self.channels[channel] = self.channels.get(channel, 0) + 1


def has_room(member: Member, load: Load) -> bool:
    """Whether they may have one more at all."""
    return load.cases < member.capacity


def full_channels(member: Member, load: Load) -> list[str]:
    """The channels of which they may have no more."""
    return [channel for channel, most in _limits(member).items() if load.channels.get(channel, 0) >= most]


def _limits(member: Member) -> Mapping[str, int]:
    return {channel_name(channel): most for channel, most in member.channel_capacity.items()}


def best(case_id: UUID, may: Iterable[Member], loads: Mapping[str, Load], helped: str | None) -> Member | None:
    """Of those who may have a case and have room for it: whoever helped its customer last, else the one with the smallest share of their capacity in use;
    a lot decides between equals."""
    return min(may, key=lambda m: (m.id != helped, loads[m.id].cases / m.capacity, drawn(case_id, m.id)), default=None)


def may_have(member: Member, load: Load, channel: str) -> bool:
    """Whether they have room for one more of this channel."""
    return has_room(member, load) and channel not in full_channels(member, load)


@dataclass(slots=True)
class There:
    """Who is there and how much everybody has, while many cases are given. Of whom nothing was ever heard nobody knows: they are not in `states`."""

    states: Mapping[str, State]
    loads: Mapping[str, Load]

    def is_free(self, member: Member, channel: str) -> bool:
        """Whether they are there and have room for one more of this channel."""
        return self.states.get(member.id) == "available" and may_have(member, self.loads[member.id], channel)

    def is_unknown(self, member: Member) -> bool:
        return member.id not in self.states


# --- what is kept -----------------------------------------------------------------------------------------------------------------------


async def say(
    connection: db.Connection, policy: Policy, member: str, state: State, now: datetime, *, by_themselves: bool = True
) -> Presence:
    """A member says, or a lead says of them, that they are so. Said again, it is renewed. Somebody else's word does not make them seen."""
    row = await connection.fetchrow(
        "insert into presence (brand, member, state, since, seen_at) values ($1, $2, $3, $4, $4) on conflict (brand, member) do update set "
        "state = excluded.state, since = case when presence.state = excluded.state and presence.seen_at >= $5 then presence.since else $4 end, "
        "seen_at = case when $6 then $4 else presence.seen_at end returning *",
        policy.book.brand,
        member,
        state,
        now,
        now - SEEN_FOR,
        by_themselves,
    )
    assert row is not None
    found = Presence(row["member"], row["state"], row["since"], row["seen_at"])
    await timer.put(connection, [timer_of(policy, member, max(offline_at(policy, found), now))])
    return found


def timer_of(policy: Policy, member: str, at: datetime) -> timer.Timer:
    """The timer that looks whether a member is offline; there is one of each."""
    return timer.Timer(policy.book.brand, KIND, _NOBODY, member, at)


async def of(connection: db.Connection, brand: str) -> dict[str, Presence]:
    """Everybody's of a brand, by member."""
    rows = await connection.fetch("select member, state, since, seen_at from presence where brand = $1", brand)
    return {row["member"]: Presence(**dict(row)) for row in rows}


async def forget(connection: db.Connection, brand: str, member: str) -> None:
    """Of somebody who is no longer in the team."""
    await connection.execute("delete from presence where brand = $1 and member = $2", brand, member)


async def available(connection: db.Connection, policy: Policy, now: datetime) -> list[Member]:
    """The members to whom cases may be given now."""
    there = await of(connection, policy.book.brand)
    return [m for m in policy.book.team if m.id in there and stands(policy, there[m.id], now) == "available"]


async def there(connection: db.Connection, policy: Policy, now: datetime) -> There:
    """Who of the team is there, and how much everybody has."""
    said = await of(connection, policy.book.brand)
    states = {m.id: stands(policy, said[m.id], now) for m in policy.book.team if m.id in said}
    return There(states, await loads(connection, policy.book.brand, [m.id for m in policy.book.team]))


async def brands_with_somebody(connection: db.Connection) -> list[str]:
    """The brands of which somebody is available."""
    rows = await connection.fetch(
        "select distinct brand from presence where state = 'available' and seen_at > moment() - $1::interval", SEEN_FOR
    )
    return [row["brand"] for row in rows]


async def loads(connection: db.Connection, brand: str, members: Iterable[str]) -> dict[str, Load]:
    """What each of these has to do something about: new and open cases. What waits for the customer does not count."""
    wanted = list(members)
    rows = await connection.fetch(
        "select owner, channel, count(*) as cases from care_case where brand = $1 and owner = any($2::text[]) "
        "and owner is not null and state in ('new', 'open') group by owner, channel",
        brand,
        wanted,
    )
    found = {member: Load() for member in wanted}
    for row in rows:
        found[row["owner"]].channels[row["channel"] or ""] = row["cases"]
    return found
