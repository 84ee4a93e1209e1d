"""Access tokens (JSON Web Tokens): a token in, the principal that its issuer vouches for out.

Several issuers are trusted side by side. A token says which one made it, and only that one's published keys can prove it. Nothing in a token's
header chooses anything but one of those keys: algorithms are ours, keys or addresses that a token brings along are not looked at, and what it
declares critical (`crit`) is refused, for nothing is understood here that could be.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jwt
import orjson

from libs.common.auth import MACHINE_ROLES, ROLES, Principal
from libs.common.errors import Forbidden, Unauthenticated
from libs.common.keys import KINDS, Keys, is_safe, reader

MAX_TOKEN_BYTES = 16 * 1024
MAX_SUBJECT = 200
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What a token's header may call it; RFC 9068 names access tokens `at+jwt`. Log-out tokens, DPoP proofs and others have names of their own."""

_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash", "s_hash")
_OF_ACCESS_TOKENS = ("scope", "scp", "client_id", "cid", "appid", "azpacr", "gty")

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Issuer:
    """One that is trusted: `name` is the `iss` of its tokens, `audience` who they must be for, `principal` reads the bearer from their claims.

    `marked`: its tokens must show that they are access tokens (RFC 9068's type, or a claim that only those have), because it also makes others.
    """

    name: str
    audience: str
    keys: Keys
    principal: Callable[[Claims], Principal]
    leeway_s: float = 30.0
    marked: bool = False


class Verifier:
    """Checks tokens of all issuers that are trusted here."""

    def __init__(self, issuers: Sequence[Issuer]) -> None:
        self._issuers = {issuer.name: issuer for issuer in issuers}

    async def verify(self, token: str) -> Principal:
        """Raises `Unauthenticated` with what is wrong, `Forbidden` when its bearer has no role here, or `Unavailable` when the issuer's keys
        cannot be read."""
        header, unproven = _opened(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in KINDS:
            raise Unauthenticated(f"The token's algorithm is not one of {', '.join(KINDS)}.")
        if "crit" in header or "b64" in header:
            raise Unauthenticated("The token's header declares something critical (`crit`), and nothing of that kind is understood here.")
        kind = header.get("typ", "JWT")
        if not isinstance(kind, str) or kind.lower() not in TYPES:
            raise Unauthenticated("The token is not an access token by its type (`typ`).")
        if kid is not None and not isinstance(kid, str):
            raise Unauthenticated("The token's key id (`kid`) is not a string.")
        name = unproven.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise Unauthenticated("The token's issuer is not one that is trusted here.")
        key = await issuer.keys.named(kid, algorithm)
        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=issuer.audience,
                issuer=issuer.name,
                leeway=issuer.leeway_s,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            said = str(error) if isinstance(error, jwt.PyJWTError) else type(error).__name__
            raise Unauthenticated(f"The token does not hold: {said}.") from error
        _an_access_token(claims, by_type=kind.lower() != "jwt" or not issuer.marked)
        found = issuer.principal(claims)
        if found.machine and found.role not in MACHINE_ROLES:
            raise Forbidden(
                f"The token is of a program, and its role {found.role} can approve what is sent, which only people do. "
                f"Give programs one of: {', '.join(MACHINE_ROLES)}."
            )
        return replace(found, expires_at=float(claims["exp"]))


def _opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, of which nothing is proven yet."""
    if len(token) > MAX_TOKEN_BYTES:
        raise Unauthenticated(f"The token is longer than {MAX_TOKEN_BYTES} bytes.")
    if not _SHAPE.fullmatch(token):
        raise Unauthenticated("The bearer token is not a signed JSON Web Token.")
    try:
        header, claims = (orjson.loads(jwt.utils.base64url_decode(part)) for part in token.split(".")[:2])
    except ValueError as error:
        raise Unauthenticated("The bearer token is not a JSON Web Token.") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Unauthenticated("The bearer token is not a JSON Web Token: header and claims must be objects.")
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Unauthenticated(f"The token does not hold: its {name} is not a number of seconds.")
    return header, claims


def _an_access_token(claims: Claims, *, by_type: bool) -> None:
    """Raises `Unauthenticated` for an ID token and the like: it proves a log-in to one application, and was never meant to open another.

    A token that is bound to its sender's key (`cnf`) is refused as well, because we ask nobody to prove that they have it.
    """
    if any(name in claims for name in _OF_ID_TOKENS) or claims.get("typ") in ("ID", "Refresh", "Logout") or claims.get("token_use") == "id":
        raise Unauthenticated("This is an ID token, not an access token: send the access token that the provider gave beside it.")
    if not by_type and not any(name in claims for name in _OF_ACCESS_TOKENS):
        raise Unauthenticated(
            "The token does not show that it is an access token: let the provider set its type (`typ`: `at+jwt`) or put `scope` or `client_id` in it."
        )
    if "cnf" in claims:
        raise Unauthenticated(
            "The token is bound to a key of its sender (`cnf`), which is not supported here: ask for a plain bearer token."
        )


def subject_of(value: object) -> str:
    """A subject that can stand in a log or an event. Raises `Unauthenticated`."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_SUBJECT or not value.isprintable():
        raise Unauthenticated(f"The token's subject must be 1 to {MAX_SUBJECT} printable characters.")
    return value


def platform(jwks: str, name: str, audience: str) -> Issuer:
    """The platform's own issuer, or one that speaks our claims: `role`, and `brands` as a list. `jwks` is a file or an https URL."""
    return Issuer(name, audience, Keys(name, reader(jwks), pause_s=1.0 if is_safe(jwks) else 0.0), principal_of)


def principal_of(claims: Claims) -> Principal:
    """The bearer of a token that names a role and brands of ours. Raises `Unauthenticated`."""
    role, brands = claims.get("role"), claims.get("brands")
    if role not in ROLES:
        raise Unauthenticated(f"The token's role must be one of {', '.join(ROLES)}.")
    if not isinstance(brands, list) or not all(isinstance(brand, str) for brand in brands):
        raise Unauthenticated("The token's brands must be a list of brand slugs.")
    subject = subject_of(claims["sub"])
    return Principal(subject, role, frozenset(brands), machine=claims.get("client_id") == subject)
