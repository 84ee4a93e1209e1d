"""Each rule with a message that it is for and one that only looks like it."""

import pytest

from services.triage.signals import Sender, fold, risks, signals, urgency

RISKY = [
    ("legal_threat", "Als dit morgen niet is opgelost schakel ik mijn advocaat in"),
    ("legal_threat", "Hierbij stel ik u formeel in gebreke"),
    ("legal_threat", "Ik stap naar de geschillencommissie."),
    ("legal_threat", "You will be hearing from my lawyer"),
    ("legal_threat", "I am reporting this to the ombudsman"),
    ("press", "Ik ben verslaggever bij een krant en heb een persvraag voor uw woordvoerder"),
    ("press", "Journalist here, could I get a comment before five?"),
    ("press", "Ik ga hiermee naar de pers"),
    ("safety", "De oplader is ontploft naast mijn bed"),
    ("safety", "Er hangt een gaslucht sinds jullie monteur weg is"),
    ("safety", "The battery caught fire while charging"),
    ("self_harm", "Ik zie het niet meer zitten en wil niet meer leven"),
    ("self_harm", "I just want to end it all"),
    ("data_leak", "In mijn account zie ik de facturen van een andere klant"),
    ("data_leak", "I received someone else's invoice by mail"),
    ("discrimination", "Ik werd geweigerd vanwege mijn hoofddoek"),
    ("discrimination", "Your guard was openly racist"),
]
HARMLESS = [
    "Lekker hoor, advocaat met slagroom bij de koffie",
    "Waar vind ik de algemene voorwaarden?",
    "Ik las in de krant dat jullie een nieuw filiaal openen",
    "Mijn telefoon wordt niet meer opgeladen",
    "De batterij is na een dag leeg",
    "Mijn man werkt in het ziekenhuis en wil zijn abonnement opzeggen",
    "That concert was the bomb dot com",
    "Where can I see my own invoices?",
]


@pytest.mark.parametrize(("risk", "text"), RISKY)
def test_a_risk_is_seen(risk: str, text: str) -> None:
    assert risk in risks(text, signals(text), -0.5)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_is_no_risk(text: str) -> None:
    assert risks(text, signals(text), -0.5) == []


URGENCIES = [
    ("critical", "neutral", "Mijn oma zit zonder verwarming en is ernstig ziek"),
    ("critical", "negative", "Ik sta midden in de nacht met twee kinderen op het vliegveld en kom niet meer thuis"),
    ("critical", "negative", "Ik ben slachtoffer geworden, mijn spaarrekening is geplunderd"),
    ("critical", "neutral", "Er komt rook uit de modem"),
    ("high", "neutral", "Sinds vanochtend geen internet in de hele straat"),
    ("high", "negative", "Ik bel nu voor de vierde keer over hetzelfde"),
    ("high", "neutral", "Ik vlieg morgen en heb mijn ticket nog niet"),
    ("high", "negative", "Ik wacht al zes weken op mijn terugbetaling"),
    ("high", "neutral", "Er gaat een nepmail rond uit jullie naam"),
    ("normal", "neutral", "Hoe kan ik mijn adres wijzigen?"),
    ("normal", "negative", "Wat een slechte film was dat"),
    ("low", "positive", "Dank je wel, fijne dag!"),
    ("low", "neutral", "Mooi weer in de stad vandaag"),
    ("low", "neutral", "Automatisch antwoord: ik ben afwezig tot maandag, bel bij spoed mijn collega"),
]


@pytest.mark.parametrize(("expected", "sentiment", "text"), URGENCIES)
def test_urgency_follows_from_what_is_at_stake(expected: str, sentiment: str, text: str) -> None:
    found = signals(text)
    score = {"negative": -0.6, "neutral": 0.0, "positive": 0.6}[sentiment]
    assert urgency(found, risks(text, found, score), sentiment, score) == expected


@pytest.mark.parametrize(
    ("followers", "score", "expected"),
    [(50_000, -0.5, ["influencer"]), (49_999, -0.5, []), (80_000, 0.5, []), (None, -0.9, [])],
)
def test_an_influencer_has_many_followers_and_is_negative(followers: int | None, score: float, expected: list[str]) -> None:
    assert risks("wat een gedoe", frozenset(), score, Sender(followers=followers)) == expected


def test_a_campaign_hashtag_is_hijacked_only_by_something_negative() -> None:
    text = "Al drie dagen geen tv. Lekker hoor #VaartErop"
    assert risks(text, signals(text), -0.6, campaign_hashtags=("#vaarterop",)) == ["hashtag_hijack"]
    assert risks("Leuke actie #VaartErop", frozenset(), 0.8, campaign_hashtags=("#vaarterop",)) == []


def test_a_plan_is_leaked_only_by_staff() -> None:
    text = "Volgende maand gaat Project Noordster live, druk druk druk"
    names = ("project noordster",)
    assert risks(text, signals(text), 0.0, Sender(staff=True), internal_names=names) == ["staff_leak"]
    assert risks(text, signals(text), 0.0, internal_names=names) == []


def test_patterns_meet_text_without_accents_capitals_or_curly_quotes() -> None:
    assert fold("Één  STORING\nI’m") == "een storing i'm"


def test_hostile_text_is_matched_in_linear_time() -> None:
    assert isinstance(signals("al al al 3 x " * 100_000), frozenset)
