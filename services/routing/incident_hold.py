"""What an incident holds: all replies of the brand, or those that it is about. The holds themselves are `hold.py`'s; people release them there."""

from datetime import datetime

from libs.common import db
from libs.common.brandbook import BrandBook
from libs.common.errors import Conflict
from libs.common.events import HoldScope, deterministic_id
from libs.common.holds import MOST_CASES, check
from libs.common.incident_events import Incident
from libs.common.rules import RuleError, When
from services.routing import hold
from services.routing.hold import Holder
from services.routing.sla import Policy

RISKS = {
    "influencer": "influencer",
    "press": "press",
    "staff_leak": "staff_leak",
    "safety": "safety",
    "data_leak": "data_leak",
    "hijack": "hashtag_hijack",
}
"""Insight → the risk that it is noticed by."""


def affected(book: BrandBook, incident: Incident) -> HoldScope | None:
    """What replies an incident is about: of its topic, or its label; else those that its scenario asks for, as far as that can be told of a reply; else
    those to the cases that are linked to it now. None: it is about no case yet."""
    if incident.topic_id is not None:
        return HoldScope(topic_id=incident.topic_id)
    if incident.label is not None:
        return HoldScope(when={"labels_any": [incident.label]})
    scenario = next((one for one in book.hub.scenarios if one.id == incident.scenario), None)
    when = _of_replies(scenario.when, incident.insight) if scenario else None
    if when:
        return HoldScope(when=when)
    return HoldScope(case_ids=sorted(incident.case_ids[:MOST_CASES])) if incident.case_ids else None


def _of_replies(asked: When, insight: str | None) -> dict[str, list[str]] | None:
    """The conditions of a scenario as a hold has them; none where a reply cannot be asked one of them."""
    when = {key: [value] if isinstance(value, str) else list(value) for key, value in asked.conditions().items()}
    when.pop("severity", None)
    if (insights := when.pop("insight", None)) is not None:
        risks = [RISKS.get(name) for name in ([insight] if insight else insights)]
        if None in risks or "risk_any" in when:
            return None
        when["risk_any"] = [risk for risk in risks if risk]
    try:
        check(When.model_validate(when))
    except RuleError:
        return None
    return when


async def place(
    connection: db.Connection, policy: Policy, incident: Incident, version: int, what: str, why: str, by: str, now: datetime
) -> None:
    """Lay the hold. Raises `Conflict` where as many stand as can, and where the incident is about no case."""
    book = policy.book
    scope = HoldScope() if what == "all" else affected(book, incident)
    if scope is None:
        raise Conflict(
            "The incident is about no topic, label or case yet: there is nothing that it affects. Hold all, or link cases first."
        )
    leads = [member for member in book.team if member.role in ("lead", "spokesperson")]
    ways = tuple((member.id, way) for member in leads for way in member.notify)
    holder = Holder(book.brand, policy.version, tuple(member.id for member in leads), ways, book.languages[0])
    await hold.lock(connection, book.brand)
    hold_id = deterministic_id(book.brand, "hold", "incident", str(incident.id), str(version))
    await hold.lay(connection, holder, hold_id, scope, why, None, by=by, at=now)
