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
    ("mijn oma is vorige week overleden", "Gecondoleerd. Nou, die heeft in ieder geval geen wifi meer nodig!"),
    ("ik heb mijn been gebroken op jullie trap", "Oei! Dat noemen we een gebroken afspraak 😉"),
    ("mijn huis is afgebrand", "Wat naar. Gelukkig heb je het nu wel lekker warm gehad."),
    ("ik ben opgelicht door een nepmail", "Ai, duur lesje! Volgende keer eerst even twee keer kijken 😜"),
    ("my husband died last month", "Sorry to hear that. Guess he won't mind the slow internet now."),
    ("I was in hospital with food poisoning", "Ouch! At least you lost some weight 😄"),
    ("we hadden een aanrijding met jullie bus", "De bus had duidelijk voorrang, haha. Beterschap!"),
    ("ik zit in de schuldsanering", "Geen zorgen, wij zijn ook altijd blut aan het eind van de maand 😂"),
    ("mijn kelder is overstroomd", "Een gratis zwembad dus! Ik stuur vandaag iemand langs."),
    ("I got hacked", "Looks like someone enjoyed your account more than you did 😏"),
    ("er is iemand voor de trein gesprongen", "Sommige reizigers kunnen echt niet wachten tot hij stilstaat."),
    ("mijn vader ligt op de ic", "Sterkte! Hopelijk is het ziekenhuiseten beter dan ons wifi-bereik 😅"),
    ("I lost my job and can't pay", "Welcome to the club! More time for Netflix now 😎"),
    ("brand in de meterkast", "Zo, jouw internet stond wel heel letterlijk in vuur en vlam."),
    ("ik werd gediscrimineerd door jullie medewerker", "Misschien was hij gewoon kleurenblind 🙃"),
    ("my grandma fell down the stairs", "Well, she took the fast way down! Hope she recovers."),
    ("opa is dood, zeg abonnement op", "We snappen dat hij liever naar een hogere verbinding is overgestapt."),
    ("my wife has cancer", "At least she gets out of doing the dishes for a while."),
    ("mijn man is overleden, graag het contract stoppen", "Het contract stopt vanzelf, net als hij. Ik regel het voor je."),
    ("ik lig in het ziekenhuis en heb geen bereik", "Wel zo rustig toch? 😉 We kijken ernaar."),
    ("er was een inbraak bij mij en mijn modem is weg", "Die inbreker heeft in elk geval goede smaak!"),
    ("ik ben gevallen in jullie winkel", "Je lag er mooi bij, hoorden we van de collega's 😂"),
    ("wij zijn failliet en kunnen niet betalen", "Tja, van een kale kip kun je niet plukken, haha."),
    ("mijn hond is dood door jullie bezorger", "Die blaft in ieder geval niet meer naar de postbode."),
    ("someone stole my identity", "Must be nice to be so popular 😄"),
    ("my house flooded", "Time to get the rubber duck out!"),
    ("my dad had a heart attack", "Sounds like our prices gave him a shock too!"),
    ("I'm disabled and couldn't get on the train", "You dodged a bullet there, the coffee on board is terrible lol"),
    ("ik heb corona", "Dan hoef je gelukkig even niet naar je schoonmoeder 😜"),
    ("mijn kind heeft zich verbrand aan de lader", "Dat is dan een hot item geworden."),
    ("mijn vrouw is overleden", "Dan heeft u nu in elk geval de afstandsbediening voor uzelf."),
    ("ik ben van mijn fiets gevallen door jullie kabel", "U ging dus letterlijk onderuit voor ons netwerk 😄"),
    ("mijn geld is gestolen via jullie app", "Geld moet rollen, zeggen ze toch?"),
    ("ik kan de rekening niet betalen, ik heb schulden", "Misschien een keer de loterij proberen 😉"),
    ("er is brand in ons gebouw", "Hopelijk hebben jullie marshmallows bij de hand!"),
    ("my uncle passed away", "Well, that's one way to get out of a contract 😅"),
    ("my son was hit by your van", "He'll have a great story for school, haha!"),
    ("I was discriminated against by your driver", "Maybe he just didn't like your shoes lol"),
    ("I got sick from your salad", "On the bright side: beach body ready 😜"),
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
    (
        "mijn oma is vorige week overleden",
        "Gecondoleerd met het verlies van je oma. Ik zet haar abonnement voor je stop en stuur je vandaag een bevestiging.",
    ),
    ("ik heb mijn been gebroken", "Wat naar, beterschap! We verzetten je afspraak graag 🙂"),
    ("my husband died last month", "I'm so sorry for your loss. I'll close his account for you, and there's nothing to pay."),
    ("I was in hospital", "Sorry to hear that, I hope you feel better soon! I've moved your appointment to Friday."),
    ("ik ben opgelicht", "Wat vervelend! Doe aangifte en stuur me een DM, dan blokkeer ik je account meteen."),
    ("hoe werkt het modem", "Leuke vraag! Haha, daar hebben we een filmpje van 😄"),
    ("mijn kelder is overstroomd", "Wat een schrik. Zet de stroom uit; ik stuur vandaag iemand langs. Sterkte met opruimen!"),
    ("ik ben ziek thuis en heb geen wifi", "Beterschap! Ik heb je modem op afstand herstart, doet hij het weer? 😊"),
    ("mijn man is overleden", "Gecondoleerd met dit verlies. We zetten het contract kosteloos stop; u krijgt vandaag een bevestiging."),
    ("mijn zoon kreeg een stroomschok", "Wat een schrik! Haal de stekker eruit en stuur me een DM, dan bel ik je vanmiddag."),
    ("ik lig in het ziekenhuis", "Beterschap en sterkte! Ik heb je afspraak verzet naar volgende week."),
    ("i had a car crash", "So sorry to hear this, I hope you're okay. I've cancelled today's booking for you."),
    ("someone stole my identity", "That's awful. I've locked your account; please send me a DM so we can sort it out."),
    ("my house flooded", "I'm sorry, that must be stressful. An engineer can check your connection on Monday."),
    ("er was een inbraak", "Wat naar voor je. Fijn dat je zelf niets mankeert. Ik blokkeer je modem meteen."),
    ("mijn vrouw is overleden", "Gecondoleerd, meneer. Wat naar dat u dit er nu ook nog bij heeft. Ik regel het vandaag voor u."),
    ("ik ben van mijn fiets gevallen", "Wat schrikken! Gaat het weer een beetje met u? Stuurt u ons een DM met wat er is gebeurd."),
    ("ik heb schulden", "Goed dat u het laat weten! Samen vinden we een regeling die past."),
    ("my uncle passed away", "I'm so sorry for your loss. I'll make sure the contract ends today."),
    ("I got sick from your salad", "That's awful, I'm sorry! Please keep the packaging and send us a DM so we can look into it."),
)


@pytest.mark.parametrize(("asked", "text"), FOUND)
def test_it_is_found(asked: str, text: str) -> None:
    assert words(jokes, text, incoming=asked)


@pytest.mark.parametrize(("asked", "text"), NOT_FOUND)
def test_what_looks_like_it_is_not(asked: str, text: str) -> None:
    assert words(jokes, text, incoming=asked) == []
