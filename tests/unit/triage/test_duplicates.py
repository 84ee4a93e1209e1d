"""Groups, suggestions and topics of many mentions at once."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

from services.triage.duplicates import Judged, judge
from services.triage.evaluate_pairs import OTHERS, UNAIDED, books, issues, mentions, scores
from services.triage.pair import compare, may_be_one
from services.triage.shown import Seen, seen

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def said(id: str, text: str, hours: float = 0, channel: str = "twitter", **author: Any) -> Seen:
    return seen(id=id, brand="loom", at=AT + timedelta(hours=hours), channel=channel, text=text, **author)


def decided(judged: Judged) -> dict[tuple[str, str], str]:
    return {(pair.a, pair.b): pair.decision for pair in judged.pairs}


TWEET = said("a", "mijn bank is er niet, bestelling LM-2617348", handle="tess_vdb", called="Tess")
MAIL = said("b", "lm 2617348: waar blijft de bank?", 3, "email", called="Tess van den Broek", email="tess@post.example")
FORM = said("c", "nog geen antwoord op mijn mail over de bank", 26, "webform", email="tess@post.example")


def test_what_is_linked_to_one_of_a_group_is_linked_to_all_of_it() -> None:
    found = judge([TWEET, MAIL, FORM])
    assert decided(found) == {("a", "b"): "link", ("a", "c"): "link", ("b", "c"): "link"}
    assert [reason.kind for pair in found.pairs if (pair.a, pair.b) == ("a", "c") for reason in pair.evidence][-1] == "group"


def test_no_chain_of_links_brings_together_what_is_apart() -> None:
    other = said("d", "Bestelling LM-2500011 is er ook niet", 27, "email", called="Tess van den Broek", email="tess@post.example")
    found = decided(judge([TWEET, MAIL, FORM, other]))
    assert found["a", "b"] == "link"
    assert "link" not in {found.get(pair) for pair in (("a", "d"), ("b", "d"))}
    assert not (found.get(("b", "c")) == "link" and found.get(("c", "d")) == "link")


def test_a_suggestion_is_one_with_the_whole_group() -> None:
    insta = said("e", "de bank kwam weer niet, nou nou", 8, "instagram", handle="tess.vandenbroek", called="tess")
    found = decided(judge([TWEET, MAIL, FORM, insta]))
    assert {pair: decision for pair, decision in found.items() if "e" in pair} == dict.fromkeys(
        [("a", "e"), ("b", "e"), ("e", "c")], "suggest"
    )


def test_a_number_that_many_name_links_nobody() -> None:
    for text in ("bel massaal 06-00000001 over de bank", "wij steunen Tess en haar bestelling LM-2617348"):
        many = [said(f"m{n}", text, n, "facebook", handle=f"user{n}{n}", called=f"Naam{n}") for n in range(8)]
        assert judge(many).pairs == []


def test_the_order_of_the_mentions_says_nothing() -> None:
    some = mentions(books())[:160]
    mixed = list(some)
    random.Random(7).shuffle(mixed)
    assert judge(mixed) == judge(some)
    assert judge([]) == Judged()


def test_brands_never_mix() -> None:
    assert judge([TWEET, replace(MAIL, brand="other")]).pairs == []


def test_pairs_make_issues() -> None:
    of = issues([frozenset("ab"), frozenset("cd"), frozenset("bc"), frozenset("ef")])
    assert len({of[one] for one in "abcd"}) == 1
    assert of["e"] == of["f"] != of["a"]


def test_the_development_set_is_judged_as_well_as_is_told() -> None:
    for lenses in (books(), {}):
        found = scores(judge(mentions(lenses)))
        assert found["links: precision"] >= 0.99
        assert found["links: recall of strong"] >= 0.95
        assert found["suggestions: precision"] >= 0.85
        assert found["suggestions: recall of weak"] >= 0.85
        assert found["different, linked"] == 0
        assert found["topics: recall of pairs"] >= 0.9


def test_of_many_namesakes_none_is_suggested() -> None:
    post = said("p", "weer geen bezorger gezien, de bank kwam niet", handle="tess_op_reis", called="Tess")
    mails = [
        said(f"m{n}", "de bezorger met mijn bank kwam niet", n + 1, "email", called=f"Tess {n}", email=f"tess{n}@post.example")
        for n in range(12)
    ]
    assert {pair.decision for pair in judge([post, mails[0]]).pairs} == {"suggest"}
    assert judge([post, *mails]).pairs == []


def test_in_a_topic_the_same_trouble_says_nothing() -> None:
    trouble = [
        said("t1", "storing in Dokkum, alles plat", handle="tess_reist", called="Tess"),
        said("t2", "Dokkum plat, geen internet meer", 1, "facebook", handle="joris.smit", called="Joris"),
        said("t3", "geen internet in Dokkum, al twee uur plat", 2, "email", called="T. Mulder", email="tm@post.example"),
    ]
    judged = judge(trouble)
    assert [topic.mentions for topic in judged.topics] == [("t1", "t2", "t3")]
    assert judged.pairs == []


def test_topics_of_other_brands_are_found_and_nothing_else_with_them() -> None:
    for folder, least in ((UNAIDED, 0.9), (OTHERS, 0.65)):
        found = scores(judge(mentions({}, folder)), folder)
        assert found["topics: recall of pairs"] >= least
        assert found["topics: precision of pairs"] >= 0.95
        assert found["links: precision"] >= 0.99


def test_an_outage_that_hundreds_report_is_one_topic_and_asks_about_nobody() -> None:
    places, faults = (
        ("Dokkum", "Sneek", "Bolsward", "Franeker"),
        ("internet ligt eruit", "geen wifi en geen tv", "alles plat, modem knippert rood"),
    )
    asks = ("wanneer doet het weer", "iemand een idee", "buren ook", "ik zit in een vergadering", "de kinderen vervelen zich")
    reports = []
    for n in range(240):
        name = ("Noor", "Daan", "Emma", "Teun", "Lotte")[n % 5]
        place = f" in {places[n % 4]}" if n % 3 else ""
        text = f"hier{place} {faults[n % 3 if n % 2 else n // 2 % 3]}, {asks[n // 5 % 5]}"
        channel = ("twitter", "facebook", "mastodon")[n // 5 % 3]
        reports.append(said(f"r{n:03}", text, n / 200, channel, handle=f"{name.lower()}_kijkt{n}", called=name))
    found = judge(reports)
    assert found.pairs == []
    assert max(len(topic.mentions) for topic in found.topics) > 200
    assert len(found.topics) <= 3


def test_what_is_not_compared_in_full_would_have_come_to_nothing() -> None:
    found = [seen for seen in mentions(books()) if seen.brand == "vaart"]
    passed_over = [(one, other) for one, other in combinations(found, 2) if not may_be_one(one, other)]
    assert len(passed_over) > len(found) * 20
    for one, other in passed_over:
        verdict = compare(one, other)
        assert (verdict.decision in (None, "apart"), verdict.follows) == (True, False), (one.id, other.id)
