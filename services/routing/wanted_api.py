"""The filters of `wanted.py` as query parameters, the same ones wherever cases are asked for."""

from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import Depends, Query
from pydantic import ValidationError

from libs.common import http
from libs.common.auth import Principal
from libs.common.errors import Forbidden, Unprocessable
from services.routing import question
from services.routing.wanted import Answer, Priority, State, Urgency, Wanted

_Several = Annotated[str | None, Query(max_length=1000)]
SEVERAL = "Several, separated by commas: any of them"


_VALUE = r"[^\s,\x00-\x1f\x7f-\x9f][^,\x00-\x1f\x7f-\x9f]{0,200}"

_FIELD = rf"[A-Za-z0-9._-]{{1,40}}={_VALUE}"


def _several(about: str, kind: Any = None) -> Any:
    """Values that are separated by commas; those of `kind`, where it says which there are."""
    value = f"({'|'.join(get_args(kind))})" if kind is not None else _VALUE
    return Query(max_length=1000, pattern=f"^{value}(,{value}){{0,19}}$", description=f"{about}. {SEVERAL}")


def wanted_of(
    state: Annotated[
        str | None, _several("Only cases in this state: new, open, waiting, resolved, closed, merged, withdrawn", State)
    ] = None,
    open: Annotated[bool | None, Query(description="Only cases that are new, open or waiting; false: only the others")] = None,
    department: Annotated[str | None, _several("Only cases of this department")] = None,
    owner: Annotated[str | None, _several("Only cases of this team member; @me: the bearer of the token; @nobody: without one")] = None,
    label: Annotated[str | None, _several("Only cases with this label")] = None,
    tag: Annotated[str | None, _several("Only cases with this tag")] = None,
    channel: Annotated[str | None, _several("Only cases whose newest message came by this channel")] = None,
    visibility: Annotated[
        str | None, _several("Only cases whose newest message is public, or private", Literal["public", "private"])
    ] = None,
    urgency: Annotated[str | None, _several("Only cases of this urgency: low, normal, high, critical", Urgency)] = None,
    priority: Annotated[str | None, _several("Only cases of this priority: low, normal, high, urgent", Priority)] = None,
    risk: Annotated[str | None, _several("Only cases with this risk, such as press")] = None,
    sentiment: Annotated[str | None, _several("Only cases with this feeling: negative, neutral, positive")] = None,
    language: Annotated[str | None, _several("Only cases in this language")] = None,
    intent: Annotated[str | None, _several("Only cases with this intent")] = None,
    respond: Annotated[str | None, _several("Only cases that are to be answered so, as proposed or chosen", Answer)] = None,
    watcher: Annotated[str | None, _several("Only cases that this team member watches; @me: the bearer of the token")] = None,
    customer_id: Annotated[UUID | None, Query(description="Only cases of this customer")] = None,
    customer_group: Annotated[str | None, _several("Only cases of customers in this group")] = None,
    contact: Annotated[str | None, _several("Only first, or repeat, contacts", Literal["first", "repeat"])] = None,
    topic_id: Annotated[UUID | None, Query(description="Only cases about this topic")] = None,
    promise: Annotated[
        str | None, _several("Only cases with a promise to the customer that is open, or broken", Literal["open", "broken"])
    ] = None,
    sample: Annotated[
        bool | None, Query(description="Only cases with a proposal of no reply that people are asked to judge, or only the others")
    ] = None,
    field: Annotated[
        str | None,
        Query(
            max_length=1000,
            pattern=rf"^{_FIELD}(,{_FIELD}){{0,9}}$",
            description="Custom fields, each as id=value, separated by commas: all of them hold",
        ),
    ] = None,
    opened_from: Annotated[http.Moment | None, Query(description="Only cases opened at that moment or later")] = None,
    opened_before: Annotated[http.Moment | None, Query(description="Only cases opened before that moment")] = None,
    due_before: Annotated[
        http.Moment | None, Query(description="Only cases with a clock that runs, or a promise, that is due before that moment")
    ] = None,
) -> Wanted:
    """Raises `Unprocessable` with the filter and the value that cannot be."""
    given = {name: value for name, value in locals().items() if value is not None}
    said = {name: tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value for name, value in given.items()}
    return checked(said)


def checked(said: dict[str, Any]) -> Wanted:
    """Filters that somebody gave. Raises `Unprocessable`."""
    try:
        wanted = Wanted.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_input=True, include_url=False)[0]
        where = str(first["loc"][0]) if first["loc"] else ""
        value = f" {str(first['input'])[:60]!r}" if first["type"] == "literal_error" else ""
        raise Unprocessable(f"{f'{where}{value}: ' if where else ''}{first['msg'].removeprefix('Value error, ')}") from error
    if wanted.q is not None:
        question.parse(wanted.q)
    return wanted


Filters = Annotated[Wanted, Depends(wanted_of)]
"""A dependency: the filters of a request, without `q`."""


def for_reader(wanted: Wanted, principal: Principal) -> Wanted:
    """As the bearer of this token may ask it. Raises `Forbidden`: whoever sees personal data masked cannot look it up either."""
    if wanted.q is not None and principal.role == "analyst":
        raise Forbidden("The role analyst sees personal data masked, and so does not search the texts that hold it. Use the other filters.")
    return wanted.for_reader(principal.subject)
