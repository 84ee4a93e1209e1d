"""The reports, facts and trails of analytics over HTTP. Questions reach this module, numbers leave it: no text, no name, no address."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.common import db, http
from libs.common.auth import Principal, allow
from libs.common.http import Cursor, Page
from libs.common.routes import Route
from libs.common.service import Reading, of
from libs.common.trail import Step, Trail, trace_id_of
from services.analytics import asked, reports, store
from services.analytics.asked import Question

router = APIRouter(tags=["analytics"], route_class=Route)

Reader = Annotated[Principal, Depends(allow("analyst", "lead", "admin", "spokesperson", "agent"))]


async def report(reading: Reading) -> AsyncIterator[db.Connection]:
    """A connection for one report: read-only, and each statement bounded."""
    async with reports.bounded(reading):
        yield reading


Reporting = Annotated[db.Connection, Depends(report, scope="function")]
From = Annotated[
    datetime | None,
    Query(
        alias="from", description="With Z or an offset (write + as %2B); without it 30 days before `to`", examples=["2026-03-01T00:00:00Z"]
    ),
]
To = Annotated[datetime | None, Query(description="Not included; without it now. At most 400 days after `from`")]
Historic = Annotated[Literal["true", "false", "all"], Query(description="Imported history only, live only, or both")]
Channel = Annotated[str | None, Query(max_length=100, description="Only this channel")]
Time = Annotated[
    Literal["received", "posted"],
    Query(
        description="Which moment of a mention places it in the period, and in an hour or day: when we had it, or when its author wrote it. Imported "
        "history was received when it was imported, whenever it was written"
    ),
]

_HISTORIC = {"true": True, "false": False, "all": None}


class Report(BaseModel):
    """What every report says of itself. `from` and `to` are moments, whatever offset they were asked with; an hour or a day is one in `timezone`, named
    by its start there, so that a day may have 23 or 25 hours, and the first and last ones of a period may be cut short."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)
    brand: str
    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to", description="Not included")
    timezone: str = Field(description="The brand's: hours and days are those of its people. UTC until it has a brand book")
    by: list[str]


Asking = Callable[..., Awaitable[Question]]
Keys = dict[str, str | None]


class VolumeRow(BaseModel):
    by: Keys = Field(description="Null: no case yet (department), no label (label)")
    count: int


class Volumes(Report):
    total: int = Field(description="Mentions, each once; rows by label add up to more")
    rows: list[VolumeRow]


class SentimentRow(BaseModel):
    by: Keys
    count: int
    counts: dict[str, int]
    shares: dict[str, float] = Field(description="0..1, by sentiment")
    mean_score: float = Field(description="-1 (negative) .. 1 (positive)")


class Sentiments(Report):
    rows: list[SentimentRow]


class LabelRow(BaseModel):
    label: str
    count: int
    share: float = Field(description="0..1, of all mentions of the period")
    previous: int = Field(description="In the equally long time before `from`")
    negative: int
    mean_score: float | None = Field(description="-1..1; null when there is none in the period")


class Labels(Report):
    total: int
    rows: list[LabelRow]


class ClockTimes(BaseModel):
    """One clock, of live cases opened in the period.

    `met`, `breached` and `open` count rounds and follow the brand's opening hours and targets: a round begins with a case's first message, with each
    message that comes after an answer or a resolution, and when a person reopens the case. A round that gave way to the next while its clock still
    ran in time counts as none of them, and so does one that a person ended deliberately without a reply, unless its clock had run out. Minutes and
    their `count` are of cases, by an ordinary clock.
    """

    count: int = Field(
        description="Cases with a reply (reaction), cases that are resolved now (resolution), those deliberately without a reply apart"
    )
    met: int = Field(description="Rounds in which it was stopped in time")
    met_share: float | None = Field(description="met / (met + breached), 0..1; null while there is neither")
    breached: int = Field(description="Rounds in which it was stopped too late, or ran out: whatever came after")
    breached_cases: int = Field(description="Cases with at least one such round")
    open: int = Field(description="Rounds in which it still runs and has not run out")
    median_minutes: float | None = Field(
        description="From opened_at to the first reply ever (reaction), to the resolution that stands (resolution)"
    )
    p90_minutes: float | None


class TimesRow(BaseModel):
    by: Keys
    cases: int
    reaction: ClockTimes
    resolution: ClockTimes


class Times(Report):
    rows: list[TimesRow]


class Events(Report):
    total: int
    rows: list[VolumeRow]


class Clocks(BaseModel):
    """Rounds of a clock in live cases, as in the times report."""

    running: int
    met: int
    breached: int


class Summary(BaseModel):
    """All of a brand until now, history included."""

    brand: str
    timezone: str = Field(description="The brand's; UTC until it has a brand book. Nothing here is by hour or day")
    mentions: dict[str, int] = Field(description="By channel, those taken back apart")
    historic: int
    removed: int
    duplicates_linked: int = Field(description="Mentions in the group of an earlier one")
    cases: dict[str, dict[str, int]] = Field(description="By department, by state")
    clocks: dict[str, Clocks] = Field(description="By reaction and resolution")
    drafts_waiting: int = Field(description="Replies that a person has yet to approve: state draft or submitted")
    replies: dict[str, int] = Field(description="By state: sent, failed, unconfirmed, …")
    events: dict[str, int] = Field(description="escalated, clock_breached, reopened: how often")


class MentionFact(BaseModel):
    mention_id: UUID
    version: int
    channel: str
    kind: str
    visibility: str
    language: str
    sentiment: str
    sentiment_score: float
    intent: str | None
    labels: list[str]
    urgency: str
    respond: str | None = Field(description="As proposed, or as a person chose")
    risk: list[str]
    customer_id: UUID
    group_id: UUID
    posted_at: datetime
    received_at: datetime
    historic: bool
    removed: bool
    triaged_at: datetime


def _zone(request: Request, brand: str) -> ZoneInfo:
    """The brand's time zone; UTC until it has a brand book."""
    published = of(request).books.get(brand)
    return ZoneInfo(published.book.timezone if published else "UTC")


async def _of_brand(request: Request, brand: str, from_: From = None, to: To = None) -> Question:
    """What every report asks: which brand, and when."""
    return Question(brand, asked.period(from_, to, datetime.now(UTC)), _zone(request, brand))


async def _of_cases(base: Annotated[Question, Depends(_of_brand)], channel: Channel = None) -> Question:
    return replace(base, channel=channel)


async def _of_mentions(
    base: Annotated[Question, Depends(_of_brand)], channel: Channel = None, historic: Historic = "all", time: Time = "received"
) -> Question:
    return replace(base, channel=channel, historic=_HISTORIC[historic], time=f"{time}_at")


def _by(allowed: Mapping[str, str], asking: Asking) -> Asking:
    """A dependency: what `asking` found, and what to count it by."""
    said = f"One of {', '.join(allowed)}, or two with a comma between; without it one row for all"

    async def question(
        base: Annotated[Question, Depends(asking)], by: Annotated[str | None, Query(max_length=200, description=said)] = None
    ) -> Question:
        return replace(base, by=asked.dimensions(by, allowed))

    return question


def _said(question: Question) -> dict[str, Any]:
    return {
        "brand": question.brand,
        "start": question.period.start,
        "end": question.period.end,
        "timezone": question.zone.key,
        "by": list(question.by),
    }


@router.get("/v1/brands/{brand}/volumes")
async def volumes(
    principal: Reader, question: Annotated[Question, Depends(_by(reports.MENTION_DIMENSIONS, _of_mentions))], reporting: Reporting
) -> Volumes:
    """How many mentions, by channel, department, hour, day, label, sentiment, language, urgency, intent or respond. Those taken back don't count."""
    rows = [VolumeRow(**row) for row in await reports.volumes(reporting, question)]
    return Volumes(**_said(question), total=await reports.mentions_total(reporting, question), rows=rows)


@router.get("/v1/brands/{brand}/sentiment")
async def sentiment(
    principal: Reader, question: Annotated[Question, Depends(_by(reports.SENTIMENT_DIMENSIONS, _of_mentions))], reporting: Reporting
) -> Sentiments:
    """How people feel: the share of each sentiment and the mean score."""
    return Sentiments(**_said(question), rows=[SentimentRow(**row) for row in await reports.sentiment(reporting, question)])


@router.get("/v1/brands/{brand}/labels")
async def labels(principal: Reader, question: Annotated[Question, Depends(_of_mentions)], reporting: Reporting) -> Labels:
    """What it is about, the most frequent first, beside the equally long period before, by the same `time`."""
    total = await reports.mentions_total(reporting, question)
    rows = [LabelRow(**row, share=round(row["count"] / total, 4) if total else 0.0) for row in await reports.labels(reporting, question)]
    return Labels(**_said(question), total=total, rows=rows)


@router.get("/v1/brands/{brand}/times")
async def times(
    principal: Reader, question: Annotated[Question, Depends(_by(reports.CASE_DIMENSIONS, _of_cases))], reporting: Reporting
) -> Times:
    """Reaction and resolution against what was promised, of live cases opened in the period; merged and withdrawn ones apart. A case
    is in the period, hour and day in which its first live message was received."""
    return Times(**_said(question), rows=[TimesRow(**row) for row in await reports.times(reporting, question)])


@router.get("/v1/brands/{brand}/case-events")
async def case_events(
    principal: Reader, question: Annotated[Question, Depends(_by(reports.EVENT_DIMENSIONS, _of_brand))], reporting: Reporting
) -> Events:
    """How often cases were escalated, reopened, or had a clock breached, each event counted once, by when it was told. A breach that was told although
    the answer had been sent in time stays here, and is none in the times report."""
    rows = [VolumeRow(**row) for row in await reports.events(reporting, question)]
    return Events(**_said(question), total=sum(row.count for row in rows), rows=rows)


@router.get("/v1/brands/{brand}/summary")
async def summary(brand: str, request: Request, principal: Reader, reporting: Reporting) -> Summary:
    """All of a brand in a few numbers."""
    return Summary(brand=brand, timezone=_zone(request, brand).key, **await reports.summary(reporting, brand))


@router.get("/v1/brands/{brand}/facts/mentions")
async def mentions(
    brand: str,
    principal: Reader,
    reporting: Reporting,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page[MentionFact]:
    """What was found of each mention, oldest first. No text."""
    rows = await store.mentions_after(reporting, brand, _after(cursor), limit + 1)
    items = [MentionFact(**row) for row in rows[:limit]]
    following = http.cursor_of(items[-1].received_at.isoformat(), str(items[-1].mention_id)) if len(rows) > limit else None
    return Page(items=items, next=following)


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    values = http.read_cursor(cursor, [str, str])
    return (http.moment(values[0]), http.uuid(values[1])) if values else None


@router.get("/v1/brands/{brand}/trace/{mention_id}")
async def trace(brand: str, mention_id: UUID, principal: Reader, reporting: Reporting) -> Trail:
    """The facts of a mention, of the cases that hold it and of their replies, oldest first. Empty while analytics knows nothing of it."""
    mention = await store.mention(reporting, brand, mention_id)
    cases = await store.cases_of(reporting, brand, mention_id)
    case_ids = [row["case_id"] for row in cases]
    steps = [_step("mention counted", row, _OF_MENTION) for row in ([mention] if mention else [])]
    steps += [_step("case counted", row, _OF_CASE) for row in cases]
    steps += [_step("reply counted", row, _OF_REPLY) for row in await store.replies_of(reporting, brand, case_ids)]
    steps += [
        Step(at=row["at"], what=row["what"], event_id=row["event_id"], detail={"case_id": str(row["case_id"]), "clock": row["clock"]})
        for row in await store.happened_to(reporting, brand, case_ids)
    ]
    return Trail(service="analytics", steps=sorted(steps, key=lambda step: step.at), case_ids=[str(case_id) for case_id in case_ids])


_OF_MENTION = ("version", "channel", "language", "sentiment", "labels", "urgency", "group_id", "received_at", "historic", "removed")
_OF_CASE = ("case_id", "version", "department", "state", "priority", "opened_at", "replied_at", "resolved_at", "mentions")
_OF_REPLY = ("reply_id", "version", "case_id", "state", "created_at", "approved_at", "sent_at", "sandbox")


def _step(what: str, row: dict[str, Any], told: tuple[str, ...]) -> Step:
    detail = {name: row[name] for name in told}
    return Step(at=row["event_at"], what=what, event_id=row["event_id"], trace_id=trace_id_of(row["traceparent"]), detail=detail)
