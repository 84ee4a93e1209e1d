"""Quiet hours: what may leave when, by the clock of the brand's zone, whatever the hour and both changes of the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.brandbook import BrandBook
from services.responder import quiet
from services.responder.recipient import Recipient
from services.responder.reply import ReplyRow

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NIGHT = {"blocks": ["00:00-07:00", "22:00-24:00"]}


def book(*quiet_hours: dict[str, Any], **more: Any) -> BrandBook:
    return BrandBook.from_json(
        {"brand": "vaart", "name": "Vaart", "languages": ["nl"], "conduct": {"quiet_hours": list(quiet_hours)}, **more}
    )


def row(kind: str = "post", **more: Any) -> ReplyRow:
    return ReplyRow(
        id=uuid4(),
        kind=kind,
        brand="vaart",
        case_id=uuid4(),
        state="approved",
        text="Hoi",
        digest="d",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        language="nl",
        first_reply=False,
        recipient=Recipient(kind="account", value="hook"),
        **{"channel": "forum", "visibility": "public", **more},
    )


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-03-02T21:59", None),
        ("2026-03-02T22:00", "2026-03-03T07:00"),
        ("2026-03-02T23:59", "2026-03-03T07:00"),  # over midnight at once
        ("2026-03-03T06:59", "2026-03-03T07:00"),
        ("2026-03-03T07:00", None),
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # a night of eight hours that is seven
        ("2026-10-24T23:00", "2026-10-25T07:00"),  # and one that is nine
    ],
)
def test_a_post_waits_for_the_end_of_the_night(at: str, ends: str | None) -> None:
    assert quiet.ends(row(), book(NIGHT), local(at)) == (local(ends).astimezone(UTC) if ends else None)


@pytest.mark.parametrize(
    ("rule", "of", "waits"),
    [
        ({}, row(), True),
        ({}, row("reply"), False),  # somebody waits for it
        ({}, row("reply", update_id=uuid4()), True),
        ({"replies": True}, row("reply"), True),
        ({"channels": ["forum"]}, row(), True),
        ({"channels": ["x"]}, row(channel="twitter"), True),
        ({"channels": ["email"]}, row(), False),
        ({"visibility": "private"}, row(), False),
        ({"visibility": "public"}, row(), True),
        ({"days": ["sun"]}, row(), False),
        ({"days": ["mon"]}, row(), True),
    ],
)
def test_whom_the_hours_are_quiet_for(rule: dict[str, Any], of: ReplyRow, waits: bool) -> None:
    monday = local("2026-03-02T23:00")
    assert (quiet.ends(of, book({**NIGHT, **rule}), monday) is not None) == waits


def test_without_quiet_hours_nothing_waits() -> None:
    assert quiet.ends(row(), book(), local("2026-03-02T03:00")) is None


def test_hours_of_several_rules_that_meet_are_one_quiet() -> None:
    rules = ({"blocks": ["20:00-22:00"]}, {"blocks": ["21:30-23:00"]})
    assert quiet.ends(row(), book(*rules), local("2026-03-02T20:00")) == local("2026-03-02T23:00").astimezone(UTC)


def test_a_quiet_without_end_is_looked_at_again() -> None:
    at = local("2026-03-02T20:00")
    ends = quiet.ends(row(), book({"blocks": ["00:00-24:00"]}), at)
    assert ends is not None
    assert timedelta(days=8) <= ends - at < timedelta(days=9)


MINUTES = st.integers(0, 2 * 365 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(st.integers(0, 1438))
    end = draw(st.integers(start + 1, 1439))
    days = draw(st.sets(st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun")), min_size=1))
    return {"blocks": [f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"], "days": sorted(days)}


@given(
    st.lists(rules(), min_size=1, max_size=3),
    MINUTES,
    st.sampled_from(("Europe/Amsterdam", "UTC", "Australia/Lord_Howe", "America/St_Johns")),
)
def test_what_has_waited_waits_no_more_and_not_longer_than_it_had_to(found: list[dict[str, Any]], at: datetime, zone: str) -> None:
    given_book = book(*found, timezone=zone)
    ends = quiet.ends(row(), given_book, at)
    if ends is None:
        return
    assert at < ends < at + timedelta(days=2), "no block lasts till midnight, so that every quiet ends the same day"
    assert quiet.ends(row(), given_book, ends) is None
    for part in range(20):
        moment = at + (ends - at) * part / 20
        assert quiet.ends(row(), given_book, moment) == ends, "all of it is one quiet"


def test_a_post_without_a_moment_is_due_when_the_quiet_is_over() -> None:
    evening = row(approved_at=local("2026-03-02T23:00"))
    assert quiet.due(evening, book(NIGHT), local("2026-03-03T12:00")) == local("2026-03-03T07:00").astimezone(UTC)
    planned = row(publish_at=local("2026-03-05T12:00"), approved_at=local("2026-03-02T23:00"))
    assert quiet.due(planned, book(NIGHT), local("2026-03-03T12:00")) == local("2026-03-05T12:00")
