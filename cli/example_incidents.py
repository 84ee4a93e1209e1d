"""One made-up example of every event of an incident: a campaign of `vaart`, an invented brand, is turned against it one morning."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from libs.common import incident_events as i
from libs.common.events import Event, deterministic_id
from services.routing.incident import digest_of

_TEXTS = {"nl": "We zien wat er met #VaartErop gebeurt en zoeken het uit. Vanmiddag om 15:00 horen jullie van ons."}


def examples(brand: str, book_version: int, morning: datetime, case_id: UUID) -> tuple[Event, ...]:
    """In the order in which they were told."""

    def after(minutes: float) -> datetime:
        return morning + timedelta(minutes=minutes)

    def told(who: str, name: str, role: str, minutes: float, step: int = 0, known_at: float | None = None) -> i.Told:
        return i.Told(
            who=who,
            name=name,
            roles=[role],
            at=after(minutes),
            step=step,
            ways=1,
            due_at=after(minutes + 10),
            acknowledged_at=after(known_at) if known_at is not None else None,
        )

    digest = digest_of(_TEXTS)
    decision = i.Decision(
        id=deterministic_id(brand, "example-decision", "1"),
        what="De campagne staat stil tot morgen.",
        why="Elke nieuwe post wordt tegen ons gebruikt.",
        by="wv",
        at=after(14),
    )
    task = i.HubTask(
        id=deterministic_id(brand, "example-task", "1"),
        title="Geplande posts stilzetten",
        owner="mt",
        by="wv",
        at=after(15),
        due_at=after(45),
    )
    statement = i.Statement(texts=_TEXTS, digest=digest, by="gs", at=after(16), needed=["spokesperson"])
    signature = i.Signature(role="spokesperson", by="wv", at=after(18))
    signed = statement.model_copy(update={"signed": [signature], "approved_at": after(18), "offered": True})
    raised = i.Incident(
        id=deterministic_id(brand, "incident", "hijack", "", "1"),
        brand=brand,
        scenario="hijack",
        insight="hijack",
        title="Een campagne keert zich tegen het merk",
        why="Een campagne keert zich tegen het merk. Eerst gezien om 10:12 op twitter; 1 in totaal tot nu toe.",
        severity="high",
        state="raised",
        raised_at=after(0.1),
        began_at=after(0),
        signals=1,
        cases=1,
        case_ids=[case_id],
        told=[told("wv", "Woordvoering", "spokesperson", 0.1), told("mt", "Marketing", "marketing", 0.1)],
        ladder=["management"],
        statement_by=["spokesperson"],
    )
    acknowledged = raised.model_copy(
        update={
            "state": "acknowledged",
            "acknowledged_at": after(3),
            "told": [told("wv", "Woordvoering", "spokesperson", 0.1, known_at=3), told("mt", "Marketing", "marketing", 0.1)],
        }
    )
    followed = acknowledged.model_copy(
        update={"step": 1, "told": [*acknowledged.told, told("dir", "Directie", "management", 10.1, step=1)]}
    )
    decided = followed.model_copy(update={"decisions": [decision], "signals": 42, "cases": 40})
    busy = decided.model_copy(update={"tasks": [task]})
    drafted = busy.model_copy(update={"statement": statement})
    agreed = busy.model_copy(update={"statement": signed})
    due = task.model_copy(update={"reminded_at": after(45)})
    done = due.model_copy(update={"done_at": after(50), "done_by": "mt"})
    quiet = agreed.model_copy(update={"tasks": [done]})
    why = "De posts zijn weg en niemand schrijft meer."
    handled = quiet.model_copy(update={"state": "handled", "handled_at": after(240), "outcome": why})
    over = signed.model_copy(update={"offered": False})
    closed = handled.model_copy(update={"state": "closed", "closed_at": after(1440), "statement": over})
    again = quiet.model_copy(update={"state": "raised", "round": 1, "step": 0, "acknowledged_at": None})

    def said(minutes: float, incident: i.Incident, actor: str = "system", **more: Any) -> dict[str, Any]:
        return {"brand": brand, "book_version": book_version, "incident": incident, "at": after(minutes), "actor": actor, **more}

    return (
        i.IncidentRaised(**said(0.1, raised)),
        i.IncidentAcknowledged(**said(3, acknowledged, "wv", who="wv", after_s=174)),
        i.IncidentFollowed(**said(10.1, followed, missing=["mt"], role="management", told=["dir"])),
        i.IncidentUnanswered(**said(20.1, followed.model_copy(update={"unanswered": True}), missing=["dir"])),
        i.IncidentJoined(**said(12, decided.model_copy(update={"decisions": []}), signals=41, insights=["hijack"], case_ids=[case_id])),
        i.IncidentChanged(
            **said(
                13,
                decided.model_copy(update={"decisions": [], "severity": "critical"}),
                "wv",
                why="De krant belt.",
                previous_severity="high",
                previous_title=raised.title,
            )
        ),
        i.IncidentCasesChanged(**said(13.5, decided.model_copy(update={"decisions": []}), "gs", why="Gaat hierover.", linked=[case_id])),
        i.IncidentSaid(
            **said(
                13.6,
                decided.model_copy(update={"decisions": []}),
                "mt",
                message_id=deterministic_id(brand, "example-message", "1"),
                text="Wie zet de geplande posts stil?",
            )
        ),
        i.IncidentDecided(**said(14, decided, "wv", decision=decision)),
        i.IncidentTaskGiven(**said(15, busy, "wv", task=task)),
        i.IncidentStatementDrafted(**said(16, drafted, "gs")),
        i.IncidentStatementSigned(**said(18, agreed, "wv", roles=["spokesperson"], digest=digest)),
        i.IncidentHeld(**said(19, agreed.model_copy(update={"hold": "all"}), "wv", what="all", why="Eerst weten wat er speelt.")),
        i.IncidentTaskDue(**said(45, agreed.model_copy(update={"tasks": [due]}), task=due)),
        i.IncidentTaskDone(**said(50, quiet, "mt", task=done)),
        i.IncidentHandled(**said(240, handled, "wv", why=why)),
        i.IncidentClosed(**said(1440, closed, "wv", why="Een dag stil.")),
        i.IncidentReopened(**said(1500, again, "wv", why="Een nieuwe golf.")),
    )
