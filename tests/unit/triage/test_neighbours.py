"""What cannot wait is seen in German and French too, and thanks are praise there."""

import pytest

from services.triage.classify import Classifier
from services.triage.signals import CRITICAL, HIGH, RISKS, signals

SEEN = {
    "legal_threat": [
        "Wenn bis Freitag nichts passiert, schalte ich meinen Anwalt ein.",
        "Ich werde Sie verklagen, das verspreche ich Ihnen.",
        "Ich habe den Vorgang der Schlichtungsstelle gemeldet",
        "Sans réponse de votre part, je saisirai le médiateur.",
        "Mon avocat prendra contact avec vous.",
        "je vais porter plainte si ça continue",
    ],
    "press": [
        "Guten Tag, ich bin Redakteurin bei einem Lokalsender und hätte Fragen zum Stromausfall",
        "Ich habe schon die Zeitung informiert, die kommen morgen vorbei",
        "Je suis journaliste pour un quotidien régional, qui peut me répondre ?",
        "on a prévenu la télé, ils arrivent demain",
    ],
    "safety": [
        "Das Ladegerät hat gebrannt, die ganze Steckdose ist schwarz!",
        "Meine Tochter ist auf Ihrer Treppe gestürzt und liegt im Krankenhaus",
        "In der Babynahrung war ein Glassplitter im Brei",
        "Le chargeur a pris feu pendant la nuit",
        "Mon fils a été blessé par votre trottinette",
        "il y a une odeur de gaz depuis le passage du technicien",
    ],
    "self_harm": ["Ich kann einfach nicht mehr weiterleben so", "Il serait mieux sans moi, j'ai envie de mourir"],
    "data_leak": [
        "Ich habe heute die Rechnung eines anderen Kunden bekommen",
        "Ihr habt mir den Vertrag einer fremden Person geschickt",
        "J'ai reçu la facture d'un autre client avec toutes ses coordonnées",
    ],
    "discrimination": ["Der Fahrer hat mich wegen meines Kopftuchs nicht mitgenommen: rassistisch!", "On m'a refusé l'entrée à cause de mon fauteuil"],
    "stranded": ["Der letzte Bus ist ausgefallen und wir stehen hier im Dunkeln", "On est bloqués à la gare de Lens depuis minuit"],
    "attempts": ["Das ist jetzt meine vierte Mail an Sie!", "troisième relance, toujours aucune réponse"],
    "machine_mail": ["Dies ist eine automatisch generierte Antwort", "Merci de ne pas répondre à ce message"],
}  # fmt: skip
HARMLESS = [
    "Ich habe mir den Fuß verletzt und möchte meine Fahrkarte zurückgeben",
    "Meine Tochter fährt ab August mit dem Bus zur Schule, welches Abo passt?",
    "Die Zeitung kam heute nicht",
    "Wo finde ich meine Rechnung?",
    "Kann ich den Vertrag auf meine Frau überschreiben?",
    "Das Essen war scharf, aber gut",
    "Mir fehlt die Kraft für noch ein Telefonat mit Ihnen",
    "Où puis-je trouver ma facture ?",
    "Mon fils voudrait savoir si le vélo existe en rouge",
    "Le dernier train part à quelle heure ?",
    "Ma femme travaille à l'hôpital, y a-t-il un tarif réduit ?",
    "Puis-je changer l'adresse de livraison ?",
    "Votre journal n'est pas arrivé ce matin",
    "Je cherche un avocat mûr, vous en vendez ?",
]


@pytest.mark.parametrize(("signal", "text"), [(signal, text) for signal, texts in SEEN.items() for text in texts])
def test_what_cannot_wait_is_seen_in_german_and_french(signal: str, text: str) -> None:
    assert signal in signals(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_german_or_french_text_is_no_alarm(text: str) -> None:
    assert signals(text).isdisjoint(CRITICAL | HIGH | set(RISKS))


def test_thanks_are_praise_and_the_score_has_the_sign_of_the_tone(classifier: Classifier) -> None:
    found = classifier.classify(
        ["Vielen Dank, alles hat super geklappt!", "Merci, tout s'est très bien passé", "Der Service ist eine Frechheit"]
    )
    assert [one.sentiment for one in found] == ["positive", "positive", "negative"]
    assert [one.sentiment_score > 0 for one in found] == [True, True, False]
