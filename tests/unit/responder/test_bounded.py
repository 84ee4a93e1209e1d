"""Patterns over anybody's text share one budget, and give up when it is spent."""

from pathlib import Path

import pytest

from libs.common.bookfile import load_book
from services.responder import guard, lengths
from services.responder.bounded import Pattern, within
from services.responder.script import compose
from services.responder.verdicts import address
from services.responder.verdicts.draft import Draft
from tests.unit.responder.test_guard import book, codes, draft

FOR_EVER = Pattern(r"(?:a|a|aa)+$(?<!a)")
ENDLESS = "a" * 300 + "!"


def test_a_pattern_that_backtracks_for_ever_raises() -> None:
    with within(0.05), pytest.raises(TimeoutError):
        FOR_EVER.search(ENDLESS)


def test_searches_share_a_budget_and_an_inner_one_is_no_wider() -> None:
    with within(0.05):
        with pytest.raises(TimeoutError), within(10):
            FOR_EVER.search(ENDLESS)
        with pytest.raises(TimeoutError):  # nothing is left, also for what would be quick
            FOR_EVER.search("b")
    assert FOR_EVER.search("b") is None


def test_a_text_that_takes_too_long_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "QUOTED", FOR_EVER)
    monkeypatch.setattr(guard, "CHECK_CPU_S", 0.05)
    [verdict] = guard.check(draft(f"Hoi u {ENDLESS} ^gs"), book())
    assert (verdict.code, verdict.blocking) == ("unchecked", True)


@pytest.mark.parametrize("syllables", [6, 60])
def test_a_display_name_of_apostrophes_is_drafted_and_checked(syllables: int) -> None:
    kwartel = load_book(Path("samples/kwartel.yaml").read_text())
    member, script = kwartel.team[0], kwartel.scripts[0]
    name = "Jan je x-’ba " + "a’a " * syllables
    text = compose(kwartel, member, "email", name, script, "private", True)
    assert "a’a" in text
    found = guard.check(Draft(text=text, channel="email", visibility="private", first_reply=True, member=member), kwartel)
    assert "unchecked" not in codes(found)


@pytest.mark.parametrize(
    "text", ["@" + "a" * 9_999, "A" * 9_998 + " %", "Groet, Guus " + "A" * 9_000 + "%", "A " * 4_999 + "%", "Groet, " + "A " * 4_900 + "%"]
)
@pytest.mark.parametrize("channel", ["twitter", "mastodon", "email", "instagram"])
def test_the_guard_gets_through_any_text_of_the_longest_length(text: str, channel: str) -> None:
    assert "unchecked" not in codes(guard.check(draft(text, channel), book()))
    assert lengths.length(channel, text) > 0
