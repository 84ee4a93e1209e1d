"""A clock that spoke has decided nothing: the next mention finds the case as it would have without."""

from typing import Any

from libs.common import db
from libs.common.case_events import Case
from services.routing import ticker
from tests.integration.routing.test_simultaneous import batch
from tests.unit.routing.test_permutations import POLICIES
from tests.unit.routing.test_turns import A1, C1, A

policies: Any = POLICIES


async def after(pool: db.Pool, steps: list[Any]) -> tuple[Case, bool]:
    await pool.execute("truncate mention_copy, care_case, timeline, notification, outbox")
    for step in steps:
        await (ticker.tick(pool, policies) if step == "tick" else batch(pool, [step]))
    row = await pool.fetchrow("select state_json, touched from care_case where id = $1", A)
    assert row is not None
    return Case.model_validate(row["state_json"]), row["touched"]


async def test_a_mention_after_an_escalation_ends_in_the_same_case_as_one_before_it(pool: db.Pool) -> None:
    """Both clocks of A ran out long ago: its priority was raised, and a lead has it. Then a legal threat joins."""
    escalated, touched = await after(pool, [A1, "tick"])
    assert (escalated.department, escalated.owner, escalated.priority, touched) == ("technical", "mk", "high", False)
    case, touched = await after(pool, [A1, "tick", C1, "tick"])
    assert (case.department, case.owner, case.priority, touched) == ("billing", "mk", "urgent", False)
    assert (case, touched) == await after(pool, [A1, C1, "tick"])
