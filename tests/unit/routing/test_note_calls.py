"""Whom a note calls upon."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.bookfile import load_book
from services.routing import note
from services.routing.note import Called

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl]
labels: [{name: internet, department: billing}]
departments:
  - {id: billing, name: Facturen en incasso, members: [bb, gs]}
  - {id: legal}
fallback: billing
team:
  - {id: gs, first_name: Guus, initials: gs}
  - {id: bb, first_name: Bo, initials: bb}
  - {id: b2, first_name: Bo, initials: bp}
  - {id: am, first_name: Anne Marie, initials: am}
  - {id: zo, first_name: Zoë, initials: zo}
  - {id: jan.de-boer, first_name: Jan, initials: jb}
""")


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("@gs kijk jij?", ("gs",)),
        ("kijk jij, @Guus?", ("gs",)),
        ("KIJK @GUUS!", ("gs",)),
        ("@gs, @guus en nog eens @gs.", ("gs",)),
        ("(@zoë)", ("zo",)),
        ("@Anne Marie weet het", ("am",)),
        ("@Bo of @gs", ("bb", "b2", "gs")),
        ("@jan.de-boer en @jan.", ("jan.de-boer",)),
        ("@billing: klopt dit?", ("bb", "gs")),
        ("@facturen en incasso graag", ("bb", "gs")),
        ("@legal", ()),
        ("@niemand", ()),
        ("gs en Guus", ()),
        ("@gsx en @gs_2 en @gs-2", ()),
        ("mail guus@gs.example of bo@bo", ()),
        ("volg @gs@mastodon.example en @gs.example", ()),
        ("https://social.example/@gs", ()),
        ("`@gs` is code", ()),
        ("``a ` @gs`` en @bb", ("bb",)),
        ("```\n@gs\n```\n@bb", ("bb",)),
        ("een ` die open blijft, @gs", ("gs",)),
        ("", ()),
    ],
)
def test_a_note_calls_upon(text: str, members: tuple[str, ...]) -> None:
    assert note.called(BOOK, text).members == members


def test_a_department_is_named_beside_its_members() -> None:
    assert note.called(BOOK, "@billing en @legal") == Called(("bb", "gs"), ("billing", "legal"))


def test_who_was_called_before_is_not_called_again() -> None:
    assert note.newly(["gs", "bb"], ["bb", "zo"]) == ["zo"]


@given(st.text(alphabet="@`gsbo. \nuxG-", max_size=60))
def test_any_text_is_read_and_only_colleagues_are_called(text: str) -> None:
    assert set(note.called(BOOK, text).members) <= {member.id for member in BOOK.team}


@pytest.mark.parametrize("text", ["`" * 20_000, "` " * 10_000, "@" * 20_000, "@gs" * 6_000, "``a`" * 5_000])
def test_the_longest_notes_are_read_at_once(text: str) -> None:
    began = time.perf_counter()
    note.called(BOOK, text)
    assert time.perf_counter() - began < 0.5
