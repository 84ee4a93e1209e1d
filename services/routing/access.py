"""What an administrator may hand out, and in which form secrets are made and kept: pure decisions about machine clients and users.

Nobody hands out more than they have: brands that their own token reaches, the whole platform (`*`) only as an operator, and no lasting access from
a machine's token that is itself about to expire.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from libs.common import conditions
from libs.common.auth import MACHINE_ROLES, Principal, Role
from libs.common.conditions import Condition
from libs.common.errors import Forbidden, Unprocessable

CLIENT_PREFIX, SECRET_PREFIX, REFRESH_PREFIX = "wkc_", "wks_", "wkr_"
"""What our ids and secrets begin with, so that who finds one in a log or a repository knows what leaked."""


def granted(principal: Principal, brand: str, further: Iterable[str] = ()) -> list[str]:
    """The brands that something new reaches: the path's, and those that are named beside it. Raises `Forbidden` beyond the principal's own."""
    by_a_person(principal)
    wanted = {brand, *further}
    if beyond := wanted - principal.brands:
        raise Forbidden(f"You can give access only to what your own token reaches, and that is not {', '.join(sorted(beyond))}.")
    return sorted(wanted)


def may_change(principal: Principal, brands: Iterable[str], what: str) -> None:
    """Raises `Forbidden` unless the principal reaches everything that the client or user reaches: a change takes effect in all of it."""
    by_a_person(principal)
    if set(brands) - principal.brands:
        raise Forbidden(f"{what} reaches brands that your token does not. Ask an administrator of all of them.")


def as_read(match: Condition, row: Mapping[str, Any], what: str) -> None:
    """Raises `PreconditionFailed` unless the client or user is as the caller has read it; it tells the last change, and who made it."""
    if match.holds(row["version"]):
        return
    last = {"version": row["version"], "at": row["changed_at"].isoformat(), "what": row["change"], "actor": row["changed_by"]}
    raise conditions.stale(what, row["version"], [last])


def marked_by(at: datetime | None) -> str:
    """What an ETag says of a use or a log-in, which is shown and makes no version."""
    return f"{at.timestamp():.6f}".replace(".", "") if at else ""


def by_a_person(principal: Principal) -> None:
    if principal.machine:
        raise Forbidden("A machine client cannot hand out access: it would outlive its own. Let an administrator do it.")


def shown(principal: Principal, brands: Iterable[str]) -> tuple[list[str], bool]:
    """(The brands that the principal may know of, whether there are others)."""
    brands = set(brands)
    return sorted(brands & principal.brands), bool(brands - principal.brands)


def machine_role(role: Role) -> Role:
    """Raises `Unprocessable` for a role that only people have."""
    if role not in MACHINE_ROLES:
        raise Unprocessable(
            f"The role {role} is for people: it can approve what is sent, and a person approves every message. "
            f"A machine client is one of: {', '.join(MACHINE_ROLES)}."
        )
    return role


def new_client_id() -> str:
    return CLIENT_PREFIX + secrets.token_hex(10)


def new_secret(prefix: str) -> str:
    """256 random bits, as text that needs no escaping anywhere."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is kept of a secret that we made. One SHA-256 is enough: of 256 random bits nothing can be guessed, however fast guessing is. (A password
    is another matter: `services/routing/passwords.py`.)"""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def any_matches(secret: str, kept: Iterable[bytes]) -> bool:
    """Whether it is one of these. As long for each as for the others, and the same for none."""
    found, asked = False, digest(secret)
    for one in [*kept, bytes(32)]:
        found |= secrets.compare_digest(asked, one)
    return found
