"""Whom a customer is known as, given the merges that hold."""

from uuid import UUID

from services.triage.customer import included, known_as

A, B, C, D = (UUID(int=n) for n in range(1, 5))


def test_a_chain_of_merges_is_followed_to_its_end() -> None:
    merges = {A: B, B: C}
    assert [known_as(merges, customer) for customer in (A, B, C, D)] == [C, C, C, D]


def test_a_customer_includes_all_who_are_known_as_them_also_where_they_are_somebody_elses() -> None:
    merges = {A: B, B: C, D: C}
    assert included(merges, C) == [A, B, C, D]
    assert included(merges, B) == [A, B]
    assert included(merges, A) == [A]


def test_merges_in_a_circle_come_to_an_end() -> None:
    assert known_as({A: B, B: A}, A) == B
