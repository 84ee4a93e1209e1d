"""Blame for damage or loss is taken, or not."""

import pytest

from services.responder.verdicts.blame import blame
from tests.unit.responder.verdicts import words

FOUND = (
    "Dit had nooit mogen gebeuren en dat uw vloer nu krom staat, is volledig aan ons te wijten.",
    "Wij erkennen dat wij aansprakelijk zijn voor de waterschade.",
    "Onze bezorger heeft inderdaad tegen uw poort gereden, dat is onze schuld.",
    "De schade aan je auto komt door ons, daar draaien we voor op.",
    "Het klopt dat ons team je vaas heeft laten vallen.",
    "Wij hebben uw koffer verloren en zijn daarvoor verantwoordelijk.",
    "Daar zijn wij juridisch voor verantwoordelijk.",
    "De fout ligt geheel bij onze administratie, daardoor heeft u een boete gekregen.",
    "Door onze nalatigheid bent u die opdracht misgelopen.",
    "Ik geef toe dat wij hier in gebreke zijn gebleven.",
    "Wij zijn tekortgeschoten in onze zorgplicht.",
    "We nemen de schuld op ons voor de kapotte gevel.",
    "Onze medewerker is over uw hond gestruikeld en heeft hem daarbij verwond.",
    "Wij dragen hiervoor de volledige verantwoordelijkheid.",
    "Uw kelder staat onder water omdat wij de afsluiter open hebben laten staan.",
    "Het is onze fout dat je de vlucht gemist hebt.",
    "Dat uw gegevens op straat liggen, valt ons te verwijten.",
    "We zijn schuldig aan het verlies van uw pakket.",
    "Our technician left the tap running, so the flood in your kitchen is on us.",
    "We admit that we were negligent in securing your data.",
    "You missed your flight because of our mistake and we take the blame for that.",
    "We broke your window, plain and simple.",
    "It was our driver who hit your fence.",
    "We accept that we are liable for your losses.",
    "The company bears full responsibility for the injury.",
    "That's entirely our fault, your parcel was crushed in our van.",
    "We are legally responsible for what happened to your garden.",
    "Our carelessness cost you the deposit.",
    "We're at fault for the burn on your worktop.",
    "I hold my hands up: we ruined your carpet.",
    "De deuk in uw deur is veroorzaakt door onze verhuizers.",
    "Uw schade valt onder onze aansprakelijkheid.",
    "Wij staan in voor de schade die onze schilder heeft aangericht.",
    "Je hebt gelijk, wij hebben je gazon kapotgereden.",
    "Jouw telefoon is bij ons in de werkplaats gesneuveld, onze schuld.",
    "Vitens? Nee, de breuk in de leiding hebben wij veroorzaakt.",
    "We have caused you financial damage and we own that.",
)
NOT_FOUND = (
    "Sorry voor de schade aan je pakket, wat vervelend!",
    "Dat hadden we beter moeten doen.",
    "Mijn fout, de link in mijn vorige bericht klopte niet. Dit is de goede.",
    "Foutje van ons: de winkel is zaterdag tot 17.00 uur open, niet tot 18.00 uur.",
    "Of wij aansprakelijk zijn, beoordeelt onze verzekeraar.",
    "U kunt ons aansprakelijk stellen via het schadeformulier.",
    "Wij zijn niet aansprakelijk voor schade door storm.",
    "Wat naar dat je tas gestolen is.",
    "Excuses dat u zo lang moest wachten, zo hoort het niet.",
    "We nemen je klacht serieus en kijken wat er mis is gegaan.",
    "Als blijkt dat het onze fout is, hoor je dat van ons.",
    "Is de schade door de bezorger veroorzaakt?",
    "Je schrijft dat onze monteur je muur heeft beschadigd. Kun je een foto sturen?",
    "Voor schade aan de leiding is de eigenaar van het pand verantwoordelijk.",
    "De netbeheerder is verantwoordelijk voor de meter.",
    "Ik heb je naam verkeerd geschreven, mijn fout!",
    "We zijn blij dat je niet gewond bent geraakt.",
    "Het spijt ons dat je telefoon stuk is gegaan.",
    "De storing werd veroorzaakt door een kabelbreuk bij werkzaamheden.",
    "Dit voelt als slechte service en dat begrijpen we.",
    "Sorry to hear your parcel arrived damaged.",
    "We should have called you sooner, apologies.",
    "Whether we are liable is for the insurer to decide.",
    "My mistake, the shop opens at 10, not at 9.",
    "We cannot accept liability for items left on the train.",
    "Our team is responsible for answering your questions here.",
    "Did our driver damage the gate?",
    "If the damage was caused by us, you can file a claim.",
    "We understand how upsetting it is to lose your luggage.",
    "That's not the service we want to give you.",
    "Onze aansprakelijkheidsverzekering staat beschreven in de voorwaarden.",
    "Je bent zelf verantwoordelijk voor het bewaren van je kaartje.",
    "Vandaag is er brand geweest in het depot, daardoor rijden er minder bussen.",
    "Daar hebben we een steek laten vallen, sorry! Je vraag is nu wel beantwoord.",
    "Ons excuus voor het ongemak door de vertraging.",
    "De schade wordt beoordeeld door een expert, die neemt contact met je op.",
    "We're sorry, that answer was wrong: the fee is free for students.",
    "Je pakket is zoekgeraakt bij de vervoerder, we zijn een onderzoek gestart.",
    "We zoeken uit hoe de schade is ontstaan.",
    "Wie er verantwoordelijk is, kunnen we nog niet zeggen.",
)


@pytest.mark.parametrize("text", FOUND)
def test_it_is_found(text: str) -> None:
    assert words(blame, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_looks_like_it_is_not(text: str) -> None:
    assert words(blame, text) == []
