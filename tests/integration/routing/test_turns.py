"""What a turn follows from is kept between batches: each event in a transaction of its own."""

import pytest

from libs.common import db
from libs.common.case_events import Case
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_turns import A1, B1, B_TAKEN_BACK, A, heard, sent, turn_of


async def stored(pool: db.Pool) -> dict[str, object]:
    row = await pool.fetchrow("select state_json, handled_at, handled_id from care_case where id = $1", A)
    assert row is not None
    case = Case.model_validate(row["state_json"])
    return {
        "state": case.state,
        "clocks": case.clocks,
        "earlier": case.earlier,
        "replied_at": case.replied_at,
        "handled": (row["handled_at"], row["handled_id"]),
    }


@pytest.mark.parametrize("events", [[A1, B1, sent("A")], [A1, sent("A"), B1], [A1, B1, sent("A"), B_TAKEN_BACK]])
async def test_a_turn_is_the_same_in_one_batch_and_in_several(pool: db.Pool, events: list[object]) -> None:
    for received in events:
        await batch(pool, [received])  # type: ignore[list-item]
    assert await stored(pool) == turn_of(heard(events))  # type: ignore[arg-type]
