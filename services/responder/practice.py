"""Practice: messages with a model answer, which of them somebody is asked, and what a session says of them. Pure: no I/O, time passed in.

Nothing of this is a case, a reply or an event: it has tables of its own (`practice_store.py`), and what somebody writes here goes nowhere.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from statistics import mean, median
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from libs.common import http
from services.responder.practice_score import Score

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=http.ONE_LINE)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Words = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"\S")]


class Practice(http.Body):
    """A practice message as a lead writes it. The customer is invented."""

    channel: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")]
    visibility: Literal["public", "private"] = "public"
    customer: Annotated[str, Field(min_length=1, max_length=100, pattern=http.ONE_LINE, description="What they call themselves")]
    text: Annotated[Words, Field(description="What they write")]
    first_reply: StrictBool = Field(default=True, description="Whether the answer opens the conversation, and so greets")
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "nl"
    labels: list[Line] = Field(default=[], max_length=20)
    difficulty: int = Field(default=2, ge=1, le=3, description="1: everyday; 3: much is to be thought of")
    matters: list[Line] = Field(default=[], max_length=10, description="What an answer should see and do; shown once it is answered")
    model_answer: Annotated[Words, Field(description="A good answer. {handtekening} is the signature of whoever practises")]


class Kept(Practice):
    """A practice message with its key, as it is listed and put to people."""

    key: Key


class Session(BaseModel):
    """Somebody's round of practice."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    brand: str
    who: str
    role: str
    first_name: str
    initials: str
    seed: str
    labels: list[str]
    difficulty: int | None
    book_version: int
    asked: int
    answered: int
    score: float | None
    opened_at: datetime
    ended_at: datetime | None


class Answer(BaseModel):
    """One message of a session, and what was answered."""

    model_config = ConfigDict(frozen=True)

    position: int
    message: Kept
    text: str | None = None
    answered_at: datetime | None = None
    seconds: float | None = None
    score: Score | None = None


class CodeCount(BaseModel):
    """How often the guard found something: in how many answers, and how many points that took."""

    code: str
    answers: int


class Report(BaseModel):
    """What a session says of whoever practised."""

    score: float | None = Field(description="Mean of what was answered, 0 to 100; null before the first answer")
    parts: dict[str, float] = Field(description="Mean of each part of the score: guard, promises, length, form")
    wrong: list[CodeCount] = Field(description="What went wrong, most often first")
    median_seconds: float | None = Field(description="From when a message was put to them until they answered")
    total_seconds: float


def choose(messages: Sequence[Kept], number: int, seed: str, *, had: Collection[str] = ()) -> list[Kept]:
    """So many of the messages, in an order that only the seed decides, and those first that this person has not had. With the same seed two people who
    have had none get the same ones, in whatever order the messages come in."""
    ordered = sorted(messages, key=lambda one: (one.key in had, hashlib.sha256(f"{seed}\x1f{one.key}".encode()).digest()))
    return ordered[:number]


def report(answers: Sequence[Answer]) -> Report:
    done = [one for one in answers if one.score is not None]
    scores = [one.score for one in done if one.score is not None]
    seconds = [one.seconds for one in done if one.seconds is not None]
    counts = Counter(code for score in scores for code in score.codes)
    return Report(
        score=round(mean(score.total for score in scores), 1) if scores else None,
        parts={name: round(mean(getattr(score, name) for score in scores), 1) for name in ("guard", "promises", "length", "form")}
        if scores
        else {},
        wrong=[CodeCount(code=code, answers=number) for code, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))],
        median_seconds=round(median(seconds), 1) if seconds else None,
        total_seconds=round(sum(seconds), 1),
    )
