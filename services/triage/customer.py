"""Whom a customer is known as, given the merges that hold: pure decisions."""

from collections.abc import Mapping
from uuid import UUID


def known_as(merges: Mapping[UUID, UUID], customer_id: UUID) -> UUID:
    """Who a customer is by now. `merges`: loser → winner, those that hold; a chain of them is followed to its end."""
    seen = {customer_id}
    while (winner := merges.get(customer_id)) is not None and winner not in seen:
        customer_id = winner
        seen.add(winner)
    return customer_id


def included(merges: Mapping[UUID, UUID], customer_id: UUID) -> list[UUID]:
    """A customer and all who are known as that one, sorted."""
    return sorted({customer_id} | {loser for loser in merges if known_as(_until(merges, customer_id), loser) == customer_id})


def _until(merges: Mapping[UUID, UUID], customer_id: UUID) -> Mapping[UUID, UUID]:
    """The merges as if this customer were nobody else's: what leads to it ends there."""
    return {loser: winner for loser, winner in merges.items() if loser != customer_id}
