"""What a message says of itself: something else, solved, asked before, on whose behalf, and which handles are the writer's."""

import pytest

from services.triage import phrases
from services.triage.handles import own_handles
from services.triage.words import folded

ELSE = [
    "Iets anders: mag mijn hond mee?",
    "Nu wat anders, hoe wijzig ik mijn wachtwoord?",
    "@merk even iets heel anders: wanneer komt de nieuwe app",
    "Dank voor de hulp. Nu heb ik een andere vraag: kan het ook in het blauw?",
    "Hoi, ander vraagje: zijn jullie zondag open",
    "Dit gaat over iets anders dan mijn mail van maandag.",
    "Dit staat los van mijn vorige bericht.",
    "Hi, different question this time: do you ship to Ghent?",
    "Thanks! Something else: my invoice is missing",
    "New question. Can I pause my plan?",
    "This is unrelated to the refund.",
    "Ik antwoord even hierop omdat ik geen ander adres weet: hoe kom ik in de app?",
    "Het gaat om een andere bestelling dan die van vorige week",
    "Replying to this old thread because I can't find another address.",
    "Nieuw probleem: de deur klemt",
    "Nog iets: wanneer gaat de winkel open?",
]
SAME = [
    "In zijn paspoort staat iets heel anders dan op het ticket",
    "Ik had liever iets anders gehad, maar goed",
    "Krijg telkens een ander verhaal",
    "Het verschil is groot, de kleur is anders",
    "I expected something different from you lot",
    "ik kreeg een ander model dan besteld",
    "De kabel zit los van de muur",
    "ik moest met een andere vlucht terug",
    "Ik mail omdat de chat niet werkt",
]


@pytest.mark.parametrize("text", ELSE)
def test_something_else_is_said(text: str) -> None:
    assert phrases.ELSE in phrases.flags(folded(text))


@pytest.mark.parametrize("text", SAME)
def test_other_things_are_not_something_else(text: str) -> None:
    assert phrases.ELSE not in phrases.flags(folded(text))


@pytest.mark.parametrize(
    "text",
    [
        "De droger is vorige week keurig opgehaald",
        "Dat is inmiddels opgelost, dank",
        "Geld is binnen.",
        "My claim has been settled",
        "dossier kan dicht",
        "Dat is inmiddels opgelost. Kan ik nu ook mijn adres wijzigen?",
        "De storing is opgelost, maar ik heb nog een vraag over de factuur",
        "Refund has arrived, but I still have a question about my new order",
        "Internet werkt weer! Maar mijn tweede aansluiting is nog niet geleverd",
        "It's all sorted, but could you send the receipt?",
        "De koffer is terecht.\n\nMaar wat ik ook wilde weten: is de app nog steeds gratis",
    ],
)
def test_solved_is_said(text: str) -> None:
    assert phrases.RESOLVED in phrases.flags(folded(text))


@pytest.mark.parametrize(
    "text",
    [
        "Het is nog steeds niet opgelost",
        "U zei dat het is opgelost",
        "wanneer is dit opgelost",
        "It isn't fixed",
        "not resolved yet",
        "ik zit er klaar voor",
        "Het is opgelost volgens jullie, maar ik heb nog steeds geen internet",
        "Dat is opgelost. Maar het werkt hier nog altijd niet",
        "De storing is verholpen, alleen bij ons niet",
        "alles werkt weer, maar valt steeds uit",
        "Internet werkt weer maar is zo traag als wat",
        "Het was opgelost, maar sinds vanochtend weer hetzelfde",
        "is het nu opgelost?",
        "Mijn klacht is afgehandeld, zie ik. Nog steeds geen geld",
        "Het geld is binnen, maar dat klopt niet",
        "It has been fixed, but it still doesn't work",
        "works again but keeps dropping",
        "Your app says it's resolved. However, my parcel is not at all here, it isn't",
        "has this been solved yet?",
        "It was working again, though it's down again since noon",
        "My case has been settled but that is not what was agreed",
        "It's been sorted. Still nothing in my account.",
    ],
)
def test_what_is_not_solved_is_not_said_to_be(text: str) -> None:
    assert phrases.RESOLVED not in phrases.flags(folded(text))


@pytest.mark.parametrize(
    "text",
    [
        "ik had hierover al gemaild",
        "Zie ook mijn tweet",
        "nog geen reactie op mijn formulier",
        "Derde verzoek",
        "following up on my email",
        "Any news?",
    ],
)
def test_that_it_was_asked_before_is_said(text: str) -> None:
    assert phrases.AGAIN in phrases.flags(folded(text))


OWN = [
    ("Ik vroeg dit ook al op Twitter als @tess_vdb", True, ["tess_vdb"]),
    ("Zie ook mijn tweet, @tess_vdb.", True, ["tess_vdb"]),
    ("drie keer gemeld (tweet van @tess_vdb, mail, app)", True, ["tess_vdb"]),
    ("@merk mijn andere account op Insta is @tess_vdb", False, ["tess_vdb"]),
    ("Ik had het ook op X gevraagd (@tess_vdb)", False, ["tess_vdb"]),
    ("@tess_vdb bij mij ook!", False, []),
    ("ik ben er klaar mee @ander_merk", False, []),
    ("Mijn volgers vragen naar de boxen van @ander_merk", False, []),
    ("my flight was late again @ander_merk", False, []),
    ("Ik las dat @tess_vdb hetzelfde heeft", True, []),
    ("Mijn zus @tess_vdb kreeg wel antwoord", True, []),
    ("Net als @tess_vdb wacht ik al weken", True, []),
    ("@tess_vdb kreeg wel haar geld terug, ik niet", True, []),
    ("schrijf naar tess@post.example", True, []),
]


@pytest.mark.parametrize(("text", "private", "handles"), OWN)
def test_a_handle_is_the_writers_own_only_where_it_cannot_be_another_ones(text: str, private: bool, handles: list[str]) -> None:
    assert [one for one in own_handles(text, private=private) if one != "merk"] == handles


def test_a_text_is_cut_where_it_quotes() -> None:
    assert phrases.unquoted("Nog steeds niets gehoord hoor.\n\n> Op 2 mei schreef u:\n> VA-123") == "Nog steeds niets gehoord hoor.\n\n"
    assert phrases.unquoted("> alleen een citaat") == "> alleen een citaat"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Waar blijft mijn pakket?\n\nMet vriendelijke groet,\nTess van den Broek", "Tess van den Broek"),
        ("Hoi, met Tess Smit. Mijn pakket is er niet", "Tess Smit"),
        ("waar blijft mijn pakket", None),
        ("met de trein gereisd", None),
    ],
)
def test_a_name_is_read_where_a_text_is_signed(text: str, name: str | None) -> None:
    assert phrases.signed(text) == name


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("ZL 517 had 4 uur vertraging", {"ZL517"}),
        ("fout br-503, ook bij zl611 en zl 611", {"BR503", "ZL611"}),
        ("trein 4417 rijdt niet", {"LINE4417"}),
        ("€ 1.150,00 en 89,95 en 312 euro", {"1150.00", "89.95", "312.00"}),
        ("op 12 mei was de 200 van de 1000 op", set()),
    ],
)
def test_details_are_what_not_everybody_has(text: str, details: set[str]) -> None:
    assert set(phrases.details(text)) == details


def test_who_quarrels_with_the_brand_about_a_number_is_its_owner() -> None:
    assert phrases.THEIRS in phrases.flags(
        "mijn zus heeft met jullie al ruzie over boeking vs7k2qh. ik wil alleen weten of er treinen rijden"
    )
    assert phrases.THEIRS not in phrases.flags("mijn man heeft met sanne gebeld over boeking vs7k2qh")
