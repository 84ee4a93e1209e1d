"""The page on which a department answers a question without log-in: behind the link of its notices, by mail and in chats alike."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from libs.common import db
from libs.common.errors import NotFound
from services.routing import consultation_notices, consultation_store, consultation_work
from services.routing.consultation import LEGAL_CHECK, Answer, Consultation
from services.routing.links import Click, Field, NotNow, Purpose, Shown, Texts, language_of, said_in
from services.routing.sla import Policy

LONGEST = 10_000

_GONE: Texts = {"nl": "Deze vraag is er niet.", "en": "There is no such question."}
_WITHDRAWN: Texts = {
    "nl": "De vraag is ingetrokken. Je hoeft niets te doen.",
    "en": "The question was withdrawn. There is nothing for you to do.",
}
_ANSWERED: Texts = {"nl": "De vraag is beantwoord. Dank je wel.", "en": "The question has been answered. Thank you."}
_ELSEWHERE: Texts = {"nl": "Een andere afdeling heeft de vraag nu.", "en": "Another department has the question by now."}
_THANKS: Texts = {
    "nl": "Dank je wel. De collega die het vroeg ziet je antwoord.",
    "en": "Thank you. The colleague who asked sees your answer.",
}

_TEXT = Field("answer", {"nl": "Antwoord", "en": "Answer"}, "lines", longest=LONGEST)
_VERDICT = Field(
    "verdict",
    {"nl": "Oordeel", "en": "Verdict"},
    "choice",
    choices=(
        ("agreed", {"nl": "Akkoord", "en": "Agreed"}),
        ("agreed_with_changes", {"nl": "Akkoord met wijzigingen (zie het antwoord)", "en": "Agreed with changes (see the answer)"}),
        ("refused", {"nl": "Niet akkoord", "en": "Refused"}),
    ),
)


def over(policy: Policy, found: Consultation, department: str) -> str | None:
    """Why this department has nothing to answer any more; none: it has."""
    language = language_of(policy)
    if found.state != "open":
        return said_in(_ANSWERED if found.state == "answered" else _WITHDRAWN, language)
    return None if found.department == department else said_in(_ELSEWHERE, language)


async def _show(connection: db.Connection, policy: Policy, click: Click, now: datetime) -> Shown:
    found = await consultation_store.one(connection, click.brand, click.subject)
    if found is None:
        return Shown("", over=said_in(_GONE, language_of(policy)))
    if (why := over(policy, found, click.member)) is not None:
        return Shown(found.question, over=why)
    text = await consultation_notices.text_of(connection, policy, found, now)
    return Shown(text, fields=(_VERDICT, _TEXT) if found.kind == LEGAL_CHECK else (_TEXT,))


async def _act(connection: db.Connection, policy: Policy, click: Click, given: Mapping[str, str], now: datetime) -> str:
    try:
        found, file = await consultation_work.locked(connection, click.brand, click.subject)
    except NotFound:
        raise NotNow(said_in(_GONE, language_of(policy))) from None
    if (why := over(policy, found, click.member)) is not None:
        raise NotNow(why)
    said = Answer(
        id=uuid4(),
        brand=click.brand,
        consultation_id=found.id,
        department=click.member,
        at=now,
        what="answer",
        via="link",
        by=click.member,
        text=given["answer"].strip(),
        verdict=given.get("verdict") or None,
    )
    await consultation_work.answer(connection, policy, file, found, said)
    return said_in(_THANKS, language_of(policy))


ANSWER = Purpose(
    title={"nl": "Beantwoord een vraag", "en": "Answer a question"},
    button={"nl": "Verstuur het antwoord", "en": "Send the answer"},
    show=_show,
    act=_act,
    fields=(_TEXT,),
    once=False,
)
"""The first answer counts, whoever of the department gives it; who comes after it reads that there is one."""
