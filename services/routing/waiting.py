"""What a case waits for, and that it is picked up: pure decisions of people. What replies and messages do to it is in `turn.py`.

Time stands still for the customer alone. While we wait for a department, or until a moment that we chose, our clocks run on: whoever asked us
something does not care which of us holds it. Nor do customers stand in the way of what they were promised (`promise.py`).
"""

from datetime import datetime
from typing import Any

from libs.common.case_events import Case
from libs.common.errors import Conflict, Unprocessable
from services.routing import sla
from services.routing.case import ENDED, NOT_WAITING, File, key_of, must_be_alive
from services.routing.sla import Policy
from services.routing.turn import for_customer, reacted

OURS = ("department", "until", "promise")
"""What we wait for ourselves."""


def must_be_ours(file: File) -> None:
    """Raises `Conflict` for a case that has ended: nobody waits for anything there."""
    must_be_alive(file)
    if file.case.state in ENDED:
        raise Conflict(f"The case is {file.case.state}. Reopen it first.")


def for_the_customer(file: File, at: datetime, reason: str | None = None) -> None:
    """A person says that it is the customer's turn: our time to resolve stands still. Raises `Conflict` where nobody has told the customer so, and where
    the customer waits for what we promised."""
    must_be_ours(file)
    if file.case.promise_broken:
        raise Conflict(
            "A promise to the customer was broken, and is still owed. Keep it, give another one in its place, or withdraw it first."
        )
    if not reacted(file.case):
        raise Conflict("Nobody has told the customer anything since their last message. Reply, or say with picked-up how they were told.")
    if file.case.latest is not None:
        file.handled = max(file.handled or key_of(file.case.latest), key_of(file.case.latest))
    file.touched, file.before = True, None
    clocks = sla.pause(file.case.clocks, "resolution", at)
    file.change(state="waiting", waiting_for="customer", waiting_until=None, waiting_reason=reason, clocks=clocks)


def until(policy: Policy, file: File, moment: datetime, at: datetime, reason: str | None = None) -> None:
    """A person says that there is nothing to do before that moment. Raises `Unprocessable` where that has passed, and `Conflict`."""
    if moment <= at:
        raise Unprocessable(f"until: {moment.isoformat()} has passed. Name a moment to come.")
    _ours(policy, file, at, waiting_for="until", waiting_until=moment, waiting_reason=reason)


def for_department(policy: Policy, file: File, at: datetime, until: datetime | None = None, reason: str | None = None) -> None:
    """A department was asked, and is to answer by `until`. Raises `Conflict`."""
    _ours(policy, file, at, waiting_for="department", waiting_until=until, waiting_reason=reason)


def over(policy: Policy, file: File, at: datetime) -> str:
    """What the case waited for has come, or somebody goes on without: it is our turn. Returns what that was; raises `Conflict` where it waits for
    nothing."""
    must_be_ours(file)
    if file.case.state != "waiting":
        raise Conflict(f"The case is {file.case.state}: it waits for nothing.")
    waited_for = file.case.waiting_for or "customer"
    _ours(policy, file, at, state="open", **NOT_WAITING)
    return waited_for


def _ours(policy: Policy, file: File, at: datetime, **values: Any) -> None:
    must_be_ours(file)
    file.touched, file.before = True, None
    clocks = sla.resume(policy, file.case.clocks, "resolution", at)
    file.change(**{"state": "waiting", "clocks": clocks, **values})


def picked_up(file: File, at: datetime) -> None:
    """A person has taken it up and told the customer so: we have reacted, and it is still our turn. Taking or assigning a case does not do that. Raises
    `Conflict` where there is nothing to react to."""
    must_be_ours(file)
    if for_customer(file.case):
        raise Conflict("The newest message of the case has been answered.")
    if reacted(file.case):
        raise Conflict("The customer was told already since their last message.")
    file.touched, file.before = True, None
    state = "open" if file.case.state == "new" else file.case.state
    file.change(state=state, clocks=sla.meet(file.case.clocks, "reaction", at))


def comes_back(case: Case) -> datetime | None:
    """When a case that waits is looked at again, come what may; none where nobody said so."""
    return case.waiting_until if case.state == "waiting" else None
