"""Settings of triage: WEERKLANK_TRIAGE_*."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Beside those that every service has: how often evidence that links nobody any more is removed."""

    model_config = SettingsConfigDict(env_prefix="WEERKLANK_TRIAGE_")
    forget_every_s: float = Field(default=600.0, gt=0, description="Between two removals of evidence that links nobody any more")
