"""What belongs inside, and what may be told."""

import pytest

from services.responder.verdicts.inside import inside
from tests.unit.responder.verdicts import words

FOUND = (
    "Ik heb een ticket voor je aangemaakt in Salesforce.",
    "We zijn vandaag zwaar onderbezet.",
    "Er zijn veel zieken in het team, daarom duurt het langer.",
    "Het staat op de roadmap voor Q2.",
    "Onder ons gezegd: in mei komt er een nieuw abonnement.",
    "Project Noordster lost dit straks op.",
    "Sluiswachter ligt eruit.",
    "Ons CRM geeft een foutmelding.",
    "We zitten met een personeelstekort.",
    "De helft van mijn collega's zit ziek thuis.",
    "Mag ik eigenlijk nog niet zeggen, maar volgend jaar stoppen we met papieren facturen.",
    "Dit is nog niet bekendgemaakt, maar we openen in maart een winkel in Breda.",
    "In ons ticketsysteem staat dat je gisteren belde.",
    "We draaien met een minimale bezetting.",
    "Er werken nu maar twee mensen in de chat.",
    "Door de reorganisatie zijn veel collega's vertrokken.",
    "We're short-staffed this week.",
    "Two colleagues are off sick today.",
    "Between you and me, the new app launches in June.",
    "I've logged it in Zendesk.",
    "It's in our Jira backlog.",
    "This hasn't been announced yet, but prices go up in January.",
    "We're not supposed to share this, but a new store is coming.",
    "We are migrating to SAP, that's why.",
    "Half the team quit last month.",
    "Intern is besloten dat het product verdwijnt.",
    "Wij krijgen de roosters niet rond.",
    "De leverancier van ons backoffice-systeem heeft een bug.",
    "Er is een vacaturestop dus we komen handen tekort.",
    "Ik zie in Topdesk dat je melding openstaat.",
    "De baas wil dit najaar fuseren met een andere partij.",
    "We verhuizen binnenkort naar een nieuw klantsysteem.",
    "Van mijn teamleider mag ik dit niet vertellen, maar de prijs gaat omhoog.",
)
NOT_FOUND = (
    "Ik vraag het intern na en kom erop terug.",
    "Het is druk, daarom duurt het iets langer.",
    "Heb je je ticket bij de hand?",
    "Je e-ticket staat in je mail.",
    "Er is een storing in ons systeem.",
    "Beterschap, vervelend dat je ziek bent!",
    "Onze collega's bellen je morgen.",
    "We werken aan een oplossing.",
    "Onze nieuwe app is nu te downloaden.",
    "We openen zaterdag onze nieuwe winkel in Breda, kom je ook?",
    "Bekijk onze vacatures op werkenbij.vaart.example.",
    "Ik zet je melding door naar de afdeling Techniek.",
    "De dienstregeling voor 2027 is vandaag bekendgemaakt.",
    "Ik heb het genoteerd in je dossier.",
    "We hebben een nieuw abonnement: Vaart Plus.",
    "I'll check this with my colleagues.",
    "It's busier than usual, sorry for the wait.",
    "Please keep your ticket until the end of the trip.",
    "Our new app is out now!",
    "Sorry you're feeling sick!",
    "We're working on a fix.",
    "Your ticket number is on the receipt.",
    "Onze monteurs zijn bezig met het herstel.",
    "Wij zijn maandag gesloten vanwege Pasen.",
    "Er is een wachtrij bij de attractie van 20 minuten.",
    "Ik heb je gegevens aangepast in Mijn Vaart.",
    "Zijn er plannen om bij jou glasvezel aan te leggen? Kijk op vaart.example/glas.",
    "De kaartjes komen maandag in de verkoop.",
    "Je melding is bij ons bekend.",
)


@pytest.mark.parametrize("text", FOUND)
def test_it_is_found(text: str) -> None:
    assert words(inside, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_looks_like_it_is_not(text: str) -> None:
    assert words(inside, text) == []
