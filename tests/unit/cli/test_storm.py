"""The storm of the demo: the same seed is the same storm, and a play of it holds what it promises."""

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from cli.demo import scenario
from cli.demo.outage import OUTAGE
from cli.demo.scenario import Storm, stamped
from cli.demo.standstill import STANDSTILL
from cli.demo.words import Words
from services.ingest.mention import MentionIn, normalise

NOW = datetime(2026, 11, 2, 19, 0, tzinfo=UTC)
BRANDS = {"vaart": (OUTAGE, "Vaart", "@vaartnl"), "kwartel": (STANDSTILL, "Kwartel", "@kwartelov")}


@pytest.fixture(scope="module", params=BRANDS)
def storm(request: pytest.FixtureRequest) -> Storm:
    return scenario.storm(7, *BRANDS[request.param])


def test_the_same_seed_is_the_same_storm_and_another_is_another(storm: Storm) -> None:
    again = [scenario.storm(7, *brand) for brand in BRANDS.values()]
    assert storm in again
    assert scenario.storm(8, *BRANDS["vaart"]) not in again


def test_there_are_as_many_of_each_role_as_promised_and_forty_pairs(storm: Storm) -> None:
    assert Counter(post.role for post in storm.posts) == scenario.SHARES
    assert len(storm.posts) == 1200
    assert len(storm.pairs) == 40


def test_the_first_hour_is_quiet_and_the_storm_rises_falls_and_ends_in_thanks(storm: Storm) -> None:
    assert all(earlier.at_s <= later.at_s for earlier, later in pairwise(storm.posts))
    assert storm.posts[0].at_s >= 0
    assert storm.posts[-1].at_s < scenario.QUIET_S + scenario.STORM_S
    quiet = [post for post in storm.posts if post.at_s < scenario.QUIET_S]
    assert {post.role for post in quiet} == {"everyday"}
    by_minute = Counter(int((post.at_s - scenario.QUIET_S) // 300) for post in storm.posts if post.at_s >= scenario.QUIET_S)
    assert by_minute[1] > 2 * len(quiet)
    assert by_minute[1] > by_minute[3] > by_minute[4]
    assert all(post.at_s >= scenario.REPAIRED_S for post in storm.posts if post.role == "thanks")


def test_an_hour_and_a_half_are_played_in_a_minute_and_faster_on_demand() -> None:
    assert scenario.played_s(0) == 0
    assert scenario.played_s(scenario.QUIET_S) == 10
    assert scenario.played_s(scenario.QUIET_S + scenario.STORM_S) == 60
    assert scenario.played_s(scenario.QUIET_S + scenario.STORM_S, speed=6) == 10
    for at_s in (0.0, 1234.0, 3600.0, 4444.0, 5400.0):
        assert scenario.scenario_s(scenario.played_s(at_s, 3), 3) == pytest.approx(at_s)


def test_a_report_is_in_words_that_nobody_else_used_and_from_somebody_else(storm: Storm) -> None:
    reports = [post for post in storm.posts if post.role == "report"]
    assert len({post.text for post in reports}) == len({post.person for post in reports}) == len(reports)
    assert len({post.base for post in storm.posts}) == len({post.person for post in storm.posts})


def test_the_two_of_a_pair_are_one_person_on_two_channels_and_the_second_can_be_told(storm: Storm) -> None:
    ways = Counter[str]()
    for a, b in storm.pairs:
        first, second = storm.posts[a], storm.posts[b]
        assert first.person == second.person
        assert first.channel != second.channel
        assert first.at_s < second.at_s
        one, other = stamped(first, "a1b2c3", NOW), stamped(second, "a1b2c3", NOW)
        identity = other["author"]["identities"][0]
        if identity["kind"] == "phone":
            shared = identity["value"] in re.sub(r"[^\d+]", "", one["text"])
        else:
            shared = identity["value"] in one["text"] or f"@{one['author']['identities'][0]['value']}" in other["text"]
        assert shared, (one, other)
        ways[identity["kind"] if f"@{one['author']['identities'][0]['value']}" not in other["text"] else "handle"] += 1
    assert set(ways) == {"phone", "email", "handle"}


def test_who_goes_on_does_so_in_their_own_thread(storm: Storm) -> None:
    for post in storm.posts:
        if post.role in ("angry", "thanks"):
            assert post.thread is not None
            first = storm.posts[post.thread]
            assert (first.role, first.person, first.channel) == ("report", post.person, post.channel)
            assert first.at_s < post.at_s
            thread = {"id": scenario.external_id("a1b2c3", first.number)}
            assert stamped(first, "a1b2c3", NOW)["thread"] == thread | {"in_reply_to": None}
            assert stamped(post, "a1b2c3", NOW)["thread"] == thread | {"in_reply_to": thread["id"]}


def test_every_post_is_a_mention_that_ingest_takes_and_leads_nowhere_real(storm: Storm) -> None:
    for post in storm.posts:
        body = stamped(post, "a1b2c3", NOW)
        mention = normalise(MentionIn.model_validate(body), "vaart", region="NL", now=NOW)
        assert mention.visibility == post.visibility
        assert not re.search(r"[{}]", mention.text + (mention.title or "")), "a place that was not filled"
        assert "http" not in mention.text
        written = f"{mention.text} {body['author']['identities'][0]['value']}"
        for host in re.findall(r"[\w-]+\.[a-z]{2,}(?![\w@.-])", written):
            assert host.endswith(".example"), host


def test_two_plays_of_one_storm_share_no_id_name_or_number(storm: Storm) -> None:
    def known(run: str) -> set[str]:
        bodies = [stamped(post, run, NOW) for post in storm.posts]
        return {body["external_id"] for body in bodies} | {body["author"]["identities"][0]["value"] for body in bodies}

    assert not known("a1b2c3") & known("0f9e8d")


@pytest.mark.parametrize("words", [OUTAGE, STANDSTILL], ids=["outage", "standstill"])
def test_words_name_only_places_that_the_scenario_fills(words: Words) -> None:
    known = {"at", "name", "place", "quarter", "since", "effect", "ask", "tag", "reach", "said"}
    for value in vars(words).values():
        for text in value if isinstance(value, tuple) else (value,):
            assert set(re.findall(r"\{(\w+)\}", text)) <= known, text
