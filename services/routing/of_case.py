"""What belongs to a case and goes where its message goes, a call that is owed or a promise: read and locked with its case, the case first."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar
from uuid import UUID

from libs.common import db
from libs.common.errors import NotFound
from services.routing import case as cases
from services.routing import store


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
