"""What belongs to a case and goes where its message goes, a call that is owed or a promise: read and locked with its case, the case first."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Protocol, TypeVar
from uuid import UUID

from libs.common import db
from libs.common.errors import NotFound
from services.routing import case as cases
from services.routing import standing, store


class OfCase(Protocol):
    @property
    def case_id(self) -> UUID: ...


Thing = TypeVar("Thing", bound=OfCase)


async def case_of(connection: db.Connection, brand: str, case_id: UUID) -> cases.File:
    """A case, locked; the one that it goes on in, where it was merged. Raises `NotFound`."""
    file = await store.standing_file(connection, brand, case_id, lock=True)
    if file is None:
        raise NotFound("There is no such case in this brand.")
    return file


async def cases_of(connection: db.Connection, brand: str, case_ids: Iterable[UUID]) -> dict[UUID, cases.File]:
    """Those of the cases that the brand has, locked in id order, by these ids and by their own; for one that was merged the one that it goes on in, which
    is the same object for all that go on there."""
    wanted = sorted(set(case_ids))
    found = await store.some_files(connection, brand, wanted, lock=True)
    while further := {file.case.merged_into for file in found.values() if file.case.merged_into} - found.keys():
        found |= await store.some_files(connection, brand, sorted(further), lock=True)
    there = {}
    for case_id in wanted:
        file = found.get(case_id)
        for _ in range(standing.MOST_MERGES):
            if file is None or file.case.merged_into is None:
                break
            file = found.get(file.case.merged_into)
        if file is not None:
            there[case_id] = there[file.case.id] = file
    return there


async def together(
    connection: db.Connection,
    brand: str,
    seen: Mapping[UUID, Thing],
    again: Callable[[Collection[UUID]], Awaitable[Mapping[UUID, Thing]]],
    called: str,
) -> tuple[Mapping[UUID, Thing], dict[UUID, cases.File]]:
    """The same as `locked` for many things that were `seen`: what `again` reads by the cases once those are locked, and the cases as `cases_of` has them.
    What is not there any more is left out. Raises `db.Raced`."""
    files = await cases_of(connection, brand, [one.case_id for one in seen.values()])
    known = await again(files)
    if any(id not in known or known[id].case_id != one.case_id for id, one in seen.items()):
        raise db.Raced(f"a {called} went to another case meanwhile")
    return known, files


async def locked(
    connection: db.Connection, brand: str, read: Callable[[bool], Awaitable[Thing | None]], called: str
) -> tuple[Thing, cases.File]:
    """A thing and its case, both locked. `read` reads the thing, and locks it where it is told so. Raises `NotFound`; `db.Raced` when its message moved
    to another case this very moment."""
    seen = await read(False)
    if seen is None:
        raise NotFound(f"There is no such {called} in this brand.")
    file = await case_of(connection, brand, seen.case_id)
    found = await read(True)
    if found is None or found.case_id != seen.case_id:
        raise db.Raced(f"a {called} went to another case meanwhile")
    return found, file
