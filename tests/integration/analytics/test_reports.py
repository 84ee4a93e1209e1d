"""The numbers of every report, from events on real topics to the answer over HTTP."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from libs.common.case_events import (
    CaseAssigned,
    CaseClockBreached,
    CaseEscalated,
    CaseJoined,
    CaseLeft,
    CaseOpened,
    CaseReacted,
    CaseResolved,
    Rounds,
)
from libs.common.errors import Unavailable
from libs.common.events import MentionRegrouped, MentionRemoved, MentionRevised
from libs.common.reply_events import ReplyApproved, ReplyDrafted, ReplyFailed, ReplySent, ReplyUnconfirmed
from services.analytics import reports
from services.analytics.gauges import Gauges
from tests.integration.analytics.world import NOW, Story, World, moment

OPENED = {"rule": "1"}


def found(answer: Any, *, numbers: str = "count") -> dict[Any, Any]:
    """Rows by their key or keys."""
    return {next(iter(row["by"].values())) if len(row["by"]) == 1 else tuple(row["by"].values()): row[numbers] for row in answer["rows"]}


async def test_volumes_count_mentions_by_each_dimension_and_by_two(world: World) -> None:
    story = Story("volumes")
    await world.tell(
        [
            story.mention("a", labels=["storing", "internet"], sentiment="negative", urgency="high"),
            story.mention("b", labels=["storing"], sentiment="negative", group="a"),
            story.mention("c", channel="email", language="en", received_at=NOW - timedelta(days=3)),
            story.mention("old", channel="email", historic=True, posted_at=NOW - timedelta(days=300)),
            story.mention("gone", 2, event=MentionRemoved, removed=True),
            story.mention("before", received_at=NOW - timedelta(days=31)),
            story.case("case-a", 1, CaseOpened, mentions=["a", "b"], department="technical", told=OPENED),
            story.case(
                "left", 2, CaseLeft, group="b", department="billing", state="merged", told={"mention_id": story.id("b"), "why": "regrouped"}
            ),
            Story("other").mention("a"),
        ]
    )
    path = "/v1/brands/volumes/volumes"
    everything = await world.get(path)
    assert (everything["total"], everything["rows"]) == (4, [{"by": {}, "count": 4}])
    assert found(await world.get(path, by="channel")) == {"twitter": 2, "email": 2}
    assert found(await world.get(path, by="channel", historic="false")) == {"twitter": 2, "email": 1}
    assert found(await world.get(path, by="channel", historic="true")) == {"email": 1}
    assert found(await world.get(path, by="department")) == {"technical": 2, None: 2}
    assert found(await world.get(path, by="label")) == {"storing": 2, "internet": 1, None: 2}
    assert (await world.get(path, by="label"))["total"] == 4
    assert found(await world.get(path, by="sentiment")) == {"negative": 2, "neutral": 2}
    assert found(await world.get(path, by="language")) == {"nl": 3, "en": 1}
    assert found(await world.get(path, by="urgency")) == {"normal": 3, "high": 1}
    assert found(await world.get(path, by="sentiment,channel")) == {("negative", "twitter"): 2, ("neutral", "email"): 2}
    assert found(await world.get(path, by="sentiment", channel="twitter")) == {"negative": 2}
    start, end = (NOW - timedelta(days=301)).isoformat(), (NOW - timedelta(days=299)).isoformat()
    assert (await world.get(path, from_=start, to=end))["total"] == 0
    assert (await world.get(path, from_=start, to=end, time="posted"))["total"] == 1


async def test_what_is_found_otherwise_later_counts_instead_of_what_was_found_before(world: World) -> None:
    story = Story("revised")
    await world.tell(
        [
            story.mention("a", intent="question", respond="no_reply", labels=["storing"], sentiment="positive"),
            story.mention("b"),
            story.mention(
                "a", 2, event=MentionRevised, intent="complaint", respond="reply", labels=["factuur"], sentiment="negative", urgency="high"
            ),
        ]
    )
    path = "/v1/brands/revised/volumes"
    assert (await world.get(path))["total"] == 2
    assert found(await world.get(path, by="intent,respond")) == {("complaint", "reply"): 1, (None, None): 1}
    assert found(await world.get(path, by="label")) == {"factuur": 1, None: 1}
    assert found(await world.get(path, by="sentiment,urgency")) == {("negative", "high"): 1, ("neutral", "normal"): 1}
    facts = {story.ids[item["mention_id"]]: item for item in (await world.get("/v1/brands/revised/facts/mentions"))["items"]}
    assert [(facts[name]["intent"], facts[name]["respond"]) for name in "ab"] == [("complaint", "reply"), (None, None)]


async def test_a_case_deliberately_without_a_reply_has_no_times(world: World) -> None:
    story, opened = Story("quiet"), NOW - timedelta(hours=5)
    ended = {"opened_at": opened, "state": "resolved", "resolved_at": opened + timedelta(minutes=3), "told": {"no_reply": True}}
    await world.tell(
        [
            story.case("in-time", 2, CaseResolved, no_reply=True, **ended),
            story.case("too-late", 2, CaseResolved, no_reply=True, earlier=[Rounds(kind="reaction", breached=1)], **ended),
        ]
    )
    [row] = (await world.get("/v1/brands/quiet/times"))["rows"]
    for clock, breached in (("reaction", 1), ("resolution", 0)):
        numbers = {name: row[clock][name] for name in ("count", "met", "breached", "open", "median_minutes")}
        assert numbers == {"count": 0, "met": 0, "breached": breached, "open": 0, "median_minutes": None}


async def test_a_case_counts_all_of_its_mentions_although_its_events_list_the_newest(world: World) -> None:
    """Of three, the event lists one; then the oldest is taken back, and another one moves to a case of its own."""
    story = Story("storm")
    await world.tell(
        [
            *(story.mention(name, group="a") for name in "abc"),
            story.case(
                "case", 3, CaseJoined, group="a", mentions=["c"], total=3, department="technical", told={"mention_id": story.id("c")}
            ),
        ]
    )
    path = "/v1/brands/storm/volumes"
    assert found(await world.get(path, by="department")) == {"technical": 3}
    assert [row["mentions"] for row in (await world.rows("storm"))["fact_case"]] == [3]
    await world.tell(
        [
            story.mention("a", 2, event=MentionRemoved, group="a", removed=True),
            story.mention("b", 2, event=MentionRegrouped),
            story.case("other", 1, CaseOpened, mentions=["b"], department="billing", told=OPENED),
        ]
    )
    assert found(await world.get(path, by="department")) == {"technical": 1, "billing": 1}


async def test_hours_and_days_are_those_of_the_brand_also_when_summer_time_ends(world: World) -> None:
    await world.publish_book("hours", "Europe/Amsterdam")
    story = Story("hours")
    at = [
        "2026-10-24T21:59:00Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T00:10:00Z",
        "2026-10-25T01:10:00Z",
        "2026-10-25T22:59:00Z",
        "2026-10-25T23:00:00Z",
    ]
    await world.tell([story.mention(f"m{place}", received_at=moment(text)) for place, text in enumerate(at)])
    period = {"from_": "2026-10-24T00:00:00+02:00", "to": "2026-10-27T00:00:00+01:00"}
    hours = await world.get("/v1/brands/hours/volumes", by="hour", **period)
    assert hours["timezone"] == "Europe/Amsterdam"
    assert list(found(hours).items()) == [
        ("2026-10-24T23:00+02:00", 1),
        ("2026-10-25T00:00+02:00", 1),
        ("2026-10-25T02:00+02:00", 1),
        ("2026-10-25T02:00+01:00", 1),
        ("2026-10-25T23:00+01:00", 1),
        ("2026-10-26T00:00+01:00", 1),
    ]
    days = await world.get("/v1/brands/hours/volumes", by="day", **period)
    assert list(found(days).items()) == [("2026-10-24", 1), ("2026-10-25", 4), ("2026-10-26", 1)]


async def test_every_report_names_the_brands_zone_and_counts_days_in_it(world: World) -> None:
    """Half an hour before midnight in UTC is the next day in Amsterdam, for mentions by either time, for cases and for what happened to them."""
    await world.publish_book("zoned", "Europe/Amsterdam")
    story, at = Story("zoned"), moment("2026-03-02T23:30:00Z")
    await world.tell(
        [
            story.mention("a", received_at=at, posted_at=moment("2026-03-01T23:30:00Z"), labels=["storing"]),
            story.case("case", 1, CaseOpened, mentions=["a"], opened_at=at, told=OPENED),
            story.case("case", 2, CaseClockBreached, mentions=["a"], opened_at=at, at=at, told={"clock": "reaction"}),
        ]
    )
    period = {"from_": "2026-03-01T00:00:00Z", "to": "2026-03-04T00:00:00Z"}
    path = "/v1/brands/zoned"
    for report in ("volumes", "sentiment", "times", "case-events"):
        answer = await world.get(f"{path}/{report}", by="day", **period)
        assert (answer["timezone"], [row["by"]["day"] for row in answer["rows"]]) == ("Europe/Amsterdam", ["2026-03-03"])
    assert [row["by"]["day"] for row in (await world.get(f"{path}/volumes", by="day", time="posted", **period))["rows"]] == ["2026-03-02"]
    assert (await world.get(f"{path}/labels", **period))["timezone"] == "Europe/Amsterdam"
    assert (await world.get(f"{path}/summary"))["timezone"] == "Europe/Amsterdam"


async def test_the_hour_that_summer_time_skips_is_not_there_and_half_hour_zones_have_whole_hours(world: World) -> None:
    await world.publish_book("skips", "Europe/Amsterdam")
    await world.publish_book("halves", "Asia/Kolkata")
    for brand in ("skips", "halves"):
        story = Story(brand)
        await world.tell([story.mention(text, received_at=moment(text)) for text in ("2026-03-29T00:50:00Z", "2026-03-29T01:10:00Z")])
    period = {"from_": "2026-03-28T00:00:00Z", "to": "2026-03-30T00:00:00Z"}
    assert list(found(await world.get("/v1/brands/skips/volumes", by="hour", **period))) == [
        "2026-03-29T01:00+01:00",
        "2026-03-29T03:00+02:00",
    ]
    assert found(await world.get("/v1/brands/halves/volumes", by="hour", **period)) == {"2026-03-29T06:00+05:30": 2}


async def test_sentiment_gives_shares_and_the_mean_score(world: World) -> None:
    story = Story("feelings")
    await world.tell(
        [
            story.mention("a", sentiment="negative", score=-0.8),
            story.mention("b", sentiment="negative", score=-0.4),
            story.mention("c", sentiment="positive", score=0.6),
            story.mention("d", sentiment="neutral", score=0.0, channel="email"),
        ]
    )
    rows = (await world.get("/v1/brands/feelings/sentiment", by="channel"))["rows"]
    assert sorted(rows, key=lambda row: -row["count"]) == [
        {
            "by": {"channel": "twitter"},
            "count": 3,
            "counts": {"negative": 2, "positive": 1},
            "shares": {"negative": 0.6667, "positive": 0.3333},
            "mean_score": -0.2,
        },
        {"by": {"channel": "email"}, "count": 1, "counts": {"neutral": 1}, "shares": {"neutral": 1.0}, "mean_score": 0.0},
    ]
    assert (await world.get("/v1/brands/feelings/sentiment"))["rows"][0]["mean_score"] == -0.15


async def test_labels_stand_beside_the_period_before(world: World) -> None:
    story = Story("labelled")
    await world.tell(
        [
            story.mention("a", labels=["storing"], sentiment="negative", score=-0.5),
            story.mention("b", labels=["storing", "factuur", "factuur"], score=0.1),
            story.mention("c", labels=["factuur"], received_at=NOW - timedelta(days=40)),
            story.mention("d", labels=["factuur"], received_at=NOW - timedelta(days=41)),
            story.mention("e"),
            story.mention("f", labels=["factuur"], received_at=NOW - timedelta(days=61)),
        ]
    )
    answer = await world.get("/v1/brands/labelled/labels")
    assert answer["total"] == 3
    assert answer["rows"] == [
        {"label": "storing", "count": 2, "share": 0.6667, "previous": 0, "negative": 1, "mean_score": -0.2},
        {"label": "factuur", "count": 1, "share": 0.3333, "previous": 2, "negative": 0, "mean_score": 0.1},
    ]


async def test_times_tell_what_was_met_breached_and_still_runs(world: World) -> None:
    story = Story("clocks")
    opened = NOW - timedelta(hours=5)
    due, late = opened + timedelta(minutes=30), opened + timedelta(minutes=31)

    def replied(name: str, minutes: int, **given: Any) -> Any:
        at = opened + timedelta(minutes=minutes)
        breached = None if at <= due else late
        return story.case(
            name, 2, CaseReacted, opened_at=opened, replied_at=at, reaction=(due, at, breached), told={"reply_id": story.id("r")}, **given
        )

    await world.tell(
        [
            *(replied(f"in-time-{minutes}", minutes) for minutes in (10, 20, 30)),
            replied("late", 100, department="billing"),
            story.case("unanswered", 2, CaseClockBreached, opened_at=opened, reaction=(due, None, late), told={"clock": "reaction"}),
            story.case("running", 1, CaseOpened, opened_at=NOW, told=OPENED),
            story.case(
                "resolved-without-a-reply",
                3,
                CaseResolved,
                opened_at=opened,
                state="resolved",
                resolved_at=opened + timedelta(minutes=15),
                resolution=(due, opened + timedelta(minutes=15), None),
            ),
            story.case("merged", 2, CaseResolved, opened_at=opened, state="merged", reaction=(due, None, late)),
            story.case("imported", 1, CaseOpened, opened_at=opened, historic=True, told=OPENED),
            story.case("long-ago", 1, CaseOpened, opened_at=NOW - timedelta(days=31), told=OPENED),
        ]
    )
    everything = (await world.get("/v1/brands/clocks/times"))["rows"][0]
    assert everything["cases"] == 7
    assert everything["reaction"] == {
        "count": 4,
        "met": 3,
        "met_share": 0.6,
        "breached": 2,
        "breached_cases": 2,
        "open": 1,
        "median_minutes": 25.0,
        "p90_minutes": 79.0,
    }
    assert everything["resolution"] == {
        "count": 1,
        "met": 1,
        "met_share": 1.0,
        "breached": 0,
        "breached_cases": 0,
        "open": 6,
        "median_minutes": 15.0,
        "p90_minutes": 15.0,
    }
    by_department = found(await world.get("/v1/brands/clocks/times", by="department"), numbers="reaction")
    assert (by_department["billing"]["breached"], by_department["billing"]["met_share"]) == (1, 0.0)
    assert by_department["webcare"]["count"] == 3
    assert sum(found(await world.get("/v1/brands/clocks/times", by="day,channel"), numbers="cases").values()) == 7


async def test_a_breach_stays_counted_after_the_next_round_began_and_an_answer_in_time_is_none(world: World) -> None:
    story = Story("rounds")
    opened = NOW - timedelta(hours=5)
    due, answered = opened + timedelta(minutes=30), opened + timedelta(minutes=40)
    again = {"opened_at": opened, "replied_at": answered, "reaction": (NOW + timedelta(minutes=30), None, None)}
    in_time = {"opened_at": opened, "replied_at": due - timedelta(seconds=2), "reaction": (due, due - timedelta(seconds=2), None)}
    await world.tell(
        [
            story.case(
                "late",
                2,
                CaseReacted,
                opened_at=opened,
                replied_at=answered,
                reaction=(due, answered, due),
                told={"reply_id": story.id("r")},
            ),
            story.case("late", 3, CaseJoined, earlier=[Rounds(kind="reaction", breached=1)], told={"mention_id": story.id("m")}, **again),
            story.case("told-early", 2, CaseClockBreached, opened_at=opened, reaction=(due, None, due), told={"clock": "reaction"}),
            story.case("told-early", 3, CaseReacted, told={"reply_id": story.id("s")}, **in_time),
        ]
    )
    reaction = (await world.get("/v1/brands/rounds/times"))["rows"][0]["reaction"]
    assert {name: reaction[name] for name in ("count", "met", "breached", "breached_cases", "open", "p90_minutes")} == {
        "count": 2,
        "met": 1,
        "breached": 1,
        "breached_cases": 1,
        "open": 1,
        "p90_minutes": 39.0,
    }
    summary = await world.get("/v1/brands/rounds/summary")
    assert summary["clocks"]["reaction"] == {"running": 1, "met": 1, "breached": 1}
    assert summary["events"] == {"clock_breached": 1}


async def test_escalations_and_breaches_are_counted_by_hour(world: World) -> None:
    story = Story("alarms")
    escalation = {"clock": "reaction", "share": 80, "did": ["notify_owner"]}
    await world.tell(
        [
            story.case("a", 2, CaseEscalated, at=moment("2026-03-02T08:10:00Z"), told=escalation),
            story.case("a", 3, CaseEscalated, at=moment("2026-03-02T08:40:00Z"), told=escalation | {"share": 100}),
            story.case("a", 4, CaseClockBreached, at=moment("2026-03-02T08:40:00Z"), told={"clock": "reaction"}),
            story.case("b", 2, CaseClockBreached, at=moment("2026-03-02T09:00:00Z"), told={"clock": "resolution"}),
        ]
    )
    period = {"from_": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
    answer = await world.get("/v1/brands/alarms/case-events", by="hour,what", **period)
    assert answer["total"] == 4
    assert found(answer) == {
        ("2026-03-02T08:00+00:00", "clock_breached"): 1,
        ("2026-03-02T08:00+00:00", "escalated"): 2,
        ("2026-03-02T09:00+00:00", "clock_breached"): 1,
    }
    assert found(await world.get("/v1/brands/alarms/case-events", by="clock", **period)) == {"reaction": 3, "resolution": 1}


async def _tell_a_whole_brand(world: World, story: Story) -> None:
    late = NOW - timedelta(minutes=20)
    await world.tell(
        [
            story.mention("a", sentiment="negative"),
            story.mention("b", channel="email", group="a"),
            story.mention("c", channel="email", historic=True),
            story.mention("d", 2, event=MentionRemoved, group="a", removed=True),
            story.case("case-a", 1, CaseOpened, mentions=["a"], state="new", told=OPENED),
            story.case("case-a", 2, CaseAssigned, mentions=["a", "b"], owner="gs", department="billing", reaction=(late, None, late)),
            story.case("case-c", 1, CaseOpened, mentions=["c"], historic=True, department="webcare", told=OPENED),
            story.case("case-e", 4, CaseResolved, state="resolved", department="webcare", resolved_at=NOW, resolution=(NOW, NOW, None)),
            story.reply("r1", 1, ReplyDrafted, "draft", case="case-a"),
            story.reply("r2", 3, ReplySent, "sent", case="case-e", sent_at=NOW),
            story.reply("r3", 3, ReplyFailed, "failed", case="case-e"),
            story.reply("r4", 3, ReplyUnconfirmed, "unconfirmed", case="case-e"),
            story.reply("r5", 2, ReplyApproved, "approved", case="case-e", approved_at=NOW),
        ]
    )


async def test_the_summary_holds_a_brand_in_a_few_numbers(world: World) -> None:
    await _tell_a_whole_brand(world, Story("summed"))
    assert await world.get("/v1/brands/summed/summary") == {
        "brand": "summed",
        "timezone": "UTC",
        "mentions": {"email": 2, "twitter": 1},
        "historic": 1,
        "removed": 1,
        "duplicates_linked": 1,
        "cases": {"billing": {"open": 1}, "webcare": {"open": 1, "resolved": 1}},
        "clocks": {"reaction": {"running": 0, "met": 0, "breached": 1}, "resolution": {"running": 1, "met": 1, "breached": 0}},
        "drafts_waiting": 1,
        "replies": {"approved": 1, "draft": 1, "failed": 1, "sent": 1, "unconfirmed": 1},
        "events": {},
    }
    empty = await world.get("/v1/brands/nobody/summary")
    assert (empty["mentions"], empty["clocks"]["reaction"]["running"]) == ({}, 0)


async def test_gauges_show_each_brand_and_forget_what_is_gone(world: World) -> None:
    story = Story("gauged")
    await _tell_a_whole_brand(world, story)
    async with world.app.state.service.pool.acquire() as connection:
        await Gauges().refresh(connection)
        seen = (await world.client.get("/metrics")).text
        assert 'weerklank_mentions{brand="gauged",channel="twitter",sentiment="negative"} 1.0' in seen
        assert 'weerklank_mentions{brand="gauged",channel="email",sentiment="neutral"} 1.0' in seen
        assert 'weerklank_cases_open{brand="gauged",department="billing"} 1.0' in seen
        assert 'weerklank_clock_breached{brand="gauged",clock="reaction"} 1.0' in seen
        assert 'weerklank_clock_running{brand="gauged",clock="resolution"} 1.0' in seen
        assert 'weerklank_replies{brand="gauged",state="sent"} 1.0' in seen
        await world.tell([story.case("case-a", 3, CaseResolved, mentions=["a", "b"], state="resolved", department="billing")])
        await Gauges().refresh(connection)
        seen = (await world.client.get("/metrics")).text
        assert 'weerklank_cases_open{brand="gauged",department="billing"}' not in seen
        assert 'weerklank_clock_breached{brand="gauged",clock="reaction"} 0.0' in seen


async def test_pages_of_facts_hold_every_mention_once_and_no_text(world: World) -> None:
    story = Story("paged")
    same = NOW - timedelta(hours=2)
    await world.tell([story.mention(f"m{number}", received_at=same if number < 4 else NOW) for number in range(7)])
    seen, cursor = [], None
    while True:
        page = await world.get("/v1/brands/paged/facts/mentions", limit=3, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= 3
        seen += page["items"]
        if (cursor := page["next"]) is None:
            break
    assert sorted(story.ids[item["mention_id"]] for item in seen) == [f"m{number}" for number in range(7)]
    assert not {"text", "author", "title", "url"} & seen[0].keys()


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJhIiwiYiJd", "WyIyMDI2LTAzLTAyIiwiYiJd"])
async def test_a_cursor_that_we_did_not_give_is_refused(world: World, cursor: str) -> None:
    assert (await world.ask("/v1/brands/paged/facts/mentions", cursor=cursor)).status_code == 400


async def test_a_trail_leads_from_the_mention_to_its_case_and_replies(world: World) -> None:
    story = Story("traced")
    await _tell_a_whole_brand(world, story)
    trail = await world.get(f"/v1/brands/traced/trace/{story.id('b')}")
    assert trail["case_ids"] == [str(story.id("case-a"))]
    steps = {step["what"]: step for step in trail["steps"]}
    assert set(steps) == {"mention counted", "case counted", "reply counted"}
    assert steps["mention counted"]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert steps["mention counted"]["event_id"] == story.mention("b", channel="email", group="a").event_id
    assert steps["case counted"]["detail"]["version"] == 2
    assert (await world.get(f"/v1/brands/nobody/trace/{story.id('b')}"))["steps"] == []


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("volumes", {"by": "author"}, "channel, department, hour, day, label, sentiment, language, urgency, intent, respond"),
        ("sentiment", {"by": "sentiment"}, "channel, department, hour, day, label, language, urgency, intent, respond"),
        ("times", {"by": "label"}, "channel, department, hour, day"),
        ("case-events", {"by": "channel"}, "what, clock, department, hour, day"),
        ("volumes", {"from": "2026-01-01T00:00:00"}, "from needs Z or an offset"),
        ("times", {"from": "2025-01-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}, "at most 400 days"),
        ("volumes", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "must be after"),
        ("volumes", {"from": "yesterday"}, "from"),
        ("volumes", {"historic": "maybe"}, "historic"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_a_reason(world: World, path: str, params: dict[str, str], said: str) -> None:
    answer = await world.ask(f"/v1/brands/volumes/{path}", **params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


async def test_a_report_that_takes_too_long_is_cut_off_and_writes_nothing(world: World) -> None:
    async with world.app.state.service.pool.acquire() as connection:
        with pytest.raises(Unavailable, match="shorter period"):
            async with reports.bounded(connection, seconds=0.05):
                await connection.execute("select pg_sleep(5)")
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            async with reports.bounded(connection):
                await connection.execute("delete from fact_mention")


ROUTES = [
    "volumes",
    "sentiment",
    "labels",
    "times",
    "case-events",
    "summary",
    "facts/mentions",
    "trace/6f0c5c1e-5d4d-5b8e-9a55-7d1c0f6a0b57",
]


@pytest.mark.parametrize("route", ROUTES)
async def test_a_brands_numbers_are_for_those_whose_token_reaches_it(world: World, route: str) -> None:
    path = f"/v1/brands/golfnet/{route}"
    for role in ("analyst", "lead", "admin", "spokesperson", "agent"):
        assert (await world.ask(path, token=world.issuer.token(role, ["golfnet", "vaart"]))).status_code == 200
        assert (await world.ask(path, token=world.issuer.token(role, ["vaart"]))).status_code == 403
    for role in ("trainee", "connector"):
        assert (await world.ask(path, token=world.issuer.token(role, ["golfnet"]))).status_code == 403
    assert (await world.client.get(path)).status_code == 401
