"""The score of a practice answer: what the guard says of it, and how it compares with the model answer. Pure, and the same whenever it is computed.

Every answer is judged as by an agent on one fixed Tuesday at 10:00 in the brand's own zone, so that two people's scores compare whenever they
practised and whatever they are. Of 100 points:

    guard     60  less 30 for each code that blocks, 10 for each that asks to confirm, 3 for each hint; a code twice or more counts double
    promises  15  if both answers promise something, or neither; 8 if the model answer's has a moment and this one's has none; 5 if only this one
                  promises; 0 if only the model answer does
    length    10  from half the model answer's length to twice it, falling to 0 at nothing and at four times; 0 if it is too long for its channel
    form      15  5 for the greeting, 10 for the signature

What counts under length and form is not counted under guard as well. An empty answer, and one that takes too long to read, has 0.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.reply_events import Verdict
from services.responder import guard, lengths, promised
from services.responder.promised import Found
from services.responder.script import render, signature
from services.responder.verdicts.draft import Draft

GUARD, PROMISES, LENGTH, FORM = 60.0, 15.0, 10.0, 15.0
WEIGHT = {"block": 30.0, "confirm": 10.0, "hint": 3.0}
_GREETING, _SIGNATURE = frozenset({"missing_greeting"}), guard.SIGNATURE
_ELSEWHERE = _GREETING | _SIGNATURE | {"too_long"}
_NOTHING = frozenset({"empty", "unchecked"})


class Asked(Protocol):
    """What is read of a practice message."""

    @property
    def channel(self) -> str: ...
    @property
    def visibility(self) -> str: ...
    @property
    def customer(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def first_reply(self) -> bool: ...
    @property
    def language(self) -> str: ...
    @property
    def model_answer(self) -> str: ...


class Judged(BaseModel):
    """A text as the guard reads it, whoever wrote it."""

    model_config = ConfigDict(frozen=True)

    verdicts: list[Verdict]
    promises: list[Found]
    length: int


class Score(BaseModel):
    """Points of an answer: `total` is the sum of its parts, 0 to 100."""

    model_config = ConfigDict(frozen=True)

    total: float
    guard: float
    promises: float
    length: float
    form: float
    codes: dict[str, int] = Field(description="What the guard found, and how often")
    verdicts: list[Verdict] = Field(description="The same with their places")
    promised: list[Found] = Field(description="What the answer promises")
    model_promised: list[Found] = Field(description="What the model answer does")


def moment(book: BrandBook) -> datetime:
    """When every answer is judged: a Tuesday morning."""
    return datetime(2026, 3, 3, 10, 0, tzinfo=ZoneInfo(book.timezone))


def model_answer(asked: Asked, book: BrandBook, member: Member) -> str:
    """The model answer with the signature of whoever practises."""
    signed = signature(book, member, asked.channel, asked.visibility)
    return render(asked.model_answer, {"handtekening": signed, "signature": signed}).text.strip()


def judged(text: str, asked: Asked, book: BrandBook, member: Member) -> Judged:
    """What the guard says of a text as an answer to this message."""
    now = moment(book)
    draft = Draft(
        text=text,
        channel=asked.channel,
        visibility=asked.visibility,
        first_reply=asked.first_reply,
        member=member,
        language=asked.language,
        incoming=asked.text,
        customer_name=asked.customer,
        now=now,
    )
    return Judged(
        verdicts=guard.check(draft, book), promises=promised.found_in(text, asked.language, book, now), length=_length(text, asked)
    )


def _length(text: str, asked: Asked) -> int:
    try:
        return lengths.length(asked.channel, text, asked.visibility)
    except TimeoutError:
        return len(text)


def score(answer: Judged, model: Judged) -> Score:
    """Points of an answer beside the model answer."""
    codes = Counter(verdict.code for verdict in answer.verdicts)
    nothing = bool(_NOTHING & codes.keys())
    parts = {
        "guard": 0.0 if nothing else _guard(answer.verdicts),
        "promises": 0.0 if nothing else _promises(answer.promises, model.promises),
        "length": 0.0 if nothing or "too_long" in codes else _length_points(answer.length, model.length),
        "form": 0.0 if nothing else FORM - 5.0 * bool(_GREETING & codes.keys()) - 10.0 * bool(_SIGNATURE & codes.keys()),
    }
    return Score(
        total=round(sum(parts.values()), 1),
        codes=dict(sorted(codes.items())),
        verdicts=answer.verdicts,
        promised=answer.promises,
        model_promised=model.promises,
        **parts,
    )


def _guard(verdicts: Sequence[Verdict]) -> float:
    counted = [verdict for verdict in verdicts if verdict.code not in _ELSEWHERE]
    often = Counter(verdict.code for verdict in counted)
    severity = {verdict.code: verdict.severity for verdict in counted}
    return max(0.0, GUARD - sum(WEIGHT.get(severity[code], WEIGHT["block"]) * min(number, 2) for code, number in often.items()))


def _promises(mine: Sequence[Found], model: Sequence[Found]) -> float:
    if bool(mine) == bool(model):
        vague = bool(model) and any(one.due_at for one in model) and not any(one.due_at for one in mine)
        return 8.0 if vague else PROMISES
    return 5.0 if mine else 0.0


def _length_points(mine: int, model: int) -> float:
    ratio = mine / max(1, model)
    if ratio < 0.5:
        return round(LENGTH * ratio / 0.5, 1)
    return LENGTH if ratio <= 2 else round(LENGTH * max(0.0, (4 - ratio) / 2), 1)
