"""A first text from a script: what is filled in, what stays visible, how it opens and how it is signed."""

from datetime import time

import pytest

from libs.common.bookscripts import Script
from libs.common.brandbook import BrandBook
from services.responder.script import compose, first_name, greet, pick_script, render, signature, signature_form

SCRIPTS = [
    {"id": "bekend", "label": "storing", "language": "nl", "text": "{groet}, vervelend! We werken eraan in {plaats}. {handtekening}"},
    {"id": "known", "label": "storing", "language": "en", "text": "{groet}, sorry! {handtekening}"},
    {"id": "internet", "label": "internet", "language": "nl", "text": "We kijken het na."},
]  # fmt: skip


def book(form: str = "je", examples: tuple[str, ...] = ("Hoi {voornaam}", "Goedemorgen {naam}"), **voice: object) -> BrandBook:
    return BrandBook.model_validate(
        {
            "brand": "vaart",
            "name": "Vaart",
            "languages": ["nl", "en"],
            "voice": {
                "address_form": form,
                "greeting": {"required": "first_reply", "examples": list(examples)},
                "signature": {"twitter": "initials", "instagram": "optional", "forum": "none", "default": "first_name"},
                **voice,
            },
            "labels": [
                {"name": "internet", "description": "Thuis"},
                {"name": "storing", "parent": "internet", "description": "Uitval"},
                {"name": "wifi", "parent": "internet", "description": "Bereik"},
                {"name": "factuur", "description": "Rekening"},
            ],
            "team": [{"id": "gs", "first_name": "Guus", "initials": "gs", "role": "agent"}],
            "scripts": SCRIPTS,
        }
    )


@pytest.mark.parametrize(
    ("script", "context", "text", "missing"),
    [
        ("Hoi {naam}!", {"naam": "Sanne"}, "Hoi Sanne!", []),
        ("Hoi {Naam}!", {"naam": "Sanne"}, "Hoi Sanne!", []),
        ("{a} {b} {a}", {}, "{a} {b} {a}", ["a", "b"]),
        ("{naam}", {"naam": "{tijd}", "tijd": "12:00"}, "{tijd}", []),
        ("{leeg}x", {"leeg": ""}, "x", []),
        ("{{naam}}", {"naam": "Sanne"}, "{{naam}}", []),
        ("{naam.__class__}", {"naam": "Sanne"}, "{naam.__class__}", []),
        ("{naam[0]}", {"naam": "Sanne"}, "{naam[0]}", []),
        ("{naam!r}", {"naam": "Sanne"}, "{naam!r}", []),
        ("{naam:>1000000000}", {"naam": "Sanne"}, "{naam:>1000000000}", []),
        ("{0} {} { naam }", {"naam": "Sanne"}, "{0} {} { naam }", []),
        ("%(naam)s $naam", {"naam": "Sanne"}, "%(naam)s $naam", []),
        (r"{naam}", {"naam": r"\g<0>\1"}, r"\g<0>\1", []),
    ],
)
def test_only_plain_variables_are_filled_and_the_rest_stays_visible(
    script: str, context: dict[str, str], text: str, missing: list[str]
) -> None:
    rendered = render(script, context)
    assert (rendered.text, rendered.missing) == (text, missing)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sanne de Vries", "Sanne"),
        ("sanne", "Sanne"),
        ("SANNE DE VRIES", "Sanne"),
        ("✨ Sanne ✨", "Sanne"),
        ("Vries, Sanne de", "Sanne"),
        ("Anne-Fleur", "Anne-Fleur"),
        ("anne-fleur", "Anne-Fleur"),
        ("Zoë", "Zoë"),
        ("D'Angelo Pinas", "D'Angelo"),
        ("S. de Vries", None),
        ("dhr. Jansen", None),
        ("Mevrouw Jansen", None),
        ("de Vries", None),
        ("@sanne", None),
        ("sanne_88", None),
        ("sanne88", None),
        ("sanne@mail.example", None),
        ("Bakkerij Jansen B.V.", None),
        ("{naam}", None),
        ("", None),
        (None, None),
        ("🙂", None),
    ],
)
def test_a_first_name_is_told_from_a_display_name_or_not_at_all(name: str | None, expected: str | None) -> None:
    assert first_name(name) == expected


@pytest.mark.parametrize(
    ("form", "examples", "name", "language", "at", "expected"),
    [
        ("je", ["Hoi {voornaam}"], "Sanne de Vries", "nl", None, "Hoi Sanne"),
        ("je", ["Hoi {voornaam}"], "sanne_88", "nl", None, "Hoi"),
        ("je", ["Goedemorgen {naam}", "Hoi {voornaam}"], "Sanne", "nl", None, "Hoi Sanne"),
        ("je", ["Goedemorgen {naam}", "Hoi {voornaam}"], "Sanne", "nl", time(9), "Goedemorgen Sanne"),
        ("je", ["Goedemorgen {naam}", "Hoi {voornaam}"], "Sanne", "nl", time(15), "Hoi Sanne"),
        ("je", ["Hoi {voornaam}"], "Sanne", "en", None, "Hi Sanne"),
        ("je", ["Hoi {voornaam}", "Hello {voornaam}"], "Sanne", "en", None, "Hello Sanne"),
        ("u", ["Geachte {naam}"], "Sanne de Vries", "nl", None, "Geachte Sanne de Vries"),
        ("u", ["Geachte {naam}"], None, "nl", None, "Geachte klant"),
        ("u", ["Dear {naam}"], None, "en", None, "Dear customer"),
        ("je", ["Ahoi {voornaam}"], "Sanne", "nl", None, "Ahoi Sanne"),
        ("je", ["Hoi, {voornaam}!"], None, "nl", None, "Hoi"),
    ],
)
def test_a_greeting_fits_language_hour_and_what_is_known_of_the_name(
    form: str, examples: list[str], name: str | None, language: str, at: time | None, expected: str
) -> None:
    assert greet(book(form, tuple(examples)), name, language, local_time=at) == expected


def test_greetings_take_turns() -> None:
    varied = book(examples=("Hoi {voornaam}", "Hallo {voornaam}"))
    assert [greet(varied, "Sanne", "nl", variant=v) for v in range(3)] == ["Hoi Sanne", "Hallo Sanne", "Hoi Sanne"]


@pytest.mark.parametrize(
    ("channel", "visibility", "form", "signed"),
    [
        ("twitter", "public", "initials", "^gs"),
        ("x", "public", "initials", "^gs"),
        ("twitter", "private", "first_name", "Guus"),
        ("email", "private", "first_name", "Guus"),
        ("facebook", "public", "first_name", "Guus"),
        ("instagram", "public", "optional", ""),
        ("forum", "public", "none", ""),
    ],
)
def test_a_signature_fits_channel_and_visibility(channel: str, visibility: str, form: str, signed: str) -> None:
    assert signature_form(book(), channel, visibility) == form
    assert signature(book(), book().team[0], channel, visibility) == signed


@pytest.mark.parametrize(
    ("labels", "language", "expected"),
    [
        (["storing"], "nl", "bekend"),
        (["storing"], "en", "known"),
        (["wifi"], "nl", "internet"),
        (["wifi"], "en", None),
        (["factuur", "storing"], "nl", "bekend"),
        (["internet", "storing"], "nl", "internet"),
        (["onbekend"], "nl", None),
        ([], "nl", None),
    ],
)
def test_the_first_label_with_a_script_in_the_language_wins(labels: list[str], language: str, expected: str | None) -> None:
    picked = pick_script(book(), labels, language)
    assert (picked.id if picked else None) == expected


def script(text: str, language: str = "nl") -> Script:
    return Script.model_validate({"id": "s", "label": "storing", "language": language, "text": text})


@pytest.mark.parametrize(
    ("channel", "visibility", "first", "text", "expected"),
    [
        ("twitter", "public", True, "{groet}, vervelend! {handtekening}", "Hoi Sanne, vervelend! ^gs"),
        ("twitter", "public", False, "{groet}, vervelend! {handtekening}", "Vervelend! ^gs"),
        ("twitter", "public", True, "We kijken het na.", "Hoi Sanne,\nWe kijken het na. ^gs"),
        ("twitter", "public", False, "We kijken het na.", "We kijken het na. ^gs"),
        ("email", "private", True, "We kijken het na.", "Hoi Sanne,\n\nWe kijken het na.\n\nGroet,\nGuus"),
        ("twitter", "private", False, "We kijken het na.", "We kijken het na.\nGuus"),
        ("instagram", "public", False, "We kijken het na. {handtekening}", "We kijken het na."),
        ("twitter", "public", True, "{groet}, voor {tijd} hoor je meer. {handtekening}", "Hoi Sanne, voor {tijd} hoor je meer. ^gs"),
        ("twitter", "public", True, "{groet}, in {plaats}.", "Hoi Sanne, in Utrecht. ^gs"),
    ],
)
def test_a_composed_draft_is_greeted_and_signed(channel: str, visibility: str, first: bool, text: str, expected: str) -> None:
    made = compose(book(), book().team[0], channel, "Sanne de Vries", script(text), visibility, first, context={"plaats": "Utrecht"})
    assert made == expected


def test_without_a_first_name_a_draft_opens_neutrally_and_an_open_name_stays_visible() -> None:
    made = compose(book(), book().team[0], "twitter", "@sanne", script("{groet}! Dank, {voornaam}."), "public", True)
    assert made == "Hoi! Dank, {voornaam}. ^gs"
