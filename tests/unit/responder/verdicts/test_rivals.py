"""Competitors who are run down, and such as are only named."""

import pytest

from services.responder.verdicts.rivals import rivals
from tests.unit.responder.verdicts import words

FOUND = (
    "Bij Golfnet sta je uren in de wacht.",
    "Dan weet je ook meteen waarom Golfnet zo goedkoop is.",
    "De concurrent belooft veel maar levert niks.",
    "Andere aanbieders laten je gewoon in de kou staan.",
    "Succes bij Kabelaar, we zien je over een maand wel terug.",
    "In tegenstelling tot Golfnet nemen wij de telefoon wel op.",
    "Onze concurrenten lopen jaren achter.",
    "Bij ons krijg je tenminste een mens aan de lijn, dat lukt ze bij Golfnet niet.",
    "Golfnet? Die naam durf je nog te noemen.",
    "Goedkoop is duurkoop, dat merk je snel genoeg bij andere providers.",
    "De kwaliteit van Kabelaar is gewoon minder.",
    "Prijsvechters bezuinigen op service, dat weet iedereen.",
    "Golfnet can't even keep its own website up.",
    "Unlike Kabelaar, we actually answer.",
    "Good luck with Golfnet, you'll need it.",
    "Other providers simply don't care about their customers.",
    "Our competitors charge hidden fees.",
    "You'll be back within a month, everyone who goes to Golfnet is.",
    "Golfnet's network is patchy at best.",
    "At least we don't lose your data like Kabelaar did.",
    "Elders betaal je de hoofdprijs voor minder.",
    "Bij die andere club is het altijd gedoe.",
    "Golfnet heeft de slechtste dekking van het land.",
    "Je krijgt bij Kabelaar precies wat je betaalt: weinig.",
)
NOT_FOUND = (
    "Je kunt je nummer meenemen van Golfnet naar ons.",
    "Bij Golfnet kun je de overstap zelf regelen.",
    "Jammer dat je naar Kabelaar gaat, succes daar!",
    "Wat andere aanbieders rekenen, weten we niet.",
    "Het modem van Golfnet werkt niet op ons netwerk.",
    "Kabelaar gebruikt hetzelfde glasvezelnetwerk als wij.",
    "Fijn dat Golfnet je goed heeft geholpen.",
    "Wij vergelijken ons niet met de concurrent.",
    "Heb je je contract bij Golfnet al opgezegd?",
    "Zodra Kabelaar je nummer vrijgeeft, gaan wij aan de slag.",
    "De storing bij Golfnet heeft geen invloed op ons netwerk.",
    "Je kunt altijd kosteloos overstappen naar een andere aanbieder.",
    "Ja, Golfnet heeft ook glasvezel in jouw straat.",
    "Dat is een dienst van Kabelaar, daar kunnen we helaas niet in kijken.",
    "You can keep your number when you switch from Golfnet.",
    "We can't comment on what other providers offer.",
    "Golfnet is a good network too, of course.",
    "Has Kabelaar confirmed your cancellation?",
    "Prices at other providers may differ.",
    "Sorry to see you go, and good luck with Kabelaar!",
    "Golfnet uses the same cables in your street.",
)


@pytest.mark.parametrize("text", FOUND)
def test_it_is_found(text: str) -> None:
    assert words(rivals, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_looks_like_it_is_not(text: str) -> None:
    assert words(rivals, text) == []
