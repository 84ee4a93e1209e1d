"""The brand's own fields of a case over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from libs.common import conditions, http
from libs.common.case_events import CaseFieldsSet
from libs.common.conditions import Match
from libs.common.http import Page
from libs.common.problems import CONFLICT
from libs.common.routes import Route
from libs.common.service import Reading, Writing
from services.routing import field, store
from services.routing.api import CaseOut, Reader, Writer, _at_hand, _found, _out, _record, policy_of

router = APIRouter(prefix="/v1/brands/{brand}", tags=["tags, watchers and fields"], route_class=Route)
Text = Annotated[StrictStr, Field(max_length=20_000)]


class FieldsBody(http.Body):
    values: dict[Annotated[str, Field(max_length=100)], StrictBool | StrictInt | StrictFloat | Text | None] = Field(
        min_length=1, max_length=200, description="By field id; null takes a value away", examples=[{"postcode": "3511 AB"}]
    )


class CaseField(BaseModel):
    """A field of the brand book with what stands in it; or a former one, which the book no longer has, with what is left in it."""

    id: str
    name: str
    name_in: dict[str, str] = Field(default={}, description="By language, where it has another name there")
    type: str = Field(description="text | number | date | boolean | choice | former")
    choices: list[str] = []
    required: bool = Field(default=False, description="The case cannot be resolved without it")
    value: str | float | bool | None = None
    problem: str | None = Field(default=None, description="Why the value does not fit the field as the book has it by now")


@router.get("/cases/{case_id}/fields")
async def fields(brand: str, case_id: UUID, request: Request, response: Response, principal: Reader, reading: Reading) -> Page[CaseField]:
    """The brand's own fields as they stand in this case, in the order of the brand book; former ones after them."""
    file, book = await _found(reading, brand, case_id), policy_of(request, brand).book
    conditions.mark(response, file.version)
    values, known = file.case.fields, {one.id for one in book.fields}
    found = [
        CaseField(
            id=one.id,
            name=one.name or one.id,
            name_in=dict(one.name_in),
            type=one.type,
            choices=list(one.choices),
            required=one.required,
            value=values.get(one.id),
            problem=field.problem(one, values[one.id]) if one.id in values else None,
        )
        for one in book.fields
    ]
    found += [CaseField(id=name, name=name, type="former", value=value) for name, value in values.items() if name not in known]
    return Page(items=found)


@router.patch("/cases/{case_id}/fields", responses=CONFLICT)
async def fill_in(
    brand: str, case_id: UUID, body: FieldsBody, request: Request, response: Response, principal: Writer, match: Match, writing: Writing
) -> CaseOut:
    """Fill in fields of the brand's own: all of these or, where one is wrong, none. 422 says of each what is wrong with it, as `errors`."""
    file = await _at_hand(writing, brand, case_id, match)
    changes = field.filled_in(policy_of(request, brand).book, file, body.values)
    if changes:
        await _record(request, writing, file, principal, CaseFieldsSet, await store.now(writing), changes=changes)
    return _out(response, file)
