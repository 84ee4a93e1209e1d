"""What people are told of an incident, in the brand's first language: Dutch, or else English."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from libs.common.brandbook import BrandBook
from libs.common.incident_events import HubTask, Incident, Told

Words = Mapping[str, str]

_WORDS: Mapping[str, Words] = {
    "nl": {
        "drill": "[OEFENING] ",
        "raised": "Incident ({severity}): {title}",
        "raised_text": "{why}\n\nErnst: {severity}. Gemeld om {time} door {by}.\n"
        "Bevestig voor {due} dat je het weet; anders wordt iemand anders gewaarschuwd.",
        "follows_text": "{why}\n\nErnst: {severity}. Gemeld om {time} door {by}.\nJe wordt gewaarschuwd omdat {missing} niet op tijd bevestigde. "
        "Bevestig voor {due} dat je het weet.",
        "again": "Incident opnieuw ({severity}): {title}",
        "drill_text": "Dit is een oefening. Er gaat niets naar klanten.\n\n",
        "acknowledge": "Ik weet het",
        "write": "Schrijf mee",
        "sign": "Lees de tekst en teken",
        "statement": "Tekst om te tekenen: {title}",
        "statement_text": "Wat we intussen zeggen:\n\n{texts}\n\nEr tekenen: {needed}.",
        "task": "Taak: {task}",
        "task_text": "{task}\n\nBij het incident: {title}. {when}",
        "due": "Klaar om {due}.",
        "overdue": "Dit moest om {due} klaar zijn.",
        "no_due": "Zonder tijd.",
        "noticed": "{what}. Eerst gezien om {time}{where}; {number} in totaal tot nu toe.",
        "on": " op {channel}",
        "followers": ", van iemand met {followers} volgers",
        "spiked": "{what}: {mentions} in tien minuten, waar er gewoonlijk {usual} zijn.",
        "system": "het systeem",
        "somebody": "niemand",
        "and": "en",
        "unanswered": "Incident {title}: niet bevestigd door {missing}",
        "low": "laag", "medium": "gemiddeld", "high": "hoog", "critical": "kritiek",
        "spike": "Veel meer berichten dan gewoonlijk",
        "hijack": "Een campagne keert zich tegen het merk",
        "influencer": "Iemand met veel volgers schrijft",
        "press": "De pers schrijft of vraagt",
        "staff_leak": "Iets van binnen staat buiten", "safety": "Iemands veiligheid",
        "data_leak": "Persoonsgegevens liggen op straat",
        "broken_promise": "Een belofte is niet nagekomen", "escalation": "Een zaak is geëscaleerd",
        "broken_promise_many": "Beloften zijn niet nagekomen", "escalation_many": "Zaken zijn geëscaleerd",
        "many": "{what}: {number} tot nu toe. De eerste: {why}",
    },
    "en": {
        "drill": "[DRILL] ",
        "raised": "Incident ({severity}): {title}",
        "raised_text": "{why}\n\nSeverity: {severity}. Raised at {time} by {by}.\n"
        "Acknowledge it before {due}; else somebody else is told.",
        "follows_text": "{why}\n\nSeverity: {severity}. Raised at {time} by {by}.\nYou are told because {missing} did not acknowledge in time. "
        "Acknowledge it before {due}.",
        "again": "Incident again ({severity}): {title}",
        "drill_text": "This is a drill. Nothing of it reaches customers.\n\n",
        "acknowledge": "I know",
        "write": "Write in the room",
        "sign": "Read the text and sign",
        "statement": "A text to sign: {title}",
        "statement_text": "What we say meanwhile:\n\n{texts}\n\nSigned by: {needed}.",
        "task": "Task: {task}",
        "task_text": "{task}\n\nOf the incident: {title}. {when}",
        "due": "Due at {due}.",
        "overdue": "It was due at {due}.",
        "no_due": "No time was set.",
        "noticed": "{what}. First seen at {time}{where}; {number} of them until now.",
        "on": " on {channel}",
        "followers": ", by somebody with {followers} followers",
        "spiked": "{what}: {mentions} in ten minutes, where {usual} are usual.",
        "system": "the system",
        "somebody": "nobody",
        "and": "and",
        "unanswered": "Incident {title}: not acknowledged by {missing}",
        "low": "low", "medium": "medium", "high": "high", "critical": "critical",
        "spike": "Far more mentions than usual",
        "hijack": "A campaign is turned against the brand",
        "influencer": "Somebody with many followers writes",
        "press": "The press writes or asks",
        "staff_leak": "Something from inside is outside", "safety": "Somebody's safety",
        "data_leak": "Personal data are in the open",
        "broken_promise": "A promise was not kept", "escalation": "A case was escalated",
        "broken_promise_many": "Promises were not kept", "escalation_many": "Cases were escalated",
        "many": "{what}: {number} of them until now. The first: {why}",
    },
}  # fmt: skip


def language(book: BrandBook) -> str:
    first = book.languages[0].partition("-")[0].lower()
    return first if first in _WORDS else "en"


def said(book: BrandBook, key: str, **values: str) -> str:
    """A text, with its values filled in. What a value holds is never read as a text to be filled in."""
    return _WORDS[language(book)][key].format(**values)


def _what(book: BrandBook, insight: str | None, scenario: str, number: int) -> str:
    if not insight:
        return scenario
    words = _WORDS[language(book)]
    return (words.get(f"{insight}_many") if number > 1 else None) or words.get(insight, insight)


def title(book: BrandBook, insight: str | None, scenario: str, label: str, number: int) -> str:
    """What an incident that nobody raised is called; `number`: of signals that it began with."""
    what = _what(book, insight, scenario, number)
    return f"{what}: {label}" if label else what


def noticed(book: BrandBook, insight: str | None, scenario: str, at: datetime, detail: Mapping[str, Any], number: int) -> str:
    """Why it was raised: what the first signal of it said, and how many there were."""
    what = _what(book, insight, scenario, number)
    if detail.get("why") and number > 1:
        return said(book, "many", what=what, number=str(number), why=str(detail["why"]))
    if detail.get("why"):
        return f"{what}. {detail['why']}"
    if "usual" in detail:
        return said(book, "spiked", what=what, mentions=str(detail["mentions"]), usual=f"{detail['usual']:g}")
    where = said(book, "on", channel=detail["channel"]) if detail.get("channel") else ""
    where += said(book, "followers", followers=str(detail["followers"])) if detail.get("followers") else ""
    return said(book, "noticed", what=what, time=_time(book, at), where=where, number=str(number))


def _time(book: BrandBook, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(book.timezone)):%H:%M}"


def _names(book: BrandBook, names: list[str]) -> str:
    if len(names) < 2:
        return names[0] if names else said(book, "somebody")
    return f"{', '.join(names[:-1])} {said(book, 'and')} {names[-1]}"


def _marked(book: BrandBook, incident: Incident, title: str, text: str) -> tuple[str, str]:
    if not incident.drill:
        return title, text
    return said(book, "drill") + title, said(book, "drill_text") + text


def raised(book: BrandBook, incident: Incident, told: Told, missing: list[str]) -> tuple[str, str]:
    """(title, text) for somebody who is told, because of a person who did not acknowledge where `missing` names some."""
    severity = said(book, incident.severity) if incident.severity in _WORDS["en"] else incident.severity
    by = said(book, "system") if incident.raised_by == "system" else incident.raised_by
    text = said(
        book,
        "follows_text" if told.step else "raised_text",
        why=incident.why,
        severity=severity,
        time=_time(book, incident.raised_at),
        by=by,
        due=_time(book, told.due_at),
        **({"missing": _names(book, missing)} if told.step else {}),
    )
    title = said(book, "again" if incident.round else "raised", severity=severity, title=incident.title)
    return _marked(book, incident, title, text)


def unanswered(book: BrandBook, incident: Incident, missing: list[str]) -> str:
    return _marked(book, incident, said(book, "unanswered", title=incident.title, missing=_names(book, missing)), "")[0]


def statement(book: BrandBook, incident: Incident) -> tuple[str, str]:
    assert incident.statement is not None
    texts = "\n\n".join(f"{name}: {text}" for name, text in incident.statement.texts.items())
    text = said(book, "statement_text", texts=texts, needed=_names(book, incident.statement.needed))
    return _marked(book, incident, said(book, "statement", title=incident.title), text)


def task(book: BrandBook, incident: Incident, given: HubTask, *, is_due: bool) -> tuple[str, str]:
    due = _time(book, given.due_at) if given.due_at else ""
    when = said(book, ("overdue" if is_due else "due") if due else "no_due", due=due)
    text = said(book, "task_text", task=given.title, title=incident.title, when=when)
    return _marked(book, incident, said(book, "task", task=given.title), text)
