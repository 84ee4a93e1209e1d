"""Opening hours as a clock, across lunch, nights, weekends, holidays and changes of the clock."""

import time
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.brandbook import BrandBook
from libs.common.hours import Block, Calendar, HoursError, Span, parse_block, parse_span

TODAY = date(2026, 1, 1)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def calendar(hours: dict[str, object], timezone: str = "Europe/Amsterdam") -> Calendar:
    book = BrandBook.model_validate({"brand": "a", "name": "A", "languages": ["nl"], "hours": hours, "timezone": timezone})
    return Calendar.of(book)


def local(text: str, zone: ZoneInfo = AMSTERDAM) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


SHOP = calendar(
    {
        "mon-fri": ["08:00-22:00"],
        "sat": ["09:00-13:00", "14:00-17:00"],
        "exceptions": [
            {"date": "2026-12-24", "blocks": ["08:00-18:00"]},
            {"date": "2026-12-26", "blocks": ["10:00-12:00"]},  # open on a holiday
            {"date": "2026-06-10", "blocks": []},  # closed on a Wednesday
        ],
    }
)
ALWAYS = calendar({"mon-sun": ["00:00-24:00"], "holidays": {"closed": False}})
NIGHTS = calendar({"mon-sun": ["00:00-06:00", "22:00-24:00"], "holidays": {"closed": False}})


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        # a plain day
        ("2026-06-08T10:00", "30m", "2026-06-08T10:30"),
        ("2026-06-08T21:30", "30m", "2026-06-08T22:00"),  # ends exactly at closing time
        ("2026-06-08T21:45", "30m", "2026-06-09T08:15"),
        ("2026-06-08T10:00", "14h", "2026-06-09T10:00"),
        # outside hours: from the next opening
        ("2026-06-08T22:00", "30m", "2026-06-09T08:30"),
        ("2026-06-08T05:00", "30m", "2026-06-08T08:30"),
        ("2026-06-07T12:00", "4h", "2026-06-08T12:00"),
        # lunch on Saturday, then the weekend
        ("2026-06-06T12:45", "30m", "2026-06-06T14:15"),
        ("2026-06-06T13:30", "30m", "2026-06-06T14:30"),
        ("2026-06-06T16:00", "2h", "2026-06-08T09:00"),
        # an exception closes Wednesday
        ("2026-06-09T21:50", "30m", "2026-06-11T08:20"),
        # Koningsdag (Monday 27 April 2026) is closed
        ("2026-04-25T16:50", "30m", "2026-04-28T08:20"),
        ("2026-04-27T10:00", "1h", "2026-04-28T09:00"),
        # Christmas: short Thursday 24th, closed Friday 25th, an exception opens Saturday 26th
        ("2026-12-24T17:30", "1h", "2026-12-26T10:30"),
        ("2026-12-24T17:30", "3h", "2026-12-28T08:30"),
        # days: the same local time on the Nth open day
        ("2026-06-08T10:00", "1d", "2026-06-09T10:00"),
        ("2026-06-08T10:00", "2d", "2026-06-11T10:00"),
        ("2026-06-05T20:00", "1d", "2026-06-06T17:00"),  # after the last block: its end
        ("2026-06-05T08:30", "1d", "2026-06-06T09:00"),  # before the first: its start
        ("2026-06-05T13:30", "1d", "2026-06-06T14:00"),  # within lunch: its end
        ("2026-06-06T12:00", "1d", "2026-06-08T12:00"),
        ("2026-06-06T23:00", "1d", "2026-06-09T08:00"),  # counts from Monday's opening
        ("2026-04-24T10:00", "2d", "2026-04-28T10:00"),  # Saturday, then Tuesday after Koningsdag
        ("2026-12-23T19:00", "1d", "2026-12-24T18:00"),
        ("2026-12-24T11:00", "2d", "2026-12-28T11:00"),
        # a change of the clock lies in the night between: the local time stays
        ("2026-03-28T16:30", "1h", "2026-03-30T08:30"),
        ("2026-03-28T16:30", "1d", "2026-03-30T16:30"),
        ("2026-10-24T16:30", "1d", "2026-10-26T16:30"),
    ],
)
def test_a_target_counts_opening_time(start: str, span: str, due: str) -> None:
    found = SHOP.add(local(start), parse_span(span))
    assert found.astimezone(AMSTERDAM) == local(due)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        ("2026-03-28T23:00", "4h", "2026-03-29T04:00"),  # 02:00 to 03:00 does not exist
        ("2026-10-24T23:00", "4h", "2026-10-25T02:00+01:00"),  # 02:00 to 03:00 happens twice
        ("2026-03-28T12:00", "1d", "2026-03-29T12:00"),  # 23 hours
        ("2026-03-28T02:30", "1d", "2026-03-29T03:30"),  # a time that is skipped
        ("2026-12-24T23:30", "24h", "2026-12-25T23:30"),
        ("2026-06-08T10:00", "400d", "2027-07-13T10:00"),
    ],
)
def test_a_brand_that_never_closes_counts_real_time(start: str, span: str, due: str) -> None:
    expected = datetime.fromisoformat(due)
    expected = expected if expected.tzinfo else expected.replace(tzinfo=AMSTERDAM)
    assert ALWAYS.add(local(start), parse_span(span)) == expected.astimezone(UTC)


def test_a_block_over_a_change_of_the_clock_has_the_hours_that_there_are() -> None:
    for night, hours in (("2026-03-29", 5), ("2026-10-25", 7), ("2026-06-07", 6)):
        midnight = local(f"{night}T00:00")
        assert NIGHTS.between(midnight, local(f"{night}T12:00")) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "night", "hours"),
    [
        ("America/Santiago", "2026-09-06", 23),  # midnight itself is skipped
        ("America/Havana", "2026-11-01", 25),  # midnight happens twice
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, night: str, hours: float) -> None:
    always = calendar({"mon-sun": ["00:00-24:00"], "holidays": {"closed": False}}, zone)
    day = date.fromisoformat(night)
    noon_before = local(f"{day - timedelta(days=1)}T12:00", ZoneInfo(zone))
    noon_after = local(f"{day + timedelta(days=1)}T12:00", ZoneInfo(zone))
    assert always.between(noon_before, noon_after) == timedelta(hours=24 + hours)
    assert always.is_open(local(f"{night}T00:00", ZoneInfo(zone)))


def test_a_break_that_the_clock_skips_does_not_count_twice() -> None:
    odd = calendar({"sun": ["01:00-02:45", "03:00-05:00"]})
    assert odd.between(local("2026-03-29T00:00"), local("2026-03-29T12:00")) == timedelta(hours=3)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-06-06T08:59:59", False),
        ("2026-06-06T09:00:00", True),
        ("2026-06-06T12:59:59", True),
        ("2026-06-06T13:00:00", False),
        ("2026-06-06T14:00:00", True),
        ("2026-06-06T17:00:00", False),
        ("2026-06-07T12:00:00", False),
        ("2026-04-27T12:00:00", False),
        ("2026-12-25T12:00:00", False),
        ("2026-12-26T11:00:00", True),
        ("2026-12-26T12:30:00", False),
        ("2026-06-10T12:00:00", False),
    ],
)
def test_open_holds_the_first_moment_of_a_block_and_not_its_last(at: str, is_open: bool) -> None:
    assert SHOP.is_open(local(at)) is is_open


@pytest.mark.parametrize(
    ("at", "opens", "closes"),
    [
        ("2026-06-06T10:00", "2026-06-06T10:00", "2026-06-06T17:00"),
        ("2026-06-06T13:10", "2026-06-06T14:00", "2026-06-06T17:00"),
        ("2026-06-06T17:00", "2026-06-08T08:00", "2026-06-08T22:00"),
        ("2026-06-09T23:00", "2026-06-11T08:00", "2026-06-11T22:00"),
        ("2026-12-24T19:00", "2026-12-26T10:00", "2026-12-26T12:00"),
    ],
)
def test_the_next_opening_and_the_end_of_the_day(at: str, opens: str, closes: str) -> None:
    assert SHOP.next_open(local(at)) == local(opens)
    assert SHOP.closing(local(at)) == local(closes)


@pytest.mark.parametrize(
    ("a", "b", "minutes"),
    [
        ("2026-06-08T10:00", "2026-06-08T10:30", 30),
        ("2026-06-06T12:30", "2026-06-06T14:30", 60),
        ("2026-06-05T21:00", "2026-06-08T09:00", 60 + 7 * 60 + 60),
        ("2026-06-07T00:00", "2026-06-08T00:00", 0),
        ("2026-12-24T00:00", "2026-12-27T00:00", 10 * 60 + 2 * 60),
        ("2026-06-08T10:30", "2026-06-08T10:00", -30),
    ],
)
def test_between_counts_opening_time_only(a: str, b: str, minutes: int) -> None:
    assert SHOP.between(local(a), local(b)) == timedelta(minutes=minutes)


def test_holidays_can_be_open() -> None:
    hours = {"mon-fri": ["08:00-22:00"], "holidays": {"country": "NL", "closed": False}}
    assert calendar(hours).is_open(local("2026-04-27T12:00"))
    assert calendar(hours).is_holiday(date(2026, 4, 27))


def test_holidays_are_those_of_the_brands_country_and_region() -> None:
    bavaria = calendar({"mon-fri": ["08:00-22:00"], "holidays": {"country": "DE", "region": "BY"}}, "Europe/Berlin")
    berlin = calendar({"mon-fri": ["08:00-22:00"], "holidays": {"country": "DE", "region": "BE"}}, "Europe/Berlin")
    epiphany = local("2026-01-06T12:00", ZoneInfo("Europe/Berlin"))
    assert not bavaria.is_open(epiphany)
    assert berlin.is_open(epiphany)
    assert bavaria.is_open(local("2026-04-27T12:00", ZoneInfo("Europe/Berlin")))


@pytest.mark.parametrize("hours", [{"mon-sun": []}, {"mon": [], "exceptions": [{"date": "2025-12-31", "blocks": ["09:00-17:00"]}]}])
def test_a_brand_that_never_opens_is_told_from_one_that_does(hours: dict[str, object]) -> None:
    assert not calendar(hours).ever_opens(TODAY)
    assert SHOP.ever_opens(TODAY)


def test_a_brand_that_opens_on_a_few_dates_runs_out_of_them_with_a_clear_error() -> None:
    fair = calendar({"mon": [], "exceptions": [{"date": "2026-06-06", "blocks": ["09:00-17:00"]}]})
    assert fair.add(local("2026-05-01T00:00"), Span(8, "h")) == local("2026-06-06T17:00")
    with pytest.raises(HoursError, match="not open in the two years after"):
        fair.closing(local("2026-06-07T00:00"))
    with pytest.raises(HoursError, match="not open in the two years after"):
        fair.add(local("2026-06-07T00:00"), Span(1, "m"))
    for span in (Span(2, "h"), Span(1, "d")):
        with pytest.raises(HoursError, match=f"{span} of opening time take more than the two years after 2026-06-06"):
            fair.add(local("2026-06-06T16:00"), span)


@pytest.mark.parametrize("span", [Span(876_600, "h"), Span(36_525, "d")])
def test_no_span_is_looked_for_beyond_two_years(span: Span) -> None:
    minute = calendar({"mon": ["09:00-09:01"]})
    with pytest.raises(HoursError, match="more than the two years"):
        minute.add(local("2026-06-01T00:00"), span)
    assert max(minute._days) < date(2028, 6, 3)


def test_moments_without_a_zone_and_years_are_refused() -> None:
    with pytest.raises(HoursError, match="time zone"):
        SHOP.is_open(datetime(2026, 6, 8, 10))  # noqa: DTZ001
    with pytest.raises(HoursError, match="5y"):
        SHOP.add(local("2026-06-08T10:00"), Span(5, "y"))


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]))  # noqa: DTZ001
SPANS = st.one_of(
    st.builds(Span, st.integers(1, 5000), st.just("m")),
    st.builds(Span, st.integers(1, 200), st.just("h")),
)


@settings(max_examples=300, deadline=None)
@given(start=MOMENTS, span=SPANS, brand=st.sampled_from([SHOP, ALWAYS, NIGHTS]))
def test_the_opening_time_until_something_is_due_is_what_it_may_take(start: datetime, span: Span, brand: Calendar) -> None:
    due = brand.add(start, span)
    assert brand.between(start, due) == span.elapsed()
    assert brand.between(due, start) == -span.elapsed()


@settings(max_examples=200, deadline=None)
@given(start=MOMENTS, earlier=st.timedeltas(timedelta(), timedelta(days=9)), days=st.integers(1, 30))
def test_days_are_due_in_opening_time_and_never_earlier_for_a_later_start(start: datetime, earlier: timedelta, days: int) -> None:
    due = SHOP.add(start, Span(days, "d"))
    assert SHOP.is_open(due) or SHOP.is_open(due - timedelta(microseconds=1))
    assert SHOP.add(start - earlier, Span(days, "d")) <= due


def test_five_thousand_due_times_take_less_than_a_second() -> None:
    starts = [local("2026-06-01T00:00") + timedelta(minutes=7 * n) for n in range(5000)]
    spans = [Span(30, "m"), Span(4, "h"), Span(2, "d")]
    began = time.process_time()
    for n, start in enumerate(starts):
        SHOP.add(start, spans[n % 3])
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("text", "span", "elapsed"),
    [
        ("30m", Span(30, "m"), timedelta(minutes=30)),
        ("4h", Span(4, "h"), timedelta(hours=4)),
        ("2d", Span(2, "d"), timedelta(days=2)),
        ("400d", Span(400, "d"), timedelta(days=400)),
        ("5y", Span(5, "y"), timedelta(days=5 * 365)),
    ],
)
def test_a_duration_is_read_and_written_as_people_do(text: str, span: Span, elapsed: timedelta) -> None:
    assert parse_span(text) == span
    assert str(span) == text
    assert span.elapsed() == elapsed


@pytest.mark.parametrize("text", ["", "30", "m", "0m", "-1d", "1.5h", "1w", "30 m", "1h30m", "101y", "9999999999d", "٣d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(HoursError, match="duration"):
        parse_span(text)


def test_a_block_is_read_and_written_as_people_do() -> None:
    assert parse_block("00:00-24:00") == Block(0, 1440)
    assert str(parse_block("9:05 - 17:30")) == "09:05-17:30"


@pytest.mark.parametrize(
    "text", ["", "09:00", "09:00-09:00", "17:00-09:00", "22:00-02:00", "09:60-10:00", "09:00-24:01", "24:00-24:00", "9-17"]
)
def test_what_is_no_block_is_refused(text: str) -> None:
    with pytest.raises(HoursError):
        parse_block(text)
