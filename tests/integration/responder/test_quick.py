"""A quick "we are on it" over HTTP: a draft with a promise that can be kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.responder.conftest import Quiet, case_of, mention

ALWAYS = {day: ["00:00-24:00"] for day in ("mon-fri", "sat", "sun")} | {"holidays": {"country": "NL", "closed": False}}


@pytest.fixture
async def case(quiet: Quiet) -> str:
    await quiet.publish(2, hours=ALWAYS)
    found = case_of(mention(quiet.brand, "sanne"))
    await quiet.told(found)
    return f"/cases/{found.id}/quick"


def minute(ahead: timedelta) -> datetime:
    return (datetime.now(UTC) + ahead).replace(second=0, microsecond=0)


async def test_the_draft_promises_what_was_asked_for_and_waits_for_a_person(quiet: Quiet, case: str) -> None:
    due = minute(timedelta(hours=5))
    found = await quiet.post(case, {"due_at": due.isoformat()})
    assert [datetime.fromisoformat(one["due_at"]) for one in found["promises"]] == [due]
    assert (found["state"], found["update_due"], found["writer"], found["script"]) == ("draft", True, "gs", "quick")
    assert found["text"].endswith("^gs")
    assert [verdict for verdict in found["verdicts"] if verdict["blocking"]] == []
    await quiet.around.submit(found["id"])
    approved = await quiet.around.approve(found["id"], found["digest"])
    assert approved.status_code == 200, approved.text


async def test_within_counts_opening_time_and_wordings_take_turns(quiet: Quiet, case: str) -> None:
    made: list[dict[str, Any]] = [await quiet.post(case, {"within": "2h"}) for _ in range(4)]
    assert sorted(one["variant"] for one in made) == [0, 1, 2, 3]
    for one in made:
        ahead = datetime.fromisoformat(one["promises"][0]["due_at"]) - datetime.now(UTC)
        assert timedelta(hours=1, minutes=59) < ahead <= timedelta(hours=2, minutes=5)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"within": "2h", "due_at": "2027-01-01T10:00:00Z"},
        {"within": "soon"},
        {"due_at": "2020-01-01T10:00:00Z"},
        {"due_at": "9999-12-31T23:59:00-12:00"},
    ],
)
async def test_what_cannot_be_promised_is_refused(quiet: Quiet, case: str, body: dict[str, Any]) -> None:
    assert (await quiet.call("POST", case, json=body)).status_code == 422
