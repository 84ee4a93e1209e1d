"""Settings of routing: WEERKLANK_ROUTING_*."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import SettingsConfigDict

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="WEERKLANK_ROUTING_")

    signing_key: Annotated[Path | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None,
        description="PEM of the platform's own issuer key (Ed25519; its public half is in jwks): tokens for machine clients and for people who log in. "
        "Without it only the OIDC provider makes tokens",
    )
