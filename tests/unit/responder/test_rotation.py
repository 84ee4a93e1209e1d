"""Wordings and greetings take turns, and a machine's draft keeps the words that it was given."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libs.common.bookscripts import Script
from libs.common.brandbook import BrandBook
from services.responder import rotation
from services.responder.follow import follow_case
from services.responder.rotation import Used, next_of
from services.responder.script import opens_with
from tests.unit.responder.test_reply import BOOK, CASE

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TURNS = {"id": "turns", "label": "storing", "language": "nl", "text": "{groet}, een.", "variants": ["{groet}, twee.", "{groet}, drie."]}


def book(**more: Any) -> BrandBook:
    return BrandBook.model_validate({**BOOK.model_dump(mode="json", by_alias=True), "scripts": [TURNS], **more})


@given(st.integers(1, 6), st.lists(st.integers(0, 5), max_size=20), st.integers(0, 96))
def test_what_is_next_was_not_used_lately_while_another_is_free_and_else_the_longest_ago(count: int, used: list[int], seed: int) -> None:
    used = [place for place in used if place < count]
    found = next_of(count, used, seed)
    free = set(range(count)) - set(used)
    assert found in (free or range(count))
    if not free:
        assert all(used.index(found) >= used.index(other) for other in range(count))
    assert found == next_of(count, used, seed)


def test_a_wording_counts_only_for_its_own_script() -> None:
    script = Script.model_validate(TURNS)
    assert rotation.wording(script, [Used("turns", 0, ""), Used("other", 1, ""), Used("turns", 2, "")], 0) == 1


def test_greetings_are_known_by_how_a_reply_opens_whoever_it_greets() -> None:
    choice = ["Hoi {voornaam}", "Hallo {naam}", "Goedendag"]
    assert [opens_with(text, choice) for text in ("Hoi Sanne, …", "@x Hallo!", "goedendag mevrouw", "Hoihoi", "")] == [0, 1, 2, None, None]
    assert rotation.greeting(choice, [Used(None, None, "Hallo Piet"), Used(None, None, "Hoi Kim")], 0) == 2


def test_a_machines_draft_is_worded_otherwise_than_what_was_said_on_its_topic_and_stays_so() -> None:
    """What is sent elsewhere afterwards is no reason to edit a draft that nobody has touched."""
    said = [Used("turns", 0, "Hoi Piet, een."), Used("turns", 2, "Hoi Kim, drie.")]
    (drafted,) = follow_case(CASE, "", [], book(), book_version=1, at=AT, traceparent=None, used=said)
    assert (drafted.row.variant, "twee" in drafted.row.text) == (1, True)
    later = [Used("turns", 1, "Hoi Tom, twee."), *said]
    assert follow_case(CASE, "new", [drafted.row], book(), book_version=1, at=AT, traceparent=None, used=later) == []


def test_a_script_that_says_something_else_by_now_gives_a_draft_its_new_words() -> None:
    (drafted,) = follow_case(CASE, "", [], book(), book_version=1, at=AT, traceparent=None)
    changed = book(scripts=[{**TURNS, "text": "{groet}, vier.", "variants": []}])
    (edited,) = follow_case(CASE, "new", [drafted.row], changed, book_version=2, at=AT, traceparent=None)
    assert "vier" in edited.row.text
    assert edited.row.script_digest != drafted.row.script_digest
    assert (edited.row.drafted, edited.row.changed) == (edited.row.text, 0)


def test_a_teams_script_serves_where_the_book_has_none() -> None:
    own = Script(id="eigen", label="storing", language="nl", text="{groet}, van het team.")
    team = [own.model_copy(update={"id": "team:eigen"})]
    (drafted,) = follow_case(CASE, "", [], book(scripts=[]), book_version=1, at=AT, traceparent=None, team=team)
    assert drafted.row.script == "team:eigen"
    (by_book,) = follow_case(CASE, "", [], book(), book_version=1, at=AT, traceparent=None, team=team)
    assert by_book.row.script == "turns"
