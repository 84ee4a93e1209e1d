from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from libs.common.errors import Unprocessable
from services.analytics.asked import Period, dimensions, key_of, period

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ALLOWED = {"channel": "…", "day": "…", "hour": "…"}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, Period(NOW - timedelta(days=30), NOW)),
        (None, "2026-03-11T00:00:00Z", Period(datetime(2026, 2, 9, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC))),
        ("2026-03-01T00:00:00Z", None, Period(datetime(2026, 3, 1, tzinfo=UTC), NOW)),
        (
            "2026-03-29T00:00:00+01:00",
            "2026-03-30T00:00:00+02:00",
            Period(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        ),
        ("2025-02-24T00:00:00Z", "2026-03-31T00:00:00Z", Period(datetime(2025, 2, 24, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))),
    ],
)
def test_a_period_has_defaults_and_is_utc(start: str | None, end: str | None, expected: Period) -> None:
    assert period(_moment(start), _moment(end), NOW) == expected


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-03-02T00:00:00", None, "from needs Z or an offset"),
        (None, "2026-03-02T00:00:00", "to needs Z or an offset"),
        ("2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", "must be after"),
        ("2026-03-02T00:00:00Z", "2026-03-02T00:30:00+01:00", "must be after"),
        ("2026-04-02T00:00:00Z", None, "must be after"),
        ("2025-02-23T23:59:59Z", "2026-03-31T00:00:00Z", "at most 400 days"),
        ("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00Z", "outside the calendar|1972"),
        (None, "9999-12-31T23:59:59-01:00", "outside the calendar"),
        ("0999-01-01T00:00:00Z", "0999-01-02T00:00:00Z", "1972 or later"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused_with_a_reason(start: str | None, end: str | None, said: str) -> None:
    with pytest.raises(Unprocessable, match=said):
        period(_moment(start), _moment(end), NOW)


@pytest.mark.parametrize(
    ("by", "expected"),
    [(None, ()), ("", ()), ("day", ("day",)), ("day,channel", ("day", "channel")), (" channel , hour ", ("channel", "hour"))],
)
def test_dimensions_are_one_or_two_names(by: str | None, expected: tuple[str, ...]) -> None:
    assert dimensions(by, ALLOWED) == expected


@pytest.mark.parametrize("by", ["author", "channel,", "channel,channel", "channel,day,hour", "channel;drop table fact_mention", "Channel"])
def test_dimensions_that_are_not_known_are_refused_and_the_known_ones_named(by: str) -> None:
    with pytest.raises(Unprocessable, match="channel, day, hour") as refused:
        dimensions(by, ALLOWED)
    assert refused.value.more["allowed"] == ["channel", "day", "hour"]


@pytest.mark.parametrize(
    ("dimension", "value", "expected"),
    [
        ("hour", datetime(2026, 10, 25, 0, tzinfo=UTC), "2026-10-25T02:00+02:00"),
        ("hour", datetime(2026, 10, 25, 1, tzinfo=UTC), "2026-10-25T02:00+01:00"),
        ("day", datetime(2026, 10, 24, 22, tzinfo=UTC), "2026-10-25"),
        ("channel", "twitter", "twitter"),
        ("department", None, None),
    ],
)
def test_keys_read_in_the_time_of_the_brand(dimension: str, value: object, expected: str | None) -> None:
    assert key_of(dimension, value, AMSTERDAM) == expected


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
