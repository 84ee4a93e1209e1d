"""``weerklank token``: a role and brands in, a signed access token of the local issuer out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.errors import WRONG, CommandError
from cli.stack import keys
from libs.common.auth import ROLES


def issue(data_dir: Path, role: str, brands: Sequence[str], subject: str, hours: float) -> str:
    """Raises ``CommandError`` for a role that there is not, ``StackError`` when no stack was ever started in ``data_dir``."""
    if role not in ROLES:
        raise CommandError(f"There is no role {role!r}: it is one of {', '.join(ROLES)}.", WRONG)
    claims = {"sub": subject, "role": role, "brands": list(brands)}
    return keys.issue(data_dir, claims, datetime.now(UTC), timedelta(hours=hours))
