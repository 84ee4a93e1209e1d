"""Asks the legal department about a case that the brand book has it asked about: once, whatever happened at the same time or twice.

Timers that `legal_check.noticed` set reach this module, one a case; a consultation with its events and notices leaves it. The case is locked, and looked
at as it is by then.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from libs.common import db
from libs.common.case_events import CaseLegalCheckChanged
from libs.common.errors import Conflict
from libs.common.events import deterministic_id
from libs.common.rules import RuleError
from services.routing import consultation_store, consultation_work, failed_rule, legal_check, record, store, timer
from services.routing.case import OPEN, File
from services.routing.consultation import LEGAL_CHECK, Consultation
from services.routing.sla import Policy
from services.routing.timer import Timer, Together

log = logging.getLogger(__name__)
_AGAIN_AFTER = timedelta(minutes=5)
"""How long a case that has as many open questions as it may waits with this one."""


async def look_at_all(connection: db.Connection, policy: Policy, due: Sequence[Timer], now: datetime) -> None:
    """Look at each case once, in the order in which batches of messages lock them."""
    for case_id in sorted({one.subject for one in due}):
        await _look(connection, policy, case_id, now)


LOOK = Together(look_at_all)


async def _look(connection: db.Connection, policy: Policy, case_id: UUID, now: datetime) -> None:
    """Ask, where the case is one for legal and was not asked about; ask again, where the question ended only because the case had; and say of a case that
    people put together or took apart what the questions that are in it now say."""
    brand = policy.book.brand
    file = await store.file(connection, brand, case_id, lock=True)
    if file is None or file.case.merged_into is not None:
        return
    case = file.case
    known = [one for one in await consultation_store.of_case(connection, brand, case.id) if one.kind == LEGAL_CHECK]
    if legal_check.word(known) != case.legal_check:
        await _correct(connection, policy, file, known, now)
    if file.case.legal_check is not None or case.state not in OPEN:
        return
    mentions = await store.case_mentions(connection, brand, case.id)
    try:
        if not legal_check.is_for_legal(policy, case, legal_check.kinds(mentions)):
            return
    except RuleError as error:
        failed = failed_rule.Failed(brand, policy.version, legal_check.failure(error), case.id)
        await failed_rule.tell(connection, [failed], lambda _: policy)
        return
    id = deterministic_id(brand, "legal-check", str(case.id))
    there = next((one for one in known if one.id == id), None)
    try:
        if there is None:
            await consultation_work.ask(
                connection,
                policy,
                file,
                policy.book.conduct.legal_check.department,
                legal_check.question(policy),
                "system",
                now,
                id=id,
                kind=LEGAL_CHECK,
                mention_ids=[m.mention.id for m in legal_check.about(policy, case, mentions)],
            )
        elif there.state == "withdrawn" and await consultation_store.withdrawn_by(connection, there, case.id) == "system":
            await consultation_work.reopen(connection, policy, file, there, at=now, actor="system", reason="the case goes on")
    except Conflict as error:  # too many open questions
        log.warning("legal cannot be asked about a case yet", extra={"case_id": str(case.id), "why": error.detail})
        await timer.put(connection, [Timer(brand, legal_check.KIND, case_id, "again", now + _AGAIN_AFTER)])


async def _correct(connection: db.Connection, policy: Policy, file: File, known: Sequence[Consultation], now: datetime) -> None:
    file.book_version = policy.version
    before = file.case.legal_check
    file.change(legal_check=legal_check.word(known))
    told = record.story(file, CaseLegalCheckChanged, at=now, actor="system", traceparent=None, previous=before)
    await record.record(connection, policy, file, [told])
