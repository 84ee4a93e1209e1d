"""``weerklank rules test``: what the rules of a brand book make of cases that people thought of, through the same functions that routing decides by.

A file of cases comes in (`rules_file.py`); a line for each leaves, and what no case can show: rules that never decide anything.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from cli.console import plain
from cli.errors import FAILED
from cli.rules_file import RuleCase, RuleFile, Writer, in_zone, load
from libs.common.brandbook import BrandBook, Target
from libs.common.case_events import Case
from libs.common.events import Author, Findings, Identity, Label, Mention, PersonalData, Respond, TriagedMention, deterministic_id
from libs.common.hours import Calendar
from libs.common.rules import RuleError, channel_name, first_match, unmet
from services.routing import case as cases
from services.routing import ladder, proposal, sla
from services.routing.contact import Standing
from services.routing.route import Route, able, broken, facts, facts_of, route, unreachable, words
from services.routing.sla import Policy

MORNING = datetime(2026, 1, 5, 10, tzinfo=UTC)
"""A Monday. What says no moment comes in at the next opening."""
_PRIVATE = ("email", "whatsapp", "direct", "webform")


@dataclass(slots=True)
class Result:
    """`wrong`: (what, expected, is). `others`: each earlier rule, and why it did not decide."""

    name: str
    decided: str
    wrong: list[tuple[str, Any, Any]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    rule: int | None = None


def test(path: Path, brandbook: Path | None, *, verbose: bool, as_json: bool) -> int:
    """Runs the cases and prints what they come to. Returns the exit code. Raises ``CommandError`` for files that cannot be used."""
    file, book = load(path, brandbook)
    policy = Policy(book, Calendar.of(book), 1)
    findings = _findings(file, book)
    results = [run(policy, case, found, number) for number, (case, found) in enumerate(zip(file.cases, findings, strict=True))]
    warnings = list(_warnings(book, results))
    failures = [f"rule {failure.rule} can never be evaluated: {failure.error}" for failure in broken(book)]
    if as_json:
        sys.stdout.write(_json(results, warnings, failures))
    else:
        _say(results, warnings, failures, verbose=verbose)
    return FAILED if failures or any(result.wrong for result in results) else 0


# --- what a case is -------------------------------------------------------------------------------------------------------------------


def _findings(file: RuleFile, book: BrandBook) -> list[Findings]:
    """What is found in each message: by triage's own models where it has a text, and as the file says where it says so."""
    with_text = [number for number, case in enumerate(file.cases) if case.message is not None and case.message.text]
    read: dict[int, Findings] = {}
    if with_text:
        from services.triage.classify import Classifier
        from services.triage.context import Context

        classifier = Classifier.load()
        view = classifier.view(book)
        texts, contexts = [], []
        for number in with_text:
            message = file.cases[number].message
            assert message is not None
            texts.append(f"{message.title}\n{message.text}" if message.title else message.text)
            contexts.append(
                Context(message.channel, _visibility(file.cases[number]), message.author.followers, _is_staff(book, message.author))
            )
        found = classifier.classify(texts, [view] * len(texts), contexts, depth="thorough" if len(texts) < 1000 else "full")
        read = dict(zip(with_text, found, strict=True))
    return [_said(case, read.get(number, _nothing(book))) for number, case in enumerate(file.cases)]


def _is_staff(book: BrandBook, author: Writer) -> bool:
    handles = {handle.lstrip("@").lower() for handle in book.staff.handles}
    domains = {domain.lower().lstrip("@.") for domain in book.staff.domains}
    return (author.handle or "").lstrip("@").lower() in handles or (author.email or "").rpartition("@")[2].lower() in domains


def _nothing(book: BrandBook) -> Findings:
    return Findings(
        language=book.languages[0], language_confidence=1, sentiment="neutral", sentiment_score=0, sentiment_confidence=1, model="none"
    )


def _said(case: RuleCase, read: Findings) -> Findings:
    found = case.found
    values: dict[str, Any] = {
        name: getattr(found, name)
        for name in ("language", "sentiment", "intent", "urgency", "department")
        if getattr(found, name) is not None
    }
    if found.labels is not None:
        values["labels"] = [Label(name=name, score=1) for name in found.labels]
    if found.risk is not None:
        values["risk"] = list(found.risk)
    if found.pii is not None:
        values["pii"] = [PersonalData(kind=kind, start=0, end=0) for kind in found.pii]
    if found.respond is not None:
        values["respond"] = Respond(decision=found.respond, reason="as the file says")
    return read.model_copy(update=values)


def _visibility(case: RuleCase) -> str:
    message = case.message
    if message is not None and message.visibility is not None:
        return message.visibility
    return "private" if message is not None and channel_name(message.channel) in _PRIVATE else "public"


def _mention(policy: Policy, case: RuleCase, findings: Findings, number: int) -> TriagedMention:
    message = case.message
    at = in_zone(message.at, policy.book) if message is not None and message.at is not None else policy.calendar.next_open(MORNING)
    author = message.author if message is not None else Writer()
    channel = channel_name(message.channel) if message is not None else "twitter"
    identities = [Identity(kind="email", value=author.email.lower())] if author.email else []
    handle = (author.handle or f"writer{number}").lstrip("@").lower()
    if author.handle or not identities:
        identities.append(Identity(kind="handle", value=handle, channel=channel))
    id = deterministic_id(policy.book.brand, "rules test", str(number))
    return TriagedMention(
        mention=Mention(
            id=id,
            brand=policy.book.brand,
            channel=channel,
            kind="mail" if channel == "email" else "post",
            external_id=str(number),
            author=Author(name=author.name, identities=identities, followers=author.followers),
            title=message.title if message is not None else None,
            text=message.text if message is not None else "",
            visibility=_visibility(case),
            posted_at=at,
            received_at=at,
        ),
        findings=findings,
        customer_id=UUID(int=number + 1),
        group_id=id,
        triaged_at=at,
    )


# --- what the book makes of it --------------------------------------------------------------------------------------------------------


def run(policy: Policy, case: RuleCase, findings: Findings, number: int) -> Result:
    """One case, decided as routing decides it when it is opened."""
    mention = _mention(policy, case, findings, number)
    at, known = mention.mention.received_at, case.known
    standing = Standing(known.contact, known.customer_group, "the file" if known.customer_group else None)
    made = cases.opened(policy, policy.book.brand, mention.group_id, [mention], None, at, standing).case
    made = made.model_copy(update={"tags": list(known.tags)})
    about = facts([mention], policy, made)
    quiet = proposal.is_quiet(proposal.fields(policy.book, [mention], None) | {"urgency": findings.urgency})
    way = route(policy.book, about, is_quiet=quiet)
    is_as = _is(policy, mention, made, about, way)
    result = Result(case.name, way.rule, rule=way.number, others=list(_others(policy.book, about, way)))
    result.wrong = [(what, expected, is_as[what]) for what, expected in _expected(policy, case) if not _fits(what, expected, is_as[what])]
    return result


def _is(policy: Policy, mention: TriagedMention, case: Case, about: dict[str, object], way: Route) -> dict[str, Any]:
    book = policy.book
    try:
        target = first_match(book.targets, about) or Target()
    except RuleError:
        target = Target()
    clocks = {clock.kind: clock.due_at for clock in sla.start(policy, about, mention.mention.received_at)}
    owners = [way.owner] if way.owner else sorted(member.id for member in able(book, way.department, case.language, way.skills))
    return {
        "rule": way.number or ("fallback" if way.rule.startswith("fallback") else "proposed"),
        "department": way.department,
        "priority": way.priority,
        "owner": owners,
        "skills": sorted(way.skills),
        "labels": list(dict.fromkeys([*(label.name for label in mention.findings.labels), *way.labels])),
        "tell": sorted(way.tell),
        "customer_group": case.customer_group,
        "contact": case.contact,
        "hours": about["hours"],
        "targets.reaction": str(target.reaction),
        "targets.resolution": str(target.resolution),
        "due.reaction": clocks["reaction"],
        "due.resolution": clocks["resolution"],
        "escalation": list(_steps(policy, case)),
    }


def _steps(policy: Policy, case: Case) -> Iterator[str]:
    for step in policy.book.escalation:
        if ladder.holds(step.when, facts_of(case, policy)):
            yield f"{step.at}% {step.of}: {', '.join(step.do)}"


def _expected(policy: Policy, case: RuleCase) -> Iterator[tuple[str, Any]]:
    expect = case.expect
    for name in ("rule", "department", "priority", "customer_group", "contact", "hours"):
        if name in expect.model_fields_set:
            yield name, getattr(expect, name)
    for name in ("owner", "skills", "tell"):
        if getattr(expect, name) is not None:
            yield name, sorted(getattr(expect, name))
    if expect.labels is not None:
        yield "labels", list(expect.labels)
    for clock in ("reaction", "resolution"):
        if (span := getattr(expect.targets, clock)) is not None:
            yield f"targets.{clock}", str(span)
        if (due := getattr(expect.due, clock)) is not None:
            yield f"due.{clock}", in_zone(due, policy.book)
    if expect.escalation is not None:
        yield "escalation", [f"{step.at}% {step.of}: {', '.join(step.do)}" for step in expect.escalation]


def _fits(what: str, expected: Any, found: Any) -> bool:
    return set(expected) <= set(found) if what == "labels" else bool(expected == found)


def _others(book: BrandBook, about: dict[str, object], way: Route) -> Iterator[str]:
    """Why each rule before the one that decided did not."""
    for number, rule in enumerate(book.routing, 1):
        if number == way.number:
            return
        try:
            missing = unmet(rule.when, about)
        except RuleError as error:
            yield f"rule {number} cannot be evaluated: {error}"
            return
        asked = rule.when.conditions()
        said = [f"{words({key: asked[key]})} (it has {_value(about[key.removesuffix('_any')])})" for key in missing]
        yield f"rule {number}: not {' and not '.join(said)}"


def _value(fact: object) -> str:
    values = [str(item) for item in fact] if isinstance(fact, list | tuple) else [] if fact is None else [str(fact)]
    return ", ".join(values) or "none"


def _warnings(book: BrandBook, results: Sequence[Result]) -> Iterator[str]:
    hidden = dict(unreachable(book))
    for later, earlier in hidden.items():
        yield f"rule {later} never decides anything: rule {earlier} holds whenever it would"
    reached = {result.rule for result in results}
    if silent := [str(number) for number in range(1, len(book.routing) + 1) if number not in reached and number not in hidden]:
        yield f"no case of the file is decided by {'rule' if len(silent) == 1 else 'rules'} {', '.join(silent)}"


# --- what is said ---------------------------------------------------------------------------------------------------------------------


def _say(results: Sequence[Result], warnings: Sequence[str], failures: Sequence[str], *, verbose: bool) -> None:
    out = sys.stdout
    for result in results:
        out.write(f"{'FAILED' if result.wrong else 'ok':6}  {plain(result.name)}: {plain(result.decided)}\n")
        for what, expected, found in result.wrong:
            out.write(f"        {what}: expected {plain(_shown(expected))}, is {plain(_shown(found))}\n")
        if result.wrong or verbose:
            for other in result.others:
                out.write(f"        {plain(other)}\n")
    for text in failures:
        out.write(f"error: {plain(text)}\n")
    for text in warnings:
        out.write(f"warning: {plain(text)}\n")
    wrong = sum(bool(result.wrong) for result in results)
    out.write(f"{len(results)} {'case' if len(results) == 1 else 'cases'}, {wrong} not as expected.\n")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else "none" if value is None else str(value)


def _json(results: Sequence[Result], warnings: Sequence[str], failures: Sequence[str]) -> str:
    told = [
        {
            "name": result.name,
            "ok": not result.wrong,
            "decided": result.decided,
            "rule": result.rule,
            "wrong": [{"what": what, "expected": expected, "is": found} for what, expected, found in result.wrong],
            "others": result.others,
        }
        for result in results
    ]
    written = orjson.dumps(
        {"cases": told, "warnings": warnings, "errors": failures}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )
    return written.decode()
