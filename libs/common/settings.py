"""Settings that every service has; each service's `settings.py` names its prefix (WEERKLANK_TRIAGE_*) and adds its own.

The OIDC provider is one for all services: WEERKLANK_OIDC_* says it once, and a service's own WEERKLANK_TRIAGE_OIDC_* says otherwise.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, IPvAnyNetwork, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource

from libs.common.auth import Role
from libs.common.bookvalues import Slug
from libs.common.keys import is_safe


def _listed(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


Ports = Annotated[frozenset[Annotated[int, Field(ge=1, le=65535)]], NoDecode, BeforeValidator(_listed)]
Networks = Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_listed)]
"""Lists in one variable, with commas or blanks."""


def _mapping(value: object) -> object:
    """JSON from the environment; empty for nothing, as Compose passes on what is not set."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else {}
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from error


class _ForAllServices(EnvSettingsSource):
    """WEERKLANK_OIDC_*, which has no service's name in it."""

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__call__().items() if name.startswith("oidc_")}


class ServiceSettings(BaseSettings):
    """Read from the environment. `instance` must be stable over restarts and unlike that of any other instance."""

    database_url: str = Field(description="postgresql://… ; the login's own schema is used")
    kafka: str = Field(default="127.0.0.1:8610", description="Bootstrap servers, host:port[,host:port…]")
    host: str = "127.0.0.1"
    port: int = 8600
    proxies: str = Field(
        default="",
        description="Addresses or networks of reverse proxies before it, with commas: X-Forwarded-For is believed from them, and from nobody else",
    )
    instance: str = Field(default="0", description="Kafka's group_instance_id; a StatefulSet's pod name, for one")
    jwks: str = Field(
        default="", description="File or https URL with the issuer's public keys (JWKS); none where only an OIDC provider makes tokens"
    )
    issuer: str = "weerklank-local"
    audience: str = "weerklank"
    pool_size: int = Field(default=6, ge=2, description="Postgres connections of this instance, beside two of the relay")
    batch: int = Field(default=1000, ge=1, le=10_000, description="Most records in one transaction")
    session_timeout_s: float = Field(default=10.0, ge=1, description="Silence after which Kafka gives our partitions away")
    stalled_after_s: float = Field(default=60.0, ge=1, description="Waiting records without progress for so long fail liveness")
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024, description="Largest request body, streams apart")
    rate_limit: int = Field(
        default=6000, ge=0, description="Requests a minute of one client (a token's subject), in this instance; 0: any number"
    )
    rate_limit_anonymous: int = Field(default=3000, ge=0, description="The same of one network address, for requests without a valid token")
    idempotency_hours: float = Field(default=24, gt=0, le=24 * 30, description="How long the answer to an Idempotency-Key is kept")
    oidc_issuer: str = Field(default="", description="An OIDC provider whose access tokens count too: its issuer, exactly, with https")
    oidc_audience: str = Field(
        default="", description="Who those tokens must be for (`aud`): this API, not an application that people log in to"
    )
    oidc_leeway_s: float = Field(default=30.0, ge=0, le=300, description="How far the provider's clock may be from ours")
    oidc_refresh_s: float = Field(default=300.0, ge=1, le=3600, description="The provider's keys are read again after so long")
    oidc_subject_claim: str = Field(
        default="sub", min_length=1, description="The claim that is the team member's id: a name or a dotted path"
    )
    oidc_role_claim: str = Field(default="roles", min_length=1, description="The claim with their roles or groups")
    oidc_brands_claim: str = Field(default="brands", min_length=1, description="The claim that says which brands")
    oidc_roles: Annotated[Mapping[str, Role], NoDecode, BeforeValidator(_mapping)] = Field(
        default={},
        description='JSON, their role → ours, the first that fits counts: {"care-leads": "lead", "care": "agent"}; else names are ours',
    )
    oidc_brands: Annotated[Mapping[str, list[Slug | Literal["*"]]], NoDecode, BeforeValidator(_mapping)] = Field(
        default={}, description='JSON, their value → brands: {"vaart-care": ["vaart"]}; "*" makes an operator; else values are slugs'
    )

    @model_validator(mode="after")
    def _some_issuer(self) -> Self:
        """Says what is missing at the start, not at the first token."""
        if not self.jwks and not self.oidc_issuer:
            raise ValueError("set jwks (the keys that tokens are verified with), or oidc_issuer (an OIDC provider)")
        if not self.oidc_issuer:
            return self
        parts = urlsplit(self.oidc_issuer)
        if not is_safe(self.oidc_issuer) or parts.query or parts.fragment:
            raise ValueError(
                f"oidc_issuer {self.oidc_issuer!r} must be an https URL without query and fragment (http only to this machine)"
            )
        if not self.oidc_audience:
            raise ValueError("oidc_audience is missing: name who the provider's tokens must be for, or any of its tokens would do")
        if self.jwks and self.oidc_issuer == self.issuer:
            raise ValueError(f"issuer and oidc_issuer are both {self.issuer!r}: leave out jwks, or name another issuer beside it")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _ForAllServices(settings_cls, env_prefix="WEERKLANK_")
