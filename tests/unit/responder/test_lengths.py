"""Length in a channel's own way of counting. The Twitter rows follow twitter-text's configuration 3, Mastodon's its validator."""

import pytest

from libs.common.brandbook import BrandBook
from services.responder.lengths import excess, family, length, limit

FAMILY = "👨‍👩‍👧‍👦"


def book(**limits: int) -> BrandBook:
    return BrandBook.model_validate({"brand": "vaart", "name": "Vaart", "languages": ["nl"], "conduct": {"limits": limits}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("Dit is een test.", 16),
        ("http://test.com", 23),
        ("https://vaart.example/een/heel/lange/weg/naar/een/pagina?met=veel&meer=erachter", 23),
        ("test.com", 23),
        ("Test https://test.com test https://test.com test.com test", 86),
        ("Kijk op https://vaart.example/storing.", 8 + 23 + 1),
        ("(zie https://vaart.example/storing)", 5 + 23 + 1),
        ("mail naar klant@vaart.example", 29),
        ("Prima.Dankjewel", 15),
        ("é", 1),
        ("e\u0301", 1),
        ("ø“”‘’–—", 7),
        ("…", 2),
        ("€", 2),
        ("저찀", 4),
        ("\U00010000", 2),
        ("🐱", 2),
        ("☺", 2),
        ("☺️", 2),
        (FAMILY, 2),
        ("👍🏽", 2),
        ("🇳🇱", 2),
        ("🏴󠁧󠁢󠁷󠁬󠁳󠁿", 2),
        ("1️⃣", 2),
        ("1", 1),
        ("©", 1),
        ("H🐱☺", 5),
        ("a\nb", 3),
        # What X links, by the rules of twitter-text: labels of a host, what may stand around it, where a path ends.
        ("http://localhost", 16),
        ("http://vaart_net.nl", 19),
        ("http://-vaart.nl", 16),
        ("http://vaart-.nl", 16),
        (f"http://{'v' * 64}.nl", 7 + 64 + 3),
        (f"{'v' * 64}.nl", 67),
        (f"http://{'v' * 63}.nl", 23),
        ("VÓÓR.nl", 23),
        ("$http://vaart.nl", 16),
        ("gs.nl@vaart.net", 15),
        ("http://vaart.nl/wifi_(thuis)", 23),
        ("http://vaart.nl/wifi_(thuis", 23 + 6),
        ("(http://vaart.nl/wifi)", 25),
        ("http://vaart.nl/a- b", 25),
        ("vaart.nlこれは", 23 + 6),
        ("http://vaart.nl/a中国", 23 + 4),
    ],
)
def test_twitter_weighs_characters_and_counts_links_as_23(text: str, expected: int) -> None:
    assert length("twitter", text) == expected
    assert length("x", text) == expected


@pytest.mark.parametrize(
    ("channel", "text", "expected"),
    [
        ("mastodon", "@sanne@sociaal.example hoi", len("@sanne hoi")),
        ("mastodon", "zie https://vaart.example/" + "x" * 100, 4 + 23),
        ("mastodon", "vaart.example", 13),
        ("mastodon", FAMILY, 1),
        ("bluesky", FAMILY * 3, 3),
        ("bluesky", "https://vaart.example", 21),
        ("bluesky", "e\u0301", 1),
        ("instagram", "héé", 3),
        ("facebook", "x" * 9, 9),
        ("google", "é", 2),
        ("trustpilot", "é", 1),
        ("email", "x" * 100_000, 100_000),
        ("sms", "", 0),
        ("sms", "a" * 160, 1),
        ("sms", "a" * 161, 2),
        ("sms", "a" * 306, 2),
        ("sms", "a" * 307, 3),
        ("sms", "€" * 80, 1),
        ("sms", "€" * 81, 2),
        ("sms", "a" * 152 + "€" + "a" * 153, 3),
        ("sms", "ê" * 70, 1),
        ("sms", "ê" * 71, 2),
        ("sms", "🙂" * 35, 1),
        ("sms", "🙂" * 36, 2),
        ("sms", "ê" + "🙂" * 66, 2),
    ],
)
def test_every_channel_counts_in_its_own_way(channel: str, text: str, expected: int) -> None:
    assert length(channel, text) == expected


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("twitter", 280),
        ("x", 280),
        ("mastodon", 500),
        ("bluesky", 300),
        ("instagram", 2200),
        ("facebook", 8000),
        ("trustpilot", 4096),
        ("google", 4096),
        ("sms", 10),
        ("email", None),
        ("imap", None),
        ("forum", None),
    ],
)
def test_limits_of_the_channels(channel: str, expected: int | None) -> None:
    assert limit(channel, book()) == expected


def test_the_brand_book_goes_before_a_channels_limit_under_either_name() -> None:
    assert limit("x", book(twitter=140)) == 140
    assert limit("twitter", book(twitter=140)) == 140
    assert excess("twitter", "a" * 141, book(twitter=140)) == 1


def test_a_direct_message_has_its_own_limit() -> None:
    assert limit("twitter", book(twitter=140), "private") == 10_000
    assert excess("twitter", "a" * 400, book(), "private") == 0
    assert length("instagram", "é", "private") == 2


def test_a_text_at_the_limit_fits_and_one_more_does_not() -> None:
    assert excess("twitter", "a" * 280, book()) == 0
    assert excess("twitter", "a" * 281, book()) == 1
    assert excess("email", "a" * 1_000_000, book()) == 0


def test_bluesky_refuses_by_bytes_too() -> None:
    assert length("bluesky", FAMILY * 200) == 200
    assert excess("bluesky", FAMILY * 200, book()) == 200  # 5,000 bytes of the 3,000


def test_a_family_is_one_name_for_a_kind_of_channel() -> None:
    assert [family(c) for c in ("X", "imap", "smtp", "google_reviews", "Forum ")] == [
        "twitter", "email", "email", "google", "forum",
    ]  # fmt: skip
