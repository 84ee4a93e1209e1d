"""The deeper look at mentions that came while too many came at once: those rows reach this module, their findings anew leave it as an update."""

from collections.abc import Sequence
from dataclasses import replace

from libs.common import db
from libs.common.outbox import Outgoing
from services.triage import correction, correction_store, regroup, store
from services.triage.examine import Examiner
from services.triage.store import MentionRow

QUICK = "quick"


async def deepen(connection: db.Connection, examiner: Examiner, rows: Sequence[MentionRow]) -> list[Outgoing]:
    """Examine those that were only looked at quickly. What a person corrected meanwhile stays, and a row that changed is told with its new version."""
    due = [row.triaged.mention for row in rows if row.triaged.findings.depth == QUICK]
    if not due:
        return []
    found = await examiner.findings(due)
    now = await store.mentions(connection, sorted(found))  # locked: what changed since the rows were read is seen
    said = await correction_store.corrections(connection, {mention.brand for mention in due}, list(now))
    told = []
    for mention_id, row in now.items():
        if row.triaged.removed or row.triaged.findings.depth != QUICK:
            continue
        findings = correction.corrected(found[mention_id], said.get(mention_id, ()))
        told.append(replace(row, triaged=row.triaged.model_copy(update={"findings": findings}), version=row.version + 1))
    await store.update(connection, told)
    return [regroup.revised(row, "depth") for row in told]
