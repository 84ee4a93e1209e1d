"""Which version a caller has read, by If-Match and If-None-Match."""

import pytest

from libs.common import conditions
from libs.common.errors import BadRequest, PreconditionRequired


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ('"7"', True),
        ("*", True),
        ('"6", "7"', True),
        ('"6","8" , "7"', True),
        ('"7.1f2e3d4c"', True),
        ('"7-gzip"', True),
        ('"7.1f2e3d4c-gzip"', True),
        ('"8"', False),
        ('"77"', False),
        ('""', False),
        ('W/"7"', False),  # If-Match compares strongly
        ('W/"7", "7"', True),
        ('"seven"', False),
    ],
)
def test_a_change_holds_for_the_versions_that_it_names(header: str, holds: bool) -> None:
    assert conditions.parse(header, "If-Match", weak=False).holds(7) is holds


@pytest.mark.parametrize("header", ["7", "", " ", '"7', '"7" "8"', "W/7", 'w/"7"', "é", '"7"x', ","])
def test_what_is_no_entity_tag_is_named(header: str) -> None:
    with pytest.raises(BadRequest, match="If-Match"):
        conditions.parse(header, "If-Match", weak=False)


def test_if_none_match_compares_weakly() -> None:
    assert conditions.parse('W/"7"', "If-None-Match", weak=True).holds(7)


def test_the_version_that_was_read_is_the_newest_that_is_named() -> None:
    assert conditions.parse('"3", "12.ab", "x", "99999999999999999999"', "If-Match", weak=False).read() == 12
    assert conditions.parse("*", "If-Match", weak=False).read() is None


async def test_without_a_version_the_remedy_is_told() -> None:
    with pytest.raises(PreconditionRequired, match="If-Match"):
        await conditions._required(None)
