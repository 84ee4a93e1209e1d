"""What makes an incident by itself: mentions, escalations, broken promises and spikes come in; an incident that is raised or joined goes out.

A signal is a row, written in the transaction that noticed it, and taken once by a timer of the kind `signal`: so no two batches of mentions wait for one
another at an incident, and in a storm many signals join as one change. Which incident a signal goes to follows from its scenario and from what it is
about. It joins the one that runs; where none does, it raises one, unless it was received before the newest was closed: that one knew of it, or could have.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.bookteam import Scenario
from libs.common.case_events import Case
from libs.common.events import TriagedMention, deterministic_id
from libs.common.incident_events import IncidentJoined
from libs.common.rules import RuleError, matches
from services.routing import hub, incident_store, incident_words, timer
from services.routing.incident import File
from services.routing.sla import Policy
from services.routing.timer import Timer

KIND = "signal"
"""Of the timers; their name is `<scenario>|<about>`."""
INSIGHTS = {
    "influencer": "influencer",
    "press": "press",
    "staff_leak": "staff_leak",
    "safety": "safety",
    "data_leak": "data_leak",
    "hashtag_hijack": "hijack",
}
"""Risk that triage finds → what conditions call it."""
JOIN_AFTER = timedelta(seconds=10)
"""Signals that join an incident which runs are gathered for so long: a storm makes six changes a minute, not thousands. Escalations without a scenario are
gathered also before they raise one: what is told first says how many there are."""
ESCALATIONS = "escalation"
"""What an incident is about that was raised by escalations for which no scenario asks: of all cases of the brand."""
ESCALATIONS_JOIN_FOR = timedelta(hours=1)
"""For so long after it was raised further escalations join it. What is escalated later is told anew: the hub was asked for it."""
_BATCH = 5000
_LISTED = 50


@dataclass(frozen=True, slots=True)
class Signal:
    """`key` names what was noticed: the same again is the same signal. `scenario` is empty where it only fits an incident (`about` is
    `incident:<id>`), or where nothing in the book asks for it and the hub is told all the same."""

    brand: str
    scenario: str
    about: str
    key: str
    at: datetime
    insight: str | None = None
    case_id: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """A scenario that cannot be evaluated, and why."""

    scenario: str
    error: str


def facts(policy: Policy, case: Case, triaged: TriagedMention | None, at: datetime) -> dict[str, object]:
    """What a scenario can ask: of a mention what triage found in it, and the rest of its case; of a case alone all of it."""
    found = triaged.findings if triaged else None
    book = policy.book
    labels = [label.name for label in found.labels] if found else case.labels
    return {
        "urgency": found.urgency if found else case.urgency,
        "sentiment": found.sentiment if found else case.sentiment,
        "visibility": triaged.mention.visibility if triaged else case.visibility,
        "channel": triaged.mention.channel if triaged else case.channel,
        "account": None,
        "language": found.language if found else case.language,
        "intent": found.intent if found else case.intent,
        "respond": (found.respond.decision if found.respond else None) if found else case.respond,
        "labels": [name for label in labels for name in book.label_path(label) or (label,)],
        "risk": found.risk if found else case.risk,
        "pii": [item.kind for item in found.pii] if found else [],
        "department": case.department,
        "priority": case.priority,
        "customer_group": case.customer_group,
        "contact": case.contact,
        "tags": case.tags,
        "skills": [],
        "hours": "open" if policy.calendar.is_open(at) else "closed",
        "role": None,
    }


def matching(policy: Policy, about: Mapping[str, object], insights: Sequence[str]) -> Iterator[tuple[Scenario, str | None] | Fault]:
    """The scenarios that hold for what was noticed, each once and as the first insight that it asks for; and those that cannot be evaluated."""
    for scenario in policy.book.hub.scenarios:
        asked = insights if scenario.when.insight is not None and insights else (None,)
        try:
            for insight in asked:
                if matches(scenario.when, {**about, "insight": insight, "severity": scenario.severity}):
                    yield scenario, insight
                    break
        except RuleError as error:
            yield Fault(scenario.id, str(error))


def of_mention(policy: Policy, case: Case, triaged: TriagedMention) -> Iterator[Signal | Fault]:
    """The signals of a mention as triage has it now. History raises none, and neither does what was taken back."""
    mention = triaged.mention
    if triaged.removed or mention.historic or not policy.book.hub.scenarios:
        return
    insights = [INSIGHTS[risk] for risk in triaged.findings.risk if risk in INSIGHTS]
    for found in matching(policy, facts(policy, case, triaged, mention.received_at), insights):
        if isinstance(found, Fault):
            yield found
            continue
        scenario, insight = found
        insight = insight or next(iter(insights), None)
        detail = {"channel": mention.channel, "followers": mention.author.followers}
        yield Signal(case.brand, scenario.id, "", f"mention:{mention.id}", mention.received_at, insight, case.id, detail)


def fits(policy: Policy, case: Case, running: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[Signal]:
    """The incidents that a case joins by itself: those about its topic, or about one of its labels or their parents."""
    if case.historic or case.state in ("merged", "withdrawn"):
        return
    labels: set[str] | None = None
    for row in running:
        if row["brand"] != case.brand or not (row["topic_id"] or row["label"]):
            continue
        if labels is None:
            labels = {name for label in case.labels for name in policy.book.label_path(label) or (label,)}
        if (case.topic_id is not None and row["topic_id"] == str(case.topic_id)) or row["label"] in labels:
            yield Signal(case.brand, "", f"incident:{row['id']}", f"case:{case.id}", now, None, case.id)


async def of_merged(connection: db.Connection, merged: Sequence[Case], now: datetime) -> list[Signal]:
    """Where a case goes on in another one, so do the incidents that it is linked to."""
    if not merged:
        return []
    rows = await connection.fetch(
        "select u.brand, c.incident_id, u.into_id from unnest($1::text[], $2::uuid[], $3::uuid[]) as u(brand, case_id, into_id) "
        "join incident_case c on c.brand = u.brand and c.case_id = u.case_id and c.unlinked_at is null "
        "join incident i on i.brand = c.brand and i.id = c.incident_id and i.state <> 'closed'",
        [case.brand for case in merged],
        [case.id for case in merged],
        [case.merged_into for case in merged],
    )
    return [Signal(row["brand"], "", f"incident:{row['incident_id']}", f"case:{row['into_id']}", now, None, row["into_id"]) for row in rows]


async def put(connection: db.Connection, signals: Sequence[Signal], running: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Keep what was noticed, in the caller's transaction, and have it taken: at once where it raises an incident, in a moment where one runs or
    many may come together."""
    if not signals:
        return
    rows = sorted({(s.brand, s.scenario, s.about, s.key): s for s in signals}.items())
    fresh = await connection.fetch(
        "insert into signal (brand, scenario, about, key, at, insight, case_id, detail) select * from unnest($1::text[], $2::text[], "
        "$3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::uuid[], $8::jsonb[]) on conflict do nothing returning brand, scenario, about",
        *[[key[n] for key, _ in rows] for n in range(4)],
        [s.at for _, s in rows],
        [s.insight for _, s in rows],
        [s.case_id for _, s in rows],
        [dict(s.detail) for _, s in rows],
    )
    joins = {(row["brand"], row["scenario"], row["about"]) for row in running}
    timers = []
    for brand, scenario, about in sorted({(row["brand"], row["scenario"], row["about"]) for row in fresh}):
        waits = about == ESCALATIONS or about.startswith("incident:") or (brand, scenario, about) in joins
        at = now + JOIN_AFTER if waits else now
        timers.append(Timer(brand, KIND, deterministic_id(brand, "signal", scenario, about), f"{scenario}|{about}", at))
    await timer.by(connection, timers)


async def report(connection: db.Connection, policy: Policy, faults: Iterable[Fault], now: datetime) -> None:
    """A scenario that cannot be evaluated is told to the leads, once for each version of the book."""
    brand = policy.book.brand
    for fault in {fault.scenario: fault for fault in faults}.values():
        if await incident_store.put_fault(connection, brand, fault.scenario, policy.version, now, fault.error):
            what = f"scenario {fault.scenario} cannot be evaluated: {fault.error}"
            rows = [
                (deterministic_id(brand, "notification", "scenario", fault.scenario, str(policy.version), member.id), member.id, what)
                for member in policy.book.team
                if member.role == "lead"
            ]
            await incident_store.notify(connection, brand, None, rows, now)


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something was noticed of a case as a whole: a broken promise, an escalation. `key` names it, `why` is for people. `always`: the hub is told also
    where no scenario asks for it."""

    policy: Policy
    case: Case
    insight: str
    key: str
    why: str
    always: bool = False


async def of_cases(connection: db.Connection, noticed: Sequence[Noticed], now: datetime) -> None:
    """What was noticed of cases, however many, in a few statements of the caller's transaction; it raises or joins what the brand books' scenarios say,
    each thing once."""
    signals: list[Signal] = []
    faults: dict[str, tuple[Policy, dict[str, Fault]]] = {}
    for one in noticed:
        case, policy = one.case, one.policy
        if case.historic:
            continue
        asks = policy.book.hub.scenarios
        found = list(matching(policy, facts(policy, case, None, now), [one.insight])) if asks else []
        detail = {"why": one.why, "channel": case.channel}
        mine = [
            Signal(case.brand, match[0].id, "", one.key, now, one.insight, case.id, detail)
            for match in found
            if not isinstance(match, Fault)
        ]
        if one.always and not mine:
            mine = [Signal(case.brand, "", ESCALATIONS, one.key, now, one.insight, case.id, detail)]
        signals += mine
        for match in found:
            if isinstance(match, Fault):
                faults.setdefault(case.brand, (policy, {}))[1][match.scenario] = match
    if signals:
        running = await incident_store.running(connection, sorted({signal.brand for signal in signals}))
        await put(connection, signals, running, now)
    for brand in sorted(faults):
        policy, met = faults[brand]
        await report(connection, policy, met.values(), now)


def of_promise(policy: Policy, case: Case, promise_id: UUID, why: str) -> Noticed:
    """A promise of this case was not kept: once for each promise."""
    return Noticed(policy, case, "broken_promise", f"promise:{promise_id}", why)


def of_escalation(policy: Policy, case: Case, why: str) -> Noticed:
    """An escalation informs the hub of a case: by the scenarios that ask for it (`insight: escalation`), or else by one incident of all cases that are
    escalated within an hour. The same case escalated for the same reason in the same round is told once."""
    started = max((clock.started_at for clock in case.clocks), default=case.opened_at)
    key = f"escalation:{case.id}:{deterministic_id(case.brand, why, started.isoformat())}"
    return Noticed(policy, case, "escalation", key, why, always=True)


# --- taking them ------------------------------------------------------------------------------------------------------------------------


async def on_timer(connection: db.Connection, policy: Policy, due: Timer, now: datetime) -> None:
    """Take the signals that wait: they join the incident that runs, or raise one."""
    scenario, _, about = due.name.partition("|")
    await incident_store.only_one_raises(connection, due.brand, scenario, about)
    rows = await connection.fetch(
        "select key, at, insight, case_id, detail from signal where brand = $1 and scenario = $2 and about = $3 and incident_id is null "
        "order by at, key limit $4 for update",
        due.brand,
        scenario,
        about,
        _BATCH,
    )
    if not rows:
        return
    if about.startswith("incident:"):
        file = await incident_store.one(connection, due.brand, UUID(about.removeprefix("incident:")), lock=True)
    else:
        file = await incident_store.newest(connection, due.brand, scenario, about)
    fresh = rows
    if file is not None and file.incident.closed_at is not None:
        closed_at = file.incident.closed_at
        late = rows if about.startswith("incident:") else [row for row in rows if row["at"] <= closed_at]
        await _taken(connection, due.brand, scenario, about, late, file.incident.id)
        fresh = [row for row in rows if row["at"] > closed_at] if late is not rows else []
    if fresh:
        if file is not None and _joinable(file, now):
            await _join(connection, policy, file, fresh, now)
        else:
            file = await _raise(connection, policy, scenario, about, fresh, (file.number if file else 0) + 1, now)
        # A scenario that the book no longer has raises nothing: what waited for it goes with it.
        await _taken(connection, due.brand, scenario, about, fresh, file.incident.id if file else UUID(int=0))
    if len(rows) == _BATCH:
        await timer.put(connection, [Timer(due.brand, KIND, due.subject, due.name, now)])


def _joinable(file: File, now: datetime) -> bool:
    incident = file.incident
    if incident.state == "closed":
        return False
    return incident.about != ESCALATIONS or now - incident.raised_at < ESCALATIONS_JOIN_FOR


async def _taken(
    connection: db.Connection, brand: str, scenario: str, about: str, rows: Sequence[asyncpg.Record], incident_id: UUID
) -> None:
    await connection.execute(
        "update signal set incident_id = $5 where brand = $1 and scenario = $2 and about = $3 and key = any($4::text[])",
        brand,
        scenario,
        about,
        [row["key"] for row in rows],
        incident_id,
    )


async def _join(connection: db.Connection, policy: Policy, file: File, rows: Sequence[asyncpg.Record], now: datetime) -> None:
    brand, incident_id = file.incident.brand, file.incident.id
    ids = [row["case_id"] for row in rows if row["case_id"]]
    linked = await incident_store.link(connection, brand, incident_id, ids, now, "system", again=False)
    noticed = [row for row in rows if row["insight"]]
    if not linked and not noticed:
        return
    file.book_version = policy.version
    first = min((row["at"] for row in noticed), default=file.incident.began_at)
    file.change(
        by_people=False,
        signals=file.incident.signals + len(noticed),
        began_at=min(first, file.incident.began_at),
        **await incident_store.linked(connection, brand, incident_id),
    )
    await incident_store.record(
        connection,
        file,
        IncidentJoined,
        at=now,
        actor="system",
        signals=len(noticed),
        insights=sorted({row["insight"] for row in noticed}),
        case_ids=sorted(linked)[:_LISTED],
    )


async def _raise(
    connection: db.Connection, policy: Policy, scenario_id: str, about: str, rows: Sequence[asyncpg.Record], number: int, now: datetime
) -> File | None:
    book = policy.book
    scenario = next((one for one in book.hub.scenarios if one.id == scenario_id), None)
    if scenario is None and scenario_id:
        return None
    first = rows[0]
    kind, _, name = about.partition(":")
    cause = hub.Cause(
        title=incident_words.title(book, first["insight"], scenario_id, name if kind == "label" else "", len(rows)),
        why=incident_words.noticed(book, first["insight"], scenario_id, first["at"], first["detail"], len(rows)),
        severity=scenario.severity if scenario else "medium",
        by="system",
        began_at=first["at"],
        insight=first["insight"],
        about=about,
        scenario=scenario,
        topic_id=UUID(name) if kind == "topic" else None,
        label=name if kind == "label" else None,
        case_ids=tuple(row["case_id"] for row in rows if row["case_id"]),
        signals=len(rows),
    )
    return await hub.raise_incident(connection, policy, cause, now, number=number)
