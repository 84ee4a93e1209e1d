"""A case as each of its customers has it: people may have put several into one, and each is answered on their own. Pure."""

from uuid import UUID

from libs.common.case_events import Case
from libs.common.events import Mention
from services.responder.reply import ReplyRow


def as_for(case: Case, mention_id: UUID | None) -> Case | None:
    """The case as the author of this message has it: what they wrote last there, their language, and whether they were answered before. None for a message
    that is not the newest of its thread: which to answer is the newest. No message named: the case's newest.

    In a case that people put together each customer is answered on their own, and nothing of another one's is in an answer.
    """
    latest = case.latest
    if not case.customers or latest is None:
        return case if mention_id is None or (latest is not None and latest.id == mention_id) else None
    wanted = mention_id or latest.id
    for customer in case.customers:
        mention = next((mention for mention in customer.latest if mention.id == wanted), None)
        if mention is not None:
            own = {"language": customer.language, "labels": customer.labels, "replied_at": customer.replied_at}
            return case.model_copy(update={**own, "latest": latest if latest.id == wanted else mention, "channel": mention.channel})
    return None


def to_answer(case: Case) -> list[Case]:
    """The case as each of its customers has it who has no answer yet; itself where people have put nothing together."""
    if not case.customers:
        return [case]
    found = [as_for(case, customer.latest[-1].id) for customer in case.customers if customer.unanswered and customer.latest]
    return [own for own in found if own is not None]


def of_one_customer(case: Case, one: UUID | None, other: UUID | None) -> bool:
    """Whether two messages of a case are of one customer, as far as it matters for answers."""
    by = {mention.id: mention.customer_id for mention in case.mentions}
    return not case.customers or (one in by and other in by and by[one] == by[other])


def newer_mention(row: ReplyRow, case: Case) -> Mention | None:
    """The case's newest mention when it came after the one that this answers; in a case that people put together, the newest of the same customer.

    Another newest mention is not always a newer one: what this answers may have been taken back, or belong to another case by now.
    """
    latest = case.latest
    if case.customers:
        theirs = [one.latest[-1] for one in case.customers if one.latest and of_one_customer(case, one.latest[-1].id, row.mention_id)]
        latest = theirs[0] if theirs else None
    if latest is None or latest.id == row.mention_id:
        return None
    still_there = any(mention.id == row.mention_id for mention in case.mentions)
    return latest if still_there or latest.received_at > row.created_at else None
