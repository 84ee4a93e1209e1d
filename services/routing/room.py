"""What is going on around an incident: live facts of its mentions, computed from routing's own copies when they are asked for.

Its mentions are those of the cases that are linked to it; of a drill, those of its recording that have been shown by now. At most the newest 5,000 are
looked at, so that a storm costs no more than that: `mentions` says how many those were, and `is_all` whether there are more.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import nsmallest
from uuid import UUID

from pydantic import BaseModel, Field

from libs.common import db
from libs.common.incident_events import Incident

MOST = 5000
TOP = 10
SHOWN = 280
"""Characters of a post that are shown."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Post:
    """A mention as the facts need it. `author` tells authors apart."""

    id: str
    case_id: str | None
    author: str
    name: str
    followers: int
    channel: str
    url: str | None
    text: str
    sentiment: str
    visibility: str
    engagement: int
    at: datetime


class Minute(BaseModel):
    at: datetime
    mentions: int


class TopPost(BaseModel):
    mention_id: str
    case_id: str | None
    author: str
    followers: int
    engagement: int = Field(description="Likes, shares and replies together, when we received it")
    channel: str
    url: str | None
    text: str = Field(description="Its first 280 characters; empty where it is private")
    at: datetime


class Facts(BaseModel):
    """What is known of an incident's mentions at a moment."""

    at: datetime
    mentions: int = Field(description="How many there are, of the newest 5,000")
    is_all: bool = Field(description="Whether these are all")
    authors: int
    reach: int = Field(description="Followers of all its authors together, each counted once")
    mood: dict[str, int] = Field(description="negative, neutral, positive → mentions")
    channels: dict[str, int]
    minutes: list[Minute] = Field(description="Mentions a minute over the last hour, oldest first; minutes without any are left out")
    top: list[TopPost] = Field(description="The ten posts with most engagement and, among equals, most followers")
    cases: dict[str, int] = Field(description="State → how many of its cases are in it")


async def facts(connection: db.Connection, incident: Incident, now: datetime) -> Facts:
    found = await posts(connection, incident, now)
    return of(await _with_words(connection, incident, found[:MOST]), now, await _cases(connection, incident), is_all=len(found) <= MOST)


async def posts(connection: db.Connection, incident: Incident, now: datetime) -> list[Post]:
    """The newest of its mentions, one more than are looked at where there are more."""
    return await (_drilled if incident.drill else _mentioned)(connection, incident, now)


def of(posts: Sequence[Post], now: datetime, cases: Mapping[str, int], *, is_all: bool = True) -> Facts:
    """The facts of these posts."""
    followers: dict[str, int] = {}
    for post in posts:
        followers[post.author] = max(followers.get(post.author, 0), post.followers)
    minutes = Counter(post.at.replace(second=0, microsecond=0) for post in posts if now - HOUR < post.at <= now)
    return Facts(
        at=now,
        mentions=len(posts),
        is_all=is_all,
        authors=len(followers),
        reach=sum(followers.values()),
        mood=dict(sorted(Counter(post.sentiment for post in posts).items())),
        channels=dict(sorted(Counter(post.channel for post in posts).items())),
        minutes=[Minute(at=at, mentions=number) for at, number in sorted(minutes.items())],
        top=[_top(post) for post in top(posts)],
        cases=dict(cases),
    )


def top(posts: Iterable[Post]) -> list[Post]:
    """The ten with most engagement and, among equals, most followers."""
    return nsmallest(TOP, posts, key=lambda post: (-post.engagement, -post.followers, post.at, post.id))


def _top(post: Post) -> TopPost:
    is_public = post.visibility == "public"
    return TopPost(
        mention_id=post.id,
        case_id=post.case_id,
        author=post.name if is_public else "",
        followers=post.followers,
        engagement=post.engagement,
        channel=post.channel,
        url=post.url if is_public else None,
        text=post.text[:SHOWN] if is_public else "",
        at=post.at,
    )


async def _mentioned(connection: db.Connection, incident: Incident, now: datetime) -> list[Post]:
    """Without names and texts, which only the top posts are shown with: thousands of rows are read each time that somebody looks."""
    rows = await connection.fetch(
        "select m.id, m.case_id, m.received_at, triaged #>> '{mention,author,identities,0,kind}' as kind, "
        "triaged #>> '{mention,author,identities,0,channel}' as of_channel, triaged #>> '{mention,author,identities,0,value}' as value, "
        "(triaged #>> '{mention,author,followers}')::bigint as followers, triaged #>> '{mention,channel}' as channel, "
        "triaged #>> '{mention,visibility}' as visibility, triaged #>> '{findings,sentiment}' as sentiment, "
        "coalesce((triaged #>> '{mention,engagement,likes}')::bigint, 0) + coalesce((triaged #>> '{mention,engagement,shares}')::bigint, 0) "
        "+ coalesce((triaged #>> '{mention,engagement,replies}')::bigint, 0) as engagement from (" + _NEWEST + ") m",
        incident.brand,
        incident.id,
        now,
        MOST + 1,
    )
    return [
        Post(
            id=str(row["id"]),
            case_id=str(row["case_id"]),
            author=f"{row['kind']}:{row['of_channel'] or ''}:{row['value']}",
            name="",
            followers=row["followers"] or 0,
            channel=row["channel"],
            url=None,
            text="",
            sentiment=row["sentiment"] or "neutral",
            visibility=row["visibility"] or "public",
            engagement=row["engagement"],
            at=row["received_at"],
        )
        for row in rows
    ]


_NEWEST = (
    "select m.id, m.case_id, m.received_at, m.triaged from incident_case c join mention_copy m on m.brand = c.brand and m.case_id = c.case_id "
    "where c.brand = $1 and c.incident_id = $2 and c.unlinked_at is null and not m.removed and m.received_at <= $3 "
    "order by m.received_at desc, m.id limit $4"
)


async def _with_words(connection: db.Connection, incident: Incident, found: list[Post]) -> list[Post]:
    """The posts, those of them that are shown with the name of their author, their address and their text."""
    if incident.drill:
        return found
    rows = await connection.fetch(
        "select id::text, triaged #>> '{mention,author,name}' as name, triaged #>> '{mention,url}' as url, "
        "left(triaged #>> '{mention,text}', 280) as text from mention_copy where brand = $1 and id = any($2::uuid[])",
        incident.brand,
        [UUID(post.id) for post in top(found)],
    )
    words = {row["id"]: row for row in rows}
    return [
        replace(post, name=words[post.id]["name"] or "", url=words[post.id]["url"], text=words[post.id]["text"] or "")
        if post.id in words
        else post
        for post in found
    ]


async def _drilled(connection: db.Connection, incident: Incident, now: datetime) -> list[Post]:
    rows = await connection.fetch(
        "select number, at, said from drill_mention where brand = $1 and incident_id = $2 and at <= $3 order by at desc, number limit $4",
        incident.brand,
        incident.id,
        now,
        MOST + 1,
    )
    return [
        Post(
            id=f"drill-{row['number']}",
            case_id=None,
            author=row["said"]["author"],
            name=row["said"]["author"],
            followers=row["said"].get("followers") or 0,
            channel=row["said"]["channel"],
            url=None,
            text=row["said"]["text"],
            sentiment=row["said"].get("sentiment") or "neutral",
            visibility="public",
            engagement=row["said"].get("engagement") or 0,
            at=row["at"],
        )
        for row in rows
    ]


async def _cases(connection: db.Connection, incident: Incident) -> dict[str, int]:
    rows = await connection.fetch(
        "select c.state, count(*) as number from incident_case i join care_case c on c.brand = i.brand and c.id = i.case_id "
        "where i.brand = $1 and i.incident_id = $2 and i.unlinked_at is null group by c.state order by c.state",
        incident.brand,
        incident.id,
    )
    return {row["state"]: row["number"] for row in rows}
