"""One table of roles and routes: what each route asks for by `allow(...)`, written into the service's OpenAPI document.

Every operation gets `x-roles`, the roles that may use it, or an empty list where it asks for no token; `x-operators` is true where the token must be
an operator's. `docs/reference/roles.md` is made from the documents of all services (`python -m cli.contracts`).
"""

from collections.abc import Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from libs.common.auth import ROLES


def asked(dependant: Dependant | None) -> tuple[frozenset[str], bool]:
    """(Roles that any dependency of a route asks for, at any depth; whether it asks for an operator)."""
    if dependant is None:
        return frozenset(), False
    roles, operators = frozenset(getattr(dependant.call, "allowed_roles", ())), getattr(dependant.call, "of_operators", False)
    for below in dependant.dependencies:
        more, of_operators = asked(below)
        roles, operators = roles | more, operators or of_operators
    return roles, operators


def marked(document: dict[str, Any], routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document with `x-roles` and `x-operators` at every operation."""
    for route in iter_route_contexts(routes):
        described = document["paths"].get(route.path, {})
        roles, operators = asked(getattr(route, "dependant", None))
        for method in route.methods or ():
            if operation := described.get(method.lower()):
                operation["x-roles"] = [role for role in ROLES if role in roles]
                if operators:
                    operation["x-operators"] = True
    return document
