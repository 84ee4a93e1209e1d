"""The deeper look at mentions that came while too many came at once: those rows reach this module, their findings anew leave it."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Findings
from services.triage.examine import Examiner
from services.triage.store import MentionRow

QUICK = "quick"


async def closer(examiner: Examiner, rows: Sequence[MentionRow]) -> dict[UUID, Findings]:
    """All that can be found in those that were only looked at quickly. Slow, and nothing is locked meanwhile."""
    due = [row.triaged.mention for row in rows if row.triaged.findings.depth == QUICK]
    return await examiner.findings(due) if due else {}


def deepened(row: MentionRow, found: Findings | None) -> Findings | None:
    """The findings of a mention by what was found in it anew: what a person corrected meanwhile stays. None where nothing is to change."""
    if found is None or row.triaged.removed or row.triaged.findings.depth != QUICK:
        return None
    return _with_corrections(found, row.triaged.findings)


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
