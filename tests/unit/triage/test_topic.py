"""Different people with one event, or one text: a topic, and nobody's duplicates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from services.triage import topic
from services.triage.heard import Heard
from services.triage.pair import compare
from services.triage.shown import Seen, seen
from services.triage.topic_look import Watch

AT = datetime(2026, 3, 2, 19, 30, tzinfo=UTC)
LIKE = np.eye(512, dtype=np.float32)[0]
"""One meaning for all who have it."""
VIRAL = "LET OP!! Loom gaat vanaf januari vijf euro per retour vragen en niemand heeft het erover. Kopieer en plak dit op je pagina."


def said(text: str, who: str, minutes: float = 0, channel: str = "twitter") -> Seen:
    at = AT + timedelta(minutes=minutes)
    return seen(id=f"{who} {minutes}", brand="loom", at=at, channel=channel, text=text, handle=who, called=who.title())


OUTAGE = [
    said("@loom storing in Dokkum? alles plat", "tess"),
    said("Hier in Dokkum ook geen internet meer", "joris", 5, "facebook"),
    said("Dokkum ligt eruit, modem knippert oranje", "kabelgek", 20, "forum"),
    said("is er storing in dokkum? wij hebben niks meer", "hanna", 25, "mastodon"),
]


def joined(mentions: list[Seen]) -> list[set[str]]:
    """The topics of mentions in the order of time."""
    of: dict[str, str] = {}
    for place, one in enumerate(mentions):
        found = topic.join(one, [(other, of.get(other.id)) for other in mentions[:place]])
        if found is not None:
            of |= dict.fromkeys([one.id, *found.others], found.topic or one.id)
    return [{id for id, name in of.items() if name == topic} for topic in dict.fromkeys(of.values())]


def test_three_people_with_the_same_trouble_open_a_topic_that_others_join() -> None:
    assert joined(OUTAGE[:2]) == []
    assert joined(OUTAGE[:3]) == [{one.id for one in OUTAGE[:3]}]
    assert joined(OUTAGE) == [{one.id for one in OUTAGE}]


def test_they_are_nobodys_duplicates() -> None:
    assert {compare(one, other).decision for one in OUTAGE for other in OUTAGE if one is not other} <= {None, "apart"}


def test_one_person_who_reports_it_three_times_opens_none() -> None:
    assert joined([said("storing in Dokkum", "tess", minutes) for minutes in (0, 10, 20)]) == []


def test_the_same_trouble_the_next_day_is_another() -> None:
    assert joined([*OUTAGE[:2], said("Dokkum ligt eruit", "kabelgek", 60 * 30)]) == []


def test_a_shared_code_is_enough_in_any_language() -> None:
    assert (
        len(
            joined(
                [
                    said("app eruit? BR-503", "tess"),
                    said("app down, error BR-503", "joris", 9),
                    said("kan niet betalen, BR-503", "hanna", 30),
                ]
            )
        )
        == 1
    )


def test_a_word_that_a_brand_hears_every_day_makes_no_topic() -> None:
    quiet = [said("mijn zeilboot is kapot", f"{who}", 60 * 24 * day) for day, who in enumerate(("a1", "b2", "c3", "d4", "e5", "f6"))]
    common = Heard(quiet).everyday
    assert "zeilbo" in common
    assert topic.shared(said("zeilboot kapot", "tess"), said("zeilboot kapot", "joris", 5), common) is None


def test_a_copied_text_is_a_topic_of_two_whatever_stands_around_it() -> None:
    copies = [
        said(VIRAL, "ria", 0, "facebook"),
        said(f"Van een vriendin: {VIRAL}", "wim", 300),
        said(f"{VIRAL} Klopt dit?", "els", 900, "facebook"),
    ]
    assert joined(copies[:2]) == [{one.id for one in copies[:2]}]
    assert joined(copies) == [{one.id for one in copies}]
    assert joined([said("nog steeds geen internet hier", "ria"), said("nog steeds geen internet hier", "wim", 600)]) == []


def test_one_person_who_posts_a_text_twice_is_no_topic() -> None:
    assert topic.shared(said(VIRAL, "ria"), said(VIRAL, "ria", 5, "facebook")) is None
    assert topic.shared(said(VIRAL, "ria"), replace(said(VIRAL, "wim"), brand="other")) is None


SITE = [
    said("Wachtrij van 14.000 mensen bij @loom en dan eruit gegooid", "tess"),
    said("site down precies als de uitverkoop begint", "joris", 4, "instagram"),
    said("Loom ligt plat?? mandje leeg, alles weg", "hanna", 8, "facebook"),
    said("Anyone else get a 503 at checkout? Been trying since eight", "ben", 14),
]
PAYING = [
    said("kan niet inloggen in de app", "tess"),
    said("app ligt eruit, sta bij de kassa", "joris", 4, "instagram"),
    said("Your app is down again", "ben", 9),
]


def test_one_outage_in_other_words_is_a_topic() -> None:
    for reports in (SITE, PAYING):
        assert joined(reports) == [{one.id for one in reports}]


def test_reports_of_two_services_or_hours_apart_are_not_one() -> None:
    assert joined([SITE[1], said("tv ligt eruit", "joris", 5), said("geen stroom in de straat", "hanna", 9)]) == []
    assert joined([SITE[1], said("site ligt plat", "joris", 200), said("is de site down?", "hanna", 400)]) == []


def test_complaints_that_have_nothing_in_common_are_no_topic() -> None:
    texts = (
        "mijn pakket is nog niet bezorgd", "Mijn app doet het niet op een oude telefoon", "Ik kan niet inloggen, wachtwoord vergeten",
        "hoe haal ik de vlek eruit?",
        "Het rode lampje van mijn modem brandt", "mijn wasmachine geeft een storing E20", "Kan niet betalen met mijn cadeaubon",
        "slow down please with the mails",
        "ziet er mooi uit die nieuwe app", "Waar vind ik de maattabel op de website?",
    )  # fmt: skip
    assert joined([said(text, f"wie{place}", 8 * place) for place, text in enumerate(texts)]) == []


def test_an_outage_of_which_a_brand_hears_on_many_days_needs_more_than_that() -> None:
    usual = [said("site ligt plat", f"{who}", 60 * 24 * day) for day, who in enumerate(("a1", "b2", "c3", "d4", "e5", "f6"))]
    assert "down online" in Heard(usual).everyday
    assert topic.shared(SITE[1], said("kan niet inloggen op mijn account", "els", 6), Heard(usual).everyday) is None


def test_a_short_text_that_two_post_word_for_word_is_copied_and_so_is_a_letter_with_another_name() -> None:
    short = "STOP met plastic Loom! Teken de petitie en deel dit bericht"
    letter = "Beste Loom, ik maak bezwaar tegen de prijsverhoging per 1 april en verzoek u mijn abonnement kosteloos te beëindigen. Graag een bevestiging."
    for one, other in ((short, short), (f"{letter} Groet, Anna uit Ede", f"Geachte, {letter} Mvg Bert")):
        assert joined([said(one, "ria"), said(other, "wim", 600)]) != []


def watched(mentions: list[Seen], background: list[Seen] | None = None) -> list[set[str]]:
    """The topics of mentions in the order of time, as they are in the end."""
    watch = Watch(Heard([*(background or []), *mentions]))
    for one in mentions:
        watch.meet(one)
        watch.join(one)
    return [{id for id, name in watch.of.items() if name == topic} for topic in dict.fromkeys(watch.of.values())]


METAL = [
    replace(said(text, who, minutes, channel), meaning=LIKE)
    for text, who, minutes, channel in (
        ("Zit er metaal in jullie pindakaas?", "tess", 0, "twitter"),
        ("mijn kinderen aten net pindakaas van jullie, welke potten zijn het", "joris", 15, "facebook"),
        ("is pindakaas van vorige maand nog veilig ivm metaal", "hanna", 40, "mastodon"),
    )
]


def test_what_many_people_say_of_a_sudden_is_a_topic_though_nothing_is_out_of_order() -> None:
    assert watched(METAL) == [{one.id for one in METAL}]
    assert watched(METAL[:2]) == []


def test_a_word_counts_in_what_is_put_together_with_it() -> None:
    moths = [
        replace(said(text, who, 40 * place), meaning=LIKE)
        for place, (text, who) in enumerate(
            (("alle buxusplantjes zitten vol rupsen", "tess"), ("buxus helemaal kaal", "joris"), ("in mijn haag zit de buxusmot", "hanna"))
        )
    ]
    assert watched(moths) == [{one.id for one in moths}]


def test_what_a_brand_hears_of_at_other_times_as_well_is_none() -> None:
    often = [replace(said("de pindakaas is op", f"wie{n}", -60 * (20 + 3 * n)), meaning=LIKE) for n in range(20)]
    assert watched(METAL, often) == []


def test_words_in_common_are_no_topic_where_the_meanings_differ() -> None:
    apart = [replace(one, meaning=np.eye(512, dtype=np.float32)[place]) for place, one in enumerate(METAL)]
    assert watched(apart) == []


MERGING = [
    said("hier in Dokkum ligt de tv eruit", "tess"),
    said("ook in Dokkum ligt internet eruit", "joris", 2),
    said("ook in Dokkum geen internet", "hanna", 4),
    said("storing in Sneek, geen internet", "ria", 6),
    said("internet eruit in Sneek", "wim", 7),
    said("hier in Sneek ligt alles plat, internet, tv", "jet", 8),
    said("ligt internet er overal uit, storing?", "els", 9),
    said("geen internet meer, storing", "ben", 11),
    said("internet ligt plat", "leo", 12),
]


def test_topics_that_turn_out_to_be_one_become_one_by_the_earlier_name() -> None:
    watch = Watch(Heard(MERGING))
    joined = []
    for one in MERGING:
        watch.meet(one)
        joined.append(watch.join(one))
    assert [found.same for found in joined if found and found.same] == [(MERGING[3].id,)]
    assert set(watch.of) == {one.id for one in MERGING}
    assert set(watch.of.values()) == {MERGING[0].id}
    assert len(watched(MERGING[:7])) == 2


def test_a_backlog_that_comes_in_all_at_once_is_no_event() -> None:
    late = [replace(one, posted=one.at - timedelta(days=3 * place)) for place, one in enumerate(MERGING[:3])]
    assert watched(MERGING[:3]) != []
    assert watched(late) == []
    assert [Seen.from_json(one.as_json()).written_at for one in late] == [one.posted for one in late]


def test_topics_of_which_hardly_any_two_mentions_fit_stay_two() -> None:
    other = [
        said("geen stroom in Sneek, licht uit", "ria", 1),
        said("Sneek zonder stroom", "wim", 3),
        said("stroomstoring in Sneek", "els", 5),
    ]
    assert len(watched([*MERGING[:3], *other])) == 2
    assert not topic.coincide(MERGING[:3], other)
    assert topic.coincide(MERGING[:3], MERGING[6:])


def test_whoever_goes_on_with_a_report_is_in_its_topic_unless_it_is_about_something_else() -> None:
    goes_on = replace(said("en nu? nog niemand gehoord", "tess", 40), answers=MERGING[0].id)
    assert watched([*MERGING[:3], goes_on]) == [{*(one.id for one in MERGING[:3]), goes_on.id}]
    for no in (
        replace(said("Iets anders: mag ik een nieuwe pas?", "tess", 40), answers=MERGING[0].id),
        replace(said("sterkte ermee", "piet", 40), answers=MERGING[0].id),
    ):
        assert no.id not in set().union(*watched([*MERGING[:3], no]))
