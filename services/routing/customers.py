"""How far each customer of a case that people put together has been answered: pure decisions.

In a case of one customer a reply answers all that they wrote before. Where people put the cases of several customers together, a reply answers the one
whom it goes to; the others wait until they are answered too, or a person decides that they are not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from libs.common.case_events import CaseCustomer
from libs.common.events import Mention, TriagedMention

_MOST_THREADS = 10
_Key = tuple[datetime, UUID]


def _key(triaged: TriagedMention) -> _Key:
    return triaged.mention.received_at, triaged.mention.id


def handled(customer: CaseCustomer | None) -> _Key | None:
    if customer is None or customer.handled_at is None or customer.handled_id is None:
        return None
    return customer.handled_at, customer.handled_id


def unanswered(found: Iterable[CaseCustomer], mentions: Iterable[TriagedMention]) -> list[TriagedMention]:
    """The live messages that their own author has no answer to, oldest first."""
    by_id = {customer.customer_id: handled(customer) for customer in found}
    live = [m for m in mentions if not m.removed and not m.mention.historic]
    waiting = [m for m in live if (until := by_id.get(m.customer_id)) is None or _key(m) > until]
    return sorted(waiting, key=_key)


def known(before: Sequence[CaseCustomer], present: Sequence[TriagedMention]) -> list[CaseCustomer]:
    """The customers of these messages, which are in their order, with how far each was answered `before`."""
    was = {customer.customer_id: customer for customer in before}
    theirs: dict[UUID, list[TriagedMention]] = {}
    for triaged in present:
        theirs.setdefault(triaged.customer_id, []).append(triaged)
    found = []
    for customer_id, messages in theirs.items():
        old = was.get(customer_id)
        until = handled(old)
        found.append(
            CaseCustomer(
                customer_id=customer_id,
                language=messages[-1].findings.language,
                labels=list(dict.fromkeys(label.name for m in messages for label in m.findings.labels)),
                handled_at=until[0] if until else None,
                handled_id=until[1] if until else None,
                replied_at=old.replied_at if old else None,
                unanswered=bool(unanswered([old] if old else [], messages)),
                latest=[_bare(m.mention) for m in threads(messages)][-_MOST_THREADS:],
            )
        )
    return found


def threads(messages: Sequence[TriagedMention]) -> list[TriagedMention]:
    """The newest message of each channel and thread of one customer, oldest first."""
    newest = {thread_of(m.mention): m for m in messages}
    return sorted(newest.values(), key=_key)


def thread_of(mention: Mention) -> tuple[str, str, str | None]:
    return mention.channel, mention.visibility, mention.thread.id if mention.thread else None


def _bare(mention: Mention) -> Mention:
    """What an answer needs to reach its author. What they wrote stays out of it."""
    return mention.model_copy(update={"text": "", "attachments": []})


def answered(
    found: Sequence[CaseCustomer], present: Sequence[TriagedMention], until: _Key, *, of: UUID | None, replied_at: datetime | None = None
) -> list[CaseCustomer]:
    """The customers after the messages up to `until` of one of them were answered, or deliberately not; `of` none: of all of them."""
    changed = []
    for customer in found:
        if of is None or customer.customer_id == of:
            at, id = max(until, handled(customer) or until)
            replied = min((moment for moment in (customer.replied_at, replied_at) if moment), default=None)
            customer = customer.model_copy(update={"handled_at": at, "handled_id": id, "replied_at": replied})
        changed.append(customer)
    return known(changed, present)


def unheard(found: Sequence[CaseCustomer], present: Sequence[TriagedMention], of: UUID | None, sent_at: datetime) -> list[CaseCustomer]:
    """The customers after what was sent to one of them then has come back: they have no answer. None changes where `of` whom is not known."""
    back = [
        one.model_copy(update={"handled_at": None, "handled_id": None, "replied_at": None if one.replied_at == sent_at else one.replied_at})
        if one.customer_id == of
        else one
        for one in found
    ]
    return known(back, present)


def of_two(some: Iterable[CaseCustomer], waiting: Iterable[UUID], present: Sequence[TriagedMention]) -> list[CaseCustomer]:
    """The customers of a case that has these messages now. Those in `waiting` are not answered, nor is what the same customer wrote after them; the rest
    is. First replies are as `some` have them."""
    open_ids = set(waiting)
    replied = {customer.customer_id: customer.replied_at for customer in some if customer.replied_at}
    until: dict[UUID, _Key] = {}
    closed: set[UUID] = set()
    for triaged in present:
        closed |= {triaged.customer_id} if triaged.mention.id in open_ids else set()
        if triaged.customer_id not in closed:
            until[triaged.customer_id] = _key(triaged)
    before = [
        CaseCustomer(
            customer_id=id,
            language="",
            handled_at=until[id][0] if id in until else None,
            handled_id=until[id][1] if id in until else None,
            replied_at=replied.get(id),
            unanswered=False,
            latest=[],
        )
        for id in dict.fromkeys(triaged.customer_id for triaged in present)
    ]
    return known(before, present)
