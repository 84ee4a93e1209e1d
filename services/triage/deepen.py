"""The deeper look at mentions that came while too many came at once: those rows reach this module, their findings anew leave it as an update."""

from collections.abc import Sequence
from dataclasses import replace

from libs.common import db
from libs.common.events import Findings
from libs.common.outbox import Outgoing
from services.triage import regroup, store
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
    told = []
    for mention_id, row in now.items():
        if row.triaged.removed or row.triaged.findings.depth != QUICK:
            continue
        findings = _with_corrections(found[mention_id], row.triaged.findings)
        told.append(replace(row, triaged=row.triaged.model_copy(update={"findings": findings}), version=row.version + 1))
    await store.update(connection, told)
    return [regroup.revised(row, "depth") for row in told]


def _with_corrections(found: Findings, before: Findings) -> Findings:
    """What was found anew, but for what people decided."""
    if not before.corrected:
        return found
    kept = {finding: getattr(before, finding) for finding in before.corrected}
    if "sentiment" in kept:
        kept |= {"sentiment_score": before.sentiment_score, "sentiment_confidence": before.sentiment_confidence}
    kept["confidence"] = found.confidence | {name: before.confidence[name] for name in before.corrected if name in before.confidence}
    kept["why"] = found.why | {name: before.why[name] for name in before.corrected if name in before.why}
    return found.model_copy(update={**kept, "corrected": before.corrected})
