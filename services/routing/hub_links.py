"""What members of the hub do without log-in, by the links of their notices: acknowledge an incident, write in its room, sign what is said meanwhile."""

from collections.abc import Mapping
from datetime import datetime

from libs.common import db
from libs.common.errors import Conflict, Unprocessable
from libs.common.events import deterministic_id
from services.routing import hub, incident_store
from services.routing import incident as incidents
from services.routing.incident import File
from services.routing.links import Click, Field, NotNow, Purpose, Shown, Texts, language_of, said_in
from services.routing.sla import Policy

_GONE: Texts = {"nl": "Dit incident is er niet.", "en": "There is no such incident."}
_CLOSED: Texts = {"nl": "Het incident is gesloten.", "en": "The incident is closed."}
_KNOWN: Texts = {"nl": "Je hebt al bevestigd dat je het weet.", "en": "You have said already that you know."}
_THANKS: Texts = {"nl": "Dank je. De anderen zien dat je het weet.", "en": "Thank you. The others see that you know."}
_WRITTEN: Texts = {"nl": "Het staat in de kamer.", "en": "It stands in the room."}
_NO_TEXT: Texts = {
    "nl": "De tekst is intussen een andere. Je krijgt een nieuwe link voor de nieuwe tekst.",
    "en": "The text is another one by now. You get another link for the new text.",
}
_SIGNED: Texts = {"nl": "Je hebt getekend.", "en": "You have signed."}
_APPROVED: Texts = {"nl": "Je hebt getekend. De tekst is nu goedgekeurd.", "en": "You have signed. The text is approved now."}
_NOT_YOURS: Texts = {"nl": "Deze tekst hoef jij niet te tekenen.", "en": "This text is not for you to sign."}


async def _read(connection: db.Connection, click: Click) -> File | None:
    return await incident_store.one(connection, click.brand, click.subject)


async def _locked(connection: db.Connection, policy: Policy, click: Click) -> File:
    file = await incident_store.one(connection, click.brand, click.subject, lock=True)
    if file is None:
        raise NotNow(said_in(_GONE, language_of(policy)))
    file.book_version = policy.version
    return file


async def _show(connection: db.Connection, policy: Policy, click: Click, now: datetime) -> Shown:
    language = language_of(policy)
    file = await _read(connection, click)
    if file is None:
        return Shown("", over=said_in(_GONE, language))
    incident = file.incident
    text = f"{incident.title}\n\n{incident.why}"
    return Shown(text, over=said_in(_CLOSED, language) if incident.state == "closed" else None)


async def _show_acknowledge(connection: db.Connection, policy: Policy, click: Click, now: datetime) -> Shown:
    shown = await _show(connection, policy, click, now)
    file = await _read(connection, click)
    mine = [told for told in file.incident.told if told.who == click.member] if file else []
    if shown.over is None and mine and max(mine, key=lambda told: told.round).acknowledged_at is not None:
        return Shown(shown.text, over=said_in(_KNOWN, language_of(policy)))
    return shown


async def _acknowledge(connection: db.Connection, policy: Policy, click: Click, given: Mapping[str, str], now: datetime) -> str:
    file = await _locked(connection, policy, click)
    try:
        await hub.acknowledge(connection, file, click.member, now)
    except Conflict:
        raise NotNow(said_in(_CLOSED, language_of(policy))) from None
    return said_in(_THANKS, language_of(policy))


async def _say(connection: db.Connection, policy: Policy, click: Click, given: Mapping[str, str], now: datetime) -> str:
    file = await _locked(connection, policy, click)
    text = given["text"].strip()
    message_id = deterministic_id(
        click.brand, "incident-message", str(click.subject), click.member, text
    )  # sent twice, it stands there once
    try:
        await hub.say(connection, file, message_id, click.member, text, now)
    except Conflict:
        raise NotNow(said_in(_CLOSED, language_of(policy))) from None
    return said_in(_WRITTEN, language_of(policy))


async def _show_sign(connection: db.Connection, policy: Policy, click: Click, now: datetime) -> Shown:
    language = language_of(policy)
    file = await _read(connection, click)
    statement = file.incident.statement if file else None
    if file is None or file.incident.state == "closed":
        return Shown("", over=said_in(_GONE if file is None else _CLOSED, language))
    if statement is None or statement.digest != click.data.get("digest"):
        return Shown("", over=said_in(_NO_TEXT, language))
    text = "\n\n".join(f"{name}: {said}" for name, said in statement.texts.items())
    mine = incidents.roles_of_member(policy.book, click.member) & set(statement.needed)
    is_done = bool(mine) and mine <= {signature.role for signature in statement.signed}
    return Shown(f"{file.incident.title}\n\n{text}", over=said_in(_SIGNED, language) if is_done else None)


async def _sign(connection: db.Connection, policy: Policy, click: Click, given: Mapping[str, str], now: datetime) -> str:
    language = language_of(policy)
    file = await _locked(connection, policy, click)
    roles = incidents.roles_of_member(policy.book, click.member)
    try:
        await hub.sign(connection, file, click.member, roles, click.data.get("digest", ""), now)
    except Conflict:
        raise NotNow(said_in(_CLOSED if file.incident.state == "closed" else _NO_TEXT, language)) from None
    except Unprocessable:
        raise NotNow(said_in(_NOT_YOURS, language)) from None
    statement = file.incident.statement
    return said_in(_APPROVED if statement is not None and statement.approved_at else _SIGNED, language)


ACKNOWLEDGE = Purpose(
    title={"nl": "Een incident", "en": "An incident"},
    button={"nl": "Ik weet het", "en": "I know"},
    show=_show_acknowledge,
    act=_acknowledge,
)
SAY = Purpose(
    title={"nl": "Schrijf in de kamer van het incident", "en": "Write in the room of the incident"},
    button={"nl": "Schrijf", "en": "Write"},
    show=_show,
    act=_say,
    fields=(Field("text", {"nl": "Bericht", "en": "Message"}, "lines", longest=4000),),
    once=False,
)
SIGN = Purpose(
    title={"nl": "Lees de tekst en teken", "en": "Read the text and sign"},
    button={"nl": "Ik teken precies deze tekst", "en": "I sign exactly this text"},
    show=_show_sign,
    act=_sign,
)
