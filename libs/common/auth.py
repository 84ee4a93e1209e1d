"""Who is asking: JSON Web Tokens, verified against the issuer's public keys.

A token names its issuer, audience, expiry, subject, one role and the brands that it reaches. Nothing is trusted that is not signed; the
algorithms are those listed here, never what the token's header suggests.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import httpx
import jwt
import orjson
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from jwt import PyJWKSet

from libs.common.errors import Forbidden, Unauthenticated, Unavailable
from libs.common.ratelimit import limits_of

Role = Literal["agent", "trainee", "lead", "spokesperson", "analyst", "connector", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
EVERYONE: tuple[Role, ...] = ROLES
STAFF: tuple[Role, ...] = ("agent", "trainee", "lead", "spokesperson", "admin")
ALGORITHMS = ["EdDSA", "ES256", "RS256"]
_BEARER = HTTPBearer(auto_error=False, scheme_name="token", bearerFormat="JWT", description="Names a role and the brands that it reaches")
_REREAD_S = 300.0
_REREAD_AT_MOST_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a token. `subject` is the team member's id where the bearer is a person of the team."""

    subject: str
    role: Role
    brands: frozenset[str]

    def reaches(self, brand: str) -> bool:
        return brand in self.brands


class Verifier:
    """Checks tokens of one issuer. `jwks` is a file or an https URL; keys are read again when an unknown one is named."""

    def __init__(self, jwks: str, issuer: str, audience: str) -> None:
        self._jwks, self._issuer, self._audience = jwks, issuer, audience
        self._refresh: asyncio.Task[None] | None = None
        self._set: PyJWKSet | None = None
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    async def verify(self, token: str) -> Principal:
        """Raises `Unauthenticated` with what is wrong, or `Unavailable` when the issuer's keys cannot be read."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("The bearer token is not a JSON Web Token.") from error
        if header.get("alg") not in ALGORITHMS:
            raise Unauthenticated(f"The token's algorithm is not one of {', '.join(ALGORITHMS)}.")
        key = await self._key(header.get("kid"))
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=30,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated(f"The token does not hold: {error}.") from error
        role, brands = claims.get("role"), claims.get("brands")
        if role not in ROLES:
            raise Unauthenticated(f"The token's role must be one of {', '.join(ROLES)}.")
        if not isinstance(brands, list) or not all(isinstance(brand, str) for brand in brands):
            raise Unauthenticated("The token's brands must be a list of brand slugs.")
        return Principal(claims["sub"], role, frozenset(brands))

    async def _key(self, kid: object) -> jwt.PyJWK:
        """The published key of that name. Keys that we have are used while newer ones are fetched: an issuer that is away stops nobody."""
        age = time.monotonic() - self._read_at
        if self._set is not None and age > _REREAD_S and (self._refresh is None or self._refresh.done()):
            self._refresh = asyncio.create_task(self._read())
        found = self._named(kid)
        if found is None and (self._set is None or age > _REREAD_AT_MOST_EVERY_S):
            async with self._lock:
                found = self._named(kid)
                if found is None:
                    await self._read()
                    found = self._named(kid)
        if found is None:
            raise Unauthenticated("The token is signed with a key that the issuer does not publish.")
        return found

    def _named(self, kid: object) -> jwt.PyJWK | None:
        return next((key for key in self._set.keys if key.key_id == kid), None) if self._set else None

    async def _read(self) -> None:
        try:
            if self._jwks.startswith("https://"):
                async with httpx.AsyncClient(timeout=5, follow_redirects=False) as client:
                    answer = await client.get(self._jwks)
                    answer.raise_for_status()
                    raw = answer.content
            else:
                raw = await asyncio.to_thread(Path(self._jwks).read_bytes)
            self._set = PyJWKSet.from_dict(orjson.loads(raw))
            self._read_at = time.monotonic()
        except (OSError, httpx.HTTPError, ValueError, jwt.PyJWKSetError, jwt.InvalidKeyError) as error:
            self._read_at = time.monotonic() - _REREAD_S + _REREAD_AT_MOST_EVERY_S if self._set else float("-inf")
            if self._set is None:
                raise Unavailable(f"The issuer's keys cannot be read ({type(error).__name__}).", retry_after_s=5) from error


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
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            await limits_of(request).address(request.scope)
            raise Unauthenticated("Send the token as 'Authorization: Bearer …'; `weerklank token` makes a local one.")
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
    return principal
