"""The five services: whether they answer and are ready, of which version, how far behind, and what they say of themselves (`GET /v1/checks`)."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from cli.doctor.world import Answer, Unanswered, World
from cli.stack.ports import SERVICES
from libs.common import clocks, sharedkeys
from libs.common.checks import CannotAsk, Finding, Kind, Probe
from libs.common.service import our_version

BEHIND_WARNING_S, BEHIND_ERROR_S = 60.0, 900.0
WAITING_WORTH_A_SECOND_LOOK = 1000
SECOND_LOOK_S = 1.0

REACHABLE = Kind(
    "service.reachable",
    "Services answer",
    "That each service of the stack here, or of WEERKLANK_URL_<SERVICE>, answers /v1/status within 6 s.",
    "Look at its log (logs/SERVICE.log in the data directory); 'weerklank down' and 'weerklank up' start it anew.",
)
READY = Kind("service.ready", "Services are ready", "What each service says stands in its way.", "Mend what it names; its log says more.")
VERSION = Kind(
    "service.version",
    "Versions of the services",
    "That all services and this command line are of one version.",
    "Deploy one version everywhere: 'weerklank down', 'weerklank up'; or roll out one image.",
)
CLOCK = Kind("service.clock", "The services' clocks", "The time that each service's answer names, against this machine's.", clocks.REMEDY)
LAG = Kind(
    "service.lag",
    "Behind",
    f"How old the oldest event is that a service has not handled: a warning from {BEHIND_WARNING_S:g} s on, an error from {BEHIND_ERROR_S:g} s on. "
    f"Looked at twice where much waits, to say whether it grows; a warning too where {WAITING_WORTH_A_SECOND_LOOK} or more wait and a second look "
    "finds no fewer: an instance tells the age of what waits on its own partitions only, and the number of all.",
    "Where it shrinks: wait. Else look at the log of every instance of the service and at the checks of PostgreSQL; more instances share the partitions.",
)
DEAD = Kind(
    "service.dead-letters",
    "Events set aside",
    "Events that could not be handled, and those that wait behind them.",
    "weerklank dead list (the reasons); weerklank dead replay (once the cause is mended)",
)
UNACCOUNTED = Kind(
    "service.unaccounted",
    "Unaccounted events",
    "That what a service's positions have passed has an outcome in its ledger: always 0.",
    "Report this, with the service's log: it is a fault of ours. Until then compare with 'weerklank trace' what became of a mention.",
)
SELF = Kind(
    "service.checks",
    "Services look at themselves",
    "That each service can be asked what only it can see (GET /v1/checks): its issuer, its relay, the accounts of brands.",
    "Set WEERKLANK_TOKEN to an operator's token: role admin, brand * (weerklank token --role admin --brand '*' makes one for a local stack).",
)
KINDS = (REACHABLE, READY, VERSION, CLOCK, LAG, DEAD, UNACCOUNTED, SELF)


def probes(world: World) -> list[Probe]:
    if not world.services:
        why = f"No service runs on {world.data_dir}, and the environment names none: 'weerklank up' starts them."
        return [Probe(REACHABLE, partial(_none, why))]
    asked: Mapping[Kind, Callable[[World, str], Any]] = {
        REACHABLE: _reachable,
        READY: _ready,
        VERSION: _version,
        CLOCK: _clock,
        LAG: _lag,
        DEAD: _dead,
        UNACCOUNTED: _unaccounted,
    }
    found = [Probe(kind, partial(ask, world, name), name) for name in world.services for kind, ask in asked.items()]
    found += [Probe(SELF, partial(_self, world, name), name, limit_s=25.0) for name in world.services]
    found.append(Probe(sharedkeys.ANSWERS, partial(_answer_keys, world), limit_s=25.0))
    found.append(Probe(sharedkeys.REPLIES, partial(_reply_keys, world), limit_s=25.0))
    if missing := [name for name in SERVICES if name not in world.services]:
        found.append(Probe(REACHABLE, partial(_none, f"Nobody says where {', '.join(missing)} is: WEERKLANK_URL_<SERVICE> does.")))
    return found


# --- judgements ------------------------------------------------------------------------------------------------------------------------


def judge_ready(service: str, status: Mapping[str, Any]) -> Finding:
    if status["ready"]:
        return READY.ok("It is ready.", about=service)
    why = "; ".join(status["why"])
    remedies = {
        "position-below-log-start": f"weerklank topics reset {service} TOPIC PARTITION --to start",
        "position-beyond-log-end": f"weerklank topics reset {service} TOPIC PARTITION --to start|end",
        "too-many-dead-letters": f"weerklank dead list --service {service}; mend the cause; weerklank dead resume --service {service}",
        "brand books": "Kafka's checks say whether the topic weerklank.brands.v1 is there and can be read.",
    }
    return READY.error(
        f"{why}.", next((text for sign, text in remedies.items() if sign in why), ""), about=service, values={"why": status["why"]}
    )


def judge_version(service: str, theirs: str | None, ours: str) -> Finding:
    values = {"service": theirs, "command_line": ours}
    if theirs == ours:
        return VERSION.ok(f"{service} is {theirs}.", about=service, values=values)
    return VERSION.error(f"{service} is {theirs or 'older than this check'}, this command line {ours}.", about=service, values=values)


def judge_lag(service: str, first: Mapping[str, Any], second: Mapping[str, Any] | None) -> Finding:
    """`first` and `second`: a status's lag by topic, a second apart; none where a second look was not worth it."""
    lag = second or first
    seconds = max((topic["seconds"] for topic in lag.values()), default=0.0)
    messages, before = (int(sum(topic["messages"] for topic in seen.values())) for seen in (lag, first))
    topics = [name for name, topic in lag.items() if topic["messages"]]
    values: dict[str, Any] = {"messages": messages, "seconds": seconds, "topics": topics}
    found = f"{messages} events wait, the oldest for {seconds:.0f} s"
    if second is not None:
        values["messages_before"] = before
        found += f" ({'it grows' if messages > before else 'it shrinks' if messages < before else 'it stays'})"
    stands_still = second is not None and messages >= max(before, WAITING_WORTH_A_SECOND_LOOK)
    if seconds < BEHIND_WARNING_S and not stands_still:
        return LAG.ok(f"{found}.", about=service, values=values)
    where = f" on {', '.join(topics)}" if topics else ""
    return (LAG.error if seconds >= BEHIND_ERROR_S else LAG.warning)(f"{found}{where}.", about=service, values=values)


def judge_dead(service: str, ledger: Mapping[str, int]) -> Finding:
    dead, parked = ledger["dead"], ledger["parked"]
    values = {"dead": dead, "parked": parked}
    if not dead and not parked:
        return DEAD.ok("None.", about=service, values=values)
    remedy = f"weerklank dead list --service {service} (the reasons); weerklank dead replay --service {service} (once the cause is mended)"
    return DEAD.warning(f"{dead} could not be handled, and {parked} wait behind them.", remedy, about=service, values=values)


def judge_unaccounted(service: str, ledger: Mapping[str, int]) -> Finding:
    count = ledger["unaccounted"]
    values = {"unaccounted": count}
    if count:
        return UNACCOUNTED.error(f"{count} events have no outcome in the ledger.", about=service, values=values)
    return UNACCOUNTED.ok("0.", about=service, values=values)


# --- asking ----------------------------------------------------------------------------------------------------------------------------


async def _none(why: str) -> list[Finding]:
    raise CannotAsk(why)


async def _reachable(world: World, service: str) -> list[Finding]:
    part = world.part(service)
    try:
        await world.status(service)
    except CannotAsk as error:
        told = f" It is {part.status}: {part.why}." if part is not None and part.why else ""
        remedy = _start_anew(world, service) or f"Look at that service and its log, and at WEERKLANK_URL_{service.upper()}."
        return [REACHABLE.error(f"{error}{told}", remedy, about=service)]
    if part is not None and part.restarts:
        return [REACHABLE.ok(f"It answers; it was started {part.restarts} times more since the stack was.", about=service)]
    return [REACHABLE.ok("It answers.", about=service)]


def _start_anew(world: World, service: str) -> str:
    """The remedy for a part of the local stack; empty for a service elsewhere."""
    part = world.part(service)
    return f"Look at {part.log}; 'weerklank down' and 'weerklank up' start it anew." if part is not None else ""


async def _ready(world: World, service: str) -> list[Finding]:
    return [judge_ready(service, (await world.status(service)).status)]


async def _version(world: World, service: str) -> list[Finding]:
    return [judge_version(service, (await world.status(service)).status.get("version"), our_version())]


async def _clock(world: World, service: str) -> list[Finding]:
    seen: Answer = await world.status(service)
    if seen.date is None:
        raise CannotAsk("Its answer names no time.")
    return [
        clocks.judge(CLOCK, service, seen.asked, seen.answered, parsedate_to_datetime(seen.date), exact=timedelta(seconds=1), about=service)
    ]


async def _lag(world: World, service: str) -> list[Finding]:
    first = (await world.status(service)).status["lag"]
    waiting = sum(topic["messages"] for topic in first.values()) >= WAITING_WORTH_A_SECOND_LOOK
    if not waiting and all(topic["seconds"] < BEHIND_WARNING_S for topic in first.values()):
        return [judge_lag(service, first, None)]
    await asyncio.sleep(SECOND_LOOK_S)
    return [judge_lag(service, first, (await world.fresh_status(service)).status["lag"])]


async def _dead(world: World, service: str) -> list[Finding]:
    return [judge_dead(service, (await world.status(service)).status["ledger"])]


async def _unaccounted(world: World, service: str) -> list[Finding]:
    return [judge_unaccounted(service, (await world.status(service)).status["ledger"])]


async def _self(world: World, service: str) -> list[Finding]:
    try:
        answer = await world.checks(service)
    except Unanswered as error:
        return [SELF.error(str(error), _start_anew(world, service) or "Look at its log, and restart it.", about=service)]
    if answer.status_code in (401, 403):
        detail = answer.json().get("detail", "")
        return [SELF.error(f"{service} does not take the token: {detail}", about=service)]
    if answer.status_code == 404:
        return [SELF.warning(f"{service} is of a version that cannot be asked.", VERSION.remedy, about=service)]
    if not answer.is_success:
        return [SELF.error(f"{service} answered {answer.status_code}.", "Look at its log.", about=service)]
    found = [Finding.model_validate(item) for item in answer.json()["items"]]
    return [SELF.ok(f"It told of {len(found)} things.", about=service), *found]


async def _answer_keys(world: World) -> list[Finding]:
    """Whether routing and ingest hold the same key for departments' answers, as both tell of it."""
    return [sharedkeys.judge_answers(await _held(world, "routing"), await _held(world, "ingest"))]


async def _reply_keys(world: World) -> list[Finding]:
    """Whether the responder and ingest hold the same key for customers' answers, as both tell of it."""
    return [sharedkeys.judge_replies(await _held(world, "responder"), await _held(world, "ingest"))]


async def _held(world: World, service: str) -> list[str]:
    """Fingerprints of the answer key that a service holds. Raises `CannotAsk` where it does not tell; `service.checks` says why."""
    try:
        answer = await world.checks(service)
    except Unanswered as error:
        raise CannotAsk(str(error)) from error
    if not answer.is_success:
        raise CannotAsk(f"{service} does not tell which key it holds: it answered {answer.status_code}.")
    about = f"{service}, {sharedkeys.ANSWER_KEY}"
    for item in answer.json()["items"]:
        if (item["id"], item["about"]) == (sharedkeys.INSTANCES.id, about) and "fingerprints" in item["values"]:
            found: list[str] = item["values"]["fingerprints"]
            return found
    raise CannotAsk(f"{service} does not tell which key it holds.")
