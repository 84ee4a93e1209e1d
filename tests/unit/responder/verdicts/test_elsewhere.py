"""Customers who are sent elsewhere, or not."""

import pytest

from services.responder.verdicts.elsewhere import redirect
from tests.unit.responder.verdicts import words

FOUND = (
    "Neem hiervoor contact op met onze klantenservice.",
    "Bel even met 0900-1234.",
    "Daarvoor moet u bij PostNL zijn.",
    "Vul het contactformulier op onze website in.",
    "Loop even langs bij een van onze winkels.",
    "U kunt hiervoor terecht bij de afdeling Facturatie op 088-1234567.",
    "Voor vragen over je bezorging kun je het beste de vervoerder bellen.",
    "Dat loopt via je huisarts.",
    "Hier kan ik je niet mee helpen, probeer het bij de fabrikant.",
    "Stuur een mail naar klachten@andere.example.",
    "Meld dit bij de politie.",
    "Daar weet onze klantenservice meer van: 088 123 45 67.",
    "Voor wijzigingen verwijzen we je naar het reisbureau.",
    "Dat moet je met de verkoper regelen.",
    "Ga hiervoor naar het loket op het station.",
    "Dit kunnen we via Twitter niet oplossen, bel ons op werkdagen.",
    "Voor garantie moet je terug naar de winkel waar je het gekocht hebt.",
    "Vraag het even aan je verhuurder.",
    "U dient hiervoor het klachtenformulier in te vullen.",
    "Please call our customer service on 0800 123.",
    "You'll need to contact the manufacturer for that.",
    "Please fill in the form on our website.",
    "Pop into your local branch and they'll sort it.",
    "That's a question for the airline.",
    "Please get in touch with your bank.",
    "Webcare can't help with this, try our helpline.",
    "For refunds you should speak to the seller.",
    "We don't deal with parking, the council does.",
    "You can reach the claims team on 020 123.",
    "This needs to go through your landlord.",
    "Kindly email support@other.example for this.",
    "Voor storingen is er een apart nummer: 0800-9009.",
    "Dit is iets voor de netbeheerder.",
    "Helaas kan ik dit niet inzien, belt u daarvoor met 088-0000000.",
    "Dan moet je echt even bellen.",
    "Kijk op de site van DHL waar je pakket is.",
    "Je kunt dit het beste navragen in de winkel.",
)
NOT_FOUND = (
    "Stuur ons een privébericht met je klantnummer.",
    "We bellen je morgen terug.",
    "Ga naar Mijn Vaart > Facturen en klik op Betalen.",
    "Onze monteur neemt contact met je op.",
    "Ik heb het doorgezet naar de winkel, zij bellen je vandaag.",
    "Liever bellen? Dat kan ook op 0900-1234, maar hier helpen we je net zo graag.",
    "Stuur me een DM, dan kijk ik het na.",
    "Je kunt je pakket ophalen bij het servicepunt.",
    "De winkel in Utrecht is vandaag open tot 18.00 uur.",
    "Mocht het niet lukken, laat het ons dan weten.",
    "Je kunt de app hier downloaden: vaart.example/app",
    "Zet je modem tien minuten uit en dan weer aan.",
    "Ik heb contact opgenomen met de vervoerder en die bezorgt morgen.",
    "Wij nemen contact op met de gemeente.",
    "Je adres wijzig je zelf in Mijn Vaart.",
    "Heb je al gebeld met de klantenservice?",
    "We hebben de fabrikant gevraagd om een nieuw onderdeel.",
    "Fijn dat de winkel je kon helpen!",
    "Laat ons weten op welk nummer we je kunnen bereiken.",
    "Antwoord gerust op deze mail.",
    "Send us a DM and we'll take a look.",
    "We'll call you tomorrow morning.",
    "Restart the router and wait two minutes.",
    "I've asked the store to hold it for you.",
    "You can pick it up at our shop in Leeds.",
    "Our engineer will contact you.",
    "Did you already speak to our customer service?",
    "If that doesn't help, just reply here.",
    "You can change it yourself in the app under Settings.",
    "Happy to help here! Prefer the phone? You can also call 0800 123.",
    "The store opens at nine tomorrow.",
    "We zijn ook telefonisch bereikbaar, maar je kunt het hier ook gewoon vragen.",
    "Kom gerust langs op onze open dag!",
    "Ik zoek het voor je uit bij de afdeling Facturen.",
    "Mail ons een foto van het label, dan regelen we een nieuwe.",
    "De gemeente heeft de weg afgesloten, daarom rijdt de bus om.",
    "Het formulier dat je stuurde, is goed binnengekomen.",
    "Bedankt voor je telefoontje vanmorgen.",
    "Op vaart.example/verhuizen lees je hoe je je abonnement meeneemt.",
    "Je vindt het serienummer op de achterkant.",
)


@pytest.mark.parametrize("text", FOUND)
def test_it_is_found(text: str) -> None:
    assert words(redirect, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_looks_like_it_is_not(text: str) -> None:
    assert words(redirect, text) == []
