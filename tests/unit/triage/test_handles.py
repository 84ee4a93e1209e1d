"""A handle without its @ is its writer's where the words beside it say so."""

import pytest

from services.triage.handles import named_handles, own_handles

NAMED = [
    "ik ben koper_88 op Twitter", "(koper_88, dat ben ik)", "op X heet ik koper_88", "mijn twitteraccount is koper_88", "I am koper_88 on Twitter",
    "my handle is koper_88", "zie mijn tweet als koper_88", "onder de naam koper_88 op twitter", "via Twitter (koper_88)", "Twitternaam: koper_88",
    "koper_88 = ik, op X", "I tweeted as koper_88", "ik stuurde een DM vanaf koper_88", "my X account koper_88", "insta koper_88",
    "gebruikersnaam koper_88", "username koper_88", "Koper_88 op twitter ben ik", "twitter.com/koper_88", "https://x.com/koper_88/status/18273645",
    "also posted under koper_88", "mijn profiel 'koper_88'", "See my tweet (koper_88)", "Username on your forum: koper_88", "op jullie forum als koper_88",
    "mastodon: koper_88", "nickname koper_88 op het forum", "ik twitterde als koper_88", "instagram.com/koper_88/", "bluesky koper_88",
    "Mijn Facebooknaam: koper_88",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMED)
def test_a_handle_may_be_named_without_its_sign(text: str) -> None:
    assert "koper_88" in list(named_handles(f"Waar blijft mijn lamp? {text}.", private=True))


@pytest.mark.parametrize(
    "text",
    [
        "mijn zus (koper_88 op twitter) heeft dat ook",
        "ik las op twitter het bericht van koper_88",
        "My flatmate is koper_88 on Twitter",
        "net als koper_88 op X",
        "ik kan niet inloggen op mijn account sinds gisteren",
        "als klant ben ik Theo",
        "ordernummer koper_88",
    ],
)
def test_another_ones_is_not(text: str) -> None:
    assert "koper_88" not in list(named_handles(text, private=True))
    assert "sinds" not in list(named_handles(text, private=True))
    assert "theo" not in list(named_handles(text, private=True))


def test_among_others_only_where_the_writer_says_that_it_is_theirs() -> None:
    assert list(named_handles("koper_88 op twitter, dat is me er een", private=False)) == []
    assert list(named_handles("ik ben koper_88 op twitter", private=False)) == ["koper_88"]


def test_jullie_before_a_handle_is_the_brands_and_not_where_its_writer_says_what_they_did() -> None:
    assert list(own_handles("jullie account @koper_88 antwoordt niet", private=True)) == []
    assert list(own_handles("ik heb jullie ook getweet, @koper_88", private=True)) == ["koper_88"]


def test_a_handle_with_its_server_is_one() -> None:
    assert list(own_handles("zie @koper@fedi.example", private=True)) == ["koper@fedi.example"]
