"""Personal data that a public reply asks for (example data)."""

import pytest

from tests.unit.responder.verdicts.judged import said

ASKS = [
    "Wat is je klantnummer?",
    "Wat is uw ordernummer? Dan kijken wij mee.",
    "Mag ik je postcode en huisnummer?",
    "Mogen we je telefoonnummer? Dan bellen we je.",
    "Kun je je bestelnummer even doorgeven?",
    "Kunt u ons uw klantnummer sturen?",
    "Stuur even je ordernummer, dan kijk ik mee.",
    "Geef hier je klantnummer door, dan zoek ik het op.",
    "Deel je adres even met me.",
    "Laat je telefoonnummer hier achter.",
    "Zet je postcode hieronder, dan kijk ik of het er is.",
    "Reageer met je klantnummer en geboortedatum.",
    "Onder welk e-mailadres heb je besteld?",
    "Op welk adres is de storing?",
    "Op welk nummer kan ik je bereiken?",
    "Heb je een bestelnummer voor me?",
    "Welk adres gaat het om?",
    "Ik heb je klantnummer nodig om verder te kijken.",
    "Graag je postcode, dan check ik het.",
    "Je klantnummer graag!",
    "Klantnummer en postcode graag, dan kijk ik mee.",
    "Zou je je mailadres willen noemen?",
    "Wil je je kenteken en ordernummer hier plaatsen?",
    "Dan hoor ik graag je huisnummer.",
    "Wat is je rekeningnummer?",
    "En je geboortedatum?",
    "Kan ik je IBAN krijgen?",
    "Vermeld daarbij uw zaaknummer.",
    "Met welk e-mailadres log je in?",
    "What is your order number?",
    "What's your customer number?",
    "Could you share your booking reference?",
    "Can you please give us your phone number?",
    "Please reply with your postcode and house number.",
    "May I have your email address?",
    "Which address is it about?",
    "We need your account number to check this.",
    "Please send us your order number so we can help.",
    "Could I get your date of birth?",
    "Let us know your ticket number and we'll look.",
    "Drop your e-mail below and I'll sort it.",
    "Do you have an order number for me?",
    "Lukt het niet, zet dan hieronder je e-mailadres, dan kijk ik.",
]
FINE = [
    "Stuur je klantnummer in een DM.",
    "Wat is je klantnummer? Stuur het in een privébericht.",
    "Stuur me een DM met je klantnummer en postcode.",
    "Stuur ons een berichtje met je ordernummer.",
    "Kun je via een PB je adres doorgeven?",
    "Mail je klantnummer naar klant@post.example.",
    "Mail ons je ordernummer, dan kijk ik mee.",
    "Stuur het ordernummer via de chat.",
    "Geef je nummer door via vaart.example/contact.",
    "App ons je klantnummer.",
    "Could you DM us your order number?",
    "Please send your order number in a private message.",
    "Send us a direct message with your address.",
    "Can you message us your booking reference?",
    "Email us your order number at help@vaart.example.",
    "Je klantnummer vind je op je factuur.",
    "Deel nooit je rekeningnummer in het openbaar.",
    "Zet geen adres of telefoonnummer in je bericht hier.",
    "Je kunt je adres wijzigen in de app.",
    "Controleer je e-mailadres in de app.",
    "Ik heb je klantnummer gevonden, dank!",
    "Bedankt voor je ordernummer, ik kijk het na.",
    "Log in met je e-mailadres en wachtwoord.",
    "Vul je postcode in op de pagina, dan zie je het.",
    "Haal je telefoonnummer even weg uit je bericht.",
    "Please remove your phone number from your post.",
    "Never share your account number in public.",
    "You can change your address in the app.",
    "Your order number is in the confirmation.",
    "Log in with your email address.",
    "Thanks for your order number, I'll check.",
    "Welke telefoon heb je?",
    "Wat is de foutcode die je ziet?",
    "Wat voor modem heb je?",
    "Welk nummer staat er op de doos van het product?",
    "Om welke trein gaat het?",
    "In welke plaats woon je ongeveer?",
    "Which city are you in?",
    "What error do you see?",
    "Which model is it?",
    "Heb je de app al opnieuw opgestart?",
    "Het nieuwe adres van de winkel staat op de site.",
    "We sturen de code naar je e-mailadres.",
    "Je krijgt een mail op je e-mailadres.",
    "Wat is er gebeurd?",
    "We will send it to your address tomorrow.",
    "Ik stuur het pakket naar je adres.",
    "Ik bel je morgen op het nummer dat we hebben.",
]


@pytest.mark.parametrize("text", ASKS)
def test_a_datum_is_asked_for_in_public(text: str) -> None:
    assert len(said(text, "asks_pii_in_public")) == 1


@pytest.mark.parametrize("text", FINE)
def test_a_private_way_or_no_request_is_fine(text: str) -> None:
    assert said(text, "asks_pii_in_public") == []


def test_in_private_a_datum_may_be_asked_for() -> None:
    assert said("Wat is je klantnummer?", "asks_pii_in_public", visibility="private") == []
