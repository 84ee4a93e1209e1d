"""How much of a surprise it is that so many say something."""

from datetime import UTC, datetime, timedelta

from services.triage.heard import Heard
from services.triage.shown import Seen, seen

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def said(text: str, who: str, days: float = 0) -> Seen:
    return seen(id=f"{who} {days}", brand="loom", at=AT + timedelta(days=days), channel="twitter", text=text, handle=who)


def surprise(heard: Heard, people: int, of: int, key: str = "pindak") -> float:
    return heard.surprise(key, people, of, AT.timestamp())


def test_more_people_are_a_greater_surprise_and_a_busier_hour_a_smaller_one() -> None:
    heard = Heard([said("waar blijft mijn bestelling", f"wie{day}", -day) for day in range(1, 15)])
    assert 8 < surprise(heard, 3, 8) < surprise(heard, 5, 8)
    assert surprise(heard, 3, 400) < 8
    assert surprise(heard, 0, 8) == 0


def test_what_a_brand_hears_on_other_days_is_no_news_and_what_it_hears_today_is_no_habit() -> None:
    often = Heard([said("de pindakaas is op", f"wie{n}", -1 - n / 10) for n in range(20)])
    today = Heard([said("de pindakaas is op", f"wie{n}", -n / 100) for n in range(20)])
    assert surprise(often, 3, 8) < 5
    assert surprise(today, 3, 8) > 8


def test_everyday_is_what_is_heard_on_many_days() -> None:
    assert "pindak" in Heard([said("de pindakaas is op", f"wie{n}", -n) for n in range(5)]).everyday
    assert "pindak" not in Heard([said("de pindakaas is op", f"wie{n}", -n / 100) for n in range(5)]).everyday


def test_a_brand_of_which_nothing_is_known_is_surprised_by_rare_words_alone() -> None:
    assert surprise(Heard(), 3, 3) > 8
    assert surprise(Heard(), 3, 3, "niet") < 8
