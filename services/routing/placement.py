"""Where a mention belongs: triage's groups, and what people decided over them. Rows and pure reading of them.

A mention as triage has it comes in; the case that people's decisions put it into leaves, if they do. That is a function of the mention's newest state and
of those decisions alone, so that every order of events ends in the same cases, and no later word of triage undoes what a person decided.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from libs.common import db
from libs.common.events import TriagedMention

_WEAK = "label"
"""Evidence that says nothing about which of two issues of one customer a message goes on with."""


class Placed(NamedTuple):
    """`split`: taken out of another case by a person, so that an answer to it in its group then, `group_id`, goes with it."""

    case_id: UUID
    split: bool
    group_id: UUID | None = None


@dataclass(slots=True)
class Overlay:
    """`placed`: mention → case; `merged`: case → the case that people put it into."""

    placed: dict[UUID, Placed] = field(default_factory=dict)
    merged: dict[UUID, UUID] = field(default_factory=dict)

    def decided(self, triaged: TriagedMention) -> UUID | None:
        """The case that a mention belongs to by what people decided, before merges: where a person put it, or with the mention that it goes on with, where
        a person took that out of its case. None where it is its group's."""
        if (own := self.placed.get(triaged.mention.id)) is not None:
            return own.case_id
        shown = sorted(triaged.evidence, key=lambda evidence: evidence.kind not in ("thread", "reply"))
        for evidence in shown if self.placed else ():
            found = self.placed.get(evidence.mention_id)
            if found is not None and found.split and found.group_id == triaged.group_id and evidence.kind != _WEAK:
                return found.case_id
        return None

    def standing(self, case_id: UUID) -> UUID:
        """The case in which this one goes on by what people put together; itself where nobody did. A merge is only into a case that stands, so that
        there is no circle."""
        while (into := self.merged.get(case_id)) is not None:
            case_id = into
        return case_id


async def overlay(connection: db.Connection, brands: Collection[str], mention_ids: Iterable[UUID], case_ids: Iterable[UUID]) -> Overlay:
    """What people decided about these mentions and cases, and about all cases that those go on in."""
    found, mentions = Overlay(), sorted(set(mention_ids))
    rows = await connection.fetch(
        "select distinct on (brand, mention_id) mention_id, case_id, split, group_id from placement "
        "where brand = any($1::text[]) and mention_id = any($2::uuid[]) order by brand, mention_id, seq desc",
        sorted(brands),
        mentions,
    )
    found.placed = {row["mention_id"]: Placed(row["case_id"], row["split"], row["group_id"]) for row in rows}
    asked = set(case_ids) | {placed.case_id for placed in found.placed.values()}
    rows = await connection.fetch(
        "with recursive up (from_id, into_id) as ("
        "select from_id, into_id from case_move where brand = any($1::text[]) and kind = 'merge' and undone_at is null "
        "and from_id = any($2::uuid[]) union select m.from_id, m.into_id from up join case_move m on m.brand = any($1::text[]) "
        "and m.kind = 'merge' and m.undone_at is null and m.from_id = up.into_id) select from_id, into_id from up",
        sorted(brands),
        sorted(asked),
    )
    found.merged = {row["from_id"]: row["into_id"] for row in rows}
    return found


async def place(connection: db.Connection, brand: str, move_id: UUID, placed: Mapping[UUID, Placed]) -> None:
    rows = sorted(placed.items())
    await connection.execute(
        "insert into placement (brand, mention_id, case_id, move_id, split, group_id) "
        "select $1, u.m, u.c, $2, u.s, u.g from unnest($3::uuid[], $4::uuid[], $5::bool[], $6::uuid[]) as u(m, c, s, g)",
        brand,
        move_id,
        [mention_id for mention_id, _ in rows],
        [found.case_id for _, found in rows],
        [found.split for _, found in rows],
        [found.group_id for _, found in rows],
    )


async def take_back(connection: db.Connection, brand: str, move_id: UUID) -> None:
    """What a decision placed is where it was before that."""
    await connection.execute("delete from placement where brand = $1 and move_id = $2", brand, move_id)


async def lift(connection: db.Connection, brand: str, mention_ids: Sequence[UUID]) -> None:
    """A person says anew whether these are one issue: from here on they go where triage puts them by that."""
    await connection.execute("delete from placement where brand = $1 and mention_id = any($2::uuid[]) and not split", brand, mention_ids)


async def move(connection: db.Connection, brand: str, now_in: Mapping[UUID, UUID]) -> None:
    """Mentions, which are locked, are in these cases from here on."""
    rows = sorted(now_in.items())
    await connection.execute(
        "update mention_copy m set case_id = u.c from unnest($2::uuid[], $3::uuid[]) as u(i, c) where m.brand = $1 and m.id = u.i",
        brand,
        [mention_id for mention_id, _ in rows],
        [case_id for _, case_id in rows],
    )
