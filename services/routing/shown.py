"""What was written in cases, as the bearer of a token sees it (`libs/common/masking.py`)."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from libs.common import db
from libs.common.auth import Principal
from libs.common.case_events import Case
from libs.common.events import Author, Findings, Identity, Mention
from libs.common.masking import Audience, Mask
from services.routing import written
from services.routing.snippet import Piece

_MOST_PIECES = 60
"""Of one case: enough to show where something stands, and not the book of a case with thousands of messages."""


def audience(principal: Principal) -> Audience:
    return cast(Audience, principal.role)


async def cases(connection: db.Connection, brand: str, principal: Principal, found: Sequence[Case]) -> list[Case]:
    """Cases whose newest message is masked where the reader does not see what is in it."""
    mask = Mask(audience(principal))
    hidden = [case.latest.id for case in found if case.latest is not None and mask.hides(case.latest.visibility)]
    if not hidden:
        return list(found)
    rows = await connection.fetch(
        "select id, triaged -> 'findings' as findings from mention_copy where brand = $1 and id = any($2::uuid[])", brand, hidden
    )
    findings = {row["id"]: Findings.model_validate(row["findings"]) for row in rows}
    return [masked(case, mask, findings.get(case.latest.id) if case.latest else None) for case in found]


def masked(case: Case, mask: Mask, findings: Findings | None) -> Case:
    """The case as its reader sees it; a message whose findings are not known shows nothing."""
    latest = case.latest
    if latest is None or not mask.hides(latest.visibility):
        return case
    title = mask.mention(latest, findings, "title") if findings and latest.title else None
    said: dict[str, Any] = {"text": mask.mention(latest, findings) if findings else "", "title": title, "attachments": []}
    if mask.hides_customers:
        said |= {
            "author": Author(identities=[Identity(kind="id", value=str(case.customer_id))]),
            "url": None,
            "external_id": "",
            "thread": None,
        }
    return case.model_copy(update={"latest": latest.model_copy(update=said)})


async def pieces(connection: db.Connection, brand: str, ids: Sequence[UUID], mask: Mask) -> Mapping[UUID, list[Piece]]:
    """What was written in these cases and in those that go on in them, the newest first: messages, and what colleagues wrote (`written.py`)."""
    found: dict[UUID, list[Piece]] = {case_id: [] for case_id in ids}
    rows = await connection.fetch(
        "select u.case_id, m.id, m.mention, m.findings from unnest($2::uuid[]) as u(case_id) cross join lateral ("
        "select id, triaged -> 'mention' as mention, triaged -> 'findings' as findings from mention_copy m "
        "where m.brand = $1 and m.case_id = u.case_id and not m.removed order by received_at desc limit $3) m",
        brand,
        ids,
        _MOST_PIECES,
    )
    for row in rows:
        mention, findings = Mention.model_validate(row["mention"]), Findings.model_validate(row["findings"])
        said = Piece("message", mention.id, mention.received_at, mention.channel, mask.mention(mention, findings))
        found[row["case_id"]].append(said)
        if mention.title:
            title = mask.mention(mention, findings, "title")
            found[row["case_id"]].append(Piece("title", mention.id, mention.received_at, mention.channel, title))
    for (_, case_id), ours in (await written.by_case(connection, [brand] * len(ids), ids, _MOST_PIECES)).items():
        for row in ours:
            text = mask.text(row["text"], row["visibility"])
            found[case_id].append(Piece(row["source"], row["id"], row["at"], row["channel"], text))
    return found
