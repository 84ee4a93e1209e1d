"""Who may do what: the roles, the principal that a token stands for, and what a route asks of it.

A token (`libs/common/tokens.py`) names its subject, one role and the brands that it reaches. The brand in a request's path is what counts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from libs.common.errors import Forbidden, TokenMissing, Unauthenticated
from libs.common.ratelimit import limits_of

if TYPE_CHECKING:
    from libs.common.tokens import Verifier

Role = Literal["agent", "trainee", "lead", "spokesperson", "analyst", "connector", "admin", "candidate"]
ROLES: tuple[Role, ...] = get_args(Role)
EVERYONE: tuple[Role, ...] = ROLES
STAFF: tuple[Role, ...] = ("agent", "trainee", "lead", "spokesperson", "admin")
PRACTISING: tuple[Role, ...] = ("candidate", "trainee", "agent", "lead", "spokesperson")
"""Who may practise. A candidate, who is no colleague yet, may do that and nothing else."""
MACHINE_ROLES: tuple[Role, ...] = ("connector", "analyst", "trainee", "admin")
"""A machine may bring messages in, read, draft, and administer. It gets no role that can approve: a person does that, for every message."""
_BEARER = HTTPBearer(auto_error=False, scheme_name="token", bearerFormat="JWT", description="Names a role and the brands that it reaches")


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a token. `subject` is the team member's id where the bearer is a person of the team; `machine`: a program, which is none.
    `expires_at`: when the token does, in seconds of Unix time."""

    subject: str
    role: Role
    brands: frozenset[str]
    machine: bool = False
    expires_at: float | None = field(default=None, compare=False)

    def reaches(self, brand: str) -> bool:
        return brand in self.brands


EVERY_BRAND = "*"
"""In a token's brands: the bearer operates the platform. It does not open any brand's data; those brands must be named beside it."""


_ALLOWED = "weerklank.principal"


def allow(*roles: Role, brand: str | None = None) -> Callable[[Request], object]:
    """A dependency: the request's principal, if its role is one of these and it reaches the brand in the path (or `brand`, where given).

    Raises `Unauthenticated` (401) or `Forbidden` (403). The order keeps the answer the same for brands that exist and those that don't.
    """

    async def principal(
        request: Request,
        documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None,  # so that OpenAPI says how to ask
    ) -> Principal:
        known: Principal | None = request.scope.get(_ALLOWED)
        if known is not None:
            return known  # asked before the body was read (`routes.py`), for the same route and so for the same roles
        sent = request.headers.getlist("authorization")
        scheme, _, token = (sent[0] if sent else "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            await limits_of(request).address(request.scope)
            raise TokenMissing("Send the token as 'Authorization: Bearer …'; `weerklank token` makes a local one.")
        if len(sent) > 1:
            await limits_of(request).address(request.scope)
            raise Unauthenticated("The request has more than one Authorization header. Send one.")
        verifier: Verifier = request.app.state.service.verifier
        try:
            found = await verifier.verify(token.strip())
        except Unauthenticated:
            await limits_of(request).address(request.scope)
            raise
        await limits_of(request).client(request.scope, found.subject)
        asked = brand or request.path_params.get("brand")
        if asked is not None and not found.reaches(asked):
            raise Forbidden("This token does not reach that brand." if asked != EVERY_BRAND else "That takes an operator's token.")
        if found.role not in roles:
            raise Forbidden(f"The role {found.role} may not do this; it takes one of: {', '.join(roles)}.")
        request.scope[_ALLOWED] = found
        return found

    principal.allowed_roles = roles  # type: ignore[attr-defined]  # read by the table of roles and routes
    principal.of_operators = brand == EVERY_BRAND  # type: ignore[attr-defined]
    return principal
