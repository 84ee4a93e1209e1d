"""A brand and a draft for the tests of the guard's rules."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from libs.common.bookfile import load_book
from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from services.responder.verdicts.draft import Draft, Found

BOOK = load_book("""
brand: vaart
name: Vaart (example data)
languages: [nl, en]
voice:
  competitors: [Golfnet, Kabelaar]
  internal_names: [Sluiswachter, "project Noordster"]
  official_names: ["Mijn Vaart"]
hours: {mon-fri: ["08:00-21:00"], sat: ["09:00-17:00"], holidays: {country: NL, closed: true}}
conduct:
  may_promise:
    lead: [{kind: compensation, up_to_eur: 25}]
""")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Europe/Amsterdam"))


def draft(text: str, **more: Any) -> Draft:
    """A public reply of an agent on a Monday morning."""
    member = Member(id="gs", first_name="Guus", initials="gs")
    return Draft(**{"text": text, "channel": "mastodon", "member": member, "language": "nl", "now": NOW, **more})


def words(rule: Callable[[Draft, BrandBook], Iterator[Found]], text: str, book: BrandBook = BOOK, **more: Any) -> list[str]:
    """The words that a rule finds fault with."""
    return [text[one.start : one.end] for one in rule(draft(text, **more), book)]
