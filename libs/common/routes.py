"""How strictly a route reads a request: its query, its content type, its JSON; and that an answer which the caller has already is not sent again."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, cast

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from libs.common import conditions, ratelimit, strictjson
from libs.common.errors import BadRequest, Unprocessable, UnsupportedMedia


class StrictRequest(Request):
    """A request whose JSON is read by `strictjson`, and holds no NUL."""

    async def json(self) -> Any:
        if not hasattr(self, "_strict"):
            self._strict = strictjson.decode(await self.body())
            strictjson.refuse_nul(self._strict)
        return self._strict


class Route(APIRoute):
    """The class of every route: `APIRouter(route_class=Route)`.

    Who may not use a route learns so first: nothing of what they sent is read. Then:
    Query parameters that the route does not have, or that stand twice, are 422; a content type that it does not read is 415; a body where it takes none
    is 400. A GET that is answered with an ETag is 304 where `If-None-Match` names it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        names = frozenset(_query_names(self.dependant))
        taken, optional = self.media_types()

        allowed = list(_asked(self.dependant))

        async def handling(request: Request) -> Response:
            for ask in allowed:
                await ask(request)
            if (
                not allowed and request.scope["path"] not in ratelimit.EXEMPT
            ):  # a header that nothing here reads saves nobody from being counted
                await ratelimit.of_address(request)
            _check_query(request, names)
            _check_body(request, taken, optional)
            answer = await handle(StrictRequest(request.scope, request.receive))
            return _not_modified(request, answer) or answer

        return handling

    def media_types(self) -> tuple[tuple[str, ...], bool]:
        """(what the body may be, whether it may be missing). A route that reads its own body says so in `openapi_extra`."""
        described = (self.openapi_extra or {}).get("requestBody")
        if described:
            return tuple(described["content"]), not described.get("required", False)
        if self.body_field is None:
            return (), True
        return ("application/json",), not self.body_field.field_info.is_required()


def _asked(dependant: Dependant) -> Iterator[Callable[[Request], Awaitable[object]]]:
    """What decides who may use a route (`auth.allow`)."""
    for below in dependant.dependencies:
        if hasattr(below.call, "allowed_roles"):
            yield cast(Callable[[Request], Awaitable[object]], below.call)
        yield from _asked(below)


def _query_names(dependant: Dependant) -> set[str]:
    own = {param.alias for param in dependant.query_params}
    return own.union(*(_query_names(below) for below in dependant.dependencies))


def _check_query(request: Request, names: frozenset[str]) -> None:
    given = [name for name, _ in request.query_params.multi_items()]
    if unknown := sorted(set(given) - names):
        known = f"it has {', '.join(sorted(names))}" if names else "it has none"
        raise Unprocessable(f"There is no query parameter {unknown[0][:60]!r} here; {known}.")
    if len(given) > len(set(given)):
        twice = next(name for name in given if given.count(name) > 1)
        raise Unprocessable(f"The query parameter {twice!r} stands twice. Give it once.")


def _check_body(request: Request, taken: tuple[str, ...], optional: bool) -> None:
    length = request.headers.get("content-length")
    empty = length in (None, "0") and "transfer-encoding" not in request.headers
    if not taken:
        if not empty and request.method != "OPTIONS":
            raise BadRequest("This takes no body. Leave it out.")
        return
    if empty and optional:
        return
    kinds = [value.partition(";")[0].strip().lower() for value in request.headers.getlist("content-type")]
    if len(kinds) != 1 or kinds[0] not in taken:
        raise UnsupportedMedia(f"Send it as {' or '.join(taken)}, and say so in Content-Type.", headers={"accept": ", ".join(taken)})


def _not_modified(request: Request, answer: Response) -> Response | None:
    known = request.headers.get("if-none-match")
    tag = answer.headers.get("etag")
    if known is None or tag is None or request.method != "GET" or answer.status_code != 200:
        return None
    condition = conditions.parse(known, "If-None-Match", weak=True)
    if condition.tags is not None and tag.strip('"') not in condition.tags:
        return None
    coded = f'{tag[:-1]}{conditions.CODED}"'  # what the caller has may be the compressed one, which has a tag of its own
    return Response(status_code=304, headers={"etag": coded if coded in known else tag})
