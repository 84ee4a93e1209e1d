"""The deeper look at mentions that came while too many came at once: those rows reach this module, their findings anew leave it."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.events import Findings
from services.triage import correction
from services.triage.correction import Correction
from services.triage.examine import Examiner
from services.triage.store import MentionRow

QUICK = "quick"


async def closer(examiner: Examiner, rows: Sequence[MentionRow]) -> dict[UUID, Findings]:
    """All that can be found in those that were only looked at quickly. Slow, and nothing is locked meanwhile."""
    due = [row.triaged.mention for row in rows if row.triaged.findings.depth == QUICK]
    return await examiner.findings(due) if due else {}


def deepened(row: MentionRow, found: Findings | None, said: Sequence[Correction]) -> Findings | None:
    """The findings of a mention by what was found in it anew: what people `said` of them stays. None where nothing is to change."""
    if found is None or row.triaged.removed or row.triaged.findings.depth != QUICK:
        return None
    return correction.corrected(found, said)
