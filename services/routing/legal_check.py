"""Which cases the legal department is asked about, and what its answers make of `Case.legal_check`. Pure decisions, and the note that a case is to be
looked at, in the transaction that changed it. `legal_check_work.py` looks and asks; the responder holds replies back by what the case says.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from libs.common import db
from libs.common.case_events import Case
from libs.common.events import TriagedMention
from libs.common.rules import RuleError, matches
from services.routing import timer
from services.routing.case import OPEN, File
from services.routing.consultation import LEGAL_CHECK, Answer, Consultation
from services.routing.links import language_of
from services.routing.route import Failure, facts_of, words
from services.routing.sla import Policy
from services.routing.timer import Timer

KIND = "legal_check"
"""Of the timers."""
_STRICTEST = ("refused", "asked", "agreed_with_changes", "agreed")
_QUESTIONS = {
    "nl": "Mogen we op deze zaak antwoorden? Het merkboek vraagt jullie oordeel ({why}).{waits}",
    "en": "May we answer this case? The brand book asks for your judgement ({why}).{waits}",
}
_WAITS = {
    "nl": " Zolang jullie niet akkoord zijn, gaat er geen antwoord op deze zaak uit.",
    "en": " No answer to this case leaves until you agree.",
}


Messages = Callable[[UUID], Iterable[TriagedMention]]
"""The messages of a case by its id."""


def is_for_legal(policy: Policy, case: Case, pii: Collection[str] | None) -> bool:
    """Whether the brand book has the legal department asked about the case as it is. `pii`: the kinds of personal data in its messages; none: not known
    here, and whoever looks closer knows. Raises RuleError.

    Not about history, nor a case that has ended, nor where the book has no such department: the responder then asks of each text whether it was read.
    """
    check = policy.book.conduct.legal_check
    if case.historic or case.state not in OPEN or policy.book.department(check.department) is None:
        return False
    wanted = check.when.risk_any
    if wanted is not None and not set(wanted) & set(case.risk):
        return False  # most cases, and cheaply
    asked: dict[str, Any] = dict(check.when.conditions())
    if pii is None:
        asked.pop("pii_any", None)
    return matches(asked, {**facts_of(case, policy), "pii": list(pii or ())})


def about(policy: Policy, case: Case, mentions: Iterable[TriagedMention]) -> list[TriagedMention]:
    """The messages that the question is about: those with the risks, labels and personal data that the condition names; the newest, where it names none or
    none has them."""
    when = policy.book.conduct.legal_check.when
    present = [m for m in mentions if not m.removed]
    named = {*(when.risk_any or ()), *(when.labels_any or ()), *(when.pii_any or ())}
    found = [m for m in present if named & _said_of(policy, m)]
    return (found or present)[-20:] if found else present[-1:]


def _said_of(policy: Policy, m: TriagedMention) -> set[str]:
    labels = {name for label in m.findings.labels for name in policy.book.label_path(label.name) or (label.name,)}
    return {*m.findings.risk, *labels, *(span.kind for span in m.findings.pii)}


def question(policy: Policy) -> str:
    """What the department is asked, in the brand's first language."""
    check, language = policy.book.conduct.legal_check, language_of(policy)
    waits = _WAITS[language] if check.blocks_sending else ""
    return _QUESTIONS[language].format(
        why=words({key.removesuffix("_any"): value for key, value in check.when.conditions().items()}), waits=waits
    )


def word(known: Iterable[Consultation]) -> str | None:
    """What the department says of a case by all that it was asked about it: more than one, where cases were put together. The strictest word counts. A
    question that was withdrawn says nothing, and an answer without a verdict agrees to nothing."""
    found = {
        "asked" if one.state == "open" else one.verdict or "asked" for one in known if one.kind == LEGAL_CHECK and one.state != "withdrawn"
    }
    return next((said for said in _STRICTEST if said in found), None)


def react(
    policy: Policy, file: File, found: Consultation, happened: str, answer: Answer | None, others: Sequence[Consultation]
) -> Mapping[str, Any]:
    """What the case says of legal's check from here on, in the version that tells what happened to the question."""
    return {"legal_check": word([found, *(one for one in others if one.id != found.id)])}


def stricter(one: str | None, other: str | None) -> str | None:
    """Of two cases that are put together."""
    return next((said for said in _STRICTEST if said in (one, other)), None)


def failure(error: RuleError) -> Failure:
    """The condition itself cannot be evaluated; it has no number among the routing rules."""
    return Failure(0, str(error))


async def noticed(connection: db.Connection, changed: Iterable[tuple[Policy, File, Messages | None]], now: datetime) -> None:
    """Have cases looked at, in the transaction that changed them: (policy, case, how to get its messages where they are at hand). Once it
    has committed, `legal_check_work` asks, whatever dies in between. A timer for each version of a case: whoever takes one and waits for the case does not
    keep whoever has the case and sets the next."""
    due = [
        Timer(file.case.brand, KIND, file.case.id, str(file.version), now)
        for policy, file, messages in changed
        if file.case.legal_check is not None or _may_be(policy, file.case, messages)
    ]
    await timer.put(connection, due)


def _may_be(policy: Policy, case: Case, messages: Messages | None) -> bool:
    asks_pii = policy.book.conduct.legal_check.when.pii_any is not None
    pii = kinds(messages(case.id)) if asks_pii and messages is not None else None if asks_pii else ()
    try:
        return is_for_legal(policy, case, pii)
    except RuleError:
        return True  # whoever looks tells of it


def kinds(mentions: Iterable[TriagedMention]) -> set[str]:
    """The kinds of personal data in a case's messages."""
    return {span.kind for m in mentions if not m.removed for span in m.findings.pii}
