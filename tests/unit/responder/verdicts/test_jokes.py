"""Jokes about what hurts people, and kind words about the same."""

import pytest

from services.responder.verdicts.jokes import jokes
from tests.unit.responder.verdicts import words

FOUND = (
    ("Mijn vader is overleden, hoe zeg ik zijn abonnement op?", "Nou, die heeft in elk geval geen last meer van de storing."),
    ("Ik lig in het ziekenhuis en kan niet betalen", "Gratis ziekenhuiswifi, ook wat waard 😂"),
    ("Er is brand bij ons op zolder geweest", "Dan zit je er in ieder geval warmpjes bij!"),
    ("mijn fiets is gestolen bij jullie stalling", "De dief had blijkbaar smaak, haha!"),
    ("ik ben opgelicht via een nepmail", "Dat was een dure les, de volgende keer krijg je een diploma."),
    ("ik zit in de schuldsanering", "Geld maakt toch niet gelukkig, zeggen ze ;)"),
    ("My grandmother died last week, how do I close her account?", "At least she won't be needing the data bundle anymore."),
    ("I crashed my car on the way to your store", "Talk about a drive-in service 😅"),
    ("my house flooded", "Well, you always wanted a pool, right? 😉"),
    ("I had a heart attack waiting for your reply", "Glad our service still gets hearts racing!"),
    ("Ben gevallen op jullie trap", "Dat noem ik nog eens binnenvallen."),
    ("mijn man heeft kanker, kunnen we annuleren", "Kanker of niet, regels zijn regels, grapje natuurlijk."),
    ("Jullie chauffeur discrimineert", "Hij is gewoon kleurenblind, lol."),
    ("i was scammed out of 500 euro", "500 euros for a lesson in phishing, that's cheaper than university :-)"),
)
NOT_FOUND = (
    ("Mijn vader is overleden, hoe zeg ik zijn abonnement op?", "Gecondoleerd met het verlies van je vader. Ik regel het voor je."),
    ("Ik lig in het ziekenhuis en kan niet betalen", "Wat naar! Beterschap 🍀 Ik zet je betaling een maand later."),
    ("haha jullie reclame is geweldig", "Haha, dank je! Geven we door aan de makers 😄"),
    ("ik ben opgelicht via een nepmail", "Wat vervelend. Doe meteen aangifte en verander je wachtwoord. Wij blokkeren je account."),
    (
        "mijn fiets is gestolen bij jullie stalling",
        "Wat een rotstreek. In elk geval kun je aangifte doen bij de politie; de beelden bewaren we.",
    ),
    ("My grandmother died last week", "I'm so sorry for your loss. I'll close the account for you today."),
    ("wifi is dood", "Dan gaan we hem weer tot leven wekken 😉 Wat is je postcode?"),
    ("ben ziek thuis en geen tv", "Beterschap! Hopelijk heb je snel weer tv 🙂 ^gs"),
    ("er is brand bij ons in de straat", "Fijn dat je veilig bent. Gelukkig heeft de storing niet lang geduurd."),
)


@pytest.mark.parametrize(("asked", "text"), FOUND)
def test_it_is_found(asked: str, text: str) -> None:
    assert words(jokes, text, incoming=asked)


@pytest.mark.parametrize(("asked", "text"), NOT_FOUND)
def test_what_looks_like_it_is_not(asked: str, text: str) -> None:
    assert words(jokes, text, incoming=asked) == []
