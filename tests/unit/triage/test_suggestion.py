"""Which suggestions are worth asking people about."""

import pytest

from services.triage.suggestion import Answered, precision, state_of


@pytest.mark.parametrize(
    ("confirmed", "rejected", "state"),
    [(0, 0, "open"), (0, 9, "open"), (0, 10, "withheld"), (4, 10, "withheld"), (5, 10, "open"), (100, 40, "open"), (30, 100, "withheld")],
)
def test_a_band_that_people_reject_is_withheld_once_they_did_so_often_enough(confirmed: int, rejected: int, state: str) -> None:
    answered = [Answered(6, confirmed, rejected)]
    assert state_of(0.65, answered) == state
    assert state_of(0.7, answered) == "open"


def test_the_highest_score_is_in_the_highest_band() -> None:
    assert state_of(1.0, [Answered(9, 0, 20)]) == "withheld"


def test_precision_is_the_share_that_people_confirmed() -> None:
    assert precision([]) is None
    assert precision([Answered(5, 1, 3), Answered(9, 5, 1)]) == 0.6
