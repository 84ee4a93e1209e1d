"""The platform's own issuer, as far as routing is it: claims of somebody who has proven who they are in, a signed token out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

from libs.common import signing
from libs.common.errors import NotFound
from services.routing.settings import Settings


class Signer:
    NONE: ClassVar[str] = "This installation makes no tokens itself (signing_key is not set): get one from its OIDC provider."

    def __init__(self, settings: Settings) -> None:
        """Raises `signing.NotAKey`, which stops the start: the file is the installation's to mend."""
        assert settings.signing_key is not None
        self._key = signing.private_key(settings.signing_key)
        self._issuer, self._audience = settings.issuer, settings.audience

    def token(self, claims: Mapping[str, Any], now: datetime, lifetime: timedelta) -> str:
        return signing.token(self._key, {**claims, "iss": self._issuer, "aud": self._audience, "jti": str(uuid4())}, now, lifetime)


def needed(signer: Signer | None) -> Signer:
    """Raises `NotFound` where there is none."""
    if signer is None:
        raise NotFound(Signer.NONE)
    return signer
