"""Whether there are far more mentions than usual: of a brand, of a label, of a topic.

Mentions are counted by the minute as they come in. While some come, a timer looks once a minute at the last ten: `k` mentions. The usual for ten minutes
of that hour, `m`, comes from the same hour of the day on the same kind of day (Monday to Friday, or the weekend) of the last 28 days, in the brand's time
zone, as far as they are known; of three and more the busiest is left out, so that the last storm makes the next one no more usual:

    n = mentions in those hours + 1        m = (n + 2 · √n) / (6 · hours + 1)

The one mention and the one window that are added keep an hour in which nobody ever wrote from making one mention infinitely many; twice the root of n is
two standard errors, since what was seen is a sample of what is usual. Where fewer than three
such hours are known, all hours of the last day count too, and with fewer than three of those nothing is said: a brand that has just begun has no usual.
Counts of mentions vary more than chance alone would have it. They are taken as negative binomial with mean m and size 10 (variance m + m²/10): it is a
spike where k ≥ 10 and as many as k would be seen less than once in a million such windows, and at least five customers wrote. That comes to 10 of
them where 0.5 are usual, 15 where 2 are, 44 where 10 are, 339 where 100 are.

One storm shows in its topic, in its label, in that label's parent and in the brand: it is told of the most specific of these, and of a wider one only
where most of its mentions are of no narrower one that is told.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from libs.common import db
from libs.common.brandbook import BrandBook
from libs.common.events import TriagedMention, deterministic_id
from services.routing import incident_store, signal, timer
from services.routing.signal import Signal
from services.routing.sla import Policy
from services.routing.timer import Timer

KIND = "spike"
WINDOW = timedelta(minutes=10)
LEAST = 10
"""Mentions in ten minutes; fewer are no storm, however quiet it usually is."""
LEAST_PEOPLE = 5
CHANCE = 1e-6
SIZE = 10.0
"""Of the negative binomial: how much counts vary beside chance."""
DAYS = 28
_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=60)
"""How long counts are (`retention.py` forgets them)."""
_SAMPLE = 2000
_HOUR = timedelta(hours=1)

Count = tuple[str, str, datetime]
"""(brand, about, minute) of one mention."""


def abouts(book: BrandBook, triaged: TriagedMention | None) -> set[str]:
    """What a mention is counted under: the brand, its labels and their parents, its topic. History, and what was taken back, is not counted."""
    if triaged is None or triaged.removed or triaged.mention.historic:
        return set()
    found = {""}
    found |= {f"label:{name}" for label in triaged.findings.labels for name in book.label_path(label.name) or (label.name,)}
    return found | ({f"topic:{triaged.topic_id}"} if triaged.topic_id else set())


def counts(book: BrandBook, known: TriagedMention | None, triaged: TriagedMention) -> list[Count]:
    """What is to be counted now that a mention came, or that something more is known of it: each thing once for each mention, at the minute at which it
    was received."""
    mention = triaged.mention
    minute = mention.received_at.replace(second=0, microsecond=0)
    return [(mention.brand, about, minute) for about in sorted(abouts(book, triaged) - abouts(book, known))]


async def count(connection: db.Connection, found: Iterable[Count], now: datetime) -> None:
    """Add up what a batch counted, in its transaction, and have the spikes looked at in half a minute at the latest."""
    totals: dict[Count, int] = {}
    for one in found:
        totals[one] = totals.get(one, 0) + 1
    if not totals:
        return
    rows = sorted(totals.items())
    await connection.copy_records_to_table(
        "mention_minute", columns=("brand", "about", "minute", "mentions"), records=[(*key, number) for key, number in rows]
    )
    brands = sorted({brand for brand, _, minute in totals if minute > now - WINDOW})
    await timer.by(connection, [_timer(brand, now + timedelta(seconds=30)) for brand in brands])


def _timer(brand: str, at: datetime) -> Timer:
    return Timer(brand, KIND, deterministic_id(brand, "spike"), "", at)


# --- what is usual ----------------------------------------------------------------------------------------------------------------------


def usual(hours: Mapping[datetime, int], known_since: datetime | None, now: datetime, zone: ZoneInfo) -> float | None:
    """Mentions in ten minutes at this hour, as the module says. `hours`: start of the hour, UTC → mentions in it, none where it is not there;
    `known_since`: the first hour in which this brand had any mention. None: too little is known."""
    if known_since is None:
        return None
    found = [_usual_of(hours, known_since, hour, zone) for hour in sorted({_hour(now), _hour(now - WINDOW)})]
    known = [value for value in found if value is not None]
    return max(known, default=None)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _usual_of(hours: Mapping[datetime, int], known_since: datetime, hour: datetime, zone: ZoneInfo) -> float | None:
    local = hour.astimezone(zone)
    same = []
    for days in range(1, DAYS + 1):
        then = _hour((local.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=zone))  # the same hour by the clock on the wall
        if then >= known_since and (then.astimezone(zone).weekday() < 5) == (local.weekday() < 5):
            same.append(hours.get(then, 0))
    if len(same) >= 3:
        same.remove(max(same))
        return _mean(same)
    last = [hours.get(hour - n * _HOUR, 0) for n in range(1, 25) if hour - n * _HOUR >= known_since]
    return _mean([*same, *last]) if len(last) >= 3 else None


def _mean(counted: Sequence[int]) -> float:
    total = sum(counted) + 1
    return (total + 2 * math.sqrt(total)) / (6 * len(counted) + 1)


def is_spike(mentions: int, mean: float) -> bool:
    """Whether so many in ten minutes are no chance, where `mean` are usual."""
    return mentions >= LEAST and mentions > mean and tail(mentions, mean) < CHANCE


def tail(k: int, mean: float) -> float:
    """P(K ≥ k) of a negative binomial with this mean and size 10."""
    p = SIZE / (SIZE + mean)
    term = p**SIZE
    below = 0.0
    for n in range(k):
        below += term
        term *= (n + SIZE) / (n + 1) * (1 - p)
    return max(0.0, 1 - below)


# --- looking ----------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spike:
    about: str
    mentions: int
    usual: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A mention of the last ten minutes: whose, and what it is counted under."""

    customer_id: UUID
    abouts: frozenset[str]


def told(book: BrandBook, spikes: Iterable[Spike], sample: Sequence[Seen]) -> list[Spike]:
    """Those that are told: narrow ones before wide ones, and a wide one only where most of its mentions are of no narrower one that is told."""
    found: list[Spike] = []
    explained: set[str] = set()
    for spike in sorted(spikes, key=lambda one: (_width(book, one.about), -one.mentions, one.about)):
        mine = [seen for seen in sample if spike.about in seen.abouts]
        alone = [seen for seen in mine if explained.isdisjoint(seen.abouts)]
        if len({seen.customer_id for seen in mine}) >= LEAST_PEOPLE and 2 * len(alone) > len(mine):
            found.append(spike)
            explained.add(spike.about)
    return found


def _width(book: BrandBook, about: str) -> int:
    """Topics first, then labels from the leaves up, then the brand."""
    kind, _, name = about.partition(":")
    if kind == "topic":
        return -1000
    return -len(book.label_path(name)) if kind == "label" else 1


async def on_timer(connection: db.Connection, policy: Policy, due: Timer, now: datetime) -> None:
    """Look at the last ten minutes of a brand; again in a minute for as long as there are enough mentions in them for a spike. Where there are not,
    only a further mention can make it so, and that has them looked at anyway."""
    book, brand = policy.book, due.brand
    await _fold(connection, brand, _hour(now) - _HOUR)
    rows = await connection.fetch(
        "select about, sum(mentions)::int as mentions from mention_minute where brand = $1 and minute > $2 and minute <= $3 group by about",
        brand,
        now - WINDOW,
        now,
    )
    many = {row["about"]: row["mentions"] for row in rows if row["mentions"] >= LEAST}
    if not many:
        return
    await timer.by(connection, [_timer(brand, now + _EVERY)])
    if not book.hub.scenarios:
        return
    spikes = await _spikes(connection, brand, many, now, ZoneInfo(book.timezone))
    if not spikes:
        return
    running = await incident_store.running(connection, [brand])
    noticed: list[Signal] = []
    faults: list[signal.Fault] = []
    for spike in told(book, spikes, await _sample(connection, policy, brand, now)):
        for match in signal.matching(policy, _facts(policy, spike, now), ["spike"]):
            if isinstance(match, signal.Fault):
                faults.append(match)
                continue
            scenario, insight = match
            if insight == "spike":  # a scenario that asks for no insight is about mentions, not about how many there are
                window = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
                detail = {"mentions": spike.mentions, "usual": round(spike.usual, 1)}
                noticed.append(Signal(brand, scenario.id, spike.about, f"spike:{window.isoformat()}", now, "spike", None, detail))
    await signal.put(connection, noticed, running, now)
    await signal.report(connection, policy, faults, now)


def _facts(policy: Policy, spike: Spike, now: datetime) -> dict[str, object]:
    kind, _, name = spike.about.partition(":")
    labels = list(policy.book.label_path(name) or (name,)) if kind == "label" else []
    absent = ("urgency", "sentiment", "visibility", "channel", "account", "language", "intent", "respond", "department", "priority")
    return {
        **dict.fromkeys((*absent, "customer_group", "contact", "role")),
        **{name: [] for name in ("risk", "pii", "tags", "skills")},
        "labels": labels,
        "hours": "open" if policy.calendar.is_open(now) else "closed",
    }


async def _spikes(connection: db.Connection, brand: str, many: Mapping[str, int], now: datetime, zone: ZoneInfo) -> list[Spike]:
    if not many:
        return []
    rows = await connection.fetch(
        "select about, hour, mentions from mention_hour where brand = $1 and hour >= $2 and about = any($3::text[])",
        brand,
        now - timedelta(days=DAYS + 1),
        list(many),
    )
    since: datetime | None = await connection.fetchval("select min(hour) from mention_hour where brand = $1 and about = ''", brand)
    hours: dict[str, dict[datetime, int]] = {}
    for row in rows:
        hours.setdefault(row["about"], {})[row["hour"]] = row["mentions"]
    found = []
    for about, mentions in many.items():
        mean = usual(hours.get(about, {}), since, now, zone)
        if mean is not None and is_spike(mentions, mean):
            found.append(Spike(about, mentions, mean))
    return found


async def _sample(connection: db.Connection, policy: Policy, brand: str, now: datetime) -> list[Seen]:
    """The newest mentions of the last ten minutes: enough to see whose they are and what they have in common."""
    rows = await connection.fetch(
        "select customer_id, triaged ->> 'topic_id' as topic_id, jsonb_path_query_array(triaged, '$.findings.labels[*].name') as labels "
        "from mention_copy where brand = $1 and received_at > $2 and received_at <= $3 and not removed "
        "and triaged -> 'mention' ->> 'historic' is distinct from 'true' order by received_at desc limit $4",
        brand,
        now - WINDOW,
        now,
        _SAMPLE,
    )
    found = []
    for row in rows:
        names = {""} | {f"label:{name}" for label in row["labels"] for name in policy.book.label_path(label) or (label,)}
        found.append(Seen(row["customer_id"], frozenset(names | ({f"topic:{row['topic_id']}"} if row["topic_id"] else set()))))
    return found


async def _fold(connection: db.Connection, brand: str, before: datetime) -> None:
    """Minutes that nobody looks at any more become hours; topics, which have no usual, are forgotten."""
    await connection.execute(
        "with gone as (delete from mention_minute where brand = $1 and minute < $2 returning about, minute, mentions) "
        "insert into mention_hour as known (brand, about, hour, mentions) select $1, about, date_trunc('hour', minute), sum(mentions) from gone "
        "where about not like 'topic:%' group by about, date_trunc('hour', minute) "
        "on conflict (brand, about, hour) do update set mentions = known.mentions + excluded.mentions",
        brand,
        before,
    )
