"""Texts that are short with their reader, and texts that look so."""

import pytest

from services.responder.verdicts.tone import tone
from tests.unit.responder.verdicts import words

FOUND = (
    "Tja, dan had je maar eerder moeten bestellen.",
    "Dat heb ik u gisteren ook al uitgelegd.",
    "Als u de mail goed had gelezen, wist u dit.",
    "Dat is echt uw eigen verantwoordelijkheid.",
    "Wij doen ook maar ons werk.",
    "Daar kunnen wij toch niks aan doen?",
    "Leuk geprobeerd, maar nee.",
    "Misschien moet je eens beginnen met de handleiding lezen.",
    "Rustig aan, we zijn er pas net.",
    "Met zo'n toon komen we nergens.",
    "Wat had u dan verwacht voor die prijs?",
    "U overdrijft wel een beetje.",
    "Jij hebt zelf op akkoord geklikt.",
    "Niet ons probleem.",
    "Fijn dat u altijd zo positief bent.",
    "Gefeliciteerd, u heeft eindelijk de aan-knop gevonden.",
    "Dat is gewoon niet waar.",
    "Er zijn genoeg klanten die wel tevreden zijn.",
    "Wij hebben niets verkeerd gedaan.",
    "Het staat toch echt heel duidelijk op de site.",
    "Zoals ik al drie keer heb gezegd: nee.",
    "Je zou ook gewoon even kunnen googelen.",
    "U zit er helemaal naast.",
    "Ik snap niet wat u hier nu zo moeilijk aan vindt.",
    "Blijkbaar leest u onze berichten niet.",
    "Klagen is makkelijk, meedenken niet.",
    "Dan ga je toch lekker ergens anders heen.",
    "Calm down, it's only a parcel.",
    "You should have read the terms.",
    "That's hardly our problem, is it?",
    "As I have already told you twice, no.",
    "If you had bothered to check your email, you'd know.",
    "Well, you get what you pay for.",
    "Funny how everyone else managed just fine.",
    "I'm not sure what else you expected.",
    "There's no need to be so dramatic.",
    "Maybe read the instructions next time.",
    "We can't help it that you entered the wrong address.",
    "Your attitude isn't helping.",
    "Oh, how original, another complaint.",
    "Perhaps you'd like to do our job for us?",
)
NOT_FOUND = (
    "Dat had je natuurlijk eerder van ons moeten horen.",
    "Je hebt gelijk, dit had sneller gemoeten.",
    "U had dit bericht eerder moeten krijgen, excuses.",
    "Heb je zelf al een nieuw wachtwoord ingesteld?",
    "Wat vervelend dat je zo lang hebt gewacht.",
    "Als je de app opent, zie je het meteen.",
    "Fijn dat je het meldt!",
    "Gefeliciteerd met je nieuwe huis!",
    "Lees hier hoe het werkt: vaart.example/hulp",
    "Je kunt zelf een moment kiezen.",
    "Het ligt niet aan jou, er is een storing.",
    "Dank voor je geduld.",
    "Rustig aan doen hoor, en beterschap!",
    "We begrijpen dat je teleurgesteld bent.",
    "Nogmaals excuses voor het ongemak.",
    "Zoals beloofd kom ik er vandaag op terug.",
    "Goed gelezen, dat klopt inderdaad niet op onze site.",
    "Je klacht is bij ons binnengekomen.",
    "Heb je de handleiding bij de hand?",
    "Dat is duidelijk, dank je wel.",
    "Wat had je precies besteld?",
    "Je zou het ook kunnen proberen met een andere browser.",
    "Gelukkig is het opgelost!",
    "Leuk dat je erbij was!",
    "Het klopt niet wat er op de factuur staat, je hebt gelijk.",
    "You should have had an answer by now, sorry.",
    "If you'd like, I can call you.",
    "You're right, that's not good enough.",
    "Thanks for your patience.",
    "Congratulations on your new home!",
    "If you had any trouble, let me know.",
    "Maybe a restart helps?",
    "No need to call, I've arranged it.",
    "It's not your fault at all.",
    "You can choose a slot yourself.",
    "As mentioned, your parcel arrives today.",
    "Could you check your spam folder?",
    "Well done on spotting that, thank you!",
    "Sorry that you had to explain it twice.",
)


@pytest.mark.parametrize("text", FOUND)
def test_it_is_found(text: str) -> None:
    assert words(tone, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_looks_like_it_is_not(text: str) -> None:
    assert words(tone, text) == []
