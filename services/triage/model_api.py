"""What a brand's models learnt, over HTTP: which versions there are, how they compare and why, which is live; and the corrections that teach them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common import conditions, http
from libs.common.auth import Principal, allow
from libs.common.conditions import Match
from libs.common.errors import Conflict, NotFound, Unprocessable
from libs.common.http import Cursor, Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.triage import correction_store, model_store
from services.triage.brandheads import FINDINGS
from services.triage.examine import Examiner

router = APIRouter(prefix="/v1/brands/{brand}", tags=["models"], route_class=Route)
Reader = Annotated[Principal, Depends(allow("lead", "admin", "analyst"))]
Keeper = Annotated[Principal, Depends(allow("lead", "admin"))]
Finding = Literal["sentiment", "intent", "urgency", "respond", "department", "labels"]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=200)]


class ModelVersion(BaseModel):
    """A version of what a brand's models learnt about a finding, and how it did. It never changes."""

    finding: str
    version: int
    state: str = Field(
        description="live | retired: it was live, and may be again while `usable` | refused: not better, or too little to judge by"
    )
    verdict: str = Field(description="better | not better | too few to judge")
    score: float = Field(description="Macro-F1 on the corrections that were held out: no version is ever trained on those")
    live_score: float = Field(description="Macro-F1 on the same, of what it was compared to")
    compared_to: int = Field(description="The version that was live; 0 is the shipped models alone")
    trained_on: int = Field(description="Corrected mentions that it learnt from")
    held_out: int = Field(description="Corrected mentions that it was judged by")
    base: str = Field(description="The shipped models that it corrects")
    usable: bool = Field(description="Whether its weights are still kept. It can go live where `base` is the shipped models that run")
    created_at: datetime


class Explained(ModelVersion):
    """A version with the words that weigh most in it, and where it and what it was compared to part ways."""

    explanation: dict[str, Any] = Field(
        description="`weighs`: by value the words that speak most for it. `values`: by value both scores and how many were held out. `mended`, `broken`: "
        "how many held-out mentions it has right that were wrong, and the other way round; `mended_mentions`, `broken_mentions`: some of them, with "
        "what the person said, the version says, and what was live said. `left`: how many held-out mentions that nobody corrected it changes"
    )


class ModelSwitch(BaseModel):
    """Since when which version is live, by whom and why."""

    version: int
    previous: int
    reason: str
    actor: str = Field(description="Token's subject, or system")
    at: datetime


class Model(BaseModel):
    """What is live of a finding. Its ETag counts the switches."""

    finding: str
    live: int = Field(description="0: the shipped models alone")
    since: datetime | None = Field(description="None: never anything else")
    corrections: int
    waiting: int = Field(description="Corrections since it was learnt last")
    learnt_at: datetime | None = Field(description="When it was learnt last, whatever came of it")
    score: float | None = Field(description="Of the live version when it was judged")


class Models(BaseModel):
    items: list[Model] = Field(description="One for each finding that people correct")


class ModelDetail(Model):
    switches: list[ModelSwitch] = Field(description="The latest 50, the newest first")


class Rollback(http.Body):
    version: int = Field(ge=0, le=2**31 - 1, description="An earlier one, or 0 for the shipped models alone")
    reason: str = Field(min_length=1, max_length=500, pattern=http.ONE_LINE)


class Corrected(BaseModel):
    """A person's word on a finding of a mention."""

    id: UUID
    mention_id: UUID
    finding: str
    values: list[str]
    proposed: list[str]
    reason: str | None
    actor: str
    at: datetime


@router.get("/models")
async def models(brand: str, principal: Reader, reading: Reading) -> Models:
    """What is live of each finding, and how much people corrected it."""
    return Models(items=await _models(reading, brand))


@router.get("/models/{finding}")
async def model(brand: str, finding: Finding, principal: Reader, reading: Reading, response: Response) -> ModelDetail:
    """What is live of a finding, and what was."""
    return await _detail(reading, brand, finding, response)


@router.get("/models/{finding}/versions")
async def model_versions(
    brand: str, finding: Finding, principal: Reader, reading: Reading, cursor: Cursor = None, limit: Limit = 50
) -> Page[ModelVersion]:
    """The versions of a finding, the latest first."""
    after = http.read_cursor(cursor, [int])
    rows = await model_store.versions(reading, brand, finding, _number(after), limit + 1)
    live = await _live(reading, brand, finding)
    items = [ModelVersion(**_told(row, live)) for row in rows[:limit]]
    return Page(items=items, next=http.cursor_of(items[-1].version) if len(rows) > limit else None)


@router.get("/models/{finding}/versions/{version}")
async def model_version(brand: str, finding: Finding, version: Number, principal: Reader, reading: Reading) -> Explained:
    """A version, how it compares, and why it decides as it does."""
    row = await model_store.version(reading, brand, finding, version)
    if row is None:
        raise NotFound("This brand has no such version of that model.")
    return Explained(**_told(row, await _live(reading, brand, finding)), explanation=row.explanation)


@router.post("/models/{finding}/rollback", responses=CONFLICT)
async def rollback(
    brand: str,
    finding: Finding,
    body: Rollback,
    request: Request,
    response: Response,
    principal: Keeper,
    match: Match,
    writing: Writing,
) -> ModelDetail:
    """Make an earlier version live again, or the shipped models alone. All instances switch before their next batch; what was found stays found."""
    await model_store.lock(writing, brand)
    held = (await model_store.switches(writing, brand)).get(finding)
    n, live = (held.n, held.version) if held else (0, 0)
    if not match.holds(n):
        since = await model_store.history(writing, brand, finding, match.read() or 0)
        told = [ModelSwitch(**_switch(one)).model_dump(mode="json") for one in reversed(since)]
        raise conditions.stale(f"The model of {finding}", n, told)
    if body.version == live:
        raise Conflict(f"Version {live} is live already.")
    if body.version:
        row = await model_store.version(writing, brand, finding, body.version)
        if row is None:
            raise Unprocessable(f"This brand has no version {body.version} of that model. Name one of its versions, or 0.")
        if not row.usable:
            raise Conflict(f"Version {body.version} never went live, or is so old that its weights are gone. Choose a newer one, or 0.")
        examiner: Examiner = request.app.state.examiner
        if row.base != examiner.classifier.version:
            raise Conflict(
                f"Version {body.version} corrects the shipped models {row.base}; those that run are {examiner.classifier.version}. "
                "Choose a version that corrects these, or 0; the next one to be learnt will."
            )
    await model_store.switch(writing, brand, finding, body.version, live, body.reason, principal.subject)
    return await _detail(writing, brand, finding, response)


@router.get("/corrections")
async def corrections(
    brand: str, principal: Reader, reading: Reading, finding: Finding | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Corrected]:
    """What people decided about findings, the latest first. What was said of a mention goes with it when it is taken back."""
    after = http.read_cursor(cursor, [int])
    rows = await correction_store.page(reading, brand, finding, after[0] if after else None, limit + 1)
    items = [
        Corrected(
            id=one.id,
            mention_id=one.mention_id,
            finding=one.finding,
            values=list(one.chosen),
            proposed=list(one.proposed),
            reason=one.reason,
            actor=one.actor,
            at=one.at,
        )
        for _, one in rows[:limit]
    ]
    return Page(items=items, next=http.cursor_of(rows[limit - 1][0]) if len(rows) > limit else None)


def _number(cursor: list[Any] | None) -> int | None:
    """The version in a cursor. One that there cannot be is before all of them, or after."""
    return max(min(cursor[0], 2**31 - 1), 0) if cursor else None


async def _models(connection: Reading, brand: str) -> list[Model]:
    switched = await model_store.switches(connection, brand)
    waiting = await correction_store.pending(connection, brand, timedelta())
    live = await model_store.live_versions(connection, brand)
    found = []
    for finding in FINDINGS:
        held, known = switched.get(finding), waiting.get(finding)
        found.append(
            Model(
                finding=finding,
                live=held.version if held else 0,
                since=held.at if held else None,
                corrections=known.known if known else 0,
                waiting=known.new if known else 0,
                learnt_at=known.learnt_at if known else None,
                score=live[finding].score if finding in live else None,
            )
        )
    return found


async def _detail(connection: Reading, brand: str, finding: str, response: Response) -> ModelDetail:
    [found] = [model for model in await _models(connection, brand) if model.finding == finding]
    switches = await model_store.history(connection, brand, finding)
    conditions.mark(response, switches[0].n if switches else 0, f"{found.corrections}-{found.waiting}")
    return ModelDetail(**found.model_dump(), switches=[ModelSwitch(**_switch(one)) for one in switches])


def _switch(one: model_store.Switch) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ModelSwitch.model_fields}


async def _live(connection: Reading, brand: str, finding: str) -> int:
    held = (await model_store.switches(connection, brand)).get(finding)
    return held.version if held else 0


def _told(row: model_store.Version, live: int) -> dict[str, Any]:
    state = "live" if row.version == live else "retired" if row.verdict == "better" else "refused"
    return {name: getattr(row, name) for name in ModelVersion.model_fields if name != "state"} | {"state": state}
