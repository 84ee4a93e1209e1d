"""What cannot wait until somebody looks at their list: who chose ways to be told in the brand book (`team`, `notify`) is told by those, too.

Urgent is what a clock or a promise says, and whatever is about a case of high or urgent priority.
Everything stands in the list of notifications all the same.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from libs.common import db
from libs.common.brandbook import BrandBook
from libs.common.events import deterministic_id
from services.routing import notice, store
from services.routing.notice import Notice

Row = tuple[UUID, str, str, UUID | None, datetime, str]


async def notify(connection: db.Connection, book_of: Callable[[str], BrandBook], rows: Sequence[Row]) -> None:
    """`store.notify`, and notices of what is urgent: in the caller's transaction, each once."""
    new = await store.notify(connection, rows)
    ways = {row[0]: who.notify for row in rows if row[0] in new and (who := book_of(row[1]).member(row[2])) and who.notify}
    asked = [(id, brand, member, case_id, at, what) for id, brand, member, case_id, at, what in rows if id in ways and case_id is not None]
    if not asked:
        return
    found = {row["id"]: row for row in await _cases(connection, sorted({(row[1], row[3]) for row in asked}))}
    told = []
    for id, brand, member, case_id, at, what in asked:
        case = found.get(case_id)
        if case is None or not is_urgent(case["priority"], what):
            continue
        language = "nl" if book_of(brand).languages[0] == "nl" else "en"
        title, text = words(language, what, case_id, case, at)
        for way in ways[id]:
            notice_id = deterministic_id(brand, "notice", "notification", str(id), way.model_dump_json(exclude_none=True))
            told.append(Notice(id=notice_id, brand=brand, about="case", subject=case_id, to=member, way=way, title=title, text=text))
    await notice.add(connection, told, max(row[4] for row in asked))


async def _cases(connection: db.Connection, wanted: Sequence[tuple[str, UUID]]) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select c.id, c.department, c.owner, c.state_json ->> 'priority' as priority from care_case c "
        "join unnest($1::text[], $2::uuid[]) as u(brand, id) on c.brand = u.brand and c.id = u.id",
        [brand for brand, _ in wanted],
        [case_id for _, case_id in wanted],
    )


def is_urgent(priority: str, what: str) -> bool:
    return priority in ("high", "urgent") or " clock " in f" {what} " or what.startswith("promise ")


_DUTCH: tuple[tuple[str, str], ...] = (
    (r"opened", "nieuwe zaak"),
    (r"reaction clock at (\d+)%", r"de reactietijd is voor \1% voorbij"),
    (r"resolution clock at (\d+)%", r"de oplostijd is voor \1% voorbij"),
    (r"reaction clock breached", "de reactietijd is overschreden"),
    (r"resolution clock breached", "de oplostijd is overschreden"),
    (r"promise at (\d+)%", r"een belofte aan de klant is bijna om: \1% van de tijd"),
    (r"promise broken", "een belofte aan de klant is niet nagekomen"),
    (r"a reply came back", "een antwoord is niet aangekomen"),
    (r"assigned: reaction clock at (\d+)%", r"aan jou gegeven: de reactietijd is voor \1% voorbij"),
    (r"assigned: resolution clock at (\d+)%", r"aan jou gegeven: de oplostijd is voor \1% voorbij"),
    (r"called upon by (.+)", r"\1 noemt je in een notitie"),
    (r"urgency (\w+)(.*)", r"dringender dan gedacht: \1\2"),
    (r"risk (.+)", r"risico: \1"),
)
_PRIORITIES = {"low": "laag", "normal": "gewoon", "high": "hoog", "urgent": "dringend"}


def words(language: str, what: str, case_id: UUID, case: asyncpg.Record, at: datetime) -> tuple[str, str]:
    """Title and text: what happened and where to look, nothing of what a customer wrote."""
    short, when = str(case_id)[:8], f"{at:%Y-%m-%d %H:%M} UTC"
    owner = case["owner"] or "-"
    if language == "nl":
        said = next((re.sub(pattern, to, what) for pattern, to in _DUTCH if re.fullmatch(pattern, what)), what)
        facts = [
            f"Prioriteit: {_PRIORITIES.get(case['priority'], case['priority'])}",
            f"Afdeling: {case['department']}",
            f"Eigenaar: {owner}",
        ]
        return f"Zaak {short}: {said}", "\n".join([f"Zaak {case_id}", f"{said}, {when}", *facts])
    facts = [f"Priority: {case['priority']}", f"Department: {case['department']}", f"Owner: {owner}"]
    return f"Case {short}: {what}", "\n".join([f"Case {case_id}", f"{what}, {when}", *facts])
