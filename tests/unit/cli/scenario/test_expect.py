"""What is there against what was expected: the difference says where it is."""

from datetime import datetime
from typing import Any

import pytest

from cli.scenario.expect import differences


def never(text: str) -> datetime | None:
    return None


def ten_past(text: str) -> datetime | None:
    return datetime.fromisoformat("2026-03-26T09:10:00+00:00") if text == "10:10" else None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": None}, {}),
        ([1, {"b": 2}], [1, {"b": 2, "c": 3}]),
        ({"any": {"a": 1}}, [{"a": 0}, {"a": 1}]),
        ({"none": {"a": 2}}, [{"a": 0}, {"a": 1}]),
        ({"count": 2}, [1, 2]),
        ({"count": {"in": [1, 2]}}, [1, 2]),
        ({"not": 3}, 4),
        ({"contains": "b"}, "abc"),
        ({"in": ["x", "y"]}, "y"),
    ],
)
def test_as_expected(wanted: Any, found: Any) -> None:
    assert differences(wanted, found, never) == []


@pytest.mark.parametrize(
    ("wanted", "found", "says"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b is 2, not 1"),
        ({"a": 1}, {"c": 1}, "a is missing"),
        ([1], [1, 2], "has 2 items, not 1"),
        ({"x": [{"a": 1}]}, {"x": [{"a": 2}]}, "x[0].a is 2"),
        ({"any": 3}, [1, 2], "has no item"),
        ({"none": 1}, [1, 2], "which it must not"),
        ({"not": 4}, 4, "which it must not be"),
        ({"count": 1}, [1, 2], "has 2 items, not 1"),
        ({"a": "x"}, None, "not fields"),
        (True, 1.5, "is 1.5, not True"),
    ],
)
def test_otherwise_it_is_said_where(wanted: Any, found: Any, says: str) -> None:
    [said] = differences(wanted, found, never)
    assert says in said


def test_a_time_is_that_minute() -> None:
    assert differences("10:10", "2026-03-26T09:10:59+00:00", ten_past) == []
    assert differences("10:10", "2026-03-26T09:11:00+00:00", ten_past) != []
    assert differences("10:10", "2026-03-26T09:09:59+00:00", ten_past) != []
