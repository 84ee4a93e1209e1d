"""Each rule with messages that it is for and ones that only look like it, and how rules and a head's probabilities are weighed."""

import pytest

from services.triage.classify import Classifier
from services.triage.context import Context
from services.triage.signals import (
    NAMES,
    RISKS,
    SIGNALS,
    THRESHOLDS,
    TOGETHER,
    fold,
    is_campaign,
    risks,
    signals,
    signals_of,
    urgency,
    words,
)

RISKY = {
    "legal_threat": [
        "Als dit morgen niet is opgelost schakel ik mijn advocaat in",
        "Hierbij stel ik u formeel in gebreke",
        "Ik stap naar de geschillencommissie.",
        "morgen doe ik melding bij de ACM",
        "ik dien een klacht in bij het Kifid",
        "Dan zie ik jullie voor de rechter",
        "Wij hebben onze rechtsbijstandsverzekering ingeschakeld.",
        "You will be hearing from my lawyer",
        "I am reporting this to the ombudsman",
        "LETTER BEFORE ACTION. We act for Mr Brandal and are instructed to issue proceedings.",
        "I'll be reporting you to Ofcom and the ICO",
        "Ich werde einen Anwalt einschalten",
        "Objet : mise en demeure",
    ],
    "press": [
        "Ik ben verslaggever bij een krant en heb een persvraag voor uw woordvoerder",
        "Voor De Havenbode schrijf ik een stuk over de storing. Graag voor 16.00 uur een reactie.",
        "Goedemorgen, stagiair bij een omroep hier. Kan ik iemand quoten over de wateroverlast?",
        "Ik ga hiermee naar de pers",
        "morgen komt hier een cameraploeg filmen, succes met uitleggen",
        "De krant heeft me gisteren geïnterviewd over jullie incassopraktijken",
        "Journalist here, could I get a comment before five?",
        "Writing a piece for the Harbour Gazette: is it true that you closed two depots? Filing at 5.",
        "I am contacting my local news about this",
        "Wir bereiten für ein Verbrauchermagazin einen Beitrag vor und bitten die Pressestelle um Antwort",
    ],
    "safety": [
        "De oplader is ontploft naast mijn bed",
        "Er hangt een gaslucht sinds jullie monteur weg is",
        "er komt water uit het stopcontact in de badkamer",
        "Er zit een metalen splinter in de kaas",
        "Buschauffeur lijn 300 zit te slapen achter het stuur",
        "Pan viel uit elkaar, heet vet over mijn arm, derdegraads",
        "ik weet waar jullie kantoor staat en morgen steek ik de boel in de fik",
        "Ik sla zijn tanden eruit als hij nog een keer aanbelt",
        "The battery caught fire while charging",
        "The hotel fire exit was chained shut last night",
        "I know where your driver lives",
        "Der Wasserkocher hat Funken geschlagen",
    ],
    "self_harm": [
        "Ik zie het niet meer zitten en wil niet meer leven",
        "van mij hoeft het allemaal niet meer, dan zijn jullie ook van mij af",
        "ik heb pillen gespaard en ben bang voor mezelf",
        "Iedereen is beter af als ik weg ben, ik wil niet meer verder",
        "I just want to end it all",
        "my son said he doesn't want to be here anymore and I am scared",
        "Je n'y arrive plus, je pense à en finir",
    ],
    "data_leak": [
        "In mijn account zie ik de facturen van een andere klant",
        "300 klanten in de cc in plaats van bcc, goed bezig",
        "verander het laatste cijfer in de url en je ziet de nota van een ander",
        "waarom krijg ik de loonstrook van een Sandra??",
        "Jullie hebben mijn adres aan mijn ex gegeven!!",
        "I received someone else's invoice by mail",
        "I can see another user's messages in my inbox on your app",
        "You sent my payslip to the wrong employee",
    ],
    "staff_leak": [
        "Als medewerker mag ik het nog niet zeggen, maar Breda gaat in maart dicht",
        "psst, hoorde net van mijn teamleider dat vanaf volgende week alles duurder wordt",
        "Net de interne presentatie gezien: het merk verdwijnt, we worden overgenomen",
        "they told us in the crew room the base is closing, not to go public till March",
        "I work in planning there. You didn't get it from me but prices go up in May",
    ],
    "discrimination": [
        "Ik werd geweigerd vanwege mijn hoofddoek",
        "Ik moest als enige mijn tas openmaken, de witte klanten mochten doorlopen",
        "jullie medewerker zei 'leer eerst maar eens normaal Nederlands'",
        "eigen volk eerst, opzouten met dat tuig",
        "allemaal Polen daar, die kunnen niet eens nederlands",
        "Your guard was openly racist",
        "your driver refused to pick me up because of my guide dog",
        "go back where you came from the lot of you",
    ],
}  # fmt: skip
HARMLESS = [
    "Lekker hoor, advocaat met slagroom bij de koffie",
    "Waar vind ik de algemene voorwaarden?",
    "Werkt mijn rechtsbijstandverzekering ook in het buitenland?",
    "Ik las in de krant dat jullie een nieuw filiaal openen",
    "Mijn krant is vandaag niet bezorgd",
    "Een bankje bij de kassa zou fijn zijn voor oudere mensen",
    "Hoeveel personeel werkt er bij jullie in het weekend?",
    "Mijn telefoon wordt niet meer opgeladen",
    "De bus naar Polen, kunnen wij daar fietsen in meenemen?",
    "De batterij is na een dag leeg",
    "Mijn man werkt in het ziekenhuis en wil zijn abonnement opzeggen",
    "Ik zie het niet zitten om nog een uur te wachten op een monteur",
    "@bezorgdienst mijn tas vergeten, ik wil dood (honger)",
    "Is de kinderstoel ook in het zwart leverbaar?",
    "Is het station toegankelijk met een rolstoel?",
    "Ik wil graag een bruine bank en een zwarte tafel bestellen",
    "Mijn pakket is bij de buren bezorgd, maar bij welke?",
    "Kan ik het adres op mijn factuur laten aanpassen?",
    "Mijn collega's en ik gaan vrijdag borrelen, is er plek voor twaalf?",
    "Wanneer gaat de winkel in Assen dicht vandaag?",
    "That concert was the bomb dot com",
    "Where can I see my own invoices?",
    "Do you have gluten free bread?",
    "How do I share my account with someone else?",
    "We have been waiting at the gate for two hours",
    "Thanks! We will see what happens",
]


@pytest.mark.parametrize(("risk", "text"), [(risk, text) for risk, texts in RISKY.items() for text in texts])
def test_a_risk_is_seen_and_its_words_are_told(risk: str, text: str) -> None:
    assert risk in risks(text, signals(text), -0.5)
    assert words(text)[risk]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_is_no_risk(text: str) -> None:
    assert risks(text, signals(text), -0.5) == []


def test_people_who_are_glad_only_borrow_the_words_of_danger() -> None:
    text = "Die krentenbollen zijn levensgevaarlijk lekker"
    assert risks(text, signals(text), -0.5) == ["safety"]
    assert risks(text, signals(text), 0.8) == []


def test_who_asks_for_the_press_threatens_nobody_with_the_regulator() -> None:
    text = "Persvraag van de redactie: is het lek gemeld bij de toezichthouder?"
    assert risks(text, signals(text), 0.0) == ["press"]


def test_a_newsletter_names_lawyers_without_meaning_it() -> None:
    text = "Nieuwsbrief: onze advocaat is aan het woord. Uitschrijven voor deze mails kan hier."
    assert "legal_threat" in signals(text)
    assert risks(text, signals(text), 0.0) == []


def test_the_words_of_a_risk_made_of_several_signals_are_those_of_its_parts() -> None:
    found = words("Als medewerker hoor ik dat Venlo dichtgaat, mag nog niet naar buiten", frozenset({"staff_leak"}))
    assert list(found) == ["staff_leak"]
    assert "als medewerker" in found["staff_leak"]
    assert any("niet naar buiten" in word for word in found["staff_leak"])


def test_texts_together_have_the_signals_that_each_has_alone() -> None:
    texts = [text for group in RISKY.values() for text in group] + HARMLESS
    assert signals_of(texts) == [signals(text) for text in texts]
    assert signals_of([]) == []


def test_words_are_told_for_exactly_the_signals_that_are_there() -> None:
    for texts in RISKY.values():
        for text in texts:
            assert words(text).keys() == signals(text)
    assert words("mooi weer") == {}


def test_every_combination_is_made_of_signals_that_exist() -> None:
    assert {part for sets in TOGETHER.values() for parts in sets for part in parts} <= SIGNALS.keys()
    assert THRESHOLDS.keys() == set(RISKS)
    assert set(RISKS) - {"influencer", "hashtag_hijack"} <= set(NAMES)


SIGNALLED = [
    ("vulnerable", "Mijn oma zit zonder verwarming en is ernstig ziek"),
    ("stranded", "Ik sta midden in de nacht met twee kinderen op het vliegveld en kom niet meer thuis"),
    ("fraud", "Ik ben slachtoffer geworden, mijn spaarrekening is geplunderd"),
    ("threat", "zeg maar dat ik weet waar hij woont en hem opwacht"),
    ("total_loss", "Sinds vanochtend geen internet in de hele straat"),
    ("attempts", "Ik bel nu voor de vierde keer over hetzelfde"),
    ("deadline", "Ik vlieg morgen en heb mijn ticket nog niet"),
    ("money_waiting", "Ik wacht al zes weken op mijn terugbetaling"),
    ("phishing", "Er gaat een nepmail rond uit jullie naam"),
    ("machine_mail", "Automatisch antwoord: ik ben afwezig tot maandag, bel bij spoed mijn collega"),
    ("advert", "Replica horloges 80% korting, link in bio"),
]


@pytest.mark.parametrize(("signal", "text"), SIGNALLED)
def test_what_makes_a_message_urgent_or_no_message_at_all_is_seen(signal: str, text: str) -> None:
    assert signal in signals(text)
    assert signals("Mooi weer in de stad vandaag, dank je wel") == frozenset()


URGENCIES = [
    ("critical", "neutral", "Mijn oma van 91 zit alleen thuis zonder verwarming en is ernstig ziek, dit kan zo niet langer"),
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
def test_urgency_follows_from_what_is_at_stake(classifier: Classifier, expected: str, sentiment: str, text: str) -> None:
    assert classifier.classify([text])[0].urgency == expected


@pytest.mark.parametrize(
    ("risk", "likeliest", "expected"),
    [
        ([], "normal", "normal"),
        ([], "critical", "critical"),
        (["press"], "low", "critical"),
        (["self_harm"], "normal", "critical"),
        (["data_leak"], "normal", "high"),
        (["data_leak"], "critical", "critical"),
        (["hashtag_hijack"], "low", "low"),
    ],
)
def test_a_head_decides_the_urgency_and_a_risk_raises_it(risk: list[str], likeliest: str, expected: str) -> None:
    assert urgency(likeliest, risk) == expected


@pytest.mark.parametrize(
    ("followers", "score", "expected"),
    [(50_000, -0.5, ["influencer"]), (49_999, -0.5, []), (80_000, 0.5, []), (None, -0.9, [])],
)
def test_an_influencer_has_many_followers_and_is_negative(followers: int | None, score: float, expected: list[str]) -> None:
    assert risks("wat een gedoe", frozenset(), score, Context(followers=followers)) == expected


def test_whose_followers_are_unknown_may_speak_of_them() -> None:
    text = "Mijn 85.000 volgers gaan dit horen"
    assert risks(text, signals(text), -0.6) == ["influencer"]
    assert risks(text, signals(text), 0.6) == []
    assert risks(text, signals(text), -0.6, Context(followers=90)) == []


def test_a_head_is_believed_from_its_threshold_on() -> None:
    sure = THRESHOLDS["press"]
    assert risks("hallo", frozenset(), 0.0, chances={"press": sure, "safety": 0.01}) == ["press"]
    assert risks("hallo", frozenset(), 0.0, chances={"press": sure - 0.01}) == []


def test_no_probability_makes_a_hijack_without_a_hashtag_or_an_influencer_without_followers() -> None:
    sure = {"hashtag_hijack": 0.9, "influencer": 0.9}
    assert risks("wat een gedoe", frozenset(), -0.5, Context(followers=120), chances=sure) == []
    assert risks("wat een gedoe #samen", frozenset(), -0.5, Context(followers=60_000), chances=sure) == ["influencer", "hashtag_hijack"]


def test_a_campaign_hashtag_is_hijacked_only_by_something_negative() -> None:
    text = "Al drie dagen geen tv. Lekker hoor #VaartErop"
    assert risks(text, signals(text), -0.6, campaign_hashtags=("#vaarterop",)) == ["hashtag_hijack"]
    assert risks("Leuke actie #VaartErop", frozenset(), 0.8, campaign_hashtags=("#vaarterop",)) == []


def test_spam_under_a_slogan_is_a_hijack_and_a_brand_with_hashtags_of_its_own_knows_no_others() -> None:
    text = "#AltijdDichtbij lening zonder bkr toets, link in bio"
    assert risks(text, signals(text), 0.0) == ["hashtag_hijack"]
    assert risks(text, signals(text), 0.0, campaign_hashtags=("#vaarterop",)) == []


@pytest.mark.parametrize(
    "tag", ["#AltijdVerbonden", "#LekkerWegMetVaart", "#WijLuisteren", "#MyVaartMoment", "#samenvoorlicht", "#SeaYouSoon"]
)
def test_a_slogan_is_told_from_a_name(tag: str) -> None:
    assert is_campaign(tag)


@pytest.mark.parametrize(
    "tag", ["#Doetinchem", "#vaart", "#duinbank", "#VaartBank", "#vacature", "#2026", "#fashion", "#neveragain", "#SaveOurStation"]
)
def test_a_name_is_no_slogan(tag: str) -> None:
    assert not is_campaign(tag)


def test_a_plan_is_leaked_only_by_staff() -> None:
    text = "Volgende maand gaat Project Noordster live, druk druk druk"
    names = ("project noordster",)
    assert risks(text, signals(text), 0.0, Context(staff=True), internal_names=names) == ["staff_leak"]
    assert risks(text, signals(text), 0.0, internal_names=names) == []


def test_patterns_meet_text_without_accents_capitals_or_curly_quotes() -> None:
    assert fold("Één  STORING\nI’m") == "een storing i'm"


def test_a_pattern_with_a_gap_ends_with_the_sentence() -> None:
    assert "fraud" in signals("Mijn geld is gisteren zomaar van mijn rekening verdwenen")
    assert "fraud" not in signals("Geld terug graag. De doos is verdwenen")


@pytest.mark.parametrize("text", ["", " ", "\x00", "#", "🙃" * 5_000])
def test_odd_text_has_no_signals(text: str) -> None:
    assert signals(text) == frozenset()
    assert words(text) == {}


def test_a_half_character_hides_nothing() -> None:
    assert "safety" in signals("gaslucht \ud800 in de hal")


def test_hostile_text_is_matched_in_linear_time() -> None:
    assert isinstance(signals("al al al 3 x " * 100_000), frozenset)
