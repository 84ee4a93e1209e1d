"""Prices, rates and limits that a public reply states (example data)."""

import pytest

from tests.unit.responder.verdicts.judged import said

FACTS = [
    ("Een abonnement kost € 12,50 per maand.", ["€ 12,50"]),
    ("Het abonnement kost 12,50 euro per maand.", ["12,50 euro"]),
    ("Een kaartje kost €4.", ["€4"]),
    ("Voor 5 euro extra krijg je een koffer mee.", ["5 euro"]),
    ("Verzenden kost 3,95.", ["3,95"]),
    ("De verzendkosten zijn 4,95 euro.", ["4,95 euro"]),
    ("Vanaf € 50,- bezorgen we gratis.", ["€ 50,-"]),
    ("Bezorging is gratis vanaf 30 euro.", ["30 euro"]),
    ("Je krijgt nu 20% korting.", ["20%"]),
    ("Tot zondag 15 procent korting op alles!", ["15 procent"]),
    ("De spaarrente is 1,6%.", ["1,6%"]),
    ("De hypotheekrente staat nu op 3,8 procent.", ["3,8 procent"]),
    ("Roodstaan kost 9,9% rente per jaar.", ["9,9%"]),
    ("Ons tarief is 27 cent per kWh.", ["27 cent"]),
    ("Stroom kost nu 0,27 euro per kWh.", ["0,27 euro"]),
    ("De boete is 50 euro.", ["50 euro"]),
    ("De toeslag is € 3,-.", ["€ 3,-"]),
    ("Je mag maximaal 10 kg handbagage meenemen.", ["10 kg"]),
    ("De daglimiet is 2.500 euro.", ["2.500 euro"]),
    ("Je kunt tot € 1.000 per dag pinnen.", ["€ 1.000"]),
    ("Maximaal 3 stuks per klant.", ["3 stuks"]),
    ("De bundel heeft een limiet van 20 GB.", ["20 GB"]),
    ("Een retourtje is 18,60 euro.", ["18,60 euro"]),
    ("Het instaptarief is € 1,08.", ["€ 1,08"]),
    ("Een nieuwe pas kost tien euro.", ["tien euro"]),
    ("De Gezinskaart is er voor € 29,50.", ["€ 29,50"]),
    ("De fiets is nu 499 euro.", ["499 euro"]),
    ("An extra card is 1.25 euros a month.", ["1.25 euros"]),
    ("The fee is £4.50 per bag.", ["£4.50"]),
    ("It costs $10.", ["$10"]),
    ("Tickets start at €15.", ["€15"]),
    ("You get 10% off your first order.", ["10%"]),
    ("There is a 2 percent charge for that.", ["2 percent"]),
    ("Our savings rate is 1.5% at the moment.", ["1.5%"]),
    ("You can take up to 23 kg.", ["23 kg"]),
    ("The limit is 500 euros a day.", ["500 euros"]),
    ("Delivery is free over 50 euros.", ["50 euros"]),
    ("A return ticket costs 20 pounds.", ["20 pounds"]),
    ("Alle lampen nu voor de halve prijs!", ["halve prijs"]),
    ("All lamps are half price this week.", ["half price"]),
    ("Dat abonnement is €20 p/m.", ["€20"]),
    ("Klopt, een kaartje is nu 12 euro, dat was 10 euro.", ["12 euro", "10 euro"]),
]
FINE = [
    ("Retourneren is gratis.", None),
    ("De bezorging is gratis en duurt 3 dagen.", None),
    ("We zijn open van 9:00 tot 17:00.", None),
    ("Je hoort binnen 24 uur van ons.", None),
    ("Ik heb € 18,60 teruggestort.", None),
    ("Het bedrag van 43 euro is overgemaakt.", None),
    ("Je factuur van € 120,50 klopt.", None),
    ("Die 30 euro is te veel afgeschreven.", "30 euro te veel betaald"),
    ("Bij € 18,60 voor twee ritten denk ik aan een gemiste uitcheck.", "€ 18,60 betaald voor twee ritjes"),
    ("Ik snap dat je schrikt van 600 euro.", "jaarnota van 600 euro??"),
    ("We refunded 25 euros yesterday.", None),
    ("You were charged €10 twice; it is on its way back.", "charged 10 twice"),
    ("De batterij is voor 80% vol.", None),
    ("Ik ben het 100% met je eens.", None),
    ("90% van de treinen rijdt op tijd.", None),
    ("Kies optie 2 en daarna 5.", None),
    ("Het tarief staat op onze site.", None),
    ("De actuele prijs vind je op vaart.example/tarieven.", None),
    ("Je hebt 2 koffers opgegeven.", None),
    ("Er zijn nog 3 stuks op voorraad.", None),
    ("Trein 3045 vertrekt om 14:05 van spoor 5.", None),
    ("Zet het 2 keer uit en aan.", None),
    ("Het pakket weegt 10 kg.", None),
    ("It is 100% our pleasure.", None),
    ("We have 3 items left.", None),
    ("The app is free.", None),
    ("Update to version 4.5.", None),
    ("Wacht 10 minuten en probeer het 3 keer.", None),
    ("De kosten staan in je polis.", None),
    ("We hebben 5 euro tegoed bijgeschreven.", None),
    ("De prijs vind je in stap 2.", None),
    ("Over 2 weken weten we de prijs.", None),
    ("Per 1 januari verandert het tarief, je krijgt 2 weken ervoor bericht.", None),
    ("De actie loopt tot 31 december 2026.", None),
    ("Salderen stopt op 1 januari 2027, daarna krijg je een vergoeding per kWh.", None),
    ("The sale ends on 12 January.", None),
    ("De 25 euro maken we uiterlijk maandag over.", None),
    ("We'll transfer the 25 euros by Monday.", None),
    ("Je nieuwe termijnbedrag is 120 euro.", None),
    ("Half september weten we meer.", None),
    ("Retourneren kan tot 30 dagen na aankoop.", None),
    ("Ons kantoor heeft 500 medewerkers.", None),
]


@pytest.mark.parametrize(("text", "facts"), FACTS)
def test_a_fact_that_can_change_is_stated_in_public(text: str, facts: list[str]) -> None:
    assert [one.strip() for one in said(text, "expiring_fact")] == facts


@pytest.mark.parametrize(("text", "incoming"), FINE)
def test_times_own_amounts_and_shares_are_no_such_facts(text: str, incoming: str | None) -> None:
    assert said(text, "expiring_fact", incoming) == []


def test_in_private_a_price_may_be_told() -> None:
    assert said("Het kost € 12,50 per maand.", "expiring_fact", visibility="private") == []
