"""A signed link says what it was made to say, or nothing."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.stack import keys
from services.routing import links
from services.routing.links import Click, Forged, Links, NoKey, TooLong

KEY, OTHER = b"k" * 32, b"o" * 32
END = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def click(brand: str = "vaart", **data: str) -> Click:
    return Click(brand, "answer", UUID(int=7), "mk", END, data)


def token(made: Links, what: Click) -> str:
    return made.url(what).rpartition("/")[2]


@given(
    brand=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    purpose=st.text(min_size=1, max_size=20),
    member=st.text(min_size=1, max_size=30),
    subject=st.uuids(),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 - made aware below
    data=st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=3),
)
def test_what_goes_in_comes_out(brand: str, purpose: str, member: str, subject: UUID, at: datetime, data: dict[str, str]) -> None:
    made = Links([KEY], "https://care.example")
    mine = Click(brand, purpose, subject, member, at.replace(microsecond=0, tzinfo=UTC), data)
    assert made.read(token(made, mine)) == mine


@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_whoever_changes_any_of_it_holds_no_link(place: int, bit: int) -> None:
    made = Links([KEY], "")
    good = token(made, click(answer="yes"))
    place %= len(good)
    changed = good[:place] + chr(ord(good[place]) ^ (1 << bit)) + good[place + 1 :]
    try:
        assert made.read(changed) == click(answer="yes"), "the last character of base64 has bits that say nothing"
        assert place in (good.index(".") - 1, len(good) - 1)
    except Forged:
        pass


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_no_other_text_is_one(text: str) -> None:
    with pytest.raises(Forged):
        Links([KEY], "").read(text)
    with pytest.raises(Forged):
        Links([], "").read(text)


def test_a_signature_of_another_key_or_of_another_text_is_none() -> None:
    ours, theirs = Links([KEY], ""), Links([OTHER], "")
    with pytest.raises(Forged):
        ours.read(token(theirs, click()))
    swapped = token(ours, click("noord")).partition(".")[0] + "." + token(ours, click()).partition(".")[2]
    with pytest.raises(Forged):
        ours.read(swapped)


def test_links_hold_on_while_the_key_is_changed_and_not_after() -> None:
    before = token(Links([OTHER], ""), click())
    assert Links([KEY, OTHER], "").read(before) == click()
    assert token(Links([KEY, OTHER], ""), click()) == token(Links([KEY], ""), click()), "the first of the keys signs"
    with pytest.raises(Forged):
        Links([KEY], "").read(before)


def test_the_key_follows_from_the_platforms_own_where_none_is_set(tmp_path: Path) -> None:
    keys.ensure(tmp_path)
    pem = keys.signing_key(tmp_path)
    derived = links.keys_of(["", ""], pem)
    assert derived == links.keys_of(["", ""], pem)
    assert len(derived[0]) == 32
    assert links.keys_of(["x" * 32, ""], pem) != derived
    assert links.keys_of(["", ""], None) == []


def test_a_link_that_nobody_can_sign_or_that_is_too_long_is_refused() -> None:
    with pytest.raises(NoKey, match="WEERKLANK_ROUTING_LINK_KEY"):
        Links([], "").url(click())
    with pytest.raises(TooLong, match="at most 2000"):
        Links([KEY], "").url(click(much="x" * 2000))


def test_two_links_are_the_same_thing_to_do_whenever_they_end() -> None:
    later = Click("vaart", "answer", UUID(int=7), "mk", datetime(2027, 1, 1, tzinfo=UTC), {})
    assert links.key_of(click()) == links.key_of(later)
    assert links.key_of(click()) != links.key_of(click(answer="no"))
