"""What one click makes of a draft (example data): what a verdict's fix puts in its place."""

import pytest

from libs.common.reply_events import Verdict
from services.responder import guard, languages
from services.responder.verdicts.draft import Draft
from services.responder.verdicts.turned import to_i
from tests.unit.responder.verdicts.judged import MEMBER, book, judged


def clicked(text: str, verdicts: list[Verdict]) -> str:
    """The text with every fix in its place; what has none is in brackets."""
    for one in sorted(verdicts, key=lambda one: -one.start):
        text = text[: one.start] + (f"[{text[one.start : one.end]}]" if one.fix is None else one.fix) + text[one.end :]
    return text


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Ik kijk het na.", "We kijken het na."),
        ("Dat zoek ik uit.", "Dat zoeken we uit."),
        ("Zal ik een monteur sturen?", "Zullen we een monteur sturen?"),
        ("Ik regel het en ik controleer het.", "We regelen het en we controleren het."),
        ("Ik regel het en bel u.", "[Ik] regel het en bel u."),
        ("Weet u dat ik morgen bel?", "Weet u dat [ik] morgen bel?"),
        ("Mijn collega belt, laat het me weten.", "Onze collega belt, laat het ons weten."),
        ("Mijn team is er.", "Ons team is er."),
        ("Mijn vermoeden klopt.", "[Mijn] vermoeden klopt."),
        ("I'm sorry, let me ask my colleague.", "We're sorry, let us ask our colleague."),
        ("Am I right? I am.", "Are we right? We are."),
    ],
)
def test_i_becomes_we_with_its_verb(text: str, mended: str) -> None:
    assert clicked(text, judged(text, "person_form", person="wij")) == mended


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("We kijken het na.", "Ik kijk het na."),
        ("Dat hadden we beter moeten doen.", "Dat had ik beter moeten doen."),
        ("Kunnen wij je helpen?", "Kan ik je helpen?"),
        ("We controleren, leveren en betalen.", "[We] controleren, leveren en betalen."),
        ("Zodra we meer weten, hoor je het.", "Zodra [we] meer weten, hoor je het."),
        ("We are sorry, we've sent it.", "I am sorry, I've sent it."),
    ],
)
def test_we_becomes_i_with_its_verb(text: str, mended: str) -> None:
    assert clicked(text, judged(text, "person_form", person="ik")) == mended


STEMS = (
    "komen kom, nemen neem, voorkomen voorkom, ondernemen onderneem, rekenen reken, verrekenen verreken, tekenen teken, handelen handel, "
    "behandelen behandel, "
    "delen deel, verdelen verdeel, verzamelen verzamel, twijfelen twijfel, lenen leen, verlenen verleen, waarschuwen waarschuw, bouwen bouw, "
    "luisteren luister, "
    "verbeteren verbeter, herinneren herinner, leveren lever, beheren beheer, reageren reageer, informeren informeer, crediteren crediteer, geven "
    "geef, lezen lees, "
    "kiezen kies, verhuizen verhuis, beloven beloof, sturen stuur, huren huur, bellen bel, zetten zet, pakken pak, halen haal, maken maak, zoeken zoek, "
    "onderzoeken onderzoek, appen app, mailen mail, tweeten tweet, vergoeden vergoed, vervangen vervang, ruilen ruil, splitsen splits, voegen "
    "voeg, draaien draai"
)


@pytest.mark.parametrize(("plural", "singular"), [pair.split() for pair in STEMS.split(", ")])
def test_of_every_verb_the_stem_is_right(plural: str, singular: str) -> None:
    turned = to_i(f"We {plural} eraan.", 0, 2)
    assert turned is not None
    assert turned.fix == f"Ik {singular}"


@pytest.mark.parametrize(
    ("form", "text", "mended"),
    [
        ("je", "Kunt u mij uw nummer sturen?", "Kun je mij je nummer sturen?"),
        ("je", "U heeft gelijk, dank u wel!", "Je hebt gelijk, dank je wel!"),
        ("je", "Heeft u al gekeken? Bent u thuis?", "Heb je al gekeken? Ben je thuis?"),
        ("je", "Leuk dat u dit meldt.", "Leuk dat je dit meldt."),
        ("je", "Dat vraagt u zich af.", "Dat vraagt [u] zich af."),
        ("je", "Verwittigt u mij?", "Verwittigt [u] mij?"),
        ("je", "Ziet u het? Weet u het?", "Zie je het? Weet je het?"),
        ("u", "Kun je mij jouw nummer sturen?", "Kunt u mij uw nummer sturen?"),
        ("u", "Je kunt bellen, dankjewel!", "U kunt bellen, dank u wel!"),
        ("u", "Ik help je graag. Dat is voor jou.", "Ik help u graag. Dat is voor u."),
        ("u", "Het staat op je rekening.", "Het staat op uw rekening."),
        ("u", "Stuur je gegevens.", "Stuur [je] gegevens."),
        ("u", "Wat fijn dat je er bent.", "Wat fijn dat [je] er bent."),
    ],
)
def test_one_form_of_address_becomes_the_other_with_its_verb(form: str, text: str, mended: str) -> None:
    assert clicked(text, judged(text, "address_form", address_form=form)) == mended


def mended(text: str, channel: str, code: str, **more: object) -> str:
    own = book()
    draft = Draft.model_validate(
        {"text": text, "channel": channel, "member": MEMBER, "language": languages.of_customer(None, text, own), **more}
    )
    return clicked(text, [one for one in guard.check(draft, own) if one.code == code])


@pytest.mark.parametrize(
    ("channel", "text", "code", "expected"),
    [
        ("twitter", "Dat klopt.", "missing_signature", "Dat klopt. ^gs"),
        ("twitter", "Dat klopt. ^mk", "wrong_signature", "Dat klopt. ^gs"),
        ("twitter", "Dat klopt. Team Vaart", "wrong_signature", "Dat klopt. ^gs"),
        ("twitter", "Dat klopt. ^mk Fijne dag!", "wrong_signature", "Dat klopt. [^mk] Fijne dag!"),
        ("email", "Dat klopt.\n\nGroetjes,", "missing_signature", "Dat klopt.\n\nGroetjes,\nGuus"),
        ("email", "Dat klopt.", "missing_signature", "Dat klopt.\n\nGroet,\nGuus"),
        ("email", "Dat klopt.\n\nGroet,\nMila", "wrong_signature", "Dat klopt.\n\nGroet,\nGuus"),
        ("forum", "Dat klopt. Gijs", "wrong_signature", "Dat klopt. Guus"),
        ("forum", "Dat klopt. Succes", "missing_signature", "Dat klopt. Succes\nGuus"),
    ],
)
def test_a_text_is_signed_as_its_channel_asks(channel: str, text: str, code: str, expected: str) -> None:
    assert mended(text, channel, code) == expected


@pytest.mark.parametrize(
    ("channel", "text", "expected"),
    [
        ("forum", "Dat klopt.", "Hoi Sanne! Dat klopt."),
        ("forum", "Sanne, dat klopt.", "Hoi Sanne, dat klopt."),
        ("twitter", "@sanne Dat klopt.", "@sanne Hoi Sanne! Dat klopt."),
        ("email", "Dat klopt.", "Hoi Sanne,\n\nDat klopt."),
        ("forum", "That is right, thank you.", "Hi Sanne! That is right, thank you."),
    ],
)
def test_a_greeting_is_put_before_the_text(channel: str, text: str, expected: str) -> None:
    assert mended(text, channel, "missing_greeting", first_reply=True, customer_name="Sanne de Vries") == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("Hoi {{naam}}, dat klopt.", "Hoi Sanne, dat klopt."), ("Voor [datum] klaar.", "Voor [[datum]] klaar.")]
)
def test_a_name_that_is_known_fills_its_placeholder(text: str, expected: str) -> None:
    assert mended(text, "forum", "broken_placeholder", customer_name="Sanne de Vries") == expected


def test_a_smiley_is_taken_out_with_the_blank_before_it() -> None:
    text = "Fijn :) en top 🙂!"
    assert clicked(text, judged(text, "smiley_not_allowed", smileys=False)) == "Fijn en top!"


def test_a_verdict_names_the_place_in_the_brand_book_that_it_comes_from() -> None:
    text = "Wij bellen u op 06-12345678 🙂 via https://bit.ly/x. Kosteloos!"
    own = book(person="ik", address_form="je", smileys=False, forbidden="kosteloos")
    rules = {one.code: one.rule for one in guard.check(Draft(text=text, channel="twitter", member=MEMBER, first_reply=True), own)}
    assert rules == {
        "missing_greeting": "voice.greeting",
        "person_form": "voice.person",
        "address_form": "voice.address_form",
        "pii_in_public": "conduct.go_private_for",
        "smiley_not_allowed": "voice.smileys",
        "link_unsafe": "voice.safe_domains",
        "forbidden_word": "voice.forbidden_words",
        "missing_signature": "voice.signature",
    }
