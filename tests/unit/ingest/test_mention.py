"""What makes two messages one mention, how people are spelled, and what is refused. All examples are invented."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from libs.common.errors import Unprocessable
from services.ingest.mention import MAX_TEXT, MentionIn, field_problems, key_of, normalise

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def given(**changes: Any) -> dict[str, Any]:
    return {
        "channel": "mastodon",
        "external_id": "100",
        "author": {"name": "Noor", "identities": [{"kind": "handle", "value": "@Noor"}]},
        "text": "Waar blijft mijn pakket?",
        "posted_at": "2026-03-01T11:00:00Z",
    } | changes


def mention(brand: str = "vaart", **changes: Any) -> Any:
    return normalise(MentionIn.model_validate(given(**changes)), brand, region="NL", now=NOW)


def test_a_message_delivered_again_with_other_counts_and_words_is_the_same_mention() -> None:
    assert mention().id == mention(text="Waar blijft mijn pakket? (bewerkt)", engagement={"likes": 9}).id


@pytest.mark.parametrize("changes", [{"channel": "forum"}, {"external_id": "101"}, {"external_id": None}, {"brand": "other"}])
def test_another_brand_channel_or_external_id_is_another_mention(changes: dict[str, Any]) -> None:
    assert mention(**changes).id != mention().id


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"posted_at": "2026-03-01T12:00:00+01:00"}, True),
        ({"author": {"name": "N.", "identities": [{"kind": "handle", "value": "noor"}]}}, True),
        ({"posted_at": "2026-03-01T11:00:01Z"}, False),
        ({"text": "Waar blijft mijn pakket??"}, False),
        ({"author": {"identities": [{"kind": "handle", "value": "noortje"}]}}, False),
    ],
)
def test_without_an_external_id_author_time_and_text_are_the_message(changes: dict[str, Any], same: bool) -> None:
    assert (mention(external_id=None, **changes).id == mention(external_id=None).id) is same


def test_x_and_twitter_are_one_channel() -> None:
    assert mention(channel="X").id == mention(channel="twitter").id
    assert mention(channel="X").author.identities[0].channel == "twitter"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("email", " Noor.Post@Voorbeeld.example ", "noor.post@voorbeeld.example"),
        ("phone", "06 12345678", "+31612345678"),
        ("phone", "+32 470 12 34 56", "+32470123456"),
        ("handle", "@@Noor_Post", "noor_post"),
        ("handle", "@Noor@kwetter.example", "noor@kwetter.example"),
        ("id", "Ab-9", "Ab-9"),
    ],
)
def test_an_identity_has_one_spelling(kind: str, value: str, expected: str) -> None:
    found = mention(author={"identities": [{"kind": kind, "value": value}]}).author.identities[0]
    assert found.value == expected
    assert found.channel == (None if kind in ("email", "phone") else "mastodon")


def test_an_identity_given_twice_is_one() -> None:
    identities = [{"kind": "handle", "value": "@Noor"}, {"kind": "handle", "value": "noor", "channel": "mastodon"}]
    assert len(mention(author={"identities": identities}).author.identities) == 1


@pytest.mark.parametrize(
    ("kind", "value"), [("email", "noor"), ("email", "a@b@c"), ("phone", "12"), ("phone", "bel mij"), ("phone", "0" * 40), ("handle", "@@")]
)
def test_an_identity_that_cannot_be_one_is_refused_by_name_and_without_its_value(kind: str, value: str) -> None:
    with pytest.raises(Unprocessable) as error:
        mention(author={"identities": [{"kind": kind, "value": value}]})
    assert kind in error.value.detail
    assert value not in error.value.detail


def test_the_key_is_the_brand_and_the_identity_that_was_written_with() -> None:
    assert key_of(mention()) == "vaart/handle:mastodon:noor"
    assert key_of(mention(author={"identities": [{"kind": "email", "value": "N@v.example"}]})) == "vaart/email::n@v.example"


def test_text_is_cleaned_of_what_no_screen_shows_and_keeps_the_rest() -> None:
    assert mention(text="a\x00\udc00b\x1b\r\nc\td 👩‍👧 é").text == "ab\nc\td 👩‍👧 é"


def test_a_clock_that_is_a_day_ahead_is_forgiven_and_more_is_not() -> None:
    assert mention(posted_at=NOW + timedelta(hours=23)).posted_at == NOW + timedelta(hours=23)
    with pytest.raises(Unprocessable, match="posted_at"):
        mention(posted_at=NOW + timedelta(days=1, seconds=1))


def test_clocks_start_when_we_had_it() -> None:
    assert mention().received_at == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "6f0c5c1e-5d4d-5b8e-9a55-7d1c0f6a0b57"},
        {"brand": "other"},
        {"received_at": "2020-01-01T00:00:00Z"},
        {"historic": True},
        {"import_id": "mine"},
        {"author": {"identities": [], "name": "x"}},
        {"author": {"identities": [{"kind": "handle", "value": f"h{n}"} for n in range(11)]}},
        {"author": {"identities": [{"kind": "bsn", "value": "1"}]}},
        {"external_id": "a\x1fb"},
        {"external_id": ""},
        {"external_id": "a" * 501},
        {"channel": "a b"},
        {"channel": ""},
        {"text": "a" * (MAX_TEXT + 1)},
        {"text": " \ud800 "},
        {"external_id": "\ud800"},
        {"text": " \x00 "},
        {"text": None},
        {"posted_at": "2026-03-01T11:00:00"},
        {"posted_at": "0001-01-01T00:00:00+14:00"},
        {"posted_at": "9999-12-31T23:59:59-14:00"},
        {"posted_at": "yesterday"},
        {"posted_at": 0},
        {"posted_at": 1772362800.5},
        {"url": "javascript:alert(1)"},
        {"url": "https://"},
        {"visibility": "secret"},
        {"engagement": {"likes": -1}},
        {"engagement": {"likes": 10**30}},
        {"attachments": [{"name": "a", "media_type": "image/png", "bytes": 1}] * 51},
        {"thread": {"id": "a\x00"}},
    ],
)
def test_what_is_not_a_senders_to_say_or_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as error:
        MentionIn.model_validate(given(**changes))
    assert field_problems(error.value)[0]["message"]


def test_an_attachment_or_a_title_alone_says_something() -> None:
    assert mention(text="", title="Kapot").title == "Kapot"
    assert mention(text="", attachments=[{"name": "foto.jpg", "media_type": "image/jpeg", "bytes": 10}]).text == ""
