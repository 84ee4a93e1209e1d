"""Whether a reply is in its customer's language (example data)."""

import pytest

from services.responder.languages import written_in
from tests.unit.responder.verdicts.judged import said

DUTCH = [
    "waar blijft mn bestelling", "Mijn trein rijdt niet!", "klopt deze nota wel?", "hallo??", "kan iemand helpen aub", "ik wacht al 3 weken",
    "storing in Utrecht?", "wanneer komt de monteur nou eens", "app doet het niet", "Vloerkleed ruikt chemisch", "1 ster, waardeloos",
    "Weer vertraging, lekker dan", "pakket kwijt", "Geen internet sinds vanochtend", "goedemiddag, tot hoe laat zijn jullie open?",
    "wifi ligt eruit", "Bedankt!", "Top service", "m'n pas is geblokkeerd", "Hoe zeg ik mijn abonnement op?",
]  # fmt: skip
ENGLISH = [
    "where is my order", "My train is not running!", "is this bill right?", "can anyone help please", "been waiting 3 weeks",
    "outage in Utrecht?", "when is the engineer coming", "app isn't working", "1 star: charged me twice", "Delayed again, great",
    "parcel lost", "No internet since this morning", "good afternoon, until what time are you open?", "wifi is down", "Thanks!",
    "Great service", "my card is blocked", "How do I cancel my subscription?", "still nothing...", "Is the desk lamp dimmable?",
]  # fmt: skip
NEITHER = [
    "",
    "👍",
    "?!",
    "@vaart",
    "https://vaart.example",
    "Warum funktioniert das nicht? Ich warte schon seit Wochen.",
    "Bonjour, je ne reçois pas mon colis.",
]


@pytest.mark.parametrize("text", DUTCH)
def test_dutch_is_known(text: str) -> None:
    assert written_in(text) in ("nl", None)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_known(text: str) -> None:
    assert written_in(text) in ("en", None)


def test_most_short_messages_tell_their_language() -> None:
    assert sum(written_in(text) is not None for text in (*DUTCH, *ENGLISH)) >= 34


@pytest.mark.parametrize("text", NEITHER)
def test_nothing_to_go_by_is_no_language(text: str) -> None:
    assert written_in(text) is None


@pytest.mark.parametrize(
    ("incoming", "text", "wrong"),
    [
        ("where is my order", "Hoi Sam, je bestelling komt morgen. ^gs", True),
        ("waar blijft mn bestelling", "Hi Sam, your order will arrive tomorrow. ^gs", True),
        ("waar blijft mn bestelling", "Hoi Sam, je bestelling komt morgen. ^gs", False),
        ("where is my order", "Hi Sam, your order will arrive tomorrow. ^gs", False),
        ("@vaart kan niet inloggen in de app, error: something went wrong", "Hi, sorry about that. Could you try again? ^gs", True),
        ("the app says 'er ging iets mis', what does that mean?", "Dat betekent dat er iets mis ging. ^gs", True),
        ("the app says 'er ging iets mis', what does that mean?", "It means something went wrong. ^gs", False),
        ("How do I cancel?", "Go to Mijn Vaart, choose 'Abonnement opzeggen' and confirm. ^gs", False),
        ("Hoe zeg ik op?", "Ga naar Mijn Vaart, kies 'Cancel my subscription now' en bevestig. ^gs", False),
        ("👍", "Fijn dat het gelukt is! ^gs", False),
        ("👍", "Great to hear that it works for you! ^gs", False),
        ("thanks!", "Top! ^gs", False),
        ("bedankt!", "Welcome! ^gs", False),
        (None, "Hi Sam, your order will arrive tomorrow. ^gs", False),
        ("Vet filmpje!", "Hi Luuk, great to hear! Sign up at our site and bring warm clothes. ^gs", True),
        ("Super nice service today!", "Wat leuk om te horen, we geven het door aan het team! ^gs", True),
    ],
)
def test_an_answer_is_in_the_language_of_the_question(incoming: str | None, text: str, wrong: bool) -> None:
    assert said(text, "language_mismatch", incoming) == ([text] if wrong else [])
