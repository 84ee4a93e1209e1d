"""A request's bytes reach this module; events for Kafka, and an account of what became of each mention, leave it.

A stream of lines is read in bounded memory: one line, a few chunks that wait for their acknowledgement, and the ids that were seen lately.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from libs.common import strictjson
from libs.common.books import Published
from libs.common.errors import TooLarge, Unavailable, Unprocessable, WeerklankError
from libs.common.problems import PROBLEM_TYPE, Problem
from services.ingest.mention import MentionIn, field_problems, normalise, received_event
from services.ingest.sender import MAX_EVENT_BYTES, Record, Sender, record_of

CHUNK = 500
CHUNK_BYTES = 1024 * 1024
CHUNKS_IN_FLIGHT = 4
REJECTS_TOLD = 100
IDS_REMEMBERED = 100_000
TURN = 100
"""Lines that are read without a look at what else there is to do."""


class Outcome(BaseModel):
    """What became of one mention. `id` is missing when it was rejected."""

    index: int = Field(description="Place in the list that was sent, from 0")
    id: UUID | None = None
    status: Literal["accepted", "duplicate", "rejected"]
    problem: Problem | None = None


class Outcomes(BaseModel):
    """What became of a list, item by item."""

    accepted: int
    duplicates: int
    rejected: int
    items: list[Outcome]


class RejectedLine(BaseModel):
    line: int = Field(description="From 1")
    problem: Problem


class Taken(BaseModel):
    """What became of a stream. Every accepted line is in the log."""

    accepted: int
    duplicates: int = Field(description=f"Lines that repeat one of the {IDS_REMEMBERED} mentions before them")
    rejected: int
    lines: int = Field(description="Lines that were read, empty ones apart")
    first_failed: RejectedLine | None = None
    rejects: list[RejectedLine] = Field(default=[], description=f"The first {REJECTS_TOLD}")


def problem_of(error: WeerklankError) -> Problem:
    return Problem.model_validate(
        {"type": PROBLEM_TYPE + error.kind, "title": error.title, "status": error.status, "detail": error.detail, **error.more}
    )


@dataclass
class _Seen:
    """The ids of one request's mentions: exactly, up to `IDS_REMEMBERED`; beyond that at least the latest half of them."""

    young: set[bytes] = field(default_factory=set)
    old: set[bytes] = field(default_factory=set)

    def again(self, id: UUID) -> bool:
        if id.bytes in self.young or id.bytes in self.old:
            return True
        if len(self.young) >= IDS_REMEMBERED:
            self.old, self.young = self.young, set()
        self.young.add(id.bytes)
        return False


@dataclass
class Intake:
    """One request's circumstances, and the mentions that it has brought so far."""

    brand: str
    book: Published
    topic: str
    historic: bool
    import_id: str | None
    traceparent: str | None
    seen: _Seen = field(default_factory=_Seen)

    def take(self, given: MentionIn, answers_reply: UUID | None = None) -> tuple[UUID, Record | None]:
        """The mention's id and its record; no record for one that this request brought before. `answers_reply`: the reply of ours that it answers, where
        its address says so.

        Raises `Unprocessable` or `TooLarge`.
        """
        mention = normalise(
            given,
            self.brand,
            region=self.book.book.hours.holidays.country,
            now=datetime.now(UTC),
            historic=self.historic,
            import_id=self.import_id,
            answers_reply=answers_reply,
        )
        record = record_of(received_event(mention, self.book.version, self.traceparent), self.topic)
        if len(record.value) > MAX_EVENT_BYTES:
            raise TooLarge(f"This mention takes more than {MAX_EVENT_BYTES} bytes. Shorten its text or leave out attachments.")
        return mention.id, None if self.seen.again(mention.id) else record


def read_mention(item: object) -> MentionIn:
    """A mention from decoded JSON. Raises `Unprocessable` with every field that is wrong."""
    try:
        return MentionIn.model_validate(item)
    except ValidationError as error:
        raise _unprocessable(error) from error


def read_line(line: bytes) -> MentionIn:
    """A mention from a line of NDJSON. Raises `BadRequest` when it is not JSON as `strictjson` has it, else as `read_mention`."""
    return read_mention(strictjson.decode(line, "line"))


def _unprocessable(error: ValidationError) -> Unprocessable:
    found = field_problems(error)
    said = "; ".join(f"{item['field']}: {item['message']}" if item["field"] else item["message"] for item in found[:3])
    return Unprocessable(said, errors=found)


async def take_list(intake: Intake, sender: Sender, items: list[Any]) -> Outcomes:
    """Accept what is valid in a list, and say what became of each item. Raises `Unavailable` when Kafka did not acknowledge all of it."""
    outcomes: list[Outcome] = []
    records: list[Record] = []
    for index, item in enumerate(items):
        try:
            id, record = intake.take(read_mention(item))
        except WeerklankError as error:
            outcomes.append(Outcome(index=index, status="rejected", problem=problem_of(error)))
            continue
        if record is not None:
            records.append(record)
        outcomes.append(Outcome(index=index, id=id, status="duplicate" if record is None else "accepted"))
    await sender.send(records)
    counts = {status: sum(outcome.status == status for outcome in outcomes) for status in ("duplicate", "rejected")}
    return Outcomes(accepted=len(records), duplicates=counts["duplicate"], rejected=counts["rejected"], items=outcomes)


async def lines(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """The lines of a body that are not empty, each with its number from 1; None for one longer than `limit` bytes, which is skipped.

    Holds one line and one chunk at a time.
    """
    rest = bytearray()
    number, skipping, first = 1, False, True
    async for chunk in chunks:
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            if not skipping:
                rest += chunk[begin:end]
            line = bytes(rest)
            rest.clear()
            if first:
                line, first = line.removeprefix(b"\xef\xbb\xbf"), False
            if skipping or len(line) > limit:
                yield number, None
            elif line := line.strip():
                yield number, line
            number, skipping, begin = number + 1, False, end + 1
        if not skipping:
            rest += chunk[begin:]
            if len(rest) > limit:
                rest.clear()
                skipping = True
    line = bytes(rest).removeprefix(b"\xef\xbb\xbf") if first else bytes(rest)
    if skipping or len(line) > limit:
        yield number, None
    elif line := line.strip():
        yield number, line


@dataclass
class _Chunk:
    """Mentions on their way to Kafka together. `line` is the first one's."""

    line: int
    records: list[Record] = field(default_factory=list)
    size: int = 0
    sending: asyncio.Task[None] | None = None


@dataclass
class _Stream:
    """What a stream has come to, and what of it is on its way: in turn, since one author's messages reach the log in the order of their lines."""

    sender: Sender
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    taken: Taken = field(default_factory=lambda: Taken(accepted=0, duplicates=0, rejected=0, lines=0))
    chunk: _Chunk | None = None
    flying: list[_Chunk] = field(default_factory=list)

    def reject(self, line: int, error: WeerklankError) -> None:
        self.taken.rejected += 1
        if len(self.taken.rejects) < REJECTS_TOLD:
            self.taken.rejects.append(RejectedLine(line=line, problem=problem_of(error)))
            self.taken.first_failed = self.taken.rejects[0]

    async def add(self, line: int, record: Record) -> None:
        self.chunk = self.chunk or _Chunk(line)
        self.chunk.records.append(record)
        self.chunk.size += len(record.value)
        if len(self.chunk.records) >= CHUNK or self.chunk.size >= CHUNK_BYTES:
            await self.depart()

    async def depart(self) -> None:
        """Send the chunk at hand; when enough are on their way, wait for the oldest first. Raises what its sending raised."""
        if self.chunk is None:
            return
        while len(self.flying) >= CHUNKS_IN_FLIGHT:
            await self._land()
        self.chunk.sending = asyncio.create_task(self.sender.send(self.chunk.records, self.turn))
        self.flying.append(self.chunk)
        self.chunk = None

    async def _land(self) -> None:
        oldest = self.flying[0]
        assert oldest.sending is not None
        await oldest.sending
        self.taken.accepted += len(oldest.records)
        del self.flying[0]

    async def finish(self) -> None:
        await self.depart()
        while self.flying:
            await self._land()

    async def give_up(self) -> int | None:
        """Wait for what is on its way, and return the line of the first mention that is not known to be in the log."""
        first = self.chunk.line if self.chunk else None
        settled = await asyncio.gather(*(c.sending for c in self.flying if c.sending), return_exceptions=True)
        for chunk, result in zip(reversed(self.flying), reversed(settled), strict=True):
            if result is None:
                self.taken.accepted += len(chunk.records)
            else:
                first = chunk.line
        self.flying.clear()
        return first


async def take_stream(intake: Intake, sender: Sender, chunks: AsyncIterator[bytes], max_line_bytes: int) -> Taken:
    """Accept every valid line of a stream of any length, one author's in their order. A line that is wrong does not stop the rest.

    Raises `Unavailable`, with the first line that may be missing, when Kafka stops acknowledging: sending the whole stream again is safe.
    """
    stream = _Stream(sender)
    try:
        async for number, line in lines(chunks, max_line_bytes):
            stream.taken.lines += 1
            if stream.taken.lines % TURN == 0:
                await asyncio.sleep(0)  # lines that need no sending wait for nothing: let other requests have their turn
            try:
                if line is None:
                    raise TooLarge(f"The line is longer than {max_line_bytes} bytes.")
                _, record = intake.take(read_line(line))
            except WeerklankError as error:
                stream.reject(number, error)
                continue
            if record is None:
                stream.taken.duplicates += 1
            else:
                await stream.add(number, record)
        await stream.finish()
    except Unavailable as error:
        line_not_stored = await stream.give_up()
        raise Unavailable(
            f"Kafka stopped acknowledging: what follows from line {line_not_stored} on may be missing. Send all of it again: what did "
            "arrive is recognised.",
            retry_after_s=error.retry_after_s,
            line=line_not_stored,
            accepted=stream.taken.accepted,
        ) from error
    except BaseException:
        # The caller went away: what is on its way lands by itself, and nobody is told.
        await asyncio.shield(stream.give_up())
        raise
    return stream.taken
