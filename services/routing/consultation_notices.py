"""What a department is told of a question: by its mail address and every way of it in the brand book, in the brand's first language.

The question goes out as its asker wrote it. What customers wrote and what was said and done stands below it as the handover packet has it for a
department: personal data masked, the customer by first name only.
"""

from datetime import datetime, timedelta

from libs.common import db
from libs.common.bookteam import Notify
from libs.common.events import deterministic_id
from libs.common.masking import Mask
from services.routing import links, packet_store, packet_text
from services.routing.case import File
from services.routing.consultation import LEGAL_CHECK, Consultation
from services.routing.links import Texts, said_in
from services.routing.notice import Link, Notice, lane_key
from services.routing.packet import packet
from services.routing.sla import Policy

PURPOSE = "consultation"
LINK_HOLDS = timedelta(days=30)
"""After the answer is due. Whoever left the brand book holds no link that works before that."""

_TITLES: Texts = {"nl": "Vraag van {brand}", "en": "A question from {brand}"}
_CHECK: Texts = {"nl": "Juridische toets gevraagd door {brand}", "en": "{brand} asks for a legal check"}
_AGAIN: Texts = {"nl": "Herinnering ({share}% van de tijd is om): {title}", "en": "Reminder ({share}% of the time has passed): {title}"}
_BY_HAND: Texts = {"nl": "Herinnering: {title}", "en": "Reminder: {title}"}
_LATE: Texts = {"nl": "Te laat: {title}", "en": "Overdue: {title}"}
_TEXT: Texts = {
    "nl": "{question}\n\nGevraagd door {by}. Antwoord graag uiterlijk {due}.\n\nHet verhaal tot nu toe, zonder persoonsgegevens:\n\n{story}",
    "en": "{question}\n\nAsked by {by}. Please answer by {due}.\n\nThe story so far, without personal data:\n\n{story}",
}
_MESSAGES: Texts = {"nl": "Het gaat hierover:\n\n{messages}\n\n", "en": "It is about this:\n\n{messages}\n\n"}
_LABEL: Texts = {"nl": "Beantwoord de vraag", "en": "Answer the question"}
_SYSTEM: Texts = {"nl": "de regels van het merkboek", "en": "the rules of the brand book"}
_NOT_NEEDED: Texts = {"nl": "Antwoord is niet meer nodig: {title}", "en": "No answer is needed any more: {title}"}
_NOT_NEEDED_TEXT: Texts = {
    "nl": "Deze vraag is ingetrokken, of aan een andere afdeling gesteld. Je hoeft niets te doen.\n\n{question}",
    "en": "This question was withdrawn, or put to another department. There is nothing for you to do.\n\n{question}",
}


async def whole(connection: db.Connection, policy: Policy, file: File, found: Consultation, now: datetime, name: str) -> list[Notice]:
    """The question with its story and a link to answer it by. `name` says which notice of this turn it is: asked, reopened, `at 80`, `by hand 1`."""
    language = links.language_of(policy)
    title = title_of(policy, found)
    if name.startswith("at "):
        share = int(name.removeprefix("at "))
        title = said_in(_LATE if share >= 100 else _AGAIN, language).format(share=share, title=title)
    elif name.startswith("by hand"):
        title = said_in(_BY_HAND, language).format(title=title)
    text = await text_of(connection, policy, found, now)
    link = Link(said_in(_LABEL, language), PURPOSE, found.id, max(now, found.due_at) + LINK_HOLDS, {"turn": str(found.turn)})
    return _notices(policy, found, name, title, text, (link,))


def brief(policy: Policy, file: File, found: Consultation, now: datetime, name: str) -> list[Notice]:
    """That the department has nothing to answer any more."""
    language = links.language_of(policy)
    title = said_in(_NOT_NEEDED, language).format(title=title_of(policy, found))
    return _notices(policy, found, name, title, said_in(_NOT_NEEDED_TEXT, language).format(question=found.question), ())


def title_of(policy: Policy, found: Consultation) -> str:
    """Without anything of the question: titles stand on locked screens."""
    texts = _CHECK if found.kind == LEGAL_CHECK else _TITLES
    return f"{said_in(texts, links.language_of(policy)).format(brand=policy.book.name)} ({str(found.id)[:8]})"


async def text_of(connection: db.Connection, policy: Policy, found: Consultation, now: datetime) -> str:
    """The question, who asks and until when, and the story so far."""
    language = links.language_of(policy)
    mask = Mask("department", language)
    material = await packet_store.material(connection, found.brand, found.case_id, now)
    asked = [m for m in material.mentions if m.mention.id in found.mention_ids]
    about = "\n\n".join(f"> {mask.mention(m.mention, m.findings)[:1000]}" for m in asked)
    member = policy.book.member(found.asked_by)
    by = member.first_name if member else said_in(_SYSTEM, language) if found.asked_by == "system" else found.asked_by
    due = found.due_at.astimezone(policy.calendar.zone)
    story = packet_text.text(packet(material, policy.book, mask), mask, policy.calendar.zone)
    before = said_in(_MESSAGES, language).format(messages=about) if about else ""
    return before + said_in(_TEXT, language).format(question=found.question, by=by, due=f"{due:%d-%m-%Y %H:%M}", story=story)


def _notices(policy: Policy, found: Consultation, name: str, title: str, text: str, buttons: tuple[Link, ...]) -> list[Notice]:
    department = policy.book.department(found.department)
    if department is None:
        return []
    ways = [*([Notify(email=department.email)] if department.email else []), *department.notify]
    return [
        Notice(
            id=deterministic_id(found.brand, "notice", "consultation", str(found.id), str(found.turn), name, department.id, lane_key(way)),
            brand=found.brand,
            about="consultation",
            subject=found.id,
            to=department.id,
            way=way,
            title=title,
            text=text,
            links=buttons,
        )
        for way in ways
    ]
