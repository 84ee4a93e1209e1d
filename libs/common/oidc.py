"""An OpenID Connect provider as an issuer of access tokens: what it publishes about itself and the claims of its tokens in, our principals out.

Discovery (`/.well-known/openid-configuration`) says where its keys are and which algorithms it signs with; it is read again with the keys. Its
groups and roles become one role of ours and a set of brands by the installation's mappings (`libs/common/settings.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from libs.common.auth import EVERY_BRAND, Principal, Role
from libs.common.errors import Forbidden, Unauthenticated
from libs.common.keys import KINDS, Keys, PublicKey, Unreadable, fetch, is_loopback, is_safe, keys_of
from libs.common.tokens import Claims, Issuer, subject_of

BY_REACH: tuple[Role, ...] = ("admin", "lead", "spokesperson", "agent", "trainee", "analyst", "connector", "candidate")
"""The order in which a provider's roles are looked through where no mapping gives one: who has several of them gets the first."""


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """Which claims say who somebody is, and what their values mean here. `roles` in the order that decides; empty mappings take values as ours."""

    subject: str
    role: str
    brands: str
    roles: Mapping[str, Role]
    brands_of: Mapping[str, Sequence[str]]


def provider(
    issuer: str, audience: str, mapping: ClaimMapping, *, leeway_s: float = 30.0, refresh_s: float = 300.0, hurry_s: float = 10.0
) -> Issuer:
    """The issuer at that address, asked for its keys when the first token comes."""

    async def read() -> Sequence[PublicKey]:
        return await discovered(issuer)

    keys = Keys(issuer, read, refresh_s=refresh_s, hurry_s=hurry_s, pause_s=1.0)
    return Issuer(issuer, audience, keys, lambda claims: principal_of(claims, mapping), leeway_s=leeway_s, marked=True)


async def discovered(issuer: str) -> Sequence[PublicKey]:
    """The provider's keys, for the algorithms that it says it signs with. Raises `Unreadable`."""
    where = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        document = orjson.loads(await fetch(where))
    except ValueError as error:
        raise Unreadable("its discovery document is not JSON") from error
    except Unreadable as error:
        raise Unreadable(f"discovery at {where}: {error}") from error
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise Unreadable(f"the discovery document at {where} is of another issuer; write oidc_issuer exactly as its `issuer`")
    jwks_uri = document.get("jwks_uri")
    if not isinstance(jwks_uri, str) or not is_safe(jwks_uri) or (is_loopback(jwks_uri) and not is_loopback(issuer)):
        raise Unreadable("its discovery document names no `jwks_uri` with https")
    signs = document.get("id_token_signing_alg_values_supported")
    algorithms = frozenset(name for name in signs if isinstance(name, str)) & KINDS.keys() if isinstance(signs, list) else frozenset(KINDS)
    try:
        published = keys_of(await fetch(jwks_uri))
    except Unreadable as error:
        raise Unreadable(f"its keys at {jwks_uri}: {error}") from error
    found = [PublicKey(key.kid, key.algorithms & algorithms, key.key) for key in published if key.algorithms & algorithms]
    if not found:
        raise Unreadable("it publishes no key for an algorithm that it names and that is known here")
    return found


def claim(claims: Claims, path: str) -> Any:
    """The value of a claim: one of that very name (names may be URLs), or the one at that dotted path; None when there is none."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def is_a_machine(claims: Claims) -> bool:
    """Whether the provider gave the token to a program for itself (client credentials).

    Its subject is then the client (RFC 9068, 2.2; Okta's `cid`). Entra ID says `idtyp` `app`, Auth0 `gty` `client-credentials`, and Keycloak names the
    account after the client.
    """
    clients = [claims[name] for name in ("client_id", "azp", "cid", "appid") if isinstance(claims.get(name), str)]
    name = claims.get("preferred_username")
    return (
        claims.get("sub") in clients
        or claims.get("idtyp") == "app"
        or "client-credentials" in _listed(claims.get("gty"))
        or (isinstance(name, str) and name.lower() in [f"service-account-{client}".lower() for client in clients])
    )


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def principal_of(claims: Claims, mapping: ClaimMapping) -> Principal:
    """Who the bearer is here. Raises `Unauthenticated` without a usable subject, `Forbidden` when the mappings give no role or no brand.

    Operating the platform (`*`) is never taken from a claim as it stands: a mapping must give it.
    """
    subject = claim(claims, mapping.subject)
    if subject is None:
        raise Unauthenticated(f"The token has no claim {mapping.subject!r} that says who this is.")
    theirs = _listed(claim(claims, mapping.role))
    roles = mapping.roles or {name: name for name in BY_REACH}
    role = next((ours for name, ours in roles.items() if name in theirs), None)
    if role is None:
        raise Forbidden(f"Nothing in the token's claim {mapping.role!r} is mapped to a role here; the administrator maps it (oidc_roles).")
    values = _listed(claim(claims, mapping.brands))
    brands = frozenset(
        (slug for value in values for slug in mapping.brands_of.get(value, ())) if mapping.brands_of else set(values) - {EVERY_BRAND}
    )
    if not brands:
        raise Forbidden(
            f"Nothing in the token's claim {mapping.brands!r} is mapped to a brand here; the administrator maps it (oidc_brands)."
        )
    return Principal(subject_of(subject), role, brands, machine=is_a_machine(claims))
