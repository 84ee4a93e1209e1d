"""Which two mentions are one issue: tables of two messages each, and what is decided."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from libs.common.bookforms import forms
from services.triage.pair import SUGGEST_FROM, Verdict, among, compare
from services.triage.shown import PLAIN, Lens, Seen, seen

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LENS = Lens(forms({"order_number": r"\bLM-\d{7}\b", "customer_number": r"\b70\d{6}\b"}))
MEANING = np.zeros(512, dtype=np.float32)
MEANING[0] = 1.0
"""Every message here means the same: what is decided must not hang on it."""


def said(text: str, who: str, hours: float = 0, channel: str = "twitter", *, brand: str = "loom", lens: Lens = LENS, **more: Any) -> Seen:
    """`who` is "handle", "handle/Name", "Name <address>" or "+number"."""
    author: dict[str, Any] = {}
    if "<" in who:
        author = {"called": who.partition(" <")[0], "email": who.partition("<")[2].rstrip(">")}
        channel = "email" if channel == "twitter" else channel
    else:
        handle, _, called = who.partition("/")
        author = {"handle": handle, "called": called or None}
        channel = "whatsapp" if handle.startswith("+") else channel
    at = AT + timedelta(hours=hours)
    id = f"{channel} {at.isoformat()}"
    return seen(
        **({"id": id, "brand": brand, "at": at, "channel": channel, "text": text, "lens": lens, "meaning": MEANING} | author | more)
    )


def verdict(one: Seen, other: Seen) -> Verdict:
    """Both ways: which comes first in the call says nothing."""
    found = compare(one, other)
    assert found == compare(other, one)
    return found


TWEET = said("@loom mijn bank is er nog niet, bestelling LM-2617348", "tess_vdb/Tess")

LINKED = {
    "the number in another spelling": (TWEET, said("waar blijft lm 2617348?", "+31600000001", 26)),
    "the number alone": (TWEET, said("Bestelnummer: 2617348", "Tess Broek <tess@post.example>", 26)),
    "a handle that a mail names": (
        said("@loom mijn bank is er nog niet", "tess_vdb/Tess"),
        said("Waar blijft mijn bank? Ik vroeg het ook op Twitter (@tess_vdb).", "Tess van den Broek <t@post.example>", 3),
    ),
    "an address that is named": (
        said("Graag een nieuwe datum voor de bank.", "Tess Smit <tess@post.example>"),
        said("ik had gemaild met tess@post.example, is er al een datum?", "+31600000001", 30),
    ),
    "a phone number that another writes with": (
        said("Bel me over de bank op 06-00000001.", "Tess Smit <tess@post.example>"),
        said("jullie zouden bellen over mijn bank", "+31600000001", 20),
    ),
    "the last digits": (
        said("gebeld worden op het nummer dat eindigt op 0001, maar niets gehoord", "nel.smit/Nel Smit", channel="facebook"),
        said("U zou mij bellen op 06-00000001. Ik wacht.", "P. Smit <psmit@post.example>", 15),
    ),
    "an account with its two notations": (
        said("rekening NL69 BRNK 0418 2739 46 is leeg", "Tess Smit <tess@post.example>"),
        said("nl69brnk0418273946 nog steeds niets", "+31600000001", 20),
    ),
    "the same author the same day": (
        said("@loom mijn bank is er niet", "tess_vdb/Tess"),
        said("@loom en niemand belt", "tess_vdb/Tess", 2),
    ),
    "the same author who asks again": (
        said("@loom mijn bank is er niet", "tess_vdb/Tess"),
        said("@loom nog geen reactie over mijn bank", "tess_vdb/Tess", 70),
    ),
    "the same author in private": (
        said("@loom mijn bank is er niet", "tess_vdb/Tess"),
        said("zoals gevraagd, het is in Delft", "tess_vdb/Tess", 4, "direct"),
    ),
    "a display name that is none": (
        said("LM-2617348 is zoek", "Jan Mol <jan@post.example>", 9),
        said("LM-2617348?", "stuck_in_delft/Stuck again", 2),
    ),
    "dashes and blanks as a keyboard has them": (TWEET, said("bestelling LM\u2011261\u00a07348", "+31600000001", 26)),
    "a postcode and a number": (
        said("Adres is 2611 AB 12 in Delft, waar blijft de bank", "Tess Smit <tess@post.example>"),
        said("de bank voor 2611ab 12 is er niet", "+31600000001", 20),
    ),
}

SPELLINGS = {
    "order": ["LM-2617348", "lm 2617348", "order #2617348", "bestelnr.2617348", "order no. 26 17 348", "bestelnr 0002617348", "nr: LM2617348"],
    "invoice": ["factuur F2026-00881", "factuur 2026/00881", "nota 202600881", "factuur 881-2026", "factuur 2026-881", "invoice #2026-00881"],
    "case": ["zaaknummer ZK-2026-0931", "zaak 2026 0931", "case 20260931", "zaak 0931/2026", "dossier zk 2026/0931", "zaak 2026/931"],
    "file": ["dossier 2026-K-5512", "dossier K5512-2026", "dossier 2026K5512", "dossiernummer 2026/K/5512"],
    "policy": ["polis 55.120.883", "polisnr 55120883", "polisnummer P-55120883", "policy number 55-120-883"],
    "contract": ["contract LC-77120", "contractnr lc77120", "contract nr. 77 120", "LC 77120"],
    "booking": ["boekingscode QX7M4T", "boeking qx7m4t", "booking QX7-M4T", "reservering QX7 M4T", "booking ref: QX7M4T"],
    "letters": ["boekingscode KTRWQZ", "boeking ktrwqz", "booking KTR-WQZ", "reservering KTR WQZ"],
    "short code": ["mijn reserveringsnummer is HX-4471-B", "res. HX4471B"],
    "reference": ["Booking QWE-88-31", "ref qwe8831"],
    "plate": ["kenteken 7-XKB-42", "kenteken 7XKB42"],
    "account": ["NL69 BRNK 0418 2739 46", "nl69brnk0418273946", "rekeningnummer 0418273946", "rekening 0418 2739 46"],
    "customer": ["klantnummer 64102793", "klantnr 6410.27.93", "klant 64-102-793", "klantnummer 064102793"],
}  # fmt: skip


@pytest.mark.parametrize("kind", SPELLINGS)
def test_a_number_links_in_every_spelling_without_a_book(kind: str) -> None:
    one, *others = SPELLINGS[kind]
    for other in others:
        for mail, tweet in ((one, other), (other, one)):
            mine = said(f"Geachte, {mail}, wanneer hoor ik iets?", "Nel Smit <nel@post.example>", lens=PLAIN)
            assert verdict(mine, said(f"@loom nog niks gehoord, {tweet}", "nelly_b", 26, lens=PLAIN)).decision == "link", (mail, tweet)


OTHERS = {
    "two digits swapped": [("LM-2617348", "LM-2617384"), ("factuur F2026-00881", "factuur F2026-00818"), ("zaak 2026-0931", "zaak 2026 0913"),
                           ("3SGRB004417882", "3SGRB004417828"), ("polis 55.120.883", "polis 55120838"), ("contract LC-77120", "contract lc77210")],
    "another front": [("factuur 88-20417", "bestelling W-20417"), ("factuur 88-20417", "koffer MELBX20417"), ("invoice 88-20417", "order 20417")],
    "another year": [("factuur 2026-00881", "factuur 2025-00881"), ("zaak 0931/2026", "zaak 2025/931")],
    "another code": [("boeking QX7M4T", "boeking QX7M4J"), ("boekingscode KTRWQZ", "boekingscode KTRQWZ")],
    "nobody's": [("met code ZOMER2026", "ZOMER2026"), ("vlucht KZ 1204", "KZ1204"), ("fout E-20441", "foutcode E-20441"),
                 ("artikel 5512088", "art. 5512088"),
                 ("bel 0800-0099", "0800-0099"), ("bus 170", "bus 170"), ("isbn 9789012345678", "ISBN 9789012345678"), ("op 20260112", "op 20260112")],
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_another_number_or_nobodys_links_nobody(kind: str) -> None:
    for mail, tweet in OTHERS[kind]:
        mine = said(f"Geachte, {mail}, wanneer hoor ik iets?", "Nel Smit <nel@post.example>", lens=PLAIN)
        assert verdict(mine, said(f"@loom nog niks gehoord, {tweet}", "wouterk/Wouter", 26, lens=PLAIN)).decision in (None, "apart"), (
            mail,
            tweet,
        )


PHONES = [
    "06-07311073", "06 07 31 10 73", "0607311073", "+31 6 07311073", "0031 6 07311073", "+31 (0)6 0731 1073", "(06) 07311073", "06.0731.1073",
    "06/07311073", "0 6 0 7 3 1 1 0 7 3", "31607311073", "nul zes 07311073", "nul zes, nul zeven eenendertig tien drieënzeventig", "o6 07311073",
]  # fmt: skip


@pytest.mark.parametrize("spelling", PHONES)
def test_the_number_that_somebody_writes_with_may_be_named_in_any_spelling(spelling: str) -> None:
    app = said("de bank is nog niet bezorgd", "+31 6 0731 1073/Nel", 5)
    assert verdict(said(f"Bel me op {spelling}, mijn bank is er niet", "nellyb.5/Nel", channel="facebook"), app).decision == "link"
    assert verdict(said(f"Ik heb ook geappt ({spelling})", "N. Smit <nel@post.example>"), app).decision == "link"


ENDINGS = [
    ("eindigt op 4471", "laatste vier cijfers 44-71"), ("eindigend op 4471", "ending in 4471"), ("de laatste 4 cijfers zijn 4471", "rekening ...4471"),
    ("rekening eindigend op 44 71", "rekening die op 4471 eindigt"), ("pas ****4471", "kaart eindigend op 4471"), ("xxxx4471", "rekening eindigt op 4471"),
    ("eindcijfers 4471", "rekening die eindigt met 4471"), ("laatste vier: 4471", "laatste vier cijfers (4471)"), ("met 4471 op het eind", "…4471"),
    ("laatste cijfers 4471", "NL69 BRNK 0418 2744 71"), ("card (last 4: 4471)", "card ends with 4471"), ("XX-4471", "eindigt op -4471"),
]  # fmt: skip


@pytest.mark.parametrize(("mine", "theirs"), ENDINGS)
def test_the_same_last_digits_in_both_link_those_who_are_called_alike(mine: str, theirs: str) -> None:
    one = said(f"Het geld is naar de verkeerde rekening, de goede rekening {mine}", "Nel Smit <nel@post.example>")
    other = f"nog geen geld terug op mijn rekening {theirs}"
    assert verdict(one, said(other, "nelsmit.4/Nel Smit", 30, "facebook")).decision == "link"
    assert verdict(one, said(other, "wouterk/Wouter Kok", 30, "facebook")).decision in (None, "suggest")


def test_last_digits_of_two_things_say_nothing() -> None:
    one = said("rekening eindigend op 4471", "Nel Smit <nel@post.example>")
    for other in ("creditcard eindigend op 4471", "rekening eindigend op 4417"):
        assert verdict(one, said(other, "nelsmit.4/Nel Smit", 30, "facebook")).decision != "link"


def test_a_street_and_number_link_in_one_town() -> None:
    review = said("De unit aan de Lindehof 22 in Zutphen bromt", "Nel S./Nel S.", channel="review")
    for spelling in ("Lindehof nr. 22 te Zutphen", "lindehof 22", "Lindehof 22, 7201 AB"):
        assert verdict(review, said(f"Adres: {spelling}. De unit bromt.", "N. Smit <n.smit@post.example>", 30)).decision == "link"
    for spelling in ("Lindehof 24 in Zutphen", "Lindehof 22 in Ede"):
        assert verdict(review, said(f"Adres: {spelling}. De unit bromt.", "N. Smit <n.smit@post.example>", 30)).decision != "link"


def test_a_handle_without_its_sign_links_its_owner() -> None:
    tweet = said("@loom mijn jurk is vier maten te klein", "jurkjoris/Joris")
    mail = said("Zie ook mijn tweet (jurkjoris, dat ben ik). De jurk is te klein.", "J. Timmer <j@post.example>", 9)
    assert verdict(tweet, mail).decision == "link"
    assert verdict(tweet, said("Mijn zus las op twitter dat jurkjoris klaagt.", "J. Timmer <j@post.example>", 9)).decision != "link"


def test_a_handle_with_its_server_is_the_same_person_elsewhere() -> None:
    one = said("@loom account verwijderen lukt niet", "@jurkjoris@fedi.example/Joris", channel="mastodon")
    assert verdict(one, said("@loom wil van mijn account af", "jurkjoris/Joris T", 30)).decision == "link"


FRIENDS = [
    "mijn vriendin Tess (LM-2617348) mist een kussen, maar bij mij zat er een te veel in, wat moet ik ermee?",
    "my sister's order LM-2617348 came late, mine hasn't come at all",
    "Een vriendin had bestelling LM-2617348, hoe kan ik ook zo'n bank bestellen?",
    "My flatmate's order LM-2617348 included my cushion, can I get it?",
    "Order LM-2617348 is van mijn buurvrouw, maar stond bij mij in de gang",
    "Mijn zus (LM-2617348) kreeg een bank met een vlek, bij mij zit er juist een deuk in",
    "a friend (order LM-2617348) got a free cushion, can I get one too?",
]


@pytest.mark.parametrize("text", FRIENDS)
def test_a_number_of_a_friend_is_not_the_writers(text: str) -> None:
    for who in ("mara.v/Mara", "Mara Vis <mara@post.example>"):
        found = verdict(TWEET, said(text, who, 26, "instagram"))
        assert found.decision == "apart"
        assert "relation" in {reason.kind for reason in found.evidence if reason.against}


def test_a_friends_phone_number_is_not_the_writers() -> None:
    app = said("de bank is nog niet bezorgd", "+31607311073/Nel", 5)
    mail = said("Mijn zus (06-07311073) krijgt wel antwoord, bij mij blijft het stil over de stoel", "M. Vis <mara@post.example>")
    assert verdict(mail, app).decision == "apart"


def test_who_asks_for_somebody_may_be_either() -> None:
    for text in ("Ik schrijf voor mijn moeder, bestelling LM-2617348. Waar blijft de bank?", "my mother's order LM-2617348 is late"):
        assert verdict(TWEET, said(text, "mara.v/Mara", 26, "instagram")).decision == "suggest"
    assert verdict(TWEET, said("Mijn man heeft gebeld over LM-2617348", "+31600000001", 26)).decision == "link"


def test_two_accounts_on_one_network_are_two_people() -> None:
    one, other = WEAK["a first name, soon after"]
    assert verdict(one, replace(other, channel="twitter", own=frozenset({("handle", "tess_zes")}))).decision is None


@pytest.mark.parametrize("case", LINKED)
def test_strong_evidence_links(case: str) -> None:
    found = verdict(*LINKED[case])
    assert (found.decision, found.score >= 0.8) == ("link", True), found


@pytest.mark.parametrize("case", ["the number in another spelling", "a handle that a mail names", "the same author the same day"])
def test_the_meaning_decides_nothing_about_strong_evidence(case: str) -> None:
    one, other = LINKED[case]
    assert verdict(replace(one, meaning=None), replace(other, meaning=None)).decision == "link"


APART = {
    "two digits swapped": (TWEET, said("bestelling LM-2613748 is er niet", "tess_smit/Tess", 3, "facebook"), "number"),
    "another order of the same author": (TWEET, said("@loom en bestelling LM-2500011?", "tess_vdb/Tess", 3), "number"),
    "another brand": (TWEET, said("bestelling LM-2617348", "tess_vdb/Tess", 3, brand="other"), "brand"),
    "something else": (TWEET, said("@loom iets anders: zijn jullie zondag open?", "tess_vdb/Tess", 3), "else"),
    "an old case quoted about something else": (
        said("zaak LM-2617348: de bank is scheef", "tess_vdb/Tess"),
        said("Re: LM-2617348\n\nNu een andere vraag: hoe wijzig ik mijn adres?", "Tess Smit <tess@post.example>", 24 * 9),
        "else",
    ),
    "solved a week ago": (
        TWEET,
        said("Re: LM-2617348\n\nDe bank is keurig opgehaald. Hoe wijzig ik mijn adres?", "Tess Smit <t@post.example>", 24 * 8),
        "solved",
    ),
    "another account": (
        said("rekening NL69 BRNK 0418 2739 46", "Tess Smit <tess@post.example>"),
        said("rekening NL60 BRNK 0418 2793 46", "Tess <tess2@post.example>", 20),
        "account",
    ),
    "other last digits": (
        said("mijn nummer eindigt op 1073, ik zou gebeld worden", "ans_w/Ans"),
        said("gebeld worden op het nummer eindigend op 1037", "Ans Weijman <a@post.example>", 20),
        "ending",
    ),
    "a copied text": (
        said(
            "LET OP!! Loom gaat vanaf januari vijf euro per retour vragen en niemand heeft het erover. Kopieer en plak dit.", "ria/Ria Mos"
        ),
        said(
            "LET OP!! Loom gaat vanaf januari vijf euro per retour vragen en niemand heeft het erover. Kopieer en plak dit.",
            "wim/Wim Bos",
            5,
        ),
        "copy",
    ),
}


@pytest.mark.parametrize("case", APART)
def test_evidence_against_keeps_apart(case: str) -> None:
    one, other, kind = APART[case]
    found = verdict(one, other)
    assert found.decision == "apart", found
    assert kind in {reason.kind for reason in found.evidence if reason.against}


UNKNOWN = {
    "an office's phone number, two people": (
        said("Factuur graag. Tel. 010-0447300", "H. Ridder <h@kantoor.example>"),
        said("Ik heb geen factuur gehad. Tel. 010-0447300", "Lotte Spijker <l@kantoor.example>", 20),
    ),
    "a friend who answers": (said("@loom mijn bank is er niet", "tess_vdb/Tess"), said("@tess_vdb bij mij ook niet!", "arie_at/Arie", 1)),
    "the same author, something else unsaid": (
        said("@loom mijn bank is er niet", "tess_vdb/Tess", meaning=None),
        said("@loom verkopen jullie ook hondenmanden?", "tess_vdb/Tess", 24 * 8, meaning=None),
    ),
    "an amount and an error code": (
        said("foutcode LX-118, 312,44 afgeschreven", "tess_vdb/Tess"),
        said("ook LX-118 en 312,44 euro kwijt", "joris/Joris", 1, "facebook"),
    ),
    "namesakes by surname": (
        said("geen monteur geweest", "Sanne Kok <s.kok@post.example>"),
        said("geen monteur geweest", "Kees Kok <kees@post.example>", 1),
    ),
    "a swindler's number that two people name": (
        said("word steeds gebeld door 06-00000077, zijn jullie dat?", "Tess Smit <tess@post.example>"),
        said("06-00000077 belt mij uit jullie naam", "Joris Mol <joris@post.example>", 5),
    ),
    "a mailbox of the brand that two people name": (
        said("Ik mailde naar hulp@loom.example over mijn bank", "Tess Smit <tess@post.example>"),
        said("hulp@loom.example antwoordt niet", "Joris Mol <joris@post.example>", 5),
    ),
    "one address of two people": (
        said("waar blijft de bank", "Hanna Prins <kantoor@prins.example>"),
        said("waar blijft de stoel", "Lars Prins <kantoor@prins.example>", 24),
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_identifies_nobody_links_nobody(case: str) -> None:
    assert verdict(*UNKNOWN[case]).decision is None


WEAK = {
    "a name and a handle": (
        said("@loom bank zou vandaag komen, niemand gezien", "tess_vdb/Tess"),
        said("De bezorging van mijn bank is niet gekomen.", "Tess van den Broek <t@post.example>", 5),
    ),
    "a first name, soon after": (
        said("@loom bank zou vandaag komen, niemand gezien", "tess_op_reis/Tess"),
        said("hoi, ik had gemaild over de bank die niet kwam", "+31600000001/Tess", 9),
    ),
}


@pytest.mark.parametrize("case", WEAK)
def test_weak_evidence_is_a_suggestion_with_its_reasons(case: str) -> None:
    found = verdict(*WEAK[case])
    assert found.decision == "suggest"
    assert SUGGEST_FROM <= found.score < 1
    assert {"name", "time"} <= {reason.kind for reason in found.evidence}


def test_a_like_name_says_less_the_longer_it_is_and_on_the_same_network() -> None:
    one, other = WEAK["a first name, soon after"]
    soon = verdict(one, other).score
    assert verdict(one, replace(other, at=other.at + timedelta(days=6))).score < soon
    assert verdict(one, replace(other, channel="twitter")).score < soon


def test_without_a_like_name_nothing_is_suggested() -> None:
    one, other = WEAK["a name and a handle"]
    assert verdict(one, said("De bezorging van mijn bank is niet gekomen.", "Joris Mol <j@post.example>", 5)).decision is None
    assert verdict(one, replace(other, name=type(other.name)())).decision is None


def test_a_question_that_comes_back_after_weeks_is_a_new_one_that_refers_to_the_old() -> None:
    found = verdict(TWEET, said("alweer: LM-2617348", "tess_vdb/Tess", 24 * 30))
    assert (found.decision, found.follows) == ("apart", True)
    one, other, _ = APART["solved a week ago"]
    assert verdict(one, other).follows
    assert not verdict(*APART["two digits swapped"][:2]).follows


def test_solved_and_yet_not_is_the_same_issue() -> None:
    again = said(
        "Re: LM-2617348\n\nU zegt dat het is opgelost, maar er staat nog geen bank. Wanneer komt hij?", "Tess Smit <t@post.example>", 24 * 4
    )
    assert verdict(TWEET, again).decision == "link"


def test_last_digits_of_another_kind_of_number_say_nothing_against() -> None:
    card = said("mijn pas eindigend op 9921 is geblokkeerd, LM-2617348", "tess_vdb/Tess", 2)
    assert verdict(said("LM-2617348, rekening NL69 BRNK 0418 2739 46", "Tess <tess@post.example>"), card).decision == "link"


def test_something_else_is_apart_from_what_came_before_and_not_from_what_comes_after() -> None:
    other = said("@loom iets anders: zijn jullie zondag open?", "tess_vdb/Tess", 3)
    assert verdict(other, said("@loom iemand? zondag?", "tess_vdb/Tess", 5)).decision == "link"


def test_another_persons_issue_from_the_same_author_is_asked() -> None:
    found = verdict(
        said("@loom mijn bank is er niet", "tess_vdb/Tess", meaning=None),
        said("@loom nu ik jullie toch spreek, voor mijn moeder zoek ik een stoel", "tess_vdb/Tess", 9, meaning=None),
    )
    assert found.decision == "suggest"


def test_a_number_of_two_people_with_full_names_is_asked() -> None:
    found = verdict(
        said("Order LM-2617348 is er niet", "Lotte Spijker <l@post.example>"), said("LM-2617348?", "Hans Ridder <h@post.example>", 5)
    )
    assert found.decision == "suggest"
    assert any(reason.kind == "name" and reason.against for reason in found.evidence)


def test_of_several_that_it_may_be_each_is_less_likely() -> None:
    assert among(0.8, 1) == 0.8
    assert among(0.8, 2) < 0.8
    assert among(0.8, 20) < SUGGEST_FROM


def test_what_is_seen_is_stored_and_read_again() -> None:
    for one, other in [*LINKED.values(), *((a, b) for a, b, _ in APART.values())]:
        for each in (one, other):
            assert Seen.from_json(json.loads(json.dumps(each.as_json())), each.meaning) == each


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "@" * 9000, "1" * 9000, "LM-" * 3000, "(" * 5000, "ik " * 4000, "- 1 " * 3000, "a1" * 5000]
)
def test_no_text_is_too_odd(text: str) -> None:
    one = said(text, "tess_vdb/Tess")
    assert verdict(one, said(text, "joris/Joris", 1)).decision in (None, "apart", "suggest", "link")


def test_in_a_topic_or_a_busy_hour_a_like_first_name_is_no_suggestion() -> None:
    one, other = said("geen internet in Dokkum", "noor_k/Noor"), said("internet in Dokkum ligt eruit", "noor.vdv/Noor", 1, "facebook")
    assert compare(one, other).decision == "suggest"
    assert compare(one, other, crowd=200).decision is None
    less = said("waarom is mijn rekening hoger", "noor.vdv/Noor", 1, "facebook")
    assert (compare(one, less).decision, compare(one, less, busy=500).decision) == ("suggest", None)
    full, mail = (
        said("geen internet in Dokkum", "noor.akkermans/Noor Akkermans", 1, "facebook"),
        said("waar blijft het internet", "Noor Akkermans <n.akkermans@post.example>", 2),
    )
    assert compare(full, mail, crowd=5).decision == "suggest"
    assert compare(full, mail, busy=500).decision == "suggest"
