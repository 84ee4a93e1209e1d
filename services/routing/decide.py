"""How what a person decided about a mention is kept and told: a row of its trail and an event on `feedback`, in the caller's transaction.

Triage answers a correction with the mention as it is then, which comes back by `triaged`. Whether to answer holds here at once: it is a person's, and
stands whatever triage says before it has heard.
"""

from uuid import UUID, uuid4

from libs.common import outbox, telemetry
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.events import DuplicateJudged, FindingCorrected, Respond
from libs.common.outbox import Outgoing
from libs.common.service import Writing
from services.routing import correction, correction_store, placement, samples, store
from services.routing.correction import Finding
from services.routing.proposal import QUIET
from services.routing.samples import Judgement


async def at_hand(writing: Writing, brand: str, mention_id: UUID) -> store.Copy:
    """The mention, locked: before its case, in the order in which the stream locks them. Raises `NotFound`, and `Conflict` for one that was taken back."""
    copy = (await store.lock_mentions(writing, brand, [mention_id])).get(mention_id)
    if copy is None:
        raise NotFound("There is no such mention in this brand.")
    _not_taken_back(copy)
    return copy


def _not_taken_back(copy: store.Copy) -> None:
    if copy.triaged.removed:
        raise Conflict("Its author has taken the mention back: there is no text any more to judge by.")


async def corrected(
    writing: Writing, copy: store.Copy, finding: Finding, values: list[str], reason: str | None, *, actor: str, book_version: int
) -> FindingCorrected:
    """A person decided a finding of this mention, which is locked."""
    mention = copy.triaged.mention
    proposed = await correction_store.first_proposed(writing, mention.brand, mention.id, finding)
    said = FindingCorrected(
        brand=mention.brand,
        book_version=book_version,
        correction_id=uuid4(),
        mention_id=mention.id,
        finding=finding,
        values=values,
        proposed=correction.found(copy.triaged.findings, finding) if proposed is None else proposed,
        reason=reason,
        actor=actor,
        at=await store.now(writing),
    )
    await correction_store.add(writing, said)
    if finding == "respond":
        await store.choose(writing, mention.brand, mention.id, chosen(said))
        await samples.judge(writing, [Judgement(said.brand, mention.id, values[0] not in QUIET, actor, said.at)])
    await _tell(writing, said, mention.id)
    return said


def chosen(said: FindingCorrected) -> Respond:
    """A person's choice about answering, as the mention has it from then on."""
    return Respond(decision=said.values[0], reason=said.reason or "", by=said.actor)


async def judged(
    writing: Writing,
    brand: str,
    mention_id: UUID,
    other_id: UUID,
    reason: str | None,
    *,
    same: bool,
    actor: str,
    book_version: int,
    evidence_only: bool = False,
) -> tuple[DuplicateJudged, bool]:
    """A person said whether two mentions are one issue; and whether triage has them in one group. `evidence_only`: by putting their cases together or
    apart, which is done already. Raises `NotFound`, `Unprocessable` and `Conflict`."""
    if mention_id == other_id:
        raise Unprocessable("other_id is the mention itself. Name another one.")
    both = await store.lock_mentions(writing, brand, [mention_id, other_id])
    if mention_id not in both:
        raise NotFound("There is no such mention in this brand.")
    if other_id not in both:
        raise Unprocessable(f"other_id: there is no mention {other_id} in this brand.")
    for copy in both.values():
        _not_taken_back(copy)
    said = DuplicateJudged(
        brand=brand,
        book_version=book_version,
        correction_id=uuid4(),
        mention_id=mention_id,
        other_id=other_id,
        same=same,
        evidence_only=evidence_only,
        reason=reason,
        actor=actor,
        at=await store.now(writing),
    )
    if not evidence_only:
        await placement.lift(writing, brand, [mention_id, other_id])
    proposed = both[mention_id].triaged.group_id == both[other_id].triaged.group_id
    await correction_store.add_judgement(writing, said, proposed=proposed)
    await _tell(writing, said, min(mention_id, other_id))  # the same pair named the other way round comes in its order
    return said, proposed


async def _tell(writing: Writing, said: FindingCorrected | DuplicateJudged, key: UUID) -> None:
    outgoing = Outgoing(said, str(said.correction_id), 1, f"{said.brand}/{key}", telemetry.current_traceparent())
    await outbox.add(writing, "routing", [outgoing])
