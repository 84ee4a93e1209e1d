"""The guard on a draft: a table for every verdict, with the cases that look like the other answer."""

import pytest

from libs.common.brandbook import BrandBook
from libs.common.reply_events import Verdict
from services.responder import guard
from services.responder.bounded import Pattern
from services.responder.guard import KEPT, check
from services.responder.verdicts import words
from services.responder.verdicts.draft import Draft

# Example data: a made-up brand.
BOOK = {
    "brand": "vaart",
    "name": "Vaart",
    "languages": ["nl", "en"],
    "voice": {
        "forbidden_words": ["helaas pindakaas", "kosteloos", "middels", "u dient", "as per my last", "garanderen", "klus", "refund"],
        "signature": {"twitter": "initials", "mastodon": "initials", "instagram": "optional", "forum": "none", "default": "first_name"},
        "competitors": ["Golfnet"],
        "official_names": ["Mijn Vaart", "Voor U", "Jouw Thuis"],
    },
    "team": [
        {"id": "gs", "first_name": "Guus", "initials": "gs", "role": "agent"},
        {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"},
        {"id": "je", "first_name": "Jet", "initials": "je", "role": "agent"},
    ],
}  # fmt: skip


def book(**voice: object) -> BrandBook:
    return BrandBook.model_validate({**BOOK, "voice": {**BOOK["voice"], **voice}})  # type: ignore[dict-item]


def draft(text: str, channel: str = "twitter", **more: object) -> Draft:
    values = {"visibility": "private" if channel == "email" else "public", "member": book().team[0], "language": "nl", **more}
    return Draft.model_validate({"text": text, "channel": channel, **values})


def codes(found: list[Verdict]) -> list[str]:
    return [v.code for v in found]


def said(text: str, code: str, found: list[Verdict]) -> list[str]:
    return [text[v.start : v.end] for v in found if v.code == code]


def _each_in(words: list[str], places: list[str]) -> bool:
    """Each place holds its word; the verb may stand in it too, where that has to change."""
    return len(words) == len(places) and all(word in place.split() for word, place in zip(words, places, strict=True))


def test_a_good_reply_has_no_verdicts() -> None:
    text = "@sanne Hoi Sanne, wat vervelend! Ik kijk het meteen voor je na en je hoort het voor 15:00 van me. 🙂 ^gs"
    assert check(draft(text, first_reply=True), book()) == []


@pytest.mark.parametrize("text", ["", "   \n\t", "\u200b\u200d", "\u00a0"])
def test_an_empty_text_has_that_one_verdict(text: str) -> None:
    found = check(draft(text, first_reply=True), book())
    assert codes(found) == ["empty"]
    assert found[0].blocking


@pytest.mark.parametrize(
    ("text", "channel", "too_long"),
    [
        ("a" * 276 + " ^gs", "twitter", False),
        ("a" * 277 + " ^gs", "twitter", True),
        ("a" * 240 + " https://vaart.example/" + "b" * 90 + " ^gs", "twitter", False),
        ("🙂" * 138 + " ^gs", "twitter", False),
        ("🙂" * 139 + " ^gs", "twitter", True),
        ("a" * 496 + " ^gs", "mastodon", False),
        ("a" * 9000 + "\nGuus", "email", False),
        ("a" * 8000 + "\nGuus", "facebook", True),
    ],
)
def test_too_long_for_the_channels_own_count(text: str, channel: str, too_long: bool) -> None:
    assert ("too_long" in codes(check(draft(text, channel), book()))) is too_long


@pytest.mark.parametrize(
    ("opening", "missing"),
    [
        ("Hoi Sanne, dat klopt niet.", False),
        ("hoi, dat klopt niet.", False),
        ("Hoiii Sanne!", False),
        ("@sanne Hoi! Dat klopt.", False),
        (".@sanne @piet Hallo allebei", False),
        ("@sanne@sociaal.example Hoi!", False),
        ("👋 Hoi Sanne", False),
        ("Hé Sanne, goed dat je het zegt", False),
        ("Beste Sanne,", False),
        ("Geachte mevrouw De Vries,", False),
        ("Goedemorgen!", False),
        ("Goede avond Sanne", False),
        ("Dag Sanne,", False),
        ("Ha Sanne", False),
        ("Hi there", False),
        ("Dear Sanne", False),
        ("Good afternoon, Sanne", False),
        ("“Hoi” terug!", False),
        ("Sanne, dat klopt niet.", True),
        ("Sanne, hoi! Dat klopt niet.", True),
        ("@sanne dat klopt niet.", True),
        ("Bedankt voor je bericht, hoi!", True),
        ("Dank je wel, Sanne!", True),
        ("Wat vervelend!", True),
        ("Hooi is op.", True),
        ("Dagelijks kijken we dit na.", True),
        ("Dag en nacht staan we klaar.", True),
        ("Haha, goed gevonden!", True),
        ("Hallo-wens is binnen.", True),
        ("Hij is onderweg.", True),
        ("He is on his way.", True),
        ("Thanks for your message!", True),
        ("Highly appreciated", True),
        ("Heyman Sanne", True),
    ],
)
def test_the_first_reply_starts_with_a_greeting_word(opening: str, missing: bool) -> None:
    found = check(draft(f"{opening} ^gs", first_reply=True), book())
    assert ("missing_greeting" in codes(found)) is missing


def test_a_greeting_is_asked_when_the_brand_asks_it() -> None:
    text = "Dat klopt. ^gs"
    always, never = ({"greeting": {"required": required}} for required in ("always", "never"))
    assert "missing_greeting" not in codes(check(draft(text), book()))
    assert "missing_greeting" in codes(check(draft(text), book(**always)))
    assert "missing_greeting" not in codes(check(draft(text, first_reply=True), book(**never)))


def test_a_brands_own_greeting_counts() -> None:
    own = book(greeting={"required": "first_reply", "examples": ["Ahoi {voornaam}"]})
    assert "missing_greeting" not in codes(check(draft("Ahoi Sanne! ^gs", first_reply=True), own))


MISSING, WRONG, FINE = "missing_signature", "wrong_signature", None


@pytest.mark.parametrize(
    ("channel", "text", "expected"),
    [
        ("twitter", "Dat klopt. ^gs", FINE),
        ("x", "Dat klopt. ^GS", FINE),
        ("mastodon", "Dat klopt ^gs\n", FINE),
        ("twitter", "Dat klopt.^gs", FINE),
        ("twitter", "Dat klopt ^gs (1/2)", FINE),
        ("twitter", "Groetjes, Guus ^gs", FINE),
        ("twitter", "Dat klopt^gs", FINE),
        ("twitter", "Dat klopt ^gs en ^mk", WRONG),
        ("twitter", "Dat klopt.", MISSING),
        ("twitter", "Dat klopt. Groetjes!", MISSING),
        ("twitter", "Met vriendelijke groet,", MISSING),
        ("twitter", "Ik vraag het Mila even.", MISSING),
        ("twitter", "2^8 is 256.", MISSING),
        ("twitter", "Dat klopt. ^mk", WRONG),
        ("twitter", "Dat klopt. ^g", WRONG),
        ("twitter", "Dat klopt. ^gs https://vaart.example/storing", WRONG),
        ("twitter", "^gs Dat klopt.", WRONG),
        ("twitter", "Dat klopt. Guus", WRONG),
        ("twitter", "Dat klopt. Groetjes, Guus", WRONG),
        ("twitter", "Dat klopt. /gs", WRONG),
        ("twitter", "Dat klopt. -GS", WRONG),
        ("twitter", "Dat klopt. /MK", WRONG),
        ("twitter", "Dat is wat ik -ook- denk", MISSING),
        ("twitter", "Dat klopt. gs", WRONG),
        ("twitter", "Dat klopt. ^ gs", WRONG),
        ("twitter", "Dat klopt. Team Vaart", WRONG),
        ("twitter", "Dat klopt. Groet, Vaart Webcare", WRONG),
        ("twitter", "Dat klopt. Groet, Mila", WRONG),
        ("email", "Dat klopt.\n\nGroet,\nGuus", FINE),
        ("email", "Dat klopt.\n\nMet vriendelijke groet,\n\nGuus de Smit\nTeam Vaart\nwww.vaart.example", FINE),
        ("email", "Dat klopt.\nGuus", FINE),
        ("email", "Dat klopt. Groetjes Guus", FINE),
        ("email", "Dat klopt. Groetjes, Guus van Vaart", FINE),
        ("email", "Dat klopt.\nMvg, Guus | Webcare Vaart", FINE),
        ("email", "Dat klopt.\n\nGroet,\nGuus\n\nOp maandag schreef Sanne:\n> Klopt het?\n> Mila", FINE),
        ("email", "That is right.\n\nKind regards,\nGuus", FINE),
        ("email", "Dat klopt.\n\nGroet,\nGuus\n\nVaart B.V. | Kade 1, Utrecht\nwww.vaart.example\nDeze e-mail is vertrouwelijk.", FINE),
        ("email", "Dat klopt.", MISSING),
        ("email", "Dat klopt. Guus van het webcare team belt je", MISSING),
        ("email", "Dat klopt.\n\nGroet,\nGuus\nZet je modem daarna weer aan.", WRONG),
        ("email", "Dat klopt.\n\nMet vriendelijke groet,", MISSING),
        ("email", "Dat klopt.\n\nGroetjes!", MISSING),
        ("email", "Ik geef het door aan Guus.", MISSING),
        ("email", "Mijn collega Guus belt je morgen terug over je factuur.", MISSING),
        ("email", "Dat klopt. Fijne dag!", MISSING),
        ("email", "Dat klopt.\n\nGroet,\nTeam Vaart", WRONG),
        ("email", "Dat klopt.\n\nKlantenservice Vaart", WRONG),
        ("email", "Dat klopt.\n\nGroet,\nMila", WRONG),
        ("email", "Dat klopt.\n\nGroet,\nPieter", WRONG),
        ("email", "Dat klopt. ^gs", WRONG),
        ("email", "Dat klopt.\n\nGroet,\nGuus\n\nPS: zet je modem daarna weer aan.", WRONG),
        ("email", "Groet, Guus. Vergeet niet je modem daarna weer aan te zetten. Dan werkt het weer.", WRONG),
        ("instagram", "Dat klopt!", FINE),
        ("instagram", "Dat klopt! ^gs", FINE),
        ("instagram", "Dat klopt! Groetjes, Guus", FINE),
        ("instagram", "Dat klopt! ^mk", WRONG),
        ("instagram", "Dat klopt! Groetjes, Mila", WRONG),
        ("forum", "Dat klopt.", FINE),
        ("facebook", "Dat klopt. Groet, Guus", FINE),
        ("facebook", "Dat klopt. Guus 😊", FINE),
        ("facebook", "Dat klopt 👍 Guus", FINE),
    ],
)
def test_a_reply_is_signed_as_the_channel_asks(channel: str, text: str, expected: str | None) -> None:
    found = [c for c in codes(check(draft(text, channel), book())) if c.endswith("_signature")]
    assert found == ([expected] if expected else [])


def test_a_direct_message_is_signed_with_the_first_name() -> None:
    private = {"visibility": "private"}
    assert check(draft("Dat klopt. Groetjes, Guus", **private), book()) == []
    assert codes(check(draft("Dat klopt. ^gs", **private), book())) == ["wrong_signature"]
    assert codes(check(draft("Dat klopt.", **private), book())) == ["missing_signature"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kunt u mij uw nummer sturen?", ["u", "uw"]),
        ("Ik help je graag. Stuurt U een DM?", ["U"]),
        ("Stuur je het nummer? Dan zoek ik uw bestelling op.", ["uw"]),
        ("Dit is de uwe.", ["uwe"]),
        ("Heeft u zelf al gekeken? Uzelf?", ["u", "Uzelf"]),
        ("Dank u wel!", ["u"]),
        ("Ik sprak u om 14.00 u.", ["u"]),
        ("Om 2 u, kunt u dan?", ["u"]),
        ("u/uw partner", ["u", "uw"]),
        ("Voor u.", ["u"]),
        ("Binnen 2u weet je meer.", []),
        ("Binnen 24 u weet je meer.", []),
        ("Om 14:00u bel ik je.", []),
        ("Om 14u30 bel ik je.", []),
        ("Ik bel je over een uur.", []),
        ("De u-bocht onder je wastafel.", []),
        ("Draai U2 wat harder.", []),
        ("Je zit in vak U bij de ingang.", []),
        ("De letter u ontbreekt in je adres.", []),
        ("Je reed 80 km/u.", []),
        ("Laat het a.u.b. weten.", []),
        ("Je schreef: “kunt u mij bellen?” Dat kan.", []),
        ('Je schreef "Kunt u mij bellen?" en dat kan.', []),
        ("Je schreef 'kunt u mij bellen' en dat kan.", []),
        ("Je foto's zijn er, kunt u de foto's zien?", ["u"]),
        ("'s Avonds kunt u bellen, 's ochtends niet.", ["u"]),
        ("> kunt u mij bellen?\nJa, ik bel je.", []),
        ("Kijk bij Voor U in de app.", []),
        ("Dit is voor u in de app.", ["u"]),
        ("@u_en_ik Ik help je.", []),
        ("Zie https://vaart.example/voor/u en www.u.nl", []),
        ("Mail naar u@vaart.example", []),
        ("We doen dit voor jullie allemaal.", []),
        ("Je bent uw-bewust", []),
        ("De app Uw Gezondheid werkt weer voor je.", []),
        ("Mogen we je/u zeggen?", []),
        ("UW pakket ligt klaar.", ["UW"]),
        ("Uur na uur, nu en duw, vuur en muur.", []),
    ],
)
def test_a_je_brand_does_not_say_u(text: str, found: list[str]) -> None:
    full = f"{text} ^gs"
    assert _each_in(found, said(full, "address_form", check(draft(full), book())))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Kun je mij jouw nummer sturen?", ["je", "jouw"]),
        ("U kunt je pakket volgen.", ["je"]),
        ("Ik help jullie graag.", ["jullie"]),
        ("JIJ en jou en jezelf.", ["JIJ", "jou", "jezelf"]),
        ("Dank je wel!", ["je"]),
        ("Dankjewel voor uw bericht.", ["Dankjewel"]),
        ("Stuurt u ons alsjeblieft een bericht.", ["alsjeblieft"]),
        ("Hou je haaks!", []),
        ("Houd je haaks en tot ziens.", []),
        ("Hou je vast.", ["je"]),
        ("Bent u ermee geholpen? ^je", []),
        ("Kijk op Jouw Thuis voor uw abonnement.", []),
        ("Kijk bij jouw thuis.", ["jouw"]),
        ("U schreef: “kan je mij bellen” en dat kan.", []),
        ("U schreef ‘kan je mij bellen’ en dat kan.", []),
        ("Een fotootje, een baby'tje en een jeetje.", []),
        ("Het je van het.", []),
        ("#jijbent en @jij_daar", []),
        ("U leest het op vaart.example/jouw-account en https://vaart.example/je", []),
        ("Jeans, jeugd, majesteit en poesje.", []),
        ("Kunt u het mij sturen? Dan zoek ik het voor u uit.", []),
        ("“Je” zeggen we niet.", []),
        ("je\u200b", ["je"]),
    ],
)
def test_a_u_brand_does_not_say_je(text: str, found: list[str]) -> None:
    full = f"{text} ^gs"
    assert _each_in(found, said(full, "address_form", check(draft(full), book(address_form="u"))))


@pytest.mark.parametrize(
    ("form", "text", "found"),
    [
        ("je", "Wij helpen u^gs", ["u"]),
        ("je", "Kijk op https://vaart.example/x u^gs", ["u"]),
        ("u", "Fijn weekend, wij bellen je^gs", ["je"]),
        ("u", "Welkom bij Vaart.Je aansluiting is klaar. ^gs", ["Je"]),
    ],
)
def test_what_is_glued_to_a_word_and_is_none_of_it_hides_no_form_of_address(form: str, text: str, found: list[str]) -> None:
    assert said(text, "address_form", check(draft(text), book(address_form=form))) == found


def test_english_has_one_form_of_address() -> None:
    assert "address_form" not in codes(check(draft("Can u DM us? ^gs", language="en"), book()))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hoi {{naam}}, dat klopt.", ["{{naam}}"]),
        ("Hoi {naam}, dat klopt.", ["{naam}"]),
        ("Hoi {{ voornaam }}!", ["{{ voornaam }}"]),
        ("Hoi [naam], dat klopt.", ["[naam]"]),
        ("Het is er op [DATUM INVULLEN].", ["[DATUM INVULLEN]"]),
        ("Binnen XX uur.", ["XX"]),
        ("Je krijgt € XX terug.", ["XX"]),
        ("Voor xx uur weet je meer.", ["xx"]),
        ("Op xx-xx-2026 of xx-xx.", ["xx-xx", "xx-xx"]),
        ("Beste ____,", ["____"]),
        ("Hoi %naam%, klopt.", ["%naam%"]),
        ("Hoi <voornaam>, klopt.", ["<voornaam>"]),
        ("Dear ${first_name}, yes.", ["${first_name}"]),
        ("Hoi {naam, dat klopt.", ["{naam"]),
        ("Hoi NAAM, klopt.", ["NAAM"]),
        ("Morgen om TODO.", ["TODO"]),
        ("Hoi None, dat klopt.", ["Hoi None"]),
        ("@sanne Hoi null", ["@sanne Hoi null"]),
        ("Hoi ..., dat klopt.", ["Hoi ..."]),
        ("Hoi Sanne, dat klopt.", []),
        ("Groetjes en kusjes xx", []),
        ("Maat XXL is op, XL niet.", []),
        ("Rekening NL12XXXX99 klopt.", []),
        ("Eindigt op **XX**34? Nee, **34.", []),
        ("Je schreef dat 'ik betaal [sic] te veel'.", []),
        ("Zie voetnoot [1]. [UPDATE] Opgelost.", []),
        ("Kijk in [Mijn Vaart](https://vaart.example/mijn).", []),
        ("Kijk in [Mijn Vaart].", []),
        ("100% gratis en 50% korting.", []),
        ("Het kost < 3 euro en > 2 euro.", []),
        ("Zie https://vaart.example/a?b={c}", []),
        ("I <3 this, 5 < 6 and 7 > 6.", []),
        ("Hoi Nantje!", []),
    ],
)
def test_an_open_placeholder_is_found(text: str, found: list[str]) -> None:
    full = f"{text} ^gs"
    assert said(full, "broken_placeholder", check(draft(full), book())) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Dat is kosteloos.", ["kosteloos"]),
        ("Een Kosteloze monteur.", ["Kosteloze"]),
        ("KOSTELOOS!", ["KOSTELOOS"]),
        ("Kosteloosheid is mooi.", []),
        ("Middels deze weg.", ["Middels"]),
        ("Inmiddels is het klaar.", []),
        ("Onmiddellijk.", []),
        ("Helaas pindakaas!", ["Helaas pindakaas"]),
        ("Helaas, pindakaas!", ["Helaas, pindakaas"]),
        ("helaas\npindakaas", ["helaas\npindakaas"]),
        ("Helaas is de pindakaas op.", []),
        ("U dient te betalen.", ["U dient"]),
        ("U diende te betalen.", ["U diende"]),
        ("Dat dient nergens toe.", []),
        ("As per my last mail", ["As per my last"]),
        ("As per my lasting wish", ["As per my lasting"]),
        ("Ik garandeer het.", ["garandeer"]),
        ("Het is gegarandeerd.", ["gegarandeerd"]),
        ("Dat garandeerde ik.", ["garandeerde"]),
        ("De garantie loopt.", []),
        ("Twee klussen en een klusje.", ["klussen", "klusje"]),
        ("Een kluster.", []),
        ("We refunded it, refunds and refunding.", ["refunded", "refunds", "refunding"]),
        ("Refundable.", []),
        ("Zie https://vaart.example/kosteloos", []),
        ("@kosteloos is een klant.", []),
        ("#kosteloos", ["kosteloos"]),
        ("Een kosteloos-actie.", []),
    ],
)
def test_a_forbidden_word_is_found_whole_and_inflected(text: str, found: list[str]) -> None:
    full = f"{text} ^gs"
    assert said(full, "forbidden_word", check(draft(full), book())) == found


@pytest.mark.parametrize(
    ("listed", "text", "found"),
    [
        ("vaag", "Een vage en vagere uitleg", ["vage", "vagere"]),
        ("probleem", "Problemen en een probleempje", ["Problemen", "probleempje"]),
        ("brief", "Brieven", ["Brieven"]),
        ("foto", "Foto’s", ["Foto’s"]),
        ("kan", "Aan de kant", []),
        ("moeten", "Je moet, we moesten", ["moet", "moesten"]),
        ("leveren", "We leveren, ik lever, geleverd", ["leveren", "lever", "geleverd"]),
        ("betalen", "Ik betaal en heb betaald", ["betaal", "betaald"]),
        ("aanmelden", "Aangemeld", ["Aangemeld"]),
        ("storing", "Storingen", ["Storingen"]),
        ("want", "Hij wandelt", []),
        ("apologise", "Apologised, apologising", ["Apologised", "apologising"]),
        ("policy", "Our policies", ["policies"]),
        ("c++", "c++", ["c++"]),
        (".*", "alles", []),
    ],
)
def test_inflections_of_a_listed_word(listed: str, text: str, found: list[str]) -> None:
    full = f"{text} ^gs"
    assert said(full, "forbidden_word", check(draft(full), book(forbidden_words=[listed]))) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fijn! 🙂", ["🙂"]),
        ("Fijn 👨‍👩‍👧‍👦", ["👨‍👩‍👧‍👦"]),
        ("Nederland 🇳🇱", ["🇳🇱"]),
        ("Stap 1️⃣", ["1️⃣"]),
        ("Fijn ☺", ["☺"]),
        ("Liefs ❤️", ["❤️"]),
        ("Fijn :)", [":)"]),
        ("Fijn:)", [":)"]),
        ("Fijn ;-)", [";-)"]),
        ("Jammer :-(", [":-("]),
        ("Haha :D", [":D"]),
        ("Haha xD", ["xD"]),
        ("Fijn (:", ["(:"]),
        ("Fijn:D", [":D"]),
        ("Liefs <3", ["<3"]),
        ("Hmm :/", [":/"]),
        ("Fijn ^_^", ["^_^"]),
        ("Zie https://vaart.example :", []),
        ("Stap 1) kijk, stap 8) klaar", []),
        ("Om 10:00 (of 11:00)", []),
        ("Levering binnen <3 dagen", []),
        ("Met © en ® en ™ en → en ✓", []),
        ("Kies: (a) of (b); (c) niet", []),
        ("Model X:D 12", []),
        ("Prijs: €10 * 3 = 30", []),
        ("Stap 1 en #2", []),
    ],
)
def test_a_brand_without_smileys_has_none(text: str, found: list[str]) -> None:
    full = f"{text} ^gs"
    verdicts = check(draft(full), book(smileys=False))
    assert [s.strip() for s in said(full, "smiley_not_allowed", verdicts)] == found
    assert "smiley_not_allowed" not in codes(check(draft(full), book()))


def test_verdicts_come_in_the_order_of_the_text_with_places_in_it() -> None:
    text = "Kosteloos! Kunt u {tijd}?"
    found = check(draft(text, first_reply=True), book())
    assert codes(found) == ["missing_greeting", "forbidden_word", "address_form", "broken_placeholder", "missing_signature"]
    assert [text[v.start : v.end] for v in found] == ["", "Kosteloos", "Kunt u", "{tijd}", ""]
    assert {v.code for v in found if v.blocking} == {"forbidden_word", "broken_placeholder", "missing_signature"}


def test_a_long_hostile_text_is_judged_in_time() -> None:
    for text in ("'a " * 4000, "{" * 8000, "^" * 8000, ":" * 8000, "[a " * 3000, "xx-" * 3000, "a." * 4000, "groet " * 1500, '"' * 7999):
        check(draft(text, "email", first_reply=True), book(smileys=False))


def test_a_text_that_is_wrong_at_every_word_keeps_the_first_verdicts_and_the_number_of_the_rest() -> None:
    text = "U " * 5000 + "klus " * 30
    found = check(draft(text, "email"), book())
    address = [v for v in found if v.code == "address_form"]
    assert len(address) == KEPT
    assert [v.start for v in address] == list(range(0, 2 * KEPT, 2))
    assert address[-1].message.endswith(f"And {5000 - KEPT} more like this.")
    assert not any("more like this" in v.message for v in address[:-1])
    assert [v.blocking for v in found if v.code == "forbidden_word"] == [True] * KEPT
    exactly = check(draft("U " * KEPT, "email"), book())
    assert not any("more like this" in v.message for v in exactly)


def test_the_words_of_one_brand_push_out_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(words, "_forbidden_by_brand", {})
    monkeypatch.setattr(words, "_forbidden", lambda word: made.append(word) or Pattern(word))
    ours, long = (
        book(forbidden_words=["kosteloos"]),
        BrandBook.model_validate({**book(forbidden_words=list(map(str, range(1_000)))).model_dump(), "brand": "lang"}),
    )
    for _ in range(3):
        check(draft("Dit is kosteloos ^gs"), ours)
        check(draft("Dit is kosteloos ^gs"), long)
    assert len(made) == 1_001
    check(draft("Dit is kosteloos ^gs"), book(forbidden_words=["kosteloos", "middels"]))
    assert made[1_001:] == ["kosteloos", "middels"]


@pytest.mark.parametrize(
    ("text", "channel", "signed"),
    [
        ("Dat regel ik. ^mk", "twitter", True),
        ("Dat regel ik. ^zz", "twitter", False),
        ("Dat regel ik.\n\nMila", "email", True),
        ("Dat regel ik.", "email", False),
    ],
)
def test_of_a_team_anybody_may_have_signed(text: str, channel: str, signed: bool) -> None:
    assert guard.signed_by(draft(text, channel), book().team, book()) is signed
